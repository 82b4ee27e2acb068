//! What a test can do to Kraken's markets.

use std::time::Duration;

use rust_decimal::Decimal;

use super::assets::{PAIRS, Pair, find_pair};
use super::market::status::{KrakenStatus, Maintenance};
use super::market::{Market, Side};
use crate::Moment;
use crate::kraken::handle::KrakenHandle;

/// The largest factor on how restless a price is, in percent.
const MOST_VOLATILITY: u32 = 10_000;

/// Markets. A pair is named as in a request: `XBTUSD`, `BTC/USD`.
///
/// Prices move by themselves, by the clock of the venue. A test that counts on
/// exact prices calls [`KrakenHandle::freeze_prices`] first.
impl KrakenHandle {
    /// The names of all pairs, as `AssetPairs` has them: `XXBTZUSD`.
    pub fn pairs(&self) -> Vec<&'static str> {
        PAIRS.iter().map(|pair| pair.id).collect()
    }

    /// The price of the last trade of a pair.
    ///
    /// # Panics
    ///
    /// If there is no such pair.
    pub fn price(&self, pair: &str) -> Decimal {
        self.of_market(pair, Market::last)
    }

    /// The best bid and the best ask of a pair, without those of customers; none
    /// where nobody offers anything.
    ///
    /// # Panics
    ///
    /// If there is no such pair.
    pub fn best_prices(&self, pair: &str) -> (Option<Decimal>, Option<Decimal>) {
        self.of_market(pair, |market| {
            let best = |side| market.best(side).map(|level| level.price);
            (best(Side::Buy), best(Side::Sell))
        })
    }

    /// Moves the price of a pair at once: somebody trades at it, the best bid
    /// is one tick below, the best ask one above, and customers' orders that
    /// this reaches are filled or triggered: at the price itself as far as is
    /// traded there (10 bitcoins, say), beyond it as far as the book is deep. From then on the price moves about
    /// the new one, unless it is frozen.
    ///
    /// # Panics
    ///
    /// If there is no such pair, or the price is not above zero or has more
    /// digits than the pair's prices have.
    pub fn set_price(&self, pair: &str, price: Decimal) {
        let name = pair;
        let pair = known(name);
        let set = self.with(|kraken, now| {
            let spot = &mut kraken.spot;
            // First what was due at the old price.
            spot.advance(now);
            let set = spot.markets.set_price(pair, price, now);
            spot.advance(now);
            set
        });
        assert!(set, "{price} is no price of {name}");
    }

    /// Stops the others in all pairs: neither prices nor books change, and
    /// nobody but customers trades. What customers take from a book comes back
    /// within a second of the venue's clock.
    pub fn freeze_prices(&self) {
        self.for_all_markets(|market| market.frozen = true);
    }

    /// Lets prices move again.
    pub fn run_prices(&self) {
        self.for_all_markets(|market| market.frozen = false);
    }

    /// Sets how restless a pair's price is, in percent of the usual: 0 lets it
    /// stay near where it is drawn to while the others go on trading. At most
    /// 10,000.
    ///
    /// # Panics
    ///
    /// If there is no such pair.
    pub fn set_volatility(&self, pair: &str, percent: u32) {
        let pair = known(pair);
        self.with(|kraken, now| {
            kraken.spot.advance(now);
            if let Some(market) = kraken.spot.markets.get_mut(pair) {
                market.volatility = percent.min(MOST_VOLATILITY);
            }
        });
    }

    /// What Spot's matching engine lets happen now.
    pub fn system_status(&self) -> KrakenStatus {
        self.with(|kraken, now| {
            kraken.spot.advance(now);
            kraken.spot.markets.status
        })
    }

    /// Sets what Spot's matching engine lets happen from now on. While it is
    /// not online the others do not trade.
    pub fn set_system_status(&self, status: KrakenStatus) {
        self.with(|kraken, now| {
            kraken.spot.advance(now);
            kraken.spot.markets.status = status;
        });
    }

    /// Plans a maintenance, which `MaintenanceSchedule` and `SystemStatus`
    /// announce, and in which the status is [`KrakenStatus::Maintenance`].
    ///
    /// # Panics
    ///
    /// If it is over already or takes no time, or if a hundred are planned.
    pub fn plan_maintenance(&self, title: impl Into<String>, start: Moment, length: Duration) {
        let title = title.into();
        let planned = self.with(|kraken, now| {
            let spot = &mut kraken.spot;
            spot.advance(now);
            let end = start.plus(length);
            let maintenance = Maintenance {
                id: spot.ids.below(1_000_000),
                title,
                start,
                end,
                begun: false,
            };
            let planned = end > now && spot.markets.plan(maintenance);
            spot.markets.keep_schedule(now);
            planned
        });
        assert!(planned, "no maintenance can be planned so");
    }

    fn of_market<T>(&self, pair: &str, read: impl FnOnce(&Market) -> T) -> T {
        let pair = known(pair);
        let found = self.with(|kraken, now| {
            kraken.spot.advance(now);
            kraken.spot.markets.get(pair).map(read)
        });
        found.unwrap_or_else(|| no_pair(pair.id))
    }

    fn for_all_markets(&self, change: impl Fn(&mut Market)) {
        self.with(|kraken, now| {
            kraken.spot.advance(now);
            kraken.spot.markets.all_mut().iter_mut().for_each(change);
        });
    }
}

