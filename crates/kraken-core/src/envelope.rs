//! The envelope around nearly every answer, and the messages in it.
//!
//! The venue's own description gives the messages three types, and other forms
//! are met on the wire: a list of texts, a list of objects, a list in a list,
//! a bare text; under `error` or under `errors`. All of them are read.

use std::fmt;

use exchange_transport::{Severity, VendorMessage};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An answer taken apart, with its value still as JSON text.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// What stands under `error` and `errors`, in order.
    pub messages: Vec<VendorMessage>,
    /// What stands under `result`; `None` if it is missing or `null`.
    pub result: Option<&'a RawValue>,
    /// Whether there is anything beside these.
    pub has_other_members: bool,
}

impl<'a> Envelope<'a> {
    /// Takes an answer apart.
    ///
    /// # Errors
    ///
    /// If the text is no complete JSON object.
    pub fn parse(body: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(body)
    }

    /// Whether a message says that the call failed. Warnings do not.
    pub fn is_failure(&self) -> bool {
        self.messages
            .iter()
            .any(|message| message.severity != Severity::Warning)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Error,
    Errors,
    Result,
    #[serde(other)]
    Other,
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `error` and `result`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope {
            messages: Vec::new(),
            result: None,
            has_other_members: false,
        };
        while let Some(member) = map.next_key()? {
            match member {
                Member::Error | Member::Errors => {
                    collect(map.next_value()?, NESTING, &mut envelope.messages);
                }
                // `Option` turns `null` into `None`.
                Member::Result => envelope.result = map.next_value()?,
                Member::Other => {
                    envelope.has_other_members = true;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

/// How many lists may stand in one another. The venue's description has two;
/// the limit keeps a hostile answer from using up the stack.
const NESTING: u8 = 4;

fn collect(raw: &RawValue, nesting: u8, messages: &mut Vec<VendorMessage>) {
    let text = raw.get();
    let before = messages.len();
    match text.as_bytes().first() {
        Some(b'[') if nesting > 0 => {
            if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(text) {
                for item in list {
                    collect(item, nesting - 1, messages);
                }
                return;
            }
        }
        Some(b'"') => {
            if let Ok(text) = serde_json::from_str::<String>(text) {
                if !text.trim().is_empty() {
                    messages.push(from_text(&text));
                }
                return;
            }
        }
        Some(b'{') => {
            if let Ok(object) = serde_json::from_str::<MessageObject>(text) {
                messages.extend(object.message(text));
            }
            if messages.len() > before || text.len() == 2 {
                return;
            }
        }
        // `null`, `false` and numbers say that there is no message, or nothing
        // that could be told; `true` says that there is trouble.
        Some(b't') => {}
        _ if nesting > 0 => return,
        _ => {}
    }
    messages.push(VendorMessage {
        severity: Severity::Unknown,
        category: String::new(),
        text: text.to_owned(),
        detail: None,
        raw: text.to_owned(),
    });
}

/// Reads `EOrder:Insufficient funds`, with an optional detail behind a second
/// colon and optional blanks after each.
pub fn from_text(raw: &str) -> VendorMessage {
    let (head, rest) = raw.split_once(':').unwrap_or(("", raw));
    let head = head.trim();
    let (severity, category) = match head.split_at_checked(1) {
        // Any other word may start with one of these letters.
        Some((_, category)) if !category.starts_with(|next: char| next.is_ascii_uppercase()) => {
            (Severity::Unknown, head)
        }
        Some(("E", category)) => (Severity::Error, category),
        Some(("W", category)) => (Severity::Warning, category),
        _ => (Severity::Unknown, head),
    };
    let (text, detail) = split_detail(rest);
    VendorMessage {
        severity,
        category: category.to_owned(),
        text: text.to_owned(),
        detail: detail.map(str::to_owned),
        raw: raw.to_owned(),
    }
}

fn split_detail(text: &str) -> (&str, Option<&str>) {
    match text.trim().split_once(':') {
        Some((text, detail)) => (text.trim(), Some(detail.trim())),
        None => (text.trim(), None),
    }
}

/// The form of the older Custody API. Every member may be missing or `null`.
#[derive(Deserialize)]
struct MessageObject {
    #[serde(default)]
    severity: Option<String>,
    #[serde(default, rename = "errorClass")]
    class: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default, rename = "errorMessage")]
    message: Option<String>,
}

impl MessageObject {
    fn message(self, raw: &str) -> Option<VendorMessage> {
        if self.class.is_none() && self.kind.is_none() && self.message.is_none() {
            return None;
        }
        let kind = self.kind.unwrap_or_default();
        let (text, detail) = split_detail(&kind);
        Some(VendorMessage {
            severity: match self.severity.as_deref() {
                Some("E") => Severity::Error,
                Some("W") => Severity::Warning,
                _ => Severity::Unknown,
            },
            category: self.class.unwrap_or_default(),
            text: text.to_owned(),
            detail: detail.map(str::to_owned).or(self.message),
            raw: raw.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Envelope<'_> {
        Envelope::parse(body.as_bytes()).unwrap()
    }

    /// Severity, category, text and detail of each message.
    fn messages(body: &str) -> Vec<(Severity, String, String, Option<String>)> {
        let messages = parse(body).messages.into_iter();
        messages
            .map(|message| {
                (
                    message.severity,
                    message.category,
                    message.text,
                    message.detail,
                )
            })
            .collect()
    }

    fn error(
        category: &str,
        text: &str,
        detail: Option<&str>,
    ) -> (Severity, String, String, Option<String>) {
        (
            Severity::Error,
            category.into(),
            text.into(),
            detail.map(str::to_owned),
        )
    }

    #[test]
    fn success_has_a_result_and_no_message() {
        for body in [
            r#"{"error":[],"result":{"a": 1.50}}"#,
            r#"{"result":{"a": 1.50},"error":[]}"#,
            r#"{"errors":null,"result":{"a": 1.50}}"#,
            r#"{"error":"","errors":[[]],"result":{"a": 1.50}}"#,
            r#"{"error":{},"result":{"a": 1.50}}"#,
            r#"{"error":false,"result":{"a": 1.50}}"#,
            "\n {\"result\":{\"a\": 1.50}}\n",
        ] {
            let envelope = parse(body);
            assert!(envelope.messages.is_empty(), "{body}");
            assert!(!envelope.has_other_members, "{body}");
            assert_eq!(envelope.result.unwrap().get(), r#"{"a": 1.50}"#, "{body}");
        }
    }

    #[test]
    fn a_null_result_is_none() {
        assert!(parse(r#"{"error":[],"result":null}"#).result.is_none());
        assert!(parse(r#"{"error":[]}"#).result.is_none());
        assert!(parse(r#"{"error":[],"result":false}"#).result.is_some());
    }

    #[test]
    fn every_form_of_the_list_gives_the_same_messages() {
        let expected = [error("Order", "Insufficient funds", None)];
        for body in [
            r#"{"error":["EOrder:Insufficient funds"]}"#,
            r#"{"errors":["EOrder:Insufficient funds"]}"#,
            r#"{"error":[["EOrder:Insufficient funds"]]}"#,
            r#"{"error":[[],[["EOrder:Insufficient funds"]]]}"#,
            r#"{"error":"EOrder:Insufficient funds"}"#,
            r#"{"error":["\u0045Order: Insufficient funds "]}"#,
            r#"{"error":[{"severity":"E","errorClass":"Order","type":"Insufficient funds","errorMessage":null}]}"#,
            r#"{"errors":[{"severity":"E","errorClass":"Order","type":"Insufficient funds","new":1}]}"#,
            r#"{"errors":{"severity":"E","errorClass":"Order","type":"Insufficient funds"}}"#,
        ] {
            assert_eq!(messages(body), expected, "{body}");
            assert!(parse(body).is_failure(), "{body}");
        }
    }

    #[test]
    fn both_lists_are_read() {
        let body = r#"{"errors":["EGeneral:a"],"error":["EAPI:b"],"result":null}"#;
        assert_eq!(
            messages(body),
            [error("General", "a", None), error("API", "b", None)]
        );
    }

    #[test]
    fn details_may_hold_colons() {
        assert_eq!(
            messages(r#"{"error":["EGeneral:Invalid arguments:price: a:b"]}"#),
            [error("General", "Invalid arguments", Some("price: a:b"))]
        );
        assert_eq!(
            messages(r#"{"error":["EService: Throttled: 1700000000"]}"#),
            [error("Service", "Throttled", Some("1700000000"))]
        );
        assert_eq!(
            messages(
                r#"{"error":[{"severity":"E","errorClass":"General","type":"Invalid arguments:id","errorMessage":"x"}]}"#
            ),
            [error("General", "Invalid arguments", Some("id"))]
        );
        assert_eq!(
            messages(
                r#"{"error":[{"severity":"E","errorClass":"General","type":"a","errorMessage":"b:c"}]}"#
            ),
            [error("General", "a", Some("b:c"))]
        );
    }

    #[test]
    fn warnings_are_no_failure() {
        for body in [
            r#"{"error":["WDatabase:No change"],"result":1}"#,
            r#"{"error":[{"severity":"W","errorClass":"Database","type":"No change"}],"result":1}"#,
        ] {
            let envelope = parse(body);
            assert_eq!(envelope.messages[0].severity, Severity::Warning, "{body}");
            assert!(!envelope.is_failure(), "{body}");
        }
        assert!(parse(r#"{"error":["WDatabase:No change","EOrder:x"]}"#).is_failure());
    }

    #[test]
    fn what_is_not_understood_is_a_failure_of_unknown_severity() {
        for (body, raw) in [
            (r#"{"error":["something is wrong"]}"#, "something is wrong"),
            (r#"{"error":["Error: x"]}"#, "Error: x"),
            (r#"{"error":["Warning: x"]}"#, "Warning: x"),
            (r#"{"error":true}"#, "true"),
            (r#"{"error":{"code": 5}}"#, r#"{"code": 5}"#),
            (r#"{"error":[{"errorClass": 5}]}"#, r#"{"errorClass": 5}"#),
            (r#"{"error":[[[[[["E"]]]]]]}"#, r#"[["E"]]"#),
        ] {
            let envelope = parse(body);
            assert_eq!(envelope.messages.len(), 1, "{body}");
            assert_eq!(envelope.messages[0].severity, Severity::Unknown, "{body}");
            assert_eq!(envelope.messages[0].raw, raw, "{body}");
            assert!(envelope.is_failure(), "{body}");
        }
        // As the vendor's sample of one custody call has it.
        let body = r#"{"error":[{"errorClass":"General","type":"Internal error"}]}"#;
        assert_eq!(parse(body).messages[0].severity, Severity::Unknown);
        assert_eq!(parse(body).messages[0].category, "General");
    }

    #[test]
    fn other_members_are_noticed() {
        assert!(parse(r#"{"result":[],"start":0}"#).has_other_members);
        assert!(!parse("{}").has_other_members);
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for body in [
            "",
            " ",
            "null",
            "[]",
            "1",
            "\"E\"",
            "<html>",
            "{\"error\":[]",
            "{} x",
            "{\"error\":[}",
        ] {
            assert!(Envelope::parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Envelope::parse(b"{\"result\":\"\xff\"}").is_err());
    }

    #[test]
    fn deep_nesting_does_no_harm() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
            for member in ["error", "result", "other"] {
                let body = format!("{{\"{member}\":{deep}}}");
                // Whether it is taken or refused, it must not end the program.
                if let Ok(envelope) = Envelope::parse(body.as_bytes()) {
                    assert_eq!(envelope.is_failure(), member == "error");
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_kept_as_it_came(raw in ".*") {
            let body = serde_json::json!({ "error": [raw] }).to_string();
            let envelope = Envelope::parse(body.as_bytes()).unwrap();
            if raw.trim().is_empty() {
                proptest::prop_assert!(envelope.messages.is_empty());
            } else {
                proptest::prop_assert_eq!(&envelope.messages[0].raw, &raw);
            }
        }

        #[test]
        fn any_bytes_are_taken_or_refused(
            body in proptest::collection::vec(proptest::num::u8::ANY, 0..100)
        ) {
            proptest::prop_assume!(!body.trim_ascii_start().starts_with(b"{"));
            proptest::prop_assert!(Envelope::parse(&body).is_err());
        }
    }
}
