//! What was traded: the tape, and the candles and statistics made of it.

use std::collections::VecDeque;

use super::{Fill, PublicTrade, Side, units};
use crate::Moment;
use crate::kraken::spot::assets::{LOT_DECIMALS, Pair};

/// Older trades are forgotten.
pub(crate) const MOST_TRADES: usize = 5_000;

/// Lengths of candles, in minutes.
pub(crate) const INTERVALS: [u32; 9] = [1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600];

/// The most candles of an interval that are shown.
pub(crate) const MOST_CANDLES: usize = 720;

/// Minutes of which the statistics of 24 hours are made.
const DAY: u64 = 1_440;

/// The most candles of an interval that are kept: one more than is shown, for
/// the price at which the first begins if nothing was traded in it. Of minutes
/// also those of 24 hours, and the running one.
const fn most_kept(minutes: u32) -> usize {
    if minutes == 1 {
        1_441
    } else {
        MOST_CANDLES + 1
    }
}

/// Trades summed up. Prices are in ticks, volumes in units of 10^-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// The first second of the time summed up.
    pub start: u64,
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
    pub volume: i128,
    /// Of price times volume.
    pub turnover: i128,
    pub count: u64,
}

impl Summary {
    /// No trades, at one price.
    fn still(start: u64, price: i64) -> Self {
        Self {
            start,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0,
            turnover: 0,
            count: 0,
        }
    }

    fn of_trade(start: u64, price: i64, volume: i64) -> Self {
        Self {
            volume: volume.into(),
            turnover: i128::from(price) * i128::from(volume),
            count: 1,
            ..Self::still(start, price)
        }
    }

    /// Adds what came later.
    fn add(&mut self, later: &Self) {
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            let start = self.start;
            *self = Self { start, ..*later };
            return;
        }
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume = self.volume.saturating_add(later.volume);
        self.turnover = self.turnover.saturating_add(later.turnover);
        self.count += later.count;
    }

    /// The average price weighted with the volume, in ticks of 10^-`digits`
    /// of a tick, to the nearest; zero if nothing was traded.
    pub(crate) fn average(&self, digits: u32) -> i128 {
        let Some(scaled) = 10_i128
            .checked_pow(digits)
            .and_then(|factor| self.turnover.checked_mul(factor))
        else {
            return self.close.into();
        };
        let nearest = scaled.saturating_add(self.volume / 2);
        nearest.checked_div(self.volume).unwrap_or_default()
    }
}

/// Candles of one length, those without trades left out.
#[derive(Clone, Debug, Default)]
struct Candles(VecDeque<Summary>);

impl Candles {
    fn add(&mut self, start: u64, trade: &Summary, most: usize) {
        match self.0.back_mut() {
            Some(last) if last.start >= start => last.add(trade),
            _ => {
                if self.0.len() == most {
                    self.0.pop_front();
                }
                self.0.push_back(Summary { start, ..*trade });
            }
        }
    }
}

/// The trades of one pair, and what is made of them.
#[derive(Clone, Debug)]
pub(super) struct Tape {
    price_decimals: u32,
    next: u64,
    trades: VecDeque<PublicTrade>,
    candles: [Candles; INTERVALS.len()],
    /// The minute up to which `today` and `day` sum up, without itself.
    minute: u64,
    today: Summary,
    day: Summary,
}

impl Tape {
    pub(super) fn new(pair: &Pair, first_id: u64) -> Self {
        let still = Summary::still(0, pair.first_price);
        Self {
            price_decimals: pair.price_decimals,
            next: first_id,
            trades: VecDeque::new(),
            candles: Default::default(),
            minute: 0,
            today: still,
            day: still,
        }
    }

    /// Writes a trade. Each is a nanosecond later than the one before at
    /// least, so that a time is a place to go on from.
    pub(super) fn print(
        &mut self,
        side: Side,
        market_order: bool,
        fill: Fill,
        time: Moment,
    ) -> PublicTrade {
        let after_last = |last: &PublicTrade| {
            let next = last.time.nanoseconds().saturating_add(1);
            time.max(Moment::from_nanoseconds(next))
        };
        let trade = PublicTrade {
            id: self.next,
            price: fill.price,
            volume: fill.volume,
            time: self.trades.back().map_or(time, after_last),
            side,
            market_order,
        };
        self.next += 1;
        if self.trades.len() == MOST_TRADES {
            self.trades.pop_front();
        }
        self.trades.push_back(trade);
        let second = trade.time.seconds();
        let price = units(fill.price, self.price_decimals);
        let volume = units(fill.volume, LOT_DECIMALS);
        let summary = Summary::of_trade(second, price, volume);
        for (candles, minutes) in self.candles.iter_mut().zip(INTERVALS) {
            let length = 60 * u64::from(minutes);
            candles.add(second - second % length, &summary, most_kept(minutes));
        }
        trade
    }

