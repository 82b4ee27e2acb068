//! What the server and a venue tell each other.

use bytes::Bytes;
use http::HeaderMap;

use crate::Moment;
use crate::json::Json;

/// A request as it arrived, whole.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `GET`, `POST`, …
    pub method: http::Method,
    /// Path and query, byte for byte as sent.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// The target up to the question mark.
    pub(crate) fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The target after the question mark.
    pub(crate) fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// A header's value, if it is readable text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: u16,
    /// Empty if there is no content.
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Json) -> Self {
        let mut text = String::new();
        body.write(&mut text);
        Self {
            status,
            content_type: "application/json",
            headers: Vec::new(),
            body: text.into(),
        }
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            headers: Vec::new(),
            body: body.to_owned().into(),
        }
    }
}

/// What a venue made of a request.
#[derive(Clone, Debug)]
pub(crate) struct Handled {
    pub answer: Answer,
    /// The operation's name in the venue's words (`AddOrder`), or the path if
    /// there is no such operation.
    pub operation: String,
    /// Why it was refused, in the venue's words; none if it was accepted.
    pub refused: Option<String>,
}

/// One host of a venue.
pub(crate) trait Venue: Send {
    /// The name of the operation that a request is meant for, without looking
    /// at anything but method and path.
    fn operation(&self, request: &Request) -> String;

    /// Carries out a request.
    fn handle(&mut self, request: &Request, now: Moment) -> Handled;

    /// The venue's answer to a request that the caller is to see fail with
    /// `error`, a text in the venue's own form.
    fn failure(&self, request: &Request, error: &str) -> Answer;
}
