//! From the bytes of an answer to its value or its error.

use std::time::SystemTime;

use exchange_transport::{
    Answer, Answered, Error, Kind, Operation, Outcome, RawAnswer, VendorMessage,
};
use exchange_wire::DecodeError;
use http::StatusCode;
use indexmap::IndexMap;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::catalogue;
use crate::envelope::Envelope;

/// Tells success from failure. `now` is for messages that name a time.
pub(crate) fn read(
    operation: &'static Operation,
    raw: &RawAnswer,
    now: SystemTime,
) -> Result<Answered, Error> {
    let body = &raw.body;
    let success = raw.status.is_success();
    let answered = |value, warnings| {
        Ok(Answered {
            operation,
            value,
            warnings,
            status: raw.status.as_u16(),
            attempts: 1,
            body: body.clone(),
        })
    };
    let first = body
        .iter()
        .copied()
        .find(|byte| !byte.is_ascii_whitespace());
    if success && operation.answer == Answer::Bytes && first.is_some_and(|byte| byte != b'{') {
        return answered(Some(body.clone()), Vec::new());
    }
    let envelope = match Envelope::parse(body) {
        Ok(envelope) => envelope,
        Err(_) if !success => return Err(unexpected_status(operation, raw, Vec::new(), now)),
        // Nothing, a list, or text whose fault the last decoding tells best.
        Err(_) if operation.answer == Answer::Bare => {
            return answered(first.map(|_| body.clone()), Vec::new());
        }
        Err(error) => return Err(no_envelope(operation, raw, &error)),
    };
    // A bare object may have a member `error` of its own. The venue's errors
    // come without company.
    let is_envelope = operation.answer != Answer::Bare || !envelope.has_other_members;
    if is_envelope && envelope.is_failure() {
        let error = catalogue::failure(operation, envelope.messages, now);
        return Err(with_retry_after(error, raw, now).with_status(raw.status.as_u16()));
    }
    if !success {
        return Err(unexpected_status(operation, raw, envelope.messages, now));
    }
    match operation.answer {
        Answer::Enveloped => {
            let value = envelope
                .result
                .map(|result| body.slice_ref(result.get().as_bytes()));
            answered(value, envelope.messages)
        }
        Answer::Whole | Answer::Bare => answered(Some(body.clone()), envelope.messages),
        Answer::Bytes => {
            let error = undecoded(operation, raw.status.as_u16());
            Err(error.with_text(format!("JSON came in place of a file: {}", raw.excerpt())))
        }
    }
}

/// Decodes the value. A missing one is read as `null`, so that it is an error
/// exactly for types that have no use for that.
pub(crate) fn decode<T: DeserializeOwned>(answered: &Answered) -> Result<T, Error> {
    match &answered.value {
        Some(value) => exchange_wire::from_slice(value).map_err(|error| mismatch(answered, error)),
        None => exchange_wire::from_slice(b"null").map_err(|_| missing(answered)),
    }
}

fn mismatch(answered: &Answered, mut error: DecodeError) -> Error {
    let operation = answered.operation;
    if operation.answer == Answer::Enveloped {
        error = error.within("result");
    }
    if answers_with_secret(operation) {
        error = error.hide_input();
    }
    undecoded(operation, answered.status)
        .with_attempts(answered.attempts)
        .with_decode_error(error)
}

/// Whether the answer holds something that must not get into an error.
pub(crate) fn answers_with_secret(operation: &Operation) -> bool {
    matches!(operation.id, "getWebsocketsToken" | "createPrimeApiUserKey")
}

fn missing(answered: &Answered) -> Error {
    let text = match answered.operation.answer {
        Answer::Enveloped => "`result` is missing or null though no error is told",
        Answer::Whole | Answer::Bare | Answer::Bytes => "the body is empty",
    };
    undecoded(answered.operation, answered.status)
        .with_attempts(answered.attempts)
        .with_text(text)
        .with_messages(answered.warnings.clone())
}

