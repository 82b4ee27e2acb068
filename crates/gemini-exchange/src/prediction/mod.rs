//! Prediction markets: contracts that pay a dollar if something happens.
//!
//! [`Client::predictions`](crate::Client::predictions) has a method for each of the 31 operations.
//! An event (`FEDJAN26`) has contracts (`DN25`), and each is traded by a symbol of its own
//! (`GEMI-FEDJAN26-DN25`): take that from
//! [`Contract::instrument_symbol`](market::Contract::instrument_symbol), and never build it. Prices
//! are from 0 to 1 dollar.
//!
//! ```no_run
//! use gemini_exchange::prediction::market::{MarketStatus, Outcome};
//! use gemini_exchange::prediction::order::OrderType;
//! use gemini_exchange::{Client, Decimal, Side};
//!
//! # async fn run(gemini: Client) -> Result<(), gemini_exchange::Error> {
//! let predictions = gemini.predictions();
//! // Before the first order the terms must be accepted.
//! if !predictions.get_terms_status().send().await?.has_accepted_latest {
//!     println!("{}", predictions.get_terms().send().await?.content);
//!     // … ask, and then:
//!     predictions.accept_terms().send().await?;
//! }
//! let events = predictions.list_events().status([MarketStatus::Active]).send().await?;
//! for event in events.data {
//!     println!("{:?}: {} contracts", event.title, event.contracts.len());
//! }
//! let order = predictions
//!     .place_order()
//!     .symbol("GEMI-FEDJAN26-DN25")
//!     .order_type(OrderType::Limit)
//!     .side(Side::Buy)
//!     .outcome(Outcome::Yes)
//!     .quantity(Decimal::from(100))
//!     .price(Decimal::new(65, 2))
//!     .send()
//!     .await?;
//! println!("{} is {}", order.order_id, order.status);
//! # Ok(())
//! # }
//! ```
//!
//! Which scopes an OAuth token needs, and whether a master key can name an account here, the vendor
//! does not say.

pub mod combo;
pub mod market;
pub mod order;
pub mod position;
pub mod reward;
pub mod terms;

use crate::Client;
use crate::client::Core;

/// The calls of prediction markets, by the same connections, key and limits as the client it was
/// made from.
#[derive(Clone, Debug)]
pub struct Predictions {
    core: Core,
}

impl Predictions {
    pub(crate) const fn core(&self) -> &Core {
        &self.core
    }
}

impl Client {
    /// The calls of prediction markets.
    pub fn predictions(&self) -> Predictions {
        Predictions {
            core: self.core().clone(),
        }
    }
}
