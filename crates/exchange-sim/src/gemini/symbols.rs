//! What is traded, and what can be held.

use rust_decimal::Decimal;

use super::answer::Refusal;

/// What a symbol stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Spot,
    /// A perpetual contract, paid in GUSD.
    Perpetual,
}

/// One market.
#[derive(Debug)]
pub(crate) struct Symbol {
    /// In lower case.
    pub name: &'static str,
    pub base: &'static str,
    pub quote: &'static str,
    /// Decimals of an amount.
    pub amount_digits: u32,
    /// Decimals of a price.
    pub price_digits: u32,
    /// The smallest order, in units of the last decimal of an amount.
    smallest: i64,
    /// The first price, in units of the last decimal.
    first: i64,
    pub product: Product,
    /// Whether its two currencies are worth the same and can be turned into
    /// each other.
    pub wrap: bool,
}

impl Symbol {
    /// The smallest order.
    pub(crate) fn smallest(&self) -> Decimal {
        Decimal::new(self.smallest, self.amount_digits)
    }

    /// The step of a price.
    pub(crate) fn price_step(&self) -> Decimal {
        Decimal::new(1, self.price_digits)
    }

    /// The price at which everything begins.
    pub(crate) fn first_price(&self) -> Decimal {
        Decimal::new(self.first, self.price_digits)
    }

    /// What an order is paid with: the quote currency, or GUSD for perpetuals.
    pub(crate) fn settled_in(&self) -> &'static str {
        match self.product {
            Product::Spot => self.quote,
            Product::Perpetual => "GUSD",
        }
    }

    /// In upper case.
    pub(crate) fn upper(&self) -> String {
        self.name.to_uppercase()
    }
}

const fn spot(
    name: &'static str,
    base: &'static str,
    quote: &'static str,
    amount_digits: u32,
    price_digits: u32,
    smallest: i64,
    first: i64,
) -> Symbol {
    Symbol {
        name,
        base,
        quote,
        amount_digits,
        price_digits,
        smallest,
        first,
        product: Product::Spot,
        wrap: false,
    }
}

/// All markets.
pub(crate) static SYMBOLS: [Symbol; 14] = [
    spot("btcusd", "BTC", "USD", 8, 2, 1_000, 6_500_000),
    spot("ethusd", "ETH", "USD", 6, 2, 1_000, 300_000),
    spot("ethbtc", "ETH", "BTC", 6, 5, 1_000, 4_600),
    spot("btceur", "BTC", "EUR", 8, 2, 1_000, 6_000_000),
    spot("eurusd", "EUR", "USD", 2, 4, 100, 10_800),
    spot("gbpusd", "GBP", "USD", 2, 4, 100, 12_700),
    spot("solusd", "SOL", "USD", 6, 3, 10_000, 150_000),
    spot("dogeusd", "DOGE", "USD", 6, 5, 100_000, 15_000),
    spot("ltcusd", "LTC", "USD", 5, 2, 1_000, 8_000),
    spot("linkusd", "LINK", "USD", 6, 5, 100_000, 1_400_000),
    spot("maticusd", "MATIC", "USD", 6, 5, 100_000, 50_000),
    Symbol {
        wrap: true,
        ..spot("gusdusd", "GUSD", "USD", 2, 2, 1, 100)
    },
    Symbol {
        product: Product::Perpetual,
        ..spot("btcgusdperp", "BTC", "GUSD", 4, 1, 1, 650_000)
    },
    Symbol {
        product: Product::Perpetual,
        ..spot("ethgusdperp", "ETH", "GUSD", 3, 2, 1, 300_000)
    },
];

/// A market by its name in either case; hyphens, as in one of the vendor's
/// samples, don't matter.
pub(crate) fn find(name: &str) -> Option<&'static Symbol> {
    let name = name.replace('-', "").to_lowercase();
    SYMBOLS.iter().find(|symbol| symbol.name == name)
}

/// A market that must be there.
pub(crate) fn symbol(name: &str) -> Result<&'static Symbol, Refusal> {
    find(name).ok_or_else(|| {
        Refusal::bad(
            "InvalidSymbol",
            format!("Supplied value '{name}' is not a valid symbol"),
        )
    })
}

/// A perpetual that must be there.
pub(crate) fn perpetual(name: &str) -> Result<&'static Symbol, Refusal> {
    symbol(name).and_then(|symbol| match symbol.product {
        Product::Perpetual => Ok(symbol),
        Product::Spot => Err(Refusal::bad(
            "InvalidSymbol",
            format!("'{name}' is not a perpetual"),
        )),
    })
}

/// Something that can be held.
#[derive(Debug)]
pub(crate) struct Currency {
    pub code: &'static str,
    /// As people call it.
    pub name: &'static str,
    /// Decimals that are kept of it.
    pub digits: u32,
    /// The networks it is on; none for money of states.
    pub networks: &'static [&'static str],
    /// What it costs to send it, in units of the last decimal.
    fee: i64,
}

impl Currency {
    /// What a withdrawal costs.
    pub(crate) fn withdrawal_fee(&self) -> Decimal {
        Decimal::new(self.fee, self.digits)
    }
}

const fn currency(
    code: &'static str,
    name: &'static str,
    digits: u32,
    networks: &'static [&'static str],
    fee: i64,
) -> Currency {
    Currency {
        code,
        name,
        digits,
        networks,
        fee,
    }
}

/// Everything that can be held.
pub(crate) static CURRENCIES: [Currency; 13] = [
    currency("USD", "US Dollar", 2, &[], 0),
    currency("EUR", "Euro", 2, &[], 0),
    currency("GBP", "Pound Sterling", 2, &[], 0),
    currency("CAD", "Canadian Dollar", 2, &[], 0),
    currency("GUSD", "Gemini Dollar", 2, &["ethereum"], 100),
    currency(
        "USDC",
        "USD Coin",
        6,
        &["ethereum", "arbitrum", "base", "optimism", "solana"],
        100_000,
    ),
    currency("BTC", "Bitcoin", 8, &["bitcoin"], 10_000),
    currency(
        "ETH",
        "Ether",
        18,
        &["ethereum", "arbitrum", "base", "optimism"],
        1_000_000_000_000_000,
    ),
    currency("SOL", "Solana", 9, &["solana"], 1_000_000),
    currency("DOGE", "Dogecoin", 8, &["dogecoin"], 200_000_000),
    currency("LTC", "Litecoin", 8, &["litecoin"], 100_000),
    currency(
        "LINK",
        "Chainlink",
        18,
        &["ethereum"],
        200_000_000_000_000_000,
    ),
    currency(
        "MATIC",
        "Polygon",
        18,
        &["ethereum"],
        300_000_000_000_000_000,
    ),
];

/// A currency by its code in either case.
pub(crate) fn currency_of(code: &str) -> Option<&'static Currency> {
    let code = code.to_uppercase();
    CURRENCIES.iter().find(|currency| currency.code == code)
}

/// Whether a network is known.
pub(crate) fn is_network(network: &str) -> bool {
    CURRENCIES
        .iter()
        .any(|currency| currency.networks.contains(&network))
}

/// Cuts decimals off, toward zero.
pub(crate) fn cut(value: Decimal, digits: u32) -> Decimal {
    value.round_dp_with_strategy(digits, rust_decimal::RoundingStrategy::ToZero)
}
