//! A running Kraken in the hands of a test.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rust_decimal::Decimal;

use super::spot::assets::find_asset;
use super::spot::statement::{Cause, Leg};
use super::{Kraken, KrakenApi, KrakenKey, KrakenTier};
use crate::Moment;
use crate::books::Holder;
use crate::clock::Clock;

/// The Spot account that is there at the start, the master account.
pub(crate) const FIRST_ACCOUNT: &str = "AA72 N84G DEMO SPOT";

/// The Custody users that are there at the start: the first asks for things,
/// the others vote on them.
pub(crate) const CUSTODY_USERS: [&str; 3] = [
    "AA24 N84G DEMO USRA",
    "AA46 N84G DEMO USRB",
    "AA57 N84G DEMO USRC",
];

/// The names and secrets of the demonstration keys: Spot, and one for each of
/// [`CUSTODY_USERS`]. They are known to everybody and good for nothing else.
const DEMO_KEYS: [(&str, &str, KrakenApi, &str); 4] = [
    (
        "demo-spot-key",
        "ZXhjaGFuZ2Utc2ltIGRlbW9uc3RyYXRpb24gc2VjcmV0IGZvciBLcmFrZW4gU3BvdCwgbm90IGZvciB1c2U=",
        KrakenApi::Spot,
        FIRST_ACCOUNT,
    ),
    (
        "demo-custody-key-a",
        "ZXhjaGFuZ2Utc2ltIGRlbW9uc3RyYXRpb24gc2VjcmV0IGZvciBLcmFrZW4gQ3VzdG9keSwgdXNlciBBLi4=",
        KrakenApi::Custody,
        CUSTODY_USERS[0],
    ),
    (
        "demo-custody-key-b",
        "ZXhjaGFuZ2Utc2ltIGRlbW9uc3RyYXRpb24gc2VjcmV0IGZvciBLcmFrZW4gQ3VzdG9keSwgdXNlciBCLi4=",
        KrakenApi::Custody,
        CUSTODY_USERS[1],
    ),
    (
        "demo-custody-key-c",
        "ZXhjaGFuZ2Utc2ltIGRlbW9uc3RyYXRpb24gc2VjcmV0IGZvciBLcmFrZW4gQ3VzdG9keSwgdXNlciBDLi4=",
        KrakenApi::Custody,
        CUSTODY_USERS[2],
    ),
];

/// The demonstration keys.
pub(crate) fn demo_keys() -> Vec<KrakenKey> {
    DEMO_KEYS
        .iter()
        .map(|(key, secret, api, account)| KrakenKey {
            api: *api,
            account: Some((*account).to_owned()),
            tier: KrakenTier::Pro,
            ..KrakenKey::new(*key, *secret)
        })
        .collect()
}

/// What the first account has unless told otherwise.
pub(crate) fn demo_balances() -> Vec<(String, Decimal)> {
    [
        ("ZUSD", 100_000),
        ("ZEUR", 50_000),
        ("XXBT", 2),
        ("XETH", 25),
        ("DOT", 1_000),
    ]
    .into_iter()
    .map(|(asset, amount)| (asset.to_owned(), Decimal::from(amount)))
    .collect()
}

/// The account or user of a key.
pub(crate) fn account_of(key: &KrakenKey) -> String {
    let first = match key.api {
        KrakenApi::Spot => FIRST_ACCOUNT,
        KrakenApi::Custody => CUSTODY_USERS[0],
    };
    key.account.clone().unwrap_or_else(|| first.to_owned())
}

/// What a client needs to sign its calls. The secret is good for a simulated
/// venue only, so it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The public part.
    pub key: String,
    /// The secret part, base64.
    pub secret: String,
}

/// Kraken's simulated host: Spot, Custody, the external Custody API and the REST
/// calls of Prime.
#[derive(Clone)]
pub struct KrakenHandle {
    kraken: Arc<Mutex<Kraken>>,
    clock: Clock,
    url: String,
}

