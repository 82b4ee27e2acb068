//! What calls by operation id are given and give back, for tools that learn the operation at run
//! time. Each venue crate has such calls behind a feature of its own.

use std::fmt;

use exchange_wire::{DecodeError, IndexMap, RawJson};
use serde::de::DeserializeOwned;

use crate::error::Error;

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
        self.required_by(name, RawJson::decode)
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
        self.optional_by(name, RawJson::decode)
    }

    /// Takes a parameter that the call needs, and reads it in a way of its own.
    ///
    /// # Errors
    ///
    /// When it is missing or `read` refuses it.
    pub fn required_by<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&RawJson) -> Result<T, DecodeError>,
    ) -> Result<T, DispatchError> {
        self.optional_by(name, read)?
            .ok_or_else(|| DispatchError::Missing(name.to_owned()))
    }

    /// Takes a parameter, if it was given, and reads it in a way of its own.
    ///
    /// # Errors
    ///
    /// When `read` refuses it.
    pub fn optional_by<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&RawJson) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DispatchError> {
        self.values
            .shift_remove(name)
            .map(|value| {
                let value = exchange_wire::decode::member(name, || read(&value));
                value.map_err(|error| DispatchError::Parameter {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_is_taken_once_and_none_is_left() {
        let mut parameters = Parameters::from_json(r#"{"a":1,"b":"x","c":[true]}"#).unwrap();
        assert_eq!(parameters.required::<u32>("a").unwrap(), 1);
        assert!(matches!(
            parameters.required::<u32>("a"),
            Err(DispatchError::Missing(name)) if name == "a"
        ));
        assert_eq!(parameters.optional::<u32>("d").unwrap(), None);
        assert!(matches!(
            parameters.optional::<u32>("b"),
            Err(DispatchError::Parameter { name, .. }) if name == "b"
        ));
        let length = parameters.required_by("c", |json| Ok(json.get().len()));
        assert_eq!(length.unwrap(), 6);
        assert!(parameters.clone().finish().is_ok());
        let left = parameters.set("e", "1".parse().unwrap()).finish();
        assert!(matches!(left, Err(DispatchError::UnknownParameters(names)) if names == ["e"]));
    }
}
