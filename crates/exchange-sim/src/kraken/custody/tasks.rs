//! Tasks: what is asked for, who votes, and what came of it.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use rust_decimal::Decimal;

use super::Custody;
use super::assets::Asset;
use super::denial::Denial;
use super::instruction::{Change, Instruction, quorum_is_possible};
use super::people::{User, same_iiban};
use super::vaults::Group;
use crate::Moment;
use crate::json::Json;

/// Ended tasks beyond these are forgotten.
const MOST_TASKS: usize = 2_000;

/// No more tasks may wait for votes or execution.
const MOST_OPEN: usize = 500;

/// Instructions of one task, as the legacy API has it for batches.
const MOST_INSTRUCTIONS: usize = 50;

/// Bytes of all instructions of one task.
const LARGEST_TASK: usize = 16 << 10;

/// Characters of a comment.
const LONGEST_COMMENT: usize = 1_024;

/// How long votes may be cast, unless the task says otherwise.
const LIFE: Duration = Duration::from_secs(86_400);
const LONGEST_LIFE: u64 = 30 * 86_400;

/// From the last vote until it is done.
const EXECUTION: Duration = Duration::from_secs(2);

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CustodyTaskState {
    /// Votes are missing.
    Pending,
    /// To be done in a moment.
    Approved,
    /// Too many voted against it: `denied` in the legacy API, `rejected` in the
    /// external one.
    Denied,
    /// Withdrawn by the one who asked for it.
    Canceled,
    /// Not enough votes in time.
    Expired,
    /// Done.
    Executed,
    /// Approved, but it could not be done.
    Failed,
}

impl CustodyTaskState {
    pub(crate) fn legacy(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Executed => "executed",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn external(self) -> &'static str {
        match self {
            Self::Denied => "rejected",
            other => other.legacy(),
        }
    }

    fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Approved)
    }
}

/// A vote.
#[derive(Clone, Debug)]
pub(crate) struct Vote {
    /// IIBAN of the user.
    pub user: String,
    pub approves: bool,
}

/// Something that happened to a task.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    pub id: String,
    /// Its id within the task, a UUID.
    pub event: String,
    /// `created`, `review_approved`, …
    pub kind: &'static str,
    pub at: Moment,
    /// Who did it; none if nobody did.
    pub user: Option<User>,
    pub comment: Option<String>,
    /// Where the task stood afterwards.
    pub state: CustodyTaskState,
}

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub id: String,
    /// A UUID.
    pub approval_id: String,
    /// One at least, all of one kind and about the same vault, if any.
    pub instructions: Vec<Instruction>,
    /// The vault whose quorum decides; none for that of the organization.
    pub vault: Option<String>,
    pub state: CustodyTaskState,
    pub created: Moment,
    pub updated: Moment,
    pub expires: Moment,
    pub initiator: User,
    /// IIBANs of those who may vote.
    pub reviewers: Vec<String>,
    pub required: u32,
    pub groups: Vec<Group>,
    pub votes: Vec<Vote>,
    pub activities: Vec<Activity>,
    /// Why it failed.
    pub failure: Option<String>,
}

/// The last tasks, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    rows: VecDeque<Task>,
    /// When to look at which task again.
    agenda: BTreeSet<(Moment, String)>,
}

impl Tasks {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Task> {
        self.rows.iter()
    }

    /// How many entries the agenda has.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.agenda.len()
    }

    /// The task of an id.
    pub(crate) fn find(&self, id: &str) -> Option<&Task> {
        self.rows.iter().find(|task| task.id == id)
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Task> {
        self.rows.iter_mut().find(|task| task.id == id)
    }

    /// The task of an approval.
    pub(crate) fn find_approval(&self, id: &str) -> Option<&Task> {
        self.rows
            .iter()
            .find(|task| same_uuid(&task.approval_id, id))
    }

    /// An activity, and its task.
    pub(crate) fn find_activity(&self, id: &str) -> Option<(&Task, &Activity)> {
        let within = |task| activities(task).find(|(_, activity)| activity.id == id);
        self.rows.iter().find_map(within)
    }
}

/// Whether two texts are the same UUID, with dashes or without.
pub(crate) fn same_uuid(a: &str, b: &str) -> bool {
    a.replace('-', "").eq_ignore_ascii_case(&b.replace('-', ""))
}

