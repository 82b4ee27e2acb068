//! Every sample of the descriptions and sheets fits; with one change each, the report names it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by them, its helpers too"
)]

use std::collections::HashSet;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};
use wire_check::api::APIS;
use wire_check::payload::values;
use wire_check::report::Step;
use wire_check::{Part, Report, Verdict, check};
use xtask::pipeline::{self, Source};

struct Sample {
    api: &'static str,
    operation: String,
    part: Part,
    payload: Value,
}

fn samples() -> &'static [Sample] {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let mut samples = Vec::new();
        described(&mut samples);
        let sheets = [
            (
                Part::Answer,
                include_str!("../../gemini-exchange/tests/samples.tsv"),
            ),
            (
                Part::Request,
                include_str!("../../gemini-exchange/tests/requests.tsv"),
            ),
        ];
        for (part, sheet) in sheets {
            for line in sheet.lines() {
                let mut pieces = line.splitn(3, '\t');
                let api = match pieces.next().unwrap() {
                    "gemini" => "gemini",
                    "gemini-predictions" => "gemini-prediction",
                    other => panic!("{other}"),
                };
                let operation = pieces.next().unwrap().to_owned();
                // A list of ids is sent as numbers, though the vendor takes text, too.
                let payload = pieces.next().unwrap().replace("\"12345679\"", "12345679");
                samples.push(Sample {
                    api,
                    operation,
                    part,
                    payload: serde_json::from_str(&payload).unwrap(),
                });
            }
        }
        of_prime(&mut samples);
        samples
    })
}

/// Prime's sheets: messages with a type each, and REST calls.
fn of_prime(samples: &mut Vec<Sample>) {
    let api = "kraken-prime";
    for line in include_str!("../../kraken-prime/tests/samples.jsonl").lines() {
        let payload: Value = serde_json::from_str(line).unwrap();
        let operation = payload["type"].as_str().unwrap().to_owned();
        let entries = wire_check::api::find(api).unwrap().operations();
        let entry = entries.iter().find(|entry| entry.id == operation).unwrap();
        let part = entry.parts[0];
        samples.push(Sample {
            api,
            operation,
            part,
            payload,
        });
    }
    for line in include_str!("../../kraken-prime/tests/rest.tsv").lines() {
        let [part, operation, payload] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        samples.push(Sample {
            api,
            operation: operation.to_owned(),
            part: match part {
                "answer" => Part::Answer,
                "request" => Part::Request,
                other => panic!("{other}"),
            },
            payload: serde_json::from_str(payload).unwrap(),
        });
    }
}

/// The examples of the descriptions, from the model of the generator.
fn described(samples: &mut Vec<Sample>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for api in xtask::apis::APIS {
        let model = pipeline::describe(&root, api, &Source::Committed)
            .unwrap()
            .model;
        for operation in model.operations {
            let examples = [
                (Part::Answer, operation.answer_example),
                (Part::Request, operation.request_example),
            ];
            for (part, example) in examples {
                samples.extend(example.map(|payload| Sample {
                    api: api.name,
                    operation: operation.id.clone(),
                    part,
                    payload,
                }));
            }
        }
    }
}

fn report(sample: &Sample, payload: &Value) -> Report {
    check(
        sample.api,
        &sample.operation,
        sample.part,
        payload.to_string().as_bytes(),
    )
}

#[test]
fn nothing_of_a_sample_is_lost() {
    let mut complaints = Vec::new();
    let mut met: HashSet<&str> = HashSet::new();
    for sample in samples() {
        let mut report = report(sample, &sample.payload);
        let words = report.unknown.len();
        report.unknown.retain(|unknown| {
            let word = KEPT_WORDS.iter().find(|word| **word == unknown.word);
            met.extend(word);
            word.is_none()
        });
        let only_kept = words > 0
            && report.unknown.is_empty()
            && report.lost.is_empty()
            && report.unnamed.is_empty()
            && report.refusal.is_empty();
        if only_kept && report.verdict == Verdict::Differs {
            continue;
        }
        if report.verdict != Verdict::Fits {
            complaints.push(report.to_string());
        }
    }
    assert!(samples().len() > 280, "{} samples", samples().len());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(met.len(), KEPT_WORDS.len(), "{met:?}");
}

