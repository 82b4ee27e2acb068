//! Hours of calls through the whole client, as its users make them: it waits
//! for room, stands in the queue of its key, sends, and hears from a venue on
//! loopback that enforces its limits.
//!
//! The clock is the paused one of tokio, which jumps to the next timer
//! whenever nothing else is left to do. Data on its way through the system's
//! sockets does not count as something to do, so the jumps are held up from
//! the moment a call takes its nonce until its answer is there. The time that
//! it is on its way is added by the venue.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use exchange_auth::{ClockNonce, NonceError, NonceSource};
use exchange_transport::{AttemptReport, Call, Error, Kind, Observer, PaceMode, RetryPolicy};
use kraken_core::pace::Tier;
use kraken_core::{ClientBuilder, Core, Scheme};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep};

use crate::simulation::{Batches, Dice, HOUR, Reads, Scenario, Step, TIERS, Trading, VenueCounter};

/// Keeps the clock from jumping while calls are under way.
#[derive(Debug, Default)]
struct Jumps {
    held_up: Mutex<Vec<mpsc::Sender<()>>>,
}

#[derive(Debug)]
struct Nonces(Arc<Jumps>);

impl NonceSource for Nonces {
    fn next(&self) -> Result<u64, NonceError> {
        // The clock does not jump while a blocking task runs.
        let (end, ended) = mpsc::channel();
        tokio::task::spawn_blocking(move || ended.recv());
        self.0.held_up.lock().unwrap().push(end);
        ClockNonce.next()
    }
}

impl Observer for Jumps {
    fn on_attempt(&self, report: &AttemptReport<'_>) {
        // Only those that were sent took a nonce.
        if report.status.is_some() {
            self.held_up.lock().unwrap().pop().unwrap();
        }
    }
}

/// What the venue and its users have in common.
struct World<S> {
    scenario: S,
    dice: Dice,
    /// What each client is about to do.
    steps: Vec<Option<Arc<Step>>>,
    start: Instant,
    latency: Duration,
}

type Shared<S> = Arc<Mutex<World<S>>>;

/// For each leg of the way another time.
async fn travel<S>(world: &Shared<S>) {
    let time = {
        let world = &mut *world.lock().unwrap();
        let most = u64::try_from(world.latency.as_micros()).unwrap();
        Duration::from_micros(world.dice.roll(most))
    };
    advance(time).await;
}

async fn venue<S: Scenario + Send + 'static>(world: Shared<S>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(stream, Arc::clone(&world)));
        }
    });
    url
}

