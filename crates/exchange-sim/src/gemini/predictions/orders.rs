//! Orders on contracts.

use rust_decimal::Decimal;

use super::super::answer::{Outcome, Refusal, Reply, plain};
use super::super::exchange::{Exchange, KEPT, keep};
use super::super::params::{Params, decimal};
use super::super::{Access, Call, Operation, TRADER, op};
use super::positions::CashOut;
use super::{Predictions, outcome, terms};
use crate::Moment;
use crate::books::{BooksError, Holder};
use crate::json::{Json, object};

/// Open orders of an account. The vendor names no number.
const MOST_OPEN: usize = 2_000;

/// Orders of a batch.
const BATCH: usize = 20;

/// The most contracts of an order.
const LARGEST: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);

pub(crate) static OPERATIONS: [Operation; 6] = [
    op(
        "predictions.placeOrder",
        "/v1/prediction-markets/order",
        Access::AccountOrGroup,
        TRADER,
        &[],
        place_order,
    ),
    op(
        "predictions.placeOrderBatch",
        "/v1/prediction-markets/order/batch",
        Access::AccountOrGroup,
        TRADER,
        &[],
        place_batch,
    ),
    op(
        "predictions.cancelOrder",
        "/v1/prediction-markets/order/cancel",
        Access::AccountOrGroup,
        TRADER,
        &[],
        cancel_order,
    ),
    op(
        "predictions.cancelOrderBatch",
        "/v1/prediction-markets/order/batch/cancel",
        Access::AccountOrGroup,
        TRADER,
        &[],
        cancel_batch,
    ),
    op(
        "predictions.getActiveOrders",
        "/v1/prediction-markets/orders/active",
        Access::AccountOrGroup,
        &[],
        &[],
        active,
    ),
    op(
        "predictions.getOrderHistory",
        "/v1/prediction-markets/orders/history",
        Access::AccountOrGroup,
        &[],
        &[],
        history,
    ),
];

/// What an order does with what it can't take at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Force {
    Waits,
    ImmediateOrCancel,
    FillOrKill,
    MakerOrCancel,
}

impl Force {
    fn name(self) -> &'static str {
        match self {
            Self::Waits => "good-til-cancel",
            Self::ImmediateOrCancel => "immediate-or-cancel",
            Self::FillOrKill => "fill-or-kill",
            Self::MakerOrCancel => "maker-or-cancel",
        }
    }
}

/// One order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub id: u64,
    pub account: usize,
    pub symbol: String,
    buy: bool,
    yes: bool,
    quantity: Decimal,
    filled: Decimal,
    /// What was paid or got for what is filled.
    value: Decimal,
    price: Decimal,
    /// The price that sets it going; none once that was reached.
    stop: Option<Decimal>,
    stop_price: Option<Decimal>,
    force: Force,
    created: Moment,
    updated: Moment,
    cancelled: Option<Moment>,
}

impl Order {
    fn remaining(&self) -> Decimal {
        self.quantity - self.filled
    }

    /// What it holds back of the US dollars.
    pub(super) fn hold(&self) -> Decimal {
        if self.buy {
            self.remaining() * self.price
        } else {
            Decimal::ZERO
        }
    }

    fn status(&self) -> &'static str {
        if self.cancelled.is_some() {
            "cancelled"
        } else if self.remaining().is_zero() {
            "filled"
        } else {
            "open"
        }
    }
}

/// An execution.
#[derive(Clone, Debug)]
pub(super) struct Filled {
    pub account: usize,
    pub symbol: String,
    pub at: Moment,
    pub quantity: Decimal,
    pub value: Decimal,
    pub taker: bool,
}

impl Predictions {
    /// What of a position orders hold back.
    pub(super) fn on_hold(&self, account: usize, symbol: &str, yes: bool) -> Decimal {
        let orders = self.orders.values().filter(|order| {
            order.account == account && order.symbol == symbol && order.yes == yes && !order.buy
        });
        orders.map(Order::remaining).sum()
    }

