//! What each message of the venue means, and what to do then.
//!
//! Kraken tells errors by text, so this is a table of texts. Messages are
//! matched by their beginning, without regard to case: the venue appends
//! details.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exchange_transport::{
    Effect, Error, Kind, Operation, Outcome, Permission, Severity, VendorMessage,
};

/// What to do after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Then {
    /// Mend the request or the account; sent again as it is, it fails again.
    Fix,
    /// Nothing was done: wait and send it again, with a new nonce.
    Retry,
    /// A call that changes something may have been executed: look first. A
    /// read is simply sent again.
    Look,
    /// A part was executed; sending the rest again would fail.
    Partly,
}

/// One message and its meaning.
#[derive(Debug)]
pub struct Entry {
    /// Category, text and detail joined by colons, without the severity.
    pub message: &'static str,
    /// What sort of trouble it is.
    pub kind: Kind,
    /// What to do then.
    pub then: Then,
    /// A hint for the user, or nothing if the message speaks for itself.
    pub hint: &'static str,
}

const fn entry(message: &'static str, kind: Kind, then: Then, hint: &'static str) -> Entry {
    Entry {
        message,
        kind,
        then,
        hint,
    }
}

use Kind::{
    Account, Credentials, Funds, InvalidRequest, Nonce, NotFound, OrderRejected, RateLimit,
    Signature, Unavailable, Venue,
};
use Then::{Fix, Look, Partly, Retry};

