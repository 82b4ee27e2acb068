//! What a test may do to Custody behind the APIs.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Custody;
use super::assets::{Asset, find_asset};
use super::funding::Destination;
use super::people::{CustodyRole, User, same_iiban};
use super::tasks::{CustodyTaskState, Task};
use super::transactions::{Kind, Movement};
use super::vaults::Group;
use crate::Moment;
use crate::json::object;
use crate::kraken::handle::KrakenHandle;

/// A Custody vault, as it was when asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustodyVault {
    /// `V` and 13 letters and digits.
    pub id: String,
    /// With blanks between groups of four.
    pub iiban: String,
    /// What users call it.
    pub name: String,
    /// IIBANs of the users who belong to it.
    pub members: Vec<String>,
    /// How many approvals its tasks need.
    pub required_approvals: u32,
}

/// A Custody task, as it was when asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustodyTask {
    /// `T` and 13 letters and digits.
    pub id: String,
    /// A UUID in lower case.
    pub approval_id: String,
    /// What it asks for, such as `request_withdrawal`.
    pub kind: String,
    /// Where it stands.
    pub state: CustodyTaskState,
    /// The vault it is about; none if it is about the organization.
    pub vault: Option<String>,
    /// IIBAN of the user who asked for it.
    pub initiator: String,
    /// IIBANs of the users who may vote, whether they have or not.
    pub reviewers: Vec<String>,
    /// How many must approve.
    pub required: u32,
    /// How many have approved.
    pub approved: usize,
    /// How many have denied.
    pub denied: usize,
    /// When it expires unless it is decided.
    pub expires: Moment,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

impl From<&Task> for CustodyTask {
    fn from(task: &Task) -> Self {
        Self {
            id: task.id.clone(),
            approval_id: task.approval_id.clone(),
            kind: task.kind().to_owned(),
            state: task.state,
            vault: task.vault.clone(),
            initiator: task.initiator.iiban.clone(),
            reviewers: task.reviewers.clone(),
            required: task.required,
            approved: task.count(true),
            denied: task.count(false),
            expires: task.expires,
            failure: task.failure.clone(),
        }
    }
}

/// Custody. Vaults are named by their id, assets by any of their names.
///
/// # Panics
///
/// What changes something panics if there is no such vault, task, user or
/// asset, since a test that gets that wrong tests nothing.
impl KrakenHandle {
    /// The IIBAN of the organization to which all vaults belong.
    pub fn custody_organization(&self) -> String {
        self.custody(|custody, _| custody.organization.iiban.clone())
    }

    /// The IIBANs of all Custody users; those of
    /// [`custody_credentials`](Self::custody_credentials) come first.
    pub fn custody_users(&self) -> Vec<String> {
        self.custody(|custody, _| {
            let users = custody.users.iter();
            users.map(|user| user.iiban.clone()).collect()
        })
    }

    /// All vaults, in the order in which they were made. The first has
    /// something in it from the start.
    pub fn custody_vaults(&self) -> Vec<CustodyVault> {
        self.custody(|custody, _| {
            let vaults = custody.vaults.iter();
            let shown = vaults.map(|vault| CustodyVault {
                id: vault.id.clone(),
                iiban: vault.iiban.clone(),
                name: vault.name.clone(),
                members: vault.members.clone(),
                required_approvals: vault.required,
            });
            shown.collect()
        })
    }

    /// Makes an empty vault that all users belong to; returns its id.
    ///
    /// # Panics
    ///
    /// If there are 1,000 vaults already.
    pub fn create_custody_vault(&self, name: &str) -> String {
        let made = self.custody(|custody, now| {
            let members = custody.users.iter().map(|user| user.iiban.clone());
            custody.create_vault(name, None, members.collect(), now)
        });
        must(made, "there are too many vaults")
    }

    /// Adds a user, or gives one a new name and role. Keys of the user are
    /// added with [`add_key`](Self::add_key). The user belongs to no vault yet.
    ///
    /// # Panics
    ///
    /// If there are 100 users already.
    pub fn add_custody_user(&self, iiban: &str, full_name: &str, role: CustodyRole) {
        let added = self.custody(|custody, _| {
            custody.users.retain(|user| !same_iiban(&user.iiban, iiban));
            let room = custody.users.len() < 100;
            if room {
                custody.users.push(User {
                    iiban: iiban.to_owned(),
                    full_name: full_name.to_owned(),
                    role,
                });
            }
            room
        });
        assert!(added, "there are too many users");
    }

