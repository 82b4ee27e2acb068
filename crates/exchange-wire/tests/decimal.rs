//! Exact decimals, alone and inside everything that can hold one.

use exchange_wire::{
    AsDecimal, Decimal, DecimalError, IndexMap, RawJson, from_slice, parse_decimal,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

fn parsed(text: &str) -> String {
    parse_decimal(text).map_or_else(|error| format!("{error:?}"), |value| value.to_string())
}

#[test]
fn spellings_are_read_exactly() {
    for (text, value) in [
        ("0", "0"),
        ("0.00", "0.00"),
        ("00012.50", "12.50"),
        ("+1.5", "1.5"),
        ("-1.5", "-1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e-7", "0.0000001"),
        ("1E+5", "100000"),
        ("1.20e1", "12.0"),
        ("12.0e-1", "1.20"),
        ("0e999999999999999999999999", "0"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("12345678901234567.89", "12345678901234567.89"),
        ("99999999999999999999", "99999999999999999999"),
        (
            "79228162514264337593543950335",
            "79228162514264337593543950335",
        ),
        (
            "-79228162514264337593543950335",
            "-79228162514264337593543950335",
        ),
        (
            "7.9228162514264337593543950335",
            "7.9228162514264337593543950335",
        ),
        (
            "0.0000000000000000000000000001",
            "0.0000000000000000000000000001",
        ),
        // Zeros that do not fit but say nothing.
        (
            "0.00000000000000000000000000010000",
            "0.0000000000000000000000000001",
        ),
        (
            "79228162514264337593543950335.000",
            "79228162514264337593543950335",
        ),
        ("00000000000000000000000000000000000000000001", "1"),
        ("1000e-31", "0.0000000000000000000000000001"),
        ("10e27", "10000000000000000000000000000"),
    ] {
        assert_eq!(parsed(text), value, "{text}");
    }
    assert!(parse_decimal("-0").unwrap().is_zero());
    assert!(parse_decimal("-0.000").unwrap().is_zero());
}

#[test]
fn nothing_is_rounded() {
    for text in [
        "79228162514264337593543950336",
        "7922816251426433759354395033.51",
        "0.00000000000000000000000000001",
        "79228162514264337593543950335.5",
        "1e29",
        "1e-29",
        "1e999999999999999999999999",
        "1e-999999999999999999999999",
        "100000000000000000000000000000",
    ] {
        assert!(
            matches!(parse_decimal(text), Err(DecimalError::DoesNotFit { .. })),
            "{text}: {}",
            parsed(text)
        );
    }
}

#[test]
fn garbage_is_not_a_number() {
    for text in [
        "",
        " ",
        "-",
        "+",
        ".",
        "-.",
        "e5",
        ".e5",
        "1e",
        "1e+",
        "1e5.0",
        "1.2.3",
        "--1",
        "+-1",
        "1_0",
        " 1",
        "1 ",
        "1,5",
        "0x10",
        "NaN",
        "inf",
        "١",
        "1e5x",
        // Not even when the digits alone would be too many.
        "99999999999999999999999999999999999999x",
    ] {
        assert!(
            matches!(parse_decimal(text), Err(DecimalError::NotANumber { .. })),
            "{text:?}: {}",
            parsed(text)
        );
    }
}

#[test]
fn long_texts_take_linear_time_and_a_short_error() {
    let zeros = "0".repeat(1_000_000);
    assert_eq!(
        parsed(&format!("{zeros}7.5{zeros}")),
        format!("7.5{}", "0".repeat(27))
    );
    let error = parse_decimal(&format!("1{zeros}1")).unwrap_err();
    assert!(error.to_string().len() < 200, "{error}");
    assert!(matches!(error, DecimalError::DoesNotFit { .. }));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everywhere {
    #[serde(with = "exchange_wire::decimal")]
    plain: Decimal,
    #[serde(with = "exchange_wire::decimal", default)]
    option: Option<Decimal>,
    #[serde(with = "exchange_wire::decimal", default)]
    list: Vec<Decimal>,
    #[serde(with = "exchange_wire::decimal", default)]
    map: IndexMap<String, Decimal>,
    #[serde(with = "exchange_wire::decimal::number", default)]
    deep: IndexMap<String, Vec<Vec<Option<Decimal>>>>,
    #[serde(with = "exchange_wire::decimal::number", default)]
    number: Option<Decimal>,
}

#[test]
fn numbers_are_exact_in_every_container() {
    let sent = r#"{"plain":0.1234567890123456789,"option":12345678901234567.89,
        "list":[1e-7,"2.50",79228162514264337593543950335],"map":{"a":0.30000000000000004000},
        "deep":{"b":[[0.1000000000000000055511151231,null,""]]},"number":"1.10"}"#;
    let value: Everywhere = from_slice(sent.as_bytes()).unwrap();
    assert_eq!(
        serde_json::to_string(&value).unwrap(),
        r#"{"plain":"0.1234567890123456789","option":"12345678901234567.89","list":["0.0000001","2.50","79228162514264337593543950335"],"map":{"a":"0.30000000000000004000"},"deep":{"b":[[0.1000000000000000055511151231,null,null]]},"number":1.10}"#
    );
}

#[test]
fn missing_null_and_empty_are_nothing() {
    for sent in [
        r#"{"plain":1}"#,
        r#"{"plain":1,"option":null,"list":null,"map":null,"deep":null,"number":null}"#,
        r#"{"plain":1,"option":"","number":""}"#,
    ] {
        let value: Everywhere = from_slice(sent.as_bytes()).unwrap();
        assert_eq!((value.option, value.number), (None, None), "{sent}");
        assert!(
            value.list.is_empty() && value.map.is_empty() && value.deep.is_empty(),
            "{sent}"
        );
    }
    for sent in [
        r#"{"plain":null}"#,
        r#"{"plain":""}"#,
        r#"{"plain":[]}"#,
        r#"{"plain":true}"#,
        "{}",
    ] {
        assert!(from_slice::<Everywhere>(sent.as_bytes()).is_err(), "{sent}");
    }
}

#[test]
fn escaped_strings_are_strings() {
    let value: AsDecimal<Decimal> = from_slice(br#" "\u0031.5" "#).unwrap();
    assert_eq!(value.0.to_string(), "1.5");
    assert!(from_slice::<AsDecimal<Decimal>>(br#""1.5\n""#).is_err());
}

#[test]
fn a_bare_map_is_decoded_through_the_adapter() {
    let balances: AsDecimal<IndexMap<String, Decimal>> =
        from_slice(br#"{"XXBT":"0.0000000100","ZUSD":5.10}"#).unwrap();
    assert_eq!(
        serde_json::to_string(&balances).unwrap(),
        r#"{"XXBT":"0.0000000100","ZUSD":"5.10"}"#
    );
    // A balance that did not come is not a balance of nothing.
    assert!(from_slice::<AsDecimal<IndexMap<String, Decimal>>>(b"null").is_err());
    assert!(from_slice::<AsDecimal<Vec<Decimal>>>(b"null").is_err());
    assert_eq!(
        from_slice::<AsDecimal<Option<Decimal>>>(b"null").unwrap().0,
        None
    );
}

#[test]
fn every_way_into_serde_json_reads_the_same() {
    let sent = r#"{"plain":"0.1","option":3,"list":[-4],"number":18446744073709551615}"#;
    let expected: Everywhere = from_slice(sent.as_bytes()).unwrap();
    assert_eq!(serde_json::from_str::<Everywhere>(sent).unwrap(), expected);
    assert_eq!(
        serde_json::from_reader::<_, Everywhere>(sent.as_bytes()).unwrap(),
        expected
    );
    let tree: serde_json::Value = serde_json::from_str(sent).unwrap();
    assert_eq!(
        serde_json::from_value::<Everywhere>(tree).unwrap(),
        expected
    );
    let raw: RawJson = sent.parse().unwrap();
    assert_eq!(raw.decode::<Everywhere>().unwrap(), expected);
}

#[test]
fn a_buffered_number_is_exact_or_refused() {
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(with = "exchange_wire::decimal")]
        amount: Decimal,
    }
    let amount = |sent: &str| from_slice::<Outer>(sent.as_bytes()).map(|outer| outer.inner.amount);
    assert_eq!(amount(r#"{"amount":"0.10"}"#).unwrap().to_string(), "0.10");
    assert_eq!(
        amount(r#"{"amount":18446744073709551615}"#)
            .unwrap()
            .to_string(),
        "18446744073709551615"
    );
    match amount(r#"{"amount":0.1000000000000000055511151231}"#) {
        Ok(exact) => assert_eq!(exact.to_string(), "0.1000000000000000055511151231"),
        Err(error) => assert!(error.message.contains("binary float"), "{error}"),
    }
}

/// Up to 28 digits with the point anywhere.
fn decimal_text() -> impl Strategy<Value = String> {
    ("-?", "(0|[1-9][0-9]{0,13})", "(\\.[0-9]{1,14})?")
        .prop_map(|(sign, whole, fraction)| format!("{sign}{whole}{fraction}"))
}

fn unsigned_zero(text: &str) -> String {
    let nothing = !text
        .bytes()
        .any(|byte| byte.is_ascii_digit() && byte != b'0');
    if nothing {
        text.trim_start_matches('-').to_owned()
    } else {
        text.to_owned()
    }
}

proptest! {
    #[test]
    fn text_survives_in_string_and_number_form(text in decimal_text(), quoted: bool) {
        #[derive(Serialize, Deserialize)]
        struct Pair {
            #[serde(with = "exchange_wire::decimal")]
            string: Decimal,
            #[serde(with = "exchange_wire::decimal::number")]
            number: Decimal,
        }
        let json = if quoted { format!("\"{text}\"") } else { text.clone() };
        let pair: Pair = from_slice(format!(r#"{{"string":{json},"number":{json}}}"#).as_bytes()).unwrap();
        let text = unsigned_zero(&text);
        prop_assert_eq!(
            serde_json::to_string(&pair).unwrap(),
            format!(r#"{{"string":"{text}","number":{text}}}"#)
        );
    }

    #[test]
    fn every_decimal_survives(low: u32, middle: u32, high: u32, negative: bool, scale in 0_u32..=28) {
        let value = Decimal::from_parts(low, middle, high, negative, scale);
        let back = parse_decimal(&value.to_string()).unwrap();
        prop_assert_eq!(back, value);
        prop_assert_eq!(back.scale(), value.scale());
    }

    #[test]
    fn exponents_move_the_point(digits in 0_i64..1_000_000_000, exponent in -18_i32..=18) {
        let value = parse_decimal(&format!("{digits}e{exponent}")).unwrap();
        let power = Decimal::from_i128_with_scale(10_i128.pow(exponent.unsigned_abs()), 0);
        let digits = Decimal::from(digits);
        if exponent < 0 {
            prop_assert_eq!(value * power, digits);
        } else {
            prop_assert_eq!(value, digits * power);
        }
    }

    #[test]
    fn no_text_panics(text in "[-+0-9.eE]{0,60}|.{0,20}") {
        if let Ok(value) = parse_decimal(&text) {
            prop_assert_eq!(parse_decimal(&value.to_string()), Ok(value));
        }
    }
}
