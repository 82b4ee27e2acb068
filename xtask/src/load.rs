//! Stage 1: YAML text to a JSON value, order kept.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// A description or overlay as it was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The file, as shown in messages.
    pub file: String,
    /// Its content.
    pub value: Value,
    /// SHA-256 of its bytes, in hex.
    pub digest: String,
}

/// Reads and parses one YAML (or JSON) file.
pub fn load(path: &Path, shown_as: &str) -> Result<Loaded, Problem> {
    let bytes = std::fs::read(path).map_err(|error| {
        file_problem(
            shown_as,
            format!("the file can't be read: {error}"),
            Some("check the path and its permissions".to_owned()),
        )
    })?;
    parse(&bytes, shown_as)
}

/// Parses the bytes of one YAML (or JSON) file.
pub fn parse(bytes: &[u8], shown_as: &str) -> Result<Loaded, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        file_problem(
            shown_as,
            format!("the file is not UTF-8 text: {error}"),
            None,
        )
    })?;
    // YAML 1.2 words only: `NO` is Norway and `on` is text.
    let options = serde_saphyr::options! { strict_booleans: true };
    let value: Value = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let error = error.to_string();
        let first = error.lines().next().unwrap_or_default();
        file_problem(
            shown_as,
            format!("the file is not YAML: {first}"),
            Some(
                "open the file at that line; a vendor's page saved as HTML is a usual cause".into(),
            ),
        )
    })?;
    Ok(Loaded {
        file: shown_as.to_owned(),
        value,
        digest: digest(bytes),
    })
}

fn file_problem(file: &str, reason: String, mend: Option<String>) -> Problem {
    Problem {
        file: file.to_owned(),
        operation: None,
        pointer: String::new(),
        reason,
        mend,
    }
}

/// SHA-256 of a file's bytes, in hex.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            text.push_str(&format!("{byte:02x}"));
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_digest_are_kept() {
        let loaded = parse(b"z: 1\na: [x, 2.50]\n", "t.yaml").unwrap();
        let keys: Vec<_> = loaded.value.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["z", "a"]);
        assert_eq!(loaded.digest.len(), 64);
    }

    #[test]
    fn what_is_not_yaml_is_a_problem_not_a_panic() {
        for bytes in [
            b"a: [1".as_slice(),
            b"<html>\n<p a=b: c: d>\n",
            b"\xff\xfe",
            b"a: 1\na: 2\n",
            b"a: *missing",
        ] {
            let problem = parse(bytes, "bad.yaml").unwrap_err();
            assert_eq!(problem.file, "bad.yaml");
            assert!(!problem.reason.is_empty());
        }
    }

    #[test]
    fn yaml_words_stay_text_where_openapi_means_text() {
        let loaded = parse(b"country: NO\nnone: None\nversion: 1.1.0\n", "t.yaml").unwrap();
        assert_eq!(loaded.value["country"], "NO");
        assert_eq!(loaded.value["none"], "None");
        assert_eq!(loaded.value["version"], "1.1.0");
    }
}
