//! Counters to build a model of a venue's rate limits from.
//!
//! | Type | The rule it models |
//! |---|---|
//! | [`Counter`] | each call adds its cost, time takes away a fixed amount a second (also known as a leaky bucket) |
//! | [`CounterMap`] | one such counter for each of many names, such as trading pairs |
//! | [`Window`] | so many calls within so much time |
//!
//! They count in whole numbers, so that nothing is lost to rounding however
//! long they run, and they never look at a clock: each method is told the
//! time. A time a little before one they have seen is taken as that one.
//!
//! All of them count ahead: a call that must wait is counted for the time at
//! which it will be sent, so that the next one finds its place behind it.
//!
//! # Example
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! use exchange_transport::pace::{Counter, Decay, UNIT};
//!
//! # fn main() -> Result<(), exchange_transport::Error> {
//! // At most 2 units, of which one decays every 2 s.
//! let rule = Decay { limit: 2 * UNIT, per_second: UNIT / 2 };
//! let mut counter = Counter::new(rule)?;
//! let now = Instant::now();
//! for expected in [0, 0, 2, 4] {
//!     let wait = counter.wait_for(UNIT, now);
//!     assert_eq!(wait, Duration::from_secs(expected));
//!     counter.count(UNIT, wait, now);
//! }
//! # Ok(())
//! # }
//! ```

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::error::{Error, Kind};

/// One unit of a venue's counter. Costs, limits and levels are in millionths
/// of it.
pub const UNIT: u64 = 1_000_000;

/// For how long at most a counter stays full because the venue said so: a time
/// that was misread must not stop a client for good.
pub const LONGEST_HOLD: Duration = Duration::from_secs(15 * 60);

/// Levels are kept in nanoseconds of a decay of one millionth a second: then
/// every decay takes a whole number away in every nanosecond.
const SCALE: u128 = 1_000_000_000;

/// How much a [`Counter`] holds, and how fast it empties. Both in millionths
/// of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decay {
    /// The most it may hold.
    pub limit: u64,
    /// What a second takes away.
    pub per_second: u64,
}

impl Decay {
    /// The same rule with `free` millionths of a unit left unused, for what
    /// the model can't know exactly. In the long run nothing is lost by that:
    /// as much decays as before.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if the rest has no room for a call that costs
    /// `cost`, and as [`check`](Self::check).
    pub fn keep_free(self, free: u64, cost: u64) -> Result<Self, Error> {
        self.check(cost)?;
        let limit = self.limit.saturating_sub(free);
        if limit == 0 || limit < cost {
            return Err(refused(format!(
                "a rate limit of {}, of which {} are kept free, has no room for a call that costs \
                 {}",
                Units(self.limit),
                Units(free),
                Units(cost)
            )));
        }
        Ok(Self { limit, ..self })
    }

    /// What decays in a time, in millionths of a unit, rounded up.
    pub fn in_time(self, time: Duration) -> u64 {
        to_u64(self.scaled(time).div_ceil(SCALE))
    }

    /// Refuses a rule under which a call of this cost could never be made.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if the limit is below `cost`, or if nothing
    /// decays.
    pub fn check(self, cost: u64) -> Result<(), Error> {
        if self.limit == 0 {
            return Err(refused("a rate limit of 0 lets no call through"));
        }
        if self.per_second == 0 {
            return Err(refused(
                "a rate limit whose counter does not decay lets no call through once it is full",
            ));
        }
        if cost > self.limit {
            return Err(refused(format!(
                "a rate limit of {} has no room for a call that costs {}",
                Units(self.limit),
                Units(cost)
            )));
        }
        Ok(())
    }

    /// In which time so much decays.
    fn time_for(self, scaled: u128) -> Duration {
        Duration::from_nanos(to_u64(scaled.div_ceil(u128::from(self.per_second))))
    }

    fn scaled(self, time: Duration) -> u128 {
        // 2^64 s in nanoseconds times 2^64 is a little too much for 128 bits.
        u128::from(self.per_second).saturating_mul(time.as_nanos())
    }
}

fn refused(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Configuration).with_text(text)
}

/// Writes millionths as a decimal number.
struct Units(u64);

