//! Streams over the account's lists, against a venue on loopback that pages.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

mod pager;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use exchange_transport::{CallFacts, Pacer, Reservation};
use futures_util::TryStreamExt as _;
use kraken_spot::paging::{CursorPosition, HistoryPosition};
use kraken_spot::types::LedgerFilter;
use kraken_spot::{Client, Error, Kind, PaceMode, RetryPolicy};
use pager::{KEY, Reply, Request, SECRET, Venue};
use serde_json::{Map, Value, json};

fn client(venue: &Venue) -> Client {
    Client::builder()
        .base_url(&venue.url)
        .api_key(KEY, SECRET)
        .retry(RetryPolicy::NEVER)
        .build()
        .unwrap()
}

/// The newest comes first in the order of the text, which is the order of the members here.
fn id(number: usize) -> String {
    format!("L{:04}", 9999 - number)
}

/// The ids from `newest` down to the first.
fn ids_from(newest: usize) -> Vec<String> {
    (1..=newest).rev().map(id).collect()
}

fn ids<T>(items: Vec<(String, T)>) -> Vec<String> {
    items.into_iter().map(|(id, _)| id).collect()
}

/// A list of the account, newest first, 50 a page.
#[derive(Clone)]
struct List {
    /// `ledger`, `trades`, `closed` or `open`.
    name: &'static str,
    rows: Arc<Mutex<usize>>,
    knows_cursors: bool,
}

const PAGE: usize = 50;

impl List {
    fn new(name: &'static str, rows: usize) -> Self {
        Self {
            name,
            rows: Arc::new(Mutex::new(rows)),
            knows_cursors: true,
        }
    }

    fn without_cursors(self) -> Self {
        Self {
            knows_cursors: false,
            ..self
        }
    }

    fn answer(&self, request: &Request) -> Reply {
        let rows = *self.rows.lock().unwrap();
        let fields = &request.fields;
        let by_cursor = self.knows_cursors && fields["with_cursor"] == true;
        let newest = match (by_cursor, fields["cursor"].as_str()) {
            (true, Some(cursor)) => cursor.parse().unwrap(),
            (true, None) => rows,
            (false, _) => {
                let offset = fields["ofs"].as_u64().unwrap_or(0);
                rows.saturating_sub(usize::try_from(offset).unwrap())
            }
        };
        let oldest = newest.saturating_sub(PAGE);
        let page: Map<String, Value> = (oldest + 1..=newest)
            .rev()
            .map(|number| (id(number), json!({"refid": "R"})))
            .collect();
        let mut result = json!({ self.name: page });
        if by_cursor {
            result["count"] = json!(0);
            if oldest > 0 {
                result["cursor"] = json!({"next": oldest.to_string()});
            }
        } else if fields["without_count"] != true {
            result["count"] = json!(rows);
        }
        Reply::result(result)
    }

    async fn start(&self) -> Venue {
        let list = self.clone();
        Venue::start(move |request| list.answer(request)).await
    }
}

#[tokio::test]
async fn ledgers_by_cursor_keep_their_filters_on_every_page() {
    let venue = List::new("ledger", 120).start().await;
    let entries: Vec<_> = client(&venue)
        .get_ledgers()
        .kind(LedgerFilter::Deposit)
        .start(1_700_000_000)
        .end("LEND")
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids(entries), ids_from(120));
    let requests = venue.requests();
    let cursors: Vec<_> = requests
        .iter()
        .map(|r| r.fields["cursor"].clone())
        .collect();
    assert_eq!(cursors, [Value::Null, json!("70"), json!("20")]);
    for request in requests {
        assert_eq!(request.path, "/0/private/Ledgers");
        assert_eq!(request.fields["type"], "deposit");
        assert_eq!(request.fields["start"], 1_700_000_000);
        assert_eq!(request.fields["end"], "LEND");
        assert_eq!(request.fields["with_cursor"], true);
        assert_eq!(request.fields.get("ofs"), None);
    }
}

#[tokio::test]
async fn each_length_of_a_list_takes_as_many_calls_as_it_has_pages() {
    for (rows, calls) in [(0, 1), (1, 1), (50, 1), (51, 2), (100, 2)] {
        let venue = List::new("closed", rows).start().await;
        let orders: Vec<_> = client(&venue)
            .get_closed_orders()
            .stream()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(ids(orders), ids_from(rows), "{rows}");
        assert_eq!(venue.asked(), calls, "{rows}");
    }
}

#[tokio::test]
async fn a_venue_without_cursors_is_paged_by_offset() {
    for rows in [0, 50, 120] {
        let venue = List::new("trades", rows).without_cursors().start().await;
        // Even if the count that shows it was not wanted.
        let trades: Vec<_> = client(&venue)
            .get_trade_history()
            .without_count(true)
            .stream()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(ids(trades), ids_from(rows), "{rows}");
    }
}

