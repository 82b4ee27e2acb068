//! Vaults: who may see them, what is in them and what it is worth.

use rust_decimal::Decimal;

use super::Custody;
use super::assets::{ASSETS, Asset, CURRENCY, fixed};
use super::denial::Denial;
use super::people::{User, same_iiban};
use super::transactions::Kind;
use crate::Moment;
use crate::books::Holder;
use crate::json::{Json, object};

/// There can't be more.
pub(crate) const MOST_VAULTS: usize = 1_000;

/// Some users of whom so many must approve.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// A UUID.
    pub id: String,
    pub required: u32,
    /// IIBANs of users.
    pub members: Vec<String>,
}

/// A vault.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    pub id: String,
    pub iiban: String,
    pub name: String,
    pub description: Option<String>,
    pub created: Moment,
    pub updated: Moment,
    /// IIBANs of users.
    pub members: Vec<String>,
    /// How many approvals its tasks need.
    pub required: u32,
    pub groups: Vec<Group>,
    /// The most that one withdrawal may be worth, in US dollars.
    pub largest_withdrawal: Decimal,
    /// When its policies last changed.
    pub policies_updated: Moment,
    /// Where withdrawals may go to.
    pub whitelist: Vec<super::funding::Destination>,
    pub addresses: Vec<super::funding::DepositAddress>,
}

/// What a vault has of an asset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    pub asset: &'static Asset,
    pub balance: Decimal,
    /// Part of it for withdrawals that are asked for.
    pub hold: Decimal,
}

impl Holding {
    pub(crate) fn available(&self) -> Decimal {
        (self.balance - self.hold).max(Decimal::ZERO)
    }
}

/// What a vault is worth, in US dollars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worth {
    pub balance: Decimal,
    pub available: Decimal,
    /// What came in during the last day, less what went out.
    pub change: Decimal,
    /// What is in the vault and has no rate.
    pub missing: Vec<&'static Asset>,
}

impl Custody {
    /// Makes a vault; none if there are too many.
    pub(crate) fn create_vault(
        &mut self,
        name: &str,
        description: Option<&str>,
        members: Vec<String>,
        now: Moment,
    ) -> Option<String> {
        if self.vaults.len() >= MOST_VAULTS {
            return None;
        }
        let id = self.even_id('V');
        self.vaults.push(Vault {
            id: id.clone(),
            iiban: self.ids.iiban(),
            name: name.to_owned(),
            description: description.map(str::to_owned),
            created: now,
            updated: now,
            members,
            required: 2,
            groups: Vec::new(),
            largest_withdrawal: Decimal::from(5_000_000),
            policies_updated: now,
            whitelist: Vec::new(),
            addresses: Vec::new(),
        });
        Some(id)
    }

    pub(crate) fn vault(&self, id: &str) -> Option<&Vault> {
        self.vaults.iter().find(|vault| vault.id == id)
    }

    pub(crate) fn vault_mut(&mut self, id: &str) -> Option<&mut Vault> {
        self.vaults.iter_mut().find(|vault| vault.id == id)
    }

    /// The vault of an id, or of an IIBAN with or without blanks.
    pub(crate) fn vault_of_either(&self, name: &str) -> Option<&Vault> {
        self.vaults
            .iter()
            .find(|vault| vault.id == name || same_iiban(&vault.iiban, name))
    }

    pub(crate) fn visible(user: &User, vault: &Vault) -> bool {
        user.role.sees_all_vaults() || is_member(vault, &user.iiban)
    }

    /// The vault that a call is about, if the caller may see it. `name` is that
    /// of the parameter with the id.
    pub(crate) fn visible_vault(
        &self,
        user: &User,
        id: &str,
        name: &'static str,
    ) -> Result<&Vault, Denial> {
        let vault = self.vault(id).ok_or(Denial::Unknown(name))?;
        if Self::visible(user, vault) {
            Ok(vault)
        } else {
            Err(Denial::Forbidden("the caller is no member of the vault"))
        }
    }

