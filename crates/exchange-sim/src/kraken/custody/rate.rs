//! The limit on calls of the external API.

use std::collections::VecDeque;
use std::time::Duration;

use crate::Moment;

/// So many calls within [`WINDOW`] from one address; on loopback there is but
/// one.
const CALLS: usize = 200;
const WINDOW: Duration = Duration::from_secs(30);

/// The calls of the last while.
#[derive(Debug, Default)]
pub(crate) struct CallWindow(VecDeque<Moment>);

impl CallWindow {
    /// Counts a call; `false` if there is no room for it.
    pub(crate) fn take(&mut self, now: Moment) -> bool {
        while self.0.front().is_some_and(|at| now.since(*at) >= WINDOW) {
            self.0.pop_front();
        }
        let room = self.0.len() < CALLS;
        if room {
            self.0.push_back(now);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides() {
        let start = Moment::from_seconds(1_800_000_000);
        let mut window = CallWindow::default();
        let later = start.plus(Duration::from_secs(20));
        assert!((0..150).all(|_| window.take(start)));
        assert!((0..50).all(|_| window.take(later)));
        assert!(!window.take(later));
        let end = start.plus(WINDOW);
        assert!((0..150).all(|_| window.take(end)));
        assert!(!window.take(end));
    }
}
