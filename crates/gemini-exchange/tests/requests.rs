//! Requests go out as the samples have them, and calls by id behave like calls by method.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by them"
)]

mod venue;

use gemini_exchange::dispatch::{DispatchError, Parameters, send};
use gemini_exchange::{Kind, operations};
use serde_json::Value;
use venue::{Answer, Venue};

/// One a line: the API, the vendor's id of the operation, its fields, with tabs between.
const REQUESTS: &str = include_str!("requests.tsv");

#[tokio::test]
async fn requests_go_out_as_sampled() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, "{}")]);
    for line in REQUESTS.lines() {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().unwrap();
        let (api, id, sample) = (part(), part(), part());
        // A list of ids is sent as numbers, though the vendor takes text, too.
        let sample = sample.replace("\"12345679\"", "12345679");
        let parameters = Parameters::from_json(&sample).unwrap();
        // The answer is none, which is no matter here.
        let error = send(&venue.client(), api, id, parameters).await.err();
        let decoded = matches!(&error, Some(DispatchError::Call(e)) if e.kind() == Kind::Decode);
        assert!(decoded || error.is_none(), "{id}: {error:?}");

        let requests = venue.requests();
        let request = &requests[0];
        let payload = request.payload().unwrap();
        let mut sent: serde_json::Map<String, Value> = serde_json::from_str(&payload).unwrap();
        let endpoint = operations()
            .find(|endpoint| (endpoint.operation.api, endpoint.operation.id) == (api, id))
            .unwrap();
        assert_eq!(
            sent.remove("request").unwrap(),
            endpoint.operation.path,
            "{id}"
        );
        assert!(sent.remove("nonce").unwrap().is_u64());
        let sampled: Value = serde_json::from_str(&sample).unwrap();
        assert_eq!(Value::Object(sent), sampled, "{id}");
        if endpoint.fields_in_body {
            assert_eq!(
                serde_json::from_str::<Value>(&request.body).unwrap(),
                sampled
            );
        } else {
            assert_eq!(request.body, "");
        }
    }
}

#[tokio::test]
async fn calls_by_id_refuse_what_does_not_fit() {
    let venue = Venue::start().await;
    let client = venue.client();
    let call = |api, id, json: &str| send(&client, api, id, Parameters::from_json(json).unwrap());
    assert!(matches!(
        call("gemini", "noSuchCall", "{}").await,
        Err(DispatchError::UnknownOperation(id)) if id == "noSuchCall"
    ));
    assert!(matches!(
        call("kraken", "cancelOrder", "{}").await,
        Err(DispatchError::UnknownOperation(_))
    ));
    assert!(matches!(
        call("gemini", "cancelOrder", "{}").await,
        Err(DispatchError::Missing(name)) if name == "order_id"
    ));
    assert!(matches!(
        call("gemini", "cancelOrder", r#"{"order_id":-1}"#).await,
        Err(DispatchError::Parameter { name, .. }) if name == "order_id"
    ));
    assert!(matches!(
        call("gemini", "cancelOrder", r#"{"order_id":1,"x":2}"#).await,
        Err(DispatchError::UnknownParameters(names)) if names == ["x"]
    ));
    // An account that is none must not become the client's own.
    assert!(matches!(
        call("gemini", "getAvailableBalances", r#"{"account":5}"#).await,
        Err(DispatchError::Parameter { name, .. }) if name == "account"
    ));
    // No account where none can be named.
    assert!(matches!(
        call("gemini", "sendHeartbeat", r#"{"account":"primary"}"#).await,
        Err(DispatchError::UnknownParameters(names)) if names == ["account"]
    ));
    assert!(venue.requests().is_empty());
}

#[tokio::test]
async fn lists_in_a_query_repeat_the_name() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, r#"{"data":[]}"#)]);
    let parameters = r#"{"limit":5,"category":["Sports","a&b"],"status":["active","closed"]}"#;
    let parameters = Parameters::from_json(parameters).unwrap();
    let api = "gemini-predictions";
    send(&venue.client(), api, "listEvents", parameters)
        .await
        .unwrap();
    assert_eq!(
        venue.request().target,
        "/v1/prediction-markets/events?status=active&status=closed&category=Sports&category=a%26b&limit=5"
    );
}

#[tokio::test]
async fn a_file_comes_as_bytes() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, "PK not really a file")]);
    let file = venue
        .client()
        .get_funding_amount_report_file()
        .symbol("BTCGUSDPERP");
    assert_eq!(file.send().await.unwrap(), "PK not really a file");
    // JSON in its place is none.
    venue.answer([Answer::new(200, r#"{"a":1}"#)]);
    let file = venue
        .client()
        .get_funding_amount_report_file()
        .symbol("BTCGUSDPERP");
    assert_eq!(file.send().await.unwrap_err().kind(), Kind::Decode);
}
