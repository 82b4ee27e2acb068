//! Calls and payloads by operation id, for tools that learn the operation at run time.

use std::fmt;

use bytes::Bytes;
use exchange_transport::{Error, Operation, RawAnswer};
use exchange_wire::{DecodeError, RawJson};
use http::{HeaderMap, StatusCode};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::answer;

/// The JSON object `{}`, for calls that send one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmptyObject {}

/// The parameters of a call, by their name on the wire.
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

    /// Takes a parameter that the call needs.
    ///
    /// # Errors
    ///
    /// When it is missing or does not fit its type.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, DispatchError> {
        self.optional(name)?
            .ok_or_else(|| DispatchError::Missing(name.to_owned()))
    }

    /// Takes a parameter, if it was given.
    ///
    /// # Errors
    ///
    /// When it does not fit its type.
    pub fn optional<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, DispatchError> {
        self.values
            .shift_remove(name)
            .map(|value| {
                value.decode().map_err(|error| DispatchError::Parameter {
                    name: name.to_owned(),
                    error: Box::new(error),
                })
            })
            .transpose()
    }

    /// Makes sure that every parameter was taken.
    ///
    /// # Errors
    ///
    /// When some were given that the call does not know.
    pub fn finish(self) -> Result<(), DispatchError> {
        if self.values.is_empty() {
            return Ok(());
        }
        Err(DispatchError::UnknownParameters(
            self.values.into_keys().collect(),
        ))
    }
}

/// Why a call or payload named at run time did not work.
#[derive(Debug)]
#[non_exhaustive]
pub enum DispatchError {
    /// The API has no operation of this id, or the operation has no body.
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
    /// A payload does not fit its type.
    Decode(Box<DecodeError>),
    /// The call failed.
    Call(Error),
    /// A value can't be written as JSON.
    Encode(serde_json::Error),
}

impl fmt::Display for DispatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOperation(id) => {
                write!(f, "there is no operation `{id}`, or it has no such payload")
            }
            Self::UnknownParameters(names) => {
                write!(f, "the call has no parameter {}", names.join(", "))
            }
            Self::Missing(name) => write!(f, "the parameter `{name}` is required"),
            Self::Parameter { name, error } => write!(f, "the parameter `{name}`: {error}"),
            Self::Decode(error) => error.fmt(f),
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

impl From<DecodeError> for DispatchError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(Box::new(error))
    }
}

impl From<serde_json::Error> for DispatchError {
    fn from(error: serde_json::Error) -> Self {
        Self::Encode(error)
    }
}

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
