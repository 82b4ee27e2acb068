//! Nonsense sent to the simulated Prime's WebSocket.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use exchange_sim::{Credentials, PrimeHandle, Sim};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sha2::Sha256;
use workspace_tests::root;

use crate::socket::{BINARY, CLOSE, CONTINUATION, Came, LAST, PING, Socket, TEXT, frame};
use crate::{Effort, dice};

/// What a client can say.
const KINDS: [&str; 11] = [
    "subscribe",
    "page",
    "cancel",
    "Ping",
    "NewOrderSingle",
    "OrderCancelRequest",
    "OrderCancelReplaceRequest",
    "OrderControlRequest",
    "QuoteRequest",
    "QuoteCancelRequest",
    "UserConfig",
];

/// The largest message that the venue reads, in bytes.
const LARGEST: usize = 1 << 20;

/// What pings carry: as much as they may.
const PINGED: [u8; 125] = [0xa5; 125];

/// The vendor's samples of requests.
fn samples() -> Vec<Value> {
    let file = root().join("crates/kraken-prime/tests/samples.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let all = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let is_request = |sample: &Value| {
        let kind = sample["type"].as_str();
        kind.is_some_and(|kind| KINDS.contains(&kind))
    };
    all.filter(is_request).collect()
}

/// The lines of a right upgrade.
fn upgrade(sim: &Sim, key: &Credentials) -> Vec<String> {
    let host = sim.prime().host();
    let time = sim.clock().now().rfc3339_microseconds();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.secret.as_bytes()).unwrap();
    mac.update(format!("GET\n{time}\n{host}\n/ws/v1").as_bytes());
    let signature = URL_SAFE.encode(mac.finalize().into_bytes());
    vec![
        "GET /ws/v1 HTTP/1.1".to_owned(),
        format!("Host: {host}"),
        "Connection: Upgrade".to_owned(),
        "Upgrade: websocket".to_owned(),
        "Sec-WebSocket-Version: 13".to_owned(),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==".to_owned(),
        format!("ApiKey: {}", key.key),
        format!("ApiTimestamp: {time}"),
        format!("ApiSign: {signature}"),
    ]
}

/// A client that was let in.
struct Client {
    socket: Socket,
    /// The number of its last Ping, far above those of its other requests.
    pings: i64,
}

impl Client {
    async fn new(sim: &Sim, key: &Credentials) -> Self {
        let mut socket = Socket::connect(sim.prime().host()).await;
        let head = format!("{}\r\n\r\n", upgrade(sim, key).join("\r\n"));
        assert!(socket.write(head.as_bytes()).await);
        let answer = socket.head().await;
        let shown = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with(b"HTTP/1.1 101 "), "{shown}");
        let mut client = Self {
            socket,
            pings: 4_000_000,
        };
        assert_eq!(client.message().await["type"], "hello");
        client
    }

    /// The next message, which must be one.
    async fn message(&mut self) -> Value {
        let text = loop {
            match self.socket.hear().await {
                Came::Text(text) => break text,
                Came::Pong(payload) => assert_eq!(payload, PINGED),
                other => panic!("{other:?}"),
            }
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        assert!(message["type"].is_string(), "{text}");
        if message["type"] == "error" {
            let code = message["error"]["code"].as_u64();
            assert!(code.is_some_and(|code| (1..=3).contains(&code)), "{text}");
            let why = message["error"]["msg"].as_str().unwrap();
            assert!((1..1_000).contains(&why.len()), "{text}");
        }
        message
    }

    async fn say(&mut self, message: &Value) {
        let frame = frame(LAST | TEXT, message.to_string().as_bytes());
        assert!(self.socket.write(&frame).await);
    }

    /// All that comes until what was said is dealt with.
    async fn answers(&mut self) -> Vec<Value> {
        self.pings += 1;
        let ping = json!({"reqid": self.pings, "type": "Ping", "data": [{}]});
        self.say(&ping).await;
        let mut answers = Vec::new();
        loop {
            let message = self.message().await;
            if message["type"] == "Pong" && message["reqid"] == self.pings {
                return answers;
            }
            answers.push(message);
        }
    }

    /// Reads on until the venue has hung up. The code, if there was a close frame with one.
    async fn end(&mut self) -> Option<u16> {
        let mut code = None;
        loop {
            match self.socket.hear().await {
                Came::Text(_) | Came::Pong(_) => assert_eq!(code, None, "after the close"),
                Came::Close(given) => code = given,
                Came::End => return code,
            }
        }
    }
}

