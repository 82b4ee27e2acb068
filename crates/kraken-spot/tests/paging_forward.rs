//! Streams that go forward in time, against a venue on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

mod pager;

use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt as _;
use kraken_spot::paging::{CandlesPosition, PostTradePosition, SpreadsPosition, TradesPosition};
use kraken_spot::types::{PublicTrade, Spread};
use kraken_spot::{Client, Kind, PaceMode, RetryPolicy, Rfc3339, Timestamp};
use pager::{Reply, Request, Venue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn client(venue: &Venue) -> Client {
    Client::builder()
        .base_url(&venue.url)
        .retry(RetryPolicy::NEVER)
        // That pages keep the pace is tested elsewhere; here it would only take time.
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .build()
        .unwrap()
}

/// As it comes back from where it was stored.
fn stored<T: Serialize + DeserializeOwned>(position: Option<&T>) -> T {
    let text = serde_json::to_string(position.unwrap()).unwrap();
    serde_json::from_str(&text).unwrap()
}

const START: i64 = 1_700_000_000;

/// Trades by the nanosecond after `START` at which they happened.
type Tape = Arc<Mutex<Vec<i64>>>;

/// Answers trades after `since`, and the time of the last one, as the venue does.
fn trades(tape: &Tape, request: &Request) -> Reply {
    let tape = tape.lock().unwrap();
    let since = request.number("since").unwrap();
    // Seconds are taken as well as nanoseconds.
    let since = if since < 10_000_000_000 {
        since * 1_000_000_000
    } else {
        since
    };
    let start = START * 1_000_000_000;
    let count = request.number("count").unwrap_or(1000);
    let rows: Vec<(usize, i64)> = (1..)
        .zip(tape.iter().map(|after| start + after))
        .filter(|(_, time)| *time > since)
        .take(usize::try_from(count).unwrap())
        .collect();
    let last = rows.last().map_or(since, |(_, time)| *time);
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|(number, time)| {
            let seconds = Timestamp::from_unix_seconds(time / 1_000_000_000);
            json!(["1.0", "2.0", seconds, "b", "l", "", number])
        })
        .collect();
    Reply::result(json!({"XXBTZUSD": rows, "last": last.to_string()}))
}

async fn trading(tape: &Tape) -> Venue {
    let tape = Arc::clone(tape);
    Venue::start(move |request| trades(&tape, request)).await
}

fn numbers(trades: &[PublicTrade]) -> Vec<i64> {
    trades.iter().map(|trade| trade.trade_id).collect()
}

#[tokio::test]
async fn trades_come_page_after_page_and_later_go_on() {
    let tape: Tape = Arc::new(Mutex::new((1..=25).map(|number| number * 1_000).collect()));
    let venue = trading(&tape).await;
    let call = client(&venue)
        .get_recent_trades()
        .pair("XBTUSD")
        .since(START.to_string())
        .count(10);
    let mut pages = call.clone().pages();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(numbers(&page.unwrap()));
    }
    assert_eq!(all, (1..=25).collect::<Vec<_>>());
    for request in venue.requests() {
        assert_eq!(request.query["pair"], "XBTUSD");
        assert_eq!(request.query["count"], "10");
    }

    let position: TradesPosition = stored(pages.position());
    tape.lock().unwrap().extend([26_000, 27_000]);
    let later: Vec<_> = call.stream_from(position).try_collect().await.unwrap();
    assert_eq!(numbers(&later), [26, 27]);
}

#[tokio::test]
async fn trades_of_one_nanosecond_are_not_lost_between_two_pages() {
    for count in [1, 2, 3] {
        let tape: Tape = Arc::new(Mutex::new(vec![10, 20, 20, 30, 30, 40]));
        let venue = trading(&tape).await;
        let trades: Vec<_> = client(&venue)
            .get_recent_trades()
            .pair("XBTUSD")
            .since(START.to_string())
            .count(count)
            .stream()
            .try_collect()
            .await
            .unwrap();
        let expected: &[i64] = match count {
            // One at a time the second of a pair can't be had: the venue always gives the first.
            1 => &[1, 2, 4, 6],
            _ => &[1, 2, 3, 4, 5, 6],
        };
        assert_eq!(numbers(&trades), expected, "{count}");
    }
}

