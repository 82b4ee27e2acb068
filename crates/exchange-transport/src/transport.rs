//! Sending one request and reading its answer.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{Method, StatusCode};
use url::{Host, Position, Url};

use crate::clock::http_date;
use crate::error::{Error, Kind, Outcome};
use crate::header::header_value;

/// Where and how to send.
#[derive(Debug, Clone)]
pub struct TransportConfig {
    /// The venue's address, such as `https://api.example.com`, without path.
    ///
    /// `http` is meant for a venue on loopback; elsewhere it is good for
    /// unsigned calls only, see [`Transport::check_safe_for_credentials`].
    pub base_url: String,
    /// The limit for one attempt from connecting to the last byte of the
    /// answer. Default 30 s.
    pub timeout: Duration,
    /// The limit for connecting, TLS included. Default 10 s.
    pub connect_timeout: Duration,
    /// The `User-Agent` header. Default `exchange-bindings/<version>`.
    pub user_agent: String,
    /// Larger answers are refused, in bytes. Default 64 MiB.
    pub max_answer_size: usize,
    /// An HTTP client of the user's own, for a proxy, a certificate or a pool
    /// to share; best made with [`http_client_builder`]. `connect_timeout` is
    /// then its own business. Without it, an address with TLS is reached
    /// through the proxy that `HTTPS_PROXY` or `ALL_PROXY` names, unless
    /// `NO_PROXY` exempts it.
    ///
    /// It should not follow redirects: it would send the signed headers to
    /// wherever it is pointed. An answer that came from another address is
    /// refused, but by then they have gone there.
    pub http: Option<reqwest::Client>,
}

impl TransportConfig {
    /// The defaults, for the venue at `base_url`.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            user_agent: concat!("exchange-bindings/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_answer_size: 64 << 20,
            http: None,
        }
    }
}

/// Sends requests to one venue. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Transport {
    origin: String,
    safe_for_credentials: bool,
    timeout: Duration,
    user_agent: HeaderValue,
    max_answer_size: usize,
    http: reqwest::Client,
}

/// A request ready to be sent: nothing in it is changed any more.
///
/// `Debug` leaves out header values and the body, which may hold a one-time
/// password.
pub struct Prepared {
    /// The HTTP method.
    pub method: Method,
    /// The path with its query, percent-encoded, as it was signed.
    pub path_and_query: String,
    /// The headers, signature included.
    pub headers: HeaderMap,
    /// The body, as it was signed.
    pub body: Bytes,
    /// The `Content-Type` header; `None` for a request without a body.
    pub content_type: Option<&'static str>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("method", &self.method)
            .field("path_and_query", &self.path_and_query)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_length", &self.body.len())
            .field("content_type", &self.content_type)
            .finish()
    }
}

/// An answer as it was received, whatever its status.
#[derive(Debug, Clone)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// Most characters of [`RawAnswer::excerpt`].
const EXCERPT_LENGTH: usize = 200;

impl RawAnswer {
    /// How long the header `Retry-After` asks to wait. It may name a number of seconds or a date,
    /// to which it is that long from `now`.
    pub fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        match value.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => Some(http_date(value)?.duration_since(now).unwrap_or_default()),
        }
    }

    /// One line of the body for an error text. Of an HTML page the title says most.
    ///
    /// ```
    /// # use exchange_transport::RawAnswer;
    /// let answer = RawAnswer {
    ///     status: http::StatusCode::BAD_GATEWAY,
    ///     headers: http::HeaderMap::new(),
    ///     body: "<html><title>502\nBad Gateway</title>…".into(),
    /// };
    /// assert_eq!(answer.excerpt(), "502 Bad Gateway");
    /// ```
    pub fn excerpt(&self) -> String {
        let start = &self.body[..self.body.len().min(4096)];
        let text = String::from_utf8_lossy(start);
        let title = text
            .split_once("<title>")
            .and_then(|(_, rest)| rest.split_once("</title>"));
        let text = title.map_or(&*text, |(title, _)| title);
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut shown: String = line
            .chars()
            .take(EXCERPT_LENGTH)
            .map(|char| if char.is_control() { '\u{fffd}' } else { char })
            .collect();
        if line.chars().nth(EXCERPT_LENGTH).is_some() {
            shown.push('…');
        }
        shown
    }
}

