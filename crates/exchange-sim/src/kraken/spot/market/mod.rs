//! The rest of the market: prices that move, a book, a tape of trades.
//!
//! Each pair's price takes a random step every second and is drawn back to
//! where it began. The others trade at the best prices; their trades and the
//! customers' are written on one [`tape`], of which candles, ticker and
//! statistics are made.

pub(crate) mod book;
pub(crate) mod status;
pub(crate) mod tape;

use std::collections::VecDeque;

use rust_decimal::Decimal;

use self::book::{Book, mixed};
use self::status::{KrakenStatus, Maintenance};
use self::tape::{Summary, Tape};
use super::assets::{LOT_DECIMALS, PAIRS, Pair};
use crate::Moment;
use crate::ids::Ids;

/// Which side somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// The best prices at a time; zero if there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spread {
    pub time: Moment,
    pub bid: Decimal,
    pub ask: Decimal,
}

/// Older spreads are forgotten.
const MOST_SPREADS: usize = 200;

/// Seconds in which the price is drawn back to its anchor, and the longest
/// time in which it moves by chance.
const RETURN: u64 = 86_400;

/// Parts of a tick in which the price is kept, so that small steps count.
const PARTS: i64 = 1_000;

/// How many usual levels are traded at a price that a script sets, so that a
/// customer's order at that price is filled if it is not out of the ordinary.
const SET_PRICE_LEVELS: i64 = 20;

/// The highest price, in ticks.
const MOST_TICKS: i64 = 1_000_000_000_000_000;

/// One pair's market.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub pair: &'static Pair,
    chance: fastrand::Rng,
    /// Between the best prices, in parts of a tick.
    middle: i64,
    /// Where the price is drawn back to, in parts of a tick.
    anchor: i64,
    /// How restless it is, in percent of the usual.
    pub volatility: u32,
    /// The others stand still: neither prices nor the book change, and nobody
    /// trades. What is taken from the book still comes back.
    pub frozen: bool,
    book: Book,
    tape: Tape,
    spreads: VecDeque<Spread>,
}

impl Market {
    pub(crate) fn new(pair: &'static Pair, seed: u64) -> Self {
        let mut book = Book::new(mixed(seed), pair.price_decimals, pair.usual_volume);
        book.space_for(pair.first_price);
        Self {
            pair,
            chance: fastrand::Rng::with_seed(seed),
            middle: PARTS * pair.first_price,
            anchor: PARTS * pair.first_price,
            volatility: 100,
            frozen: false,
            book,
            tape: Tape::new(pair, 10_000_000 + mixed(seed) % 10_000_000),
            spreads: VecDeque::new(),
        }
    }

    /// The price of the last trade.
    pub(crate) fn last(&self) -> Decimal {
        let first = || Decimal::new(self.pair.first_price, self.pair.price_decimals);
        self.tape.last().map_or_else(first, |trade| trade.price)
    }

