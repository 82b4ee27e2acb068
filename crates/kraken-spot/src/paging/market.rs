//! Candles, trades and spreads of a pair, forward in time.

use exchange_transport::paging::{Next, Page, Paged, Position};
use exchange_transport::{Error, Kind, Operation, paged};
use exchange_wire::Timestamp;
use serde::{Deserialize, Serialize};

use super::no_way_on;
use crate::operations::{GetOhlcData, GetRecentSpreads, GetRecentTrades};
use crate::table;
use crate::types::{Candle, PublicTrade, Spread};

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The Unix second a row belongs to.
fn second(time: &Timestamp) -> Result<i64, Error> {
    time.unix_nanos()
        .and_then(|nanos| i64::try_from(nanos.div_euclid(NANOS_PER_SECOND)).ok())
        .ok_or_else(|| {
            Error::new(Kind::Decode).with_text(format!("`{time}` is not the time of a row"))
        })
}

/// How far a stream of public trades got. The default is where the call's own `since` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TradesPosition {
    /// The venue's `last`: Unix nanoseconds.
    pub since: Option<String>,
    /// The highest number of the trades up to there.
    pub after: Option<i64>,
}

impl Position for TradesPosition {}

impl TradesPosition {
    /// A nanosecond earlier, as a page may end between two trades of the same nanosecond. Only if
    /// it is known which trades came before.
    fn overlapping(&self) -> Option<String> {
        self.after?;
        let since: u64 = self.since.as_ref()?.parse().ok()?;
        Some(since.checked_sub(1)?.to_string())
    }
}

impl GetRecentTrades<String> {
    /// The new trades, whether there were others, and the venue's `last`.
    async fn trades_since(
        self,
        since: Option<String>,
        after: Option<i64>,
    ) -> Result<(Vec<PublicTrade>, bool, Option<String>), Error> {
        let call = match since {
            Some(since) => self.since(since),
            None => self,
        };
        let answer = call.send().await?;
        let mut rows: Vec<PublicTrade> = answer.pairs.into_values().flatten().collect();
        let before = rows.len();
        if let Some(after) = after {
            rows.retain(|trade| trade.trade_id > after);
        }
        let others = rows.len() < before;
        Ok((rows, others, answer.last))
    }
}

impl Paged for GetRecentTrades<String> {
    type Item = PublicTrade;
    type Position = TradesPosition;
    const OPERATION: &'static Operation = &table::GET_RECENT_TRADES;

    async fn page(self, position: TradesPosition) -> Result<Page<Self>, Error> {
        let TradesPosition { since, after } = position.clone();
        let overlapping = position.overlapping();
        let overlaps = overlapping.is_some();
        let (mut items, others, mut last) = self
            .clone()
            .trades_since(overlapping.or(since.clone()), after)
            .await?;
        if items.is_empty() && others && overlaps {
            // The overlap alone may have filled the page.
            (items, _, last) = self.trades_since(since, after).await?;
        }
        let newest = items.iter().map(|trade| trade.trade_id).max();
        Ok(Page {
            next: match newest {
                Some(_) => Next::Page(TradesPosition {
                    since: Some(last.ok_or_else(no_way_on)?),
                    after: newest,
                }),
                None => Next::Later(position),
            },
            items,
        })
    }
}

paged! {
    /// The public trades from `since` on, or from the latest thousand on, oldest first, up to now.
    ///
    /// It ends when nothing new came; [`position`](crate::paging::Items::position) then says where
    /// to go on later. On a busy pair there may always be something new: take as many as you need.
    /// `count` sets the length of a page. Trades that two pages share are given once, by their
    /// `trade_id`.
    ///
    /// ```no_run
    /// # async fn run(client: kraken_spot::Client) -> Result<(), kraken_spot::Error> {
    /// let mut trades = client.get_recent_trades().pair("XBTUSD").since("1700000000").stream();
    /// while let Some(trade) = trades.next().await {
    ///     let trade = trade?;
    ///     println!("{} at {}", trade.volume, trade.price);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    GetRecentTrades<String>, TradesPosition::default()
}

/// How far a stream of candles got. The default is where the call's own `since` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CandlesPosition {
    /// When the last candle given opened, Unix seconds.
    pub since: Option<i64>,
}

impl Position for CandlesPosition {}

impl Paged for GetOhlcData<String> {
    type Item = Candle;
    type Position = CandlesPosition;
    const OPERATION: &'static Operation = &table::GET_OHLC_DATA;

