//! Numbers in every form the vendor uses, with more digits than a binary float has.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by them"
)]

use std::collections::BTreeSet;

use exchange_wire::losses;
use gemini_exchange::dispatch::decode_answer;
use gemini_exchange::fund::Balance;
use gemini_exchange::market::{BookEntry, Candle, SymbolDetails};
use gemini_exchange::staking::ProviderBalance;
use gemini_exchange::{Amount, Decimal};
use proptest::prelude::*;

const SAMPLES: &str = include_str!("samples.tsv");

/// Where in a JSON text numbers stand as values of members or items, in quotes or without: where
/// each begins and ends, and the name of its member.
fn numbers(json: &str) -> Vec<(usize, usize, &str)> {
    let bytes = json.as_bytes();
    let mut found = Vec::new();
    let mut name = "";
    let mut at = 0;
    while at < bytes.len() {
        let rest = &json[at..];
        let end = match bytes[at] {
            b'"' => {
                // The samples have no escapes but in texts, which are no numbers.
                let length = rest[1..].find('"').unwrap() + 2;
                if rest[length..].starts_with(':') {
                    name = &rest[1..length - 1];
                } else if rest[1..length - 1].parse::<Decimal>().is_ok() {
                    found.push((at, at + length, name));
                }
                at + length
            }
            b'-' | b'0'..=b'9' => {
                let length = rest.find([',', ']', '}']).unwrap_or(rest.len());
                found.push((at, at + length, name));
                at + length
            }
            _ => at + 1,
        };
        at = end;
    }
    found
}

/// Members that are texts, though the samples have nothing but digits in them: `id` is that of an
/// event, a contract or (beside `order_id`) an order.
const ONE_FORM_ONLY: &[&str] = &["contractId", "id", "virtual_account_number"];

/// Schema and samples disagree on some of these and agree on others; there is no telling which of
/// them the venue will stay with. So each is taken in both forms, in each sample.
#[test]
fn every_number_is_taken_with_quotes_and_without() {
    let mut swapped = 0;
    let mut refused = BTreeSet::new();
    for line in SAMPLES.lines() {
        let parts: Vec<&str> = line.splitn(3, '\t').collect();
        let (api, id, sample) = (parts[0], parts[1], parts[2]);
        for (start, end, name) in numbers(sample) {
            let number = &sample[start..end];
            let other = match number.strip_prefix('"') {
                Some(text) => text.trim_end_matches('"').to_owned(),
                None => format!("\"{number}\""),
            };
            let json = [&sample[..start], &other, &sample[end..]].concat();
            if serde_json::from_str::<serde_json::Value>(&json).is_err() {
                // Zeros at the beginning, so it is no number.
                continue;
            }
            match decode_answer(api, id, json.as_bytes()) {
                Ok(back) => {
                    let losses = losses(&json, back.get());
                    assert!(losses.is_empty(), "{id} {name}: {losses:?}");
                    swapped += 1;
                }
                Err(_) => {
                    refused.insert(name);
                }
            }
        }
    }
    let known: BTreeSet<&str> = ONE_FORM_ONLY.iter().copied().collect();
    assert_eq!(refused, known);
    assert!(swapped > 500, "{swapped}");
}

/// Those that the vendor's own sources write in two ways, by name: none of them may join
/// the list above.
#[test]
fn what_is_disputed_is_taken_in_both_forms() {
    for (id, members) in [
        (
            "getAvailableBalances",
            "amount available availableForWithdrawal pendingWithdrawal pendingDeposit",
        ),
        ("getNotionalBalances", "amount amountNotional available"),
        (
            "getNotionalTradingVolume",
            "notional_30d_volume api_notional_30d_volume notional_volume last_updated_ms",
        ),
        (
            "getTradingVolume",
            "total_volume_base maker_buy_sell_ratio buy_maker_base buy_maker_notional \
             sell_maker_base sell_maker_notional buy_taker_base buy_taker_notional \
             sell_taker_base sell_taker_notional buy_maker_count sell_taker_count",
        ),
        ("getFXRate", "rate asOf"),
        ("wrapOrder", "orderId"),
        ("getAccountDetail", "created"),
        ("listAccountsInGroup", "created"),
        ("getOrderStatus", "timestamp timestampms order_id"),
        ("getFundingAmount", "fundingAmount estimatedFundingAmount"),
        ("listClearingOrders", "price quantity submission expiration"),
        ("listStakingBalances", "balance available"),
        ("getGasFeeEstimation", "fee"),
    ] {
        let seen: BTreeSet<&str> = SAMPLES
            .lines()
            .filter(|line| line.split('\t').nth(1) == Some(id))
            .flat_map(|line| numbers(line.splitn(3, '\t').nth(2).unwrap()))
            .map(|(_, _, name)| name)
            .collect();
        for member in members.split_whitespace() {
            assert!(seen.contains(member), "{id} has no sample of {member}");
            assert!(!ONE_FORM_ONLY.contains(&member), "{id} {member}");
        }
    }
}

fn balance(amount: &str) -> Balance {
    let json = format!(
        r#"[{{"type":"exchange","currency":"BTC","amount":{amount},"available":{amount},"availableForWithdrawal":"0"}}]"#
    );
    // The way of a call.
    let back = decode_answer("gemini", "getAvailableBalances", json.as_bytes()).unwrap();
    let mut balances: Vec<Balance> = back.decode().unwrap();
    balances.remove(0)
}

