//! Balance: how much of each currency the account has.

use std::borrow::Cow;

use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};

use crate::client::{Client, Request};
use crate::record::record;
use crate::topic::{Record, Topic};
use crate::view::View;

/// The balances, kept up to date; by currency.
pub type BalanceBook = View<Balances>;

impl Client {
    /// The balance of each currency.
    ///
    /// The vendor's page: [`Balance`](https://docs.kraken.com/institutional/api-reference/prime-websocket/balance).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// let book = client.balances().equivalent("USD").view().await?;
    /// book.complete().await?;
    /// if let Some(bitcoin) = book.get("BTC") {
    ///     println!("{} BTC, {:?} of it free", bitcoin.amount, bitcoin.available_amount);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn balances(&self) -> Request<Balances> {
        self.request(Balances {
            name: Balances::NAME.into(),
            currencies: Vec::new(),
            equivalent_currency: None,
        })
    }
}

/// The Balance stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Balances {
    #[serde(rename = "name")]
    name: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    currencies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    equivalent_currency: Option<String>,
}

impl Request<Balances> {
    /// Only these currencies. All without it.
    pub fn currencies<I: Into<String>>(mut self, currencies: impl IntoIterator<Item = I>) -> Self {
        self.topic.currencies = currencies.into_iter().map(Into::into).collect();
        self
    }

    /// Adds to each balance what it is worth in this currency.
    pub fn equivalent(mut self, currency: impl Into<String>) -> Self {
        self.topic.equivalent_currency = Some(currency.into());
        self
    }
}

impl Topic for Balances {
    const NAME: &'static str = "Balance";
    type Record = Balance;
}

record! {
    /// The balance of one currency.
    pub struct Balance {
        /// The currency.
        currency!: String => "Currency",
        /// The balance; below zero where a credit line is used.
        amount!: Decimal => "Amount" as decimal,
        /// The part that is free for trading.
        available_amount: Option<Decimal> => "AvailableAmount" as decimal,
        /// What it is worth, if asked for.
        equivalent: Option<Equivalent> => "Equivalent",
    }
}

record! {
    /// A balance in another currency.
    pub struct Equivalent {
        /// The other currency.
        currency: Option<String> => "Currency",
        /// The balance converted.
        amount: Option<Decimal> => "Amount" as decimal,
        /// The free part converted.
        available_amount: Option<Decimal> => "AvailableAmount" as decimal,
    }
}

impl Record for Balance {
    type Key = String;

    fn key(&self) -> String {
        self.currency.clone()
    }
}