    /// What others bid (buy) or ask (sell), best first, the first `most` levels;
    /// the rest is not worked out.
    pub(crate) fn top(&self, side: Side, most: usize) -> impl Iterator<Item = Level> + '_ {
        self.book.levels(side).take(most)
    }

    /// The best of the levels.
    pub(crate) fn best(&self, side: Side) -> Option<Level> {
        self.book.levels(side).next()
    }

    /// Takes from the other side of the book, best price first, up to `volume`
    /// and no worse than `limit`. Does not write the tape. What was taken comes
    /// back within a second.
    pub(crate) fn take(
        &mut self,
        side: Side,
        limit: Option<Decimal>,
        volume: Decimal,
        _now: Moment,
    ) -> Vec<Fill> {
        let mut fills = Vec::new();
        self.book
            .take(side.other(), limit, volume, |price, volume| {
                fills.push(Fill { price, volume });
            });
        fills
    }

    /// Puts back what was taken.
    pub(crate) fn refill(&mut self) {
        self.book.refill();
    }

    /// Writes a trade on the tape, and into candles and the ticker; returns its
    /// id.
    pub(crate) fn print(&mut self, side: Side, market_order: bool, fill: Fill, now: Moment) -> u64 {
        self.tape.print(side, market_order, fill, now).id
    }

    /// The last trades, oldest first.
    pub(crate) fn trades(&self) -> &VecDeque<PublicTrade> {
        self.tape.trades()
    }

    /// Candles of so many minutes, oldest first, the running one last.
    pub(crate) fn candles(&self, minutes: u32, now: Moment) -> Vec<Summary> {
        self.tape.candles(minutes, now)
    }

    /// What was traded since midnight (UTC).
    pub(crate) fn today(&self) -> Summary {
        self.tape.today()
    }

    /// What was traded in the last 24 hours, to the minute.
    pub(crate) fn day(&self) -> Summary {
        self.tape.day()
    }

    /// The last best prices, oldest first.
    pub(crate) fn spreads(&self) -> &VecDeque<Spread> {
        &self.spreads
    }

    /// Notes the best prices if they are others than before.
    pub(crate) fn note_spread(&mut self, spread: Spread) {
        let same = |last: &Spread| (last.bid, last.ask) == (spread.bid, spread.ask);
        if self.spreads.back().is_some_and(same) {
            return;
        }
        if self.spreads.len() == MOST_SPREADS {
            self.spreads.pop_front();
        }
        self.spreads.push_back(spread);
    }

    /// Goes to another price at once, and is drawn there from now on: the best
    /// prices are one tick below and above, and somebody trades at it. `None`,
    /// and nothing is done, if it is no price of the pair.
    pub(crate) fn set_price(&mut self, price: Decimal, now: Moment) -> Option<PublicTrade> {
        if price.normalize().scale() > self.pair.price_decimals {
            return None;
        }
        let ticks = units(price, self.pair.price_decimals);
        if !(1..=MOST_TICKS).contains(&ticks) {
            return None;
        }
        let side = if price < self.last() {
            Side::Sell
        } else {
            Side::Buy
        };
        self.anchor = PARTS * ticks;
        self.middle = self.anchor;
        self.book.space_for(ticks);
        self.quote(ticks - 1, ticks + 1, now.seconds());
        let fill = Fill {
            price: Decimal::new(ticks, self.pair.price_decimals),
            volume: Decimal::new(SET_PRICE_LEVELS * self.pair.usual_volume, 3),
        };
        Some(self.tape.print(side, false, fill, now))
    }

    /// New best prices, in ticks.
    fn quote(&mut self, bid: i64, ask: i64, second: u64) {
        self.book.renew(bid, ask, second);
        self.note_spread(Spread {
            time: Moment::from_seconds(second),
            bid: Decimal::new(bid, self.pair.price_decimals),
            ask: Decimal::new(ask, self.pair.price_decimals),
        });
    }

    /// What happens in the `seconds` up to `second`: the price moves, the book
    /// is new, and the others trade.
    pub(crate) fn step(&mut self, second: u64, seconds: u64, mut each: impl FnMut(PublicTrade)) {
        self.move_price(seconds);
        let ticks = self.middle / PARTS;
        let spread = 1 + self.chance.i64(0..=ticks / 50_000);
        let bid = (ticks - spread / 2).max(0);
        self.quote(bid, bid + spread, second);

        let trades = match (seconds, self.chance.u8(..10)) {
            (..10, ..5) => 0,
            (..10, ..9) | (10.., ..5) => 1,
            _ => 2,
        };
        let span = 1_000_000_000_u64.saturating_mul(seconds);
        let mut ages = [0_u64; 2].map(|_| self.chance.u64(..span.max(1)));
        ages.sort_unstable();
        let end = Moment::from_seconds(second).nanoseconds();
        for age in ages.into_iter().rev().take(trades) {
            let (side, price) = if self.chance.bool() || bid == 0 {
                (Side::Buy, bid + spread)
            } else {
                (Side::Sell, bid)
            };
            // A trade stands for all of a long time.
            let times = i64::try_from((seconds / 60).clamp(1, 360)).unwrap_or(1);
            let volume = self.pair.usual_volume * self.chance.i64(1..=50_000) * times;
            let fill = Fill {
                price: Decimal::new(price, self.pair.price_decimals),
                volume: Decimal::new(volume, LOT_DECIMALS),
            };
            let time = Moment::from_nanoseconds(end.saturating_sub(age));
            let market_order = self.chance.u8(..3) == 0;
            each(self.tape.print(side, market_order, fill, time));
        }
    }

    fn move_price(&mut self, seconds: u64) {
        // Chance grows with the root of time.
        let seconds = seconds.min(RETURN);
        let thousandths_of_root = i128::from((1_000_000 * seconds).isqrt());
        let (middle, anchor) = (i128::from(self.middle), i128::from(self.anchor));
        // Two throws, so that small steps are likelier; about 408 is usual.
        let throw = self.chance.i64(-500..=500) + self.chance.i64(-500..=500);
        let chance = middle
            * i128::from(self.pair.restlessness)
            * i128::from(self.volatility)
            * thousandths_of_root
            * i128::from(throw)
            / (1_000_000 * 100 * 1_000 * 408);
        let back = (anchor - middle) * i128::from(seconds) / i128::from(RETURN);
        let moved = (middle + chance + back).clamp(anchor / 2, 2 * anchor);
        self.middle = i64::try_from(moved).unwrap_or(self.anchor);
    }
}

