//! Signature and request bodies of Kraken Spot REST, which the older Kraken
//! Custody REST shares.
//!
//! Every private call is a POST whose body holds the nonce, and the signature
//! covers the bytes of that body. So make the body once, by [`json_body`] or
//! [`form_body`], sign that very text with [`sign`], and send it unchanged:
//! another order of the keys or one more blank makes the signature invalid.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::Secret;
use crate::hmac_sha512::hmac_sha512;

/// The value of the `API-Sign` header:
/// base64(HMAC-SHA512(secret, `path_and_query` ‖ SHA-256(`nonce` ‖ `body`))).
///
/// - `path_and_query` starts with `/0/`, has no host, and includes `?` and the
///   query exactly as sent (same percent-encoding, same order).
/// - `nonce` is the decimal digits that also stand in the body.
/// - `body` is the exact bytes sent.
///
/// A wrong argument cannot be noticed here; the exchange answers
/// `EAPI:Invalid signature`.
///
/// The rule and its example are in the vendor's authentication guides for
/// [Spot](https://docs.kraken.com/api/docs/guides/spot-rest-auth) and
/// [Custody](https://docs.kraken.com/api/docs/guides/custody-rest-auth). The
/// Custody guide's table shows a form body, but its signature belongs to the
/// compact JSON body:
///
/// ```
/// use exchange_auth::{Secret, kraken};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = Secret::from_base64(
///     "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==",
/// )?;
/// let body = kraken::json_body(1_616_492_376_594, None, "{}")?;
/// let path = "/0/private/GetCustodyTask?id=TGWOJ4JQPOTZT2";
/// assert_eq!(
///     kraken::sign(&secret, path, "1616492376594", body.as_bytes()),
///     "2rM09q8HG7LvjivBitQUybwZ/DSeO8+i0U/at/wclH2Jma6gMaE/0Nw9dyLR+ykMd5eWCngSL4K58i6uJzXDCw==",
/// );
/// # Ok(())
/// # }
/// ```
pub fn sign(secret: &Secret, path_and_query: &str, nonce: &str, body: &[u8]) -> String {
    let digest = Sha256::new()
        .chain_update(nonce)
        .chain_update(body)
        .finalize();
    STANDARD.encode(hmac_sha512(secret, &[path_and_query.as_bytes(), &digest]))
}

/// A JSON body: the nonce as a number, then the second factor if there is one,
/// then the members of `fields` exactly as written there.
///
/// `fields` is the text of a JSON object, `{}` if the call has no parameters.
/// Its numbers are not reformatted, so they lose no digit. The result holds
/// the second factor in the clear: keep it out of logs.
///
/// Send it with `Content-Type: application/json`.
///
/// ```
/// use exchange_auth::kraken::json_body;
///
/// # fn main() -> Result<(), exchange_auth::kraken::BodyError> {
/// assert_eq!(json_body(7, None, "{}")?, r#"{"nonce":7}"#);
/// assert_eq!(
///     json_body(7, Some("123456"), r#"{"pair":"XBTUSD"}"#)?,
///     r#"{"nonce":7,"otp":"123456","pair":"XBTUSD"}"#,
/// );
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`BodyError::NotAnObject`] when `fields` is anything but one JSON object,
/// [`BodyError::Reserved`] when it has a member `nonce` or `otp` itself: of
/// two members with one name the exchange might read the other one.
pub fn json_body(nonce: u64, otp: Option<&str>, fields: &str) -> Result<String, BodyError> {
    let members: BTreeMap<String, &RawValue> =
        serde_json::from_str(fields).map_err(|_| BodyError::NotAnObject)?;
    for name in ["nonce", "otp"] {
        if members.contains_key(name) {
            return Err(BodyError::Reserved { name });
        }
    }
    // Trimmed as JSON counts white space; that both braces are there is what
    // parsing has shown.
    let inner = fields
        .trim_matches([' ', '\t', '\r', '\n'])
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .ok_or(BodyError::NotAnObject)?
        .trim_matches([' ', '\t', '\r', '\n']);

    let mut body = format!("{{\"nonce\":{nonce}");
    if let Some(otp) = otp {
        body.push_str(",\"otp\":");
        body.push_str(&serde_json::Value::from(otp).to_string());
    }
    if !inner.is_empty() {
        body.push(',');
        body.push_str(inner);
    }
    body.push('}');
    Ok(body)
}

