//! `wire-check`: see `wire-check --help`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, ValueEnum};
use wire_check::api::{self, APIS, Api};
use wire_check::captures::{self, Capture};
use wire_check::redact::redact;
use wire_check::{Part, Report, Verdict, check};

/// Does a captured payload fit the bindings, and what of it would they lose?
///
/// The whole body of an answer, with its envelope, goes through the real types of the workspace.
///
/// Examples:
///   wire-check kraken-spot getServerTime answer.json
///   curl -s "$URL" | wire-check kraken-spot getServerTime -
///   wire-check gemini createNewOrder order.json --request
///   wire-check kraken-spot captures/        files named after operations: addOrder.json
///   wire-check kraken-spot addOrder captures/
///   wire-check --list
///
/// Exit status: 0 nothing lost, 1 something lost or unknown, 2 not decodable, 3 wrong use. For a
/// folder it is the highest of its files.
#[derive(Debug, Parser)]
#[command(name = "wire-check", verbatim_doc_comment, disable_version_flag = true)]
struct Cli {
    /// Name of the API; --list has them
    #[arg(required_unless_present = "list")]
    api: Option<String>,
    /// The vendor's name of the operation or stream, or a folder of captures
    #[arg(required_unless_present = "list")]
    operation: Option<String>,
    /// The payload: a file, a folder of files, or `-` for the standard input, as without it
    file: Option<PathBuf>,
    /// The payload is a request, not an answer
    #[arg(long)]
    request: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Show no values, only their kind, and no keys that may be ids or account numbers
    #[arg(long)]
    redact: bool,
    /// List APIs and operations, all or those of API
    #[arg(long)]
    list: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let help = error.kind() == ErrorKind::DisplayHelp;
            // There is nobody to tell if it can't be printed.
            let _ = error.print();
            return exit(if help {
                Verdict::Fits
            } else {
                Verdict::WrongUse
            });
        }
    };
    let mut out = String::new();
    let verdict = run(&cli, &mut out).unwrap_or_else(|text| {
        let _ = writeln!(io::stderr(), "{text}");
        Verdict::WrongUse
    });
    // A reader that has seen enough, such as `head`, is no fault.
    let _ = io::stdout().write_all(out.as_bytes());
    exit(verdict)
}

fn exit(verdict: Verdict) -> ExitCode {
    ExitCode::from(verdict.exit_code())
}

fn run(cli: &Cli, out: &mut String) -> Result<Verdict, String> {
    if cli.list {
        list(cli, out)?;
        return Ok(Verdict::Fits);
    }
    let (Some(name), Some(operation)) = (&cli.api, &cli.operation) else {
        return Err("API and OPERATION must be given".to_owned());
    };
    let Some(api) = api::find(name) else {
        return Err(format!("there is no API `{name}`; --list has them"));
    };
    let part = if cli.request {
        Part::Request
    } else {
        usual_part(api, operation)
    };
    let file = cli.file.as_deref().filter(|path| *path != Path::new("-"));
    let named = file.is_none() && cli.file.is_none() && Path::new(operation).is_dir();
    let known = api.operations().iter().any(|entry| entry.id == *operation);
    if named && !known {
        return folder(cli, api, Path::new(operation), None, out);
    }
    if let Some(path) = file.filter(|path| path.is_dir()) {
        if !known {
            return Err(format!(
                "{name} has no operation `{operation}`; --list has them"
            ));
        }
        return folder(cli, api, path, Some(operation), out);
    }
    if !known {
        return Err(format!(
            "{name} has no operation `{operation}`; --list has them"
        ));
    }
    let payload = match file {
        Some(path) => captures::read(path).map_err(|error| format!("{}: {error}", path.display())),
        None => captures::limited(io::stdin().lock()).map_err(|error| format!("input: {error}")),
    }?;
    let mut report = check(name, operation, part, &payload);
    report.source = file.map(|path| path.display().to_string());
    if let Some(text) = &report.wrong_use {
        return Err(text.clone());
    }
    let report = if cli.redact { redact(report) } else { report };
    match cli.format {
        Format::Text => out.push_str(&report.to_string()),
        Format::Json => json(&report, out)?,
    }
    Ok(report.verdict)
}

/// What a payload of the operation is unless told otherwise.
fn usual_part(api: &dyn Api, operation: &str) -> Part {
    api.operations()
        .iter()
        .find(|entry| entry.id == operation)
        .map_or(Part::Answer, |entry| entry.parts[0])
}

fn folder(
    cli: &Cli,
    api: &dyn Api,
    path: &Path,
    operation: Option<&str>,
    out: &mut String,
) -> Result<Verdict, String> {
    let captures =
        captures::list(path, operation).map_err(|error| format!("{}: {error}", path.display()))?;
    if captures.is_empty() {
        return Err(format!("{}: there are no captures", path.display()));
    }
    let reports: Vec<Report> = captures
        .iter()
        .map(|capture| one(cli, api, capture))
        .collect::<Result<_, _>>()?;
    let reports: Vec<Report> = if cli.redact {
        reports.into_iter().map(redact).collect()
    } else {
        reports
    };
    match cli.format {
        Format::Text => out.push_str(&captures::table(&reports)),
        Format::Json => json(&reports, out)?,
    }
    let worst = reports.iter().map(|report| report.verdict).max();
    Ok(worst.unwrap_or(Verdict::Fits))
}

fn one(cli: &Cli, api: &dyn Api, capture: &Capture) -> Result<Report, String> {
    let path = &capture.path;
    let payload = captures::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let part = if cli.request || capture.is_request {
        Part::Request
    } else {
        usual_part(api, &capture.operation)
    };
    let mut report = check(api.name(), &capture.operation, part, &payload);
    let name = path.file_name().unwrap_or_default();
    report.source = Some(name.to_string_lossy().into_owned());
    Ok(report)
}

fn list(cli: &Cli, out: &mut String) -> Result<(), String> {
    let mut rows = Vec::new();
    for api in APIS {
        if cli.api.as_deref().is_some_and(|name| name != api.name()) {
            continue;
        }
        for entry in api.operations() {
            rows.push((api.name(), entry));
        }
    }
    if rows.is_empty() {
        let name = cli.api.as_deref().unwrap_or_default();
        return Err(format!("there is no API `{name}`"));
    }
    if cli.format == Format::Json {
        let rows: Vec<serde_json::Value> = rows
            .iter()
            .map(|(api, entry)| {
                serde_json::json!({
                    "api": api, "operation": entry.id, "place": entry.place, "parts": entry.parts,
                })
            })
            .collect();
        return json(&rows, out);
    }
    for (api, entry) in rows {
        let parts: Vec<&str> = entry.parts.iter().map(|part| part.name()).collect();
        out.push_str(&format!(
            "{api:<24} {:<36} {:<16} {}\n",
            entry.id,
            parts.join(", "),
            entry.place
        ));
    }
    Ok(())
}

fn json<T: serde::Serialize + ?Sized>(value: &T, out: &mut String) -> Result<(), String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    out.push_str(&text);
    out.push('\n');
    Ok(())
}
