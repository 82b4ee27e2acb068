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

/// How often a fault happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Often {
    /// To every request.
    Always,
    /// To so many requests, then no more.
    Times(u32),
    /// To a part of the requests, by chance: `0.1` is one in ten.
    Share(f64),
}

#[derive(Clone, Debug)]
struct Rule {
    operation: Option<String>,
    fault: Fault,
    often: Often,
}

/// The faults of one [`Sim`](crate::Sim). Clones share them.
///
/// ```
/// # use exchange_sim::{Fault, Faults, Often};
/// # fn on(faults: &Faults) {
/// faults.add("AddOrder", Fault::DropAfter, Often::Share(0.1));
/// faults.add_for_all(Fault::Error("EService:Busy".into()), Often::Times(1));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Faults(Arc<Mutex<Rules>>);

#[derive(Debug)]
struct Rules {
    rules: Vec<Rule>,
    dice: fastrand::Rng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Rules {
            rules: Vec::new(),
            dice: fastrand::Rng::with_seed(seed),
        })))
    }

    /// Lets requests of one operation go wrong, by its name at the venue
    /// (`AddOrder`, `GET /v0/insto/custody/vaults`). Of several rules that
    /// apply, all happen that can happen together, in the order they were
    /// added.
    pub fn add(&self, operation: impl Into<String>, fault: Fault, often: Often) {
        let operation = Some(operation.into());
        self.push(Rule {
            operation,
            fault,
            often,
        });
    }

    /// Lets requests of any operation go wrong.
    pub fn add_for_all(&self, fault: Fault, often: Often) {
        let operation = None;
        self.push(Rule {
            operation,
            fault,
            often,
        });
    }

    /// Nothing goes wrong from here on.
    pub fn clear(&self) {
        self.with(|rules| rules.rules.clear());
    }

    /// What happens to a request now.
    pub(crate) fn strike(&self, operation: &str) -> Vec<Fault> {
        self.with(|Rules { rules, dice }| {
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
                    faults.push(match rule.fault {
                        Fault::Reorder(most) => Fault::Delay(most.mul_f64(dice.f64())),
                        ref fault => fault.clone(),
                    });
                }
            }
            rules.retain(|rule| rule.often != Often::Times(0));
            faults
        })
    }

    fn push(&self, rule: Rule) {
        self.with(|rules| rules.rules.push(rule));
    }

    fn with<T>(&self, action: impl FnOnce(&mut Rules) -> T) -> T {
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
}
