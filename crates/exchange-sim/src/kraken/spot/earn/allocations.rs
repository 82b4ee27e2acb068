//! What is allocated, by time.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use rust_decimal::Decimal;

use super::super::assets::Asset;
use super::super::statement::{Cause, Leg};
use super::strategies::{Lock, STRATEGIES, Source, Strategy};
use super::{ABOVE_CAPACITY, INSUFFICIENT, Spot};
use crate::Moment;
use crate::books::{BooksError, Holder};
use crate::json::{Json, object};

/// How long a move takes before it is carried out.
const MOVE_TAKES: Duration = Duration::from_secs(5);

/// The most parts of an allocation in one state.
const MOST_LOTS: usize = 200;

/// After a pause of more payouts than this they are paid as one.
const MOST_PAYOUTS: u64 = 400;

const YEAR: i64 = 365 * 86_400;

/// Which way funds move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

/// A move that is taken on and not carried out yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub direction: Direction,
    amount: Decimal,
    due: Moment,
}

/// A part that moves on at a time.
#[derive(Clone, Copy, Debug)]
struct Lot {
    amount: Decimal,
    since: Moment,
    until: Moment,
}

/// What an account has in a strategy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allocation {
    earning: Decimal,
    bonding: VecDeque<Lot>,
    exit_queue: VecDeque<Lot>,
    unbonding: VecDeque<Lot>,
    pending: Option<Pending>,
    /// Why the last moves failed.
    failed_in: Option<&'static str>,
    failed_out: Option<&'static str>,
    /// Something was put in once.
    used: bool,
    /// All that was ever paid.
    rewarded: Decimal,
    /// What has earned since the last payout, times seconds.
    accrued: Decimal,
    accrued_until: Moment,
    /// The beginning of the running payout period.
    period_start: Option<Moment>,
    /// When it stands on the agenda.
    scheduled: Option<Moment>,
}

/// What happens next by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Bonded,
    Queued,
    Unbonded,
    Moved,
    Payout,
}

fn sum(lots: &VecDeque<Lot>) -> Decimal {
    lots.iter()
        .fold(Decimal::ZERO, |sum, lot| sum.saturating_add(lot.amount))
}

impl Allocation {
    pub(crate) fn pending(&self) -> Option<Pending> {
        self.pending
    }

    pub(crate) fn earning(&self) -> Decimal {
        self.earning
    }

    pub(crate) fn rewarded(&self) -> Decimal {
        self.rewarded
    }

    pub(crate) fn was_used(&self) -> bool {
        self.used
    }

