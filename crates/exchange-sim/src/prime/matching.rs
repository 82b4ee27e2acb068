//! Orders against the market: fills, strategies, and what time brings.

use rust_decimal::Decimal;

use super::desk::Desk;
use super::market::{Part, PublicTrade, Side, Wanted, cut, part_of, rounded};
use super::orders::{About, Force, Kind, Last, Order, Status, What};
use super::securities::Security;
use super::strategy::{ErrorAction, Pace, Strategy};
use super::trades::Trade;
use crate::books::Holder;

impl Desk {
    /// Executes what can be of an order that is active, then lets it rest or cancels what is left.
    pub(crate) fn work(&mut self, number: u64) {
        let Some(order) = self.orders.get(number) else {
            return;
        };
        if order.standing.is_final() || order.paused {
            return;
        }
        match &order.strategy {
            Some(Strategy::SteadyPace(_)) => return self.keep_pace(number),
            Some(Strategy::StopLimit {
                triggered: false, ..
            }) => return,
            _ => {}
        }
        let Some(security) = order.security else {
            return;
        };
        if !self.listing.is_online(security.symbol) {
            return;
        }
        let (force, kind, side) = (order.force, order.kind, order.side);
        let wanted = order.wanted();
        let parts = self.markets.plan(security, side, order.price, wanted);
        let whole = is_whole(wanted, &parts);
        if force != Force::FillOrKill || whole {
            self.execute(number, security, &parts);
        }
        let rests = force == Force::GoodTillCancel && kind == Kind::Limit;
        if !rests && self.orders.get(number).is_some_and(Order::is_live) {
            self.cancel(number, "the market did not have it all");
        }
    }

    /// Takes from the market.
    fn execute(&mut self, number: u64, security: &Security, parts: &[Part]) {
        let Some(side) = self.orders.get(number).map(|order| order.side) else {
            return;
        };
        self.markets.take(security, side, parts, self.now);
        for part in parts {
            if !self.fill(number, *part, side) {
                return;
            }
        }
    }

    /// Fills a part of an order, which the side `aggressor` took; `false` if the books can't hold
    /// it.
    pub(crate) fn fill(&mut self, number: u64, part: Part, aggressor: Side) -> bool {
        let Some(order) = self.orders.get(number) else {
            return false;
        };
        let Some(security) = order.security.filter(|_| order.is_live()) else {
            return false;
        };
        let Part {
            price,
            base,
            amount,
        } = part;
        let sign = match order.side {
            Side::Buy => Decimal::ONE,
            Side::Sell => Decimal::NEGATIVE_ONE,
        };
        let fee = amount.checked_mul(self.fee_rate).unwrap_or_default();
        let fee = rounded(fee, security.amount_digits);
        let got = [
            (security.base, sign * base),
            (security.quote, -sign * amount),
        ];
        let paid = (!fee.is_zero()).then_some((security.quote, fee));
        if self.purse.exchange(&got, &Holder::Market, paid).is_err() {
            return false;
        }
        let (qty, amt) = if order.in_quote {
            (amount, base)
        } else {
            (base, amount)
        };
        let Some(order) = self.orders.get_mut(number) else {
            return false;
        };
        order.cum_qty += qty;
        order.cum_amt += amt;
        order.cum_base += base;
        order.notional += price * base;
        order.cum_fee += fee;
        order.standing = if order.cum_qty >= order.qty {
            Status::Filled
        } else {
            Status::PartiallyFilled
        };
        let order = order.clone();
        let last = Last {
            price,
            qty,
            amt,
            fee,
        };
        let about = About {
            last: Some(last),
            ..About::default()
        };
        self.tell(number, "Trade", about);
        let trade = Trade {
            at: self.stamps.next(self.now),
            transact: self.now,
            id: self.ids.uuid(),
            last,
            aggressor,
            fee_currency: security.quote,
            got: [
                (security.base, sign * base),
                (security.quote, -sign * amount - fee),
            ],
            order,
        };
        self.trades.note(trade);
        self.refuse_pending(number);
        true
    }

