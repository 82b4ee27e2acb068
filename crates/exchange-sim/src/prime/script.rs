//! Prime's desk in the hands of a test.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;

use super::desk::Desk;
use super::handle::PrimeHandle;
use super::market::{Side, part_of};
use super::orders::{About, Order, Status, side_name};
use super::securities::{CURRENCIES, find_currency, find_security};
use super::trades::Trade;
use crate::Moment;
use crate::books::Holder;

/// An order at Prime, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrimeOrder {
    /// The venue's id.
    pub order_id: String,
    /// The client's id of the last request that was accepted.
    pub cl_ord_id: String,
    /// `BTC-USD`, …
    pub symbol: String,
    /// `Buy` or `Sell`.
    pub side: &'static str,
    /// What was ordered, in `currency`.
    pub quantity: Decimal,
    /// Its limit, if it has one, in quote currency for one unit of the base currency.
    pub price: Option<Decimal>,
    /// That of the quantities.
    pub currency: String,
    /// What of the quantity is filled.
    pub filled: Decimal,
    /// What is left of it; nothing when it is over.
    pub leaves: Decimal,
    /// `New`, `PartiallyFilled`, `PendingCancel`, … as on the streams.
    pub status: &'static str,
}

/// One of the customer's own fills at Prime.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrimeTrade {
    /// The venue's id of the fill.
    pub trade_id: String,
    /// The venue's id of the order.
    pub order_id: String,
    /// `BTC-USD`, …
    pub symbol: String,
    /// `Buy` or `Sell`.
    pub side: &'static str,
    /// The `Timestamp` of its record.
    pub time: Moment,
    /// In quote currency for one unit of the base currency.
    pub price: Decimal,
    /// What was traded, in the order's currency.
    pub quantity: Decimal,
    /// The same in the other currency.
    pub amount: Decimal,
    /// In quote currency.
    pub fee: Decimal,
}

/// What Prime's customer has of a currency.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrimeBalance {
    /// `USD`, …
    pub currency: &'static str,
    /// Negative if it owes.
    pub amount: Decimal,
    /// Less what open orders hold.
    pub available: Decimal,
}

/// What there is to set and to see of the desk. Changes show on the streams at once, but for
/// `MarketDataSnapshot` and `CurrencyConversion`, whose throttles hold here too: if the clock is
/// stopped, advance it to see them.
///
/// ```
/// use std::time::Duration;
///
/// use exchange_sim::Sim;
/// use kraken_prime::Decimal;
/// use kraken_prime::enums::{Side, TimeInForce};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sim = Sim::builder().start().await?;
/// let prime = sim.prime();
/// prime.freeze_market(true);
/// assert!(prime.set_price("BTC-USD", Decimal::from(50_000)));
/// assert!(prime.set_balance("USD", Decimal::from(100_000)));
/// assert!(prime.set_fee_rate(Decimal::new(1, 3)));
/// # let key = prime.credentials();
/// # let client = kraken_prime::Client::builder().url(prime.url()).api_key(key.key, key.secret);
/// # let client = client.connect().await?;
/// client
///     .new_order()
///     .symbol("BTC-USD")
///     .side(Side::Buy)
///     .quantity(Decimal::ONE)
///     .limit(Decimal::from(40_000), TimeInForce::GoodTillCancel)
///     .send()
///     .await?;
/// let order = prime.open_orders().remove(0);
/// // Somebody sells a quarter of it, and the venue takes the rest away.
/// let quarter = Decimal::new(25, 2);
/// assert_eq!(prime.fill_order(&order.order_id, quarter), quarter);
/// assert!(prime.cancel_order(&order.order_id));
/// // 100,000 less 10,000 and their fee.
/// assert_eq!(prime.balance("USD"), Decimal::from(89_990));
/// assert_eq!(prime.trades()[0].fee, Decimal::TEN);
/// // From here on, orders are pending for a second before they are accepted or refused.
/// prime.set_decision_time(Duration::from_secs(1));
/// # Ok(())
/// # }
/// ```
impl PrimeHandle {
    /// Gives the customer this much of a currency; negative makes it owe. `false` if there is no
    /// such currency, or it is no amount of it.
    pub fn set_balance(&self, currency: &str, amount: Decimal) -> bool {
        self.with(|prime, _| prime.desk.set_balance(currency, amount))
    }

    /// What the customer has of each currency.
    pub fn balances(&self) -> Vec<PrimeBalance> {
        self.with(|prime, _| prime.desk.balances())
    }

    /// What the customer has of a currency; zero if there is no such.
    pub fn balance(&self, currency: &str) -> Decimal {
        self.with(|prime, _| prime.desk.purse.amount(currency))
    }

    /// The sum of each currency over the customer and everybody it trades with. All are zero,
    /// whatever happened: money is neither made nor lost.
    pub fn totals(&self) -> BTreeMap<String, Decimal> {
        self.with(|prime, _| prime.desk.purse.totals())
    }

    /// How much the customer may owe, in US dollars. At first it is 5,000,000.
    pub fn set_credit_limit(&self, limit: Decimal) {
        self.with(|prime, _| {
            prime.desk.purse.limit = limit;
            prime.desk.show_money();
        });
    }

