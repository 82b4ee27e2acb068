//! Streams over the lists of both custody APIs, against a venue on loopback that pages.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

#[path = "../../kraken-spot/tests/pager/mod.rs"]
mod pager;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt as _;
use kraken_custody::types::{CustodyPagination, CustodyTaskFilters};
use kraken_custody::{Client, RetryPolicy, external};
use pager::{KEY, Reply, Request, SECRET, Venue};
use serde_json::{Value, json};

const VAULT: &str = "VW44KPQC4C62K6";

fn client(venue: &Venue) -> Client {
    Client::builder()
        .base_url(&venue.url)
        .api_key(KEY, SECRET)
        .retry(RetryPolicy::NEVER)
        .build()
        .unwrap()
}

fn external(venue: &Venue) -> external::Client {
    external::Client::builder()
        .base_url(&venue.url)
        .api_key(KEY, SECRET)
        .retry(RetryPolicy::NEVER)
        .build()
        .unwrap()
}

/// Newest first, of a list of `rows`.
fn ids(rows: usize) -> Vec<String> {
    (1..=rows).rev().map(|number| number.to_string()).collect()
}

/// The rows of the page, newest first.
fn page(rows: usize, offset: u64, limit: u64) -> Vec<Value> {
    ids(rows)
        .into_iter()
        .skip(usize::try_from(offset).unwrap())
        .take(usize::try_from(limit).unwrap())
        .map(|id| json!({"id": id}))
        .collect()
}

/// A list of the older API.
fn list(rows: usize, request: &Request) -> Reply {
    let pagination = &request.fields["pagination"];
    let (offset, limit) = (&pagination["offset"], &pagination["limit"]);
    let page = page(rows, offset.as_u64().unwrap(), limit.as_u64().unwrap());
    Reply::Ok(json!({"errors": [], "result": page, "start": 1, "total": rows}))
}

/// A list of the external API.
fn external_list(name: &str, rows: usize, total: bool, request: &Request) -> Reply {
    let number = |name, absent| {
        let given = request.number(name).unwrap_or(absent);
        u64::try_from(given).unwrap()
    };
    let mut answer = json!({name: page(rows, number("offset", 0), number("limit", 100))});
    if total {
        answer["total"] = json!(rows);
    }
    Reply::Ok(answer)
}

#[tokio::test]
async fn lists_page_by_offset_up_to_their_total() {
    for (rows, calls) in [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)] {
        let venue = Venue::start(move |request| list(rows, request)).await;
        let client = client(&venue);
        let vaults: Vec<_> = client
            .list_custody_vaults()
            .stream()
            .try_collect()
            .await
            .unwrap();
        let vaults: Vec<_> = vaults.into_iter().map(|vault| vault.id).collect();
        assert_eq!(vaults, ids(rows), "{rows}");
        assert_eq!(venue.asked(), calls, "{rows}");

        let tasks: Vec<_> = client
            .list_custody_tasks()
            .stream()
            .try_collect()
            .await
            .unwrap();
        let tasks: Vec<_> = tasks.into_iter().filter_map(|task| task.id).collect();
        assert_eq!(tasks, ids(rows), "{rows}");

        let activities: Vec<_> = client
            .list_custody_activities()
            .stream()
            .try_collect()
            .await
            .unwrap();
        let activities: Vec<_> = activities.into_iter().map(|activity| activity.id).collect();
        assert_eq!(activities, ids(rows), "{rows}");
        assert_eq!(venue.asked(), 3 * calls, "{rows}");
    }
}

