//! All operations against a venue on loopback: what is sent, and that the answer is understood.

use exchange_wire::loss::losses;
use serde_json::json;
use workspace_tests::{
    clients::Client,
    failures::Failures,
    models, request,
    schema::result_part,
    server::{Reaction, Server},
    synth::{ROUNDS, parameters},
};
use xtask::{
    apis::APIS,
    model::{Answer, Model},
};

#[test]
fn there_are_as_many_operations_as_the_descriptions_have() {
    assert_eq!(models().len(), APIS.len());
    for (model, api) in models().iter().zip(APIS) {
        let text = std::fs::read_to_string(workspace_tests::root().join(api.spec)).unwrap();
        let written = workspace_tests::operations_written(&text);
        assert!(written > 10, "{}: {written}", api.name);
        assert_eq!(model.operations.len(), written, "{}", api.name);
    }
}

#[tokio::test]
async fn spot() {
    every_operation("kraken-spot").await;
}

#[tokio::test]
async fn custody() {
    every_operation("kraken-custody").await;
}

#[tokio::test]
async fn custody_external() {
    every_operation("kraken-custody-external").await;
}

async fn every_operation(api: &str) {
    let model = workspace_tests::model(api);
    let server = Server::start().await;
    let client = Client::new(api, &server.url);
    let mut failures = Failures::default();
    let mut last_nonce = 0;
    for operation in &model.operations {
        // A file has no example in the description.
        let (sent_back, expected) = match (&operation.answer_example, operation.answer) {
            (_, Answer::Bytes) => (b"PK\x03\x04".to_vec(), json!({"bytes": 4})),
            (Some(example), _) => (
                example.to_string().into_bytes(),
                result_part(operation, example),
            ),
            (None, _) => {
                failures.add(&operation.id, "the description has no example of an answer");
                continue;
            }
        };
        server.react(Reaction::Answer(200, sent_back));
        for round in ROUNDS {
            failures.case();
            let subject = format!("{} ({round:?})", operation.id);
            let given = parameters(model, operation, round);
            match client.send(&operation.id, &given).await {
                Ok(answer) => {
                    for loss in losses(expected.to_string(), answer.get()) {
                        failures.add(&subject, format!("the answer lost {loss:?}"));
                    }
                }
                Err(error) => failures.add(&subject, error),
            }
            let requests = server.take_requests();
            match requests.as_slice() {
                [request] => {
                    let found =
                        request::differences(model, operation, &given, request, &mut last_nonce);
                    for difference in found {
                        failures.add(&subject, difference);
                    }
                }
                other => failures.add(&subject, format!("{} requests were sent", other.len())),
            }
        }
    }
    assert_eq!(
        failures.cases(),
        rounds_of(model),
        "an operation was left out"
    );
    failures.report();
}

fn rounds_of(model: &Model) -> usize {
    model.operations.len() * ROUNDS.len()
}
