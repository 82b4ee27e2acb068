//! Signature of the upgrade request of Kraken Prime's WebSocket.
//!
//! It is made once for each connection, and has a time in it: make it anew for each try. The
//! secret is its characters as they are ([`Secret::new`]), unlike that of Kraken Spot it is not
//! base64.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::Secret;

/// The value of the `ApiSign` header:
/// base64url(HMAC-SHA256(secret, `GET` ⏎ `timestamp` ⏎ `host` ⏎ `path`)), with padding.
///
/// - `timestamp` is the very text of the `ApiTimestamp` header, UTC with six fractional digits:
///   `2026-06-17T11:47:35.341672Z`.
/// - `host` is in lower case; a port belongs to it unless it is the usual one.
/// - `path` has no query.
///
/// ```
/// use exchange_auth::{Secret, prime};
///
/// let signature = prime::sign(
///     &Secret::new("made-up-secret-0001"),
///     "2026-06-17T11:47:35.341672Z",
///     "wss.prime.kraken.com",
///     "/ws/v1",
/// );
/// assert_eq!(signature, "MZikykHQlPDgOVK9UQFp5y1D9j-2XzJ6Jfy5YDDC9Ik=");
/// ```
pub fn sign(secret: &Secret, timestamp: &str, host: &str, path: &str) -> String {
    let text = format!("GET\n{timestamp}\n{host}\n{path}");
    URL_SAFE.encode(hmac_sha256(secret, text.as_bytes()))
}

fn hmac_sha256(secret: &Secret, message: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes any key");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(timestamp: &str, host: &str) -> String {
        sign(
            &Secret::new("made-up-secret-0001"),
            timestamp,
            host,
            "/ws/v1",
        )
    }

    #[test]
    fn the_vectors_of_both_environments() {
        assert_eq!(
            signed(
                "2019-02-13T05:17:32.000000Z",
                "wss.sandbox.prime.kraken.com"
            ),
            "DcXGDPz5R5WNnOoN3y4Q3A66Y21XLM8lH7in0_N6-9w="
        );
        assert_eq!(
            signed("2026-06-17T11:47:35.341672Z", "wss.prime.kraken.com"),
            "MZikykHQlPDgOVK9UQFp5y1D9j-2XzJ6Jfy5YDDC9Ik="
        );
    }

    #[test]
    fn every_part_is_signed() {
        let right = signed("2019-02-13T05:17:32.000000Z", "wss.prime.kraken.com");
        assert_ne!(
            right,
            signed("2019-02-13T05:17:32.000001Z", "wss.prime.kraken.com")
        );
        assert_ne!(
            right,
            signed("2019-02-13T05:17:32.000000Z", "wss.prime.kraken.com:444")
        );
    }
}
