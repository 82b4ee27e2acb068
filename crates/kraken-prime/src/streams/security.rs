//! Security: what can be traded, and its rules.

use std::borrow::Cow;

use exchange_wire::{Decimal, RawJson};
use serde::{Deserialize, Serialize};

use crate::client::{Client, Request};
use crate::enums::Action;
use crate::number_or_text::NumberOrText;
use crate::record::record;
use crate::time::Time;
use crate::topic::{Record, Topic};
use crate::view::View;

/// The securities, kept up to date; by symbol.
pub type SecurityBook = View<Securities>;

impl Client {
    /// What can be traded, with sizes and increments.
    ///
    /// The vendor's page: [`Security`](https://docs.kraken.com/institutional/api-reference/prime-websocket/security).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// let book = client.securities().symbols(["BTC-USD"]).view().await?;
    /// book.complete().await?;
    /// if let Some(security) = book.get("BTC-USD") {
    ///     println!("prices in steps of {:?}", security.min_price_increment);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn securities(&self) -> Request<Securities> {
        self.request(Securities {
            name: Securities::NAME.into(),
            symbols: Vec::new(),
        })
    }
}

/// The Security stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Securities {
    #[serde(rename = "name")]
    name: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    symbols: Vec<String>,
}

impl Request<Securities> {
    /// Only these securities. All without it.
    pub fn symbols<I: Into<String>>(mut self, symbols: impl IntoIterator<Item = I>) -> Self {
        self.topic.symbols = symbols.into_iter().map(Into::into).collect();
        self
    }
}

impl Topic for Securities {
    const NAME: &'static str = "Security";
    type Record = Security;
}

record! {
    /// A security and its rules.
    pub struct Security {
        /// When it was published.
        timestamp: Option<Time> => "Timestamp",
        /// Whether it is there or no longer tradable.
        update_action: Option<Action> => "UpdateAction",
        /// The venue's own number for it.
        security_id: Option<NumberOrText> => "SecurityID",
        /// Its symbol, such as `ETH-USD`.
        symbol!: String => "Symbol",
        /// The step of prices.
        min_price_increment: Option<Decimal> => "MinPriceIncrement" as decimal,
        /// The step of quantities in the base currency.
        min_size_increment: Option<Decimal> => "MinSizeIncrement" as decimal,
        /// The step of quantities in the quote currency.
        min_amt_increment: Option<Decimal> => "MinAmtIncrement" as decimal,
        /// The smallest order.
        minimum_size: Option<Decimal> => "MinimumSize" as decimal,
        /// The largest order.
        maximum_size: Option<Decimal> => "MaximumSize" as decimal,
        /// The quote currency.
        quote_currency: Option<String> => "QuoteCurrency",
        /// The base currency.
        base_currency: Option<String> => "BaseCurrency",
        /// When it was disabled; the name is that of other installations.
        end_time: Option<Time> => "EndTime",
        /// The step of prices for display.
        default_price_increment: Option<Decimal> => "DefaultPriceIncrement" as decimal,
        /// The step of quantities for display.
        default_size_increment: Option<Decimal> => "DefaultSizeIncrement" as decimal,
        /// How to show prices, such as `M.m`.
        price_display_spec: Option<String> => "PriceDisplaySpec",
        /// How to show quantities, such as `M.m`.
        size_display_spec: Option<String> => "SizeDisplaySpec",
        /// A usual size.
        normal_size: Option<Decimal> => "NormalSize" as decimal,
        /// The kind of product, such as `Spot`.
        product_type: Option<String> => "ProductType",
        /// The currency positions are kept in.
        position_currency: Option<String> => "PositionCurrency",
        /// The currency of settlement.
        settlement_currency: Option<String> => "SettlementCurrency",
        /// The size of a contract.
        notional_multiplier: Option<Decimal> => "NotionalMultiplier" as decimal,
        /// When it expires; the name is that of other installations.
        expiration: Option<RawJson> => "Expiration",
        /// The sizes for which market data has prices by default.
        size_buckets: Vec<SizeBucket> => "SizeBuckets",
        /// The symbol to show.
        display_symbol: Option<String> => "DisplaySymbol",
        /// Its name.
        description: Option<String> => "Description",
        /// Where to put it in a list.
        rank: Option<NumberOrText> => "Rank",
    }
}

record! {
    /// A size to have a price for.
    pub struct SizeBucket {
        /// The size, in the base currency.
        size: Option<Decimal> => "Size" as decimal,
    }
}

impl Record for Security {
    type Key = String;

    fn key(&self) -> String {
        self.symbol.clone()
    }

    fn removed(&self) -> bool {
        self.update_action == Some(Action::Remove)
    }
}
