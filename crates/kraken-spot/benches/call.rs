//! What a call costs beyond the network: `cargo bench -p kraken-spot`.
//!
//! A venue on loopback, in a thread of its own, answers with fixed bytes. The client runs in the
//! thread that is measured, and what is measured is that thread's time on the processor, so that
//! waiting does not count. The same bytes are sent with nothing but `reqwest`; the difference is
//! ours. What each layer adds on top of the one below it is told, too. Only Linux tells the time
//! of a thread without unsafe code; elsewhere time goes by the clock.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that can't be set up should stop"
)]

use std::{
    fs,
    hint::black_box,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use exchange_transport::{
    Answered, Call, Engine, EngineConfig, Error, Operation, PaceMode, Prepared, RawAnswer,
    Transport, TransportConfig, Venue,
};
use http::header::{HeaderMap, HeaderValue};
use kraken_core::pace::{KrakenPacer, Limits};
use kraken_spot::{Client, ClockNonce, auth::kraken, table, types};

/// 100 levels a side, as the venue sends them.
fn order_book() -> String {
    let levels = |from: u32| -> String {
        (0..100)
            .map(|level| {
                format!(
                    r#"["{}.10000","1.{level:03}",17010234{level:02}]"#,
                    from + level
                )
            })
            .collect::<Vec<_>>()
            .join(",")
    };
    format!(
        r#"{{"error":[],"result":{{"XXBTZUSD":{{"asks":[{}],"bids":[{}]}}}}}}"#,
        levels(37_221),
        levels(37_000)
    )
}

const BALANCES: &str = r#"{"error":[],"result":{"ZUSD":"171288.6158","ZEUR":"504861.8946","XXBT":"1011.1908877900","XETH":"818.5500000000","USDT":"500000.00000000","DAI":"9999.9999999999","DOT":"2.5000000000","ETH2.S":"198.3970800000","ETH2":"2.5885574330","USD.M":"1213029.2780"}}"#;

/// Answers every request on every connection with the same body.
fn venue(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        for stream in listener.incoming() {
            let answer = answer.clone();
            thread::spawn(move || serve(stream.unwrap(), answer.as_bytes()));
        }
    });
    url
}

fn serve(mut stream: TcpStream, answer: &[u8]) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = [0; 16 * 1024];
    // A request of this benchmark arrives in one piece.
    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

/// Time this thread has spent on a processor.
fn processor_time() -> Duration {
    fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .map_or_else(
            || {
                static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
                START.elapsed()
            },
            Duration::from_nanos,
        )
}

/// Makes so many calls.
type Round<'a> = Box<dyn FnMut(u32) + 'a>;

