//! Hours of calls against venues that enforce their limits.
//!
//! The venues here are written after the vendor's rules and know nothing of
//! the models: they count in floating point, each in its own way.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use exchange_transport::{CallFacts, Operation, PaceMode, Pacer, Reservation};
use kraken_core::pace::{ExternalLimits, ExternalPacer, KrakenPacer, Limits, Tier};

use crate::calls::*;

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        // An xorshift generator.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// A counter as a venue may keep it.
pub(crate) struct VenueCounter {
    limit: f64,
    decay: f64,
    /// Counts down one whole unit at a time, not all the time.
    in_steps: bool,
    level: f64,
    at: f64,
    accepted: f64,
}

impl VenueCounter {
    pub(crate) fn new(limit: f64, decay: f64, in_steps: bool) -> Self {
        Self {
            limit,
            decay,
            in_steps,
            level: 0.0,
            at: 0.0,
            accepted: 0.0,
        }
    }

    /// Whether a call that arrives at this time, in seconds, is accepted.
    fn takes(&mut self, time: f64, cost: f64, beyond_the_limit: bool) -> bool {
        assert!(time >= self.at);
        let decayed = if self.in_steps {
            (time * self.decay).floor() - (self.at * self.decay).floor()
        } else {
            (time - self.at) * self.decay
        };
        self.level = (self.level - decayed).max(0.0);
        self.at = time;
        let room = self.level + cost <= self.limit + 1e-6;
        if room || beyond_the_limit {
            self.level += cost;
            self.accepted += cost;
        }
        room || beyond_the_limit
    }

    /// The part of what the rules allow until now that was used.
    pub(crate) fn use_of_allowance(&self) -> f64 {
        self.accepted / (self.limit + self.decay * self.at)
    }
}

/// One thing a client does.
pub(crate) struct Step {
    pub(crate) operation: &'static Operation,
    pub(crate) body: String,
    /// What it does before.
    pub(crate) pause: Duration,
}

/// Several clients' worth of calls, each made when the one before is answered.
pub(crate) trait Scenario {
    /// The next call of a client.
    fn next(&mut self, client: usize, dice: &mut Dice) -> Step;
    /// What the venue does with it; the text of its answer, or none if it is
    /// refused for lack of room. `time` is in seconds.
    fn arrives(&mut self, client: usize, step: &Step, time: f64) -> Option<String>;
    /// Whether calls arrive in the order in which they leave, as they do with
    /// one in flight. Otherwise they overtake each other.
    fn in_order(&self) -> bool {
        false
    }
}

struct Report {
    calls: usize,
    refused: usize,
}

/// What happens next to a client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Asks,
    Due,
    Arrives,
    Answered,
}

/// Lets `clients` make calls for a simulated time, each through one of the
/// models. Each call takes up to
/// `latency` to the venue, and its answer as long back.
fn run(
    scenario: &mut impl Scenario,
    pacers: &[&dyn Pacer],
    clients: usize,
    time: Duration,
    latency: Duration,
    seed: u64,
) -> Report {
    let mode = PaceMode::Wait {
        max_wait: Duration::from_secs(3600),
    };
    let mut dice = Dice(seed);
    let latency = u64::try_from(latency.as_nanos()).unwrap();
    let start = Instant::now();
    let mut steps: Vec<Step> = (0..clients)
        .map(|client| scenario.next(client, &mut dice))
        .collect();
    let mut reserved: Vec<Option<(Reservation, Duration)>> = vec![None; clients];
    let mut last_arrival = Duration::ZERO;
    let mut answers: Vec<Option<String>> = vec![None; clients];
    let mut agenda: BinaryHeap<_> = steps
        .iter()
        .enumerate()
        .map(|(client, step)| Reverse((step.pause, client, Event::Asks)))
        .collect();
    let mut report = Report {
        calls: 0,
        refused: 0,
    };
    while let Some(Reverse((at, client, event))) = agenda.pop() {
        if at > time {
            break;
        }
        let now = start + at;
        let travel = Duration::from_nanos(dice.roll(latency));
        let step = &steps[client];
        let pacer = pacers[client % pacers.len()];
        let facts: CallFacts<'_> = call(step.operation, &step.body);
        match event {
            Event::Asks => {
                let reservation = pacer.reserve(&facts, mode, now);
                assert!(reservation.granted, "{:?}", reservation.wait);
                let due = at + reservation.wait;
                reserved[client] = Some((reservation, due));
                agenda.push(Reverse((due, client, Event::Due)));
            }
            Event::Due => {
                let (reservation, due) = reserved[client].as_ref().unwrap();
                let wait = pacer.still_to_wait(&facts, reservation, start + *due, now);
                if !wait.is_zero() {
                    agenda.push(Reverse((at + wait, client, Event::Due)));
                    continue;
                }
                pacer.sent(&facts, reservation, now);
                let mut arrival = at + travel;
                if scenario.in_order() {
                    arrival = arrival.max(last_arrival + Duration::from_nanos(1));
                    last_arrival = arrival;
                }
                agenda.push(Reverse((arrival, client, Event::Arrives)));
            }
            Event::Arrives => {
                report.calls += 1;
                answers[client] = scenario.arrives(client, step, at.as_secs_f64());
                agenda.push(Reverse((at + travel, client, Event::Answered)));
            }
            Event::Answered => {
                if let Some(answer) = answers[client].take() {
                    let answer = Bytes::from(answer);
                    pacer.learn(&facts, Ok(Some(&answer)), now);
                } else {
                    report.refused += 1;
                    let category = match step.operation.pace.counter {
                        "kraken-engine" => "Order",
                        _ => "API",
                    };
                    let error = refusal(step.operation, category, "Rate limit exceeded");
                    pacer.learn(&facts, Err(&error), now);
                }
                let next = scenario.next(client, &mut dice);
                agenda.push(Reverse((at + next.pause, client, Event::Asks)));
                steps[client] = next;
            }
        }
    }
    report
}

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A limit, and what decays in a second.
pub(crate) type Rule = (f64, f64);

