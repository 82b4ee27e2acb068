//! Streams, views and commands against a venue on loopback that does what the test says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod venue;

use std::time::Duration;

use futures_util::sink::SinkExt as _;
use kraken_prime::commands::OrderId;
use kraken_prime::enums::{OrdStatus, Side, TimeInForce};
use kraken_prime::streams::Balance;
use kraken_prime::ws::{Liveness, QueueLimits};
use kraken_prime::{
    Client, Decimal, Error, Event, Interruption, Kind, Message, Notice, Outcome, Status, ViewStatus,
};
use serde_json::{Value, json};
use tokio::time::timeout;
use venue::{PATIENCE, Peer, Venue, balance, message};

fn amount(view: &kraken_prime::streams::BalanceBook, currency: &str) -> Option<String> {
    view.get(currency).map(|balance| balance.amount.to_string())
}

/// Waits for the view to be as wished.
async fn until<T: kraken_prime::Topic>(
    view: &kraken_prime::View<T>,
    wished: impl Fn(&kraken_prime::View<T>) -> bool,
) {
    let mut changes = view.changes();
    timeout(PATIENCE, async {
        while !wished(view) {
            assert!(changes.changed().await);
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_wrong_secret_is_refused_with_the_status() {
    let venue = Venue::open().await;
    let builder = venue.client().api_key(venue::KEY, "another-secret");
    let (client, peer) = tokio::join!(builder.connect(), venue.accept());
    assert!(peer.is_none());
    let error = client.unwrap_err();
    assert_eq!(error.kind(), Kind::Credentials);
    assert_eq!(error.status(), Some(401));
    assert!(!format!("{error} {error:?}").contains("another-secret"));
}

#[tokio::test]
async fn nothing_shows_a_secret() {
    let venue = Venue::open().await;
    let builder = venue.client();
    assert!(!format!("{builder:?}").contains(venue::SECRET));
    assert!(!format!("{builder:?}").contains(venue::KEY));
    let (client, _peer) = venue.connected().await;
    assert!(!format!("{client:?}").contains(venue::SECRET));
    assert_eq!(
        Client::builder().start().unwrap_err().kind(),
        Kind::Configuration
    );
    let clear = Client::builder()
        .api_key("k", "s")
        .url("ws://example.com/ws/v1");
    assert_eq!(clear.start().unwrap_err().kind(), Kind::Configuration);
}

#[tokio::test]
async fn a_refused_subscription_is_an_error_of_that_subscription() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.market_data("XXX-YYY").subscribe());
    let reqid = peer.hear_subscribe("MarketDataSnapshot").await;
    peer.say(&json!({"reqid": reqid, "type": "error", "seq": 1, "error": {"code": 1, "msg": "unknown symbol"}}))
        .await;
    let error = asked.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
    assert_eq!(error.messages()[0].text, "unknown symbol");
}

#[tokio::test]
async fn a_view_follows_updates_removals_and_pages() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.balances().view());
    let reqid = peer.hear_subscribe("Balance").await;
    let mut first = message(reqid, "Balance", 1, true, &json!([balance("USD", "1.50")]));
    first["next"] = "p2".into();
    peer.say(&first).await;
    let view = asked.await.unwrap().unwrap();
    let (page_of, page) = peer.hear_type("page").await;
    assert_eq!((page_of, &page["after"]), (reqid, &json!("p2")));
    assert!(matches!(view.status(), ViewStatus::Loading));
    // An update overtakes the page, which then says what was before.
    let update = message(reqid, "Balance", 2, false, &json!([balance("BTC", "7")]));
    peer.say(&update).await;
    let page = json!({"reqid": reqid, "type": "Balance", "page": true,
        "data": [balance("BTC", "5"), balance("ETH", "0.1")]});
    peer.say(&page).await;
    timeout(PATIENCE, view.complete()).await.unwrap().unwrap();
    assert_eq!(amount(&view, "USD").as_deref(), Some("1.50"));
    assert_eq!(amount(&view, "BTC").as_deref(), Some("7"));
    assert_eq!(amount(&view, "ETH").as_deref(), Some("0.1"));

    let mut removal = message(reqid, "Balance", 3, false, &json!([balance("ETH", "0.1")]));
    removal["action"] = "Remove".into();
    peer.say(&removal).await;
    until(&view, |view| view.len() == 2).await;
    assert_eq!(amount(&view, "ETH"), None);
}