fn no_envelope(operation: &'static Operation, raw: &RawAnswer, cause: &serde_json::Error) -> Error {
    // Something on the way, which may be gone next time.
    let error = undecoded(operation, raw.status.as_u16()).with_retryable(true);
    if raw.body.iter().all(u8::is_ascii_whitespace) {
        return error.with_text("the body is empty");
    }
    if answers_with_secret(operation) {
        return error.with_text("the body is no JSON object");
    }
    match exchange_wire::from_slice::<IndexMap<String, IgnoredAny>>(&raw.body) {
        Err(decode_error) => error.with_decode_error(decode_error),
        Ok(_) => error.with_text(format!("{cause}: {}", raw.excerpt())),
    }
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

/// A status other than 2xx without a message that could be read.
fn unexpected_status(
    operation: &'static Operation,
    raw: &RawAnswer,
    warnings: Vec<VendorMessage>,
    now: SystemTime,
) -> Error {
    let status = raw.status;
    let bare = operation.answer == Answer::Bare;
    let passes = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        );
    let kind = match status {
        StatusCode::TOO_MANY_REQUESTS => Kind::RateLimit,
        StatusCode::REQUEST_TIMEOUT => Kind::Timeout,
        // APIs with an envelope report their own errors with status 200:
        // anything else comes from what stands before them.
        StatusCode::UNAUTHORIZED if bare => Kind::Credentials,
        StatusCode::FORBIDDEN if bare => Kind::Permission,
        StatusCode::NOT_FOUND if bare => Kind::NotFound,
        _ if bare && status.is_client_error() => Kind::InvalidRequest,
        _ => Kind::Unavailable,
    };
    // Only an API that uses status codes means them as an answer to the call.
    let refused = bare && status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT;
    let outcome = if refused {
        Outcome::NotExecuted
    } else {
        Outcome::Unknown
    };
    let mut error = Error::new(kind)
        .on(operation)
        .with_messages(warnings)
        .with_attempts(1)
        .with_outcome(outcome)
        .with_retryable(passes);
    if kind == Kind::Permission {
        error = error.with_hint(catalogue::permission_hint(operation));
    }
    let text = match status.is_redirection() {
        true => "a redirect was not followed, since the request is signed".to_owned(),
        false if raw.body.is_empty() => "the body is empty".to_owned(),
        false => raw.excerpt(),
    };
    let error = with_retry_after(error.with_text(text), raw, now).with_status(status.as_u16());
    catalogue::with_advice(error)
}

