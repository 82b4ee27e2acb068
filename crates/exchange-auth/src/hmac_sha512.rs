//! HMAC-SHA512 (RFC 2104) keyed with a [`Secret`].

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha512;

use crate::Secret;

/// The code over the concatenation of `parts`.
pub(crate) fn hmac_sha512(secret: &Secret, parts: &[&[u8]]) -> [u8; 64] {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of any length")]
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.bytes()).expect("HMAC takes any key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;
    use sha2::{Digest as _, Sha512};

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    #[test]
    fn rfc_4231_case_2() {
        let code = hmac_sha512(
            &Secret::new("Jefe"),
            &[b"what do ya want ", b"for nothing?"],
        );
        assert_eq!(
            hex(&code),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        );
    }

    /// HMAC written out from its definition, with nothing but the hash.
    fn by_definition(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut block = [0; 128];
        if key.len() > block.len() {
            block[..64].copy_from_slice(&Sha512::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let inner = Sha512::digest([&block.map(|byte| byte ^ 0x36), message].concat());
        Sha512::digest([&block.map(|byte| byte ^ 0x5c), &inner[..]].concat()).to_vec()
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(
            key in prop::collection::vec(any::<u8>(), 0..300),
            first in prop::collection::vec(any::<u8>(), 0..200),
            second in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let expected = by_definition(&key, &[&first[..], &second].concat());
            let code = hmac_sha512(&Secret::new(key), &[&first, &second]);
            prop_assert_eq!(code.to_vec(), expected);
        }
    }
}
