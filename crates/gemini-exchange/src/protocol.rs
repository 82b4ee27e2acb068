//! How a call looks on the wire: payload, headers, body.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use exchange_auth::{Credentials, gemini};
use exchange_transport::{
    Answer, Answered, Call, Error, Kind, Operation, Prepared, RawAnswer, Venue, header_value,
};
use http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue,
};

use crate::endpoint::{Auth, Endpoint};
use crate::oauth::{AccessToken, TokenSource};
use crate::{answer, catalogue};

/// What stands behind private calls.
pub(crate) enum Identity {
    None,
    Key(Credentials),
    Token(Arc<dyn TokenSource>),
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Key(credentials) => credentials.fmt(f),
            Self::Token(_) => f.write_str("Token"),
        }
    }
}

impl Identity {
    /// Master keys are told by how they begin.
    pub(crate) fn is_master_key(&self) -> bool {
        matches!(self, Self::Key(credentials) if credentials.key().starts_with("master-"))
    }
}

/// Whether `request` in the payload of a call with a query is the path alone or holds the query,
/// too. The vendor's samples do one or the other, and so do its two SDKs; which one the server
/// wants is not known for sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum QueryInPayload {
    /// As the sample of each call has it: see
    /// [`Endpoint::query_in_payload`](crate::Endpoint::query_in_payload).
    #[default]
    AsSampled,
    /// The path alone, always.
    Never,
    /// Path and query, always.
    Always,
}

/// What holds for all calls of a client.
#[derive(Debug)]
pub(crate) struct Protocol {
    pub(crate) identity: Identity,
    pub(crate) query_in_payload: QueryInPayload,
    pub(crate) fields_in_body: bool,
    pub(crate) keep_raw: bool,
}

impl Protocol {
    /// Keeps the body of an answer that could not be decoded, if that is wanted.
    pub(crate) fn keep_raw(&self, error: Error, body: &Bytes) -> Error {
        if self.keep_raw && error.kind() == Kind::Decode {
            return error.with_raw_body(body.clone());
        }
        error
    }
}

/// One call of a client: what the engine asks when it comes to the venue's own ways.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) protocol: &'a Protocol,
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) token: Option<AccessToken>,
}

impl Venue for Session<'_> {
    fn prepare(
        &self,
        call: &Call,
        path_and_query: String,
        nonce: Option<u64>,
    ) -> Result<Prepared, Error> {
        let operation = call.operation();
        let mut headers = call.headers().clone();
        if operation.answer != Answer::Bytes {
            headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        }
        let mut body = Bytes::new();
        let mut content_type = None;
        if self.endpoint.auth != Auth::Public {
            let fields = call.body_json().unwrap_or("{}");
            let payload = payload(self.request(&path_and_query), nonce, fields);
            self.sign(&payload, &mut headers)?;
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            content_type = Some("text/plain");
            let repeat = self.protocol.fields_in_body || self.endpoint.fields_in_body;
            if repeat && operation.method == http::Method::POST && fields != "{}" {
                body = Bytes::copy_from_slice(fields.as_bytes());
                content_type = Some("application/json");
            } else {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
        }
        Ok(Prepared {
            method: operation.method.clone(),
            path_and_query,
            headers,
            body,
            content_type,
        })
    }

    fn read(&self, operation: &'static Operation, raw: RawAnswer) -> Result<Answered, Error> {
        answer::read(self.endpoint, operation, &raw, std::time::SystemTime::now())
            .map_err(|error| self.protocol.keep_raw(error, &raw.body))
    }

    fn advise(&self, error: Error) -> Error {
        catalogue::with_advice(error)
    }
}

impl Session<'_> {
    /// What goes into the payload as `request`.
    fn request<'a>(&self, path_and_query: &'a str) -> &'a str {
        let with_query = match self.protocol.query_in_payload {
            QueryInPayload::AsSampled => self.endpoint.query_in_payload,
            QueryInPayload::Never => false,
            QueryInPayload::Always => true,
        };
        match path_and_query.split_once('?') {
            Some((path, _)) if !with_query => path,
            _ => path_and_query,
        }
    }

    fn sign(&self, payload: &str, headers: &mut HeaderMap) -> Result<(), Error> {
        match (&self.protocol.identity, &self.token) {
            (Identity::Key(credentials), _) => {
                let signed = gemini::sign(credentials.secret(), payload);
                add_secret(headers, "x-gemini-apikey", credentials.key())?;
                add_secret(headers, "x-gemini-payload", &signed.payload)?;
                add_secret(headers, "x-gemini-signature", &signed.signature)
            }
            (_, Some(token)) => {
                add_secret(headers, "x-gemini-payload", &gemini::encode(payload))?;
                let bearer = format!("Bearer {}", token.text());
                add_secret(headers, AUTHORIZATION.as_str(), &bearer)
            }
            (_, None) => Err(Error::new(Kind::Credentials)
                .with_text("this call is private and the client has no credentials")),
        }
    }
}

/// The JSON object that is signed: path, nonce (none with a token), and then the fields, which are
/// a JSON object of their own.
fn payload(request: &str, nonce: Option<u64>, fields: &str) -> String {
    // The path is percent-encoded, so it needs no escapes.
    let mut payload = format!("{{\"request\":\"{request}\"");
    if let Some(nonce) = nonce {
        payload.push_str(&format!(",\"nonce\":{nonce}"));
    }
    let members = fields
        .strip_prefix('{')
        .and_then(|fields| fields.strip_suffix('}'))
        .unwrap_or_default();
    if !members.is_empty() {
        payload.push(',');
        payload.push_str(members);
    }
    payload.push('}');
    payload
}

fn add_secret(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Error> {
    let refused = || {
        Error::new(Kind::Credentials).with_text(format!(
            "the value for the header `{name}` must be visible ASCII"
        ))
    };
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
    let mut value = header_value(value).ok_or_else(refused)?;
    value.set_sensitive(true);
    headers.insert(header, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_those_of_the_worked_examples() {
        assert_eq!(
            payload("/v1/heartbeat", Some(1_700_000_000_001), "{}"),
            r#"{"request":"/v1/heartbeat","nonce":1700000000001}"#
        );
        assert_eq!(
            payload(
                "/v1/order/status",
                Some(1_700_000_000),
                r#"{"order_id":18446744073709551615,"account":"primary"}"#
            ),
            r#"{"request":"/v1/order/status","nonce":1700000000,"order_id":18446744073709551615,"account":"primary"}"#
        );
        assert_eq!(
            payload("/v1/oauth/revokeByToken", None, "{}"),
            r#"{"request":"/v1/oauth/revokeByToken"}"#
        );
    }
}
