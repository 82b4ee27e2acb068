//! The exchange behind the operations: accounts, money, markets and orders.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use indexmap::IndexMap;
use rust_decimal::Decimal;

use super::clearing::Clearing;
use super::derivatives::Derivatives;
use super::funds::Funds;
use super::ids::Ids;
use super::instant::Instant;
use super::market::Market;
use super::orders::{Fill, Order};
use super::predictions::Predictions;
use super::staking::Staking;
use super::symbols::{Product, SYMBOLS, Symbol, currency_of};
use crate::Moment;
use crate::books::{Books, BooksError, Holder, Posting, posting};

/// What a maker and a taker pay, in hundredths of a percent.
pub(crate) const MAKER_BPS: u32 = 20;
pub(crate) const TAKER_BPS: u32 = 40;

/// Rows that are kept of each history.
pub(crate) const KEPT: usize = 10_000;

/// An account of the group.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub name: String,
    /// What requests call it.
    pub short_name: String,
    /// `exchange` or `custody`.
    pub kind: &'static str,
    pub created: Moment,
    pub counterparty_id: Option<String>,
}

/// Everything but keys.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub books: Books,
    pub accounts: Vec<Account>,
    pub ids: Ids,
    seed: u64,
    pub sandbox: bool,
    /// Those that somebody looked at.
    pub markets: BTreeMap<&'static str, Market>,
    pub live: BTreeMap<u64, Order>,
    pub closed: BTreeMap<u64, Order>,
    /// Oldest first.
    pub fills: VecDeque<Fill>,
    pub funds: Funds,
    pub instant: Instant,
    pub clearing: Clearing,
    pub staking: Staking,
    pub derivatives: Derivatives,
    pub predictions: Predictions,
    pub now: Moment,
}

impl Exchange {
    pub(crate) fn new(seed: u64, sandbox: bool, now: Moment) -> Self {
        let mut ids = Ids::new(seed);
        let predictions = Predictions::new(sandbox, now, &mut ids);
        let created = now.minus(Duration::from_secs(400 * 86_400));
        let mut exchange = Self {
            books: Books::default(),
            accounts: Vec::new(),
            seed,
            sandbox,
            markets: BTreeMap::new(),
            live: BTreeMap::new(),
            closed: BTreeMap::new(),
            fills: VecDeque::new(),
            funds: Funds::default(),
            instant: Instant::default(),
            clearing: Clearing::default(),
            staking: Staking::default(),
            derivatives: Derivatives::new(now),
            predictions,
            now,
            ids,
        };
        exchange.add_account("Primary", "primary", "exchange", created);
        exchange.add_account("Trading", "trading", "exchange", created);
        exchange.add_account("Vault", "vault", "custody", created);
        exchange
    }

    pub(crate) fn add_account(
        &mut self,
        name: &str,
        short_name: &str,
        kind: &'static str,
        created: Moment,
    ) -> usize {
        let counterparty_id = (kind == "exchange").then(|| self.ids.plain.capitals(8));
        self.accounts.push(Account {
            name: name.to_owned(),
            short_name: short_name.to_owned(),
            kind,
            created,
            counterparty_id,
        });
        self.accounts.len() - 1
    }

    pub(crate) fn account_named(&self, short_name: &str) -> Option<usize> {
        let mut accounts = self.accounts.iter();
        accounts.position(|account| account.short_name.eq_ignore_ascii_case(short_name))
    }

    /// Goes on to `now`: markets move, orders fill, what is due is done. The
    /// work is bounded however much time has passed.
    pub(crate) fn advance(&mut self, now: Moment) {
        if now <= self.now {
            return;
        }
        self.now = now;
        let names: Vec<_> = self.markets.keys().copied().collect();
        for name in names {
            self.advance_market(name, now);
        }
        self.settle_transfers(now);
        self.settle_clearing(now);
        self.settle_staking(now);
        self.settle_funding(now);
        self.settle_predictions(now);
    }

