//! `NewOrderSingle`: an order is read, checked, and accepted or refused.

use std::time::Duration;

use rust_decimal::Decimal;

use super::ask::{Ask, is_sane, missing};
use super::balances::give;
use super::desk::Desk;
use super::market::{Side, rounded};
use super::orders::{
    About, ErrorAction, Event, FORCES, Force, KINDS, Kind, MOST_OPEN, Order, Pace, Pending, Reason,
    SIDES, Status, Strategy, What, reason,
};
use super::people::Caller;
use super::securities::{Security, unit};
use crate::Moment;
use crate::json::Json;

/// Longest client id.
pub(crate) const LONGEST_ID: usize = 36;

/// Clips do not follow each other faster.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum StrategyName {
    SteadyPace,
    StopLimit,
    Other,
}

const ERROR_ACTIONS: &[(&str, ErrorAction)] = &[
    ("Pause", ErrorAction::Pause),
    ("Continue", ErrorAction::Continue),
    ("Cancel", ErrorAction::Cancel),
];

impl Desk {
    pub(crate) fn new_order(&mut self, record: &Json, caller: &Caller) -> Result<(), String> {
        let ask = Ask::new(record)?;
        let (order, refusal) = self.read_order(ask, caller)?;
        let fresh = self.orders.use_id(&order.cl_ord_id, self.now);
        let refusal = if fresh {
            refusal
        } else {
            let text = "ClOrdID was used before";
            Some(reason("DuplicateOrder", text))
        };
        let number = self.orders.insert(order);
        let due = self.now.plus(self.delay);
        if let Some(order) = self.orders.get_mut(number) {
            order.pending = Some(Pending {
                what: What::New(refusal),
                request: order.cl_ord_id.clone(),
                orig: None,
                due,
            });
        }
        self.tell(number, "PendingNew", About::default());
        self.decide_due(number);
        Ok(())
    }

