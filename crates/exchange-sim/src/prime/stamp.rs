//! Times as Prime writes them, no two the same.

use chrono::SecondsFormat;

use crate::Moment;

/// In microseconds: `2021-09-14T22:23:11.903074Z`.
pub(crate) fn text(moment: Moment) -> String {
    moment
        .date_time()
        .to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Hands out times for records. Each is later than the one before by a microsecond at least, so
/// that a client who asks for all since a record misses none and gets only that one twice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stamps {
    /// In microseconds.
    last: u64,
}

impl Stamps {
    pub(crate) fn next(&mut self, now: Moment) -> Moment {
        self.last = (now.nanoseconds() / 1_000).max(self.last.saturating_add(1));
        Moment::from_nanoseconds(self.last.saturating_mul(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rise_while_the_clock_stands() {
        let now = Moment::from_nanoseconds(1_631_657_791_903_074_999);
        let mut stamps = Stamps::default();
        let times = [(); 2].map(|()| text(stamps.next(now)));
        assert_eq!(
            times,
            ["2021-09-14T22:16:31.903074Z", "2021-09-14T22:16:31.903075Z"]
        );
    }
}
