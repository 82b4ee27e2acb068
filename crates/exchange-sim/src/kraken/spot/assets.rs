//! What is traded: assets and pairs.

use rust_decimal::Decimal;

/// Something that can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asset {
    /// As answers are keyed: `XXBT`.
    pub id: &'static str,
    /// `XBT`.
    pub altname: &'static str,
    /// With `assetVersion=1`: `BTC`.
    pub display_name: &'static str,
    /// Digits after the point in balances and ledgers.
    pub decimals: u32,
    /// Digits shown to people.
    pub display_decimals: u32,
}

/// Two assets that are exchanged for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// As answers are keyed: `XXBTZUSD`.
    pub id: &'static str,
    /// `XBTUSD`.
    pub altname: &'static str,
    /// `XBT/USD`.
    pub wsname: &'static str,
    /// Asset id of what is traded: `XXBT`.
    pub base: &'static str,
    /// Asset id of what is paid: `ZUSD`.
    pub quote: &'static str,
    /// Digits of a price.
    pub price_decimals: u32,
    /// Digits of a volume.
    pub lot_decimals: u32,
    /// Digits of a cost.
    pub cost_decimals: u32,
    /// The least volume of an order, in units of 10^-8.
    pub least_volume: i64,
    /// The price when the market starts, in units of 10^-`price_decimals`.
    pub first_price: i64,
}

impl Pair {
    /// The smallest step of a price.
    pub(crate) fn tick(&self) -> Decimal {
        Decimal::new(1, self.price_decimals)
    }

    /// The least volume of an order.
    pub(crate) fn order_minimum(&self) -> Decimal {
        Decimal::new(self.least_volume, 8).normalize()
    }
}

/// All assets.
pub(crate) const ASSETS: &[Asset] = &[
    asset("XXBT", "XBT", "BTC", 10, 5),
    asset("XETH", "ETH", "ETH", 10, 5),
    asset("SOL", "SOL", "SOL", 10, 5),
    asset("DOT", "DOT", "DOT", 10, 8),
    asset("USDT", "USDT", "USDT", 8, 4),
    asset("ZUSD", "USD", "USD", 4, 2),
    asset("ZEUR", "EUR", "EUR", 4, 2),
];

/// All pairs.
pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        id: "XXBTZUSD",
        altname: "XBTUSD",
        wsname: "XBT/USD",
        base: "XXBT",
        quote: "ZUSD",
        price_decimals: 1,
        lot_decimals: 8,
        cost_decimals: 5,
        least_volume: 5_000,
        first_price: 600_000,
    },
    Pair {
        id: "XETHZUSD",
        altname: "ETHUSD",
        wsname: "ETH/USD",
        base: "XETH",
        quote: "ZUSD",
        price_decimals: 2,
        lot_decimals: 8,
        cost_decimals: 5,
        least_volume: 200_000,
        first_price: 300_000,
    },
];

const fn asset(
    id: &'static str,
    altname: &'static str,
    display_name: &'static str,
    decimals: u32,
    display_decimals: u32,
) -> Asset {
    Asset {
        id,
        altname,
        display_name,
        decimals,
        display_decimals,
    }
}

/// The asset that a request names by id, altname or display name.
pub(crate) fn find_asset(name: &str) -> Option<&'static Asset> {
    ASSETS
        .iter()
        .find(|asset| [asset.id, asset.altname, asset.display_name].contains(&name))
}

/// The pair that a request names by id, altname, or with a slash.
pub(crate) fn find_pair(name: &str) -> Option<&'static Pair> {
    let by_name = PAIRS
        .iter()
        .find(|pair| [pair.id, pair.altname, pair.wsname].contains(&name));
    by_name.or_else(|| {
        let (base, quote) = name.split_once('/')?;
        let (base, quote) = (find_asset(base)?, find_asset(quote)?);
        PAIRS
            .iter()
            .find(|pair| pair.base == base.id && pair.quote == quote.id)
    })
}
