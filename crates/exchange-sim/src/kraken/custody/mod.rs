//! Kraken Custody: vaults, transactions, tasks and activities, behind the
//! legacy and the external API.

pub(crate) mod external;
pub(crate) mod legacy;

use super::ids::Ids;
use crate::Moment;

/// The state of Custody.
#[derive(Debug)]
pub(crate) struct Custody {
    pub ids: Ids,
}

impl Custody {
    pub(crate) fn new(seed: u64, _now: Moment) -> Self {
        Self {
            ids: Ids::new(seed),
        }
    }

    /// Lets happen what happens by itself until `now`.
    pub(crate) fn advance(&mut self, _now: Moment) {}
}
