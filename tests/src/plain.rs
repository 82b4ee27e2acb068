//! Plain calls of a simulated Kraken: no client, only signed bytes and what comes back.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use exchange_sim::{Credentials, KrakenHandle};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A caller with a key.
#[derive(Debug)]
pub struct Caller {
    address: String,
    credentials: Credentials,
    nonce: u64,
}

/// The last nonce of all callers, so that several may use one key.
static LAST_NONCE: AtomicU64 = AtomicU64::new(0);

/// What came back.
#[derive(Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answered {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&self.body));
        })
    }
}

impl Caller {
    /// Calls with these credentials.
    pub fn new(kraken: &KrakenHandle, credentials: Credentials) -> Self {
        Self {
            address: kraken.url().strip_prefix("http://").unwrap().to_owned(),
            credentials,
            nonce: 0,
        }
    }

    /// A public call.
    pub async fn get(&self, target: &str) -> Answered {
        self.send("GET", target, &[], "").await
    }

    /// A private call of Spot or legacy Custody; `parameters` is an object.
    pub async fn post(
        &mut self,
        target: &str,
        headers: &[(&str, &str)],
        parameters: &Value,
    ) -> Answered {
        self.nonce = LAST_NONCE.fetch_add(1, Ordering::Relaxed) + 1;
        let mut body = parameters.clone();
        body["nonce"] = self.nonce.into();
        let body = body.to_string();
        let signature = self.signature(target, &body);
        let mut all = vec![
            ("api-key", self.credentials.key.as_str()),
            ("api-sign", signature.as_str()),
            ("content-type", "application/json"),
        ];
        all.extend(headers);
        self.send("POST", target, &all, &body).await
    }

    /// A call of the external Custody API; `body` is null for none.
    pub async fn external(&mut self, method: &str, target: &str, body: &Value) -> Answered {
        self.nonce = LAST_NONCE.fetch_add(1, Ordering::Relaxed) + 1;
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let signature = self.signature(target, &body);
        let nonce = self.nonce.to_string();
        let headers = [
            ("api-key", self.credentials.key.as_str()),
            ("api-sign", signature.as_str()),
            ("api-nonce", nonce.as_str()),
            ("content-type", "application/json"),
        ];
        self.send(method, target, &headers, &body).await
    }

    fn signature(&self, target: &str, body: &str) -> String {
        let secret = STANDARD.decode(&self.credentials.secret).unwrap();
        let mut mac = Hmac::<Sha512>::new_from_slice(&secret).unwrap();
        mac.update(target.as_bytes());
        mac.update(&Sha256::digest(format!("{}{body}", self.nonce)));
        STANDARD.encode(mac.finalize().into_bytes())
    }

    /// Sends bytes as they are and returns what comes back, perhaps nothing.
    pub async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        // The venue may close before it has read or written all.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    }

    async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answered {
        let mut request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nuser-agent: workspace-tests/0\r\nconnection: close\r\n",
            self.address
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap();
        let body = answer.split_off(end + 4);
        let head = String::from_utf8(answer).unwrap();
        Answered {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            body,
        }
    }
}
