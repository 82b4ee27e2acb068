//! What each fault between client and venue does to a call that reads and to
//! one that places an order: one test for each cell of the table in the docs
//! of `exchange_transport::retry`.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

mod venue;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use exchange_transport::{Call, Error, Kind, Operation, Outcome, PaceMode, RetryPolicy};
use kraken_core::pace::Tier;
use kraken_core::{ClientBuilder, Core, Scheme};
use venue::{ADD_ORDER, BALANCE, Fate, Fault, KEY, SECRET, Venue};

type Texts = HashMap<String, String>;

/// As by default, but with waits for a test.
const POLICY: RetryPolicy = RetryPolicy {
    attempts: 4,
    nonce_repeats: 3,
    base_wait: Duration::from_millis(2),
    max_wait: Duration::from_millis(5),
};

/// Longer than any answer takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(30);

fn core(url: &str, timeout: Duration) -> Core {
    ClientBuilder::new(Scheme::Body, url)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .api_key(KEY, SECRET)
        .retry(POLICY)
        .timeout(timeout)
        .build()
        .unwrap()
}

fn call(operation: &'static Operation) -> Call {
    let mut call = Call::new(operation);
    if operation.id == "addOrder" {
        call.body(&HashMap::from([("cl_ord_id", "THE-ORDER")]))
            .unwrap();
    }
    call
}

/// What comes of a call: how many requests the venue saw, and either nothing
/// more, if it succeeded, or what its error says.
#[derive(Debug, PartialEq)]
struct Seen {
    requests: u64,
    failed: Option<(Kind, Outcome, u32)>,
}

const fn served(requests: u64) -> Seen {
    Seen {
        requests,
        failed: None,
    }
}

const fn failed(requests: u64, kind: Kind, outcome: Outcome, attempts: u32) -> Seen {
    Seen {
        requests,
        failed: Some((kind, outcome, attempts)),
    }
}

fn seen(requests: u64, result: Result<Texts, Error>) -> Seen {
    Seen {
        requests,
        failed: result
            .err()
            .map(|error| (error.kind(), error.outcome(), error.attempts())),
    }
}

/// One call to a venue with which `times` requests have this fault.
async fn make(operation: &'static Operation, fault: Fault, times: u64) -> Seen {
    let timeout = match fault {
        Fault::Silence { .. } | Fault::SlowBody { .. } => Duration::from_millis(300),
        _ => PATIENCE,
    };
    let venue = Venue::start(move |number| {
        if number < times {
            Fate::fault(fault.clone())
        } else {
            Fate::NONE
        }
    })
    .await;
    let result = core(&venue.url, timeout)
        .call::<Texts>(call(operation))
        .await;
    let books = venue.books();
    let placed = books.orders.get("THE-ORDER").copied().unwrap_or(0);
    match &result {
        Ok(_) if operation.id == "addOrder" => assert_eq!(placed, 1),
        Err(error) if error.outcome() == Outcome::NotExecuted => assert_eq!(placed, 0),
        _ => assert!(placed <= 1),
    }
    seen(books.requests, result)
}

fn answer(status: u16, headers: &'static str, body: &str) -> Fault {
    Fault::Answer {
        executed: status != 200,
        status,
        headers,
        body: body.to_owned(),
    }
}

