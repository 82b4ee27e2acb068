//! What each reason of the venue means, and what to do then.
//!
//! Gemini tells errors by a word such as `InsufficientFunds`, with a sentence beside it. The words
//! are matched without regard to case; a word that is not in the table counts by the HTTP status.

use exchange_transport::{Effect, Error, Kind, Outcome, Permission, VendorMessage};
use http::StatusCode;

use crate::endpoint::Endpoint;

/// What to do after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Then {
    /// Mend the request or the account; sent again as it is, it fails again.
    Fix,
    /// Nothing was done: wait and send it again, with a new nonce.
    Retry,
    /// A call that changes something may have been executed: look first. A read is simply sent
    /// again.
    Look,
}

/// One reason and its meaning.
#[derive(Debug)]
pub struct Entry {
    /// The word on the wire.
    pub reason: &'static str,
    /// The HTTP status it comes with; `None` if the vendor does not say.
    pub status: Option<u16>,
    /// What sort of trouble it is.
    pub kind: Kind,
    /// What to do then.
    pub then: Then,
    /// A hint for the user, or nothing if the message speaks for itself.
    pub hint: &'static str,
}

const fn entry(
    reason: &'static str,
    status: Option<u16>,
    kind: Kind,
    then: Then,
    hint: &'static str,
) -> Entry {
    Entry {
        reason,
        status,
        kind,
        then,
        hint,
    }
}

use Kind::{
    Account, Credentials, Funds, InvalidRequest, Nonce, NotFound, OrderRejected, RateLimit,
    Signature, Unavailable, Venue,
};
use Then::{Fix, Look, Retry};

