//! Stage 5: progenitor makes types and builders of the plain document.

use progenitor_impl::{CrateVers, GenerationSettings, Generator, InterfaceStyle, TagStyle};

use crate::problem::Problem;

/// Map that keeps the venue's order: order lists come newest first.
const MAP_TYPE: &str = "::indexmap::IndexMap";

/// Progenitor's code as a syntax tree.
pub fn generate(file: &str, document: &openapiv3::OpenAPI) -> Result<syn::File, Problem> {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_tag(TagStyle::Merged)
        .with_map_type(MAP_TYPE)
        .with_crate("wire-codec", CrateVers::Any, None);
    let fault = |reason: String| Problem {
        file: file.to_owned(),
        operation: None,
        pointer: String::new(),
        reason,
        mend: Some("this is a fault of the generator: please report the description".to_owned()),
    };
    let tokens = Generator::new(&settings)
        .generate_tokens(document)
        .map_err(|error| fault(format!("progenitor can't generate this: {error}")))?;
    syn::parse2(tokens).map_err(|error| fault(format!("progenitor wrote invalid Rust: {error}")))
}