impl std::fmt::Display for Units {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0 / UNIT)?;
        match self.0 % UNIT {
            0 => Ok(()),
            rest => write!(f, ".{}", format!("{rest:06}").trim_end_matches('0')),
        }
    }
}

fn to_u64(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// A counter that calls fill and time empties.
#[derive(Debug, Clone)]
pub struct Counter {
    rule: Decay,
    /// What stands on it at `at`, times [`SCALE`]. Calls that were given a
    /// wait are in it already, so it may be above the limit.
    level: u128,
    /// None as long as nothing was counted.
    at: Option<Instant>,
    /// Until when a refusal by the venue is made up for.
    held_until: Option<Instant>,
    /// By how much calls that wait were moved back, in all.
    moved: Duration,
    /// How many calls were counted.
    calls: u32,
    /// How low the level was after so many calls, just before the next one.
    /// Only what was not as low ever since is kept, so the levels rise.
    lows: VecDeque<(u32, u128)>,
}

/// So many lows are kept; the oldest ones are merged.
const MOST_LOWS: usize = 1024;

/// What was counted for a call, to be able to take it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Its number among the calls of the counter, from 1.
    call: u32,
    /// In millionths of a unit; of more than about 4,000 units the rest can't
    /// be taken back.
    cost: u32,
}

impl Counted {
    /// As one number, for [`Reservation::ticket`](crate::Reservation).
    pub fn to_bits(self) -> u64 {
        u64::from(self.call) << 32 | u64::from(self.cost)
    }

    /// From that number.
    pub fn from_bits(bits: u64) -> Self {
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self {
            call: half(bits >> 32),
            cost: half(bits),
        }
    }
}

impl Counter {
    /// An empty counter.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if the limit or the decay is zero.
    pub fn new(rule: Decay) -> Result<Self, Error> {
        rule.check(0)?;
        Ok(Self {
            rule,
            level: 0,
            at: None,
            held_until: None,
            moved: Duration::ZERO,
            calls: 0,
            lows: VecDeque::new(),
        })
    }

    /// The rule it follows.
    pub const fn rule(&self) -> Decay {
        self.rule
    }

    /// How long a call must wait for room. One that costs more than the limit
    /// has room when the counter is empty.
    pub fn wait_for(&self, cost: u64, now: Instant) -> Duration {
        let cost = cost.min(self.rule.limit);
        let level = self.level_at(now).saturating_add(scale(cost));
        self.rule
            .time_for(level.saturating_sub(scale(self.rule.limit)))
    }

    /// By how much calls that wait were moved back since there is this
    /// counter. Who waits for room compares this with what it was when the
    /// room was counted, and waits longer by the difference.
    pub const fn moved(&self) -> Duration {
        self.moved
    }

    /// Counts a call that is sent `after` so long, whether there is room or
    /// not.
    pub fn count(&mut self, cost: u64, after: Duration, now: Instant) -> Counted {
        let level = self.level_at(now);
        // If the counter would be empty before, the call still finds it no
        // emptier than that when it is sent.
        let raised = level.max(self.rule.scaled(after));
        self.note_low(if raised > level { 0 } else { level });
        self.calls = self.calls.wrapping_add(1);
        self.set(raised.saturating_add(scale(cost)), now);
        Counted {
            call: self.calls,
            cost: u32::try_from(cost).unwrap_or(u32::MAX),
        }
    }

    /// Counts a call that is sent now whether there is room or not, and which
    /// the venue refuses without counting if there is none: so the counter is
    /// full at most.
    pub fn count_up_to_full(&mut self, cost: u64, now: Instant) -> Counted {
        let room = scale(self.rule.limit).saturating_sub(self.level_at(now));
        let cost = cost.min(to_u64(room.div_ceil(SCALE)));
        self.count(cost, Duration::ZERO, now)
    }

    /// Counts a call that is sent now and which the venue carries out whether
    /// there is room or not. Those that wait are [`moved`](Self::moved) back by
    /// the time in which the room is there again that it takes from them.
    pub fn count_over_full(&mut self, cost: u64, now: Instant) -> Counted {
        let counted = self.count(cost, Duration::ZERO, now);
        // With those that wait in it, no less than what any of them lacks.
        let over = self.level_at(now).saturating_sub(scale(self.rule.limit));
        self.move_back(self.rule.time_for(over.min(scale(cost))));
        counted
    }

