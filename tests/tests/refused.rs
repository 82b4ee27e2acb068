//! Calls that are refused before anything is sent.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use exchange_transport::{Error, Kind, Outcome};
use kraken_core::DispatchError;
use kraken_spot::types::BatchOrder;
use serde_json::{Map, Value, json};
use workspace_tests::{
    KEY,
    clients::Client,
    failures::Failures,
    model, models,
    schema::{self, Form, form},
    server::Server,
    sites::{What, sites},
    synth::{Round, parameters},
};
use xtask::model::{Body, Check, Model, Operation};

#[tokio::test]
async fn a_depth_out_of_range() {
    let server = Server::start().await;
    let client = spot(&server);
    for (count, shown) in [(0, "0"), (501, "501"), (-1, "-1")] {
        let call = client.get_order_book().pair("XBTUSD").count(count).send();
        refused(
            &server,
            &call.await.unwrap_err(),
            "count",
            "must be from 1 to 500",
            shown,
        );
    }
}

#[tokio::test]
async fn a_candle_length_that_does_not_exist() {
    let server = Server::start().await;
    let error = spot(&server)
        .get_ohlc_data()
        .pair("XBTUSD")
        .interval(7)
        .send()
        .await
        .unwrap_err();
    let rule = "must be one of 1, 5, 15, 30, 60, 240, 1440, 10080, 21600";
    refused(&server, &error, "interval", rule, "7");
}

#[tokio::test]
async fn too_few_or_too_many_orders() {
    let server = Server::start().await;
    let client = spot(&server);
    let order: BatchOrder = serde_json::from_value(json!({
        "ordertype": "limit", "type": "buy", "volume": "1.25", "price": "37500",
    }))
    .unwrap();
    for (count, shown) in [(0, "0"), (1, "1"), (16, "16")] {
        let orders = vec![order.clone(); count];
        let error = client
            .add_order_batch()
            .pair("XBTUSD")
            .orders(orders)
            .send()
            .await
            .unwrap_err();
        refused(
            &server,
            &error,
            "orders",
            "must have from 2 to 15 items",
            shown,
        );
    }
}

#[tokio::test]
async fn a_vault_that_can_not_exist() {
    let server = Server::start().await;
    let client = kraken_custody::Client::builder()
        .base_url(&server.url)
        .api_key(KEY, SECRET)
        .build()
        .unwrap();
    // The last character is a check character, and `1` is none of the letters in use.
    for vault in ["VOBJAQBMOKYR3B", "VOBJAQBM1KYR3K", "vobjaqbmokyr3k"] {
        let error = client
            .get_custody_balance()
            .vault_id(vault)
            .send()
            .await
            .unwrap_err();
        let rule = "must match `^V[A-Z2-7]{12}[ACEGIKMOQSUWY246]$`";
        refused(&server, &error, "vault_id", rule, vault);
    }
    let error = client
        .get_custody_balance()
        .vault_id("V")
        .send()
        .await
        .unwrap_err();
    refused(
        &server,
        &error,
        "vault_id",
        "must have exactly 14 characters",
        "1",
    );

    let external = kraken_custody::external::Client::builder()
        .base_url(&server.url)
        .api_key(KEY, SECRET)
        .build()
        .unwrap();
    let error = external
        .get_vault()
        .vault_id("AA88 N84G AET3 RAOA")
        .send()
        .await
        .unwrap_err();
    refused(
        &server,
        &error,
        "vault_id",
        "must match `^V[A-Z2-7]{13}$`",
        "AA88 N84G",
    );
}

#[tokio::test]
async fn private_calls_without_a_key() {
    let server = Server::start().await;
    let mut failures = Failures::default();
    for model in models() {
        let client = Client::without_key(&model.api, &server.url);
        for operation in model
            .operations
            .iter()
            .filter(|operation| operation.private)
        {
            failures.case();
            let given = parameters(model, operation, Round::Required);
            match client.send(&operation.id, &given).await {
                Err(DispatchError::Call(error)) if error.kind() == Kind::Credentials => {
                    if !error.to_string().contains(".credentials_from_env()") {
                        failures.add(&operation.id, format!("does not say how: {error}"));
                    }
                }
                other => failures.add(&operation.id, format!("not refused: {other:?}")),
            }
            if !server.take_requests().is_empty() {
                failures.add(&operation.id, "something was sent");
            }
        }
    }
    failures.report();
}

/// Each documented rule of each parameter, broken alone.
#[tokio::test]
async fn every_documented_rule() {
    let server = Server::start().await;
    let mut failures = Failures::default();
    let mut rules = 0;
    for model in models() {
        let client = Client::new(&model.api, &server.url);
        for operation in &model.operations {
            for (field, given) in broken(&mut failures, model, operation) {
                failures.case();
                rules += 1;
                let subject = format!("{} {field}", operation.id);
                match client.send(&operation.id, &given).await {
                    Err(DispatchError::Call(error)) => match error.invalid_field() {
                        Some(invalid) if invalid.field == field => {}
                        _ => failures.add(&subject, format!("refused for another reason: {error}")),
                    },
                    other => failures.add(&subject, format!("not refused: {given:?}: {other:?}")),
                }
                if !server.take_requests().is_empty() {
                    failures.add(&subject, "something was sent");
                }
            }
        }
    }
    assert!(rules > 60, "only {rules} rules were tried");
    failures.report();
}