    /// A market, which begins when it is first looked at.
    pub(crate) fn market(&mut self, symbol: &'static Symbol) -> &mut Market {
        let (seed, now) = (self.seed, self.now);
        self.markets
            .entry(symbol.name)
            .or_insert_with(|| Market::new(symbol, seed, now))
    }

    /// The last price of a market.
    pub(crate) fn price(&mut self, symbol: &'static Symbol) -> Decimal {
        self.market(symbol).price
    }

    /// What one of a currency is worth in US dollars.
    pub(crate) fn worth(&mut self, currency: &str) -> Decimal {
        match currency {
            "USD" | "GUSD" | "USDC" => Decimal::ONE,
            "CAD" => Decimal::new(72, 2),
            _ => {
                let found = SYMBOLS.iter().find(|symbol| {
                    symbol.base == currency
                        && symbol.quote == "USD"
                        && symbol.product == Product::Spot
                });
                found.map_or(Decimal::ZERO, |symbol| self.price(symbol))
            }
        }
    }

    /// What an account has of a currency, held back or not.
    pub(crate) fn balance(&self, account: usize, currency: &str) -> Decimal {
        self.books.balance(&holder(account), currency)
    }

    /// What of it is held back: by orders, withdrawals on their way, margin.
    pub(crate) fn held(&self, account: usize, currency: &str) -> Decimal {
        let orders = self.live.values().filter(|order| order.account == account);
        let orders: Decimal = orders
            .map(Order::hold)
            .filter(|(of, _)| *of == currency)
            .map(|(_, amount)| amount)
            .sum();
        let mut held =
            orders + self.funds.held(account, currency) + self.predictions.held(account, currency);
        if currency == "GUSD" {
            held += self.position_margin(account);
        }
        held
    }

    /// What an account can use of a currency.
    pub(crate) fn available(&self, account: usize, currency: &str) -> Decimal {
        let available = self.balance(account, currency) - self.held(account, currency);
        available.max(Decimal::ZERO)
    }

    /// The currencies that an account has or had, in the order of their codes.
    pub(crate) fn currencies(&self, account: usize) -> Vec<String> {
        let owner = holder(account);
        let balances = self.books.balances(&owner);
        let known = balances.filter(|(code, _)| currency_of(code).is_some());
        known.map(|(code, _)| code.to_owned()).collect()
    }

    /// Moves money from an account to somebody, or from somebody to it.
    pub(crate) fn pay(
        &mut self,
        account: usize,
        to: &Holder,
        currency: &str,
        amount: Decimal,
    ) -> Result<(), BooksError> {
        self.books.transfer(&holder(account), to, currency, amount)
    }

    /// Writes a transaction of an account: what it gets or gives of which
    /// currency, and who is on the other side.
    pub(crate) fn book(
        &mut self,
        legs: &[(usize, &str, Decimal, Holder)],
    ) -> Result<(), BooksError> {
        let mut postings: Vec<Posting> = Vec::new();
        for (account, currency, amount, other) in legs {
            postings.push(posting(holder(*account), currency, *amount));
            postings.push(posting(other.clone(), currency, -*amount));
        }
        self.books.post(&postings)
    }

    /// What every account has, for tests.
    pub(crate) fn totals(&self) -> IndexMap<String, Decimal> {
        self.books.totals().into_iter().collect()
    }
}

/// An account in the books.
pub(crate) fn holder(account: usize) -> Holder {
    Holder::Customer(account.to_string())
}

/// Adds a row to a history and forgets the oldest one if there are too many.
pub(crate) fn keep<T>(history: &mut VecDeque<T>, row: T) {
    if history.len() == KEPT {
        history.pop_front();
    }
    history.push_back(row);
}

/// So many hundredths of a percent of an amount.
pub(crate) fn bps(amount: Decimal, bps: u32) -> Decimal {
    amount * Decimal::new(i64::from(bps), 4)
}
