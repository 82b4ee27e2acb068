//! Turns at a file that several processes share, first come, first served.
//!
//! The system's file locks are all there is to build on: a process that is
//! killed gives its locks back, whatever it was doing. One lock does not make
//! a line, though. Who has just given it back is awake and has it again before
//! the one that waits for it was woken. So there are two:
//!
//! 1. Who wants a turn first takes the lock of a file beside the real one,
//!    which makes it the next in line.
//! 2. It waits there for the lock of the file itself, and gives back the first
//!    one when it has it. That is the turn.
//!
//! As long as somebody is next in line, nobody else can get at the file's
//! lock, and who comes back for another turn has to stand in line again. Which
//! of those that wait becomes the next is up to the system; Linux wakes the
//! one that waits the longest.
//!
//! The standard library can try a lock or wait for it without end. A wait that
//! ends is therefore made in a thread of its own, and only when there is
//! somebody to wait for.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::NonceError;
use crate::nonce_file::unusable;

/// For the end of a wait that was given up.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// Where the turns at one file are waited for.
#[derive(Debug)]
pub(crate) struct Turnstile {
    path: PathBuf,
    /// Locked by whoever is next in line. Nothing is ever in it. If it is
    /// removed while in use, turns may come out of order, but still one at a
    /// time.
    next: PathBuf,
    wait: Duration,
    /// A thread that waits for a turn which is not wanted any more. It gives
    /// the turn back as soon as it has it.
    given_up: Option<JoinHandle<()>>,
}

/// What one try came to.
enum Tried {
    Turn(File),
    NotYet(Place),
}

/// Where somebody stands who has to wait.
struct Place {
    file: File,
    next: File,
    is_next: bool,
}

impl Place {
    /// Waits for the turn, however long that takes.
    fn wait(self) -> io::Result<File> {
        if !self.is_next {
            self.next.lock()?;
        }
        self.file.lock()?;
        Ok(self.file)
    }
}

impl Turnstile {
    /// For turns at the file `path`, which must be there.
    pub(crate) fn new(path: &Path, wait: Duration) -> Self {
        let mut next = path.as_os_str().to_owned();
        next.push(".next");
        Self {
            path: path.to_owned(),
            next: next.into(),
            wait,
            given_up: None,
        }
    }

    /// Waits for a turn, which goes on until the file is closed. The file is
    /// opened anew each time, so one that was removed is noticed.
    pub(crate) fn turn(&mut self) -> Result<File, NonceError> {
        match self.try_once()? {
            Tried::Turn(file) => Ok(file),
            Tried::NotYet(place) => self.wait_for_turn(place),
        }
    }

    fn wait_for_turn(&mut self, mut place: Place) -> Result<File, NonceError> {
        let mut patience = Patience::new(self.path.clone(), self.wait);
        if let Some(given_up) = self.given_up.take() {
            // However long another process hangs, one thread waits for it.
            drop(place);
            while !given_up.is_finished() {
                if patience.is_over() {
                    self.given_up = Some(given_up);
                    return self.last_try();
                }
                thread::sleep(BETWEEN_LOOKS);
            }
            place = match self.try_once()? {
                Tried::Turn(file) => return Ok(file),
                Tried::NotYet(place) => place,
            };
        }
        let (give, take) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("nonce-file".to_owned())
            .spawn(move || {
                // If nobody takes the file any more it is closed, also when it
                // is on its way already.
                drop(give.send(place.wait()));
            })
            .map_err(|source| self.unusable("start a thread to wait for", source))?;
        loop {
            match take.recv_timeout(patience.until_next_look()) {
                Ok(turn) => return turn.map_err(|source| self.unusable("lock", source)),
                Err(RecvTimeoutError::Timeout) if !patience.is_over() => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    drop(take);
                    self.given_up = Some(thread);
                    return self.last_try();
                }
            }
        }
    }

    fn try_once(&self) -> Result<Tried, NonceError> {
        let file = self.open()?;
        let next = self.open_next()?;
        let is_next = self.try_lock(&next)?;
        if is_next && self.try_lock(&file)? {
            return Ok(Tried::Turn(file));
        }
        Ok(Tried::NotYet(Place {
            file,
            next,
            is_next,
        }))
    }

    /// If it is not the turn of another process that takes so long, the one
    /// that is next in line does not go on: then the others need not stop.
    fn last_try(&self) -> Result<File, NonceError> {
        let file = self.open()?;
        if self.try_lock(&file)? {
            return Ok(file);
        }
        Err(NonceError::FileLocked {
            path: self.path.clone(),
            waited: self.wait,
        })
    }

    fn open(&self) -> Result<File, NonceError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let opened = options.open(&self.path);
        opened.map_err(|source| self.unusable("open", source))
    }

    fn open_next(&self) -> Result<File, NonceError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(&self.next);
        opened.map_err(|source| unusable(&self.next, "open", source))
    }

    fn try_lock(&self, file: &File) -> Result<bool, NonceError> {
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(source)) => Err(self.unusable("lock", source)),
        }
    }

    fn unusable(&self, action: &'static str, source: io::Error) -> NonceError {
        unusable(&self.path, action, source)
    }
}

