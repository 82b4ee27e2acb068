//! The signed, decoded call, and how a client is built.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use exchange_auth::{
    ClockNonce, Credentials, CredentialsError, NonceSource, kraken, kraken_custody_external,
};
use exchange_transport::{
    Access, Answer, Answered, Call, CounterState, Engine, EngineConfig, Error, InFlight, Kind,
    Operation, Pacer, Prepared, RawAnswer, VendorMessage, Venue, header_value,
};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

use crate::answer;
use crate::catalogue;
use crate::pace::{ExternalLimits, ExternalPacer, KrakenPacer, Limits, Tier};

/// Where nonce and one-time password of a private call travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// In the JSON body: Kraken Spot REST and the older Custody REST.
    Body,
    /// In headers: the Custody External API. Inferred from sibling APIs, see
    /// [`exchange_auth::kraken_custody_external`].
    Headers,
}

/// What a client is made of. Clones share connections, key, nonces and queue.
#[derive(Clone)]
pub struct Core {
    inner: Arc<Inner>,
    /// In place of the configured limit.
    deadline: Option<Duration>,
}

struct Inner {
    engine: Engine,
    kraken: Kraken,
}

/// What Kraken does in its own way.
struct Kraken {
    scheme: Scheme,
    credentials: Option<Credentials>,
    keep_raw: bool,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("base_url", &self.inner.engine.base_url())
            .field("scheme", &self.inner.kraken.scheme)
            .field("credentials", &self.inner.kraken.credentials)
            .field("engine", &self.inner.engine)
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// An answer with what came beside its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<T> {
    /// The value.
    pub value: T,
    /// Remarks of the venue on a call that succeeded.
    pub warnings: Vec<VendorMessage>,
    /// The HTTP status, any of 200 to 299.
    pub status: u16,
}

impl<T> Reply<T> {
    /// The same reply with another value.
    pub fn map<U>(self, value: impl FnOnce(T) -> U) -> Reply<U> {
        Reply {
            value: value(self.value),
            warnings: self.warnings,
            status: self.status,
        }
    }
}

impl Core {
    /// Makes a call and decodes its answer.
    ///
    /// # Errors
    ///
    /// Any kind of [`Error`]; [`Kind::Credentials`] without sending anything
    /// if the call is private and the client has no credentials.
    pub async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        self.decode(&self.exchange(call).await?)
    }

    /// Like [`call`](Self::call), with warnings and status.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub async fn call_with_warnings<T: DeserializeOwned>(
        &self,
        call: Call,
    ) -> Result<Reply<T>, Error> {
        let answered = self.exchange(call).await?;
        let value = self.decode(&answered)?;
        Ok(Reply {
            value,
            status: answered.status,
            warnings: answered.warnings,
        })
    }

    /// Makes a call whose answer is a file.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub async fn call_bytes(&self, call: Call) -> Result<Bytes, Error> {
        Ok(self.exchange(call).await?.value.unwrap_or_default())
    }

    /// The same client with another limit for each whole call, waits and
    /// repeats included.
    pub fn within(&self, deadline: Duration) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            deadline: Some(deadline),
        }
    }

    /// How full the venue's rate limits are, by the client's own count; empty
    /// without a model of them.
    pub fn pace(&self) -> Vec<CounterState> {
        self.inner.engine.pace()
    }

    /// Everything but the last decoding, so that it is compiled once and not
    /// once for each type of answer.
    async fn exchange(&self, call: Call) -> Result<Answered, Error> {
        let operation = call.operation();
        let Inner { engine, kraken, .. } = &*self.inner;
        if operation.access == Access::Private && kraken.credentials.is_none() {
            return Err(no_credentials().on(operation));
        }
        engine.run(kraken, &call, self.deadline).await
    }

    fn decode<T: DeserializeOwned>(&self, answered: &Answered) -> Result<T, Error> {
        answer::decode(answered).map_err(|error| {
            tracing::info!(
                operation = answered.operation.id,
                status = answered.status,
                kind = ?error.kind(),
                "the answer could not be decoded"
            );
            self.inner
                .kraken
                .keep_raw(error, answered.operation, &answered.body)
        })
    }
}

