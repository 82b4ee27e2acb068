//! Runs the simulated venues until Ctrl-C.
//!
//! Prints one line of JSON when they are ready, with the base URL and the
//! credentials of each API, then a line a request.

use std::io::{Write as _, stdout};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use clap::Parser;
use exchange_sim::{Credentials, GeminiHandle, KrakenApi, Sim, SimBuilder};

/// Small strict venues on loopback: Kraken Spot, Custody and Prime, and Gemini, without an account.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; free ports of 127.0.0.1 if not given. Kraken gets this port, Gemini the next
    /// one, its sandbox the one after, Kraken Prime's WebSocket the fourth.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,

    /// A TOML file with keys, permissions, tiers and balances.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Where all chance begins: prices, ids, faults.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Let anybody call as often as they like.
    #[arg(long)]
    no_rate_limits: bool,

    /// Print no line per request and message.
    #[arg(long)]
    quiet: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = match &arguments.config {
        Some(file) => SimBuilder::from_file(file)?,
        None => Sim::builder(),
    };
    if let Some(address) = arguments.listen {
        builder = builder.listen(address);
    }
    if let Some(seed) = arguments.seed {
        builder = builder.seed(seed);
    }
    if arguments.no_rate_limits {
        builder = builder.rate_limits(false);
    }
    let printer = Printer::start();
    if !arguments.quiet {
        let printer = printer.clone();
        builder = builder.on_request(move |request| printer.print(request.to_string()));
    }
    let sim = builder.journal(0).start().await?;
    printer.print(ready(&sim));
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// The line that says where everything is. An API without a key has none.
fn ready(sim: &Sim) -> String {
    let kraken = sim.kraken();
    let entry = |credentials: Option<&Credentials>| {
        serde_json::json!({
            "base_url": kraken.url(),
            "key": credentials.map(|one| &one.key),
            "secret": credentials.map(|one| &one.secret),
        })
    };
    let spot = kraken.credentials(KrakenApi::Spot);
    let custody = kraken.credentials(KrakenApi::Custody);
    let mut external = entry(custody.first());
    // Whoever asks for a change has no vote on it.
    external["reviewers"] = custody.iter().skip(1).map(|one| entry(Some(one))).collect();
    let gemini = |gemini: &GeminiHandle| {
        let all = gemini.all_credentials();
        let entry = |credentials: Option<&Credentials>| {
            serde_json::json!({
                "base_url": gemini.url(),
                "key": credentials.map(|one| &one.key),
                "secret": credentials.map(|one| &one.secret),
            })
        };
        let is_master = |one: &&Credentials| one.key.starts_with("master-");
        let mut first = entry(all.iter().find(|one| !is_master(one)));
        first["master"] = entry(all.iter().find(is_master));
        first
    };
    let all = sim.prime().all_credentials();
    let prime = serde_json::json!({
        "url": sim.prime().url(),
        "key": all.first().map(|one| &one.key),
        "secret": all.first().map(|one| &one.secret),
    });
    serde_json::json!({
        "kraken-spot": entry(spot.first()),
        "kraken-custody": entry(custody.first()),
        "kraken-custody-external": external,
        "gemini": gemini(sim.gemini()),
        "gemini-sandbox": gemini(sim.gemini_sandbox()),
        "kraken-prime": prime,
    })
    .to_string()
}

/// Prints lines without ever making the venues wait: when nobody reads them,
/// they are left out and counted.
#[derive(Clone)]
struct Printer {
    lines: SyncSender<String>,
    left_out: Arc<AtomicU64>,
}

impl Printer {
    fn start() -> Self {
        let (lines, printed) = sync_channel(4096);
        let left_out = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&left_out);
        thread::spawn(move || print_all(&printed, &counted));
        Self { lines, left_out }
    }

    fn print(&self, line: String) {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn print_all(lines: &Receiver<String>, left_out: &AtomicU64) {
    for line in lines {
        let mut out = stdout().lock();
        // Nobody listens any more: the venues go on.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        let count = left_out.swap(0, Ordering::Relaxed);
        if count > 0 {
            let _ = writeln!(out, "({count} lines were left out)");
        }
    }
}
