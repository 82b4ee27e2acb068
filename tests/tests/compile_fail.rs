//! A call without one of its required parameters does not compile, and the compiler says why.
//!
//! Each file in `tests/compile-fail/` is compiled as it is, which must work, and without each of the
//! lines marked `//~ required`, which must fail with our message; behind the mark stands the
//! parameter's type. So nothing but the missing parameter can be the reason, and the compiler's own
//! wording does not matter.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const MARK: &str = "//~ required ";

/// The clients that the files use.
const CLIENTS: [&str; 3] = ["kraken_spot", "kraken_prime", "gemini_exchange"];

#[test]
fn a_call_without_a_required_parameter() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("compile-fail");
    let mut tried = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let whole = fs::read_to_string(&path).unwrap();
        let client = CLIENTS
            .into_iter()
            .find(|client| whole.contains(&format!("use {client}::")))
            .unwrap_or_else(|| panic!("{name} uses none of {CLIENTS:?}"));
        if let Err(errors) = compile(client, &name, &whole) {
            panic!("{name} does not compile as it is:\n{errors}");
        }
        let lines: Vec<&str> = whole.lines().collect();
        let marked: Vec<usize> = (0..lines.len())
            .filter(|at| lines[*at].contains(MARK))
            .collect();
        assert!(!marked.is_empty(), "{name}: nothing is marked {MARK}");
        for at in marked {
            let (_, kind) = lines[at].split_once(MARK).unwrap();
            let rest = [&lines[..at], &lines[at + 1..]].concat().join("\n");
            missing(
                client,
                &format!("{name}_without_line_{}", at + 1),
                &rest,
                kind,
            );
        }
        tried.push(client);
    }
    for client in CLIENTS {
        assert!(tried.contains(&client), "no file tries {client}");
    }
}

/// The source must fail, and for nothing but a parameter of this type that is missing.
fn missing(client: &str, name: &str, source: &str, kind: &str) {
    let errors = compile(client, name, source).unwrap_err();
    let missing = format!("a required parameter of type `{kind}` is missing before this");
    for expected in [
        "a required parameter of this call is not set",
        &missing,
        "call the builder's method for it before `send()`",
    ] {
        assert!(
            errors.contains(expected),
            "{name}: {expected:?} is not in\n{errors}"
        );
    }
    // Nothing else is wrong. How often the compiler says it is its own business.
    for error in errors.lines().filter(|line| line.starts_with("error[")) {
        assert_eq!(
            error,
            "error[E0277]: a required parameter of this call is not set"
        );
    }
}

/// A compiled client: the newest, since this test's own build made or found it up to date.
/// Builds with other features leave theirs beside it.
fn library(client: &str) -> PathBuf {
    let prefix = format!("lib{client}-");
    let files = fs::read_dir(dependencies())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(&prefix) && name.ends_with(".rlib")
        })
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
        .unwrap()
}

/// The folder the tests and what they depend on are compiled to.
fn dependencies() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

fn compile(client: &str, name: &str, source: &str) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{name}.rs"));
    fs::write(&file, source).unwrap();
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
            "--color",
            "never",
        ])
        .arg("-L")
        .arg(format!("dependency={}", dependencies().display()))
        .arg("--extern")
        .arg(format!("{client}={}", library(client).display()))
        .arg("--out-dir")
        .arg(folder)
        .arg(&file)
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
