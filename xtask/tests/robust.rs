//! Bad input: one report of everything that is wrong, with its place and what would mend it; no
//! panic, and nothing written.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use serde_json::{Value, json};
use xtask::{
    apis::{self, Api},
    format, generate,
    load::Loaded,
    normalise::{self, Words},
    pipeline::{self, Source},
    problem::Problem,
    regen::{Options, regen},
    rewrite, validate,
};

const NO_ACTIONS: &str = "";
const FILE: &str = "specs/kraken-spot.yaml";

fn api() -> &'static Api {
    apis::find("kraken-spot").unwrap()
}

/// A description without faults.
fn sound() -> Value {
    let answer = |schema: Value| json!({"200": {"description": "d", "content": {"application/json": {"schema": schema}}}});
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1.0.0"},
        "security": [{"key": []}],
        "paths": {
            "/private/Thing/{id}": {"post": {
                "operationId": "addThing",
                "tags": ["Things"],
                "parameters": [
                    {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                    {"name": "count", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                    {"name": "flags", "in": "query", "schema": {
                        "x-comma-separated": true,
                        "x-item-enum": {"name": "Flag", "values": ["a", "b"]},
                    }},
                ],
                "requestBody": {"content": {"application/json": {"schema": {
                    "$ref": "#/components/schemas/order"
                }}}},
                "responses": answer(json!({"type": "object", "properties": {
                    "error": {"type": "array", "items": {"type": "string"}},
                    "result": {"type": "object", "required": ["status"], "properties": {
                        "status": {"type": "string", "enum": ["open", "closed"]},
                        "volume": {"type": "string"},
                        "orders": {"type": "array", "items": {"$ref": "#/components/schemas/leg"}},
                        "row": {"x-tuple-name": "Row", "x-tuple": [
                            {"name": "time", "format": "timestamp"},
                            {"name": "open", "format": "decimal"},
                        ]},
                        "both": {"oneOf": [
                            {"type": "array", "items": {"$ref": "#/components/schemas/leg"}},
                            {"type": "object", "additionalProperties": {"type": "string"}},
                        ]},
                        "rest": {
                            "type": "object",
                            "x-map-name": "pairs",
                            "properties": {"last": {"type": "string"}},
                            "additionalProperties": {"$ref": "#/components/schemas/leg"},
                        },
                    }},
                }})),
            }},
            "/public/Time": {"get": {
                "operationId": "getTime",
                "tags": ["Market Data"],
                "security": [],
                "responses": answer(json!({"type": "array", "items": {"type": "integer"}})),
            }},
        },
        "components": {"schemas": {
            "order": {"type": "object", "required": ["nonce", "leg"], "properties": {
                "nonce": {"type": "integer"},
                "leg": {"$ref": "#/components/schemas/leg"},
                "side": {"type": "string", "enum": ["buy", "sell"]},
            }},
            "leg": {"type": "object", "required": ["type"], "properties": {
                "type": {"type": "string"},
                "amount": {"type": "number"},
                "next": {"$ref": "#/components/schemas/leg"},
            }},
        }},
    })
}

/// A workspace with this description and an overlay of these actions (YAML list entries).
fn workspace(description: &str, actions: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("specs")).unwrap();
    fs::write(root.path().join(api().spec), description).unwrap();
    fs::write(root.path().join(api().overlay), overlay(actions)).unwrap();
    root
}

fn overlay(actions: &str) -> String {
    let head = "overlay: 1.0.0\ninfo: {title: t, version: 1.0.0}\nactions:\n";
    if actions.is_empty() {
        return format!("{}actions: []\n", head.trim_end_matches("actions:\n"));
    }
    format!("{head}{actions}\n")
}

fn problems(root: &Path) -> Vec<Problem> {
    match pipeline::run(root, api(), &Source::Committed) {
        Ok(_) => Vec::new(),
        Err(problems) => {
            assert!(!problems.0.is_empty(), "a failure without a problem");
            problems.0
        }
    }
}

