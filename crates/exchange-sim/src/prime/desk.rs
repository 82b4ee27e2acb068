//! Securities, market, orders, quotes, money: everything that the streams show.

use rust_decimal::Decimal;

use super::people::Caller;
use crate::Moment;
use crate::json::Json;

/// What a command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    NewOrderSingle,
    OrderCancelRequest,
    OrderCancelReplaceRequest,
    OrderControlRequest,
    QuoteRequest,
    QuoteCancelRequest,
    UserConfig,
}

/// The state.
#[derive(Debug)]
pub(crate) struct Desk;

impl Desk {
    pub(crate) fn new(_seed: u64, _now: Moment) -> Self {
        Self
    }

    /// Lets happen what is due.
    pub(crate) fn advance(&mut self, _now: Moment) {}

    /// Carries out one record of a command's `data`. What comes of it shows on the streams; the error is the text of an
    /// `error` message, for what can't be understood.
    pub(crate) fn command(
        &mut self,
        _command: Command,
        _record: &Json,
        _caller: &Caller,
        _now: Moment,
    ) -> Result<(), String> {
        Ok(())
    }

    /// Trades in no settlement batch yet: id, and what the customer got (negative: gave) of each asset, fees included.
    pub(crate) fn unsettled(&self) -> Vec<(String, Vec<(String, Decimal)>)> {
        Vec::new()
    }

    /// These trades are in a batch now.
    pub(crate) fn assign(&mut self, _trades: &[String]) {}

    /// A leg of a batch moves this much of the asset into the Prime account (negative: out of it).
    pub(crate) fn settle(
        &mut self,
        _asset: &str,
        _amount: Decimal,
        _now: Moment,
    ) -> Result<(), String> {
        Ok(())
    }
}
