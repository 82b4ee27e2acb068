//! Margin: positions, what they cost, and how they end.
//!
//! The venue lends what is traded, so opening a position moves no money but
//! the fee; closing it pays the difference. The margin is held back in the
//! pair's quote asset, which is all that counts as collateral here.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rust_decimal::Decimal;

use super::Trade;
use super::order::{Kind, Order, SelfTrade, Terms, cut, money_digits, part};
use super::placing::Origin;
use crate::Moment;
use crate::books::Holder;
use crate::kraken::answer::Refusal;
use crate::kraken::spot::Spot;
use crate::kraken::spot::assets::{MARGIN_STOP, Pair};
use crate::kraken::spot::market::Side;
use crate::kraken::spot::statement::{Cause, Leg};

/// Older closed positions are forgotten.
const MOST_CLOSED: usize = 1_000;

/// How often the loan is paid for.
const ROLLOVER: Duration = Duration::from_secs(4 * 3_600);

/// What it costs each time, in percent.
const ROLLOVER_PERCENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// The same in words.
pub(crate) const TERMS: &str = "0.0100% per 4 hours";

/// A margin position: all that one order opened.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    /// The id of the first trade.
    pub id: String,
    pub order: String,
    pub account: String,
    pub pair: &'static Pair,
    pub side: Side,
    pub kind: Kind,
    pub flags: String,
    pub leverage: u32,
    pub opened: Moment,
    pub cost: Decimal,
    pub fee: Decimal,
    pub volume: Decimal,
    pub margin: Decimal,
    pub closed_volume: Decimal,
    /// What was got or paid for the closed part.
    pub closed_cost: Decimal,
    pub closed_fee: Decimal,
    /// The part of `cost` that belongs to the closed part.
    pub released_cost: Decimal,
    pub released_margin: Decimal,
    /// What closing earned, fees not counted.
    pub net: Decimal,
    pub closing_trades: Vec<String>,
    pub next_rollover: Moment,
}

impl Position {
    pub(crate) fn left(&self) -> Decimal {
        self.volume - self.closed_volume
    }

    pub(crate) fn cost_left(&self) -> Decimal {
        self.cost - self.released_cost
    }

    pub(crate) fn margin_left(&self) -> Decimal {
        self.margin - self.released_margin
    }

    /// What is left at this price.
    pub(crate) fn value_at(&self, price: Decimal) -> Decimal {
        cut(self.left() * price, money_digits(self.pair))
    }

    /// What closing it at this price would earn.
    pub(crate) fn profit_at(&self, price: Decimal) -> Decimal {
        self.profit(self.cost_left(), self.value_at(price))
    }

    fn profit(&self, opened_for: Decimal, closed_for: Decimal) -> Decimal {
        match self.side {
            Side::Buy => closed_for - opened_for,
            Side::Sell => opened_for - closed_for,
        }
    }

    /// What belongs to a part of what is left: cost and margin.
    fn shares(&self, volume: Decimal) -> (Decimal, Decimal) {
        let left = self.left();
        if volume >= left {
            return (self.cost_left(), self.margin_left());
        }
        let digits = money_digits(self.pair);
        let share = |of: Decimal| {
            let part = of.checked_mul(volume).and_then(|p| p.checked_div(left));
            cut(part.unwrap_or_default(), digits)
        };
        (share(self.cost_left()), share(self.margin_left()))
    }

    fn release(&mut self, volume: Decimal, cost: Decimal, margin: Decimal, trade: &Trade) {
        self.closed_volume += volume;
        self.closed_cost += trade.cost;
        self.closed_fee += trade.fee;
        self.released_cost += cost;
        self.released_margin += margin;
        self.net += self.profit(cost, trade.cost);
        if self.closing_trades.len() < super::order::MOST_VERSIONS {
            self.closing_trades.push(trade.id.clone());
        }
    }
}

/// The positions of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    /// By number, oldest first.
    open: BTreeMap<u64, Position>,
    closed: VecDeque<Position>,
}

impl Positions {
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = (u64, &Position)> {
        self.open
            .iter()
            .map(|(number, position)| (*number, position))
    }

    pub(crate) fn open_of(&self, account: &str) -> impl Iterator<Item = &Position> {
        self.open.values().filter(move |p| p.account == account)
    }

    /// An open or closed position.
    pub(crate) fn find(&self, account: &str, id: &str) -> Option<(&Position, bool)> {
        let this = |position: &&Position| position.id == id && position.account == account;
        let open = self.open.values().find(this);
        open.map(|position| (position, true)).or_else(|| {
            let closed = self.closed.iter().rev().find(this);
            closed.map(|position| (position, false))
        })
    }

