//! A stream's messages as they come.

use std::collections::{HashSet, VecDeque};
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use exchange_transport::ws::{Inbox, Taken};
use exchange_transport::{Error, Kind};
use futures_core::Stream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Sleep, sleep};

use crate::connection::{Ask, Incoming, Status};
use crate::envelope::Message;
use crate::notice::{Notice, NoticeBoard};
use crate::time::Time;
use crate::topic::{Record, Topic};

/// What a [`Subscription`] yields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event<R> {
    /// A message.
    Message(Message<R>),
    /// Messages may be missing from here on. The stream is asked for anew without your doing: the
    /// next message is the first of a snapshot, or, for events, the first since the last one.
    Interrupted(Interruption),
}

/// Why messages may be missing.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Interruption {
    /// The connection was lost.
    ConnectionLost(Arc<Error>),
    /// The messages were not taken fast enough, and so many were dropped.
    Lagged {
        /// How many.
        missed: u64,
    },
    /// The venue left out a number.
    Gap {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        received: u64,
    },
    /// The next page could not be had.
    Page(Arc<Error>),
}

impl std::fmt::Display for Interruption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ConnectionLost(error) => error.fmt(f),
            Self::Lagged { missed } => write!(f, "{missed} messages were not taken in time"),
            Self::Gap { expected, received } => {
                write!(f, "message {received} came in place of {expected}")
            }
            Self::Page(error) => write!(f, "the next page could not be had: {error}"),
        }
    }
}

/// The messages of a stream; made by [`Request::subscribe`](crate::Request::subscribe).
///
/// * Pages of a long snapshot are asked for without your doing; [`Message::complete`] says when
///   the last one is there.
/// * After a loss of the connection it goes on by itself, see [`Event::Interrupted`].
/// * Messages wait in a queue with limits. Who takes them too slowly is told how many were
///   dropped, and the stream is asked for anew.
/// * An error about one message (it can't be read) does not end the stream, but the message is
///   missing, and the stream is asked for anew where that can be seen; when the venue refuses
///   the request, or the client is closed, the error is the last item.
///
/// Dropping it cancels the request.
#[derive(Debug)]
pub struct Subscription<T: Topic> {
    inbox: Inbox<Incoming>,
    asks: mpsc::UnboundedSender<Ask>,
    id: u64,
    wish: Arc<Mutex<Wish<T>>>,
    notices: NoticeBoard,
    status: watch::Receiver<Status>,
    /// Taken while waiting for the first answer.
    early: VecDeque<Result<Event<T::Record>, Error>>,
    reqid: u64,
    connection: u64,
    /// Nothing counts before the stream is asked for anew.
    discards: bool,
    answered: bool,
    /// Until when the page that was asked for must have come.
    page_due: Option<Pin<Box<Sleep>>>,
    /// How long a page may take.
    patience: Duration,
    sequence: Sequence,
    seen: Seen,
    ended: bool,
}

/// What the stream is asked for with.
#[derive(Debug)]
pub(crate) struct Wish<T> {
    pub(crate) topic: T,
    /// The time of the last record that was taken.
    last: Option<Time>,
}

impl<T: Topic> Wish<T> {
    pub(crate) fn new(topic: T) -> Self {
        Self { topic, last: None }
    }

    /// The element of `streams`.
    pub(crate) fn element(&self) -> String {
        let mut topic = self.topic.clone();
        if let Some(last) = &self.last {
            topic.resume_from(last);
        }
        // Topics are structs of texts and numbers, which can't fail to be JSON.
        serde_json::to_string(&topic).unwrap_or_default()
    }
}

impl<T: Topic> Subscription<T> {
    pub(crate) fn new(
        inbox: Inbox<Incoming>,
        asks: mpsc::UnboundedSender<Ask>,
        id: u64,
        wish: Arc<Mutex<Wish<T>>>,
        notices: NoticeBoard,
        status: watch::Receiver<Status>,
        patience: Duration,
    ) -> Self {
        Self {
            inbox,
            asks,
            id,
            wish,
            notices,
            status,
            early: VecDeque::new(),
            reqid: 0,
            connection: 0,
            discards: false,
            answered: false,
            page_due: None,
            patience,
            sequence: Sequence::default(),
            seen: Seen::default(),
            ended: false,
        }
    }

