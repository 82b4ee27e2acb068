//! A model of Gemini's rate limits.
//!
//! | Counter | Counts | Vendor's limit | Kept to by default |
//! |---|---|---|---|
//! | `gemini-public` | public calls of this host | 120 a minute, 1 a second advised | 2 in 2 s |
//! | `gemini-private` | private calls of a key | 600 a minute, 5 a second advised | 5 in 1 s |
//! | `gemini-transfers` | lists of transfers and of custody fees together, of one account | 1 in 5 s | 1 in 5.1 s |
//! | `gemini-addresses` | lists of deposit addresses of one account | 1 in 2 s | 1 in 2.1 s |
//! | `gemini-new-address` | new deposit addresses of one account | 1 in 2 s | 1 in 2.1 s |
//!
//! The last three also count as private calls. They are kept a tenth of a second longer apart than
//! they must be, since the second of two calls may travel faster than the first; for the other two
//! the advised rates are far enough from the limits.
//!
//! Above its limit the vendor holds back five calls and refuses the rest with HTTP 429 until the
//! rate has fallen. [`Limits::documented`] goes up to the limits themselves, and now and then
//! beyond them by what calls differ on their way. Reads wait for room, other calls
//! are counted and never wait; see
//! [`ClientBuilder::pace_modes`](crate::ClientBuilder::pace_modes).
//!
//! All clients of a process with the same address, key and limits share the count. What other
//! processes use is not known here: give each a part of the limit.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use exchange_transport::pace::{UNIT, Window};
use exchange_transport::{
    Access, CallFacts, CounterState, Error, Kind, PaceMode, Pacer, Reservation,
};
use serde::Deserialize;

/// Public calls.
pub(crate) const PUBLIC: &str = "gemini-public";
/// Private calls.
pub(crate) const PRIVATE: &str = "gemini-private";
/// Transfers and custody fees.
pub(crate) const TRANSFERS: &str = "gemini-transfers";
/// Lists of deposit addresses.
pub(crate) const ADDRESSES: &str = "gemini-addresses";
/// New deposit addresses.
pub(crate) const NEW_ADDRESS: &str = "gemini-new-address";

/// So many calls in any stretch of time of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many.
    pub calls: u32,
    /// In how much time.
    pub period: Duration,
}

impl Rate {
    /// `calls` in each `seconds`.
    pub const fn new(calls: u32, seconds: u64) -> Self {
        Self {
            calls,
            period: Duration::from_secs(seconds),
        }
    }

    const fn millis(calls: u32, millis: u64) -> Self {
        Self {
            calls,
            period: Duration::from_millis(millis),
        }
    }

    fn window(self) -> Result<Window, Error> {
        Window::new(self.calls, self.period)
    }
}

/// The limits to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Public calls of this host.
    pub public: Rate,
    /// Private calls of the key.
    pub private: Rate,
    /// Transfers and custody fees, of each account.
    pub transfers: Rate,
    /// Lists of deposit addresses, of each account.
    pub addresses: Rate,
    /// New deposit addresses, of each account.
    pub new_address: Rate,
}

/// What the vendor advises, and for the narrow limits a little less than it lets through.
impl Default for Limits {
    fn default() -> Self {
        Self {
            public: Rate::new(2, 2),
            private: Rate::new(5, 1),
            transfers: Rate::millis(1, 5_100),
            addresses: Rate::millis(1, 2_100),
            new_address: Rate::millis(1, 2_100),
        }
    }
}

impl Limits {
    /// The most the vendor lets through without holding calls back.
    pub const fn documented() -> Self {
        Self {
            public: Rate::new(2, 1),
            private: Rate::new(10, 1),
            transfers: Rate::new(1, 5),
            addresses: Rate::new(1, 2),
            new_address: Rate::new(1, 2),
        }
    }

    fn of_account(&self, counter: &str) -> Option<Rate> {
        match counter {
            TRANSFERS => Some(self.transfers),
            ADDRESSES => Some(self.addresses),
            NEW_ADDRESS => Some(self.new_address),
            _ => None,
        }
    }
}

