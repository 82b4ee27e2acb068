use std::time::Duration;

use super::tape::{INTERVALS, MOST_TRADES};
use super::*;
use crate::kraken::spot::assets::find_pair;

fn levels(market: &Market, side: Side) -> Vec<Level> {
    market.top(side, usize::MAX).collect()
}

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
        assert_eq!(levels(market, Side::Buy).len(), book::LEVELS);
        assert_eq!(levels(market, Side::Sell).len(), book::LEVELS);
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
    let book = levels(&markets.all()[0], Side::Buy);
    assert_eq!(
        markets.advance(START.plus(Duration::from_millis(999))),
        vec![]
    );
    assert_eq!(levels(&markets.all()[0], Side::Buy), book);
}

#[test]
fn taking_goes_from_the_other_side_and_comes_back() {
    let mut markets = Markets::new(2, START);
    let market = &mut markets.all_mut()[0];
    market.frozen = true;
    let asks = levels(market, Side::Sell);
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
    assert_eq!(levels(&markets.all()[0], Side::Sell), asks);
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