/// The messages this version knows. The longest one that fits counts.
#[rustfmt::skip]
pub static CATALOGUE: &[Entry] = &[
    // Key and signature.
    entry("API:Invalid key", Credentials, Fix, "The key is unknown, deleted or malformed; repeating the call leads to a lockout"),
    entry("API:Invalid signature", Signature, Fix, "Check that the secret belongs to this key and was copied whole"),
    entry("API:Invalid nonce", Nonce, Retry, "Nonces must rise: give each process a key of its own, never go back to a coarser clock unit with the same key, or set a nonce window on the key"),
    entry("API:Bad request", InvalidRequest, Fix, ""),
    entry("API:Feature disabled", Account, Fix, ""),
    entry("General:Permission denied", Kind::Permission, Fix, ""),
    entry("General:Temporary lockout", RateLimit, Retry, "Too many calls with an invalid key; the lockout lasts for up to about 15 minutes"),
    entry("Account:Invalid permissions", Kind::Permission, Fix, "The account may not do this, for its region or for this asset"),
    entry("Auth:Account temporary disabled", Account, Fix, ""),
    entry("Auth:Account unconfirmed", Account, Fix, ""),
    entry("Auth:Failed", Credentials, Fix, ""),
    entry("Auth:Rate limit exceeded", RateLimit, Retry, "Too many authentications: back off"),
    entry("Auth:Too many requests", RateLimit, Retry, "Too many authentications: back off"),
    entry("Session:Invalid session", Credentials, Fix, "For a WebSocket, get a new token"),
    // Request.
    entry("General:Invalid arguments", InvalidRequest, Fix, ""),
    entry("General:Invalid arguments:Index unavailable", InvalidRequest, Fix, "There is no index price for this pair: use the last price as trigger, or try later"),
    entry("General:Invalid arguments:Invalid strategy ID", NotFound, Fix, ""),
    entry("General:Unknown method", NotFound, Fix, "The venue has no such call (any more)"),
    entry("Query:Unknown asset pair", NotFound, Fix, ""),
    entry("Query:Invalid asset pair", NotFound, Fix, ""),
    entry("Query:Unknown asset", NotFound, Fix, ""),
    entry("Trade:Invalid request", InvalidRequest, Fix, ""),
    entry("Trade:User Locked", Account, Fix, ""),
    // Orders.
    entry("Order:Insufficient funds", Funds, Fix, ""),
    entry("Order:Insufficient margin", Funds, Retry, "The venue's own pool of margin is used up, not yours"),
    entry("Order:Margin allowance exceeded", Funds, Fix, ""),
    entry("Order:Margin level too low", Funds, Fix, ""),
    entry("Order:Margin position size exceeded", Funds, Fix, ""),
    entry("Order:Cannot open position", Account, Fix, "The account or its tier may not trade on margin"),
    entry("Order:Cannot open opposing position", OrderRejected, Fix, ""),
    entry("Order:Order minimum not met", OrderRejected, Fix, "See `ordermin` of the asset pair"),
    entry("Order:Cost minimum not met", OrderRejected, Fix, "See `costmin` of the asset pair"),
    entry("Order:Tick size check failed", OrderRejected, Fix, "See `tick_size` of the asset pair"),
    entry("Order:Invalid price", OrderRejected, Fix, "See `tick_size` and `pair_decimals` of the asset pair"),
    entry("Order:Invalid order", OrderRejected, Fix, ""),
    entry("Order:Orders limit exceeded", RateLimit, Fix, "Too many open orders for this pair: cancel some"),
    entry("Order:Positions limit exceeded", RateLimit, Fix, "Too many open positions: close some"),
    entry("Order:Scheduled orders limit exceeded", RateLimit, Fix, "Too many scheduled orders: cancel some"),
    entry("Order:Rate limit exceeded", RateLimit, Retry, "The matching engine's counter for this pair must decay first"),
    entry("Order:Domain rate limit exceeded", RateLimit, Retry, "The counter of all accounts of the master account must decay first"),
    entry("Order:Reduce only:No position exists", OrderRejected, Fix, ""),
    entry("Order:Reduce only:Position is closed", OrderRejected, Partly, "The part up to closing the position was filled, the rest was cancelled"),
    entry("Order:Reduce only:Non-PC", OrderRejected, Fix, ""),
    entry("Order:Unknown order", NotFound, Fix, "If it was open before, it is filled or cancelled by now"),
    entry("Order:Unknown position", NotFound, Fix, ""),
    entry("Order:Trading agreement required", Account, Fix, ""),
    entry("BM:limit exceeded:CAL", Account, Fix, "The Canadian acquisition limit is reached"),
    // Funding.
    entry("Funding:Unknown withdraw key", NotFound, Fix, "No withdrawal address is saved under this name"),
    entry("Funding:Invalid amount", InvalidRequest, Fix, ""),
    entry("Funding:Unknown asset", NotFound, Fix, ""),
    entry("Funding:No funding method", NotFound, Fix, ""),
    entry("Funding:Invalid reference id", InvalidRequest, Fix, ""),
    entry("Funding:Unknown reference id", NotFound, Fix, ""),
    entry("Funding:Too many addresses", RateLimit, Fix, "Use an earlier deposit address, or wait"),
    entry("Funding:Max fee exceeded", Funds, Fix, "The fee is above `max_fee`; nothing was sent"),
    entry("*:Invalid withdrawal address", InvalidRequest, Fix, "`address` is not the one saved under `key`"),
    // Earn.
    entry("Earnings:Permission denied", Kind::Permission, Fix, "The account's tier is not high enough"),
    entry("Earnings:Below min", InvalidRequest, Fix, ""),
    entry("Earnings:Above max", InvalidRequest, Fix, ""),
    entry("Earnings:Insufficient funds", Funds, Fix, ""),
    entry("Earnings:Busy", Unavailable, Retry, "Wait until the status call says that nothing is pending for this strategy"),
    // Service.
    entry("Service:Market in cancel_only mode", Unavailable, Retry, "Only cancels are taken until the market's status is back to `online`"),
    entry("Service:Market in post_only mode", Unavailable, Retry, "Only post-only limit orders and cancels are taken until the market's status is back to `online`"),
    entry("Service:Throttled", RateLimit, Retry, "Too many calls at the same time"),
    entry("API:Rate limit exceeded", RateLimit, Retry, "The key's call counter must decay first; going on calling prolongs the block"),
    entry("General:Too many requests", RateLimit, Retry, "Public calls are limited by IP address: about one a second"),
    entry("Service:Deadline elapsed", Unavailable, Look, ""),
    entry("Service:Unavailable", Unavailable, Look, ""),
    entry("Service:Busy", Unavailable, Look, ""),
    entry("General:Internal error", Unavailable, Look, ""),
    entry("Database:Internal error", Unavailable, Look, ""),
];

