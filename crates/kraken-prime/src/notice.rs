//! What happens beside the streams.

use std::sync::Arc;
use std::time::Duration;

use exchange_transport::Error;
use tokio::sync::broadcast;

/// Something that belongs to no stream, or is worth knowing beside what a stream tells.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Notice {
    /// A connection came about.
    Connected {
        /// The venue's name for it.
        session_id: String,
    },
    /// The connection was lost, or none came about.
    Disconnected {
        /// Why.
        error: Arc<Error>,
        /// The wait before the next try.
        retry_in: Duration,
    },
    /// A message of a type this version does not know, or that answers no request of ours.
    Unknown {
        /// The message.
        text: String,
    },
    /// A message that is no JSON object.
    Unreadable {
        /// The message.
        text: String,
    },
    /// A binary message; the protocol has none.
    Binary {
        /// How long it was, in bytes.
        length: usize,
    },
    /// The venue refused something that nobody waits for any more.
    Refused {
        /// The request.
        reqid: Option<u64>,
        /// What it said.
        error: Arc<Error>,
    },
    /// The numbers of a request's messages do not follow each other.
    Sequence {
        /// The stream.
        stream: &'static str,
        /// The number that was due.
        expected: u64,
        /// The number that came.
        received: u64,
    },
    /// A record that can't follow the one before. It was applied all the same.
    Impossible {
        /// The stream.
        stream: &'static str,
        /// The entity.
        key: String,
        /// Why it can't be.
        why: String,
    },
    /// So many notices were dropped here, since nobody took them in time.
    Missed(u64),
}

/// Most notices that wait; text in them is cut to [`LONGEST`] bytes.
const WAITING: usize = 256;

/// How much of a message a notice shows, in bytes.
const LONGEST: usize = 64 << 10;

/// Notices as they come; made by [`Client::notices`](crate::Client::notices).
#[derive(Debug)]
pub struct Notices(broadcast::Receiver<Notice>);

impl Notices {
    /// The next one; `None` when the client and all its streams are gone. Safe to drop at any time.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.0.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Notice::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// Where notices are told.
#[derive(Debug, Clone)]
pub(crate) struct NoticeBoard(broadcast::Sender<Notice>);

impl NoticeBoard {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(WAITING).0)
    }

    pub(crate) fn tell(&self, notice: Notice) {
        tracing::debug!(kind = notice.name(), "notice");
        // That nobody listens is no error.
        let _ = self.0.send(notice);
    }

    pub(crate) fn listen(&self) -> Notices {
        Notices(self.0.subscribe())
    }
}

/// As much of a message as a notice shows.
pub(crate) fn shown(text: &str) -> String {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

impl Notice {
    /// For the log, which shows no message: it may hold anything about the account.
    fn name(&self) -> &'static str {
        match self {
            Self::Connected { .. } => "connected",
            Self::Disconnected { .. } => "disconnected",
            Self::Unknown { .. } => "unknown message",
            Self::Unreadable { .. } => "unreadable message",
            Self::Binary { .. } => "binary message",
            Self::Refused { .. } => "refused",
            Self::Sequence { .. } => "sequence",
            Self::Impossible { .. } => "impossible",
            Self::Missed(_) => "missed",
        }
    }
}
