//! What travels between an exchange and a client: exact JSON and small value types.
//!
//! The rule of this crate: **a JSON number never passes through a binary float.** Amounts, prices
//! and times are taken from the text of the JSON itself, and unknown members are kept as text, so
//! no digit an exchange sends is lost and none is invented on the way back.
//!
//! That works because the types here ask `serde_json` for the raw text of a value, whatever
//! `serde_json` features another crate of the build turns on (`arbitrary_precision` included).
//! Serde's buffering adapters (`#[serde(flatten)]`, `#[serde(untagged)]`, internally tagged enums)
//! parse numbers into floats before a field sees them. The macros of this crate write the same
//! impls without a buffer: [`impl_with_rest!`] instead of `flatten`, [`impl_by_shape!`] instead of
//! `untagged`, [`impl_tuple!`] for rows sent as arrays. A number that did go through such a buffer
//! is refused when it has a fraction, never silently rounded.
//!
//! | Field | Attribute |
//! |---|---|
//! | `Decimal`, sent as a JSON string | `#[serde(with = "exchange_wire::decimal")]` |
//! | `Decimal`, sent as a JSON number | `#[serde(with = "exchange_wire::decimal::number")]` |
//! | a time | type [`Timestamp`], no attribute |
//! | a time that must go out as RFC 3339, or as Unix seconds in text | types [`Rfc3339`], [`UnixSeconds`] |
//! | an integer that may come as text | `#[serde(with = "exchange_wire::integer")]` |
//! | a list sent as `"a,b"` | `#[serde(with = "exchange_wire::comma")]` |
//! | a list that may be `null` | `#[serde(default, deserialize_with = "exchange_wire::null_as_default")]` |
//!
//! An attribute also fits `Option`, `Vec` and `IndexMap<String, _>` of what it is for, nested as
//! deep as wished. Serde wants `default` next to `with` for a member that may be missing.

pub mod adapters;
pub mod codec;
pub mod comma;
pub mod decimal;
pub mod decode;
pub mod integer;
mod lenient;
pub mod loss;
pub mod open_enum;
mod raw;
pub mod rest;
pub mod rfc3339;
mod scalar;
mod shape;
pub mod timestamp;
pub mod tuple;
pub mod unix_seconds;
#[cfg(feature = "watch")]
pub mod watch;

pub use adapters::{AsComma, AsDecimal, AsInteger};
pub use codec::Codec;
pub use decimal::{DecimalError, parse_decimal};
pub use decode::{DecodeError, from_slice, from_str};
pub use indexmap::IndexMap;
pub use lenient::null_as_default;
pub use loss::{Loss, losses};
pub use open_enum::OpenEnum;
pub use raw::RawJson;
pub use rfc3339::Rfc3339;
pub use rust_decimal::Decimal;
pub use timestamp::Timestamp;
pub use unix_seconds::UnixSeconds;

/// What the macros' expansions name; not for direct use.
#[doc(hidden)]
pub mod __private {
    pub use crate::shape::{reopened_map, reopened_seq};
    pub use serde;
}
