//! A market that moves by itself: a price that walks, trades at it, a book
//! around it, and candles made of the trades.

use std::collections::VecDeque;
use std::time::Duration;

use rust_decimal::Decimal;

use super::symbols::Symbol;
use crate::Moment;

/// How much of the past is made up when a market is first looked at.
const PAST: Duration = Duration::from_secs(24 * 3_600);

/// How often the price moves.
const STEP: Duration = Duration::from_secs(5);

/// Most moves at once; a longer time is walked in longer steps.
const STEPS: u32 = 720;

/// Levels of each side of the book.
const LEVELS: u32 = 25;

/// Trades and candles that are kept.
const TRADES: usize = 1_000;
const CANDLES: usize = 2 * 1_440;

const MINUTE: u64 = 60_000;

/// A price, and how much there is at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub price: Decimal,
    pub amount: Decimal,
}

/// A trade as everybody sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicTrade {
    pub at: Moment,
    pub tid: u64,
    pub price: Decimal,
    pub amount: Decimal,
    /// The one who took bought.
    pub buy: bool,
}

/// A minute of trades.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candle {
    /// When it begins, in milliseconds.
    pub start: u64,
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    pub volume: Decimal,
}

/// One market.
#[derive(Debug)]
pub(crate) struct Market {
    pub symbol: &'static Symbol,
    dice: fastrand::Rng,
    /// The last price.
    pub price: Decimal,
    at: Moment,
    /// Best first.
    pub bids: Vec<Level>,
    /// Best first.
    pub asks: Vec<Level>,
    /// Oldest first.
    pub trades: VecDeque<PublicTrade>,
    /// Oldest first.
    pub candles: VecDeque<Candle>,
}

