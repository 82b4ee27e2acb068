use rust_decimal::Decimal;

use super::super::treasury::testing::{Customer, START};
use super::{PERMISSIONS, fixed};
use crate::json::Json;

/// The ids on a page of Ledgers, newest first.
fn ids(answer: &Json) -> Vec<String> {
    let entries = answer.get("ledger").unwrap().as_object().unwrap();
    entries.keys().cloned().collect()
}

fn count(answer: &Json) -> String {
    let count = answer.get("count").unwrap();
    count.scalar().unwrap_or_else(|| count.to_string())
}

/// So many entries, a second apart, in two assets by turns.
fn customer_with(entries: usize) -> (Customer, Vec<String>) {
    let mut customer = Customer::new();
    for place in 0..entries {
        let asset = if place % 2 == 0 { "ZUSD" } else { "XXBT" };
        customer.book("deposit", &[(asset, "1", "0")]);
        customer.pass(1);
    }
    let all = &customer.spot.statements.values().next().unwrap().entries;
    let newest_first = all.iter().rev().map(|entry| entry.id.clone()).collect();
    (customer, newest_first)
}

#[test]
fn amounts_are_written_with_the_digits_of_the_asset() {
    for (amount, decimals, text) in [
        ("1", 4, "\"1.0000\""),
        ("1.23456", 4, "\"1.2345\""),
        ("-1.23456", 4, "\"-1.2345\""),
        ("-0.00001", 4, "\"0.0000\""),
        ("0", 10, "\"0.0000000000\""),
    ] {
        let amount: Decimal = amount.parse().unwrap();
        assert_eq!(fixed(amount, decimals).to_string(), text);
    }
    // As many digits as there is room for.
    let most = format!("\"{}\"", Decimal::MAX);
    assert_eq!(fixed(Decimal::MAX, 10).to_string(), most);
}

