//! `cargo xtask fetch` against a server on loopback, and the first fetch of a vendor's own file.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't be set up should stop"
)]

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use serde_json::Value;
use xtask::{
    apis::APIS,
    diff::{self, Format, Side, change::Part},
    fetch::{Options, fetch},
    load, sources,
};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// A workspace with the descriptions and nothing else.
fn only_specs() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("specs")).unwrap();
    let mut files = vec![sources::FILE, "Cargo.toml"];
    for api in APIS {
        files.extend([api.spec, api.overlay]);
    }
    for file in files {
        fs::copy(workspace().join(file), root.path().join(file)).unwrap();
    }
    root
}

/// All files of the workspace, to see that nothing changed.
fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(root.join("specs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Reads up to the blank line of a request, or whatever comes in its place.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            // A TLS greeting has no end that could be waited for.
            Ok(length) if length > 0 => {
                head.extend_from_slice(&piece[..length]);
                if head.first() == Some(&0x16) {
                    break;
                }
            }
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Answers one connection after the other with the same bytes; gives its address.
fn server(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = head(&mut stream);
            let _ = stream.write_all(&answer);
        }
    });
    format!("http://{address}/openapi/spot-rest.yaml")
}

fn answer(status: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn run(root: &Path, api: &str, from: &str, accept: bool) -> (anyhow::Result<bool>, String) {
    let mut out = Vec::new();
    let options = Options {
        api: Some(api.to_owned()),
        from: Some(from.to_owned()),
        accept,
    };
    let result = fetch(root, &options, &mut out);
    (result, String::from_utf8(out).unwrap())
}

/// A version that no committed description has.
const NEWER: &str = "99.1.0";

/// The committed description with one operation less and another version.
fn newer() -> Vec<u8> {
    let mut document = load::load(&workspace().join(APIS[0].spec), "spec")
        .unwrap()
        .value;
    document["info"]["version"] = NEWER.into();
    document["paths"]
        .as_object_mut()
        .unwrap()
        .shift_remove("/public/Time")
        .unwrap();
    serde_json::to_vec_pretty(&document).unwrap()
}

/// Makes the first entry of the record one of ours, whatever is committed by now.
fn transcribed_long_ago(root: &Path) {
    let path = root.join(sources::FILE);
    let text = fs::read_to_string(&path).unwrap();
    let mut entries = 0;
    let lines = text.lines().map(|line| {
        entries += usize::from(line == "[[api]]");
        match line.split(" = ").next() {
            Some("date") if entries == 1 => "date = \"2020-01-01\"",
            Some("transcription") if entries == 1 => "transcription = true",
            Some("note") if entries == 1 => "note = \"Ours.\"",
            _ => line,
        }
    });
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    fs::write(&path, text).unwrap();
}

#[test]
fn what_changed_is_shown_and_only_accepted_on_demand() {
    let root = only_specs();
    transcribed_long_ago(root.path());
    let before = contents(root.path());
    let url = server(answer("200 OK", &newer()));

    let (result, text) = run(root.path(), "kraken-spot", &url, false);
    assert!(result.unwrap(), "{text}");
    for part in ["get_server_time() is gone", "→ 99.1.0", "--accept"] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    assert_eq!(contents(root.path()), before);

    let (result, text) = run(root.path(), "kraken-spot", &url, true);
    assert!(result.unwrap(), "{text}");
    let spec = fs::read(root.path().join(APIS[0].spec)).unwrap();
    assert_eq!(spec, newer());
    let origin = sources::origin(root.path(), &APIS[0], &load::digest(&spec)).unwrap();
    assert_eq!(origin.version, NEWER);
    assert!(!origin.transcription);
    assert!(origin.date.as_str() > "2020-01-01", "{}", origin.date);
    // The address of a test is none to write down; everything of the other APIs stays.
    assert!(origin.url.starts_with("https://"));
    let record = fs::read_to_string(root.path().join(sources::FILE)).unwrap();
    let old = String::from_utf8(
        before
            .iter()
            .find(|(path, _)| path.ends_with("sources.toml"))
            .unwrap()
            .1
            .clone(),
    )
    .unwrap();
    assert_eq!(record.lines().count(), old.lines().count());
    let changed = record
        .lines()
        .zip(old.lines())
        .filter(|(new, old)| new != old)
        .count();
    assert_eq!(changed, 5, "version, date, transcription, digest, note");
    assert_eq!(contents(root.path()).len(), before.len(), "no draft stays");

    let (result, text) = run(root.path(), "kraken-spot", &url, true);
    assert!(result.unwrap());
    assert!(text.contains("is what is committed"), "{text}");
}

#[test]
fn nothing_changes_on_any_failure() {
    let root = only_specs();
    let before = contents(root.path());
    let mut cut_off = answer("200 OK", &newer());
    cut_off.truncate(5000);
    let too_large = vec![b' '; 17 * 1024 * 1024];
    let redirect =
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n";
    let page = b"<!doctype html><title>openapi: 3.0.0</title>";
    let refused = {
        // A port that was free a moment ago.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/a.yaml", listener.local_addr().unwrap())
    };
    for (from, part) in [
        (server(answer("200 OK", page)), "web page"),
        (server(answer("404 Not Found", b"nothing here")), "404"),
        (server(answer("500 Oh", b"")), "500"),
        (server(cut_off), "getting http"),
        (server(answer("200 OK", &too_large)), "larger than 16 MiB"),
        (server(redirect.to_vec()), "getting http"),
        (server(b"nonsense\r\n\r\n".to_vec()), "getting http"),
        (
            server(answer("200 OK", b"openapi: 3.0.0\npaths: {}\n")),
            "no operations",
        ),
        (
            server(answer("200 OK", b"openapi: 3.1.0\npaths: {}\n")),
            "3.1.0",
        ),
        (server(answer("200 OK", b"a: [1\n")), "not YAML"),
        (server(answer("200 OK", b"")), "empty"),
        (refused, "getting http"),
        // No TLS is spoken there.
        (
            server(answer("200 OK", &newer())).replace("http:", "https:"),
            "getting https",
        ),
        ("http://venue.example/a.yaml".to_owned(), "not https"),
        ("ftp://127.0.0.1/a.yaml".to_owned(), "scheme"),
        ("no/such/file.yaml".to_owned(), "getting no/such"),
    ] {
        let (result, text) = run(root.path(), "kraken-spot", &from, true);
        let error = format!("{:#}", result.unwrap_err());
        assert!(error.contains(part), "{part} in {error}\n{text}");
        assert!(error.contains("nothing was changed"), "{error}");
        assert_eq!(contents(root.path()), before, "{part}");
    }
}

#[test]
fn a_server_that_never_ends_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a.yaml", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nopenapi: 3.0.0\n");
        // Until the other side has had enough.
        let _ = stream.read(&mut [0; 1]);
    });
    let origin = xtask::download::Origin::parse(&url).unwrap();
    let error = xtask::download::get(&origin, std::time::Duration::from_millis(300)).unwrap_err();
    assert!(format!("{error:#}").contains("timeout"), "{error:#}");
}

