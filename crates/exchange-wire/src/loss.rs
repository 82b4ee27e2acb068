//! Finds what a decode and encode round trip loses.

use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::decimal::parse_decimal;
use crate::raw::tokens;

/// Nesting beyond this is compared as text.
const MAX_DEPTH: usize = 100;

/// A value that was sent and did not come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// The JSON text that was sent there.
    pub sent: String,
}

/// The values of `sent` that `written_back` does not carry.
///
/// Two scalars are the same when their texts are, or when both are decimals of equal value,
/// whether as a string or a number (`"1.50"` and `1.5`). A `null` that was sent is never a loss.
/// A value that is missing as a whole is one loss. Members only `written_back` has do not matter.
/// A text that is not JSON is a loss of the whole.
pub fn losses(sent: impl AsRef<[u8]>, written_back: impl AsRef<[u8]>) -> Vec<Loss> {
    let mut found = Vec::new();
    match serde_json::from_slice::<&RawValue>(sent.as_ref()) {
        Ok(value) => {
            let back = serde_json::from_slice::<&RawValue>(written_back.as_ref()).ok();
            compare(
                value.get(),
                back.map(RawValue::get),
                &mut String::new(),
                0,
                &mut found,
            );
        }
        Err(_) => found.push(Loss {
            pointer: String::new(),
            sent: String::from_utf8_lossy(sent.as_ref()).into_owned(),
        }),
    }
    found
}

fn compare(
    sent: &str,
    back: Option<&str>,
    pointer: &mut String,
    depth: usize,
    found: &mut Vec<Loss>,
) {
    if sent == "null" || back == Some(sent) {
        return;
    }
    let Some(back) = back else {
        found.push(Loss {
            pointer: pointer.clone(),
            sent: sent.to_owned(),
        });
        return;
    };
    let length = pointer.len();
    let nested = depth < MAX_DEPTH;
    if let (true, Some(members), Some(back_members)) = (nested, object(sent), object(back)) {
        for (key, value) in members {
            pointer.push('/');
            pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            let other = back_members.get(&key).map(|value| value.get());
            compare(value.get(), other, pointer, depth + 1, found);
            pointer.truncate(length);
        }
    } else if let (true, Some(items), Some(back_items)) = (nested, array(sent), array(back)) {
        for (index, value) in items.iter().enumerate() {
            pointer.push('/');
            pointer.push_str(&index.to_string());
            let other = back_items.get(index).map(|value| value.get());
            compare(value.get(), other, pointer, depth + 1, found);
            pointer.truncate(length);
        }
    } else if !same_scalar(sent, back) {
        found.push(Loss {
            pointer: pointer.clone(),
            sent: sent.to_owned(),
        });
    }
}

fn object(text: &str) -> Option<IndexMap<String, &RawValue>> {
    text.starts_with('{')
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

fn array(text: &str) -> Option<Vec<&RawValue>> {
    text.starts_with('[')
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

fn same_scalar(sent: &str, back: &str) -> bool {
    if tokens(sent).eq(tokens(back)) {
        return true;
    }
    let (Some(sent_text), Some(back_text)) = (content(sent), content(back)) else {
        return false;
    };
    if sent.starts_with('"') == back.starts_with('"') && sent_text == back_text {
        return true;
    }
    matches!((parse_decimal(&sent_text), parse_decimal(&back_text)), (Ok(a), Ok(b)) if a == b)
}

/// The content of a string, or the digits of a number.
fn content(text: &str) -> Option<String> {
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).ok(),
        Some(b'-' | b'0'..=b'9') => Some(text.to_owned()),
        _ => None,
    }
}
