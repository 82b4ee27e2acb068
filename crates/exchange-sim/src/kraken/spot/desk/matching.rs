//! What orders meet, and what their fills move.

use rust_decimal::Decimal;

use super::Trade;
use super::order::{
    InForce, MOST, MOST_VERSIONS, Order, SelfTrade, Status, Terms, cut, money_digits, part,
};
use crate::Moment;
use crate::books::Holder;
use crate::kraken::answer::Refusal;
use crate::kraken::spot::Spot;
use crate::kraken::spot::assets::Pair;
use crate::kraken::spot::market::status::KrakenStatus;
use crate::kraken::spot::market::{Fill, Level, Side, trade_code};
use crate::kraken::spot::statement::{Cause, Leg};

/// Why orders end that nobody filled and nobody wanted cancelled.
pub(crate) const USER_REQUESTED: &str = "User requested";
pub(crate) const REPLACED: &str = "Order replaced";
pub(crate) const EXPIRED: &str = "Order expired";
pub(crate) const POST_ONLY: &str = "Post only order";
const NOT_AT_ONCE: &str = "Order can not be filled at once";
const NO_LIQUIDITY: &str = "Insufficient liquidity";
const SELF_TRADE: &str = "Self trade prevention";
const NO_FUNDS: &str = "Insufficient funds";
pub(crate) const POSITION_CLOSED: &str = "Reduce only:Position is closed";

/// What an order could meet.
#[derive(Clone, Copy, Debug)]
struct Offer {
    price: Decimal,
    volume: Decimal,
    /// The order's number; none of the rest of the market.
    customer: Option<u64>,
    /// It is of the same account.
    own: bool,
}

/// Whom an order would meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The rest of the market.
    Market(Fill),
    /// Another customer's order.
    Customer(u64, Fill),
    /// An order of the same account, which must go.
    Own(u64),
}

/// What would become of an order if it went to the book now.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    steps: Vec<Step>,
    /// Of the base asset.
    pub(super) volume: Decimal,
    /// What it takes of what the order spends.
    pub(super) needs: Decimal,
    /// It meets an order of its own account and must go.
    pub(super) stopped: bool,
    /// Whether all of the order is filled.
    whole: bool,
}

/// What a fill moves.
#[derive(Clone, Copy, Debug)]
struct Money {
    cost: Decimal,
    /// In the quote asset; zero if it is taken in the base asset.
    fee: Decimal,
    /// In the base asset.
    base_fee: Decimal,
    /// The fee valued in the quote asset, wherever it is taken.
    shown_fee: Decimal,
}

fn worse(side: Side, price: Decimal, limit: Decimal) -> bool {
    match side {
        Side::Buy => price > limit,
        Side::Sell => price < limit,
    }
}

fn money(order: &Order, fill: Fill, maker: bool) -> Option<Money> {
    let pair = order.terms.pair;
    let percent = if maker {
        order.maker_percent
    } else {
        order.taker_percent
    };
    let digits = money_digits(pair);
    let cost = cut(fill.price.checked_mul(fill.volume)?, digits);
    let shown_fee = cut(part(cost, percent)?, digits);
    let in_base = order.terms.flags.fee_in_base;
    let base_digits = super::order::asset_digits(pair.base);
    Some(Money {
        cost,
        fee: if in_base { Decimal::ZERO } else { shown_fee },
        base_fee: if in_base {
            cut(part(fill.volume, percent)?, base_digits)
        } else {
            Decimal::ZERO
        },
        shown_fee,
    })
}

impl Spot {
    /// How much of what is left of an order would open a margin position.
    pub(super) fn opens(&self, order: &Order) -> Decimal {
        if order.terms.leverage.is_none() || order.terms.reduce_only {
            return Decimal::ZERO;
        }
        let (pair, side) = (order.terms.pair, order.terms.side.other());
        let closes = self.desk.positions.volume(&order.account, pair, side);
        (order.remaining() - closes).max(Decimal::ZERO)
    }

    /// Whether the account has `needs` of what the order spends, beside the
    /// `freed` that is held now and would not be then.
    pub(super) fn check_funds(
        &self,
        order: &Order,
        needs: Decimal,
        freed: Decimal,
    ) -> Result<(), Refusal> {
        let available = self.available(&order.account, order.spends()) + freed;
        // Closing a position must always be possible: its loss and the fee are
        // taken from what there is.
        let closes = order.terms.leverage.is_some() && self.opens(order).is_zero();
        if closes || needs <= available {
            return Ok(());
        }
        Err(if order.terms.leverage.is_some() {
            "EOrder:Margin level too low".into()
        } else {
            "EOrder:Insufficient funds".into()
        })
    }

