//! Positions and volumes.

use exchange_wire::{Decimal, open_enum};
use serde::{Deserialize, Serialize};

use super::market::{ContractPrices, Outcome};
use super::order::ContractMetadata;
use crate::types::{Side, Symbol, Timestamp};

endpoints! {
    "gemini-predictions", "Positions", crate::prediction::Predictions;

    /// Open positions. Without `limit` there is no paging.
    GetPositions = get_positions "getPositions" {
        call: POST "/v1/prediction-markets/positions",
        auth: AccountOrGroup,
        roles: Undocumented,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json Positions,
        also: [],
        required {}
        optional {
            /// Of one event, and those below it.
            event_ticker: String => into query "eventTicker";
            /// At most so many.
            limit: u32 => query "limit", range(1, 1000);
            /// How many to leave out at the beginning.
            offset: u32 => query "offset";
            /// In which order.
            sort: PositionOrder => query "sort";
        }
    }

    /// Positions that were settled.
    GetSettledPositions = get_settled_positions "getSettledPositions" {
        call: POST "/v1/prediction-markets/positions/settled",
        auth: AccountOrGroup,
        roles: Undocumented,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json SettledPositions,
        also: [],
        required {}
        optional {
            /// Of one event only.
            event_ticker: String => into query "eventTicker";
            /// At most so many. Default 1000.
            limit: u32 => query "limit", range(1, 1000);
            /// How many to leave out at the beginning.
            offset: u32 => query "offset";
            /// In which order.
            sort: SettledOrder => query "sort";
            /// With this in a name, a ticker or the category.
            search: String => into query "search", length(3, 64);
            /// Of one category and those below it.
            category: String => into query "category";
            /// Whether to tell positions that were sold before. Default no.
            with_cash_outs: bool => query "withCashOuts";
        }
    }

    /// What was traded of an event, in contracts.
    GetVolumeMetrics = get_volume_metrics "getVolumeMetrics" {
        call: POST "/v1/prediction-markets/metrics/volume",
        auth: AccountOrGroup,
        roles: Undocumented,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json VolumeMetrics,
        also: [],
        required {
            /// Which event.
            event_ticker: String => into field "eventTicker";
        }
        optional {
            /// From this time on.
            start_time: Timestamp => into field "startTime";
            /// Up to this time.
            end_time: Timestamp => into field "endTime";
        }
    }
}

open_enum! {
    /// In which order positions come.
    pub enum PositionOrder {
        /// By value, highest first.
        ByValue = "-positionValue",
        /// By value, lowest first.
        ByValueRising = "+positionValue",
        /// By what would be won, most first.
        ByPnl = "-unrealizedPnl",
        /// By what would be won, least first.
        ByPnlRising = "+unrealizedPnl",
        /// By when they end, soonest first.
        ByExpiry = "+expiryDate",
        /// By when they end, last first.
        ByExpiryFalling = "-expiryDate",
    }
}

open_enum! {
    /// In which order settled positions come.
    pub enum SettledOrder {
        /// By when they were settled, latest first.
        ByDate = "-date",
        /// By what was paid, most first.
        ByPayout = "-payout",
        /// By what was paid, least first.
        ByPayoutRising = "+payout",
    }
}

crate::parameter::plain!(PositionOrder, SettledOrder);

/// Open positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Positions {
    /// The positions.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub positions: Vec<Position>,
    /// How many there are in all.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub total: Option<i64>,
}

/// An open position. Prices are those of one contract, from 0 to 1 dollar; the rest is in US
/// dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Position {
    /// The contract.
    pub symbol: Symbol,
    /// The contract's number.
    #[serde(
        rename = "instrumentId",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub instrument_id: Option<i64>,
    /// How many contracts.
    #[serde(rename = "totalQuantity", with = "exchange_wire::decimal")]
    pub total_quantity: Decimal,
    /// How many of them orders hold.
    #[serde(
        rename = "quantityOnHold",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub quantity_on_hold: Option<Decimal>,
    /// What was paid on average.
    #[serde(
        rename = "avgPrice",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub avg_price: Option<Decimal>,
    /// On which outcome.
    pub outcome: Outcome,
    /// What the contract is.
    #[serde(
        rename = "contractMetadata",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_metadata: Option<ContractMetadata>,
    /// The best prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<ContractPrices>,
    /// Which side won.
    #[serde(
        rename = "resolutionSide",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub resolution_side: Option<Outcome>,
    /// Not explained by the vendor.
    #[serde(
        rename = "isAboveAutoStartThreshold",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub is_above_auto_start_threshold: Option<bool>,
    /// Whether its event is going on.
    #[serde(rename = "isLive", default, skip_serializing_if = "Option::is_none")]
    pub is_live: Option<bool>,
    /// What was won or lost.
    #[serde(
        rename = "realizedPl",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub realized_pl: Option<Decimal>,
    /// What it would give; none if nobody buys.
    #[serde(
        rename = "marketValue",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub market_value: Option<Decimal>,
    /// What would be won or lost.
    #[serde(
        rename = "unrealizedPnl",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub unrealized_pnl: Option<Decimal>,
    /// The same in percent.
    #[serde(
        rename = "unrealizedPct",
        with = "exchange_wire::decimal::number",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub unrealized_pct: Option<Decimal>,
}

