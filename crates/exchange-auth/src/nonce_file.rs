//! Nonces that outlive the process and are shared by several processes.
//!
//! # What is in the file
//!
//! A heading, then the last nonce given, twice, each time with a checksum; the
//! length never changes. A new nonce overwrites the whole and is flushed to
//! disk before anybody sees it, all under an exclusive lock.
//!
//! Why twice: if the machine stops while the two lines are being written, one
//! of them may be half old and half new, but the other is then wholly old or
//! wholly new. Wholly old is right, since the new nonce was not given to
//! anybody yet; wholly new merely skips a number. The same holds when one line
//! is damaged later, because both then held the same number. So the highest
//! readable line is never below a nonce that was given. When neither is
//! readable, or the length is wrong, there is no such certainty, and the file
//! is refused rather than guessed at.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::nonce::{following, unix_nanoseconds};
use crate::turnstile::Turnstile;
use crate::{NonceError, NonceHold, NonceSource};

const DEFAULT_WAIT: Duration = Duration::from_secs(5);

const HEADING: &str = "exchange-auth nonce file 1: do not edit; do not remove while in use\n";

/// 20 digits, a blank, 16 digits of checksum, end of line.
const LINE: usize = 20 + 1 + 16 + 1;

const LENGTH: usize = HEADING.len() + 2 * LINE;

/// Nonces that rise across restarts and across all processes on one host that
/// name the same file.
///
/// Each is the clock's nanoseconds since 1970, or one above the last, whichever
/// is higher. Use one file per API key, and no other source for that key: the
/// file knows nothing of what [`ClockNonce`](crate::ClockNonce) gave. The file must be on a local disk, as
/// locks on network shares cannot be relied upon. Programs on several hosts
/// need a key each.
///
/// [`next`](NonceSource::next) blocks: for one flush to disk (well under a
/// millisecond up to some ten, by disk), and while others have their turn. In
/// asynchronous code call it where blocking is allowed.
///
/// # Turns
///
/// Processes have their turns in the order in which they came, whatever any of
/// them has to do; with [`next_held`](NonceSource::next_held) a turn goes on
/// until the hold is dropped. For that there is a second, empty file beside
/// the first, whose name ends in `.next`.
///
/// A process that is killed holds nobody up, as the system takes its locks
/// away. One that is stopped or hangs in its turn does: the others get
/// [`NonceError::FileLocked`] once nobody has drawn a nonce for as long as
/// they wait. That is safe. They have no nonce then and send nothing, and as
/// none is drawn in the meantime, that of the stopped process is still the
/// highest when it goes on.
///
/// Do not remove the files while they are in use, nor put back older copies.
/// When they are not in use they may be removed, if the clock is right: a new
/// file starts at the clock's time.
#[derive(Debug)]
pub struct FileNonce {
    path: PathBuf,
    /// Locked for as long as a turn is waited for and a nonce drawn: threads
    /// queue here, so that only processes compete for the file.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    turnstile: Turnstile,
    /// The last nonce given by this value.
    last: u64,
}

