//! Amounts that may come with more digits than can be held.

use std::fmt;

use exchange_wire::{Decimal, DecimalError, RawJson, parse_decimal};
use rust_decimal::RoundingStrategy;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount of a balance.
///
/// While the vendor moves to another back end, balances may come with 15 decimal places for money
/// and 19 for crypto, the last of which mean nothing, and the vendor asks to round them **down** to
/// the currency's own precision. So this type
///
/// * holds every digit that was sent, as far as [`Decimal`] can (28 or 29 significant digits, 28
///   places);
/// * cuts what is beyond that, always towards zero, and says so in [`is_cut`](Self::is_cut);
/// * never rounds up: what it shows is never more than is there.
///
/// ```
/// use gemini_exchange::{Amount, Decimal};
///
/// let sent = "0.1234567899999999999";
/// let amount: Amount = sent.parse()?;
/// assert_eq!(amount.to_string(), sent);
/// // Bitcoin has 8 places.
/// assert_eq!(amount.floor_to(8), Decimal::new(12_345_678, 8));
/// # Ok::<(), exchange_wire::DecimalError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    value: Decimal,
    /// The JSON text, if not all of it is in `value`.
    cut_from: Option<Box<str>>,
}

impl Amount {
    /// The amount, exact unless [`is_cut`](Self::is_cut).
    pub const fn value(&self) -> Decimal {
        self.value
    }

    /// Whether digits that were sent are not in [`value`](Self::value). They are never more than
    /// one unit of its last place.
    pub const fn is_cut(&self) -> bool {
        self.cut_from.is_some()
    }

    /// The text that was sent, if it was cut.
    pub fn cut_from(&self) -> Option<&str> {
        self.cut_from.as_deref().map(|text| text.trim_matches('"'))
    }

    /// The amount with no more than `places` decimal places, cut towards zero.
    pub fn floor_to(&self, places: u32) -> Decimal {
        self.value
            .round_dp_with_strategy(places, RoundingStrategy::ToZero)
    }

    fn read(text: &str, json: &str) -> Result<Self, DecimalError> {
        match parse_decimal(text) {
            Ok(value) => Ok(value.into()),
            Err(DecimalError::DoesNotFit { text: shown }) => match cut(text) {
                Some(value) => Ok(Self {
                    value,
                    cut_from: Some(json.into()),
                }),
                None => Err(DecimalError::DoesNotFit { text: shown }),
            },
            Err(error) => Err(error),
        }
    }
}

/// The number with as many places as fit; `None` if its whole part does not.
fn cut(text: &str) -> Option<Decimal> {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    // How many significant digits stand before the point; negative for zeros behind it.
    let before = i64::try_from(whole.len()).ok()?.checked_add(exponent)? - zeros;
    if before < -28 {
        return parse_decimal(&format!("{sign}0")).ok();
    }
    // 29 digits may fit, 28 always do; and there are no more than 28 places.
    [29_i64, 28].into_iter().find_map(|most| {
        let most = most.min(before + 28);
        let kept = usize::try_from(most).ok()?.min(significant.len());
        if i64::try_from(kept).ok()? < before && kept < significant.len() {
            // The whole part itself would be cut.
            return None;
        }
        let places = i64::try_from(kept).ok()? - before;
        let kept = match &significant[..kept] {
            "" => "0",
            kept => kept,
        };
        parse_decimal(&format!("{sign}{kept}e{}", -places)).ok()
    })
}

impl From<Decimal> for Amount {
    fn from(value: Decimal) -> Self {
        Self {
            value,
            cut_from: None,
        }
    }
}

impl From<Amount> for Decimal {
    fn from(amount: Amount) -> Self {
        amount.value
    }
}

impl std::str::FromStr for Amount {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        // Digits need no escapes, so this is the JSON of it.
        Self::read(text, &format!("\"{text}\""))
    }
}

/// [`value`](Amount::value).
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// From a string or a number.
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        let json = raw.get();
        let read = match json.as_bytes().first() {
            Some(b'"') => {
                let text: String = raw.decode().map_err(D::Error::custom)?;
                Self::read(&text, json)
            }
            Some(b'-' | b'0'..=b'9') => Self::read(json, json),
            _ => {
                return Err(D::Error::custom(
                    "expected an amount as a string or a number",
                ));
            }
        };
        read.map_err(D::Error::custom)
    }
}

