//! Market data: symbols, prices, books, trades, candles, funding, networks.

use exchange_transport::{Error, Operation};
use exchange_wire::{Decimal, IndexMap, impl_tuple, impl_with_rest, open_enum};
use serde::{Deserialize, Serialize};

use crate::paging::{Next, Page, Paged, TradesPosition};
use crate::types::{Currency, Side, Symbol, Timestamp};

endpoints! {
    "gemini", "Market Data", crate::Client;

    /// Every symbol that is traded, spot and perpetual together.
    ListSymbols = list_symbols "listSymbols" {
        call: GET "/v1/symbols",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Vec<Symbol>,
        also: [],
        required {}
        optional {}
    }

    /// Steps, minimum and state of a symbol. There is no call for all symbols at once.
    GetSymbolDetails = get_symbol_details "getSymbolDetails" {
        call: GET "/v1/symbols/details/{symbol}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json SymbolDetails,
        also: [],
        required {
            /// Which symbol.
            symbol: Symbol => into path "symbol";
        }
        optional {}
    }

    /// Best prices and the last day's volume. The vendor advises
    /// [`get_ticker_v2`](crate::Client::get_ticker_v2) in its place.
    GetTicker = get_ticker "getTicker" {
        call: GET "/v1/pubticker/{symbol}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Ticker,
        also: [],
        required {
            /// Which symbol.
            symbol: Symbol => into path "symbol";
        }
        optional {}
    }

    /// Best prices, and the last day's prices by the hour.
    GetTickerV2 = get_ticker_v2 "getTickerV2" {
        call: GET "/v2/ticker/{symbol}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json TickerV2,
        also: [],
        required {
            /// Which symbol.
            symbol: Symbol => into path "symbol";
        }
        optional {}
    }

    /// The price of every pair, and how it changed within a day.
    ListPrices = list_prices "listPrices" {
        call: GET "/v1/pricefeed",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Vec<PairPrice>,
        also: [],
        required {}
        optional {}
    }

    /// The book of a symbol, with the orders of a price added up.
    GetOrderBook = get_order_book "getCurrentOrderBook" {
        call: GET "/v1/book/{symbol}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json OrderBook,
        also: [],
        required {
            /// Which symbol.
            symbol: Symbol => into path "symbol";
        }
        optional {
            /// At most so many bids; 0 for all of them. Default 50.
            limit_bids: u32 => query "limit_bids";
            /// At most so many asks; 0 for all of them. Default 50.
            limit_asks: u32 => query "limit_asks";
        }
    }

    /// Public trades, newest first. They reach 7 days back.
    ListTrades = list_trades "listTrades" {
        call: GET "/v1/trades/{symbol}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Vec<Trade>,
        also: [],
        required {
            /// Which symbol.
            symbol: Symbol => into path "symbol";
        }
        optional {
            /// Only trades after this time, of the last 90 days.
            timestamp: Timestamp => into query "timestamp";
            /// Only trades after this one; counts more than `timestamp`. 0 begins at the earliest.
            since_tid: i64 => query "since_tid", range(0, i64::MAX);
            /// At most so many. Default 50.
            limit_trades: u32 => query "limit_trades", range(0, 500);
            /// Whether trades that were taken back are shown. Default no.
            include_breaks: bool => query "include_breaks";
        }
    }

    /// Candles of a symbol, newest first.
    ListCandles = list_candles "listCandles" {
        call: GET "/v2/candles/{symbol}/{time_frame}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Vec<Candle>,
        also: [],
        required {
            /// Which symbol.
            symbol: Symbol => into path "symbol";
            /// How long each candle is.
            time_frame: TimeFrame => path "time_frame";
        }
        optional {}
    }

    /// Candles of a perpetual contract, newest first. Only [`TimeFrame::OneMinute`] is known to be
    /// offered.
    ListDerivativeCandles = list_derivative_candles "listDerivativeCandles" {
        call: GET "/v2/derivatives/candles/{symbol}/{time_frame}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Vec<Candle>,
        also: [],
        required {
            /// Which contract.
            symbol: Symbol => into path "symbol";
            /// How long each candle is.
            time_frame: TimeFrame => path "time_frame";
        }
        optional {}
    }

    /// Symbols with a fee promotion.
    ///
    /// The vendor took this call out of its description in September 2026; it may be gone.
    ListFeePromos = list_fee_promos "listFeePromos" {
        call: GET "/v1/feepromos",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json FeePromos,
        also: [],
        required {}
        optional {}
    }

    /// The last and the next funding of a perpetual contract.
    GetFundingAmount = get_funding_amount "getFundingAmount" {
        call: GET "/v1/fundingamount/{symbol}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json FundingAmount,
        also: [],
        required {
            /// Which contract.
            symbol: Symbol => into path "symbol";
        }
        optional {}
    }

    /// When the next funding of a perpetual contract is.
    GetNextFundingTimestamp = get_next_funding_timestamp "getNextFundingTimestamp" {
        call: GET "/v1/nextfundingtimestamp/{symbol}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Timestamp,
        also: [],
        required {
            /// Which contract.
            symbol: Symbol => into path "symbol";
        }
        optional {}
    }

    /// The funding history of a perpetual contract as a file for spreadsheets (xlsx or csv).
    GetFundingAmountReportFile = get_funding_amount_report_file "getFundingAmountReportFile" {
        call: GET "/v1/fundingamountreport/records.xlsx",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: file,
        also: [check = both_dates_or_none],
        required {
            /// Which contract.
            symbol: Symbol => into query "symbol";
        }
        optional {
            /// The first day, `yyyy-MM-dd`; only together with `to_date`.
            from_date: String => into query "fromDate", pattern(DATE);
            /// The last day, `yyyy-MM-dd`; only together with `from_date`.
            to_date: String => into query "toDate", pattern(DATE);
            /// At most so many rows. Default 8760.
            num_rows: u32 => query "numRows";
        }
    }

    /// Which assets the account may deposit and withdraw on a network.
    GetAssetsForNetwork = get_assets_for_network "getAssetsForNetwork" {
        call: GET "/v2/networks/{network}/assets",
        auth: Key,
        roles: AnyOf ["Fund Manager", "Auditor"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json NetworkAssets,
        also: [],
        required {
            /// Which network.
            network: Network => path "network";
        }
        optional {}
    }

    /// Which networks carry a token.
    GetTokenNetwork = get_token_network_v2 "getTokenNetworkV2" {
        call: GET "/v2/network/{token}",
        auth: Key,
        roles: AnyOf ["Fund Manager", "Auditor"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json TokenNetworks,
        also: [],
        required {
            /// Which token, such as `USDC`.
            token: Currency => into path "token";
        }
        optional {}
    }

    /// The rate between two currencies at a time, as the venue used it.
    GetFxRate = get_fx_rate "getFXRate" {
        call: GET "/v2/fxrate/{symbol}/{timestamp}",
        auth: Key,
        roles: AnyOf ["Auditor"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json FxRate,
        also: [],
        required {
            /// Which pair with USD, such as `EURUSD`: of AUD, CAD, COP, EUR, CHF, HKD, NZD, GBP,
            /// BRL, INR, SGD, KRW, JPY and CNY.
            symbol: Symbol => into path "symbol";
            /// At which time.
            timestamp: Timestamp => into path "timestamp";
        }
        optional {}
    }

    /// Mark price, index price and open interest of a perpetual contract.
    GetRiskStats = get_risk_stats "getRiskStats" {
        call: GET "/v1/riskstats/{symbol}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json RiskStats,
        also: [],
        required {
            /// Which contract.
            symbol: Symbol => into path "symbol";
        }
        optional {}
    }
}

/// A day.
pub(crate) const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

fn both_dates_or_none(
    request: &crate::request::Request,
) -> Result<(), exchange_transport::InvalidField> {
    crate::request::both_in_query(request, "fromDate", "toDate")
}

open_enum! {
    /// How long a candle is.
    ///
    /// The vendor's description spells the last three `1h`, `6h` and `1d`; programs that are known
    /// to work spell them as here. This is the one place to change.
    pub enum TimeFrame {
        /// One minute.
        OneMinute = "1m",
        /// Five minutes.
        FiveMinutes = "5m",
        /// A quarter of an hour.
        FifteenMinutes = "15m",
        /// Half an hour.
        ThirtyMinutes = "30m",
        /// One hour.
        OneHour = "1hr",
        /// Six hours.
        SixHours = "6hr",
        /// One day.
        OneDay = "1day",
    }
}

open_enum! {
    /// A network that carries tokens, in lower case.
    pub enum Network {
        /// Bitcoin.
        Bitcoin = "bitcoin",
        /// Ethereum.
        Ethereum = "ethereum",
        /// Bitcoin Cash.
        BitcoinCash = "bitcoincash",
        /// Litecoin.
        Litecoin = "litecoin",
        /// Zcash.
        Zcash = "zcash",
        /// Filecoin.
        Filecoin = "filecoin",
        /// Dogecoin.
        Dogecoin = "dogecoin",
        /// Tezos.
        Tezos = "tezos",
        /// Solana.
        Solana = "solana",
        /// Polkadot.
        Polkadot = "polkadot",
        /// Avalanche.
        Avalanche = "avalanche",
        /// Cosmos.
        Cosmos = "cosmos",
        /// XRP Ledger.
        Xrpl = "xrpl",
        /// Optimism.
        Optimism = "optimism",
        /// Arbitrum.
        Arbitrum = "arbitrum",
        /// Base.
        Base = "base",
        /// Monad.
        Monad = "monad",
        /// Linea.
        Linea = "linea",
    }
}

open_enum! {
    /// What may be done with a symbol.
    pub enum SymbolStatus {
        /// Everything.
        Open = "open",
        /// Nothing.
        Closed = "closed",
        /// Orders may be cancelled.
        CancelOnly = "cancel_only",
        /// Orders that rest in the book may be placed, and cancelled.
        PostOnly = "post_only",
        /// Limit orders may be placed, and cancelled.
        LimitOnly = "limit_only",
    }
}

open_enum! {
    /// What is traded.
    pub enum ProductType {
        /// Currencies.
        Spot = "spot",
        /// A perpetual contract.
        Swap = "swap",
    }
}

open_enum! {
    /// How a contract pays.
    pub enum ContractType {
        /// No contract: spot.
        Vanilla = "vanilla",
        /// In the collateral currency, in proportion to the price.
        Linear = "linear",
        /// In the base currency, in inverse proportion to the price.
        Inverse = "inverse",
    }
}

crate::parameter::plain!(TimeFrame, Network);

/// What the venue asks of orders for a symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SymbolDetails {
    /// The symbol.
    pub symbol: Symbol,
    /// What is bought and sold.
    pub base_currency: Currency,
    /// What is paid with.
    pub quote_currency: Currency,
    /// The step of the **amount**, in the base currency. The name misleads.
    #[serde(with = "exchange_wire::decimal::number")]
    pub tick_size: Decimal,
    /// The step of the **price**, in the quote currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub quote_increment: Decimal,
    /// The smallest amount of an order, in the base currency.
    #[serde(with = "exchange_wire::decimal")]
    pub min_order_size: Decimal,
    /// What may be done now.
    pub status: SymbolStatus,
    /// Whether [`wrap_order`](crate::Client::wrap_order) works for it.
    pub wrap_enabled: bool,
    /// Spot or perpetual.
    pub product_type: ProductType,
    /// How a contract pays.
    pub contract_type: ContractType,
    /// The quote currency, or for a perpetual contract that of the collateral.
    pub contract_price_currency: Currency,
}

impl SymbolDetails {
    /// How many decimal places amounts of the base currency have: the precision to which
    /// [`Amount::floor_to`](crate::Amount::floor_to) should cut a balance of it.
    pub fn amount_places(&self) -> u32 {
        self.tick_size.normalize().scale()
    }

    /// How many decimal places prices have, in the quote currency.
    ///
    /// This is the precision of the currency itself only for money such as USD; balances of a
    /// cryptocurrency have more.
    pub fn price_places(&self) -> u32 {
        self.quote_increment.normalize().scale()
    }
}

/// Best prices and volume of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ticker {
    /// Best bid, in the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub bid: Decimal,
    /// Best ask, in the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub ask: Decimal,
    /// Price of the last trade, in the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub last: Decimal,
    /// What was traded within 24 hours.
    pub volume: TickerVolume,
}

/// What was traded within 24 hours, by currency.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TickerVolume {
    /// When the 24 hours ended.
    pub timestamp: Option<Timestamp>,
    /// The volume by currency code in upper case: base and quote currency.
    pub by_currency: IndexMap<String, Decimal>,
}

