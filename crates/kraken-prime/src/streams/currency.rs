//! Currency: the currencies there are.

use std::borrow::Cow;

use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};

use crate::client::{Client, Request};
use crate::enums::Action;
use crate::number_or_text::NumberOrText;
use crate::record::record;
use crate::time::Time;
use crate::topic::{Record, Topic};
use crate::view::View;

/// The currencies, kept up to date; by symbol.
pub type CurrencyBook = View<Currencies>;

impl Client {
    /// The currencies there are, with their increments.
    ///
    /// The vendor's page: [`Currency`](https://docs.kraken.com/institutional/api-reference/prime-websocket/currency).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// let book = client.currencies().symbols(["BTC", "USD"]).view().await?;
    /// book.complete().await?;
    /// if let Some(bitcoin) = book.get("BTC") {
    ///     println!("amounts in steps of {:?}", bitcoin.min_increment);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn currencies(&self) -> Request<Currencies> {
        self.request(Currencies {
            name: Currencies::NAME.into(),
            symbols: Vec::new(),
        })
    }
}

/// The Currency stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Currencies {
    #[serde(rename = "name")]
    name: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    symbols: Vec<String>,
}

impl Request<Currencies> {
    /// Only these currencies. All without it.
    pub fn symbols<I: Into<String>>(mut self, symbols: impl IntoIterator<Item = I>) -> Self {
        self.topic.symbols = symbols.into_iter().map(Into::into).collect();
        self
    }
}

impl Topic for Currencies {
    const NAME: &'static str = "Currency";
    type Record = Currency;
}

record! {
    /// A currency.
    pub struct Currency {
        /// When it was published.
        timestamp: Option<Time> => "Timestamp",
        /// Whether it is there or no longer available.
        update_action: Option<Action> => "UpdateAction",
        /// The venue's own number for it.
        currency_id: Option<NumberOrText> => "CurrencyID",
        /// Its code.
        symbol!: String => "Symbol",
        /// Its smallest unit.
        min_increment: Option<Decimal> => "MinIncrement" as decimal,
        /// The unit used in market data and orders.
        default_increment: Option<Decimal> => "DefaultIncrement" as decimal,
        /// Its name.
        description: Option<String> => "Description",
    }
}

impl Record for Currency {
    type Key = String;

    fn key(&self) -> String {
        self.symbol.clone()
    }

    fn removed(&self) -> bool {
        self.update_action == Some(Action::Remove)
    }
}
