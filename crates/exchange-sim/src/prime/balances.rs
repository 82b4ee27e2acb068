//! The customer's money: what it has, what it owes, and what its orders hold.
//!
//! A customer of Prime may owe within its credit. The books know no customer below zero, so what
//! it owes is lent to it by [`Holder::Margin`]: at any time one of the two is zero, and what the
//! customer has is their sum.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::desk::Desk;
use super::market::{Side, rounded};
use super::orders::Order;
use super::securities::{CURRENCIES, SECURITIES, amount, find_currency, scaled};
use super::stamp;
use crate::Moment;
use crate::books::{Books, BooksError, Holder, posting};
use crate::json::{Json, object};

/// Credit on the first day, in US dollars.
const CREDIT: i64 = 5_000_000;

/// What the customer has on the first day.
const FIRST: [(&str, i64); 5] = [
    ("USD", 1_000_000),
    ("EUR", 200_000),
    ("BTC", 40),
    ("ETH", 500),
    ("SOL", 5_000),
];

/// In which credit is measured.
pub(crate) const CREDIT_CURRENCY: &str = "USD";

fn customer() -> Holder {
    Holder::Customer("prime".to_owned())
}

/// Amounts by currency.
pub(crate) type Amounts = BTreeMap<&'static str, Decimal>;

/// What is shown of a currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shown {
    amount: Decimal,
    available: Decimal,
    version: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Purse {
    books: Books,
    /// The most that the customer may owe, in [`CREDIT_CURRENCY`].
    pub limit: Decimal,
    shown: BTreeMap<&'static str, Shown>,
    /// Rises with each change of what is shown.
    version: u64,
    exposure: Decimal,
    shown_limit: Decimal,
    exposed_at: Moment,
    exposure_version: u64,
}

impl Purse {
    pub(crate) fn new(now: Moment) -> Self {
        let mut purse = Self {
            books: Books::default(),
            limit: Decimal::from(CREDIT),
            shown: BTreeMap::new(),
            version: 0,
            exposure: Decimal::ZERO,
            shown_limit: Decimal::from(CREDIT),
            exposed_at: now,
            exposure_version: 0,
        };
        for (currency, amount) in FIRST {
            // A first amount is never more than the books can hold.
            let _ = purse.receive(&[(currency, amount.into())], &Holder::Outside);
        }
        purse
    }

    /// What the customer has; negative if it owes.
    pub(crate) fn amount(&self, currency: &str) -> Decimal {
        self.books.balance(&customer(), currency) + self.books.balance(&Holder::Margin, currency)
    }

    /// The customer gets amounts (gives negative ones), all or none, from `other`.
    pub(crate) fn receive(
        &mut self,
        amounts: &[(&str, Decimal)],
        other: &Holder,
    ) -> Result<(), BooksError> {
        self.exchange(amounts, other, None)
    }

    /// The same, and pays a fee of a currency on top.
    pub(crate) fn exchange(
        &mut self,
        amounts: &[(&str, Decimal)],
        other: &Holder,
        fee: Option<(&str, Decimal)>,
    ) -> Result<(), BooksError> {
        let mut changes: BTreeMap<&str, Decimal> = BTreeMap::new();
        let mut postings = Vec::new();
        let lines = amounts.iter().map(|line| (*line, other));
        let fee = fee.map(|(currency, fee)| ((currency, -fee), &Holder::Fees));
        for ((currency, amount), other) in lines.chain(fee) {
            let change = changes.entry(currency).or_default();
            *change = change
                .checked_add(amount)
                .ok_or_else(|| inexact(currency))?;
            postings.push(posting(other.clone(), currency, -amount));
        }
        for (currency, change) in changes {
            let has = self.books.balance(&customer(), currency);
            let owes = self.books.balance(&Holder::Margin, currency);
            let sum = self.amount(currency).checked_add(change);
            let sum = sum.ok_or_else(|| inexact(currency))?;
            postings.push(posting(customer(), currency, sum.max(Decimal::ZERO) - has));
            postings.push(posting(
                Holder::Margin,
                currency,
                sum.min(Decimal::ZERO) - owes,
            ));
        }
        self.books.post(&postings)
    }

    /// The sum over all holders of each currency; zero if the books are right.
    pub(crate) fn totals(&self) -> BTreeMap<String, Decimal> {
        self.books.totals()
    }

    /// Rises with each change of what the Balance stream shows.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Rises with each change of what the Exposure stream shows.
    pub(crate) fn exposure_version(&self) -> u64 {
        self.exposure_version
    }
}

fn inexact(currency: &str) -> BooksError {
    BooksError::Inexact {
        asset: currency.to_owned(),
    }
}

/// Gives an amount up.
pub(crate) fn give(amounts: &mut Amounts, currency: &'static str, amount: Decimal) {
    let left = amounts.entry(currency).or_default();
    *left = left.saturating_sub(amount);
}

impl Desk {
    /// What the customer would have left if all its open orders but `besides` had taken what they
    /// may.
    pub(crate) fn available(&self, besides: Option<u64>) -> Amounts {
        let mut left: Amounts = CURRENCIES
            .iter()
            .map(|currency| (currency.symbol, self.purse.amount(currency.symbol)))
            .collect();
        for (number, order) in self.orders.live() {
            if Some(number) != besides
                && let Some((currency, held)) = self.held(order)
            {
                give(&mut left, currency, held);
            }
        }
        left
    }