    /// Why the last move of a direction failed, if it did.
    pub(crate) fn failed(&self, direction: Direction) -> Option<&'static str> {
        match direction {
            Direction::In => self.failed_in,
            Direction::Out => self.failed_out,
        }
    }

    fn fail(&mut self, direction: Direction, why: Option<&'static str>) {
        match direction {
            Direction::In => self.failed_in = why,
            Direction::Out => self.failed_out = why,
        }
    }

    /// All that is in the strategy, in whatever state.
    pub(crate) fn total(&self) -> Decimal {
        [&self.bonding, &self.exit_queue, &self.unbonding]
            .into_iter()
            .fold(self.earning, |total, lots| total.saturating_add(sum(lots)))
    }

    /// Whether there is no room for one more part.
    pub(crate) fn is_full(&self) -> bool {
        [&self.bonding, &self.exit_queue, &self.unbonding]
            .into_iter()
            .any(|lots| lots.len() >= MOST_LOTS)
    }

    /// What earns.
    fn principal(&self, strategy: &Strategy) -> Decimal {
        let mut principal = self.earning.saturating_add(sum(&self.exit_queue));
        if let Lock::Bonded {
            bonding_rewards,
            unbonding_rewards,
            ..
        } = strategy.lock
        {
            if bonding_rewards {
                principal = principal.saturating_add(sum(&self.bonding));
            }
            if unbonding_rewards {
                principal = principal.saturating_add(sum(&self.unbonding));
            }
        }
        principal
    }

    /// What has earned until `at`, times seconds.
    fn accrued_at(&self, strategy: &Strategy, at: Moment) -> Decimal {
        let seconds = at.seconds().saturating_sub(self.accrued_until.seconds());
        let more = self.principal(strategy).saturating_mul(seconds.into());
        self.accrued.saturating_add(more)
    }

    /// To be called before anything that earns changes.
    fn accrue(&mut self, strategy: &Strategy, at: Moment) {
        self.accrued = self.accrued_at(strategy, at);
        self.accrued_until = at;
    }

    /// Begins a payout period if none runs and something earns.
    fn begin_period(&mut self, strategy: &Strategy, at: Moment) {
        if self.period_start.is_none() && !self.principal(strategy).is_zero() {
            self.period_start = Some(at);
        }
    }

    fn period_end(&self, strategy: &Strategy) -> Option<Moment> {
        let start = self.period_start?;
        Some(start.plus(Duration::from_secs(strategy.payout)))
    }

    /// When what happens next by itself.
    fn next(&self, strategy: &Strategy) -> Option<(Moment, Event)> {
        let first = |lots: &VecDeque<Lot>| lots.front().map(|lot| lot.until);
        [
            (first(&self.bonding), Event::Bonded),
            (first(&self.exit_queue), Event::Queued),
            (first(&self.unbonding), Event::Unbonded),
            (self.pending.map(|pending| pending.due), Event::Moved),
            (self.period_end(strategy), Event::Payout),
        ]
        .into_iter()
        .filter_map(|(at, event)| Some((at?, event)))
        // At the end of all time nothing happens any more, else the same would
        // happen again and again.
        .filter(|(at, _)| *at < Moment::from_nanoseconds(u64::MAX))
        .min()
    }

    /// As `Earn/Allocations` shows it; `amount` writes one in both assets.
    pub(crate) fn json(
        &self,
        strategy: &Strategy,
        asset: &Asset,
        now: Moment,
        amount: impl Fn(Decimal) -> Json,
    ) -> Json {
        let unbonding = match strategy.lock {
            Lock::Bonded { unbonding, .. } => Duration::from_secs(unbonding),
            Lock::Flex | Lock::Instant => Duration::ZERO,
        };
        let mut allocated = object! {};
        let mut payout = Json::Null;
        if let Json::Object(states) = &mut allocated {
            for (name, lots, longer) in [
                ("bonding", &self.bonding, Duration::ZERO),
                ("exit_queue", &self.exit_queue, unbonding),
                ("unbonding", &self.unbonding, Duration::ZERO),
            ] {
                if !lots.is_empty() {
                    states.insert(name.to_owned(), lots_json(lots, longer, &amount));
                }
            }
            if let Some(pending) = self.pending {
                let signed = match pending.direction {
                    Direction::In => pending.amount,
                    Direction::Out => -pending.amount,
                };
                states.insert("pending".to_owned(), amount(signed));
            }
            states.insert("total".to_owned(), amount(self.total()));
        }
        if let (Some(start), Some(end)) = (self.period_start, self.period_end(strategy)) {
            let by_now = reward(strategy, asset, self.accrued_at(strategy, now));
            let by_then = reward(strategy, asset, self.accrued_at(strategy, end));
            payout = object! {
                "period_start" => start.rfc3339(),
                "period_end" => end.rfc3339(),
                "accumulated_reward" => amount(by_now),
                "estimated_reward" => amount(by_then),
            };
        }
        object! {
            "strategy_id" => strategy.id,
            "native_asset" => asset.altname,
            "asset_class" => "currency",
            "amount_allocated" => allocated,
            "total_rewarded" => amount(self.rewarded),
            "payout" => payout,
        }
    }
}

fn lots_json(lots: &VecDeque<Lot>, longer: Duration, amount: &impl Fn(Decimal) -> Json) -> Json {
    let mut state = amount(sum(lots));
    let rows: Json = lots
        .iter()
        .map(|lot| {
            let mut row = amount(lot.amount);
            if let Json::Object(members) = &mut row {
                members.insert("created_at".to_owned(), lot.since.rfc3339().into());
                let expires = lot.until.plus(longer).rfc3339_milliseconds();
                members.insert("expires".to_owned(), expires.into());
            }
            row
        })
        .collect();
    if let Json::Object(members) = &mut state {
        members.insert("allocation_count".to_owned(), lots.len().into());
        members.insert("allocations".to_owned(), rows);
    }
    state
}

/// What is paid for so much times seconds, cut to the asset's digits.
fn reward(strategy: &Strategy, asset: &Asset, accrued: Decimal) -> Decimal {
    // Hundredths of a percent of a year.
    let year = Decimal::from(YEAR * 10_000);
    accrued
        .checked_mul(Decimal::from(strategy.rate))
        .and_then(|earned| earned.checked_div(year))
        .unwrap_or_default()
        .trunc_with_scale(asset.decimals)
}

