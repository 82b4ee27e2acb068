//! What the generator knows about an API once the description is normalised: a plain OpenAPI
//! document for progenitor, and the facts that OpenAPI has no place for.

use std::collections::BTreeMap;

use serde_json::Value;

/// A normalised description.
#[derive(Clone, Debug)]
pub struct Model {
    /// Name of the API, such as `kraken-spot`.
    pub api: String,
    /// `info.title` of the description.
    pub title: String,
    /// `info.version` of the description.
    pub version: String,
    /// SHA-256 of the description's bytes, in hex.
    pub digest: String,
    /// Scheme and host of the first server, without the path.
    pub base_url: String,
    /// The operations, in the order of the description.
    pub operations: Vec<Operation>,
    /// Facts about the named types, by Rust name.
    pub types: BTreeMap<String, TypeFacts>,
    /// The plain OpenAPI document.
    pub document: Value,
}

/// One operation and what a call of it needs.
#[derive(Clone, Debug)]
pub struct Operation {
    /// JSON pointer of its place in the description.
    pub at: String,
    /// The vendor's operationId.
    pub id: String,
    /// Rust method on the client, `get_account_balance`.
    pub rust_method: String,
    /// The same as a type name, `GetAccountBalance`.
    pub type_name: String,
    /// HTTP method in upper case.
    pub method: String,
    /// Path from the host on, with `{placeholders}`.
    pub path: String,
    /// First tag of the operation.
    pub tag: String,
    /// Whether the call is signed.
    pub private: bool,
    /// The API key permission it needs.
    pub permission: Permission,
    /// What a call does to the account.
    pub effect: Effect,
    /// Which rate-limit counter it draws on.
    pub pace: Pace,
    /// How the answer is wrapped.
    pub answer: Answer,
    /// Whether a null result is an answer rather than a failure.
    pub optional_result: bool,
    /// One line.
    pub summary: String,
    /// Prose in our words; empty when the words are the vendor's.
    pub description: String,
    /// The vendor's page.
    pub doc_url: String,
    /// Path, query and header parameters.
    pub parameters: Vec<Parameter>,
    /// What is sent as body.
    pub body: Body,
    /// The description's example of the request body.
    pub request_example: Option<Value>,
    /// The description's example of the whole answer.
    pub answer_example: Option<Value>,
    /// Name of the answer's type, for the alias of answers that are lists, maps or scalars.
    pub answer_type: String,
}

impl Operation {
    /// Whether a call may be sent again after a fault.
    pub fn repeatable(&self) -> bool {
        self.effect == Effect::Read
    }
}

/// What is sent as body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing but what the signature scheme adds.
    None,
    /// The empty object.
    Empty,
    /// The operation's request type.
    Request,
}

/// A path, query or header parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name on the wire.
    pub name: String,
    /// Where it travels.
    pub location: Location,
    /// Whether the call can't be made without it.
    pub required: bool,
    /// Prose in our words.
    pub doc: Option<String>,
    /// Rust name, where the wire name makes a poor one.
    pub rust_name: Option<String>,
    /// The rules checked before sending.
    pub checks: Vec<Check>,
    /// A list that travels as one comma-separated text.
    pub comma_separated: bool,
    /// The description's example.
    pub example: Option<Value>,
    /// What the venue takes when it is not given.
    pub default: Option<Value>,
    /// The vendor advises against it.
    pub deprecated: bool,
    /// JSON pointer of its schema, which may go through references.
    pub at: String,
}

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the path.
    Path,
    /// In the query string.
    Query,
    /// In a header.
    Header,
}

/// The API key permission an operation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// None; a public call, or the vendor says so.
    NotNeeded,
    /// The vendor does not say.
    Undocumented,
    /// All of these.
    AllOf(Vec<String>),
    /// One of these.
    AnyOf(Vec<String>),
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (names, word) = match self {
            Self::NotNeeded => return f.write_str("none"),
            Self::Undocumented => return f.write_str("not documented"),
            Self::AllOf(names) => (names, " and "),
            Self::AnyOf(names) => (names, " or "),
        };
        f.write_str(&names.join(word))
    }
}

/// What a call does to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing; it may be repeated.
    Read,
    /// It places, changes or cancels orders.
    Order,
    /// It moves money.
    Funds,
    /// It changes something else of the account.
    Account,
}

impl Effect {
    /// The word the overlays use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Order => "order",
            Self::Funds => "funds",
            Self::Account => "account",
        }
    }
}

/// Which rate-limit counter a call draws on, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Name of the counter.
    pub counter: String,
    /// What one call adds to it.
    pub cost: u16,
}

/// How an answer is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The answer is the `result` of the envelope.
    Enveloped,
    /// The envelope has more members than `result`, all of them are the answer.
    Whole,
    /// There is no envelope.
    Bare,
    /// Raw bytes.
    Bytes,
}

/// Facts about a named type.
#[derive(Clone, Debug, Default)]
pub struct TypeFacts {
    /// Prose in our words.
    pub doc: Option<String>,
    /// How it is built on the wire.
    pub kind: TypeKind,
    /// Rust names of an enum's values, where the values themselves make poor ones.
    pub variant_names: Vec<String>,
    /// Its fields in the order of the description.
    pub fields: Vec<FieldFacts>,
    /// Reached from a request.
    pub in_requests: bool,
    /// Reached from an answer.
    pub in_answers: bool,
    /// Tags of the operations that reach it.
    pub tags: Vec<String>,
    /// JSON pointer of the place it was first met at, which may go through references.
    pub at: String,
}

/// How a named type is built on the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TypeKind {
    /// A JSON object.
    #[default]
    Object,
    /// A JSON object whose other members go into the named map field.
    WithRest(String),
    /// A JSON array with a meaning for each position.
    Tuple,
    /// A text out of a list that may grow.
    OpenEnum(Vec<String>),
    /// A JSON array or a JSON object.
    ByShape {
        /// Variant for the array.
        list: String,
        /// Variant for the object.
        object: String,
    },
    /// A request object whose constant members tell it apart.
    Tagged(Vec<TaggedVariant>),
}

/// One alternative of [`TypeKind::Tagged`].
#[derive(Clone, Debug, PartialEq)]
pub struct TaggedVariant {
    /// Rust name of the variant.
    pub name: String,
    /// The struct that holds its fields.
    pub type_name: String,
    /// Its constant members and their values.
    pub constants: Vec<(String, String)>,
}

/// Facts about one field of a named type.
#[derive(Clone, Debug, Default)]
pub struct FieldFacts {
    /// Name on the wire.
    pub name: String,
    /// Prose in our words.
    pub doc: Option<String>,
    /// Other spellings accepted when reading.
    pub aliases: Vec<String>,
    /// Rust name, where the wire name makes a poor one.
    pub rust_name: Option<String>,
    /// The rules checked before sending.
    pub checks: Vec<Check>,
    /// The only value it can have in a request; it is sent without asking the caller.
    pub constant: Option<String>,
    /// The vendor advises against it.
    pub deprecated: bool,
    /// What the venue takes when it is not given.
    pub default: Option<Value>,
    /// JSON pointer of its schema, which may go through references.
    pub at: String,
}

/// A rule checked before sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// A number between two bounds, both included.
    Range(Option<i64>, Option<i64>),
    /// One of these numbers.
    OneOf(Vec<i64>),
    /// Characters of a text.
    Length(Option<u64>, Option<u64>),
    /// A text that matches a regular expression.
    Pattern(String),
    /// Entries of a list.
    Items(Option<u64>, Option<u64>),
}
