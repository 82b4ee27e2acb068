//! The present state of a stream, kept up to date.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use exchange_transport::Error;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::envelope::Message;
use crate::notice::{Notice, NoticeBoard};
use crate::subscription::{Event, Interruption, Subscription};
use crate::topic::{Record, Topic};

/// The state of a stream: one record for each entity, updated and removed as messages come.
///
/// A task of its own applies the messages, so a view is up to date whether anybody looks or not.
/// It can be read from any task, and clones are the same view. When the last one is dropped the
/// subscription ends.
///
/// After an interruption the state of before can still be read, and [`status`](Self::status) says
/// what it is worth. A snapshot replaces the state as a whole when it is complete: an entity that
/// is no longer in it is gone.
///
/// ```no_run
/// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
/// let balances = client.balances().view().await?;
/// balances.complete().await?;
/// let mut changes = balances.changes();
/// while changes.changed().await {
///     if balances.status().is_current() {
///         println!("{:?}", balances.get("USD"));
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct View<T: Topic> {
    shared: Arc<Shared<T::Record>>,
}

impl<T: Topic> Clone for View<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T: Topic> fmt::Debug for View<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("stream", &T::NAME)
            .field("status", &self.status())
            .field("records", &self.len())
            .finish()
    }
}

struct Shared<R: Record> {
    held: Arc<Held<R>>,
    task: AbortHandle,
}

impl<R: Record> Drop for Shared<R> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Held<R: Record> {
    state: RwLock<State<R>>,
    changes: watch::Sender<u64>,
}

struct State<R: Record> {
    records: BTreeMap<R::Key, R>,
    status: ViewStatus,
    /// The snapshot that is being received.
    staged: Option<Staged<R>>,
}

struct Staged<R: Record> {
    records: BTreeMap<R::Key, R>,
    /// What updates said since the snapshot began: newer than what its pages say.
    touched: HashSet<R::Key>,
}

/// What a view is worth.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ViewStatus {
    /// The first snapshot is not complete. There is nothing to read yet.
    Loading,
    /// All that the venue has sent is there.
    Current,
    /// Messages are missing. It is the state of before.
    Stale(Interruption),
    /// It is the state of before; a new snapshot has begun to arrive.
    Resynchronising,
    /// A message could not be read, so something is missing until the next snapshot; for streams
    /// whose messages hold everything, until the next message.
    Damaged(Arc<Error>),
    /// The stream has ended; nothing will change any more.
    Ended(Arc<Error>),
}

impl ViewStatus {
    /// Whether the state can be relied on.
    pub fn is_current(&self) -> bool {
        matches!(self, Self::Current)
    }
}

/// Tells when a view changes.
#[derive(Debug)]
pub struct Changes(watch::Receiver<u64>);

impl Changes {
    /// Waits until the view changes, in content or status; false when it never will again. Changes
    /// that come while nobody waits are told as one. Safe to drop at any time.
    pub async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

impl<T: Topic> View<T> {
    pub(crate) fn start(subscription: Subscription<T>) -> Self {
        let held = Arc::new(Held {
            state: RwLock::new(State {
                records: BTreeMap::new(),
                status: ViewStatus::Loading,
                staged: None,
            }),
            changes: watch::Sender::new(0),
        });
        let task = tokio::spawn(maintain(subscription, Arc::clone(&held))).abort_handle();
        Self {
            shared: Arc::new(Shared { held, task }),
        }
    }

    /// What the view is worth now.
    pub fn status(&self) -> ViewStatus {
        self.with_state(|state| state.status.clone())
    }

    /// The record of an entity.
    pub fn get<Q>(&self, key: &Q) -> Option<T::Record>
    where
        Q: Ord + ?Sized,
        <T::Record as Record>::Key: Borrow<Q>,
    {
        self.with_state(|state| state.records.get(key).cloned())
    }

