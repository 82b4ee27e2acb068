//! Orders and trades in the hands of a test.

use rust_decimal::Decimal;

use super::desk::order::side_name;
use super::market::Fill;
use crate::kraken::handle::KrakenHandle;
use crate::moment::Moment;

/// An order that is open, or waits for its start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KrakenOpenOrder {
    /// The account it belongs to.
    pub account: String,
    /// The venue's id.
    pub txid: String,
    /// The customer's id, if it gave one.
    pub cl_ord_id: Option<String>,
    /// The customer's number, if it gave one.
    pub userref: Option<i32>,
    /// The pair's id, such as `XXBTZUSD`.
    pub pair: &'static str,
    /// `buy` or `sell`.
    pub side: &'static str,
    /// `limit`, `stop-loss`, …
    pub ordertype: &'static str,
    /// Its limit, or the price that triggers it if it has none.
    pub price: Option<Decimal>,
    /// What was ordered, in the base asset.
    pub volume: Decimal,
    /// What of that is filled.
    pub executed: Decimal,
    /// `open` or `pending`.
    pub status: &'static str,
}

/// A fill, as its account sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KrakenTrade {
    /// The account it belongs to.
    pub account: String,
    /// The venue's id of the fill.
    pub txid: String,
    /// The id of the order that was filled.
    pub ordertxid: String,
    /// The pair's id.
    pub pair: &'static str,
    /// `buy` or `sell`.
    pub side: &'static str,
    /// When it happened.
    pub time: Moment,
    /// Of one unit of the base asset, in the quote asset.
    pub price: Decimal,
    /// What was traded, in the base asset.
    pub volume: Decimal,
    /// What was paid or got for it, in the quote asset.
    pub cost: Decimal,
    /// The fee, valued in the quote asset.
    pub fee: Decimal,
    /// The order was resting.
    pub maker: bool,
}

impl KrakenHandle {
    /// The open orders of all accounts, oldest first.
    pub fn open_orders(&self) -> Vec<KrakenOpenOrder> {
        self.with(|kraken, now| {
            kraken.spot.advance(now);
            let open = kraken.spot.desk.open();
            open.map(|(_, order)| KrakenOpenOrder {
                account: order.account.clone(),
                txid: order.id.clone(),
                cl_ord_id: order.terms.client_id.clone(),
                userref: order.terms.userref,
                pair: order.terms.pair.id,
                side: side_name(order.terms.side),
                ordertype: order.terms.kind.name(),
                price: order.limit.or(order.stop),
                volume: order.terms.volume,
                executed: order.filled,
                status: order.status.name(),
            })
            .collect()
        })
    }

    /// Lets somebody take up to so much of a resting order, at its price,
    /// wherever the market stands. Returns how much was taken: nothing if
    /// there is no such resting order.
    pub fn fill_order(&self, txid: &str, volume: Decimal) -> Decimal {
        self.with(|kraken, now| {
            let spot = &mut kraken.spot;
            spot.advance(now);
            let mut open = spot.desk.open();
            let found = open.find(|(_, order)| order.id == txid && order.is_resting());
            let Some((number, order)) = found else {
                return Decimal::ZERO;
            };
            let (Some(price), before) = (order.limit, order.filled) else {
                return Decimal::ZERO;
            };
            let whole = order.terms.volume;
            let volume = volume.round_dp(order.terms.pair.lot_decimals);
            let volume = volume.clamp(Decimal::ZERO, order.remaining());
            drop(open);
            let mut filled = Vec::new();
            spot.fill_resting(number, Fill { price, volume }, &mut filled, now);
            let after = spot.desk.order(number).map_or(whole, |order| order.filled);
            spot.follow(filled, now);
            after - before
        })
    }

    /// The trades of all accounts that are still known, oldest first.
    pub fn trades(&self) -> Vec<KrakenTrade> {
        self.with(|kraken, now| {
            kraken.spot.advance(now);
            let mut trades: Vec<_> = kraken.spot.desk.all_trades().collect();
            trades.sort_by_key(|(_, trade)| trade.number);
            let trades = trades.into_iter().map(|(account, trade)| KrakenTrade {
                account: account.to_owned(),
                txid: trade.id.clone(),
                ordertxid: trade.order.clone(),
                pair: trade.pair.id,
                side: side_name(trade.side),
                time: trade.time,
                price: trade.price,
                volume: trade.volume,
                cost: trade.cost,
                fee: trade.fee,
                maker: trade.maker,
            });
            trades.collect()
        })
    }
}
