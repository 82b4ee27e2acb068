//! A call without one of its required parameters does not compile, and the compiler says why.
//!
//! Each file in `tests/compile-fail/` is compiled twice: as it is, which must work, and without
//! the lines marked `//~ required`, which must fail with our message. So nothing but the missing
//! parameter can be the reason, and the compiler's own wording does not matter.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const MARK: &str = "//~ required";

#[test]
fn a_call_without_a_required_parameter() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("compile-fail");
    let client = client();
    let mut tried = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let whole = fs::read_to_string(&path).unwrap();
        assert!(whole.contains(MARK), "{name}: nothing is marked {MARK}");
        if let Err(errors) = compile(&client, &name, &whole) {
            panic!("{name} does not compile as it is:\n{errors}");
        }
        let lines: Vec<&str> = whole.lines().filter(|line| !line.contains(MARK)).collect();
        let errors = compile(&client, &format!("{name}_missing"), &lines.join("\n")).unwrap_err();
        for expected in [
            "a required parameter of this call is not set",
            "a required parameter of type `String` is missing before this",
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
        tried += 1;
    }
    assert!(tried > 0, "there is nothing in tests/compile-fail");
}

/// The compiled client: the newest, since this test's own build made or found it up to date.
/// Builds with other features leave theirs beside it.
fn client() -> PathBuf {
    let files = fs::read_dir(dependencies())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("libkraken_spot-") && name.ends_with(".rlib")
        })
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
        .unwrap()
}

/// The folder the tests and what they depend on are compiled to.
fn dependencies() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

fn compile(client: &Path, name: &str, source: &str) -> Result<(), String> {
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
        .arg(format!("kraken_spot={}", client.display()))
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
