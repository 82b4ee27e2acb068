//! Gemini's exchange and its prediction markets.

use exchange_transport::{Answer, Kind};
use exchange_wire::DecodeError;
use gemini_exchange::Endpoint;
use gemini_exchange::dispatch::{DispatchError, decode_answer, decode_request};
use gemini_exchange::{catalogue, operations};

use super::{Api, Entry, Failure, Part, Reading};

/// One of the two APIs.
pub(super) struct Gemini {
    name: &'static str,
    /// Its name in the table of the crate.
    row_api: &'static str,
}

pub(super) static EXCHANGE: Gemini = Gemini {
    name: "gemini",
    row_api: "gemini",
};

pub(super) static PREDICTION: Gemini = Gemini {
    name: "gemini-prediction",
    row_api: "gemini-predictions",
};

/// What the transport adds to a payload.
const ADDED: &[&str] = &["request", "nonce"];

impl Gemini {
    fn rows(&self) -> impl Iterator<Item = &'static Endpoint> {
        operations().filter(|row| row.operation.api == self.row_api)
    }
}

impl Api for Gemini {
    fn name(&self) -> &'static str {
        self.name
    }

    fn operations(&self) -> Vec<Entry> {
        self.rows()
            .map(|row| Entry {
                id: row.operation.id.to_owned(),
                place: format!("{} {}", row.operation.method, row.operation.path),
                parts: vec![Part::Answer, Part::Request],
                file: row.operation.answer == Answer::Bytes,
            })
            .collect()
    }

    fn read(&self, operation: &str, part: Part, payload: &[u8]) -> Result<Reading, Failure> {
        let row = self.rows().find(|row| row.operation.id == operation);
        let (Some(row), Part::Answer | Part::Request) = (row, part) else {
            let text = format!("{operation} has no {}", part.name());
            return Err(Failure::NoSuchPayload(text));
        };
        if part == Part::Answer {
            return self.answer(row, payload);
        }
        let text = str::from_utf8(payload).map_err(|error| Failure::Unfit {
            within: None,
            message: error.to_string(),
            excerpt: String::new(),
        })?;
        let back = decode_request(self.row_api, operation, text).map_err(|error| unfit(&error))?;
        let account = row.takes_account().then_some("account");
        let names = row.parameters.iter().map(|parameter| parameter.name);
        Ok(Reading {
            written: Some(back.to_string()),
            envelope: ADDED,
            names: names.chain(account).collect(),
            ..Reading::default()
        })
    }
}

impl Gemini {
    fn answer(&self, row: &Endpoint, payload: &[u8]) -> Result<Reading, Failure> {
        match decode_answer(self.row_api, row.operation.id, payload) {
            Ok(_) if row.operation.answer == Answer::Bytes => Ok(Reading::default()),
            Ok(back) => Ok(Reading {
                written: Some(back.to_string()),
                ..Reading::default()
            }),
            Err(DispatchError::Call(error))
                if error.kind() != Kind::Decode && !error.messages().is_empty() =>
            {
                let refusal = error.messages().iter().map(|message| {
                    let known = catalogue::CATALOGUE
                        .iter()
                        .any(|entry| entry.reason.eq_ignore_ascii_case(&message.text));
                    (message.raw.clone(), known)
                });
                Ok(Reading {
                    refusal: refusal.collect(),
                    ..Reading::default()
                })
            }
            Err(error) => Err(unfit(&error)),
        }
    }
}

fn unfit(error: &DispatchError) -> Failure {
    let decoding: Option<&DecodeError> = match error {
        DispatchError::Parameter { error, .. } => Some(error),
        DispatchError::Call(error) => error.decode_error(),
        _ => None,
    };
    Failure::Unfit {
        within: None,
        message: decoding.map_or_else(|| error.to_string(), |error| error.message.clone()),
        excerpt: decoding.map_or_else(String::new, |error| error.excerpt.clone()),
    }
}
