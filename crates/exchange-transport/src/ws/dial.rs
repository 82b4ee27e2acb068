//! One try to connect: name, proxy, TLS, upgrade.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, PROXY_AUTHORIZATION, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, StatusCode};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config, tungstenite};
use url::Url;

use super::config::{Address, WsConfig};
use super::proxy::Proxy;
use crate::error::{Error, Kind};
use crate::header::header_value;
use crate::transport::misconfigured;

/// Bytes in both directions, whatever they go through.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

pub(crate) type Socket = WebSocketStream<Pin<Box<dyn Wire>>>;

/// What all tries have in common.
#[derive(Debug)]
pub(crate) struct Dialer {
    config: WsConfig,
    address: Address,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Dialer {
    pub(crate) fn new(mut config: WsConfig) -> Result<Self, Error> {
        let address = Address::of(&config)?;
        if config.proxy.is_none() && config.proxy_from_environment {
            let url = Url::parse(&address.url)
                .map_err(|_| misconfigured("the WebSocket's address is no URL"))?;
            config.proxy = Proxy::from_environment(&url, |name| std::env::var(name).ok())?;
        }
        if header_value(&config.user_agent).is_none() {
            return Err(misconfigured("the user agent must be visible ASCII"));
        }
        let tls = match (&config.tls, address.tls) {
            (_, false) => None,
            (Some(own), true) => Some(Arc::clone(own)),
            (None, true) => Some(Arc::new(crate::transport::tls_config()?)),
        };
        Ok(Self {
            config,
            address,
            tls,
        })
    }

    pub(crate) fn config(&self) -> &WsConfig {
        &self.config
    }

    pub(crate) async fn dial(self: Arc<Self>) -> Result<Socket, Error> {
        let limit = self.config.connect_timeout;
        timeout(limit, self.connect()).await.unwrap_or_else(|_| {
            Err(Error::new(Kind::Timeout)
                .with_text("connecting took too long")
                .with_retryable(true))
        })
    }

    async fn connect(&self) -> Result<Socket, Error> {
        let wire = self.wire().await?;
        let mut request = self
            .address
            .url
            .as_str()
            .into_client_request()
            .map_err(|error| misconfigured(format!("the address can't be asked for: {error}")))?;
        if let Some(value) = header_value(&self.config.user_agent) {
            request.headers_mut().insert(USER_AGENT, value);
        }
        // Last of all before sending, so that a time in them is as fresh as can be.
        if let Some(headers) = &self.config.headers {
            request.headers_mut().extend(headers()?);
        }
        let limits = WebSocketConfig::default()
            .max_message_size(Some(self.config.max_message_size))
            .max_frame_size(Some(self.config.max_message_size))
            .write_buffer_size(0)
            .max_write_buffer_size(self.config.max_unsent);
        client_async_with_config(request, wire, Some(limits))
            .await
            .map(|(socket, _)| socket)
            .map_err(|error| upgrade_error(&error))
    }

    async fn wire(&self) -> Result<Pin<Box<dyn Wire>>, Error> {
        let (host, port) = match &self.config.proxy {
            Some(proxy) => (proxy.host.as_str(), proxy.port),
            None => (self.address.host.as_str(), self.address.port),
        };
        let mut tcp = TcpStream::connect((host, port))
            .await
            .map_err(|error| broken("no connection came about", error))?;
        // Requests are small and wait for an answer.
        tcp.set_nodelay(true)
            .map_err(|error| broken("the connection can't be set up", error))?;
        if let Some(proxy) = &self.config.proxy {
            through(&mut tcp, proxy, &self.address).await?;
        }
        let Some(tls) = &self.tls else {
            return Ok(Box::pin(tcp));
        };
        let name = ServerName::try_from(self.address.host.clone())
            .map_err(|_| misconfigured("the host is no name that TLS could check"))?;
        let stream = TlsConnector::from(Arc::clone(tls))
            .connect(name, tcp)
            .await
            .map_err(|error| {
                let broken = broken("TLS did not come about", error);
                broken.with_hint(
                    "Check the host name, the clock, and what is in between: with a proxy or a \
                     venue whose certificate is not by a public authority, set WsConfig::tls",
                )
            })?;
        Ok(Box::pin(stream))
    }
}

/// The longest answer of a proxy that is read, in bytes.
const LONGEST_PROXY_ANSWER: usize = 16 << 10;

/// Asks a proxy for a way through.
async fn through(tcp: &mut TcpStream, proxy: &Proxy, target: &Address) -> Result<(), Error> {
    let bracketed = if target.host.contains(':') {
        format!("[{}]", target.host)
    } else {
        target.host.clone()
    };
    let authority = format!("{bracketed}:{}", target.port);
    let mut request =
        format!("CONNECT {authority} HTTP/1.1\r\n{HOST}: {authority}\r\n").into_bytes();
    if let Some(value) = &proxy.authorization {
        request.extend_from_slice(PROXY_AUTHORIZATION.as_str().as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    let no_answer = |error| broken("the proxy gave no answer", error);
    tcp.write_all(&request).await.map_err(no_answer)?;
    // Byte by byte, since what follows the empty line is no longer the proxy's.
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(tcp.read_u8().await.map_err(no_answer)?);
        if answer.len() > LONGEST_PROXY_ANSWER {
            return Err(no_answer(io::Error::other("its answer is too long")));
        }
    }
    let status = answer
        .split(|byte| *byte == b' ')
        .nth(1)
        .and_then(|text| std::str::from_utf8(text.get(..3)?).ok())
        .and_then(|text| text.parse::<u16>().ok())
        .unwrap_or(0);
    if (200..300).contains(&status) {
        return Ok(());
    }
    Err(Error::new(Kind::Transport)
        .with_text(format!(
            "the proxy refused the connection with status {status}"
        ))
        .with_hint(if status == 407 {
            "The proxy wants a user and a password in its address, or others than it got"
        } else {
            "Check the proxy's address, and whether it lets the venue be reached"
        })
        .with_retryable(true))
}

/// A connection that broke or never was.
fn broken(what: &str, error: io::Error) -> Error {
    Error::new(Kind::Transport)
        .with_text(format!("{what}: {error}"))
        .with_retryable(true)
        .with_source(error)
}

/// Why the venue did not upgrade. Neither headers nor body are shown: they may repeat a key.
fn upgrade_error(error: &tungstenite::Error) -> Error {
    let tungstenite::Error::Http(response) = error else {
        return Error::new(Kind::Transport)
            .with_text(format!("the WebSocket handshake failed: {error}"))
            .with_retryable(true);
    };
    let status = response.status();
    let kind = match status {
        StatusCode::UNAUTHORIZED => Kind::Credentials,
        StatusCode::FORBIDDEN => Kind::Permission,
        StatusCode::TOO_MANY_REQUESTS => Kind::RateLimit,
        StatusCode::NOT_FOUND => Kind::NotFound,
        status if status.is_client_error() => Kind::InvalidRequest,
        _ => Kind::Unavailable,
    };
    let mut refused = Error::new(kind)
        .with_status(status.as_u16())
        .with_text(format!(
            "the venue answered HTTP {status} in place of a WebSocket"
        ))
        .with_retryable(matches!(kind, Kind::RateLimit | Kind::Unavailable));
    if let Some(wait) = retry_after(response.headers()) {
        refused = refused.with_retry_after(wait);
    }
    if matches!(
        kind,
        Kind::Credentials | Kind::Permission | Kind::InvalidRequest
    ) {
        refused = refused.with_hint("Check the address, the key, its secret and the clock");
    }
    refused
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    // Longer than that is more likely a mistake than a wish.
    Some(Duration::from_secs(u64::min(seconds, 3600)))
}
