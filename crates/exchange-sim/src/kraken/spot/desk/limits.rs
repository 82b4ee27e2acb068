//! The limits of the matching engine: a counter per account and pair.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::Moment;
use crate::kraken::KrakenTier;
use crate::kraken::answer::Refusal;

/// All accounts of a customer together may use so many times the limit of one.
const DOMAIN: u32 = 5;

/// How many orders of an account may wait for their start. The vendor tells no
/// number.
pub(crate) const MOST_SCHEDULED: usize = 100;

/// How many margin positions an account may have open. The vendor tells no
/// number.
pub(crate) const MOST_POSITIONS: usize = 100;

/// What somebody does to orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Add,
    Amend,
    Edit,
    Cancel,
}

/// What it costs to do that to an order of this age, counted from when it was
/// placed or last amended.
pub(crate) fn cost(act: Act, age_seconds: u64) -> Decimal {
    // Beside each age: what is added below it.
    let by_age: &[(u64, u32)] = match act {
        Act::Add => &[],
        Act::Amend => &[(5, 3), (10, 2), (15, 1)],
        Act::Edit => &[(5, 6), (10, 5), (15, 4), (45, 2), (90, 1)],
        Act::Cancel => &[(5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1)],
    };
    let fixed = u32::from(act != Act::Cancel);
    let young = by_age.iter().find(|(below, _)| age_seconds < *below);
    Decimal::from(fixed + young.map_or(0, |(_, more)| *more))
}

/// What a batch of so many new orders costs.
pub(crate) fn batch_cost(orders: usize) -> Decimal {
    Decimal::from(orders) / Decimal::TWO
}

fn threshold(tier: KrakenTier) -> Decimal {
    Decimal::from(match tier {
        KrakenTier::Starter => 60,
        KrakenTier::Intermediate => 125,
        KrakenTier::Pro => 180,
    })
}

fn decay_per_second(tier: KrakenTier) -> Decimal {
    match tier {
        KrakenTier::Starter => Decimal::ONE,
        KrakenTier::Intermediate => Decimal::new(234, 2),
        KrakenTier::Pro => Decimal::new(375, 2),
    }
}

/// How many orders may be open in a pair.
pub(crate) fn most_open(tier: KrakenTier) -> usize {
    match tier {
        KrakenTier::Starter => 60,
        KrakenTier::Intermediate => 80,
        KrakenTier::Pro => 225,
    }
}

/// The counters of all accounts, by pair.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    counters: BTreeMap<&'static str, BTreeMap<String, Counter>>,
}

#[derive(Debug, Default)]
struct Counter {
    level: Decimal,
    at: Moment,
}

impl Counter {
    fn level(&self, tier: KrakenTier, now: Moment) -> Decimal {
        // Beyond an hour it is empty in any tier.
        let passed = now.since(self.at).as_millis().min(3_600_000) as u64;
        let passed = Decimal::from(passed) / Decimal::ONE_THOUSAND;
        (self.level - passed * decay_per_second(tier)).max(Decimal::ZERO)
    }
}

impl Engine {
    /// Counts a transaction, or refuses it if there is no room. One that is
    /// `forced` is carried out all the same.
    pub(crate) fn take(
        &mut self,
        account: &str,
        pair: &'static str,
        tier: KrakenTier,
        cost: Decimal,
        forced: bool,
        now: Moment,
    ) -> Result<(), Refusal> {
        let counters = self.counters.entry(pair).or_default();
        let others: Decimal = counters
            .iter()
            .filter(|(other, _)| *other != account)
            .map(|(_, counter)| counter.level(tier, now))
            .sum();
        let counter = counters.entry(account.to_owned()).or_default();
        let level = counter.level(tier, now) + cost;
        if !forced && level > threshold(tier) {
            return Err("EOrder:Rate limit exceeded".into());
        }
        if !forced && others + level > threshold(tier) * Decimal::from(DOMAIN) {
            return Err("EOrder:Domain rate limit exceeded".into());
        }
        counter.level = level;
        counter.at = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_vendors_example_adds_up_to_eight() {
        let total = cost(Act::Add, 0) + cost(Act::Amend, 7) + cost(Act::Cancel, 36);
        assert_eq!(total, Decimal::from(8));
    }

    #[test]
    fn every_age_has_its_price() {
        let costs = |act| [0, 5, 10, 15, 45, 90, 300].map(|age| cost(act, age).to_string());
        assert_eq!(costs(Act::Amend), ["4", "3", "2", "1", "1", "1", "1"]);
        assert_eq!(costs(Act::Edit), ["7", "6", "5", "3", "2", "1", "1"]);
        assert_eq!(costs(Act::Cancel), ["8", "6", "5", "4", "2", "1", "0"]);
        assert_eq!(costs(Act::Add), ["1"; 7]);
        assert_eq!(batch_cost(5), Decimal::new(25, 1));
    }

    #[test]
    fn counts_by_account_and_pair_and_decays() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut engine = Engine::default();
        let mut take = |account: &str, pair, cost: i64, forced, now| {
            let cost = Decimal::from(cost);
            engine.take(account, pair, KrakenTier::Starter, cost, forced, now)
        };
        assert_eq!(take("a", "P", 60, false, now), Ok(()));
        let full = Err(Refusal::from("EOrder:Rate limit exceeded"));
        assert_eq!(take("a", "P", 1, false, now), full);
        assert_eq!(take("a", "Q", 1, false, now), Ok(()));
        assert_eq!(take("a", "P", 8, true, now), Ok(()));
        let later = now.plus(Duration::from_secs(8));
        assert_eq!(take("a", "P", 1, false, later), full);
        let later = now.plus(Duration::from_secs(9));
        assert_eq!(take("a", "P", 1, false, later), Ok(()));
    }

    #[test]
    fn all_accounts_together_have_five_times_the_limit() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut engine = Engine::default();
        let mut take = |account: &str| {
            let cost = Decimal::from(60);
            engine.take(account, "P", KrakenTier::Starter, cost, false, now)
        };
        for account in ["a", "b", "c", "d", "e"] {
            assert_eq!(take(account), Ok(()));
        }
        let full = Err(Refusal::from("EOrder:Domain rate limit exceeded"));
        assert_eq!(take("f"), full);
    }
}
