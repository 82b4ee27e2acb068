//! Tokens from the token endpoint.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by them"
)]

mod venue;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use gemini_exchange::oauth::{AccessToken, RefreshingTokens, RefreshingTokensBuilder};
use gemini_exchange::{Client, Kind, Outcome};
use serde_json::{Value, json};
use venue::{Answer, Request, Venue};

const SECRET: &str = "program-secret-1";

fn builder(venue: &Venue) -> RefreshingTokensBuilder {
    RefreshingTokens::builder("program", "refresh-0")
        .client_secret(SECRET)
        .auth_url(&venue.url)
}

fn client(venue: &Venue, tokens: RefreshingTokensBuilder) -> Client {
    let tokens = tokens.build().unwrap();
    venue.builder().oauth(tokens).build().unwrap()
}

/// Splits into those for the token endpoint and the others.
fn requests(venue: &Venue) -> (Vec<Request>, Vec<Request>) {
    let requests = venue.requests().into_iter();
    requests.partition(|request| request.target == "/auth/token")
}

fn given(number: u32, life: u64) -> Answer {
    let body = json!({"access_token": format!("access-{number}"), "token_type": "Bearer",
        "refresh_token": format!("refresh-{number}"), "expires_in": life, "scope": "balances:read"});
    Answer::new(200, &body.to_string())
}

/// Gives numbered tokens, and takes every call.
fn serve(venue: &Venue, life: u64) {
    let number = AtomicU32::new(0);
    venue.answer_by(move |request| match request.target.as_str() {
        "/auth/token" => given(number.fetch_add(1, Ordering::SeqCst) + 1, life),
        _ => Answer::new(200, "[]"),
    });
}

#[tokio::test]
async fn one_token_is_fetched_for_all_calls() {
    let venue = Venue::start().await;
    serve(&venue, 86_400);
    let client = client(&venue, builder(&venue));
    let calls = (0..20).map(|_| client.get_available_balances().send());
    for result in join_all(calls).await {
        result.unwrap();
    }
    let (tokens, calls) = requests(&venue);
    assert_eq!((tokens.len(), calls.len()), (1, 20));
    let token = &tokens[0];
    assert_eq!(token.method, "POST");
    assert_eq!(token.header("content-type"), Some("application/json"));
    assert_eq!(
        serde_json::from_str::<Value>(&token.body).unwrap(),
        json!({"client_id": "program", "client_secret": SECRET, "refresh_token": "refresh-0",
            "grant_type": "refresh_token"})
    );
    for call in &calls {
        assert_eq!(call.header("authorization"), Some("Bearer access-1"));
    }
    // A public program has no secret.
    let tokens = RefreshingTokens::builder("program", "refresh-0").auth_url(&venue.url);
    let client = venue.builder().oauth(tokens.build().unwrap()).build();
    client.unwrap().get_roles().send().await.unwrap_err();
    let body: Value = serde_json::from_str(&requests(&venue).0[0].body).unwrap();
    assert!(body.get("client_secret").is_none());
}

