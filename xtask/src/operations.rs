//! `cargo xtask operations`: every operation in one table.

use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::{
    apis::APIS,
    model::Operation,
    pipeline::{self, Source},
};

/// Tables of clients that are written by hand. Each is a file that a test of its crate compares
/// with the code, so that this tool need not compile the crate.
const TABLES: [(&str, &[&str]); 1] = [(
    "crates/gemini-exchange/operations.json",
    &["gemini", "gemini-predictions"],
)];

/// How the table is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For reading in a terminal.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For documents.
    Markdown,
}

/// One operation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row {
    api: String,
    operation_id: String,
    method: String,
    path: String,
    access: String,
    permission: String,
    pace: Pace,
    repeatable: bool,
    effect: String,
    rust_method: String,
    page: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    counter: String,
    cost: u16,
}

/// The table as text, of all APIs or of one.
pub fn operations(root: &Path, only: Option<&str>, format: Format) -> anyhow::Result<String> {
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    let mut rows = Vec::new();
    for api in APIS.iter().filter(|api| wanted(api.name)) {
        let described = pipeline::describe(root, api, &Source::Committed)
            .with_context(|| format!("reading {}", api.spec))?;
        let operations = described.model.operations.iter();
        rows.extend(operations.map(|operation| row(api.name, operation)));
    }
    for (file, apis) in TABLES {
        if apis.iter().any(|name| wanted(name)) {
            let text = std::fs::read_to_string(root.join(file))
                .with_context(|| format!("reading {file}"))?;
            let table: Vec<Row> =
                serde_json::from_str(&text).with_context(|| format!("reading {file}"))?;
            rows.extend(table.into_iter().filter(|row| wanted(&row.api)));
        }
    }
    if let (Some(only), true) = (only, rows.is_empty()) {
        anyhow::bail!("there is no API {only}");
    }
    Ok(match format {
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&rows)?),
        Format::Table => aligned(&rows),
        Format::Markdown => markdown(&rows),
    })
}

fn row(api: &str, operation: &Operation) -> Row {
    let access = if operation.private {
        "private"
    } else {
        "public"
    };
    Row {
        api: api.to_owned(),
        operation_id: operation.id.clone(),
        method: operation.method.clone(),
        path: operation.path.clone(),
        access: access.to_owned(),
        permission: operation.permission.to_string(),
        pace: Pace {
            counter: operation.pace.counter.clone(),
            cost: operation.pace.cost,
        },
        repeatable: operation.repeatable(),
        effect: operation.effect.word().to_owned(),
        rust_method: operation.rust_method.clone(),
        page: operation.doc_url.clone(),
    }
}

const HEADS: [&str; 9] = [
    "api",
    "operationId",
    "method",
    "path",
    "access",
    "permission",
    "pace",
    "repeatable",
    "rust method",
];

fn cells(row: &Row) -> [String; 9] {
    [
        row.api.clone(),
        row.operation_id.clone(),
        row.method.clone(),
        row.path.clone(),
        row.access.clone(),
        row.permission.clone(),
        format!("{} {}", row.pace.cost, row.pace.counter),
        if row.repeatable {
            "yes".to_owned()
        } else {
            format!("no ({})", row.effect)
        },
        row.rust_method.clone(),
    ]
}

fn aligned(rows: &[Row]) -> String {
    let rows: Vec<[String; 9]> = rows.iter().map(cells).collect();
    let mut widths = HEADS.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let heads = HEADS.map(str::to_owned);
    for row in std::iter::once(&heads).chain(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn markdown(rows: &[Row]) -> String {
    let mut text = format!("| {} |\n", HEADS.join(" | "));
    text.push_str(&format!("|{}\n", " --- |".repeat(HEADS.len())));
    for row in rows {
        let mut cells = cells(row);
        cells[1] = format!("[{}]({})", cells[1], row.page);
        for index in [3, 8] {
            cells[index] = format!("`{}`", cells[index]);
        }
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_api_or_all() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let count = |only| {
            let text = operations(root, only, Format::Json).unwrap();
            let rows: Vec<Row> = serde_json::from_str(&text).unwrap();
            rows.len()
        };
        assert_eq!(count(Some("gemini")), 75);
        assert_eq!(count(Some("gemini-predictions")), 31);
        assert_eq!(count(Some("kraken-custody")), 13);
        assert_eq!(count(None), 61 + 13 + 24 + 75 + 31);
        assert!(operations(root, Some("nothing"), Format::Table).is_err());
    }
}
