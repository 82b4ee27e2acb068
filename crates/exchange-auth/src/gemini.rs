//! Signature of Gemini REST, and credentials whose secret is plain text.
//!
//! Everything a private call sends stands in one JSON object, the *payload*:
//! the path, the nonce and the parameters. It travels in base64 in the header
//! `X-GEMINI-PAYLOAD`, and that base64 text is what is signed:
//!
//! ```text
//! signature = hex(HMAC-SHA384(secret, base64(payload)))
//! ```
//!
//! with hex digits in lower case. The secret is the text that was shown with the key, taken as it
//! is: unlike Kraken's it is not base64 of something else.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha384;

use crate::{Credentials, CredentialsError, Secret};

const KEY_VARIABLE: &str = "GEMINI_API_KEY";
const SECRET_VARIABLE: &str = "GEMINI_API_SECRET";

/// The two headers of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `X-GEMINI-PAYLOAD`: the payload in padded standard base64.
    pub payload: String,
    /// `X-GEMINI-SIGNATURE`: 96 hex digits in lower case.
    pub signature: String,
}

/// Encodes and signs a payload, the JSON text of one object.
///
/// ```
/// use exchange_auth::gemini;
///
/// # fn main() -> Result<(), exchange_auth::CredentialsError> {
/// let credentials = gemini::credentials("account-key", "mockSecret0123456789abcdef")?;
/// let signed = gemini::sign(
///     credentials.secret(),
///     r#"{"request":"/v1/heartbeat","nonce":1700000000001}"#,
/// );
/// assert_eq!(
///     signed.payload,
///     "eyJyZXF1ZXN0IjoiL3YxL2hlYXJ0YmVhdCIsIm5vbmNlIjoxNzAwMDAwMDAwMDAxfQ==",
/// );
/// assert!(signed.signature.starts_with("2bd615b88ce0bf957542771a"));
/// # Ok(())
/// # }
/// ```
pub fn sign(secret: &Secret, payload: &str) -> Signed {
    let payload = encode(payload);
    let signature = hex(&hmac_sha384(secret, payload.as_bytes()));
    Signed { payload, signature }
}

/// The header `X-GEMINI-PAYLOAD` without a signature, as calls with an OAuth token have it.
pub fn encode(payload: &str) -> String {
    STANDARD.encode(payload)
}

