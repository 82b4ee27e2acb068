//! The task that holds the connection: routes what comes, sends what is asked for, and subscribes
//! anew after a loss.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use exchange_transport::ws::{self, Feed, Session, Utf8Bytes};
use exchange_transport::{Error, Kind, Outcome};
use futures_core::Stream as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Sleep, sleep};

use crate::envelope::{Head, Hello, Refusal};
use crate::notice::{Notice, NoticeBoard, shown};
use crate::time::Time;

/// What the connection is asked to do.
pub(crate) enum Ask {
    Subscribe(Subscriber),
    Unsubscribe(u64),
    /// To forget a subscription that the venue refused, so that there is nothing to cancel.
    Forget(u64),
    /// The next page of a subscription, if it still has this request number.
    Page {
        id: u64,
        reqid: u64,
        after: String,
    },
    /// To subscribe anew, as messages are missing.
    Again(u64),
    Command(Command),
    Ping(oneshot::Sender<()>),
    Close(oneshot::Sender<()>),
}

/// Who wants the messages of a stream.
pub(crate) struct Subscriber {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    /// The element of `streams`, made anew for each request.
    pub(crate) element: Box<dyn Fn() -> String + Send>,
    pub(crate) tag: Option<String>,
    pub(crate) feed: Feed<Incoming>,
}

/// A request that changes something.
pub(crate) struct Command {
    pub(crate) kind: &'static str,
    /// The one element of `data`.
    pub(crate) data: String,
    /// Told the number of the connection it was sent on, or that it certainly was not sent.
    pub(crate) sent: oneshot::Sender<Result<u64, Error>>,
    /// Told if the venue can't follow the request at all.
    pub(crate) refused: oneshot::Sender<Error>,
}

/// What a subscription is told.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It was asked for with this number, on this connection; messages with other numbers are of
    /// the past.
    Begun {
        reqid: u64,
        connection: u64,
    },
    Message {
        reqid: u64,
        text: Utf8Bytes,
    },
    Lost(Arc<Error>),
    Refused {
        reqid: u64,
        error: Error,
    },
}

/// Whether there is a connection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Status {
    /// The first one is being made.
    Connecting,
    /// There is one.
    Online {
        /// The venue's name for it.
        session_id: String,
    },
    /// There is none; another is made.
    Offline {
        /// Why.
        error: Arc<Error>,
        /// The wait before the next try.
        retry_in: Duration,
    },
    /// There will be none: the client was closed, or the venue refused the first connection.
    Closed {
        /// Why, if it was not closed by the user.
        error: Option<Arc<Error>>,
    },
}

/// How many numbers of ended requests are remembered, whose last messages may still arrive.
const ENDED: usize = 256;

/// How long to wait for `hello`. The vendor says that it comes first; should it not come, requests
/// are sent all the same.
const HELLO: Duration = Duration::from_secs(5);

/// How many messages are handled before others have a turn.
const BATCH: usize = 32;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

pub(crate) struct Connection {
    session: Session,
    status: watch::Sender<Status>,
    clock: Arc<ServerClock>,
    notices: NoticeBoard,
    // Few at a time, and looked up for each message: an ordered map is quicker than hashing.
    subscribers: BTreeMap<u64, Subscribed>,
    routes: BTreeMap<u64, Route>,
    ended: VecDeque<u64>,
    last_reqid: u64,
    /// Which connection this is, from 1.
    number: u64,
    /// Whether requests may be sent.
    ready: bool,
    /// Until when `hello` must have come, while it is waited for.
    hello_due: Option<Pin<Box<Sleep>>>,
}

struct Subscribed {
    subscriber: Subscriber,
    reqid: Option<u64>,
}

enum Route {
    Subscriber(u64),
    Command(oneshot::Sender<Error>),
    Ping(Option<oneshot::Sender<()>>),
}

/// How far the venue's clock is from ours.
#[derive(Debug, Default)]
pub(crate) struct ServerClock(std::sync::atomic::AtomicI64);

impl ServerClock {
    fn learn(&self, server: &Time) {
        if let (Some(server), Some(here)) = (server.unix_nanos(), Time::now().unix_nanos()) {
            let ahead = server.saturating_sub(here);
            self.0.store(ahead, std::sync::atomic::Ordering::Relaxed);
        }
    }

