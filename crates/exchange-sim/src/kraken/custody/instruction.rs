//! What a task is to change: read when it is asked for, done when it is
//! approved.
//!
//! The vendor shows no whole instruction of any kind. Withdrawals, vaults,
//! members, addresses and policies take effect, in the form that the pages
//! suggest most; all other kinds are voted on like these and change nothing.

use rust_decimal::Decimal;

use super::Custody;
use super::assets::{Asset, CURRENCY, Method, find_asset};
use super::denial::Denial;
use super::funding::{Destination, MOST_DESTINATIONS};
use super::people::{User, same_iiban};
use super::transactions::{Kind, Movement};
use super::vaults::{Group, MOST_VAULTS, Vault};
use crate::Moment;
use crate::json::{Json, object};

/// The longest name of a vault.
const LONGEST_NAME: usize = 128;
const LONGEST_TEXT: usize = 1_024;

/// Kinds of instructions, and whether each is about a vault.
const KINDS: &[(&str, bool)] = &[
    ("update_withdrawal_addresses", true),
    ("request_withdrawal", true),
    ("create_vault", false),
    ("update_group_users", false),
    ("update_role_users", false),
    ("update_vault_users", true),
    ("update_domain_policies", false),
    ("update_vault_policies", true),
    ("create_users", false),
    ("update_vault", true),
    ("update_status_users", false),
    ("request_transfer_to_spot", true),
    ("create_group", false),
    ("update_permission_users", false),
    ("create_api_users", false),
    ("update_api_users", false),
    ("update_vaults_users", false),
    ("request_allocation", true),
    ("request_deallocation", true),
    // Of the external API only.
    ("subquorum_update", true),
];

/// A withdrawal that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Withdrawal {
    pub asset: &'static Asset,
    pub method: &'static Method,
    /// Name of the destination.
    pub destination: String,
    /// What reaches it.
    pub net: Decimal,
    pub fee: Decimal,
}

impl Withdrawal {
    /// What the vault gives for it.
    pub(crate) fn total(&self) -> Decimal {
        self.net + self.fee
    }
}

/// What an instruction does.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Withdraw(Withdrawal),
    CreateVault {
        name: String,
        description: Option<String>,
    },
    UpdateVault {
        name: Option<String>,
        description: Option<String>,
    },
    Members {
        add: Vec<String>,
        remove: Vec<String>,
    },
    Whitelist {
        add: Vec<Destination>,
        remove: Vec<(&'static Asset, String)>,
    },
    Policies {
        required: Option<u32>,
        largest: Option<Decimal>,
    },
    Groups(Vec<Group>),
    Nothing,
}

/// One entry of a task.
#[derive(Clone, Debug)]
pub(crate) struct Instruction {
    pub kind: &'static str,
    /// The vault it is about; none for the organization.
    pub vault: Option<String>,
    pub change: Change,
    /// As the external API shows it.
    pub shown: Json,
    /// The quote that it uses up.
    pub quote: Option<String>,
}