    /// The next message; `None` when the stream has ended. Safe to drop at any time.
    pub async fn next(&mut self) -> Option<Result<Event<T::Record>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Waits for the first message or the refusal, and keeps what was taken meanwhile.
    pub(crate) async fn first(&mut self) -> Result<(), Error> {
        loop {
            match poll_fn(|context| self.poll_inbox(context)).await {
                None => return Ok(()),
                Some(Err(error)) if self.ended => return Err(error),
                Some(item) => {
                    let answer = matches!(item, Ok(Event::Message(_)) | Err(_));
                    self.early.push_back(item);
                    if answer {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The number of the connection the present messages come from.
    pub(crate) fn connection(&self) -> u64 {
        self.connection
    }

    /// Changes what the stream is asked for with the next time.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut T)) {
        let mut wish = self.wish.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut wish.topic);
    }

    pub(crate) fn notices(&self) -> &NoticeBoard {
        &self.notices
    }

    fn poll_inbox(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Event<T::Record>, Error>>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            let item = match self.poll_page_and_inbox(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(late)) => Some(Ok(Event::Interrupted(late))),
                Poll::Ready(Ok(None)) => {
                    self.ended = true;
                    Some(Err(self.closed()))
                }
                Poll::Ready(Ok(Some(Taken::Missed(missed)))) => {
                    self.ask_again();
                    Some(Ok(Event::Interrupted(Interruption::Lagged { missed })))
                }
                Poll::Ready(Ok(Some(Taken::Item(incoming)))) => self.on_incoming(incoming),
            };
            if item.is_some() {
                return Poll::Ready(item);
            }
        }
    }

    /// What waits, or that a page is too long in coming.
    fn poll_page_and_inbox(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Taken<Incoming>>, Interruption>> {
        if let Poll::Ready(taken) = self.inbox.poll_take(context) {
            return Poll::Ready(Ok(taken));
        }
        if let Some(due) = &mut self.page_due {
            ready!(due.as_mut().poll(context));
            self.page_due = None;
            self.ask_again();
            let late = Error::new(Kind::Timeout).with_text("it did not come in time");
            return Poll::Ready(Err(Interruption::Page(Arc::new(late))));
        }
        Poll::Pending
    }

    fn closed(&self) -> Error {
        let status = self.status.borrow().clone();
        match status {
            Status::Closed { error: Some(error) } => Error::new(error.kind())
                .with_text(error.to_string())
                .with_source(error),
            _ => Error::new(Kind::Transport).with_text("the client was closed"),
        }
    }

    fn ask_again(&mut self) {
        self.discards = true;
        // If the connection's task has gone, the inbox tells.
        let _ = self.asks.send(Ask::Again(self.id));
    }

    fn on_incoming(&mut self, incoming: Incoming) -> Option<Result<Event<T::Record>, Error>> {
        match incoming {
            Incoming::Begun { reqid, connection } => {
                self.reqid = reqid;
                self.connection = connection;
                self.discards = false;
                self.answered = false;
                self.page_due = None;
                self.sequence = Sequence::default();
                None
            }
            Incoming::Lost(error) => {
                self.discards = true;
                Some(Ok(Event::Interrupted(Interruption::ConnectionLost(error))))
            }
            Incoming::Refused { reqid, .. } | Incoming::Message { reqid, .. }
                if self.discards || reqid != self.reqid =>
            {
                None
            }
            // It can only be about the page, so the stream still lives.
            Incoming::Refused { error, .. } if self.page_due.is_some() => {
                self.ask_again();
                let error = Arc::new(error);
                Some(Ok(Event::Interrupted(Interruption::Page(error))))
            }
            Incoming::Refused { error, .. } => {
                self.ended = true;
                if !self.answered {
                    // If the connection's task has gone there is nothing to forget.
                    let _ = self.asks.send(Ask::Forget(self.id));
                }
                Some(Err(error))
            }
            Incoming::Message { text, .. } => {
                self.answered = true;
                match Message::<T::Record>::parse(text.as_str()) {
                    Ok(message) => self.on_message(message).map(Ok),
                    Err(error) => Some(Err(Error::new(Kind::Decode)
                        .with_text(format!("a message of the stream {} is lost", T::NAME))
                        .with_decode_error(error)
                        .with_raw_body(text.into()))),
                }
            }
        }
    }

    fn on_message(&mut self, mut message: Message<T::Record>) -> Option<Event<T::Record>> {
        match self.sequence.judge(message.seq_num, message.is_initial()) {
            Verdict::InOrder => {}
            Verdict::Repeated { expected, received } => {
                self.tell_sequence(expected, received);
                return None;
            }
            Verdict::Gap { expected, received } => {
                self.tell_sequence(expected, received);
                if !T::REPLACES {
                    self.ask_again();
                    let gap = Interruption::Gap { expected, received };
                    return Some(Event::Interrupted(gap));
                }
            }
        }
        self.follow_pages(&mut message);
        if T::RESUMES {
            self.drop_repeated(&mut message);
        }
        Some(Event::Message(message))
    }

    fn tell_sequence(&self, expected: u64, received: u64) {
        self.notices.tell(Notice::Sequence {
            stream: T::NAME,
            expected,
            received,
        });
    }

    /// Asks for the next page if there is one, and finds out whether this was the last.
    fn follow_pages(&mut self, message: &mut Message<T::Record>) {
        // The vendor shows `page` on a further page and `initial` on the first, and on updates
        // `initial: false`. Other updates might come between pages; a message that shows nothing
        // of all this is taken for the page that is due, so that no snapshot stays unfinished.
        let is_update = message.initial == Some(false)
            && message.page != Some(true)
            && message.next.is_none()
            && message.seq_num.is_some();
        if let Some(after) = &message.next {
            self.page_due = Some(Box::pin(sleep(self.patience)));
            // If the connection's task has gone, the inbox tells.
            let _ = self.asks.send(Ask::Page {
                id: self.id,
                reqid: self.reqid,
                after: after.clone(),
            });
        } else if !is_update {
            self.page_due = None;
        }
        message.complete = self.page_due.is_none();
    }

    /// Events that were delivered before a reconnect are not delivered again.
    fn drop_repeated(&mut self, message: &mut Message<T::Record>) {
        let mut last: Option<Time> = None;
        message.data.retain(|record| {
            if let Some(time) = record.time()
                && last
                    .as_ref()
                    .is_none_or(|last| time.unix_nanos() > last.unix_nanos())
            {
                last = Some(time.clone());
            }
            record.event_id().is_none_or(|id| self.seen.is_new(id))
        });
        if let Some(last) = last {
            let mut wish = self.wish.lock().unwrap_or_else(PoisonError::into_inner);
            if wish
                .last
                .as_ref()
                .is_none_or(|known| last.unix_nanos() > known.unix_nanos())
            {
                wish.last = Some(last);
            }
        }
    }
}

/// `next` as a stream.
impl<T: Topic> Stream for Subscription<T> {
    type Item = Result<Event<T::Record>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(item) = self.early.pop_front() {
            return Poll::Ready(Some(item));
        }
        self.poll_inbox(context)
    }
}

impl<T: Topic> Unpin for Subscription<T> {}

impl<T: Topic> Drop for Subscription<T> {
    fn drop(&mut self) {
        // If the connection's task has gone there is nothing to cancel.
        let _ = self.asks.send(Ask::Unsubscribe(self.id));
    }
}

/// The numbers of a request's messages, which rise by one.
#[derive(Debug, Default)]
struct Sequence {
    last: u64,
    /// Messages without a number since, which may have been counted or not.
    unnumbered: u64,
    repeated: u32,
}

#[derive(Debug, PartialEq)]
enum Verdict {
    InOrder,
    Repeated { expected: u64, received: u64 },
    Gap { expected: u64, received: u64 },
}

/// So many messages in a row that seem repeated show that their numbers mean something else.
const DISTRUST: u32 = 16;

impl Sequence {
    fn judge(&mut self, number: Option<u64>, begins: bool) -> Verdict {
        let Some(received) = number.filter(|number| *number > 0) else {
            self.unnumbered += 1;
            return Verdict::InOrder;
        };
        let expected = self.last + 1;
        if received < expected {
            self.repeated += 1;
            if self.repeated > DISTRUST {
                return Verdict::InOrder;
            }
            return Verdict::Repeated { expected, received };
        }
        // A snapshot can be relied on whatever its number is.
        let in_order = begins || received <= expected + self.unnumbered;
        self.last = received;
        self.unnumbered = 0;
        self.repeated = 0;
        if in_order {
            Verdict::InOrder
        } else {
            Verdict::Gap { expected, received }
        }
    }
}

/// The events delivered last.
#[derive(Debug, Default)]
struct Seen {
    order: VecDeque<Arc<str>>,
    ids: HashSet<Arc<str>>,
}

/// How many events are remembered.
const REMEMBERED: usize = 16 << 10;

impl Seen {
    fn is_new(&mut self, id: String) -> bool {
        let id: Arc<str> = id.into();
        if !self.ids.insert(Arc::clone(&id)) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_followed() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.judge(Some(4), true), Verdict::InOrder);
        let mut sequence = Sequence::default();
        let late = Verdict::Gap {
            expected: 1,
            received: 2,
        };
        assert_eq!(sequence.judge(Some(2), false), late);
        let repeated = Verdict::Repeated {
            expected: 3,
            received: 2,
        };
        assert_eq!(sequence.judge(Some(2), false), repeated);
        assert_eq!(sequence.judge(Some(3), false), Verdict::InOrder);
        let gap = Verdict::Gap {
            expected: 4,
            received: 6,
        };
        assert_eq!(sequence.judge(Some(6), false), gap);
        // A page without number may or may not have been counted.
        assert_eq!(sequence.judge(None, false), Verdict::InOrder);
        assert_eq!(sequence.judge(Some(8), false), Verdict::InOrder);
        assert_eq!(sequence.judge(None, false), Verdict::InOrder);
        assert_eq!(sequence.judge(Some(9), false), Verdict::InOrder);
    }

    #[test]
    fn a_venue_that_does_not_count_is_not_silenced() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.judge(Some(1), false), Verdict::InOrder);
        let heard = (0..100)
            .filter(|_| sequence.judge(Some(1), false) == Verdict::InOrder)
            .count();
        assert_eq!(heard, 100 - DISTRUST as usize);
    }

    #[test]
    fn only_so_many_events_are_remembered() {
        let mut seen = Seen::default();
        for id in 0..REMEMBERED + 10 {
            assert!(seen.is_new(id.to_string()));
        }
        assert_eq!(seen.ids.len(), REMEMBERED);
        assert!(!seen.is_new("50".to_owned()));
        assert!(seen.is_new("5".to_owned()));
    }
}
