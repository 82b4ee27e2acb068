//! Each word of an enum in the examples of the descriptions, changed to one that nobody knows, is
//! named by the report.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by them, its helpers too"
)]

use std::path::Path;

use serde_json::{Value, json};
use wire_check::{Part, Verdict, check};
use xtask::model::Operation;
use xtask::pipeline::{self, Source};

use sites::What;

// The walk of payload and description together, shared with the end-to-end tests.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a module of the end-to-end tests"
)]
#[path = "../../../tests/src/schema.rs"]
mod schema;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "a module of the end-to-end tests"
)]
#[path = "../../../tests/src/sites.rs"]
mod sites;

#[test]
fn every_unknown_word_in_an_answer_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut tried = 0;
    let mut complaints = Vec::new();
    for api in xtask::apis::APIS {
        let model = pipeline::describe(&root, api, &Source::Committed)
            .unwrap()
            .model;
        for operation in &model.operations {
            let Some(example) = &operation.answer_example else {
                continue;
            };
            if operation.answer == xtask::model::Answer::Bytes {
                continue;
            }
            let part = schema::result_part(operation, example);
            let all = sites::sites(&model, schema::answer(&model, operation), &part).unwrap();
            let prefix = prefix(operation);
            for site in all
                .iter()
                .filter(|site| matches!(site.what, What::OpenEnum))
            {
                let pointer = format!("{prefix}{}", site.pointer);
                let payload = changed(example, &pointer);
                let report = check(api.name, &operation.id, Part::Answer, payload.as_bytes());
                tried += 1;
                let found = report.unknown.iter().any(|unknown| {
                    unknown.pointer == pointer
                        && unknown.word == "zz-new/word"
                        && !unknown.known.is_empty()
                });
                if !found || report.verdict != Verdict::Differs || !report.lost.is_empty() {
                    complaints.push(format!("{pointer}\n{report}"));
                }
            }
        }
    }
    assert!(tried > 100, "only {tried} words were changed");
    assert!(
        complaints.is_empty(),
        "{} of {tried}\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

fn prefix(operation: &Operation) -> &'static str {
    match operation.answer {
        xtask::model::Answer::Enveloped => "/result",
        _ => "",
    }
}

fn changed(example: &Value, pointer: &str) -> String {
    let mut payload = example.clone();
    *payload.pointer_mut(pointer).unwrap() = json!("zz-new/word");
    payload.to_string()
}

/// The sheets of Gemini have no description to walk along: the words are those of its requests.
#[test]
fn unknown_words_in_geminis_requests_are_named() {
    for (operation, payload, pointer) in [
        (
            "createNewOrder",
            r#"{"symbol":"btcusd","amount":"1","price":"1","side":"zz","type":"exchange limit"}"#,
            "/side",
        ),
        (
            "createNewOrder",
            r#"{"symbol":"btcusd","amount":"1","price":"1","side":"buy","type":"zz"}"#,
            "/type",
        ),
        (
            "createNewOrder",
            r#"{"symbol":"btcusd","amount":"1","price":"1","side":"buy","type":"exchange limit","options":["fill-or-kill","zz"]}"#,
            "/options/1",
        ),
    ] {
        let report = check("gemini", operation, Part::Request, payload.as_bytes());
        let found: Vec<(&str, &str)> = report
            .unknown
            .iter()
            .map(|unknown| (unknown.pointer.as_str(), unknown.word.as_str()))
            .collect();
        assert_eq!(found, [(pointer, "zz")], "{report}");
    }
}
