//! The client of this workspace at a Prime that gives it trouble: in the end it
//! knows what is so, and nothing was ordered twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use exchange_sim::{Fault, MessageFault, Often, PushFault, Sim};
use kraken_prime::enums::{Side, TimeInForce};
use kraken_prime::ws::Backoff;
use kraken_prime::{Client, Outcome};
use rust_decimal::Decimal;
use tokio::time::{sleep, timeout};

const ORDERS: usize = 60;

async fn client(sim: &Sim) -> Client {
    let key = sim.prime().credentials();
    let backoff = Backoff {
        base: Duration::from_millis(1),
        max: Duration::from_millis(5),
        ..Backoff::default()
    };
    let builder = Client::builder()
        .url(sim.prime().url())
        .api_key(key.key, key.secret)
        .settle_after(Duration::from_millis(100))
        .backoff(backoff);
    builder.connect().await.unwrap()
}

fn trouble(sim: &Sim) {
    let faults = sim.faults();
    let millisecond = Duration::from_millis(1);
    let busy = Fault::Status {
        status: 503,
        body: "busy".into(),
        retry_after: None,
    };
    faults.add("upgrade", busy, Often::Share(0.2));
    faults.add("upgrade", Fault::DropAfter, Often::Share(0.1));
    faults.on_message(
        "NewOrderSingle",
        MessageFault::DropBefore,
        Often::Share(0.05),
    );
    faults.on_message("NewOrderSingle", MessageFault::DropAfter, Often::Share(0.1));
    faults.on_message("subscribe", MessageFault::DropAfter, Often::Share(0.02));
    for (fault, share) in [
        (PushFault::Drop, 0.01),
        (PushFault::Cut, 0.01),
        (PushFault::Garbage, 0.01),
        (PushFault::Duplicate, 0.05),
        (PushFault::Delay(millisecond), 0.05),
        (PushFault::Stranger, 0.05),
        (PushFault::UnknownMember, 0.2),
        (PushFault::Drip(Duration::ZERO), 0.01),
    ] {
        faults.on_every_push(fault, Often::Share(share));
    }
    faults.on_push(
        "hello",
        PushFault::Close {
            code: 1012,
            reason: "restart".into(),
        },
        Often::Share(0.1),
    );
    faults.on_push("Balance", PushFault::LeaveOut, Often::Share(0.05));
    faults.on_push("Balance", PushFault::Reorder(1), Often::Share(0.05));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_client_knows_is_so_after_all_trouble() {
    let sim = Sim::builder().seed(7).start().await.unwrap();
    sim.prime().freeze_market(true);
    let client = client(&sim).await;
    let balances = client.balances().view().await.unwrap();
    let orders = client.orders().view().await.unwrap();
    trouble(&sim);
    let mut placed = BTreeSet::new();
    let mut refused = 0;
    for number in 0..ORDERS {
        let order = client
            .new_order()
            .symbol("BTC-USD")
            .quantity(Decimal::new(1, 3));
        // Every other one rests.
        let placed_order = if number % 2 == 0 {
            order
                .side(Side::Buy)
                .limit(Decimal::from(1_000), TimeInForce::GoodTillCancel)
                .send()
                .await
        } else {
            order
                .side(Side::Sell)
                .market(TimeInForce::FillAndKill)
                .send()
                .await
        };
        match placed_order {
            Ok(order) => assert!(placed.insert(order.cl_ord_id().to_owned())),
            Err(error) => {
                assert_eq!(error.outcome(), Outcome::NotExecuted, "{error}");
                refused += 1;
                // It may be a while until there is a connection again.
                let _ = timeout(Duration::from_secs(5), client.online()).await;
            }
        }
    }
    assert_eq!(placed.len() + refused, ORDERS);
    sim.faults().clear();
    // Whatever is left to be told is told after this.
    let btc = sim.prime().balance("BTC") + Decimal::ONE;
    assert!(sim.prime().set_balance("BTC", btc));
    let wanted: BTreeMap<String, Decimal> = sim
        .prime()
        .balances()
        .into_iter()
        .map(|one| (one.currency.to_owned(), one.amount))
        .collect();
    let known = || -> BTreeMap<String, Decimal> {
        balances.read(|records| {
            records
                .iter()
                .map(|(key, one)| (key.clone(), one.amount))
                .collect()
        })
    };
    let seen = || -> BTreeSet<String> {
        let records = orders.records();
        records
            .iter()
            .filter_map(|order| order.cl_ord_id.clone())
            .collect()
    };
    let start = Instant::now();
    while known() != wanted || seen() != placed || !balances.status().is_current() {
        let (known, seen) = (known(), seen());
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{known:?}\n{wanted:?}\n{seen:?}\n{placed:?}"
        );
        sleep(Duration::from_millis(10)).await;
    }
    let upgrades = sim
        .received()
        .into_iter()
        .filter(|one| one.operation == "upgrade");
    let lost = upgrades.count();
    assert!(lost > 5, "{lost}");
    println!(
        "{} orders placed, {refused} not executed, {lost} upgrades",
        placed.len()
    );
}
