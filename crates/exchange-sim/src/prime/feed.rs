//! One stream as one subscription sees it.

use std::collections::BTreeMap;
use std::time::Duration;

use rust_decimal::Decimal;

use super::ask::{Ask, is_sane};
use super::balances::rate_text;
use super::depth::Depth;
use super::desk::Desk;
use super::orders::{Event, Record, Status};
use super::people::Caller;
use super::quotes::QuoteRecord;
use super::securities::{CURRENCIES, Security, find_currency, find_security};
use super::stamp;
use super::trades::Trade;
use crate::Moment;
use crate::json::Json;

/// Records that go out in one message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    /// They are gone: `action` is `Remove`.
    pub remove: bool,
    pub records: Vec<Json>,
}

/// The reader is so far behind that what it lacks is no longer kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behind;

/// The shortest time between two messages of `CurrencyConversion`, and the smallest change.
const CONVERSION_THROTTLE: Duration = Duration::from_secs(10);
const CONVERSION_TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 4);

/// A subscription's place in what happens: it is asked for news, and nothing waits for it.
#[derive(Debug)]
pub(crate) struct Feed {
    stream: Stream,
    /// Up to where it was read: a version, or a number in a log.
    cursor: u64,
}

#[derive(Debug)]
enum Stream {
    Balance {
        currencies: Vec<String>,
        equivalent: Option<String>,
    },
    Currency {
        symbols: Vec<String>,
    },
    Security {
        symbols: Vec<String>,
    },
    CurrencyConversion(Conversion),
    ExecutionReport(Filter),
    Order(Filter),
    Trade(Filter),
    Quote(Filter),
    Exposure,
    MarketDataSnapshot(Market),
    User(Caller),
}

#[derive(Debug)]
struct Conversion {
    into: String,
    currencies: Vec<String>,
    throttle: Duration,
    tolerance: Decimal,
    /// What was sent last: rate and whether it was online.
    sent: BTreeMap<String, (Decimal, bool)>,
    looked: Moment,
}

#[derive(Debug)]
struct Market {
    security: &'static Security,
    depth: Depth,
    throttle: Duration,
    sent: Moment,
}

/// Which records of a history are wanted.
#[derive(Debug, Default)]
struct Filter {
    start: Option<Moment>,
    end: Option<Moment>,
    symbol: Option<String>,
    statuses: Vec<String>,
    order_id: Option<String>,
    rfq_id: Option<String>,
}

impl Filter {
    fn read(ask: Ask<'_>) -> Result<Self, String> {
        let text = |name| Ok::<_, String>(ask.text(name)?.map(str::to_owned));
        Ok(Self {
            start: ask.time("StartDate")?,
            end: ask.time("EndDate")?,
            symbol: text("Symbol")?,
            statuses: Vec::new(),
            order_id: text("OrderID")?,
            rfq_id: text("RFQID")?,
        })
    }

    fn with_statuses(mut self, ask: Ask<'_>) -> Result<Self, String> {
        self.statuses = ask.texts("Statuses")?;
        Ok(self)
    }

    fn wants(&self, at: Moment, symbol: Option<&str>, rfq: Option<&str>) -> bool {
        let same = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == is)
        };
        self.start.is_none_or(|start| at >= start)
            && self.end.is_none_or(|end| at < end)
            && same(&self.symbol, symbol)
            && same(&self.rfq_id, rfq)
    }

    fn wants_order(&self, id: Option<&str>, status: Option<Status>) -> bool {
        let order = self.order_id.as_deref();
        let named = |status: Status| self.statuses.iter().any(|name| name == status.name());
        order.is_none_or(|wanted| Some(wanted) == id)
            && (self.statuses.is_empty() || status.is_none_or(named))
    }

    fn wants_event(&self, event: &Event, at: Moment) -> bool {
        let (id, symbol, rfq) = match &event.of {
            Ok(order) => (
                Some(&order.id),
                Some(&order.symbol),
                order.rfq_id.as_deref(),
            ),
            Err(stray) => (stray.order_id.as_ref(), stray.symbol.as_ref(), None),
        };
        self.wants(at, symbol.map(String::as_str), rfq)
            && self.wants_order(id.map(String::as_str), Some(event.status()))
    }

    /// As an event of its own time.
    fn report(&self, event: &Event) -> Option<Json> {
        self.wants_event(event, event.at).then(|| event.report())
    }

    /// As the state of an order of the time when it was submitted.
    fn order(&self, event: &Event) -> Option<Json> {
        let order = event.of.as_ref().ok()?;
        self.wants_event(event, order.submitted)
            .then(|| event.order())
    }

    fn trade(&self, trade: &Trade) -> Option<Json> {
        let order = &trade.order;
        let wanted = self.wants(trade.at, Some(&order.symbol), order.rfq_id.as_deref())
            && self.wants_order(Some(&order.id), None);
        wanted.then(|| trade.record())
    }

    fn quote(&self, quote: &QuoteRecord) -> Option<Json> {
        let (symbol, rfq) = (Some(quote.symbol.as_str()), Some(quote.rfq_id.as_str()));
        let wanted = self.wants(quote.submitted, symbol, rfq);
        wanted.then(|| quote.json.clone())
    }
}

