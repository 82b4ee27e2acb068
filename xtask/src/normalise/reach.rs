//! Which named types are reached from requests, which from answers, and from which tags.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::model::{Operation, TypeFacts};

/// Marks every named type with where it is used, and drops none: a type nobody reaches is never
/// made.
pub(crate) fn mark(
    document: &Value,
    operations: &[Operation],
    types: &mut BTreeMap<String, TypeFacts>,
) {
    for operation in operations {
        let Some(node) = document
            .get("paths")
            .and_then(|paths| paths.get(&operation.path))
            .and_then(|item| item.get(operation.method.to_lowercase()))
        else {
            continue;
        };
        for (key, request) in [
            ("parameters", true),
            ("requestBody", true),
            ("responses", false),
        ] {
            let mut reached = HashSet::new();
            if let Some(node) = node.get(key) {
                collect(document, node, &mut reached);
            }
            for name in reached {
                if let Some(facts) = types.get_mut(&name) {
                    facts.in_requests |= request;
                    facts.in_answers |= !request;
                    if !facts.tags.contains(&operation.tag) {
                        facts.tags.push(operation.tag.clone());
                    }
                }
            }
        }
    }
}

fn collect(document: &Value, node: &Value, reached: &mut HashSet<String>) {
    match node {
        Value::Object(map) => {
            if let Some(name) = map
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|target| target.strip_prefix("#/components/schemas/"))
                && reached.insert(name.to_owned())
                && let Some(target) = document
                    .pointer("/components/schemas")
                    .and_then(|schemas| schemas.get(name))
            {
                collect(document, target, reached);
            }
            for value in map.values() {
                collect(document, value, reached);
            }
        }
        Value::Array(list) => {
            for value in list {
                collect(document, value, reached);
            }
        }
        _ => {}
    }
}
