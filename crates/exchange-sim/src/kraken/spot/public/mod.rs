//! Market data, for everybody but the book of single orders.
//!
//! | Module | Operations |
//! |---|---|
//! | [`venue`] | time, status and planned maintenance |
//! | [`listing`] | assets and pairs |
//! | [`prices`] | ticker, candles, trades, spreads |
//! | [`depth`] | the book, by level, grouped, and by order |
//! | [`transparency`] | the same for supervisors |
//! | [`writing`] | how their numbers and lists are written |

mod depth;
mod listing;
mod prices;
mod transparency;
mod venue;
mod writing;

use super::assets::{AssetClass, Pair, find_pair};
use super::market::Market;
use super::{Call, Operation, Permission, Spot};
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::params::Params;

pub(crate) const OPERATIONS: &[Operation] = &[
    public("Time", venue::time),
    public("SystemStatus", venue::system_status),
    public("MaintenanceSchedule", venue::maintenance_schedule),
    public("Assets", listing::assets),
    public("AssetPairs", listing::asset_pairs),
    public("Ticker", prices::ticker),
    public("OHLC", prices::ohlc),
    public("Trades", prices::trades),
    public("Spread", prices::spread),
    public("Depth", depth::depth),
    public("GroupedBook", depth::grouped_book),
    public("PreTrade", transparency::pre_trade),
    public("PostTrade", transparency::post_trade),
];

pub(crate) const PRIVATE_OPERATIONS: &[Operation] = &[Operation {
    name: "Level3",
    permission: Permission::All(&["Orders and trades - Query open orders & trades"]),
    cost: 1,
    call: depth::level3,
}];

const fn public(name: &'static str, call: fn(&mut Spot, &Call<'_>) -> Outcome) -> Operation {
    Operation {
        name,
        permission: Permission::None,
        cost: 0,
        call,
    }
}

const UNKNOWN_PAIR: &str = "EQuery:Unknown asset pair";

/// Which names an answer is to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// `XXBT`, `XXBTZUSD`.
    Ids,
    /// `BTC`, `BTC/USD`.
    Display,
}

impl Names {
    /// As `assetVersion` says.
    fn asked(params: &Params) -> Result<Self, Refusal> {
        match params.integer("assetVersion")? {
            None | Some(0) => Ok(Self::Ids),
            Some(1) => Ok(Self::Display),
            Some(_) => Err(Refusal::argument("assetVersion")),
        }
    }

    fn of(self, pair: &Pair) -> &'static str {
        match self {
            Self::Ids => pair.id,
            Self::Display => pair.display_name,
        }
    }
}

/// The class of assets that the parameter `name` asks for; coins and money if
/// it is not given.
fn class(params: &Params, name: &str) -> Result<AssetClass, Refusal> {
    match params.text(name).as_deref() {
        None | Some("currency" | "forex") => Ok(AssetClass::Currency),
        Some("tokenized_asset") => Ok(AssetClass::TokenizedAsset),
        Some(_) => Err(Refusal::argument(name)),
    }
}

/// A pair of a class by any of its names.
fn pair_of_class(name: &str, class: AssetClass) -> Result<&'static Pair, Refusal> {
    find_pair(name)
        .filter(|pair| pair.class == class)
        .ok_or_else(|| UNKNOWN_PAIR.into())
}

/// The one pair that `pair` and `asset_class` ask for.
fn asked_pair(params: &Params) -> Result<&'static Pair, Refusal> {
    let name = params.required("pair")?;
    pair_of_class(&name, class(params, "asset_class")?)
}

fn market<'a>(spot: &'a Spot, pair: &Pair) -> Result<&'a Market, Refusal> {
    spot.markets.get(pair).ok_or_else(|| UNKNOWN_PAIR.into())
}

/// A count between 1 and `most`.
fn count(params: &Params, default: usize, most: usize) -> Result<usize, Refusal> {
    let Some(count) = params.integer("count")? else {
        return Ok(default);
    };
    usize::try_from(count)
        .ok()
        .filter(|count| (1..=most).contains(count))
        .ok_or_else(|| Refusal::argument("count"))
}

/// One of a few whole numbers.
fn one_of(params: &Params, name: &str, known: &[u32], default: u32) -> Result<u32, Refusal> {
    let Some(number) = params.integer(name)? else {
        return Ok(default);
    };
    u32::try_from(number)
        .ok()
        .filter(|number| known.contains(number))
        .ok_or_else(|| Refusal::argument(name))
}

