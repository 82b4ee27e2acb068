//! Operations that read orders, trades and positions.
//!
//! | Module | Subject |
//! |---|---|
//! | [`page`] | which rows of a list an answer has |
//! | [`trades`] | operations that read trades |
//! | [`positions`] | the operation that reads positions |

mod page;
mod positions;
mod trades;

pub(crate) use self::trades::kind_of_trade;

use self::page::{Bound, Page, bound, page_json};
use self::positions::open_positions;
use self::trades::{query_trades, trades_history};
use super::account::check_rebase;
use super::desk::order::{Amend, Order, Price, Status, fixed, side_name};
use super::{Call, Operation, Permission, Spot};
use crate::Moment;
use crate::json::{Json, object};
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::params::Params;

const OPEN: &str = "Orders and trades - Query open orders & trades";
const CLOSED: &str = "Orders and trades - Query closed orders & trades";
const OPEN_ONLY: Permission = Permission::All(&[OPEN]);
const CLOSED_ONLY: Permission = Permission::All(&[CLOSED]);
const EITHER: Permission = Permission::Any(&[OPEN, CLOSED]);

/// Rows of a page.
const PAGE: usize = 50;

/// Rows of the largest page, where a page's size can be chosen.
const LARGEST_PAGE: i64 = 100;

/// Open orders that are listed without pages.
const MOST_LISTED: i64 = 1_000;

/// How many orders, and how many trades, are asked for by id at a time.
const MOST_ORDERS: usize = 50;
const MOST_TRADES: usize = 20;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("TradeBalance", OPEN_ONLY, 1, trade_balance),
    Operation::new("OpenOrders", OPEN_ONLY, 1, open_orders),
    Operation::new("ClosedOrders", CLOSED_ONLY, 1, closed_orders),
    Operation::new("QueryOrders", EITHER, 1, query_orders),
    Operation::new("OrderAmends", EITHER, 1, order_amends),
    Operation::new("TradesHistory", CLOSED_ONLY, 2, trades_history),
    Operation::new("QueryTrades", CLOSED_ONLY, 1, query_trades),
    Operation::new("OpenPositions", OPEN_ONLY, 1, open_positions),
];

/// Times are told to the microsecond, and compared as they are told.
fn told(moment: Moment) -> Moment {
    let nanoseconds = moment.nanoseconds();
    Moment::from_nanoseconds(nanoseconds - nanoseconds % 1_000)
}

fn seconds(moment: Moment) -> Json {
    Json::number(moment.seconds_with(6))
}

fn seconds_or_zero(moment: Option<Moment>) -> Json {
    moment.map_or_else(|| 0_u32.into(), seconds)
}

fn flag(params: &Params, name: &str, otherwise: bool) -> Result<bool, Refusal> {
    Ok(params.boolean(name)?.unwrap_or(otherwise))
}

/// An order in the venue's words. `grouped` counts the fills of one execution
/// as one trade; they are listed only if `trades` is given.
fn order_json(spot: &Spot, order: &Order, trades: bool, grouped: bool) -> Json {
    let terms = &order.terms;
    let pair = terms.pair;
    let money = |amount| fixed(amount, pair.cost_decimals);
    let volume = |amount| fixed(amount, pair.lot_decimals);
    let price = |price: Option<Price>| price.map_or_else(|| "0".to_owned(), |p| p.text(pair));
    let leverage = terms
        .leverage
        .map_or_else(|| "none".to_owned(), |times| format!("{times}:1"));
    let descr = object! {
        "pair" => pair.altname,
        "aclass" => "forex",
        "type" => side_name(terms.side),
        "ordertype" => terms.kind.name(),
        "price" => price(terms.price),
        "price2" => price(terms.price2),
        "leverage" => leverage,
        "order" => terms.description(pair.altname),
        "close" => terms.close_description(),
    };
    let limit = order.limit.filter(|_| terms.kind.has_second_price());
    let mut json = object! {
        "refid" => order.refid.clone(),
        "userref" => terms.userref.map(i64::from),
        "status" => order.status.name(),
        "opentm" => seconds(order.opened),
        "starttm" => seconds_or_zero(terms.start),
        "expiretm" => seconds_or_zero(terms.expire),
        "descr" => descr,
        "time_in_force" => terms.in_force.name(),
        "vol" => volume(terms.volume),
        "vol_exec" => volume(order.executed()),
        "cost" => money(order.cost),
        "fee" => money(order.fee),
        "price" => money(order.average_price()),
        "stopprice" => money(order.stop.unwrap_or_default()),
        "limitprice" => money(limit.unwrap_or_default()),
        "margin" => terms.leverage.is_some(),
        "misc" => order.misc(),
        "oflags" => terms.flags.text(),
    };
    let Json::Object(members) = &mut json else {
        return json;
    };
    let mut add = |name: &str, value: Json| {
        members.insert(name.to_owned(), value);
    };
    if let Some(id) = &terms.client_id {
        add("cl_ord_id", id.as_str().into());
    }
    if let Some(link) = &order.link {
        add("link_id", link.as_str().into());
    }
    if terms.kind.is_triggered() {
        add("trigger", terms.trigger.unwrap_or("last").into());
    }
    if terms.reduce_only {
        add("reduce_only", true.into());
    }
    if let Some(display) = terms.display {
        add("displayvol", volume(display).into());
        let remains = display.min(order.remaining());
        add("displayvolremain", volume(remains).into());
    }
    if trades {
        let ids = trade_ids(spot, order, grouped);
        add("trades", ids.into());
    }
    if let Some(closed) = order.closed {
        add("closetm", seconds(closed));
        add("reason", order.reason.into());
    }
    json
}

