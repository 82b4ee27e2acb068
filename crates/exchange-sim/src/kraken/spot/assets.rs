//! What is traded: assets, pairs, and what trading costs.
//!
//! The table is a selection in the venue's spellings: old ids with their
//! prefixes, newer ones without, money, stablecoins, a tokenized share, and fee
//! credits, which are held but not traded.

use rust_decimal::Decimal;

/// Digits of a volume, the same for all pairs.
pub(crate) const LOT_DECIMALS: u32 = 8;

/// A class of assets, and of the pairs whose base is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssetClass {
    /// Coins and money.
    Currency,
    /// Tokenized shares.
    TokenizedAsset,
}

impl AssetClass {
    /// In the venue's words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Currency => "currency",
            Self::TokenizedAsset => "tokenized_asset",
        }
    }
}

/// Something that can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asset {
    /// As answers are keyed: `XXBT`.
    pub id: &'static str,
    /// `XBT`.
    pub altname: &'static str,
    /// With `assetVersion=1`: `BTC`.
    pub display_name: &'static str,
    /// In words: `Bitcoin`.
    pub words: &'static str,
    /// What kind of asset it is.
    pub class: AssetClass,
    /// Digits after the point in balances and ledgers.
    pub decimals: u32,
    /// Digits shown to people.
    pub display_decimals: u32,
    /// How many percent of its value count as margin collateral; none if it is
    /// no collateral.
    pub collateral_percent: Option<i64>,
    /// What opening a margin position in it costs, in hundredths of a percent;
    /// none if it is not lent.
    pub margin_rate: Option<i64>,
    /// Its digital token identifier, empty if it has none.
    pub token_code: &'static str,
}

impl Asset {
    /// The share of its value that counts as margin collateral.
    pub(crate) fn collateral_value(&self) -> Option<Decimal> {
        let percent = self.collateral_percent?;
        Some(Decimal::new(percent, 2).normalize())
    }

    /// What opening a margin position in it costs, as a share.
    pub(crate) fn margin_rate(&self) -> Option<Decimal> {
        let rate = self.margin_rate?;
        Some(Decimal::new(rate, 4).normalize())
    }
}

/// The fees that hold from some volume on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FeeTier {
    /// Traded in 30 days, in US dollars.
    pub volume: u32,
    /// In hundredths of a percent.
    pub taker: u16,
    /// In hundredths of a percent.
    pub maker: u16,
}

impl FeeTier {
    /// The fee of a taker, in percent.
    pub(crate) fn taker_percent(self) -> Decimal {
        Decimal::new(i64::from(self.taker), 2)
    }

    /// The fee of a maker, in percent.
    pub(crate) fn maker_percent(self) -> Decimal {
        Decimal::new(i64::from(self.maker), 2)
    }
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
    /// With `assetVersion=1`: `BTC/USD`.
    pub display_name: &'static str,
    /// Asset id of what is traded: `XXBT`.
    pub base: &'static str,
    /// Asset id of what is paid: `ZUSD`.
    pub quote: &'static str,
    /// The class of its base.
    pub class: AssetClass,
    /// Digits of a price.
    pub price_decimals: u32,
    /// Digits of a volume.
    pub lot_decimals: u32,
    /// Digits of a cost.
    pub cost_decimals: u32,
    /// The least volume of an order, in units of 10^-8.
    pub least_volume: i64,
    /// The least cost of an order, in units of 10^-8.
    pub least_cost: i64,
    /// The price when the market starts, in units of 10^-`price_decimals`.
    pub first_price: i64,
    /// What is usual at one level of the book, in units of 10^-3.
    pub usual_volume: i64,
    /// How far the price goes in a second, in millionths of it.
    pub restlessness: i64,
    /// Leverage on offer when buying; empty if there is none.
    pub leverage_buy: &'static [u32],
    /// Leverage on offer when selling.
    pub leverage_sell: &'static [u32],
    /// The largest long and short margin positions, in the base asset.
    pub position_limits: Option<(u32, u32)>,
    /// Cheapest last; the first holds from a volume of zero.
    pub fees: &'static [FeeTier],
}

/// Equity in percent of the margin in use at which a customer is called.
pub(crate) const MARGIN_CALL: u32 = 80;

/// Equity in percent of the margin in use at which positions are closed.
pub(crate) const MARGIN_STOP: u32 = 40;

