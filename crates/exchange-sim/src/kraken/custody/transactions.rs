//! What went into the vaults and out of them, and the books behind it.

use std::collections::VecDeque;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_decimal::Decimal;

use super::Custody;
use super::assets::{Asset, CURRENCY};
use crate::Moment;
use crate::books::{BooksError, Holder, Posting, posting};
use crate::json::{Json, object};

/// Older transactions are forgotten.
const MOST_TRANSACTIONS: usize = 20_000;

/// More rows than this are never sent at once.
const LARGEST_PAGE: usize = 1_000;

/// From when a withdrawal is sent until its chain has confirmed it.
const CONFIRMATION: Duration = Duration::from_secs(60);

/// What a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Deposit,
    Withdrawal,
    /// A balance was set by a script.
    Adjustment,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Adjustment => "adjustment",
        }
    }

    /// The legacy API's coarse kind.
    fn category(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Adjustment => "other",
        }
    }

    /// What its reference refers to, in the legacy API's words.
    pub(crate) fn reference_type(self) -> &'static str {
        match self {
            Self::Deposit | Self::Withdrawal => "funding",
            Self::Adjustment => "adjustment",
        }
    }
}

/// An asset that came into a vault or went out.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    /// Rises by one from each to the next, of all vaults.
    number: u64,
    pub id: String,
    ledger_id: String,
    pub vault: String,
    pub kind: Kind,
    pub asset: &'static Asset,
    /// What came in, or, below zero, reached the other side; without the fee.
    pub amount: Decimal,
    /// Taken from the vault on top.
    pub fee: Decimal,
    /// What the vault had afterwards.
    balance: Decimal,
    pub time: Moment,
    /// Nothing more happens to it from then on.
    completes: Moment,
    hash: Option<String>,
    pub reference: String,
    approval_id: Option<String>,
}

/// What a new transaction is made from.
#[derive(Clone, Debug)]
pub(crate) struct Movement<'a> {
    pub vault: &'a str,
    pub kind: Kind,
    pub asset: &'static Asset,
    /// Into the vault; below zero out of it.
    pub amount: Decimal,
    pub fee: Decimal,
    /// The approval it rests on.
    pub approval_id: Option<&'a str>,
}

/// The last transactions of all vaults, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    rows: VecDeque<Transaction>,
    made: u64,
}

/// Which transactions of a vault are wanted.
pub(crate) struct Wanted<F> {
    pub newest_first: bool,
    /// The cursor of the page before.
    pub after: Option<u64>,
    pub size: usize,
    pub matches: F,
}

/// Some transactions of a vault.
pub(crate) struct TransactionPage<'a> {
    pub rows: Vec<&'a Transaction>,
    /// How many were looked at.
    pub seen: usize,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

impl Transactions {
    fn add(&mut self, transaction: Transaction) {
        if self.rows.len() == MOST_TRANSACTIONS {
            self.rows.pop_front();
        }
        self.rows.push_back(transaction);
    }

    /// Those of a vault, newest first.
    pub(crate) fn of_vault(&self, vault: &str) -> impl Iterator<Item = &Transaction> {
        let of_vault = move |row: &&Transaction| row.vault == vault;
        self.rows.iter().rev().filter(of_vault)
    }

    /// Those of a vault in the day before `now`, newest first.
    pub(crate) fn of_last_day(
        &self,
        vault: &str,
        now: Moment,
    ) -> impl Iterator<Item = &Transaction> {
        let yesterday = now.minus(DAY);
        self.rows
            .iter()
            .rev()
            .take_while(move |row| row.time > yesterday)
            .filter(move |row| row.vault == vault)
    }

    pub(crate) fn find(&self, vault: &str, id: &str) -> Option<&Transaction> {
        self.of_vault(vault).find(|row| row.id == id)
    }

    pub(crate) fn page<F: Fn(&Transaction) -> bool>(
        &self,
        vault: &str,
        wanted: &Wanted<F>,
    ) -> TransactionPage<'_> {
        let rows: Box<dyn Iterator<Item = &Transaction>> = if wanted.newest_first {
            Box::new(self.rows.iter().rev())
        } else {
            Box::new(self.rows.iter())
        };
        let size = wanted.size.min(LARGEST_PAGE);
        let mut page = TransactionPage {
            rows: Vec::new(),
            seen: 0,
            next_cursor: None,
        };
        for row in rows.filter(|row| row.vault == vault) {
            let before = wanted.after.is_some_and(|after| {
                if wanted.newest_first {
                    row.number >= after
                } else {
                    row.number <= after
                }
            });
            if before {
                continue;
            }
            if (wanted.matches)(row) {
                if page.rows.len() == size {
                    page.next_cursor = page.rows.last().map(|last| cursor(last.number));
                    break;
                }
                page.rows.push(row);
            }
            page.seen += 1;
        }
        page
    }
}

/// What limits per day count.
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

fn cursor(after: u64) -> String {
    STANDARD.encode(object! { "after" => after }.to_string())
}

