//! The client, and how it is built.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use exchange_auth::{Secret, prime};
use exchange_transport::ws::{self, Backoff, Liveness, Proxy, QueueLimits, Session, WsConfig};
use exchange_transport::{Error, Kind};
use http::{HeaderMap, HeaderValue};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use url::Url;

use crate::connection::{Ask, Connection, ServerClock, Status, Subscriber};
use crate::notice::{NoticeBoard, Notices};
use crate::subscription::{Subscription, Wish};
use crate::time::Time;
use crate::topic::Topic;
use crate::tracker::Trackers;
use crate::view::View;

/// The address of the production environment.
pub const PRODUCTION: &str = "wss://wss.prime.kraken.com/ws/v1";

/// The address of the sandbox. Its keys are others.
pub const SANDBOX: &str = "wss://wss.sandbox.prime.kraken.com/ws/v1";

/// A connection to Kraken Prime that is made anew when it is lost.
///
/// Cloning is cheap, and clones share the connection. It can be used from any thread, and by
/// several tasks at once. The connection is closed by [`close`](Self::close), or when all clones
/// and all streams are dropped.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    asks: mpsc::UnboundedSender<Ask>,
    status: watch::Receiver<Status>,
    clock: Arc<ServerClock>,
    notices: NoticeBoard,
    last_id: AtomicU64,
    settings: Settings,
    trackers: Trackers,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) answer_within: Duration,
    pub(crate) settle_after: Duration,
    pub(crate) queue: QueueLimits,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("status", &self.status())
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Starts a client for [`PRODUCTION`].
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Whether there is a connection.
    pub fn status(&self) -> Status {
        self.inner.status.borrow().clone()
    }

    /// Waits until there is a connection.
    ///
    /// # Errors
    ///
    /// When the client is closed.
    pub async fn online(&self) -> Result<(), Error> {
        online(&mut self.inner.status.clone()).await
    }

    /// What happens beside the streams: losses of the connection, unknown messages, errors nobody
    /// waits for. Told from now on.
    pub fn notices(&self) -> Notices {
        self.inner.notices.listen()
    }

    /// How long the venue takes to answer a ping.
    ///
    /// # Errors
    ///
    /// [`Kind::Timeout`] if it does not, or there is no connection.
    pub async fn ping(&self) -> Result<Duration, Error> {
        let (answered, answer) = oneshot::channel();
        let start = tokio::time::Instant::now();
        self.ask(Ask::Ping(answered))?;
        match timeout(self.inner.settings.answer_within, answer).await {
            Ok(Ok(())) => Ok(start.elapsed()),
            _ => Err(Error::new(Kind::Timeout).with_text("the ping was not answered")),
        }
    }

    /// Says goodbye and closes the connection. All streams end.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.ask(Ask::Close(done)).is_ok() {
            // An error says that it is closed, too.
            let _ = closed.await;
        }
    }

    pub(crate) fn request<T: Topic>(&self, topic: T) -> Request<T> {
        Request {
            client: self.clone(),
            queue: self.inner.settings.queue,
            topic,
            tag: None,
        }
    }

    pub(crate) fn ask(&self, ask: Ask) -> Result<(), Error> {
        self.inner
            .asks
            .send(ask)
            .map_err(|_| Error::new(Kind::Transport).with_text("the client is closed"))
    }

    pub(crate) fn settings(&self) -> Settings {
        self.inner.settings
    }

    pub(crate) fn trackers(&self) -> &Trackers {
        &self.inner.trackers
    }

    pub(crate) fn notice_board(&self) -> NoticeBoard {
        self.inner.notices.clone()
    }

    pub(crate) fn server_now(&self) -> Time {
        self.inner.clock.now()
    }
}

/// A stream to be asked for.
#[derive(Clone, Debug)]
#[must_use = "a stream is asked for by `subscribe` or `view`"]
pub struct Request<T: Topic> {
    client: Client,
    queue: QueueLimits,
    pub(crate) topic: T,
    tag: Option<String>,
}

impl<T: Topic> Request<T> {
    /// A text that every message repeats.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// How much may wait for whoever takes the messages. Default is what the client has.
    pub fn queue(mut self, limits: QueueLimits) -> Self {
        self.queue = limits;
        self
    }

    /// Asks for the stream, and waits for its first message, which it will still yield.
    ///
    /// If nothing comes within [`ClientBuilder::answer_within`], or there is no connection, that
    /// is no error: silence is no refusal, and the stream yields what comes later.
    ///
    /// # Errors
    ///
    /// When the venue refuses the request, or the client is closed.
    pub async fn subscribe(self) -> Result<Subscription<T>, Error> {
        let patience = self.client.inner.settings.answer_within;
        let mut subscription = self.begin()?;
        if let Ok(answer) = timeout(patience, subscription.first()).await {
            answer?;
        }
        Ok(subscription)
    }

