//! What an operation of Gemini's ends with.

use bytes::Bytes;
use rust_decimal::Decimal;

use crate::json::{Json, object};
use crate::venue::Answer;

/// An operation was carried out.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// HTTP 200.
    Json(Json),
    /// Another status that means success.
    Status(u16, Json),
    /// A file to be kept.
    File {
        content_type: &'static str,
        name: String,
        bytes: Bytes,
    },
}

impl From<Json> for Reply {
    fn from(body: Json) -> Self {
        Self::Json(body)
    }
}

/// An operation was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub status: u16,
    pub body: Json,
    /// The reason alone, for the journal.
    pub why: String,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<u64>,
}

impl Refusal {
    /// The usual body, `{"result": "error", "reason": …, "message": …}`.
    pub(crate) fn new(status: u16, reason: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            why: format!("{reason}: {message}"),
            body: object! { "result" => "error", "reason" => reason, "message" => message },
            retry_after: None,
        }
    }

    /// The body of the newer services, `{"error": …, "message": …}`.
    pub(crate) fn plain(status: u16, error: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            why: format!("{error}: {message}"),
            body: object! { "error" => error, "message" => message },
            retry_after: None,
        }
    }

    /// A request that is not as it must be.
    pub(crate) fn bad(reason: &str, message: impl Into<String>) -> Self {
        Self::new(400, reason, message)
    }

    /// A request to prediction markets that is not as it must be.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::plain(400, "InvalidInput", message)
    }

    /// There is not enough of a currency.
    pub(crate) fn funds(message: impl Into<String>) -> Self {
        Self::new(406, "InsufficientFunds", message)
    }

    /// The books do not allow it although the checks before did: the simulator
    /// is at fault, and says so as the venue would.
    pub(crate) fn internal(error: &impl std::fmt::Display) -> Self {
        Self::new(500, "System", error.to_string())
    }

    pub(crate) fn answer(&self) -> Answer {
        let mut answer = Answer::json(self.status, &self.body);
        if let Some(seconds) = self.retry_after {
            answer.headers.push(("retry-after", seconds.to_string()));
        }
        answer
    }
}

/// A decimal as a JSON string without zeros at its end.
pub(crate) fn plain(value: Decimal) -> Json {
    Json::amount(value.normalize())
}

/// What came of a request.
pub(crate) type Outcome = Result<Reply, Refusal>;

/// A reply as it goes out.
pub(crate) fn answer(reply: Reply) -> Answer {
    match reply {
        Reply::Json(body) => Answer::json(200, &body),
        Reply::Status(status, body) => Answer::json(status, &body),
        Reply::File {
            content_type,
            name,
            bytes,
        } => Answer {
            status: 200,
            content_type,
            headers: vec![(
                "content-disposition",
                format!("attachment; filename={name}"),
            )],
            body: bytes,
        },
    }
}
