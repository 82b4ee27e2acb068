//! Prices of orders: absolute, or relative to the market.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use exchange_wire::parse_decimal;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use crate::scalar::Scalar;

/// A price in an order.
///
/// | Rust | On the wire | Meaning |
/// |---|---|---|
/// | `OrderPrice::from(dec!(37500))` | `37500` | this price, in the quote currency |
/// | [`plus`](Self::plus)`(50)` | `+50` | 50 above the reference price |
/// | [`minus_percent`](Self::minus_percent)`(2)` | `-2%` | 2 % below it |
/// | [`either`](Self::either)`(1.5)` | `#1.5` | above or below it, as fits side and type of the order |
///
/// The reference is the last trade; for the limit of a trailing stop it is the
/// trigger price.
///
/// Answers hold prices in the same forms. One this version can't read is kept
/// as [`Other`](Self::Other), so decoding never fails.
///
/// ```
/// use kraken_core::OrderPrice;
///
/// assert_eq!(OrderPrice::minus_percent(2.into()).to_string(), "-2%");
/// assert_eq!("+50".parse(), Ok(OrderPrice::plus(50.into())));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderPrice {
    /// A price in the quote currency. A negative one can't be sent: the venue
    /// would take its sign for a relative price.
    Absolute(Decimal),
    /// A distance from the reference price.
    Relative {
        /// To which side.
        sign: PriceSign,
        /// How far, not negative.
        value: Decimal,
        /// Whether `value` is in percent and not in the quote currency.
        percent: bool,
    },
    /// A text that is neither, as received.
    Other(Box<str>),
}

/// To which side of the reference price a relative price lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PriceSign {
    /// `+`, above.
    Plus,
    /// `-`, below.
    Minus,
    /// `#`, to the side that fits side and type of the order.
    Hash,
}

impl PriceSign {
    const fn as_char(self) -> char {
        match self {
            Self::Plus => '+',
            Self::Minus => '-',
            Self::Hash => '#',
        }
    }
}

impl OrderPrice {
    /// `value` above the reference price.
    pub const fn plus(value: Decimal) -> Self {
        Self::Relative {
            sign: PriceSign::Plus,
            value,
            percent: false,
        }
    }

    /// `value` below the reference price.
    pub const fn minus(value: Decimal) -> Self {
        Self::Relative {
            sign: PriceSign::Minus,
            value,
            percent: false,
        }
    }

    /// `value` to the side of the reference price that fits the order.
    pub const fn either(value: Decimal) -> Self {
        Self::Relative {
            sign: PriceSign::Hash,
            value,
            percent: false,
        }
    }

    /// `value` percent above the reference price.
    pub const fn plus_percent(value: Decimal) -> Self {
        Self::Relative {
            sign: PriceSign::Plus,
            value,
            percent: true,
        }
    }

    /// `value` percent below the reference price.
    pub const fn minus_percent(value: Decimal) -> Self {
        Self::Relative {
            sign: PriceSign::Minus,
            value,
            percent: true,
        }
    }

    /// `value` percent to the side of the reference price that fits the order.
    pub const fn either_percent(value: Decimal) -> Self {
        Self::Relative {
            sign: PriceSign::Hash,
            value,
            percent: true,
        }
    }

    /// The price, if it is absolute.
    pub const fn absolute(&self) -> Option<Decimal> {
        match self {
            Self::Absolute(value) => Some(*value),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let sign = match text.as_bytes().first()? {
            b'+' => PriceSign::Plus,
            b'-' => PriceSign::Minus,
            b'#' => PriceSign::Hash,
            _ => return parse_decimal(text).ok().map(Self::Absolute),
        };
        let rest = &text[1..];
        let (digits, percent) = match rest.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (rest, false),
        };
        // A second sign would be lost in writing it back.
        if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return None;
        }
        let value = parse_decimal(digits).ok()?;
        Some(Self::Relative {
            sign,
            value,
            percent,
        })
    }
}

impl From<Decimal> for OrderPrice {
    fn from(price: Decimal) -> Self {
        Self::Absolute(price)
    }
}

impl FromStr for OrderPrice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::parse(text).unwrap_or_else(|| Self::Other(text.into())))
    }
}

impl fmt::Display for OrderPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(value) => value.fmt(f),
            Self::Relative {
                sign,
                value,
                percent,
            } => {
                write!(
                    f,
                    "{}{value}{}",
                    sign.as_char(),
                    if *percent { "%" } else { "" }
                )
            }
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Serialize for OrderPrice {
    /// Writes a JSON string.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Absolute(value) | Self::Relative { value, .. } = self
            && value.is_sign_negative()
            && !value.is_zero()
        {
            return Err(ser::Error::custom(format_args!(
                "the price {value} is negative; for a price below the market use \
                 OrderPrice::minus with a positive distance"
            )));
        }
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OrderPrice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Scalar::deserialize(deserializer)?.into_text();
        Ok(Self::parse(&text).unwrap_or_else(|| Self::Other(text.into())))
    }
}
