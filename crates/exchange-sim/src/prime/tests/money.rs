//! Balances, fees, credit and settlement.

use super::*;

fn totals_are_zero(desk: &Desk) {
    let totals = desk.purse.totals();
    assert!(totals.values().all(Decimal::is_zero), "{totals:?}");
}

#[test]
fn money_follows_trades_exactly() {
    let mut stage = Stage::new();
    stage.desk.fee_rate = decimal("0.001");
    stage.limit("A", "Buy", "2", "49000.5");
    stage.fill("0.33333333");
    let usd = stage.desk.purse.amount("USD");
    // 16333.499837 and 16.3335, to the cent.
    assert_eq!(
        usd,
        decimal("1000000") - decimal("16333.50") - decimal("16.33")
    );
    assert_eq!(stage.desk.purse.amount("BTC"), decimal("40.33333333"));
    let news = stage.news();
    let last = news.last().unwrap();
    assert_eq!(
        (text(last, "LastFee"), text(last, "FeeCurrency")),
        ("16.33", "USD")
    );
    let unsettled = stage.desk.unsettled();
    assert_eq!(unsettled.len(), 1);
    assert_eq!(
        unsettled[0].1,
        [
            ("BTC".to_owned(), decimal("0.33333333")),
            ("USD".to_owned(), decimal("-16349.83"))
        ]
    );
    totals_are_zero(&stage.desk);

    stage.desk.assign(&[unsettled[0].0.clone()]);
    assert!(stage.desk.unsettled().is_empty());
    stage
        .desk
        .settle("BTC", decimal("-0.33333333"), stage.now)
        .unwrap();
    stage
        .desk
        .settle("USD", decimal("16349.83"), stage.now)
        .unwrap();
    assert_eq!(stage.desk.purse.amount("BTC"), decimal("40"));
    assert_eq!(stage.desk.purse.amount("USD"), decimal("1000000"));
    assert!(stage.desk.settle("DOT", Decimal::ONE, stage.now).is_err());
    totals_are_zero(&stage.desk);
}

#[test]
fn open_orders_hold_what_they_may_take() {
    let mut stage = Stage::new();
    let (mut balances, first) = stage.feed(r#"{"name":"Balance","Currencies":["USD","BTC"]}"#);
    assert_eq!(first.len(), 2);
    stage.limit("A", "Buy", "2", "49000.5");
    stage.limit("B", "Sell", "3", "60000");
    let news = stage.poll(&mut balances);
    let shown: Vec<_> = news
        .iter()
        .map(|record| ["Currency", "Amount", "AvailableAmount"].map(|name| text(record, name)))
        .collect();
    assert_eq!(
        shown,
        [
            ["USD", "1000000.00", "901999.00"],
            ["BTC", "40.00000000", "37.00000000"]
        ]
    );
    stage.cancel("C", "A");
    let news = stage.poll(&mut balances);
    assert_eq!(news.len(), 1);
    assert_eq!(text(&news[0], "AvailableAmount"), "1000000.00");
    assert_eq!(stage.poll(&mut balances).len(), 0);
}

#[test]
fn the_customer_owes_within_its_credit() {
    let mut stage = Stage::new();
    let (mut exposure, first) = stage.feed(r#"{"name":"Exposure"}"#);
    assert_eq!(
        (
            text(&first[0], "Exposure"),
            text(&first[0], "ExposureLimit")
        ),
        ("0", "5000000")
    );
    assert!(stage.desk.set_balance("USD", decimal("0")));
    stage.desk.purse.limit = decimal("100000");
    // More than the credit is refused, also together with what is open.
    stage.limit("A", "Buy", "2", "40000");
    stage.limit("B", "Buy", "1", "40000");
    let news = stage.news();
    assert_eq!(
        text(news.last().unwrap(), "OrdRejReason"),
        "OrderExceedsLimit"
    );
    stage.fill("2");
    assert_eq!(stage.desk.purse.amount("USD"), decimal("-80000"));
    stage.desk.catch_up();
    let news = stage.poll(&mut exposure);
    assert_eq!(
        (text(&news[0], "Exposure"), text(&news[0], "ExposureLimit")),
        ("80000", "100000")
    );
    totals_are_zero(&stage.desk);
    // Even over the limit, what brings the debt down is let through.
    stage.desk.purse.limit = decimal("10");
    stage.order(
        "C",
        "Sell",
        "1",
        r#""OrdType":"Market","TimeInForce":"FillOrKill""#,
    );
    assert!(stage.rows().last().unwrap().ends_with("Filled 1 1 0"));
    let ten = r#""OrdType":"Market","TimeInForce":"FillOrKill""#;
    assert!(stage.desk.set_balance("BTC", decimal("0")));
    stage.order("D", "Sell", "1", ten);
    assert!(stage.rows().last().unwrap().contains("Rejected"));
    totals_are_zero(&stage.desk);
}

#[test]
fn balances_are_shown_in_another_currency_too() {
    let stage = Stage::new();
    let (_, records) = stage.feed(r#"{"name":"Balance","EquivalentCurrency":"USD"}"#);
    let bitcoin = records
        .iter()
        .find(|record| text(record, "Currency") == "BTC")
        .unwrap();
    assert_eq!(
        bitcoin.to_string(),
        r#"{"Currency":"BTC","Amount":"40.00000000","AvailableAmount":"40.00000000","Equivalent":{"Currency":"USD","Amount":"2000000.00","AvailableAmount":"2000000.00"}}"#
    );
    assert!(
        stage
            .try_feed(r#"{"name":"Balance","EquivalentCurrency":"XXX"}"#)
            .is_err()
    );
}