/// Where a cursor points.
pub(crate) fn read_cursor(cursor: &str) -> Option<u64> {
    let cursor = Json::parse(&STANDARD.decode(cursor).ok()?)?;
    cursor.get("after")?.scalar()?.parse().ok()
}

impl Transaction {
    fn is_complete(&self, now: Moment) -> bool {
        now >= self.completes
    }

    /// As the external API shows it.
    pub(crate) fn external(&self, now: Moment) -> Json {
        let status = if self.is_complete(now) {
            "completed"
        } else {
            "broadcast"
        };
        let mut shown = object! {
            "id" => self.id.as_str(),
            "type" => self.kind.name(),
            "status" => status,
            "asset" => self.asset.code,
            "asset_class" => CURRENCY,
            "amount" => self.asset.fixed(self.amount),
            "time" => self.time.rfc3339_milliseconds(),
        };
        let fee = object! {
            "asset" => self.asset.code,
            "asset_class" => CURRENCY,
            "amount" => self.asset.fixed(self.fee),
        };
        if let Json::Object(members) = &mut shown {
            if let Some(hash) = &self.hash {
                members.insert("transaction_hash".into(), hash.as_str().into());
            }
            members.insert("ref_id".into(), self.reference.as_str().into());
            members.insert("fee".into(), fee);
        }
        shown
    }

    /// As the legacy API shows it, with amounts in `quote` too if there is a
    /// rate for that.
    pub(crate) fn legacy(&self, quote: Option<&Asset>, now: Moment) -> Json {
        let side = self.legacy_side(quote);
        let (spend, receive) = if self.amount.is_sign_negative() {
            (side, Json::Null)
        } else {
            (Json::Null, side)
        };
        let status = if self.is_complete(now) {
            "successful"
        } else {
            "in_progress"
        };
        object! {
            "id" => self.id.as_str(),
            "time" => self.time.rfc3339_milliseconds(),
            "type" => self.kind.name(),
            "category" => self.kind.category(),
            "area" => "custody",
            "status" => status,
            "ref_id" => self.reference.as_str(),
            "ref_id2" => Json::Null,
            "spend" => spend,
            "receive" => receive,
            "details" => Json::Null,
        }
    }

    fn legacy_side(&self, quote: Option<&Asset>) -> Json {
        let amount = self.amount.abs();
        // The fee comes on top of what is spent, and off what is received.
        let total = if self.amount.is_sign_negative() {
            amount + self.fee
        } else {
            amount - self.fee
        };
        let of = |asset: &Asset, amount: Decimal| {
            object! {
                "amount" => asset.fixed(amount),
                "asset" => asset.code,
                "class" => CURRENCY,
            }
        };
        let quoted = |amount: Decimal| {
            let quote = quote?;
            Some(of(quote, self.asset.converted(amount, quote)?))
        };
        object! {
            "ledger_id" => self.ledger_id.as_str(),
            "time" => self.time.rfc3339_milliseconds(),
            "subtype" => Json::Null,
            "amount" => of(self.asset, amount),
            "quoted_amount" => quoted(amount),
            "fee" => of(self.asset, self.fee),
            "quoted_fee" => quoted(self.fee),
            "total" => of(self.asset, total),
            "quoted_total" => quoted(total),
            "balance" => of(self.asset, self.balance),
            "wallet" => Json::Null,
        }
    }

    /// What only the legacy call for one transaction shows.
    pub(crate) fn custody_extended(&self) -> Json {
        object! {
            "custody_type" => self.kind.name(),
            "ref_id_2" => 0_u32,
            "approval_id" => self.approval_id.as_deref(),
            "internal_transaction_id" => Json::Null,
            "transaction_hash" => self.hash.as_deref(),
            "loan_id" => Json::Null,
        }
    }
}

impl Custody {
    /// Moves assets into vaults and out of them, all or nothing; returns the
    /// ids of the transactions.
    pub(crate) fn book(
        &mut self,
        movements: &[Movement<'_>],
        time: Moment,
    ) -> Result<Vec<String>, BooksError> {
        let mut postings: Vec<Posting> = Vec::with_capacity(3 * movements.len());
        for movement in movements {
            let code = movement.asset.code;
            let vault = Holder::Customer(movement.vault.to_owned());
            postings.push(posting(vault.clone(), code, movement.amount));
            postings.push(posting(Holder::Outside, code, -movement.amount));
            if !movement.fee.is_zero() {
                postings.push(posting(vault, code, -movement.fee));
                postings.push(posting(Holder::Fees, code, movement.fee));
            }
        }
        let before: Vec<Decimal> = movements
            .iter()
            .map(|movement| self.balance(movement.vault, movement.asset))
            .collect();
        self.books.post(&postings)?;
        let mut ids = Vec::with_capacity(movements.len());
        for (index, (movement, before)) in movements.iter().zip(before).enumerate() {
            let same = |other: &&Movement<'_>| {
                other.vault == movement.vault && other.asset == movement.asset
            };
            let moved: Decimal = movements
                .iter()
                .take(index + 1)
                .filter(same)
                .map(|movement| movement.amount - movement.fee)
                .sum();
            let adjusts = movement.kind == Kind::Adjustment;
            let waits = movement.kind == Kind::Withdrawal;
            let id = self.ids.reference('T');
            self.transactions.made += 1;
            self.transactions.add(Transaction {
                number: self.transactions.made,
                id: id.clone(),
                ledger_id: self.ids.ledger_entry(),
                vault: movement.vault.to_owned(),
                kind: movement.kind,
                asset: movement.asset,
                amount: movement.amount,
                fee: movement.fee,
                balance: before + moved,
                time,
                completes: if waits { time.plus(CONFIRMATION) } else { time },
                hash: (!adjusts && movement.asset.crypto).then(|| self.ids.hex(64)),
                reference: self.ids.reference('F'),
                approval_id: movement.approval_id.map(str::to_owned),
            });
            ids.push(id);
        }
        Ok(ids)
    }

