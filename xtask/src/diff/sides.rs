//! The descriptions that are compared: of the working tree, of a Git revision, or any file.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use crate::{
    apis::Api,
    load::{self, Loaded},
    normalise::Words,
    pipeline::{self, Described},
    problem::Problem,
    sources,
};

/// Where a description and its overlay are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// The working tree.
    Tree,
    /// A commit, read with Git; nothing is checked out.
    Revision(String),
    /// This file, with the overlay of the working tree.
    File(PathBuf),
    /// These bytes, with the overlay of the working tree; the name is for messages.
    Bytes(String, Vec<u8>),
}

impl Side {
    /// What to call it.
    pub fn label(&self) -> String {
        match self {
            Self::Tree => "working tree".to_owned(),
            Self::Revision(revision) => revision.clone(),
            Self::File(path) => path.display().to_string(),
            Self::Bytes(name, _) => name.clone(),
        }
    }
}

/// The files of one side, not yet parsed.
pub(super) struct Documents {
    description: File,
    overlay: File,
    words: Words,
}

/// A file's name in messages, and its bytes.
#[derive(PartialEq, Eq)]
struct File {
    name: String,
    bytes: Vec<u8>,
}

impl Documents {
    /// Whether nothing can be different.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.description.bytes == other.description.bytes
            && self.overlay.bytes == other.overlay.bytes
            && self.words == other.words
    }

    /// After the overlay and the rules, as far as that goes.
    pub(super) fn understood(&self, api: &Api) -> anyhow::Result<(Described, Vec<Problem>)> {
        let document = self.description.parsed()?;
        let overlay = self.overlay.parsed()?;
        Ok(pipeline::understand(api, document, &overlay, self.words))
    }
}

impl File {
    fn read(path: &Path, name: &str) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("{name} can't be read"))?;
        Ok(Self {
            name: name.to_owned(),
            bytes,
        })
    }

    fn parsed(&self) -> anyhow::Result<Loaded> {
        load::parse(&self.bytes, &self.name).map_err(|problem| anyhow::anyhow!("{problem}"))
    }
}

/// Reads one side; nothing if a revision does not have the API.
pub(super) fn read(root: &Path, api: &Api, side: &Side) -> anyhow::Result<Option<Documents>> {
    let vendors = |description: File| -> anyhow::Result<Option<Documents>> {
        Ok(Some(Documents {
            description,
            overlay: File::read(&root.join(api.overlay), api.overlay)?,
            words: Words::Vendors,
        }))
    };
    match side {
        Side::Tree => Ok(Some(Documents {
            description: File::read(&root.join(api.spec), api.spec)?,
            overlay: File::read(&root.join(api.overlay), api.overlay)?,
            words: sources::words(root, api),
        })),
        Side::File(path) => vendors(File::read(path, &path.display().to_string())?),
        Side::Bytes(name, bytes) => vendors(File {
            name: name.clone(),
            bytes: bytes.clone(),
        }),
        Side::Revision(revision) => {
            let file = |file: &str| -> anyhow::Result<Option<File>> {
                let name = format!("{revision}:{file}");
                Ok(show(root, revision, file)?.map(|bytes| File { name, bytes }))
            };
            let Some(description) = file(api.spec)? else {
                return Ok(None);
            };
            let overlay =
                file(api.overlay)?.with_context(|| format!("{revision} has no {}", api.overlay))?;
            let recorded = show(root, revision, sources::FILE)?.unwrap_or_default();
            Ok(Some(Documents {
                description,
                overlay,
                words: sources::words_in(&String::from_utf8_lossy(&recorded), api),
            }))
        }
    }
}

/// Whether Git knows the revision; with a message for one it does not.
pub(super) fn check_revision(root: &Path, revision: &str) -> anyhow::Result<()> {
    if revision.is_empty() || revision.starts_with('-') {
        bail!("`{revision}` is no Git revision");
    }
    let found = git(
        root,
        &[
            "rev-parse",
            "--verify",
            "--quiet",
            &format!("{revision}^{{commit}}"),
        ],
    )?;
    if !found.status.success() {
        bail!(
            "Git knows no revision `{revision}`; name a branch, a tag or a commit that is fetched"
        );
    }
    Ok(())
}

/// A file as it is in a revision; nothing if it is not there.
fn show(root: &Path, revision: &str, file: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let output = git(root, &["show", &format!("{revision}:./{file}")])?;
    if output.status.success() {
        return Ok(Some(output.stdout));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("does not exist") || said.contains("exists on disk, but not in") {
        return Ok(None);
    }
    bail!("git show {revision}:{file}: {}", said.trim())
}

fn git(root: &Path, arguments: &[&str]) -> anyhow::Result<std::process::Output> {
    Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .env("LC_ALL", "C")
        .output()
        .context("starting git, which knows the revisions")
}
