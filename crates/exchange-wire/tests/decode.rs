//! Errors that say where, and input that is anything at all.

use exchange_wire::{
    AsDecimal, Decimal, DecodeError, IndexMap, RawJson, Timestamp, from_slice, losses,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    result: Orders,
}

#[derive(Debug, Serialize, Deserialize)]
struct Orders {
    open: IndexMap<String, Order>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    #[serde(with = "exchange_wire::decimal")]
    vol: Decimal,
    opentm: Option<Timestamp>,
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn error<T: serde::de::DeserializeOwned + std::fmt::Debug>(bytes: &[u8]) -> DecodeError {
    from_slice::<T>(bytes).unwrap_err()
}

#[test]
fn the_place_is_told() {
    let sent = "{\"result\":\n {\"open\":{\"OABC\":{\"vol\":\"lots\",\"opentm\":1}}}}";
    let error = error::<Answer>(sent.as_bytes());
    assert_eq!(error.path, "result.open.OABC.vol");
    assert_eq!(error.message, "not a decimal number: \"lots\"");
    assert_eq!(error.line, 2);
    assert_eq!(
        &sent.lines().nth(1).unwrap()[..error.column],
        " {\"open\":{\"OABC\":{\"vol\":\"lots\""
    );
    assert!(error.excerpt.contains(r#"{"result":\n {"open""#), "{error}");
    let text = error.to_string();
    for part in [
        "result.open.OABC.vol",
        "not a decimal",
        "line 2",
        &format!("column {}", error.column),
        "OABC",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn paths_can_be_put_under_a_parent() {
    let inner = error::<Vec<Order>>(br#"[{"vol":true}]"#);
    assert_eq!(inner.path, "[0].vol");
    assert_eq!(inner.clone().within("result").path, "result[0].vol");
    assert_eq!(
        error::<Order>(br#"{"vol":true}"#).within("result").path,
        "result.vol"
    );
    assert_eq!(error::<Order>(b"5").within("result").path, "result");
}

#[test]
fn secrets_can_be_left_out() {
    let sent = br#"{"vol":"hunter2","opentm":1}"#;
    let shown = error::<Order>(sent);
    assert!(shown.to_string().contains("hunter2"));
    let hidden = shown.hide_input();
    assert_eq!((hidden.path.as_str(), hidden.line), ("vol", 1));
    assert!(!format!("{hidden} {hidden:?}").contains("hunter2"));
}

#[test]
fn input_that_is_no_json() {
    assert!(error::<Answer>(b"").message.contains("EOF"));
    assert!(error::<Answer>(b" \n ").message.contains("EOF"));
    let html = error::<Answer>(b"<html>\r\n<body>502 Bad Gateway</body></html>");
    assert!(html.excerpt.starts_with(r"<html>\r\n<body>502"), "{html}");
    let cut = error::<Answer>(br#"{"result":{"open":{"O1":{"vol":"1.0"#);
    assert_eq!(cut.path, "result.open.O1.vol");
    assert!(cut.message.contains("EOF"), "{cut}");
    let trailing = error::<Vec<u8>>(b"[1] x");
    assert_eq!(trailing.path, "");
    assert!(trailing.message.contains("trailing"), "{trailing}");
    let not_utf8 = error::<Vec<String>>(b"[\"\xff\xfe\"]");
    assert_eq!(not_utf8.path, "[0]");
    let not_utf8 = error::<AsDecimal<Vec<Decimal>>>(b"[\"\xff\xfe\"]");
    assert_eq!(not_utf8.path, "[0]");
}

#[test]
fn deep_nesting_is_survived() {
    let deep = "[".repeat(200_000);
    error::<serde_json::Value>(deep.as_bytes());
    error::<AsDecimal<Decimal>>(deep.as_bytes());
    error::<Timestamp>(deep.as_bytes());
    let closed = format!("{deep}{}", "]".repeat(200_000));
    let raw: RawJson = from_slice(closed.as_bytes()).unwrap();
    assert_eq!(raw, raw.clone());
    assert!(raw.to_value().is_err());
    assert!(losses(&closed, &closed).is_empty());
    assert_eq!(losses(&closed, closed.replacen('[', " [1,", 1)).len(), 1);
}

#[test]
fn excerpts_are_short_and_clean() {
    let long = format!("[\"{}\",\n1]", "é".repeat(500));
    let error = error::<Vec<String>>(long.as_bytes());
    assert_eq!(error.path, "[1]");
    assert!(error.excerpt.chars().count() <= 120, "{error}");
    assert!(
        !error.excerpt.is_empty() && !error.excerpt.contains(char::is_control),
        "{error}"
    );
    assert!(!error.excerpt.contains('\u{fffd}'), "{error}");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes)?;
    }

    #[test]
    fn broken_json_never_panics(at in 0_usize..70, byte: u8, cut in 0_usize..90) {
        let mut bytes = "{\"result\":{\"open\":{\"é\":{\"vol\":\"1.5\",\"opentm\":1.50},\n\"b\":{\"vol\":2e5}}}}"
            .as_bytes().to_vec();
        bytes[at] = byte;
        bytes.truncate(cut);
        check(&bytes)?;
    }
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Err(error) = from_slice::<Answer>(bytes) {
        prop_assert!(error.excerpt.chars().count() <= 120);
        prop_assert!(!error.excerpt.contains(char::is_control));
        prop_assert!(error.to_string().contains(&error.message));
    }
    if let Ok(raw) = from_slice::<RawJson>(bytes) {
        prop_assert!(losses(bytes, raw.get()).is_empty());
    } else {
        prop_assert_eq!(losses(bytes, bytes).len(), 1);
    }
    let _ = from_slice::<AsDecimal<IndexMap<String, Decimal>>>(bytes);
    let _ = from_slice::<Timestamp>(bytes);
    Ok(())
}
