//! How tasks and what happened to them are told.

use super::Custody;
use super::instruction::{Change, Instruction};
use super::people::{IP_ADDRESS, User};
use super::tasks::{Activity, Task};
use crate::Moment;
use crate::json::{Json, object};

impl Task {
    fn statistics(&self, with_quorum: bool) -> Json {
        let (approved, denied) = (self.count(true), self.count(false));
        let mut statistics = object! {
            "approved" => approved,
            "denied" => denied,
            "undecided" => self.reviewers.len().saturating_sub(approved + denied),
            "current_count" => self.reviewers.len(),
        };
        if with_quorum && let Json::Object(members) = &mut statistics {
            members.insert("required_quorum".into(), self.required.into());
        }
        statistics
    }
}

impl Custody {
    /// As the legacy API shows a task; with `caller`, what concerns it.
    pub(crate) fn legacy_task(&self, task: &Task, caller: Option<&User>) -> Json {
        let seconds = |moment: Moment| moment.seconds().to_string();
        let vault = task.vault.as_deref().and_then(|id| self.vault(id));
        let mut shown = object! {
            "id" => task.id.as_str(),
            "approval_id" => task.approval_id.as_str(),
            "type" => task.legacy_kind(),
            "state" => task.state.legacy(),
        };
        let Json::Object(members) = &mut shown else {
            return shown;
        };
        let mut insert = |name: &str, value: Json| members.insert(name.to_owned(), value);
        if let Some(vault) = vault {
            let info = object! {
                "id" => vault.id.as_str(),
                "name" => vault.name.as_str(),
                "status" => "created",
            };
            insert("vault_info", info);
        }
        if let [only] = task.instructions.as_slice() {
            let operations = only.legacy_operations();
            if operations.is_empty() {
                insert("payload", only.legacy_payload(vault));
            } else {
                insert("operations", Json::List(operations));
            }
        } else {
            let operation = |instruction: &Instruction| {
                object! { "type" => "add", "item" => instruction.legacy_payload(vault) }
            };
            let operations = task.instructions.iter().map(operation).collect();
            insert("operations", operations);
        }
        insert("created_at", seconds(task.created).into());
        insert("updated_at", seconds(task.updated).into());
        insert("expires_at", seconds(task.expires).into());
        insert("initiator", task.initiator.shown());
        if let Some(caller) = caller {
            insert("can_review", task.can_review(&caller.iiban).into());
            insert("reviewer_statistics", task.statistics(false));
            let decision = task.decision_of(&caller.iiban);
            insert("current_user_decision", decision.into());
        }
        shown
    }

    /// What the external API's list and detail of tasks have in common. Times
    /// are Unix seconds, as in all samples of tasks.
    fn external_task(&self, task: &Task, caller: &User) -> Json {
        let seconds = |moment: Moment| moment.seconds().to_string();
        let mut shown = object! {
            "id" => task.id.as_str(),
            "type" => task.kind(),
            "type_label" => label(task.kind()),
            "state" => task.state.external(),
            "created_at" => seconds(task.created),
            "updated_at" => seconds(task.updated),
            "expires_at" => seconds(task.expires),
            "initiator" => task.initiator.shown(),
            "quorum_type" => task.scope(),
            "can_review" => task.can_review(&caller.iiban),
            "current_user_decision" => task.decision_of(&caller.iiban),
            "reviewer_statistics_label" => "standard",
            "approval_id" => task.approval_id.as_str(),
            "reviewer_statistics" => task.statistics(true),
        };
        let vault = task.vault.as_deref().and_then(|id| self.vault(id));
        if let (Json::Object(members), Some(vault)) = (&mut shown, vault) {
            let mut info = object! {
                "id" => vault.id.as_str(),
                "name" => vault.name.as_str(),
                "status" => "active",
            };
            if let (Json::Object(info), false) = (&mut info, vault.groups.is_empty()) {
                let groups = object! { "groups" => self.shown_groups(&vault.groups) };
                info.insert("subquorum_config".into(), groups);
            }
            members.insert("vault_info".into(), info);
        }
        shown
    }

