//! The client, how it is built, and a call's way through it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use exchange_auth::{ClockNonce, Credentials, CredentialsError, NonceSource, gemini};
use exchange_transport::{
    Access, Answered, Call, CounterState, Engine, EngineConfig, Error, InFlight, Kind, Operation,
    Outcome, Transport,
};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::answer;
use crate::endpoint::{Auth, Endpoint};
use crate::nonce::{NonceKind, TimeNonce};
use crate::oauth::{AccessToken, TokenFuture, TokenSource};
use crate::pace::{GeminiPacer, Limits};
use crate::protocol::{Identity, Protocol, QueryInPayload, Session};

/// The address of the exchange.
pub const BASE_URL: &str = "https://api.gemini.com";

/// The address of the sandbox, where nothing is real money. It has keys of its own.
pub const SANDBOX_URL: &str = "https://api.sandbox.gemini.com";

/// A client of Gemini, with one method for each operation.
///
/// Cloning is cheap, and clones share connections, credentials and nonces. A client can be used
/// from any thread, and by several tasks at once; make one and keep it, since a new one starts
/// without open connections. `Debug` shows neither secrets nor more of the key than its first four
/// characters.
#[derive(Clone, Debug)]
pub struct Client {
    core: Core,
}

impl Client {
    /// Starts a client for [`BASE_URL`] without credentials, which is enough for public calls.
    ///
    /// ```
    /// use std::time::Duration;
    /// use gemini_exchange::Client;
    ///
    /// # fn main() -> Result<(), gemini_exchange::Error> {
    /// let client = Client::builder()
    ///     .api_key("account-public", "the secret as it was shown")
    ///     .timeout(Duration::from_secs(10))
    ///     .user_agent("my-bot/1.0")
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new(BASE_URL)
    }

    /// Starts a client for the sandbox, [`SANDBOX_URL`].
    pub fn sandbox() -> ClientBuilder {
        ClientBuilder::new(SANDBOX_URL)
    }

    /// The same client, with another limit for each whole call than
    /// [`ClientBuilder::deadline`]; waits and repeats are part of it.
    pub fn within(&self, deadline: Duration) -> Self {
        let mut core = self.core.clone();
        core.deadline = Some(deadline);
        Self { core }
    }

    /// The same client for another account of the group, by its short name; for master keys. See
    /// [`ClientBuilder::account`].
    pub fn for_account(&self, account: impl Into<Arc<str>>) -> Self {
        let mut core = self.core.clone();
        core.account = Some(account.into());
        Self { core }
    }

    /// How full the venue's rate limits are by the client's own count.
    pub fn pace(&self) -> Vec<CounterState> {
        self.core.inner.engine.pace()
    }

    pub(crate) const fn core(&self) -> &Core {
        &self.core
    }
}

/// What a client is made of.
#[derive(Clone)]
pub(crate) struct Core {
    inner: Arc<Inner>,
    /// In place of the configured limit.
    deadline: Option<Duration>,
    account: Option<Arc<str>>,
}

struct Inner {
    engine: Engine,
    /// The engine's own limit for a whole call.
    deadline: Duration,
    protocol: Protocol,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("base_url", &self.inner.engine.base_url())
            .field("identity", &self.inner.protocol.identity)
            .field("account", &self.account)
            .field("engine", &self.inner.engine)
            .field("deadline", &self.deadline)
            .finish()
    }
}

impl Core {
    /// The account that calls are for, if they don't say.
    pub(crate) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Whether the key is for a whole group of accounts.
    pub(crate) fn has_master_key(&self) -> bool {
        self.inner.protocol.identity.is_master_key()
    }

    /// Makes a call and decodes its answer.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        endpoint: &'static Endpoint,
        call: Call,
    ) -> Result<T, Error> {
        let answered = self.exchange(endpoint, call).await?;
        answer::decode(&answered).map_err(|error| {
            tracing::info!(
                operation = answered.operation.id,
                status = answered.status,
                kind = ?error.kind(),
                "the answer could not be decoded"
            );
            self.inner.protocol.keep_raw(error, &answered.body)
        })
    }

    /// Makes a call whose answer is a file.
    pub(crate) async fn call_for_file(
        &self,
        endpoint: &'static Endpoint,
        call: Call,
    ) -> Result<Bytes, Error> {
        Ok(self.exchange(endpoint, call).await?.body)
    }

    /// Everything but the last decoding, so that it is compiled once and not once for each type of
    /// answer.
    async fn exchange(&self, endpoint: &'static Endpoint, call: Call) -> Result<Answered, Error> {
        let operation = &endpoint.operation;
        let Inner {
            engine, protocol, ..
        } = &*self.inner;
        let session = |token| Session {
            protocol,
            endpoint,
            token,
        };
        let token_source = match (&protocol.identity, endpoint.auth) {
            (_, Auth::Public) => None,
            (Identity::None, _) => return Err(no_credentials().on(operation)),
            (Identity::Key(_), Auth::Token) => return Err(no_token().on(operation)),
            (Identity::Key(_), _) => None,
            (Identity::Token(source), _) => Some(source),
        };
        let Some(source) = token_source else {
            return engine.run(&session(None), &call, self.deadline).await;
        };
        debug_assert_eq!(operation.access, Access::Private);
        let deadline = Instant::now() + self.deadline.unwrap_or(self.inner.deadline);
        let token = in_time(operation, deadline, source.token()).await?;
        let refused = match self
            .run_with(&session, &call, token.clone(), deadline)
            .await
        {
            Err(error) if error.status() == Some(401) => error,
            result => return result,
        };
        // The venue looks at the token before anything else, so nothing was done.
        let fresh = in_time(operation, deadline, source.refresh(&token)).await?;
        if fresh == token {
            return Err(refused);
        }
        self.run_with(&session, &call, fresh, deadline).await
    }

    async fn run_with<'a>(
        &self,
        session: &impl Fn(Option<AccessToken>) -> Session<'a>,
        call: &Call,
        token: AccessToken,
        deadline: Instant,
    ) -> Result<Answered, Error> {
        let session = session(Some(token));
        let limit = deadline - Instant::now();
        self.inner.engine.run(&session, call, Some(limit)).await
    }
}

