//! Strategies and allocations.

use super::{Operation, Spot};
use crate::Moment;

pub(crate) const OPERATIONS: &[Operation] = &[];

/// What is allocated.
#[derive(Debug, Default)]
pub(crate) struct Earn {}

impl Spot {
    /// Ends what is pending, and pays rewards, until `now`.
    pub(crate) fn settle_earn(&mut self, _now: Moment) {}
}
