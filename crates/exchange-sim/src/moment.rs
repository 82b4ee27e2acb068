//! Points in time as the venues write them.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;

/// A point in time, in nanoseconds since the beginning of 1970 (UTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// From nanoseconds since 1970.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// From whole seconds since 1970.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since 1970.
    pub const fn nanoseconds(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970, cut.
    pub const fn seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// Whole milliseconds since 1970, cut.
    pub const fn milliseconds(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Seconds since 1970 with `digits` decimals, at most nine; the rest is cut.
    pub fn seconds_with(self, digits: u32) -> Decimal {
        let digits = digits.min(9);
        let units = self.0 / 10_u64.pow(9 - digits);
        Decimal::from_i128_with_scale(i128::from(units), digits)
    }

    /// Later by `time`, or the end of all time.
    pub fn plus(self, time: Duration) -> Self {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanoseconds))
    }

    /// Earlier by `time`, or 1970.
    pub fn minus(self, time: Duration) -> Self {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanoseconds))
    }

    /// The time since `earlier`, zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// As calendar date and time.
    pub fn date_time(self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(i64::try_from(self.0).unwrap_or(i64::MAX))
    }

    /// RFC 3339 in whole seconds, `2026-05-27T08:00:00Z`.
    pub fn rfc3339(self) -> String {
        self.date_time().to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// RFC 3339 in milliseconds, `2026-05-27T08:00:00.000Z`.
    pub fn rfc3339_milliseconds(self) -> String {
        self.date_time()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// RFC 3339 in microseconds, `2026-05-27T08:00:00.000000Z`.
    pub fn rfc3339_microseconds(self) -> String {
        self.date_time()
            .to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    /// RFC 3339 in nanoseconds.
    pub fn rfc3339_nanoseconds(self) -> String {
        self.date_time().to_rfc3339_opts(SecondsFormat::Nanos, true)
    }

    /// Reads RFC 3339 text.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let parsed = DateTime::parse_from_rfc3339(text).ok()?;
        let nanoseconds = parsed.timestamp_nanos_opt()?;
        u64::try_from(nanoseconds).ok().map(Self)
    }

    /// Reads seconds since 1970 with up to nine decimals.
    pub fn parse_seconds(text: &str) -> Option<Self> {
        let seconds: Decimal = text.parse().ok()?;
        let nanoseconds = seconds.checked_mul(Decimal::from(1_000_000_000))?.trunc();
        u64::try_from(nanoseconds).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_every_form() {
        let moment = Moment::from_nanoseconds(1_688_669_597_827_712_345);
        assert_eq!(moment.seconds(), 1_688_669_597);
        assert_eq!(moment.milliseconds(), 1_688_669_597_827);
        assert_eq!(moment.seconds_with(4).to_string(), "1688669597.8277");
        assert_eq!(moment.seconds_with(0).to_string(), "1688669597");
        assert_eq!(moment.rfc3339(), "2023-07-06T18:53:17Z");
        assert_eq!(moment.rfc3339_milliseconds(), "2023-07-06T18:53:17.827Z");
        assert_eq!(moment.rfc3339_microseconds(), "2023-07-06T18:53:17.827712Z");
        assert_eq!(
            moment.rfc3339_nanoseconds(),
            "2023-07-06T18:53:17.827712345Z"
        );
    }

    #[test]
    fn is_read_back() {
        let moment = Moment::from_nanoseconds(1_688_669_597_827_712_345);
        assert_eq!(
            Moment::parse_rfc3339("2023-07-06T20:53:17.827712345+02:00"),
            Some(moment)
        );
        assert_eq!(Moment::parse_seconds("1688669597.827712345"), Some(moment));
        assert_eq!(Moment::parse_seconds("-1"), None);
        assert_eq!(Moment::parse_rfc3339("yesterday"), None);
    }
}
