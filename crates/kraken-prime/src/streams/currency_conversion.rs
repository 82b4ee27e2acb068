//! `CurrencyConversion`: rates into one currency.

use std::borrow::Cow;

use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};

use crate::client::{Client, Request};
use crate::enums::FeedStatus;
use crate::record::record;
use crate::span::Span;
use crate::time::Time;
use crate::topic::{Record, Topic};
use crate::view::View;

/// The rates, kept up to date; by target currency and source currency.
pub type ConversionBook = View<Conversions>;

impl Client {
    /// What currencies are worth in `currency`.
    ///
    /// The vendor's page: [`CurrencyConversion`](https://docs.kraken.com/institutional/api-reference/prime-websocket/currency-conversion).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use std::time::Duration;
    ///
    /// let book = client
    ///     .conversions("USD")
    ///     .currencies(["BTC", "ETH"])
    ///     .throttle(Duration::from_secs(1))
    ///     .view()
    ///     .await?;
    /// book.complete().await?;
    /// for conversion in book.records() {
    ///     println!("{}: {:?} USD", conversion.currency, conversion.rate);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn conversions(&self, currency: impl Into<String>) -> Request<Conversions> {
        self.request(Conversions {
            name: Conversions::NAME.into(),
            equivalent_currency: currency.into(),
            currencies: Vec::new(),
            throttle: None,
            tolerance: None,
        })
    }
}

/// The `CurrencyConversion` stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Conversions {
    #[serde(rename = "name")]
    name: Cow<'static, str>,
    equivalent_currency: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    currencies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttle: Option<Span>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "exchange_wire::decimal"
    )]
    tolerance: Option<Decimal>,
}

impl Request<Conversions> {
    /// Only these currencies or securities (`BCH-USD`). All without it.
    pub fn currencies<I: Into<String>>(mut self, currencies: impl IntoIterator<Item = I>) -> Self {
        self.topic.currencies = currencies.into_iter().map(Into::into).collect();
        self
    }

    /// The least time between updates; not below 10 s, which is what it is without it.
    pub fn throttle(mut self, throttle: impl Into<Span>) -> Self {
        self.topic.throttle = Some(throttle.into());
        self
    }

    /// The relative change that makes an update; not below 0.0001, which is what it is without it.
    pub fn tolerance(mut self, tolerance: Decimal) -> Self {
        self.topic.tolerance = Some(tolerance);
        self
    }
}

impl Topic for Conversions {
    const NAME: &'static str = "CurrencyConversion";
    type Record = CurrencyConversion;
}

record! {
    /// The rate of one currency in another.
    pub struct CurrencyConversion {
        /// When it was published.
        timestamp: Option<Time> => "Timestamp",
        /// The currency the rate is in.
        equivalent_currency!: String => "EquivalentCurrency",
        /// The currency, or security, the rate is of.
        currency!: String => "Currency",
        /// What one unit of it is worth.
        rate: Option<Decimal> => "Rate" as decimal,
        /// Whether the rate is good.
        status: Option<FeedStatus> => "Status",
        /// The securities it was computed over, such as `(ETH-USD)`.
        conversion_path: Option<String> => "ConversionPath",
    }
}

impl Record for CurrencyConversion {
    type Key = (String, String);

    fn key(&self) -> (String, String) {
        (self.equivalent_currency.clone(), self.currency.clone())
    }
}