impl_with_rest! {
    TickerVolume { timestamp => "timestamp", ..by_currency: decimal }
}

/// Best prices, and prices of a day. All in the quote currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TickerV2 {
    /// The symbol.
    pub symbol: Symbol,
    /// Price 24 hours ago.
    #[serde(with = "exchange_wire::decimal")]
    pub open: Decimal,
    /// Highest price within 24 hours.
    #[serde(with = "exchange_wire::decimal")]
    pub high: Decimal,
    /// Lowest price within 24 hours.
    #[serde(with = "exchange_wire::decimal")]
    pub low: Decimal,
    /// Price of the last trade.
    #[serde(with = "exchange_wire::decimal")]
    pub close: Decimal,
    /// Prices by the hour, newest first, 24 at most.
    #[serde(with = "exchange_wire::decimal")]
    pub changes: Vec<Decimal>,
    /// Best bid.
    #[serde(with = "exchange_wire::decimal")]
    pub bid: Decimal,
    /// Best ask.
    #[serde(with = "exchange_wire::decimal")]
    pub ask: Decimal,
}

/// The price of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PairPrice {
    /// Which pair.
    pub pair: Symbol,
    /// The price, in the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// How it changed within 24 hours, in percent.
    #[serde(rename = "percentChange24h", with = "exchange_wire::decimal")]
    pub percent_change_24h: Decimal,
}

