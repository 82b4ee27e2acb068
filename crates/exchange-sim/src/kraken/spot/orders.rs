//! Operations that read orders, trades and positions.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::account::check_rebase;
use super::assets::find_pair;
use super::desk::Trade;
use super::desk::order::{Amend, Kind, Order, Price, Status, fixed, side_name};
use super::desk::positions::{Position, TERMS};
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

const fn operation(
    name: &'static str,
    permission: Permission,
    cost: u32,
    call: fn(&mut Spot, &Call<'_>) -> Outcome,
) -> Operation {
    Operation {
        name,
        permission,
        cost,
        call,
    }
}

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("TradeBalance", OPEN_ONLY, 1, trade_balance),
    operation("OpenOrders", OPEN_ONLY, 1, open_orders),
    operation("ClosedOrders", CLOSED_ONLY, 1, closed_orders),
    operation("QueryOrders", EITHER, 1, query_orders),
    operation("OrderAmends", EITHER, 1, order_amends),
    operation("TradesHistory", CLOSED_ONLY, 2, trades_history),
    operation("QueryTrades", CLOSED_ONLY, 1, query_trades),
    operation("OpenPositions", OPEN_ONLY, 1, open_positions),
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

/// Which rows of a list are asked for.
enum Page {
    /// From so many on, and whether the number of all is told.
    Offset { offset: usize, count: bool },
    /// After the row with this number, going down; from the first if none.
    Cursor(Option<u64>),
}

impl Page {
    fn read(params: &Params) -> Result<Self, Refusal> {
        let offset = params.integer("ofs")?.unwrap_or_default();
        let offset = usize::try_from(offset).map_err(|_| Refusal::argument("ofs"))?;
        let cursor = params.text("cursor");
        if flag(params, "with_cursor", false)? {
            if offset > 0 {
                return Err(Refusal::argument("ofs"));
            }
            let cursor = cursor.map(|cursor| {
                let number = u64::from_str_radix(&cursor, 32);
                number.map_err(|_| Refusal::argument("cursor"))
            });
            return Ok(Self::Cursor(cursor.transpose()?));
        }
        if cursor.is_some() {
            return Err(Refusal::argument("cursor"));
        }
        let count = !flag(params, "without_count", false)?;
        Ok(Self::Offset { offset, count })
    }

    /// The rows of the page, out of all in falling order of their numbers, and
    /// what the answer says beside them.
    fn cut<T>(&self, rows: Vec<(u64, T)>, size: usize) -> (Vec<T>, Option<usize>, Option<String>) {
        let total = rows.len();
        match *self {
            Self::Offset { offset, count } => {
                let rows = rows.into_iter().skip(offset).take(size);
                let rows = rows.map(|(_, row)| row).collect();
                (rows, count.then_some(total), None)
            }
            Self::Cursor(after) => {
                let mut rows = rows
                    .into_iter()
                    .skip_while(|(number, _)| after.is_some_and(|after| *number >= after))
                    .peekable();
                let mut page = Vec::new();
                let mut last = 0;
                while page.len() < size
                    && let Some((number, row)) = rows.next()
                {
                    last = number;
                    page.push(row);
                }
                let next = rows.peek().map(|_| in_base_32(last));
                (page, None, next)
            }
        }
    }
}

/// Cursors are opaque to customers; these are numbers.
fn in_base_32(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 32).unwrap_or_default();
        digits.extend(char::from_digit(digit, 32));
        number /= 32;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

fn page_json(name: &str, rows: Json, count: Option<usize>, next: Option<String>) -> Json {
    let mut json = object! { name => rows };
    if let Json::Object(members) = &mut json {
        if let Some(count) = count {
            members.insert("count".into(), count.into());
        }
        if let Some(next) = next {
            members.insert("cursor".into(), object! { "next" => next });
        }
    }
    json
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

/// A bound of a list: a time, or the id of a row.
enum Bound {
    Time(Moment),
    Id(String),
}

fn bound(params: &Params, name: &str) -> Result<Option<Bound>, Refusal> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    if let Some(moment) = Moment::parse_seconds(&text) {
        return Ok(Some(Bound::Time(moment)));
    }
    let id = text.len() == 19 && text.is_ascii() && text.matches('-').count() == 2;
    if id {
        return Ok(Some(Bound::Id(text)));
    }
    Err(Refusal::argument(name))
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

/// As trades spell the kind of their order: with blanks.
pub(crate) fn kind_of_trade(trade: &Trade) -> &'static str {
    if trade.liquidation {
        return "liquidation market";
    }
    match trade.kind {
        Kind::Market => "market",
        Kind::Limit => "limit",
        Kind::Iceberg => "iceberg",
        Kind::StopLoss => "stop loss",
        Kind::TakeProfit => "take profit",
        Kind::StopLossLimit => "stop loss limit",
        Kind::TakeProfitLimit => "take profit limit",
        Kind::TrailingStop => "trailing stop",
        Kind::TrailingStopLimit => "trailing stop limit",
        Kind::SettlePosition => "settle position",
    }
}

/// A trade, or several of one execution counted as one.
struct Row<'a> {
    first: &'a Trade,
    cost: Decimal,
    fee: Decimal,
    volume: Decimal,
    margin: Decimal,
    /// Taken as it is if there is only one.
    price: Decimal,
    ledgers: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn new(trade: &'a Trade) -> Self {
        Self {
            first: trade,
            cost: trade.cost,
            fee: trade.fee,
            volume: trade.volume,
            margin: trade.margin,
            price: trade.price,
            ledgers: trade.ledgers.iter().map(String::as_str).collect(),
        }
    }

    fn add(&mut self, trade: &'a Trade) {
        self.cost += trade.cost;
        self.fee += trade.fee;
        self.volume += trade.volume;
        self.margin += trade.margin;
        self.price = self.cost.checked_div(self.volume).unwrap_or(self.price);
        self.ledgers
            .extend(trade.ledgers.iter().map(String::as_str));
    }

    fn json(&self, spot: &Spot, account: &str, with: Extras) -> Json {
        let trade = self.first;
        let pair = trade.pair;
        let money = |amount| fixed(amount, pair.cost_decimals);
        let leverage = trade.leverage.unwrap_or_default().to_string();
        let mut json = object! {
            "ordertxid" => trade.order.as_str(),
            "postxid" => trade.position.as_deref().unwrap_or(&trade.id),
            "pair" => pair.id,
            "aclass" => "forex",
            "time" => seconds(trade.time),
            "type" => side_name(trade.side),
            "ordertype" => kind_of_trade(trade),
            "price" => money(self.price),
            "cost" => money(self.cost),
            "fee" => money(self.fee),
            "vol" => fixed(self.volume, pair.lot_decimals),
            "margin" => money(self.margin),
            "leverage" => leverage,
            "misc" => trade.misc(),
            "trade_id" => trade.tape,
            "maker" => trade.maker,
        };
        let Json::Object(members) = &mut json else {
            return json;
        };
        let mut add = |name: &str, value: Json| {
            members.insert(name.to_owned(), value);
        };
        if with.ledgers {
            add("ledgers", self.ledgers.iter().copied().collect());
        }
        let opened = trade.position.as_ref().filter(|id| **id == trade.id);
        let position = opened.and_then(|id| spot.desk.positions.find(account, id));
        if let Some((position, open)) = position {
            let digits = pair.cost_decimals;
            let number = |amount: Decimal| Json::Number(fixed(amount, digits));
            let average = position.closed_cost.checked_div(position.closed_volume);
            add("posstatus", if open { "open" } else { "closed" }.into());
            add("cprice", number(average.unwrap_or_default()));
            add("ccost", number(position.closed_cost));
            add("cfee", number(position.closed_fee));
            let closed_volume = fixed(position.closed_volume, pair.lot_decimals);
            add("cvol", Json::Number(closed_volume));
            add("cmargin", number(position.released_margin));
            add("net", number(position.net));
            if with.closing {
                add("trades", position.closing_trades.clone().into());
            }
        }
        json
    }
}

