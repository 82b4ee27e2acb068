use rust_decimal::Decimal;

use super::testing::{ACCOUNT, Customer};
use crate::json::Json;
use crate::kraken::answer::Reply;

/// The references of a list of deposits or withdrawals.
fn refids(list: &Json) -> Vec<String> {
    let list = list.as_list().unwrap().iter();
    list.map(|one| one.get("refid").unwrap().as_str().unwrap().to_owned())
        .collect()
}

fn field(list: &Json, place: usize, name: &str) -> String {
    let one = &list.as_list().unwrap()[place];
    one.get(name).map_or_else(
        || "-".to_owned(),
        |value| value.scalar().unwrap_or("null".into()),
    )
}

fn receive(customer: &mut Customer, asset: &str, amount: &str) -> String {
    let asset = super::find_asset(asset).unwrap();
    let amount = amount.parse().unwrap();
    let (account, now) = (customer.account.clone(), customer.now);
    customer.spot.receive(&account, asset, amount, now).unwrap()
}

/// State and note of the newest deposit or withdrawal.
fn state(customer: &mut Customer, operation: &str) -> String {
    let list = customer.call(operation, "{}");
    let note = field(&list, 0, "status-prop");
    format!("{} {note}", field(&list, 0, "status"))
}

#[test]
fn a_deposit_is_traded_and_withdrawn_to_the_last_digit() {
    let mut customer = Customer::new();
    let refid = receive(&mut customer, "USD", "1000.0001");
    assert_eq!(state(&mut customer, "DepositStatus"), "Initial -");
    customer.pass(5);
    assert_eq!(state(&mut customer, "DepositStatus"), "Pending -");
    customer.pass(25);
    assert_eq!(state(&mut customer, "DepositStatus"), "Settled -");
    assert_eq!(customer.text("Balance", "{}"), "{}");
    customer.pass(30);
    assert_eq!(state(&mut customer, "DepositStatus"), "Success -");
    let list = customer.call("DepositStatus", "{}");
    assert_eq!(refids(&list), std::slice::from_ref(&refid));
    assert_eq!(field(&list, 0, "amount"), "1000.0001");
    assert_eq!(field(&list, 0, "fee"), "3.0000");
    assert_eq!(customer.text("Balance", "{}"), r#"{"ZUSD":"997.0001"}"#);

    customer.pass(60);
    customer.book(
        "trade",
        &[
            ("ZUSD", "-600.0000", "2.4000"),
            ("XXBT", "0.0100000000", "0"),
        ],
    );
    let both = r#"{"XXBT":"0.0100000000","ZUSD":"394.6001"}"#;
    assert_eq!(customer.text("Balance", "{}"), both);

    customer.pass(60);
    let body = r#"{"asset":"XBT","key":"btc-wallet-1","amount":"0.0075"}"#;
    assert_eq!(
        customer.text("WithdrawInfo", body),
        r#"{"method":"Bitcoin","limit":"0.0098500000","amount":"0.0073500000","fee":"0.0001500000"}"#
    );
    let out = customer.call("Withdraw", body);
    let out = out.get("refid").unwrap().as_str().unwrap().to_owned();
    // Held, so gone from the balance, but not booked.
    let left = r#"{"XXBT":"0.0025000000","ZUSD":"394.6001"}"#;
    assert_eq!(customer.text("Balance", "{}"), left);
    assert_eq!(
        customer.text("BalanceEx", "{}"),
        r#"{"XXBT":{"balance":"0.0025000000","hold_trade":"0.0000000000"},"ZUSD":{"balance":"394.6001","hold_trade":"0.0000"}}"#
    );
    assert_eq!(customer.balance("XXBT"), "0.01");
    customer.pass(29);
    assert_eq!(state(&mut customer, "WithdrawStatus"), "Pending -");
    assert_eq!(
        field(&customer.call("WithdrawStatus", "{}"), 0, "txid"),
        "null"
    );
    customer.pass(1);
    assert_eq!(state(&mut customer, "WithdrawStatus"), "Settled -");
    assert_eq!(customer.text("Balance", "{}"), left);
    assert_eq!(customer.balance("XXBT"), "0.0025");
    customer.pass(30);
    let list = customer.call("WithdrawStatus", r#"{"asset":"XXBT"}"#);
    assert_eq!(refids(&list), std::slice::from_ref(&out));
    for (name, value) in [
        ("status", "Success"),
        ("network", "Bitcoin"),
        ("amount", "0.0073500000"),
        ("fee", "0.0001500000"),
        ("key", "btc-wallet-1"),
    ] {
        assert_eq!(field(&list, 0, name), value);
    }
    assert_eq!(field(&list, 0, "txid").len(), 64);

    let ledger = customer.call("Ledgers", "{}");
    let rows: Vec<String> = ledger
        .get("ledger")
        .unwrap()
        .as_object()
        .unwrap()
        .values()
        .map(|entry| {
            let of = |name: &str| entry.get(name).unwrap().scalar().unwrap();
            let names = ["refid", "time", "type", "asset", "amount", "fee", "balance"];
            names.map(of).join(" ")
        })
        .collect();
    let start = super::testing::START.seconds();
    assert_eq!(
        rows[0],
        format!(
            "{out} {} withdrawal XXBT -0.0073500000 0.0001500000 0.0025000000",
            start + 210
        )
    );
    assert!(rows[1].ends_with("trade XXBT 0.0100000000 0.0000000000 0.0100000000"));
    assert!(rows[2].ends_with("trade ZUSD -600.0000 2.4000 394.6001"));
    assert_eq!(
        rows[3],
        format!(
            "{refid} {} deposit ZUSD 1000.0001 3.0000 997.0001",
            start + 60
        )
    );
    assert_eq!(rows.len(), 4);
    customer.check_totals();
}

#[test]
fn a_year_at_once_ends_where_small_steps_end() {
    let mut slow = Customer::new();
    let mut quick = Customer::new();
    for customer in [&mut slow, &mut quick] {
        customer.book("deposit", &[("XXBT", "1", "0")]);
        receive(customer, "XBT", "0.5");
        customer.call(
            "Withdraw",
            r#"{"asset":"XBT","key":"btc-wallet-1","amount":"0.25"}"#,
        );
    }
    for _ in 0..100 {
        slow.pass(1);
    }
    slow.pass(365 * 86_400 - 100);
    quick.pass(365 * 86_400);
    for operation in ["DepositStatus", "WithdrawStatus", "Ledgers", "Balance"] {
        assert_eq!(slow.text(operation, "{}"), quick.text(operation, "{}"));
    }
    assert_eq!(quick.balance("XXBT"), "1.25");
}

#[test]
fn a_withdrawal_is_refused_for_what_is_wrong_with_it() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("XXBT", "1.0000000000", "0")]);
    for (body, error) in [
        (
            r#"{"key":"btc-wallet-1","amount":"1"}"#,
            "EGeneral:Invalid arguments:asset",
        ),
        (
            r#"{"asset":"NONE","key":"btc-wallet-1","amount":"1"}"#,
            "EFunding:Unknown asset",
        ),
        (
            r#"{"asset":"XBT","aclass":"tokenized_asset","key":"btc-wallet-1","amount":"1"}"#,
            "EFunding:Unknown asset",
        ),
        (
            r#"{"asset":"XBT","key":"eth-wallet-1","amount":"1"}"#,
            "EFunding:Unknown withdraw key",
        ),
        (
            r#"{"asset":"XBT","key":"btc-wallet-1","amount":"x"}"#,
            "EGeneral:Invalid arguments:amount",
        ),
        (
            r#"{"asset":"XBT","key":"btc-wallet-1","amount":"-1"}"#,
            "EFunding:Invalid amount",
        ),
        (
            r#"{"asset":"XBT","key":"btc-wallet-1","amount":"0.00039999"}"#,
            "EFunding:Invalid amount",
        ),
        (
            r#"{"asset":"XBT","key":"btc-wallet-1","amount":"0.12345678901"}"#,
            "EFunding:Invalid amount",
        ),
        (
            r#"{"asset":"XBT","key":"btc-wallet-1","amount":"79228162514264337593543950335"}"#,
            "EFunding:Invalid amount",
        ),
        (
            r#"{"asset":"XBT","key":"btc-wallet-1","amount":"1","address":"elsewhere"}"#,
            "EFunding:Invalid withdrawal address",
        ),
        (
            r#"{"asset":"XBT","key":"btc-wallet-1","amount":"1","max_fee":"0.00014999"}"#,
            "EFunding:Max fee exceeded",
        ),
        (
            r#"{"asset":"XBT","key":"btc-wallet-1","amount":"1.0000000001"}"#,
            "EFunding:Insufficient funds",
        ),
    ] {
        assert_eq!(customer.refused("Withdraw", body), error, "{body}");
    }
    assert_eq!(customer.text("WithdrawStatus", "{}"), "[]");
    let all = r#"{"asset":"XBT","key":"btc-wallet-1","amount":"1","max_fee":"0.00015"}"#;
    customer.call("Withdraw", all);
    let again = r#"{"asset":"XBT","key":"btc-wallet-1","amount":"0.0004"}"#;
    assert_eq!(
        customer.refused("Withdraw", again),
        "EFunding:Insufficient funds"
    );
    customer.key.permissions = Some(vec!["Funds permissions - Query".into()]);
    assert_eq!(
        customer.refused("Withdraw", again),
        "EGeneral:Permission denied"
    );
}

