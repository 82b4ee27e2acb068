//! What every request must pass before it gets to an operation.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use exchange_sim::{KrakenApi, KrakenKey, KrakenTier, Moment, Sim};
use support::{call, get, raw, request, sign, signed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const BALANCE: &str = "/0/private/Balance";

/// A sim, and its URL.
async fn sim() -> (Sim, String) {
    let sim = Sim::builder().start().await.unwrap();
    let url = sim.kraken().url().to_owned();
    (sim, url)
}

#[tokio::test]
async fn a_signed_call_is_answered_and_the_journal_shows_it() {
    let (sim, url) = sim().await;
    let key = sim.kraken().spot_credentials();
    let answer = call(&url, &key, BALANCE, 1, "").await;
    assert_eq!(answer.status, 200);
    assert!(answer.result().is_object());
    let received = sim.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].operation, "Balance");
    assert_eq!(received[0].status, Some(200));
    assert_eq!(received[0].refused, None);
    assert_eq!(received[0].header("api-key"), Some(key.key.as_str()));
    let line = received[0].to_string();
    assert!(
        line.ends_with("kraken POST Balance: 200 accepted"),
        "{line}"
    );
}

#[tokio::test]
async fn key_signature_and_nonce_are_checked_in_this_order() {
    let (sim, url) = sim().await;
    let key = sim.kraken().spot_credentials();
    let nobody = exchange_sim::Credentials {
        key: "nobody".into(),
        ..key.clone()
    };
    let impostor = exchange_sim::Credentials {
        secret: "aW1wb3N0b3I=".into(),
        ..key.clone()
    };
    let errors = |answer: support::Answer| answer.errors();
    let ask = |credentials, nonce| {
        let url = url.clone();
        async move { errors(call(&url, credentials, BALANCE, nonce, "").await) }
    };
    assert_eq!(ask(&nobody, 5).await, ["EAPI:Invalid key"]);
    assert_eq!(ask(&impostor, 5).await, ["EAPI:Invalid signature"]);
    assert_eq!(ask(&key, 5).await, [""; 0]);
    assert_eq!(ask(&key, 5).await, ["EAPI:Invalid nonce"]);
    assert_eq!(ask(&key, 4).await, ["EAPI:Invalid nonce"]);
    // A forged call does not use up a nonce.
    assert_eq!(ask(&impostor, 1000).await, ["EAPI:Invalid signature"]);
    assert_eq!(ask(&key, 6).await, [""; 0]);
    let refused: Vec<_> = sim
        .received()
        .into_iter()
        .filter_map(|received| received.refused)
        .collect();
    assert_eq!(refused.len(), 5);
}