/// Every way to break one rule of a call whose other parameters are right.
fn broken(
    failures: &mut Failures,
    model: &Model,
    operation: &Operation,
) -> Vec<(String, Map<String, Value>)> {
    let good = parameters(model, operation, Round::All);
    let mut broken = Vec::new();
    for parameter in &operation.parameters {
        let schema = schema::parameter(model, operation, &parameter.name);
        for value in breaches(model, &parameter.checks, schema, &good[&parameter.name]) {
            let mut given = good.clone();
            given.insert(parameter.name.clone(), value);
            broken.push((parameter.name.clone(), given));
        }
    }
    if operation.body != Body::Request {
        return broken;
    }
    let body = Value::Object(good.clone());
    let sites = match sites(model, schema::body(model, operation), &body) {
        Ok(sites) => sites,
        Err(complaint) => {
            failures.add(&operation.id, complaint);
            return broken;
        }
    };
    for site in sites {
        let What::Checked(checks, schema) = site.what else {
            continue;
        };
        let value = body.pointer(&site.pointer).unwrap();
        for value in breaches(model, checks, schema, value) {
            let mut changed = body.clone();
            *changed.pointer_mut(&site.pointer).unwrap() = value;
            let Value::Object(given) = changed else {
                continue;
            };
            broken.push((as_field(&site.pointer), given));
        }
    }
    broken
}

/// Values of the same type that break one of the rules.
fn breaches(model: &Model, checks: &[Check], schema: &Value, good: &Value) -> Vec<Value> {
    let form = form(model, schema);
    let unsigned = matches!(
        form,
        Form::Integer {
            rust: "u32" | "u64",
            ..
        }
    );
    let mut values = Vec::new();
    for check in checks {
        match (check, &form) {
            (Check::Range(low, high), Form::Integer { .. }) => {
                let below = low.filter(|low| !unsigned || *low > 0).map(|low| low - 1);
                values.extend(below.map(Value::from));
                values.extend(high.map(|high| Value::from(high + 1)));
            }
            (Check::OneOf(allowed), Form::Integer { .. }) => {
                let other = allowed.iter().max().map(|most| most + 1);
                values.extend(other.map(Value::from));
            }
            (Check::Length(low, high), Form::Text) => {
                let size = |length: u64| usize::try_from(length).unwrap();
                let shorter = low
                    .filter(|low| *low > 0)
                    .map(|low| "x".repeat(size(low - 1)));
                values.extend(shorter.map(Value::from));
                values.extend(high.map(|high| Value::from("x".repeat(size(high + 1)))));
            }
            (Check::Pattern(_), Form::Text) => {
                // As long as the good one, so that only the pattern can be the reason.
                let mut text: String = good.as_str().unwrap().to_owned();
                text.pop();
                values.push(Value::from(text + "!"));
            }
            (Check::Items(low, high), Form::List(_)) => {
                let item = good[0].clone();
                let list =
                    |count: u64| Value::from(vec![item.clone(); usize::try_from(count).unwrap()]);
                // An empty list is the same as none.
                values.extend(low.filter(|low| *low > 1).map(|low| list(low - 1)));
                values.extend(high.map(|high| list(high + 1)));
            }
            _ => {}
        }
    }
    values
}

/// `/orders/0/volume` as `orders[0].volume`.
fn as_field(pointer: &str) -> String {
    let mut field = String::new();
    for step in pointer.split('/').skip(1) {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            field.push_str(&format!("[{step}]"));
        } else {
            if !field.is_empty() {
                field.push('.');
            }
            field.push_str(step);
        }
    }
    field
}

const SECRET: &str = "c2VjcmV0LW9mLXRoZS10ZXN0cw==";

fn spot(server: &Server) -> kraken_spot::Client {
    kraken_spot::Client::builder()
        .base_url(&server.url)
        .api_key(KEY, SECRET)
        .build()
        .unwrap()
}

/// The error names field, rule and value, and the venue saw nothing.
#[track_caller]
fn refused(server: &Server, error: &Error, field: &str, rule: &str, value: &str) {
    assert_eq!(error.kind(), Kind::InvalidRequest, "{error}");
    assert_eq!(error.outcome(), Outcome::NotExecuted, "{error}");
    assert_eq!((error.attempts(), error.status()), (0, None), "{error}");
    let invalid = error.invalid_field().unwrap();
    assert_eq!(
        (invalid.field.as_str(), invalid.rule.as_str()),
        (field, rule),
        "{error}"
    );
    assert!(invalid.value.contains(value), "{error}");
    for part in [field, rule, value] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(server.take_requests().is_empty(), "something was sent");
}

#[test]
fn the_rules_tried_are_those_of_the_descriptions() {
    let depth = model("kraken-spot")
        .operations
        .iter()
        .find(|found| found.id == "getOrderBook");
    let count = depth
        .unwrap()
        .parameters
        .iter()
        .find(|parameter| parameter.name == "count");
    assert_eq!(count.unwrap().checks, [Check::Range(Some(1), Some(500))]);
    assert_eq!(as_field("/orders/0/volume"), "orders[0].volume");
}