fn problems_of(description: &Value) -> Vec<Problem> {
    problems(workspace(&description.to_string(), NO_ACTIONS).path())
}

/// What a mend has besides a remark, if it is overlay actions.
fn actions(problem: &Problem) -> Option<&str> {
    let mend = problem.mend.as_deref()?;
    mend.find("- target:").map(|at| &mend[at..])
}

#[test]
fn the_sound_description_has_no_problems() {
    assert_eq!(problems_of(&sound()), []);
}

/// A fault in the sound description, and the one report it must give.
struct Fault {
    what: &'static str,
    spoil: fn(&mut Value),
    operation: Option<&'static str>,
    pointer: &'static str,
    reason: &'static str,
    /// Whether the mend is an overlay action.
    action: bool,
}

const ANSWER: &str = "/paths/~1public~1Time/get/responses/200/content/application~1json/schema";
const ORDER: &str = "/components/schemas/order/properties";

/// Puts a value at a pointer; a member may be new.
fn set(document: &mut Value, pointer: &str, value: Value) {
    if let Some((parent, last)) = pointer.rsplit_once('/')
        && let Some(Value::Object(map)) = document.pointer_mut(parent)
    {
        map.insert(last.replace("~1", "/").replace("~0", "~"), value);
        return;
    }
    *document.pointer_mut(pointer).unwrap() = value;
}

