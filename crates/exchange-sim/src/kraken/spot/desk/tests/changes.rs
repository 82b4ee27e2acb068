//! What time and customers do to resting orders.

use super::*;

#[test]
fn stops_are_triggered_and_trail() {
    let mut stand = Stand::new();
    let stop = stand.add(r#""ordertype":"stop-loss","type":"sell","volume":"0.1","price":"58000""#);
    let limited = stand.add(
        r#""ordertype":"take-profit-limit","type":"sell","volume":"0.1","price":"+2000","price2":"63000""#,
    );
    let trailing =
        stand.add(r#""ordertype":"trailing-stop","type":"sell","volume":"0.1","price":"+1000""#);
    assert_eq!(stand.available("A", "XXBT"), "0.7");
    assert_eq!(stand.of(&trailing, "stopprice"), "59000.00000");
    stand.price("XBTUSD", "62000");
    assert_eq!(stand.of(&limited, "misc"), "touched");
    assert_eq!(stand.of(&limited, "status"), "open");
    assert_eq!(stand.of(&trailing, "stopprice"), "61000.00000");
    stand.price("XBTUSD", "60500");
    assert_eq!(stand.of(&trailing, "status"), "closed");
    assert_eq!(stand.of(&trailing, "misc"), "stopped");
    assert_eq!(stand.of(&trailing, "price"), "60499.90000");
    assert_eq!(stand.of(&stop, "status"), "open");
    stand.price("XBTUSD", "57000");
    assert_eq!(stand.of(&stop, "status"), "closed");
    stand.price("XBTUSD", "63100");
    assert_eq!(stand.of(&limited, "price"), "63000.00000");
    stand.check();
}

#[test]
fn time_starts_expires_and_cancels_orders() {
    let mut stand = Stand::new();
    let order = r#""ordertype":"limit","type":"buy","volume":"0.01","price":"50000""#;
    let dated = stand.add(&format!(r#"{order},"timeinforce":"GTD","expiretm":"+60""#));
    let later = stand.add(&format!(r#"{order},"starttm":"+30""#));
    assert_eq!(stand.of(&later, "status"), "pending");
    stand.pass(30);
    assert_eq!(stand.of(&later, "status"), "open");
    let timer = stand.call("CancelAllOrdersAfter", r#"{"timeout":60}"#);
    assert_eq!(
        timer.to_string(),
        r#"{"currentTime":"2027-01-15T08:00:30Z","triggerTime":"2027-01-15T08:01:30Z"}"#
    );
    stand.pass(29);
    assert_eq!(stand.of(&dated, "status"), "open");
    stand.pass(365 * 86_400);
    assert_eq!(stand.of(&dated, "status"), "expired");
    assert_eq!(stand.of(&dated, "closetm"), "1800000060.000000");
    assert_eq!(stand.of(&later, "status"), "canceled");
    assert_eq!(stand.of(&later, "closetm"), "1800000090.000000");
    let off = stand.call("CancelAllOrdersAfter", r#"{"timeout":"0"}"#);
    assert_eq!(off.get("triggerTime").unwrap().as_str(), Some("0"));
    stand.check();
}

#[test]
fn amends_keep_the_order_and_edits_replace_it() {
    let mut stand = Stand::new();
    let first = stand.add(
        r#""ordertype":"limit","type":"buy","volume":"0.05","price":"50000","cl_ord_id":"mine""#,
    );
    let second = stand.add(r#""ordertype":"limit","type":"buy","volume":"0.05","price":"50000""#);
    let queue = |stand: &Stand| -> Vec<String> {
        let side = crate::kraken::spot::market::Side::Buy;
        let resting = stand.spot.desk.resting("XXBTZUSD", side);
        resting.into_iter().map(|(id, _)| id).collect()
    };
    stand.call("AmendOrder", r#"{"cl_ord_id":"mine","order_qty":"0.04"}"#);
    assert_eq!(queue(&stand), [first.clone(), second.clone()]);
    stand.call("AmendOrder", r#"{"cl_ord_id":"mine","order_qty":"0.06"}"#);
    assert_eq!(queue(&stand), [second.clone(), first.clone()]);
    // 0.11 · 50000, and 0.40 %
    assert_eq!(stand.available("A", "ZUSD"), "4478");
    let same = r#"{"cl_ord_id":"mine","order_qty":"0.06","limit_price":"50000.0"}"#;
    let Ok(Reply::Warned(last, warnings)) = stand.reply_as(0, "AmendOrder", same) else {
        panic!("nothing changed");
    };
    assert_eq!(warnings, ["WDatabase:No change"]);
    assert!(last.get("amend_id").unwrap().as_str().is_some());
    assert_eq!(queue(&stand), [second.clone(), first.clone()]);
    let taking =
        r#"{"cl_ord_id":"mine","limit_price":"60010","order_qty":"0.01","post_only":true}"#;
    assert_eq!(
        stand.refusal("AmendOrder", taking),
        "EOrder:Post only order"
    );
    assert_eq!(
        stand.refusal("AmendOrder", r#"{"cl_ord_id":"mine","order_qty":"1"}"#),
        "EOrder:Insufficient funds"
    );
    let amends = stand.call("OrderAmends", &format!(r#"{{"order_id":"{first}"}}"#));
    let types: Vec<String> = amends
        .get("amends")
        .unwrap()
        .as_list()
        .unwrap()
        .iter()
        .map(|amend| amend.get("order_qty").unwrap().scalar().unwrap())
        .collect();
    assert_eq!(types, ["0.05000000", "0.04000000", "0.06000000"]);
    assert_eq!(amends.get("count").unwrap().scalar().unwrap(), "3");

    let edit = format!(
        r#"{{"pair":"XBTUSD","txid":"{second}","volume":"0.02","price":"51000","userref":5}}"#
    );
    let edited = stand.call("EditOrder", &edit);
    let new = edited.get("txid").unwrap().as_str().unwrap().to_owned();
    assert_eq!(
        edited.to_string(),
        format!(
            r#"{{"status":"ok","txid":"{new}","originaltxid":"{second}","volume":"0.02000000","price":"51000.0","price2":"0","orders_cancelled":1,"descr":{{"order":"buy 0.02000000 XXBTZUSD @ limit 51000.0"}},"newuserref":5}}"#
        )
    );
    assert_eq!(stand.of(&second, "reason"), "Order replaced");
    assert_eq!(stand.of(&new, "link_id"), second);
    let poor = r#"{"pair":"XBTUSD","txid":5,"volume":"1"}"#;
    assert_eq!(
        stand.refusal("EditOrder", poor),
        "EOrder:Insufficient funds"
    );
    assert_eq!(stand.of(&new, "status"), "open");
    stand.check();
    let cancelled = stand.call("CancelOrder", r#"{"txid":5}"#);
    assert_eq!(cancelled.to_string(), r#"{"count":1}"#);
    stand.check();
}

#[test]
fn batches_are_checked_whole_and_placed_one_by_one() {
    let mut stand = Stand::new();
    let good = r#"{"ordertype":"limit","type":"buy","volume":"0.1","price":"50000"}"#;
    let dear = r#"{"ordertype":"limit","type":"buy","volume":"5","price":"50000","close":{"ordertype":"limit","price":"51000"}}"#;
    let answer = stand.call(
        "AddOrderBatch",
        &format!(r#"{{"pair":"XBTUSD","orders":[{good},{dear}]}}"#),
    );
    let orders = answer.get("orders").unwrap().as_list().unwrap();
    let id = orders[0].get("txid").unwrap().as_str().unwrap().to_owned();
    assert_eq!(
        orders[1].get("error").unwrap().as_str(),
        Some("EOrder:Insufficient funds")
    );
    assert!(orders[1].get("txid").is_none());
    let bad = r#"{"ordertype":"limit","type":"buy","volume":"0.1"}"#;
    assert_eq!(
        stand.refusal(
            "AddOrderBatch",
            &format!(r#"{{"pair":"XBTUSD","orders":[{good},{bad}]}}"#)
        ),
        "EGeneral:Invalid arguments:price"
    );
    assert_eq!(
        stand.refusal(
            "AddOrderBatch",
            &format!(r#"{{"pair":"XBTUSD","orders":[{good}]}}"#)
        ),
        "EGeneral:Invalid arguments:orders"
    );
    let cancelled = stand.call(
        "CancelOrderBatch",
        &format!(r#"{{"orders":["{id}",{{"txid":"{id}"}},"OAAAAA-AAAAA-AAAAAA"]}}"#),
    );
    assert_eq!(cancelled.to_string(), r#"{"count":1}"#);
    stand.check();
}

#[test]
fn a_conditional_close_follows_each_fill() {
    let mut stand = Stand::new();
    let id = stand.add(
        r#""ordertype":"limit","type":"buy","volume":"0.1","price":"60010","close[ordertype]":"limit","close[price]":"65000""#,
    );
    let open = stand.call("OpenOrders", "{}");
    let open = open.get("open").unwrap().as_object().unwrap();
    let (close, _) = open.first().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(stand.of(close, "refid"), id);
    assert_eq!(stand.of(close, "vol"), "0.10000000");
    stand.price("XBTUSD", "65100");
    assert_eq!(stand.of(close, "status"), "closed");
    stand.check();
}
