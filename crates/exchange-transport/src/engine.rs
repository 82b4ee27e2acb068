//! One call from its parameters to its answer, through everything that can
//! happen on the way.
//!
//! Each attempt goes through the same stations: room under the rate limit, a
//! turn in the key's queue, a nonce, the signature, sending, reading. What is
//! the venue's own stands in its [`Venue`]. After a failure [`retry`] decides
//! whether there is another attempt, and a deadline ends it all.
//!
//! [`retry`]: crate::retry

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use exchange_auth::{NonceHold, NonceSource};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::Instrument as _;

use crate::call::Call;
use crate::clock::ClockWatch;
use crate::error::{Error, Kind, Outcome, VendorMessage};
use crate::operation::{Access, Operation};
use crate::pacer::{CallFacts, CounterState, PaceMode, Pacer, Reservation};
use crate::queue::{InFlight, KeyQueue, Turn};
use crate::retry::{RetryPolicy, Tries};
use crate::transport::{Prepared, RawAnswer, Transport, TransportConfig};
use crate::watch::{self, AttemptReport, Observer};

/// What a venue does in its own way.
pub trait Venue {
    /// Puts the request together, signed with `nonce` if the call is private.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the call; nothing is sent then.
    fn prepare(
        &self,
        call: &Call,
        path_and_query: String,
        nonce: Option<u64>,
    ) -> Result<Prepared, Error>;

    /// Tells success from failure.
    ///
    /// # Errors
    ///
    /// What the venue refused, or that the answer can't be understood; with
    /// outcome and [`Error::is_retryable`] set.
    fn read(&self, operation: &'static Operation, raw: RawAnswer) -> Result<Answered, Error>;

    /// Adds to an error how to find out whether the call was executed.
    fn advise(&self, error: Error) -> Error {
        error
    }
}

/// A call that succeeded, with its value still as text.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Which call.
    pub operation: &'static Operation,
    /// The value's bytes; `None` if the answer holds none.
    pub value: Option<Bytes>,
    /// Remarks of the venue.
    pub warnings: Vec<VendorMessage>,
    /// The HTTP status, any of 200 to 299.
    pub status: u16,
    /// How often the request was sent.
    pub attempts: u32,
    /// The whole body.
    pub body: Bytes,
}

/// What a client does by itself.
#[derive(Clone)]
pub struct EngineConfig {
    /// Where and how to send.
    pub transport: TransportConfig,
    /// How often and how fast calls are repeated.
    pub retry: RetryPolicy,
    /// The limit for a whole call, waits and repeats included. Default 60 s.
    pub deadline: Duration,
    /// How many calls of the key may be without answer at the same time.
    /// Default [`InFlight::ONE`], which holds for all processes together that
    /// share a nonce source such as [`FileNonce`](exchange_auth::FileNonce);
    /// more are counted for each process.
    pub in_flight: InFlight,
    /// The model of the venue's rate limits. Without one nothing is counted.
    pub pacer: Option<Arc<dyn Pacer>>,
    /// What reads do when a counter is full. Default [`PaceMode::WAIT`].
    pub pace_reads: PaceMode,
    /// What other calls do then. Default [`PaceMode::Report`]: an order that
    /// is sent late may do harm.
    pub pace_changes: PaceMode,
    /// Who is told about every attempt.
    pub observer: Option<Arc<dyn Observer>>,
}

impl EngineConfig {
    /// The defaults, for the venue at `base_url`.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            transport: TransportConfig::new(base_url),
            retry: RetryPolicy::default(),
            deadline: Duration::from_secs(60),
            in_flight: InFlight::ONE,
            pacer: None,
            pace_reads: PaceMode::WAIT,
            pace_changes: PaceMode::Report,
            observer: None,
        }
    }
}

impl fmt::Debug for EngineConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineConfig")
            .field("transport", &self.transport)
            .field("retry", &self.retry)
            .field("deadline", &self.deadline)
            .field("in_flight", &self.in_flight)
            .field("pacer", &self.pacer)
            .field("pace_reads", &self.pace_reads)
            .field("pace_changes", &self.pace_changes)
            .field("observer", &self.observer.is_some())
            .finish()
    }
}

/// The key of a client, as far as the engine needs it.
#[derive(Debug)]
struct Line {
    queue: Arc<KeyQueue>,
    nonces: Arc<dyn NonceSource>,
}

