//! `cargo xtask diff`: single changes to a description, each with the verdict that it must get.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't be set up should stop"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::{Value, json};
use xtask::{
    apis::Api,
    diff::{self, Format, Report, Side, verdict::Verdict, verdict::Verdict::*},
    load,
    pipeline::{self, Source},
    problem::Problems,
};

const VENUE: Api = Api {
    name: "venue",
    spec: "specs/venue.yaml",
    overlay: "specs/venue.overlay.yaml",
    out: "unused",
    module: "crate::venue",
    base_url: "https://venue.example",
    doc_base: "https://docs.venue.example",
    private_counter: "venue-private",
    public_counter: "venue-public",
};

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/diff")
        .join(file)
}

/// A workspace with the venue's description and its overlay.
static ROOT: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("specs")).unwrap();
    fs::copy(data("base.yaml"), root.path().join(VENUE.spec)).unwrap();
    fs::copy(data("base.overlay.yaml"), root.path().join(VENUE.overlay)).unwrap();
    fs::write(
        root.path().join("Cargo.toml"),
        "[workspace.package]\nversion = \"0.3.1\"\n",
    )
    .unwrap();
    root
});

fn base() -> Value {
    load::load(&data("base.yaml"), "base.yaml").unwrap().value
}

fn bytes(name: &str, document: &Value) -> Side {
    Side::Bytes(name.to_owned(), serde_json::to_vec(document).unwrap())
}

fn compare(old: &Value, new: &Value) -> Report {
    diff::between(
        ROOT.path(),
        &[&VENUE],
        &bytes("old", old),
        &bytes("new", new),
    )
    .unwrap()
}

fn at<'d>(document: &'d mut Value, pointer: &str) -> &'d mut Value {
    document.pointer_mut(pointer).ok_or(pointer).unwrap()
}

fn remove(document: &mut Value, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    at(document, parent)
        .as_object_mut()
        .unwrap()
        .shift_remove(&key)
        .unwrap();
}

/// Gives a member another name and leaves it in its place.
fn rename(document: &mut Value, parent: &str, old: &str, new: &str) {
    let map = at(document, parent).as_object_mut().unwrap();
    *map = std::mem::take(map)
        .into_iter()
        .map(|(key, value)| (if key == old { new.to_owned() } else { key }, value))
        .collect();
}

/// Gives a component another name, everywhere.
fn rename_component(document: &mut Value, old: &str, new: &str) {
    rename(document, "/components/schemas", old, new);
    let text = document.to_string().replace(
        &format!("#/components/schemas/{old}\""),
        &format!("#/components/schemas/{new}\""),
    );
    *document = serde_json::from_str(&text).unwrap();
}

fn reverse(document: &mut Value, pointer: &str) {
    let map = at(document, pointer).as_object_mut().unwrap();
    *map = std::mem::take(map).into_iter().rev().collect();
}

const TICKER: &str = "/paths/~1public~1Ticker/get";
const BOOK: &str = "/paths/~1private~1Book/post";
const BODY: &str =
    "/paths/~1private~1Place/post/requestBody/content/application~1json/schema/properties";
const NEEDED: &str =
    "/paths/~1private~1Place/post/requestBody/content/application~1json/schema/required";
const SCHEMAS: &str = "/components/schemas";

