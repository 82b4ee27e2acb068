//! Words of a description, which are counted and not listed.

use std::collections::BTreeMap;

use serde_json::Value;

/// How much of the prose and of the examples differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prose {
    /// Summaries, titles and descriptions that are not on both sides.
    pub texts: usize,
    /// Examples that are not on both sides.
    pub examples: usize,
}

impl Prose {
    /// Whether nothing differs.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// Compares all prose, wherever it stands, so that moving a part counts nothing.
pub(super) fn compare(old: &Value, new: &Value) -> Prose {
    let (mut texts, mut examples) = (BTreeMap::new(), BTreeMap::new());
    collect(old, 1, &mut texts, &mut examples);
    collect(new, -1, &mut texts, &mut examples);
    // A text that is another now is missing on either side: it counts once.
    let differing = |counts: BTreeMap<String, i64>| {
        let sum = |sign: i64| -> i64 { counts.values().map(|n| (n * sign).max(0)).sum() };
        usize::try_from(sum(1).max(sum(-1))).unwrap_or_default()
    };
    Prose {
        texts: differing(texts),
        examples: differing(examples),
    }
}

fn collect(
    node: &Value,
    sign: i64,
    texts: &mut BTreeMap<String, i64>,
    examples: &mut BTreeMap<String, i64>,
) {
    match node {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("description" | "summary" | "title" | "x-doc", Value::String(text)) => {
                        *texts.entry(text.trim().to_owned()).or_default() += sign;
                    }
                    ("example" | "examples", _) => {
                        *examples.entry(value.to_string()).or_default() += sign;
                    }
                    _ => collect(value, sign, texts, examples),
                }
            }
        }
        Value::Array(list) => {
            for value in list {
                collect(value, sign, texts, examples);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rewording_counts_and_moving_does_not() {
        let old = json!({"a": {"description": "one"}, "b": {"description": "two", "example": 1}});
        let moved =
            json!({"b": {"description": "two", "example": 1}, "c": {"description": "one "}});
        assert!(compare(&old, &moved).is_none());
        let other =
            json!({"a": {"description": "eins"}, "b": {"description": "two", "example": 2}});
        let prose = compare(&old, &other);
        assert_eq!((prose.texts, prose.examples), (1, 1));
    }
}
