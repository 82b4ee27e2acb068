//! Models of Kraken's rate limits.
//!
//! Kraken counts calls in several ways. Each has its own model here, built
//! from the counters of [`exchange_transport::pace`]; a client asks it before
//! every call, see [`exchange_transport::pacer`].
//!
//! | Counter | Counts | Rule |
//! |---|---|---|
//! | `kraken-private` | private calls of one key: 2 for ledgers and trade history, 1 for others, 0 for single changes to orders | by tier, see [`Limits::of`] |
//! | `kraken-custody` | the older custody calls | not documented; taken to be the counter above |
//! | `kraken-engine` | changes to orders, for each pair | by tier, dearer the younger the order |
//! | `kraken-public-ip` | public calls of this host | the vendor's advice: one a second, two seconds for trades |
//! | `kraken-custody-external-ip` | calls of the Custody External API from this host | 200 in 30 s, see [`ExternalLimits`] |
//!
//! # Costs of changes to orders
//!
//! Each change adds a fixed part and one that shrinks with the time since the
//! order was placed or last amended:
//!
//! | Change | Fixed | <5 s | <10 s | <15 s | <45 s | <90 s | <300 s |
//! |---|---|---|---|---|---|---|---|
//! | add | 1 | | | | | | |
//! | amend | 1 | 3 | 2 | 1 | | | |
//! | edit | 1 | 6 | 5 | 4 | 2 | 1 | |
//! | cancel | | 8 | 6 | 5 | 4 | 2 | 1 |
//! | batch of n adds | n/2 | | | | | | |
//! | batch of n cancels | | 8n | 6n | 5n | 4n | 2n | n |
//!
//! The model remembers the orders that were placed, amended and edited through
//! this process. What it does not know it takes at its dearest: an order of
//! unknown age costs as one just placed, and one of an unknown pair counts for
//! every pair. To name the `pair` in an amend helps.
//!
//! A batch of cancels never waits: the engine carries it out with a full
//! counter, too. So it is taken to be with `cancel_all_orders`, which counts
//! for the orders remembered. Changes that are waiting for their time wait
//! longer then, or fail if they may not wait so long. With several calls in
//! flight, such a cancel may overtake a change that was just sent, which then
//! finds no room.
//!
//! # What the model can't know
//!
//! * What the venue counts of other processes, and of this one before it
//!   started. A counter starts empty; when the venue refuses a call for lack
//!   of room, it is taken to be full for as long as the venue says, or else
//!   for 5 s. Processes that share a key get along in that way, but with many
//!   refusals when they are busy: give each a part of the limit, or a key of
//!   its own.
//! * When a call arrives. One unit and what decays in [`Limits::jitter`] are
//!   kept free, which makes bursts a little smaller and costs no throughput.
//! * Whether an order is filled, which ends it at no cost.
//! * The sum over all accounts of a master account, which may be no more than
//!   five times what one may use.
//!
//! # Example
//!
//! ```
//! use exchange_transport::pace::UNIT;
//! use kraken_core::pace::{KrakenPacer, Limits, Tier};
//!
//! # fn main() -> Result<(), exchange_transport::Error> {
//! let mut limits = Limits::of(Tier::Pro);
//! // Another program uses half of what the key may do.
//! limits.calls.per_second /= 2;
//! KrakenPacer::new(&limits)?;
//!
//! // Settings that can't work are refused.
//! limits.calls.limit = 3 * UNIT / 2;
//! assert!(KrakenPacer::new(&limits).is_err());
//! # Ok(())
//! # }
//! ```

mod engine;
mod orders;

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use exchange_transport::pace::{Counted, Counter, Decay, UNIT, Window};
use exchange_transport::{
    Access, CallFacts, CounterState, Error, Kind, PaceMode, Pacer, Reservation,
};

use engine::EngineModel;

