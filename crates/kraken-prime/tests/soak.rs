//! Many updates and orders through a simulated venue that drops connections, leaves out, repeats,
//! delays and garbles messages: at the end the views are what the venue has, and no order was
//! placed twice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exchange_sim::{MessageFault, Often, PrimeHandle, PushFault, Sim};
use kraken_prime::enums::{Side, TimeInForce};
use kraken_prime::streams::{Balances, MarketDataSnapshots, Orders, Securities};
use kraken_prime::ws::{Backoff, Liveness};
use kraken_prime::{Client, Decimal, Event, Notice, Outcome, View};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// How many messages of updates the client is to take at the least.
const MESSAGES: usize = 100_000;
/// How many subscriptions count them.
const COUNTERS: usize = 6;
const ORDERS: usize = 200;
const SYMBOL: &str = "BTC-USD";

/// How often each client order id was received in a `NewOrderSingle`.
type Received = Arc<Mutex<HashMap<String, usize>>>;

async fn venue(received: &Received) -> Sim {
    let received = Arc::clone(received);
    let listener = move |request: &exchange_sim::Received| {
        if request.operation == "NewOrderSingle" {
            let message: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let id = message["data"][0]["ClOrdID"].as_str().unwrap().to_owned();
            *received.lock().unwrap().entry(id).or_default() += 1;
        }
    };
    let builder = Sim::builder().seed(7).journal(0).prime_page(40);
    let sim = builder.on_request(listener).start().await.unwrap();
    sim.prime().freeze_market(true);
    sim.prime().set_market_data_throttle(Duration::ZERO);
    sim
}

/// All that can go wrong, at random.
fn make_trouble(sim: &Sim) {
    let faults = sim.faults();
    let close = |code| PushFault::Close {
        code,
        reason: "restart".to_owned(),
    };
    for (fault, share) in [
        (PushFault::Drop, 0.002),
        (PushFault::Cut, 0.000_5),
        (close(1001), 0.000_2),
        (close(1011), 0.000_2),
        (PushFault::LeaveOut, 0.001),
        (PushFault::Duplicate, 0.002),
        (PushFault::Reorder(1), 0.001),
        (PushFault::Reorder(3), 0.001),
        (PushFault::Garbage, 0.001),
        (PushFault::Stranger, 0.002),
        (PushFault::UnknownMember, 0.01),
        (PushFault::Delay(Duration::from_millis(1)), 0.001),
        (PushFault::Drip(Duration::ZERO), 0.000_1),
        (PushFault::Silence, 0.000_02),
    ] {
        faults.on_every_push(fault, Often::Share(share));
    }
    for (fault, share) in [
        (MessageFault::DropBefore, 0.04),
        (MessageFault::DropAfter, 0.04),
        (MessageFault::LeaveOut, 0.01),
        (MessageFault::Delay(Duration::from_millis(5)), 0.05),
    ] {
        faults.on_message("NewOrderSingle", fault, Often::Share(share));
    }
}

async fn connect(prime: &PrimeHandle) -> Client {
    let key = prime.credentials();
    let builder = Client::builder()
        .url(prime.url())
        .api_key(key.key, key.secret)
        .answer_within(Duration::from_secs(1))
        .settle_after(Duration::from_millis(100))
        .backoff(Backoff {
            base: Duration::from_millis(1),
            max: Duration::from_millis(5),
            ..Backoff::default()
        })
        .liveness(Liveness {
            ping_after: Duration::from_millis(500),
            lost_after: Duration::from_millis(500),
        });
    builder.connect().await.unwrap()
}

struct Views {
    balances: View<Balances>,
    market: View<MarketDataSnapshots>,
    orders: View<Orders>,
    securities: View<Securities>,
}

impl Views {
    async fn of(client: &Client) -> Self {
        Self {
            balances: client.balances().view().await.unwrap(),
            market: client.market_data(SYMBOL).view().await.unwrap(),
            orders: client.orders().view().await.unwrap(),
            securities: client.securities().view().await.unwrap(),
        }
    }

    fn are_current(&self) -> bool {
        self.balances.status().is_current()
            && self.market.status().is_current()
            && self.orders.status().is_current()
            && self.securities.status().is_current()
    }