    /// Ends an open order.
    pub(super) fn cancel(&mut self, id: u64, now: Moment) {
        if let Some(order) = self.orders.get_mut(&id) {
            order.cancelled = Some(now);
            order.updated = now;
        }
        self.close(id);
    }

    fn close(&mut self, id: u64) {
        if let Some(order) = self.orders.remove(&id) {
            self.closed.insert(id, order);
            if self.closed.len() > KEPT {
                self.closed.pop_first();
            }
        }
    }
}

impl Exchange {
    /// Executes an order that is open, whole.
    fn fill_prediction(&mut self, id: u64, price: Decimal, taker: bool) -> Result<(), BooksError> {
        let now = self.now;
        let Some(order) = self.predictions.orders.get(&id).cloned() else {
            return Ok(());
        };
        let quantity = order.remaining();
        let value = quantity * price;
        let paid = if order.buy { value } else { -value };
        self.pay(order.account, &Holder::Market, "USD", paid)?;
        let predictions = &mut self.predictions;
        let key = (order.account, order.symbol.clone(), order.yes);
        let position = predictions.positions.entry(key.clone()).or_default();
        if order.buy {
            position.quantity += quantity;
            position.cost += value;
        } else {
            let cost = if position.quantity.is_zero() {
                Decimal::ZERO
            } else {
                (position.cost * quantity / position.quantity).round_dp(8)
            };
            position.quantity -= quantity;
            position.cost -= cost;
            position.realised += value - cost;
            if position.quantity.is_zero() {
                predictions.positions.remove(&key);
            }
            if let Some(contract) = predictions.contracts.get(&order.symbol) {
                let cash_out = CashOut {
                    account: order.account,
                    contract: contract.clone(),
                    at: now,
                    quantity,
                    proceeds: value,
                    cost,
                };
                keep(&mut predictions.cash_outs, cash_out);
            }
        }
        let filled = Filled {
            account: order.account,
            symbol: order.symbol,
            at: now,
            quantity,
            value,
            taker,
        };
        keep(&mut predictions.fills, filled);
        if let Some(order) = predictions.orders.get_mut(&id) {
            order.filled += quantity;
            order.value += value;
            order.updated = now;
        }
        predictions.close(id);
        Ok(())
    }

    /// Lets an order take what the market offers: all of it, or nothing.
    fn take_prediction(&mut self, id: u64) -> Result<(), BooksError> {
        let Some(order) = self.predictions.orders.get(&id).cloned() else {
            return Ok(());
        };
        let Some(contract) = self.predictions.contracts.get(&order.symbol) else {
            return Ok(());
        };
        let (offer, takes) = if order.buy {
            let ask = contract.ask(order.yes);
            (ask, order.price >= ask)
        } else {
            let bid = contract.bid(order.yes);
            (bid, order.price <= bid)
        };
        let now = self.now;
        match (takes, order.force) {
            (true, Force::MakerOrCancel)
            | (false, Force::ImmediateOrCancel | Force::FillOrKill) => {
                self.predictions.cancel(id, now);
            }
            (true, _) => self.fill_prediction(id, offer, true)?,
            (false, _) => {}
        }
        Ok(())
    }

    /// What moved prices mean for open orders.
    pub(super) fn meet_predictions(&mut self) {
        let now = self.now;
        let orders: Vec<Order> = self.predictions.orders.values().cloned().collect();
        for order in orders {
            let Some(contract) = self.predictions.contracts.get(&order.symbol) else {
                continue;
            };
            let last = contract.last(order.yes);
            let done = match order.stop {
                Some(stop) if (order.buy && last >= stop) || (!order.buy && last <= stop) => {
                    if let Some(order) = self.predictions.orders.get_mut(&order.id) {
                        order.stop = None;
                    }
                    self.take_prediction(order.id)
                }
                None if (order.buy && last <= order.price)
                    || (!order.buy && last >= order.price) =>
                {
                    self.fill_prediction(order.id, order.price, false)
                }
                _ => Ok(()),
            };
            if done.is_err() {
                self.predictions.cancel(order.id, now);
            }
        }
    }