    /// How much of a pair an account has open on one side.
    pub(crate) fn volume(&self, account: &str, pair: &Pair, side: Side) -> Decimal {
        self.open_of(account)
            .filter(|position| position.pair.id == pair.id && position.side == side)
            .map(Position::left)
            .sum()
    }

    fn first(&self, account: &str, pair: &Pair, side: Side) -> Option<u64> {
        self.open()
            .find(|(_, p)| p.account == account && p.pair.id == pair.id && p.side == side)
            .map(|(number, _)| number)
    }

    fn retire(&mut self, number: u64) {
        let done = self.open.get(&number).is_some_and(|p| p.left().is_zero());
        if done && let Some(position) = self.open.remove(&number) {
            if self.closed.len() == MOST_CLOSED {
                self.closed.pop_front();
            }
            self.closed.push_back(position);
        }
    }
}

impl Spot {
    /// Fills an order on margin: closes positions on the other side, oldest
    /// first, and opens or enlarges one with the rest. Returns a trade for each
    /// position.
    pub(crate) fn fill_on_margin(
        &mut self,
        order: &Order,
        trade: &Trade,
    ) -> Result<Vec<Trade>, Refusal> {
        let pair = order.terms.pair;
        let digits = money_digits(pair);
        let percent = if trade.maker {
            order.maker_percent
        } else {
            order.taker_percent
        };
        let mut trades = Vec::new();
        let mut left = trade.volume;
        while !left.is_zero() {
            let mut trade = trade.clone();
            if !trades.is_empty() {
                trade.id = self.ids.trade();
            }
            let other = order.terms.side.other();
            let against = self.desk.positions.first(&order.account, pair, other);
            let position = against.and_then(|n| self.desk.positions.open.get(&n));
            trade.volume = position.map_or(left, |position| left.min(position.left()));
            trade.cost = cut(trade.price * trade.volume, digits);
            trade.fee = cut(part(trade.cost, percent).unwrap_or_default(), digits);
            left -= trade.volume;
            let done = match against {
                Some(number) => self.reduce_position(number, order, trade),
                None => self.open_position(order, trade),
            };
            match done {
                Ok(trade) => trades.push(trade),
                Err(refusal) if trades.is_empty() => return Err(refusal),
                // What was closed stays closed.
                Err(_) => break,
            }
        }
        Ok(trades)
    }

    fn reduce_position(
        &mut self,
        number: u64,
        order: &Order,
        mut trade: Trade,
    ) -> Result<Trade, Refusal> {
        let position = self.desk.positions.open.get(&number);
        let position = position.ok_or("EOrder:Unknown position")?;
        let (cost, margin) = position.shares(trade.volume);
        let mut profit = position.profit(cost, trade.cost);
        let quote = position.pair.quote;
        // What others are held for is not touched: a loss beyond the rest is
        // the venue's.
        let payable = self.available(&order.account, quote) + margin + order.held;
        let payable = payable.max(Decimal::ZERO);
        if trade.fee - profit > payable {
            trade.fee = trade.fee.min(payable);
            profit = trade.fee - payable;
        }
        trade.closing = true;
        trade.position = Some(position.id.clone());
        trade.ledgers = self.book_margin("margin", &trade, quote, profit, &order.account)?;
        if let Some(position) = self.desk.positions.open.get_mut(&number) {
            position.release(trade.volume, cost, margin, &trade);
        }
        self.desk.hold(&order.account, quote, -margin);
        self.desk.positions.retire(number);
        Ok(trade)
    }

    fn open_position(&mut self, order: &Order, mut trade: Trade) -> Result<Trade, Refusal> {
        let pair = order.terms.pair;
        let leverage = order.terms.leverage.unwrap_or(1);
        let margin = trade.cost / Decimal::from(leverage);
        trade.margin = cut(margin, money_digits(pair));
        let available = self.available(&order.account, pair.quote) + order.held;
        if trade.margin + trade.fee > available {
            return Err("EOrder:Margin level too low".into());
        }
        trade.ledgers =
            self.book_margin("margin", &trade, pair.quote, Decimal::ZERO, &order.account)?;
        let positions = &mut self.desk.positions;
        let same = positions.open.values_mut().find(|p| p.order == order.id);
        if let Some(position) = same {
            position.cost += trade.cost;
            position.fee += trade.fee;
            position.volume += trade.volume;
            position.margin += trade.margin;
            trade.position = Some(position.id.clone());
        } else {
            trade.position = Some(trade.id.clone());
            let position = Position {
                id: trade.id.clone(),
                order: order.id.clone(),
                account: order.account.clone(),
                pair,
                side: order.terms.side,
                kind: order.terms.kind,
                flags: order.terms.flags.text(),
                leverage,
                opened: trade.time,
                cost: trade.cost,
                fee: trade.fee,
                volume: trade.volume,
                margin: trade.margin,
                closed_volume: Decimal::ZERO,
                closed_cost: Decimal::ZERO,
                closed_fee: Decimal::ZERO,
                released_cost: Decimal::ZERO,
                released_margin: Decimal::ZERO,
                net: Decimal::ZERO,
                closing_trades: Vec::new(),
                next_rollover: trade.time.plus(ROLLOVER),
            };
            let number = self.desk.next_number();
            self.desk.positions.open.insert(number, position);
        }
        self.desk.hold(&order.account, pair.quote, trade.margin);
        Ok(trade)
    }

