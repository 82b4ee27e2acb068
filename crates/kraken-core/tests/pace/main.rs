//! The models of Kraken's rate limits: rule by rule, and over simulated hours
//! against venues that enforce them, alone and as clients use them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails must panic"
)]

mod calls;
mod rules;
mod simulation;
mod waiting;
