//! What a call costs beyond the network: `cargo bench -p kraken-spot`.
//!
//! A venue on loopback, in a thread of its own, answers with fixed bytes. The client runs in the
//! thread that is measured, and what is measured is that thread's time on the processor, so that
//! waiting does not count. The same bytes are sent with nothing but `reqwest`; the difference is
//! ours. Only Linux tells the time of a thread without unsafe code; elsewhere time goes by the
//! clock.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that can't be set up should stop"
)]

use std::{
    fs,
    hint::black_box,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use kraken_spot::{Client, PaceMode, auth::kraken, table, types};

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

/// The median of seven rounds.
fn measure(name: &str, calls: u32, mut round: impl FnMut(u32)) -> Duration {
    round(calls / 10 + 1);
    let mut rounds: Vec<Duration> = (0..7)
        .map(|_| {
            let start = processor_time();
            round(calls);
            processor_time().saturating_sub(start) / calls
        })
        .collect();
    rounds.sort();
    println!("{name:<58} {:>9.2?}", rounds[3]);
    rounds[3]
}

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let calls = if std::env::args().any(|argument| argument == "--bench") {
        2_000
    } else {
        20
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let secret =
        "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";

    println!("processor time of one call, client's thread\n");
    let url = venue(BALANCES.to_owned());
    let client = Client::builder()
        .base_url(&url)
        .api_key("key", secret)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .build()
        .unwrap();
    let bare = kraken_spot::http_client_builder().unwrap().build().unwrap();
    let balance_url = format!("{url}/0/private/Balance");
    let whole = measure("balances: the whole call", calls, |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                black_box(client.get_account_balance().send().await.unwrap());
            }
        });
    });
    let network = measure(
        "balances: the same bytes with reqwest alone",
        calls,
        |calls| {
            runtime.block_on(async {
                for _ in 0..calls {
                    let answer = bare
                        .post(&balance_url)
                        .header("api-key", "key")
                        .header("api-sign", "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8")
                        .header("content-type", "application/json")
                        .body(r#"{"nonce":1616492376594000000}"#)
                        .send()
                        .await
                        .unwrap();
                    black_box(answer.bytes().await.unwrap());
                }
            });
        },
    );
    println!(
        "{:<58} {:>9.2?}\n",
        "balances: beyond the network",
        whole.saturating_sub(network)
    );

    println!("of which\n");
    let credentials = kraken_spot::Credentials::new("key", secret).unwrap();
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