/// What trades are to be told with.
#[derive(Clone, Copy)]
struct Extras {
    ledgers: bool,
    /// The trades that closed a position.
    closing: bool,
}

impl Extras {
    fn read(params: &Params) -> Result<Self, Refusal> {
        Ok(Self {
            ledgers: flag(params, "ledgers", false)?,
            closing: flag(params, "trades", false)?,
        })
    }
}

/// Whether a trade is of the kind that is asked for; `None` if there is no
/// such kind.
fn is_of_kind(spot: &Spot, account: &str, trade: &Trade, kind: &str) -> Option<bool> {
    let positions = &spot.desk.positions;
    let closed = |id: &String| {
        let found = positions.find(account, id);
        found.is_none_or(|(_, open)| !open)
    };
    Some(match kind {
        "all" => true,
        "any position" => trade.position.is_some(),
        "closed position" => trade.position.as_ref().is_some_and(closed),
        "closing position" => trade.closing,
        "no position" => trade.position.is_none(),
        _ => return None,
    })
}

fn trades_history(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = &spot.wallet(call)?;
    check_rebase(call.params)?;
    let params = call.params;
    let page = Page::read(params)?;
    let with = Extras::read(params)?;
    let grouped = flag(params, "consolidate_taker", true)?;
    let kind = params.text("type").unwrap_or_else(|| "all".into());
    let kinds = [
        "all",
        "any position",
        "closed position",
        "closing position",
        "no position",
    ];
    if !kinds.contains(&kind.as_str()) {
        return Err(Refusal::argument("type"));
    }
    let pair = params
        .text("pair")
        .map(|name| find_pair(&name).ok_or("EQuery:Unknown asset pair"))
        .transpose()?;
    let size = params.integer("limit")?.unwrap_or(50);
    if size < 1 {
        return Err(Refusal::argument("limit"));
    }
    let size = usize::try_from(size.min(LARGEST_PAGE)).unwrap_or(PAGE);
    let start = trade_bound(spot, account, params, "start")?;
    let end = trade_bound(spot, account, params, "end")?;

    let mut rows: Vec<(u64, Row<'_>)> = Vec::new();
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for trade in spot.desk.trades_of(account) {
        let (time, number) = (told(trade.time), trade.number);
        let after = start.as_ref().is_none_or(|start| match start {
            TradeBound::Time(start) => time > *start,
            TradeBound::Number(start) => number > *start,
        });
        let until = end.as_ref().is_none_or(|end| match end {
            TradeBound::Time(end) => time <= *end,
            TradeBound::Number(end) => number <= *end,
        });
        let of_kind = is_of_kind(spot, account, trade, &kind) == Some(true);
        let of_pair = pair.is_none_or(|pair| trade.pair.id == pair.id);
        if !(after && until && of_kind && of_pair) {
            continue;
        }
        // What belongs to different positions is not one trade.
        let before = groups.get(trade.group.as_str()).filter(|_| grouped);
        let before = before.and_then(|index| rows.get_mut(*index));
        match before {
            Some((_, row)) if row.first.position == trade.position => row.add(trade),
            _ => {
                groups.insert(&trade.group, rows.len());
                rows.push((number, Row::new(trade)));
            }
        }
    }
    rows.reverse();
    let (rows, count, next) = page.cut(rows, size);
    let rows = rows.iter().map(|row| {
        let json = row.json(spot, account, with);
        (row.first.id.clone(), json)
    });
    Ok(page_json("trades", rows.collect(), count, next).into())
}

/// A bound of a list of trades: a time, or the number of a trade.
enum TradeBound {
    Time(Moment),
    Number(u64),
}

fn trade_bound(
    spot: &Spot,
    account: &str,
    params: &Params,
    name: &str,
) -> Result<Option<TradeBound>, Refusal> {
    Ok(match bound(params, name)? {
        None => None,
        Some(Bound::Time(moment)) => Some(TradeBound::Time(moment)),
        Some(Bound::Id(id)) => {
            let trade = spot.desk.trades_of(account).find(|trade| trade.id == id);
            let trade = trade.ok_or_else(|| Refusal::argument(name))?;
            Some(TradeBound::Number(trade.number))
        }
    })
}

fn query_trades(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = &spot.wallet(call)?;
    check_rebase(call.params)?;
    let with = Extras::read(call.params)?;
    let ids = call.params.texts("txid");
    if ids.is_empty() || ids.len() > MOST_TRADES {
        return Err(Refusal::argument("txid"));
    }
    let mut rows = Vec::new();
    for id in ids {
        let trade = spot.desk.trades_of(account).rev().find(|t| t.id == id);
        let trade = trade.ok_or_else(|| Refusal::argument("txid"))?;
        rows.push((id, Row::new(trade).json(spot, account, with)));
    }
    Ok(rows.into_iter().collect::<Json>().into())
}

/// With an explicit plus sign for what is not below zero.
fn signed(amount: Decimal) -> String {
    let text = fixed(amount, 4);
    if text.starts_with('-') {
        text
    } else {
        format!("+{text}")
    }
}

fn position_json(spot: &Spot, position: &Position, calculate: bool) -> Json {
    let pair = position.pair;
    let money = |amount| fixed(amount, pair.cost_decimals);
    let mut json = object! {
        "ordertxid" => position.order.as_str(),
        "class" => "forex",
        "posstatus" => "open",
        "pair" => pair.id,
        "time" => seconds(position.opened),
        "type" => side_name(position.side),
        "ordertype" => position.kind.name(),
        "cost" => money(position.cost),
        "fee" => money(position.fee),
        "vol" => fixed(position.volume, pair.lot_decimals),
        "vol_closed" => fixed(position.closed_volume, pair.lot_decimals),
        "margin" => money(position.margin),
    };
    if let Json::Object(members) = &mut json {
        let mut add = |name: &str, value: Json| {
            members.insert(name.to_owned(), value);
        };
        if calculate {
            let last = spot.last_price(pair);
            let value = fixed(position.value_at(last), pair.price_decimals);
            add("value", value.into());
            add("net", signed(position.profit_at(last)).into());
        }
        add("terms", TERMS.into());
        let next = position.next_rollover.seconds().to_string();
        add("rollovertm", next.into());
        add("misc", "".into());
        add("oflags", position.flags.as_str().into());
    }
    json
}

/// Positions of one pair and side, summed.
#[derive(Default)]
struct Sum {
    positions: usize,
    cost: Decimal,
    fee: Decimal,
    volume: Decimal,
    closed_volume: Decimal,
    margin: Decimal,
    value: Decimal,
    net: Decimal,
}

fn consolidated(spot: &Spot, positions: &[&Position], calculate: bool) -> Json {
    let mut sums: BTreeMap<_, (&Position, Sum)> = BTreeMap::new();
    for position in positions {
        let key = (position.pair.id, side_name(position.side));
        let (_, sum) = sums.entry(key).or_insert((position, Sum::default()));
        let last = spot.last_price(position.pair);
        sum.positions += 1;
        sum.cost += position.cost;
        sum.fee += position.fee;
        sum.volume += position.volume;
        sum.closed_volume += position.closed_volume;
        sum.margin += position.margin;
        sum.value += position.value_at(last);
        sum.net += position.profit_at(last);
    }
    let rows = sums.into_values().map(|(first, sum)| {
        let pair = first.pair;
        let money = |amount| fixed(amount, pair.cost_decimals);
        let leverage = sum.cost.checked_div(sum.margin);
        let leverage = leverage.map_or_else(|| "n/a".to_owned(), |times| fixed(times, 2));
        let mut json = object! {
            "pair" => pair.id,
            "class" => "forex",
            "positions" => sum.positions.to_string(),
            "type" => side_name(first.side),
            "leverage" => leverage,
            "cost" => money(sum.cost),
            "fee" => money(sum.fee),
            "vol" => fixed(sum.volume, pair.lot_decimals),
            "vol_closed" => fixed(sum.closed_volume, pair.lot_decimals),
            "margin" => money(sum.margin),
        };
        if let Json::Object(members) = &mut json
            && calculate
        {
            let value = fixed(sum.value, pair.price_decimals);
            members.insert("value".into(), value.into());
            members.insert("net".into(), signed(sum.net).into());
        }
        json
    });
    Json::List(rows.collect())
}

fn open_positions(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = &spot.wallet(call)?;
    check_rebase(call.params)?;
    let params = call.params;
    let calculate = flag(params, "docalcs", false)?;
    let ids = params.texts("txid");
    let wanted = |position: &&Position| ids.is_empty() || ids.contains(&position.id);
    let positions = spot.desk.positions.open_of(account).filter(wanted);
    let positions: Vec<&Position> = positions.collect();
    match params.text("consolidation").as_deref() {
        None => {}
        Some("market") => return Ok(consolidated(spot, &positions, calculate).into()),
        Some(_) => return Err(Refusal::argument("consolidation")),
    }
    let rows = positions.iter().map(|position| {
        let json = position_json(spot, position, calculate);
        (position.id.clone(), json)
    });
    Ok(rows.collect::<Json>().into())
}
