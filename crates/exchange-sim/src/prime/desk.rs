//! Securities, market, orders, quotes, money: everything that the streams show.

use std::time::Duration;

use rust_decimal::Decimal;

use super::balances::Purse;
use super::market::Markets;
use super::orders::Orders;
use super::people::Caller;
use super::quotes::Quotes;
use super::securities::Listing;
use super::stamp::Stamps;
use super::trades::Trades;
use super::user_config::Configs;
use crate::Moment;
use crate::ids::Ids;
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
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(super) ids: Ids,
    pub(super) stamps: Stamps,
    /// Up to when everything has happened.
    pub(super) now: Moment,
    pub(super) listing: Listing,
    pub(super) markets: Markets,
    pub(super) purse: Purse,
    pub(super) orders: Orders,
    pub(super) quotes: Quotes,
    pub(super) trades: Trades,
    pub(super) configs: Configs,
    /// How long a request is pending before it is decided.
    pub(super) delay: Duration,
    /// What of a trade's amount is its fee. The vendor's samples show none.
    pub(super) fee_rate: Decimal,
    /// Something happened since balances were last worked out.
    pub(super) stale: bool,
}

impl Desk {
    pub(crate) fn new(seed: u64, now: Moment) -> Self {
        let mut desk = Self {
            ids: Ids::new(seed ^ 0x5052_494d_4544),
            stamps: Stamps::default(),
            now,
            listing: Listing::new(now),
            markets: Markets::new(seed, now),
            purse: Purse::new(now),
            orders: Orders::new(),
            quotes: Quotes::new(),
            trades: Trades::new(),
            configs: Configs::default(),
            delay: Duration::ZERO,
            fee_rate: Decimal::ZERO,
            stale: false,
        };
        desk.show_money();
        desk
    }

    /// Lets happen what is due.
    pub(crate) fn advance(&mut self, now: Moment) {
        if now <= self.now {
            return;
        }
        for second in self.markets.steps(now) {
            self.now = Moment::from_seconds(second).max(self.now);
            let trades = self.markets.step(second);
            self.settle_due();
            self.reach(&trades);
            // What is owed is worth something else now.
            self.stale = true;
        }
        self.now = now;
        self.settle_due();
        self.catch_up();
    }

    fn settle_due(&mut self) {
        if self.orders.live_count() > 0 {
            self.settle_orders();
        }
        if self.quotes.has_live() {
            self.settle_quotes();
        }
    }

    /// Works balances out anew if something happened.
    pub(super) fn catch_up(&mut self) {
        if std::mem::take(&mut self.stale) {
            self.show_money();
        }
    }

    /// Carries out one record of a command's `data`. What comes of it shows on the streams; the error is the text of an
    /// `error` message, for what can't be understood.
    pub(crate) fn command(
        &mut self,
        command: Command,
        record: &Json,
        caller: &Caller,
        now: Moment,
    ) -> Result<(), String> {
        self.advance(now);
        let done = match command {
            Command::NewOrderSingle => self.new_order(record, caller),
            Command::OrderCancelRequest => self.cancel_order(record, caller),
            Command::OrderCancelReplaceRequest => self.replace_order(record, caller),
            Command::OrderControlRequest => self.control_order(record, caller),
            Command::QuoteRequest => self.request_quote(record, caller),
            Command::QuoteCancelRequest => self.cancel_quote(record),
            Command::UserConfig => self.configure(record, caller),
        };
        self.catch_up();
        done
    }
}
