//! Reads one JSON scalar as the text it was sent as.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Unexpected, Visitor,
};

/// The name by which `serde_json` recognises a request for the raw text of a value.
///
/// `&RawValue` would do for borrowed input only, and `Box<RawValue>` allocates for every field.
/// Should `serde_json` ever change the name, a number with a fraction would be refused by
/// `visit_f64` below and the tests of this file would fail: nothing would be rounded.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// The name of a number's text when `arbitrary_precision` is on and the value was buffered.
const NUMBER: &str = "$serde_json::private::Number";

/// One JSON value, numbers and strings as exact text.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar<'de> {
    Null,
    Bool(bool),
    /// The digits as sent.
    Number(Cow<'de, str>),
    /// The string's content, escapes resolved.
    Text(Cow<'de, str>),
    Array,
    Object,
}

/// What can be made of a scalar.
pub(crate) trait FromScalar<'de>: Sized {
    /// The common case, without the cost of a [`Scalar`]: from the digits of a number, or from what
    /// stands between the quotation marks of a string, escapes not resolved. `None` leaves it to
    /// [`from_scalar`](Self::from_scalar), which must agree with it.
    fn from_content(_content: &[u8]) -> Option<Self> {
        None
    }

    /// From any scalar.
    fn from_scalar<E: Error>(scalar: Scalar<'de>) -> Result<Self, E>;
}

impl<'de> FromScalar<'de> for Scalar<'de> {
    fn from_scalar<E: Error>(scalar: Self) -> Result<Self, E> {
        Ok(scalar)
    }
}

/// Takes the next value from `deserializer` and makes a `T` of it.
#[inline]
pub(crate) fn read<'de, T: FromScalar<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    // Only here, outside of the visitor, does an error get the right place.
    match deserializer.deserialize_newtype_struct(RAW_VALUE, ScalarVisitor(PhantomData))? {
        Ok(value) => Ok(value),
        Err(scalar) => T::from_scalar(scalar),
    }
}

impl<'de> Scalar<'de> {
    /// Takes the next value from `deserializer`; fails only when the JSON itself is broken.
    pub(crate) fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer)
    }

    /// The error for a value of the wrong kind; tells the kind and never the content.
    pub(crate) fn unexpected<E: Error>(&self, expected: &str) -> E {
        let found = match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        };
        E::custom(format_args!("expected {expected}, found {found}"))
    }

    fn from_raw<E: Error>(raw: Cow<'de, str>) -> Result<Self, E> {
        Ok(match raw.as_bytes().first() {
            Some(b'"') => Self::Text(unquote(raw)?),
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'[') => Self::Array,
            Some(b'{') => Self::Object,
            _ => Self::Number(raw),
        })
    }
}

/// The content of a JSON string literal; borrows unless there are escapes to resolve.
fn unquote<E: Error>(raw: Cow<'_, str>) -> Result<Cow<'_, str>, E> {
    if raw.as_bytes().contains(&b'\\') {
        return serde_json::from_str(&raw)
            .map(Cow::Owned)
            .map_err(E::custom);
    }
    Ok(match raw {
        Cow::Borrowed(text) => Cow::Borrowed(
            text.strip_prefix('"')
                .and_then(|t| t.strip_suffix('"'))
                .unwrap_or(text),
        ),
        Cow::Owned(mut text) => {
            text.pop();
            text.remove(0);
            Cow::Owned(text)
        }
    })
}

struct ScalarVisitor<T>(PhantomData<fn() -> T>);

impl<'de, T: FromScalar<'de>> Visitor<'de> for ScalarVisitor<T> {
    type Value = Result<T, Scalar<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON string or number")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        match map.next_key::<Marker>()? {
            Some(Marker(true)) => map.next_value_seed(RawSeed(PhantomData)),
            _ => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }

    // The rest is for input that has been buffered or does not come from `serde_json`.

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Null))
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Bool(value)))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Text(Cow::Borrowed(value))))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Text(Cow::Owned(value.to_owned()))))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Text(Cow::Owned(value))))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Number(Cow::Owned(value.to_string()))))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Number(Cow::Owned(value.to_string()))))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Number(Cow::Owned(value.to_string()))))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Self::Value, E> {
        Ok(Err(Scalar::Number(Cow::Owned(value.to_string()))))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom(
            "a number was turned into a binary float before it could be read exactly; \
             serde's flatten, untagged and internally tagged forms do that",
        ))
    }
}