    fn book_margin(
        &mut self,
        kind: &'static str,
        trade: &Trade,
        asset: &str,
        amount: Decimal,
        account: &str,
    ) -> Result<Vec<String>, Refusal> {
        let cause = Cause {
            refid: trade.id.clone(),
            kind,
            subtype: "",
            time: trade.time,
        };
        let leg = Leg {
            account: account.to_owned(),
            asset: asset.to_owned(),
            amount,
            fee: trade.fee,
            other: Holder::Margin,
        };
        self.book(&cause, &[leg])
            .map_err(|error| Refusal::internal(&error))
    }

    /// Settles positions at the price at which they were opened, with the
    /// account's own money, and writes down in the order what it did. The
    /// order is on the other side.
    pub(crate) fn settle_position(&mut self, order: &mut Order, at: Moment) -> Result<(), Refusal> {
        let (pair, account) = (order.terms.pair, order.account.clone());
        let side = order.terms.side.other();
        let mut parts = Vec::new();
        let mut left = order.terms.volume;
        let (mut volumes, mut costs) = (Decimal::ZERO, Decimal::ZERO);
        let mut margins = Decimal::ZERO;
        for (number, position) in self.desk.positions.open() {
            let this =
                position.account == account && position.pair.id == pair.id && position.side == side;
            if this && !left.is_zero() {
                let volume = left.min(position.left());
                let (cost, margin) = position.shares(volume);
                left -= volume;
                volumes += volume;
                costs += cost;
                margins += margin;
                parts.push((number, volume, cost, margin));
            }
        }
        if parts.is_empty() {
            return Err("EOrder:Unknown position".into());
        }
        let lacking = match side {
            Side::Buy => self.available(&account, pair.quote) + margins < costs,
            Side::Sell => self.available(&account, pair.base) < volumes,
        };
        if lacking {
            return Err("EOrder:Insufficient funds".into());
        }
        let sign = match side {
            Side::Buy => Decimal::ONE,
            Side::Sell => Decimal::NEGATIVE_ONE,
        };
        for (number, volume, cost, margin) in parts {
            let id = self.ids.trade();
            let leg = |asset: &str, amount| Leg {
                account: account.clone(),
                asset: asset.to_owned(),
                amount,
                fee: Decimal::ZERO,
                other: Holder::Margin,
            };
            let legs = [leg(pair.quote, -sign * cost), leg(pair.base, sign * volume)];
            let cause = Cause {
                refid: id.clone(),
                kind: "settled",
                subtype: "",
                time: at,
            };
            let booked = self.book(&cause, &legs);
            let ledgers = booked.map_err(|error| Refusal::internal(&error))?;
            let positions = &mut self.desk.positions;
            let Some(position) = positions.open.get_mut(&number) else {
                continue;
            };
            let group = order.trades.front().unwrap_or(&id).clone();
            let trade = Trade {
                group,
                id,
                number: 0,
                order: order.id.clone(),
                kind: Kind::SettlePosition,
                position: Some(position.id.clone()),
                leverage: Some(position.leverage),
                pair,
                time: at,
                side: order.terms.side,
                price: cost.checked_div(volume).unwrap_or_default(),
                volume,
                cost,
                fee: Decimal::ZERO,
                margin: Decimal::ZERO,
                tape: 0,
                maker: false,
                closing: true,
                liquidation: false,
                ledgers,
            };
            position.release(volume, cost, margin, &trade);
            positions.retire(number);
            order.filled += volume;
            order.cost += cost;
            order.trades.push_back(trade.id.clone());
            self.desk.hold(&account, pair.quote, -margin);
            self.desk.note_trade(&account, trade, Decimal::ZERO);
        }
        order.terms.volume = order.filled;
        Ok(())
    }

