//! Reports to be fetched later.

use super::{Operation, Spot};
use crate::Moment;

pub(crate) const OPERATIONS: &[Operation] = &[];

/// Reports asked for.
#[derive(Debug, Default)]
pub(crate) struct Exports {}

impl Spot {
    /// Makes the reports that are due.
    pub(crate) fn settle_exports(&mut self, _now: Moment) {}
}
