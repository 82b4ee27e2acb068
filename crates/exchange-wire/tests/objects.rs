//! Rows, objects with a rest, values told apart by shape, raw JSON.

use exchange_wire::{
    Decimal, IndexMap, RawJson, Timestamp, from_slice, impl_by_shape, impl_tuple, impl_with_rest,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq)]
struct Candle {
    time: Timestamp,
    open: Decimal,
    high: Decimal,
    volume: Decimal,
    count: u64,
    r#type: Option<String>,
    flags: Vec<String>,
}
impl_tuple! {
    Candle { time, open: decimal, high: decimal, volume: decimal_number, count: integer, r#type?, flags?: comma }
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn round_trip<T: serde::de::DeserializeOwned + Serialize>(json: &str) -> String {
    serde_json::to_string(&from_slice::<T>(json.as_bytes()).unwrap()).unwrap()
}

#[test]
fn rows() {
    let full =
        r#"[1688671200,"30306.10",0.1234567890123456789,12345678901234567.890,"23","x","a,b"]"#;
    assert_eq!(
        round_trip::<Candle>(full),
        r#"[1688671200,"30306.10","0.1234567890123456789",12345678901234567.890,23,"x","a,b"]"#
    );
    let short: Candle = from_slice(br#"["1",2,3,4,5]"#).unwrap();
    assert_eq!((short.r#type, short.flags), (None, vec![]));
    let null: Candle = from_slice(br#"["1",2,3,4,5,null,null]"#).unwrap();
    assert_eq!((null.r#type, null.flags), (None, vec![]));
    let long: Candle = from_slice(br#"[1,2,3,4,5,"x","a",{"new":[1.5]},null]"#).unwrap();
    assert_eq!(long.flags, ["a"]);
}

#[derive(Debug, PartialEq)]
struct Optional {
    a: Option<u8>,
    b: Option<u8>,
    c: Option<u8>,
}
impl_tuple! { Optional { a?, b?, c? } }

#[test]
fn a_value_keeps_its_position() {
    for json in [
        "[]",
        "[1]",
        "[null,2]",
        "[1,null,3]",
        "[null,null,3]",
        "[1,2,3]",
    ] {
        assert_eq!(round_trip::<Optional>(json), json);
    }
    assert_eq!(round_trip::<Optional>("[1,null,null]"), "[1]");
}

#[test]
fn rows_say_what_is_wrong_with_them() {
    let error = |json: &str| from_slice::<Vec<Candle>>(json.as_bytes()).unwrap_err();
    let missing = error("[[1,2]]");
    assert!(
        missing
            .message
            .contains("Candle: position 3 `high`: missing"),
        "{missing}"
    );
    assert_eq!(missing.path, "[0]");
    let garbage = error(r#"[[1,2,3,4,5],[1,2,"x",4,5]]"#);
    assert!(
        garbage
            .message
            .contains("Candle: position 3 `high`: not a decimal number: \"x\""),
        "{garbage}"
    );
    assert_eq!(garbage.path, "[1][2]");
    assert!(
        garbage.line == 1 && (21..=22).contains(&garbage.column),
        "{garbage}"
    );
    let null = error("[[1,null,3,4,5]]");
    assert!(
        null.message
            .contains("position 2 `open`: expected a decimal"),
        "{null}"
    );
    let kind = error("[[1,2,3,4,5,6]]");
    assert!(kind.message.contains("position 6 `type`"), "{kind}");
    assert!(error("[{}]").message.contains("an array of Candle"));
}

#[derive(Debug, PartialEq)]
struct Candles {
    last: Option<Decimal>,
    id: u64,
    kind: Option<String>,
    tags: Vec<String>,
    fees: IndexMap<String, Decimal>,
    pairs: IndexMap<String, Vec<Candle>>,
}
impl_with_rest! {
    Candles {
        last => "last": decimal_number,
        id! => "id" | "ID": integer,
        kind => "type",
        tags => "tags",
        fees => "fees": decimal,
        ..pairs
    }
}

#[derive(Debug, PartialEq)]
struct Balances {
    others: IndexMap<String, Option<Decimal>>,
}
impl_with_rest! { Balances { ..others: decimal } }

#[derive(Debug, PartialEq)]
struct Open {
    extra: IndexMap<String, RawJson>,
    amount: Decimal,
}
impl_with_rest! { Open { amount! => "amount": decimal, ..extra } }

#[test]
fn named_members_among_others() {
    let sent = r#"{"XBT":[[1,2.50,3,4,5]],"last":0.1234567890123456789,"ID":"7","type":"x","tags":["a"],"fees":{"q":0.10},"ETH":[]}"#;
    assert_eq!(
        round_trip::<Candles>(sent),
        r#"{"last":0.1234567890123456789,"id":7,"type":"x","tags":["a"],"fees":{"q":"0.10"},"XBT":[[1,"2.50","3",4,5,null,""]],"ETH":[]}"#
    );
    for nothing in [
        r#"{"id":7}"#,
        r#"{"id":7,"last":null,"type":null,"tags":null,"fees":null}"#,
    ] {
        assert_eq!(
            round_trip::<Candles>(nothing),
            r#"{"id":7,"tags":[],"fees":{}}"#
        );
    }
    let missing = from_slice::<Candles>(b"{}").unwrap_err();
    assert_eq!(missing.message, "missing field `id`");
    assert!(from_slice::<Candles>(br#"{"id":null}"#).is_err());
    let wrong = from_slice::<Candles>(br#"{"id":1,"XBT":[[1,2,"x",4,5]]}"#).unwrap_err();
    assert_eq!(wrong.path, "XBT[0][2]");
}

#[test]
fn the_rest_keeps_every_digit_and_its_order() {
    let sent = r#"{"amount":"1","z":0.1000000000000000055511151231257827,"a":[1E400,{"\u0062":1.0}],"n":null}"#;
    assert_eq!(round_trip::<Open>(sent), sent);
    let value: Open = from_slice(sent.as_bytes()).unwrap();
    assert_eq!(value.extra.keys().collect::<Vec<_>>(), ["z", "a", "n"]);
    assert_eq!(
        round_trip::<Balances>(r#"{"a":12345678901234567.89,"b":"","\u0063\n":"1.0"}"#),
        r#"{"a":"12345678901234567.89","b":null,"c\n":"1.0"}"#
    );
}

#[derive(Debug, PartialEq)]
enum Deposits {
    List(Vec<Candle>),
    Page(Candles),
}
impl_by_shape! { Deposits { array => List(Vec<Candle>), object => Page(Candles) } }

#[test]
fn shapes() {
    let list = r#"[[1,"0.1234567890123456789","3",4,5,"x",""]]"#;
    assert_eq!(round_trip::<Deposits>(list), list);
    let page = r#"{"last":0.1234567890123456789,"id":7,"tags":[],"fees":{}}"#;
    assert_eq!(round_trip::<Deposits>(page), page);
    assert!(matches!(from_slice(list.as_bytes()), Ok(Deposits::List(rows)) if rows.len() == 1));
    assert!(matches!(from_slice(page.as_bytes()), Ok(Deposits::Page(page)) if page.id == 7));
    let inside = from_slice::<Deposits>(br#"{"id":1,"XBT":[[1,2,"x",4,5]]}"#).unwrap_err();
    assert_eq!(inside.path, "XBT[0][2]");
    for wrong in ["null", "5", r#""x""#] {
        let error = from_slice::<Deposits>(wrong.as_bytes()).unwrap_err();
        assert!(error.message.contains("an array or an object"), "{error}");
    }
}

#[derive(Deserialize)]
struct Holder {
    raw: Option<RawJson>,
    list: Vec<RawJson>,
}

#[test]
fn raw_json() {
    let text = r#"{"a" : [ 1.0, "x y\" z" ]}"#;
    let raw: RawJson = text.parse().unwrap();
    assert_eq!(raw.get(), text);
    assert_eq!(format!("{raw:?}|{raw}"), format!("{text}|{text}"));
    assert_eq!(serde_json::to_string(&raw).unwrap(), text);
    assert_eq!(raw, r#"{"a":[1.0,"x y\" z"]}"#.parse().unwrap());
    assert_ne!(raw, r#"{"a":[1.0,"xy\" z"]}"#.parse().unwrap());
    assert_ne!(raw, r#"{"a":[1.00,"x y\" z"]}"#.parse().unwrap());
    assert_eq!(RawJson::default().get(), "null");
    assert_eq!(RawJson::from_serialize(&[1, 2]).unwrap().get(), "[1,2]");
    assert_eq!(raw.to_value().unwrap()["a"][0], 1.0);
    assert_eq!(
        raw.decode::<IndexMap<String, RawJson>>().unwrap()["a"].get(),
        r#"[ 1.0, "x y\" z" ]"#
    );
    assert_eq!(
        raw.decode::<IndexMap<String, Vec<u8>>>().unwrap_err().path,
        "a[0]"
    );
    assert!("{".parse::<RawJson>().is_err());
    let holder: Holder = from_slice(br#"{"raw":1.10,"list":[2.20]}"#).unwrap();
    assert_eq!(
        (holder.raw.unwrap().get(), holder.list[0].get()),
        ("1.10", "2.20")
    );
}

proptest! {
    #[test]
    fn numbers_are_exact_everywhere(number in r"(0|[1-9][0-9]{0,13})\.[0-9]{1,14}") {
        let row = format!(r#"[1,"{number}","{number}",{number},5,null,""]"#);
        let page = format!(r#"{{"last":{number},"id":1,"tags":[],"fees":{{"a":"{number}"}},"p":[{row}]}}"#);
        let quoted = format!("\"{number}\"");
        prop_assert_eq!(round_trip::<Deposits>(&page), page.clone());
        prop_assert_eq!(round_trip::<Deposits>(&page.replace(&quoted, &number)), page);
        prop_assert_eq!(round_trip::<Deposits>(&format!("[{row}]")), format!("[{row}]"));
        let open = format!(r#"{{"amount":"{number}","x":[{number},{{"y":{number}}}]}}"#);
        prop_assert_eq!(round_trip::<Open>(&open), open);
    }
}
