//! The ledger of each account, as the customer sees it, and the one way in
//! which money moves.

use std::collections::VecDeque;

use rust_decimal::Decimal;

use super::Spot;
use crate::Moment;
use crate::books::{BooksError, Holder, posting};

/// Older entries are forgotten.
const MOST_ENTRIES: usize = 50_000;

/// One entry of an account's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// `LXXXXX-XXXXX-XXXXXX`.
    pub id: String,
    /// The trade, deposit, withdrawal or transfer it belongs to.
    pub refid: String,
    pub time: Moment,
    /// `trade`, `deposit`, `withdrawal`, `transfer`, `earn`, …
    pub kind: &'static str,
    /// `spotfromfutures`, `allocation`, …; mostly empty.
    pub subtype: &'static str,
    /// The asset's id, with suffix if any.
    pub asset: String,
    /// What was added, before the fee; negative for what was taken.
    pub amount: Decimal,
    pub fee: Decimal,
    /// What the account had of the asset afterwards.
    pub balance: Decimal,
}

/// The ledger of one account, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statement {
    pub entries: VecDeque<Entry>,
}

/// What a movement does to one account.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub account: String,
    pub asset: String,
    /// Added to the account, from the other side; negative the other way.
    pub amount: Decimal,
    /// Taken from the account on top, for the venue.
    pub fee: Decimal,
    /// Who gives or gets the amount.
    pub other: Holder,
}

/// What a movement is for.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub refid: String,
    pub kind: &'static str,
    pub subtype: &'static str,
    pub time: Moment,
}

impl Spot {
    /// Moves money: all legs or none. Writes an entry for each leg and returns
    /// their ids.
    pub(crate) fn book(&mut self, cause: &Cause, legs: &[Leg]) -> Result<Vec<String>, BooksError> {
        let mut postings = Vec::with_capacity(3 * legs.len());
        for leg in legs {
            let customer = Holder::Customer(leg.account.clone());
            postings.push(posting(customer, &leg.asset, leg.amount - leg.fee));
            postings.push(posting(leg.other.clone(), &leg.asset, -leg.amount));
            if !leg.fee.is_zero() {
                postings.push(posting(Holder::Fees, &leg.asset, leg.fee));
            }
        }
        // Balances between the legs, for the entries.
        let before: Vec<Decimal> = legs
            .iter()
            .map(|leg| {
                let customer = Holder::Customer(leg.account.clone());
                self.books.balance(&customer, &leg.asset)
            })
            .collect();
        self.books.post(&postings)?;
        let mut ids = Vec::with_capacity(legs.len());
        for (index, leg) in legs.iter().enumerate() {
            let same = |other: &&Leg| other.account == leg.account && other.asset == leg.asset;
            let moved: Decimal = legs[..=index]
                .iter()
                .filter(same)
                .map(|leg| leg.amount - leg.fee)
                .sum();
            let id = self.ids.ledger_entry();
            let statement = self.statements.entry(leg.account.clone()).or_default();
            if statement.entries.len() == MOST_ENTRIES {
                statement.entries.pop_front();
            }
            statement.entries.push_back(Entry {
                id: id.clone(),
                refid: cause.refid.clone(),
                time: cause.time,
                kind: cause.kind,
                subtype: cause.subtype,
                asset: leg.asset.clone(),
                amount: leg.amount,
                fee: leg.fee,
                balance: before[index] + moved,
            });
            ids.push(id);
        }
        Ok(ids)
    }

    /// What an account has of an asset, held back or not.
    pub(crate) fn balance(&self, account: &str, asset: &str) -> Decimal {
        self.books
            .balance(&Holder::Customer(account.to_owned()), asset)
    }

    /// What an account can spend of an asset: what is not held for open orders
    /// or pending withdrawals.
    pub(crate) fn available(&self, account: &str, asset: &str) -> Decimal {
        self.balance(account, asset)
            - self.desk.held(account, asset)
            - self.treasury.held(account, asset)
    }
}
