//! What a round trip loses is found, and nothing else.

use exchange_wire::losses;

fn pointers(sent: &str, back: &str) -> Vec<String> {
    losses(sent, back)
        .into_iter()
        .map(|loss| loss.pointer)
        .collect()
}

#[test]
fn equal_values_are_no_loss() {
    for (sent, back) in [
        (r#"{"a":"1.50"}"#, r#"{"a":1.5}"#),
        (r#"{"a":1e2}"#, r#"{"a":"100"}"#),
        (r#"["+3"]"#, r#"["3"]"#),
        (r#"{"a":null}"#, "{}"),
        (r#"{"a":null}"#, r#"{"a":[]}"#),
        (r#"{"a":{"b":null}}"#, r#"{"a":{}}"#),
        (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1,"c":3}"#),
        (r#"{"a": "x\u0041"}"#, r#"{"a":"xA"}"#),
        ("[ ]", "[]"),
        (r#"{"\u0061":true}"#, r#"{"a":true}"#),
        ("1e999", "1e999"),
    ] {
        assert_eq!(pointers(sent, back), [""; 0], "{sent} {back}");
    }
}

#[test]
fn losses_are_pointed_at() {
    for (sent, back, pointer) in [
        (r#"{"a":1}"#, "{}", "/a"),
        (r#"{"a":1}"#, r#"{"a":null}"#, "/a"),
        (r#"{"a":{"b":[1,2]}}"#, r#"{"a":{"b":[1]}}"#, "/a/b/1"),
        (r#"{"a":{"b":1}}"#, "{}", "/a"),
        (r#"{"a/b~c":0.1}"#, r#"{"a/b~c":0.2}"#, "/a~1b~0c"),
        ("12345678901234567.89", "12345678901234568", ""),
        ("0.30000000000000004", "0.3", ""),
        ("1e999", "1e998", ""),
        (
            "99999999999999999999999999999999.1",
            "99999999999999999999999999999999.2",
            "",
        ),
        (r#""x""#, r#""y""#, ""),
        (r#""true""#, "true", ""),
        ("false", "true", ""),
        ("[]", "{}", ""),
        ("[]", "null", ""),
        (r#""""#, "null", ""),
        (
            r#""2023-01-01T00:00:00Z""#,
            r#""2023-01-01T00:00:00.0Z""#,
            "",
        ),
        ("1", "oops", ""),
        ("oops", "oops", ""),
        ("", "", ""),
    ] {
        assert_eq!(pointers(sent, back), [pointer], "{sent} {back}");
    }
}

#[test]
fn the_sent_text_is_shown() {
    let found = losses(r#"{"a":[1.10,2]}"#, r#"{"a":[1.2]}"#);
    let shown: Vec<_> = found
        .iter()
        .map(|loss| (loss.pointer.as_str(), loss.sent.as_str()))
        .collect();
    assert_eq!(shown, [("/a/0", "1.10"), ("/a/1", "2")]);
}
