//! Stands between a client and a simulated venue, and keeps what each says to the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use exchange_auth::{Secret, prime};
use exchange_sim::{Credentials, PrimeHandle};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use crate::prime_sheet::By;

/// How long something may be in coming.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was said, in order. Clones are the same tape.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<Said>>>);

/// One message.
#[derive(Debug, Clone)]
pub struct Said {
    /// Which connection it was on.
    pub connection: usize,
    /// Who said it.
    pub by: By,
    /// What.
    pub message: Value,
}

impl Tape {
    /// Everything so far.
    pub fn all(&self) -> Vec<Said> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until the venue has said something.
    pub async fn heard(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let all = self.all();
            let mut said = all.into_iter().filter(|said| said.by == By::Venue);
            if let Some(said) = said.find(|said| is_it(&said.message)) {
                return said.message;
            }
            assert!(begin.elapsed() < PATIENCE, "the venue did not say: {what}");
            sleep(Duration::from_millis(2)).await;
        }
    }

    fn keep(&self, connection: usize, by: By, text: &str) {
        let message = serde_json::from_str(text).unwrap();
        let said = Said {
            connection,
            by,
            message,
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(said);
    }
}

/// The headers of an upgrade that is signed for a host.
fn sign(key: &Credentials, timestamp: &str, host: &str) -> [(&'static str, String); 3] {
    let secret = Secret::new(key.secret.clone());
    [
        ("ApiKey", key.key.clone()),
        ("ApiTimestamp", timestamp.to_owned()),
        ("ApiSign", prime::sign(&secret, timestamp, host, "/ws/v1")),
    ]
}

/// A plain socket at Prime.
pub async fn prime_socket(
    venue: &PrimeHandle,
    key: &Credentials,
    timestamp: &str,
) -> WebSocketStream<TcpStream> {
    let mut request = venue.url().into_client_request().unwrap();
    for (name, value) in sign(key, timestamp, venue.host()) {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(venue.host()).await.unwrap();
    client_async(request, stream).await.unwrap().0
}

/// Passes on what is said at an address of its own, which it returns. The client must sign for
/// that address, and is signed anew for the venue's.
pub async fn prime(venue: &PrimeHandle, key: Credentials, tape: &Tape) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let url = format!("ws://{host}/ws/v1");
    let (venue, tape) = (venue.clone(), tape.clone());
    tokio::spawn(async move {
        let mut connection = 0;
        while let Ok((stream, _)) = listener.accept().await {
            connection += 1;
            let (client, timestamp) = greet(stream, &key, &host).await;
            let socket = prime_socket(&venue, &key, &timestamp).await;
            tokio::spawn(pass_on(client, socket, connection, tape.clone()));
        }
    });
    url
}

/// The client's connection, and the time that it signed.
async fn greet(
    stream: TcpStream,
    key: &Credentials,
    host: &str,
) -> (WebSocketStream<TcpStream>, String) {
    let mut timestamp = String::new();
    #[expect(clippy::result_large_err, reason = "the form that tungstenite wants")]
    let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        header("ApiTimestamp").clone_into(&mut timestamp);
        for (name, value) in sign(key, &timestamp, host) {
            assert_eq!(header(name), value, "{name}");
        }
        assert_eq!(request.uri().path(), "/ws/v1");
        Ok(response)
    };
    let client = accept_hdr_async(stream, look).await.unwrap();
    (client, timestamp)
}

async fn pass_on(
    mut client: WebSocketStream<TcpStream>,
    mut venue: WebSocketStream<TcpStream>,
    connection: usize,
    tape: Tape,
) {
    loop {
        let (by, message) = tokio::select! {
            message = client.next() => (By::Client, message),
            message = venue.next() => (By::Venue, message),
        };
        let Some(Ok(message)) = message else {
            return;
        };
        if let Message::Text(text) = &message {
            tape.keep(connection, by, text.as_str());
        }
        let passed = match by {
            By::Client => venue.send(message).await,
            By::Venue => client.send(message).await,
        };
        if passed.is_err() {
            return;
        }
    }
}

/// A call that was passed on.
#[derive(Debug, Clone)]
pub struct Called {
    /// The last part of the path.
    pub name: String,
    /// The body of the call.
    pub sent: Value,
    /// The body of the answer.
    pub answer: Value,
}

/// Passes calls on to `host` from an address of its own, which it returns, and keeps them.
pub async fn http(host: &str, calls: &Arc<Mutex<Vec<Called>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (host, calls) = (host.to_owned(), Arc::clone(calls));
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (host, calls) = (host.clone(), Arc::clone(&calls));
            tokio::spawn(async move {
                let mut venue = TcpStream::connect(host).await.unwrap();
                while let Some((head, sent)) = take(&mut client).await {
                    venue.write_all(&whole(&head, &sent)).await.unwrap();
                    let (answer_head, answer) = take(&mut venue).await.unwrap();
                    let path = head.split(' ').nth(1).unwrap();
                    let (_, name) = path.rsplit_once('/').unwrap();
                    let called = Called {
                        name: name.to_owned(),
                        sent: serde_json::from_slice(&sent).unwrap(),
                        answer: serde_json::from_slice(&answer).unwrap(),
                    };
                    calls
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(called);
                    client
                        .write_all(&whole(&answer_head, &answer))
                        .await
                        .unwrap();
                }
            });
        }
    });
    url
}

/// The head and the body of an HTTP/1.1 message.
async fn take(from: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_it = name.eq_ignore_ascii_case("content-length");
        is_it.then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or_default()];
    from.read_exact(&mut body).await.unwrap();
    Some((head, body))
}

fn whole(head: &str, body: &[u8]) -> Vec<u8> {
    [head.as_bytes(), body].concat()
}