/// JSON, or nearly, that something might stumble over.
fn odd_json(dice: &mut fastrand::Rng) -> String {
    let odd = [
        "null",
        "true",
        "0",
        "-0",
        "1.0",
        "-1",
        "1e400",
        "-1e-400",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551616",
        "NaN",
        "01",
        "\"\"",
        "\" \"",
        "\"0\"",
        "\"-1\"",
        "\"1e3\"",
        "\"NaN\"",
        "\"0.0000000000000000000000000001\"",
        "\"79228162514264337593543950335\"",
        "\"999999999999999\"",
        "\"NoSuchValue\"",
        "\"buy\"",
        "\"BTC-USD\"",
        "\"ETH-BTC\"",
        "\"USD\"",
        "\"9999-12-31T23:59:59.999999Z\"",
        "\"2019-02-30T00:00:00.000000Z\"",
        "\"99999999999h\"",
        "\"1ns\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\u{7f}é\u{2028}💣\"",
        "[]",
        "{}",
        "[null]",
        "[{}]",
        "[[]]",
        "{\"a\":{\"a\":[{\"a\":null}]}}",
    ];
    let times = dice.usize(1..6_000);
    match dice.u32(..30) {
        0 => "9".repeat(times),
        1 => format!("\"{}\"", "9".repeat(times)),
        2 => format!("\"{}\"", "é\\n".repeat(times)),
        3 => format!("{}{}", "[".repeat(times), "]".repeat(times)),
        4 => format!("{}1{}", "{\"a\":".repeat(times), "}".repeat(times)),
        5 => format!("[{}{{}}]", "{},".repeat(times % 300)),
        _ => odd[dice.usize(..odd.len())].to_owned(),
    }
}

