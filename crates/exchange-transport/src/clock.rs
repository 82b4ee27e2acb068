//! Whether the clock of this machine is right, by the venue's.
//!
//! Nonces are made from the clock. If it is far ahead, the key can't be used
//! any more once the clock is right again; if it was set back, calls go on
//! with numbers above the last, but a restart may not know the last one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{DATE, HeaderMap};

/// Below this the difference may come from the way and from rounding.
const TOLERATED: Duration = Duration::from_secs(60);

/// Watches the `Date` header of answers.
#[derive(Debug, Default)]
pub(crate) struct ClockWatch {
    warned: AtomicBool,
}

impl ClockWatch {
    /// Writes a warning when the clock turns out to be wrong; once, until it
    /// is right again.
    pub(crate) fn look(&self, headers: &HeaderMap, now: SystemTime) {
        let Some(venue) = headers
            .get(DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(http_date)
        else {
            return;
        };
        let ahead = now.duration_since(venue);
        let off = match &ahead {
            Ok(ahead) => *ahead,
            Err(behind) => behind.duration(),
        };
        let wrong = off > TOLERATED;
        if wrong && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                seconds = off.as_secs(),
                direction = if ahead.is_ok() { "ahead" } else { "behind" },
                "the system clock differs from the venue's: set it right, as nonces are made from it"
            );
        } else if !wrong {
            self.warned.store(false, Ordering::Relaxed);
        }
    }
}

/// Reads the date of an HTTP header, such as
/// `Wed, 21 Oct 2026 07:28:00 GMT`. The two older forms that a server must not
/// send any more are not read.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let time = exchange_transport::http_date("Sun, 06 Nov 1994 08:49:37 GMT");
/// assert_eq!(time, Some(UNIX_EPOCH + Duration::from_secs(784_111_777)));
/// ```
pub fn http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_weekday, rest) = text.trim().split_once(", ")?;
    let mut parts = rest.split(' ');
    let day = number(parts.next()?, 2)?;
    let name = parts.next()?;
    let month = (1..).zip(MONTHS).find(|(_, month)| *month == name)?.0;
    let year = number(parts.next()?, 4)?;
    let mut time = parts.next()?.split(':');
    let (hour, minute, second) = (time.next()?, time.next()?, time.next()?);
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let whole = time.next().is_none() && parts.next() == Some("GMT") && parts.next().is_none();
    // 60 is a leap second.
    let fits = (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !whole || !fits || year < 1970 {
        return None;
    }
    let days = days_since_1970(year, month, day);
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn number(digits: &str, length: usize) -> Option<u64> {
    let plain = digits.len() == length && digits.bytes().all(|digit| digit.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// Of a date in the Gregorian calendar, from 1970 on.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    // Counted in years from March on, so that the leap day is the last one.
    let (year, month) = if month < 3 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days_before_month = (153 * month + 2) / 5;
    // From 1 March of the year 0 to 1 January 1970.
    year * 365 + leap_days + days_before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        let time = http_date(text)?;
        Some(time.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn dates_are_read() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sat, 31 Jan 1970 23:59:59 GMT", 31 * 86_400 - 1),
            ("Sun, 01 Mar 1970 00:00:00 GMT", 59 * 86_400),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Fri, 20 Nov 2026 21:30:00 GMT", 1_795_210_200),
            ("Thu, 31 Dec 2099 23:59:59 GMT", 4_102_444_799),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn days_follow_one_another() {
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut expected = 0;
        for year in 1970..2410 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (month, length) in (1..).zip(lengths) {
                let length = length + u64::from(leap && month == 2);
                for day in 1..=length {
                    assert_eq!(days_since_1970(year, month, day), expected);
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn what_is_no_date_is_left_alone() {
        for text in [
            "",
            "7",
            "Wed, 21 Oct 2026 07:28:00",
            "Wed, 21 Oct 2026 07:28:00 CET",
            "Wed, 21 Oct 2026 07:28:00 GMT x",
            "Wed, 21 October 2026 07:28:00 GMT",
            "Wed, 1 Oct 2026 07:28:00 GMT",
            "Wed, 00 Oct 2026 07:28:00 GMT",
            "Wed, 32 Oct 2026 07:28:00 GMT",
            "Wed, 21 Oct 1969 07:28:00 GMT",
            "Wed, 21 Oct 2026 24:28:00 GMT",
            "Wed, 21 Oct 2026 07:60:00 GMT",
            "Wed, 21 Oct 2026 07:28 GMT",
            "Wed, 21 Oct 2026 +7:28:00 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_wrong_clock_is_told_once_until_it_is_right() {
        let watch = ClockWatch::default();
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Fri, 20 Nov 2026 21:30:00 GMT".parse().unwrap());
        let venue = UNIX_EPOCH + Duration::from_secs(1_795_210_200);
        let minute = Duration::from_secs(60);
        let second = Duration::from_secs(1);
        for (now, warned) in [
            (venue + minute, false),
            (venue + minute + second, true),
            (venue + minute + second, true),
            (venue, false),
            (venue - minute, false),
            (venue - minute - second, true),
        ] {
            watch.look(&headers, now);
            assert_eq!(watch.warned.load(Ordering::Relaxed), warned, "{now:?}");
        }
        // An answer without a date tells nothing.
        watch.look(&HeaderMap::new(), venue);
        assert!(watch.warned.load(Ordering::Relaxed));
    }
}