fn trade_ids(spot: &Spot, order: &Order, grouped: bool) -> Vec<String> {
    if !grouped {
        return order.trades.iter().cloned().collect();
    }
    let mut ids: Vec<String> = Vec::new();
    for trade in spot.desk.trades_of(&order.account) {
        if trade.order == order.id && ids.last() != Some(&trade.group) {
            ids.push(trade.group.clone());
        }
    }
    ids
}

/// Which orders a call asks for.
struct Wanted {
    userref: Option<i64>,
    client_id: Option<String>,
    trades: bool,
    grouped: bool,
}

impl Wanted {
    fn read(params: &Params) -> Result<Self, Refusal> {
        Ok(Self {
            userref: params.integer("userref")?,
            client_id: params.text("cl_ord_id"),
            trades: flag(params, "trades", false)?,
            grouped: flag(params, "consolidate_taker", true)?,
        })
    }

    fn includes(&self, order: &Order) -> bool {
        let userref = order.terms.userref.map(i64::from);
        (self.userref.is_none() || self.userref == userref)
            && (self.client_id.is_none() || self.client_id == order.terms.client_id)
    }
}

fn trade_balance(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = &spot.wallet(call)?;
    check_rebase(call.params)?;
    let asset = call.params.text("asset").unwrap_or_else(|| "ZUSD".into());
    if super::assets::find_asset(&asset).is_none() {
        return Err("EQuery:Unknown asset".into());
    }
    let standing = spot.standing(account, &asset);
    let text = |amount| fixed(amount, 4);
    let equity = standing.equity();
    let free = equity.saturating_sub(standing.margin);
    let mut json = object! {
        "eb" => text(standing.balance),
        "tb" => text(standing.balance),
        "m" => text(standing.margin),
        "n" => text(standing.profit),
        "c" => text(standing.cost),
        "v" => text(standing.value),
        "e" => text(equity),
        "mf" => text(free),
        "mfo" => text(free.saturating_sub(standing.ordered_margin)),
    };
    if let Json::Object(members) = &mut json {
        if let Some(level) = standing.level() {
            members.insert("ml".into(), fixed(level, 2).into());
        }
        members.insert("uv".into(), text(standing.unfilled).into());
    }
    Ok(json.into())
}

fn open_orders(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = &spot.wallet(call)?;
    check_rebase(call.params)?;
    let wanted = Wanted::read(call.params)?;
    let page = Page::read(call.params)?;
    let paged = matches!(page, Page::Cursor(_));
    let most = if paged { LARGEST_PAGE } else { MOST_LISTED };
    let limit = call.params.integer("limit")?;
    if limit.is_some_and(|limit| limit < 1 || limit > most) {
        return Err(Refusal::argument("limit"));
    }
    let size = match limit.and_then(|limit| usize::try_from(limit).ok()) {
        Some(limit) => limit,
        None if paged => PAGE,
        None => usize::MAX,
    };
    let rows = spot
        .desk
        .open()
        .rev()
        .filter(|(_, order)| order.account == *account && wanted.includes(order))
        .collect();
    let (rows, _, next) = page.cut(rows, size);
    let rows = rows.into_iter().map(|order| {
        let json = order_json(spot, order, wanted.trades, wanted.grouped);
        (order.id.clone(), json)
    });
    Ok(page_json("open", rows.collect(), None, next).into())
}

/// A bound of a list of orders, as the time it stands for.
fn order_bound(
    spot: &Spot,
    account: &str,
    params: &Params,
    name: &str,
) -> Result<Option<Moment>, Refusal> {
    Ok(match bound(params, name)? {
        None => None,
        Some(Bound::Time(moment)) => Some(moment),
        Some(Bound::Id(id)) => {
            let order = find_order(spot, account, &id).ok_or_else(|| Refusal::argument(name))?;
            Some(told(order.opened))
        }
    })
}