    /// Takes the fee for the loan, for each period that began until `until`.
    pub(crate) fn roll_over(&mut self, number: u64, until: Moment) {
        let Some(position) = self.desk.positions.open.get(&number) else {
            return;
        };
        let since = until.since(position.next_rollover);
        let periods = since.as_secs() / ROLLOVER.as_secs() + 1;
        let percent = ROLLOVER_PERCENT * Decimal::from(periods);
        let (pair, account) = (position.pair, position.account.clone());
        let fee = part(position.cost_left(), percent).unwrap_or_default();
        // What the account can't pay the venue does not get.
        let fee = cut(fee, money_digits(pair))
            .min(self.available(&account, pair.quote))
            .max(Decimal::ZERO);
        let next = position.next_rollover.plus(Duration::from_secs(
            periods.saturating_mul(ROLLOVER.as_secs()),
        ));
        let cause = Cause {
            refid: position.id.clone(),
            kind: "rollover",
            subtype: "",
            time: until,
        };
        let leg = Leg {
            account,
            asset: pair.quote.to_owned(),
            amount: Decimal::ZERO,
            fee,
            other: Holder::Margin,
        };
        if let Some(position) = self.desk.positions.open.get_mut(&number) {
            position.next_rollover = next;
        }
        if !fee.is_zero() {
            // It was made small enough to be there.
            let _ = self.book(&cause, &[leg]);
        }
    }

    /// Closes the positions of accounts whose equity is too small a part of the
    /// margin in use.
    pub(crate) fn liquidate(&mut self, at: Moment) {
        let mut accounts: Vec<String> = self
            .desk
            .positions
            .open()
            .map(|(_, position)| position.account.clone())
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        for account in accounts {
            let standing = self.standing(&account, "ZUSD");
            let level = standing.level().unwrap_or(Decimal::MAX);
            if level >= MARGIN_STOP.into() {
                continue;
            }
            for number in self.desk.open_of(&account) {
                let on_margin = |order: &Order| order.terms.leverage.is_some();
                if self.desk.order(number).is_some_and(on_margin) {
                    self.cancel(number, at);
                }
            }
            let positions: Vec<Position> = self.desk.positions.open_of(&account).cloned().collect();
            for position in positions {
                let terms = Terms {
                    pair: position.pair,
                    side: position.side.other(),
                    kind: Kind::Market,
                    volume: position.left(),
                    display: None,
                    price: None,
                    price2: None,
                    trigger: None,
                    leverage: Some(position.leverage),
                    reduce_only: true,
                    self_trade: SelfTrade::Oldest,
                    flags: super::order::Flags::default(),
                    in_force: super::order::InForce::default(),
                    start: None,
                    expire: None,
                    close: None,
                    userref: None,
                    client_id: None,
                };
                let origin = Origin {
                    liquidates: true,
                    ..Origin::default()
                };
                // What the book can't take is tried again next time.
                let _ = self.place(&account, terms, None, origin, at);
            }
        }
    }

    /// How an account stands, in one asset.
    pub(crate) fn standing(&self, account: &str, target: &str) -> Standing {
        let value = |asset: &str, amount| self.value_in(asset, amount, target).unwrap_or_default();
        let mut standing = Standing::default();
        let customer = Holder::Customer(account.to_owned());
        for (asset, amount) in self.books.balances(&customer) {
            // A script may give an account more than can be added up.
            let value = value(asset, amount);
            standing.balance = standing.balance.saturating_add(value);
        }
        for position in self.desk.positions.open_of(account) {
            let quote = position.pair.quote;
            let last = self.last_price(position.pair);
            standing.margin += value(quote, position.margin_left());
            standing.profit += value(quote, position.profit_at(last));
            standing.cost += value(quote, position.cost_left());
            standing.value += value(quote, position.value_at(last));
        }
        for (_, order) in self.desk.open() {
            if order.account != account {
                continue;
            }
            let price = order.limit.or(order.stop).unwrap_or_default();
            let worth = order.remaining().checked_mul(price).unwrap_or_default();
            standing.unfilled += value(order.terms.pair.quote, worth);
            if order.terms.leverage.is_some() {
                standing.ordered_margin += value(order.spends(), order.held);
            }
        }
        standing
    }
}

/// How an account stands, all in one asset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    pub balance: Decimal,
    pub margin: Decimal,
    pub profit: Decimal,
    pub cost: Decimal,
    pub value: Decimal,
    pub unfilled: Decimal,
    pub ordered_margin: Decimal,
}

impl Standing {
    pub(crate) fn equity(&self) -> Decimal {
        self.balance.saturating_add(self.profit)
    }

    /// Equity in percent of the margin in use; none without positions.
    pub(crate) fn level(&self) -> Option<Decimal> {
        let equity = self.equity().saturating_mul(Decimal::ONE_HUNDRED);
        equity.checked_div(self.margin)
    }
}