    /// What is asked for, and why it is refused if that shows at once.
    fn read_order(
        &mut self,
        ask: Ask<'_>,
        caller: &Caller,
    ) -> Result<(Order, Option<Reason>), String> {
        let symbol = ask.required("Symbol")?;
        let cl_ord_id = ask.required("ClOrdID")?;
        let side = ask.choice("Side", SIDES)?.ok_or_else(|| missing("Side"))?;
        let qty = ask.required_decimal("OrderQty")?;
        let kind = ask.choice("OrdType", KINDS)?;
        let kind = kind.ok_or_else(|| missing("OrdType"))?;
        let price = ask.decimal("Price")?;
        let force = match (ask.choice("TimeInForce", FORCES)?, kind) {
            (_, Kind::Rfq) => Force::FillOrKill,
            (Some(force), _) => force,
            (None, _) => return Err(missing("TimeInForce")),
        };
        let quote_id = ask.text("QuoteID")?;
        let rfq_id = ask.text("RFQID")?;
        let slippage = ask.decimal("AllowedSlippage")?;
        ask.time("TransactTime")?;
        let name = ask.choice("Strategy", STRATEGIES).or_else(|error| {
            // A name that is none is a refusal of the order, not of the message.
            if ask.text("Strategy")?.is_some() {
                Ok(Some(StrategyName::Other))
            } else {
                Err(error)
            }
        })?;
        let parameters = ask.get("Parameters");
        if parameters.is_some_and(|parameters| parameters.as_object().is_none()) {
            return Err("Parameters must be an object".to_owned());
        }
        match kind {
            Kind::Limit if price.is_none() => return Err(missing("Price")),
            Kind::Rfq if quote_id.is_none() => return Err(missing("QuoteID")),
            Kind::Rfq if rfq_id.is_none() => return Err(missing("RFQID")),
            _ => {}
        }

        let security = self.listing.find(symbol);
        let (base, quote) = security.map_or_else(
            || symbol.split_once('-').unwrap_or((symbol, "")),
            |security| (security.base, security.quote),
        );
        let currency = ask.text("Currency")?.unwrap_or(base);
        let in_quote = currency == quote;
        let mut refusal = None;
        let mut refuse = |name: &'static str, text: &str| {
            refusal.get_or_insert_with(|| reason(name, text));
        };
        if cl_ord_id.len() > LONGEST_ID {
            refuse("BrokerOption", "ClOrdID is longer than 36 characters");
        }
        if security.is_none() {
            refuse("UnknownSymbol", "there is no such security");
        } else if currency != base && !in_quote {
            refuse("BrokerOption", "Currency is none of the security's");
        }
        let (qty, price) = match (is_sane(qty), price.is_none_or(is_sane)) {
            (true, true) => (qty, price),
            (sane, _) => {
                // Never to be calculated with.
                refuse("OrderExceedsLimit", "a number is beyond all limits");
                let zero = Decimal::ZERO;
                (
                    if sane { qty } else { zero },
                    price.filter(|price| is_sane(*price)),
                )
            }
        };
        let end_time = parameters.and_then(|parameters| end_time_of(parameters).ok().flatten());
        let strategy = match name {
            None => None,
            Some(name) => match read_strategy(name, parameters, qty, self.now) {
                Ok(strategy) => Some(strategy),
                Err(text) => {
                    refuse("InvalidStrategy", &text);
                    None
                }
            },
        };
        if strategy.is_some() && kind != Kind::Limit {
            refuse("InvalidStrategy", "strategies need a Limit order");
        }
        if slippage.is_some_and(|slippage| {
            slippage < Decimal::ZERO || slippage > Decimal::ONE || !is_sane(slippage)
        }) {
            refuse("BrokerOption", "AllowedSlippage is not between 0 and 1");
        }
        let has_strategy = strategy.is_some();
        let order = Order {
            id: self.ids.uuid(),
            cl_ord_id: cl_ord_id.to_owned(),
            symbol: symbol.to_owned(),
            security,
            user: caller.email.clone(),
            side,
            kind,
            force,
            qty,
            price: price.filter(|_| kind != Kind::Market),
            currency: currency.to_owned(),
            amount_currency: if in_quote { base } else { quote }.to_owned(),
            in_quote,
            quote_id: quote_id.map(str::to_owned),
            rfq_id: rfq_id.map(str::to_owned),
            slippage: slippage.filter(|slippage| is_sane(*slippage)),
            parameters: parameters.filter(|_| has_strategy).cloned(),
            strategy,
            end_time: end_time.filter(|_| has_strategy),
            submitted: self.stamps.next(self.now),
            standing: Status::PendingNew,
            pending: None,
            paused: false,
            cum_qty: Decimal::ZERO,
            cum_amt: Decimal::ZERO,
            cum_base: Decimal::ZERO,
            notional: Decimal::ZERO,
            cum_fee: Decimal::ZERO,
        };
        Ok((order, refusal))
    }

    /// Accepts a new order or refuses it.
    pub(crate) fn decide_new(&mut self, number: u64, refusal: Option<Reason>) {
        let Some(order) = self.orders.get(number) else {
            return;
        };
        let refusal = match refusal {
            Some(refusal) => Err(refusal),
            None => self.check_new(number, order),
        };
        if let Err(refusal) = refusal {
            if let Some(order) = self.orders.get_mut(number) {
                order.standing = Status::Rejected;
            }
            let about = About {
                refused_new: Some(refusal.name),
                text: Some(refusal.text),
                ..About::default()
            };
            self.tell(number, "Rejected", about);
            return;
        }
        if let Some(order) = self.orders.get_mut(number) {
            order.standing = Status::New;
        }
        self.tell(number, "New", About::default());
        let rfq = self
            .orders
            .get(number)
            .and_then(|order| order.rfq_id.clone());
        if rfq.is_some() {
            self.trade_quote(number);
        } else {
            self.work(number);
        }
    }

    fn check_new(&self, number: u64, order: &Order) -> Result<(), Reason> {
        let security = order
            .security
            .filter(|security| self.listing.find(security.symbol).is_some())
            .ok_or_else(|| reason("UnknownSymbol", "there is no such security"))?;
        self.check_terms(security, order)?;
        if !self.listing.is_online(security.symbol) {
            return Err(reason("BrokerOption", "the security is offline"));
        }
        if self.orders.live_count() > MOST_OPEN {
            return Err(reason("RateLimit", "there are too many open orders"));
        }
        if order.rfq_id.is_some() {
            self.check_quote(order)?;
        }
        if let (Some(Strategy::StopLimit { trigger, .. }), Some(middle)) =
            (&order.strategy, self.markets.middle(security))
        {
            let ahead = match order.side {
                Side::Buy => *trigger > middle,
                Side::Sell => *trigger < middle,
            };
            if !ahead {
                let text = "TriggerPrice must be above the market to buy, and below it to sell";
                return Err(reason("InvalidStrategy", text));
            }
        }
        if order.end_time.is_some_and(|end| end <= self.now) {
            return Err(reason("TooLateToEnter", "EndTime is over"));
        }
        self.check_credit(number, order)
    }

    /// Quantity and price are in the security's steps and limits.
    pub(crate) fn check_terms(&self, security: &Security, order: &Order) -> Result<(), Reason> {
        let broker = |text: &str| Err(reason("BrokerOption", text));
        let digits = security.digits_of(&order.currency);
        if order.qty <= Decimal::ZERO {
            return broker("OrderQty must be above zero");
        }
        if order.qty.normalize().scale() > digits {
            return broker(&format!("OrderQty must be in steps of {}", unit(digits)));
        }
        if let Some(price) = order.price {
            if price <= Decimal::ZERO {
                return broker("Price must be above zero");
            }
            if price.normalize().scale() > security.price_digits {
                let step = unit(security.price_digits);
                return broker(&format!("Price must be in steps of {step}"));
            }
        }
        let size = if order.in_quote {
            let price = order.price.or_else(|| self.markets.middle(security));
            price.and_then(|price| order.qty.checked_div(price))
        } else {
            Some(order.qty)
        };
        let size = size.unwrap_or(Decimal::MAX);
        if size < security.least() {
            return Err(reason("OrderExceedsLimit", "OrderQty is below MinimumSize"));
        }
        if size > security.most() {
            return Err(reason("OrderExceedsLimit", "OrderQty is above MaximumSize"));
        }
        Ok(())
    }

    /// The customer's credit bears it, with all that its other orders hold.
    pub(crate) fn check_credit(&self, number: u64, order: &Order) -> Result<(), Reason> {
        let Some(security) = order.security else {
            return Ok(());
        };
        let before = self.available(Some(number));
        let (gives, gets) = match self.held(order) {
            Some((_, held)) => {
                let price = order.price.unwrap_or(Decimal::ONE);
                let gets = match order.side {
                    Side::Buy => held.checked_div(price),
                    Side::Sell => held.checked_mul(price),
                };
                (held, gets.unwrap_or_default())
            }
            // Without a limit, what it would be executed at.
            None => {
                let parts = match self.quoted_part(order) {
                    Some(part) => vec![part],
                    None => self
                        .markets
                        .plan(security, order.side, None, order.wanted()),
                };
                let (mut base, mut amount) = (Decimal::ZERO, Decimal::ZERO);
                for part in parts {
                    base = base.saturating_add(part.base);
                    amount = amount.saturating_add(part.amount);
                }
                match order.side {
                    Side::Buy => (amount, base),
                    Side::Sell => (base, amount),
                }
            }
        };
        let (give_currency, get_currency) = match order.side {
            Side::Buy => (security.quote, security.base),
            Side::Sell => (security.base, security.quote),
        };
        let mut after = before.clone();
        give(&mut after, give_currency, gives);
        let owed = self.owed(&after);
        if owed <= self.purse.limit {
            return Ok(());
        }
        // What brings the debt down is let through.
        give(&mut after, get_currency, -rounded(gets, 8));
        if self.owed(&after) < self.owed(&before) {
            return Ok(());
        }
        let text = format!("the exposure would be {owed}, above {}", self.purse.limit);
        Err(reason("OrderExceedsLimit", text))
    }

    /// Writes down what happened to an order.
    pub(crate) fn tell(&mut self, number: u64, exec_type: &'static str, about: About) {
        let Some(order) = self.orders.get(number).cloned() else {
            return;
        };
        let at = self.stamps.next(self.now);
        let exec_id = self.ids.uuid();
        let event = Event::new(at, self.now, exec_id, exec_type, about, Ok(order));
        self.orders.note(number, event);
        self.stale = true;
    }
}