    /// Asks for the stream, and keeps its state up to date. See
    /// [`View::complete`] for when it is there.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    pub async fn view(self) -> Result<View<T>, Error> {
        Ok(View::start(self.subscribe().await?))
    }

    fn begin(self) -> Result<Subscription<T>, Error> {
        let inner = &self.client.inner;
        let id = inner.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (feed, inbox) = ws::queue::queue(self.queue);
        let wish = Arc::new(Mutex::new(Wish::new(self.topic)));
        let wished = Arc::clone(&wish);
        let subscription = Subscription::new(
            inbox,
            inner.asks.clone(),
            id,
            wish,
            inner.notices.clone(),
            inner.status.clone(),
            inner.settings.answer_within,
        );
        self.client.ask(Ask::Subscribe(Subscriber {
            id,
            name: T::NAME,
            element: Box::new(move || {
                wished
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .element()
            }),
            tag: self.tag,
            feed,
        }))?;
        Ok(subscription)
    }
}

/// Builds a [`Client`].
pub struct ClientBuilder {
    url: String,
    key: Option<(String, Secret)>,
    connect_within: Duration,
    backoff: Backoff,
    liveness: Liveness,
    max_message_size: usize,
    proxy: Option<Proxy>,
    ws: Option<WsConfig>,
    settings: Settings,
}

/// Shows neither key nor secret.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("url", &self.url)
            .field("has_key", &self.key.is_some())
            .field("connect_within", &self.connect_within)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    fn new() -> Self {
        Self {
            url: PRODUCTION.to_owned(),
            key: None,
            connect_within: Duration::from_secs(30),
            backoff: Backoff::default(),
            liveness: Liveness::default(),
            max_message_size: 16 << 20,
            proxy: None,
            ws: None,
            settings: Settings {
                answer_within: Duration::from_secs(10),
                settle_after: Duration::from_secs(3),
                queue: QueueLimits::default(),
            },
        }
    }

    /// Another address than [`PRODUCTION`], such as [`SANDBOX`] or a venue on loopback.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// The API key, and its secret as the venue shows it.
    pub fn api_key(mut self, key: impl Into<String>, secret: impl Into<String>) -> Self {
        self.key = Some((key.into(), Secret::new(secret.into())));
        self
    }

    /// The API key from `KRAKEN_PRIME_API_KEY` and `KRAKEN_PRIME_API_SECRET`.
    ///
    /// # Errors
    ///
    /// [`Kind::Credentials`] if one is not there or no text.
    pub fn credentials_from_env(self) -> Result<Self, Error> {
        let read = |name: &str| {
            std::env::var(name).map_err(|_| {
                Error::new(Kind::Credentials).with_text(format!(
                    "the environment variable {name} is not set, or no text"
                ))
            })
        };
        let key = read("KRAKEN_PRIME_API_KEY")?;
        let secret = read("KRAKEN_PRIME_API_SECRET")?;
        Ok(self.api_key(key.trim(), secret.trim()))
    }

    /// How long [`connect`](Self::connect) tries. Default 30 s.
    pub fn connect_within(mut self, limit: Duration) -> Self {
        self.connect_within = limit;
        self
    }

    /// How long to wait between tries to connect.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// When a silent connection is given up.
    pub fn liveness(mut self, liveness: Liveness) -> Self {
        self.liveness = liveness;
        self
    }

    /// The largest message to accept, in bytes; a larger one ends the connection. Default 16 MiB.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.max_message_size = bytes;
        self
    }

    /// An HTTP proxy to go through. Without it the one that `HTTPS_PROXY` or `ALL_PROXY` names,
    /// unless `NO_PROXY` exempts the venue; see [`Proxy::from_environment`], and
    /// [`WsConfig::proxy_from_environment`] to leave the environment alone.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Settings of the WebSocket that have no method here. Address, headers and what has a method
    /// is set in it by the others.
    pub fn websocket(mut self, config: WsConfig) -> Self {
        self.ws = Some(config);
        self
    }

    /// How long to wait for the answer to a subscription, a command or a ping, and for a page.
    /// Default 10 s.
    pub fn answer_within(mut self, limit: Duration) -> Self {
        self.settings.answer_within = limit;
        self
    }

    /// An order whose connection was lost is looked for on the Order stream after the reconnect.
    /// If it is not there this long after the stream was complete, it counts as not executed.
    /// Default 3 s: the venue may still be busy with what it received on the old connection.
    pub fn settle_after(mut self, wait: Duration) -> Self {
        self.settings.settle_after = wait;
        self
    }

    /// How much may wait for whoever takes the messages of a stream. Default 4096 messages and
    /// 32 MiB.
    pub fn queue(mut self, limits: QueueLimits) -> Self {
        self.settings.queue = limits;
        self
    }

    /// Connects, and waits for the venue's greeting.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if a setting can't work or there is no key; [`Kind::Credentials`]
    /// and the like when the venue refuses; the last trouble if no connection came about in time.
    pub async fn connect(self) -> Result<Client, Error> {
        let limit = self.connect_within;
        let client = self.start()?;
        let mut status = client.inner.status.clone();
        if let Ok(result) = timeout(limit, online(&mut status)).await {
            return result.map(|()| client);
        }
        client.close().await;
        let why = match &*status.borrow() {
            Status::Offline { error, .. } => error.to_string(),
            _ => "the venue did not greet".to_owned(),
        };
        Err(Error::new(Kind::Timeout)
            .with_text(format!("no connection came about in time: {why}"))
            .with_retryable(true))
    }

    /// A client that connects by and by. It must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if a setting can't work or there is no key.
    pub fn start(self) -> Result<Client, Error> {
        let mut config = self.ws.unwrap_or_else(|| WsConfig::new(""));
        let (key, secret) = self
            .key
            .ok_or_else(|| misconfigured("there is no API key: every connection needs one"))?;
        config.headers = Some(signed_headers(&self.url, &key, secret)?);
        config.url = self.url;
        config.backoff = self.backoff;
        config.liveness = self.liveness;
        config.max_message_size = self.max_message_size;
        config.proxy = self.proxy.or(config.proxy);
        let session = Session::new(config)?;

        let (asks, asked) = mpsc::unbounded_channel();
        let (status_sender, status) = watch::channel(Status::Connecting);
        let clock = Arc::new(ServerClock::default());
        let notices = NoticeBoard::new();
        let connection =
            Connection::new(session, status_sender, Arc::clone(&clock), notices.clone());
        tokio::spawn(connection.run(asked));
        Ok(Client {
            inner: Arc::new(Inner {
                asks,
                status,
                clock,
                notices,
                last_id: AtomicU64::new(0),
                settings: self.settings,
                trackers: Trackers::default(),
            }),
        })
    }
}

