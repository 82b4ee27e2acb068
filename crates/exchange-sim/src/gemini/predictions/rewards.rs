//! What those get who offer instead of taking. Days are those of UTC here.

use std::time::Duration;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::super::answer::{Outcome, Refusal, plain};
use super::super::exchange::{Exchange, keep};
use super::super::symbols::cut;
use super::super::trading::day;
use super::super::{Access, Call, Operation, TRADER_OR_AUDITOR, get, op, public};
use crate::Moment;
use crate::books::Holder;
use crate::json::{Json, object};

const DAY: u64 = 86_400;

/// Of what a maker has traded, a thousandth comes back.
const REBATE: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

pub(crate) static OPERATIONS: [Operation; 7] = [
    public(
        "predictions.getMakerRebateRates",
        "/v1/prediction-markets/maker-rebate/rates",
        rates,
    ),
    op(
        "predictions.listMakerRebatePayouts",
        "/v1/prediction-markets/maker-rebate/payouts",
        Access::Key,
        TRADER_OR_AUDITOR,
        &[],
        payouts,
    ),
    get(
        "predictions.getMakerRebateLifetimeSummary",
        "/v1/prediction-markets/maker-rebate/summary/total",
        Access::Key,
        TRADER_OR_AUDITOR,
        rebate_total,
    ),
    public(
        "predictions.getLiquidityRewardsConfig",
        "/v1/prediction-markets/liquidity-rewards/config",
        config,
    ),
    public(
        "predictions.listLiquidityRewardsEvents",
        "/v1/prediction-markets/liquidity-rewards/events",
        events,
    ),
    get(
        "predictions.getLiquidityRewardsDailySummary",
        "/v1/prediction-markets/liquidity-rewards/summary/daily",
        Access::Key,
        TRADER_OR_AUDITOR,
        daily,
    ),
    get(
        "predictions.getLiquidityRewardsLifetimeSummary",
        "/v1/prediction-markets/liquidity-rewards/summary/total",
        Access::Key,
        TRADER_OR_AUDITOR,
        liquidity_total,
    ),
];

/// What was paid back for a day.
#[derive(Clone, Debug)]
pub(super) struct Payout {
    id: u64,
    account: usize,
    at: Moment,
    volume: Decimal,
    rebate: Decimal,
    count: usize,
}

impl Exchange {
    /// Pays for the time since the last payment, once a day.
    pub(super) fn pay_rebates(&mut self, now: Moment) {
        let today = now.seconds() / DAY;
        let since = Moment::from_seconds(self.predictions.day * DAY);
        if today <= self.predictions.day {
            return;
        }
        self.predictions.day = today;
        let until = Moment::from_seconds(today * DAY);
        for account in 0..self.accounts.len() {
            let fills = self.predictions.fills.iter().filter(|fill| {
                fill.account == account && !fill.taker && fill.at >= since && fill.at < until
            });
            let (volume, count) = fills.fold((Decimal::ZERO, 0), |(volume, count), fill| {
                (volume + fill.value, count + 1)
            });
            let rebate = cut(volume * REBATE, 2);
            if rebate.is_zero() || self.pay(account, &Holder::Rewards, "USD", -rebate).is_err() {
                continue;
            }
            let payout = Payout {
                id: self.ids.number(),
                account,
                at: now,
                volume,
                rebate,
                count,
            };
            keep(&mut self.predictions.payouts, payout);
        }
    }
}

fn rates(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let wanted = call.params.text("category");
    let rows = [(12_u32, "Crypto", 5_000_u32), (13, "Sports", 2_500)];
    let rows = rows.into_iter().filter(|(_, category, _)| {
        wanted
            .as_ref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(category))
    });
    let rows = rows.map(|(id, category, bps)| {
        object! {
            "id" => id,
            "rebate_multiplier_bps" => bps,
            "effective_from" => "2026-03-19T00:00:00Z",
            "category" => category,
        }
    });
    Ok(object! { "rate_rules" => rows.collect::<Json>() }.into())
}

fn payouts(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let limit = call.params.limit("limit", 50, 100)?.max(1);
    let offset = call.params.limit("offset", 0, usize::MAX)?;
    let payouts = exchange.predictions.payouts.iter().rev();
    let payouts = payouts.filter(|payout| payout.account == call.account);
    let rows = payouts.skip(offset).take(limit).map(|payout| {
        object! {
            "id" => payout.id,
            "total_volume_usd" => plain(payout.volume),
            "total_rebate_usd" => plain(payout.rebate),
            "total_fill_count" => payout.count,
            "status" => "PAID",
            "paid_at" => payout.at.rfc3339(),
            "created_at" => payout.at.rfc3339(),
        }
    });
    Ok(object! { "payouts" => rows.collect::<Json>() }.into())
}