    /// Says who belongs to a vault, by the IIBANs of users.
    ///
    /// # Panics
    ///
    /// If there is no such vault or user.
    pub fn set_custody_members(&self, vault: &str, users: &[&str]) {
        let set = self.custody(|custody, now| {
            let users = users
                .iter()
                .map(|user| Some(custody.user(user)?.iiban.clone()));
            let users = users.collect::<Option<Vec<String>>>()?;
            let vault = custody.vault_mut(vault)?;
            vault.members = users;
            vault.updated = now;
            Some(())
        });
        must(set, "no such vault or user");
    }

    /// Says how many must approve a vault's tasks, and how many of which users
    /// besides. Holds for tasks that are asked for from now on.
    ///
    /// # Panics
    ///
    /// If there is no such vault or user.
    pub fn set_custody_quorum(&self, vault: &str, required: u32, groups: &[(u32, &[&str])]) {
        let set = self.custody(|custody, now| {
            let mut made = Vec::new();
            for (required, users) in groups {
                let users = users
                    .iter()
                    .map(|user| Some(custody.user(user)?.iiban.clone()));
                made.push(Group {
                    members: users.collect::<Option<_>>()?,
                    id: custody.ids.uuid(),
                    required: *required,
                });
            }
            let vault = custody.vault_mut(vault)?;
            vault.required = required;
            vault.groups = made;
            vault.policies_updated = now;
            Some(())
        });
        must(set, "no such vault or user");
    }

    /// Lets a vault withdraw to an address, by the asset's first method.
    ///
    /// # Panics
    ///
    /// If there is no such vault or asset, or the name is taken.
    pub fn add_custody_address(&self, vault: &str, asset: &str, name: &str, address: &str) {
        let added = self.custody(|custody, _| {
            let destination = Destination::read(&object! {
                "asset" => asset,
                "address_name" => name,
                "address" => address,
            })?;
            let vault = custody.vault_mut(vault)?;
            let taken = vault.destination(destination.asset, name).is_some();
            (!taken).then(|| vault.whitelist.push(destination))
        });
        must(added, "no such vault or asset, or the name is taken");
    }

    /// What a vault has of an asset, held back or not.
    pub fn custody_balance(&self, vault: &str, asset: &str) -> Decimal {
        self.custody(|custody, _| {
            let asset = find_asset(asset);
            asset.map_or(Decimal::ZERO, |asset| custody.balance(vault, asset))
        })
    }

    /// The sum of each asset over all vaults, fees and the rest of the world:
    /// zero, since nothing is made or lost.
    pub fn custody_totals(&self) -> BTreeMap<String, Decimal> {
        self.custody(|custody, _| custody.books.totals())
    }

    /// Gives a vault so much of an asset; what is missing or too much shows as
    /// a transaction of type `adjustment`.
    ///
    /// # Panics
    ///
    /// If there is no such vault or asset, or the amount is below zero or has
    /// more digits than the venue keeps.
    pub fn set_custody_balance(&self, vault: &str, asset: &str, amount: Decimal) {
        let set = self.custody(|custody, now| {
            let asset = find_asset(asset)?;
            if !amount.is_zero() && !asset.admits(amount) {
                return None;
            }
            let change = amount.checked_sub(custody.balance(vault, asset))?;
            if change.is_zero() {
                return Some(());
            }
            move_into(custody, vault, asset, change, Kind::Adjustment, now).map(drop)
        });
        must(set, "no such vault, asset or amount");
    }

    /// Lets a deposit arrive in a vault; returns the id of the transaction. If
    /// the vault has addresses for the asset, it came to the first of them.
    ///
    /// # Panics
    ///
    /// If there is no such vault or asset, or the amount is not above zero or
    /// has more digits than the venue keeps.
    pub fn custody_deposit(&self, vault: &str, asset: &str, amount: Decimal) -> String {
        let made = self.custody(|custody, now| {
            let asset = find_asset(asset).filter(|asset| asset.admits(amount))?;
            let id = move_into(custody, vault, asset, amount, Kind::Deposit, now)?;
            let addresses = &mut custody.vault_mut(vault)?.addresses;
            let mut methods = asset.methods();
            let first = addresses
                .iter_mut()
                .find(|address| methods.any(|method| method.id == address.method));
            if let Some(address) = first {
                address.used = true;
            }
            Some(id)
        });
        must(made, "no such vault, asset or amount")
    }

