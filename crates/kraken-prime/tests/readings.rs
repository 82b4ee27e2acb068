//! What the vendor's pages leave open, or what is known from other installations of the same server
//! only: whichever way Prime does it, the client must get it right.
//!
//! | Open point | Test |
//! |---|---|
//! | which reports an order begins with | `a_new_order_may_begin_in_any_known_way` |
//! | which reports requests about it end with | `a_cancellation_may_end_in_any_known_way`, `a_pause_…` |
//! | under which id fills come while a replacement is pending | `a_replacement_may_end_in_any_known_way` |
//! | the status in the refusal of a request that found no order | `a_request_that_found_no_order_ends_no_order` |
//! | whether a refusal has a reason, a text, both or neither | `a_refusal_may_have_reason_and_text_or_not` |
//! | how a request for a quote ends that nobody took | `quotes_may_end_in_any_known_way` |
//! | `action`, `UpdateAction`, `initial` there or not | `removals_and_updates_may_be_shown_in_any_way` |
//! | whether a `Pong` has a number | `a_pong_may_have_a_number` |
//! | a trade that is told again | `a_trade_may_be_told_again` |
//! | sides of a market that is offline | `a_market_that_is_offline_may_have_no_prices` |
//! | the time of a setting, spellings of `DecisionStatus`, names that are lost | `records_may_have_other_forms_and_names` |
//! | `CurrencyID`, `SecurityID`, `Revision`, `Rank`, `Expiration`, `Currency.Timestamp`, `seq` | `samples.rs` |
//! | pages that show what they are or not, updates between them | `session.rs` |
//! | `error` as an object or a text, numbers as texts | `envelope.rs`, `samples.rs` |
//! | whether orders outlive the connection | `session.rs`, orders lost with it |

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod venue;

use std::collections::HashMap;

use exchange_wire::losses;
use kraken_prime::commands::OrderId;
use kraken_prime::enums::{
    ControlAction, DecisionStatus, OrdStatus, QuoteStatus, Side, TimeInForce,
};
use kraken_prime::streams::{ExecutionReport, MarketData, Quote, Trade, User};
use kraken_prime::{Client, Decimal, Error, Event, Kind, Notice, Outcome};
use serde_json::{Value, json};
use tokio::time::timeout;
use venue::{PATIENCE, Peer, Venue, message};

/// A client and a venue that answers its commands with records.
struct Desk {
    client: Client,
    peer: Peer,
    /// Number of the request and of the last message, by stream.
    streams: HashMap<String, (u64, u64)>,
}

impl Desk {
    async fn new() -> Self {
        let venue = Venue::open().await;
        let (client, peer) = venue.connected().await;
        Self {
            client,
            peer,
            streams: HashMap::new(),
        }
    }

    /// Lets a command be sent, answers with what `records` makes of it, one message each, and
    /// gives what came of it.
    async fn play<T: Send + 'static>(
        &mut self,
        command: impl Future<Output = Result<T, Error>> + Send + 'static,
        stream: &str,
        records: impl Fn(&Value) -> Vec<Value>,
    ) -> Result<T, Error> {
        let command = tokio::spawn(command);
        let sent = loop {
            let request = self.peer.hear().await;
            if request["type"] != "subscribe" {
                break request["data"][0].clone();
            }
            let name = request["streams"][0]["name"].as_str().unwrap().to_owned();
            let reqid = request["reqid"].as_u64().unwrap();
            let empty = message(reqid, &name, 1, true, &json!([]));
            self.peer.say(&empty).await;
            self.streams.insert(name, (reqid, 1));
        };
        let (reqid, number) = self.streams.get_mut(stream).unwrap();
        for record in records(&sent) {
            *number += 1;
            let update = message(*reqid, stream, *number, false, &json!([record]));
            self.peer.say(&update).await;
        }
        timeout(PATIENCE, command).await.unwrap().unwrap()
    }
}

