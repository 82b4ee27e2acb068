//! A running Gemini in the hands of a test.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rust_decimal::Decimal;

use super::funds::Transfer;
use super::symbols::{currency_of, find};
use super::{Gemini, GeminiKey, GeminiNonces, GeminiRole, GeminiToken};
use crate::Moment;
use crate::books::Holder;
use crate::clock::Clock;
use crate::kraken::handle::Credentials;

/// The demonstration keys: of the account `primary`, of the group, one for
/// looking only, one that demands a heartbeat, one that wants seconds for
/// nonces. They are known to everybody and good for nothing else.
const DEMO_KEYS: [(&str, &str); 5] = [
    ("account-demo", "exchange-sim-gemini-account-secret"),
    ("master-demo", "exchange-sim-gemini-master-secret"),
    ("account-demo-auditor", "exchange-sim-gemini-auditor-secret"),
    (
        "account-demo-heartbeat",
        "exchange-sim-gemini-heartbeat-secret",
    ),
    ("account-demo-seconds", "exchange-sim-gemini-seconds-secret"),
];

/// The demonstration keys. Those of the sandbox have other names.
pub(crate) fn demo_keys(sandbox: bool) -> Vec<GeminiKey> {
    let mut keys: Vec<GeminiKey> = (0..DEMO_KEYS.len())
        .map(|index| {
            let Credentials { key, secret } = demo_credentials(index, sandbox);
            GeminiKey::new(key, secret)
        })
        .collect();
    keys[2].roles = Some(vec![GeminiRole::Auditor]);
    keys[3].heartbeat = true;
    keys[4].nonces = GeminiNonces::TimeBased;
    keys
}

fn demo_credentials(index: usize, sandbox: bool) -> Credentials {
    let (key, secret) = DEMO_KEYS[index];
    let more = if sandbox { "-sandbox" } else { "" };
    Credentials {
        key: format!("{key}{more}"),
        secret: format!("{secret}{more}"),
    }
}

/// What the first account has unless told otherwise.
pub(crate) fn demo_balances() -> Vec<(String, Decimal)> {
    [
        ("USD", 100_000),
        ("GUSD", 50_000),
        ("BTC", 2),
        ("ETH", 25),
        ("SOL", 100),
    ]
    .into_iter()
    .map(|(currency, amount)| (currency.to_owned(), Decimal::from(amount)))
    .collect()
}

/// Addresses to which the whole group may send.
const APPROVED: [(&str, &str); 2] = [
    ("ethereum", "0x0000000000000000000000000000000000000001"),
    ("bitcoin", "bc1qdemo0000000000000000000000000000000000"),
];

/// The bank that the first account has.
const BANK: &str = "97631a24-ca40-4277-b3d5-38c37673d029";

/// Gemini's simulated host, or that of its sandbox.
#[derive(Clone)]
pub struct GeminiHandle {
    gemini: Arc<Mutex<Gemini>>,
    clock: Clock,
    url: String,
}

