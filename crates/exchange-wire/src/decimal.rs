//! Exact decimals: `#[serde(with = "exchange_wire::decimal")]`.
//!
//! Reads a JSON string or a JSON number and writes a JSON string; [`number`] writes a JSON number.
//! Fits `Decimal` and `Option`, `Vec` and `IndexMap<String, _>` of it. For an `Option`, `null` and
//! the empty string are `None`.
//!
//! Nothing is ever rounded: text that a [`Decimal`] cannot hold exactly is an error.

use rust_decimal::Decimal;
use serde::de::Error;
use serde::{Deserializer, Serializer};
use serde_json::value::RawValue;

use crate::codec::{Codec, containers};
use crate::scalar::{self, FromScalar, Scalar};

/// The most decimal places a [`Decimal`] has.
const MAX_SCALE: i64 = 28;

/// The largest coefficient of a [`Decimal`], 2⁹⁶ − 1.
const MAX_COEFFICIENT: u128 = (1 << 96) - 1;

/// 10^0 to 10^28; the next one is beyond a [`Decimal`].
const POWERS_OF_TEN: [u128; 29] = {
    let mut powers = [1; 29];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// How much of a refused text an error shows, in characters.
const SHOWN: usize = 64;

/// Why a text is not an exact [`Decimal`]. Shows at most the first 64 characters of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// The text is not a decimal number.
    #[error("not a decimal number: {text:?}")]
    NotANumber {
        /// The text, cut to 64 characters.
        text: Box<str>,
    },
    /// The text is a number, but one with more digits than 96 bits and 28 decimal places hold.
    #[error("more digits than a decimal can hold exactly: {text:?}")]
    DoesNotFit {
        /// The text, cut to 64 characters.
        text: Box<str>,
    },
}

fn shown(text: &str) -> Box<str> {
    text.chars()
        .take(SHOWN)
        .collect::<String>()
        .into_boxed_str()
}

/// Reads a decimal exactly: an optional sign, digits, a fraction, an exponent (`-1.50`, `1e-7`).
///
/// The scale stays as sent (`"0.00"` has two decimal places) as far as 28 places and 96 bits
/// allow; beyond that, zeros at the end are dropped.
///
/// # Errors
/// [`DecimalError::NotANumber`] when the text is something else, white space included;
/// [`DecimalError::DoesNotFit`] when holding the value would need rounding.
pub fn parse_decimal(text: &str) -> Result<Decimal, DecimalError> {
    match parse_short(text.as_bytes()).map_or_else(|| parse_any(text.as_bytes()), Ok) {
        Ok(value) => Ok(value),
        Err(Refusal::NotANumber) => Err(DecimalError::NotANumber { text: shown(text) }),
        Err(Refusal::DoesNotFit) => Err(DecimalError::DoesNotFit { text: shown(text) }),
    }
}

enum Refusal {
    NotANumber,
    DoesNotFit,
}

/// The common case: at most 18 digits, no exponent, no plus sign. `None` leaves it to
/// [`parse_any`].
#[inline]
fn parse_short(text: &[u8]) -> Option<Decimal> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // 18 digits and a point; any more could overflow the accumulator.
    if digits.len() > 19 {
        return None;
    }
    let mut coefficient: u64 = 0;
    let mut count: u32 = 0;
    let mut point: Option<u32> = None;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            coefficient = coefficient * 10 + u64::from(digit);
            count += 1;
        } else if byte == b'.' && point.is_none() {
            point = Some(count);
        } else {
            return None;
        }
    }
    if count == 0 {
        return None;
    }
    let scale = point.map_or(0, |before| count - before);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "takes the two 32-bit words apart"
    )]
    let (low, middle) = (coefficient as u32, (coefficient >> 32) as u32);
    Some(Decimal::from_parts(low, middle, 0, negative, scale))
}