/// How many digits a price has in books, trades and ticker: five, or what the
/// pair has if that is more.
fn digits(pair: &Pair) -> u32 {
    pair.price_decimals.max(5)
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::Moment;
    use crate::json::Json;
    use crate::kraken::Kraken;
    use crate::kraken::answer::Reply;
    use crate::kraken::spot::assets::PAIRS;
    use crate::kraken::spot::market::{Fill, Side};
    use crate::venue::{Request, Venue as _};

    pub(super) const NOW: Moment = Moment::from_nanoseconds(1_800_000_000_123_456_789);

    /// A venue in the middle of a minute.
    pub(super) fn spot() -> Spot {
        Spot::new(1, NOW)
    }

    /// The answer as it is sent.
    fn answer(spot: &mut Spot, name: &str, query: &str, now: Moment) -> Result<String, Refusal> {
        let request = Request {
            method: http::Method::GET,
            target: format!("/0/public/{name}?{query}"),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        let params = &Params::of_query(&request);
        let mut all = OPERATIONS.iter().chain(PRIVATE_OPERATIONS);
        let operation = all.find(|operation| operation.name == name).unwrap();
        spot.advance(now);
        let key = None;
        match (operation.call)(spot, &Call { params, now, key })? {
            Reply::Result(result) => Ok(result.to_string()),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn try_ask(
        spot: &mut Spot,
        name: &str,
        query: &str,
        now: Moment,
    ) -> Result<Json, Refusal> {
        // Read again, as parts of it may be written already.
        let answer = answer(spot, name, query, now)?;
        Ok(Json::parse(answer.as_bytes()).unwrap())
    }

    pub(super) fn ask(spot: &mut Spot, name: &str, query: &str) -> Json {
        try_ask(spot, name, query, NOW).unwrap()
    }

    /// What is found on a way of member names and numbers of elements.
    pub(super) fn at(json: &Json, path: &str) -> Json {
        path.split('.').fold(json.clone(), |json, step| {
            let member = json.get(step).cloned();
            let element = || json.as_list()?.get(step.parse::<usize>().ok()?).cloned();
            member
                .or_else(element)
                .unwrap_or_else(|| panic!("{path} in {json}"))
        })
    }

    pub(super) fn decimal(json: &Json) -> Decimal {
        json.scalar().unwrap().parse().unwrap()
    }

    #[test]
    fn what_is_not_known_is_refused_in_the_venues_words() {
        let spot = &mut spot();
        for (name, query, error) in [
            ("Ticker", "pair=NOPE", UNKNOWN_PAIR),
            ("Ticker", "pair=XBTUSD,NOPE", UNKNOWN_PAIR),
            ("Depth", "pair=AAPLxUSD", UNKNOWN_PAIR),
            (
                "Depth",
                "pair=XBTUSD&asset_class=tokenized_asset",
                UNKNOWN_PAIR,
            ),
            ("Trades", "", "EGeneral:Invalid arguments:pair"),
            (
                "Trades",
                "pair=XBTUSD&count=1001",
                "EGeneral:Invalid arguments:count",
            ),
            (
                "Trades",
                "pair=XBTUSD&since=x",
                "EGeneral:Invalid arguments:since",
            ),
            (
                "Depth",
                "pair=XBTUSD&count=0",
                "EGeneral:Invalid arguments:count",
            ),
            (
                "Depth",
                "pair=XBTUSD&asset_class=x",
                "EGeneral:Invalid arguments:asset_class",
            ),
            (
                "OHLC",
                "pair=XBTUSD&interval=2",
                "EGeneral:Invalid arguments:interval",
            ),
            (
                "OHLC",
                "pair=XBTUSD&assetVersion=2",
                "EGeneral:Invalid arguments:assetVersion",
            ),
            (
                "GroupedBook",
                "pair=XBTUSD&depth=11",
                "EGeneral:Invalid arguments:depth",
            ),
            (
                "GroupedBook",
                "pair=XBTUSD&grouping=0",
                "EGeneral:Invalid arguments:grouping",
            ),
            (
                "Level3",
                "pair=XBTUSD&depth=-1",
                "EGeneral:Invalid arguments:depth",
            ),
            ("Assets", "asset=NOPE", "EQuery:Unknown asset"),
            ("AssetPairs", "pair=NOPE", UNKNOWN_PAIR),
            ("AssetPairs", "info=x", "EGeneral:Invalid arguments:info"),
            (
                "AssetPairs",
                "execution_venue=x",
                "EGeneral:Invalid arguments:execution_venue",
            ),
            ("PreTrade", "", "EGeneral:Invalid arguments:symbol"),
            (
                "PostTrade",
                "from_ts=x",
                "EGeneral:Invalid arguments:from_ts",
            ),
        ] {
            let refused = try_ask(spot, name, query, NOW).unwrap_err();
            assert_eq!(refused, error.into(), "{name} {query}");
        }
    }

    /// Every operation at a time before all trades, and at the end of time.
    #[test]
    fn no_time_is_too_early_or_too_late() {
        for start in [0, 90, u64::MAX / 1_000_000_000] {
            let now = Moment::from_seconds(start);
            let mut spot = Spot::new(1, now);
            for operation in OPERATIONS.iter().chain(PRIVATE_OPERATIONS) {
                for more in ["", "&since=0", "&since=99999999999999999999"] {
                    let query = format!("pair=XBTUSD&symbol=XBTUSD{more}");
                    let answer = try_ask(&mut spot, operation.name, &query, now);
                    assert!(answer.is_ok() || !more.is_empty(), "{answer:?}");
                }
            }
        }
    }

    /// Parameters as a fuzzer would make them.
    #[test]
    fn no_parameter_breaks_an_operation() {
        let mut chance = fastrand::Rng::with_seed(4);
        let spot = &mut spot();
        // What customers may print at most must not break the readers either.
        for (price, volume) in [
            (Decimal::MAX, Decimal::MAX),
            (Decimal::new(1, 28), Decimal::new(1, 28)),
        ] {
            let market = spot.markets.get_mut(&PAIRS[3]).unwrap();
            market.print(Side::Sell, true, Fill { price, volume }, NOW);
        }
        let names = [
            "pair",
            "asset",
            "symbol",
            "since",
            "count",
            "interval",
            "depth",
            "grouping",
            "info",
            "assetVersion",
            "aclass",
            "aclass_base",
            "asset_class",
            "from_ts",
            "to_ts",
        ];
        let values = [
            "",
            "XBTUSD",
            "XETHZEUR",
            "AAPLxUSD",
            "ETHEUR,,ETHEUR",
            "/",
            "0",
            "1",
            "-1",
            "10",
            "1e5",
            "%00",
            "99999999999999999999999999999999",
            "1800000000",
            "1800000000000000000",
            "0.5",
            "fees",
            "tokenized_asset",
            "2027-01-15T08:00:00Z",
            "9999-12-31T23:59:59Z",
            "%F0%9F%92%A3",
            "18446744073709551615",
            "9223372036854775807",
        ];
        let operations: Vec<_> = OPERATIONS.iter().chain(PRIVATE_OPERATIONS).collect();
        let mut answered = 0;
        for _ in 0..1_500 {
            let mut query = "pair=ETHEUR&symbol=ETHEUR".to_owned();
            for _ in 0..chance.usize(..4) {
                let name = chance.choice(names).unwrap();
                let value = chance.choice(values).unwrap();
                query.push_str(&format!("&{name}={value}"));
            }
            let operation = chance.choice(&operations).unwrap();
            if let Ok(answer) = answer(spot, operation.name, &query, NOW) {
                let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&answer).is_ok();
                assert!(is_json, "{query}: {answer}");
                answered += 1;
            }
        }
        assert!(answered > 300, "{answered}");
    }

    /// The whole way of a request, with the envelope.
    #[test]
    fn public_calls_need_no_key_and_level3_does() {
        let mut kraken = Kraken::new(1, NOW);
        let mut ask = |method: http::Method, target: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert("user-agent", "test/1".parse().unwrap());
            let request = Request {
                method,
                target: target.to_owned(),
                headers,
                body: bytes::Bytes::new(),
            };
            let answer = kraken.handle(&request, NOW).answer;
            String::from_utf8(answer.body.to_vec()).unwrap()
        };
        assert_eq!(
            ask(http::Method::GET, "/0/public/Ticker?pair=NOPE"),
            r#"{"error":["EQuery:Unknown asset pair"]}"#
        );
        let depth = ask(http::Method::GET, "/0/public/Depth?pair=BTC%2FUSD&count=1");
        assert!(
            depth.starts_with(r#"{"error":[],"result":{"XXBTZUSD":{"asks":[["5"#),
            "{depth}"
        );
        assert_eq!(
            ask(http::Method::POST, "/0/private/Level3"),
            r#"{"error":["EAPI:Invalid key"]}"#
        );
    }
}
