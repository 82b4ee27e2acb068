//! Perpetual contracts, and trading on margin.

use exchange_transport::{At, InvalidField};
use exchange_wire::{Decimal, impl_by_shape, open_enum};
use serde::{Deserialize, Serialize};

use crate::market::DATE;
use crate::request::{self, Request};
use crate::types::{Currency, Side, Symbol, Timestamp};

endpoints! {
    "gemini", "Derivatives and Margin Trading", crate::Client;

    /// The margin behind the positions in a contract.
    GetAccountMargin = get_account_margin "getAccountMargin" {
        call: POST "/v1/margin",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["orders:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json DerivativeMargin,
        also: [],
        required {
            /// Which contract, such as `BTC-GUSD-PERP`.
            symbol: Symbol => into field "symbol";
        }
        optional {}
    }

    /// Funding that was paid or got, for each position and hour. Of the last 24 hours, if not told
    /// otherwise.
    ListFundingPayments = list_funding_payments "listFundingPayments" {
        call: POST "/v1/perpetuals/fundingPayment",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["orders:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<FundingPayment>,
        also: [],
        required {}
        optional {
            /// From this time on.
            since: Timestamp => into query "since";
            /// Up to this time.
            to: Timestamp => into query "to";
        }
    }

    /// Funding that was paid or got, as a file for spreadsheets (xlsx).
    GetFundingPaymentReportFile = get_funding_payment_report_file "getFundingPaymentReportFile" {
        call: GET "/v1/perpetuals/fundingpaymentreport/records.xlsx",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["orders:read"],
        effect: Read,
        pace: PRIVATE,
        answer: file,
        also: [query_in_payload, check = both_dates_or_none],
        required {}
        optional {
            /// The first day, `yyyy-MM-dd`; only together with `to_date`.
            from_date: String => into query "fromDate", pattern(DATE);
            /// The last day, `yyyy-MM-dd`; only together with `from_date`.
            to_date: String => into query "toDate", pattern(DATE);
            /// At most so many rows. Default 8760.
            num_rows: u32 => query "numRows";
        }
    }

    /// Funding that was paid or got, as a list of single transfers.
    GetFundingPaymentReportJson = get_funding_payment_report_json "getFundingPaymentReportJson" {
        call: POST "/v1/perpetuals/fundingpaymentreport/records.json",
        auth: Account,
        roles: Undocumented,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<FundingTransfer>,
        also: [query_in_payload, check = both_dates_or_none],
        required {}
        optional {
            /// The first day, `yyyy-MM-dd`; only together with `to_date`.
            from_date: String => into query "fromDate", pattern(DATE);
            /// The last day, `yyyy-MM-dd`; only together with `from_date`.
            to_date: String => into query "toDate", pattern(DATE);
            /// At most so many rows. Default 8760.
            num_rows: u32 => query "numRows";
        }
    }

    /// The open positions.
    GetOpenPositions = get_open_positions "getOpenPositions" {
        call: POST "/v1/positions",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["orders:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json OpenPositions,
        also: [],
        required {}
        optional {}
    }

    /// The state of a margin account. For another account it is an error.
    GetMarginAccount = get_margin_account "getMarginAccount" {
        call: POST "/v1/margin/account",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: ["balances:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json MarginAccountSummary,
        also: [],
        required {
            /// For which symbol buying and selling power are told.
            symbol: Symbol => into field "symbol";
        }
        optional {}
    }

    /// What borrowing costs, by currency.
    GetMarginRates = get_margin_rates "getMarginRates" {
        call: POST "/v1/margin/rates",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: ["balances:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json MarginRates,
        also: [],
        required {}
        optional {}
    }

    /// What an order on margin would change. Nothing is placed.
    PreviewMarginOrder = preview_margin_order "previewMarginOrder" {
        call: POST "/v1/margin/order/preview",
        auth: Account,
        roles: AnyOf ["Trader", "Auditor"],
        scopes: ["orders:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json MarginPreview,
        also: [check = preview_rules],
        required {
            /// Which symbol.
            symbol: Symbol => into field "symbol";
            /// Whether it buys or sells.
            side: Side => field "side";
            /// Market or limit. `type` on the wire.
            order_type: MarginOrderType => field "type";
        }
        optional {
            /// How much, in the base currency: of a limit order, or to sell.
            amount: Decimal => into field "amount", positive();
            /// The limit price, in the quote currency.
            price: Decimal => into field "price", positive();
            /// What to spend, in the quote currency: to buy at the market.
            total_spend: Decimal => into field "totalSpend", positive();
        }
    }
}

fn both_dates_or_none(request: &Request) -> Result<(), InvalidField> {
    request::both_in_query(request, "fromDate", "toDate")
}

/// A limit order has amount and price, a market order what it sells or what it spends.
fn preview_rules(request: &Request) -> Result<(), InvalidField> {
    let is = |name, text: &str| {
        request
            .given(name)
            .and_then(|value| value.decode::<String>().ok())
            .is_some_and(|value| value == text)
    };
    let needs = |name: &'static str| match request.given(name) {
        Some(_) => Ok(()),
        None => Err(InvalidField::new(
            &At::ROOT.name(name),
            "must be set for this order",
            "nothing",
        )),
    };
    if is("type", "limit") {
        needs("amount")?;
        needs("price")
    } else if is("type", "market") && is("side", "buy") {
        needs("totalSpend")
    } else if is("type", "market") && is("side", "sell") {
        needs("amount")
    } else {
        // A word this version does not know: the venue judges it.
        Ok(())
    }
}

open_enum! {
    /// How an order on margin is executed.
    pub enum MarginOrderType {
        /// At any price.
        Market = "market",
        /// At its price or better.
        Limit = "limit",
    }
}

open_enum! {
    /// Which way funding went.
    pub enum FundingAction {
        /// It was got.
        Credit = "Credit",
        /// It was paid.
        Debit = "Debit",
    }
}

open_enum! {
    /// What a position is in.
    pub enum InstrumentType {
        /// Currencies.
        Spot = "spot",
        /// A perpetual contract.
        Perp = "perp",
    }
}

crate::parameter::plain!(MarginOrderType);

/// An amount with its currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Money {
    /// Which currency.
    pub currency: Currency,
    /// How much.
    #[serde(with = "exchange_wire::decimal")]
    pub value: Decimal,
}

/// The margin behind positions. Amounts are in the collateral currency, if not told otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DerivativeMargin {
    /// What stands behind the positions.
    #[serde(with = "exchange_wire::decimal")]
    pub margin_assets_value: Decimal,
    /// What positions and orders need.
    #[serde(with = "exchange_wire::decimal")]
    pub initial_margin: Decimal,
    /// What is left of it.
    #[serde(with = "exchange_wire::decimal")]
    pub available_margin: Decimal,
    /// Below this, positions are closed.
    #[serde(with = "exchange_wire::decimal")]
    pub margin_maintenance_limit: Decimal,
    /// How many times the margin the positions are.
    #[serde(with = "exchange_wire::decimal")]
    pub leverage: Decimal,
    /// The value of the positions.
    #[serde(with = "exchange_wire::decimal")]
    pub notional_value: Decimal,
    /// The price at which positions would be closed.
    #[serde(with = "exchange_wire::decimal")]
    pub estimated_liquidation_price: Decimal,
    /// What positions need.
    #[serde(with = "exchange_wire::decimal")]
    pub initial_margin_positions: Decimal,
    /// What orders need.
    #[serde(with = "exchange_wire::decimal")]
    pub reserved_margin: Decimal,
    /// What orders to buy need.
    #[serde(with = "exchange_wire::decimal")]
    pub reserved_margin_buys: Decimal,
    /// What orders to sell need.
    #[serde(with = "exchange_wire::decimal")]
    pub reserved_margin_sells: Decimal,
    /// How much can be bought, in units of the contract.
    #[serde(with = "exchange_wire::decimal")]
    pub buying_power: Decimal,
    /// How much can be sold, in units of the contract.
    #[serde(with = "exchange_wire::decimal")]
    pub selling_power: Decimal,
}

/// One funding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FundingPayment {
    /// `Hourly Funding Transfer`.
    #[serde(rename = "eventType")]
    pub event_type: String,
    /// What was paid or got.
    #[serde(rename = "hourlyFundingTransfer")]
    pub hourly_funding_transfer: FundingTransfer,
}

/// What was paid or got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FundingTransfer {
    /// `Hourly Funding Transfer`.
    #[serde(rename = "eventType")]
    pub event_type: String,
    /// When.
    pub timestamp: Timestamp,
    /// In which currency.
    #[serde(rename = "assetCode")]
    pub asset_code: Currency,
    /// Which way it went.
    pub action: FundingAction,
    /// How much.
    pub quantity: Money,
    /// For which contract; not before April 2024.
    #[serde(
        rename = "instrumentSymbol",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub instrument_symbol: Option<Symbol>,
}

/// The open positions.
///
/// The vendor's description has an object here and its sample a bare list; both are read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenPositions {
    /// A bare list.
    List(Vec<OpenPosition>),
    /// An object with the list in it.
    Object(OpenPositionsObject),
}