/// Any spelling, any length, one pass over the text.
fn parse_any(text: &[u8]) -> Result<Decimal, Refusal> {
    let (negative, rest) = split_sign(text);

    // The digits seen are `coefficient` followed by `zeros` zeros; zeros at the end are held back
    // so that a long tail of them costs no capacity.
    let mut coefficient: u128 = 0;
    let mut zeros: usize = 0;
    let mut any = false;
    let mut fits = true;
    let mut point = false;
    let mut fraction: i64 = 0;
    let mut exponent: i64 = 0;
    let mut bytes = rest.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'0'..=b'9' => {
                any = true;
                fraction += i64::from(point);
                if byte == b'0' {
                    zeros += usize::from(coefficient != 0);
                } else {
                    // The rest of the text must still be looked at: garbage is not a number.
                    match shifted(coefficient, zeros + 1) {
                        Some(room) if fits => {
                            coefficient = room + u128::from(byte - b'0');
                            fits = coefficient <= MAX_COEFFICIENT;
                        }
                        _ => fits = false,
                    }
                    zeros = 0;
                }
            }
            b'.' if !point => point = true,
            b'e' | b'E' if any => {
                exponent = parse_exponent(bytes.as_slice()).ok_or(Refusal::NotANumber)?;
                break;
            }
            _ => return Err(Refusal::NotANumber),
        }
    }
    if !any {
        return Err(Refusal::NotANumber);
    }
    if !fits {
        return Err(Refusal::DoesNotFit);
    }
    place(
        coefficient,
        zeros,
        negative,
        fraction.saturating_sub(exponent),
    )
}

/// Whether there is a minus sign, and what follows the sign.
fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [sign @ (b'-' | b'+'), rest @ ..] => (*sign == b'-', rest),
        rest => (false, rest),
    }
}

/// The digits after `e`. The cap keeps the arithmetic small; a value that far out never fits.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    const CAP: i64 = 1 << 40;
    let (negative, digits) = split_sign(text);
    if digits.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = (value * 10 + i64::from(byte - b'0')).min(CAP);
    }
    Some(if negative { -value } else { value })
}

/// `coefficient` and `zeros` zeros behind it, with the point `scale` places from the right.
fn place(coefficient: u128, zeros: usize, negative: bool, scale: i64) -> Result<Decimal, Refusal> {
    let kept_scale = scale.clamp(0, MAX_SCALE);
    if coefficient == 0 {
        return Ok(assemble(0, negative, places(kept_scale)));
    }
    let zeros = i64::try_from(zeros).unwrap_or(i64::MAX);
    // The fewer places are kept, the fewer zeros the coefficient must carry.
    (0..=kept_scale)
        .rev()
        .find_map(|kept| {
            let padding = zeros.saturating_sub(scale.saturating_sub(kept));
            let value = shifted(coefficient, usize::try_from(padding).ok()?)?;
            Some(assemble(value, negative, places(kept)))
        })
        .ok_or(Refusal::DoesNotFit)
}

/// A scale that is known to lie between 0 and 28, as the type a decimal wants.
fn places(scale: i64) -> u32 {
    u32::try_from(scale).unwrap_or(0)
}

/// `value` × 10^`places`, when that is within a decimal's coefficient.
fn shifted(value: u128, places: usize) -> Option<u128> {
    if value == 0 {
        return Some(0);
    }
    let power = POWERS_OF_TEN.get(places)?;
    value
        .checked_mul(*power)
        .filter(|&value| value <= MAX_COEFFICIENT)
}

/// A decimal of parts that are known to be in range.
fn assemble(coefficient: u128, negative: bool, scale: u32) -> Decimal {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "takes the three 32-bit words apart"
    )]
    let (low, middle, high) = (
        coefficient as u32,
        (coefficient >> 32) as u32,
        (coefficient >> 64) as u32,
    );
    Decimal::from_parts(low, middle, high, negative, scale)
}

/// The codec of this module: reads a string or a number, writes a string.
#[derive(Debug, Clone, Copy)]
pub enum Text {}

/// The codec of [`number`]: reads a string or a number, writes a number.
#[derive(Debug, Clone, Copy)]
pub enum Number {}

impl Codec<Decimal> for Text {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        scalar::read(deserializer)
    }

    fn write<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    fn read_option<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Decimal>, D::Error> {
        scalar::read(d)
    }
}

impl Codec<Decimal> for Number {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        scalar::read(deserializer)
    }

    fn write<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        write_number(value.to_string(), serializer)
    }

    fn read_option<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Decimal>, D::Error> {
        scalar::read(d)
    }
}

containers!(Text, Number);

const EXPECTED: &str = "a decimal as a string or a number";

