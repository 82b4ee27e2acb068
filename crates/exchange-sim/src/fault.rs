//! Trouble on order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not carried out, and answered with this error in the venue's
    /// form, such as `EService:Busy`.
    Error(String),
    /// It is not carried out, and answered with an HTTP status and a body, as
    /// a gateway would.
    Status {
        /// The status, 200 to 599.
        status: u16,
        /// The body; `text/html` if it begins with `<`.
        body: String,
        /// Seconds for the header `Retry-After`.
        retry_after: Option<u64>,
    },
    /// The connection is closed before it is carried out.
    DropBefore,
    /// It is carried out, and the connection closed without an answer.
    DropAfter,
    /// It is carried out, and the connection closed in the middle of the
    /// answer's body.
    CutAnswer,
    /// It is carried out, and answered with an HTTP status as a gateway would.
    StatusAfter {
        /// The status, 200 to 599.
        status: u16,
        /// The body.
        body: String,
    },
    /// It is carried out so much later.
    Delay(Duration),
    /// It is carried out at once, and answered so much later.
    DelayAnswer(Duration),
    /// It is carried out a random time later, at most this: requests overtake
    /// each other.
    Reorder(Duration),
}

/// What goes wrong with a message that a client sends on a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageFault {
    /// It never arrives, though the connection stays.
    LeaveOut,
    /// It arrives so much later, and so does all that is behind it. The venue
    /// says nothing meanwhile.
    Delay(Duration),
    /// It is not carried out, and answered with this error in the venue's form.
    Error(String),
    /// The connection is dropped before it is carried out, without a close
    /// frame.
    DropBefore,
    /// It is carried out, and the connection dropped before anything comes of
    /// it on this connection.
    DropAfter,
    /// It is lost, and the connection stays open without another byte from the
    /// venue: no messages, no pongs, no close frame. What the client sends goes
    /// nowhere.
    Silence,
    /// It is not carried out, and the connection closed with a close frame.
    Close {
        /// The status code, such as 1001 or 1011.
        code: u16,
        /// The reason, at most 123 bytes.
        reason: String,
    },
}

/// What goes wrong with a message that the venue sends on a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushFault {
    /// It comes so much later, and so does all that is behind it.
    Delay(Duration),
    /// It never comes, as if the venue had lost it: numbers in the messages go
    /// on as if it had.
    LeaveOut,
    /// It comes twice.
    Duplicate,
    /// It comes after so many later ones have overtaken it; if there are not
    /// so many, it comes 100 ms later.
    Reorder(u32),
    /// Half of its text comes in its place, in a frame that is whole.
    Garbage,
    /// A message of a type that nobody knows comes before it.
    Stranger,
    /// Each JSON object in it has one more member that nobody knows.
    UnknownMember,
    /// It comes byte by byte, with this pause in between. One of less than a millisecond lasts as
    /// long as that, but for none at all.
    Drip(Duration),
    /// The connection is dropped in its place, without a close frame.
    Drop,
    /// Half of its frame comes, then the connection is dropped.
    Cut,
    /// In its place the connection falls silent, see
    /// [`MessageFault::Silence`].
    Silence,
    /// In its place comes a close frame.
    Close {
        /// The status code, such as 1001 or 1011.
        code: u16,
        /// The reason, at most 123 bytes.
        reason: String,
    },
}

/// How often a fault happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Often {
    /// To every request or message.
    Always,
    /// To so many of them, then no more.
    Times(u32),
    /// To a part of them, by chance: `0.1` is one in ten.
    Share(f64),
}

/// A fault, and what it befalls.
#[derive(Clone, Debug)]
struct Rule<F> {
    operation: Option<String>,
    fault: F,
    often: Often,
}

/// The faults of one [`Sim`](crate::Sim). Clones share them.
///
/// Of several rules that apply to a request or message, all happen that can
/// happen together, in the order they were added.
///
/// ```
/// # use std::time::Duration;
/// # use exchange_sim::{Fault, Faults, MessageFault, Often, PushFault};
/// # fn on(faults: &Faults) {
/// // Requests, by operation.
/// faults.add("AddOrder", Fault::DropAfter, Often::Share(0.1));
/// faults.add_for_all(Fault::Error("EService:Busy".into()), Often::Times(1));
///
/// // WebSockets: opening them is a request. What clients say …
/// faults.add("upgrade", Fault::Delay(Duration::from_millis(50)), Often::Always);
/// faults.on_message("NewOrderSingle", MessageFault::DropAfter, Often::Times(1));
///
/// // … and what the venue says goes by the message's type.
/// faults.on_push("ExecutionReport", PushFault::Duplicate, Often::Share(0.2));
/// faults.on_every_push(PushFault::LeaveOut, Often::Share(0.01));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Faults(Arc<Mutex<All>>);

#[derive(Debug)]
struct All {
    requests: Rules<Fault>,
    messages: Rules<MessageFault>,
    pushes: Rules<PushFault>,
}

/// Rules of a kind, with dice of their own: how one kind falls out is no matter
/// of how much there is of another.
#[derive(Debug)]
struct Rules<F> {
    rules: Vec<Rule<F>>,
    dice: fastrand::Rng,
}

impl<F: Clone> Rules<F> {
    fn new(seed: u64) -> Self {
        Self {
            rules: Vec::new(),
            dice: fastrand::Rng::with_seed(seed),
        }
    }

    fn add(&mut self, operation: Option<String>, fault: F, often: Often) {
        self.rules.push(Rule {
            operation,
            fault,
            often,
        });
    }