/// Drives the calls of one client.
pub struct Engine {
    transport: Transport,
    config: EngineConfig,
    line: Option<Line>,
    clock: ClockWatch,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.config)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that makes public calls.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] for settings that can't work.
    pub fn new(config: EngineConfig) -> Result<Self, Error> {
        config.retry.check()?;
        if config.deadline.is_zero() {
            return Err(Error::new(Kind::Configuration)
                .with_text("a call can't be made with a deadline of no time at all"));
        }
        Ok(Self {
            transport: Transport::new(config.transport.clone())?,
            config,
            line: None,
            clock: ClockWatch::default(),
        })
    }

    /// Makes private calls too, with the API key `key`. All engines of this
    /// process with the same key and address share one queue.
    ///
    /// # Errors
    ///
    /// [`Kind::Configuration`] if credentials must not be sent to the address,
    /// see [`Transport::check_safe_for_credentials`].
    pub fn with_key(mut self, key: &str, nonces: Arc<dyn NonceSource>) -> Result<Self, Error> {
        self.transport.check_safe_for_credentials()?;
        self.line = Some(Line {
            queue: KeyQueue::shared(self.transport.base_url(), key),
            nonces,
        });
        Ok(self)
    }

    /// The venue's address, without a slash at its end.
    pub fn base_url(&self) -> &str {
        self.transport.base_url()
    }

    /// The settings.
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// How full the counters of the rate limits are, by the client's model.
    pub fn pace(&self) -> Vec<CounterState> {
        let pacer = self.config.pacer.as_ref();
        pacer.map_or_else(Vec::new, |pacer| pacer.state(Instant::now().into_std()))
    }

    /// Makes a call, within `deadline` or the configured limit if there is
    /// none.
    ///
    /// Dropping the future at any point is safe: it gives back its place in
    /// the queue, and a nonce it took is not used again. The call may have
    /// been executed then.
    ///
    /// # Errors
    ///
    /// What [`Venue`] makes of an answer, or [`Kind::Transport`],
    /// [`Kind::Timeout`], [`Kind::RateLimit`] or [`Kind::Nonce`] for trouble
    /// on this side.
    pub async fn run(
        &self,
        venue: &(impl Venue + Sync),
        call: &Call,
        deadline: Option<Duration>,
    ) -> Result<Answered, Error> {
        let operation = call.operation();
        let span = tracing::info_span!("call", api = operation.api, operation = operation.id);
        let limit = deadline.unwrap_or(self.config.deadline);
        self.attempts(venue, call, Instant::now() + limit)
            .instrument(span)
            .await
    }

    async fn attempts(
        &self,
        venue: &(impl Venue + Sync),
        call: &Call,
        deadline: Instant,
    ) -> Result<Answered, Error> {
        let operation = call.operation();
        let path_and_query = call.path_and_query()?;
        let mut tries = Tries::default();
        let mut sent = 0;
        let mut number = 0;
        loop {
            number += 1;
            let mut attempt = Attempt {
                engine: self,
                call,
                path_and_query: &path_and_query,
                deadline,
                alone: tries.nonce_was_refused(),
                pace_wait: Duration::ZERO,
                queue_wait: Duration::ZERO,
                started: None,
            };
            let result = attempt.run(venue).await;
            let (pace_wait, queue_wait) = (attempt.pace_wait, attempt.queue_wait);
            let elapsed = attempt.started.map_or(Duration::ZERO, |at| at.elapsed());
            let report = |status, result, repeat_in| {
                let report = AttemptReport {
                    operation,
                    attempt: number,
                    pace_wait,
                    queue_wait,
                    elapsed,
                    status,
                    result,
                    repeat_in,
                };
                watch::log(&report);
                if let Some(observer) = &self.config.observer {
                    observer.on_attempt(&report);
                }
            };
            let failure = match result {
                Ok(mut answered) => {
                    answered.attempts = sent + 1;
                    report(Some(answered.status), Ok(&answered.warnings), None);
                    return Ok(answered);
                }
                Err(failure) => failure,
            };
            let (error, wait) = match failure {
                Failure::Final(error) => (error.on(operation), None),
                Failure::Tried(error) => {
                    let error = venue.advise(error.on(operation));
                    let wait = tries.next_wait(&self.config.retry, operation, &error);
                    (error, wait)
                }
            };
            sent += error.attempts().min(1);
            // There is no use in a wait after which there is no time left.
            let wait = wait.filter(|wait| *wait < deadline - Instant::now());
            let mut error = error.with_attempts(sent);
            if wait.is_none() && tries.in_doubt(operation, &error) {
                error = venue.advise(error.with_outcome(Outcome::Unknown));
            }
            report(error.status(), Err(&error), wait);
            match wait {
                None => return Err(error),
                Some(wait) if wait.is_zero() => {}
                Some(wait) => sleep(wait).await,
            }
        }
    }
}

/// Why an attempt failed.
enum Failure {
    /// Before it could be sent, and it would fail again.
    Final(Error),
    /// On the way or by the venue.
    Tried(Error),
}

/// One pass through all stations.
struct Attempt<'a> {
    engine: &'a Engine,
    call: &'a Call,
    path_and_query: &'a str,
    deadline: Instant,
    /// It was overtaken before, which must not happen again.
    alone: bool,
    pace_wait: Duration,
    queue_wait: Duration,
    /// When it had leave to go.
    started: Option<Instant>,
}

