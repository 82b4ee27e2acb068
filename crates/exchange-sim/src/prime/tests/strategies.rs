//! `SteadyPace` and `StopLimit`.

use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn pace(stage: &mut Stage, id: &str, qty: &str, parameters: &str) {
    let more = format!(
        r#""OrdType":"Limit","Price":"60000","TimeInForce":"GoodTillCancel","Strategy":"SteadyPace","Parameters":{parameters}"#
    );
    stage.order(id, "Buy", qty, &more);
}

fn stop(stage: &mut Stage, id: &str, side: &str, trigger: &str, limit: &str) {
    let more = format!(
        r#""OrdType":"Limit","Price":"{limit}","TimeInForce":"GoodTillCancel","Strategy":"StopLimit","Parameters":{{"TriggerPrice":"{trigger}"}}"#
    );
    stage.order(id, side, "0.1", &more);
}

#[test]
fn clips_are_sent_at_a_steady_pace() {
    let mut stage = Stage::new();
    pace(
        &mut stage,
        "A",
        "0.05",
        r#"{"ClipSize":"0.02","ClipInterval":"1m","ErrorAction":"Pause"}"#,
    );
    assert_eq!(
        stage.rows(),
        [
            "(A) PendingNew PendingNew 0.05 0 0.05",
            "(A) New New 0.05 0 0.05",
            "(A) Trade PartiallyFilled 0.05 0.02 0.03"
        ]
    );
    stage.wait(59 * SECOND);
    assert!(stage.rows().is_empty());
    stage.wait(SECOND);
    assert_eq!(stage.rows(), ["(A) Trade PartiallyFilled 0.05 0.04 0.01"]);
    stage.wait(60 * SECOND);
    assert_eq!(stage.rows(), ["(A) Trade Filled 0.05 0.05 0"]);
}

