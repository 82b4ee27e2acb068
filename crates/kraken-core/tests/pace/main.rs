//! The models of Kraken's rate limits: rule by rule, and over simulated hours
//! against a venue that enforces them.

mod calls;
mod rules;
mod simulation;
