//! Placing, changing and cancelling orders.

use std::collections::VecDeque;

use rust_decimal::Decimal;

use super::matching::{POSITION_CLOSED, REPLACED, USER_REQUESTED};
use super::order::{
    Close, Flags, InForce, Kind, Order, Price, Sign, Status, Terms, money_digits, round_up,
};
use super::{limits, rules};
use crate::Moment;
use crate::kraken::KrakenTier;
use crate::kraken::answer::Refusal;
use crate::kraken::spot::Spot;
use crate::kraken::spot::market::Side;

/// Where an order comes from if nobody asked for it just now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The order whose fill brought it about.
    pub refid: Option<String>,
    /// The order it replaces.
    pub replaces: Option<String>,
    pub liquidates: bool,
}

/// What an amend asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub volume: Option<Decimal>,
    pub display: Option<Decimal>,
    pub limit: Option<Price>,
    pub trigger: Option<Price>,
    pub post_only: bool,
}

/// What came of an amend.
#[derive(Clone, Debug)]
pub(crate) struct Amended {
    /// Its id, or that of the one before if nothing changed.
    pub id: String,
    pub changed: bool,
}

/// The prices at which an order rests and is triggered, if it has such, when
/// the last trade was at `last`.
pub(crate) fn resolve(
    terms: &Terms,
    last: Decimal,
) -> Result<(Option<Decimal>, Option<Decimal>), Refusal> {
    let pair = terms.pair;
    let resolved = |price: Option<Price>, from: Decimal, up: bool| -> Result<_, Refusal> {
        price
            .map(|price| {
                price
                    .resolve(from, up, pair)
                    .ok_or_else(|| Refusal::from("EOrder:Invalid price"))
            })
            .transpose()
    };
    let buys = terms.side == Side::Buy;
    if terms.kind.is_trailing() {
        let stop = resolved(terms.price.map(suitable), last, buys)?;
        let limit = match stop {
            Some(stop) => resolved(terms.price2, stop, buys)?,
            None => None,
        };
        return Ok((limit, stop));
    }
    let first = resolved(terms.price, last, terms.suitable_is_up())?;
    if terms.kind.is_triggered() {
        return Ok((resolved(terms.price2, last, buys)?, first));
    }
    Ok((first, None))
}

/// A trailing order's offset goes above the price for a buy, below for a sale,
/// whatever its sign.
fn suitable(price: Price) -> Price {
    match price {
        Price::Off { by, percent, .. } => Price::Off {
            sign: Sign::Suitable,
            by,
            percent,
        },
        Price::At(price) => Price::At(price),
    }
}

impl Spot {
    /// Whether one more order may be open.
    fn check_room(
        &self,
        account: &str,
        terms: &Terms,
        tier: KrakenTier,
        at: Moment,
    ) -> Result<(), Refusal> {
        let of_pair =
            |order: &Order| order.account == account && order.terms.pair.id == terms.pair.id;
        let open = self.desk.open().filter(|(_, order)| of_pair(order)).count();
        if open >= limits::most_open(tier) {
            return Err("EOrder:Orders limit exceeded".into());
        }
        let waits = |terms: &Terms| terms.start.is_some_and(|start| start > at);
        let waiting = |order: &Order| order.account == account && waits(&order.terms);
        if waits(terms)
            && self.desk.open().filter(|(_, order)| waiting(order)).count()
                >= limits::MOST_SCHEDULED
        {
            return Err("EOrder:Scheduled orders limit exceeded".into());
        }
        Ok(())
    }

