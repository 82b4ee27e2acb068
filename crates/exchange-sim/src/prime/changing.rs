//! `OrderCancelRequest`, `OrderCancelReplaceRequest` and `OrderControlRequest`.
//!
//! A control that is refused is told as `CancelRejected`, for which the vendor names nothing else.

use rust_decimal::Decimal;

use super::ask::{Ask, is_sane, known_parameters, missing};
use super::desk::Desk;
use super::orders::{
    About, Change, Event, Kind, Order, Pending, Reason, Status, Stray, What, reason,
};
use super::people::Caller;
use super::placing::LONGEST_ID;
use super::strategy::{changed_strategy, end_time_of};
use crate::json::Json;

/// What a request wants, before the order is known.
#[derive(Clone, Debug)]
enum Wish {
    Cancel,
    Replace {
        qty: Decimal,
        price: Option<Decimal>,
        strategy: Option<String>,
        end_time: Option<crate::Moment>,
        parameters: Option<Json>,
    },
    Pause,
    Resume,
}

impl Wish {
    fn refused(&self) -> &'static str {
        match self {
            Self::Replace { .. } => "ReplaceRejected",
            _ => "CancelRejected",
        }
    }
}

impl Desk {
    pub(crate) fn cancel_order(&mut self, record: &Json, caller: &Caller) -> Result<(), String> {
        let ask = Ask::new(record)?;
        ask.required("Symbol")?;
        self.request(ask, caller, Wish::Cancel)
    }

    pub(crate) fn replace_order(&mut self, record: &Json, caller: &Caller) -> Result<(), String> {
        let ask = Ask::new(record)?;
        ask.required("Symbol")?;
        let parameters = ask.get("Parameters");
        if parameters.is_some_and(|parameters| parameters.as_object().is_none()) {
            return Err("Parameters must be an object".to_owned());
        }
        let wish = Wish::Replace {
            qty: ask.required_decimal("OrderQty")?,
            price: ask.decimal("Price")?,
            strategy: ask.text("Strategy")?.map(str::to_owned),
            end_time: match ask.time("EndTime")? {
                Some(end) => Some(end),
                None => parameters.map(end_time_of).transpose()?.flatten(),
            },
            parameters: parameters.map(known_parameters),
        };
        self.request(ask, caller, wish)
    }

    pub(crate) fn control_order(&mut self, record: &Json, caller: &Caller) -> Result<(), String> {
        let ask = Ask::new(record)?;
        let action = ask.choice("Action", &[("Pause", true), ("Resume", false)])?;
        let wish = if action.ok_or_else(|| missing("Action"))? {
            Wish::Pause
        } else {
            Wish::Resume
        };
        self.request(ask, caller, wish)
    }

    fn request(&mut self, ask: Ask<'_>, caller: &Caller, wish: Wish) -> Result<(), String> {
        let request = ask.required("ClOrdID")?.to_owned();
        let symbol = ask.text("Symbol")?;
        let orig = ask.text("OrigClOrdID")?;
        let order_id = ask.text("OrderID")?;
        ask.time("TransactTime")?
            .ok_or_else(|| missing("TransactTime"))?;
        let number = match (order_id, orig) {
            (Some(id), _) => self.orders.by_id(id),
            (None, Some(orig)) => self.orders.by_client_id(orig),
            (None, None) => return Err(missing("OrigClOrdID or OrderID")),
        };
        let fits = |order: &Order| {
            symbol.is_none_or(|symbol| order.symbol == symbol)
                && orig.is_none_or(|orig| order.cl_ord_id == orig)
        };
        let found = number.filter(|number| self.orders.get(*number).is_some_and(fits));
        let fresh = self.orders.use_id(&request, self.now);
        let refused = wish.refused();
        let Some(number) = found else {
            let about = About {
                request: Some((request, orig.map(str::to_owned))),
                refused_change: Some("UnknownOrder"),
                text: Some("there is no such order".to_owned()),
                ..About::default()
            };
            let stray = Stray {
                symbol: symbol.map(str::to_owned),
                order_id: order_id.map(str::to_owned),
                user: caller.email.clone(),
            };
            let (at, exec_id) = (self.stamps.next(self.now), self.ids.uuid());
            let event = Event::new(at, self.now, exec_id, refused, about, Err(stray));
            self.orders.note_stray(event);
            return Ok(());
        };
        let Some(order) = self.orders.get(number) else {
            return Ok(());
        };
        let orig = Some(order.cl_ord_id.clone());
        let judged = if !fresh {
            Err(reason("DuplicateClOrdID", "ClOrdID was used before"))
        } else if request.len() > LONGEST_ID {
            Err(reason("Other", "ClOrdID is longer than 36 characters"))
        } else {
            judge(order, wish)
        };
        let what = match judged {
            Ok(what) => what,
            Err(why) => {
                self.refuse(number, refused, (request, orig), why);
                return Ok(());
            }
        };
        let exec_type = match &what {
            What::Replace(_) => "PendingReplace",
            What::Pause => "PendingPause",
            What::Resume => "PendingResume",
            What::Cancel | What::New(_) => "PendingCancel",
        };
        let due = self.now.plus(self.delay);
        if let Some(order) = self.orders.get_mut(number) {
            order.pending = Some(Pending {
                what,
                request: request.clone(),
                orig: orig.clone(),
                due,
            });
        }
        let about = About {
            request: Some((request, orig)),
            ..About::default()
        };
        self.tell(number, exec_type, about);
        self.decide_due(number);
        Ok(())
    }

