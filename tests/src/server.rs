//! A venue on loopback that records requests and answers as it is told.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Send status and body.
    Answer(u16, Vec<u8>),
    /// Close the connection without a byte.
    Close,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body.
    pub body: Vec<u8>,
}

impl Request {
    /// All values of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

/// The venue. It serves for as long as the runtime of the test runs.
#[derive(Debug)]
pub struct Server {
    /// `http://127.0.0.1:…`
    pub url: String,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    reaction: Reaction,
    requests: Vec<Request>,
}

impl Server {
    /// Listens on a free port. Until told otherwise, it closes every connection.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared {
            reaction: Reaction::Close,
            requests: Vec::new(),
        }));
        let of_task = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&of_task)));
            }
        });
        Self { url, shared }
    }

    /// What to do from now on.
    pub fn react(&self, reaction: Reaction) {
        self.shared.lock().unwrap().reaction = reaction;
    }

    /// The requests since the last time this was asked.
    pub fn take_requests(&self) -> Vec<Request> {
        mem::take(&mut self.shared.lock().unwrap().requests)
    }
}

/// One request a connection.
async fn serve(mut stream: TcpStream, shared: Arc<Mutex<Shared>>) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    let reaction = {
        let mut shared = shared.lock().unwrap();
        shared.requests.push(request);
        shared.reaction.clone()
    };
    if let Reaction::Answer(status, body) = reaction {
        let length = body.len();
        let mut bytes =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
                .into_bytes();
        bytes.extend(body);
        // A client that refuses the answer may be gone by now.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
    }
}

/// `None` if the client closes before its request is complete.
async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let body = bytes.split_off(head_end + 4);
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let mut request = Request {
        method: first.next().unwrap().to_owned(),
        target: first.next().unwrap().to_owned(),
        headers: lines
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap();
                (name.to_ascii_lowercase(), value.trim().to_owned())
            })
            .collect(),
        body,
    };
    let length: usize = match request.header("content-length").first() {
        Some(length) => length.parse().unwrap(),
        None => 0,
    };
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(request)
}