fn known(name: &str) -> &'static Pair {
    find_pair(name).unwrap_or_else(|| no_pair(name))
}

#[expect(
    clippy::panic,
    reason = "documented: a test has named what is not there"
)]
fn no_pair(name: &str) -> ! {
    panic!("there is no pair {name}")
}

#[cfg(test)]
mod tests {
    use crate::{KrakenStatus, Moment, Sim};
    use rust_decimal::Decimal;
    use std::time::Duration;

    const START: Moment = Moment::from_seconds(1_800_000_000);

    async fn sim() -> Sim {
        Sim::builder().frozen_at(START).start().await.unwrap()
    }

    #[tokio::test]
    async fn prices_are_set_and_frozen() {
        let sim = sim().await;
        let kraken = sim.kraken();
        kraken.freeze_prices();
        kraken.set_price("BTC/USD", Decimal::from(50_000));
        sim.clock().advance(Duration::from_secs(100));
        assert_eq!(kraken.price("XBTUSD"), Decimal::from(50_000));
        let tick = Decimal::new(1, 1);
        let best = (
            Some(Decimal::from(50_000) - tick),
            Some(Decimal::from(50_000) + tick),
        );
        assert_eq!(kraken.best_prices("XXBTZUSD"), best);
        kraken.run_prices();
        sim.clock().advance(Duration::from_secs(100));
        assert_ne!(kraken.best_prices("XXBTZUSD"), best);
        assert!(kraken.pairs().contains(&"XXBTZUSD"));
    }

    #[tokio::test]
    async fn a_still_price_stays_while_others_trade() {
        let sim = sim().await;
        let kraken = sim.kraken();
        kraken.set_volatility("ETHUSD", 0);
        kraken.set_price("ETHUSD", Decimal::from(1_000));
        sim.clock().advance(Duration::from_secs(600));
        let away = (kraken.price("ETHUSD") - Decimal::from(1_000)).abs();
        assert!(away < Decimal::ONE, "{away}");
    }

    #[tokio::test]
    async fn the_status_is_set_and_follows_the_plan() {
        let sim = sim().await;
        let kraken = sim.kraken();
        assert_eq!(kraken.system_status(), KrakenStatus::Online);
        kraken.set_system_status(KrakenStatus::CancelOnly);
        assert_eq!(kraken.system_status(), KrakenStatus::CancelOnly);
        kraken.set_system_status(KrakenStatus::Online);
        let start = START.plus(Duration::from_secs(60));
        kraken.plan_maintenance("Upgrade", start, Duration::from_secs(60));
        sim.clock().advance_to(start);
        assert_eq!(kraken.system_status(), KrakenStatus::Maintenance);
        sim.clock().advance(Duration::from_secs(60));
        assert_eq!(kraken.system_status(), KrakenStatus::Online);
        kraken.plan_maintenance("Now", START, Duration::from_secs(1_000));
        assert_eq!(kraken.system_status(), KrakenStatus::Maintenance);
    }

    #[tokio::test]
    #[should_panic(expected = "there is no pair NOPE")]
    async fn an_unknown_pair_is_told_of() {
        sim().await.kraken().set_price("NOPE", Decimal::ONE);
    }

    #[tokio::test]
    #[should_panic(expected = "0.01 is no price of XBTUSD")]
    async fn a_price_between_two_ticks_is_told_of() {
        sim().await.kraken().set_price("XBTUSD", Decimal::new(1, 2));
    }
}
