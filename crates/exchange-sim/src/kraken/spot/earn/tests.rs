use rust_decimal::Decimal;

use super::super::treasury::testing::Customer;
use super::strategies::STRATEGIES;
use crate::json::Json;
use crate::kraken::KrakenTier;

const DOT_INSTANT: &str = "ESRFUO3-Q62XD-WIOIL7";
const DOT_BONDED: &str = "ESMWVX6-JAPVY-23L3CV";
const ETH_BONDED: &str = "ESDQCOL-WTZEU-NU55QF";
const USD_REWARDS: &str = "ESUSDM4-DEMO5-SIM7CC";
const BTC_REWARDS: &str = "ESBTCM2-DEMO3-SIM7BB";
const BTC_FLEX: &str = "ESFBTC2-DEMO2-SIM7FF";

const DAY: u64 = 86_400;

fn body(strategy: &str, amount: &str) -> String {
    format!(r#"{{"strategy_id":"{strategy}","amount":"{amount}"}}"#)
}

fn status(strategy: &str) -> String {
    format!(r#"{{"strategy_id":"{strategy}"}}"#)
}

/// The amount in a state of the only allocation.
fn amount(customer: &mut Customer, state: &str) -> String {
    let all = customer.call("Earn/Allocations", "{}");
    let items = all.get("items").unwrap().as_list().unwrap();
    let states = items[0].get("amount_allocated").unwrap();
    states.get(state).map_or_else(
        || "-".to_owned(),
        |state| state.get("native").unwrap().scalar().unwrap(),
    )
}

#[test]
fn an_instant_allocation_earns_and_comes_back() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("ZUSD", "10000.0000", "0")]);
    let pending = r#"{"pending":true}"#;
    let done = r#"{"pending":false}"#;
    let put = body(USD_REWARDS, "7300");
    assert_eq!(customer.text("Earn/Allocate", &put), "true");
    let of = status(USD_REWARDS);
    assert_eq!(customer.text("Earn/AllocateStatus", &of), pending);
    assert_eq!(customer.text("Earn/DeallocateStatus", &of), done);
    assert_eq!(amount(&mut customer, "pending"), "7300.0000");
    assert_eq!(amount(&mut customer, "total"), "0.0000");
    assert_eq!(
        customer.refused("Earn/Allocate", &body(USD_REWARDS, "1")),
        "EEarnings:Busy:Another (de)allocation for the same strategy is in progress"
    );
    customer.pass(5);
    assert_eq!(customer.text("Earn/AllocateStatus", &of), done);
    assert_eq!(amount(&mut customer, "pending"), "-");
    assert_eq!(
        customer.text("Balance", "{}"),
        r#"{"USD.M":"7300.0000","ZUSD":"2700.0000"}"#
    );

    // 3 percent of 7300 a year are 0.6 a day, put in as well.
    customer.pass(DAY);
    assert_eq!(customer.balance("USD.M"), "7300.6");
    customer.pass(DAY);
    // Of 7300.6 that is 0.60004…, cut.
    assert_eq!(customer.balance("USD.M"), "7301.2");
    let all = customer.call("Earn/Allocations", r#"{"converted_asset":"EUR"}"#);
    assert_eq!(all.get("converted_asset").unwrap().as_str(), Some("EUR"));
    let all = customer.call("Earn/Allocations", "{}");
    assert_eq!(
        all.get("total_allocated").unwrap().as_str(),
        Some("7301.2000")
    );
    assert_eq!(all.get("total_rewarded").unwrap().as_str(), Some("1.2000"));
    let ledger = customer.call("Ledgers", "{}");
    let ledger = ledger.get("ledger").unwrap().as_object().unwrap();
    let kinds: Vec<String> = ledger
        .values()
        .map(|entry| {
            let of = |name: &str| entry.get(name).unwrap().scalar().unwrap();
            format!("{} {} {}", of("type"), of("subtype"), of("asset"))
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "reward  USD.M",
            "reward  USD.M",
            "transfer stakingfromspot USD.M",
            "transfer spottostaking ZUSD",
            "deposit  ZUSD",
        ]
    );

    customer.call("Earn/Deallocate", &body(USD_REWARDS, "7301.2"));
    assert_eq!(amount(&mut customer, "pending"), "-7301.2000");
    customer.pass(5);
    assert_eq!(
        customer.text("Balance", "{}"),
        r#"{"USD.M":"0.0000","ZUSD":"10001.2000"}"#
    );
    let none = customer.call("Earn/Allocations", r#"{"hide_zero_allocations":true}"#);
    assert_eq!(none.get("items").unwrap().to_string(), "[]");
    assert_eq!(amount(&mut customer, "total"), "0.0000");
    customer.pass(400 * DAY);
    assert_eq!(customer.balance("USD.M"), "0");
    customer.check_totals();
}

#[test]
fn bonded_funds_bond_queue_and_unbond_by_time() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("XETH", "10.0000000000", "0")]);
    customer.call("Earn/Allocate", &body(ETH_BONDED, "10"));
    customer.pass(5);
    assert_eq!(amount(&mut customer, "bonding"), "10.0000000000");
    assert_eq!(
        customer.refused("Earn/Deallocate", &body(ETH_BONDED, "1")),
        "EEarnings:Insufficient funds:Insufficient funds to complete the (de)allocation request"
    );
    customer.pass(DAY);
    assert_eq!(amount(&mut customer, "bonding"), "-");
    customer.call("Earn/Deallocate", &body(ETH_BONDED, "4"));
    customer.pass(5);
    assert_eq!(amount(&mut customer, "exit_queue"), "4.0000000000");
    assert_eq!(amount(&mut customer, "total"), "10.0000000000");
    assert_eq!(customer.balance("ETH.B"), "10");
    customer.pass(3_600);
    assert_eq!(amount(&mut customer, "exit_queue"), "-");
    assert_eq!(amount(&mut customer, "unbonding"), "4.0000000000");
    customer.pass(5 * DAY - 1);
    assert_eq!(customer.balance("XETH"), "0");
    customer.pass(1);
    assert_eq!(customer.balance("XETH"), "4");
    assert_eq!(amount(&mut customer, "total"), "6.0000000000");
    // The week after the bonding: 6 all the time, 4 for the hour in the queue
    // and the five seconds before it, at 4.5 percent a year, paid apart.
    customer.pass(2 * DAY);
    let seconds = Decimal::from(6 * 7 * DAY + 4 * 3_605);
    let expected = seconds * Decimal::new(45, 3) / Decimal::from(365 * DAY);
    let paid: Decimal = customer.balance("XETH").parse().unwrap();
    assert_eq!(paid - Decimal::from(4), expected.trunc_with_scale(10));
    assert_eq!(customer.balance("ETH.B"), "6");
    customer.check_totals();
}

