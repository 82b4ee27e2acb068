//! One nonce file, several processes, some of them killed.
//!
//! Each test starts this test binary again with its own name as the filter and
//! finds by an environment variable that it is the child.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use exchange_auth::{FileNonce, NonceError, NonceSource as _};

const NONCE_FILE: &str = "EXCHANGE_AUTH_TEST_NONCE_FILE";
const RECORD: &str = "EXCHANGE_AUTH_TEST_RECORD";
const COUNT: &str = "EXCHANGE_AUTH_TEST_COUNT";

/// In place of a count: draws one nonce and holds it.
const HOLD: usize = 0;

/// Longer than any child needs, so that a child that hangs fails the test.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends the child with the test, also when the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only if the child is gone already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn start_child(test: &str, nonce_file: &Path, record: &Path, count: usize) -> Running {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(NONCE_FILE, nonce_file)
        .env(RECORD, record)
        .env(COUNT, count.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Running(child)
}

/// In a child: draws nonces, writes each down, and says so by `true`.
fn drew_as_child() -> bool {
    let Some(nonce_file) = std::env::var_os(NONCE_FILE) else {
        return false;
    };
    let record = std::env::var_os(RECORD).unwrap();
    let count: usize = std::env::var(COUNT).unwrap().parse().unwrap();
    let nonces = FileNonce::open_with_wait(nonce_file, PATIENCE).unwrap();
    let mut record = OpenOptions::new()
        .create(true)
        .append(true)
        .open(record)
        .unwrap();
    let mut note = |nonce| record.write_all(format!("{nonce}\n").as_bytes()).unwrap();
    if count == HOLD {
        let (nonce, _hold) = nonces.next_held().unwrap();
        note(nonce);
        thread::sleep(PATIENCE);
    }
    for _ in 0..count {
        note(nonces.next().unwrap());
    }
    true
}

/// What a child wrote down. A line that a kill cut short is left out.
fn recorded(record: &Path) -> Vec<u64> {
    let text = fs::read_to_string(record).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| line.parse().unwrap()).collect()
}

fn assert_rising(nonces: &[u64]) {
    assert!(nonces.is_sorted_by(|one, next| one < next));
}

#[test]
fn processes_and_restarts_never_share_a_nonce() {
    if drew_as_child() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    // Not made beforehand: the children of the first round create it.
    let nonce_file = directory.path().join("nonce");
    let (rounds, children, count) = (3, 4, 50);
    let mut all = BTreeSet::new();
    for round in 0..rounds {
        let before = all.last().copied().unwrap_or(0);
        let records: Vec<_> = (0..children)
            .map(|child| directory.path().join(format!("{round}-{child}")))
            .collect();
        let started: Vec<_> = records
            .iter()
            .map(|record| {
                let test = "processes_and_restarts_never_share_a_nonce";
                start_child(test, &nonce_file, record, count)
            })
            .collect();
        for mut child in started {
            assert!(child.0.wait().unwrap().success());
        }
        for record in &records {
            let nonces = recorded(record);
            assert_eq!(nonces.len(), count);
            assert_rising(&nonces);
            assert!(nonces[0] > before, "a restart went back");
            all.extend(nonces);
        }
    }
    assert_eq!(all.len(), rounds * children * count);
    assert!(FileNonce::open(&nonce_file).unwrap().next().unwrap() > *all.last().unwrap());
}

#[test]
fn a_killed_process_stops_nobody_and_takes_no_nonce_back() {
    if drew_as_child() {
        return;
    }
    let test = "a_killed_process_stops_nobody_and_takes_no_nonce_back";
    let directory = tempfile::tempdir().unwrap();
    let nonce_file = directory.path().join("nonce");
    let survivor_record = directory.path().join("survivor");
    let survivor = start_child(test, &nonce_file, &survivor_record, 1_000_000);

    let mut all = Vec::new();
    for victim in 0..8 {
        let record = directory.path().join(format!("victim-{victim}"));
        let mut child = start_child(test, &nonce_file, &record, 1_000_000);
        // A different moment each time, always amid its work.
        wait_until(|| recorded(&record).len() > victim * 3);
        child.0.kill().unwrap();
        assert!(!child.0.wait().unwrap().success());

        let taken = recorded(&record);
        assert_rising(&taken);
        let after = FileNonce::open(&nonce_file).unwrap().next().unwrap();
        assert!(after > *taken.last().unwrap());
        all.extend(taken);
        all.push(after);

        let drawn_so_far = recorded(&survivor_record).len();
        wait_until(|| recorded(&survivor_record).len() > drawn_so_far + 3);
    }
    drop(survivor);

    all.extend(recorded(&survivor_record));
    let different: BTreeSet<u64> = all.iter().copied().collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn a_hold_ends_with_its_process() {
    if drew_as_child() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let nonce_file = directory.path().join("nonce");
    let record = directory.path().join("holder");
    let mut holder = start_child("a_hold_ends_with_its_process", &nonce_file, &record, HOLD);
    wait_until(|| !recorded(&record).is_empty());
    let held = recorded(&record)[0];
    let impatient = FileNonce::open_with_wait(&nonce_file, Duration::from_millis(50));
    assert!(matches!(impatient, Err(NonceError::FileLocked { .. })));
    holder.0.kill().unwrap();
    assert!(!holder.0.wait().unwrap().success());
    let nonces = FileNonce::open_with_wait(&nonce_file, PATIENCE).unwrap();
    assert!(nonces.next().unwrap() > held);
}

fn wait_until(reached: impl Fn() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(1));
    }
}
