//! Orders, trades and positions.

use rust_decimal::Decimal;

use super::Spot;
use super::market::{Level, PublicTrade, Side};
use crate::Moment;

/// The orders of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Desk {}

impl Desk {
    /// What is held back of an asset for an account's open orders.
    pub(crate) fn held(&self, _account: &str, _asset: &str) -> Decimal {
        Decimal::ZERO
    }

    /// The customers' resting orders in a pair's book, best first, one level
    /// an order.
    pub(crate) fn resting(&self, _pair: &str, _side: Side) -> Vec<(String, Level)> {
        Vec::new()
    }
}

impl Spot {
    /// Fills, triggers and expires orders until `now`. `trades` is what the
    /// others did meanwhile.
    pub(crate) fn settle_orders(&mut self, _trades: &[(usize, PublicTrade)], _now: Moment) {}
}
