//! What is around the data of every message.

use indexmap::IndexMap;

use crate::Moment;
use crate::json::{Json, list, object};

/// What is wrong with a request, as the code of an `error`. The vendor
/// documents only that of a Ping without data, which is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// It can't be understood, or asks for what is not there.
    Invalid = 1,
    /// Its number is that of a subscription.
    Duplicate = 2,
    /// It can't be done now, or not by this user.
    General = 3,
}

/// A request that is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub code: Code,
    pub text: String,
}

impl Refused {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, text }
    }
}

/// A client's message whose envelope is in order.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Never 0.
    pub reqid: i64,
    pub members: IndexMap<String, Json>,
}

impl Request {
    /// The error comes with the number of the request, 0 if it has none.
    pub(crate) fn parse(text: &str) -> Result<Self, (i64, Refused)> {
        let invalid = |text: &str| (0, Refused::new(Code::Invalid, text));
        let Some(Json::Object(members)) = Json::parse(text.as_bytes()) else {
            return Err(invalid("not a JSON object"));
        };
        let reqid = match members.get("reqid") {
            Some(Json::Number(number)) => number.parse().unwrap_or_default(),
            Some(_) => 0,
            None => return Err(invalid("missing reqid")),
        };
        if reqid == 0 {
            return Err(invalid("reqid must be an integer other than 0"));
        }
        Ok(Self { reqid, members })
    }

    pub(crate) fn kind(&self) -> Result<&str, Refused> {
        let kind = self.members.get("type").and_then(Json::as_str);
        kind.ok_or_else(|| Refused::new(Code::Invalid, "missing type"))
    }

    /// The objects of a member that must hold at least one.
    pub(crate) fn objects(&self, name: &str) -> Result<&[Json], Refused> {
        let list = self.members.get(name).and_then(Json::as_list);
        match list {
            Some(list) if !list.is_empty() && list.iter().all(|one| one.as_object().is_some()) => {
                Ok(list)
            }
            _ => Err(Refused::new(
                Code::Invalid,
                format!("{name} must be an array with at least one object"),
            )),
        }
    }
}

pub(crate) fn hello(session: &str, now: Moment) -> Json {
    object! {
        "type" => "hello",
        "ts" => now.rfc3339_microseconds(),
        "session_id" => session,
    }
}

pub(crate) fn pong(reqid: i64, data: Json, now: Moment) -> Json {
    object! {
        "reqid" => reqid,
        "type" => "Pong",
        "ts" => now.rfc3339_microseconds(),
        "data" => data,
    }
}

pub(crate) fn error(reqid: i64, seq: u64, refused: &Refused, now: Moment) -> Json {
    object! {
        "reqid" => reqid,
        "type" => "error",
        "seq" => seq,
        "ts" => now.rfc3339_microseconds(),
        "error" => object! { "code" => refused.code as u32, "msg" => refused.text.as_str() },
    }
}

/// A message of a type that there is not.
pub(crate) fn stranger(now: Moment) -> Json {
    object! {
        "reqid" => i64::from(i32::MAX),
        "type" => "NotYetDocumented",
        "ts" => now.rfc3339_microseconds(),
        "initial" => false,
        "seqNum" => 1_u32,
        "data" => list![object! { "Anything" => list![1_u32, Json::Null] }],
    }
}

/// Why a stream's message is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// It is the snapshot; its size, if this is a part of it.
    Initial { total: Option<usize> },
    /// Something happened.
    News { remove: bool },
    /// It was asked for by `page`.
    Page,
}

/// A stream's message.
#[derive(Clone, Debug)]
pub(crate) struct Update<'a> {
    pub reqid: i64,
    pub stream: &'a str,
    pub tag: Option<&'a str>,
    pub seq_num: u64,
    pub occasion: Occasion,
    /// What the next page is asked for with.
    pub next: Option<&'a str>,
    pub data: Vec<Json>,
}