impl FileNonce {
    /// Uses the file at `path`, made if it is not there (on Unix with mode
    /// 0600, its directory must exist), and waits up to 5 seconds for the turn
    /// of one other process to end. With several in line it may take longer.
    ///
    /// # Errors
    ///
    /// [`NonceError::FileUnusable`], [`NonceError::FileLocked`] or
    /// [`NonceError::FileDamaged`]: what can be wrong with the file is found
    /// now rather than at the first call.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, NonceError> {
        Self::open_with_wait(path, DEFAULT_WAIT)
    }

    /// As [`open`](Self::open), with another longest wait. The turns of threads
    /// that share this value come one after the other, each with a wait of its
    /// own.
    ///
    /// Clients hold a turn until the venue answers, for 2 seconds at most, so
    /// with less than that a slow answer to one process is an error in others.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn open_with_wait(path: impl AsRef<Path>, wait: Duration) -> Result<Self, NonceError> {
        let path = path.as_ref();
        // The working directory may change later, the file must not.
        let path = std::path::absolute(path).map_err(|source| unusable(path, "find", source))?;
        create_if_missing(&path).map_err(|source| unusable(&path, "create", source))?;
        let mut turnstile = Turnstile::new(&path, wait);
        read_last(&path, &mut turnstile.turn()?)?;
        Ok(Self {
            path,
            state: Mutex::new(State { turnstile, last: 0 }),
        })
    }

    /// One turn: lock, read, write, flush. Takes the clock's time, so that
    /// tests can have a clock of their own.
    fn draw(&self, now: impl FnOnce() -> u64) -> Result<u64, NonceError> {
        self.draw_and_hold(now).map(|(next, _)| next)
    }

    /// One turn that goes on until the file is closed.
    fn draw_and_hold(&self, now: impl FnOnce() -> u64) -> Result<(u64, File), NonceError> {
        // A panic elsewhere cannot have left a wrong number behind.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = state.turnstile.turn()?;
        let stored = read_last(&self.path, &mut file)?;
        let next = following(stored.max(state.last), now())?;
        file.rewind()
            .and_then(|()| file.write_all(contents(next).as_bytes()))
            .and_then(|()| file.sync_data())
            .map_err(|source| unusable(&self.path, "write", source))?;
        state.last = next;
        Ok((next, file))
    }
}

impl NonceSource for FileNonce {
    fn next(&self) -> Result<u64, NonceError> {
        // Asked only once it is our turn: before the wait, the clock would
        // show less than the numbers that others drew meanwhile.
        self.draw(unix_nanoseconds)
    }

    fn next_held(&self) -> Result<(u64, NonceHold), NonceError> {
        let (nonce, file) = self.draw_and_hold(unix_nanoseconds)?;
        Ok((nonce, NonceHold::new(file)))
    }

    fn may_block(&self) -> bool {
        true
    }
}

fn read_last(path: &Path, file: &mut File) -> Result<u64, NonceError> {
    let mut bytes = Vec::with_capacity(LENGTH + 1);
    file.take(LENGTH as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| unusable(path, "read", source))?;
    last_in(&bytes).ok_or_else(|| NonceError::FileDamaged {
        path: path.to_owned(),
    })
}

pub(crate) fn unusable(path: &Path, action: &'static str, source: io::Error) -> NonceError {
    NonceError::FileUnusable {
        path: path.to_owned(),
        action,
        source,
    }
}

fn contents(last: u64) -> String {
    let line = line(last);
    format!("{HEADING}{line}{line}")
}

fn line(last: u64) -> String {
    let digits = format!("{last:020}");
    let checksum = Sha256::digest(&digits)
        .iter()
        .take(8)
        .fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    format!("{digits} {checksum:016x}\n")
}

/// The highest readable number, `None` if there is none or the content is
/// otherwise not as written by [`contents`].
fn last_in(bytes: &[u8]) -> Option<u64> {
    let lines = bytes.strip_prefix(HEADING.as_bytes())?;
    if lines.len() != 2 * LINE {
        return None;
    }
    lines.chunks_exact(LINE).filter_map(last_in_line).max()
}

fn last_in_line(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let last = text.get(..20)?.parse().ok()?;
    (line(last) == text).then_some(last)
}

