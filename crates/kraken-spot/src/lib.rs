//! Kraken Spot REST: all 61 operations, typed and signed.
//!
//! ```no_run
//! use kraken_spot::{Client, Decimal};
//!
//! # async fn run() -> Result<(), kraken_spot::Error> {
//! // Public calls need no account.
//! let client = Client::builder().build()?;
//! let books = client.get_order_book().pair("XBTUSD").count(1).send().await?;
//! for (pair, book) in &books {
//!     let best: Option<Decimal> = book.asks.first().map(|level| level.price);
//!     println!("{pair}: best ask {best:?}");
//! }
//!
//! // Private calls do: here from KRAKEN_API_KEY and KRAKEN_API_SECRET.
//! let client = Client::builder().credentials_from_env().build()?;
//! for (asset, amount) in client.get_account_balance().send().await? {
//!     println!("{asset}: {amount}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Calls
//!
//! Each operation is a method of [`Client`]. It gives a builder from [`operations`]: set the
//! parameters, then `send().await`. A required parameter that is missing does not compile. A value
//! that breaks a limit the vendor documents is an error before anything is sent. The answer is a
//! type from [`types`]; envelope, nonce and signature are out of sight.
//!
//! ```compile_fail,E0277
//! # async fn run(client: kraken_spot::Client) -> Result<(), kraken_spot::Error> {
//! // Which pair?
//! client.get_order_book().send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A call runs on tokio. A dropped future is a call that may or may not have reached the venue.
//!
//! # Names
//!
//! Fields and parameters keep the vendor's spelling (`ordertype`, `vol_exec`, `oflags`), so that
//! its pages can be searched for them. Where that spelling is a Rust keyword or a single letter
//! there is a word instead, and the documentation of the field shows the name on the wire. Assets
//! and pairs are named as the venue names them: `XBT`, `ZUSD`, `XXBTZUSD`. An answer may use
//! another name for a pair than the request did; iterate over such a map or ask it for the
//! venue's own name.
//!
//! # Money and time
//!
//! Amounts, prices, fees and rates are [`Decimal`]: exact to the last digit, never a binary float
//! on the way. A number that does not fit (about 28 digits) is an error that names the field.
//! Volumes are in the base asset and prices in the quote asset unless a field says otherwise.
//!
//! Prices of orders are [`OrderPrice`], since they may be relative to the market. Times are
//! [`Timestamp`]: the text that was sent, with all its digits, and what it means. Where the venue
//! takes a time or an id, the parameter is [`TimeOrId`].
//!
//! # What the venue adds later
//!
//! Text with a list of known values is an open enum: a value this version does not know is kept
//! in `Other`, compares and is written back as it came. Unknown members never fail. Nearly every
//! field of an answer is optional, as the description promises few of them; `null` and "not
//! there" are the same.
//!
//! # Errors
//!
//! There is one type, [`Error`]. [`Error::kind`] says what sort of trouble it is,
//! [`Error::outcome`] whether the call may have been executed all the same, and
//! [`Error::is_retryable`] whether sending it again is safe and has a chance, beyond
//! what the client does by itself.
//!
//! ```no_run
//! use kraken_spot::{Client, Decimal, Kind, Outcome};
//! use kraken_spot::types::{OrderSide, OrderType};
//!
//! # async fn run(client: Client) -> Result<(), kraken_spot::Error> {
//! let order = client
//!     .add_order()
//!     .pair("XBTUSD")
//!     .side(OrderSide::Buy)
//!     .ordertype(OrderType::Limit)
//!     .volume(Decimal::new(1, 3)) // 0.001
//!     .price(Decimal::from(20_000))
//!     .cl_ord_id("bot7000042");
//! match order.send().await {
//!     Ok(placed) => println!("placed {:?}", placed.txid),
//!     Err(error) if error.outcome() == Outcome::Unknown => {
//!         // It may be in the book: look for its cl_ord_id before doing anything else.
//!         let open = client.get_open_orders().cl_ord_id("bot7000042").send().await?;
//!         println!("{error}; found {}", open.open.len());
//!     }
//!     Err(error) if error.kind() == Kind::Funds => println!("too little money: {error}"),
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Long lists
//!
//! A call whose list comes in pages has `stream` beside `send`, which asks for the pages as they
//! are needed. It stops at an error and can go on later; see [`paging`].
//!
//! ```no_run
//! # async fn run(client: kraken_spot::Client) -> Result<(), kraken_spot::Error> {
//! let mut trades = client.get_trade_history().start(1_700_000_000).stream();
//! while let Some(trade) = trades.next().await {
//!     let (id, trade) = trade?;
//!     println!("{id}: {:?} for {:?}", trade.vol, trade.cost);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Repeats and limits
//!
//! A call that only reads is sent again by itself, up to 4 times in all, after trouble that
//! passes: a fault on the way, a time limit, a 5xx, throttling. A call that changes something is
//! sent again only if it certainly was not executed: no connection came about, or the venue
//! refused the nonce. [`ClientBuilder::retry`] sets this, [`ClientBuilder::deadline`] (or
//! `within`, for some calls) ends it. What happens then in each case is in the table of
//! `exchange_transport::retry`.
//!
//! The client counts its calls as the venue does, and reads wait for room in place of being
//! refused: no longer than 10 s, then they fail and say until when. It keeps to the limits of the
//! lowest tier until [`ClientBuilder::tier`] says which is yours; [`ClientBuilder::pace_modes`]
//! turns waiting or counting off, [`Client::pace`] tells how full each counter is.
//!
//! ```
//! use std::time::Duration;
//! use kraken_spot::{Client, RetryPolicy, Tier};
//!
//! # fn main() -> Result<(), kraken_spot::Error> {
//! let client = Client::builder()
//!     .tier(Tier::Intermediate)
//!     .deadline(Duration::from_secs(20))
//!     .retry(RetryPolicy { attempts: 2, ..RetryPolicy::default() })
//!     .build()?;
//! for counter in client.pace() {
//!     println!("{}: {} of {} millionths", counter.counter, counter.used, counter.limit);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Keys, permissions and nonces
//!
//! [`Credentials`] come from values, the environment, or a file that only its owner can read. The
//! documentation of each call names the permission its key needs, and so does the error when it
//! is missing: give a key no more than that. Credentials are refused for an address that is
//! neither `https` nor loopback.
//!
//! The nonces of a key must rise in the order in which the calls arrive. Private calls of one key
//! therefore stand in line, for all clients of a process with that key: the next one leaves when
//! the answer of the one before begins to arrive. For more at the same time, set a nonce window on
//! the key and say how many with [`ClientBuilder::in_flight`]. Use one key for one process, with
//! the default [`ClockNonce`]; where several processes on a host have to share a key, or a clock
//! may be set back, give each client the same [`FileNonce`]: their calls then stand in one line.
//!
//! # For tools
//!
//! [`table`] has one row for each operation: method, path, permission, effect, rate-limit cost.
//! With the feature `dispatch` there is a module of that name that makes calls, and reads
//! requests and answers, by operation id.

