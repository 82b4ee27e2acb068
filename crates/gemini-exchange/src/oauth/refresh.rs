//! Access tokens from the vendor's token endpoint.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use exchange_transport::{
    Error, Kind, Outcome, Prepared, RawAnswer, Transport, TransportConfig, reqwest,
};
use http::header::{ACCEPT, HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{AccessToken, TokenFuture, TokenSource};

/// The host of the token endpoint.
pub const AUTH_URL: &str = "https://exchange.gemini.com";

/// The host of the sandbox's token endpoint.
pub const SANDBOX_AUTH_URL: &str = "https://exchange.sandbox.gemini.com";

const TOKEN_PATH: &str = "/auth/token";

/// A token is refreshed so long before it ends, or after half of its life if that is later.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// After a refresh that failed, a token that is still good is used for so long before another try.
const PAUSE: Duration = Duration::from_secs(30);

/// No text of the endpoint is shown beyond this.
const LONGEST_TEXT: usize = 200;

/// A refresh token. Overwritten with zeros when dropped, and never shown.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefreshToken(String);

impl RefreshToken {
    /// Takes a token as the venue gave it.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token itself, to store it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why a refresh token could not be stored.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

type Store = dyn Fn(&RefreshToken) -> Result<(), StoreError> + Send + Sync;

/// A [`TokenSource`] that trades a refresh token for access tokens.
///
/// * A token is refreshed 5 minutes before it ends, and when the venue refuses it. If the former
///   fails, the old token is used for as long as it is good.
/// * However many calls need a token at the same time, one request is made for all of them. It is
///   carried to its end though all of them are given up meanwhile, since the venue may have given a
///   new refresh token.
/// * A new refresh token goes to [`store`](RefreshingTokensBuilder::store) before the access token
///   that came with it is used.
/// * When the venue says `invalid_grant`, the user has to authorise the program again: nothing is
///   asked any more, and every call fails with [`Kind::Credentials`].
/// * Tokens and the program's secret are overwritten with zeros when they are not needed any more,
///   and never shown. What the HTTP library copied of them is out of reach.
///
/// Clones share the tokens. It must be used on a tokio runtime.
///
/// ```
/// use gemini_exchange::Client;
/// use gemini_exchange::oauth::RefreshingTokens;
///
/// # fn main() -> Result<(), gemini_exchange::Error> {
/// let tokens = RefreshingTokens::builder("the program's id", "the refresh token")
///     .client_secret("the program's secret")
///     .store(|refresh_token| std::fs::write("refresh-token", refresh_token.expose()).map_err(Into::into))
///     .build()?;
/// let client = Client::builder().oauth(tokens).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RefreshingTokens(Arc<Shared>);

impl fmt::Debug for RefreshingTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshingTokens")
            .field("url", &self.0.transport.base_url())
            .field("client_id", &self.0.client_id)
            .finish_non_exhaustive()
    }
}

impl RefreshingTokens {
    /// For the program of this id, with a refresh token that one of its users gave it.
    pub fn builder(
        client_id: impl Into<String>,
        refresh_token: impl Into<String>,
    ) -> RefreshingTokensBuilder {
        RefreshingTokensBuilder {
            config: TransportConfig::new(AUTH_URL),
            client_id: client_id.into(),
            client_secret: None,
            refresh_token: RefreshToken::new(refresh_token),
            access: None,
            store: None,
        }
    }
}

/// Builds [`RefreshingTokens`].
pub struct RefreshingTokensBuilder {
    config: TransportConfig,
    client_id: String,
    client_secret: Option<Zeroizing<String>>,
    refresh_token: RefreshToken,
    access: Option<(AccessToken, Duration)>,
    store: Option<Box<Store>>,
}

