//! What every exchange client needs between a typed call and the bytes on the
//! wire, and nothing that belongs to one venue.
//!
//! | Module | Subject |
//! |---|---|
//! | [`operation`] | one static row of metadata for each call a venue offers |
//! | [`call`] | a request being put together: path, query, headers, JSON body |
//! | [`param`] | which Rust values may stand in a path, query or header |
//! | [`header`] | text that may stand in a header |
//! | [`given`] | required builder parameters, checked when compiling |
//! | [`check`] | limits the venue documents, checked before anything is sent |
//! | [`engine`] | a call's way from queue to answer, with its repeats and its deadline |
//! | [`queue`] | the line in which the private calls of one key stand |
//! | [`retry`] | when a failed call is sent again by itself |
//! | [`watch`] | log events, and a hook for metrics |
//! | [`transport`] | sending, with time and size limits |
//! | [`paging`] | lists that come page by page, as streams |
//! | [`pacer`] | how a model of the venue's rate limits is asked |
//! | [`pace`] | counters to build such a model from |
//! | [`dispatch`] | what calls by operation id are given and give back |
//! | `ws` | a WebSocket that reconnects (feature `ws`) |
//! | [`error`] | the one error type of all venue crates |
//!
//! # Example
//!
//! ```
//! use exchange_transport::{Access, Answer, Call, Effect, Operation, Pace, Permission};
//!
//! static TICKER: Operation = Operation {
//!     api: "example",
//!     id: "getTicker",
//!     rust_method: "get_ticker",
//!     method: http::Method::GET,
//!     path: "/0/public/Ticker",
//!     access: Access::Public,
//!     permission: Permission::NotNeeded,
//!     effect: Effect::Read,
//!     pace: Pace { counter: "example-ip", cost: 1 },
//!     answer: Answer::Enveloped,
//! };
//!
//! # fn main() -> Result<(), exchange_transport::Error> {
//! let mut call = Call::new(&TICKER);
//! call.query("pair", "BTC/USD").query("assetVersion", &Some(1));
//! assert_eq!(call.path_and_query()?, "/0/public/Ticker?pair=BTC%2FUSD&assetVersion=1");
//! # Ok(())
//! # }
//! ```

pub mod call;
pub mod check;
mod clock;
pub mod dispatch;
pub mod engine;
pub mod error;
pub mod given;
pub mod header;
pub mod operation;
pub mod pace;
pub mod pacer;
pub mod paging;
pub mod param;
pub mod queue;
pub mod retry;
mod settings;
pub mod transport;
pub mod watch;
#[cfg(feature = "ws")]
pub mod ws;

pub use call::Call;
pub use check::{At, Check, InvalidField};
pub use clock::http_date;
pub use engine::{Answered, Engine, EngineConfig, Venue};
pub use error::{Error, Kind, Outcome, Severity, VendorMessage};
pub use given::{Given, Missing};
pub use header::header_value;
pub use operation::{Access, Answer, Effect, Operation, Pace, Permission};
pub use pacer::{CallFacts, CounterState, PaceMode, Pacer, Reservation};
pub use param::ToParam;
pub use queue::{InFlight, KeyQueue, Turn};
pub use retry::RetryPolicy;
pub use transport::{
    AnswerHead, Prepared, RawAnswer, Transport, TransportConfig, TransportFault,
    http_client_builder,
};

pub use watch::{AttemptReport, Observer};

/// The HTTP client that [`TransportConfig::http`] takes.
pub use reqwest;