/// The places of all objects in a message, as pointers.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(at.to_owned());
            for (name, value) in members {
                objects(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                objects(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Spoils a message a few times: a member goes, or is something else, or is there twice, or the
/// text is no JSON.
fn spoiled(mut message: Value, dice: &mut fastrand::Rng) -> String {
    /// Stands for what can't be a value.
    const HOLE: &str = "\"(hole)\"";
    let mut fillings = Vec::new();
    let mut doubled = None;
    for _ in 0..dice.u32(1..4) {
        let mut places = Vec::new();
        objects(&message, "", &mut places);
        let Some(place) = dice.choice(&places) else {
            break;
        };
        let members = message.pointer_mut(place).unwrap().as_object_mut().unwrap();
        let names: Vec<String> = members.keys().cloned().collect();
        let Some(name) = dice.choice(names) else {
            continue;
        };
        match dice.u32(..8) {
            0 | 1 => {
                members.remove(&name);
            }
            2 => {
                members.insert(odd_json(dice), json!("a member nobody knows"));
            }
            3 => doubled = Some(name),
            _ => {
                members.insert(name, serde_json::from_str(HOLE).unwrap());
                fillings.push(odd_json(dice));
            }
        }
    }
    let mut text = message.to_string();
    for filling in fillings {
        text = text.replacen(HOLE, &filling, 1);
    }
    if let Some(name) = doubled {
        text = text.replacen(
            &format!("\"{name}\":"),
            &format!("\"{name}\":{},\"{name}\":", odd_json(dice)),
            1,
        );
    }
    if dice.u32(..8) == 0 {
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..dice.u32(1..4) {
            let place = dice.usize(..=characters.len());
            match dice.u32(..3) {
                0 => characters.truncate(place),
                1 => characters.insert(place, dice.char(..)),
                _ => drop(characters.drain(place..(place + 3).min(characters.len()))),
            }
        }
        text = characters.into_iter().collect();
    }
    text
}

/// What a client has heard that it can refer to.
#[derive(Default)]
struct Known {
    /// The values of `next`, and the numbers and streams they came with.
    pages: Vec<Value>,
    /// Records of quotes.
    quotes: Vec<Value>,
    /// The numbers of subscriptions.
    live: Vec<Value>,
}

impl Known {
    fn learn(&mut self, message: &Value) {
        if message["next"].is_string() {
            let streams = json!([{"name": message["type"], "after": message["next"]}]);
            self.pages
                .push(json!({"reqid": message["reqid"], "type": "page", "streams": streams}));
        }
        if message["initial"] == true {
            self.live.push(message["reqid"].clone());
        }
        if message["type"] == "Quote" {
            let records = message["data"].as_array().unwrap();
            self.quotes.extend(records.iter().cloned());
        }
        let surplus = self.quotes.len().saturating_sub(50);
        self.quotes.drain(..surplus);
    }
}

/// Makes a sample fit what is there now, for it to get further in.
fn fitted(
    mut sample: Value,
    prime: &PrimeHandle,
    known: &Known,
    dice: &mut fastrand::Rng,
) -> Value {
    // Few enough to meet again.
    sample["reqid"] = json!(dice.i64(1..30));
    if sample["type"] == "page"
        && let Some(page) = dice.choice(&known.pages)
    {
        return page.clone();
    }
    if sample["type"] == "cancel"
        && let Some(live) = dice.choice(&known.live)
    {
        sample["reqid"] = live.clone();
    }
    let asked_for_quote = sample["type"] == "QuoteRequest";
    let quote = dice.choice(&known.quotes).cloned().unwrap_or_default();
    let orders = prime.open_orders();
    let order = dice.choice(&orders);
    let price = prime.price("BTC-USD").unwrap_or(Decimal::TEN);
    let asks = ["data", "streams"]
        .into_iter()
        .find(|name| sample[name].is_array());
    let Some(record) = asks.and_then(|name| sample[name].get_mut(0)) else {
        return sample;
    };
    let record = record.as_object_mut().unwrap();
    let fresh = format!("{:032x}", dice.u128(..));
    for (name, value) in record.iter_mut() {
        match name.as_str() {
            "ClOrdID" => *value = json!(fresh),
            "QuoteReqID" if asked_for_quote => *value = json!(fresh),
            "QuoteReqID" | "RFQID" | "QuoteID" => {
                if let Some(known) = quote.get(name) {
                    *value = known.clone();
                }
            }
            "OrderID" => {
                if let Some(order) = order {
                    *value = json!(order.order_id);
                }
            }
            "Price" => {
                let away = Decimal::new(dice.i64(-200..=200), 4);
                let price = (price * (Decimal::ONE + away)).round_dp(1);
                *value = json!(price.to_string());
            }
            "StartDate" if dice.bool() => *value = json!("2020-01-01T00:00:00.000000Z"),
            _ => {}
        }
    }
    sample
}

/// One that has been here from the start, and is to notice nothing.
struct Bystander {
    client: Client,
    asked: i64,
}

impl Bystander {
    async fn new(sim: &Sim) -> Self {
        let mut client = Client::new(sim, &sim.prime().viewer_credentials()).await;
        let subscribe = json!({"reqid": 1, "type": "subscribe", "streams": [{"name": "Balance"}]});
        client.say(&subscribe).await;
        assert_eq!(client.message().await["initial"], true);
        Self { client, asked: 1 }
    }

    /// It still hears each message in its turn.
    async fn check(&mut self) {
        for message in self.client.answers().await {
            self.asked += 1;
            assert_eq!(message["type"], "Balance");
            assert_eq!(message["seqNum"], self.asked);
        }
    }
}

/// A message in one frame, or in several with pings between them.
fn in_pieces(text: &str, dice: &mut fastrand::Rng) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut kind = TEXT;
    let mut bytes = Vec::new();
    while dice.u32(..3) == 0 {
        // Anywhere, even within a character.
        let (piece, others) = rest.split_at(dice.usize(..=rest.len()));
        bytes.extend(frame(kind, piece));
        if dice.bool() {
            bytes.extend(frame(LAST | PING, &PINGED));
        }
        (kind, rest) = (CONTINUATION, others);
    }
    bytes.extend(frame(LAST | kind, rest));
    bytes
}

/// Requests on a connection, some of them good, most of them spoiled. It stays open.
async fn odd_requests(sim: &Sim, samples: &[Value], dice: &mut fastrand::Rng) {
    let prime = sim.prime();
    let key = match dice.u32(..8) {
        0 => prime.viewer_credentials(),
        _ => prime.credentials(),
    };
    let mut client = Client::new(sim, &key).await;
    let mut known = Known::default();
    if dice.bool() {
        // What is asked for and canceled later.
        let streams = json!([{"name": "Quote"}]);
        let subscribe = json!({"reqid": 100, "type": "subscribe", "streams": streams});
        client.say(&subscribe).await;
    }
    for _ in 0..dice.u32(1..12) {
        for _ in 0..dice.u32(1..5) {
            let subscribes = dice.bool();
            let alike = |sample: &&Value| (sample["type"] == "subscribe") == subscribes;
            let alike: Vec<&Value> = samples.iter().filter(alike).collect();
            let sample = alike[dice.usize(..alike.len())].clone();
            let fitted = fitted(sample, prime, &known, dice);
            let text = match dice.u32(..3) {
                0 => fitted.to_string(),
                _ => spoiled(fitted, dice),
            };
            let bytes = in_pieces(&text, dice);
            let (now, later) = bytes.split_at(dice.usize(..=bytes.len()));
            assert!(client.socket.write(now).await, "{text}");
            tokio::task::yield_now().await;
            assert!(client.socket.write(later).await, "{text}");
        }
        for answer in client.answers().await {
            known.learn(&answer);
        }
    }
    if dice.bool() {
        assert!(
            client
                .socket
                .write(&frame(LAST | CLOSE, &[0x03, 0xe8]))
                .await
        );
        assert_eq!(client.end().await, Some(1000));
    }
}

/// What no client may send, and the code that it is closed with.
fn foul(dice: &mut fastrand::Rng) -> (Vec<u8>, u16) {
    let text = br#"{"reqid":1,"type":"Ping","data":[{}]}"#;
    let pieces = |pieces: &[Vec<u8>]| pieces.concat();
    let announced = |length: u64| {
        let mut frame = vec![LAST | TEXT, 0x80 | 127];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 40]);
        frame
    };
    match dice.u32(..13) {
        0 => (frame(LAST | dice.u8(3..8), text), 1002),
        1 => (frame(LAST | dice.u8(11..16), text), 1002),
        // Bits that nothing was agreed on for.
        2 => (frame(LAST | TEXT | dice.u8(1..8) << 4, text), 1002),
        3 => (frame(LAST | PING, &[0; 126]), 1002),
        4 => (frame(PING, b"in pieces"), 1002),
        5 => (frame(LAST | CONTINUATION, text), 1002),
        6 => (pieces(&[frame(TEXT, b"{"), frame(LAST | TEXT, text)]), 1002),
        // Not masked.
        7 => (pieces(&[vec![LAST | TEXT, 37], text.to_vec()]), 1002),
        8 => (frame(LAST | TEXT, b"{\"\xc3\x28\":1}"), 1007),
        9 => {
            let cut_off = [frame(TEXT, b"\"\xf0\x9f"), frame(LAST | CONTINUATION, b"")];
            (pieces(&cut_off), 1007)
        }
        10 => (frame(LAST | BINARY, text), 1003),
        11 => {
            let beyond = LARGEST as u64 + 1;
            let lengths = [beyond, u64::from(u32::MAX), u64::MAX >> 1, u64::MAX];
            (announced(lengths[dice.usize(..lengths.len())]), 1009)
        }
        _ => {
            let half = vec![b' '; LARGEST / 2 + 1];
            let whole = [frame(TEXT, &half), frame(LAST | CONTINUATION, &half)];
            (pieces(&whole), 1009)
        }
    }
}

