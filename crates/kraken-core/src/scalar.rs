//! Values that are a text here and a number or a flag there.

use exchange_wire::RawJson;
use serde::{Deserialize, Deserializer};

/// A JSON value taken apart one level deep, numbers exact.
pub(crate) enum Scalar {
    Text(String),
    /// The digits as they stand on the wire.
    Number(String),
    Bool(bool),
    Other(RawJson),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        Ok(match raw.get().as_bytes().first() {
            Some(b'"') => {
                Self::Text(serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?)
            }
            Some(b'-' | b'0'..=b'9') => Self::Number(raw.get().to_owned()),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            _ => Self::Other(raw),
        })
    }
}

impl Scalar {
    /// The text on the wire, without quotation marks.
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Bool(flag) => flag.to_string(),
            Self::Other(raw) => raw.get().to_owned(),
        }
    }
}
