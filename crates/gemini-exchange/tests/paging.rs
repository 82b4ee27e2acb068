//! Streams against a venue that keeps lists, in every way in which the vendor may mean its words.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by them"
)]

mod venue;

use gemini_exchange::Kind;
use gemini_exchange::paging::BackwardsPosition;
use serde_json::{Value, json};
use venue::{Answer, Request, Venue};

const T: i64 = 1_700_000_000_000;

/// Times in milliseconds, rising, with many that are equal.
fn times(count: usize) -> Vec<i64> {
    let mut time = T;
    let steps = [0, 1, 0, 0, 1000, 2, 0, 1, 1, 0, 0, 0, 86_400_000];
    let steps = steps.iter().cycle().take(count);
    steps
        .map(|step| {
            time += step;
            time
        })
        .collect()
}

#[derive(Clone, Copy, Debug)]
struct Way {
    /// Of too many rows the oldest are given, and not the newest.
    oldest: bool,
    /// The very time that was asked for is part of it.
    inclusive: bool,
}

const WAYS: [Way; 4] = [
    Way {
        oldest: true,
        inclusive: true,
    },
    Way {
        oldest: true,
        inclusive: false,
    },
    Way {
        oldest: false,
        inclusive: true,
    },
    Way {
        oldest: false,
        inclusive: false,
    },
];

fn number(request: &Request, name: &str) -> Option<i64> {
    request.field(name).as_i64()
}

fn page(rows: &[Value]) -> Answer {
    Answer::new(200, &Value::from(rows).to_string())
}

/// Rows from the field `timestamp` on, newest first.
fn since(request: &Request, rows: &[(i64, Value)], limit: &str, way: Way) -> Answer {
    let from = number(request, "timestamp").unwrap();
    let limit = usize::try_from(number(request, limit).unwrap()).unwrap();
    let of_time = |time: i64| time > from || way.inclusive && time == from;
    let mut found: Vec<Value> = rows
        .iter()
        .filter(|(time, _)| of_time(*time))
        .map(|(_, row)| row.clone())
        .collect();
    if way.oldest {
        found.truncate(limit);
    } else {
        found.drain(..found.len().saturating_sub(limit));
    }
    found.reverse();
    page(&found)
}

fn transfers(count: usize) -> Vec<(i64, Value)> {
    let rows = times(count).into_iter().enumerate();
    rows.map(|(eid, time)| {
        let row = json!({"type": "Deposit", "status": "Complete", "timestampms": time, "eid": eid,
            "currency": "BTC", "amount": "1"});
        (time, row)
    })
    .collect()
}

