//! How many messages per second reach the user, as a share of what bare tungstenite and
//! `serde_json` reach on the same frames in the same run.
//!
//! ```text
//! cargo bench -p kraken-prime
//! ```
//!
//! A thread sends frames made beforehand as fast as the socket takes them; each client runs on a
//! runtime with one thread. Clients take turns, and the best of several rounds counts, since
//! whatever else the machine does can only slow a round down.
//!
//! Bare there are two: one reads into structs with texts for amounts and times, the other also
//! makes decimals of the amounts, which is the least a program needs that computes with them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a measurement"
)]

use std::io::Write as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use futures_util::sink::SinkExt as _;
use futures_util::stream::StreamExt as _;
use kraken_prime::ws::QueueLimits;
use kraken_prime::{Client, Decimal, Event, Subscription, Topic};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio_tungstenite::tungstenite::{self, Message};

const FRAMES: usize = 60_000;
const ROUNDS: usize = 7;

fn balance_frame(number: usize) -> String {
    let records: Vec<String> = ["USD", "BTC", "ETH", "SOL"]
        .iter()
        .map(|currency| {
            format!(
                r#"{{"Currency":"{currency}","Amount":"{number}.77953598","AvailableAmount":"{number}.77953598","Equivalent":{{"Currency":"USD","Amount":"{number}.78","AvailableAmount":"{number}.78"}}}}"#
            )
        })
        .collect();
    frame("Balance", number, &records.join(","))
}

fn market_frame(number: usize) -> String {
    let side = |from: usize| {
        let levels: Vec<String> = (0..10)
            .map(|level| {
                format!(
                    r#"{{"Price":"{}.{level}","Size":"{level}.50000000"}}"#,
                    from + number % 1000
                )
            })
            .collect();
        levels.join(",")
    };
    let record = format!(
        r#"{{"Timestamp":"2026-06-17T11:47:35.340139Z","Symbol":"BTC-USD","Status":"Online","Bids":[{}],"Offers":[{}]}}"#,
        side(64_000),
        side(65_000)
    );
    frame("MarketDataSnapshot", number, &record)
}

fn frame(stream: &str, number: usize, data: &str) -> String {
    let initial = number == 1;
    format!(
        r#"{{"reqid":1,"type":"{stream}","ts":"2021-09-16T16:17:06.892914Z","initial":{initial},"seqNum":{number},"data":[{data}]}}"#
    )
}

/// The frames as they go over the wire.
fn on_the_wire(frame: impl Fn(usize) -> String) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 1..=FRAMES {
        let text = frame(number);
        bytes.push(0x81);
        let length = u16::try_from(text.len()).unwrap();
        assert!(length >= 126);
        bytes.push(126);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// Serves the frames to one client, after its request.
fn serve(listener: &TcpListener, bytes: &[u8]) {
    let (tcp, _) = listener.accept().unwrap();
    tcp.set_nodelay(true).unwrap();
    let mut socket = tungstenite::accept(tcp).unwrap();
    let hello = r#"{"type":"hello","ts":"2019-02-13T05:17:32.000000Z","session_id":"S1"}"#;
    socket.send(Message::text(hello)).unwrap();
    socket.read().unwrap();
    socket.get_mut().write_all(bytes).unwrap();
    // Until the client goes.
    while socket.read().is_ok() {}
}

fn timed(bytes: &[u8], client: impl AsyncFnOnce(String) -> Duration) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::scope(|scope| {
        scope.spawn(|| serve(&listener, bytes));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(client(address))
    })
}

async fn ours<T: Topic>(
    address: String,
    subscribe: impl AsyncFnOnce(&Client) -> Subscription<T>,
) -> Duration {
    let client = Client::builder()
        .url(format!("ws://{address}/ws/v1"))
        .api_key("key", "secret")
        .queue(QueueLimits {
            messages: FRAMES,
            bytes: usize::MAX,
        })
        .connect()
        .await
        .unwrap();
    let start = Instant::now();
    let mut stream = subscribe(&client).await;
    for _ in 0..FRAMES {
        match stream.next().await {
            Some(Ok(Event::Message(message))) => assert!(!message.data.is_empty()),
            other => panic!("{other:?}"),
        }
    }
    start.elapsed()
}

