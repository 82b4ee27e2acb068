//! Orders.

use exchange_transport::{At, Check, Error, InvalidField, Kind};
use exchange_wire::{Decimal, open_enum};
use serde::{Deserialize, Serialize};

use super::market::{Outcome, Page};
use crate::request::Request;
use crate::types::{Side, Symbol, Timestamp};

endpoints! {
    "gemini-predictions", "Trading", crate::prediction::Predictions;

    /// Places an order. The terms must have been accepted.
    PlaceOrder = place_order "placeOrder" {
        call: POST "/v1/prediction-markets/order",
        auth: AccountOrGroup,
        roles: AnyOf ["NewOrder"],
        scopes: [],
        effect: Order,
        pace: PRIVATE,
        answer: json Order,
        also: [check = stop_price_rule],
        required {
            /// The contract's
            /// [symbol](crate::prediction::market::Contract::instrument_symbol).
            symbol: Symbol => into field "symbol";
            /// Limit or stop limit.
            order_type: OrderType => field "orderType";
            /// Whether it buys or sells.
            side: Side => field "side";
            /// How many contracts.
            quantity: Decimal => into field "quantity", positive();
            /// The limit price of one contract, from 0 to 1 dollar.
            price: Decimal => into field "price", price();
            /// On which outcome. A price is that of the outcome.
            outcome: Outcome => field "outcome";
        }
        optional {
            /// At which price a stop limit order becomes active. To buy it is between the last
            /// price and `price`, to sell between `price` and the last price.
            stop_price: Decimal => into field "stopPrice", price();
            /// How long it stays.
            time_in_force: TimeInForce => field "timeInForce";
            /// Whether it is cancelled if any of it would be filled at once. Default no.
            maker_or_cancel: bool => field "makerOrCancel";
        }
    }

    /// Places up to 20 orders. All are checked before the first one is placed; then each stands for
    /// itself: an answer may hold orders and errors.
    PlaceOrderBatch = place_order_batch "placeOrderBatch" {
        call: POST "/v1/prediction-markets/order/batch",
        auth: AccountOrGroup,
        roles: AnyOf ["NewOrder"],
        scopes: [],
        effect: Order,
        pace: PRIVATE,
        answer: json PlacedBatch,
        also: [],
        required {
            /// The orders.
            orders: Vec<OrderRequest> => list field "orders", items(1, 20), each();
        }
        optional {}
    }

    /// Cancels an order.
    CancelOrder = cancel_order "cancelOrder" {
        call: POST "/v1/prediction-markets/order/cancel",
        auth: AccountOrGroup,
        roles: AnyOf ["CancelOrder"],
        scopes: [],
        effect: Order,
        pace: PRIVATE,
        answer: json Cancelled,
        also: [],
        required {
            /// The venue's id.
            order_id: i64 => field "orderId";
        }
        optional {}
    }

    /// Cancels up to 20 orders; each stands for itself.
    CancelOrderBatch = cancel_order_batch "cancelOrderBatch" {
        call: POST "/v1/prediction-markets/order/batch/cancel",
        auth: AccountOrGroup,
        roles: AnyOf ["CancelOrder"],
        scopes: [],
        effect: Order,
        pace: PRIVATE,
        answer: json CancelledBatch,
        also: [],
        required {
            /// The venue's ids.
            order_ids: Vec<i64> => list field "orderIds", items(1, 20);
        }
        optional {}
    }

    /// Open orders.
    GetActiveOrders = get_active_orders "getActiveOrders" {
        call: POST "/v1/prediction-markets/orders/active",
        auth: AccountOrGroup,
        roles: Undocumented,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json Orders,
        also: [],
        required {}
        optional {
            /// Of one contract only.
            symbol: Symbol => into field "symbol";
            /// At most so many. Default 50.
            limit: u32 => field "limit", range(1, 100);
            /// How many to leave out at the beginning.
            offset: u32 => field "offset";
        }
    }

    /// Orders that are over. With `from` or `to`, `offset` is ignored: take shorter times where there
    /// are more than fit.
    GetOrderHistory = get_order_history "getOrderHistory" {
        call: POST "/v1/prediction-markets/orders/history",
        auth: AccountOrGroup,
        roles: Undocumented,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json Orders,
        also: [],
        required {}
        optional {
            /// Only `filled` or only `cancelled` ones.
            status: OrderStatus => field "status";
            /// Of one contract only.
            symbol: Symbol => into field "symbol";
            /// At most so many. Default 50.
            limit: u32 => field "limit", range(1, 1000);
            /// How many to leave out at the beginning.
            offset: u32 => field "offset", range(0, 10_000);
            /// Over at this time or later.
            from: Timestamp => into field "from";
            /// Over before this time.
            to: Timestamp => into field "to";
        }
    }
}

