//! Operations that place, change and cancel orders.

use std::time::Duration;

use rust_decimal::Decimal;

use super::assets::{Pair, find_pair};
use super::desk::limits::{self, Act};
use super::desk::order::{Flags, Kind, MOST, Order, Price, Terms, fixed, plain};
use super::desk::placing::{Amended, Change, Origin, resolve};
use super::desk::request::{self, CloseFields, check_deadline, read_terms};
use super::desk::rules::{check_class, check_price, check_size, check_status, check_up};
use super::market::status::KrakenStatus;
use super::{Call, Operation, Permission, Spot};
use crate::Moment;
use crate::json::{Json, object};
use crate::kraken::answer::{Outcome, Refusal, Reply};
use crate::kraken::params::Params;

const CREATE: &str = "Orders and trades - Create & modify orders";
const CANCEL: &str = "Orders and trades - Cancel & close orders";
const EITHER: Permission = Permission::Any(&[CREATE, CANCEL]);
const BOTH: Permission = Permission::All(&[CREATE, CANCEL]);

/// How many orders a batch has.
const BATCH: std::ops::RangeInclusive<usize> = 2..=15;

/// How many orders are cancelled at a time.
const MOST_CANCELLED: usize = 50;

/// Timers end within a day.
const LONGEST_TIMER: i64 = 86_400;

/// Seconds in which a token must be used.
const TOKEN_LIFE: u32 = 900;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("AddOrder", Permission::All(&[CREATE]), 0, add_order),
    Operation::new("AddOrderBatch", BOTH, 0, add_order_batch),
    Operation::new("AmendOrder", EITHER, 0, amend_order),
    Operation::new("EditOrder", BOTH, 0, edit_order),
    Operation::new("CancelOrder", EITHER, 0, cancel_order),
    Operation::new("CancelOrderBatch", EITHER, 0, cancel_order_batch),
    Operation::new("CancelAll", EITHER, 1, cancel_all),
    Operation::new("CancelAllOrdersAfter", EITHER, 1, cancel_all_after),
    Operation::new(
        "GetWebSocketsToken",
        Permission::All(&["WebSocket interface - On"]),
        1,
        websockets_token,
    ),
];

/// The pair that a request names, with the class that it must name.
fn pair_of(params: &Params) -> Result<&'static Pair, Refusal> {
    let pair = find_pair(&params.required("pair")?).ok_or("EQuery:Unknown asset pair")?;
    check_class(pair, params.text("asset_class").as_deref())?;
    Ok(pair)
}

fn described(terms: &Terms) -> Json {
    let order = terms.description(terms.pair.altname);
    let close = terms.close_description();
    if close.is_empty() {
        object! { "order" => order }
    } else {
        object! { "order" => order, "close" => close }
    }
}

impl Spot {
    /// Counts what an account does to orders of a pair.
    fn count(
        &mut self,
        call: &Call<'_>,
        pair: &Pair,
        cost: Decimal,
        forced: bool,
    ) -> Result<(), Refusal> {
        if !self.limits {
            return Ok(());
        }
        let key = call.key()?;
        let (account, tier) = (&key.account, key.config.tier);
        self.desk
            .engine
            .take(account, pair.id, tier, cost, forced, call.now)
    }

    /// Counts what an account does to one of its orders.
    fn count_change(
        &mut self,
        call: &Call<'_>,
        number: u64,
        act: Act,
        forced: bool,
    ) -> Result<(), Refusal> {
        let order = self.desk.order(number).ok_or("EOrder:Unknown order")?;
        let age = call.now.since(order.changed).as_secs();
        self.count(call, order.terms.pair, limits::cost(act, age), forced)
    }

    /// The open order that `txid` names, or else `cl_ord_id`.
    fn named_order(&self, call: &Call<'_>) -> Result<u64, Refusal> {
        let account = call.account()?;
        let found = match (call.params.text("txid"), call.params.text("cl_ord_id")) {
            (Some(id), _) => self.desk.find(account, &id),
            (None, Some(id)) => self.desk.find_client(account, &id),
            (None, None) => return Err(Refusal::argument("txid")),
        };
        found.ok_or_else(|| "EOrder:Unknown order".into())
    }
}