#[tokio::test]
async fn offsets_can_be_asked_for() {
    // With a count and without one.
    for (without_count, calls) in [(false, 3), (true, 4)] {
        let venue = List::new("closed", 120).start().await;
        let orders: Vec<_> = client(&venue)
            .get_closed_orders()
            .without_count(without_count)
            .stream_from(HistoryPosition::Offset(0))
            .try_collect()
            .await
            .unwrap();
        assert_eq!(ids(orders), ids_from(120));
        assert_eq!(venue.asked(), calls);
        assert_eq!(venue.requests()[2].fields["ofs"], 100);
        assert_eq!(venue.requests()[2].fields.get("with_cursor"), None);
    }
}

#[tokio::test]
async fn what_is_added_while_paging_by_offset_does_not_come_twice() {
    let list = List::new("closed", 120);
    let venue = list.start().await;
    let mut pages = client(&venue)
        .get_closed_orders()
        .pages_from(HistoryPosition::Offset(0));
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(ids(page.unwrap()));
        *list.rows.lock().unwrap() += 7;
    }
    assert_eq!(all, ids_from(120));
}

#[tokio::test]
async fn a_burst_of_a_whole_page_is_passed_over() {
    let list = List::new("closed", 120);
    let venue = list.start().await;
    let mut pages = client(&venue)
        .get_closed_orders()
        .pages_from(HistoryPosition::Offset(0));
    let mut all = ids(pages.next().await.unwrap().unwrap());
    *list.rows.lock().unwrap() += PAGE;
    while let Some(page) = pages.next().await {
        all.extend(ids(page.unwrap()));
    }
    assert_eq!(all, ids_from(120));
}

#[tokio::test]
async fn a_venue_that_ignores_the_offset_does_not_hold_the_stream() {
    let list = List::new("ledger", 60);
    let venue = Venue::start(move |request| {
        let mut request = request.clone();
        request.fields["ofs"] = json!(0);
        list.answer(&request)
    })
    .await;
    let mut entries = client(&venue)
        .get_ledgers()
        .stream_from(HistoryPosition::Offset(0));
    for _ in 0..50 {
        entries.next().await.unwrap().unwrap();
    }
    let error = entries.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Decode);
    assert_eq!(error.operation().unwrap().id, "getLedgers");
    assert!(error.to_string().contains("repeats"), "{error}");
    assert!(entries.next().await.is_none());
    assert_eq!(venue.asked(), 2);
}

#[tokio::test]
async fn a_count_without_the_rows_is_an_error() {
    let venue = Venue::start(|_| Reply::result(json!({"ledger": {}, "count": 3}))).await;
    let mut entries = client(&venue).get_ledgers().stream();
    let error = entries.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("counts 3 rows"), "{error}");
}

#[tokio::test]
async fn a_stream_goes_on_after_an_error_and_in_another_client() {
    let list = List::new("trades", 120);
    let broken = Arc::new(AtomicBool::new(false));
    let venue = {
        let broken = Arc::clone(&broken);
        Venue::start(move |request| {
            if broken.swap(false, Ordering::SeqCst) {
                return Reply::Fail;
            }
            list.answer(request)
        })
        .await
    };
    let mut trades = client(&venue).get_trade_history().stream();
    let mut first = Vec::new();
    for _ in 0..50 {
        first.push(trades.next().await.unwrap().unwrap());
    }
    broken.store(true, Ordering::SeqCst);
    let error = trades.next().await.unwrap().unwrap_err();
    assert_eq!(error.status(), Some(500));
    let stored = serde_json::to_string(trades.position().unwrap()).unwrap();

    let rest: Vec<_> = trades.try_collect().await.unwrap();
    let mut all = ids(first);
    let until_error = all.len();
    all.extend(ids(rest));
    assert_eq!(all, ids_from(120));

    let position: HistoryPosition = serde_json::from_str(&stored).unwrap();
    assert_eq!(position, HistoryPosition::Cursor("70".to_owned()));
    let later: Vec<_> = client(&venue)
        .get_trade_history()
        .stream_from(position)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids(later), all[until_error..]);
}

#[tokio::test]
async fn open_orders_come_by_cursor_or_all_at_once() {
    let venue = List::new("open", 110).start().await;
    let orders: Vec<_> = client(&venue)
        .get_open_orders()
        .userref(7)
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids(orders), ids_from(110));
    for request in venue.requests() {
        assert_eq!(request.fields["userref"], 7);
        assert_eq!(request.fields["with_cursor"], true);
    }

    let all: Map<String, Value> = ids_from(130)
        .into_iter()
        .map(|id| (id, json!({})))
        .collect();
    let venue = Venue::start(move |_| Reply::result(json!({"open": all}))).await;
    let orders: Vec<_> = client(&venue)
        .get_open_orders()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(ids(orders), ids_from(130));
    assert_eq!(venue.asked(), 1);
}

