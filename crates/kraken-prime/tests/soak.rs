//! Many updates and orders through a venue that drops connections, repeats, leaves out, delays and
//! garbles messages: at the end the views are what the venue has, and no order was placed twice.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test"
)]

mod venue;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::sink::SinkExt as _;
use futures_util::stream::StreamExt as _;
use kraken_prime::enums::{Side, TimeInForce};
use kraken_prime::{Client, Decimal, Outcome, Time};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use venue::{Peer, Venue};

const UPDATES: usize = 100_000;
const ORDERS: usize = 300;
const CURRENCIES: usize = 12;
const PAGE: usize = 5;

/// The venue's state.
struct World {
    random: u64,
    balances: BTreeMap<String, u64>,
    price: u64,
    /// Every report, the last one of each order being its state.
    reports: Vec<Value>,
    received: BTreeMap<String, usize>,
    last_micros: i64,
    updates: usize,
    drops: usize,
}

impl World {
    fn draw(&mut self, below: u64) -> u64 {
        // A linear congruential generator will do, and every run is the same.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn time(&mut self) -> String {
        let now = Time::now().unix_nanos().unwrap() / 1000;
        self.last_micros = now.max(self.last_micros + 1);
        Time::from_unix_micros(self.last_micros).to_string()
    }

    fn snapshot(&self, stream: &str, start: &str) -> Vec<Value> {
        match stream {
            "Balance" => self
                .balances
                .iter()
                .map(|(currency, amount)| venue::balance(currency, &amount.to_string()))
                .collect(),
            "MarketDataSnapshot" => vec![market(self.price)],
            "ExecutionReport" => {
                let is_new = |report: &&Value| report["Timestamp"].as_str().unwrap() >= start;
                self.reports.iter().filter(is_new).cloned().collect()
            }
            "Order" => {
                let mut orders = BTreeMap::new();
                for report in &self.reports {
                    orders.insert(report["OrderID"].to_string(), report.clone());
                }
                let is_new = |order: &Value| order["SubmitTime"].as_str().unwrap() >= start;
                orders.into_values().filter(is_new).collect()
            }
            other => panic!("{other}"),
        }
    }

    fn place(&mut self, order: &Value) -> Value {
        let id = order["ClOrdID"].as_str().unwrap().to_owned();
        *self.received.entry(id.clone()).or_default() += 1;
        let time = self.time();
        let number = self.reports.len();
        let report = json!({
            "Timestamp": time, "SubmitTime": time, "OrderID": format!("o-{number}"),
            "ClOrdID": id, "ExecID": format!("e-{number}"), "ExecType": "New",
            "OrdStatus": "New", "Symbol": order["Symbol"], "OrderQty": order["OrderQty"],
        });
        self.reports.push(report.clone());
        report
    }
}

fn market(price: u64) -> Value {
    let level = |price: u64| json!([{"Price": price.to_string(), "Size": "0.5"}]);
    json!({"Symbol": "BTC-USD", "Status": "Online", "Bids": level(price), "Offers": level(price + 1)})
}

/// What a connection is subscribed to.
#[derive(Default)]
struct Subscriptions(BTreeMap<u64, Stream>);

struct Stream {
    name: String,
    sent: u64,
    /// What is left of the snapshot.
    pages: Vec<Vec<Value>>,
}

impl Subscriptions {
    fn message(&mut self, reqid: u64, fields: &Value, data: &Value) -> Option<String> {
        let stream = self.0.get_mut(&reqid)?;
        stream.sent += 1;
        let mut message = json!({"reqid": reqid, "type": stream.name, "seqNum": stream.sent,
            "ts": Time::now().to_string(), "data": data});
        for (name, value) in fields.as_object().unwrap() {
            message[name] = value.clone();
        }
        Some(message.to_string())
    }

    fn next_page(&mut self, reqid: u64, initial: bool) -> Option<String> {
        let pages = &mut self.0.get_mut(&reqid)?.pages;
        let page = if pages.is_empty() {
            Vec::new()
        } else {
            pages.remove(0)
        };
        let mut fields = if initial {
            json!({"initial": true})
        } else {
            json!({"page": true})
        };
        if !pages.is_empty() {
            fields["next"] = "more".into();
        }
        self.message(reqid, &fields, &page.into())
    }

    fn named(&self, name: &str) -> Vec<u64> {
        let of = self.0.iter().filter(|(_, stream)| stream.name == name);
        of.map(|(reqid, _)| *reqid).collect()
    }
}