/// The raw text of a scalar.
struct RawSeed<T>(PhantomData<fn() -> T>);

impl<'de, T: FromScalar<'de>> RawSeed<T> {
    #[inline]
    fn quick(raw: &str) -> Option<T> {
        match raw.as_bytes() {
            [b'"', content @ .., b'"'] | content => T::from_content(content),
        }
    }
}

impl<'de, T: FromScalar<'de>> DeserializeSeed<'de> for RawSeed<T> {
    type Value = Result<T, Scalar<'de>>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, T: FromScalar<'de>> Visitor<'de> for RawSeed<T> {
    type Value = Result<T, Scalar<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, raw: &'de str) -> Result<Self::Value, E> {
        match Self::quick(raw) {
            Some(value) => Ok(Ok(value)),
            None => Scalar::from_raw(Cow::Borrowed(raw)).map(Err),
        }
    }

    fn visit_str<E: Error>(self, raw: &str) -> Result<Self::Value, E> {
        match Self::quick(raw) {
            Some(value) => Ok(Ok(value)),
            None => Scalar::from_raw(Cow::Owned(raw.to_owned())).map(Err),
        }
    }
}

/// Whether a key is one of the two names.
struct Marker(bool);

impl<'de> Deserialize<'de> for Marker {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(MarkerVisitor)
    }
}

struct MarkerVisitor;

impl Visitor<'_> for MarkerVisitor {
    type Value = Marker;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    #[inline]
    fn visit_str<E: Error>(self, key: &str) -> Result<Marker, E> {
        Ok(Marker(key == RAW_VALUE || key == NUMBER))
    }
}

/// Text that is borrowed from the input where the input allows it.
pub(crate) struct Text<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Scalar<'_> {
        Scalar::read(&mut serde_json::Deserializer::from_slice(json.as_bytes())).unwrap()
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        for (json, content) in [(r#""1.50""#, "1.50"), (r#" "" "#, ""), (r#""é""#, "é")] {
            match read(json) {
                Scalar::Text(Cow::Borrowed(text)) => assert_eq!(text, content),
                other => panic!("{json}: {other:?}"),
            }
        }
        for json in ["0.1000000000000000055511151231", "-1e400", "0"] {
            match read(json) {
                Scalar::Number(Cow::Borrowed(digits)) => assert_eq!(digits, json),
                other => panic!("{json}: {other:?}"),
            }
        }
    }

    #[test]
    fn every_kind_is_told_apart() {
        assert_eq!(read("null"), Scalar::Null);
        assert_eq!(read(" true"), Scalar::Bool(true));
        assert_eq!(read("false "), Scalar::Bool(false));
        assert_eq!(read("[1]"), Scalar::Array);
        assert_eq!(read("{}"), Scalar::Object);
        assert_eq!(read(r#""a\"\n\u00e9""#), Scalar::Text("a\"\né".into()));
    }

    #[test]
    fn an_object_cannot_pass_for_a_number() {
        let json = format!(r#"{{"{RAW_VALUE}":"1"}}"#);
        assert_eq!(read(&json), Scalar::Object);
        let json = format!(r#"{{"{NUMBER}":"1"}}"#);
        assert_eq!(read(&json), Scalar::Object);
    }

    #[test]
    fn input_that_is_not_json_is_read_as_what_it_is() {
        use serde::de::value::Error as Plain;
        use serde::de::{IntoDeserializer, value};

        let number: value::U64Deserializer<Plain> = 7_u64.into_deserializer();
        assert_eq!(Scalar::read(number).unwrap(), Scalar::Number("7".into()));
        let text: value::StrDeserializer<'_, Plain> = "x".into_deserializer();
        assert_eq!(Scalar::read(text).unwrap(), Scalar::Text("x".into()));
        let float: value::F64Deserializer<Plain> = 0.5.into_deserializer();
        assert!(
            Scalar::read(float)
                .unwrap_err()
                .to_string()
                .contains("binary float")
        );
    }
}
