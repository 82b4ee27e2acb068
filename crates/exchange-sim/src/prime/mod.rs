//! Kraken Prime: its WebSocket host, and what its REST calls on Kraken's host need.

pub(crate) mod desk;
pub(crate) mod feed;
pub(crate) mod key;
pub(crate) mod people;
pub(crate) mod settlement;

use self::desk::Desk;
use self::people::People;
use self::settlement::Settlement;
use crate::Moment;

/// One Prime: one customer's account with its users. Kraken's host holds it too, for the REST calls; whoever holds
/// Kraken's lock may take this one, never the other way round.
#[derive(Debug)]
pub(crate) struct Prime {
    pub people: People,
    pub desk: Desk,
    pub settlement: Settlement,
}

impl Prime {
    pub(crate) fn new(seed: u64, now: Moment) -> Self {
        Self {
            people: People::new(seed),
            desk: Desk::new(seed, now),
            settlement: Settlement::new(seed),
        }
    }
}
