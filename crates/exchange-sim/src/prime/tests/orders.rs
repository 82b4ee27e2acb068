//! The lives of orders, row by row as in the vendor's tables.

use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_resting_order_is_filled_in_parts() {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "10", "49000");
    stage.fill("2");
    stage.fill("8");
    assert_eq!(
        stage.rows(),
        [
            "(A) PendingNew PendingNew 10 0 10",
            "(A) New New 10 0 10",
            "(A) Trade PartiallyFilled 10 2 8",
            "(A) Trade Filled 10 10 0",
        ]
    );
}

#[test]
fn an_order_is_refused_after_it_was_received() {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "5000", "49000");
    let news = stage.news();
    let rows: Vec<_> = news.iter().map(row).collect();
    assert_eq!(
        rows,
        [
            "(A) PendingNew PendingNew 5000 0 5000",
            "(A) Rejected Rejected 5000 0 5000"
        ]
    );
    assert_eq!(text(&news[1], "OrdRejReason"), "OrderExceedsLimit");
    assert!(text(&news[1], "Text").contains("MaximumSize"));
}

#[test]
fn an_order_is_canceled() {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "10", "49000");
    stage.desk.delay = SECOND;
    stage.rows();
    stage.cancel("B", "A");
    stage.fill("1");
    stage.wait(SECOND);
    assert_eq!(
        stage.rows(),
        [
            "(B,A) PendingCancel PendingCancel 10 0 10",
            "(A) Trade PendingCancel 10 1 9",
            "(B,A) Canceled Canceled 10 1 0",
        ]
    );
}

#[test]
fn a_cancellation_comes_too_late_or_is_of_nothing() {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "10", "49000");
    stage.desk.delay = SECOND;
    stage.rows();
    stage.cancel("B", "A");
    stage.cancel("C", "A");
    stage.fill("10");
    stage.cancel("D", "A");
    stage.cancel("E", "none");
    stage.cancel("B", "A");
    stage.wait(SECOND);
    let news = stage.news();
    let rows: Vec<_> = news.iter().map(row).collect();
    assert_eq!(
        rows,
        [
            "(B,A) PendingCancel PendingCancel 10 0 10",
            "(C,A) CancelRejected PendingCancel 10 0 10",
            "(A) Trade Filled 10 10 0",
            "(B,A) CancelRejected Filled 10 10 0",
            "(D,A) CancelRejected Filled 10 10 0",
            "(E,none) CancelRejected Rejected - - -",
            "(B,A) CancelRejected Filled 10 10 0",
        ]
    );
    let reasons: Vec<_> = news.iter().map(|row| text(row, "CxlRejReason")).collect();
    assert_eq!(
        reasons,
        [
            "-",
            "OrderAlreadyInPendingCancelOrPendingReplaceStatus",
            "-",
            "TooLateToCancel",
            "TooLateToCancel",
            "UnknownOrder",
            "DuplicateClOrdID",
        ]
    );
}

#[test]
fn an_order_is_replaced_while_it_is_filled() {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "10", "49000");
    stage.fill("1");
    stage.desk.delay = SECOND;
    stage.rows();
    stage.replace("B", "A", "8", "48000");
    stage.fill("2");
    stage.wait(SECOND);
    stage.desk.delay = Duration::ZERO;
    stage.fill("5");
    let news = stage.news();
    let rows: Vec<_> = news.iter().map(row).collect();
    assert_eq!(
        rows,
        [
            "(B,A) PendingReplace PendingReplace 10 1 9",
            "(A) Trade PendingReplace 10 3 7",
            "(B,A) Replaced New 8 3 5",
            "(B) Trade Filled 8 8 0",
        ]
    );
    assert_eq!(text(&news[2], "Price"), "48000.0");
    assert_eq!(text(&news[3], "LastQty"), "5.00000000");
    assert_eq!(text(&news[3], "LastAmt"), "240000.00");
    // 3 at 49000 and 5 at 48000.
    assert_eq!(text(&news[3], "AvgPx"), "48375");
}