/// Whether a last page shows that it is one, the vendor does not say for certain.
#[tokio::test]
async fn a_last_page_that_shows_nothing_completes_the_view_too() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.balances().view());
    let reqid = peer.hear_subscribe("Balance").await;
    let mut first = message(reqid, "Balance", 1, true, &json!([balance("USD", "1")]));
    first["next"] = "p2".into();
    peer.say(&first).await;
    let view = asked.await.unwrap().unwrap();
    peer.hear_type("page").await;
    peer.say(
        &json!({"reqid": reqid, "type": "Balance", "seqNum": 2, "data": [balance("BTC", "2")]}),
    )
    .await;
    timeout(PATIENCE, view.complete()).await.unwrap().unwrap();
    assert_eq!(view.len(), 2);
}

#[tokio::test]
async fn a_page_that_does_not_come_is_not_waited_for_without_end() {
    let venue = Venue::open().await;
    let builder = venue.client().answer_within(Duration::from_millis(100));
    let (client, mut peer) = venue.connected_by(builder).await;
    let asked = tokio::spawn(client.balances().view());
    let reqid = peer.hear_subscribe("Balance").await;
    let mut first = message(reqid, "Balance", 1, true, &json!([balance("USD", "1")]));
    first["next"] = "p2".into();
    peer.say(&first).await;
    let view = asked.await.unwrap().unwrap();
    peer.hear_type("page").await;
    assert_eq!(peer.hear().await, json!({"reqid": reqid, "type": "cancel"}));
    peer.snapshot("Balance", &json!([balance("BTC", "2")]))
        .await;
    timeout(PATIENCE, view.complete()).await.unwrap().unwrap();
    assert_eq!(
        (view.len(), amount(&view, "BTC").as_deref()),
        (1, Some("2"))
    );
}

/// A page of which the venue no longer knows is no refusal of the stream.
#[tokio::test]
async fn a_page_that_is_refused_is_asked_for_with_a_new_snapshot() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.balances().view());
    let reqid = peer.hear_subscribe("Balance").await;
    let mut first = message(reqid, "Balance", 1, true, &json!([balance("USD", "1")]));
    first["next"] = "p2".into();
    peer.say(&first).await;
    let view = asked.await.unwrap().unwrap();
    peer.hear_type("page").await;
    peer.say(
        &json!({"reqid": reqid, "type": "error", "error": {"code": 3, "msg": "unknown reqid"}}),
    )
    .await;
    assert_eq!(peer.hear().await["type"], "cancel");
    peer.snapshot("Balance", &json!([balance("BTC", "2")]))
        .await;
    timeout(PATIENCE, view.complete()).await.unwrap().unwrap();
    assert_eq!(view.len(), 1);
}

#[tokio::test]
async fn a_view_is_rebuilt_after_a_reconnect_and_says_so() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.balances().view());
    let both = json!([balance("USD", "1"), balance("BTC", "2")]);
    peer.snapshot("Balance", &both).await;
    let view = asked.await.unwrap().unwrap();
    timeout(PATIENCE, view.complete()).await.unwrap().unwrap();
    drop(peer);
    until(&view, |view| matches!(view.status(), ViewStatus::Stale(_))).await;
    // What was can still be read.
    assert_eq!(amount(&view, "BTC").as_deref(), Some("2"));
    let mut peer = venue.accept().await.unwrap();
    let reqid = peer.hear_subscribe("Balance").await;
    let mut first = message(reqid, "Balance", 1, true, &json!([balance("USD", "3")]));
    first["next"] = "p2".into();
    peer.say(&first).await;
    until(&view, |view| {
        matches!(view.status(), ViewStatus::Resynchronising)
    })
    .await;
    assert_eq!(amount(&view, "USD").as_deref(), Some("1"));
    peer.say(&json!({"reqid": reqid, "type": "Balance", "page": true, "data": []}))
        .await;
    timeout(PATIENCE, view.complete()).await.unwrap().unwrap();
    assert_eq!(amount(&view, "USD").as_deref(), Some("3"));
    assert_eq!(amount(&view, "BTC"), None);
    client.close().await;
    until(&view, |view| matches!(view.status(), ViewStatus::Ended(_))).await;
    assert!(view.complete().await.is_err());
    assert!(matches!(client.status(), Status::Closed { .. }));
    assert!(client.balances().subscribe().await.is_err());
}

