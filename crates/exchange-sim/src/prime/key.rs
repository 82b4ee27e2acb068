//! A key of Prime as a test or a configuration file gives it.

use std::fmt;

use crate::kraken::handle::Credentials;

/// What a user of Prime may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrimeRole {
    /// Reads and trades.
    #[default]
    Trader,
    /// Reads.
    Viewer,
}

impl PrimeRole {
    /// In the vendor's words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trader => "Trader",
            Self::Viewer => "Viewer",
        }
    }

    /// From the vendor's words.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Trader, Self::Viewer]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A key of Prime's WebSocket that the venue knows. It belongs to a user of
/// Prime, which comes into being with its first key.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrimeKey {
    /// The public part, sent as `ApiKey`.
    pub key: String,
    /// The secret part, used as it is written.
    pub secret: String,
    /// What its user may do; trade, if not given.
    #[serde(default)]
    pub role: PrimeRole,
    /// The name of its user; the role's name, if not given.
    #[serde(default)]
    pub user: Option<String>,
}

impl PrimeKey {
    /// A key of the user `Trader`, who may trade.
    pub fn new(key: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            secret: secret.into(),
            role: PrimeRole::default(),
            user: None,
        }
    }
}

impl From<PrimeKey> for Credentials {
    fn from(PrimeKey { key, secret, .. }: PrimeKey) -> Self {
        Self { key, secret }
    }
}

/// Without the secret.
impl fmt::Debug for PrimeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrimeKey")
            .field("key", &self.key)
            .field("role", &self.role)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The demonstration keys: of a user who trades, then of one who only looks.
/// They are known to everybody and good for nothing else.
pub(crate) fn demo_keys() -> [PrimeKey; 2] {
    let key = |key: &str, secret: &str, role, user: &str| PrimeKey {
        role,
        user: Some(user.to_owned()),
        ..PrimeKey::new(key, secret)
    };
    [
        key(
            "DEMOPRIMETRD",
            "demo0secret0of0a0prime0trader00",
            PrimeRole::Trader,
            "Demo Trader",
        ),
        key(
            "DEMOPRIMEVWR",
            "demo0secret0of0a0prime0viewer00",
            PrimeRole::Viewer,
            "Demo Viewer",
        ),
    ]
}