/// Serves one connection until it is dropped.
async fn serve(peer: &mut Peer, world: &mut World, calm: &AtomicBool) -> Option<()> {
    let mut subscriptions = Subscriptions::default();
    let mut delayed: Option<String> = None;
    loop {
        let faults = !calm.load(Ordering::SeqCst);
        let mut out = Vec::new();
        // Requests go first, and without one the world goes on.
        match timeout(Duration::from_micros(200), peer.socket.next()).await {
            Ok(None | Some(Err(_))) => return None,
            Ok(Some(Ok(Message::Text(text)))) => {
                let request: Value = serde_json::from_str(text.as_str()).unwrap();
                let reqid = request["reqid"].as_u64().unwrap();
                match request["type"].as_str().unwrap() {
                    "subscribe" => {
                        let element = &request["streams"][0];
                        let name = element["name"].as_str().unwrap().to_owned();
                        let start = element["StartDate"].as_str().unwrap_or("");
                        let records = world.snapshot(&name, start);
                        let pages = records.chunks(PAGE).map(<[Value]>::to_vec).collect();
                        let stream = Stream {
                            name,
                            sent: 0,
                            pages,
                        };
                        subscriptions.0.insert(reqid, stream);
                        out.extend(subscriptions.next_page(reqid, true));
                    }
                    "page" => out.extend(subscriptions.next_page(reqid, false)),
                    "cancel" => drop(subscriptions.0.remove(&reqid)),
                    "NewOrderSingle" => {
                        if faults && world.draw(20) == 0 {
                            return None;
                        }
                        let report = json!([world.place(&request["data"][0])]);
                        if faults && world.draw(20) == 0 {
                            return None;
                        }
                        for stream in ["ExecutionReport", "Order"] {
                            for reqid in subscriptions.named(stream) {
                                let fields = json!({"initial": false});
                                out.extend(subscriptions.message(reqid, &fields, &report));
                            }
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        if world.updates < UPDATES && subscriptions.0.len() >= 2 {
            for _ in 0..30 {
                world.updates += 1;
                let currency = format!("C{}", world.draw(CURRENCIES as u64));
                let amount = world.draw(1 << 40);
                let removes = world.draw(10) == 0;
                let data = json!([venue::balance(&currency, &amount.to_string())]);
                let fields = if removes {
                    world.balances.remove(&currency);
                    json!({"initial": false, "action": "Remove"})
                } else {
                    world.balances.insert(currency, amount);
                    json!({"initial": false, "action": "Update"})
                };
                for reqid in subscriptions.named("Balance") {
                    out.extend(subscriptions.message(reqid, &fields, &data));
                }
                world.price += 1;
                let data = json!([market(world.price)]);
                for reqid in subscriptions.named("MarketDataSnapshot") {
                    out.extend(subscriptions.message(reqid, &json!({"initial": false}), &data));
                }
            }
        } else if !faults {
            // What was left out last can only be seen by what follows.
            let all: Vec<u64> = subscriptions.0.keys().copied().collect();
            for reqid in all {
                let data = match subscriptions.0[&reqid].name.as_str() {
                    "MarketDataSnapshot" => json!([market(world.price)]),
                    _ => json!([]),
                };
                out.extend(subscriptions.message(reqid, &json!({"initial": false}), &data));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for text in out {
            let fault = if faults { world.draw(2000) } else { u64::MAX };
            // Answers to requests are delivered, or the connection goes: that one is left out
            // shows only in the next.
            let may_lack = text.contains(r#""initial":false"#)
                && !text.contains(r#""type":"ExecutionReport""#)
                && !text.contains(r#""type":"Order""#);
            match fault {
                4 | 7 if !may_lack => peer.socket.feed(Message::text(text)).await.ok()?,
                0..3 => return None,
                3 => {
                    // Half a frame.
                    peer.socket.flush().await.ok()?;
                    let _ = peer
                        .socket
                        .get_mut()
                        .write_all(b"\x81\x7e\x10\x00{\"req")
                        .await;
                    return None;
                }
                4 => {}
                5 => {
                    peer.socket.feed(Message::text(text.clone())).await.ok()?;
                    peer.socket.feed(Message::text(text)).await.ok()?;
                }
                6 => peer.socket.feed(Message::text("}garbage{")).await.ok()?,
                7 => delayed = Some(text),
                8 => {
                    let unknown = json!({"reqid": 1_u64 << 40, "type": "Novel", "data": [text]});
                    peer.socket
                        .feed(Message::text(unknown.to_string()))
                        .await
                        .ok()?;
                    peer.socket.feed(Message::text(text)).await.ok()?;
                }
                _ => {
                    peer.socket.feed(Message::text(text)).await.ok()?;
                    if let Some(late) = delayed.take() {
                        peer.socket.feed(Message::text(late)).await.ok()?;
                    }
                }
            }
        }
        peer.socket.flush().await.ok()?;
    }
}

async fn place(client: &Client) -> Result<String, kraken_prime::Error> {
    let placed = client
        .new_order()
        .symbol("BTC-USD")
        .side(Side::Buy)
        .quantity(Decimal::ONE)
        .limit(Decimal::ONE, TimeInForce::GoodTillCancel)
        .send()
        .await?;
    Ok(placed.cl_ord_id().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_and_orders_survive_everything() {
    let venue = Arc::new(Venue::open().await);
    let calm = Arc::new(AtomicBool::new(false));
    let drops = Arc::new(AtomicUsize::new(0));
    let (asks, mut asked) = tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<Value>>(1);
    let server = {
        let (venue, calm, drops) = (Arc::clone(&venue), Arc::clone(&calm), Arc::clone(&drops));
        tokio::spawn(async move {
            let mut world = World {
                random: 7,
                balances: BTreeMap::new(),
                price: 1,
                reports: Vec::new(),
                received: BTreeMap::new(),
                last_micros: 0,
                updates: 0,
                drops: 0,
            };
            loop {
                let Some(mut peer) = venue.accept_signed_at_now().await else {
                    continue;
                };
                tokio::select! {
                    _ = serve(&mut peer, &mut world, &calm) => {}
                    Some(answer) = asked.recv() => {
                        let state = json!({
                            "balances": world.balances, "market": market(world.price),
                            "orders": world.snapshot("Order", ""), "received": world.received,
                            "updates": world.updates,
                        });
                        // Whoever asked waits.
                        let _ = answer.send(state);
                    }
                }
                world.drops += 1;
                drops.store(world.drops, Ordering::SeqCst);
            }
        })
    };
    let state = async || {
        let (answer, answered) = tokio::sync::oneshot::channel();
        asks.send(answer).await.unwrap();
        answered.await.unwrap()
    };

    let client = venue.client().connect().await.unwrap();
    let balances = client.balances().view().await.unwrap();
    let market_data = client.market_data("BTC-USD").view().await.unwrap();
    let orders = client.orders().view().await.unwrap();

    let mut placed = Vec::new();
    let mut not_executed = 0;
    for _ in 0..ORDERS {
        match place(&client).await {
            Ok(id) => placed.push(id),
            Err(error) => {
                assert_eq!(error.outcome(), Outcome::NotExecuted, "{error}");
                not_executed += 1;
                // It may be a while until there is a connection again.
                let _ = timeout(Duration::from_secs(5), client.online()).await;
            }
        }
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while state().await["updates"].as_u64().unwrap() < UPDATES as u64 {
        let now = state().await["updates"].to_string();
        assert!(
            tokio::time::Instant::now() < deadline,
            "{now} {} {client:?} {balances:?} {orders:?}",
            drops.load(Ordering::SeqCst)
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    calm.store(true, Ordering::SeqCst);

    let world = state().await;
    let wanted: BTreeMap<String, String> = world["balances"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(currency, amount)| (currency.clone(), amount.to_string()))
        .collect();
    let matches = || {
        let held: BTreeMap<String, String> = balances.read(|records| {
            let pairs = records.iter();
            pairs
                .map(|(key, record)| (key.clone(), record.amount.to_string()))
                .collect()
        });
        let market = market_data
            .get("BTC-USD")
            .map(|market| serde_json::to_value(market).unwrap());
        let held_orders: Vec<Value> = orders
            .records()
            .iter()
            .map(|order| serde_json::to_value(order).unwrap()["OrderID"].clone())
            .collect();
        let mut wanted_orders: Vec<Value> = world["orders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["OrderID"].clone())
            .collect();
        wanted_orders.sort_by_key(ToString::to_string);
        balances.status().is_current()
            && orders.status().is_current()
            && held == wanted
            && market.as_ref() == Some(&world["market"])
            && held_orders == wanted_orders
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !matches() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{balances:?} {market_data:?} {orders:?}\n{:?}\n{wanted:?}\n{:?} {}\n{}",
            balances.read(|records| format!(
                "{:?}",
                records
                    .iter()
                    .map(|(k, v)| (k, v.amount))
                    .collect::<Vec<_>>()
            )),
            market_data.get("BTC-USD"),
            world["market"],
            world["orders"].as_array().unwrap().len(),
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let received = world["received"].as_object().unwrap();
    assert!(received.values().all(|times| times == 1), "{received:?}");
    // Every order of the venue's is one that the client knows to be placed, and the other way.
    assert_eq!(placed.len(), received.len());
    assert!(placed.iter().all(|id| received.contains_key(id)));
    assert_eq!(placed.len() + not_executed, ORDERS);
    assert!(drops.load(Ordering::SeqCst) >= 100);
    println!(
        "{UPDATES} updates, {} lost connections, {} orders placed, {not_executed} not executed",
        drops.load(Ordering::SeqCst),
        placed.len()
    );
    server.abort();
}