/// Waits for a token. Whatever goes wrong, the call was not executed: it is not on its way yet, or
/// the venue refused it for its token.
async fn in_time(
    operation: &'static Operation,
    deadline: Instant,
    token: TokenFuture<'_>,
) -> Result<AccessToken, Error> {
    let token = timeout_at(deadline, token).await.unwrap_or_else(|_| {
        Err(Error::new(Kind::Timeout)
            .with_text("the time for the whole call ran out while a token was fetched"))
    });
    token.map_err(|error| error.on(operation).with_outcome(Outcome::NotExecuted))
}

fn no_credentials() -> Error {
    Error::new(Kind::Credentials)
        .with_text("this call is private and the client has no credentials")
        .with_hint(
            "Build the client with `.api_key(…, …)`, `.credentials_from_env()`, \
             `.credentials_from_file(…)`, `.credentials(…)` or `.oauth(…)`",
        )
}

fn no_token() -> Error {
    Error::new(Kind::Credentials)
        .with_text("this call is for OAuth tokens and the client has an API key")
        .with_hint("Build the client with `.oauth(…)`")
}

/// Builds a [`Client`].
///
/// Setters never fail: the first mistake comes back from [`build`](Self::build).
///
/// ```
/// use std::time::Duration;
/// use gemini_exchange::{Client, Kind, NonceKind, RetryPolicy};
///
/// # fn main() -> Result<(), gemini_exchange::Error> {
/// let client = Client::sandbox()
///     // A master key must say for which account it acts.
///     .api_key("master-public", "the secret as it was shown")
///     .account("primary")
///     // As it was chosen when the key was made.
///     .nonce_kind(NonceKind::TimeBased)
///     // A whole call takes no longer than this, repeats and waits included.
///     .deadline(Duration::from_secs(20))
///     .retry(RetryPolicy { attempts: 3, ..RetryPolicy::default() })
///     .build()?;
/// // Some calls have less time, or are for another account.
/// let hurried = client.within(Duration::from_secs(2)).for_account("savings");
///
/// let impossible = Client::builder().deadline(Duration::ZERO).build();
/// assert_eq!(impossible.unwrap_err().kind(), Kind::Configuration);
/// # Ok(())
/// # }
/// ```
pub struct ClientBuilder {
    config: EngineConfig,
    in_flight: Result<InFlight, Error>,
    limits: Limits,
    key: Option<Result<Credentials, CredentialsError>>,
    tokens: Option<Arc<dyn TokenSource>>,
    account: Option<Arc<str>>,
    nonce_kind: NonceKind,
    nonces: Option<Arc<dyn NonceSource>>,
    query_in_payload: QueryInPayload,
    fields_in_body: bool,
    keep_raw: bool,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("config", &self.config)
            .field("in_flight", &self.in_flight)
            .field("limits", &self.limits)
            .field("key", &self.key)
            .field("oauth", &self.tokens.is_some())
            .field("account", &self.account)
            .field("nonce_kind", &self.nonce_kind)
            .field("nonces", &self.nonces)
            .field("query_in_payload", &self.query_in_payload)
            .field("fields_in_body", &self.fields_in_body)
            .field("keep_raw", &self.keep_raw)
            .finish()
    }
}