    /// Sets the price of yes, and lets orders meet it.
    pub(crate) fn set_prediction_price(&mut self, symbol: &str, price: Decimal) -> bool {
        let Some(contract) = self.predictions.contracts.get_mut(symbol) else {
            return false;
        };
        contract.price = price;
        self.predictions.price_combos();
        self.meet_predictions();
        true
    }
}

/// An order that is as it must be.
fn checked(exchange: &Exchange, call: &Call<'_>, params: &Params) -> Result<Order, Refusal> {
    let text = |name: &str| {
        params
            .text(name)
            .ok_or_else(|| Refusal::input(format!("{name} is required")))
    };
    let symbol = text("symbol")?.to_uppercase();
    let Some(contract) = exchange.predictions.contracts.get(&symbol) else {
        return Err(Refusal::input(format!("symbol {symbol} is not known")));
    };
    let number = |name: &str, text: &str, most: Decimal| {
        decimal(text)
            .filter(|value| *value > Decimal::ZERO && *value <= most)
            .filter(|value| value.normalize().scale() <= 2)
            .ok_or_else(|| Refusal::input(format!("{name} can't be '{text}'")))
    };
    let (quantity, price) = (text("quantity")?, text("price")?);
    let quantity = number("quantity", &quantity, LARGEST)?;
    if quantity < Decimal::ONE {
        return Err(Refusal::input("quantity must be at least 1.00"));
    }
    let price = number("price", &price, Decimal::new(99, 2))?;
    let buy = match text("side")?.as_str() {
        "buy" => true,
        "sell" => false,
        other => return Err(Refusal::input(format!("side can't be '{other}'"))),
    };
    let yes = match text("outcome")?.as_str() {
        "yes" => true,
        "no" => false,
        other => return Err(Refusal::input(format!("outcome can't be '{other}'"))),
    };
    let stop = match (text("orderType")?.as_str(), params.text("stopPrice")) {
        ("limit", None) => None,
        ("limit", Some(_)) => return Err(Refusal::input("stopPrice is for stop-limit orders")),
        ("stop-limit", Some(stop)) => {
            let stop = number("stopPrice", &stop, Decimal::new(99, 2))?;
            let last = contract.last(yes);
            let fits = if buy {
                last <= stop && stop <= price
            } else {
                price <= stop && stop <= last
            };
            if !fits {
                return Err(Refusal::input(
                    "stopPrice must be between the last trade and the price",
                ));
            }
            Some(stop)
        }
        ("stop-limit", None) => return Err(Refusal::input("stopPrice is required")),
        (other, _) => return Err(Refusal::input(format!("orderType can't be '{other}'"))),
    };
    let maker = match params.text("makerOrCancel").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => return Err(Refusal::input(format!("makerOrCancel can't be '{other}'"))),
    };
    let force = match (params.text("timeInForce").as_deref(), maker) {
        (None | Some("good-til-cancel"), false) => Force::Waits,
        (None | Some("good-til-cancel"), true) | (Some("maker-or-cancel"), _) => {
            Force::MakerOrCancel
        }
        (Some("immediate-or-cancel"), false) => Force::ImmediateOrCancel,
        (Some("fill-or-kill"), false) => Force::FillOrKill,
        (Some(other), _) => return Err(Refusal::input(format!("timeInForce can't be '{other}'"))),
    };
    if !exchange.predictions.is_open(contract, call.now) {
        let message = format!("{symbol} can't be traded now");
        return Err(Refusal::plain(400, "MarketNotOpen", message));
    }
    Ok(Order {
        id: 0,
        account: call.account,
        symbol,
        buy,
        yes,
        quantity,
        filled: Decimal::ZERO,
        value: Decimal::ZERO,
        price,
        stop,
        stop_price: stop,
        force,
        created: call.now,
        updated: call.now,
        cancelled: None,
    })
}

