//! Signature of Kraken's newer Custody External API
//! (`/v0/insto/custody/…`), kept apart because it is **unverified**.
//!
//! The vendor does not document how this API is signed. The rule here is
//! inferred from two sibling APIs that use the same headers (`api-key`,
//! `api-sign`, `api-nonce`); no test vector exists and no call has been tried.
//! Once the vendor documents it, or a call is refused, this is the one place
//! to change.

use crate::{Secret, kraken};

/// The value of the `api-sign` header. **Unverified**, see the
/// [module](self).
///
/// It is the signature of [`kraken::sign`] with the nonce moved from the body
/// to a header:
///
/// - `path_and_query` from `/v0/` on, with the query exactly as sent; blanks in
///   it percent-encoded, and signed so.
/// - `nonce` is the decimal digits of the `api-nonce` header.
/// - `body` is the exact bytes sent, empty for GET.
pub fn sign_custody_external(
    secret: &Secret,
    path_and_query: &str,
    nonce: &str,
    body: &[u8],
) -> String {
    kraken::sign(secret, path_and_query, nonce, body)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::hmac_sha512::hmac_sha512;

    /// Pins the rule we inferred, not what the exchange does: that is unknown.
    #[test]
    fn the_nonce_is_signed_without_standing_in_the_body() {
        let secret = Secret::new([9; 64]);
        let path = "/v0/insto/custody/vaults?limit=100";
        for (body, hashed) in [("", "1616492376594"), ("{}", "1616492376594{}")] {
            let expected = hmac_sha512(&secret, &[path.as_bytes(), &Sha256::digest(hashed)]);
            assert_eq!(
                sign_custody_external(&secret, path, "1616492376594", body.as_bytes()),
                STANDARD.encode(expected)
            );
        }
    }
}