impl Instruction {
    /// What the legacy API calls the kind.
    pub(crate) fn legacy_kind(&self) -> &'static str {
        match self.kind {
            "subquorum_update" => "update_vault_policies",
            kind => kind,
        }
    }

    /// What is to be done, as the legacy API shows it.
    pub(crate) fn legacy_payload(&self, vault: Option<&Vault>) -> Json {
        if let Change::Withdraw(withdrawal) = &self.change {
            return withdrawal.legacy_payload(vault);
        }
        let Json::Object(members) = &self.shown else {
            return Json::object();
        };
        let kept = |name: &&String| {
            !["type", "version", "vault_id", "operations"].contains(&name.as_str())
        };
        members
            .iter()
            .filter(|(name, _)| kept(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Its changes to a list, as the legacy API shows them; none if it makes
    /// none.
    pub(crate) fn legacy_operations(&self) -> Vec<Json> {
        let operations = self.shown.get("operations").and_then(Json::as_list);
        let operation = |operation: &Json| {
            let kind = operation.get("type").and_then(Json::as_str);
            let kind = kind.filter(|kind| ["add", "remove", "update"].contains(kind));
            let item = operation.get("item").or_else(|| operation.get("policy"));
            let item = item.filter(|item| item.as_object().is_some());
            object! {
                "type" => kind.unwrap_or("update"),
                "item" => item.cloned().unwrap_or_else(Json::object),
            }
        };
        operations.map_or_else(Vec::new, |list| list.iter().map(operation).collect())
    }
}

impl Withdrawal {
    fn legacy_payload(&self, vault: Option<&Vault>) -> Json {
        let mut address = object! {
            "asset" => self.asset.code,
            "address_name" => self.destination.as_str(),
            "method" => self.method.name,
        };
        let known = vault.and_then(|vault| vault.destination(self.asset, &self.destination));
        if let (Json::Object(members), Some(known)) = (&mut address, known) {
            let mut info = object! { "address" => known.address.as_str() };
            if let (Json::Object(info), Some(tag)) = (&mut info, &known.tag) {
                info.insert("tag".into(), tag.as_str().into());
            }
            members.insert("info".into(), info);
        }
        object! {
            "amount" => self.asset.fixed(self.net),
            "asset" => self.asset.code,
            "fee" => self.asset.fixed(self.fee),
            "address" => address,
        }
    }
}

fn text<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    json.get(name).and_then(Json::as_str)
}

/// A text that may be missing but not be anything else.
fn short_text(json: &Json, name: &'static str, longest: usize) -> Result<Option<String>, Denial> {
    match json.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(text)) if text.chars().count() <= longest => Ok(Some(text.clone())),
        Some(_) => Err(Denial::Argument(name)),
    }
}

impl Custody {
    /// Reads an instruction of `user`.
    pub(crate) fn read_instruction(
        &mut self,
        user: &User,
        instruction: &Json,
        now: Moment,
    ) -> Result<Instruction, Denial> {
        let kind = text(instruction, "type").ok_or(Denial::Argument("type"))?;
        let (kind, of_vault) = KINDS
            .iter()
            .find(|(name, _)| *name == kind)
            .ok_or(Denial::Argument("type"))?;
        let vault = if *of_vault {
            let id = text(instruction, "vault_id").ok_or(Denial::Argument("vault_id"))?;
            Some(self.visible_vault(user, id, "vault_id")?.clone())
        } else {
            None
        };
        let mut shown = instruction.clone();
        let mut quote = None;
        let change = match (*kind, &vault) {
            ("request_withdrawal", Some(vault)) => {
                let withdrawal = self.read_withdrawal(vault, instruction, now)?;
                if let Json::Object(members) = &mut shown {
                    // So that those who vote see what they vote on.
                    for (name, value) in [
                        ("asset", withdrawal.asset.code.to_owned()),
                        ("asset_class", CURRENCY.to_owned()),
                        ("amount", withdrawal.asset.fixed(withdrawal.net)),
                        ("address_name", withdrawal.destination.clone()),
                    ] {
                        members.insert(name.into(), value.into());
                    }
                }
                quote = text(instruction, "fee_quote_id").map(str::to_owned);
                Change::Withdraw(withdrawal)
            }
            ("create_vault", _) => {
                let name = short_text(instruction, "name", LONGEST_NAME)?;
                Change::CreateVault {
                    name: name
                        .filter(|name| !name.is_empty())
                        .ok_or(Denial::Argument("name"))?,
                    description: short_text(instruction, "description", LONGEST_TEXT)?,
                }
            }
            ("update_vault", _) => Change::UpdateVault {
                name: short_text(instruction, "name", LONGEST_NAME)?
                    .filter(|name| !name.is_empty()),
                description: short_text(instruction, "description", LONGEST_TEXT)?,
            },
            ("update_vault_users", Some(vault)) => self.read_members(vault, instruction)?,
            ("update_withdrawal_addresses", Some(vault)) => read_whitelist(vault, instruction)?,
            ("update_vault_policies", Some(vault)) => self.read_policies(vault, instruction)?,
            ("subquorum_update", Some(vault)) => self.read_groups(vault, instruction)?,
            _ => Change::Nothing,
        };
        Ok(Instruction {
            kind,
            vault: vault.map(|vault| vault.id),
            change,
            shown,
            quote,
        })
    }