#[test]
fn a_jump_of_years_pays_what_small_steps_pay() {
    let mut slow = Customer::new();
    let mut quick = Customer::new();
    for customer in [&mut slow, &mut quick] {
        customer.book("deposit", &[("DOT", "1000.0000000000", "0")]);
        customer.call("Earn/Allocate", &body(DOT_BONDED, "300"));
        customer.call("Earn/Allocate", &body(DOT_INSTANT, "200"));
        customer.pass(DAY);
        customer.call("Earn/Deallocate", &body(DOT_BONDED, "100"));
    }
    for _ in 0..365 {
        slow.pass(DAY);
    }
    quick.pass(365 * DAY);
    for operation in ["Balance", "Ledgers", "Earn/Allocations"] {
        assert_eq!(slow.text(operation, "{}"), quick.text(operation, "{}"));
    }
    let entries = quick.spot.statements.values().next().unwrap().entries.len();
    quick.pass(100 * 365 * DAY);
    let more = quick.spot.statements.values().next().unwrap().entries.len();
    assert!(more - entries < 10, "{more}");
    let before: Decimal = slow.balance("DOT.B").parse().unwrap();
    let after: Decimal = quick.balance("DOT.B").parse().unwrap();
    // As one payment, so without rewards for rewards.
    assert!(after > before * Decimal::TEN && after < before * Decimal::from(12));
    // The end of all time.
    quick.pass(10_000 * 365 * DAY);
    quick.check_totals();
}

#[test]
fn what_can_not_be_allocated_is_refused() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("XXBT", "20", "0"), ("XETH", "1", "0")]);
    let no_strategy = "EGeneral:Invalid arguments:Invalid strategy ID";
    for (strategy, amount, error) in [
        ("none", "1", no_strategy),
        (BTC_FLEX, "1", no_strategy),
        (BTC_REWARDS, "0", "EGeneral:Invalid arguments:amount"),
        (
            BTC_REWARDS,
            "0.00000000001",
            "EGeneral:Invalid arguments:amount",
        ),
        (
            BTC_REWARDS,
            "0.00001",
            "EEarnings:Below min:(De)allocation operation amount less than minimum",
        ),
        (
            BTC_REWARDS,
            "10.1",
            "EEarnings:Above max:The allocation exceeds user limit for the strategy",
        ),
        (
            DOT_INSTANT,
            "1",
            "EEarnings:Insufficient funds:Insufficient funds to complete the (de)allocation request",
        ),
    ] {
        let refused = customer.refused("Earn/Allocate", &body(strategy, amount));
        assert_eq!(refused, error, "{strategy} {amount}");
    }
    customer.key.tier = KrakenTier::Starter;
    assert_eq!(
        customer.refused("Earn/Allocate", &body(ETH_BONDED, "1")),
        "EEarnings:Permission denied:The user's tier is not high enough"
    );
    customer.key.permissions = Some(vec!["Funds permissions - Query".into()]);
    assert_eq!(
        customer.refused("Earn/Allocate", &body(BTC_REWARDS, "1")),
        "EGeneral:Permission denied"
    );
    assert_eq!(
        customer.text("Earn/AllocateStatus", &status(BTC_REWARDS)),
        r#"{"pending":false}"#
    );
}

