//! Orders, and the records of what happens to them.
//!
//! `OrdRejReason`, `CxlRejReason`, `Text`, `QuoteID`, `RFQID`, `Strategy`, `Parameters` and
//! `FeeCurrency` are in no list of the vendor's for Prime's `ExecutionReport`: they are known from
//! another installation of the same server, and sent as it does.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;

use super::log::Log;
use super::market::{Side, Wanted};
use super::securities::{Security, amount, find_currency, scaled};
use super::stamp;
use super::strategy::Strategy;
use crate::Moment;
use crate::json::{Json, object};

/// Orders that are kept, open ones included.
const MOST_ORDERS: usize = 5_000;

/// Orders that are open at a time.
pub(crate) const MOST_OPEN: usize = 500;

/// Events that are kept.
const MOST_EVENTS: usize = 10_000;

/// Client ids that are remembered, and how long.
const MOST_IDS: usize = 20_000;
const DAY: Duration = Duration::from_secs(86_400);

/// `OrdStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    PendingNew,
    New,
    PartiallyFilled,
    Filled,
    PendingCancel,
    PendingReplace,
    Canceled,
    Rejected,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PendingNew => "PendingNew",
            Self::New => "New",
            Self::PartiallyFilled => "PartiallyFilled",
            Self::Filled => "Filled",
            Self::PendingCancel => "PendingCancel",
            Self::PendingReplace => "PendingReplace",
            Self::Canceled => "Canceled",
            Self::Rejected => "Rejected",
        }
    }

    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Canceled | Self::Rejected)
    }
}

pub(crate) const SIDES: &[(&str, Side)] = &[("Buy", Side::Buy), ("Sell", Side::Sell)];

pub(crate) fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "Buy",
        Side::Sell => "Sell",
    }
}

/// `OrdType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Market,
    Limit,
    Rfq,
}

pub(crate) const KINDS: &[(&str, Kind)] = &[
    ("Market", Kind::Market),
    ("Limit", Kind::Limit),
    ("RFQ", Kind::Rfq),
];

/// `TimeInForce`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    GoodTillCancel,
    FillAndKill,
    FillOrKill,
}

pub(crate) const FORCES: &[(&str, Force)] = &[
    ("GoodTillCancel", Force::GoodTillCancel),
    ("FillAndKill", Force::FillAndKill),
    ("FillOrKill", Force::FillOrKill),
];

fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> &'static str {
    let found = names.iter().find(|(_, one)| one == value);
    found.map_or("", |(name, _)| name)
}

/// What a request wants done to an order, and what answers it.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub what: What,
    /// The request's own id, and the one by which it names the order.
    pub request: String,
    pub orig: Option<String>,
    /// When it is decided.
    pub due: Moment,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// It is new; perhaps it is known already why it is refused.
    New(Option<Reason>),
    Cancel,
    Replace(Change),
    Pause,
    Resume,
}

/// What a replacement changes.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub qty: Decimal,
    pub price: Option<Decimal>,
    pub end_time: Option<Moment>,
    pub strategy: Option<Strategy>,
    pub parameters: Option<Json>,
}

/// Why something is refused: one of the vendor's names, and a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub name: &'static str,
    pub text: String,
}

pub(crate) fn reason(name: &'static str, text: impl Into<String>) -> Reason {
    let text = text.into();
    Reason { name, text }
}

/// An order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub id: String,
    /// Of the last request that was accepted.
    pub cl_ord_id: String,
    pub symbol: String,
    /// None if there is no such.
    pub security: Option<&'static Security>,
    pub user: String,
    pub side: Side,
    pub kind: Kind,
    pub force: Force,
    /// In `currency`.
    pub qty: Decimal,
    pub price: Option<Decimal>,
    pub currency: String,
    /// The other one.
    pub amount_currency: String,
    /// `currency` is the quote currency.
    pub in_quote: bool,
    pub quote_id: Option<String>,
    pub rfq_id: Option<String>,
    pub slippage: Option<Decimal>,
    pub strategy: Option<Strategy>,
    pub parameters: Option<Json>,
    pub end_time: Option<Moment>,
    pub submitted: Moment,
    /// Apart from what is pending.
    pub standing: Status,
    pub pending: Option<Pending>,
    pub paused: bool,
    /// What of `qty` is filled.
    pub cum_qty: Decimal,
    /// The same in `amount_currency`.
    pub cum_amt: Decimal,
    /// The same in base currency, and what it is worth at the prices it was filled at.
    pub cum_base: Decimal,
    pub notional: Decimal,
    pub cum_fee: Decimal,
}

