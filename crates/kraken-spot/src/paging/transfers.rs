//! Deposits and withdrawals.

use exchange_transport::paging::{CursorPosition, Next, Page, Paged};
use exchange_transport::{Error, Operation, paged};
use kraken_core::Cursor;

use crate::operations::{GetStatusRecentDeposits, GetStatusRecentWithdrawals};
use crate::table;
use crate::types::{Deposit, RecentDeposits, RecentWithdrawals, Withdrawal};

/// What the call sends to get the page.
fn sent(position: CursorPosition) -> Cursor {
    match position {
        CursorPosition::Start => Cursor::First,
        CursorPosition::Cursor(cursor) => Cursor::At(cursor),
    }
}

impl Paged for GetStatusRecentDeposits {
    type Item = Deposit;
    type Position = CursorPosition;
    const OPERATION: &'static Operation = &table::GET_STATUS_RECENT_DEPOSITS;

    async fn page(self, position: CursorPosition) -> Result<Page<Self>, Error> {
        Ok(match self.cursor(sent(position)).send().await? {
            // An answer of a venue that does not page.
            RecentDeposits::List(items) => Page {
                items,
                next: Next::End,
            },
            RecentDeposits::Page(page) => Page {
                items: page.deposits,
                next: Next::at_cursor(page.next_cursor),
            },
        })
    }
}

paged! {
    /// All deposits that match, newest first. `limit` sets the length of a page.
    ///
    /// Leave `cursor` to the stream. If the venue answers with a plain list, that is all of it.
    GetStatusRecentDeposits, CursorPosition::Start
}

impl Paged for GetStatusRecentWithdrawals {
    type Item = Withdrawal;
    type Position = CursorPosition;
    const OPERATION: &'static Operation = &table::GET_STATUS_RECENT_WITHDRAWALS;

    async fn page(self, position: CursorPosition) -> Result<Page<Self>, Error> {
        Ok(match self.cursor(sent(position)).send().await? {
            // An answer of a venue that does not page.
            RecentWithdrawals::List(items) => Page {
                items,
                next: Next::End,
            },
            RecentWithdrawals::Page(page) => Page {
                items: page.withdrawals,
                next: Next::at_cursor(page.next_cursor),
            },
        })
    }
}

paged! {
    /// All withdrawals that match, newest first. `limit` sets the length of a page.
    ///
    /// Leave `cursor` to the stream. If the venue answers with a plain list, that is all of it.
    GetStatusRecentWithdrawals, CursorPosition::Start
}
