//! Settlement batches: what trades left to be moved between the Prime account and the Kraken account.
//!
//! What the vendor does not say is chosen: a batch is confirmed a while after it is made; it takes the oldest trades
//! first, and only so many; an asset's amount is cut to the digits that Kraken Spot keeps of it, and what is cut off
//! stays in the Prime account; a transfer is completed as soon as it is asked for.

use std::collections::VecDeque;
use std::time::Duration;

use indexmap::IndexMap;
use rust_decimal::Decimal;

use super::desk::Desk;
use crate::Moment;
use crate::books::Holder;
use crate::ids::Ids;
use crate::json::{Json, object};
use crate::kraken::answer::Refusal;
use crate::kraken::spot::Spot;
use crate::kraken::spot::assets::{Asset, AssetClass, find_asset};
use crate::kraken::spot::statement::{self, Cause};

/// How long it takes until a new batch is confirmed.
const CONFIRMED_AFTER: Duration = Duration::from_secs(2);

/// So many trades are in a batch; the others wait for the next one.
const MOST_TRADES: usize = 1_000;

/// So many batches are remembered.
const MOST_BATCHES: usize = 200;

/// A trade: its id, and what the customer got of each asset (negative: gave).
type Trade = (String, Vec<(String, Decimal)>);

/// What is settled in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssetKind {
    Currency,
    TokenizedEquity,
}

impl AssetKind {
    /// In the vendor's words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Currency => "currency",
            Self::TokenizedEquity => "tokenized_equity",
        }
    }

    /// From the vendor's words.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Currency, Self::TokenizedEquity]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// Of a trade: that of equities if one of its assets is one.
    fn of(trade: &Trade) -> Self {
        let mut assets = trade.1.iter().filter_map(|(asset, _)| find_asset(asset));
        if assets.any(|asset| asset.class == AssetClass::TokenizedAsset) {
            Self::TokenizedEquity
        } else {
            Self::Currency
        }
    }
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Unsettled,
    PartiallySettled,
    Settled,
    /// The vendor knows this one, too, and does not tell it from `Settled`; no
    /// batch here gets that far.
    Completed,
}

impl Status {
    /// In the vendor's words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unsettled => "unsettled",
            Self::PartiallySettled => "partially_settled",
            Self::Settled => "settled",
            Self::Completed => "completed",
        }
    }

    /// From the vendor's words.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [
            Self::Unsettled,
            Self::PartiallySettled,
            Self::Settled,
            Self::Completed,
        ]
        .into_iter()
        .find(|status| status.name() == name)
    }
}

/// That an asset of a batch was moved.
#[derive(Clone, Debug)]
struct Transfer {
    id: String,
    at: Moment,
}

/// One asset of a batch.
#[derive(Clone, Debug)]
struct Leg {
    /// As Prime calls it: `BTC`.
    asset: String,
    /// What goes from the Prime account to the Kraken account; negative the
    /// other way.
    amount: Decimal,
    transfer: Option<Transfer>,
}

impl Leg {
    /// Whether it can be settled, money aside.
    fn can_settle(&self, confirmed: bool) -> bool {
        confirmed && self.transfer.is_none() && find_asset(&self.asset).is_some()
    }

    fn transfer_json(&self, transfer: &Transfer) -> IndexMap<String, Json> {
        let attributes = object! {
            "transfer_status" => "completed",
            "transfer_amount" => Json::amount(self.amount),
            "transfer_asset" => self.asset.as_str(),
        };
        IndexMap::from([
            ("id".to_owned(), transfer.id.as_str().into()),
            ("attributes".to_owned(), attributes),
        ])
    }

    fn json(&self, confirmed: bool) -> Json {
        let (status, settled_at, latest) = match &self.transfer {
            Some(transfer) => (
                Status::Settled,
                transfer.at.milliseconds().into(),
                Json::Object(self.transfer_json(transfer)),
            ),
            None => (Status::Unsettled, Json::Null, Json::Null),
        };
        object! {
            "status" => status.name(),
            "asset" => self.asset.as_str(),
            "amount" => Json::amount(self.amount),
            "can_settle" => self.can_settle(confirmed),
            "settled_at" => settled_at,
            "latest_spot_transfer" => latest,
        }
    }
}

