//! Where a model of the venue's rate limits is asked before a call goes out.
//!
//! The model itself is the venue crate's: this module says only how it is
//! asked, and what is done with its answer.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::error::Error;
use crate::operation::Operation;

/// What is done when a counter has no room for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaceMode {
    /// Nothing is counted and nothing waits.
    Off,
    /// Calls are counted and never wait.
    Report,
    /// A call waits until there is room for it.
    Wait {
        /// The longest wait. A call that would have to wait longer fails at
        /// once with [`Kind::RateLimit`](crate::Kind::RateLimit), and is not
        /// counted.
        max_wait: Duration,
    },
}

impl PaceMode {
    /// [`Wait`](Self::Wait) for at most 10 s.
    pub const WAIT: Self = Self::Wait {
        max_wait: Duration::from_secs(10),
    };
}

/// What a model may look at to tell what a call costs.
#[derive(Debug, Clone, Copy)]
pub struct CallFacts<'a> {
    /// Which call it is; [`Operation::pace`] names its counter and cost.
    pub operation: &'static Operation,
    /// Path and query, percent-encoded.
    pub path_and_query: &'a str,
    /// The JSON object of the body, without nonce and password.
    pub body: Option<&'a str>,
}

/// A model's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    /// How long to wait before sending, so that the venue will not refuse.
    pub wait: Duration,
    /// Whether the call was counted. False only in [`PaceMode::Wait`], if
    /// `wait` is above its limit: the call must not be sent.
    pub granted: bool,
    /// The counter that is the reason for the wait, or the call's own.
    pub counter: &'static str,
    /// For the model's own use in [`Pacer::release`].
    pub ticket: u64,
    /// For the model's own use in [`Pacer::still_to_wait`].
    pub moved: Duration,
}

impl Reservation {
    /// Leave to send at once.
    pub const fn at_once(counter: &'static str) -> Self {
        Self {
            wait: Duration::ZERO,
            granted: true,
            counter,
            ticket: 0,
            moved: Duration::ZERO,
        }
    }
}

/// How full a counter is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterState {
    /// Its name, as in [`Pace::counter`](crate::Pace), or of one of its parts
    /// such as the pair it is for.
    pub counter: String,
    /// How much stands on it, in millionths of the venue's unit.
    pub used: u64,
    /// The most it may hold, in the same unit.
    pub limit: u64,
    /// How long until a call of cost 1 has room.
    pub wait: Duration,
}

/// A model of a venue's rate limits.
///
/// For each time that a call is sent it hears [`reserve`](Self::reserve); of
/// one that waits, [`still_to_wait`](Self::still_to_wait) until that is
/// nothing; then [`sent`](Self::sent) and [`learn`](Self::learn), or
/// [`release`](Self::release) if it was given up before.
///
/// Times are monotonic and may stand still; under a paused test clock they are
/// that clock's. Calls from many threads come in any order, so a later call
/// may carry a slightly earlier time.
pub trait Pacer: Send + Sync + fmt::Debug {
    /// Finds room for a call, once for each time it is sent, and counts it.
    ///
    /// With [`PaceMode::Wait`] it is counted at `now` plus the wait, so that
    /// reservations made one after the other queue up. With
    /// [`PaceMode::Report`] it is counted at `now` and granted in any case.
    /// [`PaceMode::Off`] is not asked.
    fn reserve(&self, call: &CallFacts<'_>, mode: PaceMode, now: Instant) -> Reservation;

    /// Takes a reservation back whose call was not sent. To ignore this is
    /// safe: the model then waits longer than it must.
    fn release(&self, _call: &CallFacts<'_>, _reservation: &Reservation, _now: Instant) {}

    /// How long a call still has to wait that was counted for the time `due`.
    /// It may be longer than until then: there may be less room than the model
    /// knew, or others may leave later than they were counted, and so together
    /// with this one. Asked of calls that wait, when their time has come and
    /// again before they are sent.
    fn still_to_wait(
        &self,
        _call: &CallFacts<'_>,
        _reservation: &Reservation,
        due: Instant,
        now: Instant,
    ) -> Duration {
        due.saturating_duration_since(now)
    }

    /// Tells that a call is being sent now. With one call in flight this comes
    /// in the order in which the venue sees the calls.
    fn sent(&self, _call: &CallFacts<'_>, _reservation: &Reservation, _now: Instant) {}

    /// Tells what became of a call that was sent: the value the venue gave
    /// (the bytes of the result, without envelope), or the error.
    /// [`Kind::RateLimit`](crate::Kind::RateLimit) means that the counter is
    /// fuller than the model thinks.
    fn learn(&self, _call: &CallFacts<'_>, _result: Result<Option<&Bytes>, &Error>, _now: Instant) {
    }

    /// How full each counter is.
    fn state(&self, _now: Instant) -> Vec<CounterState> {
        Vec::new()
    }
}
