//! Long lists as streams.
//!
//! Every call whose list comes in pages has a method `stream` beside `send`, for its items one by
//! one, and `pages`, for all of a page at once. The pages are asked for as they are needed, each
//! with the same filters and each an ordinary call, so that the rate limits hold.
//!
//! ```no_run
//! use kraken_custody::Client;
//!
//! # async fn run(client: Client, vault: &str) -> Result<(), kraken_custody::Error> {
//! let mut transactions = client.list_custody_transactions().vault_id(vault).stream();
//! while let Some(transaction) = transactions.next().await {
//!     let transaction = transaction?;
//!     println!("{} {:?}", transaction.id, transaction.status);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Items`] and [`Pages`] are `futures_core::Stream`s, `Send` and `Unpin`, so the adapters of
//! `futures-util` work on them too.
//!
//! | Calls | Pages by | Position |
//! |---|---|---|
//! | `list_custody_vaults`, `list_custody_tasks`, `list_custody_activities` | offset | [`CustodyPagination`] |
//! | `list_custody_transactions` | cursor | [`CursorPosition`] |
//! | external `list_vaults`, `list_tasks`, `list_task_activities` | offset | `u32`, rows before the page |
//! | external `list_transactions` | cursor | [`CursorPosition`] |
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
//! use kraken_custody::Client;
//! use kraken_custody::types::CustodyPagination;
//!
//! # async fn run(client: Client) -> Result<(), kraken_custody::Error> {
//! // 500 rows a page, from the row with the number 2,000 on.
//! let from = CustodyPagination::new(500, 2_000);
//! let mut pages = client.list_custody_tasks().pages_from(from);
//! while let Some(page) = pages.next().await {
//!     println!("{} tasks; the next are at {:?}", page?.len(), pages.position());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A venue that leads in a circle can't hold a stream: a cursor that comes again, a page that
//! repeats or page after page without anything new ends it, with an error that says so.
//!
//! # Lists that change meanwhile
//!
//! Offsets shift when a row is added before them; such a row comes twice and is left out by its
//! id. They also shift when a row leaves the list, as a task leaves the pending ones, and then a
//! row may be missed: filter by what does not change, such as the time of creation.

use exchange_transport::{Error, Operation, paged};

pub use exchange_transport::paging::{CursorPosition, Items, Next, Page, Paged, Pages, Position};

use crate::operations::{
    ListCustodyActivities, ListCustodyTasks, ListCustodyTransactions, ListCustodyVaults,
};
use crate::table;
use crate::types::{
    CustodyActivity, CustodyPagination, CustodyTask, CustodyTransaction, CustodyVault,
};

/// As in the vendor's samples.
const FIRST_HUNDRED: CustodyPagination = CustodyPagination {
    limit: 100,
    offset: 0,
};

impl Position for CustodyPagination {}

macro_rules! by_offset {
    ($call:ident: $operation:ident, $item:ty, $id:expr) => {
        impl Paged for $call {
            type Item = $item;
            type Position = CustodyPagination;
            const OPERATION: &'static Operation = &table::$operation;

            async fn page(self, position: CustodyPagination) -> Result<Page<Self>, Error> {
                let CustodyPagination { limit, offset } = position.clone();
                let answer = self.pagination(position).send().await?;
                let page_at = |offset| CustodyPagination { limit, offset };
                Ok(Page {
                    next: match Next::at_offset(offset, answer.result.len(), answer.total)? {
                        Next::Page(offset) => Next::Page(page_at(offset)),
                        Next::Later(offset) => Next::Later(page_at(offset)),
                        Next::End => Next::End,
                    },
                    items: answer.result,
                })
            }

            fn id(item: &$item) -> Option<&str> {
                let id: fn(&$item) -> Option<&str> = $id;
                id(item)
            }
        }
    };
}

by_offset!(ListCustodyVaults: LIST_CUSTODY_VAULTS, CustodyVault, |vault| Some(&vault.id));
by_offset!(ListCustodyTasks: LIST_CUSTODY_TASKS, CustodyTask, |task| task.id.as_deref());
by_offset!(ListCustodyActivities: LIST_CUSTODY_ACTIVITIES, CustodyActivity, |activity| Some(
    &activity.id
));

paged! {
    /// All vaults that match, 100 a page; [`stream_from`](Self::stream_from) takes another length.
    ///
    /// Leave `pagination` to the stream.
    ListCustodyVaults, FIRST_HUNDRED
}

paged! {
    /// All tasks that match, 100 a page; [`stream_from`](Self::stream_from) takes another length.
    ///
    /// Leave `pagination` to the stream.
    ListCustodyTasks, FIRST_HUNDRED
}

paged! {
    /// All activities that match, 100 a page; [`stream_from`](Self::stream_from) takes another
    /// length.
    ///
    /// Leave `pagination` to the stream.
    ListCustodyActivities, FIRST_HUNDRED
}

impl Paged for ListCustodyTransactions<String> {
    type Item = CustodyTransaction;
    type Position = CursorPosition;
    const OPERATION: &'static Operation = &table::LIST_CUSTODY_TRANSACTIONS;

    async fn page(self, position: CursorPosition) -> Result<Page<Self>, Error> {
        let call = match position {
            CursorPosition::Start => self,
            CursorPosition::Cursor(cursor) => self.cursor(cursor),
        };
        let answer = call.send().await?;
        Ok(Page {
            items: answer.transactions,
            next: Next::at_cursor(answer.next_cursor),
        })
    }

    fn id(transaction: &CustodyTransaction) -> Option<&str> {
        Some(&transaction.id)
    }
}

paged! {
    /// All transactions of the vault that match, newest first unless `sorting` says otherwise.
    /// `page_size` sets the length of a page.
    ///
    /// Leave `cursor` to the stream.
    ListCustodyTransactions<String>, CursorPosition::Start
}
