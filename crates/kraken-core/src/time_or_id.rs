//! A point in a list, by time or by id.

use std::fmt;

use exchange_wire::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use crate::scalar::Scalar;

/// Where a list starts or ends (`start`, `end`): a time, or the id of an
/// order, trade or ledger entry.
///
/// ```
/// use kraken_core::TimeOrId;
///
/// let start = TimeOrId::from(1_688_712_456);
/// assert_eq!(serde_json::to_string(&start).unwrap(), "1688712456");
/// let start = TimeOrId::from("OB5VMB-B4U2U-DK2WRW");
/// assert_eq!(serde_json::to_string(&start).unwrap(), "\"OB5VMB-B4U2U-DK2WRW\"");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum TimeOrId {
    /// A time, written as a JSON number of Unix seconds.
    Time(Timestamp),
    /// An id, written as a JSON string.
    Id(String),
}

impl From<Timestamp> for TimeOrId {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl From<i64> for TimeOrId {
    /// A time in Unix seconds.
    fn from(unix_seconds: i64) -> Self {
        Self::Time(Timestamp::from_unix_seconds(unix_seconds))
    }
}

impl From<&str> for TimeOrId {
    /// An id.
    fn from(id: &str) -> Self {
        Self::Id(id.to_owned())
    }
}

impl From<String> for TimeOrId {
    /// An id.
    fn from(id: String) -> Self {
        Self::Id(id)
    }
}

impl fmt::Display for TimeOrId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => match time.unix_seconds() {
                Some(seconds) => seconds.fmt(f),
                None => time.fmt(f),
            },
            Self::Id(id) => f.write_str(id),
        }
    }
}

impl Serialize for TimeOrId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Time(time) => {
                let seconds = time
                    .unix_seconds()
                    .ok_or_else(|| ser::Error::custom(format_args!("`{time}` is not a time")))?;
                exchange_wire::decimal::number::serialize(&seconds.normalize(), serializer)
            }
            Self::Id(id) => serializer.serialize_str(id),
        }
    }
}

impl<'de> Deserialize<'de> for TimeOrId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Scalar::deserialize(deserializer)? {
            Scalar::Number(digits) => serde_json::from_str(&digits)
                .map(Self::Time)
                .map_err(serde::de::Error::custom),
            scalar => Ok(Self::Id(scalar.into_text())),
        }
    }
}
