//! `specs/sources.toml`: where each description came from, and whether it is still that file.

use std::path::Path;

use serde::Deserialize;

use crate::{apis::Api, normalise::Words, problem::Problem};

/// The file, from the workspace's root.
pub const FILE: &str = "specs/sources.toml";

/// Where one description came from.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Origin {
    /// Name of the API.
    pub name: String,
    /// Where the vendor serves its file.
    pub url: String,
    /// `info.title` of the vendor's file.
    pub title: String,
    /// `info.version` of the vendor's file.
    pub version: String,
    /// Date of the newest source.
    pub date: String,
    /// Whether the file is our transcription rather than the vendor's own.
    pub transcription: bool,
    /// SHA-256 of the committed file, in hex.
    pub sha256: String,
}

impl Origin {
    /// Only our own words become documentation.
    pub fn words(&self) -> Words {
        if self.transcription {
            Words::Ours
        } else {
            Words::Vendors
        }
    }
}

/// Whose words a committed description is in: ours unless its entry says that it is the vendor's
/// own file.
pub fn words(root: &Path, api: &Api) -> Words {
    words_in(
        &std::fs::read_to_string(root.join(FILE)).unwrap_or_default(),
        api,
    )
}

/// The same from the text of the file.
pub fn words_in(text: &str, api: &Api) -> Words {
    toml::from_str::<Sources>(text)
        .ok()
        .and_then(|sources| {
            sources
                .api
                .into_iter()
                .find(|origin| origin.name == api.name)
        })
        .map_or(Words::Ours, |origin| origin.words())
}

#[derive(Deserialize)]
struct Sources {
    #[serde(default)]
    api: Vec<Origin>,
}

/// The entry of an API, whose digest must be that of the file that was read.
pub fn origin(root: &Path, api: &Api, digest: &str) -> Result<Origin, Problem> {
    let problem = |reason: String, mend: String| Problem {
        file: FILE.to_owned(),
        operation: None,
        pointer: String::new(),
        reason,
        mend: Some(mend),
    };
    let text = std::fs::read_to_string(root.join(FILE)).map_err(|error| {
        problem(
            format!("the file can't be read: {error}"),
            "restore it: it says where each description came from".to_owned(),
        )
    })?;
    let sources: Sources = toml::from_str(&text).map_err(|error| {
        let message = error.message().to_owned();
        problem(
            format!("the file is not as it should be: {message}"),
            "give each [[api]] name, url, title, version, date, transcription and sha256"
                .to_owned(),
        )
    })?;
    let origin = sources
        .api
        .into_iter()
        .find(|origin| origin.name == api.name)
        .ok_or_else(|| {
            problem(
                format!("there is no entry for {}", api.name),
                format!("add an [[api]] with name = \"{}\"", api.name),
            )
        })?;
    if origin.sha256 != digest {
        return Err(problem(
            format!(
                "{} is not the file that is recorded here for {}",
                api.spec, api.name
            ),
            format!("if the change is meant, record its date and digest:\nsha256 = \"{digest}\""),
        ));
    }
    Ok(origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apis::APIS;

    fn with(text: &str, digest: &str) -> Result<Origin, Problem> {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("specs")).unwrap();
        std::fs::write(root.path().join(FILE), text).unwrap();
        origin(root.path(), &APIS[0], digest)
    }

    const ENTRY: &str = "[[api]]\nname = \"kraken-spot\"\nurl = \"u\"\ntitle = \"t\"\nversion = \"1\"\n\
                         date = \"2026-01-01\"\ntranscription = false\nsha256 = \"aa\"\n";

    #[test]
    fn the_digest_must_be_that_of_the_file() {
        assert_eq!(with(ENTRY, "aa").unwrap().words(), Words::Vendors);
        let changed = with(ENTRY, "bb").unwrap_err();
        assert!(changed.mend.unwrap().contains("sha256 = \"bb\""));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(
            with("", "aa")
                .unwrap_err()
                .reason
                .contains("no entry for kraken-spot")
        );
        assert!(with("[[api]]\nname = 1", "aa").is_err());
        let root = tempfile::tempdir().unwrap();
        assert!(
            origin(root.path(), &APIS[0], "aa")
                .unwrap_err()
                .reason
                .contains("can't be read")
        );
    }
}