    /// Ends an order that nobody asked to be ended.
    pub(crate) fn cancel(&mut self, number: u64, text: &str) {
        let Some(order) = self.orders.get_mut(number) else {
            return;
        };
        order.standing = Status::Canceled;
        // Whoever has asked for this finds it done.
        let asked = order
            .pending
            .take_if(|pending| matches!(pending.what, What::Cancel));
        let about = About {
            request: asked.map(|pending| (pending.request, pending.orig)),
            text: Some(text.to_owned()),
            ..About::default()
        };
        self.tell(number, "Canceled", about);
        self.refuse_pending(number);
    }

    /// Lets the market that has moved reach orders that rest and wait for a trigger.
    pub(crate) fn reach(&mut self, trades: &[(&'static Security, PublicTrade)]) {
        if self.orders.live_count() == 0 {
            return;
        }
        let mut trades: Vec<(&str, PublicTrade)> = trades
            .iter()
            .map(|(security, trade)| (security.symbol, *trade))
            .collect();
        for number in self.orders.live_numbers() {
            self.pull_trigger(number);
        }
        let mut resting: Vec<(Decimal, u64)> = self
            .orders
            .live()
            .filter(|(_, order)| order.is_resting())
            .filter_map(|(number, order)| Some((order.price?, number)))
            .collect();
        resting.sort_unstable();
        let (mut buys, mut sells): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
        for (_, number) in resting {
            match self.orders.get(number).map(|order| order.side) {
                Some(Side::Buy) => buys.push(number),
                _ => sells.push(number),
            }
        }
        // Best price first.
        buys.reverse();
        for number in buys.into_iter().chain(sells) {
            self.reach_one(number, &mut trades);
        }
    }

    fn reach_one(&mut self, number: u64, trades: &mut [(&str, PublicTrade)]) {
        let Some(order) = self.orders.get(number) else {
            return;
        };
        let (Some(security), Some(limit), side) = (order.security, order.price, order.side) else {
            return;
        };
        if !self.listing.is_online(security.symbol) {
            return;
        }
        for (symbol, trade) in trades {
            let reaches = *symbol == security.symbol
                && trade.side == side.other()
                && match side {
                    Side::Buy => trade.price <= limit,
                    Side::Sell => trade.price >= limit,
                };
            // A script's trade is on the side from which the price came.
            let through = *symbol == security.symbol
                && match side {
                    Side::Buy => trade.price < limit,
                    Side::Sell => trade.price > limit,
                };
            if !(reaches || through) {
                continue;
            }
            let Some(wanted) = self.orders.get(number).map(Order::wanted) else {
                return;
            };
            if wanted.is_nothing() {
                return;
            }
            if let Some(part) = part_of(security, limit, trade.volume, wanted) {
                trade.volume -= part.base;
                self.fill(number, part, side.other());
            }
        }
        let Some(order) = self.orders.get(number).filter(|order| order.is_live()) else {
            return;
        };
        // What the market now offers at the limit or better is taken at the limit: the order was
        // there first.
        let parts = self
            .markets
            .plan(security, side, Some(limit), order.wanted());
        let there: Decimal = parts.iter().map(|part| part.base).sum();
        if let Some(part) = part_of(security, limit, there, order.wanted()) {
            self.markets.take(security, side, &[part], self.now);
            self.fill(number, part, side.other());
        }
    }

    fn pull_trigger(&mut self, number: u64) {
        let Some(order) = self.orders.get(number) else {
            return;
        };
        let Some(Strategy::StopLimit {
            trigger,
            triggered: false,
        }) = order.strategy
        else {
            return;
        };
        if order.paused || order.standing == Status::PendingNew {
            return;
        }
        let Some(middle) = order.security.and_then(|one| self.markets.middle(one)) else {
            return;
        };
        let reached = match order.side {
            Side::Buy => middle >= trigger,
            Side::Sell => middle <= trigger,
        };
        if !reached {
            return;
        }
        if let Some(order) = self.orders.get_mut(number) {
            order.strategy = Some(Strategy::StopLimit {
                trigger,
                triggered: true,
            });
        }
        self.tell(number, "Triggered", About::default());
        self.work(number);
    }

    /// What is due of all orders.
    pub(crate) fn settle_orders(&mut self) {
        for number in self.orders.live_numbers() {
            self.decide_due(number);
            let Some(order) = self.orders.get(number).filter(|order| order.is_live()) else {
                continue;
            };
            if order.standing == Status::PendingNew {
                continue;
            }
            if order.end_time.is_some_and(|end| end <= self.now) {
                self.cancel(number, "EndTime is over");
                continue;
            }
            self.keep_pace(number);
        }
    }

    /// Sends the clips that are due.
    fn keep_pace(&mut self, number: u64) {
        let Some(order) = self.orders.get(number) else {
            return;
        };
        let Some(Strategy::SteadyPace(pace)) = &order.strategy else {
            return;
        };
        if pace.next > self.now || order.paused || !order.is_live() {
            return;
        }
        let Some(security) = order.security else {
            return;
        };
        let (mut pace, side, limit) = (pace.clone(), order.side, order.price);
        // After a long pause the clips that were missed are one.
        let late = self.now.since(pace.next).as_nanos() / pace.interval.as_nanos().max(1);
        let clips = u64::try_from(late).unwrap_or(u64::MAX).saturating_add(1);
        let intervals = pace.interval.as_nanos().saturating_mul(clips.into());
        let intervals = u64::try_from(intervals).unwrap_or(u64::MAX);
        pace.next = pace.next.plus(std::time::Duration::from_nanos(intervals));
        let starts = !pace.started;
        pace.started = true;
        let clip = self.clip(&pace, clips, security.digits_of(&order.currency));
        let on_error = pace.on_error;
        let tells_start = starts && pace.start.is_some();
        if let Some(order) = self.orders.get_mut(number) {
            order.strategy = Some(Strategy::SteadyPace(pace));
        }
        if tells_start {
            self.tell(number, "Started", About::default());
        }
        if !self.listing.is_online(security.symbol) {
            match on_error {
                ErrorAction::Continue => {}
                ErrorAction::Pause => {
                    if let Some(order) = self.orders.get_mut(number) {
                        order.paused = true;
                    }
                    let about = About {
                        text: Some("a clip could not be sent".to_owned()),
                        ..About::default()
                    };
                    self.tell(number, "Paused", about);
                }
                ErrorAction::Cancel => self.cancel(number, "a clip could not be sent"),
            }
            return;
        }
        let Some(order) = self.orders.get(number) else {
            return;
        };
        let wanted = order.wanted().at_most(clip);
        let parts = self.markets.plan(security, side, limit, wanted);
        self.execute(number, security, &parts);
    }

    /// The quantity of so many clips, as the variance will have it.
    fn clip(&mut self, pace: &Pace, clips: u64, digits: u32) -> Decimal {
        let thousandths = i64::try_from(self.ids.below(2_001)).unwrap_or_default() - 1_000;
        let spread = pace.variance * Decimal::new(thousandths, 3);
        let clip = pace.clip.checked_mul(Decimal::ONE + spread);
        let clip = clip.and_then(|clip| clip.checked_mul(clips.into()));
        cut(clip.unwrap_or(Decimal::MAX), digits)
    }
}

fn is_whole(wanted: Wanted, parts: &[Part]) -> bool {
    match wanted {
        Wanted::Base(wanted) => parts.iter().map(|part| part.base).sum::<Decimal>() >= wanted,
        Wanted::Quote(wanted) => parts.iter().map(|part| part.amount).sum::<Decimal>() >= wanted,
    }
}