/// The reasons this version knows.
#[rustfmt::skip]
pub static CATALOGUE: &[Entry] = &[
    // Key and signature.
    entry("InvalidApiKey", None, Credentials, Fix, "Check the key, and whether it is for the sandbox or the exchange: each has keys of its own"),
    entry("InvalidSignature", Some(400), Signature, Fix, "Check that the secret belongs to this key and was copied whole, and that the key is for this address: the sandbox has keys of its own"),
    entry("InvalidNonce", Some(400), Nonce, Retry, "Nonces must rise, or be seconds within 30 s of the venue's clock, as was chosen for the key: see `ClientBuilder::nonce_kind`. Give each process a key of its own"),
    entry("MissingNonce", None, Nonce, Fix, ""),
    entry("MissingApikeyHeader", Some(401), Credentials, Fix, ""),
    entry("MissingPayloadHeader", None, Credentials, Fix, "Something on the way may have dropped the header"),
    entry("MissingSignatureHeader", None, Credentials, Fix, "Something on the way may have dropped the header"),
    entry("MissingPayloadKey", None, InvalidRequest, Fix, ""),
    entry("EndpointMismatch", None, InvalidRequest, Fix, "The payload names another path than the one called: something on the way may have changed it; for a call with a query see `ClientBuilder::query_in_payload`"),
    entry("EndpointNotFound", Some(404), NotFound, Fix, "The venue has no such call (any more)"),
    entry("NoSSL", None, Kind::Configuration, Fix, "Use https"),
    entry("InvalidJson", None, InvalidRequest, Fix, ""),
    entry("InvalidTimestampInPayload", None, InvalidRequest, Fix, ""),
    // Permission.
    entry("MissingRole", Some(403), Kind::Permission, Fix, ""),
    entry("ApiKeyIpFilteringFailure", Some(403), Kind::Permission, Fix, "The key is for other IP addresses"),
    entry("RemoteAddressForbidden", Some(403), Kind::Permission, Fix, "The group is for other IP addresses"),
    // Accounts.
    entry("AccountClosed", None, Account, Fix, ""),
    entry("AccountLimitExceeded", None, InvalidRequest, Fix, "Name fewer accounts"),
    entry("AccountNotOfTypeRequired", None, InvalidRequest, Fix, "The account is of another type than the call needs"),
    entry("AccountsOnGroupOnlyApi", None, InvalidRequest, Fix, "Only a master key may name an account: leave `account` out"),
    entry("BadAccountType", None, InvalidRequest, Fix, "An account is of the type `exchange` or `custody`"),
    entry("ConflictingAccountName", None, InvalidRequest, Fix, "The group has an account of this name already"),
    entry("ExceededMaxAccountsInGroup", None, Account, Fix, "The group has as many accounts as it may"),
    entry("HasNotAgreedToCustodyTerms", None, Account, Fix, "Accept the terms of custody on the venue's web site first"),
    entry("InvalidAccountName", None, InvalidRequest, Fix, ""),
    entry("InvalidAccountType", None, InvalidRequest, Fix, ""),
    entry("MissingAccountName", None, InvalidRequest, Fix, "A master key must name an account: see `ClientBuilder::account`"),
    entry("MissingAccounts", None, InvalidRequest, Fix, "A master key must name an account: see `ClientBuilder::account`"),
    entry("MissingName", None, InvalidRequest, Fix, ""),
    entry("MoreThanOneAccount", None, InvalidRequest, Fix, "The call is for one account"),
    entry("NoAccountOfTypeRequired", None, Account, Fix, "The group has no account of the type that the call needs"),
    entry("NotGroupApiCompatible", None, InvalidRequest, Fix, "The call is for the key of one account, not for a master key"),
    // Orders.
    entry("ClientOrderIdMustBeString", None, InvalidRequest, Fix, ""),
    entry("ClientOrderIdTooLong", None, InvalidRequest, Fix, "No more than 100 characters"),
    entry("ConflictingOptions", None, InvalidRequest, Fix, "An order has one option at most"),
    entry("GTSTradeIDMustBeString", None, InvalidRequest, Fix, ""),
    entry("InsufficientFunds", Some(406), Funds, Fix, ""),
    entry("InvalidFundTransfer", None, InvalidRequest, Fix, ""),
    entry("InvalidOrderType", None, InvalidRequest, Fix, "Without market orders, use a limit order `immediate-or-cancel` at a price that is sure to fill"),
    entry("InvalidPrice", None, OrderRejected, Fix, "See `quote_increment` of the symbol's details: it is the step of the price"),
    entry("InvalidQuantity", None, OrderRejected, Fix, "See `min_order_size` and `tick_size` of the symbol's details: the latter is the step of the amount"),
    entry("InvalidSide", None, InvalidRequest, Fix, ""),
    entry("InvalidSymbol", None, NotFound, Fix, ""),
    entry("InvalidStopPrice", None, OrderRejected, Fix, ""),
    entry("InvalidStopPriceBuy", None, OrderRejected, Fix, "To buy, the stop price must be below the limit price"),
    entry("InvalidStopPriceSell", None, OrderRejected, Fix, "To sell, the stop price must be above the limit price"),
    entry("InvalidStopPriceRatio", None, OrderRejected, Fix, "Stop price and limit price may be 50 % apart at most"),
    entry("MarketNotOpen", Some(400), OrderRejected, Fix, "See `status` of the symbol's details"),
    entry("MissingOrderField", None, InvalidRequest, Fix, ""),
    entry("OptionsMustBeArray", None, InvalidRequest, Fix, ""),
    entry("OrderNotFound", Some(404), NotFound, Fix, ""),
    entry("UnsupportedOption", None, InvalidRequest, Fix, ""),
    entry("AuctionNotOpen", None, OrderRejected, Fix, ""),
    entry("IneligibleTiming", None, OrderRejected, Fix, ""),
    entry("InvalidParameterValue", None, InvalidRequest, Fix, ""),
    entry("UnsupportedNetwork", Some(404), NotFound, Fix, ""),
    // Prediction markets.
    entry("InvalidInput", Some(400), InvalidRequest, Fix, ""),
    entry("BAD_REQUEST", Some(400), InvalidRequest, Fix, ""),
    entry("NOT_FOUND", Some(404), NotFound, Fix, ""),
    entry("TermsNotFound", Some(404), NotFound, Fix, ""),
    entry("TERMS_NOT_ACCEPTED", Some(403), Account, Fix, "Show the terms and accept them first, see `Predictions::accept_terms`"),
    entry("ACCOUNT_GROUP_BLOCKED", Some(403), Account, Fix, ""),
    entry("ACCOUNT_RESTRICTED_SELL_ONLY", Some(403), Account, Fix, "Only positions that are there may be sold"),
    entry("COMBO_VALIDATION_ERROR", Some(400), InvalidRequest, Fix, ""),
    entry("COMBO_LEG_NOT_FOUND", Some(404), NotFound, Fix, ""),
    // Service.
    entry("RateLimit", Some(429), RateLimit, Retry, "Too many calls: see `gemini_exchange::pace`"),
    entry("Too Many Requests", Some(429), RateLimit, Retry, "Too many calls: see `gemini_exchange::pace`"),
    entry("Maintenance", Some(503), Unavailable, Look, ""),
    entry("System", Some(500), Unavailable, Look, ""),
    entry("Internal Server Error", Some(500), Unavailable, Look, ""),
    entry("INTERNAL_ERROR", Some(500), Unavailable, Look, ""),
    entry("InternalError", Some(500), Unavailable, Look, ""),
    entry("SERVICE_UNAVAILABLE", Some(503), Unavailable, Look, ""),
];