#[tokio::test]
async fn length_and_filters_hold_on_every_page() {
    let venue = Venue::start(|request| list(7, request)).await;
    let filters: CustodyTaskFilters = serde_json::from_value(json!({
        "and": [{"or": [{"type": "equals", "values": ["pending"], "by": "state"}]}]
    }))
    .unwrap();
    let tasks: Vec<_> = client(&venue)
        .list_custody_tasks()
        .filters(filters)
        .stream_from(CustodyPagination::new(3, 1))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(tasks.len(), 6);
    let requests = venue.requests();
    assert_eq!(requests.len(), 2);
    for (request, offset) in requests.iter().zip([1, 4]) {
        assert_eq!(
            request.fields["pagination"],
            json!({"limit": 3, "offset": offset})
        );
        let filter = &request.fields["filters"]["and"][0]["or"][0];
        assert_eq!(filter["values"], json!(["pending"]));
    }
}

#[tokio::test]
async fn a_venue_with_a_limit_of_its_own_is_read_to_the_end() {
    let venue = Venue::start(|request| {
        let mut request = request.clone();
        request.fields["pagination"]["limit"] = json!(40);
        list(90, &request)
    })
    .await;
    let vaults: Vec<_> = client(&venue)
        .list_custody_vaults()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(vaults.len(), 90);
    assert_eq!(venue.asked(), 3);
}

#[tokio::test]
async fn what_is_added_meanwhile_does_not_come_twice() {
    let rows = Arc::new(AtomicUsize::new(250));
    let of_venue = Arc::clone(&rows);
    let venue = Venue::start(move |request| list(of_venue.load(Ordering::SeqCst), request)).await;
    let mut pages = client(&venue).list_custody_tasks().pages();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(page.unwrap().into_iter().filter_map(|task| task.id));
        rows.fetch_add(9, Ordering::SeqCst);
    }
    assert_eq!(all, ids(250));
}

#[tokio::test]
async fn a_list_goes_on_after_an_error_and_from_a_stored_position() {
    let broken = Arc::new(AtomicBool::new(false));
    let of_venue = Arc::clone(&broken);
    let venue = Venue::start(move |request| {
        if of_venue.swap(false, Ordering::SeqCst) {
            return Reply::Fail;
        }
        list(250, request)
    })
    .await;
    let mut pages = client(&venue).list_custody_vaults().pages();
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 100);
    broken.store(true, Ordering::SeqCst);
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.status(), Some(500));
    let stored = serde_json::to_string(pages.position().unwrap()).unwrap();
    assert_eq!(stored, r#"{"limit":100,"offset":100}"#);
    let rest: Vec<_> = pages.try_concat().await.unwrap();
    assert_eq!(rest.len(), 150);

    let later: Vec<_> = client(&venue)
        .list_custody_vaults()
        .stream_from(serde_json::from_str(&stored).unwrap())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(later, rest);
}

/// Answers two of the transactions with the numbers 0 to 4, and where the next are.
fn transactions(cursor: Option<&str>) -> Value {
    let from: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
    let rows: Vec<_> = (from..5)
        .take(2)
        .map(|number| json!({"id": number.to_string()}))
        .collect();
    let next = (from + 2 < 5).then(|| (from + 2).to_string());
    json!({"transactions": rows, "next_cursor": next})
}

#[tokio::test]
async fn transactions_page_by_cursor() {
    let venue = Venue::start(|request| {
        assert_eq!(request.query["id"], VAULT);
        assert_eq!(request.fields["page_size"], 2);
        let result = transactions(request.fields["cursor"].as_str());
        Reply::Ok(json!({"errors": [], "result": result}))
    })
    .await;
    let transactions: Vec<_> = client(&venue)
        .list_custody_transactions()
        .vault_id(VAULT)
        .page_size(2)
        .stream()
        .try_collect()
        .await
        .unwrap();
    let ids: Vec<_> = transactions.into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["0", "1", "2", "3", "4"]);
    assert_eq!(venue.asked(), 3);
}