async fn serve<S: Scenario>(mut stream: TcpStream, world: Shared<S>) {
    while let Some(body) = request(&mut stream).await {
        travel(&world).await;
        let client = usize::try_from(body["client"].as_u64().unwrap()).unwrap();
        let answer = {
            let world = &mut *world.lock().unwrap();
            let step = world.steps[client].clone().unwrap();
            let time = world.start.elapsed().as_secs_f64();
            match world.scenario.arrives(client, &step, time) {
                Some(result) => format!(r#"{{"error":[],"result":{result}}}"#),
                None if step.operation.pace.counter == "kraken-engine" => {
                    r#"{"error":["EOrder:Rate limit exceeded"]}"#.to_owned()
                }
                None => r#"{"error":["EAPI:Rate limit exceeded"]}"#.to_owned(),
            }
        };
        travel(&world).await;
        let length = answer.len();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{answer}");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

/// The body of the next request; `None` if the client is gone.
async fn request(stream: &mut TcpStream) -> Option<Value> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        // One at a time comes on a connection, so it is whole if it parses.
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n")
            && let Ok(body) = serde_json::from_slice(&bytes[end + 4..])
        {
            return Some(body);
        }
    }
}

/// Does what a client of the scenario does until the time is over.
async fn work<S: Scenario>(core: Core, client: usize, world: Shared<S>, time: Duration) -> Report {
    let mut report = Report::default();
    loop {
        let (step, start) = {
            let world = &mut *world.lock().unwrap();
            let step = Arc::new(world.scenario.next(client, &mut world.dice));
            world.steps[client] = Some(Arc::clone(&step));
            (step, world.start)
        };
        sleep(step.pause).await;
        if start.elapsed() >= time {
            return report;
        }
        let mut body: Value = match step.body.as_str() {
            "" => json!({}),
            body => serde_json::from_str(body).unwrap(),
        };
        body["client"] = json!(client);
        let mut call = Call::new(step.operation);
        call.body(&body).unwrap();
        report.calls += 1;
        let result: Result<Value, Error> = core.call(call).await;
        if let Err(error) = result {
            assert_eq!(error.kind(), Kind::RateLimit, "{error}");
            report.refused += 1;
        }
    }
}

#[derive(Default)]
struct Report {
    calls: usize,
    refused: usize,
    /// The part of what the rules allow.
    used: f64,
}

impl Report {
    fn check(&self, what: &str) {
        let Self {
            calls,
            refused,
            used,
        } = self;
        println!("{what}: {calls} calls, {refused} refused, {used:.4}");
        assert_eq!(*refused, 0);
        assert!(*used >= 0.95, "only {used} of what is allowed");
    }
}

/// Lets clients make calls for a time, through one client of this library.
async fn run<S: Scenario + Send + 'static>(
    scenario: S,
    clients: usize,
    tier: Tier,
    time: Duration,
    latency: Duration,
    used: impl Fn(&S) -> f64,
) -> Report {
    let world = Arc::new(Mutex::new(World {
        scenario,
        dice: Dice(3),
        steps: (0..clients).map(|_| None).collect(),
        start: Instant::now(),
        latency,
    }));
    let url = venue(Arc::clone(&world)).await;
    let jumps = Arc::new(Jumps::default());
    let wait = PaceMode::Wait { max_wait: HOUR };
    let core: Core = ClientBuilder::new(Scheme::Body, &url)
        .api_key("key", "c2VjcmV0")
        .tier(tier)
        .pace_modes(wait, wait)
        .deadline(HOUR)
        // A refusal is told, not repeated.
        .retry(RetryPolicy::NEVER)
        .nonce_source(Nonces(Arc::clone(&jumps)))
        .observer(jumps)
        .build()
        .unwrap();
    let mut working = JoinSet::new();
    for client in 0..clients {
        working.spawn(work(core.clone(), client, Arc::clone(&world), time));
    }
    let mut report = Report::default();
    while let Some(of_client) = working.join_next().await {
        let of_client = of_client.unwrap();
        report.calls += of_client.calls;
        report.refused += of_client.refused;
    }
    report.used = used(&world.lock().unwrap().scenario);
    report
}

#[tokio::test(start_paused = true)]
async fn no_read_is_refused_in_hours() {
    for (tier, (limit, decay), _) in TIERS {
        let reads = Reads {
            venue: VenueCounter::new(limit, decay, true),
            bursts: false,
        };
        let latency = Duration::from_millis(300);
        let used = |reads: &Reads| reads.venue.use_of_allowance();
        let report = run(reads, 8, tier, 2 * HOUR, latency, used).await;
        report.check(&format!("reads, {tier:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn no_change_to_orders_is_refused_in_hours() {
    for (tier, _, (limit, decay)) in TIERS {
        let clients = 60;
        let trading = Trading::new(limit, decay, clients, Batches::OfAddsAndCancels);
        let latency = Duration::from_millis(150);
        let used = |trading: &Trading| {
            let pairs = trading.pairs.iter();
            pairs
                .map(VenueCounter::use_of_allowance)
                .fold(1.0, f64::min)
        };
        let report = run(trading, clients, tier, HOUR, latency, used).await;
        report.check(&format!("changes to orders, {tier:?}"));
    }
}
