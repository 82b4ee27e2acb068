//! Prime's WebSocket, as a plain client sees it: who gets in, what is said, and
//! the trouble that was ordered.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use exchange_sim::{
    Credentials, Fault, MessageFault, Moment, Often, PrimeKey, PrimeRole, PushFault, Sim,
};
use futures_util::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use ring::hmac;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const NOW: Moment = Moment::from_seconds(1_780_000_000);
const TIMESTAMP: &str = "2026-05-28T20:26:40.000000Z";
const PATIENCE: Duration = Duration::from_secs(20);

async fn sim() -> Sim {
    Sim::builder().frozen_at(NOW).start().await.unwrap()
}

fn sign(secret: &str, timestamp: &str, host: &str, path: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let text = ["GET", timestamp, host, path].join("\n");
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

/// The headers of a right upgrade.
fn signed(sim: &Sim, key: &Credentials, timestamp: &str) -> Vec<(&'static str, String)> {
    let signature = sign(&key.secret, timestamp, sim.prime().host(), "/ws/v1");
    vec![
        ("ApiKey", key.key.clone()),
        ("ApiTimestamp", timestamp.to_owned()),
        ("ApiSign", URL_SAFE.encode(signature)),
    ]
}

type Opened = Result<WebSocketStream<TcpStream>, Error>;

async fn open(sim: &Sim, path: &str, headers: &[(&'static str, String)]) -> Opened {
    let host = sim.prime().host();
    let mut request = format!("ws://{host}{path}").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(host).await.unwrap();
    let (socket, _) = timeout(PATIENCE, client_async(request, stream))
        .await
        .unwrap()?;
    Ok(socket)
}

/// The status and reason of a refused upgrade.
async fn refused(sim: &Sim, path: &str, headers: &[(&'static str, String)]) -> (u16, String) {
    match open(sim, path, headers).await {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            let why = body["error"].as_str().unwrap_or_default();
            (response.status().as_u16(), why.to_owned())
        }
        other => panic!("{other:?}"),
    }
}

/// What came.
#[derive(Debug)]
enum Came {
    Said(Value),
    Text(String),
    Pong,
    Close(u16, String),
    /// Without a close frame.
    End,
}

struct Client {
    socket: WebSocketStream<TcpStream>,
}

impl Client {
    /// Connected, without having read a thing.
    async fn silent(sim: &Sim, key: &Credentials) -> Self {
        let headers = signed(sim, key, TIMESTAMP);
        let socket = open(sim, "/ws/v1", &headers).await.unwrap();
        Self { socket }
    }

    /// Connected and greeted.
    async fn new(sim: &Sim) -> Self {
        Self::of(sim, &sim.prime().credentials()).await
    }

    async fn of(sim: &Sim, key: &Credentials) -> Self {
        let mut client = Self::silent(sim, key).await;
        assert_eq!(client.hear().await["type"], "hello");
        client
    }

    async fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string()).await;
    }

    async fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    async fn next(&mut self) -> Came {
        match timeout(PATIENCE, self.socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => {
                let text = text.as_str();
                serde_json::from_str(text).map_or_else(|_| Came::Text(text.to_owned()), Came::Said)
            }
            Some(Ok(Message::Pong(_))) => Came::Pong,
            Some(Ok(Message::Close(Some(frame)))) => {
                Came::Close(frame.code.into(), frame.reason.to_string())
            }
            Some(Ok(other)) => panic!("{other:?}"),
            Some(Err(_)) | None => Came::End,
        }
    }

    async fn hear(&mut self) -> Value {
        match self.next().await {
            Came::Said(message) => message,
            other => panic!("{other:?}"),
        }
    }

    async fn hears_no_more(&mut self) {
        let came = self.next().await;
        assert!(matches!(came, Came::End), "{came:?}");
    }

    /// Says something and hears what comes then.
    async fn ask(&mut self, message: &Value) -> Value {
        self.say(message).await;
        self.hear().await
    }

    /// The code and text of the error that a text is answered with.
    async fn error(&mut self, text: &str) -> (u64, String) {
        self.say_text(text).await;
        let answer = self.hear().await;
        assert_eq!(answer["type"], "error", "{answer}");
        let error = &answer["error"];
        let text = error["msg"].as_str().unwrap().to_owned();
        (error["code"].as_u64().unwrap(), text)
    }

    async fn is_alive(&mut self) {
        let answer = self.ask(&ping(999_999)).await;
        assert_eq!(answer["type"], "Pong", "{answer}");
    }

    async fn subscribe(&mut self, reqid: u64, stream: &str) -> Value {
        self.ask(&subscribe(reqid, stream)).await
    }
}

fn ping(reqid: u64) -> Value {
    json!({"reqid": reqid, "type": "Ping", "ts": TIMESTAMP, "data": [{"n": reqid}]})
}

fn subscribe(reqid: u64, stream: &str) -> Value {
    json!({"reqid": reqid, "type": "subscribe", "streams": [{"name": stream}]})
}

fn order(reqid: u64, id: &str) -> Value {
    json!({"reqid": reqid, "type": "NewOrderSingle", "data": [{
        "Symbol": "BTC-USD", "ClOrdID": id, "Side": "Buy", "TransactTime": TIMESTAMP,
        "OrderQty": "0.01", "OrdType": "Limit", "Price": "1000", "Currency": "BTC",
        "TimeInForce": "GoodTillCancel",
    }]})
}

#[tokio::test]
async fn a_signed_upgrade_is_greeted_and_every_connection_has_a_name() {
    let sim = sim().await;
    let mut names = Vec::new();
    for key in [sim.prime().credentials(), sim.prime().viewer_credentials()] {
        let mut client = Client::silent(&sim, &key).await;
        let hello = client.hear().await;
        let text = hello["session_id"].as_str().unwrap().to_owned();
        assert_eq!(text.len(), 13);
        let expected = json!({"type": "hello", "ts": TIMESTAMP, "session_id": text});
        assert_eq!(hello, expected);
        names.push(text);
    }
    assert_ne!(names[0], names[1]);
    let journal = sim.received();
    assert_eq!(journal.len(), 2);
    assert_eq!(journal[0].status, Some(101));
    let line = journal[0].to_string();
    assert!(
        line.ends_with("kraken-prime GET  upgrade: 101 accepted"),
        "{line}"
    );
}

#[tokio::test]
async fn an_upgrade_is_refused_for_what_is_wrong_with_it() {
    let sim = sim().await;
    let key = sim.prime().credentials();
    let right = signed(&sim, &key, TIMESTAMP);
    let with = |name: &str, value: &str| {
        let mut headers = right.clone();
        for header in &mut headers {
            if header.0 == name {
                header.1 = value.to_owned();
            }
        }
        headers
    };
    let host = sim.prime().host();
    let signature =
        |secret: &str, host: &str, path: &str| URL_SAFE.encode(sign(secret, TIMESTAMP, host, path));
    // A signature that is spelled otherwise in the other alphabet.
    let unlike = (0..1_000)
        .map(|micros| format!("2026-05-28T20:26:40.{micros:06}Z"))
        .find(|timestamp| {
            let signature = sign(&key.secret, timestamp, host, "/ws/v1");
            STANDARD.encode(&signature) != URL_SAFE.encode(&signature)
        })
        .unwrap();
    let standard = STANDARD.encode(sign(&key.secret, &unlike, host, "/ws/v1"));
    assert!(
        open(&sim, "/ws/v1", &signed(&sim, &key, &unlike))
            .await
            .is_ok()
    );
    let unpadded = right[2].1.trim_end_matches('=').to_owned();
    let mut wrong_alphabet = signed(&sim, &key, &unlike);
    wrong_alphabet[2].1 = standard;

    let stale = |seconds: &str| signed(&sim, &key, &format!("2026-05-28T20:{seconds}.000000Z"));
    assert!(open(&sim, "/ws/v1", &stale("26:10")).await.is_ok());
    assert!(open(&sim, "/ws/v1", &stale("27:10")).await.is_ok());
    for (headers, why) in [
        (Vec::new(), "missing ApiKey"),
        (right[..1].to_vec(), "missing ApiTimestamp"),
        (right[..2].to_vec(), "missing ApiSign"),
        (with("ApiKey", "NOBODY"), "unknown ApiKey"),
        (
            with("ApiSign", &signature("other", host, "/ws/v1")),
            "invalid ApiSign",
        ),
        (
            with("ApiSign", &signature(&key.secret, "127.0.0.1", "/ws/v1")),
            "invalid ApiSign",
        ),
        (
            with("ApiSign", &signature(&key.secret, host, "/ws/v1?a=b")),
            "invalid ApiSign",
        ),
        (with("ApiSign", &unpadded), "invalid ApiSign"),
        (wrong_alphabet, "invalid ApiSign"),
        (
            with("ApiTimestamp", "2026-05-28T20:26:40.000001Z"),
            "invalid ApiSign",
        ),
        (
            signed(&sim, &key, "2026-05-28T20:26:40Z"),
            "malformed ApiTimestamp",
        ),
        (
            signed(&sim, &key, "2026-05-28T20:26:40.000Z"),
            "malformed ApiTimestamp",
        ),
        (stale("26:09"), "stale ApiTimestamp"),
        (stale("27:11"), "stale ApiTimestamp"),
    ] {
        let refused = refused(&sim, "/ws/v1", &headers).await;
        assert_eq!(refused, (401, why.to_owned()), "{headers:?}");
        let noted = sim.received().pop().unwrap();
        assert_eq!(noted.operation, "upgrade");
        assert_eq!(
            (noted.status, noted.refused.as_deref()),
            (Some(401), Some(why))
        );
        assert!(!format!("{noted:?}").contains(&right[2].1));
    }
    assert_eq!(refused(&sim, "/ws/v2", &right).await.0, 404);
    assert_eq!(refused(&sim, "/", &right).await.0, 404);
    // The query is not signed.
    assert!(open(&sim, "/ws/v1?a=b", &right).await.is_ok());
}

#[tokio::test]
async fn what_is_no_handshake_is_told_what_to_do() {
    let sim = sim().await;
    let ask = |head: &'static str| {
        let host = sim.prime().host().to_owned();
        async move {
            let mut stream = TcpStream::connect(&host).await.unwrap();
            let text = format!("{head}\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            stream.write_all(text.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }
    };
    let upgrade = "connection: upgrade\r\nupgrade: websocket";
    let plain = ask("GET /ws/v1 HTTP/1.1").await;
    assert!(plain.starts_with("HTTP/1.1 426"), "{plain}");
    assert!(plain.contains("sec-websocket-version: 13"), "{plain}");
    assert!(ask("GET / HTTP/1.1").await.starts_with("HTTP/1.1 404"));
    let head = format!("GET /ws/v1 HTTP/1.1\r\n{upgrade}\r\nsec-websocket-version: 8");
    let answer = ask(head.leak()).await;
    assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
    let head = format!("GET /ws/v1 HTTP/1.1\r\n{upgrade}\r\nsec-websocket-version: 13");
    let answer = ask(head.leak()).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let head = format!("POST /ws/v1 HTTP/1.1\r\n{upgrade}\r\nsec-websocket-version: 13");
    let answer = ask(head.leak()).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    // Who speaks an older version can't ask for it.
    let head = format!("GET /ws/v1 HTTP/1.0\r\n{upgrade}\r\nsec-websocket-version: 13");
    let answer = ask(head.leak()).await;
    assert!(answer.starts_with("HTTP/1.0 426"), "{answer}");
}

#[tokio::test]
async fn keys_are_those_that_were_given() {
    let viewer = PrimeKey {
        role: PrimeRole::Viewer,
        ..PrimeKey::new("OWN", "own secret")
    };
    let builder = Sim::builder().frozen_at(NOW).prime_demo_keys(false);
    let sim = builder.prime_key(viewer).start().await.unwrap();
    let own = Credentials {
        key: "OWN".into(),
        secret: "own secret".into(),
    };
    assert_eq!(sim.prime().all_credentials(), std::slice::from_ref(&own));
    let mut client = Client::of(&sim, &own).await;
    client.is_alive().await;
    let demo = signed(&sim, &sim.prime().credentials(), TIMESTAMP);
    assert_eq!(refused(&sim, "/ws/v1", &demo).await.1, "unknown ApiKey");
    // Who only looks gives no orders.
    let text = order(1, "a").to_string();
    assert_eq!(client.error(&text).await, (3, "not permitted".to_owned()));
    let builder = Sim::builder().prime_key(PrimeKey::new("", "x"));
    assert!(builder.start().await.is_err());
}

#[tokio::test]
async fn money_is_what_was_given() {
    let given = [("BTC", Decimal::new(125, 2)), ("USD", Decimal::from(-100))];
    let builder = Sim::builder().frozen_at(NOW).prime_balances(given);
    let sim = builder.start().await.unwrap();
    let mut client = Client::new(&sim).await;
    let snapshot = client.subscribe(1, "Balance").await;
    let records = snapshot["data"].as_array().unwrap();
    let amounts = records.iter().filter_map(|record| {
        let amount: Decimal = record["Amount"].as_str().unwrap().parse().unwrap();
        (!amount.is_zero()).then(|| (record["Currency"].as_str().unwrap(), amount))
    });
    let mut amounts: Vec<_> = amounts.collect();
    amounts.sort_unstable();
    assert_eq!(amounts, given);
    // A script is seen at once, without a tick of the clock.
    assert!(sim.prime().set_balance("BTC", Decimal::TWO));
    let update = client.hear().await;
    assert_eq!(
        update["data"][0]["Amount"].as_str().map(str::parse),
        Some(Ok(Decimal::TWO))
    );
    let builder = Sim::builder().prime_balances([("NOPE", Decimal::ONE)]);
    assert!(builder.start().await.is_err());
}

#[tokio::test]
async fn pings_are_answered_and_need_data() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    let pong = client.ask(&ping(7)).await;
    let expected = json!({"reqid": 7, "type": "Pong", "ts": TIMESTAMP, "data": [{"n": 7}]});
    assert_eq!(pong, expected);
    for data in ["", r#","data":[]"#, r#","data":{}"#, r#","data":[1]"#] {
        client
            .say_text(&format!(r#"{{"reqid":2,"type":"Ping"{data}}}"#))
            .await;
        let expected = json!({"reqid": 2, "type": "error", "seq": 1, "ts": TIMESTAMP,
            "error": {"code": 1, "msg": "missing Ping data"}});
        assert_eq!(client.hear().await, expected);
    }
    client.socket.send(Message::Ping("x".into())).await.unwrap();
    assert!(matches!(client.next().await, Came::Pong));
}

#[tokio::test]
async fn what_can_not_be_understood_is_an_error_with_the_number_if_there_is_one() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    let number = "reqid must be an integer other than 0";
    for (text, code, why) in [
        ("", 1, "not a JSON object"),
        ("{", 1, "not a JSON object"),
        ("[1]", 1, "not a JSON object"),
        ("{}", 1, "missing reqid"),
        (r#"{"type":"Ping","data":[{}]}"#, 1, "missing reqid"),
        (r#"{"reqid":0,"type":"Ping","data":[{}]}"#, 1, number),
        (r#"{"reqid":"1","type":"Ping","data":[{}]}"#, 1, number),
        (r#"{"reqid":1.5,"type":"Ping","data":[{}]}"#, 1, number),
        (r#"{"reqid":1}"#, 1, "missing type"),
        (
            r#"{"reqid":1,"type":"ping","data":[{}]}"#,
            1,
            "unknown message type",
        ),
        (r#"{"reqid":1,"type":"amend"}"#, 1, "unknown message type"),
        (r#"{"reqid":1,"type":"cancel"}"#, 3, "unknown reqid"),
        (
            r#"{"reqid":1,"type":"page","streams":[{}]}"#,
            3,
            "unknown reqid",
        ),
        (
            r#"{"reqid":1,"type":"subscribe"}"#,
            1,
            "streams must be an array with at least one object",
        ),
        (
            r#"{"reqid":1,"type":"subscribe","streams":[]}"#,
            1,
            "streams must be an array with at least one object",
        ),
        (
            r#"{"reqid":1,"type":"NewOrderSingle","data":[]}"#,
            1,
            "data must be an array with at least one object",
        ),
        (
            r#"{"reqid":1,"type":"NewOrderSingle","data":{}}"#,
            1,
            "data must be an array with at least one object",
        ),
    ] {
        assert_eq!(client.error(text).await, (code, why.to_owned()), "{text}");
        let noted = sim.received().pop().unwrap();
        assert_eq!(
            (noted.method.as_str(), noted.refused.as_deref()),
            ("WS", Some(why))
        );
    }
    for text in [
        subscribe(5, "Balances").to_string(),
        r#"{"reqid":5,"type":"subscribe","streams":[{"name":"Balance"},{"name":"Nothing"}]}"#
            .into(),
        r#"{"reqid":5,"type":"subscribe","streams":[{}]}"#.into(),
    ] {
        client.say_text(&text).await;
        let answer = client.hear().await;
        assert_eq!(
            (&answer["reqid"], &answer["type"]),
            (&json!(5), &json!("error"))
        );
        assert_eq!(answer["error"]["code"], 1, "{answer}");
    }
    // A refused subscription leaves nothing behind.
    assert_eq!(client.subscribe(5, "Balance").await["initial"], true);
}

#[tokio::test]
async fn what_no_client_may_send_closes_the_connection() {
    let sim = sim().await;
    for (message, expected) in [
        (Message::binary(vec![1]), CloseCode::Unsupported),
        (Message::text("x".repeat((1 << 20) + 1)), CloseCode::Size),
    ] {
        let mut client = Client::new(&sim).await;
        // What is too large may be cut off in the middle.
        let _ = client.socket.send(message).await;
        let Came::Close(code, _) = client.next().await else {
            panic!("no close frame");
        };
        assert_eq!(code, u16::from(expected));
        client.hears_no_more().await;
    }
    // A text frame that is not UTF-8, and one without a mask.
    for (bytes, expected) in [
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff][..], CloseCode::Invalid),
        (&[0x81, 0x01, b'x'][..], CloseCode::Protocol),
    ] {
        let mut client = Client::new(&sim).await;
        client.socket.get_mut().write_all(bytes).await.unwrap();
        let Came::Close(code, _) = client.next().await else {
            panic!("no close frame");
        };
        assert_eq!(code, u16::from(expected));
    }
    // A client that says goodbye is answered.
    let mut client = Client::new(&sim).await;
    client.socket.close(None).await.unwrap();
    assert!(matches!(
        timeout(PATIENCE, client.socket.next()).await,
        Ok(Some(Ok(Message::Close(_))))
    ));
    client.hears_no_more().await;
}

#[tokio::test]
async fn several_streams_of_a_request_share_its_number_and_its_count() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    let request = json!({"reqid": 4, "type": "subscribe", "tag": "mine", "ts": TIMESTAMP,
        "streams": [{"name": "Balance"}, {"name": "Order"}, {"name": "ExecutionReport"}]});
    client.say(&request).await;
    for (number, kind) in ["Balance", "Order", "ExecutionReport"].iter().enumerate() {
        let message = client.hear().await;
        assert_eq!(message["reqid"], 4);
        assert_eq!(message["type"], *kind);
        assert_eq!(message["tag"], "mine");
        assert_eq!(message["initial"], true);
        assert_eq!(message["seqNum"], number + 1);
        assert!(message["data"].is_array());
        assert!(message.get("action").is_none());
    }
    // Another request may not take the number while it lives.
    for other in [subscribe(4, "Balance"), ping(4), order(4, "x")] {
        client.say(&other).await;
        let answer = client.hear().await;
        assert_eq!(
            answer["error"],
            json!({"code": 2, "msg": "duplicate reqid"})
        );
    }
    client.say(&order(5, "first")).await;
    let mut numbers = Vec::new();
    let mut kinds = Vec::new();
    while !(kinds.contains(&"Order".to_owned()) && kinds.contains(&"ExecutionReport".to_owned())) {
        let message = client.hear().await;
        assert_eq!(message["reqid"], 4);
        assert_eq!(message["tag"], "mine");
        assert_eq!(message["initial"], false);
        assert_eq!(message["action"], "Update");
        numbers.push(message["seqNum"].as_u64().unwrap());
        kinds.push(message["type"].as_str().unwrap().to_owned());
    }
    // Three snapshots, three errors.
    let expected: Vec<u64> = (7..7 + numbers.len() as u64).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn a_cancelled_subscription_is_silent_and_its_number_free() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    client.subscribe(1, "ExecutionReport").await;
    client.say(&json!({"reqid": 1, "type": "cancel"})).await;
    client.say(&order(2, "unseen")).await;
    client.is_alive().await;
    let again = client.subscribe(1, "Order").await;
    assert_eq!(
        (&again["seqNum"], &again["type"]),
        (&json!(1), &json!("Order"))
    );
    assert_eq!(again["data"][0]["ClOrdID"], "unseen");
}

#[tokio::test]
async fn all_connections_of_the_account_see_what_happens() {
    let sim = sim().await;
    let mut trader = Client::new(&sim).await;
    let mut viewer = Client::of(&sim, &sim.prime().viewer_credentials()).await;
    viewer.subscribe(9, "ExecutionReport").await;
    trader.say(&order(1, "seen")).await;
    let report = viewer.hear().await;
    assert_eq!(report["data"][0]["ClOrdID"], "seen");
}

/// Places so many orders and waits until they are there.
async fn orders(sim: &Sim, count: u64) {
    let mut client = Client::new(sim).await;
    for number in 1..=count {
        client.say(&order(number, &format!("o-{number}"))).await;
    }
    client.is_alive().await;
}

#[tokio::test]
async fn long_snapshots_come_in_pages_with_news_in_between() {
    let builder = Sim::builder().frozen_at(NOW).prime_page(2);
    let sim = builder.start().await.unwrap();
    orders(&sim, 5).await;
    let mut client = Client::new(&sim).await;
    let first = client.subscribe(3, "Order").await;
    assert_eq!(first["total_count"], 5);
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    let page = |after: &Value| json!({"reqid": 3, "type": "page", "streams": [{"name": "Order", "after": after}]});
    client.say(&order(50, "live")).await;
    let mut ids: Vec<Value> = Vec::new();
    let mut take = |message: &Value| {
        let records = message["data"].as_array().unwrap();
        ids.extend(records.iter().map(|record| record["ClOrdID"].clone()));
        records.len()
    };
    take(&first);
    let news = client.hear().await;
    assert_eq!(
        (&news["initial"], &news["data"][0]["ClOrdID"]),
        (&json!(false), &json!("live"))
    );
    assert!(news.get("next").is_none());
    // The rest of the order's life, if there is any.
    client.say(&page(&first["next"])).await;
    let second = loop {
        let message = client.hear().await;
        if message["page"] == true {
            break message;
        }
    };
    assert_eq!(take(&second), 2);
    assert!(second.get("initial").is_none());
    assert!(second["seqNum"].as_u64() > news["seqNum"].as_u64());
    // Each token is good once.
    assert_eq!(
        client.error(&page(&first["next"]).to_string()).await.1,
        "no such page"
    );
    assert_eq!(
        client.error(&page(&json!("nonsense")).to_string()).await.1,
        "no such page"
    );
    let other = page(&second["next"]).to_string().replace("Order", "Trade");
    assert_eq!(client.error(&other).await.1, "no such page");
    let third = client.ask(&page(&second["next"])).await;
    assert_eq!(third["page"], true);
    assert_eq!(take(&third), 1);
    assert!(third.get("next").is_none());
    ids.sort_by_cached_key(ToString::to_string);
    assert_eq!(ids, ["o-1", "o-2", "o-3", "o-4", "o-5"]);
}

#[tokio::test]
async fn an_upgrade_goes_wrong_like_any_request() {
    let sim = sim().await;
    let headers = signed(&sim, &sim.prime().credentials(), TIMESTAMP);
    let status = Fault::Status {
        status: 503,
        body: "busy".into(),
        retry_after: Some(1),
    };
    sim.faults().add("upgrade", status, Often::Times(1));
    assert_eq!(refused(&sim, "/ws/v1", &headers).await.0, 503);
    let error = Fault::Error("maintenance".into());
    sim.faults().add("upgrade", error, Often::Times(1));
    let refusal = refused(&sim, "/ws/v1", &headers).await;
    assert_eq!(refusal, (503, "maintenance".to_owned()));
    for fault in [Fault::DropBefore, Fault::DropAfter] {
        sim.faults().add("upgrade", fault, Often::Times(1));
        let opened = open(&sim, "/ws/v1", &headers).await;
        assert!(!matches!(opened, Ok(_) | Err(Error::Http(_))), "{opened:?}");
    }
    sim.faults()
        .add("upgrade", Fault::CutAnswer, Often::Times(1));
    let socket = open(&sim, "/ws/v1", &headers).await.unwrap();
    Client { socket }.hears_no_more().await;
    let delay = Duration::from_millis(30);
    sim.faults()
        .add("upgrade", Fault::Delay(delay), Often::Times(1));
    let start = Instant::now();
    open(&sim, "/ws/v1", &headers).await.unwrap();
    assert!(start.elapsed() >= delay);
}

#[tokio::test]
async fn messages_of_clients_go_wrong_as_ordered() {
    let sim = sim().await;
    let on = |fault| {
        sim.faults()
            .on_message("NewOrderSingle", fault, Often::Times(1));
    };
    let known = async |id: &str| {
        let mut client = Client::new(&sim).await;
        let orders = client.subscribe(1, "Order").await;
        orders["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["ClOrdID"] == id)
    };
    on(MessageFault::DropBefore);
    let mut client = Client::new(&sim).await;
    client.say(&order(1, "before")).await;
    client.hears_no_more().await;
    assert!(!known("before").await);

    on(MessageFault::DropAfter);
    let mut client = Client::new(&sim).await;
    client.say(&order(1, "after")).await;
    client.hears_no_more().await;
    assert!(known("after").await);

    on(MessageFault::LeaveOut);
    let mut client = Client::new(&sim).await;
    client.say(&order(1, "lost")).await;
    client.is_alive().await;
    assert!(!known("lost").await);

    on(MessageFault::Error("engine is down".into()));
    let text = order(1, "refused").to_string();
    assert_eq!(client.error(&text).await, (3, "engine is down".to_owned()));
    assert!(!known("refused").await);

    let delay = Duration::from_millis(30);
    on(MessageFault::Delay(delay));
    let start = Instant::now();
    client.say(&order(1, "late")).await;
    client.is_alive().await;
    assert!(start.elapsed() >= delay);

    on(MessageFault::Close {
        code: 1012,
        reason: "restart".into(),
    });
    client.say(&order(2, "closed")).await;
    let came = client.next().await;
    assert!(
        matches!(&came, Came::Close(1012, reason) if reason == "restart"),
        "{came:?}"
    );

    on(MessageFault::Silence);
    let mut client = Client::new(&sim).await;
    client.say(&order(1, "unheard")).await;
    is_silent(&mut client).await;
    assert!(!known("unheard").await);
    let refused = sim.received().into_iter().filter_map(|one| one.refused);
    assert_eq!(
        refused
            .filter(|why| why.ends_with("(a fault on order)"))
            .count(),
        5
    );
}

/// Open, and not a byte comes.
async fn is_silent(client: &mut Client) {
    client.socket.send(Message::Ping("x".into())).await.unwrap();
    let ping = Message::text(ping(1).to_string());
    client.socket.send(ping).await.unwrap();
    let wait = timeout(Duration::from_millis(60), client.socket.get_mut().read_u8());
    assert!(wait.await.is_err());
}

#[tokio::test]
async fn messages_of_the_venue_go_wrong_as_ordered() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    let on = |fault| sim.faults().on_push("Pong", fault, Often::Times(1));

    on(PushFault::Duplicate);
    assert_eq!(client.ask(&ping(1)).await, client.hear().await);
    on(PushFault::LeaveOut);
    client.say(&ping(2)).await;
    assert_eq!(client.ask(&ping(3)).await["reqid"], 3);

    on(PushFault::Reorder(2));
    for number in 4..7 {
        client.say(&ping(number)).await;
    }
    for number in [5, 6, 4] {
        assert_eq!(client.hear().await["reqid"], number);
    }
    // Nothing comes that could overtake it.
    on(PushFault::Reorder(2));
    assert_eq!(client.ask(&ping(7)).await["reqid"], 7);

    on(PushFault::Garbage);
    client.say(&ping(8)).await;
    let came = client.next().await;
    assert!(
        matches!(&came, Came::Text(half) if half.starts_with('{')),
        "{came:?}"
    );
    on(PushFault::Stranger);
    assert_eq!(client.ask(&ping(9)).await["type"], "NotYetDocumented");
    assert_eq!(client.hear().await["reqid"], 9);
    on(PushFault::UnknownMember);
    let pong = client.ask(&ping(10)).await;
    assert_eq!(pong["reqid"], 10);
    assert!(pong["NotYetDocumented"].is_object());
    assert!(pong["data"][0]["NotYetDocumented"].is_object());

    let delay = Duration::from_millis(30);
    on(PushFault::Delay(delay));
    let start = Instant::now();
    client.is_alive().await;
    assert!(start.elapsed() >= delay);

    on(PushFault::Drip(Duration::from_micros(100)));
    client.say(&ping(11)).await;
    let mut bytes = [0; 4096];
    let first = client.socket.get_mut().read(&mut bytes).await.unwrap();
    assert!(first < 20, "{first} bytes at once");
    let mut length = first;
    while length < 2 + usize::from(bytes[1]) {
        length += client
            .socket
            .get_mut()
            .read(&mut bytes[length..])
            .await
            .unwrap();
    }
    let pong: Value = serde_json::from_slice(&bytes[2..length]).unwrap();
    assert_eq!(pong["reqid"], 11);

    on(PushFault::Close {
        code: 1001,
        reason: "going away".into(),
    });
    client.say(&ping(12)).await;
    let came = client.next().await;
    assert!(
        matches!(&came, Came::Close(1001, reason) if reason == "going away"),
        "{came:?}"
    );

    on(PushFault::Silence);
    let mut client = Client::new(&sim).await;
    client.say(&ping(13)).await;
    is_silent(&mut client).await;

    on(PushFault::Drop);
    let mut client = Client::new(&sim).await;
    client.say(&ping(14)).await;
    client.hears_no_more().await;

    on(PushFault::Cut);
    let mut client = Client::new(&sim).await;
    client.say(&ping(15)).await;
    let mut bytes = Vec::new();
    client
        .socket
        .get_mut()
        .read_to_end(&mut bytes)
        .await
        .unwrap();
    assert_eq!(bytes[0], 0x81);
    let whole = usize::from(bytes[1]) + 2;
    assert_eq!(bytes.len(), whole / 2);
}

#[tokio::test]
async fn even_the_greeting_can_go_wrong() {
    let sim = sim().await;
    sim.faults()
        .on_every_push(PushFault::LeaveOut, Often::Times(1));
    let key = sim.prime().credentials();
    let mut client = Client::silent(&sim, &key).await;
    client.is_alive().await;
    sim.faults().on_every_push(PushFault::Drop, Often::Always);
    Client::silent(&sim, &key).await.hears_no_more().await;
}

#[tokio::test]
async fn the_end_of_the_venue_is_the_end_of_all_connections() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    drop(sim);
    client.hears_no_more().await;
}

#[tokio::test]
async fn statuses_of_upgrades_are_those_of_http() {
    let sim = sim().await;
    let headers = signed(&sim, &sim.prime().credentials(), TIMESTAMP);
    let host = sim.prime().host();
    let mut request = sim.prime().url().into_client_request().unwrap();
    for (name, value) in &headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(host).await.unwrap();
    let (_, response) = client_async(request, stream).await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
}
