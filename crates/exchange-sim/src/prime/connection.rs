//! One WebSocket of Prime: its subscriptions, and what is answered on it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;

use super::desk::Command;
use super::envelope::{self, Code, Occasion, Refused, Request, Update};
use super::feed::{Batch, Behind, Feed};
use super::people::Caller;
use super::{PATH, Prime, lock};
use crate::Moment;
use crate::clock::Clock;
use crate::json::Json;
use crate::ws::{Farewell, Said, Session};

/// Most subscriptions of a connection at the same time. Chosen.
const SUBSCRIPTIONS: usize = 1_000;

/// Most streams of a subscription, and most records of a command. Chosen.
const ELEMENTS: usize = 100;

/// Most records of snapshots of a connection that wait for being asked for.
/// Chosen: more than all histories together have.
const WAITING: usize = 50_000;

/// A tag has so many bytes at most, as each message repeats it. Chosen.
const LONGEST_TAG: usize = 200;

/// What a client can say.
const KINDS: [&str; 11] = [
    "subscribe",
    "page",
    "cancel",
    "Ping",
    "NewOrderSingle",
    "OrderCancelRequest",
    "OrderCancelReplaceRequest",
    "OrderControlRequest",
    "QuoteRequest",
    "QuoteCancelRequest",
    "UserConfig",
];

fn command(kind: &str) -> Option<Command> {
    Some(match kind {
        "NewOrderSingle" => Command::NewOrderSingle,
        "OrderCancelRequest" => Command::OrderCancelRequest,
        "OrderCancelReplaceRequest" => Command::OrderCancelReplaceRequest,
        "OrderControlRequest" => Command::OrderControlRequest,
        "QuoteRequest" => Command::QuoteRequest,
        "QuoteCancelRequest" => Command::QuoteCancelRequest,
        "UserConfig" => Command::UserConfig,
        _ => return None,
    })
}

/// The rest of a snapshot, for `page`.
#[derive(Debug)]
struct Rest {
    records: std::vec::IntoIter<Json>,
    /// What the next part is asked for with.
    token: String,
}

/// A stream of a subscription.
#[derive(Debug)]
struct Stream {
    feed: Feed,
    rest: Option<Rest>,
}

/// What was asked for by one `subscribe`.
#[derive(Debug)]
struct Subscription {
    tag: Option<String>,
    /// How many messages there were.
    count: u64,
    streams: Vec<Stream>,
}

/// An open WebSocket.
#[derive(Debug)]
pub(super) struct Connection {
    prime: Arc<Mutex<Prime>>,
    caller: Caller,
    /// How many records of a snapshot come in one message.
    page_size: usize,
    subscriptions: IndexMap<i64, Subscription>,
    /// Whose turn it is to be asked for news, counted over all streams.
    turn: usize,
    /// How many parts of snapshots were announced.
    parts: u64,
    /// Answers to the last message, or the news of one stream.
    ready: VecDeque<Said>,
}

impl Connection {
    pub(super) fn new(
        prime: Arc<Mutex<Prime>>,
        caller: Caller,
        session: &str,
        page_size: usize,
        now: Moment,
    ) -> Self {
        let hello = envelope::hello(session, now);
        Self {
            prime,
            caller,
            page_size: page_size.max(1),
            subscriptions: IndexMap::new(),
            turn: 0,
            parts: 0,
            ready: VecDeque::from([said("hello", &hello)]),
        }
    }

    fn answer(&mut self, request: &Request, now: Moment) -> Result<(), Refused> {
        let kind = request.kind()?;
        let is_live = self.subscriptions.contains_key(&request.reqid);
        if is_live && !matches!(kind, "page" | "cancel") {
            return Err(Refused::new(Code::Duplicate, "duplicate reqid"));
        }
        match kind {
            "subscribe" => self.subscribe(request, now),
            "page" => self.page(request, now),
            "cancel" => match self.subscriptions.shift_remove(&request.reqid) {
                Some(_) => Ok(()),
                None => Err(unknown_reqid()),
            },
            "Ping" => {
                let data = request
                    .objects("data")
                    .map_err(|_| Refused::new(Code::Invalid, "missing Ping data"))?;
                let pong = envelope::pong(request.reqid, Json::List(data.to_vec()), now);
                self.ready.push_back(said("Pong", &pong));
                Ok(())
            }
            _ => match command(kind) {
                Some(command) => self.command(command, request, now),
                None => Err(Refused::new(Code::Invalid, "unknown message type")),
            },
        }
    }