/// The windows of one key, or of no key.
#[derive(Debug)]
struct Windows {
    private: Window,
    /// By counter and account.
    of_accounts: HashMap<(&'static str, String), Window>,
}

/// The model; see the [module](self).
#[derive(Debug)]
pub struct GeminiPacer {
    limits: Limits,
    public: Arc<Mutex<Window>>,
    of_key: Arc<Mutex<Windows>>,
    epoch: Instant,
}

/// Windows by address and limits, and by key, too.
#[derive(Default)]
struct Shared {
    public: HashMap<(String, Limits), Arc<Mutex<Window>>>,
    of_key: HashMap<(String, String, Limits), Arc<Mutex<Windows>>>,
}

static SHARED: LazyLock<Mutex<Shared>> = LazyLock::new(Mutex::default);

/// How long nothing is sent after the venue said that it was too much, if it does not say so
/// itself.
const BACK_OFF: Duration = Duration::from_secs(2);

impl GeminiPacer {
    /// A model with counters of its own.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if one of the limits lets nothing through, or is for more than a
    /// day.
    pub fn new(limits: &Limits) -> Result<Self, Error> {
        for rate in [limits.transfers, limits.addresses, limits.new_address] {
            rate.window()?;
        }
        Ok(Self {
            limits: *limits,
            public: Arc::new(Mutex::new(limits.public.window()?)),
            of_key: Arc::new(Mutex::new(Windows {
                private: limits.private.window()?,
                of_accounts: HashMap::new(),
            })),
            epoch: Instant::now(),
        })
    }

    /// A model that shares its counters with all others of this process for the same address and
    /// limits; the private ones for the same key.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn shared(limits: &Limits, base_url: &str, key: Option<&str>) -> Result<Self, Error> {
        let mut pacer = Self::new(limits)?;
        let mut shared = lock(&SHARED);
        // Only those that a client holds; what was counted long ago does not matter.
        shared
            .public
            .retain(|_, window| Arc::strong_count(window) > 1);
        shared
            .of_key
            .retain(|_, windows| Arc::strong_count(windows) > 1);
        let public = shared.public.entry((base_url.to_owned(), *limits));
        pacer.public = Arc::clone(public.or_insert(pacer.public));
        if let Some(key) = key {
            let name = (base_url.to_owned(), key.to_owned(), *limits);
            let of_key = shared.of_key.entry(name);
            pacer.of_key = Arc::clone(of_key.or_insert(pacer.of_key));
        }
        Ok(pacer)
    }

    /// Runs `change` on all windows that a call counts in.
    fn each<T>(
        &self,
        call: &CallFacts<'_>,
        mut change: impl FnMut(&mut Window) -> T,
    ) -> Result<Vec<T>, Error> {
        if call.operation.access == Access::Public {
            return Ok(vec![change(&mut lock(&self.public))]);
        }
        let mut windows = lock(&self.of_key);
        let mut results = vec![change(&mut windows.private)];
        let counter = call.operation.pace.counter;
        if let Some(rate) = self.limits.of_account(counter) {
            let fresh = rate.window()?;
            let window = windows
                .of_accounts
                .entry((counter, account(call)))
                .or_insert(fresh);
            results.push(change(window));
        }
        Ok(results)
    }

    /// Zero for a time that is not after the epoch.
    fn ticket(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.epoch);
        u64::try_from(since.as_nanos()).unwrap_or(0)
    }
}

/// For which account a call is; empty if it does not say.
fn account(call: &CallFacts<'_>) -> String {
    #[derive(Deserialize)]
    struct Fields {
        #[serde(default)]
        account: String,
    }
    call.body
        .and_then(|body| serde_json::from_str::<Fields>(body).ok())
        .map(|fields| fields.account)
        .unwrap_or_default()
}

impl Pacer for GeminiPacer {
    fn reserve(&self, call: &CallFacts<'_>, mode: PaceMode, now: Instant) -> Reservation {
        let counter = call.operation.pace.counter;
        let waits = match mode {
            PaceMode::Off => return Reservation::at_once(counter),
            PaceMode::Report | PaceMode::Wait { .. } => self.each(call, |window| window.wait(now)),
        };
        let wait = waits.ok().and_then(|waits| waits.into_iter().max());
        let wait = wait.unwrap_or_default();
        let after = match mode {
            PaceMode::Wait { max_wait } if wait > max_wait => {
                return Reservation {
                    wait,
                    granted: false,
                    ..Reservation::at_once(counter)
                };
            }
            PaceMode::Wait { .. } => Some(wait),
            PaceMode::Off | PaceMode::Report => None,
        };
        let counted = self.each(call, |window| match after {
            Some(after) => Some(window.count(after, now)),
            None => window.count_up_to_full(now),
        });
        let time = counted
            .ok()
            .and_then(|times| times.into_iter().flatten().max());
        Reservation {
            wait,
            ticket: time.map_or(0, |time| self.ticket(time)),
            ..Reservation::at_once(counter)
        }
    }

