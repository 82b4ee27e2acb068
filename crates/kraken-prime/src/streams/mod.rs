//! The eleven streams, one file each: what can be asked for, and what a record holds.
//!
//! A method of [`Client`] begins a request, such as [`Client::balances`]. Set what is to be set,
//! and then
//!
//! * [`subscribe`](crate::Request::subscribe) gives a [`Subscription`](crate::Subscription), a stream of
//!   messages as they come;
//! * [`view`](crate::Request::view) gives a [`View`](crate::View), which applies them and holds the
//!   present state.
//!
//! | Stream | Method | Record |
//! |---|---|---|
//! | Balance | [`Client::balances`] | [`Balance`] |
//! | Currency | [`Client::currencies`] | [`Currency`] |
//! | `CurrencyConversion` | [`Client::conversions`] | [`CurrencyConversion`] |
//! | `ExecutionReport` | [`Client::execution_reports`] | [`ExecutionReport`] |
//! | Exposure | [`Client::exposures`] | [`Exposure`] |
//! | `MarketDataSnapshot` | [`Client::market_data`] | [`MarketData`] |
//! | Order | [`Client::orders`] | [`ExecutionReport`] |
//! | Quote | [`Client::quotes`] | [`Quote`] |
//! | Security | [`Client::securities`] | [`Security`] |
//! | Trade | [`Client::trades`] | [`Trade`] |
//! | User | [`Client::users`] | [`User`] |
//!
//! Fields of records are optional unless a record can't be told from others or makes no sense
//! without them: the vendor's description promises few of them, and a field wrongly taken for
//! certain would make a message unreadable.

#[cfg(doc)]
use crate::Client;

mod balance;
mod currency;
mod currency_conversion;
mod execution_report;
mod exposure;
mod market_data;
mod order;
mod quote;
mod security;
mod trade;
mod user;

pub use balance::{Balance, BalanceBook, Balances, Equivalent};
pub use currency::{Currencies, Currency, CurrencyBook};
pub use currency_conversion::{ConversionBook, Conversions, CurrencyConversion};
pub use execution_report::{ExecutionReport, ExecutionReports};
pub use exposure::{Exposure, ExposureBook, Exposures};
pub use market_data::{Level, MarketBook, MarketData, MarketDataSnapshots};
pub use order::{OrderBook, Orders};
pub use quote::{Quote, QuoteBook, Quotes};
pub use security::{Securities, Security, SecurityBook, SizeBucket};
pub use trade::{Trade, Trades};
pub use user::{User, UserBook, UserConfig, Users};
