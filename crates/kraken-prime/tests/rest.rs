//! The REST calls against a server on loopback: what is sent, how it is signed, what is read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_wire::losses;
use kraken_prime::rest::{AssetKind, OPERATIONS, RestClient, UserRole, UserStatus};
use kraken_prime::{Error, Kind, Outcome};
use ring::{digest, hmac};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const SECRET: &[u8] = b"0123456789abcdef";

/// Makes a call, answers it, and gives its path and body without the nonce.
async fn called<T, F: Future<Output = Result<T, Error>>>(
    call: impl FnOnce(RestClient) -> F,
    answer: &Value,
) -> (String, Value, Result<T, Error>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = RestClient::builder()
        .base_url(format!("http://{}", listener.local_addr().unwrap()))
        .api_key("KEY", STANDARD.encode(SECRET))
        .build()
        .unwrap();
    let serve = async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let (head, body) = loop {
            tcp.read_buf(&mut bytes).await.unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && serde_json::from_str::<Value>(body).is_ok()
            {
                break (head.to_owned(), body.to_owned());
            }
        };
        let text = answer.to_string();
        let length = text.len();
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}");
        tcp.write_all(response.as_bytes()).await.unwrap();
        (head, body)
    };
    let (result, (head, body)) = tokio::join!(call(client), serve);
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let mut fields: Value = serde_json::from_str(&body).unwrap();
    let nonce = fields.as_object_mut().unwrap().remove("nonce").unwrap();
    let mut hashed = digest::Context::new(&digest::SHA256);
    hashed.update(nonce.to_string().as_bytes());
    hashed.update(body.as_bytes());
    let mut signed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, SECRET));
    signed.update(path.as_bytes());
    signed.update(hashed.finish().as_ref());
    let signature = STANDARD.encode(signed.sign());
    assert!(
        head.lines()
            .any(|line| line.eq_ignore_ascii_case(&format!("api-sign: {signature}")))
    );
    (path, fields, result)
}

fn enveloped(result: &Value) -> Value {
    json!({"result": result, "error": []})
}

#[tokio::test]
async fn a_key_is_made_and_its_secret_does_not_show() {
    let answer = r#"{"id":"3RM9K4ZTC0C00","api_key":"KRA5L19LAW8Z","api_secret":"6xq8p1mvk9r3n7swt2l5cj4eaydhzbf","user_id":"2T0RXL9B8K5D6","permissions":["read::marketdata"],"whitelisted_ips":["192.168.1.1"]}"#;
    let value: Value = serde_json::from_str(answer).unwrap();
    let call = async |client: RestClient| {
        client
            .create_user_key()
            .user_id("2T0RXL9B8K5D6")
            .send()
            .await
    };
    let (path, body, key) = called(call, &enveloped(&value)).await;
    assert_eq!(path, "/0/private/CreatePrimeApiUserKey");
    assert_eq!(body, json!({"user_id": "2T0RXL9B8K5D6"}));
    let key = key.unwrap();
    assert!(losses(answer, serde_json::to_string(&key).unwrap()).is_empty());
    let secret = key.api_secret.as_ref().unwrap().expose();
    assert_eq!(secret, "6xq8p1mvk9r3n7swt2l5cj4eaydhzbf");
    assert!(!format!("{key:?}").contains(secret));

    let mut broken = value.clone();
    broken["id"] = 7.into();
    let (_, _, refused) = called(call, &enveloped(&broken)).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.outcome(), Outcome::Unknown);
    assert!(
        !format!("{refused} {refused:?}").contains("6xq8p1"),
        "{refused}"
    );
}

