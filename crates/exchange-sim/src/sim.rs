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
use crate::gemini::handle::{self as gemini_handle, GeminiHandle};
use crate::gemini::{Gemini, GeminiKey};
use crate::journal::{Journal, Listener, Received};
use crate::kraken::handle::{self, Credentials, KrakenHandle};
use crate::kraken::{Kraken, KrakenKey};
use crate::moment::Moment;
use crate::prime::Prime;
use crate::prime::door::Door;
use crate::prime::handle::PrimeHandle;
use crate::prime::key::{self as prime_key, PrimeKey};
use crate::server::Server;
use crate::venue::Venue;
use crate::ws::{Live, Touch};

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
    /// A Gemini key is for an account that is not there, or its name can't be
    /// sent as a header.
    #[error("the Gemini key {key} is for an account that is not there, or can't be sent")]
    GeminiKey {
        /// The public part of the key.
        key: String,
    },
    /// A key of Prime's can't be sent as a header, has no secret, or gives its
    /// user another role than an earlier one did.
    #[error("the Prime key {key} can't be sent, has no secret, or another role than its user")]
    PrimeKey {
        /// The public part of the key.
        key: String,
    },
    /// An amount to start with that is below zero (with Prime, it may be), of
    /// no known asset, or has more digits than the venue keeps of it.
    #[error("{amount} {asset} is not an amount to start with")]
    Balance {
        /// The asset as it was given.
        asset: String,
        /// The amount as it was given.
        amount: Decimal,
    },
}

/// Keys and money that a venue starts with.
#[derive(Clone)]
struct Start<K> {
    keys: Vec<K>,
    demo_keys: bool,
    balances: Option<Vec<(String, Decimal)>>,
}

impl<K> Default for Start<K> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            demo_keys: true,
            balances: None,
        }
    }
}

impl<K> Start<K> {
    fn set_balances(&mut self, balances: impl IntoIterator<Item = (impl Into<String>, Decimal)>) {
        let balances = balances
            .into_iter()
            .map(|(asset, amount)| (asset.into(), amount));
        self.balances = Some(balances.collect());
    }
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
    kraken: Start<KrakenKey>,
    gemini: Start<GeminiKey>,
    prime: Start<PrimeKey>,
    prime_page: usize,
}

impl fmt::Debug for SimBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimBuilder")
            .field("listen", &self.listen)
            .field("seed", &self.seed)
            .field("limits", &self.limits)
            .field("kraken_keys", &self.kraken.keys)
            .field("gemini_keys", &self.gemini.keys)
            .field("prime_keys", &self.prime.keys)
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
            kraken: Start::default(),
            gemini: Start::default(),
            prime: Start::default(),
            prime_page: 500,
        }
    }
}

impl SimBuilder {
    /// Listens there; by default on free ports of 127.0.0.1. Kraken has the
    /// port that is given, Gemini the next one, its sandbox the one after,
    /// Kraken Prime the fourth; with port 0 all are free ones.
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

