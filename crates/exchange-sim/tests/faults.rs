//! Trouble on order happens, and only what was ordered.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::{Duration, Instant};

use exchange_sim::{Fault, Often, Sim};
use support::{call, get, raw, request};

const TIME: &str = "/0/public/Time";

async fn sim() -> (Sim, String) {
    let sim = Sim::builder().start().await.unwrap();
    let url = sim.kraken().url().to_owned();
    (sim, url)
}

fn ask() -> Vec<u8> {
    request("GET", TIME, &[("user-agent", "test/1")], "")
}

#[tokio::test]
async fn an_error_is_answered_in_the_venues_form() {
    let (sim, url) = sim().await;
    sim.faults().add(
        "Time",
        Fault::Error("EService:Busy".into()),
        Often::Times(1),
    );
    assert_eq!(get(&url, TIME).await.errors(), ["EService:Busy"]);
    assert_eq!(get(&url, TIME).await.errors(), [""; 0]);
    let why = sim.received()[0].refused.clone().unwrap();
    assert_eq!(why, "EService:Busy (a fault on order)");
}

#[tokio::test]
async fn a_gateways_answer_comes_with_its_status() {
    let (sim, url) = sim().await;
    let fault = Fault::Status {
        status: 429,
        body: "<html>slow down</html>".into(),
        retry_after: Some(3),
    };
    sim.faults().add_for_all(fault, Often::Times(1));
    let answer = get(&url, TIME).await;
    assert_eq!(answer.status, 429);
    assert!(answer.head.contains("retry-after: 3"), "{}", answer.head);
    assert!(answer.head.contains("text/html"), "{}", answer.head);
}

#[tokio::test]
async fn a_connection_dropped_before_or_after_tells_the_caller_nothing() {
    let (sim, url) = sim().await;
    let key = sim.kraken().spot_credentials();
    for (fault, carried_out) in [(Fault::DropBefore, false), (Fault::DropAfter, true)] {
        sim.faults().add("Time", fault, Often::Times(1));
        assert!(raw(&url, &ask()).await.is_none());
        let last = sim.received().pop().unwrap();
        assert_eq!(last.status, None);
        assert_eq!(last.refused.is_none(), carried_out);
    }
    // A nonce is used up by a call whose answer was lost.
    sim.faults()
        .add("Balance", Fault::DropAfter, Often::Times(1));
    let body = r#"{"nonce":7}"#;
    let bytes = support::signed(&key, "/0/private/Balance", 7, body);
    assert!(raw(&url, &bytes).await.is_none());
    let answer = call(&url, &key, "/0/private/Balance", 7, "").await;
    assert_eq!(answer.errors(), ["EAPI:Invalid nonce"]);
}

#[tokio::test]
async fn half_an_answer_is_sent_and_no_more() {
    let (sim, url) = sim().await;
    let whole = get(&url, TIME).await.body.len();
    sim.faults().add("Time", Fault::CutAnswer, Often::Times(1));
    let answer = raw(&url, &ask()).await.unwrap();
    assert!(answer.head.contains(&format!("content-length: {whole}")));
    assert_eq!(answer.body.len(), whole / 2);
}

#[tokio::test]
async fn delays_are_kept_and_others_are_served_meanwhile() {
    let (sim, url) = sim().await;
    let delay = Duration::from_millis(50);
    sim.faults()
        .add("Time", Fault::Delay(delay), Often::Times(1));
    sim.faults()
        .add("Assets", Fault::DelayAnswer(delay), Often::Times(1));
    for target in [TIME, "/0/public/Assets"] {
        let start = Instant::now();
        let slow = get(&url, target);
        let quick = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            get(&url, "/0/public/SystemStatus").await;
            start.elapsed()
        };
        let (_, quick) = tokio::join!(slow, quick);
        assert!(start.elapsed() >= delay);
        assert!(quick < start.elapsed());
    }
}

#[tokio::test]
async fn a_gateways_answer_after_the_fact_hides_what_was_done() {
    let (sim, url) = sim().await;
    let fault = Fault::StatusAfter {
        status: 502,
        body: "<html>bad gateway</html>".into(),
    };
    sim.faults().add("Time", fault, Often::Times(1));
    assert_eq!(get(&url, TIME).await.status, 502);
    let last = sim.received().pop().unwrap();
    assert_eq!((last.status, last.refused), (Some(502), None));
}
