//! Rebates for makers and rewards for liquidity. Amounts are in US dollars.

use exchange_transport::InvalidField;
use exchange_wire::{Decimal, open_enum};
use serde::{Deserialize, Serialize};

use super::market::{Page, total};
use crate::market::DATE;
use crate::request::{self, Request};
use crate::types::Timestamp;

endpoints! {
    "gemini-predictions", "Rewards", crate::prediction::Predictions;

    /// Which part of the fee makers get back.
    GetMakerRebateRates = get_maker_rebate_rates "getMakerRebateRates" {
        call: GET "/v1/prediction-markets/maker-rebate/rates",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json RebateRates,
        also: [],
        required {}
        optional {
            /// Of one category only.
            category: String => into query "category";
        }
    }

    /// Rebates that were paid, newest first.
    ListMakerRebatePayouts = list_maker_rebate_payouts "listMakerRebatePayouts" {
        call: POST "/v1/prediction-markets/maker-rebate/payouts",
        auth: Key,
        roles: AnyOf ["OrderStatus"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json RebatePayouts,
        also: [],
        required {}
        optional {
            /// At most so many. Default 50.
            limit: u32 => query "limit", range(1, 100);
            /// How many to leave out at the beginning.
            offset: u32 => query "offset";
        }
    }

    /// All rebates together.
    GetMakerRebateLifetimeSummary = get_maker_rebate_lifetime_summary "getMakerRebateLifetimeSummary" {
        call: GET "/v1/prediction-markets/maker-rebate/summary/total",
        auth: Key,
        roles: AnyOf ["OrderStatus"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json RebateSummary,
        also: [check = both_dates_or_none],
        required {}
        optional {
            /// The first day, `yyyy-MM-dd`, in Eastern Time; only together with `date_to`.
            date_from: String => into query "dateFrom", pattern(DATE);
            /// The last day; only together with `date_from`.
            date_to: String => into query "dateTo", pattern(DATE);
        }
    }

    /// Whether there are rewards for liquidity, and for what.
    GetLiquidityRewardsConfig = get_liquidity_rewards_config "getLiquidityRewardsConfig" {
        call: GET "/v1/prediction-markets/liquidity-rewards/config",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json RewardsConfig,
        also: [],
        required {}
        optional {}
    }

    /// Events with rewards for liquidity.
    ListLiquidityRewardsEvents = list_liquidity_rewards_events "listLiquidityRewardsEvents" {
        call: GET "/v1/prediction-markets/liquidity-rewards/events",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json RewardsEvents,
        also: [],
        required {}
        optional {
            /// Of these categories only, with commas between them.
            category: String => into query "category";
            /// With this in the title only.
            search: String => into query "search";
            /// In which order.
            sort: RewardsOrder => query "sort";
            /// At most so many. Default 50.
            limit: u32 => query "limit", range(1, 100);
            /// How many to leave out at the beginning.
            offset: u32 => query "offset";
        }
    }

    /// Rewards by day.
    GetLiquidityRewardsDailySummary = get_liquidity_rewards_daily_summary "getLiquidityRewardsDailySummary" {
        call: GET "/v1/prediction-markets/liquidity-rewards/summary/daily",
        auth: Key,
        roles: AnyOf ["OrderStatus"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json DailyRewards,
        also: [],
        required {
            /// The first day, `yyyy-MM-dd`, in Eastern Time.
            date_from: String => into query "dateFrom", pattern(DATE);
            /// The last day.
            date_to: String => into query "dateTo", pattern(DATE);
        }
        optional {}
    }

    /// All rewards together.
    GetLiquidityRewardsLifetimeSummary = get_liquidity_rewards_lifetime_summary "getLiquidityRewardsLifetimeSummary" {
        call: GET "/v1/prediction-markets/liquidity-rewards/summary/total",
        auth: Key,
        roles: AnyOf ["OrderStatus"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json RewardsSummary,
        also: [check = both_dates_or_none],
        required {}
        optional {
            /// The first day, `yyyy-MM-dd`, in Eastern Time; only together with `date_to`.
            date_from: String => into query "dateFrom", pattern(DATE);
            /// The last day; only together with `date_from`.
            date_to: String => into query "dateTo", pattern(DATE);
        }
    }
}

fn both_dates_or_none(request: &Request) -> Result<(), InvalidField> {
    request::both_in_query(request, "dateFrom", "dateTo")
}

open_enum! {
    /// In which order events with rewards come.
    pub enum RewardsOrder {
        /// The most to win first.
        DailyPoolDesc = "daily_pool_desc",
        /// The least to win first.
        DailyPoolAsc = "daily_pool_asc",
        /// The first to end first.
        EndsSoonest = "ends_soonest",
        /// The last to end first.
        EndsLatest = "ends_latest",
        /// By title.
        TitleAsc = "title_asc",
        /// By title, backwards.
        TitleDesc = "title_desc",
        /// By category.
        CategoryAsc = "category_asc",
        /// By category, backwards.
        CategoryDesc = "category_desc",
        /// The fewest makers first.
        CompetitionAsc = "competition_asc",
        /// The most makers first.
        CompetitionDesc = "competition_desc",
    }
}

open_enum! {
    /// Where the rewards of an event come from.
    pub enum PoolSource {
        /// They are the event's own.
        EventOverride = "event_override",
        /// They are those of its category.
        CategoryDefault = "category_default",
        /// Not told.
        Unspecified = "unspecified",
    }
}

open_enum! {
    /// How far a payment is.
    pub enum PayoutStatus {
        /// It is to come.
        Pending = "PENDING",
        /// It was made.
        Paid = "PAID",
        /// There is nothing to pay.
        ZeroAmount = "ZERO_AMOUNT",
    }
}

crate::parameter::plain!(RewardsOrder);

/// Which part of the fee makers get back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RebateRates {
    /// The rules.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub rate_rules: Vec<RebateRule>,
}

/// A rule for rebates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RebateRule {
    /// Its id.
    #[serde(with = "exchange_wire::integer")]
    pub id: i64,
    /// Which part of the fee, in hundredths of a percent.
    #[serde(with = "exchange_wire::integer")]
    pub rebate_multiplier_bps: i64,
    /// From when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Timestamp>,
    /// For one category only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_to: Option<Timestamp>,
}

/// Rebates that were paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RebatePayouts {
    /// The payments.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub payouts: Vec<RebatePayout>,
}

/// A rebate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RebatePayout {
    /// Its id.
    #[serde(with = "exchange_wire::integer")]
    pub id: i64,
    /// What was traded for it.
    #[serde(with = "exchange_wire::decimal")]
    pub total_volume_usd: Decimal,
    /// The rebate.
    #[serde(with = "exchange_wire::decimal")]
    pub total_rebate_usd: Decimal,
    /// In how many trades.
    #[serde(with = "exchange_wire::integer")]
    pub total_fill_count: i64,
    /// How far it is.
    pub status: PayoutStatus,
    /// When it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When it was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// All rebates together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RebateSummary {
    /// The rebates.
    #[serde(with = "exchange_wire::decimal")]
    pub total_earned_usd: Decimal,
    /// For how many trades.
    #[serde(with = "exchange_wire::integer")]
    pub total_fill_count: i64,
    /// What was traded for them.
    #[serde(with = "exchange_wire::decimal")]
    pub total_volume_usd: Decimal,
    /// In how many payments.
    #[serde(with = "exchange_wire::integer")]
    pub payout_count: i64,
    /// The day of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_payout_date: Option<String>,
    /// The day of the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_payout_date: Option<String>,
}

