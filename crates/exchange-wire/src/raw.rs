//! JSON kept as text.

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::decode::{DecodeError, from_slice};

/// Any JSON value, kept exactly as it was sent: the type of members this version does not know.
///
/// Digits of unknown numbers survive, as does the order of members. Two values are equal when
/// their texts are, white space between tokens aside: `1.0` and `1.00` differ, and so do objects
/// with their members in another order.
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Reads the value as a `T`.
    ///
    /// # Errors
    /// When the JSON does not fit `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        from_slice(self.get().as_bytes())
    }

    /// The JSON of a value.
    ///
    /// # Errors
    /// When the value's own `Serialize` fails or makes a map with keys that are not text.
    pub fn from_serialize<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        to_raw_value(value).map(Self)
    }

    /// The value as a `serde_json` tree, for looking around in it. Numbers with a fraction become
    /// binary floats there; take [`get`](Self::get) or [`decode`](Self::decode) for exact ones.
    ///
    /// # Errors
    /// When the JSON is nested too deep or has a number beyond a float's range.
    pub fn to_value(&self) -> Result<serde_json::Value, DecodeError> {
        self.decode()
    }
}

/// `null`.
impl Default for RawJson {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

/// The JSON text.
impl fmt::Debug for RawJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.get())
    }
}

/// The JSON text.
impl fmt::Display for RawJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.get())
    }
}

/// Checks and keeps a JSON text.
impl FromStr for RawJson {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        from_slice(text.as_bytes())
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get() || tokens(self.get()).eq(tokens(other.get()))
    }
}

impl Eq for RawJson {}

/// The bytes of a JSON text without the white space between tokens.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = u8> + '_ {
    let mut in_string = false;
    let mut escaped = false;
    text.bytes().filter(move |&byte| {
        if in_string {
            if escaped {
                escaped = false;
            } else {
                escaped = byte == b'\\';
                in_string = byte != b'"';
            }
            return true;
        }
        in_string = byte == b'"';
        !byte.is_ascii_whitespace()
    })
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "watch")]
        crate::watch::any_form();
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