async fn next_message(
    stream: &mut kraken_prime::Subscription<kraken_prime::streams::Balances>,
) -> Message<Balance> {
    match timeout(PATIENCE, stream.next()).await.unwrap() {
        Some(Ok(Event::Message(message))) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn whoever_is_too_slow_is_told_and_gets_a_new_snapshot() {
    let venue = Venue::open().await;
    let limits = QueueLimits {
        messages: 3,
        bytes: 1 << 20,
    };
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.balances().queue(limits).subscribe());
    let reqid = peer.snapshot("Balance", &json!([])).await;
    let mut stream = asked.await.unwrap().unwrap();
    for number in 2..=10 {
        let amount = number.to_string();
        let update = message(
            reqid,
            "Balance",
            number,
            false,
            &json!([balance("USD", &amount)]),
        );
        peer.say(&update).await;
    }
    // The ping's answer shows that all of it has arrived.
    let pinging = client.clone();
    let ping = tokio::spawn(async move { pinging.ping().await });
    let mut pong = peer.hear().await;
    pong["type"] = "Pong".into();
    peer.say(&pong).await;
    ping.await.unwrap().unwrap();

    for number in 1..=4 {
        assert_eq!(next_message(&mut stream).await.seq_num, Some(number));
    }
    let lagged = timeout(PATIENCE, stream.next()).await.unwrap();
    assert!(matches!(
        lagged,
        Some(Ok(Event::Interrupted(Interruption::Lagged { missed: 6 })))
    ));
    assert_eq!(peer.hear().await, json!({"reqid": reqid, "type": "cancel"}));
    // What still comes for the old request is of the past.
    let late = message(reqid, "Balance", 11, false, &json!([balance("USD", "11")]));
    peer.say(&late).await;
    peer.snapshot("Balance", &json!([balance("USD", "12")]))
        .await;
    let snapshot = next_message(&mut stream).await;
    assert!(snapshot.is_initial());
    assert_eq!(snapshot.data[0].amount, Decimal::from(12));
}

#[tokio::test]
async fn gaps_and_repetitions_are_noticed() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let mut notices = client.notices();
    let asked = tokio::spawn(client.balances().subscribe());
    let reqid = peer.snapshot("Balance", &json!([])).await;
    let mut stream = asked.await.unwrap().unwrap();
    assert!(next_message(&mut stream).await.is_initial());
    let update = |number, amount| {
        message(
            reqid,
            "Balance",
            number,
            false,
            &json!([balance("USD", amount)]),
        )
    };
    peer.say(&update(2, "2")).await;
    peer.say(&update(2, "2")).await;
    peer.say(&update(3, "3")).await;
    peer.say(&update(5, "5")).await;
    assert_eq!(next_message(&mut stream).await.seq_num, Some(2));
    assert_eq!(next_message(&mut stream).await.seq_num, Some(3));
    let gap = timeout(PATIENCE, stream.next()).await.unwrap();
    assert!(matches!(
        gap,
        Some(Ok(Event::Interrupted(Interruption::Gap {
            expected: 4,
            received: 5
        })))
    ));
    for (due, came) in [(3, 2), (4, 5)] {
        let notice = timeout(PATIENCE, notices.next()).await.unwrap();
        assert!(matches!(
            notice,
            Some(Notice::Sequence { stream: "Balance", expected, received })
                if (expected, received) == (due, came)
        ));
    }
    assert_eq!(peer.hear().await["type"], "cancel");
    peer.snapshot("Balance", &json!([balance("USD", "6")]))
        .await;
    assert_eq!(
        next_message(&mut stream).await.data[0].amount,
        Decimal::from(6)
    );
}

