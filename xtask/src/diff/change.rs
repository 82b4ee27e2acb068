//! What can change between two descriptions, as a caller meets it, and the words for it.

use crate::model::Effect;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The operations it is met in, in the order of the description.
    pub operations: Vec<String>,
    /// JSON pointer of the place after the overlay, in the new description if it is there and
    /// else in the old one.
    pub pointer: String,
    /// What a caller calls it: `add_order()`, `add_order().price`, `Order.price`, `OrderType`.
    pub subject: String,
    /// Which part of the API it is.
    pub part: Part,
    /// What happened to it.
    pub what: What,
}

/// Parts of an API, as far as they break differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The API as a whole.
    Api,
    /// A call.
    Operation,
    /// What a call answers.
    Answer,
    /// A parameter of a call, wherever it travels.
    Argument,
    /// A field of a struct.
    Field(Owner),
    /// A named type.
    Type(Owner),
    /// A known value of an open enum.
    Value,
    /// A variant of an enum that is told apart by shape or by constants.
    Variant,
}

/// Who makes values of a type, which decides what a new field does to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Only the crate: the struct is `#[non_exhaustive]`.
    Crate,
    /// Callers, too: with `new` and setters, or as a literal.
    Callers,
    /// Callers, as a variant with named fields.
    Variant,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added {
        /// Its Rust type, where it has one.
        ty: Option<String>,
        /// Whether it must be given, or is always there.
        required: bool,
    },
    /// It is gone.
    Removed,
    /// Callers know it by another name.
    Renamed(String, String),
    /// The vendor knows it by another name; callers don't see that.
    WireName(String, String),
    /// Another Rust type.
    Type(String, String),
    /// The same Rust type, written differently on the wire.
    Form(String, String),
    /// An argument that may be left out no longer, or a field that is always there now.
    Required,
    /// An argument that may be left out now, or a field that may be missing.
    Optional,
    /// A list or map that is always there now.
    AlwaysThere,
    /// A list or map that may be missing now, and is empty then.
    MaybeEmpty,
    /// It travels elsewhere: path, query, header or body.
    Place(String, String),
    /// Other limits; whether the new ones refuse what the old ones let through.
    Limits {
        /// The limits before, in words.
        old: String,
        /// The limits now.
        new: String,
        /// Whether a value that was sent before is refused now.
        tighter: bool,
    },
    /// What the venue takes when it is not given.
    Default(String, String),
    /// The one value that is sent without asking.
    Constant(String, String),
    /// The spellings accepted when reading.
    Aliases(String, String),
    /// The vendor advises against it, or no longer does.
    Deprecated(bool),
    /// Another method or path.
    Request(String, String),
    /// Something else is sent where there is nothing to say.
    Body(String, String),
    /// Signed now, or no longer.
    Private(bool),
    /// The permission of the API key.
    Permission(String, String),
    /// What a call does to the account, and so whether it is repeated.
    Effect(Effect, Effect),
    /// The rate-limit counter and what a call adds to it.
    Pace(String, String),
    /// The group of the documentation.
    Group(String, String),
    /// What is around the answer.
    Envelope(String, String),
    /// Where the vendor serves the API.
    Server(String, String),
    /// The version the vendor gives its description.
    Version(String, String),
    /// A type of another kind, such as a struct that was an enum.
    Kind(String, String),
    /// The parameters of `new` come in another order.
    Order(String, String),
    /// `Default` is no longer implemented.
    NoDefault,
    /// Callers build it now as well, or no longer.
    Built(bool),
    /// The constants by which a variant is told apart.
    Tag(String, String),
}

