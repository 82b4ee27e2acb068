//! Clearing: deals that two sides have agreed on elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;

use super::answer::{Outcome, Refusal, plain};
use super::exchange::{Exchange, KEPT, holder, keep};
use super::orders::Fill;
use super::params::value;
use super::symbols::{Product, Symbol};
use super::trading::{optional_symbol, page, side, symbol};
use super::{Access, Call, Operation, TRADER, op};
use crate::Moment;
use crate::json::{Json, object};

/// How long an order waits if nothing else is said.
const LIFE_HOURS: u64 = 24;

const CREATE: &[&str] = &["clearing:create"];
const READ: &[&str] = &["clearing:read"];

pub(crate) static OPERATIONS: [Operation; 8] = [
    op(
        "createNewClearingOrder",
        "/v1/clearing/new",
        Access::Account,
        TRADER,
        CREATE,
        new_order,
    ),
    op(
        "getClearingOrder",
        "/v1/clearing/status",
        Access::Account,
        TRADER,
        READ,
        status,
    ),
    op(
        "cancelClearingOrder",
        "/v1/clearing/cancel",
        Access::Account,
        TRADER,
        CREATE,
        cancel,
    ),
    op(
        "confirmClearingOrder",
        "/v1/clearing/confirm",
        Access::Account,
        TRADER,
        CREATE,
        confirm,
    ),
    op(
        "listClearingOrders",
        "/v1/clearing/list",
        Access::Account,
        TRADER,
        READ,
        list,
    ),
    op(
        "listClearingBrokers",
        "/v1/clearing/broker/list",
        Access::Account,
        TRADER,
        READ,
        list_broker,
    ),
    op(
        "createNewBrokerOrder",
        "/v1/clearing/broker/new",
        Access::Account,
        &[],
        &[],
        new_broker,
    ),
    op(
        "listClearingTrades",
        "/v1/clearing/trades",
        Access::Account,
        TRADER,
        READ,
        trades,
    ),
];

/// One agreed deal.
#[derive(Clone, Debug)]
struct Deal {
    number: u64,
    id: String,
    source: usize,
    /// None: whoever knows the id.
    target: Option<usize>,
    broker: Option<usize>,
    symbol: &'static Symbol,
    source_buys: bool,
    price: Decimal,
    amount: Decimal,
    source_agreed: bool,
    target_agreed: bool,
    /// `Settled`, `Canceled` or `Expired`.
    ended: Option<&'static str>,
    submitted: Moment,
    expires: Moment,
    updated: Moment,
}

impl Deal {
    fn status(&self) -> &'static str {
        if let Some(end) = self.ended {
            return end;
        }
        match (self.source_agreed, self.target_agreed, self.broker) {
            (true, true, _) => "Confirmed",
            (true, false, None) => "AwaitConfirm",
            (true, false, Some(_)) => "AwaitTargetConfirm",
            (false, true, _) => "AwaitSourceConfirm",
            (false, false, _) => "AwaitSourceTargetConfirm",
        }
    }
}

/// All deals, by their numbers in order.
#[derive(Debug, Default)]
pub(crate) struct Clearing {
    deals: BTreeMap<u64, Deal>,
}

impl Clearing {
    fn find(&self, id: &str) -> Option<&Deal> {
        self.deals
            .values()
            .find(|deal| deal.id.eq_ignore_ascii_case(id))
    }
}

impl Exchange {
    /// Carries out what both sides have agreed on and paid for, and ends what
    /// has waited too long.
    pub(crate) fn settle_clearing(&mut self, now: Moment) {
        let open: Vec<Deal> = self
            .clearing
            .deals
            .values()
            .filter(|deal| deal.ended.is_none())
            .cloned()
            .collect();
        for deal in open {
            let settled = deal.source_agreed && deal.target_agreed && self.carry_out(&deal);
            let ended = if settled {
                Some("Settled")
            } else if now >= deal.expires {
                Some("Expired")
            } else {
                None
            };
            if let (Some(ended), Some(deal)) = (ended, self.clearing.deals.get_mut(&deal.number)) {
                deal.ended = Some(ended);
                deal.updated = now;
            }
        }
    }

    /// Whether both sides of a deal have what they are to give.
    fn funded(&self, deal: &Deal) -> bool {
        let Some(target) = deal.target else {
            return false;
        };
        let (buyer, seller) = if deal.source_buys {
            (deal.source, target)
        } else {
            (target, deal.source)
        };
        self.available(buyer, deal.symbol.quote) >= deal.amount * deal.price
            && self.available(seller, deal.symbol.base) >= deal.amount
    }