/// The rules of a tier for calls and for orders.
pub(crate) const TIERS: [(Tier, Rule, Rule); 3] = [
    (Tier::Starter, (15.0, 0.33), (60.0, 1.0)),
    (Tier::Intermediate, (20.0, 0.5), (125.0, 2.34)),
    (Tier::Pro, (20.0, 1.0), (180.0, 3.75)),
];

/// Reads of all costs, one after the other or in bursts.
pub(crate) struct Reads {
    pub(crate) venue: VenueCounter,
    pub(crate) bursts: bool,
}

impl Scenario for Reads {
    fn next(&mut self, _client: usize, dice: &mut Dice) -> Step {
        let operation = match dice.roll(5) {
            0 => &LEDGERS,
            1 => &TRADE_HISTORY,
            _ => &BALANCE,
        };
        let pause = if self.bursts && dice.roll(10) == 0 {
            Duration::from_secs(dice.roll(600))
        } else {
            Duration::ZERO
        };
        Step {
            operation,
            body: String::new(),
            pause,
        }
    }

    fn arrives(&mut self, _client: usize, step: &Step, time: f64) -> Option<String> {
        let cost = if step.operation.id == "getAccountBalance" {
            1.0
        } else {
            2.0
        };
        self.venue.takes(time, cost, false).then(|| "{}".to_owned())
    }
}

#[test]
fn no_read_is_refused_in_half_a_day_of_any_tier() {
    for (tier, (limit, decay), _) in TIERS {
        for in_steps in [false, true] {
            for bursts in [false, true] {
                let mut reads = Reads {
                    venue: VenueCounter::new(limit, decay, in_steps),
                    bursts,
                };
                let pacer = KrakenPacer::new(&Limits::of(tier)).unwrap();
                let latency = Duration::from_millis(990);
                let report = run(&mut reads, &[&pacer], 8, 12 * HOUR, latency, 7);
                let used = reads.venue.use_of_allowance();
                println!(
                    "{tier:?}, steps {in_steps}, bursts {bursts}: {} calls, {} refused, {used:.4}",
                    report.calls, report.refused
                );
                assert!(report.calls > 2_000);
                assert_eq!(report.refused, 0);
                assert!(bursts || used >= 0.95, "only {used} of what is allowed");
            }
        }
    }
}

/// Runs reads with models that expect `tier`, on a venue for Starter.
fn reads_that_are_refused(tier: Tier, models: usize) -> f64 {
    let mut reads = Reads {
        venue: VenueCounter::new(15.0, 0.33, false),
        bursts: false,
    };
    let pacers: Vec<_> = (0..models)
        .map(|_| KrakenPacer::new(&Limits::of(tier)).unwrap())
        .collect();
    let pacers: Vec<&dyn Pacer> = pacers.iter().map(|pacer| pacer as _).collect();
    let latency = Duration::from_millis(500);
    let report = run(&mut reads, &pacers, 12, 12 * HOUR, latency, 7);
    let used = reads.venue.use_of_allowance();
    println!(
        "{models} models for {tier:?}: {} calls, {} refused, {used:.4}",
        report.calls, report.refused
    );
    assert!(used >= 0.95, "only {used} of what is allowed");
    share(report.refused, report.calls)
}

