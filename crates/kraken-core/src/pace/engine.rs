//! The limits of the trading engine: a counter for each pair, and what changes
//! to orders of which age add to it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use exchange_transport::pace::{Counted, Counter, CounterMap, Decay, UNIT};
use exchange_transport::{CallFacts, Error, Outcome, Reservation};
use serde::Deserialize;
use serde_json::Value;

use super::BACK_OFF;
use super::orders::{Order, Orders, pair_name};
use crate::order_ref::OrderRef;

/// The ages at which a change to an order gets cheaper, in seconds.
const STEPS: [u64; 6] = [5, 10, 15, 45, 90, 300];

/// What a change adds by the age of its order, for orders younger than each of
/// [`STEPS`]; an older one adds nothing.
type ByAge = [u64; 6];

const AMEND: ByAge = [3, 2, 1, 0, 0, 0];
const EDIT: ByAge = [6, 5, 4, 2, 1, 0];
const CANCEL: ByAge = [8, 6, 5, 4, 2, 1];
/// What the engine counts for a call, whatever it is about.
const NO_AGE: ByAge = [0; 6];

/// The dearest single change, in millionths of a unit.
pub(super) const DEAREST: u64 = 8 * UNIT;

/// What a call does to one order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// See [`pair_name`]; none if it is not known.
    pair: Option<String>,
    /// In millionths of a unit.
    fixed: u64,
    by_age: ByAge,
    /// From when on the order's age counts; an unknown age is taken as the
    /// dearest.
    since: Option<Instant>,
}

impl Change {
    fn cost(&self, at: Instant) -> u64 {
        let age = self
            .since
            .map_or(Duration::ZERO, |since| at.saturating_duration_since(since));
        let extra = STEPS
            .iter()
            .zip(self.by_age)
            .find(|(step, _)| age < Duration::from_secs(**step))
            .map_or(0, |(_, extra)| extra);
        self.fixed + extra * UNIT
    }

    /// When it gets cheaper next.
    fn next_step(&self, at: Instant) -> Option<Instant> {
        let since = self.since?;
        STEPS
            .iter()
            .map(|step| since + Duration::from_secs(*step))
            .find(|step| *step > at)
    }
}

/// What a call does to the counters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    by_pair: BTreeMap<Option<String>, Vec<Change>>,
    /// The engine carries it out even if a counter has no room.
    overshoots: bool,
}

impl Plan {
    fn of(changes: impl IntoIterator<Item = Change>) -> Self {
        let mut by_pair = BTreeMap::<_, Vec<_>>::new();
        for change in changes {
            by_pair.entry(change.pair.clone()).or_default().push(change);
        }
        Self {
            by_pair,
            overshoots: false,
        }
    }

    /// The pair, if it is known and the only one.
    fn only_pair(&self) -> Option<&str> {
        match self.by_pair.keys().collect::<Vec<_>>()[..] {
            [Some(pair)] => Some(pair),
            _ => None,
        }
    }
}

/// The members of a request that matter here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    pair: Option<String>,
    txid: Option<OrderRef>,
    cl_ord_id: Option<String>,
    userref: Option<i32>,
    /// Orders to place, or the names of orders to cancel.
    orders: Vec<Value>,
    cl_ord_ids: Vec<String>,
}

/// An order to place, in a batch.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Place {
    cl_ord_id: Option<String>,
    userref: Option<i32>,
}

impl Request {
    /// A body that can't be read is taken as one that says nothing.
    fn of(call: &CallFacts<'_>) -> Self {
        call.body
            .and_then(|body| serde_json::from_str(body).ok())
            .unwrap_or_default()
    }

    fn pair(&self) -> Option<String> {
        self.pair.as_deref().map(pair_name)
    }

    /// The name of the one order it is about.
    fn name(&self) -> Option<OrderRef> {
        let by_client = || self.cl_ord_id.clone().map(OrderRef::Txid);
        self.txid.clone().or_else(by_client)
    }

    /// The names of all orders it is about.
    fn names(&self) -> Vec<OrderRef> {
        let listed = self.orders.iter().filter_map(|entry| match entry {
            Value::String(txid) => Some(OrderRef::from(txid.as_str())),
            Value::Number(userref) => i32::try_from(userref.as_i64()?).ok().map(OrderRef::from),
            _ => None,
        });
        let by_client = self.cl_ord_ids.iter().cloned().map(OrderRef::Txid);
        self.name()
            .into_iter()
            .chain(listed)
            .chain(by_client)
            .collect()
    }
}