#[test]
fn an_entry_that_is_laid_out_otherwise_is_left_alone() {
    let root = only_specs();
    let path = root.path().join(sources::FILE);
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("name = \"kraken-spot\"", "\"name\" = \"kraken-spot\"");
    fs::write(&path, text).unwrap();
    let before = contents(root.path());
    let url = server(answer("200 OK", &newer()));
    let (result, _) = run(root.path(), "kraken-spot", &url, true);
    let error = format!("{:#}", result.unwrap_err());
    assert!(error.contains("by hand"), "{error}");
    assert_eq!(contents(root.path()), before);
}

/// The proxy of the environment is asked, and learns no more than the host.
#[test]
fn https_goes_through_the_proxy_of_the_environment() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head = head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        head
    });
    let done = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["fetch", "--api", "kraken-spot"])
        .args(["--from", "https://venue.example/openapi/spot-rest.yaml"])
        .env("HTTPS_PROXY", &proxy)
        .env("ALL_PROXY", &proxy)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("https_proxy")
        .env_remove("all_proxy")
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("nothing was changed"), "{said}");
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("CONNECT venue.example:443 "), "{asked}");
    assert!(!asked.contains("spot-rest"), "{asked}");
}

/// Gives all components other names and another order, as a vendor's own file would have.
fn in_the_vendors_style(document: &Value) -> Value {
    let mut text = document.to_string();
    for kind in ["schemas", "parameters", "responses", "requestBodies"] {
        let names: Vec<String> = document
            .pointer(&format!("/components/{kind}"))
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            text = text.replace(
                &format!("\"#/components/{kind}/{name}\""),
                &format!("\"#/components/{kind}/{}\"", vendors(&name)),
            );
        }
    }
    let mut document: Value = serde_json::from_str(&text).unwrap();
    for components in document["components"]
        .as_object_mut()
        .unwrap()
        .values_mut()
        .filter_map(Value::as_object_mut)
    {
        *components = std::mem::take(components)
            .into_iter()
            .rev()
            .map(|(name, value)| (vendors(&name), value))
            .collect();
    }
    let paths = document["paths"].as_object_mut().unwrap();
    *paths = std::mem::take(paths).into_iter().rev().collect();
    document
}

