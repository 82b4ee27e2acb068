//! The book: the others' offers and the customers' resting orders together.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::writing::{Rows, in_lots, padded};
use super::{Names, UNKNOWN_PAIR, asked_pair, count, digits, market, one_of};
use crate::Moment;
use crate::ids::Ids;
use crate::json::{Json, object};
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::spot::assets::{LOT_DECIMALS, Pair, find_pair};
use crate::kraken::spot::market::book::mixed;
use crate::kraken::spot::market::{Level, Side, seed_of};
use crate::kraken::spot::{Call, Spot};

const DEPTHS: [u32; 5] = [10, 25, 100, 250, 1_000];
const GROUPINGS: [u32; 9] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000];

/// All that is offered at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub price: Decimal,
    pub volume: Decimal,
    /// When it last changed.
    pub time: Moment,
    /// How many orders it is.
    pub orders: usize,
}

/// One side of the book, best first, at most so many levels.
pub(super) fn offers(
    spot: &Spot,
    pair: &Pair,
    side: Side,
    most: usize,
) -> Result<Vec<Offer>, Refusal> {
    let others = market(spot, pair)?.top(side, most);
    let mut offers: Vec<Offer> = others
        .map(|level| Offer {
            price: level.price,
            volume: level.volume,
            time: level.time,
            orders: orders_of(&level),
        })
        .collect();
    for (_, order) in spot.desk.resting(pair.id, side) {
        let place = offers.binary_search_by(|offer| match side {
            Side::Buy => order.price.cmp(&offer.price),
            Side::Sell => offer.price.cmp(&order.price),
        });
        match place {
            Ok(index) => {
                if let Some(offer) = offers.get_mut(index) {
                    let sum = offer.volume.checked_add(order.volume);
                    offer.volume = sum.unwrap_or(offer.volume);
                    offer.time = offer.time.max(order.time);
                    offer.orders += 1;
                }
            }
            Err(index) => offers.insert(
                index,
                Offer {
                    price: order.price,
                    volume: order.volume,
                    time: order.time,
                    orders: 1,
                },
            ),
        }
    }
    offers.truncate(most);
    Ok(offers)
}

pub(super) fn depth(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let names = Names::asked(call.params)?;
    let pair = asked_pair(call.params)?;
    let most = count(call.params, 100, 500)?;
    let digits = digits(pair);
    let side = |side| {
        let offers = offers(spot, pair, side, most)?;
        let mut rows = Rows::with_capacity(40 * offers.len());
        for offer in offers {
            rows.begin();
            rows.padded(offer.price, digits);
            rows.padded(in_lots(offer.volume), 3);
            rows.number(offer.time.seconds());
            rows.end();
        }
        Ok::<Json, Refusal>(rows.finish())
    };
    let book = object! { "asks" => side(Side::Sell)?, "bids" => side(Side::Buy)? };
    Ok(object! { names.of(pair) => book }.into())
}

pub(super) fn grouped_book(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let name = call.params.required("pair")?;
    let pair = find_pair(&name).ok_or(UNKNOWN_PAIR)?;
    let most = one_of(call.params, "depth", &DEPTHS, 10)?;
    let ticks = one_of(call.params, "grouping", &GROUPINGS, 1)?;
    let side = |side| grouped(spot, pair, side, most as usize, ticks);
    let result = object! {
        "pair" => name.as_str(),
        "grouping" => ticks,
        "bids" => side(Side::Buy)?,
        "asks" => side(Side::Sell)?,
    };
    Ok(result.into())
}

/// One side with so many ticks to a level. What lies between two levels goes
/// to the one further from the other side.
fn grouped(spot: &Spot, pair: &Pair, side: Side, most: usize, ticks: u32) -> Result<Json, Refusal> {
    // The whole book is rarely needed, and costs most.
    let mut levels = most;
    let groups = loop {
        let offers = offers(spot, pair, side, levels)?;
        let all = offers.len() < levels;
        let groups = groups(&offers, pair, side, ticks);
        // The last one may go on beyond what was looked at.
        if all || groups.len() > most {
            break groups;
        }
        levels = levels.saturating_mul(4);
    };
    let digits = digits(pair);
    let rows = groups.into_iter().take(most).map(|(ticks, volume)| {
        let price = Decimal::try_from_i128_with_scale(ticks, pair.price_decimals);
        object! {
            "price" => padded(price.unwrap_or_default(), digits),
            "qty" => padded(volume, LOT_DECIMALS),
        }
    });
    Ok(rows.collect())
}