#[tokio::test]
async fn what_nobody_knows_is_kept_and_shown() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let mut notices = client.notices();
    let asked = tokio::spawn(client.balances().subscribe());
    let reqid = peer.snapshot("Balance", &json!([])).await;
    let mut stream = asked.await.unwrap().unwrap();
    next_message(&mut stream).await;
    let novel = r#"{"reqid":999,"type":"Novel","data":[{"Amount":1.10000000000000000001}]}"#;
    peer.say_text(novel.to_owned()).await;
    peer.say(&json!({"reqid": reqid, "type": "Novel"})).await;
    peer.say_text("}{".to_owned()).await;
    peer.say_text(String::new()).await;
    peer.say(&json!({"reqid": 998, "type": "error", "error": "odd"}))
        .await;
    let bytes = tokio_tungstenite::tungstenite::Message::binary(vec![0; 5]);
    peer.socket.send(bytes).await.unwrap();
    // A message of the stream that can't be read is an error of the stream, which goes on.
    peer.say(&json!({"reqid": reqid, "type": "Balance", "seqNum": 2, "data": [{"Currency": 7}]}))
        .await;
    peer.say(&message(reqid, "Balance", 3, false, &json!([])))
        .await;

    let mut told = Vec::new();
    for _ in 0..6 {
        told.push(timeout(PATIENCE, notices.next()).await.unwrap().unwrap());
    }
    assert!(matches!(&told[0], Notice::Unknown { text } if text == novel));
    assert!(matches!(&told[1], Notice::Unknown { .. }));
    assert!(matches!(&told[2], Notice::Unreadable { text } if text == "}{"));
    assert!(matches!(&told[3], Notice::Unreadable { text } if text.is_empty()));
    assert!(matches!(
        &told[4],
        Notice::Refused {
            reqid: Some(998),
            ..
        }
    ));
    assert!(matches!(&told[5], Notice::Binary { length: 5 }));
    let broken = timeout(PATIENCE, stream.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert_eq!(broken.kind(), Kind::Decode);
    assert!(broken.to_string().contains("data[0].Currency"), "{broken}");
    // It is missing then, so the stream is asked for anew.
    let gap = timeout(PATIENCE, stream.next()).await.unwrap();
    assert!(matches!(gap, Some(Ok(Event::Interrupted(_)))));
    assert_eq!(peer.hear().await["type"], "cancel");
    peer.snapshot("Balance", &json!([balance("USD", "3")]))
        .await;
    assert!(next_message(&mut stream).await.is_initial());
}

#[tokio::test]
async fn messages_of_16_mib_are_taken_and_larger_ones_are_not() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.balances().subscribe());
    let reqid = peer.snapshot("Balance", &json!([])).await;
    let mut stream = asked.await.unwrap().unwrap();
    next_message(&mut stream).await;
    let update = message(reqid, "Balance", 2, false, &json!([])).to_string();
    let padding = " ".repeat((16 << 20) - update.len());
    peer.say_text(update.clone() + &padding).await;
    assert_eq!(next_message(&mut stream).await.seq_num, Some(2));
    let larger = tokio_tungstenite::tungstenite::Message::text(update + &padding + " ");
    // The client hangs up while it is sent.
    let (_sent, ()) = tokio::join!(peer.socket.send(larger), async {
        let lost = timeout(PATIENCE, stream.next()).await.unwrap();
        assert!(matches!(
            lost,
            Some(Ok(Event::Interrupted(Interruption::ConnectionLost(_))))
        ));
    });
}