impl<'a> Attempt<'a> {
    async fn run(&mut self, venue: &(impl Venue + Sync)) -> Result<Answered, Failure> {
        let engine = self.engine;
        let operation = self.call.operation();
        let line = match operation.access {
            Access::Public => None,
            Access::Private => engine.line.as_ref(),
        };
        let (pace, turn) = self.leave(line).await.map_err(Failure::Final)?;
        let prepare = |nonce| venue.prepare(self.call, self.path_and_query.to_owned(), nonce);
        let head = match line {
            None => {
                let prepared = prepare(None).map_err(Failure::Final)?;
                let limit = self.time_left().map_err(Failure::Final)?;
                pace.sent();
                self.started = Some(Instant::now());
                engine.transport.send(prepared, limit).await
            }
            Some(line) => {
                let waits_since = Instant::now();
                let in_time = timeout_at(self.deadline, async {
                    let order = line.queue.order().await;
                    let held = self.in_flight() == InFlight::ONE;
                    let nonce = next_nonce(&line.nonces, held).await?;
                    Ok((order, nonce))
                });
                let (order, (nonce, hold)) = in_time
                    .await
                    .unwrap_or_else(|_| Err(too_late("waiting for a nonce")))
                    .map_err(Failure::Final)?;
                self.queue_wait += waits_since.elapsed();
                let prepared = prepare(Some(nonce)).map_err(Failure::Final)?;
                let limit = self.time_left().map_err(Failure::Final)?;
                pace.sent();
                self.started = Some(Instant::now());
                let mut sending = pin!(engine.transport.send(prepared, limit));
                // The first poll hands the request over. From then on the next
                // nonce may be taken, if the key has room for another call.
                let first = poll_fn(|context| match sending.as_mut().poll(context) {
                    Poll::Ready(head) => Poll::Ready(Some(head)),
                    Poll::Pending => Poll::Ready(None),
                });
                let mut first = first.await;
                drop(order);
                if first.is_none() && hold.holds() {
                    first = timeout(LONGEST_HOLD, sending.as_mut()).await.ok();
                }
                drop(hold);
                match first {
                    Some(head) => head,
                    None => sending.await,
                }
            }
        };
        // The head shows that the venue has taken the nonce.
        drop(turn);
        let raw = match head {
            Ok(head) => head.read().await,
            Err(fault) => Err(fault),
        };
        let result = match raw {
            Ok(raw) => {
                engine.clock.look(&raw.headers, SystemTime::now());
                venue.read(operation, raw)
            }
            Err(fault) => Err(Error::from(fault).on(operation)),
        };
        self.learn(&result);
        result.map_err(Failure::Tried)
    }

    /// Waits for room under the rate limit and for a turn in the queue.
    async fn leave(
        &mut self,
        line: Option<&'a Line>,
    ) -> Result<(Reserved<'a>, Option<Turn<'a>>), Error> {
        let pace = self.reserve()?;
        loop {
            self.wait_for_room(&pace).await?;
            let Some(line) = line else {
                return Ok((pace, None));
            };
            let since = Instant::now();
            let turn = line.queue.turn(self.in_flight());
            let turn = timeout_at(self.deadline, turn)
                .await
                .map_err(|_| too_late("waiting for its turn in the queue of the key"))?;
            self.queue_wait += since.elapsed();
            // Meanwhile others may have left that were held up as well.
            if pace.wait()?.is_zero() {
                return Ok((pace, Some(turn)));
            }
            drop(turn);
        }
    }

    async fn wait_for_room(&mut self, pace: &Reserved<'_>) -> Result<(), Error> {
        loop {
            let wait = pace.wait()?;
            if wait.is_zero() {
                return Ok(());
            }
            let since = Instant::now();
            sleep(wait).await;
            self.pace_wait += since.elapsed();
        }
    }

