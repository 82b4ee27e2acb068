//! Times, in every form a venue sends them.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::decimal::{parse_decimal, write_number};
use crate::scalar::Scalar;
use crate::unix_seconds::UnixSeconds;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// A time as sent: Unix seconds as a number or a string, RFC 3339 text, or any other text.
///
/// Reading never fails for a JSON string or number, and writing gives back the very text that was
/// read, in the same JSON form. What the text means is asked for with
/// [`unix_seconds`](Self::unix_seconds), [`unix_nanos`](Self::unix_nanos) or
/// [`to_utc`](Self::to_utc).
///
/// Two timestamps are equal when they were sent alike: the number `5` and the string `"5"` differ,
/// and so do `"1970-01-01T00:00:05Z"` and `5`. Compare `unix_nanos()` to compare instants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Timestamp(Form);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Form {
    /// Unix seconds whose plain spelling is the text that was sent.
    Unix { seconds: Decimal, quoted: bool },
    /// A JSON string that is anything else.
    Text(Box<str>),
    /// A JSON number with a spelling a decimal does not keep (`1e9`, forty digits).
    Number(Box<str>),
}

impl Timestamp {
    /// Whole Unix seconds, sent as a JSON number.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self::from_unix_decimal(Decimal::from(seconds))
    }

    /// Unix seconds with a fraction, sent as a JSON number.
    pub fn from_unix_decimal(seconds: Decimal) -> Self {
        Self(Form::Unix {
            seconds,
            quoted: false,
        })
    }

    /// RFC 3339 text, kept as it is; `None` when the text is not RFC 3339.
    pub fn from_rfc3339_text(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|_| Self(Form::Text(text.into())))
    }

    fn from_text(text: &str) -> Self {
        Self(match unix_spelled_as(text) {
            Some(seconds) => Form::Unix {
                seconds,
                quoted: true,
            },
            None => Form::Text(text.into()),
        })
    }

    fn from_number(digits: &str) -> Self {
        Self(match unix_spelled_as(digits) {
            Some(seconds) => Form::Unix {
                seconds,
                quoted: false,
            },
            None => Form::Number(digits.into()),
        })
    }

    /// Seconds since 1970-01-01 UTC, as exact as they were sent; RFC 3339 text to the nanosecond
    /// (further digits are cut off). `None` when the text is no time.
    pub fn unix_seconds(&self) -> Option<Decimal> {
        self.plain_seconds().or_else(|| {
            Decimal::try_from_i128_with_scale(self.rfc3339_nanos()?, 9)
                .ok()
                .map(|seconds| seconds.normalize())
        })
    }

    /// Nanoseconds since 1970-01-01 UTC, rounded down when more digits were sent. `None` when the
    /// text is no time.
    pub fn unix_nanos(&self) -> Option<i128> {
        match self.plain_seconds() {
            // A coefficient is below 2^96, so times 10^9 it is below 2^126.
            Some(seconds) => Some(
                (seconds.mantissa() * NANOS_PER_SECOND).div_euclid(10_i128.pow(seconds.scale())),
            ),
            None => self.rfc3339_nanos(),
        }
    }

    /// The instant, to the nanosecond. `None` when the text is no time, or one beyond the years
    /// `chrono` knows.
    pub fn to_utc(&self) -> Option<DateTime<Utc>> {
        let nanos = self.unix_nanos()?;
        let seconds = i64::try_from(nanos.div_euclid(NANOS_PER_SECOND)).ok()?;
        let fraction = u32::try_from(nanos.rem_euclid(NANOS_PER_SECOND)).ok()?;
        DateTime::from_timestamp(seconds, fraction)
    }

    /// Whether the venue says "no time" here: zero, as a number or a string, or an empty string.
    pub fn is_unset(&self) -> bool {
        match &self.0 {
            Form::Text(text) if text.is_empty() => true,
            _ => self
                .plain_seconds()
                .is_some_and(|seconds| seconds.is_zero()),
        }
    }

    fn plain_seconds(&self) -> Option<Decimal> {
        match &self.0 {
            Form::Unix { seconds, .. } => Some(*seconds),
            Form::Text(text) | Form::Number(text) => parse_decimal(text).ok(),
        }
    }

    fn rfc3339_nanos(&self) -> Option<i128> {
        let Form::Text(text) = &self.0 else {
            return None;
        };
        let time = DateTime::parse_from_rfc3339(text).ok()?;
        Some(
            i128::from(time.timestamp()) * NANOS_PER_SECOND
                + i128::from(time.timestamp_subsec_nanos()),
        )
    }
}

/// The decimal whose plain spelling is exactly `text`.
fn unix_spelled_as(text: &str) -> Option<Decimal> {
    // A decimal spells itself with digits, a point between digits and a minus sign; anything else
    // parse_decimal takes has to be told apart here.
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let plain = matches!(
        digits,
        [b'0'..=b'9'] | [b'0', b'.', .., b'0'..=b'9'] | [b'1'..=b'9', .., b'0'..=b'9']
    );
    let no_exponent = !digits.iter().any(|byte| matches!(byte, b'e' | b'E'));
    let seconds = if plain && no_exponent {
        parse_decimal(text).ok()?
    } else {
        return None;
    };
    // Zeros dropped to make it fit, or the sign of a zero.
    let places = text
        .bytes()
        .rev()
        .position(|byte| byte == b'.')
        .unwrap_or(0);
    let same_places = usize::try_from(seconds.scale()) == Ok(places);
    let same_sign = seconds.is_sign_negative() == text.starts_with('-');
    (same_places && same_sign).then_some(seconds)
}

/// The text as on the wire, without quotes.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Unix { seconds, .. } => seconds.fmt(formatter),
            Form::Text(text) | Form::Number(text) => formatter.write_str(text),
        }
    }
}

/// The time a venue would mean by this text in a JSON string.
impl FromStr for Timestamp {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from_text(text))
    }
}

/// RFC 3339 text ending in `Z`, with as many digits as the fraction needs (0, 3, 6 or 9).
impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(Form::Text(
            time.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
        ))
    }
}

/// Unix seconds to the nanosecond, sent as a JSON number.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self::from_unix_decimal(UnixSeconds::from(time).seconds())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "watch")]
        crate::watch::any_form();
        match Scalar::read(deserializer)? {
            Scalar::Number(digits) => Ok(Self::from_number(&digits)),
            Scalar::Text(text) => Ok(Self::from_text(&text)),
            other => Err(other.unexpected("a time as a string or a number")),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Unix {
                seconds,
                quoted: false,
            } => write_number(seconds.to_string(), serializer),
            Form::Unix {
                seconds,
                quoted: true,
            } => serializer.collect_str(seconds),
            Form::Text(text) => serializer.serialize_str(text),
            Form::Number(digits) => write_number(digits.to_string(), serializer),
        }
    }
}