/// What is changed in the description, how, and what has to be found: verdict, what a caller calls
/// it, and what happened.
type Row = (
    &'static str,
    fn(&mut Value),
    &'static [(Verdict, &'static str, &'static str)],
);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Words and order.
    ("reword", |d| *at(d, &format!("{TICKER}/summary")) = json!("Read the ticker"), &[]),
    ("other example", |d| *at(d, &format!("{BODY}/volume/example")) = json!("7"), &[]),
    ("reorder paths", |d| reverse(d, "/paths"), &[]),
    ("reorder components", |d| reverse(d, SCHEMAS), &[]),
    ("reorder fields of an answer", |d| reverse(d, &format!("{SCHEMAS}/order/properties")), &[]),
    ("reorder parameters", |d| at(d, &format!("{TICKER}/parameters")).as_array_mut().unwrap().reverse(), &[]),
    ("reorder required names", |d| at(d, NEEDED).as_array_mut().unwrap().reverse(), &[]),
    ("reorder enum values", |d| *at(d, &format!("{SCHEMAS}/side/enum")) = json!(["sell", "buy"]), &[]),
    ("add a component that nothing uses", |d| at(d, SCHEMAS)["unused"] = json!({"type": "string"}), &[]),
    ("inline a component", |d| {
        let status = at(d, &format!("{SCHEMAS}/status")).clone();
        *at(d, &format!("{SCHEMAS}/ticker/properties/status")) = status;
    }, &[(Breaking, "Status", "renamed")]),
    ("raise the version", |d| *at(d, "/info/version") = json!("1.0.1"), &[(Compatible, "venue", "version")]),
    ("move the server", |d| *at(d, "/servers/0/url") = json!("https://other.example/0"), &[(Behaviour, "venue", "server")]),

    // Operations.
    ("add an operation", |d| {
        let mut more = at(d, TICKER).clone();
        more["operationId"] = json!("getTickers");
        at(d, "/paths")["/public/Tickers"] = json!({"get": more});
    }, &[(Compatible, "get_tickers()", "added")]),
    ("drop an operation", |d| remove(d, "/paths/~1public~1Pairs"), &[(Breaking, "get_pairs()", "removed")]),
    ("rename an operationId", |d| *at(d, "/paths/~1public~1Pairs/get/operationId") = json!("listPairs"), &[
        (Breaking, "get_pairs()", "renamed"),
        (Behaviour, "get_pairs()", "wire-name"),
    ]),
    ("move an operation", |d| rename(d, "/paths", "/public/Pairs", "/public/AssetPairs"), &[(Behaviour, "get_pairs()", "request")]),
    ("GET becomes POST", |d| rename(d, "/paths/~1public~1Pairs", "get", "post"), &[(Behaviour, "get_pairs()", "request")]),
    ("public becomes private", |d| remove(d, "/paths/~1public~1Pairs/get/security"), &[
        (Behaviour, "get_pairs()", "private"),
        (Behaviour, "get_pairs()", "pace"),
    ]),
    ("another permission", |d| {
        let text = at(d, &format!("{BOOK}/description"));
        *text = json!(text.as_str().unwrap().replace("Orders - Read", "Orders - Modify"));
    }, &[(Behaviour, "get_book()", "permission")]),
    ("another tag", |d| *at(d, &format!("{BOOK}/tags")) = json!(["Market"]), &[(Compatible, "get_book()", "group")]),
    ("deprecate an operation", |d| at(d, BOOK)["deprecated"] = json!(true), &[(Compatible, "get_book()", "deprecated")]),

    // Parameters and bodies.
    ("add an optional parameter", |d| {
        let list = at(d, &format!("{TICKER}/parameters")).as_array_mut().unwrap();
        list.push(json!({"name": "class", "in": "query", "schema": {"type": "string"}}));
    }, &[(Compatible, "get_ticker().class", "added")]),
    ("add a required parameter", |d| {
        let list = at(d, &format!("{TICKER}/parameters")).as_array_mut().unwrap();
        list.push(json!({"name": "class", "in": "query", "required": true, "schema": {"type": "string"}}));
    }, &[(Breaking, "get_ticker().class", "added")]),
    ("drop a parameter", |d| { at(d, &format!("{TICKER}/parameters")).as_array_mut().unwrap().remove(1); }, &[(Breaking, "get_ticker().depth", "removed")]),
    ("a parameter becomes required", |d| at(d, &format!("{TICKER}/parameters/1"))["required"] = json!(true), &[(Breaking, "get_ticker().depth", "required")]),
    ("a parameter becomes optional", |d| *at(d, &format!("{TICKER}/parameters/0/required")) = json!(false), &[(Compatible, "get_ticker().pair", "optional")]),
    ("a parameter goes to a header", |d| *at(d, &format!("{TICKER}/parameters/0/in")) = json!("header"), &[(Behaviour, "get_ticker().pair", "place")]),
    ("another default", |d| *at(d, &format!("{TICKER}/parameters/1/schema/default")) = json!(25), &[(Behaviour, "get_ticker().depth", "default")]),
    ("a lower maximum", |d| *at(d, &format!("{TICKER}/parameters/1/schema/maximum")) = json!(100), &[(Behaviour, "get_ticker().depth", "limits")]),
    ("a higher maximum", |d| *at(d, &format!("{TICKER}/parameters/1/schema/maximum")) = json!(1000), &[(Compatible, "get_ticker().depth", "limits")]),
    ("no limit any more", |d| remove(d, &format!("{BODY}/note/maxLength")), &[(Compatible, "place_order().note", "limits")]),
    ("integer to string in a parameter", |d| *at(d, &format!("{TICKER}/parameters/1/schema")) = json!({"type": "string", "default": 100}), &[
        (Breaking, "get_ticker().depth", "type"),
        (Compatible, "get_ticker().depth", "limits"),
    ]),
    ("add an optional request field", |d| at(d, BODY)["tag"] = json!({"type": "string"}), &[(Compatible, "place_order().tag", "added")]),
    ("add a required request field", |d| {
        at(d, BODY)["tag"] = json!({"type": "string"});
        at(d, NEEDED).as_array_mut().unwrap().push(json!("tag"));
    }, &[(Breaking, "place_order().tag", "added")]),
    ("drop a required request field", |d| {
        remove(d, &format!("{BODY}/volume"));
        *at(d, NEEDED) = json!(["nonce", "side"]);
    }, &[(Breaking, "place_order().volume", "removed")]),
    ("a request field becomes required", |d| at(d, NEEDED).as_array_mut().unwrap().push(json!("note")), &[(Breaking, "place_order().note", "required")]),
    ("a request field becomes optional", |d| *at(d, NEEDED) = json!(["nonce", "side"]), &[(Compatible, "place_order().volume", "optional")]),
    ("a request list becomes required", |d| at(d, NEEDED).as_array_mut().unwrap().push(json!("legs")), &[(Breaking, "place_order().legs", "required")]),
    ("rename a request field", |d| rename(d, BODY, "note", "remark"), &[
        (Breaking, "place_order().note", "renamed"),
        (Behaviour, "place_order().note", "wire-name"),
    ]),
    ("rename and reword a request field", |d| {
        rename(d, BODY, "note", "remark");
        *at(d, &format!("{BODY}/remark/description")) = json!("A remark.");
    }, &[
        (Breaking, "place_order().note", "removed"),
        (Compatible, "place_order().remark", "added"),
    ]),
    ("another constant", |d| *at(d, &format!("{BODY}/kind/enum")) = json!(["margin"]), &[
        (Breaking, "PlaceOrderRequestKind::Spot", "removed"),
        (Behaviour, "place_order().kind", "constant"),
        (Compatible, "PlaceOrderRequestKind::Margin", "added"),
    ]),
    ("the nonce is written otherwise", |d| *at(d, &format!("{BODY}/nonce/type")) = json!("string"), &[]),

    // Types that callers build.
    ("add an optional field to a request's type", |d| at(d, &format!("{SCHEMAS}/leg/properties"))["tag"] = json!({"type": "string"}), &[(Breaking, "Leg.tag", "added")]),
    ("add a required field to a request's type", |d| {
        at(d, &format!("{SCHEMAS}/leg/properties"))["tag"] = json!({"type": "string"});
        at(d, &format!("{SCHEMAS}/leg/required")).as_array_mut().unwrap().push(json!("tag"));
    }, &[(Breaking, "Leg.tag", "added")]),
    ("reorder what `new` takes", |d| reverse(d, &format!("{SCHEMAS}/leg/properties")), &[(Breaking, "Leg", "order")]),

    // Answers.
    ("add a field to an answer", |d| at(d, &format!("{SCHEMAS}/ticker/properties"))["bid"] = json!({"type": "string"}), &[(Compatible, "Ticker.bid", "added")]),
    ("add a field that is always there", |d| {
        at(d, &format!("{SCHEMAS}/order/properties"))["at"] = json!({"type": "string"});
        at(d, &format!("{SCHEMAS}/order/required")).as_array_mut().unwrap().push(json!("at"));
    }, &[(Behaviour, "Order.at", "added")]),
    ("the first field that is always there", |d| at(d, &format!("{SCHEMAS}/ticker"))["required"] = json!(["ask"]), &[
        (Breaking, "Ticker", "no-default"),
        (Breaking, "Ticker.ask", "required"),
    ]),
    ("drop a field of an answer", |d| remove(d, &format!("{SCHEMAS}/order/properties/memo")), &[(Breaking, "Order.memo", "removed")]),
    ("nullable on", |d| at(d, &format!("{SCHEMAS}/order/properties/id"))["nullable"] = json!(true), &[(Breaking, "Order.id", "optional")]),
    ("nullable on what is optional", |d| at(d, &format!("{SCHEMAS}/order/properties/memo"))["nullable"] = json!(true), &[]),
    ("a field of an answer becomes optional", |d| *at(d, &format!("{SCHEMAS}/order/required")) = json!([]), &[(Breaking, "Order.id", "optional")]),
    ("a list of an answer is always there", |d| *at(d, &format!("{SCHEMAS}/order/required")) = json!(["id", "trades"]), &[(Behaviour, "Order.trades", "always-there")]),
    ("rename a field of an answer", |d| rename(d, &format!("{SCHEMAS}/order/properties"), "memo", "remark"), &[
        (Breaking, "Order.memo", "renamed"),
        (Behaviour, "Order.memo", "wire-name"),
    ]),
    ("string to number", |d| *at(d, &format!("{SCHEMAS}/order/properties/memo/type")) = json!("number"), &[(Breaking, "Order.memo", "type")]),
    ("string to number, for an amount", |d| *at(d, &format!("{BODY}/volume/type")) = json!("number"), &[(Behaviour, "place_order().volume", "form")]),
    ("string to number, under an `x-format`", |d| *at(d, &format!("{SCHEMAS}/ticker/properties/ask/type")) = json!("number"), &[]),
    ("integer to 32 bits", |d| at(d, &format!("{SCHEMAS}/ticker/properties/count"))["format"] = json!("int32"), &[(Breaking, "Ticker.count", "type")]),
    ("array to map", |d| {
        let trades = at(d, &format!("{SCHEMAS}/order/properties/trades"));
        *trades = json!({"type": "object", "additionalProperties": {"type": "string"}});
    }, &[(Breaking, "Order.trades", "type")]),
    ("map to array, as an answer", |d| {
        let result = at(d, &format!("{SCHEMAS}/tickerResponse/properties/result"));
        *result = json!({"type": "array", "items": {"$ref": "#/components/schemas/ticker"}});
    }, &[(Breaking, "get_ticker() answer", "type")]),
    ("the envelope comes off", |d| {
        let content = at(d, "/paths/~1public~1Pairs/get/responses/200/content/application~1json");
        content["schema"] = json!({"type": "array", "items": {"type": "string"}});
    }, &[(Behaviour, "get_pairs() answer", "envelope")]),
    ("open an object", |d| at(d, &format!("{SCHEMAS}/ticker"))["additionalProperties"] = json!({"type": "string"}), &[(Compatible, "Ticker.extra", "added")]),
    ("an answer becomes a file", |d| {
        let response = at(d, "/paths/~1public~1Pairs/get/responses/200");
        response["content"] = json!({"application/zip": {"schema": {"type": "string", "format": "binary"}}});
    }, &[(Breaking, "get_pairs() answer", "type")]),
    ("another position in a row", |d| at(d, &format!("{SCHEMAS}/placed/properties/level/x-tuple")).as_array_mut().unwrap().reverse(), &[(Behaviour, "Level", "form")]),
    ("one position more in a row", |d| {
        let row = at(d, &format!("{SCHEMAS}/placed/properties/level/x-tuple"));
        row.as_array_mut().unwrap().push(json!({"name": "count", "format": "integer", "optional": true}));
    }, &[(Compatible, "Level.count", "added")]),
    ("another alternative", |d| {
        let map = at(d, &format!("{SCHEMAS}/placed/properties/found/oneOf/1/additionalProperties"));
        *map = json!({"type": "boolean"});
    }, &[(Breaking, "Found::Map", "type")]),
    ("deprecate a field", |d| at(d, &format!("{SCHEMAS}/order/properties/memo"))["deprecated"] = json!(true), &[(Compatible, "Order.memo", "deprecated")]),

    // Enums and names of types.
    ("widen an enum", |d| *at(d, &format!("{SCHEMAS}/side/enum")) = json!(["buy", "sell", "short"]), &[(Compatible, "Side::Short", "added")]),
    ("narrow an enum", |d| *at(d, &format!("{SCHEMAS}/status/enum")) = json!(["online"]), &[(Breaking, "Status::PostOnly", "removed")]),
    ("an enum becomes plain text", |d| remove(d, &format!("{SCHEMAS}/status/enum")), &[(Breaking, "Ticker.status", "type")]),
    ("plain text becomes an enum", |d| at(d, &format!("{SCHEMAS}/order/properties/memo"))["enum"] = json!(["a", "b"]), &[(Breaking, "Order.memo", "type")]),
    ("rename a schema", |d| rename_component(d, "side", "direction"), &[(Breaking, "Side", "renamed")]),
    ("rename a schema whose name is not seen", |d| rename_component(d, "tickerResponse", "tickerAnswer"), &[]),
    ("answers become a request's type", |d| {
        at(d, BODY)["like"] = json!({"$ref": "#/components/schemas/order"});
    }, &[
        (Compatible, "Order", "built"),
        (Compatible, "place_order().like", "added"),
    ]),
    ("a request's type is only read now", |d| {
        remove(d, &format!("{BODY}/legs"));
        at(d, &format!("{SCHEMAS}/placed/properties"))["leg"] = json!({"$ref": "#/components/schemas/leg"});
    }, &[
        (Breaking, "Leg", "built"),
        (Breaking, "place_order().legs", "removed"),
        (Compatible, "PlaceOrderResult.leg", "added"),
    ]),
    ("an effect's name", |d| *at(d, &format!("{BOOK}/operationId")) = json!("book"), &[
        (Breaking, "get_book()", "renamed"),
        (Behaviour, "get_book()", "wire-name"),
        (Behaviour, "get_book()", "effect"),
    ]),
];

