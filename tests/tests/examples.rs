//! Every example of the descriptions, and what the vendor may make of it tomorrow, goes through
//! the types and back without loss.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use exchange_wire::loss::losses;
use serde_json::{Value, json};
use workspace_tests::{
    clients,
    failures::Failures,
    models,
    schema::{self, result_part, with_result_part},
    sites::{Site, What, sites},
    synth,
};
use xtask::model::{Answer, Body, Model, Operation};

/// Operations without an example of an answer, and why.
const NO_ANSWER_EXAMPLE: &[(&str, &str)] = &[("retrieveExport", "the answer is a file, not JSON")];

#[test]
fn answers() {
    let mut failures = Failures::default();
    for model in models() {
        let mut examples = 0;
        for operation in &model.operations {
            let Some(example) = &operation.answer_example else {
                continue;
            };
            examples += 1;
            round_trip(&mut failures, model, operation, "", example);
        }
        assert!(examples > 0, "{} has no examples of answers", model.api);
    }
    failures.report();
}

#[test]
fn only_files_have_no_example_of_an_answer() {
    let without: Vec<&str> = models()
        .iter()
        .flat_map(|model| &model.operations)
        .filter(|operation| operation.answer_example.is_none())
        .map(|operation| operation.id.as_str())
        .collect();
    let allowed: Vec<&str> = NO_ANSWER_EXAMPLE.iter().map(|(id, _)| *id).collect();
    assert_eq!(without, allowed);
}

#[test]
fn requests() {
    let mut failures = Failures::default();
    for model in models() {
        let mut examples = 0;
        for operation in &model.operations {
            let Some(example) = &operation.request_example else {
                continue;
            };
            examples += 1;
            request_round_trip(&mut failures, model, operation, "", example);
        }
        assert!(examples > 0, "{} has no examples of requests", model.api);
    }
    failures.report();
}

#[test]
fn every_documented_member_of_a_request() {
    let mut failures = Failures::default();
    for model in models() {
        for operation in &model.operations {
            if operation.body != Body::Request {
                continue;
            }
            for round in [synth::Round::Required, synth::Round::All] {
                let body = synth::body(model, operation, round);
                request_round_trip(
                    &mut failures,
                    model,
                    operation,
                    &format!("{round:?}"),
                    &body,
                );
            }
        }
    }
    failures.report();
}

#[test]
fn every_documented_member_of_an_answer() {
    let mut failures = Failures::default();
    for (model, operation) in json_operations() {
        for all in [false, true] {
            let answer = synth::answer(model, operation, all, 2);
            let about = if all {
                "all members"
            } else {
                "required members"
            };
            round_trip(&mut failures, model, operation, about, &answer);
        }
    }
    failures.report();
}

#[test]
fn null_is_a_result_where_the_description_says_so() {
    let mut failures = Failures::default();
    for (model, operation) in json_operations().filter(|(_, operation)| operation.optional_result) {
        for answer in [json!({"error": [], "result": null}), json!({"error": []})] {
            failures.case();
            match clients::answer(&model.api, &operation.id, answer.to_string().as_bytes()) {
                Ok(back) if back.get() == "null" => {}
                other => failures.add(&operation.id, format!("{answer} is read as {other:?}")),
            }
        }
    }
    failures.report();
}

#[test]
fn unknown_members_never_fail() {
    mutated(|site, part| match &site.what {
        What::OpenObject { .. } => {
            target(part, site)["zz_unknown"] = json!({"a": [1.25]});
            true
        }
        What::Tuple => {
            let row = target(part, site).as_array_mut().unwrap();
            row.push(json!({"a": [1.25]}));
            true
        }
        _ => false,
    });
}

#[test]
fn unknown_members_beside_the_result_never_fail() {
    let mut failures = Failures::default();
    for (model, operation) in json_operations() {
        let Some(example) = &operation.answer_example else {
            continue;
        };
        if operation.answer != Answer::Enveloped {
            continue;
        }
        let mut answer = example.clone();
        answer["zz_unknown"] = json!({"a": [1.25]});
        round_trip(
            &mut failures,
            model,
            operation,
            "beside the result",
            &answer,
        );
    }
    failures.report();
}