    fn refuse(
        &mut self,
        number: u64,
        exec_type: &'static str,
        request: (String, Option<String>),
        why: Reason,
    ) {
        let about = About {
            request: Some(request),
            refused_change: Some(why.name),
            text: Some(why.text),
            ..About::default()
        };
        self.tell(number, exec_type, about);
    }

    /// Refuses what is pending of an order that is over meanwhile.
    pub(crate) fn refuse_pending(&mut self, number: u64) {
        let Some(order) = self.orders.get_mut(number) else {
            return;
        };
        if order.is_live() {
            return;
        }
        let Some(pending) = order.pending.take() else {
            return;
        };
        let refused = match pending.what {
            What::New(_) => return,
            What::Replace(_) => "ReplaceRejected",
            What::Cancel | What::Pause | What::Resume => "CancelRejected",
        };
        let why = too_late(order);
        self.refuse(number, refused, (pending.request, pending.orig), why);
    }

    /// Decides what an order has pending, if it is time.
    pub(crate) fn decide_due(&mut self, number: u64) {
        let now = self.now;
        let Some(order) = self.orders.get_mut(number) else {
            return;
        };
        let Some(pending) = order.pending.take_if(|pending| pending.due <= now) else {
            return;
        };
        let ids = (pending.request, pending.orig);
        let about = About {
            request: Some(ids.clone()),
            ..About::default()
        };
        match pending.what {
            What::New(refusal) => self.decide_new(number, refusal),
            What::Cancel => {
                order.standing = Status::Canceled;
                order.cl_ord_id.clone_from(&ids.0);
                self.tell(number, "Canceled", about);
            }
            What::Pause => {
                order.paused = true;
                self.tell(number, "Paused", about);
            }
            What::Resume => {
                order.paused = false;
                self.tell(number, "Resumed", about);
                self.work(number);
            }
            What::Replace(change) => self.decide_replace(number, change, ids),
        }
    }

    fn decide_replace(&mut self, number: u64, change: Change, ids: (String, Option<String>)) {
        let Some(order) = self.orders.get(number) else {
            return;
        };
        let mut new = order.clone();
        new.qty = change.qty;
        new.price = change.price.or(new.price);
        new.end_time = change.end_time.or(new.end_time);
        if let (Some(new), Some(changed)) = (&mut new.strategy, change.strategy) {
            *new = changed;
        }
        if let (Some(Json::Object(old)), Some(Json::Object(members))) =
            (&mut new.parameters, change.parameters)
        {
            old.extend(members);
        }
        if let Err(why) = self.check_change(number, &new) {
            self.refuse(number, "ReplaceRejected", ids, why);
            return;
        }
        new.cl_ord_id.clone_from(&ids.0);
        new.standing = Status::New;
        if let Some(order) = self.orders.get_mut(number) {
            *order = new;
        }
        let about = About {
            request: Some(ids),
            ..About::default()
        };
        self.tell(number, "Replaced", about);
        self.work(number);
    }

    fn check_change(&self, number: u64, new: &Order) -> Result<(), Reason> {
        if new.qty <= new.cum_qty {
            let text = "OrderQty, which counts from the beginning, must be above what is filled";
            return Err(reason("Other", text));
        }
        let Some(security) = new.security else {
            return Ok(());
        };
        // Reasons of requests about orders are others than those of orders.
        let other = |why: Reason| reason("Other", why.text);
        self.check_terms(security, new).map_err(other)?;
        if new.end_time.is_some_and(|end| end <= self.now) {
            return Err(reason("Other", "EndTime is over"));
        }
        self.check_credit(number, new).map_err(other)
    }
}

fn too_late(order: &Order) -> Reason {
    let text = format!("the order is {}", order.standing.name());
    reason("TooLateToCancel", text)
}

/// Whether an order can be asked for something at all.
fn judge(order: &Order, wish: Wish) -> Result<What, Reason> {
    if order.standing.is_final() {
        return Err(too_late(order));
    }
    if order.pending.is_some() {
        return Err(reason(
            "OrderAlreadyInPendingCancelOrPendingReplaceStatus",
            "another request is under way",
        ));
    }
    match wish {
        Wish::Cancel => Ok(What::Cancel),
        Wish::Pause if order.paused => Err(reason("Other", "the order pauses already")),
        Wish::Pause => Ok(What::Pause),
        Wish::Resume if !order.paused => Err(reason("Other", "the order does not pause")),
        Wish::Resume => Ok(What::Resume),
        Wish::Replace {
            qty,
            price,
            strategy,
            end_time,
            parameters,
        } => {
            if order.kind == Kind::Limit && price.is_none() {
                return Err(reason("Other", missing("Price")));
            }
            if !is_sane(qty) || !price.is_none_or(is_sane) {
                return Err(reason("Other", "a number is beyond all limits"));
            }
            let standing = order.strategy.as_ref();
            let wrong = |text: String| reason("InvalidStrategy", text);
            if let Some(strategy) = strategy
                && standing.is_none_or(|standing| standing.name() != strategy)
            {
                return Err(wrong("Strategy is not that of the order".to_owned()));
            }
            let strategy = standing
                .map(|standing| changed_strategy(standing, parameters.as_ref(), qty))
                .transpose()
                .map_err(wrong)?;
            Ok(What::Replace(Change {
                qty,
                price,
                end_time,
                strategy,
                parameters,
            }))
        }
    }
}
