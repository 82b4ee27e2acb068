//! What supervisors are shown: the top of the book, and the trades of all
//! pairs, with identifiers.

use std::collections::vec_deque;
use std::fmt::Write as _;

use chrono::SecondsFormat;
use indexmap::IndexMap;

use super::writing::padded;
use super::{UNKNOWN_PAIR, count, depth, market};
use crate::Moment;
use crate::json::{Json, object};
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::params::Params;
use crate::kraken::spot::assets::{Asset, Pair, find_asset, find_pair};
use crate::kraken::spot::market::{Market, PublicTrade, Side, trade_code};
use crate::kraken::spot::{Call, Spot};

/// Identifies the platform.
const PLATFORM: &str = "PGSL";

/// The most levels on each side.
const MOST_LEVELS: usize = 10;

/// The most trades in an answer.
const MOST_TRADES: usize = 1_000;

pub(super) fn pre_trade(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let symbol = call.params.required("symbol")?;
    let pair = find_pair(&symbol).ok_or(UNKNOWN_PAIR)?;
    let side = |side| top(spot, pair, side, call.now);
    let mut result = identifiers(pair)?;
    result.insert("venue".to_owned(), PLATFORM.into());
    result.insert("system".to_owned(), "CLOB".into());
    result.insert("bids".to_owned(), side(Side::Buy)?);
    result.insert("asks".to_owned(), side(Side::Sell)?);
    Ok(Json::Object(result).into())
}

fn top(spot: &Spot, pair: &Pair, side: Side, now: Moment) -> Result<Json, Refusal> {
    let offers = depth::offers(spot, pair, side, MOST_LEVELS)?;
    let rows = offers.into_iter().map(|offer| {
        object! {
            "side" => match side {
                Side::Buy => "BUY",
                Side::Sell => "SELL",
            },
            "price" => padded(offer.price, pair.price_decimals),
            "qty" => Json::amount(offer.volume.normalize()),
            "count" => offer.orders,
            "submission_ts" => microseconds(offer.time),
            "publication_ts" => microseconds(now),
        }
    });
    Ok(rows.collect())
}

fn microseconds(moment: Moment) -> String {
    let time = moment.date_time();
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// What a pair is, for supervisors.
fn identifiers(pair: &Pair) -> Result<IndexMap<String, Json>, Refusal> {
    let asset = |id| find_asset(id).ok_or(UNKNOWN_PAIR);
    let (base, quote) = (asset(pair.base)?, asset(pair.quote)?);
    let short_name = |asset: &Asset| {
        let has_code = !asset.token_code.is_empty();
        if has_code { asset.display_name } else { "" }
    };
    let members = [
        ("symbol", pair.display_name.into()),
        (
            "description",
            format!("{} / {}", base.words, quote.words).into(),
        ),
        ("base_asset", base.display_name.into()),
        ("base_dti_code", base.token_code.into()),
        ("base_dti_short_name", short_name(base).into()),
        ("base_notation", "UNIT".into()),
        ("quote_asset", quote.display_name.into()),
        ("quote_dti_code", quote.token_code.into()),
        ("quote_dti_short_name", short_name(quote).into()),
        ("quote_notation", "MONE".into()),
    ];
    let members = members.into_iter();
    Ok(members
        .map(|(name, value)| (name.to_owned(), value))
        .collect())
}

pub(super) fn post_trade(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let params = call.params;
    let most = count(params, MOST_TRADES, MOST_TRADES)?;
    let from = moment(params, "from_ts")?;
    let to = moment(params, "to_ts")?;
    let markets = match params.text("symbol") {
        None => spot.markets.all(),
        Some(symbol) => {
            let pair = find_pair(&symbol).ok_or(UNKNOWN_PAIR)?;
            std::slice::from_ref(market(spot, pair)?)
        }
    };
    let mut ways: Vec<Way<'_>> = markets
        .iter()
        .map(|market| Way::new(market, from, to))
        .collect();
    let mut found = Vec::new();
    // With a time to start from the next ones are asked for, else the last.
    while found.len() < most {
        let next = if from.is_some() {
            Way::oldest(&mut ways)
        } else {
            Way::newest(&mut ways)
        };
        let Some(next) = next else { break };
        found.push(next);
    }
    if from.is_none() {
        found.reverse();
    }
    let last = found.last().map(|(_, trade)| trade.time);
    let last = last.or(from).unwrap_or(call.now);
    let count = found.len();
    let result = object! {
        "last_ts" => last.rfc3339_nanoseconds(),
        "count" => count,
        "trades" => published(&found)?,
    };
    Ok(result.into())
}

/// A point in time, if it is given.
fn moment(params: &Params, name: &str) -> Result<Option<Moment>, Refusal> {
    params
        .text(name)
        .map(|text| Moment::parse_rfc3339(&text).ok_or_else(|| Refusal::argument(name)))
        .transpose()
}

/// What is left of one pair's trades.
struct Way<'a> {
    pair: &'static Pair,
    trades: vec_deque::Iter<'a, PublicTrade>,
}

