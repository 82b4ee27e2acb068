//! Integers that may come as text: `#[serde(with = "exchange_wire::integer")]`.
//!
//! Reads a JSON number or a string of digits and writes a JSON number. Fits `i64`, `u64`, `i32`,
//! `u32` and `Option`, `Vec` and `IndexMap<String, _>` of them. A number with a fraction of zeros
//! or an exponent (`5.0`, `1e3`) is the integer it equals; any other fraction is an error. For an
//! `Option`, `null` and the empty string are `None`.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::Error;
use serde::{Deserializer, Serialize, Serializer};

use crate::codec::{Codec, containers};
use crate::decimal::parse_decimal;
use crate::scalar::{self, FromScalar, Scalar};

/// The codec of this module.
#[derive(Debug, Clone, Copy)]
pub enum Integer {}

macro_rules! integers {
    ($($integer:ty),+) => {$(
        impl Codec<$integer> for Integer {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$integer, D::Error> {
                scalar::read(deserializer)
            }

            fn write<S: Serializer>(value: &$integer, serializer: S) -> Result<S::Ok, S::Error> {
                value.serialize(serializer)
            }

            fn read_option<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<$integer>, D::Error> {
                scalar::read(deserializer)
            }
        }

        impl<'de> FromScalar<'de> for $integer {
            #[inline]
            fn from_content(content: &[u8]) -> Option<Self> {
                std::str::from_utf8(content).ok()?.parse().ok()
            }

            fn from_scalar<E: Error>(scalar: Scalar<'de>) -> Result<Self, E> {
                parse(&scalar)
            }
        }

        impl<'de> FromScalar<'de> for Option<$integer> {
            #[inline]
            fn from_content(content: &[u8]) -> Option<Self> {
                <$integer>::from_content(content).map(Some)
            }

            fn from_scalar<E: Error>(scalar: Scalar<'de>) -> Result<Self, E> {
                match scalar {
                    Scalar::Null => Ok(None),
                    Scalar::Text(text) if text.is_empty() => Ok(None),
                    scalar => parse(&scalar).map(Some),
                }
            }
        }
    )+};
}
integers!(i64, u64, i32, u32);
containers!(Integer);

fn parse<T: FromStr + TryFrom<i128>, E: Error>(scalar: &Scalar<'_>) -> Result<T, E> {
    let (Scalar::Number(text) | Scalar::Text(text)) = scalar else {
        return Err(scalar.unexpected("an integer as a number or a string"));
    };
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    let value = parse_decimal(text).map_err(E::custom)?.normalize();
    whole(value)
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| {
            E::custom(format_args!(
                "{value} is not an integer of the field's range"
            ))
        })
}

fn whole(value: Decimal) -> Option<i128> {
    (value.scale() == 0).then(|| value.mantissa())
}

/// Reads an integer from a number or a string.
///
/// # Errors
/// When the value is neither, not whole, or out of the type's range.
pub fn deserialize<'de, T, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>
where
    Integer: Codec<T>,
{
    Integer::read(deserializer)
}

/// Writes a JSON number.
///
/// # Errors
/// Only those of the serializer.
pub fn serialize<T, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    Integer: Codec<T>,
{
    Integer::write(value, serializer)
}