/// Places an order if there is enough for it.
fn place(exchange: &mut Exchange, mut order: Order) -> Result<u64, Refusal> {
    let predictions = &exchange.predictions;
    let open = predictions.orders.values();
    if open.filter(|one| one.account == order.account).count() >= MOST_OPEN {
        return Err(Refusal::plain(422, "InvalidInput", "Too many open orders"));
    }
    let enough = if order.buy {
        exchange.available(order.account, "USD") >= order.hold()
    } else {
        let key = (order.account, order.symbol.clone(), order.yes);
        let position = predictions.positions.get(&key);
        let held = predictions.on_hold(order.account, &order.symbol, order.yes);
        position.is_some_and(|position| position.quantity - held >= order.quantity)
    };
    if !enough {
        return Err(Refusal::plain(
            422,
            "InsufficientFunds",
            "Insufficient funds",
        ));
    }
    let id = exchange.ids.number();
    order.id = id;
    let waits = order.stop.is_some();
    exchange.predictions.orders.insert(id, order);
    if !waits {
        exchange
            .take_prediction(id)
            .map_err(|error| Refusal::internal(&error))?;
    }
    Ok(id)
}

fn order_of(exchange: &Exchange, id: u64) -> Option<&Order> {
    let predictions = &exchange.predictions;
    predictions
        .orders
        .get(&id)
        .or_else(|| predictions.closed.get(&id))
}

fn json(exchange: &Exchange, order: &Order, batch: bool) -> Json {
    let average =
        (!order.filled.is_zero()).then(|| plain((order.value / order.filled).round_dp(4)));
    let kind = if order.stop_price.is_some() {
        "stop-limit"
    } else {
        "limit"
    };
    let mut json = object! {
        "orderId" => order.id,
        "status" => order.status(),
        "symbol" => order.symbol.as_str(),
        "side" => if order.buy { "buy" } else { "sell" },
        "outcome" => outcome(order.yes),
        "orderType" => kind,
        "timeInForce" => order.force.name(),
        "quantity" => plain(order.quantity),
        "filledQuantity" => plain(order.filled),
        "remainingQuantity" => plain(order.remaining()),
        "price" => plain(order.price),
        "stopPrice" => order.stop_price.map(plain),
        "avgExecutionPrice" => average,
        "createdAt" => order.created.rfc3339_milliseconds(),
        "updatedAt" => order.updated.rfc3339_milliseconds(),
        "cancelledAt" => order.cancelled.map(Moment::rfc3339_milliseconds),
    };
    if let Json::Object(members) = &mut json {
        if batch {
            members.retain(|_, value| *value != Json::Null);
            if order.buy && order.status() == "open" {
                members.insert("fundsOnHold".into(), plain(order.hold()));
            }
        } else {
            members.shift_remove("timeInForce");
        }
        if let Some(contract) = exchange.predictions.contracts.get(&order.symbol) {
            let metadata = exchange.predictions.metadata(contract);
            members.insert("contractMetadata".into(), metadata);
        }
    }
    json
}

fn place_order(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let order = checked(exchange, call, call.params)?;
    terms::demand(exchange)?;
    let id = place(exchange, order)?;
    let order = order_of(exchange, id).ok_or_else(|| Refusal::input("order is gone"))?;
    Ok(Reply::Status(201, json(exchange, order, false)))
}

/// The entries of a batch.
fn entries<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a [Json], Refusal> {
    let list = call.params.get(name).and_then(Json::as_list);
    list.filter(|list| (1..=BATCH).contains(&list.len()))
        .ok_or_else(|| {
            let message = format!("{name} must contain between 1 and {BATCH} entries");
            let mut refusal = Refusal::input(message);
            if let Json::Object(members) = &mut refusal.body {
                members.insert("field".into(), name.into());
            }
            refusal
        })
}

