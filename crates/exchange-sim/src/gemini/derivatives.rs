//! Perpetuals: positions, margin, hourly funding. And margin accounts, which
//! borrow nothing here.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rust_decimal::Decimal;

use super::answer::{Outcome, Refusal, Reply, plain};
use super::exchange::{Exchange, TAKER_BPS, bps, keep};
use super::orders::Order;
use super::params::{missing, value};
use super::sheet::{self, Cell};
use super::symbols::{Product, Symbol, perpetual};
use super::trading::{side, symbol};
use super::{Access, Call, Operation, READERS, TRADER_OR_AUDITOR, get, op};
use crate::Moment;
use crate::books::{BooksError, Holder};
use crate::json::{Json, object};

const HOUR: u64 = 3_600;

/// Hours of funding that are paid at once; whoever moves the clock further
/// gets no more.
const MOST_HOURS: u64 = 720;

/// Rows of a report.
const MOST_ROWS: usize = 8_760;

const ORDERS: &[&str] = &["orders:read"];
const BALANCES: &[&str] = &["balances:read"];

pub(crate) static OPERATIONS: [Operation; 8] = [
    op(
        "getAccountMargin",
        "/v1/margin",
        Access::Account,
        TRADER_OR_AUDITOR,
        ORDERS,
        margin,
    ),
    op(
        "listFundingPayments",
        "/v1/perpetuals/fundingPayment",
        Access::Account,
        TRADER_OR_AUDITOR,
        ORDERS,
        payments,
    ),
    Operation {
        scopes: ORDERS,
        ..get(
            "getFundingPaymentReportFile",
            "/v1/perpetuals/fundingpaymentreport/records.xlsx",
            Access::Account,
            TRADER_OR_AUDITOR,
            report_file,
        )
    },
    op(
        "getFundingPaymentReportJson",
        "/v1/perpetuals/fundingpaymentreport/records.json",
        Access::Account,
        TRADER_OR_AUDITOR,
        ORDERS,
        report_json,
    ),
    op(
        "getOpenPositions",
        "/v1/positions",
        Access::Account,
        TRADER_OR_AUDITOR,
        ORDERS,
        positions,
    ),
    op(
        "getMarginAccount",
        "/v1/margin/account",
        Access::Account,
        READERS,
        BALANCES,
        margin_account,
    ),
    op(
        "getMarginRates",
        "/v1/margin/rates",
        Access::Account,
        READERS,
        BALANCES,
        margin_rates,
    ),
    op(
        "previewMarginOrder",
        "/v1/margin/order/preview",
        Access::Account,
        TRADER_OR_AUDITOR,
        ORDERS,
        preview,
    ),
];

/// What must be there for a position or an order of this value: a tenth.
pub(crate) fn initial_margin(value: Decimal) -> Decimal {
    value * Decimal::new(1, 1)
}

/// What an account holds of a perpetual.
#[derive(Clone, Debug)]
struct Position {
    symbol: &'static Symbol,
    /// Negative for short.
    quantity: Decimal,
    average: Decimal,
    realised: Decimal,
}

#[derive(Clone, Debug)]
struct Funding {
    account: usize,
    at: Moment,
    symbol: &'static Symbol,
    /// What the account got; negative if it paid.
    amount: Decimal,
}

