//! Kraken Spot: what its operations share.
//!
//! | Module | Subject |
//! |---|---|
//! | [`assets`] | what is traded |
//! | [`market`] | the rest of the market |
//! | [`public`] | public operations |
//! | [`desk`] | orders, trades and positions |
//! | [`trading`] | operations that place, change and cancel orders |
//! | [`orders`] | operations that read orders, trades and positions |
//! | [`script_orders`] | orders and trades in the hands of a test |
//! | [`statement`] | ledgers, and the one way in which money moves |
//! | [`account`] | operations that read balances, ledgers, volume and keys |
//! | [`treasury`] | deposits, withdrawals, transfers and subaccounts |
//! | [`earn`] | strategies and allocations |
//! | [`export`] | reports |
//! | [`worth`] | what something is worth |
//! | `script_funds` | what a test does to deposits, withdrawals and rewards |

pub(crate) mod account;
pub(crate) mod assets;
pub(crate) mod desk;
pub(crate) mod earn;
pub(crate) mod export;
pub(crate) mod market;
pub(crate) mod orders;
pub(crate) mod public;
mod script_funds;
mod script_market;
pub(crate) mod script_orders;
pub(crate) mod statement;
pub(crate) mod trading;
pub(crate) mod treasury;
pub(crate) mod worth;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::desk::Desk;
use self::earn::Earn;
use self::export::Exports;
use self::market::Markets;
use self::statement::Statement;
use self::treasury::Treasury;
use super::answer::{Outcome, Refusal};
use super::key::Key;
use super::params::Params;
use crate::Moment;
use crate::books::Books;
use crate::ids::Ids;

/// What a key must be allowed for an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Permission {
    /// Nothing beyond a signature.
    None,
    /// Any one of these.
    Any(&'static [&'static str]),
    /// All of these.
    All(&'static [&'static str]),
}

impl Permission {
    pub(crate) fn is_met_by(self, key: &Key) -> bool {
        match self {
            Self::None => true,
            Self::Any(names) => names.iter().any(|name| key.config.allows(name)),
            Self::All(names) => names.iter().all(|name| key.config.allows(name)),
        }
    }
}

/// An operation of Spot's.
pub(crate) struct Operation {
    /// The path after `/0/public/` or `/0/private/`.
    pub name: &'static str,
    pub permission: Permission,
    /// What it adds to the key's call counter; public ones add nothing.
    pub cost: u32,
    pub call: fn(&mut Spot, &Call<'_>) -> Outcome,
}

impl Operation {
    const fn new(
        name: &'static str,
        permission: Permission,
        cost: u32,
        call: fn(&mut Spot, &Call<'_>) -> Outcome,
    ) -> Self {
        Self {
            name,
            permission,
            cost,
            call,
        }
    }
}

/// One call of an operation.
pub(crate) struct Call<'a> {
    pub params: &'a Params,
    pub now: Moment,
    /// Who calls; none for public operations.
    pub key: Option<&'a Key>,
}

impl<'a> Call<'a> {
    /// The key of a private call.
    pub(crate) fn key(&self) -> Result<&'a Key, Refusal> {
        self.key.ok_or_else(|| "EAPI:Invalid key".into())
    }

    /// The account that a private call is about: that of the key.
    pub(crate) fn account(&self) -> Result<&'a str, Refusal> {
        Ok(&self.key()?.account)
    }
}

/// All public operations.
pub(crate) fn public_operations() -> impl Iterator<Item = &'static Operation> {
    public::OPERATIONS.iter()
}

/// All private operations.
pub(crate) fn private_operations() -> impl Iterator<Item = &'static Operation> {
    [
        public::PRIVATE_OPERATIONS,
        trading::OPERATIONS,
        orders::OPERATIONS,
        account::OPERATIONS,
        treasury::OPERATIONS,
        earn::OPERATIONS,
        export::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}

/// The state of Spot.
#[derive(Debug)]
pub(crate) struct Spot {
    pub books: Books,
    pub statements: BTreeMap<String, Statement>,
    pub markets: Markets,
    pub desk: Desk,
    pub treasury: Treasury,
    pub earn: Earn,
    pub exports: Exports,
    pub ids: Ids,
    /// Whether the limits of the matching engine hold.
    pub limits: bool,
}

impl Spot {
    pub(crate) fn new(seed: u64, now: Moment) -> Self {
        Self {
            books: Books::default(),
            statements: BTreeMap::new(),
            markets: Markets::new(seed, now),
            desk: Desk::default(),
            treasury: Treasury::default(),
            earn: Earn::default(),
            exports: Exports::default(),
            ids: Ids::new(seed),
            limits: true,
        }
    }

    /// Lets happen what happens by itself until `now`.
    pub(crate) fn advance(&mut self, now: Moment) {
        let trades = self.markets.advance(now);
        self.settle_orders(&trades, now);
        self.settle_treasury(now);
        self.settle_earn(now);
        self.settle_exports(now);
    }
}