impl<'de> FromScalar<'de> for Decimal {
    #[inline]
    fn from_content(content: &[u8]) -> Option<Self> {
        parse_short(content)
    }

    fn from_scalar<E: Error>(scalar: Scalar<'de>) -> Result<Self, E> {
        match scalar {
            Scalar::Number(text) | Scalar::Text(text) => parse_decimal(&text).map_err(E::custom),
            other => Err(other.unexpected(EXPECTED)),
        }
    }
}

impl<'de> FromScalar<'de> for Option<Decimal> {
    #[inline]
    fn from_content(content: &[u8]) -> Option<Self> {
        parse_short(content).map(Some)
    }

    fn from_scalar<E: Error>(scalar: Scalar<'de>) -> Result<Self, E> {
        match scalar {
            Scalar::Null => Ok(None),
            Scalar::Text(text) if text.is_empty() => Ok(None),
            scalar => Decimal::from_scalar(scalar).map(Some),
        }
    }
}

/// Writes digits as a JSON number without a float in between.
pub(crate) fn write_number<S: Serializer>(
    digits: String,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let raw = RawValue::from_string(digits).map_err(serde::ser::Error::custom)?;
    serde::Serialize::serialize(&raw, serializer)
}

/// Reads what [`Text`] reads.
///
/// # Errors
/// When the value is neither a string nor a number, or not an exact decimal.
pub fn deserialize<'de, T, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>
where
    Text: Codec<T>,
{
    Text::read(deserializer)
}

/// Writes decimals as JSON strings.
///
/// # Errors
/// Only those of the serializer.
pub fn serialize<T, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    Text: Codec<T>,
{
    Text::write(value, serializer)
}

/// Exact decimals that go out as JSON numbers: `#[serde(with = "exchange_wire::decimal::number")]`.
pub mod number {
    use serde::{Deserializer, Serializer};

    use super::Number;
    use crate::codec::Codec;

    /// Reads a string or a number.
    ///
    /// # Errors
    /// When the value is neither, or not an exact decimal.
    pub fn deserialize<'de, T, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>
    where
        Number: Codec<T>,
    {
        Number::read(deserializer)
    }

    /// Writes decimals as JSON numbers, every digit kept.
    ///
    /// # Errors
    /// Only those of the serializer.
    pub fn serialize<T, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
    where
        Number: Codec<T>,
    {
        Number::write(value, serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The digits as they are, zeros at the end and the sign of zero included.
    fn parts(value: Decimal) -> ([u8; 16], String) {
        (value.serialize(), value.to_string())
    }

    proptest! {
        /// The short way must not be told from the long one.
        #[test]
        fn the_common_case_agrees_with_any_other(
            text in prop_oneof![
                "-?[0-9]{0,20}(\\.[0-9]{0,20})?",
                "[-+.0-9eE\" ]{0,21}",
                "-?0{0,5}\\.?0{0,18}[0-9]{0,3}",
            ],
        ) {
            if let Some(short) = parse_short(text.as_bytes()) {
                let long = parse_any(text.as_bytes());
                prop_assert_eq!(long.ok().map(parts), Some(parts(short)));
            }
            let parsed = parse_decimal(&text).ok().map(parts);
            let json = serde_json::to_string(&text).unwrap();
            let read = serde_json::from_str::<crate::AsDecimal<Decimal>>(&json).ok();
            prop_assert_eq!(read.map(|value| parts(value.0)), parsed.clone());
            // As a number, where JSON has it for one.
            if serde_json::from_str::<&RawValue>(&text).is_ok_and(|raw| raw.get() == text)
                && !text.starts_with('"')
            {
                let read = serde_json::from_str::<crate::AsDecimal<Decimal>>(&text).ok();
                prop_assert_eq!(read.map(|value| parts(value.0)), parsed);
            }
        }

        /// What `rust_decimal` reads exactly, it reads alike.
        #[test]
        fn what_fits_is_what_rust_decimal_reads(text in "-?[0-9]{1,14}(\\.[0-9]{1,14})?") {
            let other = Decimal::from_str_exact(&text).unwrap();
            let read = parse_decimal(&text).unwrap();
            prop_assert_eq!((read, read.scale()), (other, other.scale()));
        }
    }
}
