//! The queue of one API key.
//!
//! A venue refuses a call whose nonce is not above the highest it has seen for
//! the key, and nothing keeps two requests in order that are on their way at
//! the same time. So the calls of a key stand in line: each takes its nonce
//! when it is its turn, and by default the next turn comes when the answer
//! begins to arrive. A nonce source that several processes share puts the
//! processes in line, too, see [`NonceSource::next_held`].
//!
//! [`NonceSource::next_held`]: exchange_auth::NonceSource::next_held
//!
//! ```
//! use exchange_transport::{InFlight, KeyQueue};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // Everybody who names the same venue and key stands in the same line.
//! let queue = KeyQueue::shared("https://api.example.com", "public-key");
//! let turn = queue.turn(InFlight::ONE).await;
//! // Now take a nonce, sign, send, and wait for the head of the answer.
//! drop(turn);
//! # }
//! ```

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use tokio::sync::{MutexGuard, Semaphore, SemaphorePermit};

use crate::error::{Error, Kind};

/// How many calls of one key may be without answer at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFlight(u32);

impl InFlight {
    /// One at a time: right for every key.
    pub const ONE: Self = Self(1);

    /// The most that can be asked for.
    pub const MAX: u32 = 1024;

    /// Up to `calls` at the same time, for a key with a nonce window that is
    /// as wide as the nonces of so many calls are apart.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] unless it is from 1 to [`MAX`](Self::MAX).
    pub fn new(calls: u32) -> Result<Self, Error> {
        if (1..=Self::MAX).contains(&calls) {
            return Ok(Self(calls));
        }
        Err(Error::new(Kind::Configuration).with_text(format!(
            "from 1 to {} calls can be in flight, not {calls}",
            Self::MAX
        )))
    }

    /// How many calls.
    pub const fn calls(self) -> u32 {
        self.0
    }

    /// The part of [`ROOM`] that one call takes.
    const fn weight(self) -> u32 {
        ROOM / self.0
    }
}

/// What the calls in flight share. With at least [`InFlight::MAX`]², dividing
/// it by any number of calls leaves less over than one call takes, so exactly
/// that many fit.
const ROOM: u32 = InFlight::MAX * InFlight::MAX;

/// The line in which the private calls of one key stand.
///
/// First come, first served. A call that is dropped, waiting or in flight,
/// gives its place back.
pub struct KeyQueue {
    /// Each call takes a share of the room. Clients of one key may have been
    /// built with different numbers in flight: one that asked for a single
    /// call in flight takes all of the room and so is alone while it has its
    /// turn, whatever the others asked for.
    room: Semaphore,
    /// Held from taking a nonce until the request is handed over, so that
    /// requests leave in the order of their nonces.
    order: tokio::sync::Mutex<()>,
}

impl fmt::Debug for KeyQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyQueue")
            .field("free", &(self.room.available_permits() == ROOM as usize))
            .finish_non_exhaustive()
    }
}

/// A turn. Dropping it lets the next call have its turn.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub struct Turn<'a> {
    _share: SemaphorePermit<'a>,
}

/// Queues by venue and key. Only clients keep a queue alive.
type Queues = HashMap<(String, String), Weak<KeyQueue>>;

/// The queues of this process.
static QUEUES: LazyLock<Mutex<Queues>> = LazyLock::new(Mutex::default);

impl KeyQueue {
    /// A queue of its own.
    pub fn new() -> Self {
        Self {
            room: Semaphore::new(ROOM as usize),
            order: tokio::sync::Mutex::new(()),
        }
    }

    /// The queue of `key` at `venue` (its address), shared by everybody in the
    /// process who asks for the same two.
    pub fn shared(venue: &str, key: &str) -> Arc<Self> {
        // The map is whole whatever panicked meanwhile.
        let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|_, queue| queue.strong_count() > 0);
        let of_key = queues
            .entry((venue.to_owned(), key.to_owned()))
            .or_default();
        if let Some(queue) = of_key.upgrade() {
            return queue;
        }
        let queue = Arc::new(Self::new());
        *of_key = Arc::downgrade(&queue);
        queue
    }

    /// Waits for a turn.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "acquiring fails only on a closed semaphore, and nothing closes this one"
    )]
    pub async fn turn(&self, in_flight: InFlight) -> Turn<'_> {
        let share = self
            .room
            .acquire_many(in_flight.weight())
            .await
            .expect("the semaphore is never closed");
        Turn { _share: share }
    }

    /// Waits until nobody else is between taking a nonce and handing over the
    /// request. Asked for by those who have a turn.
    pub async fn order(&self) -> MutexGuard<'_, ()> {
        self.order.lock().await
    }
}

impl Default for KeyQueue {
    fn default() -> Self {
        Self::new()
    }
}
