//! One stream as one subscription sees it.

use super::desk::Desk;
use super::people::Caller;
use crate::Moment;
use crate::json::Json;

/// Records that go out in one message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    /// They are gone: `action` is `Remove`.
    pub remove: bool,
    pub records: Vec<Json>,
}

/// The reader is so far behind that what it lacks is no longer kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behind;

/// A subscription's place in what happens: it is asked for news, and nothing waits for it.
#[derive(Debug)]
pub(crate) struct Feed;

impl Feed {
    /// Begins with an element of `streams`; the error is the text of an `error` message. With it comes the snapshot.
    pub(crate) fn open(
        _desk: &Desk,
        _stream: &Json,
        _caller: &Caller,
        _now: Moment,
    ) -> Result<(Self, Vec<Json>), String> {
        Ok((Self, Vec::new()))
    }

    /// The stream's name, which is the `type` of its messages.
    pub(crate) fn name(&self) -> &'static str {
        ""
    }

    /// What is new since the last time.
    pub(crate) fn poll(&mut self, _desk: &Desk, _now: Moment) -> Result<Vec<Batch>, Behind> {
        Ok(Vec::new())
    }
}