    pub(super) fn last(&self) -> Option<&PublicTrade> {
        self.trades.back()
    }

    /// Oldest first.
    pub(super) fn trades(&self) -> &VecDeque<PublicTrade> {
        &self.trades
    }

    /// Candles of so many minutes, oldest first, the running one last: one for
    /// each span of time, with or without trades, as far back as they are
    /// known and shown. Empty if there is no such interval.
    pub(super) fn candles(&self, minutes: u32, now: Moment) -> Vec<Summary> {
        let known = INTERVALS.iter().position(|interval| *interval == minutes);
        let Some(Candles(kept)) = known.and_then(|index| self.candles.get(index)) else {
            return Vec::new();
        };
        let (Some(oldest), Some(newest)) = (kept.front(), kept.back()) else {
            return Vec::new();
        };
        let length = 60 * u64::from(minutes);
        let running = (now.seconds() - now.seconds() % length).max(newest.start);
        let back = length * (MOST_CANDLES as u64 - 1);
        let first = running.saturating_sub(back).max(oldest.start);
        let from = kept.partition_point(|candle| candle.start < first);
        let before = from.checked_sub(1).and_then(|index| kept.get(index));
        let mut close = before.unwrap_or(oldest).close;
        let mut kept = kept.range(from..).peekable();
        let mut shown = Vec::with_capacity(MOST_CANDLES);
        let mut start = first;
        while start <= running {
            let candle = kept.next_if(|candle| candle.start == start);
            let candle = candle.map_or_else(|| Summary::still(start, close), |candle| *candle);
            close = candle.close;
            shown.push(candle);
            start += length;
        }
        shown
    }

    /// Sums up the whole minutes before `now` for [`Tape::today`] and
    /// [`Tape::day`].
    pub(super) fn sum_up(&mut self, now: Moment) {
        let minute = now.seconds() / 60;
        if self.minute == minute {
            return;
        }
        self.minute = minute;
        let midnight = minute - minute % DAY;
        self.today = self.sum(midnight, minute);
        self.day = self.sum(minute.saturating_sub(DAY), minute);
    }

    /// What was traded from minute `from` up to and without minute `to`.
    fn sum(&self, from: u64, to: u64) -> Summary {
        let [Candles(minutes), ..] = &self.candles;
        let index = minutes.partition_point(|candle| candle.start < 60 * from);
        let before = index.checked_sub(1).and_then(|index| minutes.get(index));
        let close = before.map_or(self.today.close, |candle| candle.close);
        let mut sum = Summary::still(60 * from, close);
        for candle in minutes.range(index..) {
            if candle.start < 60 * to {
                sum.add(candle);
            }
        }
        sum
    }

    /// `sum` with the running minute.
    fn with_running(&self, mut sum: Summary) -> Summary {
        let [Candles(minutes), ..] = &self.candles;
        let index = minutes.partition_point(|candle| candle.start < 60 * self.minute);
        for candle in minutes.range(index..) {
            sum.add(candle);
        }
        sum
    }

    /// What was traded since midnight.
    pub(super) fn today(&self) -> Summary {
        self.with_running(self.today)
    }

