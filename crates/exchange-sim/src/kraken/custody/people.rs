//! The organization and its users.

use super::Custody;
use super::denial::Denial;
use crate::json::{Json, object};
use crate::kraken::handle::CUSTODY_USERS;
use crate::kraken::key::Key;

/// What a Custody user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CustodyRole {
    /// Sees all vaults, asks for tasks, votes on those of the vaults of which
    /// it is a member and on those of the organization.
    Admin,
    /// Sees the vaults of which it is a member, and asks for tasks.
    Initiator,
    /// Sees the vaults of which it is a member, and votes on their tasks and
    /// on those of the organization.
    Reviewer,
    /// Sees all vaults and does nothing.
    Auditor,
}

impl CustodyRole {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Initiator => "initiator",
            Self::Reviewer => "reviewer",
            Self::Auditor => "auditor",
        }
    }

    pub(crate) fn sees_all_vaults(self) -> bool {
        matches!(self, Self::Admin | Self::Auditor)
    }

    pub(crate) fn asks(self) -> bool {
        matches!(self, Self::Admin | Self::Initiator)
    }

    pub(crate) fn votes(self) -> bool {
        matches!(self, Self::Admin | Self::Reviewer)
    }
}

/// Somebody with a key.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub iiban: String,
    pub full_name: String,
    pub role: CustodyRole,
}

impl User {
    /// As tasks and activities show it. A request does not tell where it came
    /// from; everybody is on this machine.
    pub(crate) fn shown(&self) -> Json {
        object! {
            "full_name" => self.full_name.as_str(),
            "role" => self.role.name(),
            "ip_address" => IP_ADDRESS,
            "iiban" => self.iiban.as_str(),
        }
    }

    /// As a sub-quorum shows it.
    pub(crate) fn as_member(&self) -> Json {
        let mail = self.full_name.to_lowercase().replace(' ', ".");
        object! {
            "iiban" => self.iiban.as_str(),
            "full_name" => self.full_name.as_str(),
            "email" => format!("{mail}@example.com"),
            "role" => self.role.name(),
        }
    }
}

pub(crate) const IP_ADDRESS: &str = "127.0.0.1";

/// To whom vaults and users belong; there is one.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub iiban: String,
    pub name: String,
    /// How many approvals its own tasks need, and those of a vault at least.
    pub required: u32,
    pub least_required: u32,
}

impl Organization {
    pub(crate) fn demo() -> Self {
        Self {
            iiban: "AA13 N84G DEMO ORGA".to_owned(),
            name: "Example Organization".to_owned(),
            required: 2,
            least_required: 1,
        }
    }
}

/// The users that are there at the start.
pub(crate) fn demo_users() -> Vec<User> {
    let [a, b, c] = CUSTODY_USERS;
    [
        (a, "Ada Initiator", CustodyRole::Initiator),
        (b, "Ben Reviewer", CustodyRole::Reviewer),
        (c, "Cleo Admin", CustodyRole::Admin),
    ]
    .into_iter()
    .map(|(iiban, full_name, role)| User {
        iiban: iiban.to_owned(),
        full_name: full_name.to_owned(),
        role,
    })
    .collect()
}

/// Whether two texts name the same IIBAN; blanks do not count.
pub(crate) fn same_iiban(a: &str, b: &str) -> bool {
    let letters = |text: &'_ str| -> String { text.split(' ').collect() };
    letters(a) == letters(b)
}

impl Custody {
    pub(crate) fn user(&self, iiban: &str) -> Option<&User> {
        self.users
            .iter()
            .find(|user| same_iiban(&user.iiban, iiban))
    }

    /// The user that a key belongs to.
    pub(crate) fn caller(&self, key: Option<&Key>) -> Result<User, Denial> {
        key.and_then(|key| self.user(&key.account))
            .cloned()
            .ok_or(Denial::Forbidden(
                "the key is of no user of this organization",
            ))
    }
}
