//! The ways in which money comes and goes.

use rust_decimal::Decimal;

use super::super::assets::{Asset, find_asset};
use crate::ids::Ids;

/// How an address of a method looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `bc1q…`
    Bech32,
    /// A Lightning invoice, which is for one amount and expires.
    Invoice,
    /// `0x…`
    Hexadecimal,
    /// So many letters of base 58, beginning with these.
    Base58(&'static str, usize),
    /// One address for all customers, with a tag that tells them apart.
    Tagged(&'static str),
    /// One address for all customers, with a memo that tells them apart.
    WithMemo(&'static str),
    /// A bank: no addresses are made.
    Bank,
}

/// A way to deposit and withdraw one asset. Amounts are in units of 10^-8.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// Asset id.
    pub asset: &'static str,
    pub name: &'static str,
    /// None for money.
    pub network: Option<&'static str>,
    pub form: Form,
    pub deposit_fee: i64,
    pub deposit_minimum: i64,
    pub withdrawal_fee: i64,
    pub withdrawal_minimum: i64,
    /// The most that can be withdrawn in a day, in whole units of the asset.
    pub daily: i64,
    /// The name under which every master account has an address saved.
    pub demo_key: &'static str,
    pub demo_address: &'static str,
}

const LETTERS_58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const LETTERS_BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// All methods. Those of assets that the catalogue lacks are not found.
pub(crate) const METHODS: &[Method] = &[
    Method {
        asset: "XXBT",
        name: "Bitcoin",
        network: Some("Bitcoin"),
        form: Form::Bech32,
        deposit_fee: 0,
        deposit_minimum: 10_000,
        withdrawal_fee: 15_000,
        withdrawal_minimum: 40_000,
        daily: 100,
        demo_key: "btc-wallet-1",
        demo_address: "bc1qdemo0exchange0sim0not0for0use0xxxxxxxxx",
    },
    Method {
        asset: "XXBT",
        name: "Bitcoin Lightning",
        network: Some("Lightning"),
        form: Form::Invoice,
        deposit_fee: 0,
        deposit_minimum: 10_000,
        withdrawal_fee: 100,
        withdrawal_minimum: 1_000,
        daily: 1,
        demo_key: "btc-lightning-1",
        demo_address: "demo@lightning.exchange-sim.invalid",
    },
    Method {
        asset: "XETH",
        name: "Ether (Hex)",
        network: Some("Ethereum"),
        form: Form::Hexadecimal,
        deposit_fee: 0,
        deposit_minimum: 100_000,
        withdrawal_fee: 60_000,
        withdrawal_minimum: 400_000,
        daily: 2_000,
        demo_key: "eth-wallet-1",
        demo_address: "0x00000000000000000000000000000000000de301",
    },
    Method {
        asset: "SOL",
        name: "Solana",
        network: Some("Solana"),
        form: Form::Base58("", 44),
        deposit_fee: 0,
        deposit_minimum: 1_000_000,
        withdrawal_fee: 1_000_000,
        withdrawal_minimum: 2_000_000,
        daily: 20_000,
        demo_key: "sol-wallet-1",
        demo_address: "DemoExchangeSimDemoExchangeSimDemoExchange11",
    },
    Method {
        asset: "DOT",
        name: "Polkadot",
        network: Some("Polkadot"),
        form: Form::Base58("1", 47),
        deposit_fee: 0,
        deposit_minimum: 100_000_000,
        withdrawal_fee: 8_000_000,
        withdrawal_minimum: 120_000_000,
        daily: 100_000,
        demo_key: "dot-wallet-1",
        demo_address: "1DemoExchangeSimDemoExchangeSimDemoExchangeSim1",
    },
    Method {
        asset: "USDT",
        name: "Tether USD (ERC20)",
        network: Some("Ethereum"),
        form: Form::Hexadecimal,
        deposit_fee: 0,
        deposit_minimum: 100_000_000,
        withdrawal_fee: 450_000_000,
        withdrawal_minimum: 900_000_000,
        daily: 1_000_000,
        demo_key: "usdt-wallet-1",
        demo_address: "0x00000000000000000000000000000000000de302",
    },
    Method {
        asset: "USDT",
        name: "Tether USD (TRC20)",
        network: Some("Tron"),
        form: Form::Base58("T", 34),
        deposit_fee: 0,
        deposit_minimum: 100_000_000,
        withdrawal_fee: 400_000_000,
        withdrawal_minimum: 800_000_000,
        daily: 1_000_000,
        demo_key: "usdt-tron-1",
        demo_address: "TDemoExchangeSimDemoExchangeSimDe1",
    },
    Method {
        asset: "XXRP",
        name: "Ripple XRP",
        network: Some("XRP Ledger"),
        form: Form::Tagged("rDemoExchangeSimDemoExchangeSimDe1"),
        deposit_fee: 0,
        deposit_minimum: 100_000_000,
        withdrawal_fee: 2_000_000,
        withdrawal_minimum: 200_000_000,
        daily: 500_000,
        demo_key: "xrp-wallet-1",
        demo_address: "rDemoWalletExchangeSimDemoWallet11",
    },
    Method {
        asset: "XXLM",
        name: "Stellar XLM",
        network: Some("Stellar"),
        form: Form::WithMemo("GDEMOEXCHANGESIMDEMOEXCHANGESIMDEMOEXCHANGESIMDEMOEXCHAN"),
        deposit_fee: 0,
        deposit_minimum: 100_000_000,
        withdrawal_fee: 2_000,
        withdrawal_minimum: 2_000_000_000,
        daily: 2_000_000,
        demo_key: "xlm-wallet-1",
        demo_address: "GDEMOWALLETEXCHANGESIMDEMOWALLETEXCHANGESIMDEMOWALLETEXC",
    },
    Method {
        asset: "XLTC",
        name: "Litecoin",
        network: Some("Litecoin"),
        form: Form::Base58("L", 34),
        deposit_fee: 0,
        deposit_minimum: 1_000_000,
        withdrawal_fee: 200_000,
        withdrawal_minimum: 1_000_000,
        daily: 20_000,
        demo_key: "ltc-wallet-1",
        demo_address: "LDemoExchangeSimDemoExchangeSimDe1",
    },
    Method {
        asset: "XXDG",
        name: "Dogecoin",
        network: Some("Dogecoin"),
        form: Form::Base58("D", 34),
        deposit_fee: 0,
        deposit_minimum: 1_000_000_000,
        withdrawal_fee: 400_000_000,
        withdrawal_minimum: 800_000_000,
        daily: 5_000_000,
        demo_key: "doge-wallet-1",
        demo_address: "DDemoExchangeSimDemoExchangeSimDe1",
    },
    Method {
        asset: "ADA",
        name: "Cardano",
        network: Some("Cardano"),
        form: Form::Base58("addr1", 58),
        deposit_fee: 0,
        deposit_minimum: 100_000_000,
        withdrawal_fee: 40_000_000,
        withdrawal_minimum: 200_000_000,
        daily: 2_000_000,
        demo_key: "ada-wallet-1",
        demo_address: "addr1demoexchangesimdemoexchangesimdemoexchangesim",
    },
    Method {
        asset: "USDC",
        name: "USDC (ERC20)",
        network: Some("Ethereum"),
        form: Form::Hexadecimal,
        deposit_fee: 0,
        deposit_minimum: 100_000_000,
        withdrawal_fee: 400_000_000,
        withdrawal_minimum: 800_000_000,
        daily: 1_000_000,
        demo_key: "usdc-wallet-1",
        demo_address: "0x00000000000000000000000000000000000de303",
    },
    Method {
        asset: "ZUSD",
        name: "MVB Bank (Wire)",
        network: None,
        form: Form::Bank,
        deposit_fee: 300_000_000,
        deposit_minimum: 1_000_000_000,
        withdrawal_fee: 400_000_000,
        withdrawal_minimum: 2_000_000_000,
        daily: 500_000,
        demo_key: "usd-bank-1",
        demo_address: "DEMO BANK ACCOUNT USD",
    },
    Method {
        asset: "ZEUR",
        name: "Bank Frick (SEPA)",
        network: None,
        form: Form::Bank,
        deposit_fee: 0,
        deposit_minimum: 100_000_000,
        withdrawal_fee: 100_000_000,
        withdrawal_minimum: 200_000_000,
        daily: 500_000,
        demo_key: "eur-bank-1",
        demo_address: "LI00 DEMO 0000 0000 0000 1",
    },
    Method {
        asset: "ZGBP",
        name: "BCB (Faster Payments)",
        network: None,
        form: Form::Bank,
        deposit_fee: 0,
        deposit_minimum: 100_000_000,
        withdrawal_fee: 195_000_000,
        withdrawal_minimum: 500_000_000,
        daily: 500_000,
        demo_key: "gbp-bank-1",
        demo_address: "GB00 DEMO 0000 0000 0000 01",
    },
];

/// A new address of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub address: String,
    pub tag: Option<String>,
    pub memo: Option<String>,
}

