//! What happens to orders by itself: time passes, and prices move.

use rust_decimal::Decimal;

use super::matching::EXPIRED;
use super::order::{Kind, Order, Status};
use crate::Moment;
use crate::kraken::spot::Spot;
use crate::kraken::spot::assets::{PAIRS, Pair};
use crate::kraken::spot::market::status::KrakenStatus;
use crate::kraken::spot::market::{Fill, PublicTrade, Side};

/// Why a timer of `CancelAllOrdersAfter` ended an order.
const TIMED_OUT: &str = "Cancel all orders after timeout";

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Expiry(u64),
    CancelAll(String),
    Start(u64),
    Rollover(u64),
}

impl Spot {
    /// Fills, triggers and expires orders until `now`. `trades` is what the
    /// others did meanwhile.
    pub(crate) fn settle_orders(&mut self, trades: &[(usize, PublicTrade)], now: Moment) {
        let status = self.markets.status;
        let desk = &mut self.desk;
        // The others move once a second.
        let moved = !trades.is_empty()
            || desk.shown.seconds() != now.seconds()
            || desk.status != status
            || desk.stale;
        desk.shown = now;
        desk.status = status;
        desk.stale = false;
        if desk.open.is_empty() && desk.cancel_after.is_empty() && desk.positions.is_empty() {
            return;
        }
        let trading = moved && status == KrakenStatus::Online;
        let mut next = self.next_due();
        for (index, trade) in trades {
            let at = trade.time.min(now);
            self.run_due(&mut next, at);
            let Some(pair) = PAIRS.get(*index) else {
                continue;
            };
            if trading && self.desk.has_open_in(pair) {
                self.observe(pair, trade.price, at);
                self.pass(pair, trade, at);
            }
        }
        self.run_due(&mut next, now);
        for pair in PAIRS {
            if trading && self.desk.has_open_in(pair) {
                let last = self.last_price(pair);
                self.observe(pair, last, now);
                self.reach(pair, Side::Buy, now);
                self.reach(pair, Side::Sell, now);
            }
        }
        if trading && !self.desk.positions.is_empty() {
            self.liquidate(now);
        }
    }

    /// Sets the time after which all orders of an account are cancelled.
    pub(crate) fn cancel_all_after(&mut self, account: &str, at: Option<Moment>) {
        match at {
            Some(at) => self.desk.cancel_after.insert(account.to_owned(), at),
            None => self.desk.cancel_after.remove(account),
        };
    }

    fn next_due(&self) -> Option<(Moment, Due)> {
        let of_order = |(number, order): (u64, &Order)| {
            let expiry = order.terms.expire.map(|at| (at, Due::Expiry(number)));
            let start = order.terms.start.map(|at| (at, Due::Start(number)));
            let start = start.filter(|_| order.status == Status::Pending);
            [expiry, start].into_iter().flatten().min()
        };
        let orders = self.desk.open().filter_map(of_order);
        let timers = self.desk.cancel_after.iter();
        let timers = timers.map(|(account, at)| (*at, Due::CancelAll(account.clone())));
        let positions = self.desk.positions.open();
        let rollovers = positions.map(|(n, p)| (p.next_rollover, Due::Rollover(n)));
        orders.chain(timers).chain(rollovers).min()
    }

    /// Lets happen what is due until then; `next` is what comes first.
    fn run_due(&mut self, next: &mut Option<(Moment, Due)>, until: Moment) {
        while let Some((at, due)) = next.take_if(|(at, _)| *at <= until) {
            match due {
                Due::Expiry(number) => {
                    self.desk.end(number, Status::Expired, Some(EXPIRED), at);
                }
                Due::CancelAll(account) => {
                    self.desk.cancel_after.remove(&account);
                    for number in self.desk.open_of(&account) {
                        let status = Status::Canceled;
                        self.desk.end(number, status, Some(TIMED_OUT), at);
                    }
                }
                Due::Start(number) => self.activate(number, at),
                Due::Rollover(number) => self.roll_over(number, until),
            }
            *next = self.next_due();
        }
    }