    /// A withdrawal rests on a fee quote. What the instruction says besides
    /// must agree with it.
    fn read_withdrawal(
        &self,
        vault: &Vault,
        instruction: &Json,
        now: Moment,
    ) -> Result<Withdrawal, Denial> {
        let id = text(instruction, "fee_quote_id").ok_or(Denial::Argument("fee_quote_id"))?;
        let quote = self
            .quotes
            .iter()
            .find(|quote| quote.id == id && quote.vault == vault.id && quote.expires > now)
            .ok_or_else(|| Denial::invalid("the fee quote is unknown, used or expired"))?;
        let asset = quote.asset;
        let differs =
            |name: &'static str, agrees: &dyn Fn(&str) -> bool| match instruction.get(name) {
                None | Some(Json::Null) => Ok(()),
                Some(Json::Text(text)) if agrees(text) => Ok(()),
                Some(_) => Err(Denial::Argument(name)),
            };
        differs("asset", &|text| find_asset(text) == Some(asset))?;
        differs("asset_class", &|text| text == CURRENCY)?;
        differs("amount", &|text| asset.read(text) == Some(quote.amount))?;
        let named = text(instruction, "address_name")
            .or_else(|| text(instruction.get("address")?, "address_name"))
            .or(quote.destination.as_deref())
            .ok_or(Denial::Argument("address_name"))?;
        if quote
            .destination
            .as_deref()
            .is_some_and(|there| there != named)
        {
            return Err(Denial::Argument("address_name"));
        }
        let destination = vault
            .destination(asset, named)
            .ok_or(Denial::Argument("address_name"))?;
        if destination.method != quote.method {
            return Err(Denial::invalid("the fee was quoted for another method"));
        }
        let net = quote.net();
        let method = quote.method;
        if net < asset.units(method.least_withdrawal) {
            return Err(Denial::invalid("the amount is below the minimum"));
        }
        if net > asset.units(method.most_withdrawal) {
            return Err(Denial::invalid("the amount is above the maximum"));
        }
        let worth = asset.worth(net).unwrap_or_default();
        if worth > vault.largest_withdrawal {
            return Err(Denial::invalid(
                "the amount is above the policy of the vault",
            ));
        }
        Ok(Withdrawal {
            asset,
            method,
            destination: destination.name.clone(),
            net,
            fee: quote.fee,
        })
    }

    fn read_members(&self, vault: &Vault, instruction: &Json) -> Result<Change, Denial> {
        let wrong = Denial::Argument("operations");
        let mut add = Vec::new();
        let mut remove = Vec::new();
        let single = [instruction.clone()];
        let operations = instruction.get("operations").and_then(Json::as_list);
        for operation in operations.unwrap_or(&single) {
            let kind = if operations.is_some() {
                text(operation, "type")
            } else {
                text(operation, "operation_type")
            };
            let item = operation.get("item").unwrap_or(operation);
            let named = ["user_iiban", "user", "iiban"];
            let named = named.iter().find_map(|name| text(item, name));
            let user = named.and_then(|iiban| self.user(iiban));
            let iiban = user.ok_or_else(|| wrong.clone())?.iiban.clone();
            match kind {
                Some("add") => add.push(iiban),
                Some("remove") => remove.push(iiban),
                _ => return Err(wrong),
            }
        }
        let mut after = vault.clone();
        change_members(&mut after, &add, &remove);
        self.not_locked(&after)?;
        Ok(Change::Members { add, remove })
    }

    fn read_policies(&self, vault: &Vault, instruction: &Json) -> Result<Change, Denial> {
        let wrong = || Denial::Argument("operations");
        let operations = instruction.get("operations").and_then(Json::as_list);
        let mut after = vault.clone();
        let mut required = None;
        let mut largest = None;
        for operation in operations.ok_or_else(wrong)? {
            let policy = operation.get("policy").or_else(|| operation.get("item"));
            let policy = policy.ok_or_else(wrong)?;
            let number = |name: &str| policy.get(name).and_then(Json::scalar);
            match text(policy, "type") {
                Some("required_approvals") => {
                    let approvals = number("required_approvals");
                    let approvals = approvals.and_then(|text| text.parse().ok());
                    after.required = approvals.ok_or_else(wrong)?;
                    required = approvals;
                }
                Some("max_transaction_amount") => {
                    let dollars = find_asset("USD");
                    let amount = number("amount");
                    largest = dollars.zip(amount).and_then(|(usd, text)| usd.read(&text));
                    largest.ok_or_else(wrong)?;
                }
                // Without effect here.
                Some(_) => {}
                None => return Err(wrong()),
            }
        }
        if after.required < self.organization.least_required {
            return Err(wrong());
        }
        self.not_locked(&after)?;
        Ok(Change::Policies { required, largest })
    }

    fn read_groups(&mut self, vault: &Vault, instruction: &Json) -> Result<Change, Denial> {
        let wrong = || Denial::Argument("groups");
        let listed = instruction.get("groups").and_then(Json::as_list);
        let listed = listed.filter(|groups| groups.len() <= 20);
        let mut groups = Vec::new();
        for group in listed.ok_or_else(wrong)? {
            let required = group.get("required").and_then(Json::scalar);
            let required = required.and_then(|text| text.parse().ok());
            let members = group.get("members").and_then(Json::as_list);
            let member = |member: &Json| {
                let iiban = member.as_str().or_else(|| text(member, "iiban"))?;
                Some(self.user(iiban)?.iiban.clone())
            };
            let members: Option<Vec<String>> =
                members.and_then(|members| members.iter().map(member).collect());
            groups.push(Group {
                id: self.ids.uuid(),
                required: required.ok_or_else(wrong)?,
                members: members.ok_or_else(wrong)?,
            });
        }
        let mut after = vault.clone();
        after.groups.clone_from(&groups);
        self.not_locked(&after)?;
        Ok(Change::Groups(groups))
    }

    /// Refuses what would leave a vault without a possible quorum.
    fn not_locked(&self, after: &Vault) -> Result<(), Denial> {
        let reviewers = self.vault_reviewers(after, "");
        if quorum_is_possible(&reviewers, after.required, &after.groups) {
            Ok(())
        } else {
            Err(Denial::invalid("no quorum would be possible any more"))
        }
    }

    /// Does what the instructions of a task say, all or nothing. The error says
    /// why not.
    pub(crate) fn carry_out(
        &mut self,
        instructions: &[Instruction],
        approval_id: &str,
        at: Moment,
    ) -> Result<(), String> {
        let before = self.vaults.clone();
        let outcome = self.carry_out_each(instructions, approval_id, at);
        if outcome.is_err() {
            self.vaults = before;
        }
        outcome
    }

    fn carry_out_each(
        &mut self,
        instructions: &[Instruction],
        approval_id: &str,
        at: Moment,
    ) -> Result<(), String> {
        // A task has instructions of one kind only, so the movements, which go
        // first, can't be undone by anything after them.
        let mut movements = Vec::new();
        for Instruction { vault, change, .. } in instructions {
            if let (Some(id), Change::Withdraw(withdrawal)) = (vault, change) {
                let vault = self.vault(id).ok_or("the vault is gone")?;
                let there = vault.destination(withdrawal.asset, &withdrawal.destination);
                there.ok_or("the address is no longer whitelisted")?;
                movements.push(Movement {
                    vault: id,
                    kind: Kind::Withdrawal,
                    asset: withdrawal.asset,
                    amount: -withdrawal.net,
                    fee: withdrawal.fee,
                    approval_id: Some(approval_id),
                });
            }
        }
        self.book(&movements, at)
            .map_err(|error| error.to_string())?;
        for instruction in instructions {
            self.carry_out_one(instruction, at)?;
        }
        Ok(())
    }

    fn carry_out_one(&mut self, instruction: &Instruction, at: Moment) -> Result<(), String> {
        if let Change::CreateVault { name, description } = &instruction.change {
            let members = self.users.iter().map(|user| user.iiban.clone()).collect();
            let made = self.create_vault(name, description.as_deref(), members, at);
            return made
                .map(drop)
                .ok_or_else(|| format!("there are {MOST_VAULTS} vaults already"));
        }
        let vault = instruction.vault.as_deref();
        let Some(vault) = vault.and_then(|id| self.vault_mut(id)) else {
            return Ok(());
        };
        match &instruction.change {
            Change::Withdraw(_) | Change::CreateVault { .. } | Change::Nothing => return Ok(()),
            Change::UpdateVault { name, description } => {
                if let Some(name) = name {
                    vault.name.clone_from(name);
                }
                if description.is_some() {
                    vault.description.clone_from(description);
                }
            }
            Change::Members { add, remove } => change_members(vault, add, remove),
            Change::Whitelist { add, remove } => {
                for (asset, name) in remove {
                    vault
                        .whitelist
                        .retain(|there| there.asset != *asset || there.name != *name);
                }
                for destination in add {
                    if vault.whitelist.len() >= MOST_DESTINATIONS
                        || vault
                            .destination(destination.asset, &destination.name)
                            .is_some()
                    {
                        return Err(format!("no room for the address {}", destination.name));
                    }
                    vault.whitelist.push(destination.clone());
                }
            }
            Change::Policies { required, largest } => {
                vault.required = required.unwrap_or(vault.required);
                vault.largest_withdrawal = largest.unwrap_or(vault.largest_withdrawal);
                vault.policies_updated = at;
            }
            Change::Groups(groups) => {
                vault.groups.clone_from(groups);
                vault.policies_updated = at;
            }
        }
        vault.updated = at;
        Ok(())
    }
}

