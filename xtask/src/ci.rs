//! `cargo xtask ci`: what CI runs, in the order in which it fails fastest.

use std::{path::Path, process::Command, time::Instant};

use anyhow::{Context, bail};

use crate::{
    operations,
    regen::{self, Options},
    review,
};

/// The steps that are cargo commands: name, arguments, environment.
const FORMAT: &[&str] = &["fmt", "--all", "--check"];
const CLIPPY: &[&str] = &[
    "clippy",
    "--workspace",
    "--all-targets",
    "--all-features",
    "--",
    "-D",
    "warnings",
];
const TEST: &[&str] = &["test", "--workspace"];
const DOCS: &[&str] = &["doc", "--workspace", "--no-deps", "--all-features"];

/// Runs every step and stops at the first that fails. `base` is the branch that a change is made
/// from; what it changes is shown for the pull request.
pub fn ci(root: &Path, base: Option<&str>) -> anyhow::Result<()> {
    let started = Instant::now();
    cargo(root, "format", FORMAT, &[])?;
    println!("\n== regen --check");
    let same = regen::regen(
        root,
        &Options {
            check: true,
            ..Options::default()
        },
        &mut std::io::stdout().lock(),
    )?;
    if !same {
        bail!("the committed clients are not what the descriptions give: run `cargo xtask regen`");
    }
    println!("\n== operations --check");
    if !operations::check_page(root)? {
        bail!(
            "{} is not what the descriptions give: run `cargo xtask operations --format markdown`",
            operations::PAGE
        );
    }
    println!("\n== review");
    if !review::review(root, base, &mut std::io::stdout().lock())? {
        bail!("the snapshots above are to be reviewed");
    }
    cargo(root, "clippy", CLIPPY, &[])?;
    cargo(root, "tests", TEST, &[])?;
    cargo(root, "docs", DOCS, &[("RUSTDOCFLAGS", "-D warnings")])?;
    println!("\nci passed in {:.0?}", started.elapsed());
    Ok(())
}

fn cargo(root: &Path, name: &str, arguments: &[&str], env: &[(&str, &str)]) -> anyhow::Result<()> {
    println!("\n== {name}: cargo {}", arguments.join(" "));
    let started = Instant::now();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .envs(env.iter().copied())
        .current_dir(root)
        .status()
        .with_context(|| format!("starting cargo for the step {name}"))?;
    if !status.success() {
        bail!("the step {name} failed: cargo {}", arguments.join(" "));
    }
    println!("== {name} passed in {:.0?}", started.elapsed());
    Ok(())
}
