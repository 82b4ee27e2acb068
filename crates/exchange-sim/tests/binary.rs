//! The program, started as a user starts it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use exchange_sim::Credentials;
use serde_json::Value;
use support::{call, get};

/// How long a program that is to end may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the program ended; one that goes on is killed.
fn ended(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it did not end");
        }
        sleep(Duration::from_millis(2));
    }
}

/// What a program prints that is to end at once.
fn output(arguments: &[&str]) -> Output {
    let mut command = command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    ended(&mut child);
    child.wait_with_output().unwrap()
}

/// A running program; ended with the test.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-sim"));
    command.args(arguments);
    command
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// The first line.
    fn ready(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }
}

fn credentials(of: &Value) -> (String, Credentials) {
    let text = |name: &str| of[name].as_str().unwrap().to_owned();
    let key = text("key");
    let secret = text("secret");
    (text("base_url"), Credentials { key, secret })
}

#[tokio::test]
async fn it_says_where_it_is_and_what_it_is_asked() {
    let mut program = Program::start(&[]);
    let ready = program.ready();
    let (url, key) = credentials(&ready["kraken-spot"]);
    let answer = call(&url, &key, "/0/private/Balance", 1, "").await;
    assert!(answer.result()["XXBT"].is_string());
    let line = program.line();
    assert!(
        line.ends_with("kraken POST Balance: 200 accepted"),
        "{line}"
    );
    let answer = call(&url, &key, "/0/private/Balance", 1, "").await;
    assert_eq!(answer.errors(), ["EAPI:Invalid nonce"]);
    let line = program.line();
    assert!(line.ends_with("refused, EAPI:Invalid nonce"), "{line}");

    let prime = &ready["kraken-prime"];
    let url = prime["url"].as_str().unwrap();
    assert!(url.starts_with("ws://127.0.0.1:") && url.ends_with("/ws/v1"));
    assert!(prime["key"].is_string() && prime["secret"].is_string());
    let host = url.trim_start_matches("ws://").trim_end_matches("/ws/v1");
    assert_eq!(get(&format!("http://{host}"), "/ws/v1").await.status, 426);

    // The keys of Custody, with those who vote.
    let (url, key) = credentials(&ready["kraken-custody"]);
    let answer = call(&url, &key, "/0/private/ListCustodyVaults", 1, "").await;
    assert_eq!(answer.status, 200);
    let reviewers = ready["kraken-custody-external"]["reviewers"].as_array();
    assert_eq!(reviewers.unwrap().len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_well_when_interrupted() {
    let mut program = Program::start(&["--quiet"]);
    let (url, _) = credentials(&program.ready()["kraken-spot"]);
    assert_eq!(get(&url, "/0/public/Time").await.status, 200);
    let pid = program.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert!(ended(&mut program.child).success());
    // Nothing more was printed.
    assert!(program.lines.next().is_none());
}

#[tokio::test]
async fn it_is_as_its_file_says() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sim.toml");
    let text = r#"
        seed = 7
        rate_limits = false
        [kraken]
        demo_keys = false
        balances = { XBT = "1.25", USD = "0.0001" }
        [[kraken.keys]]
        key = "own"
        secret = "c2VjcmV0"
        permissions = ["Funds permissions - Query"]
        [prime]
        demo_keys = false
        balances = { BTC = "1.25", USD = "-100" }
        page = 100
        [[prime.keys]]
        key = "WATCHER"
        secret = "any text"
        role = "viewer"
        user = "Ann"
    "#;
    std::fs::write(&file, text).unwrap();
    let mut program = Program::start(&["--config", file.to_str().unwrap()]);
    let ready = program.ready();
    let (url, key) = credentials(&ready["kraken-spot"]);
    assert_eq!(key.key, "own");
    assert!(ready["kraken-custody"]["key"].is_null());
    assert_eq!(ready["kraken-prime"]["key"], "WATCHER");
    let balances = call(&url, &key, "/0/private/Balance", 1, "").await.result();
    assert_eq!(balances["XXBT"], "1.2500000000");
    assert_eq!(balances["ZUSD"], "0.0001");
    let answer = call(&url, &key, "/0/private/OpenOrders", 2, "").await;
    assert_eq!(answer.errors(), ["EGeneral:Permission denied"]);
}

#[test]
fn what_can_not_be_is_told_and_nothing_starts() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sim.toml");
    let file_name = file.to_str().unwrap();
    for (text, expected) in [
        ("listen = 5", "listen"),
        ("misspelt = true", "misspelt"),
        ("[kraken]\nbalances = { XBT = \"much\" }", "much"),
        ("[kraken]\nbalances = { XBT = \"-1\" }", "-1 XBT"),
        ("[prime]\nbalances = { NOPE = \"1\" }", "NOPE"),
        (
            "[[prime.keys]]\nkey = \"with space\"\nsecret = \"s\"",
            "with space",
        ),
        ("[kraken]\nbalances = { NOPE = \"1\" }", "NOPE"),
        (
            "[[kraken.keys]]\nkey = \"own\"\nsecret = \"not base64!\"",
            "own",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = output(&["--config", file_name]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!error.contains("not base64!"), "{error}");
    }
    let output = output(&["--config", "no-such-file.toml"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("no-such-file.toml"), "{error}");
}
