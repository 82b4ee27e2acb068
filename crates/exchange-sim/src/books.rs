//! Double-entry books: every amount that goes to a holder comes from another.
//!
//! Whatever happens at a venue is written as a transaction whose amounts add
//! up to zero for each asset, so money is never made or lost. What lies
//! outside the venue (banks, chains, the rest of the market) has accounts too,
//! which may be negative.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

/// Who holds an amount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Holder {
    /// A customer's account or vault, by its id.
    Customer(String),
    /// Everybody else in the market.
    Market,
    /// The venue's earnings.
    Fees,
    /// Banks and chains: where deposits come from and withdrawals go to.
    Outside,
    /// Lent on margin by the venue.
    Margin,
    /// Where rewards come from.
    Rewards,
}

impl Holder {
    /// A customer must not owe; everybody else may.
    fn may_be_negative(&self) -> bool {
        !matches!(self, Self::Customer(_))
    }
}

/// One line of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posting {
    pub holder: Holder,
    pub asset: String,
    /// What the holder gets; negative if it gives.
    pub amount: Decimal,
}

/// Why a transaction can't be written. Nothing of it is, then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BooksError {
    #[error("the amounts of {asset} add up to {sum}, not to zero")]
    Unbalanced { asset: String, sum: Decimal },
    #[error("{holder:?} lacks {lacking} {asset}")]
    Lacking {
        holder: Holder,
        asset: String,
        lacking: Decimal,
    },
    #[error("an amount of {asset} has more digits than can be kept")]
    Inexact { asset: String },
}

/// All balances of a venue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    balances: BTreeMap<Holder, BTreeMap<String, Decimal>>,
}

impl Books {
    /// Writes a transaction, whole or not at all.
    pub(crate) fn post(&mut self, postings: &[Posting]) -> Result<(), BooksError> {
        let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
        let mut new: BTreeMap<(&Holder, &str), Decimal> = BTreeMap::new();
        for Posting {
            holder,
            asset,
            amount,
        } in postings
        {
            let sum = sums.entry(asset).or_default();
            *sum = add(asset, *sum, *amount)?;
            let balance = new
                .entry((holder, asset))
                .or_insert_with(|| self.balance(holder, asset));
            *balance = add(asset, *balance, *amount)?;
        }
        if let Some((asset, sum)) = sums.into_iter().find(|(_, sum)| !sum.is_zero()) {
            let asset = asset.to_owned();
            return Err(BooksError::Unbalanced { asset, sum });
        }
        for ((holder, asset), balance) in &new {
            if *balance < Decimal::ZERO
                && *balance < self.balance(holder, asset)
                && !holder.may_be_negative()
            {
                return Err(BooksError::Lacking {
                    holder: (*holder).clone(),
                    asset: (*asset).to_owned(),
                    lacking: -*balance,
                });
            }
        }
        let new: Vec<_> = new
            .into_iter()
            .map(|((holder, asset), balance)| (holder.clone(), asset.to_owned(), balance))
            .collect();
        for (holder, asset, balance) in new {
            self.balances
                .entry(holder)
                .or_default()
                .insert(asset, balance);
        }
        Ok(())
    }

    /// Moves an amount from one holder to another.
    pub(crate) fn transfer(
        &mut self,
        from: &Holder,
        to: &Holder,
        asset: &str,
        amount: Decimal,
    ) -> Result<(), BooksError> {
        self.post(&[
            posting(from.clone(), asset, -amount),
            posting(to.clone(), asset, amount),
        ])
    }

    /// What a holder has of an asset.
    pub(crate) fn balance(&self, holder: &Holder, asset: &str) -> Decimal {
        self.balances
            .get(holder)
            .and_then(|assets| assets.get(asset))
            .copied()
            .unwrap_or_default()
    }

    /// All that a holder has or ever had, by asset.
    pub(crate) fn balances(&self, holder: &Holder) -> impl Iterator<Item = (&str, Decimal)> {
        self.balances
            .get(holder)
            .into_iter()
            .flatten()
            .map(|(asset, amount)| (asset.as_str(), *amount))
    }

    /// The sum over all holders of each asset; zero if the books are right.
    pub(crate) fn totals(&self) -> BTreeMap<String, Decimal> {
        let mut totals = BTreeMap::new();
        for (asset, amount) in self.balances.values().flatten() {
            *totals.entry(asset.clone()).or_default() += amount;
        }
        totals
    }
}

/// A line of a transaction.
pub(crate) fn posting(holder: Holder, asset: &str, amount: Decimal) -> Posting {
    let asset = asset.to_owned();
    Posting {
        holder,
        asset,
        amount,
    }
}

/// The exact sum. A decimal that has no room for all digits rounds silently,
/// which shows when the sum is taken apart again.
fn add(asset: &str, a: Decimal, b: Decimal) -> Result<Decimal, BooksError> {
    let sum = a.checked_add(b);
    sum.filter(|sum| sum.checked_sub(a) == Some(b) && sum.checked_sub(b) == Some(a))
        .ok_or_else(|| BooksError::Inexact {
            asset: asset.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer() -> Holder {
        Holder::Customer("a".into())
    }

    fn deposit(books: &mut Books, asset: &str, amount: Decimal) -> Result<(), BooksError> {
        books.post(&[
            posting(Holder::Outside, asset, -amount),
            posting(customer(), asset, amount),
        ])
    }

    #[test]
    fn a_transaction_is_written_whole_or_not_at_all() {
        let mut books = Books::default();
        let ten = Decimal::TEN;
        deposit(&mut books, "XXBT", ten).unwrap();
        assert_eq!(books.balance(&customer(), "XXBT"), ten);
        assert_eq!(books.balance(&Holder::Outside, "XXBT"), -ten);

        let before = books.clone();
        let unbalanced = books.post(&[
            posting(customer(), "XXBT", -Decimal::ONE),
            posting(Holder::Fees, "ZUSD", Decimal::ONE),
        ]);
        assert!(matches!(unbalanced, Err(BooksError::Unbalanced { .. })));
        let lacking = books.post(&[
            posting(customer(), "ZUSD", -Decimal::ONE),
            posting(Holder::Market, "ZUSD", Decimal::ONE),
        ]);
        assert!(matches!(lacking, Err(BooksError::Lacking { .. })));
        assert_eq!(books.balances, before.balances);
    }

    #[test]
    fn several_lines_of_a_holder_count_together() {
        let mut books = Books::default();
        books
            .post(&[
                posting(customer(), "ZUSD", -Decimal::ONE),
                posting(customer(), "ZUSD", Decimal::TEN),
                posting(Holder::Market, "ZUSD", Decimal::from(-9)),
            ])
            .unwrap();
        assert_eq!(books.balance(&customer(), "ZUSD"), Decimal::from(9));
        assert!(books.totals().values().all(Decimal::is_zero));
    }

    #[test]
    fn a_sum_that_would_be_rounded_is_refused() {
        let mut books = Books::default();
        deposit(&mut books, "ZUSD", Decimal::MAX).unwrap();
        let error = deposit(&mut books, "ZUSD", Decimal::new(1, 20));
        assert!(matches!(error, Err(BooksError::Inexact { .. })));
    }
}
