//! What is counted and listed.

use super::*;

#[test]
fn the_engine_counts_and_refuses() {
    let mut stand = Stand::new();
    stand.spot.limits = true;
    let order = r#""ordertype":"limit","type":"buy","volume":"0.0001","price":"50000""#;
    let id = stand.add(order);
    stand.pass(7);
    stand.call(
        "AmendOrder",
        &format!(r#"{{"txid":"{id}","order_qty":"0.0002"}}"#),
    );
    stand.pass(36);
    stand.call("CancelOrder", &format!(r#"{{"txid":"{id}"}}"#));
    // Two orders a second apart are worth one at this tier; after a minute
    // there is room for 60.
    stand.pass(60);
    for _ in 0..6 {
        let id = stand.add(order);
        stand.call("CancelOrder", &format!(r#"{{"txid":"{id}"}}"#));
    }
    let more = stand.add(order);
    let last = format!(r#"{{"txid":"{more}"}}"#);
    assert_eq!(
        stand.refusal("CancelOrder", &last),
        "EOrder:Rate limit exceeded"
    );
    // All at once is carried out all the same, and nothing fits then.
    assert_eq!(stand.call("CancelAll", "{}").to_string(), r#"{"count":1}"#);
    let order = format!(r#"{{"pair":"XBTUSD",{order}}}"#);
    assert_eq!(
        stand.refusal("AddOrder", &order),
        "EOrder:Rate limit exceeded"
    );
    stand.pass(4);
    stand.call("AddOrder", &order);

    stand.pass(3_600);
    for _ in 0..59 {
        stand.call("AddOrder", &order);
        stand.pass(1);
    }
    assert_eq!(
        stand.refusal("AddOrder", &order),
        "EOrder:Orders limit exceeded"
    );
}

#[test]
fn pages_have_fifty_rows_and_bounds() {
    let mut stand = Stand::new();
    let order = r#""ordertype":"market","type":"buy","volume":"0.0001""#;
    let ids: Vec<String> = (0..60)
        .map(|_| {
            stand.pass(1);
            stand.add(order)
        })
        .collect();
    let keys = |json: &Json, name: &str| -> Vec<String> {
        let rows = json.get(name).unwrap().as_object().unwrap();
        rows.keys().cloned().collect()
    };
    let newest_first: Vec<String> = ids.iter().rev().cloned().collect();
    let first = stand.call("ClosedOrders", "{}");
    assert_eq!(keys(&first, "closed"), newest_first[..50]);
    assert_eq!(first.get("count").unwrap().scalar().unwrap(), "60");
    let second = stand.call("ClosedOrders", r#"{"ofs":50,"without_count":true}"#);
    assert_eq!(keys(&second, "closed"), newest_first[50..]);
    assert!(second.get("count").is_none());
    let first = stand.call("ClosedOrders", r#"{"with_cursor":true}"#);
    assert_eq!(keys(&first, "closed"), newest_first[..50]);
    let next = first
        .get("cursor")
        .unwrap()
        .get("next")
        .unwrap()
        .as_str()
        .unwrap();
    let next = format!(r#"{{"with_cursor":true,"cursor":"{next}"}}"#);
    let second = stand.call("ClosedOrders", &next);
    assert_eq!(keys(&second, "closed"), newest_first[50..]);
    assert!(second.get("cursor").is_none());
    // The order itself is left out at the start, and taken in at the end.
    let bounds = format!(r#"{{"start":"{}","end":"{}"}}"#, ids[10], ids[20]);
    let some = stand.call("ClosedOrders", &bounds);
    assert_eq!(keys(&some, "closed"), newest_first[39..49]);

    let trades = stand.call("TradesHistory", r#"{"limit":60}"#);
    let trades = keys(&trades, "trades");
    assert_eq!(trades.len(), 60);
    let bounds = format!(r#"{{"start":"{}","end":1800000025}}"#, trades[49]);
    assert_eq!(
        keys(&stand.call("TradesHistory", &bounds), "trades"),
        trades[35..49]
    );
    let two = format!(r#"{{"txid":"{},{}"}}"#, trades[3], trades[4]);
    assert_eq!(
        stand.call("QueryTrades", &two).as_object().unwrap().len(),
        2
    );
    assert_eq!(
        stand.refusal("ClosedOrders", r#"{"with_cursor":true,"ofs":50}"#),
        "EGeneral:Invalid arguments:ofs"
    );
}

#[test]
fn fills_of_one_execution_count_as_one_trade_unless_asked() {
    let mut stand = Stand::new();
    let id = stand.add(r#""ordertype":"market","type":"sell","volume":"0.9""#);
    let single = stand.call("TradesHistory", r#"{"consolidate_taker":false}"#);
    let single = single.get("trades").unwrap().as_object().unwrap().len();
    let one = stand.call("TradesHistory", "{}");
    let one = one.get("trades").unwrap().as_object().unwrap();
    assert_eq!(one.len(), 1);
    let (trade, row) = one.first().unwrap();
    assert_eq!(row.get("vol").unwrap().as_str(), Some("0.90000000"));
    let cost = row.get("cost").unwrap().as_str().unwrap().to_owned();
    assert_eq!(stand.of(&id, "cost"), cost);
    let orders = stand.call(
        "QueryOrders",
        &format!(r#"{{"txid":"{id}","trades":true}}"#),
    );
    let trades = orders.get(&id).unwrap().get("trades").unwrap();
    assert_eq!(trades.to_string(), format!(r#"["{trade}"]"#));
    assert!(single >= 1);
}

#[test]
fn orders_that_wait_and_positions_have_a_limit() {
    use crate::kraken::spot::desk::limits::{MOST_POSITIONS, MOST_SCHEDULED};

    let mut stand = Stand::new();
    stand.spot.limits = true;
    stand.give("A", "ZUSD", "100000");
    let later = |pair: &str| {
        format!(
            r#"{{"pair":"{pair}","ordertype":"limit","type":"buy","volume":"0.01","price":"1000","starttm":"+7200"}}"#
        )
    };
    for number in 0..MOST_SCHEDULED {
        let pair = ["XBTUSD", "ETHUSD"][number % 2];
        stand.call("AddOrder", &later(pair));
        stand.pass(2);
    }
    assert_eq!(
        stand.refusal("AddOrder", &later("XBTUSD")),
        "EOrder:Scheduled orders limit exceeded"
    );
    // One that does not wait is no scheduled order.
    stand.add(r#""ordertype":"limit","type":"buy","volume":"0.01","price":"1000""#);
    stand.call("CancelAll", "{}");
    stand.pass(3_600);
    stand.call("AddOrder", &later("XBTUSD"));

    let open = r#""ordertype":"market","type":"buy","volume":"0.001","leverage":"2""#;
    for _ in 0..MOST_POSITIONS {
        stand.add(open);
        stand.pass(2);
    }
    assert_eq!(
        stand.refusal("AddOrder", &format!(r#"{{"pair":"XBTUSD",{open}}}"#)),
        "EOrder:Positions limit exceeded"
    );
    stand.add(r#""ordertype":"market","type":"sell","volume":"0.001","leverage":"2""#);
    stand.add(open);
    stand.check();
}