impl Pair {
    /// The smallest step of a price.
    pub(crate) fn tick(&self) -> Decimal {
        Decimal::new(1, self.price_decimals)
    }

    /// The least volume of an order.
    pub(crate) fn order_minimum(&self) -> Decimal {
        Decimal::new(self.least_volume, 8).normalize()
    }

    /// The least cost of an order, in the quote asset.
    pub(crate) fn cost_minimum(&self) -> Decimal {
        Decimal::new(self.least_cost, 8).normalize()
    }

    /// The tier of a customer who traded so much, in US dollars, in 30 days.
    pub(crate) fn fee_tier(&self, volume: Decimal) -> FeeTier {
        let reached = |tier: &&FeeTier| Decimal::from(tier.volume) <= volume;
        let tier = self.fees.iter().rev().find(reached);
        tier.or(self.fees.first()).copied().unwrap_or(NO_FEE)
    }
}

const NO_FEE: FeeTier = tier(0, 0, 0);

const fn tier(volume: u32, taker: u16, maker: u16) -> FeeTier {
    FeeTier {
        volume,
        taker,
        maker,
    }
}

/// Of most pairs.
const FEES: &[FeeTier] = &[
    tier(0, 40, 25),
    tier(10_000, 35, 20),
    tier(50_000, 24, 14),
    tier(100_000, 22, 12),
    tier(250_000, 20, 10),
    tier(500_000, 18, 8),
    tier(1_000_000, 16, 6),
    tier(2_500_000, 14, 4),
    tier(5_000_000, 12, 2),
    tier(10_000_000, 10, 0),
];

/// Of pairs of stablecoins and money.
const STABLE_FEES: &[FeeTier] = &[
    tier(0, 20, 20),
    tier(50_000, 16, 16),
    tier(100_000, 12, 12),
    tier(250_000, 8, 8),
    tier(500_000, 4, 4),
    tier(1_000_000, 2, 0),
    tier(10_000_000, 1, 0),
];

const TO_FIVE: &[u32] = &[2, 3, 4, 5];
const TO_THREE: &[u32] = &[2, 3];

/// All assets.
pub(crate) const ASSETS: &[Asset] = &[
    coin(
        "XXBT",
        "XBT",
        "BTC",
        "Bitcoin",
        (10, 5),
        (99, 1),
        "4H95J0R2X",
    ),
    coin("XETH", "ETH", "ETH", "Ethereum", (10, 5), (99, 2), ""),
    coin("SOL", "SOL", "SOL", "Solana", (10, 5), (90, 2), ""),
    coin("DOT", "DOT", "DOT", "Polkadot", (10, 8), (90, 2), ""),
    coin("ADA", "ADA", "ADA", "Cardano", (8, 6), (90, 2), ""),
    coin("XXRP", "XRP", "XRP", "Ripple", (8, 5), (90, 2), ""),
    coin("XXDG", "XDG", "DOGE", "Dogecoin", (8, 2), (90, 2), ""),
    coin("XLTC", "LTC", "LTC", "Litecoin", (10, 5), (90, 2), ""),
    coin("USDT", "USDT", "USDT", "Tether USD", (8, 4), (97, 2), ""),
    coin("USDC", "USDC", "USDC", "USD Coin", (8, 4), (100, 2), ""),
    money("ZUSD", "USD", "US Dollars", 100),
    money("ZEUR", "EUR", "Euros", 100),
    money("ZGBP", "GBP", "Pounds Sterling", 100),
    money("ZCAD", "CAD", "Canadian Dollars", 100),
    Asset {
        class: AssetClass::TokenizedAsset,
        collateral_percent: None,
        margin_rate: None,
        ..coin(
            "AAPLx",
            "AAPLx",
            "AAPLx",
            "Apple xStock",
            (10, 5),
            (0, 0),
            "",
        )
    },
    Asset {
        collateral_percent: None,
        margin_rate: None,
        ..coin("KFEE", "FEE", "FEE", "Fee Credits", (2, 2), (0, 0), "")
    },
];

