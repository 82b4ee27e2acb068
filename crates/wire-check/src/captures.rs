//! Folders of captures.
//!
//! A file is named after its operation: `addOrder.json`, or with anything between the two, such as
//! `addOrder.2026-11-01.json`. With `.request.` in the name it is a request. Where the operation is
//! given, the names don't matter.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::Report;

/// The largest payload that is read, in bytes.
pub const LARGEST: u64 = 64 * 1024 * 1024;

/// One file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Where it is.
    pub path: PathBuf,
    /// Its operation.
    pub operation: String,
    /// Whether its name says that it is a request.
    pub is_request: bool,
}

/// The captures of a folder, by name. Other folders in it and files whose name starts with a dot
/// are passed over.
///
/// # Errors
///
/// When the folder can't be read.
pub fn list(folder: &Path, operation: Option<&str>) -> io::Result<Vec<Capture>> {
    let mut captures = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !path.is_file() || name.starts_with('.') {
            continue;
        }
        let mut pieces = name.split('.');
        let first = pieces.next().unwrap_or_default();
        let is_request = operation.is_none() && pieces.any(|piece| piece == "request");
        captures.push(Capture {
            operation: operation.unwrap_or(first).to_owned(),
            is_request,
            path,
        });
    }
    captures.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(captures)
}

/// Reads a file.
///
/// # Errors
///
/// When it can't be read, or is larger than [`LARGEST`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    limited(fs::File::open(path)?)
}

/// Reads all of a stream.
///
/// # Errors
///
/// When it can't be read, or is larger than [`LARGEST`].
pub fn limited(stream: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut stream.take(LARGEST + 1), &mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        let text = format!("larger than {} MiB", LARGEST / 1024 / 1024);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// One line for each report, in columns.
pub fn table(reports: &[Report]) -> String {
    let source = |report: &Report| report.source.clone().unwrap_or_default();
    let mut rows = vec![[
        "capture".to_owned(),
        "operation".to_owned(),
        "exit".to_owned(),
        "result".to_owned(),
    ]];
    rows.extend(reports.iter().map(|report| {
        [
            source(report),
            format!("{} {}", report.operation, report.part.name()),
            report.verdict.exit_code().to_string(),
            finding(report),
        ]
    }));
    let width = |column: usize| {
        let lengths = rows.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    rows.iter()
        .fold(String::new(), |table, [one, two, three, four]| {
            table
                + &format!(
                    "{one:a$}  {two:b$}  {three:c$}  {four}\n",
                    a = widths[0],
                    b = widths[1],
                    c = widths[2]
                )
        })
}

/// The summary with the first place it is about.
fn finding(report: &Report) -> String {
    let failed = report.failed.iter().map(|failed| {
        let at = if failed.pointer.is_empty() {
            "/"
        } else {
            &failed.pointer
        };
        format!("{at}: {}", failed.message)
    });
    let lost = report
        .lost
        .iter()
        .chain(&report.unnamed)
        .map(|lost| lost.pointer.clone());
    let unknown = report.unknown.iter().map(|unknown| unknown.pointer.clone());
    match failed.chain(lost).chain(unknown).next() {
        Some(first) => format!("{} ({first})", report.summary()),
        None => report.summary(),
    }
}
