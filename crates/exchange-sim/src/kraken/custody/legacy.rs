//! The legacy API: `POST /0/private/…`.

use super::Custody;
use crate::Moment;
use crate::json::Json;
use crate::kraken::answer::Refusal;
use crate::kraken::key::Key;
use crate::kraken::params::Params;
use crate::venue::Request;

/// One call of a legacy operation. Its signature has been checked.
pub(crate) struct Call<'a> {
    pub request: &'a Request,
    /// Body and query together.
    pub params: &'a Params,
    /// The header `x-vault-id`.
    pub vault: Option<&'a str>,
    pub key: &'a Key,
    pub now: Moment,
}

/// An operation of the legacy API.
pub(crate) struct Operation {
    /// The path after `/0/private/`.
    pub name: &'static str,
    /// What its list of errors is called: `error` or `errors`.
    pub errors: &'static str,
    pub call: fn(&mut Custody, &Call<'_>) -> Result<Json, Refusal>,
}

pub(crate) const OPERATIONS: &[Operation] = &[];
