//! What the others offer: a book that is worked out anew from its seed when
//! somebody looks at it, and remembers only what was taken from it.
//!
//! A level's volume depends on its price and the time alone, so the book holds
//! still where the market does and costs nothing while nobody reads it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Level, Side};
use crate::Moment;
use crate::kraken::spot::assets::LOT_DECIMALS;

/// Levels on each side, as far as there are prices above zero.
pub(crate) const LEVELS: usize = 1_000;

/// Units of 10^-8 in one of 10^-3, in which the others offer.
const THOUSANDTH: i64 = 100_000;

/// What the others offer on both sides.
#[derive(Clone, Debug)]
pub(super) struct Book {
    seed: u64,
    /// Digits of a price.
    price_decimals: u32,
    /// Usual at one level, in units of 10^-3.
    usual_volume: i64,
    /// How far levels are apart, in ticks.
    spacing: i64,
    /// The best prices, in ticks.
    bid: i64,
    ask: i64,
    /// The second whose offers these are.
    second: u64,
    /// What was taken since, in units of 10^-8, by side and price.
    taken: BTreeMap<(Side, i64), i64>,
}

impl Book {
    pub(super) fn new(seed: u64, price_decimals: u32, usual_volume: i64) -> Self {
        Self {
            seed,
            price_decimals,
            usual_volume,
            spacing: 1,
            bid: 0,
            ask: 1,
            second: 0,
            taken: BTreeMap::new(),
        }
    }

    /// Sets how far levels are apart, for prices about `price` ticks.
    pub(super) fn space_for(&mut self, price: i64) {
        self.spacing = (price / 20_000).max(1);
    }

    /// New offers about new best prices, in ticks. A bid of zero is none.
    pub(super) fn renew(&mut self, bid: i64, ask: i64, second: u64) {
        self.bid = bid;
        self.ask = ask;
        self.second = second;
        self.taken.clear();
    }

    /// Puts back what was taken.
    pub(super) fn refill(&mut self) {
        self.taken.clear();
    }

    /// What is left on one side, best first.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        self.offers(side).map(|offer| self.level(&offer))
    }

    /// Takes up to `volume` from one side, best first and no worse than
    /// `limit`; `each` gets price and volume.
    pub(super) fn take(
        &mut self,
        side: Side,
        limit: Option<Decimal>,
        volume: Decimal,
        mut each: impl FnMut(Decimal, Decimal),
    ) {
        let mut left = volume;
        let mut taken = Vec::new();
        for offer in self.offers(side) {
            let Level { price, volume, .. } = self.level(&offer);
            let too_bad = limit.is_some_and(|limit| match side {
                Side::Buy => price < limit,
                Side::Sell => price > limit,
            });
            if too_bad || left <= Decimal::ZERO {
                break;
            }
            let part = left.min(volume);
            left -= part;
            each(price, part);
            // More digits than a volume has can't come from here.
            let units = super::units(part, LOT_DECIMALS).min(offer.volume);
            taken.push((offer.price, units));
        }
        for (price, units) in taken {
            *self.taken.entry((side, price)).or_default() += units;
        }
    }

    fn offers(&self, side: Side) -> impl Iterator<Item = Offer> + '_ {
        let best = match side {
            Side::Buy => self.bid,
            Side::Sell => self.ask,
        };
        // Levels lie in cells of the price axis that do not move with the best
        // price, one in each.
        let first = best.div_euclid(self.spacing);
        let behind = (1..).map_while(move |cells: i64| {
            let cell = match side {
                Side::Buy => first.checked_sub(cells)?,
                Side::Sell => first.checked_add(cells)?,
            };
            let from = cell.checked_mul(self.spacing)?;
            let within = mixed(self.seed ^ cell.unsigned_abs()) % self.spacing.unsigned_abs();
            from.checked_add_unsigned(within)
        });
        std::iter::once(best)
            .chain(behind)
            .take(LEVELS)
            .take_while(|price| *price > 0)
            .map(move |price| self.offer(side, price, price == best))
            .filter(|offer| offer.volume > 0)
    }

    fn offer(&self, side: Side, price: i64, best: bool) -> Offer {
        let whose = match side {
            Side::Buy => self.seed,
            Side::Sell => !self.seed,
        };
        let fixed = mixed(whose ^ price.unsigned_abs());
        // Each level changes every few seconds up to a minute.
        let period = 3 + fixed % 57;
        let phase = (fixed >> 8) % period;
        let turn = (self.second + phase) / period;
        let chance = mixed(fixed ^ turn);
        let mut thousandths = self.usual_volume * below(chance, 2_000) / 1_000;
        if (chance >> 20).is_multiple_of(16) {
            thousandths *= 4;
        }
        let least = if best { self.usual_volume } else { 1 };
        let taken = self.taken.get(&(side, price)).copied().unwrap_or_default();
        Offer {
            price,
            volume: thousandths.max(least) * THOUSANDTH - taken,
            since: (turn * period).saturating_sub(phase),
            chance,
        }
    }

    fn level(&self, offer: &Offer) -> Level {
        let nanoseconds = offer.chance % 1_000_000_000;
        let begin = Moment::from_seconds(offer.since).nanoseconds();
        // Not in the future, if it changes in this very second.
        let now = Moment::from_seconds(self.second).nanoseconds();
        let time = begin.saturating_add(nanoseconds).min(now);
        Level {
            price: Decimal::new(offer.price, self.price_decimals),
            volume: Decimal::new(offer.volume, LOT_DECIMALS),
            time: Moment::from_nanoseconds(time),
        }
    }
}

