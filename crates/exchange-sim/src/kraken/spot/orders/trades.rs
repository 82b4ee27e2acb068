//! Operations that read trades.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::page::{Bound, Page, bound, page_json};
use super::{LARGEST_PAGE, MOST_TRADES, PAGE, check_rebase, flag, seconds, told};
use crate::Moment;
use crate::json::{Json, object};
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::params::Params;
use crate::kraken::spot::assets::find_pair;
use crate::kraken::spot::desk::Trade;
use crate::kraken::spot::desk::order::{Kind, fixed, side_name};
use crate::kraken::spot::{Call, Spot};

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

pub(super) fn trades_history(spot: &mut Spot, call: &Call<'_>) -> Outcome {
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

pub(super) fn query_trades(spot: &mut Spot, call: &Call<'_>) -> Outcome {
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