#[tokio::test]
async fn transfers_come_whole_or_the_stream_says_that_they_do_not() {
    for way in WAYS {
        for count in [0, 1, 49, 50, 51, 137, 200] {
            let venue = Venue::start().await;
            let rows = transfers(count);
            venue.answer_by(move |request| since(request, &rows, "limit_transfers", way));
            let mut stream = venue.client().list_past_transfers().stream();
            let mut eids = Vec::new();
            let error = loop {
                match stream.next().await {
                    Some(Ok(transfer)) => eids.push(usize::try_from(transfer.eid).unwrap()),
                    Some(Err(error)) => break Some(error),
                    None => break None,
                }
            };
            if way.oldest || count < 50 {
                assert!(error.is_none(), "{way:?} {count}: {error:?}");
                assert_eq!(eids, (0..count).collect::<Vec<_>>(), "{way:?}");
            } else {
                // There is no call by which the older ones could be had.
                let error = error.unwrap();
                assert_eq!(error.kind(), Kind::Decode, "{way:?}");
                assert!(error.to_string().contains("newest rows"), "{error}");
                assert!(eids.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_stored_position_goes_on_where_the_stream_of_transfers_stood() {
    let venue = Venue::start().await;
    let rows = transfers(120);
    venue.answer_by(move |request| since(request, &rows, "limit_transfers", WAYS[1]));
    let call = venue.client().list_past_transfers().limit_transfers(20);
    let mut pages = call.clone().pages();
    let mut count = pages.next().await.unwrap().unwrap().len();
    // The first page, and one row to see the venue's way.
    assert_eq!(venue.requests().len(), 2);
    let position = serde_json::to_string(pages.position().unwrap()).unwrap();
    drop(pages);
    let mut pages = call.pages_from(serde_json::from_str(&position).unwrap());
    while let Some(page) = pages.next().await {
        count += page.unwrap().len();
    }
    assert_eq!(count, 120);
    // That was not asked for again.
    let limits = venue.requests();
    assert!(
        limits
            .iter()
            .all(|request| request.field("limit_transfers") == 20)
    );
}

#[tokio::test]
async fn custody_fees_come_whole() {
    for way in &WAYS[..2] {
        let venue = Venue::start().await;
        let rows: Vec<(i64, Value)> = times(80)
            .into_iter()
            .enumerate()
            .map(|(eid, time)| {
                let row = json!({"txTime": time, "feeAmount": "10", "feeCurrency": "BTC",
                    "eid": eid, "eventType": "CustodyFeeDebit"});
                (time, row)
            })
            .collect();
        venue.answer_by(move |request| since(request, &rows, "limit_transfers", *way));
        let mut stream = venue.client().list_custody_fee_transfers().stream();
        for eid in 0..80 {
            assert_eq!(stream.next().await.unwrap().unwrap().eid, eid);
        }
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn accounts_of_a_group_come_backwards() {
    let venue = Venue::start().await;
    let rows: Vec<(i64, String)> = times(37)
        .into_iter()
        .enumerate()
        .map(|(number, time)| (time, format!("account-{number}")))
        .collect();
    let all: Vec<String> = rows.iter().map(|(_, name)| name.clone()).collect();
    venue.answer_by(move |request| {
        let until = number(request, "timestamp").unwrap_or(i64::MAX);
        let limit = usize::try_from(number(request, "limit_accounts").unwrap()).unwrap();
        let found = rows.iter().rev().filter(|(time, _)| *time <= until);
        let found: Vec<Value> = found
            .take(limit)
            .map(|(time, name)| {
                json!({"name": name, "account": name, "type": "exchange",
                    "counterparty_id": null, "created": time, "status": "open"})
            })
            .collect();
        page(&found)
    });
    let client = venue.builder().api_key("master-k", venue::SECRET);
    let call = client.build().unwrap().list_accounts_in_group();
    for limit in [5, 500] {
        let mut stream = call.clone().limit_accounts(limit).stream();
        let mut names = Vec::new();
        while let Some(account) = stream.next().await {
            names.push(account.unwrap().account);
        }
        names.sort_by_key(|name| name[8..].parse::<u32>().unwrap());
        assert_eq!(names, all, "{limit}");
    }
    // Five of one time, and no more fit: the stream does not go on as if that were all.
    let mut stream = call.limit_accounts(3).stream();
    let mut given = 0;
    let error = loop {
        match stream.next().await.unwrap() {
            Ok(_) => given += 1,
            Err(error) => break error,
        }
    };
    assert!(given < 37);
    assert!(error.to_string().contains("share a millisecond"), "{error}");
}

/// The second one has fewer.
fn provider(number: usize) -> &'static str {
    if number.is_multiple_of(7) { "p2" } else { "p1" }
}

#[tokio::test]
async fn staking_comes_backwards_whatever_the_limit_counts() {
    for (each, inclusive) in [(false, true), (false, false), (true, true), (true, false)] {
        let venue = Venue::start().await;
        let rows: Vec<(i64, usize, &str)> = times(120)
            .into_iter()
            .enumerate()
            .map(|(number, time)| (time, number, provider(number)))
            .collect();
        venue.answer_by(move |request| {
            let until = match request.field("until") {
                Value::Null => i64::MAX,
                text => {
                    let text = json!(text).to_string();
                    let time: gemini_exchange::Timestamp = serde_json::from_str(&text).unwrap();
                    time.unix_millis().unwrap()
                }
            };
            assert_eq!(request.field("sortAsc"), false);
            let limit = usize::try_from(number(request, "limit").unwrap()).unwrap();
            let in_time = |time: i64| time < until || inclusive && time == until;
            let found = rows.iter().rev().filter(|(time, ..)| in_time(*time));
            let found: Vec<_> = found.take(if each { usize::MAX } else { limit }).collect();
            let providers = ["p1", "p2"].map(|provider| {
                let of_one = found.iter().filter(|(_, _, of)| *of == provider);
                let rows: Vec<Value> = of_one
                    .take(limit)
                    .map(|(time, number, _)| {
                        json!({"transactionId": number.to_string(), "transactionType": "Interest",
                            "amountCurrency": "ETH", "amount": 1, "dateTime": time})
                    })
                    .collect();
                json!({"providerId": provider, "transactions": rows})
            });
            page(&providers)
        });
        let call = venue.client().list_staking_event_history().sort_asc(true);
        let mut stream = call.limit(12).stream();
        let mut numbers: Vec<usize> = Vec::new();
        let mut last = i64::MAX;
        while let Some(event) = stream.next().await {
            let event = event.unwrap();
            let number: usize = event.transaction.transaction_id.parse().unwrap();
            assert_eq!(event.provider_id, provider(number));
            let time = event.transaction.date_time.unix_millis().unwrap();
            assert!(time <= last);
            last = time;
            numbers.push(number);
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..120).collect::<Vec<_>>(), "{each} {inclusive}");
    }
}

#[tokio::test]
async fn a_row_without_a_time_is_an_error() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(
        200,
        r#"[{"name":"a","account":"a","type":"exchange","created":"soon","status":"open"}]"#,
    )]);
    let client = venue.builder().api_key("master-k", venue::SECRET);
    let call = client.build().unwrap().list_accounts_in_group();
    let mut stream = call.stream_from(BackwardsPosition::default());
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Decode);
}

/// What stands behind a name in a query.
fn query(request: &Request, name: &str) -> Option<usize> {
    let (_, query) = request.target.split_once('?')?;
    let mut parts = query.split('&').filter_map(|part| part.split_once('='));
    parts.find(|(given, _)| *given == name)?.1.parse().ok()
}

#[tokio::test]
async fn events_come_by_offset_up_to_their_total() {
    let venue = Venue::start().await;
    venue.answer_by(|request| {
        let (offset, limit) = (query(request, "offset"), query(request, "limit"));
        let (offset, limit) = (offset.unwrap(), limit.unwrap());
        let events: Vec<Value> = (offset..(offset + limit).min(25))
            .map(|number| json!({"id": number.to_string()}))
            .collect();
        let pagination = json!({"limit": limit, "offset": offset, "total": 25});
        Answer::new(
            200,
            &json!({"data": events, "pagination": pagination}).to_string(),
        )
    });
    let predictions = venue.client().predictions();
    let mut stream = predictions.list_events().limit(10).stream();
    let mut ids = Vec::new();
    while let Some(event) = stream.next().await {
        ids.push(event.unwrap().id.unwrap());
    }
    let all: Vec<String> = (0..25).map(|number| number.to_string()).collect();
    assert_eq!(ids, all);
    assert_eq!(venue.requests().len(), 3);
    let mut stream = predictions.list_upcoming_events().stream();
    while stream.next().await.transpose().unwrap().is_some() {}
    assert_eq!(
        venue.request().target,
        "/v1/prediction-markets/events/upcoming?limit=500&offset=0"
    );
}

fn order(id: i64) -> Value {
    json!({"orderId": id, "status": "open", "symbol": "GEMI-A-B", "side": "buy", "outcome": "yes",
        "orderType": "limit", "quantity": "1", "filledQuantity": "0", "remainingQuantity": "1",
        "price": "0.5", "createdAt": "2025-12-15T10:30:00.000Z",
        "updatedAt": "2025-12-15T10:30:00.000Z"})
}

#[tokio::test]
async fn orders_that_come_twice_as_the_list_grew_are_left_out() {
    let venue = Venue::start().await;
    let orders = |ids: &[i64]| {
        let orders: Vec<Value> = ids.iter().map(|id| order(*id)).collect();
        let count = ids.len();
        let pagination = json!({"limit": 3, "offset": 0, "count": count});
        Answer::new(
            200,
            &json!({"orders": orders, "pagination": pagination}).to_string(),
        )
    };
    venue.answer([orders(&[9, 8, 7]), orders(&[7, 6]), orders(&[])]);
    let predictions = venue.client().predictions();
    let mut stream = predictions.get_active_orders().limit(3).stream();
    let mut ids = Vec::new();
    while let Some(order) = stream.next().await {
        ids.push(order.unwrap().order_id);
    }
    assert_eq!(ids, [9, 8, 7, 6]);
    let offsets: Vec<Value> = venue
        .requests()
        .iter()
        .map(|request| request.field("offset"))
        .collect();
    assert_eq!(offsets, [0, 3, 5]);
}

#[tokio::test]
async fn a_history_that_cannot_be_paged_says_so() {
    let venue = Venue::start().await;
    let predictions = venue.client().predictions();
    let times = gemini_exchange::Timestamp::from_unix_millis(T);
    let mut stream = predictions.get_order_history().from(times).stream();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
    assert!(
        error.to_string().contains("must not be set for a stream"),
        "{error}"
    );
    let mut stream = predictions.get_order_history().stream_from(10_500);
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("`from` and `to`"), "{error}");
    assert!(venue.requests().is_empty());
}

