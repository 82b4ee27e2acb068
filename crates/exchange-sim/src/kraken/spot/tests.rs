//! The whole of Spot: whatever customers ask for, in whatever order, and
//! whatever time and the market do meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rust_decimal::Decimal;

use super::assets::{ASSETS, PAIRS, find_asset};
use super::market::Fill;
use super::market::status::KrakenStatus;
use super::treasury::movements::{State, Way};
use super::treasury::testing::{ACCOUNT, Customer};
use super::treasury::transfers::futures_wallet;
use super::{Spot, private_operations, public_operations};
use crate::books::Holder;
use crate::kraken::answer::{Refusal, Reply};

const STRANGER: &str = "AA11 N84G DEMO ELSE";

/// Those of the strategies that take assets which the story has.
const STRATEGIES: [&str; 6] = [
    "ESRFUO3-Q62XD-WIOIL7",
    "ESMWVX6-JAPVY-23L3CV",
    "ESDQCOL-WTZEU-NU55QF",
    "ESUSDM4-DEMO5-SIM7CC",
    "ESBTCM2-DEMO3-SIM7BB",
    "ESFBTC2-DEMO2-SIM7FF",
];

/// What the ledgers say, added up as they grow.
#[derive(Default)]
struct Sums {
    seen: BTreeMap<String, usize>,
    balances: BTreeMap<(String, String), Decimal>,
}

impl Sums {
    fn follow(&mut self, spot: &Spot) {
        for (account, statement) in &spot.statements {
            let seen = self.seen.entry(account.clone()).or_default();
            for entry in statement.entries.range(*seen..) {
                let key = (account.clone(), entry.asset.clone());
                let balance = self.balances.entry(key).or_default();
                *balance += entry.amount - entry.fee;
                assert_eq!(*balance, entry.balance, "{entry:?}");
            }
            let after = seen.saturating_sub(1);
            let times = statement.entries.range(after..).map(|entry| entry.time);
            assert!(times.is_sorted(), "{account}");
            *seen = statement.entries.len();
        }
    }
}