/// How to find out whether a call was executed, by the ids of calls.
static ADVICE: &[(&[&str], &str)] = &[
    (
        &["addOrder", "addOrderBatch"],
        "Wait a few seconds (until the order's `deadline`, if it has one), then look for its \
         `cl_ord_id` or `userref` in the open orders, the closed orders and the trades",
    ),
    (
        &["amendOrder"],
        "Look at the order with QueryOrders or OrderAmends",
    ),
    (
        &["editOrder"],
        "Look at both orders: the old one may be gone without a new one in its place",
    ),
    (
        &[
            "cancelOrder",
            "cancelOrderBatch",
            "cancelAllOrders",
            "cancelAllOrdersAfter",
        ],
        "Repeating it does no harm; `EOrder:Unknown order` then means that the order is \
         cancelled or filled",
    ),
    (
        &["withdrawFunds"],
        "Look in WithdrawStatus for asset, key, amount and time; a withdrawal has no reference \
         of your own, so one sent twice is paid twice",
    ),
    (
        &["cancelWithdrawal"],
        "Look at the withdrawal in WithdrawStatus",
    ),
    (
        &["walletTransfer", "accountTransfer"],
        "Look for the transfer in the ledgers",
    ),
    (
        &["allocateStrategy", "deallocateStrategy"],
        "Ask the allocation's status call until it is no longer pending, then look at the \
         allocations",
    ),
    (&["addExport"], "Look for the report in ExportStatus"),
    (
        &["removeExport"],
        "Look whether the report is still in ExportStatus",
    ),
    (
        &["createSubaccount"],
        "Look at the accounts of the master account",
    ),
    (
        &["getDepositAddresses", "depositAddresses"],
        "Ask for the existing addresses before making another one",
    ),
    (
        &["postV0InstoCustodyVaultsVaultIdDepositMethodsMethodIdAddresses"],
        "List the deposit addresses before making another one",
    ),
    (
        &["postV0InstoCustodyTasks"],
        "List the tasks before creating another one",
    ),
    (
        &["postV0InstoCustodyTasksTaskIdReview"],
        "Look at the task for the vote",
    ),
];

/// The meaning of a message, if this version knows it.
pub fn find(message: &VendorMessage) -> Option<&'static Entry> {
    let fits = |entry: &&Entry| {
        let (category, rest) = entry.message.split_once(':').unwrap_or(("", entry.message));
        let (text, detail) = match rest.split_once(':') {
            Some((text, detail)) => (text, Some(detail)),
            None => (rest, None),
        };
        (category == "*" || category.eq_ignore_ascii_case(&message.category))
            && starts_with(&message.text, text)
            && detail.is_none_or(|detail| {
                message
                    .detail
                    .as_deref()
                    .is_some_and(|given| starts_with(given, detail))
            })
    };
    CATALOGUE
        .iter()
        .filter(fits)
        .max_by_key(|entry| entry.message.len())
}