impl fmt::Debug for KrakenHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KrakenHandle")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl KrakenHandle {
    pub(crate) fn new(kraken: Arc<Mutex<Kraken>>, clock: Clock, url: String) -> Self {
        Self { kraken, clock, url }
    }

    /// The base URL to give to clients of all its APIs, such as
    /// `http://127.0.0.1:49152`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A Spot key with every permission, of the first account.
    pub fn spot_credentials(&self) -> Credentials {
        demo_credentials(0)
    }

    /// Custody keys: that of the user who asks for things, then those of two
    /// who vote on them. For the legacy and the external API.
    pub fn custody_credentials(&self) -> [Credentials; 3] {
        [1, 2, 3].map(demo_credentials)
    }

    /// All keys of an API in the order they were added, the demonstration keys
    /// first.
    pub fn credentials(&self, api: KrakenApi) -> Vec<Credentials> {
        self.with(|kraken, _| {
            let keys = kraken.keys.values().map(|key| &key.config);
            let keys = keys.filter(|config| config.api == api);
            keys.map(|config| Credentials {
                key: config.key.clone(),
                secret: config.secret.clone(),
            })
            .collect()
        })
    }

    /// Adds a key while the venue runs, or replaces the one of that name.
    ///
    /// # Panics
    ///
    /// If the secret is not base64.
    pub fn add_key(&self, key: KrakenKey) {
        let account = account_of(&key);
        let added = self.with(|kraken, now| kraken.add_key(key, account, now));
        assert!(added, "the secret of a key must be base64");
    }

    /// What the first account has of an asset, by its id or altname, held back
    /// or not.
    pub fn balance(&self, asset: &str) -> Decimal {
        let id = find_asset(asset).map_or(asset, |asset| asset.id);
        self.with(|kraken, now| {
            kraken.spot.advance(now);
            kraken.spot.balance(FIRST_ACCOUNT, id)
        })
    }

    /// The sum of each asset over all customers of Spot and everybody they
    /// trade with. All are zero, whatever happened: money is neither made nor
    /// lost.
    pub fn totals(&self) -> BTreeMap<String, Decimal> {
        self.with(|kraken, _| kraken.spot.books.totals())
    }

    /// Gives the first account so much of an asset, by its id or altname. What
    /// is missing or too much is deposited or taken without further ado.
    ///
    /// # Panics
    ///
    /// If there is no such asset, or the amount is below zero or has more
    /// digits than the venue keeps.
    pub fn set_balance(&self, asset: &str, amount: Decimal) {
        let set = self.try_set_balance(asset, amount);
        assert!(set, "{amount} is no amount of {asset}");
    }

    pub(crate) fn try_set_balance(&self, asset: &str, amount: Decimal) -> bool {
        let Some(asset) = find_asset(asset) else {
            return false;
        };
        if amount.is_sign_negative() || amount.normalize().scale() > asset.decimals {
            return false;
        }
        self.with(|kraken, now| {
            let spot = &mut kraken.spot;
            let change = amount - spot.balance(FIRST_ACCOUNT, asset.id);
            if change.is_zero() {
                return true;
            }
            let kind = if change.is_sign_negative() {
                "withdrawal"
            } else {
                "deposit"
            };
            let cause = Cause {
                refid: spot.ids.reference('Q'),
                kind,
                subtype: "",
                time: now,
            };
            let leg = Leg {
                account: FIRST_ACCOUNT.to_owned(),
                asset: asset.id.to_owned(),
                amount: change,
                fee: Decimal::ZERO,
                other: Holder::Outside,
            };
            spot.book(&cause, &[leg]).is_ok()
        })
    }

    /// Does something to the venue's state, at the time its clock shows.
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut Kraken, Moment) -> T) -> T {
        // As in the server: a test that goes on after a panic should see what
        // is there.
        let mut kraken = self.kraken.lock().unwrap_or_else(PoisonError::into_inner);
        action(&mut kraken, self.clock.now())
    }
}

fn demo_credentials(index: usize) -> Credentials {
    let (key, secret, ..) = DEMO_KEYS[index];
    Credentials {
        key: key.to_owned(),
        secret: secret.to_owned(),
    }
}
