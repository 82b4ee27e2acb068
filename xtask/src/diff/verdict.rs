//! Whom a change breaks, and which version step that asks for.
//!
//! The verdict is about programs that use our crates, not about the wire: an open enum may grow, an
//! answer may get fields, but a field that turns from certain to optional does not compile.
//!
//! A call's own request type (`AddOrderRequest`) counts by its builder alone. Its fields are public,
//! too, and change their types with the parameters; but it is `#[non_exhaustive]`, and who does not
//! read one from JSON meets none.

use super::change::{Change, Owner, Part, What};
use crate::model::Effect;

/// Whether a change breaks those who use the crates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nobody needs to do anything.
    Compatible,
    /// Everything compiles, but a program may do something else when it runs.
    Behaviour,
    /// Programs that compiled do not any more, or mean something else.
    Breaking,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Behaviour => "behaviour",
            Self::Breaking => "breaking",
        }
    }
}

/// The verdict on a change, and why.
pub fn verdict(change: &Change) -> (Verdict, &'static str) {
    use Verdict::{Behaviour, Breaking, Compatible};
    match &change.what {
        What::Added { required, .. } => added(change.part, *required),
        What::Removed => (Breaking, removed(change.part)),
        What::Renamed(..) => (Breaking, "the old name does not compile"),
        What::WireName(..) if change.part == Part::Operation => (
            Behaviour,
            "the method stays; tools that name the operation by its id need the new one",
        ),
        What::WireName(..) => (Behaviour, "only the wire's name changes, not the Rust one"),
        What::Type(..) => (
            Breaking,
            "what is given or used as the old type does not compile",
        ),
        What::Form(..) => (
            Behaviour,
            "the Rust type stays; what is sent or written back looks different",
        ),
        What::Required => match change.part {
            Part::Argument => (
                Breaking,
                "a call without it does not compile (E0277: `Given` is not implemented)",
            ),
            _ => (Breaking, "the field's type changes from `Option<T>` to `T`"),
        },
        What::Optional => match change.part {
            Part::Argument => (Compatible, "the setter stays; it need not be called"),
            _ => (Breaking, "the field's type changes from `T` to `Option<T>`"),
        },
        What::AlwaysThere => match change.part {
            Part::Field(Owner::Callers) => (Breaking, "`new` takes one parameter more"),
            _ => (Behaviour, "an answer without it can't be read any more"),
        },
        What::MaybeEmpty => match change.part {
            Part::Field(Owner::Callers) => (Breaking, "`new` takes one parameter fewer"),
            _ => (Compatible, "the type stays; what is missing is empty"),
        },
        What::Place(..) => (Behaviour, "the setter stays; the value is sent elsewhere"),
        What::Limits { tighter: true, .. } => (
            Behaviour,
            "values that were sent are refused before sending",
        ),
        What::Limits { tighter: false, .. } => (Compatible, "everything that was sent still is"),
        What::Default(..) => (Behaviour, "calls that don't set it mean something else"),
        What::Constant(..) => (Behaviour, "something else is sent without asking"),
        What::Aliases(..) => (Compatible, "only what is read besides"),
        What::Request(..) => (Behaviour, "the method stays; the request goes elsewhere"),
        What::Body(..) => (Behaviour, "the method stays; the request looks different"),
        What::Private(true) => (Behaviour, "a client without credentials is refused"),
        What::Private(false) => (Compatible, "no credentials are needed any more"),
        What::Permission(..) => (Behaviour, "keys may lack the permission it needs now"),
        What::Effect(_, Effect::Read) => (
            Behaviour,
            "it may be sent again after a fault: make sure that it changes nothing",
        ),
        What::Effect(Effect::Read, _) => (Behaviour, "it is no longer repeated after a fault"),
        What::Effect(..) => (Compatible, "it is never repeated, before and after"),
        What::Pace(..) => (
            Behaviour,
            "calls wait differently for room under the rate limit",
        ),
        What::Group(..) => (Compatible, "only the documentation is grouped by it"),
        What::Envelope(..) => (
            Behaviour,
            "the type stays; answers of the old form can't be read",
        ),
        What::Server(..) => (Behaviour, "all requests go elsewhere"),
        What::Deprecated(_) | What::Version(..) => (Compatible, "only the documentation says so"),
        What::Kind(..) => (Breaking, "a type of another kind is used otherwise"),
        What::Order(..) => (
            Breaking,
            "`new` takes its parameters by position: equal types would be swapped silently",
        ),
        What::NoDefault => (Breaking, "`Default::default()` does not compile"),
        What::Built(true) => (
            Compatible,
            "it gets `new` and setters, and may be written out",
        ),
        What::Built(false) => (Breaking, "`new`, the setters and literals do not compile"),
        What::Tag(..) => (Behaviour, "the same variant is sent with other constants"),
    }
}

