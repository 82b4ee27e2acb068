//! Starting and scripting the venues.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use rust_decimal::Decimal;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::clock::Clock;
use crate::fault::Faults;
use crate::journal::{Journal, Listener, Received};
use crate::kraken::handle::{self, KrakenHandle};
use crate::kraken::{Kraken, KrakenKey};
use crate::moment::Moment;
use crate::server::Server;

/// What can go wrong when the venues start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No venue can listen there.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A key's secret is not base64.
    #[error("the secret of the key {key} is not base64")]
    Secret {
        /// The public part of the key.
        key: String,
    },
    /// An amount to start with that is below zero, of no known asset, or has
    /// more digits than the venue keeps of it.
    #[error("{amount} {asset} is not an amount to start with")]
    Balance {
        /// The asset as it was given.
        asset: String,
        /// The amount as it was given.
        amount: Decimal,
    },
}

/// How the venues are to be.
#[derive(Clone)]
pub struct SimBuilder {
    listen: SocketAddr,
    seed: u64,
    clock: Option<Clock>,
    limits: bool,
    journal: usize,
    listener: Option<Listener>,
    keys: Vec<KrakenKey>,
    demo_keys: bool,
    balances: Option<Vec<(String, Decimal)>>,
}

impl fmt::Debug for SimBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimBuilder")
            .field("listen", &self.listen)
            .field("seed", &self.seed)
            .field("limits", &self.limits)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl Default for SimBuilder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            seed: 1,
            clock: None,
            limits: true,
            journal: 1_000,
            listener: None,
            keys: Vec::new(),
            demo_keys: true,
            balances: None,
        }
    }
}

impl SimBuilder {
    /// Listens there; by default on a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Where all chance begins: prices, ids, faults. Default 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts with a clock that stands still at `moment`.
    pub fn frozen_at(mut self, moment: Moment) -> Self {
        self.clock = Some(Clock::frozen_at(moment));
        self
    }

    /// Starts with a clock that runs from `moment`.
    pub fn starting_at(mut self, moment: Moment) -> Self {
        self.clock = Some(Clock::running_from(moment));
        self
    }

    /// Whether the limits on calls and orders hold. Default yes.
    pub fn rate_limits(mut self, hold: bool) -> Self {
        self.limits = hold;
        self
    }

    /// How many of the last requests [`Sim::received`] shows. Default 1,000.
    pub fn journal(mut self, requests: usize) -> Self {
        self.journal = requests;
        self
    }

    /// Is called with every request once it is carried out. It must not call
    /// the simulator.
    pub fn on_request(mut self, listener: impl Fn(&Received) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Whether Kraken knows the demonstration keys. Default yes.
    pub fn kraken_demo_keys(mut self, wanted: bool) -> Self {
        self.demo_keys = wanted;
        self
    }

    /// Adds a key of Kraken's, besides the demonstration keys.
    pub fn kraken_key(mut self, key: KrakenKey) -> Self {
        self.keys.push(key);
        self
    }

    /// What the first Spot account has at the start, by asset id or altname;
    /// by default a little of everything.
    pub fn kraken_balances(
        mut self,
        balances: impl IntoIterator<Item = (impl Into<String>, Decimal)>,
    ) -> Self {
        let balances = balances
            .into_iter()
            .map(|(asset, amount)| (asset.into(), amount));
        self.balances = Some(balances.collect());
        self
    }

    /// Starts the venues on the runtime that runs the caller.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what was asked for can't be.
    pub async fn start(self) -> Result<Sim, StartError> {
        let clock = self.clock.clone().unwrap_or_else(Clock::of_this_machine);
        let now = clock.now();
        let mut kraken = Kraken::new(self.seed, now);
        kraken.limits = self.limits;
        kraken.spot.limits = self.limits;
        let demo_keys = if self.demo_keys {
            handle::demo_keys()
        } else {
            Vec::new()
        };
        for key in demo_keys.into_iter().chain(self.keys) {
            let name = key.key.clone();
            let account = handle::account_of(&key);
            if !kraken.add_key(key, account, now) {
                return Err(StartError::Secret { key: name });
            }
        }
        let kraken = Arc::new(Mutex::new(kraken));
        let faults = Faults::new(self.seed);
        let journal = Journal::new(self.journal, self.listener);
        let address = self.listen;
        let listening = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listening)?;
        let bound = listener.local_addr().map_err(listening)?;
        let server = Server {
            name: "kraken",
            venue: kraken.clone(),
            clock: clock.clone(),
            faults: faults.clone(),
            journal: journal.clone(),
        };
        let handle = KrakenHandle::new(kraken, clock.clone(), format!("http://{bound}"));
        for (asset, amount) in self.balances.unwrap_or_else(handle::demo_balances) {
            if !handle.try_set_balance(&asset, amount) {
                return Err(StartError::Balance { asset, amount });
            }
        }
        Ok(Sim {
            kraken: handle,
            clock,
            faults,
            journal,
            tasks: vec![tokio::spawn(server.run(listener)).abort_handle()],
        })
    }
}

/// Venues that run until this is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), exchange_sim::StartError> {
/// let sim = exchange_sim::Sim::builder().start().await?;
/// println!("{}", sim.kraken().url());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sim {
    kraken: KrakenHandle,
    clock: Clock,
    faults: Faults,
    journal: Journal,
    tasks: Vec<AbortHandle>,
}

impl Sim {
    /// Venues to be started.
    pub fn builder() -> SimBuilder {
        SimBuilder::default()
    }

    /// Kraken: Spot, Custody and the external Custody API on one host.
    pub fn kraken(&self) -> &KrakenHandle {
        &self.kraken
    }

    /// The clock of all venues.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What is to go wrong.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The last requests, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.journal.read()
    }
}

/// Closes all connections.
impl Drop for Sim {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