impl_by_shape! {
    OpenPositions {
        array => List(Vec<OpenPosition>),
        object => Object(OpenPositionsObject),
    }
}

impl OpenPositions {
    /// The positions.
    pub fn as_slice(&self) -> &[OpenPosition] {
        match self {
            Self::List(list) => list,
            Self::Object(object) => &object.open_positions,
        }
    }

    /// The positions.
    pub fn into_vec(self) -> Vec<OpenPosition> {
        match self {
            Self::List(list) => list,
            Self::Object(object) => object.open_positions,
        }
    }
}

/// The object form of [`OpenPositions`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenPositionsObject {
    /// The positions.
    #[serde(rename = "openPositions")]
    pub open_positions: Vec<OpenPosition>,
}

/// A position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenPosition {
    /// In what.
    pub symbol: Symbol,
    /// Spot or perpetual.
    pub instrument_type: InstrumentType,
    /// How much; negative if it is short.
    #[serde(with = "exchange_wire::decimal")]
    pub quantity: Decimal,
    /// Its value at the mark price; negative if it is short.
    #[serde(with = "exchange_wire::decimal")]
    pub notional_value: Decimal,
    /// What was won or lost.
    #[serde(with = "exchange_wire::decimal")]
    pub realised_pnl: Decimal,
    /// What would be won or lost.
    #[serde(with = "exchange_wire::decimal")]
    pub unrealised_pnl: Decimal,
    /// What was paid on average.
    #[serde(with = "exchange_wire::decimal")]
    pub average_cost: Decimal,
    /// The price it is valued at.
    #[serde(with = "exchange_wire::decimal")]
    pub mark_price: Decimal,
}

