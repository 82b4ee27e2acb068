//! Strategies and allocations.
//!
//! | Module | Subject |
//! |---|---|
//! | [`strategies`] | what funds can be put in |
//! | [`allocations`] | what is allocated, by time |
//!
//! An allocation is taken on at once and carried out five seconds later, when
//! it may still fail; the status call tells then. It moves funds from the
//! plain balance to the one with the strategy's suffix.

pub(crate) mod allocations;
pub(crate) mod strategies;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use self::allocations::{Agenda, Allocation, Direction};
use self::strategies::{Lock, STRATEGIES, Strategy};
use super::account::{fixed, is_amount};
use super::assets::{Asset, find_asset};
use super::{Call, Operation, Permission, Spot};
use crate::json::{Json, object};
use crate::kraken::answer::{Outcome, Refusal};

/// The vendor words these permissions in two ways.
const EARN: Permission = Permission::Any(&["Funds permissions - Earn", "Earn Funds"]);
const QUERY: Permission = Permission::Any(&["Funds permissions - Query", "Query Funds"]);
const EARN_OR_QUERY: Permission = Permission::Any(&[
    "Funds permissions - Earn",
    "Earn Funds",
    "Funds permissions - Query",
    "Query Funds",
]);

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("Earn/Allocate", EARN, allocate),
    operation("Earn/Deallocate", EARN, deallocate),
    operation("Earn/AllocateStatus", EARN_OR_QUERY, allocate_status),
    operation("Earn/DeallocateStatus", EARN_OR_QUERY, deallocate_status),
    operation("Earn/Strategies", Permission::None, list_strategies),
    operation("Earn/Allocations", QUERY, list_allocations),
];