/// How far an account is verified, which decides its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tier {
    /// The tightest limits, safe to assume for every account.
    #[default]
    Starter,
    /// In between.
    Intermediate,
    /// The widest limits.
    Pro,
}

/// The limits of Kraken Spot and of the older Custody calls, as far as they
/// can be set. All amounts in millionths of a unit
/// ([`UNIT`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The call counter of a key.
    pub calls: Decay,
    /// The trading engine's counter of each pair.
    pub engine: Decay,
    /// Public calls of this host. The vendor only gives advice, so this is
    /// that and no known limit: one a second, and two seconds for trades.
    pub public: Decay,
    /// By how much the time between two calls may shrink on their way to the
    /// venue. What decays in this time is kept free, and one unit for a venue
    /// that may count down in whole units.
    pub jitter: Duration,
}

impl Limits {
    /// What the vendor documents for a tier, with 1 s of jitter.
    ///
    /// | Tier | Calls | Orders, each pair |
    /// |---|---|---|
    /// | Starter | 15, less 0.33 a second | 60, less 1 a second |
    /// | Intermediate | 20, less 0.5 | 125, less 2.34 |
    /// | Pro | 20, less 1 | 180, less 3.75 |
    pub const fn of(tier: Tier) -> Self {
        let (calls, calls_decay, engine, engine_decay) = match tier {
            Tier::Starter => (15, 330_000, 60, 1_000_000),
            Tier::Intermediate => (20, 500_000, 125, 2_340_000),
            Tier::Pro => (20, 1_000_000, 180, 3_750_000),
        };
        Self {
            calls: Decay {
                limit: calls * UNIT,
                per_second: calls_decay,
            },
            engine: Decay {
                limit: engine * UNIT,
                per_second: engine_decay,
            },
            public: Decay {
                limit: 2 * UNIT,
                per_second: UNIT,
            },
            jitter: Duration::from_secs(1),
        }
    }

    /// A rule with room left for what can't be known, checked for the dearest
    /// call it must let through.
    fn careful(self, rule: Decay, dearest: u64) -> Result<Decay, Error> {
        rule.keep_free(UNIT.saturating_add(rule.in_time(self.jitter)), dearest)
    }
}

impl Default for Limits {
    /// Those of [`Tier::Starter`].
    fn default() -> Self {
        Self::of(Tier::default())
    }
}

/// How long a counter stays full after the venue refused a call and did not
/// say for how long. The vendor only speaks of some seconds, and of more for
/// those who go on calling.
const BACK_OFF: Duration = Duration::from_secs(5);

/// The dearest calls of the call counter and of the public one.
const DEAREST_CALL: u64 = 2 * UNIT;

/// A counter of what is to be sent, and one of what was.
///
/// The first knows the time for which each call was counted, those that are
/// waiting included: by it they are told how long to wait. The second knows
/// when they left, which may be later than that: by it they are held back if
/// others were held up, too, so that all would leave at once.
struct Counters {
    planned: Counter,
    sent: Counter,
}

impl Counters {
    fn new(rule: Decay) -> Result<Self, Error> {
        let sent = Counter::new(rule)?;
        Ok(Self {
            planned: sent.clone(),
            sent,
        })
    }

    fn is_empty(&self, now: Instant) -> bool {
        self.planned.used(now) == 0 && self.sent.used(now) == 0
    }

    fn still_to_wait(
        &self,
        cost: u64,
        reservation: &Reservation,
        due: Instant,
        now: Instant,
    ) -> Duration {
        let moved = self.planned.moved().saturating_sub(reservation.moved);
        let until_due = (due + moved).saturating_duration_since(now);
        until_due.max(self.sent.wait_for(cost, now))
    }

    fn fill(&mut self, hold: Duration, now: Instant) {
        self.planned.fill(hold, now);
        self.sent.fill(hold, now);
    }
}

/// The counters of one key.
struct KeyCounters {
    calls: Counters,
    engine: EngineModel,
}