/// The id of a trade on the public tape in the form that trades of an account
/// have: `TXXXXX-XXXXX-XXXXXX`. A customer's own record of a trade should bear
/// it too.
pub(crate) fn trade_code(pair: &Pair, id: u64) -> String {
    Ids::new(mixed(seed_of(pair) ^ id)).trade()
}

/// A number of the pair's own.
pub(crate) fn seed_of(pair: &Pair) -> u64 {
    let bytes = pair.id.bytes();
    bytes.fold(0, |seed, byte| mixed(seed ^ u64::from(byte)))
}

/// `value` in whole units of 10^-`decimals`, cut; at most what fits.
fn units(value: Decimal, decimals: u32) -> i64 {
    let units = if value.scale() == decimals {
        Some(value.mantissa())
    } else {
        10_i64
            .checked_pow(decimals)
            .and_then(|factor| value.checked_mul(factor.into()))
            .and_then(|units| i128::try_from(units.trunc()).ok())
    };
    let most = if value.is_sign_negative() {
        i64::MIN
    } else {
        i64::MAX
    };
    units
        .and_then(|units| i64::try_from(units).ok())
        .unwrap_or(most)
}

/// The most maintenances that are planned at a time.
const MOST_MAINTENANCES: usize = 100;

/// All markets.
#[derive(Clone, Debug)]
pub(crate) struct Markets {
    /// What the matching engine lets happen.
    pub status: KrakenStatus,
    /// Soonest first.
    maintenances: Vec<Maintenance>,
    /// As [`PAIRS`].
    all: Vec<Market>,
    /// The second up to which everything has happened.
    second: u64,
    /// Trades that a script made and nobody was told of.
    untold: Vec<(usize, PublicTrade)>,
}

impl Markets {
    /// Markets with some months behind them: a few trades a day, and for the
    /// last 12 hours one or two a minute.
    pub(crate) fn new(seed: u64, now: Moment) -> Self {
        let second = now.seconds();
        let mut all: Vec<Market> = PAIRS
            .iter()
            .map(|pair| Market::new(pair, mixed(seed) ^ seed_of(pair)))
            .collect();
        let long_ago = (2..=480).rev().map(|quarters| 21_600 * quarters);
        let lately = (0..=720).rev().map(|minutes| 60 * minutes);
        for market in &mut all {
            let mut length = 21_600;
            let mut before = None;
            for age in long_ago.clone().chain(lately.clone()) {
                // Not before 1970, should it be that early.
                let Some(step) = second.checked_sub(age) else {
                    continue;
                };
                length = before.map_or(length, |before| step - before);
                before = Some(step);
                market.step(step, length, drop);
            }
            market.tape.sum_up(now);
        }
        Self {
            status: KrakenStatus::default(),
            maintenances: Vec::new(),
            all,
            second,
            untold: Vec::new(),
        }
    }

