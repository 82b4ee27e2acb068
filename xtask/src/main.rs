//! `cargo xtask`: see `cargo xtask help`.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use xtask::{
    ci, operations,
    regen::{self, Options},
};

/// The maintainer's tool of exchange-bindings.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_version_flag = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Generate the Kraken clients from the descriptions in specs/
    ///
    /// Reads each description and its overlay, and writes the client below its crate's
    /// src/generated. All problems of a description are reported at once, each with the overlay
    /// action that would mend it; nothing is written then.
    ///
    /// Examples:
    ///   cargo xtask regen                      all APIs
    ///   cargo xtask regen --api kraken-spot    one API
    ///   cargo xtask regen --check              compare only, exit status 1 if anything differs
    ///   cargo xtask regen --api kraken-spot --spec new.yaml --out /tmp/client
    ///                                          what another description would give
    #[command(verbatim_doc_comment)]
    Regen {
        /// Only this API: kraken-spot, kraken-custody or kraken-custody-external
        #[arg(long, value_name = "NAME")]
        api: Option<String>,
        /// Write nothing; name the committed files that differ and show their first lines
        #[arg(long, conflicts_with = "spec")]
        check: bool,
        /// Generate from this description; overlay actions that match nothing are warnings
        #[arg(long, value_name = "FILE", requires_all = ["out", "api"])]
        spec: Option<PathBuf>,
        /// Folder for the client generated with --spec
        #[arg(long, value_name = "DIR", requires = "spec")]
        out: Option<PathBuf>,
    },
    /// List every operation with its path, permission, pace and Rust method
    Operations {
        /// Only this API: kraken-spot, kraken-custody, kraken-custody-external, gemini or
        /// gemini-predictions
        #[arg(long, value_name = "NAME")]
        api: Option<String>,
        /// How to print the table
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Run everything CI runs: format, regen --check, clippy, tests, docs
    Ci,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Aligned columns
    Table,
    /// A JSON array
    Json,
    /// A Markdown table
    Markdown,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever reads the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run(cli: Cli) -> anyhow::Result<bool> {
    let root = workspace_root()?;
    match cli.command {
        Command::Regen {
            api,
            check,
            spec,
            out,
        } => {
            let options = Options {
                api,
                check,
                spec,
                out,
            };
            regen::regen(&root, &options, &mut io::stdout().lock())
        }
        Command::Operations { api, format } => {
            let format = match format {
                Format::Table => operations::Format::Table,
                Format::Json => operations::Format::Json,
                Format::Markdown => operations::Format::Markdown,
            };
            let table = operations::operations(&root, api.as_deref(), format)?;
            io::stdout().lock().write_all(table.as_bytes())?;
            Ok(true)
        }
        Command::Ci => ci::ci(&root).map(|()| true),
    }
}

/// The folder of the workspace: above this package, or above where the tool is run.
fn workspace_root() -> anyhow::Result<PathBuf> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    if let Some(root) = built_from
        && root.join("specs").is_dir()
    {
        return Ok(root.to_owned());
    }
    std::env::current_dir().context("finding the workspace")
}
