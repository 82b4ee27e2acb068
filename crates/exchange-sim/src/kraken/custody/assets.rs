//! What Custody keeps, and the ways in and out for each of it.

use rust_decimal::{Decimal, RoundingStrategy};

/// No amount of a request may be larger, so that no sum or product overflows.
const LARGEST_AMOUNT: i64 = 1_000_000_000_000;

/// Something that can be kept in a vault. All of it is of the class
/// [`CURRENCY`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asset {
    /// As most answers name it: `BTC`.
    pub code: &'static str,
    /// As Spot's lists name it: `XBT`.
    pub altname: &'static str,
    /// As Spot's answers are keyed: `XXBT`.
    pub id: &'static str,
    pub name: &'static str,
    /// Digits that are kept of an amount.
    pub decimals: u32,
    /// Digits shown to people.
    pub display_decimals: u32,
    /// US dollars for one, in cents; none where the venue has no rate.
    pub cents: Option<i64>,
    pub color: &'static str,
    /// On a chain, not in a bank.
    pub crypto: bool,
}

/// A way in and out for an asset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// A UUID.
    pub id: &'static str,
    /// Code of the asset.
    pub asset: &'static str,
    pub name: &'static str,
    /// A UUID.
    pub network_id: &'static str,
    pub network: &'static str,
    pub confirmations: &'static str,
    pub confirmation_time: &'static str,
    pub explorer: &'static str,
    /// What its addresses begin with.
    pub prefix: &'static str,
    /// Whether an address alone does not say whose money it is.
    pub tagged: bool,
    // In the smallest unit of the asset:
    pub least_deposit: i64,
    pub least_withdrawal: i64,
    pub most_withdrawal: i64,
    pub withdrawal_fee: i64,
}

/// The only class of assets.
pub(crate) const CURRENCY: &str = "currency";

pub(crate) const ASSETS: &[Asset] = &[
    Asset {
        code: "BTC",
        altname: "XBT",
        id: "XXBT",
        name: "Bitcoin",
        decimals: 8,
        display_decimals: 8,
        cents: Some(6_500_000),
        color: "#F7931A",
        crypto: true,
    },
    Asset {
        code: "ETH",
        altname: "ETH",
        id: "XETH",
        name: "Ethereum",
        decimals: 8,
        display_decimals: 6,
        cents: Some(320_000),
        color: "#627EEA",
        crypto: true,
    },
    Asset {
        code: "USDT",
        altname: "USDT",
        id: "USDT",
        name: "Tether USD",
        decimals: 6,
        display_decimals: 2,
        cents: Some(100),
        color: "#26A17B",
        crypto: true,
    },
    Asset {
        code: "XRP",
        altname: "XRP",
        id: "XXRP",
        name: "XRP",
        decimals: 6,
        display_decimals: 6,
        cents: Some(52),
        color: "#23292F",
        crypto: true,
    },
    // Without a rate, so that a client meets `missing_rates`.
    Asset {
        code: "MINA",
        altname: "MINA",
        id: "MINA",
        name: "Mina",
        decimals: 8,
        display_decimals: 4,
        cents: None,
        color: "#E39844",
        crypto: true,
    },
    Asset {
        code: "USD",
        altname: "USD",
        id: "ZUSD",
        name: "US Dollar",
        decimals: 4,
        display_decimals: 2,
        cents: Some(100),
        color: "#85BB65",
        crypto: false,
    },
];

