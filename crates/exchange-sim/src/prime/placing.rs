//! `NewOrderSingle`: an order is read, checked, and accepted or refused.

use rust_decimal::Decimal;

use super::ask::{Ask, is_sane, known_parameters, missing};
use super::balances::give;
use super::desk::Desk;
use super::market::{Side, rounded};
use super::orders::{
    About, Event, FORCES, Force, KINDS, Kind, MOST_OPEN, Order, Pending, Reason, SIDES, Status,
    What, reason,
};
use super::people::Caller;
use super::securities::{Security, unit};
use super::strategy::{Strategy, StrategyName, end_time_of, read_name, read_strategy};
use crate::json::Json;

/// Longest client id.
pub(crate) const LONGEST_ID: usize = 36;

/// What a message asks for, read but not judged.
#[derive(Clone, Copy, Debug)]
struct Asked<'a> {
    symbol: &'a str,
    cl_ord_id: &'a str,
    side: Side,
    qty: Decimal,
    kind: Kind,
    price: Option<Decimal>,
    force: Force,
    currency: Option<&'a str>,
    quote_id: Option<&'a str>,
    rfq_id: Option<&'a str>,
    slippage: Option<Decimal>,
    strategy: Option<StrategyName>,
    parameters: Option<&'a Json>,
}

impl<'a> Asked<'a> {
    fn read(ask: Ask<'a>) -> Result<Self, String> {
        let kind = ask.choice("OrdType", KINDS)?;
        let kind = kind.ok_or_else(|| missing("OrdType"))?;
        let force = match (ask.choice("TimeInForce", FORCES)?, kind) {
            (_, Kind::Rfq) => Force::FillOrKill,
            (force, _) => force.ok_or_else(|| missing("TimeInForce"))?,
        };
        ask.time("TransactTime")?;
        let parameters = ask.get("Parameters");
        if parameters.is_some_and(|parameters| parameters.as_object().is_none()) {
            return Err("Parameters must be an object".to_owned());
        }
        let asked = Self {
            symbol: ask.required("Symbol")?,
            cl_ord_id: ask.required("ClOrdID")?,
            side: ask.choice("Side", SIDES)?.ok_or_else(|| missing("Side"))?,
            qty: ask.required_decimal("OrderQty")?,
            kind,
            price: ask.decimal("Price")?,
            force,
            currency: ask.text("Currency")?,
            quote_id: ask.text("QuoteID")?,
            rfq_id: ask.text("RFQID")?,
            slippage: ask.decimal("AllowedSlippage")?,
            strategy: read_name(ask)?,
            parameters,
        };
        match kind {
            Kind::Limit if asked.price.is_none() => Err(missing("Price")),
            Kind::Rfq if asked.quote_id.is_none() => Err(missing("QuoteID")),
            Kind::Rfq if asked.rfq_id.is_none() => Err(missing("RFQID")),
            _ => Ok(asked),
        }
    }
}

fn broker(text: impl Into<String>) -> Reason {
    reason("BrokerOption", text)
}

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
        let asked = Asked::read(ask)?;
        let symbol = asked.symbol;
        let security = self.listing.find(symbol);
        let (base, quote) = security.map_or_else(
            || symbol.split_once('-').unwrap_or((symbol, "")),
            |security| (security.base, security.quote),
        );
        let currency = asked.currency.unwrap_or(base);
        let in_quote = currency == quote;
        // Numbers that are beyond all limits are never to be calculated with.
        let sane = |value: &Decimal| is_sane(*value);
        let qty = Some(asked.qty).filter(sane).unwrap_or_default();
        let strategy = asked
            .strategy
            .map(|name| read_strategy(name, asked.parameters, qty, self.now))
            .transpose();
        let refusal = if asked.cl_ord_id.len() > LONGEST_ID {
            Some(broker("ClOrdID is longer than 36 characters"))
        } else if security.is_none() {
            Some(reason("UnknownSymbol", "there is no such security"))
        } else if currency != base && !in_quote {
            Some(broker("Currency is none of the security's"))
        } else if !is_sane(asked.qty) || !asked.price.is_none_or(is_sane) {
            Some(reason("OrderExceedsLimit", "a number is beyond all limits"))
        } else if asked
            .slippage
            .is_some_and(|slip| !is_sane(slip) || !(Decimal::ZERO..=Decimal::ONE).contains(&slip))
        {
            Some(broker("AllowedSlippage is not between 0 and 1"))
        } else if asked.strategy.is_some() && asked.kind != Kind::Limit {
            let text = "strategies need a Limit order";
            Some(reason("InvalidStrategy", text))
        } else {
            let refused = strategy.as_ref().err();
            refused.map(|text| reason("InvalidStrategy", text.as_str()))
        };
        let strategy = strategy.ok().flatten();
        let parameters = asked.parameters.filter(|_| strategy.is_some());
        let price = asked.price.filter(|_| asked.kind != Kind::Market);
        let order = Order {
            id: self.ids.uuid(),
            cl_ord_id: asked.cl_ord_id.to_owned(),
            symbol: symbol.to_owned(),
            security,
            user: caller.email.clone(),
            side: asked.side,
            kind: asked.kind,
            force: asked.force,
            qty,
            price: price.filter(sane),
            currency: currency.to_owned(),
            amount_currency: if in_quote { base } else { quote }.to_owned(),
            in_quote,
            quote_id: asked.quote_id.map(str::to_owned),
            rfq_id: asked.rfq_id.map(str::to_owned),
            slippage: asked.slippage.filter(sane),
            end_time: parameters.and_then(|all| end_time_of(all).ok().flatten()),
            parameters: parameters.map(known_parameters),
            strategy,
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
        let digits = security.digits_of(&order.currency);
        if order.qty <= Decimal::ZERO {
            return Err(broker("OrderQty must be above zero"));
        }
        if order.qty.normalize().scale() > digits {
            return Err(broker(format!(
                "OrderQty must be in steps of {}",
                unit(digits)
            )));
        }
        if let Some(price) = order.price {
            if price <= Decimal::ZERO {
                return Err(broker("Price must be above zero"));
            }
            if price.normalize().scale() > security.price_digits {
                let step = unit(security.price_digits);
                return Err(broker(format!("Price must be in steps of {step}")));
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
        let (gives, gets) = self.turnover(security, order);
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

    /// What an order gives and gets if it is executed: at its limit, or else at what it would find
    /// now.
    fn turnover(&self, security: &Security, order: &Order) -> (Decimal, Decimal) {
        if let (Some((_, held)), Some(price)) = (self.held(order), order.price) {
            let gets = match order.side {
                Side::Buy => held.checked_div(price),
                Side::Sell => held.checked_mul(price),
            };
            return (held, gets.unwrap_or_default());
        }
        let quoted = self.quoted_part(order).map(|part| vec![part]);
        let (side, wanted) = (order.side, order.wanted());
        let parts = quoted.unwrap_or_else(|| self.markets.plan(security, side, None, wanted));
        let base: Decimal = parts.iter().map(|part| part.base).sum();
        let amount: Decimal = parts.iter().map(|part| part.amount).sum();
        match side {
            Side::Buy => (amount, base),
            Side::Sell => (base, amount),
        }
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