    fn reserve(&self) -> Result<Reserved<'a>, Error> {
        let config = &self.engine.config;
        let now = Instant::now();
        let mode = match self.mode() {
            PaceMode::Wait { max_wait } => PaceMode::Wait {
                max_wait: max_wait.min(self.deadline - now),
            },
            other => other,
        };
        let pacer = config.pacer.as_deref().filter(|_| mode != PaceMode::Off);
        let Some(pacer) = pacer else {
            return Ok(Reserved {
                held: None,
                due: now,
                latest: now,
            });
        };
        let call = self.facts();
        let reservation = pacer.reserve(&call, mode, now.into_std());
        if !reservation.granted {
            return Err(no_room(reservation.counter, reservation.wait));
        }
        let (due, latest) = match mode {
            PaceMode::Wait { max_wait } => (now + reservation.wait, now + max_wait),
            PaceMode::Off | PaceMode::Report => (now, now),
        };
        Ok(Reserved {
            held: Some(Held {
                pacer,
                call,
                reservation,
                waits: matches!(mode, PaceMode::Wait { .. }),
            }),
            due,
            latest,
        })
    }

    /// With one in flight nobody else may have a nonce until it has arrived,
    /// neither in this process nor in others that share the source.
    fn in_flight(&self) -> InFlight {
        if self.alone {
            InFlight::ONE
        } else {
            self.engine.config.in_flight
        }
    }

    fn mode(&self) -> PaceMode {
        let config = &self.engine.config;
        if self.call.operation().effect.repeatable() {
            config.pace_reads
        } else {
            config.pace_changes
        }
    }

    fn facts(&self) -> CallFacts<'a> {
        CallFacts {
            operation: self.call.operation(),
            path_and_query: self.path_and_query,
            body: self.call.body_json(),
        }
    }

    /// Tells the model of the rate limits what became of the call.
    fn learn(&self, result: &Result<Answered, Error>) {
        if let Some(pacer) = &self.engine.config.pacer
            && self.mode() != PaceMode::Off
        {
            let result = result.as_ref().map(|answered| answered.value.as_ref());
            pacer.learn(&self.facts(), result, Instant::now().into_std());
        }
    }

    /// What is left of the call's time; an error if that is nothing.
    fn time_left(&self) -> Result<Duration, Error> {
        match self.deadline - Instant::now() {
            Duration::ZERO => Err(too_late("being made ready")),
            left => Ok(left),
        }
    }
}

/// For how long at most other processes wait for an answer. They give up
/// waiting for a nonce file after 5 s by default. Past it the call may be
/// overtaken, if it did not arrive in that time, and is then refused and sent
/// again as any other.
const LONGEST_HOLD: Duration = Duration::from_secs(2);

/// Room under the rate limit, given back if the call is not sent after all.
struct Reserved<'a> {
    held: Option<Held<'a>>,
    /// The time for which it was counted.
    due: Instant,
    /// It may wait until then.
    latest: Instant,
}

struct Held<'a> {
    pacer: &'a dyn Pacer,
    call: CallFacts<'a>,
    reservation: Reservation,
    waits: bool,
}

impl Reserved<'_> {
    /// How long the call still has to wait; an error if that is too long.
    fn wait(&self) -> Result<Duration, Error> {
        let Some(held) = self.held.as_ref().filter(|held| held.waits) else {
            return Ok(Duration::ZERO);
        };
        let now = Instant::now();
        let (due, std_now) = (self.due.into_std(), now.into_std());
        let wait = held
            .pacer
            .still_to_wait(&held.call, &held.reservation, due, std_now);
        if !wait.is_zero() && now + wait > self.latest {
            return Err(no_room(held.reservation.counter, wait));
        }
        Ok(wait)
    }

    /// The call is on its way: the room is used up.
    fn sent(mut self) {
        if let Some(held) = self.held.take() {
            let now = Instant::now().into_std();
            held.pacer.sent(&held.call, &held.reservation, now);
        }
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if let Some(held) = &self.held {
            let now = Instant::now().into_std();
            held.pacer.release(&held.call, &held.reservation, now);
        }
    }
}

fn no_room(counter: &str, wait: Duration) -> Error {
    Error::new(Kind::RateLimit)
        .with_text(format!(
            "it was not sent: the counter `{counter}` has no room for it before {} s from now, \
             and it may not wait that long",
            wait.as_millis().div_ceil(1000)
        ))
        .with_retryable(true)
        .with_retry_after(wait)
}

fn too_late(doing: &str) -> Error {
    Error::new(Kind::Timeout).with_text(format!(
        "the time for the whole call ran out while it was {doing}; nothing was sent"
    ))
}

async fn next_nonce(nonces: &Arc<dyn NonceSource>, hold: bool) -> Result<(u64, NonceHold), Error> {
    let next = move |nonces: &dyn NonceSource| {
        if hold {
            nonces.next_held()
        } else {
            nonces.next().map(|nonce| (nonce, NonceHold::none()))
        }
    };
    let nonce = if nonces.may_block() {
        let nonces = Arc::clone(nonces);
        // If this future is dropped meanwhile, the number is drawn and never
        // used: the source counts on from it.
        match tokio::task::spawn_blocking(move || next(&*nonces)).await {
            Ok(nonce) => nonce,
            Err(error) => {
                return Err(Error::new(Kind::Nonce)
                    .with_text("the nonce source panicked")
                    .with_source(error));
            }
        }
    } else {
        next(&**nonces)
    };
    nonce.map_err(|error| {
        Error::new(Kind::Nonce)
            .with_text(error.to_string())
            .with_source(error)
    })
}