/// Prices in ticks, and what is offered at each.
fn groups(offers: &[Offer], pair: &Pair, side: Side, ticks: u32) -> Vec<(i128, Decimal)> {
    let step = i128::from(ticks);
    let mut groups: Vec<(i128, Decimal)> = Vec::new();
    for offer in offers {
        let mut price = offer.price;
        price.rescale(pair.price_decimals);
        let down = price.mantissa().div_euclid(step);
        let between = price.mantissa().rem_euclid(step) != 0;
        let group = step * (down + i128::from(side == Side::Sell && between));
        match groups.last_mut() {
            Some((last, volume)) if *last == group => {
                *volume = volume.checked_add(offer.volume).unwrap_or(*volume);
            }
            _ => groups.push((group, offer.volume)),
        }
    }
    groups
}

pub(super) fn level3(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let name = call.params.required("pair")?;
    let pair = find_pair(&name).ok_or(UNKNOWN_PAIR)?;
    let most = match one_of(call.params, "depth", &[0, 10, 25, 100, 250, 1_000], 100)? {
        0 => usize::MAX,
        most => most as usize,
    };
    let side = |side| orders(spot, pair, side, most);
    let result = object! {
        "pair" => name.as_str(),
        "bids" => side(Side::Buy)?,
        "asks" => side(Side::Sell)?,
    };
    Ok(result.into())
}

/// Every order of the best prices of one side, best first, of one price the
/// oldest first.
fn orders(spot: &Spot, pair: &Pair, side: Side, most: usize) -> Result<Json, Refusal> {
    let market = market(spot, pair)?;
    let mut orders = spot.desk.resting(pair.id, side);
    for level in market.top(side, most) {
        orders.extend(split(pair, side, &level));
    }
    orders.sort_by(|(_, a), (_, b)| {
        let price = match side {
            Side::Buy => b.price.cmp(&a.price),
            Side::Sell => a.price.cmp(&b.price),
        };
        price.then(a.time.cmp(&b.time))
    });
    let mut prices = BTreeSet::new();
    let digits = digits(pair);
    let rows = orders
        .iter()
        .take_while(|(_, order)| {
            prices.insert(order.price);
            prices.len() <= most
        })
        .map(|(id, order)| {
            object! {
                "price" => padded(order.price, digits),
                "qty" => padded(order.volume, LOT_DECIMALS),
                "order_id" => id.as_str(),
                "timestamp" => order.time.nanoseconds(),
            }
        });
    Ok(rows.collect())
}

/// A number of the level's own, as long as it does not change.
fn chance_of(level: &Level) -> u64 {
    let price = level.price.mantissa().unsigned_abs();
    // The lower half tells prices apart.
    let price = u64::try_from(price & u128::from(u64::MAX)).unwrap_or_default();
    mixed(price ^ mixed(level.time.nanoseconds()))
}

/// How many orders the others have at a level.
fn orders_of(level: &Level) -> usize {
    let thousandths = level.volume.trunc_with_scale(3).normalize();
    let several = thousandths >= Decimal::new(4, 3);
    if several {
        1 + (chance_of(level) % 4) as usize
    } else {
        1
    }
}

