//! What a test does to deposits, withdrawals and subaccounts.

use rust_decimal::Decimal;

use super::Spot;
use super::assets::{Asset, find_asset};
use super::treasury::methods::Method;
use super::treasury::transfers::futures_wallet;
use super::treasury::withdrawals::Saved;
use crate::kraken::handle::{FIRST_ACCOUNT, KrakenHandle};

/// Deposits, withdrawals and subaccounts.
impl KrakenHandle {
    /// Sends so much of an asset, by its id or altname, to the first account,
    /// by the asset's first deposit method; returns the reference that
    /// `DepositStatus` shows. It is `Pending` after 5 seconds of the venue's
    /// clock, `Settled` after 30, and credited less the method's fee after 60.
    ///
    /// # Panics
    ///
    /// If the asset can't be deposited, or the amount is below the method's
    /// minimum or has more digits than the venue keeps.
    pub fn deposit(&self, asset: &str, amount: Decimal) -> String {
        self.deposit_to(FIRST_ACCOUNT, asset, amount)
    }

    /// As [`deposit`](Self::deposit), to an account by its id.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn deposit_to(&self, account: &str, asset: &str, amount: Decimal) -> String {
        let refid = self.with(|kraken, now| {
            kraken.spot.advance(now);
            let asset = find_asset(asset)?;
            kraken.spot.receive(account, asset, amount, now)
        });
        assert!(refid.is_some(), "can't deposit {amount} {asset}");
        refid.unwrap_or_default()
    }

    /// Saves a verified withdrawal address of the first account under the name
    /// `key`, for the asset's first method. Every account has some to begin
    /// with, which `WithdrawAddresses` lists; `btc-wallet-1` is one.
    ///
    /// # Panics
    ///
    /// If the asset can't be withdrawn, or the name is in use.
    pub fn add_withdrawal_address(&self, asset: &str, key: &str, address: &str) {
        self.save_address(asset, key, address, true);
    }

    /// As [`add_withdrawal_address`](Self::add_withdrawal_address), but the
    /// address is not confirmed by e-mail, so nothing can be withdrawn to it.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn add_unverified_withdrawal_address(&self, asset: &str, key: &str, address: &str) {
        self.save_address(asset, key, address, false);
    }

    fn save_address(&self, asset: &str, key: &str, address: &str, verified: bool) {
        let saved = self.with(|kraken, _| {
            let method = find_asset(asset).and_then(|asset| Method::of(asset).next());
            method.is_some_and(|method| {
                let saved = Saved {
                    key: key.to_owned(),
                    method,
                    address: address.to_owned(),
                    tag: None,
                    verified,
                };
                kraken.spot.treasury.save(FIRST_ACCOUNT, saved)
            })
        });
        assert!(saved, "can't save an address of {asset} as {key}");
    }

    /// Fails a deposit that is not credited yet, by its reference; `false` if
    /// there is none.
    pub fn deny_deposit(&self, refid: &str) -> bool {
        self.to_movement(refid, |spot, serial, _| spot.treasury.deny(serial))
    }

    /// Fails a withdrawal that is not sent yet, by its reference, and frees its
    /// money; `false` if there is none.
    pub fn deny_withdrawal(&self, refid: &str) -> bool {
        self.to_movement(refid, |spot, serial, _| spot.treasury.deny(serial))
    }

    /// Has every cancellation of a withdrawal denied, by its reference: it goes
    /// on as `cancel-denied`. `false` if there is none or it is over.
    pub fn deny_cancellation(&self, refid: &str) -> bool {
        self.to_movement(refid, |spot, serial, _| {
            spot.treasury.make_unstoppable(serial)
        })
    }

    /// Puts a deposit or withdrawal under review, by its reference: it stays in
    /// its state as `onhold`. `false` if there is none or it is over.
    pub fn put_on_hold(&self, refid: &str) -> bool {
        self.to_movement(refid, |spot, serial, _| spot.treasury.put_on_hold(serial))
    }

    /// Lets a deposit or withdrawal go on that was under review; `false` if
    /// there is none.
    pub fn release(&self, refid: &str) -> bool {
        self.to_movement(refid, |spot, serial, now| {
            spot.treasury.release(serial, now)
        })
    }

    /// Brings all deposits and withdrawals to their end at once, without moving
    /// the clock; but not those under review.
    pub fn finish_deposits_and_withdrawals(&self) {
        self.with(|kraken, now| {
            kraken.spot.advance(now);
            kraken.spot.finish_movements(now);
        });
    }

    /// The subaccounts of the first account: user name and account id. Give the
    /// id to [`KrakenKey::account`](crate::KrakenKey::account) for a key.
    pub fn subaccounts(&self) -> Vec<(String, String)> {
        self.with(|kraken, _| kraken.spot.treasury.subaccounts_of(FIRST_ACCOUNT))
    }

    /// What lies of an asset, by its id or altname, in the futures wallet of
    /// the first account. `WalletTransfer` moves it there.
    pub fn futures_balance(&self, asset: &str) -> Decimal {
        let id = find_asset(asset).map_or(asset, |asset: &Asset| asset.id);
        self.with(|kraken, _| {
            let wallet = futures_wallet(FIRST_ACCOUNT);
            kraken.spot.books.balance(&wallet, id)
        })
    }

    /// Does something to a deposit or withdrawal.
    fn to_movement(
        &self,
        refid: &str,
        action: impl FnOnce(&mut Spot, u64, crate::Moment) -> bool,
    ) -> bool {
        self.with(|kraken, now| {
            kraken.spot.advance(now);
            let serial = kraken.spot.treasury.serial_of(refid);
            serial.is_some_and(|serial| action(&mut kraken.spot, serial, now))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::Moment;
    use crate::clock::Clock;
    use crate::kraken::Kraken;

    fn kraken() -> (KrakenHandle, Clock) {
        let start = Moment::from_seconds(1_688_669_597);
        let clock = Clock::frozen_at(start);
        let kraken = Arc::new(Mutex::new(Kraken::new(1, start)));
        (
            KrakenHandle::new(kraken, clock.clone(), String::new()),
            clock,
        )
    }

    #[test]
    fn deposits_arrive_with_the_clock_or_without() {
        let (kraken, clock) = kraken();
        let amount = Decimal::new(15, 1);
        kraken.deposit("BTC", amount);
        clock.advance(Duration::from_secs(59));
        assert_eq!(kraken.balance("XBT"), Decimal::ZERO);
        clock.advance(Duration::from_secs(1));
        assert_eq!(kraken.balance("XBT"), amount);
        let held = kraken.deposit("XXBT", amount);
        assert!(kraken.put_on_hold(&held));
        kraken.deposit("XXBT", amount);
        kraken.finish_deposits_and_withdrawals();
        assert_eq!(kraken.balance("XBT"), amount + amount);
        assert!(kraken.release(&held));
        assert!(kraken.deny_deposit(&held));
        assert!(!kraken.deny_deposit(&held));
        kraken.finish_deposits_and_withdrawals();
        assert_eq!(kraken.balance("XBT"), amount + amount);
        assert!(!kraken.put_on_hold("none"));
    }

    #[test]
    #[should_panic(expected = "can't deposit")]
    fn less_than_the_minimum_can_not_be_deposited() {
        kraken().0.deposit("XBT", Decimal::new(1, 8));
    }

    #[test]
    fn addresses_are_saved_under_names_of_their_own() {
        let (kraken, _) = kraken();
        kraken.add_withdrawal_address("XBT", "mine", "bc1qmine");
        kraken.add_unverified_withdrawal_address("ETH", "theirs", "0x1");
        let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            kraken.add_withdrawal_address("XBT", "btc-wallet-1", "bc1qmine");
        }));
        assert!(again.is_err());
    }
}