/// What some trades left to be moved.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// `B_` and 8 letters and digits.
    pub id: String,
    pub kind: AssetKind,
    pub created: Moment,
    legs: Vec<Leg>,
    /// The ids of the trades in it.
    trades: Vec<String>,
}

impl Batch {
    /// Of the first of these trades; none if there are none.
    pub(crate) fn of(
        trades: Vec<Trade>,
        kind: AssetKind,
        id: String,
        created: Moment,
    ) -> Option<Self> {
        let mut sums: IndexMap<String, Decimal> = IndexMap::new();
        let mut ids = Vec::new();
        for (id, moved) in trades.into_iter().take(MOST_TRADES) {
            let Some(new) = added(&sums, &moved) else {
                // More than can be counted; the next batch takes it.
                break;
            };
            sums.extend(new);
            ids.push(id);
        }
        if ids.is_empty() {
            return None;
        }
        let legs = sums
            .into_iter()
            .map(|(asset, sum)| Leg {
                amount: cut(&asset, sum),
                asset,
                transfer: None,
            })
            .filter(|leg| !leg.amount.is_zero())
            .collect();
        Some(Self {
            id,
            kind,
            created,
            legs,
            trades: ids,
        })
    }

    pub(crate) fn status(&self) -> Status {
        let settled = self.legs.iter().filter(|leg| leg.transfer.is_some());
        match settled.count() {
            // Also if the trades left nothing to be moved.
            count if count == self.legs.len() => Status::Settled,
            0 => Status::Unsettled,
            _ => Status::PartiallySettled,
        }
    }

    fn confirmed(&self, now: Moment) -> bool {
        now.since(self.created) >= CONFIRMED_AFTER
    }

    pub(crate) fn json(&self, now: Moment) -> Json {
        let confirmed = self.confirmed(now);
        let transfers = self.legs.iter().filter_map(|leg| leg.transfer.as_ref());
        let confirmation = confirmed.then(|| self.created.plus(CONFIRMED_AFTER));
        let changes = transfers.map(|transfer| transfer.at).chain(confirmation);
        let updated = changes.max().unwrap_or(self.created);
        let legs: Json = self.legs.iter().map(|leg| leg.json(confirmed)).collect();
        let trades: Json = self.trades.iter().map(String::as_str).collect();
        object! {
            "id" => self.id.as_str(),
            "attributes" => object! {
                "status" => self.status().name(),
                "confirmed" => confirmed,
                "created_at" => self.created.milliseconds(),
                "trade_count" => self.trades.len(),
                "asset_kind" => self.kind.name(),
                "updated_at" => updated.milliseconds(),
            },
            "legs" => legs,
            "trade_ids" => trades,
        }
    }
}

/// The sums that change when a trade is added; none if one is too large.
fn added(
    sums: &IndexMap<String, Decimal>,
    moved: &[(String, Decimal)],
) -> Option<IndexMap<String, Decimal>> {
    let mut new: IndexMap<String, Decimal> = IndexMap::new();
    for (asset, amount) in moved {
        let sum = new.get(asset).or_else(|| sums.get(asset));
        let sum = sum.copied().unwrap_or_default().checked_add(*amount)?;
        new.insert(asset.clone(), sum);
    }
    Some(new)
}

/// An amount with no more digits than Kraken Spot keeps of the asset; what is
/// beyond is cut, whichever way the asset goes.
fn cut(asset: &str, amount: Decimal) -> Decimal {
    let digits = find_asset(asset).map_or(amount.scale(), |asset| asset.decimals);
    amount.trunc_with_scale(digits).normalize()
}

/// All batches.
#[derive(Debug)]
pub(crate) struct Settlement {
    /// Oldest first.
    batches: VecDeque<Batch>,
    last_transfer: u64,
    ids: Ids,
}