const FAULTS: &[Fault] = &[
    Fault {
        what: "a reference that leads nowhere",
        spoil: |d| {
            set(
                d,
                "/components/schemas/order/properties/leg/$ref",
                json!("#/components/schemas/gone"),
            );
        },
        operation: None,
        pointer: "/components/schemas/order/properties/leg",
        reason: "the reference #/components/schemas/gone leads nowhere",
        action: true,
    },
    Fault {
        what: "a parameter that leads nowhere",
        spoil: |d| {
            set(
                d,
                "/paths/~1private~1Thing~1{id}/post/parameters/1",
                json!({"$ref": "#/components/parameters/gone"}),
            );
        },
        operation: Some("addThing"),
        pointer: "/paths/~1private~1Thing~1{id}/post/parameters/1",
        reason: "leads nowhere",
        action: true,
    },
    Fault {
        what: "two equal operationIds",
        spoil: |d| {
            set(
                d,
                "/paths/~1public~1Time/get/operationId",
                json!("addThing"),
            );
        },
        operation: Some("addThing"),
        pointer: "/paths/~1public~1Time/get",
        reason: "the operationId addThing is also that of /paths/~1private~1Thing~1{id}/post",
        action: true,
    },
    Fault {
        what: "no operationId",
        spoil: |d| {
            d.pointer_mut("/paths/~1public~1Time/get")
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove("operationId");
        },
        operation: Some("GET /public/Time"),
        pointer: "/paths/~1public~1Time/get",
        reason: "no operationId",
        action: true,
    },
    Fault {
        what: "not",
        spoil: |d| set(d, ANSWER, json!({"not": {"type": "string"}})),
        operation: Some("getTime"),
        pointer: ANSWER,
        reason: "`not` has no counterpart",
        action: true,
    },
    Fault {
        what: "a text or an object",
        spoil: |d| {
            set(
                d,
                ANSWER,
                json!({"oneOf": [{"type": "string"}, {"type": "object"}]}),
            );
        },
        operation: Some("getTime"),
        pointer: ANSWER,
        reason: "the alternatives of `oneOf` (string, object) can't be told apart",
        action: true,
    },
    Fault {
        what: "a cookie",
        spoil: |d| {
            set(
                d,
                "/paths/~1private~1Thing~1{id}/post/parameters/1/in",
                json!("cookie"),
            );
        },
        operation: Some("addThing"),
        pointer: "/paths/~1private~1Thing~1{id}/post/parameters/1",
        reason: "parameters in `cookie` are not supported",
        action: true,
    },
    Fault {
        what: "a parameter that is an object",
        spoil: |d| {
            set(
                d,
                "/paths/~1private~1Thing~1{id}/post/parameters/1/schema",
                json!({"$ref": "#/components/schemas/leg"}),
            );
        },
        operation: Some("addThing"),
        pointer: "/paths/~1private~1Thing~1{id}/post/parameters/1/schema",
        reason: "the parameter `count` is an object",
        action: true,
    },
    Fault {
        what: "a placeholder nobody fills",
        spoil: |d| {
            d.pointer_mut("/paths/~1private~1Thing~1{id}/post/parameters")
                .unwrap()
                .as_array_mut()
                .unwrap()
                .remove(0);
        },
        operation: Some("addThing"),
        pointer: "/paths/~1private~1Thing~1{id}/post",
        reason: "no parameter says what `{id}` in the path is",
        action: true,
    },
    Fault {
        what: "a list of nothing",
        spoil: |d| set(d, ANSWER, json!({"type": "array"})),
        operation: Some("getTime"),
        pointer: ANSWER,
        reason: "does not say what its `items` are",
        action: true,
    },
    Fault {
        what: "an enum of numbers as text, behind a reference",
        spoil: |d| {
            set(
                d,
                "/components/schemas/order/properties/side/enum",
                json!([1, 2]),
            );
        },
        operation: Some("addThing"),
        pointer: "/components/schemas/order/properties/side",
        reason: "the enum value 1 is no text",
        action: true,
    },
    Fault {
        what: "a type OpenAPI does not have",
        spoil: |d| {
            set(
                d,
                "/components/schemas/leg/properties/amount/type",
                json!("money"),
            );
        },
        operation: Some("addThing"),
        pointer: "/components/schemas/leg/properties/amount",
        reason: "the type `money` is none of OpenAPI 3.0",
        action: true,
    },
    Fault {
        what: "a format nobody knows",
        spoil: |d| {
            set(
                d,
                "/components/schemas/leg/properties/amount",
                json!({"x-format": "money"}),
            );
        },
        operation: Some("addThing"),
        pointer: "/components/schemas/leg/properties/amount",
        reason: "`x-format: money` is not a format",
        action: false,
    },
    Fault {
        what: "an effect nobody knows",
        spoil: |d| set(d, "/paths/~1public~1Time/get/x-effect", json!("none")),
        operation: Some("getTime"),
        pointer: "/paths/~1public~1Time/get",
        reason: "`x-effect: none` is none of",
        action: true,
    },
    Fault {
        what: "two types of one name",
        spoil: |d| {
            set(
                d,
                ANSWER,
                json!({"type": "object", "x-name": "Leg", "properties": {"other": {"type": "string"}}}),
            );
        },
        operation: Some("getTime"),
        pointer: ANSWER,
        reason: "two different types want the Rust name `Leg`",
        action: true,
    },
    Fault {
        what: "a type with a name of the prelude",
        spoil: |d| {
            set(
                d,
                ANSWER,
                json!({"type": "object", "x-name": "Vec", "properties": {"other": {"type": "string"}}}),
            );
        },
        operation: Some("getTime"),
        pointer: ANSWER,
        reason: "the generated code needs the name `Vec`",
        action: true,
    },
    Fault {
        what: "two fields of one name",
        spoil: |d| {
            set(
                d,
                ORDER,
                json!({"nonce": {"type": "integer"}, "a-b": {"type": "string"}, "a_b": {"type": "string"}}),
            );
        },
        operation: Some("addThing"),
        pointer: "/components/schemas/order/properties/a_b",
        reason: "two fields of the type would be called `a_b`",
        action: true,
    },
    Fault {
        what: "a member called like a parameter",
        spoil: |d| {
            set(
                d,
                ORDER,
                json!({"nonce": {"type": "integer"}, "count": {"type": "string"}}),
            );
        },
        operation: Some("addThing"),
        pointer: "/components/schemas/order/properties/count",
        reason: "`count` is the name of something else in the call",
        action: true,
    },
    Fault {
        what: "a parameter called like the builder's own",
        spoil: |d| {
            set(
                d,
                "/paths/~1private~1Thing~1{id}/post/parameters/1/name",
                json!("options"),
            );
        },
        operation: Some("addThing"),
        pointer: "/paths/~1private~1Thing~1{id}/post/parameters/1/schema",
        reason: "`options` is the name of something else in the call",
        action: true,
    },
    Fault {
        what: "a body that is a union",
        spoil: |d| {
            let text = json!({"type": "string"});
            set(
                d,
                "/components/schemas/order",
                json!({"oneOf": [text, {"type": "integer"}]}),
            );
        },
        operation: Some("addThing"),
        pointer: "/paths/~1private~1Thing~1{id}/post/requestBody/content/application~1json/schema",
        reason: "can't be told apart",
        action: false,
    },
    Fault {
        what: "two methods of one name",
        spoil: |d| {
            set(
                d,
                "/paths/~1public~1Time/get/operationId",
                json!("add_thing"),
            );
        },
        operation: None,
        pointer: "/paths/~1public~1Time/get",
        reason: "addThing and add_thing would both be the method `add_thing`",
        action: true,
    },
    Fault {
        what: "no answer",
        spoil: |d| {
            set(
                d,
                "/paths/~1public~1Time/get/responses",
                json!({"404": {"description": "d"}}),
            );
        },
        operation: Some("getTime"),
        pointer: "/paths/~1public~1Time/get/responses",
        reason: "no response for success",
        action: true,
    },
    Fault {
        what: "an answer without a form",
        spoil: |d| {
            set(
                d,
                "/paths/~1public~1Time/get/responses/200",
                json!({"description": "d"}),
            );
        },
        operation: Some("getTime"),
        pointer: "/paths/~1public~1Time/get/responses/200",
        reason: "the response has no content",
        action: true,
    },
];

