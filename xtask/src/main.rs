//! `cargo xtask`: see `cargo xtask help`.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use xtask::{
    ci,
    diff::{self, verdict::Verdict},
    fetch, operations,
    regen::{self, Options},
    review, semver,
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
    /// Get the vendor's description, show what changed, and put it in place on demand
    ///
    /// The address is that of specs/sources.toml. Only https is asked (and http on this machine),
    /// through the proxy that the environment names. Whatever fails, nothing is changed.
    ///
    /// Examples:
    ///   cargo xtask fetch                      all APIs, only to look
    ///   cargo xtask fetch --api kraken-spot --accept
    ///                                          one API, into specs/ with its date and digest
    ///   cargo xtask fetch --api kraken-spot --from ~/Downloads/spot-rest.yaml --accept
    #[command(verbatim_doc_comment)]
    Fetch {
        /// Only this API
        #[arg(long, value_name = "NAME")]
        api: Option<String>,
        /// Another address than the recorded one, or a file
        #[arg(long, value_name = "URL|FILE", requires = "api")]
        from: Option<String>,
        /// Put it in place, with its date and digest in specs/sources.toml
        #[arg(long)]
        accept: bool,
    },
    /// Tell what changed between two descriptions, whom it breaks, and the next version
    ///
    /// Compares after overlays and normalisation, as a Rust caller of the crates meets it: breaking
    /// (does not compile, or means something else), behaviour (compiles, but does something else
    /// when it runs) or compatible. Exit status: 0, or 1 for what --fail-on names or what stands in
    /// the way of reading a side, or 2 if nothing could be compared.
    ///
    /// Examples:
    ///   cargo xtask diff                       the working tree with the last commit
    ///   cargo xtask diff --base main --format markdown
    ///                                          what a branch changes, for its pull request
    ///   cargo xtask diff --api kraken-spot old.yaml new.yaml
    #[command(verbatim_doc_comment)]
    Diff {
        /// Only this API
        #[arg(long, value_name = "NAME")]
        api: Option<String>,
        /// Compare the working tree with this revision [default: HEAD]
        #[arg(long, value_name = "REV", conflicts_with_all = ["old", "new"])]
        base: Option<String>,
        /// The description before
        #[arg(requires_all = ["new", "api"])]
        old: Option<PathBuf>,
        /// The description after; the overlay of the working tree applies to both
        new: Option<PathBuf>,
        /// How to print it
        #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
        format: DiffFormat,
        /// Exit with 1 if something is as bad as this, or worse
        #[arg(long, value_enum, value_name = "VERDICT")]
        fail_on: Option<FailOn>,
    },
    /// List every operation with its path, permission, pace and Rust method
    ///
    /// Examples:
    ///   cargo xtask operations                     in the terminal
    ///   cargo xtask operations --format markdown   into OPERATIONS.md, which the README links to
    ///   cargo xtask operations --check             exit status 1 if OPERATIONS.md is another one
    #[command(verbatim_doc_comment)]
    Operations {
        /// Only this API: kraken-spot, kraken-custody, kraken-custody-external, gemini or
        /// gemini-predictions
        #[arg(long, value_name = "NAME")]
        api: Option<String>,
        /// How to print the table
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
        /// Write nothing; compare OPERATIONS.md with what would be written
        #[arg(long)]
        check: bool,
    },
    /// Show what a reviewer has to look at: pending snapshots, and the changes since the base branch
    ///
    /// Both are what a caller of the crates sees: the changed lines of each operation's snapshot,
    /// and the Markdown of `cargo xtask diff`, ready for a pull request. Exit status 1 if snapshots
    /// are pending.
    #[command(verbatim_doc_comment)]
    Review {
        /// The branch that the change is made from [default: origin/main, or main]
        #[arg(long, value_name = "REV")]
        base: Option<String>,
    },
    /// Compare the public API of each crate with the last release, with cargo-semver-checks
    ///
    /// `cargo xtask diff` judges descriptions; this looks at the Rust code, by hand or generated.
    /// Exit status 1 if a crate breaks its users.
    #[command(verbatim_doc_comment)]
    Semver {
        /// Compare with this revision [default: the last tag like v1.2.3]
        #[arg(long, value_name = "REV")]
        base: Option<String>,
    },
    /// Run everything CI runs: format, regen --check, operations --check, review, clippy, tests, docs
    Ci {
        /// The branch that the change is made from, for the review
        #[arg(long, value_name = "REV")]
        base: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Aligned columns
    Table,
    /// A JSON array
    Json,
    /// The page OPERATIONS.md, which is written
    Markdown,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DiffFormat {
    /// For reading in a terminal
    Text,
    /// For a pull request
    Markdown,
    /// For programs
    Json,
}

impl From<DiffFormat> for diff::Format {
    fn from(format: DiffFormat) -> Self {
        match format {
            DiffFormat::Text => Self::Text,
            DiffFormat::Markdown => Self::Markdown,
            DiffFormat::Json => Self::Json,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    /// What does not compile any more, or means something else
    Breaking,
    /// What does something else when it runs
    Behaviour,
    /// Any change that callers can see
    Compatible,
}

impl From<FailOn> for Verdict {
    fn from(verdict: FailOn) -> Self {
        match verdict {
            FailOn::Breaking => Self::Breaking,
            FailOn::Behaviour => Self::Behaviour,
            FailOn::Compatible => Self::Compatible,
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A comparison tells "it breaks" from "it could not be compared".
    let failed = match cli.command {
        Command::Diff { .. } => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    };
    match run(cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever reads the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            failed
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
        Command::Fetch { api, from, accept } => {
            let options = fetch::Options { api, from, accept };
            fetch::fetch(&root, &options, &mut io::stdout().lock())
        }
        Command::Diff {
            api,
            base,
            old,
            new,
            format,
            fail_on,
        } => {
            let options = diff::Options {
                api,
                base,
                files: old.zip(new),
                format: format.into(),
                fail_on: fail_on.map(Verdict::from),
            };
            diff::diff(&root, &options, &mut io::stdout().lock())
        }
        Command::Operations { check: true, .. } => {
            let same = operations::check_page(&root)?;
            if !same {
                eprintln!(
                    "{} differs: run `cargo xtask operations --format markdown`",
                    operations::PAGE
                );
            }
            Ok(same)
        }
        Command::Operations {
            format: Format::Markdown,
            ..
        } => {
            let written = operations::write_page(&root)?;
            let word = if written { "written" } else { "unchanged" };
            println!("{}: {word}", operations::PAGE);
            Ok(true)
        }
        Command::Operations { api, format, .. } => {
            let format = match format {
                Format::Json => operations::Format::Json,
                _ => operations::Format::Table,
            };
            let table = operations::operations(&root, api.as_deref(), format)?;
            io::stdout().lock().write_all(table.as_bytes())?;
            Ok(true)
        }
        Command::Review { base } => {
            review::review(&root, base.as_deref(), &mut io::stdout().lock())
        }
        Command::Semver { base } => semver::semver(&root, base.as_deref(), &mut io::stdout()),
        Command::Ci { base } => ci::ci(&root, base.as_deref()).map(|()| true),
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