#[tokio::test]
async fn no_trades_are_the_end_at_once() {
    let venue = trading(&Tape::default()).await;
    let mut trades = client(&venue)
        .get_recent_trades()
        .pair("XBTUSD")
        .since(START.to_string())
        .stream();
    assert!(trades.next().await.is_none());
    assert_eq!(trades.position(), Some(&TradesPosition::default()));
    assert_eq!(venue.asked(), 1);
}

#[tokio::test]
async fn a_venue_that_ignores_since_does_not_hold_the_stream() {
    let tape: Tape = Arc::new(Mutex::new(vec![10, 20, 30]));
    let venue = Venue::start(move |request| {
        let mut request = request.clone();
        request.query.insert("since".to_owned(), START.to_string());
        trades(&tape, &request)
    })
    .await;
    let trades: Vec<_> = client(&venue)
        .get_recent_trades()
        .pair("XBTUSD")
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(numbers(&trades), [1, 2, 3]);
}

#[tokio::test]
async fn trades_without_a_way_on_are_an_error() {
    let venue =
        Venue::start(|_| Reply::result(json!({"XXBTZUSD": [["1", "2", START, "b", "l", "", 1]]})))
            .await;
    let mut trades = client(&venue).get_recent_trades().pair("XBTUSD").stream();
    let error = trades.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Decode);
    assert!(error.to_string().contains("where the next page"), "{error}");
}

#[tokio::test]
async fn candles_come_when_they_are_finished() {
    let now = Arc::new(Mutex::new(10));
    let venue = {
        let now = Arc::clone(&now);
        // One a minute; the last one runs.
        Venue::start(move |request| {
            let running = START + 60 * *now.lock().unwrap();
            let since = request.number("since").unwrap_or(0);
            let rows: Vec<Value> = (0..=*now.lock().unwrap())
                .map(|minute| START + 60 * minute)
                .filter(|time| *time >= since || *time == running)
                .map(|time| json!([time, "1", "2", "1", "2", "1.5", "7", 3]))
                .collect();
            Reply::result(json!({"XXBTZUSD": rows, "last": running - 60}))
        })
        .await
    };
    let call = client(&venue).get_ohlc_data().pair("XBTUSD").interval(1);
    let mut candles = call.clone().since(START + 120).stream();
    let mut times = Vec::new();
    while let Some(candle) = candles.next().await {
        times.push(candle.unwrap().time.to_string());
    }
    let minutes = |from: i64, to: i64| -> Vec<String> {
        (from..to)
            .map(|minute| (START + 60 * minute).to_string())
            .collect()
    };
    assert_eq!(times, minutes(2, 10));
    assert_eq!(venue.asked(), 2);
    assert_eq!(venue.requests()[1].query["interval"], "1");

    let position: CandlesPosition = stored(candles.position());
    *now.lock().unwrap() = 13;
    let later: Vec<_> = call.stream_from(position).try_collect().await.unwrap();
    let times: Vec<_> = later.iter().map(|candle| candle.time.to_string()).collect();
    assert_eq!(times, minutes(10, 13));
}

/// The second after `START` and the bid of each spread.
type Quotes = Arc<Mutex<Vec<(i64, i64)>>>;

