//! A time that must travel as Unix seconds in a JSON string.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::decimal::{DecimalError, parse_decimal};

/// An instant for request fields that take nothing but Unix seconds, exact to the nanosecond and
/// written as text: `"1695728276"`.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use exchange_wire::UnixSeconds;
///
/// let start = UnixSeconds::from(UNIX_EPOCH + Duration::from_secs(1_695_728_276));
/// assert_eq!(start.to_string(), "1695728276");
/// assert_eq!(start, UnixSeconds::from(1_695_728_276));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(Decimal);

impl UnixSeconds {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn seconds(self) -> Decimal {
        self.0
    }
}

impl From<i64> for UnixSeconds {
    fn from(seconds: i64) -> Self {
        Self(seconds.into())
    }
}

impl From<Decimal> for UnixSeconds {
    fn from(seconds: Decimal) -> Self {
        Self(seconds)
    }
}

impl From<DateTime<Utc>> for UnixSeconds {
    fn from(time: DateTime<Utc>) -> Self {
        let fraction = Decimal::new(i64::from(time.timestamp_subsec_nanos()), 9);
        Self((Decimal::from(time.timestamp()) + fraction).normalize())
    }
}

impl From<SystemTime> for UnixSeconds {
    fn from(time: SystemTime) -> Self {
        let (before, distance) = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => (false, after),
            Err(error) => (true, error.duration()),
        };
        // Exact: even u64::MAX seconds are 1.8e28 nanoseconds, and a decimal holds 7.9e28.
        let fraction = Decimal::new(i64::from(distance.subsec_nanos()), 9);
        let mut seconds = (Decimal::from(distance.as_secs()) + fraction).normalize();
        seconds.set_sign_negative(before);
        Self(seconds)
    }
}

impl FromStr for UnixSeconds {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_decimal(text).map(Self)
    }
}

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for UnixSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads text or a number.
impl<'de> Deserialize<'de> for UnixSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::decimal::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn instants_become_seconds_without_losing_a_nanosecond() {
        let time = UNIX_EPOCH + Duration::new(1_695_728_276, 123_456_789);
        assert_eq!(UnixSeconds::from(time).to_string(), "1695728276.123456789");
        assert_eq!(
            UnixSeconds::from(DateTime::<Utc>::from(time)),
            UnixSeconds::from(time)
        );
        let early = UNIX_EPOCH - Duration::new(1, 500_000_000);
        assert_eq!(UnixSeconds::from(early).to_string(), "-1.5");
    }

    #[test]
    fn it_is_written_as_text_and_read_as_either() {
        for json in ["\"1695728276\"", "1695728276"] {
            let time: UnixSeconds = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&time).unwrap(), "\"1695728276\"");
        }
        assert!(serde_json::from_str::<UnixSeconds>("\"2023-09-24T14:15:22Z\"").is_err());
    }
}
