//! How much may be deposited by one method.

use std::fmt;

use exchange_wire::{RawJson, parse_decimal};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scalar::Scalar;

/// The limit of a deposit method.
///
/// ```
/// use kraken_core::DepositLimit;
///
/// let limit: DepositLimit = serde_json::from_str("false").unwrap();
/// assert_eq!(limit, DepositLimit::Unlimited);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum DepositLimit {
    /// `false`: there is none.
    Unlimited,
    /// The most that may be deposited, in the asset of the method.
    Amount(Decimal),
    /// Something this version does not know, as received.
    Other(RawJson),
}

impl DepositLimit {
    /// The most that may be deposited, if that is told.
    pub const fn amount(&self) -> Option<Decimal> {
        match self {
            Self::Amount(amount) => Some(*amount),
            _ => None,
        }
    }
}

impl fmt::Display for DepositLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("false"),
            Self::Amount(amount) => amount.fmt(f),
            Self::Other(raw) => f.write_str(raw.get()),
        }
    }
}

impl Serialize for DepositLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unlimited => serializer.serialize_bool(false),
            Self::Amount(amount) => serializer.collect_str(amount),
            Self::Other(raw) => raw.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for DepositLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        let scalar = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
        Ok(match scalar {
            Scalar::Bool(false) => Self::Unlimited,
            Scalar::Text(text) | Scalar::Number(text) => match parse_decimal(&text) {
                Ok(amount) => Self::Amount(amount),
                Err(_) => Self::Other(raw),
            },
            Scalar::Bool(true) | Scalar::Other(_) => Self::Other(raw),
        })
    }
}
