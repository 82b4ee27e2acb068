//! The seven commands, one file each.
//!
//! A method of [`Client`] begins a command, such as [`Client::new_order`]. Set what is to be set;
//! what is required and missing does not compile. `send` sends it, and waits for what became of
//! it: commands have no answer of their own, so the client looks on the streams where it shows,
//! which it subscribes to with the first command.
//!
//! | Command | Method | Ends with |
//! |---|---|---|
//! | `NewOrderSingle` | [`Client::new_order`] | a [`Placed`] order |
//! | `OrderCancelRequest` | [`Client::cancel_order`] | the report that it is cancelled |
//! | `OrderCancelReplaceRequest` | [`Client::replace_order`] | the report that it is replaced |
//! | `OrderControlRequest` | [`Client::control_order`] | the report that it pauses or goes on |
//! | `QuoteRequest` | [`Client::request_quote`] | the first prices |
//! | `QuoteCancelRequest` | [`Client::cancel_quote`] | the record that it is cancelled |
//! | `UserConfig` | [`Client::set_user_config`] | the setting as stored |
//!
//! # When it fails
//!
//! [`Error::outcome`] says whether the command may have been executed all the same.
//!
//! * Refused by the venue, or never sent: `NotExecuted`.
//! * No answer in time: `Unknown`. Silence is no refusal.
//! * The connection broke in between: the client looks for it after the reconnect. Found, it ends
//!   as if nothing had been. A new order that the venue then shows no trace of is `NotExecuted`,
//!   anything else `Unknown`.
//!
//! No command is ever sent twice. A dropped future leaves open what becomes of the command.

use exchange_transport::{Error, Kind, Severity, VendorMessage};
use exchange_wire::Decimal;
use serde::Serialize;
use uuid::Uuid;

#[cfg(doc)]
use crate::Client;
use crate::enums::{CxlRejReason, QuoteStatus, RejectReason};
use crate::streams::{ExecutionReport, Quote};

mod cancel;
mod control;
mod new_order;
mod quote_cancel;
mod quote_request;
mod replace;
mod strategy;
mod user_config;

/// What the commands send, for `dispatch`.
#[cfg(feature = "dispatch")]
pub(crate) mod sent {
    pub(crate) use super::cancel::OrderCancelRequest;
    pub(crate) use super::control::OrderControlRequest;
    pub(crate) use super::new_order::NewOrderSingle;
    pub(crate) use super::quote_cancel::QuoteCancelRequest;
    pub(crate) use super::quote_request::QuoteRequest;
    pub(crate) use super::replace::OrderCancelReplaceRequest;
    pub(crate) use super::user_config::Wanted as UserConfig;
}

pub use cancel::CancelOrder;
pub use control::ControlOrder;
pub use new_order::{NewOrder, Placed, Pricing};
pub use quote_cancel::{CancelQuote, RfqId};
pub use quote_request::RequestQuote;
pub use replace::ReplaceOrder;
pub use strategy::{SteadyPace, StopLimit, Strategy};
pub use user_config::SetUserConfig;

/// Most characters of an id of the client.
const LONGEST_ID: usize = 36;

/// An order that a command is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderId {
    /// The venue's id.
    Venue(String),
    /// The client's id of the last request about the order that was accepted. The venue's id is
    /// the safer one: replacements keep it.
    Client(String),
}

impl OrderId {
    fn parts(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Venue(id) => (Some(id), None),
            Self::Client(id) => (None, Some(id)),
        }
    }

    /// Whether the report is about this order.
    fn is_of(&self, report: &ExecutionReport) -> bool {
        match self {
            Self::Venue(id) => report.order_id.as_ref() == Some(id),
            Self::Client(id) => {
                report.cl_ord_id.as_ref() == Some(id) || report.orig_cl_ord_id.as_ref() == Some(id)
            }
        }
    }
}

/// The id given, or a new one.
fn id_or_new(given: Option<String>, name: &str) -> Result<String, Error> {
    let id = given.unwrap_or_else(|| Uuid::new_v4().to_string());
    if id.is_empty() || id.chars().count() > LONGEST_ID {
        return Err(Error::new(Kind::InvalidRequest)
            .with_text(format!("`{name}` must have 1 to {LONGEST_ID} characters")));
    }
    Ok(id)
}

/// The quantity, if it can be one.
fn above_zero(quantity: Decimal, name: &str) -> Result<Decimal, Error> {
    if quantity > Decimal::ZERO {
        return Ok(quantity);
    }
    Err(Error::new(Kind::InvalidRequest).with_text(format!("`{name}` must be above zero")))
}

fn json(data: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(data).map_err(|error| {
        Error::new(Kind::InvalidRequest)
            .with_text("the command can't be written as JSON")
            .with_source(error)
    })
}

/// A refusal, in the venue's words.
fn refused(reason: &str, kind: Kind, text: Option<&str>, record: &impl Serialize) -> Error {
    Error::new(kind)
        .with_attempts(1)
        .with_messages(vec![VendorMessage {
            severity: Severity::Error,
            category: reason.to_owned(),
            text: text.unwrap_or(reason).to_owned(),
            detail: None,
            raw: match text {
                Some(text) if reason.is_empty() => text.to_owned(),
                Some(text) => format!("{reason}: {text}"),
                None if reason.is_empty() => {
                    serde_json::to_string(record).unwrap_or_else(|_| "no reason given".to_owned())
                }
                None => reason.to_owned(),
            },
        }])
}

/// The refusal of a new order or of a request for a quote.
fn rejected(reason: Option<&RejectReason>, text: Option<&str>, record: &impl Serialize) -> Error {
    let kind = match reason {
        Some(RejectReason::UnknownSymbol | RejectReason::UnknownOrder) => Kind::NotFound,
        Some(RejectReason::RateLimit) => Kind::RateLimit,
        Some(RejectReason::InternalError) => Kind::Unavailable,
        Some(RejectReason::InvalidStrategy | RejectReason::DuplicateOrder) => Kind::InvalidRequest,
        _ => Kind::OrderRejected,
    };
    refused(reason.map_or("", RejectReason::as_str), kind, text, record)
}

/// That a request for a quote ended otherwise than wanted, be it refused or over.
fn quote_rejected(quote: &Quote) -> Error {
    let reason = quote.quote_request_reject_reason.as_ref();
    let over = quote.quote_status.as_ref();
    let over = over.filter(|status| reason.is_none() && **status != QuoteStatus::Rejected);
    let over = over.map(|status| format!("the request for a quote is {status}"));
    let text = quote.text.as_deref().or(over.as_deref());
    rejected(reason, text, quote)
}

/// The refusal of a request about an order.
fn request_rejected(report: &ExecutionReport) -> Error {
    let reason = report.cxl_rej_reason.as_ref();
    let kind = match reason {
        Some(CxlRejReason::UnknownOrder) => Kind::NotFound,
        Some(CxlRejReason::RateLimit) => Kind::RateLimit,
        Some(CxlRejReason::InvalidStrategy | CxlRejReason::DuplicateClOrdId) => {
            Kind::InvalidRequest
        }
        _ => Kind::OrderRejected,
    };
    let reason = reason
        .map(CxlRejReason::as_str)
        .or_else(|| report.ord_rej_reason.as_ref().map(RejectReason::as_str));
    let over = report.ord_status.as_ref().filter(|_| report.is_final());
    let over = over.map(|status| format!("the order is {status}"));
    let text = report.text.as_deref();
    let text = text.or_else(|| over.as_deref().filter(|_| reason.is_none()));
    refused(reason.unwrap_or(""), kind, text, report)
}
