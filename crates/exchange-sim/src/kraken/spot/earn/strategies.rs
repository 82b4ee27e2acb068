//! The strategies on offer.

use rust_decimal::Decimal;

use super::super::assets::{Asset, find_asset};
use crate::json::{Json, object};
use crate::kraken::KrakenTier;

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;

/// How funds are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Set for the whole account, and not allocated to by hand.
    Flex,
    /// Free at any time.
    Instant,
    /// Times in seconds; zero for none.
    Bonded {
        bonding: u64,
        bonding_rewards: bool,
        exit_queue: u64,
        unbonding: u64,
        unbonding_rewards: bool,
    },
}

impl Lock {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Instant => "instant",
            Self::Bonded { .. } => "bonded",
        }
    }
}

/// Where the yield comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Staking,
    OffChain,
    OptInRewards,
}

/// What funds can be put in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Strategy {
    pub id: &'static str,
    /// Asset id.
    pub asset: &'static str,
    /// What stands after the point in the name of an allocated balance.
    pub suffix: &'static str,
    pub lock: Lock,
    /// Seconds between payouts.
    pub payout: u64,
    /// What is paid, in hundredths of a percent a year; the estimate is one
    /// percent up and down.
    pub rate: i64,
    pub source: Source,
    /// Rewards are put in as well.
    pub compounds: bool,
    /// The least of a move, in cents of a USD.
    pub least: i64,
    /// The most that a user may have in it, in whole units.
    pub most: Option<i64>,
    /// The most that all users together may have in it, in whole units.
    pub capacity: i64,
    /// Open to this tier and those above.
    pub tier: KrakenTier,
}

const INSTANT: Strategy = Strategy {
    id: "",
    asset: "",
    suffix: "B",
    lock: Lock::Instant,
    payout: WEEK,
    rate: 400,
    source: Source::Staking,
    compounds: true,
    least: 1,
    most: None,
    capacity: 1_000_000_000,
    tier: KrakenTier::Starter,
};

const FLEX: Strategy = Strategy {
    suffix: "F",
    lock: Lock::Flex,
    rate: 200,
    source: Source::OffChain,
    ..INSTANT
};

/// All strategies. Those of assets that the catalogue lacks are not shown.
pub(crate) const STRATEGIES: &[Strategy] = &[
    Strategy {
        id: "ESRFUO3-Q62XD-WIOIL7",
        asset: "DOT",
        rate: 1_000,
        ..INSTANT
    },
    Strategy {
        id: "ESMWVX6-JAPVY-23L3CV",
        asset: "DOT",
        suffix: "S",
        lock: Lock::Bonded {
            bonding: 0,
            bonding_rewards: false,
            exit_queue: 0,
            unbonding: 28 * DAY,
            unbonding_rewards: false,
        },
        rate: 1_400,
        ..INSTANT
    },
    Strategy {
        id: "ESDQCOL-WTZEU-NU55QF",
        asset: "XETH",
        lock: Lock::Bonded {
            bonding: DAY,
            bonding_rewards: false,
            exit_queue: 3_600,
            unbonding: 5 * DAY,
            unbonding_rewards: false,
        },
        rate: 450,
        compounds: false,
        tier: KrakenTier::Intermediate,
        ..INSTANT
    },
    Strategy {
        id: "ESOLBN5-DEMO2-SIM7AA",
        asset: "SOL",
        lock: Lock::Bonded {
            bonding: 2 * DAY,
            bonding_rewards: true,
            exit_queue: 0,
            unbonding: 3 * DAY,
            unbonding_rewards: true,
        },
        rate: 650,
        ..INSTANT
    },
    Strategy {
        id: "ESBTCM2-DEMO3-SIM7BB",
        asset: "XXBT",
        suffix: "M",
        rate: 100,
        source: Source::OptInRewards,
        compounds: false,
        least: 100,
        most: Some(10),
        ..INSTANT
    },
    Strategy {
        id: "ESUSDM4-DEMO5-SIM7CC",
        asset: "ZUSD",
        suffix: "M",
        payout: DAY,
        rate: 300,
        source: Source::OptInRewards,
        least: 100,
        most: Some(1_000_000),
        capacity: 2_000_000,
        ..INSTANT
    },
    Strategy {
        id: "ESUSTM6-DEMO7-SIM7DD",
        asset: "USDT",
        suffix: "M",
        rate: 350,
        source: Source::OptInRewards,
        ..INSTANT
    },
    Strategy {
        id: "ESADAB2-DEMO4-SIM7EE",
        asset: "ADA",
        payout: 5 * DAY,
        rate: 250,
        ..INSTANT
    },
    Strategy {
        id: "ESFBTC2-DEMO2-SIM7FF",
        asset: "XXBT",
        ..FLEX
    },
    Strategy {
        id: "ESFETH3-DEMO3-SIM7GG",
        asset: "XETH",
        ..FLEX
    },
    Strategy {
        id: "ESFUSD4-DEMO4-SIM7HH",
        asset: "ZUSD",
        ..FLEX
    },
    Strategy {
        id: "ESFEUR5-DEMO5-SIM7II",
        asset: "ZEUR",
        ..FLEX
    },
];

