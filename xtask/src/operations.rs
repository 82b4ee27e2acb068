//! `cargo xtask operations`: every operation in one table.

use std::path::Path;

use anyhow::Context;
use serde_json::json;

use crate::{
    apis::APIS,
    model::Operation,
    pipeline::{self, Source},
};

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

/// The table as text.
pub fn operations(root: &Path, format: Format) -> anyhow::Result<String> {
    let mut rows = Vec::new();
    for api in APIS {
        let described = pipeline::describe(root, api, &Source::Committed)
            .with_context(|| format!("reading {}", api.spec))?;
        for operation in described.model.operations {
            rows.push((api.name, operation));
        }
    }
    Ok(match format {
        Format::Json => json_text(&rows)?,
        Format::Table => aligned(&rows),
        Format::Markdown => markdown(&rows),
    })
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

fn cells(api: &str, operation: &Operation) -> [String; 9] {
    [
        api.to_owned(),
        operation.id.clone(),
        operation.method.clone(),
        operation.path.clone(),
        access(operation).to_owned(),
        operation.permission.to_string(),
        format!("{} {}", operation.pace.cost, operation.pace.counter),
        if operation.repeatable() {
            "yes".to_owned()
        } else {
            format!("no ({})", operation.effect.word())
        },
        operation.rust_method.clone(),
    ]
}

fn access(operation: &Operation) -> &'static str {
    if operation.private {
        "private"
    } else {
        "public"
    }
}

fn aligned(rows: &[(&str, Operation)]) -> String {
    let rows: Vec<[String; 9]> = rows
        .iter()
        .map(|(api, operation)| cells(api, operation))
        .collect();
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

fn markdown(rows: &[(&str, Operation)]) -> String {
    let mut text = format!("| {} |\n", HEADS.join(" | "));
    text.push_str(&format!("|{}\n", " --- |".repeat(HEADS.len())));
    for (api, operation) in rows {
        let mut cells = cells(api, operation);
        cells[1] = format!("[{}]({})", cells[1], operation.doc_url);
        for index in [3, 8] {
            cells[index] = format!("`{}`", cells[index]);
        }
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

fn json_text(rows: &[(&str, Operation)]) -> anyhow::Result<String> {
    let rows: Vec<_> = rows
        .iter()
        .map(|(api, operation)| {
            json!({
                "api": api,
                "operationId": operation.id,
                "method": operation.method,
                "path": operation.path,
                "access": access(operation),
                "permission": operation.permission.to_string(),
                "pace": {"counter": operation.pace.counter, "cost": operation.pace.cost},
                "repeatable": operation.repeatable(),
                "effect": operation.effect.word(),
                "rustMethod": operation.rust_method,
                "page": operation.doc_url,
            })
        })
        .collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&rows)?))
}