impl Settlement {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            batches: VecDeque::new(),
            last_transfer: 99,
            ids: Ids::new(seed ^ 0x7365_7474_6c65),
        }
    }

    /// All batches, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter().rev()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Batch> {
        self.batches.iter().find(|batch| batch.id == id)
    }

    /// Puts the trades that are in no batch into one; returns it.
    pub(crate) fn create(
        &mut self,
        desk: &mut Desk,
        kind: AssetKind,
        now: Moment,
    ) -> Result<Json, Refusal> {
        let settled = |batch: &Batch| batch.status() == Status::Settled;
        let mut same = self.batches.iter().filter(|batch| batch.kind == kind);
        if !same.all(settled) {
            return Err("EGeneral:Invalid arguments:a batch is active".into());
        }
        let mut trades = desk.unsettled();
        trades.retain(|trade| AssetKind::of(trade) == kind);
        let id = format!("B_{}", self.ids.capitals(8));
        let batch = Batch::of(trades, kind, id, now)
            .ok_or("EGeneral:Invalid arguments:nothing to settle")?;
        desk.assign(&batch.trades);
        let answer = batch.json(now);
        self.keep(batch);
        Ok(answer)
    }

    /// Remembers a batch, and forgets the oldest settled one if there are many.
    pub(crate) fn keep(&mut self, batch: Batch) {
        let settled = |batch: &Batch| batch.status() == Status::Settled;
        if self.batches.len() >= MOST_BATCHES
            && let Some(oldest) = self.batches.iter().position(settled)
        {
            self.batches.remove(oldest);
        }
        self.batches.push_back(batch);
    }

    /// Moves an asset of a batch between the Prime account and a Spot account;
    /// returns the transfer.
    pub(crate) fn settle(
        &mut self,
        desk: &mut Desk,
        spot: &mut Spot,
        account: &str,
        (batch, asset): (&str, &str),
        now: Moment,
    ) -> Result<Json, Refusal> {
        let batch = self.batches.iter_mut().find(|found| found.id == batch);
        let batch = batch.ok_or_else(|| Refusal::argument("batch_id"))?;
        let confirmed = batch.confirmed(now);
        if !confirmed {
            return Err("EGeneral:Invalid arguments:the batch is not confirmed".into());
        }
        let leg = batch.legs.iter_mut().find(|leg| leg.asset == asset);
        let leg = leg.ok_or_else(|| Refusal::argument("asset"))?;
        let can_settle = leg.can_settle(confirmed);
        let asset = find_asset(asset).filter(|_| can_settle);
        let asset = asset.ok_or("EGeneral:Invalid arguments:the asset can't be settled")?;
        let refid = spot.ids.reference('T');
        move_between(desk, spot, account, asset, leg, refid, now)?;
        self.last_transfer += 1;
        let transfer = Transfer {
            id: self.last_transfer.to_string(),
            at: now,
        };
        let mut answer = leg.transfer_json(&transfer);
        leg.transfer = Some(transfer);
        let relationships = object! { "leg" => leg.json(confirmed) };
        answer.insert("relationships".to_owned(), relationships);
        Ok(Json::Object(answer))
    }
}