impl Order {
    pub(crate) fn leaves(&self) -> Decimal {
        match self.standing {
            Status::Canceled | Status::Filled => Decimal::ZERO,
            _ => (self.qty - self.cum_qty).max(Decimal::ZERO),
        }
    }

    pub(crate) fn wanted(&self) -> Wanted {
        if self.in_quote {
            Wanted::Quote(self.leaves())
        } else {
            Wanted::Base(self.leaves())
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        !self.standing.is_final()
    }

    /// As shown.
    pub(crate) fn status(&self) -> Status {
        if self.standing.is_final() {
            return self.standing;
        }
        match self.pending.as_ref().map(|pending| &pending.what) {
            Some(What::Cancel) => Status::PendingCancel,
            Some(What::Replace(_)) => Status::PendingReplace,
            _ => self.standing,
        }
    }

    /// `DecisionStatus`. Only `Active` is shown by the vendor; the spelling of the others is a
    /// guess from the names in its FIX interface.
    fn decision(&self) -> &'static str {
        match (&self.pending, &self.strategy) {
            _ if self.standing.is_final() => "Active",
            (
                Some(Pending {
                    what: What::Pause, ..
                }),
                _,
            ) => "PendingPause",
            (
                Some(Pending {
                    what: What::Resume, ..
                }),
                _,
            ) => "PendingResume",
            _ if self.paused => "Paused",
            (_, Some(Strategy::SteadyPace(pace))) if !pace.started => "WaitingForStartTime",
            (
                _,
                Some(Strategy::StopLimit {
                    triggered: false, ..
                }),
            ) => "WaitingForTrigger",
            _ => "Active",
        }
    }

    /// Whether it lies in the market at its limit.
    pub(crate) fn is_resting(&self) -> bool {
        let worked = match &self.strategy {
            None => true,
            Some(Strategy::StopLimit { triggered, .. }) => *triggered,
            Some(Strategy::SteadyPace(_)) => false,
        };
        worked
            && matches!(self.standing, Status::New | Status::PartiallyFilled)
            && !self.paused
            && self.kind == Kind::Limit
    }

    fn average(&self) -> Decimal {
        let average = self.notional.checked_div(self.cum_base);
        average.unwrap_or_default().round_dp(15)
    }
}

/// A fill in an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    pub price: Decimal,
    /// In the order's currency, and in the other one.
    pub qty: Decimal,
    pub amt: Decimal,
    pub fee: Decimal,
}

/// What an event is about, beside the order itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    /// The request's id and the one by which it names the order; without, the order's own.
    pub request: Option<(String, Option<String>)>,
    pub last: Option<Last>,
    pub refused_new: Option<&'static str>,
    pub refused_change: Option<&'static str>,
    pub text: Option<String>,
}

/// A request for something that is done to an order which there is not.
#[derive(Clone, Debug)]
pub(crate) struct Stray {
    pub symbol: Option<String>,
    pub order_id: Option<String>,
    pub user: String,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub at: Moment,
    transact: Moment,
    exec_id: String,
    pub exec_type: &'static str,
    about: About,
    /// As it was afterwards.
    pub of: Result<Order, Stray>,
}

impl Event {
    pub(crate) fn new(
        at: Moment,
        transact: Moment,
        exec_id: String,
        exec_type: &'static str,
        about: About,
        of: Result<Order, Stray>,
    ) -> Self {
        Self {
            at,
            transact,
            exec_id,
            exec_type,
            about,
            of,
        }
    }

    /// A request about no order shows `Rejected`, as in FIX.
    pub(crate) fn status(&self) -> Status {
        self.of.as_ref().map_or(Status::Rejected, Order::status)
    }

    /// A record of the `ExecutionReport` stream.
    pub(crate) fn report(&self) -> Json {
        self.record(false)
    }