    /// What can be held for an order: one that closes positions is taken on
    /// also if there is too little for its fee, and a change of positions may
    /// make the rest of an order dearer than what is there.
    pub(super) fn at_most_available(
        &self,
        order: &Order,
        holds: Decimal,
        freed: Decimal,
    ) -> Decimal {
        let available = self.available(&order.account, order.spends()) + freed;
        holds.min(available).max(Decimal::ZERO)
    }

    /// Lets an order begin.
    pub(crate) fn activate(&mut self, number: u64, at: Moment) {
        let Some(order) = self.desk.open.get_mut(&number) else {
            return;
        };
        order.status = Status::Open;
        if !order.terms.kind.is_triggered() {
            return self.enter(number, at);
        }
        let pair = order.terms.pair;
        let last = self.last_price(pair);
        self.observe(pair, last, at);
    }

    /// What an order could meet, best first. Of two at one price the customer
    /// comes before the rest of the market.
    fn offers(&self, order: &Order) -> Vec<Offer> {
        let Terms { pair, side, .. } = order.terms;
        if self.markets.status != KrakenStatus::Online {
            // Nothing is traded.
            return Vec::new();
        }
        let acceptable = |price: Decimal| {
            let limit = order.limit;
            limit.is_none_or(|limit| !worse(side, price, limit))
        };
        let queue = self.desk.queue(pair.id, side.other()).into_iter();
        let customers = queue.filter_map(|number| {
            let other = self.desk.order(number)?;
            let price = other.limit.filter(|price| acceptable(*price))?;
            Some(Offer {
                price,
                volume: other.remaining(),
                customer: Some(number),
                own: other.account == order.account,
            })
        });
        let mut offers: Vec<Offer> = customers.collect();
        if let Some(market) = self.markets.get(pair) {
            let mut left = if order.terms.flags.volume_in_quote {
                order.terms.volume
            } else {
                order.remaining()
            };
            for Level { price, volume, .. } in market.top(side.other(), usize::MAX) {
                // More than the order can take is of no interest.
                if left <= Decimal::ZERO || !acceptable(price) {
                    break;
                }
                left -= if order.terms.flags.volume_in_quote {
                    price.checked_mul(volume).unwrap_or(left)
                } else {
                    volume
                };
                offers.push(Offer {
                    price,
                    volume,
                    customer: None,
                    own: false,
                });
            }
        }
        offers.sort_by_key(|offer| match side {
            Side::Buy => offer.price,
            Side::Sell => -offer.price,
        });
        offers
    }

    pub(super) fn plan(&self, order: &Order) -> Plan {
        let Terms {
            pair, side, flags, ..
        } = order.terms;
        let in_quote = flags.volume_in_quote;
        let mut left = if in_quote {
            order.terms.volume
        } else if order.terms.reduce_only {
            let positions = &self.desk.positions;
            let there = positions.volume(&order.account, pair, side.other());
            order.remaining().min(there)
        } else {
            order.remaining()
        };
        let mut opens = self.opens(order);
        let mut plan = Plan::default();
        for offer in self.offers(order) {
            if left.is_zero() {
                break;
            }
            if let Some(number) = offer.customer.filter(|_| offer.own) {
                let way = order.terms.self_trade;
                if way != SelfTrade::Newest {
                    plan.steps.push(Step::Own(number));
                }
                if way != SelfTrade::Oldest {
                    plan.stopped = true;
                    break;
                }
                continue;
            }
            let price = offer.price;
            let wanted = if in_quote {
                let wanted = left.checked_div(price).unwrap_or_default();
                cut(wanted, pair.lot_decimals)
            } else {
                left
            };
            if wanted.is_zero() {
                // The rest of the money is worth less than can be traded.
                left = Decimal::ZERO;
                break;
            }
            let volume = cut(wanted.min(offer.volume), pair.lot_decimals);
            if volume.is_zero() {
                continue;
            }
            let fill = Fill { price, volume };
            let Some(money) = money(order, fill, false) else {
                break;
            };
            left = if in_quote {
                (left - money.cost).max(Decimal::ZERO)
            } else {
                left - volume
            };
            let opening = volume.min(opens);
            opens -= opening;
            let needs = match (order.terms.leverage, side) {
                (Some(times), _) => {
                    let margin = price.checked_mul(opening).unwrap_or(MOST);
                    margin / Decimal::from(times) + money.fee
                }
                (None, Side::Buy) => money.cost + money.fee,
                (None, Side::Sell) => volume + money.base_fee,
            };
            plan.needs = plan.needs.checked_add(needs).unwrap_or(Decimal::MAX);
            plan.volume += volume;
            plan.steps.push(match offer.customer {
                Some(number) => Step::Customer(number, fill),
                None => Step::Market(fill),
            });
        }
        plan.whole = left.is_zero();
        plan
    }

