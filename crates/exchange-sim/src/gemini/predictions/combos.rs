//! Contracts made of others: all must come true.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ring::digest;
use rust_decimal::Decimal;

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::exchange::Exchange;
use super::super::{Access, Call, Operation, TRADER, op, public};
use super::{Contract, Predictions};
use crate::Moment;
use crate::json::{Json, object};

/// Combos that are kept.
const MOST: usize = 1_000;

pub(crate) static OPERATIONS: [Operation; 3] = [
    public(
        "predictions.listCombos",
        "/v1/prediction-markets/combos",
        list,
    ),
    op(
        "predictions.createCombo",
        "/v1/prediction-markets/combos",
        Access::Key,
        TRADER,
        &["predictions:orders:write"],
        create,
    ),
    public(
        "predictions.getComboByInstrumentSymbol",
        "/v1/prediction-markets/combos/{}",
        get,
    ),
];

/// Several contracts in one; the rest is in the contract of its symbol.
#[derive(Clone, Debug)]
pub(super) struct Combo {
    id: u64,
    key: String,
    symbol: String,
    created: Moment,
}

impl Predictions {
    /// A combo costs what its parts do, one times the other.
    pub(super) fn price_combos(&mut self) {
        for combo in &self.combos {
            let Some(contract) = self.contracts.get(&combo.symbol) else {
                continue;
            };
            let price = self.product(&contract.legs);
            if let Some(contract) = self.contracts.get_mut(&combo.symbol) {
                contract.price = price;
            }
        }
    }

    fn product(&self, legs: &[(String, bool)]) -> Decimal {
        let prices = legs.iter().filter_map(|(symbol, yes)| {
            let contract = self.contracts.get(symbol)?;
            Some(match contract.resolved {
                Some((won, _)) if won == *yes => Decimal::ONE,
                Some(_) => Decimal::ZERO,
                None => contract.last(*yes),
            })
        });
        let price = prices.fold(Decimal::ONE, |product, price| product * price);
        price
            .round_dp(2)
            .clamp(Decimal::new(2, 2), Decimal::new(98, 2))
    }

    fn legs_json(&self, combo: &Combo, contract: &Contract, full: bool) -> Json {
        let legs = contract
            .legs
            .iter()
            .enumerate()
            .map(|(index, (symbol, yes))| {
                let leg = self.contracts.get(symbol);
                let resolved = leg.and_then(|leg| leg.resolved);
                let mut row = object! {
                    "comboId" => combo.id,
                    "legIndex" => index,
                    "contractId" => leg.map_or("", |leg| leg.id.as_str()),
                    "requiredOutcome" => word(*yes),
                    "legOutcome" => resolved.map(|(yes, _)| word(yes)),
                    "resolvedAt" => resolved.map(|(_, at)| at.rfc3339_milliseconds()),
                };
                if let (Json::Object(members), Some(leg), true) = (&mut row, leg, full) {
                    members.insert("contract".into(), self.metadata(leg));
                }
                row
            });
        legs.collect()
    }

    fn status(&self, combo: &Combo) -> &'static str {
        let contract = self.contracts.get(&combo.symbol);
        if contract.is_some_and(|contract| contract.resolved.is_some()) {
            "Settled"
        } else {
            "Active"
        }
    }

    fn combo_json(&self, combo: &Combo) -> Json {
        let Some(contract) = self.contracts.get(&combo.symbol) else {
            return Json::Null;
        };
        let mut metadata = self.metadata(contract);
        if let Json::Object(members) = &mut metadata {
            members.insert("contractStatus".into(), self.status(combo).into());
        }
        object! { "contract" => metadata, "legs" => self.legs_json(combo, contract, true) }
    }
}

/// The words of this group for an outcome.
fn word(yes: bool) -> &'static str {
    if yes { "Yes" } else { "No" }
}