fn misconfigured(text: &'static str) -> Error {
    Error::new(Kind::Configuration).with_text(text)
}

async fn online(status: &mut watch::Receiver<Status>) -> Result<(), Error> {
    let settled = status
        .wait_for(|status| matches!(status, Status::Online { .. } | Status::Closed { .. }))
        .await
        .map(|status| status.clone());
    match settled {
        Ok(Status::Online { .. }) => Ok(()),
        Ok(Status::Closed { error: Some(error) }) => {
            let mut refused = Error::new(error.kind()).with_text(error.to_string());
            if let Some(status) = error.status() {
                refused = refused.with_status(status);
            }
            Err(refused.with_source(error))
        }
        _ => Err(Error::new(Kind::Transport).with_text("the client was closed")),
    }
}

/// Key, time and signature, anew for each try to connect.
fn signed_headers(url: &str, key: &str, secret: Secret) -> Result<ws::HandshakeHeaders, Error> {
    let url = Url::parse(url).map_err(|_| misconfigured("the address is no URL"))?;
    let host = match (url.host_str(), url.port()) {
        (Some(host), None) => host.to_owned(),
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (None, _) => return Err(misconfigured("the address has no host")),
    };
    let path = url.path().to_owned();
    let mut key = HeaderValue::from_str(key)
        .map_err(|_| Error::new(Kind::Credentials).with_text("the key can't be sent"))?;
    if key.is_empty() {
        return Err(Error::new(Kind::Credentials).with_text("the key is empty"));
    }
    key.set_sensitive(true);
    Ok(Arc::new(move || {
        let timestamp = Time::now().to_string();
        let signature = prime::sign(&secret, &timestamp, &host, &path);
        let value = |text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| Error::new(Kind::Configuration).with_text("a header can't be sent"))
        };
        let mut signature = value(&signature)?;
        signature.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("ApiKey", key.clone());
        headers.insert("ApiSign", signature);
        headers.insert("ApiTimestamp", value(&timestamp)?);
        Ok(headers)
    }))
}
