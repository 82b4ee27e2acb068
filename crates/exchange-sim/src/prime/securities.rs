//! What there is: currencies, and securities made of two of them.

use rust_decimal::Decimal;

use super::stamp;
use crate::Moment;
use crate::json::{Json, object};

/// A currency.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Currency {
    pub symbol: &'static str,
    id: u32,
    /// Decimals of its smallest unit.
    pub digits: u32,
    default_digits: u32,
    description: &'static str,
}

/// Two currencies that are exchanged for each other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Security {
    pub symbol: &'static str,
    id: u32,
    pub base: &'static str,
    pub quote: &'static str,
    /// Whose market this is: Spot's name of the pair.
    pub pair: &'static str,
    /// Decimals of a price.
    pub price_digits: u32,
    /// Decimals of a quantity, in base and in quote currency.
    pub size_digits: u32,
    pub amount_digits: u32,
    /// The smallest order, in units of the last decimal.
    least: i64,
    most: i64,
    normal: i64,
    /// Sizes that are priced if a client names none, in tenths.
    buckets: &'static [i64],
    description: &'static str,
}

pub(crate) const CURRENCIES: &[Currency] = &[
    currency("USD", 2, 2, 2, "U.S. Dollar"),
    currency("EUR", 3, 2, 2, "Euro"),
    currency("BTC", 16, 8, 8, "Bitcoin"),
    currency("ETH", 17, 8, 4, "Ethereum"),
    currency("SOL", 31, 8, 2, "Solana"),
];

pub(crate) const SECURITIES: &[Security] = &[
    Security {
        symbol: "BTC-USD",
        id: 1,
        base: "BTC",
        quote: "USD",
        pair: "XXBTZUSD",
        price_digits: 1,
        size_digits: 8,
        amount_digits: 2,
        least: 1_000,
        most: 1_000,
        normal: 1,
        buckets: &[5, 25],
        description: "Bitcoin/U.S. Dollar",
    },
    Security {
        symbol: "ETH-USD",
        id: 2,
        base: "ETH",
        quote: "USD",
        pair: "XETHZUSD",
        price_digits: 2,
        size_digits: 8,
        amount_digits: 2,
        least: 10_000,
        most: 10_000,
        normal: 2,
        buckets: &[20, 100],
        description: "Ethereum/U.S. Dollar",
    },
    Security {
        symbol: "SOL-USD",
        id: 3,
        base: "SOL",
        quote: "USD",
        pair: "SOLUSD",
        price_digits: 2,
        size_digits: 8,
        amount_digits: 2,
        least: 100_000,
        most: 100_000,
        normal: 20,
        buckets: &[100, 1_000],
        description: "Solana/U.S. Dollar",
    },
    Security {
        symbol: "ETH-BTC",
        id: 4,
        base: "ETH",
        quote: "BTC",
        pair: "XETHXXBT",
        price_digits: 5,
        size_digits: 8,
        amount_digits: 8,
        least: 10_000,
        most: 10_000,
        normal: 2,
        buckets: &[20, 100],
        description: "Ethereum/Bitcoin",
    },
    Security {
        symbol: "BTC-EUR",
        id: 5,
        base: "BTC",
        quote: "EUR",
        pair: "XXBTZEUR",
        price_digits: 1,
        size_digits: 8,
        amount_digits: 2,
        least: 1_000,
        most: 1_000,
        normal: 1,
        buckets: &[5, 25],
        description: "Bitcoin/Euro",
    },
];

const fn currency(
    symbol: &'static str,
    id: u32,
    digits: u32,
    default_digits: u32,
    description: &'static str,
) -> Currency {
    Currency {
        symbol,
        id,
        digits,
        default_digits,
        description,
    }
}

pub(crate) fn find_currency(symbol: &str) -> Option<&'static Currency> {
    CURRENCIES.iter().find(|one| one.symbol == symbol)
}

pub(crate) fn find_security(symbol: &str) -> Option<&'static Security> {
    SECURITIES.iter().find(|one| one.symbol == symbol)
}

/// An amount with all decimals of its currency; a plain `0` for nothing, as Prime writes it.
pub(crate) fn amount(value: Decimal, digits: u32) -> Json {
    if value.is_zero() {
        return "0".into();
    }
    Json::amount(scaled(value, digits))
}

/// With as many decimals as asked for at least.
pub(crate) fn scaled(mut value: Decimal, digits: u32) -> Decimal {
    value = value.normalize();
    if value.scale() < digits {
        value.rescale(digits);
    }
    value
}

/// One unit of the last decimal.
pub(crate) fn unit(digits: u32) -> Decimal {
    Decimal::new(1, digits)
}

impl Security {
    pub(crate) fn least(&self) -> Decimal {
        Decimal::new(self.least, self.size_digits).normalize()
    }

