//! The market that Prime trades in: prices that move by the second, and what is offered at them.
//!
//! It is the same kind of market as Spot's, from another seed.

use std::time::Duration;

use rust_decimal::{Decimal, RoundingStrategy};

use super::securities::{SECURITIES, Security};
use crate::Moment;
use crate::kraken::spot::assets::find_pair;
use crate::kraken::spot::market::book::mixed;
pub(crate) use crate::kraken::spot::market::{Level, PublicTrade, Side};
use crate::kraken::spot::market::{Market, seed_of, steps};

/// So that Prime's prices are not Spot's.
const OTHER: u64 = 0x5052_494d;

/// Levels that an order reaches at most.
pub(crate) const REACH: usize = 200;

/// A part of an order that is, or would be, executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Of one unit of the base currency.
    pub price: Decimal,
    /// In the base currency.
    pub base: Decimal,
    /// In the quote currency.
    pub amount: Decimal,
}

/// How much is wanted: of the base currency, or of the quote currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Base(Decimal),
    Quote(Decimal),
}

#[derive(Clone, Debug)]
struct Quoted {
    security: &'static Security,
    market: Market,
    /// Rises when anything about it changes.
    version: u64,
    at: Moment,
}

/// The markets of all securities.
#[derive(Clone, Debug)]
pub(crate) struct Markets {
    all: Vec<Quoted>,
    /// The second up to which everything has happened.
    second: u64,
    /// They stand still.
    pub frozen: bool,
    /// The account's shortest time between two messages of a `MarketDataSnapshot`.
    pub throttle: Duration,
}

impl Markets {
    pub(crate) fn new(seed: u64, now: Moment) -> Self {
        let second = now.seconds();
        let pairs = SECURITIES.iter().filter_map(|security| {
            let pair = find_pair(security.pair)?;
            let mut market = Market::new(pair, mixed(seed ^ OTHER) ^ seed_of(pair));
            market.step(second, 1, drop);
            Some(Quoted {
                security,
                market,
                version: 1,
                at: now,
            })
        });
        Self {
            all: pairs.collect(),
            second,
            frozen: false,
            throttle: Duration::from_millis(100),
        }
    }

    fn of(&self, security: &Security) -> Option<&Quoted> {
        let mut all = self.all.iter();
        all.find(|quoted| quoted.security.symbol == security.symbol)
    }

    fn of_mut(&mut self, security: &Security) -> Option<&mut Quoted> {
        let mut all = self.all.iter_mut();
        all.find(|quoted| quoted.security.symbol == security.symbol)
    }

    /// The seconds up to `now` at which prices move; whoever asks must [`step`](Self::step) to all
    /// of them. After a long pause they are few.
    pub(crate) fn steps(&self, now: Moment) -> Vec<u64> {
        if now.seconds() <= self.second {
            return Vec::new();
        }
        steps(self.second, now.seconds())
    }

    /// Moves all prices; tells what the others traded.
    pub(crate) fn step(&mut self, second: u64) -> Vec<(&'static Security, PublicTrade)> {
        let seconds = second.saturating_sub(self.second);
        self.second = second;
        let mut trades = Vec::new();
        for quoted in &mut self.all {
            quoted.touch(Moment::from_seconds(second));
            if self.frozen {
                quoted.market.refill();
                continue;
            }
            let security = quoted.security;
            let each = |trade| trades.push((security, trade));
            quoted.market.step(second, seconds, each);
        }
        trades
    }

    /// Moves a price at once; somebody trades at it. `None` if it is no price of the security.
    pub(crate) fn set_price(
        &mut self,
        security: &Security,
        price: Decimal,
        now: Moment,
    ) -> Option<PublicTrade> {
        let quoted = self.of_mut(security)?;
        let trade = quoted.market.set_price(price, now)?;
        quoted.touch(now);
        Some(trade)
    }

    /// Something about it changed that is not known here.
    pub(crate) fn touch(&mut self, security: &Security, now: Moment) {
        if let Some(quoted) = self.of_mut(security) {
            quoted.touch(now);
        }
    }

    /// Rises when anything about a security changes; and when it last did.
    pub(crate) fn version(&self, security: &Security) -> (u64, Moment) {
        let quoted = self.of(security);
        quoted.map_or((0, Moment::default()), |quoted| (quoted.version, quoted.at))
    }

