//! The desk by its operations.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;

use super::order::Status;
use crate::Moment;
use crate::books::Holder;
use crate::json::Json;
use crate::kraken::answer::{Outcome, Refusal, Reply};
use crate::kraken::key::{Key, KrakenKey, KrakenTier};
use crate::kraken::params::Params;
use crate::kraken::spot::assets::find_pair;
use crate::kraken::spot::market::status::KrakenStatus;
use crate::kraken::spot::statement::{Cause, Leg};
use crate::kraken::spot::{Call, Spot, orders, trading};

mod changes;
mod lists;
mod margin;
mod placing;
mod random;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Two accounts before a market that stands still.
struct Stand {
    spot: Spot,
    keys: Vec<Key>,
    now: Moment,
}

impl Stand {
    fn new() -> Self {
        let now = Moment::from_seconds(1_800_000_000);
        let mut spot = Spot::new(7, now);
        spot.limits = false;
        for market in spot.markets.all_mut() {
            market.frozen = true;
        }
        let key = |account: &str| {
            let mut config = KrakenKey::new(account, "c2VjcmV0");
            config.tier = KrakenTier::Starter;
            Key::new(config, account.to_owned(), now).unwrap()
        };
        let mut stand = Self {
            spot,
            keys: vec![key("A"), key("B")],
            now,
        };
        for (account, asset, amount) in [
            ("A", "ZUSD", "10000"),
            ("A", "XXBT", "1"),
            ("B", "ZUSD", "100000"),
            ("B", "XXBT", "2"),
        ] {
            stand.give(account, asset, amount);
        }
        stand.price("XBTUSD", "60000");
        stand
    }

    fn give(&mut self, account: &str, asset: &str, amount: &str) {
        let cause = Cause {
            refid: "Q".into(),
            kind: "deposit",
            subtype: "",
            time: self.now,
        };
        let leg = Leg {
            account: account.into(),
            asset: asset.into(),
            amount: decimal(amount),
            fee: Decimal::ZERO,
            other: Holder::Outside,
        };
        self.spot.book(&cause, &[leg]).unwrap();
    }

    fn price(&mut self, pair: &str, price: &str) {
        let pair = find_pair(pair).unwrap();
        assert!(self.spot.markets.set_price(pair, decimal(price), self.now));
        self.spot.advance(self.now);
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.spot.advance(self.now);
    }

    fn call_as(&mut self, key: usize, name: &str, params: &str) -> Result<Json, Refusal> {
        match self.reply_as(key, name, params)? {
            Reply::Result(json) | Reply::Warned(json, _) => Ok(json),
            other @ Reply::Bytes { .. } => panic!("{other:?}"),
        }
    }

    fn reply_as(&mut self, key: usize, name: &str, params: &str) -> Outcome {
        let operation = [trading::OPERATIONS, orders::OPERATIONS]
            .into_iter()
            .flatten()
            .find(|operation| operation.name == name)
            .unwrap();
        let params = Params::of_object(&Json::parse(params.as_bytes()).unwrap()).unwrap();
        self.spot.advance(self.now);
        let call = Call {
            params: &params,
            now: self.now,
            key: Some(&self.keys[key]),
        };
        (operation.call)(&mut self.spot, &call)
    }

    fn call(&mut self, name: &str, params: &str) -> Json {
        self.call_as(0, name, params).unwrap()
    }

    fn refusal(&mut self, name: &str, params: &str) -> String {
        self.call_as(0, name, params).unwrap_err().0.join(", ")
    }

    /// Adds an order on XBTUSD and returns its id.
    fn add(&mut self, params: &str) -> String {
        self.add_as(0, params)
    }

    fn add_as(&mut self, key: usize, params: &str) -> String {
        let params = format!(r#"{{"pair":"XBTUSD",{params}}}"#);
        let answer = self.call_as(key, "AddOrder", &params).unwrap();
        let ids = answer.get("txid").unwrap().as_list().unwrap();
        assert_eq!(ids.len(), 1);
        ids[0].as_str().unwrap().to_owned()
    }

    /// A member of an order, open or closed.
    fn of(&mut self, id: &str, member: &str) -> String {
        let orders = self.call("QueryOrders", &format!(r#"{{"txid":"{id}"}}"#));
        let value = orders.get(id).unwrap().get(member).unwrap();
        value.scalar().unwrap_or_else(|| value.to_string())
    }

    fn balance(&self, account: &str, asset: &str) -> String {
        self.spot.balance(account, asset).normalize().to_string()
    }

    fn available(&self, account: &str, asset: &str) -> String {
        self.spot.available(account, asset).normalize().to_string()
    }

    /// Money is neither made nor lost, nobody owes, and what is held is what
    /// the open orders and positions need.
    fn check(&self) {
        for (asset, total) in self.spot.books.totals() {
            assert!(total.is_zero(), "{total} {asset}");
        }
        let mut held: BTreeMap<(&str, &str), Decimal> = BTreeMap::new();
        for (_, order) in self.spot.desk.open() {
            assert!(matches!(order.status, Status::Open | Status::Pending));
            *held.entry((&order.account, order.spends())).or_default() += order.held;
            if order.terms.leverage.is_none() {
                // A market buy that waits is held for by the book's prices.
                let needs = order.to_hold(Decimal::ZERO).unwrap_or(order.held);
                assert_eq!(order.held, needs, "{order:?}");
            }
        }
        for (_, position) in self.spot.desk.positions.open() {
            let key = (position.account.as_str(), position.pair.quote);
            *held.entry(key).or_default() += position.margin_left();
        }
        for account in ["A", "B"] {
            let holder = Holder::Customer(account.into());
            for (asset, balance) in self.spot.books.balances(&holder) {
                let expected = held.remove(&(account, asset)).unwrap_or_default();
                assert_eq!(self.spot.desk.held(account, asset), expected, "{asset}");
                assert!(
                    balance >= expected,
                    "{account} {asset}: {balance} {expected}"
                );
            }
        }
        held.retain(|_, amount| !amount.is_zero());
        assert!(held.is_empty(), "{held:?}");
    }
}