pub use exchange_auth as auth;
pub use exchange_auth::{
    ClockNonce, Credentials, CredentialsError, FileNonce, NonceError, NonceSource, Secret,
};
pub use exchange_transport::{
    Access, AttemptReport, CounterState, Effect, Error, InvalidField, Kind, Observer, Operation,
    Outcome, Pace, PaceMode, Permission, RetryPolicy, Severity, VendorMessage, http_client_builder,
    reqwest,
};
pub use exchange_wire::{DecodeError, RawJson, Rfc3339, Timestamp, UnixSeconds};
pub use indexmap::IndexMap;
pub use kraken_core::pace::{Limits, Tier};
pub use kraken_core::{
    AssetClass, AssetList, ClassifiedAsset, ClientBuilder, Core, Cursor, DepositLimit, OrderPrice,
    OrderRef, OrderTime, PriceSign, Reply, Scheme, SecretText, TimeOrId,
};
pub use rust_decimal::{self, Decimal};

#[rustfmt::skip]
#[allow(
    clippy::default_trait_access,
    clippy::doc_markdown,
    clippy::too_many_lines,
    clippy::unnecessary_wraps,
    reason = "written by a generator: every part has the same form, whether it needs it or not"
)]
mod generated;
pub mod paging;
#[cfg(feature = "dispatch")]
pub use generated::dispatch;
pub use generated::{BASE_URL, operations, table, types};

kraken_core::client! {
    /// A client of Kraken Spot, with one method for each operation.
    pub struct Client;

    /// Starts a client for [`BASE_URL`] without credentials, which is enough for public calls.
    ///
    /// ```
    /// use std::time::Duration;
    /// use kraken_spot::{Client, Credentials};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let credentials = Credentials::new("public-api-key", "bm90IGEgcmVhbCBzZWNyZXQ=")?;
    /// let client = Client::builder()
    ///     .credentials(credentials)
    ///     .timeout(Duration::from_secs(10))
    ///     .user_agent("my-bot/1.0")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() = (Scheme::Body, BASE_URL);
}