/// All positions, and what was paid for holding them.
#[derive(Debug)]
pub(crate) struct Derivatives {
    positions: BTreeMap<(usize, &'static str), Position>,
    /// Oldest first.
    fundings: VecDeque<Funding>,
    /// The last hour that was paid for, since 1970.
    hour: u64,
}

impl Derivatives {
    pub(crate) fn new(now: Moment) -> Self {
        Self {
            positions: BTreeMap::new(),
            fundings: VecDeque::new(),
            hour: now.seconds() / HOUR,
        }
    }
}

/// The last full hour.
pub(crate) fn last_funding(now: Moment) -> Moment {
    Moment::from_seconds(now.seconds() / HOUR * HOUR)
}

/// The next full hour.
pub(crate) fn next_funding(now: Moment) -> Moment {
    last_funding(now).plus(Duration::from_secs(HOUR))
}

/// What a long contract pays for an hour; negative if it gets it. The same hour
/// has the same amount whenever it is asked for.
pub(crate) fn funding_amount(symbol: &Symbol, at: Moment) -> Decimal {
    let hour = at.seconds() / HOUR;
    let dice = (hour ^ symbol.name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    let parts = i64::try_from(dice % 21).unwrap_or_default() - 10;
    (symbol.first_price() * Decimal::new(parts, 6)).round_dp(5)
}

/// Whether an account may borrow: the first one.
pub(crate) fn has_margin(account: usize) -> bool {
    account == 0
}

impl Exchange {
    /// Contracts that are open on one side, the market's included.
    pub(crate) fn open_interest(&self, symbol: &'static Symbol) -> Decimal {
        let positions = self.derivatives.positions.values();
        let ours = positions.filter(|position| std::ptr::eq(position.symbol, symbol));
        ours.map(|position| position.quantity.abs()).sum()
    }

    fn mark(&self, symbol: &'static Symbol) -> Decimal {
        let market = self.markets.get(symbol.name);
        market.map_or_else(|| symbol.first_price(), |market| market.price)
    }

    fn positions_of(&self, account: usize) -> impl Iterator<Item = &Position> {
        let positions = self.derivatives.positions.iter();
        let own = positions.filter(move |((owner, _), _)| *owner == account);
        own.map(|(_, position)| position)
    }

    fn unrealised(&self, position: &Position) -> Decimal {
        position.quantity * (self.mark(position.symbol) - position.average)
    }

    /// What positions hold back: their margin, and what they have lost so far.
    pub(crate) fn position_margin(&self, account: usize) -> Decimal {
        let positions = self.positions_of(account);
        let each = positions.map(|position| {
            let value = position.quantity.abs() * self.mark(position.symbol);
            initial_margin(value) + (-self.unrealised(position)).max(Decimal::ZERO)
        });
        each.sum()
    }

    /// Pays a part of a loss or a fee that may be more than is there: the rest
    /// is the venue's.
    fn pay_what_there_is(
        &mut self,
        account: usize,
        to: &Holder,
        amount: Decimal,
    ) -> Result<Decimal, BooksError> {
        let amount = amount.min(self.balance(account, "GUSD").max(Decimal::ZERO));
        self.pay(account, to, "GUSD", amount)?;
        Ok(amount)
    }

    /// An execution on a perpetual.
    pub(crate) fn change_position(
        &mut self,
        account: usize,
        symbol: &'static Symbol,
        signed: Decimal,
        price: Decimal,
        fee: Decimal,
    ) -> Result<(), BooksError> {
        let key = (account, symbol.name);
        let before = self.derivatives.positions.get(&key).cloned();
        let mut position = before.unwrap_or(Position {
            symbol,
            quantity: Decimal::ZERO,
            average: price,
            realised: Decimal::ZERO,
        });
        let held = position.quantity;
        let mut gain = Decimal::ZERO;
        if held.is_zero() || held.is_sign_negative() == signed.is_sign_negative() {
            let value = held * position.average + signed * price;
            position.average = (value / (held + signed)).round_dp(8);
        } else {
            let closed = signed.abs().min(held.abs());
            let direction = if held.is_sign_negative() {
                -closed
            } else {
                closed
            };
            gain = direction * (price - position.average);
            if signed.abs() > held.abs() {
                position.average = price;
            }
        }
        position.quantity += signed;
        if gain.is_sign_negative() {
            gain = -self.pay_what_there_is(account, &Holder::Market, -gain)?;
        } else {
            self.pay(account, &Holder::Market, "GUSD", -gain)?;
        }
        self.pay_what_there_is(account, &Holder::Fees, fee)?;
        position.realised += gain;
        if position.quantity.is_zero() {
            self.derivatives.positions.remove(&key);
        } else {
            self.derivatives.positions.insert(key, position);
        }
        Ok(())
    }

    /// Pays for the hours that have passed.
    pub(crate) fn settle_funding(&mut self, now: Moment) {
        let hour = now.seconds() / HOUR;
        let first = (self.derivatives.hour + 1).max(hour.saturating_sub(MOST_HOURS));
        if hour <= self.derivatives.hour {
            return;
        }
        self.derivatives.hour = hour;
        let positions: Vec<_> = self
            .derivatives
            .positions
            .iter()
            .map(|((account, _), position)| (*account, position.symbol, position.quantity))
            .collect();
        if positions.is_empty() {
            return;
        }
        for hour in first..=hour {
            let at = Moment::from_seconds(hour * HOUR);
            for (account, symbol, quantity) in &positions {
                let due = quantity * funding_amount(symbol, at);
                let paid = if due.is_sign_negative() {
                    self.pay(*account, &Holder::Market, "GUSD", due)
                        .map(|()| due)
                } else {
                    self.pay_what_there_is(*account, &Holder::Market, due)
                };
                let Ok(paid) = paid else {
                    continue;
                };
                let funding = Funding {
                    account: *account,
                    at,
                    symbol,
                    amount: -paid,
                };
                keep(&mut self.derivatives.fundings, funding);
            }
        }
    }
}

/// The hours of a report, newest first, by its dates and number of rows.
pub(crate) fn report_hours(call: &Call<'_>) -> Result<Vec<Moment>, Refusal> {
    let ((from, to), rows) = report_range(call)?;
    let mut hours = Vec::new();
    let mut at = last_funding(call.now.min(to));
    while hours.len() < rows && at >= from && at > Moment::default() {
        hours.push(at);
        at = at.minus(Duration::from_secs(HOUR));
    }
    Ok(hours)
}

/// From when to when a report goes, and how many rows it has at most.
fn report_range(call: &Call<'_>) -> Result<((Moment, Moment), usize), Refusal> {
    let rows = call.params.limit("numRows", MOST_ROWS, MOST_ROWS)?;
    let date = |name: &str| {
        call.params
            .text(name)
            .map(|text| {
                Moment::parse_rfc3339(&format!("{text}T00:00:00Z"))
                    .ok_or_else(|| value(name, &text))
            })
            .transpose()
    };
    let range = match (date("fromDate")?, date("toDate")?) {
        (None, None) => (Moment::default(), call.now),
        (Some(from), Some(to)) => (from, to.plus(Duration::from_secs(24 * HOUR - 1))),
        (Some(_), None) => return Err(missing("toDate")),
        (None, Some(_)) => return Err(missing("fromDate")),
    };
    Ok((range, rows))
}

fn margin(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = perpetual(&call.params.required("symbol")?)?;
    let mark = exchange.price(symbol);
    let assets = exchange.balance(call.account, "GUSD");
    let positions: Vec<Position> = exchange.positions_of(call.account).cloned().collect();
    let notional: Decimal = positions
        .iter()
        .map(|position| position.quantity.abs() * exchange.mark(position.symbol))
        .sum();
    let of_positions = initial_margin(notional);
    let reserved = |buy: bool| -> Decimal {
        let orders = exchange.live.values().filter(|order| {
            order.account == call.account
                && order.symbol.product == Product::Perpetual
                && order.buy == buy
        });
        orders.map(|order| order.hold().1).sum()
    };
    let (buys, sells) = (reserved(true), reserved(false));
    let initial = of_positions + buys + sells;
    let free = assets - initial;
    let power = (free.max(Decimal::ZERO) * Decimal::TEN / mark).round_dp(symbol.amount_digits);
    let leverage = if assets.is_zero() {
        Decimal::ZERO
    } else {
        (notional / assets).round_dp(5)
    };
    let position = positions
        .iter()
        .find(|one| std::ptr::eq(one.symbol, symbol));
    // Where what is there is lost.
    let liquidation = position.map_or(Decimal::ZERO, |position| {
        (position.average - assets / position.quantity)
            .max(Decimal::ZERO)
            .round_dp(2)
    });
    Ok(object! {
        "margin_assets_value" => plain(assets),
        "initial_margin" => plain(initial),
        "available_margin" => plain(free),
        "margin_maintenance_limit" => plain(of_positions / Decimal::TWO),
        "leverage" => plain(leverage),
        "notional_value" => plain(notional),
        "estimated_liquidation_price" => plain(liquidation),
        "initial_margin_positions" => plain(of_positions),
        "reserved_margin" => plain(buys + sells),
        "reserved_margin_buys" => plain(buys),
        "reserved_margin_sells" => plain(sells),
        "buying_power" => plain(power),
        "selling_power" => plain(power),
    }
    .into())
}

fn positions(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let rows = exchange.positions_of(call.account).map(|position| {
        let mark = exchange.mark(position.symbol);
        object! {
            "symbol" => position.symbol.name,
            "instrument_type" => "perp",
            "quantity" => plain(position.quantity),
            "notional_value" => plain(position.quantity * mark),
            "realised_pnl" => plain(position.realised),
            "unrealised_pnl" => plain(exchange.unrealised(position)),
            "average_cost" => plain(position.average),
            "mark_price" => plain(mark),
        }
    });
    Ok(rows.collect::<Json>().into())
}

fn funding_json(funding: &Funding) -> Json {
    let action = if funding.amount.is_sign_negative() {
        "Debit"
    } else {
        "Credit"
    };
    object! {
        "eventType" => "Hourly Funding Transfer",
        "timestamp" => funding.at.milliseconds(),
        "assetCode" => "GUSD",
        "action" => action,
        "quantity" => object! {
            "currency" => "GUSD",
            "value" => plain(funding.amount.abs()),
        },
        "instrumentSymbol" => funding.symbol.upper(),
    }
}

/// The account's payments from a time to another, newest first.
fn fundings(
    exchange: &Exchange,
    call: &Call<'_>,
    (from, to): (Moment, Moment),
) -> impl Iterator<Item = Funding> {
    let all = exchange.derivatives.fundings.iter().rev();
    let own = all.filter(|one| one.account == call.account && one.at >= from && one.at <= to);
    own.cloned().collect::<Vec<_>>().into_iter()
}

fn payments(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let day = Duration::from_secs(24 * HOUR);
    let since = call.params.time("since")?.unwrap_or(call.now.minus(day));
    let to = call.params.time("to")?.unwrap_or(call.now);
    let rows = fundings(exchange, call, (since, to)).map(|funding| {
        object! {
            "eventType" => "Hourly Funding Transfer",
            "hourlyFundingTransfer" => funding_json(&funding),
        }
    });
    Ok(rows.collect::<Json>().into())
}

fn report_json(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let (range, rows) = report_range(call)?;
    let rows = fundings(exchange, call, range).take(rows);
    Ok(rows
        .map(|funding| funding_json(&funding))
        .collect::<Json>()
        .into())
}

fn report_file(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let (range, most) = report_range(call)?;
    let heads = [
        "eventType",
        "timestamp",
        "assetCode",
        "action",
        "quantity",
        "instrumentSymbol",
    ];
    let mut rows = vec![heads.map(Cell::text).to_vec()];
    for funding in fundings(exchange, call, range).take(most) {
        let action = if funding.amount.is_sign_negative() {
            "Debit"
        } else {
            "Credit"
        };
        rows.push(vec![
            Cell::text("Hourly Funding Transfer"),
            Cell::text(funding.at.rfc3339_milliseconds()),
            Cell::text("GUSD"),
            Cell::text(action),
            Cell::Number(funding.amount.abs()),
            Cell::text(funding.symbol.upper()),
        ]);
    }
    let bytes = sheet::xlsx(&rows).map_err(|error| Refusal::internal(&error))?;
    Ok(Reply::File {
        content_type: sheet::XLSX,
        name: "FundingPayment_Report.xlsx".to_owned(),
        bytes,
    })
}

/// What an account is worth, what of it is free, and what orders hold back.
#[derive(Clone, Copy, Debug)]
struct Risk {
    assets: Decimal,
    free: Decimal,
    buys: Decimal,
    sells: Decimal,
}

impl Risk {
    fn of(exchange: &mut Exchange, account: usize) -> Self {
        let (mut assets, mut free) = (Decimal::ZERO, Decimal::ZERO);
        for code in exchange.currencies(account) {
            let worth = exchange.worth(&code);
            assets += exchange.balance(account, &code) * worth;
            free += exchange.available(account, &code) * worth;
        }
        let orders: Vec<Order> = exchange
            .live
            .values()
            .filter(|order| order.account == account)
            .cloned()
            .collect();
        let (mut buys, mut sells) = (Decimal::ZERO, Decimal::ZERO);
        for order in orders {
            let (currency, amount) = order.hold();
            let value = amount * exchange.worth(currency);
            if order.buy {
                buys += value;
            } else {
                sells += value;
            }
        }
        Self {
            assets,
            free,
            buys,
            sells,
        }
    }

    fn json(self) -> Json {
        let usd = |value: Decimal| {
            object! { "currency" => "USD", "value" => plain(value.round_dp(2)) }
        };
        object! {
            "marginAssetValue" => usd(self.assets),
            "availableCollateral" => usd(self.free),
            "notionalValue" => usd(Decimal::ZERO),
            "totalBorrowed" => usd(Decimal::ZERO),
            "leverage" => "0",
            "buyingPower" => usd(self.free),
            "sellingPower" => usd(self.free),
            "reservedBuyOrders" => usd(self.buys),
            "reservedSellOrders" => usd(self.sells),
        }
    }
}

fn margin_enabled(call: &Call<'_>) -> Result<(), Refusal> {
    if has_margin(call.account) {
        return Ok(());
    }
    Err(Refusal::bad(
        "AccountNotOfTypeRequired",
        "The account is not enabled for margin",
    ))
}

fn margin_account(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    margin_enabled(call)?;
    symbol(call)?;
    Ok(Risk::of(exchange, call.account).json().into())
}

fn margin_rates(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    margin_enabled(call)?;
    let hourly = Decimal::new(1_141_552_511, 14);
    let rows = ["USD", "BTC", "ETH"].map(|currency| {
        object! {
            "currency" => currency,
            "borrowRate" => plain(hourly),
            "borrowRateDaily" => plain(hourly * Decimal::from(24)),
            "borrowRateAnnual" => plain((hourly * Decimal::from(24 * 365)).round_dp(8)),
            "lastUpdated" => last_funding(call.now).milliseconds(),
        }
    });
    Ok(object! { "rates" => rows.to_vec() }.into())
}

fn preview(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    margin_enabled(call)?;
    let (symbol, buy) = (symbol(call)?, side(call)?);
    let params = call.params;
    let value = match (params.required("type")?.as_str(), buy) {
        ("limit", _) => {
            params.positive("amount", "InvalidQuantity")?
                * params.positive("price", "InvalidPrice")?
        }
        ("market", true) => params.positive("totalSpend", "InvalidQuantity")?,
        ("market", false) => {
            let amount = params.positive("amount", "InvalidQuantity")?;
            let price = exchange.price(symbol);
            amount.checked_mul(price).unwrap_or_default()
        }
        (other, _) => {
            return Err(Refusal::bad(
                "InvalidOrderType",
                format!("Invalid order type '{other}'"),
            ));
        }
    };
    let worth = exchange.worth(symbol.quote);
    let value = value
        .checked_mul(worth)
        .ok_or_else(|| Refusal::bad("InvalidQuantity", "The order is too large"))?;
    let before = Risk::of(exchange, call.account);
    let mut after = before;
    after.free = (after.free - value - bps(value, TAKER_BPS)).max(Decimal::ZERO);
    if buy {
        after.buys += value;
    } else {
        after.sells += value;
    }
    Ok(object! { "preorder" => before.json(), "postorder" => after.json() }.into())
}