    /// How many of the last requests [`Sim::received`] shows. Default 1,000. Fewer if their bodies
    /// have more than 64 MiB.
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
        self.kraken.demo_keys = wanted;
        self
    }

    /// Adds a key of Kraken's, besides the demonstration keys.
    pub fn kraken_key(mut self, key: KrakenKey) -> Self {
        self.kraken.keys.push(key);
        self
    }

    /// What the first Spot account has at the start, by asset id or altname;
    /// by default a little of everything.
    pub fn kraken_balances(
        mut self,
        balances: impl IntoIterator<Item = (impl Into<String>, Decimal)>,
    ) -> Self {
        self.kraken.set_balances(balances);
        self
    }

    /// Whether Gemini and its sandbox know the demonstration keys. Default
    /// yes.
    pub fn gemini_demo_keys(mut self, wanted: bool) -> Self {
        self.gemini.demo_keys = wanted;
        self
    }

    /// Adds a key of Gemini's, besides the demonstration keys. The sandbox does
    /// not know it.
    pub fn gemini_key(mut self, key: GeminiKey) -> Self {
        self.gemini.keys.push(key);
        self
    }

    /// What Gemini's account `primary` has at the start; by default a little of
    /// everything. The sandbox's has the same.
    pub fn gemini_balances(
        mut self,
        balances: impl IntoIterator<Item = (impl Into<String>, Decimal)>,
    ) -> Self {
        self.gemini.set_balances(balances);
        self
    }

    /// Whether Kraken Prime knows the demonstration keys. Default yes.
    pub fn prime_demo_keys(mut self, wanted: bool) -> Self {
        self.prime.demo_keys = wanted;
        self
    }

    /// Adds a key of Kraken Prime's, besides the demonstration keys.
    pub fn prime_key(mut self, key: PrimeKey) -> Self {
        self.prime.keys.push(key);
        self
    }

    /// What the Prime account has at the start, by currency, below zero if it
    /// owes; by default a little of everything.
    pub fn prime_balances(
        mut self,
        balances: impl IntoIterator<Item = (impl Into<String>, Decimal)>,
    ) -> Self {
        self.prime.set_balances(balances);
        self
    }

    /// How many records of a snapshot Kraken Prime sends in one message; the
    /// rest is to be asked for by `page`. Default 500, at least 1.
    pub fn prime_page(mut self, records: usize) -> Self {
        self.prime_page = records;
        self
    }

    /// Prime as it is at the start, and its keys.
    fn make_prime(&self, now: Moment) -> Result<(Prime, Vec<Credentials>), StartError> {
        let mut prime = Prime::new(self.seed, now);
        let demo_keys = prime_key::demo_keys()
            .into_iter()
            .filter(|_| self.prime.demo_keys);
        let mut credentials = Vec::new();
        for key in demo_keys.chain(self.prime.keys.iter().cloned()) {
            let one = Credentials::from(key.clone());
            if !prime.people.add_key(key, now) {
                return Err(StartError::PrimeKey { key: one.key });
            }
            credentials.push(one);
        }
        if let Some(balances) = &self.prime.balances {
            let started = prime.desk.start_with(balances);
            started.map_err(|(asset, amount)| StartError::Balance { asset, amount })?;
        }
        Ok((prime, credentials))
    }

    /// Gemini, or its sandbox, as it is at the start.
    fn make_gemini(&self, sandbox: bool, now: Moment) -> Result<Gemini, StartError> {
        let mut gemini = Gemini::new(self.seed, sandbox, now);
        gemini.limits = self.limits;
        let mut keys = Vec::new();
        if self.gemini.demo_keys {
            keys.extend(gemini_handle::demo_keys(sandbox));
        }
        if !sandbox {
            keys.extend(self.gemini.keys.iter().cloned());
        }
        for key in keys {
            let name = key.key.clone();
            if !gemini.add_key(key, now) {
                return Err(StartError::GeminiKey { key: name });
            }
        }
        Ok(gemini)
    }

    /// Where the venue with this number listens: the ports follow each other.
    fn address(&self, number: u16) -> Option<SocketAddr> {
        let mut address = self.listen;
        if address.port() != 0 {
            address.set_port(address.port().checked_add(number)?);
        }
        Some(address)
    }

    /// Listens for the venue with this number.
    async fn bind(&self, number: u16) -> Result<(TcpListener, SocketAddr), StartError> {
        let address = self.address(number).unwrap_or(self.listen);
        let listening = |source| StartError::Listen { address, source };
        if self.address(number).is_none() {
            return Err(listening(io::ErrorKind::AddrNotAvailable.into()));
        }
        let listener = TcpListener::bind(address).await.map_err(listening)?;
        let bound = listener.local_addr().map_err(listening)?;
        Ok((listener, bound))
    }

    /// Starts the venues on the runtime that runs the caller.
    ///
    /// # Errors
    ///
    /// [`StartError`]: what was asked for can't be.
    pub async fn start(self) -> Result<Sim, StartError> {
        let clock = self.clock.clone().unwrap_or_else(Clock::of_this_machine);
        let now = clock.now();
        let (prime, prime_credentials) = self.make_prime(now)?;
        let prime = Arc::new(Mutex::new(prime));
        let mut kraken = Kraken::new(self.seed, now);
        kraken.prime = Arc::clone(&prime);
        kraken.limits = self.limits;
        kraken.spot.limits = self.limits;
        let demo_keys = if self.kraken.demo_keys {
            handle::demo_keys()
        } else {
            Vec::new()
        };
        for key in demo_keys
            .into_iter()
            .chain(self.kraken.keys.iter().cloned())
        {
            let name = key.key.clone();
            let account = handle::account_of(&key);
            if !kraken.add_key(key, account, now) {
                return Err(StartError::Secret { key: name });
            }
        }
        let kraken = Arc::new(Mutex::new(kraken));
        let faults = Faults::new(self.seed);
        let journal = Journal::new(self.journal, self.listener.clone());
        let mut tasks = Tasks(Vec::new());
        let touch = Touch::default();
        let mut serve = |name, venue: Arc<Mutex<dyn Venue>>, live, listener| {
            let server = Server {
                name,
                venue,
                live,
                touch: touch.clone(),
                clock: clock.clone(),
                faults: faults.clone(),
                journal: journal.clone(),
            };
            tasks
                .0
                .push(tokio::spawn(server.run(listener)).abort_handle());
        };
        let (listener, bound) = self.bind(0).await?;
        serve("kraken", kraken.clone(), None, listener);
        let handle = KrakenHandle::new(kraken, clock.clone(), format!("http://{bound}"));
        let gemini = Arc::new(Mutex::new(self.make_gemini(false, now)?));
        let (listener, bound) = self.bind(1).await?;
        serve("gemini", gemini.clone(), None, listener);
        let gemini = GeminiHandle::new(gemini, clock.clone(), format!("http://{bound}"));
        let sandbox = Arc::new(Mutex::new(self.make_gemini(true, now)?));
        let (listener, bound) = self.bind(2).await?;
        serve("gemini-sandbox", sandbox.clone(), None, listener);
        let gemini_sandbox = GeminiHandle::new(sandbox, clock.clone(), format!("http://{bound}"));
        let (listener, bound) = self.bind(3).await?;
        let door = Door {
            prime: Arc::clone(&prime),
            page_size: self.prime_page,
        };
        let live: Arc<dyn Live> = Arc::new(door.clone());
        serve(
            "kraken-prime",
            Arc::new(Mutex::new(door)),
            Some(live),
            listener,
        );
        let host = bound.to_string();
        let prime = PrimeHandle::new(prime, clock.clone(), host, prime_credentials, touch.clone());
        let balances = self.gemini.balances.clone();
        for (asset, amount) in balances.unwrap_or_else(gemini_handle::demo_balances) {
            let set = gemini.try_set_balance(&asset, amount)
                && gemini_sandbox.try_set_balance(&asset, amount);
            if !set {
                return Err(StartError::Balance { asset, amount });
            }
        }
        for (asset, amount) in self.kraken.balances.unwrap_or_else(handle::demo_balances) {
            if !handle.try_set_balance(&asset, amount) {
                return Err(StartError::Balance { asset, amount });
            }
        }
        Ok(Sim {
            kraken: handle,
            gemini,
            gemini_sandbox,
            prime,
            clock,
            faults,
            journal,
            _tasks: tasks,
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
    gemini: GeminiHandle,
    gemini_sandbox: GeminiHandle,
    prime: PrimeHandle,
    clock: Clock,
    faults: Faults,
    journal: Journal,
    _tasks: Tasks,
}

impl Sim {
    /// Venues to be started.
    pub fn builder() -> SimBuilder {
        SimBuilder::default()
    }

    /// Kraken: Spot, Custody, the external Custody API and the REST calls of
    /// Prime on one host.
    pub fn kraken(&self) -> &KrakenHandle {
        &self.kraken
    }

    /// Gemini: the exchange and prediction markets.
    pub fn gemini(&self) -> &GeminiHandle {
        &self.gemini
    }

    /// Gemini's sandbox, with keys and money of its own and without prediction
    /// events.
    pub fn gemini_sandbox(&self) -> &GeminiHandle {
        &self.gemini_sandbox
    }

    /// Kraken Prime's WebSocket. Its REST calls are at [`Sim::kraken`].
    pub fn prime(&self) -> &PrimeHandle {
        &self.prime
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

/// What runs the venues.
#[derive(Debug)]
struct Tasks(Vec<AbortHandle>);

/// Closes all connections.
impl Drop for Tasks {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}
