//! `cargo xtask regen`: the clients from their descriptions.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, bail};

use crate::{
    apis::{self, APIS, Api},
    pipeline::{self, Output, Source},
    problem::Problems,
    sources, write,
};

/// What to regenerate, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only this API.
    pub api: Option<String>,
    /// Compare only.
    pub check: bool,
    /// Another description than the committed one.
    pub spec: Option<PathBuf>,
    /// Another folder than the crate's.
    pub out: Option<PathBuf>,
}

/// Generates and writes, or compares; `Ok(false)` when a comparison found differences.
///
/// What was done is told to `log`.
pub fn regen(root: &Path, options: &Options, log: &mut dyn Write) -> anyhow::Result<bool> {
    let chosen: Vec<&Api> = match &options.api {
        Some(name) => vec![apis::named(name)?],
        None => APIS.iter().collect(),
    };
    let source = match (&options.spec, &options.out, &options.api) {
        (None, None, _) => Source::Committed,
        (Some(spec), Some(_), Some(_)) => Source::Other(spec.clone()),
        _ => bail!("--spec, --out and --api go together: regen --api NAME --spec FILE --out DIR"),
    };

    // Everything is generated before anything is written.
    let mut outputs = Vec::new();
    let mut failures = Vec::new();
    for api in chosen {
        let started = Instant::now();
        match pipeline::run(root, api, &source) {
            Ok(output) => {
                report(api, &output, started, log)?;
                if let Source::Committed = source
                    && let Err(problem) = sources::origin(root, api, &output.model.digest)
                {
                    failures.push(format!("{}: {}", api.name, Problems::from(problem)));
                }
                outputs.push((api, output));
            }
            Err(problems) => failures.push(format!("{}: {problems}", api.name)),
        }
    }
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }

    let mut same = true;
    let mut rows = Vec::new();
    for (api, output) in &outputs {
        let out = options.out.clone().unwrap_or_else(|| root.join(api.out));
        let changed = if options.check {
            let differences = write::check(&out, &output.files)
                .with_context(|| format!("comparing with {}", out.display()))?;
            for difference in &differences {
                same = false;
                let shown = difference
                    .path
                    .strip_prefix(root)
                    .unwrap_or(&difference.path);
                writeln!(
                    log,
                    "\n{} differs:\n{}",
                    shown.display(),
                    difference.excerpt
                )?;
            }
            differences.len()
        } else {
            write::write(&out, &output.files)
                .with_context(|| format!("writing below {}", out.display()))?
        };
        let lines: usize = output
            .files
            .iter()
            .map(|file| file.text.lines().count())
            .sum();
        rows.push([
            api.name.to_owned(),
            output.model.operations.len().to_string(),
            output.model.types.len().to_string(),
            output.files.len().to_string(),
            lines.to_string(),
            changed.to_string(),
        ]);
    }
    let last = if options.check {
        "differing"
    } else {
        "changed"
    };
    writeln!(
        log,
        "\n{}",
        table(
            ["api", "operations", "types", "files", "lines", last],
            &rows
        )
    )?;
    if !same {
        writeln!(log, "Run `cargo xtask regen` and commit what it writes.")?;
    }
    Ok(same)
}

fn report(api: &Api, output: &Output, started: Instant, log: &mut dyn Write) -> io::Result<()> {
    writeln!(log, "{} ({:.0?})", api.name, started.elapsed())?;
    for stage in &output.stages {
        writeln!(
            log,
            "  {:<10} {:>9.1?}  {}",
            stage.name, stage.time, stage.counts
        )?;
    }
    if !output.warnings.is_empty() {
        writeln!(
            log,
            "  warning: {} actions of {} match nothing in this description, which is as it should \
             be for a part of one:",
            output.warnings.len(),
            api.overlay
        )?;
    }
    for warning in &output.warnings {
        writeln!(log, "    {}", warning.reason)?;
    }
    Ok(())
}

/// Columns in line, the first to the left and the rest to the right.
pub(crate) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = heads.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let mut line = |cells: &[&str]| {
        for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
            if index == 0 {
                text.push_str(&format!("{cell:<width$}"));
            } else {
                text.push_str(&format!("  {cell:>width$}"));
            }
        }
        text.push('\n');
    };
    line(&heads);
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        line(&cells);
    }
    text
}
