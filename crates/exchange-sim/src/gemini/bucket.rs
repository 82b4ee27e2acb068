//! How often a group of calls may be made.

use std::collections::HashMap;
use std::time::Duration;

use crate::Moment;

/// Calls that the venue takes although they come too fast. It answers them
/// late; the simulator at once.
const QUEUED: u32 = 5;

/// So many calls in so much time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub calls: u32,
    pub period: Duration,
}

const fn rate(calls: u32, milliseconds: u64) -> Rate {
    Rate {
        calls,
        period: Duration::from_millis(milliseconds),
    }
}

/// 120 a minute.
pub(crate) const PUBLIC: Rate = rate(2, 1_000);
/// 600 a minute.
pub(crate) const PRIVATE: Rate = rate(10, 1_000);
/// Transfers and custody fees, of one account.
pub(crate) const TRANSFERS: Rate = rate(1, 5_000);
/// Deposit addresses of one account: to list, and apart from it to make.
pub(crate) const ADDRESSES: Rate = rate(1, 2_000);

/// The levels of all buckets: how much time it takes until each is empty.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    empty_at: HashMap<String, Moment>,
}

impl Buckets {
    /// Counts a call, or says after how many seconds there is room for it.
    pub(crate) fn take(&mut self, name: &str, rate: Rate, now: Moment) -> Result<(), u64> {
        let each = rate.period / rate.calls.max(1);
        let most = each * (rate.calls + QUEUED);
        let empty_at = self.empty_at.get(name).copied().unwrap_or_default();
        let level = empty_at.since(now) + each;
        let over = level.saturating_sub(most);
        if !over.is_zero() {
            // Whole seconds, rounded up.
            return Err(over.as_secs() + u64::from(over.subsec_nanos() > 0));
        }
        // Keys and accounts are few, but they come and go.
        if self.empty_at.len() > 10_000 {
            self.empty_at.retain(|_, empty_at| *empty_at > now);
        }
        self.empty_at.insert(name.to_owned(), now.plus(level));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_more_than_the_rate_are_taken() {
        let mut buckets = Buckets::default();
        let now = Moment::from_seconds(1_800_000_000);
        for _ in 0..7 {
            assert_eq!(buckets.take("a", PUBLIC, now), Ok(()));
        }
        assert_eq!(buckets.take("a", PUBLIC, now), Err(1));
        assert_eq!(buckets.take("b", PUBLIC, now), Ok(()));
        let later = now.plus(Duration::from_millis(500));
        assert_eq!(buckets.take("a", PUBLIC, later), Ok(()));
        for _ in 0..6 {
            assert_eq!(buckets.take("t", TRANSFERS, now), Ok(()));
        }
        assert_eq!(buckets.take("t", TRANSFERS, now), Err(5));
    }
}