    fn state(&self) -> State {
        let amount = |amount: Option<Decimal>| amount.unwrap_or_default().normalize();
        let balances = self.balances.records().into_iter().map(|balance| {
            let held = [Some(balance.amount), balance.available_amount].map(amount);
            (balance.currency, held)
        });
        let orders = self.orders.records().into_iter().map(|order| {
            let status = order.ord_status.unwrap().as_str().to_owned();
            (order.order_id.unwrap(), (status, amount(order.cum_qty)))
        });
        let best = self.market.get(SYMBOL).map(|market| {
            let best = [market.bids.first(), market.offers.first()];
            best.map(|level| level.unwrap().price.normalize())
        });
        let securities = self.securities.records().into_iter();
        State {
            balances: balances.collect(),
            orders: orders.collect(),
            best,
            securities: securities.map(|security| security.symbol).collect(),
        }
    }

    /// Waits until they are what the venue has.
    async fn agree_with(&self, truth: &State) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.are_current() || self.state() != *truth {
            assert!(
                Instant::now() < deadline,
                "{:?} {:?} {:?} {:?}\n{:#?}\n{truth:#?}",
                self.balances,
                self.market,
                self.orders,
                self.securities,
                self.state()
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What both sides can tell.
#[derive(Debug, PartialEq)]
struct State {
    /// Amount and what of it is available.
    balances: BTreeMap<String, [Decimal; 2]>,
    /// Status and what is filled, by the venue's id.
    orders: BTreeMap<String, (String, Decimal)>,
    /// Bid and offer.
    best: Option<[Decimal; 2]>,
    securities: Vec<String>,
}

/// What the venue has.
fn truth(prime: &PrimeHandle, securities: Vec<String>) -> State {
    let balances = prime.balances().into_iter().map(|balance| {
        let held = [balance.amount, balance.available];
        let held = held.map(|amount| amount.normalize());
        (balance.currency.to_owned(), held)
    });
    let orders = prime.orders().into_iter().map(|order| {
        let standing = (order.status.to_owned(), order.filled.normalize());
        (order.order_id, standing)
    });
    let (price, step) = (prime.price(SYMBOL).unwrap(), Decimal::new(1, 1));
    State {
        balances: balances.collect(),
        orders: orders.collect(),
        best: Some([price - step, price + step].map(|price| price.normalize())),
        securities,
    }
}

/// What became of the orders, by the client's ids.
#[derive(Debug, Default)]
struct Fates {
    placed: Vec<String>,
    not_executed: Vec<String>,
    unknown: Vec<String>,
}

async fn place_orders(client: Client) -> Fates {
    let mut fates = Fates::default();
    for number in 0..ORDERS {
        let id = format!("order-{number}");
        let placed = client
            .new_order()
            .symbol(SYMBOL)
            .side(Side::Buy)
            .quantity(Decimal::new(1, 3))
            // Far enough below the market to rest.
            .limit(Decimal::from(1_000), TimeInForce::GoodTillCancel)
            .cl_ord_id(&id)
            .send()
            .await;
        match placed {
            Ok(_) => fates.placed.push(id),
            Err(error) if error.outcome() == Outcome::Unknown => fates.unknown.push(id),
            Err(_) => fates.not_executed.push(id),
        }
        // It may be a while until there is a connection again.
        let _ = timeout(Duration::from_secs(5), client.online()).await;
    }
    fates
}

/// Takes all balances as they come, and counts the messages.
fn count_messages(client: &Client, messages: &Arc<AtomicUsize>) {
    let (client, messages) = (client.clone(), Arc::clone(messages));
    tokio::spawn(async move {
        let mut balances = client.balances().subscribe().await.unwrap();
        while let Some(item) = balances.next().await {
            if let Ok(Event::Message(_)) = item {
                messages.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
}

/// Counts the connections that are lost.
fn count_losses(client: &Client) -> Arc<AtomicUsize> {
    let mut notices = client.notices();
    let losses = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&losses);
    tokio::spawn(async move {
        while let Some(notice) = notices.next().await {
            if let Notice::Disconnected { .. } = notice {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    losses
}

/// Changes things at the venue.
struct World {
    prime: PrimeHandle,
    dice: fastrand::Rng,
    steps: usize,
    /// The securities that are not there at present.
    gone: Vec<&'static str>,
}

impl World {
    fn step(&mut self) {
        let Self { prime, dice, .. } = self;
        self.steps += 1;
        let currency = ["USD", "EUR", "SOL"][dice.usize(..3)];
        let amount = Decimal::new(dice.i64(0..1 << 40), 2);
        assert!(prime.set_balance(currency, amount));
        if self.steps.is_multiple_of(4) {
            let price = Decimal::new(dice.i64(500_000..1_000_000), 1);
            assert!(prime.set_price(SYMBOL, price));
        }
        if self.steps.is_multiple_of(100) {
            self.change_an_order();
            let security = ["ETH-USD", "ETH-BTC"][self.dice.usize(..2)];
            self.toggle(security);
        }
    }

    fn change_an_order(&mut self) {
        let open = self.prime.open_orders();
        let Some(order) = self.dice.choice(&open) else {
            return;
        };
        let half = order.leaves / Decimal::TWO;
        // It may be pending, or over meanwhile.
        if self.dice.bool() {
            let _ = self.prime.cancel_order(&order.order_id);
        } else {
            let _ = self.prime.fill_order(&order.order_id, half);
        }
    }

    fn toggle(&mut self, symbol: &'static str) {
        let is_gone = self.gone.contains(&symbol);
        assert!(self.prime.set_disabled(symbol, !is_gone));
        if is_gone {
            self.gone.retain(|other| *other != symbol);
        } else {
            self.gone.push(symbol);
        }
    }

    /// One more change of everything: what was left out last shows by what follows.
    fn finish(&mut self) {
        for balance in self.prime.balances() {
            let more = balance.amount + Decimal::ONE;
            assert!(self.prime.set_balance(balance.currency, more));
        }
        let open = self.prime.open_orders();
        assert!(self.prime.cancel_order(&open[0].order_id));
        assert!(self.prime.set_price(SYMBOL, Decimal::from(70_000)));
        self.toggle("ETH-USD");
    }
}

/// The memory of this process in MiB, where it can be had.
fn memory() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096 / (1 << 20))
}

/// Goes on until there were enough messages and all orders were placed. Gives the memory used in
/// between.
async fn go_on(
    world: &mut World,
    views: &Views,
    messages: &AtomicUsize,
    placing: &JoinHandle<Fates>,
) -> Vec<usize> {
    let mut used = Vec::new();
    let mut changes = views.balances.changes();
    let deadline = Instant::now() + Duration::from_secs(400);
    loop {
        let taken = messages.load(Ordering::Relaxed);
        if taken >= MESSAGES && placing.is_finished() {
            return used;
        }
        if taken / (MESSAGES / 4) > used.len() {
            used.extend(memory());
        }
        world.step();
        // Changes that nobody has seen yet would be told as one.
        let _ = timeout(Duration::from_millis(2), changes.changed()).await;
        assert!(Instant::now() < deadline, "only {taken} messages");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_and_orders_survive_everything() {
    let received = Received::default();
    let sim = venue(&received).await;
    let prime = sim.prime().clone();
    let client = connect(&prime).await;
    let views = Views::of(&client).await;
    views.securities.complete().await.unwrap();
    let securities = views.state().securities;
    let messages = Arc::new(AtomicUsize::new(0));
    for _ in 0..COUNTERS {
        count_messages(&client, &messages);
    }
    let losses = count_losses(&client);
    let mut world = World {
        prime: prime.clone(),
        dice: fastrand::Rng::with_seed(7),
        steps: 0,
        gone: Vec::new(),
    };

    make_trouble(&sim);
    let placing = tokio::spawn(place_orders(client.clone()));
    let used = go_on(&mut world, &views, &messages, &placing).await;
    let fates = placing.await.unwrap();
    sim.faults().clear();
    world.finish();

    let left = securities.into_iter();
    let left = left.filter(|symbol| !world.gone.contains(&symbol.as_str()));
    views.agree_with(&truth(&prime, left.collect())).await;

    // The venue received no order twice, has every order that the client holds for placed, and
    // none that it holds for not executed.
    let received = received.lock().unwrap().clone();
    assert!(received.values().all(|times| *times == 1), "{received:?}");
    let orders = prime.orders().into_iter();
    let at_venue: Vec<String> = orders.map(|order| order.cl_ord_id).collect();
    let Fates {
        placed,
        not_executed,
        unknown,
    } = &fates;
    assert!(placed.iter().all(|id| at_venue.contains(id)), "{fates:?}");
    assert!(!not_executed.iter().any(|id| at_venue.contains(id)));
    assert!(placed.len() > ORDERS / 2, "{fates:?}");
    let losses = losses.load(Ordering::Relaxed);
    assert!(losses >= 150, "{losses}");
    if let [first, .., last] = used[..] {
        assert!(last < first + 32, "{used:?} MiB");
    }
    println!(
        "{messages:?} messages of {} changes, {losses} lost connections, {} orders placed, {} not \
         executed, {} in doubt, memory {used:?} MiB",
        world.steps,
        placed.len(),
        not_executed.len(),
        unknown.len(),
    );
}