impl Method {
    /// What it moves; none if the catalogue has no such asset.
    pub(crate) fn asset(&self) -> Option<&'static Asset> {
        find_asset(self.asset).filter(|asset| asset.id == self.asset)
    }

    /// The methods of an asset.
    pub(crate) fn of(asset: &Asset) -> impl Iterator<Item = &'static Self> {
        METHODS
            .iter()
            .filter(move |method| method.asset == asset.id)
    }

    /// Whether a request means it; case does not count.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(crate) fn withdrawal_fee(&self) -> Decimal {
        Decimal::new(self.withdrawal_fee, 8)
    }

    pub(crate) fn deposit_fee(&self) -> Decimal {
        Decimal::new(self.deposit_fee, 8)
    }

    /// An address or a reference of a transaction as the method has them.
    pub(crate) fn make(&self, ids: &mut Ids) -> Made {
        let mut letters = |alphabet: &[u8], length: usize| -> String {
            (0..length)
                .filter_map(|_| {
                    let place = ids.below(alphabet.len() as u64);
                    let place = usize::try_from(place).ok()?;
                    alphabet.get(place).map(|letter| char::from(*letter))
                })
                .collect()
        };
        let mut made = Made {
            address: String::new(),
            tag: None,
            memo: None,
        };
        made.address = match self.form {
            Form::Bech32 => format!("bc1q{}", letters(LETTERS_BECH32, 38)),
            Form::Invoice => format!("lnbc1{}", letters(LETTERS_BECH32, 180)),
            Form::Hexadecimal => format!("0x{}", letters(b"0123456789abcdef", 40)),
            Form::Base58(first, length) => {
                let rest = length.saturating_sub(first.len());
                format!("{first}{}", letters(LETTERS_58, rest))
            }
            Form::Tagged(address) => {
                made.tag = Some(format!("1{}", letters(b"0123456789", 9)));
                address.to_owned()
            }
            Form::WithMemo(address) => {
                made.memo = Some(format!("4{}", letters(b"0123456789", 9)));
                address.to_owned()
            }
            Form::Bank => self.name.to_owned(),
        };
        made
    }

    /// The id of a transaction, on chain or at the bank.
    pub(crate) fn transaction(&self, ids: &mut Ids) -> String {
        match self.form {
            Form::Hexadecimal => format!("0x{}", ids.hex(64)),
            Form::Bank => ids.base32(16),
            _ => ids.hex(64),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_method_has_its_own_key_and_a_fee_below_its_minimum() {
        let keys: BTreeSet<&str> = METHODS.iter().map(|method| method.demo_key).collect();
        assert_eq!(keys.len(), METHODS.len());
        for method in METHODS {
            assert!(method.withdrawal_fee < method.withdrawal_minimum);
            assert!(method.deposit_fee < method.deposit_minimum);
            let Some(asset) = method.asset() else {
                continue;
            };
            for amount in [method.withdrawal_fee(), method.deposit_fee()] {
                assert!(amount.normalize().scale() <= asset.decimals);
            }
        }
    }

    #[test]
    fn addresses_have_the_form_of_their_chain() {
        let mut ids = Ids::new(1);
        for method in METHODS {
            let made = method.make(&mut ids);
            let again = method.make(&mut ids);
            match method.form {
                Form::Bech32 | Form::Hexadecimal => assert_eq!(made.address.len(), 42),
                Form::Base58(_, length) => assert_eq!(made.address.len(), length),
                Form::Tagged(_) => assert_ne!(made.tag, again.tag),
                Form::WithMemo(_) => assert_ne!(made.memo, again.memo),
                Form::Invoice => assert!(made.address.starts_with("lnbc")),
                Form::Bank => assert_eq!(made, again),
            }
            if method.form != Form::Bank {
                assert_ne!(made, again);
            }
        }
    }
}