    fn carry_out(&mut self, deal: &Deal) -> bool {
        let Some(target) = deal.target.filter(|_| self.funded(deal)) else {
            return false;
        };
        let base = if deal.source_buys {
            deal.amount
        } else {
            -deal.amount
        };
        let booked = self.book(&[
            (deal.source, deal.symbol.base, base, holder(target)),
            (
                deal.source,
                deal.symbol.quote,
                -base * deal.price,
                holder(target),
            ),
        ]);
        if booked.is_err() {
            return false;
        }
        let order = self.ids.number();
        for (account, buy) in [(deal.source, deal.source_buys), (target, !deal.source_buys)] {
            let fill = Fill {
                at: self.now,
                tid: self.ids.number(),
                order,
                client_order_id: None,
                account,
                symbol: deal.symbol,
                price: deal.price,
                amount: deal.amount,
                buy,
                taker: false,
                fee: Decimal::ZERO,
                clearing: true,
            };
            keep(&mut self.fills, fill);
        }
        true
    }

    fn counterparty(&self, call: &Call<'_>, name: &str) -> Result<usize, Refusal> {
        let id = call.params.required(name)?;
        let mut accounts = self.accounts.iter();
        accounts
            .position(|account| account.counterparty_id.as_deref() == Some(id.as_str()))
            .ok_or_else(|| value(name, &id))
    }

    fn add_deal(
        &mut self,
        call: &Call<'_>,
        who: (usize, Option<usize>, Option<usize>),
    ) -> Result<Deal, Refusal> {
        let (source, target, broker) = who;
        let symbol = symbol(call)?;
        if symbol.product != Product::Spot {
            return Err(Refusal::bad(
                "InvalidSymbol",
                "Clearing is for spot symbols",
            ));
        }
        let source_buys = side(call)?;
        let amount = call.params.positive("amount", "InvalidQuantity")?;
        if amount.normalize().scale() > symbol.amount_digits {
            return Err(Refusal::bad(
                "InvalidQuantity",
                format!("Invalid quantity {amount}"),
            ));
        }
        let price = call.params.positive("price", "InvalidPrice")?;
        if price.normalize().scale() > symbol.price_digits {
            return Err(Refusal::bad(
                "InvalidPrice",
                format!("Invalid price {price}"),
            ));
        }
        let hours = call
            .params
            .optional_positive("expires_in_hrs", "InvalidParameterValue")?;
        let hours = hours
            .unwrap_or(Decimal::from(LIFE_HOURS))
            .min(Decimal::from(10_000));
        let seconds = u64::try_from((hours * Decimal::from(3_600)).trunc()).unwrap_or_default();
        let deal = Deal {
            number: self.ids.number(),
            id: self.ids.plain.capitals(8),
            source,
            target,
            broker,
            symbol,
            source_buys,
            price,
            amount,
            source_agreed: broker.is_none(),
            target_agreed: false,
            ended: None,
            submitted: call.now,
            expires: call.now.plus(Duration::from_secs(seconds)),
            updated: call.now,
        };
        let deals = &mut self.clearing.deals;
        deals.insert(deal.number, deal.clone());
        if deals.len() > KEPT {
            deals.pop_first();
        }
        Ok(deal)
    }
}

fn new_order(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let target = match call.params.text("counterparty_id") {
        Some(_) => Some(exchange.counterparty(call, "counterparty_id")?),
        None => None,
    };
    let deal = exchange.add_deal(call, (call.account, target, None))?;
    Ok(object! { "result" => deal.status(), "clearing_id" => deal.id }.into())
}

fn new_broker(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let source = exchange.counterparty(call, "source_counterparty_id")?;
    let target = exchange.counterparty(call, "target_counterparty_id")?;
    if source == target {
        let id = call.params.required("target_counterparty_id")?;
        return Err(value("target_counterparty_id", &id));
    }
    call.params.required("expires_in_hrs")?;
    let deal = exchange.add_deal(call, (source, Some(target), Some(call.account)))?;
    Ok(object! { "result" => deal.status(), "clearing_id" => deal.id }.into())
}

/// The deal of a request, if the account has to do with it.
fn wanted(exchange: &Exchange, call: &Call<'_>) -> Result<Deal, Refusal> {
    let id = match call.params.get("clearing_id") {
        Some(Json::Text(id)) => id.clone(),
        Some(_) => {
            return Err(Refusal::bad(
                "GTSTradeIDMustBeString",
                "The 'clearing_id' must be a string",
            ));
        }
        None => call.params.required("clearing_id")?,
    };
    exchange
        .clearing
        .find(&id)
        .filter(|deal| {
            deal.target.is_none()
                || [Some(deal.source), deal.target, deal.broker].contains(&Some(call.account))
        })
        .cloned()
        .ok_or_else(|| Refusal::new(404, "OrderNotFound", format!("No clearing order {id}")))
}

