//! The desk by its operations.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;

use super::order::Status;
use crate::Moment;
use crate::books::Holder;
use crate::json::Json;
use crate::kraken::answer::{Refusal, Reply};
use crate::kraken::key::{Key, KrakenKey, KrakenTier};
use crate::kraken::params::Params;
use crate::kraken::spot::assets::find_pair;
use crate::kraken::spot::market::status::KrakenStatus;
use crate::kraken::spot::statement::{Cause, Leg};
use crate::kraken::spot::{Call, Spot, orders, trading};

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
        match (operation.call)(&mut self.spot, &call)? {
            Reply::Result(json) => Ok(json),
            other => panic!("{other:?}"),
        }
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

#[test]
fn a_resting_order_is_held_filled_and_told_of_to_the_last_digit() {
    let mut stand = Stand::new();
    let limit = r#""ordertype":"limit","type":"buy","volume":"0.01234567","price":"50000.1""#;
    let id = stand.add(limit);
    // 617.284734... and 0.40 % of it, rounded up together: 617.2848 + 2.4692
    assert_eq!(stand.available("A", "ZUSD"), "9380.246");
    assert_eq!(stand.of(&id, "status"), "open");
    stand.check();

    stand.price("XBTUSD", "49990");
    assert_eq!(stand.of(&id, "status"), "closed");
    // Cost and the maker's 0.25 % are cut: 617.2847 and 1.5432
    assert_eq!(stand.balance("A", "ZUSD"), "9381.1721");
    assert_eq!(stand.available("A", "ZUSD"), "9381.1721");
    assert_eq!(stand.balance("A", "XXBT"), "1.01234567");
    for (member, expected) in [
        ("vol_exec", "0.01234567"),
        ("cost", "617.28470"),
        ("fee", "1.54320"),
        ("misc", ""),
        ("oflags", "fciq"),
        ("reason", "null"),
    ] {
        assert_eq!(stand.of(&id, member), expected, "{member}");
    }

    let history = stand.call("TradesHistory", r#"{"ledgers":true}"#);
    assert_eq!(history.get("count").unwrap().scalar().unwrap(), "1");
    let trades = history.get("trades").unwrap().as_object().unwrap();
    let (trade_id, trade) = trades.first().unwrap();
    for (member, expected) in [
        ("ordertxid", id.as_str()),
        ("pair", "XXBTZUSD"),
        ("price", "50000.10000"),
        ("cost", "617.28470"),
        ("fee", "1.54320"),
        ("vol", "0.01234567"),
        ("maker", "true"),
    ] {
        let value = trade.get(member).unwrap().scalar().unwrap();
        assert_eq!(value, expected, "{member}");
    }
    let ledgers = trade.get("ledgers").unwrap().as_list().unwrap();
    let entries: Vec<_> = stand.spot.statements["A"].entries.iter().collect();
    let [.., quote, base] = entries.as_slice() else {
        panic!("too few entries");
    };
    assert_eq!(ledgers[0].as_str().unwrap(), quote.id);
    assert_eq!(ledgers[1].as_str().unwrap(), base.id);
    assert_eq!(quote.refid, *trade_id);
    assert_eq!(quote.amount, decimal("-617.2847"));
    assert_eq!(quote.fee, decimal("1.5432"));
    assert_eq!(quote.balance, decimal("9381.1721"));
    assert_eq!(base.amount, decimal("0.01234567"));

    // The public tape has the trade.
    let market = stand.spot.markets.get(find_pair("XBTUSD").unwrap());
    let tape = market.unwrap().trades();
    let told = trade.get("trade_id").unwrap().scalar().unwrap();
    let public = tape.iter().find(|public| public.id.to_string() == told);
    assert_eq!(public.unwrap().volume, decimal("0.01234567"));
    stand.check();
}

#[test]
fn market_orders_take_the_book_at_once() {
    let mut stand = Stand::new();
    let id = stand.add(r#""ordertype":"market","type":"sell","volume":"0.01""#);
    // The best bid is a tick below the price that was set: 599.999, 0.40 % cut.
    assert_eq!(stand.of(&id, "status"), "closed");
    assert_eq!(stand.of(&id, "cost"), "599.99900");
    assert_eq!(stand.of(&id, "fee"), "2.39990");
    assert_eq!(stand.balance("A", "ZUSD"), "10597.5991");
    assert_eq!(stand.balance("A", "XXBT"), "0.99");
    let funds = stand.refusal(
        "AddOrder",
        r#"{"pair":"XBTUSD","ordertype":"market","type":"buy","volume":"0.2"}"#,
    );
    assert_eq!(funds, "EOrder:Insufficient funds");
    let id = stand.add(r#""ordertype":"market","type":"buy","volume":"100","oflags":"viqc""#);
    assert_eq!(stand.of(&id, "status"), "closed");
    assert_eq!(stand.of(&id, "vol"), "100.00000000");
    stand.check();
}

#[test]
fn fees_in_the_base_asset_are_taken_there() {
    let mut stand = Stand::new();
    stand
        .add(r#""ordertype":"limit","type":"sell","volume":"0.5","price":"70000","oflags":"fcib""#);
    assert_eq!(stand.available("A", "XXBT"), "0.498");
    stand.price("XBTUSD", "70100");
    assert_eq!(stand.balance("A", "XXBT"), "0.49875");
    assert_eq!(stand.balance("A", "ZUSD"), "45000");
    stand.check();
}

#[test]
fn orders_are_described_as_the_venue_does() {
    let mut stand = Stand::new();
    let mut described = |params: &str| {
        let params = format!(r#"{{"pair":"BTC/USD","validate":true,{params}}}"#);
        let answer = stand.call("AddOrder", &params);
        assert!(answer.get("txid").is_none());
        answer.get("descr").unwrap().to_string()
    };
    assert_eq!(
        described(r#""ordertype":"limit","type":"buy","volume":"1.25","price":"27500""#),
        r#"{"order":"buy 1.25000000 XBTUSD @ limit 27500.0"}"#
    );
    assert_eq!(
        described(
            r#""ordertype":"limit","type":"buy","volume":2.1234,"price":"25000.1","leverage":2,"close[ordertype]":"stop-loss-limit","close[price]":"22000","close[price2]":"21000""#
        ),
        r#"{"order":"buy 2.12340000 XBTUSD @ limit 25000.1 with 2:1 leverage","close":"close position @ stop loss 22000.0 -> limit 21000.0"}"#
    );
    assert_eq!(
        described(r#""ordertype":"trailing-stop","type":"sell","volume":"1","price":"+5%""#),
        r#"{"order":"sell 1.00000000 XBTUSD @ trailing stop +5.0000%"}"#
    );
    assert_eq!(
        described(r#""ordertype":"market","type":"sell","volume":"1""#),
        r#"{"order":"sell 1.00000000 XBTUSD @ market"}"#
    );
    stand.check();
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_is_wrong_is_refused_in_the_venues_words() {
    let mut stand = Stand::new();
    let limit = r#""type":"buy","ordertype":"limit""#;
    for (params, expected) in [
        (
            r#""pair":"NOPE","volume":"1","price":"1""#,
            "EQuery:Unknown asset pair",
        ),
        (
            r#""pair":"AAPLxUSD","volume":"1","price":"1""#,
            "EQuery:Unknown asset pair",
        ),
        (
            r#""pair":"XBTUSD","price":"1""#,
            "EGeneral:Invalid arguments:volume",
        ),
        (
            r#""pair":"XBTUSD","volume":"-1","price":"1""#,
            "EGeneral:Invalid arguments:volume",
        ),
        (
            r#""pair":"XBTUSD","volume":"1e3","price":"1""#,
            "EGeneral:Invalid arguments:volume",
        ),
        (
            r#""pair":"XBTUSD","volume":"1""#,
            "EGeneral:Invalid arguments:price",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.00001","price":"50000""#,
            "EOrder:Order minimum not met",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.0001","price":"1""#,
            "EOrder:Cost minimum not met",
        ),
        (
            r#""pair":"XBTUSD","volume":"1","price":"50000.12""#,
            "EOrder:Invalid price:XBTUSD price can only be specified up to 1 decimals.",
        ),
        (
            r#""pair":"XBTUSD","volume":"1","price":"50000""#,
            "EOrder:Insufficient funds",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","oflags":"fcib,fciq""#,
            "EGeneral:Invalid arguments:oflags",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","oflags":"viqc""#,
            "EGeneral:Invalid arguments:oflags",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","cl_ord_id":"Not Allowed""#,
            "EGeneral:Invalid arguments:cl_ord_id",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","cl_ord_id":"a","userref":1"#,
            "EGeneral:Invalid arguments:cl_ord_id",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","expiretm":"+60""#,
            "EGeneral:Invalid arguments:expiretm",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","timeinforce":"GTD","expiretm":"+4""#,
            "EGeneral:Invalid arguments:expiretm",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","deadline":"2020-01-01T00:00:00Z""#,
            "EService:Deadline elapsed",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","leverage":"50""#,
            "EGeneral:Invalid arguments:leverage",
        ),
        (
            r#""pair":"XBTUSD","volume":"0.1","price":"50000","leverage":"2","reduce_only":true"#,
            "EOrder:Reduce only:No position exists",
        ),
        (
            r#""pair":"XBTUSD","volume":"0","price":"50000","leverage":"2""#,
            "EOrder:Unknown position",
        ),
        (
            r#""pair":"XBTUSD","volume":"2","price":"50000","leverage":"2""#,
            "EOrder:Margin level too low",
        ),
        (
            r#""pair":"XBTUSD","volume":"9999999999","price":"9999999999","leverage":"2""#,
            "EOrder:Margin position size exceeded",
        ),
    ] {
        let refusal = stand.refusal("AddOrder", &format!("{{{limit},{params}}}"));
        assert_eq!(refusal, expected, "{params}");
    }
    assert_eq!(
        stand.refusal("CancelOrder", r#"{"txid":"7"}"#),
        "EOrder:Unknown order"
    );
    assert_eq!(
        stand.refusal("CancelAllOrdersAfter", r#"{"timeout":86400}"#),
        "EGeneral:Invalid arguments:timeout"
    );
    stand.check();
}

#[test]
fn the_status_of_the_venue_stops_orders() {
    let mut stand = Stand::new();
    let order = r#"{"pair":"XBTUSD","type":"buy","ordertype":"limit","volume":"0.1","price":"50000","oflags":"OF"}"#;
    let plain = order.replace("OF", "");
    let post = order.replace("OF", "post");
    stand.spot.markets.status = KrakenStatus::CancelOnly;
    assert_eq!(
        stand.refusal("AddOrder", &post),
        "EService:Market in cancel_only mode"
    );
    stand.spot.markets.status = KrakenStatus::PostOnly;
    assert_eq!(
        stand.refusal("AddOrder", &plain),
        "EService:Market in post_only mode"
    );
    stand.call("AddOrder", &post);
    stand.spot.markets.status = KrakenStatus::Maintenance;
    assert_eq!(stand.refusal("CancelAll", "{}"), "EService:Unavailable");
    stand.spot.markets.status = KrakenStatus::CancelOnly;
    let count = stand.call("CancelAll", "{}");
    assert_eq!(count.to_string(), r#"{"count":1}"#);
    stand.check();
}

#[test]
fn post_fill_or_kill_and_immediate_orders_do_not_rest() {
    let mut stand = Stand::new();
    let order = r#""ordertype":"limit","type":"buy","volume":"0.01","price":"60010""#;
    let id = stand.add(&format!(r#"{order},"oflags":"post""#));
    assert_eq!(stand.of(&id, "reason"), "Post only order");
    let none = r#""ordertype":"limit","type":"buy","volume":"0.01","price":"59000""#;
    for tif in ["FOK", "IOC"] {
        let id = stand.add(&format!(r#"{none},"timeinforce":"{tif}""#));
        assert_eq!(stand.of(&id, "status"), "canceled", "{tif}");
        let id = stand.add(&format!(r#"{order},"timeinforce":"{tif}""#));
        assert_eq!(stand.of(&id, "status"), "closed", "{tif}");
    }
    stand.check();
}

#[test]
fn orders_of_one_account_do_not_meet_but_those_of_two_do() {
    let mut stand = Stand::new();
    let sell = r#""ordertype":"limit","type":"sell","volume":"0.1","price":"60000""#;
    let buy = r#""ordertype":"limit","type":"buy","volume":"0.05","price":"60000""#;
    let resting = stand.add(sell);
    let newest = stand.add(buy);
    assert_eq!(stand.of(&newest, "reason"), "Self trade prevention");
    assert_eq!(stand.of(&resting, "status"), "open");
    stand.add_as(1, buy);
    assert_eq!(stand.of(&resting, "vol_exec"), "0.05000000");
    assert_eq!(stand.of(&resting, "misc"), "partial");
    // 3000 and the maker's 0.25 %; the other paid the taker's 0.40 %
    assert_eq!(stand.balance("A", "ZUSD"), "12992.5");
    assert_eq!(stand.balance("B", "ZUSD"), "96988");
    let oldest = stand.add(&format!(r#"{buy},"stptype":"cancel-oldest""#));
    assert_eq!(stand.of(&resting, "reason"), "Self trade prevention");
    assert_eq!(stand.of(&oldest, "status"), "open");
    let both = stand.add(&format!(r#"{sell},"stptype":"cancel-both""#));
    assert_eq!(stand.of(&oldest, "status"), "canceled");
    assert_eq!(stand.of(&both, "status"), "canceled");
    stand.check();
}

#[test]
fn stops_are_triggered_and_trail() {
    let mut stand = Stand::new();
    let stop = stand.add(r#""ordertype":"stop-loss","type":"sell","volume":"0.1","price":"58000""#);
    let limited = stand.add(
        r#""ordertype":"take-profit-limit","type":"sell","volume":"0.1","price":"+2000","price2":"63000""#,
    );
    let trailing =
        stand.add(r#""ordertype":"trailing-stop","type":"sell","volume":"0.1","price":"+1000""#);
    assert_eq!(stand.available("A", "XXBT"), "0.7");
    assert_eq!(stand.of(&trailing, "stopprice"), "59000.00000");
    stand.price("XBTUSD", "62000");
    assert_eq!(stand.of(&limited, "misc"), "touched");
    assert_eq!(stand.of(&limited, "status"), "open");
    assert_eq!(stand.of(&trailing, "stopprice"), "61000.00000");
    stand.price("XBTUSD", "60500");
    assert_eq!(stand.of(&trailing, "status"), "closed");
    assert_eq!(stand.of(&trailing, "misc"), "stopped");
    assert_eq!(stand.of(&trailing, "price"), "60499.90000");
    assert_eq!(stand.of(&stop, "status"), "open");
    stand.price("XBTUSD", "57000");
    assert_eq!(stand.of(&stop, "status"), "closed");
    stand.price("XBTUSD", "63100");
    assert_eq!(stand.of(&limited, "price"), "63000.00000");
    stand.check();
}

#[test]
fn time_starts_expires_and_cancels_orders() {
    let mut stand = Stand::new();
    let order = r#""ordertype":"limit","type":"buy","volume":"0.01","price":"50000""#;
    let dated = stand.add(&format!(r#"{order},"timeinforce":"GTD","expiretm":"+60""#));
    let later = stand.add(&format!(r#"{order},"starttm":"+30""#));
    assert_eq!(stand.of(&later, "status"), "pending");
    stand.pass(30);
    assert_eq!(stand.of(&later, "status"), "open");
    let timer = stand.call("CancelAllOrdersAfter", r#"{"timeout":60}"#);
    assert_eq!(
        timer.to_string(),
        r#"{"currentTime":"2027-01-15T08:00:30Z","triggerTime":"2027-01-15T08:01:30Z"}"#
    );
    stand.pass(29);
    assert_eq!(stand.of(&dated, "status"), "open");
    stand.pass(365 * 86_400);
    assert_eq!(stand.of(&dated, "status"), "expired");
    assert_eq!(stand.of(&dated, "closetm"), "1800000060.000000");
    assert_eq!(stand.of(&later, "status"), "canceled");
    assert_eq!(stand.of(&later, "closetm"), "1800000090.000000");
    let off = stand.call("CancelAllOrdersAfter", r#"{"timeout":"0"}"#);
    assert_eq!(off.get("triggerTime").unwrap().as_str(), Some("0"));
    stand.check();
}

#[test]
fn amends_keep_the_order_and_edits_replace_it() {
    let mut stand = Stand::new();
    let first = stand.add(
        r#""ordertype":"limit","type":"buy","volume":"0.05","price":"50000","cl_ord_id":"mine""#,
    );
    let second = stand.add(r#""ordertype":"limit","type":"buy","volume":"0.05","price":"50000""#);
    let queue = |stand: &Stand| -> Vec<String> {
        let side = crate::kraken::spot::market::Side::Buy;
        let resting = stand.spot.desk.resting("XXBTZUSD", side);
        resting.into_iter().map(|(id, _)| id).collect()
    };
    stand.call("AmendOrder", r#"{"cl_ord_id":"mine","order_qty":"0.04"}"#);
    assert_eq!(queue(&stand), [first.clone(), second.clone()]);
    stand.call("AmendOrder", r#"{"cl_ord_id":"mine","order_qty":"0.06"}"#);
    assert_eq!(queue(&stand), [second.clone(), first.clone()]);
    // 0.11 · 50000, and 0.40 %
    assert_eq!(stand.available("A", "ZUSD"), "4478");
    let taking =
        r#"{"cl_ord_id":"mine","limit_price":"60010","order_qty":"0.01","post_only":true}"#;
    assert_eq!(
        stand.refusal("AmendOrder", taking),
        "EOrder:Post only order"
    );
    assert_eq!(
        stand.refusal("AmendOrder", r#"{"cl_ord_id":"mine","order_qty":"1"}"#),
        "EOrder:Insufficient funds"
    );
    let amends = stand.call("OrderAmends", &format!(r#"{{"order_id":"{first}"}}"#));
    let types: Vec<String> = amends
        .get("amends")
        .unwrap()
        .as_list()
        .unwrap()
        .iter()
        .map(|amend| amend.get("order_qty").unwrap().scalar().unwrap())
        .collect();
    assert_eq!(types, ["0.05000000", "0.04000000", "0.06000000"]);
    assert_eq!(amends.get("count").unwrap().scalar().unwrap(), "3");

    let edit = format!(
        r#"{{"pair":"XBTUSD","txid":"{second}","volume":"0.02","price":"51000","userref":5}}"#
    );
    let edited = stand.call("EditOrder", &edit);
    let new = edited.get("txid").unwrap().as_str().unwrap().to_owned();
    assert_eq!(
        edited.to_string(),
        format!(
            r#"{{"status":"ok","txid":"{new}","originaltxid":"{second}","volume":"0.02000000","price":"51000.0","price2":"0","orders_cancelled":1,"descr":{{"order":"buy 0.02000000 XXBTZUSD @ limit 51000.0"}},"newuserref":5}}"#
        )
    );
    assert_eq!(stand.of(&second, "reason"), "Order replaced");
    assert_eq!(stand.of(&new, "link_id"), second);
    let poor = r#"{"pair":"XBTUSD","txid":5,"volume":"1"}"#;
    assert_eq!(
        stand.refusal("EditOrder", poor),
        "EOrder:Insufficient funds"
    );
    assert_eq!(stand.of(&new, "status"), "open");
    stand.check();
    let cancelled = stand.call("CancelOrder", r#"{"txid":5}"#);
    assert_eq!(cancelled.to_string(), r#"{"count":1}"#);
    stand.check();
}

#[test]
fn batches_are_checked_whole_and_placed_one_by_one() {
    let mut stand = Stand::new();
    let good = r#"{"ordertype":"limit","type":"buy","volume":"0.1","price":"50000"}"#;
    let dear = r#"{"ordertype":"limit","type":"buy","volume":"5","price":"50000","close":{"ordertype":"limit","price":"51000"}}"#;
    let answer = stand.call(
        "AddOrderBatch",
        &format!(r#"{{"pair":"XBTUSD","orders":[{good},{dear}]}}"#),
    );
    let orders = answer.get("orders").unwrap().as_list().unwrap();
    let id = orders[0].get("txid").unwrap().as_str().unwrap().to_owned();
    assert_eq!(
        orders[1].get("error").unwrap().as_str(),
        Some("EOrder:Insufficient funds")
    );
    assert!(orders[1].get("txid").is_none());
    let bad = r#"{"ordertype":"limit","type":"buy","volume":"0.1"}"#;
    assert_eq!(
        stand.refusal(
            "AddOrderBatch",
            &format!(r#"{{"pair":"XBTUSD","orders":[{good},{bad}]}}"#)
        ),
        "EGeneral:Invalid arguments:price"
    );
    assert_eq!(
        stand.refusal(
            "AddOrderBatch",
            &format!(r#"{{"pair":"XBTUSD","orders":[{good}]}}"#)
        ),
        "EGeneral:Invalid arguments:orders"
    );
    let cancelled = stand.call(
        "CancelOrderBatch",
        &format!(r#"{{"orders":["{id}",{{"txid":"{id}"}},"OAAAAA-AAAAA-AAAAAA"]}}"#),
    );
    assert_eq!(cancelled.to_string(), r#"{"count":1}"#);
    stand.check();
}

#[test]
fn a_conditional_close_follows_each_fill() {
    let mut stand = Stand::new();
    let id = stand.add(
        r#""ordertype":"limit","type":"buy","volume":"0.1","price":"60010","close[ordertype]":"limit","close[price]":"65000""#,
    );
    let open = stand.call("OpenOrders", "{}");
    let open = open.get("open").unwrap().as_object().unwrap();
    let (close, _) = open.first().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(stand.of(close, "refid"), id);
    assert_eq!(stand.of(close, "vol"), "0.10000000");
    stand.price("XBTUSD", "65100");
    assert_eq!(stand.of(close, "status"), "closed");
    stand.check();
}

#[test]
fn margin_positions_open_cost_and_close_exactly() {
    let mut stand = Stand::new();
    let open = stand
        .add(r#""ordertype":"limit","type":"buy","volume":"0.1","price":"59000","leverage":"5""#);
    // A fifth of 5900, and 0.40 % of it
    assert_eq!(stand.available("A", "ZUSD"), "8796.4");
    stand.price("XBTUSD", "58000");
    assert_eq!(stand.of(&open, "status"), "closed");
    // The fee of 0.25 % is paid, the margin still held.
    assert_eq!(stand.balance("A", "ZUSD"), "9985.25");
    assert_eq!(stand.available("A", "ZUSD"), "8805.25");
    assert_eq!(stand.balance("A", "XXBT"), "1");
    // The last trade was the order's own.
    stand.price("XBTUSD", "58000");
    let positions = stand.call("OpenPositions", r#"{"docalcs":true}"#);
    let (id, position) = positions.as_object().unwrap().first().unwrap();
    for (member, expected) in [
        ("cost", "5900.00000"),
        ("margin", "1180.00000"),
        ("value", "5800.0"),
        ("net", "-100.0000"),
        ("vol", "0.10000000"),
    ] {
        let value = position.get(member).unwrap().scalar().unwrap();
        assert_eq!(value, expected, "{member}");
    }
    let summed = stand.call("OpenPositions", r#"{"consolidation":"market"}"#);
    let summed = summed.as_list().unwrap();
    assert_eq!(summed[0].get("leverage").unwrap().as_str(), Some("5.00"));
    let balance = stand.call("TradeBalance", "{}");
    // 9985.25 USD and 1 XBT
    assert_eq!(balance.get("tb").unwrap().as_str(), Some("67985.2500"));
    assert_eq!(balance.get("e").unwrap().as_str(), Some("67885.2500"));
    assert_eq!(balance.get("mf").unwrap().as_str(), Some("66705.2500"));
    stand.check();

    // Two periods of four hours at 0.01 %
    stand.pass(8 * 3_600);
    assert_eq!(stand.balance("A", "ZUSD"), "9984.07");
    let close = stand
        .add(r#""ordertype":"limit","type":"sell","volume":"0","price":"61000","leverage":"5""#);
    stand.price("XBTUSD", "61100");
    assert_eq!(stand.of(&close, "vol_exec"), "0.10000000");
    // 200 earned, 15.25 of fee
    assert_eq!(stand.balance("A", "ZUSD"), "10168.82");
    assert_eq!(stand.available("A", "ZUSD"), "10168.82");
    let kinds: Vec<&str> = stand.spot.statements["A"]
        .entries
        .iter()
        .map(|e| e.kind)
        .collect();
    assert_eq!(
        kinds,
        ["deposit", "deposit", "margin", "rollover", "margin"]
    );
    let history = stand.call(
        "TradesHistory",
        r#"{"type":"closed position","trades":true}"#,
    );
    let opened = history.get("trades").unwrap().get(id).unwrap();
    assert_eq!(opened.get("posstatus").unwrap().as_str(), Some("closed"));
    assert_eq!(opened.get("net").unwrap().scalar().unwrap(), "200.00000");
    stand.check();
}

#[test]
fn positions_are_settled_reduced_and_liquidated() {
    let mut stand = Stand::new();
    let buy = r#""ordertype":"market","type":"buy","volume":"0.1","leverage":"5""#;
    stand.add(buy);
    let settle = r#"{"pair":"XBTUSD","ordertype":"settle-position","type":"sell","volume":"0"}"#;
    let settled = stand.call("AddOrder", settle);
    let settled = settled.get("txid").unwrap().as_list().unwrap()[0].scalar();
    assert_eq!(stand.of(&settled.unwrap(), "vol_exec"), "0.10000000");
    assert_eq!(stand.balance("A", "XXBT"), "1.1");
    assert_eq!(stand.refusal("AddOrder", settle), "EOrder:Unknown position");
    stand.check();

    stand.add(r#""ordertype":"market","type":"buy","volume":"0.05","leverage":"5""#);
    let reduce = r#"{"pair":"XBTUSD","ordertype":"market","type":"sell","volume":"0.2","leverage":"5","reduce_only":true}"#;
    assert_eq!(
        stand.refusal("AddOrder", reduce),
        "EOrder:Reduce only:Position is closed"
    );
    assert!(stand.spot.desk.positions.is_empty());
    stand.check();

    let sell = r#""ordertype":"market","type":"sell","volume":"1.09","oflags":"""#;
    stand.add(sell);
    stand.add_as(
        1,
        r#""ordertype":"market","type":"buy","volume":"8","leverage":"5""#,
    );
    stand.check();
    // B has 100000 USD and 2 XBT and has borrowed eight: at 41000 too little is
    // left, and more is lost than there are dollars.
    stand.price("XBTUSD", "41000");
    assert!(stand.spot.desk.positions.is_empty());
    let last = stand.spot.desk.closed_of("B").next_back().unwrap();
    assert_eq!(last.misc(), "liquidated");
    assert_eq!(stand.balance("B", "ZUSD"), "0");
    assert_eq!(stand.balance("B", "XXBT"), "2");
    stand.check();
}

#[test]
fn the_engine_counts_and_refuses() {
    let mut stand = Stand::new();
    stand.spot.limits = true;
    let order = r#""ordertype":"limit","type":"buy","volume":"0.0001","price":"50000""#;
    let id = stand.add(order);
    stand.pass(7);
    stand.call(
        "AmendOrder",
        &format!(r#"{{"txid":"{id}","order_qty":"0.0002"}}"#),
    );
    stand.pass(36);
    stand.call("CancelOrder", &format!(r#"{{"txid":"{id}"}}"#));
    // Two orders a second apart are worth one at this tier; after a minute
    // there is room for 60.
    stand.pass(60);
    for _ in 0..6 {
        let id = stand.add(order);
        stand.call("CancelOrder", &format!(r#"{{"txid":"{id}"}}"#));
    }
    let more = stand.add(order);
    let last = format!(r#"{{"txid":"{more}"}}"#);
    assert_eq!(
        stand.refusal("CancelOrder", &last),
        "EOrder:Rate limit exceeded"
    );
    // All at once is carried out all the same, and nothing fits then.
    assert_eq!(stand.call("CancelAll", "{}").to_string(), r#"{"count":1}"#);
    let order = format!(r#"{{"pair":"XBTUSD",{order}}}"#);
    assert_eq!(
        stand.refusal("AddOrder", &order),
        "EOrder:Rate limit exceeded"
    );
    stand.pass(4);
    stand.call("AddOrder", &order);

    stand.pass(3_600);
    for _ in 0..59 {
        stand.call("AddOrder", &order);
        stand.pass(1);
    }
    assert_eq!(
        stand.refusal("AddOrder", &order),
        "EOrder:Orders limit exceeded"
    );
}

#[test]
fn pages_have_fifty_rows_and_bounds() {
    let mut stand = Stand::new();
    let order = r#""ordertype":"market","type":"buy","volume":"0.0001""#;
    let ids: Vec<String> = (0..60)
        .map(|_| {
            stand.pass(1);
            stand.add(order)
        })
        .collect();
    let keys = |json: &Json, name: &str| -> Vec<String> {
        let rows = json.get(name).unwrap().as_object().unwrap();
        rows.keys().cloned().collect()
    };
    let newest_first: Vec<String> = ids.iter().rev().cloned().collect();
    let first = stand.call("ClosedOrders", "{}");
    assert_eq!(keys(&first, "closed"), newest_first[..50]);
    assert_eq!(first.get("count").unwrap().scalar().unwrap(), "60");
    let second = stand.call("ClosedOrders", r#"{"ofs":50,"without_count":true}"#);
    assert_eq!(keys(&second, "closed"), newest_first[50..]);
    assert!(second.get("count").is_none());
    let first = stand.call("ClosedOrders", r#"{"with_cursor":true}"#);
    assert_eq!(keys(&first, "closed"), newest_first[..50]);
    let next = first
        .get("cursor")
        .unwrap()
        .get("next")
        .unwrap()
        .as_str()
        .unwrap();
    let next = format!(r#"{{"with_cursor":true,"cursor":"{next}"}}"#);
    let second = stand.call("ClosedOrders", &next);
    assert_eq!(keys(&second, "closed"), newest_first[50..]);
    assert!(second.get("cursor").is_none());
    // The order itself is left out at the start, and taken in at the end.
    let bounds = format!(r#"{{"start":"{}","end":"{}"}}"#, ids[10], ids[20]);
    let some = stand.call("ClosedOrders", &bounds);
    assert_eq!(keys(&some, "closed"), newest_first[39..49]);

    let trades = stand.call("TradesHistory", r#"{"limit":60}"#);
    let trades = keys(&trades, "trades");
    assert_eq!(trades.len(), 60);
    let bounds = format!(r#"{{"start":"{}","end":1800000025}}"#, trades[49]);
    assert_eq!(
        keys(&stand.call("TradesHistory", &bounds), "trades"),
        trades[35..49]
    );
    let two = format!(r#"{{"txid":"{},{}"}}"#, trades[3], trades[4]);
    assert_eq!(
        stand.call("QueryTrades", &two).as_object().unwrap().len(),
        2
    );
    assert_eq!(
        stand.refusal("ClosedOrders", r#"{"with_cursor":true,"ofs":50}"#),
        "EGeneral:Invalid arguments:ofs"
    );
}

#[test]
fn fills_of_one_execution_count_as_one_trade_unless_asked() {
    let mut stand = Stand::new();
    let id = stand.add(r#""ordertype":"market","type":"sell","volume":"0.9""#);
    let single = stand.call("TradesHistory", r#"{"consolidate_taker":false}"#);
    let single = single.get("trades").unwrap().as_object().unwrap().len();
    let one = stand.call("TradesHistory", "{}");
    let one = one.get("trades").unwrap().as_object().unwrap();
    assert_eq!(one.len(), 1);
    let (trade, row) = one.first().unwrap();
    assert_eq!(row.get("vol").unwrap().as_str(), Some("0.90000000"));
    let cost = row.get("cost").unwrap().as_str().unwrap().to_owned();
    assert_eq!(stand.of(&id, "cost"), cost);
    let orders = stand.call(
        "QueryOrders",
        &format!(r#"{{"txid":"{id}","trades":true}}"#),
    );
    let trades = orders.get(&id).unwrap().get("trades").unwrap();
    assert_eq!(trades.to_string(), format!(r#"["{trade}"]"#));
    assert!(single >= 1);
}

/// Whatever is sent is answered, and leaves the books right.
#[test]
fn nonsense_is_refused_without_a_fault() {
    let mut chance = fastrand::Rng::with_seed(3);
    let mut stand = Stand::new();
    let id = stand.add(r#""ordertype":"limit","type":"buy","volume":"0.1","price":"50000""#);
    let names = [
        "pair",
        "ordertype",
        "type",
        "volume",
        "price",
        "price2",
        "leverage",
        "reduce_only",
        "stptype",
        "oflags",
        "timeinforce",
        "starttm",
        "expiretm",
        "close[ordertype]",
        "close[price]",
        "close[price2]",
        "deadline",
        "userref",
        "cl_ord_id",
        "displayvol",
        "txid",
        "order_qty",
        "display_qty",
        "limit_price",
        "trigger_price",
        "post_only",
        "orders",
        "cl_ord_ids",
        "timeout",
        "asset",
        "trades",
        "start",
        "end",
        "ofs",
        "cursor",
        "with_cursor",
        "limit",
        "closetime",
        "order_id",
        "docalcs",
        "consolidation",
        "account_id",
        "consolidate_taker",
        "trigger",
    ];
    let order = r#"{"ordertype":"limit","type":"buy","volume":"0.1","price":"50000"}"#;
    let orders = format!("[{order},{order},{{}}]");
    let id = format!("\"{id}\"");
    let values = [
        "0",
        "1",
        "-1",
        "0.00000001",
        "9999999999",
        "79228162514264337593543950335",
        "1e400",
        "9223372036854775807",
        "null",
        "[]",
        "{}",
        "true",
        "\"\"",
        "\"+5\"",
        "\"-5%\"",
        "\"#5%\"",
        "\"+99999999999\"",
        "\"+9999999999%\"",
        "\"é\"",
        "\"5:1\"",
        "\"XBTUSD\"",
        "\"ETHXBT\"",
        "\"buy\"",
        "\"sell\"",
        "\"limit\"",
        "\"market\"",
        "\"iceberg\"",
        "\"trailing-stop-limit\"",
        "\"take-profit\"",
        "\"settle-position\"",
        "\"viqc\"",
        "\"post\"",
        "\"GTD\"",
        "\"FOK\"",
        "\"market,\"",
        "\"2027-01-15T08:00:10Z\"",
        "\"OAAAAA-AAAAA-AAAAAA\"",
        "\"USDT\"",
        orders.as_str(),
        id.as_str(),
    ];
    let operations = [trading::OPERATIONS, orders::OPERATIONS]
        .into_iter()
        .flatten()
        .map(|operation| operation.name)
        .collect::<Vec<_>>();
    for _ in 0..6_000 {
        let operation = operations[chance.usize(..operations.len())];
        let mut params = vec![
            r#""pair":"XBTUSD""#.to_owned(),
            r#""ordertype":"limit","type":"buy","volume":"0.01","price":"50000""#.to_owned(),
        ];
        for _ in 0..chance.usize(..5) {
            let name = names[chance.usize(..names.len())];
            let value = values[chance.usize(..values.len())];
            params.push(format!(r#""{name}":{value}"#));
        }
        let params = format!("{{{}}}", params.join(","));
        let answer = stand.call_as(0, operation, &params);
        if let Err(Refusal(errors)) = answer {
            let internal = errors.iter().any(|error| error.contains("Internal"));
            assert!(!internal, "{operation} {params}: {errors:?}");
        }
        stand.check();
    }
}

/// Whatever customers do, and wherever the market goes.
#[test]
fn money_is_neither_made_nor_lost() {
    for seed in 0..3 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut stand = Stand::new();
        for market in stand.spot.markets.all_mut() {
            market.frozen = false;
            market.volatility = 1_000;
        }
        for (account, asset, amount) in [("A", "XETH", "10"), ("B", "ZEUR", "5000")] {
            stand.give(account, asset, amount);
        }
        let mut taken = 0;
        for _ in 0..500 {
            let key = chance.usize(..2);
            let pair = ["XBTUSD", "ETHUSD", "ETHXBT", "XBTEUR"][chance.usize(..4)];
            let open = stand.spot.desk.open_of(&stand.keys[key].account);
            let some = (!open.is_empty()).then(|| open[chance.usize(..open.len())]);
            let id = some.and_then(|number| stand.spot.desk.order(number));
            let (id, of) = id.map_or_else(
                || ("O".to_owned(), pair),
                |order| (order.id.clone(), order.terms.pair.altname),
            );
            let volume = Decimal::new(chance.i64(1..30_000_000), 8);
            let offset = format!("{}{}%", ["+", "-", "#"][chance.usize(..3)], chance.u8(1..9));
            let (name, params) = match chance.u8(..10) {
                0..6 => {
                    let kinds = [
                        "market",
                        "limit",
                        "limit",
                        "iceberg",
                        "stop-loss",
                        "take-profit",
                        "stop-loss-limit",
                        "take-profit-limit",
                        "trailing-stop",
                        "trailing-stop-limit",
                        "settle-position",
                    ];
                    let kind = kinds[chance.usize(..kinds.len())];
                    let price = if kind.starts_with("trailing") {
                        "+2%"
                    } else {
                        &offset
                    };
                    let side = ["buy", "sell"][chance.usize(..2)];
                    let mut more = String::new();
                    if chance.u8(..3) == 0 {
                        more += r#","leverage":"3""#;
                    } else if chance.bool() {
                        more += r#","oflags":"fcib""#;
                    }
                    if kind == "iceberg" {
                        more += &format!(r#","displayvol":"{}""#, volume / Decimal::TWO);
                    }
                    if chance.u8(..4) == 0 {
                        more += r#","close[ordertype]":"limit","close[price]":"+1%""#;
                    }
                    more += [
                        "",
                        r#","timeinforce":"IOC""#,
                        r#","timeinforce":"GTD","expiretm":"+90""#,
                        r#","starttm":"+20""#,
                        r#","stptype":"cancel-oldest""#,
                    ][chance.usize(..5)];
                    let params = format!(
                        r#"{{"pair":"{pair}","ordertype":"{kind}","type":"{side}","volume":"{volume}","price":"{price}","price2":"{}"{more}}}"#,
                        offset.replace('#', "+"),
                    );
                    ("AddOrder", params)
                }
                6 => (
                    "AmendOrder",
                    format!(r#"{{"txid":"{id}","order_qty":"{volume}","limit_price":"-1%"}}"#),
                ),
                7 => (
                    "EditOrder",
                    format!(r#"{{"pair":"{of}","txid":"{id}","volume":"{volume}"}}"#),
                ),
                8 => ("CancelOrder", format!(r#"{{"txid":"{id}"}}"#)),
                _ => ("CancelAllOrdersAfter", r#"{"timeout":40}"#.to_owned()),
            };
            let answer = stand.call_as(key, name, &params);
            taken += u32::from(answer.is_ok());
            if let Err(Refusal(errors)) = answer {
                let internal = errors.iter().any(|error| error.contains("Internal"));
                assert!(!internal, "{name} {params}: {errors:?}");
            }
            stand.check();
            stand.pass(chance.u64(..20));
            stand.check();
        }
        stand.pass(400 * 86_400);
        stand.check();
        assert!(taken > 100, "{taken}");
        assert!(stand.spot.desk.trades_of("A").count() > 20);
    }
}