/// The activities of a task, each beside the task.
pub(crate) fn activities(task: &Task) -> impl Iterator<Item = (&Task, &Activity)> {
    task.activities.iter().map(move |activity| (task, activity))
}

impl Task {
    pub(crate) fn kind(&self) -> &'static str {
        self.instructions.first().map_or("", |first| first.kind)
    }

    pub(crate) fn legacy_kind(&self) -> &'static str {
        let first = self.instructions.first();
        first.map_or("", Instruction::legacy_kind)
    }

    /// `domain` or `vault`.
    pub(crate) fn scope(&self) -> &'static str {
        if self.vault.is_some() {
            "vault"
        } else {
            "domain"
        }
    }

    fn vote_of(&self, user: &str) -> Option<&Vote> {
        self.votes.iter().find(|vote| same_iiban(&vote.user, user))
    }

    fn is_reviewer(&self, user: &str) -> bool {
        self.reviewers.iter().any(|one| same_iiban(one, user))
    }

    pub(crate) fn can_review(&self, user: &str) -> bool {
        self.state == CustodyTaskState::Pending
            && self.is_reviewer(user)
            && self.vote_of(user).is_none()
    }

    /// How a user voted: `approved`, `denied` or `undecided`.
    pub(crate) fn decision_of(&self, user: &str) -> &'static str {
        match self.vote_of(user) {
            None => "undecided",
            Some(vote) if vote.approves => "approved",
            Some(_) => "denied",
        }
    }

    pub(crate) fn count(&self, approves: bool) -> usize {
        let votes = self.votes.iter();
        votes.filter(|vote| vote.approves == approves).count()
    }

    /// What the votes so far decide.
    fn decided(&self) -> CustodyTaskState {
        let among = |users: &[String], test: &dyn Fn(Option<&Vote>) -> bool| {
            let chosen = self.reviewers.iter().filter(|user| users.contains(user));
            let count = chosen.filter(|user| test(self.vote_of(user))).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        let approves = |vote: Option<&Vote>| vote.is_some_and(|vote| vote.approves);
        let may_approve = |vote: Option<&Vote>| vote.is_none_or(|vote| vote.approves);
        let reached = |test: &dyn Fn(Option<&Vote>) -> bool| {
            among(&self.reviewers, test) >= self.required
                && self
                    .groups
                    .iter()
                    .all(|group| among(&group.members, test) >= group.required)
        };
        if reached(&approves) {
            CustodyTaskState::Approved
        } else if reached(&may_approve) {
            CustodyTaskState::Pending
        } else {
            CustodyTaskState::Denied
        }
    }

    /// What it takes of an asset from its vault.
    fn hold(&self, asset: &Asset) -> Decimal {
        let total = |instruction: &Instruction| match &instruction.change {
            Change::Withdraw(withdrawal) if withdrawal.asset == asset => withdrawal.total(),
            _ => Decimal::ZERO,
        };
        let totals = self.instructions.iter().map(total);
        totals.fold(Decimal::ZERO, Decimal::saturating_add)
    }
}

impl Custody {
    /// What is held back of an asset for withdrawals that are asked for.
    pub(crate) fn hold(&self, vault: &str, asset: &Asset) -> Decimal {
        self.tasks
            .all()
            .filter(|task| task.state.is_open() && task.vault.as_deref() == Some(vault))
            .map(|task| task.hold(asset))
            .fold(Decimal::ZERO, Decimal::saturating_add)
    }

    /// Whether a user may see a task.
    pub(crate) fn sees(&self, user: &User, task: &Task) -> bool {
        task.vault.as_ref().is_none_or(|vault| {
            let vault = self.vault(vault);
            vault.is_some_and(|vault| Self::visible(user, vault))
        })
    }

