//! Calls to pace, and what a venue says to them.

use std::time::{Duration, SystemTime};

use exchange_transport::{
    Access, Answer, CallFacts, Effect, Error, Operation, Pace, Permission, Severity, VendorMessage,
};
use kraken_core::catalogue;

const fn operation(
    id: &'static str,
    access: Access,
    effect: Effect,
    counter: &'static str,
    cost: u16,
) -> Operation {
    Operation {
        api: "kraken-spot",
        id,
        rust_method: "",
        method: http::Method::POST,
        path: "/",
        access,
        permission: Permission::NotNeeded,
        effect,
        pace: Pace { counter, cost },
        answer: Answer::Enveloped,
    }
}

const fn public(id: &'static str) -> Operation {
    operation(id, Access::Public, Effect::Read, "kraken-public-ip", 1)
}

const fn private(id: &'static str, effect: Effect, cost: u16) -> Operation {
    operation(id, Access::Private, effect, "kraken-private", cost)
}

const fn engine(id: &'static str) -> Operation {
    operation(id, Access::Private, Effect::Order, "kraken-engine", 0)
}

pub(crate) static TIME: Operation = public("getServerTime");
pub(crate) static OHLC: Operation = public("getOHLCData");
pub(crate) static DEPTH: Operation = public("getOrderBook");
pub(crate) static TRADES: Operation = public("getRecentTrades");
pub(crate) static BALANCE: Operation = private("getAccountBalance", Effect::Read, 1);
pub(crate) static LEDGERS: Operation = private("getLedgers", Effect::Read, 2);
pub(crate) static TRADE_HISTORY: Operation = private("getTradeHistory", Effect::Read, 2);
pub(crate) static CANCEL_ALL: Operation = private("cancelAllOrders", Effect::Order, 1);
pub(crate) static ADD: Operation = engine("addOrder");
pub(crate) static ADD_BATCH: Operation = engine("addOrderBatch");
pub(crate) static AMEND: Operation = engine("amendOrder");
pub(crate) static EDIT: Operation = engine("editOrder");
pub(crate) static CANCEL: Operation = engine("cancelOrder");
pub(crate) static CANCEL_BATCH: Operation = engine("cancelOrderBatch");
pub(crate) static VAULTS: Operation = operation(
    "listCustodyVaults",
    Access::Private,
    Effect::Read,
    "kraken-custody",
    1,
);
pub(crate) static EXTERNAL_TASKS: Operation = operation(
    "getV0InstoCustodyTasks",
    Access::Private,
    Effect::Read,
    "kraken-custody-external-ip",
    1,
);

/// A call with a body, or with none if it is empty.
pub(crate) fn call<'a>(operation: &'static Operation, body: &'a str) -> CallFacts<'a> {
    CallFacts {
        operation,
        path_and_query: operation.path,
        body: (!body.is_empty()).then_some(body),
    }
}

/// The error that the venue's message `E<category>:<text>` becomes.
pub(crate) fn refusal(operation: &'static Operation, category: &str, text: &str) -> Error {
    let message = VendorMessage {
        severity: Severity::Error,
        category: category.to_owned(),
        text: text.to_owned(),
        detail: None,
        raw: format!("E{category}:{text}"),
    };
    catalogue::failure(operation, vec![message], SystemTime::UNIX_EPOCH)
}

/// The same, with a wait that the venue asks for.
pub(crate) fn refusal_for(
    operation: &'static Operation,
    category: &str,
    text: &str,
    wait: Duration,
) -> Error {
    refusal(operation, category, text).with_retry_after(wait)
}