fn status(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let deal = wanted(exchange, call)?;
    Ok(object! { "result" => "ok", "status" => deal.status() }.into())
}

fn cancel(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let deal = wanted(exchange, call)?;
    let owner = deal.broker.unwrap_or(deal.source) == call.account;
    let agreed = deal.source_agreed && deal.target_agreed;
    let found = exchange.clearing.deals.get_mut(&deal.number);
    let Some(deal) = found.filter(|deal| owner && !agreed && deal.ended.is_none()) else {
        // With HTTP 200, as the venue has it.
        let details = format!("Unable to cancel order {}", deal.id);
        return Ok(object! { "result" => "failed", "details" => details }.into());
    };
    deal.ended = Some("Canceled");
    deal.updated = call.now;
    let details = format!("{} order canceled", deal.id);
    Ok(object! { "result" => "ok", "details" => details }.into())
}

fn confirm(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let deal = wanted(exchange, call)?;
    let (symbol, buy) = (symbol(call)?, side(call)?);
    let amount = call.params.positive("amount", "InvalidQuantity")?;
    let price = call.params.positive("price", "InvalidPrice")?;
    // These come with HTTP 200.
    let refused = |reason: &str, message: String| {
        Ok(object! { "result" => "error", "reason" => reason, "message" => message }.into())
    };
    let name = symbol.upper();
    let is_source = deal.broker.is_some() && call.account == deal.source;
    let is_target = deal
        .target
        .map_or(call.account != deal.source, |target| target == call.account);
    let waits = (is_source && !deal.source_agreed) || (is_target && !deal.target_agreed);
    if deal.ended.is_some() || !waits {
        return refused("OrderNotFound", format!("{} can't be confirmed", deal.id));
    }
    if !std::ptr::eq(symbol, deal.symbol) {
        return refused("InvalidSymbol", format!("Invalid symbol: '{name}'"));
    }
    if buy == deal.source_buys && !is_source || buy != deal.source_buys && is_source {
        let word = if buy { "buy" } else { "sell" };
        return refused(
            "InvalidSide",
            format!("Invalid side for symbol {name}: '{word}'"),
        );
    }
    if amount != deal.amount {
        return refused(
            "InvalidQuantity",
            format!("Invalid quantity for symbol {name}: {amount}"),
        );
    }
    if price != deal.price {
        return refused(
            "InvalidPrice",
            format!("Invalid price for symbol {name}: {price}"),
        );
    }
    if let Some(deal) = exchange.clearing.deals.get_mut(&deal.number) {
        if is_source {
            deal.source_agreed = true;
        } else {
            deal.target = Some(call.account);
            deal.target_agreed = true;
        }
        deal.updated = call.now;
    }
    exchange.settle_clearing(call.now);
    Ok(object! { "result" => "confirmed" }.into())
}

/// The deals that a request for a list is about, newest first.
fn filtered(
    exchange: &Exchange,
    call: &Call<'_>,
    mine: impl Fn(&Deal) -> bool,
) -> Result<Vec<Deal>, Refusal> {
    let params = call.params;
    let symbol = optional_symbol(call)?;
    let status = params.text("status");
    let funded = params.boolean("funded", false)?;
    let from = params.time("timestamp")?;
    let range = |name: &str| -> Result<_, Refusal> {
        Ok((
            params.time(&format!("{name}_start"))?,
            params.time(&format!("{name}_end"))?,
        ))
    };
    let (expiration, submission) = (range("expiration")?, range("submission")?);
    let within = |at: Moment, (start, end): (Option<Moment>, Option<Moment>)| {
        start.is_none_or(|start| at >= start) && end.is_none_or(|end| at <= end)
    };
    let limit = params.limit("limit_orders", 500, 500)?;
    let mut deals: Vec<Deal> = exchange
        .clearing
        .deals
        .values()
        .filter(|deal| mine(deal))
        .filter(|deal| symbol.is_none_or(|symbol| std::ptr::eq(symbol, deal.symbol)))
        .filter(|deal| {
            status
                .as_deref()
                .is_none_or(|status| status == deal.status())
        })
        .filter(|deal| !funded || exchange.funded(deal))
        .filter(|deal| from.is_none_or(|from| deal.submitted > from))
        .filter(|deal| within(deal.expires, expiration) && within(deal.submitted, submission))
        .cloned()
        .collect();
    page(&mut deals, from.is_some(), limit, |deal| deal.submitted);
    Ok(deals)
}

