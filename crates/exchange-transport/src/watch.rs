//! Seeing what the client does.
//!
//! Each call runs in a [`tracing`] span named `call` (level `INFO`, target
//! `exchange_transport`), each attempt ends in an event. Their fields:
//!
//! | Field | Meaning |
//! |---|---|
//! | `api`, `operation` | which call, by the names of its table |
//! | `attempt` | number of the attempt, from 1 |
//! | `pace_ms`, `queue_ms` | how long it waited for the rate limit and for the key's queue |
//! | `elapsed_ms` | from then to the end of the answer |
//! | `status` | the HTTP status, 0 if no answer came |
//! | `kind`, `outcome` | of a failure |
//! | `repeat_in_ms` | the wait before the next attempt, if there is one |
//!
//! No field holds a secret, a body, or an address with its parameters. Remarks
//! of the venue on a call that succeeded, and a clock that differs from the
//! venue's by more than a minute, are events of level `WARN`.
//!
//! For counters and histograms there is [`Observer`]:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use exchange_transport::{AttemptReport, EngineConfig, Kind, Observer};
//!
//! #[derive(Default)]
//! struct Metrics { attempts: AtomicU64, rate_limited: AtomicU64 }
//!
//! impl Observer for Metrics {
//!     fn on_attempt(&self, report: &AttemptReport<'_>) {
//!         self.attempts.fetch_add(1, Ordering::Relaxed);
//!         if report.result.is_err_and(|error| error.kind() == Kind::RateLimit) {
//!             self.rate_limited.fetch_add(1, Ordering::Relaxed);
//!         }
//!     }
//! }
//!
//! let metrics = Arc::new(Metrics::default());
//! let mut config = EngineConfig::new("https://api.example.com");
//! config.observer = Some(metrics.clone());
//! ```

use std::time::Duration;

use crate::error::{Error, VendorMessage};
use crate::operation::Operation;

/// Is told about every attempt; for metrics.
///
/// It is called in the midst of the call: it must be quick and must not block.
pub trait Observer: Send + Sync {
    /// One attempt is over.
    fn on_attempt(&self, report: &AttemptReport<'_>);
}

/// What became of one attempt.
#[derive(Debug)]
#[non_exhaustive]
pub struct AttemptReport<'a> {
    /// Which call.
    pub operation: &'static Operation,
    /// The number of the attempt, from 1. Attempts that could not be sent
    /// count, too.
    pub attempt: u32,
    /// How long it waited because of the rate limit.
    pub pace_wait: Duration,
    /// How long it waited for its turn in the queue of the key, and for its
    /// nonce.
    pub queue_wait: Duration,
    /// From having both to the end of the answer; zero if nothing was sent.
    pub elapsed: Duration,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// The venue's remarks on a call that succeeded, or what went wrong.
    pub result: Result<&'a [VendorMessage], &'a Error>,
    /// The wait before the call is sent again, if it will be.
    pub repeat_in: Option<Duration>,
}

/// Writes the attempt down.
pub(crate) fn log(report: &AttemptReport<'_>) {
    let id = report.operation.id;
    let attempt = report.attempt;
    let pace_ms = millis(report.pace_wait);
    let queue_ms = millis(report.queue_wait);
    let elapsed_ms = millis(report.elapsed);
    let status = report.status.unwrap_or(0);
    match report.result {
        Ok(warnings) => {
            tracing::debug!(
                operation = id,
                attempt,
                pace_ms,
                queue_ms,
                elapsed_ms,
                status,
                "answered"
            );
            for warning in warnings {
                tracing::warn!(operation = id, warning = %warning.raw, "the venue remarks");
            }
        }
        Err(error) => {
            let kind = tracing::field::debug(error.kind());
            let outcome = tracing::field::debug(error.outcome());
            if let Some(wait) = report.repeat_in {
                let repeat_in_ms = millis(wait);
                tracing::info!(
                    operation = id,
                    attempt,
                    pace_ms,
                    queue_ms,
                    elapsed_ms,
                    status,
                    kind,
                    outcome,
                    repeat_in_ms,
                    "failed, will be sent again"
                );
            } else {
                tracing::info!(
                    operation = id,
                    attempt,
                    pace_ms,
                    queue_ms,
                    elapsed_ms,
                    status,
                    kind,
                    outcome,
                    "failed"
                );
            }
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