#[test]
fn each_fault_is_reported_with_its_place_and_its_mend() {
    for fault in FAULTS {
        let mut description = sound();
        (fault.spoil)(&mut description);
        let found = problems_of(&description);
        let problem = found
            .iter()
            .find(|problem| problem.reason.contains(fault.reason))
            .unwrap_or_else(|| panic!("{}: {found:#?}", fault.what));
        assert_eq!(problem.file, FILE, "{}", fault.what);
        assert_eq!(
            problem.operation.as_deref(),
            fault.operation,
            "{}",
            fault.what
        );
        assert_eq!(problem.pointer, fault.pointer, "{}", fault.what);
        assert!(problem.mend.is_some(), "{}", fault.what);
        let shown = problem.to_string();
        for part in [FILE, fault.pointer, fault.reason, "mend:"] {
            assert!(shown.contains(part), "{}: {shown}", fault.what);
        }
    }
}

#[test]
fn the_overlay_actions_of_a_report_mend_the_fault() {
    for fault in FAULTS.iter().filter(|fault| fault.action) {
        let mut description = sound();
        (fault.spoil)(&mut description);
        let found = problems_of(&description);
        let wanted: Vec<&str> = found
            .iter()
            .map(|problem| actions(problem).unwrap_or_else(|| panic!("{}: {problem}", fault.what)))
            .collect();
        let mended = workspace(&description.to_string(), &wanted.join("\n"));
        assert_eq!(problems(mended.path()), [], "{}: {wanted:#?}", fault.what);
    }
}

/// Five faults of different stages of the walk.
fn five_faults() -> Value {
    let mut description = sound();
    for what in [
        "a reference that leads nowhere",
        "a cookie",
        "an enum of numbers as text, behind a reference",
        "a type OpenAPI does not have",
        "a list of nothing",
    ] {
        let fault = FAULTS.iter().find(|fault| fault.what == what).unwrap();
        (fault.spoil)(&mut description);
    }
    // Without its reference, a leg is only met in the answer.
    description
}

