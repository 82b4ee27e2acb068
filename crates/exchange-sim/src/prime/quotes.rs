//! Requests for quotes: prices that are streamed until they are taken, dropped or over.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rust_decimal::{Decimal, RoundingStrategy};

use super::ask::{Ask, is_sane, missing};
use super::desk::Desk;
use super::log::Log;
use super::market::{Part, Side, Wanted, part_of};
use super::orders::{Kind, Order, Reason, Record, SIDES, reason, side_name};
use super::people::Caller;
use super::placing::LONGEST_ID;
use super::securities::{Security, amount, find_currency, unit};
use super::stamp;
use crate::Moment;
use crate::json::Json;

/// How long a request lasts, and each price of it.
const LIFE: Duration = Duration::from_secs(15);
const VALID: Duration = Duration::from_secs(1);

/// Requests that are kept, open ones, records, and prices of a request that can still be taken.
const MOST: usize = 1_000;
const MOST_OPEN: usize = 100;
const MOST_RECORDS: usize = 10_000;
const MOST_PRICES: usize = 3;

/// `QuoteStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuoteStatus {
    PendingNew,
    Open,
    PendingCancel,
    Canceled,
    PendingFill,
    Filled,
    Rejected,
}

impl QuoteStatus {
    fn name(self) -> &'static str {
        match self {
            Self::PendingNew => "PendingNew",
            Self::Open => "Open",
            Self::PendingCancel => "PendingCancel",
            Self::Canceled => "Canceled",
            Self::PendingFill => "PendingFill",
            Self::Filled => "Filled",
            Self::Rejected => "Rejected",
        }
    }

    fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::Filled | Self::Rejected)
    }
}

/// Prices at a time.
#[derive(Clone, Debug)]
struct Prices {
    quote_id: String,
    bid: Option<Part>,
    offer: Option<Part>,
    until: Moment,
}

