//! Orders, trades and positions.
//!
//! | Module | Subject |
//! |---|---|
//! | [`order`] | what an order is |
//! | [`request`] | reading an order from a request |
//! | [`rules`] | what the venue's state and the table of pairs say about an order |
//! | [`limits`] | how much the engine takes from one account |
//! | [`placing`] | placing, changing and cancelling orders |
//! | [`matching`] | filling and ending orders |
//! | [`positions`] | margin |
//! | [`timers`] | what happens by itself |

pub(crate) mod limits;
pub(crate) mod matching;
pub(crate) mod order;
pub(crate) mod placing;
pub(crate) mod positions;
pub(crate) mod request;
pub(crate) mod rules;
pub(crate) mod timers;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};

use rust_decimal::Decimal;

use self::limits::Engine;
use self::order::{Kind, Order, Status};
use self::positions::Positions;
use super::assets::Pair;
use super::market::status::KrakenStatus;
use super::market::{Level, Side};
use crate::Moment;

/// Older closed orders of an account are forgotten.
const MOST_CLOSED: usize = 10_000;

/// Older trades of an account are forgotten.
const MOST_TRADES: usize = 20_000;

/// Fees go by what was traded in so many days.
const VOLUME_DAYS: u64 = 30;

/// A fill, as its account sees it.
#[derive(Clone, Debug)]
pub(crate) struct Trade {
    pub id: String,
    /// Rises from trade to trade over all accounts.
    pub number: u64,
    /// The first trade of the execution that this one is part of.
    pub group: String,
    pub order: String,
    pub kind: Kind,
    /// The margin position it belongs to.
    pub position: Option<String>,
    pub leverage: Option<u32>,
    pub pair: &'static Pair,
    pub time: Moment,
    pub side: Side,
    pub price: Decimal,
    pub volume: Decimal,
    pub cost: Decimal,
    /// Valued in the quote asset, wherever it was taken.
    pub fee: Decimal,
    pub margin: Decimal,
    /// Its number on the public tape.
    pub tape: u64,
    pub maker: bool,
    /// It closed a position, or part of one.
    pub closing: bool,
    pub liquidation: bool,
    pub ledgers: Vec<String>,
}

impl Trade {
    /// What the venue says about it beside the rest.
    pub(crate) fn misc(&self) -> &'static str {
        if self.closing { "closing" } else { "" }
    }
}

/// The orders of all accounts, and what came of them.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// By number, which rises as they come in.
    open: BTreeMap<u64, Order>,
    numbers: HashMap<String, u64>,
    /// By account, in the order in which they ended.
    closed: BTreeMap<String, VecDeque<Order>>,
    /// How many closed orders of an account are forgotten.
    forgotten: BTreeMap<String, u64>,
    /// By account, oldest first.
    trades: BTreeMap<String, VecDeque<Trade>>,
    /// By account and asset.
    held: BTreeMap<String, BTreeMap<&'static str, Decimal>>,
    /// US dollars traded by account and day.
    volumes: BTreeMap<String, BTreeMap<u64, Decimal>>,
    /// When all orders of an account are to be cancelled.
    cancel_after: BTreeMap<String, Moment>,
    last_number: u64,
    /// The time at which fills are shown to everybody: the tape only goes
    /// forward, while what happened to an order is told to the moment.
    shown: Moment,
    /// The status of the venue at that time.
    status: KrakenStatus,
    /// The last price may have changed since.
    stale: bool,
    pub positions: Positions,
    pub engine: Engine,
}

impl Desk {
    /// What is held back of an asset for an account's open orders and margin
    /// positions.
    pub(crate) fn held(&self, account: &str, asset: &str) -> Decimal {
        self.held
            .get(account)
            .and_then(|assets| assets.get(asset))
            .copied()
            .unwrap_or_default()
    }

    /// The customers' resting orders in a pair's book, best first, one level
    /// an order, with what they show.
    pub(crate) fn resting(&self, pair: &str, side: Side) -> Vec<(String, Level)> {
        self.queue(pair, side)
            .into_iter()
            .filter_map(|number| self.open.get(&number))
            .filter_map(|order| {
                let remaining = order.remaining();
                let shown = order.terms.display.map_or(remaining, |d| d.min(remaining));
                let level = Level {
                    price: order.limit?,
                    volume: shown,
                    time: order.changed,
                };
                Some((order.id.clone(), level))
            })
            .collect()
    }

    /// The numbers of the resting orders of a pair's side, best price first,
    /// then first come.
    pub(crate) fn queue(&self, pair: &str, side: Side) -> Vec<u64> {
        let mut queue: Vec<(Decimal, u64, u64)> = self
            .open
            .iter()
            .filter(|(_, order)| order.terms.pair.id == pair && order.terms.side == side)
            .filter(|(_, order)| order.is_resting())
            .filter_map(|(number, order)| {
                let price = order.limit?;
                let rank = if side == Side::Buy { -price } else { price };
                Some((rank, order.priority, *number))
            })
            .collect();
        queue.sort_unstable();
        queue.into_iter().map(|(_, _, number)| number).collect()
    }

