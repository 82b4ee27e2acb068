//! The external API: `/v0/insto/custody/…`.

use super::Custody;
use crate::Moment;
use crate::json::Json;
use crate::kraken::key::Key;
use crate::kraken::params::Params;
use crate::venue::Request;

/// One call of an external operation. Its signature has been checked.
pub(crate) struct Call<'a> {
    pub request: &'a Request,
    /// The query.
    pub query: &'a Params,
    /// The body, `Json::Null` for none.
    pub body: &'a Json,
    /// What stands in the path's braces, percent-decoded, in order.
    pub path: &'a [String],
    /// Who calls; none for the public operation.
    pub key: Option<&'a Key>,
    pub now: Moment,
}

/// Refused, with an HTTP status and a text that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub status: u16,
    pub why: String,
}

/// An operation of the external API.
pub(crate) struct Operation {
    pub method: http::Method,
    /// The path after `/v0/insto/custody`, with `{}` for a parameter.
    pub path: &'static str,
    /// Whether it needs a key.
    pub private: bool,
    pub call: fn(&mut Custody, &Call<'_>) -> Result<Json, Refused>,
}

pub(crate) const OPERATIONS: &[Operation] = &[];
