//! A plain client for the tests: HTTP by hand, signatures by `ring`.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_sim::Credentials;
use ring::{digest, hmac};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The entries of Kraken's `error`.
    pub(crate) fn errors(&self) -> Vec<String> {
        serde_json::from_value(self.json()["error"].clone()).unwrap()
    }

    /// The `result` of a call that was accepted.
    pub(crate) fn result(&self) -> Value {
        assert_eq!(self.errors(), Vec::<String>::new());
        self.json()["result"].clone()
    }
}

/// Sends bytes as they are and reads until the venue closes. `None` if it
/// closes without a whole head.
pub(crate) async fn raw(url: &str, bytes: &[u8]) -> Option<Answer> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The venue may close before it has read all.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    parse(&answer)
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        status,
        head,
        body: bytes[end + 4..].to_vec(),
    })
}

/// A request as bytes, on a connection of its own.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    text.into_bytes()
}

pub(crate) async fn get(url: &str, target: &str) -> Answer {
    let request = request("GET", target, &[("user-agent", "test/1")], "");
    raw(url, &request).await.unwrap()
}

/// Kraken's signature.
pub(crate) fn sign(credentials: &Credentials, target: &str, nonce: &str, body: &str) -> String {
    let inner = digest::digest(&digest::SHA256, format!("{nonce}{body}").as_bytes());
    let message = [target.as_bytes(), inner.as_ref()].concat();
    let secret = STANDARD.decode(&credentials.secret).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA512, &secret);
    STANDARD.encode(hmac::sign(&key, &message))
}

/// A signed call of Kraken's with a JSON body. `body` holds the nonce.
pub(crate) fn signed(credentials: &Credentials, target: &str, nonce: u64, body: &str) -> Vec<u8> {
    let signature = sign(credentials, target, &nonce.to_string(), body);
    let headers = [
        ("user-agent", "test/1"),
        ("content-type", "application/json"),
        ("api-key", credentials.key.as_str()),
        ("api-sign", signature.as_str()),
    ];
    request("POST", target, &headers, body)
}

/// A signed call with a nonce and no other parameter but those given, as JSON
/// members (`"pair":"XBTUSD"`).
pub(crate) async fn call(
    url: &str,
    credentials: &Credentials,
    target: &str,
    nonce: u64,
    members: &str,
) -> Answer {
    let comma = if members.is_empty() { "" } else { "," };
    let body = format!("{{\"nonce\":{nonce}{comma}{members}}}");
    raw(url, &signed(credentials, target, nonce, &body))
        .await
        .unwrap()
}
