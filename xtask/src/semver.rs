//! `cargo xtask semver`: the public API of each crate, compared with the last release.
//!
//! `cargo xtask diff` judges descriptions; this looks at the Rust code, written by hand or not. The
//! work is done by `cargo-semver-checks`, which needs no network once the dependencies are there.

use std::{io::Write, path::Path, process::Command};

use anyhow::{Context, bail};
use serde_json::Value;

/// Compares each library with the revision, by default the last tag that is a version; `Ok(false)`
/// when one of them breaks its users.
pub fn semver(root: &Path, base: Option<&str>, out: &mut dyn Write) -> anyhow::Result<bool> {
    if base.is_some_and(|base| base.starts_with('-') || base.is_empty()) {
        bail!("`{}` is no Git revision", base.unwrap_or_default());
    }
    let base = base.map(str::to_owned);
    let Some(base) = base.map_or_else(|| last_release(root), |base| Ok(Some(base)))? else {
        writeln!(
            out,
            "There is no tag v1.2.3 yet, so nothing is released that could break; \
             --base REV compares with any revision."
        )?;
        return Ok(true);
    };
    let installed = cargo(root)
        .args(["semver-checks", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !installed {
        bail!("cargo-semver-checks is missing: cargo install cargo-semver-checks --locked");
    }
    let mut broken = Vec::new();
    for library in libraries(root)? {
        if !is_in(root, &base, &library.manifest)? {
            writeln!(out, "{}: not in {base}, so it is new", library.name)?;
            continue;
        }
        writeln!(out, "{}: compared with {base}", library.name)?;
        out.flush()?;
        let status = cargo(root)
            .args(["semver-checks", "check-release", "--release-type", "minor"])
            .args(["--package", &library.name, "--baseline-rev", &base])
            .status()
            .context("starting cargo semver-checks")?;
        if !status.success() {
            broken.push(library.name);
        }
    }
    if broken.is_empty() {
        writeln!(out, "\nNo crate breaks its users since {base}.")?;
    } else {
        writeln!(
            out,
            "\nBreaking since {base}: {}. The next version is a breaking one, unless that is mended.",
            broken.join(", ")
        )?;
    }
    Ok(broken.is_empty())
}

struct Library {
    name: String,
    /// Its manifest, from the workspace's root.
    manifest: String,
}

/// The workspace's libraries that others use: those below `crates/`.
fn libraries(root: &Path) -> anyhow::Result<Vec<Library>> {
    let output = cargo(root)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("starting cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())?;
    let below = root.join("crates");
    let mut libraries = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let is_library = package["targets"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|target| {
                target["kind"]
                    .as_array()
                    .is_some_and(|kinds| kinds.iter().any(|kind| kind == "lib"))
            });
        if let (true, Ok(manifest), Some(name)) = (
            is_library && manifest.starts_with(&below),
            manifest.strip_prefix(root),
            package["name"].as_str(),
        ) {
            libraries.push(Library {
                name: name.to_owned(),
                manifest: manifest.display().to_string(),
            });
        }
    }
    Ok(libraries)
}

/// The last tag like `v0.2.0` before the present commit.
fn last_release(root: &Path) -> anyhow::Result<Option<String>> {
    let output = git(root)
        .args(["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"])
        .output()
        .context("starting git")?;
    let tag = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok((output.status.success() && !tag.is_empty()).then_some(tag))
}

fn is_in(root: &Path, revision: &str, file: &str) -> anyhow::Result<bool> {
    let commit = format!("{revision}^{{commit}}");
    let known = git(root)
        .args(["rev-parse", "--verify", "--quiet", &commit])
        .output()
        .context("starting git")?;
    if !known.status.success() {
        bail!("Git knows no revision `{revision}`");
    }
    let output = git(root)
        .args(["cat-file", "-e", &format!("{revision}:./{file}")])
        .output()
        .context("starting git")?;
    Ok(output.status.success())
}

fn git(root: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(root);
    git
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_those_below_crates() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let libraries = libraries(root).unwrap();
        let names: Vec<_> = libraries.iter().map(|one| one.name.as_str()).collect();
        assert!(names.contains(&"kraken-spot"), "{names:?}");
        assert!(!names.contains(&"xtask") && !names.contains(&"workspace-tests"));
        let spot = libraries.iter().find(|one| one.name == "kraken-spot");
        assert_eq!(spot.unwrap().manifest, "crates/kraken-spot/Cargo.toml");
    }
}
