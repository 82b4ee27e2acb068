//! What the venues received, for tests to look at.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderMap;

use crate::Moment;

/// The method that stands for a message on a WebSocket.
pub(crate) const MESSAGE: &str = "WS";

/// A request that a venue received, or a message on a WebSocket, and what
/// became of it.
#[derive(Clone)]
pub struct Received {
    /// When it was carried out, by the venue's clock.
    pub at: Moment,
    /// The venue: `kraken`, `gemini`, `gemini-sandbox` or `kraken-prime`.
    pub venue: &'static str,
    /// `GET`, `POST`, …; `WS` for a message on a WebSocket.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// The headers as sent, signatures included. None with a message.
    pub headers: HeaderMap,
    /// The body as sent, or the message.
    pub body: Bytes,
    /// The operation's name at the venue, or the message's type.
    pub operation: String,
    /// The status of the answer; none if it got none because of a
    /// [`Fault`](crate::Fault), and with a message.
    pub status: Option<u16>,
    /// Why the venue refused it, in its words.
    pub refused: Option<String>,
}

impl Received {
    /// The value of a header, if it was sent and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// One line for people: time, venue, method, operation, and what became of it.
/// Without headers and body.
impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            venue,
            method,
            operation,
            ..
        } = self;
        let at = self.at.rfc3339_milliseconds();
        write!(f, "{at} {venue} {method:<4} {operation}: ")?;
        match (self.status, &self.refused) {
            (None, None) if method == MESSAGE => f.write_str("accepted"),
            (None, Some(why)) if method == MESSAGE => write!(f, "refused, {why}"),
            (Some(status), None) => write!(f, "{status} accepted"),
            (Some(status), Some(why)) => write!(f, "{status} refused, {why}"),
            (None, None) => f.write_str("accepted, not answered"),
            (None, Some(why)) => write!(f, "not answered, {why}"),
        }
    }
}

/// As [`Display`](fmt::Display): headers and body may hold secrets.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who is told about every request.
pub(crate) type Listener = Arc<dyn Fn(&Received) + Send + Sync>;

/// The last requests, up to a number.
#[derive(Clone)]
pub(crate) struct Journal {
    entries: Arc<Mutex<VecDeque<Received>>>,
    most: usize,
    listener: Option<Listener>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl Journal {
    pub(crate) fn new(most: usize, listener: Option<Listener>) -> Self {
        Self {
            entries: Arc::default(),
            most,
            listener,
        }
    }

    pub(crate) fn write(&self, received: Received) {
        if let Some(listener) = &self.listener {
            listener(&received);
        }
        if self.most == 0 {
            return;
        }
        // A panic elsewhere leaves the list whole.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == self.most {
            entries.pop_front();
        }
        entries.push_back(received);
    }

    pub(crate) fn read(&self) -> Vec<Received> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().cloned().collect()
    }
}
