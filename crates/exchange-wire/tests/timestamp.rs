//! Times in every form.

use std::time::{Duration, SystemTime};

use exchange_wire::{Timestamp, from_slice};
use proptest::prelude::*;

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn read(json: &str) -> Timestamp {
    from_slice(json.as_bytes()).unwrap()
}

#[test]
fn every_form_is_written_back_as_it_came() {
    for json in [
        "1688666559",
        "1688666559.8974",
        "1688666559.8974012345678901",
        "1688666559.00",
        "-5",
        "-0",
        "0",
        "0.0",
        "1e9",
        "1.5E+3",
        "123456789012345678901234567890123456789012345",
        "0.00000000000000000000000000000000000000001",
        "1e400",
        r#""1688666559""#,
        r#""1688666559.8974""#,
        r#""0""#,
        r#""-0""#,
        r#""+5""#,
        r#""007""#,
        r#""5.""#,
        r#"".5""#,
        r#""""#,
        r#""None""#,
        r#""2023-07-06T18:02:39Z""#,
        r#""2023-07-06T18:02:39.123456789012+02:00""#,
        r#""a\"b\\c""#,
    ] {
        assert_eq!(serde_json::to_string(&read(json)).unwrap(), json);
    }
    for json in ["null", "true", "[]", "{}"] {
        assert!(from_slice::<Timestamp>(json.as_bytes()).is_err(), "{json}");
    }
    assert_eq!(from_slice::<Option<Timestamp>>(b"null").unwrap(), None);
}

#[test]
fn instants_are_exact() {
    let nanos = |json: &str| read(json).unix_nanos();
    assert_eq!(nanos("1688666559.8974"), Some(1_688_666_559_897_400_000));
    assert_eq!(
        nanos(r#""1688666559.8974""#),
        Some(1_688_666_559_897_400_000)
    );
    assert_eq!(
        nanos(r#""2023-07-06T18:02:39.8974Z""#),
        Some(1_688_666_559_897_400_000)
    );
    assert_eq!(
        nanos(r#""2023-07-06T20:02:39.8974+02:00""#),
        Some(1_688_666_559_897_400_000)
    );
    assert_eq!(nanos("1e9"), Some(1_000_000_000_000_000_000));
    assert_eq!(nanos("-0.0000000015"), Some(-2));
    assert_eq!(nanos(r#""1969-12-31T23:59:59.5Z""#), Some(-500_000_000));
    assert_eq!(
        nanos("79228162514264337593543950335"),
        Some(79_228_162_514_264_337_593_543_950_335_000_000_000)
    );
    assert_eq!(nanos(r#""None""#), None);
    assert_eq!(nanos(r#""""#), None);
    assert_eq!(nanos("1e400"), None);

    let seconds = |json: &str| read(json).unix_seconds().map(|seconds| seconds.to_string());
    assert_eq!(
        seconds("1688666559.8900").as_deref(),
        Some("1688666559.8900")
    );
    assert_eq!(
        seconds(r#""2023-07-06T18:02:39.123456789Z""#).as_deref(),
        Some("1688666559.123456789")
    );
    assert_eq!(
        seconds(r#""1969-12-31T23:59:59.5Z""#).as_deref(),
        Some("-0.5")
    );
    assert_eq!(seconds(r#""soon""#), None);
}

#[test]
fn calendar_times() {
    let time = read("1688666559.8974").to_utc().unwrap();
    let text = Timestamp::from(time);
    assert_eq!(text.to_string(), "2023-07-06T18:02:39.897400Z");
    assert_eq!(text.to_utc(), Some(time));
    assert_eq!(
        read("-1.5").to_utc().unwrap().to_rfc3339(),
        "1969-12-31T23:59:58.500+00:00"
    );
    assert_eq!(read("79228162514264337593543950335").to_utc(), None);
    assert_eq!(read(r#""soon""#).to_utc(), None);
}

#[test]
fn made_by_the_caller() {
    let written = |time: &Timestamp| serde_json::to_string(time).unwrap();
    assert_eq!(written(&Timestamp::from_unix_seconds(5)), "5");
    assert_eq!(
        written(&Timestamp::from_unix_decimal("5.50".parse().unwrap())),
        "5.50"
    );
    let text = Timestamp::from_rfc3339_text("2023-07-06T18:02:39.10Z").unwrap();
    assert_eq!(written(&text), r#""2023-07-06T18:02:39.10Z""#);
    assert_eq!(Timestamp::from_rfc3339_text("yesterday"), None);
    let after = SystemTime::UNIX_EPOCH + Duration::new(1_688_666_559, 250_000_000);
    assert_eq!(written(&Timestamp::from(after)), "1688666559.25");
    let before = SystemTime::UNIX_EPOCH - Duration::from_millis(1500);
    assert_eq!(written(&Timestamp::from(before)), "-1.5");
    let parsed: Timestamp = "1688666559".parse().unwrap();
    assert_eq!(parsed, read(r#""1688666559""#));
    assert_ne!(parsed, read("1688666559"));
}

#[test]
fn unset_times() {
    for json in ["0", r#""0""#, r#""""#, "0.000", r#""0.0""#, "0e5"] {
        assert!(read(json).is_unset(), "{json}");
    }
    for json in ["1", r#""None""#, r#""1970-01-01T00:00:00Z""#, "0.0001"] {
        assert!(!read(json).is_unset(), "{json}");
    }
}

proptest! {
    #[test]
    fn any_string_is_kept(text in "[-+0-9.eE]{0,12}|.{0,20}") {
        let json = serde_json::to_string(&text).unwrap();
        let time = read(&json);
        prop_assert_eq!(time.to_string(), text);
        prop_assert_eq!(serde_json::to_string(&time).unwrap(), json);
        let _ = (time.unix_nanos(), time.to_utc(), time.is_unset());
    }

    #[test]
    fn any_number_is_kept(json in r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,5})?") {
        let time = read(&json);
        prop_assert_eq!(serde_json::to_string(&time).unwrap(), json);
        let _ = (time.unix_nanos(), time.to_utc(), time.is_unset());
    }
}
