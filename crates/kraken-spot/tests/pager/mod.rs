//! A venue on loopback that answers as a closure says, and keeps what it was asked.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub const KEY: &str = "public-key-of-the-test";
pub const SECRET: &str = "a2VlcCBvdXQgb2YgbG9ncw==";

#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub query: HashMap<String, String>,
    pub fields: Value,
}

impl Request {
    /// A number in the query.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.query.get(name).map(|value| value.parse().unwrap())
    }
}

pub enum Reply {
    /// This body, with status 200.
    Ok(Value),
    /// Status 500 without a body.
    Fail,
}

impl Reply {
    /// In the envelope.
    pub fn result(result: impl Into<Value>) -> Self {
        Self::Ok(json!({"error": [], "result": result.into()}))
    }
}

pub struct Venue {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Venue {
    pub async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let of_server = Arc::clone(&seen);
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (seen, answer) = (Arc::clone(&of_server), Arc::clone(&answer));
                tokio::spawn(async move { serve(stream, &seen, &*answer).await });
            }
        });
        Self { url, seen }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests came so far.
    pub fn asked(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

/// `None` when the connection is over.
async fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &(dyn Fn(&Request) -> Reply + Send + Sync),
) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let head_end = loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut buffer).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8(buffer[..head_end].to_vec()).unwrap();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, length)| length.parse().unwrap());
        while buffer.len() < head_end + length {
            if stream.read_buf(&mut buffer).await.ok()? == 0 {
                return None;
            }
        }
        let body: Vec<u8> = buffer.drain(..head_end + length).skip(head_end).collect();
        let target = head.split(' ').nth(1).unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            path: path.to_owned(),
            query: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.replace("%3A", ":")))
                .collect(),
            fields: serde_json::from_slice(&body).unwrap_or_default(),
        };
        let (status, body) = match answer(&request) {
            Reply::Ok(body) => (200, body.to_string()),
            Reply::Fail => (500, String::new()),
        };
        seen.lock().unwrap().push(request);
        let whole = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(whole.as_bytes()).await.ok()?;
    }
}
