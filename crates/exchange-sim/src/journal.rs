//! What the venues received, for tests to look at.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;

use crate::Moment;

/// The method that stands for a message on a WebSocket.
pub(crate) const MESSAGE: &str = "WS";

/// The bodies that are kept have so many bytes at most.
const MOST_BYTES: usize = 64 << 20;

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

/// What is kept.
#[derive(Default)]
struct Entries {
    list: VecDeque<Received>,
    /// The sizes of their bodies, added up.
    bytes: usize,
}

/// The last requests, up to a number and a size.
#[derive(Clone)]
pub(crate) struct Journal {
    entries: Arc<Mutex<Entries>>,
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
        let mut entries = self.entries();
        entries.bytes += received.body.len();
        entries.list.push_back(received);
        while entries.list.len() > self.most || entries.bytes > MOST_BYTES {
            let Some(oldest) = entries.list.pop_front() else {
                break;
            };
            entries.bytes -= oldest.body.len();
        }
    }

    pub(crate) fn read(&self) -> Vec<Received> {
        self.entries().list.iter().cloned().collect()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        // A panic elsewhere leaves them whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_are_kept_up_to_a_number_and_a_size() {
        let received = |size: usize| Received {
            at: Moment::default(),
            venue: "kraken",
            method: MESSAGE.to_owned(),
            target: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::from(vec![0; size]),
            operation: size.to_string(),
            status: None,
            refused: None,
        };
        let journal = Journal::new(3, None);
        let kept = || {
            let entries = journal.read().into_iter();
            entries.map(|one| one.body.len()).collect::<Vec<_>>()
        };
        for size in [1, 2, 3, 4] {
            journal.write(received(size));
        }
        assert_eq!(kept(), [2, 3, 4]);
        journal.write(received(MOST_BYTES - 4));
        assert_eq!(kept(), [4, MOST_BYTES - 4]);
        journal.write(received(5));
        assert_eq!(kept(), [5]);
    }
}
