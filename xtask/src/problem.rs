//! What can be wrong with a description, in a form a maintainer can act on.
//!
//! Every stage collects its problems instead of stopping at the first, so that one run of
//! `cargo xtask regen` shows everything there is to mend.

use std::fmt;

/// One thing the generator can't go on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file it is in.
    pub file: String,
    /// The operation it belongs to, where there is one.
    pub operation: Option<String>,
    /// JSON pointer of the place, after the overlay was applied.
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
    /// What would mend it; for a description this is an overlay action.
    pub mend: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(operation) = &self.operation {
            write!(f, ", operation {operation}")?;
        }
        if !self.pointer.is_empty() {
            write!(f, ", at {}", self.pointer)?;
        }
        write!(f, "\n    {}", self.reason)?;
        if let Some(mend) = &self.mend {
            write!(f, "\n    mend:")?;
            for line in mend.lines() {
                write!(f, "\n      {line}")?;
            }
        }
        Ok(())
    }
}

/// All problems of a run, as one error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// `Ok` when nothing was found, else all of it.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        writeln!(
            f,
            "{count} problem{}, nothing was written:",
            if count == 1 { "" } else { "s" }
        )?;
        for (index, problem) in self.0.iter().enumerate() {
            writeln!(f, "\n{:>3}. {problem}", index + 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// Where the maintainer has to write a reason.
pub(crate) const PLACEHOLDER: &str = "why the description is wrong here";

/// The overlay action that sets `update` (YAML, one entry a line) at a JSON pointer.
pub fn action(pointer: &str, update: &str) -> String {
    let mut text = format!(
        "- target: {}\n  description: {PLACEHOLDER}\n  update:",
        target(&json_path(pointer))
    );
    for line in update.lines() {
        text.push_str("\n    ");
        text.push_str(line);
    }
    text
}

/// The overlay action that takes away what is at a JSON pointer.
pub fn removal(pointer: &str) -> String {
    format!(
        "- target: {}\n  description: why it can go\n  remove: true",
        target(&json_path(pointer))
    )
}

/// The overlay actions that put something else in the place of a bad reference.
pub fn without_reference(pointer: &str) -> String {
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    let mend = if parent.ends_with("/parameters") {
        removal(pointer)
    } else {
        format!(
            "{}\n{}",
            removal(&join(pointer, "$ref")),
            action(pointer, "x-format: json")
        )
    };
    format!("# or add the component to the description\n{mend}")
}

/// A JSONPath as YAML: quoted where YAML would read something else.
fn target(path: &str) -> String {
    if path.contains(": ") || path.contains(" #") || path.chars().any(char::is_control) {
        format!("'{}'", path.replace('\'', "''"))
    } else {
        path.to_owned()
    }
}

/// A JSON pointer as the JSONPath that an overlay wants.
pub fn json_path(pointer: &str) -> String {
    // The members of OpenAPI and of our overlays that are lists; `responses` has keys like `200`.
    const LISTS: [&str; 8] = [
        "allOf",
        "anyOf",
        "enum",
        "oneOf",
        "parameters",
        "servers",
        "tags",
        "x-tuple",
    ];
    let mut path = String::from("$");
    let mut in_list = false;
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        let plain = segment
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && segment
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain {
            path.push('.');
            path.push_str(&segment);
        } else if in_list && !segment.is_empty() && segment.chars().all(|c| c.is_ascii_digit()) {
            path.push_str(&format!("[{segment}]"));
        } else {
            path.push_str("['");
            for c in segment.chars() {
                match c {
                    '\'' | '\\' => path.extend(['\\', c]),
                    c if c.is_control() => path.push_str(&format!("\\u{:04x}", u32::from(c))),
                    c => path.push(c),
                }
            }
            path.push_str("']");
        }
        in_list = LISTS.contains(&segment.as_str());
    }
    path
}

/// Appends one segment to a JSON pointer.
pub fn join(pointer: &str, segment: &str) -> String {
    format!(
        "{pointer}/{}",
        segment.replace('~', "~0").replace('/', "~1")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_becomes_the_path_an_overlay_wants() {
        assert_eq!(
            json_path("/paths/~1private~1AddOrder/post/parameters/0/schema"),
            "$.paths['/private/AddOrder'].post.parameters[0].schema"
        );
        assert_eq!(
            json_path("/responses/200/allOf/1"),
            "$.responses['200'].allOf[1]"
        );
        assert_eq!(json_path("/a/it's\n\\"), r"$.a['it\'s\u000a\\']");
        assert_eq!(join("/a", "b/c~d"), "/a/b~1c~0d");
    }
}