/// How to find out whether a call was executed, by the ids of calls.
static ADVICE: &[(&[&str], &str)] = &[
    (
        &["createNewOrder"],
        "Look for its `client_order_id` with `get_order_status`, then in the active and the past \
         orders",
    ),
    (
        &[
            "cancelOrder",
            "cancelAllActiveOrders",
            "cancelAllSessionOrders",
        ],
        "Look at the active orders; to cancel an order twice does no harm",
    ),
    (
        &["withdrawCryptoFunds", "transferBetweenAccounts"],
        "Look at the past transfers, or send it again with the same `client_transfer_id`: the \
         venue carries out each id once",
    ),
    (
        &[
            "createNewClearingOrder",
            "createNewBrokerOrder",
            "confirmClearingOrder",
            "cancelClearingOrder",
        ],
        "Look at the clearing orders",
    ),
    (
        &["executeInstantOrder", "wrapOrder"],
        "Look at the balances and the past trades",
    ),
    (
        &["stakeCryptoFunds", "unstakeCryptoFunds"],
        "Look at the staking history",
    ),
];

fn find(reason: &str) -> Option<&'static Entry> {
    CATALOGUE
        .iter()
        .find(|entry| entry.reason.eq_ignore_ascii_case(reason))
}

/// Whether a reason is in the table.
pub(crate) fn knows(reason: &str) -> bool {
    find(reason).is_some()
}

/// What a status means without a reason that is known.
fn by_status(status: StatusCode) -> (Kind, Then) {
    match status.as_u16() {
        // A failure that came as a success, see `answer`.
        200..=299 | 409 => (Venue, Fix),
        401 => (Credentials, Fix),
        403 => (Kind::Permission, Fix),
        404 => (NotFound, Fix),
        406 => (Funds, Fix),
        408 => (Kind::Timeout, Look),
        422 => (OrderRejected, Fix),
        429 => (RateLimit, Retry),
        400..=499 => (InvalidRequest, Fix),
        _ => (Unavailable, Look),
    }
}

