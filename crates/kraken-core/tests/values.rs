//! The value types: what they write, and what they make of what they read.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use exchange_transport::{Call, Operation};
use kraken_core::{
    AssetClass, AssetList, ClassifiedAsset, Cursor, DepositLimit, OrderPrice, OrderRef, OrderTime,
    PriceSign, TimeOrId,
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The value is written as `text`, and `text` is read as the value.
fn assert_travels<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    value: &T,
    text: &str,
) {
    assert_eq!(json(value), text);
    assert_eq!(&read::<T>(text), value);
}

#[test]
fn order_prices_travel_as_text() {
    assert_travels(&OrderPrice::from(decimal("37500")), "\"37500\"");
    assert_travels(&OrderPrice::from(decimal("37500.10")), "\"37500.10\"");
    assert_travels(&OrderPrice::plus(decimal("50")), "\"+50\"");
    assert_travels(&OrderPrice::minus(decimal("0.5")), "\"-0.5\"");
    assert_travels(&OrderPrice::either(decimal("1.5")), "\"#1.5\"");
    assert_travels(
        &OrderPrice::plus_percent(decimal("50.0000")),
        "\"+50.0000%\"",
    );
    assert_travels(&OrderPrice::minus_percent(decimal("2")), "\"-2%\"");
    assert_travels(&OrderPrice::either_percent(decimal("1.5")), "\"#1.5%\"");
    assert_travels(&OrderPrice::from(Decimal::ZERO), "\"0\"");
}

#[test]
fn order_prices_are_read_from_anything() {
    assert_eq!(
        read::<OrderPrice>("37500.10"),
        OrderPrice::from(decimal("37500.10"))
    );
    assert_eq!(read::<OrderPrice>("0"), OrderPrice::from(Decimal::ZERO));
    let many_digits = read::<OrderPrice>("12345678901234567.12345");
    assert_eq!(
        many_digits,
        OrderPrice::from(decimal("12345678901234567.12345"))
    );
    for text in [
        "", "+", "#", "-%", "++5", "+-5", "-#1", "+5%%", "%", "5%", "market", "é", "+é",
    ] {
        let price: OrderPrice = text.parse().unwrap();
        assert_eq!(price, OrderPrice::Other(text.into()), "{text}");
        assert_travels(&price, &format!("\"{text}\""));
    }
    for odd in ["true", "null", "[]", "{}"] {
        assert_eq!(read::<OrderPrice>(odd), OrderPrice::Other(odd.into()));
    }
}

#[test]
fn a_negative_price_is_refused_and_not_taken_for_a_relative_one() {
    let two = decimal("2");
    for price in [
        OrderPrice::from(-two),
        OrderPrice::plus(-two),
        OrderPrice::minus_percent(-two),
        OrderPrice::Relative {
            sign: PriceSign::Hash,
            value: -two,
            percent: false,
        },
    ] {
        let error = serde_json::to_string(&price).unwrap_err();
        assert!(error.to_string().contains("OrderPrice::minus"), "{error}");
    }
    assert_eq!(OrderPrice::from(two).absolute(), Some(two));
    assert_eq!(OrderPrice::minus(two).absolute(), None);
}

proptest! {
    #[test]
    fn any_relative_price_survives(
        digits in 0_i64..,
        scale in 0_u32..15,
        sign in prop_oneof![
            Just(PriceSign::Plus),
            Just(PriceSign::Minus),
            Just(PriceSign::Hash)
        ],
        percent: bool,
    ) {
        let value = Decimal::new(digits, scale);
        let price = OrderPrice::Relative { sign, value, percent };
        prop_assert_eq!(&read::<OrderPrice>(&json(&price)), &price);
        prop_assert_eq!(&price.to_string().parse::<OrderPrice>().unwrap(), &price);
        let price = OrderPrice::from(value);
        prop_assert_eq!(&read::<OrderPrice>(&json(&price)), &price);
    }

    #[test]
    fn any_text_is_read_as_a_price_or_kept(text in ".*") {
        let price: OrderPrice = text.parse().unwrap();
        if let OrderPrice::Other(kept) = &price {
            prop_assert_eq!(&**kept, text.as_str());
        }
    }

    #[test]
    fn any_text_is_read_as_a_time_or_kept(text in ".*|[+]?[0-9]{1,25}") {
        let time: OrderTime = text.parse().unwrap();
        if let OrderTime::Other(kept) = &time {
            prop_assert_eq!(&**kept, text.as_str());
        }
        prop_assert_eq!(time.to_string().parse::<OrderTime>().unwrap(), time);
    }
}

#[test]
fn order_times_travel_as_text() {
    assert_travels(&OrderTime::Now, "\"0\"");
    assert_travels(&OrderTime::At(1_893_456_000), "\"1893456000\"");
    assert_travels(&OrderTime::In(5), "\"+5\"");
    assert_eq!(read::<OrderTime>("0"), OrderTime::Now);
    assert_eq!(
        read::<OrderTime>("1893456000"),
        OrderTime::At(1_893_456_000)
    );
    for text in [
        "",
        "+",
        "++5",
        "-5",
        "1.5",
        "+4294967296",
        "99999999999999999999",
        "tomorrow",
    ] {
        assert_travels(&OrderTime::Other(text.into()), &format!("\"{text}\""));
    }
}

