//! Every JSON sample of an answer decodes, and nothing of it is lost when it is written back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by them"
)]

use std::collections::HashSet;

use exchange_wire::losses;
use gemini_exchange::dispatch::decode_answer;
use gemini_exchange::operations;

/// One a line: the API, the vendor's id of the operation, an answer, with tabs between. Where sources disagree about a
/// form there is a line for each.
const SAMPLES: &str = include_str!("samples.tsv");

fn samples() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    SAMPLES.lines().map(|line| {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().unwrap();
        (part(), part(), part())
    })
}

#[test]
fn nothing_of_a_sample_is_lost() {
    let mut seen = 0;
    for (api, id, sample) in samples() {
        let back = decode_answer(api, id, sample.as_bytes())
            .unwrap_or_else(|error| panic!("{id}: {error}\n{sample}"));
        let losses = losses(sample, back.get());
        assert!(losses.is_empty(), "{id}: {losses:?}");
        seen += 1;
    }
    assert_eq!(seen, SAMPLES.lines().count());
}

#[test]
fn every_operation_has_a_sample() {
    let sampled: HashSet<_> = samples().map(|(api, id, _)| (api, id)).collect();
    for endpoint in operations() {
        let operation = &endpoint.operation;
        let is_file = operation.answer == exchange_transport::Answer::Bytes;
        if !is_file {
            let name = (operation.api, operation.id);
            assert!(sampled.contains(&name), "{name:?}");
        }
    }
}

#[test]
fn members_that_are_not_known_do_no_harm() {
    for (api, id, sample) in samples() {
        // In every object there may be something new.
        let grown = sample.replace("{\"", "{\"new\":{\"a\":[1e400,null]},\"");
        // Maps with the currencies as keys have no room for that.
        if [
            "getTicker",
            "listStakingRates",
            "listStakingRewards",
            "listStakingBalances",
        ]
        .contains(&id)
        {
            continue;
        }
        if let Err(error) = decode_answer(api, id, grown.as_bytes()) {
            panic!("{id}: {error}\n{grown}");
        }
    }
}

#[test]
fn a_sample_that_is_cut_off_is_an_error() {
    for (api, id, sample) in samples() {
        let mut cut: Vec<usize> = vec![0, 1, sample.len() / 2, sample.len() - 1];
        // A bare number cut off is a number.
        cut.retain(|length| sample.starts_with(['{', '[']) || *length == 0);
        for length in cut {
            let error = decode_answer(api, id, &sample.as_bytes()[..length]);
            assert!(error.is_err(), "{id}: {}", &sample[..length]);
        }
    }
}
