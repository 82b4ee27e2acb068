//! From the bytes of an answer to its value or its error.

use std::time::SystemTime;

use exchange_transport::{
    Answer, Answered, Error, Kind, Operation, Outcome, RawAnswer, Severity, VendorMessage,
};
use exchange_wire::RawJson;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::catalogue;
use crate::endpoint::Endpoint;

/// No body that reports a failure under HTTP 200 is longer.
const LONGEST_FAILURE: usize = 16 * 1024;

/// Tells success from failure. `now` is for a `Retry-After` that names a date.
pub(crate) fn read(
    endpoint: &'static Endpoint,
    operation: &'static Operation,
    raw: &RawAnswer,
    now: SystemTime,
) -> Result<Answered, Error> {
    let body = &raw.body;
    let json_object = body.trim_ascii_start().starts_with(b"{");
    if !raw.status.is_success() {
        let message = if json_object {
            Failure::parse(body)
        } else {
            None
        };
        return Err(failed(endpoint, raw, message, now));
    }
    if json_object
        && body.len() <= LONGEST_FAILURE
        && let Some(failure) = Failure::parse(body)
        && failure.is_failure()
    {
        return Err(failed(endpoint, raw, Some(failure), now));
    }
    if operation.answer == Answer::Bytes && json_object {
        return Err(undecoded(operation, raw.status.as_u16())
            .with_text(format!("JSON came in place of a file: {}", raw.excerpt())));
    }
    Ok(Answered {
        operation,
        value: Some(body.clone()),
        warnings: Vec::new(),
        status: raw.status.as_u16(),
        attempts: 1,
        body: body.clone(),
    })
}

/// Decodes the value.
pub(crate) fn decode<T: DeserializeOwned>(answered: &Answered) -> Result<T, Error> {
    exchange_wire::from_slice(&answered.body).map_err(|error| {
        let failed =
            undecoded(answered.operation, answered.status).with_attempts(answered.attempts);
        if answered.body.iter().all(u8::is_ascii_whitespace) {
            return failed.with_text("the body is empty");
        }
        failed.with_decode_error(error)
    })
}

/// An answer that came and says nothing certain about the call.
fn undecoded(operation: &'static Operation, status: u16) -> Error {
    let error = Error::new(Kind::Decode)
        .on(operation)
        .with_status(status)
        .with_attempts(1)
        .with_outcome(Outcome::Unknown);
    catalogue::with_advice(error)
}

/// All members that any of the vendor's error bodies has.
#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    result: Option<RawJson>,
    #[serde(default)]
    reason: Option<RawJson>,
    #[serde(default)]
    error: Option<RawJson>,
    #[serde(default)]
    code: Option<RawJson>,
    #[serde(default)]
    field: Option<RawJson>,
    #[serde(default)]
    message: Option<RawJson>,
    #[serde(default, rename = "errorMessage")]
    error_message: Option<RawJson>,
    #[serde(default)]
    details: Option<RawJson>,
}

/// The text of a member, whatever its type; `None` for `null` and nothing.
fn text(member: Option<&RawJson>) -> Option<String> {
    let member = member.filter(|member| member.get() != "null")?;
    let text = member.decode().unwrap_or_else(|_| member.get().to_owned());
    (!text.is_empty()).then_some(text)
}

impl Failure {
    fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Whether a body under HTTP 200 is one. A member `error` alone is not: it may be part of a
    /// value.
    fn is_failure(&self) -> bool {
        let result = text(self.result.as_ref());
        result.is_some_and(|result| {
            result.eq_ignore_ascii_case("error") || result.eq_ignore_ascii_case("failed")
        })
    }

    fn message(&self) -> Option<VendorMessage> {
        let message = text(self.message.as_ref())
            .or_else(|| text(self.error_message.as_ref()))
            .or_else(|| text(self.details.as_ref()));
        let reason = text(self.reason.as_ref())
            .or_else(|| text(self.code.as_ref()).filter(|code| catalogue::knows(code)))
            .or_else(|| text(self.error.as_ref()))
            .or_else(|| text(self.code.as_ref()));
        let detail = match (&reason, message, text(self.field.as_ref())) {
            (Some(_), Some(message), Some(field)) => Some(format!("{message} (`{field}`)")),
            (Some(_), message, field) => message.or(field),
            (None, message, _) => {
                return message.map(|message| VendorMessage {
                    severity: Severity::Error,
                    category: String::new(),
                    text: message.clone(),
                    detail: None,
                    raw: message,
                });
            }
        };
        let reason = reason?;
        let shown = match &detail {
            Some(detail) => format!("{reason}: {detail}"),
            None => reason.clone(),
        };
        Some(VendorMessage {
            severity: Severity::Error,
            category: String::new(),
            text: reason,
            detail,
            raw: shown,
        })
    }
}

/// The error of an answer that is none of success.
fn failed(
    endpoint: &'static Endpoint,
    raw: &RawAnswer,
    failure: Option<Failure>,
    now: SystemTime,
) -> Error {
    let message = failure.and_then(|failure| failure.message());
    let named = message.is_some();
    let mut error = catalogue::failure(endpoint, raw.status, message);
    if !named {
        let text = match raw.status.is_redirection() {
            true => "a redirect was not followed, since the request is signed".to_owned(),
            false if raw.body.is_empty() => "the body is empty".to_owned(),
            false => raw.excerpt(),
        };
        error = error.with_text(text);
    }
    match raw.retry_after(now) {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

/// The error that an answer gives.
#[cfg(test)]
pub(crate) fn failure_of(endpoint: &'static Endpoint, status: u16, body: &str) -> Error {
    let raw = RawAnswer {
        status: http::StatusCode::from_u16(status).unwrap(),
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::copy_from_slice(body.as_bytes()),
    };
    read(endpoint, &endpoint.operation, &raw, SystemTime::UNIX_EPOCH).unwrap_err()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};
    use proptest::prelude::*;

    use super::*;
    use crate::order::CancelOrder;

    fn read_any(status: u16, after: &[u8], body: Vec<u8>) -> Result<Answered, Error> {
        let endpoint = <CancelOrder>::ENDPOINT;
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(after) {
            headers.insert(http::header::RETRY_AFTER, value);
        }
        let raw = RawAnswer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.into(),
        };
        read(endpoint, &endpoint.operation, &raw, SystemTime::UNIX_EPOCH)
    }

    proptest! {
        #[test]
        fn any_status_with_any_body_is_an_answer_or_an_error(
            status in 100_u16..1000,
            after in proptest::collection::vec(any::<u8>(), 0..30),
            body in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let result = read_any(status, &after, body);
            prop_assert_eq!(result.is_ok(), (200..300).contains(&status));
        }

        #[test]
        fn any_failure_body_is_shown(
            status in prop_oneof![Just(200_u16), 400_u16..600],
            member in "result|reason|error|code|field|message|errorMessage|details",
            value in "null|true|-1e999|\"\"|\"[a-zA-Z ]{1,40}\"|\\[1\\]|\\{\"a\":1\\}",
        ) {
            let body = format!(r#"{{"result":"error","{member}":{value}}}"#);
            let result = read_any(status, b"", body.clone().into_bytes());
            match result {
                Err(error) => prop_assert!(!error.to_string().is_empty()),
                // A body with `result` twice is no failure body, and decoding it comes later.
                Ok(_) => prop_assert!(status == 200 && member == "result", "{}", body),
            }
        }
    }
}
