//! Ticker, candles, trades and spreads.

use rust_decimal::Decimal;

use super::writing::{Rows, in_lots, padded, written};
use super::{Names, asked_pair, class, count, depth, digits, market, one_of, pair_of_class};
use crate::Moment;
use crate::json::{Json, list, object};
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::params::Params;
use crate::kraken::spot::assets::{LOT_DECIMALS, PAIRS, Pair};
use crate::kraken::spot::market::tape::{INTERVALS, Summary};
use crate::kraken::spot::market::{PublicTrade, Side, Spread};
use crate::kraken::spot::{Call, Spot};

/// The most trades in an answer.
const MOST_TRADES: usize = 1_000;

pub(super) fn ticker(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let names = Names::asked(call.params)?;
    let class = class(call.params, "asset_class")?;
    let asked = call.params.texts("pair");
    let mut pairs: Vec<&Pair> = Vec::new();
    if asked.is_empty() {
        pairs.extend(PAIRS.iter().filter(|pair| pair.class == class));
    }
    for name in asked {
        let pair = pair_of_class(&name, class)?;
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let tickers = pairs
        .into_iter()
        .map(|pair| Ok((names.of(pair), ticker_of(spot, pair)?)));
    let tickers: Result<Vec<_>, Refusal> = tickers.collect();
    Ok(tickers?.into_iter().collect::<Json>().into())
}

fn ticker_of(spot: &Spot, pair: &Pair) -> Result<Json, Refusal> {
    let market = market(spot, pair)?;
    let digits = digits(pair);
    let best = |side| {
        let best = depth::offers(spot, pair, side, 1)?;
        let best = best.first();
        let price = best.map_or_else(|| market.last(), |offer| offer.price);
        let volume = best.map_or(Decimal::ZERO, |offer| offer.volume);
        Ok::<_, Refusal>(list![
            padded(price, digits),
            padded(volume.ceil(), 0),
            padded(in_lots(volume), 3),
        ])
    };
    let last = market.trades().back();
    let last_volume = last.map_or(Decimal::ZERO, |trade| trade.volume);
    let (today, day) = (market.today(), market.day());
    let both = |text: &dyn Fn(&Summary) -> String| list![text(&today), text(&day)];
    let price = |ticks: i64| written(ticks.into(), pair.price_decimals, digits);
    Ok(object! {
        "a" => best(Side::Sell)?,
        "b" => best(Side::Buy)?,
        "c" => list![padded(market.last(), digits), padded(last_volume, LOT_DECIMALS)],
        "v" => both(&|sum| written(sum.volume, LOT_DECIMALS, LOT_DECIMALS)),
        "p" => both(&|sum| {
            if sum.count == 0 {
                return price(sum.close);
            }
            let more = digits.saturating_sub(pair.price_decimals);
            written(sum.average(more), digits, digits)
        }),
        "t" => list![today.count, day.count],
        "l" => both(&|sum| price(sum.low)),
        "h" => both(&|sum| price(sum.high)),
        "o" => price(today.open),
    })
}

pub(super) fn ohlc(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let names = Names::asked(call.params)?;
    let pair = asked_pair(call.params)?;
    let minutes = one_of(call.params, "interval", &INTERVALS, 1)?;
    let since = since_second(call.params)?.unwrap_or_default();
    let candles = market(spot, pair)?.candles(minutes, call.now);
    let running = candles.last().map_or(call.now.seconds(), |last| last.start);
    // The running candle always comes.
    let shown = candles
        .iter()
        .filter(|candle| candle.start >= since || candle.start == running);
    let mut rows = Rows::with_capacity(80 * candles.len());
    for candle in shown {
        write_candle(&mut rows, candle, pair);
    }
    let result = object! {
        names.of(pair) => rows.finish(),
        "last" => running.saturating_sub(60 * u64::from(minutes)),
    };
    Ok(result.into())
}

fn write_candle(rows: &mut Rows, candle: &Summary, pair: &Pair) {
    let digits = pair.price_decimals;
    rows.begin();
    rows.number(candle.start);
    for price in [candle.open, candle.high, candle.low, candle.close] {
        rows.units(price.into(), digits, digits);
    }
    rows.units(candle.average(0), digits, digits);
    rows.units(candle.volume, LOT_DECIMALS, LOT_DECIMALS);
    rows.number(candle.count);
    rows.end();
}

pub(super) fn trades(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let names = Names::asked(call.params)?;
    let pair = asked_pair(call.params)?;
    let most = count(call.params, MOST_TRADES, MOST_TRADES)?;
    let since = since_moment(call.params)?;
    let trades = market(spot, pair)?.trades();
    let (from, to) = match since {
        None => (trades.len().saturating_sub(most), trades.len()),
        Some(since) => {
            let from = trades.partition_point(|trade| trade.time <= since);
            (from, trades.len().min(from.saturating_add(most)))
        }
    };
    let shown = trades.range(from..to);
    let last = shown.clone().next_back().map(|trade| trade.time);
    let last = last.or(since).unwrap_or(call.now).nanoseconds();
    let mut rows = Rows::with_capacity(80 * shown.len());
    for trade in shown {
        write_trade(&mut rows, trade, pair);
    }
    let result = object! {
        names.of(pair) => rows.finish(),
        "last" => last.to_string(),
    };
    Ok(result.into())
}

fn write_trade(rows: &mut Rows, trade: &PublicTrade, pair: &Pair) {
    rows.begin();
    rows.padded(trade.price, digits(pair));
    rows.padded(trade.volume, LOT_DECIMALS);
    rows.shortest(trade.time.nanoseconds() / 100, 7);
    rows.word(match trade.side {
        Side::Buy => "b",
        Side::Sell => "s",
    });
    rows.word(if trade.market_order { "m" } else { "l" });
    rows.word("");
    rows.number(trade.id);
    rows.end();
}

pub(super) fn spread(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let names = Names::asked(call.params)?;
    let pair = asked_pair(call.params)?;
    let since = since_second(call.params)?.unwrap_or_default();
    note_spread(spot, pair, call.now)?;
    let spreads = market(spot, pair)?.spreads();
    let last = spreads.back().map_or(since, |spread| spread.time.seconds());
    let digits = digits(pair);
    let mut rows = Rows::with_capacity(50 * spreads.len());
    for spread in spreads {
        if spread.time.seconds() >= since {
            rows.begin();
            rows.number(spread.time.seconds());
            rows.padded(spread.bid, digits);
            rows.padded(spread.ask, digits);
            rows.end();
        }
    }
    let result = object! {
        names.of(pair) => rows.finish(),
        "last" => last,
    };
    Ok(result.into())
}

/// The market notes its own best prices when they change; those of customers'
/// orders are noted when somebody looks.
fn note_spread(spot: &mut Spot, pair: &Pair, now: Moment) -> Result<(), Refusal> {
    let best = |side| {
        let best = depth::offers(spot, pair, side, 1)?;
        let price = best.first().map(|offer| offer.price);
        Ok::<_, Refusal>(price.unwrap_or_default())
    };
    let (bid, ask) = (best(Side::Buy)?, best(Side::Sell)?);
    if let Some(market) = spot.markets.get_mut(pair) {
        market.note_spread(Spread {
            time: now,
            bid,
            ask,
        });
    }
    Ok(())
}

/// `since` in whole seconds; what is before 1970 is all there is.
fn since_second(params: &Params) -> Result<Option<u64>, Refusal> {
    let since = params.integer("since")?;
    Ok(since.map(|since| u64::try_from(since).unwrap_or_default()))
}

/// `since` in seconds or, if it is large, in nanoseconds.
fn since_moment(params: &Params) -> Result<Option<Moment>, Refusal> {
    let Some(since) = params.decimal("since")? else {
        return Ok(None);
    };
    let since = since.max(Decimal::ZERO);
    let seconds = since < Decimal::from(100_000_000_000_i64);
    let factor = if seconds { 1_000_000_000 } else { 1 };
    let nanoseconds = since
        .checked_mul(Decimal::from(factor))
        .and_then(|since| u64::try_from(since.trunc()).ok());
    Ok(nanoseconds
        .map(Moment::from_nanoseconds)
        .or(Some(Moment::from_nanoseconds(u64::MAX))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::{NOW, ask, at, decimal, spot, try_ask};
    use super::*;

    #[test]
    fn ticker_book_trades_and_candles_agree() {
        let spot = &mut spot();
        for pair in PAIRS {
            let class = pair.class.name();
            let query = format!("pair={}&asset_class={class}", pair.altname);
            let ticker = at(&ask(spot, "Ticker", &query), pair.id);
            let depth = at(&ask(spot, "Depth", &query), pair.id);
            assert_eq!(at(&ticker, "a.0"), at(&depth, "asks.0.0"));
            assert_eq!(at(&ticker, "b.0"), at(&depth, "bids.0.0"));
            assert_eq!(at(&ticker, "a.2"), at(&depth, "asks.0.1"));
            assert!(decimal(&at(&ticker, "b.0")) < decimal(&at(&ticker, "a.0")));

            let trades = ask(spot, "Trades", &query);
            let rows = at(&trades, pair.id);
            let rows = rows.as_list().unwrap();
            let last = rows.last().unwrap();
            assert_eq!(rows.len(), MOST_TRADES);
            assert_eq!(at(&ticker, "c.0"), at(last, "0"));
            assert_eq!(at(&ticker, "c.1"), at(last, "1"));

            let spread = at(&ask(spot, "Spread", &query), pair.id);
            let newest = spread.as_list().unwrap().last().unwrap().clone();
            assert_eq!(at(&newest, "1"), at(&ticker, "b.0"));
            assert_eq!(at(&newest, "2"), at(&ticker, "a.0"));

            let candles = at(&ask(spot, "OHLC", &query), pair.id);
            let candles = candles.as_list().unwrap();
            assert_eq!(candles.len(), 720);
            let newest = candles.last().unwrap();
            assert_eq!(decimal(&at(newest, "4")), decimal(&at(last, "0")));

            // Eight hours into the day, all of it lies in the candles.
            let midnight = Decimal::from(NOW.seconds() / 86_400 * 86_400);
            let today = candles
                .iter()
                .filter(|row| decimal(&at(row, "0")) >= midnight);
            let today: Vec<&Json> = today.collect();
            let volume: Decimal = today.iter().map(|row| decimal(&at(row, "6"))).sum();
            let count: Decimal = today.iter().map(|row| decimal(&at(row, "7"))).sum();
            let high = today.iter().map(|row| decimal(&at(row, "2"))).max();
            let low = today.iter().map(|row| decimal(&at(row, "3"))).min();
            assert_eq!(decimal(&at(&ticker, "v.0")), volume);
            assert_eq!(decimal(&at(&ticker, "t.0")), count);
            assert_eq!(Some(decimal(&at(&ticker, "h.0"))), high);
            assert_eq!(Some(decimal(&at(&ticker, "l.0"))), low);
            assert_eq!(decimal(&at(&ticker, "o")), decimal(&at(today[0], "1")));
            let average = decimal(&at(&ticker, "p.0"));
            assert!(average >= low.unwrap() && average <= high.unwrap());
            assert!(decimal(&at(&ticker, "v.1")) > volume);
        }
    }

    #[test]
    fn tickers_come_for_one_several_or_all() {
        let spot = &mut spot();
        let keys =
            |json: &Json| -> Vec<String> { json.as_object().unwrap().keys().cloned().collect() };
        let several = ask(spot, "Ticker", "pair=BTC/USD,XBTUSD,ETHEUR");
        assert_eq!(keys(&several), ["XXBTZUSD", "XETHZEUR"]);
        let all = ask(spot, "Ticker", "assetVersion=1");
        assert_eq!(keys(&all).len(), PAIRS.len() - 1);
        assert!(keys(&all).contains(&"DOGE/USD".to_owned()));
        let tokenized = ask(spot, "Ticker", "asset_class=tokenized_asset");
        assert_eq!(keys(&tokenized), ["AAPLxUSD"]);
    }

    #[test]
    fn numbers_are_written_as_on_the_wire() {
        let spot = &mut spot();
        let pair = &PAIRS[0];
        let market = spot.markets.get_mut(pair).unwrap();
        market.frozen = true;
        spot.markets.set_price(pair, Decimal::from(50_000), NOW);
        let ticker = at(&ask(spot, "Ticker", "pair=XBTUSD"), "XXBTZUSD");
        assert_eq!(
            at(&ticker, "c").to_string(),
            r#"["50000.00000","10.00000000"]"#
        );
        assert_eq!(at(&ticker, "a.0").as_str(), Some("50000.10000"));
        let volume = decimal(&at(&ticker, "a.2"));
        assert_eq!(
            at(&ticker, "a.1").as_str().unwrap(),
            volume.ceil().normalize().to_string()
        );
        let trades = ask(spot, "Trades", "pair=XBTUSD&count=1");
        let id = at(&trades, "XXBTZUSD.0.6").scalar().unwrap();
        let expected = format!(
            r#"{{"XXBTZUSD":[["50000.00000","10.00000000",1800000000.1234567,"s","l","",{id}]],"last":"1800000000123456789"}}"#
        );
        assert_eq!(trades.to_string(), expected);
        let candles = ask(spot, "OHLC", "pair=XBTUSD&since=1800000000");
        assert_eq!(at(&candles, "last"), 1_799_999_940_u64.into());
        let row = at(&candles, "XXBTZUSD.0");
        assert_eq!(at(&row, "0"), 1_800_000_000_u64.into());
        assert_eq!(at(&row, "4").as_str(), Some("50000.0"));
        let spreads = at(&ask(spot, "Spread", "pair=XBTUSD"), "XXBTZUSD");
        let newest = spreads.as_list().unwrap().last().unwrap();
        assert_eq!(
            newest.to_string(),
            r#"[1800000000,"49999.90000","50000.10000"]"#
        );
    }

    #[test]
    fn paging_by_last_reaches_every_trade_once() {
        let spot = &mut spot();
        let kept = spot.markets.get(&PAIRS[1]).unwrap().trades().clone();
        let mut since = "0".to_owned();
        let mut ids = Vec::new();
        loop {
            let query = format!("pair=XBTEUR&count=300&since={since}");
            let page = ask(spot, "Trades", &query);
            since = at(&page, "last").scalar().unwrap();
            let rows = at(&page, "XXBTZEUR");
            let rows = rows.as_list().unwrap();
            ids.extend(rows.iter().map(|row| at(row, "6").scalar().unwrap()));
            if rows.is_empty() {
                break;
            }
            assert!(rows.len() <= 300);
        }
        let expected: Vec<String> = kept.iter().map(|trade| trade.id.to_string()).collect();
        assert_eq!(ids, expected);
        // Seconds are taken too.
        let half = kept[700].time.seconds();
        let page = ask(spot, "Trades", &format!("pair=XBTEUR&since={half}"));
        let first = decimal(&at(&page, "XXBTZEUR.0.2"));
        assert!(first >= Decimal::from(half));
        let ahead = kept
            .iter()
            .filter(|trade| trade.time > Moment::from_seconds(half));
        let rows = at(&page, "XXBTZEUR");
        assert_eq!(
            rows.as_list().unwrap().len(),
            ahead.count().min(MOST_TRADES)
        );
    }

    #[test]
    fn candles_and_spreads_go_on_where_they_were() {
        let spot = &mut spot();
        let first = ask(spot, "OHLC", "pair=SOLUSD&interval=5");
        let last = at(&first, "last").scalar().unwrap();
        let later = NOW.plus(Duration::from_secs(16 * 60));
        let query = format!("pair=SOLUSD&interval=5&since={last}");
        let next = try_ask(spot, "OHLC", &query, later).unwrap();
        let rows = at(&next, "SOLUSD");
        let rows = rows.as_list().unwrap();
        assert_eq!(at(&rows[0], "0").scalar().unwrap(), last);
        assert_eq!(rows.len(), 5);
        // The running one comes even if nothing that new was asked for.
        let query = "pair=SOLUSD&since=9000000000";
        let future = try_ask(spot, "OHLC", query, later).unwrap();
        assert_eq!(at(&future, "SOLUSD").as_list().unwrap().len(), 1);

        let spreads = try_ask(spot, "Spread", "pair=SOLUSD", later).unwrap();
        let last = at(&spreads, "last").scalar().unwrap();
        let rows = at(&spreads, "SOLUSD");
        assert_eq!(
            at(rows.as_list().unwrap().last().unwrap(), "0")
                .scalar()
                .unwrap(),
            last
        );
        let query = format!("pair=SOLUSD&since={last}");
        let next = try_ask(spot, "Spread", &query, later).unwrap();
        let rows = at(&next, "SOLUSD");
        assert!(
            rows.as_list()
                .unwrap()
                .iter()
                .all(|row| at(row, "0").scalar().unwrap() == last)
        );
    }
}