/// What the vendor may call a component of ours.
fn vendors(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| match c {
            // Whatever hangs on our words must not find them.
            'a'..='y' => char::from(c as u8 + 1),
            'z' => 'a',
            c => c,
        })
        .collect();
    format!("V{name}")
}

/// The first fetch replaces our transcription: overlays and rules must hold for a file whose
/// components are called otherwise. What does not is the names of types, and the report has the
/// actions that keep them.
#[test]
fn overlays_hold_for_other_names_of_components() {
    let root = only_specs();
    for api in APIS {
        let committed = load::load(&workspace().join(api.spec), api.spec).unwrap();
        let vendors = serde_json::to_vec(&in_the_vendors_style(&committed.value)).unwrap();
        let compare = || {
            let new = Side::Bytes("vendor's".to_owned(), vendors.clone());
            let report = diff::between(root.path(), &[api], &Side::Tree, &new).unwrap();
            let text = report.print(Format::Text).unwrap();
            let found = report.apis.into_iter().next().unwrap();
            assert!(
                found.problems.is_empty() && found.unmatched.is_empty(),
                "{text}"
            );
            (found, text)
        };
        let others = |found: &diff::ApiReport| -> Vec<(String, &'static str)> {
            found
                .changes
                .iter()
                .filter(|judged| !matches!(judged.change.part, Part::Type(_)))
                .map(|judged| (judged.change.subject.clone(), judged.change.what.word()))
                .collect()
        };
        // A type of requests and answers is read like the one that comes first, and the operations
        // of this file come in another order.
        let expected: &[(&str, &str)] = match api.name {
            "kraken-custody-external" => &[("Instruction.version", "form")],
            _ => &[],
        };
        let expected: Vec<_> = expected
            .iter()
            .map(|(subject, what)| ((*subject).to_owned(), *what))
            .collect();

        let (found, text) = compare();
        assert!(found.changes.len() > 10, "{text}");
        assert!(
            found
                .changes
                .iter()
                .all(|judged| judged.change.what.word() == "renamed"
                    || judged.change.what.word() == "form"),
            "{text}"
        );
        assert_eq!(others(&found), expected, "{text}");

        let overlay = root.path().join(api.overlay);
        let mut actions = fs::read_to_string(&overlay).unwrap();
        for pin in &found.pins {
            actions.push_str(&format!("\n  {}", pin.replace('\n', "\n  ")));
        }
        fs::write(&overlay, actions).unwrap();
        let (found, text) = compare();
        assert_eq!(found.changes.len(), expected.len(), "{text}");
    }
}

/// Puts the parameters of operations among the components.
fn with_shared_parameters(document: &Value) -> Value {
    let mut document = document.clone();
    let mut moved = serde_json::Map::new();
    for (path, item) in document["paths"].as_object_mut().unwrap() {
        for operation in item.as_object_mut().unwrap().values_mut() {
            let parameters = operation
                .get_mut("parameters")
                .and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                if parameter.get("$ref").is_none() {
                    let name = format!("p{}{}", moved.len(), path.replace('/', "_"));
                    let reference = format!("#/components/parameters/{name}");
                    let own = std::mem::replace(parameter, serde_json::json!({"$ref": reference}));
                    moved.insert(name, own);
                }
            }
        }
    }
    assert!(!moved.is_empty());
    let components = document["components"].as_object_mut().unwrap();
    let there = components
        .entry("parameters")
        .or_insert_with(|| serde_json::json!({}));
    there.as_object_mut().unwrap().extend(moved);
    document
}

/// Puts schemas of a single use where they are used.
fn with_schemas_in_place(document: &Value) -> Value {
    let mut document = document.clone();
    let text = document.to_string();
    let uses = |reference: &str| text.matches(&format!("\"{reference}\"")).count();
    let schemas = document["components"]["schemas"].clone();
    inline(&mut document, &schemas, &uses);
    let components = document["components"]["schemas"].as_object_mut().unwrap();
    let before = components.len();
    components.retain(|name, _| uses(&format!("#/components/schemas/{name}")) != 1);
    assert!(components.len() < before);
    document
}

