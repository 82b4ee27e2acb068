//! The file that tells how the venues are to be.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;

use crate::gemini::GeminiKey;
use crate::kraken::KrakenKey;
use crate::prime::key::PrimeKey;
use crate::sim::{Sim, SimBuilder};

/// What can be wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not TOML, or holds something that is not known.
    #[error("{path}: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: toml::de::Error,
    },
    /// An amount is not a decimal number.
    #[error("{path}: the balance of {asset} is not a decimal number: {text}")]
    Amount {
        /// The file.
        path: PathBuf,
        /// The asset.
        asset: String,
        /// What stands there.
        text: String,
    },
}

/// A configuration, see [`SimBuilder::from_file`].
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    listen: Option<SocketAddr>,
    seed: Option<u64>,
    rate_limits: Option<bool>,
    #[serde(default)]
    kraken: KrakenConfig,
    #[serde(default)]
    gemini: GeminiConfig,
    #[serde(default)]
    prime: PrimeConfig,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KrakenConfig {
    demo_keys: Option<bool>,
    balances: Option<BTreeMap<String, String>>,
    #[serde(default)]
    keys: Vec<KrakenKey>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct GeminiConfig {
    demo_keys: Option<bool>,
    balances: Option<BTreeMap<String, String>>,
    #[serde(default)]
    keys: Vec<GeminiKey>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PrimeConfig {
    demo_keys: Option<bool>,
    balances: Option<BTreeMap<String, String>>,
    page: Option<usize>,
    #[serde(default)]
    keys: Vec<PrimeKey>,
}

/// The amounts of a section.
fn amounts(
    path: &Path,
    balances: BTreeMap<String, String>,
) -> Result<Vec<(String, Decimal)>, ConfigError> {
    let amounts = balances.into_iter().map(|(asset, text)| {
        let amount: Result<Decimal, _> = text.parse();
        let amount = amount.map_err(|_| ConfigError::Amount {
            path: path.to_owned(),
            asset: asset.clone(),
            text,
        })?;
        Ok((asset, amount))
    });
    amounts.collect()
}

impl SimBuilder {
    /// Venues as a TOML file says. Everything may be left out of it.
    ///
    /// ```toml
    /// listen = "127.0.0.1:8700"
    /// seed = 7
    /// rate_limits = false
    ///
    /// [kraken]
    /// demo_keys = false
    /// balances = { XBT = "1.5", USD = "25000" }
    ///
    /// [[kraken.keys]]
    /// key = "reader"
    /// secret = "c2VjcmV0"
    /// permissions = ["Funds permissions - Query"]
    /// tier = "intermediate"
    /// otp = "123456"
    /// nonce_window = 5000
    ///
    /// [[kraken.keys]]
    /// key = "custodian"
    /// secret = "c2VjcmV0"
    /// api = "custody"
    ///
    /// [gemini]
    /// balances = { BTC = "1.5", USD = "25000" }
    ///
    /// [[gemini.keys]]
    /// key = "account-reader"
    /// secret = "any text"
    /// account = "trading"
    /// roles = ["auditor"]
    /// nonces = "time-based"
    /// heartbeat = true
    ///
    /// [prime]
    /// balances = { BTC = "1.5", USD = "-25000" }
    /// page = 100
    ///
    /// [[prime.keys]]
    /// key = "WATCHER"
    /// secret = "any text"
    /// role = "viewer"
    /// user = "Ann"
    /// ```
    ///
    /// Kraken's keys have all permissions, the lowest tier and no second factor
    /// unless told otherwise. Gemini's may trade and manage the funds of the
    /// account `primary`, or of the group if their name begins with `master-`.
    /// Prime's may trade, and belong to a user named as their role.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: the file can't be read or understood. Nothing in it is
    /// ignored.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let config: Config = toml::from_str(&text).map_err(|source| ConfigError::Parse {
            path: path.to_owned(),
            source,
        })?;
        let mut builder = Sim::builder();
        if let Some(address) = config.listen {
            builder = builder.listen(address);
        }
        if let Some(seed) = config.seed {
            builder = builder.seed(seed);
        }
        if let Some(hold) = config.rate_limits {
            builder = builder.rate_limits(hold);
        }
        if let Some(wanted) = config.kraken.demo_keys {
            builder = builder.kraken_demo_keys(wanted);
        }
        for key in config.kraken.keys {
            builder = builder.kraken_key(key);
        }
        if let Some(balances) = config.kraken.balances {
            builder = builder.kraken_balances(amounts(path, balances)?);
        }
        if let Some(wanted) = config.gemini.demo_keys {
            builder = builder.gemini_demo_keys(wanted);
        }
        for key in config.gemini.keys {
            builder = builder.gemini_key(key);
        }
        if let Some(balances) = config.gemini.balances {
            builder = builder.gemini_balances(amounts(path, balances)?);
        }
        if let Some(wanted) = config.prime.demo_keys {
            builder = builder.prime_demo_keys(wanted);
        }
        for key in config.prime.keys {
            builder = builder.prime_key(key);
        }
        if let Some(balances) = config.prime.balances {
            builder = builder.prime_balances(amounts(path, balances)?);
        }
        if let Some(records) = config.prime.page {
            builder = builder.prime_page(records);
        }
        Ok(builder)
    }
}
