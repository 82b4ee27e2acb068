//! Stage 3: rules that hold for a whole API, not for one place.
//!
//! - [`operations`]: names, permissions, effects and paces of the operations are read; `parameters`,
//!   `body`, `answer` and `permission` have a part each: the envelope and the nonce come off.
//! - `lower`: schemas become the few plain forms the generator emits; `objects`, `unions` and
//!   `limits` have a part each.
//! - `names`: which names Rust and the generated code can bear.
//! - [`rules`]: which names mean amounts and times, and what a format is in Rust.
//! - [`resolve`]: following references.
//! - `reach`: which named types requests and answers of which tags reach.

mod answer;
mod body;
mod limits;
pub(crate) mod lower;
pub(crate) mod names;
mod objects;
pub mod operations;
mod parameters;
mod permission;
pub(crate) mod reach;
pub mod resolve;
pub mod rules;
mod unions;

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use self::lower::Lowering;
use crate::{
    apis::Api,
    load::Loaded,
    model::{Model, Operation},
    problem::{Problem, action, join, json_path, without_reference},
};

/// Whose words the descriptions are; the vendor's do not become documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Ours: the committed transcriptions.
    Ours,
    /// The vendor's.
    Vendors,
}

/// The plain document and the facts about it, or everything that is in the way.
pub fn normalise(api: &Api, loaded: &Loaded, words: Words) -> (Model, Vec<Problem>) {
    let document = &loaded.value;
    let mut problems = inspect(loaded);
    let server = document
        .pointer("/servers/0/url")
        .and_then(Value::as_str)
        .unwrap_or(api.base_url)
        .to_owned();
    let (base_url, base_path) = split_server(&server);

    let mut references = Vec::new();
    resolve::references(document, "", &mut references);
    let mut uses: HashMap<String, usize> = HashMap::new();
    for (_, target) in references {
        *uses.entry(target).or_default() += 1;
    }
    let defaults = operations::Defaults {
        base_path,
        security: document.get("security"),
        doc_base: document
            .get("x-doc-base")
            .and_then(Value::as_str)
            .unwrap_or(api.doc_base)
            .to_owned(),
        counters: (
            api.private_counter.to_owned(),
            api.public_counter.to_owned(),
        ),
        uses,
    };

    let mut lowering = Lowering::new(&loaded.file, document, words == Words::Ours);
    let mut paths = Map::new();
    let mut operations = Vec::new();
    let mut places = Vec::new();
    let mut names: HashMap<String, String> = HashMap::new();
    for found in operations::find(document) {
        let Some((operation, plain)) = operations::lower(&mut lowering, &defaults, &found) else {
            continue;
        };
        // By the builder's name: `a_1` and `a1` are two methods but one `A1`.
        if let Some(other) = names.insert(operation.type_name.clone(), operation.id.clone())
            && other != operation.id
        {
            lowering.problem(
                &found.pointer,
                format!(
                    "{other} and {} would both be the method `{}`",
                    operation.id, operation.rust_method
                ),
                Some(action(&found.pointer, "x-name: another_name")),
            );
        }
        paths
            .entry(operation.path.clone())
            .or_insert_with(|| json!({}))[found.method] = plain;
        operations.push(operation);
        places.push(found.pointer);
    }
    check_builders(&mut lowering, &operations, &places);
    for problem in std::mem::take(&mut lowering.problems) {
        let problem = with_real_pointer(document, problem);
        // A reference that leads nowhere is met again on the walk.
        let known =
            |known: &Problem| known.pointer == problem.pointer && known.reason == problem.reason;
        if !problems.iter().any(known) {
            problems.push(problem);
        }
    }
    let Lowering {
        schemas, mut types, ..
    } = lowering;
    let text = |pointer: &str| {
        document
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let plain = json!({
        "openapi": "3.0.3",
        "info": {"title": text("/info/title"), "version": text("/info/version")},
        "paths": paths,
        "components": {"schemas": schemas},
    });
    reach::mark(&plain, &operations, &mut types);
    let model = Model {
        api: api.name.to_owned(),
        title: text("/info/title"),
        version: text("/info/version"),
        digest: loaded.digest.clone(),
        base_url,
        operations,
        types,
        document: plain,
    };
    (model, problems)
}

/// What can be told without walking the schemas: version, references, equal operationIds.
fn inspect(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = Vec::new();
    let problem =
        |operation: Option<String>, pointer: &str, reason: String, mend: Option<String>| Problem {
            file: loaded.file.clone(),
            operation,
            pointer: pointer.to_owned(),
            reason,
            mend,
        };
    let document = &loaded.value;
    let version = document.get("openapi").and_then(Value::as_str);
    if !version.is_some_and(|version| version.starts_with("3.0")) {
        problems.push(problem(
            None,
            "/openapi",
            match version {
                Some(version) => format!("this is OpenAPI {version}, not 3.0"),
                None => "this is no OpenAPI 3.0 description".to_owned(),
            },
            Some(
                "give a description that starts with `openapi: 3.0.x`; convert a 3.1 file first"
                    .to_owned(),
            ),
        ));
    }
    if document
        .get("paths")
        .and_then(Value::as_object)
        .is_none_or(Map::is_empty)
    {
        problems.push(problem(
            None,
            "/paths",
            "the description has no paths".to_owned(),
            None,
        ));
    }
    let mut references = Vec::new();
    resolve::references(document, "", &mut references);
    for (pointer, target) in references {
        if resolve::target(document, &target).is_none() {
            problems.push(problem(
                operation_at(document, &pointer),
                &pointer,
                format!("the reference {target} leads nowhere"),
                Some(without_reference(&pointer)),
            ));
        }
    }
    let mut ids: HashMap<&str, String> = HashMap::new();
    for found in operations::find(document) {
        if let Some(id) = found.node.get("operationId").and_then(Value::as_str) {
            if let Some(first) = ids.get(id) {
                problems.push(problem(
                    Some(id.to_owned()),
                    &found.pointer,
                    format!("the operationId {id} is also that of {first}"),
                    Some(action(&found.pointer, &format!("operationId: {id}Second"))),
                ));
            } else {
                ids.insert(id, found.pointer.clone());
            }
        }
    }
    problems
}

/// The builders of the calls are named like types, so a type can hide one.
fn check_builders(lowering: &mut Lowering<'_>, operations: &[Operation], places: &[String]) {
    for (operation, place) in operations.iter().zip(places) {
        let builder = &operation.type_name;
        for name in [builder.clone(), format!("{builder}Options")] {
            if lowering.types.contains_key(&name) {
                lowering.operation = Some(operation.id.clone());
                lowering.problem(
                    place,
                    format!("a type and the call both want the Rust name `{name}`"),
                    Some(action(place, "x-name: another_name")),
                );
            }
        }
    }
}

/// A problem at the place that an overlay can name.
fn with_real_pointer(document: &Value, mut problem: Problem) -> Problem {
    let real = real_pointer(document, &problem.pointer);
    if real != problem.pointer {
        problem.mend = problem
            .mend
            .map(|mend| mend.replace(&json_path(&problem.pointer), &json_path(&real)));
        problem.pointer = real;
    }
    problem
}

/// Where a pointer that goes through references leads, so that an overlay can name the place.
pub(crate) fn real_pointer(document: &Value, pointer: &str) -> String {
    let mut real = String::new();
    for segment in pointer.split('/').skip(1) {
        let next = format!("{real}/{segment}");
        if document.pointer(&next).is_some() {
            real = next;
            continue;
        }
        let through = document
            .pointer(&real)
            .and_then(|node| resolve::resolve(document, node, &real).ok())
            .map(|resolved| format!("{}/{segment}", resolved.pointer));
        match through {
            Some(through) if document.pointer(&through).is_some() => real = through,
            // What is missing has no better address.
            _ => return pointer.to_owned(),
        }
    }
    real
}

/// The operation that a pointer is in.
fn operation_at(document: &Value, pointer: &str) -> Option<String> {
    let mut segments = pointer.split('/').skip(1);
    if segments.next() != Some("paths") {
        return None;
    }
    let (path, method) = (segments.next()?, segments.next()?);
    let at = join("/paths", &path.replace("~1", "/").replace("~0", "~"));
    document
        .pointer(&format!("{at}/{method}/operationId"))
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// Scheme and host of a server address, and its path.
fn split_server(url: &str) -> (String, String) {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    match url[after_scheme..].find('/') {
        Some(slash) => {
            let (base, path) = url.split_at(after_scheme + slash);
            (base.to_owned(), path.trim_end_matches('/').to_owned())
        }
        None => (url.to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_address_has_a_host_and_a_path() {
        assert_eq!(
            split_server("https://api.kraken.com/0"),
            ("https://api.kraken.com".to_owned(), "/0".to_owned())
        );
        assert_eq!(
            split_server("https://api.kraken.com"),
            ("https://api.kraken.com".to_owned(), String::new())
        );
        assert_eq!(split_server("/v1/"), (String::new(), "/v1".to_owned()));
    }
}