impl ClientBuilder {
    /// A client for the venue at `base_url`, without credentials.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            config: EngineConfig::new(base_url),
            in_flight: Ok(InFlight::ONE),
            limits: Limits::default(),
            key: None,
            tokens: None,
            account: None,
            nonce_kind: NonceKind::default(),
            nonces: None,
            query_in_payload: QueryInPayload::default(),
            fields_in_body: false,
            keep_raw: false,
        }
    }

    exchange_transport::engine_settings!();

    /// The API key from its two texts, as the venue shows them.
    pub fn api_key(mut self, key: impl Into<String>, secret: impl AsRef<str>) -> Self {
        self.key = Some(gemini::credentials(key, secret));
        self
    }

    /// The API key, made with [`exchange_auth::gemini::credentials`]: the secret is plain text.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.key = Some(Ok(credentials));
        self
    }

    /// The API key from `GEMINI_API_KEY` and `GEMINI_API_SECRET`.
    pub fn credentials_from_env(mut self) -> Self {
        self.key = Some(gemini::credentials_from_env());
        self
    }

    /// The API key from a file, see [`Credentials::from_file`].
    pub fn credentials_from_file(mut self, path: impl AsRef<Path>) -> Self {
        self.key = Some(gemini::credentials_from_file(path));
        self
    }

    /// OAuth tokens in place of an API key, see [`crate::oauth`].
    pub fn oauth(mut self, tokens: impl TokenSource + 'static) -> Self {
        self.tokens = Some(Arc::new(tokens));
        self
    }

    /// For which account of the group the calls are, by its short name such as `primary`.
    ///
    /// A master key must say so, here or on each call; another key may leave it out.
    pub fn account(mut self, account: impl Into<Arc<str>>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Which nonces the key wants; it was chosen when the key was made. Default
    /// [`NonceKind::Incrementing`].
    pub fn nonce_kind(mut self, kind: NonceKind) -> Self {
        self.nonce_kind = kind;
        self
    }

    /// Where nonces come from, in place of [`nonce_kind`](Self::nonce_kind): for example a
    /// [`FileNonce`](exchange_auth::FileNonce), which several processes on one host can share for
    /// an incrementing key.
    pub fn nonce_source(mut self, nonces: impl NonceSource + 'static) -> Self {
        self.nonces = Some(Arc::new(nonces));
        self
    }

    /// How many private calls of the key may be without answer at the same time. Default 1, which
    /// is right for every key.
    ///
    /// More is for [`NonceKind::TimeBasedRepeating`] only: elsewhere calls that overtake each other
    /// on their way are refused for their nonces.
    pub fn in_flight(mut self, calls: u32) -> Self {
        self.in_flight = InFlight::new(calls);
        self
    }

    /// The rate limits to keep to. Default is what the vendor advises; see [`crate::pace`].
    pub fn rate_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether the query is part of the signed `request`. Sources disagree, so it can be switched;
    /// the default follows the vendor's own samples.
    pub fn query_in_payload(mut self, rule: QueryInPayload) -> Self {
        self.query_in_payload = rule;
        self
    }

    /// Repeats the fields of every private POST in its HTTP body, as JSON, as the vendor's newest
    /// SDK does: some handlers read that in place of the payload. Default off, as documented; calls
    /// that are known to want it have it anyhow.
    pub fn fields_in_body(mut self, repeat: bool) -> Self {
        self.fields_in_body = repeat;
        self
    }

    /// Keeps the body of an answer that can't be decoded in its error, see [`Error::raw_body`]. It
    /// may hold anything about the account. Default off.
    pub fn keep_raw_on_decode_error(mut self, keep: bool) -> Self {
        self.keep_raw = keep;
        self
    }

    /// Builds the client; opens no connection.
    ///
    /// # Errors
    ///
    /// [`Kind::Credentials`] if they can't be read or are malformed, [`Kind::Configuration`] if a
    /// setting can't work, if there are both a key and tokens, if the address can't be used, or not
    /// with credentials because it is neither `https` nor loopback.
    pub fn build(self) -> Result<Client, Error> {
        let key = self.key.transpose().map_err(|error| {
            Error::new(Kind::Credentials)
                .with_text(error.to_string())
                .with_source(error)
        })?;
        let mut config = self.config;
        config.in_flight = self.in_flight?;
        let base_url = config.transport.base_url.trim_end_matches('/').to_owned();
        if config.pacer.is_none() {
            let key = key.as_ref().map(Credentials::key);
            config.pacer = Some(Arc::new(GeminiPacer::shared(&self.limits, &base_url, key)?));
        }
        let identity = match (key, self.tokens) {
            (None, None) => Identity::None,
            (Some(key), None) => Identity::Key(key),
            (None, Some(tokens)) => Identity::Token(tokens),
            (Some(_), Some(_)) => {
                return Err(Error::new(Kind::Configuration)
                    .with_text("a client has an API key or OAuth tokens, not both"));
            }
        };
        let deadline = config.deadline;
        let mut engine = match &identity {
            Identity::Token(_) => {
                Transport::new(config.transport.clone())?.check_safe_for_credentials()?;
                Engine::new(config)?
            }
            _ => Engine::new(config)?,
        };
        if let Identity::Key(credentials) = &identity {
            let nonces = self.nonces.unwrap_or_else(|| match self.nonce_kind {
                NonceKind::Incrementing => Arc::new(ClockNonce),
                kind => TimeNonce::shared(&base_url, credentials.key(), kind),
            });
            engine = engine.with_key(credentials.key(), nonces)?;
        }
        Ok(Client {
            core: Core {
                inner: Arc::new(Inner {
                    engine,
                    deadline,
                    protocol: Protocol {
                        identity,
                        query_in_payload: self.query_in_payload,
                        fields_in_body: self.fields_in_body,
                        keep_raw: self.keep_raw,
                    },
                }),
                deadline: None,
                account: self.account,
            },
        })
    }
}
