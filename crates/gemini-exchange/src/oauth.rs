//! OAuth 2.0 tokens in place of an API key.
//!
//! A program that acts for other people's accounts gets a token from each of them: the user's
//! browser goes to the vendor's authorization page, comes back with a code, and the code is traded
//! for an access token, which lives for a day, and a refresh token. What this crate needs of all
//! that is a [`TokenSource`]: it gives the access token for a call, and another one when the venue
//! refused it.
//!
//! A call with a token has no nonce and no signature, and need not stand in line.
//!
//! [`RefreshingTokens`] is a source that trades the refresh token at the vendor's endpoint;
//! [`FixedToken`] is one without:
//!
//! ```
//! use gemini_exchange::oauth::{AccessToken, FixedToken};
//! use gemini_exchange::Client;
//!
//! # fn main() -> Result<(), gemini_exchange::Error> {
//! let client = Client::builder()
//!     .oauth(FixedToken(AccessToken::new("the access token")))
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! To send the user's browser to the authorization page, and to trade the code it comes back with
//! for the first two tokens, is the program's part: the page is `/auth`, and the endpoint
//! `/auth/token`, on [`AUTH_URL`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use exchange_transport::Error;
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

mod refresh;

pub use refresh::{
    AUTH_URL, RefreshToken, RefreshingTokens, RefreshingTokensBuilder, SANDBOX_AUTH_URL, StoreError,
};

/// An access token. Overwritten with zeros when dropped, and never shown.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Deserialize)]
#[serde(transparent)]
pub struct AccessToken(String);

impl AccessToken {
    /// Takes a token as the venue gave it.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A token that is being fetched.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<AccessToken, Error>> + Send + 'a>>;

/// Gives access tokens.
///
/// The time it takes is part of the call's own limit; a call that ends for lack of a token was not
/// executed. Several calls may ask at the same time, and any of them may be given up. An implementation that fetches tokens should do so once
/// for all of them, and store a new refresh token before it gives the access token that came with
/// it.
pub trait TokenSource: Send + Sync {
    /// The token to send a call with, refreshed if it is known to be over.
    ///
    /// # Errors
    ///
    /// Why there is none; the call is not sent then.
    fn token(&self) -> TokenFuture<'_>;

    /// The venue refused `refused` (HTTP 401): a new token, or the current one if another call has
    /// refreshed it meanwhile. The call is sent again, once, if it is another token.
    ///
    /// # Errors
    ///
    /// Why there is none, such as that the user has withdrawn the permission.
    fn refresh<'a>(&'a self, refused: &'a AccessToken) -> TokenFuture<'a>;
}

/// One token that is never refreshed: for tests and short programs.
#[derive(Debug, Clone)]
pub struct FixedToken(
    /// The token.
    pub AccessToken,
);

impl TokenSource for FixedToken {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn refresh<'a>(&'a self, _refused: &'a AccessToken) -> TokenFuture<'a> {
        self.token()
    }
}
