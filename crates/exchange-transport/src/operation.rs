//! What is known about a call before it is made.

use std::fmt;

/// One call that a venue offers, as a row of a static table.
///
/// The venue crates hold one `static` for each of their calls, so that errors,
/// logs and tools can refer to a call without knowing its types.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Which API the call belongs to, such as `kraken-spot`.
    pub api: &'static str,
    /// The name the vendor's description gives the call, such as `addOrder`.
    pub id: &'static str,
    /// The method of the Rust client, such as `add_order`.
    pub rust_method: &'static str,
    /// The HTTP method.
    pub method: http::Method,
    /// The whole path from the host on, with `{name}` for path parameters.
    pub path: &'static str,
    /// Whether the call is signed.
    pub access: Access,
    /// Which permissions the API key must have.
    pub permission: Permission,
    /// What the call can change.
    pub effect: Effect,
    /// What the call counts against the venue's rate limits.
    pub pace: Pace,
    /// How the answer is packed.
    pub answer: Answer,
}

/// Whether a call needs credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Open to everybody, not signed.
    Public,
    /// Signed with an API key.
    Private,
}

/// The permissions an API key must have for a call.
///
/// `Display` joins the names for a sentence: `` `A` and `B` ``.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// None, though a private call still needs a key.
    NotNeeded,
    /// The vendor does not say.
    Undocumented,
    /// Every one of these.
    AllOf(&'static [&'static str]),
    /// At least one of these.
    AnyOf(&'static [&'static str]),
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (names, last_join) = match self {
            Self::NotNeeded => return f.write_str("no permission"),
            Self::Undocumented => return f.write_str("a permission the vendor does not document"),
            Self::AllOf(names) => (names, " and "),
            Self::AnyOf(names) => (names, " or "),
        };
        for (index, name) in names.iter().enumerate() {
            match index {
                0 => {}
                _ if index + 1 == names.len() => f.write_str(last_join)?,
                _ => f.write_str(", ")?,
            }
            write!(f, "`{name}`")?;
        }
        Ok(())
    }
}

/// What a call can change on the venue's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing.
    Read,
    /// Orders or positions.
    Order,
    /// Where money is: withdrawals, transfers, allocations.
    Funds,
    /// Settings of the account: addresses, reports, subaccounts, votes.
    Account,
}

impl Effect {
    /// Whether sending the call twice does no more than sending it once. Only
    /// reads are taken to be so.
    pub const fn repeatable(self) -> bool {
        matches!(self, Self::Read)
    }
}

/// What a call counts against a rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pace {
    /// The counter it counts against. Calls with the same name share it.
    pub counter: &'static str,
    /// How much it adds, in the counter's own unit.
    pub cost: u16,
}

/// How the answer of a call is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The value is one member of an envelope, beside the errors.
    Enveloped,
    /// There is an envelope, but the value is all of it: a list with its
    /// counts beside it.
    Whole,
    /// The body is the value.
    Bare,
    /// The body is no JSON, such as a zip file.
    Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_read_as_part_of_a_sentence() {
        assert_eq!(Permission::AllOf(&["A"]).to_string(), "`A`");
        assert_eq!(Permission::AllOf(&["A", "B"]).to_string(), "`A` and `B`");
        assert_eq!(Permission::AnyOf(&["A", "B"]).to_string(), "`A` or `B`");
        assert_eq!(
            Permission::AnyOf(&["A", "B", "C"]).to_string(),
            "`A`, `B` or `C`"
        );
        assert_eq!(Permission::NotNeeded.to_string(), "no permission");
        assert_eq!(
            Permission::Undocumented.to_string(),
            "a permission the vendor does not document"
        );
    }

    #[test]
    fn only_reads_may_be_repeated() {
        assert!(Effect::Read.repeatable());
        for effect in [Effect::Order, Effect::Funds, Effect::Account] {
            assert!(!effect.repeatable());
        }
    }
}