#[test]
fn all_faults_are_in_one_report() {
    let found = problems_of(&five_faults());
    assert_eq!(found.len(), 5, "{found:#?}");
    let places: std::collections::BTreeSet<_> = found.iter().map(|p| &p.pointer).collect();
    assert_eq!(places.len(), 5);
}

#[test]
fn what_is_no_description_is_said_to_be_none() {
    for (text, reason) in [
        ("a: [1", "the file is not YAML"),
        ("<html>\n<p a=b: c: d>\n", "the file is not YAML"),
        ("a: 1\na: 2\n", "the file is not YAML"),
        ("", "this is no OpenAPI 3.0 description"),
        ("- openapi: 3.0.3\n", "this is no OpenAPI 3.0 description"),
        ("3.0.3", "this is no OpenAPI 3.0 description"),
        (
            "swagger: '2.0'\npaths: {}\n",
            "this is no OpenAPI 3.0 description",
        ),
        (
            "openapi: 3.1.0\npaths: {}\n",
            "this is OpenAPI 3.1.0, not 3.0",
        ),
        ("openapi: 3.0.3\n", "the description has no paths"),
        (
            "openapi: 3.0.3\npaths: [a]\n",
            "the description has no paths",
        ),
    ] {
        let found = problems(workspace(text, NO_ACTIONS).path());
        let problem = found
            .iter()
            .find(|problem| problem.reason.contains(reason))
            .unwrap_or_else(|| panic!("{text}: {found:#?}"));
        assert_eq!(problem.file, FILE);
    }
    let binary = workspace("", NO_ACTIONS);
    fs::write(binary.path().join(FILE), b"\xff\xfe\x00").unwrap();
    assert!(problems(binary.path())[0].reason.contains("not UTF-8"));
    fs::remove_file(binary.path().join(FILE)).unwrap();
    assert!(problems(binary.path())[0].reason.contains("can't be read"));
}

#[test]
fn an_overlay_that_does_not_fit_is_reported_by_action() {
    let actions = "\
- {target: '$.paths[', description: d, remove: true}
- {target: $.info, description: d, update: {title: Other}}
- {target: $.nowhere, description: d, remove: true}";
    let root = workspace(&sound().to_string(), actions);
    let found = problems(root.path());
    assert_eq!(found.len(), 2, "{found:#?}");
    for (problem, pointer, reason) in [
        (
            &found[0],
            "/actions/0",
            "action 1 has a bad JSONPath, $.paths[",
        ),
        (
            &found[1],
            "/actions/2",
            "action 3 matches nothing: $.nowhere",
        ),
    ] {
        assert_eq!(problem.file, api().overlay);
        assert_eq!(problem.pointer, pointer);
        assert!(problem.reason.contains(reason), "{problem}");
        assert!(problem.mend.is_some());
    }
    // Another description may not have what an action corrects; a bad path stays bad.
    let other = Source::Other(root.path().join(api().spec));
    let Err(found) = pipeline::run(root.path(), api(), &other) else {
        panic!("a bad JSONPath passed");
    };
    assert_eq!(found.0.len(), 1, "{found}");
    let only = "- {target: $.nowhere, description: d, remove: true}";
    fs::write(root.path().join(api().overlay), overlay(only)).unwrap();
    let output = pipeline::run(root.path(), api(), &other).unwrap();
    assert_eq!(output.warnings.len(), 1);
    assert!(
        output.warnings[0]
            .reason
            .contains("matches nothing: $.nowhere")
    );
}

