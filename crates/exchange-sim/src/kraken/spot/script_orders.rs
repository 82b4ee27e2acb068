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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::Clock;
    use crate::kraken::Kraken;
    use crate::kraken::handle::FIRST_ACCOUNT;
    use crate::kraken::params::Params;
    use crate::kraken::spot::assets::find_pair;
    use crate::kraken::spot::desk::placing::Origin;
    use crate::kraken::spot::desk::request::{CloseFields, read_terms};

    #[test]
    fn a_test_sees_orders_and_fills_them() {
        let now = Moment::from_seconds(1_800_000_000);
        let kraken = Arc::new(Mutex::new(Kraken::new(1, now)));
        let handle = KrakenHandle::new(kraken, Clock::frozen_at(now), String::new());
        handle.set_balance("USD", Decimal::ONE_THOUSAND);
        let json = br#"{"type":"buy","ordertype":"limit","volume":"0.01","price":"5000","cl_ord_id":"mine"}"#;
        let params = Params::of_object(&crate::json::Json::parse(json).unwrap()).unwrap();
        let pair = find_pair("XBTUSD").unwrap();
        let txid = handle.with(|kraken, now| {
            let spot = &mut kraken.spot;
            let last = spot.last_price(pair);
            let close = CloseFields::flat(&params);
            let terms = read_terms(&params, &close, pair, last, now).unwrap();
            let origin = Origin::default();
            spot.place(FIRST_ACCOUNT, terms, None, origin, now).unwrap()
        });
        let [order] = handle.open_orders().try_into().unwrap();
        assert_eq!(order.txid, txid);
        assert_eq!(order.cl_ord_id.as_deref(), Some("mine"));
        assert_eq!((order.side, order.status), ("buy", "open"));
        assert_eq!(order.price, Some(Decimal::from(5_000)));

        let some = Decimal::new(4, 3);
        assert_eq!(handle.fill_order(&txid, some), some);
        assert_eq!(handle.open_orders()[0].executed, some);
        let rest = Decimal::new(6, 3);
        assert_eq!(handle.fill_order(&txid, Decimal::ONE), rest);
        assert_eq!(handle.fill_order(&txid, Decimal::ONE), Decimal::ZERO);
        assert!(handle.open_orders().is_empty());
        let trades = handle.trades();
        let volumes: Vec<Decimal> = trades.iter().map(|trade| trade.volume).collect();
        assert_eq!(volumes, [some, rest]);
        assert!(
            trades
                .iter()
                .all(|trade| trade.maker && trade.ordertxid == txid)
        );
        // 50 of cost, and 0.25 % of it in two parts that need no cutting
        assert_eq!(handle.balance("USD"), Decimal::new(949_875, 3));
    }
}