impl Feed {
    /// Begins with an element of `streams`; the error is the text of an `error` message. With it comes the snapshot.
    pub(crate) fn open(
        desk: &Desk,
        stream: &Json,
        caller: &Caller,
        now: Moment,
    ) -> Result<(Self, Vec<Json>), String> {
        let ask = Ask::new(stream)?;
        let stream = Stream::read(desk, ask, caller, now)?;
        let mut feed = Self { stream, cursor: 0 };
        let records = feed.snapshot(desk, now);
        Ok((feed, records))
    }

    /// The stream's name, which is the `type` of its messages.
    pub(crate) fn name(&self) -> &'static str {
        match self.stream {
            Stream::Balance { .. } => "Balance",
            Stream::Currency { .. } => "Currency",
            Stream::Security { .. } => "Security",
            Stream::CurrencyConversion(_) => "CurrencyConversion",
            Stream::ExecutionReport(_) => "ExecutionReport",
            Stream::Order(_) => "Order",
            Stream::Trade(_) => "Trade",
            Stream::Quote(_) => "Quote",
            Stream::Exposure => "Exposure",
            Stream::MarketDataSnapshot(_) => "MarketDataSnapshot",
            Stream::User(_) => "User",
        }
    }

    /// All that there is, after which only changes are told.
    fn snapshot(&mut self, desk: &Desk, now: Moment) -> Vec<Json> {
        match &mut self.stream {
            Stream::Balance {
                currencies,
                equivalent,
            } => {
                self.cursor = desk.purse.version();
                desk.balance_records(0, currencies, equivalent.as_deref())
            }
            Stream::Currency { symbols } => {
                self.cursor = desk.listing.version();
                listed(desk.listing.currencies(None), symbols).0
            }
            Stream::Security { symbols } => {
                self.cursor = desk.listing.version();
                listed(desk.listing.securities(None), symbols).0
            }
            Stream::CurrencyConversion(conversion) => conversion.records(desk, now),
            Stream::ExecutionReport(filter) => {
                self.cursor = desk.orders.events.end();
                let events = desk.orders.events.iter();
                events.filter_map(|event| filter.report(event)).collect()
            }
            Stream::Order(filter) => {
                self.cursor = desk.orders.events.end();
                let latest = desk.orders.latest();
                latest.filter_map(|event| filter.order(event)).collect()
            }
            Stream::Trade(filter) => {
                self.cursor = desk.trades.log.end();
                let trades = desk.trades.log.iter();
                trades.filter_map(|trade| filter.trade(trade)).collect()
            }
            Stream::Quote(filter) => {
                self.cursor = desk.quotes.log.end();
                let latest = desk.quotes.latest();
                latest.filter_map(|quote| filter.quote(quote)).collect()
            }
            Stream::Exposure => {
                self.cursor = desk.purse.exposure_version();
                vec![desk.exposure_record()]
            }
            Stream::MarketDataSnapshot(market) => {
                self.cursor = desk.markets.version(market.security).0;
                market.sent = now;
                vec![desk.depth_record(market.security, &market.depth)]
            }
            Stream::User(caller) => {
                self.cursor = desk.configs.version(&caller.user);
                vec![desk.configs.record(caller)]
            }
        }
    }

    /// What is new since the last time.
    pub(crate) fn poll(&mut self, desk: &Desk, now: Moment) -> Result<Vec<Batch>, Behind> {
        let end = match &self.stream {
            Stream::Balance { .. } => desk.purse.version(),
            Stream::Currency { .. } | Stream::Security { .. } => desk.listing.version(),
            Stream::ExecutionReport(_) | Stream::Order(_) => desk.orders.events.end(),
            Stream::Trade(_) => desk.trades.log.end(),
            Stream::Quote(_) => desk.quotes.log.end(),
            Stream::Exposure => desk.purse.exposure_version(),
            Stream::MarketDataSnapshot(market) => desk.markets.version(market.security).0,
            Stream::User(caller) => desk.configs.version(&caller.user),
            Stream::CurrencyConversion(conversion) => {
                u64::from(now.since(conversion.looked) >= conversion.throttle)
            }
        };
        if end == self.cursor {
            return Ok(Vec::new());
        }
        let from = self.cursor;
        let records: Vec<Json> = match &mut self.stream {
            Stream::Balance {
                currencies,
                equivalent,
            } => desk.balance_records(from, currencies, equivalent.as_deref()),
            Stream::Currency { symbols } => {
                let news = desk.listing.currencies(Some(from));
                self.cursor = end;
                return Ok(batches(listed(news, symbols)));
            }
            Stream::Security { symbols } => {
                let news = desk.listing.securities(Some(from));
                self.cursor = end;
                return Ok(batches(listed(news, symbols)));
            }
            Stream::CurrencyConversion(conversion) => {
                let records = conversion.records(desk, now);
                return Ok(batches((records, Vec::new())));
            }
            Stream::ExecutionReport(filter) => {
                let news = desk.orders.events.since(from)?;
                news.filter_map(|event| filter.report(event)).collect()
            }
            Stream::Order(filter) => {
                let news = desk.orders.events.since(from)?;
                news.filter_map(|event| filter.order(event)).collect()
            }
            Stream::Trade(filter) => {
                let news = desk.trades.log.since(from)?;
                news.filter_map(|trade| filter.trade(trade)).collect()
            }
            Stream::Quote(filter) => {
                let news = desk.quotes.log.since(from)?;
                news.filter_map(|quote| filter.quote(quote)).collect()
            }
            Stream::Exposure => vec![desk.exposure_record()],
            Stream::MarketDataSnapshot(market) => {
                if now.since(market.sent) < market.throttle {
                    return Ok(Vec::new());
                }
                market.sent = now;
                vec![desk.depth_record(market.security, &market.depth)]
            }
            Stream::User(caller) => vec![desk.configs.record(caller)],
        };
        self.cursor = end;
        Ok(batches((records, Vec::new())))
    }
}