/// A form body: the nonce, then the second factor if there is one, then
/// `fields` in the order given.
///
/// Names and values are given plain and encoded here. A blank becomes `+` and
/// a plus sign `%2B`, so relative prices and times (`+5`) arrive as meant. Do
/// not pass `nonce` or `otp` in `fields`; which of two the exchange would read
/// is not known. The result holds the second factor in the clear: keep it out
/// of logs.
///
/// Send it with `Content-Type: application/x-www-form-urlencoded`. Prefer
/// [`json_body`] where parameters are lists or objects: how a form spells those
/// is not documented by the vendor.
///
/// ```
/// use exchange_auth::kraken::form_body;
///
/// assert_eq!(form_body(7, None, &[("price", "+2%")]), "nonce=7&price=%2B2%25");
/// ```
pub fn form_body(nonce: u64, otp: Option<&str>, fields: &[(&str, &str)]) -> String {
    let mut body = format!("nonce={nonce}");
    for &(name, value) in otp.map(|otp| ("otp", otp)).iter().chain(fields) {
        body.push('&');
        push_form_encoded(&mut body, name);
        body.push('=');
        push_form_encoded(&mut body, value);
    }
    body
}

/// As the WHATWG URL standard serializes `application/x-www-form-urlencoded`.
fn push_form_encoded(body: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                body.push(char::from(byte));
            }
            b' ' => body.push('+'),
            // Writing to a String cannot fail.
            _ => drop(write!(body, "%{byte:02X}")),
        }
    }
}

