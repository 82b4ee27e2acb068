//! Gemini REST, typed and signed.
//!
//! What the account has, in ten lines:
//!
//! ```no_run
//! # async fn run() -> Result<(), gemini_exchange::Error> {
//! use gemini_exchange::Client;
//!
//! // From GEMINI_API_KEY and GEMINI_API_SECRET.
//! let gemini = Client::builder().credentials_from_env().build()?;
//! for balance in gemini.get_available_balances().send().await? {
//!     println!("{}: {} of {} free", balance.currency, balance.available, balance.amount);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Calls
//!
//! Each operation is a method of [`Client`]. It gives a builder: set the parameters, then
//! `send().await`. A required parameter that is missing does not compile. A value that breaks a
//! limit the vendor documents is an error before anything is sent. Payload, nonce and signature are
//! out of sight.
//!
//! ```no_run
//! use gemini_exchange::order::{OrderOption, OrderType};
//! use gemini_exchange::{Client, Decimal, Outcome, Side};
//!
//! # async fn run(gemini: Client) -> Result<(), gemini_exchange::Error> {
//! let order = gemini
//!     .new_order()
//!     .symbol("btcusd")
//!     .side(Side::Buy)
//!     .order_type(OrderType::Limit)
//!     .amount(Decimal::new(1, 3)) // 0.001
//!     .price(Decimal::from(20_000))
//!     .options([OrderOption::MakerOrCancel])
//!     .client_order_id("bot7-000042");
//! match order.send().await {
//!     Ok(order) if order.is_cancelled => println!("cancelled: {:?}", order.reason),
//!     Ok(order) => println!("placed {}", order.order_id),
//!     Err(error) if error.outcome() == Outcome::Unknown => {
//!         // It may be in the book: look for its client_order_id before doing anything else.
//!         let found = gemini.get_order_status().client_order_id("bot7-000042").send().await;
//!         println!("{error}; {found:?}");
//!     }
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! ```compile_fail,E0277
//! # async fn run(gemini: gemini_exchange::Client) -> Result<(), gemini_exchange::Error> {
//! // Which symbol?
//! gemini.get_order_book().send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A call runs on tokio. A dropped future is a call that may or may not have reached the venue.
//!
//! # Keys
//!
//! A key has roles, and the documentation of each call names the one it needs. It was made with one
//! of two kinds of nonces: say which with [`ClientBuilder::nonce_kind`]. A master key acts for a
//! group of accounts: say for which with [`ClientBuilder::account`], [`Client::for_account`], or
//! `account` on a call. The sandbox, [`Client::sandbox`], has keys of its own. In place of a key
//! there may be OAuth tokens, see [`oauth`]. A key that requires a heartbeat gets it from
//! [`Heartbeat`].
//!
//! Private calls of one key stand in line, for all clients of a process with that key, so that
//! nonces arrive in order.
//!
//! # Money and time
//!
//! Amounts and prices are [`Decimal`], exact to the last digit and never a binary float on the way,
//! whether they come as JSON text or as a JSON number. Balances are [`Amount`], which may hold more
//! digits than mean anything. Times are [`Timestamp`]: the text that was sent, and what it means.
//! Symbols and currencies compare without regard to case.
//!
//! # Long lists
//!
//! A call whose list comes in pages has `stream` beside `send`; see [`paging`].
//!
//! # Errors, repeats and limits
//!
//! There is one type, [`Error`]: [`Error::kind`] says what sort of trouble it is,
//! [`Error::outcome`] whether the call may have been executed all the same, [`Error::is_retryable`]
//! whether sending it again is safe and has a chance. What each of the venue's words means is in
//! [`catalogue`]. Calls that only read are sent again by themselves after trouble that passes, and
//! wait for room under the rate limits of [`pace`]; calls that change something do neither.
//!
//! # For tools
//!
//! [`operations`] has one row for each operation. With the feature `dispatch` there is a module of
//! that name that makes calls by operation id.

pub use exchange_auth as auth;
pub use exchange_auth::{
    Credentials, CredentialsError, FileNonce, NonceError, NonceSource, Secret,
};
pub use exchange_transport::{
    Access, AttemptReport, CounterState, Effect, Error, InvalidField, Kind, Observer, Operation,
    Outcome, Pace, PaceMode, Permission, RetryPolicy, Severity, VendorMessage, http_client_builder,
    reqwest,
};
pub use exchange_wire::{DecodeError, RawJson};
pub use indexmap::IndexMap;
pub use rust_decimal::{self, Decimal};

#[macro_use]
pub mod endpoint;

pub mod account;
mod answer;
pub mod catalogue;
mod check;
pub mod clearing;
pub mod client;
pub mod derivative;
#[cfg(feature = "dispatch")]
pub mod dispatch;
pub mod fund;
pub mod heartbeat;
pub mod instant;
pub mod market;
pub mod nonce;
pub mod oauth;
pub mod order;
pub mod pace;
pub mod paging;
mod parameter;
#[cfg(feature = "prediction-markets")]
pub mod prediction;
mod protocol;
mod request;
pub mod staking;
mod table;
pub mod types;

pub use client::{BASE_URL, Client, ClientBuilder, SANDBOX_URL};
pub use endpoint::{Auth, Endpoint, ParameterInfo, Place};
pub use heartbeat::Heartbeat;
pub use nonce::NonceKind;
pub use pace::{Limits, Rate};
#[cfg(feature = "prediction-markets")]
pub use prediction::Predictions;
pub use protocol::QueryInPayload;
pub use table::operations;
pub use types::{Amount, Currency, IsoTime, Side, Symbol, Timestamp};
