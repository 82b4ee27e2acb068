//! When an order starts or ends.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scalar::Scalar;

/// A start or end time of an order (`starttm`, `expiretm`).
///
/// ```
/// use kraken_core::OrderTime;
///
/// assert_eq!(OrderTime::In(60).to_string(), "+60");
/// assert_eq!("1893456000".parse(), Ok(OrderTime::At(1_893_456_000)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderTime {
    /// `0`: at once for a start, never for an end.
    Now,
    /// At this time, in Unix seconds.
    At(u64),
    /// So many seconds after the venue takes the order; an end must be at
    /// least 5 s away.
    In(u32),
    /// A text that is none of these, as received.
    Other(Box<str>),
}

impl OrderTime {
    fn parse(text: &str) -> Option<Self> {
        // Only digits: the integer parsers would take a second sign.
        let digits = text.strip_prefix('+').unwrap_or(text);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if digits.len() < text.len() {
            return digits.parse().ok().map(Self::In);
        }
        match digits.parse().ok()? {
            0 => Some(Self::Now),
            seconds => Some(Self::At(seconds)),
        }
    }
}

impl FromStr for OrderTime {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::parse(text).unwrap_or_else(|| Self::Other(text.into())))
    }
}

impl fmt::Display for OrderTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("0"),
            Self::At(seconds) => seconds.fmt(f),
            Self::In(seconds) => write!(f, "+{seconds}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Serialize for OrderTime {
    /// Writes a JSON string.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OrderTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Scalar::deserialize(deserializer)?.into_text();
        Ok(Self::parse(&text).unwrap_or_else(|| Self::Other(text.into())))
    }
}