impl Exchange {
    /// Decides combos: against them with the first part that went wrong, for
    /// them with the last that went right.
    pub(super) fn resolve_combos(&mut self) {
        let predictions = &self.predictions;
        let decided: Vec<(String, bool)> = predictions
            .combos
            .iter()
            .filter_map(|combo| {
                let contract = predictions.contracts.get(&combo.symbol)?;
                if contract.resolved.is_some() {
                    return None;
                }
                let mut all = true;
                for (symbol, yes) in &contract.legs {
                    match predictions.contracts.get(symbol).map(|leg| leg.resolved) {
                        Some(Some((won, _))) if won != *yes => {
                            return Some((combo.symbol.clone(), false));
                        }
                        Some(Some(_)) => {}
                        _ => all = false,
                    }
                }
                all.then(|| (combo.symbol.clone(), true))
            })
            .collect();
        for (symbol, yes) in decided {
            self.resolve(&symbol, yes);
        }
    }
}

fn list(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let status = call
        .params
        .text("status")
        .unwrap_or_else(|| "Active".to_owned());
    let contract = call.params.text("contractId");
    let registered = call.params.boolean("instrumentRegistered", true)?;
    let limit = call.params.limit("limit", 50, 500)?.max(1);
    let offset = call.params.limit("offset", 0, usize::MAX)?;
    let predictions = &exchange.predictions;
    let combos: Vec<&Combo> = predictions
        .combos
        .iter()
        // Every one is registered at once.
        .filter(|_| registered)
        .filter(|combo| predictions.status(combo).eq_ignore_ascii_case(&status))
        .filter(|combo| {
            contract.as_ref().is_none_or(|id| {
                let legs = predictions
                    .contracts
                    .get(&combo.symbol)
                    .map(|one| one.legs.iter());
                legs.into_iter().flatten().any(|(symbol, _)| {
                    predictions
                        .contracts
                        .get(symbol)
                        .is_some_and(|leg| leg.id == *id)
                })
            })
        })
        .collect();
    let total = combos.len();
    let page = combos.into_iter().skip(offset).take(limit);
    let rows: Json = page.map(|combo| predictions.combo_json(combo)).collect();
    Ok(object! {
        "combos" => rows,
        "pagination" => object! { "limit" => limit, "offset" => offset, "total" => total },
    }
    .into())
}

fn get(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let symbol = &call.path[0];
    let predictions = &exchange.predictions;
    let mut combos = predictions.combos.iter();
    let combo = combos.find(|combo| combo.symbol.eq_ignore_ascii_case(symbol));
    let combo = combo
        .ok_or_else(|| Refusal::plain(404, "NOT_FOUND", format!("Combo {symbol} not found")))?;
    Ok(predictions.combo_json(combo).into())
}

fn invalid(message: impl Into<String>) -> Refusal {
    coded(400, "InvalidInput", "COMBO_VALIDATION_ERROR", message)
}

fn coded(status: u16, error: &str, code: &str, message: impl Into<String>) -> Refusal {
    let mut refusal = Refusal::plain(status, error, message);
    if let Json::Object(members) = &mut refusal.body {
        members.insert("code".into(), code.into());
    }
    refusal
}

/// The legs of a request: symbols, ids, and what must come true.
fn legs(exchange: &Exchange, call: &Call<'_>) -> Result<BTreeSet<(u64, String, bool)>, Refusal> {
    let list = call.params.get("legs").and_then(Json::as_list);
    let list = list.filter(|list| (2..=6).contains(&list.len()));
    let list = list.ok_or_else(|| invalid("a combo needs 2-6 legs"))?;
    let mut legs: BTreeSet<(u64, String, bool)> = BTreeSet::new();
    for leg in list {
        let id = leg
            .get("contractId")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let number: u64 = id
            .parse()
            .map_err(|_| invalid("contractId must be digits"))?;
        let yes = match leg.get("requiredOutcome").and_then(Json::as_str) {
            Some("Yes") => true,
            Some("No") => false,
            _ => return Err(invalid("requiredOutcome must be Yes or No")),
        };
        let mut contracts = exchange.predictions.contracts.values();
        let contract = contracts.find(|one| one.id == id && one.legs.is_empty());
        let contract = contract.ok_or_else(|| {
            coded(
                404,
                "NOT_FOUND",
                "COMBO_LEG_NOT_FOUND",
                format!("No contract {id}"),
            )
        })?;
        if contract.resolved.is_some() {
            return Err(invalid(format!("contract {id} is settled")));
        }
        if legs.iter().any(|(other, ..)| *other == number) {
            return Err(invalid("the legs must be distinct"));
        }
        legs.insert((number, contract.symbol.clone(), yes));
    }
    Ok(legs)
}