/// The error for an answer that is no success.
pub(crate) fn failure(
    endpoint: &'static Endpoint,
    status: StatusCode,
    message: Option<VendorMessage>,
) -> Error {
    let operation = &endpoint.operation;
    let entry = message.as_ref().and_then(|message| find(&message.text));
    let (kind, mut then) =
        entry.map_or_else(|| by_status(status), |entry| (entry.kind, entry.then));
    // Whatever the word is, a fault inside the venue leaves it open what was done; but a call that
    // is refused for its rate or its nonce has not come that far.
    if status.is_server_error() && then == Fix {
        then = Look;
    }
    let mut hint = entry.map_or("", |entry| entry.hint).to_owned();
    if kind == Nonce && message.as_ref().is_some_and(names_the_clock) {
        // The next second of a clock that is wrong is refused as well.
        then = Fix;
        "The key wants seconds within 30 s of the venue's clock: set this machine's clock right, \
         and build the client with `.nonce_kind(NonceKind::TimeBased)`"
            .clone_into(&mut hint);
    }
    if kind == Kind::Permission && hint.is_empty() {
        hint = permission_hint(endpoint);
    }
    let mut error = Error::new(kind)
        .on(operation)
        .with_status(status.as_u16())
        .with_messages(message.into_iter().collect())
        .with_attempts(1)
        .with_outcome(match then {
            Fix | Retry => Outcome::NotExecuted,
            Look => Outcome::Unknown,
        })
        .with_retryable(matches!(then, Retry | Look) && !status.is_redirection());
    if !hint.is_empty() {
        error = error.with_hint(hint);
    }
    with_advice(error)
}

/// `Nonce '…' is not within 30 seconds of server time '…'`.
fn names_the_clock(message: &VendorMessage) -> bool {
    message
        .detail
        .as_deref()
        .is_some_and(|detail| detail.contains("seconds of server time"))
}

/// Which role a key, or which scope a token needs for a call.
fn permission_hint(endpoint: &Endpoint) -> String {
    let role = match endpoint.operation.permission {
        Permission::Undocumented => "The vendor does not say which role the call needs".to_owned(),
        Permission::NotNeeded => {
            "The call needs no role: check the key's IP addresses and whether it is active"
                .to_owned()
        }
        names => format!("The API key needs the role {names}"),
    };
    match endpoint.scopes {
        [] => role,
        scopes => format!(
            "{role}; an OAuth token needs the scope `{}`",
            scopes.join("` or `")
        ),
    }
}

/// Adds how to find out whether the call was executed.
pub(crate) fn with_advice(error: Error) -> Error {
    let Some(operation) = error.operation() else {
        return error;
    };
    let own = ADVICE
        .iter()
        .find(|(ids, _)| ids.contains(&operation.id))
        .map(|(_, text)| *text);
    let advice = own.or(match operation.effect {
        Effect::Read => None,
        Effect::Order => Some("Look at the active and the past orders"),
        Effect::Funds => Some("Look at the past transfers"),
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
    use crate::answer::failure_of;
    use crate::order::{GetOrderStatus, NewOrder};

    #[test]
    fn every_entry_is_found_and_means_what_it_says() {
        for entry in CATALOGUE {
            let status = entry.status.unwrap_or(400);
            let body = format!(
                r#"{{"result":"error","reason":"{}","message":"words"}}"#,
                entry.reason
            );
            let error = failure_of(<NewOrder>::ENDPOINT, status, &body);
            assert_eq!(error.kind(), entry.kind, "{error}");
            let expected = match entry.then {
                Fix => (Outcome::NotExecuted, false),
                Retry => (Outcome::NotExecuted, true),
                Look => (Outcome::Unknown, false),
            };
            assert_eq!((error.outcome(), error.is_retryable()), expected, "{error}");
            assert!(error.to_string().contains(entry.hint), "{error}");
            assert_eq!(error.messages()[0].text, entry.reason);
            assert_eq!(error.messages()[0].detail.as_deref(), Some("words"));
        }
    }

    #[test]
    fn reasons_are_in_the_table_once() {
        for (index, entry) in CATALOGUE.iter().enumerate() {
            let again = CATALOGUE[index + 1..]
                .iter()
                .any(|other| other.reason.eq_ignore_ascii_case(entry.reason));
            assert!(!again, "{}", entry.reason);
        }
    }

    #[test]
    fn reads_are_sent_again_where_changes_are_looked_for() {
        for status in [500, 502, 503, 504] {
            let read = failure_of(<GetOrderStatus>::ENDPOINT, status, "");
            assert!(read.is_retryable(), "{read}");
            let change = failure_of(<NewOrder>::ENDPOINT, status, "");
            assert_eq!(change.outcome(), Outcome::Unknown);
            assert!(!change.is_retryable());
            assert!(change.to_string().contains("client_order_id"), "{change}");
        }
    }
}