    /// A record of the Order stream.
    pub(crate) fn order(&self) -> Json {
        self.record(true)
    }

    fn record(&self, of_order: bool) -> Json {
        let mut record = Record::default();
        record.add("Timestamp", stamp::text(self.at));
        let order = match &self.of {
            Ok(order) => order,
            Err(stray) => {
                self.stray(stray, &mut record);
                return record.0;
            }
        };
        let digits = |currency: &str| find_currency(currency).map_or(0, |one| one.digits);
        let qty = |value| amount(value, digits(&order.currency));
        let amt = |value| amount(value, digits(&order.amount_currency));
        let price = |value| {
            amount(
                value,
                order.security.map_or(0, |security| security.price_digits),
            )
        };
        record.add("Symbol", order.symbol.clone());
        record.add("OrderID", order.id.clone());
        let (id, orig) = match &self.about.request {
            Some((id, orig)) => (id.clone(), orig.clone()),
            None => (order.cl_ord_id.clone(), None),
        };
        record.add("ClOrdID", id);
        if !of_order {
            record.add_some("OrigClOrdID", orig);
        }
        record.add("SubmitTime", stamp::text(order.submitted));
        record.add("ExecID", self.exec_id.clone());
        record.add("Side", side_name(order.side));
        if !of_order {
            record.add("TransactTime", stamp::text(self.transact));
        }
        record.add("ExecType", self.exec_type);
        record.add("OrdStatus", order.status().name());
        record.add("OrderQty", qty(order.qty));
        record.add("OrdType", name_of(KINDS, &order.kind));
        record.add_some("Price", order.price.map(price));
        record.add("Currency", order.currency.clone());
        record.add("LeavesQty", qty(order.leaves()));
        record.add("CumQty", qty(order.cum_qty));
        record.add("AvgPx", Json::amount(order.average().normalize()));
        record.add("TimeInForce", name_of(FORCES, &order.force));
        let last = self.about.last;
        let of_last = |value: fn(Last) -> Decimal| last.map(value).unwrap_or_default();
        record.add("LastPx", price(of_last(|last| last.price)));
        record.add("LastQty", qty(of_last(|last| last.qty)));
        record.add("LastAmt", amt(of_last(|last| last.amt)));
        let fees = order.security.map_or(0, |security| security.amount_digits);
        record.add("LastFee", amount(of_last(|last| last.fee), fees));
        record.add("CumAmt", amt(order.cum_amt));
        if of_order {
            record.add("DecisionStatus", order.decision());
        }
        record.add("AmountCurrency", order.amount_currency.clone());
        record.add("CustomerUser", order.user.clone());
        record.add_some("OrdRejReason", self.about.refused_new);
        record.add_some("CxlRejReason", self.about.refused_change);
        record.add_some("Text", self.about.text.clone());
        record.add_some("QuoteID", order.quote_id.clone());
        record.add_some("RFQID", order.rfq_id.clone());
        record.add_some("Strategy", order.strategy.as_ref().map(Strategy::name));
        record.add_some("Parameters", order.parameters.clone());
        record.add_some(
            "AllowedSlippage",
            order
                .slippage
                .map(|slippage| Json::amount(scaled(slippage, 0))),
        );
        record.add_some("EndTime", order.end_time.map(stamp::text));
        if last.is_some() {
            let currency = order.security.map(|security| security.quote);
            record.add_some("FeeCurrency", currency);
        }
        record.0
    }

    fn stray(&self, stray: &Stray, record: &mut Record) {
        record.add_some("Symbol", stray.symbol.clone());
        record.add_some("OrderID", stray.order_id.clone());
        let (id, orig) = self.about.request.clone().unwrap_or_default();
        record.add("ClOrdID", id);
        record.add_some("OrigClOrdID", orig);
        record.add("ExecID", self.exec_id.clone());
        record.add("TransactTime", stamp::text(self.transact));
        record.add("ExecType", self.exec_type);
        record.add("OrdStatus", self.status().name());
        record.add("CustomerUser", stray.user.clone());
        record.add_some("CxlRejReason", self.about.refused_change);
        record.add_some("Text", self.about.text.clone());
    }
}

/// An object that is put together member by member.
#[derive(Clone, Debug)]
pub(crate) struct Record(pub Json);