impl fmt::Debug for RefreshingTokensBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshingTokensBuilder")
            .field("config", &self.config)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl RefreshingTokensBuilder {
    /// The secret of a program that can keep one; a public program has none.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(Zeroizing::new(secret.into()));
        self
    }

    /// An access token that is there already, and for how long it is still good.
    pub fn access_token(mut self, token: AccessToken, good_for: Duration) -> Self {
        self.access = Some((token, good_for));
        self
    }

    /// What to do with a refresh token that differs from the one before: store it, so that a
    /// program that is started anew has it. If that fails, the call that needed the token fails,
    /// and the next one tries to store it again.
    pub fn store(
        mut self,
        store: impl Fn(&RefreshToken) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// The sandbox's endpoint, [`SANDBOX_AUTH_URL`].
    pub fn sandbox(self) -> Self {
        self.auth_url(SANDBOX_AUTH_URL)
    }

    /// Another host than [`AUTH_URL`]: scheme, host and port only.
    pub fn auth_url(mut self, url: impl Into<String>) -> Self {
        self.config.base_url = url.into();
        self
    }

    /// The limit for one request, from connecting to the last byte. Default 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// An HTTP client of your own, see
    /// [`ClientBuilder::http_client`](crate::ClientBuilder::http_client).
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.config.http = Some(http);
        self
    }

    /// Makes the source; opens no connection.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if the address can't be used, or is neither `https` nor loopback;
    /// [`Kind::Credentials`] if the program's id or the refresh token is empty.
    pub fn build(self) -> Result<RefreshingTokens, Error> {
        if self.client_id.is_empty() || self.refresh_token.0.is_empty() {
            return Err(Error::new(Kind::Credentials)
                .with_text("OAuth needs the program's id and a refresh token"));
        }
        let transport = Transport::new(self.config)?;
        transport.check_safe_for_credentials()?;
        let (access, life) = match self.access {
            Some((token, good_for)) => (Some(token), Some(good_for)),
            None => (None, None),
        };
        let mut state = State {
            access,
            due: None,
            over: None,
            refresh: self.refresh_token,
            unstored: false,
            ended: None,
            flights: 0,
            last_failure: None,
        };
        state.lives(life, Instant::now());
        Ok(RefreshingTokens(Arc::new(Shared {
            transport,
            client_id: self.client_id,
            client_secret: self.client_secret,
            store: self.store,
            state: Mutex::new(state),
            flight: tokio::sync::Mutex::new(()),
        })))
    }
}

struct Shared {
    transport: Transport,
    client_id: String,
    client_secret: Option<Zeroizing<String>>,
    store: Option<Box<Store>>,
    state: Mutex<State>,
    /// Held by the one request that is under way.
    flight: tokio::sync::Mutex<()>,
}

struct State {
    access: Option<AccessToken>,
    /// When to refresh it; never if its life is not known.
    due: Option<Instant>,
    /// When it ends.
    over: Option<Instant>,
    refresh: RefreshToken,
    /// The refresh token is new, and the user's store does not have it.
    unstored: bool,
    /// The refresh token is worth nothing any more.
    ended: Option<Failure>,
    /// How many requests have come to their end.
    flights: u64,
    last_failure: Option<Failure>,
}

impl State {
    /// Sets when the token is refreshed and when it ends.
    fn lives(&mut self, life: Option<Duration>, now: Instant) {
        // A life beyond all clocks is one that is not known.
        self.over = life.and_then(|life| now.checked_add(life));
        self.due = match (self.over, life) {
            (Some(over), Some(life)) => over.checked_sub(EARLY.min(life / 2)),
            _ => None,
        };
    }

    /// The token, if it may be used without asking for another one.
    fn good(&self, why: &Why, now: Instant) -> Option<AccessToken> {
        if self.unstored {
            return None;
        }
        let token = self.access.as_ref()?;
        let good = match why {
            Why::Due => self.due.is_none_or(|due| now < due),
            Why::Refused(refused) => token != refused,
        };
        good.then(|| token.clone())
    }

    /// The old token, if only its time had come and it has not ended.
    fn or_old_token(&self, why: &Why, failure: Failure) -> Result<AccessToken, Failure> {
        let good = self.over.is_some_and(|over| Instant::now() < over);
        match (why, &self.access) {
            (Why::Due, Some(token)) if good && !self.unstored => Ok(token.clone()),
            _ => Err(failure),
        }
    }
}

/// Why a token is asked for.
enum Why {
    /// A call is to be made.
    Due,
    /// The venue did not take this one.
    Refused(AccessToken),
}

/// What went wrong, for each of those who wait for the same request.
#[derive(Clone)]
struct Failure {
    kind: Kind,
    text: String,
    hint: &'static str,
    retryable: bool,
    status: Option<u16>,
    final_one: bool,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let mut error = Self::new(failure.kind)
            .with_text(failure.text)
            .with_outcome(Outcome::NotExecuted)
            .with_retryable(failure.retryable);
        if !failure.hint.is_empty() {
            error = error.with_hint(failure.hint);
        }
        match failure.status {
            Some(status) => error.with_status(status),
            None => error,
        }
    }
}

impl TokenSource for RefreshingTokens {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(get(Arc::clone(&self.0), Why::Due))
    }

    fn refresh<'a>(&'a self, refused: &'a AccessToken) -> TokenFuture<'a> {
        Box::pin(get(Arc::clone(&self.0), Why::Refused(refused.clone())))
    }
}