fn read_whitelist(vault: &Vault, instruction: &Json) -> Result<Change, Denial> {
    let wrong = || Denial::Argument("operations");
    let operations = instruction.get("operations").and_then(Json::as_list);
    let operations = operations.filter(|operations| (1..=50).contains(&operations.len()));
    let mut add = Vec::new();
    let mut remove = Vec::new();
    for operation in operations.ok_or_else(wrong)? {
        let item = operation.get("item").unwrap_or(operation);
        match text(operation, "type") {
            Some("add") => add.push(Destination::read(item).ok_or_else(wrong)?),
            Some("remove") => {
                let asset = text(item, "asset").and_then(find_asset);
                let there = asset.zip(text(item, "address_name"));
                let (asset, name) = there.ok_or_else(wrong)?;
                vault.destination(asset, name).ok_or_else(wrong)?;
                remove.push((asset, name.to_owned()));
            }
            _ => return Err(wrong()),
        }
    }
    Ok(Change::Whitelist { add, remove })
}

fn change_members(vault: &mut Vault, add: &[String], remove: &[String]) {
    let is_among = |list: &[String], user: &String| list.iter().any(|one| same_iiban(one, user));
    vault.members.retain(|member| !is_among(remove, member));
    for user in add {
        if !is_among(&vault.members, user) {
            vault.members.push(user.clone());
        }
    }
}

/// Whether these reviewers could approve something if all of them wanted to.
pub(crate) fn quorum_is_possible(reviewers: &[String], required: u32, groups: &[Group]) -> bool {
    let enough =
        |count: usize, required: u32| u32::try_from(count).is_ok_and(|count| count >= required);
    let in_group = |group: &Group| {
        let members = reviewers.iter();
        members.filter(|user| group.members.contains(user)).count()
    };
    !reviewers.is_empty()
        && enough(reviewers.len(), required)
        && groups
            .iter()
            .all(|group| enough(in_group(group), group.required))
}
