//! `cargo xtask diff`: what changed between two descriptions, whom it breaks, and which version
//! step it asks for.
//!
//! Both sides go through overlay and normalisation first, so that only what reaches a Rust caller
//! counts. `sides` reads them, `view` is what a caller sees, `pairing` finds what belongs together,
//! `compare` what differs, [`verdict`] whom it breaks; `text`, `markdown` and `json` print it.

pub mod change;
mod compare;
mod json;
mod markdown;
mod pairing;
mod prose;
mod sides;
mod text;
pub mod verdict;
mod view;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use self::{
    change::{Change, Part, What},
    verdict::{Step, Verdict},
    view::View,
};
pub use self::{prose::Prose, sides::Side};
use crate::{
    apis::{self, APIS, Api},
    problem::{PLACEHOLDER, Problem, action},
};

/// What to compare, and how to show it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only this API.
    pub api: Option<String>,
    /// The revision that the working tree is compared with; `HEAD` without it.
    pub base: Option<String>,
    /// Two descriptions to compare in place of that.
    pub files: Option<(PathBuf, PathBuf)>,
    /// How to print.
    pub format: Format,
    /// The least verdict that makes the command fail.
    pub fail_on: Option<Verdict>,
}

/// How a comparison is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For reading in a terminal.
    #[default]
    Text,
    /// For a pull request.
    Markdown,
    /// For programs.
    Json,
}

/// All that was found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the old side is called.
    pub old: String,
    /// What the new side is called.
    pub new: String,
    /// Each API that was compared.
    pub apis: Vec<ApiReport>,
    /// The version step that all of it asks for.
    pub step: Step,
}

/// What was found for one API.
#[derive(Clone, Debug, Default)]
pub struct ApiReport {
    /// Its name.
    pub api: String,
    /// The changes, the worst first and else in the order of the description.
    pub changes: Vec<Judged>,
    /// What differs in words only.
    pub prose: Prose,
    /// Why a side could not be read in full.
    pub problems: Vec<Problem>,
    /// Overlay actions that match nothing on the new side.
    pub unmatched: Vec<Problem>,
    /// Overlay actions that would keep the names of types.
    pub pins: Vec<String>,
}

/// A change with its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What changed.
    pub change: Change,
    /// Whom it breaks.
    pub verdict: Verdict,
    /// Why.
    pub why: &'static str,
}

impl Report {
    /// The worst verdict of all.
    pub fn worst(&self) -> Option<Verdict> {
        self.changes().map(|judged| judged.verdict).max()
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.apis.iter().all(ApiReport::is_empty)
    }

    /// Whether a side could not be read in full.
    pub fn has_problems(&self) -> bool {
        self.apis.iter().any(|api| !api.problems.is_empty())
    }

    fn changes(&self) -> impl Iterator<Item = &Judged> {
        self.apis.iter().flat_map(|api| &api.changes)
    }

    /// The report as text.
    pub fn print(&self, format: Format) -> anyhow::Result<String> {
        Ok(match format {
            Format::Text => text::print(self),
            Format::Markdown => markdown::print(self),
            Format::Json => json::print(self)?,
        })
    }
}

impl ApiReport {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.prose.is_none()
            && self.problems.is_empty()
            && self.unmatched.is_empty()
    }

    /// How many changes have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = |judged: &&Judged| judged.verdict == verdict;
        self.changes.iter().filter(same).count()
    }
}

/// Compares and prints; `Ok(false)` when something is as bad as `fail_on`, or a side can't be read
/// in full.
pub fn diff(root: &Path, options: &Options, out: &mut dyn Write) -> anyhow::Result<bool> {
    let report = report(root, options)?;
    out.write_all(report.print(options.format)?.as_bytes())?;
    let failed = options
        .fail_on
        .is_some_and(|least| report.worst() >= Some(least));
    Ok(!failed && !report.has_problems())
}

/// Compares as the options say.
pub fn report(root: &Path, options: &Options) -> anyhow::Result<Report> {
    let chosen: Vec<&Api> = match &options.api {
        Some(name) => vec![apis::named(name)?],
        None => APIS.iter().collect(),
    };
    let (old, new) = match (&options.files, &options.base) {
        (Some(_), Some(_)) => bail!("give either two files or --base, not both"),
        (Some(_), None) if options.api.is_none() => {
            bail!("which API are the two files of? Say it with --api NAME")
        }
        (Some((old, new)), None) => (Side::File(old.clone()), Side::File(new.clone())),
        (None, base) => {
            let revision = base.as_deref().unwrap_or("HEAD");
            sides::check_revision(root, revision)?;
            (Side::Revision(revision.to_owned()), Side::Tree)
        }
    };
    between(root, &chosen, &old, &new)
}