impl KeyCounters {
    fn new(limits: &Limits) -> Result<Self, Error> {
        Ok(Self {
            calls: Counters::new(limits.careful(limits.calls, DEAREST_CALL)?)?,
            engine: EngineModel::new(limits.careful(limits.engine, engine::DEAREST)?)?,
        })
    }

    /// Whether nothing would be lost if the counters started anew.
    fn is_empty(&self, now: Instant) -> bool {
        self.calls.is_empty(now) && self.engine.is_empty(now)
    }
}

fn public_counters(limits: &Limits) -> Result<Counters, Error> {
    limits.public.check(DEAREST_CALL)?;
    Counters::new(limits.public)
}

/// The model for Kraken Spot and for the older Custody calls.
pub struct KrakenPacer {
    key: Arc<Mutex<KeyCounters>>,
    public: Arc<Mutex<Counters>>,
}

/// Shows none of the orders it remembers.
impl fmt::Debug for KrakenPacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KrakenPacer").finish_non_exhaustive()
    }
}

/// The counters that clients of this process share.
#[derive(Default)]
struct Shared {
    keys: HashMap<(String, String, Limits), Arc<Mutex<KeyCounters>>>,
    public: HashMap<(String, Decay), Arc<Mutex<Counters>>>,
    external: HashMap<(String, ExternalLimits), Arc<Mutex<Window>>>,
}

static SHARED: LazyLock<Mutex<Shared>> = LazyLock::new(Mutex::default);

/// Nothing of these counters is half done when a panic comes.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The counter of `key`, made if there is none. Those that nobody uses any
/// more are dropped when they are empty, not before: a client that is built
/// anew goes on with what the last one left.
fn shared<K: Hash + Eq, T>(
    map: &mut HashMap<K, Arc<Mutex<T>>>,
    key: K,
    new: Result<T, Error>,
    is_empty: impl Fn(&T) -> bool,
) -> Result<Arc<Mutex<T>>, Error> {
    let new = new?;
    map.retain(|_, counter| Arc::strong_count(counter) > 1 || !is_empty(&lock(counter)));
    let counter = map.entry(key).or_insert_with(|| Arc::new(Mutex::new(new)));
    Ok(Arc::clone(counter))
}

impl KrakenPacer {
    /// A model with counters of its own.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] for limits that can't work: a limit or a decay
    /// of zero, or a limit that, with what is kept free, has no room for every
    /// single call.
    pub fn new(limits: &Limits) -> Result<Self, Error> {
        Ok(Self {
            key: Arc::new(Mutex::new(KeyCounters::new(limits)?)),
            public: Arc::new(Mutex::new(public_counters(limits)?)),
        })
    }

    /// A model that shares its counters with all others of this process: those
    /// of the key with the same `key` at the same address with the same
    /// limits, that of public calls with the same address. Without a key its
    /// counters for private calls are its own.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn shared(limits: &Limits, base_url: &str, key: Option<&str>) -> Result<Self, Error> {
        let now = Instant::now();
        let all = &mut *lock(&SHARED);
        let own = KeyCounters::new(limits);
        Ok(Self {
            key: match key {
                None => Arc::new(Mutex::new(own?)),
                Some(key) => shared(
                    &mut all.keys,
                    (base_url.to_owned(), key.to_owned(), *limits),
                    own,
                    |counters| counters.is_empty(now),
                )?,
            },
            public: shared(
                &mut all.public,
                (base_url.to_owned(), limits.public),
                public_counters(limits),
                |counters| counters.is_empty(now),
            )?,
        })
    }
}

/// Whether and when a call leaves.
enum Leave {
    /// It may not wait so long.
    Not,
    /// When there is room for it.
    After(Duration),
    /// At once, room or not.
    AtOnce,
}