/// Reports as `ExecType OrdStatus`; with `before` in the end they carry the id from before the
/// request.
fn reports<'a>(steps: &'a [&'a str]) -> impl Fn(&Value) -> Vec<Value> + 'a {
    |sent| {
        let steps = steps.iter().map(|step| {
            let words: Vec<&str> = step.split(' ').collect();
            let id = match words.get(2) {
                Some(&"before") => json!("A"),
                _ => sent["ClOrdID"].clone(),
            };
            json!({"OrderID": "O", "ClOrdID": id, "OrigClOrdID": "A",
                "ExecType": words[0], "OrdStatus": words[1]})
        });
        steps.collect()
    }
}

#[tokio::test]
async fn a_new_order_may_begin_in_any_known_way() {
    let mut desk = Desk::new().await;
    let one = Decimal::ONE;
    // What the last report says, or that it is refused.
    let new: [(&[&str], Option<&str>); 8] = [
        (&["PendingNew PendingNew", "New New"], Some("New")),
        (&["New New"], Some("New")),
        (&["Trade Filled"], Some("Trade")),
        (
            &["PendingNew PendingNew", "Trade PartiallyFilled"],
            Some("Trade"),
        ),
        (
            &["PendingNew PendingNew", "Canceled Canceled"],
            Some("Canceled"),
        ),
        (&["Rejected Rejected"], None),
        (&["PendingNew PendingNew", "Rejected Rejected"], None),
        // As one more word, which is no refusal and no acceptance.
        (&["Queued PendingNew", "New New"], Some("New")),
    ];
    for (steps, end) in new {
        let order = desk.client.new_order().symbol("BTC-USD").side(Side::Buy);
        let order = order.quantity(one).limit(one, TimeInForce::GoodTillCancel);
        let result = desk
            .play(order.send(), "ExecutionReport", reports(steps))
            .await;
        let result = result.map(|placed| placed.accepted().clone());
        ends(steps, result, end);
    }
}

#[tokio::test]
async fn a_cancellation_may_end_in_any_known_way() {
    let mut desk = Desk::new().await;
    let order = || OrderId::Venue("O".to_owned());
    let cancel: [(&[&str], Option<&str>); 7] = [
        (
            &["PendingCancel PendingCancel", "Canceled Canceled"],
            Some("Canceled"),
        ),
        (&["Canceled Canceled"], Some("Canceled")),
        // By somebody else, under the id of before.
        (
            &["PendingCancel PendingCancel", "Canceled Canceled before"],
            Some("Canceled"),
        ),
        (&["CancelRejected New"], None),
        (
            &[
                "PendingCancel PendingCancel",
                "CancelRejected PartiallyFilled",
            ],
            None,
        ),
        (
            &[
                "PendingCancel PendingCancel",
                "Trade Filled before",
                "CancelRejected Filled",
            ],
            None,
        ),
        (&["PendingCancel PendingCancel", "Trade Filled"], None),
    ];
    for (steps, end) in cancel {
        let command = desk.client.cancel_order().symbol("BTC-USD").order(order());
        let result = desk
            .play(command.send(), "ExecutionReport", reports(steps))
            .await;
        ends(steps, result, end);
    }
}

#[tokio::test]
async fn a_replacement_may_end_in_any_known_way() {
    let mut desk = Desk::new().await;
    let order = || OrderId::Venue("O".to_owned());
    let one = Decimal::ONE;
    let replace: [(&[&str], Option<&str>); 9] = [
        (
            &["PendingReplace PendingReplace", "Replaced New"],
            Some("Replaced"),
        ),
        (&["Replaced New"], Some("Replaced")),
        (&["ReplaceRejected New"], None),
        (
            &["PendingReplace PendingReplace", "ReplaceRejected New"],
            None,
        ),
        (
            &["PendingReplace PendingReplace", "CancelRejected New"],
            None,
        ),
        (
            &[
                "PendingReplace PendingReplace",
                "Trade PendingReplace before",
                "Replaced New",
            ],
            Some("Replaced"),
        ),
        (
            &[
                "PendingReplace PendingReplace",
                "Trade PendingReplace",
                "Replaced New",
            ],
            Some("Replaced"),
        ),
        (
            &[
                "PendingReplace PendingReplace",
                "Trade PendingReplace",
                "ReplaceRejected New",
            ],
            None,
        ),
        (
            &["PendingReplace PendingReplace", "Canceled Canceled"],
            None,
        ),
    ];
    for (steps, end) in replace {
        let command = desk.client.replace_order().symbol("BTC-USD").order(order());
        let command = command.total_quantity(one).price(one);
        let result = desk
            .play(command.send(), "ExecutionReport", reports(steps))
            .await;
        ends(steps, result, end);
    }
}

#[tokio::test]
async fn a_pause_may_end_in_any_known_way() {
    let mut desk = Desk::new().await;
    let order = || OrderId::Venue("O".to_owned());
    let control: [(&[&str], Option<&str>); 6] = [
        (&["PendingPause New", "Paused New"], Some("Paused")),
        (&["Paused PartiallyFilled"], Some("Paused")),
        (&["PendingResume New", "Resumed New"], Some("Resumed")),
        (&["CancelRejected New"], None),
        (&["ReplaceRejected New"], None),
        (&["PendingPause New", "Rejected New"], None),
    ];
    for (steps, end) in control {
        let command = desk.client.control_order().order(order());
        let command = command.action(ControlAction::Pause);
        let result = desk
            .play(command.send(), "ExecutionReport", reports(steps))
            .await;
        ends(steps, result, end);
    }
}

fn ends(steps: &[&str], result: Result<ExecutionReport, Error>, end: Option<&str>) {
    match (result, end) {
        (Ok(report), Some(end)) => {
            assert_eq!(report.exec_type.unwrap().as_str(), end, "{steps:?}");
        }
        (Err(error), None) => {
            assert_eq!(error.outcome(), Outcome::NotExecuted, "{steps:?}");
            assert_eq!(error.kind(), Kind::OrderRejected, "{steps:?}");
        }
        (result, _) => panic!("{steps:?}: {result:?}"),
    }
}

#[tokio::test]
async fn a_refusal_may_have_reason_and_text_or_not() {
    let mut desk = Desk::new().await;
    for (members, kind, shown) in [
        (json!({}), Kind::OrderRejected, r#""OrdStatus":"Rejected""#),
        (json!({"Text": "in words"}), Kind::OrderRejected, "in words"),
        (
            json!({"OrdRejReason": "RateLimit"}),
            Kind::RateLimit,
            "RateLimit",
        ),
        (
            json!({"OrdRejReason": "UnknownSymbol", "Text": "in words"}),
            Kind::NotFound,
            "UnknownSymbol: in words",
        ),
        (
            json!({"OrdRejReason": "Novel"}),
            Kind::OrderRejected,
            "Novel",
        ),
    ] {
        let order = desk.client.new_order().symbol("BTC-USD").side(Side::Buy);
        let order = order.quantity(Decimal::ONE).market(TimeInForce::FillOrKill);
        let refusal = |sent: &Value| {
            let mut record = members.clone();
            for (name, value) in [
                ("ExecType", json!("Rejected")),
                ("OrdStatus", json!("Rejected")),
            ] {
                record[name] = value;
            }
            record["ClOrdID"] = sent["ClOrdID"].clone();
            vec![record]
        };
        let result = desk.play(order.send(), "ExecutionReport", refusal).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), kind, "{members}");
        assert!(error.to_string().contains(shown), "{error}");
    }
    // What is over needs no reason.
    let order = OrderId::Client("A".to_owned());
    let cancel = desk.client.cancel_order().symbol("BTC-USD").order(order);
    let filled = reports(&["Trade Filled"]);
    let error = desk
        .play(cancel.send(), "ExecutionReport", filled)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("the order is Filled"), "{error}");
}

