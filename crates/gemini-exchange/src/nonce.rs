//! Nonces of both kinds of keys.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exchange_auth::{NonceError, NonceSource};

/// Which nonces a key wants: chosen when the key is made, and not told by the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum NonceKind {
    /// Any number above the last one. These are nanoseconds since 1970, by the clock, and they rise
    /// even if the clock is set back while the program runs.
    ///
    /// A key that was used with them can't be used any more by a program that counts in a coarser
    /// unit.
    #[default]
    Incrementing,
    /// Seconds since 1970, within 30 s of the venue's clock, each used once.
    ///
    /// Whether such a key takes the same second twice is disputed, so this does not rely on it: a
    /// second is taken in advance when it must be, up to 5 s ahead of the clock. That makes bursts
    /// of 6 calls, and then one call a second; further calls wait.
    TimeBased,
    /// Seconds since 1970 within 30 s of the venue's clock, the same for all calls of a second, as
    /// the vendor's own SDKs do it. There is no limit but the venue's. If it refuses the second
    /// call of a second as `InvalidNonce`, use [`TimeBased`](Self::TimeBased).
    TimeBasedRepeating,
}

/// How far a nonce may run ahead of the clock. Not more: after a restart the numbers start at the
/// clock again, and then the first calls might come too low.
const LEAD: u64 = 5;

/// 1 January 2024: a clock that shows less has not been set.
const EARLIEST: u64 = 1_704_067_200;

/// Seconds for one key.
#[derive(Debug)]
pub(crate) struct TimeNonce {
    last: Mutex<u64>,
    repeats: bool,
}

/// By venue, key and whether they repeat. Kept for as long as the process runs, as a number must
/// not come again because a client was dropped.
type Shared = HashMap<(String, String, bool), Arc<TimeNonce>>;

static SHARED: LazyLock<Mutex<Shared>> = LazyLock::new(Mutex::default);

impl TimeNonce {
    /// The source of a key, shared by all clients of the process.
    pub(crate) fn shared(venue: &str, key: &str, kind: NonceKind) -> Arc<Self> {
        let repeats = kind == NonceKind::TimeBasedRepeating;
        let mut shared = lock(&SHARED);
        let source = shared
            .entry((venue.to_owned(), key.to_owned(), repeats))
            .or_insert_with(|| {
                Arc::new(Self {
                    last: Mutex::new(0),
                    repeats,
                })
            });
        Arc::clone(source)
    }
}

impl NonceSource for TimeNonce {
    fn next(&self) -> Result<u64, NonceError> {
        loop {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let wait = {
                let mut last = lock(&self.last);
                match following(*last, now, self.repeats) {
                    Ok(next) => {
                        *last = next;
                        return Ok(next);
                    }
                    Err(Wait::For(wait)) => wait,
                    Err(Wait::Never) => return Err(NonceError::ClockNotSet),
                }
            };
            thread::sleep(wait);
        }
    }

    fn may_block(&self) -> bool {
        !self.repeats
    }
}

#[derive(Debug, PartialEq)]
enum Wait {
    For(Duration),
    /// The clock is not set.
    Never,
}

/// The number after `last` when the clock shows `now`, or how long until there is one.
fn following(last: u64, now: Duration, repeats: bool) -> Result<u64, Wait> {
    let seconds = now.as_secs();
    if seconds < EARLIEST {
        return Err(Wait::Never);
    }
    if repeats {
        // A clock that was set back: the window counts, not the order.
        return Ok(seconds);
    }
    let next = last.saturating_add(1).max(seconds);
    match next.checked_sub(LEAD).filter(|from| *from > seconds) {
        None => Ok(next),
        // Looked at anew at least once a second, since the clock may be set meanwhile.
        Some(from) => Err(Wait::For(
            Duration::from_secs(from)
                .saturating_sub(now)
                .min(Duration::from_secs(1)),
        )),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole whatever panicked meanwhile.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_764_000_000;

    fn at(seconds: u64, millis: u64) -> Duration {
        Duration::from_secs(seconds) + Duration::from_millis(millis)
    }

    #[test]
    fn a_burst_runs_ahead_and_then_waits_for_the_clock() {
        let mut last = 0;
        for ahead in 0..=LEAD {
            last = following(last, at(NOW, 250), false).unwrap();
            assert_eq!(last, NOW + ahead);
        }
        assert_eq!(
            following(last, at(NOW, 250), false),
            Err(Wait::For(Duration::from_millis(750)))
        );
        assert_eq!(following(last, at(NOW + 1, 0), false), Ok(NOW + 1 + LEAD));
    }

    #[test]
    fn after_a_pause_it_is_the_clock_again() {
        assert_eq!(following(NOW + LEAD, at(NOW + 60, 0), false), Ok(NOW + 60));
    }

    #[test]
    fn a_clock_set_back_far_makes_calls_wait_a_second_at_most_before_looking_again() {
        assert_eq!(
            following(NOW + 3600, at(NOW, 0), false),
            Err(Wait::For(Duration::from_secs(1)))
        );
    }

    #[test]
    fn repeated_seconds_are_the_clock() {
        for last in [0, NOW, NOW + 100] {
            assert_eq!(following(last, at(NOW, 999), true), Ok(NOW));
        }
    }

    #[test]
    fn a_clock_that_is_not_set_is_an_error() {
        for repeats in [false, true] {
            assert_eq!(following(0, at(EARLIEST - 1, 0), repeats), Err(Wait::Never));
        }
    }

    #[test]
    fn clients_of_one_key_share_the_seconds() {
        let one = TimeNonce::shared("https://v", "nonce-test", NonceKind::TimeBased);
        let other = TimeNonce::shared("https://v", "nonce-test", NonceKind::TimeBased);
        let (first, second) = (one.next().unwrap(), other.next().unwrap());
        assert!(second > first);
        let another = TimeNonce::shared("https://v", "nonce-test-2", NonceKind::TimeBased);
        assert!(another.next().unwrap() <= second);
    }
}
