//! Users of the Prime account and their keys.

/// Who is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The 13 characters of `CustomerUserID`.
    pub user: String,
    pub email: String,
    pub name: String,
    /// Whether the user has the role `Trader`, not only `Viewer`.
    pub trades: bool,
}

/// All users and keys.
#[derive(Debug)]
pub(crate) struct People;

impl People {
    pub(crate) fn new(_seed: u64) -> Self {
        Self
    }

    /// The secret of a key and whose it is; none if there is no such key or its user is disabled.
    pub(crate) fn key(&self, _api_key: &str) -> Option<(&str, Caller)> {
        None
    }
}
