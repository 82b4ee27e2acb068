//! What is around the records of a message.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use exchange_transport::{Error, Kind, Severity, VendorMessage};
use exchange_wire::rest::member;
use exchange_wire::{AsInteger, DecodeError, RawJson};
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};

use crate::enums::Action;
use crate::record::Extra;
use crate::time::Time;

/// A message of a stream.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Message<T> {
    /// The number of the request that it answers.
    pub reqid: u64,
    /// The stream's name.
    pub kind: String,
    /// When the venue published it.
    pub ts: Option<Time>,
    /// Counts the messages of a request from 1.
    pub seq_num: Option<u64>,
    /// Whether it begins a snapshot: what was known before is void.
    pub initial: Option<bool>,
    /// Whether its records are updates or removals; `None` is taken as an update.
    pub action: Option<Action>,
    /// The text given when subscribing.
    pub tag: Option<String>,
    /// How many records the stream has in all.
    pub total_count: Option<u64>,
    /// There are more pages. They are asked for without your doing.
    pub next: Option<String>,
    /// Whether it is a further page.
    pub page: Option<bool>,
    /// The records; may be none.
    pub data: Vec<T>,
    /// Members this version does not know, as they came.
    pub extra: Extra,
    /// Whether all pages of the snapshot are there, this one included. Not on the wire.
    pub complete: bool,
}

impl<T> Message<T> {
    /// Whether the records are gone.
    pub fn removes(&self) -> bool {
        self.action == Some(Action::Remove)
    }

    /// Whether it begins a snapshot.
    pub fn is_initial(&self) -> bool {
        self.initial == Some(true)
    }
}

impl<T: DeserializeOwned> Message<T> {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// If it is not JSON or does not have the form of the stream's messages; the error says where.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        exchange_wire::from_str(text)
    }
}

/// As on the wire, with the members that are not known.
impl<T: Serialize> Serialize for Message<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        type Plain = exchange_wire::codec::by_name::Codec;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("reqid", &self.reqid)?;
        map.serialize_entry("type", &self.kind)?;
        member::write::<Plain, _, _>(&mut map, "ts", &self.ts)?;
        member::write::<Plain, _, _>(&mut map, "seqNum", &self.seq_num)?;
        member::write::<Plain, _, _>(&mut map, "initial", &self.initial)?;
        member::write::<Plain, _, _>(&mut map, "action", &self.action)?;
        member::write::<Plain, _, _>(&mut map, "tag", &self.tag)?;
        member::write::<Plain, _, _>(&mut map, "total_count", &self.total_count)?;
        member::write::<Plain, _, _>(&mut map, "next", &self.next)?;
        member::write::<Plain, _, _>(&mut map, "page", &self.page)?;
        map.serialize_entry("data", &self.data)?;
        for (name, value) in self.extra.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// What a message may have, with the other spelling of a member beside it.
const MEMBERS: &[&str] = &[
    "reqid",
    "type",
    "ts",
    "seqNum",
    "seq",
    "initial",
    "action",
    "tag",
    "total_count",
    "next",
    "page",
    "data",
];

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Message<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Says which members are known; `serde_json` reads it as any object.
        deserializer.deserialize_struct("Message", MEMBERS, MessageVisitor(PhantomData))
    }
}

struct MessageVisitor<T>(PhantomData<fn() -> T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MessageVisitor<T> {
    type Value = Message<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message of a stream")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message<T>, A::Error> {
        let mut message = Message {
            reqid: 0,
            kind: String::new(),
            ts: None,
            seq_num: None,
            initial: None,
            action: None,
            tag: None,
            total_count: None,
            next: None,
            page: None,
            data: Vec::new(),
            extra: Extra::default(),
            complete: true,
        };
        while let Some(key) = exchange_wire::rest::next_key(&mut map)? {
            match &*key {
                "reqid" => message.reqid = map.next_value::<AsInteger<u64>>()?.0,
                "type" => message.kind = map.next_value()?,
                "ts" => message.ts = map.next_value()?,
                "seqNum" | "seq" => message.seq_num = map.next_value::<AsInteger<_>>()?.0,
                "initial" => message.initial = map.next_value()?,
                "action" => message.action = map.next_value()?,
                "tag" => message.tag = map.next_value()?,
                "total_count" => message.total_count = map.next_value::<AsInteger<_>>()?.0,
                "next" => {
                    message.next = map.next_value()?;
                    // An empty token leads nowhere.
                    message.next.take_if(|token| token.is_empty());
                }
                "page" => message.page = map.next_value()?,
                "data" => message.data = map.next_value::<Option<_>>()?.unwrap_or_default(),
                _ => message.extra.keep(key.into_owned(), map.next_value()?),
            }
        }
        Ok(message)
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What a message is routed by.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Head<'a> {
    pub(crate) reqid: Option<u64>,
    pub(crate) kind: Option<Cow<'a, str>>,
}

impl<'a> Head<'a> {
    /// Looks for request and type, and stops reading as soon as both are found: they come first,
    /// and the records are read by whoever they are for. `None` if it is no JSON object.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        if let Some(head) = Self::read_usual(text) {
            return Some(head);
        }
        let mut head = Head::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let whole = deserializer
            .deserialize_map(HeadVisitor(&mut head))
            .and_then(|()| deserializer.end());
        (whole.is_ok() || head.is_full()).then_some(head)
    }

    /// The beginning the vendor shows: number and type, in this order and without white space.
    /// `None` leaves any other to a real JSON reader.
    fn read_usual(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix(r#"{"reqid":"#)?;
        let (digits, rest) = rest.split_once(',')?;
        // JSON knows no leading zeros and no plus.
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        let reqid = digits.parse().ok().filter(|_| plain)?;
        let rest = rest.strip_prefix(r#""type":""#)?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric())?;
        let (kind, rest) = rest.split_at(end);
        rest.starts_with('"').then_some(Self {
            reqid: Some(reqid),
            kind: Some(Cow::Borrowed(kind)),
        })
    }

    fn is_full(&self) -> bool {
        self.reqid.is_some() && self.kind.is_some()
    }
}

struct HeadVisitor<'h, 'a>(&'h mut Head<'a>);

impl<'de> Visitor<'de> for HeadVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "reqid" => self.0.reqid = map.next_value::<AsInteger<_>>()?.0,
                "type" => self.0.kind = Some(map.next_value::<Text<'de>>()?.0),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
            if self.0.is_full() {
                // Returning before the end of the map makes the deserializer complain, which is
                // heard by nobody.
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The first message of a connection.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) ts: Option<Time>,
    pub(crate) session_id: Option<String>,
}

/// The venue's answer to a request that it can't follow.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    #[serde(default)]
    error: RawJson,
}

