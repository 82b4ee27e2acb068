//! Limits that the venue documents, checked before a call is sent.
//!
//! A refusal here costs nothing; the same refusal by the venue costs a round
//! trip and counts against the rate limit.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex_lite::Regex;

/// A parameter that breaks a documented limit; nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// Where it stands, such as `orders[3].volume`.
    pub field: String,
    /// What it must be, such as `must be from 1 to 500`.
    pub rule: String,
    /// What it is, shortened if it is long.
    pub value: String,
}

impl InvalidField {
    /// A breach of `rule` at `at`.
    pub fn new(at: &At<'_>, rule: impl Into<String>, value: impl fmt::Display) -> Self {
        Self {
            field: at.to_string(),
            rule: rule.into(),
            value: shortened(value.to_string()),
        }
    }
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}, got {}", self.field, self.rule, self.value)
    }
}

impl std::error::Error for InvalidField {}

const LONGEST_VALUE_SHOWN: usize = 80;

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_VALUE_SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Where a value stands in a request: a path of names and indexes that costs
/// nothing until it is printed.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    outer: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Name(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// The request itself.
    pub const ROOT: At<'static> = At {
        outer: None,
        step: Step::Root,
    };

    /// The member `name` of this.
    pub const fn name(&'a self, name: &'a str) -> At<'a> {
        At {
            outer: Some(self),
            step: Step::Name(name),
        }
    }

    /// The element `index` of this.
    pub const fn index(&'a self, index: usize) -> At<'a> {
        At {
            outer: Some(self),
            step: Step::Index(index),
        }
    }

    fn is_root(&self) -> bool {
        matches!(self.step, Step::Root)
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            outer.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Name(name) if self.outer.is_some_and(|outer| !outer.is_root()) => {
                write!(f, ".{name}")
            }
            Step::Name(name) => f.write_str(name),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// A request value that knows its own limits.
pub trait Check {
    /// Finds the first breach.
    ///
    /// # Errors
    ///
    /// The field, what it must be and what it is.
    fn check(&self, at: &At<'_>) -> Result<(), InvalidField>;
}

impl<T: Check> Check for Option<T> {
    fn check(&self, at: &At<'_>) -> Result<(), InvalidField> {
        self.as_ref().map_or(Ok(()), |value| value.check(at))
    }
}

impl<T: Check> Check for Vec<T> {
    fn check(&self, at: &At<'_>) -> Result<(), InvalidField> {
        self.iter()
            .enumerate()
            .try_for_each(|(index, value)| value.check(&at.index(index)))
    }
}

impl<T: Check + ?Sized> Check for Box<T> {
    fn check(&self, at: &At<'_>) -> Result<(), InvalidField> {
        (**self).check(at)
    }
}

/// An integer must be from `min` to `max`, both included.
pub fn range(
    at: &At<'_>,
    value: impl Into<i128>,
    min: Option<i64>,
    max: Option<i64>,
) -> Result<(), InvalidField> {
    within(
        at,
        value.into(),
        min.map(i128::from),
        max.map(i128::from),
        "be ",
        "",
    )
}

/// A text must have from `min` to `max` characters.
pub fn length(
    at: &At<'_>,
    text: &str,
    min: Option<usize>,
    max: Option<usize>,
) -> Result<(), InvalidField> {
    counted(at, text.chars().count(), min, max, "have ", " characters")
}

/// A list must have from `min` to `max` items.
pub fn items(
    at: &At<'_>,
    count: usize,
    min: Option<usize>,
    max: Option<usize>,
) -> Result<(), InvalidField> {
    counted(at, count, min, max, "have ", " items")
}

/// An integer must be one of a few.
pub fn one_of_int(
    at: &At<'_>,
    value: impl Into<i128>,
    allowed: &[i64],
) -> Result<(), InvalidField> {
    let value = value.into();
    if allowed.iter().any(|allowed| i128::from(*allowed) == value) {
        return Ok(());
    }
    let list: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    Err(InvalidField::new(
        at,
        format!("must be one of {}", list.join(", ")),
        value,
    ))
}

/// A text must match a regular expression. As in OpenAPI, it may match
/// anywhere unless it is anchored with `^` and `$`.
pub fn pattern(at: &At<'_>, text: &str, pattern: &'static str) -> Result<(), InvalidField> {
    // Each pattern is a constant of a venue crate, so the cache stays small.
    static COMPILED: LazyLock<Mutex<HashMap<&'static str, Option<Regex>>>> =
        LazyLock::new(Mutex::default);
    let regex = COMPILED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(pattern)
        .or_insert_with(|| Regex::new(pattern).ok())
        .clone();
    match regex {
        Some(regex) if regex.is_match(text) => Ok(()),
        Some(_) => Err(InvalidField::new(
            at,
            format!("must match `{pattern}`"),
            format!("`{text}`"),
        )),
        // The venue knows its pattern better than we do: let it decide.
        None => Ok(()),
    }
}

fn counted(
    at: &At<'_>,
    count: usize,
    min: Option<usize>,
    max: Option<usize>,
    verb: &str,
    unit: &str,
) -> Result<(), InvalidField> {
    let wide = |count: usize| i128::try_from(count).unwrap_or(i128::MAX);
    within(at, wide(count), min.map(wide), max.map(wide), verb, unit)
}

fn within(
    at: &At<'_>,
    value: i128,
    min: Option<i128>,
    max: Option<i128>,
    verb: &str,
    unit: &str,
) -> Result<(), InvalidField> {
    if min.is_none_or(|min| min <= value) && max.is_none_or(|max| value <= max) {
        return Ok(());
    }
    let bounds = match (min, max) {
        (Some(min), Some(max)) if min == max => format!("exactly {min}"),
        (Some(min), Some(max)) => format!("from {min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => return Ok(()),
    };
    Err(InvalidField::new(
        at,
        format!("must {verb}{bounds}{unit}"),
        value,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: At<'static> = At::ROOT.name("count");

    #[test]
    fn places_read_like_paths() {
        let orders = At::ROOT.name("orders");
        let order = orders.index(3);
        assert_eq!(At::ROOT.to_string(), "");
        assert_eq!(order.name("volume").to_string(), "orders[3].volume");
        assert_eq!(At::ROOT.index(0).to_string(), "[0]");
        assert_eq!(At::ROOT.index(0).name("id").to_string(), "[0].id");
    }

    #[test]
    fn bounds_are_included() {
        for good in [1, 250, 500] {
            range(&COUNT, good, Some(1), Some(500)).unwrap();
        }
        range(&COUNT, u64::MAX, Some(0), None).unwrap();
        range(&COUNT, i64::MIN, None, Some(0)).unwrap();
        let error = range(&COUNT, 501, Some(1), Some(500)).unwrap_err();
        assert_eq!(error.to_string(), "`count` must be from 1 to 500, got 501");
        let error = range(&COUNT, 0_u32, Some(1), None).unwrap_err();
        assert_eq!(error.to_string(), "`count` must be at least 1, got 0");
        let error = range(&COUNT, u64::MAX, None, Some(i64::MAX)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`count` must be at most 9223372036854775807, got 18446744073709551615"
        );
    }

    #[test]
    fn lengths_count_characters_not_bytes() {
        length(&COUNT, "éé", Some(2), Some(2)).unwrap();
        let error = length(&COUNT, "ééé", None, Some(2)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`count` must have at most 2 characters, got 3"
        );
        let error = length(&COUNT, "", Some(2), Some(2)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`count` must have exactly 2 characters, got 0"
        );
    }

    #[test]
    fn lists_have_bounds() {
        items(&COUNT, 2, Some(2), Some(15)).unwrap();
        let error = items(&COUNT, 16, Some(2), Some(15)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`count` must have from 2 to 15 items, got 16"
        );
    }

    #[test]
    fn one_of_a_few() {
        one_of_int(&COUNT, 60, &[1, 5, 60]).unwrap();
        let error = one_of_int(&COUNT, 2, &[1, 5, 60]).unwrap_err();
        assert_eq!(error.to_string(), "`count` must be one of 1, 5, 60, got 2");
    }

    #[test]
    fn patterns_match_anywhere_unless_anchored() {
        for _ in 0..2 {
            pattern(&COUNT, "VW44KPQC4C62K6", "^V[A-Z2-7]{13}$").unwrap();
            pattern(&COUNT, "xVx", "V").unwrap();
            let error = pattern(&COUNT, "W", "^V$").unwrap_err();
            assert_eq!(error.to_string(), "`count` must match `^V$`, got `W`");
        }
        // A pattern we can't read is the venue's to judge.
        pattern(&COUNT, "W", "(").unwrap();
    }

    #[test]
    fn long_values_are_shortened() {
        let error = pattern(&COUNT, &"é".repeat(1000), "^a$").unwrap_err();
        assert!(error.value.chars().count() < 100, "{error}");
    }

    #[test]
    fn lists_name_the_element() {
        struct Order(u8);
        impl Check for Order {
            fn check(&self, at: &At<'_>) -> Result<(), InvalidField> {
                range(&at.name("volume"), self.0, Some(1), None)
            }
        }
        let orders = At::ROOT.name("orders");
        vec![Order(1)].check(&orders).unwrap();
        None::<Order>.check(&orders).unwrap();
        let error = Some(vec![Order(1), Order(0)]).check(&orders).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`orders[1].volume` must be at least 1, got 0"
        );
    }
}
