//! Values that must not be printed or left behind in memory.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::CredentialsError;

/// The key of a signature, as raw bytes.
///
/// Overwritten with zeros when dropped. It can be neither printed (`Debug`
/// shows `[redacted]`, there is no `Display`), nor cloned, nor read back from
/// outside this crate: share it by reference, or inside an `Arc`.
///
/// ```compile_fail,E0277
/// println!("{}", exchange_auth::Secret::new("never shown"));
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes over raw bytes.
    ///
    /// A `Vec<u8>` or `String` is moved, so no second copy stays behind;
    /// borrowed text or bytes are copied and the original is the caller's to
    /// wipe.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Decodes standard, padded base64, the form in which Kraken shows an API
    /// secret. White space around the text is ignored.
    ///
    /// # Errors
    ///
    /// [`CredentialsError::SecretEmpty`] or
    /// [`CredentialsError::SecretNotBase64`]; neither tells anything about the
    /// text, not even where it went wrong.
    pub fn from_base64(text: impl AsRef<str>) -> Result<Self, CredentialsError> {
        let text = text.as_ref().trim();
        if text.is_empty() {
            return Err(CredentialsError::SecretEmpty);
        }
        // Decoded into a buffer of full size from the start: a buffer that
        // grew would leave parts of the secret in the memory it gave back.
        let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
        // The decoder's error quotes the offending byte, so it is dropped here.
        let length = STANDARD
            .decode_slice(text, &mut bytes)
            .map_err(|_| CredentialsError::SecretNotBase64)?;
        bytes.truncate(length);
        Ok(Self(std::mem::take(&mut *bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The same care for text, here a second-factor password.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct SecretText(String);

impl SecretText {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_padded_standard_base64_and_ignores_white_space_around_it() {
        for text in ["+/8AAQ==", "  +/8AAQ==\r\n"] {
            assert_eq!(
                Secret::from_base64(text).unwrap().bytes(),
                [0xfb, 0xff, 0, 1]
            );
        }
    }

    #[test]
    fn refuses_what_is_not_standard_base64() {
        // Other alphabet, missing or wrong padding, bits left over, blanks inside.
        for text in [
            "-_8AAQ==",
            "+/8AAQ",
            "+/8AAQ=",
            "+/8AAR==",
            "+/8A AQ==",
            "=",
            "\u{e9}",
        ] {
            assert!(
                matches!(
                    Secret::from_base64(text),
                    Err(CredentialsError::SecretNotBase64)
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn tells_an_empty_secret_from_a_malformed_one() {
        for text in ["", " \n\t"] {
            assert!(matches!(
                Secret::from_base64(text),
                Err(CredentialsError::SecretEmpty)
            ));
        }
    }

    #[test]
    fn zeroize_leaves_nothing() {
        let mut secret = Secret::new(vec![7; 64]);
        secret.zeroize();
        assert!(secret.bytes().is_empty());
        let mut text = SecretText::new("123456");
        text.zeroize();
        assert!(text.text().is_empty());
    }

    #[test]
    fn debug_shows_nothing_but_that_it_is_redacted() {
        assert_eq!(format!("{:?}", Secret::new(b"abc".to_vec())), "[redacted]");
        assert_eq!(
            format!("{:#?}", Some(SecretText::new("abc"))),
            "Some(\n    [redacted],\n)"
        );
    }

    proptest! {
        #[test]
        fn every_byte_string_survives_base64(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            let secret = Secret::from_base64(STANDARD.encode(&bytes)).unwrap();
            prop_assert_eq!(secret.bytes(), bytes);
        }
    }
}