fn starts_with(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

/// The kind of a message that only its category is known of.
fn kind_of_category(category: &str) -> Kind {
    match category {
        "Account" => Account,
        "Order" => OrderRejected,
        "Query" => InvalidRequest,
        "Service" | "Database" => Unavailable,
        _ => Venue,
    }
}

/// The error for a call whose answer holds at least one message that is more
/// than a warning.
///
/// The first of them gives kind and hint. The outcome is unknown as soon as
/// one of them leaves it so or is not known; sending again is worth it only if
/// that holds for all of them. `now` serves messages that name a time.
pub fn failure(
    operation: &'static Operation,
    messages: Vec<VendorMessage>,
    now: SystemTime,
) -> Error {
    let mut first = None;
    let mut unknown = false;
    let mut passes = true;
    let mut wait = None;
    for message in messages
        .iter()
        .filter(|message| message.severity != Severity::Warning)
    {
        let entry = find(message);
        let kind = entry.map_or_else(|| kind_of_category(&message.category), |entry| entry.kind);
        let then = entry.map(|entry| entry.then);
        first.get_or_insert((kind, entry.map_or("", |entry| entry.hint)));
        unknown |= !matches!(then, Some(Fix | Retry));
        passes &= matches!(then, Some(Retry | Look));
        if entry.is_some_and(|entry| entry.message == "Service:Throttled") {
            wait = message
                .detail
                .as_deref()
                .and_then(|detail| time_left(detail, now));
        }
    }
    let (kind, hint) = first.unwrap_or((Venue, ""));
    let mut error = Error::new(kind)
        .on(operation)
        .with_messages(messages)
        .with_attempts(1)
        .with_outcome(if unknown {
            Outcome::Unknown
        } else {
            Outcome::NotExecuted
        })
        .with_retryable(passes);
    if !hint.is_empty() {
        error = error.with_hint(hint);
    } else if kind == Kind::Permission {
        error = error.with_hint(permission_hint(operation));
    }
    if let Some(wait) = wait {
        error = error.with_retry_after(wait);
    }
    with_advice(error)
}

/// How long until a time in Unix seconds; zero if it is over.
fn time_left(unix_seconds: &str, now: SystemTime) -> Option<Duration> {
    let time = UNIX_EPOCH.checked_add(Duration::from_secs(unix_seconds.parse().ok()?))?;
    Some(time.duration_since(now).unwrap_or_default())
}

/// Which permission a key needs for a call.
pub fn permission_hint(operation: &Operation) -> String {
    match operation.permission {
        Permission::Undocumented => {
            "The vendor does not say which permission the call needs".to_owned()
        }
        Permission::NotNeeded => {
            "The call needs no permission: check the key's expiry, IP addresses and date range"
                .to_owned()
        }
        names => format!("The API key needs {names}"),
    }
}

/// Adds how to find out whether the call was executed.
pub fn with_advice(error: Error) -> Error {
    let Some(operation) = error.operation() else {
        return error;
    };
    let own = ADVICE
        .iter()
        .find(|(ids, _)| ids.contains(&operation.id))
        .map(|(_, text)| *text);
    let advice = own.or(match operation.effect {
        Effect::Read => None,
        Effect::Order => Some("Look at the open and closed orders"),
        Effect::Funds => Some("Look at the ledgers"),
        Effect::Account => Some("Look at the account"),
    });
    match advice {
        Some(advice) => error.with_advice(advice),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::from_text;
    use crate::testing::{BARE, ORDER, READ, TRANSFER};

    fn error(operation: &'static Operation, messages: &[&str]) -> Error {
        let messages = messages.iter().map(|text| from_text(text)).collect();
        failure(operation, messages, UNIX_EPOCH + Duration::from_secs(1000))
    }

    #[test]
    fn every_entry_is_found_by_its_own_message() {
        for entry in CATALOGUE {
            let text = format!("E{}", entry.message.replace('*', "Funding"));
            for text in [
                text.clone(),
                format!("{text} and more"),
                text.replace(':', ": "),
            ] {
                let found = find(&from_text(&text)).unwrap();
                assert_eq!(found.message, entry.message, "{text}");
            }
            let error = error(&ORDER, &[&text]);
            assert_eq!(error.kind(), entry.kind, "{text}");
            let expected = match entry.then {
                Fix => (Outcome::NotExecuted, false),
                Retry => (Outcome::NotExecuted, true),
                Look | Partly => (Outcome::Unknown, false),
            };
            assert_eq!((error.outcome(), error.is_retryable()), expected, "{text}");
            assert!(error.to_string().contains(entry.hint), "{error}");
        }
    }

    #[test]
    fn reads_are_sent_again_where_changes_are_looked_for() {
        for text in [
            "EService:Unavailable",
            "EService:Busy",
            "EGeneral:Internal error:123",
        ] {
            let read = error(&READ, &[text]);
            assert_eq!(read.kind(), Unavailable, "{text}");
            assert_eq!(
                (read.outcome(), read.is_retryable()),
                (Outcome::NotExecuted, true)
            );
            let change = error(&ORDER, &[text]);
            assert_eq!(
                (change.outcome(), change.is_retryable()),
                (Outcome::Unknown, false)
            );
            assert!(change.to_string().contains("cl_ord_id"), "{change}");
        }
    }

    #[test]
    fn the_longest_entry_counts() {
        let found = |text| find(&from_text(text)).map(|entry| entry.message);
        assert_eq!(
            found("EGeneral:Invalid arguments:Index unavailable"),
            Some("General:Invalid arguments:Index unavailable")
        );
        assert_eq!(
            found("EGeneral:Invalid arguments:price"),
            Some("General:Invalid arguments")
        );
        assert_eq!(found("eorder:insufficient funds"), None);
        assert_eq!(
            found("EORDER:insufficient funds"),
            Some("Order:Insufficient funds")
        );
        assert_eq!(
            found("Invalid withdrawal address"),
            Some("*:Invalid withdrawal address")
        );
        assert_eq!(found("EOrder:Insuff"), None);
        assert_eq!(found("EOrder:Insufficient fundé"), None);
        assert_eq!(found("EFunding:Insufficient funds"), None);
    }

    #[test]
    fn an_unknown_message_leaves_the_outcome_of_a_change_open() {
        for (text, kind) in [
            ("EOrder:Something new", OrderRejected),
            ("EAccount:Something new", Account),
            ("EQuery:Something new", InvalidRequest),
            ("EService:Something new", Unavailable),
            ("ENew:Something new", Venue),
            ("something new", Venue),
        ] {
            let change = error(&ORDER, &[text]);
            assert_eq!(change.kind(), kind, "{text}");
            assert_eq!(
                (change.outcome(), change.is_retryable()),
                (Outcome::Unknown, false)
            );
            assert!(change.to_string().contains(text), "{change}");
            let read = error(&READ, &[text]);
            assert_eq!(
                (read.outcome(), read.is_retryable()),
                (Outcome::NotExecuted, false)
            );
        }
    }

    #[test]
    fn of_several_messages_the_worst_outcome_counts() {
        let nonce = "EAPI:Invalid nonce";
        let mixed = error(&ORDER, &[nonce, "EService:Busy"]);
        assert_eq!(mixed.kind(), Nonce);
        assert_eq!(
            (mixed.outcome(), mixed.is_retryable()),
            (Outcome::Unknown, false)
        );
        let mixed = error(&ORDER, &[nonce, "EOrder:Insufficient funds"]);
        assert_eq!(
            (mixed.outcome(), mixed.is_retryable()),
            (Outcome::NotExecuted, false)
        );
        let mixed = error(&ORDER, &["WDatabase:No change", nonce]);
        assert_eq!(
            (mixed.outcome(), mixed.is_retryable()),
            (Outcome::NotExecuted, true)
        );
        assert_eq!(mixed.kind(), Nonce);
        assert_eq!(mixed.messages().len(), 2);
    }

    #[test]
    fn a_throttled_call_says_how_long_to_wait() {
        for (text, seconds) in [
            ("EService: Throttled: 1005", Some(5)),
            ("EService:Throttled:1005", Some(5)),
            ("EService: Throttled: 1000", Some(0)),
            ("EService: Throttled: 7", Some(0)),
            ("EService: Throttled: soon", None),
            ("EService: Throttled", None),
            ("EService: Throttled: 18446744073709551615", None),
        ] {
            let error = error(&ORDER, &[text]);
            assert_eq!(
                error.retry_after(),
                seconds.map(Duration::from_secs),
                "{text}"
            );
            assert!(error.is_retryable(), "{text}");
        }
    }

    #[test]
    fn permission_denied_names_the_permission() {
        let denied = "EGeneral:Permission denied";
        let text = error(&READ, &[denied]).to_string();
        assert!(text.contains("needs `Funds permissions - Query`"), "{text}");
        let text = error(&ORDER, &[denied]).to_string();
        assert!(text.contains("needs `Orders A` or `Orders B`"), "{text}");
    }

    #[test]
    fn every_call_that_changes_something_has_advice() {
        let unknown = |operation| {
            with_advice(
                Error::new(Unavailable)
                    .with_outcome(Outcome::Unknown)
                    .on(operation),
            )
        };
        assert!(unknown(&ORDER).to_string().contains("cl_ord_id"));
        assert!(unknown(&BARE).to_string().contains("List the tasks"));
        assert!(unknown(&TRANSFER).to_string().contains("ledgers"));
    }

    #[test]
    fn no_id_has_two_pieces_of_advice() {
        let mut ids: Vec<_> = ADVICE.iter().flat_map(|(ids, _)| ids.iter()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