#[expect(clippy::cast_precision_loss, reason = "these are counts of calls")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// Without a model of the same limits calls are refused, so the venue of these
/// tests does enforce them; and the models learn from it.
#[test]
fn what_others_use_of_a_limit_is_learnt() {
    let wrong_tier = reads_that_are_refused(Tier::Pro, 1);
    assert!(wrong_tier > 0.02, "{wrong_tier}");
    assert!(wrong_tier < 0.45, "{wrong_tier}");
    let two_processes = reads_that_are_refused(Tier::Starter, 2);
    assert!(two_processes > 0.02, "{two_processes}");
    assert!(two_processes < 0.45, "{two_processes}");
}

/// An order on the venue.
struct VenueOrder {
    pair: usize,
    since: f64,
}

/// Clients that place orders, change them after a while and cancel them.
pub(crate) struct Trading {
    pub(crate) pairs: Vec<VenueCounter>,
    orders: HashMap<String, VenueOrder>,
    placed: usize,
    /// The orders of each client, and how often each will still be changed.
    own: Vec<Vec<String>>,
    batches: Batches,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Batches {
    None,
    OfAdds,
    OfAddsAndCancels,
}

impl Trading {
    pub(crate) fn new(limit: f64, decay: f64, clients: usize, batches: Batches) -> Self {
        let pair = || VenueCounter::new(limit, decay, false);
        Self {
            pairs: vec![pair(), pair()],
            orders: HashMap::new(),
            placed: 0,
            own: vec![Vec::new(); clients],
            batches,
        }
    }

    fn place(&mut self, client: usize, pair: usize, time: f64) -> String {
        self.placed += 1;
        let txid = format!("O{}", self.placed);
        self.own[client].push(txid.clone());
        self.orders
            .insert(txid.clone(), VenueOrder { pair, since: time });
        txid
    }