/// As a string; what was cut is written as it was sent.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.cut_from {
            None => serializer.collect_str(&self.value),
            Some(json) => json
                .parse::<RawJson>()
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn fifteen_and_nineteen_places_are_kept() {
        for text in ["12.345678901234567", "-0.1234567890123456789", "0.00", "0"] {
            let read = amount(text);
            assert_eq!(read.to_string(), text);
            assert!(!read.is_cut());
            assert_eq!(serde_json::to_string(&read).unwrap(), format!("\"{text}\""));
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_towards_zero_and_says_so() {
        for (sent, held) in [
            // 29 digits whose coefficient is above 2^96, and then 28 of them fit.
            (
                "9.9999999999999999999999999999",
                "9.999999999999999999999999999",
            ),
            (
                "-9.9999999999999999999999999999",
                "-9.999999999999999999999999999",
            ),
            // 30 digits of which 29 fit.
            (
                "7.12345678901234567890123456789",
                "7.1234567890123456789012345678",
            ),
            (
                "-7.12345678901234567890123456789",
                "-7.1234567890123456789012345678",
            ),
            // More than 28 places.
            (
                "0.00000000000000000000000000019",
                "0.0000000000000000000000000001",
            ),
            ("0.00000000000000000000000000009", "0"),
            ("1e-29", "0"),
            ("1.5e-28", "0.0000000000000000000000000001"),
            ("1e-999999999999", "0"),
            // A large whole part.
            (
                "12345678901234567890123456789.99",
                "12345678901234567890123456789",
            ),
            (
                "1234567890123456789012345678.987",
                "1234567890123456789012345678.9",
            ),
            (
                "123456789012345678901234567890.5e-2",
                "1234567890123456789012345678.9",
            ),
        ] {
            let read = amount(sent);
            assert!(read.is_cut(), "{sent}");
            assert_eq!(
                read.value(),
                held.parse::<Amount>().unwrap().value(),
                "{sent}"
            );
            assert_eq!(read.cut_from(), Some(sent));
            // Nothing is lost for who writes it down.
            let json = serde_json::to_string(&read).unwrap();
            assert_eq!(json, format!("\"{sent}\""));
            // As a number, too.
            let number: Amount = serde_json::from_str(sent).unwrap();
            assert_eq!(number.value(), read.value());
            assert_eq!(serde_json::to_string(&number).unwrap(), sent);
        }
    }

    #[test]
    fn what_is_no_amount_is_an_error() {
        for text in [
            "",
            "abc",
            "1.2.3",
            "1e",
            "--1",
            "79228162514264337593543950336",
            "1e29",
        ] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
            assert!(serde_json::from_str::<Amount>(&format!("\"{text}\"")).is_err());
        }
        for json in ["null", "true", "[]", "{}"] {
            assert!(serde_json::from_str::<Amount>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn flooring_goes_towards_zero() {
        for (sent, places, floored) in [
            ("1.999", 2, "1.99"),
            ("-1.999", 2, "-1.99"),
            ("0.009", 2, "0"),
            ("1.5", 8, "1.5"),
            ("0.999999999999999999", 0, "0"),
        ] {
            let floored: Decimal = amount(floored).into();
            assert_eq!(amount(sent).floor_to(places), floored, "{sent}");
        }
    }

    proptest! {
        #[test]
        fn any_text_of_up_to_28_digits_survives(
            negative in any::<bool>(),
            whole in "0|[1-9][0-9]{0,13}",
            fraction in "(\\.[0-9]{1,14})?",
        ) {
            let text = format!("{}{whole}{fraction}", if negative { "-" } else { "" });
            let read = amount(&text);
            prop_assert!(!read.is_cut());
            let back = serde_json::to_string(&read).unwrap();
            // But for the sign of a zero, which means nothing.
            if read.value().is_zero() {
                prop_assert_eq!(back, format!("\"{}\"", text.trim_start_matches('-')));
            } else {
                prop_assert_eq!(back, format!("\"{text}\""));
            }
            let number: Amount = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(number.value(), read.value());
        }

        #[test]
        fn a_cut_is_never_more_than_was_there(
            negative in any::<bool>(),
            whole in "0|[1-9][0-9]{0,27}",
            fraction in "\\.[0-9]{1,60}",
        ) {
            let text = format!("{}{whole}{fraction}", if negative { "-" } else { "" });
            let value = amount(&text).value();
            // Both written out with the same number of places, texts compare like numbers.
            let places = fraction.len() - 1;
            let shown = value.abs().to_string();
            let (shown_whole, shown_fraction) = shown.split_once('.').unwrap_or((&shown, ""));
            prop_assert_eq!(shown_whole, &whole);
            prop_assert!(shown_fraction.len() <= places);
            prop_assert!(fraction[1..].starts_with(shown_fraction), "{} {}", text, shown);
        }

        #[test]
        fn any_text_is_taken_or_refused(text in "\\PC{0,40}") {
            let _ = text.parse::<Amount>();
        }
    }
}