#[test]
fn no_more_than_the_daily_limit_leaves_in_a_day() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("XXBT", "500", "0")]);
    let withdraw =
        |amount: &str| format!(r#"{{"asset":"XBT","key":"btc-wallet-1","amount":"{amount}"}}"#);
    customer.call("Withdraw", &withdraw("60"));
    assert_eq!(
        customer.refused("Withdraw", &withdraw("40.0001")),
        "EFunding:Invalid amount"
    );
    let methods = customer.call("WithdrawMethods", r#"{"asset":"XBT","network":"bitcoin"}"#);
    let limits = methods.as_list().unwrap()[0].get("limits").unwrap();
    assert_eq!(
        limits.as_list().unwrap()[0]
            .get("limits")
            .unwrap()
            .to_string(),
        r#"{"86400":{"remaining":"40.0000000000","maximum":"100.0000000000","used":"60.0000000000"}}"#
    );
    customer.call("Withdraw", &withdraw("40"));
    customer.pass(86_401);
    customer.call("Withdraw", &withdraw("100"));
    customer.pass(60);
    assert_eq!(customer.balance("XXBT"), "300");
    customer.check_totals();
}

#[test]
fn a_cancelled_withdrawal_frees_its_money_unless_it_is_too_late_or_denied() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("ZUSD", "1000", "0")]);
    let body = r#"{"asset":"USD","key":"usd-bank-1","amount":"100"}"#;
    let withdraw = |customer: &mut Customer| {
        let answer = customer.call("Withdraw", body);
        let refid = answer.get("refid").unwrap().as_str().unwrap().to_owned();
        let cancel = format!(r#"{{"asset":"ZUSD","refid":"{refid}"}}"#);
        (refid, cancel)
    };
    let (_, cancel) = withdraw(&mut customer);
    customer.pass(29);
    assert_eq!(customer.text("WithdrawCancel", &cancel), "true");
    assert_eq!(
        state(&mut customer, "WithdrawStatus"),
        "Pending cancel-pending"
    );
    customer.pass(1);
    assert_eq!(
        state(&mut customer, "WithdrawStatus"),
        "Pending cancel-pending"
    );
    customer.pass(1);
    assert_eq!(state(&mut customer, "WithdrawStatus"), "Failure canceled");
    assert_eq!(customer.text("Balance", "{}"), r#"{"ZUSD":"1000.0000"}"#);
    assert_eq!(
        customer.refused("WithdrawCancel", &cancel),
        "EFunding:Invalid reference id"
    );

    let (refid, cancel) = withdraw(&mut customer);
    let serial = customer.spot.treasury.serial_of(&refid).unwrap();
    assert!(customer.spot.treasury.make_unstoppable(serial));
    customer.call("WithdrawCancel", &cancel);
    customer.pass(2);
    assert_eq!(
        state(&mut customer, "WithdrawStatus"),
        "Initial cancel-denied"
    );
    customer.pass(60);
    assert_eq!(
        state(&mut customer, "WithdrawStatus"),
        "Success cancel-denied"
    );
    assert_eq!(customer.text("Balance", "{}"), r#"{"ZUSD":"900.0000"}"#);

    let (refid, _) = withdraw(&mut customer);
    let serial = customer.spot.treasury.serial_of(&refid).unwrap();
    assert!(customer.spot.treasury.deny(serial));
    assert!(!customer.spot.treasury.deny(serial));
    assert_eq!(state(&mut customer, "WithdrawStatus"), "Failure -");
    assert_eq!(customer.text("Balance", "{}"), r#"{"ZUSD":"900.0000"}"#);

    for (body, error) in [
        (
            r#"{"asset":"USD","refid":"none"}"#,
            "EFunding:Unknown reference id",
        ),
        (r#"{"asset":"USD"}"#, "EGeneral:Invalid arguments:refid"),
    ] {
        assert_eq!(customer.refused("WithdrawCancel", body), error);
    }
    customer.check_totals();
}

#[test]
fn what_is_under_review_waits() {
    let mut customer = Customer::new();
    let refid = receive(&mut customer, "XBT", "1");
    customer.pass(30);
    let serial = customer.spot.treasury.serial_of(&refid).unwrap();
    assert!(customer.spot.treasury.put_on_hold(serial));
    customer.pass(1_000);
    assert_eq!(state(&mut customer, "DepositStatus"), "Settled onhold");
    let now = customer.now;
    assert!(customer.spot.treasury.release(serial, now));
    customer.pass(0);
    assert_eq!(state(&mut customer, "DepositStatus"), "Success -");
    assert_eq!(customer.balance("XXBT"), "1");
    let second = receive(&mut customer, "XBT", "2");
    customer.spot.finish_movements(now);
    assert_eq!(state(&mut customer, "DepositStatus"), "Success -");
    let serial = customer.spot.treasury.serial_of(&second).unwrap();
    assert!(!customer.spot.treasury.deny(serial));
    assert_eq!(customer.balance("XXBT"), "3");
    customer.check_totals();
}

#[test]
fn a_cursor_turns_the_list_into_pages() {
    let mut customer = Customer::new();
    let mut sent = Vec::new();
    for _ in 0..60 {
        sent.push(receive(&mut customer, "XBT", "0.001"));
        customer.pass(1);
    }
    sent.reverse();
    let plain = customer.call("DepositStatus", "{}");
    assert_eq!(refids(&plain), sent[..25]);

    let mut seen = Vec::new();
    let mut cursor = "true".to_owned();
    let mut pages = 0;
    loop {
        let page = customer.call("DepositStatus", &format!(r#"{{"cursor":{cursor}}}"#));
        seen.extend(refids(page.get("deposit").unwrap()));
        pages += 1;
        // What comes meanwhile does not move the pages.
        receive(&mut customer, "XBT", "0.001");
        match page.get("next_cursor").unwrap() {
            Json::Text(next) => cursor = format!("\"{next}\""),
            Json::Null => break,
            other => panic!("{other}"),
        }
    }
    assert_eq!((pages, seen), (3, sent.clone()));

    customer
        .call("DepositStatus", r#"{"cursor":false}"#)
        .as_list()
        .unwrap();
    let start = super::testing::START.seconds();
    let window = format!(r#"{{"start":"{}","end":"{}"}}"#, start + 10, start + 12);
    let window = customer.call("DepositStatus", &window);
    assert_eq!(refids(&window), sent[47..50]);
    assert_eq!(customer.text("DepositStatus", r#"{"asset":"ETH"}"#), "[]");
    for body in [r#"{"cursor":"x"}"#, r#"{"limit":0}"#, r#"{"start":"then"}"#] {
        assert!(
            customer
                .refused("DepositStatus", body)
                .starts_with("EGeneral:Invalid arguments:")
        );
    }

    customer.book("deposit", &[("ZUSD", "1000", "0")]);
    customer.call(
        "Withdraw",
        r#"{"asset":"USD","key":"usd-bank-1","amount":"100"}"#,
    );
    let page = customer.call(
        "WithdrawStatus",
        r#"{"cursor":true,"method":"mvb bank (wire)"}"#,
    );
    assert_eq!(page.get("withdrawals").unwrap().as_list().unwrap().len(), 1);
    assert_eq!(page.get("next_cursor"), Some(&Json::Null));
}

#[test]
fn deposit_addresses_are_made_up_to_a_number() {
    let mut customer = Customer::new();
    let body = r#"{"asset":"XBT","method":"Bitcoin"}"#;
    let new = r#"{"asset":"XBT","method":"Bitcoin","new":true}"#;
    assert_eq!(customer.text("DepositAddresses", body), "[]");
    for count in 1..=5 {
        let list = customer.call("DepositAddresses", new);
        assert_eq!(list.as_list().unwrap().len(), count);
    }
    assert_eq!(
        customer.refused("DepositAddresses", new),
        "EFunding:Too many addresses"
    );
    let list = customer.call("DepositAddresses", body);
    assert_eq!(field(&list, 0, "new"), "true");
    assert_eq!(field(&list, 0, "expiretm"), "0");
    receive(&mut customer, "XBT", "1");
    let list = customer.call("DepositAddresses", body);
    assert_eq!(field(&list, 0, "new"), "-");
    assert_eq!(field(&list, 1, "new"), "true");
    let deposits = customer.call("DepositStatus", "{}");
    assert_eq!(field(&deposits, 0, "info"), field(&list, 0, "address"));

    let lightning = r#"{"asset":"XBT","method":"Bitcoin Lightning"}"#;
    assert_eq!(
        customer.refused("DepositAddresses", lightning),
        "EGeneral:Invalid arguments:amount"
    );
    let invoice = r#"{"asset":"XBT","method":"Bitcoin Lightning","amount":"0.001"}"#;
    let list = customer.call("DepositAddresses", invoice);
    assert_eq!(list.as_list().unwrap().len(), 1);
    let expires = (customer.now.seconds() + 3_600).to_string();
    assert_eq!(field(&list, 0, "expiretm"), expires);
    for _ in 0..4 {
        customer.call("DepositAddresses", invoice);
    }
    assert_eq!(
        customer.refused("DepositAddresses", invoice),
        "EFunding:Too many addresses"
    );
    customer.pass(3_600);
    customer.call("DepositAddresses", invoice);

    assert_eq!(
        customer.text("DepositMethods", r#"{"asset":"XBT"}"#),
        r#"[{"method":"Bitcoin","limit":false,"fee":"0.0000000000","gen-address":true,"minimum":"0.00010000"},{"method":"Bitcoin Lightning","limit":false,"fee-percentage":"0.0000","minimum":"0.00010000"}]"#
    );
    assert_eq!(
        customer.refused("DepositAddresses", r#"{"asset":"XBT","method":"Solana"}"#),
        "EFunding:No funding method"
    );
}

#[test]
fn withdrawal_addresses_and_methods_are_listed_with_their_filters() {
    let mut customer = Customer::new();
    assert_eq!(
        customer.text("WithdrawAddresses", r#"{"key":"btc-wallet-1"}"#),
        r#"[{"address":"bc1qdemo0exchange0sim0not0for0use0xxxxxxxxx","asset":"XBT","method":"Bitcoin","network":"Bitcoin","key":"btc-wallet-1","verified":true}]"#
    );
    assert_eq!(
        customer.text("WithdrawAddresses", r#"{"verified":false}"#),
        "[]"
    );
    let methods = customer.call("WithdrawMethods", "{}");
    let minimum = |name: &str| {
        let mut all = methods.as_list().unwrap().iter();
        let one = all.find(|one| one.get("method").unwrap().as_str() == Some(name));
        one.unwrap().get("minimum").unwrap().scalar().unwrap()
    };
    assert_eq!(minimum("Bitcoin"), "0.0004");
    assert_eq!(minimum("MVB Bank (Wire)"), "20.00");
    let usd = customer.call("WithdrawMethods", r#"{"asset":"USD"}"#);
    assert_eq!(field(&usd, 0, "network"), "null");
    assert_eq!(field(&usd, 0, "network_id"), "-");
}

#[test]
fn transfers_keep_the_money_within() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("XXBT", "3.0000000000", "0")]);
    let transfer = |from: &str, to: &str, amount: &str| {
        format!(r#"{{"asset":"XBT","from":"{from}","to":"{to}","amount":"{amount}"}}"#)
    };
    let futures = transfer("Spot Wallet", "Futures Wallet", "2.54");
    let refid = customer.call("WalletTransfer", &futures);
    let wallet = super::transfers::futures_wallet(ACCOUNT);
    assert_eq!(
        customer.spot.books.balance(&wallet, "XXBT"),
        Decimal::new(254, 2)
    );
    assert_eq!(
        customer.refused("WalletTransfer", &futures),
        "EFunding:Insufficient funds"
    );
    let back = transfer("Futures Wallet", "Spot Wallet", "1");
    assert_eq!(
        customer.refused("WalletTransfer", &back),
        "EGeneral:Invalid arguments:from"
    );
    // A transfer is done at once; to ask for its end needs no permission.
    customer.key.permissions = Some(Vec::new());
    let refid = refid.get("refid").unwrap().as_str().unwrap().to_owned();
    let cancel = |refid: &str| format!(r#"{{"asset":"XBT","refid":"{refid}"}}"#);
    assert_eq!(
        customer.refused("WithdrawCancel", &cancel(&refid)),
        "EFunding:Invalid reference id"
    );
    assert_eq!(
        customer.refused("WithdrawCancel", &cancel("other")),
        "EGeneral:Permission denied"
    );
    customer.key.permissions = None;

    let create = r#"{"username":"abc123","email":"abc123@example.com"}"#;
    assert_eq!(customer.text("CreateSubaccount", create), "true");
    assert_eq!(
        customer.refused("CreateSubaccount", create),
        "EGeneral:Invalid arguments:username"
    );
    let (name, below) = customer.spot.treasury.subaccounts_of(ACCOUNT)[0].clone();
    assert_eq!(name, "abc123");
    let down = transfer(ACCOUNT, &below, "0.3");
    let done = customer.call("AccountTransfer", &down);
    assert_eq!(done.get("status").unwrap().as_str(), Some("complete"));
    assert_eq!(customer.balance("XXBT"), "0.16");
    let stranger = transfer(ACCOUNT, "AA00 0000 0000 0000", "0.1");
    assert_eq!(
        customer.refused("AccountTransfer", &stranger),
        "EGeneral:Invalid arguments:to"
    );

    let wallets = customer.call("ListWalletAccounts", "{}");
    let wallets = wallets.get("accounts").unwrap();
    assert_eq!(field(wallets, 0, "account_id"), "AA72-N84G-DEMO-SPOT");
    assert_eq!(field(wallets, 0, "type"), "main");
    assert_eq!(field(wallets, 1, "name"), "abc123");
    let id = field(wallets, 1, "account_id");
    let of = format!(r#"{{"account_id":"{id}"}}"#);
    assert_eq!(customer.text("Balance", &of), r#"{"XXBT":"0.3000000000"}"#);
    let ledger = customer.call("Ledgers", &of);
    assert_eq!(ledger.get("count").unwrap().scalar().unwrap(), "1");

    // The other way needs the master's key.
    customer.account = below.clone();
    let up = transfer(&below, ACCOUNT, "0.1");
    assert_eq!(
        customer.refused("AccountTransfer", &up),
        "EGeneral:Permission denied"
    );
    assert_eq!(
        customer.refused("Balance", r#"{"account_id":"AA72-N84G-DEMO-SPOT"}"#),
        "EAccount:Invalid permissions"
    );
    customer.account = ACCOUNT.to_owned();
    customer.call("AccountTransfer", &up);
    assert_eq!(customer.balance("XXBT"), "0.26");
    customer.check_totals();
}

/// What the calls of the next test are made of.
const VALUES: &[(&str, &[&str])] = &[
    (
        "asset",
        &["XBT", "ZUSD", "ETH", "DOT", "NONE", "", "all", "XBT.B"],
    ),
    (
        "amount",
        &[
            "0.01",
            "1",
            "25.5",
            "100",
            "-1",
            "0",
            "x",
            "79228162514264337593543950335",
            "0.0000000000000000000000000001",
        ],
    ),
    (
        "key",
        &[
            "btc-wallet-1",
            "usd-bank-1",
            "eth-wallet-1",
            "dot-wallet-1",
            "none",
        ],
    ),
    (
        "method",
        &["Bitcoin", "Bitcoin Lightning", "MVB Bank (Wire)", "none"],
    ),
    ("new", &["true", "false", "x"]),
    (
        "cursor",
        &["true", "false", "0000000000000003", "ffffffffffffffff", "x"],
    ),
    ("limit", &["1", "25", "0", "-1", "99999999999999999999"]),
    (
        "start",
        &["0", "1688669700", "99999999999999999999999999", "x", "-1"],
    ),
    (
        "end",
        &["0", "1688669700", "99999999999999999999999999", "x"],
    ),
    ("ofs", &["0", "50", "9223372036854775807", "-1"]),
    ("type", &["all", "trade", "delete", "cancel", "x"]),
    ("report", &["trades", "ledgers", "x"]),
    ("description", &["mine", "\u{1F419}"]),
    ("starttm", &["0", "1688669000", "18446744073"]),
    ("fields", &["all", "time,fee", "x"]),
    (
        "strategy_id",
        &[
            "ESRFUO3-Q62XD-WIOIL7",
            "ESMWVX6-JAPVY-23L3CV",
            "ESDQCOL-WTZEU-NU55QF",
            "ESUSDM4-DEMO5-SIM7CC",
            "none",
        ],
    ),
    ("converted_asset", &["EUR", "XBT", "NONE"]),
    ("from", &["Spot Wallet", ACCOUNT, "x"]),
    ("to", &["Futures Wallet", ACCOUNT, "x"]),
    ("username", &["abc", "\u{0}", "def"]),
    ("email", &["a@b.c", "x", "d@e.f"]),
    ("max_fee", &["0", "1"]),
    ("pair", &["XBTUSD", "XBTUSD,ETHUSD", "x"]),
    ("account_id", &["AA72-N84G-DEMO-SPOT", "x"]),
];

/// The parameters of a call, by chance; `made` are ids that calls before it
/// have made.
fn random_body(customer: &Customer, chance: &mut fastrand::Rng, made: &[String]) -> Json {
    // Most fields mean nothing to most calls. Those that make a good call bad
    // come seldom.
    let seldom = [
        "account_id",
        "max_fee",
        "cursor",
        "limit",
        "start",
        "end",
        "ofs",
    ];
    let mut body = indexmap::IndexMap::new();
    for (field, values) in VALUES {
        let often = if seldom.contains(field) { 0.4 } else { 0.9 };
        if chance.f64() < often {
            let value = *chance.choice(*values).unwrap();
            body.insert((*field).to_owned(), Json::from(value));
        }
    }
    for field in ["refid", "id"] {
        let id = chance.choice(made).cloned();
        body.insert(field.to_owned(), id.into());
    }
    let below = customer.spot.treasury.subaccounts_of(ACCOUNT);
    if let Some((_, account)) = chance.choice(below).filter(|_| chance.bool()) {
        body.insert("to".to_owned(), account.into());
    }
    Json::Object(body)
}

/// Whatever is asked for in whatever order: nothing panics, no money is made
/// or lost, and nobody owes.
#[test]
fn random_calls_neither_panic_nor_make_money() {
    let mut customer = Customer::new();
    let mut chance = fastrand::Rng::with_seed(7);
    for (asset, amount) in [("ZUSD", "5000"), ("XXBT", "3"), ("DOT", "900")] {
        customer.book("deposit", &[(asset, amount, "0")]);
    }
    let names: Vec<&str> = [
        super::super::account::OPERATIONS,
        super::OPERATIONS,
        super::super::earn::OPERATIONS,
        super::super::export::OPERATIONS,
    ]
    .into_iter()
    .flatten()
    .map(|operation| operation.name)
    .collect();
    let mut made: Vec<String> = Vec::new();
    let mut accepted = std::collections::BTreeSet::new();
    for _ in 0..6_000 {
        let name = chance.choice(&names).copied().unwrap();
        let body = random_body(&customer, &mut chance, &made);
        if let Ok(reply) = customer.reply(name, &body.to_string()) {
            accepted.insert(name);
            if let Reply::Result(result) = reply {
                let id = result.get("refid").or(result.get("id"));
                made.extend(id.and_then(Json::as_str).map(str::to_owned));
            }
        }
        let entries = &customer.spot.statements.values().next().unwrap().entries;
        if chance.u8(..10) == 0 {
            made = vec![entries.back().unwrap().id.clone()];
        }
        if let Some(one) = customer.spot.treasury.movements().last()
            && one.state == super::movements::State::Initial
            && chance.u8(..5) == 0
        {
            let (asset, refid) = (one.method.asset, &one.refid);
            let body = format!(r#"{{"asset":"{asset}","refid":"{refid}"}}"#);
            if customer.reply("WithdrawCancel", &body).is_ok() {
                accepted.insert("WithdrawCancel");
            }
        }
        if chance.u8(..50) == 0 {
            let asset = chance.choice(["XBT", "USD", "DOT"]).unwrap();
            receive(&mut customer, asset, "25.5");
        }
        if chance.bool() {
            customer.pass(chance.u64(..40) * chance.u64(..20) * chance.u64(..20));
        }
        if chance.u8(..100) == 0 {
            customer.check_totals();
        }
    }
    customer.check_totals();
    for account in customer.spot.statements.keys() {
        let holder = crate::books::Holder::Customer(account.clone());
        let mut balances = customer.spot.books.balances(&holder);
        assert!(balances.all(|(_, amount)| amount >= Decimal::ZERO));
    }
    let never: Vec<&str> = names
        .into_iter()
        .filter(|name| !accepted.contains(name))
        .collect();
    assert!(never.is_empty(), "{never:?}");
}
