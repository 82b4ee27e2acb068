//! 10,000 orders and 1,000,000 public reads in one run, and what memory they take.
//!
//! ```text
//! cargo bench -p exchange-sim
//! ```
//!
//! `SIM_LOAD_READS` sets another number of reads. The requests are plain HTTP, a hundred on their way
//! on one connection, so that little of the time is the client's.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::time::Instant;

use exchange_sim::{Credentials, Sim};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// So many requests are on their way at once.
const PIPELINE: u32 = 100;

/// Reads of all kinds, as a program that watches a market sends them.
const READS: [&str; 5] = [
    "/0/public/Time",
    "/0/public/Ticker?pair=XBTUSD",
    "/0/public/Depth?pair=XBTUSD&count=10",
    "/0/public/Spread?pair=XBTUSD",
    "/0/public/Trades?pair=XBTUSD&count=10",
];

struct Line {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Line {
    async fn to(url: &str) -> Self {
        let address = url.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let (reader, writer) = stream.into_split();
        let reader = BufReader::new(reader);
        Self { reader, writer }
    }

    /// Sends requests in one piece and returns the bodies.
    async fn exchange(&mut self, requests: &[String]) -> Vec<String> {
        let bytes = requests.concat();
        self.writer.write_all(bytes.as_bytes()).await.unwrap();
        let mut bodies = Vec::with_capacity(requests.len());
        for _ in requests {
            let mut length = 0;
            loop {
                let mut line = String::new();
                self.reader.read_line(&mut line).await.unwrap();
                let line = line.trim_end();
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            self.reader.read_exact(&mut body).await.unwrap();
            bodies.push(String::from_utf8(body).unwrap());
        }
        bodies
    }
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: sim\r\nuser-agent: load/1\r\n\r\n")
}

fn post(key: &Credentials, target: &str, nonce: u64, members: &str) -> String {
    let body = format!("{{\"nonce\":{nonce}{members}}}");
    let signature = support::sign(key, target, &nonce.to_string(), &body);
    format!(
        "POST {target} HTTP/1.1\r\nhost: sim\r\nuser-agent: load/1\r\ncontent-type: application/json\r\n\
         api-key: {}\r\napi-sign: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        key.key,
        body.len()
    )
}

/// Memory of this process in MiB; none where the system doesn't say.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

fn report(what: &str, count: u32, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    let mut line = format!("{count:>9} {what} in {seconds:6.1} s");
    let _ = write!(line, ", {:6.1} us each", seconds * 1e6 / f64::from(count));
    if let Some(mebibytes) = memory() {
        let _ = write!(line, ", then {mebibytes} MiB");
    }
    println!("{line}");
}

#[tokio::main]
async fn main() {
    let reads = std::env::var("SIM_LOAD_READS").map_or(1_000_000, |text| text.parse().unwrap());
    let start = Instant::now();
    let sim = Sim::builder().rate_limits(false).start().await.unwrap();
    report("start", 1, start);
    let key = sim.kraken().spot_credentials();
    let mut line = Line::to(sim.kraken().url()).await;

    let start = Instant::now();
    let mut nonce = 0;
    for _ in 0..10_000 / PIPELINE {
        let orders: Vec<String> = (0..PIPELINE)
            .map(|number| {
                nonce += 1;
                let side = if number % 2 == 0 { "buy" } else { "sell" };
                let members = format!(
                    ",\"pair\":\"XBTUSD\",\"ordertype\":\"market\",\"type\":\"{side}\",\"volume\":\"0.0001\""
                );
                post(&key, "/0/private/AddOrder", nonce, &members)
            })
            .collect();
        for body in line.exchange(&orders).await {
            assert!(body.contains("txid"), "{body}");
        }
    }
    report("orders that are filled", 10_000, start);

    let requests: Vec<String> = READS
        .iter()
        .cycle()
        .take(PIPELINE as usize)
        .map(|target| get(target))
        .collect();
    for part in 1..=4 {
        let start = Instant::now();
        for _ in 0..reads / 4 / PIPELINE {
            for body in line.exchange(&requests).await {
                assert!(body.starts_with("{\"error\":[],"), "{body}");
            }
        }
        report(&format!("reads, quarter {part}"), reads / 4, start);
    }
}
