//! Stories at random, and what is true of all of them.

use std::collections::HashMap;
use std::time::Duration;

use super::*;

/// Which `OrdStatus` may follow which, by what.
fn follows(from: &str, to: &str, by: &str) -> bool {
    match (from, to) {
        ("Filled" | "Canceled" | "Rejected", _) => from == to && by.ends_with("Rejected"),
        _ if from == to => true,
        ("PendingNew", to) => ["New", "Rejected"].contains(&to),
        (_, "PendingNew" | "Rejected") => false,
        // Only a replacement or a request that is over.
        (_, "New") => ["Replaced", "CancelRejected", "ReplaceRejected"].contains(&by),
        _ => true,
    }
}

struct Story {
    stage: Stage,
    dice: fastrand::Rng,
    /// Client ids, some of which are those of orders.
    ids: Vec<String>,
    quotes: Feed,
    last_quote: Option<Json>,
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut stage = Stage::new();
        stage.desk = Desk::new(seed, stage.now);
        let stream = Json::parse(br#"{"name":"ExecutionReport"}"#).unwrap();
        (stage.reports, _) = Feed::open(&stage.desk, &stream, &caller(), stage.now).unwrap();
        let (quotes, _) = stage.feed(r#"{"name":"Quote"}"#);
        Self {
            stage,
            dice: fastrand::Rng::with_seed(seed),
            ids: vec!["none".to_owned()],
            quotes,
            last_quote: None,
        }
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.dice.usize(..choices.len())]
    }

    /// Often that of an open order.
    fn some_id(&mut self) -> String {
        let live = self.stage.desk.orders.live();
        let live: Vec<_> = live.map(|(_, order)| order.cl_ord_id.clone()).collect();
        if !live.is_empty() && self.dice.bool() {
            return live[self.dice.usize(..live.len())].clone();
        }
        let recent = self.ids.len().saturating_sub(8);
        self.ids[self.dice.usize(recent..self.ids.len())].clone()
    }

    fn place(&mut self) {
        let id = self.stage.fresh_id();
        self.ids.push(id.clone());
        let side = self.pick(&["Buy", "Sell"]);
        let middle = self.stage.desk.rate("BTC", "USD").unwrap().0;
        let away = Decimal::new(self.dice.i64(-300..=300), 5);
        let price = (middle * (Decimal::ONE + away)).round_dp(1);
        let force = self.pick(&[
            "GoodTillCancel",
            "GoodTillCancel",
            "FillAndKill",
            "FillOrKill",
        ]);
        let (currency, qty) = if self.dice.bool() {
            ("BTC", Decimal::new(self.dice.i64(1..=9_000_000_000), 8))
        } else {
            ("USD", Decimal::new(self.dice.i64(1..=90_000_000), 2))
        };
        let kind = self.pick(&["Limit", "Limit", "Limit", "Market"]);
        let mut more = format!(
            r#""OrdType":"{kind}","Price":"{price}","TimeInForce":"{force}","Currency":"{currency}""#
        );
        match self.dice.u8(..6) {
            0 => {
                let clip = (qty / Decimal::from(7)).round_dp(if currency == "BTC" { 8 } else { 2 });
                more += &format!(
                    r#","Strategy":"SteadyPace","Parameters":{{"ClipSize":"{clip}","ClipInterval":"2s","Variance":"0.3","ErrorAction":"Pause"}}"#
                );
            }
            1 => {
                let trigger = middle + (price - middle) * Decimal::new(5, 1);
                more += &format!(
                    r#","Strategy":"StopLimit","Parameters":{{"TriggerPrice":"{trigger}"}}"#
                );
            }
            _ => {}
        }
        self.stage.order(&id, side, &qty.to_string(), &more);
    }