fn counterparty_id(exchange: &Exchange, account: Option<usize>) -> Option<&str> {
    exchange.accounts[account?].counterparty_id.as_deref()
}

fn list(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let account = call.account;
    let wanted_side = match call.params.text("side") {
        Some(_) => Some(side(call)?),
        None => None,
    };
    let wanted_party = call.params.text("counterparty");
    let deals = filtered(exchange, call, |deal| {
        deal.source == account || deal.target == Some(account)
    })?;
    let mut rows = Vec::new();
    for deal in deals {
        let is_source = deal.source == account;
        let buy = deal.source_buys == is_source;
        let other = if is_source {
            deal.target
        } else {
            Some(deal.source)
        };
        let other = counterparty_id(exchange, other);
        if wanted_side.is_some_and(|wanted| wanted != buy)
            || wanted_party
                .as_deref()
                .is_some_and(|wanted| other != Some(wanted))
        {
            continue;
        }
        let mut row = object! {
            "clearing_id" => deal.id.as_str(),
            "symbol" => deal.symbol.upper(),
            "side" => if buy { "buy" } else { "sell" },
            "price" => Json::number(deal.price),
            "quantity" => Json::number(deal.amount),
            "status" => deal.status(),
            "submission" => deal.submitted.milliseconds(),
            "expiration" => deal.expires.milliseconds(),
        };
        if let Json::Object(members) = &mut row {
            let broker = counterparty_id(exchange, deal.broker);
            for (name, id) in [("counterparty_id", other), ("broker_id", broker)] {
                if let Some(id) = id {
                    members.insert(name.to_owned(), id.into());
                }
            }
        }
        rows.push(row);
    }
    Ok(object! { "result" => "success", "orders" => rows }.into())
}

fn list_broker(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let deals = filtered(exchange, call, |deal| deal.broker == Some(call.account))?;
    let rows = deals.iter().map(|deal| {
        object! {
            "clearing_id" => deal.id.as_str(),
            "source_counterparty_id" => counterparty_id(exchange, Some(deal.source)).unwrap_or_default(),
            "target_counterparty_id" => counterparty_id(exchange, deal.target).unwrap_or_default(),
            "symbol" => deal.symbol.upper(),
            "source_side" => if deal.source_buys { "buy" } else { "sell" },
            "price" => Json::number(deal.price),
            "quantity" => Json::number(deal.amount),
            "status" => deal.status(),
            "submission" => deal.submitted.milliseconds(),
            "expiration" => deal.expires.milliseconds(),
        }
    });
    Ok(object! { "result" => "success", "orders" => rows.collect::<Json>() }.into())
}

fn trades(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let params = call.params;
    let symbol = optional_symbol(call)?;
    let mut limit = params.limit("limit_per_account", 100, 300)?;
    if params.text("limit_trades").is_some() {
        limit = params.limit("limit_trades", 100, 300)?;
    }
    let nanos = params.integer("timestamp_nanos")?;
    let from = match nanos.map(u64::try_from) {
        Some(nanos) => Some(Moment::from_nanoseconds(nanos.unwrap_or_default())),
        None => params.time("timestamp")?,
    };
    let mut deals: Vec<&Deal> = exchange
        .clearing
        .deals
        .values()
        .filter(|deal| deal.ended == Some("Settled"))
        .filter(|deal| deal.source == call.account || deal.target == Some(call.account))
        .filter(|deal| symbol.is_none_or(|symbol| std::ptr::eq(symbol, deal.symbol)))
        .filter(|deal| from.is_none_or(|from| deal.submitted >= from))
        .collect();
    page(&mut deals, from.is_some(), limit, |deal| deal.submitted);
    let name = |account: usize| exchange.accounts[account].short_name.as_str();
    let rows = deals.into_iter().map(|deal| {
        object! {
            "sourceAccount" => name(deal.source),
            "targetAccount" => name(deal.target.unwrap_or(deal.source)),
            "pair" => deal.symbol.upper(),
            "sourceSide" => if deal.source_buys { "buy" } else { "sell" },
            "price" => plain(deal.price),
            "quantity" => plain(deal.amount),
            "clearingId" => deal.id.as_str(),
            "status" => deal.status(),
            "expirationTimeMs" => deal.expires.milliseconds(),
            "createdMs" => deal.submitted.milliseconds(),
            "lastUpdatedMs" => deal.updated.milliseconds(),
            "hasBroker" => deal.broker.is_some(),
            "wasNotified" => false,
        }
    });
    Ok(object! { "results" => rows.collect::<Json>() }.into())
}