fn hmac_sha384(secret: &Secret, message: &[u8]) -> [u8; 48] {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of any length")]
    let mut mac = Hmac::<Sha384>::new_from_slice(secret.bytes()).expect("HMAC takes any key");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Takes key and secret as Gemini shows them. White space around either is ignored.
///
/// # Errors
///
/// [`CredentialsError::KeyEmpty`], [`CredentialsError::SecretEmpty`], or
/// [`CredentialsError::KeyNotHeaderText`] when the key could not be sent as a header.
pub fn credentials(
    key: impl Into<String>,
    secret: impl AsRef<str>,
) -> Result<Credentials, CredentialsError> {
    Credentials::with_secret(key, || {
        let secret = secret.as_ref().trim();
        if secret.is_empty() {
            return Err(CredentialsError::SecretEmpty);
        }
        Ok(Secret::new(secret))
    })
}

fn pair(key: &str, secret: &str) -> Result<Credentials, CredentialsError> {
    credentials(key, secret)
}

/// Reads `GEMINI_API_KEY` and `GEMINI_API_SECRET`.
///
/// # Errors
///
/// [`CredentialsError::VariableMissing`] or [`CredentialsError::VariableNotText`] with the name of
/// the variable, and those of [`credentials`].
pub fn credentials_from_env() -> Result<Credentials, CredentialsError> {
    credentials_from_env_names(KEY_VARIABLE, SECRET_VARIABLE)
}

/// Reads key and secret from the environment variables named, for programs that use several keys.
///
/// # Errors
///
/// Those of [`credentials_from_env`].
pub fn credentials_from_env_names(
    key_var: &str,
    secret_var: &str,
) -> Result<Credentials, CredentialsError> {
    Credentials::from_variables_as(pair, |name| std::env::var(name), key_var, secret_var, None)
}

/// Reads a file with the lines `key = …` and `secret = …`, under the rules of
/// [`Credentials::from_file`].
///
/// # Errors
///
/// Those of [`Credentials::from_file`] and [`credentials`].
pub fn credentials_from_file(path: impl AsRef<Path>) -> Result<Credentials, CredentialsError> {
    Credentials::from_file_as(pair, path.as_ref())
}

#[cfg(test)]
mod tests {
    use std::env::VarError;

    use proptest::prelude::*;
    use sha2::Digest as _;

    use super::*;

    const SECRET: &str = "mockSecret0123456789abcdef";

    /// Secret, payload, base64, signature. The last two are of prediction markets.
    const VECTORS: [(&str, &str, &str, &str); 6] = [
        (
            SECRET,
            r#"{"request":"/v1/order/new","nonce":1700000000000,"symbol":"btcusd","amount":"0.5","price":"42000.01","side":"buy","type":"exchange limit","options":["maker-or-cancel"],"client_order_id":"rust-0001"}"#,
            "eyJyZXF1ZXN0IjoiL3YxL29yZGVyL25ldyIsIm5vbmNlIjoxNzAwMDAwMDAwMDAwLCJzeW1ib2wiOiJidGN1c2QiLCJhbW91bnQiOiIwLjUiLCJwcmljZSI6IjQyMDAwLjAxIiwic2lkZSI6ImJ1eSIsInR5cGUiOiJleGNoYW5nZSBsaW1pdCIsIm9wdGlvbnMiOlsibWFrZXItb3ItY2FuY2VsIl0sImNsaWVudF9vcmRlcl9pZCI6InJ1c3QtMDAwMSJ9",
            "dea1a51c90813c194bb4866eef89f5670d9377436e518adfe35f45014e911aa9c7ef63fc3967682c908c9119b58c9be6",
        ),
        (
            SECRET,
            r#"{"request":"/v1/heartbeat","nonce":1700000000001}"#,
            "eyJyZXF1ZXN0IjoiL3YxL2hlYXJ0YmVhdCIsIm5vbmNlIjoxNzAwMDAwMDAwMDAxfQ==",
            "2bd615b88ce0bf957542771a3291f5cf7dc31e20f0d52196fecfc79712c294988e68fc525b95d96fe01eb97371b33da3",
        ),
        (
            SECRET,
            r#"{"request":"/v1/order/status","nonce":1700000000,"order_id":18446744073709551615,"account":"primary"}"#,
            "eyJyZXF1ZXN0IjoiL3YxL29yZGVyL3N0YXR1cyIsIm5vbmNlIjoxNzAwMDAwMDAwLCJvcmRlcl9pZCI6MTg0NDY3NDQwNzM3MDk1NTE2MTUsImFjY291bnQiOiJwcmltYXJ5In0=",
            "bddd21be46d883c4700f24b426e61f6fd7c42611dc245ebc7f001cc1f3499bdafb0e4aee40892027901722230412fc13",
        ),
        (
            "conformance-api-secret",
            r#"{"request":"/v1/order/new","symbol":"BTCUSD","amount":"0.01","price":"1000.00","side":"buy","type":"exchange limit","nonce":1700000000000}"#,
            "eyJyZXF1ZXN0IjoiL3YxL29yZGVyL25ldyIsInN5bWJvbCI6IkJUQ1VTRCIsImFtb3VudCI6IjAuMDEiLCJwcmljZSI6IjEwMDAuMDAiLCJzaWRlIjoiYnV5IiwidHlwZSI6ImV4Y2hhbmdlIGxpbWl0Iiwibm9uY2UiOjE3MDAwMDAwMDAwMDB9",
            "d36aa089a525c08b8999c2c7bff489d3c91a2914d4b839b1c2010a68e21ca8443e19d16a2e32abc1a425509ab8cf7806",
        ),
        (
            "EXAMPLESECRETexample0000001",
            r#"{"request":"/v1/prediction-markets/order","nonce":1764000000,"symbol":"GEMI-FEDJAN26-DN25","orderType":"limit","side":"buy","quantity":"100","price":"0.65","outcome":"yes","timeInForce":"good-til-cancel"}"#,
            "eyJyZXF1ZXN0IjoiL3YxL3ByZWRpY3Rpb24tbWFya2V0cy9vcmRlciIsIm5vbmNlIjoxNzY0MDAwMDAwLCJzeW1ib2wiOiJHRU1JLUZFREpBTjI2LUROMjUiLCJvcmRlclR5cGUiOiJsaW1pdCIsInNpZGUiOiJidXkiLCJxdWFudGl0eSI6IjEwMCIsInByaWNlIjoiMC42NSIsIm91dGNvbWUiOiJ5ZXMiLCJ0aW1lSW5Gb3JjZSI6Imdvb2QtdGlsLWNhbmNlbCJ9",
            "8db01f2932f2f3095d2958b20b75222573d3456f5d582e11413a18db2a391f831f3638ebf163d13ce0f2e211efe3b52a",
        ),
        (
            "EXAMPLESECRETexample0000001",
            r#"{"request":"/v1/prediction-markets/terms/status","nonce":1764000000}"#,
            "eyJyZXF1ZXN0IjoiL3YxL3ByZWRpY3Rpb24tbWFya2V0cy90ZXJtcy9zdGF0dXMiLCJub25jZSI6MTc2NDAwMDAwMH0=",
            "e21790663d85661546077d25dd9c519bf2bfe0a06cc8a3dbe5cae93bdc54da1b7eb649f37bdc6ca4bec9fbce63d1a90f",
        ),
    ];

    #[test]
    fn worked_examples() {
        for (secret, payload, base64, signature) in VECTORS {
            let signed = sign(&Secret::new(secret), payload);
            assert_eq!(signed.payload, base64);
            assert_eq!(signed.signature, signature, "{payload}");
            assert_eq!(encode(payload), base64);
        }
    }

    #[test]
    fn every_part_counts() {
        let (secret, payload, _, signature) = VECTORS[1];
        let signed = |secret: &str, payload: &str| sign(&Secret::new(secret), payload).signature;
        assert_eq!(signed(secret, payload), signature);
        for (secret, payload) in [
            // One bit of the secret, its case, a blank.
            ("mockSecret0123456789abcdeg", payload.to_owned()),
            ("MOCKSECRET0123456789ABCDEF", payload.to_owned()),
            ("mockSecret0123456789abcdef ", payload.to_owned()),
            // The nonce, the path, a blank in the JSON.
            (secret, payload.replace("001}", "002}")),
            (secret, payload.replace("/v1", "/v2")),
            (secret, payload.replace(',', ", ")),
        ] {
            assert_ne!(signed(secret, &payload), signature, "{payload}");
        }
    }

    #[test]
    fn the_secret_is_not_decoded() {
        // Valid base64 as it may be, it is the text that counts.
        let made = credentials("account-k", " c2VjcmV0\n").unwrap();
        assert_eq!(made.secret().bytes(), b"c2VjcmV0");
        assert_eq!(made.key(), "account-k");
        // And what is no base64 at all is fine.
        assert!(credentials("account-k", "-_*not base64*_-").is_ok());
    }

    #[test]
    fn bad_credentials_are_refused() {
        let error = |key: &str, secret: &str| credentials(key, secret).unwrap_err();
        assert!(matches!(error("", "s"), CredentialsError::KeyEmpty));
        assert!(matches!(error("k", " \n"), CredentialsError::SecretEmpty));
        assert!(matches!(
            error("'k'", "s"),
            CredentialsError::KeyNotHeaderText
        ));
        // The key is looked at first.
        assert!(matches!(error("", ""), CredentialsError::KeyEmpty));
    }

    #[test]
    fn the_environment_is_read_by_name() {
        let lookup = |name: &str| match name {
            "K" => Ok("account-k".to_owned()),
            "S" => Ok("not base64!".to_owned()),
            _ => Err(VarError::NotPresent),
        };
        let read = |key, secret| Credentials::from_variables_as(pair, lookup, key, secret, None);
        assert_eq!(read("K", "S").unwrap().secret().bytes(), b"not base64!");
        match read("K", "X") {
            Err(CredentialsError::VariableMissing { name }) => assert_eq!(name, "X"),
            other => panic!("{other:?}"),
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_holds_a_secret_that_is_no_base64() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gemini");
        std::fs::write(&path, "key = account-k\nsecret = not base64!\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let read = credentials_from_file(&path).unwrap();
        assert_eq!(read.secret().bytes(), b"not base64!");
    }

    /// HMAC written out from its definition, with nothing but the hash.
    fn by_definition(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut block = [0; 128];
        if key.len() > block.len() {
            block[..48].copy_from_slice(&Sha384::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let inner = Sha384::digest([&block.map(|byte| byte ^ 0x36), message].concat());
        Sha384::digest([&block.map(|byte| byte ^ 0x5c), &inner[..]].concat()).to_vec()
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(secret in "[ -~]{1,200}", payload in ".{0,200}") {
            let signed = sign(&Secret::new(secret.clone()), &payload);
            let expected = by_definition(secret.as_bytes(), signed.payload.as_bytes());
            prop_assert_eq!(signed.signature, hex(&expected));
            prop_assert_eq!(STANDARD.decode(&signed.payload).unwrap(), payload.into_bytes());
        }
    }
}