fn add_order(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let pair = pair_of(call.params)?;
    let validate = call.params.boolean("validate")?.unwrap_or_default();
    if !validate {
        // Also an order that can't be read counts.
        spot.count(call, pair, limits::cost(Act::Add, 0), false)?;
    }
    let last = spot.last_price(pair);
    let close = CloseFields::flat(call.params);
    let terms = read_terms(call.params, &close, pair, last, call.now)?;
    resolve(&terms, last)?;
    check_deadline(call.params, call.now)?;
    let descr = described(&terms);
    if validate {
        return Ok(object! { "descr" => descr }.into());
    }
    check_status(spot.markets.status, &terms)?;
    let tier = Some(call.key()?.config.tier);
    let id = spot.place(account, terms, tier, Origin::default(), call.now)?;
    Ok(object! { "descr" => descr, "txid" => vec![id] }.into())
}

fn add_order_batch(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let pair = pair_of(call.params)?;
    let validate = call.params.boolean("validate")?.unwrap_or_default();
    let orders = call.params.elements("orders");
    if !BATCH.contains(&orders.len()) {
        return Err(Refusal::argument("orders"));
    }
    if !validate {
        spot.count(call, pair, limits::batch_cost(orders.len()), false)?;
    }
    let last = spot.last_price(pair);
    let mut batch = Vec::with_capacity(orders.len());
    for order in &orders {
        let params = Params::of_object(order).ok_or_else(|| Refusal::argument("orders"))?;
        let close = CloseFields::nested(&params);
        let terms = read_terms(&params, &close, pair, last, call.now)?;
        resolve(&terms, last)?;
        batch.push(terms);
    }
    check_deadline(call.params, call.now)?;
    let tier = Some(call.key()?.config.tier);
    let mut answers = Vec::with_capacity(batch.len());
    for terms in batch {
        let descr = described(&terms);
        if validate {
            answers.push(object! { "descr" => descr });
            continue;
        }
        let placed = check_status(spot.markets.status, &terms)
            .and_then(|()| spot.place(account, terms, tier, Origin::default(), call.now));
        answers.push(match placed {
            Ok(id) => object! { "txid" => id, "descr" => descr },
            Err(Refusal(errors)) => object! { "error" => errors.join(", "), "descr" => descr },
        });
    }
    Ok(object! { "orders" => answers }.into())
}

/// A new price of an amend: `#` is not for amends.
fn amended_price(params: &Params, name: &str, pair: &Pair) -> Result<Option<Price>, Refusal> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    let price = Price::parse(&text)
        .filter(|_| !text.starts_with('#'))
        .ok_or_else(|| Refusal::argument(name))?;
    check_price(pair, price)?;
    Ok(Some(price))
}

fn positive(params: &Params, name: &str, pair: &Pair) -> Result<Option<Decimal>, Refusal> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    let value = plain(&text).filter(|v| !v.is_zero() && v.scale() <= pair.lot_decimals);
    value.map(Some).ok_or_else(|| Refusal::argument(name))
}

fn amend_order(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let params = call.params;
    let number = spot.named_order(call)?;
    let order = spot.desk.order(number).ok_or("EOrder:Unknown order")?;
    let pair = order.terms.pair;
    let (filled, trailing) = (order.filled, order.terms.kind.is_trailing());
    let named = params.text("pair").and_then(|name| find_pair(&name));
    let class_matters = check_class(pair, None).is_err();
    if (class_matters && named.is_none()) || named.is_some_and(|named| named.id != pair.id) {
        return Err(Refusal::argument("pair"));
    }
    let volume = positive(params, "order_qty", pair)?;
    // Less than what is filled cancels, and costs as much.
    let cancels = volume.is_some_and(|volume| volume <= filled && !filled.is_zero());
    let act = if cancels { Act::Cancel } else { Act::Amend };
    spot.count_change(call, number, act, false)?;
    check_up(spot.markets.status)?;
    if spot.markets.status == KrakenStatus::CancelOnly && !cancels {
        return Err("EService:Market in cancel_only mode".into());
    }
    let change = Change {
        volume,
        display: positive(params, "display_qty", pair)?,
        limit: amended_price(params, "limit_price", pair)?,
        trigger: amended_price(params, "trigger_price", pair)?,
        post_only: params.boolean("post_only")?.unwrap_or_default(),
    };
    let nothing = change.volume.is_none()
        && change.display.is_none()
        && change.limit.is_none()
        && change.trigger.is_none();
    if nothing {
        return Err("EGeneral:Invalid arguments".into());
    }
    let offset = change.trigger.is_none_or(Price::is_relative);
    if trailing && !offset {
        return Err(Refusal::argument("trigger_price"));
    }
    if let Some(volume) = change.volume.filter(|_| !cancels) {
        check_size(pair, volume, MOST)?;
    }
    check_deadline(params, call.now)?;
    let Amended { id, changed } = spot.amend(number, &change, call.now)?;
    let result = object! { "amend_id" => id };
    Ok(if changed {
        result.into()
    } else {
        Reply::Warned(result, vec!["WDatabase:No change".to_owned()])
    })
}

