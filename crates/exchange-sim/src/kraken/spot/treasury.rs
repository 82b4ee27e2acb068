//! Deposits, withdrawals, transfers and subaccounts.

use rust_decimal::Decimal;

use super::{Operation, Spot};
use crate::Moment;

pub(crate) const OPERATIONS: &[Operation] = &[];

/// What is on its way in or out.
#[derive(Debug, Default)]
pub(crate) struct Treasury {}

impl Treasury {
    /// What is held back of an asset for an account's pending withdrawals.
    pub(crate) fn held(&self, _account: &str, _asset: &str) -> Decimal {
        Decimal::ZERO
    }
}

impl Spot {
    /// Brings deposits and withdrawals to the state they have at `now`.
    pub(crate) fn settle_treasury(&mut self, _now: Moment) {}
}
