//! What accounts hold of contracts, and what became of it.

use rust_decimal::Decimal;

use super::super::answer::{Outcome, Refusal, plain};
use super::super::exchange::Exchange;
use super::super::{Access, Call, Operation, op};
use super::{Contract, events, outcome};
use crate::Moment;
use crate::json::{Json, object};

pub(crate) static OPERATIONS: [Operation; 3] = [
    op(
        "predictions.getPositions",
        "/v1/prediction-markets/positions",
        Access::AccountOrGroup,
        &[],
        &["predictions:positions:read"],
        open,
    ),
    op(
        "predictions.getSettledPositions",
        "/v1/prediction-markets/positions/settled",
        Access::AccountOrGroup,
        &[],
        &["predictions:positions:read"],
        settled,
    ),
    op(
        "predictions.getVolumeMetrics",
        "/v1/prediction-markets/metrics/volume",
        Access::AccountOrGroup,
        &[],
        &[],
        volume,
    ),
];

/// What an account holds of one side of a contract.
#[derive(Clone, Debug, Default)]
pub(super) struct Position {
    pub quantity: Decimal,
    /// What was paid for it.
    pub cost: Decimal,
    /// What sales of a part of it have brought, less what that had cost.
    pub realised: Decimal,
}

/// A position whose contract is decided.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub account: usize,
    pub contract: Contract,
    pub yes: bool,
    pub quantity: Decimal,
    pub payout: Decimal,
    pub cost: Decimal,
    pub realised: Decimal,
    pub at: Moment,
}

/// A sale before the contract was decided.
#[derive(Clone, Debug)]
pub(super) struct CashOut {
    pub account: usize,
    pub contract: Contract,
    pub at: Moment,
    pub quantity: Decimal,
    pub proceeds: Decimal,
    pub cost: Decimal,
}

/// What the venue calls an account here.
fn account_number(account: usize) -> u64 {
    12_345 + account as u64
}

fn open(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let event = call.params.text("eventTicker");
    let predictions = &exchange.predictions;
    let mut rows = Vec::new();
    for ((account, symbol, yes), position) in &predictions.positions {
        let Some(contract) = predictions.contracts.get(symbol) else {
            continue;
        };
        let wanted = event
            .as_ref()
            .is_none_or(|event| event.eq_ignore_ascii_case(&contract.event));
        if *account != call.account || !wanted {
            continue;
        }
        let quantity = position.quantity;
        let average = (position.cost / quantity.max(Decimal::new(1, 2))).round_dp(4);
        let live = predictions.is_open(contract, call.now);
        let mut row = object! {
            "symbol" => symbol.as_str(),
            "instrumentId" => contract.instrument,
            "totalQuantity" => plain(quantity),
            "quantityOnHold" => plain(predictions.on_hold(*account, symbol, *yes)),
            "avgPrice" => plain(average),
            "outcome" => outcome(*yes),
            "contractMetadata" => predictions.metadata(contract),
            "prices" => events::prices(contract, live),
            "resolutionSide" => Json::Null,
            "isAboveAutoStartThreshold" => false,
            "isLive" => live,
            "realizedPl" => plain(position.realised),
        };
        let value = quantity * contract.bid(*yes);
        let gain = value - position.cost;
        if let (Json::Object(members), true) = (&mut row, live) {
            let percent = if position.cost.is_zero() {
                Decimal::ZERO
            } else {
                (gain / position.cost * Decimal::ONE_HUNDRED).round_dp(4)
            };
            members.insert("marketValue".into(), plain(value));
            members.insert("unrealizedPnl".into(), plain(gain));
            members.insert("unrealizedPct".into(), Json::number(percent));
        }
        rows.push((value, gain, contract.expiry, row));
    }
    let sort = call.params.text("sort").unwrap_or_default();
    // A plus that was not encoded arrives as a blank.
    let (up, key) = match sort.split_at_checked(1) {
        Some(("+" | " ", key)) => (Some(true), key),
        Some(("-", key)) => (Some(false), key),
        _ => (None, sort.as_str()),
    };
    let up = match key {
        "unrealizedPnl" => {
            rows.sort_by_key(|(_, gain, ..)| *gain);
            up.unwrap_or(false)
        }
        "expiryDate" => {
            rows.sort_by_key(|(_, _, expiry, _)| *expiry);
            up.unwrap_or(true)
        }
        "positionValue" => {
            rows.sort_by_key(|(value, ..)| *value);
            up.unwrap_or(false)
        }
        _ => {
            rows.sort_by_key(|(value, ..)| *value);
            false
        }
    };
    if !up {
        rows.reverse();
    }
    let total = rows.len();
    let mut rows: Vec<Json> = rows.into_iter().map(|(.., row)| row).collect();
    if call.params.text("limit").is_some() {
        let limit = call.params.limit("limit", 1_000, 1_000)?.max(1);
        let offset = call.params.limit("offset", 0, usize::MAX)?;
        rows = rows.into_iter().skip(offset).take(limit).collect();
    }
    Ok(object! { "positions" => rows, "total" => total }.into())
}

