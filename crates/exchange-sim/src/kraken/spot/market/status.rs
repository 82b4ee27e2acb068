//! Whether the venue trades, and when it is planned not to.

use crate::Moment;

/// What Kraken's matching engine lets happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KrakenStatus {
    /// Everything.
    #[default]
    Online,
    /// Neither orders nor cancels.
    Maintenance,
    /// Cancels only; nothing is traded.
    CancelOnly,
    /// Cancels and post-only limit orders; nothing is traded.
    PostOnly,
}

impl KrakenStatus {
    /// In the venue's words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Maintenance => "maintenance",
            Self::CancelOnly => "cancel_only",
            Self::PostOnly => "post_only",
        }
    }
}

/// A time without trading that is known beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Maintenance {
    pub id: u64,
    pub title: String,
    pub start: Moment,
    /// When it is over; after the start.
    pub end: Moment,
    /// It has begun, and the status says so.
    pub begun: bool,
}

impl Maintenance {
    /// How near its start is, in the venue's words.
    pub(crate) fn phase(&self, now: Moment) -> &'static str {
        match self.start.since(now).as_secs() {
            0..=30 => "final_warning_30s",
            31..=300 => "imminent_5m",
            301..=1_800 => "approaching_30m",
            1_801..=86_400 => "reminder_24h",
            _ => "announced",
        }
    }

    /// Whether orders are taken and what clients should do, in the venue's
    /// words.
    pub(crate) fn advice(&self, now: Moment) -> (&'static str, &'static str) {
        match self.start.since(now).as_secs() {
            0 => ("blocked", "stop_new_orders"),
            1..=300 => ("discouraged", "cancel_open_orders"),
            301..=1_800 => ("allowed", "reduce_activity"),
            _ => ("allowed", "continue"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maintenance_comes_nearer() {
        let at = Moment::from_seconds;
        let maintenance = Maintenance {
            id: 1,
            title: String::new(),
            start: at(1_000_000),
            end: at(1_000_600),
            begun: false,
        };
        let seen = |seconds: u64| {
            let now = at(1_000_000 - seconds);
            (maintenance.phase(now), maintenance.advice(now).0)
        };
        assert_eq!(seen(200_000), ("announced", "allowed"));
        assert_eq!(seen(86_400), ("reminder_24h", "allowed"));
        assert_eq!(seen(1_740), ("approaching_30m", "allowed"));
        assert_eq!(seen(300), ("imminent_5m", "discouraged"));
        assert_eq!(seen(30), ("final_warning_30s", "discouraged"));
        assert_eq!(seen(0), ("final_warning_30s", "blocked"));
    }
}
