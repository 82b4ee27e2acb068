//! Positions.

use super::*;

#[test]
fn margin_positions_open_cost_and_close_exactly() {
    let mut stand = Stand::new();
    let open = stand
        .add(r#""ordertype":"limit","type":"buy","volume":"0.1","price":"59000","leverage":"5""#);
    // A fifth of 5900, and 0.40 % of it
    assert_eq!(stand.available("A", "ZUSD"), "8796.4");
    stand.price("XBTUSD", "58000");
    assert_eq!(stand.of(&open, "status"), "closed");
    // The fee of 0.25 % is paid, the margin still held.
    assert_eq!(stand.balance("A", "ZUSD"), "9985.25");
    assert_eq!(stand.available("A", "ZUSD"), "8805.25");
    assert_eq!(stand.balance("A", "XXBT"), "1");
    // The last trade was the order's own.
    stand.price("XBTUSD", "58000");
    let positions = stand.call("OpenPositions", r#"{"docalcs":true}"#);
    let (id, position) = positions.as_object().unwrap().first().unwrap();
    for (member, expected) in [
        ("cost", "5900.00000"),
        ("margin", "1180.00000"),
        ("value", "5800.0"),
        ("net", "-100.0000"),
        ("vol", "0.10000000"),
    ] {
        let value = position.get(member).unwrap().scalar().unwrap();
        assert_eq!(value, expected, "{member}");
    }
    let summed = stand.call("OpenPositions", r#"{"consolidation":"market"}"#);
    let summed = summed.as_list().unwrap();
    assert_eq!(summed[0].get("leverage").unwrap().as_str(), Some("5.00"));
    let balance = stand.call("TradeBalance", "{}");
    // 9985.25 USD and 1 XBT
    assert_eq!(balance.get("tb").unwrap().as_str(), Some("67985.2500"));
    assert_eq!(balance.get("e").unwrap().as_str(), Some("67885.2500"));
    assert_eq!(balance.get("mf").unwrap().as_str(), Some("66705.2500"));
    stand.check();

    // Two periods of four hours at 0.01 %
    stand.pass(8 * 3_600);
    assert_eq!(stand.balance("A", "ZUSD"), "9984.07");
    let close = stand
        .add(r#""ordertype":"limit","type":"sell","volume":"0","price":"61000","leverage":"5""#);
    stand.price("XBTUSD", "61100");
    assert_eq!(stand.of(&close, "vol_exec"), "0.10000000");
    // 200 earned, 15.25 of fee
    assert_eq!(stand.balance("A", "ZUSD"), "10168.82");
    assert_eq!(stand.available("A", "ZUSD"), "10168.82");
    let kinds: Vec<&str> = stand.spot.statements["A"]
        .entries
        .iter()
        .map(|e| e.kind)
        .collect();
    assert_eq!(
        kinds,
        ["deposit", "deposit", "margin", "rollover", "margin"]
    );
    let history = stand.call(
        "TradesHistory",
        r#"{"type":"closed position","trades":true}"#,
    );
    let opened = history.get("trades").unwrap().get(id).unwrap();
    assert_eq!(opened.get("posstatus").unwrap().as_str(), Some("closed"));
    assert_eq!(opened.get("net").unwrap().scalar().unwrap(), "200.00000");
    stand.check();
}

#[test]
fn positions_are_settled_reduced_and_liquidated() {
    let mut stand = Stand::new();
    let buy = r#""ordertype":"market","type":"buy","volume":"0.1","leverage":"5""#;
    stand.add(buy);
    let settle = r#"{"pair":"XBTUSD","ordertype":"settle-position","type":"sell","volume":"0"}"#;
    let settled = stand.call("AddOrder", settle);
    let settled = settled.get("txid").unwrap().as_list().unwrap()[0].scalar();
    assert_eq!(stand.of(&settled.unwrap(), "vol_exec"), "0.10000000");
    assert_eq!(stand.balance("A", "XXBT"), "1.1");
    assert_eq!(stand.refusal("AddOrder", settle), "EOrder:Unknown position");
    stand.check();

    stand.add(r#""ordertype":"market","type":"buy","volume":"0.05","leverage":"5""#);
    let reduce = r#"{"pair":"XBTUSD","ordertype":"market","type":"sell","volume":"0.2","leverage":"5","reduce_only":true}"#;
    assert_eq!(
        stand.refusal("AddOrder", reduce),
        "EOrder:Reduce only:Position is closed"
    );
    assert!(stand.spot.desk.positions.is_empty());
    stand.check();

    let sell = r#""ordertype":"market","type":"sell","volume":"1.09","oflags":"""#;
    stand.add(sell);
    stand.add_as(
        1,
        r#""ordertype":"market","type":"buy","volume":"8","leverage":"5""#,
    );
    stand.check();
    // B has 100000 USD and 2 XBT and has borrowed eight: at 41000 too little is
    // left, and more is lost than there are dollars.
    stand.price("XBTUSD", "41000");
    assert!(stand.spot.desk.positions.is_empty());
    let last = stand.spot.desk.closed_of("B").next_back().unwrap();
    assert_eq!(last.misc(), "liquidated");
    assert_eq!(stand.balance("B", "ZUSD"), "0");
    assert_eq!(stand.balance("B", "XXBT"), "2");
    stand.check();
}
