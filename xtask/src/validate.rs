//! Stage 4: the plain document must be one that `openapiv3` reads.
//!
//! What the generator can't express was already found while normalising; this is the last net
//! before progenitor, which stops at its first error.

use openapiv3::OpenAPI;

use crate::{model::Model, problem::Problem};

/// The document as `openapiv3` sees it.
pub fn validate(file: &str, model: &Model) -> Result<OpenAPI, Problem> {
    serde_json::from_value(model.document.clone()).map_err(|error| Problem {
        file: file.to_owned(),
        operation: None,
        pointer: String::new(),
        reason: format!("the normalised description is not OpenAPI 3.0: {error}"),
        mend: Some("this is a fault of the generator: please report the description".to_owned()),
    })
}
