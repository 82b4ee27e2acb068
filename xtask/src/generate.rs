//! Stage 5: progenitor makes types and builders of the plain document.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

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
    let tokens = caught(|| Generator::new(&settings).generate_tokens(document))
        .map_err(|message| fault(format!("progenitor gave up on this: {message}")))?
        .map_err(|error| fault(format!("progenitor can't generate this: {error}")))?;
    syn::parse2(tokens).map_err(|error| fault(format!("progenitor wrote invalid Rust: {error}")))
}

/// Runs `work`; if it panics, its message.
///
/// Progenitor and typify panic on documents they don't know how to express. The normaliser keeps
/// those it knows of away from them; a maintainer gets a report for the rest as well.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    thread_local! {
        static QUIET: Cell<bool> = const { Cell::new(false) };
    }
    static HOOK: Once = Once::new();
    // The message goes into the report, so this thread's panics are not printed as well.
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    QUIET.set(true);
    // Nothing that `work` may have left half done is used after a panic.
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    outcome.map_err(|payload| {
        payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("it does not say why")
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_within_becomes_its_message() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(
            caught(|| panic!("no {}", "luck")),
            Err::<(), _>("no luck".to_owned())
        );
    }

    #[test]
    fn what_progenitor_panics_on_becomes_a_problem() {
        // An optional query parameter that is an object.
        let document = serde_json::from_value(serde_json::json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "paths": {"/a": {"get": {
                "operationId": "a",
                "parameters": [{"name": "q", "in": "query", "schema": {
                    "type": "object", "properties": {"x": {"type": "string"}}
                }}],
                "responses": {"200": {"description": "d"}}
            }}}
        }));
        let problem = generate("t.yaml", &document.unwrap()).unwrap_err();
        assert_eq!(problem.file, "t.yaml");
        assert!(
            problem.reason.contains("progenitor gave up"),
            "{}",
            problem.reason
        );
    }
}
