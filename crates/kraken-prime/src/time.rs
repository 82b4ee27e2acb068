//! Times as Prime sends them.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

const NANOS: i64 = 1_000_000_000;

/// A time, to the microsecond or as exact as it was sent.
///
/// Prime sends ISO 8601 texts in UTC with six digits after the point, and in two places integers:
/// nanoseconds since 1970. Both are read everywhere, and written back as they came. A text that is
/// no such time is kept, too, and is no reason to fail.
///
/// ```
/// use kraken_prime::Time;
///
/// let time: Time = "2026-06-17T11:47:35.341672Z".parse()?;
/// assert_eq!(time.unix_nanos(), Some(1_781_696_855_341_672_000));
/// assert_eq!(time.to_string(), "2026-06-17T11:47:35.341672Z");
/// # Ok::<(), std::convert::Infallible>(())
/// ```
///
/// Two times are equal if they were sent alike; compare [`unix_nanos`](Self::unix_nanos) to
/// compare instants.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Time(Form);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    /// `YYYY-MM-DDTHH:MM:SS.f…Z` with so many digits behind the point.
    Iso {
        nanos: i64,
        digits: u8,
    },
    /// A JSON integer.
    Nanos(i64),
    Text(Box<str>),
}

impl Time {
    /// The present, to the microsecond.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Microseconds since 1970.
    pub fn from_unix_micros(micros: i64) -> Self {
        Self(Form::Iso {
            nanos: micros.saturating_mul(1000),
            digits: 6,
        })
    }

    /// Nanoseconds since 1970; `None` if what was sent is no time between 1678 and 2262.
    pub fn unix_nanos(&self) -> Option<i64> {
        match &self.0 {
            Form::Iso { nanos, .. } | Form::Nanos(nanos) => Some(*nanos),
            Form::Text(text) => DateTime::parse_from_rfc3339(text)
                .ok()?
                .timestamp_nanos_opt(),
        }
    }

    /// The instant; `None` as for [`unix_nanos`](Self::unix_nanos).
    pub fn to_utc(&self) -> Option<DateTime<Utc>> {
        self.unix_nanos().map(DateTime::from_timestamp_nanos)
    }

    /// So many microseconds earlier.
    pub(crate) fn minus_micros(&self, micros: i64) -> Option<Self> {
        let nanos = self.unix_nanos()?;
        Some(Self::from_unix_micros(nanos.div_euclid(1000) - micros))
    }
}

/// Cut to the microsecond. Times beyond what 64 bits of nanoseconds hold become the last one.
impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        exchange_wire::Rfc3339::from(time).to_utc().into()
    }
}

/// As from [`SystemTime`].
impl From<DateTime<Utc>> for Time {
    fn from(time: DateTime<Utc>) -> Self {
        let micros = time.timestamp_micros();
        Self::from_unix_micros(micros.clamp(i64::MIN / 1000, i64::MAX / 1000))
    }
}

/// Never fails: see the type.
impl FromStr for Time {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match iso(text.as_bytes()) {
            Some((nanos, digits)) => Form::Iso { nanos, digits },
            None => Form::Text(text.into()),
        }))
    }
}

/// Reads `YYYY-MM-DDTHH:MM:SS`, a fraction of up to nine digits, `Z`, and nothing else.
fn iso(text: &[u8]) -> Option<(i64, u8)> {
    let text = text.strip_suffix(b"Z")?;
    let (whole, fraction) = text.split_at_checked(19)?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| whole[*at] != *byte) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(digits(&whole[..4])?).ok()?,
        digits(&whole[5..7])?,
        digits(&whole[8..10])?,
    )?;
    // A leap second is left to be kept as text: it would be written as another one.
    let time = date.and_hms_opt(
        digits(&whole[11..13])?,
        digits(&whole[14..16])?,
        digits(&whole[17..])?,
    )?;
    let (fraction, places) = match fraction {
        [] => (0, 0),
        [b'.', rest @ ..] if (1..=9).contains(&rest.len()) => {
            let places = u8::try_from(rest.len()).ok()?;
            let nanos = digits(rest)? * 10_u32.pow(9 - u32::from(places));
            (i64::from(nanos), places)
        }
        _ => return None,
    };
    let seconds = time.and_utc().timestamp();
    Some((seconds.checked_mul(NANOS)?.checked_add(fraction)?, places))
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u32::from(digit))
    })
}

