//! Orders: what they hold back, how they fill against the market and each
//! other.

use rust_decimal::Decimal;

use super::answer::Refusal;
use super::exchange::{Exchange, KEPT, MAKER_BPS, TAKER_BPS, bps, keep};
use super::market::{Level, PublicTrade};
use super::symbols::{Product, SYMBOLS, Symbol};
use crate::Moment;
use crate::books::{BooksError, Holder};

/// No order may move the price further than a twentieth.
const FURTHEST: Decimal = Decimal::from_parts(5, 0, 0, false, 2);

/// What an order does when it is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Takes what it can, and waits with the rest.
    Plain,
    MakerOrCancel,
    ImmediateOrCancel,
    FillOrKill,
}

impl Style {
    /// In the words of the venue; none for a plain order.
    pub(crate) fn option(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::MakerOrCancel => Some("maker-or-cancel"),
            Self::ImmediateOrCancel => Some("immediate-or-cancel"),
            Self::FillOrKill => Some("fill-or-kill"),
        }
    }
}

/// One order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub id: u64,
    pub account: usize,
    /// The key that placed it.
    pub session: String,
    pub symbol: &'static Symbol,
    pub client_order_id: Option<String>,
    pub buy: bool,
    pub price: Decimal,
    /// The price that sets it going; none once that was reached.
    pub stop: Option<Decimal>,
    /// The same, for good.
    pub stop_price: Option<Decimal>,
    pub amount: Decimal,
    pub executed: Decimal,
    /// Executed amounts times their prices.
    pub notional: Decimal,
    pub style: Style,
    pub created: Moment,
    /// Why it was cancelled, if it was.
    pub cancelled: Option<&'static str>,
    /// When it was filled or cancelled.
    pub closed: Option<Moment>,
}

impl Order {
    pub(crate) fn remaining(&self) -> Decimal {
        self.amount - self.executed
    }

    /// What it holds back.
    pub(crate) fn hold(&self) -> (&'static str, Decimal) {
        let value = self.remaining() * self.price;
        match (self.symbol.product, self.buy) {
            (Product::Spot, true) => (self.symbol.quote, value + bps(value, TAKER_BPS)),
            (Product::Spot, false) => (self.symbol.base, self.remaining()),
            (Product::Perpetual, _) => (
                self.symbol.settled_in(),
                super::derivatives::initial_margin(value) + bps(value, TAKER_BPS),
            ),
        }
    }

    /// Whether it accepts this price.
    fn takes(&self, price: Decimal) -> bool {
        if self.buy {
            price <= self.price
        } else {
            price >= self.price
        }
    }
}

/// An execution of an order.
#[derive(Clone, Debug)]
pub(crate) struct Fill {
    pub at: Moment,
    pub tid: u64,
    pub order: u64,
    pub client_order_id: Option<String>,
    pub account: usize,
    pub symbol: &'static Symbol,
    pub price: Decimal,
    pub amount: Decimal,
    pub buy: bool,
    pub taker: bool,
    pub fee: Decimal,
    /// It came from clearing, not from the book.
    pub clearing: bool,
}

impl Exchange {
    /// Carries a new order out and keeps it; it may be over at once. There must
    /// be enough money for it.
    pub(crate) fn place(&mut self, order: Order) -> Result<u64, Refusal> {
        let id = order.id;
        self.market(order.symbol);
        let waits = order.stop.is_some();
        self.live.insert(id, order);
        if !waits {
            self.take(id).map_err(|error| Refusal::internal(&error))?;
        }
        Ok(id)
    }

    /// An order, live or closed.
    pub(crate) fn order(&self, id: u64) -> Option<&Order> {
        self.live.get(&id).or_else(|| self.closed.get(&id))
    }

    /// Ends a live order.
    pub(crate) fn cancel(&mut self, id: u64, why: &'static str) {
        if let Some(order) = self.live.get_mut(&id) {
            order.cancelled = Some(why);
            self.close(id);
        }
    }

    fn close(&mut self, id: u64) {
        if let Some(mut order) = self.live.remove(&id) {
            order.closed = Some(self.now);
            self.closed.insert(id, order);
            if self.closed.len() > KEPT {
                self.closed.pop_first();
            }
        }
    }

