//! Clearing: trades agreed outside the book, settled by the venue.

use exchange_wire::{Decimal, open_enum};
use serde::{Deserialize, Serialize};

use crate::types::{Hours, Side, Symbol, Timestamp};

endpoints! {
    "gemini", "Clearing", crate::Client;

    /// Offers a trade to a counterparty, who must confirm it.
    NewClearingOrder = new_clearing_order "createNewClearingOrder" {
        call: POST "/v1/clearing/new",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["clearing:create"],
        effect: Order,
        pace: PRIVATE,
        answer: json ClearingOrder,
        also: [],
        required {
            /// Which symbol.
            symbol: Symbol => into field "symbol";
            /// How much, in the base currency.
            amount: Decimal => into field "amount", positive();
            /// The price, in the quote currency.
            price: Decimal => into field "price", positive();
            /// Whether you buy or sell.
            side: Side => field "side";
        }
        optional {
            /// To whom; without, to whoever knows the order's id.
            counterparty_id: String => into field "counterparty_id", length(1, 100);
            /// When the offer ends, in hours from now.
            expires_in_hrs: u32 => field "expires_in_hrs", range(1, 100_000);
        }
    }

    /// One clearing order.
    GetClearingOrder = get_clearing_order "getClearingOrder" {
        call: POST "/v1/clearing/status",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["clearing:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json ClearingOrder,
        also: [],
        required {
            /// Its id.
            clearing_id: String => into field "clearing_id", length(1, 100);
        }
        optional {}
    }

    /// Takes an offer back. If that is not possible any more, the venue answers with HTTP 200 and
    /// `failed`, which is an error here.
    CancelClearingOrder = cancel_clearing_order "cancelClearingOrder" {
        call: POST "/v1/clearing/cancel",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["clearing:create"],
        effect: Order,
        pace: PRIVATE,
        answer: json ClearingCancel,
        also: [],
        required {
            /// Its id.
            clearing_id: String => into field "clearing_id", length(1, 100);
        }
        optional {}
    }

    /// Takes up an offer. All values must be those of the offer, and `side` your own: the other one.
    ConfirmClearingOrder = confirm_clearing_order "confirmClearingOrder" {
        call: POST "/v1/clearing/confirm",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["clearing:create"],
        effect: Order,
        pace: PRIVATE,
        answer: json ClearingOrder,
        also: [],
        required {
            /// Its id.
            clearing_id: String => into field "clearing_id", length(1, 100);
            /// Which symbol.
            symbol: Symbol => into field "symbol";
            /// How much, in the base currency.
            amount: Decimal => into field "amount", positive();
            /// The price, in the quote currency.
            price: Decimal => into field "price", positive();
            /// Whether you buy or sell.
            side: Side => field "side";
        }
        optional {}
    }

    /// Clearing orders you take part in.
    ListClearingOrders = list_clearing_orders "listClearingOrders" {
        call: POST "/v1/clearing/list",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["clearing:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json ClearingOrders,
        also: [check = pairs_of_times],
        required {}
        optional {
            /// Of one symbol only.
            symbol: Symbol => into field "symbol";
            /// With one counterparty only, by id or alias.
            counterparty: String => into field "counterparty";
            /// Of one side only.
            side: Side => field "side";
            /// Only those that end from this time on; together with `expiration_end`.
            expiration_start: Timestamp => into field "expiration_start";
            /// Only those that end up to this time; together with `expiration_start`.
            expiration_end: Timestamp => into field "expiration_end";
            /// Only those offered from this time on; together with `submission_end`.
            submission_start: Timestamp => into field "submission_start";
            /// Only those offered up to this time; together with `submission_start`.
            submission_end: Timestamp => into field "submission_end";
            /// Only those that are funded. Default no.
            funded: bool => field "funded";
            /// Of one status only.
            status: ClearingStatus => field "status";
            /// After this time.
            timestamp: Timestamp => into field "timestamp";
            /// At most so many.
            limit_orders: u32 => field "limit_orders", range(1, 100_000);
        }
    }

    /// Clearing orders you take part in as a broker.
    ListClearingBrokers = list_clearing_brokers "listClearingBrokers" {
        call: POST "/v1/clearing/broker/list",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["clearing:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json BrokerOrders,
        also: [check = pairs_of_times],
        required {}
        optional {
            /// Of one symbol only.
            symbol: Symbol => into field "symbol";
            /// Only those that end from this time on; together with `expiration_end`.
            expiration_start: Timestamp => into field "expiration_start";
            /// Only those that end up to this time; together with `expiration_start`.
            expiration_end: Timestamp => into field "expiration_end";
            /// Only those offered from this time on; together with `submission_end`.
            submission_start: Timestamp => into field "submission_start";
            /// Only those offered up to this time; together with `submission_start`.
            submission_end: Timestamp => into field "submission_end";
            /// Only those that are funded. Default no.
            funded: bool => field "funded";
            /// Of one status only.
            status: ClearingStatus => field "status";
            /// After this time.
            timestamp: Timestamp => into field "timestamp";
            /// At most so many.
            limit_orders: u32 => field "limit_orders", range(1, 100_000);
        }
    }

    /// Offers a trade between two others, who must both confirm it.
    NewBrokerOrder = new_broker_order "createNewBrokerOrder" {
        call: POST "/v1/clearing/broker/new",
        auth: Account,
        roles: Undocumented,
        scopes: [],
        effect: Order,
        pace: PRIVATE,
        answer: json ClearingOrder,
        also: [],
        required {
            /// The one whose side is named.
            source_counterparty_id: String => into field "source_counterparty_id", length(1, 100);
            /// The other one, with the other side.
            target_counterparty_id: String => into field "target_counterparty_id", length(1, 100);
            /// Which symbol.
            symbol: Symbol => into field "symbol";
            /// How much, in the base currency.
            amount: Decimal => into field "amount", positive();
            /// When the offer ends, in hours from now.
            expires_in_hrs: Hours => into field "expires_in_hrs";
            /// The price, in the quote currency.
            price: Decimal => into field "price", positive();
            /// Whether the source buys or sells.
            side: Side => field "side";
        }
        optional {}
    }

    /// Clearing trades.
    ListClearingTrades = list_clearing_trades "listClearingTrades" {
        call: POST "/v1/clearing/trades",
        auth: Account,
        roles: AnyOf ["Trader"],
        scopes: ["clearing:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json ClearingTrades,
        also: [],
        required {}
        optional {
            /// From this time on, in nanoseconds.
            timestamp_nanos: i64 => field "timestamp_nanos", range(0, i64::MAX);
            /// At most so many for each account. Default 100.
            limit_per_account: u32 => field "limit_per_account", range(1, 300);
            /// Of one symbol only.
            symbol: Symbol => into field "symbol";
            /// From this time on.
            timestamp: Timestamp => into field "timestamp";
            /// At most so many.
            limit_trades: u32 => field "limit_trades", range(1, 100_000);
        }
    }
}

fn pairs_of_times(
    request: &crate::request::Request,
) -> Result<(), exchange_transport::InvalidField> {
    crate::request::both(request, "expiration_start", "expiration_end")?;
    crate::request::both(request, "submission_start", "submission_end")
}

open_enum! {
    /// How far a clearing order is.
    pub enum ClearingStatus {
        /// The counterparty must confirm.
        AwaitConfirm = "AwaitConfirm",
        /// The source must confirm.
        AwaitSourceConfirm = "AwaitSourceConfirm",
        /// The target must confirm.
        AwaitTargetConfirm = "AwaitTargetConfirm",
        /// Source and target must confirm.
        AwaitSourceTargetConfirm = "AwaitSourceTargetConfirm",
        /// It will be settled.
        Confirmed = "Confirmed",
        /// It is settled.
        Settled = "Settled",
    }
}

crate::parameter::plain!(ClearingStatus);

/// What the venue tells of one clearing order. Which members there are depends on the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClearingOrder {
    /// How far it is, or `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Its id, for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clearing_id: Option<String>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ClearingStatus>,
    /// Which symbol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
    /// The price, in the quote currency.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub price: Option<Decimal>,
    /// How much, in the base currency.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub amount: Option<Decimal>,
    /// Whether you buy or sell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// When it was offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// When it was offered, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestampms: Option<Timestamp>,
    /// Whether it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_confirmed: Option<bool>,
}

/// That an offer was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClearingCancel {
    /// `ok`.
    pub result: String,
    /// In words.
    pub details: String,
}

/// Clearing orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClearingOrders {
    /// `success`.
    pub result: String,
    /// The orders.
    pub orders: Vec<ClearingListOrder>,
}

/// A clearing order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClearingListOrder {
    /// Its id.
    pub clearing_id: String,
    /// Your own id, if it was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The counterparty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty_id: Option<String>,
    /// The counterparty's alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty_alias: Option<String>,
    /// The broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker_id: Option<String>,
    /// Which symbol.
    pub symbol: Symbol,
    /// Whether you buy or sell.
    pub side: Side,
    /// The price, in the quote currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub price: Decimal,
    /// How much, in the base currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub quantity: Decimal,
    /// How far it is.
    pub status: ClearingStatus,
    /// When it was offered.
    pub submission: Timestamp,
    /// When the offer ends.
    pub expiration: Timestamp,
}

