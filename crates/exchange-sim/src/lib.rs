//! Small strict venues on loopback: Kraken Spot, Kraken Custody, the external Custody API, Kraken Prime
//! with its WebSocket, and Gemini with its sandbox, for tests of your own program and for first steps
//! without an account.
//!
//! They check what the real ones check (key, permissions, signature over the bytes received, nonce,
//! second factor, limits on calls and orders), keep books to the last digit, and say why they refuse.
//! They share no code with the clients of this workspace, so that one mistake can't hide in both.
//!
//! # In a test
//!
//! ```
//! use exchange_sim::Sim;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sim = Sim::builder().start().await?;
//! let key = sim.kraken().spot_credentials();
//! let client = kraken_spot::Client::builder()
//!     .base_url(sim.kraken().url())
//!     .api_key(key.key, key.secret)
//!     .build()?;
//! let balances = client.get_account_balance().send().await?;
//! assert_eq!(balances["XXBT"], sim.kraken().balance("XBT"));
//! # Ok(())
//! # }
//! ```
//!
//! Each [`Sim`] listens on free ports of its own and ends when it is dropped; several run at once. What
//! happens is under your control:
//!
//! | To | Use |
//! |---|---|
//! | stop or move time | [`Sim::clock`] |
//! | set Kraken's balances and prices, deliver deposits, fill orders | [`Sim::kraken`] |
//! | set Kraken Prime's balances, credit, fees and prices, fill, restate and cancel orders, let decisions take time, take a market offline | [`Sim::prime`] |
//! | let calls and upgrades to WebSockets fail, hang, overtake each other or lose their answers | [`Sim::faults`] |
//! | drop WebSockets, or repeat, delay, reorder, cut and garble what is said on them | [`Faults::on_message`], [`Faults::on_push`] |
//! | see what was received, and what was refused and why | [`Sim::received`] |
//! | the same for Gemini, and decide what prediction markets ask | [`Sim::gemini`], [`Sim::gemini_sandbox`] |
//! | start from other keys, permissions, tiers, balances | [`Sim::builder`] |
//! | turn limits off | [`SimBuilder::rate_limits`] |
//!
//! An order at Kraken Prime of which the connection is lost before the answer comes:
//!
//! ```
//! use exchange_sim::{MessageFault, Often, Sim};
//! use kraken_prime::Decimal;
//! use kraken_prime::enums::{Side, TimeInForce};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sim = Sim::builder().start().await?;
//! let key = sim.prime().credentials();
//! let client = kraken_prime::Client::builder()
//!     .url(sim.prime().url())
//!     .api_key(key.key, key.secret)
//!     .connect()
//!     .await?;
//! sim.faults().on_message("NewOrderSingle", MessageFault::DropAfter, Often::Times(1));
//! let order = client
//!     .new_order()
//!     .symbol("BTC-USD")
//!     .side(Side::Buy)
//!     .quantity(Decimal::ONE)
//!     .limit(Decimal::from(1_000), TimeInForce::GoodTillCancel)
//!     .send()
//!     .await?;
//! // The client connected anew and found out that it was accepted: it is there, and once.
//! let open = sim.prime().open_orders();
//! assert_eq!(open.len(), 1);
//! assert_eq!(open[0].cl_ord_id, order.cl_ord_id());
//! # Ok(())
//! # }
//! ```
//!
//! # As a program
//!
//! ```text
//! cargo run -p exchange-sim
//! ```
//!
//! prints a line of JSON with the URL, a key and a secret for each API, then a line a request or message.
//! With `--listen 127.0.0.1:8700` Kraken is at that port, Gemini at the next one, its sandbox at the one
//! after, and Kraken Prime's WebSocket at the fourth; Prime's REST calls are on Kraken's host.
//! `--help` tells the rest; the configuration file is described at [`SimBuilder::from_file`].
//!
//! # Clients in other languages
//!
//! Anything that can be told another address works. Tried by hand in November 2026, with balances,
//! ticker, an order placed and canceled, the history of trades, a wrong secret and a used nonce:
//!
//! | Client | Pointed at the simulator by |
//! |---|---|
//! | krakenex 2.2.2 | `api.uri = base_url` |
//! | python-kraken-sdk 3.5.1 | `User(key=…, secret=…, url=base_url)` |
//! | ccxt 4.5.90 | replacing `https://api.kraken.com` in the values of `exchange.urls['api']` |
//!
//! They work unchanged. What differs between them: krakenex and ccxt count nonces in milliseconds,
//! python-kraken-sdk in nanoseconds, so a key that the latter has used is lost to the others, here as
//! at the real venue; python-kraken-sdk writes booleans as `True` and `False`, which is accepted.
//!
//! Kraken Prime has no client library of its own. This is all that a Python program needs, with
//! websocket-client 1.9.2, to be greeted and to see its balances; url, key and secret are those of
//! `kraken-prime` in the first line:
//!
//! ```python
//! import base64, hashlib, hmac, json
//! from datetime import datetime, timezone
//! from urllib.parse import urlsplit
//! import websocket
//!
//! def connect(url, key, secret):
//!     at = urlsplit(url)
//!     time = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
//!     lines = "\n".join(["GET", time, at.netloc, at.path])
//!     signature = hmac.new(secret.encode(), lines.encode(), hashlib.sha256).digest()
//!     return websocket.create_connection(url, header={
//!         "ApiKey": key,
//!         "ApiTimestamp": time,
//!         "ApiSign": base64.urlsafe_b64encode(signature).decode(),
//!     })
//!
//! ws = connect(url, key, secret)
//! hello = json.loads(ws.recv())
//! ws.send(json.dumps({"reqid": 1, "type": "subscribe", "streams": [{"name": "Balance"}]}))
//! while True:
//!     for balance in json.loads(ws.recv())["data"]:
//!         print(balance["Currency"], balance["AvailableAmount"])
//! ```
//!
//! A wrong secret, an unknown key and a time that is more than 30 s off are refused with status 401. The
//! vendor documents neither that status nor the tolerance: they were chosen.
//!
//! # How true it is
//!
//! Kraken's answers have the form of the vendor's descriptions in `specs/`, which is tested with a JSON
//! Schema validator for every operation; Gemini's follow the vendor's documentation. Behind them is one state: a market whose book, trades, candles and
//! ticker follow from the same trades; orders that hold funds, rest, and fill against that market;
//! ledgers that follow from what happened. All money moves in double entry.
//!
//! `cargo bench -p exchange-sim` lets it fill 10,000 orders and answer 1,000,000 public reads: 0.3 s and
//! 16 s on two cores, with the memory of the first order at the end.
//!
//! It is no copy of the venue's engine. Where the vendor documents nothing, something simple was chosen:
//! there is no ban after many bad nonces, no limit per IP on public Spot calls (the vendor gives advice
//! but no numbers), fees of withdrawals are round numbers, the market moves at random.
//!
//! Of Prime's WebSocket, these were chosen: the status and texts of refused upgrades and the tolerance of
//! 30 s; the texts and codes of errors but `missing Ping data` (1: not understood, 2: the `reqid` is in
//! use, 3: all else, such as an `unknown reqid` or an order by a user who may only look); that an error
//! carries the `reqid` 0 where the message has none, and counts as a message of its `reqid`; pages of
//! 500 records, of which each has `ts` and `seqNum`, and tokens that are good once; that the whole of a
//! request with several streams is refused if one is; at most 1,000 subscriptions of 100 streams on a
//! connection, with 50,000 records that wait to be paged through, and tags of 200 bytes; that a client which reads too slowly for what is kept of a history is closed with 1008,
//! and that a connection outlives its key.

mod books;
mod clock;
mod config;
mod fault;
mod gemini;
mod ids;
mod journal;
mod json;
mod kraken;
mod moment;
mod prime;
mod route;
mod server;
mod sim;
mod venue;
mod ws;

pub use clock::Clock;
pub use config::ConfigError;
pub use fault::{Fault, Faults, MessageFault, Often, PushFault};
pub use gemini::handle::GeminiHandle;
pub use gemini::{GeminiKey, GeminiNonces, GeminiRole, GeminiToken};
pub use journal::Received;
pub use kraken::custody::people::CustodyRole;
pub use kraken::custody::script::{CustodyTask, CustodyVault};
pub use kraken::custody::tasks::CustodyTaskState;
pub use kraken::handle::{Credentials, KrakenHandle};
pub use kraken::spot::market::status::KrakenStatus;
pub use kraken::spot::script_orders::{KrakenOpenOrder, KrakenTrade};
pub use kraken::{KrakenApi, KrakenKey, KrakenTier};
pub use moment::Moment;
pub use prime::handle::PrimeHandle;
pub use prime::key::{PrimeKey, PrimeRole};
pub use prime::script::{PrimeBalance, PrimeOrder, PrimeTrade};
pub use sim::{Sim, SimBuilder, StartError};
