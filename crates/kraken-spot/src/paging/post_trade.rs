//! The published trades of all pairs, forward in time.

use std::time::{Duration, SystemTime};

use exchange_transport::paging::{Next, Page, Paged, Position};
use exchange_transport::{Error, Kind, Operation, paged};
use exchange_wire::{Rfc3339, Timestamp};
use serde::{Deserialize, Serialize};

use super::no_way_on;
use crate::operations::GetPostTrade;
use crate::table;
use crate::types::PostTradeEntry;

/// The trades of this long before the end of a page are known by id, in case the venue looks at
/// fewer digits of a time than it sends.
const KNOWN_NANOS: i128 = 1_000_000;

/// How far a stream of published trades got. The default is where the call's own `from_ts` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PostTradePosition {
    /// The venue's `last_ts`.
    pub from_ts: Option<Timestamp>,
    /// The ids of the trades of the last millisecond before.
    pub seen: Vec<String>,
}

impl Position for PostTradePosition {}

impl PostTradePosition {
    fn nanos(&self) -> Option<i128> {
        self.from_ts.as_ref()?.unix_nanos()
    }

    fn is_new(&self, trade: &PostTradeEntry) -> bool {
        let Some(from) = self.nanos() else {
            return true;
        };
        let Some(at) = trade.trade_ts.as_ref().and_then(Timestamp::unix_nanos) else {
            // The stream itself leaves out an id that comes twice.
            return trade.trade_id.is_some();
        };
        at > from
            || at >= from - KNOWN_NANOS
                && trade
                    .trade_id
                    .as_ref()
                    .is_some_and(|id| !self.seen.contains(id))
    }

    /// The position after a page with these new trades.
    fn after(&self, trades: &[PostTradeEntry], last_ts: Option<Timestamp>) -> Result<Self, Error> {
        let last_row = || trades.last().and_then(|trade| trade.trade_ts.clone());
        let from_ts = last_ts.or_else(last_row).ok_or_else(no_way_on)?;
        let from = from_ts.unix_nanos().ok_or_else(|| {
            Error::new(Kind::Decode).with_text(format!("`{from_ts}` is not the time of a trade"))
        })?;
        let mut seen = Vec::new();
        if self
            .nanos()
            .is_some_and(|before| before >= from - KNOWN_NANOS)
        {
            seen.clone_from(&self.seen);
        }
        for trade in trades {
            let at = trade.trade_ts.as_ref().and_then(Timestamp::unix_nanos);
            if at.is_none_or(|at| at >= from - KNOWN_NANOS) {
                seen.extend(trade.trade_id.clone());
            }
        }
        Ok(Self {
            from_ts: Some(from_ts),
            seen,
        })
    }
}

impl GetPostTrade {
    /// The new trades, whether there were others, and the venue's `last_ts`.
    async fn trades_from(
        self,
        from: Option<SystemTime>,
        position: &PostTradePosition,
    ) -> Result<(Vec<PostTradeEntry>, bool, Option<Timestamp>), Error> {
        let call = match from {
            Some(from) => self.from_ts(Rfc3339::from(from)),
            None => self,
        };
        let answer = call.send().await?;
        let mut trades = answer.trades;
        let before = trades.len();
        trades.retain(|trade| position.is_new(trade));
        let others = trades.len() < before;
        Ok((trades, others, answer.last_ts))
    }
}

impl Paged for GetPostTrade {
    type Item = PostTradeEntry;
    type Position = PostTradePosition;
    const OPERATION: &'static Operation = &table::GET_POST_TRADE;

    async fn page(self, position: PostTradePosition) -> Result<Page<Self>, Error> {
        let from = match &position.from_ts {
            Some(from) => Some(from.to_utc().map(SystemTime::from).ok_or_else(|| {
                Error::new(Kind::InvalidRequest)
                    .with_text(format!("`{from}` is not the time of a trade"))
            })?),
            None => None,
        };
        // A nanosecond earlier, as a page may end between two trades of the same nanosecond. Only
        // if it is known which trades came before.
        let overlapping = from
            .filter(|_| !position.seen.is_empty())
            .and_then(|from| from.checked_sub(Duration::from_nanos(1)));
        let (mut items, others, mut last_ts) = self
            .clone()
            .trades_from(overlapping.or(from), &position)
            .await?;
        if items.is_empty() && others && overlapping.is_some() {
            // The overlap alone may have filled the page.
            (items, _, last_ts) = self.trades_from(from, &position).await?;
        }
        Ok(Page {
            next: if items.is_empty() {
                Next::Later(position)
            } else {
                Next::Page(position.after(&items, last_ts)?)
            },
            items,
        })
    }

    fn id(trade: &PostTradeEntry) -> Option<&str> {
        trade.trade_id.as_deref()
    }
}

paged! {
    /// The published trades from `from_ts` on, or from the latest thousand on, oldest first, up to
    /// `to_ts` or now.
    ///
    /// It ends when nothing new came; [`position`](crate::paging::Items::position) then says where
    /// to go on later. Without `to_ts` there may always be something new: take as many as you need.
    /// `count` sets the length of a page. Trades that two pages share are given once, by their id.
    GetPostTrade, PostTradePosition::default()
}
