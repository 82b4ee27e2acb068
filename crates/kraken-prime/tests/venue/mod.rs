//! A venue on loopback that says what the test tells it to. It shares no signing code with the
//! client.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a tool of several tests"
)]

use std::time::Duration;

use base64::Engine as _;
use futures_util::sink::SinkExt as _;
use futures_util::stream::StreamExt as _;
use kraken_prime::ws::Backoff;
use kraken_prime::{Client, ClientBuilder};
use ring::hmac;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

pub const KEY: &str = "KRA5L19LAW8Z";
pub const SECRET: &str = "made-up-secret-0001";
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Venue {
    listener: TcpListener,
}

/// One connection.
pub struct Peer {
    pub socket: WebSocketStream<TcpStream>,
}

impl Venue {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    pub fn host(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    pub fn client(&self) -> ClientBuilder {
        Client::builder()
            .url(format!("ws://{}/ws/v1", self.host()))
            .api_key(KEY, SECRET)
            .settle_after(Duration::from_millis(100))
            .backoff(Backoff {
                base: Duration::from_millis(1),
                max: Duration::from_millis(5),
                ..Backoff::default()
            })
    }

    /// A client and its connection, greeted.
    pub async fn connected(&self) -> (Client, Peer) {
        self.connected_by(self.client()).await
    }

    pub async fn connected_by(&self, builder: ClientBuilder) -> (Client, Peer) {
        let (client, peer) = tokio::join!(builder.connect(), self.accept());
        (client.unwrap(), peer.unwrap())
    }

    /// The next connection, greeted if its signature is right.
    pub async fn accept(&self) -> Option<Peer> {
        let greeted = self.greet("2019-02-13T05:17:32.000000Z");
        tokio::time::timeout(PATIENCE, greeted).await.unwrap()
    }

    /// The same with the present time, however long it takes.
    pub async fn accept_signed_at_now(&self) -> Option<Peer> {
        self.greet(&kraken_prime::Time::now().to_string()).await
    }

    async fn greet(&self, time: &str) -> Option<Peer> {
        let (tcp, _) = self.listener.accept().await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let host = self.host();
        #[expect(
            clippy::result_large_err,
            reason = "the callback's type is the crate's"
        )]
        let check = |request: &Request, response: Response| {
            if is_signed(request, &host) {
                return Ok(response);
            }
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = http::StatusCode::UNAUTHORIZED;
            Err(refusal)
        };
        let socket = accept_hdr_async(tcp, check).await.ok()?;
        let mut peer = Peer { socket };
        let hello = json!({"type": "hello", "ts": time, "session_id": "S1"});
        peer.say(&hello).await;
        Some(peer)
    }
}

fn is_signed(request: &Request, host: &str) -> bool {
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    let timestamp = header("ApiTimestamp");
    assert_eq!(timestamp.len(), 27);
    let text = format!("GET\n{timestamp}\n{host}\n{}", request.uri().path());
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = base64::engine::general_purpose::URL_SAFE
        .decode(header("ApiSign"))
        .unwrap();
    header("ApiKey") == KEY && hmac::verify(&key, text.as_bytes(), &signature).is_ok()
}

impl Peer {
    pub async fn say(&mut self, message: &Value) {
        self.say_text(message.to_string()).await;
    }

    pub async fn say_text(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next request.
    pub async fn hear(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next());
            match message.await.unwrap().unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The number of the next request, which must be of this type, and its element.
    pub async fn hear_type(&mut self, kind: &str) -> (u64, Value) {
        let request = self.hear().await;
        assert_eq!(request["type"], kind, "{request}");
        let element = match kind {
            "subscribe" | "page" => request["streams"][0].clone(),
            _ => request["data"][0].clone(),
        };
        (request["reqid"].as_u64().unwrap(), element)
    }

    /// The number of the next request, which must subscribe to this stream.
    pub async fn hear_subscribe(&mut self, stream: &str) -> u64 {
        let (reqid, element) = self.hear_type("subscribe").await;
        assert_eq!(element["name"], stream, "{element}");
        reqid
    }

    /// Answers a subscription with a snapshot.
    pub async fn snapshot(&mut self, stream: &str, data: &Value) -> u64 {
        let reqid = self.hear_subscribe(stream).await;
        self.say(&message(reqid, stream, 1, true, data)).await;
        reqid
    }
}

pub fn message(reqid: u64, stream: &str, seq_num: u64, initial: bool, data: &Value) -> Value {
    json!({
        "reqid": reqid, "type": stream, "ts": "2024-01-13T05:17:32.002500Z",
        "initial": initial, "seqNum": seq_num, "data": data,
    })
}

pub fn balance(currency: &str, amount: &str) -> Value {
    json!({"Currency": currency, "Amount": amount, "AvailableAmount": amount})
}
