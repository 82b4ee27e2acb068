//! What an operation of Kraken's ends with, and its envelope.

use bytes::Bytes;

use crate::json::{Json, object};
use crate::venue::Answer;

/// An operation was carried out.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The `result`, without warnings.
    Result(Json),
    /// The `result`, and entries for `error` that begin with `W`.
    Warned(Json, Vec<String>),
    /// Bytes without an envelope.
    Bytes {
        content_type: &'static str,
        bytes: Bytes,
    },
}

impl From<Json> for Reply {
    fn from(result: Json) -> Self {
        Self::Result(result)
    }
}

/// An operation was refused, with the venue's texts, such as
/// `EOrder:Insufficient funds`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub Vec<String>);

impl Refusal {
    pub(crate) fn new(error: impl Into<String>) -> Self {
        Self(vec![error.into()])
    }

    /// A parameter is missing or not as it must be.
    pub(crate) fn argument(name: &str) -> Self {
        Self::new(format!("EGeneral:Invalid arguments:{name}"))
    }

    /// The books do not allow it although the checks before did: the simulator
    /// is at fault, and says so as the venue would.
    pub(crate) fn internal(error: &impl std::fmt::Display) -> Self {
        Self::new(format!("EGeneral:Internal error:{error}"))
    }
}

impl From<&str> for Refusal {
    fn from(error: &str) -> Self {
        Self::new(error)
    }
}

/// What came of a request: a reply or a refusal.
pub(crate) type Outcome = Result<Reply, Refusal>;

/// Spot's envelope, `{"error": […], "result": …}`.
pub(crate) fn envelope(outcome: Outcome) -> Answer {
    match outcome {
        Ok(Reply::Result(result)) => Answer::json(
            200,
            &object! { "error" => Json::List(Vec::new()), "result" => result },
        ),
        Ok(Reply::Warned(result, warnings)) => {
            Answer::json(200, &object! { "error" => warnings, "result" => result })
        }
        Ok(Reply::Bytes {
            content_type,
            bytes,
        }) => Answer {
            status: 200,
            content_type,
            headers: Vec::new(),
            body: bytes,
        },
        Err(Refusal(errors)) => Answer::json(200, &object! { "error" => errors }),
    }
}
