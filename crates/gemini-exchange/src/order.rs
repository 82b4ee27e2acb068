//! Orders, one's own trades and volumes, and the heartbeat.

use exchange_transport::{At, InvalidField};
use exchange_wire::{Decimal, open_enum};
use serde::{Deserialize, Serialize};

use crate::instant::InstantFill;
use crate::request::{self, Request};
use crate::types::{Currency, Side, Symbol, Timestamp};

endpoints! {
    "gemini", "Orders", crate::Client;

    /// Places an order.
    ///
    /// An order that its option cancels at once is no error: the answer says `is_cancelled`, and
    /// why. Give each order a `client_order_id`, to be able to find it after trouble on the way.
    NewOrder = new_order "createNewOrder" {
        call: POST "/v1/order/new",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["orders:create"],
        effect: Order,
        pace: PRIVATE,
        answer: json Order,
        also: [check = order_rules],
        required {
            /// Which symbol.
            symbol: Symbol => into field "symbol";
            /// How much, in the base currency.
            amount: Decimal => into field "amount", positive();
            /// The limit price, in the quote currency.
            price: Decimal => into field "price", positive();
            /// Whether it buys or sells.
            side: Side => field "side";
            /// Limit or stop limit. `type` on the wire.
            order_type: OrderType => field "type";
        }
        optional {
            /// What it may do in the book; one option at most, and none for a stop limit.
            options: Vec<OrderOption> => list field "options", items(0, 1);
            /// At which price a stop limit order becomes active, in the quote currency. To buy it
            /// is below `price`, to sell above, by 50 % at most.
            stop_price: Decimal => into field "stop_price", positive();
            /// Whether to borrow what is missing, on a margin account. Default no.
            margin_order: bool => field "margin_order";
            /// Your own id for the order: letters, digits and `: - _ . #`, 36 characters at most.
            client_order_id: String => into field "client_order_id", pattern(CLIENT_ORDER_ID);
        }
    }

    /// Cancels one order. To cancel it twice does no harm.
    CancelOrder = cancel_order "cancelOrder" {
        call: POST "/v1/order/cancel",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["orders:create"],
        effect: Order,
        pace: PRIVATE,
        answer: json Order,
        also: [],
        required {
            /// The venue's id.
            order_id: u64 => field "order_id";
        }
        optional {}
    }

    /// Cancels all orders of the account: those of all its keys, and those placed on the web site.
    CancelAllActiveOrders = cancel_all_active_orders "cancelAllActiveOrders" {
        call: POST "/v1/order/cancel/all",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["orders:create"],
        effect: Order,
        pace: PRIVATE,
        answer: json CancelAllResult,
        also: [],
        required {}
        optional {}
    }

    /// Cancels all orders that were placed with this key.
    CancelAllSessionOrders = cancel_all_session_orders "cancelAllSessionOrders" {
        call: POST "/v1/order/cancel/session",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["orders:create"],
        effect: Order,
        pace: PRIVATE,
        answer: json CancelAllResult,
        also: [],
        required {}
        optional {}
    }

    /// One order, by the venue's id or by yours: set one of them.
    GetOrderStatus = get_order_status "getOrderStatus" {
        call: POST "/v1/order/status",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["orders:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Order,
        also: [check = one_id],
        required {}
        optional {
            /// The venue's id; not together with `client_order_id`.
            order_id: u64 => field "order_id";
            /// Your own id; not together with `order_id`.
            client_order_id: String => into field "client_order_id", length(1, 100);
            /// Whether to tell the trades of the order. Default no.
            include_trades: bool => field "include_trades";
        }
    }

    /// The orders that are in the book.
    ListActiveOrders = list_active_orders "listActiveOrders" {
        call: POST "/v1/orders",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["orders:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<Order>,
        also: [],
        required {}
        optional {}
    }

    /// Orders that are over, newest first, with their trades.
    ListPastOrders = list_past_orders "listPastOrders" {
        call: POST "/v1/orders/history",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["history:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<Order>,
        also: [],
        required {}
        optional {
            /// Of one symbol only.
            symbol: Symbol => into field "symbol";
            /// At most so many. Default 50.
            limit_orders: u32 => field "limit_orders", range(1, 500);
            /// From this time on.
            timestamp: Timestamp => into field "timestamp";
        }
    }

    /// Your own trades, newest first.
    ListPastTrades = list_past_trades "listPastTrades" {
        call: POST "/v1/mytrades",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["history:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<MyTrade>,
        also: [],
        required {}
        optional {
            /// Of one symbol only.
            symbol: Symbol => into field "symbol";
            /// At most so many. Default 50.
            limit_trades: u32 => field "limit_trades", range(1, 500);
            /// From this time on, it included.
            timestamp: Timestamp => into field "timestamp";
        }
    }

    /// What was traded within the last 30 days, by symbol and day: lists of lists.
    GetTradingVolume = get_trading_volume "getTradingVolume" {
        call: POST "/v1/tradevolume",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["history:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<Vec<TradeVolume>>,
        also: [],
        required {}
        optional {}
    }

    /// The 30-day volume in US dollars, and the fees that follow from it.
    GetNotionalTradingVolume = get_notional_trading_volume "getNotionalTradingVolume" {
        call: POST "/v1/notionalvolume",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["history:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json NotionalVolume,
        also: [],
        required {}
        optional {
            /// With the fees of this symbol, where it has its own.
            symbol: Symbol => into field "symbol";
        }
    }

    /// Trades a wrapped currency against the one it stands for, such as GUSD and USD.
    WrapOrder = wrap_order "wrapOrder" {
        call: POST "/v1/wrap/{symbol}",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["orders:create"],
        effect: Order,
        pace: PRIVATE,
        answer: json InstantFill,
        also: [],
        required {
            /// Which symbol, such as `GUSDUSD`; its details must say `wrap_enabled`.
            symbol: Symbol => into path "symbol";
            /// How much.
            amount: Decimal => into field "amount", positive();
        }
        optional {
            /// Whether it buys or sells.
            side: Side => field "side";
            /// Your own id for the order.
            client_order_id: String => into field "client_order_id", pattern(CLIENT_ORDER_ID);
        }
    }

    /// Tells the venue that the session is alive; see [`Heartbeat`](crate::Heartbeat), which does
    /// so by itself.
    SendHeartbeat = send_heartbeat "sendHeartbeat" {
        call: POST "/v1/heartbeat",
        auth: Key,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json Done,
        also: [],
        required {}
        optional {}
    }
}

/// What the vendor lets an id of one's own be.
pub(crate) const CLIENT_ORDER_ID: &str = r"^[:\-_.#a-zA-Z0-9]{1,36}$";

fn one_id(request: &Request) -> Result<(), InvalidField> {
    request::one_of(request, "order_id", "client_order_id")
}

/// What the vendor asks of stop limit orders.
fn order_rules(request: &Request) -> Result<(), InvalidField> {
    let is_stop = request
        .given("type")
        .is_some_and(|kind| kind.get() == "\"exchange stop limit\"");
    let options = request
        .given("options")
        .filter(|options| options.get() != "[]");
    let stop_price = request.given("stop_price");
    let refused = |name, rule, value: Option<&exchange_wire::RawJson>| {
        let value = value.map_or("nothing", |value| value.get());
        Err(InvalidField::new(&At::ROOT.name(name), rule, value))
    };
    match (is_stop, stop_price, options) {
        (true, None, _) => refused("stop_price", "must be set for a stop limit order", None),
        (true, _, Some(_)) => refused("options", "must be empty for a stop limit order", options),
        (false, Some(_), _) => refused("stop_price", "is for stop limit orders only", stop_price),
        _ => Ok(()),
    }
}

open_enum! {
    /// How an order is executed.
    ///
    /// Answers have other spellings, too, such as `stop-limit` and `market buy`.
    pub enum OrderType {
        /// At its price or better.
        Limit = "exchange limit",
        /// As a limit order, once the stop price is reached.
        StopLimit = "exchange stop limit",
        /// At any price. The vendor lists it and says elsewhere that there are no market orders:
        /// use a limit order with [`OrderOption::ImmediateOrCancel`] and a price that is sure to
        /// fill.
        Market = "exchange market",
    }
}

open_enum! {
    /// What an order may do in the book.
    pub enum OrderOption {
        /// Rest in it: the order is cancelled if any of it would be filled at once.
        MakerOrCancel = "maker-or-cancel",
        /// Fill what can be filled at once; the rest is cancelled.
        ImmediateOrCancel = "immediate-or-cancel",
        /// Fill all of it at once, or nothing.
        FillOrKill = "fill-or-kill",
    }
}

open_enum! {
    /// Why an order was cancelled.
    pub enum CancelReason {
        /// It would have been filled at once, and must not.
        MakerOrCancelWouldTake = "MakerOrCancelWouldTake",
        /// It would have moved the price by more than 5 %.
        ExceedsPriceLimits = "ExceedsPriceLimits",
        /// It would have met an order of your own.
        SelfCrossPrevented = "SelfCrossPrevented",
        /// The rest of it would have stayed in the book.
        ImmediateOrCancelWouldPost = "ImmediateOrCancelWouldPost",
        /// Not all of it could be filled at once.
        FillOrKillWouldNotFill = "FillOrKillWouldNotFill",
        /// It was asked for.
        Requested = "Requested",
        /// The market was closed.
        MarketClosed = "MarketClosed",
        /// Trading was closed.
        TradingClosed = "TradingClosed",
    }
}

crate::parameter::plain!(OrderType, OrderOption);

/// An order. Amounts are in the base currency, prices in the quote currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// The venue's id.
    #[serde(with = "exchange_wire::integer")]
    pub order_id: u64,
    /// The same.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<u64>,
    /// Your own id, if it was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// Which symbol.
    pub symbol: Symbol,
    /// `gemini`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// The limit price.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub price: Option<Decimal>,
    /// Of a stop limit order: the price at which it becomes active.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub stop_price: Option<Decimal>,
    /// What was paid on average; 0 if nothing was filled.
    #[serde(with = "exchange_wire::decimal")]
    pub avg_execution_price: Decimal,
    /// Whether it buys or sells.
    pub side: Side,
    /// How it is executed.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// What it may do in the book.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub options: Vec<OrderOption>,
    /// When it was placed, in seconds.
    pub timestamp: Timestamp,
    /// When it was placed, in milliseconds.
    pub timestampms: Timestamp,
    /// Whether it is in the book.
    pub is_live: bool,
    /// Whether it was cancelled; some of it may be filled.
    pub is_cancelled: bool,
    /// Always false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_hidden: Option<bool>,
    /// Always false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_forced: Option<bool>,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CancelReason>,
    /// What is filled.
    #[serde(with = "exchange_wire::decimal")]
    pub executed_amount: Decimal,
    /// What is not.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub remaining_amount: Option<Decimal>,
    /// What was ordered.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub original_amount: Option<Decimal>,
    /// Its trades, if they were asked for, and in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trades: Option<Vec<OrderTrade>>,
}

/// A trade of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderTrade {
    /// In the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// In the base currency.
    #[serde(with = "exchange_wire::decimal")]
    pub amount: Decimal,
    /// When, in seconds.
    pub timestamp: Timestamp,
    /// When, in milliseconds.
    pub timestampms: Timestamp,
    /// Whether it bought or sold.
    #[serde(rename = "type")]
    pub side: Side,
    /// Whether the order took, rather than rested in the book.
    pub aggressor: bool,
    /// What the fee was paid in.
    pub fee_currency: Currency,
    /// The fee.
    #[serde(with = "exchange_wire::decimal")]
    pub fee_amount: Decimal,
    /// The trade's number.
    #[serde(with = "exchange_wire::integer")]
    pub tid: i64,
    /// The order's id.
    #[serde(with = "exchange_wire::integer")]
    pub order_id: u64,
    /// `gemini`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// How the trade was taken back, if it was.
    #[serde(rename = "break", default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// What was cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CancelAllResult {
    /// `ok`.
    pub result: String,
    /// Which orders.
    pub details: CancelDetails,
}

/// Which orders were cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CancelDetails {
    /// The ids of those that were.
    #[serde(rename = "cancelledOrders", with = "exchange_wire::integer")]
    pub cancelled_orders: Vec<u64>,
    /// The ids of those that could not be.
    #[serde(rename = "cancelRejects", with = "exchange_wire::integer")]
    pub cancel_rejects: Vec<u64>,
}

/// One of your own trades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MyTrade {
    /// In the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// In the base currency.
    #[serde(with = "exchange_wire::decimal")]
    pub amount: Decimal,
    /// When, in seconds.
    pub timestamp: Timestamp,
    /// When, in milliseconds.
    pub timestampms: Timestamp,
    /// Whether you bought or sold.
    #[serde(rename = "type")]
    pub side: Side,
    /// Whether you took, rather than rested in the book.
    pub aggressor: bool,
    /// What the fee was paid in.
    pub fee_currency: Currency,
    /// The fee.
    #[serde(with = "exchange_wire::decimal")]
    pub fee_amount: Decimal,
    /// The trade's number.
    #[serde(with = "exchange_wire::integer")]
    pub tid: i64,
    /// The venue's id of the order.
    #[serde(with = "exchange_wire::integer")]
    pub order_id: u64,
    /// Your own id of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// `gemini`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// Whether it came about by clearing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_clearing_fill: Option<bool>,
    /// Whether it came about in an auction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_auction_fill: Option<bool>,
    /// Which symbol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
    /// How the trade was taken back, if it was: after `manual` the reversal is booked on its
    /// own, after `full` the trade does not count.
    #[serde(rename = "break", default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// What was traded of a symbol on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TradeVolume {
    /// Which symbol.
    pub symbol: Symbol,
    /// Of the amounts.
    pub base_currency: Currency,
    /// Of the notional amounts.
    pub notional_currency: Currency,
    /// What was paid with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_currency: Option<Currency>,
    /// The day, `yyyy-MM-dd`.
    pub data_date: String,
    /// All of it, in the base currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub total_volume_base: Decimal,
    /// How much of what you made was bought, from 0 to 1.
    #[serde(with = "exchange_wire::decimal::number")]
    pub maker_buy_sell_ratio: Decimal,
    /// Bought by orders in the book, in the base currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub buy_maker_base: Decimal,
    /// The same in the notional currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub buy_maker_notional: Decimal,
    /// How often.
    #[serde(with = "exchange_wire::integer")]
    pub buy_maker_count: u64,
    /// Sold by orders in the book, in the base currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub sell_maker_base: Decimal,
    /// The same in the notional currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub sell_maker_notional: Decimal,
    /// How often.
    #[serde(with = "exchange_wire::integer")]
    pub sell_maker_count: u64,
    /// Bought by taking, in the base currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub buy_taker_base: Decimal,
    /// The same in the notional currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub buy_taker_notional: Decimal,
    /// How often.
    #[serde(with = "exchange_wire::integer")]
    pub buy_taker_count: u64,
    /// Sold by taking, in the base currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub sell_taker_base: Decimal,
    /// The same in the notional currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub sell_taker_notional: Decimal,
    /// How often.
    #[serde(with = "exchange_wire::integer")]
    pub sell_taker_count: u64,
}

/// Volume in US dollars, and fees in basis points (hundredths of a percent).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NotionalVolume {
    /// Of which day it is, `yyyy-MM-dd`.
    pub date: String,
    /// When it was computed.
    pub last_updated_ms: Timestamp,
    /// On the web site, for resting in the book.
    #[serde(with = "exchange_wire::integer")]
    pub web_maker_fee_bps: i64,
    /// On the web site, for taking.
    #[serde(with = "exchange_wire::integer")]
    pub web_taker_fee_bps: i64,
    /// On the web site, in auctions.
    #[serde(with = "exchange_wire::integer")]
    pub web_auction_fee_bps: i64,
    /// Through this API, for resting in the book.
    #[serde(with = "exchange_wire::integer")]
    pub api_maker_fee_bps: i64,
    /// Through this API, for taking.
    #[serde(with = "exchange_wire::integer")]
    pub api_taker_fee_bps: i64,
    /// Through this API, in auctions.
    #[serde(with = "exchange_wire::integer")]
    pub api_auction_fee_bps: i64,
    /// Through FIX, for resting in the book.
    #[serde(with = "exchange_wire::integer")]
    pub fix_maker_fee_bps: i64,
    /// Through FIX, for taking.
    #[serde(with = "exchange_wire::integer")]
    pub fix_taker_fee_bps: i64,
    /// Through FIX, in auctions.
    #[serde(with = "exchange_wire::integer")]
    pub fix_auction_fee_bps: i64,
    /// What was traded within 30 days, in US dollars.
    #[serde(with = "exchange_wire::decimal::number")]
    pub notional_30d_volume: Decimal,
    /// The same by day.
    pub notional_1d_volume: Vec<DailyNotionalVolume>,
    /// The part that came through the API.
    #[serde(
        with = "exchange_wire::decimal::number",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub api_notional_30d_volume: Option<Decimal>,
    /// Which tier follows from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_tier: Option<FeeTier>,
}

/// Volume of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DailyNotionalVolume {
    /// The day, `yyyy-MM-dd`.
    pub date: String,
    /// What was traded, in US dollars.
    #[serde(with = "exchange_wire::decimal::number")]
    pub notional_volume: Decimal,
}

/// A tier of fees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FeeTier {
    /// Its name, such as `0bps`.
    pub tier: String,
    /// For resting in the book, in basis points.
    #[serde(with = "exchange_wire::integer")]
    pub api_maker_fee_bps: i64,
    /// For taking, in basis points.
    #[serde(with = "exchange_wire::integer")]
    pub api_taker_fee_bps: i64,
}

/// That it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Done {
    /// `ok`, in one case or another.
    pub result: String,
}

crate::paging::page_by_time! {
    /// All orders that are over, oldest first, from `timestamp` on.
    ListPastOrders of Order, limit_orders "limit_orders" 500,
    |order| (order.timestampms.unix_millis(), order.order_id)
}

crate::paging::page_by_time! {
    /// All of your own trades, oldest first, from `timestamp` on.
    ListPastTrades of MyTrade, limit_trades "limit_trades" 500,
    |trade| (trade.timestampms.unix_millis(), trade.tid)
}