impl Prices {
    fn of(&self, side: Side) -> Option<Part> {
        match side {
            Side::Buy => self.offer,
            Side::Sell => self.bid,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Rfq {
    pub id: String,
    quote_req_id: String,
    pub symbol: String,
    security: Option<&'static Security>,
    currency: String,
    amount_currency: String,
    in_quote: bool,
    side: Option<Side>,
    qty: Decimal,
    user: String,
    pub submitted: Moment,
    end: Moment,
    status: QuoteStatus,
    /// Of the last record.
    quote_id: String,
    /// Newest last.
    prices: VecDeque<Prices>,
    /// When it is decided, canceled or gets other prices.
    due: Moment,
    refusal: Option<Reason>,
    text: Option<String>,
    traded: Option<(Side, Part)>,
}

/// A record of the Quote stream, and what it is filtered by.
#[derive(Clone, Debug)]
pub(crate) struct QuoteRecord {
    pub rfq_id: String,
    pub symbol: String,
    pub submitted: Moment,
    pub json: Json,
}

#[derive(Clone, Debug)]
pub(crate) struct Quotes {
    all: BTreeMap<u64, Rfq>,
    live: BTreeSet<u64>,
    by_id: HashMap<String, u64>,
    last: u64,
    pub log: Log<Arc<QuoteRecord>>,
    latest: BTreeMap<u64, Arc<QuoteRecord>>,
}

impl Quotes {
    pub(crate) fn new() -> Self {
        Self {
            all: BTreeMap::new(),
            live: BTreeSet::new(),
            by_id: HashMap::new(),
            last: 0,
            log: Log::new(MOST_RECORDS),
            latest: BTreeMap::new(),
        }
    }

    /// The last record of each request, oldest request first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &QuoteRecord> {
        self.latest.values().map(Arc::as_ref)
    }

    /// Whether any is open.
    pub(crate) fn has_live(&self) -> bool {
        !self.live.is_empty()
    }

    fn by_id(&self, id: &str) -> Option<(u64, &Rfq)> {
        let number = *self.by_id.get(id)?;
        Some((number, self.all.get(&number)?))
    }

    fn insert(&mut self, rfq: Rfq) -> u64 {
        if self.all.len() >= MOST {
            let mut numbers = self.all.keys();
            let over = numbers.find(|number| !self.live.contains(number)).copied();
            if let Some(number) = over
                && let Some(rfq) = self.all.remove(&number)
            {
                self.by_id.remove(&rfq.id);
                self.latest.remove(&number);
            }
        }
        self.last += 1;
        self.by_id.insert(rfq.id.clone(), self.last);
        self.live.insert(self.last);
        self.all.insert(self.last, rfq);
        self.last
    }
}

impl Desk {
    pub(crate) fn request_quote(&mut self, record: &Json, caller: &Caller) -> Result<(), String> {
        let ask = Ask::new(record)?;
        let symbol = ask.required("Symbol")?;
        let currency = ask.required("Currency")?;
        let quote_req_id = ask.required("QuoteReqID")?;
        let side = ask.choice("Side", SIDES)?;
        let qty = ask.required_decimal("OrderQty")?;
        ask.time("TransactTime")?;
        let security = self.listing.find(symbol);
        let (base, quote) = security.map_or_else(
            || symbol.split_once('-').unwrap_or((symbol, "")),
            |security| (security.base, security.quote),
        );
        let in_quote = currency == quote;
        let is_used = |rfq: &Rfq| rfq.quote_req_id == quote_req_id;
        let broker = |text: &str| Some(reason("BrokerOption", text));
        let refusal = if self.quotes.all.values().any(is_used) {
            Some(reason("DuplicateOrder", "QuoteReqID was used before"))
        } else if quote_req_id.len() > LONGEST_ID {
            broker("QuoteReqID is longer than 36 characters")
        } else if security.is_none() {
            Some(reason("UnknownSymbol", "there is no such security"))
        } else if currency != base && !in_quote {
            broker("Currency is none of the security's")
        } else if !is_sane(qty) {
            Some(reason("OrderExceedsLimit", "OrderQty is beyond all limits"))
        } else if self.quotes.live.len() >= MOST_OPEN {
            Some(reason("RateLimit", "there are too many open requests"))
        } else {
            None
        };
        let submitted = self.stamps.next(self.now);
        let rfq = Rfq {
            id: self.ids.uuid(),
            quote_req_id: quote_req_id.to_owned(),
            symbol: symbol.to_owned(),
            security,
            currency: currency.to_owned(),
            amount_currency: if in_quote { base } else { quote }.to_owned(),
            in_quote,
            side,
            qty: if is_sane(qty) { qty } else { Decimal::ZERO },
            user: caller.email.clone(),
            submitted,
            end: submitted.plus(LIFE),
            status: QuoteStatus::PendingNew,
            quote_id: self.ids.uuid(),
            prices: VecDeque::new(),
            due: self.now.plus(self.delay),
            refusal,
            text: None,
            traded: None,
        };
        let number = self.quotes.insert(rfq);
        self.tell_quote(number);
        self.settle_quotes();
        Ok(())
    }

    pub(crate) fn cancel_quote(&mut self, record: &Json) -> Result<(), String> {
        let ask = Ask::new(record)?;
        let quote_req_id = ask.required("QuoteReqID")?;
        let id = ask.required("RFQID")?;
        ask.time("TransactTime")?
            .ok_or_else(|| missing("TransactTime"))?;
        let found = self.quotes.by_id(id);
        let found = found.filter(|(_, rfq)| rfq.quote_req_id == quote_req_id);
        let Some((number, _)) = found else {
            return Err("unknown RFQID, or not of that QuoteReqID".to_owned());
        };
        let due = self.now.plus(self.delay);
        let Some(rfq) = self.quotes.all.get_mut(&number) else {
            return Ok(());
        };
        if rfq.status.is_final() {
            // It says once more where the request stands.
            rfq.text = Some("the request is over".to_owned());
        } else {
            rfq.status = QuoteStatus::PendingCancel;
            rfq.due = due;
        }
        self.tell_quote(number);
        self.settle_quotes();
        Ok(())
    }

    /// What is due of all requests.
    pub(crate) fn settle_quotes(&mut self) {
        let live: Vec<u64> = self.quotes.live.iter().copied().collect();
        for number in live {
            let Some(rfq) = self.quotes.all.get_mut(&number) else {
                continue;
            };
            if rfq.due > self.now && rfq.end > self.now {
                continue;
            }
            if let Some(refusal) = rfq.refusal.take() {
                self.refuse_quote(number, refusal);
                continue;
            }
            if rfq.status == QuoteStatus::PendingCancel || rfq.end <= self.now {
                if rfq.status != QuoteStatus::PendingCancel {
                    rfq.text = Some("EndTime is over".to_owned());
                }
                rfq.status = QuoteStatus::Canceled;
                self.tell_quote(number);
                continue;
            }
            self.price_quote(number);
        }
    }

    fn refuse_quote(&mut self, number: u64, refusal: Reason) {
        if let Some(rfq) = self.quotes.all.get_mut(&number) {
            rfq.status = QuoteStatus::Rejected;
            rfq.refusal = Some(refusal);
        }
        self.tell_quote(number);
    }

    /// Gives a request new prices. They are those of an order of that size, rounded against the
    /// customer.
    fn price_quote(&mut self, number: u64) {
        let Some(rfq) = self.quotes.all.get(&number) else {
            return;
        };
        let prices = self.prices(rfq);
        let first = rfq.status == QuoteStatus::PendingNew;
        let (bid, offer) = match prices {
            Ok(prices) => prices,
            Err(why) if first => return self.refuse_quote(number, why),
            // Until the market has so much again there is no price.
            Err(_) => (None, None),
        };
        let prices = Prices {
            quote_id: self.ids.uuid(),
            bid,
            offer,
            until: self.now.plus(VALID),
        };
        let now = self.now;
        if let Some(rfq) = self.quotes.all.get_mut(&number) {
            rfq.status = QuoteStatus::Open;
            rfq.due = now.plus(VALID);
            if prices.bid.is_none() && prices.offer.is_none() {
                return;
            }
            rfq.quote_id.clone_from(&prices.quote_id);
            if rfq.prices.len() >= MOST_PRICES {
                rfq.prices.pop_front();
            }
            rfq.prices.push_back(prices);
        }
        self.tell_quote(number);
    }

    fn prices(&self, rfq: &Rfq) -> Result<(Option<Part>, Option<Part>), Reason> {
        let security = rfq
            .security
            .filter(|one| self.listing.find(one.symbol).is_some());
        let security =
            security.ok_or_else(|| reason("UnknownSymbol", "there is no such security"))?;
        let broker = |text: &str| Err(reason("BrokerOption", text));
        if !self.listing.is_online(security.symbol) {
            return broker("the security is offline");
        }
        let digits = security.digits_of(&rfq.currency);
        if rfq.qty <= Decimal::ZERO || rfq.qty.normalize().scale() > digits {
            return broker(&format!(
                "OrderQty must be above zero in steps of {}",
                unit(digits)
            ));
        }
        let price = |side: Side| {
            if rfq.side.is_some_and(|wanted| wanted != side) {
                return Ok(None);
            }
            let part = self.price_of(security, side, rfq.wanted());
            let part =
                part.ok_or_else(|| reason("OrderExceedsLimit", "the market has not that much"))?;
            if part.base < security.least() || part.base > security.most() {
                let text = "OrderQty is not between MinimumSize and MaximumSize";
                return Err(reason("OrderExceedsLimit", text));
            }
            Ok(Some(part))
        };
        Ok((price(Side::Sell)?, price(Side::Buy)?))
    }

    /// At what price all of it can be had in one.
    fn price_of(&self, security: &Security, side: Side, wanted: Wanted) -> Option<Part> {
        let parts = self.markets.plan(security, side, None, wanted);
        let base: Decimal = parts.iter().map(|part| part.base).sum();
        let amount: Decimal = parts.iter().map(|part| part.amount).sum();
        let whole = match wanted {
            Wanted::Base(wanted) => base >= wanted,
            Wanted::Quote(wanted) => amount >= wanted,
        };
        if !whole {
            return None;
        }
        let towards = match side {
            Side::Buy => RoundingStrategy::ToPositiveInfinity,
            Side::Sell => RoundingStrategy::ToZero,
        };
        let mut price = amount.checked_div(base)?;
        price = price.round_dp_with_strategy(security.price_digits, towards);
        // As much as is wanted of more than anybody may want.
        let there = security.most().checked_mul(Decimal::TEN)?;
        part_of(security, price, there, wanted)
    }

    /// What the order gets by the quote it refers to.
    pub(crate) fn quoted_part(&self, order: &Order) -> Option<Part> {
        let (_, rfq) = self.quotes.by_id(order.rfq_id.as_deref()?)?;
        let prices = match order.kind {
            Kind::Rfq => rfq
                .prices
                .iter()
                .find(|prices| Some(&prices.quote_id) == order.quote_id.as_ref())?,
            _ => rfq.prices.back()?,
        };
        prices.of(order.side)
    }

    /// Whether an order can take the quote it refers to.
    pub(crate) fn check_quote(&self, order: &Order) -> Result<(), Reason> {
        let id = order.rfq_id.as_deref().unwrap_or_default();
        let (_, rfq) = self
            .quotes
            .by_id(id)
            .ok_or_else(|| reason("UnknownOrder", "unknown RFQID"))?;
        let expired = |text: &str| Err(reason("QuoteExpired", text));
        if rfq.status != QuoteStatus::Open {
            return expired("the request for a quote is not open");
        }
        let same =
            (&rfq.symbol, rfq.qty, &rfq.currency) == (&order.symbol, order.qty, &order.currency);
        if !same || rfq.side.is_some_and(|side| side != order.side) {
            let text = "Symbol, Side, OrderQty and Currency must be those of the quote";
            return Err(reason("BrokerOption", text));
        }
        if order.kind == Kind::Rfq {
            let mut prices = rfq.prices.iter();
            let found = prices.find(|prices| Some(&prices.quote_id) == order.quote_id.as_ref());
            if found.is_none_or(|prices| prices.until < order.submitted) {
                return expired("the price is not valid any more");
            }
        }
        let Some(part) = self.quoted_part(order) else {
            return expired("there is no price");
        };
        if let Some(guard) = order.price {
            let slip = guard.checked_mul(order.slippage.unwrap_or_default());
            let slip = slip.unwrap_or_default();
            let good = match order.side {
                Side::Buy => part.price <= guard.saturating_add(slip),
                Side::Sell => part.price >= guard.saturating_sub(slip),
            };
            if !good {
                let text = "the quote is worse than Price allows";
                return Err(reason("ImmediateOrderDidNotCross", text));
            }
        }
        Ok(())
    }

    /// Fills an order from its quote.
    pub(crate) fn trade_quote(&mut self, number: u64) {
        let Some(order) = self.orders.get(number) else {
            return;
        };
        let (side, part) = (order.side, self.quoted_part(order));
        let rfq = order.rfq_id.as_deref().and_then(|id| self.quotes.by_id(id));
        let (Some((rfq, _)), Some(part)) = (rfq, part) else {
            return self.cancel(number, "there is no quote any more");
        };
        self.set_quote_status(rfq, QuoteStatus::PendingFill);
        if !self.fill(number, part, side) {
            self.set_quote_status(rfq, QuoteStatus::Open);
            return self.cancel(number, "it could not be booked");
        }
        if let Some(rfq) = self.quotes.all.get_mut(&rfq) {
            rfq.traded = Some((side, part));
        }
        self.set_quote_status(rfq, QuoteStatus::Filled);
    }

    fn set_quote_status(&mut self, number: u64, status: QuoteStatus) {
        if let Some(rfq) = self.quotes.all.get_mut(&number) {
            rfq.status = status;
        }
        self.tell_quote(number);
    }

    fn tell_quote(&mut self, number: u64) {
        let at = self.stamps.next(self.now);
        let quotes = &mut self.quotes;
        let Some(rfq) = quotes.all.get(&number) else {
            return;
        };
        if rfq.status.is_final() {
            quotes.live.remove(&number);
        }
        let record = Arc::new(QuoteRecord {
            rfq_id: rfq.id.clone(),
            symbol: rfq.symbol.clone(),
            submitted: rfq.submitted,
            json: rfq.record(at),
        });
        quotes.latest.insert(number, Arc::clone(&record));
        quotes.log.push(record);
    }
}

impl Rfq {
    fn wanted(&self) -> Wanted {
        if self.in_quote {
            Wanted::Quote(self.qty)
        } else {
            Wanted::Base(self.qty)
        }
    }

    fn record(&self, at: Moment) -> Json {
        let digits = |currency: &str| find_currency(currency).map_or(0, |one| one.digits);
        let px = |part: &Part| {
            amount(
                part.price,
                self.security.map_or(0, |security| security.price_digits),
            )
        };
        let amt = |part: &Part| {
            let value = if self.in_quote {
                part.base
            } else {
                part.amount
            };
            amount(value, digits(&self.amount_currency))
        };
        let mut record = Record::default();
        record.add("Timestamp", stamp::text(at));
        record.add("Symbol", self.symbol.clone());
        record.add("Currency", self.currency.clone());
        record.add("RFQID", self.id.clone());
        record.add("QuoteReqID", self.quote_req_id.clone());
        record.add("QuoteStatus", self.status.name());
        record.add("QuoteID", self.quote_id.clone());
        if self.status == QuoteStatus::Rejected {
            let name = self.refusal.as_ref().map(|refusal| refusal.name);
            record.add_some("QuoteRequestRejectReason", name);
        }
        record.add("SubmitTime", stamp::text(self.submitted));
        record.add("OrderQty", amount(self.qty, digits(&self.currency)));
        record.add("AmountCurrency", self.amount_currency.clone());
        record.add("EndTime", stamp::text(self.end));
        record.add_some("Side", self.side.map(side_name));
        if let Some((side, part)) = &self.traded {
            record.add("TradedPx", px(part));
            record.add("TradedQty", amount(self.qty, digits(&self.currency)));
            record.add("TradedAmt", amt(part));
            record.add("TradedSide", side_name(*side));
        }
        if let (QuoteStatus::Open, Some(prices)) = (self.status, self.prices.back()) {
            record.add_some("BidPx", prices.bid.as_ref().map(px));
            record.add_some("BidAmt", prices.bid.as_ref().map(amt));
            record.add_some("OfferPx", prices.offer.as_ref().map(px));
            record.add_some("OfferAmt", prices.offer.as_ref().map(amt));
            record.add("ValidUntilTime", stamp::text(prices.until));
        }
        record.add("CustomerUser", self.user.clone());
        let refusal = self.refusal.as_ref().map(|refusal| refusal.text.clone());
        let refusal = refusal.filter(|_| self.status == QuoteStatus::Rejected);
        record.add_some("Text", refusal.or_else(|| self.text.clone()));
        record.0
    }
}
