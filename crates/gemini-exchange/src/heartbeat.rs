//! Keeping a session alive.
//!
//! A key may be set to require a heartbeat: if the venue hears nothing of it for 30 s, it cancels
//! all orders that were placed with it. Any private call counts; [`Heartbeat`] makes sure that
//! there is one.
//!
//! ```no_run
//! # async fn run(client: gemini_exchange::Client) -> Result<(), gemini_exchange::Error> {
//! use gemini_exchange::Heartbeat;
//!
//! let heartbeat = Heartbeat::start(&client);
//! // Trade. From time to time:
//! if let Some(error) = heartbeat.trouble() {
//!     println!("no heartbeat since {:?}: {error}", heartbeat.last_heard());
//! }
//! heartbeat.stop().await;
//! # Ok(())
//! # }
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exchange_transport::Error;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::Client;

/// The venue waits for 30 s: this leaves room for two that fail.
const EVERY: Duration = Duration::from_secs(10);

/// A task that sends a heartbeat every 10 s until it is stopped or dropped.
///
/// A heartbeat that fails is no reason to stop: the next one is sent in its time. After
/// [`stop`](Self::stop), or when this is dropped, nothing is sent any more; the venue then cancels
/// the orders of a key that requires it within 30 s, so cancel what should not wait for that.
#[derive(Debug)]
#[must_use = "the heartbeat stops when this is dropped"]
pub struct Heartbeat {
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    heard: Option<Instant>,
    trouble: Option<Arc<Error>>,
}

impl Heartbeat {
    /// Starts with the first one at once, every 10 s.
    ///
    /// Must be called on a tokio runtime.
    pub fn start(client: &Client) -> Self {
        Self::every(client, EVERY)
    }

    /// Starts with another time between two; at least 1 s. More than 25 s is too long for the
    /// venue.
    ///
    /// Must be called on a tokio runtime.
    pub fn every(client: &Client, period: Duration) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (stop, stopped) = oneshot::channel();
        let period = period.max(Duration::from_secs(1));
        let task = tokio::spawn(beat(
            client.within(period),
            period,
            Arc::clone(&state),
            stopped,
        ));
        Self {
            state,
            stop: Some(stop),
            task,
        }
    }

    /// When the venue last answered one; `None` before the first answer.
    pub fn last_heard(&self) -> Option<std::time::Instant> {
        lock(&self.state).heard.map(Instant::into_std)
    }

    /// Why the last one failed; `None` if it did not.
    pub fn trouble(&self) -> Option<Arc<Error>> {
        lock(&self.state).trouble.clone()
    }

    /// Stops, and waits until nothing is on its way any more.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // The task may be gone already, with its runtime.
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        // After `stop` it is over anyhow.
        self.task.abort();
    }
}

async fn beat(
    client: Client,
    period: Duration,
    state: Arc<Mutex<State>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => return,
            _ = ticks.tick() => {}
        }
        let result = client.send_heartbeat().send().await;
        let mut state = lock(&state);
        match result {
            Ok(_) => {
                state.heard = Some(Instant::now());
                state.trouble = None;
            }
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "a heartbeat failed");
                state.trouble = Some(Arc::new(error));
            }
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // What is inside is whole whatever panicked meanwhile.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
