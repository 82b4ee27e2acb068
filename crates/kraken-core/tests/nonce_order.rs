//! Calls of one key from many tasks and many processes, against a venue that
//! refuses each nonce that is not above the highest.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

mod venue;

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::future::{Future, poll_fn};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::task::Poll;
use std::time::{Duration, Instant};

use exchange_auth::{ClockNonce, FileNonce, NonceError, NonceSource};
use exchange_transport::{Call, Error, Kind, Outcome, PaceMode};
use kraken_core::{ClientBuilder, Core, Scheme};
use tokio::task::JoinSet;
use venue::{BALANCE, Fate, KEY, SECRET, Venue, reordering, scrambled};

type Texts = HashMap<String, String>;

fn builder(url: &str) -> ClientBuilder<Core> {
    ClientBuilder::new(Scheme::Body, url)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .api_key(KEY, SECRET)
}

/// So many calls from so many tasks; what came of each.
async fn run(core: &Core, tasks: u32, calls: u32) -> Vec<Result<Texts, Error>> {
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let core = core.clone();
        let share = calls / tasks + u32::from(task < calls % tasks);
        running.spawn(async move {
            let mut results = Vec::new();
            for _ in 0..share {
                results.push(core.call::<Texts>(Call::new(&BALANCE)).await);
            }
            results
        });
    }
    running.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_calls_of_64_tasks_and_no_nonce_is_refused() {
    let venue = Venue::start(reordering).await;
    let core = builder(&venue.url).build().unwrap();
    let results = run(&core, 64, 10_000).await;
    assert_eq!(results.len(), 10_000);
    for result in results {
        result.unwrap();
    }
    let books = venue.books();
    assert_eq!(
        (books.requests, books.refused, books.executed),
        (10_000, 0, 10_000)
    );
    assert_eq!(books.most_in_flight, 1);
}

