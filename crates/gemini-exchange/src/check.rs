//! Checks of single parameters; the arguments stand in the endpoint's entry.

use exchange_transport::{At, InvalidField, check};
use exchange_wire::Decimal;

/// An integer must be from `min` to `max`, both included.
pub(crate) fn range<T: Copy + Into<i128>>(
    at: &At<'_>,
    value: &T,
    min: i64,
    max: i64,
) -> Result<(), InvalidField> {
    check::range(at, *value, Some(min), Some(max))
}

/// A text must have from `min` to `max` characters.
pub(crate) fn length(at: &At<'_>, value: &str, min: usize, max: usize) -> Result<(), InvalidField> {
    check::length(at, value, Some(min), Some(max))
}

/// A text must match.
pub(crate) fn pattern(at: &At<'_>, value: &str, pattern: &'static str) -> Result<(), InvalidField> {
    check::pattern(at, value, pattern)
}

/// A list must have from `min` to `max` items.
pub(crate) fn items<T>(
    at: &At<'_>,
    value: &[T],
    min: usize,
    max: usize,
) -> Result<(), InvalidField> {
    check::items(at, value.len(), Some(min), Some(max))
}

/// An amount or price must be above zero.
pub(crate) fn positive(at: &At<'_>, value: &Decimal) -> Result<(), InvalidField> {
    if value.is_sign_positive() && !value.is_zero() {
        return Ok(());
    }
    Err(InvalidField::new(at, "must be above 0", value))
}

/// The price of a contract of a prediction market must be from 0 to 1.
#[cfg(feature = "prediction-markets")]
pub(crate) fn price(at: &At<'_>, value: &Decimal) -> Result<(), InvalidField> {
    if (Decimal::ZERO..=Decimal::ONE).contains(value) {
        return Ok(());
    }
    Err(InvalidField::new(at, "must be from 0 to 1", value))
}

/// Each item must keep its own rules.
#[cfg(feature = "prediction-markets")]
pub(crate) fn each<T: exchange_transport::Check>(
    at: &At<'_>,
    value: &[T],
) -> Result<(), InvalidField> {
    value
        .iter()
        .enumerate()
        .try_for_each(|(index, item)| item.check(&at.index(index)))
}