/// Clearing orders of a broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BrokerOrders {
    /// `success`.
    pub result: String,
    /// The orders.
    pub orders: Vec<BrokerListOrder>,
}

/// A clearing order of a broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BrokerListOrder {
    /// Its id.
    pub clearing_id: String,
    /// The one whose side is named.
    pub source_counterparty_id: String,
    /// That one's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_order_id: Option<String>,
    /// The other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_counterparty_id: Option<String>,
    /// The other one's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_order_id: Option<String>,
    /// Which symbol.
    pub symbol: Symbol,
    /// Whether the source buys or sells.
    pub source_side: Side,
    /// The price, in the quote currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub price: Decimal,
    /// How much, in the base currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub quantity: Decimal,
    /// How far it is.
    pub status: ClearingStatus,
    /// When it was offered.
    pub submission: Timestamp,
    /// When the offer ends.
    pub expiration: Timestamp,
}

/// Clearing trades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClearingTrades {
    /// The trades.
    pub results: Vec<ClearingTrade>,
}

/// A clearing trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClearingTrade {
    /// One account.
    #[serde(rename = "sourceAccount")]
    pub source_account: String,
    /// The other.
    #[serde(rename = "targetAccount")]
    pub target_account: String,
    /// Which symbol.
    pub pair: Symbol,
    /// Whether the source bought or sold.
    #[serde(rename = "sourceSide")]
    pub source_side: Side,
    /// The price, in the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// How much, in the base currency.
    #[serde(with = "exchange_wire::decimal")]
    pub quantity: Decimal,
    /// The id of the order.
    #[serde(rename = "clearingId")]
    pub clearing_id: String,
    /// How far it is.
    pub status: ClearingStatus,
    /// When the offer ended.
    #[serde(rename = "expirationTimeMs")]
    pub expiration_time: Timestamp,
    /// When it was offered.
    #[serde(rename = "createdMs")]
    pub created: Timestamp,
    /// When it last changed.
    #[serde(rename = "lastUpdatedMs")]
    pub last_updated: Timestamp,
    /// Whether there was a broker.
    #[serde(rename = "hasBroker")]
    pub has_broker: bool,
    /// Whether the other side was told.
    #[serde(rename = "wasNotified")]
    pub was_notified: bool,
}
