//! Messages for a user who may be slow.
//!
//! The queue has room for a number of messages and of bytes. What does not fit is dropped and
//! counted, and from then on everything is, until the user has taken what was there before and is
//! told how many messages are missing, exactly in the place where they are missing. So memory is
//! bounded, nothing is lost in silence, and no message after a gap is taken for one that follows
//! the message before it: whoever was too slow asks for the state anew.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How much a queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Most messages. Default 4096.
    pub messages: usize,
    /// Most bytes; a single message may be larger. Default 32 MiB.
    pub bytes: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            messages: 4096,
            bytes: 32 << 20,
        }
    }
}

/// What is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken<T> {
    /// The next message.
    Item(T),
    /// So many messages were dropped here.
    Missed(u64),
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    missed: u64,
    reader: Option<Waker>,
    feeds: usize,
}

#[derive(Debug)]
struct Shared<T> {
    limits: QueueLimits,
    state: Mutex<State<T>>,
    /// Beside the state, as it is asked for with each message.
    inbox_dropped: AtomicBool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing below can panic between two changes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end where messages go in.
#[derive(Debug)]
pub struct Feed<T>(Arc<Shared<T>>);

/// The end where messages come out.
#[derive(Debug)]
pub struct Inbox<T>(Arc<Shared<T>>);

/// A queue.
pub fn queue<T>(limits: QueueLimits) -> (Feed<T>, Inbox<T>) {
    let shared = Arc::new(Shared {
        limits,
        state: Mutex::new(State {
            items: VecDeque::new(),
            bytes: 0,
            missed: 0,
            reader: None,
            feeds: 1,
        }),
        inbox_dropped: AtomicBool::new(false),
    });
    (Feed(Arc::clone(&shared)), Inbox(shared))
}

impl<T> Feed<T> {
    /// Puts a message of `size` bytes in. Never waits. False if it was dropped.
    pub fn push(&self, item: T, size: usize) -> bool {
        let mut state = self.0.lock();
        let limits = self.0.limits;
        let room = state.items.is_empty()
            || (state.items.len() < limits.messages
                && state.bytes.saturating_add(size) <= limits.bytes);
        let fits = state.missed == 0 && room;
        if fits {
            state.items.push_back((item, size));
            state.bytes = state.bytes.saturating_add(size);
        } else {
            state.missed = state.missed.saturating_add(1);
        }
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        fits
    }

    /// Whether nobody will take anything any more.
    pub fn is_closed(&self) -> bool {
        self.0.inbox_dropped.load(Ordering::Acquire)
    }
}

impl<T> Clone for Feed<T> {
    fn clone(&self) -> Self {
        self.0.lock().feeds += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Feed<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.feeds -= 1;
        let reader = (state.feeds == 0).then(|| state.reader.take()).flatten();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl<T> Inbox<T> {
    /// The next message or gap; `None` when all feeds are gone and everything was taken.
    pub fn poll_take(&mut self, context: &mut Context<'_>) -> Poll<Option<Taken<T>>> {
        let mut state = self.0.lock();
        if let Some((item, size)) = state.items.pop_front() {
            state.bytes -= size;
            return Poll::Ready(Some(Taken::Item(item)));
        }
        if state.missed > 0 {
            return Poll::Ready(Some(Taken::Missed(std::mem::take(&mut state.missed))));
        }
        if state.feeds == 0 {
            return Poll::Ready(None);
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }

    /// As [`poll_take`](Self::poll_take), to be awaited. Safe to drop at any time.
    pub async fn take(&mut self) -> Option<Taken<T>> {
        std::future::poll_fn(|context| self.poll_take(context)).await
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        self.0.inbox_dropped.store(true, Ordering::Release);
        let mut state = self.0.lock();
        let items = std::mem::take(&mut state.items);
        drop(state);
        drop(items);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(messages: usize, bytes: usize) -> (Feed<u32>, Inbox<u32>) {
        queue(QueueLimits { messages, bytes })
    }

    #[tokio::test]
    async fn a_slow_user_is_told_of_the_gap_where_it_is() {
        let (feed, mut inbox) = small(2, 100);
        assert!(feed.push(1, 1));
        assert!(feed.push(2, 1));
        assert!(!feed.push(3, 1));
        assert_eq!(inbox.take().await, Some(Taken::Item(1)));
        // There would be room, but 4 does not follow 2.
        assert!(!feed.push(4, 1));
        assert_eq!(inbox.take().await, Some(Taken::Item(2)));
        assert_eq!(inbox.take().await, Some(Taken::Missed(2)));
        assert!(feed.push(5, 1));
        drop(feed);
        assert_eq!(inbox.take().await, Some(Taken::Item(5)));
        assert_eq!(inbox.take().await, None);
    }

    #[tokio::test]
    async fn bytes_are_bounded_but_one_message_always_fits() {
        let (feed, mut inbox) = small(100, 10);
        assert!(feed.push(1, 50));
        assert!(!feed.push(2, 1));
        assert_eq!(inbox.take().await, Some(Taken::Item(1)));
        assert_eq!(inbox.take().await, Some(Taken::Missed(1)));
        assert!(feed.push(3, 6));
        assert!(!feed.push(4, 6));
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken_by_a_message_and_by_the_end() {
        let (feed, mut inbox) = small(1, 1);
        let reader = tokio::spawn(async move {
            let first = inbox.take().await;
            (first, inbox.take().await)
        });
        tokio::task::yield_now().await;
        let other = feed.clone();
        drop(feed);
        assert!(other.push(1, 1));
        tokio::task::yield_now().await;
        drop(other);
        assert_eq!(reader.await.unwrap(), (Some(Taken::Item(1)), None));
    }

    #[test]
    fn a_feed_knows_that_nobody_listens() {
        let (feed, inbox) = small(1, 1);
        assert!(!feed.is_closed());
        drop(inbox);
        assert!(feed.is_closed());
    }
}
