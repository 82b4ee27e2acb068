//! The customer's own fills.

use std::collections::VecDeque;

use rust_decimal::Decimal;

use super::desk::Desk;
use super::log::Log;
use super::market::Side;
use super::orders::{Last, Order, Record, side_name};
use super::securities::{amount, find_currency};
use super::stamp;
use crate::Moment;
use crate::books::{BooksError, Holder};
use crate::json::Json;

/// Trades that are kept, and those of them that wait for their settlement.
const MOST_TRADES: usize = 10_000;

#[derive(Clone, Debug)]
pub(crate) struct Trade {
    pub at: Moment,
    pub transact: Moment,
    pub id: String,
    /// As in the execution report.
    pub last: Last,
    pub aggressor: Side,
    pub fee_currency: &'static str,
    /// What the customer got of base and quote currency, less the fee.
    pub got: [(&'static str, Decimal); 2],
    /// As it was afterwards.
    pub order: Order,
}

impl Trade {
    pub(crate) fn record(&self) -> Json {
        let order = &self.order;
        let digits = |currency: &str| find_currency(currency).map_or(0, |one| one.digits);
        let mut record = Record::default();
        record.add("Timestamp", stamp::text(self.at));
        record.add("Symbol", order.symbol.clone());
        record.add("OrderID", order.id.clone());
        record.add("TradeID", self.id.clone());
        record.add("Side", side_name(order.side));
        record.add("TransactTime", stamp::text(self.transact));
        record.add("ExecType", "Trade");
        record.add("Currency", order.currency.clone());
        let prices = order.security.map_or(0, |security| security.price_digits);
        record.add("Price", amount(self.last.price, prices));
        record.add("Quantity", amount(self.last.qty, digits(&order.currency)));
        let amt = amount(self.last.amt, digits(&order.amount_currency));
        record.add("Amount", amt);
        record.add("Fee", amount(self.last.fee, digits(self.fee_currency)));
        record.add("FeeCurrency", self.fee_currency);
        record.add("CustomerUser", order.user.clone());
        record.add("TradeStatus", "Confirmed");
        record.add("AggressorSide", side_name(self.aggressor));
        record.add_some("QuoteID", order.quote_id.clone());
        record.add_some("RFQID", order.rfq_id.clone());
        record.add("AmountCurrency", order.amount_currency.clone());
        record.add("DealtCurrency", order.currency.clone());
        record.0
    }
}

/// What waits for its settlement: the trade's id, and what the customer got by it.
type Unsettled = (String, Vec<(String, Decimal)>);

#[derive(Clone, Debug)]
pub(crate) struct Trades {
    pub log: Log<Trade>,
    unsettled: VecDeque<Unsettled>,
}

impl Trades {
    pub(crate) fn new() -> Self {
        Self {
            log: Log::new(MOST_TRADES),
            unsettled: VecDeque::new(),
        }
    }

    pub(crate) fn note(&mut self, trade: Trade) {
        if self.unsettled.len() >= MOST_TRADES {
            self.unsettled.pop_front();
        }
        let got = trade.got.iter();
        let got = got.map(|(currency, amount)| ((*currency).to_owned(), *amount));
        self.unsettled.push_back((trade.id.clone(), got.collect()));
        self.log.push(trade);
    }
}

impl Desk {
    /// Trades in no settlement batch yet: id, and what the customer got (negative: gave) of each
    /// asset, fees included.
    pub(crate) fn unsettled(&self) -> Vec<Unsettled> {
        self.trades.unsettled.iter().cloned().collect()
    }

    /// These trades are in a batch now.
    pub(crate) fn assign(&mut self, trades: &[String]) {
        let trades: std::collections::HashSet<&String> = trades.iter().collect();
        let unsettled = &mut self.trades.unsettled;
        unsettled.retain(|(id, _)| !trades.contains(id));
    }

    /// A leg of a batch moves this much of the asset into the Prime account (negative: out of it).
    pub(crate) fn settle(
        &mut self,
        asset: &str,
        amount: Decimal,
        now: Moment,
    ) -> Result<(), String> {
        self.advance(now);
        if !self.listing.has_currency(asset) {
            return Err(format!("there is no currency {asset}"));
        }
        let settled = self.purse.receive(&[(asset, amount)], &Holder::Outside);
        self.show_money();
        settled.map_err(|error: BooksError| error.to_string())
    }
}
