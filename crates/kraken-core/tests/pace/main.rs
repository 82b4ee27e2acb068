//! The models of Kraken's rate limits: rule by rule, and over simulated hours
//! against a venue that enforces them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails must panic"
)]

mod calls;
mod rules;
mod simulation;