#[tokio::test]
async fn quotes_may_end_in_any_known_way() {
    let mut desk = Desk::new().await;
    let quotes = |steps: &'static [&'static str]| {
        move |sent: &Value| {
            let steps = steps.iter().map(|status| {
                let mut record = json!({"QuoteReqID": sent["QuoteReqID"], "QuoteID": "Q",
                    "RFQID": "R", "QuoteStatus": status});
                if *status == "Rejected" {
                    record.as_object_mut().unwrap().remove("RFQID");
                }
                record
            });
            steps.collect::<Vec<_>>()
        }
    };
    let asked: [(&[&str], bool); 6] = [
        (&["PendingNew", "Open"], true),
        (&["Open"], true),
        (&["Priced"], true),
        (&["PendingNew", "Canceled"], false),
        (&["PendingNew", "Rejected"], false),
        (&["Rejected"], false),
    ];
    for (steps, good) in asked {
        let request = desk
            .client
            .request_quote()
            .symbol("BTC-USD")
            .currency("BTC");
        let request = request.quantity(Decimal::ONE).send();
        match desk.play(request, "Quote", quotes(steps)).await {
            Ok(quote) if good => assert_eq!(quote.ids(), Some(("Q", "R"))),
            Err(error) if !good => {
                assert_eq!(error.kind(), Kind::OrderRejected, "{error}");
                let shown = steps.last().unwrap();
                assert!(error.to_string().contains(shown), "{error}");
            }
            result => panic!("{steps:?}: {result:?}"),
        }
    }
    let dropped: [(&[&str], bool); 4] = [
        (&["PendingCancel", "Canceled"], true),
        (&["Canceled"], true),
        (&["PendingCancel", "Filled"], false),
        (&["PendingCancel", "Open", "Canceled"], true),
    ];
    for (steps, good) in dropped {
        let cancel = desk
            .client
            .cancel_quote()
            .quote_req_id("M")
            .rfq_id("R")
            .send();
        match desk.play(cancel, "Quote", quotes(steps)).await {
            Ok(quote) if good => assert_eq!(quote.quote_status, Some(QuoteStatus::Canceled)),
            Err(error) if !good => {
                let wanted = "the request for a quote is Filled";
                assert!(error.to_string().contains(wanted), "{error}");
            }
            result => panic!("{steps:?}: {result:?}"),
        }
    }
    // Only what is open, or of a status that is not known, has a price to take.
    for (status, priced) in [
        (json!("Open"), true),
        (json!("Priced"), true),
        (json!(null), true),
        (json!("PendingNew"), false),
        (json!("PendingFill"), false),
        (json!("Canceled"), false),
    ] {
        let json = json!({"QuoteStatus": status, "QuoteID": "Q", "RFQID": "R"});
        let quote: Quote = serde_json::from_value(json).unwrap();
        assert_eq!(quote.ids().is_some(), priced, "{status}");
    }
}

