//! Who waits for what became of a command.
//!
//! A command has no answer of its own: what became of it shows on a stream. So before the first
//! command the streams are subscribed to, every record is offered to everybody who waits, and who
//! waits says whether it settles the matter.
//!
//! When the connection breaks, nobody knows whether a command arrived. After the reconnect the
//! streams begin with what happened meanwhile; if the matter is not settled some time after they
//! are complete, the command did not arrive.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exchange_transport::{Error, Kind, Outcome};
use tokio::sync::{Notify, OnceCell, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use crate::client::{Client, Settings};
use crate::connection::{Ask, Command};
use crate::streams::{ExecutionReport, ExecutionReports, Orders, Quote, Quotes, User, Users};
use crate::subscription::{Event, Interruption, Subscription};
use crate::topic::{Record, Topic};

/// How often deadlines are looked at while somebody waits.
const TICK: Duration = Duration::from_millis(20);

/// How long a command is in doubt at most before its outcome is told as unknown.
const LONGEST_DOUBT: Duration = Duration::from_secs(60);

/// How much earlier than a command the streams are asked for, for clocks that differ.
const MARGIN_MICROS: i64 = 60_000_000;

/// The streams that commands need, each begun with the first command that needs it.
#[derive(Default)]
pub(crate) struct Trackers {
    orders: OnceCell<Tracker<ExecutionReport>>,
    quotes: OnceCell<Tracker<Quote>>,
    users: OnceCell<Tracker<User>>,
}

impl Trackers {
    pub(crate) async fn orders(&self, client: &Client) -> Result<&Tracker<ExecutionReport>, Error> {
        let start = client.server_now();
        self.orders
            .get_or_try_init(|| async {
                let earlier = start.minus_micros(MARGIN_MICROS).unwrap_or(start);
                let reports = client
                    .request(ExecutionReports::new())
                    .start(earlier.clone());
                let orders = client.request(Orders::new()).start(earlier);
                let reports = reports.subscribe().await?;
                let orders = orders.subscribe().await?;
                let mut tracker = Tracker::new(client.settings());
                tracker.listen(reports, true, |_, _| {});
                // It would otherwise begin with ever more orders after each reconnect.
                tracker.listen(orders, false, move |subscription, oldest| {
                    if let Some(start) = oldest.minus_micros(MARGIN_MICROS) {
                        subscription.edit(|topic: &mut Orders| topic.set_start(start));
                    }
                });
                Ok(tracker)
            })
            .await
    }

    pub(crate) async fn quotes(&self, client: &Client) -> Result<&Tracker<Quote>, Error> {
        let start = client.server_now();
        self.quotes
            .get_or_try_init(|| async {
                let earlier = start.minus_micros(MARGIN_MICROS).unwrap_or(start);
                let quotes = client.request(Quotes::new()).start(earlier).subscribe();
                let quotes = quotes.await?;
                let mut tracker = Tracker::new(client.settings());
                tracker.listen(quotes, true, |_, _| {});
                Ok(tracker)
            })
            .await
    }

    pub(crate) async fn users(&self, client: &Client) -> Result<&Tracker<User>, Error> {
        self.users
            .get_or_try_init(|| async {
                let users = client.request(Users::new()).subscribe().await?;
                let mut tracker = Tracker::new(client.settings());
                tracker.listen(users, true, |_, _| {});
                Ok(tracker)
            })
            .await
    }
}

/// Whether a record settles the matter, and how.
pub(crate) type Judge<R> = Box<dyn FnMut(&R) -> Option<Result<R, Error>> + Send>;

/// Is told every record, until it says that it wants no more.
pub(crate) type Follower<R> = Box<dyn FnMut(&R) -> bool + Send>;

/// A command to be sent.
pub(crate) struct Order<R> {
    /// The name of the command on the wire.
    pub(crate) kind: &'static str,
    /// Its one element of `data`.
    pub(crate) data: String,
    pub(crate) judge: Judge<R>,
    pub(crate) follower: Option<Follower<R>>,
    /// Whether the streams would show it had it arrived, so that it did not if they do not.
    pub(crate) shows: bool,
    /// How to find out what became of it.
    pub(crate) advice: String,
}

pub(crate) struct Tracker<R> {
    table: Arc<Table<R>>,
    tasks: Vec<AbortHandle>,
}

impl<R> Drop for Tracker<R> {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

struct Table<R> {
    settings: Settings,
    state: Mutex<State<R>>,
    /// Somebody began to wait.
    begun: Notify,
}

struct State<R> {
    waiting: HashMap<u64, Waiting<R>>,
    last_id: u64,
    followers: Vec<Follower<R>>,
    streams: Vec<Progress>,
    /// Why there will be no more records.
    ended: Option<Arc<Error>>,
}

/// How far a stream is.
#[derive(Clone, Copy, Default)]
struct Progress {
    /// The last connection that is known to be lost, and since when.
    lost: u64,
    lost_at: Option<Instant>,
    /// The last connection on which what happened before is all there.
    complete: u64,
}

struct Waiting<R> {
    judge: Judge<R>,
    answer: oneshot::Sender<Result<R, Error>>,
    /// When the connection was told to send it, and on which one it was.
    since: Instant,
    connection: Option<u64>,
    /// When the streams were first complete on a later connection.
    looked_since: Option<Instant>,
    shows: bool,
    advice: String,
}

impl<R> Table<R> {
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Record> Tracker<R> {
    fn new(settings: Settings) -> Self {
        Self {
            table: Arc::new(Table {
                settings,
                state: Mutex::new(State {
                    waiting: HashMap::new(),
                    last_id: 0,
                    followers: Vec::new(),
                    streams: Vec::new(),
                    ended: None,
                }),
                begun: Notify::new(),
            }),
            tasks: Vec::new(),
        }
    }

    /// Offers the records of a stream to those who wait, and to followers if it `leads`.
    fn listen<T: Topic<Record = R>>(
        &mut self,
        subscription: Subscription<T>,
        leads: bool,
        narrow: impl Fn(&Subscription<T>, &crate::Time) + Send + 'static,
    ) {
        let index = {
            let mut state = self.table.lock();
            state.streams.push(Progress::default());
            state.streams.len() - 1
        };
        let table = Arc::clone(&self.table);
        let task = tokio::spawn(listen(table, subscription, index, leads, narrow));
        self.tasks.push(task.abort_handle());
    }

    /// Sends a command and waits until what became of it is known.
    pub(crate) async fn execute(&self, client: &Client, order: Order<R>) -> Result<R, Error> {
        let (answer, mut answered) = oneshot::channel();
        let (sent, was_sent) = oneshot::channel();
        let (refused, mut was_refused) = oneshot::channel();
        let id = {
            let mut state = self.table.lock();
            if let Some(error) = &state.ended {
                return Err(Error::new(error.kind())
                    .with_text(format!(
                        "nothing was sent, as its fate could not be seen: {error}"
                    ))
                    .with_source(Arc::clone(error)));
            }
            state.last_id += 1;
            let id = state.last_id;
            state.followers.extend(order.follower);
            state.waiting.insert(
                id,
                Waiting {
                    judge: order.judge,
                    answer,
                    since: Instant::now(),
                    connection: None,
                    looked_since: None,
                    shows: order.shows,
                    advice: order.advice,
                },
            );
            id
        };
        // Gives the place up however this ends, also when the future is dropped.
        let _place = Place {
            table: &self.table,
            id,
        };
        client.ask(Ask::Command(Command {
            kind: order.kind,
            data: order.data,
            sent,
            refused,
        }))?;
        let connection = was_sent.await.unwrap_or_else(|_| {
            Err(Error::new(Kind::Transport).with_text("the client is closed"))
        })?;
        if let Some(waiting) = self.table.lock().waiting.get_mut(&id) {
            waiting.connection = Some(connection);
        }
        self.table.begun.notify_one();
        let unknown = || {
            Error::new(Kind::Transport)
                .with_text("the client was closed before the venue answered")
                .with_outcome(Outcome::Unknown)
                .with_attempts(1)
        };
        tokio::select! {
            biased;
            answer = &mut answered => answer.unwrap_or_else(|_| Err(unknown())),
            Ok(error) = &mut was_refused => Err(error),
        }
    }
}

struct Place<'a, R> {
    table: &'a Table<R>,
    id: u64,
}

impl<R> Drop for Place<'_, R> {
    fn drop(&mut self) {
        self.table.lock().waiting.remove(&self.id);
    }
}

async fn listen<T: Topic>(
    table: Arc<Table<T::Record>>,
    mut subscription: Subscription<T>,
    index: usize,
    leads: bool,
    narrow: impl Fn(&Subscription<T>, &crate::Time) + Send + 'static,
) {
    loop {
        let somebody_waits = !table.lock().waiting.is_empty();
        tokio::select! {
            item = subscription.next() => match item {
                Some(Ok(Event::Message(message))) => {
                    let mut state = table.lock();
                    for record in &message.data {
                        state.offer(record, leads);
                    }
                    if message.complete {
                        state.streams[index].complete(subscription.connection());
                    }
                }
                Some(Ok(Event::Interrupted(Interruption::ConnectionLost(_)))) => {
                    let mut state = table.lock();
                    let oldest = state.waiting.values().map(|waiting| waiting.since).min();
                    state.streams[index].lose(subscription.connection());
                    drop(state);
                    let age = oldest.map_or(Duration::ZERO, |since| since.elapsed());
                    let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
                    if let Some(oldest) = crate::Time::now().minus_micros(age) {
                        narrow(&subscription, &oldest);
                    }
                }
                Some(Ok(Event::Interrupted(_))) => {}
                // It may be the last one; then the next `None` uses it.
                Some(Err(error)) => table.lock().ended = Some(Arc::new(error)),
                None => {
                    table.lock().end();
                    return;
                }
            },
            () = sleep(TICK), if leads && somebody_waits => {
                let settings = table.settings;
                table.lock().tick(&settings);
            }
            () = table.begun.notified(), if leads && !somebody_waits => {}
        }
    }
}

impl Progress {
    fn lose(&mut self, connection: u64) {
        self.lost = self.lost.max(connection);
        self.lost_at = Some(Instant::now());
    }

    fn complete(&mut self, connection: u64) {
        self.complete = self.complete.max(connection);
    }

    /// Whether it shows all that happened, also to what was sent on an earlier connection.
    fn shows_all_since(&self, connection: u64) -> bool {
        self.complete > connection.max(self.lost)
    }
}

impl<R> Waiting<R> {
    /// Whether nothing more can be waited for.
    fn verdict(&mut self, streams: &[Progress], settings: &Settings) -> Option<Error> {
        let connection = self.connection?;
        let advice = &self.advice;
        let unknown = |kind, text: &'static str| {
            Error::new(kind)
                .with_text(text)
                .with_outcome(Outcome::Unknown)
                .with_attempts(1)
                .with_advice(advice.clone())
        };
        let lost_at = streams
            .iter()
            .filter(|stream| stream.lost >= connection)
            .filter_map(|stream| stream.lost_at)
            .min();
        let Some(lost_at) = lost_at else {
            let waited = self.since.elapsed() >= settings.answer_within;
            return waited.then(|| unknown(Kind::Timeout, "the venue did not answer in time"));
        };
        let shows_all = streams
            .iter()
            .all(|stream| stream.shows_all_since(connection));
        if shows_all {
            self.looked_since.get_or_insert_with(Instant::now);
        }
        let settled = shows_all
            && self
                .looked_since
                .is_some_and(|since| since.elapsed() >= settings.settle_after);
        if settled && self.shows {
            return Some(
                Error::new(Kind::Transport)
                    .with_text(
                        "the connection was lost, and after the reconnect the venue shows no trace \
                         of it",
                    )
                    .with_attempts(1)
                    .with_retryable(true),
            );
        }
        let hopeless = settled || lost_at.elapsed() >= LONGEST_DOUBT;
        hopeless.then(|| unknown(Kind::Transport, "the connection was lost before the answer"))
    }
}

