//! Each word of an enum in the examples of the descriptions, changed to one that nobody knows, is
//! named by the report.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by them, its helpers too"
)]

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};
use wire_check::api::find;
use wire_check::payload::values;
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

/// Prime has no description either: its enums by the names of their members.
#[test]
fn unknown_words_in_primes_payloads_are_named() {
    const ENUMS: &[&str] = &[
        "Action",
        "AggressorSide",
        "DecisionStatus",
        "ErrorAction",
        "ExecType",
        "OrdStatus",
        "OrdType",
        "QuoteStatus",
        "Side",
        "Status",
        "Strategy",
        "TimeInForce",
        "TradeStatus",
        "UpdateAction",
        "asset_kind",
        "role",
        "roles",
        "statuses",
    ];
    let sheet = include_str!("../../kraken-prime/tests/samples.jsonl");
    let messages = sheet.lines().map(|line| {
        let payload: Value = serde_json::from_str(line).unwrap();
        (payload["type"].as_str().unwrap().to_owned(), None, payload)
    });
    let sheet = include_str!("../../kraken-prime/tests/rest.tsv");
    let calls = sheet.lines().map(|line| {
        let [part, operation, payload] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let part = if part == "answer" {
            Part::Answer
        } else {
            Part::Request
        };
        let payload = serde_json::from_str(payload).unwrap();
        (operation.to_owned(), Some(part), payload)
    });
    let mut met = HashSet::new();
    for (operation, part, payload) in messages.chain(calls) {
        let entries = find("kraken-prime").unwrap().operations();
        let entry = entries.iter().find(|entry| entry.id == operation).unwrap();
        let part = part.unwrap_or(entry.parts[0]);
        let text = payload.to_string();
        for (pointer, value) in values(&text).by_pointer {
            let member = pointer
                .rsplit('/')
                .find(|step| step.parse::<usize>().is_err());
            let name = ENUMS.iter().find(|name| Some(**name) == member);
            let (Some(name), true) = (name, value.starts_with('"')) else {
                continue;
            };
            // Those of an order of any strategy are kept as they come.
            if operation == "OrderCancelReplaceRequest" && pointer.contains("/Parameters/") {
                continue;
            }
            met.insert(*name);
            let report = check(
                "kraken-prime",
                &operation,
                part,
                changed(&payload, &pointer).as_bytes(),
            );
            let found = report.unknown.iter().any(|unknown| {
                unknown.pointer == pointer
                    && unknown.word == "zz-new/word"
                    && !unknown.known.is_empty()
            });
            assert!(
                found && report.verdict == Verdict::Differs && report.lost.is_empty(),
                "{pointer}\n{report}"
            );
        }
    }
    assert_eq!(met.len(), ENUMS.len(), "{met:?}");
}
