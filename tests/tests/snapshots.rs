//! What the generator gives a caller, for review.
//!
//! `snapshots/<api>/<method>.snap` shows one operation as a caller sees it; `snapshots/quirks/`
//! is the whole code generated from a small description that holds every quirk once. After a
//! change, review the pending ones with `cargo insta review`, or accept them all with
//! `INSTA_UPDATE=always cargo test -p workspace-tests --test snapshots`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't be set up should stop"
)]

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use xtask::{
    apis::{APIS, Api},
    pipeline::{self, Source},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Compares every text with its snapshot, so that one run shows all that changed, and finds
/// snapshots that belong to nothing any more.
fn assert_all(folder: &str, texts: &[(String, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snapshots")
        .join(folder);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&path);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.remove_input_file();
    let mut changed = Vec::new();
    for (name, text) in texts {
        let compared = catch_unwind(AssertUnwindSafe(|| {
            settings.bind(|| insta::assert_snapshot!(name.as_str(), text));
        }));
        if compared.is_err() {
            changed.push(name.as_str());
        }
    }
    assert!(
        changed.is_empty(),
        "{folder}: {} changed: {}",
        changed.len(),
        changed.join(", ")
    );

    let wanted: BTreeSet<String> = texts
        .iter()
        .map(|(name, _)| format!("{name}.snap"))
        .collect();
    let there: BTreeSet<String> = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "snap")
        })
        .collect();
    let stale: Vec<_> = there.difference(&wanted).collect();
    assert!(
        stale.is_empty(),
        "{folder}: remove the snapshots of what is gone: {stale:?}"
    );
}

fn surface_of(api: &Api, source: &Source) -> Vec<(String, String)> {
    let output = pipeline::run(&root(), api, source).unwrap();
    assert_eq!(output.surface.len(), output.model.operations.len());
    output
        .surface
        .into_iter()
        .map(|surface| (surface.rust_method, surface.text))
        .collect()
}

/// How many operations stand in the text of a description, as plain as can be counted.
fn written(api: &Api) -> usize {
    let text = std::fs::read_to_string(root().join(api.spec)).unwrap();
    workspace_tests::operations_written(&text)
}

#[test]
fn kraken_spot_as_a_caller_sees_it() {
    let surface = surface_of(&APIS[0], &Source::Committed);
    assert_eq!(surface.len(), written(&APIS[0]));
    assert_all("kraken-spot", &surface);
}

#[test]
fn kraken_custody_as_a_caller_sees_it() {
    let surface = surface_of(&APIS[1], &Source::Committed);
    assert_eq!(surface.len(), written(&APIS[1]));
    assert_all("kraken-custody", &surface);
}

#[test]
fn kraken_custody_external_as_a_caller_sees_it() {
    let surface = surface_of(&APIS[2], &Source::Committed);
    assert_eq!(surface.len(), written(&APIS[2]));
    assert_all("kraken-custody-external", &surface);
}

/// A description that holds every quirk once.
const QUIRKS: Api = Api {
    name: "quirks",
    spec: "tests/fixtures/quirks.yaml",
    overlay: "tests/fixtures/quirks.overlay.yaml",
    out: "unused",
    module: "crate::quirks",
    base_url: "https://venue.example",
    doc_base: "https://docs.venue.example",
    private_counter: "venue-private",
    public_counter: "venue-public",
};

#[test]
fn every_quirk_once() {
    let output = pipeline::run(&root(), &QUIRKS, &Source::Committed).unwrap();
    let mut texts: Vec<(String, String)> = output
        .files
        .iter()
        // Calls by name are the same code for every operation; the real clients test them.
        .filter(|file| file.path != "dispatch.rs" && !file.path.ends_with("mod.rs"))
        .map(|file| (file.path.replace('/', "__"), without_header(&file.text)))
        .collect();
    texts.extend(
        output
            .surface
            .into_iter()
            .map(|surface| (format!("surface__{}", surface.rust_method), surface.text)),
    );
    assert_all("quirks", &texts);
}

/// The code alone: the header changes with every word of the description.
fn without_header(text: &str) -> String {
    text.lines()
        .skip_while(|line| !line.starts_with("//!"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The names a generator falls back to when it has no better one.
#[test]
fn no_type_has_a_name_that_says_nothing() {
    for api in APIS {
        let described = pipeline::describe(&root(), api, &Source::Committed).unwrap();
        for name in described.model.types.keys() {
            for poor in ["Body", "Variant", "Inner", "ListItem"] {
                assert!(!name.contains(poor), "{}: {name}", api.name);
            }
            assert!(
                !name.ends_with(|c: char| c.is_ascii_digit()) || name.contains("24"),
                "{}: {name} ends in a number",
                api.name
            );
        }
    }
}

/// Same input, same bytes.
#[test]
fn two_runs_give_the_same_bytes() {
    for api in APIS {
        let one = pipeline::run(&root(), api, &Source::Committed).unwrap();
        let two = pipeline::run(&root(), api, &Source::Committed).unwrap();
        assert_eq!(one.files, two.files, "{}", api.name);
    }
}
