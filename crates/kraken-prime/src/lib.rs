//! Kraken Prime: the WebSocket protocol, whole, and the REST calls beside it.
//!
//! ```no_run
//! use kraken_prime::{Client, Event, SANDBOX};
//!
//! # async fn run() -> Result<(), kraken_prime::Error> {
//! // The key from KRAKEN_PRIME_API_KEY and KRAKEN_PRIME_API_SECRET.
//! let client = Client::builder().url(SANDBOX).credentials_from_env()?.connect().await?;
//! let mut balances = client.balances().equivalent("USD").subscribe().await?;
//! while let Some(event) = balances.next().await {
//!     match event? {
//!         Event::Message(message) => {
//!             for balance in message.data {
//!                 println!("{}: {}", balance.currency, balance.amount);
//!             }
//!         }
//!         Event::Interrupted(why) => println!("a new snapshot follows: {why}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Streams
//!
//! There are eleven, in [`streams`]. Each can be had as it comes, as a [`Subscription`], or
//! applied to a [`View`] that holds the present state. Neither asks anything of you when the
//! connection is lost: it is made anew, with new signed headers, the streams are asked for again,
//! and you are told in between that what you have is no longer the latest.
//!
//! # Commands
//!
//! There are seven, in [`commands`]. A command ends when the venue has answered it on a stream,
//! and [`Error::outcome`] says of one that failed whether it may have been executed all the same.
//!
//! # REST
//!
//! Users, keys and settlement are calls of Kraken's REST API, in [`rest`].
//!
//! # What is not certain
//!
//! The vendor's documentation leaves points open. Where it does, this crate reads every form that
//! is known or likely, keeps members and texts it does not know, and shows messages it does not
//! know as a [`Notice`].
//! Where a member or a meaning is known from other installations of the same server only, or
//! guessed, its documentation says so.
//!
//! Whether orders are cancelled when the connection they were placed on is lost, the vendor does
//! not say. After a reconnect, see the Order stream, or [`commands::Placed::latest`].
//!
//! # Money and time
//!
//! Amounts are [`Decimal`], exact to the last digit. Times are [`Time`], as exact as they were
//! sent, and durations [`Span`].

pub mod client;
pub mod commands;
mod connection;
#[cfg(feature = "dispatch")]
pub mod dispatch;
pub mod enums;
mod envelope;
mod lifecycle;
mod notice;
mod number_or_text;
mod record;
pub mod rest;
mod span;
pub mod streams;
mod subscription;
mod time;
mod topic;
mod tracker;
mod view;

pub use client::{Client, ClientBuilder, PRODUCTION, Request, SANDBOX};
pub use connection::Status;
pub use envelope::Message;
pub use exchange_transport::ws;
pub use exchange_transport::{Error, Kind, Outcome, Severity, VendorMessage};
pub use exchange_wire::{DecodeError, IndexMap, RawJson};
pub use notice::{Notice, Notices};
pub use number_or_text::NumberOrText;
pub use record::Extra;
pub use rust_decimal::{self, Decimal};
pub use span::Span;
pub use subscription::{Event, Interruption, Subscription};
pub use time::Time;
pub use topic::{Record, Topic};
pub use view::{Changes, View, ViewStatus};