    /// Notes that the venue found no room: the counter is full, and stays so
    /// for `hold`, of which no more than [`LONGEST_HOLD`] is believed.
    ///
    /// If calls are waiting already, they are [`moved`](Self::moved) back by
    /// `hold`, and all that come after them wait as much longer: the venue
    /// counts more than this counter does. That happens once in that time, so
    /// that a burst of refusals counts as one.
    pub fn fill(&mut self, hold: Duration, now: Instant) {
        let hold = hold.min(LONGEST_HOLD);
        let held = self.rule.scaled(hold);
        let limit = scale(self.rule.limit);
        let mut level = self.level_at(now).max(limit.saturating_add(held));
        if self.held_until.is_none_or(|until| until <= now) {
            level = level.max(self.level_at(now).saturating_add(held));
            self.held_until = Some(now + hold);
            self.move_back(hold);
        }
        // What was counted before no longer matters.
        self.note_low(0);
        self.set(level, now);
    }

    /// Takes back what was counted for a call that was not sent, as if it had
    /// never been counted: what of it decayed meanwhile would have decayed of
    /// the other calls.
    pub fn take_back(&mut self, counted: Counted, now: Instant) {
        if counted.call > self.calls {
            // By a counter that was dropped since, as it was empty.
            return;
        }
        let cost = scale(u64::from(counted.cost));
        let level = self.level_at(now);
        // Without the call the counter would have been empty wherever it was
        // less full than the call's cost.
        let since = self
            .lows
            .partition_point(|(calls, _)| *calls < counted.call);
        let low = self.lows.get(since).map_or(level, |(_, low)| *low);
        self.set(level - cost.min(low).min(level), now);
        for (_, later) in self.lows.range_mut(since..) {
            *later -= cost.min(low);
        }
        if since < self.lows.len() {
            // Lows before that are not lower any more.
            let low = low - cost.min(low);
            let first = self.lows.partition_point(|(_, before)| *before < low);
            self.lows.drain(first..since);
        }
    }

    /// Takes back what was counted for a call above the cost it has by now.
    pub fn correct(&mut self, counted: Counted, cost: u64, now: Instant) {
        let surplus = u64::from(counted.cost).saturating_sub(cost);
        if let Ok(cost @ 1..) = u32::try_from(surplus) {
            self.take_back(Counted { cost, ..counted }, now);
        }
    }

    fn move_back(&mut self, time: Duration) {
        self.moved = self.moved.saturating_add(time);
    }

    fn note_low(&mut self, level: u128) {
        while self.lows.back().is_some_and(|(_, low)| *low >= level) {
            self.lows.pop_back();
        }
        self.lows.push_back((self.calls, level));
        if self.lows.len() > MOST_LOWS
            && let Some((_, lowest)) = self.lows.pop_front()
            && let Some((_, next)) = self.lows.front_mut()
        {
            *next = lowest;
        }
    }

    /// What stands on it, in millionths of a unit, rounded up. More than the
    /// limit means that calls are waiting.
    pub fn used(&self, now: Instant) -> u64 {
        to_u64(self.level_at(now).div_ceil(SCALE))
    }

    fn level_at(&self, now: Instant) -> u128 {
        let passed = self
            .at
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.level.saturating_sub(self.rule.scaled(passed))
    }

    fn set(&mut self, level: u128, now: Instant) {
        self.level = level;
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
    }
}

fn scale(micro: u64) -> u128 {
    u128::from(micro) * SCALE
}

/// A [`Counter`] for each name, all under one rule.
///
/// A cost may also be counted without knowing for which name: then it counts
/// for every name, those that were never seen included.
#[derive(Debug, Clone)]
pub struct CounterMap {
    /// What stands on the counter of every name that has none of its own.
    base: Counter,
    named: HashMap<String, Counter>,
    /// By how much calls were moved back on any counter, in all.
    moved: Duration,
    /// Counters that are no fuller than `base` are dropped when there are so
    /// many names.
    tidy_at: usize,
}

/// Below this number of names nothing is tidied up.
const FEW: usize = 64;