    /// All that a vault has.
    pub(crate) fn holdings(&self, vault: &str) -> Vec<Holding> {
        let holder = Holder::Customer(vault.to_owned());
        let holding = |asset: &'static Asset| {
            let balance = self.books.balance(&holder, asset.code);
            let hold = self.hold(vault, asset);
            let held = !balance.is_zero() || !hold.is_zero();
            held.then_some(Holding {
                asset,
                balance,
                hold,
            })
        };
        ASSETS.iter().filter_map(holding).collect()
    }

    pub(crate) fn holding(&self, vault: &str, asset: &'static Asset) -> Holding {
        Holding {
            asset,
            balance: self.balance(vault, asset),
            hold: self.hold(vault, asset),
        }
    }

    /// What a vault is worth. The rates stand still, so what changed in a day
    /// is what was moved.
    pub(crate) fn worth(&self, vault: &str, now: Moment) -> Worth {
        let mut worth = Worth::default();
        for holding in self.holdings(vault) {
            let asset = holding.asset;
            if asset.rate().is_none() {
                worth.missing.push(asset);
                continue;
            }
            let of = |amount| asset.worth(amount).unwrap_or_default();
            worth.balance = worth.balance.saturating_add(of(holding.balance));
            worth.available = worth.available.saturating_add(of(holding.available()));
            let change = of(self.change(vault, asset, now));
            worth.change = worth.change.saturating_add(change);
        }
        worth
    }

    /// What came in of an asset during the last day, less what went out.
    pub(crate) fn change(&self, vault: &str, asset: &Asset, now: Moment) -> Decimal {
        self.transactions
            .of_last_day(vault, now)
            .filter(|row| row.asset == asset)
            .map(|row| row.amount - row.fee)
            .fold(Decimal::ZERO, Decimal::saturating_add)
    }

    /// What was withdrawn of an asset during the last day, with fees.
    pub(crate) fn withdrawn(&self, vault: &str, asset: &Asset, now: Moment) -> Decimal {
        self.transactions
            .of_last_day(vault, now)
            .filter(|row| row.asset == asset && row.kind == Kind::Withdrawal)
            .map(|row| row.fee - row.amount)
            .fold(Decimal::ZERO, Decimal::saturating_add)
    }

    /// As the legacy API shows a vault. With `policies`, those on features too.
    pub(crate) fn legacy_vault(&self, vault: &Vault, policies: bool, now: Moment) -> Json {
        let worth = self.worth(&vault.id, now);
        let seconds = |moment: Moment| moment.seconds().to_string();
        let count = self
            .holdings(&vault.id)
            .iter()
            .filter(|holding| !holding.balance.is_zero())
            .count();
        let mut shown = object! {
            "id" => vault.id.as_str(),
            "name" => vault.name.as_str(),
            "description" => vault.description.as_deref(),
            "created_at" => seconds(vault.created),
            "updated_at" => seconds(vault.updated),
            "balance_fiat" => fixed(worth.balance, 4),
            "balance_diff" => fixed(worth.change, 4),
            "available_balance_fiat" => fixed(worth.available, 4),
            "count_assets" => count,
            "status" => "created",
            "iiban" => vault.iiban.as_str(),
            "deposit_lock_rekeying_only" => false,
        };
        if policies && let Json::Object(members) = &mut shown {
            members.insert("otc_enabled".into(), true.into());
        }
        shown
    }

    /// The holdings of a vault, as the legacy API shows them beside it.
    pub(crate) fn legacy_asset_details(&self, vault: &Vault) -> Json {
        let details = |holding: &Holding| {
            let asset = holding.asset;
            let amount = |amount: Decimal| {
                object! {
                    "current_usd_value" => asset.worth(amount).map(|worth| fixed(worth, 4)),
                    "quantity" => asset.fixed(amount),
                }
            };
            object! {
                "asset" => asset.code,
                "current_usd_price" => asset.rate().map(|rate| fixed(rate, 2)),
                "available_balance" => amount(holding.available()),
                "total_balance" => amount(holding.balance),
            }
        };
        self.holdings(&vault.id).iter().map(details).collect()
    }

    /// As the external API's list shows a vault.
    pub(crate) fn external_vault(&self, vault: &Vault, now: Moment) -> Json {
        let worth = self.worth(&vault.id, now);
        object! {
            "id" => vault.id.as_str(),
            "iiban" => vault.iiban.as_str(),
            "name" => vault.name.as_str(),
            "status" => "created",
            "balance_diff" => fixed(worth.change, 4),
            "missing_rates" => missing_rates(&worth),
            "attributes" => Json::List(Vec::new()),
            "balance_fiat" => fixed(worth.balance, 4),
            "deposit_lock_rekeying_only" => false,
            "otc_enabled" => true,
        }
    }

    /// What a vault holds of an asset, as the external API shows it.
    pub(crate) fn external_holding(&self, vault: &str, holding: &Holding, now: Moment) -> Json {
        let asset = holding.asset;
        let mut shown = object! {
            "asset" => asset.code,
            "asset_class" => CURRENCY,
            "name" => asset.name,
            "name_full" => asset.name,
            "symbol" => asset.code,
            "decimals" => asset.decimals,
            "display_decimals" => asset.display_decimals,
            "rate_decimals" => asset.decimals,
            "funding_decimals" => asset.decimals,
            "min_lot" => asset.fixed(asset.units(1)),
            "reserve" => false,
            "virtual" => asset.crypto,
            "metadata" => object! { "color_code" => asset.color },
            "balance" => asset.fixed(holding.balance),
            "balance_diff" => asset.fixed(self.change(vault, asset, now)),
            "spot" => asset.fixed(holding.balance),
            "hold" => asset.fixed(holding.hold),
            "available" => asset.fixed(holding.available()),
            "pledged" => asset.fixed(Decimal::ZERO),
            "staked" => asset.fixed(Decimal::ZERO),
        };
        if let (Json::Object(members), Some(rate)) = (&mut shown, asset.rate()) {
            let worth = |amount| asset.worth(amount).map(|worth| fixed(worth, 2));
            for (name, value) in [
                ("quote_balance", worth(holding.balance)),
                ("quote_spot_balance", worth(holding.balance)),
                ("quote_available", worth(holding.available())),
                ("quote_price", Some(fixed(rate, 2))),
                ("quote_asset", Some("USD".to_owned())),
                ("quote_asset_class", Some(CURRENCY.to_owned())),
            ] {
                if let Some(value) = value {
                    members.insert(name.into(), value.into());
                }
            }
        }
        shown
    }

    /// The policies of a vault, as the external API shows them. Beyond the
    /// kinds no page names anything, so these names are ours.
    pub(crate) fn external_policies(&self, vault: &Vault) -> Json {
        let approvers = self.vault_reviewers(vault, "").len();
        let most = |kind: &str| {
            object! {
                "type" => kind,
                "amount" => fixed(vault.largest_withdrawal, 2),
                "asset" => "USD",
                "asset_class" => CURRENCY,
            }
        };
        let mut policies = vec![
            object! {
                "type" => "required_approvals",
                "required_approvals" => vault.required,
                "minimum_approvals" => self.organization.least_required,
                "active_approvers" => approvers,
                "updated_at" => vault.policies_updated.seconds().to_string(),
            },
            most("max_transaction_amount"),
            object! { "type" => "otc_enabled", "enabled" => true },
            most("otc_max_transaction_amount"),
            most("staking_max_transaction_amount"),
        ];
        if !vault.groups.is_empty() {
            policies.push(object! {
                "type" => "subquorums",
                "groups" => self.shown_groups(&vault.groups),
            });
        }
        Json::List(policies)
    }

    /// Sub-quorums with their members.
    pub(crate) fn shown_groups(&self, groups: &[Group]) -> Json {
        let group = |group: &Group| {
            let members = group.members.iter().filter_map(|member| self.user(member));
            object! {
                "id" => group.id.as_str(),
                "required" => group.required,
                "members" => members.map(User::as_member).collect::<Json>(),
            }
        };
        groups.iter().map(group).collect()
    }

    /// Who votes on tasks of a vault that `initiator` asked for.
    pub(crate) fn vault_reviewers(&self, vault: &Vault, initiator: &str) -> Vec<String> {
        self.reviewers(initiator, |user| is_member(vault, &user.iiban))
    }

    /// Who votes on tasks of the organization that `initiator` asked for.
    pub(crate) fn domain_reviewers(&self, initiator: &str) -> Vec<String> {
        self.reviewers(initiator, |_| true)
    }

    fn reviewers(&self, initiator: &str, belongs: impl Fn(&User) -> bool) -> Vec<String> {
        self.users
            .iter()
            .filter(|user| user.role.votes() && !same_iiban(&user.iiban, initiator))
            .filter(|user| belongs(user))
            .map(|user| user.iiban.clone())
            .collect()
    }
}

/// Assets without a rate, as the external API lists them.
pub(crate) fn missing_rates(worth: &Worth) -> Json {
    let reference = |asset: &&'static Asset| {
        object! { "asset" => asset.code, "asset_class" => CURRENCY }
    };
    worth.missing.iter().map(reference).collect()
}

pub(crate) fn is_member(vault: &Vault, user: &str) -> bool {
    vault.members.iter().any(|member| same_iiban(member, user))
}