    /// A row of the external API's list.
    pub(crate) fn external_task_row(&self, task: &Task, caller: &User) -> Json {
        let mut shown = self.external_task(task, caller);
        if let Json::Object(members) = &mut shown {
            let kinds = task.instructions.iter();
            let kinds = kinds.map(|instruction| format!("tet_{}", instruction.kind));
            members.insert("description".into(), self.description(task).into());
            members.insert("instruction_types".into(), kinds.collect());
            if !task.groups.is_empty() {
                let groups = object! { "groups" => self.shown_groups(&task.groups) };
                members.insert("subquorum_snapshot".into(), groups);
            }
        }
        shown
    }

    /// A task of the external API with all that belongs to it.
    pub(crate) fn external_task_detail(&self, task: &Task, caller: &User) -> Json {
        let mut shown = self.external_task(task, caller);
        if let Json::Object(members) = &mut shown {
            let events = task.activities.iter();
            let events = events.map(|activity| event(task, activity));
            members.insert("activities".into(), events.collect());
            members.insert("instructions".into(), shown_instructions(task));
        }
        shown
    }

    /// An activity of the external API, with its task.
    pub(crate) fn external_activity(
        &self,
        task: &Task,
        activity: &Activity,
        caller: &User,
    ) -> Json {
        let mut of_task = self.external_task(task, caller);
        if let Json::Object(members) = &mut of_task {
            members.insert("instructions".into(), shown_instructions(task));
        }
        let mut shown = object! {
            "id" => activity.id.as_str(),
            "created_at" => activity.at.rfc3339(),
            "type" => activity.kind,
            "state" => activity.state.external(),
        };
        if let Json::Object(members) = &mut shown {
            add_user_and_comment(members, activity);
            members.insert("task".into(), of_task);
        }
        shown
    }

    fn description(&self, task: &Task) -> String {
        let parts = task.instructions.iter().map(|instruction| {
            if let Change::Withdraw(withdrawal) = &instruction.change {
                let amount = withdrawal.net.normalize();
                let (code, to) = (withdrawal.asset.code, &withdrawal.destination);
                return format!("Withdraw {amount} {code} to {to}");
            }
            let of = task.vault.as_deref().and_then(|id| self.vault(id));
            let of = of.map_or(&self.organization.name, |vault| &vault.name);
            format!("{} of {of}", label(instruction.kind))
        });
        parts.collect::<Vec<_>>().join("; ")
    }
}

/// As the legacy API shows an activity on its own.
pub(crate) fn legacy_activity(activity: &Activity) -> Json {
    let mut shown = object! {
        "id" => activity.id.as_str(),
        "created_at" => activity.at.seconds().to_string(),
        "type" => activity.kind,
    };
    if let Json::Object(members) = &mut shown {
        add_user_and_comment(members, activity);
    }
    shown
}

fn add_user_and_comment(members: &mut indexmap::IndexMap<String, Json>, activity: &Activity) {
    if let Some(comment) = &activity.comment {
        members.insert("comment".into(), comment.as_str().into());
    }
    if let Some(user) = &activity.user {
        members.insert("user".into(), user.shown());
    }
}

/// An activity in the flat form that a task of the external API has.
fn event(task: &Task, activity: &Activity) -> Json {
    let mut shown = object! {
        "id" => activity.event.as_str(),
        "action" => activity.kind,
        "state" => activity.state.external(),
        "is_pending" => false,
        "timestamp" => activity.at.seconds().to_string(),
    };
    if let Json::Object(members) = &mut shown {
        if let Some(user) = &activity.user {
            members.insert("user_iiban".into(), user.iiban.as_str().into());
            members.insert("user_ip".into(), IP_ADDRESS.into());
        }
        if let Some(vault) = &task.vault {
            members.insert("vault_id".into(), vault.as_str().into());
        }
        add_user_and_comment(members, activity);
    }
    shown
}

fn shown_instructions(task: &Task) -> Json {
    let shown = task.instructions.iter();
    shown.map(|instruction| instruction.shown.clone()).collect()
}

/// `request_withdrawal` as `Request Withdrawal`.
fn label(kind: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    kind.split('_').map(word).collect::<Vec<_>>().join(" ")
}