/// The book of a symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrderBook {
    /// The best, highest one first.
    pub bids: Vec<BookEntry>,
    /// The best, lowest one first.
    pub asks: Vec<BookEntry>,
}

/// All orders at one price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BookEntry {
    /// In the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// In the base currency.
    #[serde(with = "exchange_wire::decimal")]
    pub amount: Decimal,
    /// Means nothing, says the vendor: do not use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

/// A public trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trade {
    /// When, in seconds.
    pub timestamp: Timestamp,
    /// When, in milliseconds.
    pub timestampms: Timestamp,
    /// Its number.
    #[serde(with = "exchange_wire::integer")]
    pub tid: i64,
    /// In the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// In the base currency.
    #[serde(with = "exchange_wire::decimal")]
    pub amount: Decimal,
    /// `gemini`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// `buy` if an ask was taken, `sell` if a bid was.
    #[serde(rename = "type")]
    pub side: Side,
    /// Whether the trade was taken back; only with `include_breaks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<bool>,
}

/// Prices and volume of a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candle {
    /// When it begins.
    pub time: Timestamp,
    /// First price, in the quote currency.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// What was traded, in the base currency.
    pub volume: Decimal,
}

impl_tuple! {
    Candle {
        time,
        open: decimal_number,
        high: decimal_number,
        low: decimal_number,
        close: decimal_number,
        volume: decimal_number,
    }
}