const STRATEGIES: &[(&str, StrategyName)] = &[
    ("SteadyPace", StrategyName::SteadyPace),
    ("StopLimit", StrategyName::StopLimit),
];

pub(crate) fn end_time_of(parameters: &Json) -> Result<Option<Moment>, String> {
    Ask::new(parameters)?.time("EndTime")
}

/// Parameters of a strategy by its name.
fn read_strategy(
    name: StrategyName,
    parameters: Option<&Json>,
    qty: Decimal,
    now: Moment,
) -> Result<Strategy, String> {
    let parameters = parameters.ok_or_else(|| missing("Parameters"))?;
    let ask = Ask::new(parameters)?;
    ask.time("EndTime")?;
    match name {
        StrategyName::Other => Err("there is no such strategy".to_owned()),
        StrategyName::StopLimit => {
            let trigger = ask.required_decimal("TriggerPrice")?;
            if trigger <= Decimal::ZERO || !is_sane(trigger) {
                return Err("TriggerPrice must be a price".to_owned());
            }
            Ok(Strategy::StopLimit {
                trigger,
                triggered: false,
            })
        }
        StrategyName::SteadyPace => {
            let start = ask.time("StartTime")?;
            let variance = ask.decimal("Variance")?.unwrap_or_default();
            let pace = Pace {
                clip: ask.required_decimal("ClipSize")?,
                interval: ask
                    .duration("ClipInterval")?
                    .ok_or_else(|| missing("ClipInterval"))?,
                start,
                started: false,
                variance,
                on_error: ask
                    .choice("ErrorAction", ERROR_ACTIONS)?
                    .unwrap_or(ErrorAction::Continue),
                next: start.map_or(now, |start| start.max(now)),
            };
            check_pace(&pace, qty)?;
            Ok(Strategy::SteadyPace(pace))
        }
    }
}