#[test]
fn a_pace_starts_and_ends_at_its_times() {
    let mut stage = Stage::new();
    let (mut orders, _) = stage.feed(r#"{"name":"Order"}"#);
    pace(
        &mut stage,
        "A",
        "1",
        r#"{"ClipSize":"0.1","ClipInterval":"10s","StartTime":"2027-01-15T08:01:00Z","EndTime":"2027-01-15T08:01:25Z"}"#,
    );
    let last = stage.poll(&mut orders).pop().unwrap();
    assert_eq!(text(&last, "DecisionStatus"), "WaitingForStartTime");
    stage.rows();
    stage.wait(90 * SECOND);
    assert_eq!(
        stage.rows(),
        [
            "(A) Started New 1 0 1",
            "(A) Trade PartiallyFilled 1 0.1 0.9",
            "(A) Trade PartiallyFilled 1 0.2 0.8",
            "(A) Trade PartiallyFilled 1 0.3 0.7",
            "(A) Canceled Canceled 1 0.3 0",
        ]
    );
}

#[test]
fn a_clip_that_cannot_be_sent_does_what_was_asked() {
    for (action, row) in [
        ("Pause", Some("(A) Paused PartiallyFilled 1 0.1 0.9")),
        ("Cancel", Some("(A) Canceled Canceled 1 0.1 0")),
        ("Continue", None),
    ] {
        let mut stage = Stage::new();
        let parameters =
            format!(r#"{{"ClipSize":"0.1","ClipInterval":"10s","ErrorAction":"{action}"}}"#);
        pace(&mut stage, "A", "1", &parameters);
        stage.rows();
        stage.desk.set_offline("BTC-USD", true, stage.now);
        stage.wait(10 * SECOND);
        assert_eq!(stage.rows().first().map(String::as_str), row);
        stage.desk.set_offline("BTC-USD", false, stage.now);
        stage.wait(10 * SECOND);
        assert_eq!(stage.rows().len(), usize::from(action == "Continue"));
    }
}

#[test]
fn a_pause_stops_the_pace_and_a_replacement_changes_it() {
    let mut stage = Stage::new();
    pace(
        &mut stage,
        "A",
        "1",
        r#"{"ClipSize":"0.1","ClipInterval":"10s"}"#,
    );
    stage.ask(
        Command::OrderControlRequest,
        "B",
        "A",
        r#","Action":"Pause""#,
    );
    stage.rows();
    stage.wait(5 * SECOND);
    assert!(stage.rows().is_empty());
    stage.ask(
        Command::OrderCancelReplaceRequest,
        "C",
        "A",
        r#","OrderQty":"0.5","Price":"60000","Strategy":"SteadyPace","Parameters":{"ClipSize":"0.3"}"#,
    );
    stage.ask(
        Command::OrderControlRequest,
        "D",
        "C",
        r#","Action":"Resume""#,
    );
    stage.wait(5 * SECOND);
    assert_eq!(
        stage.rows(),
        [
            "(C,A) PendingReplace PendingReplace 1 0.1 0.9",
            "(C,A) Replaced New 0.5 0.1 0.4",
            "(D,C) PendingResume New 0.5 0.1 0.4",
            "(D,C) Resumed New 0.5 0.1 0.4",
            "(C) Trade PartiallyFilled 0.5 0.4 0.1",
        ]
    );
    for more in [
        r#","OrderQty":"0.6","Price":"60000","Strategy":"TWAP""#,
        r#","OrderQty":"0.6","Price":"60000","Parameters":{"ClipSize":"7"}"#,
    ] {
        let id = stage.fresh_id();
        stage.ask(Command::OrderCancelReplaceRequest, &id, "C", more);
        let news = stage.news();
        assert_eq!(text(&news[0], "ExecType"), "ReplaceRejected");
        assert_eq!(text(&news[0], "CxlRejReason"), "InvalidStrategy");
    }
}

#[test]
fn clips_that_were_missed_are_one() {
    let mut stage = Stage::new();
    pace(
        &mut stage,
        "A",
        "10",
        r#"{"ClipSize":"0.001","ClipInterval":"1s"}"#,
    );
    stage.wait(Duration::from_secs(365 * 86_400));
    let rows = stage.rows();
    assert!(rows.len() < 5_000, "{}", rows.len());
    assert_eq!(rows.last().unwrap(), "(A) Trade Filled 10 10 0");
}

#[test]
fn variance_spreads_clips() {
    let mut stage = Stage::new();
    pace(
        &mut stage,
        "A",
        "10",
        r#"{"ClipSize":"0.1","ClipInterval":"1s","Variance":"0.5"}"#,
    );
    stage.wait(20 * SECOND);
    let news = stage.news();
    let sizes: Vec<_> = news[2..].iter().map(|row| number(row, "LastQty")).collect();
    assert!(
        sizes
            .iter()
            .all(|size| (decimal("0.05")..=decimal("0.15")).contains(size))
    );
    assert!(sizes.windows(2).any(|pair| pair[0] != pair[1]));
}

#[test]
fn a_stop_waits_for_its_price() {
    let mut stage = Stage::new();
    let (mut orders, _) = stage.feed(r#"{"name":"Order"}"#);
    stop(&mut stage, "A", "Buy", "51000", "52000");
    let last = stage.poll(&mut orders).pop().unwrap();
    assert_eq!(text(&last, "DecisionStatus"), "WaitingForTrigger");
    assert_eq!(text(&last, "Strategy"), "StopLimit");
    stage.rows();
    stage.price("50999");
    assert!(stage.rows().is_empty());
    stage.price("51000");
    assert_eq!(
        stage.rows(),
        ["(A) Triggered New 0.1 0 0.1", "(A) Trade Filled 0.1 0.1 0"]
    );
    // Through its limit at once: then it rests there.
    stop(&mut stage, "B", "Sell", "50000", "49999");
    stage.price("49000");
    assert_eq!(stage.rows().last().unwrap(), "(B) Triggered New 0.1 0 0.1");
    stage.price("50000");
    assert_eq!(stage.rows(), ["(B) Trade Filled 0.1 0.1 0"]);
}

#[test]
fn strategies_are_refused_with_a_reason() {
    let mut stage = Stage::new();
    stop(&mut stage, "A", "Buy", "49000", "52000");
    stop(&mut stage, "B", "Sell", "51000", "49000");
    stop(&mut stage, "C", "Sell", "0", "49000");
    for (id, parameters) in [
        ("D", "{}"),
        ("E", r#"{"ClipSize":"1","ClipInterval":"1m"}"#),
        ("F", r#"{"ClipSize":"0.1","ClipInterval":"1ms"}"#),
        ("G", r#"{"ClipSize":"0.1","ClipInterval":"often"}"#),
        (
            "H",
            r#"{"ClipSize":"0.1","ClipInterval":"1m","Variance":"1"}"#,
        ),
        (
            "I",
            r#"{"ClipSize":"0.1","ClipInterval":"1m","ErrorAction":"Cry"}"#,
        ),
        (
            "J",
            r#"{"ClipSize":"0.1","ClipInterval":"1m","EndTime":"soon"}"#,
        ),
    ] {
        pace(&mut stage, id, "1", parameters);
    }
    let news = stage.news();
    assert_eq!(news.len(), 20);
    for row in news.iter().skip(1).step_by(2) {
        assert_eq!(text(row, "OrdRejReason"), "InvalidStrategy", "{row}");
    }
    pace(
        &mut stage,
        "K",
        "1",
        r#"{"ClipSize":"0.1","ClipInterval":"1m","EndTime":"2020-01-01T00:00:00Z"}"#,
    );
    assert_eq!(text(&stage.news()[1], "OrdRejReason"), "TooLateToEnter");
}
