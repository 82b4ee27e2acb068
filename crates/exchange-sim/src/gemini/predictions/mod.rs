//! Prediction markets: events whose contracts pay a dollar or nothing.
//!
//! An hourly event is always open and the next one announced; others last
//! longer. Prices walk at random, and what they say at the end is what comes
//! true.

mod combos;
mod events;
mod orders;
mod positions;
mod rewards;
mod terms;
mod volume;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use indexmap::IndexMap;
use rust_decimal::Decimal;

use self::combos::Combo;
use self::events::Event;
use self::orders::{Filled, Order};
use self::positions::{CashOut, Position, Settled};
use self::rewards::Payout;
use super::Operation;
use super::exchange::{Exchange, keep};
use super::ids::Ids;
use crate::Moment;
use crate::books::Holder;
use crate::json::{Json, object};

/// How often prices move, and most moves at once.
const STEP: Duration = Duration::from_secs(60);
const STEPS: u32 = 60;

/// How far the offers of the market are from its price.
const HALF_SPREAD: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    events::OPERATIONS
        .iter()
        .chain(&volume::OPERATIONS)
        .chain(&terms::OPERATIONS)
        .chain(&orders::OPERATIONS)
        .chain(&positions::OPERATIONS)
        .chain(&combos::OPERATIONS)
        .chain(&rewards::OPERATIONS)
}

/// Something that pays a dollar or nothing.
#[derive(Clone, Debug)]
struct Contract {
    id: String,
    /// The ticker of its event; of itself for a combo.
    event: String,
    ticker: String,
    symbol: String,
    instrument: u64,
    label: String,
    /// The price of yes, as last traded.
    price: Decimal,
    /// Who won, and when that was known.
    resolved: Option<(bool, Moment)>,
    /// What a combo is made of: contracts by symbol, and what must come true.
    legs: Vec<(String, bool)>,
    expiry: Moment,
}

impl Contract {
    /// What the market asks for an outcome.
    fn ask(&self, yes: bool) -> Decimal {
        self.last(yes) + HALF_SPREAD
    }

    /// What the market bids for an outcome.
    fn bid(&self, yes: bool) -> Decimal {
        self.last(yes) - HALF_SPREAD
    }

    fn last(&self, yes: bool) -> Decimal {
        if yes {
            self.price
        } else {
            Decimal::ONE - self.price
        }
    }
}

