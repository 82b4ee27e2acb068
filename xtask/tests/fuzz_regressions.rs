//! Descriptions that fuzzing found: each made the generator panic, go on for ever, or write
//! something that is not Rust. The second line of each says what it gives now.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use xtask::{
    apis,
    pipeline::{self, Source},
};

fn found() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fuzz");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// The files of the client, or the report.
fn generate(description: &Path) -> Result<Vec<(String, String)>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let api = apis::find("kraken-custody-external").unwrap();
    match pipeline::run(root, api, &Source::Other(description.to_owned())) {
        Ok(output) => Ok(output
            .files
            .into_iter()
            .map(|file| (file.path, file.text))
            .collect()),
        Err(problems) => {
            assert!(!problems.0.is_empty(), "a failure without a problem");
            Err(problems.to_string())
        }
    }
}

#[test]
fn what_fuzzing_found_gives_a_client_or_a_report() {
    for path in found() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let expected = text
            .lines()
            .find_map(|line| line.strip_prefix("# expects: "))
            .unwrap_or_else(|| panic!("{name} does not say what it expects"));

        let started = Instant::now();
        let outcome = generate(&path);
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{name} takes too long"
        );
        assert_eq!(outcome, generate(&path), "{name} differs from run to run");
        match outcome {
            Ok(files) => {
                assert_eq!(expected, "a client", "{name} gives a client");
                for (path, text) in files {
                    let code = syn::parse_file(&text)
                        .unwrap_or_else(|error| panic!("{name}: {path}: {error}\n{text}"));
                    let planted = code.items.iter().any(
                        |item| matches!(item, syn::Item::Mod(item) if item.ident == "planted"),
                    );
                    assert!(!planted, "{name}: text became code in {path}");
                }
            }
            Err(report) => {
                assert!(report.contains(expected), "{name}: {report}");
                assert!(
                    !report.contains("fault of the generator"),
                    "{name}: {report}"
                );
            }
        }
    }
}