#[tokio::test]
async fn events_go_on_after_a_reconnect_where_they_were() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let trade = |id: &str, second: u32| json!({"TradeID": id, "TransactTime": format!("2024-01-01T00:10:{second:02}.000000Z")});
    let asked = tokio::spawn(client.trades().subscribe());
    peer.snapshot("Trade", &json!([trade("a", 1), trade("b", 2)]))
        .await;
    let mut trades = asked.await.unwrap().unwrap();
    let ids = |event: Option<Result<Event<kraken_prime::streams::Trade>, Error>>| match event {
        Some(Ok(Event::Message(message))) => message
            .data
            .iter()
            .map(|trade| trade.trade_id.clone())
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ids(trades.next().await), ["a", "b"]);
    drop(peer);
    let lost = timeout(PATIENCE, trades.next()).await.unwrap();
    assert!(matches!(lost, Some(Ok(Event::Interrupted(_)))));
    let mut peer = venue.accept().await.unwrap();
    let (reqid, element) = peer.hear_type("subscribe").await;
    assert_eq!(element["StartDate"], "2024-01-01T00:09:02.000000Z");
    let again = json!([trade("b", 2), trade("c", 2)]);
    peer.say(&message(reqid, "Trade", 1, true, &again)).await;
    assert_eq!(ids(trades.next().await), ["c"]);
}

#[tokio::test]
async fn a_silent_venue_is_pinged_and_left() {
    let venue = Venue::open().await;
    let builder = venue.client().liveness(Liveness {
        ping_after: Duration::from_millis(50),
        lost_after: Duration::from_millis(100),
    });
    let (client, mut peer) = venue.connected_by(builder).await;
    let mut notices = client.notices();
    // The venue's own ping comes beside that of the WebSocket. Nobody reads on after it.
    assert_eq!(peer.hear().await["type"], "Ping");
    let notice = timeout(PATIENCE, notices.next()).await.unwrap();
    assert!(
        matches!(notice, Some(Notice::Disconnected { .. })),
        "{notice:?}"
    );
    let _second = venue.accept().await.unwrap();
    timeout(PATIENCE, client.online()).await.unwrap().unwrap();
}

// Commands.

/// Answers the two subscriptions that come before the first order.
async fn order_streams(peer: &mut Peer, reports: &Value, orders: &Value) -> u64 {
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let (reqid, element) = peer.hear_type("subscribe").await;
        let stream = element["name"].as_str().unwrap().to_owned();
        let data = if stream == "Order" { orders } else { reports };
        peer.say(&message(reqid, &stream, 1, true, data)).await;
        numbers.push((stream, reqid));
    }
    numbers.sort();
    assert_eq!(numbers[0].0, "ExecutionReport");
    numbers[0].1
}

fn report(cl_ord_id: &Value, exec: u32, exec_type: &str, status: &str, filled: &str) -> Value {
    json!({
        "Timestamp": format!("2024-01-01T00:00:{exec:02}.000000Z"), "Symbol": "BTC-USD",
        "OrderID": "o-1", "ClOrdID": cl_ord_id, "ExecID": format!("e-{exec}"),
        "ExecType": exec_type, "OrdStatus": status, "OrderQty": "10", "CumQty": filled,
    })
}

fn order(
    client: &Client,
) -> impl Future<Output = Result<kraken_prime::commands::Placed, Error>> + use<> {
    client
        .new_order()
        .symbol("BTC-USD")
        .side(Side::Buy)
        .quantity(Decimal::TEN)
        .limit(Decimal::ONE, TimeInForce::GoodTillCancel)
        .send()
}