#[test]
fn a_replacement_is_refused() {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "10", "49000");
    stage.fill("3");
    stage.rows();
    stage.replace("B", "A", "3", "49000");
    stage.replace("C", "A", "8", "49000.01");
    stage.replace("D", "B", "8", "49000");
    assert_eq!(
        stage.rows(),
        [
            "(B,A) PendingReplace PendingReplace 10 3 7",
            "(B,A) ReplaceRejected PartiallyFilled 10 3 7",
            "(C,A) PendingReplace PendingReplace 10 3 7",
            "(C,A) ReplaceRejected PartiallyFilled 10 3 7",
            "(D,B) ReplaceRejected Rejected - - -",
        ]
    );
    // The order is as it was, and its first id is still good.
    stage.replace("F", "A", "4", "49000");
    stage.cancel("G", "F");
    assert_eq!(
        stage.rows(),
        [
            "(F,A) PendingReplace PendingReplace 10 3 7",
            "(F,A) Replaced New 4 3 1",
            "(G,F) PendingCancel PendingCancel 4 3 1",
            "(G,F) Canceled Canceled 4 3 0",
        ]
    );
}

#[test]
fn what_the_venue_cancels_is_told_to_whoever_wanted_a_replacement() {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "10", "49000");
    stage.desk.delay = SECOND;
    stage.rows();
    stage.replace("B", "A", "8", "49000");
    let id = stage.open();
    assert!(stage.desk.restate(&id, decimal("9")));
    assert!(stage.desk.cancel_by_venue(&id));
    assert!(!stage.desk.cancel_by_venue(&id));
    assert_eq!(
        stage.rows(),
        [
            "(B,A) PendingReplace PendingReplace 10 0 10",
            "(A) Restated PendingReplace 9 0 9",
            "(A) Canceled Canceled 9 0 0",
            "(B,A) ReplaceRejected Canceled 9 0 0",
        ]
    );
}

