//! What was traded by category and day. Made up, the same on every call.

use chrono::{Days, NaiveDate};

use super::super::answer::{Outcome, Refusal};
use super::super::exchange::Exchange;
use super::super::{Call, Operation, public};
use crate::json::{Json, object};

/// From the top down.
const CATEGORIES: [&[&str]; 5] = [
    &["Crypto"],
    &["Crypto", "Bitcoin"],
    &["Economics"],
    &["Sports"],
    &["Sports", "Soccer"],
];

pub(crate) static OPERATIONS: [Operation; 2] = [
    public(
        "predictions.getPredictionMarketDailyVolume",
        "/v1/prediction-markets/volume/{}",
        daily,
    ),
    public(
        "predictions.getPredictionMarketHourlyVolume",
        "/v1/prediction-markets/volume/{}/hourly",
        hourly,
    ),
];

/// The day of a path, which must be over.
fn day(call: &Call<'_>) -> Result<NaiveDate, Refusal> {
    let today = call.now.date_time().date_naive();
    let earliest = today.checked_sub_days(Days::new(365)).unwrap_or(today);
    let bad = || {
        let message = format!("date must be from {earliest} to the day before {today}");
        Refusal::plain(400, "BAD_REQUEST", message)
    };
    let text = &call.path[0];
    let date: NaiveDate = text
        .parse()
        .ok()
        .filter(|date: &NaiveDate| date.to_string() == *text)
        .ok_or_else(bad)?;
    if date >= today || date < earliest {
        return Err(bad());
    }
    // Where the vendor's data begins.
    if NaiveDate::from_ymd_opt(2025, 12, 15).is_some_and(|first| date < first) {
        return Err(Refusal::plain(
            404,
            "NOT_FOUND",
            "Prediction market volume data is not available for the requested date",
        ));
    }
    Ok(date)
}

/// Of an hour; a parent has what its children have, and as much again.
fn volume(date: NaiveDate, hour: u64, path: &[&str]) -> u64 {
    let letters: u64 = path[0].bytes().map(u64::from).sum();
    let days = u64::from(date.to_string().bytes().map(u32::from).sum::<u32>());
    let part = 1_000 + (letters * 31 + days * 17 + hour * 7) % 997;
    if path.len() > 1 { part } else { part * 2 }
}

fn daily(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let date = day(call)?;
    let rows = CATEGORIES.map(|path| {
        let volume: u64 = (0..24).map(|hour| volume(date, hour, path)).sum();
        object! { "categoryPath" => path.to_vec(), "volume" => volume.to_string() }
    });
    Ok(Json::List(rows.to_vec()).into())
}

fn hourly(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let date = day(call)?;
    let hours = (0..24).flat_map(|hour| CATEGORIES.map(|path| (hour, path)));
    let rows = hours.map(|(hour, path)| {
        object! {
            "periodStart" => format!("{date}T{hour:02}:00:00Z"),
            "categoryPath" => path.to_vec(),
            "volume" => volume(date, hour, path).to_string(),
        }
    });
    Ok(rows.collect::<Json>().into())
}