/// The median of several rounds for each; they take turns, so that a machine that gets slower or
/// faster does so for all.
fn measure_together(calls: u32, ways: &mut [(&str, Round<'_>)]) -> Vec<Duration> {
    const ROUNDS: usize = 15;
    let mut times = vec![Vec::new(); ways.len()];
    for (_, round) in ways.iter_mut() {
        round(calls / 10 + 1);
    }
    for _ in 0..ROUNDS {
        for ((_, round), times) in ways.iter_mut().zip(&mut times) {
            let start = processor_time();
            round(calls);
            times.push(processor_time().saturating_sub(start) / calls);
        }
    }
    for ((name, _), times) in ways.iter().zip(&mut times) {
        times.sort();
        println!("{name:<58} {:>9.2?}", times[ROUNDS / 2]);
    }
    times.iter().map(|times| times[ROUNDS / 2]).collect()
}

fn measure(name: &str, calls: u32, round: impl FnMut(u32)) {
    measure_together(calls, &mut [(name, Box::new(round))]);
}

/// Sends the same bytes each time and takes any answer: what is left of a call is the engine.
struct Fixed;

fn prepared() -> Prepared {
    let mut headers = HeaderMap::new();
    headers.insert("api-key", HeaderValue::from_static("key"));
    headers.insert("api-sign", HeaderValue::from_static(SIGNATURE));
    Prepared {
        method: http::Method::POST,
        path_and_query: "/0/private/Balance".to_owned(),
        headers,
        body: Bytes::from_static(BODY.as_bytes()),
        content_type: Some("application/json"),
    }
}

impl Venue for Fixed {
    fn prepare(&self, _: &Call, _: String, _: Option<u64>) -> Result<Prepared, Error> {
        Ok(prepared())
    }

    fn read(&self, operation: &'static Operation, raw: RawAnswer) -> Result<Answered, Error> {
        Ok(Answered {
            operation,
            value: Some(raw.body.clone()),
            warnings: Vec::new(),
            status: raw.status.as_u16(),
            attempts: 1,
            body: raw.body,
        })
    }
}

const BODY: &str = r#"{"nonce":1616492376594000000}"#;
const SIGNATURE: &str =
    "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==";
const SECRET: &str =
    "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";

/// An engine; with a model of the rate limits that counts and never waits, or with none.
fn engine(url: &str, counts: bool) -> Engine {
    let pacer = counts.then(|| Arc::new(KrakenPacer::new(&Limits::default()).unwrap()) as _);
    let config = EngineConfig {
        pacer,
        pace_reads: PaceMode::Report,
        ..EngineConfig::new(url)
    };
    let engine = Engine::new(config).unwrap();
    engine.with_key("key", Arc::new(ClockNonce)).unwrap()
}

fn network(calls: u32) {
    let runtime = &tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let url = &venue(BALANCES.to_owned());
    let bare = kraken_spot::http_client_builder().unwrap().build().unwrap();
    let balance_url = format!("{url}/0/private/Balance");
    let transport = Transport::new(TransportConfig::new(url)).unwrap();
    let (plain, counting) = (engine(url, false), engine(url, true));
    let client = Client::builder()
        .base_url(url)
        .api_key("key", SECRET)
        .pace_modes(PaceMode::Report, PaceMode::Report)
        .build()
        .unwrap();
    let run = |engine: &Engine, calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                let call = Call::new(&table::GET_ACCOUNT_BALANCE);
                black_box(engine.run(&Fixed, &call, None).await.unwrap());
            }
        });
    };
    let times = measure_together(
        calls,
        &mut [
            (
                "balances: the same bytes with reqwest alone",
                Box::new(|calls| {
                    runtime.block_on(async {
                        for _ in 0..calls {
                            let answer = bare
                                .post(&balance_url)
                                .header("api-key", "key")
                                .header("api-sign", SIGNATURE)
                                .header("content-type", "application/json")
                                .body(BODY)
                                .send()
                                .await
                                .unwrap();
                            black_box(answer.bytes().await.unwrap());
                        }
                    });
                }),
            ),
            (
                "… with the transport: address, headers, time limits, size",
                Box::new(|calls| {
                    runtime.block_on(async {
                        for _ in 0..calls {
                            black_box(transport.execute(prepared()).await.unwrap());
                        }
                    });
                }),
            ),
            (
                "… and the engine: queue, nonce, timers, spans",
                Box::new(|calls| run(&plain, calls)),
            ),
            (
                "… and the model of the rate limits",
                Box::new(|calls| run(&counting, calls)),
            ),
            (
                "the whole call: signed and decoded, too",
                Box::new(|calls| {
                    runtime.block_on(async {
                        for _ in 0..calls {
                            black_box(client.get_account_balance().send().await.unwrap());
                        }
                    });
                }),
            ),
        ],
    );
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let whole = micros(times[4]) - micros(times[0]);
    println!("\nbeyond reqwest {whole:.2} µs, by the layer\n");
    let layers = [
        "transport, in place of a request built by hand",
        "engine",
        "model of the rate limits",
        "building, signing, decoding",
    ];
    for (name, layer) in layers.iter().zip(times.windows(2)) {
        let share = micros(layer[1]) - micros(layer[0]);
        println!("{name:<58} {share:>7.2}µs");
    }
}

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let calls = if std::env::args().any(|argument| argument == "--bench") {
        2_000
    } else {
        20
    };
    println!("processor time of one call, client's thread\n");
    network(calls);

    println!("\nalone\n");
    let credentials = kraken_spot::Credentials::new("key", SECRET).unwrap();
    measure("sign: nonce, body and HMAC-SHA512", calls * 10, |calls| {
        for _ in 0..calls {
            let body = kraken::json_body(1_616_492_376_594_000_000, None, black_box("{}")).unwrap();
            black_box(kraken::sign(
                credentials.secret(),
                "/0/private/Balance",
                "1616492376594000000",
                body.as_bytes(),
            ));
        }
    });
    measure("decode: ten balances", calls * 10, |calls| {
        for _ in 0..calls {
            black_box(
                kraken_core::decode_answer::<
                    exchange_wire::AsDecimal<types::GetAccountBalanceResult>,
                >(&table::GET_ACCOUNT_BALANCE, black_box(BALANCES.as_bytes()))
                .unwrap(),
            );
        }
    });
    let book = order_book();
    measure("decode: an order book of 200 levels", calls, |calls| {
        for _ in 0..calls {
            black_box(
                kraken_core::decode_answer::<types::GetOrderBookResult>(
                    &table::GET_ORDER_BOOK,
                    black_box(book.as_bytes()),
                )
                .unwrap(),
            );
        }
    });
    measure(
        "the same book as serde_json::Value, numbers as floats",
        calls,
        |calls| {
            for _ in 0..calls {
                black_box(serde_json::from_slice::<serde_json::Value>(book.as_bytes()).unwrap());
            }
        },
    );
}
