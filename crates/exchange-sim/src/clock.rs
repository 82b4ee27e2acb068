//! The venues' clock, which a test can stop and move.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::Moment;

/// The time of the venues of one [`Sim`](crate::Sim). Clones show the same
/// time.
///
/// It starts at the time of this machine and runs with it, until it is
/// stopped or moved. It never goes backwards, since books can't be unwritten.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    /// The time shown at `since`, or all the time when stopped.
    shown: Moment,
    /// When it began to run from `shown`; none if it is stopped.
    since: Option<Instant>,
}

impl Hands {
    fn now(&self) -> Moment {
        self.since
            .map_or(self.shown, |since| self.shown.plus(since.elapsed()))
    }

    /// Shows `moment` from here on, running or stopped as before.
    fn show(&mut self, moment: Moment) {
        self.shown = moment;
        self.since = self.since.map(|_| Instant::now());
    }
}

impl Clock {
    /// Runs, and shows the time of this machine.
    pub(crate) fn of_this_machine() -> Self {
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self::running_from(Moment::default().plus(since_1970))
    }

    /// Runs from `start`.
    pub(crate) fn running_from(start: Moment) -> Self {
        Self(Arc::new(Mutex::new(Hands {
            shown: start,
            since: Some(Instant::now()),
        })))
    }

    /// Stands still at `start`.
    pub(crate) fn frozen_at(start: Moment) -> Self {
        Self(Arc::new(Mutex::new(Hands {
            shown: start,
            since: None,
        })))
    }

    /// What it shows.
    pub fn now(&self) -> Moment {
        self.with(|hands| hands.now())
    }

    /// Stops it.
    pub fn freeze(&self) {
        self.with(|hands| {
            hands.shown = hands.now();
            hands.since = None;
        });
    }

    /// Lets it run on from what it shows.
    pub fn run(&self) {
        self.with(|hands| {
            if hands.since.is_none() {
                hands.since = Some(Instant::now());
            }
        });
    }

    /// Moves it forward by `time`.
    pub fn advance(&self, time: Duration) {
        self.with(|hands| hands.show(hands.now().plus(time)));
    }

    /// Moves it forward to `moment`; without effect if it shows a later time.
    pub fn advance_to(&self, moment: Moment) {
        self.with(|hands| hands.show(hands.now().max(moment)));
    }

    fn with<T>(&self, action: impl FnOnce(&mut Hands) -> T) -> T {
        // The hands are right after every step, so also after a panic elsewhere.
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_stops_and_moves_forward_only() {
        let start = Moment::from_seconds(1_800_000_000);
        let clock = Clock::frozen_at(start);
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), Moment::from_seconds(1_800_000_005));
        clock.advance_to(start);
        assert_eq!(clock.now(), Moment::from_seconds(1_800_000_005));
        clock.run();
        std::thread::sleep(Duration::from_millis(2));
        let later = clock.now();
        assert!(later > Moment::from_seconds(1_800_000_005));
        clock.freeze();
        let stopped = clock.now();
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(clock.now(), stopped);
        assert!(stopped >= later);
    }
}