fn create(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    // This handler wants the HTTP body besides the payload.
    if call.without_body {
        return Err(Refusal::plain(
            400,
            "BAD_REQUEST",
            "The request body is empty",
        ));
    }
    let legs = legs(exchange, call)?;
    let key: Vec<String> = legs
        .iter()
        .map(|(id, _, yes)| format!("{id}:{}", word(*yes)))
        .collect();
    let key = key.join("|");
    let before = exchange
        .predictions
        .combos
        .iter()
        .find(|combo| combo.key == key);
    if let Some(combo) = before.cloned() {
        return Ok(summary(exchange, &combo, true).into());
    }
    if exchange.predictions.combos.len() >= MOST {
        return Err(invalid("there are too many combos"));
    }
    let hash = digest::digest(&digest::SHA256, key.as_bytes());
    let mut tail = String::new();
    for byte in hash.as_ref().iter().take(6) {
        // Writing to a string can't fail.
        let _ = write!(tail, "{byte:02X}");
    }
    let symbol = format!("GEMI-CMB-{}-{tail}", call.now.date_time().format("%m%y"));
    let predictions = &exchange.predictions;
    let parts: Vec<(String, bool)> = legs
        .iter()
        .map(|(_, symbol, yes)| (symbol.clone(), *yes))
        .collect();
    let names: Vec<&str> = parts
        .iter()
        .filter_map(|(symbol, _)| predictions.contracts.get(symbol))
        .map(|leg| leg.label.as_str())
        .collect();
    let label = names.join(" AND ");
    let expiries = parts
        .iter()
        .filter_map(|(symbol, _)| predictions.contracts.get(symbol));
    let expiry = expiries.map(|leg| leg.expiry).max().unwrap_or(call.now);
    let id = 1_000 + predictions.combos.len() as u64;
    let contract = Contract {
        id: id.to_string(),
        event: symbol.clone(),
        ticker: symbol.clone(),
        symbol: symbol.clone(),
        instrument: 98_000 + id,
        label,
        price: predictions.product(&parts),
        resolved: None,
        legs: parts,
        expiry,
    };
    exchange
        .predictions
        .contracts
        .insert(symbol.clone(), contract);
    let combo = Combo {
        id,
        key,
        symbol,
        created: call.now,
    };
    exchange.predictions.combos.push(combo.clone());
    Ok(Reply::Status(201, summary(exchange, &combo, false)))
}

fn summary(exchange: &Exchange, combo: &Combo, existed: bool) -> Json {
    let predictions = &exchange.predictions;
    let Some(contract) = predictions.contracts.get(&combo.symbol) else {
        return Json::Null;
    };
    let at = combo.created.rfc3339_milliseconds();
    object! {
        "combo" => object! {
            "id" => combo.id,
            "canonicalLegKey" => combo.key.as_str(),
            "legCount" => contract.legs.len(),
            "displayName" => contract.label.as_str(),
            "status" => predictions.status(combo),
            "instrumentId" => contract.instrument,
            "instrumentSymbol" => combo.symbol.as_str(),
            "instrumentRegistered" => true,
            "latestExpiryDate" => contract.expiry.rfc3339_milliseconds(),
            "createdAt" => at.as_str(),
            "updatedAt" => at.as_str(),
            "legs" => predictions.legs_json(combo, contract, false),
        },
        "alreadyExisted" => existed,
    }
}