    /// The venue's time, as far as is known.
    pub(crate) fn now(&self) -> Time {
        let here = Time::now().unix_nanos().unwrap_or_default();
        let ahead = self.0.load(std::sync::atomic::Ordering::Relaxed);
        Time::from_unix_micros(here.saturating_add(ahead).div_euclid(1000))
    }
}

impl Connection {
    pub(crate) fn new(
        session: Session,
        status: watch::Sender<Status>,
        clock: Arc<ServerClock>,
        notices: NoticeBoard,
    ) -> Self {
        Self {
            session,
            status,
            clock,
            notices,
            subscribers: BTreeMap::new(),
            routes: BTreeMap::new(),
            ended: VecDeque::new(),
            last_reqid: 0,
            number: 0,
            ready: false,
            hello_due: None,
        }
    }

    pub(crate) async fn run(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        loop {
            tokio::select! {
                error = poll_fn(|context| self.poll_events(context)) => {
                    if error.is_some() {
                        self.status.send_replace(Status::Closed { error });
                    }
                    return;
                }
                ask = asks.recv() => match ask {
                    Some(Ask::Close(done)) => {
                        self.close().await;
                        // Whoever asked may have gone.
                        let _ = done.send(());
                        return;
                    }
                    Some(ask) => self.on_ask(ask),
                    None => {
                        self.close().await;
                        return;
                    }
                },
            }
        }
    }

