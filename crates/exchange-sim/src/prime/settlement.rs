//! Settlement batches: what trades left to be moved between the Prime account and the Kraken account.

/// All batches.
#[derive(Debug)]
pub(crate) struct Settlement;

impl Settlement {
    pub(crate) fn new(_seed: u64) -> Self {
        Self
    }
}