    /// What a vault has of an asset, held back or not.
    pub(crate) fn balance(&self, vault: &str, asset: &Asset) -> Decimal {
        self.books
            .balance(&Holder::Customer(vault.to_owned()), asset.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kraken::custody::assets::find_asset;

    fn movement(kind: Kind, amount: i64, fee: i64) -> Movement<'static> {
        Movement {
            vault: "V",
            kind,
            asset: find_asset("BTC").unwrap(),
            amount: Decimal::from(amount),
            fee: Decimal::from(fee),
            approval_id: None,
        }
    }

    #[test]
    fn balances_follow_from_movement_to_movement() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut custody = Custody::new(1, now);
        custody
            .book(
                &[
                    movement(Kind::Deposit, 10, 0),
                    movement(Kind::Withdrawal, -3, 1),
                ],
                now,
            )
            .unwrap();
        let balances: Vec<Decimal> = custody
            .transactions
            .of_vault("V")
            .map(|row| row.balance)
            .collect();
        assert_eq!(balances, [Decimal::from(6), Decimal::TEN]);
        let too_much = custody.book(&[movement(Kind::Withdrawal, -6, 1)], now);
        assert!(matches!(too_much, Err(BooksError::Lacking { .. })));
        assert_eq!(custody.transactions.of_vault("V").count(), 2);
        assert!(custody.books.totals().values().all(Decimal::is_zero));
    }

    #[test]
    fn pages_meet_without_gap_or_overlap_while_more_comes_in() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut custody = Custody::new(1, now);
        for amount in 1..=7 {
            custody
                .book(&[movement(Kind::Deposit, amount, 0)], now)
                .unwrap();
        }
        for newest_first in [true, false] {
            let mut seen = Vec::new();
            let mut after = None;
            loop {
                let page = custody.transactions.page(
                    "V",
                    &Wanted {
                        newest_first,
                        after,
                        size: 2,
                        matches: |row: &Transaction| row.amount != Decimal::from(4),
                    },
                );
                seen.extend(page.rows.iter().map(|row| row.amount));
                let next = page.next_cursor;
                custody
                    .book(&[movement(Kind::Withdrawal, -1, 0)], now)
                    .unwrap();
                let Some(cursor) = next else { break };
                after = read_cursor(&cursor);
                assert!(after.is_some());
                if seen.len() > 20 {
                    break;
                }
            }
            if newest_first {
                let expected: Vec<Decimal> = [7, 6, 5, 3, 2, 1].map(Decimal::from).into();
                assert_eq!(seen, expected);
            } else {
                let expected: Vec<Decimal> = [1, 2, 3, 5, 6, 7].map(Decimal::from).into();
                assert_eq!(seen.get(..6).unwrap(), expected);
            }
        }
        assert_eq!(read_cursor("not a cursor"), None);
    }

    #[test]
    fn a_withdrawal_is_under_way_for_a_while() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut custody = Custody::new(1, now);
        custody
            .book(
                &[
                    movement(Kind::Deposit, 10, 0),
                    movement(Kind::Withdrawal, -3, 1),
                ],
                now,
            )
            .unwrap();
        let row = custody.transactions.of_vault("V").next().unwrap();
        let status = |json: &Json| json.get("status").unwrap().scalar().unwrap();
        assert_eq!(status(&row.external(now)), "broadcast");
        assert_eq!(status(&row.legacy(None, now)), "in_progress");
        let later = now.plus(CONFIRMATION);
        assert_eq!(status(&row.external(later)), "completed");
        assert_eq!(status(&row.legacy(None, later)), "successful");
        let usd = find_asset("USD").unwrap();
        let spend = row.legacy(Some(usd), now).get("spend").unwrap().to_string();
        assert!(
            spend.contains(r#""total":{"amount":"4.00000000""#),
            "{spend}"
        );
        assert!(
            spend.contains(r#""quoted_total":{"amount":"260000.0000""#),
            "{spend}"
        );
    }
}