/// What would be lost, and when positions would be closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LiquidationRisk {
    /// How far prices may move, as a fraction: 0.155 is 15.5 %.
    #[serde(rename = "lossPercentage", with = "exchange_wire::decimal")]
    pub loss_percentage: Decimal,
    /// The price at which positions would be closed.
    #[serde(
        rename = "liquidationPrice",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub liquidation_price: Option<Money>,
}

/// The state of a margin account. Values are in US dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MarginRiskStats {
    /// What stands behind the positions.
    #[serde(rename = "marginAssetValue")]
    pub margin_asset_value: Money,
    /// What is left of it.
    #[serde(rename = "availableCollateral")]
    pub available_collateral: Money,
    /// The value of the positions.
    #[serde(rename = "notionalValue")]
    pub notional_value: Money,
    /// What is borrowed.
    #[serde(rename = "totalBorrowed")]
    pub total_borrowed: Money,
    /// How many times the margin the positions are.
    #[serde(with = "exchange_wire::decimal")]
    pub leverage: Decimal,
    /// What orders to buy need.
    #[serde(rename = "reservedBuyOrders")]
    pub reserved_buy_orders: Money,
    /// What orders to sell need.
    #[serde(rename = "reservedSellOrders")]
    pub reserved_sell_orders: Money,
    /// For how much can be bought.
    #[serde(rename = "buyingPower")]
    pub buying_power: Money,
    /// For how much can be sold.
    #[serde(rename = "sellingPower")]
    pub selling_power: Money,
    /// How close to the limit it is, if there are positions.
    #[serde(
        rename = "liquidationRisk",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub liquidation_risk: Option<LiquidationRisk>,
}

/// The state of a margin account. Values are in US dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MarginAccountSummary {
    /// What stands behind the positions.
    #[serde(rename = "marginAssetValue")]
    pub margin_asset_value: Money,
    /// What is left of it.
    #[serde(rename = "availableCollateral")]
    pub available_collateral: Money,
    /// The value of the positions.
    #[serde(rename = "notionalValue")]
    pub notional_value: Money,
    /// What is borrowed.
    #[serde(rename = "totalBorrowed")]
    pub total_borrowed: Money,
    /// How many times the margin the positions are.
    #[serde(with = "exchange_wire::decimal")]
    pub leverage: Decimal,
    /// What orders to buy need.
    #[serde(rename = "reservedBuyOrders")]
    pub reserved_buy_orders: Money,
    /// What orders to sell need.
    #[serde(rename = "reservedSellOrders")]
    pub reserved_sell_orders: Money,
    /// For how much can be bought.
    #[serde(rename = "buyingPower")]
    pub buying_power: Money,
    /// For how much can be sold.
    #[serde(rename = "sellingPower")]
    pub selling_power: Money,
    /// How close to the limit it is, if there are positions.
    #[serde(
        rename = "liquidationRisk",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub liquidation_risk: Option<LiquidationRisk>,
    /// What borrowing costs, if something is borrowed.
    #[serde(
        rename = "interestRate",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub interest_rate: Option<InterestRate>,
}

/// What borrowing costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InterestRate {
    /// As a fraction, for each interval.
    #[serde(with = "exchange_wire::decimal")]
    pub rate: Decimal,
    /// `hour`.
    pub interval: String,
}

/// What borrowing costs, by currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MarginRates {
    /// One a currency.
    pub rates: Vec<MarginRate>,
}

/// What borrowing a currency costs, as fractions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MarginRate {
    /// Which currency.
    pub currency: Currency,
    /// An hour.
    #[serde(rename = "borrowRate", with = "exchange_wire::decimal")]
    pub borrow_rate: Decimal,
    /// A day.
    #[serde(rename = "borrowRateDaily", with = "exchange_wire::decimal")]
    pub borrow_rate_daily: Decimal,
    /// A year.
    #[serde(rename = "borrowRateAnnual", with = "exchange_wire::decimal")]
    pub borrow_rate_annual: Decimal,
    /// When it was set.
    #[serde(rename = "lastUpdated")]
    pub last_updated: Timestamp,
}

/// A margin account without and with an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MarginPreview {
    /// Without it.
    pub preorder: MarginRiskStats,
    /// With it.
    pub postorder: MarginRiskStats,
}