impl What {
    /// A word for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Added { .. } => "added",
            Self::Removed => "removed",
            Self::Renamed(..) => "renamed",
            Self::WireName(..) => "wire-name",
            Self::Type(..) => "type",
            Self::Form(..) => "form",
            Self::Required => "required",
            Self::Optional => "optional",
            Self::AlwaysThere => "always-there",
            Self::MaybeEmpty => "maybe-empty",
            Self::Place(..) => "place",
            Self::Limits { .. } => "limits",
            Self::Default(..) => "default",
            Self::Constant(..) => "constant",
            Self::Aliases(..) => "aliases",
            Self::Deprecated(_) => "deprecated",
            Self::Request(..) => "request",
            Self::Body(..) => "body",
            Self::Private(_) => "private",
            Self::Permission(..) => "permission",
            Self::Effect(..) => "effect",
            Self::Pace(..) => "pace",
            Self::Group(..) => "group",
            Self::Envelope(..) => "envelope",
            Self::Server(..) => "server",
            Self::Version(..) => "version",
            Self::Kind(..) => "kind",
            Self::Order(..) => "order",
            Self::NoDefault => "no-default",
            Self::Built(_) => "built",
            Self::Tag(..) => "tag",
        }
    }

    /// Before and after, where the change has both.
    pub fn sides(&self) -> Option<(String, String)> {
        let both = |old: &str, new: &str| Some((old.to_owned(), new.to_owned()));
        match self {
            Self::Renamed(old, new)
            | Self::WireName(old, new)
            | Self::Type(old, new)
            | Self::Form(old, new)
            | Self::Place(old, new)
            | Self::Limits { old, new, .. }
            | Self::Default(old, new)
            | Self::Constant(old, new)
            | Self::Aliases(old, new)
            | Self::Request(old, new)
            | Self::Body(old, new)
            | Self::Permission(old, new)
            | Self::Pace(old, new)
            | Self::Group(old, new)
            | Self::Envelope(old, new)
            | Self::Server(old, new)
            | Self::Version(old, new)
            | Self::Kind(old, new)
            | Self::Order(old, new)
            | Self::Tag(old, new) => both(old, new),
            Self::Effect(old, new) => both(old.word(), new.word()),
            _ => None,
        }
    }
}

impl Change {
    /// The change in words that follow the subject.
    pub fn words(&self) -> String {
        let arrow = |what: &str| {
            let (old, new) = self.what.sides().unwrap_or_default();
            let side = |side: String| {
                if side.is_empty() {
                    "nothing".to_owned()
                } else {
                    side
                }
            };
            format!("{what}: {} → {}", side(old), side(new))
        };
        let argument = self.part == Part::Argument;
        match &self.what {
            What::Added { ty, required } => {
                let mut words = "is new".to_owned();
                if let Some(ty) = ty {
                    words.push_str(&format!(": {ty}"));
                }
                match (self.part, required) {
                    (Part::Argument | Part::Field(Owner::Callers | Owner::Variant), true) => {
                        words.push_str(", required");
                    }
                    (Part::Argument | Part::Field(Owner::Callers | Owner::Variant), false) => {
                        words.push_str(", optional");
                    }
                    (Part::Field(Owner::Crate), true) => words.push_str(", in every answer"),
                    _ => {}
                }
                words
            }
            What::Removed => "is gone".to_owned(),
            What::Renamed(..) => arrow("is renamed"),
            What::WireName(..) => arrow("has another name on the wire"),
            What::Type(..) if self.part == Part::Answer => arrow("is another type"),
            What::Type(..) => arrow("has another type"),
            What::Form(..) => arrow("is written otherwise"),
            What::Required if argument => "is required now".to_owned(),
            What::Required => "is certain now: Option<T> → T".to_owned(),
            What::Optional if argument => "may be left out now".to_owned(),
            What::Optional => "may be missing now: T → Option<T>".to_owned(),
            What::AlwaysThere => "is always there now, if only empty".to_owned(),
            What::MaybeEmpty => "may be missing now, and is empty then".to_owned(),
            What::Place(..) => arrow("travels elsewhere"),
            What::Limits { tighter: true, .. } => arrow("has tighter limits"),
            What::Limits { .. } => arrow("has wider limits"),
            What::Default(..) => arrow("has another default"),
            What::Constant(..) => arrow("is always sent"),
            What::Aliases(..) => arrow("is also read as"),
            What::Deprecated(true) => "is advised against".to_owned(),
            What::Deprecated(false) => "is no longer advised against".to_owned(),
            What::Request(..) => arrow("is sent elsewhere"),
            What::Body(..) => arrow("sends another body"),
            What::Private(true) => "is signed now".to_owned(),
            What::Private(false) => "is public now".to_owned(),
            What::Permission(..) => arrow("needs another permission"),
            What::Effect(..) => arrow("does something else"),
            What::Pace(..) => arrow("costs another pace"),
            What::Group(..) => arrow("is in another group"),
            What::Envelope(..) => arrow("is wrapped otherwise"),
            What::Server(..) => arrow("is served elsewhere"),
            What::Version(..) => arrow("has another version"),
            What::Kind(..) => arrow("is of another kind"),
            What::Order(..) => arrow("takes the parameters of `new` in another order"),
            What::NoDefault => "has no `Default` any more".to_owned(),
            What::Built(true) => "is built by callers now".to_owned(),
            What::Built(false) => "is no longer built by callers".to_owned(),
            What::Tag(..) => arrow("is told apart by other constants"),
        }
    }
}
