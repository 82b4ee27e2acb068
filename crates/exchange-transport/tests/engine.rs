//! The stations of a call: the rate limit's model, the queue, the nonce, and
//! who is told about it.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

mod server;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use exchange_auth::{NonceError, NonceHold, NonceSource};
use exchange_transport::{
    Access, Answer, Answered, AttemptReport, Call, CallFacts, CounterState, Effect, Engine,
    EngineConfig, Error, InFlight, Kind, Observer, Operation, Outcome, Pace, PaceMode, Pacer,
    Permission, Prepared, RawAnswer, Reservation, RetryPolicy, Severity, VendorMessage, Venue,
};
use http::Method;
use http::header::HeaderMap;
use server::{Reaction, Server};

const PRIVATE: Operation = Operation {
    api: "test",
    id: "read",
    rust_method: "read",
    method: Method::POST,
    path: "/read",
    access: Access::Private,
    permission: Permission::NotNeeded,
    effect: Effect::Read,
    pace: Pace {
        counter: "calls",
        cost: 1,
    },
    answer: Answer::Bare,
};
static READ: Operation = PRIVATE;
static ORDER: Operation = Operation {
    id: "order",
    effect: Effect::Order,
    ..PRIVATE
};
static PUBLIC: Operation = Operation {
    id: "public",
    access: Access::Public,
    ..PRIVATE
};

/// A venue whose answers are values, with a remark beside them if they say so.
struct Plain;

impl Venue for Plain {
    fn prepare(
        &self,
        call: &Call,
        path_and_query: String,
        nonce: Option<u64>,
    ) -> Result<Prepared, Error> {
        Ok(Prepared {
            method: call.operation().method.clone(),
            path_and_query,
            headers: HeaderMap::new(),
            body: Bytes::from(nonce.map_or_else(String::new, |nonce| nonce.to_string())),
            content_type: None,
        })
    }

    fn read(&self, operation: &'static Operation, raw: RawAnswer) -> Result<Answered, Error> {
        if !raw.status.is_success() {
            return Err(Error::new(Kind::Unavailable)
                .with_status(raw.status.as_u16())
                .with_attempts(1)
                .with_outcome(Outcome::Unknown)
                .with_retryable(true));
        }
        let warnings = match &raw.body[..] {
            b"remark" => vec![VendorMessage {
                severity: Severity::Warning,
                category: String::new(),
                text: "remark".to_owned(),
                detail: None,
                raw: "remark".to_owned(),
            }],
            _ => Vec::new(),
        };
        Ok(Answered {
            operation,
            value: Some(raw.body.clone()),
            warnings,
            status: raw.status.as_u16(),
            attempts: 1,
            body: raw.body,
        })
    }
}