fn leave(mode: PaceMode, wait: Duration) -> Leave {
    match mode {
        PaceMode::Wait { max_wait } if wait > max_wait => Leave::Not,
        PaceMode::Wait { .. } => Leave::After(wait),
        PaceMode::Off | PaceMode::Report => Leave::AtOnce,
    }
}

fn refused(counter: &'static str, wait: Duration) -> Reservation {
    Reservation {
        wait,
        granted: false,
        counter,
        ticket: 0,
        moved: Duration::ZERO,
    }
}

/// Counts a call on one counter.
fn reserve_on(
    counters: &mut Counters,
    name: &'static str,
    cost: u64,
    mode: PaceMode,
    now: Instant,
) -> Reservation {
    let counter = &mut counters.planned;
    let wait = counter.wait_for(cost, now);
    let counted = match leave(mode, wait) {
        Leave::Not => return refused(name, wait),
        Leave::After(wait) => counter.count(cost, wait, now),
        Leave::AtOnce => counter.count_up_to_full(cost, now),
    };
    Reservation {
        wait,
        granted: true,
        counter: name,
        ticket: counted.to_bits(),
        moved: counter.moved(),
    }
}

/// Which counter a call stands on.
enum On {
    Calls,
    Engine,
    Public,
    Unknown,
}

fn on(call: &CallFacts<'_>) -> On {
    match call.operation.pace.counter {
        "kraken-private" | "kraken-custody" => On::Calls,
        "kraken-engine" => On::Engine,
        "kraken-public-ip" => On::Public,
        _ => On::Unknown,
    }
}

/// Whether the engine's model must know of a call. One of those stands on the
/// call counter as well.
fn changes_orders(call: &CallFacts<'_>) -> bool {
    matches!(on(call), On::Engine) || call.operation.id == "cancelAllOrders"
}

fn cost(call: &CallFacts<'_>) -> u64 {
    match call.operation.id {
        // The advice: one to two seconds between two of these.
        "getRecentTrades" => 2 * UNIT,
        _ => u64::from(call.operation.pace.cost) * UNIT,
    }
}

impl Pacer for KrakenPacer {
    fn reserve(&self, call: &CallFacts<'_>, mode: PaceMode, now: Instant) -> Reservation {
        let name = call.operation.pace.counter;
        if mode == PaceMode::Off {
            return Reservation::at_once(name);
        }
        match on(call) {
            On::Unknown => Reservation::at_once(name),
            On::Public => reserve_on(&mut lock(&self.public), name, cost(call), mode, now),
            On::Calls => reserve_on(&mut lock(&self.key).calls, name, cost(call), mode, now),
            On::Engine => {
                let mut key = lock(&self.key);
                let plan = key.engine.plan(call);
                let moved = key.engine.moved(&plan);
                let wait = key.engine.wait_for(&plan, now);
                let after = match leave(mode, wait) {
                    Leave::Not => return refused(name, wait),
                    Leave::After(wait) => Some(wait),
                    Leave::AtOnce => None,
                };
                Reservation {
                    wait,
                    granted: true,
                    counter: name,
                    ticket: key
                        .engine
                        .count(call, &plan, after, now)
                        .map_or(0, Counted::to_bits),
                    moved,
                }
            }
        }
    }

    fn still_to_wait(
        &self,
        call: &CallFacts<'_>,
        reservation: &Reservation,
        due: Instant,
        now: Instant,
    ) -> Duration {
        let cost = cost(call);
        match on(call) {
            On::Unknown => Duration::ZERO,
            On::Public => lock(&self.public).still_to_wait(cost, reservation, due, now),
            On::Calls => lock(&self.key)
                .calls
                .still_to_wait(cost, reservation, due, now),
            On::Engine => lock(&self.key)
                .engine
                .still_to_wait(call, reservation, due, now),
        }
    }