/// When which allocation goes on, by account and the strategy's place.
pub(crate) type Agenda = BTreeSet<(Moment, String, usize)>;

impl Spot {
    /// Takes on a move.
    pub(crate) fn begin(
        &mut self,
        account: &str,
        place: usize,
        direction: Direction,
        amount: Decimal,
        now: Moment,
    ) {
        let key = (account.to_owned(), place);
        let allocation = self.earn.allocations.entry(key).or_default();
        allocation.fail(direction, None);
        allocation.pending = Some(Pending {
            direction,
            amount,
            due: now.plus(MOVE_TAKES),
        });
        self.schedule(account, place);
    }

    /// Puts an allocation on the agenda where it belongs now.
    fn schedule(&mut self, account: &str, place: usize) {
        let key = (account.to_owned(), place);
        let (Some(allocation), Some(strategy)) =
            (self.earn.allocations.get_mut(&key), STRATEGIES.get(place))
        else {
            return;
        };
        let next = allocation.next(strategy).map(|(at, _)| at);
        let before = std::mem::replace(&mut allocation.scheduled, next);
        let (account, place) = key;
        if let Some(at) = before {
            self.earn.agenda.remove(&(at, account.clone(), place));
        }
        if let Some(at) = next {
            self.earn.agenda.insert((at, account, place));
        }
    }

    /// Ends what is pending, and pays rewards, until `now`.
    pub(crate) fn settle_earn(&mut self, now: Moment) {
        while let Some((at, ..)) = self.earn.agenda.first() {
            if *at > now {
                break;
            }
            let Some((_, account, place)) = self.earn.agenda.pop_first() else {
                break;
            };
            self.happen(&account, place, now);
            self.schedule(&account, place);
        }
    }

    /// Lets the next thing happen to an allocation.
    fn happen(&mut self, account: &str, place: usize, now: Moment) {
        let key = (account.to_owned(), place);
        let Some(strategy) = STRATEGIES.get(place) else {
            return;
        };
        let (Some(allocation), Some(asset)) =
            (self.earn.allocations.get_mut(&key), strategy.asset())
        else {
            return;
        };
        allocation.scheduled = None;
        let Some((at, event)) = allocation.next(strategy) else {
            return;
        };
        allocation.accrue(strategy, at);
        match event {
            Event::Bonded => {
                if let Some(lot) = allocation.bonding.pop_front() {
                    allocation.earning = allocation.earning.saturating_add(lot.amount);
                    allocation.begin_period(strategy, at);
                }
            }
            Event::Queued => {
                if let (Some(lot), Lock::Bonded { unbonding, .. }) =
                    (allocation.exit_queue.pop_front(), strategy.lock)
                {
                    allocation.unbonding.push_back(Lot {
                        amount: lot.amount,
                        since: at,
                        until: at.plus(Duration::from_secs(unbonding)),
                    });
                }
            }
            Event::Unbonded => {
                let lot = allocation.unbonding.pop_front();
                if let Some(lot) = lot
                    && self
                        .shift(account, strategy, asset, Direction::Out, lot.amount, at)
                        .is_err()
                    && let Some(allocation) = self.earn.allocations.get_mut(&key)
                {
                    // It can't leave, so it earns on.
                    allocation.earning = allocation.earning.saturating_add(lot.amount);
                }
            }
            Event::Moved => {
                if let Some(pending) = allocation.pending.take() {
                    let failed = self.carry_out(&key, strategy, asset, pending, at).err();
                    if let Some(allocation) = self.earn.allocations.get_mut(&key) {
                        allocation.fail(pending.direction, failed);
                    }
                }
            }
            Event::Payout => self.pay(&key, strategy, asset, at, now),
        }
    }