/// Settled positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SettledPositions {
    /// The positions.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub positions: Vec<SettledPosition>,
    /// How many there are in all.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub total: Option<i64>,
    /// What was paid for all, in US dollars.
    #[serde(
        rename = "totalPayout",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub total_payout: Option<Decimal>,
    /// What all cost.
    #[serde(
        rename = "totalCostBasis",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub total_cost_basis: Option<Decimal>,
    /// What was won or lost with all.
    #[serde(
        rename = "totalNetProfit",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub total_net_profit: Option<Decimal>,
    /// Positions that were sold before; only if asked for.
    #[serde(rename = "cashOuts", default, skip_serializing_if = "Option::is_none")]
    pub cash_outs: Option<Vec<CashedOutPosition>>,
    /// What they gave.
    #[serde(
        rename = "totalCashOutProceeds",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub total_cash_out_proceeds: Option<Decimal>,
    /// What they cost.
    #[serde(
        rename = "totalCashOutCostBasis",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub total_cash_out_cost_basis: Option<Decimal>,
    /// What was won or lost with them.
    #[serde(
        rename = "totalCashOutNetProfit",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub total_cash_out_net_profit: Option<Decimal>,
}

/// A settled position. In US dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SettledPosition {
    /// The account's number.
    #[serde(
        rename = "accountId",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub account_id: Option<i64>,
    /// The contract's number.
    #[serde(
        rename = "instrumentId",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub instrument_id: Option<i64>,
    /// The contract.
    #[serde(rename = "instrumentSymbol")]
    pub instrument_symbol: Symbol,
    /// How many contracts; negative for `no`.
    #[serde(with = "exchange_wire::decimal")]
    pub position: Decimal,
    /// The same without sign.
    #[serde(
        rename = "positionQuantity",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub position_quantity: Option<Decimal>,
    /// On which outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What was paid.
    #[serde(with = "exchange_wire::decimal")]
    pub payout: Decimal,
    /// Which side won.
    #[serde(
        rename = "resolutionSide",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub resolution_side: Option<Outcome>,
    /// When.
    #[serde(rename = "settledAt", default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// What the contract is.
    #[serde(
        rename = "contractMetadata",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_metadata: Option<ContractMetadata>,
    /// What it cost.
    #[serde(
        rename = "costBasis",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub cost_basis: Option<Decimal>,
    /// What was won or lost by selling before.
    #[serde(
        rename = "realizedPnl",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub realized_pnl: Option<Decimal>,
    /// What was won or lost in all.
    #[serde(
        rename = "netProfit",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub net_profit: Option<Decimal>,
}

/// A position that was sold. In US dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CashedOutPosition {
    /// The account's number.
    #[serde(rename = "accountId", with = "exchange_wire::integer")]
    pub account_id: i64,
    /// The contract's number.
    #[serde(rename = "instrumentId", with = "exchange_wire::integer")]
    pub instrument_id: i64,
    /// The contract.
    #[serde(rename = "instrumentSymbol")]
    pub instrument_symbol: Symbol,
    /// When.
    pub timestamp: Timestamp,
    /// How many contracts.
    #[serde(rename = "filledQuantity", with = "exchange_wire::decimal")]
    pub filled_quantity: Decimal,
    /// `sell`.
    pub side: Side,
    /// What it gave.
    #[serde(with = "exchange_wire::decimal")]
    pub proceeds: Decimal,
    /// What it cost.
    #[serde(rename = "costBasis", with = "exchange_wire::decimal")]
    pub cost_basis: Decimal,
    /// What was won or lost.
    #[serde(rename = "netProfit", with = "exchange_wire::decimal")]
    pub net_profit: Decimal,
    /// What the contract is.
    #[serde(
        rename = "contractMetadata",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_metadata: Option<ContractMetadata>,
}

/// What was traded of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VolumeMetrics {
    /// Which event.
    #[serde(rename = "eventTicker")]
    pub event_ticker: String,
    /// By contract.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub contracts: Vec<ContractVolume>,
}

/// What was traded of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ContractVolume {
    /// Which contract.
    pub symbol: Symbol,
    /// By everybody.
    #[serde(rename = "totalQty", with = "exchange_wire::decimal")]
    pub total_qty: Decimal,
    /// By you, by taking.
    #[serde(
        rename = "userAggressorQty",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub user_aggressor_qty: Option<Decimal>,
    /// By you, by resting in the book.
    #[serde(
        rename = "userRestingQty",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub user_resting_qty: Option<Decimal>,
}

crate::paging::page_by_offset! {
    /// All open positions.
    GetPositions of Position, 1000,
    |answer| (answer.positions, answer.total)
}

crate::paging::page_by_offset! {
    /// All positions that were settled. The totals and what was cashed out are in the answers of
    /// `send` only.
    GetSettledPositions of SettledPosition, 1000,
    |answer| (answer.positions, answer.total)
}