#[test]
fn an_order_pauses_and_goes_on() {
    let mut stage = Stage::new();
    let (mut orders, _) = stage.feed(r#"{"name":"Order"}"#);
    stage.limit("A", "Buy", "1", "49000");
    stage.desk.delay = SECOND;
    stage.wait(SECOND);
    stage.rows();
    stage.poll(&mut orders);
    stage.ask(
        Command::OrderControlRequest,
        "B",
        "A",
        r#","Action":"Pause""#,
    );
    stage.wait(SECOND);
    // The market moves through it.
    stage.price("48000");
    stage.ask(
        Command::OrderControlRequest,
        "C",
        "A",
        r#","Action":"Pause""#,
    );
    stage.ask(
        Command::OrderControlRequest,
        "D",
        "A",
        r#","Action":"Resume""#,
    );
    stage.wait(SECOND);
    let rows = stage.rows();
    assert_eq!(
        rows[..5],
        [
            "(B,A) PendingPause New 1 0 1",
            "(B,A) Paused New 1 0 1",
            "(C,A) CancelRejected New 1 0 1",
            "(D,A) PendingResume New 1 0 1",
            "(D,A) Resumed New 1 0 1",
        ]
    );
    assert_eq!(rows.last().unwrap(), "(A) Trade Filled 1 1 0");
    let states: Vec<_> = stage
        .poll(&mut orders)
        .iter()
        .map(|record| text(record, "DecisionStatus").to_owned())
        .collect();
    assert_eq!(
        states[..5],
        [
            "PendingPause",
            "Paused",
            "Paused",
            "PendingResume",
            "Active"
        ]
    );
}

#[test]
fn orders_take_what_the_market_offers() {
    let mut stage = Stage::new();
    let book = r#"{"name":"MarketDataSnapshot","Symbol":"BTC-USD","Depth":3}"#;
    let offers = stage.feed(book).1[0].get("Offers").unwrap().clone();
    let offers = offers.as_list().unwrap();
    let [first, second] = [0, 1].map(|index| number(&offers[index], "Size"));
    let qty = (first + second / Decimal::TWO).to_string();
    stage.order(
        "A",
        "Buy",
        &qty,
        r#""OrdType":"Market","TimeInForce":"FillAndKill""#,
    );
    let news = stage.news();
    assert_eq!(news.len(), 4);
    let prices: Vec<_> = news[2..].iter().map(|row| text(row, "LastPx")).collect();
    assert_eq!(
        prices,
        [text(&offers[0], "Price"), text(&offers[1], "Price")]
    );
    assert_eq!(text(&news[3], "OrdStatus"), "Filled");
    // What was taken is not there any more.
    let after = stage.feed(book).1[0].get("Offers").unwrap().clone();
    assert_eq!(
        text(&after.as_list().unwrap()[0], "Price"),
        text(&offers[1], "Price")
    );
}

#[test]
fn what_cannot_be_had_at_once_is_killed_or_rests() {
    let mut stage = Stage::new();
    let limit =
        |force: &str| format!(r#""OrdType":"Limit","Price":"50000.1","TimeInForce":"{force}""#);
    // The best offer is at 50000.1, and is less than this.
    stage.order("A", "Buy", "20", &limit("FillOrKill"));
    let rows = stage.rows();
    assert_eq!(rows.last().unwrap(), "(A) Canceled Canceled 20 0 0");
    assert_eq!(rows.len(), 3);
    stage.order("B", "Buy", "20", &limit("FillAndKill"));
    let rows = stage.rows();
    assert_eq!(rows.len(), 4);
    assert!(rows[2].contains("Trade PartiallyFilled 20"));
    assert!(rows[3].starts_with("(B) Canceled Canceled 20") && rows[3].ends_with(" 0"));
    stage.wait(SECOND);
    stage.order("C", "Buy", "20", &limit("GoodTillCancel"));
    let rows = stage.rows();
    assert_eq!(rows.len(), 3);
    assert!(rows[2].contains("Trade PartiallyFilled 20"));
    // It rests at its limit, and is filled there when the market comes.
    stage.price("45000");
    let news = stage.news();
    assert!(news.iter().all(|row| text(row, "LastPx") == "50000.1"));
    assert_eq!(text(news.last().unwrap(), "OrdStatus"), "Filled");
}

#[test]
fn a_market_that_does_not_have_it_all_fills_a_resting_order_in_part() {
    let mut stage = Stage::new();
    stage.limit("A", "Sell", "40", "51000");
    stage.rows();
    // Only what is traded at the price itself, and the first bids behind it, reach the limit.
    stage.price("51000.0");
    let news = stage.news();
    let last = news.last().unwrap();
    assert_eq!(text(last, "OrdStatus"), "PartiallyFilled");
    assert_eq!(text(last, "LastPx"), "51000.0");
    assert_eq!(
        number(last, "LeavesQty"),
        decimal("40") - number(last, "CumQty")
    );
}

#[test]
fn an_amount_of_the_quote_currency_is_spent_to_the_cent() {
    let mut stage = Stage::new();
    let before = stage.desk.purse.amount("USD");
    stage.order(
        "A",
        "Buy",
        "123456.78",
        r#""OrdType":"Market","Currency":"USD","TimeInForce":"FillOrKill""#,
    );
    let news = stage.news();
    let last = news.last().unwrap();
    assert_eq!(text(last, "OrdStatus"), "Filled");
    assert_eq!(text(last, "CumQty"), "123456.78");
    assert_eq!(
        (text(last, "Currency"), text(last, "AmountCurrency")),
        ("USD", "BTC")
    );
    assert_eq!(
        before - stage.desk.purse.amount("USD"),
        decimal("123456.78")
    );
    assert_eq!(
        stage.desk.purse.amount("BTC"),
        decimal("40") + number(last, "CumAmt")
    );
}

#[test]
fn orders_are_refused_with_a_reason() {
    let limit = r#""OrdType":"Limit","Price":"49000","TimeInForce":"GoodTillCancel""#;
    let long = "x".repeat(37);
    for (id, qty, more, reason) in [
        ("B", "0.000001", limit, "OrderExceedsLimit"),
        ("B", "1001", limit, "OrderExceedsLimit"),
        ("B", "0.123456789", limit, "BrokerOption"),
        ("B", "-1", limit, "BrokerOption"),
        ("B", "0", limit, "BrokerOption"),
        ("A", "1", limit, "DuplicateOrder"),
        (long.as_str(), "1", limit, "BrokerOption"),
        ("B", "900", limit, "OrderExceedsLimit"),
        (
            "B",
            "1",
            r#""OrdType":"Limit","Price":"49000.05","TimeInForce":"GoodTillCancel""#,
            "BrokerOption",
        ),
        (
            "B",
            "1",
            r#""OrdType":"Market","Currency":"ETH","TimeInForce":"FillOrKill""#,
            "BrokerOption",
        ),
        (
            "B",
            "1.005",
            r#""OrdType":"Market","Currency":"USD","TimeInForce":"FillOrKill""#,
            "BrokerOption",
        ),
        ("B", "99999999999999999999", limit, "OrderExceedsLimit"),
        (
            "B",
            "1",
            r#""OrdType":"Limit","Price":"49000","TimeInForce":"GoodTillCancel","Strategy":"Iceberg","Parameters":{}"#,
            "InvalidStrategy",
        ),
    ] {
        let mut stage = Stage::new();
        stage.limit("A", "Buy", "1", "40000");
        stage.rows();
        stage.order(id, "Buy", qty, more);
        let news = stage.news();
        assert_eq!(news.len(), 2, "{qty} {more}");
        assert_eq!(text(&news[1], "OrdStatus"), "Rejected", "{qty} {more}");
        assert_eq!(text(&news[1], "OrdRejReason"), reason, "{qty} {more}");
        assert!(text(&news[1], "Text").len() > 5);
    }
    let mut stage = Stage::new();
    stage.send(Command::NewOrderSingle, r#"{"Symbol":"DOT-USD","ClOrdID":"A","Side":"Buy","OrderQty":"1","OrdType":"Market","TimeInForce":"FillOrKill"}"#).unwrap();
    let news = stage.news();
    assert_eq!(text(&news[1], "OrdRejReason"), "UnknownSymbol");
    assert_eq!(
        (text(&news[1], "Currency"), text(&news[1], "AmountCurrency")),
        ("DOT", "USD")
    );
    stage.desk.set_offline("BTC-USD", true, stage.now);
    stage.limit("B", "Buy", "1", "49000");
    assert_eq!(text(&stage.news()[1], "OrdRejReason"), "BrokerOption");
}

#[test]
fn a_client_id_can_be_used_again_the_next_day() {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "1", "49000");
    stage.limit("B", "Buy", "1", "49000");
    stage.cancel("C", "A");
    stage.wait(Duration::from_secs(86_400));
    stage.rows();
    stage.limit("A", "Buy", "1", "49000");
    // B is open still.
    stage.limit("B", "Buy", "1", "49000");
    let rows = stage.rows();
    assert_eq!(rows[1], "(A) New New 1 0 1");
    assert_eq!(rows[3], "(B) Rejected Rejected 1 0 1");
}

#[test]
fn records_are_as_sampled() {
    let mut stage = Stage::new();
    let (mut orders, _) = stage.feed(r#"{"name":"Order"}"#);
    let (mut trades, _) = stage.feed(r#"{"name":"Trade"}"#);
    stage.order(
        "58b9adb0-15aa-11ec-b0a2-2554a9e1e7a4",
        "Buy",
        "0.2",
        r#""OrdType":"Market","TimeInForce":"FillOrKill""#,
    );
    let members = |record: &Json| {
        record
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let report = &stage.news()[0];
    assert_eq!(
        members(report),
        "Timestamp Symbol OrderID ClOrdID SubmitTime ExecID Side TransactTime ExecType OrdStatus \
         OrderQty OrdType Currency LeavesQty CumQty AvgPx TimeInForce LastPx LastQty LastAmt \
         LastFee CumAmt AmountCurrency CustomerUser"
    );
    for (name, value) in [
        ("OrderQty", "0.20000000"),
        ("LeavesQty", "0.20000000"),
        ("CumQty", "0"),
        ("AvgPx", "0"),
        ("LastFee", "0"),
        ("CustomerUser", "tom@company.com"),
        ("SubmitTime", "2027-01-15T08:00:00.000000Z"),
        ("Timestamp", "2027-01-15T08:00:00.000001Z"),
    ] {
        assert_eq!(text(report, name), value, "{name}");
    }
    let order = &stage.poll(&mut orders)[1];
    assert_eq!(
        members(order),
        "Timestamp Symbol OrderID ClOrdID SubmitTime ExecID Side ExecType OrdStatus OrderQty \
         OrdType Currency LeavesQty CumQty AvgPx TimeInForce LastPx LastQty LastAmt LastFee CumAmt \
         DecisionStatus AmountCurrency CustomerUser"
    );
    assert_eq!(text(order, "DecisionStatus"), "Active");
    let trade = &stage.poll(&mut trades)[0];
    assert_eq!(
        members(trade),
        "Timestamp Symbol OrderID TradeID Side TransactTime ExecType Currency Price Quantity \
         Amount Fee FeeCurrency CustomerUser TradeStatus AggressorSide AmountCurrency DealtCurrency"
    );
    assert_eq!(text(trade, "Amount"), "10000.02");
    assert_eq!(
        (text(trade, "Quantity"), text(trade, "Fee")),
        ("0.20000000", "0")
    );
}