/// As on the wire, without quotation marks.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Iso { nanos, digits } => {
                let time = DateTime::from_timestamp_nanos(*nanos);
                write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S"))?;
                if *digits > 0 {
                    let fraction = nanos.rem_euclid(NANOS) / 10_i64.pow(9 - u32::from(*digits));
                    write!(f, ".{fraction:0width$}", width = usize::from(*digits))?;
                }
                f.write_str("Z")
            }
            Form::Nanos(nanos) => nanos.fmt(f),
            Form::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Form::Nanos(nanos) => serializer.serialize_i64(nanos),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        exchange_wire::decode::any_form();
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl<'de> Visitor<'de> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time as a text, or as an integer of nanoseconds")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
        let Ok(time) = text.parse();
        Ok(time)
    }

    fn visit_i64<E: de::Error>(self, nanos: i64) -> Result<Time, E> {
        Ok(Time(Form::Nanos(nanos)))
    }

    fn visit_u64<E: de::Error>(self, nanos: u64) -> Result<Time, E> {
        i64::try_from(nanos)
            .map(|nanos| Time(Form::Nanos(nanos)))
            .map_err(|_| E::custom("more nanoseconds than a time has"))
    }

    // How `serde_json` hands over numbers if some crate of the build turned on
    // `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Time, A::Error> {
        let digits = map.next_entry::<String, String>()?;
        digits
            .and_then(|(_, digits)| digits.parse().ok())
            .map(|nanos| Time(Form::Nanos(nanos)))
            .ok_or_else(|| de::Error::invalid_type(de::Unexpected::Map, &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(json: &str) -> Time {
        let time: Time = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&time).unwrap(), json);
        time
    }

    #[test]
    fn every_form_is_written_back_as_it_came() {
        for (json, nanos) in [
            (
                "\"2019-02-13T05:17:32.000000Z\"",
                Some(1_550_035_052_000_000_000),
            ),
            (
                "\"2026-06-17T11:47:35.341672Z\"",
                Some(1_781_696_855_341_672_000),
            ),
            ("\"1969-12-31T23:59:59.5Z\"", Some(-500_000_000)),
            ("\"2024-02-29T00:00:00Z\"", Some(1_709_164_800_000_000_000)),
            (
                "\"2024-02-29T00:00:00.123456789Z\"",
                Some(1_709_164_800_123_456_789),
            ),
            ("1628004805337309202", Some(1_628_004_805_337_309_202)),
            (
                "\"2024-02-29T01:00:00+01:00\"",
                Some(1_709_164_800_000_000_000),
            ),
            ("\"2023-02-29T00:00:00.000000Z\"", None),
            ("\"9999-01-01T00:00:00.000000Z\"", None),
            ("\"soon\"", None),
            ("\"\"", None),
        ] {
            assert_eq!(round(json).unix_nanos(), nanos, "{json}");
        }
        for refused in ["1.5", "true", "[]", "18446744073709551615"] {
            assert!(serde_json::from_str::<Time>(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn now_has_six_digits() {
        let text = Time::now().to_string();
        assert_eq!(text.len(), "2019-02-13T05:17:32.000000Z".len(), "{text}");
        assert!(iso(text.as_bytes()).is_some());
    }

    proptest::proptest! {
        #[test]
        fn micros_survive(micros in i64::MIN / 1000..i64::MAX / 1000) {
            let time = Time::from_unix_micros(micros);
            let text = time.to_string();
            if let Some((nanos, 6)) = iso(text.as_bytes()) {
                proptest::prop_assert_eq!(nanos, micros * 1000);
            } else {
                proptest::prop_assert!(false, "{}", text);
            }
        }

        #[test]
        fn no_text_panics(text: String) {
            let time: Time = text.parse().unwrap();
            proptest::prop_assert_eq!(time.to_string(), text);
        }
    }
}
