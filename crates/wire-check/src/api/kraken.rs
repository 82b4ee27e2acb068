//! Kraken Spot and the two Custody APIs, and what Prime shares with them.

use exchange_transport::{Answer, Error, Kind, Operation};
use exchange_wire::RawJson;
use kraken_core::{DispatchError, catalogue};

use super::{Api, Entry, Failure, Part, Reading};

/// An API behind generated clients.
pub(super) struct Kraken {
    pub(super) name: &'static str,
    pub(super) rows: fn() -> Vec<&'static Operation>,
    pub(super) answer: fn(&str, &[u8]) -> Result<RawJson, DispatchError>,
    pub(super) request: fn(&str, &[u8]) -> Result<RawJson, DispatchError>,
}

pub(super) static SPOT: Kraken = Kraken {
    name: "kraken-spot",
    rows: || kraken_spot::table::ALL.to_vec(),
    answer: kraken_spot::dispatch::answer,
    request: kraken_spot::dispatch::request,
};

pub(super) static CUSTODY: Kraken = Kraken {
    name: "kraken-custody",
    rows: || kraken_custody::table::ALL.to_vec(),
    answer: kraken_custody::dispatch::answer,
    request: kraken_custody::dispatch::request,
};

pub(super) static CUSTODY_EXTERNAL: Kraken = Kraken {
    name: "kraken-custody-external",
    rows: || kraken_custody::external::table::ALL.to_vec(),
    answer: kraken_custody::external::dispatch::answer,
    request: kraken_custody::external::dispatch::request,
};

/// What the transport adds to a request.
const ADDED: &[&str] = &["nonce", "otp"];
/// What the envelope has beside the result.
const MESSAGES: &[&str] = &["error", "errors"];

impl Api for Kraken {
    fn name(&self) -> &'static str {
        self.name
    }

    fn operations(&self) -> Vec<Entry> {
        (self.rows)()
            .into_iter()
            .map(|row| {
                let mut parts = vec![Part::Answer];
                if self.has_request(row.id) {
                    parts.push(Part::Request);
                }
                Entry {
                    id: row.id.to_owned(),
                    place: format!("{} {}", row.method, row.path),
                    parts,
                    file: row.answer == Answer::Bytes,
                }
            })
            .collect()
    }

    fn read(&self, operation: &str, part: Part, payload: &[u8]) -> Result<Reading, Failure> {
        let no_such = || Failure::NoSuchPayload(format!("{operation} has no {}", part.name()));
        let Some(row) = (self.rows)().into_iter().find(|row| row.id == operation) else {
            return Err(no_such());
        };
        match part {
            Part::Message => Err(no_such()),
            Part::Request if !self.has_request(operation) => Err(no_such()),
            Part::Request => match (self.request)(operation, payload) {
                Ok(back) => Ok(Reading {
                    written: Some(back.to_string()),
                    envelope: ADDED,
                    ..Reading::default()
                }),
                Err(error) => Err(unfit(None, &error)),
            },
            Part::Answer => self.answer(row, payload),
        }
    }
}

impl Kraken {
    fn has_request(&self, operation: &str) -> bool {
        // Only an operation without a body is unknown here; others complain about the text.
        !matches!(
            (self.request)(operation, b""),
            Err(DispatchError::UnknownOperation(_))
        )
    }

    fn answer(&self, row: &Operation, payload: &[u8]) -> Result<Reading, Failure> {
        let (within, envelope) = match row.answer {
            Answer::Enveloped => (Some("result"), MESSAGES),
            Answer::Whole => (None, MESSAGES),
            Answer::Bare | Answer::Bytes => (None, &[][..]),
        };
        let reading = Reading {
            within,
            envelope,
            ..Reading::default()
        };
        match (self.answer)(row.id, payload) {
            Ok(_) if row.answer == Answer::Bytes => Ok(reading),
            Ok(back) => Ok(Reading {
                written: Some(back.to_string()),
                ..reading
            }),
            Err(DispatchError::Call(error)) if is_refusal(&error) => {
                let refusal = error.messages().iter().map(|message| {
                    let known = catalogue::find(message).is_some();
                    (message.raw.clone(), known)
                });
                Ok(Reading {
                    refusal: refusal.collect(),
                    ..reading
                })
            }
            Err(error) => Err(unfit(within, &error)),
        }
    }
}

fn is_refusal(error: &Error) -> bool {
    error.kind() != Kind::Decode && !error.messages().is_empty()
}

pub(super) fn unfit(within: Option<&'static str>, error: &DispatchError) -> Failure {
    let decoding = match error {
        DispatchError::Decode(error) => Some(&**error),
        DispatchError::Call(error) => error.decode_error(),
        _ => None,
    };
    Failure::Unfit {
        within,
        message: decoding.map_or_else(|| error.to_string(), |error| error.message.clone()),
        excerpt: decoding.map_or_else(String::new, |error| error.excerpt.clone()),
    }
}