    fn subscribe(&mut self, request: &Request, now: Moment) -> Result<(), Refused> {
        let wanted = few(request.objects("streams")?)?;
        if self.subscriptions.len() >= SUBSCRIPTIONS {
            return Err(Refused::new(Code::General, "too many subscriptions"));
        }
        let tag = match request.members.get("tag") {
            None | Some(Json::Null) => None,
            Some(Json::Text(tag)) if tag.len() > LONGEST_TAG => {
                return Err(Refused::new(Code::Invalid, "tag is too long"));
            }
            Some(Json::Text(tag)) => Some(tag.clone()),
            Some(_) => return Err(Refused::new(Code::Invalid, "tag must be a string")),
        };
        let mut opened = Vec::with_capacity(wanted.len());
        let mut waiting = self.waiting();
        {
            let mut prime = lock(&self.prime);
            prime.desk.advance(now);
            for stream in wanted {
                let (feed, snapshot) = Feed::open(&prime.desk, stream, &self.caller, now)
                    .map_err(|text| Refused::new(Code::Invalid, text))?;
                waiting += snapshot.len().saturating_sub(self.page_size);
                if waiting > WAITING {
                    return Err(Refused::new(Code::General, "too many pages are waiting"));
                }
                opened.push((feed, snapshot));
            }
        }
        let reqid = request.reqid;
        let mut count = 0;
        let mut streams = Vec::with_capacity(opened.len());
        for (feed, snapshot) in opened {
            let total = (snapshot.len() > self.page_size).then_some(snapshot.len());
            let mut stream = Stream { feed, rest: None };
            let records = written_from(self.page_size, snapshot).into_iter();
            let data = part(&mut stream, records, self.page_size, &mut self.parts);
            let occasion = Occasion::Initial { total };
            count += 1;
            let said = message(reqid, tag.as_deref(), count, &stream, occasion, data, now);
            self.ready.push_back(said);
            streams.push(stream);
        }
        let subscription = Subscription {
            tag,
            count,
            streams,
        };
        self.subscriptions.insert(reqid, subscription);
        Ok(())
    }

    /// How many records wait for being asked for.
    fn waiting(&self) -> usize {
        let subscriptions = self.subscriptions.values();
        let streams = subscriptions.flat_map(|subscription| &subscription.streams);
        let rests = streams.filter_map(|stream| stream.rest.as_ref());
        rests.map(|rest| rest.records.len()).sum()
    }

    fn page(&mut self, request: &Request, now: Moment) -> Result<(), Refused> {
        let reqid = request.reqid;
        let Some(subscription) = self.subscriptions.get_mut(&reqid) else {
            return Err(unknown_reqid());
        };
        let Subscription {
            tag,
            count,
            streams,
        } = subscription;
        for wanted in few(request.objects("streams")?)? {
            let text = |name| wanted.get(name).and_then(Json::as_str);
            let (name, after) = (text("name"), text("after"));
            let found = streams.iter_mut().find_map(|stream| {
                let is_meant = Some(stream.feed.name()) == name;
                let rest = stream
                    .rest
                    .take_if(|rest| is_meant && after == Some(&rest.token))?;
                Some((stream, rest))
            });
            let (stream, rest) =
                found.ok_or_else(|| Refused::new(Code::Invalid, "no such page"))?;
            let data = part(stream, rest.records, self.page_size, &mut self.parts);
            *count += 1;
            let tag = tag.as_deref();
            let said = message(reqid, tag, *count, stream, Occasion::Page, data, now);
            self.ready.push_back(said);
        }
        Ok(())
    }

    fn command(&mut self, command: Command, request: &Request, now: Moment) -> Result<(), Refused> {
        let records = few(request.objects("data")?)?;
        if !self.caller.trades {
            return Err(Refused::new(Code::General, "not permitted"));
        }
        let mut prime = lock(&self.prime);
        prime.desk.advance(now);
        let mut outcome = Ok(());
        // Each record stands for itself; of several that can't be understood the
        // first is told.
        for record in records {
            let done = prime.desk.command(command, record, &self.caller, now);
            outcome = outcome.and(done.map_err(|text| Refused::new(Code::Invalid, text)));
        }
        outcome
    }

    fn refuse(&mut self, reqid: i64, refused: &Refused, now: Moment) {
        let seq = match self.subscriptions.get_mut(&reqid) {
            Some(subscription) => {
                subscription.count += 1;
                subscription.count
            }
            None => 1,
        };
        let error = envelope::error(reqid, seq, refused, now);
        self.ready.push_back(said("error", &error));
    }

