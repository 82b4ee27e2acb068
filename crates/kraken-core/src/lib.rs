//! What the clients for Kraken Spot and Kraken Custody share.
//!
//! | Module | Subject |
//! |---|---|
//! | [`mod@client`] | the signed, decoded call; how a client is built |
//! | [`envelope`] | `{"error": …, "result": …}` and the venue's messages |
//! | [`catalogue`] | what each of those messages means and what to do then |
//! | [`pace`] | models of the venue's rate limits |
//! | the others | values that travel in a form of Kraken's own |
//!
//! # Example
//!
//! ```no_run
//! use exchange_transport::{Access, Answer, Call, Effect, Operation, Pace, Permission};
//! use kraken_core::client::{ClientBuilder, Core, Scheme};
//!
//! static TIME: Operation = Operation {
//!     api: "kraken-spot",
//!     id: "getServerTime",
//!     rust_method: "get_server_time",
//!     method: http::Method::GET,
//!     path: "/0/public/Time",
//!     access: Access::Public,
//!     permission: Permission::NotNeeded,
//!     effect: Effect::Read,
//!     pace: Pace { counter: "kraken-public-ip", cost: 1 },
//!     answer: Answer::Enveloped,
//! };
//!
//! #[derive(serde::Deserialize)]
//! struct ServerTime { unixtime: i64 }
//!
//! # async fn run() -> Result<(), exchange_transport::Error> {
//! let core: Core = ClientBuilder::new(Scheme::Body, "https://api.kraken.com").build()?;
//! let time: ServerTime = core.call(Call::new(&TIME)).await?;
//! println!("{}", time.unixtime);
//! # Ok(())
//! # }
//! ```

mod answer;
pub mod asset_list;
pub mod catalogue;
pub mod client;
pub mod cursor;
pub mod deposit_limit;
pub mod dispatch;
pub mod envelope;
pub mod order_price;
pub mod order_ref;
pub mod order_time;
pub mod pace;
mod scalar;
pub mod secret_text;
#[cfg(test)]
mod testing;
pub mod time_or_id;

pub use asset_list::{AssetClass, AssetList, ClassifiedAsset};
pub use client::{ClientBuilder, Core, Reply, Scheme};
pub use cursor::Cursor;
pub use deposit_limit::DepositLimit;
pub use dispatch::{DispatchError, EmptyObject, Members, Parameters, decode_answer};
pub use exchange_transport::CounterState;
pub use order_price::{OrderPrice, PriceSign};
pub use order_ref::OrderRef;
pub use order_time::OrderTime;
pub use secret_text::SecretText;
pub use time_or_id::TimeOrId;