fn added(part: Part, required: bool) -> (Verdict, &'static str) {
    use Verdict::{Behaviour, Breaking, Compatible};
    match (part, required) {
        (Part::Argument, true) => (
            Breaking,
            "calls without it do not compile (E0277: `Given` is not implemented)",
        ),
        (Part::Argument, false) => (Compatible, "one setter more"),
        (Part::Field(Owner::Crate), true) => {
            (Behaviour, "an answer without it can't be read any more")
        }
        (Part::Field(Owner::Crate), false) => (Compatible, "the struct is `#[non_exhaustive]`"),
        (Part::Field(Owner::Callers), true) => (Breaking, "`new` takes one parameter more"),
        (Part::Field(Owner::Callers), false) => (
            Breaking,
            "literals that name every field do not compile; `new` and setters do",
        ),
        (Part::Field(Owner::Variant), _) => (
            Breaking,
            "the variant is written and matched with all its fields",
        ),
        (Part::Value, _) => (Compatible, "the enum is open: it was read as `Other`"),
        (Part::Variant, _) => (Breaking, "a `match` without `_` does not compile"),
        (Part::Api | Part::Operation | Part::Answer | Part::Type(_), _) => {
            (Compatible, "nothing that was there changes")
        }
    }
}

fn removed(part: Part) -> &'static str {
    match part {
        Part::Operation => "the method is gone",
        Part::Argument => "its setter is gone",
        Part::Value | Part::Variant => "the variant is gone",
        Part::Field(_) => "the field is gone",
        Part::Api | Part::Answer | Part::Type(_) => "what names it does not compile",
    }
}

/// The version step that semantic versioning asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The version now.
    pub from: String,
    /// The version to come, the same if nothing changed.
    pub to: String,
    /// Which number is raised, and because of what.
    pub why: &'static str,
}

/// The step after changes of which this is the worst; while the first number is 0, the second
/// tells of breaking changes.
pub fn step(version: &str, worst: Option<Verdict>, added: bool) -> Step {
    let mut numbers = version
        .split(['.', '-', '+'])
        .map(|number| number.parse::<u64>().unwrap_or_default());
    let (major, minor, patch) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    let (to, why) = match (worst, major) {
        (None, _) => (version.to_owned(), "nothing changes for callers"),
        (Some(Verdict::Breaking), 0) => (
            format!("0.{}.0", minor + 1),
            "breaking: the middle number, while the first is 0",
        ),
        (Some(Verdict::Breaking), _) => {
            (format!("{}.0.0", major + 1), "breaking: the first number")
        }
        (Some(_), 0) => (
            format!("0.{minor}.{}", patch + 1),
            "not breaking: the last number, while the first is 0",
        ),
        (Some(_), _) if added => (
            format!("{major}.{}.0", minor + 1),
            "something new and nothing breaking: the middle number",
        ),
        (Some(_), _) => (
            format!("{major}.{minor}.{}", patch + 1),
            "nothing new to call and nothing breaking: the last number",
        ),
    };
    Step {
        from: version.to_owned(),
        to,
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_follows_the_worst_change() {
        for (version, worst, added, to) in [
            ("0.1.0", None, false, "0.1.0"),
            ("0.1.4", Some(Verdict::Breaking), true, "0.2.0"),
            ("0.1.4", Some(Verdict::Compatible), true, "0.1.5"),
            ("0.1.4", Some(Verdict::Behaviour), false, "0.1.5"),
            ("1.2.3", Some(Verdict::Breaking), false, "2.0.0"),
            ("1.2.3", Some(Verdict::Compatible), true, "1.3.0"),
            ("1.2.3", Some(Verdict::Behaviour), false, "1.2.4"),
        ] {
            assert_eq!(step(version, worst, added).to, to, "{version} {worst:?}");
        }
    }
}
