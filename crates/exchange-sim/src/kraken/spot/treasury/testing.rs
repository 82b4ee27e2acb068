//! A customer without a network between, before markets that stand still at
//! their first prices, for the tests of these operations.

use std::time::Duration;

use rust_decimal::Decimal;

use super::super::assets::PAIRS;
use super::super::statement::{Cause, Leg};
use super::super::{Call, Spot, private_operations, public_operations};
use crate::Moment;
use crate::books::Holder;
use crate::json::Json;
use crate::kraken::answer::{Refusal, Reply};
use crate::kraken::key::{Key, KrakenKey, KrakenTier};
use crate::kraken::params::Params;

pub(crate) const ACCOUNT: &str = "AA72 N84G DEMO SPOT";

/// 6 July 2023, 18:53:17.
pub(crate) const START: Moment = Moment::from_seconds(1_688_669_597);

pub(crate) struct Customer {
    pub spot: Spot,
    pub now: Moment,
    pub key: KrakenKey,
    pub account: String,
}

impl Customer {
    pub(crate) fn new() -> Self {
        let mut key = KrakenKey::new("k", "c2VjcmV0");
        key.tier = KrakenTier::Pro;
        let mut spot = Spot::new(1, START);
        for market in spot.markets.all_mut() {
            market.frozen = true;
        }
        for pair in PAIRS {
            let first = Decimal::new(pair.first_price, pair.price_decimals);
            assert!(spot.markets.set_price(pair, first, START));
        }
        spot.advance(START);
        Self {
            spot,
            now: START,
            key,
            account: ACCOUNT.to_owned(),
        }
    }

    /// Carries out an operation as the host does it once a request is signed.
    pub(crate) fn reply(&mut self, name: &str, body: &str) -> Result<Reply, Refusal> {
        let mut all = private_operations().chain(public_operations());
        let operation = all.find(|one| one.name == name).unwrap();
        let mut key = Key::new(self.key.clone(), self.account.clone(), START).unwrap();
        key.use_nonce(1_772_627_060_997);
        key.used = Some(self.now);
        if !operation.permission.is_met_by(&key) {
            return Err("EGeneral:Permission denied".into());
        }
        self.spot.advance(self.now);
        let params = &Params::of_object(&Json::parse(body.as_bytes()).unwrap()).unwrap();
        let (now, key) = (self.now, Some(&key));
        (operation.call)(&mut self.spot, &Call { params, now, key })
    }

    pub(crate) fn call(&mut self, name: &str, body: &str) -> Json {
        match self.reply(name, body) {
            Ok(Reply::Result(result)) => result,
            other => panic!("{name} {body}: {other:?}"),
        }
    }

    /// The answer as text.
    pub(crate) fn text(&mut self, name: &str, body: &str) -> String {
        self.call(name, body).to_string()
    }

    /// Why it is refused.
    pub(crate) fn refused(&mut self, name: &str, body: &str) -> String {
        let Refusal(errors) = self.reply(name, body).unwrap_err();
        errors.join(", ")
    }

    /// Books an amount that comes from outside.
    pub(crate) fn book(&mut self, kind: &'static str, legs: &[(&str, &str, &str)]) -> String {
        let refid = self.spot.ids.reference('T');
        let cause = Cause {
            refid: refid.clone(),
            kind,
            subtype: "",
            time: self.now,
        };
        let legs: Vec<Leg> = legs
            .iter()
            .map(|(asset, amount, fee)| Leg {
                account: self.account.clone(),
                asset: (*asset).to_owned(),
                amount: amount.parse().unwrap(),
                fee: fee.parse().unwrap(),
                other: Holder::Outside,
            })
            .collect();
        self.spot.book(&cause, &legs).unwrap();
        refid
    }

    /// Trades with the market. Returns the order's id.
    pub(crate) fn trade(&mut self, pair: &str, side: &str, volume: &str) -> String {
        let order = format!(
            r#"{{"pair":"{pair}","ordertype":"market","type":"{side}","volume":"{volume}"}}"#
        );
        let placed = self.call("AddOrder", &order);
        let ids = placed.get("txid").unwrap().as_list().unwrap();
        ids[0].as_str().unwrap().to_owned()
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.spot.advance(self.now);
    }

    /// What is booked, without zeros at the end.
    pub(crate) fn balance(&self, asset: &str) -> String {
        let balance = self.spot.balance(&self.account, asset);
        balance.normalize().to_string()
    }

    /// Nothing was made or lost.
    pub(crate) fn check_totals(&self) {
        assert!(self.spot.books.totals().values().all(Decimal::is_zero));
    }
}
