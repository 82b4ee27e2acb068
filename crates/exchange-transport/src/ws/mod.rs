//! A WebSocket that reconnects.
//!
//! [`Session`] is one connection after the other to the same address. It knows nothing of what the
//! messages mean: a venue crate reads its [`Event`]s, subscribes anew after each
//! [`Event::Connected`], and hands messages to those who wait for them through a bounded
//! [`queue`].
//!
//! | Module | Subject |
//! |---|---|
//! | [`config`] | address, limits, liveness |
//! | [`proxy`] | a proxy on the way, given or named by the environment |
//! | [`session`] | connect, read, send, lose, connect again |
//! | [`backoff`] | how long to wait between tries |
//! | [`queue`] | messages for a user who may be slow |
//!
//! What it takes care of:
//!
//! * **Headers anew for each try.** A signature with a time in it is good for one upgrade.
//! * **Limits** on the size of a message, on what waits to be written, on how long connecting may
//!   take. The handshake's answer may have at most 64 KiB.
//! * **Liveness.** When nothing came for a while it sends a ping, and takes the connection for
//!   lost if nothing comes then either.
//! * **Back-off with jitter**, and only after a connection has held for a while does it begin at
//!   the shortest wait again.
//! * **Certainty.** [`Session::send`] says when a message certainly did not leave.
//!
//! # Example
//!
//! ```no_run
//! use exchange_transport::ws::{Event, Session, WsConfig};
//!
//! # async fn run() -> Result<(), exchange_transport::Error> {
//! let mut session = Session::new(WsConfig::new("wss://example.com/feed"))?;
//! while let Some(event) = session.next().await {
//!     match event {
//!         Event::Connected => session.send(r#"{"subscribe":"trades"}"#)?,
//!         Event::Text(text) => println!("{text}"),
//!         Event::Lost { error, retry_in } => println!("{error}; again in {retry_in:?}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

pub mod backoff;
pub mod config;
mod dial;
pub mod proxy;
pub mod queue;
pub mod session;

pub use backoff::Backoff;
pub use config::{HandshakeHeaders, Liveness, WsConfig};
pub use proxy::Proxy;
pub use queue::{Feed, Inbox, QueueLimits, Taken};
pub use session::{Event, Session};

/// The text of a message; cheap to clone.
pub use tokio_tungstenite::tungstenite::Utf8Bytes;