#[test]
fn every_single_change_gets_its_verdict() {
    assert!(ROWS.len() >= 40);
    let old = base();
    let mut wrong = Vec::new();
    for (name, edit, expected) in ROWS {
        let mut new = old.clone();
        edit(&mut new);
        assert_ne!(
            serde_json::to_vec(&old).unwrap(),
            serde_json::to_vec(&new).unwrap(),
            "{name} changes nothing"
        );
        let report = compare(&old, &new);
        let api = &report.apis[0];
        let mut found: Vec<(Verdict, &str, &str)> = api
            .changes
            .iter()
            .map(|judged| {
                (
                    judged.verdict,
                    judged.change.subject.as_str(),
                    judged.change.what.word(),
                )
            })
            .collect();
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        if found != expected || !api.problems.is_empty() {
            wrong.push((name, found.len(), report.print(Format::Text).unwrap()));
        }
    }
    for (name, _, text) in &wrong {
        eprintln!("== {name}\n{text}");
    }
    let names: Vec<_> = wrong.iter().map(|(name, ..)| name).collect();
    assert!(wrong.is_empty(), "{names:?}");
}

/// The Rust code of a client without its documentation, where the words of a description are.
fn code(document: &Value) -> Vec<(String, String)> {
    generated(document).unwrap()
}

