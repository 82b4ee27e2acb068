//! Accounts of a group, roles of a key, and OAuth.

use exchange_transport::{Error, Operation};
use exchange_wire::open_enum;
use serde::{Deserialize, Serialize};

use crate::paging::{self, BackwardsPosition, Page, Paged};
use crate::types::Timestamp;

endpoints! {
    "gemini", "Account Administration", crate::Client;

    /// The account, and who may use it.
    GetAccountDetail = get_account_detail "getAccountDetail" {
        call: POST "/v1/account",
        auth: Account,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json AccountDetail,
        also: [],
        required {}
        optional {}
    }

    /// Makes an account in the group.
    NewAccount = new_account "createNewAccount" {
        call: POST "/v1/account/create",
        auth: Master,
        roles: AnyOf ["Administrator"],
        scopes: [],
        effect: Account,
        pace: PRIVATE,
        answer: json AccountCreated,
        also: [],
        required {
            /// Its name, which no other account of the group has. Its short name is made from it.
            name: String => into field "name", length(1, 1000);
        }
        optional {
            /// What sort of account it is; an exchange account if not set. `type` on the wire.
            account_type: AccountType => field "type";
        }
    }

    /// Gives an account another name, another short name, or both.
    RenameAccount = rename_account "renameAccount" {
        call: POST "/v1/account/rename",
        auth: Account,
        roles: AnyOf ["Administrator"],
        scopes: [],
        effect: Account,
        pace: PRIVATE,
        answer: json AccountRenamed,
        also: [],
        required {}
        optional {
            /// The new name.
            new_name: String => into field "newName", length(1, 1000);
            /// The new short name.
            new_account: String => into field "newAccount", length(1, 1000);
        }
    }

    /// The accounts of the group, newest first.
    ListAccountsInGroup = list_accounts_in_group "listAccountsInGroup" {
        call: POST "/v1/account/list",
        auth: Master,
        roles: Undocumented,
        scopes: ["account:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<GroupAccount>,
        also: [],
        required {}
        optional {
            /// At most so many. Default 500.
            limit_accounts: u32 => field "limit_accounts", range(1, 500);
            /// Only accounts made up to this time.
            timestamp: Timestamp => into field "timestamp";
        }
    }

    /// What the key may do.
    GetRoles = get_roles "getRoles" {
        call: POST "/v1/roles",
        auth: Key,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json Roles,
        also: [],
        required {}
        optional {}
    }

    /// Ends the OAuth token the call is made with, and all others of the same user and program.
    RevokeOauthToken = revoke_oauth_token "revokeOAuthToken" {
        call: POST "/v1/oauth/revokeByToken",
        auth: Token,
        roles: NotNeeded,
        scopes: [],
        effect: Account,
        pace: PRIVATE,
        answer: json OauthRevoked,
        also: [],
        required {}
        optional {}
    }
}

open_enum! {
    /// What sort of account it is.
    pub enum AccountType {
        /// For trading.
        Exchange = "exchange",
        /// For keeping.
        Custody = "custody",
    }
}

open_enum! {
    /// Whether an account is in use.
    pub enum AccountStatus {
        /// It is.
        Open = "open",
        /// It is not.
        Closed = "closed",
    }
}

crate::parameter::plain!(AccountType);

/// An account, and who may use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountDetail {
    /// The account.
    pub account: AccountInfo,
    /// Who may use it.
    pub users: Vec<AccountUser>,
    /// What to write on a wire, so that it finds the account.
    pub memo_reference_code: String,
    /// Its number at the bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_account_number: Option<String>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountInfo {
    /// Its name.
    #[serde(rename = "accountName")]
    pub account_name: String,
    /// Its short name, as `account` of calls with a master key.
    #[serde(rename = "shortName")]
    pub short_name: String,
    /// What sort of account it is.
    #[serde(rename = "type")]
    pub account_type: AccountType,
    /// When it was made.
    pub created: Timestamp,
}

/// Somebody who may use an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountUser {
    /// The name.
    pub name: String,
    /// When they last came.
    #[serde(rename = "lastSignIn")]
    pub last_sign_in: Timestamp,
    /// `Active` or another word.
    pub status: String,
    /// Where they are, in two letters.
    #[serde(rename = "countryCode")]
    pub country_code: String,
    /// Whether the venue has verified them.
    #[serde(rename = "isVerified")]
    pub is_verified: bool,
}

/// An account that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountCreated {
    /// Its short name.
    pub account: String,
    /// What sort of account it is.
    #[serde(rename = "type")]
    pub account_type: AccountType,
}

/// What an account is called now; only what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountRenamed {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// An account of the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupAccount {
    /// Its name.
    pub name: String,
    /// Its short name.
    pub account: String,
    /// What sort of account it is.
    #[serde(rename = "type")]
    pub account_type: AccountType,
    /// Its id for clearing, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty_id: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it is in use.
    pub status: AccountStatus,
}

/// What a key may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Roles {
    /// Whether it may read everything.
    #[serde(rename = "isAuditor")]
    pub is_auditor: bool,
    /// Whether it may move funds.
    #[serde(rename = "isFundManager")]
    pub is_fund_manager: bool,
    /// Whether it may trade.
    #[serde(rename = "isTrader")]
    pub is_trader: bool,
    /// The id for clearing; of master keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty_id: Option<String>,
    /// Whether it may make accounts; of master keys.
    #[serde(
        rename = "isAccountAdmin",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub is_account_admin: Option<bool>,
}

/// That tokens were ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OauthRevoked {
    /// In words.
    pub message: String,
}

impl Paged for ListAccountsInGroup {
    type Item = GroupAccount;
    type Position = BackwardsPosition;
    const OPERATION: &'static Operation = &<ListAccountsInGroup>::ENDPOINT.operation;

    async fn page(self, position: BackwardsPosition) -> Result<Page<Self>, Error> {
        // One row more than the last one must fit.
        let limit = self.request.limit("limit_accounts", 500).max(2);
        let call = match position.until {
            Some(millis) => self.timestamp(Timestamp::from_unix_millis(millis)),
            None => self,
        };
        let rows = call.limit_accounts(limit).send().await?;
        let full = rows.len() >= limit as usize;
        let rows = paging::timed(rows, |account| {
            (account.created.unix_millis(), account.account.clone())
        })?;
        // The vendor says that the very time is part of it.
        paging::by_time_backwards(position, rows, full, None, 0)
    }
}

exchange_transport::paged! {
    /// All accounts of the group, newest first, from `timestamp` backwards.
    ListAccountsInGroup, BackwardsPosition::default()
}
