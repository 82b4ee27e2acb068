//! The rest of the market: prices that move, a book, a tape of trades.

use rust_decimal::Decimal;

use super::assets::{PAIRS, Pair};
use crate::Moment;

/// Which side somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Buy,
    Sell,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

/// What is offered at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub price: Decimal,
    pub volume: Decimal,
    /// When it last changed.
    pub time: Moment,
}

/// A part of an order that was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fill {
    pub price: Decimal,
    pub volume: Decimal,
}

/// A line of the public tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublicTrade {
    /// Rises by one from trade to trade of a pair.
    pub id: u64,
    pub price: Decimal,
    pub volume: Decimal,
    pub time: Moment,
    /// The side of the one who took.
    pub side: Side,
    /// The taker's order was a market order.
    pub market_order: bool,
}

/// One pair's market.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub pair: &'static Pair,
}

impl Market {
    /// The price of the last trade.
    pub(crate) fn last(&self) -> Decimal {
        Decimal::new(self.pair.first_price, self.pair.price_decimals)
    }

    /// What others bid (buy) or ask (sell), best first.
    pub(crate) fn levels(&self, side: Side) -> Vec<Level> {
        let step = self.pair.tick() * Decimal::TEN;
        let sign = match side {
            Side::Buy => -Decimal::ONE,
            Side::Sell => Decimal::ONE,
        };
        (1..=100)
            .map(|level| Level {
                price: self.last() + sign * step * Decimal::from(level),
                volume: Decimal::new(5, 1),
                time: Moment::default(),
            })
            .collect()
    }

    /// Takes from the other side of the book, best price first, up to `volume`
    /// and no worse than `limit`. Does not write the tape.
    pub(crate) fn take(
        &mut self,
        side: Side,
        limit: Option<Decimal>,
        volume: Decimal,
        _now: Moment,
    ) -> Vec<Fill> {
        let mut left = volume;
        let mut fills = Vec::new();
        for level in self.levels(side.other()) {
            let too_bad = limit.is_some_and(|limit| match side {
                Side::Buy => level.price > limit,
                Side::Sell => level.price < limit,
            });
            if too_bad || left.is_zero() {
                break;
            }
            let volume = left.min(level.volume);
            left -= volume;
            fills.push(Fill {
                price: level.price,
                volume,
            });
        }
        fills
    }

    /// Writes a trade on the tape, and into candles and the ticker; returns its
    /// id.
    pub(crate) fn print(
        &mut self,
        _side: Side,
        _market_order: bool,
        _fill: Fill,
        _now: Moment,
    ) -> u64 {
        0
    }
}

/// All markets.
#[derive(Clone, Debug)]
pub(crate) struct Markets(Vec<Market>);

impl Markets {
    pub(crate) fn new(_seed: u64, _now: Moment) -> Self {
        Self(PAIRS.iter().map(|pair| Market { pair }).collect())
    }

    pub(crate) fn get(&self, pair: &Pair) -> Option<&Market> {
        self.0.iter().find(|market| market.pair.id == pair.id)
    }

    pub(crate) fn get_mut(&mut self, pair: &Pair) -> Option<&mut Market> {
        self.0.iter_mut().find(|market| market.pair.id == pair.id)
    }

    /// Lets time pass in all markets until `now`; returns what the others
    /// traded meanwhile, in order of time, with the index of the pair in
    /// [`PAIRS`]. After a long pause they trade in larger steps, so the number
    /// has a bound.
    pub(crate) fn advance(&mut self, _now: Moment) -> Vec<(usize, PublicTrade)> {
        Vec::new()
    }
}
