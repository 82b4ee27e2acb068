//! A request being put together.

use std::fmt::{Display, Write as _};

use http::header::{HeaderMap, HeaderName};
use serde::Serialize;

use crate::check::{At, InvalidField};
use crate::error::{Error, Kind};
use crate::header::header_value;
use crate::operation::Operation;
use crate::param::ToParam;

/// The parameters of one call, on their way to the wire.
///
/// A mistake, such as an empty path parameter, is kept and comes back from
/// [`path_and_query`](Self::path_and_query), so that parameters can be set in
/// a chain. Only [`body`](Self::body) answers at once.
///
/// The nonce, the key and the signature are no part of it: they are added when
/// it is sent.
#[derive(Debug, Clone)]
pub struct Call {
    operation: &'static Operation,
    path: Vec<(&'static str, String)>,
    query: String,
    headers: HeaderMap,
    body: Option<String>,
    mistake: Option<InvalidField>,
}

impl Call {
    /// A call without parameters.
    pub fn new(operation: &'static Operation) -> Self {
        Self {
            operation,
            path: Vec::new(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: None,
            mistake: None,
        }
    }

    /// Which call it is.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Puts a value in place of `{name}` in the path.
    ///
    /// An empty value and the values `.` and `..` are refused: they would
    /// address another call.
    pub fn path(&mut self, name: &'static str, value: &(impl Display + ?Sized)) -> &mut Self {
        self.path_text(name, &value.to_string());
        self
    }

    /// Appends `name=value` to the query, once for each value.
    pub fn query<Form>(
        &mut self,
        name: &'static str,
        value: &(impl ToParam<Form> + ?Sized),
    ) -> &mut Self {
        value.each(&mut |value| self.query_text(name, &value.to_string()));
        self
    }

    /// Appends `name=a,b,c` to the query; nothing for an empty list.
    pub fn query_joined(&mut self, name: &'static str, values: &[impl Display]) -> &mut Self {
        let mut joined = String::new();
        for (index, value) in values.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            // Writing to a String fails only if the value's Display does.
            let _ = write!(joined, "{comma}{value}");
        }
        if !values.is_empty() {
            self.query_text(name, &joined);
        }
        self
    }

    /// Adds a header, once for each value. Values that a header can't carry
    /// unchanged are refused.
    pub fn header<Form>(
        &mut self,
        name: &'static str,
        value: &(impl ToParam<Form> + ?Sized),
    ) -> &mut Self {
        value.each(&mut |value| self.header_text(name, &value.to_string()));
        self
    }

    /// Sets the JSON body; it must be an object.
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidRequest`] if the value refuses to be written, or is no
    /// object.
    pub fn body(&mut self, body: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.body_text(serde_json::to_string(body))
    }

    fn path_text(&mut self, name: &'static str, value: &str) {
        if matches!(value, "" | "." | "..") {
            self.refuse(name, "must be a non-empty identifier", value);
            return;
        }
        let mut encoded = String::with_capacity(value.len());
        percent_encode(value, &mut encoded);
        self.path.push((name, encoded));
    }

    fn query_text(&mut self, name: &str, value: &str) {
        self.query
            .push(if self.query.is_empty() { '?' } else { '&' });
        percent_encode(name, &mut self.query);
        self.query.push('=');
        percent_encode(value, &mut self.query);
    }

    fn header_text(&mut self, name: &'static str, value: &str) {
        match (HeaderName::from_bytes(name.as_bytes()), header_value(value)) {
            (Ok(name), Some(value)) => {
                self.headers.append(name, value);
            }
            _ => self.refuse(name, "must be visible ASCII to stand in a header", value),
        }
    }

    fn body_text(&mut self, body: serde_json::Result<String>) -> Result<(), Error> {
        let body = body.map_err(|error| {
            Error::new(Kind::InvalidRequest)
                .on(self.operation)
                .with_text(format!("the request can't be written as JSON: {error}"))
                .with_source(error)
        })?;
        if !body.starts_with('{') {
            return Err(Error::new(Kind::InvalidRequest)
                .on(self.operation)
                .with_text("the request body must be a JSON object"));
        }
        self.body = Some(body);
        Ok(())
    }

    fn refuse(&mut self, name: &str, rule: &str, value: &str) {
        if self.mistake.is_none() {
            let mistake = InvalidField::new(&At::ROOT.name(name), rule, format_args!("{value:?}"));
            self.mistake = Some(mistake);
        }
    }

    /// The path with its query, percent-encoded: what is signed and what is
    /// sent.
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidRequest`] for the first parameter that was refused, or
    /// that the path needs and that was not set.
    pub fn path_and_query(&self) -> Result<String, Error> {
        if let Some(mistake) = &self.mistake {
            return Err(Error::from(mistake.clone()).on(self.operation));
        }
        let mut text = String::with_capacity(self.operation.path.len() + self.query.len());
        let mut rest = self.operation.path;
        while let Some((before, name, after)) = next_placeholder(rest) {
            text.push_str(before);
            let Some((_, value)) = self.path.iter().rev().find(|(given, _)| *given == name) else {
                let at = At::ROOT.name(name);
                let missing = InvalidField::new(&at, "must be set", "nothing");
                return Err(Error::from(missing).on(self.operation));
            };
            text.push_str(value);
            rest = after;
        }
        text.push_str(rest);
        text.push_str(&self.query);
        Ok(text)
    }