/// Symbols with a fee promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FeePromos {
    /// Which ones.
    pub symbols: Vec<Symbol>,
}

/// Funding of a perpetual contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FundingAmount {
    /// Which contract.
    pub symbol: Symbol,
    /// When the last funding was.
    #[serde(rename = "fundingDateTime")]
    pub funding_date_time: Timestamp,
    /// The same in milliseconds.
    #[serde(rename = "fundingTimestampMilliSecs")]
    pub funding_timestamp: Timestamp,
    /// When the next one is.
    #[serde(rename = "nextFundingTimestamp")]
    pub next_funding_timestamp: Timestamp,
    /// What a long position of one contract got for the last hour, in USD; negative if it paid.
    #[serde(
        rename = "fundingAmount",
        alias = "amount",
        with = "exchange_wire::decimal::number"
    )]
    pub funding_amount: Decimal,
    /// The same for the next hour, as far as can be told.
    #[serde(
        rename = "estimatedFundingAmount",
        with = "exchange_wire::decimal::number"
    )]
    pub estimated_funding_amount: Decimal,
}

/// What the venue knows of the risk of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RiskStats {
    /// `PerpetualSwapContract`.
    pub product_type: String,
    /// The price positions are valued at.
    #[serde(with = "exchange_wire::decimal")]
    pub mark_price: Decimal,
    /// The price of the underlying on other markets.
    #[serde(with = "exchange_wire::decimal")]
    pub index_price: Decimal,
    /// Open contracts.
    #[serde(with = "exchange_wire::decimal")]
    pub open_interest: Decimal,
    /// The same at the mark price.
    #[serde(with = "exchange_wire::decimal")]
    pub open_interest_notional: Decimal,
}

