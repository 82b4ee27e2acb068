//! The paged lists of the external API; told of in [`crate::paging`].

use exchange_transport::paging::{CursorPosition, Next, Page, Paged};
use exchange_transport::{Error, Kind, Operation, paged};
use exchange_wire::{IndexMap, RawJson};

use super::operations::{ListTaskActivities, ListTasks, ListTransactions, ListVaults};
use super::table;
use super::types::{TaskActivities, TaskActivity, TaskSummary, Transaction, Vault};

/// The number of rows before the page, in the form it is sent.
fn sent(offset: u32) -> Result<i32, Error> {
    i32::try_from(offset).map_err(|_| {
        Error::new(Kind::InvalidRequest).with_text(format!("no list is paged from row {offset} on"))
    })
}

/// The total of a list, which the vendor's page does not show where its sample is cut off.
fn total(extra: &IndexMap<String, RawJson>) -> Option<i64> {
    extra.get("total")?.decode().ok()
}

impl Paged for ListVaults {
    type Item = Vault;
    type Position = u32;
    const OPERATION: &'static Operation = &table::LIST_VAULTS;

    async fn page(self, offset: u32) -> Result<Page<Self>, Error> {
        let answer = self.offset(sent(offset)?).send().await?;
        Ok(Page {
            next: Next::at_offset(offset, answer.vaults.len(), answer.total)?,
            items: answer.vaults,
        })
    }

    fn id(vault: &Vault) -> Option<&str> {
        vault.id.as_deref()
    }
}

paged! {
    /// All vaults that match. `limit` sets the length of a page.
    ///
    /// Leave `offset` to the stream.
    ListVaults, 0
}

impl Paged for ListTasks {
    type Item = TaskSummary;
    type Position = u32;
    const OPERATION: &'static Operation = &table::LIST_TASKS;

    async fn page(self, offset: u32) -> Result<Page<Self>, Error> {
        let answer = self.offset(sent(offset)?).send().await?;
        Ok(Page {
            next: Next::at_offset(offset, answer.result.len(), total(&answer.extra))?,
            items: answer.result,
        })
    }

    fn id(task: &TaskSummary) -> Option<&str> {
        task.id.as_deref()
    }
}

paged! {
    /// All tasks that match. `limit` sets the length of a page.
    ///
    /// Leave `offset` to the stream. The vendor documents no total; without one an empty page is
    /// asked for to find the end.
    ListTasks, 0
}

impl Paged for ListTaskActivities {
    type Item = TaskActivity;
    type Position = u32;
    const OPERATION: &'static Operation = &table::LIST_TASK_ACTIVITIES;

    async fn page(self, offset: u32) -> Result<Page<Self>, Error> {
        let (items, total) = match self.offset(sent(offset)?).send().await? {
            TaskActivities::List(items) => (items, None),
            TaskActivities::Page(page) => (page.result, total(&page.extra)),
        };
        Ok(Page {
            next: Next::at_offset(offset, items.len(), total)?,
            items,
        })
    }

    fn id(activity: &TaskActivity) -> Option<&str> {
        Some(&activity.id)
    }
}

paged! {
    /// All activities that match. `limit` sets the length of a page.
    ///
    /// Leave `offset` to the stream. The vendor documents no total; without one an empty page is
    /// asked for to find the end.
    ListTaskActivities, 0
}

impl Paged for ListTransactions<String> {
    type Item = Transaction;
    type Position = CursorPosition;
    const OPERATION: &'static Operation = &table::LIST_TRANSACTIONS;

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

    fn id(transaction: &Transaction) -> Option<&str> {
        Some(&transaction.id)
    }
}

paged! {
    /// All transactions of the vault that match, newest first unless `order` says otherwise.
    /// `page_size` sets the length of a page.
    ///
    /// Leave `cursor` to the stream.
    ListTransactions<String>, CursorPosition::Start
}
