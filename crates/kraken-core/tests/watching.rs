//! What can be seen of a call from outside: log events, and the body of an
//! answer that could not be decoded. And what can't: secrets.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

mod venue;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use exchange_auth::Credentials;
use exchange_transport::{Call, Error, Kind, Operation, PaceMode, RetryPolicy};
use http::Method;
use kraken_core::{ClientBuilder, Core, Scheme};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use venue::{ADD_ORDER, BALANCE, Fate, Fault, KEY, SECRET, Venue};

type Texts = HashMap<String, String>;

const PASSWORD: &str = "hunter2";

fn builder(url: &str) -> ClientBuilder<Core> {
    listen();
    let credentials = Credentials::new(KEY, SECRET).unwrap().with_otp(PASSWORD);
    ClientBuilder::new(Scheme::Body, url)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .credentials(credentials)
        .retry(RetryPolicy {
            base_wait: Duration::from_millis(1),
            ..RetryPolicy::default()
        })
}

/// Everything that is told, whatever its level and from whatever crate.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

thread_local! {
    /// The log of the test that runs in this thread, if it wants one.
    static LOG: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Writes down what is told in a thread in the log of its test.
struct Listener;

/// There is one listener for all tests, before the first call is made. With
/// one for each, a test could come to a place that tells something while
/// another one begins to listen, and the place would keep silent to both.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Listener).unwrap());
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Log {
    fn add(&self, kind: &str, metadata: &Metadata<'_>, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{} {kind} {}", metadata.level(), metadata.target()));
        record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    /// Writes down what is told in this thread from now on.
    fn start() -> Self {
        let log = Self::default();
        LOG.set(Some(log.clone()));
        log
    }

    fn stop() {
        LOG.set(None);
    }

    /// The lines of this project's own crates.
    fn own(&self) -> Vec<String> {
        let own = |line: &&String| line.contains("exchange_") || line.contains("kraken_");
        self.0.lock().unwrap().iter().filter(own).cloned().collect()
    }
}

impl Listener {
    fn tell(kind: &str, metadata: &Metadata<'_>, record: impl FnOnce(&mut Line)) {
        if let Some(log) = LOG.with_borrow(Clone::clone) {
            log.add(kind, metadata, record);
        }
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        Self::tell("span", span.metadata(), |line| span.record(line));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        if let Some(log) = LOG.with_borrow(Clone::clone) {
            log.0.lock().unwrap().push(line.0);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        Self::tell("event", event.metadata(), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn answer(status: u16, body: &str) -> Fault {
    Fault::Answer {
        executed: false,
        status,
        headers: "",
        body: body.to_owned(),
    }
}

#[tokio::test]
async fn the_log_tells_what_happened_and_no_secret() {
    let venue = Venue::start(|number| match number {
        0 => Fate::fault(answer(502, "PAGE")),
        1 => Fate::fault(answer(
            200,
            r#"{"error":["WDatabase:No change"],"result":{}}"#,
        )),
        2 => Fate::fault(answer(200, r#"{"error":[],"result":{"a":[1]}}"#)),
        _ => Fate::fault(Fault::Reset { executed: false }),
    })
    .await;
    let core = builder(&venue.url).build().unwrap();
    let log = Log::start();
    let mut order = Call::new(&ADD_ORDER);
    order.query("account_id", "AA88-ACCOUNT");
    core.call::<Texts>(Call::new(&BALANCE)).await.unwrap();
    let undecoded = core.call::<Texts>(order.clone()).await.unwrap_err();
    let reset = core.call::<Texts>(order).await.unwrap_err();
    Log::stop();

    let lines = log.own();
    let expect = |parts: &[&str]| {
        let found = lines
            .iter()
            .any(|line| parts.iter().all(|part| line.contains(part)));
        assert!(found, "{parts:?} in {lines:#?}");
    };
    expect(&[
        "INFO span",
        "api=\"kraken-spot\"",
        "operation=\"getAccountBalance\"",
    ]);
    expect(&[
        "attempt=1",
        "status=502",
        "kind=Unavailable",
        "repeat_in_ms",
        "queue_ms",
    ]);
    expect(&[
        "DEBUG event",
        "attempt=2",
        "status=200",
        "elapsed_ms",
        "pace_ms",
    ]);
    expect(&["WARN event", "WDatabase:No change"]);
    expect(&["operation=\"addOrder\"", "kind=Decode"]);
    expect(&[
        "operation=\"addOrder\"",
        "status=0",
        "kind=Transport",
        "outcome=Unknown",
    ]);

    let mut all = log.0.lock().unwrap().clone();
    for error in [undecoded, reset] {
        all.push(format!("{error} {error:?}"));
    }
    for line in &all {
        for hidden in [KEY, SECRET, PASSWORD, "api-sign", "AA88-ACCOUNT"] {
            assert!(!line.contains(hidden), "{line}");
        }
    }
}

#[tokio::test]
async fn a_wrong_clock_is_told_once_and_calls_go_on() {
    let venue = Venue::start(|_| {
        Fate::fault(Fault::Answer {
            executed: true,
            status: 200,
            headers: "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
            body: r#"{"error":[],"result":{}}"#.to_owned(),
        })
    })
    .await;
    let core = builder(&venue.url).build().unwrap();
    let log = Log::start();
    for _ in 0..3 {
        core.call::<Texts>(Call::new(&BALANCE)).await.unwrap();
    }
    Log::stop();
    let told = |line: &&String| line.contains("clock") && line.contains("direction=\"ahead\"");
    assert_eq!(log.own().iter().filter(told).count(), 1, "{:#?}", log.own());
}

async fn undecoded(operation: &'static Operation, body: &'static str, keep: bool) -> Error {
    let venue = Venue::start(move |_| Fate::fault(answer(200, body))).await;
    let core = builder(&venue.url)
        .keep_raw_on_decode_error(keep)
        .build()
        .unwrap();
    let error = core.call::<Texts>(Call::new(operation)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Decode);
    error
}

#[tokio::test]
async fn the_body_of_an_answer_that_can_not_be_decoded_is_kept_on_demand() {
    for body in [
        // What can't be read at all, and a value of the wrong shape.
        r#"{"error":[],"result":{"a":"HUSH"#,
        r#"{"error":[],"result":{"a":[1],"b":"HUSH"}}"#,
    ] {
        let kept = undecoded(&BALANCE, body, true).await;
        assert_eq!(kept.raw_body().unwrap(), body);
        assert!(!format!("{kept:?}").contains("raw_body"), "{kept:?}");
        assert_eq!(undecoded(&BALANCE, body, false).await.raw_body(), None);
    }
}

#[tokio::test]
async fn the_body_of_an_answer_with_a_token_is_never_kept() {
    static TOKEN: Operation = Operation {
        id: "getWebsocketsToken",
        rust_method: "get_websockets_token",
        method: Method::POST,
        ..venue::PRIVATE
    };
    let error = undecoded(&TOKEN, r#"{"error":[],"result":["HUSH"]}"#, true).await;
    assert_eq!(error.raw_body(), None);
}