#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl NonceSource for Counting {
    fn next(&self) -> Result<u64, NonceError> {
        Ok(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Asks for the waits it is given, one after the other, and writes down what
/// it is told.
#[derive(Debug, Default)]
struct Script {
    waits: Mutex<Vec<Duration>>,
    /// What is left of the waits, each time it is asked; by itself what is
    /// left until a call is due.
    more: Mutex<Vec<Duration>>,
    events: Mutex<Vec<String>>,
}

impl Script {
    fn waits(waits: impl IntoIterator<Item = u64>) -> Arc<Self> {
        Arc::new(Self {
            waits: Mutex::new(waits.into_iter().map(Duration::from_millis).collect()),
            ..Self::default()
        })
    }

    fn note(&self, event: impl Into<String>) {
        self.events.lock().unwrap().push(event.into());
    }

    fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }
}

impl Pacer for Script {
    fn reserve(&self, call: &CallFacts<'_>, mode: PaceMode, _now: Instant) -> Reservation {
        let mut waits = self.waits.lock().unwrap();
        let wait = match waits.len() {
            0 => Duration::ZERO,
            _ => waits.remove(0),
        };
        let granted = match mode {
            PaceMode::Wait { max_wait } => wait <= max_wait,
            PaceMode::Off | PaceMode::Report => true,
        };
        let verdict = if granted { "granted" } else { "refused" };
        let mode = match mode {
            PaceMode::Off => "off",
            PaceMode::Report => "report",
            PaceMode::Wait { .. } => "wait",
        };
        self.note(format!("{} {mode} {verdict}", call.operation.id));
        Reservation {
            wait,
            granted,
            ..Reservation::at_once("calls")
        }
    }

    fn release(&self, _call: &CallFacts<'_>, _reservation: &Reservation, _now: Instant) {
        self.note("released");
    }

    fn still_to_wait(
        &self,
        _call: &CallFacts<'_>,
        _reservation: &Reservation,
        due: Instant,
        now: Instant,
    ) -> Duration {
        let mut more = self.more.lock().unwrap();
        match more.len() {
            0 => due.saturating_duration_since(now),
            _ => more.remove(0),
        }
    }

    fn sent(&self, call: &CallFacts<'_>, _reservation: &Reservation, _now: Instant) {
        self.note(format!("{} sent", call.operation.id));
    }

    fn learn(&self, _call: &CallFacts<'_>, result: Result<Option<&Bytes>, &Error>, _now: Instant) {
        match result {
            Ok(value) => self.note(String::from_utf8_lossy(value.unwrap())),
            Err(error) => self.note(format!("{:?}", error.kind())),
        }
    }

    fn state(&self, _now: Instant) -> Vec<CounterState> {
        vec![CounterState {
            counter: "calls".to_owned(),
            used: 1,
            limit: 2,
            wait: Duration::ZERO,
        }]
    }
}

fn config(url: &str) -> EngineConfig {
    EngineConfig {
        retry: RetryPolicy {
            base_wait: Duration::from_millis(1),
            ..RetryPolicy::default()
        },
        ..EngineConfig::new(url)
    }
}

fn engine(config: EngineConfig) -> Engine {
    with_nonces(config, Counting::default())
}

fn with_nonces(config: EngineConfig, nonces: impl NonceSource + 'static) -> Engine {
    let engine = Engine::new(config).unwrap();
    engine.with_key("KEY", Arc::new(nonces)).unwrap()
}

fn paced(url: &str, pacer: &Arc<Script>) -> Engine {
    engine(EngineConfig {
        pacer: Some(pacer.clone()),
        ..config(url)
    })
}

async fn run(engine: &Engine, operation: &'static Operation) -> Result<Answered, Error> {
    engine.run(&Plain, &Call::new(operation), None).await
}

#[tokio::test]
async fn a_read_waits_for_room_and_the_model_learns_what_came() {
    let server = Server::start([Reaction::ok("value")]).await;
    for operation in [&READ, &PUBLIC] {
        let pacer = Script::waits([60]);
        let engine = paced(&server.url, &pacer);
        let start = Instant::now();
        run(&engine, operation).await.unwrap();
        assert!(start.elapsed() >= Duration::from_millis(60));
        let granted = format!("{} wait granted", operation.id);
        let sent = format!("{} sent", operation.id);
        assert_eq!(pacer.events(), [&granted, &sent, "value"]);
        assert_eq!(engine.pace().len(), 1);
    }
}

#[tokio::test]
async fn an_order_does_not_wait_by_default() {
    let server = Server::start([Reaction::ok("value")]).await;
    let pacer = Script::waits([3_600_000]);
    run(&paced(&server.url, &pacer), &ORDER).await.unwrap();
    assert_eq!(
        pacer.events(),
        ["order report granted", "order sent", "value"]
    );
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_an_error_that_says_until_when() {
    let server = Server::start([Reaction::ok("value")]).await;
    let pacer = Script::waits([10_001]);
    let error = run(&paced(&server.url, &pacer), &READ).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (Kind::RateLimit, Outcome::NotExecuted, 0)
    );
    assert_eq!(error.retry_after(), Some(Duration::from_millis(10_001)));
    assert!(error.is_retryable());
    let text = error.to_string();
    assert!(text.contains("`calls`") && text.contains("11 s"), "{text}");
    assert_eq!(pacer.events(), ["read wait refused"]);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn no_wait_goes_past_the_deadline() {
    let server = Server::start([Reaction::ok("value")]).await;
    let pacer = Script::waits([2_000]);
    let engine = paced(&server.url, &pacer);
    let start = Instant::now();
    let call = Call::new(&READ);
    let result = engine
        .run(&Plain, &call, Some(Duration::from_millis(1_500)))
        .await;
    assert_eq!(result.unwrap_err().kind(), Kind::RateLimit);
    assert!(start.elapsed() < Duration::from_millis(1_500));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_model_that_is_switched_off_is_not_asked() {
    let server = Server::start([Reaction::ok("value")]).await;
    let pacer = Script::waits([3_600_000]);
    let engine = engine(EngineConfig {
        pacer: Some(pacer.clone()),
        pace_reads: PaceMode::Off,
        ..config(&server.url)
    });
    run(&engine, &READ).await.unwrap();
    assert!(pacer.events().is_empty());
}

#[tokio::test]
async fn each_attempt_is_counted() {
    let server = Server::start([
        Reaction::answer(502, "", ""),
        Reaction::Close,
        Reaction::ok("value"),
    ])
    .await;
    let pacer = Script::waits([]);
    let answered = run(&paced(&server.url, &pacer), &READ).await.unwrap();
    assert_eq!(answered.attempts, 3);
    let (granted, sent) = ("read wait granted", "read sent");
    assert_eq!(
        pacer.events(),
        [
            granted,
            sent,
            "Unavailable",
            granted,
            sent,
            "Transport",
            granted,
            sent,
            "value"
        ]
    );
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_gives_its_room_back() {
    let server = Server::start([Reaction::ok("value")]).await;
    let pacer = Script::waits([5_000]);
    let engine = paced(&server.url, &pacer);
    let call = Call::new(&READ);
    let soon = Duration::from_millis(20);
    let dropped = tokio::time::timeout(soon, engine.run(&Plain, &call, None)).await;
    assert!(dropped.is_err());
    assert_eq!(pacer.events(), ["read wait granted", "released"]);
    run(&engine, &READ).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

/// What was free when it was counted may have been used up meanwhile.
#[tokio::test]
async fn a_call_that_was_held_up_in_the_queue_may_have_to_wait_again() {
    let server = Server::start([Reaction::Silence, Reaction::ok("value")]).await;
    let pacer = Script::waits([]);
    let engine = Arc::new(paced(&server.url, &pacer));
    let first = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move {
            let limit = Some(Duration::from_millis(300));
            engine.run(&Plain, &Call::new(&ORDER), limit).await
        }
    });
    while server.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let more = Duration::from_millis(50);
    // As soon as it is in the queue, and then for ever.
    *pacer.more.lock().unwrap() = vec![Duration::ZERO, more];
    let start = Instant::now();
    run(&engine, &READ).await.unwrap();
    assert_eq!(first.await.unwrap().unwrap_err().kind(), Kind::Timeout);
    assert!(start.elapsed() >= Duration::from_millis(250) + more);
    assert_eq!(
        pacer.events(),
        [
            "order report granted",
            "order sent",
            "read wait granted",
            "Timeout",
            "read sent",
            "value"
        ]
    );
}

#[tokio::test]
async fn a_wait_that_grows_too_long_is_an_error() {
    let server = Server::start([Reaction::ok("value")]).await;
    let pacer = Script::waits([20]);
    let engine = paced(&server.url, &pacer);
    *pacer.more.lock().unwrap() = vec![Duration::from_millis(20), Duration::from_secs(11)];
    let error = run(&engine, &READ).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (Kind::RateLimit, Outcome::NotExecuted, 0)
    );
    assert_eq!(error.retry_after(), Some(Duration::from_secs(11)));
    assert_eq!(pacer.events(), ["read wait granted", "released"]);
    assert!(server.requests().is_empty());
}

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Observer for Seen {
    fn on_attempt(&self, report: &AttemptReport<'_>) {
        let result = match report.result {
            Ok(warnings) => format!("{} remarks", warnings.len()),
            Err(error) => format!("{:?} {:?}", error.kind(), error.outcome()),
        };
        self.0.lock().unwrap().push(format!(
            "{} {} {:?} {result}{}",
            report.operation.id,
            report.attempt,
            report.status,
            if report.repeat_in.is_some() {
                ", again"
            } else {
                ""
            },
        ));
    }
}

#[tokio::test]
async fn every_attempt_is_told() {
    let server = Server::start([
        Reaction::answer(502, "", ""),
        Reaction::Close,
        Reaction::ok("remark"),
        Reaction::answer(502, "", ""),
    ])
    .await;
    let seen = Arc::new(Seen::default());
    let engine = engine(EngineConfig {
        observer: Some(seen.clone()),
        ..config(&server.url)
    });
    run(&engine, &READ).await.unwrap();
    run(&engine, &ORDER).await.unwrap_err();
    assert_eq!(
        *seen.0.lock().unwrap(),
        [
            "read 1 Some(502) Unavailable NotExecuted, again",
            "read 2 None Transport NotExecuted, again",
            "read 3 Some(200) 1 remarks",
            "order 1 Some(502) Unavailable Unknown",
        ]
    );
}

/// Blocks the thread it is asked on.
#[derive(Debug)]
struct Slow;

impl NonceSource for Slow {
    fn next(&self) -> Result<u64, NonceError> {
        std::thread::sleep(Duration::from_millis(100));
        Ok(1)
    }

    fn may_block(&self) -> bool {
        true
    }
}

/// The runtime of this test has one thread.
#[tokio::test]
async fn a_nonce_source_that_blocks_does_not_block_the_runtime() {
    let server = Server::start([Reaction::ok("value")]).await;
    let engine = with_nonces(config(&server.url), Slow);
    let mut call = Box::pin(run(&engine, &READ));
    let mut turns = 0;
    while poll_once(&mut call).await.is_none() {
        turns += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(turns > 10, "{turns}");
}

/// Polls once.
async fn poll_once<T>(call: &mut std::pin::Pin<Box<impl Future<Output = T>>>) -> Option<T> {
    std::future::poll_fn(|context| match call.as_mut().poll(context) {
        std::task::Poll::Ready(value) => std::task::Poll::Ready(Some(value)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

/// Knows how many of its nonces are held.
#[derive(Debug, Default)]
struct Holding(Arc<AtomicU64>);

#[derive(Debug)]
struct Hold(Arc<AtomicU64>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl NonceSource for Holding {
    fn next(&self) -> Result<u64, NonceError> {
        Ok(1)
    }

    fn next_held(&self) -> Result<(u64, NonceHold), NonceError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok((1, NonceHold::new(Hold(Arc::clone(&self.0)))))
    }
}

#[tokio::test]
async fn others_get_no_nonce_until_the_answer_if_one_may_be_in_flight() {
    for (in_flight, held_while_unanswered) in [(1, 1), (2, 0)] {
        let server = Server::start([Reaction::Silence, Reaction::ok("value")]).await;
        let held = Arc::new(AtomicU64::new(0));
        let config = EngineConfig {
            in_flight: InFlight::new(in_flight).unwrap(),
            ..config(&server.url)
        };
        let engine = Arc::new(with_nonces(config, Holding(Arc::clone(&held))));
        let unanswered = tokio::spawn({
            let engine = Arc::clone(&engine);
            async move { run(&engine, &ORDER).await.map(drop) }
        });
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(held.load(Ordering::Relaxed), held_while_unanswered);
        unanswered.abort();
        assert!(unanswered.await.unwrap_err().is_cancelled());
        assert_eq!(held.load(Ordering::Relaxed), 0);
        run(&engine, &ORDER).await.unwrap();
        assert_eq!(held.load(Ordering::Relaxed), 0);
    }
}

/// An answer that takes too long does not stop other processes.
#[tokio::test]
async fn a_hold_ends_before_others_lose_their_patience() {
    let server = Server::start([Reaction::Silence]).await;
    let held = Arc::new(AtomicU64::new(0));
    let engine = with_nonces(config(&server.url), Holding(Arc::clone(&held)));
    let start = Instant::now();
    let call = tokio::spawn(async move { run(&engine, &ORDER).await.map(drop) });
    while held.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    while held.load(Ordering::Relaxed) == 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let held_for = start.elapsed();
    assert!(held_for > Duration::from_secs(1) && held_for < Duration::from_secs(4));
    assert!(!call.is_finished());
    call.abort();
}

#[derive(Debug, Default)]
struct PanicsOnce(AtomicU64);

impl NonceSource for PanicsOnce {
    fn next(&self) -> Result<u64, NonceError> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        assert!(before > 0, "as this test wants it");
        Ok(before)
    }

    fn may_block(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_nonce_source_that_panics_fails_one_call_and_not_the_queue() {
    let server = Server::start([Reaction::ok("value")]).await;
    let engine = with_nonces(config(&server.url), PanicsOnce::default());
    let error = run(&engine, &ORDER).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (Kind::Nonce, Outcome::NotExecuted, 0)
    );
    run(&engine, &ORDER).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn settings_that_can_not_work_are_refused() {
    let good = || EngineConfig::new("https://api.example.com");
    Engine::new(good()).unwrap();
    for bad in [
        EngineConfig {
            deadline: Duration::ZERO,
            ..good()
        },
        EngineConfig {
            retry: RetryPolicy {
                attempts: 0,
                ..RetryPolicy::default()
            },
            ..good()
        },
    ] {
        assert_eq!(Engine::new(bad).unwrap_err().kind(), Kind::Configuration);
    }
    let clear = Engine::new(EngineConfig::new("http://api.example.com")).unwrap();
    let error = clear.with_key("KEY", Arc::new(Slow)).unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
}
