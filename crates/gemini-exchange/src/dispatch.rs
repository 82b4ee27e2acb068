//! Calls by operation id, for tools that learn the operation at run time.

use std::time::SystemTime;

use bytes::Bytes;
pub use exchange_transport::dispatch::{DispatchError, Parameters};
use exchange_transport::{Error, RawAnswer};
use exchange_wire::{IndexMap, RawJson};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Client;
use crate::answer;
use crate::endpoint::Endpoint;
use crate::parameter::Parameter;
use crate::table;

/// Makes a call by its vendor's id, with parameters by their name on the wire (`account` is one of
/// them), and writes the typed answer back as JSON. Bytes come back as `{"bytes": <count>}`.
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

/// Reads the parameters of a call as their types, wherever they go, and writes them back as one
/// JSON object. Members that are no parameters are passed over, and the limits of the values are
/// not checked.
///
/// # Errors
///
/// For an unknown operation, for a text that is no JSON object, and when a parameter is missing or
/// does not fit its type.
pub fn decode_request(api: &str, operation_id: &str, body: &str) -> Result<RawJson, DispatchError> {
    let parameters = Parameters::from_json(body).map_err(|error| DispatchError::Parameter {
        name: String::new(),
        error: Box::new(error),
    })?;
    table::decode_request(api, operation_id, parameters)
}

/// Parameters as they would go out.
#[derive(Debug, Default)]
pub(crate) struct Written(IndexMap<&'static str, RawJson>);

impl Written {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn add<T: Parameter>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), DispatchError> {
        self.0.insert(name, value.json()?);
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<RawJson, DispatchError> {
        Ok(RawJson::from_serialize(&self.0)?)
    }
}

/// Takes a parameter that the call needs.
pub(crate) fn required<T: Parameter>(
    parameters: &mut Parameters,
    name: &str,
) -> Result<T, DispatchError> {
    parameters.required_by(name, T::read)
}

/// Takes a parameter, if it was given.
pub(crate) fn optional<T: Parameter>(
    parameters: &mut Parameters,
    name: &str,
) -> Result<Option<T>, DispatchError> {
    parameters.optional_by(name, T::read)
}

/// Takes the account, if the call takes one; else it stays and is unknown.
pub(crate) fn account(
    parameters: &mut Parameters,
    endpoint: &Endpoint,
) -> Result<Option<String>, DispatchError> {
    if !endpoint.takes_account() {
        return Ok(None);
    }
    parameters.optional("account")
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
