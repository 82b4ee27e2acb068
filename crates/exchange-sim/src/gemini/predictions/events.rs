//! Events, their contracts, and the operations that show them.

use std::time::Duration;

use rust_decimal::Decimal;

use super::super::answer::{Outcome, Refusal};
use super::super::exchange::Exchange;
use super::super::ids::Ids;
use super::super::{Call, Operation, public};
use super::{Contract, Predictions, outcome};
use crate::Moment;
use crate::json::{Json, object};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// Events that are over and still shown.
const OVER: usize = 50;

pub(crate) static OPERATIONS: [Operation; 7] = [
    public(
        "predictions.listEvents",
        "/v1/prediction-markets/events",
        list,
    ),
    // Before the one whose ticker may be anything.
    public(
        "predictions.listNewlyListedEvents",
        "/v1/prediction-markets/events/newly-listed",
        newly_listed,
    ),
    public(
        "predictions.listRecentlySettledEvents",
        "/v1/prediction-markets/events/recently-settled",
        recently_settled,
    ),
    public(
        "predictions.listUpcomingEvents",
        "/v1/prediction-markets/events/upcoming",
        upcoming,
    ),
    public(
        "predictions.getEvent",
        "/v1/prediction-markets/events/{}",
        event,
    ),
    public(
        "predictions.getEventStrike",
        "/v1/prediction-markets/events/{}/strike",
        strike,
    ),
    public(
        "predictions.getCategories",
        "/v1/prediction-markets/categories",
        categories,
    ),
];

/// Something that may happen.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub id: u64,
    pub title: String,
    pub ticker: String,
    pub category: &'static str,
    /// `binary` or `categorical`.
    pub kind: &'static str,
    pub series: Option<&'static str>,
    pub created: Moment,
    pub effective: Moment,
    pub expiry: Moment,
    pub resolved: Option<Moment>,
    /// By symbol.
    pub contracts: Vec<String>,
    /// The sport, for sports.
    pub sport: Option<&'static str>,
    /// The price to be compared with, taken when it starts.
    pub strike: Option<Decimal>,
}

impl Event {
    pub(crate) fn is_active(&self, now: Moment) -> bool {
        self.status(now) == "active"
    }

    fn status(&self, now: Moment) -> &'static str {
        if self.resolved.is_some() {
            "settled"
        } else if now < self.effective {
            "approved"
        } else if now < self.expiry {
            "active"
        } else {
            "closed"
        }
    }
}

/// What is needed for a new event.
struct Plan<'a> {
    title: String,
    ticker: String,
    category: &'static str,
    kind: &'static str,
    series: Option<&'static str>,
    created: Moment,
    effective: Moment,
    expiry: Moment,
    sport: Option<&'static str>,
    strike: Option<Decimal>,
    /// Ticker and label.
    contracts: &'a [(&'a str, &'a str)],
}

impl Predictions {
    /// What is there at the start.
    pub(super) fn begin(&mut self, now: Moment, ids: &mut Ids) {
        let ago = |hours| now.minus(Duration::from_secs(hours * HOUR));
        let ahead = |hours| now.plus(Duration::from_secs(hours * HOUR));
        let plan = Plan {
            title: "Will the central bank cut its rate at its next meeting?".into(),
            ticker: "FEDNEXT".into(),
            category: "Economics",
            kind: "categorical",
            series: None,
            created: ago(30 * 24),
            effective: ago(29 * 24),
            expiry: ahead(60 * 24),
            sport: None,
            strike: None,
            contracts: &[("DN25", "Cut by 25 bp"), ("HOLD", "No change")],
        };
        self.add(plan, ids);
        let plan = Plan {
            title: "Rovers vs United".into(),
            ticker: "CUPROV-UTD".into(),
            category: "Sports",
            kind: "binary",
            series: None,
            created: ago(5),
            effective: ahead(3 * 24),
            expiry: ahead(3 * 24 + 4),
            sport: Some("soccer"),
            strike: None,
            contracts: &[("ROV", "Rovers win")],
        };
        self.add(plan, ids);
        self.roll(now, ids);
        // The one of the hour before last is over.
        let hour = now.seconds() / HOUR * HOUR;
        let past = Moment::from_seconds(hour.saturating_sub(HOUR));
        self.hourly(past, ids);
        let symbols = self.events.last().map(|event| event.contracts.clone());
        for symbol in symbols.unwrap_or_default() {
            if let Some(contract) = self.contracts.get_mut(&symbol) {
                let end = contract.expiry;
                contract.resolved = Some((contract.price >= Decimal::new(5, 1), end));
                let event = contract.event.clone();
                self.close_event(&event, end);
            }
        }
    }

