//! Decoding answers, with errors that say where.

use std::fmt;

use serde::de::DeserializeOwned;

/// How much of the input an error shows, in characters.
const EXCERPT: usize = 120;

/// Decodes a JSON document.
///
/// # Errors
/// When the bytes are not JSON (empty, cut off, HTML, not UTF-8, nested too deep) or do not fit
/// `T`. The error tells the JSON path; finding it costs a second pass, on failure only.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    #[cfg(feature = "watch")]
    if crate::watch::is_on() {
        return crate::watch::from_slice(bytes).map_err(|error| {
            let path = crate::watch::unwatched(|| find_path::<T>(bytes));
            DecodeError::new(bytes, &error, path)
        });
    }
    serde_json::from_slice(bytes)
        .map_err(|error| DecodeError::new(bytes, &error, find_path::<T>(bytes)))
}

/// As [`from_slice`], for a text, which need not be looked at for broken UTF-8 again.
///
/// # Errors
/// As [`from_slice`].
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, DecodeError> {
    #[cfg(feature = "watch")]
    if crate::watch::is_on() {
        return from_slice(text.as_bytes());
    }
    serde_json::from_str(text).map_err(|error| {
        let bytes = text.as_bytes();
        DecodeError::new(bytes, &error, find_path::<T>(bytes))
    })
}

/// Says that the value that is being read is kept in the form it comes in, for types of other
/// crates that do so.
#[doc(hidden)]
pub fn any_form() {
    #[cfg(feature = "watch")]
    crate::watch::any_form();
}

/// Runs `read`, which decodes a member that its object was asked for by name.
#[doc(hidden)]
pub fn member<R>(name: &str, read: impl FnOnce() -> R) -> R {
    #[cfg(feature = "watch")]
    return crate::watch::within(name, read);
    #[cfg(not(feature = "watch"))]
    {
        let _ = name;
        read()
    }
}

#[cold]
fn find_path<T: DeserializeOwned>(bytes: &[u8]) -> String {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) if error.path().iter().next().is_some() => error.path().to_string(),
        // Trailing input, or an error of the document as a whole.
        _ => String::new(),
    }
}

/// Why an answer could not be decoded: what, and where in the JSON.
///
/// Shows a piece of the input. Call [`hide_input`](Self::hide_input) where the input may hold a
/// secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// The path of the value, such as `result.open.OABC.vol`; empty for the document as a whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// The line in the input, from 1; 0 when not known.
    pub line: usize,
    /// The column in the line, in bytes; 0 when not known or before the first byte.
    pub column: usize,
    /// At most 120 characters of the input around the place, control characters escaped.
    pub excerpt: String,
}

impl DecodeError {
    #[cold]
    fn new(bytes: &[u8], error: &serde_json::Error, path: String) -> Self {
        let (line, column) = (error.line(), error.column());
        // The position is told separately; serde_json appends it to its text.
        let text = error.to_string();
        let position = format!(" at line {line} column {column}");
        let message = text.strip_suffix(&position).unwrap_or(&text).to_owned();
        Self {
            path,
            message,
            line,
            column,
            excerpt: excerpt(bytes, offset(bytes, line, column)),
        }
    }

    /// Puts the path under a parent, for a value taken out of a larger document.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{parent}{joint}{}", self.path);
        self
    }

    /// Removes everything that repeats the input: excerpt and message. The place stays.
    #[must_use]
    pub fn hide_input(mut self) -> Self {
        self.excerpt.clear();
        "the value does not fit (input not shown)".clone_into(&mut self.message);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            formatter.write_str(&self.message)?;
        } else {
            write!(formatter, "{}: {}", self.path, self.message)?;
        }
        if self.line > 0 {
            write!(formatter, " (line {}, column {})", self.line, self.column)?;
        }
        if !self.excerpt.is_empty() {
            write!(formatter, " near `{}`", self.excerpt)?;
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}

/// The byte a line and column point at.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(nth) => bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(nth)
            .map_or(bytes.len(), |(at, _)| at + 1),
    };
    start.saturating_add(column).min(bytes.len())
}

/// What stands around a byte of the input: two thirds before it, since the error is noticed behind
/// the value.
fn excerpt(bytes: &[u8], at: usize) -> String {
    let mut start = at.saturating_sub(EXCERPT * 2 / 3);
    while start < at && is_continuation(bytes[start]) {
        start += 1;
    }
    let end = bytes.len().min(start + EXCERPT);
    let mut shown = String::new();
    let mut count = 0;
    for character in String::from_utf8_lossy(&bytes[start..end]).chars() {
        let escaped: String = if character.is_control() {
            character.escape_default().collect()
        } else {
            character.to_string()
        };
        count += escaped.chars().count();
        if count > EXCERPT {
            break;
        }
        shown.push_str(&escaped);
    }
    shown
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
