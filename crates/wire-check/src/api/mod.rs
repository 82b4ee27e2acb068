//! The APIs whose types a payload can be held against. Each venue is a file of its own here, with
//! an [`Api`] that is named in [`APIS`].

mod gemini;
mod kraken;
mod prime;

/// An API of a venue.
pub trait Api: Sync {
    /// Its name, such as `kraken-spot`.
    fn name(&self) -> &'static str;

    /// What it has payloads for.
    fn operations(&self) -> Vec<Entry>;

    /// Reads a payload with the types of the workspace and writes it back.
    ///
    /// # Errors
    ///
    /// [`Failure`] says why it could not be read.
    fn read(&self, operation: &str, part: Part, payload: &[u8]) -> Result<Reading, Failure>;
}

/// All APIs.
pub static APIS: &[&dyn Api] = &[
    &kraken::SPOT,
    &kraken::CUSTODY,
    &kraken::CUSTODY_EXTERNAL,
    &prime::PRIME,
    &gemini::EXCHANGE,
    &gemini::PREDICTION,
];

/// The API of that name.
pub fn find(name: &str) -> Option<&'static dyn Api> {
    APIS.iter().copied().find(|api| api.name() == name)
}

/// An operation or a stream.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The vendor's name for it, such as `addOrder`.
    pub id: String,
    /// Where it is: method and path, or how a stream is asked for.
    pub place: String,
    /// What payloads it has.
    pub parts: Vec<Part>,
    /// Whether its answer is a file rather than JSON.
    pub file: bool,
}

/// Which payload of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The whole body of an answer, with its envelope.
    Answer,
    /// What is sent: the body, for Gemini the parameters wherever they go, on a WebSocket the
    /// message.
    Request,
    /// One message that comes on a WebSocket.
    Message,
}

impl Part {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Request => "request",
            Self::Message => "message",
        }
    }
}

/// A payload that could be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// What the typed value writes back, as JSON; nothing for files and refusals.
    pub written: Option<String>,
    /// The member of the payload that the typed value is; the whole payload if there is none.
    pub within: Option<&'static str>,
    /// Members at the top that the client itself reads or adds.
    pub envelope: &'static [&'static str],
    /// The names at the top, where the types are asked for one after the other and know no list.
    pub names: Vec<&'static str>,
    /// The venue's messages, if the payload is a refusal: the text, and whether it is catalogued.
    pub refusal: Vec<(String, bool)>,
}

/// Why a payload could not be read.
#[derive(Debug, Clone)]
pub enum Failure {
    /// There is no such operation, or it has no such payload.
    NoSuchPayload(String),
    /// It does not fit the types.
    Unfit {
        /// The member of the payload that was being read; the whole if there is none.
        within: Option<&'static str>,
        /// What is wrong.
        message: String,
        /// A piece of the payload around the place; may be empty.
        excerpt: String,
    },
}
