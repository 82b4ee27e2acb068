//! `MarketDataSnapshot`: prices of one security.

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

/// The prices of a security, kept up to date; by symbol.
pub type MarketBook = View<MarketDataSnapshots>;

impl Client {
    /// The prices of one security. Each message holds all of them.
    ///
    /// The vendor's page: [`MarketDataSnapshot`](https://docs.kraken.com/institutional/api-reference/prime-websocket/market-data-snapshot).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// let market = client.market_data("BTC-USD").view().await?;
    /// market.complete().await?;
    /// let prices = market.get("BTC-USD");
    /// println!("{:?}", prices.and_then(|prices| prices.bids.first().cloned()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn market_data(&self, symbol: impl Into<String>) -> Request<MarketDataSnapshots> {
        self.request(MarketDataSnapshots {
            name: MarketDataSnapshots::NAME.into(),
            symbol: symbol.into(),
            throttle: None,
            price_increment: None,
            depth: None,
            size_buckets: Vec::new(),
        })
    }
}

/// The `MarketDataSnapshot` stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MarketDataSnapshots {
    #[serde(rename = "name")]
    name: Cow<'static, str>,
    symbol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttle: Option<Span>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "exchange_wire::decimal"
    )]
    price_increment: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<u32>,
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        with = "exchange_wire::decimal"
    )]
    size_buckets: Vec<Decimal>,
}

impl Request<MarketDataSnapshots> {
    /// The least time between updates; not below what is configured for the account.
    pub fn throttle(mut self, throttle: impl Into<Span>) -> Self {
        self.topic.throttle = Some(throttle.into());
        self
    }

    /// Puts levels together in steps of this price.
    pub fn price_increment(mut self, increment: Decimal) -> Self {
        self.topic.price_increment = Some(increment);
        self
    }

    /// Most levels a side; takes the place of size buckets, as the vendor's FIX interface takes
    /// only one of them.
    pub fn depth(mut self, levels: u32) -> Self {
        self.topic.depth = Some(levels);
        self.topic.size_buckets.clear();
        self
    }

    /// The sizes to have prices for; takes the place of a depth. Without either it is the sizes
    /// the security has.
    pub fn size_buckets(mut self, sizes: impl IntoIterator<Item = Decimal>) -> Self {
        self.topic.size_buckets = sizes.into_iter().collect();
        self.topic.depth = None;
        self
    }
}

impl Topic for MarketDataSnapshots {
    const NAME: &'static str = "MarketDataSnapshot";
    const REPLACES: bool = true;
    type Record = MarketData;
}

record! {
    /// All prices of a security.
    ///
    /// With size buckets, which is the default, a level is the price for that size: two levels may
    /// have the same price, and their sizes do not add up.
    pub struct MarketData {
        /// The time of the prices.
        timestamp: Option<Time> => "Timestamp",
        /// The security.
        symbol!: String => "Symbol",
        /// Whether the prices are good: do not trade on them if not.
        status: Option<FeedStatus> => "Status",
        /// What others pay, best first.
        bids: Vec<Level> => "Bids",
        /// What others ask, best first.
        offers: Vec<Level> => "Offers",
    }
}

record! {
    /// A price, and the size it is for.
    pub struct Level {
        /// The price, in the quote currency.
        price!: Decimal => "Price" as decimal,
        /// The size, in the base currency.
        size!: Decimal => "Size" as decimal,
    }
}

impl Record for MarketData {
    type Key = String;

    fn key(&self) -> String {
        self.symbol.clone()
    }
}