/// With the wait the header asks for, unless the venue's words name one.
fn with_retry_after(error: Error, raw: &RawAnswer, now: SystemTime) -> Error {
    match raw.retry_after(now) {
        Some(wait) if error.retry_after().is_none() => error.with_retry_after(wait),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use bytes::Bytes;
    use exchange_transport::http_date;
    use exchange_wire::RawJson;
    use http::HeaderMap;
    use http::header::RETRY_AFTER;

    use super::*;
    use crate::testing::{BARE, FILE, ORDER, READ, TOKEN, WHOLE};

    fn raw(status: u16, body: &str) -> RawAnswer {
        RawAnswer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    fn value<T: DeserializeOwned>(
        operation: &'static Operation,
        status: u16,
        body: &str,
    ) -> Result<T, Error> {
        decode(&read(
            operation,
            &raw(status, body),
            SystemTime::UNIX_EPOCH,
        )?)
    }

    fn failed(operation: &'static Operation, status: u16, body: &str) -> Error {
        let error = value::<HashMap<String, String>>(operation, status, body).unwrap_err();
        assert_eq!(error.status(), Some(status), "{error}");
        assert_eq!(error.operation().unwrap().id, operation.id, "{error}");
        assert_eq!(error.attempts(), 1, "{error}");
        error
    }

    #[test]
    fn the_result_is_taken_out_as_it_is() {
        let body = r#"{"error":[],"result":{ "XXBT" : 1.50 }}"#;
        for status in [200, 201, 202, 204, 299] {
            let raw: RawJson = value(&READ, status, body).unwrap();
            assert_eq!(raw.get(), r#"{ "XXBT" : 1.50 }"#);
        }
    }

    #[test]
    fn warnings_come_with_the_value() {
        let body = r#"{"error":["WDatabase:No change"],"result":true}"#;
        let answered = read(&ORDER, &raw(200, body), SystemTime::UNIX_EPOCH).unwrap();
        assert!(decode::<bool>(&answered).unwrap());
        assert_eq!(answered.warnings[0].text, "No change");
    }

    #[test]
    fn a_message_in_an_envelope_counts_whatever_the_status() {
        for status in [200, 400, 429, 500, 502] {
            let error = failed(&ORDER, status, r#"{"error":["EOrder:Insufficient funds"]}"#);
            assert_eq!(error.kind(), Kind::Funds);
            assert_eq!(error.outcome(), Outcome::NotExecuted);
            assert_eq!(error.messages()[0].raw, "EOrder:Insufficient funds");
        }
    }

    #[test]
    fn a_missing_result_is_an_error_unless_the_type_takes_null() {
        for body in ["{}", r#"{"error":[]}"#, r#"{"error":[],"result":null}"#] {
            assert_eq!(value::<Option<bool>>(&ORDER, 200, body).unwrap(), None);
            let error = failed(&ORDER, 200, body);
            assert_eq!(
                (error.kind(), error.outcome()),
                (Kind::Decode, Outcome::Unknown)
            );
            assert!(error.to_string().contains("`result` is missing"), "{error}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_shape_names_its_place() {
        let body = r#"{"error":[],"result":{"XXBT":[]}}"#;
        let error = failed(&ORDER, 200, body);
        assert_eq!(
            (error.kind(), error.outcome()),
            (Kind::Decode, Outcome::Unknown)
        );
        assert!(!error.is_retryable());
        assert_eq!(error.decode_error().unwrap().path, "result.XXBT");
        let error = value::<Vec<bool>>(&READ, 200, r#"{"result":[true,1]}"#).unwrap_err();
        assert_eq!(error.decode_error().unwrap().path, "result[1]");
        let error = value::<bool>(&READ, 200, r#"{"result":1}"#).unwrap_err();
        assert_eq!(error.decode_error().unwrap().path, "result");
    }

    #[test]
    fn a_token_does_not_get_into_an_error() {
        for body in [
            r#"{"error":[],"result":{"token":"HUSH","expires":900}}"#,
            r#"{"error":[],"result":["HUSH"]}"#,
            r#"{"error":[],"result":"HUSH"}"#,
            r#"{"error":[],"result":{"token":"HUSH"#,
            r#"["HUSH"]"#,
        ] {
            let error = failed(&TOKEN, 200, body);
            assert_eq!(error.kind(), Kind::Decode);
            assert!(!format!("{error} {error:?}").contains("HUSH"), "{error}");
        }
    }

    #[test]
    fn what_is_no_envelope_leaves_the_outcome_of_a_change_open() {
        for (body, part) in [
            ("", "empty"),
            (" \r\n", "empty"),
            ("<html><title>Just a moment...</title></html>", "html"),
            (r#"{"error":[],"result":{"txid":["#, "txid"),
            ("[]", "[]"),
        ] {
            let change = failed(&ORDER, 200, body);
            assert_eq!(
                (change.kind(), change.outcome()),
                (Kind::Decode, Outcome::Unknown)
            );
            assert!(!change.is_retryable(), "{change}");
            assert!(change.to_string().contains(part), "{change}");
            let read = failed(&READ, 200, body);
            assert_eq!(
                (read.outcome(), read.is_retryable()),
                (Outcome::NotExecuted, true)
            );
        }
        let body = Bytes::from_static(b"{\"error\":[],\"result\":\"\xff\"}");
        let raw = RawAnswer {
            body,
            ..raw(200, "")
        };
        let error = read(&ORDER, &raw, SystemTime::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.kind(), Kind::Decode);
    }

    #[test]
    fn other_statuses_leave_the_outcome_of_a_change_open() {
        let page = "<html>\n<head><title>api.kraken.com | 502: Bad\ngateway</title></head></html>";
        for status in [301, 403, 404, 500, 502, 503, 504, 520, 522, 524] {
            let change = failed(&ORDER, status, page);
            assert_eq!(
                (change.kind(), change.outcome()),
                (Kind::Unavailable, Outcome::Unknown)
            );
            assert!(!change.is_retryable(), "{change}");
            let read = failed(&READ, status, page);
            assert_eq!(read.is_retryable(), status >= 500, "{read}");
        }
        let text = failed(&ORDER, 502, page).to_string();
        assert!(
            text.contains("HTTP 502): api.kraken.com | 502: Bad gateway. "),
            "{text}"
        );
        assert!(failed(&ORDER, 504, "").to_string().contains("empty"));
        assert!(failed(&ORDER, 302, "").to_string().contains("redirect"));
        assert_eq!(failed(&READ, 429, "").kind(), Kind::RateLimit);
        assert_eq!(failed(&READ, 408, "").kind(), Kind::Timeout);
        let warned = failed(
            &ORDER,
            500,
            r#"{"error":["WDatabase:No change"],"result":{}}"#,
        );
        assert_eq!(warned.outcome(), Outcome::Unknown);
        assert_eq!(warned.messages().len(), 1);
    }

    #[test]
    fn statuses_of_an_api_without_envelope_are_answers() {
        for (status, kind, outcome, retryable) in [
            (400, Kind::InvalidRequest, Outcome::NotExecuted, false),
            (401, Kind::Credentials, Outcome::NotExecuted, false),
            (403, Kind::Permission, Outcome::NotExecuted, false),
            (404, Kind::NotFound, Outcome::NotExecuted, false),
            (408, Kind::Timeout, Outcome::Unknown, false),
            (429, Kind::RateLimit, Outcome::NotExecuted, true),
            (500, Kind::Unavailable, Outcome::Unknown, false),
        ] {
            let error = failed(&BARE, status, r#"{"title":"TooManyAddresses","status":1}"#);
            let found = (error.kind(), error.outcome(), error.is_retryable());
            assert_eq!(found, (kind, outcome, retryable), "{status}");
            assert!(error.to_string().contains("TooManyAddresses"), "{error}");
        }
    }

    #[test]
    fn a_bare_value_is_the_whole_body() {
        assert_eq!(value::<Vec<u8>>(&BARE, 200, "[1, 2]").unwrap(), [1, 2]);
        let task: HashMap<String, String> =
            value(&BARE, 201, r#"{"task_id":"T","error":"its own"}"#).unwrap();
        assert_eq!(task["error"], "its own");
        assert_eq!(value::<Option<u8>>(&BARE, 204, "").unwrap(), None);
        assert!(failed(&BARE, 200, "").to_string().contains("empty"));
        let error = failed(&BARE, 200, r#"{"a":1}"#);
        assert_eq!(error.decode_error().unwrap().path, "a");
        assert_eq!(failed(&BARE, 200, "<html>").kind(), Kind::Decode);
    }

    #[test]
    fn an_api_without_envelope_may_still_answer_with_one() {
        for status in [200, 404] {
            let error = failed(&BARE, status, r#"{"error":["EGeneral:Unknown method"]}"#);
            assert_eq!(error.kind(), Kind::NotFound);
            assert_eq!(error.messages().len(), 1);
        }
    }

    #[test]
    fn a_whole_answer_keeps_what_stands_beside_the_result() {
        let body = r#"{"errors":[],"result":["a"],"start":"1","total":"9"}"#;
        let whole: HashMap<String, RawJson> = value(&WHOLE, 200, body).unwrap();
        assert_eq!(whole["total"].get(), "\"9\"");
        let body = r#"{"errors":["EGeneral:Permission denied"],"result":null,"start":1}"#;
        assert_eq!(failed(&WHOLE, 200, body).kind(), Kind::Permission);
    }

    #[test]
    fn a_file_is_told_from_an_error() {
        let answered = read(&FILE, &raw(200, "PK\u{3}\u{4}"), SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(answered.value.unwrap(), "PK\u{3}\u{4}");
        let error = failed(&FILE, 200, " {\"error\":[\"EGeneral:Internal error\"]}");
        assert_eq!(error.kind(), Kind::Unavailable);
        assert_eq!(
            failed(&FILE, 200, r#"{"error":[],"result":{}}"#).kind(),
            Kind::Decode
        );
        assert_eq!(failed(&FILE, 200, "").kind(), Kind::Decode);
        assert_eq!(failed(&FILE, 502, "PK").kind(), Kind::Unavailable);
    }

    #[test]
    fn the_venue_may_name_a_wait_in_a_header() {
        let now = http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        for (given, seconds) in [
            ("7", Some(7)),
            ("Wed, 21 Oct 2026 07:28:09 GMT", Some(9)),
            ("Wed, 21 Oct 2026 07:27:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let mut raw = raw(429, "");
            raw.headers.insert(RETRY_AFTER, given.parse().unwrap());
            let error = read(&READ, &raw, now).unwrap_err();
            assert_eq!(error.retry_after(), seconds.map(Duration::from_secs));
        }
    }
}