    /// All open orders, pending ones included, oldest first.
    pub(crate) fn open(&self) -> impl DoubleEndedIterator<Item = (u64, &Order)> {
        self.open.iter().map(|(number, order)| (*number, order))
    }

    /// The numbers of an account's open orders.
    pub(crate) fn open_of(&self, account: &str) -> Vec<u64> {
        self.open()
            .filter(|(_, order)| order.account == account)
            .map(|(number, _)| number)
            .collect()
    }

    pub(crate) fn order(&self, number: u64) -> Option<&Order> {
        self.open.get(&number)
    }

    /// The number of an account's open order by the venue's id.
    pub(crate) fn find(&self, account: &str, id: &str) -> Option<u64> {
        let number = *self.numbers.get(id)?;
        let order = self.open.get(&number)?;
        (order.account == account).then_some(number)
    }

    /// The number of an account's open order by the customer's id.
    pub(crate) fn find_client(&self, account: &str, client_id: &str) -> Option<u64> {
        self.open()
            .find(|(_, order)| {
                order.account == account && order.terms.client_id.as_deref() == Some(client_id)
            })
            .map(|(number, _)| number)
    }

    /// The numbers of an account's open orders with a user reference.
    pub(crate) fn find_userref(&self, account: &str, userref: i64) -> Vec<u64> {
        self.open()
            .filter(|(_, order)| {
                order.account == account && order.terms.userref.map(i64::from) == Some(userref)
            })
            .map(|(number, _)| number)
            .collect()
    }

    /// An account's orders that ended, in the order in which they did.
    pub(crate) fn closed_of(&self, account: &str) -> impl DoubleEndedIterator<Item = &Order> {
        self.closed.get(account).into_iter().flatten()
    }

    /// How many of an account's orders ended before those of
    /// [`Desk::closed_of`].
    pub(crate) fn forgotten_of(&self, account: &str) -> u64 {
        self.forgotten.get(account).copied().unwrap_or_default()
    }

    /// An account's trades, oldest first.
    pub(crate) fn trades_of(&self, account: &str) -> impl DoubleEndedIterator<Item = &Trade> {
        self.trades.get(account).into_iter().flatten()
    }

    /// All trades of all accounts.
    pub(crate) fn all_trades(&self) -> impl Iterator<Item = (&str, &Trade)> {
        self.trades
            .iter()
            .flat_map(|(account, trades)| trades.iter().map(move |t| (account.as_str(), t)))
    }

    /// US dollars that an account traded in the last 30 days.
    pub(crate) fn volume_of(&self, account: &str, now: Moment) -> Decimal {
        let first = (now.seconds() / 86_400).saturating_sub(VOLUME_DAYS);
        let days = self.volumes.get(account).into_iter();
        days.flat_map(|days| days.range(first..))
            .map(|(_, volume)| *volume)
            .sum()
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn hold(&mut self, account: &str, asset: &'static str, change: Decimal) {
        if change.is_zero() {
            return;
        }
        let assets = self.held.entry(account.to_owned()).or_default();
        let held = assets.entry(asset).or_default();
        *held += change;
        if held.is_zero() {
            assets.remove(asset);
        }
    }

    /// Holds `amount` for an open order in place of what was held for it.
    fn hold_for(&mut self, number: u64, amount: Decimal) {
        let Some(order) = self.open.get_mut(&number) else {
            return;
        };
        let change = amount - order.held;
        order.held = amount;
        let (account, asset) = (order.account.clone(), order.spends());
        self.hold(&account, asset, change);
    }

    /// Ends an order, and gives free what was held for it.
    fn end(&mut self, number: u64, status: Status, reason: Option<&'static str>, at: Moment) {
        self.hold_for(number, Decimal::ZERO);
        let Some(order) = self.open.remove(&number) else {
            return;
        };
        self.numbers.remove(&order.id);
        self.archive(order, status, reason, at);
    }

    /// Puts an order that has ended with those of its account.
    fn archive(
        &mut self,
        mut order: Order,
        status: Status,
        reason: Option<&'static str>,
        at: Moment,
    ) {
        order.status = status;
        order.reason = reason;
        order.closed = Some(at);
        let closed = self.closed.entry(order.account.clone()).or_default();
        if closed.len() == MOST_CLOSED {
            closed.pop_front();
            *self.forgotten.entry(order.account.clone()).or_default() += 1;
        }
        closed.push_back(order);
    }

    fn note_trade(&mut self, account: &str, mut trade: Trade, dollars: Decimal) {
        trade.number = self.next_number();
        let day = trade.time.seconds() / 86_400;
        let days = self.volumes.entry(account.to_owned()).or_default();
        let volume = days.entry(day).or_default();
        *volume = volume.checked_add(dollars).unwrap_or(*volume);
        *days = days.split_off(&day.saturating_sub(VOLUME_DAYS));
        let trades = self.trades.entry(account.to_owned()).or_default();
        if trades.len() == MOST_TRADES {
            trades.pop_front();
        }
        trades.push_back(trade);
    }
}
