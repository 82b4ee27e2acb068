//! Long lists as streams.
//!
//! A call whose list comes in pages has `stream` beside `send`, for its items one by one, and
//! `pages`, for all of a page at once. The pages are asked for as they are needed, each an ordinary
//! call with the same filters.
//!
//! ```no_run
//! # async fn run(gemini: gemini_exchange::Client) -> Result<(), gemini_exchange::Error> {
//! let mut trades = gemini.list_past_trades().symbol("btcusd").stream();
//! while let Some(trade) = trades.next().await {
//!     let trade = trade?;
//!     println!("{}: {} at {}", trade.tid, trade.amount, trade.price);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | Calls | Pages by | Order | Ends |
//! |---|---|---|---|
//! | `list_past_trades`, `list_past_orders` | time | oldest first | when nothing new came |
//! | `list_trades` | number of the trade | oldest first | when nothing new came |
//! | `get_transaction_history` | the venue's token | the venue's | with the list |
//!
//! A stream stops at an error, and asks for the same page again when it is polled again.
//! `position` says where it stands; it can be stored and given to `stream_from` later, with the
//! same filters. See [`exchange_transport::paging`].
//!
//! # By time
//!
//! The venue gives the rows from a time on, so many at most. Rows of one millisecond may be cut
//! apart by the end of a page, so the next page begins at the last millisecond that was seen, and
//! what was seen of it is left out. Where more rows share a millisecond than a page holds, there is
//! no way past it, and the stream says so.

pub use exchange_transport::paging::{CursorPosition, Items, Next, Page, Paged, Pages, Position};

use exchange_transport::{Error, Kind};
use serde::{Deserialize, Serialize};

/// Where a page begins in a list that is paged by time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimePosition {
    /// From this time on, in milliseconds since 1970; from the call's own `timestamp`, or the
    /// beginning, if not set.
    pub from: Option<i64>,
    /// The numbers of the rows of just that time that were given already.
    pub seen: Vec<u64>,
}

impl Position for TimePosition {}

/// Where a page begins in the list of public trades: after the trade of this number. From the
/// call's own `since_tid` or `timestamp`, or the earliest, if not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TradesPosition(
    /// The number.
    pub Option<i64>,
);

impl Position for TradesPosition {}

/// Puts the rows of a page in order, without those that were given before, and says where the next
/// page begins. `key` is a row's time in milliseconds and its number.
pub(crate) fn by_time<C: Paged<Position = TimePosition>>(
    position: TimePosition,
    rows: Vec<C::Item>,
    limit: u32,
    key: impl Fn(&C::Item) -> (Option<i64>, u64),
) -> Result<Page<C>, Error> {
    let broken = |text| Error::new(Kind::Decode).with_text(text);
    let full = u32::try_from(rows.len()).unwrap_or(u32::MAX) >= limit;
    let mut fresh = Vec::with_capacity(rows.len());
    for row in rows {
        let (time, id) = key(&row);
        let time = time.ok_or_else(|| broken("a row has no time to page by"))?;
        if position.from != Some(time) || !position.seen.contains(&id) {
            fresh.push((time, id, row));
        }
    }
    let Some(highest) = fresh.iter().map(|(time, ..)| *time).max() else {
        if full {
            return Err(broken(
                "more rows share a millisecond than a page holds: there is no way to the others",
            ));
        }
        return Ok(Page {
            items: Vec::new(),
            next: Next::Later(position),
        });
    };
    let mut seen = if position.from == Some(highest) {
        position.seen
    } else {
        Vec::new()
    };
    let last = fresh.iter().filter(|(time, ..)| *time == highest);
    seen.extend(last.map(|(_, id, _)| *id));
    // The venue begins with the newest; those of one millisecond keep their order, turned round.
    fresh.reverse();
    fresh.sort_by_key(|(time, ..)| *time);
    Ok(Page {
        items: fresh.into_iter().map(|(_, _, row)| row).collect(),
        next: Next::Page(TimePosition {
            from: Some(highest),
            seen,
        }),
    })
}