/// The others' orders at a level, which add up to it.
fn split(pair: &Pair, side: Side, level: &Level) -> Vec<(String, Level)> {
    let count = orders_of(level);
    let whose = match side {
        Side::Buy => seed_of(pair),
        Side::Sell => !seed_of(pair),
    };
    let mut ids = Ids::new(mixed(whose ^ chance_of(level)));
    let part = level.volume / Decimal::from(count);
    let part = part.trunc_with_scale(3);
    let mut left = level.volume;
    (1..=count)
        .map(|number| {
            let last = number == count;
            let volume = if last { left } else { part };
            left -= volume;
            let before = (count - number) as u64 * 1_000_001;
            let time = level.time.nanoseconds().saturating_sub(before);
            let order = Level {
                price: level.price,
                volume,
                time: Moment::from_nanoseconds(time),
            };
            (ids.order(), order)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, ask, at, decimal, spot, try_ask};
    use super::*;

    #[test]
    fn the_book_is_as_deep_as_asked() {
        let spot = &mut spot();
        for (query, levels) in [("", 100), ("&count=1", 1), ("&count=500", 500)] {
            let book = ask(spot, "Depth", &format!("pair=XBTUSD{query}"));
            for side in ["XXBTZUSD.asks", "XXBTZUSD.bids"] {
                assert_eq!(at(&book, side).as_list().unwrap().len(), levels);
            }
        }
        let book = ask(spot, "Depth", "pair=XDGUSD&count=1&assetVersion=1");
        let row = at(book.get("DOGE/USD").unwrap(), "asks.0");
        let price = at(&row, "0").scalar().unwrap();
        assert_eq!(price.split_once('.').unwrap().1.len(), 7);
        let volume = at(&row, "1").scalar().unwrap();
        assert_eq!(volume.split_once('.').unwrap().1.len(), 3);
        assert!(decimal(&at(&row, "2")) <= Decimal::from(NOW.seconds()));
    }

    #[test]
    fn groups_hold_all_that_lies_between() {
        let spot = &mut spot();
        let pair = find_pair("XBTUSD").unwrap();
        let grouped = ask(spot, "GroupedBook", "pair=BTC/USD&grouping=1000&depth=10");
        assert_eq!(at(&grouped, "pair").as_str(), Some("BTC/USD"));
        assert_eq!(at(&grouped, "grouping"), 1_000_u32.into());
        for (name, side) in [("bids", Side::Buy), ("asks", Side::Sell)] {
            let groups = at(&grouped, name);
            let groups = groups.as_list().unwrap();
            assert_eq!(groups.len(), 10);
            for (index, group) in groups.iter().enumerate() {
                let price = decimal(&at(group, "price"));
                let wide = Decimal::ONE_HUNDRED;
                assert_eq!(price % wide, Decimal::ZERO);
                let within = |offer: &&Offer| match side {
                    Side::Buy => offer.price >= price && offer.price < price + wide,
                    Side::Sell => offer.price <= price && offer.price > price - wide,
                };
                let all = offers(spot, pair, side, usize::MAX).unwrap();
                let sum: Decimal = all.iter().filter(within).map(|offer| offer.volume).sum();
                assert_eq!(decimal(&at(group, "qty")), sum, "{name} {index}");
            }
        }
        let fine = ask(spot, "GroupedBook", "pair=XXBTZUSD");
        assert_eq!(at(&fine, "pair").as_str(), Some("XXBTZUSD"));
        let book = ask(spot, "Depth", "pair=XXBTZUSD&count=10");
        for index in 0..10 {
            let group = at(&fine, &format!("asks.{index}.price"));
            assert_eq!(group, at(&book, &format!("XXBTZUSD.asks.{index}.0")));
        }
    }

    #[test]
    fn single_orders_add_up_to_the_levels() {
        let spot = &mut spot();
        let pair = find_pair("ETHUSD").unwrap();
        let orders = ask(spot, "Level3", "pair=ETH/USD&depth=25");
        for (name, side) in [("bids", Side::Buy), ("asks", Side::Sell)] {
            let orders = at(&orders, name);
            let orders = orders.as_list().unwrap();
            let levels = offers(spot, pair, side, 25).unwrap();
            assert!(orders.len() > levels.len());
            for level in levels {
                let here: Vec<&Json> = orders
                    .iter()
                    .filter(|order| decimal(&at(order, "price")) == level.price)
                    .collect();
                let sum: Decimal = here.iter().map(|order| decimal(&at(order, "qty"))).sum();
                assert_eq!((sum, here.len()), (level.volume, level.orders));
                let times: Vec<Decimal> = here
                    .iter()
                    .map(|order| decimal(&at(order, "timestamp")))
                    .collect();
                assert!(times.is_sorted());
                assert!(
                    here.iter()
                        .all(|order| decimal(&at(order, "qty")) > Decimal::ZERO)
                );
            }
            let ids: BTreeSet<_> = orders.iter().map(|o| at(o, "order_id").scalar()).collect();
            assert_eq!(ids.len(), orders.len());
        }
        let again = ask(spot, "Level3", "pair=ETH/USD&depth=25");
        assert_eq!(orders, again);
        let whole = ask(spot, "Level3", "pair=ETH/USD&depth=0");
        assert!(at(&whole, "asks").as_list().unwrap().len() > 1_000);
        let refused = try_ask(spot, "Level3", "pair=ETH/USD&depth=11", NOW);
        assert_eq!(refused, Err(Refusal::argument("depth")));
    }
}
