//! Staking: money put away for interest.

use std::collections::{BTreeMap, VecDeque};

use rust_decimal::Decimal;

use super::answer::{Outcome, Refusal};
use super::exchange::{Exchange, holder, keep};
use super::params::value;
use super::symbols::{currency_of, cut};
use super::{Access, Call, Operation, READERS, TRADER_OR_MANAGER, op, public};
use crate::Moment;
use crate::books::Holder;
use crate::json::{Json, object};

/// Who pays the interest.
const PROVIDER: &str = "62b21e17-2534-4b9f-afcf-b7edb609dd8d";

/// What can be staked, and for how much a year in hundredths of a percent.
const RATES: [(&str, u32); 3] = [("ETH", 280), ("SOL", 510), ("MATIC", 430)];

const DAY: u64 = 86_400;

/// Days of interest that are paid at once; whoever moves the clock further
/// gets no more.
const MOST_DAYS: u64 = 400;

pub(crate) static OPERATIONS: [Operation; 6] = [
    op(
        "listStakingBalances",
        "/v1/balances/staking",
        Access::Account,
        READERS,
        &[],
        balances,
    ),
    op(
        "stakeCryptoFunds",
        "/v1/staking/stake",
        Access::Account,
        TRADER_OR_MANAGER,
        &[],
        stake,
    ),
    op(
        "unstakeCryptoFunds",
        "/v1/staking/unstake",
        Access::Account,
        TRADER_OR_MANAGER,
        &[],
        unstake,
    ),
    op(
        "listStakingEventHistory",
        "/v1/staking/history",
        Access::Account,
        READERS,
        &[],
        history,
    ),
    public("listStakingRates", "/v1/staking/rates", rates),
    op(
        "listStakingRewards",
        "/v1/staking/rewards",
        Access::Account,
        READERS,
        &[],
        rewards,
    ),
];

#[derive(Clone, Debug)]
struct Event {
    account: usize,
    at: Moment,
    id: String,
    kind: &'static str,
    currency: &'static str,
    amount: Decimal,
    /// What one was worth then.
    price: Option<Decimal>,
}

/// What happened to staked money.
#[derive(Debug, Default)]
pub(crate) struct Staking {
    /// Oldest first.
    events: VecDeque<Event>,
    /// The last day for which interest was paid, since 1970.
    day: Option<u64>,
}

/// An account's staked money in the books.
fn staked(account: usize) -> Holder {
    Holder::Customer(format!("{account} staked"))
}

impl Exchange {
    /// Pays the interest of the days that have passed.
    pub(crate) fn settle_staking(&mut self, now: Moment) {
        let today = now.seconds() / DAY;
        let last = *self.staking.day.get_or_insert(today);
        if today <= last {
            return;
        }
        self.staking.day = Some(today);
        for account in 0..self.accounts.len() {
            for (currency, rate) in RATES {
                if !self.books.balance(&staked(account), currency).is_zero() {
                    self.pay_interest(account, currency, rate, last + 1..=today);
                }
            }
        }
    }

    fn pay_interest(
        &mut self,
        account: usize,
        currency: &'static str,
        rate: u32,
        days: std::ops::RangeInclusive<u64>,
    ) {
        let digits = currency_of(currency).map_or(8, |currency| currency.digits);
        let price = self.worth(currency);
        let first = (*days.end()).saturating_sub(MOST_DAYS).max(*days.start());
        for day in first..=*days.end() {
            let balance = self.books.balance(&staked(account), currency);
            let interest = balance * Decimal::new(i64::from(rate), 4) / Decimal::from(365);
            let interest = cut(interest, digits);
            let paid = self
                .books
                .transfer(&Holder::Rewards, &staked(account), currency, interest);
            if interest.is_zero() || paid.is_err() {
                continue;
            }
            let event = Event {
                account,
                at: Moment::from_seconds(day * DAY),
                id: self.ids.plain.capitals(8),
                kind: "Interest",
                currency,
                amount: interest,
                price: Some(price),
            };
            keep(&mut self.staking.events, event);
        }
    }
}

fn number(value: Decimal) -> Json {
    Json::number(value.normalize())
}

fn balances(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let owner = staked(call.account);
    let rows = exchange.books.balances(&owner).map(|(currency, balance)| {
        object! {
            "type" => "Staking",
            "currency" => currency,
            "balance" => number(balance),
            "available" => Json::number(Decimal::ZERO),
            "availableForWithdrawal" => number(balance),
            "balanceByProvider" => object! { PROVIDER => object! { "balance" => number(balance) } },
        }
    });
    Ok(rows.collect::<Json>().into())
}

/// What is to be staked or given back, and its rate.
fn wanted(call: &Call<'_>) -> Result<(&'static str, u32, Decimal), Refusal> {
    let provider = call.params.required("providerId")?;
    if provider != PROVIDER {
        return Err(value("providerId", &provider));
    }
    let code = call.params.required("currency")?;
    let mut rates = RATES.iter();
    let (currency, rate) = rates
        .find(|(currency, _)| currency.eq_ignore_ascii_case(&code))
        .ok_or_else(|| value("currency", &code))?;
    let amount = call.params.positive("amount", "InvalidQuantity")?;
    let digits = currency_of(currency).map_or(8, |currency| currency.digits);
    if amount.normalize().scale() > digits {
        return Err(Refusal::bad(
            "InvalidQuantity",
            format!("Invalid quantity {amount}"),
        ));
    }
    Ok((currency, *rate, amount))
}

