//! Staking.

use chrono::DateTime;
use exchange_transport::{Error, Operation};
use exchange_wire::{Decimal, IndexMap, impl_by_shape, open_enum};
use serde::{Deserialize, Serialize};

use crate::fund::UUID;
use crate::paging::{self, BackwardsPosition, Page, Paged};
use crate::types::{Currency, IsoTime, Timestamp};

endpoints! {
    "gemini", "Staking", crate::Client;

    /// What is staked, by currency.
    ListStakingBalances = list_staking_balances "listStakingBalances" {
        call: POST "/v1/balances/staking",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<StakingBalance>,
        also: [],
        required {}
        optional {}
    }

    /// Stakes.
    StakeCryptoFunds = stake_crypto_funds "stakeCryptoFunds" {
        call: POST "/v1/staking/stake",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager"],
        scopes: [],
        effect: Funds,
        pace: PRIVATE,
        answer: json StakingDeposit,
        also: [],
        required {
            /// With whom: a key of [`list_staking_rates`](crate::Client::list_staking_rates).
            provider_id: String => into field "providerId", pattern(UUID);
            /// Which currency.
            currency: Currency => into field "currency";
            /// How much, in that currency.
            amount: Decimal => into field "amount", positive();
        }
        optional {}
    }

    /// Ends staking.
    UnstakeCryptoFunds = unstake_crypto_funds "unstakeCryptoFunds" {
        call: POST "/v1/staking/unstake",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager"],
        scopes: [],
        effect: Funds,
        pace: PRIVATE,
        answer: json StakingWithdrawal,
        also: [],
        required {
            /// With whom: a key of [`list_staking_rates`](crate::Client::list_staking_rates).
            provider_id: String => into field "providerId", pattern(UUID);
            /// Which currency.
            currency: Currency => into field "currency";
            /// How much, in that currency.
            amount: Decimal => into field "amount", positive();
        }
        optional {}
    }

    /// Deposits, redemptions and interest, newest first.
    ListStakingEventHistory = list_staking_event_history "listStakingEventHistory" {
        call: POST "/v1/staking/history",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<StakingHistory>,
        also: [],
        required {}
        optional {
            /// From this time on; from the first deposit if not set.
            since: IsoTime => into field "since";
            /// Up to this time; until now if not set.
            until: IsoTime => into field "until";
            /// At most so many. Default 50.
            limit: u32 => field "limit", range(1, 500);
            /// With one provider only.
            provider_id: String => into field "providerId", pattern(UUID);
            /// Of one currency only.
            currency: Currency => into field "currency";
            /// Interest only. Default no.
            interest_only: bool => field "interestOnly";
            /// Oldest first. Default no.
            sort_asc: bool => field "sortAsc";
        }
    }

    /// What staking pays now, by provider and currency.
    ListStakingRates = list_staking_rates "listStakingRates" {
        call: GET "/v1/staking/rates",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json IndexMap<String, IndexMap<String, StakingRate>>,
        also: [],
        required {}
        optional {}
    }

    /// What staking paid, by provider and currency.
    ListStakingRewards = list_staking_rewards "listStakingRewards" {
        call: POST "/v1/staking/rewards",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json IndexMap<String, IndexMap<String, StakingRewards>>,
        also: [],
        required {
            /// From this time on.
            since: IsoTime => into field "since";
        }
        optional {
            /// Up to this time; until now if not set.
            until: IsoTime => into field "until";
            /// With one provider only.
            provider_id: String => into field "providerId", pattern(UUID);
            /// Of one currency only.
            currency: Currency => into field "currency";
        }
    }
}

open_enum! {
    /// What happened.
    pub enum StakingTransactionType {
        /// Funds were staked.
        Deposit = "Deposit",
        /// The end of staking was asked for.
        Redeem = "Redeem",
        /// Interest was paid.
        Interest = "Interest",
        /// Funds came back.
        RedeemPayment = "RedeemPayment",
        /// The venue ended staking.
        AdminRedeem = "AdminRedeem",
        /// The venue gave.
        AdminCreditAdjustment = "AdminCreditAdjustment",
        /// The venue took.
        AdminDebitAdjustment = "AdminDebitAdjustment",
    }
}

