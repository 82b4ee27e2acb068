//! A venue on loopback that keeps the highest nonce of each key and refuses
//! what is not above it, keeps a book of the orders placed, and can hold
//! requests up or spoil them on their way.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exchange_transport::{Access, Answer, Effect, Operation, Pace, Permission};
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

pub const KEY: &str = "public-key-of-the-test";
pub const SECRET: &str = "a2VlcCBvdXQgb2YgbG9ncw==";

pub const PRIVATE: Operation = Operation {
    api: "kraken-spot",
    id: "getAccountBalance",
    rust_method: "get_account_balance",
    method: Method::POST,
    path: "/0/private/Balance",
    access: Access::Private,
    permission: Permission::AllOf(&["Funds permissions - Query"]),
    effect: Effect::Read,
    pace: Pace {
        counter: "kraken-private",
        cost: 1,
    },
    answer: Answer::Enveloped,
};

/// A call that only reads.
pub static BALANCE: Operation = PRIVATE;

/// A call that places an order.
pub static ADD_ORDER: Operation = Operation {
    id: "addOrder",
    rust_method: "add_order",
    path: "/0/private/AddOrder",
    effect: Effect::Order,
    ..PRIVATE
};

/// What happens to one request.
#[derive(Debug, Clone)]
pub struct Fate {
    /// How long it is on its way before the venue looks at its nonce. Requests
    /// with different times overtake each other.
    pub on_the_way: Duration,
    pub fault: Option<Fault>,
}

impl Fate {
    pub const NONE: Self = Self {
        on_the_way: Duration::ZERO,
        fault: None,
    };

    pub const fn fault(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::NONE
        }
    }
}

/// What goes wrong. Those with `executed` happen to a request that the venue
/// received: it did what it was asked, or did not.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection is reset before a byte of the request is read.
    ResetUnread,
    /// The connection is reset instead of an answer.
    Reset { executed: bool },
    /// No answer, and the connection stays open.
    Silence { executed: bool },
    /// The head of the answer and a part of the body, then nothing.
    SlowBody { executed: bool },
    /// The head of the answer and a part of the body, then the end.
    CutBody { executed: bool },
    /// Another answer than the venue's.
    Answer {
        executed: bool,
        status: u16,
        headers: &'static str,
        body: String,
    },
}

/// Decides by the number of the request, from 0, in the order of arrival.
type Fates = dyn Fn(u64) -> Fate + Send + Sync;

pub struct Venue {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    fates: Box<Fates>,
    /// How far below the highest a nonce may be.
    window: u64,
    books: Mutex<Books>,
}

/// What the venue knows.
#[derive(Debug, Default)]
pub struct Books {
    /// The highest nonce of each key, and all that were taken.
    nonces: HashMap<String, Vec<u64>>,
    /// How many requests began to arrive, those reset unread included.
    pub requests: u64,
    /// How many had a nonce that was refused.
    pub refused: u64,
    /// How many had a nonce that an earlier one had, refused or not.
    pub repeated: u64,
    all_nonces: HashSet<u64>,
    /// How many private calls were executed.
    pub executed: u64,
    /// How often each order was placed, by its client order id.
    pub orders: HashMap<String, u32>,
    in_flight: u32,
    pub most_in_flight: u32,
}

impl Venue {
    /// Without nonce window.
    pub async fn start(fates: impl Fn(u64) -> Fate + Send + Sync + 'static) -> Self {
        Self::with_window(0, fates).await
    }

    pub async fn with_window(
        window: u64,
        fates: impl Fn(u64) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            fates: Box::new(fates),
            window,
            books: Mutex::default(),
        });
        let of_server = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(stream, Arc::clone(&of_server)));
            }
        });
        Self { url, shared }
    }

    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.shared.books()
    }
}

/// A request that is not answered yet.
struct Present<'a>(&'a Shared);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.books().in_flight -= 1;
    }
}

struct Request {
    path: String,
    key: String,
    fields: serde_json::Value,
}

