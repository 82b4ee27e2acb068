//! Paging by cursor.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scalar::Scalar;

/// Which page of a list to give.
///
/// ```
/// use kraken_core::Cursor;
///
/// assert_eq!(serde_json::to_string(&Cursor::First).unwrap(), "true");
/// assert_eq!(serde_json::to_string(&Cursor::from("HgAAAg")).unwrap(), "\"HgAAAg\"");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cursor {
    /// `true`: the first page, with a cursor for the next one.
    First,
    /// `false`: no paging.
    None,
    /// The page after the one that gave this cursor.
    At(String),
}

impl From<&str> for Cursor {
    fn from(cursor: &str) -> Self {
        Self::At(cursor.to_owned())
    }
}

impl From<String> for Cursor {
    fn from(cursor: String) -> Self {
        Self::At(cursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "true",
            Self::None => "false",
            Self::At(cursor) => cursor,
        })
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::First => serializer.serialize_bool(true),
            Self::None => serializer.serialize_bool(false),
            Self::At(cursor) => serializer.serialize_str(cursor),
        }
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Scalar::deserialize(deserializer)? {
            Scalar::Bool(true) => Self::First,
            Scalar::Bool(false) => Self::None,
            scalar => Self::At(scalar.into_text()),
        })
    }
}
