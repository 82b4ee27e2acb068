//! How long to wait between tries.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// Waits that double, each drawn at random between half of it and all of it, so that clients that
/// lost their connection together do not return together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure. Default 250 ms.
    pub base: Duration,
    /// The longest wait. A wait that the venue names may be longer. Default 30 s.
    pub max: Duration,
    /// How long a connection must have held for its loss to count as a first failure again.
    /// Default 10 s: a venue that accepts and closes at once is not hammered.
    pub stable_after: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(250),
            max: Duration::from_secs(30),
            stable_after: Duration::from_secs(10),
        }
    }
}

impl Backoff {
    /// The wait after so many failures in a row, of which there is at least one.
    pub fn wait(&self, failures: u32) -> Duration {
        self.wait_with(failures, RandomState::new().build_hasher().finish())
    }

    fn wait_with(&self, failures: u32, random: u64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let full = self.base.saturating_mul(1 << doublings).min(self.max);
        let half = full / 2;
        let span = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
        half + Duration::from_nanos(random % span.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_vary_by_half() {
        let backoff = Backoff {
            base: Duration::from_millis(100),
            max: Duration::from_secs(1),
            stable_after: Duration::ZERO,
        };
        for (failures, full) in [(1, 100), (2, 200), (4, 800), (5, 1000), (u32::MAX, 1000)] {
            assert_eq!(
                backoff.wait_with(failures, 0),
                Duration::from_millis(full / 2)
            );
            for random in [1, u64::MAX / 3, u64::MAX] {
                let wait = backoff.wait_with(failures, random);
                assert!(wait >= Duration::from_millis(full / 2), "{wait:?}");
                assert!(wait <= Duration::from_millis(full), "{wait:?}");
            }
        }
        let drawn: std::collections::HashSet<_> = (0..20).map(|_| backoff.wait(3)).collect();
        assert!(drawn.len() > 1);
    }
}
