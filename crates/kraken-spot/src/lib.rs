//! Kraken Spot REST.

pub use exchange_auth as auth;
pub use exchange_transport::{Error, Kind, Outcome};
pub use kraken_core::{ClientBuilder, Core, Scheme};

#[rustfmt::skip]
mod generated;
pub use generated::{BASE_URL, operations, table, types};
#[cfg(feature = "dispatch")]
pub use generated::dispatch;

/// The client.
#[derive(Clone, Debug)]
pub struct Client {
    core: Core,
}

impl From<Core> for Client {
    fn from(core: Core) -> Self {
        Self { core }
    }
}

impl Client {
    /// Builder.
    pub fn builder() -> ClientBuilder<Self> {
        ClientBuilder::new(Scheme::Body, BASE_URL)
    }
}