#[test]
fn a_list_starts_at_a_time_or_an_id() {
    assert_travels(&TimeOrId::from(1_688_712_456), "1688712456");
    assert_travels(
        &TimeOrId::from("OB5VMB-B4U2U-DK2WRW"),
        "\"OB5VMB-B4U2U-DK2WRW\"",
    );
    assert_eq!(
        json(&read::<TimeOrId>("1688712456.1234")),
        "1688712456.1234"
    );
    let time: exchange_wire::Timestamp = "1688712456.5000".parse().unwrap();
    assert_eq!(json(&TimeOrId::from(time)), "1688712456.5");
    let time: exchange_wire::Timestamp = "2023-07-07T06:47:36Z".parse().unwrap();
    let point = TimeOrId::from(time);
    assert_eq!(json(&point), "1688712456");
    assert_eq!(point.to_string(), "1688712456");
    let nonsense: exchange_wire::Timestamp = "yesterday".parse().unwrap();
    assert!(serde_json::to_string(&TimeOrId::from(nonsense)).is_err());
}

#[test]
fn an_order_is_named_by_id_or_reference() {
    assert_travels(
        &OrderRef::from("OYVGEW-VYV5B-UUEXSK"),
        "\"OYVGEW-VYV5B-UUEXSK\"",
    );
    assert_travels(&OrderRef::from(-47), "-47");
    assert_travels(&OrderRef::from("47"), "\"47\"");
    assert_eq!(OrderRef::from(47).to_string(), "47");
    for bad in ["2147483648", "1.5", "true", "null", "[]"] {
        assert!(serde_json::from_str::<OrderRef>(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_cursor_is_a_flag_or_a_text() {
    assert_travels(&Cursor::First, "true");
    assert_travels(&Cursor::None, "false");
    assert_travels(&Cursor::from("HgAAAg"), "\"HgAAAg\"");
    assert_travels(&Cursor::from("true"), "\"true\"");
    assert_eq!(read::<Cursor>("12"), Cursor::from("12"));
}

#[test]
fn a_deposit_limit_is_false_or_an_amount() {
    assert_travels(&DepositLimit::Unlimited, "false");
    assert_travels(
        &DepositLimit::Amount(decimal("25.00000000")),
        "\"25.00000000\"",
    );
    assert_eq!(read::<DepositLimit>("25.5").amount(), Some(decimal("25.5")));
    assert_eq!(read::<DepositLimit>("false").amount(), None);
    for odd in ["true", "\"\"", "\"none\"", "null", "{\"a\":[1.50]}"] {
        let limit: DepositLimit = read(odd);
        assert!(matches!(limit, DepositLimit::Other(_)), "{odd}");
        assert_eq!(json(&limit), odd);
    }
}

#[test]
fn assets_are_names_or_names_with_classes() {
    assert_travels(&AssetList::from(["XBT", "ETH"]), "\"XBT,ETH\"");
    assert_eq!(AssetList::from("XBT, ETH"), AssetList::from(["XBT", "ETH"]));
    let classified = AssetList::from(vec![
        ClassifiedAsset {
            asset: "AAPLx".to_owned(),
            aclass: AssetClass::TokenizedAsset,
        },
        ClassifiedAsset {
            asset: "X".to_owned(),
            aclass: AssetClass::Other("new".into()),
        },
    ]);
    assert_travels(
        &classified,
        r#"[{"asset":"AAPLx","aclass":"tokenized_asset"},{"asset":"X","aclass":"new"}]"#,
    );
    for bad in ["1", "true", "null", "{}", "[1]"] {
        assert!(serde_json::from_str::<AssetList>(bad).is_err(), "{bad}");
    }
}

#[test]
fn they_can_be_parameters() {
    use exchange_transport::{Access, Answer, Effect, Pace, Permission};
    static CALL: Operation = Operation {
        api: "",
        id: "",
        rust_method: "",
        method: http::Method::GET,
        path: "/",
        access: Access::Public,
        permission: Permission::NotNeeded,
        effect: Effect::Read,
        pace: Pace {
            counter: "",
            cost: 0,
        },
        answer: Answer::Bare,
    };
    let mut call = Call::new(&CALL);
    call.query("price", &Some(OrderPrice::plus_percent(decimal("2"))))
        .query("time", &OrderTime::In(5))
        .query("start", &TimeOrId::from(7))
        .query("ref", &vec![OrderRef::from(1), OrderRef::from("O")])
        .query("cursor", &Cursor::First)
        .query("class", &AssetClass::TokenizedAsset)
        .query("volume", &decimal("1.50"));
    assert_eq!(
        call.path_and_query().unwrap(),
        "/?price=%2B2%25&time=%2B5&start=7&ref=1&ref=O&cursor=true&class=tokenized_asset&volume=1.50"
    );
}
