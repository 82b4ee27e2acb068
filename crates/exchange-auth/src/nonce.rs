//! Numbers that only rise.
//!
//! An exchange refuses a call whose nonce is not above the highest it has seen
//! for the key, and there is no way to set that back. All sources here count
//! nanoseconds since 1970, the finest unit in use: a key that has once been
//! used with them is lost to a client that counts milliseconds.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Gives nonces for one API key.
pub trait NonceSource: Send + Sync + fmt::Debug {
    /// A number above all that this source has given before.
    ///
    /// Take it as late as possible, under whatever orders the calls of the
    /// key: a nonce that overtakes a lower one on its way makes the lower one
    /// invalid.
    ///
    /// # Errors
    ///
    /// When no number can be given that is surely above the last. Nothing has
    /// been used up then; the call must not be sent.
    fn next(&self) -> Result<u64, NonceError>;

    /// Like [`next`](Self::next), but nobody else gets a nonce of this key,
    /// in any process that shares the source, until the hold is dropped.
    ///
    /// A call that is held until it has arrived can't be overtaken. Others wait
    /// meanwhile, so keep it short.
    ///
    /// A source that one process uses need not do anything for it.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    fn next_held(&self) -> Result<(u64, NonceHold), NonceError> {
        self.next().map(|nonce| (nonce, NonceHold::none()))
    }

    /// Whether [`next`](Self::next) may block, on a disk or on a lock that
    /// another process holds. Asynchronous code then calls it on a thread where
    /// blocking is allowed.
    fn may_block(&self) -> bool {
        false
    }
}

/// Keeps others from getting a nonce until it is dropped, see
/// [`NonceSource::next_held`].
#[must_use = "others go on when this is dropped"]
pub struct NonceHold(Option<Box<dyn Send + Sync>>);

impl NonceHold {
    /// Holds nobody up.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether it holds anybody up.
    pub const fn holds(&self) -> bool {
        self.0.is_some()
    }

    /// Holds others up until `lock` is dropped.
    pub fn new(lock: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(lock)))
    }
}

impl fmt::Debug for NonceHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NonceHold").field(&self.0.is_some()).finish()
    }
}

/// 1 January 2024 in nanoseconds. A clock that shows less has not been set:
/// its nonces would be refused, and refusals add up to a ban.
const EARLIEST: u64 = 1_704_067_200_000_000_000;

/// Kraken's schema types the nonce as a signed 64-bit number, though its guide
/// says unsigned. Nanoseconds stay below this until the year 2262.
const HIGHEST: u64 = i64::MAX as u64;

/// The number to give after `last` when the clock shows `now`, both in
/// nanoseconds since 1970.
pub(crate) fn following(last: u64, now: u64) -> Result<u64, NonceError> {
    match last.saturating_add(1).max(now) {
        ..EARLIEST => Err(NonceError::ClockNotSet),
        next @ EARLIEST..=HIGHEST => Ok(next),
        _ => Err(NonceError::Exhausted),
    }
}

/// What the system's clock shows, 0 if it is set before 1970.
pub(crate) fn unix_nanoseconds() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Nonces from the clock, in nanoseconds since 1970, for a key that only this
/// process uses.
///
/// All values of this type draw on one floor, so two clients with the same key
/// in one process never give the same number twice, from any thread, also when
/// the clock is set back while the process runs. Keys that share the floor
/// merely skip numbers, which does no harm.
///
/// Not protected: the clock set back between two runs, or another process
/// whose clients use the same key. Use [`FileNonce`](crate::FileNonce) there,
/// or a key per process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClockNonce;

/// The last nonce that any [`ClockNonce`] of this process gave.
static FLOOR: AtomicU64 = AtomicU64::new(0);

impl NonceSource for ClockNonce {
    fn next(&self) -> Result<u64, NonceError> {
        raise(&FLOOR, unix_nanoseconds())
    }
}

/// Raises `floor` to the number that follows it and returns that number.
fn raise(floor: &AtomicU64, now: u64) -> Result<u64, NonceError> {
    // Relaxed is enough: one atomic only ever rises, and no other memory
    // depends on it.
    let mut last = floor.load(Ordering::Relaxed);
    loop {
        let next = following(last, now)?;
        match floor.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return Ok(next),
            Err(current) => last = current,
        }
    }
}