    fn act(&mut self) {
        let delays = [0, 0, 500, 3_000];
        match self.dice.u8(..20) {
            0..6 => self.place(),
            6..8 => {
                let (id, orig) = (self.stage.fresh_id(), self.some_id());
                self.stage.cancel(&id, &orig);
            }
            8..10 => {
                let (id, orig) = (self.stage.fresh_id(), self.some_id());
                let qty = Decimal::new(self.dice.i64(1..=2_000_000_000), 8).to_string();
                let price = self.dice.u32(40_000..60_000).to_string();
                self.ids.push(id.clone());
                self.stage.replace(&id, &orig, &qty, &price);
            }
            10..12 => {
                let (id, orig) = (self.stage.fresh_id(), self.some_id());
                let action = self.pick(&["Pause", "Resume", "Resume"]);
                let more = format!(r#","Action":"{action}""#);
                self.stage
                    .ask(Command::OrderControlRequest, &id, &orig, &more);
            }
            12 => {
                let id = self.stage.fresh_id();
                let record = format!(
                    r#"{{"Symbol":"BTC-USD","QuoteReqID":"{id}","Currency":"BTC","OrderQty":"1"}}"#
                );
                self.stage.send(Command::QuoteRequest, &record).unwrap();
            }
            13 => {
                if let Some(quote) = self.last_quote.clone() {
                    let id = self.stage.fresh_id();
                    let side = self.pick(&["Buy", "Sell"]);
                    let more = format!(
                        r#""OrdType":"RFQ","QuoteID":"{}","RFQID":"{}""#,
                        text(&quote, "QuoteID"),
                        text(&quote, "RFQID")
                    );
                    self.stage.order(&id, side, "1", &more);
                }
            }
            14 => {
                let price = self.dice.u32(48_000..52_000).to_string();
                self.stage.price(&price);
            }
            15 => {
                let open: Vec<_> = self.stage.desk.orders.live().collect();
                let id = open.first().map(|(_, order)| order.id.clone());
                if let Some(id) = id {
                    self.stage.desk.fill_order(&id, Decimal::new(5, 2));
                }
            }
            16 => {
                let delay = delays[self.dice.usize(..delays.len())];
                self.stage.desk.delay = Duration::from_millis(delay);
            }
            17 => {
                let offline = self.dice.u8(..4) == 0;
                self.stage
                    .desk
                    .set_offline("BTC-USD", offline, self.stage.now);
            }
            _ => {
                let time = [10, 400, 1_500, 20_000][self.dice.usize(..4)];
                self.stage.wait(Duration::from_millis(time));
            }
        }
    }
}

fn run(seed: u64, acts: usize) -> String {
    let mut story = Story::new(seed);
    story.stage.desk.fee_rate = decimal("0.0005");
    let mut seen: HashMap<String, (String, Decimal)> = HashMap::new();
    let mut filled: HashMap<String, Decimal> = HashMap::new();
    let (mut last_time, mut written) = (String::new(), String::new());
    for _ in 0..acts {
        story.act();
        let totals = story.stage.desk.purse.totals();
        assert!(totals.values().all(Decimal::is_zero), "{totals:?}");
        for record in story.stage.poll(&mut story.quotes) {
            if text(&record, "QuoteStatus") == "Open" {
                story.last_quote = Some(record);
            }
        }
        for report in story.stage.news() {
            let row = row(&report);
            written += &row;
            written.push('\n');
            let time = text(&report, "Timestamp").to_owned();
            assert!(time > last_time, "{time} after {last_time}");
            last_time = time;
            let (status, by) = (text(&report, "OrdStatus"), text(&report, "ExecType"));
            if text(&report, "OrderQty") == "-" {
                continue;
            }
            let [qty, cum, leaves] =
                ["OrderQty", "CumQty", "LeavesQty"].map(|name| number(&report, name));
            if !["Canceled", "Filled"].contains(&status) {
                assert_eq!(leaves, qty - cum, "{row}");
            }
            assert!(cum <= qty && cum >= Decimal::ZERO, "{row}");
            assert_eq!(status == "Filled", cum == qty, "{row}");
            let order = text(&report, "OrderID").to_owned();
            if let Some((before, filled)) = seen.get(&order) {
                assert!(follows(before, status, by), "{before}: {row}");
                assert!(cum >= *filled, "{row}");
            } else {
                assert_eq!(status, "PendingNew", "{row}");
            }
            if by == "Trade" {
                let sum = filled.entry(order.clone()).or_default();
                *sum += number(&report, "LastQty");
                assert_eq!(*sum, cum, "{row}");
            }
            seen.insert(order, (status.to_owned(), cum));
        }
    }
    // What was shown is what there is.
    let (_, balances) = story.stage.feed(r#"{"name":"Balance"}"#);
    for balance in &balances {
        let currency = text(balance, "Currency");
        assert_eq!(
            number(balance, "Amount"),
            story.stage.desk.purse.amount(currency)
        );
    }
    // And what the trades say.
    let mut sums: HashMap<&str, Decimal> = HashMap::new();
    for trade in story.stage.desk.trades.log.iter() {
        for (currency, amount) in trade.got {
            *sums.entry(currency).or_default() += amount;
        }
    }
    for (currency, first) in [("USD", "1000000"), ("BTC", "40")] {
        let now = decimal(first) + sums.get(currency).copied().unwrap_or_default();
        assert_eq!(story.stage.desk.purse.amount(currency), now, "{currency}");
    }
    written
}

#[test]
fn money_and_states_are_right_in_every_story() {
    let mut kinds = String::new();
    for seed in 0..15 {
        kinds += &run(seed, 300);
    }
    // Nothing was left out.
    for what in [
        "PendingNew",
        "New",
        "Rejected",
        "Trade PartiallyFilled",
        "Trade Filled",
        "PendingCancel",
        "Canceled",
        "CancelRejected",
        "PendingReplace",
        "Replaced",
        "ReplaceRejected",
        "PendingPause",
        "Paused",
        "Resumed",
        "Triggered",
        "Trade PendingReplace",
        "Trade PendingCancel",
    ] {
        assert!(kinds.contains(&format!(") {what} ")), "{what}");
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    assert_eq!(run(7, 300), run(7, 300));
    assert_ne!(run(7, 300), run(8, 300));
}

#[test]
fn a_year_passes_in_bounded_work() {
    let mut stage = Stage::new();
    stage.desk.markets.frozen = false;
    stage.limit("A", "Buy", "1", "49000");
    let start = std::time::Instant::now();
    stage.wait(Duration::from_secs(366 * 86_400));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(stage.desk.markets.steps(stage.now).is_empty());
    let later = stage.now.plus(Duration::from_secs(366 * 86_400));
    assert!(stage.desk.markets.steps(later).len() < 1_000);
}

#[test]
fn nothing_moves_while_the_clock_stands() {
    let mut stage = Stage::new();
    stage.desk.markets.frozen = false;
    stage.wait(Duration::from_secs(5));
    let (mut book, first) = stage.feed(r#"{"name":"MarketDataSnapshot","Symbol":"BTC-USD"}"#);
    for _ in 0..10 {
        stage.desk.advance(stage.now);
        assert!(stage.poll(&mut book).is_empty());
    }
    stage.wait(Duration::from_secs(5));
    let news = stage.poll(&mut book);
    assert_ne!(news[0].get("Bids"), first[0].get("Bids"));
}