    /// Asks for something; returns the id of the task.
    pub(crate) fn create_task(
        &mut self,
        user: &User,
        instructions: &[Json],
        life: Option<u64>,
        now: Moment,
    ) -> Result<&Task, Denial> {
        let wrong = Denial::Argument("instructions");
        if !user.role.asks() {
            return Err(Denial::Forbidden("the caller's role asks for nothing"));
        }
        let life = match life {
            None => LIFE,
            Some(seconds @ 1..=LONGEST_LIFE) => Duration::from_secs(seconds),
            Some(_) => return Err(Denial::Argument("duration_seconds")),
        };
        let size: usize = instructions.iter().map(|one| one.to_string().len()).sum();
        if instructions.len() > MOST_INSTRUCTIONS || size > LARGEST_TASK {
            return Err(wrong);
        }
        let mut read: Vec<Instruction> = Vec::with_capacity(instructions.len());
        for instruction in instructions {
            let instruction = self.read_instruction(user, instruction, now)?;
            let fits = read.first().is_none_or(|first| {
                first.kind == instruction.kind && first.vault == instruction.vault
            });
            let quotes = read.iter().filter_map(|other| other.quote.as_ref());
            if !fits
                || quotes
                    .into_iter()
                    .any(|quote| Some(quote) == instruction.quote.as_ref())
            {
                return Err(wrong);
            }
            read.push(instruction);
        }
        let first = read.first().ok_or(wrong)?;
        let vault = first.vault.clone();
        let comment = ["reason", "comment"].iter().find_map(|name| {
            let comment = first.shown.get(name)?.as_str()?;
            (comment.chars().count() <= LONGEST_COMMENT).then(|| comment.to_owned())
        });
        let (reviewers, required, groups) = match vault.as_deref().and_then(|id| self.vault(id)) {
            Some(vault) => (
                self.vault_reviewers(vault, &user.iiban),
                vault.required,
                vault.groups.clone(),
            ),
            None => (
                self.domain_reviewers(&user.iiban),
                self.organization.required,
                Vec::new(),
            ),
        };
        if !quorum_is_possible(&reviewers, required, &groups) {
            return Err(Denial::invalid("too few reviewers for the quorum"));
        }
        let open = self.tasks.all().filter(|task| task.state.is_open());
        if open.count() >= MOST_OPEN {
            return Err(Denial::invalid("too many open tasks"));
        }
        let task = Task {
            id: format!("T{}", self.ids.base32(13)),
            approval_id: self.ids.uuid(),
            instructions: read,
            vault,
            state: CustodyTaskState::Pending,
            created: now,
            updated: now,
            expires: now.plus(life),
            initiator: user.clone(),
            reviewers,
            required,
            groups,
            votes: Vec::new(),
            activities: Vec::new(),
            failure: None,
        };
        self.has_enough_for(&task, now)?;
        for instruction in &task.instructions {
            // A quote serves once, so that a request that is sent twice does
            // not withdraw twice.
            self.quotes
                .retain(|quote| Some(&quote.id) != instruction.quote.as_ref());
        }
        let id = task.id.clone();
        if self.tasks.rows.len() >= MOST_TASKS {
            let ended = |task: &Task| !task.state.is_open();
            if let Some(oldest) = self.tasks.rows.iter().position(ended) {
                let gone = self.tasks.rows.remove(oldest);
                let gone = gone.map(|task| task.id).unwrap_or_default();
                self.tasks.agenda.retain(|(_, id)| *id != gone);
            }
        }
        self.tasks.agenda.insert((task.expires, id.clone()));
        self.tasks.rows.push_back(task);
        let state = CustodyTaskState::Pending;
        self.record(&id, "created", Some(user), comment, state, now);
        self.tasks.find(&id).ok_or(Denial::Unknown("task_id"))
    }

    fn has_enough_for(&self, task: &Task, now: Moment) -> Result<(), Denial> {
        let Some(vault) = &task.vault else {
            return Ok(());
        };
        for instruction in &task.instructions {
            let Change::Withdraw(withdrawal) = &instruction.change else {
                continue;
            };
            let asset = withdrawal.asset;
            let wanted = task.hold(asset);
            if self.holding(vault, asset).available() < wanted {
                return Err(Denial::invalid("insufficient funds"));
            }
            let (left, _) = self.daily_limit(vault, withdrawal.method, asset, now);
            if left < wanted {
                return Err(Denial::invalid(
                    "the amount is above what is left for today",
                ));
            }
        }
        Ok(())
    }