/// Makes the file with its content complete from the first moment: written
/// under another name, then linked to the right one. The link fails if the
/// file is there by then, so a process that creates it at the same time cannot
/// be overwritten, and a file found empty is always a damaged one.
fn create_if_missing(path: &Path) -> io::Result<()> {
    static DRAFTS: AtomicU64 = AtomicU64::new(0);

    if path.try_exists()? {
        return Ok(());
    }
    let mut draft = OsString::from(path);
    draft.push(format!(
        ".{}-{}-{}.new",
        std::process::id(),
        unix_nanoseconds(),
        DRAFTS.fetch_add(1, Ordering::Relaxed)
    ));
    let written = write_draft(Path::new(&draft));
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    // A draft left over is harmless, an error about it would hide the real one.
    drop(fs::remove_file(&draft));
    linked?;
    // Without this a power cut could take the file's name away again.
    #[cfg(unix)]
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn write_draft(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(contents(0).as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    /// Some time after the earliest one accepted.
    const NOW: u64 = 1_800_000_000_000_000_000;

    struct Place {
        directory: TempDir,
        path: PathBuf,
    }

    fn place() -> Place {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nonce");
        Place { directory, path }
    }

    fn impatient(path: &Path) -> Result<FileNonce, NonceError> {
        FileNonce::open_with_wait(path, Duration::from_millis(20))
    }

    #[test]
    fn a_new_file_starts_at_the_clock_and_a_reopened_one_goes_on() {
        let place = place();
        let nonces = FileNonce::open(&place.path).unwrap();
        assert_eq!(nonces.draw(|| NOW).unwrap(), NOW);
        assert_eq!(nonces.draw(|| NOW + 7).unwrap(), NOW + 7);
        let reopened = FileNonce::open(&place.path).unwrap();
        assert_eq!(reopened.draw(|| 0).unwrap(), NOW + 8);
        assert_eq!(nonces.draw(|| NOW).unwrap(), NOW + 9);
    }

    #[test]
    fn the_real_clock_is_used_in_nanoseconds() {
        let place = place();
        let before = unix_nanoseconds();
        let nonce = FileNonce::open(&place.path).unwrap().next().unwrap();
        assert!(nonce >= before && nonce <= unix_nanoseconds());
    }

    #[test]
    fn a_clock_that_is_not_set_is_an_error_for_a_new_file_only() {
        let place = place();
        let nonces = FileNonce::open(&place.path).unwrap();
        assert!(matches!(nonces.draw(|| 5), Err(NonceError::ClockNotSet)));
        nonces.draw(|| NOW).unwrap();
        assert_eq!(nonces.draw(|| 5).unwrap(), NOW + 1);
    }

    #[test]
    fn the_end_of_the_range_is_an_error_and_leaves_the_file_as_it_is() {
        let place = place();
        for last in [u64::MAX, u64::MAX - 1, i64::MAX as u64] {
            fs::write(&place.path, contents(last)).unwrap();
            let nonces = FileNonce::open(&place.path).unwrap();
            assert!(matches!(nonces.draw(|| NOW), Err(NonceError::Exhausted)));
            assert_eq!(fs::read_to_string(&place.path).unwrap(), contents(last));
        }
    }

    #[test]
    fn creating_leaves_two_files_for_their_owner_only() {
        let place = place();
        FileNonce::open(&place.path).unwrap();
        assert_eq!(names(&place), ["nonce", "nonce.next"]);
        #[cfg(unix)]
        for name in names(&place) {
            use std::os::unix::fs::PermissionsExt as _;
            let file = fs::metadata(place.directory.path().join(name)).unwrap();
            assert_eq!(file.permissions().mode() & 0o7777, 0o600);
        }
    }

    fn names(place: &Place) -> Vec<String> {
        let entries = fs::read_dir(place.directory.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn creating_at_the_same_time_loses_no_number() {
        for _ in 0..20 {
            let place = place();
            let mut drawn: Vec<u64> = thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|_| scope.spawn(|| FileNonce::open(&place.path)?.draw(|| NOW)))
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap().unwrap())
                    .collect()
            });
            drawn.sort_unstable();
            assert_eq!(drawn, (NOW..NOW + 8).collect::<Vec<_>>());
            assert_eq!(names(&place), ["nonce", "nonce.next"]);
        }
    }

    #[test]
    fn threads_sharing_a_value_draw_different_numbers() {
        let place = place();
        let nonces = FileNonce::open(&place.path).unwrap();
        let mut drawn: Vec<u64> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..50).map(|_| nonces.draw(|| NOW).unwrap()).collect()))
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| -> Vec<u64> { thread.join().unwrap() })
                .collect()
        });
        drawn.sort_unstable();
        assert_eq!(drawn, (NOW..NOW + 400).collect::<Vec<_>>());
    }

    #[test]
    fn a_file_that_is_held_is_an_error_after_the_wait_and_usable_afterwards() {
        let place = place();
        let nonces = impatient(&place.path).unwrap();
        let holder = File::open(&place.path).unwrap();
        holder.lock().unwrap();
        let start = Instant::now();
        let error = nonces.draw(|| NOW).unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert!(matches!(error, NonceError::FileLocked { .. }), "{error:?}");
        assert!(
            error.to_string().contains(place.path.to_str().unwrap()),
            "{error}"
        );
        assert!(matches!(
            impatient(&place.path),
            Err(NonceError::FileLocked { .. })
        ));
        drop(holder);
        assert_eq!(nonces.draw(|| NOW).unwrap(), NOW);
    }

    #[test]
    fn a_turn_is_waited_for() {
        let place = place();
        let nonces = FileNonce::open(&place.path).unwrap();
        let holder = File::open(&place.path).unwrap();
        holder.lock().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| nonces.draw(|| NOW));
            thread::sleep(Duration::from_millis(20));
            assert!(!waiting.is_finished());
            drop(holder);
            assert_eq!(waiting.join().unwrap().unwrap(), NOW);
        });
    }

    #[test]
    fn nobody_draws_while_a_nonce_is_held() {
        let place = place();
        let (one, other) = (
            impatient(&place.path).unwrap(),
            impatient(&place.path).unwrap(),
        );
        let (held, hold) = one.next_held().unwrap();
        for source in [&one, &other] {
            assert!(matches!(source.next(), Err(NonceError::FileLocked { .. })));
        }
        drop(hold);
        let next = other.next().unwrap();
        assert!(next > held);
        assert!(one.next().unwrap() > next);
    }

    #[test]
    fn a_file_that_is_removed_in_use_is_an_error() {
        let place = place();
        let nonces = FileNonce::open(&place.path).unwrap();
        nonces.draw(|| NOW).unwrap();
        fs::remove_file(&place.path).unwrap();
        assert!(matches!(
            nonces.draw(|| NOW),
            Err(NonceError::FileUnusable { action: "open", .. })
        ));
        assert!(!place.path.exists());
    }

    #[test]
    fn an_older_copy_put_back_does_not_lower_a_running_value() {
        let place = place();
        let nonces = FileNonce::open(&place.path).unwrap();
        nonces.draw(|| NOW + 1_000).unwrap();
        fs::write(&place.path, contents(NOW)).unwrap();
        assert_eq!(nonces.draw(|| NOW).unwrap(), NOW + 1_001);
    }

    #[test]
    fn places_where_no_file_can_be_are_named_in_the_error() {
        let place = place();
        for path in [
            place.directory.path().join("no/such/directory/nonce"),
            place.directory.path().into(),
        ] {
            let error = FileNonce::open(&path).unwrap_err();
            assert!(
                matches!(error, NonceError::FileUnusable { .. }),
                "{error:?}"
            );
            assert!(
                error.to_string().contains(path.to_str().unwrap()),
                "{error}"
            );
        }
        // Nothing is left behind by the attempt.
        assert_eq!(fs::read_dir(place.directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn any_other_content_or_length_is_refused_and_left_alone() {
        let place = place();
        let whole = contents(NOW);
        let mut wrong: Vec<Vec<u8>> = (0..whole.len())
            .map(|length| whole.as_bytes()[..length].to_vec())
            .collect();
        wrong.push(format!("{whole}\n").into_bytes());
        wrong.push(format!("{HEADING}{}", line(NOW).repeat(3)).into_bytes());
        wrong.push(whole.replace("file 1", "file 2").into_bytes());
        wrong.push(vec![0; whole.len()]);
        wrong.push(b"1800000000000000000\n".to_vec());
        for content in wrong {
            fs::write(&place.path, &content).unwrap();
            let error = impatient(&place.path).unwrap_err();
            assert!(matches!(error, NonceError::FileDamaged { .. }), "{error:?}");
            assert!(
                error.to_string().contains(place.path.to_str().unwrap()),
                "{error}"
            );
            assert_eq!(fs::read(&place.path).unwrap(), content);
        }
    }

    #[test]
    fn damage_while_in_use_is_an_error_and_gives_no_number() {
        let place = place();
        let nonces = FileNonce::open(&place.path).unwrap();
        nonces.draw(|| NOW).unwrap();
        fs::write(&place.path, "").unwrap();
        assert!(matches!(
            nonces.draw(|| NOW),
            Err(NonceError::FileDamaged { .. })
        ));
    }

    #[test]
    fn damage_to_any_one_byte_never_lowers_the_number() {
        let whole = contents(NOW).into_bytes();
        for position in 0..whole.len() {
            for damage in [0x01, 0x04, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[position] ^= damage;
                let expected = (position >= HEADING.len()).then_some(NOW);
                assert_eq!(last_in(&bytes), expected, "byte {position}");
            }
        }
    }

    /// A disk may report a flush too early: the higher line may have been given.
    #[test]
    fn of_two_readable_lines_the_higher_counts() {
        for (first, second) in [(NOW, NOW + 1), (NOW + 1, NOW)] {
            let bytes = format!("{HEADING}{}{}", line(first), line(second));
            assert_eq!(last_in(bytes.as_bytes()), Some(NOW + 1));
        }
    }

    #[test]
    fn damage_to_both_lines_is_noticed() {
        let whole = contents(NOW).into_bytes();
        for first in HEADING.len()..HEADING.len() + LINE {
            for second in HEADING.len() + LINE..whole.len() {
                let mut bytes = whole.clone();
                bytes[first] ^= 1;
                bytes[second] ^= 1;
                assert_eq!(last_in(&bytes), None, "bytes {first} and {second}");
            }
        }
    }

    proptest! {
        /// A write that stops anywhere leaves the old number or the new one.
        #[test]
        fn a_write_cut_short_keeps_the_old_number_or_the_new_one(
            old in NOW..NOW * 2,
            step in 1..NOW,
            forwards: bool,
        ) {
            let (before, after) = (contents(old).into_bytes(), contents(old + step).into_bytes());
            for cut in 0..=LENGTH {
                let (front, back) = if forwards { (&after, &before) } else { (&before, &after) };
                let torn = [&front[..cut], &back[cut..]].concat();
                let last = last_in(&torn);
                prop_assert!(last == Some(old) || last == Some(old + step), "cut at {}", cut);
            }
            let written = if forwards { last_in(&after) } else { last_in(&before) };
            prop_assert_eq!(written, Some(if forwards { old + step } else { old }));
        }

        #[test]
        fn every_number_is_read_back(last: u64) {
            prop_assert_eq!(last_in(contents(last).as_bytes()), Some(last));
        }

        #[test]
        fn foreign_content_is_never_read_as_a_number(lines in prop::collection::vec(any::<u8>(), 2 * LINE)) {
            prop_assert_eq!(last_in(&[HEADING.as_bytes(), &lines].concat()), None);
        }
    }

    proptest! {
        // Each case flushes to disk some dozen times.
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn rises_across_clock_jumps_and_restarts(
            steps in prop::collection::vec((0..NOW, any::<bool>()), 1..20),
        ) {
            let place = place();
            let mut nonces = FileNonce::open(&place.path).unwrap();
            let mut last = nonces.draw(|| NOW).unwrap();
            for (now, restart) in steps {
                if restart {
                    nonces = FileNonce::open(&place.path).unwrap();
                }
                let now = now * 2;
                let next = nonces.draw(|| now).unwrap();
                prop_assert_eq!(next, now.max(last + 1));
                last = next;
            }
        }
    }
}