    pub(crate) fn get(&self, pair: &Pair) -> Option<&Market> {
        self.all.iter().find(|market| market.pair.id == pair.id)
    }

    pub(crate) fn get_mut(&mut self, pair: &Pair) -> Option<&mut Market> {
        self.all.iter_mut().find(|market| market.pair.id == pair.id)
    }

    /// All of them, as in [`PAIRS`].
    pub(crate) fn all(&self) -> &[Market] {
        &self.all
    }

    /// All of them, to be changed by a script.
    pub(crate) fn all_mut(&mut self) -> &mut [Market] {
        &mut self.all
    }

    /// Lets time pass in all markets until `now`; returns what the others
    /// traded meanwhile, in order of time, with the index of the pair in
    /// [`PAIRS`]. After a long pause they trade in larger steps, so the number
    /// has a bound.
    pub(crate) fn advance(&mut self, now: Moment) -> Vec<(usize, PublicTrade)> {
        let mut trades = std::mem::take(&mut self.untold);
        if now.seconds() <= self.second {
            return trades;
        }
        for second in steps(self.second, now.seconds()) {
            self.keep_schedule(Moment::from_seconds(second));
            let seconds = second - self.second;
            self.second = second;
            for (index, market) in self.all.iter_mut().enumerate() {
                if market.frozen || self.status != KrakenStatus::Online {
                    market.refill();
                } else {
                    market.step(second, seconds, |trade| trades.push((index, trade)));
                }
            }
        }
        for market in &mut self.all {
            market.tape.sum_up(now);
        }
        trades.sort_by_key(|(_, trade)| trade.time);
        trades
    }

    /// Moves the price of a pair at once; `false` if there is no such price.
    /// The next [`Markets::advance`] tells of the trade at that price.
    pub(crate) fn set_price(&mut self, pair: &Pair, price: Decimal, now: Moment) -> bool {
        let mut all = self.all.iter_mut().enumerate();
        let Some((index, market)) = all.find(|(_, market)| market.pair.id == pair.id) else {
            return false;
        };
        let trade = market.set_price(price, now);
        self.untold.extend(trade.map(|trade| (index, trade)));
        trade.is_some()
    }

    /// Plans a time without trading; `false` if it is empty, or too much is
    /// planned.
    pub(crate) fn plan(&mut self, maintenance: Maintenance) -> bool {
        if maintenance.start >= maintenance.end || self.maintenances.len() == MOST_MAINTENANCES {
            return false;
        }
        self.maintenances.push(maintenance);
        self.maintenances.sort_by_key(|planned| planned.start);
        true
    }

    /// What is planned and not over, soonest first.
    pub(crate) fn maintenances(&self) -> &[Maintenance] {
        &self.maintenances
    }

    /// Begins and ends planned maintenances.
    pub(crate) fn keep_schedule(&mut self, now: Moment) {
        if self.maintenances.is_empty() {
            return;
        }
        for planned in &mut self.maintenances {
            if planned.start <= now && now < planned.end && !planned.begun {
                planned.begun = true;
                self.status = KrakenStatus::Maintenance;
            }
        }
        let over = |planned: &Maintenance| planned.end <= now;
        let ended = self.maintenances.iter().any(|m| m.begun && over(m));
        self.maintenances.retain(|planned| !over(planned));
        let goes_on = self.maintenances.iter().any(|m| m.begun);
        if ended && !goes_on && self.status == KrakenStatus::Maintenance {
            self.status = KrakenStatus::Online;
        }
    }
}

/// The seconds after `from` up to `to` at which something happens: all of the
/// last minute, and fewer the longer it is ago.
pub(crate) fn steps(from: u64, to: u64) -> Vec<u64> {
    let mut steps = Vec::new();
    let mut age = 0;
    while age < to - from {
        steps.push(to - age);
        age += (age / 32).max(1);
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests;
