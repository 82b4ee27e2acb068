//! Deposits, withdrawals, transfers and subaccounts.
//!
//! | Module | Subject |
//! |---|---|
//! | [`methods`] | the ways in which money comes and goes |
//! | [`movements`] | deposits and withdrawals on their way, by time |
//! | [`deposits`] | operations about deposits |
//! | [`withdrawals`] | operations about withdrawals |
//! | [`transfers`] | transfers to the futures wallet and between accounts |
//! | [`subaccounts`] | whose accounts there are |

pub(crate) mod deposits;
pub(crate) mod methods;
pub(crate) mod movements;
pub(crate) mod subaccounts;
pub(crate) mod transfers;
pub(crate) mod withdrawals;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rust_decimal::Decimal;

use self::deposits::Address;
use self::movements::Movement;
use self::subaccounts::Subaccount;
use self::withdrawals::Saved;
use super::assets::{Asset, find_asset};
use super::{Call, Operation, Permission, Spot};
use crate::Moment;
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::params::Params;

pub(crate) const WITHDRAW: &str = "Funds permissions - Withdraw";
const QUERY: &str = "Funds permissions - Query";
const DEPOSIT: &str = "Funds permissions - Deposit";

pub(crate) const OPERATIONS: &[Operation] = &[
    operation(
        "DepositMethods",
        Permission::All(&[QUERY, DEPOSIT]),
        deposits::methods,
    ),
    operation(
        "DepositAddresses",
        Permission::Any(&[QUERY]),
        deposits::addresses,
    ),
    operation("DepositStatus", Permission::Any(&[QUERY]), deposits::status),
    operation(
        "WithdrawMethods",
        Permission::All(&[QUERY, WITHDRAW]),
        withdrawals::methods,
    ),
    operation(
        "WithdrawAddresses",
        Permission::All(&[QUERY, WITHDRAW]),
        withdrawals::addresses,
    ),
    operation(
        "WithdrawInfo",
        Permission::All(&[QUERY, WITHDRAW]),
        withdrawals::info,
    ),
    operation(
        "Withdraw",
        Permission::Any(&[WITHDRAW]),
        withdrawals::withdraw,
    ),
    operation(
        "WithdrawStatus",
        Permission::Any(&[WITHDRAW, "Data - Query ledger entries"]),
        withdrawals::status,
    ),
    // Whether a permission is needed depends on what is cancelled.
    operation("WithdrawCancel", Permission::None, withdrawals::cancel),
    operation(
        "WalletTransfer",
        Permission::Any(&[QUERY]),
        transfers::to_futures,
    ),
    operation(
        "CreateSubaccount",
        Permission::Any(&[WITHDRAW]),
        subaccounts::create,
    ),
    operation(
        "AccountTransfer",
        Permission::Any(&[WITHDRAW]),
        transfers::between_accounts,
    ),
];

const fn operation(
    name: &'static str,
    permission: Permission,
    call: fn(&mut Spot, &Call<'_>) -> Outcome,
) -> Operation {
    Operation::new(name, permission, 1, call)
}

/// What is on its way in or out, and whose accounts there are.
#[derive(Debug, Default)]
pub(crate) struct Treasury {
    /// Deposits and withdrawals, oldest first, by rising serial number.
    movements: VecDeque<Movement>,
    /// When which movement goes on, by its serial number.
    agenda: BTreeSet<(Moment, u64)>,
    /// The serial number of the next movement.
    serial: u64,
    /// Held back for withdrawals that are not booked yet, by account and asset.
    held: BTreeMap<String, BTreeMap<String, Decimal>>,
    /// Deposit addresses by account and the method's place in the table.
    addresses: BTreeMap<(String, usize), Vec<Address>>,
    /// Withdrawal addresses besides those that everybody has, by account.
    saved: BTreeMap<String, Vec<Saved>>,
    /// Account and reference of the last transfers to the futures wallet.
    transfers: VecDeque<(String, String)>,
    /// By account id.
    subaccounts: BTreeMap<String, Subaccount>,
}

impl Treasury {
    /// What is held back of an asset for an account's pending withdrawals.
    pub(crate) fn held(&self, account: &str, asset: &str) -> Decimal {
        self.held
            .get(account)
            .and_then(|assets| assets.get(asset))
            .copied()
            .unwrap_or_default()
    }
}

/// The asset of a funding call. There are no tokenized assets.
fn funding_asset(params: &Params, class: &str) -> Result<&'static Asset, Refusal> {
    let name = params.required("asset")?;
    check_class(params, class)?
        .then(|| find_asset(&name))
        .flatten()
        .ok_or_else(|| "EFunding:Unknown asset".into())
}

/// The asset that a funding call lists, if it names one.
fn filter_asset(params: &Params) -> Result<Option<&'static Asset>, Refusal> {
    if params.text("asset").is_some() {
        return funding_asset(params, "aclass").map(Some);
    }
    if check_class(params, "aclass")? {
        return Ok(None);
    }
    Err("EFunding:Unknown asset".into())
}

/// Whether the class asked for is that of the assets there are.
fn check_class(params: &Params, name: &str) -> Result<bool, Refusal> {
    match params.text(name).as_deref() {
        None | Some("currency") => Ok(true),
        Some("tokenized_asset") => Ok(false),
        Some(_) => Err(Refusal::argument(name)),
    }
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests;