/// The days of a request, of which there must be both or none.
fn dates(call: &Call<'_>) -> Result<Option<(NaiveDate, NaiveDate)>, Refusal> {
    let date = |name: &str| {
        call.params
            .text(name)
            .map(|text| {
                text.parse::<NaiveDate>()
                    .map_err(|_| Refusal::input(format!("{name} must be YYYY-MM-DD")))
            })
            .transpose()
    };
    match (date("dateFrom")?, date("dateTo")?) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) if from <= to && (to - from).num_days() <= 5 * 366 => {
            Ok(Some((from, to)))
        }
        (Some(_), Some(_)) => Err(Refusal::input("dateFrom and dateTo must be within 5 years")),
        _ => Err(Refusal::input("dateFrom and dateTo must be given together")),
    }
}

fn rebate_total(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let range = dates(call)?;
    let payouts = exchange.predictions.payouts.iter().filter(|payout| {
        let date = payout.at.date_time().date_naive();
        payout.account == call.account && range.is_none_or(|(from, to)| date >= from && date <= to)
    });
    let payouts: Vec<_> = payouts.collect();
    let earned: Decimal = payouts.iter().map(|payout| payout.rebate).sum();
    let volume: Decimal = payouts.iter().map(|payout| payout.volume).sum();
    let count: usize = payouts.iter().map(|payout| payout.count).sum();
    Ok(object! {
        "total_earned_usd" => plain(earned),
        "total_fill_count" => count,
        "total_volume_usd" => plain(volume),
        "payout_count" => payouts.len(),
        "first_payout_date" => payouts.first().map(|payout| day(payout.at)),
        "last_payout_date" => payouts.last().map(|payout| day(payout.at)),
    }
    .into())
}

fn config(_: &mut Exchange, _: &Call<'_>) -> Outcome {
    Ok(object! {
        "max_spread_cents" => 10_u32,
        "min_payout_threshold_usd" => "1.00",
        "enabled" => true,
    }
    .into())
}

const SORTS: [&str; 10] = [
    "daily_pool_desc",
    "daily_pool_asc",
    "ends_soonest",
    "ends_latest",
    "title_asc",
    "title_desc",
    "category_asc",
    "category_desc",
    "competition_asc",
    "competition_desc",
];

fn events(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let sort = call
        .params
        .text("sort")
        .unwrap_or_else(|| SORTS[0].to_owned());
    if !SORTS.contains(&sort.as_str()) {
        return Err(Refusal::input(format!("sort can't be '{sort}'")));
    }
    let categories = call.params.text("category").map(|text| text.to_lowercase());
    let search = call.params.text("search").map(|text| text.to_lowercase());
    let limit = call.params.limit("limit", 50, 100)?.max(1);
    let offset = call.params.limit("offset", 0, usize::MAX)?;
    let events = exchange.predictions.events.iter();
    let mut events: Vec<_> = events
        .filter(|event| event.is_active(call.now))
        .filter(|event| {
            categories.as_ref().is_none_or(|all| {
                all.split(',')
                    .any(|one| one.trim().eq_ignore_ascii_case(event.category))
            })
        })
        .filter(|event| {
            search
                .as_ref()
                .is_none_or(|text| event.title.to_lowercase().contains(text))
        })
        .collect();
    match sort.rsplit_once('_').map_or("", |(key, _)| key) {
        "title" => events.sort_by_key(|event| event.title.clone()),
        "category" => events.sort_by_key(|event| event.category),
        // Pools and competition are the same for all.
        _ => events.sort_by_key(|event| event.expiry),
    }
    if sort.ends_with("_desc") || sort == "ends_latest" {
        events.reverse();
    }
    let total = events.len();
    let rows = events.into_iter().skip(offset).take(limit).map(|event| {
        object! {
            "event_ticker" => event.ticker.as_str(),
            "title" => event.title.as_str(),
            "category" => event.category,
            "daily_pool_usd" => "500.00",
            "pool_source" => "category_default",
            "ends_at" => event.expiry.rfc3339(),
            "qualifying_maker_count" => 0_u32,
        }
    });
    let rows: Json = rows.collect();
    Ok(object! {
        "events" => rows,
        "pagination" => object! { "limit" => limit, "offset" => offset, "total" => total },
        "last_score_date" => day(call.now.minus(Duration::from_secs(DAY))),
    }
    .into())
}

fn daily(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let Some((from, to)) = dates(call)? else {
        return Err(Refusal::input("dateFrom and dateTo are required"));
    };
    let today = call.now.date_time().date_naive();
    // Nobody's offers are scored here, so there is nothing to be had.
    let days = from
        .iter_days()
        .take_while(|date| *date <= to && *date < today);
    let mut rows: Vec<Json> = days
        .map(|date| {
            object! {
                "payout_date" => date.to_string(),
                "total_reward_usd" => "0",
                "payout_status" => "ZERO_AMOUNT",
                "paid_at" => Json::Null,
                "events" => Json::List(Vec::new()),
            }
        })
        .collect();
    rows.reverse();
    Ok(object! { "daily_summaries" => rows }.into())
}

fn liquidity_total(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    dates(call)?;
    Ok(object! {
        "total_earned_usd" => "0",
        "payout_count" => 0_u32,
        "first_payout_date" => Json::Null,
        "last_payout_date" => Json::Null,
    }
    .into())
}
