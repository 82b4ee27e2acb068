//! Connect, read, send, lose, connect again.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::Sink as _;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use super::config::WsConfig;
use super::dial::{Dialer, Socket};
use crate::error::{Error, Kind, Outcome};

/// What happens to a [`Session`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A connection came about. Nothing of the one before survives: subscribe anew.
    Connected,
    /// A text message.
    Text(Utf8Bytes),
    /// A binary message.
    Binary(Bytes),
    /// Nothing was received for [`Liveness::ping_after`](super::Liveness::ping_after). A ping
    /// frame has been sent; a venue with a ping of its own may want one, too.
    Quiet,
    /// The connection was lost, or a try to connect failed.
    Lost {
        /// Why. [`Outcome::Unknown`] if there was a connection: what was sent on it may or may not
        /// have arrived.
        error: Error,
        /// The wait before the next try.
        retry_in: Duration,
    },
    /// The session is over: there was never a connection, and the venue refused the upgrade in a
    /// way that trying again does not mend. `None` follows.
    Refused(Error),
}

/// One connection after the other to the same address.
///
/// It does nothing unless [`next`](Self::next) is awaited, and needs no task of its own. Dropping
/// it closes the connection without a goodbye; [`close`](Self::close) says one.
pub struct Session {
    dialer: Arc<Dialer>,
    state: State,
    failures: u32,
    connected_once: bool,
}

type Dialing = Pin<Box<dyn Future<Output = Result<Socket, Error>> + Send>>;

enum State {
    Waiting(Pin<Box<Sleep>>),
    Dialing(Dialing),
    Open(Box<Open>),
    Closed,
}

struct Open {
    socket: Socket,
    since: Instant,
    last_received: Instant,
    /// Something was received since the clock was last looked at.
    heard: bool,
    pinged: bool,
    alarm: Pin<Box<Sleep>>,
    unsent: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Waiting(_) => "waiting",
            State::Dialing(_) => "connecting",
            State::Open(_) => "open",
            State::Closed => "closed",
        };
        f.debug_struct("Session")
            .field("config", self.dialer.config())
            .field("state", &state)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Checks the configuration; connects when first asked for an event.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if the address can't be used, or not with signed headers because it
    /// is neither `wss` nor loopback.
    pub fn new(config: WsConfig) -> Result<Self, Error> {
        let dialer = Arc::new(Dialer::new(config)?);
        let state = State::Dialing(Box::pin(Arc::clone(&dialer).dial()));
        Ok(Self {
            dialer,
            state,
            failures: 0,
            connected_once: false,
        })
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// What happens next; `None` when the session is over. Safe to drop at any time.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|context| self.poll_event(context)).await
    }

    /// Hands a text message over to be sent. Does not wait: [`next`](Self::next) does the writing.
    ///
    /// # Errors
    ///
    /// There is no connection, or too much waits to be written already: the message certainly did
    /// not leave. With [`Outcome::Unknown`] the connection broke over it, and part of it may have.
    pub fn send(&mut self, text: impl Into<Utf8Bytes>) -> Result<(), Error> {
        let State::Open(open) = &mut self.state else {
            return Err(not_sent("there is no connection"));
        };
        match Pin::new(&mut open.socket).start_send(Message::Text(text.into())) {
            Ok(()) => {
                open.unsent = true;
                Ok(())
            }
            Err(tungstenite::Error::WriteBufferFull(_)) => {
                Err(not_sent("too much waits to be written already"))
            }
            // Part of it may have been written before it broke; `next` tells of the loss.
            Err(error) => Err(lost(&error).with_attempts(1)),
        }
    }

    /// Says goodbye, and waits up to `patience` for the venue to do the same. The session is over
    /// then; what was handed over before is written first.
    pub async fn close(&mut self, patience: Duration) {
        let State::Open(mut open) = std::mem::replace(&mut self.state, State::Closed) else {
            return;
        };
        let goodbye = CloseFrame {
            code: CloseCode::Normal,
            reason: Utf8Bytes::default(),
        };
        // The connection goes whether this succeeds or not.
        let _ = timeout(patience, async {
            open.socket.close(Some(goodbye)).await?;
            while let Some(message) =
                poll_fn(|context| Pin::new(&mut open.socket).poll_next(context)).await
            {
                message?;
            }
            Ok::<_, tungstenite::Error>(())
        })
        .await;
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            match &mut self.state {
                State::Closed => return Poll::Ready(None),
                State::Waiting(wait) => {
                    ready!(wait.as_mut().poll(context));
                    self.state = State::Dialing(Box::pin(Arc::clone(&self.dialer).dial()));
                }
                State::Dialing(dialing) => {
                    let event = match ready!(dialing.as_mut().poll(context)) {
                        Ok(socket) => self.opened(socket),
                        Err(error) => self.failed(error),
                    };
                    return Poll::Ready(Some(event));
                }
                State::Open(open) => match ready!(open.poll(self.dialer.config(), context)) {
                    Ok(event) => return Poll::Ready(Some(event)),
                    Err(error) => {
                        if open.since.elapsed() >= self.dialer.config().backoff.stable_after {
                            self.failures = 0;
                        }
                        return Poll::Ready(Some(self.lose(error)));
                    }
                },
            }
        }
    }

    fn opened(&mut self, socket: Socket) -> Event {
        let now = Instant::now();
        let ping_after = self.dialer.config().liveness.ping_after;
        self.connected_once = true;
        self.state = State::Open(Box::new(Open {
            socket,
            since: now,
            last_received: now,
            heard: false,
            pinged: false,
            alarm: Box::pin(sleep_until(now + ping_after)),
            unsent: false,
        }));
        Event::Connected
    }

    fn failed(&mut self, error: Error) -> Event {
        let hopeless = error.kind() == Kind::Configuration
            || (error.status().is_some() && !error.is_retryable());
        // A session that once worked goes on trying: a refusal may be a fault of the venue's that
        // passes, and nobody may be there to start the program again.
        if hopeless && !self.connected_once {
            self.state = State::Closed;
            return Event::Refused(error);
        }
        self.lose(error)
    }

    fn lose(&mut self, error: Error) -> Event {
        self.failures = self.failures.saturating_add(1);
        let wait = self.dialer.config().backoff.wait(self.failures);
        let retry_in = error.retry_after().map_or(wait, |asked| asked.max(wait));
        self.state = State::Waiting(Box::pin(sleep(retry_in)));
        tracing::info!(
            kind = ?error.kind(),
            status = error.status(),
            failures = self.failures,
            retry_in_ms = u64::try_from(retry_in.as_millis()).unwrap_or(u64::MAX),
            "WebSocket lost"
        );
        Event::Lost { error, retry_in }
    }
}