    /// The news of the next stream that has any.
    fn news(&mut self, clock: &Clock) -> Result<(), Behind> {
        let streams: usize = self
            .subscriptions
            .values()
            .map(|one| one.streams.len())
            .sum();
        if streams == 0 {
            return Ok(());
        }
        let mut prime = lock(&self.prime);
        let now = clock.now();
        prime.desk.advance(now);
        let first = self.turn % streams;
        // From the one whose turn it is to the last, then from the first on.
        for round in 0..2 {
            let mut place = 0;
            for (reqid, subscription) in &mut self.subscriptions {
                let Subscription {
                    tag,
                    count,
                    streams,
                } = subscription;
                for stream in streams {
                    place += 1;
                    if (place > first) != (round == 0) {
                        continue;
                    }
                    let batches = stream.feed.poll(&prime.desk, now)?;
                    if batches.is_empty() {
                        continue;
                    }
                    self.turn = place;
                    for Batch { remove, records } in batches {
                        *count += 1;
                        let occasion = Occasion::News { remove };
                        let tag = tag.as_deref();
                        let said = message(*reqid, tag, *count, stream, occasion, records, now);
                        self.ready.push_back(said);
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Session for Connection {
    fn path(&self) -> &str {
        PATH
    }

    fn kind(&self, text: &str) -> &'static str {
        let request = Json::parse(text.as_bytes());
        let said = request.as_ref().and_then(|request| request.get("type"));
        let said = said.and_then(Json::as_str);
        let known = KINDS.into_iter().find(|kind| said == Some(*kind));
        known.unwrap_or("(unknown)")
    }

    fn hear(&mut self, text: &str, clock: &Clock) -> Option<String> {
        let now = clock.now();
        let (reqid, outcome) = match Request::parse(text) {
            Ok(request) => (request.reqid, self.answer(&request, now)),
            Err((reqid, refused)) => (reqid, Err(refused)),
        };
        let refused = outcome.err()?;
        self.refuse(reqid, &refused, now);
        Some(refused.text)
    }

    fn fail(&mut self, text: &str, error: &str, clock: &Clock) {
        let reqid = match Request::parse(text) {
            Ok(request) => request.reqid,
            Err((reqid, _)) => reqid,
        };
        let refused = Refused::new(Code::General, error);
        self.refuse(reqid, &refused, clock.now());
    }

    fn next(&mut self, clock: &Clock) -> Result<Option<Said>, Farewell> {
        if self.ready.is_empty() {
            self.news(clock).map_err(|Behind| Farewell {
                code: 1008,
                reason: "too slow: what was not read is no longer kept".to_owned(),
            })?;
        }
        Ok(self.ready.pop_front())
    }

    fn stranger(&self, clock: &Clock) -> String {
        envelope::stranger(clock.now()).to_string()
    }
}

fn message(
    reqid: i64,
    tag: Option<&str>,
    seq_num: u64,
    stream: &Stream,
    occasion: Occasion,
    data: Vec<Json>,
    now: Moment,
) -> Said {
    let kind = stream.feed.name();
    // More of a snapshot is told of where a part of it is sent.
    let next = match (&occasion, &stream.rest) {
        (Occasion::News { .. }, _) | (_, None) => None,
        (_, Some(rest)) => Some(rest.token.as_str()),
    };
    let update = Update {
        reqid,
        stream: kind,
        tag,
        seq_num,
        occasion,
        next,
        data,
    };
    said(kind, &update.json(now))
}

fn said(kind: &'static str, message: &Json) -> Said {
    Said {
        kind,
        text: message.to_string(),
    }
}

/// Writes the records that are not sent yet: as text they take a small part of
/// the memory.
fn written_from(first: usize, mut records: Vec<Json>) -> Vec<Json> {
    for record in records.iter_mut().skip(first) {
        *record = Json::Written(record.to_string());
    }
    records
}

/// Takes a part of a snapshot and leaves the rest to be asked for.
fn part(
    stream: &mut Stream,
    mut records: std::vec::IntoIter<Json>,
    page_size: usize,
    parts: &mut u64,
) -> Vec<Json> {
    let part = records.by_ref().take(page_size).collect();
    if records.len() > 0 {
        *parts += 1;
        let place = format!("{}/{parts}/{}", stream.feed.name(), records.len());
        stream.rest = Some(Rest {
            records,
            token: STANDARD.encode(place),
        });
    }
    part
}

fn few(elements: &[Json]) -> Result<&[Json], Refused> {
    if elements.len() > ELEMENTS {
        return Err(Refused::new(Code::Invalid, "too many elements"));
    }
    Ok(elements)
}

fn unknown_reqid() -> Refused {
    Refused::new(Code::General, "unknown reqid")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(clock: &Clock) -> Connection {
        let now = clock.now();
        let caller = Caller {
            user: "U".into(),
            email: "u@prime.example".into(),
            name: "U".into(),
            trades: true,
        };
        let prime = Arc::new(Mutex::new(Prime::new(1, now)));
        Connection::new(prime, caller, "S", 500, now)
    }

    #[test]
    fn who_is_not_asked_for_too_long_is_told_to_go_and_costs_nothing() {
        let clock = Clock::frozen_at(Moment::from_seconds(1_780_000_000));
        let mut connection = connection(&clock);
        let subscribe = r#"{"reqid":1,"type":"subscribe","streams":[{"name":"ExecutionReport"}]}"#;
        assert_eq!(connection.hear(subscribe, &clock), None);
        let kinds = ["hello", "ExecutionReport"].map(Some);
        for kind in kinds {
            let said = connection.next(&clock).unwrap();
            assert_eq!(said.map(|said| said.kind), kind);
        }
        assert!(connection.next(&clock).unwrap().is_none());
        // Refused orders are reported, too.
        let order = |id: usize| {
            format!(
                r#"{{"Symbol":"NO-SUCH","ClOrdID":"{id}","Side":"Buy","OrderQty":"1","OrdType":"Limit","Price":"1","Currency":"NO","TimeInForce":"GoodTillCancel","TransactTime":"2026-05-28T20:26:40.000000Z"}}"#
            )
        };
        for round in 0..110 {
            let orders: Vec<String> = (0..100).map(|one| order(round * 100 + one)).collect();
            let orders = orders.join(",");
            let command = format!(r#"{{"reqid":2,"type":"NewOrderSingle","data":[{orders}]}}"#);
            assert_eq!(connection.hear(&command, &clock), None);
            // Nothing is kept for it in the meantime.
            assert!(connection.ready.is_empty());
        }
        let behind = connection.next(&clock).unwrap_err();
        assert_eq!(behind.code, 1008);
        assert!(behind.reason.starts_with("too slow"));
    }

    #[test]
    fn many_subscriptions_and_elements_are_refused() {
        let clock = Clock::frozen_at(Moment::from_seconds(1_780_000_000));
        let mut connection = connection(&clock);
        let subscribe = |reqid: usize, streams: usize| {
            let streams = vec![r#"{"name":"Exposure"}"#; streams].join(",");
            format!(r#"{{"reqid":{reqid},"type":"subscribe","streams":[{streams}]}}"#)
        };
        let refused = connection.hear(&subscribe(1, ELEMENTS + 1), &clock);
        assert_eq!(refused.as_deref(), Some("too many elements"));
        for reqid in 1..=SUBSCRIPTIONS {
            assert_eq!(connection.hear(&subscribe(reqid, 1), &clock), None);
        }
        let refused = connection.hear(&subscribe(SUBSCRIPTIONS + 1, 1), &clock);
        assert_eq!(refused.as_deref(), Some("too many subscriptions"));
    }

    #[test]
    fn pages_that_nobody_asks_for_come_to_an_end() {
        let clock = Clock::frozen_at(Moment::from_seconds(1_780_000_000));
        let mut connection = connection(&clock);
        connection.page_size = 1;
        let streams = vec![r#"{"name":"Currency"}"#; ELEMENTS].join(",");
        let subscribe =
            |reqid: i64| format!(r#"{{"reqid":{reqid},"type":"subscribe","streams":[{streams}]}}"#);
        let refused = (1..500).find_map(|reqid| {
            let refused = connection.hear(&subscribe(reqid), &clock);
            refused.map(|why| (reqid, why))
        });
        let (reqid, why) = refused.unwrap();
        assert_eq!(why, "too many pages are waiting");
        assert!(connection.waiting() <= WAITING);
        // Those of a subscription that ends are forgotten.
        connection.hear(r#"{"reqid":1,"type":"cancel"}"#, &clock);
        assert_eq!(connection.hear(&subscribe(reqid), &clock), None);
    }

    #[test]
    fn a_tag_has_a_length() {
        let clock = Clock::frozen_at(Moment::from_seconds(1_780_000_000));
        let mut connection = connection(&clock);
        let mut subscribe = |reqid: i64, length: usize| {
            let tag = "x".repeat(length);
            let text = format!(
                r#"{{"reqid":{reqid},"type":"subscribe","tag":"{tag}","streams":[{{"name":"User"}}]}}"#
            );
            connection.hear(&text, &clock)
        };
        assert_eq!(subscribe(1, LONGEST_TAG), None);
        let refused = subscribe(2, LONGEST_TAG + 1);
        assert_eq!(refused.as_deref(), Some("tag is too long"));
    }
}