fn stop_price_rule(request: &Request) -> Result<(), InvalidField> {
    let is_stop = request
        .given("orderType")
        .is_some_and(|kind| kind.get() == "\"stop-limit\"");
    let at = At::ROOT.name("stopPrice");
    match (is_stop, request.given("stopPrice")) {
        (true, None) => Err(InvalidField::new(
            &at,
            "must be set for a stop limit order",
            "nothing",
        )),
        (false, Some(price)) => Err(InvalidField::new(
            &at,
            "is for stop limit orders only",
            price,
        )),
        _ => Ok(()),
    }
}

open_enum! {
    /// How an order is executed.
    pub enum OrderType {
        /// At its price or better.
        Limit = "limit",
        /// As a limit order, once the stop price is reached.
        StopLimit = "stop-limit",
    }
}

open_enum! {
    /// How long an order stays.
    pub enum TimeInForce {
        /// Until it is cancelled.
        GoodTilCancel = "good-til-cancel",
        /// What can't be filled at once is cancelled.
        ImmediateOrCancel = "immediate-or-cancel",
        /// It is filled whole at once, or cancelled.
        FillOrKill = "fill-or-kill",
        /// It is cancelled if any of it would be filled at once. In answers; in requests set `maker_or_cancel`.
        MakerOrCancel = "maker-or-cancel",
    }
}

open_enum! {
    /// How far an order is.
    pub enum OrderStatus {
        /// In the book, or waiting for its stop price.
        Open = "open",
        /// Filled.
        Filled = "filled",
        /// Cancelled.
        Cancelled = "cancelled",
        /// Over.
        Closed = "closed",
    }
}

crate::parameter::plain!(OrderType, TimeInForce, OrderStatus);
crate::parameter::object!(OrderRequest);

/// One order of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderRequest {
    /// The contract.
    pub symbol: Symbol,
    /// Limit or stop limit.
    pub order_type: OrderType,
    /// Whether it buys or sells.
    pub side: Side,
    /// How many contracts.
    #[serde(with = "exchange_wire::decimal")]
    pub quantity: Decimal,
    /// The limit price of one contract, from 0 to 1 dollar.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// At which price a stop limit order becomes active.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub stop_price: Option<Decimal>,
    /// On which outcome.
    pub outcome: Outcome,
    /// How long it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_in_force: Option<TimeInForce>,
    /// Whether it is cancelled if any of it would be filled at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker_or_cancel: Option<bool>,
}

impl OrderRequest {
    /// A limit order that stays until it is cancelled.
    pub fn limit(
        symbol: impl Into<Symbol>,
        side: Side,
        outcome: Outcome,
        quantity: impl Into<Decimal>,
        price: impl Into<Decimal>,
    ) -> Self {
        Self {
            symbol: symbol.into(),
            order_type: OrderType::Limit,
            side,
            quantity: quantity.into(),
            price: price.into(),
            stop_price: None,
            outcome,
            time_in_force: None,
            maker_or_cancel: None,
        }
    }

    /// Makes it a stop limit order.
    pub fn stop_price(mut self, price: impl Into<Decimal>) -> Self {
        self.order_type = OrderType::StopLimit;
        self.stop_price = Some(price.into());
        self
    }

    /// How long it stays.
    pub fn time_in_force(mut self, time_in_force: TimeInForce) -> Self {
        self.time_in_force = Some(time_in_force);
        self
    }

    /// Whether it is cancelled if any of it would be filled at once.
    pub fn maker_or_cancel(mut self, maker_or_cancel: bool) -> Self {
        self.maker_or_cancel = Some(maker_or_cancel);
        self
    }
}

impl Check for OrderRequest {
    fn check(&self, at: &At<'_>) -> Result<(), InvalidField> {
        crate::check::positive(&at.name("quantity"), &self.quantity)?;
        crate::check::price(&at.name("price"), &self.price)?;
        match (&self.order_type, &self.stop_price) {
            (OrderType::StopLimit, None) => Err(InvalidField::new(
                &at.name("stopPrice"),
                "must be set for a stop limit order",
                "nothing",
            )),
            (_, Some(price)) => crate::check::price(&at.name("stopPrice"), price),
            _ => Ok(()),
        }
    }
}

