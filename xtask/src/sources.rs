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
    let origin = entry(root, api)?;
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

/// The entry of an API, whatever file is committed.
pub fn entry(root: &Path, api: &Api) -> Result<Origin, Problem> {
    let text = std::fs::read_to_string(root.join(FILE)).map_err(|error| {
        problem(
            format!("the file can't be read: {error}"),
            "restore it: it says where each description came from".to_owned(),
        )
    })?;
    entry_in(&text, api)
}

fn entry_in(text: &str, api: &Api) -> Result<Origin, Problem> {
    let sources: Sources = toml::from_str(text).map_err(|error| {
        let message = error.message().to_owned();
        problem(
            format!("the file is not as it should be: {message}"),
            "give each [[api]] name, url, title, version, date, transcription and sha256"
                .to_owned(),
        )
    })?;
    sources
        .api
        .into_iter()
        .find(|origin| origin.name == api.name)
        .ok_or_else(|| {
            problem(
                format!("there is no entry for {}", api.name),
                format!("add an [[api]] with name = \"{}\"", api.name),
            )
        })
}

fn problem(reason: String, mend: String) -> Problem {
    Problem {
        file: FILE.to_owned(),
        operation: None,
        pointer: String::new(),
        reason,
        mend: Some(mend),
    }
}

/// What is known of a description that was fetched.
#[derive(Clone, Copy, Debug)]
pub struct Fetched<'a> {
    /// Where it came from, if others can get it there.
    pub url: Option<&'a str>,
    /// `info.title`.
    pub title: &'a str,
    /// `info.version`.
    pub version: &'a str,
    /// The day it was fetched.
    pub date: &'a str,
    /// Digest of its bytes.
    pub sha256: &'a str,
}

/// The text of the file with another source for one API. All other lines stay as they are.
pub fn recorded(text: &str, api: &Api, fetched: &Fetched<'_>) -> anyhow::Result<String> {
    let before = entry_in(text, api).map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let note = format!("The vendor's own file as of {}.", fetched.date);
    let mut values = vec![
        ("title", quoted(fetched.title)),
        ("version", quoted(fetched.version)),
        ("date", quoted(fetched.date)),
        ("transcription", "false".to_owned()),
        ("sha256", quoted(fetched.sha256)),
        ("note", quoted(&note)),
    ];
    values.extend(fetched.url.map(|url| ("url", quoted(url))));

    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let named = |line: &String| {
        line.split_once('=').is_some_and(|(key, value)| {
            key.trim() == "name" && value.trim().trim_matches('"') == api.name
        })
    };
    let is_head = |line: &String| line.trim_start().starts_with('[');
    if let Some(name) = lines.iter().position(named) {
        let start = lines[..name].iter().rposition(is_head).unwrap_or_default();
        let end = lines[name..]
            .iter()
            .position(is_head)
            .map_or(lines.len(), |length| name + length);
        for line in &mut lines[start..end] {
            let key = line.split_once('=').map(|(key, _)| key.trim().to_owned());
            if let Some((key, value)) = values
                .iter()
                .find(|(known, _)| Some(*known) == key.as_deref())
            {
                *line = format!("{key} = {value}");
            }
        }
    }
    let text = lines.join("\n") + "\n";
    // The lines may be laid out as nobody foresaw: only a file that says what it should is written.
    let after = entry_in(&text, api).map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let wanted = Origin {
        name: before.name,
        url: fetched.url.map_or(before.url, str::to_owned),
        title: fetched.title.to_owned(),
        version: fetched.version.to_owned(),
        date: fetched.date.to_owned(),
        transcription: false,
        sha256: fetched.sha256.to_owned(),
    };
    anyhow::ensure!(
        after == wanted,
        "{FILE} is laid out in another way than one entry a line: record the source by hand"
    );
    Ok(text)
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
