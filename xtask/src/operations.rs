//! `cargo xtask operations`: every operation in one table.

use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::{
    apis::APIS,
    model::Operation,
    pipeline::{self, Source},
};

/// The page that the README links to.
pub const PAGE: &str = "OPERATIONS.md";

/// Tables of clients that are written by hand. Each is a file that a test of its crate compares
/// with the code, so that this tool need not compile the crate.
const TABLES: [(&str, &[&str]); 2] = [
    ("crates/kraken-prime/operations.json", &["kraken-prime"]),
    (
        "crates/gemini-exchange/operations.json",
        &["gemini", "gemini-predictions"],
    ),
];

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
    group: String,
    operation_id: String,
    method: String,
    path: String,
    access: String,
    permission: String,
    /// Not for what no limit is documented of.
    pace: Option<Pace>,
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

/// Writes the page; whether it was another one before.
pub fn write_page(root: &Path) -> anyhow::Result<bool> {
    let text = operations(root, None, Format::Markdown)?;
    let path = root.join(PAGE);
    if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(false);
    }
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(true)
}

/// Whether the page is what would be written.
pub fn check_page(root: &Path) -> anyhow::Result<bool> {
    let text = operations(root, None, Format::Markdown)?;
    Ok(std::fs::read_to_string(root.join(PAGE)).is_ok_and(|there| there == text))
}

fn row(api: &str, operation: &Operation) -> Row {
    let access = if operation.private {
        "private"
    } else {
        "public"
    };
    Row {
        api: api.to_owned(),
        group: operation.tag.clone(),
        operation_id: operation.id.clone(),
        method: operation.method.clone(),
        path: operation.path.clone(),
        access: access.to_owned(),
        permission: operation.permission.to_string(),
        pace: Some(Pace {
            counter: operation.pace.counter.clone(),
            cost: operation.pace.cost,
        }),
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
        row.pace.as_ref().map_or_else(
            || "not documented".to_owned(),
            |pace| format!("{} {}", pace.cost, pace.counter),
        ),
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

/// The page: an API a heading, a group a table.
fn markdown(rows: &[Row]) -> String {
    let mut text = format!(
        "<!-- Written by `cargo xtask operations --format markdown`; not to be edited. -->\n\
         # Operations\n\n\
         All {} operations, by API and group. A name leads to the vendor's page. *Pace* is what a call\n\
         adds to which rate-limit counter; only what *may be repeated* is sent again after a fault.\n",
        rows.len()
    );
    let mut apis: Vec<&str> = rows.iter().map(|row| row.api.as_str()).collect();
    apis.dedup();
    text.push('\n');
    for api in &apis {
        let count = rows.iter().filter(|row| row.api == *api).count();
        text.push_str(&format!("- [{api}](#{api}): {count}\n"));
    }
    for api in apis {
        text.push_str(&format!("\n## {api}\n"));
        let own: Vec<&Row> = rows.iter().filter(|row| row.api == api).collect();
        let mut groups: Vec<&str> = Vec::new();
        for row in &own {
            if !groups.contains(&row.group.as_str()) {
                groups.push(&row.group);
            }
        }
        for group in groups {
            text.push_str(&format!(
                "\n### {}\n\n| Operation | On the wire | Rust method | Permission | Pace | May be repeated |\n\
                 |---|---|---|---|---|---|\n",
                cell(group)
            ));
            for row in own.iter().filter(|row| row.group == group) {
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
                ] = cells(row);
                let permission = if access == "public" {
                    access
                } else {
                    permission
                };
                text.push_str(&format!(
                    "| [{}]({}) | `{method} {path}` | `{rust}` | {} | {} | {} |\n",
                    cell(&id),
                    row.page,
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
        assert_eq!(count(Some("kraken-prime")), 31);
        let kraken = APIS.iter().map(|api| {
            let text = std::fs::read_to_string(root.join(api.spec)).unwrap();
            let written = text.lines().filter(|line| {
                let line = line.trim_start().trim_start_matches('"');
                line.starts_with("operationId")
            });
            let written = written.count();
            assert_eq!(count(Some(api.name)), written, "{}", api.name);
            written
        });
        assert_eq!(count(None), kraken.sum::<usize>() + 31 + 75 + 31);
        assert!(operations(root, Some("nothing"), Format::Table).is_err());
    }

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
        for (file, _) in TABLES {
            let place = root.path().join(file);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::copy(here.join(file), place).unwrap();
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
            serde_json::from_str(&operations(root.path(), None, Format::Json).unwrap()).unwrap();
        assert_eq!(rows, all.as_array().unwrap().len());
        std::fs::write(root.path().join(PAGE), page + "\n").unwrap();
        assert!(!check_page(root.path()).unwrap());
    }
}