#[test]
fn an_overlay_that_is_none_is_reported() {
    for text in [
        "",
        "[]",
        "openapi: 3.0.3",
        "overlay: 1.0.0\nactions: {a: 1}",
        "a: [",
    ] {
        let root = workspace(&sound().to_string(), NO_ACTIONS);
        fs::write(root.path().join(api().overlay), text).unwrap();
        let found = problems(root.path());
        assert_eq!(found[0].file, api().overlay, "{text}");
    }
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let shown = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_dir() {
                files.insert(format!("{shown}/"), Vec::new());
                folders.push(path);
            } else {
                files.insert(shown, fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_report_leaves_the_clients_as_they_are() {
    let root = workspace(&sound().to_string(), NO_ACTIONS);
    let out = root.path().join("client");
    let options = Options {
        api: Some(api().name.to_owned()),
        spec: Some(root.path().join(FILE)),
        out: Some(out.clone()),
        check: false,
    };
    let mut log = Vec::new();
    assert!(regen(root.path(), &options, &mut log).unwrap());
    assert!(out.join("client.rs").is_file());
    for bad in [five_faults().to_string(), "a: [1".to_owned()] {
        fs::write(root.path().join(FILE), bad).unwrap();
        let before = contents(root.path());
        let error = regen(root.path(), &options, &mut log).unwrap_err();
        assert!(error.to_string().contains("nothing was written"), "{error}");
        assert_eq!(contents(root.path()), before);
    }
}

#[test]
fn the_program_says_what_is_wrong_and_fails() {
    let root = tempfile::tempdir().unwrap();
    let (spec, out) = (root.path().join("bad.yaml"), root.path().join("out"));
    fs::create_dir(&out).unwrap();
    fs::write(
        out.join("client.rs"),
        "// @generated by `cargo xtask regen`. Old.\n",
    )
    .unwrap();
    fs::write(&spec, five_faults().to_string()).unwrap();
    let before = contents(root.path());
    let outcome = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["regen", "--api", api().name, "--spec"])
        .arg(&spec)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert_eq!(outcome.status.code(), Some(1));
    let said = String::from_utf8(outcome.stderr).unwrap();
    assert!(said.contains("5 problems, nothing was written"), "{said}");
    assert!(
        said.contains("bad.yaml, operation addThing, at /"),
        "{said}"
    );
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(contents(root.path()), before);
}

/// All stages on a document in memory: the files, or how many problems there are.
fn stages(document: &Value) -> Result<Vec<(String, String)>, usize> {
    let loaded = Loaded {
        file: "t.yaml".to_owned(),
        value: document.clone(),
        digest: String::new(),
    };
    let (model, problems) = normalise::normalise(api(), &loaded, Words::Ours);
    if !problems.is_empty() {
        return Err(problems.len());
    }
    let openapi = validate::validate(&loaded.file, &model).map_err(|_| 1_usize)?;
    let code = generate::generate(&loaded.file, &openapi).map_err(|_| 1_usize)?;
    let rewritten = rewrite::rewrite(&model, &code).map_err(|found| found.len())?;
    let files =
        format::format(&rewritten, &model, &loaded.file, api().module).map_err(|_| 1_usize)?;
    Ok(files
        .into_iter()
        .map(|file| (file.path, file.text))
        .collect())
}

/// One change of a document: where (as a number among its nodes) and what.
#[derive(Clone, Debug)]
enum Change {
    Delete(usize),
    Replace(usize, Value),
    CopyFrom(usize, usize),
    ReferTo(usize, usize),
    Wrap(usize, &'static str),
    Insert(usize, &'static str, Value),
    Rename(usize, &'static str),
}

const NAMES: [&str; 24] = [
    "", "type", "self", "Self", "Option", "String", "Vec", "Other", "é", "名前", "1", "3D", "a b",
    "a\nb", "\r", "{x}", "*/", "\"", "`", "r#type", "_", "#", "nonce", "core",
];
const KEYS: [&str; 28] = [
    "type",
    "enum",
    "items",
    "properties",
    "required",
    "allOf",
    "oneOf",
    "not",
    "$ref",
    "additionalProperties",
    "nullable",
    "pattern",
    "title",
    "x-format",
    "x-name",
    "x-field-name",
    "x-map-name",
    "x-tuple",
    "x-tuple-name",
    "x-variant-names",
    "x-placeholder",
    "x-constant",
    "x-alias",
    "x-comma-separated",
    "operationId",
    "tags",
    "name",
    "in",
];

fn some_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(&NAMES[..]).prop_map(Value::from),
        proptest::sample::select(&["string", "integer", "object", "array"][..])
            .prop_map(|kind| json!({"type": kind})),
        proptest::collection::vec(proptest::sample::select(&NAMES[..]), 0..4)
            .prop_map(|values| json!({"type": "string", "enum": values})),
        Just(json!([])),
        Just(json!({})),
    ]
}

fn some_change() -> impl Strategy<Value = Change> {
    let node = 0..10_000_usize;
    prop_oneof![
        node.clone().prop_map(Change::Delete),
        (node.clone(), some_value()).prop_map(|(at, value)| Change::Replace(at, value)),
        (node.clone(), node.clone()).prop_map(|(at, from)| Change::CopyFrom(at, from)),
        (node.clone(), node.clone()).prop_map(|(at, to)| Change::ReferTo(at, to)),
        (
            node.clone(),
            proptest::sample::select(&["allOf", "oneOf", "anyOf", "x-tuple"][..])
        )
            .prop_map(|(at, word)| Change::Wrap(at, word)),
        (
            node.clone(),
            proptest::sample::select(&KEYS[..]),
            some_value()
        )
            .prop_map(|(at, key, value)| Change::Insert(at, key, value)),
        (node, proptest::sample::select(&NAMES[..]))
            .prop_map(|(at, name)| Change::Rename(at, name)),
    ]
}

fn pointers(node: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match node {
        Value::Object(map) => {
            for (key, value) in map {
                pointers(value, &xtask::problem::join(at, key), found);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn apply(document: &mut Value, change: &Change) {
    let mut places = Vec::new();
    pointers(document, "", &mut places);
    let place = |number: &usize| places[number % places.len()].clone();
    match change {
        Change::Delete(at) => {
            let at = place(at);
            let Some((parent, last)) = at.rsplit_once('/') else {
                return;
            };
            let last = last.replace("~1", "/").replace("~0", "~");
            match document.pointer_mut(parent).unwrap() {
                Value::Object(map) => {
                    map.shift_remove(&last);
                }
                Value::Array(list) => {
                    list.remove(last.parse().unwrap());
                }
                _ => {}
            }
        }
        Change::Replace(at, value) => set(document, &place(at), value.clone()),
        Change::CopyFrom(at, from) => {
            let copy = document.pointer(&place(from)).unwrap().clone();
            set(document, &place(at), copy);
        }
        Change::ReferTo(at, to) => {
            let target = format!("#{}", place(to));
            set(document, &place(at), json!({"$ref": target}));
        }
        Change::Wrap(at, word) => {
            let node = document.pointer_mut(&place(at)).unwrap();
            *node = json!({*word: [node.take()]});
        }
        Change::Insert(at, key, value) => {
            if let Value::Object(map) = document.pointer_mut(&place(at)).unwrap() {
                map.insert((*key).to_owned(), value.clone());
            }
        }
        Change::Rename(at, name) => {
            if let Value::Object(map) = document.pointer_mut(&place(at)).unwrap()
                && let Some((_, first)) = map.iter().next()
            {
                let first = first.clone();
                map.insert((*name).to_owned(), first);
            }
        }
    }
}

proptest! {
    #![proptest_config(Config {
        cases: 300,
        rng_seed: RngSeed::Fixed(20_260_101),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn a_changed_description_gives_a_client_or_a_report(
        changes in proptest::collection::vec(some_change(), 1..5)
    ) {
        let mut document = sound();
        for change in &changes {
            apply(&mut document, change);
        }
        match stages(&document) {
            Ok(files) => {
                for (path, text) in files {
                    prop_assert!(!path.contains(".."), "{path}");
                    prop_assert!(syn::parse_file(&text).is_ok(), "{path}:\n{text}");
                }
            }
            Err(problems) => prop_assert!(problems > 0),
        }
    }
}