fn place_batch(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let orders = entries(call, "orders")?.iter().map(|entry| {
        let params = Params::of_object(entry)
            .ok_or_else(|| Refusal::input("each of the orders must be an object"))?;
        checked(exchange, call, &params)
    });
    let orders: Vec<Order> = orders.collect::<Result<_, _>>()?;
    terms::demand(exchange)?;
    let mut results = Vec::new();
    for order in orders {
        results.push(match place(exchange, order) {
            Ok(id) => {
                let order = order_of(exchange, id).map(|order| json(exchange, order, true));
                object! { "order" => order }
            }
            Err(refusal) => refusal.body,
        });
    }
    Ok(object! { "results" => results }.into())
}

/// An order's number, as number or text.
fn number(value: &Json) -> Result<u64, Refusal> {
    let text = value.scalar().unwrap_or_default();
    text.parse()
        .map_err(|_| Refusal::input(format!("orderId can't be '{text}'")))
}

/// Cancels an order of the account's.
fn cancel(exchange: &mut Exchange, call: &Call<'_>, id: u64) -> Result<(), Refusal> {
    let Some(order) = order_of(exchange, id).filter(|order| order.account == call.account) else {
        let message = format!("Order {id} not found");
        return Err(Refusal::plain(404, "OrderNotFound", message));
    };
    if order.status() == "filled" {
        let message = format!("Order {id} is filled");
        return Err(Refusal::plain(422, "InvalidInput", message));
    }
    exchange.predictions.cancel(id, call.now);
    Ok(())
}

fn cancel_order(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let id = call.params.get("orderId");
    let id = number(id.ok_or_else(|| Refusal::input("orderId is required"))?)?;
    cancel(exchange, call, id)?;
    let message = format!("Order {id} cancelled successfully");
    Ok(object! { "result" => "ok", "message" => message }.into())
}

fn cancel_batch(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let ids = entries(call, "orderIds")?.iter().map(number);
    let ids: Vec<u64> = ids.collect::<Result<_, _>>()?;
    let results = ids.into_iter().map(|id| {
        let mut result = object! { "orderId" => id };
        let rest = match cancel(exchange, call, id) {
            Ok(()) => object! { "result" => "ok" },
            Err(refusal) => refusal.body,
        };
        if let (Json::Object(members), Json::Object(rest)) = (&mut result, rest) {
            members.extend(rest);
        }
        result
    });
    Ok(object! { "results" => results.collect::<Json>() }.into())
}

/// A page of orders with what is said about it.
fn paged(exchange: &Exchange, call: &Call<'_>, orders: Vec<&Order>, most: usize) -> Outcome {
    let limit = call.params.limit("limit", 50, most)?.max(1);
    let offset = call.params.limit("offset", 0, usize::MAX)?;
    let page = orders.into_iter().skip(offset).take(limit);
    let rows: Vec<Json> = page.map(|order| json(exchange, order, false)).collect();
    let count = rows.len();
    Ok(object! {
        "orders" => rows,
        "pagination" => object! { "limit" => limit, "offset" => offset, "count" => count },
    }
    .into())
}

fn active(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = call.params.text("symbol");
    let orders = exchange.predictions.orders.values().rev().filter(|order| {
        order.account == call.account
            && symbol
                .as_ref()
                .is_none_or(|symbol| order.symbol.eq_ignore_ascii_case(symbol))
    });
    paged(exchange, call, orders.collect(), 100)
}

fn history(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = call.params.text("symbol");
    let status = call.params.text("status");
    if let Some(other) = status
        .as_deref()
        .filter(|one| !["filled", "cancelled"].contains(one))
    {
        return Err(Refusal::input(format!("status can't be '{other}'")));
    }
    let (from, to) = (call.params.time("from")?, call.params.time("to")?);
    let orders = exchange.predictions.closed.values().rev().filter(|order| {
        order.account == call.account
            && symbol
                .as_ref()
                .is_none_or(|symbol| order.symbol.eq_ignore_ascii_case(symbol))
            && status
                .as_ref()
                .is_none_or(|status| order.status() == status)
            && from.is_none_or(|from| order.updated >= from)
            && to.is_none_or(|to| order.updated < to)
    });
    paged(exchange, call, orders.collect(), 1_000)
}