    /// What part of a trade's amount is charged as its fee: `0.001` is 10 basis points. At first
    /// it is none. `false`, and nothing is done, unless it is from 0 up to 1.
    pub fn set_fee_rate(&self, rate: Decimal) -> bool {
        let is_rate = (Decimal::ZERO..=Decimal::ONE).contains(&rate) && rate.scale() <= 8;
        self.with(|prime, _| {
            if is_rate {
                prime.desk.fee_rate = rate;
                prime.desk.show_money();
            }
        });
        is_rate
    }

    /// How long a request is pending until it is decided, by the venue's clock. At first that is
    /// no time: `PendingNew` and `New`, `PendingCancel` and `Canceled`, … follow at once.
    pub fn set_decision_time(&self, time: Duration) {
        self.with(|prime, _| prime.desk.delay = time);
    }

    /// Moves the price of a security at once: the best prices are one step below and above, and
    /// orders that it reaches are filled. `false` if there is no such security or price.
    pub fn set_price(&self, symbol: &str, price: Decimal) -> bool {
        self.with(|prime, now| prime.desk.set_price(symbol, price, now))
    }

    /// The price of a security between the best bid and offer.
    pub fn price(&self, symbol: &str) -> Option<Decimal> {
        self.with(|prime, _| prime.desk.markets.middle(find_security(symbol)?))
    }

    /// Stops prices from moving by themselves, or lets them again. What is taken from the market
    /// comes back within a second all the same.
    pub fn freeze_market(&self, frozen: bool) {
        self.with(|prime, _| prime.desk.markets.frozen = frozen);
    }

    /// The shortest time between two messages of a `MarketDataSnapshot`, which is a setting of the
    /// account; at first 100 ms. It holds for what is subscribed to from here on.
    pub fn set_market_data_throttle(&self, throttle: Duration) {
        self.with(|prime, _| prime.desk.markets.throttle = throttle);
    }

    /// Takes a security's market offline: it has no prices, orders are refused, and those that
    /// rest are not filled. Or brings it back. `false` if there is no such security.
    pub fn set_offline(&self, symbol: &str, offline: bool) -> bool {
        self.with(|prime, now| prime.desk.set_offline(symbol, offline, now))
    }

    /// Disables a security or a currency, which the streams tell as `Remove`, and cancels the
    /// security's orders; or enables it again. `false` if there is no such.
    pub fn set_disabled(&self, symbol: &str, disabled: bool) -> bool {
        self.with(|prime, now| prime.desk.set_disabled(symbol, disabled, now))
    }

    /// All orders that are known, oldest first.
    pub fn orders(&self) -> Vec<PrimeOrder> {
        self.with(|prime, _| prime.desk.orders.all().map(PrimeOrder::of).collect())
    }

    /// The orders that are not over, oldest first.
    pub fn open_orders(&self) -> Vec<PrimeOrder> {
        self.with(|prime, _| {
            let live = prime.desk.orders.live();
            live.map(|(_, order)| PrimeOrder::of(order)).collect()
        })
    }

    /// All trades that are known, oldest first.
    pub fn trades(&self) -> Vec<PrimeTrade> {
        self.with(|prime, _| prime.desk.trades.log.iter().map(PrimeTrade::of).collect())
    }

    /// Lets somebody fill an open order, up to so much of its quantity, at its limit or else at
    /// the price of the market. Returns how much was filled.
    pub fn fill_order(&self, order_id: &str, quantity: Decimal) -> Decimal {
        self.with(|prime, _| prime.desk.fill_order(order_id, quantity))
    }

    /// Cancels an open order as the venue itself does; `false` if there is no such.
    pub fn cancel_order(&self, order_id: &str) -> bool {
        self.with(|prime, _| prime.desk.cancel_by_venue(order_id))
    }

    /// Lowers what is left of an open order to `leaves`, which is told as `Restated`; `false` if
    /// there is no such order, or so much is not left of it.
    pub fn restate_order(&self, order_id: &str, leaves: Decimal) -> bool {
        self.with(|prime, _| prime.desk.restate(order_id, leaves))
    }
}

impl PrimeOrder {
    fn of(order: &Order) -> Self {
        Self {
            order_id: order.id.clone(),
            cl_ord_id: order.cl_ord_id.clone(),
            symbol: order.symbol.clone(),
            side: side_name(order.side),
            quantity: order.qty,
            price: order.price,
            currency: order.currency.clone(),
            filled: order.cum_qty,
            leaves: order.leaves(),
            status: order.status().name(),
        }
    }
}

impl PrimeTrade {
    fn of(trade: &Trade) -> Self {
        Self {
            trade_id: trade.id.clone(),
            order_id: trade.order.id.clone(),
            symbol: trade.order.symbol.clone(),
            side: side_name(trade.order.side),
            time: trade.at,
            price: trade.last.price,
            quantity: trade.last.qty,
            amount: trade.last.amt,
            fee: trade.last.fee,
        }
    }
}