/// A level in whole units.
struct Offer {
    /// Ticks.
    price: i64,
    /// What is left, in units of 10^-8.
    volume: i64,
    /// The second in which it last changed.
    since: u64,
    chance: u64,
}

/// Below `limit`.
fn below(chance: u64, limit: u64) -> i64 {
    i64::try_from(chance % limit).unwrap_or_default()
}

/// A number that looks like chance, the same for the same `number`.
pub(crate) fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        let mut book = Book::new(7, 1, 500);
        book.space_for(600_000);
        book.renew(599_999, 600_002, 1_800_000_000);
        book
    }

    #[test]
    fn levels_are_many_in_order_and_of_the_past() {
        let book = book();
        let bids: Vec<Level> = book.levels(Side::Buy).collect();
        let asks: Vec<Level> = book.levels(Side::Sell).collect();
        assert_eq!((bids.len(), asks.len()), (LEVELS, LEVELS));
        assert_eq!(bids[0].price.to_string(), "59999.9");
        assert_eq!(asks[0].price.to_string(), "60000.2");
        assert!(bids.is_sorted_by(|a, b| a.price > b.price));
        assert!(asks.is_sorted_by(|a, b| a.price < b.price));
        let now = Moment::from_seconds(1_800_000_000);
        for level in bids.iter().chain(&asks) {
            assert!(level.volume > Decimal::ZERO && level.time <= now);
        }
        let volumes: std::collections::BTreeSet<_> = bids.iter().map(|bid| bid.volume).collect();
        assert!(volumes.len() > 100);
    }

    #[test]
    fn what_is_taken_is_gone_until_the_refill() {
        let mut book = book();
        let before: Vec<Level> = book.levels(Side::Sell).take(3).collect();
        let half = before[1].volume / Decimal::TWO;
        let mut fills = Vec::new();
        book.take(
            Side::Sell,
            None,
            before[0].volume + half,
            |price, volume| fills.push((price, volume)),
        );
        assert_eq!(
            fills,
            [(before[0].price, before[0].volume), (before[1].price, half)]
        );
        let after: Vec<Level> = book.levels(Side::Sell).take(2).collect();
        assert_eq!(after[0].price, before[1].price);
        assert_eq!(after[0].volume, before[1].volume - half);
        assert_eq!(after[1], before[2]);
        book.refill();
        assert!(book.levels(Side::Sell).take(3).eq(before));
    }

    #[test]
    fn a_limit_ends_the_taking() {
        let mut book = book();
        let before: Vec<Level> = book.levels(Side::Buy).take(3).collect();
        let mut fills = Vec::new();
        let limit = Some(before[1].price);
        book.take(Side::Buy, limit, Decimal::MAX, |price, _| fills.push(price));
        assert_eq!(fills, [before[0].price, before[1].price]);
        assert_eq!(book.levels(Side::Buy).next(), Some(before[2]));
    }

    #[test]
    fn no_price_is_zero_or_beyond_numbers() {
        let mut book = book();
        book.space_for(3);
        book.renew(2, 4, 0);
        assert_eq!(book.levels(Side::Buy).count(), 2);
        book.renew(0, 2, 0);
        assert_eq!(book.levels(Side::Buy).count(), 0);
        book.space_for(i64::MAX);
        book.renew(i64::MAX - 2, i64::MAX, u64::MAX / 4);
        assert!(book.levels(Side::Sell).count() <= LEVELS);
        assert!(book.levels(Side::Buy).all(|bid| bid.price > Decimal::ZERO));
    }
}
