//! The models, rule by rule.

use std::time::{Duration, Instant};

use bytes::Bytes;
use exchange_transport::pace::UNIT;
use exchange_transport::{
    CallFacts, Error, Kind, Operation, Outcome, PaceMode, Pacer, Reservation,
};
use kraken_core::pace::{ExternalLimits, ExternalPacer, KrakenPacer, Limits, Tier};

use crate::calls::*;

const WAIT: PaceMode = PaceMode::Wait {
    max_wait: Duration::from_secs(3600),
};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A client that sends one call after the other, with a clock of its own.
struct Client {
    pacer: KrakenPacer,
    now: Instant,
    mode: PaceMode,
}

impl Client {
    fn new(limits: &Limits) -> Self {
        Self {
            pacer: KrakenPacer::new(limits).unwrap(),
            now: Instant::now(),
            mode: WAIT,
        }
    }

    fn pro() -> Self {
        Self::new(&Limits::of(Tier::Pro))
    }

    /// So slow a decay that what stands on the engine's counters is the sum of
    /// all costs, but for one millionth a second.
    fn adding_up() -> Self {
        let mut limits = Limits::of(Tier::Pro);
        limits.engine.per_second = 1;
        Self::new(&limits)
    }

    fn after(&mut self, seconds: u64) -> &mut Self {
        self.now += secs(seconds);
        self
    }

    fn reserve(&self, operation: &'static Operation, body: &str) -> Reservation {
        self.pacer
            .reserve(&call(operation, body), self.mode, self.now)
    }

    fn learn(&self, call: &CallFacts<'_>, result: Result<&str, &Error>) {
        let answer = result.map(|answer| Bytes::from(answer.to_owned()));
        let answer = answer.as_ref().map(Some).map_err(|error| *error);
        self.pacer.learn(call, answer, self.now);
    }

    /// Makes a call that succeeds.
    fn send(&self, operation: &'static Operation, body: &str, answer: &str) -> Duration {
        let reservation = self.reserve(operation, body);
        assert!(reservation.granted);
        let call = call(operation, body);
        self.pacer.sent(&call, &reservation, self.now);
        self.learn(&call, Ok(answer));
        reservation.wait
    }