/// Moves a leg's money in the books of both accounts, or in none.
fn move_between(
    desk: &mut Desk,
    spot: &mut Spot,
    account: &str,
    asset: &Asset,
    leg: &Leg,
    refid: String,
    now: Moment,
) -> Result<(), Refusal> {
    let pays = leg.amount.is_sign_negative();
    if pays && -leg.amount > spot.available(account, asset.id) {
        return Err("EFunding:Insufficient funds".into());
    }
    desk.settle(&leg.asset, -leg.amount, now)
        .map_err(|error| Refusal::internal(&error))?;
    let cause = Cause {
        refid,
        kind: "transfer",
        subtype: "",
        time: now,
    };
    let entry = statement::Leg {
        account: account.to_owned(),
        asset: asset.id.to_owned(),
        amount: leg.amount,
        fee: Decimal::ZERO,
        // Prime keeps books of its own; seen from here it is a bank.
        other: Holder::Outside,
    };
    if let Err(error) = spot.book(&cause, &[entry]) {
        // As if nothing had been asked for.
        desk.settle(&leg.asset, leg.amount, now)
            .map_err(|error| Refusal::internal(&error))?;
        return Err(Refusal::internal(&error));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::desk::Command;
    use super::super::people::Caller;
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn trade(id: &str, moved: &[(&str, &str)]) -> Trade {
        let moved = moved
            .iter()
            .map(|(asset, amount)| ((*asset).to_owned(), decimal(amount)));
        (id.to_owned(), moved.collect())
    }

    fn batch(trades: Vec<Trade>) -> Batch {
        let created = Moment::from_seconds(1_800_000_000);
        Batch::of(trades, AssetKind::Currency, "B_TEST".into(), created).unwrap()
    }

    fn amounts(batch: &Batch) -> Vec<(&str, String)> {
        let legs = batch.legs.iter();
        legs.map(|leg| (leg.asset.as_str(), leg.amount.to_string()))
            .collect()
    }

    #[test]
    fn trades_are_netted_by_asset() {
        let batch = batch(vec![
            trade("a", &[("BTC", "1.5"), ("USD", "-90000"), ("USD", "-9.1")]),
            trade("b", &[("BTC", "-0.5"), ("USD", "30500.00")]),
            trade("c", &[("ETH", "2"), ("BTC", "-0.1")]),
            trade("d", &[("ETH", "-2.00")]),
        ]);
        assert_eq!(
            amounts(&batch),
            [("BTC", "0.9".into()), ("USD", "-59509.1".into())]
        );
        assert_eq!(batch.trades, ["a", "b", "c", "d"]);
        assert_eq!(batch.status(), Status::Unsettled);
    }

    #[test]
    fn what_spot_does_not_keep_is_cut_on_either_side() {
        let batch = batch(vec![trade(
            "a",
            &[("BTC", "0.12345678909"), ("USD", "-1.23459")],
        )]);
        assert_eq!(
            amounts(&batch),
            [("BTC", "0.123456789".into()), ("USD", "-1.2345".into())]
        );
    }

    #[test]
    fn trades_that_left_nothing_are_settled() {
        let batch = batch(vec![
            trade("a", &[("BTC", "1")]),
            trade("b", &[("BTC", "-1")]),
        ]);
        assert!(batch.legs.is_empty());
        assert_eq!(batch.status(), Status::Settled);
        let none = Batch::of(
            Vec::new(),
            AssetKind::Currency,
            String::new(),
            Moment::default(),
        );
        assert!(none.is_none());
    }

    #[test]
    fn what_is_too_much_waits_for_the_next_batch() {
        let many: Vec<Trade> = (0..=MOST_TRADES)
            .map(|number| trade(&number.to_string(), &[("BTC", "1")]))
            .collect();
        assert_eq!(batch(many).trades.len(), MOST_TRADES);
        let huge = Decimal::MAX.to_string();
        let huge = batch(vec![
            trade("a", &[("USD", &huge)]),
            trade("b", &[("BTC", "1"), ("USD", &huge)]),
        ]);
        assert_eq!(huge.trades, ["a"]);
        assert_eq!(huge.legs.len(), 1);
    }

    #[test]
    fn equities_are_settled_by_themselves() {
        let equity = trade("a", &[("AAPLx", "1"), ("USD", "-200")]);
        assert_eq!(AssetKind::of(&equity), AssetKind::TokenizedEquity);
        let coin = trade("a", &[("BTC", "1"), ("USD", "-200")]);
        assert_eq!(AssetKind::of(&coin), AssetKind::Currency);
    }

    const ACCOUNT: &str = "A";

    /// A Spot account that has so much of its dollars, and a batch that was
    /// made two seconds ago.
    fn before_settling(dollars: &str) -> (Settlement, Desk, Spot, Moment) {
        let batch = batch(vec![trade("a", &[("BTC", "0.5"), ("USD", "-30000")])]);
        let now = batch.created.plus(CONFIRMED_AFTER);
        let mut settlement = Settlement::new(1);
        settlement.keep(batch);
        let mut spot = Spot::new(1, now);
        let cause = Cause {
            refid: "Q".into(),
            kind: "deposit",
            subtype: "",
            time: now,
        };
        let deposit = statement::Leg {
            account: ACCOUNT.into(),
            asset: "ZUSD".into(),
            amount: decimal(dollars),
            fee: Decimal::ZERO,
            other: Holder::Outside,
        };
        spot.book(&cause, &[deposit]).unwrap();
        (settlement, Desk::new(1, now), spot, now)
    }

    #[test]
    fn each_asset_is_moved_once() {
        let (mut settlement, mut desk, mut spot, now) = before_settling("30001");
        let has = |desk: &Desk| ["BTC", "USD"].map(|one| desk.purse.amount(one));
        let [bitcoin, dollars] = has(&desk);
        let mut settle = |batch: &str, asset: &str, now| {
            settlement.settle(&mut desk, &mut spot, ACCOUNT, (batch, asset), now)
        };
        let early = now.minus(Duration::from_nanos(1));
        let refused = |detail: &str| Err(Refusal::argument(detail));
        assert_eq!(
            settle("B_TEST", "BTC", early),
            refused("the batch is not confirmed")
        );
        assert_eq!(settle("B_NONE", "BTC", now), refused("batch_id"));
        assert_eq!(settle("B_TEST", "ETH", now), refused("asset"));
        let transfer = settle("B_TEST", "USD", now).unwrap();
        assert_eq!(
            transfer.to_string(),
            r#"{"id":"100","attributes":{"transfer_status":"completed","transfer_amount":"-30000","transfer_asset":"USD"},"relationships":{"leg":{"status":"settled","asset":"USD","amount":"-30000","can_settle":false,"settled_at":1800000002000,"latest_spot_transfer":{"id":"100","attributes":{"transfer_status":"completed","transfer_amount":"-30000","transfer_asset":"USD"}}}}}"#
        );
        assert_eq!(
            settle("B_TEST", "USD", now),
            refused("the asset can't be settled")
        );
        assert_eq!(spot.balance(ACCOUNT, "ZUSD"), Decimal::ONE);
        let batch = settlement.find("B_TEST").unwrap();
        assert_eq!(batch.status(), Status::PartiallySettled);
        settlement
            .settle(&mut desk, &mut spot, ACCOUNT, ("B_TEST", "BTC"), now)
            .unwrap();
        assert_eq!(spot.balance(ACCOUNT, "XXBT"), decimal("0.5"));
        assert_eq!(settlement.find("B_TEST").unwrap().status(), Status::Settled);
        assert!(spot.books.totals().values().all(Decimal::is_zero));
        let given = [bitcoin - decimal("0.5"), dollars + decimal("30000")];
        assert_eq!(has(&desk), given);
        assert!(desk.purse.totals().values().all(Decimal::is_zero));
    }

    #[test]
    fn after_all_is_settled_the_prime_account_has_what_it_had() {
        let start = Moment::from_seconds(1_800_000_000);
        let (mut settlement, mut desk) = (Settlement::new(1), Desk::new(1, start));
        let mut spot = Spot::new(1, start);
        let currencies = ["USD", "EUR", "BTC", "ETH", "SOL"];
        let first = currencies.map(|currency| desk.purse.amount(currency));
        for currency in currencies {
            let asset = find_asset(currency).unwrap();
            let leg = statement::Leg {
                account: ACCOUNT.into(),
                asset: asset.id.into(),
                amount: decimal("1000000"),
                fee: Decimal::ZERO,
                other: Holder::Outside,
            };
            let cause = Cause {
                refid: "Q".into(),
                kind: "deposit",
                subtype: "",
                time: start,
            };
            spot.book(&cause, &[leg]).unwrap();
        }
        let caller = Caller {
            user: "2T0RXL9B8K5D6".into(),
            email: String::new(),
            name: "Ann".into(),
            trades: true,
        };
        let dice = &mut fastrand::Rng::with_seed(3);
        let mut now = start;
        let mut moved = 0;
        for round in 0..20 {
            for number in 0..dice.u32(1..6) {
                now = now.plus(Duration::from_secs(1));
                let symbol = ["BTC-USD", "ETH-USD", "SOL-USD", "ETH-BTC", "BTC-EUR"];
                let order = object! {
                    "ClOrdID" => format!("{round}-{number}"),
                    "Symbol" => symbol[dice.usize(..symbol.len())],
                    "Side" => ["Buy", "Sell"][dice.usize(..2)],
                    "OrdType" => "Market",
                    "TimeInForce" => "FillAndKill",
                    "OrderQty" => Json::amount(Decimal::new(dice.i64(1..300_000_000), 8)),
                    "TransactTime" => now.rfc3339_milliseconds(),
                };
                desk.command(Command::NewOrderSingle, &order, &caller, now)
                    .unwrap();
            }
            now = now.plus(Duration::from_secs(1));
            desk.advance(now);
            settlement
                .create(&mut desk, AssetKind::Currency, now)
                .unwrap();
            assert!(desk.unsettled().is_empty());
            now = now.plus(CONFIRMED_AFTER);
            let newest = settlement.newest_first().next().unwrap();
            let id = newest.id.clone();
            let mut assets: Vec<String> = newest.legs.iter().map(|leg| leg.asset.clone()).collect();
            dice.shuffle(&mut assets);
            for asset in assets {
                let asked = (id.as_str(), asset.as_str());
                settlement
                    .settle(&mut desk, &mut spot, ACCOUNT, asked, now)
                    .unwrap();
                moved += 1;
            }
            let settled = settlement.find(&id).map(Batch::status);
            assert_eq!(settled, Some(Status::Settled));
            let has = currencies.map(|currency| desk.purse.amount(currency));
            assert_eq!(has, first, "round {round}");
            assert!(desk.purse.totals().values().all(Decimal::is_zero));
            assert!(spot.books.totals().values().all(Decimal::is_zero));
        }
        assert!(moved > 40, "{moved}");
    }

    #[test]
    fn what_the_spot_account_lacks_can_not_be_settled() {
        let (mut settlement, mut desk, mut spot, now) = before_settling("29999.9999");
        let usd = ("B_TEST", "USD");
        let refused = settlement.settle(&mut desk, &mut spot, ACCOUNT, usd, now);
        assert_eq!(refused, Err("EFunding:Insufficient funds".into()));
        let batch = settlement.find("B_TEST").unwrap();
        assert_eq!(batch.status(), Status::Unsettled);
        assert_eq!(spot.balance(ACCOUNT, "ZUSD"), decimal("29999.9999"));
    }

    #[test]
    fn old_settled_batches_are_forgotten_and_others_are_not() {
        let mut settlement = Settlement::new(1);
        settlement.keep(batch(vec![trade("a", &[("BTC", "1")])]));
        for number in 0..2 * MOST_BATCHES {
            settlement.keep(Batch {
                id: number.to_string(),
                ..batch(vec![trade("b", &[])])
            });
        }
        assert_eq!(settlement.newest_first().count(), MOST_BATCHES);
        assert!(settlement.find("B_TEST").is_some());
        let newest = settlement.newest_first().next().unwrap();
        assert_eq!(newest.id, (2 * MOST_BATCHES - 1).to_string());
    }

    #[test]
    fn a_batch_is_confirmed_after_a_while() {
        let batch = batch(vec![trade("a", &[("BTC", "1"), ("XYZ", "2")])]);
        let text = |now| batch.json(now).to_string();
        assert_eq!(
            text(batch.created),
            r#"{"id":"B_TEST","attributes":{"status":"unsettled","confirmed":false,"created_at":1800000000000,"trade_count":1,"asset_kind":"currency","updated_at":1800000000000},"legs":[{"status":"unsettled","asset":"BTC","amount":"1","can_settle":false,"settled_at":null,"latest_spot_transfer":null},{"status":"unsettled","asset":"XYZ","amount":"2","can_settle":false,"settled_at":null,"latest_spot_transfer":null}],"trade_ids":["a"]}"#
        );
        let later = text(Moment::from_seconds(1_800_000_060));
        assert!(later.contains(r#""confirmed":true,"created_at":1800000000000"#));
        assert!(later.contains(r#""updated_at":1800000002000"#));
        assert!(later.contains(r#""amount":"1","can_settle":true"#));
        // Spot does not know it.
        assert!(later.contains(r#""amount":"2","can_settle":false"#));
    }
}