fn generated(document: &Value) -> Result<Vec<(String, String)>, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.yaml");
    fs::write(&path, serde_json::to_vec(document).unwrap()).unwrap();
    let output = pipeline::run(ROOT.path(), &VENUE, &Source::Other(path))?;
    let files = output.files.iter().map(|file| {
        // The order of items is that of the description, which callers can't tell.
        let mut lines: Vec<String> = file
            .text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| {
                let mut words: Vec<&str> = line
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .collect();
                words.sort_unstable();
                words.join(" ")
            })
            .collect();
        lines.sort_unstable();
        (file.path.clone(), lines.join("\n"))
    });
    Ok(files.collect())
}

/// Where nothing is found, the generated code is the same but for its documentation: no change of
/// what a caller meets goes unseen.
#[test]
fn what_is_not_reported_is_not_in_the_code() {
    let old = base();
    let before = code(&old);
    let mut quiet = 0;
    for (name, edit, expected) in ROWS {
        let mut new = old.clone();
        edit(&mut new);
        let same = code(&new) == before;
        if expected.is_empty() {
            for (before, after) in before.iter().zip(&code(&new)) {
                assert_eq!(before, after, "{name} changes the code");
            }
            assert!(same, "{name} changes the code");
            quiet += 1;
        }
        // Names and types are in the code; an order can't be told here.
        let seen = expected
            .iter()
            .any(|(verdict, _, what)| *verdict == Breaking && *what != "order");
        assert!(!(seen && same), "{name} is no change of the code");
    }
    assert!(quiet > 10);
}