pub(crate) const METHODS: &[Method] = &[
    Method {
        id: "11111111-1111-4111-8111-111111111111",
        asset: "BTC",
        name: "Bitcoin",
        network_id: "21111111-1111-4111-8111-111111111111",
        network: "Bitcoin",
        confirmations: "3",
        confirmation_time: "~30 minutes",
        explorer: "https://www.blockchain.com/btc/tx/{tx_id}",
        prefix: "bc1q",
        tagged: false,
        least_deposit: 10_000,
        least_withdrawal: 50_000,
        most_withdrawal: 50_000_000_000,
        withdrawal_fee: 10_000,
    },
    Method {
        id: "11111111-1111-4111-8111-222222222222",
        asset: "ETH",
        name: "Ether",
        network_id: "21111111-1111-4111-8111-222222222222",
        network: "Ethereum",
        confirmations: "20",
        confirmation_time: "~5 minutes",
        explorer: "https://etherscan.io/tx/{tx_id}",
        prefix: "0x",
        tagged: false,
        least_deposit: 100_000,
        least_withdrawal: 400_000,
        most_withdrawal: 1_000_000_000_000,
        withdrawal_fee: 150_000,
    },
    Method {
        id: "11111111-1111-4111-8111-333333333333",
        asset: "USDT",
        name: "Tether USD (ERC20)",
        network_id: "21111111-1111-4111-8111-222222222222",
        network: "Ethereum",
        confirmations: "20",
        confirmation_time: "~5 minutes",
        explorer: "https://etherscan.io/tx/{tx_id}",
        prefix: "0x",
        tagged: false,
        least_deposit: 1_000_000,
        least_withdrawal: 10_000_000,
        most_withdrawal: 5_000_000_000_000,
        withdrawal_fee: 4_000_000,
    },
    Method {
        id: "11111111-1111-4111-8111-444444444444",
        asset: "USDT",
        name: "Tether USD (TRC20)",
        network_id: "21111111-1111-4111-8111-444444444444",
        network: "Tron",
        confirmations: "19",
        confirmation_time: "~1 minute",
        explorer: "https://tronscan.org/#/transaction/{tx_id}",
        prefix: "T",
        tagged: false,
        least_deposit: 1_000_000,
        least_withdrawal: 5_000_000,
        most_withdrawal: 5_000_000_000_000,
        withdrawal_fee: 2_500_000,
    },
    Method {
        id: "11111111-1111-4111-8111-555555555555",
        asset: "XRP",
        name: "XRP",
        network_id: "21111111-1111-4111-8111-555555555555",
        network: "XRP Ledger",
        confirmations: "1",
        confirmation_time: "almost at once",
        explorer: "https://livenet.xrpl.org/transactions/{tx_id}",
        prefix: "r",
        tagged: true,
        least_deposit: 1_000_000,
        least_withdrawal: 20_000_000,
        most_withdrawal: 10_000_000_000_000,
        withdrawal_fee: 20_000,
    },
    Method {
        id: "11111111-1111-4111-8111-666666666666",
        asset: "MINA",
        name: "Mina",
        network_id: "21111111-1111-4111-8111-666666666666",
        network: "Mina",
        confirmations: "15",
        confirmation_time: "~45 minutes",
        explorer: "https://minascan.io/mainnet/tx/{tx_id}",
        prefix: "B62q",
        tagged: false,
        least_deposit: 10_000_000,
        least_withdrawal: 100_000_000,
        most_withdrawal: 100_000_000_000_000,
        withdrawal_fee: 20_000_000,
    },
    Method {
        id: "11111111-1111-4111-8111-777777777777",
        asset: "USD",
        name: "Fedwire",
        network_id: "21111111-1111-4111-8111-777777777777",
        network: "Fedwire",
        confirmations: "0",
        confirmation_time: "1 banking day",
        explorer: "",
        prefix: "WIRE",
        tagged: false,
        least_deposit: 10_000,
        least_withdrawal: 1_000_000,
        most_withdrawal: 50_000_000_000,
        withdrawal_fee: 40_000,
    },
];

impl Asset {
    /// An amount with all digits that are kept.
    pub(crate) fn fixed(&self, amount: Decimal) -> String {
        fixed(amount, self.decimals)
    }

    /// So many of its smallest units.
    pub(crate) fn units(&self, units: i64) -> Decimal {
        Decimal::new(units, self.decimals)
    }

    /// US dollars for one.
    pub(crate) fn rate(&self) -> Option<Decimal> {
        Some(Decimal::new(self.cents?, 2))
    }