    fn sent(&self, call: &CallFacts<'_>, reservation: &Reservation, now: Instant) {
        let cost = cost(call);
        let mut counted = Counted::from_bits(0);
        match on(call) {
            On::Unknown => {}
            On::Public => {
                lock(&self.public).sent.count_up_to_full(cost, now);
            }
            On::Calls => {
                lock(&self.key).calls.sent.count_up_to_full(cost, now);
            }
            On::Engine => counted = Counted::from_bits(reservation.ticket),
        }
        if changes_orders(call) {
            lock(&self.key).engine.sent(call, counted, now);
        }
    }

    fn release(&self, call: &CallFacts<'_>, reservation: &Reservation, now: Instant) {
        // A ticket of 0 stands for a cost of 0.
        let counted = Counted::from_bits(reservation.ticket);
        match on(call) {
            On::Unknown => {}
            On::Public => lock(&self.public).planned.take_back(counted, now),
            On::Calls => lock(&self.key).calls.planned.take_back(counted, now),
            On::Engine => lock(&self.key).engine.take_back(call, counted, now),
        }
    }

    fn learn(&self, call: &CallFacts<'_>, result: Result<Option<&Bytes>, &Error>, now: Instant) {
        let mut key = lock(&self.key);
        if changes_orders(call) {
            key.engine.learn(call, result, now);
        }
        let Err(error) = result else { return };
        let hold = error.retry_after().unwrap_or(BACK_OFF);
        match full(call, error) {
            On::Calls => key.calls.fill(hold, now),
            On::Engine => key.engine.fill(call, hold, now),
            On::Public => lock(&self.public).fill(hold, now),
            On::Unknown => {}
        }
    }

    fn state(&self, now: Instant) -> Vec<CounterState> {
        let key = lock(&self.key);
        let engine = key.engine.counters();
        let mut states = vec![
            state_of("kraken-private".to_owned(), &key.calls.planned, now),
            state_of(
                "kraken-public-ip".to_owned(),
                &lock(&self.public).planned,
                now,
            ),
            state_of("kraken-engine".to_owned(), engine.base(), now),
        ];
        let pairs = engine
            .named()
            .map(|(pair, counter)| state_of(format!("kraken-engine {pair}"), counter, now))
            .filter(|state| state.used > 0);
        states.extend(pairs);
        states.sort_by(|a, b| a.counter.cmp(&b.counter));
        states
    }
}

fn state_of(name: String, counter: &Counter, now: Instant) -> CounterState {
    CounterState {
        counter: name,
        used: counter.used(now),
        limit: counter.rule().limit,
        wait: counter.wait_for(UNIT, now),
    }
}

/// Which counter the venue says is full.
fn full(call: &CallFacts<'_>, error: &Error) -> On {
    if error.kind() != Kind::RateLimit {
        return On::Unknown;
    }
    let own = || match call.operation.access {
        Access::Public => On::Public,
        Access::Private => On::Calls,
    };
    for message in error.messages() {
        let says = |text: &str| message.text.to_ascii_lowercase().starts_with(text);
        let category = message.category.to_ascii_lowercase();
        match category.as_str() {
            "order" if says("rate limit") || says("domain rate limit") => return On::Engine,
            "api" | "auth" if says("rate limit") || says("too many requests") => return own(),
            "general" if says("too many requests") => return own(),
            "service" if says("throttled") => return own(),
            // Other limits are no counters: too many open orders, a lockout.
            _ => {}
        }
    }
    match error.messages() {
        // An answer without the venue's own words, such as status 429.
        [] => own(),
        _ => On::Unknown,
    }
}

/// The limit of the Custody External API, for all keys of one host together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExternalLimits {
    /// So many calls …
    pub calls: u32,
    /// … in so much time.
    pub period: Duration,
    /// By how much the time between two calls may shrink on their way to the
    /// venue. The period is taken to be longer by that.
    pub jitter: Duration,
}

impl Default for ExternalLimits {
    /// 200 calls in 30 s as documented, with 1 s of jitter.
    fn default() -> Self {
        Self {
            calls: 200,
            period: Duration::from_secs(30),
            jitter: Duration::from_secs(1),
        }
    }
}

