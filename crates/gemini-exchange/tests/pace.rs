//! Hours of calls against a venue that enforces the vendor's limits.
//!
//! The venue here is written after the vendor's rules and knows nothing of the model. Calls overtake
//! each other on their way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by them"
)]

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use exchange_transport::{CallFacts, Error, Pacer, Reservation};
use gemini_exchange::pace::GeminiPacer;
use gemini_exchange::{Endpoint, Kind, Limits, PaceMode, operations};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // An xorshift generator.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// So many calls in any stretch of time of this length, in seconds.
struct Bucket {
    calls: usize,
    period: f64,
    accepted: Vec<f64>,
}

impl Bucket {
    const fn new(calls: usize, period: f64) -> Self {
        Self {
            calls,
            period,
            accepted: Vec::new(),
        }
    }

    fn has_room(&self, time: f64) -> bool {
        let recent = self.accepted.iter().rev();
        recent.take_while(|at| time - **at < self.period).count() < self.calls
    }

    /// The part of what `calls` in each `seconds` allow that was used.
    fn use_of(&self, calls: f64, seconds: f64, time: f64) -> f64 {
        let accepted = u32::try_from(self.accepted.len()).unwrap();
        f64::from(accepted) / (time / seconds * calls)
    }
}

/// The vendor's limits: each group by the minute; of a second, five more than its part are held
/// back, and only the sixth is refused. The narrow ones hold nothing back.
struct Venue {
    public: [Bucket; 2],
    private: [Bucket; 2],
    narrow: HashMap<(&'static str, &'static str), Bucket>,
}

impl Venue {
    fn new() -> Self {
        Self {
            public: [Bucket::new(120, 60.0), Bucket::new(2 + 5, 1.0)],
            private: [Bucket::new(600, 60.0), Bucket::new(10 + 5, 1.0)],
            narrow: HashMap::new(),
        }
    }

    fn takes(&mut self, step: &Step, time: f64) -> bool {
        let mut buckets: Vec<&mut Bucket> = match step.name {
            "listSymbols" => self.public.iter_mut().collect(),
            _ => self.private.iter_mut().collect(),
        };
        let narrow = match step.name {
            "listPastTransfers" | "listCustodyFeeTransfers" => Some(("transfers", 5.0)),
            "listDepositAddresses" => Some(("addresses", 2.0)),
            "createNewDepositAddress" => Some(("new address", 2.0)),
            _ => None,
        };
        if let Some((name, period)) = narrow {
            let bucket = self.narrow.entry((name, step.account));
            buckets.push(bucket.or_insert(Bucket::new(1, period)));
        }
        let room = buckets.iter().all(|bucket| bucket.has_room(time));
        if room {
            for bucket in buckets {
                bucket.accepted.push(time);
            }
        }
        room
    }
}

/// What one client does over and over.
struct Step {
    name: &'static str,
    account: &'static str,
    endpoint: &'static Endpoint,
    body: String,
}