impl Venue for Kraken {
    fn prepare(
        &self,
        call: &Call,
        path_and_query: String,
        nonce: Option<u64>,
    ) -> Result<Prepared, Error> {
        let operation = call.operation();
        let mut headers = call.headers().clone();
        let body = match (operation.access, nonce) {
            (Access::Public, _) => call.body_json().unwrap_or_default().to_owned(),
            (Access::Private, Some(nonce)) => {
                self.sign(&path_and_query, call.body_json(), nonce, &mut headers)?
            }
            (Access::Private, None) => return Err(no_credentials()),
        };
        if operation.answer != Answer::Bytes {
            headers.insert(
                http::header::ACCEPT,
                HeaderValue::from_static("application/json"),
            );
        }
        Ok(Prepared {
            method: operation.method.clone(),
            path_and_query,
            headers,
            content_type: (!body.is_empty()).then_some("application/json"),
            body: Bytes::from(body),
        })
    }

    fn read(&self, operation: &'static Operation, raw: RawAnswer) -> Result<Answered, Error> {
        answer::read(operation, &raw, SystemTime::now())
            .map_err(|error| self.keep_raw(error, operation, &raw.body))
    }

    fn advise(&self, error: Error) -> Error {
        catalogue::with_advice(error)
    }
}

impl Kraken {
    /// Keeps the body of an answer that could not be decoded, if that is
    /// wanted and it holds no secret.
    fn keep_raw(&self, error: Error, operation: &Operation, body: &Bytes) -> Error {
        let wanted = self.keep_raw && error.kind() == Kind::Decode;
        if wanted && !answer::answers_with_secret(operation) {
            return error.with_raw_body(body.clone());
        }
        error
    }

    /// Adds key and signature to the headers and gives the body to send.
    fn sign(
        &self,
        path_and_query: &str,
        fields: Option<&str>,
        nonce: u64,
        headers: &mut HeaderMap,
    ) -> Result<String, Error> {
        let credentials = self.credentials.as_ref().ok_or_else(no_credentials)?;
        let digits = nonce.to_string();
        add_secret(headers, "api-key", credentials.key())?;
        match self.scheme {
            Scheme::Body => {
                let fields = fields.unwrap_or("{}");
                let body =
                    kraken::json_body(nonce, credentials.otp(), fields).map_err(|error| {
                        Error::new(Kind::InvalidRequest)
                            .with_text(error.to_string())
                            .with_source(error)
                    })?;
                let signature = kraken::sign(
                    credentials.secret(),
                    path_and_query,
                    &digits,
                    body.as_bytes(),
                );
                add_secret(headers, "api-sign", &signature)?;
                Ok(body)
            }
            Scheme::Headers => {
                let body = fields.unwrap_or_default().to_owned();
                let signature = kraken_custody_external::sign_custody_external(
                    credentials.secret(),
                    path_and_query,
                    &digits,
                    body.as_bytes(),
                );
                add_secret(headers, "api-sign", &signature)?;
                add_secret(headers, "api-nonce", &digits)?;
                if let Some(otp) = credentials.otp() {
                    add_secret(headers, "api-otp", otp)?;
                }
                Ok(body)
            }
        }
    }
}

