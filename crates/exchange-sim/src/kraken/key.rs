//! API keys: what they may do, and the nonces they have used.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use ring::{digest, hmac};

use super::counter::CallCounter;
use crate::Moment;

/// A customer's level, which sets the limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KrakenTier {
    /// The lowest.
    #[default]
    Starter,
    /// The middle.
    Intermediate,
    /// The highest.
    Pro,
}

/// Which of Kraken's APIs a key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KrakenApi {
    /// Spot.
    #[default]
    Spot,
    /// Custody, the legacy and the external API.
    Custody,
}

/// An API key that the venue knows.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KrakenKey {
    /// The public part, sent as `API-Key`.
    pub key: String,
    /// The secret part, base64.
    pub secret: String,
    /// What it is for.
    #[serde(default)]
    pub api: KrakenApi,
    /// The account it belongs to: a Spot account's id, or a Custody user's
    /// IIBAN. The first one of the venue if not given.
    #[serde(default)]
    pub account: Option<String>,
    /// Its permissions in the vendor's words, such as `Funds permissions -
    /// Query`; all of them if not given.
    #[serde(default)]
    pub permissions: Option<Vec<String>>,
    /// The tier of its account.
    #[serde(default)]
    pub tier: KrakenTier,
    /// What calls must send as `otp`, if the key has a second factor.
    #[serde(default)]
    pub otp: Option<String>,
    /// How far a nonce may be below the highest one. Default 0.
    #[serde(default)]
    pub nonce_window: u64,
}

impl KrakenKey {
    /// A Spot key with every permission.
    pub fn new(key: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            secret: secret.into(),
            api: KrakenApi::Spot,
            account: None,
            permissions: None,
            tier: KrakenTier::default(),
            otp: None,
            nonce_window: 0,
        }
    }

    /// Whether it has a permission.
    pub fn allows(&self, permission: &str) -> bool {
        self.permissions
            .as_ref()
            .is_none_or(|all| all.iter().any(|one| one == permission))
    }
}

/// Without the secrets.
impl fmt::Debug for KrakenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KrakenKey")
            .field("key", &self.key)
            .field("api", &self.api)
            .field("account", &self.account)
            .field("permissions", &self.permissions)
            .field("tier", &self.tier)
            .field("nonce_window", &self.nonce_window)
            .finish_non_exhaustive()
    }
}

/// A key and what it has done.
#[derive(Debug)]
pub(crate) struct Key {
    pub config: KrakenKey,
    /// The account or user it belongs to.
    pub account: String,
    pub created: Moment,
    pub used: Option<Moment>,
    secret: Vec<u8>,
    nonces: Nonces,
    pub counter: CallCounter,
}

impl Key {
    /// `None` if the secret is not base64.
    pub(crate) fn new(config: KrakenKey, account: String, created: Moment) -> Option<Self> {
        Some(Self {
            secret: STANDARD.decode(&config.secret).ok()?,
            counter: CallCounter::new(config.tier),
            nonces: Nonces::default(),
            used: None,
            account,
            created,
            config,
        })
    }

    /// Whether `signature`, base64, is HMAC-SHA512 under the secret of the
    /// path followed by the SHA256 of nonce and body.
    pub(crate) fn signed(&self, target: &str, nonce: &str, body: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else {
            return false;
        };
        let mut inner = digest::Context::new(&digest::SHA256);
        inner.update(nonce.as_bytes());
        inner.update(body);
        let mut message = target.as_bytes().to_vec();
        message.extend_from_slice(inner.finish().as_ref());
        let key = hmac::Key::new(hmac::HMAC_SHA512, &self.secret);
        hmac::verify(&key, &message, &signature).is_ok()
    }

    /// The highest nonce used, if any.
    pub(crate) fn highest_nonce(&self) -> Option<u64> {
        self.nonces.highest
    }

    /// Uses up a nonce; `false` if it is too low or was used before.
    pub(crate) fn use_nonce(&mut self, nonce: u64) -> bool {
        self.nonces.take(nonce, self.config.nonce_window)
    }
}

/// The nonces that a key has used.
#[derive(Debug, Default)]
struct Nonces {
    highest: Option<u64>,
    /// Those within the window below the highest.
    recent: BTreeSet<u64>,
}

impl Nonces {
    fn take(&mut self, nonce: u64, window: u64) -> bool {
        if let Some(highest) = self.highest {
            let lowest = highest.saturating_sub(window);
            let in_window = window > 0 && nonce >= lowest && !self.recent.contains(&nonce);
            if nonce <= highest && !in_window {
                return false;
            }
        }
        self.highest = self.highest.max(Some(nonce));
        if window > 0 {
            self.recent.insert(nonce);
            let lowest = self.highest.unwrap_or_default().saturating_sub(window);
            self.recent = self.recent.split_off(&lowest);
        }
        true
    }
}

/// All keys of a venue, in the order they were added.
pub(crate) type Keys = IndexMap<String, Key>;

#[cfg(test)]
mod tests {
    use super::*;

    /// The vendor's two published vectors.
    #[test]
    fn the_signatures_of_the_vendors_samples_hold_and_no_others() {
        let secret = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";
        let config = KrakenKey::new("k", secret);
        let key = Key::new(config, "a".into(), Moment::default()).unwrap();
        let nonce = "1616492376594";
        let form =
            b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25";
        let form_signature = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==";
        let json = br#"{"nonce":1616492376594}"#;
        let json_signature = "2rM09q8HG7LvjivBitQUybwZ/DSeO8+i0U/at/wclH2Jma6gMaE/0Nw9dyLR+ykMd5eWCngSL4K58i6uJzXDCw==";
        let order = "/0/private/AddOrder";
        let task = "/0/private/GetCustodyTask?id=TGWOJ4JQPOTZT2";
        assert!(key.signed(order, nonce, form, form_signature));
        assert!(key.signed(task, nonce, json, json_signature));
        assert!(!key.signed(order, nonce, form, json_signature));
        assert!(!key.signed("/0/private/GetCustodyTask", nonce, json, json_signature));
        assert!(!key.signed(task, nonce, br#"{"nonce": 1616492376594}"#, json_signature));
        assert!(!key.signed(task, nonce, json, "not base64!"));
    }

    #[test]
    fn nonces_rise_strictly_without_a_window() {
        let mut nonces = Nonces::default();
        assert!(nonces.take(5, 0));
        assert!(!nonces.take(5, 0));
        assert!(!nonces.take(4, 0));
        assert!(nonces.take(6, 0));
    }

    #[test]
    fn a_window_takes_each_nonce_within_it_once() {
        let mut nonces = Nonces::default();
        assert!(nonces.take(100, 10));
        assert!(nonces.take(90, 10));
        assert!(!nonces.take(90, 10));
        assert!(!nonces.take(89, 10));
        assert!(nonces.take(200, 10));
        assert!(!nonces.take(101, 10));
        assert!(nonces.take(195, 10));
        assert_eq!(nonces.recent.len(), 2);
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut config = KrakenKey::new("k", "c2VjcmV0LXNlY3JldA==");
        config.otp = Some("one-time".into());
        let key = Key::new(config.clone(), "a".into(), Moment::default()).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("c2VjcmV0") && !shown.contains("one-time"));
        drop(key);
    }
}