/// `yes` or `no`.
fn outcome(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// All of prediction markets.
#[derive(Debug)]
pub(crate) struct Predictions {
    events: Vec<Event>,
    last_event: u64,
    /// By symbol, combos included.
    contracts: IndexMap<String, Contract>,
    combos: Vec<Combo>,
    /// Whether there are hourly events.
    rolling: bool,
    at: Moment,
    day: u64,
    /// The version of the terms that the group has accepted.
    accepted: Option<u32>,
    orders: BTreeMap<u64, Order>,
    closed: BTreeMap<u64, Order>,
    fills: VecDeque<Filled>,
    positions: BTreeMap<(usize, String, bool), Position>,
    settled: VecDeque<Settled>,
    cash_outs: VecDeque<CashOut>,
    payouts: VecDeque<Payout>,
}

impl Predictions {
    pub(crate) fn new(sandbox: bool, now: Moment, ids: &mut Ids) -> Self {
        let mut all = Self {
            events: Vec::new(),
            last_event: 4_100,
            contracts: IndexMap::new(),
            combos: Vec::new(),
            rolling: !sandbox,
            at: now,
            day: now.seconds() / 86_400,
            accepted: Some(terms::LATEST - 1),
            orders: BTreeMap::new(),
            closed: BTreeMap::new(),
            fills: VecDeque::new(),
            positions: BTreeMap::new(),
            settled: VecDeque::new(),
            cash_outs: VecDeque::new(),
            payouts: VecDeque::new(),
        };
        if !sandbox {
            all.begin(now, ids);
        }
        all
    }

    /// What orders hold back, which is paid in US dollars.
    pub(crate) fn held(&self, account: usize, currency: &str) -> Decimal {
        if currency != "USD" {
            return Decimal::ZERO;
        }
        let orders = self
            .orders
            .values()
            .filter(|order| order.account == account);
        orders.map(Order::hold).sum()
    }

    /// What answers say of a contract beside its orders and positions.
    fn metadata(&self, contract: &Contract) -> Json {
        let event = self
            .events
            .iter()
            .find(|event| event.ticker == contract.event);
        let status = if contract.resolved.is_some() {
            "resolved"
        } else {
            "active"
        };
        let resolved = contract.resolved;
        object! {
            "contractId" => contract.id.as_str(),
            "contractName" => contract.label.as_str(),
            "contractTicker" => contract.ticker.as_str(),
            "eventTicker" => contract.event.as_str(),
            "eventName" => event.map_or(contract.label.as_str(), |event| event.title.as_str()),
            "category" => event.map_or("Combo", |event| event.category),
            "contractStatus" => status,
            "eventType" => event.map_or("binary", |event| event.kind),
            "expiryDate" => contract.expiry.rfc3339_milliseconds(),
            "resolvedAt" => resolved.map(|(_, at)| at.rfc3339_milliseconds()),
            "resolutionSide" => resolved.map(|(yes, _)| outcome(yes)),
            "parentEventTicker" => Json::Null,
            "startTime" => Json::Null,
        }
    }
}

impl Exchange {
    /// Lets prices move, fills orders, and settles what has come true.
    pub(crate) fn settle_predictions(&mut self, now: Moment) {
        let passed = now.since(self.predictions.at);
        let stride = STEP.max(passed / STEPS);
        let mut at = self.predictions.at.plus(stride);
        while at <= now {
            self.predictions.at = at;
            self.move_predictions(at);
            self.meet_predictions();
            at = at.plus(stride);
        }
        let due: Vec<(String, bool)> = self
            .predictions
            .contracts
            .values()
            .filter(|contract| {
                contract.legs.is_empty() && contract.resolved.is_none() && contract.expiry <= now
            })
            .map(|contract| {
                (
                    contract.symbol.clone(),
                    contract.price >= Decimal::new(5, 1),
                )
            })
            .collect();
        for (symbol, yes) in due {
            self.resolve(&symbol, yes);
        }
        self.resolve_combos();
        self.pay_rebates(now);
        if self.predictions.rolling {
            let ids = &mut self.ids;
            self.predictions.roll(now, ids);
        }
    }

    fn move_predictions(&mut self, at: Moment) {
        let active: Vec<String> = self
            .predictions
            .events
            .iter()
            .filter(|event| event.is_active(at))
            .flat_map(|event| event.contracts.iter().cloned())
            .collect();
        for symbol in active {
            let change = i64::try_from(self.ids.plain.below(5)).unwrap_or(2) - 2;
            if let Some(contract) = self.predictions.contracts.get_mut(&symbol) {
                let price = contract.price + Decimal::new(change, 2);
                contract.price = price.clamp(Decimal::new(5, 2), Decimal::new(95, 2));
            }
        }
        self.predictions.price_combos();
    }

    /// A contract has come true or not: winners get a dollar each.
    pub(crate) fn resolve(&mut self, symbol: &str, yes: bool) -> bool {
        let now = self.now;
        let Some(contract) = self.predictions.contracts.get_mut(symbol) else {
            return false;
        };
        if contract.resolved.is_some() {
            return false;
        }
        contract.resolved = Some((yes, now));
        let contract = contract.clone();
        let orders = self.predictions.orders.values();
        let orders = orders.filter(|order| order.symbol == symbol);
        let ids: Vec<u64> = orders.map(|order| order.id).collect();
        for id in ids {
            self.predictions.cancel(id, now);
        }
        let keys: Vec<_> = self
            .predictions
            .positions
            .keys()
            .filter(|(_, of, _)| of == symbol)
            .cloned()
            .collect();
        for key in keys {
            let Some(position) = self.predictions.positions.remove(&key) else {
                continue;
            };
            let (account, _, side) = key;
            let payout = if side == yes {
                position.quantity
            } else {
                Decimal::ZERO
            };
            // The market always has it.
            let paid = self.pay(account, &Holder::Market, "USD", -payout);
            let settled = Settled {
                account,
                contract: contract.clone(),
                yes: side,
                quantity: position.quantity,
                payout: if paid.is_ok() { payout } else { Decimal::ZERO },
                cost: position.cost,
                realised: position.realised,
                at: now,
            };
            keep(&mut self.predictions.settled, settled);
        }
        self.predictions.close_event(&contract.event, now);
        true
    }
}