/// Compares two sides of some APIs, all at the same time.
pub fn between(root: &Path, chosen: &[&Api], old: &Side, new: &Side) -> anyhow::Result<Report> {
    let compared: Vec<anyhow::Result<ApiReport>> = std::thread::scope(|scope| {
        let running: Vec<_> = chosen
            .iter()
            .map(|api| scope.spawn(move || one(root, api, old, new)))
            .collect();
        running
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| bail!("comparing broke off: this is a fault of the tool"))
            })
            .collect()
    });
    let apis = compared.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let mut report = Report {
        old: old.label(),
        new: new.label(),
        apis,
        step: verdict::step("0.0.0", None, false),
    };
    let added = report
        .changes()
        .any(|judged| matches!(judged.change.what, What::Added { .. }));
    report.step = verdict::step(&version(root)?, report.worst(), added);
    Ok(report)
}

fn one(root: &Path, api: &Api, old: &Side, new: &Side) -> anyhow::Result<ApiReport> {
    let mut report = ApiReport {
        api: api.name.to_owned(),
        ..ApiReport::default()
    };
    let context = || format!("reading {}", api.name);
    let after = sides::read(root, api, new)
        .with_context(context)?
        .with_context(|| format!("{} has no {}", new.label(), api.spec))?;
    let Some(before) = sides::read(root, api, old).with_context(context)? else {
        // All of it is new; one line tells that better than one for each operation.
        let (after, problems) = after.understood(api)?;
        report.problems = problems;
        let operations = after.model.operations.len();
        report.changes = vec![judge(Change {
            operations: Vec::new(),
            pointer: String::new(),
            subject: api.name.to_owned(),
            part: Part::Api,
            what: What::Added {
                ty: Some(format!("{operations} operations")),
                required: false,
            },
        })];
        return Ok(report);
    };
    if before.same_as(&after) {
        return Ok(report);
    }
    let (before, after) = std::thread::scope(|scope| {
        let before = scope.spawn(|| before.understood(api));
        let after = after.understood(api);
        let broke_off = |_| anyhow::anyhow!("reading broke off: this is a fault of the tool");
        (before.join().map_err(broke_off).flatten(), after)
    });
    let ((before, problems), (after, more)) = (before?, after?);
    report.problems = problems;
    report.problems.extend(more);
    report.unmatched = after.warnings;
    report.prose = prose::compare(&before.document.value, &after.document.value);
    let changes = compare::compare(
        (
            &before.model,
            &View::new(&before.model, &before.document.value),
        ),
        (
            &after.model,
            &View::new(&after.model, &after.document.value),
        ),
    );
    report.pins = pins(&changes);
    report.changes = changes.into_iter().map(judge).collect();
    // The sort is stable: within a verdict the order of the description stays.
    report
        .changes
        .sort_by_key(|judged| std::cmp::Reverse(judged.verdict));
    Ok(report)
}

fn judge(change: Change) -> Judged {
    let (verdict, why) = verdict::verdict(&change);
    Judged {
        change,
        verdict,
        why,
    }
}

/// The overlay actions that keep the old names of types that the vendor calls otherwise.
fn pins(changes: &[Change]) -> Vec<String> {
    let mut names: Vec<(&str, &str)> = Vec::new();
    for change in changes {
        let (What::Renamed(old, _), Part::Type(_)) = (&change.what, change.part) else {
            continue;
        };
        // Two types of one place: the longer name is made from the shorter.
        match names.iter_mut().find(|(at, _)| *at == change.pointer) {
            Some((_, name)) if name.len() > old.len() => *name = old,
            Some(_) => {}
            None => names.push((&change.pointer, old)),
        }
    }
    let pin = |(at, name): (&str, &str)| {
        action(at, &format!("x-name: {name}")).replace(
            PLACEHOLDER,
            "Callers know the type by this name, whatever the vendor calls its component.",
        )
    };
    names.into_iter().map(pin).collect()
}

/// The version that all crates of the workspace share.
fn version(root: &Path) -> anyhow::Result<String> {
    let path = root.join("Cargo.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("reading the version from {}", path.display()))?;
    let manifest: toml::Table = toml::from_str(&text).context("reading Cargo.toml")?;
    manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("package"))
        .and_then(|package| package.get("version"))
        .and_then(toml::Value::as_str)
        .map(str::to_owned)
        .context("Cargo.toml has no workspace.package.version")
}
