//! Streams: their parameters, snapshots and updates.

use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// One filled, one canceled, one open.
fn history() -> Stage {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "1", "49000");
    stage.fill("0.4");
    stage.fill("0.6");
    stage.wait(SECOND);
    stage.limit("B", "Buy", "1", "49000");
    stage.cancel("C", "B");
    stage.wait(SECOND);
    stage.limit("D", "Sell", "1", "51000");
    stage
}

#[test]
fn reports_are_filtered() {
    let stage = history();
    let count = |more: &str| {
        let stream = format!(r#"{{"name":"ExecutionReport"{more},"Unknown":[1]}}"#);
        stage.feed(&stream).1.len()
    };
    assert_eq!(count(""), 4 + 4 + 2);
    assert_eq!(count(r#","Symbol":"BTC-USD""#), 10);
    assert_eq!(count(r#","Symbol":"ETH-USD""#), 0);
    assert_eq!(count(r#","Statuses":["Filled","Canceled"]"#), 2);
    let (_, all) = stage.feed(r#"{"name":"ExecutionReport"}"#);
    let id = text(&all[0], "OrderID");
    assert_eq!(count(&format!(r#","OrderID":"{id}""#)), 4);
    assert_eq!(count(r#","RFQID":"x""#), 0);
    // From a report's time on it is there again; up to its time it is not.
    for (index, report) in all.iter().enumerate() {
        let at = text(report, "Timestamp");
        assert_eq!(count(&format!(r#","StartDate":"{at}""#)), 10 - index);
        assert_eq!(count(&format!(r#","EndDate":"{at}""#)), index);
    }
    for bad in [
        r#","StartDate":"yesterday""#,
        r#","Statuses":"New""#,
        r#","Symbol":7"#,
    ] {
        assert!(
            stage
                .try_feed(&format!(r#"{{"name":"ExecutionReport"{bad}}}"#))
                .is_err()
        );
    }
}

#[test]
fn there_is_one_record_for_each_order_by_the_time_it_was_submitted() {
    let stage = history();
    let orders = |more: &str| {
        let (_, records) = stage.feed(&format!(r#"{{"name":"Order"{more}}}"#));
        let ids = records
            .iter()
            .map(|record| text(record, "ClOrdID").to_owned());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(orders(""), "A C D");
    assert_eq!(
        orders(r#","StartDate":"2027-01-15T08:00:01.000000Z""#),
        "C D"
    );
    assert_eq!(orders(r#","EndDate":"2027-01-15T08:00:01.000000Z""#), "A");
    assert_eq!(orders(r#","Statuses":["New"]"#), "D");
}

#[test]
fn trades_and_quotes_are_filtered() {
    let mut stage = history();
    let (_, trades) = stage.feed(r#"{"name":"Trade"}"#);
    assert_eq!(trades.len(), 2);
    let from = format!(
        r#"{{"name":"Trade","StartDate":"{}"}}"#,
        text(&trades[1], "Timestamp")
    );
    assert_eq!(stage.feed(&from).1, trades[1..]);
    let of = format!(
        r#"{{"name":"Trade","OrderID":"{}"}}"#,
        text(&trades[0], "OrderID")
    );
    assert_eq!(stage.feed(&of).1.len(), 2);
    let request = r#"{"QuoteReqID":"Q","OrderQty":"1","Currency":"ETH","Symbol":"ETH-USD"}"#;
    stage.send(Command::QuoteRequest, request).unwrap();
    let (_, quotes) = stage.feed(r#"{"name":"Quote","Symbol":"ETH-USD"}"#);
    assert_eq!(quotes.len(), 1);
    assert_eq!(text(&quotes[0], "QuoteStatus"), "Open");
    assert!(
        stage
            .feed(r#"{"name":"Quote","Symbol":"BTC-USD"}"#)
            .1
            .is_empty()
    );
    let later = r#"{"name":"Quote","StartDate":"2027-01-15T08:00:03.000000Z"}"#;
    assert!(stage.feed(later).1.is_empty());
}

#[test]
fn a_reader_who_is_slow_is_told_so() {
    let mut stage = Stage::new();
    let (mut slow, _) = stage.feed(r#"{"name":"Order"}"#);
    let (mut trades, _) = stage.feed(r#"{"name":"Trade"}"#);
    for _ in 0..5_001 {
        let id = stage.fresh_id();
        stage.limit(&id, "Buy", "9999", "1");
    }
    assert!(slow.poll(&stage.desk, stage.now).is_err());
    assert_eq!(trades.poll(&stage.desk, stage.now), Ok(Vec::new()));
    assert!(stage.desk.orders.all().count() <= 5_000);
    assert_eq!(stage.desk.orders.live_count(), 0);
}

#[test]
fn securities_and_currencies_are_listed_and_removed() {
    let mut stage = Stage::new();
    let (mut securities, first) = stage.feed(r#"{"name":"Security"}"#);
    assert_eq!(first.len(), 5);
    let (mut some, first) = stage.feed(r#"{"name":"Security","Symbols":["ETH-BTC"]}"#);
    assert_eq!(first.len(), 1);
    let (mut currencies, first) = stage.feed(r#"{"name":"Currency"}"#);
    assert_eq!(first.len(), 5);
    stage.limit("A", "Buy", "1", "49000");
    stage.rows();
    assert!(stage.desk.set_disabled("BTC-USD", true, stage.now));
    assert_eq!(stage.rows(), ["(A) Canceled Canceled 1 0 0"]);
    let news = securities.poll(&stage.desk, stage.now).unwrap();
    assert!(news.len() == 1 && news[0].remove);
    assert_eq!(text(&news[0].records[0], "UpdateAction"), "Remove");
    assert_ne!(text(&news[0].records[0], "EndTime"), "-");
    assert!(stage.poll(&mut some).is_empty());
    assert!(
        stage
            .try_feed(r#"{"name":"MarketDataSnapshot","Symbol":"BTC-USD"}"#)
            .is_err()
    );
    stage.limit("B", "Buy", "1", "49000");
    assert_eq!(text(&stage.news()[1], "OrdRejReason"), "UnknownSymbol");
    assert!(stage.desk.set_disabled("BTC-USD", false, stage.now));
    stage.desk.delay = SECOND;
    stage.limit("C", "Buy", "1", "49000");
    assert!(stage.desk.set_disabled("BTC-USD", true, stage.now));
    stage.wait(SECOND);
    assert_eq!(
        stage.rows(),
        [
            "(C) PendingNew PendingNew 1 0 1",
            "(C) Rejected Rejected 1 0 1"
        ]
    );
    securities.poll(&stage.desk, stage.now).unwrap();
    assert!(stage.desk.set_disabled("SOL", true, stage.now));
    assert!(currencies.poll(&stage.desk, stage.now).unwrap()[0].remove);
    assert!(stage.desk.set_disabled("BTC-USD", false, stage.now));
    let news = securities.poll(&stage.desk, stage.now).unwrap();
    assert!(!news[0].remove && news[0].records.len() == 1);
}

#[test]
fn the_book_is_shown_as_wanted() {
    let stage = Stage::new();
    let levels = |more: &str, side: &str| -> Vec<(Decimal, Decimal)> {
        let stream = format!(r#"{{"name":"MarketDataSnapshot","Symbol":"BTC-USD"{more}}}"#);
        let (_, records) = stage.feed(&stream);
        let levels = records[0].get(side).unwrap().as_list().unwrap().to_vec();
        levels
            .iter()
            .map(|level| (number(level, "Price"), number(level, "Size")))
            .collect()
    };
    let sizes = |levels: Vec<(Decimal, Decimal)>| -> Vec<Decimal> {
        levels.into_iter().map(|(_, size)| size).collect()
    };
    // By default the security's own sizes.
    assert_eq!(sizes(levels("", "Bids")), [decimal("0.5"), decimal("2.5")]);
    let asked = levels(r#","SizeBuckets":["0.1","0.2",50]"#, "Offers");
    assert_eq!(asked[0].0, asked[1].0);
    assert!(asked[2].0 > asked[1].0);
    let deep = levels(r#","Depth":5"#, "Bids");
    assert_eq!(deep.len(), 5);
    assert!(deep.windows(2).all(|pair| pair[0].0 > pair[1].0));
    assert_eq!(levels(r#","Depth":"5""#, "Bids"), deep);
    let coarse = levels(r#","Depth":3,"PriceIncrement":"100""#, "Bids");
    assert_eq!(coarse[0].0, decimal("49900"));
    assert!(coarse[0].1 > deep[0].1 + deep[1].1);
    for bad in [
        r#","Depth":1,"SizeBuckets":["1"]"#,
        r#","Depth":0"#,
        r#","Depth":"x""#,
        r#","SizeBuckets":[]"#,
        r#","SizeBuckets":["-1"]"#,
        r#","PriceIncrement":"0""#,
        r#","Throttle":"fast""#,
    ] {
        let stream = format!(r#"{{"name":"MarketDataSnapshot","Symbol":"BTC-USD"{bad}}}"#);
        assert!(stage.try_feed(&stream).is_err(), "{bad}");
    }
}

#[test]
fn the_book_is_sent_no_faster_than_wanted() {
    let mut stage = Stage::new();
    let (mut book, _) =
        stage.feed(r#"{"name":"MarketDataSnapshot","Symbol":"BTC-USD","Throttle":"300ms"}"#);
    stage.price("50100");
    stage.wait(Duration::from_millis(299));
    assert!(stage.poll(&mut book).is_empty());
    stage.wait(Duration::from_millis(1));
    assert_eq!(stage.poll(&mut book).len(), 1);
    stage.wait(Duration::from_millis(300));
    assert!(stage.poll(&mut book).is_empty());
    stage.desk.set_offline("BTC-USD", true, stage.now);
    let news = stage.poll(&mut book);
    assert_eq!(text(&news[0], "Status"), "Offline");
    assert_eq!(news[0].get("Bids"), Some(&Json::List(Vec::new())));
}

#[test]
fn rates_are_told_when_they_differ() {
    let mut stage = Stage::new();
    let (mut rates, first) = stage.feed(
        r#"{"name":"CurrencyConversion","EquivalentCurrency":"USD","Currencies":["BTC","EUR","ETH-BTC"],"Throttle":"15s","Tolerance":"0.01"}"#,
    );
    assert_eq!(first.len(), 3);
    assert_eq!(
        (text(&first[0], "Rate"), text(&first[0], "ConversionPath")),
        ("50000.00", "(BTC-USD)")
    );
    assert_eq!(text(&first[1], "ConversionPath"), "(BTC-EUR,BTC-USD)");
    assert_eq!(text(&first[2], "ConversionPath"), "(ETH-BTC,BTC-USD)");
    stage.price("50499");
    stage.wait(15 * SECOND);
    assert!(stage.poll(&mut rates).is_empty());
    stage.price("50500");
    stage.wait(14 * SECOND);
    assert!(stage.poll(&mut rates).is_empty());
    stage.wait(SECOND);
    assert_eq!(stage.poll(&mut rates).len(), 3);
    stage.desk.set_offline("BTC-EUR", true, stage.now);
    stage.wait(15 * SECOND);
    let news = stage.poll(&mut rates);
    assert_eq!(news.len(), 1);
    assert_eq!(text(&news[0], "Status"), "Offline");
    for bad in [
        r#""EquivalentCurrency":"XXX""#,
        r#""Currencies":[]"#,
        r#""EquivalentCurrency":"USD","Throttle":"9s""#,
        r#""EquivalentCurrency":"USD","Tolerance":"0.00001""#,
        r#""EquivalentCurrency":"USD","Currencies":["XXX"]"#,
    ] {
        assert!(
            stage
                .try_feed(&format!(r#"{{"name":"CurrencyConversion",{bad}}}"#))
                .is_err()
        );
    }
}

#[test]
fn users_see_their_own_settings() {
    let mut stage = Stage::new();
    let (mut user, first) = stage.feed(r#"{"name":"User"}"#);
    assert_eq!(
        first[0].to_string(),
        r#"{"CustomerUserID":"174K1Q9GC0C00","Email":"tom@company.com","DisplayName":"Tom","Config":[],"Permissions":["read::orders","write::orders","read::marketdata","read::entity"],"MarketAccountAuthorizations":{"market-account-1":["read::orders","read::marketdata","read::entity"]}}"#
    );
    stage
        .send(
            Command::UserConfig,
            r#"{"Key":"symbol","Value":"\"ETH-BTC\""}"#,
        )
        .unwrap();
    stage
        .send(Command::UserConfig, r#"{"Key":"symbol","Mode":"Disabled"}"#)
        .unwrap();
    let news = stage.poll(&mut user);
    assert_eq!(
        news[0].get("Config").unwrap().to_string(),
        r#"[{"Timestamp":1800000000000001000,"CustomerUserID":"174K1Q9GC0C00","Mode":"Disabled","Key":"symbol","Value":"\"ETH-BTC\""}]"#
    );
    assert!(stage.poll(&mut user).is_empty());
    let other = Caller {
        user: "other".to_owned(),
        ..caller()
    };
    let stream = Json::parse(br#"{"name":"User"}"#).unwrap();
    let (_, records) = Feed::open(&stage.desk, &stream, &other, stage.now).unwrap();
    assert_eq!(records[0].get("Config"), Some(&Json::List(Vec::new())));
    for bad in [
        r#"{"Value":"1"}"#,
        r#"{"Key":"a","Value":"{"}"#,
        r#"{"Key":"a","Value":1}"#,
        r#"{"Key":"a","Mode":"Off"}"#,
    ] {
        assert!(stage.send(Command::UserConfig, bad).is_err(), "{bad}");
    }
}

#[test]
fn streams_are_named() {
    let stage = Stage::new();
    for name in [
        "Balance",
        "Currency",
        "Security",
        "ExecutionReport",
        "Order",
        "Trade",
        "Quote",
        "Exposure",
        "User",
    ] {
        let (feed, _) = stage.feed(&format!(r#"{{"name":"{name}"}}"#));
        assert_eq!(feed.name(), name);
    }
    for bad in [
        r#"{"name":"Position"}"#,
        r#"{"name":7}"#,
        "{}",
        "[]",
        "null",
    ] {
        assert!(stage.try_feed(bad).is_err(), "{bad}");
    }
}