    /// The last tasks, oldest first.
    pub fn custody_tasks(&self) -> Vec<CustodyTask> {
        self.custody(|custody, _| custody.tasks.all().map(CustodyTask::from).collect())
    }

    /// A task, by its id.
    ///
    /// # Panics
    ///
    /// If there is no such task.
    pub fn custody_task(&self, task: &str) -> CustodyTask {
        let found = self.custody(|custody, _| custody.tasks.find(task).map(CustodyTask::from));
        must(found, "no such task")
    }

    /// Lets a user vote on a task as through the API; returns where the task
    /// stands then.
    ///
    /// # Panics
    ///
    /// If the user may not vote, or there is no such user or task.
    pub fn vote_on_custody_task(&self, task: &str, user: &str, approves: bool) -> CustodyTaskState {
        let voted = self.custody(|custody, now| {
            let user = custody.user(user)?.clone();
            custody.vote(&user, task, approves, None, now).ok()
        });
        must(voted, "no such task or user, or the user may not vote")
    }

    /// Lets all vote for a task whose votes are missing until it is approved,
    /// and carries it out at once; returns where it stands then.
    ///
    /// # Panics
    ///
    /// If there is no such task, or it is not pending or approved.
    pub fn execute_custody_task(&self, task: &str) -> CustodyTaskState {
        let done = self.custody(|custody, now| {
            for reviewer in custody.tasks.find(task)?.reviewers.clone() {
                if custody.tasks.find(task)?.can_review(&reviewer) {
                    let user = custody.user(&reviewer)?.clone();
                    custody.vote(&user, task, true, None, now).ok()?;
                }
            }
            if custody.tasks.find(task)?.state != CustodyTaskState::Approved {
                return None;
            }
            custody.execute(task, now);
            Some(custody.tasks.find(task)?.state)
        });
        must(done, "no such task, or it can't be carried out any more")
    }

    /// Ends an open task as one that could not be carried out.
    ///
    /// # Panics
    ///
    /// If there is no such task, or it is not pending or approved.
    pub fn fail_custody_task(&self, task: &str, why: &str) {
        let failed = self.custody(|custody, now| {
            let open = [CustodyTaskState::Pending, CustodyTaskState::Approved];
            let state = custody.tasks.find(task)?.state;
            open.contains(&state)
                .then(|| custody.fail(task, why.to_owned(), now))
        });
        must(failed, "no such open task");
    }

    /// Withdraws a pending task in the name of the one who asked for it, which
    /// no API can.
    ///
    /// # Panics
    ///
    /// If there is no such task, or it is not pending.
    pub fn cancel_custody_task(&self, task: &str) {
        let canceled = self.custody(|custody, now| custody.cancel(task, now));
        assert!(canceled, "no such pending task");
    }

    /// Lets a pending task expire now. To let time do it, move the clock.
    ///
    /// # Panics
    ///
    /// If there is no such task, or it is not pending.
    pub fn expire_custody_task(&self, task: &str) {
        let expired = self.custody(|custody, now| custody.expire(task, now));
        assert!(expired, "no such pending task");
    }

    /// Whether `GetCustodyTransaction` answers with
    /// `incomplete_requires_long_timeout` unless it is called with
    /// `with_long_timeout`. Not so at the start.
    pub fn set_custody_slow(&self, slow: bool) {
        self.custody(|custody, _| custody.slow = slow);
    }

    /// Does something to Custody after all that is due.
    fn custody<T>(&self, action: impl FnOnce(&mut Custody, Moment) -> T) -> T {
        self.with(|kraken, now| {
            kraken.custody.advance(now);
            action(&mut kraken.custody, now)
        })
    }
}

/// Moves an amount into a vault from outside, or out of it if below zero.
fn move_into(
    custody: &mut Custody,
    vault: &str,
    asset: &'static Asset,
    amount: Decimal,
    kind: Kind,
    now: Moment,
) -> Option<String> {
    custody.vault(vault)?;
    let movement = Movement {
        vault,
        kind,
        asset,
        amount,
        fee: Decimal::ZERO,
        approval_id: None,
    };
    custody.book(&[movement], now).ok()?.pop()
}