/// Why no nonce was given, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NonceError {
    /// The clock is before 2024, and no earlier nonce is known to go on from.
    #[error("the system clock shows a time before 2024: set it, then start again")]
    ClockNotSet,
    /// The next number would be above 2⁶³ - 1.
    #[error(
        "no nonce is left below 2^63: if the system clock or the nonce file is far in the future, \
         set it right; a key already used with such a nonce must be replaced"
    )]
    Exhausted,
    /// The nonce file, or the directory it is in, could not be used.
    #[error(
        "cannot {action} the nonce file {}: {source}; this user must be able to read and write it, \
         on a local disk, and it must not be removed while in use",
        path.display()
    )]
    FileUnusable {
        /// The file.
        path: PathBuf,
        /// What was tried, as a verb.
        action: &'static str,
        /// What the system answered.
        source: io::Error,
    },
    /// Another process had its turn all the time and did not end it.
    #[error(
        "another process holds the nonce file {} for more than {waited:?}: find out whether that \
         process hangs, or give each program a key and nonce file of its own",
        path.display()
    )]
    FileLocked {
        /// The file.
        path: PathBuf,
        /// For how long nothing happened.
        waited: Duration,
    },
    /// The content of the nonce file is not what this crate writes.
    #[error(
        "the nonce file {} is damaged or not a nonce file, so the last nonce is not known: \
         check that the system clock is right and that no other process uses the key, then remove \
         the file; a new one starts at the clock's time",
        path.display()
    )]
    FileDamaged {
        /// The file.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn follows_the_clock_while_it_runs_ahead() {
        assert_eq!(following(0, EARLIEST).unwrap(), EARLIEST);
        assert_eq!(following(EARLIEST, EARLIEST + 5).unwrap(), EARLIEST + 5);
    }

    #[test]
    fn counts_on_when_the_clock_stands_or_falls_back() {
        assert_eq!(following(EARLIEST, EARLIEST).unwrap(), EARLIEST + 1);
        assert_eq!(following(EARLIEST, 0).unwrap(), EARLIEST + 1);
    }

    #[test]
    fn a_clock_that_is_not_set_is_an_error() {
        for now in [0, EARLIEST - 1] {
            assert!(matches!(following(0, now), Err(NonceError::ClockNotSet)));
        }
    }

    #[test]
    fn the_end_of_the_range_is_an_error_and_never_wraps() {
        assert_eq!(following(HIGHEST - 1, 0).unwrap(), HIGHEST);
        for last in [HIGHEST, u64::MAX - 1, u64::MAX] {
            assert!(matches!(
                following(last, EARLIEST),
                Err(NonceError::Exhausted)
            ));
        }
        assert!(matches!(following(0, u64::MAX), Err(NonceError::Exhausted)));

        let floor = AtomicU64::new(HIGHEST);
        assert!(raise(&floor, EARLIEST).is_err());
        assert_eq!(floor.into_inner(), HIGHEST);
    }

    #[test]
    fn instances_share_one_floor() {
        let (one, other) = (ClockNonce, ClockNonce);
        let mut last = 0;
        for _ in 0..1_000 {
            for source in [&one, &other] {
                let next = source.next().unwrap();
                assert!(next > last);
                last = next;
            }
        }
    }

    /// Draws 10 000 numbers in each of 8 threads: all different, rising in each.
    fn assert_unique_across_threads(draw: impl Fn() -> u64 + Sync) {
        let drawn: Vec<Vec<u64>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..10_000).map(|_| draw()).collect()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        for numbers in &drawn {
            assert!(numbers.is_sorted_by(|one, next| one < next));
        }
        let all: BTreeSet<u64> = drawn.into_iter().flatten().collect();
        assert_eq!(all.len(), 80_000);
    }

    #[test]
    fn unique_across_threads_with_the_real_clock() {
        assert_unique_across_threads(|| ClockNonce.next().unwrap());
    }

    #[test]
    fn unique_across_threads_with_a_clock_that_stands() {
        let floor = AtomicU64::new(0);
        assert_unique_across_threads(|| raise(&floor, EARLIEST).unwrap());
        assert_eq!(floor.into_inner(), EARLIEST + 80_000 - 1);
    }

    #[test]
    fn the_clock_is_read_in_nanoseconds() {
        let before = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let now = unix_nanoseconds() / 1_000_000_000;
        // A wrong unit is off by a factor of a thousand or more.
        assert!(now.abs_diff(before) < 86_400, "{now} {before}");
    }

    proptest! {
        #[test]
        fn rises_whatever_the_clock_does(
            start in EARLIEST..HIGHEST / 2,
            jumps in prop::collection::vec(any::<i64>(), 1..200),
        ) {
            let floor = AtomicU64::new(0);
            let mut last = raise(&floor, start).unwrap();
            for jump in jumps {
                let now = start.saturating_add_signed(jump / 4);
                let next = raise(&floor, now).unwrap();
                prop_assert!(next > last);
                prop_assert!(next >= now);
                last = next;
            }
        }
    }
}
