//! `operations.json` beside this crate is the table as a file, for tools that should not have to
//! compile the crate, such as `cargo xtask operations`. It says what the code says.
#![cfg(feature = "prediction-markets")]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;

use gemini_exchange::{Access, Effect, Endpoint, Permission, operations};
use serde::Serialize;

/// Set this variable to write the file in place of comparing it.
const WRITE: &str = "WRITE_OPERATIONS";

#[test]
fn the_file_is_the_table() {
    let lines: Vec<String> = operations()
        .map(|endpoint| serde_json::to_string(&row(endpoint)).unwrap())
        .collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("operations.json");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap();
    let same = file == text;
    assert!(
        same,
        "{} differs: run this test with {WRITE}=1",
        path.display()
    );
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    api: &'static str,
    group: &'static str,
    operation_id: &'static str,
    method: &'static str,
    path: &'static str,
    access: &'static str,
    permission: String,
    pace: Pace,
    repeatable: bool,
    effect: &'static str,
    rust_method: &'static str,
    page: &'static str,
}

#[derive(Serialize)]
struct Pace {
    counter: &'static str,
    cost: u16,
}

fn row(endpoint: &'static Endpoint) -> Row {
    let operation = &endpoint.operation;
    Row {
        api: operation.api,
        group: endpoint.group,
        operation_id: operation.id,
        method: operation.method.as_str(),
        path: operation.path,
        access: match operation.access {
            Access::Public => "public",
            Access::Private => "private",
        },
        permission: match operation.permission {
            Permission::NotNeeded => "none".to_owned(),
            Permission::Undocumented => "not documented".to_owned(),
            Permission::AllOf(names) => names.join(" and "),
            Permission::AnyOf(names) => names.join(" or "),
        },
        pace: Pace {
            counter: operation.pace.counter,
            cost: operation.pace.cost,
        },
        repeatable: endpoint.repeatable(),
        effect: match operation.effect {
            Effect::Read => "read",
            Effect::Order => "order",
            Effect::Funds => "funds",
            Effect::Account => "account",
        },
        rust_method: operation.rust_method,
        page: "https://developer.gemini.com/rest-api/rest-api",
    }
}