fn edit_order(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let params = call.params;
    let account = call.account()?;
    let pair = pair_of(params)?;
    let named = params.required("txid")?;
    let number = match numbers_of(spot, account, &named).as_slice() {
        [] => return Err("EOrder:Unknown order".into()),
        [number] => *number,
        // A reference that several share does not name one.
        _ => return Err(Refusal::argument("txid")),
    };
    let validate = params.boolean("validate")?.unwrap_or_default();
    if !validate {
        spot.count_change(call, number, Act::Edit, false)?;
    }
    let order = spot.desk.order(number).ok_or("EOrder:Unknown order")?;
    if order.terms.pair.id != pair.id {
        return Err(Refusal::argument("pair"));
    }
    let (old_id, old_userref) = (order.id.clone(), order.terms.userref);
    let terms = edited_terms(params, order, spot.last_price(pair))?;
    check_deadline(params, call.now)?;
    let mut answer = object! {
        "status" => "ok",
        "txid" => Json::Null,
        "originaltxid" => old_id,
        "volume" => fixed(terms.volume, pair.lot_decimals),
        "price" => terms.price.map_or_else(|| "0".to_owned(), |price| price.text(pair)),
        "price2" => terms.price2.map_or_else(|| "0".to_owned(), |price| price.text(pair)),
        "orders_cancelled" => u32::from(!validate),
        "descr" => object! { "order" => terms.description(pair.id) },
    };
    let userref = terms.userref;
    let Json::Object(members) = &mut answer else {
        return Err("EGeneral:Internal error".into());
    };
    for (name, userref) in [("newuserref", userref), ("olduserref", old_userref)] {
        if let Some(userref) = userref {
            members.insert(name.to_owned(), i64::from(userref).into());
        }
    }
    if validate {
        members.shift_remove("txid");
        return Ok(answer.into());
    }
    check_status(spot.markets.status, &terms)?;
    let id = spot.replace(number, terms, call.now)?;
    members.insert("txid".to_owned(), id.into());
    Ok(answer.into())
}

/// What is to stand in the place of an order.
fn edited_terms(params: &Params, order: &Order, last: Decimal) -> Result<Terms, Refusal> {
    let mut terms = order.terms.clone();
    let (pair, kind) = (terms.pair, terms.kind);
    if order.triggered || terms.close.is_some() {
        return Err("EOrder:Invalid order".into());
    }
    let whole = match params.text("volume") {
        Some(text) => plain(&text).ok_or_else(|| Refusal::argument("volume"))?,
        None => terms.volume,
    };
    // Fills stay with the old order.
    terms.volume = whole - order.filled;
    if terms.volume <= Decimal::ZERO {
        return Err("EOrder:Invalid order".into());
    }
    if let Some(text) = params.text("price") {
        terms.price = request::price(pair, kind, Some(&text), "price")?;
    }
    if let Some(text) = params.text("price2") {
        terms.price2 = request::price2(pair, kind, Some(&text), "price2")?;
    }
    terms.display = request::display(params, "displayvol", kind, terms.volume)?
        .or(terms.display.map(|display| display.min(terms.volume)));
    let flags = params.texts("oflags");
    terms.flags = Flags {
        post: flags.iter().any(|flag| flag == "post"),
        ..terms.flags
    };
    if terms.flags.post && kind != Kind::Limit {
        return Err(Refusal::argument("oflags"));
    }
    let userref = params.integer("userref")?;
    terms.userref = userref
        .map(|userref| i32::try_from(userref).map_err(|_| Refusal::argument("userref")))
        .transpose()?;
    terms.client_id = None;
    let reckoned = match terms.price {
        Some(Price::At(price)) => price,
        _ => last,
    };
    check_size(pair, terms.volume, reckoned)?;
    resolve(&terms, last)?;
    Ok(terms)
}

