//! Every sample of the vendor's documentation: messages decode without loss, requests are written
//! as shown.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod venue;

use exchange_wire::losses;
use kraken_prime::commands::{OrderId, SteadyPace, StopLimit};
use kraken_prime::enums::{ControlAction, ErrorAction, Side, TimeInForce};
use kraken_prime::streams::{
    Balance, Currency, CurrencyConversion, ExecutionReport, Exposure, MarketData, Quote, Security,
    Trade, User,
};
use kraken_prime::{Kind, Message, Outcome, Span};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use venue::{Peer, Venue};

fn samples() -> Vec<&'static str> {
    include_str!("samples.jsonl").lines().collect()
}

fn kind(sample: &str) -> (String, bool) {
    let value: Value = serde_json::from_str(sample).unwrap();
    let is_message = value["ts"].is_string() || value["page"].is_boolean();
    (value["type"].as_str().unwrap().to_owned(), is_message)
}

fn survives<T: DeserializeOwned + Serialize + std::fmt::Debug>(sample: &str) {
    let message = Message::<T>::parse(sample).unwrap();
    assert!(message.extra.is_empty());
    let back = serde_json::to_string(&message).unwrap();
    let lost = losses(sample, &back);
    assert!(lost.is_empty(), "{lost:?}");
    // Nothing of a sample is unknown to the types.
    assert!(
        !format!("{message:?}").contains("extra: {\""),
        "{message:?}"
    );
    // Numbers may come as texts and texts as numbers, and members may be added.
    let extended = sample.replacen(
        r#""data":[{"#,
        r#""more":[1.50],"data":[{"NotKnown":{"a":1.10},"#,
        1,
    );
    let message = Message::<T>::parse(&extended).unwrap();
    let back = serde_json::to_string(&message.data).unwrap();
    assert_eq!(
        back.contains(r#""NotKnown":{"a":1.10}"#),
        sample.contains(r#""data":[{"#)
    );
    assert_eq!(
        message.extra.len(),
        usize::from(sample.contains(r#""data":[{"#))
    );
}

#[test]
fn messages_decode_without_loss() {
    let mut seen = Vec::new();
    for sample in samples() {
        let (kind, is_message) = kind(sample);
        match kind.as_str() {
            "Balance" => survives::<Balance>(sample),
            "Currency" => survives::<Currency>(sample),
            "CurrencyConversion" => survives::<CurrencyConversion>(sample),
            "ExecutionReport" | "Order" => survives::<ExecutionReport>(sample),
            "Exposure" => survives::<Exposure>(sample),
            "MarketDataSnapshot" => survives::<MarketData>(sample),
            "Quote" => survives::<Quote>(sample),
            "Security" => survives::<Security>(sample),
            "Trade" => survives::<Trade>(sample),
            "User" if is_message => survives::<User>(sample),
            _ => continue,
        }
        seen.push(kind);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 11, "{seen:?}");
}

/// Both readings of what the vendor's pages leave open.
#[test]
fn every_reading_of_an_open_point_is_taken() {
    let currency = |json: &str| serde_json::from_str::<Currency>(json).unwrap();
    let number = currency(r#"{"Symbol":"USD","CurrencyID":2,"Timestamp":1676936489075207000}"#);
    let text =
        currency(r#"{"Symbol":"USD","CurrencyID":"2","Timestamp":"2023-02-20T23:41:29.075207Z"}"#);
    assert_eq!(
        number.timestamp.unwrap().unix_nanos(),
        text.timestamp.unwrap().unix_nanos()
    );
    assert_eq!(
        number.currency_id.unwrap().as_i64(),
        text.currency_id.unwrap().as_i64()
    );
    for json in [
        r#"{"Symbol":"A","SecurityID":"x-1","Rank":"2","Expiration":"2030-01-01","SizeBuckets":null}"#,
        r#"{"Symbol":"A","SecurityID":7,"Rank":2,"Expiration":1893456000000000000,"SizeBuckets":[{"Size":0.5}]}"#,
    ] {
        let security: Security = serde_json::from_str(json).unwrap();
        assert!(losses(json, serde_json::to_string(&security).unwrap()).is_empty());
    }
    for json in [
        r#"{"TradeID":"t","Revision":1}"#,
        r#"{"TradeID":"t","Revision":"1"}"#,
    ] {
        let trade: Trade = serde_json::from_str(json).unwrap();
        assert_eq!(trade.revision.unwrap().as_i64(), Some(1));
    }
    // Reasons are in none of the vendor's lists for Prime.
    let json =
        r#"{"OrdRejReason":"Novel","Text":"no","ExecType":"Trade","OrdStatus":"DoneForDay"}"#;
    let report: ExecutionReport = serde_json::from_str(json).unwrap();
    assert!(!report.ord_rej_reason.as_ref().unwrap().is_known());
    assert!(losses(json, serde_json::to_string(&report).unwrap()).is_empty());
    // An envelope with numbers as texts, null for data, and `seq` in place of `seqNum`.
    let message =
        Message::<Balance>::parse(r#"{"reqid":"3","type":"Balance","seq":2,"data":null}"#);
    let message = message.unwrap();
    assert_eq!((message.reqid, message.seq_num), (3, Some(2)));
    assert!(message.data.is_empty() && message.action.is_none());
}

/// The request of a stream or command as shown.
fn shown(kind: &str, contains: &str) -> Value {
    let sample = samples()
        .into_iter()
        .find(|sample| sample.contains(&format!(r#""type":"{kind}""#)) && sample.contains(contains))
        .unwrap();
    serde_json::from_str(sample).unwrap()
}

/// Numbers and times are made by the client, and the vendor shows blank parameters only in part.
fn same(request: &Value, sample: &Value) {
    let strip = |value: &Value| {
        let mut value = value.clone();
        let object = value.as_object_mut().unwrap();
        object.remove("reqid");
        object.remove("ts");
        for record in value["data"].as_array_mut().into_iter().flatten() {
            if let Some(time) = record.get_mut("TransactTime") {
                assert_eq!(time.as_str().unwrap().len(), 27);
                *time = Value::Null;
            }
        }
        value
    };
    assert_eq!(strip(request), strip(sample));
}

#[tokio::test]
async fn subscriptions_are_written_as_shown() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue
        .connected_by(venue.client().answer_within(Duration::ZERO))
        .await;
    let start = || {
        "2021-09-14T00:00:00.000000Z"
            .parse::<kraken_prime::Time>()
            .unwrap()
    };
    macro_rules! asks {
        ($request:expr, $sample:expr) => {
            let subscription = $request.subscribe().await.unwrap();
            same(&peer.hear().await, &shown("subscribe", $sample));
            drop(subscription);
            let cancel = peer.hear().await;
            assert_eq!(cancel["type"], "cancel");
            assert_eq!(cancel.as_object().unwrap().len(), 2);
        };
    }
    asks!(client.balances().equivalent("USD"), "\"Balance\"");
    asks!(client.currencies(), "\"Currency\"");
    asks!(
        client
            .conversions("USD")
            .currencies(["BTC", "ETH", "BCH-USD"])
            .throttle(Duration::from_secs(15))
            .tolerance("0.0002".parse().unwrap()),
        "\"CurrencyConversion\""
    );
    asks!(
        client.execution_reports().start(start()),
        "\"ExecutionReport\""
    );
    asks!(client.exposures(), "\"Exposure\"");
    asks!(client.market_data("BTC-USD"), "\"MarketDataSnapshot\"");
    asks!(client.orders().start(start()), "\"Order\"");
    asks!(client.quotes().start(start()), "\"Quote\"");
    asks!(client.securities(), "\"Security\"");
    asks!(client.trades().start(start()), "\"Trade\"");
    asks!(client.users(), "\"User\"");
}

/// Lets a command begin, answers its subscriptions, and gives the request it sends.
async fn sent<T: Send + 'static>(
    peer: &mut Peer,
    command: impl Future<Output = T> + Send + 'static,
) -> Value {
    let task = tokio::spawn(command);
    let request = loop {
        let request = peer.hear().await;
        if request["type"] != "subscribe" {
            break request;
        }
        let stream = request["streams"][0]["name"].as_str().unwrap().to_owned();
        let reqid = request["reqid"].as_u64().unwrap();
        let empty = serde_json::json!([]);
        peer.say(&venue::message(reqid, &stream, 1, true, &empty))
            .await;
    };
    task.abort();
    request
}

#[tokio::test]
async fn commands_are_written_as_shown() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let decimal = |text: &str| text.parse::<kraken_prime::Decimal>().unwrap();
    let order = || {
        client
            .new_order()
            .symbol("BTC-USD")
            .side(Side::Buy)
            .cl_ord_id("4d489920-15da-11ec-b5e7-7f4881f01b7d")
    };
    let limit = || {
        order()
            .quantity(decimal("0.01"))
            .currency("BTC")
            .limit(decimal("43000"), TimeInForce::GoodTillCancel)
    };
    let venue_id = || OrderId::Venue("16a55364-4248-4575-aa0b-dddd3f694ca3".to_owned());

    let request = sent(&mut peer, limit().send()).await;
    same(&request, &shown("NewOrderSingle", "\"GoodTillCancel\"}"));

    let pace = SteadyPace::new(decimal("0.001"), Span::from(Duration::from_secs(60)))
        .error_action(ErrorAction::Pause);
    let request = sent(&mut peer, limit().strategy(pace).send()).await;
    same(&request, &shown("NewOrderSingle", "SteadyPace"));

    let quoted = order().quantity(decimal("0.30000000")).quote(
        "20e240c5-9a82-4731-809e-91b3a2bf2f49",
        "8688ceab-ea67-416c-8ce1-9b63d6c0fe4e",
    );
    let request = sent(&mut peer, quoted.send()).await;
    same(&request, &shown("NewOrderSingle", "\"RFQ\""));

    let quote = shown("Quote", "OfferPx").to_string();
    let quote = &Message::<Quote>::parse(&quote).unwrap().data[0];
    let taking = client.take_quote(quote, Side::Buy).unwrap();
    let taking = taking.cl_ord_id("4d489920-15da-11ec-b5e7-7f4881f01b7d");
    let request = sent(&mut peer, taking.send()).await;
    // The vendor's sample of the order leaves the currency out.
    let mut wanted = shown("NewOrderSingle", "\"RFQ\"");
    wanted["data"][0]["Currency"] = "BTC".into();
    same(&request, &wanted);

    let cancel = client
        .cancel_order()
        .symbol("BTC-USD")
        .order(venue_id())
        .cl_ord_id("c0be17e0-15da-11ec-b5e7-7f4881f01b7d");
    let request = sent(&mut peer, cancel.send()).await;
    same(&request, &shown("OrderCancelRequest", ""));

    let replace = client
        .replace_order()
        .symbol("BTC-USD")
        .order(venue_id())
        .total_quantity(decimal("0.5"))
        .price(decimal("44000"))
        .parameters(r#"{"ErrorAction":"Pause"}"#.parse().unwrap())
        .cl_ord_id("b5e52570-15da-11ec-b5e7-7f4881f01b7d");
    let request = sent(&mut peer, replace.send()).await;
    same(&request, &shown("OrderCancelReplaceRequest", ""));

    let replace = client
        .replace_order()
        .symbol("BTC-USD")
        .order(venue_id())
        .total_quantity(decimal("0.5"))
        .strategy(StopLimit::new(decimal("44100")));
    let request = sent(&mut peer, replace.send()).await;
    assert_eq!(request["data"][0]["Strategy"], "StopLimit");
    let parameters = json!({"TriggerPrice": "44100"});
    assert_eq!(request["data"][0]["Parameters"], parameters);

    let control = client
        .control_order()
        .order(venue_id())
        .action(ControlAction::Pause)
        .cl_ord_id("9eb07120-15da-11ec-b5e7-7f4881f01b7d");
    let request = sent(&mut peer, control.send()).await;
    same(&request, &shown("OrderControlRequest", ""));

    let quote = client
        .request_quote()
        .symbol("BTC-USD")
        .currency("BTC")
        .quantity(decimal("0.75"))
        .quote_req_id("8e9540d0-15db-11ec-b5e7-7f4881f01b7d");
    let request = sent(&mut peer, quote.send()).await;
    same(&request, &shown("QuoteRequest", ""));

    let cancel = client
        .cancel_quote()
        .quote_req_id("8e9540d0-15db-11ec-b5e7-7f4881f01b7d")
        .rfq_id("f47bfb99-4d1e-4179-b62c-a96e83cc93ba");
    let request = sent(&mut peer, cancel.send()).await;
    same(&request, &shown("QuoteCancelRequest", ""));

    let config = client.set_user_config().key("symbol").value("\"ETH-BTC\"");
    let request = sent(&mut peer, config.send()).await;
    same(&request, &shown("UserConfig", ""));
}

#[tokio::test]
async fn what_has_no_meaning_is_refused_before_it_is_sent() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let one = kraken_prime::Decimal::ONE;
    let order = || client.new_order().symbol("BTC-USD").side(Side::Buy);
    let limit = || order().limit(one, TimeInForce::GoodTillCancel);
    let market = || order().market(TimeInForce::FillOrKill).quantity(one);
    let quote = || order().quote("Q", "R").quantity(one);
    let take = |change: Value| {
        let mut quote = json!({
            "Symbol": "BTC-USD", "OrderQty": "1", "QuoteStatus": "Open", "QuoteID": "Q", "RFQID": "R",
        });
        match change.as_object().unwrap().iter().next() {
            Some((name, value)) => quote[name] = value.clone(),
            None => quote["QuoteID"] = Value::Null,
        }
        let quote: Quote = serde_json::from_value(quote).unwrap();
        client.take_quote(&quote, Side::Buy)
    };
    let replace = client
        .replace_order()
        .symbol("BTC-USD")
        .order(OrderId::Client("A".to_owned()))
        .total_quantity(-one);
    let ask = client.request_quote().symbol("BTC-USD").currency("BTC");
    for (error, text) in [
        (limit().quantity(-one).send().await.err(), "OrderQty"),
        (market().guard_price(one).send().await.err(), "guard_price"),
        (
            limit().quantity(one).guard_price(one).send().await.err(),
            "guard_price",
        ),
        (quote().rfq_id("R2").send().await.err(), "rfq_id"),
        (take(json!({})).err(), "no price"),
        (take(json!({"Side": "Sell"})).err(), "other side"),
        (take(json!({"QuoteStatus": "Filled"})).err(), "no price"),
        (
            market().allowed_slippage(one).send().await.err(),
            "allowed_slippage",
        ),
        (replace.send().await.err(), "OrderQty"),
        (ask.quantity(one - one).send().await.err(), "OrderQty"),
    ] {
        let error = error.unwrap();
        assert_eq!(error.kind(), Kind::InvalidRequest, "{error}");
        assert_eq!(error.outcome(), Outcome::NotExecuted);
        assert!(error.to_string().contains(text), "{error}");
    }
    // Nothing of it was sent: the next that the venue hears is this.
    let pinging = tokio::spawn(async move { client.ping().await });
    assert_eq!(peer.hear().await["type"], "Ping");
    pinging.abort();
}

#[tokio::test]
async fn ping_and_page_are_written_as_shown() {
    let venue = Venue::open().await;
    let (client, mut peer) = venue.connected().await;
    let pinging = client.clone();
    let ping = tokio::spawn(async move { pinging.ping().await });
    let request = peer.hear().await;
    same(&request, &shown("Ping", ""));
    let mut pong = request.clone();
    pong["type"] = "Pong".into();
    peer.say(&pong).await;
    assert!(ping.await.unwrap().unwrap() < venue::PATIENCE);

    let trades = tokio::spawn(client.trades().subscribe());
    let reqid = peer.hear_subscribe("Trade").await;
    let mut first = venue::message(reqid, "Trade", 1, true, &serde_json::json!([]));
    first["next"] = "aGVsbG8=".into();
    peer.say(&first).await;
    let mut trades = trades.await.unwrap().unwrap();
    let taken = trades.next().await;
    assert!(matches!(taken, Some(Ok(kraken_prime::Event::Message(page))) if !page.complete));
    same(&peer.hear().await, &shown("page", ""));
    // The vendor's sample of the answer, which has neither time nor number.
    let mut answer = shown("Trade", "\"page\"");
    answer["reqid"] = reqid.into();
    peer.say(&answer).await;
    let taken = trades.next().await;
    assert!(matches!(taken, Some(Ok(kraken_prime::Event::Message(page))) if page.complete));
}