    /// Casts a vote; returns the state that follows.
    pub(crate) fn vote(
        &mut self,
        user: &User,
        id: &str,
        approves: bool,
        comment: Option<String>,
        now: Moment,
    ) -> Result<CustodyTaskState, Denial> {
        let task = self.tasks.find(id).ok_or(Denial::Unknown("task_id"))?;
        if !task.is_reviewer(&user.iiban) || !self.sees(user, task) {
            return Err(Denial::Forbidden("the caller is no reviewer of this task"));
        }
        if task.vote_of(&user.iiban).is_some() {
            return Err(Denial::Forbidden("the caller has voted already"));
        }
        if task.state != CustodyTaskState::Pending {
            let state = task.state.external();
            return Err(Denial::invalid(format!("the task is {state}")));
        }
        if comment
            .as_ref()
            .is_some_and(|text| text.chars().count() > LONGEST_COMMENT)
        {
            return Err(Denial::Argument("comment"));
        }
        let task = self.tasks.find_mut(id).ok_or(Denial::Unknown("task_id"))?;
        task.votes.push(Vote {
            user: user.iiban.clone(),
            approves,
        });
        let state = task.decided();
        let kind = if approves {
            "review_approved"
        } else {
            "review_denied"
        };
        self.record(id, kind, Some(user), comment, state, now);
        if state == CustodyTaskState::Approved {
            self.tasks
                .agenda
                .insert((now.plus(EXECUTION), id.to_owned()));
        }
        Ok(state)
    }

    /// Writes what happened to a task, and where it stands then.
    fn record(
        &mut self,
        id: &str,
        kind: &'static str,
        user: Option<&User>,
        comment: Option<String>,
        state: CustodyTaskState,
        at: Moment,
    ) {
        let activity = Activity {
            id: self.even_id('A'),
            event: self.ids.uuid(),
            kind,
            at,
            user: user.cloned(),
            comment,
            state,
        };
        if let Some(task) = self.tasks.find_mut(id) {
            task.state = state;
            task.updated = at;
            task.activities.push(activity);
        }
    }

    /// Lets tasks expire and carries out those that were approved.
    pub(crate) fn settle_tasks(&mut self, now: Moment) {
        while let Some((at, id)) = self.tasks.agenda.first().cloned() {
            if at > now {
                break;
            }
            self.tasks.agenda.pop_first();
            match self.tasks.find(&id).map(|task| task.state) {
                Some(CustodyTaskState::Pending) => {
                    let state = CustodyTaskState::Expired;
                    self.record(&id, "expired", None, None, state, at);
                }
                // Its expiry may come between the last vote and this.
                Some(CustodyTaskState::Approved) => self.execute(&id, at),
                _ => {}
            }
        }
    }

    /// Does what an approved task asks for.
    pub(crate) fn execute(&mut self, id: &str, at: Moment) {
        let Some(task) = self.tasks.find(id) else {
            return;
        };
        let (instructions, approval_id) = (task.instructions.clone(), task.approval_id.clone());
        match self.carry_out(&instructions, &approval_id, at) {
            Ok(()) => {
                let state = CustodyTaskState::Executed;
                self.record(id, "executed", None, None, state, at);
            }
            Err(why) => self.fail(id, why, at),
        }
    }

    /// Ends a task that can't be done.
    pub(crate) fn fail(&mut self, id: &str, why: String, at: Moment) {
        if let Some(task) = self.tasks.find_mut(id) {
            task.failure = Some(why);
        }
        let state = CustodyTaskState::Failed;
        self.record(id, "failed", None, None, state, at);
    }

    /// Withdraws a task, as only the app can.
    pub(crate) fn cancel(&mut self, id: &str, at: Moment) -> bool {
        let task = self.tasks.find(id);
        let task = task.filter(|task| task.state == CustodyTaskState::Pending);
        let Some(initiator) = task.map(|task| task.initiator.clone()) else {
            return false;
        };
        let state = CustodyTaskState::Canceled;
        self.record(id, "canceled", Some(&initiator), None, state, at);
        true
    }

    /// Lets a task that waits for votes expire before its time.
    pub(crate) fn expire(&mut self, id: &str, at: Moment) -> bool {
        let task = self.tasks.find(id);
        let waits = task.is_some_and(|task| task.state == CustodyTaskState::Pending);
        if waits {
            let state = CustodyTaskState::Expired;
            self.record(id, "expired", None, None, state, at);
        }
        waits
    }
}
