//! Long lists as streams.
//!
//! Every call whose list comes in pages has a method `stream` beside `send`, for its items one by
//! one, and `pages`, for all of a page at once. The pages are asked for as they are needed, each
//! with the same filters and each an ordinary call, so that the rate limits hold.
//!
//! ```no_run
//! use kraken_spot::Client;
//! use kraken_spot::types::LedgerFilter;
//!
//! # async fn run(client: Client) -> Result<(), kraken_spot::Error> {
//! let mut entries = client
//!     .get_ledgers()
//!     .kind(LedgerFilter::Deposit)
//!     .start(1_700_000_000)
//!     .stream();
//! while let Some(entry) = entries.next().await {
//!     let (id, entry) = entry?;
//!     println!("{id}: {:?} {:?}", entry.amount, entry.asset);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Items`] and [`Pages`] are `futures_core::Stream`s, `Send` and `Unpin`, so the adapters of
//! `futures-util` work on them too.
//!
//! | Calls | Pages by | Position | Ends |
//! |---|---|---|---|
//! | `get_closed_orders`, `get_trade_history`, `get_ledgers` | cursor; offset if asked to, or if the venue knows no cursor | [`HistoryPosition`] | with the list |
//! | `get_open_orders`, `get_status_recent_deposits`, `get_status_recent_withdrawals` | cursor | [`CursorPosition`] | with the list |
//! | `get_recent_trades` | time, forward | [`TradesPosition`] | when nothing new came |
//! | `get_ohlc_data` | time, forward | [`CandlesPosition`] | when nothing new came |
//! | `get_recent_spreads` | time, forward | [`SpreadsPosition`] | when nothing new came |
//! | `get_post_trade` | time, forward | [`PostTradePosition`] | when nothing new came |
//!
//! # Errors, and going on later
//!
//! A stream stops at an error. Polling it again asks for the page that failed once more: what it
//! gave before does not come twice. So leave the loop at an error that won't pass.
//!
//! [`Items::position`] says where a stream stands. It is small and can be stored; `stream_from`
//! goes on there, with a new client if need be. Set the same filters. Stored in the middle of a
//! page, the items of that page come again; store it after each of the [`Pages`] if none may.
//!
//! ```no_run
//! use kraken_spot::Client;
//! use kraken_spot::paging::TradesPosition;
//!
//! # async fn run(client: Client, mut position: TradesPosition) -> Result<(), kraken_spot::Error> {
//! // Every trade since the last time, then where to go on the next time.
//! let mut pages = client.get_recent_trades().pair("XBTUSD").pages_from(position.clone());
//! while let Some(page) = pages.next().await {
//!     for trade in page? {
//!         println!("{} {}", trade.price, trade.volume);
//!     }
//!     if let Some(reached) = pages.position() {
//!         position = reached.clone();
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A venue that leads in a circle can't hold a stream: a cursor that comes again, a page that
//! repeats or page after page without anything new ends it, with an error that says so.
//!
//! # Cursor or offset
//!
//! The vendor advises against `ofs`, and offsets shift when something new arrives, so the history
//! calls page by cursor. Two clients know of that cursor and no answer with it was seen; hence, if
//! the first answer has no cursor but counts more than it holds, the stream goes on by offset.
//! [`HistoryPosition::Offset`] asks for offsets from the outset.
//!
//! With offsets, what comes twice because the list grew is left out by its id; what is new may
//! come or not. What was *removed* from the list meanwhile can make a stream by offset miss an
//! item; set `end` so that the list is settled.
//!
//! # Not paged
//!
//! The calls of Earn take a cursor but answer everything at once, so they have no stream.

mod history;
mod market;
mod post_trade;
mod transfers;

pub use exchange_transport::paging::{CursorPosition, Items, Next, Page, Paged, Pages, Position};

pub use history::HistoryPosition;
pub use market::{CandlesPosition, SpreadsPosition, TradesPosition};
pub use post_trade::PostTradePosition;

use exchange_transport::{Error, Kind};

/// An answer with rows that does not say where the next ones begin.
fn no_way_on() -> Error {
    Error::new(Kind::Decode).with_text("the answer does not say where the next page begins")
}
