//! Values that come as a number or as a text.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// An id or a count of which it is not certain whether it comes as a JSON number or a JSON text.
/// Both are read, and written back as they came.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NumberOrText(Form);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    Number(i64),
    Text(Box<str>),
}

impl NumberOrText {
    /// The value as a number; `None` if it is a text that is none.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Form::Number(number) => Some(*number),
            Form::Text(text) => text.parse().ok(),
        }
    }
}

impl From<i64> for NumberOrText {
    fn from(number: i64) -> Self {
        Self(Form::Number(number))
    }
}

impl From<&str> for NumberOrText {
    fn from(text: &str) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl fmt::Display for NumberOrText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Number(number) => number.fmt(f),
            Form::Text(text) => text.fmt(f),
        }
    }
}

impl fmt::Debug for NumberOrText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Number(number) => number.fmt(f),
            Form::Text(text) => fmt::Debug::fmt(text, f),
        }
    }
}

impl Serialize for NumberOrText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Number(number) => serializer.serialize_i64(*number),
            Form::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for NumberOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        exchange_wire::decode::any_form();
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = NumberOrText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer or a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<NumberOrText, E> {
        Ok(text.into())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<NumberOrText, E> {
        Ok(number.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<NumberOrText, E> {
        i64::try_from(number)
            .map(Into::into)
            .map_err(|_| E::custom("larger than any number expected here"))
    }

    // How `serde_json` hands over numbers if some crate of the build turned on
    // `arbitrary_precision`.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NumberOrText, A::Error> {
        let digits = map.next_entry::<String, String>()?;
        digits
            .and_then(|(_, digits)| digits.parse::<i64>().ok())
            .map(Into::into)
            .ok_or_else(|| de::Error::invalid_type(de::Unexpected::Map, &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_survive() {
        for (json, number) in [
            ("17", Some(17)),
            ("\"17\"", Some(17)),
            ("\"x\"", None),
            ("-1", Some(-1)),
        ] {
            let value: NumberOrText = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            assert_eq!(value.as_i64(), number);
        }
        assert!(serde_json::from_str::<NumberOrText>("[]").is_err());
    }
}
