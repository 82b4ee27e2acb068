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

/// A description and its overlay, as read.
pub(super) struct Documents {
    pub(super) document: Loaded,
    overlay: Loaded,
    words: Words,
}

impl Documents {
    /// Whether nothing can be different.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.document.digest == other.document.digest
            && self.overlay.digest == other.overlay.digest
            && self.words == other.words
    }

    /// After the overlay and the rules, as far as that goes.
    pub(super) fn understood(self, api: &Api) -> (Described, Vec<Problem>) {
        pipeline::understand(api, self.document, &self.overlay, self.words)
    }
}

/// Reads one side; nothing if a revision does not have the API.
pub(super) fn read(root: &Path, api: &Api, side: &Side) -> anyhow::Result<Option<Documents>> {
    let overlay = || load::load(&root.join(api.overlay), api.overlay);
    Ok(Some(match side {
        Side::Tree => Documents {
            document: load::load(&root.join(api.spec), api.spec).map_err(shown)?,
            overlay: overlay().map_err(shown)?,
            words: sources::words(root, api),
        },
        Side::File(path) => Documents {
            document: load::load(path, &path.display().to_string()).map_err(shown)?,
            overlay: overlay().map_err(shown)?,
            words: Words::Vendors,
        },
        Side::Bytes(name, bytes) => Documents {
            document: load::parse(bytes, name).map_err(shown)?,
            overlay: overlay().map_err(shown)?,
            words: Words::Vendors,
        },
        Side::Revision(revision) => {
            let Some(spec) = show(root, revision, api.spec)? else {
                return Ok(None);
            };
            let overlay = show(root, revision, api.overlay)?
                .with_context(|| format!("{revision} has no {}", api.overlay))?;
            let recorded = show(root, revision, sources::FILE)?.unwrap_or_default();
            let named = |file: &str| format!("{revision}:{file}");
            Documents {
                document: load::parse(&spec, &named(api.spec)).map_err(shown)?,
                overlay: load::parse(&overlay, &named(api.overlay)).map_err(shown)?,
                words: sources::words_in(&String::from_utf8_lossy(&recorded), api),
            }
        }
    }))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is what `map_err` gives"
)]
fn shown(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("{problem}")
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