fn find_order<'a>(spot: &'a Spot, account: &str, id: &str) -> Option<&'a Order> {
    let open = spot.desk.find(account, id);
    let open = open.and_then(|number| spot.desk.order(number));
    open.or_else(|| spot.desk.closed_of(account).rev().find(|o| o.id == id))
}

fn closed_orders(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = &spot.wallet(call)?;
    check_rebase(call.params)?;
    let params = call.params;
    let wanted = Wanted::read(params)?;
    let page = Page::read(params)?;
    let start = order_bound(spot, account, params, "start")?;
    let end = order_bound(spot, account, params, "end")?;
    let within = |time: Moment| {
        let time = told(time);
        start.is_none_or(|start| time > start) && end.is_none_or(|end| time <= end)
    };
    let by = params.text("closetime").unwrap_or_else(|| "both".into());
    let (by_open, by_close) = match by.as_str() {
        "open" => (true, false),
        "close" => (false, true),
        "both" => (true, true),
        _ => return Err(Refusal::argument("closetime")),
    };
    let total = spot.desk.closed_of(account).count();
    let before = spot.desk.forgotten_of(account);
    let mut rows: Vec<(u64, &Order)> = spot
        .desk
        .closed_of(account)
        .rev()
        .enumerate()
        .map(|(index, order)| (before + u64::try_from(total - index).unwrap_or(0), order))
        .filter(|(_, order)| wanted.includes(order))
        .filter(|(_, order)| {
            (by_open && within(order.opened)) || (by_close && order.closed.is_some_and(within))
        })
        .collect();
    if !by_close && matches!(page, Page::Offset { .. }) {
        rows.sort_by_key(|(_, order)| std::cmp::Reverse(order.opened));
    }
    let (rows, count, next) = page.cut(rows, PAGE);
    let rows = rows.into_iter().map(|order| {
        let json = order_json(spot, order, wanted.trades, wanted.grouped);
        (order.id.clone(), json)
    });
    Ok(page_json("closed", rows.collect(), count, next).into())
}

/// Whether the key may see orders in this state.
fn may_see(call: &Call<'_>, order: &Order) -> Result<bool, Refusal> {
    let permission = match order.status {
        Status::Pending | Status::Open => OPEN,
        Status::Closed | Status::Canceled | Status::Expired => CLOSED,
    };
    Ok(call.key()?.config.allows(permission))
}

fn query_orders(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = &spot.wallet(call)?;
    check_rebase(call.params)?;
    let wanted = Wanted::read(call.params)?;
    let ids = call.params.texts("txid");
    if ids.is_empty() || ids.len() > MOST_ORDERS {
        return Err(Refusal::argument("txid"));
    }
    let mut rows = Vec::new();
    for id in &ids {
        let order = find_order(spot, account, id).ok_or("EOrder:Unknown order")?;
        if !may_see(call, order)? {
            return Err("EGeneral:Permission denied".into());
        }
        if wanted.includes(order) {
            let json = order_json(spot, order, wanted.trades, wanted.grouped);
            rows.push((id.clone(), json));
        }
    }
    Ok(rows.into_iter().collect::<Json>().into())
}

fn amend_json(order: &Order, amend: &Amend) -> Json {
    let pair = order.terms.pair;
    let volume = |amount| fixed(amount, pair.lot_decimals);
    let mut json = object! {
        "amend_id" => amend.id.as_str(),
        "amend_type" => if amend.original { "original" } else { "user" },
        "order_qty" => volume(amend.volume),
        "remaining_qty" => volume(amend.remaining),
    };
    if let Json::Object(members) = &mut json {
        let mut add = |name: &str, value: Json| {
            members.insert(name.to_owned(), value);
        };
        if let Some(display) = amend.display {
            add("display_qty", volume(display).into());
        }
        if let Some(limit) = amend.limit {
            add("limit_price", fixed(limit, pair.price_decimals).into());
        }
        if let Some(trigger) = amend.trigger {
            add("trigger_price", trigger.text(pair).into());
        }
        if !amend.original {
            add("reason", "User requested".into());
        }
        add("post_only", amend.post_only.into());
        add("timestamp", amend.time.milliseconds().into());
    }
    json
}

fn order_amends(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = &spot.wallet(call)?;
    check_rebase(call.params)?;
    let id = call.params.required("order_id")?;
    let order = find_order(spot, account, &id).ok_or("EOrder:Unknown order")?;
    if !may_see(call, order)? {
        return Err("EGeneral:Permission denied".into());
    }
    let amends = order.amends.iter().map(|amend| amend_json(order, amend));
    let amends: Vec<Json> = amends.collect();
    Ok(object! { "count" => amends.len(), "amends" => amends }.into())
}