/// The assets of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NetworkAssets {
    /// Which network.
    pub network: Network,
    /// What it carries, in alphabetical order.
    pub assets: Vec<Currency>,
}

/// The networks of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenNetworks {
    /// Which token.
    pub token: Currency,
    /// What carries it.
    #[serde(rename = "network")]
    pub networks: Vec<Network>,
}

/// A rate between two currencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FxRate {
    /// Which pair.
    #[serde(rename = "fxPair")]
    pub fx_pair: Symbol,
    /// Units of the second currency for one of the first.
    #[serde(with = "exchange_wire::decimal")]
    pub rate: Decimal,
    /// Of which time the rate is.
    #[serde(rename = "asOf")]
    pub as_of: Timestamp,
    /// Where it is from.
    pub provider: String,
    /// Which of the provider's rates it is, such as `Spot`.
    pub benchmark: String,
}

impl Paged for ListTrades<Symbol> {
    type Item = Trade;
    type Position = TradesPosition;
    const OPERATION: &'static Operation = &<ListTrades>::ENDPOINT.operation;

    async fn page(self, position: TradesPosition) -> Result<Page<Self>, Error> {
        let set = |name| self.request.given_query(name).is_some();
        let has_start = set("since_tid") || set("timestamp");
        let has_limit = set("limit_trades");
        let call = match position.0 {
            Some(tid) => self.since_tid(tid),
            None if has_start => self,
            None => self.since_tid(0),
        };
        let call = if has_limit {
            call
        } else {
            call.limit_trades(500)
        };
        let mut items = call.send().await?;
        items.retain(|trade| position.0.is_none_or(|tid| trade.tid > tid));
        items.sort_by_key(|trade| trade.tid);
        let next = match items.last() {
            Some(last) => Next::Page(TradesPosition(Some(last.tid))),
            None => Next::Later(position),
        };
        Ok(Page { items, next })
    }
}

exchange_transport::paged! {
    /// All public trades the venue still tells, oldest first.
    ListTrades<Symbol>, TradesPosition::default()
}