    /// All records, in the order of their keys.
    pub fn records(&self) -> Vec<T::Record> {
        self.read(|records| records.values().cloned().collect())
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.read(BTreeMap::len)
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks at the state without copying it. The view can't change meanwhile, so be quick.
    pub fn read<A>(
        &self,
        look: impl FnOnce(&BTreeMap<<T::Record as Record>::Key, T::Record>) -> A,
    ) -> A {
        self.with_state(|state| look(&state.records))
    }

    fn with_state<A>(&self, look: impl FnOnce(&State<T::Record>) -> A) -> A {
        let state = &self.shared.held.state;
        look(&state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// To wait for changes.
    pub fn changes(&self) -> Changes {
        Changes(self.shared.held.changes.subscribe())
    }

    /// Waits until the view is complete and current; at once if it is.
    ///
    /// # Errors
    ///
    /// When the stream has ended.
    pub async fn complete(&self) -> Result<(), Error> {
        let mut changes = self.changes();
        loop {
            match self.status() {
                ViewStatus::Current => return Ok(()),
                ViewStatus::Ended(error) => return Err(ended(&error)),
                _ => {}
            }
            // Its sender lives as long as this view.
            if !changes.changed().await {
                return Ok(());
            }
        }
    }
}

fn ended(error: &Arc<Error>) -> Error {
    Error::new(error.kind())
        .with_text(format!("the stream has ended: {error}"))
        .with_source(Arc::clone(error))
}

async fn maintain<T: Topic>(mut subscription: Subscription<T>, held: Arc<Held<T::Record>>) {
    let notices = subscription.notices().clone();
    let mut last_error = None;
    while let Some(item) = subscription.next().await {
        let mut state = held.state.write().unwrap_or_else(PoisonError::into_inner);
        match item {
            Ok(Event::Message(message)) => {
                let heals = T::REPLACES && !message.data.is_empty();
                state.apply(message, T::NAME, &notices);
                // What could not be read is made good by the next message, which holds all.
                if heals && matches!(state.status, ViewStatus::Damaged(_)) {
                    state.status = ViewStatus::Current;
                }
            }
            Ok(Event::Interrupted(why)) => {
                state.staged = None;
                if !matches!(state.status, ViewStatus::Loading) {
                    state.status = ViewStatus::Stale(why);
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                state.status = ViewStatus::Damaged(Arc::clone(&error));
                last_error = Some(error);
            }
        }
        drop(state);
        held.changes.send_modify(|version| *version += 1);
    }
    // The last item of a subscription is the error that ended it.
    if let Some(error) = last_error {
        let mut state = held.state.write().unwrap_or_else(PoisonError::into_inner);
        state.status = ViewStatus::Ended(error);
        drop(state);
        held.changes.send_modify(|version| *version += 1);
    }
}

impl<R: Record> State<R> {
    fn apply(&mut self, message: Message<R>, stream: &'static str, notices: &NoticeBoard) {
        let removes = message.removes();
        let begins = message.is_initial();
        let is_page = begins || message.page == Some(true) || message.next.is_some();
        let complete = message.complete;
        if begins {
            self.staged = Some(Staged {
                records: BTreeMap::new(),
                touched: HashSet::new(),
            });
            self.status = match self.status {
                ViewStatus::Loading => ViewStatus::Loading,
                _ => ViewStatus::Resynchronising,
            };
        }
        for record in message.data {
            let key = record.key();
            let removes = removes || record.removed();
            if !removes
                && let Some(before) = self.records.get(&key)
                && let Some(why) = record.contradicts(before)
            {
                notices.tell(Notice::Impossible {
                    stream,
                    key: format!("{key:?}"),
                    why,
                });
            }
            let records = match &mut self.staged {
                Some(staged) if is_page && staged.touched.contains(&key) => continue,
                Some(staged) => {
                    if !is_page {
                        staged.touched.insert(key.clone());
                    }
                    &mut staged.records
                }
                None => &mut self.records,
            };
            if removes {
                records.remove(&key);
            } else {
                records.insert(key, record);
            }
        }
        if complete && let Some(staged) = self.staged.take() {
            self.records = staged.records;
            self.status = ViewStatus::Current;
        } else if matches!(self.status, ViewStatus::Loading) && self.staged.is_none() {
            // A venue that sends no snapshot but updates only: what there is, is all there is.
            self.status = ViewStatus::Current;
        }
    }
}
