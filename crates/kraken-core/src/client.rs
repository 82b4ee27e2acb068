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
    Access, Answer, Call, Error, Kind, Prepared, Transport, TransportConfig, VendorMessage,
    header_value, reqwest,
};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

use crate::answer::{self, Answered};
use crate::catalogue;

/// Where nonce and one-time password of a private call travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// In the JSON body: Kraken Spot REST and the older Custody REST.
    Body,
    /// In headers: the Custody External API. Inferred from sibling APIs, see
    /// [`exchange_auth::kraken_custody_external`].
    Headers,
}

/// What a client is made of. Clones share connections, key and nonces.
#[derive(Clone)]
pub struct Core(Arc<Inner>);

struct Inner {
    transport: Transport,
    scheme: Scheme,
    credentials: Option<Credentials>,
    nonces: Box<dyn NonceSource>,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("base_url", &self.0.transport.base_url())
            .field("scheme", &self.0.scheme)
            .field("credentials", &self.0.credentials)
            .field("nonces", &self.0.nonces)
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

impl Core {
    /// Makes a call and decodes its answer.
    ///
    /// # Errors
    ///
    /// Any kind of [`Error`]; [`Kind::Credentials`] without sending anything
    /// if the call is private and the client has no credentials.
    pub async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, Error> {
        answer::decode(&self.exchange(call).await?)
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
        let value = answer::decode(&answered)?;
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

    /// Everything but the last decoding, so that it is compiled once and not
    /// once for each type of answer.
    async fn exchange(&self, call: Call) -> Result<Answered, Error> {
        let operation = call.operation();
        let prepared = self.prepare(&call).map_err(|error| error.on(operation))?;
        match self.0.transport.execute(prepared).await {
            Ok(raw) => answer::read(operation, &raw, SystemTime::now()),
            Err(fault) => Err(catalogue::with_advice(Error::from(fault).on(operation))),
        }
    }

    /// Takes a nonce and signs. Nothing may be put between this and sending:
    /// a nonce that waits is overtaken by later ones.
    fn prepare(&self, call: &Call) -> Result<Prepared, Error> {
        let operation = call.operation();
        let path_and_query = call.path_and_query()?;
        let mut headers = call.headers().clone();
        let body = match operation.access {
            Access::Public => call.body_json().unwrap_or_default().to_owned(),
            Access::Private => self.sign(&path_and_query, call.body_json(), &mut headers)?,
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

    /// Adds key and signature to the headers and gives the body to send.
    fn sign(
        &self,
        path_and_query: &str,
        fields: Option<&str>,
        headers: &mut HeaderMap,
    ) -> Result<String, Error> {
        let credentials = self.0.credentials.as_ref().ok_or_else(no_credentials)?;
        let nonce = self.0.nonces.next().map_err(|error| {
            Error::new(Kind::Nonce)
                .with_text(error.to_string())
                .with_source(error)
        })?;
        let digits = nonce.to_string();
        add_secret(headers, "api-key", credentials.key())?;
        match self.0.scheme {
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
pub struct ClientBuilder<C> {
    scheme: Scheme,
    config: TransportConfig,
    credentials: Option<Result<Credentials, CredentialsError>>,
    nonces: Box<dyn NonceSource>,
    client: PhantomData<fn() -> C>,
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("scheme", &self.scheme)
            .field("config", &self.config)
            .field("credentials", &self.credentials)
            .field("nonces", &self.nonces)
            .finish()
    }
}

impl<C: From<Core>> ClientBuilder<C> {
    /// A client for the API at `base_url`, without credentials.
    pub fn new(scheme: Scheme, base_url: &str) -> Self {
        Self {
            scheme,
            config: TransportConfig::new(base_url),
            credentials: None,
            nonces: Box::new(ClockNonce),
            client: PhantomData,
        }
    }

    /// Another address than the vendor's, such as a venue on loopback: scheme,
    /// host and port only.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.config.base_url = base_url.into();
        self
    }

    /// The limit for one attempt, from connecting to the last byte. Default
    /// 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// The limit for connecting. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.config.connect_timeout = timeout;
        self
    }

    /// The `User-Agent` header. The venue may turn away odd ones: use
    /// `name/version`.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.config.user_agent = user_agent.into();
        self
    }

    /// The largest answer to accept, in bytes. Default 64 MiB.
    pub fn max_answer_size(mut self, bytes: usize) -> Self {
        self.config.max_answer_size = bytes;
        self
    }

    /// An HTTP client of your own, for a proxy or certificates of your own;
    /// start from [`exchange_transport::http_client_builder`]. It should follow
    /// no redirects, see [`TransportConfig::http`].
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.config.http = Some(http);
        self
    }

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
    /// [`FileNonce`](exchange_auth::FileNonce).
    pub fn nonce_source(mut self, nonces: impl NonceSource + 'static) -> Self {
        self.nonces = Box::new(nonces);
        self
    }

    /// Builds the client; opens no connection.
    ///
    /// # Errors
    ///
    /// [`Kind::Credentials`] if they can't be read or are malformed,
    /// [`Kind::Configuration`] if the address can't be used, or not with
    /// credentials because it is neither `https` nor loopback.
    pub fn build(self) -> Result<C, Error> {
        let credentials = self.credentials.transpose().map_err(|error| {
            Error::new(Kind::Credentials)
                .with_text(error.to_string())
                .with_source(error)
        })?;
        let transport = Transport::new(self.config)?;
        if credentials.is_some() {
            transport.check_safe_for_credentials()?;
        }
        let inner = Inner {
            transport,
            scheme: self.scheme,
            credentials,
            nonces: self.nonces,
        };
        Ok(C::from(Core(Arc::new(inner))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ORDER;

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
            let prepared = core.prepare(&Call::new(&ORDER)).unwrap();
            let signature = prepared.headers["api-sign"].to_str().unwrap();
            for text in [format!("{prepared:?}"), format!("{:?}", prepared.headers)] {
                for secret in ["KEY", "PASSWORD", signature] {
                    assert!(!text.contains(secret), "{text}");
                }
            }
        }
    }
}
