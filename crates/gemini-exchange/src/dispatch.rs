//! Calls by operation id, for tools that learn the operation at run time.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use exchange_transport::{Error, RawAnswer};
use exchange_wire::{DecodeError, IndexMap, RawJson};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Client;
use crate::answer;
use crate::endpoint::Endpoint;
use crate::parameter::Parameter;
use crate::table;

/// Makes a call by its vendor's id, with parameters by their name on the wire, and writes the typed
/// answer back as JSON. Bytes come back as `{"bytes": <count>}`.
///
/// `api` is `gemini` or `gemini-predictions`, as in the table.
///
/// # Errors
///
/// For an unknown operation or parameters that don't fit it, and as the call itself.
pub async fn send(
    client: &Client,
    api: &str,
    operation_id: &str,
    parameters: Parameters,
) -> Result<RawJson, DispatchError> {
    table::dispatch(client, api, operation_id, parameters).await
}

/// Reads a whole answer body as the call would, with status 200, and writes it back as JSON.
///
/// # Errors
///
/// For an unknown operation, and as a call with that answer.
pub fn decode_answer(api: &str, operation_id: &str, body: &[u8]) -> Result<RawJson, DispatchError> {
    table::decode_answer(api, operation_id, body)
        .unwrap_or_else(|| Err(DispatchError::UnknownOperation(operation_id.to_owned())))
}

/// The parameters of a call, by their name on the wire; `account` is one of them.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    values: IndexMap<String, RawJson>,
}

impl Parameters {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter, or replaces the one of the same name.
    pub fn set(mut self, name: impl Into<String>, value: RawJson) -> Self {
        self.values.insert(name.into(), value);
        self
    }

    /// The parameters of a JSON object, one a member.
    ///
    /// # Errors
    ///
    /// When the text is no JSON object.
    pub fn from_json(text: &str) -> Result<Self, DecodeError> {
        Ok(Self {
            values: exchange_wire::from_slice(text.as_bytes())?,
        })
    }

    pub(crate) fn required<T: Parameter>(&mut self, name: &str) -> Result<T, DispatchError> {
        self.optional(name)?
            .ok_or_else(|| DispatchError::Missing(name.to_owned()))
    }

    pub(crate) fn optional<T: Parameter>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, DispatchError> {
        let value = self.values.shift_remove(name);
        value
            .map(|value| T::read(&value))
            .transpose()
            .map_err(|error| DispatchError::Parameter {
                name: name.to_owned(),
                error: Box::new(error),
            })
    }

    /// The account, if the call takes one; else it stays and is unknown.
    pub(crate) fn account(&mut self, endpoint: &Endpoint) -> Option<String> {
        if !endpoint.takes_account() {
            return None;
        }
        self.values.shift_remove("account")?.decode().ok()
    }

    /// Makes sure that every parameter was taken.
    pub(crate) fn finish(self) -> Result<(), DispatchError> {
        if self.values.is_empty() {
            return Ok(());
        }
        Err(DispatchError::UnknownParameters(
            self.values.into_keys().collect(),
        ))
    }
}

/// What a group says to an id.
pub(crate) enum Dispatched {
    /// The call was made, or could not be.
    Done(Result<RawJson, DispatchError>),
    /// The id belongs to no call of the group.
    NotHere(Parameters),
}

pub(crate) fn written<T: Serialize>(answer: Result<T, Error>) -> Result<RawJson, DispatchError> {
    Ok(RawJson::from_serialize(&answer?)?)
}

pub(crate) fn written_file(answer: Result<Bytes, Error>) -> Result<RawJson, DispatchError> {
    written(answer.map(|bytes| IndexMap::from([("bytes", bytes.len())])))
}

pub(crate) fn decoded<T: DeserializeOwned + Serialize>(
    endpoint: &'static Endpoint,
    body: &[u8],
) -> Result<RawJson, DispatchError> {
    let answered = read(endpoint, body)?;
    written(answer::decode::<T>(&answered))
}

pub(crate) fn decoded_file(
    endpoint: &'static Endpoint,
    body: &[u8],
) -> Result<RawJson, DispatchError> {
    written_file(Ok(read(endpoint, body)?.body))
}

fn read(endpoint: &'static Endpoint, body: &[u8]) -> Result<exchange_transport::Answered, Error> {
    let raw = RawAnswer {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
    };
    answer::read(endpoint, &endpoint.operation, &raw, SystemTime::now())
}

/// Why a call named at run time did not work.
#[derive(Debug)]
#[non_exhaustive]
pub enum DispatchError {
    /// The API has no operation of this id.
    UnknownOperation(String),
    /// The call does not know these parameters.
    UnknownParameters(Vec<String>),
    /// The call needs this parameter.
    Missing(String),
    /// A parameter does not fit its type.
    Parameter {
        /// Its name on the wire.
        name: String,
        /// What does not fit.
        error: Box<DecodeError>,
    },
    /// The call failed.
    Call(Error),
    /// A value can't be written as JSON.
    Encode(serde_json::Error),
}

impl fmt::Display for DispatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOperation(id) => write!(f, "there is no operation `{id}`"),
            Self::UnknownParameters(names) => {
                write!(f, "the call has no parameter {}", names.join(", "))
            }
            Self::Missing(name) => write!(f, "the parameter `{name}` is required"),
            Self::Parameter { name, error } => write!(f, "the parameter `{name}`: {error}"),
            Self::Call(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DispatchError {}

impl From<Error> for DispatchError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl From<serde_json::Error> for DispatchError {
    fn from(error: serde_json::Error) -> Self {
        Self::Encode(error)
    }
}
