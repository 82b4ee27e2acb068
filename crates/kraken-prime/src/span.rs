//! Durations as text: `300ms`, `15s`, `1m`, `2h45m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time as Prime writes it: numbers with a unit each, `ns`, `us`, `ms`, `s`, `m`, `h`.
///
/// Made from a [`Duration`] it is in the largest unit that gives a whole number. One that was read
/// is kept as it came.
///
/// ```
/// use std::time::Duration;
/// use kraken_prime::Span;
///
/// assert_eq!(Span::from(Duration::from_millis(300)).to_string(), "300ms");
/// assert_eq!(Span::from(Duration::from_secs(90)).to_string(), "90s");
/// assert_eq!(Span::from(Duration::from_secs(60)).to_string(), "1m");
/// assert_eq!("2h45m".parse::<Span>()?.to_duration(), Some(Duration::from_secs(9900)));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Span(Box<str>);

impl Span {
    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the text means, to the nanosecond; `None` if it is no duration, or a negative one.
    pub fn to_duration(&self) -> Option<Duration> {
        let text = self.0.strip_prefix('+').unwrap_or(&self.0);
        if text == "0" {
            return Some(Duration::ZERO);
        }
        let mut rest = text;
        let mut nanos: u128 = 0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let number = rest.len()
                - rest
                    .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                    .len();
            let (number, after) = rest.split_at(number);
            let unit = after.len()
                - after
                    .trim_start_matches(|c: char| !c.is_ascii_digit() && c != '.')
                    .len();
            let (unit, after) = after.split_at(unit);
            nanos = nanos.checked_add(scaled(number, unit_nanos(unit)?)?)?;
            rest = after;
        }
        let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
        let fraction = u32::try_from(nanos % 1_000_000_000).ok()?;
        Some(Duration::new(seconds, fraction))
    }
}

fn unit_nanos(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `number` × `unit`, cut to whole nanoseconds.
fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let parse = |text: &str| match text {
        "" => Some(0),
        text => text.parse::<u128>().ok(),
    };
    // More digits than that are below a nanosecond for every unit.
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let places = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    parse(whole)?
        .checked_mul(unit)?
        .checked_add(parse(fraction)?.checked_mul(unit)? / places)
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        let nanos = duration.as_nanos();
        let units = ["h", "m", "s", "ms", "us"];
        let text = units
            .iter()
            .find_map(|unit| {
                let size = unit_nanos(unit)?;
                (nanos > 0 && nanos.is_multiple_of(size)).then(|| format!("{}{unit}", nanos / size))
            })
            .unwrap_or_else(|| {
                if nanos == 0 {
                    "0s".to_owned()
                } else {
                    format!("{nanos}ns")
                }
            });
        Self(text.into())
    }
}

/// Keeps any text; [`Span::to_duration`] tells whether it is a duration.
impl FromStr for Span {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_fractions() {
        let nanos = |text: &str| {
            let span: Span = text.parse().unwrap();
            span.to_duration().map(|duration| duration.as_nanos())
        };
        assert_eq!(nanos("15s"), Some(15_000_000_000));
        assert_eq!(nanos("1.5h"), Some(5_400_000_000_000));
        assert_eq!(nanos("1m0.5s"), Some(60_500_000_000));
        assert_eq!(nanos("+3us7ns"), Some(3_007));
        assert_eq!(nanos("0"), Some(0));
        for refused in [
            "",
            "5",
            "s",
            ".s",
            "-1s",
            "1 s",
            "1d",
            "1..5s",
            "99999999999999999999999999h",
            "\u{e9}",
        ] {
            assert_eq!(nanos(refused), None, "{refused}");
        }
    }

    proptest::proptest! {
        #[test]
        fn durations_survive(duration: Duration) {
            proptest::prop_assert_eq!(Span::from(duration).to_duration(), Some(duration));
        }

        #[test]
        fn no_text_panics(text: String) {
            let span: Span = text.parse().unwrap();
            let _ = span.to_duration();
        }
    }
}