async fn get(shared: Arc<Shared>, why: Why) -> Result<AccessToken, Error> {
    let flights = {
        let state = shared.lock();
        if let Some(token) = state.good(&why, Instant::now()) {
            return Ok(token);
        }
        state.flights
    };
    // In a task of its own: what the venue gave must be kept though nobody waits for it any more.
    let task = tokio::spawn(async move { shared.fly(&why, flights).await });
    match task.await {
        Ok(result) => result.map_err(Error::from),
        Err(error) => Err(Error::new(Kind::Credentials)
            .with_text("the task that fetches a token was stopped")
            .with_outcome(Outcome::NotExecuted)
            .with_source(error)),
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // What is inside is whole whatever panicked meanwhile.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches a token, unless another request has done so since there were `flights` of them.
    async fn fly(&self, why: &Why, flights: u64) -> Result<AccessToken, Failure> {
        let _flight = self.flight.lock().await;
        let refresh_token = {
            let state = self.lock();
            if let Some(token) = state.good(why, Instant::now()) {
                return Ok(token);
            }
            let failed = state.last_failure.as_ref();
            let shared_failure = failed.filter(|_| state.flights != flights);
            if let Some(failure) = state.ended.as_ref().or(shared_failure) {
                return state.or_old_token(why, failure.clone());
            }
            (!state.unstored).then(|| state.refresh.clone())
        };
        let result = match refresh_token {
            Some(token) => self.fetch(&token).await.map(|answer| self.take(answer)),
            None => Ok(()),
        };
        let result = result.and_then(|()| self.keep());
        let mut state = self.lock();
        state.flights += 1;
        state.last_failure = None;
        match result {
            Ok(()) => state.access.clone().ok_or_else(no_token),
            Err(failure) => {
                tracing::warn!(kind = ?failure.kind, "no access token could be had");
                state.last_failure = Some(failure.clone());
                if failure.final_one {
                    state.ended = Some(failure.clone());
                }
                if let (Why::Due, false) = (why, state.unstored) {
                    let again = Instant::now() + PAUSE;
                    // Until then the old one will do, if it is good for so long.
                    state.due = state.over.map(|over| over.min(again));
                }
                state.or_old_token(why, failure)
            }
        }
    }

    fn take(&self, answer: TokenAnswer) {
        let mut state = self.lock();
        let life = answer.expires_in.map(Duration::from_secs);
        state.access = Some(answer.access_token);
        state.lives(life, Instant::now());
        if let Some(fresh) = answer.refresh_token
            && !fresh.0.is_empty()
            && fresh != state.refresh
        {
            state.refresh = fresh;
            state.unstored = self.store.is_some();
        }
    }

    /// Stores a new refresh token.
    fn keep(&self) -> Result<(), Failure> {
        let token = {
            let state = self.lock();
            state.unstored.then(|| state.refresh.clone())
        };
        if let (Some(token), Some(store)) = (token, &self.store) {
            store(&token).map_err(|error| Failure {
                kind: Kind::Credentials,
                text: self.shown(&format!(
                    "the new refresh token could not be stored: {error}"
                )),
                hint: "The token is kept in memory, and the next call tries to store it again",
                retryable: true,
                status: None,
                final_one: false,
            })?;
            self.lock().unstored = false;
        }
        Ok(())
    }

    async fn fetch(&self, refresh_token: &RefreshToken) -> Result<TokenAnswer, Failure> {
        #[derive(Serialize)]
        struct Request<'a> {
            client_id: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            client_secret: Option<&'a str>,
            refresh_token: &'a str,
            grant_type: &'static str,
        }
        let request = Request {
            client_id: &self.client_id,
            client_secret: self.client_secret.as_ref().map(|secret| secret.as_str()),
            refresh_token: &refresh_token.0,
            grant_type: "refresh_token",
        };
        // Written without growing: a buffer that grew would leave copies in the memory it gave
        // back. No character takes more than six.
        let texts = [request.client_id, request.refresh_token];
        let secret = request.client_secret.map_or(0, str::len);
        let length = texts.iter().map(|text| text.len()).sum::<usize>() + secret;
        let mut body = Zeroizing::new(Vec::with_capacity(6 * length + 128));
        serde_json::to_writer(&mut *body, &request).map_err(|_| no_token())?;

        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let prepared = Prepared {
            method: http::Method::POST,
            path_and_query: TOKEN_PATH.to_owned(),
            headers,
            body: Bytes::from_owner(body),
            content_type: Some("application/json"),
        };
        let raw = self.transport.execute(prepared).await.map_err(|fault| {
            let error = Error::from(fault);
            Failure {
                kind: error.kind(),
                text: self.shown(&format!("the token endpoint gave no answer: {error}")),
                hint: "",
                retryable: true,
                status: None,
                final_one: false,
            }
        })?;
        let result = self.read(&raw);
        // The tokens of the answer.
        if let Ok(mut body) = raw.body.try_into_mut() {
            body.as_mut().zeroize();
        }
        result
    }

    fn read(&self, raw: &RawAnswer) -> Result<TokenAnswer, Failure> {
        let status = raw.status.as_u16();
        let refused = |kind, text: String| Failure {
            kind,
            text: self.shown(&text),
            hint: "",
            retryable: matches!(kind, Kind::Unavailable | Kind::RateLimit),
            status: Some(status),
            final_one: false,
        };
        if !raw.status.is_success() {
            let Ok(answer) = serde_json::from_slice::<Refusal>(&raw.body) else {
                let kind = match status {
                    429 => Kind::RateLimit,
                    500.. => Kind::Unavailable,
                    _ => Kind::Credentials,
                };
                let text = format!("the token endpoint answered with HTTP {status}");
                return Err(refused(kind, text));
            };
            let kind = match (answer.error.as_str(), status) {
                ("server_error" | "temporarily_unavailable", _) | (_, 500..) => Kind::Unavailable,
                (_, 429) => Kind::RateLimit,
                _ => Kind::Credentials,
            };
            let text = match answer.error_description {
                Some(description) => format!("{}: {description}", answer.error),
                None => answer.error.clone(),
            };
            let mut failure = refused(kind, text);
            failure.hint = match answer.error.as_str() {
                "invalid_grant" => "The user has to authorise the program again",
                "invalid_client" | "unauthorized_client" => {
                    "Check the program's id and secret, and that they are of this environment"
                }
                _ => "",
            };
            failure.final_one = answer.error == "invalid_grant";
            return Err(failure);
        }
        let answer: TokenAnswer = serde_json::from_slice(&raw.body).map_err(|_| {
            // The parser's error may quote the token.
            let text = "the token endpoint's answer has no access token that can be read";
            refused(Kind::Decode, text.to_owned())
        })?;
        if let Some(kind) = &answer.token_type
            && !kind.eq_ignore_ascii_case("bearer")
        {
            let text = format!("the token endpoint gave a token of type `{kind}`, not `bearer`");
            return Err(refused(Kind::Decode, text));
        }
        if answer.access_token.text().is_empty() {
            let text = "the token endpoint gave an empty access token".to_owned();
            return Err(refused(Kind::Decode, text));
        }
        Ok(answer)
    }

    /// A text without what is secret, on one line, and not too long.
    fn shown(&self, text: &str) -> String {
        let mut text = text.to_owned();
        {
            let state = self.lock();
            let access = state.access.as_ref().map_or("", AccessToken::text);
            let client = self.client_secret.as_ref().map_or("", |secret| secret);
            for secret in [access, &state.refresh.0, client] {
                if !secret.is_empty() {
                    text = text.replace(secret, "[redacted]");
                }
            }
        }
        let plain = |char: char| if char.is_control() { ' ' } else { char };
        text.chars().map(plain).take(LONGEST_TEXT).collect()
    }
}

