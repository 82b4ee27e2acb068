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
//! | `list_past_transfers`, `list_custody_fee_transfers` | time, after a look at the venue's way | oldest first | when nothing new came |
//! | `list_accounts_in_group`, `list_staking_event_history` | time, backwards | newest first | when nothing new came |
//! | `list_trades` | number of the trade | oldest first | when nothing new came |
//! | `get_transaction_history` | the venue's token | the venue's | with the list |
//! | events, combos, orders, positions, payouts and rewards of prediction markets | offset | the venue's | with the list |
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
//!
//! Of transfers and custody fees the vendor does not say **which** rows it gives where more than
//! fit come after a time: the first of them, or the last. So when a page is full, the stream asks
//! once more for a single row, which shows it. If they are the last ones, no call leads to those
//! before: then the stream ends in an error that says so, in place of leaving rows out. Ask for
//! one currency or network at a time then, or from a later time on.
//!
//! # By offset
//!
//! The venue leaves out so many rows at the beginning. Rows that were seen are known again where
//! a list grew meanwhile; where a list shrinks, such as that of active orders, a row may slip past.
//!
//! # Lists without a stream
//!
//! `list_clearing_orders`, `list_clearing_brokers` and `list_clearing_trades` take a `timestamp`,
//! but the vendor tells neither which of a trade's three times that is, nor in which order they
//! come, nor which of them when there are too many: there is no walk that is sure to miss none.
//! Ask for short times (`submission_start` and `submission_end`) and a high limit.

pub use exchange_transport::paging::{CursorPosition, Items, Next, Page, Paged, Pages, Position};

use exchange_transport::{Error, Kind};
use serde::{Deserialize, Serialize};

/// Where a page begins in a list that is paged by time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimePosition {
    /// From this time on, in milliseconds since 1970; from the call's own `timestamp`, or the
    /// beginning, if not set.
    pub from: Option<i64>,
    /// The ids of the rows of just that time that were given already; for transfers of the
    /// millisecond after it, too.
    pub seen: Vec<String>,
    /// The venue was seen to give the oldest rows where there are too many. For lists of which it
    /// is not known otherwise.
    #[serde(default)]
    pub oldest_first: bool,
}

impl Position for TimePosition {}

/// Where a page begins in a list that is paged by time, backwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BackwardsPosition {
    /// Up to this time, in milliseconds since 1970; up to the call's own, or now, if not set.
    pub until: Option<i64>,
    /// The ids of the rows of just that time that were given already; for staking of the
    /// millisecond before it.
    pub seen: Vec<String>,
}

impl Position for BackwardsPosition {}

/// Where a page begins in the list of public trades: after the trade of this number. From the
/// call's own `since_tid` or `timestamp`, or the earliest, if not set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TradesPosition(
    /// The number.
    pub Option<i64>,
);

impl Position for TradesPosition {}

/// A row, its time in milliseconds and its id.
type Timed<T> = (i64, String, T);

fn broken(text: &'static str) -> Error {
    Error::new(Kind::Decode).with_text(text)
}

/// Finds time and id of each row.
pub(crate) fn timed<T>(
    rows: Vec<T>,
    key: impl Fn(&T) -> (Option<i64>, String),
) -> Result<Vec<Timed<T>>, Error> {
    let timed = rows.into_iter().map(|row| {
        let (time, id) = key(&row);
        let time = time.ok_or_else(|| broken("a row has no time to page by"))?;
        Ok((time, id, row))
    });
    timed.collect()
}

fn is_full<T>(rows: &[T], limit: u32) -> bool {
    u32::try_from(rows.len()).unwrap_or(u32::MAX) >= limit
}

/// A page on which everything is known: the end, unless there may be more behind it.
fn nothing_new<C: Paged>(full: bool, end: Next<C::Position>) -> Result<Page<C>, Error> {
    if full {
        return Err(broken(
            "more rows share a millisecond than a page holds: there is no way to the others",
        ));
    }
    Ok(Page {
        items: Vec::new(),
        next: end,
    })
}

/// Puts the rows of a page in order, without those that were given before, and says where the next
/// page begins: `overlap` milliseconds before the last row, for a venue that may leave out the very
/// time it was asked for.
pub(crate) fn by_time<C: Paged<Position = TimePosition>>(
    position: TimePosition,
    mut rows: Vec<Timed<C::Item>>,
    limit: u32,
    overlap: i64,
) -> Result<Page<C>, Error> {
    let full = is_full(&rows, limit);
    let given = |time: i64, id: &String| {
        position.from.is_some_and(|from| time <= from + overlap) && position.seen.contains(id)
    };
    rows.retain(|(time, id, _)| !given(*time, id));
    let Some(highest) = rows.iter().map(|(time, ..)| *time).max() else {
        return nothing_new(full, Next::Later(position));
    };
    let from = highest - overlap;
    // What was seen before counts on, if the time did not move past it.
    let mut seen = match position.from {
        Some(before) if before + overlap >= from => position.seen,
        _ => Vec::new(),
    };
    let last = rows.iter().filter(|(time, ..)| *time >= from);
    seen.extend(last.map(|(_, id, _)| id.clone()));
    // The venue begins with the newest; those of one millisecond keep their order, turned round.
    rows.reverse();
    rows.sort_by_key(|(time, ..)| *time);
    Ok(Page {
        items: rows.into_iter().map(|(_, _, row)| row).collect(),
        next: Next::Page(TimePosition {
            from: Some(from),
            seen,
            oldest_first: position.oldest_first,
        }),
    })
}