#[expect(
    clippy::expect_used,
    reason = "a script that is wrong must stop the test"
)]
fn must<T>(value: Option<T>, why: &str) -> T {
    value.expect(why)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Sim;

    async fn sim() -> Sim {
        let start = Moment::from_seconds(1_800_000_000);
        Sim::builder().frozen_at(start).start().await.unwrap()
    }

    /// Asks for a vault in the name of the first user.
    fn ask(sim: &Sim) -> String {
        sim.kraken().custody(|custody, now| {
            let user = custody.users.first().unwrap().clone();
            let wish = object! { "type" => "create_vault", "name" => "Savings" };
            let task = custody.create_task(&user, &[wish], None, now);
            task.unwrap().id.clone()
        })
    }

    #[tokio::test]
    async fn balances_are_set_and_deposits_arrive() {
        let sim = sim().await;
        let kraken = sim.kraken();
        let vault = kraken.create_custody_vault("Till");
        kraken.set_custody_balance(&vault, "XBT", "1.5".parse().unwrap());
        kraken.custody_deposit(&vault, "BTC", Decimal::ONE);
        kraken.set_custody_balance(&vault, "BTC", "2.25".parse().unwrap());
        assert_eq!(
            kraken.custody_balance(&vault, "BTC"),
            "2.25".parse().unwrap()
        );
        assert!(kraken.custody_totals().values().all(Decimal::is_zero));
        let vaults = kraken.custody_vaults();
        assert_eq!(vaults.last().unwrap().members, kraken.custody_users());
        kraken.custody(|custody, _| {
            let kinds = custody.transactions.of_vault(&vault).map(|row| row.kind);
            let expected = [Kind::Adjustment, Kind::Deposit, Kind::Adjustment];
            assert_eq!(kinds.collect::<Vec<_>>(), expected);
        });
    }

    #[tokio::test]
    async fn tasks_are_led_to_each_of_their_ends() {
        let sim = sim().await;
        let kraken = sim.kraken();
        let [done, failed, canceled, expired, late] = [(); 5].map(|()| ask(&sim));
        let users = kraken.custody_users();
        let state = kraken.vote_on_custody_task(&done, &users[1], true);
        assert_eq!(state, CustodyTaskState::Pending);
        assert_eq!(
            kraken.execute_custody_task(&done),
            CustodyTaskState::Executed
        );
        assert_eq!(kraken.custody_vaults().last().unwrap().name, "Savings");
        kraken.fail_custody_task(&failed, "by order");
        assert_eq!(
            kraken.custody_task(&failed).failure.as_deref(),
            Some("by order")
        );
        kraken.cancel_custody_task(&canceled);
        kraken.expire_custody_task(&expired);
        sim.clock().advance(Duration::from_secs(86_400));
        let states =
            [done, failed, canceled, expired, late].map(|task| kraken.custody_task(&task).state);
        assert_eq!(
            states,
            [
                CustodyTaskState::Executed,
                CustodyTaskState::Failed,
                CustodyTaskState::Canceled,
                CustodyTaskState::Expired,
                CustodyTaskState::Expired,
            ]
        );
        assert_eq!(kraken.custody_tasks().len(), 5);
    }

    #[tokio::test]
    async fn users_and_quorums_are_set() {
        let sim = sim().await;
        let kraken = sim.kraken();
        let vault = kraken.custody_vaults().remove(0);
        kraken.add_custody_user("AA68 N84G DEMO USRD", "Dora Admin", CustodyRole::Admin);
        let users = kraken.custody_users();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        kraken.set_custody_members(&vault.id, &users);
        kraken.set_custody_quorum(&vault.id, 1, &[(1, &["AA68N84GDEMOUSRD"])]);
        kraken.add_custody_address(&vault.id, "XRP", "Desk", "rDesk");
        let task = kraken.custody(|custody, now| {
            let user = custody.users.first().unwrap().clone();
            let wish = object! { "type" => "update_vault", "vault_id" => vault.id.as_str() };
            let task = custody.create_task(&user, &[wish], None, now);
            task.unwrap().id.clone()
        });
        assert_eq!(kraken.custody_task(&task).reviewers.len(), 3);
        let state = kraken.vote_on_custody_task(&task, users[1], true);
        assert_eq!(state, CustodyTaskState::Pending);
        let state = kraken.vote_on_custody_task(&task, users[3], true);
        assert_eq!(state, CustodyTaskState::Approved);
    }
}
