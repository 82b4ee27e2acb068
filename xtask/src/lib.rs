//! The maintainer's tool: generates the Kraken clients from their descriptions and runs the
//! checks that CI runs.
//!
//! The generator is a line of stages, one module each, each a function from one document to the
//! next:
//!
//! ```text
//! load → overlay → normalise → validate → generate → rewrite → format → write
//! ```

pub mod apis;
pub mod ci;
pub mod diff;
pub mod download;
pub mod fetch;
pub mod format;
pub mod generate;
pub mod load;
pub mod model;
pub mod normalise;
pub mod operations;
pub mod overlay;
pub mod pipeline;
pub mod problem;
pub mod regen;
pub mod review;
pub mod rewrite;
pub mod semver;
pub mod sources;
pub mod validate;
pub mod write;