/// An answer of which only the head was read.
pub struct AnswerHead {
    response: reqwest::Response,
    max_size: usize,
}

impl fmt::Debug for AnswerHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The response would show its address, which may hold account numbers.
        f.debug_struct("AnswerHead")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl AnswerHead {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Reads the body.
    ///
    /// # Errors
    ///
    /// A [`TransportFault`] if it does not come whole, in time, or is larger
    /// than configured.
    pub async fn read(self) -> Result<RawAnswer, TransportFault> {
        let Self {
            mut response,
            max_size,
        } = self;
        let too_large =
            || TransportFault::after(format!("the answer is larger than {max_size} bytes"));
        let announced = response.content_length().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > max_size {
            return Err(too_large());
        }
        let mut body = BytesMut::with_capacity(announced);
        while let Some(chunk) = response.chunk().await.map_err(TransportFault::from_http)? {
            if chunk.len() > max_size - body.len() {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(RawAnswer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub struct TransportFault {
    text: String,
    timeout: bool,
    may_have_left: bool,
    passes: bool,
    source: Option<reqwest::Error>,
}

impl TransportFault {
    /// Whether the venue may have received the request, so that it may have
    /// been executed. False only if no connection came about.
    pub fn may_have_left(&self) -> bool {
        self.may_have_left
    }

    /// Whether a time limit ran out.
    pub fn is_timeout(&self) -> bool {
        self.timeout
    }

    /// A fault that was noticed before anything was sent.
    fn before(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            text,
            timeout: false,
            may_have_left: false,
            passes: false,
            source: None,
        }
    }

    /// A fault of an answer that came.
    fn after(text: impl Into<String>) -> Self {
        Self {
            may_have_left: true,
            ..Self::before(text)
        }
    }

    fn from_http(error: reqwest::Error) -> Self {
        // The address may hold account numbers in its query.
        let error = error.without_url();
        let connected = !(error.is_connect() || error.is_builder());
        Self {
            text: with_causes(&error),
            timeout: error.is_timeout(),
            may_have_left: connected,
            passes: !error.is_builder(),
            source: Some(error),
        }
    }
}

impl fmt::Display for TransportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for TransportFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl From<TransportFault> for Error {
    fn from(fault: TransportFault) -> Self {
        let kind = if fault.timeout {
            Kind::Timeout
        } else {
            Kind::Transport
        };
        let outcome = if fault.may_have_left {
            Outcome::Unknown
        } else {
            Outcome::NotExecuted
        };
        Self::new(kind)
            .with_text(fault.text.clone())
            .with_outcome(outcome)
            .with_attempts(u32::from(fault.may_have_left))
            .with_retryable(fault.passes)
            .with_source(fault)
    }
}

/// The cause of a connection fault is several errors down.
fn with_causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

impl Transport {
    /// Checks the configuration; opens no connection.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if the address is not `http` or `https` with
    /// nothing behind the host, or a value can't be used.
    pub fn new(config: TransportConfig) -> Result<Self, Error> {
        let url = base_url(&config.base_url)?;
        let user_agent = header_value(&config.user_agent)
            .ok_or_else(|| misconfigured("the user agent must be visible ASCII"))?;
        let tls = url.scheme() == "https";
        let http = match config.http {
            Some(http) => http,
            None => own_client(config.connect_timeout, tls)?,
        };
        Ok(Self {
            origin: url.as_str().trim_end_matches('/').to_owned(),
            safe_for_credentials: tls || is_loopback(&url),
            timeout: config.timeout,
            user_agent,
            max_answer_size: config.max_answer_size,
            http,
        })
    }

    /// The venue's address, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.origin
    }

    /// Refuses addresses to which no signed request may go: a signature sent
    /// in the clear can be read on the way.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] unless the address is `https` or on loopback
    /// (`127.0.0.0/8`, `::1`, `localhost`).
    pub fn check_safe_for_credentials(&self) -> Result<(), Error> {
        if self.safe_for_credentials {
            return Ok(());
        }
        Err(
            misconfigured(format!("credentials can't be used with {}", self.origin)).with_hint(
                "Use https; plain http is accepted only for 127.0.0.0/8, ::1 and localhost",
            ),
        )
    }

    /// Sends a request once, and reads the whole answer.
    ///
    /// # Errors
    ///
    /// A [`TransportFault`] if there is no complete answer. Any HTTP status is
    /// an answer.
    pub async fn execute(&self, prepared: Prepared) -> Result<RawAnswer, TransportFault> {
        self.send(prepared, self.timeout).await?.read().await
    }

    /// Sends a request once, and waits for the head of its answer. `limit` is
    /// for the whole attempt, body included; the configured time limit holds
    /// too.
    ///
    /// # Errors
    ///
    /// A [`TransportFault`] if no head came.
    pub async fn send(
        &self,
        prepared: Prepared,
        limit: Duration,
    ) -> Result<AnswerHead, TransportFault> {
        let (mut request, url) = self.request(prepared)?;
        *request.timeout_mut() = Some(limit.min(self.timeout));
        let response = self
            .http
            .execute(request)
            .await
            .map_err(TransportFault::from_http)?;
        if *response.url() != url {
            return Err(TransportFault::after(
                "the HTTP client followed a redirect; give it one that does not",
            ));
        }
        Ok(AnswerHead {
            response,
            max_size: self.max_answer_size,
        })
    }

    fn request(&self, prepared: Prepared) -> Result<(reqwest::Request, Url), TransportFault> {
        let text = format!("{}{}", self.origin, prepared.path_and_query);
        // What goes out must be what was signed, so an address that parsing
        // would change is refused.
        let url = Url::parse(&text)
            .ok()
            .filter(|url| {
                url[Position::BeforePath..Position::AfterQuery] == *prepared.path_and_query
            })
            .ok_or_else(|| {
                TransportFault::before("the path or query is not in its encoded form")
            })?;
        let mut headers = prepared.headers;
        headers.insert(USER_AGENT, self.user_agent.clone());
        if let Some(content_type) = prepared.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let mut request = reqwest::Request::new(prepared.method, url.clone());
        *request.headers_mut() = headers;
        if !prepared.body.is_empty() {
            *request.body_mut() = Some(prepared.body.into());
        }
        Ok((request, url))
    }
}

pub(crate) fn misconfigured(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Configuration).with_text(text)
}

fn base_url(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|error| {
        misconfigured(format!("the base URL is not a URL: {error}"))
            .with_hint("It looks like https://api.example.com")
    })?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    // The path is left out because it would not be part of what is signed.
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err(misconfigured(
            "the base URL must be http or https with a host and at most a port",
        )
        .with_hint("It looks like https://api.example.com"));
    }
    Ok(url)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn own_client(connect_timeout: Duration, tls: bool) -> Result<reqwest::Client, Error> {
    let mut builder = http_client_builder()?.connect_timeout(connect_timeout);
    if !tls {
        // A proxy from the environment would carry a loopback call, signature
        // and all, out of the machine in the clear.
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        misconfigured(format!(
            "the HTTP client can't be built: {}",
            with_causes(&error)
        ))
        .with_source(error)
    })
}