/// Answers pages of `size` of the transfers with the numbers 0 to `rows`.
fn transfers(list: &str, next: &str, rows: i64, size: i64, request: &Request) -> Reply {
    let from = match &request.fields["cursor"] {
        Value::Bool(true) => 0,
        Value::String(cursor) => cursor.parse().unwrap(),
        other => panic!("{other}"),
    };
    let to = rows.min(from + size);
    let page: Vec<Value> = (from..to)
        .map(|number| json!({"refid": number.to_string()}))
        .collect();
    let cursor = (to < rows).then(|| to.to_string());
    Reply::result(json!({list: page, next: cursor}))
}

fn numbers(refids: impl IntoIterator<Item = Option<String>>) -> Vec<i64> {
    let numbers = refids.into_iter().map(|refid| refid.unwrap().parse());
    numbers.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn deposits_page_under_each_of_their_names() {
    for (list, next) in [
        ("deposit", "next_cursor"),
        ("deposits", "next_cursor"),
        ("deposit", "cursor"),
    ] {
        for rows in [0, 25, 60] {
            let venue = Venue::start(move |request| transfers(list, next, rows, 25, request)).await;
            let deposits: Vec<_> = client(&venue)
                .get_status_recent_deposits()
                .asset("XBT")
                .limit(25)
                .stream()
                .try_collect()
                .await
                .unwrap();
            let refids = numbers(deposits.into_iter().map(|deposit| deposit.refid));
            assert_eq!(refids, (0..rows).collect::<Vec<_>>(), "{list} {rows}");
            for request in venue.requests() {
                assert_eq!(request.fields["asset"], "XBT");
                assert_eq!(request.fields["limit"], 25);
            }
        }
    }
}

#[tokio::test]
async fn withdrawals_page_by_cursor() {
    let venue =
        Venue::start(|request| transfers("withdrawals", "next_cursor", 60, 25, request)).await;
    let mut pages = client(&venue).get_status_recent_withdrawals().pages();
    let mut lengths = Vec::new();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().len());
    }
    assert_eq!(lengths, [25, 25, 10]);
    let cursors: Vec<_> = venue
        .requests()
        .iter()
        .map(|request| request.fields["cursor"].clone())
        .collect();
    assert_eq!(cursors, [json!(true), json!("25"), json!("50")]);
}

#[tokio::test]
async fn a_plain_list_is_the_only_page() {
    let venue = Venue::start(|_| Reply::result(json!([{"refid": "1"}, {"refid": "2"}]))).await;
    let client = client(&venue);
    let deposits: Vec<_> = client
        .get_status_recent_deposits()
        .stream()
        .try_collect()
        .await
        .unwrap();
    let withdrawals: Vec<_> = client
        .get_status_recent_withdrawals()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!((deposits.len(), withdrawals.len()), (2, 2));
    assert_eq!(venue.asked(), 2);
}

#[tokio::test]
async fn a_cursor_that_does_not_move_ends_the_stream() {
    let venue = Venue::start(|_| {
        Reply::result(json!({"withdrawals": [{"refid": "1"}], "next_cursor": "HgAAAg"}))
    })
    .await;
    let withdrawals: Result<Vec<_>, Error> = client(&venue)
        .get_status_recent_withdrawals()
        .stream_from(CursorPosition::Cursor("HgAAAg".to_owned()))
        .try_collect()
        .await;
    let error = withdrawals.unwrap_err();
    assert!(
        error.to_string().contains("`HgAAAg`, came before"),
        "{error}"
    );
    assert_eq!(venue.asked(), 1);
}

/// Grants everything, and keeps what was asked for.
#[derive(Debug, Default)]
struct Counted(Mutex<Vec<(&'static str, PaceMode)>>);

impl Pacer for Counted {
    fn reserve(&self, call: &CallFacts<'_>, mode: PaceMode, _now: Instant) -> Reservation {
        let mut calls = self.0.lock().unwrap();
        calls.push((call.operation.id, mode));
        Reservation::at_once(call.operation.pace.counter)
    }
}

#[tokio::test]
async fn every_page_keeps_the_pace() {
    let venue = List::new("ledger", 120).start().await;
    let pacer = Arc::new(Counted::default());
    let client = Client::builder()
        .base_url(&venue.url)
        .api_key(KEY, SECRET)
        .pacer(Arc::clone(&pacer) as _)
        .build()
        .unwrap();
    let entries: Vec<_> = client.get_ledgers().stream().try_collect().await.unwrap();
    assert_eq!(entries.len(), 120);
    let calls = pacer.0.lock().unwrap();
    assert_eq!(*calls, [("getLedgers", PaceMode::WAIT); 3]);
}