fn no_token() -> Failure {
    Failure {
        kind: Kind::Credentials,
        text: "there is no access token".to_owned(),
        hint: "",
        retryable: false,
        status: None,
        final_one: false,
    }
}

/// What the endpoint gives.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: AccessToken,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default)]
    token_type: Option<String>,
    /// Seconds.
    #[serde(default, with = "exchange_wire::integer")]
    expires_in: Option<u64>,
}

/// What it says instead (RFC 6749, chapter 5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(life: Option<u64>, now: Instant) -> State {
        let mut state = State {
            access: Some(AccessToken::new("a")),
            due: None,
            over: None,
            refresh: RefreshToken::new("r"),
            unstored: false,
            ended: None,
            flights: 0,
            last_failure: None,
        };
        state.lives(life.map(Duration::from_secs), now);
        state
    }

    #[test]
    fn a_token_is_refreshed_before_it_ends() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        for (life, last_good) in [(86_400, 86_099), (600, 299), (100, 49)] {
            let state = state(Some(life), now);
            assert!(state.good(&Why::Due, after(last_good)).is_some(), "{life}");
            assert!(
                state.good(&Why::Due, after(last_good + 1)).is_none(),
                "{life}"
            );
        }
        assert!(state(Some(0), now).good(&Why::Due, now).is_none());
        // Not known, or for ever.
        for life in [None, Some(u64::MAX)] {
            assert!(state(life, now).good(&Why::Due, after(1_000_000)).is_some());
        }
    }

    #[test]
    fn a_token_that_was_refused_is_not_good_and_another_one_is() {
        let now = Instant::now();
        let state = state(Some(86_400), now);
        let refused = |text| Why::Refused(AccessToken::new(text));
        assert!(state.good(&refused("a"), now).is_none());
        assert!(state.good(&refused("older"), now).is_some());
    }
}
