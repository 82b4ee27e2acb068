//! Orders under faults: what the client reports is what the venue's book says.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

mod venue;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use exchange_transport::{Call, Outcome, PaceMode, RetryPolicy};
use kraken_core::{ClientBuilder, Core, Scheme};
use tokio::task::JoinSet;
use venue::{ADD_ORDER, Fate, Fault, KEY, SECRET, Venue, scrambled};

type Texts = HashMap<String, String>;

/// Four of five requests arrive and are answered, the others meet each fault
/// there is, before and after the venue has done what it was asked.
fn spoiled(number: u64) -> Fate {
    let random = scrambled(number, 7);
    let executed = random.is_multiple_of(2);
    let answer = |status, headers, body: &str, executed| Fault::Answer {
        executed,
        status,
        headers,
        body: body.to_owned(),
    };
    let fault = match random / 2 % 60 {
        0 => Fault::ResetUnread,
        1 => Fault::Reset { executed },
        2 if random % 5 < 2 => Fault::Silence { executed },
        3 if random % 5 < 2 => Fault::SlowBody { executed },
        4 => Fault::CutBody { executed },
        5 => answer(
            502,
            "",
            "<html><title>502 Bad gateway</title></html>",
            executed,
        ),
        6 => answer(429, "", "", executed),
        7 => answer(429, "retry-after: 1\r\n", "", executed),
        8 => answer(200, "", r#"{"error":["EService: Throttled: 1"]}"#, false),
        9 => answer(200, "", r#"{"error":["EService:Unavailable"]}"#, executed),
        10 => answer(200, "", r#"{"error":["EOrder:Insufficient funds"]}"#, false),
        11 => answer(200, "", r#"{"error":["EAPI:Invalid nonce"]}"#, false),
        12 => answer(200, "", "{\"error\":[],\"resu", executed),
        _ => return Fate::NONE,
    };
    Fate {
        // Some arrive only after the client has given up.
        on_the_way: Duration::from_millis(random / 128 % 2 * 3),
        fault: Some(fault),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_orders_are_each_placed_at_most_once_and_told_as_they_are() {
    let venue = Venue::start(spoiled).await;
    let core: Core = ClientBuilder::new(Scheme::Body, &venue.url)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .api_key(KEY, SECRET)
        .timeout(Duration::from_millis(150))
        .retry(RetryPolicy {
            base_wait: Duration::from_millis(2),
            ..RetryPolicy::default()
        })
        .build()
        .unwrap();
    let mut running = JoinSet::new();
    for task in 0..20 {
        let core = core.clone();
        running.spawn(async move {
            let mut reports = Vec::new();
            for number in 0..50 {
                let id = format!("order-{task}-{number}");
                let mut call = Call::new(&ADD_ORDER);
                call.body(&HashMap::from([("cl_ord_id", &id)])).unwrap();
                let result = core.call::<Texts>(call).await;
                reports.push((id, result.map_err(|error| error.outcome())));
            }
            reports
        });
    }
    let reports: Vec<_> = running.join_all().await.into_iter().flatten().collect();
    assert_eq!(reports.len(), 1_000);

    let books = venue.books();
    let mut counts = BTreeMap::new();
    for (id, report) in &reports {
        let placed = books.orders.get(id).copied().unwrap_or(0);
        let (told, agrees) = match report {
            Ok(_) => ("placed", placed == 1),
            Err(Outcome::NotExecuted) => ("not executed", placed == 0),
            Err(Outcome::Unknown) => ("unknown", placed <= 1),
        };
        assert!(
            agrees,
            "{id} was told to be {told}, and is there {placed} times"
        );
        *counts.entry((told, placed)).or_insert(0) += 1;
    }
    // Each of the four cases came up often enough to mean something.
    assert!(counts[&("placed", 1)] > 700, "{counts:?}");
    for case in [("not executed", 0), ("unknown", 0), ("unknown", 1)] {
        assert!(counts[&case] >= 10, "{counts:?}");
    }
    // Some were sent again, and still none is there twice.
    assert!(books.requests > 1_000, "{books:?}");
    assert!(books.orders.values().all(|placed| *placed == 1));
}
