//! `cargo xtask operations`: every operation in one table.

use std::path::Path;

use anyhow::Context;
use serde_json::json;

use crate::{
    apis::APIS,
    model::Operation,
    pipeline::{self, Source},
};

/// The page that the README links to.
pub const PAGE: &str = "OPERATIONS.md";

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

/// Writes the page; whether it was another one before.
pub fn write_page(root: &Path) -> anyhow::Result<bool> {
    let text = operations(root, Format::Markdown)?;
    let path = root.join(PAGE);
    if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(false);
    }
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(true)
}

/// Whether the page is what would be written.
pub fn check_page(root: &Path) -> anyhow::Result<bool> {
    let text = operations(root, Format::Markdown)?;
    Ok(std::fs::read_to_string(root.join(PAGE)).is_ok_and(|there| there == text))
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

/// The page: an API a heading, a group a table.
fn markdown(rows: &[(&str, Operation)]) -> String {
    let mut text = format!(
        "<!-- Written by `cargo xtask operations --format markdown`; not to be edited. -->\n\
         # Operations\n\n\
         All {} operations, by API and group. A name leads to the vendor's page. *Pace* is what a call\n\
         adds to which rate-limit counter; only what *may be repeated* is sent again after a fault.\n",
        rows.len()
    );
    let mut apis: Vec<&str> = rows.iter().map(|(api, _)| *api).collect();
    apis.dedup();
    text.push('\n');
    for api in &apis {
        let count = rows.iter().filter(|(other, _)| other == api).count();
        text.push_str(&format!("- [{api}](#{api}): {count}\n"));
    }
    for api in apis {
        text.push_str(&format!("\n## {api}\n"));
        let own: Vec<&Operation> = rows
            .iter()
            .filter(|(other, _)| *other == api)
            .map(|(_, operation)| operation)
            .collect();
        let mut groups: Vec<&str> = Vec::new();
        for operation in &own {
            if !groups.contains(&operation.tag.as_str()) {
                groups.push(&operation.tag);
            }
        }
        for group in groups {
            text.push_str(&format!(
                "\n### {}\n\n| Operation | On the wire | Rust method | Permission | Pace | May be repeated |\n\
                 |---|---|---|---|---|---|\n",
                cell(group)
            ));
            for operation in own.iter().filter(|operation| operation.tag == group) {
                let [
                    _,
                    id,
                    method,
                    path,
                    access,
                    permission,
                    pace,
                    repeatable,
                    rust,
                ] = cells(api, operation);
                let permission = if operation.private {
                    permission
                } else {
                    access
                };
                text.push_str(&format!(
                    "| [{}]({}) | `{method} {path}` | `{rust}` | {} | {} | {} |\n",
                    cell(&id),
                    operation.doc_url,
                    cell(&permission),
                    cell(&pace),
                    cell(&repeatable),
                ));
            }
        }
    }
    text
}

/// Text that does not end a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace with the committed descriptions and no page.
    fn root() -> tempfile::TempDir {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("specs")).unwrap();
        for api in APIS {
            for file in [api.spec, api.overlay] {
                std::fs::copy(here.join(file), root.path().join(file)).unwrap();
            }
        }
        std::fs::copy(
            here.join(crate::sources::FILE),
            root.path().join(crate::sources::FILE),
        )
        .unwrap();
        root
    }

    #[test]
    fn the_page_is_written_once_and_checked() {
        let root = root();
        assert!(!check_page(root.path()).unwrap());
        assert!(write_page(root.path()).unwrap());
        assert!(!write_page(root.path()).unwrap());
        assert!(check_page(root.path()).unwrap());
        let page = std::fs::read_to_string(root.path().join(PAGE)).unwrap();
        for api in APIS {
            assert!(page.contains(&format!("\n## {}\n", api.name)));
        }
        let rows = page.lines().filter(|line| line.starts_with("| [")).count();
        let all: serde_json::Value =
            serde_json::from_str(&operations(root.path(), Format::Json).unwrap()).unwrap();
        assert_eq!(rows, all.as_array().unwrap().len());
        std::fs::write(root.path().join(PAGE), page + "\n").unwrap();
        assert!(!check_page(root.path()).unwrap());
    }
}