/// Ends that are not in order. The venue hangs up.
async fn odd_end(sim: &Sim, dice: &mut fastrand::Rng) {
    let mut client = Client::new(sim, &sim.prime().credentials()).await;
    let whole = br#"{"reqid":1,"type":"subscribe","streams":[{"name":"Security"}]}"#;
    match dice.u32(..5) {
        0 => {
            let (bytes, code) = foul(dice);
            client.socket.write(&bytes).await;
            assert_eq!(
                client.end().await,
                Some(code),
                "{:?}",
                &bytes[..bytes.len().min(99)]
            );
        }
        1 => {
            let codes = [
                0, 1, 999, 1000, 1004, 1005, 1006, 1012, 1015, 2999, 3000, 4999, 5000,
            ];
            let code: u16 = match dice.u32(..3) {
                0 => dice.u16(..),
                _ => codes[dice.usize(..codes.len())],
            };
            let mut payload = code.to_be_bytes().to_vec();
            match dice.u32(..4) {
                0 => payload.truncate(dice.usize(..2)),
                1 => payload.extend([b'x'; 123]),
                2 => payload.extend(b"\xff\xfe"),
                _ => {}
            }
            client.socket.write(&frame(LAST | CLOSE, &payload)).await;
            client.end().await;
        }
        2 => {
            // Half a message, and then nothing more.
            let bytes = in_pieces(&String::from_utf8_lossy(whole), dice);
            client
                .socket
                .write(&bytes[..dice.usize(1..bytes.len())])
                .await;
            if dice.bool() {
                client.socket.finish().await;
                client.end().await;
            }
        }
        3 => {
            let mut bytes = in_pieces(&String::from_utf8_lossy(whole), dice);
            for _ in 0..dice.u32(1..5) {
                let place = dice.usize(..bytes.len());
                match dice.u32(..3) {
                    0 => bytes[place] = dice.u8(..),
                    1 => bytes.insert(place, dice.u8(..)),
                    _ => bytes.truncate(place.max(1)),
                }
            }
            client.socket.write(&bytes).await;
            client.socket.finish().await;
            client.end().await;
        }
        // Gone with much that was never read.
        _ => {
            for _ in 0..20 {
                client.socket.write(&frame(LAST | TEXT, whole)).await;
            }
        }
    }
}

