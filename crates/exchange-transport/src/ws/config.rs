//! Address, limits, liveness.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use url::{Host, Url};

use super::backoff::Backoff;
use super::proxy::Proxy;
use crate::error::Error;
use crate::transport::{is_loopback, misconfigured};

/// Makes the headers of one upgrade request; called anew for each try.
pub type HandshakeHeaders = Arc<dyn Fn() -> Result<HeaderMap, Error> + Send + Sync>;

/// When a silent connection is looked after, and when it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liveness {
    /// After so long without anything received a ping frame is sent, and
    /// [`Event::Quiet`](super::Event::Quiet) told. Default 15 s.
    pub ping_after: Duration,
    /// After so long again the connection counts as lost. Default 10 s. A message that takes
    /// longer than both together to arrive counts as silence.
    pub lost_after: Duration,
}

impl Default for Liveness {
    fn default() -> Self {
        Self {
            ping_after: Duration::from_secs(15),
            lost_after: Duration::from_secs(10),
        }
    }
}

/// How a [`Session`](super::Session) connects.
#[derive(Clone)]
#[non_exhaustive]
pub struct WsConfig {
    /// The address, `wss://` or `ws://`.
    pub url: String,
    /// The headers of the upgrade request, beside those of the protocol. With headers the address
    /// must be `wss` or loopback: they may be signed.
    pub headers: Option<HandshakeHeaders>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The limit for one try, from looking up the name to the end of the handshake. Default 10 s.
    pub connect_timeout: Duration,
    /// How long to wait between tries.
    pub backoff: Backoff,
    /// When a silent connection is given up.
    pub liveness: Liveness,
    /// The largest message to accept, in bytes. A larger one ends the connection. Default 16 MiB.
    pub max_message_size: usize,
    /// How many bytes may wait to be written; [`send`](super::Session::send) then refuses more.
    /// Default 4 MiB.
    pub max_unsent: usize,
    /// The proxy to go through.
    pub proxy: Option<Proxy>,
    /// Whether, without a [`proxy`](Self::proxy), the one that the environment names is gone
    /// through, see [`Proxy::from_environment`]. Default true, as for calls over HTTP.
    pub proxy_from_environment: bool,
    /// TLS of your own, for certificate authorities of your own. Without it those of Mozilla,
    /// which are built in.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

impl WsConfig {
    /// The defaults, for this address.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            headers: None,
            user_agent: concat!("exchange-bindings/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            backoff: Backoff::default(),
            liveness: Liveness::default(),
            max_message_size: 16 << 20,
            max_unsent: 4 << 20,
            proxy: None,
            proxy_from_environment: true,
            tls: None,
        }
    }
}

impl fmt::Debug for WsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsConfig")
            .field("url", &self.url)
            .field("signed", &self.headers.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .field("backoff", &self.backoff)
            .field("liveness", &self.liveness)
            .field("max_message_size", &self.max_message_size)
            .field("max_unsent", &self.max_unsent)
            .field("proxy", &self.proxy)
            .field("proxy_from_environment", &self.proxy_from_environment)
            .finish_non_exhaustive()
    }
}

/// A checked address.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

impl Address {
    pub(crate) fn of(config: &WsConfig) -> Result<Self, Error> {
        let url = Url::parse(&config.url).map_err(|error| {
            misconfigured(format!("the WebSocket's address is no URL: {error}"))
        })?;
        let tls = match url.scheme() {
            "wss" => true,
            "ws" => false,
            _ => return Err(misconfigured("the WebSocket's address must be wss or ws")),
        };
        let plain = url.username().is_empty() && url.password().is_none();
        if !plain || url.fragment().is_some() {
            return Err(misconfigured(
                "the WebSocket's address must have no user and no fragment",
            ));
        }
        if config.headers.is_some() && !tls && !is_loopback(&url) {
            return Err(misconfigured(
                "signed headers can't be sent to an address that is neither wss nor loopback",
            ));
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(misconfigured("the WebSocket's address has no host")),
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(if tls { 443 } else { 80 }),
            tls,
            url: url.into(),
        })
    }
}