fn add_secret(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<(), Error> {
    let mut value = header_value(value).ok_or_else(|| {
        Error::new(Kind::Credentials).with_text(format!(
            "the value for the header `{name}` must be visible ASCII"
        ))
    })?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}

fn no_credentials() -> Error {
    Error::new(Kind::Credentials)
        .with_text("this call is private and the client has no credentials")
        .with_hint(
            "Build the client with `.credentials(…)`, `.credentials_from_env()`, \
             `.credentials_from_file(…)` or `.api_key(…, …)`",
        )
}

/// Builds a client `C`.
///
/// Setters never fail: the first mistake comes back from
/// [`build`](Self::build).
///
/// ```
/// use std::time::Duration;
/// use exchange_transport::{Kind, RetryPolicy};
/// use kraken_core::pace::Tier;
/// use kraken_core::{ClientBuilder, Core, Scheme};
///
/// # fn main() -> Result<(), exchange_transport::Error> {
/// let builder = || ClientBuilder::<Core>::new(Scheme::Body, "https://api.kraken.com");
/// let core = builder()
///     // A whole call takes no longer than this, repeats and waits included.
///     .deadline(Duration::from_secs(20))
///     .retry(RetryPolicy { attempts: 3, ..RetryPolicy::default() })
///     // Reads wait for room under the limits of this tier.
///     .tier(Tier::Intermediate)
///     // For a key with a nonce window only.
///     .in_flight(8)
///     .build()?;
/// // Some calls have less time.
/// let hurried = core.within(Duration::from_secs(2));
///
/// let impossible = builder().in_flight(0).build();
/// assert_eq!(impossible.unwrap_err().kind(), Kind::Configuration);
/// # Ok(())
/// # }
/// ```
pub struct ClientBuilder<C> {
    scheme: Scheme,
    config: EngineConfig,
    in_flight: Result<InFlight, Error>,
    limits: Option<AnyLimits>,
    credentials: Option<Result<Credentials, CredentialsError>>,
    nonces: Arc<dyn NonceSource>,
    keep_raw: bool,
    client: PhantomData<fn() -> C>,
}

/// The limits of one API or the other.
#[derive(Debug, Clone, Copy)]
enum AnyLimits {
    Kraken(Limits),
    External(ExternalLimits),
}

impl AnyLimits {
    /// What the vendor documents, for the tier that allows least.
    fn of(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Body => Self::Kraken(Limits::default()),
            Scheme::Headers => Self::External(ExternalLimits::default()),
        }
    }

    fn pacer(
        self,
        scheme: Scheme,
        base_url: &str,
        key: Option<&str>,
    ) -> Result<Arc<dyn Pacer>, Error> {
        let base_url = base_url.trim_end_matches('/');
        match (self, scheme) {
            (Self::Kraken(limits), Scheme::Body) => {
                Ok(Arc::new(KrakenPacer::shared(&limits, base_url, key)?))
            }
            (Self::External(limits), Scheme::Headers) => {
                Ok(Arc::new(ExternalPacer::shared(&limits, base_url)?))
            }
            _ => Err(Error::new(Kind::Configuration).with_text(
                "these rate limits are those of another API: the Custody External API has \
                 `external_rate_limits`, the others have `rate_limits` and `tier`",
            )),
        }
    }
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("scheme", &self.scheme)
            .field("config", &self.config)
            .field("in_flight", &self.in_flight)
            .field("limits", &self.limits)
            .field("credentials", &self.credentials)
            .field("nonces", &self.nonces)
            .field("keep_raw", &self.keep_raw)
            .finish()
    }
}

impl<C: From<Core>> ClientBuilder<C> {
    /// A client for the API at `base_url`, without credentials.
    pub fn new(scheme: Scheme, base_url: &str) -> Self {
        Self {
            scheme,
            config: EngineConfig::new(base_url),
            in_flight: Ok(InFlight::ONE),
            limits: Some(AnyLimits::of(scheme)),
            credentials: None,
            nonces: Arc::new(ClockNonce),
            keep_raw: false,
            client: PhantomData,
        }
    }

    exchange_transport::engine_settings!();