    /// What was traded in the last 24 hours, to the minute.
    pub(super) fn day(&self) -> Summary {
        self.with_running(self.day)
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::kraken::spot::assets::PAIRS;

    /// 00:00 of a day that begins candles of every length up to a day.
    const MIDNIGHT: u64 = 1_800_057_600;

    fn tape() -> Tape {
        Tape::new(&PAIRS[0], 100)
    }

    fn print(tape: &mut Tape, second: u64, price: i64, volume: i64) -> PublicTrade {
        let fill = Fill {
            price: Decimal::new(price, 1),
            volume: Decimal::new(volume, 8),
        };
        tape.print(Side::Buy, true, fill, Moment::from_seconds(second))
    }

    #[test]
    fn times_and_ids_rise() {
        let mut tape = tape();
        let first = print(&mut tape, MIDNIGHT, 10, 1);
        let second = print(&mut tape, MIDNIGHT - 5, 10, 1);
        assert_eq!((first.id, second.id), (100, 101));
        assert_eq!(second.time.nanoseconds(), first.time.nanoseconds() + 1);
        for _ in 0..MOST_TRADES {
            print(&mut tape, MIDNIGHT, 10, 1);
        }
        assert_eq!(tape.trades().len(), MOST_TRADES);
    }

    #[test]
    fn candles_sum_up_and_stand_still_without_trades() {
        let mut tape = tape();
        print(&mut tape, MIDNIGHT, 100, 100_000_000);
        print(&mut tape, MIDNIGHT + 10, 130, 100_000_000);
        print(&mut tape, MIDNIGHT + 59, 90, 200_000_000);
        print(&mut tape, MIDNIGHT + 180, 95, 1);
        let now = Moment::from_seconds(MIDNIGHT + 250);
        let candles = tape.candles(1, now);
        let starts: Vec<u64> = candles.iter().map(|c| c.start - MIDNIGHT).collect();
        assert_eq!(starts, [0, 60, 120, 180, 240]);
        let first = candles[0];
        assert_eq!(
            (first.open, first.high, first.low, first.close),
            (100, 130, 90, 90)
        );
        assert_eq!((first.volume, first.count), (400_000_000, 3));
        // (10 + 13 + 2 × 9) / 4, in tenths of a tick of 0.1.
        assert_eq!(first.average(1), 1_025);
        assert_eq!(candles[1], Summary::still(MIDNIGHT + 60, 90));
        assert_eq!(candles[4], Summary::still(MIDNIGHT + 240, 95));
        assert_eq!(tape.candles(1_440, now).len(), 1);
        assert_eq!(tape.candles(1_440, now)[0].count, 4);
        assert_eq!(tape.candles(2, now), []);
        // After a long silence there are still no more than are shown.
        let later = Moment::from_seconds(MIDNIGHT + 90_000_000);
        let silent = tape.candles(1, later);
        assert_eq!(silent.len(), MOST_CANDLES);
        assert!(silent.iter().all(|c| (c.count, c.close) == (0, 95)));
    }

    #[test]
    fn statistics_forget_after_a_day_and_at_midnight() {
        let mut tape = tape();
        let still = tape.today();
        assert_eq!((still.count, still.close), (0, 600_000));
        print(&mut tape, MIDNIGHT - 3_600, 100, 5);
        print(&mut tape, MIDNIGHT + 30, 120, 7);
        tape.sum_up(Moment::from_seconds(MIDNIGHT + 40));
        assert_eq!((tape.today().volume, tape.day().volume), (7, 12));
        assert_eq!((tape.today().open, tape.day().open), (120, 100));
        tape.sum_up(Moment::from_seconds(MIDNIGHT + 90));
        print(&mut tape, MIDNIGHT + 95, 80, 1);
        assert_eq!((tape.today().volume, tape.day().volume), (8, 13));
        assert_eq!((tape.today().low, tape.day().high), (80, 120));
        tape.sum_up(Moment::from_seconds(MIDNIGHT + 82_900));
        assert_eq!((tape.today().volume, tape.day().volume), (8, 8));
        tape.sum_up(Moment::from_seconds(MIDNIGHT + 200_000));
        assert_eq!((tape.day().count, tape.day().close), (0, 80));
    }

    #[test]
    fn a_whole_day_is_kept_and_no_more() {
        let mut tape = tape();
        for minute in 0..2_000 {
            print(&mut tape, MIDNIGHT + 60 * minute, 100, 1);
        }
        tape.sum_up(Moment::from_seconds(MIDNIGHT + 60 * 1_999));
        // 1,440 whole minutes and the running one. Fifteen days end with the first.
        assert_eq!(tape.day().count, 1_441);
        assert_eq!(tape.today().count, 2_000 - 1_440);
        let kept = tape.candles.each_ref().map(|Candles(kept)| kept.len());
        assert_eq!(kept, [1_441, 400, 134, 67, 34, 9, 2, 1, 2]);
    }
}