const fn operation(
    name: &'static str,
    permission: Permission,
    call: fn(&mut Spot, &Call<'_>) -> Outcome,
) -> Operation {
    Operation::new(name, permission, 1, call)
}

const NO_STRATEGY: &str = "EGeneral:Invalid arguments:Invalid strategy ID";
const BELOW_MINIMUM: &str = "EEarnings:Below min:(De)allocation operation amount less than minimum";
const ABOVE_USER_CAP: &str =
    "EEarnings:Above max:The allocation exceeds user limit for the strategy";
const ABOVE_CAPACITY: &str = "EEarnings:Above max:The allocation exceeds the total strategy limit";
const INSUFFICIENT: &str =
    "EEarnings:Insufficient funds:Insufficient funds to complete the (de)allocation request";
const BUSY: &str = "EEarnings:Busy:Another (de)allocation for the same strategy is in progress";
const LOW_TIER: &str = "EEarnings:Permission denied:The user's tier is not high enough";

/// What is allocated.
#[derive(Debug, Default)]
pub(crate) struct Earn {
    /// By account and the strategy's place in the table.
    allocations: BTreeMap<(String, usize), Allocation>,
    agenda: Agenda,
}

impl Earn {
    fn get(&self, account: &str, place: usize) -> Option<&Allocation> {
        self.allocations.get(&(account.to_owned(), place))
    }
}

/// The strategy that a call names.
fn named(call: &Call<'_>) -> Result<(usize, &'static Strategy, &'static Asset), Refusal> {
    let id = call.params.text("strategy_id").unwrap_or_default();
    strategies::find(&id).ok_or_else(|| NO_STRATEGY.into())
}

fn amount_of(call: &Call<'_>, asset: &Asset) -> Result<Decimal, Refusal> {
    let amount = call.params.required_decimal("amount")?;
    if is_amount(amount, asset) {
        Ok(amount)
    } else {
        Err(Refusal::argument("amount"))
    }
}

/// Whether an amount is less than a strategy takes at a time.
fn is_too_little(spot: &Spot, strategy: &Strategy, amount: Decimal) -> bool {
    let least = Decimal::new(strategy.least, 2);
    spot.value_in(strategy.asset, amount, "ZUSD")
        .is_some_and(|worth| worth < least)
}

fn is_busy(spot: &Spot, account: &str, place: usize) -> bool {
    let allocation = spot.earn.get(account, place);
    allocation.is_some_and(|allocation| allocation.pending().is_some())
}

/// Whether an allocation is in so many parts already that the venue would
/// rather not have one more.
fn is_full(spot: &Spot, account: &str, place: usize) -> bool {
    let allocation = spot.earn.get(account, place);
    allocation.is_some_and(Allocation::is_full)
}

fn allocate(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let (place, strategy, asset) = named(call)?;
    if strategy.lock == Lock::Flex {
        return Err(NO_STRATEGY.into());
    }
    let amount = amount_of(call, asset)?;
    if !strategy.is_open_to(call.key()?.config.tier) {
        return Err(LOW_TIER.into());
    }
    if is_busy(spot, account, place) {
        return Err(BUSY.into());
    }
    if is_too_little(spot, strategy, amount) {
        return Err(BELOW_MINIMUM.into());
    }
    let total = spot.earn.get(account, place).map(Allocation::total);
    let after = amount.saturating_add(total.unwrap_or_default());
    if strategy
        .most
        .is_some_and(|most| after > Decimal::from(most))
    {
        return Err(ABOVE_USER_CAP.into());
    }
    if amount > spot.available(account, asset.id) {
        return Err(INSUFFICIENT.into());
    }
    if is_full(spot, account, place) {
        return Err("EEarnings:Busy".into());
    }
    spot.begin(account, place, Direction::In, amount, call.now);
    Ok(Json::Bool(true).into())
}

fn deallocate(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let (place, strategy, asset) = named(call)?;
    if strategy.lock == Lock::Flex {
        return Err(NO_STRATEGY.into());
    }
    let amount = amount_of(call, asset)?;
    if is_busy(spot, account, place) {
        return Err(BUSY.into());
    }
    let free = spot.earn.get(account, place).map(Allocation::earning);
    let free = free.unwrap_or_default();
    if amount > free {
        return Err(INSUFFICIENT.into());
    }
    // All that is there may leave, however little it is.
    if amount < free && is_too_little(spot, strategy, amount) {
        return Err(BELOW_MINIMUM.into());
    }
    if is_full(spot, account, place) {
        return Err("EEarnings:Busy".into());
    }
    spot.begin(account, place, Direction::Out, amount, call.now);
    Ok(Json::Bool(true).into())
}

fn status(spot: &Spot, call: &Call<'_>, direction: Direction) -> Outcome {
    let (place, ..) = named(call)?;
    let Some(allocation) = spot.earn.get(call.account()?, place) else {
        return Ok(object! { "pending" => false }.into());
    };
    let pending = allocation.pending();
    let pending = pending.is_some_and(|pending| pending.direction == direction);
    match allocation.failed(direction) {
        Some(error) if !pending => Err(error.into()),
        _ => Ok(object! { "pending" => pending }.into()),
    }
}

fn allocate_status(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    status(spot, call, Direction::In)
}

fn deallocate_status(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    status(spot, call, Direction::Out)
}

fn list_strategies(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let _ = spot;
    let tier = call.key()?.config.tier;
    let ascending = call.params.boolean("ascending")?.unwrap_or_default();
    // All come on the first page, so these two change nothing.
    if let Some(limit) = call.params.integer("limit")? {
        u16::try_from(limit).map_err(|_| Refusal::argument("limit"))?;
    }
    let asset = match call.params.text("asset") {
        None => None,
        Some(name) => Some(find_asset(&name).ok_or("EQuery:Unknown asset")?),
    };
    let locks = call.params.texts("lock_type");
    let known = ["flex", "bonded", "timed", "instant"];
    if locks.iter().any(|lock| !known.contains(&lock.as_str())) {
        return Err(Refusal::argument("lock_type"));
    }
    let mut items: Vec<Json> = STRATEGIES
        .iter()
        .filter_map(|strategy| Some((strategy, strategy.asset()?)))
        .filter(|(strategy, of)| {
            asset.is_none_or(|asset| asset.id == of.id)
                && (locks.is_empty() || locks.iter().any(|lock| lock == strategy.lock.name()))
        })
        .map(|(strategy, of)| strategy.json(of, tier))
        .collect();
    if !ascending {
        items.reverse();
    }
    Ok(object! { "items" => items, "next_cursor" => None::<&str> }.into())
}

fn list_allocations(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let ascending = call.params.boolean("ascending")?.unwrap_or_default();
    let hide = call.params.boolean("hide_zero_allocations")?;
    let hide = hide.unwrap_or_default();
    let name = call.params.text("converted_asset");
    let into = find_asset(name.as_deref().unwrap_or("USD"));
    let into = into.ok_or_else(|| Refusal::argument("converted_asset"))?;
    let (mut total, mut rewarded) = (Decimal::ZERO, Decimal::ZERO);
    let mut items = Vec::new();
    for ((of, place), allocation) in &spot.earn.allocations {
        let Some(strategy) = STRATEGIES.get(*place).filter(|_| of == account) else {
            continue;
        };
        let nothing = allocation.total().is_zero() && allocation.pending().is_none();
        // What never came about is no allocation.
        let hidden = nothing && (hide || !allocation.was_used());
        let Some(asset) = strategy.asset().filter(|_| !hidden) else {
            continue;
        };
        let worth = |native: Decimal| {
            let worth = spot.value_in(asset.id, native, into.id);
            worth.unwrap_or_default()
        };
        total = total.saturating_add(worth(allocation.total()));
        rewarded = rewarded.saturating_add(worth(allocation.rewarded()));
        let amount = |native: Decimal| {
            object! {
                "native" => fixed(native, asset.decimals),
                "converted" => fixed(worth(native), into.decimals),
            }
        };
        items.push(allocation.json(strategy, asset, call.now, amount));
    }
    if !ascending {
        items.reverse();
    }
    let result = object! {
        "converted_asset" => into.altname,
        "converted_asset_class" => "currency",
        "total_allocated" => fixed(total, into.decimals),
        "total_rewarded" => fixed(rewarded, into.decimals),
        "next_cursor" => None::<&str>,
        "items" => items,
    };
    Ok(result.into())
}

#[cfg(test)]
mod tests;