impl CounterMap {
    /// Empty counters.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if the limit or the decay is zero.
    pub fn new(rule: Decay) -> Result<Self, Error> {
        Ok(Self {
            base: Counter::new(rule)?,
            named: HashMap::new(),
            moved: Duration::ZERO,
            tidy_at: FEW,
        })
    }

    /// The counter that says how long a call must wait: that of its name, or
    /// without a name the fullest of all.
    pub fn counter(&self, name: Option<&str>, now: Instant) -> &Counter {
        match name {
            Some(name) => self.named.get(name).unwrap_or(&self.base),
            None => self.named.values().fold(&self.base, |fullest, counter| {
                if counter.level_at(now) > fullest.level_at(now) {
                    counter
                } else {
                    fullest
                }
            }),
        }
    }

    /// By how much calls that wait were moved back, see [`Counter::moved`]: on
    /// the counter of a name, or without a name on any of them.
    pub fn moved(&self, name: Option<&str>) -> Duration {
        match name {
            Some(name) => self.named.get(name).unwrap_or(&self.base).moved,
            None => self.moved,
        }
    }

    /// Changes the counter of a name, or without a name all of them.
    pub fn update(
        &mut self,
        name: Option<&str>,
        now: Instant,
        mut change: impl FnMut(&mut Counter),
    ) {
        let mut moved = Duration::ZERO;
        self.change(name, now, |counter| {
            let before = counter.moved;
            change(counter);
            moved = moved.max(counter.moved.saturating_sub(before));
        });
        self.moved = self.moved.saturating_add(moved);
    }

    fn change(&mut self, name: Option<&str>, now: Instant, mut change: impl FnMut(&mut Counter)) {
        let Some(name) = name else {
            change(&mut self.base);
            self.named.values_mut().for_each(change);
            return;
        };
        if let Some(counter) = self.named.get_mut(name) {
            change(counter);
            return;
        }
        if self.named.len() >= self.tidy_at {
            let floor = self.base.level_at(now);
            self.named
                .retain(|_, counter| counter.level_at(now) > floor);
            self.tidy_at = FEW.max(2 * self.named.len());
        }
        let mut counter = self.base.clone();
        change(&mut counter);
        self.named.insert(name.to_owned(), counter);
    }

    /// The counter of names that have none of their own.
    pub const fn base(&self) -> &Counter {
        &self.base
    }

    /// The names that have a counter of their own, in no order.
    pub fn named(&self) -> impl Iterator<Item = (&str, &Counter)> {
        self.named
            .iter()
            .map(|(name, counter)| (name.as_str(), counter))
    }
}

/// The longest period of a [`Window`].
const LONGEST_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);

/// At most so many calls within any stretch of time of a certain length.
///
/// That also keeps to a venue's limit for fixed stretches, such as each
/// minute of the clock, wherever they begin.
#[derive(Debug, Clone)]
pub struct Window {
    limit: usize,
    period: Duration,
    /// The times for which calls were counted, in order.
    planned: VecDeque<Instant>,
    /// When calls were sent, which may be later than they were counted.
    sent: VecDeque<Instant>,
    /// Nothing is sent before.
    held_until: Option<Instant>,
}

