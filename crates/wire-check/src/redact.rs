//! A report without what is private.
//!
//! A payload says in many places whose it is: keys, tokens, addresses, IIBANs, account numbers,
//! transaction and order ids, names. No list of members could name them all, least of all the new
//! ones that a report is about. So nothing is picked out: **no value is shown at all**, only its
//! kind and length. What stays are the names of members that the types know, indices, names of new
//! members beside those, and words that can only be words: new enum values without digits (but for
//! two), in one case or with few capitals, not longer than 32 characters. A transaction id, an
//! address, an IIBAN, a key and an order id with its capitals and hyphens are none of those. The keys
//! of a map (accounts, assets, people) are never shown.

use crate::payload::{Kind, escape, unescape};
use crate::report::{Lost, Place, Report, Step};

/// What stands in place of a key or a word.
const MASK: &str = "***";
/// The longest word that is shown.
const LONGEST: usize = 32;

/// Takes out what may be private.
pub fn redact(mut report: Report) -> Report {
    if let Some(failed) = &mut report.failed {
        failed.pointer = pointer(&failed.pointer, &failed.place);
        failed.message = message(&failed.message);
        failed.excerpt.clear();
    }
    for refusal in &mut report.refusal {
        // The text of the catalogue is public; what the venue adds may not be.
        refusal.message = refusal
            .message
            .split(':')
            .enumerate()
            // Category and text; what follows is about the caller.
            .map(|(index, piece)| {
                if index < 2 && (is_prose(piece) || is_word(piece)) {
                    piece
                } else {
                    MASK
                }
            })
            .collect::<Vec<&str>>()
            .join(":");
    }
    report.lost.iter_mut().for_each(mask);
    report.unnamed.iter_mut().for_each(mask);
    for unknown in &mut report.unknown {
        unknown.pointer = pointer(&unknown.pointer, &unknown.place);
        if !is_word(&unknown.word) {
            MASK.clone_into(&mut unknown.word);
        }
    }
    for lacking in &mut report.lacking {
        lacking.pointer = pointer(&lacking.pointer, &lacking.place);
        lacking.pattern = lacking.place.pattern(&lacking.pointer);
    }
    for null in &mut report.nulls {
        null.pointer = pointer(&null.pointer, &null.place);
    }
    for reshaped in &mut report.reshaped {
        reshaped.pointer = pointer(&reshaped.pointer, &reshaped.place);
    }
    for any in &mut report.any_form {
        any.pointer = pointer(&any.pointer, &any.place);
        any.pattern = any.place.pattern(&any.pointer);
    }
    report
}

fn mask(lost: &mut Lost) {
    lost.pointer = pointer(&lost.pointer, &lost.place);
    let kind = Kind::of(&lost.sent);
    lost.sent = match kind {
        Kind::Null => "null".to_owned(),
        Kind::Text => {
            let length = serde_json::from_str::<String>(&lost.sent)
                .map_or(lost.sent.len(), |text| text.chars().count());
            format!("a text of {length} characters")
        }
        _ => format!("some {}", kind.name()),
    };
}

/// The pointer with keys masked.
fn pointer(pointer: &str, place: &Place) -> String {
    place.map(pointer, |_, known, step| {
        let name = unescape(step);
        let index = name.len() < 6 && name.parse::<u32>().is_ok();
        let shown = match known {
            Step::Named => true,
            Step::New => index || is_word(&name) || is_name(&name),
            Step::Key => index,
        };
        if shown {
            escape(&name).into_owned()
        } else {
            MASK.to_owned()
        }
    })
}

/// Whether a member that its type does not know has a name like others: `ClOrdID`, `sha256`.
fn is_name(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= LONGEST
        && digits <= 2
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a text can only be a word of an API.
fn is_word(text: &str) -> bool {
    let count = |test: fn(&char) -> bool| text.chars().filter(test).count();
    let lower = count(char::is_ascii_lowercase);
    let upper = count(char::is_ascii_uppercase);
    let digits = count(char::is_ascii_digit);
    let joints = text.chars().filter(|c| "_- /.".contains(*c)).count();
    let starts_small = text.starts_with(|c: char| c.is_ascii_lowercase());
    let one_case = match (lower, upper) {
        (_, 0) => true,
        // Capitals with hyphens are order ids.
        (0, _) => !text.contains(['-', ' ']),
        // `camelCase`, where capitals are few, and `PascalCase` without digits.
        _ if starts_small => upper * 3 <= lower && joints == 0,
        _ => upper * 3 <= lower && joints + digits == 0,
    };
    !text.is_empty()
        && text.len() <= LONGEST
        && lower + upper + digits + joints == text.len()
        && lower + upper > 0
        && digits <= 2
        && one_case
}

/// Whether a piece of a venue's message is words and nothing else.
fn is_prose(piece: &str) -> bool {
    piece
        .chars()
        .all(|c| c.is_ascii_alphabetic() || " .,()'_-".contains(c))
        && piece
            .split([' ', '-'])
            .all(|word| word.len() <= 20 && !(word.len() > 5 && word.to_ascii_uppercase() == word))
}

/// What serde says without the value that it says it of.
fn message(message: &str) -> String {
    for start in ["missing field `", "duplicate field `", "the payload "] {
        if message.starts_with(start) {
            return message.to_owned();
        }
    }
    for start in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some(rest) = message.strip_prefix(start)
            && let Some((found, expected)) = rest.rsplit_once(", expected ")
        {
            let kind = found.split([' ', '`', '"']).next().unwrap_or_default();
            return format!("{start}{kind}, expected {expected}");
        }
    }
    // Texts of our own decoders name kinds and never content.
    if message.starts_with("expected ") && !message.contains(['"', '`']) {
        return message.to_owned();
    }
    "the value does not fit (not shown)".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_an_api_stay() {
        for word in [
            "post-only",
            "stop_loss",
            "camelCase",
            "GTC",
            "XXBTZUSD",
            "exchange limit",
            "tier2",
            "GOOD_TILL_DATE",
            "maker-or-cancel",
            "PendingReplace",
            "GoodTillCancel",
        ] {
            assert!(is_word(word), "{word}");
        }
    }

    #[test]
    fn what_belongs_to_somebody_goes() {
        for text in [
            "AA03 N84G R6WP ZXAI",
            "AA03N84GR6WPZXAI",
            "OQCLML-BW3P3-BUCMWZ",
            "OABCDE-FGHIJK-LMNOPQ",
            "0x6a7e2c0f9d14f7a34b5c1d2e3f405162738495a6",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5",
            "Jane Doe",
            "someone@example.com",
            "5335307668",
            "",
        ] {
            assert!(!is_word(text), "{text}");
        }
    }

    #[test]
    fn names_of_new_members_stay() {
        for name in ["NickName", "OrigClOrdID", "api_url2", "RFQID"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "a b",
            "7a",
            "3RM9K4ZTC0C00",
            "AA03N84GR6WPZXAI",
            "t@x.y",
            "",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn messages_lose_their_values() {
        let shown = message(r#"invalid type: string "AA03 N84G", expected u64"#);
        assert_eq!(shown, "invalid type: string, expected u64");
        assert_eq!(message("missing field `txid`"), "missing field `txid`");
        assert!(!message("no address bc1qar0").contains("bc1"));
        assert!(!message("expected a number, found \"secret\"").contains("secret"));
    }
}