#[tokio::test]
async fn removals_and_updates_may_be_shown_in_any_way() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.securities().view());
    let all = json!([{"Symbol": "A"}, {"Symbol": "B"}, {"Symbol": "C"}, {"Symbol": "D"}]);
    let reqid = peer.snapshot("Security", &all).await;
    let view = asked.await.unwrap().unwrap();
    let mut changes = view.changes();
    let steps = [
        // The message, the record, both, and one that only updates.
        (Some("Remove"), None, "A", 3),
        (None, Some("Remove"), "B", 2),
        (Some("Remove"), Some("Remove"), "C", 1),
        (Some("Update"), Some("Update"), "A", 2),
        (None, None, "B", 3),
        (Some("Update"), None, "C", 4),
        (Some("Novel"), Some("Novel"), "E", 5),
    ];
    for (number, (action, of_record, symbol, left)) in (2..).zip(steps) {
        let mut record = json!({"Symbol": symbol});
        if let Some(action) = of_record {
            record["UpdateAction"] = action.into();
        }
        let mut update = message(reqid, "Security", number, false, &json!([record]));
        if let Some(action) = action {
            update["action"] = action.into();
        } else {
            // Absent on updates, by one of the samples.
            update.as_object_mut().unwrap().remove("initial");
        }
        peer.say(&update).await;
        timeout(PATIENCE, async {
            while view.len() != left {
                assert!(changes.changed().await);
            }
        })
        .await
        .unwrap();
        assert!(view.status().is_current());
    }
}

#[tokio::test]
async fn a_pong_may_have_a_number() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    for number in [None, Some(0), Some(1)] {
        let pinging = client.clone();
        let ping = tokio::spawn(async move { pinging.ping().await });
        let mut pong = peer.hear().await;
        pong["type"] = "Pong".into();
        if let Some(number) = number {
            pong["seqNum"] = number.into();
        }
        peer.say(&pong).await;
        ping.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_trade_may_be_told_again() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.trades().subscribe());
    let trade = |status: &str, revision: u32| json!({"TradeID": "t", "TradeStatus": status, "Revision": revision});
    let all = json!([trade("Pending", 0), trade("Confirmed", 1), trade("Confirmed", 1),
        trade("Confirmed", 2), {"TradeID": "u"}, {"TradeID": "u"}]);
    peer.snapshot("Trade", &all).await;
    let mut trades = asked.await.unwrap().unwrap();
    let Some(Ok(Event::Message(message))) = trades.next().await else {
        panic!("no message");
    };
    // Another revision or status is news, the same once more is not.
    assert_eq!(message.data.len(), 4);
}