/// The strategy of that id, with its place in the table.
pub(crate) fn find(id: &str) -> Option<(usize, &'static Strategy, &'static Asset)> {
    let mut all = STRATEGIES.iter().enumerate();
    let (place, strategy) = all.find(|(_, strategy)| strategy.id == id)?;
    Some((place, strategy, strategy.asset()?))
}

fn rank(tier: KrakenTier) -> u8 {
    match tier {
        KrakenTier::Starter => 0,
        KrakenTier::Intermediate => 1,
        KrakenTier::Pro => 2,
    }
}

fn percent(hundredths: i64) -> String {
    let mut percent = Decimal::new(hundredths.max(0), 2);
    percent.rescale(4);
    percent.to_string()
}

impl Strategy {
    /// What is put in; none if the catalogue has no such asset.
    pub(crate) fn asset(&self) -> Option<&'static Asset> {
        find_asset(self.asset).filter(|asset| asset.id == self.asset)
    }

    /// The name of an allocated balance, such as `DOT.S`.
    pub(crate) fn allocated(&self, asset: &Asset) -> String {
        format!("{}.{}", asset.altname, self.suffix)
    }

    pub(crate) fn is_open_to(&self, tier: KrakenTier) -> bool {
        rank(tier) >= rank(self.tier)
    }

    /// As `Earn/Strategies` shows it.
    pub(crate) fn json(&self, asset: &Asset, tier: KrakenTier) -> Json {
        let payout = self.payout;
        let lock = match self.lock {
            Lock::Flex => object! { "type" => "flex" },
            Lock::Instant => object! { "type" => "instant", "payout_frequency" => payout },
            Lock::Bonded {
                bonding,
                bonding_rewards,
                exit_queue,
                unbonding,
                unbonding_rewards,
            } => object! {
                "type" => "bonded",
                "payout_frequency" => payout,
                "bonding_period" => bonding,
                "bonding_period_variable" => false,
                "bonding_rewards" => bonding_rewards,
                "unbonding_period" => unbonding,
                "unbonding_period_variable" => false,
                "unbonding_rewards" => unbonding_rewards,
                "exit_queue_period" => exit_queue,
            },
        };
        let source = match self.source {
            Source::Staking => "staking",
            Source::OffChain => "off_chain",
            Source::OptInRewards => "opt_in_rewards",
        };
        let by_hand = self.lock != Lock::Flex;
        let open = self.is_open_to(tier);
        let compounds = if self.compounds {
            "enabled"
        } else {
            "disabled"
        };
        let restrictions: &[&str] = if open { &[] } else { &["tier"] };
        let mut shown = object! {
            "id" => self.id,
            "asset" => asset.altname,
            "asset_class" => "currency",
            "lock_type" => lock,
            "apr_estimate" => object! {
                "low" => percent(self.rate - 100),
                "high" => percent(self.rate + 100),
            },
            "user_min_allocation" => Decimal::new(self.least, 2).to_string(),
            "allocation_fee" => "0.0000",
            "deallocation_fee" => "0.0000",
            "auto_compound" => object! { "type" => compounds },
            "yield_source" => object! { "type" => source },
            "can_allocate" => by_hand && open,
            "can_deallocate" => by_hand,
            "allocation_restriction_info" => restrictions.iter().copied().collect::<Json>(),
        };
        if let (Some(most), Json::Object(members)) = (self.most, &mut shown) {
            members.insert("user_cap".to_owned(), most.to_string().into());
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_each_allocated_balance_is_of_one_strategy() {
        let ids: BTreeSet<&str> = STRATEGIES.iter().map(|strategy| strategy.id).collect();
        assert_eq!(ids.len(), STRATEGIES.len());
        let balances: BTreeSet<(&str, &str)> = STRATEGIES
            .iter()
            .map(|strategy| (strategy.asset, strategy.suffix))
            .collect();
        assert_eq!(balances.len(), STRATEGIES.len());
        for strategy in STRATEGIES {
            let groups: Vec<usize> = strategy.id.split('-').map(str::len).collect();
            assert_eq!(groups, [7, 5, 6], "{}", strategy.id);
        }
    }
}