/// Replaces references of a single use, those within what is put there included.
fn inline(node: &mut Value, schemas: &Value, uses: &dyn Fn(&str) -> usize) {
    if let Some(reference) = node.get("$ref").and_then(Value::as_str)
        && let Some(name) = reference.strip_prefix("#/components/schemas/")
        && uses(reference) == 1
    {
        let own = schemas[name].clone();
        let mut beside = std::mem::replace(node, own);
        let beside = beside.as_object_mut().unwrap();
        beside.shift_remove("$ref");
        node.as_object_mut().unwrap().extend(std::mem::take(beside));
    }
    match node {
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| inline(member, schemas, uses)),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| inline(item, schemas, uses)),
        _ => {}
    }
}

fn against_the_tree(
    root: &Path,
    api: &'static xtask::apis::Api,
    document: &Value,
) -> (diff::ApiReport, String) {
    let new = Side::Bytes("vendor's".to_owned(), serde_json::to_vec(document).unwrap());
    let report = diff::between(root, &[api], &Side::Tree, &new).unwrap();
    let text = report.print(Format::Text).unwrap();
    (report.apis.into_iter().next().unwrap(), text)
}

/// Where a parameter stands is nothing that rules, overlays or callers notice.
#[test]
fn overlays_hold_for_parameters_among_the_components() {
    let root = only_specs();
    for api in APIS {
        let committed = load::load(&workspace().join(api.spec), api.spec).unwrap();
        let (found, text) =
            against_the_tree(root.path(), api, &with_shared_parameters(&committed.value));
        assert!(
            found.problems.is_empty() && found.unmatched.is_empty(),
            "{text}"
        );
        // An action that looks among the shared parameters finds one more of the name.
        let expected: &[&str] = match api.name {
            "kraken-custody-external" => &["list_task_activities().task_id"],
            _ => &[],
        };
        let changed = found.changes.iter().map(|judged| &*judged.change.subject);
        assert_eq!(changed.collect::<Vec<_>>(), expected, "{text}");
    }
}

/// An action that goes by paths finds a schema wherever it stands. One that looks for a component
/// by its properties does not find it in place, nor one on a reference that is none any more; both
/// are named.
#[test]
fn only_actions_on_components_miss_schemas_in_place() {
    let root = only_specs();
    for api in APIS {
        let committed = load::load(&workspace().join(api.spec), api.spec).unwrap();
        let (found, text) =
            against_the_tree(root.path(), api, &with_schemas_in_place(&committed.value));
        let others = found.unmatched.iter().map(ToString::to_string);
        let others: Vec<String> = others
            .filter(|said| !said.contains("$.components") && !said.contains("['$ref']"))
            .collect();
        assert_eq!(others, [""; 0], "{text}");
    }
}

/// Actions are reported when their target is gone, and others are not.
#[test]
fn the_actions_on_a_path_that_is_gone_are_named() {
    let root = only_specs();
    let mut tried = 0;
    for api in APIS {
        let overlay = load::load(&workspace().join(api.overlay), api.overlay).unwrap();
        let targets: Vec<String> = overlay.value["actions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|action| action["target"].as_str().unwrap().to_owned())
            .collect();
        let committed = load::load(&workspace().join(api.spec), api.spec).unwrap();
        let vendors = in_the_vendors_style(&committed.value);
        let paths = vendors["paths"].as_object().unwrap();
        let of = |path: &str| -> Vec<&String> {
            let start = format!("$.paths['{path}'].");
            let all = targets.iter();
            all.filter(|target| target.starts_with(&start)).collect()
        };
        // A few of each API are enough, and quick.
        let paths = paths.keys().filter(|path| !of(path).is_empty());
        for path in paths.step_by(6) {
            let expected = of(path);
            let start = format!("$.paths['{path}'].");
            let mut without = vendors.clone();
            without["paths"]
                .as_object_mut()
                .unwrap()
                .shift_remove(path)
                .unwrap();
            let (found, text) = against_the_tree(root.path(), api, &without);
            let unmatched = &found.unmatched;
            for target in &expected {
                assert!(
                    unmatched
                        .iter()
                        .any(|said| said.to_string().contains(*target)),
                    "{target}\n{text}"
                );
            }
            // A target by another path says nothing about this one.
            let strangers = unmatched.iter().map(ToString::to_string).filter(|said| {
                said.contains("$.paths['")
                    && !said.contains(&start)
                    && !said.contains(&format!("'{path}'"))
            });
            assert_eq!(strangers.collect::<Vec<_>>(), [""; 0], "{path}");
            tried += expected.len();
        }
    }
    assert!(tried > 10, "{tried}");
}