fn note(
    exchange: &mut Exchange,
    call: &Call<'_>,
    kind: &'static str,
    currency: &'static str,
    amount: Decimal,
) -> String {
    let id = exchange.ids.plain.capitals(8);
    let event = Event {
        account: call.account,
        at: call.now,
        id: id.clone(),
        kind,
        currency,
        amount,
        price: None,
    };
    keep(&mut exchange.staking.events, event);
    id
}

fn stake(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let (currency, rate, amount) = wanted(call)?;
    if exchange.available(call.account, currency) < amount {
        return Err(Refusal::funds(format!("Not enough {currency}")));
    }
    exchange
        .pay(call.account, &staked(call.account), currency, amount)
        .map_err(|error| Refusal::internal(&error))?;
    exchange.staking.day.get_or_insert(call.now.seconds() / DAY);
    let id = note(exchange, call, "Deposit", currency, amount);
    Ok(object! {
        "transactionId" => id,
        "providerId" => PROVIDER,
        "currency" => currency,
        "amount" => number(amount),
        "rates" => object! { "rate" => rate },
    }
    .into())
}

fn unstake(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let (currency, _, amount) = wanted(call)?;
    let owner = staked(call.account);
    if exchange.books.balance(&owner, currency) < amount {
        return Err(Refusal::funds(format!("Not enough {currency} staked")));
    }
    exchange
        .books
        .transfer(&owner, &holder(call.account), currency, amount)
        .map_err(|error| Refusal::internal(&error))?;
    let id = note(exchange, call, "Redeem", currency, amount);
    Ok(object! {
        "transactionId" => id,
        "amount" => number(amount),
        "amountPaidSoFar" => number(amount),
        "amountRemaining" => Json::number(Decimal::ZERO),
        "currency" => currency,
        "requestInitiated" => call.now.rfc3339_milliseconds(),
    }
    .into())
}

/// The account's events that a request is about, oldest first.
fn events(exchange: &Exchange, call: &Call<'_>) -> Result<Vec<Event>, Refusal> {
    let (since, until) = (call.params.time("since")?, call.params.time("until")?);
    let provider = call.params.text("providerId");
    let currency = call.params.text("currency");
    let events = exchange.staking.events.iter().filter(|event| {
        event.account == call.account
            && since.is_none_or(|since| event.at >= since)
            && until.is_none_or(|until| event.at <= until)
            && provider
                .as_deref()
                .is_none_or(|provider| provider == PROVIDER)
            && currency
                .as_deref()
                .is_none_or(|code| code.eq_ignore_ascii_case(event.currency))
    });
    let mut events: Vec<Event> = events.cloned().collect();
    events.sort_by_key(|event| event.at);
    Ok(events)
}

fn history(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let limit = call.params.limit("limit", 50, 500)?;
    let interest_only = call.params.boolean("interestOnly", false)?;
    let ascending = call.params.boolean("sortAsc", false)?;
    let mut events = events(exchange, call)?;
    events.retain(|event| !interest_only || event.kind == "Interest");
    if !ascending {
        events.reverse();
    }
    events.truncate(limit);
    if events.is_empty() {
        return Ok(Json::List(Vec::new()).into());
    }
    let rows = events.into_iter().map(|event| {
        let mut row = object! {
            "transactionId" => event.id,
            "transactionType" => event.kind,
            "amountCurrency" => event.currency,
            "amount" => number(event.amount),
        };
        if let Json::Object(members) = &mut row {
            if let Some(price) = event.price {
                members.insert("priceCurrency".into(), "USD".into());
                members.insert("priceAmount".into(), number(price));
            }
            members.insert("dateTime".into(), event.at.milliseconds().into());
        }
        row
    });
    let transactions: Json = rows.collect();
    Ok(Json::List(vec![
        object! { "providerId" => PROVIDER, "transactions" => transactions },
    ])
    .into())
}

/// Percent in a year.
fn percent(rate: u32) -> Json {
    number(Decimal::new(i64::from(rate), 2))
}

fn rates(_: &mut Exchange, _: &Call<'_>) -> Outcome {
    let all = RATES.iter().map(|(currency, rate)| {
        let row = object! {
            "providerId" => PROVIDER,
            "rate" => *rate,
            "apyPct" => percent(*rate),
            "ratePct" => percent(*rate),
            "depositUsdLimit" => 500_000_u32,
        };
        (*currency, row)
    });
    Ok(object! { PROVIDER => all.collect::<Json>() }.into())
}

fn rewards(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    call.params.required("since")?;
    let mut by_currency: BTreeMap<&str, Vec<Event>> = BTreeMap::new();
    for event in events(exchange, call)? {
        if event.kind == "Interest" {
            by_currency.entry(event.currency).or_default().push(event);
        }
    }
    if by_currency.is_empty() {
        return Ok(object! {}.into());
    }
    let all = by_currency.into_iter().map(|(currency, events)| {
        let total: Decimal = events.iter().map(|event| event.amount).sum();
        let rate = RATES
            .iter()
            .find(|(code, _)| *code == currency)
            .map_or(0, |(_, rate)| *rate);
        let edge = |event: Option<&Event>| event.map(|event| event.at.rfc3339_milliseconds());
        let period = object! {
            "providerId" => PROVIDER,
            "currency" => currency,
            "apyPct" => percent(rate),
            "ratePct" => percent(rate),
            "numberOfAccruals" => events.len(),
            "accrualTotal" => number(total),
            "firstAccrualAt" => edge(events.first()),
            "lastAccrualAt" => edge(events.last()),
        };
        let row = object! {
            "providerId" => PROVIDER,
            "currency" => currency,
            "accrualTotal" => number(total),
            "ratePeriods" => vec![period],
        };
        (currency, row)
    });
    Ok(object! { PROVIDER => all.collect::<Json>() }.into())
}
