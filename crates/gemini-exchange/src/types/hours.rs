//! A number of hours.

use std::fmt;

use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};

/// A number of hours, such as `1.0`: the one parameter that goes out as a bare JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hours(#[serde(with = "exchange_wire::decimal::number")] Decimal);

impl Hours {
    /// The number.
    pub const fn value(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Decimal> for Hours {
    fn from(hours: Decimal) -> Self {
        Self(hours)
    }
}

impl From<u32> for Hours {
    fn from(hours: u32) -> Self {
        Self(hours.into())
    }
}