    fn still_to_wait(
        &self,
        call: &CallFacts<'_>,
        _reservation: &Reservation,
        due: Instant,
        now: Instant,
    ) -> Duration {
        self.each(call, |window| window.still_to_wait(due, now))
            .ok()
            .and_then(|waits| waits.into_iter().max())
            // Without windows there is nothing to wait for but the time itself.
            .unwrap_or_else(|| due.saturating_duration_since(now))
    }

    fn sent(&self, call: &CallFacts<'_>, _reservation: &Reservation, now: Instant) {
        let _ = self.each(call, |window| window.sent(now));
    }

    fn release(&self, call: &CallFacts<'_>, reservation: &Reservation, _now: Instant) {
        if reservation.ticket > 0 {
            let time = self.epoch + Duration::from_nanos(reservation.ticket);
            let _ = self.each(call, |window| window.take_back(time));
        }
    }

    fn learn(&self, call: &CallFacts<'_>, result: Result<Option<&Bytes>, &Error>, now: Instant) {
        if let Err(error) = result
            && error.kind() == Kind::RateLimit
        {
            let hold = error.retry_after().unwrap_or(BACK_OFF);
            // Which of its windows was full is not told: it is taken to be the narrowest.
            let mut left = self.each(call, |_| ()).map_or(0, |windows| windows.len());
            let _ = self.each(call, |window| {
                left -= 1;
                if left == 0 {
                    window.fill(hold, now);
                }
            });
        }
    }

    fn state(&self, now: Instant) -> Vec<CounterState> {
        let state = |counter: String, window: &Window| CounterState {
            counter,
            used: micro(window.used(now)),
            limit: micro(window.limit()),
            wait: window.wait(now),
        };
        let mut states = vec![state(PUBLIC.to_owned(), &lock(&self.public))];
        let windows = lock(&self.of_key);
        states.push(state(PRIVATE.to_owned(), &windows.private));
        let mut of_accounts: Vec<_> = windows.of_accounts.iter().collect();
        of_accounts.sort_by_key(|(name, _)| *name);
        for ((counter, account), window) in of_accounts {
            let name = if account.is_empty() {
                (*counter).to_owned()
            } else {
                format!("{counter} {account}")
            };
            states.push(state(name, window));
        }
        states
    }
}

