//! The one error type of all venue crates.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use exchange_wire::DecodeError;

use crate::check::InvalidField;
use crate::operation::Operation;

/// Why a call failed, and what is known about it.
///
/// Three questions decide what a program does next:
///
/// * [`kind`](Self::kind): what sort of trouble it is;
/// * [`outcome`](Self::outcome): whether the call may have been executed;
/// * [`is_retryable`](Self::is_retryable): whether sending it again is safe
///   and has a chance.
///
/// `Display` puts all that is known into one line. Neither it nor `Debug`
/// holds a secret.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    operation: Option<&'static Operation>,
    messages: Vec<VendorMessage>,
    text: Option<Cow<'static, str>>,
    hint: Option<Cow<'static, str>>,
    advice: Option<Cow<'static, str>>,
    status: Option<u16>,
    outcome: Outcome,
    attempts: u32,
    retry_after: Option<Duration>,
    retryable: bool,
    invalid_field: Option<InvalidField>,
    decode_error: Option<DecodeError>,
    raw_body: Option<Bytes>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What sort of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The client could not be built as it was configured.
    Configuration,
    /// There are no credentials, or the venue does not know the key.
    Credentials,
    /// The venue computed another signature.
    Signature,
    /// The nonce was too low, or none could be had.
    Nonce,
    /// The key or the account lacks a permission.
    Permission,
    /// Too many calls, or too many orders.
    RateLimit,
    /// Not enough money, margin or allowance.
    Funds,
    /// A parameter is missing or wrong.
    InvalidRequest,
    /// What the call names does not exist.
    NotFound,
    /// The order breaks a rule of the market or of trading.
    OrderRejected,
    /// The venue is down, overloaded or closed for this.
    Unavailable,
    /// The connection failed.
    Transport,
    /// No answer within the time limit.
    Timeout,
    /// The answer could not be understood.
    Decode,
    /// The state of the account does not allow it.
    Account,
    /// The venue refused for another reason; see [`Error::messages`].
    Venue,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration => "the client is not configured correctly",
            Self::Credentials => "credentials are missing or were not accepted",
            Self::Signature => "the signature was not accepted",
            Self::Nonce => "the nonce was not accepted",
            Self::Permission => "permission denied",
            Self::RateLimit => "a rate limit was reached",
            Self::Funds => "not enough funds",
            Self::InvalidRequest => "the request is not valid",
            Self::NotFound => "not found",
            Self::OrderRejected => "the order was rejected",
            Self::Unavailable => "the venue is not available",
            Self::Transport => "the connection failed",
            Self::Timeout => "no answer in time",
            Self::Decode => "the answer could not be understood",
            Self::Account => "the account does not allow it",
            Self::Venue => "the venue refused the call",
        })
    }
}

/// Whether a failed call may have been executed all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was not, or it is a read, which leaves nothing behind.
    NotExecuted,
    /// It may have been: look before sending it again.
    Unknown,
}

/// How serious the venue takes a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The call failed.
    Error,
    /// The call succeeded, with a remark.
    Warning,
    /// Not told in a form this version knows; taken as a failure.
    Unknown,
}

/// One message of the venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorMessage {
    /// How serious it is.
    pub severity: Severity,
    /// The part of the venue it comes from, such as `Order`; may be empty.
    pub category: String,
    /// The message itself, such as `Insufficient funds`.
    pub text: String,
    /// What the venue adds, such as the name of a parameter.
    pub detail: Option<String>,
    /// The message as it was received.
    pub raw: String,
}

impl fmt::Display for VendorMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

/// Building errors; for venue crates.
impl Error {
    /// An error about which nothing but its kind is known. Its outcome is
    /// [`Outcome::NotExecuted`] and it is not retryable until told otherwise.
    pub fn new(kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            messages: Vec::new(),
            text: None,
            hint: None,
            advice: None,
            status: None,
            outcome: Outcome::NotExecuted,
            attempts: 0,
            retry_after: None,
            retryable: false,
            invalid_field: None,
            decode_error: None,
            raw_body: None,
            source: None,
        }))
    }

    /// The call that failed.
    pub fn on(mut self, operation: &'static Operation) -> Self {
        self.0.operation = Some(operation);
        self
    }

    /// What happened, in words.
    pub fn with_text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.0.text = Some(text.into());
        self
    }

    /// What the user can do about it, as a sentence without its full stop.
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// How to find out whether this call was executed, as a sentence without
    /// its full stop. Shown only if the outcome is unknown.
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// What the venue said.
    pub fn with_messages(mut self, messages: Vec<VendorMessage>) -> Self {
        self.0.messages = messages;
        self
    }

    /// The HTTP status of the answer.
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Whether a call that changes something may have been executed.
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// How often the request was sent.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// How long to wait before the call has a chance again.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Says that sending the call again may succeed.
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Where and why the answer could not be decoded.
    pub fn with_decode_error(mut self, error: DecodeError) -> Self {
        self.0.decode_error = Some(error);
        self
    }

    /// The answer as it was received, for [`raw_body`](Self::raw_body).
    pub fn with_raw_body(mut self, body: Bytes) -> Self {
        self.0.raw_body = Some(body);
        self
    }

    /// The error underneath.
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }
}