#[test]
fn a_market_that_is_offline_may_have_no_prices() {
    for sides in [
        r#","Bids":[],"Offers":[]"#,
        r#","Bids":null,"Offers":null"#,
        "",
    ] {
        let json = format!(r#"{{"Symbol":"BTC-USD","Status":"Offline"{sides}}}"#);
        let market: MarketData = serde_json::from_str(&json).unwrap();
        assert!(market.bids.is_empty() && market.offers.is_empty());
    }
}

#[test]
fn records_may_have_other_forms_and_names() {
    for time in ["1628004805337309202", r#""2021-08-03T15:33:25.337309Z""#] {
        let json =
            format!(r#"{{"CustomerUserID":"1","Config":[{{"Key":"k","Timestamp":{time}}}]}}"#);
        let user: User = serde_json::from_str(&json).unwrap();
        let nanos = user.config[0]
            .timestamp
            .as_ref()
            .unwrap()
            .unix_nanos()
            .unwrap();
        assert_eq!(nanos / 1000, 1_628_004_805_337_309);
        assert!(losses(&json, serde_json::to_string(&user).unwrap()).is_empty());
    }
    for status in [
        "Active",
        "PendingPause",
        "WaitingForTrigger",
        "Waiting for Trigger",
    ] {
        let json = format!(r#"{{"OrderID":"1","DecisionStatus":"{status}"}}"#);
        let order: ExecutionReport = serde_json::from_str(&json).unwrap();
        let read = order.decision_status.unwrap();
        assert_eq!(read.as_str(), status);
        assert_eq!(read == DecisionStatus::Active, status == "Active");
    }
    // Two members of a trade have lost their names, others may be called otherwise.
    let json = r#"{"TradeID":"t","Origin":"Dealer","UpdateType":"New","Account":"m","Revision":3}"#;
    let trade: Trade = serde_json::from_str(json).unwrap();
    let kept: Vec<&str> = trade.extra.iter().map(|(name, _)| name).collect();
    assert_eq!(kept, ["Origin", "UpdateType", "Account"]);
    assert!(losses(json, serde_json::to_string(&trade).unwrap()).is_empty());
    // The parameters of a strategy, of which only some are known.
    let json = r#"{"Parameters":{"ClipSize":"0.001","Novel":{"a":1.10}},"Strategy":"Novel"}"#;
    let order: ExecutionReport = serde_json::from_str(json).unwrap();
    assert!(losses(json, serde_json::to_string(&order).unwrap()).is_empty());
}

/// A subscription that the venue refused is not there to be cancelled.
#[tokio::test]
async fn what_was_refused_is_not_cancelled() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let mut notices = client.notices();
    let asked = tokio::spawn(client.market_data("XXX-YYY").subscribe());
    let reqid = peer.hear_subscribe("MarketDataSnapshot").await;
    let error = json!({"code": 1, "msg": "no such security"});
    peer.say(&json!({"reqid": reqid, "type": "error", "seq": 1, "error": error}))
        .await;
    assert!(asked.await.unwrap().is_err());
    // The next that the venue hears is another request.
    tokio::spawn(client.users().subscribe());
    peer.hear_subscribe("User").await;
    // An error that comes all the same is told as one that nobody waits for.
    peer.say(&json!({"reqid": reqid, "type": "error", "seq": 2, "error": error}))
        .await;
    let notice = timeout(PATIENCE, notices.next()).await.unwrap();
    assert!(matches!(notice, Some(Notice::Refused { reqid: Some(id), .. }) if id == reqid));
}

/// A request that found no order is refused with the status `Rejected`, as FIX has it: that is no
/// news of the order that it names, which lives on.
#[tokio::test]
async fn a_request_that_found_no_order_ends_no_order() {
    let mut desk = Desk::new().await;
    let mut notices = desk.client.notices();
    let order = desk.client.new_order().symbol("BTC-USD").side(Side::Buy);
    let order = order
        .quantity(Decimal::ONE)
        .limit(Decimal::ONE, TimeInForce::GoodTillCancel)
        .cl_ord_id("A");
    // Even while it is not accepted yet.
    let steps = |_: &Value| {
        let lost = json!({"OrderID": "O", "ClOrdID": "B", "OrigClOrdID": "A",
            "ExecType": "CancelRejected", "OrdStatus": "Rejected"});
        let new = json!({"OrderID": "O", "ClOrdID": "A", "ExecType": "New", "OrdStatus": "New"});
        vec![lost, new]
    };
    let placed = desk.play(order.send(), "ExecutionReport", steps).await;
    let placed = placed.unwrap();
    for (exec_type, status, reason) in [
        ("CancelRejected", "Rejected", None),
        ("ReplaceRejected", "Rejected", Some("UnknownOrder")),
        ("CancelRejected", "Canceled", Some("UnknownOrder")),
    ] {
        let cancel = desk.client.cancel_order().symbol("ETH-USD");
        let cancel = cancel.order(OrderId::Venue("O".to_owned()));
        let steps = |sent: &Value| {
            let mut record = json!({"OrderID": "O", "ClOrdID": sent["ClOrdID"],
                "ExecType": exec_type, "OrdStatus": status});
            if let Some(reason) = reason {
                record["CxlRejReason"] = reason.into();
            }
            vec![record]
        };
        let result = desk.play(cancel.send(), "ExecutionReport", steps).await;
        assert_eq!(result.unwrap_err().outcome(), Outcome::NotExecuted);
        assert_eq!(placed.latest().ord_status, Some(OrdStatus::New));
    }
    drop((desk, placed));
    while let Some(notice) = timeout(PATIENCE, notices.next()).await.unwrap() {
        assert!(!matches!(notice, Notice::Impossible { .. }), "{notice:?}");
    }
}