    fn add(&mut self, plan: Plan<'_>, ids: &mut Ids) {
        self.last_event += 1;
        let id = self.last_event;
        let mut symbols = Vec::new();
        for (index, (ticker, label)) in plan.contracts.iter().enumerate() {
            let symbol = format!("GEMI-{}-{ticker}", plan.ticker);
            let price = Decimal::new(30 + i64::try_from(ids.plain.below(41)).unwrap_or(20), 2);
            self.contracts.insert(
                symbol.clone(),
                Contract {
                    // Digits only, as the legs of combos name them.
                    id: format!("{}", id * 100 + index as u64),
                    event: plan.ticker.clone(),
                    ticker: (*ticker).to_owned(),
                    symbol: symbol.clone(),
                    instrument: id * 100 + index as u64,
                    label: (*label).to_owned(),
                    price,
                    resolved: None,
                    legs: Vec::new(),
                    expiry: plan.expiry,
                },
            );
            symbols.push(symbol);
        }
        self.events.push(Event {
            id,
            title: plan.title,
            ticker: plan.ticker,
            category: plan.category,
            kind: plan.kind,
            series: plan.series,
            created: plan.created,
            effective: plan.effective,
            expiry: plan.expiry,
            resolved: None,
            contracts: symbols,
            sport: plan.sport,
            strike: plan.strike,
        });
    }

    /// The event of the hour that begins at `start`, unless it is there.
    fn hourly(&mut self, start: Moment, ids: &mut Ids) {
        let end = start.plus(Duration::from_secs(HOUR));
        let ticker = format!("BTC{}", end.date_time().format("%y%m%d%H00"));
        if self.events.iter().any(|event| event.ticker == ticker) {
            return;
        }
        let plan = Plan {
            title: format!("BTC price at {}", end.rfc3339()),
            ticker,
            category: "Crypto",
            kind: "categorical",
            series: Some("BTC1H"),
            created: start.minus(Duration::from_secs(HOUR)),
            effective: start,
            expiry: end,
            sport: None,
            strike: Some(Decimal::new(6_500_000, 2)),
            contracts: &[("HI65000", "BTC > $65,000"), ("HI66000", "BTC > $66,000")],
        };
        self.add(plan, ids);
    }

    /// Keeps an hourly event open and the next one announced.
    pub(super) fn roll(&mut self, now: Moment, ids: &mut Ids) {
        let hour = Moment::from_seconds(now.seconds() / HOUR * HOUR);
        self.hourly(hour, ids);
        self.hourly(hour.plus(Duration::from_secs(HOUR)), ids);
        let over = self.events.iter().filter(|event| event.resolved.is_some());
        let mut too_many = over.count().saturating_sub(OVER);
        let (events, contracts) = (&mut self.events, &mut self.contracts);
        events.retain(|event| {
            let goes = event.resolved.is_some() && too_many > 0;
            if goes {
                too_many -= 1;
                contracts.retain(|_, contract| contract.event != event.ticker);
            }
            !goes
        });
    }

    /// An event is over with its last contract.
    pub(super) fn close_event(&mut self, ticker: &str, at: Moment) {
        let contracts = &self.contracts;
        let event = self.events.iter_mut().find(|event| event.ticker == ticker);
        if let Some(event) = event {
            let mut all = event
                .contracts
                .iter()
                .filter_map(|symbol| contracts.get(symbol));
            if all.all(|contract| contract.resolved.is_some()) {
                event.resolved.get_or_insert(at);
            }
        }
    }

    /// Whether a contract can be traded.
    pub(super) fn is_open(&self, contract: &Contract, now: Moment) -> bool {
        if contract.resolved.is_some() {
            return false;
        }
        let event = self
            .events
            .iter()
            .find(|event| event.ticker == contract.event);
        event.map_or(!contract.legs.is_empty(), |event| event.is_active(now))
    }