    /// Brings an order to the book: it takes what it can, and rests or ends.
    pub(crate) fn enter(&mut self, number: u64, at: Moment) {
        let Some(order) = self.desk.open.get(&number).cloned() else {
            return;
        };
        let end = |spot: &mut Self, reason| spot.desk.end(number, Status::Canceled, reason, at);
        let plan = self.plan(&order);
        if order.terms.flags.post && (plan.stopped || !plan.volume.is_zero()) {
            return end(self, Some(POST_ONLY));
        }
        if order.terms.in_force == InForce::FillOrKill && !plan.whole {
            return end(self, Some(NOT_AT_ONCE));
        }
        if order.limit.is_none() && self.check_funds(&order, plan.needs, order.held).is_err() {
            return end(self, Some(NO_FUNDS));
        }
        let mut filled = Vec::new();
        self.execute(number, &order, &plan, &mut filled, at);
        if let Some(after) = self.desk.open.get(&number) {
            let remaining = after.remaining();
            let takes_only = order.limit.is_none()
                || matches!(
                    order.terms.in_force,
                    InForce::ImmediateOrCancel | InForce::FillOrKill
                );
            if plan.stopped {
                end(self, Some(SELF_TRADE));
            } else if !after.filled.is_zero()
                && (remaining.is_zero() || after.terms.flags.volume_in_quote)
            {
                self.desk.end(number, Status::Closed, None, at);
            } else if self.nothing_to_reduce(number) {
                end(self, Some(POSITION_CLOSED));
            } else if takes_only {
                end(self, Some(NO_LIQUIDITY));
            }
        }
        self.follow(filled, at);
    }