impl Market {
    /// A market with a day behind it.
    pub(crate) fn new(symbol: &'static Symbol, seed: u64, now: Moment) -> Self {
        let name = symbol.name.bytes().fold(seed, |sum, byte| {
            sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)
        });
        let mut market = Self {
            symbol,
            dice: fastrand::Rng::with_seed(name),
            price: symbol.first_price(),
            at: now.minus(PAST),
            bids: Vec::new(),
            asks: Vec::new(),
            trades: VecDeque::new(),
            candles: VecDeque::new(),
        };
        // Trades of the past have numbers below all that are given out.
        let mut tid = 1_000_000;
        for _ in 0..1_440 {
            let at = market.at.plus(Duration::from_secs(60));
            tid += 1;
            market.walk(at, tid);
        }
        market.at = now;
        market.make_book();
        market
    }

    /// The points in time up to `now` at which the price is to move. Whoever
    /// asks must go to all of them.
    pub(crate) fn steps(&self, now: Moment) -> Vec<Moment> {
        let passed = now.since(self.at);
        let stride = STEP.max(passed / STEPS);
        let mut steps = Vec::new();
        let mut at = self.at.plus(stride);
        while at <= now {
            steps.push(at);
            at = at.plus(stride);
        }
        steps
    }

    /// Moves the price, with one trade at it. The book is as it was until
    /// [`make_book`](Self::make_book).
    pub(crate) fn step(&mut self, at: Moment, tid: u64) -> PublicTrade {
        self.walk(at, tid)
    }

    /// How far the best offers of the market are from its price.
    pub(crate) fn half_spread(&self) -> Decimal {
        cut_up(self.price * Decimal::new(1, 4), self.symbol.price_step())
    }

    /// Sets the price, with one trade at it.
    pub(crate) fn set_price(&mut self, price: Decimal, at: Moment, tid: u64) -> PublicTrade {
        let buy = price >= self.price;
        self.price = price;
        let trade = PublicTrade {
            at,
            tid,
            price,
            amount: self.some_amount(),
            buy,
        };
        self.record(trade);
        self.make_book();
        trade
    }

    fn walk(&mut self, at: Moment, tid: u64) -> PublicTrade {
        self.at = at;
        let symbol = self.symbol;
        if !symbol.wrap {
            let change = Decimal::new(self.dice.i64(-80..=80), 5);
            let first = symbol.first_price();
            let price = self.price * (Decimal::ONE + change);
            // Where a script set it, it may stay.
            let low = (first / Decimal::from(4)).min(self.price);
            let high = (first * Decimal::from(4)).max(self.price);
            let price = price.clamp(low, high).round_dp(symbol.price_digits);
            self.price = price.max(symbol.price_step());
            // With all its decimals, as the venue writes prices.
            self.price.rescale(symbol.price_digits);
        }
        let trade = PublicTrade {
            at,
            tid,
            price: self.price,
            amount: self.some_amount(),
            buy: self.dice.bool(),
        };
        self.record(trade);
        trade
    }

    /// An amount worth some hundreds or thousands of the quote currency.
    fn some_amount(&mut self) -> Decimal {
        let symbol = self.symbol;
        let scale = match symbol.quote {
            "BTC" => Decimal::new(1, 2),
            _ => Decimal::from(1_000),
        };
        let value = scale * Decimal::new(self.dice.i64(100..=9_999), 3);
        let amount = value / self.price.max(symbol.price_step());
        amount.round_dp(symbol.amount_digits).max(symbol.smallest())
    }

    /// A new book around the price.
    pub(crate) fn make_book(&mut self) {
        let step = self.symbol.price_step();
        let unit = self.half_spread();
        let (mut bids, mut asks) = (Vec::new(), Vec::new());
        for level in 1..=LEVELS {
            let away = unit * Decimal::from(level);
            let amount = self.some_amount();
            let price = self.price - away;
            if price >= step {
                bids.push(Level { price, amount });
            }
            let amount = self.some_amount();
            asks.push(Level {
                price: self.price + away,
                amount,
            });
        }
        self.bids = bids;
        self.asks = asks;
    }

    /// Writes a trade down.
    pub(crate) fn record(&mut self, trade: PublicTrade) {
        if self.trades.len() == TRADES {
            self.trades.pop_front();
        }
        self.trades.push_back(trade);
        let start = trade.at.milliseconds() / MINUTE * MINUTE;
        match self.candles.back_mut() {
            Some(candle) if candle.start >= start => {
                candle.high = candle.high.max(trade.price);
                candle.low = candle.low.min(trade.price);
                candle.close = trade.price;
                candle.volume += trade.amount;
            }
            last => {
                let open = last.map_or(trade.price, |last| last.close);
                if self.candles.len() == CANDLES {
                    self.candles.pop_front();
                }
                self.candles.push_back(Candle {
                    start,
                    open,
                    high: open.max(trade.price),
                    low: open.min(trade.price),
                    close: trade.price,
                    volume: trade.amount,
                });
            }
        }
    }

    /// The candles of so many minutes each, oldest first.
    pub(crate) fn candles_of(&self, minutes: u64) -> Vec<Candle> {
        let length = minutes * MINUTE;
        let mut all: Vec<Candle> = Vec::new();
        for one in &self.candles {
            let start = one.start / length * length;
            match all.last_mut() {
                Some(last) if last.start == start => {
                    last.high = last.high.max(one.high);
                    last.low = last.low.min(one.low);
                    last.close = one.close;
                    last.volume += one.volume;
                }
                _ => all.push(Candle { start, ..*one }),
            }
        }
        all
    }

    /// The price a day ago, or as long ago as is known.
    pub(crate) fn day_ago(&self, now: Moment) -> Candle {
        let from = now.minus(PAST).milliseconds();
        let mut recent = self.candles.iter().filter(|candle| candle.start >= from);
        let Some(first) = recent.next() else {
            let price = self.price;
            return Candle {
                start: from,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: Decimal::ZERO,
            };
        };
        recent.fold(*first, |all, one| Candle {
            high: all.high.max(one.high),
            low: all.low.min(one.low),
            close: one.close,
            volume: all.volume + one.volume,
            ..all
        })
    }
}

/// A multiple of `step`, at least one.
fn cut_up(value: Decimal, step: Decimal) -> Decimal {
    ((value / step).ceil() * step).max(step)
}

#[cfg(test)]
mod tests {
    use super::super::symbols::SYMBOLS;
    use super::*;

    #[test]
    fn every_market_begins_with_a_day_and_a_book_that_is_not_crossed() {
        let now = Moment::from_seconds(1_800_000_000);
        for symbol in &SYMBOLS {
            let market = Market::new(symbol, 1, now);
            assert!(market.candles.len() >= 1_440, "{}", symbol.name);
            assert!(market.bids[0].price < market.price);
            assert!(market.asks[0].price > market.price);
            for level in market.bids.iter().chain(&market.asks) {
                assert!(level.price.scale() <= symbol.price_digits);
                assert!(level.amount.scale() <= symbol.amount_digits);
                assert!(level.amount > Decimal::ZERO);
            }
        }
    }

    #[test]
    fn a_year_is_walked_in_bounded_work() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut market = Market::new(&SYMBOLS[0], 1, now);
        let later = now.plus(Duration::from_secs(365 * 86_400));
        let steps = market.steps(later);
        assert!((100..=720).contains(&steps.len()), "{}", steps.len());
        for (tid, at) in steps.into_iter().enumerate() {
            market.step(at, tid as u64);
        }
        assert!(market.steps(later).is_empty());
    }
}