    /// Lets an order take what is there, then rest or end.
    fn take(&mut self, id: u64) -> Result<(), BooksError> {
        let Some(order) = self.live.get(&id).cloned() else {
            return Ok(());
        };
        match order.style {
            Style::MakerOrCancel if self.best_for(&order).is_some() => {
                self.cancel(id, "MakerOrCancelWouldTake");
                return Ok(());
            }
            Style::FillOrKill if !self.could_fill(&order) => {
                self.cancel(id, "FillOrKillWouldNotFill");
                return Ok(());
            }
            _ => {}
        }
        let start = self.price(order.symbol);
        while let Some(order) = self.live.get(&id).cloned() {
            let Some((level, maker)) = self.best_for(&order) else {
                break;
            };
            if (level.price - start).abs() > start * FURTHEST {
                self.cancel(id, "ExceedsPriceLimits");
                break;
            }
            let amount = order.remaining().min(level.amount);
            if let Some(maker) = maker {
                if self
                    .live
                    .get(&maker)
                    .is_some_and(|other| other.account == order.account)
                {
                    self.cancel(id, "SelfCrossPrevented");
                    break;
                }
                self.fill(maker, amount, level.price, false)?;
            } else {
                let market = self.market(order.symbol);
                let side = if order.buy {
                    &mut market.asks
                } else {
                    &mut market.bids
                };
                if let Some(best) = side.first_mut() {
                    best.amount -= amount;
                }
                side.retain(|level| !level.amount.is_zero());
            }
            self.fill(id, amount, level.price, true)?;
        }
        if self.live.contains_key(&id) && order.style == Style::ImmediateOrCancel {
            self.cancel(id, "ImmediateOrCancelWouldPost");
        }
        Ok(())
    }

    /// The best that an order could take now: from the market, or from the
    /// order of a customer.
    fn best_for(&mut self, order: &Order) -> Option<(Level, Option<u64>)> {
        let market = self.market(order.symbol);
        let side = if order.buy {
            &market.asks
        } else {
            &market.bids
        };
        let offered = side.first().copied().map(|level| (level, None));
        let others = self.live.values().filter(|other| {
            other.id != order.id
                && other.buy != order.buy
                && other.stop.is_none()
                && std::ptr::eq(other.symbol, order.symbol)
        });
        let others = others.map(|other| {
            let level = Level {
                price: other.price,
                amount: other.remaining(),
            };
            (level, Some(other.id))
        });
        // Of equals the first one, so customers before the market.
        let best = others.chain(offered).reduce(|best, one| {
            let better = if order.buy {
                one.0.price < best.0.price
            } else {
                one.0.price > best.0.price
            };
            if better { one } else { best }
        });
        best.filter(|(level, _)| order.takes(level.price))
    }

    fn could_fill(&mut self, order: &Order) -> bool {
        let market = self.market(order.symbol);
        let side = if order.buy {
            &market.asks
        } else {
            &market.bids
        };
        let offered: Decimal = side
            .iter()
            .filter(|level| order.takes(level.price))
            .map(|level| level.amount)
            .sum();
        let others = self.live.values().filter(|other| {
            other.account != order.account
                && other.buy != order.buy
                && other.stop.is_none()
                && std::ptr::eq(other.symbol, order.symbol)
                && order.takes(other.price)
        });
        offered + others.map(Order::remaining).sum::<Decimal>() >= order.amount
    }

    /// Executes a part of an order.
    pub(crate) fn fill(
        &mut self,
        id: u64,
        amount: Decimal,
        price: Decimal,
        taker: bool,
    ) -> Result<(), BooksError> {
        let Some(order) = self.live.get(&id).cloned() else {
            return Ok(());
        };
        let value = amount * price;
        let fee = bps(value, if taker { TAKER_BPS } else { MAKER_BPS });
        let fill = Fill {
            at: self.now,
            tid: self.ids.number(),
            order: id,
            client_order_id: order.client_order_id.clone(),
            account: order.account,
            symbol: order.symbol,
            price,
            amount,
            buy: order.buy,
            taker,
            fee,
            clearing: false,
        };
        self.exchange_money(&fill, &Holder::Market)?;
        if taker {
            let trade = PublicTrade {
                at: self.now,
                tid: fill.tid,
                price,
                amount,
                buy: order.buy,
            };
            let market = self.market(order.symbol);
            market.price = price;
            market.record(trade);
        }
        keep(&mut self.fills, fill);
        if let Some(order) = self.live.get_mut(&id) {
            order.executed += amount;
            order.notional += value;
            if order.remaining().is_zero() {
                self.close(id);
            }
        }
        Ok(())
    }