/// Wanted records that are there, and those that are gone.
fn listed(
    records: impl Iterator<Item = (bool, Json)>,
    symbols: &[String],
) -> (Vec<Json>, Vec<Json>) {
    let wanted = |record: &Json| {
        let symbol = record.get("Symbol").and_then(Json::as_str);
        symbols.is_empty() || symbols.iter().any(|wanted| Some(wanted.as_str()) == symbol)
    };
    let (mut there, mut gone) = (Vec::new(), Vec::new());
    for (is_gone, record) in records.filter(|(_, record)| wanted(record)) {
        if is_gone { &mut gone } else { &mut there }.push(record);
    }
    (there, gone)
}

fn batches((there, gone): (Vec<Json>, Vec<Json>)) -> Vec<Batch> {
    let both = [(false, there), (true, gone)];
    let both = both.into_iter().filter(|(_, records)| !records.is_empty());
    both.map(|(remove, records)| Batch { remove, records })
        .collect()
}

impl Stream {
    fn read(desk: &Desk, ask: Ask<'_>, caller: &Caller, now: Moment) -> Result<Self, String> {
        let name = ask.required("name")?;
        Ok(match name {
            "Balance" => {
                let equivalent = ask.text("EquivalentCurrency")?;
                if equivalent.is_some_and(|currency| find_currency(currency).is_none()) {
                    return Err("there is no such EquivalentCurrency".to_owned());
                }
                Self::Balance {
                    currencies: ask.texts("Currencies")?,
                    equivalent: equivalent.map(str::to_owned),
                }
            }
            "Currency" => Self::Currency {
                symbols: ask.texts("Symbols")?,
            },
            "Security" => Self::Security {
                symbols: ask.texts("Symbols")?,
            },
            "CurrencyConversion" => Self::CurrencyConversion(Conversion::read(ask, now)?),
            "ExecutionReport" => Self::ExecutionReport(Filter::read(ask)?.with_statuses(ask)?),
            "Order" => Self::Order(Filter::read(ask)?.with_statuses(ask)?),
            "Trade" => Self::Trade(Filter::read(ask)?),
            "Quote" => {
                let mut filter = Filter::read(ask)?;
                filter.order_id = None;
                Self::Quote(filter)
            }
            "Exposure" => Self::Exposure,
            "MarketDataSnapshot" => {
                let symbol = ask.required("Symbol")?;
                let security = desk.listing.find(symbol);
                let security = security.ok_or_else(|| format!("there is no security {symbol}"))?;
                let throttle = ask.duration("Throttle")?.unwrap_or_default();
                Self::MarketDataSnapshot(Market {
                    security,
                    depth: Depth::read(ask, security)?,
                    throttle: throttle.max(desk.markets.throttle),
                    sent: now,
                })
            }
            "User" => Self::User(caller.clone()),
            _ => return Err(format!("there is no stream {name}")),
        })
    }
}