impl Refusal {
    /// The error that is told to whoever made the request.
    pub(crate) fn read(text: &str) -> Error {
        let raw = serde_json::from_str::<Self>(text).map_or_else(
            |_| text.to_owned(),
            |refusal| refusal.error.get().to_owned(),
        );
        let (code, message) = match serde_json::from_str::<ErrorObject>(&raw) {
            Ok(object) => (object.code.0, object.msg.unwrap_or_default()),
            // Some say that it can be a bare text.
            Err(_) => (
                None,
                serde_json::from_str(&raw).unwrap_or_else(|_| raw.clone()),
            ),
        };
        // In words, where there is no more to it.
        let raw = match code {
            Some(code) if !message.is_empty() => format!("{message} (code {code})"),
            _ => raw,
        };
        let kind = match code {
            Some(1 | 2) => Kind::InvalidRequest,
            _ => Kind::Venue,
        };
        Error::new(kind)
            .with_attempts(1)
            .with_messages(vec![VendorMessage {
                severity: Severity::Error,
                category: code.map(|code| code.to_string()).unwrap_or_default(),
                text: message,
                detail: None,
                raw,
            }])
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ErrorObject {
    #[serde(default = "no_code")]
    code: AsInteger<Option<i64>>,
    msg: Option<String>,
}

fn no_code() -> AsInteger<Option<i64>> {
    AsInteger(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Option<(Option<u64>, Option<String>)> {
        Head::read(text).map(|head| (head.reqid, head.kind.map(Cow::into_owned)))
    }

    #[test]
    fn the_head_is_found_wherever_it_stands() {
        let both = Some((Some(7), Some("Balance".to_owned())));
        assert_eq!(head(r#"{"reqid":7,"type":"Balance","data":[]}"#), both);
        assert_eq!(
            head(r#"{"data":[{"reqid":1}],"type":"Balance","reqid":"7"}"#),
            both
        );
        assert_eq!(
            head(r#"{"reqid":18446744073709551615,"type":"Balance""#),
            Some((Some(u64::MAX), Some("Balance".to_owned())))
        );
        assert_eq!(head(r#" {"reqid" :7, "type": "Balance"}"#), both);
        // What follows is another's to judge.
        assert_eq!(head(r#"{"reqid":7,"type":"B\u0061lance","data":[}"#), both);
        assert_eq!(
            head(r#"{"type":"hello","ts":"x"}"#),
            Some((None, Some("hello".to_owned())))
        );
        assert_eq!(head("{}"), Some((None, None)));
        for garbage in [
            "",
            "[]",
            "7",
            "{",
            r#"{"reqid":7"#,
            r#"{"reqid":07,"type":"Balance"}"#,
            r#"{"reqid":+7,"type":"Balance"}"#,
            r#"{"reqid":18446744073709551616,"type":"Balance"}"#,
            r#"{"reqid":7,"type":"Balance"#,
            r#"{"type":7}"#,
            "{} {}",
            "\u{0}",
        ] {
            assert_eq!(head(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn refusals_of_every_form_are_read() {
        let documented = Refusal::read(
            r#"{"reqid":2,"type":"error","seq":1,"ts":"2024-01-13T05:17:32.002500Z","error":{"code":1,"msg":"missing Ping data"}}"#,
        );
        assert_eq!(documented.kind(), Kind::InvalidRequest);
        assert_eq!(documented.messages()[0].text, "missing Ping data");
        assert!(
            documented
                .to_string()
                .contains(": missing Ping data (code 1)")
        );
        for (text, message) in [
            (r#"{"error":"plain"}"#, "plain"),
            (r#"{"error":{"code":"9","msg":"odd"}}"#, "odd"),
            (r#"{"error":{"msg":null}}"#, ""),
            (r#"{"error":[1]}"#, "[1]"),
            ("{}", "null"),
        ] {
            let refusal = Refusal::read(text);
            assert_eq!(refusal.kind(), Kind::Venue, "{text}");
            assert_eq!(refusal.messages()[0].text, message, "{text}");
        }
    }
}