#[tokio::test]
async fn the_other_lists_of_prediction_markets_end_with_an_empty_page_or_their_total() {
    let venue = Venue::start().await;
    let predictions = venue.client().predictions();
    let position = r#"{"symbol":"GEMI-A-B","totalQuantity":"1","outcome":"yes"}"#;
    venue.answer([Answer::new(
        200,
        &format!(r#"{{"positions":[{position}],"total":1}}"#),
    )]);
    let mut pages = predictions.get_positions().pages();
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    assert!(pages.next().await.is_none());
    // Without a limit the venue does not page.
    let target = "/v1/prediction-markets/positions?limit=1000&offset=0";
    assert_eq!(venue.request().target, target);

    let payout = r#"{"id":9182,"total_volume_usd":"1","total_rebate_usd":"1","total_fill_count":1,
        "status":"PAID","paid_at":null,"created_at":null}"#;
    venue.answer([
        Answer::new(200, &format!(r#"{{"payouts":[{payout}]}}"#)),
        Answer::new(200, r#"{"payouts":[]}"#),
    ]);
    let mut pages = predictions.list_maker_rebate_payouts().pages();
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    assert!(pages.next().await.is_none());

    for (answer, requests) in [
        (r#"{"combos":[],"pagination":{"total":0}}"#, 1),
        (r#"{"combos":[]}"#, 1),
    ] {
        venue.requests();
        venue.answer([Answer::new(200, answer)]);
        let mut pages = predictions.list_combos().pages();
        assert!(pages.next().await.is_none());
        assert_eq!(venue.requests().len(), requests);
    }
    venue.answer([Answer::new(
        200,
        r#"{"events":[],"pagination":{"total":3}}"#,
    )]);
    let mut pages = predictions.list_liquidity_rewards_events().pages();
    let error = pages.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("counts 3 rows"), "{error}");
    venue.answer([Answer::new(200, r#"{"positions":[],"total":null}"#)]);
    let mut pages = predictions.get_settled_positions().pages();
    assert!(pages.next().await.is_none());
}
