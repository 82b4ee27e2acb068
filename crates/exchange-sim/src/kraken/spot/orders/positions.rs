//! The operation that reads margin positions.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{check_rebase, flag, seconds};
use crate::json::{Json, object};
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::spot::desk::order::{fixed, side_name};
use crate::kraken::spot::desk::positions::{Position, TERMS};
use crate::kraken::spot::{Call, Spot};

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

pub(super) fn open_positions(spot: &mut Spot, call: &Call<'_>) -> Outcome {
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
