//! `cargo xtask review`: what a reviewer has to look at. The snapshots that are not yet what the
//! descriptions give, as the lines that change for a caller; and what changed since the base
//! branch, ready for a pull request.

use std::{collections::BTreeSet, fs, io::Write, path::Path, process::Command};

use anyhow::{Context, bail};
use similar::{ChangeTag, TextDiff};

use crate::{
    apis::{APIS, Api},
    diff::{self, Format, Side},
    pipeline::{self, Source},
};

/// Where the snapshots of the operations are, one folder an API.
const SNAPSHOTS: &str = "tests/tests/snapshots";

/// The branches that a change may be made from, the first that is there.
const BASES: [&str; 2] = ["origin/main", "main"];

/// A snapshot that is not what the descriptions give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The file, from the workspace's root.
    pub file: String,
    /// The lines that go (`-`) and come (`+`), each below the heading it belongs to.
    pub lines: Vec<String>,
}

/// Prints both; `Ok(false)` when snapshots are pending.
pub fn review(root: &Path, base: Option<&str>, out: &mut dyn Write) -> anyhow::Result<bool> {
    match base_revision(root, base)? {
        None => writeln!(out, "no branch {} to compare with", BASES.join(" or "))?,
        Some(revision) => {
            let apis: Vec<&Api> = APIS.iter().collect();
            let report =
                diff::between(root, &apis, &Side::Revision(revision.clone()), &Side::Tree)?;
            if report.is_empty() {
                writeln!(out, "since {revision} no description changed for callers")?;
            } else {
                writeln!(out, "for the pull request:\n")?;
                out.write_all(report.print(Format::Markdown)?.as_bytes())?;
            }
        }
    }
    let pending = pending(root)?;
    if pending.is_empty() {
        writeln!(
            out,
            "\nall snapshots of the operations are what the descriptions give"
        )?;
        return Ok(true);
    }
    writeln!(out, "\n{} snapshots are pending:", pending.len())?;
    for Pending { file, lines } in &pending {
        writeln!(out, "\n{file}")?;
        for line in lines {
            writeln!(out, "  {line}")?;
        }
    }
    writeln!(
        out,
        "\nIf that is what is meant: INSTA_UPDATE=always cargo test -p workspace-tests --test snapshots"
    )?;
    Ok(false)
}

/// Where the branch left the base branch, as a short hash.
fn base_revision(root: &Path, base: Option<&str>) -> anyhow::Result<Option<String>> {
    let found = |base: &str| -> anyhow::Result<Option<String>> {
        if base.starts_with('-') {
            bail!("`{base}` is no Git revision");
        }
        let Some(common) = git(root, &["merge-base", "HEAD", base])? else {
            return Ok(None);
        };
        git(root, &["rev-parse", "--short", &common])
    };
    if let Some(base) = base {
        let common = found(base)?;
        let missing = || format!("Git finds nothing that HEAD and `{base}` have in common");
        return common.map(Some).with_context(missing);
    }
    for base in BASES {
        if let Some(revision) = found(base)? {
            return Ok(Some(revision));
        }
    }
    Ok(None)
}

/// What Git answers in one line, if it does and is there.
fn git(root: &Path, arguments: &[&str]) -> anyhow::Result<Option<String>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .output();
    let output = match output {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        output => output.context("starting git")?,
    };
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok((output.status.success() && !line.is_empty()).then_some(line))
}

/// All snapshots of operations that are not what the descriptions give.
pub fn pending(root: &Path) -> anyhow::Result<Vec<Pending>> {
    let mut pending = Vec::new();
    for api in APIS {
        let folder = format!("{SNAPSHOTS}/{}", api.name);
        let surfaces = pipeline::run(root, api, &Source::Committed)
            .with_context(|| format!("reading {}", api.spec))?
            .surface;
        let mut wanted = BTreeSet::new();
        for surface in &surfaces {
            let file = format!("{folder}/{}.snap", surface.rust_method);
            let old = fs::read_to_string(root.join(&file)).unwrap_or_default();
            let lines = changed_lines(content(&old), &surface.text);
            wanted.insert(file.clone());
            if !lines.is_empty() {
                pending.push(Pending { file, lines });
            }
        }
        let Ok(entries) = fs::read_dir(root.join(&folder)) else {
            continue;
        };
        let mut there: Vec<String> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| {
                Path::new(name)
                    .extension()
                    .is_some_and(|kind| kind == "snap")
            })
            .map(|name| format!("{folder}/{name}"))
            .filter(|file| !wanted.contains(file))
            .collect();
        there.sort();
        pending.extend(there.into_iter().map(|file| Pending {
            file,
            lines: vec!["its operation is gone: remove the file".to_owned()],
        }));
    }
    Ok(pending)
}

/// A snapshot without its header.
fn content(snapshot: &str) -> &str {
    snapshot
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or(snapshot, |(_, content)| content)
}

fn changed_lines(old: &str, new: &str) -> Vec<String> {
    if old.trim().is_empty() {
        let lines = new.trim().lines().map(|line| format!("+ {line}"));
        return std::iter::once("new".to_owned()).chain(lines).collect();
    }
    // A snapshot ends without a line's end.
    let (old, new) = (format!("{}\n", old.trim()), format!("{}\n", new.trim()));
    let mut lines = Vec::new();
    let mut heading = "";
    let mut shown = "";
    for change in TextDiff::from_lines(&old, &new).iter_all_changes() {
        let line = change.value().trim_end();
        // `required:`, `optional:`, `answers: …`: what stands at the margin.
        if !line.starts_with(' ') && line.contains(':') {
            heading = line;
        }
        let sign = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        if heading != shown && heading != line {
            lines.push(heading.to_owned());
        }
        shown = heading;
        lines.push(format!("{sign} {line}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn only_what_changes_is_shown_below_its_heading() {
        let old = "---\nsource: t\n---\nclient.a()\n\noptional:\n  x: i32\n  y: String\n\nanswers: A\n  b: i64\n";
        let new =
            "client.a()\n\noptional:\n  x: i64\n  y: String\n\nanswers: A\n  b: i64\n  c: bool\n";
        assert_eq!(
            changed_lines(content(old), new),
            [
                "optional:",
                "-   x: i32",
                "+   x: i64",
                "answers: A",
                "+   c: bool"
            ]
        );
        assert_eq!(changed_lines(content(old), content(old)), [""; 0]);
        assert_eq!(changed_lines("", "a\nb\n"), ["new", "+ a", "+ b"]);
    }

    #[test]
    fn the_committed_snapshots_are_not_pending() {
        assert_eq!(pending(workspace()).unwrap(), []);
    }

    #[test]
    fn missing_and_stale_snapshots_are_pending() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("specs")).unwrap();
        for api in APIS {
            for file in [api.spec, api.overlay] {
                fs::copy(workspace().join(file), root.path().join(file)).unwrap();
            }
        }
        let folder = root.path().join(SNAPSHOTS).join(APIS[0].name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("gone.snap"), "---\n---\nold\n").unwrap();
        let pending = pending(root.path()).unwrap();
        assert!(pending.len() > 50);
        assert!(pending.iter().any(|one| one.file.ends_with("/gone.snap")
            && one.lines == ["its operation is gone: remove the file"]));
    }
}