/// The members of an answer that matter here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    txid: Option<Txids>,
    orders: Vec<Placed>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Txids {
    One(String),
    Many(Vec<String>),
}

impl Answer {
    fn txids(&self) -> &[String] {
        match &self.txid {
            None => &[],
            Some(Txids::One(txid)) => std::slice::from_ref(txid),
            Some(Txids::Many(txids)) => txids,
        }
    }
}

/// An order of a batch.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Placed {
    txid: Option<String>,
    error: Option<String>,
}

/// The model of the trading engine's limits for one key.
pub(super) struct EngineModel {
    /// See [`Counters`](super::Counters).
    planned: CounterMap,
    sent: CounterMap,
    orders: Orders,
}

impl EngineModel {
    pub(super) fn new(rule: Decay) -> Result<Self, Error> {
        let sent = CounterMap::new(rule)?;
        Ok(Self {
            planned: sent.clone(),
            sent,
            orders: Orders::default(),
        })
    }

    pub(super) const fn counters(&self) -> &CounterMap {
        &self.planned
    }

    pub(super) fn is_empty(&self, now: Instant) -> bool {
        let empty = |counters: &CounterMap| counters.counter(None, now).used(now) == 0;
        empty(&self.planned) && empty(&self.sent)
    }

    /// What a call will do to the counters.
    pub(super) fn plan(&self, call: &CallFacts<'_>) -> Plan {
        let request = Request::of(call);
        let change = |fixed, by_age| Change {
            pair: request.pair(),
            fixed,
            by_age,
            since: None,
        };
        match call.operation.id {
            "addOrder" => Plan::of([change(UNIT, NO_AGE)]),
            "addOrderBatch" => {
                let orders = u64::try_from(request.orders.len()).unwrap_or(u64::MAX);
                let fixed = orders.max(1).saturating_mul(UNIT / 2);
                Plan::of([change(fixed, NO_AGE)])
            }
            "amendOrder" => Plan::of(self.changes(&request, UNIT, AMEND)),
            "editOrder" => Plan::of(self.changes(&request, UNIT, EDIT)),
            "cancelOrder" => Plan::of(self.changes(&request, 0, CANCEL)),
            "cancelOrderBatch" => Plan {
                overshoots: true,
                ..Plan::of(self.changes(&request, 0, CANCEL))
            },
            "cancelAllOrders" => Plan {
                overshoots: true,
                ..Plan::of(self.orders.open().map(|order| known(order, 0, CANCEL)))
            },
            // A call this version does not know, taken as a dear one.
            _ => Plan::of([change(UNIT, EDIT)]),
        }
    }

    /// The changes to the orders that a request names.
    fn changes(&self, request: &Request, fixed: u64, by_age: ByAge) -> Vec<Change> {
        let unknown = || Change {
            pair: request.pair(),
            fixed,
            by_age,
            since: None,
        };
        let mut changes = Vec::new();
        for name in request.names() {
            let before = changes.len();
            match name {
                OrderRef::Txid(name) => changes.extend(
                    self.orders
                        .find(&name)
                        .map(|order| known(order, fixed, by_age)),
                ),
                OrderRef::Userref(userref) => changes.extend(
                    self.orders
                        .open()
                        .filter(|order| order.userref == Some(userref))
                        .map(|order| known(order, fixed, by_age)),
                ),
            }
            if changes.len() == before {
                changes.push(unknown());
            }
        }
        if changes.is_empty() {
            changes.push(unknown());
        }
        changes
    }

    /// How long a call must wait for room on all its counters.
    pub(super) fn wait_for(&self, plan: &Plan, now: Instant) -> Duration {
        wait_on(&self.planned, plan, now)
    }

    /// How long a call still has to wait that was counted for the time `due`.
    pub(super) fn still_to_wait(
        &mut self,
        call: &CallFacts<'_>,
        reservation: &Reservation,
        due: Instant,
        now: Instant,
    ) -> Duration {
        let plan = self.plan_of_waiting(call);
        let moved = self.moved(&plan).saturating_sub(reservation.moved);
        let until_due = (due + moved).saturating_duration_since(now);
        until_due.max(wait_on(&self.sent, &plan, now))
    }

    /// The plan of a call that was counted: what an amend costs goes by the
    /// age that the order has before.
    fn plan_of_waiting(&mut self, call: &CallFacts<'_>) -> Plan {
        let own = (call.operation.id == "amendOrder")
            .then(|| self.named(call)?.amending.take())
            .flatten();
        let plan = self.plan(call);
        if let (Some(_), Some(order)) = (own, self.named(call)) {
            order.amending = own;
        }
        plan
    }