impl Conversion {
    fn read(ask: Ask<'_>, now: Moment) -> Result<Self, String> {
        let into = ask.required("EquivalentCurrency")?;
        if find_currency(into).is_none() {
            return Err("there is no such EquivalentCurrency".to_owned());
        }
        let throttle = ask.duration("Throttle")?.unwrap_or(CONVERSION_THROTTLE);
        if throttle < CONVERSION_THROTTLE {
            return Err("Throttle must be 10s at least".to_owned());
        }
        let tolerance = ask.decimal("Tolerance")?.unwrap_or(CONVERSION_TOLERANCE);
        if tolerance < CONVERSION_TOLERANCE || !is_sane(tolerance) {
            return Err("Tolerance must be 0.0001 at least".to_owned());
        }
        let mut currencies = ask.texts("Currencies")?;
        if currencies.is_empty() {
            let all = CURRENCIES.iter().map(|currency| currency.symbol);
            let others = all.filter(|symbol| *symbol != into);
            currencies = others.map(str::to_owned).collect();
        }
        for name in &currencies {
            if find_currency(name).is_none() && find_security(name).is_none() {
                return Err(format!("there is no currency or security {name}"));
            }
        }
        Ok(Self {
            into: into.to_owned(),
            currencies,
            throttle,
            tolerance,
            sent: BTreeMap::new(),
            looked: now,
        })
    }

    /// Rates that are new, or differ from what was sent by more than is tolerated.
    fn records(&mut self, desk: &Desk, now: Moment) -> Vec<Json> {
        self.looked = now;
        let mut records = Vec::new();
        for name in &self.currencies {
            let Some((rate, path)) = conversion_rate(desk, name, &self.into) else {
                continue;
            };
            let online = path.iter().all(|symbol| desk.listing.is_online(symbol));
            let is_news = self.sent.get(name).is_none_or(|(sent, was_online)| {
                let change = (rate.saturating_sub(*sent)).abs();
                let tolerated = sent.checked_mul(self.tolerance).unwrap_or(Decimal::MAX);
                change >= tolerated && !change.is_zero() || *was_online != online
            });
            if !is_news {
                continue;
            }
            self.sent.insert(name.clone(), (rate, online));
            let mut record = Record::default();
            record.add("Timestamp", stamp::text(now));
            record.add("EquivalentCurrency", self.into.clone());
            record.add("Currency", name.clone());
            record.add("Rate", rate_text(rate));
            record.add("Status", if online { "Online" } else { "Offline" });
            record.add("ConversionPath", format!("({})", path.join(",")));
            records.push(record.0);
        }
        records
    }
}

/// Of a currency; or of what one unit of a security's base costs.
fn conversion_rate(desk: &Desk, name: &str, into: &str) -> Option<(Decimal, Vec<&'static str>)> {
    let Some(security) = find_security(name) else {
        return desk.rate(name, into);
    };
    let price = desk.markets.middle(security)?;
    let (rate, mut path) = desk.rate(security.quote, into)?;
    path.insert(0, security.symbol);
    Some((price.checked_mul(rate)?, path))
}