impl Error {
    /// What sort of trouble it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The call that failed; `None` if it failed outside a call, such as when
    /// a client was built.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation
    }

    /// What the venue said, warnings included.
    pub fn messages(&self) -> &[VendorMessage] {
        &self.0.messages
    }

    /// The HTTP status, if an answer came.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Whether the call may have been executed.
    ///
    /// For a call that only reads this is always [`Outcome::NotExecuted`]:
    /// whatever became of it, it left nothing behind, so that there is nothing
    /// to look for before sending it again.
    pub fn outcome(&self) -> Outcome {
        if self
            .0
            .operation
            .is_some_and(|operation| operation.effect.repeatable())
        {
            return Outcome::NotExecuted;
        }
        self.0.outcome
    }

    /// How often the request was sent; 0 if it never left.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long to wait before the call has a chance again, if known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether sending the call again is safe and may succeed: the trouble is
    /// one that passes, and the call was certainly not executed.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable && self.outcome() == Outcome::NotExecuted
    }

    /// The parameter that was refused before anything was sent.
    pub fn invalid_field(&self) -> Option<&InvalidField> {
        self.0.invalid_field.as_ref()
    }

    /// The body of an answer that could not be decoded, if the client was
    /// built to keep it. Neither `Display` nor `Debug` shows it: it may hold
    /// anything about the account.
    pub fn raw_body(&self) -> Option<&Bytes> {
        self.0.raw_body.as_ref()
    }

    /// Whether the call may have been executed, or whether a read may have
    /// arrived.
    pub(crate) fn in_doubt(&self) -> bool {
        self.0.outcome == Outcome::Unknown
    }

    /// Where and why the answer could not be decoded.
    pub fn decode_error(&self) -> Option<&DecodeError> {
        self.0.decode_error.as_ref()
    }
}

impl From<InvalidField> for Error {
    fn from(field: InvalidField) -> Self {
        let mut error = Self::new(Kind::InvalidRequest);
        error.0.invalid_field = Some(field);
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        inner.kind.fmt(f)?;
        if let Some(operation) = inner.operation {
            write!(
                f,
                " on {} ({} {}",
                operation.rust_method, operation.method, operation.path
            )?;
            if let Some(status) = inner.status {
                write!(f, ", HTTP {status}")?;
            }
            if inner.attempts > 1 {
                write!(f, ", sent {} times", inner.attempts)?;
            }
            f.write_str(")")?;
        } else if let Some(status) = inner.status {
            write!(f, " (HTTP {status})")?;
        }
        let mut separator = ": ";
        let mut part = |f: &mut fmt::Formatter<'_>, text: &dyn fmt::Display| {
            let result = write!(f, "{separator}{text}");
            separator = "; ";
            result
        };
        for message in &inner.messages {
            part(f, message)?;
        }
        if let Some(text) = &inner.text {
            part(f, text)?;
        }
        if let Some(field) = &inner.invalid_field {
            part(f, field)?;
        }
        if let Some(error) = &inner.decode_error {
            part(f, error)?;
        }
        if let Some(hint) = &inner.hint {
            write!(f, ". {hint}")?;
        }
        // What is of no call, such as the loss of a WebSocket, was never sent itself.
        let is_of_a_call = inner.operation.is_some() || inner.attempts > 0;
        if self.outcome() == Outcome::Unknown && is_of_a_call {
            f.write_str(". It may have been executed: look before sending again")?;
            if let Some(advice) = &inner.advice {
                write!(f, ". {advice}")?;
            }
        } else if let Some(wait) = inner.retry_after {
            write!(
                f,
                ". It may be sent again after {} s",
                wait.as_millis().div_ceil(1000)
            )?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &inner.kind);
        if let Some(operation) = inner.operation {
            debug.field("operation", &operation.id);
        }
        debug
            .field("outcome", &self.outcome())
            .field("retryable", &self.is_retryable())
            .field("text", &format_args!("{self}"));
        if let Some(source) = &inner.source {
            debug.field("source", source);
        }
        debug.finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let inner = &*self.0;
        if let Some(source) = &inner.source {
            return Some(&**source);
        }
        if let Some(error) = &inner.decode_error {
            return Some(error);
        }
        inner.invalid_field.as_ref().map(|field| field as _)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::check::At;
    use crate::operation::{Access, Answer, Effect, Pace, Permission};