    /// The headers set so far.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The JSON body set so far, if any.
    pub fn body_json(&self) -> Option<&str> {
        self.body.as_deref()
    }
}

/// Splits `a/{name}/b` into `a/`, `name` and `/b`.
fn next_placeholder(path: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = path.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Leaves only the characters that RFC 3986 calls unreserved, so that no
/// software on the way sees a reason to encode anything again.
fn percent_encode(text: &str, to: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            to.push('%');
            to.push(char::from(HEX[usize::from(byte >> 4)]));
            to.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde::Serializer;
    use serde::ser::Error as _;

    use super::*;
    use crate::error::Outcome;
    use crate::operation::{Access, Answer, Effect, Pace, Permission};

    static ADDRESSES: Operation = Operation {
        api: "test",
        id: "addresses",
        rust_method: "addresses",
        method: Method::POST,
        path: "/v0/vaults/{vault_id}/methods/{method_id}/addresses",
        access: Access::Private,
        permission: Permission::Undocumented,
        effect: Effect::Account,
        pace: Pace {
            counter: "test",
            cost: 1,
        },
        answer: Answer::Bare,
    };

    fn call() -> Call {
        let mut call = Call::new(&ADDRESSES);
        call.path("vault_id", "V").path("method_id", "M");
        call
    }

    #[test]
    fn path_parameters_are_one_segment_whatever_they_hold() {
        let mut call = Call::new(&ADDRESSES);
        call.path("method_id", "a/b?c#d%2e")
            .path("vault_id", "AA88 N84G");
        assert_eq!(
            call.path_and_query().unwrap(),
            "/v0/vaults/AA88%20N84G/methods/a%2Fb%3Fc%23d%252e/addresses"
        );
    }

    #[test]
    fn query_values_keep_their_order_and_their_meaning() {
        let mut call = call();
        call.query("a", "+5 %")
            .query("b", &Some("é&=/"))
            .query("c", &None::<String>)
            .query("d", &vec![1, 2])
            .query_joined("e", &["X", "Y"])
            .query_joined("f", &[] as &[String])
            .query("close[price]", "");
        assert_eq!(
            call.path_and_query().unwrap(),
            "/v0/vaults/V/methods/M/addresses\
             ?a=%2B5%20%25&b=%C3%A9%26%3D%2F&d=1&d=2&e=X%2CY&close%5Bprice%5D="
        );
    }

    #[test]
    fn path_parameters_that_address_another_call_are_refused() {
        for value in ["", ".", ".."] {
            let mut call = call();
            call.path("vault_id", value);
            let error = call.path_and_query().unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidRequest, "{value:?}");
            assert_eq!(error.outcome(), Outcome::NotExecuted);
            assert_eq!(error.invalid_field().unwrap().field, "vault_id");
            assert_eq!(error.operation().unwrap().id, "addresses");
        }
        // Only whole segments are special.
        let mut call = call();
        call.path("vault_id", "...").path("method_id", "..a");
        assert_eq!(
            call.path_and_query().unwrap(),
            "/v0/vaults/.../methods/..a/addresses"
        );
    }

    #[test]
    fn a_path_parameter_that_is_not_set_is_named() {
        let mut call = Call::new(&ADDRESSES);
        call.path("vault_id", "V");
        let error = call.path_and_query().unwrap_err();
        assert_eq!(error.invalid_field().unwrap().field, "method_id");
    }

    #[test]
    fn headers_that_would_not_arrive_unchanged_are_refused() {
        let mut good = call();
        good.header("x-vault-id", "AA88 N84G AET3 RAOA")
            .header("x-none", &None::<&str>);
        assert_eq!(
            good.headers().get("x-vault-id").unwrap(),
            "AA88 N84G AET3 RAOA"
        );
        assert_eq!(good.headers().len(), 1);
        for value in ["", " V", "V\t", "V\r\nx-other: 1", "\u{e9}", "\0"] {
            let mut call = call();
            call.header("x-vault-id", value);
            assert!(call.path_and_query().is_err(), "{value:?}");
        }
    }

    #[test]
    fn the_first_mistake_is_told() {
        let mut call = call();
        call.header("x-first", "").header("x-second", "");
        assert_eq!(
            call.path_and_query()
                .unwrap_err()
                .invalid_field()
                .unwrap()
                .field,
            "x-first"
        );
    }

    #[test]
    fn a_body_is_a_json_object() {
        #[derive(serde::Serialize)]
        struct Body {
            pair: &'static str,
            volume: Option<u8>,
        }
        let mut call = call();
        call.body(&Body {
            pair: "XBTUSD",
            volume: None,
        })
        .unwrap();
        assert_eq!(call.body_json(), Some(r#"{"pair":"XBTUSD","volume":null}"#));
        assert_eq!(call.body(&[1]).unwrap_err().kind(), Kind::InvalidRequest);
        assert_eq!(call.body(&"{}").unwrap_err().kind(), Kind::InvalidRequest);
    }

    #[test]
    fn a_value_that_refuses_to_be_written_says_why() {
        struct Refuses;
        impl Serialize for Refuses {
            fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(S::Error::custom("a price can't be negative"))
            }
        }
        let error = call().body(&Refuses).unwrap_err();
        assert!(
            error.to_string().contains("a price can't be negative"),
            "{error}"
        );
        assert_eq!(error.outcome(), Outcome::NotExecuted);
    }
}
