//! The desk by its commands and streams.

mod hostile;
mod money;
mod orders;
mod quotes;
mod random;
mod strategies;
mod streams;

use std::time::Duration;

use rust_decimal::Decimal;

use super::desk::{Command, Desk};
use super::feed::Feed;
use super::people::Caller;
use crate::Moment;
use crate::json::Json;

/// A desk whose market moves only when told to, and who listens to it.
struct Stage {
    desk: Desk,
    now: Moment,
    caller: Caller,
    reports: Feed,
    last_id: u32,
}

fn caller() -> Caller {
    Caller {
        user: "174K1Q9GC0C00".to_owned(),
        email: "tom@company.com".to_owned(),
        name: "Tom".to_owned(),
        trades: true,
    }
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A member as text.
fn text<'a>(record: &'a Json, name: &str) -> &'a str {
    record.get(name).and_then(Json::as_str).unwrap_or("-")
}

fn number(record: &Json, name: &str) -> Decimal {
    decimal(text(record, name))
}

impl Stage {
    fn new() -> Self {
        let now = Moment::from_seconds(1_800_000_000);
        let mut desk = Desk::new(1, now);
        desk.markets.frozen = true;
        assert!(desk.set_price("BTC-USD", decimal("50000.0"), now));
        assert!(desk.set_price("ETH-USD", decimal("2000"), now));
        let stream = Json::parse(br#"{"name":"ExecutionReport"}"#).unwrap();
        let (reports, _) = Feed::open(&desk, &stream, &caller(), now).unwrap();
        Self {
            desk,
            now,
            caller: caller(),
            reports,
            last_id: 0,
        }
    }

    fn send(&mut self, command: Command, record: &str) -> Result<(), String> {
        let record = Json::parse(record.as_bytes()).unwrap();
        self.desk.command(command, &record, &self.caller, self.now)
    }

    /// A new order of BTC-USD by its id; `more` are members.
    fn order(&mut self, id: &str, side: &str, qty: &str, more: &str) {
        let record = format!(
            r#"{{"Symbol":"BTC-USD","ClOrdID":"{id}","Side":"{side}","OrderQty":"{qty}",{more}}}"#
        );
        self.send(Command::NewOrderSingle, &record).unwrap();
    }

    fn limit(&mut self, id: &str, side: &str, qty: &str, price: &str) {
        let more = format!(r#""OrdType":"Limit","Price":"{price}","TimeInForce":"GoodTillCancel""#);
        self.order(id, side, qty, &more);
    }

    /// A request about an order; `more` are members.
    fn ask(&mut self, command: Command, id: &str, orig: &str, more: &str) {
        let record = format!(
            r#"{{"Symbol":"BTC-USD","ClOrdID":"{id}","OrigClOrdID":"{orig}","TransactTime":"2027-01-15T08:00:00.000000Z"{more}}}"#
        );
        self.send(command, &record).unwrap();
    }

    fn cancel(&mut self, id: &str, orig: &str) {
        self.ask(Command::OrderCancelRequest, id, orig, "");
    }

    fn replace(&mut self, id: &str, orig: &str, qty: &str, price: &str) {
        let more = format!(r#","OrderQty":"{qty}","Price":"{price}""#);
        self.ask(Command::OrderCancelReplaceRequest, id, orig, &more);
    }

    fn wait(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        self.desk.advance(self.now);
    }

    fn price(&mut self, price: &str) {
        assert!(self.desk.set_price("BTC-USD", decimal(price), self.now));
    }

    /// The reports since the last time.
    fn news(&mut self) -> Vec<Json> {
        let batches = self.reports.poll(&self.desk, self.now).unwrap();
        batches
            .into_iter()
            .flat_map(|batch| batch.records)
            .collect()
    }

    /// The same as rows of the vendor's tables: ids, `ExecType`, `OrdStatus`, `OrderQty`,
    /// `CumQty`, `LeavesQty`.
    fn rows(&mut self) -> Vec<String> {
        let news = self.news();
        news.iter().map(row).collect()
    }

    /// The id of the only order that is open.
    fn open(&self) -> String {
        let live: Vec<_> = self.desk.orders.live().collect();
        let [(_, order)] = live.as_slice() else {
            panic!("{} are open", live.len());
        };
        order.id.clone()
    }

    fn fill(&mut self, qty: &str) {
        let id = self.open();
        assert_eq!(self.desk.fill_order(&id, decimal(qty)), decimal(qty));
    }

    fn feed(&self, stream: &str) -> (Feed, Vec<Json>) {
        self.try_feed(stream).unwrap()
    }

    fn try_feed(&self, stream: &str) -> Result<(Feed, Vec<Json>), String> {
        let stream = Json::parse(stream.as_bytes()).unwrap();
        Feed::open(&self.desk, &stream, &self.caller, self.now)
    }

    fn poll(&self, feed: &mut Feed) -> Vec<Json> {
        let batches = feed.poll(&self.desk, self.now).unwrap();
        batches
            .into_iter()
            .flat_map(|batch| batch.records)
            .collect()
    }

    fn fresh_id(&mut self) -> String {
        self.last_id += 1;
        format!("id-{}", self.last_id)
    }
}

fn row(record: &Json) -> String {
    let ids = match text(record, "OrigClOrdID") {
        "-" => text(record, "ClOrdID").to_owned(),
        orig => format!("{},{orig}", text(record, "ClOrdID")),
    };
    let short = |name: &str| match text(record, name) {
        "-" => "-".to_owned(),
        value => decimal(value).normalize().to_string(),
    };
    format!(
        "({ids}) {} {} {} {} {}",
        text(record, "ExecType"),
        text(record, "OrdStatus"),
        short("OrderQty"),
        short("CumQty"),
        short("LeavesQty"),
    )
}
