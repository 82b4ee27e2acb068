//! Kraken Prime: its WebSocket host, and what its REST calls on Kraken's host need.

mod ask;
mod balances;
mod changing;
mod connection;
mod depth;
pub(crate) mod desk;
pub(crate) mod door;
mod envelope;
pub(crate) mod feed;
pub(crate) mod handle;
pub(crate) mod key;
mod log;
mod market;
mod matching;
mod orders;
pub(crate) mod people;
mod placing;
mod quotes;
pub(crate) mod script;
mod securities;
pub(crate) mod settlement;
mod stamp;
mod strategy;
mod trades;
mod user_config;

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use self::desk::Desk;
use self::people::People;
use self::settlement::Settlement;
use crate::Moment;
use crate::ids::Ids;

/// Where the WebSocket is.
const PATH: &str = "/ws/v1";

/// One Prime: one customer's account with its users. Kraken's host holds it too, for the REST calls; whoever holds
/// Kraken's lock may take this one, never the other way round.
#[derive(Debug)]
pub(crate) struct Prime {
    pub people: People,
    pub desk: Desk,
    pub settlement: Settlement,
    /// The names of connections.
    pub ids: Ids,
}

/// As in the server: after a panic there is something to look at.
fn lock(prime: &Mutex<Prime>) -> MutexGuard<'_, Prime> {
    prime.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Prime {
    pub(crate) fn new(seed: u64, now: Moment) -> Self {
        Self {
            people: People::new(seed),
            desk: Desk::new(seed, now),
            settlement: Settlement::new(seed),
            ids: Ids::new(seed ^ 0x0073_6573_7369_6f6e),
        }
    }
}
