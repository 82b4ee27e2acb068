//! Times in all the forms the vendor uses.

use std::fmt;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use exchange_wire::{Decimal, parse_decimal};
use serde::{Deserialize, Serialize};

/// A point in time, kept exactly as it was sent.
///
/// The vendor writes times as seconds or milliseconds (for one call nanoseconds) since 1970, as a
/// JSON number or as digits in a string, or as ISO 8601 text. Which unit a number has is told by
/// its size:
///
/// | Digits before the point | Unit | From | To |
/// |---|---|---|---|
/// | up to 11 | seconds | 1970 | the year 5138 |
/// | 12 to 14 | milliseconds | 1973 | 5138 |
/// | 15 to 17 | microseconds | 1973 | 5138 |
/// | 18 and more | nanoseconds | 2001 | |
///
/// Two are equal when they were sent alike; compare [`unix_nanos`](Self::unix_nanos) for instants.
///
/// ```
/// use gemini_exchange::Timestamp;
///
/// let time = Timestamp::from_unix_millis(1_547_220_404_836);
/// assert_eq!(time.unix_millis(), Some(1_547_220_404_836));
/// let text: Timestamp = "2019-01-11T15:26:44.836Z".parse()?;
/// assert_eq!(text.unix_nanos(), time.unix_nanos());
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(exchange_wire::Timestamp);

impl Timestamp {
    /// Milliseconds since 1970, sent as a JSON number: what the vendor advises.
    ///
    /// Below 10¹¹ (the year 1973) the venue and this type take the number for seconds.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(exchange_wire::Timestamp::from_unix_seconds(millis))
    }

    /// Seconds since 1970, sent as a JSON number.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(exchange_wire::Timestamp::from_unix_seconds(seconds))
    }

    /// Nanoseconds since 1970, rounded down if there are more digits; `None` if it is no time.
    pub fn unix_nanos(&self) -> Option<i128> {
        let Some((number, per_second)) = self.number() else {
            return self.0.unix_nanos();
        };
        let ten = |places: u32| 10_i128.checked_pow(places);
        let nanos_per_unit = 1_000_000_000 / per_second;
        Some(
            number
                .mantissa()
                .checked_mul(nanos_per_unit)?
                .div_euclid(ten(number.scale())?),
        )
    }

    /// Milliseconds since 1970, rounded down; `None` if it is no time.
    pub fn unix_millis(&self) -> Option<i64> {
        i64::try_from(self.unix_nanos()?.div_euclid(1_000_000)).ok()
    }

    /// The instant; `None` if it is no time, or one beyond the years `chrono` knows.
    pub fn to_utc(&self) -> Option<DateTime<Utc>> {
        let nanos = self.unix_nanos()?;
        let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
        let fraction = u32::try_from(nanos.rem_euclid(1_000_000_000)).ok()?;
        DateTime::from_timestamp(seconds, fraction)
    }

    /// The number that was sent, and how many of its units a second has.
    fn number(&self) -> Option<(Decimal, i128)> {
        let number = parse_decimal(&self.0.to_string()).ok()?;
        let per_second = match number.trunc().abs().mantissa() {
            whole if whole < 100_000_000_000 => 1,
            whole if whole < 100_000_000_000_000 => 1_000,
            whole if whole < 100_000_000_000_000_000 => 1_000_000,
            _ => 1_000_000_000,
        };
        Some((number, per_second))
    }
}

/// The text as on the wire, without quotes.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Milliseconds, rounded down.
impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self::from_unix_millis(time.timestamp_millis())
    }
}

/// Milliseconds, rounded down.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        DateTime::<Utc>::from(time).into()
    }
}

/// As a venue would mean this text in a JSON string.
impl std::str::FromStr for Timestamp {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A time that goes out as ISO 8601 text in UTC, such as `2022-08-23T00:00:00.000Z`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IsoTime(String);

impl IsoTime {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The instant; `None` if the text is no time.
    pub fn to_utc(&self) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc3339(&self.0)
            .ok()
            .map(|time| time.to_utc())
    }
}

impl fmt::Display for IsoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// With milliseconds.
impl From<DateTime<Utc>> for IsoTime {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// With milliseconds.
impl From<SystemTime> for IsoTime {
    fn from(time: SystemTime) -> Self {
        DateTime::<Utc>::from(time).into()
    }
}

/// The text as it is; the venue judges it.
impl From<&str> for IsoTime {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_forms_mean_the_same_and_come_back_as_sent() {
        for json in [
            "1547220404",
            "\"1547220404\"",
            "1547220404000",
            "\"1547220404000\"",
            "1547220404000000",
            "1547220404000000000",
            "\"2019-01-11T15:26:44.000000Z\"",
            "\"2019-01-11T16:26:44+01:00\"",
            "1547220404.000",
        ] {
            let time: Timestamp = serde_json::from_str(json).unwrap();
            assert_eq!(time.unix_millis(), Some(1_547_220_404_000), "{json}");
            assert_eq!(time.to_utc().unwrap().timestamp(), 1_547_220_404, "{json}");
            assert_eq!(serde_json::to_string(&time).unwrap(), json);
        }
    }

    #[test]
    fn fractions_and_odd_texts() {
        let read = |json: &str| serde_json::from_str::<Timestamp>(json).unwrap();
        assert_eq!(read("1547220404.5").unix_millis(), Some(1_547_220_404_500));
        assert_eq!(read("0").unix_nanos(), Some(0));
        assert_eq!(read("-1").unix_nanos(), Some(-1_000_000_000));
        for json in ["\"\"", "\"soon\""] {
            assert_eq!(read(json).unix_nanos(), None, "{json}");
            assert_eq!(read(json).to_utc(), None, "{json}");
        }
        // Far beyond any year: no panic.
        assert_eq!(read("79228162514264337593543950335").unix_millis(), None);
        assert!(serde_json::from_str::<Timestamp>("true").is_err());
    }

    #[test]
    fn what_goes_out() {
        let time = DateTime::from_timestamp(1_661_212_800, 5_999_999).unwrap();
        let json = |time: &Timestamp| serde_json::to_string(time).unwrap();
        assert_eq!(json(&time.into()), "1661212800005");
        assert_eq!(json(&SystemTime::from(time).into()), "1661212800005");
        assert_eq!(IsoTime::from(time).as_str(), "2022-08-23T00:00:00.005Z");
        assert_eq!(
            IsoTime::from("2022-08-23T00:00:00Z")
                .to_utc()
                .unwrap()
                .timestamp(),
            1_661_212_800
        );
    }
}