    pub(crate) fn most(&self) -> Decimal {
        Decimal::from(self.most)
    }

    pub(crate) fn buckets(&self) -> Vec<Decimal> {
        let buckets = self.buckets.iter();
        buckets.map(|tenths| Decimal::new(*tenths, 1)).collect()
    }

    /// Decimals of an amount of one of its two currencies.
    pub(crate) fn digits_of(&self, currency: &str) -> u32 {
        if currency == self.quote {
            self.amount_digits
        } else {
            self.size_digits
        }
    }
}

/// Something that can come and go.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Rises with each change of any of them.
    version: u64,
    at: Moment,
    gone: bool,
    /// Nobody quotes it.
    offline: bool,
}

/// Which of the securities and currencies there are at present.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    version: u64,
    /// As [`SECURITIES`].
    securities: Vec<Place>,
    /// As [`CURRENCIES`].
    currencies: Vec<Place>,
}

impl Listing {
    pub(crate) fn new(now: Moment) -> Self {
        let place = Place {
            version: 0,
            at: now,
            gone: false,
            offline: false,
        };
        Self {
            version: 0,
            securities: vec![place; SECURITIES.len()],
            currencies: vec![place; CURRENCIES.len()],
        }
    }

    /// Rises with each change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    fn place(&self, symbol: &str) -> Option<&Place> {
        let places = SECURITIES.iter().zip(&self.securities);
        let mut places = places.filter(|(security, _)| security.symbol == symbol);
        places.next().map(|(_, place)| place)
    }

    /// A security that is not disabled.
    pub(crate) fn find(&self, symbol: &str) -> Option<&'static Security> {
        self.place(symbol).filter(|place| !place.gone)?;
        find_security(symbol)
    }

    /// Whether somebody quotes it.
    pub(crate) fn is_online(&self, symbol: &str) -> bool {
        self.place(symbol)
            .is_some_and(|place| !place.gone && !place.offline)
    }

    /// Whether there is such a currency.
    pub(crate) fn has_currency(&self, symbol: &str) -> bool {
        let mut places = CURRENCIES.iter().zip(&self.currencies);
        places.any(|(currency, place)| currency.symbol == symbol && !place.gone)
    }

    /// Quotes it or not; `false` if there is no such security.
    pub(crate) fn set_offline(&mut self, symbol: &str, offline: bool) -> bool {
        let mut places = SECURITIES.iter().zip(&mut self.securities);
        let found = places.find(|(security, _)| security.symbol == symbol);
        found.is_some_and(|(_, place)| {
            place.offline = offline;
            true
        })
    }

    /// Lists a security or a currency, or takes it off the list; `false` if there is no such.
    pub(crate) fn set_gone(&mut self, symbol: &str, gone: bool, at: Moment) -> bool {
        let securities = SECURITIES.iter().map(|security| security.symbol);
        let currencies = CURRENCIES.iter().map(|currency| currency.symbol);
        let securities = securities.zip(&mut self.securities);
        let mut all = securities.chain(currencies.zip(&mut self.currencies));
        let Some((_, place)) = all.find(|(name, _)| *name == symbol) else {
            return false;
        };
        if place.gone != gone {
            self.version += 1;
            place.version = self.version;
            place.gone = gone;
            place.at = at;
        }
        true
    }

    /// Records of the securities that changed after `version`, and whether they are gone.
    pub(crate) fn securities(&self, version: Option<u64>) -> impl Iterator<Item = (bool, Json)> {
        let places = SECURITIES.iter().zip(&self.securities);
        places
            .filter(move |(_, place)| place.is_news(version))
            .map(|(security, place)| (place.gone, security.record(place)))
    }

    /// Records of the currencies that changed after `version`, and whether they are gone.
    pub(crate) fn currencies(&self, version: Option<u64>) -> impl Iterator<Item = (bool, Json)> {
        let places = CURRENCIES.iter().zip(&self.currencies);
        places
            .filter(move |(_, place)| place.is_news(version))
            .map(|(currency, place)| (place.gone, currency.record(place)))
    }
}

impl Place {
    /// At first all that are there, then what changed.
    fn is_news(&self, version: Option<u64>) -> bool {
        version.map_or(!self.gone, |version| self.version > version)
    }

    fn action(&self) -> &'static str {
        if self.gone { "Remove" } else { "Update" }
    }
}

impl Currency {
    fn record(&self, place: &Place) -> Json {
        object! {
            "Timestamp" => place.at.nanoseconds(),
            "UpdateAction" => place.action(),
            "CurrencyID" => self.id,
            "Symbol" => self.symbol,
            "MinIncrement" => Json::amount(unit(self.digits)),
            "DefaultIncrement" => Json::amount(unit(self.default_digits)),
            "Description" => self.description,
        }
    }
}

