//! Lists that travel as one text: `#[serde(with = "exchange_wire::comma")]`.
//!
//! Fits `Vec<T>` and `Option<Vec<T>>` of any `T` that is read with `FromStr` and written with
//! `Display`. Reads a string (`"fcib, post"`), an array of strings, or `null` for an empty list;
//! writes one string. Blanks around items and empty items are dropped.

use std::fmt::{self, Display, Write};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserializer, Serializer, ser};

use crate::codec::Codec;
use crate::scalar::Text;

/// The codec of this module.
#[derive(Debug, Clone, Copy)]
pub enum Comma {}

impl<T: FromStr<Err: Display> + Display> Codec<Vec<T>> for Comma {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(ListVisitor {
            null: true,
            item: PhantomData,
        })
    }

    fn read_strict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(ListVisitor {
            null: false,
            item: PhantomData,
        })
    }

    fn write<S: Serializer>(value: &Vec<T>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut joined = String::new();
        for item in value {
            if !joined.is_empty() {
                joined.push(',');
            }
            let start = joined.len();
            write!(joined, "{item}").map_err(ser::Error::custom)?;
            // Such an item would be read as two, or as none: another request than was meant.
            if joined[start..].contains(',') || joined[start..].trim().is_empty() {
                return Err(ser::Error::custom(
                    "an item of a comma-separated list is empty or holds a comma",
                ));
            }
        }
        serializer.serialize_str(&joined)
    }
}

impl<T: FromStr<Err: Display> + Display> Codec<Option<Vec<T>>> for Comma {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
        Self::read_option(deserializer)
    }

    fn write<S: Serializer>(value: &Option<Vec<T>>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(list) => Self::write(list, serializer),
            None => serializer.serialize_none(),
        }
    }
}

struct ListVisitor<T> {
    /// Whether `null` is an empty list.
    null: bool,
    item: PhantomData<fn() -> T>,
}

impl<T: FromStr<Err: Display>> ListVisitor<T> {
    fn add<E: Error>(list: &mut Vec<T>, text: &str) -> Result<(), E> {
        for item in text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            list.push(item.parse().map_err(E::custom)?);
        }
        Ok(())
    }
}

impl<'de, T: FromStr<Err: Display>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a comma-separated string or an array of strings")
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
        if self.null {
            Ok(Vec::new())
        } else {
            Err(E::invalid_type(Unexpected::Unit, &self))
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        let mut list = Vec::new();
        Self::add(&mut list, text)?;
        Ok(list)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(Text(item)) = seq.next_element()? {
            Self::add(&mut list, &item)?;
        }
        Ok(list)
    }
}

/// Reads a list from one comma-separated string, an array of strings or `null`.
///
/// # Errors
/// When the value is something else, or an item does not parse.
pub fn deserialize<'de, T, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>
where
    Comma: Codec<T>,
{
    Comma::read(deserializer)
}

/// Writes one comma-separated string.
///
/// # Errors
/// When an item is empty or holds a comma: it would be read back as another list.
pub fn serialize<T, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    Comma: Codec<T>,
{
    Comma::write(value, serializer)
}
