//! Small strict venues on loopback.
//!
//! To be written when all is there.

mod books;
mod clock;
mod fault;
mod journal;
mod json;
mod kraken;
mod moment;
mod server;
mod sim;
mod venue;

pub use clock::Clock;
pub use fault::{Fault, Faults, Often};
pub use journal::Received;
pub use kraken::handle::{Credentials, KrakenHandle};
pub use kraken::spot::market::status::KrakenStatus;
pub use kraken::spot::script_orders::{KrakenOpenOrder, KrakenTrade};
pub use kraken::{KrakenApi, KrakenKey, KrakenTier};
pub use moment::Moment;
pub use sim::{Sim, SimBuilder, StartError};