/// Why a body was not made. Holds nothing of the fields given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The fields are not the text of one JSON object.
    #[error(
        "the fields of a request must be the text of one JSON object, such as {{}} or {{\"pair\":\"XBTUSD\"}}"
    )]
    NotAnObject,
    /// The fields hold a member that is added here.
    #[error(
        "the fields of a request must not hold `{name}`: leave it out, it is added when the request is signed"
    )]
    Reserved {
        /// Name of the member.
        name: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn vector_secret() -> Secret {
        Secret::from_base64(
            "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==",
        )
        .unwrap()
    }

    const NONCE: u64 = 1_616_492_376_594;
    const TASK: &str = "/0/private/GetCustodyTask?id=TGWOJ4JQPOTZT2";
    const TASK_SIGNATURE: &str =
        "2rM09q8HG7LvjivBitQUybwZ/DSeO8+i0U/at/wclH2Jma6gMaE/0Nw9dyLR+ykMd5eWCngSL4K58i6uJzXDCw==";

    fn signed(path_and_query: &str, body: &str) -> String {
        sign(
            &vector_secret(),
            path_and_query,
            &NONCE.to_string(),
            body.as_bytes(),
        )
    }

    #[test]
    fn spot_vector_with_form_body() {
        let body = form_body(
            NONCE,
            None,
            &[
                ("ordertype", "limit"),
                ("pair", "XBTUSD"),
                ("price", "37500"),
                ("type", "buy"),
                ("volume", "1.25"),
            ],
        );
        assert_eq!(
            body,
            "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
        );
        assert_eq!(
            signed("/0/private/AddOrder", &body),
            "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
        );
    }

    #[test]
    fn custody_vector_with_json_body_and_query() {
        let body = json_body(NONCE, None, "{}").unwrap();
        assert_eq!(body, r#"{"nonce":1616492376594}"#);
        assert_eq!(signed(TASK, &body), TASK_SIGNATURE);
    }

    /// What near misses of the custody vector give, each in full, so that a
    /// change which makes one of them come out by mistake is seen.
    #[test]
    fn near_misses_give_their_own_signatures() {
        for (path, body, signature) in [
            (
                TASK,
                "nonce=1616492376594",
                "2ZC5iGTjrWLCzekqY5obpHf3HDHI4cbFjBIjQobb9BuX/2eYMYce3PXI+QmmbBlxwlwNWK25XTQGgmFX5S7NDw==",
            ),
            (
                TASK,
                r#"{"nonce": 1616492376594}"#,
                "B3o/cIBfe/JPabp//9+lxOJbEBVC2ogKwxxmPZE6it0Xb989ZeA23bx4ZyuX/KsrzESnJLLHDLDlSuNrqxF7Sw==",
            ),
            (
                TASK,
                r#"{"nonce":"1616492376594"}"#,
                "JO0Orh8cYpoVdp/PqHPXBO2G+zZ+kWLF54EWU9VCvthx5FyM7J12LBMCOrhgsO9Xhv+oony/X2M/U6Twb5Hykw==",
            ),
            (
                "/0/private/GetCustodyTask",
                r#"{"nonce":1616492376594}"#,
                "PA+Xd2FDGS1nAEfrrKmovQ/nNxFXglDYstpqqRshs++CyZFk390nQL+sumvAJ2ByBVfdlgLUIujfcKy8XSfUBQ==",
            ),
        ] {
            assert_eq!(signed(path, body), signature, "{path} {body}");
            assert_ne!(signature, TASK_SIGNATURE);
        }
    }

    #[test]
    fn the_nonce_is_signed_apart_from_the_body() {
        let signature = sign(
            &vector_secret(),
            TASK,
            "1616492376595",
            br#"{"nonce":1616492376594}"#,
        );
        assert_ne!(signature, TASK_SIGNATURE);
    }

    #[test]
    fn json_keeps_fields_as_written() {
        let fields =
            " {\n \"volume\": 1.10000000000000000000000001,\t\"orders\":[{\"nonce\":1}] } \n";
        assert_eq!(
            json_body(9, None, fields).unwrap(),
            "{\"nonce\":9,\"volume\": 1.10000000000000000000000001,\t\"orders\":[{\"nonce\":1}]}"
        );
        assert_eq!(
            json_body(u64::MAX, None, "{ }").unwrap(),
            r#"{"nonce":18446744073709551615}"#
        );
    }

    #[test]
    fn json_escapes_the_password() {
        let body = json_body(9, Some("a\"},\\\n\u{e9}"), r#"{"a":1}"#).unwrap();
        let value: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(value["otp"], "a\"},\\\n\u{e9}");
        assert_eq!(value.as_object().unwrap().len(), 3);
    }

    #[test]
    fn json_refuses_what_is_not_one_object() {
        for fields in [
            "",
            " ",
            "[]",
            "1",
            "null",
            "\"{}\"",
            "{",
            "}",
            "{}}",
            "{},{}",
            "{\"a\":1,}",
            "{\"a\":1}{\"b\":2}",
            "{\"a\":1},\"x\":{}",
            "{a:1}",
            "{\"a\":1} x",
            "\u{a0}{}",
        ] {
            assert_eq!(
                json_body(9, None, fields),
                Err(BodyError::NotAnObject),
                "{fields}"
            );
        }
    }

    #[test]
    fn json_refuses_a_second_nonce_or_password_however_it_is_spelt() {
        for (fields, name) in [
            (r#"{"nonce":1}"#, "nonce"),
            (r#"{"a":{},"\u006eonce" : "1"}"#, "nonce"),
            (r#"{"otp":"123456"}"#, "otp"),
        ] {
            assert_eq!(
                json_body(9, None, fields),
                Err(BodyError::Reserved { name }),
                "{fields}"
            );
        }
        // As a value the word is harmless.
        assert!(json_body(9, None, r#"{"key":"\"nonce\":","nonce2":{"otp":1}}"#).is_ok());
    }

    #[test]
    fn form_encodes_everything_that_has_a_meaning() {
        assert_eq!(
            form_body(
                9,
                Some("1+1&x=2"),
                &[("close[price]", "+5 #%\u{e9}"), ("a.b-c_d*", "")]
            ),
            "nonce=9&otp=1%2B1%26x%3D2&close%5Bprice%5D=%2B5+%23%25%C3%A9&a.b-c_d*="
        );
    }

    fn form_decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            });
        }
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        #[test]
        fn form_fields_arrive_as_given(
            nonce: u64,
            otp in prop::option::of(".*"),
            fields in prop::collection::vec((".+", ".*"), 0..5),
        ) {
            let given: Vec<_> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let body = form_body(nonce, otp.as_deref(), &given);
            let arrived: Vec<_> = body
                .split('&')
                .map(|pair| pair.split_once('=').unwrap())
                .map(|(name, value)| (form_decoded(name), form_decoded(value)))
                .collect();
            let mut expected = vec![("nonce".to_owned(), nonce.to_string())];
            expected.extend(otp.map(|otp| ("otp".to_owned(), otp)));
            expected.extend(fields);
            prop_assert_eq!(arrived, expected);
        }

        #[test]
        fn json_fields_arrive_as_given(
            nonce: u64,
            otp in prop::option::of(".*"),
            fields in prop::collection::btree_map("x.*", ".*", 0..5),
        ) {
            let text = serde_json::to_string(&fields).unwrap();
            let body = json_body(nonce, otp.as_deref(), &text).unwrap();
            let mut expected: serde_json::Map<String, Value> =
                fields.into_iter().map(|(name, value)| (name, value.into())).collect();
            expected.insert("nonce".to_owned(), nonce.into());
            if let Some(otp) = otp {
                expected.insert("otp".to_owned(), otp.into());
            }
            prop_assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), Value::Object(expected));
        }

        #[test]
        fn json_never_panics_and_yields_json_or_an_error(fields in "[{}\\[\\]\",:0-9a \\\\]*") {
            if let Ok(body) = json_body(1, None, &fields) {
                prop_assert_eq!(&serde_json::from_str::<Value>(&body).unwrap()["nonce"], 1);
            }
        }
    }
}
