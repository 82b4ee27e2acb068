//! The call counter of a key, which limits how often it may call.

use rust_decimal::Decimal;

use super::key::KrakenTier;
use crate::Moment;

/// Counts up with every call and down with time.
#[derive(Debug)]
pub(crate) struct CallCounter {
    most: Decimal,
    per_second: Decimal,
    level: Decimal,
    at: Moment,
}

impl CallCounter {
    pub(crate) fn new(tier: KrakenTier) -> Self {
        let (most, per_second) = match tier {
            KrakenTier::Starter => (15, Decimal::new(33, 2)),
            KrakenTier::Intermediate => (20, Decimal::new(5, 1)),
            KrakenTier::Pro => (20, Decimal::ONE),
        };
        Self {
            most: Decimal::from(most),
            per_second,
            level: Decimal::ZERO,
            at: Moment::default(),
        }
    }

    /// Counts a call; `false` if there is no room for it.
    pub(crate) fn take(&mut self, cost: u32, now: Moment) -> bool {
        let passed = now.since(self.at);
        // Beyond an hour it is empty in any tier.
        let passed = Decimal::from(passed.as_millis().min(3_600_000) as u64) / Decimal::from(1000);
        self.level = (self.level - passed * self.per_second).max(Decimal::ZERO);
        self.at = now;
        let level = self.level + Decimal::from(cost);
        let room = level <= self.most;
        if room {
            self.level = level;
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn fills_and_empties_by_tier() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut counter = CallCounter::new(KrakenTier::Starter);
        for _ in 0..15 {
            assert!(counter.take(1, now));
        }
        assert!(!counter.take(1, now));
        assert!(counter.take(0, now));
        let later = now.plus(Duration::from_secs(3));
        assert!(!counter.take(1, later));
        assert!(counter.take(1, now.plus(Duration::from_millis(3_100))));
    }
}