    /// The API key, for private calls.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(Ok(credentials));
        self
    }

    /// The API key from its two texts, as the venue shows them.
    pub fn api_key(mut self, key: impl Into<String>, secret: impl AsRef<str>) -> Self {
        self.credentials = Some(Credentials::new(key, secret));
        self
    }

    /// The API key from the environment, see [`Credentials::from_env`].
    pub fn credentials_from_env(mut self) -> Self {
        self.credentials = Some(Credentials::from_env());
        self
    }

    /// The API key from a file, see [`Credentials::from_file`].
    pub fn credentials_from_file(mut self, path: impl AsRef<Path>) -> Self {
        self.credentials = Some(Credentials::from_file(path));
        self
    }

    /// Where nonces come from. The default, [`ClockNonce`], is right for a key
    /// that one process uses; several processes on one host share a
    /// [`FileNonce`](exchange_auth::FileNonce), which makes them wait for each
    /// other's answers as the calls of one process do.
    pub fn nonce_source(mut self, nonces: impl NonceSource + 'static) -> Self {
        self.nonces = Arc::new(nonces);
        self
    }

    /// How many private calls of the key may be without answer at the same
    /// time. Default 1, which is right for every key.
    ///
    /// More is for a key with a nonce window (a setting of the key, in units
    /// of the nonce: nanoseconds with the sources of this crate): calls can
    /// overtake each other on their way, and a key without window then refuses
    /// the late ones. They are sent again, but many refusals lead to a ban.
    pub fn in_flight(mut self, calls: u32) -> Self {
        self.in_flight = InFlight::new(calls);
        self
    }

    /// Keeps to the rate limits of an account of this tier, as
    /// [`rate_limits`](Self::rate_limits) with what the vendor documents for
    /// it.
    pub fn tier(self, tier: Tier) -> Self {
        self.rate_limits(Limits::of(tier))
    }

    /// Counts calls as the venue does, so that reads wait instead of being
    /// refused; for Kraken Spot and the older Custody REST. Default is what the
    /// vendor documents for [`Tier::Starter`]; `pace_modes(PaceMode::Off,
    /// PaceMode::Off)` turns waiting and counting off. All clients of a process with the same address, key and
    /// limits share the count. See [`crate::pace`] for what is counted, and
    /// [`pace_modes`](Self::pace_modes) for what happens then.
    pub fn rate_limits(mut self, limits: Limits) -> Self {
        self.limits = Some(AnyLimits::Kraken(limits));
        self
    }

    /// As [`rate_limits`](Self::rate_limits), for the Custody External API.
    pub fn external_rate_limits(mut self, limits: ExternalLimits) -> Self {
        self.limits = Some(AnyLimits::External(limits));
        self
    }

    /// Keeps the body of an answer that can't be decoded in its error, see
    /// [`Error::raw_body`]. It may hold anything about the account; answers
    /// that hold a token are left out. Default off.
    pub fn keep_raw_on_decode_error(mut self, keep: bool) -> Self {
        self.keep_raw = keep;
        self
    }

    /// Builds the client; opens no connection.
    ///
    /// # Errors
    ///
    /// [`Kind::Credentials`] if they can't be read or are malformed,
    /// [`Kind::Configuration`] if a setting can't work, if the address can't be
    /// used, or not with credentials because it is neither `https` nor
    /// loopback.
    pub fn build(self) -> Result<C, Error> {
        let credentials = self.credentials.transpose().map_err(|error| {
            Error::new(Kind::Credentials)
                .with_text(error.to_string())
                .with_source(error)
        })?;
        let mut config = self.config;
        config.in_flight = self.in_flight?;
        if let (None, Some(limits)) = (&config.pacer, self.limits) {
            let key = credentials.as_ref().map(Credentials::key);
            config.pacer = Some(limits.pacer(self.scheme, &config.transport.base_url, key)?);
        }
        let mut engine = Engine::new(config)?;
        if let Some(credentials) = &credentials {
            engine = engine.with_key(credentials.key(), self.nonces)?;
        }
        let kraken = Kraken {
            scheme: self.scheme,
            credentials,
            keep_raw: self.keep_raw,
        };
        Ok(C::from(Core {
            inner: Arc::new(Inner { engine, kraken }),
            deadline: None,
        }))
    }
}

