//! What a call must look like on the wire, told without our crates: own signature, own decoding.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use xtask::model::{Answer, Body, Location, Model, Operation};

use crate::{
    KEY,
    schema::{self, Form, form},
    secret,
    server::Request,
};

/// Whether nonces travel in the body; else in a header.
pub fn nonce_in_body(api: &str) -> bool {
    api != "kraken-custody-external"
}

/// Everything that is wrong with a request that should carry `given`.
///
/// `last_nonce` is the nonce of the call before; this call's is left there.
pub fn differences(
    model: &Model,
    operation: &Operation,
    given: &Map<String, Value>,
    request: &Request,
    last_nonce: &mut u64,
) -> Vec<String> {
    let mut differences = Differences(Vec::new());
    differences.same("method", &operation.method, &request.method);
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.target.as_str(), None),
    };
    differences.path(operation, given, path);
    differences.query(model, operation, given, query);
    let nonce = differences.body(model, operation, given, request);
    differences.headers(model, operation, given, request);
    differences.signature(model, operation, request, nonce, last_nonce);
    differences.0
}

struct Differences(Vec<String>);

impl Differences {
    fn add(&mut self, difference: impl Into<String>) {
        self.0.push(difference.into());
    }

    fn same<T: PartialEq + fmt::Debug + ?Sized>(&mut self, what: &str, expected: &T, got: &T) {
        if expected != got {
            self.add(format!("{what}: expected {expected:?}, got {got:?}"));
        }
    }

    fn path(&mut self, operation: &Operation, given: &Map<String, Value>, path: &str) {
        let expected: Vec<&str> = operation.path.split('/').collect();
        let got: Vec<&str> = path.split('/').collect();
        if expected.len() != got.len() {
            self.add(format!(
                "path: expected the form {}, got {path}",
                operation.path
            ));
            return;
        }
        for (expected, got) in expected.into_iter().zip(got) {
            let name = expected
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            match name {
                None => self.same("path segment", expected, got),
                Some(name) => {
                    let text = given.get(name).map(plain_text);
                    self.same(&format!("path parameter {name}"), &text, &self.decoded(got));
                }
            }
        }
    }

    fn query(
        &mut self,
        model: &Model,
        operation: &Operation,
        given: &Map<String, Value>,
        query: Option<&str>,
    ) {
        let mut expected = Vec::new();
        for parameter in &operation.parameters {
            let Some(value) = given.get(&parameter.name) else {
                continue;
            };
            if parameter.location != Location::Query {
                continue;
            }
            let schema = schema::parameter(model, operation, &parameter.name);
            match (form(model, schema), value) {
                (Form::List(_), Value::Array(items)) => expected.extend(
                    items
                        .iter()
                        .map(|item| (parameter.name.clone(), plain_text(item))),
                ),
                (_, value) => expected.push((parameter.name.clone(), plain_text(value))),
            }
        }
        if query == Some("") {
            self.add("query: a `?` without anything behind it");
        }
        let mut got = Vec::new();
        for pair in query
            .into_iter()
            .filter(|query| !query.is_empty())
            .flat_map(|query| query.split('&'))
        {
            let Some((name, value)) = pair.split_once('=') else {
                self.add(format!("query: {pair} is no name=value"));
                continue;
            };
            match (self.decoded(name), self.decoded(value)) {
                (Some(name), Some(value)) => got.push((name, value)),
                _ => self.add(format!("query: {pair} is not percent-encoded")),
            }
        }
        expected.sort();
        got.sort();
        self.same("query", &expected, &got);
    }