    /// What an order that rests may take.
    pub(crate) fn held(&self, order: &Order) -> Option<(&'static str, Decimal)> {
        let security = order.security?;
        let price = order.price?;
        let leaves = order.leaves();
        Some(match order.side {
            Side::Sell => {
                let base = if order.in_quote {
                    leaves.checked_div(price).unwrap_or_default()
                } else {
                    leaves
                };
                (security.base, base)
            }
            Side::Buy => {
                let cost = if order.in_quote {
                    leaves
                } else {
                    leaves.checked_mul(price).unwrap_or(Decimal::MAX)
                };
                let fee = cost.checked_mul(self.fee_rate).unwrap_or_default();
                let held = rounded(cost.saturating_add(fee), security.amount_digits);
                (security.quote, held)
            }
        })
    }

    /// What is owed of these amounts, in [`CREDIT_CURRENCY`] at the middle of the market. What is
    /// owed of one currency is not set against what is there of another: this is chosen, the
    /// vendor does not say how it measures.
    pub(crate) fn owed(&self, amounts: &Amounts) -> Decimal {
        let mut owed = Decimal::ZERO;
        for (currency, amount) in amounts {
            if *amount < Decimal::ZERO {
                let rate = self.rate(currency, CREDIT_CURRENCY).map(|(rate, _)| rate);
                let worth = amount.abs().checked_mul(rate.unwrap_or(Decimal::ONE));
                owed = owed.saturating_add(worth.unwrap_or(Decimal::MAX));
            }
        }
        rounded(owed, 2)
    }

    /// Notes what changed for the Balance and Exposure streams.
    pub(crate) fn show_money(&mut self) {
        let available = self.available(None);
        let amounts: Amounts = available
            .keys()
            .map(|currency| (*currency, self.purse.amount(currency)))
            .collect();
        for (currency, available) in available {
            let shown = self.purse.shown.entry(currency).or_default();
            let amount = amounts.get(currency).copied().unwrap_or_default();
            if shown.version == 0 || (shown.amount, shown.available) != (amount, available) {
                self.purse.version += 1;
                *shown = Shown {
                    amount,
                    available,
                    version: self.purse.version,
                };
            }
        }
        let exposure = self.owed(&amounts);
        let limit = self.purse.limit;
        if (self.purse.exposure, self.purse.shown_limit) != (exposure, limit) {
            self.purse.exposure = exposure;
            self.purse.shown_limit = limit;
            self.purse.exposed_at = self.stamps.next(self.now);
            self.purse.exposure_version += 1;
        }
    }

    /// Records of the balances that changed after `version`.
    pub(crate) fn balance_records(
        &self,
        version: u64,
        currencies: &[String],
        equivalent: Option<&str>,
    ) -> Vec<Json> {
        let wanted = |currency: &str| {
            currencies.is_empty() || currencies.iter().any(|wanted| wanted == currency)
        };
        // In the order of the table of currencies.
        let shown = CURRENCIES.iter().filter_map(|currency| {
            let shown = self.purse.shown.get(currency.symbol)?;
            (shown.version > version && wanted(currency.symbol)).then_some((currency, *shown))
        });
        shown
            .map(|(currency, shown)| {
                let mut record = object! {
                    "Currency" => currency.symbol,
                    "Amount" => amount(shown.amount, currency.digits),
                    "AvailableAmount" => amount(shown.available, currency.digits),
                };
                let target = equivalent.and_then(find_currency);
                if let (Some(target), Json::Object(members)) = (target, &mut record) {
                    let rate = self.rate(currency.symbol, target.symbol);
                    let worth = |value: Decimal| {
                        let worth = rate
                            .as_ref()
                            .and_then(|(rate, _)| value.checked_mul(*rate))
                            .unwrap_or_default();
                        amount(rounded(worth, target.digits), target.digits)
                    };
                    let equivalent = object! {
                        "Currency" => target.symbol,
                        "Amount" => worth(shown.amount),
                        "AvailableAmount" => worth(shown.available),
                    };
                    members.insert("Equivalent".to_owned(), equivalent);
                }
                record
            })
            .collect()
    }

    pub(crate) fn exposure_record(&self) -> Json {
        object! {
            "ExposureCurrency" => CREDIT_CURRENCY,
            "Exposure" => Json::amount(self.purse.exposure.normalize()),
            "ExposureLimit" => Json::amount(self.purse.shown_limit.normalize()),
            "Status" => "Online",
            "Timestamp" => stamp::text(self.purse.exposed_at),
        }
    }

    /// What one unit of a currency is worth in another at the middle of the market, and the
    /// securities through which that is: two at most.
    pub(crate) fn rate(&self, from: &str, into: &str) -> Option<(Decimal, Vec<&'static str>)> {
        if from == into {
            return Some((Decimal::ONE, Vec::new()));
        }
        if let Some((rate, symbol)) = self.direct(from, into) {
            return Some((rate, vec![symbol]));
        }
        SECURITIES.iter().find_map(|first| {
            let between = match from {
                from if from == first.base => first.quote,
                from if from == first.quote => first.base,
                _ => return None,
            };
            let (one, first) = self.direct(from, between)?;
            let (two, second) = self.direct(between, into)?;
            Some((one.checked_mul(two)?, vec![first, second]))
        })
    }

    fn direct(&self, from: &str, into: &str) -> Option<(Decimal, &'static str)> {
        SECURITIES.iter().find_map(|security| {
            let middle = || {
                self.markets
                    .middle(security)
                    .filter(|price| !price.is_zero())
            };
            let rate = match (from, into) {
                (from, into) if from == security.base && into == security.quote => middle()?,
                (from, into) if from == security.quote && into == security.base => {
                    Decimal::ONE.checked_div(middle()?)?
                }
                _ => return None,
            };
            Some((rate, security.symbol))
        })
    }
}

/// A rate with ten decimals at most, two at least.
pub(crate) fn rate_text(rate: Decimal) -> Json {
    Json::amount(scaled(rounded(rate, 10), 2))
}