impl Desk {
    pub(crate) fn set_balance(&mut self, currency: &str, amount: Decimal) -> bool {
        let Some(currency) = find_currency(currency) else {
            return false;
        };
        let change = amount.checked_sub(self.purse.amount(currency.symbol));
        let is_amount = amount.normalize().scale() <= currency.digits;
        let done = change.filter(|_| is_amount).is_some_and(|change| {
            let changes = [(currency.symbol, change)];
            self.purse.receive(&changes, &Holder::Outside).is_ok()
        });
        self.show_money();
        done
    }

    /// What the customer has at the start: these amounts, and nothing else. The error is what
    /// can't be had.
    pub(crate) fn start_with(
        &mut self,
        balances: &[(String, Decimal)],
    ) -> Result<(), (String, Decimal)> {
        for currency in CURRENCIES {
            self.set_balance(currency.symbol, Decimal::ZERO);
        }
        let mut balances = balances.iter();
        let bad = balances.find(|(currency, amount)| !self.set_balance(currency, *amount));
        bad.map_or(Ok(()), |bad| Err(bad.clone()))
    }

    pub(crate) fn balances(&self) -> Vec<PrimeBalance> {
        let available = self.available(None);
        let currencies = CURRENCIES.iter().map(|currency| currency.symbol);
        currencies
            .map(|currency| PrimeBalance {
                currency,
                amount: self.purse.amount(currency),
                available: available.get(currency).copied().unwrap_or_default(),
            })
            .collect()
    }

    pub(crate) fn set_price(&mut self, symbol: &str, price: Decimal, now: Moment) -> bool {
        let Some(security) = find_security(symbol) else {
            return false;
        };
        let Some(trade) = self.markets.set_price(security, price, now) else {
            return false;
        };
        self.reach(&[(security, trade)]);
        self.show_money();
        true
    }

    pub(crate) fn set_offline(&mut self, symbol: &str, offline: bool, now: Moment) -> bool {
        let found = self.listing.set_offline(symbol, offline);
        if let Some(security) = find_security(symbol) {
            self.markets.touch(security, now);
        }
        found
    }

    pub(crate) fn set_disabled(&mut self, symbol: &str, disabled: bool, now: Moment) -> bool {
        let at = self.stamps.next(now);
        let found = self.listing.set_gone(symbol, disabled, at);
        if let Some(security) = find_security(symbol) {
            self.markets.touch(security, now);
        }
        if disabled {
            for number in self.orders.live_numbers() {
                // One that is not accepted yet will be refused.
                let is_one =
                    |order: &Order| order.symbol == symbol && order.standing != Status::PendingNew;
                if self.orders.get(number).is_some_and(is_one) {
                    self.cancel(number, "the security is disabled");
                }
            }
        }
        self.catch_up();
        found
    }

    /// An order that is accepted and not over.
    fn open_order(&self, order_id: &str) -> Option<(u64, &Order)> {
        let number = self.orders.by_id(order_id)?;
        let order = self.orders.get(number)?;
        let is_open = order.is_live() && order.standing != Status::PendingNew;
        is_open.then_some((number, order))
    }

    pub(crate) fn fill_order(&mut self, order_id: &str, quantity: Decimal) -> Decimal {
        let Some((number, order)) = self.open_order(order_id) else {
            return Decimal::ZERO;
        };
        let before = order.cum_qty;
        let Some(security) = order.security else {
            return Decimal::ZERO;
        };
        let market = || {
            let middle = self.markets.middle(security)?;
            Some(middle.round_dp(security.price_digits))
        };
        let Some(price) = order.price.or_else(market) else {
            return Decimal::ZERO;
        };
        let quantity = quantity.round_dp(security.digits_of(&order.currency));
        let wanted = order.wanted().at_most(quantity);
        let there = Decimal::from(1_000_000_000_u32);
        let aggressor = match order.side {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        };
        if let Some(part) = part_of(security, price, there, wanted) {
            self.fill(number, part, aggressor);
        }
        self.catch_up();
        let after = self.orders.get(number).map(|order| order.cum_qty);
        after.unwrap_or(before) - before
    }

    pub(crate) fn cancel_by_venue(&mut self, order_id: &str) -> bool {
        let Some((number, _)) = self.open_order(order_id) else {
            return false;
        };
        self.cancel(number, "canceled by the venue");
        self.catch_up();
        true
    }

    pub(crate) fn restate(&mut self, order_id: &str, leaves: Decimal) -> bool {
        let Some((number, order)) = self.open_order(order_id) else {
            return false;
        };
        let digits = order
            .security
            .map_or(0, |security| security.digits_of(&order.currency));
        if leaves <= Decimal::ZERO || leaves > order.leaves() || leaves.scale() > digits {
            return false;
        }
        if let Some(order) = self.orders.get_mut(number) {
            order.qty = order.cum_qty + leaves;
        }
        let about = About {
            text: Some("the venue lowered the quantity".to_owned()),
            ..About::default()
        };
        self.tell(number, "Restated", about);
        self.catch_up();
        true
    }
}
