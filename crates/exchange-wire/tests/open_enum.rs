//! Enums that keep what they do not know.

use std::collections::HashSet;

use exchange_wire::{OpenEnum, from_slice, open_enum};

open_enum! {
    /// What an order does.
    pub enum OrderType {
        /// At once.
        Market = "market",
        /// At a price.
        Limit = "limit",
        /// Below a price.
        StopLoss = "stop-loss",
    }
}

#[test]
fn known_values() {
    for (text, value) in [
        ("market", OrderType::Market),
        ("stop-loss", OrderType::StopLoss),
    ] {
        let json = format!("\"{text}\"");
        assert_eq!(from_slice::<OrderType>(json.as_bytes()).unwrap(), value);
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(OrderType::from(text), value);
        assert_eq!(OrderType::from(text.to_owned()), value);
        assert_eq!(text.parse::<OrderType>().unwrap(), value);
        assert_eq!(value.to_string(), text);
        assert_eq!(value, text);
        assert_eq!(value, *text);
        assert!(value.is_known());
        assert!(!matches!(OrderType::from(text), OrderType::Other(_)));
    }
    assert_eq!(OrderType::KNOWN, ["market", "limit", "stop-loss"]);
    assert_eq!(OrderType::TABLE.len(), 3);
    assert_eq!(
        format!("{:>8}|{:?}", OrderType::Limit, OrderType::Limit),
        "   limit|\"limit\""
    );
}

#[test]
fn unknown_values_come_back_unchanged() {
    for json in [r#""iceberg""#, r#""""#, r#""Market""#, r#""a\"\\\n""#] {
        let value: OrderType = from_slice(json.as_bytes()).unwrap();
        assert!(!value.is_known(), "{json}");
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
    }
    assert_eq!(
        from_slice::<OrderType>(br#""\u006darket""#).unwrap(),
        OrderType::Market
    );
    for json in ["5", "null", "{}"] {
        assert!(from_slice::<OrderType>(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn comparison_is_by_text() {
    let by_hand = OrderType::Other("market".into());
    assert_eq!(by_hand, OrderType::Market);
    assert!(by_hand.is_known());
    assert!(HashSet::from([OrderType::Market]).contains(&by_hand));
    assert_eq!(by_hand.cmp(&OrderType::Market), std::cmp::Ordering::Equal);
    assert!(OrderType::Limit < OrderType::Market);
    assert_ne!(OrderType::Limit, OrderType::Market);
}

#[test]
fn keys_of_a_map() {
    let json = r#"{"limit":1,"new":2}"#;
    let map: exchange_wire::IndexMap<OrderType, u8> = from_slice(json.as_bytes()).unwrap();
    assert_eq!(map[&OrderType::Limit], 1);
    assert_eq!(serde_json::to_string(&map).unwrap(), json);
}