impl Security {
    fn record(&self, place: &Place) -> Json {
        let buckets = self.buckets().into_iter();
        let buckets = buckets.map(|size| object! { "Size" => Json::amount(size) });
        let mut record = object! {
            "Timestamp" => stamp::text(place.at),
            "UpdateAction" => place.action(),
            "SecurityID" => self.id,
            "Symbol" => self.symbol,
            "MinPriceIncrement" => Json::amount(unit(self.price_digits)),
            "MinSizeIncrement" => Json::amount(unit(self.size_digits)),
            "MinAmtIncrement" => Json::amount(unit(self.amount_digits)),
            "MinimumSize" => Json::amount(self.least()),
            "MaximumSize" => Json::amount(self.most()),
            "QuoteCurrency" => self.quote,
            "BaseCurrency" => self.base,
        };
        if let (Json::Object(members), true) = (&mut record, place.gone) {
            members.insert("EndTime".to_owned(), stamp::text(place.at).into());
        }
        let rest = object! {
            "DefaultPriceIncrement" => Json::amount(unit(self.price_digits)),
            "DefaultSizeIncrement" => Json::amount(unit(4)),
            "PriceDisplaySpec" => "M.m",
            "SizeDisplaySpec" => "M.m",
            "NormalSize" => self.normal.to_string(),
            "ProductType" => "Spot",
            "PositionCurrency" => self.base,
            "SettlementCurrency" => self.quote,
            "NotionalMultiplier" => "1",
            "SizeBuckets" => buckets.collect::<Json>(),
            "DisplaySymbol" => self.symbol,
            "Description" => self.description,
            "Rank" => self.id,
        };
        if let (Json::Object(members), Json::Object(rest)) = (&mut record, rest) {
            members.extend(rest);
        }
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kraken::spot::assets::{LOT_DECIMALS, find_pair};

    /// Money would be rounded wrongly if the tables disagreed.
    #[test]
    fn the_tables_fit_together() {
        for security in SECURITIES {
            let pair = find_pair(security.pair).unwrap();
            assert_eq!(pair.price_decimals, security.price_digits);
            assert_eq!(LOT_DECIMALS, security.size_digits);
            let digits = |currency| find_currency(currency).unwrap().digits;
            assert_eq!(digits(security.base), security.size_digits);
            assert_eq!(digits(security.quote), security.amount_digits);
            assert_eq!(
                security.symbol,
                format!("{}-{}", security.base, security.quote)
            );
        }
    }

    #[test]
    fn records_are_as_sampled() {
        let listing = Listing::new(Moment::from_nanoseconds(1_631_657_507_512_168_000));
        let (_, eth) = listing.securities(None).nth(1).unwrap();
        assert_eq!(
            eth.to_string(),
            r#"{"Timestamp":"2021-09-14T22:11:47.512168Z","UpdateAction":"Update","SecurityID":2,"Symbol":"ETH-USD","MinPriceIncrement":"0.01","MinSizeIncrement":"0.00000001","MinAmtIncrement":"0.01","MinimumSize":"0.0001","MaximumSize":"10000","QuoteCurrency":"USD","BaseCurrency":"ETH","DefaultPriceIncrement":"0.01","DefaultSizeIncrement":"0.0001","PriceDisplaySpec":"M.m","SizeDisplaySpec":"M.m","NormalSize":"2","ProductType":"Spot","PositionCurrency":"ETH","SettlementCurrency":"USD","NotionalMultiplier":"1","SizeBuckets":[{"Size":"2.0"},{"Size":"10.0"}],"DisplaySymbol":"ETH-USD","Description":"Ethereum/U.S. Dollar","Rank":2}"#
        );
        let (_, usd) = listing.currencies(None).next().unwrap();
        assert_eq!(
            usd.to_string(),
            r#"{"Timestamp":1631657507512168000,"UpdateAction":"Update","CurrencyID":2,"Symbol":"USD","MinIncrement":"0.01","DefaultIncrement":"0.01","Description":"U.S. Dollar"}"#
        );
    }

    #[test]
    fn what_is_disabled_is_removed_and_comes_back() {
        let now = Moment::from_seconds(1_800_000_000);
        let mut listing = Listing::new(now);
        let before = listing.version();
        assert!(listing.set_gone("ETH-USD", true, now));
        assert!(!listing.set_gone("ETH-XXX", true, now));
        assert!(listing.find("ETH-USD").is_none());
        let news: Vec<_> = listing.securities(Some(before)).collect();
        assert_eq!(news.len(), 1);
        assert!(news[0].0);
        assert_eq!(
            news[0].1.get("UpdateAction").unwrap().as_str(),
            Some("Remove")
        );
        assert_eq!(listing.securities(None).count(), SECURITIES.len() - 1);
        assert_eq!(listing.currencies(Some(before)).count(), 0);
        listing.set_gone("ETH-USD", false, now);
        assert!(listing.find("ETH-USD").is_some());
    }
}
