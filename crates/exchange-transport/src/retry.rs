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
//!
//! With the default [`RetryPolicy`], for trouble that does not end, and an API
//! that packs its errors in an envelope:
//!
//! | What happens | A read | An order, a transfer, … |
//! |---|---|---|
//! | connection refused | tried 4 times; `Transport` | tried 4 times; `Transport`, not executed |
//! | connection reset, before or after the request was read | sent 4 times; `Transport` | sent once; `Transport`, **unknown** |
//! | no answer, or a body that stops | sent 4 times; `Timeout` | sent once; `Timeout`, **unknown** |
//! | body cut off | sent 4 times; `Transport` | sent once; `Transport`, **unknown** |
//! | 502 with a page in HTML | sent 4 times; `Unavailable` | sent once; `Unavailable`, **unknown** |
//! | 429, with `Retry-After` or without | sent 4 times, after the wait named; `RateLimit` | sent once; `RateLimit`, **unknown** |
//! | 429, with a `Retry-After` beyond the deadline | sent once; `RateLimit` | sent once; `RateLimit`, **unknown** |
//! | the venue says: throttled, or rate limit exceeded | sent 4 times, after the wait named; `RateLimit` | sent once; `RateLimit`, not executed |
//! | the venue says: invalid nonce | sent 4 times; `Nonce` | sent 4 times; `Nonce`, **unknown** |
//! | the venue says: unavailable, busy | sent 4 times; `Unavailable` | sent once; `Unavailable`, **unknown** |
//! | the venue says: permission denied, no funds, … | sent once | sent once; not executed |
//! | the deadline passes before it is sent | `Timeout` | `Timeout`, not executed |
//! | the deadline passes after that | `Timeout` | `Timeout`, **unknown** |
//!
//! A read that failed is always [`NotExecuted`](crate::Outcome::NotExecuted).
//! `Transport` and the like are the error's [`kind`](Error::kind), *unknown*
//! and *not executed* its [`outcome`](Error::outcome). An invalid nonce is
//! trouble that ends with the first repeat, unless the clock or another user
//! of the key is the reason: that repeat has the queue, and a nonce file, to
//! itself. A change whose nonce is refused even then counts as unknown: a copy
//! that something on the way sent twice is refused in the same words as one
//! that came too late.

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
        let span = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
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

    /// Whether a sending may have been executed, now that `error` is the last
    /// word: an earlier one may have arrived, or the nonce was refused again
    /// after the call had been sent anew.
    pub(crate) fn in_doubt(&self, operation: &Operation, error: &Error) -> bool {
        let refused_again = self.nonces_refused > 1 && error.kind() == Kind::Nonce;
        self.in_doubt || (refused_again && !operation.effect.repeatable())
    }
}