#[test]
fn balances_are_floored_and_never_rounded_up() {
    for (sent, places, floored) in [
        // 15 places for money, 19 for crypto.
        ("12.349999999999999", 2, "12.34"),
        ("0.1234567899999999999", 8, "0.12345678"),
        ("-0.1234567899999999999", 8, "-0.12345678"),
        // 29 digits that fit, and 29 and 30 that do not.
        ("7.9228162514264337593543950335", 8, "7.92281625"),
        ("9.9999999999999999999999999999", 8, "9.99999999"),
        (
            "123456789012345678901.234567899",
            8,
            "123456789012345678901.23456789",
        ),
        ("-9.9999999999999999999999999999", 2, "-9.99"),
        ("0", 8, "0"),
        ("0.0000000000000000000", 8, "0"),
        ("-0", 8, "0"),
        ("1E-8", 8, "0.00000001"),
    ] {
        for json in [format!("\"{sent}\""), sent.to_owned()] {
            let read = balance(&json);
            let expected: Decimal = floored.parse().unwrap();
            assert_eq!(read.amount.floor_to(places), expected, "{json}");
            assert_eq!(read.floor_to(places).available.value(), expected, "{json}");
            assert!(!read.floor_to(places).amount.is_cut());
        }
    }
    let cut = balance("\"9.9999999999999999999999999999\"").amount;
    assert!(cut.is_cut());
    assert_eq!(cut.cut_from(), Some("9.9999999999999999999999999999"));
    assert!(cut.value() < Decimal::TEN);
    assert!(
        !balance("\"7.9228162514264337593543950335\"")
            .amount
            .is_cut()
    );
}

/// Up to 28 digits, of which any number may stand behind the point.
fn decimal_text() -> impl Strategy<Value = String> {
    let digits = "[1-9][0-9]{0,27}";
    (any::<bool>(), digits, 0_usize..=28).prop_map(|(negative, digits, places)| {
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        let sign = if negative { "-" } else { "" };
        match fraction {
            "" => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{fraction}"),
        }
    })
}

proptest! {
    // What fails is shown whole, so there is no need to write it down.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_decimal_text_survives(text in decimal_text()) {
        let json = format!(r#"{{"price":"{text}","amount":"{text}","timestamp":"1"}}"#);
        let entry: BookEntry = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(serde_json::to_string(&entry).unwrap(), json);
        let amount: Amount = serde_json::from_str(&format!("\"{text}\"")).unwrap();
        prop_assert!(!amount.is_cut());
        prop_assert_eq!(amount.to_string(), text);
    }

    #[test]
    fn any_json_number_survives(text in decimal_text()) {
        let json = format!(r#"{{"balance":{text}}}"#);
        let balance: ProviderBalance = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(serde_json::to_string(&balance).unwrap(), json);
        // In a row, too.
        let row = format!("[1559755800000,{text},{text},{text},{text},{text}]");
        let candle: Candle = serde_json::from_str(&row).unwrap();
        prop_assert_eq!(serde_json::to_string(&candle).unwrap(), row);
        // And where a number was sent in place of a text.
        let json = format!(r#"{{"price":{text},"amount":{text},"timestamp":"1"}}"#);
        let entry: BookEntry = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(entry.price.to_string(), text);
    }

    #[test]
    fn exponents_mean_the_same(digits in 1_i64..1_000_000_000, places in 0_u32..19) {
        let plain = Decimal::new(digits, places);
        for text in [format!("{digits}e-{places}"), format!("{digits}E-{places}")] {
            let json = format!(r#"{{"balance":{text}}}"#);
            let balance: ProviderBalance = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(balance.balance, plain);
            prop_assert_eq!(text.parse::<Amount>().unwrap().value(), plain);
        }
    }

    #[test]
    fn wide_integers_survive(id in any::<u64>(), tid in any::<i64>()) {
        for json in [
            format!(r#"{{"cancelRejects":[],"cancelledOrders":[{id}]}}"#),
            format!(r#"{{"cancelRejects":["{id}"],"cancelledOrders":[]}}"#),
        ] {
            let json = format!(r#"{{"result":"ok","details":{json}}}"#);
            let back = decode_answer("gemini", "cancelAllActiveOrders", json.as_bytes()).unwrap();
            prop_assert!(losses(&json, back.get()).is_empty());
        }
        let trade = format!(
            r#"[{{"timestamp":1,"timestampms":1547146811357,"tid":{tid},"price":"1","amount":"1","exchange":"gemini","type":"buy"}}]"#
        );
        let back = decode_answer("gemini", "listTrades", trade.as_bytes()).unwrap();
        prop_assert_eq!(back.get(), trade);
    }
}

#[test]
fn steps_tell_the_places() {
    let sample = SAMPLES
        .lines()
        .find_map(|line| line.strip_prefix("gemini\tgetSymbolDetails\t"))
        .unwrap();
    let details: SymbolDetails = serde_json::from_str(sample).unwrap();
    let places = details.amount_places();
    assert_eq!(
        balance("\"0.1234567899999999999\"")
            .amount
            .floor_to(places)
            .to_string(),
        "0.12345678"
    );
}
