//! What a signed call to an exchange needs before it is sent: a secret that
//! does not leak, a nonce that only rises, and the signature over the exact
//! bytes that go out.
//!
//! The crate opens no connection and needs no runtime. The only things it
//! touches outside the process are a credentials file and a nonce file, each
//! only when asked to.
//!
//! | Item | For |
//! |---|---|
//! | [`Credentials`], [`Secret`] | a key pair, read from the environment or a file, never printed |
//! | [`kraken`] | Kraken Spot REST and the older Kraken Custody REST |
//! | [`kraken_custody_external`] | Kraken's newer Custody External API (unverified) |
//! | [`gemini`] | Gemini REST |
//! | [`prime`] | the upgrade request of Kraken Prime's WebSocket |
//! | [`ClockNonce`] | nonces for a key that one process uses |
//! | [`FileNonce`] | nonces for a key that several processes on one host share, or that must outlive a clock that is set back |
//!
//! # Example
//!
//! ```
//! use exchange_auth::{ClockNonce, Credentials, NonceSource, kraken};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let credentials = Credentials::new("public-api-key", "bm90IGEgcmVhbCBzZWNyZXQ=")?;
//!
//! let nonce = ClockNonce.next()?;
//! let body = kraken::json_body(nonce, credentials.otp(), r#"{"asset":"XBT"}"#)?;
//! let signature = kraken::sign(
//!     credentials.secret(),
//!     "/0/private/DepositMethods",
//!     &nonce.to_string(),
//!     body.as_bytes(),
//! );
//!
//! // Send `body` unchanged, with these headers:
//! let headers = [
//!     ("API-Key", credentials.key()),
//!     ("API-Sign", signature.as_str()),
//!     ("Content-Type", "application/json"),
//! ];
//! # assert_eq!(headers[1].1.len(), 88);
//! # Ok(())
//! # }
//! ```

mod credentials;
pub mod gemini;
mod hmac_sha512;
pub mod kraken;
pub mod kraken_custody_external;
mod nonce;
mod nonce_file;
pub mod prime;
mod secret;
mod turnstile;

pub use credentials::{Credentials, CredentialsError};
pub use nonce::{ClockNonce, NonceError, NonceHold, NonceSource};
pub use nonce_file::FileNonce;
pub use secret::Secret;