/// All pairs.
pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        position_limits: Some((350, 250)),
        ..pair(&XBT_USD, ("XXBT", "ZUSD"), (1, 5), (5_000, 50_000_000))
    },
    Pair {
        first_price: 550_000,
        position_limits: Some((200, 150)),
        ..pair(&XBT_EUR, ("XXBT", "ZEUR"), (1, 5), (5_000, 50_000_000))
    },
    Pair {
        first_price: 300_000,
        usual_volume: 4_000,
        restlessness: 80,
        position_limits: Some((5_000, 3_000)),
        ..pair(&ETH_USD, ("XETH", "ZUSD"), (2, 5), (200_000, 50_000_000))
    },
    Pair {
        first_price: 275_000,
        usual_volume: 3_000,
        restlessness: 80,
        position_limits: Some((3_000, 2_000)),
        ..pair(&ETH_EUR, ("XETH", "ZEUR"), (2, 5), (200_000, 50_000_000))
    },
    Pair {
        first_price: 5_000,
        usual_volume: 5_000,
        position_limits: Some((1_000, 600)),
        ..pair(&ETH_XBT, ("XETH", "XXBT"), (5, 6), (200_000, 2_000))
    },
    Pair {
        first_price: 15_000,
        usual_volume: 40_000,
        restlessness: 100,
        leverage_buy: TO_THREE,
        leverage_sell: TO_THREE,
        position_limits: Some((15_000, 10_000)),
        ..pair(&SOL_USD, ("SOL", "ZUSD"), (2, 5), (6_000_000, 50_000_000))
    },
    Pair {
        first_price: 50_000,
        usual_volume: 500_000,
        restlessness: 100,
        leverage_buy: TO_THREE,
        leverage_sell: TO_THREE,
        position_limits: Some((180_000, 90_000)),
        ..pair(&DOT_USD, ("DOT", "ZUSD"), (4, 6), (100_000_000, 50_000_000))
    },
    Pair {
        first_price: 500_000,
        usual_volume: 4_000_000,
        restlessness: 100,
        leverage_buy: TO_THREE,
        leverage_sell: TO_THREE,
        position_limits: Some((1_500_000, 750_000)),
        ..pair(
            &ADA_USD,
            ("ADA", "ZUSD"),
            (6, 6),
            (1_000_000_000, 50_000_000),
        )
    },
    Pair {
        first_price: 60_000,
        usual_volume: 3_000_000,
        restlessness: 90,
        position_limits: Some((2_000_000, 1_000_000)),
        ..pair(
            &XRP_USD,
            ("XXRP", "ZUSD"),
            (5, 5),
            (1_000_000_000, 50_000_000),
        )
    },
    Pair {
        first_price: 1_500_000,
        usual_volume: 15_000_000,
        restlessness: 110,
        leverage_buy: TO_THREE,
        leverage_sell: TO_THREE,
        position_limits: Some((6_000_000, 3_000_000)),
        ..pair(
            &XDG_USD,
            ("XXDG", "ZUSD"),
            (7, 7),
            (3_000_000_000, 50_000_000),
        )
    },
    Pair {
        first_price: 8_000,
        usual_volume: 60_000,
        restlessness: 90,
        leverage_buy: TO_THREE,
        leverage_sell: TO_THREE,
        position_limits: Some((10_000, 6_000)),
        ..pair(&LTC_USD, ("XLTC", "ZUSD"), (2, 5), (10_000_000, 50_000_000))
    },
    Pair {
        leverage_buy: &[2],
        leverage_sell: &[2],
        position_limits: Some((2_000_000, 1_000_000)),
        ..stable(&USDT_USD, ("USDT", "ZUSD"), (5, 5), 100_000)
    },
    stable(&USDC_USD, ("USDC", "ZUSD"), (4, 5), 10_000),
    stable(&EUR_USD, ("ZEUR", "ZUSD"), (5, 5), 109_000),
    stable(&GBP_USD, ("ZGBP", "ZUSD"), (5, 5), 127_000),
    stable(&USD_CAD, ("ZUSD", "ZCAD"), (5, 5), 136_000),
    Pair {
        class: AssetClass::TokenizedAsset,
        first_price: 22_500,
        usual_volume: 20_000,
        restlessness: 30,
        leverage_buy: &[],
        leverage_sell: &[],
        ..pair(
            &AAPL_USD,
            ("AAPLx", "ZUSD"),
            (2, 5),
            (2_000_000, 50_000_000),
        )
    },
];