#[test]
fn null_never_fails_where_nothing_is_required() {
    mutated(|site, part| match &site.what {
        What::Optional(name) => {
            target(part, site)[name] = Value::Null;
            true
        }
        What::OptionalPosition => {
            *target(part, site) = Value::Null;
            true
        }
        _ => false,
    });
}

#[test]
fn a_missing_member_never_fails_where_nothing_is_required() {
    mutated(|site, part| match &site.what {
        What::Optional(name) => {
            let members = target(part, site).as_object_mut().unwrap();
            members.shift_remove(name).is_some()
        }
        _ => false,
    });
}

#[test]
fn unknown_words_are_kept() {
    mutated(|site, part| {
        let is_word = matches!(site.what, What::OpenEnum);
        if is_word {
            *target(part, site) = json!("zz_New value/1");
        }
        is_word
    });
}

#[test]
fn numbers_may_be_texts_and_amounts_either() {
    mutated(|site, part| {
        if !matches!(site.what, What::Decimal | What::LenientInteger) {
            return false;
        }
        let number = target(part, site);
        let other = match &*number {
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Number(number)) => Value::Number(number),
                // `+1.5` or an empty text is no JSON number.
                _ => return false,
            },
            digits => json!(digits.to_string()),
        };
        *number = other;
        true
    });
}

/// Changes every example, and a made-up answer with all members, in one place after the other.
/// `mutate` says whether it did something there.
fn mutated(mutate: impl Fn(&Site<'_>, &mut Value) -> bool) {
    let mut failures = Failures::default();
    for (model, operation) in json_operations() {
        let made_up = synth::answer(model, operation, true, 1);
        for answer in operation.answer_example.iter().chain([&made_up]) {
            let part = result_part(operation, answer);
            let sites = match sites(model, schema::answer(model, operation), &part) {
                Ok(sites) => sites,
                Err(complaint) => {
                    failures.add(&operation.id, complaint);
                    continue;
                }
            };
            for site in &sites {
                let mut changed = part.clone();
                if mutate(site, &mut changed) {
                    let about = format!("{} {:?}", site.pointer, site.what);
                    let kept = match site.what {
                        // Added where the type has no place for it.
                        What::Tuple | What::OpenObject { kept: false } => part.clone(),
                        _ => changed.clone(),
                    };
                    let answer = with_result_part(operation, answer, changed);
                    keeps(&mut failures, model, operation, &about, &answer, &kept);
                }
            }
        }
    }
    assert!(
        failures.cases() > 100,
        "only {} changes were tried",
        failures.cases()
    );
    failures.report();
}

fn target<'v>(part: &'v mut Value, site: &Site<'_>) -> &'v mut Value {
    part.pointer_mut(&site.pointer).unwrap()
}

fn json_operations() -> impl Iterator<Item = (&'static Model, &'static Operation)> {
    models()
        .iter()
        .flat_map(|model| {
            model
                .operations
                .iter()
                .map(move |operation| (model, operation))
        })
        .filter(|(_, operation)| operation.answer != Answer::Bytes)
}

fn round_trip(
    failures: &mut Failures,
    model: &Model,
    operation: &Operation,
    about: &str,
    answer: &Value,
) {
    let part = result_part(operation, answer);
    keeps(failures, model, operation, about, answer, &part);
}

/// The answer must be read, and what is written back must hold all of `kept`.
fn keeps(
    failures: &mut Failures,
    model: &Model,
    operation: &Operation,
    about: &str,
    answer: &Value,
    kept: &Value,
) {
    failures.case();
    let subject = format!("{} {about}", operation.id);
    match clients::answer(&model.api, &operation.id, answer.to_string().as_bytes()) {
        Ok(back) => {
            for loss in losses(kept.to_string(), back.get()) {
                failures.add(&subject, format!("lost {loss:?}"));
            }
        }
        Err(error) => failures.add(&subject, error),
    }
}

fn request_round_trip(
    failures: &mut Failures,
    model: &Model,
    operation: &Operation,
    about: &str,
    body: &Value,
) {
    failures.case();
    let subject = format!("{} {about}", operation.id);
    match clients::request(&model.api, &operation.id, body.to_string().as_bytes()) {
        Ok(back) => {
            for loss in losses(body.to_string(), back.get()) {
                failures.add(&subject, format!("lost {loss:?}"));
            }
        }
        Err(error) => failures.add(&subject, error),
    }
}
