//! The parameters of a request: members of the signed payload, and the query.

use indexmap::IndexMap;
use rust_decimal::Decimal;

use super::answer::Refusal;
use crate::Moment;
use crate::json::Json;

/// Above this no amount or price makes sense; below it the product of two can
/// be written.
const LARGEST: i64 = 1_000_000_000_000;

/// The parameters of one request, or of one order of a batch. Unknown ones are
/// there and nobody asks for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    fields: IndexMap<String, Json>,
    query: Vec<(String, String)>,
}

impl Params {
    pub(crate) fn new(fields: IndexMap<String, Json>, query: Option<&str>) -> Self {
        let query = query.unwrap_or_default().as_bytes();
        let query = url::form_urlencoded::parse(query);
        Self {
            fields,
            query: query.into_owned().collect(),
        }
    }

    /// Those of one member of a list.
    pub(crate) fn of_object(object: &Json) -> Option<Self> {
        let fields = object.as_object()?.clone();
        Some(Self {
            fields,
            query: Vec::new(),
        })
    }

    /// A member of the payload as it was sent.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.fields.get(name).filter(|value| **value != Json::Null)
    }

    /// A parameter as text, from the payload or else the query. An empty text
    /// is none.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = match self.get(name) {
            Some(value) => value.scalar(),
            None => self
                .query
                .iter()
                .find(|(given, _)| given == name)
                .map(|(_, value)| value.clone()),
        };
        text.filter(|text| !text.is_empty())
    }

    /// All values of a name in the query.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.query.iter().filter(|(given, _)| given == name);
        values.map(|(_, value)| value.as_str()).collect()
    }

    /// A parameter that must be given.
    pub(crate) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// A decimal above zero that must be given; `reason` is what is wrong
    /// otherwise.
    pub(crate) fn positive(&self, name: &str, reason: &str) -> Result<Decimal, Refusal> {
        let text = self.required(name)?;
        decimal(&text)
            .filter(|value| value.is_sign_positive() && !value.is_zero())
            .ok_or_else(|| Refusal::bad(reason, format!("Invalid {name}: '{text}'")))
    }

    /// A decimal above zero, if it is given.
    pub(crate) fn optional_positive(
        &self,
        name: &str,
        reason: &str,
    ) -> Result<Option<Decimal>, Refusal> {
        match self.text(name) {
            Some(_) => self.positive(name, reason).map(Some),
            None => Ok(None),
        }
    }

    /// `true` or `false`; `otherwise` if not given.
    pub(crate) fn boolean(&self, name: &str, otherwise: bool) -> Result<bool, Refusal> {
        match self.text(name).as_deref() {
            None => Ok(otherwise),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(other) => Err(value(name, other)),
        }
    }

    /// A whole number, if it is given.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.text(name)
            .map(|text| text.parse().map_err(|_| value(name, &text)))
            .transpose()
    }

    /// How many rows are wanted: at least one, cut to `most`.
    pub(crate) fn limit(
        &self,
        name: &str,
        otherwise: usize,
        most: usize,
    ) -> Result<usize, Refusal> {
        let Some(number) = self.integer(name)? else {
            return Ok(otherwise);
        };
        let number = usize::try_from(number).map_err(|_| value(name, &number.to_string()))?;
        Ok(number.min(most))
    }

    /// A point in time: seconds, milliseconds or ISO 8601, as number or text.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Moment>, Refusal> {
        self.text(name)
            .map(|text| {
                time(&text).ok_or_else(|| {
                    Refusal::bad(
                        "InvalidTimestampInPayload",
                        format!("Invalid timestamp for {name}: '{text}'"),
                    )
                })
            })
            .transpose()
    }
}

/// A parameter is missing.
pub(crate) fn missing(name: &str) -> Refusal {
    Refusal::bad(
        "MissingPayloadKey",
        format!("Missing '{name}' field in payload"),
    )
}

/// A parameter is not as it must be.
pub(crate) fn value(name: &str, text: &str) -> Refusal {
    Refusal::bad(
        "InvalidParameterValue",
        format!("Invalid value for {name}: '{text}'"),
    )
}

/// A decimal within reason.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let value: Decimal = text.parse().ok()?;
    (value.abs() <= Decimal::from(LARGEST)).then_some(value)
}

/// A point in time in any of the forms that the venue takes.
pub(crate) fn time(text: &str) -> Option<Moment> {
    if let Ok(number) = text.parse::<u64>() {
        // Milliseconds have been above this since 1973, seconds are below it
        // until the year 5138.
        return Some(if number >= 100_000_000_000 {
            Moment::from_nanoseconds(number.checked_mul(1_000_000)?)
        } else {
            Moment::from_seconds(number)
        });
    }
    Moment::parse_rfc3339(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_forms() {
        let moment = Moment::from_seconds(1_700_000_000);
        for text in ["1700000000", "1700000000000", "2023-11-14T22:13:20Z"] {
            assert_eq!(time(text), Some(moment), "{text}");
        }
        assert_eq!(time("yesterday"), None);
        assert_eq!(time("99999999999999999999"), None);
        assert_eq!(time("18446744073709551615"), None);
    }

    #[test]
    fn decimals_stay_within_reason() {
        assert_eq!(decimal("0.10"), Some(Decimal::new(10, 2)));
        assert_eq!(decimal("1000000000001"), None);
        assert_eq!(decimal("1e99"), None);
    }
}