    /// What is bid or offered, best first, the first `most` levels.
    pub(crate) fn top(&self, security: &Security, side: Side, most: usize) -> Vec<Level> {
        self.of(security)
            .map_or_else(Vec::new, |quoted| quoted.market.top(side, most).collect())
    }

    /// Between the best prices.
    pub(crate) fn middle(&self, security: &Security) -> Option<Decimal> {
        let market = &self.of(security)?.market;
        let best = |side| Some(market.best(side)?.price);
        let ask = best(Side::Sell)?;
        let bid = best(Side::Buy).unwrap_or(ask);
        ask.checked_add(bid)?.checked_div(Decimal::TWO)
    }

    /// How an order of this side would be executed against what is offered, no worse than `limit`.
    pub(crate) fn plan(
        &self,
        security: &Security,
        side: Side,
        limit: Option<Decimal>,
        wanted: Wanted,
    ) -> Vec<Part> {
        let mut wanted = wanted;
        let mut parts = Vec::new();
        let quoted = self.of(security).into_iter();
        // Only as many levels as are needed are worked out.
        for level in quoted.flat_map(|quoted| quoted.market.top(side.other(), REACH)) {
            let too_bad = limit.is_some_and(|limit| match side {
                Side::Buy => level.price > limit,
                Side::Sell => level.price < limit,
            });
            if too_bad {
                break;
            }
            let Some(part) = part_of(security, level.price, level.volume, wanted) else {
                break;
            };
            wanted = wanted.without(part);
            parts.push(part);
        }
        parts
    }

    /// Takes from the other side what was planned.
    pub(crate) fn take(&mut self, security: &Security, side: Side, parts: &[Part], now: Moment) {
        let volume: Decimal = parts.iter().map(|part| part.base).sum();
        if let Some(quoted) = self.of_mut(security) {
            quoted.market.take(side, None, volume, now);
            quoted.touch(now);
        }
    }
}

impl Quoted {
    fn touch(&mut self, now: Moment) {
        self.version += 1;
        self.at = self.at.max(now);
    }
}

impl Wanted {
    fn is_quote(self) -> bool {
        matches!(self, Self::Quote(_))
    }

    fn without(self, part: Part) -> Self {
        match self {
            Self::Base(base) => Self::Base(base - part.base),
            Self::Quote(amount) => Self::Quote(amount - part.amount),
        }
    }

    /// The same, or less.
    pub(crate) fn at_most(self, most: Decimal) -> Self {
        match self {
            Self::Base(base) => Self::Base(base.min(most)),
            Self::Quote(amount) => Self::Quote(amount.min(most)),
        }
    }

    pub(crate) fn is_nothing(self) -> bool {
        match self {
            Self::Base(value) | Self::Quote(value) => value <= Decimal::ZERO,
        }
    }
}

/// As much as is wanted of what is there at a price; nothing if that is less than a unit.
pub(crate) fn part_of(
    security: &Security,
    price: Decimal,
    there: Decimal,
    wanted: Wanted,
) -> Option<Part> {
    if price <= Decimal::ZERO {
        return None;
    }
    let amount_of = |base: Decimal| Some(rounded(price.checked_mul(base)?, security.amount_digits));
    let there = cut(there, security.size_digits);
    let part = match wanted {
        Wanted::Base(base) => {
            let base = base.min(there);
            let amount = amount_of(base)?;
            Part {
                price,
                base,
                amount,
            }
        }
        Wanted::Quote(amount) => {
            let whole = amount_of(there)?;
            let (base, amount) = if whole <= amount {
                (there, whole)
            } else {
                (
                    cut(amount.checked_div(price)?, security.size_digits),
                    amount,
                )
            };
            Part {
                price,
                base,
                amount,
            }
        }
    };
    let is_some = part.base > Decimal::ZERO && !(part.amount.is_zero() && wanted.is_quote());
    is_some.then_some(part)
}

/// To the nearest unit, halves away from zero.
pub(crate) fn rounded(value: Decimal, digits: u32) -> Decimal {
    value.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// Down to a whole unit.
pub(crate) fn cut(value: Decimal, digits: u32) -> Decimal {
    value.round_dp_with_strategy(digits, RoundingStrategy::ToZero)
}
