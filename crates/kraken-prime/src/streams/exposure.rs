//! Exposure: how much of the credit is in use.

use std::borrow::Cow;

use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};

use crate::client::{Client, Request};
use crate::enums::FeedStatus;
use crate::record::record;
use crate::time::Time;
use crate::topic::{Record, Topic};
use crate::view::View;

/// The exposures, kept up to date; by currency.
pub type ExposureBook = View<Exposures>;

impl Client {
    /// How much of the credit is in use.
    ///
    /// The vendor's page: [`Exposure`](https://docs.kraken.com/institutional/api-reference/prime-websocket/exposure).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// let book = client.exposures().view().await?;
    /// book.complete().await?;
    /// for exposure in book.records() {
    ///     println!("{:?} of {:?} in use", exposure.exposure, exposure.exposure_limit);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn exposures(&self) -> Request<Exposures> {
        self.request(Exposures {
            name: Exposures::NAME.into(),
        })
    }
}

/// The Exposure stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exposures {
    name: Cow<'static, str>,
}

impl Topic for Exposures {
    const NAME: &'static str = "Exposure";
    type Record = Exposure;
}

record! {
    /// The credit in use, and how much there is.
    pub struct Exposure {
        /// The currency of both amounts.
        exposure_currency!: String => "ExposureCurrency",
        /// The credit in use.
        exposure: Option<Decimal> => "Exposure" as decimal,
        /// The credit there is.
        exposure_limit: Option<Decimal> => "ExposureLimit" as decimal,
        /// Whether the amounts are good.
        status: Option<FeedStatus> => "Status",
        /// When they last changed.
        timestamp: Option<Time> => "Timestamp",
    }
}

impl Record for Exposure {
    type Key = String;

    fn key(&self) -> String {
        self.exposure_currency.clone()
    }
}