    /// Tells the orders that wait for it the price of a trade.
    pub(crate) fn observe(&mut self, pair: &'static Pair, price: Decimal, at: Moment) {
        let mut triggered = Vec::new();
        let mut trailed = Vec::new();
        for (number, order) in &mut self.desk.open {
            if order.terms.pair.id != pair.id || !order.awaits_trigger() {
                continue;
            }
            if trail(order, price) {
                trailed.push(*number);
            }
            let (Some(stop), buys) = (order.stop, order.terms.side == Side::Buy) else {
                continue;
            };
            // A stop of a buy lies above the price, a profit below it; for
            // sales it is the other way round.
            let from_below = buys != order.terms.kind.takes_profit();
            if (from_below && price >= stop) || (!from_below && price <= stop) {
                triggered.push(*number);
            }
        }
        for number in trailed {
            self.hold_rest(number);
        }
        for number in triggered {
            if let Some(order) = self.desk.open.get_mut(&number)
                && order.awaits_trigger()
            {
                order.triggered = true;
                self.enter(number, at);
            }
        }
    }

    /// A trade of the others passes the orders that are better than it: they
    /// are filled first, at their own prices.
    fn pass(&mut self, pair: &'static Pair, trade: &PublicTrade, at: Moment) {
        let side = trade.side.other();
        let mut left = trade.volume;
        let mut filled = Vec::new();
        for number in self.desk.queue(pair.id, side) {
            let Some(order) = self.desk.order(number) else {
                continue;
            };
            let Some(price) = order.limit else { continue };
            let reached = match side {
                Side::Buy => trade.price <= price,
                Side::Sell => trade.price >= price,
            };
            if !reached || left.is_zero() {
                break;
            }
            let volume = self.fillable(number).min(left);
            left -= volume;
            self.fill_resting(number, Fill { price, volume }, &mut filled, at);
        }
        self.follow(filled, at);
    }

    /// Fills the resting orders that the market's best price on the other side
    /// reaches, at their own prices, as far as there is depth.
    fn reach(&mut self, pair: &'static Pair, side: Side, now: Moment) {
        let mut filled = Vec::new();
        for number in self.desk.queue(pair.id, side) {
            let Some(price) = self.desk.order(number).and_then(|order| order.limit) else {
                continue;
            };
            let wanted = self.fillable(number);
            let Some(market) = self.markets.get_mut(pair) else {
                return;
            };
            if market.best(side.other()).is_none_or(|best| match side {
                Side::Buy => best.price > price,
                Side::Sell => best.price < price,
            }) {
                break;
            }
            let fills = market.take(side, Some(price), wanted, now);
            let volume = fills.iter().map(|fill| fill.volume).sum();
            self.fill_resting(number, Fill { price, volume }, &mut filled, now);
        }
        self.follow(filled, now);
    }

    /// How much of a resting order can be filled.
    fn fillable(&self, number: u64) -> Decimal {
        let Some(order) = self.desk.order(number) else {
            return Decimal::ZERO;
        };
        let remaining = order.remaining();
        if !order.terms.reduce_only {
            return remaining;
        }
        let (pair, side) = (order.terms.pair, order.terms.side.other());
        let positions = &self.desk.positions;
        remaining.min(positions.volume(&order.account, pair, side))
    }

    /// Fills a resting order from the rest of the market.
    pub(crate) fn fill_resting(
        &mut self,
        number: u64,
        fill: Fill,
        filled: &mut Vec<(Order, Decimal)>,
        at: Moment,
    ) {
        if let Some(order) = self.desk.order(number)
            && !fill.volume.is_zero()
        {
            let (pair, side) = (order.terms.pair, order.terms.side.other());
            let tape = self.print(pair, side, false, fill);
            self.fill_maker(number, fill, tape, filled, at);
        }
        if self.nothing_to_reduce(number) {
            self.cancel(number, at);
        }
    }
}

impl super::Desk {
    fn has_open_in(&self, pair: &Pair) -> bool {
        let mut open = self.open.values();
        open.any(|order| order.terms.pair.id == pair.id)
    }
}

/// Moves the trigger of a trailing order after a price that went its way, and
/// says whether it did.
fn trail(order: &mut Order, price: Decimal) -> bool {
    if !order.terms.kind.is_trailing() {
        return false;
    }
    let Ok((limit, Some(stop))) = super::placing::resolve(&order.terms, price) else {
        return false;
    };
    let closer = order.stop.is_none_or(|old| match order.terms.side {
        Side::Buy => stop < old,
        Side::Sell => stop > old,
    });
    if closer {
        order.stop = Some(stop);
        if order.terms.kind == Kind::TrailingStopLimit {
            order.limit = limit;
        }
    }
    closer
}