/// The model for the Custody External API.
pub struct ExternalPacer {
    window: Arc<Mutex<Window>>,
    /// Tickets are the nanoseconds from here to the time for which a call was
    /// counted.
    epoch: Instant,
}

impl fmt::Debug for ExternalPacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalPacer").finish_non_exhaustive()
    }
}

const EXTERNAL: &str = "kraken-custody-external-ip";

fn external_window(limits: &ExternalLimits) -> Result<Window, Error> {
    if limits.period.is_zero() {
        // Not hidden by the jitter.
        return Window::new(limits.calls, limits.period);
    }
    Window::new(limits.calls, limits.period.saturating_add(limits.jitter))
}

impl ExternalPacer {
    /// A model with a window of its own.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if the calls or the period are zero.
    pub fn new(limits: &ExternalLimits) -> Result<Self, Error> {
        Ok(Self {
            window: Arc::new(Mutex::new(external_window(limits)?)),
            epoch: Instant::now(),
        })
    }

    /// A model that shares its window with all others of this process for the
    /// same address with the same limits.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn shared(limits: &ExternalLimits, base_url: &str) -> Result<Self, Error> {
        let now = Instant::now();
        let window = shared(
            &mut lock(&SHARED).external,
            (base_url.to_owned(), *limits),
            external_window(limits),
            |window| window.used(now) == 0,
        )?;
        Ok(Self { window, epoch: now })
    }

    /// Zero for a time that is not after the epoch.
    fn ticket(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.epoch);
        u64::try_from(since.as_nanos()).unwrap_or(0)
    }
}

impl Pacer for ExternalPacer {
    fn reserve(&self, call: &CallFacts<'_>, mode: PaceMode, now: Instant) -> Reservation {
        let name = call.operation.pace.counter;
        if mode == PaceMode::Off || name != EXTERNAL {
            return Reservation::at_once(name);
        }
        let mut window = lock(&self.window);
        let wait = window.wait(now);
        let counted = match leave(mode, wait) {
            Leave::Not => return refused(name, wait),
            Leave::After(wait) => Some(window.count(wait, now)),
            Leave::AtOnce => window.count_up_to_full(now),
        };
        Reservation {
            wait,
            granted: true,
            counter: name,
            ticket: counted.map_or(0, |time| self.ticket(time)),
            moved: Duration::ZERO,
        }
    }

    fn release(&self, _call: &CallFacts<'_>, reservation: &Reservation, _now: Instant) {
        if reservation.ticket > 0 {
            let since = Duration::from_nanos(reservation.ticket);
            lock(&self.window).take_back(self.epoch + since);
        }
    }

    fn still_to_wait(
        &self,
        _call: &CallFacts<'_>,
        _reservation: &Reservation,
        due: Instant,
        now: Instant,
    ) -> Duration {
        lock(&self.window).still_to_wait(due, now)
    }

    fn sent(&self, _call: &CallFacts<'_>, _reservation: &Reservation, now: Instant) {
        lock(&self.window).sent(now);
    }

    fn learn(&self, _call: &CallFacts<'_>, result: Result<Option<&Bytes>, &Error>, now: Instant) {
        if let Err(error) = result
            && error.kind() == Kind::RateLimit
        {
            lock(&self.window).fill(error.retry_after().unwrap_or(BACK_OFF), now);
        }
    }

    fn state(&self, now: Instant) -> Vec<CounterState> {
        let window = lock(&self.window);
        let micro = |calls: usize| {
            u64::try_from(calls)
                .unwrap_or(u64::MAX)
                .saturating_mul(UNIT)
        };
        vec![CounterState {
            counter: EXTERNAL.to_owned(),
            used: micro(window.used(now)),
            limit: micro(window.limit()),
            wait: window.wait(now),
        }]
    }
}
