//! Whose accounts there are: masters and their subaccounts.

use super::{Call, Spot, Treasury};
use crate::json::Json;
use crate::kraken::answer::{Outcome, Refusal};

/// The most subaccounts of a master.
const MOST: usize = 100;

/// A trading account below a master account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subaccount {
    pub master: String,
    pub username: String,
    pub email: String,
}

impl Treasury {
    /// The master of an account; a master is its own.
    pub(crate) fn master_of<'a>(&'a self, account: &'a str) -> &'a str {
        self.subaccounts
            .get(account)
            .map_or(account, |subaccount| &subaccount.master)
    }

    /// An account and, if it is a master, its subaccounts.
    pub(crate) fn domain<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a str> {
        let below = self
            .subaccounts
            .iter()
            .filter(move |(_, subaccount)| subaccount.master == account)
            .map(|(id, _)| id.as_str());
        std::iter::once(account).chain(below)
    }

    /// The user name of a subaccount; none for a master.
    pub(crate) fn name_of(&self, account: &str) -> Option<&str> {
        let subaccount = self.subaccounts.get(account)?;
        Some(&subaccount.username)
    }

    /// The subaccounts of a master: user name and account id.
    pub(crate) fn subaccounts_of(&self, master: &str) -> Vec<(String, String)> {
        self.subaccounts
            .iter()
            .filter(|(_, subaccount)| subaccount.master == master)
            .map(|(id, subaccount)| (subaccount.username.clone(), id.clone()))
            .collect()
    }
}

pub(crate) fn create(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let master = call.account()?;
    if spot.treasury.master_of(master) != master {
        return Err("EGeneral:Permission denied".into());
    }
    let username = call.params.required("username")?;
    let email = call.params.required("email")?;
    let taken = |with: &dyn Fn(&Subaccount) -> bool| spot.treasury.subaccounts.values().any(with);
    let letters = username
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if !letters || username.len() > 64 || taken(&|one| one.username == username) {
        return Err(Refusal::argument("username"));
    }
    let parts = email.split_once('@');
    let sound = parts.is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if !sound || email.len() > 254 || taken(&|one| one.email == email) {
        return Err(Refusal::argument("email"));
    }
    if spot.treasury.domain(master).count() > MOST {
        return Err("EAccount:Invalid permissions".into());
    }
    let subaccount = Subaccount {
        master: master.to_owned(),
        username,
        email,
    };
    let id = spot.ids.iiban();
    spot.treasury.subaccounts.insert(id, subaccount);
    Ok(Json::Bool(true).into())
}