    fn end(&mut self, client: usize, txid: &str) {
        self.orders.remove(txid);
        self.own[client].retain(|own| own != txid);
    }
}

/// The vendor's table of what an order's age adds.
fn by_age(id: &str, age: f64) -> f64 {
    let column = match age {
        age if age < 5.0 => 0,
        age if age < 10.0 => 1,
        age if age < 15.0 => 2,
        age if age < 45.0 => 3,
        age if age < 90.0 => 4,
        age if age < 300.0 => 5,
        _ => return 0.0,
    };
    match id {
        "amendOrder" => [3.0, 2.0, 1.0, 0.0, 0.0, 0.0][column],
        "editOrder" => [6.0, 5.0, 4.0, 2.0, 1.0, 0.0][column],
        _ => [8.0, 6.0, 5.0, 4.0, 2.0, 1.0][column],
    }
}

const PAIRS: [&str; 2] = ["XBTUSD", "ETHUSD"];

impl Scenario for Trading {
    fn next(&mut self, client: usize, dice: &mut Dice) -> Step {
        let pause = Duration::from_millis(dice.roll(4) * dice.roll(8_000));
        let own = &self.own[client];
        let pair = PAIRS[client % PAIRS.len()];
        let step = |operation, body| Step {
            operation,
            body,
            pause,
        };
        let Some(txid) = own.first() else {
            let one = format!(r#"{{"pair":"{pair}"}}"#);
            let three = format!(r#"{{"pair":"{pair}","orders":[{{}},{{}},{{}}]}}"#);
            return if self.batches != Batches::None && dice.roll(4) == 0 {
                step(&ADD_BATCH, three)
            } else {
                step(&ADD, one)
            };
        };
        let body = format!(r#"{{"txid":"{txid}","pair":"{pair}"}}"#);
        match dice.roll(8) {
            0..=3 => step(&AMEND, body),
            4 => step(&EDIT, body),
            5 if self.batches == Batches::OfAddsAndCancels => {
                let body = format!(r#"{{"orders":["{}"]}}"#, own.join(r#"",""#));
                step(&CANCEL_BATCH, body)
            }
            _ => step(&CANCEL, body),
        }
    }

    fn arrives(&mut self, client: usize, step: &Step, time: f64) -> Option<String> {
        let id = step.operation.id;
        let body: serde_json::Value = serde_json::from_str(&step.body).unwrap();
        let named = |key: &str| body[key].as_str().map(str::to_owned);
        let pair = client % PAIRS.len();
        let list = body["orders"].as_array().map_or(0, Vec::len);
        let txid = named("txid").unwrap_or_default();
        let age_cost = |orders: &HashMap<String, VenueOrder>, txid: &str| {
            by_age(id, time - orders[txid].since)
        };
        let cost = match id {
            "addOrder" => 1.0,
            "addOrderBatch" => share(list, 2),
            "amendOrder" | "editOrder" => 1.0 + age_cost(&self.orders, &txid),
            "cancelOrder" => age_cost(&self.orders, &txid),
            "cancelOrderBatch" => self.own[client]
                .iter()
                .map(|txid| age_cost(&self.orders, txid))
                .sum(),
            other => panic!("{other}"),
        };
        if !self.pairs[pair].takes(time, cost, id == "cancelOrderBatch") {
            return None;
        }
        Some(match id {
            "addOrder" => {
                let txid = self.place(client, pair, time);
                format!(r#"{{"txid":["{txid}"]}}"#)
            }
            "addOrderBatch" => {
                let placed: Vec<_> = (0..list)
                    .map(|_| format!(r#"{{"txid":"{}"}}"#, self.place(client, pair, time)))
                    .collect();
                format!(r#"{{"orders":[{}]}}"#, placed.join(","))
            }
            "amendOrder" => {
                let order = self.orders.get_mut(&txid).unwrap();
                assert_eq!(order.pair, pair);
                order.since = time;
                r#"{"amend_id":"T1"}"#.to_owned()
            }
            "editOrder" => {
                self.end(client, &txid);
                let new = self.place(client, pair, time);
                format!(r#"{{"txid":"{new}","originaltxid":"{txid}"}}"#)
            }
            _ => {
                let names = if id == "cancelOrder" {
                    vec![txid]
                } else {
                    self.own[client].clone()
                };
                for name in names {
                    self.end(client, &name);
                }
                r#"{"count":1}"#.to_owned()
            }
        })
    }

    /// A batch of cancels takes the room of a call that it overtakes.
    fn in_order(&self) -> bool {
        self.batches == Batches::OfAddsAndCancels
    }
}

#[test]
fn no_change_to_orders_is_refused_in_hours_of_any_tier() {
    for (tier, _, (limit, decay)) in TIERS {
        for batches in [Batches::None, Batches::OfAdds, Batches::OfAddsAndCancels] {
            let clients = 60;
            let mut trading = Trading::new(limit, decay, clients, batches);
            let pacer = KrakenPacer::new(&Limits::of(tier)).unwrap();
            let latency = Duration::from_millis(200);
            let report = run(&mut trading, &[&pacer], clients, 3 * HOUR, latency, 11);
            let used = trading
                .pairs
                .iter()
                .map(VenueCounter::use_of_allowance)
                .fold(1.0, f64::min);
            println!(
                "{tier:?}, batches {batches:?}: {} changes, {} refused, {used:.4}",
                report.calls, report.refused
            );
            assert!(report.calls > 8_000);
            assert_eq!(report.refused, 0);
            assert!(used >= 0.95, "only {used} of what is allowed");
        }
    }
}

/// 200 calls in 30 s, by the stretch of time that a venue may look at.
struct External {
    /// Whether stretches begin at fixed times, or with every call.
    fixed: bool,
    arrived: Vec<f64>,
}

impl Scenario for External {
    fn next(&mut self, _client: usize, _dice: &mut Dice) -> Step {
        Step {
            operation: &EXTERNAL_TASKS,
            body: String::new(),
            pause: Duration::ZERO,
        }
    }

    fn arrives(&mut self, _client: usize, _step: &Step, time: f64) -> Option<String> {
        let since = if self.fixed {
            time - time % 30.0
        } else {
            time - 30.0
        };
        let recent = self
            .arrived
            .iter()
            .rev()
            .take_while(|arrived| **arrived > since);
        let room = recent.count() < 200;
        if room {
            self.arrived.push(time);
        }
        room.then(|| "[]".to_owned())
    }
}

#[test]
fn no_call_of_the_external_api_is_refused_in_hours() {
    for fixed in [false, true] {
        let mut external = External {
            fixed,
            arrived: Vec::new(),
        };
        let pacer = ExternalPacer::new(&ExternalLimits::default()).unwrap();
        let latency = Duration::from_millis(500);
        let report = run(&mut external, &[&pacer], 64, 3 * HOUR, latency, 5);
        let used = share(external.arrived.len(), 200 * 3 * 3600 / 30);
        println!("fixed {fixed}: {} calls, {used:.4}", report.calls);
        assert_eq!(report.refused, 0);
        assert!(used >= 0.95, "only {used} of what is allowed");
    }
}