    /// By how much calls that wait on the same counters were moved back, in
    /// all.
    pub(super) fn moved(&self, plan: &Plan) -> Duration {
        let pairs = plan.by_pair.keys();
        pairs
            .map(|pair| self.planned.moved(pair.as_deref()))
            .fold(Duration::ZERO, Duration::saturating_add)
    }

    /// Counts a call that is sent `after` so long, or one that is sent now
    /// without waiting for room. Gives what can be taken back: a call that
    /// stands on several counters can't be.
    ///
    /// A call that overshoots is counted when it is [`sent`](Self::sent): the
    /// calls that leave before it must not wait for it.
    pub(super) fn count(
        &mut self,
        call: &CallFacts<'_>,
        plan: &Plan,
        after: Option<Duration>,
        now: Instant,
    ) -> Option<Counted> {
        if plan.overshoots {
            return None;
        }
        let sent_at = now + after.unwrap_or_default();
        let mut counted = None;
        for (pair, changes) in &plan.by_pair {
            let cost = changes.iter().map(|change| change.cost(sent_at)).sum();
            self.planned.update(pair.as_deref(), now, |counter| {
                counted = Some(match after {
                    Some(after) => counter.count(cost, after, now),
                    None => counter.count_up_to_full(cost, now),
                });
            });
        }
        if call.operation.id == "amendOrder"
            && let Some(order) = self.named(call)
        {
            order.amending = Some(sent_at);
        }
        counted.filter(|_| plan.only_pair().is_some())
    }

    /// Notes that a call leaves now, for which so much was counted.
    pub(super) fn sent(&mut self, call: &CallFacts<'_>, counted: Counted, now: Instant) {
        let plan = self.plan_of_waiting(call);
        for (pair, changes) in &plan.by_pair {
            let pair = pair.as_deref();
            let cost = changes.iter().map(|change| change.cost(now)).sum();
            self.planned.update(pair, now, |counter| {
                if plan.overshoots {
                    counter.count_over_full(cost, now);
                } else if plan.only_pair().is_some() {
                    // It got cheaper if it was moved back.
                    counter.correct(counted, cost, now);
                }
            });
            self.sent.update(pair, now, |counter| {
                if plan.overshoots {
                    counter.count_over_full(cost, now);
                } else {
                    counter.count_up_to_full(cost, now);
                }
            });
        }
        if call.operation.id == "amendOrder"
            && let Some(order) = self.named(call)
        {
            order.amending = Some(now);
        }
    }

    /// Takes back what was counted for a call that was not sent.
    pub(super) fn take_back(&mut self, call: &CallFacts<'_>, counted: Counted, now: Instant) {
        if let Some(pair) = self.plan(call).only_pair() {
            self.planned
                .update(Some(pair), now, |counter| counter.take_back(counted, now));
        }
        self.amend_is_over(call);
    }

    /// Notes that the engine refused a call for lack of room.
    pub(super) fn fill(&mut self, call: &CallFacts<'_>, hold: Duration, now: Instant) {
        for pair in self.plan(call).by_pair.keys() {
            for counters in [&mut self.planned, &mut self.sent] {
                counters.update(pair.as_deref(), now, |counter| counter.fill(hold, now));
            }
        }
    }

    /// Learns which orders there are from what became of a call.
    pub(super) fn learn(
        &mut self,
        call: &CallFacts<'_>,
        result: Result<Option<&Bytes>, &Error>,
        now: Instant,
    ) {
        let request = Request::of(call);
        match result {
            Ok(answer) => {
                let answer = answer
                    .and_then(|answer| serde_json::from_slice(answer).ok())
                    .unwrap_or_default();
                self.succeeded(call, &request, &answer, now);
            }
            Err(error) if error.outcome() == Outcome::Unknown => {
                // It may have been executed just now. Of an order that was
                // placed so, nothing but its own name is known.
                match call.operation.id {
                    "addOrder" => self.placed(&request, None, request.cl_ord_id.clone(), now),
                    "amendOrder" => self.amended(call, &request, now),
                    _ => {}
                }
            }
            Err(_) => self.amend_is_over(call),
        }
    }