/// Pages a call by its field `timestamp`; used in the module of the call.
macro_rules! by_time {
    (
        $(#[$doc:meta])*
        $call:ident of $item:ty, $limit:ident $wire:literal $most:literal,
        |$row:ident| ($time:expr, $id:expr)
    ) => {
        impl crate::paging::Paged for $call {
            type Item = $item;
            type Position = crate::paging::TimePosition;
            const OPERATION: &'static exchange_transport::Operation =
                &<$call>::ENDPOINT.operation;

            async fn page(
                self,
                position: Self::Position,
            ) -> Result<crate::paging::Page<Self>, exchange_transport::Error> {
                let from = |millis| crate::types::Timestamp::from_unix_millis(millis);
                let call = match position.from {
                    Some(millis) => self.timestamp(from(millis)),
                    None if self.request.given("timestamp").is_some() => self,
                    None => self.timestamp(from(0)),
                };
                let limit = call.request.given($wire);
                let limit = limit.and_then(|limit| limit.decode().ok());
                let limit: u32 = limit.unwrap_or($most);
                let rows = call.$limit(limit).send().await?;
                crate::paging::by_time(position, rows, limit, |$row: &$item| ($time, $id))
            }
        }

        exchange_transport::paged! {
            $(#[$doc])*
            $call, crate::paging::TimePosition::default()
        }
    };
}
pub(crate) use by_time as page_by_time;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{ListPastTrades, MyTrade};

    fn trade(time: i64, tid: i64) -> MyTrade {
        let json = format!(
            r#"{{"price":"1","amount":"1","timestamp":1,"timestampms":{time},"type":"Buy","aggressor":true,"fee_currency":"USD","fee_amount":"0","tid":{tid},"order_id":"1"}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    const T: i64 = 1_700_000_000_000;

    fn page(
        position: TimePosition,
        rows: &[(i64, i64)],
        limit: u32,
    ) -> (Vec<i64>, Next<TimePosition>) {
        let rows = rows
            .iter()
            .map(|(time, tid)| trade(T + time, *tid))
            .collect();
        let page = by_time::<ListPastTrades>(position, rows, limit, |row: &MyTrade| {
            (row.timestampms.unix_millis(), row.tid.unsigned_abs())
        })
        .unwrap();
        (page.items.iter().map(|row| row.tid).collect(), page.next)
    }

    #[test]
    fn rows_of_one_millisecond_may_be_cut_apart() {
        let (tids, next) = page(TimePosition::default(), &[(2, 3), (2, 2), (1, 1)], 3);
        assert_eq!(tids, [1, 2, 3]);
        let Next::Page(position) = next else { panic!() };
        assert_eq!(position.from, Some(T + 2));
        // The same two come again, with a third of the same time, and one of a later time.
        let (tids, next) = page(position, &[(3, 5), (2, 4), (2, 3), (2, 2)], 4);
        assert_eq!(tids, [4, 5]);
        let Next::Page(position) = next else { panic!() };
        assert_eq!(
            position,
            TimePosition {
                from: Some(T + 3),
                seen: vec![5]
            }
        );
        // Nothing new: that is all for now.
        let (tids, next) = page(position.clone(), &[(3, 5)], 4);
        assert!(tids.is_empty());
        assert_eq!(next, Next::Later(position));
    }

    #[test]
    fn a_page_of_nothing_but_what_is_known_is_an_error_if_it_is_full() {
        let position = TimePosition {
            from: Some(T),
            seen: vec![1, 2],
        };
        let rows = vec![trade(T, 2), trade(T, 1)];
        let error = by_time::<ListPastTrades>(position, rows, 2, |row: &MyTrade| {
            (row.timestampms.unix_millis(), row.tid.unsigned_abs())
        });
        assert_eq!(error.unwrap_err().kind(), Kind::Decode);
    }
}