    /// Books what a fill means: two currencies and a fee, or a change of a
    /// position.
    pub(crate) fn exchange_money(&mut self, fill: &Fill, with: &Holder) -> Result<(), BooksError> {
        let Fill {
            account,
            symbol,
            price,
            amount,
            buy,
            fee,
            ..
        } = fill;
        let signed = if *buy { *amount } else { -*amount };
        match symbol.product {
            Product::Spot => self.book(&[
                (*account, symbol.base, signed, with.clone()),
                (*account, symbol.quote, -signed * price, with.clone()),
                (*account, symbol.quote, -*fee, Holder::Fees),
            ]),
            Product::Perpetual => self.change_position(*account, symbol, signed, *price, *fee),
        }
    }

    /// Lets a market go on to `now`.
    pub(crate) fn advance_market(&mut self, name: &'static str, now: Moment) {
        let Some(market) = self.markets.get(name) else {
            return;
        };
        let symbol = market.symbol;
        let steps = market.steps(now);
        if steps.is_empty() {
            return;
        }
        for at in steps {
            let tid = self.ids.number();
            let trade = self.market(symbol).step(at, tid);
            self.meet(symbol, &trade);
        }
        self.market(symbol).make_book();
    }

    /// Sets a market's price.
    pub(crate) fn set_price(&mut self, symbol: &'static Symbol, price: Decimal) {
        let (now, tid) = (self.now, self.ids.number());
        let trade = self.market(symbol).set_price(price, now, tid);
        self.meet(symbol, &trade);
    }

    /// What a trade of the market means for the customers' orders.
    fn meet(&mut self, symbol: &'static Symbol, trade: &PublicTrade) {
        let half = self.market(symbol).half_spread();
        let on_symbol = |order: &&Order| std::ptr::eq(order.symbol, symbol);
        let mut resting: Vec<_> = self
            .live
            .values()
            .filter(on_symbol)
            .filter(|order| order.stop.is_none() && order.takes(trade.price))
            .map(|order| (order.buy, order.price, order.id, order.remaining()))
            .collect();
        resting.sort_by_key(|(buy, price, id, _)| (if *buy { -*price } else { *price }, *id));
        let mut left = trade.amount;
        for (buy, price, id, remaining) in resting {
            // Where the market's own offers are, nobody can wait any more.
            let passed = if buy {
                price >= trade.price + half
            } else {
                price <= trade.price - half
            };
            let amount = if passed {
                remaining
            } else if buy == trade.buy {
                continue;
            } else {
                remaining.min(left)
            };
            if amount.is_zero() {
                continue;
            }
            left = (left - amount).max(Decimal::ZERO);
            if self.fill(id, amount, price, false).is_err() {
                self.cancel(id, "TradingClosed");
            }
        }
        let reached: Vec<u64> = self
            .live
            .values()
            .filter(on_symbol)
            .filter(|order| {
                order.stop.is_some_and(|stop| {
                    if order.buy {
                        trade.price >= stop
                    } else {
                        trade.price <= stop
                    }
                })
            })
            .map(|order| order.id)
            .collect();
        if reached.is_empty() {
            return;
        }
        self.market(symbol).make_book();
        for id in reached {
            if let Some(order) = self.live.get_mut(&id) {
                order.stop = None;
            }
            if self.take(id).is_err() {
                self.cancel(id, "TradingClosed");
            }
        }
    }

    /// All offers at a price, the customers' and the market's, best first.
    pub(crate) fn side(&mut self, symbol: &'static Symbol, bids: bool) -> Vec<Level> {
        let market = self.market(symbol);
        let mut all = if bids {
            market.bids.clone()
        } else {
            market.asks.clone()
        };
        let orders = self.live.values().filter(|order| {
            std::ptr::eq(order.symbol, symbol) && order.buy == bids && order.stop.is_none()
        });
        all.extend(orders.map(|order| Level {
            price: order.price,
            amount: order.remaining(),
        }));
        all.sort_by_key(|level| if bids { -level.price } else { level.price });
        all.dedup_by(|one, kept| {
            let same = one.price == kept.price;
            if same {
                kept.amount += one.amount;
            }
            same
        });
        all
    }
}

/// A symbol by the same name for good, for tables.
pub(crate) fn all_symbols() -> impl Iterator<Item = &'static Symbol> {
    SYMBOLS.iter()
}