impl fmt::Debug for GeminiHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeminiHandle")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl GeminiHandle {
    pub(crate) fn new(gemini: Arc<Mutex<Gemini>>, clock: Clock, url: String) -> Self {
        let handle = Self { gemini, clock, url };
        handle.with(|gemini, now| {
            let funds = &mut gemini.exchange.funds;
            let long_ago = now.minus(Duration::from_secs(30 * 86_400));
            for (network, address) in APPROVED {
                funds.approve(None, network, address, long_ago);
            }
            let name = "Demonstration Bank Checking - 1111".to_owned();
            funds.add_bank(0, name, BANK.to_owned());
        });
        handle
    }

    /// The base URL to give to clients, such as `http://127.0.0.1:49153`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A key of the account `primary` that may trade and manage funds.
    pub fn credentials(&self) -> Credentials {
        self.demo(0)
    }

    /// A master key of the group, for the accounts `primary`, `trading` and
    /// `vault`, which is for custody.
    pub fn master_credentials(&self) -> Credentials {
        self.demo(1)
    }

    /// A key of the account `primary` that may only look.
    pub fn auditor_credentials(&self) -> Credentials {
        self.demo(2)
    }

    /// A key of the account `primary` whose orders are cancelled when nothing
    /// is heard of it for 30 s.
    pub fn heartbeat_credentials(&self) -> Credentials {
        self.demo(3)
    }

    /// A key of the account `primary` that wants seconds for nonces.
    pub fn time_based_credentials(&self) -> Credentials {
        self.demo(4)
    }

    fn demo(&self, index: usize) -> Credentials {
        let sandbox = self.with(|gemini, _| gemini.exchange.sandbox);
        demo_credentials(index, sandbox)
    }

    /// The names of all keys in the order they were added, with their secrets.
    pub fn all_credentials(&self) -> Vec<Credentials> {
        self.with(|gemini, _| {
            let keys = gemini.keys.values().map(|key| Credentials {
                key: key.config.key.clone(),
                secret: key.config.secret.clone(),
            });
            keys.collect()
        })
    }

    /// Adds a key while the venue runs, or replaces the one of that name.
    ///
    /// # Panics
    ///
    /// If it is for an account that is not there, or its name can't be sent as
    /// a header.
    pub fn add_key(&self, key: GeminiKey) {
        let added = self.with(|gemini, now| gemini.add_key(key, now));
        assert!(added, "a key must be for an account that is there");
    }

    /// An OAuth token of the account `primary` with these scopes, good for a
    /// day. `POST /auth/token` of the same host takes its refresh token.
    pub fn grant(&self, scopes: impl IntoIterator<Item = impl Into<String>>) -> GeminiToken {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.with(|gemini, now| gemini.grant(0, scopes, now))
    }

    /// What the account `primary` has of a currency, held back or not.
    pub fn balance(&self, currency: &str) -> Decimal {
        self.with(|gemini, _| gemini.exchange.balance(0, &currency.to_uppercase()))
    }

    /// What of it is not held back.
    pub fn available(&self, currency: &str) -> Decimal {
        self.with(|gemini, _| gemini.exchange.available(0, &currency.to_uppercase()))
    }

    /// Gives the account `primary` so much of a currency. What is missing or
    /// too much is credited or debited by the venue.
    ///
    /// # Panics
    ///
    /// If there is no such currency, or the amount is below zero, above 10¹² or
    /// has more digits than the venue keeps.
    pub fn set_balance(&self, currency: &str, amount: Decimal) {
        let set = self.try_set_balance(currency, amount);
        assert!(set, "{amount} is no amount of {currency}");
    }

    pub(crate) fn try_set_balance(&self, currency: &str, amount: Decimal) -> bool {
        let Some(currency) = currency_of(currency) else {
            return false;
        };
        // More could not be multiplied by every price.
        let most = Decimal::from(1_000_000_000_000_u64);
        let fits = !amount.is_sign_negative() && amount <= most;
        if !fits || amount.normalize().scale() > currency.digits {
            return false;
        }
        self.with(|gemini, now| {
            let exchange = &mut gemini.exchange;
            let change = amount - exchange.balance(0, currency.code);
            if change.is_zero() {
                return true;
            }
            let (kind, purpose) = if change.is_sign_negative() {
                ("AdminDebit", "Administrative debit")
            } else {
                ("AdminCredit", "Administrative credit")
            };
            if exchange
                .pay(0, &Holder::Outside, currency.code, -change)
                .is_err()
            {
                return false;
            }
            let eid = exchange.ids.number();
            let mut row = Transfer::new(0, kind, now, eid, currency.code, change.abs());
            row.purpose = Some(purpose);
            super::exchange::keep(&mut exchange.funds.transfers, row);
            true
        })
    }

    /// A deposit to the account `primary`. Of what is on a chain it is pending
    /// for a minute.
    ///
    /// # Panics
    ///
    /// If there is no such currency, or the amount is not above zero, or above
    /// 10¹².
    pub fn deposit(&self, currency: &str, amount: Decimal) {
        let currency = currency_of(currency);
        let most = Decimal::from(1_000_000_000_000_u64);
        let possible = currency.filter(|_| amount > Decimal::ZERO && amount <= most);
        assert!(possible.is_some(), "{amount} can't be deposited");
        self.with(|gemini, _| {
            if let Some(currency) = possible {
                gemini.exchange.deposit(0, currency, amount);
            }
        });
    }

    /// The last price of a symbol.
    ///
    /// # Panics
    ///
    /// If there is no such symbol.
    pub fn price(&self, symbol: &str) -> Decimal {
        let found = find(symbol);
        assert!(found.is_some(), "there is no symbol {symbol}");
        self.with(|gemini, _| found.map_or(Decimal::ZERO, |one| gemini.exchange.price(one)))
    }

    /// Moves the price of a symbol. Orders that it passes are filled.
    ///
    /// # Panics
    ///
    /// If there is no such symbol, or the price is not above zero or between
    /// the symbol's steps.
    pub fn set_price(&self, symbol: &str, price: Decimal) {
        let found = find(symbol).filter(|symbol| {
            price > Decimal::ZERO
                && price < Decimal::from(1_000_000_000_u64)
                && price.normalize().scale() <= symbol.price_digits
        });
        assert!(found.is_some(), "{price} is no price of {symbol}");
        self.with(|gemini, _| {
            if let Some(symbol) = found {
                gemini.exchange.set_price(symbol, price);
            }
        });
    }

    /// Fills so much of a live order at its own price, as a maker. `false` if
    /// it is not live, or has less than that left.
    pub fn fill_order(&self, order_id: u64, amount: Decimal) -> bool {
        self.with(|gemini, _| {
            let exchange = &mut gemini.exchange;
            let Some(order) = exchange.live.get(&order_id) else {
                return false;
            };
            let fits = amount > Decimal::ZERO
                && amount <= order.remaining()
                && amount.normalize().scale() <= order.symbol.amount_digits;
            let price = order.price;
            fits && exchange.fill(order_id, amount, price, false).is_ok()
        })
    }

    /// Moves the price of yes of a contract of prediction markets, by its
    /// symbol. `false` if there is no such contract, or the price is not from
    /// 0.02 to 0.98 in whole cents.
    pub fn set_prediction_price(&self, symbol: &str, price: Decimal) -> bool {
        let (low, high) = (Decimal::new(2, 2), Decimal::new(98, 2));
        let fits = price >= low && price <= high && price.normalize().scale() <= 2;
        fits && self.with(|gemini, _| gemini.exchange.set_prediction_price(symbol, price))
    }

    /// Decides a contract of prediction markets, by its symbol. `false` if
    /// there is none or it is decided.
    pub fn resolve_prediction(&self, symbol: &str, yes: bool) -> bool {
        self.with(|gemini, _| gemini.exchange.resolve(symbol, yes))
    }

    /// An address to which all accounts may withdraw from the start, on
    /// `ethereum` or `bitcoin`.
    pub fn approved_address(&self, network: &str) -> Option<&'static str> {
        let mut approved = APPROVED.iter();
        let found = approved.find(|(known, _)| *known == network);
        found.map(|(_, address)| *address)
    }

    /// The id of the bank that the account `primary` has from the start.
    pub fn bank_id(&self) -> &'static str {
        BANK
    }

    /// The sum of everything that anybody has, by currency: zero, or money was
    /// made or lost.
    pub fn totals(&self) -> Vec<(String, Decimal)> {
        self.with(|gemini, _| gemini.exchange.totals().into_iter().collect())
    }

    /// Does something to the venue's state, at the time its clock shows.
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut Gemini, Moment) -> T) -> T {
        // As in the server: a test that goes on after a panic should see what
        // is there.
        let mut gemini = self.gemini.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        gemini.advance(now);
        action(&mut gemini, now)
    }
}
