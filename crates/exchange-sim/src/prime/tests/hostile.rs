//! Input that means harm.

use super::*;

const COMMANDS: [Command; 7] = [
    Command::NewOrderSingle,
    Command::OrderCancelRequest,
    Command::OrderCancelReplaceRequest,
    Command::OrderControlRequest,
    Command::QuoteRequest,
    Command::QuoteCancelRequest,
    Command::UserConfig,
];

/// A message in which every member is good.
const GOOD: &[(&str, &str)] = &[
    ("Symbol", r#""BTC-USD""#),
    ("Side", r#""Buy""#),
    ("OrderQty", r#""1""#),
    ("OrdType", r#""Limit""#),
    ("Price", r#""49000""#),
    ("TimeInForce", r#""GoodTillCancel""#),
    ("Currency", r#""BTC""#),
    ("TransactTime", r#""2027-01-15T08:00:00.000000Z""#),
    ("Strategy", r#""SteadyPace""#),
    ("Parameters", r#"{"ClipSize":"0.1","ClipInterval":"1s"}"#),
    ("EndTime", r#""2027-01-16T08:00:00.000000Z""#),
    ("AllowedSlippage", r#""0.001""#),
    ("Action", r#""Pause""#),
    ("Key", r#""k""#),
    ("Value", r#""1""#),
    ("Mode", r#""Enabled""#),
    ("QuoteReqID", r#""Q""#),
    ("RFQID", r#""R""#),
    ("OrigClOrdID", r#""A""#),
];

fn bad_values() -> Vec<String> {
    let mut values: Vec<String> = [
        "null",
        "true",
        "7",
        "1e400",
        "[]",
        "{}",
        "\"\"",
        "\"NaN\"",
        "\"Infinity\"",
        "\"-1\"",
        "\"0\"",
        "\"-0.00000000000000000000001\"",
        "\"0.000000000000000001\"",
        "\"999999999999999.999999999999\"",
        "\"79228162514264337593543950335\"",
        "\"99999999999999999999999999999999999999999\"",
        "\"1e9\"",
        "\"1,5\"",
        "\"\\u0000\"",
        "\"9999-12-31T23:59:59Z\"",
        "\"99999999h\"",
        "\"0ns\"",
        r#"{"ClipSize":"0.00000001","ClipInterval":"1s","Variance":"0.999999"}"#,
        r#"{"ClipSize":[[[[]]]],"TriggerPrice":{"a":{}}}"#,
        r#"{"TriggerPrice":"79228162514264337593543950335"}"#,
        r#"{"ClipSize":"0.1","ClipInterval":"2562047h","StartTime":"2500-01-01T00:00:00Z"}"#,
    ]
    .map(str::to_owned)
    .into();
    values.push(format!("\"{}\"", "9".repeat(10_000)));
    values.push(format!("{}{}", "[".repeat(30), "]".repeat(30)));
    values
}

#[test]
fn nothing_that_is_sent_harms_the_desk() {
    let mut stage = Stage::new();
    stage.limit("A", "Buy", "1", "49000");
    let orders_before = stage.desk.orders.live_count();
    let mut refused = 0;
    for command in COMMANDS {
        assert!(stage.send(command, "[]").is_err());
        assert!(stage.send(command, "{}").is_err());
        for (bad_name, _) in GOOD {
            for value in bad_values() {
                let id = stage.fresh_id();
                let members = GOOD.iter().map(|(name, good)| {
                    let value = if name == bad_name { &value } else { *good };
                    format!(r#""{name}":{value}"#)
                });
                let members: Vec<_> = members.collect();
                // With and without a strategy.
                let mut record = format!(r#"{{"ClOrdID":"{id}",{}}}"#, members.join(","));
                if refused % 2 == 0 {
                    record = record.replace(r#""Strategy":"SteadyPace","#, "");
                }
                refused += u32::from(stage.send(command, &record).is_err());
            }
        }
        stage.wait(Duration::from_secs(3));
        let totals = stage.desk.purse.totals();
        assert!(totals.values().all(Decimal::is_zero));
        stage.news();
    }
    assert!(refused > 1_000, "{refused}");
    assert!(stage.desk.orders.live_count() <= 500);
    assert!(orders_before == 1);
    stage.wait(Duration::from_secs(400 * 86_400));
}

#[test]
fn nothing_that_is_subscribed_to_harms_the_desk() {
    let stage = Stage::new();
    let names = [
        "Balance",
        "Currency",
        "Security",
        "CurrencyConversion",
        "ExecutionReport",
        "Order",
        "Trade",
        "Quote",
        "Exposure",
        "MarketDataSnapshot",
        "User",
    ];
    let parameters = [
        "Currencies",
        "EquivalentCurrency",
        "Symbols",
        "Throttle",
        "Tolerance",
        "StartDate",
        "EndDate",
        "Symbol",
        "Statuses",
        "OrderID",
        "RFQID",
        "Depth",
        "SizeBuckets",
        "PriceIncrement",
    ];
    let mut opened = 0;
    for name in names {
        for parameter in parameters {
            for value in bad_values() {
                let base = r#""Symbol":"BTC-USD","EquivalentCurrency":"USD""#;
                let stream = format!(r#"{{"name":"{name}",{base},"{parameter}":{value}}}"#);
                opened += u32::from(stage.try_feed(&stream).is_ok());
            }
        }
    }
    assert!(opened > 100, "{opened}");
}

#[test]
fn no_price_that_is_set_harms_the_desk() {
    let mut stage = Stage::new();
    for price in [
        "-1",
        "0",
        "0.01",
        "79228162514264337593543950335",
        "50000.05",
    ] {
        assert!(
            !stage.desk.set_price("BTC-USD", decimal(price), stage.now),
            "{price}"
        );
    }
    stage.limit("A", "Buy", "1000", "0.1");
    stage.limit("B", "Sell", "30", "99999999999999");
    for price in ["0.1", "99999999999999.9", "0.2", "50000"] {
        stage.price(price);
        stage.feed(r#"{"name":"Balance","EquivalentCurrency":"EUR"}"#);
        stage.feed(r#"{"name":"MarketDataSnapshot","Symbol":"BTC-USD"}"#);
        let totals = stage.desk.purse.totals();
        assert!(totals.values().all(Decimal::is_zero));
    }
    assert!(
        !stage.desk.set_balance("USD", Decimal::MAX) || stage.desk.set_balance("USD", Decimal::ONE)
    );
    stage.desk.set_balance("BTC", Decimal::MIN);
    stage.limit("C", "Buy", "1", "49000");
    stage.wait(Duration::from_secs(10));
}