/// Words in the vendor's samples that the enums of `gemini-exchange` keep without a variant: other
/// spellings of what requests say. The report names them, as it should.
const KEPT_WORDS: &[&str] = &["Buy", "SIDE_TYPE_BUY", "market buy", "stop-limit"];

#[test]
fn every_operation_that_is_listed_has_a_sample() {
    let sampled: HashSet<(&str, &str, Part)> = samples()
        .iter()
        .map(|sample| (sample.api, sample.operation.as_str(), sample.part))
        .collect();
    for api in APIS {
        for entry in api.operations() {
            let usual = (api.name(), entry.id.as_str(), entry.parts[0]);
            assert!(
                entry.file || sampled.contains(&usual),
                "{} {}",
                api.name(),
                entry.id
            );
        }
    }
}

/// Whether the report says something about that place: itself, or where it was looked for.
fn names(report: &Report, pointer: &str) -> bool {
    let pattern = |text: &str| {
        let (one, other): (Vec<&str>, Vec<&str>) =
            (text.split('/').collect(), pointer.split('/').collect());
        one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| a == b || *a == "*")
    };
    let parent = &pointer[..pointer.rfind('/').unwrap()];
    let last = pointer[parent.len() + 1..]
        .replace("~1", "/")
        .replace("~0", "~");
    let failed = report.failed.as_ref().is_some_and(|failed| {
        failed.pointer == pointer
            // Read as an entry of a map, it may fail further down.
            || failed.pointer.starts_with(&format!("{pointer}/"))
            // What tells the variants apart is told of the object.
            || (failed.pointer == parent && failed.message.starts_with("no variant of "))
            || (failed.pointer == parent && failed.message.contains(&last))
            // A row says the position, counted from 1.
            || (failed.pointer == parent
                && last.parse::<usize>().is_ok_and(|index| {
                    failed.message.contains(&format!("position {}", index + 1))
                }))
    });
    failed
        || report.lost.iter().any(|found| {
            // An entry of a map of objects is read, and what it holds is lost.
            found.pointer == pointer || found.pointer.starts_with(&format!("{pointer}/"))
        })
        || report.unnamed.iter().any(|found| found.pointer == pointer)
        || report.unknown.iter().any(|found| found.pointer == pointer)
        || report.nulls.iter().any(|found| found.pointer == pointer)
        || report.reshaped.iter().any(|found| found.pointer == pointer)
        || report.lacking.iter().any(|found| {
            let at = found.pattern.rfind('/').unwrap();
            let also = found.also.as_ref();
            let also = also.map(|also| format!("{}/{also}", &found.pattern[..at]));
            pattern(&found.pattern) || also.is_some_and(|also| pattern(&also))
        })
        || report.any_form.iter().any(|found| pattern(&found.pattern))
}

/// Same report, but for what every report of the sample says.
fn says_more(before: &Report, after: &Report) -> bool {
    let text = |report: &Report| serde_json::to_string(report).unwrap();
    text(before) != text(after)
}

/// Changes each sample in one place, drawn at random, `times` times, and collects what the report
/// does not name.
fn mutated(
    seed: u64,
    places: impl Fn(&Sample, &str, &Value) -> bool,
    change: impl Fn(&mut Value, &str),
    place_after: impl Fn(&str) -> String,
) -> (usize, Vec<String>) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut complaints = Vec::new();
    let mut tried = 0;
    for sample in samples() {
        let before = report(sample, &sample.payload);
        let text = sample.payload.to_string();
        let all = values(&text);
        let places: Vec<String> = all
            .by_pointer
            .keys()
            .filter(|pointer| {
                let value = sample.payload.pointer(pointer).unwrap();
                !is_envelope(pointer)
                    && !is_untyped(&before, &place_after(pointer))
                    && places(sample, pointer, value)
            })
            .cloned()
            .collect();
        for _ in 0..3.min(places.len()) {
            let pointer = random.choice(&places).unwrap();
            let mut payload = sample.payload.clone();
            change(&mut payload, pointer);
            let after = report(sample, &payload);
            tried += 1;
            let place = place_after(pointer);
            // A text where the type would write a number stood out before, and no longer does.
            let settled = names(&before, &place) && !names(&after, &place);
            if !(names(&after, &place) || settled) || !says_more(&before, &after) {
                complaints.push(format!("{place} of {payload}\n{after}"));
            }
        }
    }
    (tried, complaints)
}