    /// Carries out a plan; `filled` gets what is to be followed by another
    /// order.
    fn execute(
        &mut self,
        number: u64,
        order: &Order,
        plan: &Plan,
        filled: &mut Vec<(Order, Decimal)>,
        at: Moment,
    ) {
        let side = order.terms.side;
        let market_order = order.limit.is_none();
        let mut group = None;
        let mut volume = Decimal::ZERO;
        'steps: for step in &plan.steps {
            let (fills, maker) = match *step {
                Step::Own(own) => {
                    self.desk.end(own, Status::Canceled, Some(SELF_TRADE), at);
                    continue;
                }
                Step::Market(Fill { price, volume }) => {
                    let shown = self.desk.shown;
                    let market = self.markets.get_mut(order.terms.pair);
                    let fills = market.map(|market| market.take(side, Some(price), volume, shown));
                    (fills.unwrap_or_default(), None)
                }
                Step::Customer(maker, fill) => (vec![fill], Some(maker)),
            };
            for fill in fills {
                if fill.volume.is_zero() {
                    continue;
                }
                let tape = self.print(order.terms.pair, side, market_order, fill);
                let booked = self.fill(number, fill, false, tape, &mut group, at);
                if booked.is_err() {
                    break 'steps;
                }
                volume += fill.volume;
                if let Some(maker) = maker {
                    self.fill_maker(maker, fill, tape, filled, at);
                }
            }
        }
        if !volume.is_zero() {
            filled.push((order.clone(), volume));
        }
    }

    /// Writes a fill on the public tape.
    pub(crate) fn print(&mut self, pair: &Pair, side: Side, market_order: bool, fill: Fill) -> u64 {
        let shown = self.desk.shown;
        self.desk.stale = true;
        self.markets
            .get_mut(pair)
            .map_or(0, |market| market.print(side, market_order, fill, shown))
    }

    /// Fills a resting order, and ends it if nothing is left.
    pub(crate) fn fill_maker(
        &mut self,
        number: u64,
        fill: Fill,
        tape: u64,
        filled: &mut Vec<(Order, Decimal)>,
        at: Moment,
    ) {
        let Some(order) = self.desk.open.get(&number).cloned() else {
            return;
        };
        if self.fill(number, fill, true, tape, &mut None, at).is_err() {
            // What is held for an order pays for it, so this can't be; if it
            // is, the order must not come up again and again.
            return self.desk.end(number, Status::Canceled, Some(NO_FUNDS), at);
        }
        filled.push((order, fill.volume));
        let empty = |order: &Order| order.remaining().is_zero();
        if self.desk.open.get(&number).is_some_and(empty) {
            self.desk.end(number, Status::Closed, None, at);
        }
    }

    /// Whether an order may only reduce a position that is gone.
    pub(crate) fn nothing_to_reduce(&self, number: u64) -> bool {
        self.desk.open.get(&number).is_some_and(|order| {
            let (pair, side) = (order.terms.pair, order.terms.side.other());
            let positions = &self.desk.positions;
            order.terms.reduce_only && positions.volume(&order.account, pair, side).is_zero()
        })
    }

    /// Moves the money of a fill and writes it down.
    fn fill(
        &mut self,
        number: u64,
        fill: Fill,
        maker: bool,
        tape: u64,
        group: &mut Option<String>,
        at: Moment,
    ) -> Result<(), Refusal> {
        let order = self.desk.open.get(&number);
        let order = order.cloned().ok_or("EOrder:Unknown order")?;
        let money = money(&order, fill, maker).ok_or("EOrder:Invalid order")?;
        let fresh = Trade {
            id: trade_code(order.terms.pair, tape),
            number: 0,
            group: String::new(),
            order: order.id.clone(),
            kind: order.terms.kind,
            position: None,
            leverage: order.terms.leverage,
            pair: order.terms.pair,
            time: at,
            side: order.terms.side,
            price: fill.price,
            volume: fill.volume,
            cost: money.cost,
            fee: money.shown_fee,
            margin: Decimal::ZERO,
            tape,
            maker,
            closing: false,
            liquidation: order.liquidated,
            ledgers: Vec::new(),
        };
        let mut trades = if order.terms.leverage.is_some() {
            self.fill_on_margin(&order, &fresh)?
        } else {
            vec![self.fill_for_cash(&order, fresh, money)?]
        };
        let quote = order.terms.pair.quote;
        for trade in &mut trades {
            trade.group = group.get_or_insert_with(|| trade.id.clone()).clone();
            if let Some(order) = self.desk.open.get_mut(&number) {
                order.filled += trade.volume;
                order.cost += trade.cost;
                order.fee += trade.fee;
                if order.trades.len() == MOST_VERSIONS {
                    order.trades.pop_front();
                }
                order.trades.push_back(trade.id.clone());
            }
        }
        for trade in trades {
            let dollars = self.value_in(quote, trade.cost, "ZUSD").unwrap_or_default();
            self.desk.note_trade(&order.account, trade, dollars);
        }
        self.hold_rest(number);
        Ok(())
    }

    /// Holds what the rest of an order needs.
    pub(crate) fn hold_rest(&mut self, number: u64) {
        let Some(order) = self.desk.open.get(&number) else {
            return;
        };
        let holds = order.to_hold(self.opens(order)).unwrap_or_default();
        let holds = self.at_most_available(order, holds, order.held);
        self.desk.hold_for(number, holds);
    }

    fn fill_for_cash(
        &mut self,
        order: &Order,
        mut trade: Trade,
        money: Money,
    ) -> Result<Trade, Refusal> {
        let pair = order.terms.pair;
        let sign = match order.terms.side {
            Side::Buy => Decimal::ONE,
            Side::Sell => Decimal::NEGATIVE_ONE,
        };
        let leg = |asset: &str, amount, fee| Leg {
            account: order.account.clone(),
            asset: asset.to_owned(),
            amount,
            fee,
            other: Holder::Market,
        };
        let mut legs = vec![
            leg(pair.quote, -sign * money.cost, money.fee),
            leg(pair.base, sign * trade.volume, money.base_fee),
        ];
        if order.terms.side == Side::Sell {
            legs.reverse();
        }
        let cause = Cause {
            refid: trade.id.clone(),
            kind: "trade",
            subtype: "",
            time: trade.time,
        };
        let booked = self.book(&cause, &legs);
        trade.ledgers = booked.map_err(|error| Refusal::internal(&error))?;
        Ok(trade)
    }
}