#[tokio::test]
async fn a_token_at_its_end_is_refreshed_before_the_call() {
    let venue = Venue::start().await;
    serve(&venue, 86_400);
    let over = builder(&venue).access_token(AccessToken::new("old"), Duration::ZERO);
    client(&venue, over)
        .get_available_balances()
        .send()
        .await
        .unwrap();
    let (tokens, calls) = requests(&venue);
    assert_eq!(tokens.len(), 1);
    assert_eq!(calls[0].header("authorization"), Some("Bearer access-1"));

    let good = builder(&venue).access_token(AccessToken::new("old"), Duration::from_secs(86_400));
    client(&venue, good)
        .get_available_balances()
        .send()
        .await
        .unwrap();
    let (tokens, calls) = requests(&venue);
    assert!(tokens.is_empty());
    assert_eq!(calls[0].header("authorization"), Some("Bearer old"));
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_for_all_and_the_new_refresh_token_is_used() {
    let venue = Venue::start().await;
    let number = AtomicU32::new(0);
    let valid = Arc::new(Mutex::new("access-2".to_owned()));
    let accepted = Arc::clone(&valid);
    venue.answer_by(move |request| {
        if request.target == "/auth/token" {
            return given(number.fetch_add(1, Ordering::SeqCst) + 1, 86_400);
        }
        let bearer = format!("Bearer {}", accepted.lock().unwrap());
        if request.header("authorization") == Some(&bearer) {
            return Answer::new(200, "[]");
        }
        Answer::new(
            401,
            r#"{"result":"error","reason":"InvalidToken","message":"x"}"#,
        )
    });
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    let tokens = builder(&venue).store(move |token| {
        keep.lock().unwrap().push(token.expose().to_owned());
        Ok(())
    });
    let client = client(&venue, tokens);
    let calls = (0..10).map(|_| client.get_available_balances().send());
    for result in join_all(calls).await {
        result.unwrap();
    }
    let (tokens, calls) = requests(&venue);
    assert_eq!((tokens.len(), calls.len()), (2, 20));
    let sent: Vec<Value> = tokens
        .iter()
        .map(|request| {
            serde_json::from_str::<Value>(&request.body).unwrap()["refresh_token"].clone()
        })
        .collect();
    assert_eq!(sent, ["refresh-0", "refresh-1"]);
    assert_eq!(*kept.lock().unwrap(), ["refresh-1", "refresh-2"]);
    drop(valid);
}

#[tokio::test]
async fn a_refresh_token_that_could_not_be_stored_is_stored_later() {
    let venue = Venue::start().await;
    serve(&venue, 86_400);
    let works = Arc::new(AtomicBool::new(false));
    let it_works = Arc::clone(&works);
    let tokens = builder(&venue).store(move |token| {
        if it_works.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(format!("no room for {}", token.expose()).into())
    });
    let client = client(&venue, tokens);
    let error = client.get_available_balances().send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Credentials);
    assert_eq!(error.outcome(), Outcome::NotExecuted);
    let text = format!("{error} {error:?}");
    assert!(text.contains("no room for [redacted]"), "{text}");
    works.store(true, Ordering::SeqCst);
    client.get_available_balances().send().await.unwrap();
    let (tokens, calls) = requests(&venue);
    assert_eq!((tokens.len(), calls.len()), (1, 1));
}

/// Status, body, and what becomes of them: kind, whether it is worth another try, and a part of the
/// text.
type Refusal = (u16, String, Kind, bool, &'static str);

fn refusals() -> Vec<Refusal> {
    let rfc = |error: &str| {
        let text = format!("about refresh-0 and {SECRET}\u{1}");
        json!({"error": error, "error_description": text}).to_string()
    };
    vec![
        (
            400,
            rfc("invalid_grant"),
            Kind::Credentials,
            false,
            "authorise the program again",
        ),
        (
            401,
            rfc("invalid_client"),
            Kind::Credentials,
            false,
            "id and secret",
        ),
        (
            400,
            rfc("invalid_request"),
            Kind::Credentials,
            false,
            "invalid_request",
        ),
        (
            400,
            rfc("unsupported_grant_type"),
            Kind::Credentials,
            false,
            "unsupported",
        ),
        (
            503,
            rfc("temporarily_unavailable"),
            Kind::Unavailable,
            true,
            "temporarily",
        ),
        (
            400,
            rfc("server_error"),
            Kind::Unavailable,
            true,
            "server_error",
        ),
        (
            429,
            "slow down".to_owned(),
            Kind::RateLimit,
            true,
            "HTTP 429",
        ),
        (
            502,
            "<html>".to_owned(),
            Kind::Unavailable,
            true,
            "HTTP 502",
        ),
        (404, String::new(), Kind::Credentials, false, "HTTP 404"),
        (302, String::new(), Kind::Credentials, false, "HTTP 302"),
        (200, "{}".to_owned(), Kind::Decode, false, "no access token"),
        (
            200,
            r#"{"access_token":""}"#.to_owned(),
            Kind::Decode,
            false,
            "empty",
        ),
        (
            200,
            r#"{"access_token":"a","#.to_owned(),
            Kind::Decode,
            false,
            "no access token",
        ),
        (
            200,
            r#"{"access_token":"a","token_type":"mac"}"#.to_owned(),
            Kind::Decode,
            false,
            "mac",
        ),
    ]
}

#[tokio::test]
async fn errors_of_the_endpoint_say_what_to_do_and_nothing_secret() {
    for (status, body, kind, retryable, says) in refusals() {
        let venue = Venue::start().await;
        venue.answer([Answer::new(status, &body)]);
        let client = client(&venue, builder(&venue));
        for _ in 0..2 {
            // An order, as that is where it matters.
            let error = client.cancel_order().order_id(1).send().await.unwrap_err();
            let text = format!("{error} {error:?}");
            assert_eq!(error.kind(), kind, "{text}");
            assert_eq!(error.outcome(), Outcome::NotExecuted, "{text}");
            assert_eq!(error.is_retryable(), retryable, "{text}");
            assert!(text.contains(says), "{text}");
            assert!(
                !text.contains("refresh-0") && !text.contains(SECRET),
                "{text}"
            );
        }
        // When the user must come back, there is no use in asking again.
        let asked = if body.contains("invalid_grant") { 1 } else { 2 };
        let (tokens, calls) = requests(&venue);
        assert_eq!((tokens.len(), calls.len()), (asked, 0), "{body}");
    }
}

#[tokio::test]
async fn nobody_listening_is_an_error_before_the_call() {
    let venue = Venue::start().await;
    let tokens = builder(&venue).auth_url("http://127.0.0.1:1");
    let error = client(&venue, tokens)
        .cancel_order()
        .order_id(1)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.is_retryable()),
        (Kind::Transport, Outcome::NotExecuted, true)
    );
    assert!(venue.requests().is_empty());
}