/// Id, altname, `wsname` and display name of a pair.
type Names = [&'static str; 4];

const XBT_USD: Names = ["XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD"];
const XBT_EUR: Names = ["XXBTZEUR", "XBTEUR", "XBT/EUR", "BTC/EUR"];
const ETH_USD: Names = ["XETHZUSD", "ETHUSD", "ETH/USD", "ETH/USD"];
const ETH_EUR: Names = ["XETHZEUR", "ETHEUR", "ETH/EUR", "ETH/EUR"];
const ETH_XBT: Names = ["XETHXXBT", "ETHXBT", "ETH/XBT", "ETH/BTC"];
const SOL_USD: Names = ["SOLUSD", "SOLUSD", "SOL/USD", "SOL/USD"];
const DOT_USD: Names = ["DOTUSD", "DOTUSD", "DOT/USD", "DOT/USD"];
const ADA_USD: Names = ["ADAUSD", "ADAUSD", "ADA/USD", "ADA/USD"];
const XRP_USD: Names = ["XXRPZUSD", "XRPUSD", "XRP/USD", "XRP/USD"];
const XDG_USD: Names = ["XDGUSD", "XDGUSD", "XDG/USD", "DOGE/USD"];
const LTC_USD: Names = ["XLTCZUSD", "LTCUSD", "LTC/USD", "LTC/USD"];
const USDT_USD: Names = ["USDTZUSD", "USDTUSD", "USDT/USD", "USDT/USD"];
const USDC_USD: Names = ["USDCUSD", "USDCUSD", "USDC/USD", "USDC/USD"];
const EUR_USD: Names = ["ZEURZUSD", "EURUSD", "EUR/USD", "EUR/USD"];
const GBP_USD: Names = ["ZGBPZUSD", "GBPUSD", "GBP/USD", "GBP/USD"];
const USD_CAD: Names = ["ZUSDZCAD", "USDCAD", "USD/CAD", "USD/CAD"];
const AAPL_USD: Names = ["AAPLxUSD", "AAPLxUSD", "AAPLx/USD", "AAPLx/USD"];

/// A coin. `digits` are those of the books and those shown, `margin` the
/// percent of collateral and of the opening rate.
const fn coin(
    id: &'static str,
    altname: &'static str,
    display_name: &'static str,
    words: &'static str,
    digits: (u32, u32),
    margin: (i64, i64),
    token_code: &'static str,
) -> Asset {
    Asset {
        id,
        altname,
        display_name,
        words,
        class: AssetClass::Currency,
        decimals: digits.0,
        display_decimals: digits.1,
        collateral_percent: Some(margin.0),
        margin_rate: Some(100 * margin.1),
        token_code,
    }
}

/// Money, which is named alike everywhere but in ids.
const fn money(
    id: &'static str,
    altname: &'static str,
    words: &'static str,
    collateral_percent: i64,
) -> Asset {
    Asset {
        margin_rate: None,
        ..coin(
            id,
            altname,
            altname,
            words,
            (4, 2),
            (collateral_percent, 0),
            "",
        )
    }
}

/// A pair, with what holds for the first one unless told otherwise. `digits`
/// are those of prices and costs, `least` volume and cost of an order.
const fn pair(
    names: &Names,
    assets: (&'static str, &'static str),
    digits: (u32, u32),
    least: (i64, i64),
) -> Pair {
    Pair {
        id: names[0],
        altname: names[1],
        wsname: names[2],
        display_name: names[3],
        base: assets.0,
        quote: assets.1,
        class: AssetClass::Currency,
        price_decimals: digits.0,
        lot_decimals: LOT_DECIMALS,
        cost_decimals: digits.1,
        least_volume: least.0,
        least_cost: least.1,
        first_price: 600_000,
        usual_volume: 500,
        restlessness: 60,
        leverage_buy: TO_FIVE,
        leverage_sell: TO_FIVE,
        position_limits: None,
        fees: FEES,
    }
}

/// A pair whose price hardly moves.
const fn stable(
    names: &Names,
    assets: (&'static str, &'static str),
    digits: (u32, u32),
    first_price: i64,
) -> Pair {
    Pair {
        first_price,
        usual_volume: 5_000_000,
        restlessness: 3,
        leverage_buy: &[],
        leverage_sell: &[],
        fees: STABLE_FEES,
        ..pair(names, assets, digits, (500_000_000, 50_000_000))
    }
}

/// The asset that a request names by id, altname or display name: `XXBT`,
/// `XBT`, `BTC`.
pub(crate) fn find_asset(name: &str) -> Option<&'static Asset> {
    ASSETS
        .iter()
        .find(|asset| [asset.id, asset.altname, asset.display_name].contains(&name))
}

