//! A venue on loopback. It checks each signature by its own means, not by those of the crate, and
//! answers as it is told.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gemini_exchange::{Client, ClientBuilder, Limits, PaceMode, Rate};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha384;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const KEY: &str = "account-TestKey00000001";
pub(crate) const SECRET: &str = "mockSecret0123456789abcdef";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(given, _)| given == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} comes twice");
        value
    }

    /// The payload, if there is one.
    pub(crate) fn payload(&self) -> Option<String> {
        let bytes = STANDARD.decode(self.header("x-gemini-payload")?).unwrap();
        Some(String::from_utf8(bytes).unwrap())
    }

    /// One member of the payload, as JSON.
    pub(crate) fn field(&self, name: &str) -> serde_json::Value {
        let payload: serde_json::Value = serde_json::from_str(&self.payload().unwrap()).unwrap();
        payload[name].clone()
    }
}

/// What the venue answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// Send no more than so many bytes of the body, and close.
    pub(crate) cut_at: Option<usize>,
}

impl Answer {
    pub(crate) fn new(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
            cut_at: None,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Handler = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

#[derive(Default)]
struct Shared {
    answers: VecDeque<Answer>,
    handler: Option<Handler>,
    requests: Vec<Request>,
}

pub(crate) struct Venue {
    pub(crate) url: String,
    shared: Arc<Mutex<Shared>>,
}

impl Venue {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared::default()));
        let of_task = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&of_task)));
            }
        });
        Self { url, shared }
    }

    /// Answers in this order; the last one is repeated.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.lock().unwrap().answers = answers.into_iter().collect();
    }

    /// Answers each request by itself.
    pub(crate) fn answer_by(&self, handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
        self.shared.lock().unwrap().handler = Some(Arc::new(handler));
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.lock().unwrap().requests)
    }

    /// The only request since the last time.
    pub(crate) fn request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    /// A client of this venue, without a key, that never waits.
    pub(crate) fn builder(&self) -> ClientBuilder {
        let fast = Rate::new(100_000, 1);
        Client::builder()
            .base_url(&self.url)
            .pace_modes(PaceMode::Off, PaceMode::Off)
            .rate_limits(Limits {
                public: fast,
                private: fast,
                transfers: fast,
                addresses: fast,
                new_address: fast,
            })
    }

    /// A client with the test key.
    pub(crate) fn client(&self) -> Client {
        self.builder().api_key(KEY, SECRET).build().unwrap()
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Mutex<Shared>>) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let refused = refusal(&request);
    let answer = {
        let mut shared = shared.lock().unwrap();
        let handled = shared.handler.as_ref().map(|handler| handler(&request));
        shared.requests.push(request);
        let answer = match shared.answers.len() {
            _ if handled.is_some() => handled.unwrap(),
            0 => Answer::new(500, "no answer was set"),
            1 => shared.answers[0].clone(),
            _ => shared.answers.pop_front().unwrap(),
        };
        refused.unwrap_or(answer)
    };
    let mut head = format!(
        "HTTP/1.1 {} X\r\ncontent-length: {}\r\nconnection: close\r\n",
        answer.status,
        answer.body.len()
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let body = &answer.body.as_bytes()[..answer.cut_at.unwrap_or(answer.body.len())];
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
    let _ = stream.shutdown().await;
}

/// What a venue has against how a request is signed.
fn refusal(request: &Request) -> Option<Answer> {
    let refuse = |status, reason: &str| {
        let body = format!(r#"{{"result":"error","reason":"{reason}","message":"refused"}}"#);
        Some(Answer::new(status, &body))
    };
    let payload = request.payload()?;
    let path = request.target.split('?').next().unwrap();
    let named = request.field("request");
    if named != path && named != request.target.as_str() {
        return refuse(400, "EndpointMismatch");
    }
    if request.header("authorization").is_some() {
        let forbidden = ["x-gemini-apikey", "x-gemini-signature"];
        assert!(forbidden.iter().all(|name| request.header(name).is_none()));
        assert!(!payload.contains("nonce"));
        return None;
    }
    if !request.field("nonce").is_u64() {
        return refuse(400, "MissingNonce");
    }
    let Some(key) = request.header("x-gemini-apikey") else {
        return refuse(401, "MissingApikeyHeader");
    };
    assert!(key.starts_with("account-") || key.starts_with("master-"));
    let mut mac = Hmac::<Sha384>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(request.header("x-gemini-payload").unwrap().as_bytes());
    let code = mac.finalize().into_bytes();
    let expected = code.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    if request.header("x-gemini-signature") != Some(&expected) {
        return refuse(400, "InvalidSignature");
    }
    None
}

/// `None` if the client closes before its request is complete.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let method = first.next().unwrap().to_owned();
    let target = first.next().unwrap().to_owned();
    let headers: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, length)| length.parse().unwrap());
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request {
        method,
        target,
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