    fn add(&self, txid: &str) -> Duration {
        let answer = format!(r#"{{"txid":["{txid}"],"descr":{{}}}}"#);
        self.send(&ADD, r#"{"pair":"XBTUSD"}"#, &answer)
    }

    /// What stands on a counter, in whole units, after a wait that makes it
    /// up.
    fn used(&self, counter: &str) -> u64 {
        let states = self.pacer.state(self.now);
        let state = states.iter().find(|state| state.counter == counter);
        state.map_or(0, |state| state.used.div_ceil(UNIT))
    }

    fn used_by_pair(&self) -> u64 {
        self.used("kraken-engine XBTUSD")
    }
}

#[test]
fn the_vendors_worked_example_adds_up_to_8() {
    let mut client = Client::adding_up();
    client.add("O1");
    assert_eq!(client.used_by_pair(), 1);
    client.after(7);
    client.send(&AMEND, r#"{"txid":"O1"}"#, r#"{"amend_id":"T1"}"#);
    assert_eq!(client.used_by_pair(), 1 + 3);
    client.after(36);
    client.send(&CANCEL, r#"{"txid":"O1"}"#, r#"{"count":1}"#);
    assert_eq!(client.used_by_pair(), 8);
}

#[test]
fn with_decay_the_vendors_worked_example_leaves_4() {
    let mut client = Client::new(&Limits::of(Tier::Starter));
    client.add("O1");
    client.after(7);
    client.send(&AMEND, r#"{"txid":"O1"}"#, "{}");
    assert_eq!(client.used_by_pair(), 3);
    client.after(36);
    client.send(&CANCEL, r#"{"txid":"O1"}"#, "{}");
    assert_eq!(client.used_by_pair(), 4);
}

#[test]
fn changes_get_cheaper_at_each_age() {
    let ages = [0, 4, 5, 9, 10, 14, 15, 44, 45, 89, 90, 299, 300, 4000];
    for (operation, costs) in [
        (&AMEND, [4, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1]),
        (&EDIT, [7, 7, 6, 6, 5, 5, 3, 3, 2, 2, 1, 1, 1, 1]),
        (&CANCEL, [8, 8, 6, 6, 5, 5, 4, 4, 2, 2, 1, 1, 0, 0]),
    ] {
        for (age, cost) in ages.into_iter().zip(costs) {
            let mut client = Client::adding_up();
            client.add("O1");
            client.after(age);
            client.send(operation, r#"{"txid":"O1"}"#, "{}");
            assert_eq!(
                client.used_by_pair(),
                1 + cost,
                "{} after {age} s",
                operation.id
            );
        }
    }
}

#[test]
fn an_order_is_known_by_its_own_id_and_by_the_clients() {
    let mut client = Client::adding_up();
    let body = r#"{"pair":"XBTUSD","cl_ord_id":"mine"}"#;
    client.send(&ADD, body, r#"{"txid":["O1"]}"#);
    client.after(20);
    client.send(&AMEND, r#"{"cl_ord_id":"mine"}"#, "{}");
    assert_eq!(client.used_by_pair(), 1 + 1);
    client.after(20);
    client.send(&CANCEL, r#"{"txid":"O1"}"#, "{}");
    assert_eq!(client.used_by_pair(), 2 + 4);
}

#[test]
fn an_edit_makes_a_new_order() {
    let mut client = Client::adding_up();
    client.add("O1");
    client.after(20);
    let body = r#"{"txid":"O1","pair":"XBTUSD"}"#;
    let answer = r#"{"txid":"O2","originaltxid":"O1"}"#;
    client.send(&EDIT, body, answer);
    assert_eq!(client.used_by_pair(), 1 + 3);
    client.after(6);
    client.send(&CANCEL, r#"{"txid":"O2"}"#, "{}");
    assert_eq!(client.used_by_pair(), 4 + 6);
}

#[test]
fn an_order_of_unknown_age_costs_as_one_just_placed() {
    let client = Client::adding_up();
    client.send(&EDIT, r#"{"txid":"O9","pair":"XBTUSD"}"#, "{}");
    assert_eq!(client.used_by_pair(), 7);
}

#[test]
fn an_order_of_unknown_pair_counts_for_every_pair() {
    let client = Client::adding_up();
    client.add("O1");
    client.send(&CANCEL, r#"{"txid":"O9"}"#, "{}");
    assert_eq!(client.used_by_pair(), 1 + 8);
    client.send(&ADD, r#"{"pair":"ETHUSD"}"#, "{}");
    assert_eq!(client.used("kraken-engine ETHUSD"), 8 + 1);
    // A body that says nothing, and one that can't be read.
    for body in ["", "[", r#"{"txid":null}"#] {
        let before = client.used_by_pair();
        client.send(&CANCEL, body, "{}");
        assert_eq!(client.used_by_pair(), before + 8);
    }
}

#[test]
fn an_amended_order_is_known_from_then_on() {
    let mut client = Client::adding_up();
    client.send(&AMEND, r#"{"txid":"O9","pair":"XBTUSD"}"#, "{}");
    assert_eq!(client.used_by_pair(), 4);
    client.after(60);
    client.send(&CANCEL, r#"{"txid":"O9"}"#, "{}");
    assert_eq!(client.used_by_pair(), 4 + 2);
}

#[test]
fn an_order_that_may_have_been_placed_is_young() {
    let mut client = Client::adding_up();
    let body = r#"{"pair":"XBTUSD","cl_ord_id":"mine"}"#;
    client.reserve(&ADD, body);
    let doubt = Error::new(Kind::Timeout)
        .on(&ADD)
        .with_outcome(Outcome::Unknown);
    client.learn(&call(&ADD, body), Err(&doubt));
    client.after(7);
    client.send(&CANCEL, r#"{"cl_ord_id":"mine"}"#, "{}");
    assert_eq!(client.used_by_pair(), 1 + 6);
}

#[test]
fn an_order_is_young_while_an_amend_is_on_its_way() {
    let mut client = Client::adding_up();
    client.add("O1");
    client.after(60);
    let amend = call(&AMEND, r#"{"txid":"O1"}"#);
    client.reserve(&AMEND, r#"{"txid":"O1"}"#);
    assert_eq!(client.used_by_pair(), 2);
    client.reserve(&AMEND, r#"{"txid":"O1"}"#);
    assert_eq!(client.used_by_pair(), 2 + 4);
    let refused = refusal(&AMEND, "Order", "Invalid price");
    client.learn(&amend, Err(&refused));
    client.reserve(&CANCEL, r#"{"txid":"O1"}"#);
    assert_eq!(client.used_by_pair(), 6 + 2, "it was not amended");
}

#[test]
fn an_amend_that_was_not_sent_leaves_nothing_behind() {
    let mut client = Client::adding_up();
    client.add("O1");
    client.after(60);
    for _ in 0..3 {
        let reservation = client.reserve(&AMEND, r#"{"txid":"O1"}"#);
        assert_eq!(client.used_by_pair(), 2);
        let amend = call(&AMEND, r#"{"txid":"O1"}"#);
        client.pacer.release(&amend, &reservation, client.now);
        assert_eq!(client.used_by_pair(), 1);
    }
}

#[test]
fn a_batch_of_adds_costs_half_of_each() {
    let mut client = Client::adding_up();
    let orders = r#"{},{"cl_ord_id":"two"},{"userref":3},{"userref":3}"#;
    let body = format!(r#"{{"pair":"XBTUSD","orders":[{orders}]}}"#);
    let answer = r#"{"orders":[{"error":"EOrder:Insufficient funds"},{"txid":"O2"},{"txid":"O3"},{"txid":"O4"}]}"#;
    client.send(&ADD_BATCH, &body, answer);
    assert_eq!(client.used_by_pair(), 2);
    // Its orders are known by all their names; a user reference may name
    // several.
    client.after(10);
    client.send(&CANCEL, r#"{"cl_ord_id":"two"}"#, "{}");
    assert_eq!(client.used_by_pair(), 2 + 5);
    client.send(&CANCEL, r#"{"txid":3}"#, "{}");
    assert_eq!(client.used_by_pair(), 7 + 2 * 5);
}

#[test]
fn a_batch_of_cancels_adds_up_and_never_waits() {
    let mut client = Client::adding_up();
    client.add("O1");
    client.after(6);
    client.add("O2");
    let names = (10..40).map(|n| format!(r#""O{n}""#)).collect::<Vec<_>>();
    let names = names.join(",");
    let body = format!(r#"{{"orders":["O1",{names}],"cl_ord_ids":["O2"]}}"#);
    assert_eq!(client.send(&CANCEL_BATCH, &body, "{}"), Duration::ZERO);
    assert_eq!(client.used_by_pair(), 2 + 6 + 8 + 30 * 8);
    // What comes next waits for that.
    assert!(client.reserve(&ADD, r#"{"pair":"XBTUSD"}"#).wait > secs(60));
}

#[test]
fn a_batch_of_cancels_moves_those_back_that_wait_for_the_same_room() {
    // 171 of 180 are used, as much as is taken to be there is 175.25.
    let mut client = Client::pro();
    for number in 0..171 {
        client.add(&format!("O{number}"));
    }
    let (eth, one) = (r#"{"pair":"ETHUSD"}"#, r#"{"pair":"XBTUSD"}"#);
    let on_eth = client.reserve(&ADD, eth);
    let waiting: Vec<_> = (0..12).map(|_| client.reserve(&ADD, one)).collect();
    assert!(waiting[11].wait > Duration::ZERO);
    let unknown = client.reserve(&AMEND, r#"{"txid":"?"}"#);

    let cancel = call(&CANCEL_BATCH, r#"{"orders":["O1","O2","O3"]}"#);
    let reservation = client.pacer.reserve(&cancel, WAIT, client.now);
    assert_eq!(reservation.wait, Duration::ZERO);
    // Nothing happens before it leaves.
    client.after(1);
    let late = client.reserve(&ADD, one);
    let due = client.now + late.wait;
    let mut delays = vec![];
    for leaves in [false, true] {
        if leaves {
            client.pacer.sent(&cancel, &reservation, client.now);
        }
        let delay = |operation, body, reservation: &Reservation| {
            let call = call(operation, body);
            let pacer = &client.pacer;
            let wait = pacer.still_to_wait(&call, reservation, due, client.now);
            wait.checked_sub(late.wait).unwrap()
        };
        delays.push([
            delay(&ADD, one, &waiting[11]),
            delay(&ADD, one, &late),
            delay(&AMEND, r#"{"txid":"?"}"#, &unknown),
            // The other pair has nothing to do with it.
            delay(&ADD, eth, &on_eth),
        ]);
    }
    let zero = Duration::ZERO;
    // 3 × 8 decay in 6.4 s.
    let moved = Duration::from_millis(6_400);
    assert_eq!(delays, [[zero; 4], [moved, moved, moved, zero]]);
    // Who comes later knows of it.
    let later = client.reserve(&ADD, one);
    assert!(later.wait > late.wait + moved);
    let due = client.now + later.wait;
    assert_eq!(still(&client, one, &later, due), later.wait);
}

fn still(client: &Client, add: &str, reservation: &Reservation, due: Instant) -> Duration {
    let call = call(&ADD, add);
    let pacer = &client.pacer;
    pacer.still_to_wait(&call, reservation, due, client.now)
}

#[test]
fn a_batch_of_cancels_with_room_for_all_moves_nobody_back() {
    let client = Client::pro();
    client.add("O1");
    let one = r#"{"pair":"XBTUSD"}"#;
    let reservation = client.reserve(&ADD, one);
    client.send(&CANCEL_BATCH, r#"{"orders":["O1"]}"#, "{}");
    let wait = still(&client, one, &reservation, client.now);
    assert_eq!(wait, Duration::ZERO);
}

#[test]
fn a_refusal_moves_those_back_that_wait() {
    let client = Client::new(&Limits::of(Tier::Starter));
    let waiting: Vec<_> = (0..40).map(|_| client.reserve(&BALANCE, "")).collect();
    let last = &waiting[39];
    let balance = call(&BALANCE, "");
    let hold = secs(7);
    let error = refusal_for(&BALANCE, "API", "Rate limit exceeded", hold);
    // A burst of refusals counts as one.
    client.learn(&balance, Err(&error));
    client.learn(&balance, Err(&error));
    let due = client.now + last.wait;
    let wait = client.pacer.still_to_wait(&balance, last, due, client.now);
    assert_eq!(wait, last.wait + hold);
}

/// As if something had held up all that waited, longer than it takes the
/// counter to run empty.
#[test]
fn calls_that_were_held_up_do_not_leave_all_at_once() {
    for operation in [&BALANCE, &ADD, &DEPTH] {
        let mut client = Client::new(&Limits::of(Tier::Starter));
        let body = r#"{"pair":"XBTUSD"}"#;
        let reserved: Vec<_> = (0..100).map(|_| client.reserve(operation, body)).collect();
        let first = client.now;
        client.after(3_600);
        let call = call(operation, body);
        let mut left_at_once = 0;
        for reservation in &reserved {
            let (pacer, due) = (&client.pacer, first + reservation.wait);
            let wait = pacer.still_to_wait(&call, reservation, due, client.now);
            if wait > Duration::ZERO {
                break;
            }
            pacer.sent(&call, reservation, client.now);
            left_at_once += 1;
        }
        let burst = match operation.pace.counter {
            // What the limit is, less what is kept free.
            "kraken-private" => 13,
            "kraken-engine" => 58,
            _ => 2,
        };
        assert_eq!(left_at_once, burst, "{}", operation.id);
    }
}

#[test]
fn calls_of_the_external_api_that_were_held_up_do_not_leave_all_at_once() {
    let pacer = ExternalPacer::new(&ExternalLimits::default()).unwrap();
    let call = call(&EXTERNAL_TASKS, "");
    let start = Instant::now();
    let reserved: Vec<_> = (0..300)
        .map(|_| pacer.reserve(&call, WAIT, start))
        .collect();
    let now = start + secs(3_600);
    let left_at_once = reserved.iter().take_while(|reservation| {
        let due = start + reservation.wait;
        let leaves = pacer.still_to_wait(&call, reservation, due, now).is_zero();
        pacer.sent(&call, reservation, now);
        leaves
    });
    assert_eq!(left_at_once.count(), 200);
}

#[test]
fn cancelling_all_counts_for_the_orders_known_to_be_open() {
    let mut client = Client::adding_up();
    client.add("O1");
    client.add("O2");
    client.after(6);
    client.send(&CANCEL, r#"{"txid":"O1"}"#, "{}");
    assert_eq!(client.used_by_pair(), 2 + 6);
    client.send(&CANCEL_ALL, "", r#"{"count":1}"#);
    assert_eq!(client.used_by_pair(), 8 + 6);
    assert_eq!(client.used("kraken-private"), 1);
    client.send(&CANCEL_ALL, "", r#"{"count":0}"#);
    assert_eq!(client.used_by_pair(), 14);
}

#[test]
fn a_pair_has_one_counter_however_it_is_written() {
    let client = Client::adding_up();
    for pair in ["XBTUSD", "XXBTZUSD", "XBT/USD", "BTC/USD"] {
        client.send(&ADD, &format!(r#"{{"pair":"{pair}"}}"#), "{}");
    }
    assert_eq!(client.used_by_pair(), 4);
    client.send(&ADD, r#"{"pair":"ETH/USD"}"#, "{}");
    assert_eq!(client.used("kraken-engine ETHUSD"), 1);
    assert_eq!(client.used_by_pair(), 4);
}

#[test]
fn a_cancel_waits_no_longer_than_until_it_is_cheap_enough() {
    let mut limits = Limits::of(Tier::Starter);
    // 10 are left when one unit and 0.1 are kept free.
    limits.engine.limit = 11 * UNIT + UNIT / 10;
    limits.engine.per_second = UNIT / 10;
    let client = Client::new(&limits);
    for number in 0..4 {
        assert_eq!(client.add(&format!("O{number}")), Duration::ZERO);
    }
    // 4 stand on it. At 8 there would be room after 20 s. But after 15 s they
    // have decayed to 2.5, and the cancel costs 4.
    let wait = client.reserve(&CANCEL, r#"{"txid":"O0"}"#).wait;
    assert_eq!(wait, secs(5), "at 5 s it costs 6 and 3.5 stand on it");
}

#[test]
fn calls_cost_what_the_table_says() {
    let client = Client::pro();
    client.reserve(&BALANCE, "");
    assert_eq!(client.used("kraken-private"), 1);
    client.reserve(&LEDGERS, "");
    assert_eq!(client.used("kraken-private"), 3);
    client.reserve(&ADD, r#"{"pair":"XBTUSD"}"#);
    assert_eq!(client.used("kraken-private"), 3);
    client.reserve(&VAULTS, "");
    assert_eq!(client.used("kraken-private"), 4);
    client.reserve(&TIME, "");
    assert_eq!(client.used("kraken-public-ip"), 1);
}

#[test]
fn public_calls_keep_to_one_a_second_and_trades_to_two() {
    for (operation, waits) in [
        (&OHLC, [0, 0, 1, 2, 3]),
        (&DEPTH, [0, 0, 1, 2, 3]),
        (&TRADES, [0, 2, 4, 6, 8]),
    ] {
        let client = Client::pro();
        for wait in waits {
            assert_eq!(client.reserve(operation, "").wait, secs(wait));
        }
    }
}

#[test]
fn a_call_that_must_wait_too_long_is_not_counted() {
    let mut client = Client::pro();
    while client.reserve(&BALANCE, "").wait.is_zero() {}
    let used = client.used("kraken-private");
    client.mode = PaceMode::Wait {
        max_wait: Duration::from_millis(1500),
    };
    let refused = client.reserve(&LEDGERS, "");
    assert!(!refused.granted);
    assert_eq!(refused.wait, secs(3));
    assert_eq!(refused.counter, "kraken-private");
    assert_eq!(client.used("kraken-private"), used);
    client.after(2);
    assert!(client.reserve(&LEDGERS, "").granted);

    let refused = Client {
        mode: client.mode,
        ..Client::new(&Limits::of(Tier::Starter))
    };
    let full = (0..60).map(|_| refused.reserve(&ADD, r#"{"pair":"XBTUSD"}"#));
    assert_eq!(full.filter(|reservation| reservation.granted).count(), 59);
}

#[test]
fn reporting_never_waits_and_tells_how_full_it_is() {
    let mut client = Client::pro();
    client.mode = PaceMode::Report;
    for number in 0..40 {
        let reservation = client.reserve(&BALANCE, "");
        assert!(reservation.granted);
        assert_eq!(reservation.wait.is_zero(), number < 18, "{number}");
    }
    let states = client.pacer.state(client.now);
    let state = states
        .iter()
        .find(|state| state.counter == "kraken-private")
        .unwrap();
    // Two of twenty are kept free; a refused call is not counted.
    assert_eq!(state.limit, 18 * UNIT);
    assert_eq!(state.used, 18 * UNIT);
    assert_eq!(state.wait, secs(1));
}

#[test]
fn off_counts_nothing() {
    let mut client = Client::pro();
    client.mode = PaceMode::Off;
    for operation in [&BALANCE, &TRADES, &ADD, &CANCEL_ALL, &EXTERNAL_TASKS] {
        assert_eq!(client.reserve(operation, "").wait, Duration::ZERO);
    }
    let states = client.pacer.state(client.now);
    assert!(states.iter().all(|state| state.used == 0), "{states:?}");
}

#[test]
fn a_reservation_can_be_taken_back() {
    for mode in [WAIT, PaceMode::Report] {
        let mut client = Client::pro();
        client.mode = mode;
        for (operation, body) in [
            (&TRADES, ""),
            (&LEDGERS, ""),
            (&ADD, r#"{"pair":"XBTUSD"}"#),
            (&EDIT, r#"{"txid":"O9","pair":"XBTUSD"}"#),
        ] {
            let reservation = client.reserve(operation, body);
            assert!(client.pacer.state(client.now).iter().any(|s| s.used > 0));
            let call = call(operation, body);
            client.pacer.release(&call, &reservation, client.now);
            let states = client.pacer.state(client.now);
            assert!(states.iter().all(|state| state.used == 0), "{states:?}");
        }
    }
}

#[test]
fn a_refusal_fills_the_counter_it_names() {
    let add = call(&ADD, r#"{"pair":"XBTUSD"}"#);
    let balance = call(&BALANCE, "");
    let trades = call(&TRADES, "");
    let keys = "kraken-private";
    let pair = "kraken-engine XBTUSD";
    let public = "kraken-public-ip";
    let status = |operation| Error::new(Kind::RateLimit).on(operation).with_status(429);
    for (call, error, full) in [
        (
            balance,
            refusal(&BALANCE, "API", "Rate limit exceeded"),
            Some(keys),
        ),
        (
            balance,
            refusal(&BALANCE, "Service", "Throttled"),
            Some(keys),
        ),
        (balance, status(&BALANCE), Some(keys)),
        (add, refusal(&ADD, "API", "Rate limit exceeded"), Some(keys)),
        (
            add,
            refusal(&ADD, "Order", "Rate limit exceeded"),
            Some(pair),
        ),
        (
            add,
            refusal(&ADD, "Order", "Domain rate limit exceeded"),
            Some(pair),
        ),
        (
            trades,
            refusal(&TRADES, "General", "Too many requests"),
            Some(public),
        ),
        (trades, status(&TRADES), Some(public)),
        // Limits that no waiting helps against, and other trouble.
        (add, refusal(&ADD, "Order", "Orders limit exceeded"), None),
        (
            balance,
            refusal(&BALANCE, "General", "Temporary lockout"),
            None,
        ),
        (balance, refusal(&BALANCE, "Service", "Busy"), None),
    ] {
        let client = Client::pro();
        client.learn(&call, Err(&error));
        let states = client.pacer.state(client.now);
        let filled: Vec<_> = states
            .iter()
            .filter(|state| state.used > 0)
            .map(|state| state.counter.as_str())
            .collect();
        assert_eq!(filled, full.into_iter().collect::<Vec<_>>(), "{error}");
        for state in states.iter().filter(|state| state.used > 0) {
            assert!(state.used > state.limit, "{state:?}");
            assert!(state.wait > secs(5), "{state:?}");
        }
    }
}

#[test]
fn an_order_refused_within_a_batch_fills_the_counter_too() {
    let client = Client::pro();
    let body = r#"{"pair":"XBTUSD","orders":[{},{}]}"#;
    let answer = r#"{"orders":[{"txid":"O1"},{"error":"EOrder:Rate limit exceeded"}]}"#;
    client.send(&ADD_BATCH, body, answer);
    let wait = client.reserve(&ADD, r#"{"pair":"XBTUSD"}"#).wait;
    assert!(!wait.is_zero());
}

#[test]
fn a_wait_that_the_venue_asks_for_is_kept() {
    let client = Client::pro();
    let error = refusal_for(&BALANCE, "Service", "Throttled", secs(20));
    client.learn(&call(&BALANCE, ""), Err(&error));
    assert_eq!(client.reserve(&BALANCE, "").wait, secs(21));
}

#[test]
fn clients_of_one_key_share_their_counters() {
    let limits = Limits::of(Tier::Pro);
    let pacer = |url, key| KrakenPacer::shared(&limits, url, key).unwrap();
    let now = Instant::now();
    let used = |pacer: &KrakenPacer| {
        let states = pacer.state(now);
        let private = states.iter().find(|s| s.counter == "kraken-private");
        let public = states.iter().find(|s| s.counter == "kraken-public-ip");
        (private.unwrap().used / UNIT, public.unwrap().used / UNIT)
    };
    let url = "http://share.test";
    let one = pacer(url, Some("KEY"));
    one.reserve(&call(&LEDGERS, ""), WAIT, now);
    one.reserve(&call(&TIME, ""), WAIT, now);
    assert_eq!(used(&pacer(url, Some("KEY"))), (2, 1));
    assert_eq!(used(&pacer(url, Some("OTHER"))), (0, 1));
    assert_eq!(used(&pacer(url, None)), (0, 1));
    assert_eq!(used(&pacer("http://elsewhere.test", Some("KEY"))), (0, 0));
    // A client built later goes on with what is left.
    drop(one);
    assert_eq!(used(&pacer(url, Some("KEY"))), (2, 1));

    let external = |url| ExternalPacer::shared(&ExternalLimits::default(), url).unwrap();
    let one = external(url);
    one.reserve(&call(&EXTERNAL_TASKS, ""), WAIT, now);
    assert_eq!(external(url).state(now)[0].used, UNIT);
    assert_eq!(external("http://elsewhere.test").state(now)[0].used, 0);
}

#[test]
fn the_external_api_takes_200_calls_at_once() {
    let pacer = ExternalPacer::new(&ExternalLimits::default()).unwrap();
    let now = Instant::now();
    let tasks = call(&EXTERNAL_TASKS, "");
    for _ in 0..200 {
        let reservation = pacer.reserve(&tasks, WAIT, now);
        assert_eq!(reservation.wait, Duration::ZERO);
    }
    let short = PaceMode::Wait { max_wait: secs(10) };
    let refused = pacer.reserve(&tasks, short, now);
    assert!(!refused.granted);
    assert_eq!(refused.wait, secs(31));
    let report = pacer.reserve(&tasks, PaceMode::Report, now);
    assert!(report.granted);
    assert_eq!(report.wait, secs(31));
    assert_eq!(pacer.state(now)[0].used, 200 * UNIT);
    pacer.release(&tasks, &report, now);
    assert_eq!(pacer.state(now)[0].used, 200 * UNIT);
    let later = pacer.reserve(&tasks, WAIT, now);
    assert_eq!(pacer.state(now)[0].used, 201 * UNIT);
    pacer.release(&tasks, &later, now + secs(1));
    assert_eq!(pacer.state(now)[0].used, 200 * UNIT);
    let error = Error::new(Kind::RateLimit)
        .on(&EXTERNAL_TASKS)
        .with_retry_after(secs(60));
    pacer.learn(&tasks, Err(&error), now);
    assert_eq!(pacer.state(now)[0].wait, secs(60));
    assert_eq!(
        pacer.reserve(&tasks, PaceMode::Off, now).wait,
        Duration::ZERO
    );
}

#[test]
fn limits_that_can_not_work_are_refused() {
    let pro = Limits::of(Tier::Pro);
    let with = |change: fn(&mut Limits)| {
        let mut limits = pro;
        change(&mut limits);
        KrakenPacer::new(&limits)
            .err()
            .or_else(|| KrakenPacer::shared(&limits, "http://refused.test", Some("K")).err())
    };
    assert!(with(|_| {}).is_none());
    for (name, change) in [
        ("no calls", (|l| l.calls.limit = 0) as fn(&mut Limits)),
        ("calls without decay", |l| l.calls.per_second = 0),
        ("room for cost 1 only", |l| l.calls.limit = 3 * UNIT),
        ("all is kept free", |l| l.jitter = Duration::from_secs(60)),
        ("no orders", |l| l.engine.limit = 0),
        ("orders without decay", |l| l.engine.per_second = 0),
        ("no room for a cancel", |l| l.engine.limit = 12 * UNIT),
        ("no public calls", |l| l.public.limit = 0),
        ("no room for trades", |l| l.public.limit = UNIT),
        ("public without decay", |l| l.public.per_second = 0),
    ] {
        let error = with(change).unwrap_or_else(|| panic!("{name} was taken"));
        assert_eq!(error.kind(), Kind::Configuration, "{name}");
        assert!(error.to_string().contains("rate limit"), "{error}");
    }
    let external = ExternalLimits::default();
    for bad in [
        ExternalLimits {
            calls: 0,
            ..external
        },
        ExternalLimits {
            period: Duration::ZERO,
            ..external
        },
        ExternalLimits {
            jitter: Duration::MAX,
            ..external
        },
    ] {
        let error = ExternalPacer::new(&bad).unwrap_err();
        assert_eq!(error.kind(), Kind::Configuration);
    }
}

#[test]
fn debug_shows_no_order_and_no_key() {
    let client = Client::pro();
    client.add("OSECRET-ORDER");
    let shared = KrakenPacer::shared(&Limits::default(), "http://debug.test", Some("SECRET-KEY"));
    let debug = format!("{:?} {shared:?}", client.pacer);
    assert!(!debug.contains("SECRET"), "{debug}");
}
