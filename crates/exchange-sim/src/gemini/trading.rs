//! Operations on orders and their history.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;

use super::answer::{Outcome, Refusal, plain};
use super::exchange::{Exchange, MAKER_BPS, TAKER_BPS};
use super::orders::{Fill, Order, Style};
use super::params::{missing, value};
use super::symbols::{self, Symbol};
use super::{Access, Call, Operation, TRADER, TRADER_OR_AUDITOR, op};
use crate::Moment;
use crate::books::Holder;
use crate::json::{Json, object};

const CREATE: &[&str] = &["orders:create"];
const READ: &[&str] = &["orders:read"];
const HISTORY: &[&str] = &["history:read"];

/// Live orders that an account may have. The vendor names no number.
const MOST_LIVE: usize = 5_000;

pub(crate) static OPERATIONS: [Operation; 12] = [
    op(
        "createNewOrder",
        "/v1/order/new",
        Access::Account,
        TRADER,
        CREATE,
        new_order,
    ),
    op(
        "cancelOrder",
        "/v1/order/cancel",
        Access::Account,
        TRADER,
        CREATE,
        cancel_order,
    ),
    op(
        "cancelAllActiveOrders",
        "/v1/order/cancel/all",
        Access::Account,
        TRADER,
        CREATE,
        cancel_all,
    ),
    op(
        "cancelAllSessionOrders",
        "/v1/order/cancel/session",
        Access::Account,
        TRADER,
        CREATE,
        cancel_session,
    ),
    op(
        "getOrderStatus",
        "/v1/order/status",
        Access::Account,
        TRADER,
        READ,
        status,
    ),
    op(
        "listActiveOrders",
        "/v1/orders",
        Access::Account,
        TRADER_OR_AUDITOR,
        READ,
        active,
    ),
    op(
        "listPastOrders",
        "/v1/orders/history",
        Access::Account,
        TRADER_OR_AUDITOR,
        HISTORY,
        past_orders,
    ),
    op(
        "listPastTrades",
        "/v1/mytrades",
        Access::Account,
        TRADER_OR_AUDITOR,
        HISTORY,
        past_trades,
    ),
    op(
        "getTradingVolume",
        "/v1/tradevolume",
        Access::Account,
        TRADER_OR_AUDITOR,
        HISTORY,
        volume,
    ),
    op(
        "getNotionalTradingVolume",
        "/v1/notionalvolume",
        Access::Account,
        TRADER_OR_AUDITOR,
        HISTORY,
        notional_volume,
    ),
    op(
        "wrapOrder",
        "/v1/wrap/{}",
        Access::Account,
        TRADER,
        CREATE,
        wrap,
    ),
    op(
        "sendHeartbeat",
        "/v1/heartbeat",
        Access::Key,
        &[],
        &[],
        heartbeat,
    ),
];

/// `true` for buy.
pub(crate) fn side(call: &Call<'_>) -> Result<bool, Refusal> {
    let text = call.params.required("side")?;
    match text.to_lowercase().as_str() {
        "buy" => Ok(true),
        "sell" => Ok(false),
        _ => Err(Refusal::bad(
            "InvalidSide",
            format!("Invalid side: '{text}'"),
        )),
    }
}