    /// Takes an order on: checks what the engine checks, holds the funds, and
    /// brings it to the book. Returns its id.
    pub(crate) fn place(
        &mut self,
        account: &str,
        mut terms: Terms,
        tier: Option<KrakenTier>,
        origin: Origin,
        at: Moment,
    ) -> Result<String, Refusal> {
        let pair = terms.pair;
        if let Some(tier) = tier.filter(|_| self.limits) {
            self.check_room(account, &terms, tier, at)?;
        }
        if let Some(client_id) = &terms.client_id
            && self.desk.find_client(account, client_id).is_some()
        {
            return Err(Refusal::argument("cl_ord_id"));
        }
        let against = self
            .desk
            .positions
            .volume(account, pair, terms.side.other());
        if terms.reduce_only && against.is_zero() {
            return Err("EOrder:Reduce only:No position exists".into());
        }
        if terms.volume.is_zero() {
            if against.is_zero() {
                return Err("EOrder:Unknown position".into());
            }
            terms.volume = against;
        }
        let (limit, stop) = resolve(&terms, self.last_price(pair))?;
        let volume = self.fee_volume(account, at);
        let tier_of_fees = pair.fee_tier(volume);
        let (taker_percent, maker_percent) =
            (tier_of_fees.taker_percent(), tier_of_fees.maker_percent());
        let mut order = Order {
            id: self.ids.order(),
            account: account.to_owned(),
            terms,
            status: Status::Pending,
            reason: None,
            opened: at,
            closed: None,
            changed: at,
            priority: 0,
            limit,
            stop,
            triggered: false,
            filled: Decimal::ZERO,
            cost: Decimal::ZERO,
            fee: Decimal::ZERO,
            held: Decimal::ZERO,
            taker_percent,
            maker_percent,
            trades: VecDeque::new(),
            refid: origin.refid,
            link: origin.replaces,
            amends: VecDeque::new(),
            liquidated: origin.liquidates,
        };
        if order.terms.kind == Kind::SettlePosition {
            self.settle_position(&mut order, at)?;
            let id = order.id.clone();
            self.desk.archive(order, Status::Closed, None, at);
            return Ok(id);
        }
        let opens = self.opens(&order);
        if !opens.is_zero() {
            let positions = &self.desk.positions;
            if positions.open_of(account).count() >= limits::MOST_POSITIONS {
                return Err("EOrder:Positions limit exceeded".into());
            }
            let there = positions.volume(account, pair, order.terms.side);
            if there + opens > rules::position_limit(pair, order.terms.side) {
                return Err("EOrder:Margin position size exceeded".into());
            }
        }
        // A market buy has no price to reckon with but those of the book.
        let holds = order.to_hold(opens).unwrap_or_else(|| {
            let needs = self.plan(&order).needs;
            round_up(needs, money_digits(pair))
        });
        self.check_funds(&order, holds, Decimal::ZERO)?;
        let holds = self.at_most_available(&order, holds, Decimal::ZERO);
        order.note_version(self.ids.trade(), true, at);
        let number = self.desk.next_number();
        order.priority = number;
        let id = order.id.clone();
        let start = order.terms.start;
        self.desk.numbers.insert(id.clone(), number);
        self.desk.open.insert(number, order);
        self.desk.hold_for(number, holds);
        if start.is_none_or(|start| start <= at) {
            self.activate(number, at);
        }
        let cut_short = self
            .desk
            .closed_of(account)
            .next_back()
            .is_some_and(|order| order.id == id && order.reason == Some(POSITION_CLOSED));
        if cut_short {
            return Err("EOrder:Reduce only:Position is closed".into());
        }
        Ok(id)
    }

    /// Places the orders that follow fills.
    pub(crate) fn follow(&mut self, filled: Vec<(Order, Decimal)>, at: Moment) {
        for (order, volume) in filled {
            let Some(Close {
                kind,
                price,
                price2,
            }) = order.terms.close
            else {
                continue;
            };
            let terms = Terms {
                side: order.terms.side.other(),
                kind,
                volume,
                display: None,
                price,
                price2,
                reduce_only: false,
                flags: Flags::default(),
                in_force: InForce::default(),
                start: None,
                expire: None,
                close: None,
                client_id: None,
                ..order.terms
            };
            let origin = Origin {
                refid: Some(order.id),
                ..Origin::default()
            };
            // The venue drops what it can't place.
            let _ = self.place(&order.account, terms, None, origin, at);
        }
    }

    /// Cancels an open order at somebody's wish.
    pub(crate) fn cancel(&mut self, number: u64, at: Moment) {
        self.desk
            .end(number, Status::Canceled, Some(USER_REQUESTED), at);
    }