/// The numbers of the open orders that a name stands for: an order id, or a
/// user reference, which are digits only.
fn numbers_of(spot: &Spot, account: &str, name: &str) -> Vec<u64> {
    name.parse().map_or_else(
        |_| spot.desk.find(account, name).into_iter().collect(),
        |userref| spot.desk.find_userref(account, userref),
    )
}

fn cancelled(count: usize) -> Reply {
    object! { "count" => count }.into()
}

fn cancel_order(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let numbers = match (call.params.text("txid"), call.params.text("cl_ord_id")) {
        (Some(name), _) => numbers_of(spot, account, &name),
        (None, Some(id)) => spot.desk.find_client(account, &id).into_iter().collect(),
        (None, None) => return Err(Refusal::argument("txid")),
    };
    check_up(spot.markets.status)?;
    if numbers.is_empty() {
        return Err("EOrder:Unknown order".into());
    }
    for number in &numbers {
        spot.count_change(call, *number, Act::Cancel, numbers.len() > 1)?;
        spot.cancel(*number, call.now);
    }
    Ok(cancelled(numbers.len()))
}

/// An entry of a list: a plain value, or an object that has it as a member.
fn entry(value: &Json, member: &str) -> Option<String> {
    value
        .scalar()
        .or_else(|| value.get(member).and_then(Json::scalar))
}

fn cancel_order_batch(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let orders = call.params.elements("orders");
    let client_ids = call.params.elements("cl_ord_ids");
    if !(1..=MOST_CANCELLED).contains(&(orders.len() + client_ids.len())) {
        return Err(Refusal::argument("orders"));
    }
    check_up(spot.markets.status)?;
    let mut numbers = Vec::new();
    for order in &orders {
        let name = entry(order, "txid").ok_or_else(|| Refusal::argument("orders"))?;
        let found = numbers_of(spot, account, &name);
        if found.is_empty() {
            numbers.extend(spot.desk.find_client(account, &name));
        }
        numbers.extend(found);
    }
    for client_id in &client_ids {
        let id = entry(client_id, "cl_ord_id").ok_or_else(|| Refusal::argument("cl_ord_ids"))?;
        numbers.extend(spot.desk.find_client(account, &id));
    }
    cancel_numbers(spot, call, numbers)
}

/// Cancels orders whatever the counter says, each once.
fn cancel_numbers(spot: &mut Spot, call: &Call<'_>, mut numbers: Vec<u64>) -> Outcome {
    numbers.sort_unstable();
    numbers.dedup();
    for number in &numbers {
        spot.count_change(call, *number, Act::Cancel, true)?;
        spot.cancel(*number, call.now);
    }
    Ok(cancelled(numbers.len()))
}

fn cancel_all(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    check_up(spot.markets.status)?;
    let numbers = spot.desk.open_of(call.account()?);
    cancel_numbers(spot, call, numbers)
}

fn cancel_all_after(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let timeout = call.params.integer("timeout")?;
    let timeout = timeout.ok_or_else(|| Refusal::argument("timeout"))?;
    let seconds = u64::try_from(timeout)
        .ok()
        .filter(|_| timeout < LONGEST_TIMER)
        .ok_or_else(|| Refusal::argument("timeout"))?;
    let at = (seconds > 0).then(|| call.now.plus(Duration::from_secs(seconds)));
    spot.cancel_all_after(call.account()?, at);
    let trigger = at.map_or_else(|| "0".to_owned(), Moment::rfc3339);
    Ok(object! { "currentTime" => call.now.rfc3339(), "triggerTime" => trigger }.into())
}

#[expect(clippy::unnecessary_wraps, reason = "all operations have this form")]
fn websockets_token(spot: &mut Spot, _call: &Call<'_>) -> Outcome {
    let token = spot.ids.base32(43);
    Ok(object! { "token" => token, "expires" => TOKEN_LIFE }.into())
}