/// What is staked of a currency. Amounts are in that currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StakingBalance {
    /// `Staking`.
    #[serde(rename = "type")]
    pub balance_type: String,
    /// Which currency.
    pub currency: Currency,
    /// All of it.
    #[serde(with = "exchange_wire::decimal::number")]
    pub balance: Decimal,
    /// What can be used for orders.
    #[serde(with = "exchange_wire::decimal::number")]
    pub available: Decimal,
    /// What can be unstaked.
    #[serde(
        rename = "availableForWithdrawal",
        with = "exchange_wire::decimal::number"
    )]
    pub available_for_withdrawal: Decimal,
    /// By provider.
    #[serde(rename = "balanceByProvider")]
    pub balance_by_provider: IndexMap<String, ProviderBalance>,
}

/// What is staked with a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProviderBalance {
    /// How much.
    #[serde(with = "exchange_wire::decimal::number")]
    pub balance: Decimal,
}

/// What was staked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StakingDeposit {
    /// Its id.
    #[serde(rename = "transactionId")]
    pub transaction_id: String,
    /// With whom.
    #[serde(rename = "providerId")]
    pub provider_id: String,
    /// Which currency.
    pub currency: Currency,
    /// How much.
    #[serde(with = "exchange_wire::decimal::number")]
    pub amount: Decimal,
    /// The interest so far.
    #[serde(
        rename = "accrualTotal",
        with = "exchange_wire::decimal::number",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub accrual_total: Option<Decimal>,
    /// What it pays.
    pub rates: DepositRates,
}

/// The rate of a deposit; several if there are several.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DepositRates {
    /// One.
    One(DepositRate),
    /// Several.
    Several(Vec<DepositRate>),
}

impl_by_shape! {
    DepositRates { array => Several(Vec<DepositRate>), object => One(DepositRate) }
}

/// The rate of a deposit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DepositRate {
    /// A year, in basis points (hundredths of a percent).
    #[serde(with = "exchange_wire::decimal::number")]
    pub rate: Decimal,
}

/// What is being unstaked. Amounts are in `currency`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StakingWithdrawal {
    /// Its id.
    #[serde(rename = "transactionId")]
    pub transaction_id: String,
    /// How much.
    #[serde(with = "exchange_wire::decimal::number")]
    pub amount: Decimal,
    /// What came back.
    #[serde(rename = "amountPaidSoFar", with = "exchange_wire::decimal::number")]
    pub amount_paid_so_far: Decimal,
    /// What did not yet.
    #[serde(rename = "amountRemaining", with = "exchange_wire::decimal::number")]
    pub amount_remaining: Decimal,
    /// Which currency.
    pub currency: Currency,
    /// When it was asked for.
    #[serde(rename = "requestInitiated")]
    pub request_initiated: Timestamp,
}

/// What happened with a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StakingHistory {
    /// With whom.
    #[serde(rename = "providerId")]
    pub provider_id: String,
    /// What happened.
    pub transactions: Vec<StakingTransaction>,
}

/// What happened once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StakingTransaction {
    /// Its id.
    #[serde(rename = "transactionId")]
    pub transaction_id: String,
    /// What happened.
    #[serde(rename = "transactionType")]
    pub transaction_type: StakingTransactionType,
    /// Which currency.
    #[serde(rename = "amountCurrency")]
    pub amount_currency: Currency,
    /// How much, in that currency.
    #[serde(with = "exchange_wire::decimal::number")]
    pub amount: Decimal,
    /// What the price is in.
    #[serde(
        rename = "priceCurrency",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub price_currency: Option<Currency>,
    /// The price of one unit then.
    #[serde(
        rename = "priceAmount",
        with = "exchange_wire::decimal::number",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub price_amount: Option<Decimal>,
    /// When.
    #[serde(rename = "dateTime")]
    pub date_time: Timestamp,
}