    /// Changes an open order in place.
    pub(crate) fn amend(
        &mut self,
        number: u64,
        change: &Change,
        at: Moment,
    ) -> Result<Amended, Refusal> {
        let order = self.desk.open.get(&number);
        let before = order.cloned().ok_or("EOrder:Unknown order")?;
        if before.terms.close.is_some() {
            return Err("EOrder:Invalid order".into());
        }
        let mut order = before.clone();
        let pair = order.terms.pair;
        let last = self.last_price(pair);
        if let Some(trigger) = change.trigger {
            if !order.awaits_trigger() {
                return Err(Refusal::argument("trigger_price"));
            }
            order.terms.price = Some(trigger);
            (_, order.stop) = resolve(&order.terms, last)?;
            if order.terms.kind.is_trailing() {
                (order.limit, _) = resolve(&order.terms, last)?;
            }
        }
        if let Some(limit) = change.limit {
            if !order.terms.kind.has_limit() {
                return Err(Refusal::argument("limit_price"));
            }
            let from = if order.terms.kind.is_trailing() {
                order.stop.unwrap_or(last)
            } else {
                last
            };
            let price = limit.resolve(from, order.terms.side == Side::Buy, pair);
            order.limit = Some(price.ok_or("EOrder:Invalid price")?);
            if order.terms.kind.has_second_price() {
                order.terms.price2 = Some(limit);
            } else {
                order.terms.price = Some(limit);
            }
        }
        if let Some(volume) = change.volume {
            order.terms.volume = volume;
        }
        if let Some(display) = change.display {
            let whole = order.remaining();
            let least = whole / Decimal::from(15);
            if order.terms.kind != Kind::Iceberg || display > whole || display < least {
                return Err(Refusal::argument("display_qty"));
            }
            order.terms.display = Some(display);
        }
        let changeable = |order: &Order| {
            let terms = &order.terms;
            let prices = (terms.price, terms.price2, order.limit, order.stop);
            (terms.volume, terms.display, prices)
        };
        if changeable(&order) == changeable(&before)
            && let Some(last) = before.amends.back()
        {
            let id = last.id.clone();
            return Ok(Amended { id, changed: false });
        }
        let id = self.ids.trade();
        let amended = Amended {
            id: id.clone(),
            changed: true,
        };
        if order.terms.volume <= order.filled {
            self.cancel(number, at);
            return Ok(amended);
        }
        if change.post_only && order.is_resting() {
            let plan = self.plan(&order);
            if plan.stopped || !plan.volume.is_zero() {
                return Err("EOrder:Post only order".into());
            }
        }
        let holds = order.to_hold(self.opens(&order)).unwrap_or(Decimal::MAX);
        self.check_funds(&order, holds, before.held)?;
        let holds = self.at_most_available(&order, holds, before.held);
        let moved = order.limit != before.limit || order.terms.volume > before.terms.volume;
        if moved {
            order.priority = self.desk.next_number();
        }
        order.changed = at;
        order.note_version(id, false, at);
        let (resting, waiting) = (order.is_resting(), order.awaits_trigger());
        self.desk.open.insert(number, order);
        self.desk.hold_for(number, holds);
        if resting && moved {
            self.enter(number, at);
        } else if waiting {
            self.observe(pair, last, at);
        }
        Ok(amended)
    }

    /// Puts a new order in the place of an open one. Returns the new id.
    pub(crate) fn replace(
        &mut self,
        number: u64,
        terms: Terms,
        at: Moment,
    ) -> Result<String, Refusal> {
        let order = self.desk.open.get(&number);
        let before = order.cloned().ok_or("EOrder:Unknown order")?;
        // Its funds are there for the new one; if that is refused all is as it
        // was.
        self.desk.hold_for(number, Decimal::ZERO);
        let origin = Origin {
            refid: before.refid.clone(),
            replaces: Some(before.id.clone()),
            liquidates: false,
        };
        // Out of the book, so that the two do not meet.
        if let Some(order) = self.desk.open.get_mut(&number) {
            order.status = Status::Pending;
        }
        let placed = self.place(&before.account, terms, None, origin, at);
        if let Some(order) = self.desk.open.get_mut(&number) {
            order.status = before.status;
            if let Ok(id) = &placed {
                order.link = Some(id.clone());
            }
        }
        if placed.is_ok() {
            self.desk.end(number, Status::Canceled, Some(REPLACED), at);
        } else {
            self.desk.hold_for(number, before.held);
        }
        placed
    }
}