fn micro(calls: usize) -> u64 {
    u64::try_from(calls)
        .unwrap_or(u64::MAX)
        .saturating_mul(UNIT)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole whatever panicked meanwhile.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::{fund, market};

    fn facts(endpoint: &'static Endpoint, body: Option<&'static str>) -> CallFacts<'static> {
        CallFacts {
            operation: &endpoint.operation,
            path_and_query: "/",
            body,
        }
    }

    fn pacer() -> (GeminiPacer, Instant) {
        (
            GeminiPacer::new(&Limits::default()).unwrap(),
            Instant::now(),
        )
    }

    #[test]
    fn public_and_private_calls_do_not_share() {
        let (pacer, now) = pacer();
        let public = facts(<market::ListSymbols>::ENDPOINT, None);
        let private = facts(<fund::GetAvailableBalances>::ENDPOINT, None);
        for _ in 0..2 {
            assert_eq!(
                pacer.reserve(&public, PaceMode::WAIT, now).wait,
                Duration::ZERO
            );
        }
        assert_eq!(
            pacer.reserve(&public, PaceMode::WAIT, now).wait,
            Duration::from_secs(2)
        );
        for _ in 0..5 {
            assert_eq!(
                pacer.reserve(&private, PaceMode::WAIT, now).wait,
                Duration::ZERO
            );
        }
        assert_eq!(
            pacer.reserve(&private, PaceMode::WAIT, now).wait,
            Duration::from_secs(1)
        );
    }

    #[test]
    fn transfers_and_custody_fees_share_a_window_for_each_account() {
        let (pacer, now) = pacer();
        let transfers = facts(
            <fund::ListPastTransfers>::ENDPOINT,
            Some(r#"{"account":"a"}"#),
        );
        let fees = facts(
            <fund::ListCustodyFeeTransfers>::ENDPOINT,
            Some(r#"{"limit_transfers":5,"account":"a"}"#),
        );
        let other = facts(
            <fund::ListPastTransfers>::ENDPOINT,
            Some(r#"{"account":"b"}"#),
        );
        assert_eq!(
            pacer.reserve(&transfers, PaceMode::WAIT, now).wait,
            Duration::ZERO
        );
        assert_eq!(
            pacer.reserve(&fees, PaceMode::WAIT, now).wait,
            Duration::from_millis(5_100)
        );
        assert_eq!(
            pacer.reserve(&other, PaceMode::WAIT, now).wait,
            Duration::ZERO
        );
        // All three are private calls, too.
        let private = pacer.state(now).into_iter().find(|s| s.counter == PRIVATE);
        assert_eq!(private.unwrap().used, 3 * UNIT);
    }

    #[test]
    fn what_was_not_sent_is_taken_back() {
        let (pacer, now) = pacer();
        let call = facts(<fund::ListPastTransfers>::ENDPOINT, None);
        let later = now + Duration::from_millis(1);
        let held = pacer.reserve(&call, PaceMode::WAIT, later);
        pacer.release(&call, &held, later);
        assert_eq!(
            pacer.reserve(&call, PaceMode::WAIT, later).wait,
            Duration::ZERO
        );
    }

    #[test]
    fn too_long_a_wait_is_refused_and_not_counted() {
        let (pacer, now) = pacer();
        let call = facts(<fund::ListPastTransfers>::ENDPOINT, None);
        let mode = PaceMode::Wait {
            max_wait: Duration::from_secs(1),
        };
        assert!(pacer.reserve(&call, mode, now).granted);
        let refused = pacer.reserve(&call, mode, now);
        assert!(!refused.granted);
        assert_eq!(refused.wait, Duration::from_millis(5_100));
        let state = pacer.state(now);
        assert!(
            state
                .iter()
                .any(|s| s.counter == TRANSFERS && s.used == UNIT)
        );
    }

    #[test]
    fn a_refusal_by_the_venue_holds_the_narrowest_window() {
        let (pacer, now) = pacer();
        let call = facts(<fund::ListPastTransfers>::ENDPOINT, None);
        let error = Error::new(Kind::RateLimit).with_retry_after(Duration::from_secs(7));
        pacer.learn(&call, Err(&error), now);
        let wait = |name: &str| {
            let mut states = pacer.state(now).into_iter();
            states.find(|s| s.counter == name).unwrap().wait
        };
        assert_eq!(wait(TRANSFERS), Duration::from_secs(7));
        assert_eq!(wait(PRIVATE), Duration::ZERO);
    }

    #[test]
    fn calls_that_leave_late_hold_up_those_behind_them() {
        let (pacer, now) = pacer();
        let call = facts(<fund::ListPastTransfers>::ENDPOINT, None);
        let first = pacer.reserve(&call, PaceMode::WAIT, now);
        let second = pacer.reserve(&call, PaceMode::WAIT, now);
        let due = now + second.wait;
        assert_eq!(pacer.still_to_wait(&call, &second, due, now), second.wait);
        // The first one was in the queue of its key for three seconds.
        let left = now + Duration::from_secs(3);
        pacer.sent(&call, &first, left);
        let held_up = left + second.wait - due;
        assert_eq!(pacer.still_to_wait(&call, &second, due, due), held_up);
        // Other private calls are not.
        let other = facts(<fund::GetAvailableBalances>::ENDPOINT, None);
        let at_once = pacer.reserve(&other, PaceMode::WAIT, due);
        let wait = pacer.still_to_wait(&other, &at_once, due, due);
        assert_eq!((at_once.wait, wait), (Duration::ZERO, Duration::ZERO));
    }

    #[test]
    fn limits_that_let_nothing_through_are_refused() {
        let mut limits = Limits::default();
        limits.new_address.calls = 0;
        assert!(GeminiPacer::new(&limits).is_err());
        let mut limits = Limits::default();
        limits.public.period = Duration::ZERO;
        assert!(GeminiPacer::new(&limits).is_err());
    }
}