impl Default for Record {
    fn default() -> Self {
        Self(object! {})
    }
}

impl Record {
    pub(crate) fn add(&mut self, name: &str, value: impl Into<Json>) {
        if let Json::Object(members) = &mut self.0 {
            members.insert(name.to_owned(), value.into());
        }
    }

    pub(crate) fn add_some(&mut self, name: &str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }
}

/// All orders.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    all: BTreeMap<u64, Order>,
    live: BTreeSet<u64>,
    by_id: HashMap<String, u64>,
    last: u64,
    /// Client ids that were used lately, oldest first.
    used: VecDeque<(Moment, String)>,
    is_used: HashMap<String, u32>,
    pub events: Log<Arc<Event>>,
    /// The last event of each order.
    latest: BTreeMap<u64, Arc<Event>>,
}

impl Orders {
    pub(crate) fn new() -> Self {
        Self {
            all: BTreeMap::new(),
            live: BTreeSet::new(),
            by_id: HashMap::new(),
            last: 0,
            used: VecDeque::new(),
            is_used: HashMap::new(),
            events: Log::new(MOST_EVENTS),
            latest: BTreeMap::new(),
        }
    }

    /// Keeps an order; returns its number.
    pub(crate) fn insert(&mut self, order: Order) -> u64 {
        if self.all.len() >= MOST_ORDERS {
            let over = self.all.keys().find(|number| !self.live.contains(number));
            if let Some(number) = over.copied() {
                self.latest.remove(&number);
                if let Some(order) = self.all.remove(&number) {
                    self.by_id.remove(&order.id);
                }
            }
        }
        self.last += 1;
        self.by_id.insert(order.id.clone(), self.last);
        self.live.insert(self.last);
        self.all.insert(self.last, order);
        self.last
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Order> {
        self.all.get(&number)
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Order> {
        self.all.get_mut(&number)
    }

    /// By the venue's id.
    pub(crate) fn by_id(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    /// By the client's id of the last request that was accepted, the newest if there are several.
    pub(crate) fn by_client_id(&self, id: &str) -> Option<u64> {
        let mut all = self.all.iter().rev();
        all.find(|(_, order)| order.cl_ord_id == id)
            .map(|(number, _)| *number)
    }

    /// Those that are not over, oldest first.
    pub(crate) fn live(&self) -> impl Iterator<Item = (u64, &Order)> {
        let live = self.live.iter();
        live.filter_map(|number| Some((*number, self.all.get(number)?)))
    }

    pub(crate) fn live_numbers(&self) -> Vec<u64> {
        self.live.iter().copied().collect()
    }

    pub(crate) fn live_count(&self) -> usize {
        self.live.len()
    }

    /// All that are kept, oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Order> {
        self.all.values()
    }

    /// Writes down what happened to an order.
    pub(crate) fn note(&mut self, number: u64, event: Event) {
        if event.of.as_ref().is_ok_and(|order| !order.is_live()) {
            self.live.remove(&number);
        }
        let event = Arc::new(event);
        self.latest.insert(number, Arc::clone(&event));
        self.events.push(event);
    }

    /// Writes down a request about no order.
    pub(crate) fn note_stray(&mut self, event: Event) {
        self.events.push(Arc::new(event));
    }

    /// The last event of each order, oldest order first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Event> {
        self.latest.values().map(Arc::as_ref)
    }

    /// Uses a client id; `false` if it was used within a day, or is that of an open order.
    pub(crate) fn use_id(&mut self, id: &str, now: Moment) -> bool {
        while let Some((at, _)) = self.used.front()
            && (now.since(*at) >= DAY || self.used.len() >= MOST_IDS)
        {
            let Some((_, id)) = self.used.pop_front() else {
                break;
            };
            if let Some(times) = self.is_used.get_mut(&id) {
                *times -= 1;
                if *times == 0 {
                    self.is_used.remove(&id);
                }
            }
        }
        let is_used =
            self.is_used.contains_key(id) || self.live().any(|(_, order)| order.cl_ord_id == id);
        self.used.push_back((now, id.to_owned()));
        *self.is_used.entry(id.to_owned()).or_default() += 1;
        !is_used
    }
}