/// An order. Prices are those of one contract, from 0 to 1 dollar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// The venue's id.
    #[serde(rename = "orderId", with = "exchange_wire::integer")]
    pub order_id: i64,
    /// Another id of it.
    #[serde(
        rename = "hashOrderId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub hash_order_id: Option<String>,
    /// Your own id.
    #[serde(
        rename = "clientOrderId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub client_order_id: Option<String>,
    /// Another id of it.
    #[serde(
        rename = "globalOrderId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub global_order_id: Option<String>,
    /// How far it is.
    pub status: OrderStatus,
    /// The contract.
    pub symbol: Symbol,
    /// Whether it buys or sells.
    pub side: Side,
    /// On which outcome.
    pub outcome: Outcome,
    /// How it is executed.
    #[serde(rename = "orderType")]
    pub order_type: OrderType,
    /// How long it stays.
    #[serde(
        rename = "timeInForce",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub time_in_force: Option<TimeInForce>,
    /// How many contracts.
    #[serde(with = "exchange_wire::decimal")]
    pub quantity: Decimal,
    /// How many are filled.
    #[serde(rename = "filledQuantity", with = "exchange_wire::decimal")]
    pub filled_quantity: Decimal,
    /// How many are not.
    #[serde(rename = "remainingQuantity", with = "exchange_wire::decimal")]
    pub remaining_quantity: Decimal,
    /// The limit price.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// The price at which it becomes active.
    #[serde(
        rename = "stopPrice",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub stop_price: Option<Decimal>,
    /// What was paid on average.
    #[serde(
        rename = "avgExecutionPrice",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub avg_execution_price: Option<Decimal>,
    /// When it was placed.
    #[serde(rename = "createdAt", default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(rename = "updatedAt", default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// When it was cancelled.
    #[serde(
        rename = "cancelledAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cancelled_at: Option<Timestamp>,
    /// What the contract is.
    #[serde(
        rename = "contractMetadata",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_metadata: Option<ContractMetadata>,
    /// Promotional cash used for it, in US dollars.
    #[serde(
        rename = "promoCashApplied",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub promo_cash_applied: Option<Decimal>,
    /// What it holds, in US dollars.
    #[serde(
        rename = "fundsOnHold",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub funds_on_hold: Option<Decimal>,
}

/// What a contract is. The vendor promises none of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ContractMetadata {
    /// Its id.
    #[serde(
        rename = "contractId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_id: Option<String>,
    /// Its name.
    #[serde(
        rename = "contractName",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_name: Option<String>,
    /// Its ticker.
    #[serde(
        rename = "contractTicker",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_ticker: Option<String>,
    /// The ticker of its event.
    #[serde(
        rename = "eventTicker",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub event_ticker: Option<String>,
    /// The name of its event.
    #[serde(rename = "eventName", default, skip_serializing_if = "Option::is_none")]
    pub event_name: Option<String>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How far it is; the case varies.
    #[serde(
        rename = "contractStatus",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_status: Option<String>,
    /// What sort of event it is.
    #[serde(rename = "eventType", default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// When it ends.
    #[serde(
        rename = "expiryDate",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub expiry_date: Option<Timestamp>,
    /// When it was decided.
    #[serde(
        rename = "resolvedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub resolved_at: Option<Timestamp>,
    /// When it begins.
    #[serde(rename = "startTime", default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Which side won.
    #[serde(
        rename = "resolutionSide",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub resolution_side: Option<Outcome>,
    /// The ticker of the event above.
    #[serde(
        rename = "parentEventTicker",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub parent_event_ticker: Option<String>,
    /// A picture.
    #[serde(rename = "imageUrl", default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// A picture of the event.
    #[serde(
        rename = "eventImageUrl",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub event_image_url: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What sort of event it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Its color on the web site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Its place in the event.
    #[serde(
        rename = "sortOrder",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub sort_order: Option<i64>,
}

/// Orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Orders {
    /// The orders.
    pub orders: Vec<Order>,
    /// Where the page stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Page>,
}

/// What became of the orders of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlacedBatch {
    /// One for each order, in the order of the request.
    pub results: Vec<PlacedOrder>,
}

/// What became of one order of a batch: either `order` or `error` is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlacedOrder {
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Why there is none, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The same in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What became of a cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cancelled {
    /// `ok`.
    pub result: String,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What became of the cancels of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CancelledBatch {
    /// One for each order, in the order of the request.
    pub results: Vec<CancelledOrder>,
}

/// What became of one cancel of a batch: either `result` or `error` is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CancelledOrder {
    /// Which order.
    #[serde(rename = "orderId", with = "exchange_wire::integer")]
    pub order_id: i64,
    /// `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Why it was not cancelled, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The same in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

crate::paging::page_by_offset! {
    /// All open orders. One that ends while the pages are asked for may make another one slip past.
    GetActiveOrders of Order, 100,
    |answer| (answer.orders, None),
    number |order| Some(order.order_id)
}

/// Beyond this offset the venue gives no orders.
const MOST_OFFSET: u32 = 10_000;

fn by_offset(request: &Request, offset: u32) -> Result<(), Error> {
    for name in ["from", "to"] {
        if let Some(found) = request.given(name) {
            return Err(InvalidField::new(
                &At::ROOT.name(name),
                "must not be set for a stream, as the venue then leaves out how many came before: \
                 ask for short times one by one",
                found,
            )
            .into());
        }
    }
    if offset > MOST_OFFSET {
        return Err(Error::new(Kind::InvalidRequest).with_text(format!(
            "the venue gives no orders beyond the first {MOST_OFFSET}: ask for older ones with \
             `from` and `to`"
        )));
    }
    Ok(())
}

crate::paging::page_by_offset! {
    /// Orders that are over, as far as the venue lets them be paged: the first 10,000 and one page.
    ///
    /// There is no stream with `from` or `to`: the venue then gives one page only, so ask for
    /// times in which no more than 1,000 orders ended.
    GetOrderHistory of Order, 1000, check by_offset,
    |answer| (answer.orders, None),
    number |order| Some(order.order_id)
}
