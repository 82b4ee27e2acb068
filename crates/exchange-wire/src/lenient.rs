//! Reading `null` where a list or map was promised.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the default of the type; for lists and maps, that is empty.
///
/// `#[serde(default, deserialize_with = "exchange_wire::null_as_default")]` takes a missing member,
/// a `null` and a value.
///
/// # Errors
/// Those of the type's own impl.
pub fn null_as_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
