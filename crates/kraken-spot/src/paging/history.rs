//! Orders, trades and ledger entries of the account.

use exchange_transport::paging::{CursorPosition, Next, Page, Paged, Position};
use exchange_transport::{Error, Operation, paged};
use serde::{Deserialize, Serialize};

use crate::operations::{GetClosedOrders, GetLedgers, GetOpenOrders, GetTradeHistory};
use crate::table;
use crate::types::{LedgerEntry, Order, PageCursor, Trade};

/// Where a page of closed orders, trades or ledger entries begins.
///
/// ```no_run
/// # fn run(client: kraken_spot::Client) {
/// use kraken_spot::paging::HistoryPosition;
///
/// // By offset, which the vendor advises against, from the newest trade on.
/// let trades = client.get_trade_history().stream_from(HistoryPosition::Offset(0));
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryPosition {
    /// With the newest; pages by cursor.
    #[default]
    Start,
    /// Where the cursor of the page before said.
    Cursor(String),
    /// After so many, counted from the newest; pages by offset.
    Offset(u32),
}

impl Position for HistoryPosition {
    fn cursor(&self) -> Option<&str> {
        match self {
            Self::Cursor(cursor) => Some(cursor),
            Self::Start | Self::Offset(_) => None,
        }
    }
}

impl HistoryPosition {
    /// What comes after the page here, which had `rows` rows.
    fn after(
        &self,
        rows: usize,
        cursor: Option<PageCursor>,
        count: Option<i64>,
    ) -> Result<Next<Self>, Error> {
        // Left out and zero mean the same.
        let count = count.filter(|count| *count > 0);
        let by_offset = |next| match next {
            Next::Page(offset) => Next::Page(Self::Offset(offset)),
            Next::Later(offset) => Next::Later(Self::Offset(offset)),
            Next::End => Next::End,
        };
        if let Self::Offset(offset) = self {
            return Next::at_offset(*offset, rows, count).map(by_offset);
        }
        match (next_of(cursor), self, count) {
            (Some(cursor), ..) => Ok(Next::Page(Self::Cursor(cursor))),
            // Only a venue that took no notice of `with_cursor` counts: it pages by offset.
            (None, Self::Start, Some(count)) => {
                Next::at_offset(0, rows, Some(count)).map(by_offset)
            }
            (None, ..) => Ok(Next::End),
        }
    }
}

fn next_of(cursor: Option<PageCursor>) -> Option<String> {
    cursor
        .and_then(|cursor| cursor.next)
        .filter(|cursor| !cursor.is_empty())
}

macro_rules! history {
    ($call:ident: $operation:ident, $list:ident, $item:ty) => {
        impl Paged for $call {
            type Item = (String, $item);
            type Position = HistoryPosition;
            const OPERATION: &'static Operation = &table::$operation;

            async fn page(self, position: HistoryPosition) -> Result<Page<Self>, Error> {
                let call = match &position {
                    // The count, which an answer with a cursor leaves out, tells whether the venue
                    // took notice of `with_cursor`.
                    HistoryPosition::Start => self.with_cursor(true).without_count(false),
                    HistoryPosition::Cursor(cursor) => self.with_cursor(true).cursor(cursor),
                    HistoryPosition::Offset(offset) => self.ofs(i64::from(*offset)),
                };
                let answer = call.send().await?;
                Ok(Page {
                    next: position.after(answer.$list.len(), answer.cursor, answer.count)?,
                    items: answer.$list.into_iter().collect(),
                })
            }

            fn id((id, _): &Self::Item) -> Option<&str> {
                Some(id)
            }
        }
    };
}

history!(GetClosedOrders: GET_CLOSED_ORDERS, closed, Order);
history!(GetTradeHistory: GET_TRADE_HISTORY, trades, Trade);
history!(GetLedgers: GET_LEDGERS, ledger, LedgerEntry);

paged! {
    /// All closed orders that match, with their ids, newest first.
    ///
    /// Leave `ofs`, `with_cursor` and `cursor` to the stream.
    GetClosedOrders, HistoryPosition::Start
}

paged! {
    /// All trades that match, with their ids, newest first. `limit` sets the length of a page.
    ///
    /// Leave `ofs`, `with_cursor` and `cursor` to the stream.
    GetTradeHistory, HistoryPosition::Start
}

paged! {
    /// All ledger entries that match, with their ids, newest first.
    ///
    /// Leave `ofs`, `with_cursor` and `cursor` to the stream.
    ///
    /// ```no_run
    /// # async fn run(client: kraken_spot::Client) -> Result<(), kraken_spot::Error> {
    /// let mut entries = client.get_ledgers().asset("XBT").stream();
    /// while let Some(entry) = entries.next().await {
    ///     let (id, entry) = entry?;
    ///     println!("{id} {:?}", entry.amount);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    GetLedgers, HistoryPosition::Start
}

impl Paged for GetOpenOrders {
    type Item = (String, Order);
    type Position = CursorPosition;
    const OPERATION: &'static Operation = &table::GET_OPEN_ORDERS;

    async fn page(self, position: CursorPosition) -> Result<Page<Self>, Error> {
        let call = self.with_cursor(true);
        let call = match position.cursor() {
            Some(cursor) => call.cursor(cursor),
            None => call,
        };
        let answer = call.send().await?;
        Ok(Page {
            // A venue that takes no notice of `with_cursor` answers all orders at once.
            next: Next::at_cursor(next_of(answer.cursor)),
            items: answer.open.into_iter().collect(),
        })
    }

    fn id((id, _): &Self::Item) -> Option<&str> {
        Some(id)
    }
}

paged! {
    /// All open orders that match, with their ids. `limit` sets the length of a page, 100 at most.
    ///
    /// The orders are those of the moment of each page: one that closes meanwhile may be missing
    /// or be given as open. Leave `with_cursor` and `cursor` to the stream.
    GetOpenOrders, CursorPosition::Start
}