    /// Carries out a move that was taken on.
    fn carry_out(
        &mut self,
        key: &(String, usize),
        strategy: &Strategy,
        asset: &Asset,
        pending: Pending,
        at: Moment,
    ) -> Result<(), &'static str> {
        let Pending {
            direction, amount, ..
        } = pending;
        let account = &key.0;
        let (bonding, exit_queue, unbonding) = match strategy.lock {
            Lock::Flex | Lock::Instant => (0, 0, 0),
            Lock::Bonded {
                bonding,
                exit_queue,
                unbonding,
                ..
            } => (bonding, exit_queue, unbonding),
        };
        if direction == Direction::In {
            let all = self.earn.allocations.iter();
            let together = all
                .filter(|((_, place), _)| *place == key.1)
                .fold(amount, |sum, (_, one)| sum.saturating_add(one.total()));
            if together > Decimal::from(strategy.capacity) {
                return Err(ABOVE_CAPACITY);
            }
            if amount > self.available(account, asset.id) {
                return Err(INSUFFICIENT);
            }
        }
        let leaves_later = direction == Direction::Out && (exit_queue > 0 || unbonding > 0);
        if !leaves_later {
            self.shift(account, strategy, asset, direction, amount, at)
                .map_err(|_| INSUFFICIENT)?;
        }
        let Some(allocation) = self.earn.allocations.get_mut(key) else {
            return Ok(());
        };
        let lot = |seconds: u64| Lot {
            amount,
            since: at,
            until: at.plus(Duration::from_secs(seconds)),
        };
        match direction {
            Direction::In => {
                allocation.used = true;
                if bonding > 0 {
                    allocation.bonding.push_back(lot(bonding));
                } else {
                    allocation.earning = allocation.earning.saturating_add(amount);
                }
                allocation.begin_period(strategy, at);
            }
            Direction::Out => {
                allocation.earning = allocation.earning.saturating_sub(amount);
                if exit_queue > 0 {
                    allocation.exit_queue.push_back(lot(exit_queue));
                } else if unbonding > 0 {
                    allocation.unbonding.push_back(lot(unbonding));
                }
            }
        }
        Ok(())
    }

    /// Moves funds between the plain balance and that with the suffix. The
    /// rewards' holder stands between, since the two are different assets.
    fn shift(
        &mut self,
        account: &str,
        strategy: &Strategy,
        asset: &Asset,
        direction: Direction,
        amount: Decimal,
        at: Moment,
    ) -> Result<(), BooksError> {
        let allocated = strategy.allocated(asset);
        let (from, to, out, into) = match direction {
            Direction::In => (
                asset.id,
                allocated.as_str(),
                "spottostaking",
                "stakingfromspot",
            ),
            Direction::Out => (
                allocated.as_str(),
                asset.id,
                "stakingtospot",
                "spotfromstaking",
            ),
        };
        let leg = |asset: &str, amount: Decimal| Leg {
            account: account.to_owned(),
            asset: asset.to_owned(),
            amount,
            fee: Decimal::ZERO,
            other: Holder::Rewards,
        };
        let refid = self.ids.reference('E');
        let time = self.entry_time(account, at);
        let cause = |subtype: &'static str| Cause {
            refid: refid.clone(),
            kind: "transfer",
            subtype,
            time,
        };
        self.book(&cause(out), &[leg(from, -amount)])?;
        let arrived = self.book(&cause(into), &[leg(to, amount)]);
        if let Err(error) = arrived {
            // The balance there has no room for so many digits: back it goes.
            self.book(&cause(out), &[leg(from, amount)])?;
            return Err(error);
        }
        Ok(())
    }

    /// Pays for the period that ends at `at`.
    fn pay(
        &mut self,
        key: &(String, usize),
        strategy: &Strategy,
        asset: &Asset,
        at: Moment,
        now: Moment,
    ) {
        let account = &key.0;
        let Some(allocation) = self.earn.allocations.get_mut(key) else {
            return;
        };
        let missed = now.since(at).as_secs() / strategy.payout.max(1);
        if missed > MOST_PAYOUTS {
            let longer = missed.saturating_sub(1).saturating_mul(strategy.payout);
            allocation.period_start = Some(at.plus(Duration::from_secs(longer)));
            return;
        }
        let paid = reward(strategy, asset, allocation.accrued);
        allocation.accrued = Decimal::ZERO;
        allocation.period_start = None;
        allocation.begin_period(strategy, at);
        if paid.is_zero() {
            return;
        }
        let kind = match strategy.source {
            Source::Staking => "staking",
            Source::OffChain | Source::OptInRewards => "reward",
        };
        let cause = Cause {
            refid: self.ids.reference('E'),
            kind,
            subtype: "",
            time: self.entry_time(account, at),
        };
        let leg = Leg {
            account: account.clone(),
            asset: if strategy.compounds {
                strategy.allocated(asset)
            } else {
                asset.id.to_owned()
            },
            amount: paid,
            fee: Decimal::ZERO,
            other: Holder::Rewards,
        };
        let booked = self.book(&cause, &[leg]).is_ok();
        if let Some(allocation) = self.earn.allocations.get_mut(key).filter(|_| booked) {
            allocation.rewarded = allocation.rewarded.saturating_add(paid);
            if strategy.compounds {
                allocation.earning = allocation.earning.saturating_add(paid);
            }
        }
    }
}
