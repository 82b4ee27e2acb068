//! Accounts of the group, and what a key may do.

use super::answer::{Outcome, Refusal};
use super::exchange::{Account, Exchange};
use super::{ADMINISTRATOR, Access, Call, GeminiRole, Operation, op};
use crate::json::{Json, object};

/// Accounts of a group. The vendor names no number.
const MOST: usize = 200;

pub(crate) static OPERATIONS: [Operation; 6] = [
    op(
        "getAccountDetail",
        "/v1/account",
        Access::Account,
        &[],
        &[],
        detail,
    ),
    op(
        "createNewAccount",
        "/v1/account/create",
        Access::Master,
        ADMINISTRATOR,
        &[],
        create,
    ),
    op(
        "renameAccount",
        "/v1/account/rename",
        Access::Account,
        ADMINISTRATOR,
        &[],
        rename,
    ),
    op(
        "listAccountsInGroup",
        "/v1/account/list",
        Access::Master,
        &[],
        &["account:read"],
        list,
    ),
    op("getRoles", "/v1/roles", Access::Key, &[], &[], roles),
    // Carried out at the door, where the tokens are.
    op(
        "revokeOAuthToken",
        "/v1/oauth/revokeByToken",
        Access::Token,
        &[],
        &[],
        revoked,
    ),
];

fn detail(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let account = &exchange.accounts[call.account];
    Ok(object! {
        "account" => object! {
            "accountName" => account.name.as_str(),
            "shortName" => account.short_name.as_str(),
            "type" => account.kind,
            "created" => account.created.milliseconds().to_string(),
        },
        "users" => vec![object! {
            "name" => "Satoshi Nakamoto",
            "lastSignIn" => account.created.rfc3339_milliseconds(),
            "status" => "Active",
            "countryCode" => "US",
            "isVerified" => true,
        }],
        "memo_reference_code" => format!("GEMDEMO{:02}", call.account),
        "virtual_account_number" => format!("{}", 123_456 + call.account),
    }
    .into())
}

/// What a name is turned into: lower case, symbols dropped, hyphens for spaces.
fn short(name: &str) -> String {
    let kept = name.chars().filter_map(|one| match one {
        ' ' | '-' => Some('-'),
        one if one.is_ascii_alphanumeric() => Some(one.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

fn create(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let name = call.params.text("name");
    let name = name.ok_or_else(|| Refusal::bad("MissingName", "Missing 'name'"))?;
    let kind = match call.params.text("type").as_deref() {
        None | Some("exchange") => "exchange",
        Some("custody") => "custody",
        Some(other) => {
            return Err(Refusal::bad(
                "BadAccountType",
                format!("No account type '{other}'"),
            ));
        }
    };
    let short_name = short(&name);
    if short_name.is_empty() {
        return Err(Refusal::bad(
            "InvalidAccountName",
            format!("Invalid name '{name}'"),
        ));
    }
    conflict(exchange, &short_name)?;
    if exchange.accounts.len() >= MOST {
        return Err(Refusal::bad(
            "ExceededMaxAccountsInGroup",
            "The group is full",
        ));
    }
    exchange.add_account(&name, &short_name, kind, call.now);
    Ok(object! { "account" => short_name, "type" => kind }.into())
}

fn conflict(exchange: &Exchange, short_name: &str) -> Result<(), Refusal> {
    match exchange.account_named(short_name) {
        Some(_) => Err(Refusal::bad(
            "ConflictingAccountName",
            format!("The group has an account '{short_name}'"),
        )),
        None => Ok(()),
    }
}

fn rename(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let name = call.params.text("newName");
    let short_name = call.params.text("newAccount");
    if let Some(short_name) = &short_name {
        if short(short_name) != *short_name {
            return Err(Refusal::bad(
                "InvalidAccountName",
                format!("Invalid short name '{short_name}'"),
            ));
        }
        let taken = exchange.account_named(short_name);
        if taken.is_some_and(|account| account != call.account) {
            conflict(exchange, short_name)?;
        }
    }
    let mut answer = object! {};
    let account = &mut exchange.accounts[call.account];
    if let Json::Object(members) = &mut answer {
        if let Some(name) = name {
            members.insert("name".into(), name.as_str().into());
            account.name = name;
        }
        if let Some(short_name) = short_name {
            members.insert("account".into(), short_name.as_str().into());
            account.short_name = short_name;
        }
    }
    Ok(answer.into())
}

fn list(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let limit = call.params.limit("limit_accounts", 500, 500)?;
    let until = call.params.time("timestamp")?;
    let mut accounts: Vec<&Account> = exchange
        .accounts
        .iter()
        .filter(|account| until.is_none_or(|until| account.created <= until))
        .collect();
    accounts.sort_by_key(|account| account.created);
    let rows = accounts.into_iter().rev().take(limit).map(|account| {
        object! {
            "name" => account.name.as_str(),
            "account" => account.short_name.as_str(),
            "type" => account.kind,
            "counterparty_id" => account.counterparty_id.as_deref(),
            "created" => account.created.milliseconds(),
            "status" => "open",
        }
    });
    Ok(rows.collect::<Json>().into())
}

fn roles(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let has = |role| call.key.is_some_and(|key| key.config.has(role));
    let mut answer = object! {
        "isAuditor" => has(GeminiRole::Auditor),
        "isFundManager" => has(GeminiRole::FundManager),
        "isTrader" => has(GeminiRole::Trader),
    };
    let master = call.key.is_some_and(|key| key.config.is_master());
    if let (Json::Object(members), true) = (&mut answer, master) {
        let id = exchange.accounts[call.account].counterparty_id.as_deref();
        members.insert("counterparty_id".into(), id.into());
        members.insert(
            "isAccountAdmin".into(),
            has(GeminiRole::Administrator).into(),
        );
    }
    Ok(answer.into())
}

fn revoked(_: &mut Exchange, _: &Call<'_>) -> Outcome {
    Ok(object! { "message" => "" }.into())
}