fn message(message: &str) -> Fault {
    answer(200, "", &format!(r#"{{"error":["{message}"]}}"#))
}

const EVER: u64 = u64::MAX;

/// For each fault three tests: a read that meets it for ever, a read that
/// meets it once, an order that meets it for ever.
macro_rules! rows {
    ($($name:ident: $fault:expr, read: $read:expr, read_once: $once:expr, order: $order:expr;)*) => {
        $(mod $name {
            use super::*;
            use Kind::*;
            use Outcome::*;

            #[tokio::test]
            async fn read() {
                assert_eq!(make(&BALANCE, $fault, EVER).await, $read);
            }

            #[tokio::test]
            async fn read_that_meets_it_once() {
                assert_eq!(make(&BALANCE, $fault, 1).await, $once);
            }

            #[tokio::test]
            async fn order() {
                assert_eq!(make(&ADD_ORDER, $fault, EVER).await, $order);
            }
        })*
    };
}

rows! {
    reset_before_it_was_read: Fault::ResetUnread,
        read: failed(4, Transport, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, Transport, Unknown, 1);
    reset_after_it_was_read: Fault::Reset { executed: true },
        read: failed(4, Transport, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, Transport, Unknown, 1);
    no_answer: Fault::Silence { executed: true },
        read: failed(4, Timeout, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, Timeout, Unknown, 1);
    slow_body: Fault::SlowBody { executed: true },
        read: failed(4, Timeout, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, Timeout, Unknown, 1);
    cut_body: Fault::CutBody { executed: true },
        read: failed(4, Transport, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, Transport, Unknown, 1);
    gateway_page: answer(502, "", "<html><title>502 Bad gateway</title></html>"),
        read: failed(4, Unavailable, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, Unavailable, Unknown, 1);
    too_many_requests: answer(429, "", ""),
        read: failed(4, RateLimit, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, RateLimit, Unknown, 1);
    too_many_requests_for_now: answer(429, "retry-after: 0\r\n", ""),
        read: failed(4, RateLimit, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, RateLimit, Unknown, 1);
    // There is no use in waiting past the deadline.
    too_many_requests_for_long: answer(429, "retry-after: 7200\r\n", ""),
        read: failed(1, RateLimit, NotExecuted, 1),
        read_once: failed(1, RateLimit, NotExecuted, 1),
        order: failed(1, RateLimit, Unknown, 1);
    throttled: message("EService: Throttled: 1"),
        read: failed(4, RateLimit, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, RateLimit, NotExecuted, 1);
    rate_limited: message("EAPI:Rate limit exceeded"),
        read: failed(4, RateLimit, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, RateLimit, NotExecuted, 1);
    invalid_nonce: message("EAPI:Invalid nonce"),
        read: failed(4, Nonce, NotExecuted, 4),
        read_once: served(2),
        order: failed(4, Nonce, Unknown, 4);
    unavailable: message("EService:Unavailable"),
        read: failed(4, Unavailable, NotExecuted, 4),
        read_once: served(2),
        order: failed(1, Unavailable, Unknown, 1);
    // Trouble that does not pass is told at once.
    refused_for_good: message("EGeneral:Permission denied"),
        read: failed(1, Permission, NotExecuted, 1),
        read_once: failed(1, Permission, NotExecuted, 1),
        order: failed(1, Permission, NotExecuted, 1);
}

#[tokio::test]
async fn an_order_whose_nonce_was_refused_once_is_placed_once() {
    let seen = make(&ADD_ORDER, message("EAPI:Invalid nonce"), 1).await;
    assert_eq!(seen, served(2));
}

/// No connection comes about, so nothing can have been executed.
#[tokio::test]
async fn a_refused_connection_is_tried_again_for_every_call() {
    for operation in [&BALANCE, &ADD_ORDER] {
        // Bound, so that nobody else listens there, and not listening.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let free = socket.local_addr().unwrap();
        let attempts = std::sync::Arc::new(Attempts::default());
        let core: Core = ClientBuilder::new(Scheme::Body, &format!("http://{free}"))
            .pace_modes(PaceMode::Off, PaceMode::Off)
            .api_key(KEY, SECRET)
            .retry(POLICY)
            .observer(attempts.clone())
            .build()
            .unwrap();
        let error = core.call::<Texts>(call(operation)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome(), error.attempts()),
            (Kind::Transport, Outcome::NotExecuted, 0)
        );
        assert!(error.is_retryable());
        assert_eq!(*attempts.0.lock().unwrap(), [true, true, true, false]);
    }
}

/// Whether each attempt was to be followed by another.
#[derive(Default)]
struct Attempts(std::sync::Mutex<Vec<bool>>);

impl exchange_transport::Observer for Attempts {
    fn on_attempt(&self, report: &exchange_transport::AttemptReport<'_>) {
        let mut attempts = self.0.lock().unwrap();
        assert_eq!(report.attempt as usize, attempts.len() + 1);
        attempts.push(report.repeat_in.is_some());
    }
}

#[tokio::test]
async fn the_wait_that_the_venue_names_is_kept() {
    let venue = Venue::start(|number| match number {
        0 => Fate::fault(answer(429, "retry-after: 1\r\n", "")),
        _ => Fate::NONE,
    })
    .await;
    let start = Instant::now();
    core(&venue.url, PATIENCE)
        .call::<Texts>(call(&BALANCE))
        .await
        .unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(venue.books().requests, 2);
}

#[tokio::test]
async fn a_deadline_ends_attempts_and_repeats() {
    for (operation, outcome) in [
        (&BALANCE, Outcome::NotExecuted),
        (&ADD_ORDER, Outcome::Unknown),
    ] {
        let venue = Venue::start(|_| Fate::fault(Fault::Silence { executed: true })).await;
        let core = core(&venue.url, PATIENCE).within(Duration::from_millis(100));
        let start = Instant::now();
        let error = core.call::<Texts>(call(operation)).await.unwrap_err();
        assert!(start.elapsed() < PATIENCE / 2);
        assert_eq!(
            (error.kind(), error.outcome(), error.attempts()),
            (Kind::Timeout, outcome, 1)
        );
    }
}

#[tokio::test]
async fn a_call_that_waits_too_long_in_the_queue_was_not_sent() {
    let venue = Venue::start(|_| Fate::fault(Fault::Silence { executed: false })).await;
    let core = core(&venue.url, Duration::from_millis(300));
    let first = tokio::spawn({
        let core = core.clone();
        async move { core.call::<Texts>(call(&ADD_ORDER)).await }
    });
    while venue.books().requests == 0 {
        tokio::task::yield_now().await;
    }
    let second = core.within(Duration::from_millis(20));
    let error = second.call::<Texts>(call(&ADD_ORDER)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (Kind::Timeout, Outcome::NotExecuted, 0)
    );
    first.await.unwrap().unwrap_err();
    assert_eq!(venue.books().requests, 1);
}

/// The limit of a new account is 15 calls, and some room is kept free.
#[tokio::test]
async fn a_full_counter_is_told_before_anything_is_sent() {
    let venue = Venue::start(|_| Fate::NONE).await;
    let short = PaceMode::Wait {
        max_wait: Duration::from_millis(10),
    };
    let core: Core = ClientBuilder::new(Scheme::Body, &venue.url)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .api_key(KEY, SECRET)
        .tier(Tier::Starter)
        .pace_modes(short, PaceMode::Report)
        .build()
        .unwrap();
    let mut sent = 0;
    let error = loop {
        match core.call::<Texts>(call(&BALANCE)).await {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!((10..=15).contains(&sent), "{sent}");
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (Kind::RateLimit, Outcome::NotExecuted, 0)
    );
    assert!(error.retry_after().unwrap() > Duration::from_millis(10));
    // Orders count elsewhere, and never wait by default.
    core.call::<Texts>(call(&ADD_ORDER)).await.unwrap();
    assert_eq!(venue.books().requests, sent + 1);
}