    /// The text behind percent-encoding, if all but the unreserved characters is encoded.
    #[expect(clippy::unused_self, reason = "reads better beside its uses")]
    fn decoded(&self, text: &str) -> Option<String> {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            match byte {
                b'%' => {
                    let digits = [rest.next()?, rest.next()?];
                    let digits = std::str::from_utf8(&digits).ok()?;
                    bytes.push(u8::from_str_radix(digits, 16).ok()?);
                }
                b'-' | b'.' | b'_' | b'~' => bytes.push(byte),
                byte if byte.is_ascii_alphanumeric() => bytes.push(byte),
                _ => return None,
            }
        }
        String::from_utf8(bytes).ok()
    }

    /// Gives the nonce in the body.
    fn body(
        &mut self,
        model: &Model,
        operation: &Operation,
        given: &Map<String, Value>,
        request: &Request,
    ) -> Option<u64> {
        let with_nonce = operation.private && nonce_in_body(&model.api);
        if operation.body == Body::None && !with_nonce {
            self.same("body", "", &String::from_utf8_lossy(&request.body));
            return None;
        }
        let members: Members = match serde_json::from_slice(&request.body) {
            Ok(members) => members,
            Err(error) => {
                let body = String::from_utf8_lossy(&request.body);
                self.add(format!("body: no JSON object ({error}): {body}"));
                return None;
            }
        };
        let mut got = Map::new();
        for (name, value) in members.0 {
            if got.insert(name.clone(), value).is_some() {
                self.add(format!("body: two members `{name}`"));
            }
        }
        let nonce = if with_nonce {
            let nonce = got.shift_remove("nonce");
            let number = nonce.as_ref().and_then(Value::as_u64);
            if number.is_none() {
                self.add(format!("body: the nonce is {nonce:?}"));
            }
            number
        } else {
            None
        };
        let mut expected = Map::new();
        if operation.body == Body::Request {
            let schema = schema::body(model, operation);
            let Form::Object(schema::Members {
                facts, properties, ..
            }) = form(model, schema)
            else {
                self.add("body: the description of the request is no object");
                return nonce;
            };
            for (name, schema) in properties {
                let constant = schema::field(facts, name).and_then(|facts| facts.constant.as_ref());
                if let Some(constant) = constant {
                    expected.insert(name.clone(), json!(constant));
                } else if let Some(value) = given.get(name) {
                    expected.insert(name.clone(), schema::on_the_wire(model, schema, value));
                }
            }
        }
        for (name, value) in &expected {
            match got.shift_remove(name) {
                Some(got) if got == *value => {}
                got => self.add(format!(
                    "body: `{name}` is {}, not {value}",
                    got.map_or_else(|| "missing".to_owned(), |got| got.to_string())
                )),
            }
        }
        if !got.is_empty() {
            self.add(format!("body: nobody asked for {}", Value::Object(got)));
        }
        nonce
    }

    fn headers(
        &mut self,
        model: &Model,
        operation: &Operation,
        given: &Map<String, Value>,
        request: &Request,
    ) {
        let mut expected = vec![
            ("host".to_owned(), None),
            ("user-agent".to_owned(), None),
            (
                "accept".to_owned(),
                Some(
                    match operation.answer {
                        Answer::Bytes => "*/*",
                        _ => "application/json",
                    }
                    .to_owned(),
                ),
            ),
        ];
        for parameter in &operation.parameters {
            if let (Location::Header, Some(value)) =
                (parameter.location, given.get(&parameter.name))
            {
                expected.push((parameter.name.to_lowercase(), Some(plain_text(value))));
            }
        }
        if !request.body.is_empty() {
            expected.push((
                "content-type".to_owned(),
                Some("application/json".to_owned()),
            ));
            expected.push((
                "content-length".to_owned(),
                Some(request.body.len().to_string()),
            ));
        } else if request.method == "POST" && request.header("content-length") == ["0"] {
            expected.push(("content-length".to_owned(), None));
        }
        if operation.private {
            expected.push(("api-key".to_owned(), Some(KEY.to_owned())));
            expected.push(("api-sign".to_owned(), None));
            if !nonce_in_body(&model.api) {
                expected.push(("api-nonce".to_owned(), None));
            }
        }
        for (name, value) in &expected {
            match (request.header(name).as_slice(), value) {
                ([_], None) => {}
                ([got], Some(value)) => self.same(&format!("header {name}"), value.as_str(), got),
                (got, _) => self.add(format!("header {name}: {} times", got.len())),
            }
        }
        for (name, value) in &request.headers {
            if !expected.iter().any(|(expected, _)| expected == name) {
                self.add(format!("header {name}: nobody asked for {value}"));
            }
        }
        let agent = request
            .header("user-agent")
            .first()
            .copied()
            .unwrap_or_default();
        let name_and_version = agent.split_once('/').is_some_and(|(name, version)| {
            !name.is_empty() && version.starts_with(|first: char| first.is_ascii_digit())
        });
        if !name_and_version {
            self.add(format!("header user-agent: {agent:?} is no name/version"));
        }
    }

    fn signature(
        &mut self,
        model: &Model,
        operation: &Operation,
        request: &Request,
        nonce: Option<u64>,
        last_nonce: &mut u64,
    ) {
        if !operation.private {
            return;
        }
        let nonce = if nonce_in_body(&model.api) {
            nonce
        } else {
            let digits = request.header("api-nonce");
            digits.first().and_then(|digits| digits.parse().ok())
        };
        let Some(nonce) = nonce else {
            self.add("nonce: none");
            return;
        };
        if nonce <= *last_nonce {
            self.add(format!("nonce: {nonce} is not above {last_nonce}"));
        }
        *last_nonce = nonce;
        let expected = signature(&request.target, &nonce.to_string(), &request.body);
        self.same(
            "signature",
            &[expected.as_str()][..],
            &request.header("api-sign")[..],
        );
    }
}

/// The text of a value in a path, query or header.
fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// base64(HMAC-SHA512(secret, target ‖ SHA-256(nonce ‖ body))), as Kraken documents it.
pub fn signature(target: &str, nonce: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(nonce);
    hash.update(body);
    let mut mac = Hmac::<Sha512>::new_from_slice(secret()).unwrap();
    mac.update(target.as_bytes());
    mac.update(&hash.finalize());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The members of an object as they stand there, doubles included.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