/// Each state has keys of its own, and hashing nothing with them is as random
/// as waits need it.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Outcome;
    use crate::operation::{Access, Answer, Effect, Pace, Permission};

    const READ: Operation = Operation {
        api: "test",
        id: "read",
        rust_method: "read",
        method: http::Method::POST,
        path: "/read",
        access: Access::Private,
        permission: Permission::NotNeeded,
        effect: Effect::Read,
        pace: Pace {
            counter: "test",
            cost: 1,
        },
        answer: Answer::Bare,
    };
    const CHANGE: Operation = Operation {
        effect: Effect::Funds,
        ..READ
    };

    static READ_ROW: Operation = READ;
    static CHANGE_ROW: Operation = CHANGE;

    /// A failure of a request that was sent, and that passes.
    fn failure(operation: &'static Operation, outcome: Outcome) -> Error {
        Error::new(Kind::Unavailable)
            .on(operation)
            .with_outcome(outcome)
            .with_attempts(1)
            .with_retryable(true)
    }

    fn refused_nonce(operation: &'static Operation) -> Error {
        Error::new(Kind::Nonce)
            .on(operation)
            .with_status(200)
            .with_attempts(1)
            .with_retryable(true)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_are_spread() {
        let policy = RetryPolicy::default();
        let full = [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000];
        for (failures, full) in (1..).zip(full) {
            let full = Duration::from_millis(full);
            assert_eq!(policy.wait(failures, 0), full / 2);
            let span = u64::try_from((full / 2).as_nanos()).unwrap();
            assert_eq!(policy.wait(failures, span), full);
            for _ in 0..100 {
                let wait = policy.wait(failures, random());
                assert!((full / 2..=full).contains(&wait), "{wait:?}");
            }
        }
        assert_eq!(policy.wait(u32::MAX, 0), Duration::from_secs(5));
    }

    #[test]
    fn waits_differ() {
        let policy = RetryPolicy::default();
        let waits: std::collections::HashSet<Duration> =
            (0..50).map(|_| policy.wait(1, random())).collect();
        assert!(waits.len() > 40, "{waits:?}");
    }

    #[test]
    fn a_read_is_tried_as_often_as_the_policy_says() {
        for attempts in 1..6 {
            let policy = RetryPolicy {
                attempts,
                ..RetryPolicy::default()
            };
            let mut tries = Tries::default();
            let error = failure(&READ_ROW, Outcome::Unknown);
            for _ in 1..attempts {
                assert!(tries.next_wait(&policy, &READ_ROW, &error).is_some());
            }
            assert_eq!(tries.next_wait(&policy, &READ_ROW, &error), None);
        }
    }

    #[test]
    fn the_wait_that_the_venue_names_counts_if_it_is_longer() {
        for (named, expected) in [(1, 125..=250), (7_200_000, 7_200_000..=7_200_000)] {
            let error =
                failure(&READ_ROW, Outcome::Unknown).with_retry_after(Duration::from_millis(named));
            let wait = Tries::default().next_wait(&RetryPolicy::default(), &READ_ROW, &error);
            assert!(expected.contains(&wait.unwrap().as_millis()), "{wait:?}");
        }
    }

    #[test]
    fn a_change_that_was_sent_is_repeated_only_for_its_nonce() {
        let policy = RetryPolicy::default();
        for outcome in [Outcome::Unknown, Outcome::NotExecuted] {
            let error = failure(&CHANGE_ROW, outcome);
            let wait = Tries::default().next_wait(&policy, &CHANGE_ROW, &error);
            assert_eq!(wait, None, "{outcome:?}");
        }
        let never_left = failure(&CHANGE_ROW, Outcome::NotExecuted).with_attempts(0);
        let wait = Tries::default().next_wait(&policy, &CHANGE_ROW, &never_left);
        assert!(wait.is_some());

        let mut tries = Tries::default();
        let error = refused_nonce(&CHANGE_ROW);
        let first = tries.next_wait(&policy, &CHANGE_ROW, &error);
        assert_eq!(first, Some(Duration::ZERO));
        assert!(tries.nonce_was_refused());
        for _ in 1..policy.nonce_repeats {
            let wait = tries.next_wait(&policy, &CHANGE_ROW, &error).unwrap();
            assert!(wait <= policy.max_wait / 10, "{wait:?}");
        }
        assert_eq!(tries.next_wait(&policy, &CHANGE_ROW, &error), None);
        assert!(tries.in_doubt(&CHANGE_ROW, &error));
        let funds = Error::new(Kind::Funds).on(&CHANGE_ROW);
        assert!(!tries.in_doubt(&CHANGE_ROW, &funds), "a refusal is certain");
    }

    /// A nonce refused once says nothing of the call itself.
    #[test]
    fn the_first_refused_nonce_leaves_no_doubt() {
        let mut tries = Tries::default();
        let error = refused_nonce(&CHANGE_ROW);
        tries.next_wait(&RetryPolicy::NEVER, &CHANGE_ROW, &error);
        assert!(!tries.in_doubt(&CHANGE_ROW, &error));
        let read = refused_nonce(&READ_ROW);
        let mut tries = Tries::default();
        for _ in 0..4 {
            tries.next_wait(&RetryPolicy::default(), &READ_ROW, &read);
        }
        assert!(!tries.in_doubt(&READ_ROW, &read));
    }

    /// Whatever comes after a sending that may have arrived, a change is not
    /// sent again.
    #[test]
    fn doubt_stays() {
        let policy = RetryPolicy::default();
        let mut tries = Tries::default();
        tries.next_wait(
            &policy,
            &CHANGE_ROW,
            &failure(&CHANGE_ROW, Outcome::Unknown),
        );
        let refused = refused_nonce(&CHANGE_ROW);
        assert_eq!(tries.next_wait(&policy, &CHANGE_ROW, &refused), None);
        assert!(tries.in_doubt(&CHANGE_ROW, &refused));
    }

    #[test]
    fn trouble_that_does_not_pass_is_told_at_once() {
        for operation in [&READ_ROW, &CHANGE_ROW] {
            let error = Error::new(Kind::Permission).on(operation).with_attempts(1);
            let wait = Tries::default().next_wait(&RetryPolicy::default(), operation, &error);
            assert_eq!(wait, None);
            // Our own source had no nonce to give.
            let error = Error::new(Kind::Nonce).on(operation);
            let wait = Tries::default().next_wait(&RetryPolicy::default(), operation, &error);
            assert_eq!(wait, None);
        }
    }

    #[test]
    fn settings_that_can_not_work_are_refused() {
        RetryPolicy::default().check().unwrap();
        RetryPolicy::NEVER.check().unwrap();
        for policy in [
            RetryPolicy {
                attempts: 0,
                ..RetryPolicy::default()
            },
            RetryPolicy {
                max_wait: Duration::from_millis(1),
                ..RetryPolicy::default()
            },
        ] {
            assert_eq!(policy.check().unwrap_err().kind(), Kind::Configuration);
        }
    }
}
