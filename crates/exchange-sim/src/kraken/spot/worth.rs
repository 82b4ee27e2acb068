//! What something is worth at the last prices.

use rust_decimal::Decimal;

use super::Spot;
use super::assets::{PAIRS, Pair, find_asset};
use super::market::Market;

impl Spot {
    /// The price of the last trade.
    pub(crate) fn last_price(&self, pair: &Pair) -> Decimal {
        self.markets.get(pair).map_or(Decimal::ZERO, Market::last)
    }

    /// What an amount is worth in another asset, by the last prices; none if no
    /// pair leads from one to the other.
    pub(crate) fn value_in(&self, asset: &str, amount: Decimal, target: &str) -> Option<Decimal> {
        let plain = |name: &str| {
            let name = name.split('.').next().unwrap_or(name);
            find_asset(name).map(|asset| asset.id)
        };
        let (asset, target) = (plain(asset)?, plain(target)?);
        let direct = |from: &str, to: &str, amount: Decimal| -> Option<Decimal> {
            if from == to {
                return Some(amount);
            }
            for pair in PAIRS {
                if pair.base == from && pair.quote == to {
                    return amount.checked_mul(self.last_price(pair));
                }
                if pair.base == to && pair.quote == from {
                    return amount.checked_div(self.last_price(pair));
                }
            }
            None
        };
        direct(asset, target, amount).or_else(|| {
            let dollars = direct(asset, "ZUSD", amount)?;
            direct("ZUSD", target, dollars)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::treasury::testing::Customer;

    #[test]
    fn a_value_goes_by_a_pair_either_way_or_over_dollars() {
        let spot = Customer::new().spot;
        let value = |amount: &str, asset: &str, target: &str| {
            let value = spot.value_in(asset, amount.parse().unwrap(), target);
            value.map(|value| value.round_dp(8).normalize().to_string())
        };
        // 60000 USD, 55000 EUR, 1.36 CAD for a dollar.
        assert_eq!(value("2", "XXBT", "ZEUR").unwrap(), "110000");
        assert_eq!(value("110000", "ZEUR", "XXBT").unwrap(), "2");
        assert_eq!(value("0.5", "XBT.B", "ZCAD").unwrap(), "40800");
        assert_eq!(value("7", "KFEE", "KFEE").unwrap(), "7");
        assert_eq!(value("7", "KFEE", "ZUSD"), None);
        assert_eq!(value("7", "NONE", "ZUSD"), None);
        assert_eq!(value("79228162514264337593543950335", "XXBT", "ZUSD"), None);
    }
}
