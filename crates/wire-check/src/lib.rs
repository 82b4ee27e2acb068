//! Holds captured payloads against the types of the workspace: does a payload fit, and what of it
//! would a client not see?
//!
//! The payload goes through the real types, the way a client reads it, and what they write back is
//! compared with what came. Meanwhile the types are watched ([`exchange_wire::watch`]), so that a
//! report also names words that an enum does not know and members that the description has and the
//! payload lacks.
//!
//! ```
//! use wire_check::{Part, Verdict, check};
//!
//! let answer = br#"{"error":[],"result":{"unixtime":1688669448,"rfc1123":"Thu, 06 Jul 23 18:50:48 +0000","leap":1}}"#;
//! let report = check("kraken-spot", "getServerTime", Part::Answer, answer);
//! assert_eq!(report.verdict, Verdict::Differs);
//! assert_eq!(report.lost[0].pointer, "/result/leap");
//! ```
//!
//! | Module | Subject |
//! |---|---|
//! | [`api`] | the APIs, each with its operations and how to read their payloads |
//! | [`check`](mod@check) | from a payload to a report |
//! | [`payload`] | what can be told of a payload without its types |
//! | [`report`] | the report, as text and JSON |
//! | [`redact`] | the report without what is private |
//! | [`captures`] | folders of captures |

pub mod api;
pub mod captures;
pub mod check;
pub mod payload;
pub mod redact;
pub mod report;

pub use api::Part;
pub use check::check;
pub use report::{Report, Verdict};