async fn bare<R: DeserializeOwned>(address: String) -> Duration {
    let tcp = tokio::net::TcpStream::connect(&address).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{address}/ws/v1"), tcp)
        .await
        .unwrap();
    socket.next().await.unwrap().unwrap();
    let start = Instant::now();
    let request = r#"{"reqid":1,"type":"subscribe","streams":[{"name":"x"}]}"#;
    socket.send(Message::text(request)).await.unwrap();
    for _ in 0..FRAMES {
        let message = socket.next().await.unwrap().unwrap();
        let Message::Text(text) = message else {
            panic!("{message:?}")
        };
        let message: Envelope<R> = serde_json::from_str(text.as_str()).unwrap();
        assert!(message.reqid == 1 && !message.data.is_empty());
        std::hint::black_box(message);
    }
    start.elapsed()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read to measure reading")]
struct Envelope<R> {
    reqid: u64,
    r#type: String,
    ts: String,
    initial: Option<bool>,
    seq_num: u64,
    data: Vec<R>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read to measure reading")]
struct BareBalance<A> {
    currency: String,
    amount: A,
    available_amount: A,
    equivalent: Option<BareEquivalent<A>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read to measure reading")]
struct BareEquivalent<A> {
    currency: String,
    amount: A,
    available_amount: A,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read to measure reading")]
struct BareMarket<A> {
    timestamp: String,
    symbol: String,
    status: String,
    bids: Vec<BareLevel<A>>,
    offers: Vec<BareLevel<A>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "read to measure reading")]
struct BareLevel<A> {
    price: A,
    size: A,
}

/// A decimal by the crate's own means.
#[expect(dead_code, reason = "read to measure reading")]
struct Amount(Decimal);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

fn measure<T: Topic, Texts: DeserializeOwned, Decimals: DeserializeOwned>(
    frame: impl Fn(usize) -> String,
    subscribe: &impl AsyncFn(&Client) -> Subscription<T>,
) {
    let bytes = on_the_wire(frame);
    let mut best = [Duration::MAX; 4];
    for _ in 0..ROUNDS {
        let times = [
            timed(&bytes, async |address| ours(address, subscribe).await),
            timed(&bytes, bare::<Texts>),
            timed(&bytes, bare::<Decimals>),
            timed(&bytes, bare::<serde_json::Value>),
        ];
        for (best, time) in best.iter_mut().zip(times) {
            *best = time.min(*best);
        }
    }
    let frames = u32::try_from(FRAMES).unwrap();
    let rate = |time: Duration| f64::from(frames) / time.as_secs_f64();
    let [ours, texts, decimals, values] = best.map(rate);
    let size = bytes.len() / FRAMES;
    println!("{}, {size} bytes a message", T::NAME);
    println!("  kraken-prime              {ours:>10.0} messages/s");
    for (what, bare) in [
        ("bare, structs of texts   ", texts),
        ("bare, structs of decimals", decimals),
        ("bare, serde_json::Value  ", values),
    ] {
        println!("  {what} {bare:>10.0} messages/s, share {:.2}", ours / bare);
    }
}

fn main() {
    measure::<_, BareBalance<String>, BareBalance<Amount>>(
        balance_frame,
        &async |client: &Client| {
            client
                .balances()
                .equivalent("USD")
                .subscribe()
                .await
                .unwrap()
        },
    );
    measure::<_, BareMarket<String>, BareMarket<Amount>>(market_frame, &async |client: &Client| {
        client.market_data("BTC-USD").subscribe().await.unwrap()
    });
}