fn settled(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let params = call.params;
    let event = params.text("eventTicker");
    let category = params.text("category");
    let search = params
        .text("search")
        .filter(|text| text.chars().count() >= 3);
    let search = search.map(|text| text.to_lowercase());
    let predictions = &exchange.predictions;
    let category_of = |contract: &Contract| {
        let mut events = predictions.events.iter();
        let event = events.find(|event| event.ticker == contract.event);
        event.map_or("Combo", |event| event.category)
    };
    let mut all: Vec<&Settled> = predictions
        .settled
        .iter()
        .filter(|one| one.account == call.account)
        .filter(|one| {
            event
                .as_ref()
                .is_none_or(|event| event.eq_ignore_ascii_case(&one.contract.event))
        })
        .filter(|one| {
            category
                .as_ref()
                .is_none_or(|category| category.eq_ignore_ascii_case(category_of(&one.contract)))
        })
        .filter(|one| {
            search.as_ref().is_none_or(|text| {
                let contract = &one.contract;
                let all = [
                    contract.symbol.as_str(),
                    &contract.label,
                    category_of(contract),
                ];
                all.iter().any(|one| one.to_lowercase().contains(text))
            })
        })
        .collect();
    match params.text("sort").as_deref() {
        Some("+payout" | " payout") => all.sort_by_key(|one| one.payout),
        Some("payout" | "-payout") => all.sort_by_key(|one| -one.payout),
        _ => all.reverse(),
    }
    let total = all.len();
    let limit = params.limit("limit", 1_000, 1_000)?.max(1);
    let offset = params.limit("offset", 0, usize::MAX)?;
    let rows = all.into_iter().skip(offset).take(limit).map(|one| {
        let signed = if one.yes { one.quantity } else { -one.quantity };
        let winner = one.contract.resolved.is_some_and(|(yes, _)| yes);
        object! {
            "accountId" => account_number(one.account),
            "instrumentId" => one.contract.instrument,
            "instrumentSymbol" => one.contract.symbol.as_str(),
            "position" => plain(signed),
            "positionQuantity" => plain(one.quantity),
            "outcome" => outcome(one.yes),
            "payout" => plain(one.payout),
            "resolutionSide" => outcome(winner),
            "settledAt" => one.at.rfc3339_milliseconds(),
            "contractMetadata" => predictions.metadata(&one.contract),
            "costBasis" => plain(one.cost),
            "realizedPnl" => plain(one.realised),
            "netProfit" => plain(one.payout - one.cost + one.realised),
        }
    });
    let mut answer = object! { "positions" => rows.collect::<Json>(), "total" => total };
    if let (Json::Object(members), true) = (&mut answer, params.boolean("withCashOuts", false)?) {
        let cash_outs = predictions.cash_outs.iter().rev();
        let cash_outs: Vec<_> = cash_outs
            .filter(|one| one.account == call.account)
            .collect();
        let sum = |of: &dyn Fn(&CashOut) -> Decimal| -> Decimal {
            cash_outs.iter().map(|one| of(one)).sum()
        };
        let (proceeds, cost) = (sum(&|one| one.proceeds), sum(&|one| one.cost));
        let rows = cash_outs.iter().map(|one| {
            object! {
                "accountId" => account_number(one.account),
                "instrumentId" => one.contract.instrument,
                "instrumentSymbol" => one.contract.symbol.as_str(),
                "timestamp" => one.at.rfc3339_milliseconds(),
                "filledQuantity" => plain(one.quantity),
                "side" => "sell",
                "proceeds" => plain(one.proceeds),
                "costBasis" => plain(one.cost),
                "netProfit" => plain(one.proceeds - one.cost),
                "contractMetadata" => predictions.metadata(&one.contract),
            }
        });
        members.insert("cashOuts".into(), rows.collect());
        members.insert("totalCashOutProceeds".into(), plain(proceeds));
        members.insert("totalCashOutCostBasis".into(), plain(cost));
        members.insert("totalCashOutNetProfit".into(), plain(proceeds - cost));
    }
    Ok(answer.into())
}

fn volume(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let ticker = call.params.text("eventTicker");
    let ticker = ticker.ok_or_else(|| Refusal::input("eventTicker is required"))?;
    let (start, end) = (call.params.time("startTime")?, call.params.time("endTime")?);
    let predictions = &exchange.predictions;
    let mut events = predictions.events.iter();
    let event = events
        .find(|event| event.ticker.eq_ignore_ascii_case(&ticker))
        .ok_or_else(|| Refusal::input(format!("eventTicker {ticker} is not known")))?;
    let contracts = event.contracts.iter().map(|symbol| {
        let sum = |own: bool, taker: bool| -> Decimal {
            let fills = predictions.fills.iter().filter(|fill| {
                fill.symbol == *symbol
                    && fill.taker == taker
                    && (!own || fill.account == call.account)
                    && start.is_none_or(|start| fill.at >= start)
                    && end.is_none_or(|end| fill.at <= end)
            });
            fills.map(|fill| fill.quantity).sum()
        };
        object! {
            "symbol" => symbol.as_str(),
            // When a customer rested, the market took.
            "totalQty" => plain(sum(false, true) + sum(false, false)),
            "userAggressorQty" => plain(sum(true, true)),
            "userRestingQty" => plain(sum(true, false)),
        }
    });
    let contracts: Json = contracts.collect();
    Ok(object! { "eventTicker" => event.ticker.as_str(), "contracts" => contracts }.into())
}
