//! `MarketDataSnapshot`: the book as a subscription wants to see it.

use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy;

use super::ask::{Ask, decimal, is_sane};
use super::desk::Desk;
use super::market::{Level, REACH, Side};
use super::orders::Record;
use super::securities::{Security, amount, scaled};
use super::stamp;
use crate::json::{Json, object};

/// Most levels or sizes of a side.
const MOST_LEVELS: usize = 1_000;
const MOST_SIZES: usize = 20;

/// What is shown of each side.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Levels {
    /// The first so many.
    First(usize),
    /// For each of these sizes the price at which all of it can be had.
    For(Vec<Decimal>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Depth {
    levels: Levels,
    /// Levels are put together in steps of this price.
    step: Option<Decimal>,
}

impl Depth {
    pub(crate) fn read(ask: Ask<'_>, security: &Security) -> Result<Self, String> {
        let step = ask.decimal("PriceIncrement")?;
        if step.is_some_and(|step| step <= Decimal::ZERO || !is_sane(step)) {
            return Err("PriceIncrement must be above zero".to_owned());
        }
        let levels = match (ask.get("Depth"), ask.get("SizeBuckets")) {
            (Some(_), Some(_)) => {
                return Err("Depth and SizeBuckets exclude each other".to_owned());
            }
            (Some(depth), None) => {
                let depth = depth.scalar().and_then(|depth| depth.parse::<usize>().ok());
                let depth = depth.filter(|depth| (1..=MOST_LEVELS).contains(depth));
                Levels::First(depth.ok_or("Depth must be a number from 1 to 1000")?)
            }
            (None, Some(sizes)) => {
                let sizes = sizes.as_list().unwrap_or_default();
                let size = |size: &Json| {
                    // As in a security's record, too.
                    let size = size.get("Size").unwrap_or(size).scalar()?;
                    decimal(&size).filter(|size| *size >= Decimal::ZERO && is_sane(*size))
                };
                let read: Option<Vec<_>> = sizes.iter().take(MOST_SIZES + 1).map(size).collect();
                let read = read.filter(|read| (1..=MOST_SIZES).contains(&read.len()));
                Levels::For(read.ok_or("SizeBuckets must be a list of 1 to 20 sizes")?)
            }
            (None, None) => Levels::For(security.buckets()),
        };
        Ok(Self { levels, step })
    }
}

impl Desk {
    /// A record of the `MarketDataSnapshot` stream.
    pub(crate) fn depth_record(&self, security: &Security, depth: &Depth) -> Json {
        let online = self.listing.is_online(security.symbol);
        let (_, at) = self.markets.version(security);
        let mut record = Record::default();
        record.add("Timestamp", stamp::text(at));
        record.add("Symbol", security.symbol);
        record.add("Status", if online { "Online" } else { "Offline" });
        for (name, side) in [("Bids", Side::Buy), ("Offers", Side::Sell)] {
            let levels = if online {
                self.levels(security, side, depth)
            } else {
                Vec::new()
            };
            let levels = levels.into_iter().map(|(price, size)| {
                object! {
                    "Price" => Json::amount(scaled(price, security.price_digits)),
                    "Size" => amount(size, security.size_digits),
                }
            });
            record.add(name, levels.collect::<Json>());
        }
        record.0
    }

    fn levels(&self, security: &Security, side: Side, depth: &Depth) -> Vec<(Decimal, Decimal)> {
        let stepped = |price: Decimal| depth.step.map_or(price, |step| in_steps(price, step, side));
        match &depth.levels {
            Levels::First(most) => {
                // Levels that fall together make room for others.
                let reach = if depth.step.is_some() {
                    MOST_LEVELS
                } else {
                    *most
                };
                let mut levels: Vec<(Decimal, Decimal)> = Vec::new();
                for Level { price, volume, .. } in self.markets.top(security, side, reach) {
                    let price = stepped(price);
                    let is_full = levels.len() == *most;
                    match levels.last_mut() {
                        Some((last, size)) if *last == price => *size += volume,
                        _ if is_full => break,
                        _ => levels.push((price, volume)),
                    }
                }
                levels
            }
            Levels::For(sizes) => {
                let top = self.markets.top(security, side, REACH);
                let price = |size: &Decimal| {
                    let mut there = Decimal::ZERO;
                    let mut levels = top.iter();
                    let last = levels.find(|level| {
                        there += level.volume;
                        there >= *size
                    })?;
                    Some((stepped(last.price), *size))
                };
                sizes.iter().filter_map(price).collect()
            }
        }
    }
}

/// The price in whole steps, away from the middle; zero has none.
fn in_steps(price: Decimal, step: Decimal, side: Side) -> Decimal {
    let towards = match side {
        Side::Buy => RoundingStrategy::ToZero,
        Side::Sell => RoundingStrategy::AwayFromZero,
    };
    let steps = price.checked_div(step);
    let steps = steps.map(|steps| steps.round_dp_with_strategy(0, towards));
    let price_in_steps = steps.and_then(|steps| steps.checked_mul(step));
    price_in_steps.unwrap_or(price)
}