/// The HTTP client that is used by default, to be adapted and then given as
/// [`TransportConfig::http`].
///
/// It has TLS with built-in certificate authorities, uses proxies named in the
/// environment, follows no redirects and sends nothing twice.
///
/// # Errors
///
/// [`Kind::Configuration`] if TLS can't be set up.
pub fn http_client_builder() -> Result<reqwest::ClientBuilder, Error> {
    Ok(reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // Repeats are decided above, where it is known what a call does.
        .retry(reqwest::retry::never())
        .tls_backend_preconfigured(tls_config()?))
}

/// The certificate authorities are built in, so that a client behaves the same
/// in a container without any as on a desktop.
pub(crate) fn tls_config() -> Result<rustls::ClientConfig, Error> {
    static ROOTS: OnceLock<Arc<rustls::RootCertStore>> = OnceLock::new();
    let roots =
        ROOTS.get_or_init(|| Arc::new(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| misconfigured(format!("TLS can't be set up: {error}")))?
        .with_root_certificates(Arc::clone(roots))
        .with_no_client_auth();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_and_of_one_line() {
        let excerpt = |body: &[u8]| {
            let answer = RawAnswer {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: Bytes::copy_from_slice(body),
            };
            answer.excerpt()
        };
        assert_eq!(excerpt(b" a\r\n\tb \x1b[1m\xff"), "a b \u{fffd}[1m\u{fffd}");
        let long = excerpt("é".repeat(9999).as_bytes());
        assert_eq!(long.chars().count(), EXCERPT_LENGTH + 1);
    }
}