/// Every place of a description but its prose, the deepest first.
fn places(node: &Value, pointer: &str, found: &mut Vec<String>) {
    let prose = |key: &str| matches!(key, "description" | "summary" | "example" | "doc");
    for (key, value) in node.as_object().into_iter().flatten() {
        if prose(key) && value.is_string() {
            continue;
        }
        let key = key.replace('~', "~0").replace('/', "~1");
        let pointer = format!("{pointer}/{key}");
        places(value, &pointer, found);
        found.push(pointer);
    }
    for (index, value) in node.as_array().into_iter().flatten().enumerate() {
        places(value, &format!("{pointer}/{index}"), found);
    }
}

/// Whatever goes from a description, or comes: what changes the code is reported, in both
/// directions.
#[test]
fn no_member_goes_or_comes_unseen() {
    let old = base();
    let before = code(&old);
    let mut pointers = Vec::new();
    places(&old, "", &mut pointers);
    assert!(pointers.len() > 150, "{}", pointers.len());
    let mut unseen = 0;
    for pointer in &pointers {
        let mut new = old.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let key = key.replace("~1", "/").replace("~0", "~");
        let parent = at(&mut new, parent).as_object_mut().unwrap();
        parent.shift_remove(&key).unwrap();
        let quiet = [compare(&old, &new), compare(&new, &old)]
            .iter()
            .any(|report| report.apis[0].changes.is_empty());
        // What can't be read has no code to compare with.
        if quiet && let Ok(after) = generated(&new) {
            unseen += 1;
            assert!(after == before, "{pointer} changes the code unseen");
        }
    }
    assert!(unseen > 20, "{unseen}");
}

