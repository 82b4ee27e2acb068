//! When a failed call is sent again by itself, and after which wait.
//!
//! A call is sent again only if that can't do harm:
//!
//! * Reads are, after trouble that passes: faults on the way, time limits,
//!   5xx, throttling.
//! * Calls that change something are not, once the request may have reached
//!   the venue; the error's [`outcome`](Error::outcome) then says what is
//!   known. Two cases are certain: no connection came about, or the venue
//!   refused the nonce, which it does before anything else.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use crate::error::{Error, Kind};
use crate::operation::Operation;

/// How often and how fast calls are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a call is tried in all. 1 repeats nothing. Default 4.
    pub attempts: u32,
    /// How often a call is repeated because its nonce was refused, beside
    /// `attempts`. Default 3.
    pub nonce_repeats: u32,
    /// The wait before the first repeat; it doubles with each further one. The
    /// wait is drawn at random between half of it and all of it, so that
    /// clients that failed together do not return together. Default 250 ms.
    pub base_wait: Duration,
    /// The longest such wait. A wait that the venue names may be longer.
    /// Default 10 s.
    pub max_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            nonce_repeats: 3,
            base_wait: Duration::from_millis(250),
            max_wait: Duration::from_secs(10),
        }
    }
}

impl RetryPolicy {
    /// Everything is sent once, whatever happens.
    pub const NEVER: Self = Self {
        attempts: 1,
        nonce_repeats: 0,
        base_wait: Duration::ZERO,
        max_wait: Duration::ZERO,
    };

    /// Refuses settings that can't work.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if there is to be no attempt at all, or if the
    /// longest wait is shorter than the first.
    pub fn check(&self) -> Result<(), Error> {
        let text = if self.attempts == 0 {
            "a call needs at least 1 attempt"
        } else if self.max_wait < self.base_wait {
            "the longest wait before a repeat is shorter than the first one"
        } else {
            return Ok(());
        };
        Err(Error::new(Kind::Configuration).with_text(text))
    }

    /// The wait before the repeat that follows failure number `failures`.
    fn wait(&self, failures: u32, random: u64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let full = self
            .base_wait
            .saturating_mul(1 << doublings)
            .min(self.max_wait);
        let half = full / 2;
        let span = u64::try_from((full - half).as_nanos()).unwrap_or(u64::MAX);
        half + Duration::from_nanos(random % span.saturating_add(1))
    }
}

/// What happened to one call so far.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    failures: u32,
    nonces_refused: u32,
    in_doubt: bool,
}

impl Tries {
    /// After a failure: the wait before the next try, or `None` if that was
    /// the last.
    pub(crate) fn next_wait(
        &mut self,
        policy: &RetryPolicy,
        operation: &Operation,
        error: &Error,
    ) -> Option<Duration> {
        self.in_doubt |= error.in_doubt();
        let harmless = operation.effect.repeatable() || !self.in_doubt;
        if !harmless || !error.is_retryable() {
            return None;
        }
        // With a status it is the venue that refused the nonce, else our own
        // source that had none.
        if error.kind() == Kind::Nonce && error.status().is_some() {
            self.nonces_refused += 1;
            return (self.nonces_refused <= policy.nonce_repeats).then(|| {
                // The first one at once: another process was faster. When that
                // goes on, stepping aside helps.
                match self.nonces_refused {
                    1 => Duration::ZERO,
                    refused => policy.wait(refused - 1, random()) / 10,
                }
            });
        }
        let never_left = error.attempts() == 0;
        self.failures += 1;
        if !(operation.effect.repeatable() || never_left) || self.failures >= policy.attempts {
            return None;
        }
        let wait = policy.wait(self.failures, random());
        Some(wait.max(error.retry_after().unwrap_or_default()))
    }

    /// Whether the venue refused a nonce of this call.
    pub(crate) fn nonce_was_refused(&self) -> bool {
        self.nonces_refused > 0
    }

    /// Whether an earlier sending may have arrived.
    pub(crate) fn in_doubt(&self) -> bool {
        self.in_doubt
    }
}

/// Each state has keys of its own, and hashing nothing with them is as random
/// as waits need it.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
