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
use crate::kraken::ids::Ids;

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
    fn new(pair: &'static Pair, seed: u64) -> Self {
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

    /// What others bid (buy) or ask (sell), best first.
    pub(crate) fn levels(&self, side: Side) -> Vec<Level> {
        self.book.levels(side).collect()
    }

    /// The first `most` of the levels, without working out the rest.
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
    fn set_price(&mut self, price: Decimal, now: Moment) -> Option<PublicTrade> {
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
    fn step(&mut self, second: u64, seconds: u64, mut each: impl FnMut(PublicTrade)) {
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
                    market.book.refill();
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
fn steps(from: u64, to: u64) -> Vec<u64> {
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
mod tests {
    use std::time::Duration;

    use super::tape::{INTERVALS, MOST_TRADES};
    use super::*;
    use crate::kraken::spot::assets::find_pair;

    const START: Moment = Moment::from_seconds(1_800_000_000);

    fn after(seconds: u64) -> Moment {
        START.plus(Duration::from_secs(seconds))
    }

    fn price(units: i64, scale: u32) -> Decimal {
        Decimal::new(units, scale)
    }

    #[test]
    fn the_past_is_long_enough_to_page_through() {
        let markets = Markets::new(1, START);
        for market in markets.all() {
            let trades = market.trades();
            assert!(trades.len() >= 1_200, "{}", market.pair.id);
            assert!(trades.iter().is_sorted_by(|a, b| a.time < b.time));
            assert!(trades.iter().is_sorted_by(|a, b| a.id + 1 == b.id));
            assert!(trades.iter().all(|trade| trade.time <= START));
            assert_eq!(market.last(), trades.back().unwrap().price);
            assert_eq!(market.candles(1, START).len(), 720);
            assert!(market.candles(1_440, START).len() > 100);
            assert!(market.spreads().len() > 100);
            assert_eq!(market.levels(Side::Buy).len(), book::LEVELS);
            assert_eq!(market.levels(Side::Sell).len(), book::LEVELS);
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_market_and_another_seed_another() {
        let tape = |seed, steps: &[u64]| {
            let mut markets = Markets::new(seed, START);
            for second in steps {
                markets.advance(after(*second));
            }
            markets.all()[0].trades().clone()
        };
        assert_eq!(tape(5, &[10, 20, 60]), tape(5, &[60]));
        assert_ne!(tape(5, &[60]), tape(6, &[60]));
    }

    #[test]
    fn prices_move_both_ways_within_bounds_and_bids_stay_below_asks() {
        let mut markets = Markets::new(3, START);
        let (mut up, mut down) = (0, 0);
        let mut before = Vec::new();
        for second in 1..=300 {
            markets.advance(after(second));
            let best: Vec<Decimal> = markets
                .all()
                .iter()
                .map(|market| {
                    let bid = market.best(Side::Buy).unwrap().price;
                    let ask = market.best(Side::Sell).unwrap().price;
                    assert!(bid < ask);
                    assert!(bid.scale() == market.pair.price_decimals);
                    let first = price(market.pair.first_price, market.pair.price_decimals);
                    assert!(bid * Decimal::TWO > first && ask < first * Decimal::TWO);
                    bid
                })
                .collect();
            let changed = |up: bool| {
                let pairs = best.iter().zip(&before);
                pairs
                    .filter(|(new, old)| new != old && (new > old) == up)
                    .count()
            };
            up += changed(true);
            down += changed(false);
            before = best;
        }
        assert!(up > 1_000 && down > 1_000, "{up} up, {down} down");
    }

    #[test]
    fn candles_and_statistics_are_those_of_the_tape() {
        let mut markets = Markets::new(9, START);
        markets.advance(after(90));
        let now = after(4_000);
        markets.advance(now);
        let pair = find_pair("ETHUSD").unwrap();
        let fill = Fill {
            price: price(123_456, 2),
            volume: price(77, 8),
        };
        let market = markets.get_mut(pair).unwrap();
        market.print(Side::Sell, true, fill, now);
        assert_eq!(market.last(), fill.price);
        let oldest = market.trades()[0].time.seconds();
        for minutes in INTERVALS {
            let length = 60 * u64::from(minutes);
            for candle in market.candles(minutes, now) {
                if candle.start < oldest {
                    continue;
                }
                let within =
                    |trade: &&PublicTrade| trade.time.seconds() / length * length == candle.start;
                let trades: Vec<&PublicTrade> = market.trades().iter().filter(within).collect();
                assert_eq!(candle.count, trades.len() as u64);
                let volume: Decimal = trades.iter().map(|trade| trade.volume).sum();
                assert_eq!(Decimal::from_i128_with_scale(candle.volume, 8), volume);
                if let (Some(first), Some(last)) = (trades.first(), trades.last()) {
                    assert_eq!(price(candle.open, 2), first.price);
                    assert_eq!(price(candle.close, 2), last.price);
                    let high = trades.iter().map(|trade| trade.price).max().unwrap();
                    let low = trades.iter().map(|trade| trade.price).min().unwrap();
                    assert_eq!((price(candle.high, 2), price(candle.low, 2)), (high, low));
                }
            }
        }
        let since = now.seconds() / 60 * 60 - 86_400;
        let day = market.trades().iter();
        let day: Vec<_> = day.filter(|t| t.time.seconds() >= since).collect();
        let volume: Decimal = day.iter().map(|trade| trade.volume).sum();
        assert_eq!(market.day().count, day.len() as u64);
        assert_eq!(
            Decimal::from_i128_with_scale(market.day().volume, 8),
            volume
        );
        assert_eq!(price(market.day().low, 2), fill.price);
    }

    #[test]
    fn a_jump_of_a_year_is_bounded_work_and_ends_in_a_market_like_any_other() {
        let mut markets = Markets::new(2, START);
        let now = after(365 * 86_400);
        let trades = markets.advance(now);
        assert!(trades.len() > 1_000 && trades.len() < 1_000 * PAIRS.len());
        assert!(trades.is_sorted_by_key(|(_, trade)| trade.time));
        assert!(markets.all()[0].candles(1, now).len() == 720);
        for _ in 0..30 {
            let far = Moment::from_nanoseconds(u64::MAX);
            markets.advance(far);
        }
        assert!(markets.all()[0].trades().len() <= MOST_TRADES);
    }

    #[test]
    fn nothing_happens_between_the_seconds() {
        let mut markets = Markets::new(2, START);
        let book = markets.all()[0].levels(Side::Buy);
        assert_eq!(
            markets.advance(START.plus(Duration::from_millis(999))),
            vec![]
        );
        assert_eq!(markets.all()[0].levels(Side::Buy), book);
    }

    #[test]
    fn taking_goes_from_the_other_side_and_comes_back() {
        let mut markets = Markets::new(2, START);
        let market = &mut markets.all_mut()[0];
        market.frozen = true;
        let asks = market.levels(Side::Sell);
        let volume = asks[0].volume + asks[1].volume;
        let fills = market.take(Side::Buy, None, volume, START);
        let expected = [0, 1].map(|index| Fill {
            price: asks[index].price,
            volume: asks[index].volume,
        });
        assert_eq!(fills, expected);
        assert_eq!(market.best(Side::Sell), Some(asks[2]));
        let none = market.take(Side::Buy, Some(asks[1].price), volume, START);
        assert_eq!(none, []);
        markets.advance(after(1));
        assert_eq!(markets.all()[0].levels(Side::Sell), asks);
    }

    #[test]
    fn a_frozen_market_stays_where_it_is_put() {
        let mut markets = Markets::new(2, START);
        let pair = find_pair("XBTUSD").unwrap();
        markets.get_mut(pair).unwrap().frozen = true;
        assert!(markets.set_price(pair, Decimal::from(50_000), START));
        let told = markets.advance(START);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].0, told[0].1.price), (0, Decimal::from(50_000)));
        let mine = |(index, _): &&(usize, PublicTrade)| *index == 0;
        let later = markets.advance(after(1_000));
        assert_eq!(later.iter().filter(mine).count(), 0);
        assert!(!later.is_empty());
        let market = markets.get(pair).unwrap();
        assert_eq!(market.last(), Decimal::from(50_000));
        assert_eq!(market.best(Side::Buy).unwrap().price, price(499_999, 1));
        assert_eq!(market.best(Side::Sell).unwrap().price, price(500_001, 1));
    }

    #[test]
    fn what_is_no_price_is_not_set() {
        let mut markets = Markets::new(2, START);
        let pair = find_pair("XBTUSD").unwrap();
        for bad in [
            Decimal::ZERO,
            Decimal::NEGATIVE_ONE,
            price(1, 2),
            Decimal::MAX,
        ] {
            assert!(!markets.set_price(pair, bad, START), "{bad}");
        }
        for good in [price(1, 1), price(100, 2), price(MOST_TICKS, 1)] {
            assert!(markets.set_price(pair, good, START), "{good}");
            markets.advance(after(100));
        }
        // The cheapest of all has no bids to speak of, yet nothing breaks.
        assert!(markets.set_price(pair, price(1, 1), START));
        markets.advance(after(10_000));
        assert!(markets.get(pair).unwrap().best(Side::Sell).is_some());
    }

    #[test]
    fn without_volatility_the_price_is_where_it_is_drawn_to() {
        let mut markets = Markets::new(2, START);
        let pair = find_pair("XBTUSD").unwrap();
        markets.get_mut(pair).unwrap().volatility = 0;
        assert!(markets.set_price(pair, Decimal::from(40_000), START));
        let trades = markets.advance(after(600));
        let near = |price: Decimal| (price - Decimal::from(40_000)).abs() < Decimal::TWO;
        let mine: Vec<_> = trades.iter().filter(|(index, _)| *index == 0).collect();
        assert!(mine.len() > 10 && mine.iter().all(|(_, trade)| near(trade.price)));
    }

    #[test]
    fn nobody_trades_while_the_venue_is_not_online() {
        let mut markets = Markets::new(2, START);
        markets.status = KrakenStatus::CancelOnly;
        assert_eq!(markets.advance(after(50)), []);
        markets.status = KrakenStatus::Online;
        let planned = Maintenance {
            id: 1,
            title: "Planned".into(),
            start: after(100),
            end: after(200),
            begun: false,
        };
        assert!(markets.plan(planned));
        markets.advance(after(99));
        assert_eq!(markets.status, KrakenStatus::Online);
        markets.advance(after(100));
        assert_eq!(markets.status, KrakenStatus::Maintenance);
        assert_eq!(markets.advance(after(150)), []);
        markets.advance(after(200));
        assert_eq!(markets.status, KrakenStatus::Online);
        assert_eq!(markets.maintenances(), []);
        let empty = Maintenance {
            id: 2,
            title: String::new(),
            start: after(300),
            end: after(300),
            begun: false,
        };
        assert!(!markets.plan(empty));
    }

    #[test]
    fn a_trade_has_one_code() {
        let (xbt, eth) = (&PAIRS[0], &PAIRS[2]);
        assert_eq!(trade_code(xbt, 7), trade_code(xbt, 7));
        assert_ne!(trade_code(xbt, 7), trade_code(xbt, 8));
        assert_ne!(trade_code(xbt, 7), trade_code(eth, 7));
        assert_eq!(trade_code(xbt, 7).len(), 19);
    }

    #[test]
    fn units_are_cut_and_bounded() {
        assert_eq!(units(price(1_239, 3), 2), 123);
        assert_eq!(units(Decimal::MAX, 8), i64::MAX);
        assert_eq!(units(Decimal::MIN, 0), i64::MIN);
    }
}