#[tokio::test]
async fn an_order_lives_its_life() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let mut notices = client.notices();
    let placing = tokio::spawn(order(&client));
    let reqid = order_streams(&mut peer, &json!([]), &json!([])).await;
    let (_, sent) = peer.hear_type("NewOrderSingle").await;
    let id = sent["ClOrdID"].clone();
    assert_eq!(id.as_str().unwrap().len(), 36);
    let say =
        |number, data: Value| message(reqid, "ExecutionReport", number, false, &json!([data]));
    peer.say(&say(2, report(&id, 1, "PendingNew", "PendingNew", "0")))
        .await;
    peer.say(&say(3, report(&id, 2, "New", "New", "0"))).await;
    let mut placed = timeout(PATIENCE, placing).await.unwrap().unwrap().unwrap();
    assert_eq!(placed.order_id(), Some("o-1"));
    assert_eq!(placed.cl_ord_id(), id);

    // A cancellation is refused, then another is not; a fill comes in between.
    let cancelling = tokio::spawn(placed.cancel().send());
    let (_, sent) = peer.hear_type("OrderCancelRequest").await;
    assert_eq!(sent["OrderID"], "o-1");
    let mut refusal = report(&sent["ClOrdID"], 3, "CancelRejected", "New", "0");
    refusal["CxlRejReason"] = "TooLateToCancel".into();
    refusal["Text"] = "too late".into();
    peer.say(&say(4, refusal)).await;
    let error = timeout(PATIENCE, cancelling)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), Kind::OrderRejected);
    assert_eq!(error.outcome(), Outcome::NotExecuted);
    assert_eq!(error.messages()[0].category, "TooLateToCancel");

    let cancelling = tokio::spawn(placed.cancel().send());
    let (_, sent) = peer.hear_type("OrderCancelRequest").await;
    peer.say(&say(5, report(&id, 4, "Trade", "PartiallyFilled", "4")))
        .await;
    peer.say(&say(
        6,
        report(&sent["ClOrdID"], 5, "PendingCancel", "PendingCancel", "4"),
    ))
    .await;
    peer.say(&say(
        7,
        report(&sent["ClOrdID"], 6, "Canceled", "Canceled", "4"),
    ))
    .await;
    let cancelled = timeout(PATIENCE, cancelling)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(cancelled.cum_qty, Some(Decimal::from(4)));
    let end = timeout(PATIENCE, placed.finished()).await.unwrap().unwrap();
    assert_eq!(end.ord_status, Some(OrdStatus::Canceled));

    // What can't be is told.
    peer.say(&say(8, report(&id, 7, "Trade", "PartiallyFilled", "5")))
        .await;
    let notice = timeout(PATIENCE, notices.next()).await.unwrap();
    assert!(matches!(notice, Some(Notice::Impossible { key, .. }) if key == "o-1"));
}

#[tokio::test]
async fn an_order_is_refused_by_report_or_by_error() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let placing = tokio::spawn(order(&client));
    let reqid = order_streams(&mut peer, &json!([]), &json!([])).await;
    let (_, sent) = peer.hear_type("NewOrderSingle").await;
    let mut refusal = report(&sent["ClOrdID"], 1, "Rejected", "Rejected", "0");
    refusal["OrdRejReason"] = "UnknownSymbol".into();
    peer.say(&message(
        reqid,
        "ExecutionReport",
        2,
        false,
        &json!([refusal]),
    ))
    .await;
    let error = timeout(PATIENCE, placing)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(error.outcome(), Outcome::NotExecuted);

    let placing = tokio::spawn(order(&client));
    let (reqid, _) = peer.hear_type("NewOrderSingle").await;
    peer.say(&json!({"reqid": reqid, "type": "error", "seq": 1, "error": {"code": 1, "msg": "bad shape"}}))
        .await;
    let error = timeout(PATIENCE, placing)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
    assert_eq!(error.messages()[0].text, "bad shape");

    let long = client
        .new_order()
        .symbol("A")
        .side(Side::Buy)
        .quantity(Decimal::ONE);
    let long = long
        .market(TimeInForce::FillOrKill)
        .cl_ord_id("x".repeat(37));
    assert_eq!(long.send().await.unwrap_err().kind(), Kind::InvalidRequest);
}