    const ADD_ORDER: Operation = Operation {
        api: "test",
        id: "addOrder",
        rust_method: "add_order",
        method: http::Method::POST,
        path: "/0/private/AddOrder",
        access: Access::Private,
        permission: Permission::AllOf(&["Trade"]),
        effect: Effect::Order,
        pace: Pace {
            counter: "test",
            cost: 1,
        },
        answer: Answer::Enveloped,
    };
    static CHANGE: Operation = ADD_ORDER;
    static READ: Operation = Operation {
        effect: Effect::Read,
        rust_method: "get_balance",
        ..ADD_ORDER
    };

    fn message(raw: &str) -> VendorMessage {
        VendorMessage {
            severity: Severity::Error,
            category: "Order".to_owned(),
            text: raw.to_owned(),
            detail: None,
            raw: raw.to_owned(),
        }
    }

    #[test]
    fn tells_everything_in_one_line() {
        let error = Error::new(Kind::Unavailable)
            .on(&CHANGE)
            .with_status(200)
            .with_attempts(2)
            .with_messages(vec![
                message("EService:Busy"),
                message("EService:Unavailable"),
            ])
            .with_hint("Wait a little")
            .with_advice("Look at the open orders")
            .with_outcome(Outcome::Unknown);
        assert_eq!(
            error.to_string(),
            "the venue is not available on add_order (POST /0/private/AddOrder, HTTP 200, \
             sent 2 times): EService:Busy; EService:Unavailable. Wait a little. It may have been \
             executed: look before sending again. Look at the open orders"
        );
    }

    #[test]
    fn advice_and_doubt_are_kept_for_calls_that_change_something() {
        let unknown = |operation| {
            Error::new(Kind::Timeout)
                .with_outcome(Outcome::Unknown)
                .with_advice("ADVICE")
                .with_retryable(true)
                .on(operation)
        };
        let change = unknown(&CHANGE);
        assert_eq!(change.outcome(), Outcome::Unknown);
        assert!(!change.is_retryable());
        assert!(change.to_string().contains("ADVICE"), "{change}");
        let read = unknown(&READ);
        assert_eq!(read.outcome(), Outcome::NotExecuted);
        assert!(read.is_retryable());
        assert!(!read.to_string().contains("executed"), "{read}");
        assert!(!read.to_string().contains("ADVICE"), "{read}");
    }

    #[test]
    fn retryable_needs_trouble_that_passes() {
        assert!(!Error::new(Kind::Funds).on(&READ).is_retryable());
        assert!(!Error::new(Kind::Funds).on(&CHANGE).is_retryable());
        assert!(
            Error::new(Kind::RateLimit)
                .on(&CHANGE)
                .with_retryable(true)
                .is_retryable()
        );
    }

    #[test]
    fn waits_are_rounded_up() {
        let error = Error::new(Kind::RateLimit).with_retry_after(Duration::from_millis(1200));
        assert!(
            error
                .to_string()
                .ends_with("It may be sent again after 2 s"),
            "{error}"
        );
    }

    #[test]
    fn an_invalid_field_is_an_error_before_sending() {
        let field = InvalidField::new(&At::ROOT.name("count"), "must be at least 1", 0);
        let error = Error::from(field.clone()).on(&CHANGE);
        assert_eq!(error.kind(), Kind::InvalidRequest);
        assert_eq!(error.outcome(), Outcome::NotExecuted);
        assert_eq!(error.attempts(), 0);
        assert_eq!(error.invalid_field(), Some(&field));
        assert_eq!(error.source().unwrap().to_string(), field.to_string());
        assert_eq!(
            error.to_string(),
            "the request is not valid on add_order (POST /0/private/AddOrder): \
             `count` must be at least 1, got 0"
        );
    }

    #[test]
    fn is_small_and_can_cross_threads() {
        fn crosses<T: Send + Sync + 'static>() {}
        crosses::<Error>();
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn debug_names_kind_call_and_outcome() {
        let error = Error::new(Kind::Timeout)
            .on(&CHANGE)
            .with_outcome(Outcome::Unknown);
        let debug = format!("{error:?}");
        for part in ["Timeout", "addOrder", "Unknown"] {
            assert!(debug.contains(part), "{debug}");
        }
    }
}
