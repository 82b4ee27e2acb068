//! Requests for quotes, and orders that take them.

use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Requests a quote of one bitcoin; `more` are members.
fn request(stage: &mut Stage, id: &str, more: &str) {
    let record = format!(
        r#"{{"QuoteReqID":"{id}","OrderQty":"1","Currency":"BTC","Symbol":"BTC-USD","TransactTime":"2027-01-15T08:00:00.000000Z","Parameters":{{}}{more}}}"#
    );
    stage.send(Command::QuoteRequest, &record).unwrap();
}

fn take(stage: &mut Stage, id: &str, side: &str, quote: &Json, more: &str) {
    let more = format!(
        r#""OrdType":"RFQ","QuoteID":"{}","RFQID":"{}"{more}"#,
        text(quote, "QuoteID"),
        text(quote, "RFQID")
    );
    stage.order(id, side, "1", &more);
}

fn statuses(records: &[Json]) -> Vec<&str> {
    records
        .iter()
        .map(|record| text(record, "QuoteStatus"))
        .collect()
}

fn stage() -> (Stage, Feed) {
    let stage = Stage::new();
    let (quotes, first) = stage.feed(r#"{"name":"Quote"}"#);
    assert!(first.is_empty());
    (stage, quotes)
}

#[test]
fn a_quote_gets_new_prices_until_it_ends() {
    let (mut stage, mut quotes) = stage();
    request(&mut stage, "Q", "");
    let news = stage.poll(&mut quotes);
    assert_eq!(statuses(&news), ["PendingNew", "Open"]);
    assert_eq!(text(&news[0], "RFQID"), text(&news[1], "RFQID"));
    assert_eq!(text(&news[0], "BidPx"), "-");
    assert!(number(&news[1], "BidPx") < number(&news[1], "OfferPx"));
    assert_eq!(number(&news[1], "OfferAmt"), number(&news[1], "OfferPx"));
    assert_eq!(text(&news[1], "EndTime"), "2027-01-15T08:00:15.000000Z");
    assert_eq!(
        text(&news[1], "ValidUntilTime"),
        "2027-01-15T08:00:01.000000Z"
    );
    let first = text(&news[1], "QuoteID").to_owned();
    stage.wait(SECOND);
    let news = stage.poll(&mut quotes);
    assert_eq!(statuses(&news), ["Open"]);
    assert_ne!(text(&news[0], "QuoteID"), first);
    stage.wait(Duration::from_secs(13));
    assert_eq!(statuses(&stage.poll(&mut quotes)), ["Open"; 13]);
    stage.wait(SECOND);
    let news = stage.poll(&mut quotes);
    assert_eq!(statuses(&news), ["Canceled"]);
    stage.wait(Duration::from_secs(100));
    assert!(stage.poll(&mut quotes).is_empty());
}

#[test]
fn a_quote_is_taken() {
    for (side, px) in [("Buy", "OfferPx"), ("Sell", "BidPx")] {
        let (mut stage, mut quotes) = stage();
        let (mut trades, _) = stage.feed(r#"{"name":"Trade"}"#);
        request(&mut stage, "Q", "");
        let open = stage.poll(&mut quotes).pop().unwrap();
        take(&mut stage, "A", side, &open, "");
        assert_eq!(
            stage.rows(),
            [
                "(A) PendingNew PendingNew 1 0 1",
                "(A) New New 1 0 1",
                "(A) Trade Filled 1 1 0"
            ]
        );
        let news = stage.poll(&mut quotes);
        assert_eq!(statuses(&news), ["PendingFill", "Filled"]);
        assert_eq!(text(&news[1], "TradedPx"), text(&open, px));
        assert_eq!(text(&news[1], "TradedSide"), side);
        let trade = &stage.poll(&mut trades)[0];
        assert_eq!(text(trade, "Price"), text(&open, px));
        assert_eq!(text(trade, "RFQID"), text(&open, "RFQID"));
        assert_eq!(text(trade, "QuoteID"), text(&open, "QuoteID"));
        // It can't be taken twice.
        take(&mut stage, "B", side, &open, "");
        let news = stage.news();
        assert_eq!(text(&news[1], "OrdRejReason"), "QuoteExpired");
    }
}

#[test]
fn a_quote_that_is_not_good_is_not_traded() {
    let (mut stage, mut quotes) = stage();
    request(&mut stage, "Q", r#","Side":"Buy""#);
    let open = stage.poll(&mut quotes).pop().unwrap();
    assert_eq!((text(&open, "BidPx"), text(&open, "Side")), ("-", "Buy"));
    take(&mut stage, "A", "Sell", &open, "");
    take(&mut stage, "B", "Buy", &open, r#","Price":"49999""#);
    let unknown = Json::parse(br#"{"QuoteID":"x","RFQID":"y"}"#).unwrap();
    take(&mut stage, "C", "Buy", &unknown, "");
    stage.order(
        "D",
        "Buy",
        "2",
        &format!(
            r#""OrdType":"RFQ","QuoteID":"{}","RFQID":"{}""#,
            text(&open, "QuoteID"),
            text(&open, "RFQID")
        ),
    );
    stage.wait(2 * SECOND);
    take(&mut stage, "E", "Buy", &open, "");
    let news = stage.news();
    let reasons: Vec<_> = news.iter().map(|row| text(row, "OrdRejReason")).collect();
    assert_eq!(
        reasons,
        [
            "-",
            "BrokerOption",
            "-",
            "ImmediateOrderDidNotCross",
            "-",
            "UnknownOrder",
            "-",
            "BrokerOption",
            "-",
            "QuoteExpired"
        ]
    );
    // The newest price is good, and so is a limit with slippage.
    let open = stage.poll(&mut quotes).pop().unwrap();
    let limit = format!(
        r#""OrdType":"Limit","Price":"49999","AllowedSlippage":"0.001","TimeInForce":"FillOrKill","RFQID":"{}""#,
        text(&open, "RFQID")
    );
    stage.order("F", "Buy", "1", &limit);
    assert!(stage.rows().last().unwrap().contains("Trade Filled"));
}

#[test]
fn a_quote_is_dropped() {
    let (mut stage, mut quotes) = stage();
    request(&mut stage, "Q", "");
    let open = stage.poll(&mut quotes).pop().unwrap();
    let cancel = |id: &str, rfq: &str| {
        format!(
            r#"{{"QuoteReqID":"{id}","RFQID":"{rfq}","TransactTime":"2027-01-15T08:00:00.000000Z"}}"#
        )
    };
    let rfq = text(&open, "RFQID");
    for (id, rfq) in [("Q", "none"), ("R", rfq)] {
        let refused = stage.send(Command::QuoteCancelRequest, &cancel(id, rfq));
        assert!(refused.unwrap_err().contains("unknown RFQID"));
    }
    let good = cancel("Q", rfq);
    stage.send(Command::QuoteCancelRequest, &good).unwrap();
    assert_eq!(
        statuses(&stage.poll(&mut quotes)),
        ["PendingCancel", "Canceled"]
    );
    // Whoever asks once more is told once more.
    stage.send(Command::QuoteCancelRequest, &good).unwrap();
    assert_eq!(statuses(&stage.poll(&mut quotes)), ["Canceled"]);
    stage.wait(100 * SECOND);
    assert!(stage.poll(&mut quotes).is_empty());
}

#[test]
fn requests_are_refused_with_a_reason() {
    let (mut stage, mut quotes) = stage();
    request(&mut stage, "Q", "");
    stage.poll(&mut quotes);
    let long = "x".repeat(37);
    for (id, symbol, currency, qty, reason) in [
        ("Q", "BTC-USD", "BTC", "1", "DuplicateOrder"),
        ("R", "BTC-XXX", "BTC", "1", "UnknownSymbol"),
        ("S", "BTC-USD", "ETH", "1", "BrokerOption"),
        ("T", "BTC-USD", "BTC", "0.123456789", "BrokerOption"),
        ("U", "BTC-USD", "BTC", "1000000", "OrderExceedsLimit"),
        (
            "V",
            "BTC-USD",
            "BTC",
            "9999999999999999999",
            "OrderExceedsLimit",
        ),
        ("W", "BTC-USD", "BTC", "0.000001", "OrderExceedsLimit"),
        (long.as_str(), "BTC-USD", "BTC", "1", "BrokerOption"),
    ] {
        let record = format!(
            r#"{{"QuoteReqID":"{id}","OrderQty":"{qty}","Currency":"{currency}","Symbol":"{symbol}"}}"#
        );
        stage.send(Command::QuoteRequest, &record).unwrap();
        let news = stage.poll(&mut quotes);
        assert_eq!(statuses(&news), ["PendingNew", "Rejected"], "{id}");
        assert_eq!(text(&news[1], "QuoteRequestRejectReason"), reason, "{id}");
    }
}

#[test]
fn records_are_as_sampled() {
    let (mut stage, mut quotes) = stage();
    request(&mut stage, "Q", "");
    let open = &stage.poll(&mut quotes)[1];
    let members: Vec<_> = open.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        members.join(" "),
        "Timestamp Symbol Currency RFQID QuoteReqID QuoteStatus QuoteID SubmitTime OrderQty \
         AmountCurrency EndTime BidPx BidAmt OfferPx OfferAmt ValidUntilTime CustomerUser"
    );
    assert_eq!(text(open, "OrderQty"), "1.00000000");
}

#[test]
fn an_amount_is_quoted_in_the_other_currency() {
    let (mut stage, mut quotes) = stage();
    let record = r#"{"QuoteReqID":"Q","OrderQty":"50000","Currency":"USD","Symbol":"BTC-USD","Side":"Sell"}"#;
    stage.send(Command::QuoteRequest, record).unwrap();
    let open = stage.poll(&mut quotes).pop().unwrap();
    assert_eq!(
        (text(&open, "AmountCurrency"), text(&open, "OfferPx")),
        ("BTC", "-")
    );
    let more = format!(
        r#""Currency":"USD","OrdType":"RFQ","QuoteID":"{}","RFQID":"{}""#,
        text(&open, "QuoteID"),
        text(&open, "RFQID")
    );
    stage.order("A", "Sell", "50000", &more);
    let last = stage.news().pop().unwrap();
    assert_eq!(text(&last, "OrdStatus"), "Filled");
    assert_eq!(text(&last, "CumAmt"), text(&open, "BidAmt"));
    assert_eq!(stage.desk.purse.amount("USD"), decimal("1050000"));
}