#[tokio::test]
async fn spreads_of_one_second_come_once_each_however_the_venue_takes_since() {
    for inclusive in [true, false] {
        let quotes: Quotes = Arc::new(Mutex::new(vec![(0, 5), (1, 6), (1, 6), (1, 7)]));
        let venue = {
            let quotes = Arc::clone(&quotes);
            Venue::start(move |request| {
                let since = request.number("since").unwrap_or(0) - i64::from(inclusive);
                let quotes = quotes.lock().unwrap();
                let rows: Vec<Value> = quotes
                    .iter()
                    .map(|(time, bid)| (START + time, bid))
                    .filter(|(time, _)| *time > since)
                    .map(|(time, bid)| json!([time, bid.to_string(), "9"]))
                    .collect();
                let last = START + quotes.last().unwrap().0;
                Reply::result(json!({"XXBTZUSD": rows, "last": last}))
            })
            .await
        };
        let bids = |spreads: &[Spread]| -> Vec<String> {
            spreads
                .iter()
                .map(|spread| spread.bid.to_string())
                .collect()
        };
        let call = client(&venue).get_recent_spreads().pair("XBTUSD");
        let mut pages = call.clone().pages();
        assert_eq!(
            bids(&pages.next().await.unwrap().unwrap()),
            ["5", "6", "6", "7"]
        );
        // The second goes on, and another one begins.
        quotes.lock().unwrap().extend([(1, 6), (2, 8)]);
        assert_eq!(bids(&pages.next().await.unwrap().unwrap()), ["6", "8"]);
        // A second that goes on alone.
        quotes.lock().unwrap().push((2, 8));
        assert_eq!(bids(&pages.next().await.unwrap().unwrap()), ["8"]);
        assert!(pages.next().await.is_none());

        let position: SpreadsPosition = stored(pages.position());
        quotes.lock().unwrap().extend([(2, 8), (3, 1)]);
        let later: Vec<_> = call.stream_from(position).try_collect().await.unwrap();
        assert_eq!(bids(&later), ["8", "1"]);
    }
}

/// Answers published trades after `from_ts`; `digits` of a second count.
fn published(tape: &Tape, digits: u32, request: &Request) -> Reply {
    let cut = 10_i64.pow(9 - digits);
    let start = START * 1_000_000_000;
    let from: Timestamp = request.query["from_ts"].parse().unwrap();
    let from = i64::try_from(from.unix_nanos().unwrap()).unwrap() - start;
    let count = request.number("count").unwrap_or(1000);
    let stamp = |nanos: i64| {
        let fraction = format!("{nanos:09}");
        // 1,700,000,000 seconds after 1970.
        format!("2023-11-14T22:13:20.{fraction}Z")
    };
    let rows: Vec<Value> = (1..)
        .zip(tape.lock().unwrap().iter().copied())
        .filter(|(_, time)| time / cut > from.div_euclid(cut))
        .take(usize::try_from(count).unwrap())
        .map(|(number, time)| json!({"trade_id": format!("T{number}"), "trade_ts": stamp(time)}))
        .collect();
    let last = rows
        .last()
        .map_or(json!(stamp(from.max(0))), |row| row["trade_ts"].clone());
    Reply::result(json!({"last_ts": last, "count": rows.len(), "trades": rows}))
}

fn from() -> Rfc3339 {
    "2023-11-14T22:13:20Z".parse().unwrap()
}

#[tokio::test]
async fn published_trades_come_page_after_page_and_later_go_on() {
    for digits in [9, 6] {
        let times = vec![
            1_000, 2_000, 3_000, 3_000, 3_500, 5_000, 5_000, 2_000_000, 3_000_000,
        ];
        let tape: Tape = Arc::new(Mutex::new(times));
        let of_venue = Arc::clone(&tape);
        let venue = Venue::start(move |request| published(&of_venue, digits, request)).await;
        let call = client(&venue)
            .get_post_trade()
            .symbol("BTCUSD")
            .from_ts(from())
            .count(3);
        let mut trades = call.clone().stream();
        let mut ids = Vec::new();
        while let Some(trade) = trades.next().await {
            ids.push(trade.unwrap().trade_id.unwrap());
        }
        let expected: Vec<_> = (1..=9).map(|number| format!("T{number}")).collect();
        assert_eq!(ids, expected, "{digits}");
        for request in venue.requests() {
            assert_eq!(request.query["symbol"], "BTCUSD");
        }

        let position: PostTradePosition = stored(trades.position());
        tape.lock().unwrap().push(400_000_000);
        let later: Vec<_> = call.stream_from(position).try_collect().await.unwrap();
        let ids: Vec<_> = later
            .into_iter()
            .filter_map(|trade| trade.trade_id)
            .collect();
        assert_eq!(ids, ["T10"], "{digits}");
    }
}