#[test]
fn words_are_counted_and_not_listed() {
    let old = base();
    let mut new = old.clone();
    *at(&mut new, &format!("{TICKER}/summary")) = json!("Read the ticker");
    *at(&mut new, &format!("{BODY}/note/description")) = json!("Anything.");
    *at(&mut new, &format!("{BODY}/volume/example")) = json!("7");
    let report = compare(&old, &new);
    let prose = report.apis[0].prose;
    assert_eq!((prose.texts, prose.examples), (2, 1));
    assert_eq!(report.worst(), None);
    assert_eq!(report.step.to, "0.3.1");
    let text = report.print(Format::Text).unwrap();
    assert!(
        text.contains("venue: 2 texts in other words, 1 other example\n"),
        "{text}"
    );
}

/// All changes that can be made at once, to see each form of the report.
fn all_at_once() -> Report {
    let old = base();
    let mut new = old.clone();
    *at(&mut new, &format!("{TICKER}/parameters/1/schema/maximum")) = json!(100);
    remove(&mut new, &format!("{SCHEMAS}/order/properties/memo"));
    rename_component(&mut new, "side", "direction");
    at(&mut new, &format!("{SCHEMAS}/ticker/properties"))["a|b"] = json!({"type": "string"});
    *at(&mut new, &format!("{SCHEMAS}/status/enum")) = json!(["online", "post_only", "halted"]);
    compare(&old, &new)
}