#[test]
fn balances_show_what_was_ever_held() {
    let mut customer = Customer::new();
    assert_eq!(customer.text("Balance", "{}"), "{}");
    assert_eq!(customer.text("BalanceEx", "{}"), "{}");
    customer.book("deposit", &[("XXBT", "1", "0"), ("USDT", "2.5", "0")]);
    customer.book("withdrawal", &[("XXBT", "-1", "0")]);
    assert_eq!(
        customer.text("Balance", "{}"),
        r#"{"USDT":"2.50000000","XXBT":"0.0000000000"}"#
    );
    assert_eq!(customer.text("CreditLines", "{}"), "null");
    assert_eq!(
        customer.refused("Balance", r#"{"rebase_multiplier":"x"}"#),
        "EGeneral:Invalid arguments:rebase_multiplier"
    );
}

#[test]
fn ledgers_come_in_pages_of_fifty() {
    let (mut customer, all) = customer_with(120);
    let first = customer.call("Ledgers", "{}");
    assert_eq!(ids(&first), all[..50]);
    assert_eq!(count(&first), "120");
    assert_eq!(first.get("cursor"), None);
    let third = customer.call("Ledgers", r#"{"ofs":100}"#);
    assert_eq!(ids(&third), all[100..]);
    assert_eq!(count(&third), "120");
    let beyond = customer.call("Ledgers", r#"{"ofs":1000}"#);
    assert_eq!(beyond.get("ledger").unwrap().to_string(), "{}");
    assert_eq!(count(&beyond), "120");
    let uncounted = customer.call("Ledgers", r#"{"without_count":true}"#);
    assert_eq!(count(&uncounted), "null");

    let mut seen = Vec::new();
    let mut body = r#"{"with_cursor":true}"#.to_owned();
    loop {
        let page = customer.call("Ledgers", &body);
        assert_eq!(count(&page), "null");
        seen.extend(ids(&page));
        // What comes meanwhile does not move the pages.
        customer.book("deposit", &[("ZUSD", "1", "0")]);
        let Json::Text(next) = page.get("cursor").unwrap().get("next").unwrap() else {
            break;
        };
        body = format!(r#"{{"with_cursor":true,"cursor":"{next}"}}"#);
    }
    assert_eq!(seen, all);
    for (body, name) in [
        (r#"{"ofs":-1}"#, "ofs"),
        (r#"{"ofs":1,"with_cursor":true}"#, "ofs"),
        (r#"{"cursor":"x"}"#, "cursor"),
        (r#"{"cursor":"x","with_cursor":true}"#, "cursor"),
        (r#"{"start":"LX"}"#, "start"),
        (r#"{"type":"earn"}"#, "type"),
        (r#"{"aclass":"x"}"#, "aclass"),
    ] {
        let error = format!("EGeneral:Invalid arguments:{name}");
        assert_eq!(customer.refused("Ledgers", body), error, "{body}");
    }
}

#[test]
fn the_start_is_exclusive_and_the_end_inclusive() {
    let (mut customer, all) = customer_with(10);
    let start = START.seconds();
    let by_time = format!(r#"{{"start":{},"end":{}}}"#, start + 2, start + 5);
    let by_id = format!(r#"{{"start":"{}","end":"{}"}}"#, all[7], all[4]);
    for body in [by_time, by_id] {
        let found = customer.call("Ledgers", &body);
        assert_eq!(ids(&found), all[4..7], "{body}");
        assert_eq!(count(&found), "3");
    }
    // An entry's time as it is shown is a start from which to go on.
    customer.now = customer
        .now
        .plus(std::time::Duration::from_nanos(123_456_789));
    customer.book("trade", &[("ZUSD", "1", "0")]);
    let newest = customer.call("Ledgers", r#"{"type":"trade"}"#);
    let entries = newest.get("ledger").unwrap().as_object().unwrap();
    let time = entries.values().next().unwrap().get("time").unwrap();
    assert!(time.to_string().ends_with(".1234567"), "{time}");
    let after = customer.call("Ledgers", &format!(r#"{{"start":{time}}}"#));
    assert_eq!(count(&after), "0");
    let until = customer.call("Ledgers", &format!(r#"{{"end":{time}}}"#));
    assert_eq!(count(&until), "11");
}

#[test]
fn ledgers_are_filtered_by_asset_and_class() {
    let (mut customer, _) = customer_with(5);
    for (body, expected) in [
        (r#"{"asset":"USD"}"#, "3"),
        (r#"{"asset":"ZUSD,XBT"}"#, "5"),
        (r#"{"asset":"all"}"#, "5"),
        (r#"{"asset":[{"asset":"BTC","aclass":"currency"}]}"#, "2"),
        (
            r#"{"asset":[{"asset":"AAPLx","aclass":"tokenized_asset"}]}"#,
            "0",
        ),
        (r#"{"aclass":"tokenized_asset"}"#, "0"),
        (r#"{"asset":"XBT.B"}"#, "0"),
        (r#"{"type":"deposit"}"#, "5"),
        (r#"{"type":"nft_rebate"}"#, "0"),
    ] {
        assert_eq!(count(&customer.call("Ledgers", body)), expected, "{body}");
    }
    assert_eq!(
        customer.refused("Ledgers", r#"{"asset":"NONE"}"#),
        "EQuery:Unknown asset"
    );
}

#[test]
fn entries_are_found_by_id() {
    let (mut customer, all) = customer_with(30);
    let two = format!(r#"{{"id":"{},{}"}}"#, all[3], all[20]);
    let found = customer.call("QueryLedgers", &two);
    let keys: Vec<&String> = found.as_object().unwrap().keys().collect();
    assert_eq!(keys, [&all[3], &all[20]]);
    let none = r#"{"id":"LAAAAA-BBBBB-CCCCCC"}"#;
    assert_eq!(customer.text("QueryLedgers", none), "{}");
    let many = format!(r#"{{"id":"{}"}}"#, all[..21].join(","));
    for body in ["{}", r#"{"id":"x"}"#, many.as_str()] {
        assert_eq!(
            customer.refused("QueryLedgers", body),
            "EGeneral:Invalid arguments:id"
        );
    }
}

#[test]
fn the_volume_of_thirty_days_sets_the_fees() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("ZUSD", "100000", "0")]);
    customer.trade("XBTUSD", "buy", "1");
    let told = |customer: &Customer, volume: &Json| {
        let exact = customer.spot.fee_volume(&customer.account, customer.now);
        assert_eq!(volume.get("volume"), Some(&fixed(exact, 4)));
        exact
    };
    let volume = customer.call("TradeVolume", "{}");
    let exact = told(&customer, &volume);
    assert!(exact > 60_000.into() && exact < 60_100.into(), "{exact}");
    assert_eq!(volume.get("fees"), Some(&Json::Null));
    assert_eq!(volume.get("schedules"), None);
    let body = r#"{"pair":"XBTUSD,ETH/USD","fee_schedule":true}"#;
    let volume = customer.call("TradeVolume", body);
    let fees = volume.get("fees").unwrap();
    assert_eq!(
        fees.get("XXBTZUSD").unwrap().to_string(),
        r#"{"fee":"0.2400","minfee":"0.1000","maxfee":"0.4000","nextfee":"0.2200","tiervolume":"50000.0000","nextvolume":"100000.0000"}"#
    );
    assert_eq!(fees.as_object().unwrap().len(), 2);
    let maker = volume.get("fees_maker").unwrap().get("XETHZUSD").unwrap();
    assert_eq!(maker.get("fee").unwrap().as_str(), Some("0.1400"));
    let schedules = volume.get("schedules").unwrap().as_list().unwrap();
    assert_eq!(schedules.len(), 2);
    customer.pass(31 * 86_400);
    let volume = customer.call("TradeVolume", r#"{"pair":"XBTUSD"}"#);
    assert_eq!(volume.get("volume").unwrap().as_str(), Some("0.0000"));
    assert_eq!(
        customer.refused("TradeVolume", r#"{"pair":"NONE"}"#),
        "EQuery:Unknown asset pair"
    );
}

/// What an order is charged is what was told before it, pair by pair.
#[test]
fn the_fees_told_are_the_fees_charged() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("ZUSD", "3000000", "0")]);
    for (pair, id, volume) in [
        ("USDCUSD", "USDCUSD", "9000"),
        ("XBTUSD", "XXBTZUSD", "0.5"),
        ("USDCUSD", "USDCUSD", "30000"),
        ("XBTUSD", "XXBTZUSD", "1"),
        ("USDCUSD", "USDCUSD", "100"),
        ("ETHUSD", "XETHZUSD", "60"),
        ("XBTUSD", "XXBTZUSD", "0.01"),
    ] {
        let told = customer.call("TradeVolume", &format!(r#"{{"pair":"{pair}"}}"#));
        let fee = told.get("fees").unwrap().get(id).unwrap().get("fee");
        let percent: Decimal = fee.unwrap().as_str().unwrap().parse().unwrap();
        let order = customer.trade(pair, "buy", volume);
        let trades = customer.spot.desk.trades_of(&customer.account);
        for trade in trades.filter(|trade| trade.order == order) {
            let fee = trade.cost * percent / Decimal::ONE_HUNDRED;
            assert_eq!(trade.fee, fee.trunc_with_scale(4), "{pair} {percent}");
        }
    }
}

#[test]
fn all_accounts_of_a_master_count_for_its_fees() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("ZUSD", "200000", "0")]);
    customer.call("CreateSubaccount", r#"{"username":"a","email":"a@b.c"}"#);
    let below = customer.spot.treasury.subaccounts_of(&customer.account);
    let below = below[0].1.clone();
    customer.trade("XBTUSD", "buy", "1");
    let master = std::mem::replace(&mut customer.account, below.clone());
    let volume = customer.call("TradeVolume", r#"{"pair":"XBTUSD"}"#);
    let fees = volume.get("fees").unwrap().get("XXBTZUSD").unwrap();
    assert_eq!(fees.get("fee").unwrap().as_str(), Some("0.2400"));
    customer.book("deposit", &[("ZUSD", "1000", "0")]);
    let order = customer.trade("XBTUSD", "buy", "0.01");
    let trade = customer.spot.desk.trades_of(&below).next().unwrap();
    let fee = (trade.cost * Decimal::new(24, 4)).trunc_with_scale(4);
    assert_eq!(trade.fee, fee);

    // The master sees what its subaccount did, and not the other way.
    let sees = |customer: &mut Customer, account: &str, name: &str, more: &str| {
        let body = format!(r#"{{"account_id":"{account}"{more}}}"#);
        customer
            .reply(name, &body)
            .map(|reply| format!("{reply:?}"))
    };
    customer.account = master.clone();
    let wallet = super::wallet_id(&below);
    let txid = format!(r#","txid":"{order}""#);
    let of_order = format!(r#","order_id":"{order}""#);
    for (name, more) in [
        ("ClosedOrders", ""),
        ("QueryOrders", txid.as_str()),
        ("TradesHistory", ""),
    ] {
        let seen = sees(&mut customer, &wallet, name, more).unwrap();
        assert!(seen.contains(&order), "{name}: {seen}");
        assert!(!sees(&mut customer, &master, name, more).is_ok_and(|s| s.contains(&order)));
    }
    assert!(sees(&mut customer, &wallet, "OrderAmends", &of_order).is_ok());
    customer.account = below;
    for name in ["OpenOrders", "OpenPositions", "TradeBalance", "Ledgers"] {
        let refused = sees(&mut customer, &master, name, "").unwrap_err();
        assert_eq!(refused, "EAccount:Invalid permissions".into(), "{name}");
    }
}

#[test]
fn a_key_tells_about_itself() {
    let mut customer = Customer::new();
    customer.key.permissions = Some(vec![
        "Funds permissions - Query".into(),
        "Data - Export data".into(),
    ]);
    assert_eq!(
        customer.text("GetApiKeyInfo", "{}"),
        r#"{"api_key_name":"k","api_key":"k","nonce":"1772627060997","nonce_window":0,"permissions":["query-funds","export-data"],"iban":"AA72 N84G DEMO SPOT","valid_until":"0","query_from":"0","query_to":"0","created_time":"1688669597","modified_time":"1688669597","ip_allowlist":[],"last_used":"1688669597"}"#
    );
    customer.key.permissions = None;
    let info = customer.call("GetApiKeyInfo", "{}");
    let all = info.get("permissions").unwrap().as_list().unwrap().len();
    assert_eq!(all, PERMISSIONS.len());
}