/// The venue above does refuse and reorder: with more calls at the same time
/// than the key has a nonce window for, it shows. No caller sees it, though.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_that_are_overtaken_are_sent_again() {
    let venue = Venue::start(reordering).await;
    let core = builder(&venue.url).in_flight(2).build().unwrap();
    let results = run(&core, 8, 500).await;
    let failed = results.iter().filter(|result| result.is_err()).count();
    let books = venue.books();
    assert_eq!(failed, 0);
    assert_eq!(books.executed, 500);
    assert!(books.refused > 0, "{books:?}");
    assert_eq!(books.most_in_flight, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_nonce_window_allows_many_calls_at_the_same_time() {
    let window = Duration::from_secs(30).as_nanos().try_into().unwrap();
    let venue = Venue::with_window(window, reordering).await;
    let core = builder(&venue.url).in_flight(16).build().unwrap();
    for result in run(&core, 64, 2_000).await {
        result.unwrap();
    }
    let books = venue.books();
    assert_eq!((books.refused, books.executed), (0, 2_000));
    assert!((2..=16).contains(&books.most_in_flight), "{books:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clients_built_apart_share_the_queue_of_their_key() {
    let venue = Venue::start(reordering).await;
    let mut running = JoinSet::new();
    for in_flight in [1, 1, 2] {
        let core = builder(&venue.url).in_flight(in_flight).build().unwrap();
        running.spawn(async move { run(&core, 8, if in_flight == 1 { 300 } else { 0 }).await });
    }
    for result in running.join_all().await.into_iter().flatten() {
        result.unwrap();
    }
    let books = venue.books();
    assert_eq!((books.refused, books.executed), (0, 600));
    assert_eq!(books.most_in_flight, 1);
}

/// Polls a call so many times and then drops it; `None` if it was not done.
async fn at_most<T>(polls: u64, call: impl Future<Output = T>) -> Option<T> {
    let mut call = Box::pin(call);
    let mut left = polls;
    poll_fn(move |context| match call.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Every other call is dropped on its way, at any stage. The rest is not
/// disturbed by that.
async fn drop_every_other_call(nonces: impl NonceSource + 'static) {
    let venue = Venue::start(reordering).await;
    let core = builder(&venue.url).nonce_source(nonces).build().unwrap();
    let mut running = JoinSet::new();
    for task in 0..8 {
        let core = core.clone();
        running.spawn(async move {
            let mut dropped = 0;
            for number in 0..60 {
                let polls = scrambled(number, task) % 8;
                let hurried = at_most(polls, core.call::<Texts>(Call::new(&BALANCE))).await;
                dropped += u32::from(hurried.is_none());
                core.call::<Texts>(Call::new(&BALANCE)).await.unwrap();
            }
            dropped
        });
    }
    let dropped: u32 = running.join_all().await.into_iter().sum();
    let books = venue.books();
    assert!((100..480).contains(&dropped), "{dropped}");
    assert!(books.executed >= 480, "{books:?}");
    assert_eq!(books.repeated, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_that_are_dropped_hold_nobody_up() {
    drop_every_other_call(ClockNonce).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_that_are_dropped_while_a_file_is_asked_hold_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    drop_every_other_call(FileNonce::open(directory.path().join("nonce")).unwrap()).await;
}

const URL: &str = "KRAKEN_CORE_TEST_URL";
const NONCE_FILE: &str = "KRAKEN_CORE_TEST_NONCE_FILE";
const RECORD: &str = "KRAKEN_CORE_TEST_RECORD";
const CALLS: &str = "KRAKEN_CORE_TEST_CALLS";

/// Longer than any child needs, so that a child that hangs fails the test.
const PATIENCE: Duration = Duration::from_secs(180);

/// Ends the child with the test, also when the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only if the child is gone already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn start_child(test: &str, url: &str, nonce_file: &Path, record: &Path, calls: u32) -> Running {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(URL, url)
        .env(NONCE_FILE, nonce_file)
        .env(RECORD, record)
        .env(CALLS, calls.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Running(child)
}

/// In a child: makes its calls from 16 tasks, writes down a line for each, and
/// says so by `true`.
async fn called_as_child() -> bool {
    let Ok(url) = std::env::var(URL) else {
        return false;
    };
    let nonces = FileNonce::open(std::env::var_os(NONCE_FILE).unwrap()).unwrap();
    let core = builder(&url).nonce_source(nonces).build().unwrap();
    let mut record = OpenOptions::new()
        .create(true)
        .append(true)
        .open(std::env::var_os(RECORD).unwrap())
        .unwrap();
    let calls: u32 = std::env::var(CALLS).unwrap().parse().unwrap();
    let mut left = calls;
    while left > 0 {
        let some = left.min(20);
        left -= some;
        let mut lines = String::new();
        for result in run(&core, 16, some).await {
            match result {
                Ok(_) => lines.push_str("ok\n"),
                Err(error) => lines.push_str(&format!("{error}\n")),
            }
        }
        record.write_all(lines.as_bytes()).unwrap();
    }
    true
}

fn recorded(record: &Path) -> Vec<String> {
    let text = fs::read_to_string(record).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Processes with one key, one nonce file and one venue.
struct Processes {
    test: &'static str,
    venue: Venue,
    directory: tempfile::TempDir,
    start: Instant,
}

impl Processes {
    async fn new(test: &'static str) -> Self {
        Self {
            test,
            venue: Venue::start(reordering).await,
            directory: tempfile::tempdir().unwrap(),
            start: Instant::now(),
        }
    }

    fn record(&self, child: usize) -> PathBuf {
        self.directory.path().join(child.to_string())
    }

    fn start(&self, child: usize, calls: u32) -> Running {
        let nonce_file = self.directory.path().join("nonce");
        let record = self.record(child);
        start_child(self.test, &self.venue.url, &nonce_file, &record, calls)
    }

    /// How many calls a child has made; all must have succeeded.
    fn made(&self, child: usize) -> usize {
        let lines = recorded(&self.record(child));
        for line in &lines {
            assert_eq!(line, "ok");
        }
        lines.len()
    }

    async fn wait(&self) {
        assert!(self.start.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    async fn end(&self, mut child: Running) {
        while child.0.try_wait().unwrap().is_none() {
            self.wait().await;
        }
        assert!(child.0.wait().unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_of_4_processes_and_no_nonce_is_refused() {
    if called_as_child().await {
        return;
    }
    let test = "ten_thousand_calls_of_4_processes_and_no_nonce_is_refused";
    let processes = Processes::new(test).await;
    let calls = 2_500;
    let children: Vec<_> = (0..4).map(|child| processes.start(child, calls)).collect();
    // When all are at work and nobody is done yet.
    while (0..4).any(|child| processes.made(child) < 100) {
        processes.wait().await;
    }
    let before: Vec<_> = (0..4).map(|child| processes.made(child)).collect();
    while (0..4).all(|child| processes.made(child) < 1_500) {
        processes.wait().await;
    }
    let made: Vec<_> = (0..4)
        .map(|child| processes.made(child) - before[child])
        .collect();
    for child in children {
        processes.end(child).await;
    }
    for child in 0..4 {
        assert_eq!(processes.made(child), calls as usize);
    }
    let books = processes.venue.books();
    println!("{made:?} in {:?}", processes.start.elapsed());
    assert_eq!(
        (books.requests, books.refused, books.executed),
        (10_000, 0, 10_000)
    );
    assert_eq!(books.most_in_flight, 1);
    // Nobody is kept waiting by the others.
    let (fewest, most) = (made.iter().min().unwrap(), made.iter().max().unwrap());
    assert!(most < &(2 * fewest), "{made:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_in_the_midst_of_calls_stops_nobody() {
    if called_as_child().await {
        return;
    }
    let test = "a_process_that_is_killed_in_the_midst_of_calls_stops_nobody";
    let processes = Processes::new(test).await;
    let calls = 400;
    let survivors: Vec<_> = (0..3).map(|child| processes.start(child, calls)).collect();
    // More than it can make before it is killed in the midst of them.
    let mut killed = processes.start(3, 1_000_000);
    while processes.made(3) < 40 {
        processes.wait().await;
    }
    killed.0.kill().unwrap();
    assert!(!killed.0.wait().unwrap().success());
    for child in survivors {
        processes.end(child).await;
    }
    for child in 0..3 {
        assert_eq!(processes.made(child), calls as usize);
    }
    let books = processes.venue.books();
    assert!(books.executed >= 3 * u64::from(calls) + 40, "{books:?}");
    // The request that was on its way when its process ended may be overtaken:
    // nobody waits for its answer any more.
    assert!(books.refused <= 1, "{books:?}");
}

/// Stopped in its turn, a process is in the way of the others. They are told,
/// and send nothing; and its own nonce is as good as before when it goes on.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_stopped_in_its_turn_is_an_error_to_the_others() {
    if called_as_child().await {
        return;
    }
    let test = "a_process_that_is_stopped_in_its_turn_is_an_error_to_the_others";
    let slow = |_| Fate {
        on_the_way: Duration::from_millis(250),
        fault: None,
    };
    let processes = Processes {
        venue: Venue::start(slow).await,
        ..Processes::new(test).await
    };
    let calls = 10;
    let child = processes.start(0, calls);
    while processes.venue.books().requests < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // A request is on its way, so it is the turn of the child.
    signal("STOP", &child);
    let nonce_file = processes.directory.path().join("nonce");
    let wait = Duration::from_millis(300);
    let nonces = FileNonce::open_with_wait(&nonce_file, wait);
    assert!(matches!(nonces, Err(NonceError::FileLocked { .. })));
    signal("CONT", &child);
    let patient = FileNonce::open_with_wait(&nonce_file, PATIENCE).unwrap();
    let core = builder(&processes.venue.url).nonce_source(patient);
    let core = core.build().unwrap();
    core.call::<Texts>(Call::new(&BALANCE)).await.unwrap();

    let impatient = FileNonce::open_with_wait(&nonce_file, wait).unwrap();
    let core = builder(&processes.venue.url).nonce_source(impatient);
    let core = core.build().unwrap();
    let before = processes.venue.books().requests;
    while processes.venue.books().requests < before + 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    signal("STOP", &child);
    let error = core.call::<Texts>(Call::new(&BALANCE)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome(), error.attempts()),
        (Kind::Nonce, Outcome::NotExecuted, 0)
    );
    assert!(error.to_string().contains("nonce file"), "{error}");
    signal("CONT", &child);
    processes.end(child).await;
    core.call::<Texts>(Call::new(&BALANCE)).await.unwrap();
    assert_eq!(processes.made(0), calls as usize);
    let books = processes.venue.books();
    assert_eq!((books.refused, books.executed), (0, u64::from(calls) + 2));
}

#[cfg(unix)]
fn signal(signal: &str, child: &Running) {
    let id = child.0.id();
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -{signal} {id}")])
        .status();
    assert!(sent.unwrap().success());
}