#[tokio::test]
async fn a_cursor_that_does_not_move_ends_the_stream() {
    let seen = Arc::new(Mutex::new(0));
    let venue = Venue::start(move |_| {
        let mut seen = seen.lock().unwrap();
        *seen += 1;
        Reply::Ok(json!({
            "transactions": [{"id": seen.to_string()}],
            "next_cursor": "eyJvZmZzZXQ",
        }))
    })
    .await;
    let mut transactions = external(&venue)
        .list_transactions()
        .vault_id(VAULT)
        .stream();
    assert_eq!(transactions.next().await.unwrap().unwrap().id, "1");
    assert_eq!(transactions.next().await.unwrap().unwrap().id, "2");
    let error = transactions.next().await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("`eyJvZmZzZXQ`, came before"),
        "{error}"
    );
    assert!(transactions.next().await.is_none());
    assert_eq!(venue.asked(), 2);
}

#[tokio::test]
async fn external_vaults_page_by_offset_up_to_their_total() {
    for (rows, calls) in [(0, 1), (100, 1), (250, 3)] {
        let venue = Venue::start(move |request| external_list("vaults", rows, true, request)).await;
        let vaults: Vec<_> = external(&venue)
            .list_vaults()
            .stream()
            .try_collect()
            .await
            .unwrap();
        let vaults: Vec<_> = vaults.into_iter().filter_map(|vault| vault.id).collect();
        assert_eq!(vaults, ids(rows), "{rows}");
        assert_eq!(venue.asked(), calls, "{rows}");
    }
}

#[tokio::test]
async fn external_tasks_and_activities_end_with_a_total_or_an_empty_page() {
    for (rows, total, calls) in [
        (0, false, 1),
        (20, false, 2),
        (45, false, 4),
        (0, true, 1),
        (20, true, 1),
        (45, true, 3),
    ] {
        let venue =
            Venue::start(move |request| external_list("result", rows, total, request)).await;
        let client = external(&venue);
        let tasks: Vec<_> = client
            .list_tasks()
            .limit(20)
            .stream()
            .try_collect()
            .await
            .unwrap();
        let tasks: Vec<_> = tasks.into_iter().filter_map(|task| task.id).collect();
        assert_eq!(tasks, ids(rows), "{rows} {total}");
        assert_eq!(venue.asked(), calls, "{rows} {total}");

        let activities: Vec<_> = client
            .list_task_activities()
            .limit(20)
            .stream()
            .try_collect()
            .await
            .unwrap();
        let activities: Vec<_> = activities.into_iter().map(|activity| activity.id).collect();
        assert_eq!(activities, ids(rows), "{rows} {total}");
        assert_eq!(venue.asked(), 2 * calls, "{rows} {total}");
    }
}

#[tokio::test]
async fn external_activities_may_come_without_a_wrapper() {
    let venue = Venue::start(|request| {
        let offset = u64::try_from(request.number("offset").unwrap()).unwrap();
        Reply::Ok(page(45, offset, 20).into())
    })
    .await;
    let activities: Vec<_> = external(&venue)
        .list_task_activities()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(activities.len(), 45);
}

#[tokio::test]
async fn external_transactions_page_by_cursor() {
    let venue = Venue::start(|request| {
        assert_eq!(request.query["page_size"], "2");
        let cursor = request.query.get("cursor");
        Reply::Ok(transactions(cursor.map(String::as_str)))
    })
    .await;
    let transactions: Vec<_> = external(&venue)
        .list_transactions()
        .vault_id(VAULT)
        .page_size(2)
        .stream()
        .try_collect()
        .await
        .unwrap();
    let ids: Vec<_> = transactions.into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["0", "1", "2", "3", "4"]);
    for request in venue.requests() {
        assert!(request.path.contains(VAULT), "{}", request.path);
    }
}

#[tokio::test]
async fn a_row_too_far_down_is_refused_before_sending() {
    let venue = Venue::start(|_| Reply::Fail).await;
    let mut tasks = external(&venue).list_tasks().stream_from(u32::MAX);
    let error = tasks.next().await.unwrap().unwrap_err();
    assert_eq!(error.operation().unwrap().rust_method, "list_tasks");
    assert_eq!(venue.asked(), 0);
}