/// Tells a long line from one that does not move: time counts from the last
/// change of the file, and each turn changes it.
///
/// Where a locked file can't be read, as on Windows, no change is seen and
/// time counts from the beginning.
struct Patience {
    path: PathBuf,
    limit: Duration,
    seen: Option<Vec<u8>>,
    since: Instant,
}

impl Patience {
    fn new(path: PathBuf, limit: Duration) -> Self {
        Self {
            seen: fs::read(&path).ok(),
            path,
            limit,
            since: Instant::now(),
        }
    }

    /// Has a look at the file.
    fn is_over(&mut self) -> bool {
        let content = fs::read(&self.path).ok();
        if content != self.seen {
            self.seen = content;
            self.since = Instant::now();
        }
        self.since.elapsed() >= self.limit
    }

    /// Changes are dated by the look that finds them, so a few are needed.
    fn until_next_look(&self) -> Duration {
        let left = self.limit.saturating_sub(self.since.elapsed());
        left.min(self.limit / 8)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use tempfile::TempDir;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(200);

    /// A directory with a file to have turns at.
    fn place() -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "0").unwrap();
        (directory, path)
    }

    /// Two locks of one process on one file keep each other out as those of
    /// two processes do, so threads stand for processes here.
    #[test]
    fn everybody_has_as_many_turns_as_the_others() {
        const TURNS: u64 = 400;
        let (_directory, path) = place();
        let had = AtomicU64::new(0);
        let shares: Vec<u64> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let mut turnstile = Turnstile::new(&path, LONG);
                        let mut share = 0;
                        loop {
                            let turn = turnstile.turn().unwrap();
                            let others_had = had.fetch_add(1, Ordering::Relaxed);
                            if others_had >= TURNS {
                                return share;
                            }
                            share += 1;
                            thread::sleep(Duration::from_micros(500));
                            // It wants the next turn at once.
                            drop(turn);
                        }
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(shares.iter().sum::<u64>(), TURNS);
        let fair = TURNS / 4;
        for share in &shares {
            assert!((fair / 2..=fair * 2).contains(share), "{shares:?}");
        }
    }

    /// Each turn is shorter than the wait, all together are longer.
    #[test]
    fn a_line_that_moves_is_waited_for() {
        let (_directory, path) = place();
        let mut holder = Turnstile::new(&path, LONG);
        let mut turn = holder.turn().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| Turnstile::new(&path, SHORT).turn().is_ok());
            for change in 1..=6 {
                thread::sleep(SHORT / 2);
                fs::write(&path, change.to_string()).unwrap();
            }
            assert!(!waiting.is_finished());
            drop(turn);
            assert!(waiting.join().unwrap());
        });
        turn = holder.turn().unwrap();
        drop(turn);
    }

    #[test]
    fn a_turn_that_does_not_end_is_an_error_each_time_and_leaves_one_thread() {
        let (_directory, path) = place();
        let turn = Turnstile::new(&path, LONG).turn().unwrap();
        let mut waiting = Turnstile::new(&path, SHORT / 10);
        for _ in 0..3 {
            let start = Instant::now();
            let error = waiting.turn().unwrap_err();
            assert!(matches!(error, NonceError::FileLocked { .. }), "{error:?}");
            assert!(start.elapsed() >= SHORT / 10);
            assert!(!waiting.given_up.as_ref().unwrap().is_finished());
        }
        drop(turn);
        let mut patient = Turnstile::new(&path, LONG);
        drop(patient.turn().unwrap());
        drop(waiting.turn().unwrap());
    }

    /// As if a process were stopped while it waits.
    #[test]
    fn one_that_is_next_and_does_not_go_on_costs_the_others_their_wait_only() {
        let (_directory, path) = place();
        let mut turnstile = Turnstile::new(&path, SHORT / 10);
        let next = turnstile.open_next().unwrap();
        next.lock().unwrap();
        for _ in 0..2 {
            let start = Instant::now();
            drop(turnstile.turn().unwrap());
            assert!(start.elapsed() >= SHORT / 10);
        }
        drop(next);
        while !turnstile.given_up.as_ref().unwrap().is_finished() {
            thread::yield_now();
        }
        drop(turnstile.turn().unwrap());
    }
}