#[tokio::test]
async fn silence_leaves_an_order_unknown() {
    let venue = Venue::open().await;
    let builder = venue.client().answer_within(Duration::from_millis(200));
    let (client, mut peer) = venue.connected_by(builder).await;
    let placing = tokio::spawn(order(&client));
    order_streams(&mut peer, &json!([]), &json!([])).await;
    peer.hear_type("NewOrderSingle").await;
    let error = timeout(PATIENCE, placing)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(!error.is_retryable());
}

/// Places an order, loses the connection, and connects again.
async fn lost_order(
    venue: &Venue,
) -> (
    tokio::task::JoinHandle<Result<kraken_prime::commands::Placed, Error>>,
    Peer,
    Value,
    Client,
) {
    let (client, mut peer) = venue.connected().await;
    let placing = tokio::spawn(order(&client));
    order_streams(&mut peer, &json!([]), &json!([])).await;
    let (_, sent) = peer.hear_type("NewOrderSingle").await;
    drop(peer);
    let peer = venue.accept().await.unwrap();
    (placing, peer, sent["ClOrdID"].clone(), client)
}

#[tokio::test]
async fn an_order_lost_with_the_connection_is_found_on_the_order_stream() {
    let venue = Venue::open().await;
    let (placing, mut peer, id, _client) = lost_order(&venue).await;
    let found = json!([report(&id, 1, "New", "New", "0")]);
    order_streams(&mut peer, &json!([]), &found).await;
    let placed = timeout(PATIENCE, placing).await.unwrap().unwrap().unwrap();
    assert_eq!(placed.order_id(), Some("o-1"));
}

#[tokio::test]
async fn an_order_that_the_venue_never_saw_was_not_executed() {
    let venue = Venue::open().await;
    let (placing, mut peer, _, client) = lost_order(&venue).await;
    let other = json!([report(&json!("another"), 1, "New", "New", "0")]);
    order_streams(&mut peer, &json!([]), &other).await;
    let error = timeout(PATIENCE, placing)
        .await
        .unwrap()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted);
    assert!(error.is_retryable());
    // Nothing was sent a second time.
    let cancel = client
        .cancel_order()
        .symbol("BTC-USD")
        .order(OrderId::Client("x".to_owned()));
    let _task = tokio::spawn(cancel.send());
    assert_eq!(peer.hear().await["type"], "OrderCancelRequest");
}

#[tokio::test]
async fn without_a_connection_nothing_is_sent() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let placing = tokio::spawn(order(&client));
    order_streams(&mut peer, &json!([]), &json!([])).await;
    peer.hear_type("NewOrderSingle").await;
    let mut notices = client.notices();
    drop(peer);
    placing.abort();
    timeout(PATIENCE, notices.next()).await.unwrap();
    let error = order(&client).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted);
    assert!(error.is_retryable());
    assert_eq!(error.attempts(), 0);
}

#[tokio::test]
async fn a_quote_is_asked_for_and_dropped() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asking = tokio::spawn(
        client
            .request_quote()
            .symbol("BTC-USD")
            .currency("BTC")
            .quantity(Decimal::ONE)
            .send(),
    );
    let reqid = peer.snapshot("Quote", &json!([])).await;
    let (_, sent) = peer.hear_type("QuoteRequest").await;
    let quote = |status: &str| json!([{"QuoteReqID": sent["QuoteReqID"], "RFQID": "r-1", "QuoteID": "q-1", "QuoteStatus": status, "OfferPx": "46879.47"}]);
    peer.say(&message(reqid, "Quote", 2, false, &quote("PendingNew")))
        .await;
    peer.say(&message(reqid, "Quote", 3, false, &quote("Open")))
        .await;
    let open = timeout(PATIENCE, asking).await.unwrap().unwrap().unwrap();
    assert_eq!(open.ids(), Some(("q-1", "r-1")));

    let drop_it = client
        .cancel_quote()
        .quote_req_id(sent["QuoteReqID"].as_str().unwrap());
    let dropping = tokio::spawn(drop_it.rfq_id("r-1").send());
    peer.hear_type("QuoteCancelRequest").await;
    peer.say(&message(reqid, "Quote", 4, false, &quote("PendingCancel")))
        .await;
    peer.say(&message(reqid, "Quote", 5, false, &quote("Canceled")))
        .await;
    assert!(
        timeout(PATIENCE, dropping)
            .await
            .unwrap()
            .unwrap()
            .unwrap()
            .is_final()
    );
}