impl<R: Record> State<R> {
    fn offer(&mut self, record: &R, leads: bool) {
        // The stream lives after all.
        self.ended = None;
        if leads {
            self.followers.retain_mut(|follower| follower(record));
        }
        let settled: Vec<(u64, Result<R, Error>)> = self
            .waiting
            .iter_mut()
            .filter_map(|(id, waiting)| Some((*id, (waiting.judge)(record)?)))
            .collect();
        for (id, result) in settled {
            self.answer(id, result);
        }
    }

    fn answer(&mut self, id: u64, result: Result<R, Error>) {
        if let Some(waiting) = self.waiting.remove(&id) {
            // Whoever waited may have gone.
            let _ = waiting.answer.send(result);
        }
    }

    fn tick(&mut self, settings: &Settings) {
        let streams = &self.streams;
        let overdue: Vec<(u64, Error)> = self
            .waiting
            .iter_mut()
            .filter_map(|(id, waiting)| Some((*id, waiting.verdict(streams, settings)?)))
            .collect();
        for (id, error) in overdue {
            self.answer(id, Err(error));
        }
    }

    fn end(&mut self) {
        let why = self
            .ended
            .take()
            .unwrap_or_else(|| Arc::new(Error::new(Kind::Transport).with_text("the stream ended")));
        let ids: Vec<u64> = self.waiting.keys().copied().collect();
        for id in ids {
            let error = Error::new(why.kind())
                .with_text(format!("the outcome can't be seen: {why}"))
                .with_source(Arc::clone(&why))
                .with_outcome(Outcome::Unknown)
                .with_attempts(1);
            self.answer(id, Err(error));
        }
        self.followers.clear();
        self.ended = Some(why);
    }
}