/// An upgrade that is not as it should be. Whether it was accepted.
async fn odd_upgrade(sim: &Sim, dice: &mut fastrand::Rng) -> bool {
    let lines = upgrade(sim, &sim.prime().credentials());
    let mut lines: Vec<Vec<u8>> = lines.into_iter().map(String::into_bytes).collect();
    for _ in 0..dice.u32(..3) {
        let place = dice.usize(..lines.len());
        let line = lines[place].clone();
        let name: Vec<u8> = line
            .iter()
            .copied()
            .take_while(|byte| *byte != b':')
            .collect();
        let long = b"x".repeat(dice.usize(1..50_000));
        let other: &[u8] = match dice.u32(..7) {
            0 => b"",
            1 => b"\xc3\xa9\xff",
            2 => b"\0",
            3 => b"websocket, Upgrade, 13",
            4 => b"h2c",
            5 => b"2019-02-13T05:17:32.000000Z",
            _ => &long,
        };
        let other = [&name, b": ".as_slice(), other].concat();
        match dice.u32(..9) {
            0 | 1 => drop(lines.remove(place)),
            2 => lines.insert(place, line),
            3 => lines.insert(place, other),
            4 => lines.push(other),
            5 => lines[place] = other,
            6 => lines[place] = line.to_ascii_uppercase(),
            7 => {
                let byte = dice.usize(..line.len());
                lines[place][byte] = dice.u8(..);
            }
            _ => {
                let many = (0..dice.u32(..300)).map(|number| format!("x-{number}: y").into_bytes());
                lines.extend(many);
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    let starts = [
        "POST /ws/v1 HTTP/1.1",
        "GET /ws/v1?x=1 HTTP/1.1",
        "GET /ws/v2 HTTP/1.1",
        "GET http://example.org/ws/v1 HTTP/1.1",
        "GET /ws/v1 HTTP/1.0",
        "GET /ws/v1 HTTP/2.0",
        "PRI * HTTP/2.0",
    ];
    if dice.u32(..6) == 0 && !lines.is_empty() {
        lines[0] = starts[dice.usize(..starts.len())].as_bytes().to_vec();
    }
    let mut bytes = lines.join(b"\r\n".as_slice());
    bytes.extend(b"\r\n\r\n");
    if dice.u32(..8) == 0 {
        bytes.truncate(dice.usize(..bytes.len()));
    }
    // Not everybody waits for the answer.
    if dice.bool() {
        bytes.extend(frame(
            LAST | TEXT,
            br#"{"reqid":1,"type":"Ping","data":[{}]}"#,
        ));
    }
    let mut socket = Socket::connect(sim.prime().host()).await;
    socket.write(&bytes).await;
    socket.finish().await;
    let answer = socket.head().await;
    let shown = String::from_utf8_lossy(&answer);
    if answer.is_empty() {
        return false;
    }
    let status = shown
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5));
    let status: u16 = status.and_then(|status| status.parse().ok()).unwrap();
    assert!(
        [101, 400, 401, 404, 405, 426, 431, 505].contains(&status),
        "{shown}"
    );
    if status != 101 {
        return false;
    }
    let hello = socket.hear().await;
    assert!(
        matches!(&hello, Came::Text(text) if text.contains(r#""type":"hello""#)),
        "{hello:?} after {:?}",
        String::from_utf8_lossy(&bytes)
    );
    true
}

/// The memory of this process, in bytes, where the system tells it.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[tokio::test]
async fn nothing_on_the_wire_harms_prime_or_those_who_are_connected() {
    let dice = &mut dice();
    // Small pages, so that there are some to be asked for.
    let sim = Sim::builder().journal(100).prime_page(7);
    let sim = sim.start().await.unwrap();
    let prime = sim.prime();
    let samples = samples();
    let mut bystander = Bystander::new(&sim).await;
    let mut effort = Effort::new(300);
    let mut upgraded = 0;
    let mut accepted = BTreeSet::new();
    let mut refused = BTreeSet::new();
    while effort.goes_on() {
        match dice.u32(..4) {
            0 => upgraded += u32::from(odd_upgrade(&sim, dice).await),
            1 => odd_end(&sim, dice).await,
            _ => odd_requests(&sim, &samples, dice).await,
        }
        bystander.check().await;
        for received in sim.received() {
            if received.method == "WS" && received.refused.is_none() {
                accepted.insert(received.operation);
            } else if received.method == "WS" {
                refused.insert(received.operation);
            }
        }
        for (currency, total) in prime.totals() {
            assert!(total.is_zero(), "{total} {currency}");
        }
        if dice.u32(..10) == 0 {
            sim.clock().advance(Duration::from_secs(dice.u64(..10_000)));
            // Neither poverty nor wealth is to keep orders from being accepted.
            for (currency, amount) in [("USD", 1_000_000), ("BTC", 100), ("ETH", 1_000)] {
                assert!(prime.set_balance(currency, Decimal::from(amount)));
            }
        }
    }
    let (rounds, orders) = (effort.done, prime.orders().len());
    println!(
        "{rounds} rounds, {upgraded} upgrades, {orders} orders, memory {:?}",
        memory()
    );
    // What is kept of the past has its bounds: it was 45 MB, and 110 MB after three minutes.
    assert!(memory().is_none_or(|bytes| bytes < 300_000_000));
    // Else this would be no test of anything behind the door.
    assert!(upgraded > 0);
    for kind in KINDS {
        assert!(accepted.contains(kind), "{kind} was never accepted");
        assert!(refused.contains(kind), "{kind} was never refused");
    }
    assert!(!prime.trades().is_empty());
}