/// `next` as a stream.
impl Stream for Session {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(context)
    }
}

impl Open {
    fn poll(&mut self, config: &WsConfig, context: &mut Context<'_>) -> Poll<Result<Event, Error>> {
        if self.unsent
            && let Poll::Ready(written) = Pin::new(&mut self.socket).poll_flush(context)
        {
            self.unsent = false;
            written.map_err(|error| lost(&error))?;
        }
        loop {
            match Pin::new(&mut self.socket).poll_next(context) {
                Poll::Ready(Some(Ok(message))) => {
                    self.heard = true;
                    match message {
                        Message::Text(text) => return Poll::Ready(Ok(Event::Text(own(&text)))),
                        Message::Binary(bytes) => {
                            let bytes = Bytes::copy_from_slice(&bytes);
                            return Poll::Ready(Ok(Event::Binary(bytes)));
                        }
                        Message::Close(frame) => return Poll::Ready(Err(closed(frame.as_ref()))),
                        // The pong to a ping is made and sent by the socket.
                        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(lost(&error))),
                Poll::Ready(None) => return Poll::Ready(Err(closed(None))),
                Poll::Pending => break,
            }
        }
        // The clock is looked at once all that came is handed out, not for each message.
        if std::mem::take(&mut self.heard) {
            self.last_received = Instant::now();
            self.pinged = false;
        }
        self.poll_liveness(config, context)
    }

    fn poll_liveness(
        &mut self,
        config: &WsConfig,
        context: &mut Context<'_>,
    ) -> Poll<Result<Event, Error>> {
        let liveness = config.liveness;
        loop {
            // The alarm is not moved for each message; when it goes off it is set to what is left.
            ready!(self.alarm.as_mut().poll(context));
            let now = Instant::now();
            let ping_due = self.last_received + liveness.ping_after;
            let lost_due = ping_due + liveness.lost_after;
            if self.pinged && now >= lost_due {
                return Poll::Ready(Err(Error::new(Kind::Timeout)
                    .with_text("nothing was received for too long, not even an answer to a ping")
                    .with_outcome(Outcome::Unknown)));
            }
            if !self.pinged && now >= ping_due {
                self.pinged = true;
                // Should it not fit among what is unsent, silence will tell.
                let _ = Pin::new(&mut self.socket).start_send(Message::Ping(Bytes::new()));
                self.unsent = true;
                self.alarm.as_mut().reset(now.max(lost_due));
                return Poll::Ready(Ok(Event::Quiet));
            }
            let due = if self.pinged { lost_due } else { ping_due };
            self.alarm.as_mut().reset(due);
        }
    }
}

/// A copy that does not share the socket's read buffer.
///
/// A message that waits in a queue would keep the whole buffer: far more memory than the queue
/// counts, and the socket, which can't use the buffer again, goes on with one that has no more room
/// than the next message, so that nearly every message costs a call of the system.
fn own(text: &Utf8Bytes) -> Utf8Bytes {
    text.as_str().to_owned().into()
}

fn not_sent(why: &'static str) -> Error {
    Error::new(Kind::Transport)
        .with_text(format!("it was not sent: {why}"))
        .with_retryable(true)
}

fn lost(error: &tungstenite::Error) -> Error {
    let text = match error {
        tungstenite::Error::Capacity(limit) => format!("a message was too large: {limit}"),
        other => other.to_string(),
    };
    Error::new(Kind::Transport)
        .with_text(text)
        .with_outcome(Outcome::Unknown)
}

fn closed(frame: Option<&CloseFrame>) -> Error {
    let text = match frame {
        Some(frame) if frame.reason.is_empty() => {
            format!("the venue closed the connection with code {}", frame.code)
        }
        Some(frame) => format!(
            "the venue closed the connection with code {}: {}",
            frame.code, frame.reason
        ),
        None => "the venue closed the connection".to_owned(),
    };
    Error::new(Kind::Transport)
        .with_text(text)
        .with_outcome(Outcome::Unknown)
}