#[tokio::test]
async fn a_replacement_a_pause_and_a_setting_end_with_their_records() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let id = || OrderId::Venue("o-1".to_owned());
    let replace = client.replace_order().symbol("BTC-USD").order(id());
    let replacing = tokio::spawn(replace.total_quantity(Decimal::from(8)).send());
    let reqid = order_streams(&mut peer, &json!([]), &json!([])).await;
    let (_, sent) = peer.hear_type("OrderCancelReplaceRequest").await;
    let new = &sent["ClOrdID"];
    let say =
        |number, data: Value| message(reqid, "ExecutionReport", number, false, &json!([data]));
    peer.say(&say(
        2,
        report(new, 1, "PendingReplace", "PendingReplace", "1"),
    ))
    .await;
    peer.say(&say(
        3,
        report(&json!("before"), 2, "Trade", "PendingReplace", "3"),
    ))
    .await;
    peer.say(&say(4, report(new, 3, "Replaced", "New", "3")))
        .await;
    let replaced = timeout(PATIENCE, replacing)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(replaced.cum_qty, Some(Decimal::from(3)));

    let control = client.control_order().order(id());
    let pausing = tokio::spawn(
        control
            .action(kraken_prime::enums::ControlAction::Pause)
            .send(),
    );
    let (_, sent) = peer.hear_type("OrderControlRequest").await;
    peer.say(&say(
        5,
        report(&sent["ClOrdID"], 4, "PendingPause", "New", "3"),
    ))
    .await;
    peer.say(&say(6, report(&sent["ClOrdID"], 5, "Paused", "New", "3")))
        .await;
    timeout(PATIENCE, pausing).await.unwrap().unwrap().unwrap();

    let setting = tokio::spawn(
        client
            .set_user_config()
            .key("symbol")
            .value("\"ETH\"")
            .send(),
    );
    let user = |value: &str| json!([{"CustomerUserID": "u", "Config": [{"Key": "symbol", "Value": value}]}]);
    let reqid = peer.snapshot("User", &user("\"BTC\"")).await;
    peer.hear_type("UserConfig").await;
    peer.say(&message(reqid, "User", 2, false, &user("\"ETH\"")))
        .await;
    let stored = timeout(PATIENCE, setting).await.unwrap().unwrap().unwrap();
    assert_eq!(stored.value.as_deref(), Some("\"ETH\""));
}

/// Each message of market data holds all prices, so the next one makes good what could not be
/// read.
#[tokio::test]
async fn market_data_that_was_unreadable_is_current_with_the_next_message() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let asked = tokio::spawn(client.market_data("BTC-USD").view());
    let prices =
        |price: &str| json!([{"Symbol": "BTC-USD", "Bids": [{"Price": price, "Size": "1"}]}]);
    let reqid = peer.snapshot("MarketDataSnapshot", &prices("1")).await;
    let view = asked.await.unwrap().unwrap();
    let update =
        |number, prices: &Value| message(reqid, "MarketDataSnapshot", number, false, prices);
    peer.say(&update(2, &prices("no price"))).await;
    until(&view, |view| {
        matches!(view.status(), ViewStatus::Damaged(_))
    })
    .await;
    // None at all heal nothing.
    let mut changes = view.changes();
    peer.say(&update(3, &json!([]))).await;
    assert!(changes.changed().await);
    assert!(matches!(view.status(), ViewStatus::Damaged(_)));
    peer.say(&update(4, &prices("4"))).await;
    until(&view, |view| view.status().is_current()).await;
    let prices = view.get("BTC-USD").unwrap();
    assert_eq!(prices.bids[0].price, Decimal::from(4));
}