    fn succeeded(
        &mut self,
        call: &CallFacts<'_>,
        request: &Request,
        answer: &Answer,
        now: Instant,
    ) {
        match call.operation.id {
            "addOrder" => {
                for txid in answer.txids() {
                    self.placed(request, Some(txid), request.cl_ord_id.clone(), now);
                }
            }
            "addOrderBatch" => {
                for (order, placed) in request.orders.iter().zip(&answer.orders) {
                    if let Some(txid) = &placed.txid {
                        let order = Place::deserialize(order).unwrap_or_default();
                        self.insert(request, Some(txid), order.cl_ord_id, order.userref, now);
                    }
                }
                let full = |placed: &Placed| {
                    placed.error.as_deref().is_some_and(|error| {
                        error.to_ascii_lowercase().contains("rate limit exceeded")
                    })
                };
                if answer.orders.iter().any(full) {
                    self.fill(call, BACK_OFF, now);
                }
            }
            "amendOrder" => self.amended(call, request, now),
            "editOrder" => {
                if let Some(txid) = answer.txids().first() {
                    self.close(request);
                    self.placed(request, Some(txid), None, now);
                }
            }
            "cancelOrder" | "cancelOrderBatch" => self.close(request),
            "cancelAllOrders" => self.orders.iter_mut().for_each(|order| order.open = false),
            _ => {}
        }
    }

    fn placed(
        &mut self,
        request: &Request,
        txid: Option<&String>,
        cl_ord_id: Option<String>,
        now: Instant,
    ) {
        self.insert(request, txid, cl_ord_id, request.userref, now);
    }

    fn insert(
        &mut self,
        request: &Request,
        txid: Option<&String>,
        cl_ord_id: Option<String>,
        userref: Option<i32>,
        now: Instant,
    ) {
        if let Some(pair) = request.pair()
            && (txid.is_some() || cl_ord_id.is_some())
        {
            self.orders.insert(Order {
                pair,
                txid: txid.cloned(),
                cl_ord_id,
                userref,
                since: now,
                amending: None,
                open: true,
            });
        }
    }

    fn amended(&mut self, call: &CallFacts<'_>, request: &Request, now: Instant) {
        if let Some(order) = self.named(call) {
            order.since = now;
            order.amending = None;
        } else if let Some(OrderRef::Txid(name)) = &request.name() {
            // From now on its age is known.
            let txid = request.txid.is_some().then_some(name);
            self.insert(request, txid, request.cl_ord_id.clone(), None, now);
        }
    }

    fn amend_is_over(&mut self, call: &CallFacts<'_>) {
        if call.operation.id == "amendOrder"
            && let Some(order) = self.named(call)
        {
            order.amending = None;
        }
    }

    /// The one order that a call is about.
    fn named(&mut self, call: &CallFacts<'_>) -> Option<&mut Order> {
        match Request::of(call).name()? {
            OrderRef::Txid(name) => self.orders.find_mut(&name),
            OrderRef::Userref(_) => None,
        }
    }

    /// Closed orders stay known: a change that comes too late then counts on
    /// the right pair.
    fn close(&mut self, request: &Request) {
        for name in request.names() {
            match name {
                OrderRef::Txid(name) => {
                    if let Some(order) = self.orders.find_mut(&name) {
                        order.open = false;
                    }
                }
                OrderRef::Userref(userref) => self
                    .orders
                    .iter_mut()
                    .filter(|order| order.userref == Some(userref))
                    .for_each(|order| order.open = false),
            }
        }
    }
}

fn known(order: &Order, fixed: u64, by_age: ByAge) -> Change {
    Change {
        pair: Some(order.pair.clone()),
        fixed,
        by_age,
        since: Some(order.age_from()),
    }
}

/// How long a call must wait for room on all of these counters.
fn wait_on(counters: &CounterMap, plan: &Plan, now: Instant) -> Duration {
    if plan.overshoots {
        return Duration::ZERO;
    }
    plan.by_pair
        .iter()
        .map(|(pair, changes)| {
            let counter = counters.counter(pair.as_deref(), now);
            wait_for(counter, changes, now)
        })
        .max()
        .unwrap_or_default()
}

/// When there is room on a counter for changes that get cheaper while they
/// wait.
fn wait_for(counter: &Counter, changes: &[Change], now: Instant) -> Duration {
    let mut wait = Duration::ZERO;
    loop {
        let at = now + wait;
        let cost = changes.iter().map(|change| change.cost(at)).sum();
        let room = counter.wait_for(cost, now);
        if room <= wait {
            return wait;
        }
        let cheaper = changes
            .iter()
            .filter_map(|change| change.next_step(at))
            .min()
            .map(|step| step.saturating_duration_since(now));
        wait = cheaper.map_or(room, |step| step.min(room));
    }
}