type Found<'a> = (&'static Pair, &'a PublicTrade);

impl<'a> Way<'a> {
    /// The trades after `from` up to and with `to`.
    fn new(market: &'a Market, from: Option<Moment>, to: Option<Moment>) -> Self {
        let trades = market.trades();
        let up_to = |limit: Moment| trades.partition_point(|trade| trade.time <= limit);
        let end = to.map_or(trades.len(), up_to);
        let start = from.map_or(0, up_to).min(end);
        Self {
            pair: market.pair,
            trades: trades.range(start..end),
        }
    }

    fn oldest(ways: &mut [Self]) -> Option<Found<'a>> {
        let ahead = |way: &&mut Self| way.trades.clone().next().map(|trade| trade.time);
        let with_some = ways.iter_mut().filter(|way| way.trades.len() > 0);
        let way = with_some.min_by_key(ahead)?;
        Some((way.pair, way.trades.next()?))
    }

    fn newest(ways: &mut [Self]) -> Option<Found<'a>> {
        let behind = |way: &&mut Self| way.trades.clone().next_back().map(|trade| trade.time);
        let way = ways.iter_mut().max_by_key(behind)?;
        Some((way.pair, way.trades.next_back()?))
    }
}

fn published(found: &[Found<'_>]) -> Result<Json, Refusal> {
    // What is told of the pair, as it stands in each of its trades.
    let mut of_pairs: IndexMap<&str, String> = IndexMap::new();
    let mut text = String::with_capacity(450 * found.len());
    for (pair, trade) in found {
        if !of_pairs.contains_key(pair.id) {
            let whole = Json::Object(identifiers(pair)?).to_string();
            let members = whole.trim_start_matches('{').trim_end_matches('}');
            of_pairs.insert(pair.id, members.to_owned());
        }
        let of_pair = of_pairs.get(pair.id).map_or("", String::as_str);
        let separator = if text.is_empty() { '[' } else { ',' };
        let id = trade_code(pair, trade.id);
        let price = padded(trade.price, pair.price_decimals);
        let quantity = trade.volume.normalize();
        let time = trade.time.rfc3339_nanoseconds();
        // Writing to a string can't fail.
        let _ = write!(
            text,
            concat!(
                r#"{}{{"trade_id":"{}","price":"{}","quantity":"{}",{},"#,
                r#""trade_venue":"{}","trade_ts":"{}","#,
                r#""publication_venue":"{}","publication_ts":"{}"}}"#,
            ),
            separator, id, price, quantity, of_pair, PLATFORM, time, PLATFORM, time,
        );
    }
    if text.is_empty() {
        text.push('[');
    }
    text.push(']');
    Ok(Json::Written(text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::tests::{ask, at, decimal, spot};
    use super::*;

    #[test]
    fn the_top_of_the_book_is_that_of_the_book() {
        let spot = &mut spot();
        let top = ask(spot, "PreTrade", "symbol=XBTUSD");
        let text = top.to_string();
        assert!(text.starts_with(concat!(
            r#"{"symbol":"BTC/USD","description":"Bitcoin / US Dollars","base_asset":"BTC","#,
            r#""base_dti_code":"4H95J0R2X","base_dti_short_name":"BTC","base_notation":"UNIT","#,
            r#""quote_asset":"USD","quote_dti_code":"","quote_dti_short_name":"","#,
            r#""quote_notation":"MONE","venue":"PGSL","system":"CLOB","bids":[{"side":"BUY","#
        )));
        let book = ask(spot, "Depth", "pair=XBTUSD&count=10");
        for side in ["asks", "bids"] {
            for index in 0..10 {
                let level = at(&top, &format!("{side}.{index}"));
                let row = at(&book, &format!("XXBTZUSD.{side}.{index}"));
                assert_eq!(decimal(&at(&level, "price")), decimal(&at(&row, "0")));
                assert_eq!(decimal(&at(&level, "qty")), decimal(&at(&row, "1")));
            }
        }
        let published = at(&top, "asks.0.publication_ts");
        assert_eq!(published.as_str(), Some("2027-01-15T08:00:00.123456Z"));
    }

    #[test]
    fn the_last_trades_of_all_pairs_are_in_order() {
        let spot = &mut spot();
        let all = ask(spot, "PostTrade", "");
        assert_eq!(at(&all, "count"), 1_000_usize.into());
        let trades = at(&all, "trades");
        let trades = trades.as_list().unwrap();
        assert_eq!(trades.len(), 1_000);
        let times: Vec<Json> = trades.iter().map(|trade| at(trade, "trade_ts")).collect();
        assert!(times.is_sorted_by_key(Json::scalar));
        assert_eq!(&at(&all, "last_ts"), times.last().unwrap());
        let symbols: BTreeSet<_> = trades.iter().map(|t| at(t, "symbol").scalar()).collect();
        assert!(symbols.len() > 10);
        let newest = spot.markets.all().iter();
        let newest = newest.filter_map(|market| market.trades().back());
        let newest = newest.map(|trade| trade.time).max().unwrap();
        assert_eq!(
            times.last().unwrap().scalar().unwrap(),
            newest.rfc3339_nanoseconds()
        );
        let codes: BTreeSet<_> = trades.iter().map(|t| at(t, "trade_id").scalar()).collect();
        assert_eq!(codes.len(), 1_000);
    }

    #[test]
    fn paging_reaches_every_trade_of_a_pair_once() {
        let spot = &mut spot();
        let kept = spot
            .markets
            .get(find_pair("XBTUSD").unwrap())
            .unwrap()
            .trades();
        let kept = kept.len();
        let mut from = "1970-01-01T00:00:00Z".to_owned();
        let mut seen = 0;
        loop {
            let query = format!("symbol=BTC/USD&count=700&from_ts={from}");
            let page = ask(spot, "PostTrade", &query);
            let count = at(&page, "trades").as_list().unwrap().len();
            from = at(&page, "last_ts").scalar().unwrap();
            seen += count;
            if count == 0 {
                break;
            }
        }
        assert_eq!(seen, kept);
        let one = ask(spot, "PostTrade", "symbol=BTC/USD&count=1");
        let time = at(&one, "last_ts").scalar().unwrap();
        let up_to = ask(
            spot,
            "PostTrade",
            &format!("symbol=BTC/USD&count=2&to_ts={time}"),
        );
        assert_eq!(at(&up_to, "trades.1"), at(&one, "trades.0"));
        let crossed = format!("from_ts={time}&to_ts=2000-01-01T00:00:00Z");
        assert_eq!(
            at(&ask(spot, "PostTrade", &crossed), "count"),
            0_usize.into()
        );
    }
}