#[test]
fn what_fails_later_shows_in_the_status() {
    let mut customer = Customer::new();
    customer.book("deposit", &[("DOT", "10.0000000000", "0")]);
    customer.call("Earn/Allocate", &body(DOT_INSTANT, "10"));
    customer.book("withdrawal", &[("DOT", "-1", "0")]);
    customer.pass(5);
    let insufficient =
        "EEarnings:Insufficient funds:Insufficient funds to complete the (de)allocation request";
    let of = status(DOT_INSTANT);
    assert_eq!(customer.refused("Earn/AllocateStatus", &of), insufficient);
    assert_eq!(customer.text("Balance", "{}"), r#"{"DOT":"9.0000000000"}"#);
    assert_eq!(
        customer
            .call("Earn/Allocations", "{}")
            .get("items")
            .unwrap(),
        &Json::List(Vec::new())
    );
    customer.call("Earn/Allocate", &body(DOT_INSTANT, "9"));
    customer.pass(5);
    assert_eq!(
        customer.text("Earn/AllocateStatus", &of),
        r#"{"pending":false}"#
    );

    customer.book("deposit", &[("ZUSD", "1100000", "0")]);
    customer.call("Earn/Allocate", &body(USD_REWARDS, "1000000"));
    customer.pass(5);
    customer.account = "AA00 N84G OTHR ACCT".to_owned();
    customer.book("deposit", &[("ZUSD", "1000000", "0")]);
    customer.call("Earn/Allocate", &body(USD_REWARDS, "1000000"));
    customer.pass(DAY);
    customer.pass(5);
    assert_eq!(
        customer.text("Earn/AllocateStatus", &status(USD_REWARDS)),
        r#"{"pending":false}"#
    );
    customer.account = "AA00 N84G OTH2 ACCT".to_owned();
    customer.book("deposit", &[("ZUSD", "1000000", "0")]);
    customer.call("Earn/Allocate", &body(USD_REWARDS, "100"));
    customer.pass(5);
    assert_eq!(
        customer.refused("Earn/AllocateStatus", &status(USD_REWARDS)),
        "EEarnings:Above max:The allocation exceeds the total strategy limit"
    );
    customer.check_totals();
}

#[test]
fn strategies_are_listed_with_their_filters() {
    let mut customer = Customer::new();
    let ids = |customer: &mut Customer, body: &str| -> Vec<String> {
        let all = customer.call("Earn/Strategies", body);
        assert_eq!(all.get("next_cursor"), Some(&Json::Null));
        let items = all.get("items").unwrap().as_list().unwrap().iter();
        items
            .map(|one| one.get("id").unwrap().as_str().unwrap().to_owned())
            .collect()
    };
    let all = ids(&mut customer, "{}").len();
    let known = STRATEGIES.iter().filter(|one| one.asset().is_some());
    assert_eq!(all, known.count());
    assert_eq!(
        ids(&mut customer, r#"{"asset":"DOT","ascending":true}"#),
        [DOT_INSTANT, DOT_BONDED]
    );
    assert_eq!(
        ids(&mut customer, r#"{"asset":"DOT"}"#),
        [DOT_BONDED, DOT_INSTANT]
    );
    assert_eq!(
        ids(&mut customer, r#"{"asset":"XBT","lock_type":["flex"]}"#),
        [BTC_FLEX]
    );
    assert!(ids(&mut customer, r#"{"lock_type":["timed"]}"#).is_empty());
    assert_eq!(
        customer.refused("Earn/Strategies", r#"{"lock_type":["x"]}"#),
        "EGeneral:Invalid arguments:lock_type"
    );
    customer.key.tier = KrakenTier::Starter;
    let eth = customer.call(
        "Earn/Strategies",
        r#"{"asset":"ETH","lock_type":["bonded"]}"#,
    );
    let eth = &eth.get("items").unwrap().as_list().unwrap()[0];
    assert_eq!(eth.get("can_allocate"), Some(&Json::Bool(false)));
    assert_eq!(
        eth.get("allocation_restriction_info").unwrap().to_string(),
        r#"["tier"]"#
    );
}