#[test]
fn a_report_says_where_what_why_and_the_next_version() {
    let report = all_at_once();
    assert_eq!(report.worst(), Some(Breaking));
    insta::assert_snapshot!("text", report.print(Format::Text).unwrap());
    insta::assert_snapshot!("markdown", report.print(Format::Markdown).unwrap());
    let json: Value = serde_json::from_str(&report.print(Format::Json).unwrap()).unwrap();
    assert_eq!(json["worst"], "breaking");
    assert_eq!(json["version"]["to"], "0.4.0");
    let changes = json["apis"][0]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 5);
    assert_eq!(changes[1]["subject"], "Order.memo");
    assert_eq!(changes[1]["operations"], json!(["getBook"]));
    assert_eq!(
        changes[1]["pointer"],
        "/components/schemas/order/properties/memo"
    );
}

#[test]
fn two_runs_give_the_same_bytes() {
    let (one, two) = (all_at_once(), all_at_once());
    for format in [Format::Text, Format::Markdown, Format::Json] {
        assert_eq!(one.print(format).unwrap(), two.print(format).unwrap());
    }
}

#[test]
fn what_can_t_be_read_in_full_is_said_and_the_rest_compared() {
    let old = base();
    let mut new = old.clone();
    *at(&mut new, &format!("{SCHEMAS}/order/properties/memo")) =
        json!({"$ref": "#/components/schemas/nowhere"});
    remove(&mut new, "/paths/~1public~1Pairs");
    remove(&mut new, &format!("{BODY}/kind"));
    let report = compare(&old, &new);
    assert!(report.has_problems());
    let text = report.print(Format::Text).unwrap();
    for part in [
        "leads nowhere",
        "get_pairs() is gone",
        "action 2 matches nothing",
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}

/// Runs Git in a folder, without the settings of whoever runs the tests.
fn git(root: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["-c", "user.name=t", "-c", "user.email=t@venue.example"])
        .args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// The committed descriptions in a repository of their own, with one commit. None on a machine
/// without Git, where the command has to say so.
fn repository() -> Option<tempfile::TempDir> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("specs")).unwrap();
    let mut files = vec![xtask::sources::FILE, "Cargo.toml"];
    for api in xtask::apis::APIS {
        files.extend([api.spec, api.overlay]);
    }
    for file in files {
        fs::copy(workspace.join(file), root.path().join(file)).unwrap();
    }
    if Command::new("git").arg("--version").output().is_err() {
        let error = run(root.path(), &diff::Options::default()).unwrap_err();
        assert!(format!("{error:#}").contains("starting git"), "{error:#}");
        return None;
    }
    git(root.path(), &["init", "--quiet"]);
    git(root.path(), &["add", "."]);
    git(root.path(), &["commit", "--quiet", "--message", "first"]);
    Some(root)
}

fn run(root: &Path, options: &diff::Options) -> anyhow::Result<(bool, String)> {
    let mut out = Vec::new();
    let good = diff::diff(root, options, &mut out)?;
    Ok((good, String::from_utf8(out).unwrap()))
}

