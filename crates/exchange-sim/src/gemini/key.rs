//! API keys and OAuth tokens: what they may do, and the nonces they have used.

use std::fmt;

use ring::hmac;

use crate::Moment;

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeminiRole {
    /// Orders.
    Trader,
    /// Deposits, withdrawals, staking.
    FundManager,
    /// Looks only.
    Auditor,
    /// Accounts of the group; for master keys.
    Administrator,
}

impl GeminiRole {
    /// In the vendor's words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trader => "Trader",
            Self::FundManager => "Fund Manager",
            Self::Auditor => "Auditor",
            Self::Administrator => "Administrator",
        }
    }
}

/// Which nonces a key wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeminiNonces {
    /// Each above the last.
    #[default]
    Incrementing,
    /// Seconds within 30 s of the venue's clock, which may repeat.
    TimeBased,
}

/// An API key that the venue knows. One whose name begins with `master-` is for
/// all accounts of the group, any other for one account.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeminiKey {
    /// The public part, sent as `X-GEMINI-APIKEY`.
    pub key: String,
    /// The secret part, used as it is written.
    pub secret: String,
    /// The short name of its account; `primary` if not given. No matter for a
    /// master key.
    #[serde(default)]
    pub account: Option<String>,
    /// What it may do; if not given, everything that can be had together:
    /// trader and fund manager, for a master key administrator, too.
    #[serde(default)]
    pub roles: Option<Vec<GeminiRole>>,
    /// Which nonces it wants.
    #[serde(default)]
    pub nonces: GeminiNonces,
    /// Whether its orders are cancelled when nothing is heard of it for 30 s.
    #[serde(default)]
    pub heartbeat: bool,
}

impl GeminiKey {
    /// A key with all that can be had, of the account `primary`.
    pub fn new(key: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            secret: secret.into(),
            account: None,
            roles: None,
            nonces: GeminiNonces::default(),
            heartbeat: false,
        }
    }

    /// Whether it is for the whole group.
    pub fn is_master(&self) -> bool {
        self.key.starts_with("master-")
    }

    /// Whether it has a role.
    pub fn has(&self, role: GeminiRole) -> bool {
        match &self.roles {
            Some(roles) => roles.contains(&role),
            None => match role {
                GeminiRole::Trader | GeminiRole::FundManager => true,
                GeminiRole::Administrator => self.is_master(),
                GeminiRole::Auditor => false,
            },
        }
    }
}

/// Without the secret.
impl fmt::Debug for GeminiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeminiKey")
            .field("key", &self.key)
            .field("account", &self.account)
            .field("roles", &self.roles)
            .field("nonces", &self.nonces)
            .field("heartbeat", &self.heartbeat)
            .finish_non_exhaustive()
    }
}

/// A key and what it has done.
#[derive(Debug)]
pub(crate) struct Key {
    pub config: GeminiKey,
    /// The account it is for; the first one for a master key.
    pub account: usize,
    /// When it was last heard of.
    pub heard: Moment,
    last_nonce: Option<u64>,
}

impl Key {
    pub(crate) fn new(config: GeminiKey, account: usize, now: Moment) -> Self {
        Self {
            config,
            account,
            heard: now,
            last_nonce: None,
        }
    }

    /// Whether `signature` is the hexadecimal HMAC-SHA384 of the payload as it
    /// was sent.
    pub(crate) fn signed(&self, payload: &str, signature: &str) -> bool {
        let Some(signature) = from_hex(signature) else {
            return false;
        };
        let key = hmac::Key::new(hmac::HMAC_SHA384, self.config.secret.as_bytes());
        hmac::verify(&key, payload.as_bytes(), &signature).is_ok()
    }

    /// Takes a nonce, or says what is wrong with it.
    pub(crate) fn use_nonce(&mut self, text: &str, now: Moment) -> Result<(), String> {
        let number: u64 = text
            .parse()
            .map_err(|_| format!("Nonce '{text}' is not a number"))?;
        match self.config.nonces {
            GeminiNonces::TimeBased => {
                let server = now.seconds();
                if number.abs_diff(server) > 30 {
                    return Err(format!(
                        "Nonce '{text}' is not within 30 seconds of server time '{server}'"
                    ));
                }
            }
            GeminiNonces::Incrementing => {
                if self.last_nonce.is_some_and(|last| number <= last) {
                    return Err(format!(
                        "Nonce '{text}' has not increased since your last call to the Gemini API."
                    ));
                }
                self.last_nonce = Some(number);
            }
        }
        Ok(())
    }
}

/// An OAuth access token, and what came with it.
#[derive(Clone, PartialEq, Eq)]
pub struct GeminiToken {
    /// Sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Good for another access token, again and again.
    pub refresh_token: String,
    /// What it may do.
    pub scopes: Vec<String>,
}

/// Without the tokens.
impl fmt::Debug for GeminiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeminiToken")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// A token and whose it is.
#[derive(Debug)]
pub(crate) struct Granted {
    pub token: GeminiToken,
    pub account: usize,
    /// When the access token ends.
    pub until: Moment,
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|pair| {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            u8::try_from(high? * 16 + low?).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(nonces: GeminiNonces) -> Key {
        let config = GeminiKey {
            nonces,
            ..GeminiKey::new("account-x", "mockSecret0123456789abcdef")
        };
        Key::new(config, 0, Moment::default())
    }

    #[test]
    fn the_sheets_signature_is_accepted_and_no_other() {
        let payload = "eyJyZXF1ZXN0IjoiL3YxL2hlYXJ0YmVhdCIsIm5vbmNlIjoxNzAwMDAwMDAwMDAxfQ==";
        let signature = "2bd615b88ce0bf957542771a3291f5cf7dc31e20f0d52196fecfc79712c294988e68fc525b95d96fe01eb97371b33da3";
        let key = key(GeminiNonces::Incrementing);
        assert!(key.signed(payload, signature));
        assert!(!key.signed(payload, &signature.replace('2', "3")));
        assert!(!key.signed(payload, &signature[1..]));
        assert!(!key.signed(payload, ""));
        assert!(!key.signed("", signature));
    }

    #[test]
    fn both_kinds_of_nonces() {
        let now = Moment::from_seconds(1_700_000_000);
        let mut rising = key(GeminiNonces::Incrementing);
        assert_eq!(rising.use_nonce("5", now), Ok(()));
        assert!(rising.use_nonce("5", now).is_err());
        assert_eq!(rising.use_nonce("6", now), Ok(()));
        assert!(rising.use_nonce("-7", now).is_err());
        let mut timed = key(GeminiNonces::TimeBased);
        for good in ["1700000000", "1700000000", "1699999970", "1700000030"] {
            assert_eq!(timed.use_nonce(good, now), Ok(()));
        }
        for bad in ["1699999969", "1700000031", "1700000000000"] {
            assert!(timed.use_nonce(bad, now).is_err());
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", key(GeminiNonces::TimeBased));
        assert!(!shown.contains("mockSecret"));
    }
}