/// What staking pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StakingRate {
    /// With whom.
    #[serde(rename = "providerId")]
    pub provider_id: String,
    /// A year without compounding, in basis points (hundredths of a percent).
    #[serde(with = "exchange_wire::decimal::number")]
    pub rate: Decimal,
    /// A year with compounding, in percent.
    #[serde(rename = "apyPct", with = "exchange_wire::decimal::number")]
    pub apy_pct: Decimal,
    /// A year without compounding, in percent.
    #[serde(rename = "ratePct", with = "exchange_wire::decimal::number")]
    pub rate_pct: Decimal,
    /// How much an account may add within a month, in US dollars.
    #[serde(rename = "depositUsdLimit", with = "exchange_wire::decimal::number")]
    pub deposit_usd_limit: Decimal,
}

/// What staking paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StakingRewards {
    /// With whom.
    #[serde(rename = "providerId")]
    pub provider_id: String,
    /// Which currency.
    pub currency: Currency,
    /// The interest, in that currency.
    #[serde(rename = "accrualTotal", with = "exchange_wire::decimal::number")]
    pub accrual_total: Decimal,
    /// By rate.
    #[serde(rename = "ratePeriods")]
    pub rate_periods: Vec<RatePeriod>,
}

/// What staking paid while the rate was the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RatePeriod {
    /// With whom.
    #[serde(rename = "providerId")]
    pub provider_id: String,
    /// Which currency.
    pub currency: Currency,
    /// A year with compounding, in percent.
    #[serde(rename = "apyPct", with = "exchange_wire::decimal::number")]
    pub apy_pct: Decimal,
    /// A year without compounding, in percent.
    #[serde(rename = "ratePct", with = "exchange_wire::decimal::number")]
    pub rate_pct: Decimal,
    /// How often interest was added.
    #[serde(rename = "numberOfAccruals", with = "exchange_wire::integer")]
    pub number_of_accruals: i64,
    /// The interest, in that currency.
    #[serde(rename = "accrualTotal", with = "exchange_wire::decimal::number")]
    pub accrual_total: Decimal,
    /// When first.
    #[serde(rename = "firstAccrualAt")]
    pub first_accrual_at: Timestamp,
    /// When last.
    #[serde(rename = "lastAccrualAt")]
    pub last_accrual_at: Timestamp,
}

/// What happened once, and with whom: an item of the stream of
/// [`ListStakingEventHistory`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StakingEvent {
    /// With whom.
    pub provider_id: String,
    /// What happened.
    pub transaction: StakingTransaction,
}

impl Paged for ListStakingEventHistory {
    type Item = StakingEvent;
    type Position = BackwardsPosition;
    const OPERATION: &'static Operation = &<ListStakingEventHistory>::ENDPOINT.operation;

    async fn page(self, position: BackwardsPosition) -> Result<Page<Self>, Error> {
        // One row more than the last one must fit.
        let limit = self.request.limit("limit", 500).max(2);
        let until = position.until.and_then(DateTime::from_timestamp_millis);
        let call = match until {
            Some(time) => self.until(time),
            None => self,
        };
        let providers = call.limit(limit).sort_asc(false).send().await?;
        let is_full = |rows: usize| rows >= limit as usize;
        // The limit may be for each provider. Then those of a full one end at a time of their own,
        // and what the others have before that comes again with the next page.
        let full = providers
            .iter()
            .filter(|one| is_full(one.transactions.len()));
        let cut = full
            .filter_map(|one| {
                let times = one.transactions.iter();
                times.filter_map(|row| row.date_time.unix_millis()).min()
            })
            .max();
        let events: Vec<StakingEvent> = providers
            .into_iter()
            .flat_map(|one| {
                let provider_id = one.provider_id;
                let event = move |transaction| StakingEvent {
                    provider_id: provider_id.clone(),
                    transaction,
                };
                one.transactions.into_iter().map(event)
            })
            .collect();
        let full = is_full(events.len());
        let rows = paging::timed(events, |event| {
            let row = &event.transaction;
            // What was redeemed may be paid under the same id.
            let id = format!("{} {}", row.transaction_id, row.transaction_type);
            (row.date_time.unix_millis(), id)
        })?;
        paging::by_time_backwards(position, rows, full, cut, 1)
    }
}

exchange_transport::paged! {
    /// All events of all providers one by one, newest first, from `until` back to `since`, whatever
    /// `sort_asc` says.
    ListStakingEventHistory, BackwardsPosition::default()
}