#[tokio::test]
async fn while_the_endpoint_is_down_the_old_token_is_used_to_its_end() {
    let venue = Venue::start().await;
    venue.answer_by(|request| match request.target.as_str() {
        "/auth/token" => Answer::new(503, ""),
        _ => Answer::new(200, "[]"),
    });
    let tokens = builder(&venue).access_token(AccessToken::new("old"), Duration::from_secs(4));
    let client = client(&venue, tokens);
    // Half of its life.
    tokio::time::sleep(Duration::from_millis(2_050)).await;
    for _ in 0..2 {
        client.get_available_balances().send().await.unwrap();
    }
    // And it was tried once, not with every call.
    let (tokens, calls) = requests(&venue);
    assert_eq!((tokens.len(), calls.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_is_kept_though_the_call_was_given_up() {
    let venue = Venue::start().await;
    venue.answer_by(|request| match request.target.as_str() {
        "/auth/token" => {
            std::thread::sleep(Duration::from_millis(400));
            given(1, 86_400)
        }
        _ => Answer::new(200, "[]"),
    });
    let client = client(&venue, builder(&venue));
    let hurried = client.within(Duration::from_millis(100));
    let error = hurried.cancel_order().order_id(1).send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (Kind::Timeout, Outcome::NotExecuted)
    );
    client.get_available_balances().send().await.unwrap();
    let (tokens, calls) = requests(&venue);
    assert_eq!((tokens.len(), calls.len()), (1, 1));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let kind = |tokens: RefreshingTokensBuilder| tokens.build().unwrap_err().kind();
    assert_eq!(kind(RefreshingTokens::builder("", "r")), Kind::Credentials);
    assert_eq!(kind(RefreshingTokens::builder("p", "")), Kind::Credentials);
    let plain = RefreshingTokens::builder("p", "r").auth_url("http://exchange.example.com");
    assert_eq!(kind(plain), Kind::Configuration);
    let tokens = RefreshingTokens::builder("p", "refresh-0").client_secret(SECRET);
    let shown = format!("{tokens:?}");
    let shown = format!("{shown} {:?}", tokens.sandbox().build().unwrap());
    assert!(shown.contains("exchange.sandbox.gemini.com"), "{shown}");
    assert!(
        !shown.contains("refresh-0") && !shown.contains(SECRET),
        "{shown}"
    );
}
