//! Text in headers.

use http::header::HeaderValue;

/// The text as a header value, if it arrives as it was sent: not empty,
/// visible ASCII, and blanks only inside.
pub fn header_value(text: &str) -> Option<HeaderValue> {
    let arrives = !text.is_empty()
        && text.trim_ascii() == text
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if arrives {
        HeaderValue::from_str(text).ok()
    } else {
        None
    }
}