fn check_pace(pace: &Pace, qty: Decimal) -> Result<(), String> {
    if pace.clip <= Decimal::ZERO || pace.clip >= qty || !is_sane(pace.clip) {
        return Err("ClipSize must be above zero and below OrderQty".to_owned());
    }
    if pace.interval < SHORTEST_INTERVAL {
        return Err("ClipInterval must be a second at least".to_owned());
    }
    if pace.variance < Decimal::ZERO || pace.variance >= Decimal::ONE || !is_sane(pace.variance) {
        return Err("Variance must be from 0 up to below 1".to_owned());
    }
    Ok(())
}

/// A strategy with what a replacement says of it.
pub(crate) fn changed_strategy(
    strategy: &Strategy,
    parameters: Option<&Json>,
    qty: Decimal,
) -> Result<Strategy, String> {
    let mut strategy = strategy.clone();
    let none = Json::object();
    let ask = Ask::new(parameters.unwrap_or(&none))?;
    match &mut strategy {
        Strategy::StopLimit { trigger, .. } => {
            let new = ask.decimal("TriggerPrice")?;
            *trigger = new.unwrap_or(*trigger);
            if *trigger <= Decimal::ZERO || !is_sane(*trigger) {
                return Err("TriggerPrice must be a price".to_owned());
            }
        }
        Strategy::SteadyPace(pace) => {
            pace.clip = ask.decimal("ClipSize")?.unwrap_or(pace.clip);
            pace.interval = ask.duration("ClipInterval")?.unwrap_or(pace.interval);
            pace.variance = ask.decimal("Variance")?.unwrap_or(pace.variance);
            let on_error = ask.choice("ErrorAction", ERROR_ACTIONS)?;
            pace.on_error = on_error.unwrap_or(pace.on_error);
            check_pace(pace, qty)?;
        }
    }
    Ok(strategy)
}