impl Shared {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks the nonce, does what is asked if `execute`, and gives the body
    /// of the answer.
    fn act(&self, request: &Request, execute: bool) -> String {
        let mut books = self.books();
        let nonce = request.fields["nonce"].as_u64().unwrap();
        if !books.all_nonces.insert(nonce) {
            books.repeated += 1;
        }
        let taken = books.nonces.entry(request.key.clone()).or_default();
        let highest = taken.iter().copied().max().unwrap_or(0);
        if taken.contains(&nonce) || nonce.saturating_add(self.window) <= highest {
            books.refused += 1;
            return r#"{"error":["EAPI:Invalid nonce"]}"#.to_owned();
        }
        taken.push(nonce);
        // Older ones are below the window or so far back that they can't come.
        if taken.len() > 512 {
            taken.sort_unstable();
            taken.drain(..256);
        }
        if execute {
            books.executed += 1;
            if let Some(id) = request.fields["cl_ord_id"].as_str() {
                *books.orders.entry(id.to_owned()).or_default() += 1;
            }
        }
        format!(
            r#"{{"error":[],"result":{{"path":"{}","nonce":"{nonce}"}}}}"#,
            request.path
        )
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut buffer = Vec::new();
    loop {
        // Nothing is read before it is known what will become of the request.
        if buffer.is_empty() {
            let mut first = [0];
            match stream.peek(&mut first).await {
                Ok(1) => {}
                _ => return,
            }
        }
        let number = {
            let mut books = shared.books();
            books.requests += 1;
            books.in_flight += 1;
            books.most_in_flight = books.most_in_flight.max(books.in_flight);
            books.requests - 1
        };
        let fate = (shared.fates)(number);
        let present = Present(&shared);
        let goes_on = answer(&mut stream, &mut buffer, present, fate).await;
        if goes_on.is_none() {
            return;
        }
    }
}

/// `None` if the connection is over.
async fn answer(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    present: Present<'_>,
    fate: Fate,
) -> Option<()> {
    if matches!(fate.fault, Some(Fault::ResetUnread)) {
        stream.set_zero_linger().ok()?;
        return None;
    }
    let request = read_request(stream, buffer).await?;
    if !fate.on_the_way.is_zero() {
        sleep(fate.on_the_way).await;
    }
    let act = |executed| {
        let body = present.0.act(&request, executed);
        // Once the answer is out the next request may come.
        drop(present);
        format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    match fate.fault {
        None => stream.write_all(act(true).as_bytes()).await.ok(),
        Some(Fault::ResetUnread) => None,
        Some(Fault::Reset { executed }) => {
            act(executed);
            stream.set_zero_linger().ok()?;
            None
        }
        Some(Fault::Silence { executed }) => {
            act(executed);
            wait_for_end(stream).await;
            None
        }
        Some(Fault::SlowBody { executed }) => {
            let whole = act(executed);
            stream
                .write_all(&whole.as_bytes()[..whole.len() - 9])
                .await
                .ok()?;
            wait_for_end(stream).await;
            None
        }
        Some(Fault::CutBody { executed }) => {
            let whole = act(executed);
            stream
                .write_all(&whole.as_bytes()[..whole.len() - 9])
                .await
                .ok()?;
            None
        }
        Some(Fault::Answer {
            executed,
            status,
            headers,
            body,
        }) => {
            act(executed);
            let length = body.len();
            let whole =
                format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
            stream.write_all(whole.as_bytes()).await.ok()
        }
    }
}

/// Until the client gives up.
async fn wait_for_end(stream: &mut TcpStream) {
    let mut rest = [0; 64];
    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let head_end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..head_end].to_vec()).unwrap();
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (given, value) = line.split_once(": ")?;
            given.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let request = Request {
        path: head.split(' ').nth(1).unwrap().to_owned(),
        key: header("api-key").unwrap().to_owned(),
        fields: serde_json::from_slice(&buffer[head_end..head_end + length]).unwrap(),
    };
    buffer.drain(..head_end + length);
    Some(request)
}

/// Numbers that look random and are the same in each run.
pub fn scrambled(number: u64, salt: u64) -> u64 {
    let mut mixed = number
        .wrapping_add(salt)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Most requests come at once, some are held up for up to 4 ms.
pub fn reordering(number: u64) -> Fate {
    let random = scrambled(number, 1);
    let held_up = if random.is_multiple_of(8) {
        Duration::from_micros(random / 8 % 4_000)
    } else {
        Duration::ZERO
    };
    Fate {
        on_the_way: held_up,
        fault: None,
    }
}
