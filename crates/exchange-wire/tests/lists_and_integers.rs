//! Integers that come as text, comma-separated lists, lists that come as `null`.

use exchange_wire::{AsComma, AsInteger, IndexMap, from_slice, null_as_default, open_enum};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Integers {
    #[serde(with = "exchange_wire::integer", default)]
    signed: i64,
    #[serde(with = "exchange_wire::integer", default)]
    small: u32,
    #[serde(with = "exchange_wire::integer", default)]
    option: Option<u64>,
    #[serde(with = "exchange_wire::integer", default)]
    list: Vec<i32>,
}

#[test]
fn integers_come_as_numbers_or_text() {
    let value: Integers = from_slice(
        br#"{"signed":"-9223372036854775808","small":4294967295,"option":18446744073709551615,"list":["1",2,3.0,"4e2"]}"#,
    )
    .unwrap();
    assert_eq!(
        serde_json::to_string(&value).unwrap(),
        r#"{"signed":-9223372036854775808,"small":4294967295,"option":18446744073709551615,"list":[1,2,3,400]}"#
    );
    for nothing in [r#"{"option":null}"#, r#"{"option":""}"#, "{}"] {
        assert_eq!(
            from_slice::<Integers>(nothing.as_bytes()).unwrap().option,
            None,
            "{nothing}"
        );
    }
}

#[test]
fn what_is_no_integer_of_the_range_is_refused() {
    for json in [
        r#"{"signed":9223372036854775808}"#,
        r#"{"signed":1.5}"#,
        r#"{"signed":"x"}"#,
        r#"{"signed":null}"#,
        r#"{"signed":""}"#,
        r#"{"small":-1}"#,
        r#"{"small":4294967296}"#,
        r#"{"small":1e300}"#,
        r#"{"option":[]}"#,
    ] {
        assert!(from_slice::<Integers>(json.as_bytes()).is_err(), "{json}");
    }
    assert_eq!(
        from_slice::<AsInteger<Vec<i64>>>(br#"["7"]"#).unwrap().0,
        [7]
    );
    assert!(from_slice::<AsInteger<Vec<i64>>>(b"null").is_err());
}

open_enum! {
    /// How an order behaves.
    pub enum Flag {
        /// Makes liquidity only.
        Post = "post",
        /// Fee in the base asset.
        Fcib = "fcib",
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Lists {
    #[serde(with = "exchange_wire::comma", default)]
    flags: Vec<Flag>,
    #[serde(
        with = "exchange_wire::comma",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    names: Option<Vec<String>>,
}

#[test]
fn lists_travel_as_one_text() {
    let value: Lists = from_slice(br#"{"flags":"post, new ,,fcib","names":"a,b"}"#).unwrap();
    assert_eq!(value.flags, [Flag::Post, Flag::from("new"), Flag::Fcib]);
    assert_eq!(
        serde_json::to_string(&value).unwrap(),
        r#"{"flags":"post,new,fcib","names":"a,b"}"#
    );
    for empty in [
        "{}",
        r#"{"flags":""}"#,
        r#"{"flags":null,"names":null}"#,
        r#"{"flags":[]}"#,
    ] {
        let value: Lists = from_slice(empty.as_bytes()).unwrap();
        assert!(value.flags.is_empty() && value.names.is_none(), "{empty}");
        assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"flags":""}"#);
    }
    let value: Lists = from_slice(br#"{"flags":["post","fcib"]}"#).unwrap();
    assert_eq!(value.flags, [Flag::Post, Flag::Fcib]);
    for wrong in [r#"{"flags":5}"#, r#"{"flags":{}}"#, r#"{"flags":[5]}"#] {
        assert!(from_slice::<Lists>(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn items_parse_with_their_own_rules() {
    let AsComma(numbers): AsComma<Vec<u32>> = from_slice(br#""1, 2""#).unwrap();
    assert_eq!(numbers, [1, 2]);
    assert!(from_slice::<AsComma<Vec<u32>>>(br#""1,x""#).is_err());
    assert!(from_slice::<AsComma<Vec<u32>>>(b"null").is_err());
}

#[test]
fn a_list_is_not_written_as_another_list() {
    for items in [vec!["a,b"], vec![""], vec!["a", " "]] {
        let items: Vec<String> = items.into_iter().map(str::to_owned).collect();
        assert!(
            serde_json::to_string(&AsComma(items.clone())).is_err(),
            "{items:?}"
        );
    }
}

#[test]
fn null_is_an_empty_collection() {
    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Collections {
        #[serde(default, deserialize_with = "null_as_default")]
        list: Vec<u8>,
        #[serde(default, deserialize_with = "null_as_default")]
        map: IndexMap<String, u8>,
    }
    for empty in [
        "{}",
        r#"{"list":null,"map":null}"#,
        r#"{"list":[],"map":{}}"#,
    ] {
        let value: Collections = from_slice(empty.as_bytes()).unwrap();
        assert_eq!(value, Collections::default(), "{empty}");
    }
    let value: Collections = from_slice(br#"{"list":[1],"map":{"a":2}}"#).unwrap();
    assert_eq!((value.list[0], value.map["a"]), (1, 2));
}