fn step(name: &'static str, account: &'static str) -> Step {
    let endpoint = operations()
        .find(|endpoint| endpoint.operation.id == name)
        .unwrap();
    Step {
        name,
        account,
        endpoint,
        body: format!(r#"{{"limit":5,"account":"{account}"}}"#),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Asks,
    Due,
    Arrives,
    Answered,
}

/// Lets each client make its call again and again, and tells how many were refused.
fn run(
    pacer: &GeminiPacer,
    venue: &mut Venue,
    steps: &[Step],
    time: Duration,
    latency: Duration,
) -> usize {
    let mode = PaceMode::Wait {
        max_wait: Duration::from_secs(3600),
    };
    let mut dice = Dice(42);
    let latency = u64::try_from(latency.as_nanos()).unwrap();
    let start = Instant::now();
    let mut reserved: Vec<Option<(Reservation, Duration)>> = vec![None; steps.len()];
    let mut accepted = vec![false; steps.len()];
    let mut agenda: BinaryHeap<_> = (0..steps.len())
        .map(|client| Reverse((Duration::ZERO, client, Event::Asks)))
        .collect();
    let mut refused = 0;
    while let Some(Reverse((at, client, event))) = agenda.pop() {
        if at > time {
            break;
        }
        let now = start + at;
        let travel = Duration::from_nanos(dice.roll(latency));
        let step = &steps[client];
        let facts = CallFacts {
            operation: &step.endpoint.operation,
            path_and_query: "/",
            body: Some(&step.body),
        };
        match event {
            Event::Asks => {
                let reservation = pacer.reserve(&facts, mode, now);
                assert!(reservation.granted);
                let due = at + reservation.wait;
                reserved[client] = Some((reservation, due));
                agenda.push(Reverse((due, client, Event::Due)));
            }
            Event::Due => {
                let (reservation, due) = reserved[client].as_ref().unwrap();
                let wait = pacer.still_to_wait(&facts, reservation, start + *due, now);
                if wait.is_zero() {
                    pacer.sent(&facts, reservation, now);
                    agenda.push(Reverse((at + travel, client, Event::Arrives)));
                } else {
                    agenda.push(Reverse((at + wait, client, Event::Due)));
                }
            }
            Event::Arrives => {
                accepted[client] = venue.takes(step, at.as_secs_f64());
                agenda.push(Reverse((at + travel, client, Event::Answered)));
            }
            Event::Answered => {
                if accepted[client] {
                    pacer.learn(&facts, Ok(None), now);
                } else {
                    refused += 1;
                    pacer.learn(&facts, Err(&Error::new(Kind::RateLimit)), now);
                }
                agenda.push(Reverse((at, client, Event::Asks)));
            }
        }
    }
    refused
}

#[test]
fn busy_clients_that_wait_use_their_rates_and_are_never_refused() {
    let limits = Limits::default();
    let pacer = GeminiPacer::new(&limits).unwrap();
    let mut venue = Venue::new();
    let mut steps = Vec::new();
    for (name, account, clients) in [
        ("listSymbols", "", 3),
        ("getAvailableBalances", "a", 8),
        ("listActiveOrders", "b", 4),
        ("listPastTransfers", "a", 2),
        ("listCustodyFeeTransfers", "a", 2),
        ("listPastTransfers", "b", 2),
        ("listDepositAddresses", "a", 3),
        ("createNewDepositAddress", "a", 2),
    ] {
        steps.extend((0..clients).map(|_| step(name, account)));
    }
    let hour = Duration::from_secs(3600);
    let refused = run(&pacer, &mut venue, &steps, hour, Duration::from_millis(100));
    assert_eq!(refused, 0);

    // Of what is kept to, which is what the vendor advises, and for the narrow limits of what it
    // enforces.
    let time = hour.as_secs_f64();
    let rate = |rate: gemini_exchange::Rate| (f64::from(rate.calls), rate.period.as_secs_f64());
    let (calls, seconds) = rate(limits.public);
    let mut used = vec![("public", venue.public[0].use_of(calls, seconds, time))];
    let (calls, seconds) = rate(limits.private);
    used.push(("private", venue.private[0].use_of(calls, seconds, time)));
    for ((name, account), bucket) in &venue.narrow {
        assert!(!account.is_empty());
        used.push((name, bucket.use_of(1.0, bucket.period, time)));
    }
    assert_eq!(used.len(), 6);
    for (name, used) in used {
        println!("{name}: {used:.4}");
        assert!((0.95..=1.001).contains(&used), "{name}: {used:.3}");
    }
}

#[test]
fn the_model_is_what_keeps_calls_from_being_refused() {
    // Twice the rates: the venue refuses, so the test above could fail.
    let mut limits = Limits::default();
    for rate in [&mut limits.private, &mut limits.transfers] {
        rate.calls *= 4;
    }
    let pacer = GeminiPacer::new(&limits).unwrap();
    let steps: Vec<Step> = (0..40)
        .map(|number| match number % 2 {
            0 => step("getAvailableBalances", "a"),
            _ => step("listPastTransfers", "a"),
        })
        .collect();
    let time = Duration::from_secs(60);
    let refused = run(
        &pacer,
        &mut Venue::new(),
        &steps,
        time,
        Duration::from_millis(100),
    );
    assert!(refused > 0);
}