/// Whether a full page and the single row that the same call gives with a limit of 1 show that the
/// venue gives the oldest rows where there are too many.
pub(crate) fn shows_oldest_first<T>(page: &[Timed<T>], single: &[Timed<T>]) -> Result<(), Error> {
    let times = || page.iter().map(|(time, ..)| *time);
    let (lowest, highest) = (times().min(), times().max());
    match single.first() {
        Some((time, ..)) if Some(*time) == lowest && lowest < highest => Ok(()),
        _ => Err(broken(
            "the venue seems to give the newest rows where there are too many, so there is no way \
             to those before: ask for fewer, by a filter or from a later time on",
        )),
    }
}

/// Puts the rows of a page in order, newest first, without those that were given before, and says
/// up to when the next page is: `overlap` milliseconds after the oldest row, for a venue that may
/// leave out the very time it was asked for. Rows before `cut` are left for the next page.
pub(crate) fn by_time_backwards<C: Paged<Position = BackwardsPosition>>(
    position: BackwardsPosition,
    mut rows: Vec<Timed<C::Item>>,
    full: bool,
    cut: Option<i64>,
    overlap: i64,
) -> Result<Page<C>, Error> {
    let given = |time: i64, id: &String| {
        position.until.is_some_and(|until| time + overlap >= until) && position.seen.contains(id)
    };
    rows.retain(|(time, id, _)| !given(*time, id) && cut.is_none_or(|cut| *time >= cut));
    let Some(lowest) = rows.iter().map(|(time, ..)| *time).min() else {
        return nothing_new(full, Next::End);
    };
    let until = lowest + overlap;
    let mut seen = match position.until {
        Some(before) if before - overlap <= until => position.seen,
        _ => Vec::new(),
    };
    let last = rows.iter().filter(|(time, ..)| *time <= until);
    seen.extend(last.map(|(_, id, _)| id.clone()));
    rows.sort_by_key(|(time, ..)| std::cmp::Reverse(*time));
    Ok(Page {
        items: rows.into_iter().map(|(_, _, row)| row).collect(),
        next: Next::Page(BackwardsPosition {
            until: Some(until),
            seen,
        }),
    })
}

/// Pages a call by its field `timestamp`; used in the module of the call. Behind `unsure` stands by
/// how many milliseconds pages overlap, for a list of which it must be found out which rows come.
macro_rules! by_time {
    (
        $(#[$doc:meta])*
        $call:ident of $item:ty, $limit:ident $wire:literal $most:literal $(unsure $overlap:literal)?,
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
                    None if self.request.has("timestamp") => self,
                    None => self.timestamp(from(0)),
                };
                // One row more than the last one must fit.
                let limit = call.request.limit($wire, $most).max(2);
                let key = |$row: &$item| ($time, $id.to_string());
                let rows = crate::paging::timed(call.clone().$limit(limit).send().await?, key)?;
                let overlap = 0;
                $(
                    let overlap = overlap + $overlap;
                    let mut position = position;
                    if rows.len() >= limit as usize && !position.oldest_first {
                        let single = call.$limit(1).send().await?;
                        let single = crate::paging::timed(single, key)?;
                        crate::paging::shows_oldest_first(&rows, &single)?;
                        position.oldest_first = true;
                    }
                )?
                crate::paging::by_time(position, rows, limit, overlap)
            }
        }

        exchange_transport::paged! {
            $(#[$doc])*
            $call, crate::paging::TimePosition::default()
        }
    };
}
pub(crate) use by_time as page_by_time;

/// Pages a call by `offset`; used in the module of the call. The function behind `check` refuses what
/// can't be paged; behind `id` or `number` stands what tells a row from all others.
#[cfg(feature = "prediction-markets")]
macro_rules! by_offset {
    (
        $(#[$doc:meta])*
        $call:ident of $item:ty, $most:literal $(, check $check:ident)?,
        |$answer:ident| ($rows:expr, $total:expr)
        $(, $by:ident |$row:ident| $id:expr)?
    ) => {
        impl crate::paging::Paged for $call {
            type Item = $item;
            type Position = u32;
            const OPERATION: &'static exchange_transport::Operation =
                &<$call>::ENDPOINT.operation;

            async fn page(
                self,
                offset: u32,
            ) -> Result<crate::paging::Page<Self>, exchange_transport::Error> {
                $($check(&self.request, offset)?;)?
                let has_limit = self.request.has("limit");
                let call = if has_limit { self } else { self.limit($most) };
                let $answer = call.offset(offset).send().await?;
                let total: Option<i64> = $total;
                let items: Vec<$item> = $rows;
                let next = crate::paging::Next::at_offset(offset, items.len(), total)?;
                Ok(crate::paging::Page { items, next })
            }

            $(crate::paging::page_by_offset!(@$by $row $id);)?
        }

        exchange_transport::paged! {
            $(#[$doc])*
            $call, 0
        }
    };
    (@id $row:ident $id:expr) => {
        fn id($row: &Self::Item) -> Option<&str> {
            $id
        }
    };
    (@number $row:ident $id:expr) => {
        fn number($row: &Self::Item) -> Option<i64> {
            $id
        }
    };
}
#[cfg(feature = "prediction-markets")]
pub(crate) use by_offset as page_by_offset;

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

    fn keyed(rows: Vec<MyTrade>) -> Vec<Timed<MyTrade>> {
        timed(rows, |row| {
            (row.timestampms.unix_millis(), row.tid.to_string())
        })
        .unwrap()
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
        let page = by_time::<ListPastTrades>(position, keyed(rows), limit, 0).unwrap();
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
                seen: vec!["5".to_owned()],
                oldest_first: false,
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
            seen: vec!["1".to_owned(), "2".to_owned()],
            oldest_first: false,
        };
        let rows = vec![trade(T, 2), trade(T, 1)];
        let error = by_time::<ListPastTrades>(position, keyed(rows), 2, 0);
        assert_eq!(error.unwrap_err().kind(), Kind::Decode);
    }
}