    /// Handles what has come; ready only when the session is over, with the error if there is one.
    fn poll_events(&mut self, context: &mut Context<'_>) -> Poll<Option<Arc<Error>>> {
        for _ in 0..BATCH {
            match Pin::new(&mut self.session).poll_next(context) {
                Poll::Ready(Some(event)) => {
                    if let Some(error) = self.on_event(event) {
                        return Poll::Ready(Some(error));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return self.poll_hello(context),
            }
        }
        // There may be more, but others have a turn first: above all who takes the messages.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Goes on without the venue's greeting if it does not come. Never ready.
    fn poll_hello(&mut self, context: &mut Context<'_>) -> Poll<Option<Arc<Error>>> {
        if let Some(due) = &mut self.hello_due {
            ready!(due.as_mut().poll(context));
            self.begin(&Hello {
                ts: None,
                session_id: None,
            });
            // What was asked for is only written when the session is looked at again.
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    async fn close(&mut self) {
        self.session.close(GOODBYE).await;
        self.status.send_replace(Status::Closed { error: None });
    }

    /// Gives the error that ends it all.
    fn on_event(&mut self, event: ws::Event) -> Option<Arc<Error>> {
        match event {
            ws::Event::Connected => {
                self.number += 1;
                self.hello_due = Some(Box::pin(sleep(HELLO)));
            }
            ws::Event::Text(text) => self.on_text(text),
            ws::Event::Binary(bytes) => self.notices.tell(Notice::Binary {
                length: bytes.len(),
            }),
            ws::Event::Quiet if self.ready => self.ping(None),
            ws::Event::Lost { error, retry_in } => self.on_lost(error, retry_in),
            ws::Event::Refused(error) => return Some(Arc::new(error)),
            _ => {}
        }
        None
    }

    fn on_lost(&mut self, error: Error, retry_in: Duration) {
        let error = Arc::new(error);
        self.ready = false;
        self.hello_due = None;
        // Whoever waits for a command finds the channel closed and looks for its order.
        self.routes.clear();
        self.ended.clear();
        for subscribed in self.subscribers.values_mut() {
            if subscribed.reqid.take().is_some() {
                let lost = Incoming::Lost(Arc::clone(&error));
                subscribed.subscriber.feed.push(lost, 0);
            }
        }
        self.status.send_replace(Status::Offline {
            error: Arc::clone(&error),
            retry_in,
        });
        self.notices.tell(Notice::Disconnected { error, retry_in });
    }

    fn on_text(&mut self, text: Utf8Bytes) {
        let Some(head) = Head::read(text.as_str()) else {
            let text = shown(text.as_str());
            return self.notices.tell(Notice::Unreadable { text });
        };
        let kind = head.kind.as_deref().unwrap_or_default();
        match (kind, head.reqid) {
            ("hello", _) => match serde_json::from_str::<Hello>(text.as_str()) {
                Ok(hello) if !self.ready => self.begin(&hello),
                _ => self.unknown(&text),
            },
            ("error", reqid) => self.on_refusal(reqid, text.as_str()),
            (kind, Some(reqid)) => match self.routes.get_mut(&reqid) {
                Some(Route::Subscriber(id)) => {
                    let id = *id;
                    let Some(subscribed) = self.subscribers.get(&id) else {
                        return self.unknown(&text);
                    };
                    let subscriber = &subscribed.subscriber;
                    if kind != subscriber.name {
                        return self.unknown(&text);
                    }
                    if subscriber.feed.is_closed() {
                        return self.unsubscribe(id);
                    }
                    let size = text.len();
                    subscriber
                        .feed
                        .push(Incoming::Message { reqid, text }, size);
                }
                Some(Route::Ping(answered)) if kind == "Pong" => {
                    if let Some(answered) = answered.take() {
                        // Whoever asked may have gone.
                        let _ = answered.send(());
                    }
                    self.routes.remove(&reqid);
                }
                None if self.ended.contains(&reqid) => {}
                _ => self.unknown(&text),
            },
            (_, None) => self.unknown(&text),
        }
    }

    fn unknown(&self, text: &Utf8Bytes) {
        let text = shown(text.as_str());
        self.notices.tell(Notice::Unknown { text });
    }

    fn on_refusal(&mut self, reqid: Option<u64>, text: &str) {
        let error = Refusal::read(text);
        let route = reqid.and_then(|reqid| match self.routes.get(&reqid) {
            // It goes on having its number: an error about a page does not end the stream.
            Some(Route::Subscriber(id)) => Some(Route::Subscriber(*id)),
            _ => self.routes.remove(&reqid),
        });
        match (route, reqid) {
            (Some(Route::Subscriber(id)), Some(reqid)) => {
                if let Some(subscribed) = self.subscribers.get(&id) {
                    let refused = Incoming::Refused { reqid, error };
                    subscribed.subscriber.feed.push(refused, text.len());
                }
            }
            (Some(Route::Command(refused)), _) => {
                if let Err(error) = refused.send(error) {
                    let error = Arc::new(error);
                    self.notices.tell(Notice::Refused { reqid, error });
                }
            }
            _ => {
                let error = Arc::new(error);
                self.notices.tell(Notice::Refused { reqid, error });
            }
        }
    }

    fn begin(&mut self, hello: &Hello) {
        self.ready = true;
        self.hello_due = None;
        if let Some(ts) = &hello.ts {
            self.clock.learn(ts);
        }
        let session_id = hello.session_id.clone().unwrap_or_default();
        self.status.send_replace(Status::Online {
            session_id: session_id.clone(),
        });
        self.notices.tell(Notice::Connected { session_id });
        let ids: Vec<u64> = self.subscribers.keys().copied().collect();
        for id in ids {
            self.subscribe(id);
        }
    }

    fn on_ask(&mut self, ask: Ask) {
        match ask {
            Ask::Subscribe(subscriber) => {
                let id = subscriber.id;
                let reqid = None;
                self.subscribers
                    .insert(id, Subscribed { subscriber, reqid });
                self.subscribe(id);
            }
            Ask::Unsubscribe(id) => self.unsubscribe(id),
            Ask::Forget(id) => {
                self.leave_request(id);
                self.subscribers.remove(&id);
            }
            Ask::Again(id) => {
                self.end_request(id);
                self.subscribe(id);
            }
            Ask::Page { id, reqid, after } => {
                if let Some(subscribed) = self.subscribers.get(&id)
                    && subscribed.reqid == Some(reqid)
                {
                    let name = text(subscribed.subscriber.name);
                    let after = text(&after);
                    let frame = format!(
                        r#"{{"reqid":{reqid},"type":"page","streams":[{{"name":{name},"after":{after}}}]}}"#
                    );
                    self.send_or_tell(reqid, frame);
                }
            }
            Ask::Command(command) => self.command(command),
            Ask::Ping(answered) => {
                if self.ready {
                    self.ping(Some(answered));
                }
            }
            Ask::Close(_) => {}
        }
    }

    fn next_reqid(&mut self) -> u64 {
        self.last_reqid += 1;
        self.last_reqid
    }

    fn subscribe(&mut self, id: u64) {
        if !self.ready {
            return;
        }
        let reqid = self.next_reqid();
        let connection = self.number;
        let Some(subscribed) = self.subscribers.get_mut(&id) else {
            return;
        };
        let subscriber = &subscribed.subscriber;
        if subscriber.feed.is_closed() {
            return self.unsubscribe(id);
        }
        let element = (subscriber.element)();
        let mut frame = format!(r#"{{"reqid":{reqid},"type":"subscribe","streams":[{element}]"#);
        if let Some(tag) = &subscriber.tag {
            // Writing to a String can't fail.
            let _ = write!(frame, r#","tag":{}"#, text(tag));
        }
        let _ = write!(frame, r#","ts":"{}"}}"#, Time::now());
        subscriber
            .feed
            .push(Incoming::Begun { reqid, connection }, 0);
        subscribed.reqid = Some(reqid);
        self.routes.insert(reqid, Route::Subscriber(id));
        self.send_or_tell(reqid, frame);
    }

    /// Ends the present request of a subscription, not the subscription.
    fn end_request(&mut self, id: u64) {
        if let Some(reqid) = self.leave_request(id) {
            // If it can't be sent the connection goes, and the request with it.
            let _ = self
                .session
                .send(format!(r#"{{"reqid":{reqid},"type":"cancel"}}"#));
        }
    }

    /// Does not wait for messages of a subscription's present request any more.
    fn leave_request(&mut self, id: u64) -> Option<u64> {
        let reqid = self.subscribers.get_mut(&id)?.reqid.take()?;
        self.routes.remove(&reqid);
        self.ended.push_back(reqid);
        if self.ended.len() > ENDED {
            self.ended.pop_front();
        }
        Some(reqid)
    }

    fn unsubscribe(&mut self, id: u64) {
        self.end_request(id);
        self.subscribers.remove(&id);
    }

    fn send_or_tell(&mut self, reqid: u64, frame: String) {
        if let Err(error) = self.session.send(frame) {
            let reqid = Some(reqid);
            let error = Arc::new(error);
            self.notices.tell(Notice::Refused { reqid, error });
        }
    }

    fn command(&mut self, command: Command) {
        let result = if self.ready {
            let reqid = self.next_reqid();
            let Command { kind, data, .. } = &command;
            let ts = Time::now();
            let frame =
                format!(r#"{{"reqid":{reqid},"type":"{kind}","ts":"{ts}","data":[{data}]}}"#);
            match self.session.send(frame) {
                // Part of it may have left. The loss is told next, and then it is looked for.
                Err(error) if error.outcome() == Outcome::Unknown => Ok(reqid),
                result => result.map(|()| reqid),
            }
        } else {
            Err(Error::new(Kind::Transport)
                .with_text("it was not sent: there is no connection")
                .with_retryable(true))
        };
        let result = result.map(|reqid| {
            if self.routes.len() > 1024 {
                self.routes.retain(|_, route| match route {
                    Route::Command(waiting) => !waiting.is_closed(),
                    Route::Ping(Some(waiting)) => !waiting.is_closed(),
                    _ => true,
                });
            }
            self.routes.insert(reqid, Route::Command(command.refused));
            self.number
        });
        // Whoever asked may have gone; then nobody waits for the outcome either.
        let _ = command.sent.send(result);
    }

    /// The venue's own ping, beside that of the WebSocket.
    fn ping(&mut self, answered: Option<oneshot::Sender<()>>) {
        let reqid = self.next_reqid();
        let ts = Time::now();
        let frame = format!(r#"{{"reqid":{reqid},"type":"Ping","ts":"{ts}","data":[{{}}]}}"#);
        self.routes.insert(reqid, Route::Ping(answered));
        self.send_or_tell(reqid, frame);
    }
}

/// A text as JSON.
fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
