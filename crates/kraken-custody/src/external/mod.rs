//! Kraken Custody External API (`/v0/insto/custody/…`), the newer of the two custody APIs.
//!
//! **Its signature is unverified.** The vendor's pages do not say how a call is signed. The rule
//! used here is inferred from sibling APIs with the same headers, and no call has been made with
//! it; see [`auth::kraken_custody_external`](crate::auth::kraken_custody_external). If the venue
//! refuses it, the error is of [`Kind::Signature`](crate::Kind::Signature) or
//! [`Kind::Credentials`](crate::Kind::Credentials), and nothing was executed.
//!
//! ```no_run
//! use kraken_custody::external::Client;
//!
//! # async fn run() -> Result<(), kraken_custody::Error> {
//! let client = Client::builder().credentials_from_env().build()?;
//! for task in client.list_tasks().limit(20).send().await?.result {
//!     println!("{:?}: {:?}", task.id, task.state);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! It is a REST API without an envelope: an answer is the value itself, and errors come with an
//! HTTP status. Nonce and one-time password travel in headers. Errors, credentials, money and
//! times are as told for the [crate].
//!
//! Money is moved in two steps: [`create_task`](Client::create_task) proposes instructions and
//! [`review_task`](Client::review_task) votes on them. Both change the account, and neither is
//! ever sent twice by itself.

use kraken_core::Scheme;

#[rustfmt::skip]
#[allow(
    clippy::default_trait_access,
    clippy::doc_markdown,
    clippy::too_many_lines,
    clippy::unnecessary_wraps,
    reason = "written by a generator: every part has the same form, whether it needs it or not"
)]
mod generated;
mod paging;
#[cfg(feature = "dispatch")]
pub use generated::dispatch;
pub use generated::{BASE_URL, operations, table, types};

kraken_core::client! {
    /// A client of the Custody External API, with one method for each operation.
    pub struct Client;

    /// Starts a client for [`BASE_URL`] without credentials.
    ///
    /// ```
    /// use kraken_custody::{Credentials, external};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let credentials = Credentials::new("public-api-key", "bm90IGEgcmVhbCBzZWNyZXQ=")?;
    /// let client = external::Client::builder().credentials(credentials).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() = (Scheme::Headers, BASE_URL);
}