    /// What an amount is worth in US dollars, cut after four digits; none
    /// without a rate.
    pub(crate) fn worth(&self, amount: Decimal) -> Option<Decimal> {
        let worth = amount.checked_mul(self.rate()?)?;
        Some(worth.round_dp_with_strategy(4, RoundingStrategy::ToZero))
    }

    /// An amount of this in another asset, cut after the digits of that one;
    /// none without a rate.
    pub(crate) fn converted(&self, amount: Decimal, into: &Self) -> Option<Decimal> {
        let converted = amount
            .checked_mul(self.rate()?)?
            .checked_div(into.rate()?)?;
        Some(converted.round_dp_with_strategy(into.decimals, RoundingStrategy::ToZero))
    }

    /// An amount as a request gives it: digits with a point at most, above
    /// zero, and no digits beyond those that are kept.
    pub(crate) fn read(&self, text: &str) -> Option<Decimal> {
        let plain = text.len() <= 40
            && text.starts_with(|first: char| first.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let amount = Decimal::from_str_exact(plain.then_some(text)?).ok()?;
        self.admits(amount).then_some(amount)
    }

    /// Whether an amount is above zero, not absurd, and has no digits beyond
    /// those that are kept.
    pub(crate) fn admits(&self, amount: Decimal) -> bool {
        amount > Decimal::ZERO
            && amount <= Decimal::from(LARGEST_AMOUNT)
            && amount.normalize().scale() <= self.decimals
    }

    pub(crate) fn methods(&self) -> impl Iterator<Item = &'static Method> {
        let code = self.code;
        METHODS.iter().filter(move |method| method.asset == code)
    }
}

impl Method {
    pub(crate) fn asset(&self) -> Option<&'static Asset> {
        ASSETS.iter().find(|asset| asset.code == self.asset)
    }
}

/// A decimal with so many digits after the point; what is beyond is cut.
pub(crate) fn fixed(value: Decimal, decimals: u32) -> String {
    let mut value = value.round_dp_with_strategy(decimals, RoundingStrategy::ToZero);
    value.rescale(decimals);
    value.to_string()
}

/// The asset of a code, or of one of Spot's names.
pub(crate) fn find_asset(name: &str) -> Option<&'static Asset> {
    ASSETS
        .iter()
        .find(|asset| [asset.code, asset.altname, asset.id].contains(&name))
}

/// The method of an id.
pub(crate) fn find_method(id: &str) -> Option<&'static Method> {
    METHODS
        .iter()
        .find(|method| method.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_its_asset_and_an_id_of_its_own() {
        for method in METHODS {
            assert!(method.asset().is_some(), "{}", method.name);
            assert_eq!(find_method(method.id), Some(method));
            assert!(method.withdrawal_fee < method.least_withdrawal);
        }
        for asset in ASSETS {
            assert!(asset.methods().next().is_some(), "{}", asset.code);
            assert_eq!(find_asset(asset.id), Some(asset));
        }
    }

    #[test]
    fn amounts_are_read_strictly_and_written_whole() {
        let btc = find_asset("XBT").unwrap();
        assert_eq!(btc.fixed(btc.read("1.5").unwrap()), "1.50000000");
        assert_eq!(btc.fixed(btc.read("0.12345678000").unwrap()), "0.12345678");
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "1e3",
            "1_0",
            ".5",
            "1.2.3",
            "0.123456789",
            "1000000000001",
        ] {
            assert_eq!(btc.read(text), None, "{text}");
        }
    }

    #[test]
    fn worth_is_cut_and_missing_without_a_rate() {
        let xrp = find_asset("XRP").unwrap();
        let worth = xrp.worth("0.000999".parse().unwrap()).unwrap();
        assert_eq!(worth.to_string(), "0.0005");
        assert_eq!(find_asset("MINA").unwrap().worth(Decimal::ONE), None);
        let (btc, eth) = (find_asset("BTC").unwrap(), find_asset("ETH").unwrap());
        let converted = btc.converted(Decimal::ONE, eth).unwrap();
        assert_eq!(converted, "20.3125".parse().unwrap());
    }
}