/// Customers, what they know, and what must hold.
struct Story {
    customer: Customer,
    chance: fastrand::Rng,
    sums: Sums,
    /// Reports that were asked for.
    reports: Vec<String>,
    /// The operations that were accepted once.
    accepted: BTreeSet<&'static str>,
    /// A hash of each answer, with what was asked.
    answers: Vec<(String, u64)>,
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut customer = Customer::new();
        for market in customer.spot.markets.all_mut() {
            market.frozen = false;
        }
        let subaccount = r#"{"username":"below","email":"a@b.c"}"#;
        customer.call("CreateSubaccount", subaccount);
        for account in [ACCOUNT, STRANGER] {
            account.clone_into(&mut customer.account);
            for (asset, amount) in [
                ("ZUSD", "90000"),
                ("ZEUR", "5000"),
                ("XXBT", "2"),
                ("XETH", "20"),
                ("DOT", "3000"),
            ] {
                customer.book("deposit", &[(asset, amount, "0")]);
            }
        }
        Self {
            customer,
            chance: fastrand::Rng::with_seed(seed),
            sums: Sums::default(),
            reports: Vec::new(),
            accepted: BTreeSet::new(),
            answers: Vec::new(),
        }
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.chance.usize(..all.len())]
    }

    /// An amount of an asset that there may be.
    fn amount(&mut self, asset: &str) -> Decimal {
        let units = match asset {
            "XBT" => 3_000_000,
            "ETH" => 50_000_000,
            _ => 20_000_000_000,
        };
        let amount = Decimal::new(self.chance.i64(1..units), 8);
        let digits = find_asset(asset).map_or(8, |asset| asset.decimals);
        amount.trunc_with_scale(digits)
    }

    /// The id and the pair of an open order of the account.
    fn open_order(&mut self) -> (String, &'static str) {
        let open = self.customer.spot.desk.open_of(&self.customer.account);
        let number = self.chance.choice(open);
        number
            .and_then(|number| self.customer.spot.desk.order(number))
            .map_or_else(
                || ("OAAAAA-BBBBB-CCCCCC".to_owned(), "XBTUSD"),
                |order| (order.id.clone(), order.terms.pair.altname),
            )
    }

    /// The members of an order, but the pair.
    fn order(&mut self) -> String {
        let kind = self.one_of(&[
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
        ]);
        let side = self.one_of(&["buy", "sell"]);
        let volume = Decimal::new(self.chance.i64(1..20_000_000), 8);
        let percent = self.chance.u8(1..6);
        let sign = self.one_of(&["+", "-"]);
        let price = if kind.starts_with("trailing") {
            "+2%".to_owned()
        } else {
            format!("{sign}{percent}%")
        };
        let mut more = self
            .one_of(&[
                "",
                "",
                r#","leverage":"2""#,
                r#","leverage":"3","reduce_only":true"#,
                r#","oflags":"fcib""#,
                r#","oflags":"post""#,
                r#","close[ordertype]":"limit","close[price]":"+1%""#,
            ])
            .to_owned();
        more += self.one_of(&[
            "",
            "",
            r#","timeinforce":"IOC""#,
            r#","timeinforce":"GTD","expiretm":"+90""#,
            r#","starttm":"+20""#,
            r#","stptype":"cancel-oldest""#,
            r#","userref":7"#,
        ]);
        if kind == "iceberg" {
            more += &format!(r#","displayvol":"{}""#, volume / Decimal::TWO);
        }
        format!(
            r#""ordertype":"{kind}","type":"{side}","volume":"{volume}","price":"{price}","price2":"{sign}1%"{more}"#
        )
    }

    fn funds_body(&mut self, name: &str) -> String {
        let asset = self.one_of(&["XBT", "USD", "DOT", "ETH"]);
        let amount = self.amount(asset);
        let below = self.customer.spot.treasury.subaccounts_of(ACCOUNT);
        let below = below[0].1.as_str();
        match name {
            "Withdraw" | "WithdrawInfo" => {
                let key = match asset {
                    "XBT" => "btc-wallet-1",
                    "ETH" => "eth-wallet-1",
                    "DOT" => "dot-wallet-1",
                    _ => "usd-bank-1",
                };
                format!(r#"{{"asset":"{asset}","key":"{key}","amount":"{amount}"}}"#)
            }
            "WithdrawCancel" => {
                let mut newest_first = self.customer.spot.treasury.movements().rev();
                let out = newest_first.find(|one| matches!(one.way, Way::Out(_)));
                let (asset, refid) =
                    out.map_or(("XBT", "F"), |one| (one.method.asset, one.refid.as_str()));
                format!(r#"{{"asset":"{asset}","refid":"{refid}"}}"#)
            }
            "WalletTransfer" => format!(
                r#"{{"asset":"{asset}","from":"Spot Wallet","to":"Futures Wallet","amount":"{amount}"}}"#
            ),
            "AccountTransfer" => {
                let (from, to) = if self.chance.bool() {
                    (ACCOUNT, below)
                } else {
                    (below, ACCOUNT)
                };
                format!(r#"{{"asset":"{asset}","from":"{from}","to":"{to}","amount":"{amount}"}}"#)
            }
            "CreateSubaccount" => {
                let number = self.chance.u8(..5);
                format!(r#"{{"username":"u{number}","email":"u{number}@b.c"}}"#)
            }
            "DepositAddresses" => r#"{"asset":"XBT","method":"Bitcoin","new":true}"#.to_owned(),
            _ => format!(r#"{{"asset":"{asset}"}}"#),
        }
    }

    fn body(&mut self, name: &str) -> String {
        let pair = self.one_of(&["XBTUSD", "ETHUSD", "ETHXBT", "XBTEUR"]);
        match name {
            "AddOrder" => format!(r#"{{"pair":"{pair}",{}}}"#, self.order()),
            "AddOrderBatch" => {
                let orders = [self.order(), self.order(), self.order()];
                let orders = orders.join("},{");
                format!(r#"{{"pair":"{pair}","orders":[{{{orders}}}]}}"#)
            }
            "AmendOrder" | "EditOrder" | "CancelOrder" | "CancelOrderBatch" | "OrderAmends"
            | "QueryOrders" => {
                let (id, pair) = self.open_order();
                let volume = Decimal::new(self.chance.i64(1..20_000_000), 8);
                let more = self.one_of(&["", r#","limit_price":"-1%""#, r#","price":"+2%""#]);
                format!(
                    r#"{{"pair":"{pair}","txid":"{id}","order_id":"{id}","orders":["{id}"],"order_qty":"{volume}","volume":"{volume}"{more}}}"#
                )
            }
            "CancelAllOrdersAfter" => {
                format!(r#"{{"timeout":{}}}"#, self.chance.u8(..60))
            }
            "QueryTrades" => {
                let mut trades = self.customer.spot.desk.trades_of(&self.customer.account);
                let id = trades.next_back().map_or("T", |trade| trade.id.as_str());
                format!(r#"{{"txid":"{id}"}}"#)
            }
            "QueryLedgers" => {
                let statement = &self.customer.spot.statements[ACCOUNT];
                format!(r#"{{"id":"{}"}}"#, statement.entries[0].id)
            }
            "Earn/Allocate"
            | "Earn/Deallocate"
            | "Earn/AllocateStatus"
            | "Earn/DeallocateStatus" => {
                let strategy = self.one_of(&STRATEGIES);
                let amount = self.one_of(&["0.5", "1", "25", "200"]);
                format!(r#"{{"strategy_id":"{strategy}","amount":"{amount}"}}"#)
            }
            "AddExport" | "ExportStatus" => {
                let report = self.one_of(&["trades", "ledgers"]);
                format!(r#"{{"report":"{report}","description":"x"}}"#)
            }
            "RetrieveExport" | "RemoveExport" => {
                let id = self.reports.last().map_or("A", String::as_str);
                let kind = if self.chance.bool() {
                    "delete"
                } else {
                    "cancel"
                };
                format!(r#"{{"id":"{id}","type":"{kind}"}}"#)
            }
            "Ledgers" | "Balance" | "BalanceEx" | "TradeBalance" | "CreditLines" | "Assets"
            | "AssetPairs" | "GetApiKeyInfo" | "TradeVolume" => "{}".to_owned(),
            "OpenOrders" | "ClosedOrders" | "TradesHistory" | "OpenPositions" => {
                r#"{"trades":true,"ledgers":true,"docalcs":true}"#.to_owned()
            }
            name if public_operations().any(|one| one.name == name) || name == "Level3" => {
                format!(r#"{{"pair":"{pair}","symbol":"{pair}","count":5,"depth":10}}"#)
            }
            _ => self.funds_body(name),
        }
    }

    fn call(&mut self, name: &'static str) {
        let accounts = [ACCOUNT, ACCOUNT, STRANGER];
        let below = self.customer.spot.treasury.subaccounts_of(ACCOUNT);
        let account = match self.chance.usize(..4) {
            3 => below[0].1.as_str(),
            index => accounts[index],
        };
        account.clone_into(&mut self.customer.account);
        let body = self.body(name);
        let answer = self.customer.reply(name, &body);
        match &answer {
            Ok(reply) => {
                self.accepted.insert(name);
                if let (Reply::Result(result), "AddExport") = (reply, name) {
                    let id = result.get("id").and_then(|id| id.as_str());
                    self.reports.extend(id.map(str::to_owned));
                }
            }
            Err(Refusal(errors)) => {
                let internal = errors.iter().any(|error| error.contains("Internal"));
                assert!(!internal, "{name} {body}: {errors:?}");
            }
        }
        let mut hasher = DefaultHasher::new();
        match answer {
            Ok(Reply::Result(json)) => json.to_string().hash(&mut hasher),
            other => format!("{other:?}").hash(&mut hasher),
        }
        self.answers
            .push((format!("{name} {body}"), hasher.finish()));
    }

    /// What a test, the market or the venue does by itself.
    fn happen(&mut self) {
        let now = self.customer.now;
        let choice = self.chance.u8(..12);
        let factor = Decimal::new(self.chance.i64(70..140), 2);
        let asset = find_asset(self.one_of(&["XBT", "USD", "DOT"])).unwrap();
        let spot = &mut self.customer.spot;
        match choice {
            0..4 => {
                let index = self.chance.usize(..5);
                let pair = &PAIRS[index];
                let first = Decimal::new(pair.first_price, pair.price_decimals);
                let price = (first * factor).round_dp(pair.price_decimals);
                assert!(spot.markets.set_price(pair, price, now));
                spot.advance(now);
            }
            4 | 5 => {
                let account = self.customer.account.clone();
                let amount = Decimal::new(i64::from(self.chance.u8(1..50)), 0);
                // Too little is not received.
                let _ = spot.receive(&account, asset, amount, now);
            }
            6..9 => {
                let serial = spot.treasury.movements().last().map(|one| one.serial);
                if let Some(serial) = serial {
                    match choice {
                        6 => spot.treasury.deny(serial),
                        7 => spot.treasury.put_on_hold(serial),
                        _ => spot.treasury.make_unstoppable(serial),
                    };
                }
                let held: Vec<u64> = spot.treasury.movements().map(|one| one.serial).collect();
                if choice == 8 {
                    for serial in held {
                        spot.treasury.release(serial, now);
                    }
                }
            }
            9 => spot.finish_movements(now),
            10 => {
                let mut open = spot.desk.open().filter(|(_, order)| order.is_resting());
                if let Some((number, order)) = open.next() {
                    let price = order.limit.unwrap();
                    let volume = order.remaining();
                    drop(open);
                    let mut filled = Vec::new();
                    spot.fill_resting(number, Fill { price, volume }, &mut filled, now);
                    spot.follow(filled, now);
                }
            }
            _ => {
                let all = [
                    KrakenStatus::Online,
                    KrakenStatus::Online,
                    KrakenStatus::PostOnly,
                    KrakenStatus::CancelOnly,
                    KrakenStatus::Maintenance,
                ];
                spot.markets.status = all[self.chance.usize(..all.len())];
            }
        }
    }

    fn pass(&mut self) {
        let seconds = match self.chance.u8(..100) {
            0 => self.chance.u64(..60 * 86_400),
            1..6 => self.chance.u64(..86_400),
            6..40 => self.chance.u64(..30),
            _ => self.chance.u64(..3),
        };
        if seconds > 3_600 {
            // The next orders are to be taken again.
            self.customer.spot.markets.status = KrakenStatus::Online;
        }
        self.customer.pass(seconds);
    }

    /// What holds at any time.
    fn check(&mut self) {
        let spot = &self.customer.spot;
        for (asset, total) in spot.books.totals() {
            assert!(total.is_zero(), "{total} {asset}");
        }
        let mut held: BTreeMap<(&str, &str), Decimal> = BTreeMap::new();
        for (_, order) in spot.desk.open() {
            *held.entry((&order.account, order.spends())).or_default() += order.held;
        }
        for (_, position) in spot.desk.positions.open() {
            let key = (position.account.as_str(), position.pair.quote);
            *held.entry(key).or_default() += position.margin_left();
        }
        let mut on_the_way: BTreeMap<(&str, &str), Decimal> = BTreeMap::new();
        for movement in spot.treasury.movements() {
            let unsent = matches!(movement.state, State::Initial | State::Pending);
            if unsent && matches!(movement.way, Way::Out(_)) {
                let key = (movement.account.as_str(), movement.method.asset);
                *on_the_way.entry(key).or_default() += movement.gross();
            }
        }
        self.sums.follow(spot);
        let mut told = self.sums.balances.clone();
        for account in spot.statements.keys() {
            for asset in ASSETS {
                let key = (account.as_str(), asset.id);
                let of =
                    |parts: &BTreeMap<_, Decimal>| parts.get(&key).copied().unwrap_or_default();
                assert_eq!(spot.desk.held(account, asset.id), of(&held), "{key:?}");
                let leaving = spot.treasury.held(account, asset.id);
                assert_eq!(leaving, of(&on_the_way), "{key:?}");
                let available = spot.available(account, asset.id);
                assert!(available >= Decimal::ZERO, "{available} {key:?}");
            }
            let holder = Holder::Customer(account.clone());
            for (asset, balance) in spot.books.balances(&holder) {
                assert!(balance >= Decimal::ZERO, "{balance} {asset}");
                let told = told.remove(&(account.clone(), asset.to_owned()));
                assert_eq!(told.unwrap_or_default(), balance, "{account} {asset}");
            }
            let wallet = futures_wallet(account);
            let mut futures = spot.books.balances(&wallet).map(|one| one.1);
            assert!(futures.all(|balance| balance >= Decimal::ZERO));
        }
        told.retain(|_, balance| !balance.is_zero());
        assert!(told.is_empty(), "{told:?}");
    }

    fn tell(mut self, steps: usize) -> Self {
        let operations: Vec<&'static str> = private_operations()
            .chain(public_operations())
            .map(|operation| operation.name)
            .collect();
        let changes = [
            "AddOrder",
            "AddOrder",
            "AddOrder",
            "AddOrderBatch",
            "AmendOrder",
            "EditOrder",
            "CancelOrder",
            "Withdraw",
            "WithdrawCancel",
            "AccountTransfer",
            "Earn/Allocate",
            "Earn/Deallocate",
        ];
        for _ in 0..steps {
            let name = if self.chance.bool() {
                changes[self.chance.usize(..changes.len())]
            } else {
                operations[self.chance.usize(..operations.len())]
            };
            self.call(name);
            self.check();
            if self.chance.u8(..4) == 0 {
                self.happen();
                self.check();
            }
            self.pass();
            self.check();
        }
        self
    }
}

#[test]
fn nothing_is_made_or_lost_whatever_happens() {
    let mut accepted = BTreeSet::new();
    for seed in 0..4 {
        let mut story = Story::new(seed).tell(800);
        story.customer.pass(3 * 365 * 86_400);
        story.check();
        accepted.extend(story.accepted);
        let trades = story.customer.spot.desk.all_trades().count();
        assert!(trades > 50, "{trades}");
    }
    let all = private_operations().chain(public_operations());
    let never: Vec<&str> = all
        .map(|operation| operation.name)
        .filter(|name| !accepted.contains(name))
        .collect();
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn the_same_story_has_the_same_answers() {
    let once = Story::new(9).tell(400).answers;
    let again = Story::new(9).tell(400).answers;
    assert_eq!(once, again);
    let other = Story::new(10).tell(400).answers;
    assert_ne!(once, other);
}