    fn contract_json(&self, contract: &Contract, event: &Event, order: usize, now: Moment) -> Json {
        let open = self.is_open(contract, now);
        let status = if contract.resolved.is_some() {
            "settled"
        } else {
            event.status(now)
        };
        let mut json = object! {
            "id" => contract.id.as_str(),
            "label" => contract.label.as_str(),
            "abbreviatedName" => contract.ticker.as_str(),
            "description" => Json::Null,
            "prices" => prices(contract, open),
            "color" => "#4CAF50",
            "status" => status,
            "imageUrl" => Json::Null,
            "priceHistory" => Json::Null,
            "createdAt" => event.created.rfc3339_milliseconds(),
            "effectiveDate" => event.effective.rfc3339_milliseconds(),
            "expiryDate" => event.expiry.rfc3339_milliseconds(),
            "resolutionSide" => contract.resolved.map(|(yes, _)| outcome(yes)),
            "resolvedAt" => contract.resolved.map(|(_, at)| at.rfc3339_milliseconds()),
            "termsAndConditionsUrl" => "https://example.com/terms",
            "ticker" => contract.ticker.as_str(),
            "instrumentSymbol" => contract.symbol.as_str(),
            "quantityIncrement" => "0.01",
            "quantityMinimum" => "1.00",
            "priceIncrement" => "0.01",
            "priceMinimum" => "0.01",
            "quoteAssetPrecision" => 2_u32,
            "marketState" => if open { "open" } else { "closed" },
            "sortOrder" => order + 1,
        };
        if let (Json::Object(members), Some((yes, _))) = (&mut json, contract.resolved) {
            let value = if yes { "1" } else { "0" };
            members.insert("settlementValue".into(), value.into());
        }
        json
    }

    fn event_json(&self, event: &Event, now: Moment) -> Json {
        let contracts = event
            .contracts
            .iter()
            .filter_map(|symbol| self.contracts.get(symbol));
        let contracts = contracts.enumerate();
        let contracts =
            contracts.map(|(order, contract)| self.contract_json(contract, event, order, now));
        let contracts: Json = contracts.collect();
        let slug = event.ticker.to_lowercase();
        let mut json = object! {
            "id" => event.id.to_string(),
            "title" => event.title.as_str(),
            "slug" => slug,
            "description" => event.title.as_str(),
            "imageUrl" => Json::Null,
            "type" => event.kind,
            "category" => event.category,
            "series" => event.series,
            "ticker" => event.ticker.as_str(),
            "status" => event.status(now),
            "resolvedAt" => event.resolved.map(Moment::rfc3339_milliseconds),
            "createdAt" => event.created.rfc3339_milliseconds(),
            "effectiveDate" => event.effective.rfc3339_milliseconds(),
            "expiryDate" => event.expiry.rfc3339_milliseconds(),
            "liquidity" => Json::Null,
            "tags" => vec![event.category],
            "contracts" => contracts,
        };
        if let (Json::Object(members), Some(sport)) = (&mut json, event.sport) {
            let market = object! {
                "sport" => sport,
                "type" => "moneyline",
                "subject" => "contest",
                "scope" => object! { "type" => "full_contest" },
            };
            members.insert("sportsMarket".into(), market);
        }
        json
    }
}

/// What can be bought and sold, and for how much.
pub(super) fn prices(contract: &Contract, open: bool) -> Json {
    let last = Json::amount(contract.price);
    if !open {
        return object! {
            "buy" => object! {},
            "sell" => object! {},
            "bestBid" => Json::Null,
            "bestAsk" => Json::Null,
            "lastTradePrice" => last,
        };
    }
    let both = |price: &dyn Fn(bool) -> Decimal| {
        object! { "yes" => Json::amount(price(true)), "no" => Json::amount(price(false)) }
    };
    object! {
        "buy" => both(&|yes| contract.ask(yes)),
        "sell" => both(&|yes| contract.bid(yes)),
        "bestBid" => Json::amount(contract.bid(true)),
        "bestAsk" => Json::amount(contract.ask(true)),
        "lastTradePrice" => last,
    }
}

const STATUSES: &[&str] = &[
    "approved",
    "active",
    "closed",
    "under_review",
    "settled",
    "invalid",
];

const SPORTS: &[&str] = &[
    "american_football",
    "athletics",
    "australian_rules_football",
    "baseball",
    "basketball",
    "boxing",
    "chess",
    "cricket",
    "cycling",
    "darts",
    "esports",
    "golf",
    "hockey",
    "lacrosse",
    "mixed_martial_arts",
    "motorsports",
    "rugby",
    "sailing",
    "soccer",
    "tennis",
];

/// The values of a filter, which must be among those that are known.
fn filter<'a>(call: &'a Call<'_>, name: &str, known: &[&str]) -> Result<Vec<&'a str>, Refusal> {
    let values = call.params.all(name);
    match values.iter().find(|value| !known.contains(value)) {
        Some(other) => Err(Refusal::input(format!("{name} can't be '{other}'"))),
        None => Ok(values),
    }
}