impl Window {
    /// An empty window for `limit` calls in each `period`.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if either is zero, or the period is longer than
    /// a day.
    pub fn new(limit: u32, period: Duration) -> Result<Self, Error> {
        if limit == 0 {
            return Err(refused("a rate limit of 0 lets no call through"));
        }
        if period > LONGEST_PERIOD {
            return Err(refused(
                "a rate limit for more than a day would stop a client for that long",
            ));
        }
        if period.is_zero() {
            return Err(refused(
                "a rate limit for a period of no time limits nothing",
            ));
        }
        Ok(Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            period,
            planned: VecDeque::new(),
            sent: VecDeque::new(),
            held_until: None,
        })
    }

    /// How long a call must wait for room. A call that was counted for a time
    /// far ahead, because another window holds it up, does not stand in the way
    /// of one that has room before it.
    pub fn wait(&self, now: Instant) -> Duration {
        let behind_all = self.wait_among(&self.planned, now);
        if behind_all.is_zero() {
            return behind_all;
        }
        let first = self.held_until.map_or(now, |until| until.max(now));
        let ends = self.planned.iter().map(|time| *time + self.period);
        let mut candidates = std::iter::once(first).chain(ends.filter(|end| *end > first));
        candidates
            .find(|time| self.has_room(*time))
            .map_or(behind_all, |time| time.saturating_duration_since(now))
    }

    /// Whether one more call at this time leaves no stretch with too many, of
    /// those that begin before it and those that begin with it.
    fn has_room(&self, time: Instant) -> bool {
        let planned = &self.planned;
        let place = planned.partition_point(|before| *before <= time);
        let at = |index: usize| match index.cmp(&place) {
            std::cmp::Ordering::Less => planned.get(index).copied(),
            std::cmp::Ordering::Equal => Some(time),
            std::cmp::Ordering::Greater => planned.get(index - 1).copied(),
        };
        (place.saturating_sub(self.limit)..=place).all(|first| {
            match (at(first), at(first + self.limit)) {
                (Some(first), Some(beyond)) => first + self.period <= beyond,
                _ => true,
            }
        })
    }

    /// How long a call still has to wait that was counted for the time `due`:
    /// longer than until then, if others that were held up left only now.
    pub fn still_to_wait(&self, due: Instant, now: Instant) -> Duration {
        let until_due = due.saturating_duration_since(now);
        until_due.max(self.wait_among(&self.sent, now))
    }

    fn wait_among(&self, times: &VecDeque<Instant>, now: Instant) -> Duration {
        let room = match times.len().checked_sub(self.limit) {
            // The call that must leave the window first.
            Some(index) => times.get(index).map(|time| *time + self.period),
            None => None,
        };
        room.max(self.held_until)
            .map_or(Duration::ZERO, |time| time.saturating_duration_since(now))
    }

    /// Counts a call that is sent `after` so long, whether there is room or
    /// not. Tells for when it was counted.
    pub fn count(&mut self, after: Duration, now: Instant) -> Instant {
        self.forget(now);
        let time = now + after;
        insert(&mut self.planned, time);
        time
    }

    /// Notes that a call is sent now that was counted before. If the window is
    /// full, the venue refuses it without counting.
    pub fn sent(&mut self, now: Instant) {
        self.forget(now);
        if self.wait_among(&self.sent, now).is_zero() {
            insert(&mut self.sent, now);
        }
    }

    /// Counts a call that is sent now, unless the window is full: then the
    /// venue refuses it without counting. Tells for when it was counted.
    pub fn count_up_to_full(&mut self, now: Instant) -> Option<Instant> {
        let room = self.wait(now).is_zero();
        room.then(|| self.count(Duration::ZERO, now))
    }

    /// Notes that the venue found no room: nothing is sent for `hold`, or if
    /// that is zero for half the period. No more than [`LONGEST_HOLD`] is
    /// believed.
    pub fn fill(&mut self, hold: Duration, now: Instant) {
        let hold = if hold.is_zero() {
            self.period / 2
        } else {
            hold
        };
        let hold = hold.min(LONGEST_HOLD);
        self.held_until = self.held_until.max(Some(now + hold));
    }

    /// Takes back a call that was counted for this time; it was not sent.
    pub fn take_back(&mut self, time: Instant) {
        if let Ok(index) = self.planned.binary_search(&time) {
            self.planned.remove(index);
        }
    }

    /// How many calls stand in the window. More than the limit means that
    /// calls are waiting.
    pub fn used(&self, now: Instant) -> usize {
        let used = |times: &VecDeque<Instant>| times.len() - self.gone(times, now);
        used(&self.planned).max(used(&self.sent))
    }

    /// How many it holds.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// How many of these times are out of the window.
    fn gone(&self, times: &VecDeque<Instant>, now: Instant) -> usize {
        times.partition_point(|time| *time + self.period <= now)
    }

    fn forget(&mut self, now: Instant) {
        self.planned.drain(..self.gone(&self.planned, now));
        self.sent.drain(..self.gone(&self.sent, now));
    }
}

/// Keeps times in order.
fn insert(times: &mut VecDeque<Instant>, time: Instant) {
    let index = times.partition_point(|before| *before <= time);
    times.insert(index, time);
}