    async fn page(self, position: CandlesPosition) -> Result<Page<Self>, Error> {
        let call = match position.since {
            Some(since) => self.since(since),
            None => self,
        };
        let answer = call.send().await?;
        let mut items = Vec::new();
        let mut newest = None;
        for mut candles in answer.pairs.into_values() {
            if answer.last.is_none() {
                // The running one always ends the list.
                candles.pop();
            }
            for candle in candles {
                let opened = second(&candle.time)?;
                let committed = answer.last.is_none_or(|last| opened <= last);
                let new = position.since.is_none_or(|since| opened > since);
                if committed && new {
                    newest = newest.max(Some(opened));
                    items.push(candle);
                }
            }
        }
        Ok(Page {
            next: match newest {
                Some(_) => Next::Page(CandlesPosition { since: newest }),
                None => Next::Later(position),
            },
            items,
        })
    }
}

paged! {
    /// The finished candles from `since` on, or the latest 720, oldest first.
    ///
    /// The running candle is left out; it comes when it is finished. The stream ends when nothing
    /// new came; [`position`](crate::paging::Items::position) then says where to go on later, at
    /// most 720 candles later: the venue keeps no more, and says nothing of those in between.
    GetOhlcData<String>, CandlesPosition::default()
}

/// How far a stream of spreads got. The default is where the call's own `since` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpreadsPosition {
    /// The Unix second of the last spread given.
    pub since: Option<i64>,
    /// The spreads of that second that were given.
    pub seen: Vec<Spread>,
}

impl Position for SpreadsPosition {}

impl Paged for GetRecentSpreads<String> {
    type Item = Spread;
    type Position = SpreadsPosition;
    const OPERATION: &'static Operation = &table::GET_RECENT_SPREADS;

    async fn page(self, position: SpreadsPosition) -> Result<Page<Self>, Error> {
        let call = match position.since {
            // A second earlier, so that it does not matter whether the venue includes it.
            Some(since) => self.since(since.saturating_sub(1)),
            None => self,
        };
        let answer = call.send().await?;
        let mut same_second = Vec::new();
        let mut items = Vec::new();
        let mut newest = None;
        for spread in answer.pairs.into_values().flatten() {
            let at = Some(second(&spread.time)?);
            if at == position.since {
                same_second.push(spread);
            } else if at > position.since {
                newest = newest.max(at);
                items.push(spread);
            }
        }
        let known = shared(&position.seen, &same_second);
        let mut fresh = same_second.split_off(known);
        let mut seen = position.seen.clone();
        seen.extend_from_slice(&fresh);
        fresh.append(&mut items);
        let next = if fresh.is_empty() {
            Next::Later(position)
        } else if newest.is_some() {
            let mut seen = Vec::new();
            for spread in &fresh {
                if Some(second(&spread.time)?) == newest {
                    seen.push(spread.clone());
                }
            }
            Next::Page(SpreadsPosition {
                since: newest,
                seen,
            })
        } else {
            Next::Page(SpreadsPosition { seen, ..position })
        };
        Ok(Page { items: fresh, next })
    }
}

/// How many rows at the start of `now` were in `before`: spreads have no id, and two of a second
/// may be alike, but they keep their order and only the oldest are ever dropped.
fn shared(before: &[Spread], now: &[Spread]) -> usize {
    (0..=before.len())
        .map(|dropped| &before[dropped..])
        .find(|left| now.starts_with(left))
        .map_or(0, <[Spread]>::len)
}

paged! {
    /// The spreads from `since` on, or the latest 200 or so, oldest first.
    ///
    /// The stream ends when nothing new came; [`position`](crate::paging::Items::position) then
    /// says where to go on later. The venue keeps no more than about 200 and says nothing of those
    /// in between.
    GetRecentSpreads<String>, SpreadsPosition::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(bid: i64) -> Spread {
        serde_json::from_str(&format!(r#"[1700000000, "{bid}", "{}"]"#, bid + 1)).unwrap()
    }

    #[test]
    fn spreads_of_one_second_are_told_apart_by_their_order() {
        let rows: Vec<Spread> = [1, 2, 1, 2, 3].map(spread).into();
        assert_eq!(shared(&rows[..2], &rows), 2);
        assert_eq!(shared(&[], &rows), 0);
        assert_eq!(shared(&rows, &rows), 5);
        // The two oldest were dropped by the venue.
        assert_eq!(shared(&rows[..4], &rows[2..]), 2);
        assert_eq!(shared(&rows[..2], &rows[4..]), 0);
    }
}
