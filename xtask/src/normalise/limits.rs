//! The limits a schema documents, as the rules that are checked before sending.

use serde_json::Value;

use super::lower::text;
use crate::model::Check;

/// The rules of a schema that are checked before sending.
pub(crate) fn checks(schema: &Value) -> Vec<Check> {
    let mut checks = Vec::new();
    let whole = |key: &str| schema.get(key).and_then(Value::as_u64);
    match text(schema, "type") {
        Some("integer") => {
            if let Some(values) = schema.get("enum").and_then(Value::as_array) {
                checks.push(Check::OneOf(
                    values.iter().filter_map(Value::as_i64).collect(),
                ));
            }
            let bound = |key: &str| {
                schema
                    .get(key)
                    .and_then(|bound| bound.as_i64().or_else(|| bound.as_f64().map(whole_number)))
            };
            let (low, high) = (bound("minimum"), bound("maximum"));
            if low.is_some() || high.is_some() {
                checks.push(Check::Range(low, high));
            }
        }
        Some("string") if schema.get("x-format").is_none() => {
            let (low, high) = (whole("minLength"), whole("maxLength"));
            if low.is_some() || high.is_some() {
                checks.push(Check::Length(low, high));
            }
            if let Some(pattern) = text(schema, "pattern") {
                checks.push(Check::Pattern(pattern.to_owned()));
            }
        }
        Some("array") => {
            let (low, high) = (whole("minItems"), whole("maxItems"));
            if low.is_some() || high.is_some() {
                checks.push(Check::Items(low, high));
            }
        }
        _ => {}
    }
    checks
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "bounds of integers are small whole numbers, and `as` saturates"
)]
fn whole_number(bound: f64) -> i64 {
    bound as i64
}
