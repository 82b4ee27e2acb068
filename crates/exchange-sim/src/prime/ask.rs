//! Reads what clients ask: the members of an element of `data` or `streams`.
//!
//! Errors are the texts of `error` messages. The vendor documents none of them.

use std::time::Duration;

use rust_decimal::Decimal;

use crate::Moment;
use crate::json::Json;

/// No text that is kept is longer.
const LONGEST: usize = 200;

/// Numbers of this size and above are no amounts.
const HUGE: i64 = 1_000_000_000_000_000;

/// One element. Members that nobody asks for are not looked at, and `null` is as good as none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a>(&'a Json);

impl<'a> Ask<'a> {
    pub(crate) fn new(element: &'a Json) -> Result<Self, String> {
        match element {
            Json::Object(_) => Ok(Self(element)),
            _ => Err("must be an object".to_owned()),
        }
    }

    pub(crate) fn get(self, name: &str) -> Option<&'a Json> {
        self.0.get(name).filter(|value| **value != Json::Null)
    }

    /// A text that is not empty, if it is given.
    pub(crate) fn text(self, name: &str) -> Result<Option<&'a str>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_str() {
            Some("") | None => Err(format!("{name} must be a text")),
            Some(text) if text.len() > LONGEST => Err(format!("{name} is too long")),
            Some(text) => Ok(Some(text)),
        }
    }

    pub(crate) fn required(self, name: &str) -> Result<&'a str, String> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A decimal in a string.
    pub(crate) fn decimal(self, name: &str) -> Result<Option<Decimal>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let parsed = value.as_str().and_then(decimal);
        parsed
            .map(Some)
            .ok_or_else(|| format!("{name} must be a decimal in a string"))
    }

    pub(crate) fn required_decimal(self, name: &str) -> Result<Decimal, String> {
        self.decimal(name)?.ok_or_else(|| missing(name))
    }

    pub(crate) fn time(self, name: &str) -> Result<Option<Moment>, String> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let parsed = Moment::parse_rfc3339(text);
        parsed
            .map(Some)
            .ok_or_else(|| format!("{name} must be a time"))
    }

    pub(crate) fn duration(self, name: &str) -> Result<Option<Duration>, String> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let parsed = duration(text);
        parsed
            .map(Some)
            .ok_or_else(|| format!("{name} must be a duration such as 300ms"))
    }

    /// One of the names that something can have.
    pub(crate) fn choice<T: Copy>(
        self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, String> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let found = choices.iter().find(|(choice, _)| *choice == text);
        found.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
            format!("{name} must be one of {}", names.join(", "))
        })
    }

    /// A list of texts; empty if it is not given.
    pub(crate) fn texts(self, name: &str) -> Result<Vec<String>, String> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        let texts = value.as_list().and_then(|elements| {
            let texts = elements.iter().take(LONGEST + 1);
            let texts = texts.map(|element| element.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        });
        texts
            .filter(|texts| texts.len() <= LONGEST)
            .filter(|texts| texts.iter().all(|text| text.len() <= LONGEST))
            .ok_or_else(|| format!("{name} must be a list of texts"))
    }
}

/// The parameters that strategies have, of an object that may be anything and is kept.
pub(crate) fn known_parameters(parameters: &Json) -> Json {
    let known = [
        "ClipSize",
        "ClipInterval",
        "StartTime",
        "EndTime",
        "Variance",
        "ErrorAction",
        "TriggerPrice",
    ];
    let members = known.into_iter().filter_map(|name| {
        let text = parameters.get(name)?.as_str()?;
        (text.len() <= LONGEST).then_some((name, text))
    });
    members.collect()
}

pub(crate) fn missing(name: &str) -> String {
    format!("missing {name}")
}

/// Digits with at most one point between them, and a sign at most before them.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > 60 || !plain(whole) || !plain(part) {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

/// Whether it is of a size that amounts and prices have, so that nothing that is worked out with
/// it overflows.
pub(crate) fn is_sane(value: Decimal) -> bool {
    value.abs() < Decimal::from(HUGE) && value.normalize().scale() <= 18
}

/// Numbers with units, added up: `300ms`, `1m30s`, `0.5h`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut nanoseconds = Decimal::ZERO;
    while !rest.is_empty() {
        let end = rest.find(|c: char| c != '.' && !c.is_ascii_digit())?;
        let number = decimal(rest.get(..end)?).filter(|number| is_sane(*number))?;
        rest = rest.get(end..)?;
        let end = rest
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit: i64 = match rest.get(..end)? {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        rest = rest.get(end..)?;
        nanoseconds = nanoseconds.checked_add(number.checked_mul(unit.into())?)?;
    }
    if text.is_empty() {
        return None;
    }
    u64::try_from(nanoseconds.trunc())
        .ok()
        .map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_plain_and_exact() {
        for text in ["0", "-1.50", "0.00000001", "123456789012345678901234567.8"] {
            assert_eq!(decimal(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "1e5",
            "NaN",
            "inf",
            "1_0",
            " 1",
            "--1",
            "1.2.3",
            "99999999999999999999999999999999",
            "0.00000000000000000000000000000000001",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn durations_add_up() {
        for (text, milliseconds) in [
            ("300ms", 300),
            ("1m", 60_000),
            ("1.5s", 1_500),
            ("2h45m", 9_900_000),
        ] {
            assert_eq!(
                duration(text),
                Some(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "5",
            "s",
            "5 s",
            "-1s",
            "1.s",
            "1x",
            "99999999999999h",
            "1sm",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn members_are_what_they_must_be() {
        let json =
            Json::parse(br#"{"a":"x","b":1,"c":null,"d":"","e":["x","y"],"f":[1],"g":"1.5"}"#)
                .unwrap();
        let ask = Ask::new(&json).unwrap();
        assert_eq!(ask.text("a"), Ok(Some("x")));
        assert_eq!(ask.text("c"), Ok(None));
        assert!(ask.text("b").is_err() && ask.text("d").is_err() && ask.required("c").is_err());
        assert_eq!(ask.texts("e").unwrap(), ["x", "y"]);
        assert!(ask.texts("f").is_err() && ask.texts("a").is_err());
        assert_eq!(ask.decimal("g"), Ok(Some(Decimal::new(15, 1))));
        assert!(ask.decimal("b").is_err() && ask.decimal("a").is_err());
        assert!(ask.choice("a", &[("y", 1)]).is_err());
        assert!(Ask::new(&Json::Null).is_err());
    }
}