#[test]
fn a_revision_is_read_without_a_checkout() {
    let Some(root) = repository() else { return };
    let root = root.path();
    let strict = diff::Options {
        fail_on: Some(Behaviour),
        ..diff::Options::default()
    };
    let (good, text) = run(root, &strict).unwrap();
    assert!(good && text.contains("kraken-spot: no change"), "{text}");

    // An overlay is as much of a description as the vendor's file is.
    let overlay = root.join("specs/kraken-spot.overlay.yaml");
    let mut actions = fs::read_to_string(&overlay).unwrap();
    actions.push_str(
        "\n  - target: $.paths['/public/Time'].get\n    description: It has been moved.\n    update: {x-name: get_time}\n",
    );
    fs::write(&overlay, actions).unwrap();
    let (good, text) = run(root, &strict).unwrap();
    assert!(
        !good && text.contains("is renamed: get_server_time() → get_time()"),
        "{text}"
    );
    assert!(text.contains("version: 0.1.0 → 0.2.0"), "{text}");
    let lenient = diff::Options::default();
    assert!(run(root, &lenient).unwrap().0, "only --fail-on fails");

    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message", "second"]);
    assert!(run(root, &strict).unwrap().0);
    let base = |revision: &str| diff::Options {
        base: Some(revision.to_owned()),
        api: Some("kraken-spot".to_owned()),
        ..strict.clone()
    };
    assert!(!run(root, &base("HEAD~1")).unwrap().0);
    for unknown in ["no-such-branch", "--output=/tmp/x", ""] {
        let error = run(root, &base(unknown)).unwrap_err().to_string();
        assert!(error.contains("revision"), "{error}");
    }
}

#[test]
fn an_api_that_is_new_is_one_change() {
    let Some(root) = repository() else { return };
    let root = root.path();
    git(
        root,
        &["rm", "--quiet", "--cached", "specs/kraken-custody.yaml"],
    );
    git(root, &["commit", "--quiet", "--message", "without"]);
    let (_, text) = run(root, &diff::Options::default()).unwrap();
    assert!(
        text.contains("kraken-custody is new: 13 operations"),
        "{text}"
    );
    assert!(text.contains("kraken-spot: no change"), "{text}");
}

#[test]
fn two_files_are_compared_and_wrong_use_is_told() {
    let Some(root) = repository() else { return };
    let folder = tempfile::tempdir().unwrap();
    let spec = fs::read(root.path().join("specs/kraken-custody.yaml")).unwrap();
    let old = folder.path().join("old.yaml");
    fs::write(&old, &spec).unwrap();
    let mut document = load::parse(&spec, "spec").unwrap().value;
    remove(&mut document, "/paths/~10~1private~1WithdrawMethods");
    let new = folder.path().join("new.json");
    fs::write(&new, document.to_string()).unwrap();
    let options = diff::Options {
        api: Some("kraken-custody".to_owned()),
        files: Some((old.clone(), new)),
        fail_on: Some(Breaking),
        ..diff::Options::default()
    };
    let (good, text) = run(root.path(), &options).unwrap();
    assert!(!good && text.contains("() is gone"), "{text}");

    let files = Some((old, folder.path().join("missing.yaml")));
    for (options, part) in [
        (
            diff::Options {
                files: files.clone(),
                ..diff::Options::default()
            },
            "--api",
        ),
        (
            diff::Options {
                files,
                ..options.clone()
            },
            "can't be read",
        ),
        (
            diff::Options {
                api: Some("kraken".to_owned()),
                ..diff::Options::default()
            },
            "no API `kraken`",
        ),
    ] {
        let error = format!("{:#}", run(root.path(), &options).unwrap_err());
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn what_can_t_be_compared_has_a_status_of_its_own() {
    for (arguments, part) in [
        (&["diff", "--base", "no-such-revision"][..], "revision"),
        (&["diff", "one.yaml"], "required"),
        (
            &["diff", "--api", "kraken-spot", "no.yaml", "no.yaml"],
            "no.yaml",
        ),
    ] {
        let done = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(part), "{said}");
    }
}
