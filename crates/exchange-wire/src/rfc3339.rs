//! A time that must travel as RFC 3339 text.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant for request fields that take nothing but RFC 3339, in UTC and exact to the
/// nanosecond: `2023-09-24T14:15:22Z`.
///
/// ```
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
/// use exchange_wire::Rfc3339;
///
/// let deadline = Rfc3339::from(UNIX_EPOCH + Duration::from_secs(1_695_564_922));
/// assert_eq!(deadline.to_string(), "2023-09-24T14:15:22Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rfc3339(DateTime<Utc>);

impl Rfc3339 {
    /// The instant.
    pub const fn to_utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Rfc3339 {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

/// A time further away than dates go, more than 260,000 years, becomes the furthest there is.
impl From<SystemTime> for Rfc3339 {
    fn from(time: SystemTime) -> Self {
        Self(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => TimeDelta::from_std(after)
                .ok()
                .and_then(|after| DateTime::UNIX_EPOCH.checked_add_signed(after))
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
            Err(error) => TimeDelta::from_std(error.duration())
                .ok()
                .and_then(|before| DateTime::UNIX_EPOCH.checked_sub_signed(before))
                .unwrap_or(DateTime::<Utc>::MIN_UTC),
        })
    }
}

/// Reads RFC 3339 with any offset; written back, it is in UTC.
impl FromStr for Rfc3339 {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text).map(|time| Self(time.to_utc()))
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rfc3339 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| {
            de::Error::custom(format_args!("`{text}` is no RFC 3339 time: {error}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_survive_and_offsets_become_utc() {
        for text in [
            "2024-05-30T12:34:56.123456789Z",
            "2023-09-24T14:15:22Z",
            "2025-07-04T19:21:24.734Z",
        ] {
            let json = format!("\"{text}\"");
            let time: Rfc3339 = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&time).unwrap(), json);
        }
        let east: Rfc3339 = "2023-09-24T16:15:22+02:00".parse().unwrap();
        assert_eq!(east.to_string(), "2023-09-24T14:15:22Z");
    }

    #[test]
    fn system_times_of_any_age_are_taken() {
        use std::time::Duration;

        let time = UNIX_EPOCH + Duration::new(1_695_564_922, 5);
        assert_eq!(
            Rfc3339::from(time).to_string(),
            "2023-09-24T14:15:22.000000005Z"
        );
        let early = UNIX_EPOCH - Duration::from_millis(1_500);
        assert_eq!(Rfc3339::from(early).to_string(), "1969-12-31T23:59:58.500Z");
        if let Some(far) = UNIX_EPOCH.checked_add(Duration::from_secs(1 << 62)) {
            assert_eq!(Rfc3339::from(far).to_utc(), DateTime::<Utc>::MAX_UTC);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for json in [
            "\"1695564922\"",
            "1695564922",
            "\"\"",
            "\"2023-09-24\"",
            "null",
        ] {
            assert!(serde_json::from_str::<Rfc3339>(json).is_err(), "{json}");
        }
    }
}
