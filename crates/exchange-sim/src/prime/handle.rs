//! A running Prime in the hands of a test.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::key::demo_keys;
use super::{PATH, Prime, lock};
use crate::Moment;
use crate::clock::Clock;
use crate::kraken::handle::Credentials;
use crate::ws::Touch;

/// Kraken Prime's simulated WebSocket host. Its REST calls are at
/// [`Sim::kraken`](crate::Sim::kraken).
#[derive(Clone)]
pub struct PrimeHandle {
    prime: Arc<Mutex<Prime>>,
    clock: Clock,
    /// Host and port.
    host: String,
    /// All keys that it had at the start.
    credentials: Vec<Credentials>,
    touch: Touch,
}

impl fmt::Debug for PrimeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrimeHandle")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl PrimeHandle {
    pub(crate) fn new(
        prime: Arc<Mutex<Prime>>,
        clock: Clock,
        host: String,
        credentials: Vec<Credentials>,
        touch: Touch,
    ) -> Self {
        Self {
            prime,
            clock,
            host,
            credentials,
            touch,
        }
    }

    /// The URL to give to clients, such as `ws://127.0.0.1:49153/ws/v1`.
    pub fn url(&self) -> String {
        format!("ws://{}{PATH}", self.host)
    }

    /// The host that upgrades are signed for, such as `127.0.0.1:49153`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The demonstration key of a user who trades.
    pub fn credentials(&self) -> Credentials {
        let [trader, _] = demo_keys();
        trader.into()
    }

    /// The demonstration key of a user who may only look.
    pub fn viewer_credentials(&self) -> Credentials {
        let [_, viewer] = demo_keys();
        viewer.into()
    }

    /// All keys that were there at the start: demonstration keys first, unless
    /// they were not wanted.
    pub fn all_credentials(&self) -> Vec<Credentials> {
        self.credentials.clone()
    }

    /// Does something to the venue's state, at the time its clock shows, and
    /// tells those who are connected.
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut Prime, Moment) -> T) -> T {
        let done = {
            let mut prime = lock(&self.prime);
            let now = self.clock.now();
            prime.desk.advance(now);
            action(&mut prime, now)
        };
        self.touch.send_replace(());
        done
    }
}
