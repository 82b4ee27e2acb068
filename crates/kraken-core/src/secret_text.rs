//! A text in an answer that opens doors, such as a WebSocket token.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret that the venue handed out. Its `Debug` shows nothing of it, there is no `Display`,
/// and its memory is wiped on drop.
///
/// ```
/// use kraken_core::SecretText;
///
/// let token: SecretText = serde_json::from_str("\"1Dwc4lzSwNWOAwkMdqhssNNFhs1ed606d1WcF3XfEMw\"")?;
/// assert_eq!(format!("{token:?}"), "[redacted]");
/// assert!(token.expose().starts_with("1Dwc"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The secret itself, for the place that needs it. Keep it out of logs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Writes the secret as it is: whoever serialises it wants to send it.
impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
