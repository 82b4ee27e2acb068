//! How an order is named.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scalar::Scalar;

/// The name of one order, or of all orders with one user reference.
///
/// ```
/// use kraken_core::OrderRef;
///
/// assert_eq!(serde_json::to_string(&OrderRef::from("OYVGEW-VYV5B-UUEXSK")).unwrap(), "\"OYVGEW-VYV5B-UUEXSK\"");
/// assert_eq!(serde_json::to_string(&OrderRef::from(47)).unwrap(), "47");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderRef {
    /// The venue's id of the order, written as a JSON string.
    Txid(String),
    /// The user's reference, written as a JSON number. It need not be unique:
    /// it names every order that bears it.
    Userref(i32),
}

impl From<&str> for OrderRef {
    fn from(txid: &str) -> Self {
        Self::Txid(txid.to_owned())
    }
}

impl From<String> for OrderRef {
    fn from(txid: String) -> Self {
        Self::Txid(txid)
    }
}

impl From<i32> for OrderRef {
    fn from(userref: i32) -> Self {
        Self::Userref(userref)
    }
}

impl fmt::Display for OrderRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Txid(txid) => f.write_str(txid),
            Self::Userref(userref) => userref.fmt(f),
        }
    }
}

impl Serialize for OrderRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Txid(txid) => serializer.serialize_str(txid),
            Self::Userref(userref) => serializer.serialize_i32(*userref),
        }
    }
}

impl<'de> Deserialize<'de> for OrderRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Scalar::deserialize(deserializer)? {
            Scalar::Number(digits) => digits.parse().map(Self::Userref).map_err(|_| {
                serde::de::Error::custom(format_args!(
                    "{digits} is no user reference: it must be a 32-bit integer"
                ))
            }),
            Scalar::Text(txid) => Ok(Self::Txid(txid)),
            Scalar::Bool(_) | Scalar::Other(_) => Err(serde::de::Error::custom(
                "expected an order id or a user reference",
            )),
        }
    }
}
