//! Time, status and planned maintenance.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all operations have one signature"
)]

use std::time::Duration;

use crate::Moment;
use crate::json::{Json, list, object};
use crate::kraken::answer::Outcome;
use crate::kraken::spot::market::status::Maintenance;
use crate::kraken::spot::{Call, Spot};

/// How far `SystemStatus` and `MaintenanceSchedule` look ahead.
const STATUS_AHEAD: Duration = Duration::from_secs(72 * 3_600);
const SCHEDULE_AHEAD: Duration = Duration::from_secs(7 * 86_400);

/// Open orders should be cancelled so long before.
const CANCEL_BEFORE: Duration = Duration::from_secs(5 * 60);

pub(super) fn time(_spot: &mut Spot, call: &Call<'_>) -> Outcome {
    // A day of one digit is padded with a blank.
    let text = call.now.date_time().format("%a, %e %b %y %H:%M:%S +0000");
    let result = object! {
        "unixtime" => call.now.seconds(),
        "rfc1123" => text.to_string(),
    };
    Ok(result.into())
}

pub(super) fn system_status(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let result = object! {
        "status" => spot.markets.status.name(),
        "timestamp" => call.now.rfc3339(),
        "upcoming_maintenance" => planned(spot, call.now, STATUS_AHEAD),
        "emergency" => Json::List(Vec::new()),
    };
    Ok(result.into())
}

pub(super) fn maintenance_schedule(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    Ok(object! { "events" => planned(spot, call.now, SCHEDULE_AHEAD) }.into())
}

fn planned(spot: &Spot, now: Moment, ahead: Duration) -> Json {
    let all = spot.markets.maintenances().iter();
    all.filter(|maintenance| maintenance.start <= now.plus(ahead))
        .map(|maintenance| event(maintenance, now))
        .collect()
}

fn event(maintenance: &Maintenance, now: Moment) -> Json {
    let (orders, action) = maintenance.advice(now);
    object! {
        "event_id" => maintenance.id,
        "title" => maintenance.title.as_str(),
        "expected_start_utc" => maintenance.start.rfc3339(),
        "expected_end_utc" => maintenance.end.rfc3339(),
        "time_to_start_s" => maintenance.start.since(now).as_secs(),
        "phase" => maintenance.phase(now),
        "affected_services" => list!["spot_trading"],
        "order_submission" => orders,
        "recommended_action" => action,
        "cancel_before_utc" => maintenance.start.minus(CANCEL_BEFORE).rfc3339(),
        "source_url" => "https://status.kraken.com/",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, ask, at, spot, try_ask};
    use super::*;
    use crate::kraken::spot::market::status::KrakenStatus;

    #[test]
    fn the_time_pads_the_day_with_a_blank() {
        let spot = &mut spot();
        assert_eq!(
            ask(spot, "Time", "").to_string(),
            r#"{"unixtime":1800000000,"rfc1123":"Fri, 15 Jan 27 08:00:00 +0000"}"#
        );
        let second_of_august = Moment::from_seconds(1_848_787_205);
        let time = try_ask(spot, "Time", "", second_of_august).unwrap();
        assert_eq!(
            at(&time, "rfc1123").as_str(),
            Some("Wed,  2 Aug 28 00:00:05 +0000")
        );
    }

    #[test]
    fn a_planned_maintenance_shows_when_it_is_near_and_stops_the_venue() {
        let spot = &mut spot();
        let start = NOW.plus(Duration::from_secs(100 * 3_600));
        let planned = Maintenance {
            id: 21,
            title: "Upgrade".into(),
            start,
            end: start.plus(Duration::from_secs(3_600)),
            begun: false,
        };
        assert!(spot.markets.plan(planned));
        let event = at(&ask(spot, "MaintenanceSchedule", ""), "events.0");
        assert_eq!(at(&event, "time_to_start_s"), 360_000_u64.into());
        assert_eq!(at(&event, "phase").as_str(), Some("announced"));
        let status = ask(spot, "SystemStatus", "");
        assert_eq!(at(&status, "upcoming_maintenance"), Json::List(vec![]));
        assert_eq!(at(&status, "status").as_str(), Some("online"));

        let before = start.minus(Duration::from_secs(29 * 60));
        let status = try_ask(spot, "SystemStatus", "", before).unwrap();
        let phase = at(&status, "upcoming_maintenance.0.phase");
        assert_eq!(phase.as_str(), Some("approaching_30m"));
        let within = start.plus(Duration::from_secs(1));
        let status = try_ask(spot, "SystemStatus", "", within).unwrap();
        assert_eq!(at(&status, "status").as_str(), Some("maintenance"));
        let after = start.plus(Duration::from_secs(2 * 3_600));
        let status = try_ask(spot, "SystemStatus", "", after).unwrap();
        assert_eq!(at(&status, "status").as_str(), Some("online"));
        spot.markets.status = KrakenStatus::PostOnly;
        let status = try_ask(spot, "SystemStatus", "", after).unwrap();
        assert_eq!(at(&status, "status").as_str(), Some("post_only"));
        assert_eq!(
            at(&status, "timestamp").as_str(),
            Some("2027-01-19T14:00:00Z")
        );
    }
}