/// The pair that a request names by id, altname, or in a readable form:
/// `XXBTZUSD`, `XBTUSD`, `XBT/USD`, `BTC/USD`, `BTCUSD`.
pub(crate) fn find_pair(name: &str) -> Option<&'static Pair> {
    find_pair_index(name).and_then(|index| PAIRS.get(index))
}

/// Where the pair that a request names is in [`PAIRS`].
pub(crate) fn find_pair_index(name: &str) -> Option<usize> {
    PAIRS.iter().position(|pair| {
        [pair.id, pair.altname, pair.wsname, pair.display_name].contains(&name)
            || without_slash_is(pair.display_name, name)
    })
}

/// Whether `name` is `display_name` but for the slash.
fn without_slash_is(display_name: &str, name: &str) -> bool {
    display_name
        .split_once('/')
        .is_some_and(|(base, quote)| name.strip_prefix(base) == Some(quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_leads_to_one_asset_or_pair() {
        for name in ["XXBT", "XBT", "BTC"] {
            assert_eq!(find_asset(name).unwrap().id, "XXBT");
        }
        assert_eq!(find_asset("DOGE"), find_asset("XDG"));
        assert_eq!(find_asset("xbt"), None);
        for name in ["XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD", "BTCUSD"] {
            assert_eq!(find_pair(name).unwrap().id, "XXBTZUSD");
        }
        for name in ["XDGUSD", "DOGE/USD", "XDG/USD", "DOGEUSD"] {
            assert_eq!(find_pair(name).unwrap().base, "XXDG");
        }
        for name in ["", "/", "BTC", "BTC/", "BTC/ZZZ", "USDBTC"] {
            assert_eq!(find_pair(name), None, "{name}");
        }
    }

    /// A slip in the table would show in every part of the simulator.
    #[test]
    fn the_table_is_sound() {
        for (index, asset) in ASSETS.iter().enumerate() {
            for name in [asset.id, asset.altname, asset.display_name] {
                assert_eq!(find_asset(name), Some(asset), "{name}");
            }
            assert!(asset.display_decimals <= asset.decimals, "{}", asset.id);
            assert!(ASSETS[..index].iter().all(|other| other.id != asset.id));
        }
        for (index, pair) in PAIRS.iter().enumerate() {
            for name in [pair.id, pair.altname, pair.wsname, pair.display_name] {
                assert_eq!(find_pair_index(name), Some(index), "{name}");
            }
            let base = find_asset(pair.base).unwrap();
            let quote = find_asset(pair.quote).unwrap();
            let wsname = format!("{}/{}", base.altname, quote.altname);
            assert_eq!(pair.wsname, wsname);
            assert_eq!(pair.altname, wsname.replace('/', ""));
            let display = format!("{}/{}", base.display_name, quote.display_name);
            assert_eq!(pair.display_name, display);
            assert_eq!(pair.class, base.class);
            assert!(pair.leverage_buy.is_empty() == pair.position_limits.is_none());
            // The book needs room below the first price.
            assert!(pair.first_price > 2_000, "{}", pair.id);
            assert_eq!(pair.fees[0].volume, 0);
            assert!(pair.fees.is_sorted_by_key(|tier| tier.volume));
            assert!(
                pair.fees
                    .is_sorted_by(|a, b| a.taker > b.taker && a.maker >= b.maker)
            );
        }
    }

    #[test]
    fn the_fee_falls_with_the_volume() {
        let pair = find_pair("XBTUSD").unwrap();
        let taker = |volume: u32| pair.fee_tier(volume.into()).taker_percent().to_string();
        assert_eq!(taker(0), "0.40");
        assert_eq!(taker(9_999), "0.40");
        assert_eq!(taker(10_000), "0.35");
        assert_eq!(taker(u32::MAX), "0.10");
        let least = pair.fee_tier(Decimal::NEGATIVE_ONE);
        assert_eq!(least.maker_percent().to_string(), "0.25");
    }
}
