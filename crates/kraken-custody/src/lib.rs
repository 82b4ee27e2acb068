//! Kraken Custody REST: vaults, balances, transactions, transfers, tasks and activities.
//!
//! Two APIs of the venue serve custody, and this crate has both:
//!
//! | | Client | Operations | Paths | Signature |
//! |---|---|---|---|---|
//! | Custody REST | [`Client`] | 13 | `/0/private/…` | as Kraken Spot |
//! | Custody External API, the newer one | [`external::Client`] | 24 | `/v0/insto/custody/…` | **unverified**, see [`external`] |
//!
//! ```no_run
//! use kraken_custody::Client;
//!
//! # async fn run() -> Result<(), kraken_custody::Error> {
//! // From KRAKEN_API_KEY and KRAKEN_API_SECRET.
//! let client = Client::builder().credentials_from_env().build()?;
//! for vault in client.list_custody_vaults().send().await?.result {
//!     println!("{:?} ({})", vault.name, vault.id);
//!     for (asset, held) in client.get_custody_balance().vault_id(vault.id).send().await? {
//!         println!("  {asset}: {:?}", held.balance);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Every call of [`Client`] is private. The vendor says nothing on the permissions most of them
//! need; the documentation of each call says what is known.
//!
//! # What to trust
//!
//! The descriptions of both APIs follow the vendor's pages; no answer of a live account was seen.
//! Decoding is lenient for that reason: fields are optional wherever a missing one can be borne,
//! and unknown members never fail. Try each call that moves money with a small amount first.
//!
//! # Calls, money, time
//!
//! Each operation is a method that gives a builder: set the parameters, then `send().await`. A
//! required parameter that is missing does not compile; ids and limits with a documented form are
//! checked before sending.
//!
//! ```compile_fail,E0277
//! # async fn run(client: kraken_custody::Client) -> Result<(), kraken_custody::Error> {
//! // Of which vault?
//! client.get_custody_balance().send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Amounts and rates are [`Decimal`], exact to the last digit; one that does not fit is an error
//! that names the field. Times are [`Timestamp`], which keeps the text as it was sent. Names are
//! the vendor's, except where they are no names in Rust. Text with a list of known values is an
//! open enum, whose `Other` keeps what this version does not know.
//!
//! # Long lists
//!
//! A call whose list comes in pages has `stream` beside `send`, which asks for the pages as they
//! are needed. It stops at an error and can go on later; see [`paging`].
//!
//! ```no_run
//! # async fn run(client: kraken_custody::Client) -> Result<(), kraken_custody::Error> {
//! let mut vaults = client.list_custody_vaults().stream();
//! while let Some(vault) = vaults.next().await {
//!     println!("{}", vault?.id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Errors
//!
//! There is one type, [`Error`]: [`kind`](Error::kind) says what sort of trouble it is,
//! [`outcome`](Error::outcome) whether the call may have been executed all the same, and
//! [`is_retryable`](Error::is_retryable) whether sending it again is safe and has a chance,
//! beyond what the client does by itself: reads are sent again after trouble that passes, other
//! calls only if they certainly were not executed. [`ClientBuilder::retry`] sets how often, and
//! [`ClientBuilder::deadline`] the limit for all of it. What happens in each case is in the table
//! of `exchange_transport::retry`.
//!
//! ```
//! use std::time::Duration;
//! use kraken_custody::{Client, RetryPolicy, Tier};
//!
//! # fn main() -> Result<(), kraken_custody::Error> {
//! let client = Client::builder()
//!     // Reads wait for room under the limits of this tier.
//!     .tier(Tier::Starter)
//!     .deadline(Duration::from_secs(20))
//!     .retry(RetryPolicy { attempts: 2, ..RetryPolicy::default() })
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Keys and nonces
//!
//! [`Credentials`] come from values, the environment, or a file that only its owner can read, and
//! are refused for an address that is neither `https` nor loopback. Use one key for one process,
//! with the default [`ClockNonce`], or the same [`FileNonce`] in all processes of a host that
//! share a key. Private calls of one key stand in line, so that none overtakes another; for more
//! at the same time, set a nonce window on the key and use [`ClientBuilder::in_flight`].
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
pub use kraken_core::pace::{ExternalLimits, Limits, Tier};
pub use kraken_core::{ClientBuilder, Core, Reply, Scheme};
pub use rust_decimal::{self, Decimal};

pub mod external;
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
    /// A client of Kraken Custody REST, with one method for each operation.
    pub struct Client;

    /// Starts a client for [`BASE_URL`]; add credentials, as every call is private.
    ///
    /// ```
    /// use kraken_custody::{Client, Credentials};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let credentials = Credentials::new("public-api-key", "bm90IGEgcmVhbCBzZWNyZXQ=")?;
    /// let client = Client::builder().credentials(credentials).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() = (Scheme::Body, BASE_URL);
}
