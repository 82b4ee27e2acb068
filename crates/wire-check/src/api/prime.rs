//! Kraken Prime: the messages of its WebSocket, and its REST calls.

use exchange_wire::RawJson;
use kraken_prime::dispatch::{self, ANSWERS, DispatchError, REQUESTS, STREAMS};
use kraken_prime::rest::OPERATIONS;
use serde::Deserialize;

use super::kraken::{Kraken, unfit};
use super::{Api, Entry, Failure, Part, Reading};

/// All of Prime.
pub(super) struct Prime {
    rest: Kraken,
}

pub(super) static PRIME: Prime = Prime {
    rest: Kraken {
        name: "kraken-prime",
        rows: || OPERATIONS.to_vec(),
        answer: dispatch::answer,
        request: dispatch::request,
    },
};

/// The codes of refusals that are known.
const KNOWN_CODES: &[&str] = &["1", "2"];

impl Api for Prime {
    fn name(&self) -> &'static str {
        self.rest.name()
    }

    fn operations(&self) -> Vec<Entry> {
        let entry = |id: &&str, part, place: String| Entry {
            id: (*id).to_owned(),
            place,
            parts: vec![part],
            file: false,
        };
        let streams = STREAMS
            .iter()
            .map(|id| entry(id, Part::Message, format!("stream {id}")));
        let requests = REQUESTS
            .iter()
            .map(|id| entry(id, Part::Request, "sent on the WebSocket".to_owned()));
        let answers = ANSWERS
            .iter()
            .map(|id| entry(id, Part::Message, "comes on the WebSocket".to_owned()));
        let mut entries: Vec<Entry> = streams.chain(requests).chain(answers).collect();
        entries.extend(self.rest.operations());
        entries
    }

    fn read(&self, operation: &str, part: Part, payload: &[u8]) -> Result<Reading, Failure> {
        let comes = STREAMS.contains(&operation) || ANSWERS.contains(&operation);
        if !comes && !REQUESTS.contains(&operation) {
            return self.rest.read(operation, part, payload);
        }
        // Text that is no UTF-8 was refused before.
        let text = str::from_utf8(payload).unwrap_or_default();
        let outside = serde_json::from_str::<Outside>(text).unwrap_or_default();
        let is_error = outside.kind.as_ref().is_some_and(|kind| kind == "error");
        if is_error && STREAMS.contains(&operation) {
            return Ok(refused(text));
        }
        let written = if comes {
            dispatch::message(operation, text)
        } else {
            dispatch::request(operation, payload)
        };
        let written = written.map_err(|error: DispatchError| unfit(None, &error))?;
        if outside.kind.as_deref() != Some(operation) {
            return Err(Failure::Unfit {
                within: None,
                message: format!("the member `type` is not `{operation}`"),
                excerpt: outside.kind.unwrap_or_default(),
            });
        }
        Ok(Reading {
            written: Some(written.to_string()),
            envelope: outside.envelope(operation),
            ..Reading::default()
        })
    }
}

/// What is told of a message without its type.
#[derive(Default, Deserialize)]
struct Outside {
    #[serde(default, rename = "type", deserialize_with = "text")]
    kind: Option<String>,
    next: Option<RawJson>,
}

/// A text, or nothing where something else stands, which the real types complain about.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = RawJson::deserialize(deserializer)?;
    Ok(value.decode().ok())
}

impl Outside {
    /// What a client reads before it hands the message on, or takes for absent.
    fn envelope(&self, operation: &str) -> &'static [&'static str] {
        if operation == "hello" {
            &["type"]
        } else if self.next.as_ref().is_some_and(|next| next.get() == "\"\"") {
            // An empty token means that there is no page.
            &["next"]
        } else {
            &[]
        }
    }
}

/// A refused subscription, which comes where a message of the stream was expected.
fn refused(text: &str) -> Reading {
    let error = dispatch::refusal(text);
    let refusal = error.messages().iter().map(|message| {
        let known = KNOWN_CODES.contains(&message.category.as_str());
        let code = match message.category.as_str() {
            "" => "no code".to_owned(),
            code => format!("code {code}"),
        };
        (format!("error:{code}:{}", message.text), known)
    });
    Reading {
        refusal: refusal.collect(),
        ..Reading::default()
    }
}