#[tokio::test]
async fn users_are_made_listed_and_changed() {
    let user = json!({"id": "u", "name": "n", "status": "Enabled", "roles": ["Trader", "Auditor"]});
    let call = async |client: RestClient| {
        client
            .create_user()
            .name("n")
            .role(UserRole::Trader)
            .send()
            .await
    };
    let (path, body, made) = called(call, &enveloped(&user)).await;
    assert_eq!(path, "/0/private/CreatePrimeApiUser");
    assert_eq!(body, json!({"name": "n", "role": "Trader"}));
    assert_eq!(made.unwrap().roles[1], "Auditor");

    let call = async |client: RestClient| client.list_users().send().await;
    let (_, body, users) = called(call, &enveloped(&json!({"data": [user]}))).await;
    assert_eq!(body, json!({}));
    assert_eq!(users.unwrap()[0].status, Some(UserStatus::Enabled));

    let call = async |client: RestClient| {
        client
            .update_user()
            .user_id("u")
            .status(UserStatus::Disabled)
            .send()
            .await
    };
    let (_, body, _) = called(call, &enveloped(&user)).await;
    assert_eq!(body, json!({"user_id": "u", "status": "Disabled"}));

    let call = async |client: RestClient| client.list_user_keys().user_id("u").send().await;
    let keys = json!({"data": [{"id": "k", "key": "KRA", "updated_at": 5}]});
    let (_, _, keys) = called(call, &enveloped(&keys)).await;
    assert_eq!(keys.unwrap()[0].api_key.as_deref(), Some("KRA"));
}

#[tokio::test]
async fn batches_are_made_listed_and_settled() {
    let batch = json!({
        "id": "b",
        "attributes": {"status": "unsettled", "confirmed": true, "created_at": 1_700_000_000_000_i64, "trade_count": 2, "asset_kind": "currency"},
        "legs": [{"status": "open", "asset": "BTC", "amount": "-0.10000000", "can_settle": true, "settled_at": null}],
        "trade_ids": ["a0ec46f2-6d0e-451a-a4f1-2a0be7d32d26"],
    });
    let call = async |client: RestClient| {
        client
            .create_settlement_batch()
            .asset_kind(AssetKind::Currency)
            .send()
            .await
    };
    let (path, body, made) = called(call, &enveloped(&json!({"batch": batch}))).await;
    assert_eq!(path, "/0/private/CreatePrimeSettlementBatch");
    assert_eq!(body, json!({"asset_kind": "currency"}));
    let made = made.unwrap();
    assert!(losses(batch.to_string(), serde_json::to_string(&made).unwrap()).is_empty());

    let call = async |client: RestClient| {
        let list = client.list_settlement_batches();
        list.statuses(vec!["unsettled".into()])
            .from(5)
            .limit(1)
            .send()
            .await
    };
    let page = json!({"data": [batch], "pagination": {"has_more": true, "limit": 1, "offset": 0}});
    let (_, body, page) = called(call, &enveloped(&page)).await;
    assert_eq!(
        body,
        json!({"statuses": ["unsettled"], "from": 5, "limit": 1})
    );
    assert_eq!(page.unwrap().pagination.unwrap().has_more, Some(true));

    let call = async |client: RestClient| {
        client
            .settle_batch_asset()
            .batch_id("b")
            .asset("BTC")
            .send()
            .await
    };
    let transfer = json!({"transfer": {"id": "t", "attributes": {"transfer_status": "pending", "transfer_amount": "0.1"}}});
    let (_, body, transfer) = called(call, &enveloped(&transfer)).await;
    assert_eq!(body, json!({"batch_id": "b", "asset": "BTC"}));
    assert_eq!(transfer.unwrap().id, "t");

    let refusal = json!({"error": ["EGeneral:Invalid arguments"]});
    let (_, _, refused) = called(call, &refusal).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::InvalidRequest);
}

#[test]
fn every_call_has_a_row() {
    assert_eq!(OPERATIONS.len(), 13);
    for operation in OPERATIONS {
        assert!(operation.path.starts_with("/0/private/"));
        let name = &operation.path["/0/private/".len()..];
        assert!(name.eq_ignore_ascii_case(operation.id));
    }
}
