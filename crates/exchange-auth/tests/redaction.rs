//! Nothing that can be printed shows any part of a secret.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fmt::{Debug, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use exchange_auth::{Credentials, CredentialsError, Secret};
use proptest::prelude::*;

/// Long enough not to turn up by chance.
const WINDOW: usize = 6;

/// Everything a value of this type could be printed as.
fn printed(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}\n{value:x?}\n{value:#X?}")
}

/// Fails when `text` holds any run of the secret's bytes, in any usual spelling.
fn assert_hides(text: &str, secret: &[u8]) -> Result<(), TestCaseError> {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    for run in secret.windows(WINDOW) {
        let spelt = |each: &dyn Fn(u8) -> String, between: &str| {
            run.iter()
                .map(|byte| each(*byte))
                .collect::<Vec<_>>()
                .join(between)
        };
        for spelling in [
            String::from_utf8_lossy(run).into_owned(),
            spelt(&|byte| format!("{byte:02x}"), ""),
            spelt(&|byte| format!("{byte:02X}"), ""),
            spelt(&|byte| format!("{byte}"), ","),
            spelt(&|byte| format!("{byte:x}"), ","),
            spelt(&|byte| format!("0x{byte:X}"), ","),
            spelt(&|byte| char::from(byte).escape_default().to_string(), ""),
        ] {
            prop_assert!(!text.contains(&spelling), "{:?} in {}", spelling, text);
            prop_assert!(!squeezed.contains(&spelling), "{:?} in {}", spelling, text);
        }
    }
    for encoded in [
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
    ] {
        for run in encoded.as_bytes().windows(WINDOW) {
            let run = std::str::from_utf8(run).unwrap();
            prop_assert!(!text.contains(run), "{:?} in {}", run, text);
        }
    }
    Ok(())
}

/// The check above would be worth nothing if it never failed.
#[test]
fn the_check_finds_a_secret_in_every_spelling() {
    let secret = b"Zq\x01\x02\xfe7pL-k*Uv";
    let mut hex = String::new();
    for byte in secret {
        write!(hex, "{byte:02x}").unwrap();
    }
    for leak in [
        printed(&secret.to_vec()),
        hex.to_uppercase(),
        hex,
        STANDARD.encode(secret),
        String::from_utf8_lossy(secret).into_owned(),
        secret.escape_ascii().to_string(),
    ] {
        assert!(assert_hides(&leak, secret).is_err(), "{leak}");
        assert!(assert_hides(&leak, b"another secret").is_ok(), "{leak}");
    }
}

fn secrets() -> impl Strategy<Value = Vec<u8>> {
    // Bytes that differ from one another, so that a run of one letter which
    // happens to stand in a message does not count as a leak.
    prop::collection::hash_set(any::<u8>(), 16..80).prop_map(|bytes| bytes.into_iter().collect())
}

proptest! {
    #[test]
    fn accepted_credentials_show_nothing(secret in secrets(), otp in "[!-~]{12,20}") {
        let text = STANDARD.encode(&secret);
        let credentials = Credentials::new("PublicKey0123456789", &text).unwrap().with_otp(&otp);
        let shown = printed(&credentials) + &printed(credentials.secret()) + &printed(&Secret::new(secret.clone()));
        assert_hides(&shown, &secret)?;
        assert_hides(&shown, otp.as_bytes())?;
        prop_assert!(shown.contains("[redacted]"));
        prop_assert!(!shown.contains("PublicKey"));
    }

    #[test]
    fn refused_secrets_are_not_quoted(
        secret in secrets(),
        at: prop::sample::Index,
        wrong in prop::sample::select(vec!['!', '-', ' ', '\n', '\u{e9}', '\0', '"']),
    ) {
        let mut text = STANDARD.encode(&secret);
        // Not at either end, where white space is allowed.
        text.insert(1 + at.index(text.len() - 1), wrong);
        for error in [
            Credentials::new("key", &text).unwrap_err(),
            Secret::from_base64(&text).unwrap_err(),
        ] {
            let shown = format!("{error}\n{}", printed(&error));
            assert_hides(&shown, &secret)?;
            prop_assert!(matches!(error, CredentialsError::SecretNotBase64));
        }
    }

    #[test]
    fn a_secret_given_as_the_key_is_not_quoted(secret in secrets()) {
        let swapped = STANDARD.encode(&secret);
        let error = Credentials::new(format!("\"{swapped}\""), "AAAA").unwrap_err();
        assert_hides(&format!("{error}\n{}", printed(&error)), &secret)?;
    }
}