    fn strike(&mut self, operation: &str) -> Vec<F> {
        let Self { rules, dice } = self;
        let mut faults = Vec::new();
        for rule in rules.iter_mut() {
            let meant = rule
                .operation
                .as_deref()
                .is_none_or(|meant| meant == operation);
            if !meant {
                continue;
            }
            let strikes = match &mut rule.often {
                Often::Always => true,
                Often::Times(left) => {
                    let some = *left > 0;
                    *left = left.saturating_sub(1);
                    some
                }
                Often::Share(share) => dice.f64() < *share,
            };
            if strikes {
                faults.push(rule.fault.clone());
            }
        }
        rules.retain(|rule| rule.often != Often::Times(0));
        faults
    }
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(All {
            requests: Rules::new(seed),
            messages: Rules::new(seed.wrapping_add(1)),
            pushes: Rules::new(seed.wrapping_add(2)),
        })))
    }

    /// Lets requests of one operation go wrong, by its name at the venue
    /// (`AddOrder`, `GET /v0/insto/custody/vaults`). Opening a WebSocket is
    /// `upgrade`.
    pub fn add(&self, operation: impl Into<String>, fault: Fault, often: Often) {
        let operation = Some(operation.into());
        self.with(|all| all.requests.add(operation, fault, often));
    }

    /// Lets requests of any operation go wrong.
    pub fn add_for_all(&self, fault: Fault, often: Often) {
        self.with(|all| all.requests.add(None, fault, often));
    }

    /// Lets messages that clients send on a WebSocket go wrong, by their type
    /// (`subscribe`, `NewOrderSingle`).
    pub fn on_message(&self, kind: impl Into<String>, fault: MessageFault, often: Often) {
        let kind = Some(kind.into());
        self.with(|all| all.messages.add(kind, fault, often));
    }

    /// Lets any message that a client sends on a WebSocket go wrong.
    pub fn on_every_message(&self, fault: MessageFault, often: Often) {
        self.with(|all| all.messages.add(None, fault, often));
    }

    /// Lets messages that the venue sends on a WebSocket go wrong, by their
    /// type (`hello`, `Balance`, `error`).
    pub fn on_push(&self, kind: impl Into<String>, fault: PushFault, often: Often) {
        let kind = Some(kind.into());
        self.with(|all| all.pushes.add(kind, fault, often));
    }

    /// Lets any message that the venue sends on a WebSocket go wrong.
    pub fn on_every_push(&self, fault: PushFault, often: Often) {
        self.with(|all| all.pushes.add(None, fault, often));
    }

    /// Nothing goes wrong from here on.
    pub fn clear(&self) {
        self.with(|all| {
            all.requests.rules.clear();
            all.messages.rules.clear();
            all.pushes.rules.clear();
        });
    }

    /// What happens to a request now.
    pub(crate) fn strike(&self, operation: &str) -> Vec<Fault> {
        self.with(|All { requests, .. }| {
            let mut faults = requests.strike(operation);
            for fault in &mut faults {
                if let Fault::Reorder(most) = fault {
                    *fault = Fault::Delay(most.mul_f64(requests.dice.f64()));
                }
            }
            faults
        })
    }

    /// What happens to a message from a client now.
    pub(crate) fn strike_message(&self, kind: &str) -> Vec<MessageFault> {
        self.with(|all| all.messages.strike(kind))
    }

    /// What happens to a message to a client now.
    pub(crate) fn strike_push(&self, kind: &str) -> Vec<PushFault> {
        self.with(|all| all.pushes.strike(kind))
    }

    fn with<T>(&self, action: impl FnOnce(&mut All) -> T) -> T {
        // Every step leaves the rules whole, so a panic elsewhere does no harm.
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_strike_as_often_as_told() {
        let faults = Faults::new(7);
        faults.add("AddOrder", Fault::DropBefore, Often::Times(2));
        faults.add_for_all(Fault::DropAfter, Often::Share(0.25));
        let mut before = 0;
        let mut after = 0;
        for _ in 0..1000 {
            for fault in faults.strike("AddOrder") {
                match fault {
                    Fault::DropBefore => before += 1,
                    _ => after += 1,
                }
            }
        }
        assert_eq!(before, 2);
        assert!((200..300).contains(&after), "{after}");
        faults.clear();
        assert_eq!(faults.strike("AddOrder"), []);
    }

    #[test]
    fn other_operations_are_spared() {
        let faults = Faults::new(7);
        faults.add("AddOrder", Fault::DropBefore, Often::Always);
        assert_eq!(faults.strike("Balance"), []);
        assert_eq!(faults.strike("AddOrder"), [Fault::DropBefore]);
    }

    #[test]
    fn reordering_is_a_delay_within_bounds() {
        let faults = Faults::new(7);
        let most = Duration::from_millis(10);
        faults.add_for_all(Fault::Reorder(most), Often::Always);
        for _ in 0..100 {
            assert!(matches!(faults.strike("Time")[..], [Fault::Delay(delay)] if delay <= most));
        }
    }

    #[test]
    fn requests_messages_and_pushes_of_one_name_are_told_apart() {
        let faults = Faults::new(7);
        faults.add("Balance", Fault::DropBefore, Often::Always);
        faults.on_message("Balance", MessageFault::LeaveOut, Often::Times(1));
        faults.on_push("Balance", PushFault::Duplicate, Often::Times(1));
        faults.on_every_push(PushFault::Drop, Often::Times(2));
        assert_eq!(faults.strike("Balance"), [Fault::DropBefore]);
        assert_eq!(faults.strike_message("Balance"), [MessageFault::LeaveOut]);
        assert_eq!(faults.strike_message("Balance"), []);
        let both = [PushFault::Duplicate, PushFault::Drop];
        assert_eq!(faults.strike_push("Balance"), both);
        assert_eq!(faults.strike_push("hello"), [PushFault::Drop]);
        assert_eq!(faults.strike_push("hello"), []);
        faults.clear();
        assert_eq!(faults.strike("Balance"), []);
    }
}