/// What the client reads before any type of the operation.
fn is_envelope(pointer: &str) -> bool {
    ["/error", "/errors", "/nonce", "/otp", "/request"]
        .iter()
        .any(|name| pointer.starts_with(name))
}

/// Whether the types say that anything may stand around the place.
fn is_untyped(report: &Report, pointer: &str) -> bool {
    let steps: Vec<&str> = pointer.split('/').collect();
    report.any_form.iter().any(|found| {
        let pattern: Vec<&str> = found.pattern.split('/').collect();
        pattern.len() < steps.len() && pattern.iter().zip(&steps).all(|(a, b)| a == b || *a == "*")
    })
}

fn verdict(what: &str, (tried, complaints): (usize, Vec<String>)) {
    assert!(tried > 100, "only {tried} changes of the sort {what}");
    assert!(
        complaints.is_empty(),
        "{what}: {} of {tried}\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn an_unknown_field_is_named() {
    verdict(
        "unknown field",
        mutated(
            1,
            |_, _, value| value.is_object(),
            |payload, pointer| {
                payload.pointer_mut(pointer).unwrap()["zz_unknown"] = json!({"a": [1.25]});
            },
            |pointer| format!("{pointer}/zz_unknown"),
        ),
    );
}

#[test]
fn a_null_is_named() {
    verdict(
        "null",
        mutated(
            2,
            |_, pointer, value| !pointer.is_empty() && !value.is_null(),
            |payload, pointer| *payload.pointer_mut(pointer).unwrap() = Value::Null,
            str::to_owned,
        ),
    );
}

#[test]
fn a_number_for_a_text_is_named() {
    verdict(
        "number for text",
        mutated(
            3,
            |_, pointer, value| value.is_string() && !pointer.is_empty(),
            |payload, pointer| *payload.pointer_mut(pointer).unwrap() = json!(7),
            str::to_owned,
        ),
    );
}

#[test]
fn a_missing_field_is_named() {
    verdict(
        "missing field",
        mutated(
            4,
            |sample, pointer, _| {
                let parent = &pointer[..pointer.rfind('/').unwrap_or(0)];
                // Only members that a type names can be missed: not keys of maps.
                sample.payload.pointer(parent).is_some_and(Value::is_object)
                    && !pointer.is_empty()
                    && is_named(sample, pointer)
            },
            |payload, pointer| {
                let at = pointer.rfind('/').unwrap();
                let name = pointer[at + 1..].replace("~1", "/").replace("~0", "~");
                let members = payload.pointer_mut(&pointer[..at]).unwrap();
                members.as_object_mut().unwrap().remove(&name).unwrap();
            },
            str::to_owned,
        ),
    );
}

/// Whether the type of the object names the member: what a report says of a null there tells.
fn is_named(sample: &Sample, pointer: &str) -> bool {
    let mut payload = sample.payload.clone();
    *payload.pointer_mut(pointer).unwrap() = Value::Null;
    let report = report(sample, &payload);
    let nulls = report.nulls.iter().map(|null| (&null.pointer, &null.place));
    let failed = report
        .failed
        .iter()
        .map(|failed| (&failed.pointer, &failed.place));
    nulls
        .chain(failed)
        .any(|(found, place)| found == pointer && place.steps.last() == Some(&Step::Named))
}