/// The symbol of a request.
pub(crate) fn symbol(call: &Call<'_>) -> Result<&'static Symbol, Refusal> {
    symbols::symbol(&call.params.required("symbol")?)
}

fn amount(call: &Call<'_>, symbol: &Symbol) -> Result<Decimal, Refusal> {
    let amount = call.params.positive("amount", "InvalidQuantity")?;
    if amount < symbol.smallest() || amount.normalize().scale() > symbol.amount_digits {
        return Err(Refusal::bad(
            "InvalidQuantity",
            format!("Invalid quantity for symbol {}: {amount}", symbol.upper()),
        ));
    }
    Ok(amount)
}

fn price(call: &Call<'_>, name: &str, reason: &str, symbol: &Symbol) -> Result<Decimal, Refusal> {
    let price = call.params.positive(name, reason)?;
    if price.normalize().scale() > symbol.price_digits {
        return Err(Refusal::bad(
            reason,
            format!("Invalid price for symbol {}: {price}", symbol.upper()),
        ));
    }
    Ok(price)
}

fn style(call: &Call<'_>) -> Result<Style, Refusal> {
    let Some(options) = call.params.get("options") else {
        return Ok(Style::Plain);
    };
    let options = options.as_list().ok_or_else(|| {
        Refusal::bad("OptionsMustBeArray", "The 'options' field must be an array")
    })?;
    let mut style = Style::Plain;
    for option in options {
        let one = match option.as_str() {
            Some("maker-or-cancel") => Style::MakerOrCancel,
            Some("immediate-or-cancel") => Style::ImmediateOrCancel,
            Some("fill-or-kill") => Style::FillOrKill,
            _ => {
                return Err(Refusal::bad(
                    "UnsupportedOption",
                    format!("Option {option} is not supported"),
                ));
            }
        };
        if style != Style::Plain {
            return Err(Refusal::bad(
                "ConflictingOptions",
                "A single order may have one option only",
            ));
        }
        style = one;
    }
    Ok(style)
}

fn client_order_id(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    match call.params.get("client_order_id") {
        None => Ok(None),
        Some(Json::Text(text)) if text.chars().count() > 100 => Err(Refusal::bad(
            "ClientOrderIdTooLong",
            "The 'client_order_id' must have no more than 100 characters",
        )),
        Some(Json::Text(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::bad(
            "ClientOrderIdMustBeString",
            "The 'client_order_id' must be a string",
        )),
    }
}

/// The stop price of a stop-limit order.
fn stop(
    call: &Call<'_>,
    symbol: &Symbol,
    buy: bool,
    price_limit: Decimal,
) -> Result<Decimal, Refusal> {
    if call.params.text("stop_price").is_none() {
        return Err(Refusal::bad("MissingOrderField", "Missing 'stop_price'"));
    }
    let stop = price(call, "stop_price", "InvalidStopPrice", symbol)?;
    if buy && stop > price_limit {
        return Err(Refusal::bad(
            "InvalidStopPriceBuy",
            "To buy, the stop price must not be above the limit price",
        ));
    }
    if !buy && stop < price_limit {
        return Err(Refusal::bad(
            "InvalidStopPriceSell",
            "To sell, the stop price must not be below the limit price",
        ));
    }
    if (stop - price_limit).abs() * Decimal::TWO > price_limit {
        return Err(Refusal::bad(
            "InvalidStopPriceRatio",
            "Stop price and limit price are too far apart",
        ));
    }
    Ok(stop)
}

fn new_order(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let params = call.params;
    for name in ["symbol", "amount", "price", "side", "type"] {
        if params.text(name).is_none() {
            return Err(Refusal::bad(
                "MissingOrderField",
                format!("Missing '{name}'"),
            ));
        }
    }
    let symbol = symbol(call)?;
    let kind = params.required("type")?;
    let stops = match kind.as_str() {
        // The second is how the vendor's sample programs have it.
        "exchange limit" | "limit" => false,
        "exchange stop limit" => true,
        _ => {
            return Err(Refusal::bad(
                "InvalidOrderType",
                format!("Invalid order type for symbol {}: '{kind}'", symbol.upper()),
            ));
        }
    };
    let buy = side(call)?;
    let amount = amount(call, symbol)?;
    let price = price(call, "price", "InvalidPrice", symbol)?;
    let style = style(call)?;
    let client_order_id = client_order_id(call)?;
    if exchange.accounts[call.account].kind != "exchange" {
        return Err(Refusal::bad(
            "AccountNotOfTypeRequired",
            "Orders need an exchange account",
        ));
    }
    if params.boolean("margin_order", false)? && !super::derivatives::has_margin(call.account) {
        return Err(Refusal::bad(
            "AccountNotOfTypeRequired",
            "The account is not enabled for margin",
        ));
    }
    let stop = if stops {
        if style != Style::Plain {
            return Err(Refusal::bad(
                "UnsupportedOption",
                "A stop-limit order takes no options",
            ));
        }
        Some(stop(call, symbol, buy, price)?)
    } else {
        None
    };
    let live = exchange.live.values();
    if live.filter(|order| order.account == call.account).count() >= MOST_LIVE {
        return Err(Refusal::bad("InvalidQuantity", "Too many live orders"));
    }
    let order = Order {
        id: exchange.ids.number(),
        account: call.account,
        session: call.session.to_owned(),
        symbol,
        client_order_id,
        buy,
        price,
        stop,
        stop_price: stop,
        amount,
        executed: Decimal::ZERO,
        notional: Decimal::ZERO,
        style,
        created: call.now,
        cancelled: None,
        closed: None,
    };
    let (currency, needed) = order.hold();
    if exchange.available(call.account, currency) < needed {
        return Err(Refusal::funds(format!(
            "Failed to place {} order on symbol '{}' for price ${price} and quantity {amount} {} due to insufficient funds",
            if buy { "buy" } else { "sell" },
            symbol.upper(),
            symbol.base,
        )));
    }
    let id = exchange.place(order)?;
    let mut json = status_of(exchange, id, false)?;
    if let Json::Object(members) = &mut json {
        members.insert("symbol".into(), symbol.upper().into());
    }
    Ok(json.into())
}

/// The order of a request, if it is the account's.
fn wanted(exchange: &Exchange, call: &Call<'_>) -> Result<u64, Refusal> {
    let text = call.params.required("order_id")?;
    let id: u64 = text.parse().map_err(|_| value("order_id", &text))?;
    exchange
        .order(id)
        .filter(|order| order.account == call.account)
        .map(|order| order.id)
        .ok_or_else(|| not_found(&text))
}

fn not_found(id: &str) -> Refusal {
    Refusal::new(404, "OrderNotFound", format!("Order {id} not found"))
}

fn cancel_order(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let id = wanted(exchange, call)?;
    exchange.cancel(id, "Requested");
    Ok(status_of(exchange, id, false)?.into())
}

fn cancel_some(exchange: &mut Exchange, which: impl Fn(&Order) -> bool) -> Outcome {
    let ids: Vec<u64> = exchange
        .live
        .values()
        .filter(|order| which(order))
        .map(|order| order.id)
        .collect();
    for id in &ids {
        exchange.cancel(*id, "Requested");
    }
    let none = Vec::<u64>::new();
    Ok(object! {
        "result" => "ok",
        "details" => object! { "cancelRejects" => none, "cancelledOrders" => ids },
    }
    .into())
}

fn cancel_all(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    cancel_some(exchange, |order| order.account == call.account)
}

fn cancel_session(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    cancel_some(exchange, |order| {
        order.account == call.account && order.session == call.session
    })
}

fn status(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let with_trades = call.params.boolean("include_trades", false)?;
    let named = call.params.text("client_order_id");
    let id = match (call.params.text("order_id"), named) {
        (Some(_), Some(_)) => {
            return Err(Refusal::bad(
                "InvalidParameterValue",
                "Only one of 'order_id' and 'client_order_id' may be given",
            ));
        }
        (Some(_), None) => wanted(exchange, call)?,
        (None, Some(named)) => {
            let live = exchange.live.values().rev();
            let mut orders = live.chain(exchange.closed.values().rev());
            orders
                .find(|order| {
                    order.account == call.account
                        && order.client_order_id.as_deref() == Some(named.as_str())
                })
                .map(|order| order.id)
                .ok_or_else(|| not_found(&named))?
        }
        (None, None) => return Err(missing("order_id")),
    };
    Ok(status_of(exchange, id, with_trades)?.into())
}

fn active(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let orders = exchange.live.values().rev();
    let orders = orders.filter(|order| order.account == call.account);
    Ok(orders.map(order_json).collect::<Json>().into())
}

fn past_orders(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let limit = call.params.limit("limit_orders", 50, 500)?;
    let (symbol, from) = (optional_symbol(call)?, call.params.time("timestamp")?);
    let mut orders: Vec<&Order> = exchange
        .closed
        .values()
        .filter(|order| order.account == call.account)
        .filter(|order| symbol.is_none_or(|symbol| std::ptr::eq(order.symbol, symbol)))
        .filter(|order| from.is_none_or(|from| order.created >= from))
        .collect();
    page(&mut orders, from.is_some(), limit, |order| order.created);
    let orders = orders.into_iter().map(|order| with_trades(exchange, order));
    Ok(orders.collect::<Json>().into())
}

fn past_trades(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let limit = call.params.limit("limit_trades", 50, 500)?;
    let (symbol, from) = (optional_symbol(call)?, call.params.time("timestamp")?);
    let mut fills: Vec<&Fill> = exchange
        .fills
        .iter()
        .filter(|fill| fill.account == call.account)
        .filter(|fill| symbol.is_none_or(|symbol| std::ptr::eq(fill.symbol, symbol)))
        .filter(|fill| from.is_none_or(|from| fill.at >= from))
        .collect();
    page(&mut fills, from.is_some(), limit, |fill| fill.at);
    let rows = fills.into_iter().map(|fill| {
        let mut row = fill_json(fill);
        if let Json::Object(members) = &mut row {
            if let Some(id) = &fill.client_order_id {
                members.insert("client_order_id".into(), id.as_str().into());
            }
            members.insert("is_clearing_fill".into(), fill.clearing.into());
            members.insert("symbol".into(), fill.symbol.upper().into());
        }
        row
    });
    Ok(rows.collect::<Json>().into())
}

/// Newest first; with a start the page after it, without one the newest page.
pub(crate) fn page<T>(
    rows: &mut Vec<T>,
    from_start: bool,
    limit: usize,
    at: impl Fn(&T) -> Moment,
) {
    rows.sort_by_key(|row| at(row));
    if from_start {
        rows.truncate(limit);
    }
    rows.reverse();
    rows.truncate(limit);
}

pub(crate) fn optional_symbol(call: &Call<'_>) -> Result<Option<&'static Symbol>, Refusal> {
    let name = call.params.text("symbol");
    name.map(|name| symbols::symbol(&name)).transpose()
}

fn status_of(exchange: &Exchange, id: u64, trades: bool) -> Result<Json, Refusal> {
    let order = exchange
        .order(id)
        .ok_or_else(|| not_found(&id.to_string()))?;
    Ok(if trades {
        with_trades(exchange, order)
    } else {
        order_json(order)
    })
}

fn with_trades(exchange: &Exchange, order: &Order) -> Json {
    let fills = exchange.fills.iter().filter(|fill| fill.order == order.id);
    let trades: Json = fills.map(fill_json).collect();
    let mut json = order_json(order);
    if let Json::Object(members) = &mut json {
        members.insert("trades".into(), trades);
    }
    json
}

fn order_json(order: &Order) -> Json {
    let average = if order.executed.is_zero() {
        Json::from("0.00")
    } else {
        Json::amount((order.notional / order.executed).round_dp(10))
    };
    let options: Vec<&str> = order.style.option().into_iter().collect();
    let mut json = object! {
        "order_id" => order.id.to_string(),
        "id" => order.id.to_string(),
        "symbol" => order.symbol.name,
        "exchange" => "gemini",
        "avg_execution_price" => average,
        "side" => if order.buy { "buy" } else { "sell" },
        "type" => if order.stop_price.is_some() { "stop-limit" } else { "exchange limit" },
        "timestamp" => order.created.seconds().to_string(),
        "timestampms" => order.created.milliseconds(),
        "is_live" => order.closed.is_none(),
        "is_cancelled" => order.cancelled.is_some(),
        "is_hidden" => false,
        "was_forced" => false,
        "executed_amount" => plain(order.executed),
        "remaining_amount" => plain(order.remaining()),
    };
    if let Json::Object(members) = &mut json {
        let mut add = |name: &str, value: Json| members.insert(name.to_owned(), value);
        if let Some(id) = &order.client_order_id {
            add("client_order_id", id.as_str().into());
        }
        if let Some(reason) = order.cancelled {
            add("reason", reason.into());
        }
        add("options", options.into());
        if let Some(stop) = order.stop_price {
            add("stop_price", Json::amount(stop));
        }
        add("price", Json::amount(order.price));
        add("original_amount", plain(order.amount));
    }
    json
}

fn fill_json(fill: &Fill) -> Json {
    object! {
        "price" => Json::amount(fill.price),
        "amount" => plain(fill.amount),
        "timestamp" => fill.at.seconds(),
        "timestampms" => fill.at.milliseconds(),
        "type" => if fill.buy { "Buy" } else { "Sell" },
        "aggressor" => fill.taker,
        "fee_currency" => fill.symbol.settled_in(),
        "fee_amount" => plain(fill.fee),
        "tid" => fill.tid,
        "order_id" => fill.order.to_string(),
        "exchange" => "gemini",
    }
}

/// Fills of the last 30 days by what `key` says of them.
fn recent<K: Ord>(
    exchange: &Exchange,
    call: &Call<'_>,
    key: impl Fn(&Fill) -> K,
) -> BTreeMap<K, Vec<Fill>> {
    let from = call.now.minus(Duration::from_secs(30 * 86_400));
    let mut groups: BTreeMap<K, Vec<Fill>> = BTreeMap::new();
    let fills = exchange.fills.iter();
    for fill in fills.filter(|fill| fill.account == call.account && fill.at >= from) {
        groups.entry(key(fill)).or_default().push(fill.clone());
    }
    groups
}

pub(crate) fn day(at: Moment) -> String {
    at.date_time().format("%Y-%m-%d").to_string()
}

/// Amount, value and number of some fills.
fn sums(fills: &[Fill], buy: bool, taker: bool) -> (Decimal, Decimal, usize) {
    let some = fills
        .iter()
        .filter(|fill| fill.buy == buy && fill.taker == taker);
    some.fold(
        (Decimal::ZERO, Decimal::ZERO, 0),
        |(base, value, count), fill| {
            (
                base + fill.amount,
                value + fill.amount * fill.price,
                count + 1,
            )
        },
    )
}

fn volume(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let groups = recent(exchange, call, |fill| (fill.symbol.name, day(fill.at)));
    let rows = groups.into_iter().map(|((name, date), fills)| {
        let symbol = fills[0].symbol;
        let (buy_maker, sell_maker) = (sums(&fills, true, false), sums(&fills, false, false));
        let (buy_taker, sell_taker) = (sums(&fills, true, true), sums(&fills, false, true));
        let total: Decimal = fills.iter().map(|fill| fill.amount).sum();
        let makers = buy_maker.0 + sell_maker.0;
        let ratio = if makers.is_zero() {
            Decimal::ZERO
        } else {
            (buy_maker.0 / makers).round_dp(6)
        };
        let number = |value: Decimal| Json::number(value.normalize());
        object! {
            "symbol" => name,
            "base_currency" => symbol.base,
            "notional_currency" => symbol.quote,
            "data_date" => date,
            "total_volume_base" => number(total),
            "maker_buy_sell_ratio" => number(ratio),
            "buy_maker_base" => number(buy_maker.0),
            "buy_maker_notional" => number(buy_maker.1),
            "buy_maker_count" => buy_maker.2,
            "sell_maker_base" => number(sell_maker.0),
            "sell_maker_notional" => number(sell_maker.1),
            "sell_maker_count" => sell_maker.2,
            "buy_taker_base" => number(buy_taker.0),
            "buy_taker_notional" => number(buy_taker.1),
            "buy_taker_count" => buy_taker.2,
            "sell_taker_base" => number(sell_taker.0),
            "sell_taker_notional" => number(sell_taker.1),
            "sell_taker_count" => sell_taker.2,
        }
    });
    Ok(Json::List(vec![rows.collect()]).into())
}

fn notional_volume(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    optional_symbol(call)?;
    let groups = recent(exchange, call, |fill| day(fill.at));
    let mut total = Decimal::ZERO;
    let mut days = Vec::new();
    for (date, fills) in groups {
        let mut sum = Decimal::ZERO;
        for fill in fills {
            let worth = exchange.worth(fill.symbol.quote);
            sum += (fill.amount * fill.price * worth).round_dp(2);
        }
        total += sum;
        days.push(object! { "date" => date, "notional_volume" => Json::number(sum) });
    }
    days.reverse();
    let mut json = object! {
        "date" => day(call.now),
        "last_updated_ms" => call.now.milliseconds(),
    };
    if let Json::Object(members) = &mut json {
        for way in ["web", "api", "fix"] {
            members.insert(format!("{way}_maker_fee_bps"), MAKER_BPS.into());
            members.insert(format!("{way}_taker_fee_bps"), TAKER_BPS.into());
            members.insert(format!("{way}_auction_fee_bps"), MAKER_BPS.into());
        }
        members.insert(
            "fee_tier".into(),
            object! {
                "tier" => format!("{MAKER_BPS}bps"),
                "api_maker_fee_bps" => MAKER_BPS,
                "api_taker_fee_bps" => TAKER_BPS,
            },
        );
        members.insert("notional_30d_volume".into(), Json::number(total));
        members.insert("api_notional_30d_volume".into(), Json::number(total));
        members.insert("notional_1d_volume".into(), Json::List(days));
    }
    Ok(json.into())
}

fn wrap(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = symbols::symbol(&call.path[0])?;
    if !symbol.wrap {
        return Err(Refusal::bad(
            "InvalidSymbol",
            format!("{} can't be wrapped", symbol.upper()),
        ));
    }
    let amount = amount(call, symbol)?;
    let buy = match call.params.text("side") {
        Some(_) => side(call)?,
        None => true,
    };
    client_order_id(call)?;
    let (given, received) = if buy {
        (symbol.quote, symbol.base)
    } else {
        (symbol.base, symbol.quote)
    };
    if exchange.available(call.account, given) < amount {
        return Err(Refusal::funds(format!("Not enough {given}")));
    }
    exchange
        .book(&[
            (call.account, given, -amount, Holder::Market),
            (call.account, received, amount, Holder::Market),
        ])
        .map_err(|error| Refusal::internal(&error))?;
    let id = exchange.ids.number();
    Ok(object! {
        "orderId" => id,
        "pair" => symbol.upper(),
        "price" => "1",
        "priceCurrency" => symbol.quote,
        "side" => if buy { "buy" } else { "sell" },
        "quantity" => Json::amount(amount),
        "quantityCurrency" => symbol.base,
        "totalSpend" => Json::amount(amount),
        "totalSpendCurrency" => given,
        "fee" => "0",
        "feeCurrency" => symbol.quote,
        "depositFee" => "0",
        "depositFeeCurrency" => symbol.quote,
    }
    .into())
}

fn heartbeat(_: &mut Exchange, _: &Call<'_>) -> Outcome {
    // That it came is all that counts.
    Ok(object! { "result" => "ok" }.into())
}