/// The page of some events that a request is about.
fn listed(
    exchange: &Exchange,
    call: &Call<'_>,
    which: impl Fn(&Event) -> bool,
    order: impl Fn(&Event) -> Moment,
    newest: bool,
) -> Outcome {
    let statuses = filter(call, "status", STATUSES)?;
    let sports = filter(call, "sport", SPORTS)?;
    let categories = call.params.all("category");
    let search = call.params.text("search").map(|text| text.to_lowercase());
    // All sports events are of one sort.
    let of_sports = ["type", "subject", "scope", "metric"].map(|name| {
        let values = call.params.all(&format!("sports_market_{name}"));
        let ours = match name {
            "type" => "moneyline",
            "subject" => "contest",
            "scope" => "full_contest",
            _ => "",
        };
        (!values.is_empty()).then(|| values.contains(&ours))
    });
    let limit = call.params.limit("limit", 50, 500)?.max(1);
    let offset = call.params.limit("offset", 0, usize::MAX)?;
    let predictions = &exchange.predictions;
    let mut events: Vec<&Event> = predictions
        .events
        .iter()
        .filter(|event| which(event))
        .filter(|event| statuses.is_empty() || statuses.contains(&event.status(call.now)))
        .filter(|event| {
            categories.is_empty()
                || categories
                    .iter()
                    .any(|one| one.eq_ignore_ascii_case(event.category))
        })
        .filter(|event| sports.is_empty() || event.sport.is_some_and(|one| sports.contains(&one)))
        .filter(|event| {
            of_sports
                .iter()
                .flatten()
                .all(|fits| *fits && event.sport.is_some())
        })
        .filter(|event| {
            search
                .as_ref()
                .is_none_or(|text| event.title.to_lowercase().contains(text))
        })
        .collect();
    events.sort_by_key(|event| order(event));
    if newest {
        events.reverse();
    }
    let total = events.len();
    let page = events.into_iter().skip(offset).take(limit);
    let data: Json = page
        .map(|event| predictions.event_json(event, call.now))
        .collect();
    Ok(object! {
        "data" => data,
        "pagination" => object! { "limit" => limit, "offset" => offset, "total" => total },
    }
    .into())
}

fn list(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    listed(exchange, call, |_| true, |event| event.expiry, false)
}

fn newly_listed(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let day_ago = call.now.minus(Duration::from_secs(DAY));
    listed(
        exchange,
        call,
        |event| event.created >= day_ago,
        |event| event.created,
        true,
    )
}

fn recently_settled(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let day_ago = call.now.minus(Duration::from_secs(DAY));
    let recent = |event: &Event| event.resolved.is_some_and(|at| at >= day_ago);
    listed(
        exchange,
        call,
        recent,
        |event| event.resolved.unwrap_or_default(),
        true,
    )
}

fn upcoming(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let waits = |event: &Event| event.status(call.now) == "approved";
    listed(exchange, call, waits, |event| event.effective, false)
}

/// The event of a path.
fn found<'a>(exchange: &'a Exchange, call: &Call<'_>) -> Result<&'a Event, Refusal> {
    let ticker = &call.path[0];
    let mut events = exchange.predictions.events.iter();
    events
        .find(|event| event.ticker.eq_ignore_ascii_case(ticker))
        .ok_or_else(|| Refusal::plain(404, "NOT_FOUND", format!("Event {ticker} not found")))
}

fn event(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let event = found(exchange, call)?;
    Ok(exchange.predictions.event_json(event, call.now).into())
}

fn strike(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let event = found(exchange, call)?;
    let Some(strike) = event.strike else {
        let message = format!("Event {} has no strike", event.ticker);
        return Err(Refusal::plain(404, "NOT_FOUND", message));
    };
    let known = call.now >= event.effective;
    Ok(object! {
        "value" => known.then(|| Json::amount(strike)),
        "type" => "reference",
        "availableAt" => event.effective.rfc3339_milliseconds(),
    }
    .into())
}

fn categories(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let statuses = filter(call, "status", STATUSES)?;
    let events = exchange.predictions.events.iter();
    let events =
        events.filter(|event| statuses.is_empty() || statuses.contains(&event.status(call.now)));
    let mut categories: Vec<&str> = events.map(|event| event.category).collect();
    categories.sort_unstable();
    categories.dedup();
    Ok(object! { "categories" => categories }.into())
}