impl Update<'_> {
    pub(crate) fn json(self, now: Moment) -> Json {
        let mut members = IndexMap::new();
        let mut add = |name: &str, value: Json| {
            members.insert(name.to_owned(), value);
        };
        add("reqid", self.reqid.into());
        add("type", self.stream.into());
        if let Some(tag) = self.tag {
            add("tag", tag.into());
        }
        add("ts", now.rfc3339_microseconds().into());
        if self.occasion != Occasion::Page {
            let initial = matches!(self.occasion, Occasion::Initial { .. });
            add("initial", initial.into());
        }
        add("seqNum", self.seq_num.into());
        match self.occasion {
            Occasion::News { remove } => {
                add("action", if remove { "Remove" } else { "Update" }.into());
            }
            Occasion::Initial { total: Some(total) } => add("total_count", total.into()),
            Occasion::Initial { total: None } | Occasion::Page => {}
        }
        if let Some(next) = self.next {
            add("next", next.into());
        }
        add("data", Json::List(self.data));
        if self.occasion == Occasion::Page {
            add("page", true.into());
        }
        Json::Object(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(occasion: Occasion) -> Update<'static> {
        Update {
            reqid: 11,
            stream: "Balance",
            tag: None,
            seq_num: 1,
            occasion,
            next: None,
            data: Vec::new(),
        }
    }

    const NOW: Moment = Moment::from_nanoseconds(1_631_809_026_892_914_321);

    #[test]
    fn messages_have_the_members_of_the_samples_in_their_order() {
        let initial = update(Occasion::Initial { total: None }).json(NOW);
        assert_eq!(
            initial.to_string(),
            r#"{"reqid":11,"type":"Balance","ts":"2021-09-16T16:17:06.892914Z","initial":true,"seqNum":1,"data":[]}"#
        );
        let news = Update {
            tag: Some("t"),
            ..update(Occasion::News { remove: true })
        };
        assert_eq!(
            news.json(NOW).to_string(),
            r#"{"reqid":11,"type":"Balance","tag":"t","ts":"2021-09-16T16:17:06.892914Z","initial":false,"seqNum":1,"action":"Remove","data":[]}"#
        );
        let part = Update {
            next: Some("eA=="),
            ..update(Occasion::Initial { total: Some(700) })
        };
        assert_eq!(
            part.json(NOW).to_string(),
            r#"{"reqid":11,"type":"Balance","ts":"2021-09-16T16:17:06.892914Z","initial":true,"seqNum":1,"total_count":700,"next":"eA==","data":[]}"#
        );
        assert_eq!(
            update(Occasion::Page).json(NOW).to_string(),
            r#"{"reqid":11,"type":"Balance","ts":"2021-09-16T16:17:06.892914Z","seqNum":1,"data":[],"page":true}"#
        );
        let missing = Refused::new(Code::Invalid, "missing Ping data");
        assert_eq!(
            error(2, 1, &missing, NOW).to_string(),
            r#"{"reqid":2,"type":"error","seq":1,"ts":"2021-09-16T16:17:06.892914Z","error":{"code":1,"msg":"missing Ping data"}}"#
        );
        assert_eq!(
            pong(2, list![Json::object()], NOW).to_string(),
            r#"{"reqid":2,"type":"Pong","ts":"2021-09-16T16:17:06.892914Z","data":[{}]}"#
        );
    }

    #[test]
    fn requests_without_a_number_are_none() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"reqid":0}"#,
            r#"{"reqid":"1"}"#,
            r#"{"reqid":1.0}"#,
            r#"{"reqid":1e3}"#,
            r#"{"reqid":99999999999999999999}"#,
            r#"{"reqid":null}"#,
        ] {
            let (reqid, refused) = Request::parse(text).unwrap_err();
            assert_eq!((reqid, refused.code), (0, Code::Invalid), "{text}");
        }
        let request = Request::parse(r#"{"reqid":7,"data":[{}],"streams":[]}"#).unwrap();
        assert_eq!(request.reqid, 7);
        assert!(request.kind().is_err());
        assert_eq!(request.objects("data").unwrap().len(), 1);
        assert!(request.objects("streams").is_err());
    }
}