/// Whether there are rewards for liquidity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RewardsConfig {
    /// Whether there are.
    pub enabled: bool,
    /// How far from the middle an order may be, in cents.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub max_spread_cents: Option<i64>,
    /// Less than this is not paid.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub min_payout_threshold_usd: Option<Decimal>,
}

/// Events with rewards for liquidity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RewardsEvents {
    /// The events.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub events: Vec<RewardsEvent>,
    /// Where the page stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Page>,
    /// The last day that was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_score_date: Option<String>,
}

/// An event with rewards for liquidity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RewardsEvent {
    /// Its ticker.
    pub event_ticker: String,
    /// What it is about.
    pub title: String,
    /// Its category.
    pub category: String,
    /// What is to win in a day.
    #[serde(with = "exchange_wire::decimal")]
    pub daily_pool_usd: Decimal,
    /// Where that comes from.
    pub pool_source: PoolSource,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// How many take part.
    #[serde(with = "exchange_wire::integer")]
    pub qualifying_maker_count: i64,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
}

/// Rewards by day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DailyRewards {
    /// The days.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub daily_summaries: Vec<DailyReward>,
}

/// Rewards of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DailyReward {
    /// The day, in Eastern Time.
    pub payout_date: String,
    /// The reward.
    #[serde(with = "exchange_wire::decimal")]
    pub total_reward_usd: Decimal,
    /// How far it is.
    pub payout_status: PayoutStatus,
    /// When it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// By event.
    #[serde(default, deserialize_with = "exchange_wire::null_as_default")]
    pub events: Vec<EventReward>,
}

/// The reward for an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventReward {
    /// The event's id.
    #[serde(with = "exchange_wire::integer")]
    pub event_id: i64,
    /// The event's name.
    pub event_name: String,
    /// Its category.
    pub category_name: String,
    /// Your part of all, from 0 to 1.
    #[serde(with = "exchange_wire::decimal")]
    pub normalized_score: Decimal,
    /// How often you took part.
    #[serde(with = "exchange_wire::integer")]
    pub snapshot_count: i64,
    /// How often was counted.
    #[serde(with = "exchange_wire::integer")]
    pub total_snapshots: i64,
    /// The reward.
    #[serde(with = "exchange_wire::decimal")]
    pub event_reward_usd: Decimal,
}

/// All rewards together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RewardsSummary {
    /// The rewards.
    #[serde(with = "exchange_wire::decimal")]
    pub total_earned_usd: Decimal,
    /// In how many payments.
    #[serde(with = "exchange_wire::integer")]
    pub payout_count: i64,
    /// The day of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_payout_date: Option<String>,
    /// The day of the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_payout_date: Option<String>,
}

crate::paging::page_by_offset! {
    /// All rebates that were paid, newest first.
    ListMakerRebatePayouts of RebatePayout, 100,
    |answer| (answer.payouts, None),
    number |payout| Some(payout.id)
}

crate::paging::page_by_offset! {
    /// All events with rewards for liquidity.
    ListLiquidityRewardsEvents of RewardsEvent, 100,
    |answer| (answer.events, total(answer.pagination.as_ref())),
    id |event| Some(&event.event_ticker)
}