/// Writes the client of one of Kraken's APIs: a [`Core`] that the generated methods are called on.
///
/// ```
/// kraken_core::client! {
///     /// A client of an API that has no operations.
///     pub struct Client;
///
///     /// Starts a client for the vendor's address.
///     pub fn builder() = (kraken_core::Scheme::Body, "https://api.kraken.com");
/// }
///
/// # fn main() -> Result<(), exchange_transport::Error> {
/// let client = Client::builder().build()?;
/// assert!(!client.pace().is_empty());
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! client {
    (
        $(#[$doc:meta])*
        pub struct $client:ident;

        $(#[$builder:meta])*
        pub fn builder() = ($scheme:expr, $base_url:expr);
    ) => {
        $(#[$doc])*
        ///
        /// Cloning is cheap, and clones share connections, credentials and nonces. A client can
        /// be used from any thread, and by several tasks at once; make one and keep it, since a
        /// new one starts without open connections. `Debug` shows neither secrets nor more of the
        /// key than its first four characters.
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        pub struct $client {
            core: $crate::Core,
        }

        /// For tools that build their own [`Core`]($crate::Core), such as one for a venue on
        /// loopback.
        impl ::core::convert::From<$crate::Core> for $client {
            fn from(core: $crate::Core) -> Self {
                Self { core }
            }
        }

        impl $client {
            $(#[$builder])*
            pub fn builder() -> $crate::ClientBuilder<Self> {
                $crate::ClientBuilder::new($scheme, $base_url)
            }

            /// The same client, with another limit for each whole call than
            /// [`ClientBuilder::deadline`]($crate::ClientBuilder::deadline); waits and repeats are
            /// part of it.
            pub fn within(&self, deadline: ::core::time::Duration) -> Self {
                Self {
                    core: self.core.within(deadline),
                }
            }

            /// How full the venue's rate limits are by the client's own count.
            pub fn pace(&self) -> ::std::vec::Vec<$crate::CounterState> {
                self.core.pace()
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ORDER;

    #[test]
    fn rate_limits_that_can_not_work_are_refused() {
        let builder = |scheme| ClientBuilder::<Core>::new(scheme, "https://api.kraken.com");
        let mut zero = Limits::of(Tier::Pro);
        zero.calls.limit = 0;
        let none = ExternalLimits {
            calls: 0,
            ..ExternalLimits::default()
        };
        for bad in [
            builder(Scheme::Body).rate_limits(zero),
            builder(Scheme::Headers).external_rate_limits(none),
            builder(Scheme::Headers).tier(Tier::Pro),
            builder(Scheme::Body).external_rate_limits(ExternalLimits::default()),
        ] {
            assert_eq!(bad.build().unwrap_err().kind(), Kind::Configuration);
        }
        let core = builder(Scheme::Body).tier(Tier::Pro).build().unwrap();
        assert!(!core.pace().is_empty());
        assert!(!builder(Scheme::Headers).build().unwrap().pace().is_empty());
    }

    #[test]
    fn logs_of_the_http_layer_can_not_show_what_is_secret() {
        for scheme in [Scheme::Body, Scheme::Headers] {
            let credentials = Credentials::new("KEY", "c2VjcmV0")
                .unwrap()
                .with_otp("PASSWORD");
            let core: Core = ClientBuilder::new(scheme, "https://api.kraken.com")
                .credentials(credentials)
                .build()
                .unwrap();
            let call = Call::new(&ORDER);
            let path = call.path_and_query().unwrap();
            let prepared = core.inner.kraken.prepare(&call, path, Some(1)).unwrap();
            let signature = prepared.headers["api-sign"].to_str().unwrap();
            for text in [format!("{prepared:?}"), format!("{:?}", prepared.headers)] {
                for secret in ["KEY", "PASSWORD", signature] {
                    assert!(!text.contains(secret), "{text}");
                }
            }
        }
    }
}
