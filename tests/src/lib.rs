//! What the end-to-end tests share. The tests themselves are in `tests/tests/`.
//!
//! | Module | Subject |
//! |---|---|
//! | [`clients`] | the generated clients behind one type, by operation id |
//! | [`conform`] | the vendor's descriptions as JSON Schema |
//! | [`schema`] | the plain document, seen |
//! | [`sites`] | places in a payload that a test can change |
//! | [`synth`] | payloads made from the plain document |
//! | [`server`] | a venue on loopback that records requests |
//! | [`plain`] | calls of a simulated venue without a client |
//! | [`prime_sheet`] | Prime's messages by a table, as it has no description to read |
//! | [`relay`] | what a client and a simulated venue say to each other |
//! | [`request`] | what a call must look like on the wire, told without our crates |
//! | [`failures`] | many findings, reported together |
//!
//! Everything is driven by the normalised descriptions, so an operation that is added to a
//! description is tested without a new line here.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "only tests use this crate, and a test fails by panicking"
)]
#![allow(
    clippy::missing_panics_doc,
    reason = "the same: a panic is how these functions say that a test failed"
)]

pub mod clients;
pub mod conform;
pub mod failures;
pub mod plain;
pub mod prime_sheet;
pub mod relay;
pub mod request;
pub mod schema;
pub mod server;
pub mod sites;
pub mod synth;

use std::{
    path::Path,
    sync::{LazyLock, OnceLock},
};

use xtask::{apis::APIS, model::Model, pipeline, pipeline::Source};

/// The workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// How many operations stand in the text of a description, YAML or JSON, told without reading it.
pub fn operations_written(text: &str) -> usize {
    let ids = text.lines().filter(|line| {
        let line = line.trim_start().trim_start_matches('"');
        line.starts_with("operationId")
    });
    ids.count()
}

/// The normalised descriptions of all APIs, in the order of [`APIS`].
pub fn models() -> &'static [Model] {
    static MODELS: OnceLock<Vec<Model>> = OnceLock::new();
    MODELS.get_or_init(|| {
        APIS.iter()
            .map(
                |api| match pipeline::describe(root(), api, &Source::Committed) {
                    Ok(described) => described.model,
                    Err(problems) => panic!("{}: {problems}", api.name),
                },
            )
            .collect()
    })
}

/// The description of one API.
pub fn model(api: &str) -> &'static Model {
    models().iter().find(|model| model.api == api).unwrap()
}

/// The key of the tests.
pub const KEY: &str = "public-key-of-the-tests";

/// The secret of the tests: 64 bytes, as the venue's own are.
pub fn secret() -> &'static [u8] {
    static SECRET: LazyLock<Vec<u8>> = LazyLock::new(|| (0..64).map(|n| n * 3 + 11).collect());
    &SECRET
}

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