#[tokio::test]
async fn the_signature_covers_the_query_and_the_bytes_of_the_body() {
    let (sim, url) = sim().await;
    let key = sim.kraken().spot_credentials();
    let target = "/0/private/Balance?rebase_multiplier=base";
    assert_eq!(call(&url, &key, target, 1, "").await.errors(), [""; 0]);

    // Signed without the query.
    let body = r#"{"nonce":2}"#;
    let signature = sign(&key, BALANCE, "2", body);
    let headers = [
        ("user-agent", "test/1"),
        ("content-type", "application/json"),
        ("api-key", key.key.as_str()),
        ("api-sign", signature.as_str()),
    ];
    let answer = raw(&url, &request("POST", target, &headers, body))
        .await
        .unwrap();
    assert_eq!(answer.errors(), ["EAPI:Invalid signature"]);

    // Another body of the same meaning.
    let other = r#"{"nonce": 2}"#;
    let answer = raw(&url, &request("POST", BALANCE, &headers, other))
        .await
        .unwrap();
    assert_eq!(answer.errors(), ["EAPI:Invalid signature"]);

    // The nonce as text, and a form.
    let body = r#"{"nonce":"3"}"#;
    let answer = raw(&url, &signed(&key, BALANCE, 3, body)).await.unwrap();
    assert_eq!(answer.errors(), [""; 0]);
    let form = "nonce=4";
    let signature = sign(&key, BALANCE, "4", form);
    let headers = [
        ("user-agent", "test/1"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("api-key", key.key.as_str()),
        ("api-sign", signature.as_str()),
    ];
    let answer = raw(&url, &request("POST", BALANCE, &headers, form))
        .await
        .unwrap();
    assert_eq!(answer.errors(), [""; 0]);
}

#[tokio::test]
async fn permissions_otp_and_the_api_of_a_key_are_checked() {
    let (sim, url) = sim().await;
    let secret = "c2VjcmV0";
    let mut reader = KrakenKey::new("reader", secret);
    reader.permissions = Some(vec!["Data - Query ledger entries".into()]);
    reader.otp = Some("4711".into());
    sim.kraken().add_key(reader);
    let reader = exchange_sim::Credentials {
        key: "reader".into(),
        secret: secret.into(),
    };
    let otp = r#""otp":"4711""#;
    let ledgers = "/0/private/Ledgers";
    let answer = call(&url, &reader, BALANCE, 1, otp).await;
    assert_eq!(answer.errors(), ["EGeneral:Permission denied"]);
    assert_eq!(call(&url, &reader, ledgers, 2, otp).await.errors(), [""; 0]);
    for wrong in ["", r#""otp":"4712""#] {
        let nonce = 3 + wrong.len() as u64;
        let answer = call(&url, &reader, ledgers, nonce, wrong).await;
        assert_eq!(answer.errors(), ["EAPI:Invalid signature"]);
    }
    let custody = &sim.kraken().credentials(KrakenApi::Custody)[0];
    let answer = call(&url, custody, BALANCE, 1, "").await;
    assert_eq!(answer.errors(), ["EGeneral:Permission denied"]);
}

#[tokio::test]
async fn a_nonce_window_takes_late_calls_once() {
    let (sim, url) = sim().await;
    let mut key = KrakenKey::new("window", "c2VjcmV0");
    key.nonce_window = 10;
    sim.kraken().add_key(key);
    let key = exchange_sim::Credentials {
        key: "window".into(),
        secret: "c2VjcmV0".into(),
    };
    let mut refused = Vec::new();
    for nonce in [100, 95, 95, 90, 89, 101] {
        if call(&url, &key, BALANCE, nonce, "").await.errors() == ["EAPI:Invalid nonce"] {
            refused.push(nonce);
        }
    }
    assert_eq!(refused, [95, 89]);
}

#[tokio::test]
async fn the_call_counter_fills_by_tier_and_empties_with_time() {
    let start = Moment::from_seconds(1_800_000_000);
    let mut key = KrakenKey::new("starter", "c2VjcmV0");
    key.tier = KrakenTier::Starter;
    let sim = Sim::builder()
        .frozen_at(start)
        .kraken_key(key)
        .start()
        .await
        .unwrap();
    let url = sim.kraken().url();
    let key = exchange_sim::Credentials {
        key: "starter".into(),
        secret: "c2VjcmV0".into(),
    };
    let mut nonce = 0;
    let mut accepted = 0;
    for _ in 0..20 {
        nonce += 1;
        // A ledger call costs two.
        if call(url, &key, "/0/private/Ledgers", nonce, "")
            .await
            .errors()
            .is_empty()
        {
            accepted += 1;
        }
    }
    assert_eq!(accepted, 7);
    sim.clock().advance(Duration::from_secs(7));
    let answer = call(url, &key, BALANCE, nonce + 1, "").await;
    assert_eq!(answer.errors(), [""; 0]);
}

#[tokio::test]
async fn without_a_user_agent_nobody_gets_in() {
    let (_sim, url) = sim().await;
    let answer = raw(&url, &request("GET", "/0/public/Time", &[], ""))
        .await
        .unwrap();
    assert_eq!(answer.status, 403);
    assert!(answer.body.starts_with(b"<html>"));
    assert_eq!(get(&url, "/0/public/Time").await.status, 200);
}

#[tokio::test]
async fn what_does_not_exist_or_is_asked_the_wrong_way_is_refused() {
    let (sim, url) = sim().await;
    for target in [
        "/0/public/Nothing",
        "/0/private/Nothing",
        "/",
        "/1",
        "/0/private/Balance",
    ] {
        let answer = get(&url, target).await;
        assert_eq!(answer.errors(), ["EGeneral:Unknown method"], "{target}");
    }
    let post = request("POST", "/0/public/Time", &[("user-agent", "x")], "");
    let answer = raw(&url, &post).await.unwrap();
    assert_eq!(answer.errors(), ["EGeneral:Unknown method"]);
    assert_eq!(get(&url, "/v0/insto/custody/nothing").await.status, 404);
    assert_eq!(get(&url, "/v0/insto/custody/vaults").await.status, 401);
    drop(sim);
}

#[tokio::test]
async fn a_body_that_can_not_be_read_is_refused() {
    let (sim, url) = sim().await;
    let key = sim.kraken().spot_credentials();
    for (nonce, body) in ["{\"nonce\":", "[]", "", "\u{0}"].iter().enumerate() {
        let answer = raw(&url, &signed(&key, BALANCE, nonce as u64, body))
            .await
            .unwrap();
        assert_eq!(answer.errors(), ["EAPI:Bad request"], "{body}");
    }
    for body in [
        "{}",
        r#"{"nonce":-1}"#,
        r#"{"nonce":1.5}"#,
        r#"{"nonce":[]}"#,
    ] {
        let answer = raw(&url, &signed(&key, BALANCE, 1, body)).await.unwrap();
        assert_eq!(answer.errors(), ["EAPI:Invalid nonce"], "{body}");
    }
}

#[tokio::test]
async fn what_is_no_http_or_too_large_ends_the_connection_and_harms_nobody() {
    let (sim, url) = sim().await;
    let key = sim.kraken().spot_credentials();
    for bytes in [
        &b"\0\0\0\0"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"",
    ] {
        let status = raw_and_hang_up(&url, bytes).await;
        assert!(status.is_none_or(|status| status == 400), "{status:?}");
    }
    let large = format!("{{\"nonce\":1,\"x\":\"{}\"}}", "x".repeat(2 << 20));
    let answer = raw(&url, &signed(&key, BALANCE, 1, &large)).await;
    assert!(answer.is_none_or(|answer| answer.status == 413));
    assert_eq!(get(&url, "/0/public/Time").await.status, 200);
}

/// Sends bytes and no more.
async fn raw_and_hang_up(url: &str, bytes: &[u8]) -> Option<u16> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    // The venue may reset the connection.
    let _ = stream.read_to_string(&mut answer).await;
    answer.split(' ').nth(1)?.parse().ok()
}

#[tokio::test]
async fn clients_that_dawdle_keep_nobody_waiting() {
    let (_sim, url) = sim().await;
    let address = url.strip_prefix("http://").unwrap();
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET /0/public/Time HTTP/1.1\r\n")
            .await
            .unwrap();
        slow.push(stream);
    }
    assert_eq!(get(&url, "/0/public/Time").await.status, 200);
}

#[tokio::test]
async fn several_run_at_once_and_end_when_dropped() {
    let (one, one_url) = sim().await;
    let (_other, other_url) = sim().await;
    assert_ne!(one_url, other_url);
    let address = one_url.strip_prefix("http://").unwrap();
    let mut open = TcpStream::connect(address).await.unwrap();
    assert_eq!(get(&one_url, "/0/public/Time").await.status, 200);
    drop(one);
    let mut rest = Vec::new();
    // Closed, by a reset or in order.
    let _ = open.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(get(&other_url, "/0/public/Time").await.status, 200);
}
