//! Calls and payloads by operation id, for tools that learn the operation at run time.

use bytes::Bytes;
pub use exchange_transport::dispatch::{DispatchError, Parameters};
use exchange_transport::{Error, Operation, RawAnswer};
use exchange_wire::RawJson;
use http::{HeaderMap, StatusCode};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::answer;

/// The JSON object `{}`, for calls that send one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmptyObject {}

/// Reads a whole answer body as a call would, with status 200.
///
/// # Errors
///
/// As a call with that answer.
pub fn decode_answer<T: DeserializeOwned>(
    operation: &'static Operation,
    body: &[u8],
) -> Result<T, Error> {
    let raw = RawAnswer {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
    };
    answer::decode(&answer::read(
        operation,
        &raw,
        std::time::SystemTime::now(),
    )?)
}

/// The members of a JSON object whose type depends on some of them.
#[derive(Debug)]
pub struct Members(IndexMap<String, RawJson>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IndexMap::deserialize(deserializer).map(Self)
    }
}

impl Members {
    /// Whether a member is this text.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.0
            .get(name)
            .and_then(|member| member.decode::<String>().ok())
            .is_some_and(|member| member == value)
    }

    /// Takes a member that must be there.
    ///
    /// # Errors
    ///
    /// When it is missing or does not fit its type.
    pub fn required<T: DeserializeOwned, E: serde::de::Error>(
        &mut self,
        name: &'static str,
    ) -> Result<T, E> {
        self.optional(name)?.ok_or_else(|| E::missing_field(name))
    }

    /// Takes a member, if it is there.
    ///
    /// # Errors
    ///
    /// When it does not fit its type.
    pub fn optional<T: DeserializeOwned, E: serde::de::Error>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, E> {
        match self.0.shift_remove(name) {
            None => Ok(None),
            Some(member) if member.get() == "null" => Ok(None),
            Some(member) => {
                exchange_wire::decode::member(name, || member.decode().map(Some).map_err(E::custom))
            }
        }
    }
}
