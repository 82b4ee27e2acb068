//! Answers, without the envelope.

use serde_json::{Value, json};

use super::{
    lower::{Lowering, Place},
    operations::{Defaults, Found, json_content},
    resolve::Resolved,
};
use crate::{
    model::Answer,
    problem::{action, join},
};

/// What an operation answers.
pub(super) struct LoweredAnswer {
    pub(super) kind: Answer,
    pub(super) plain: Value,
    pub(super) example: Option<Value>,
}

impl LoweredAnswer {
    fn json(kind: Answer, schema: &Value, example: Option<Value>) -> Self {
        Self {
            kind,
            plain: json!({
                "description": "The answer.",
                "content": {"application/json": {"schema": schema}},
            }),
            example,
        }
    }
}

pub(super) fn lower_answer(
    lowering: &mut Lowering<'_>,
    defaults: &Defaults<'_>,
    found: &Found<'_>,
    type_name: &str,
) -> LoweredAnswer {
    let name = format!("{type_name}Result");
    let fallback = LoweredAnswer::json(Answer::Bare, &super::lower::marker("Json"), None);
    let responses_at = join(&found.pointer, "responses");
    let Some((status, response)) = success(found.node) else {
        lowering.problem(
            &responses_at,
            "no response for success (200, another 2xx, or default)".to_owned(),
            Some(action(
                &found.pointer,
                "responses:\n  '200':\n    description: The answer.\n    content:\n      application/json:\n        schema:\n          x-format: json",
            )),
        );
        return fallback;
    };
    let response_at = join(&responses_at, status);
    let Some(response) = lowering.resolve(response, &response_at) else {
        return fallback;
    };
    let Some((content_at, content)) = json_content(&response.value, &response.pointer) else {
        let binary = response
            .value
            .get("content")
            .and_then(Value::as_object)
            .is_some_and(|content| !content.is_empty());
        if binary {
            return LoweredAnswer {
                kind: Answer::Bytes,
                plain: json!({
                    "description": "The answer.",
                    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
                }),
                example: None,
            };
        }
        lowering.problem(
            &response_at,
            "the response has no content".to_owned(),
            Some(action(
                &response_at,
                "content:\n  application/json:\n    schema:\n      x-format: json",
            )),
        );
        return fallback;
    };
    let Some(schema_node) = content.get("schema") else {
        lowering.problem(
            &content_at,
            "the answer has no schema".to_owned(),
            Some(action(&content_at, "schema:\n  x-format: json")),
        );
        return fallback;
    };
    let schema_at = join(&content_at, "schema");
    let Some(schema) = lowering.resolve(schema_node, &schema_at) else {
        return fallback;
    };
    let example = content
        .get("example")
        .or_else(|| schema_node.get("example"))
        .cloned();
    let (kind, node, at) = open(found, schema_node, &schema_at, &schema);
    // A component that only this operation answers is named after the operation.
    let only_here = node
        .get("$ref")
        .and_then(Value::as_str)
        .is_none_or(|target| defaults.uses.get(target).copied().unwrap_or_default() <= 1);
    let lowered = lowering.lower(
        &node,
        Place {
            at: &at,
            suggested: &name,
            forced: only_here.then_some(name.as_str()),
            property: "result",
        },
    );
    LoweredAnswer::json(kind, &lowered, example)
}

/// Takes the envelope off: how the answer is wrapped, its schema, and where that stands.
fn open(found: &Found<'_>, node: &Value, at: &str, schema: &Resolved) -> (Answer, Value, String) {
    let bare = || (Answer::Bare, node.clone(), at.to_owned());
    let Some(properties) = schema.value.get("properties").and_then(Value::as_object) else {
        return bare();
    };
    let Some(result) = properties.get("result") else {
        return bare();
    };
    let is_error_list = |key: &str| matches!(key, "error" | "errors");
    // One vendor page leaves the error list out of the envelope.
    let alone = properties.len() == 1 && found.path.contains("/private/");
    if !alone && !properties.keys().any(|key| is_error_list(key)) {
        return bare();
    }
    if properties
        .keys()
        .all(|key| key == "result" || is_error_list(key))
    {
        let at = join(&join(&schema.pointer, "properties"), "result");
        return (Answer::Enveloped, result.clone(), at);
    }
    let mut whole = schema.value.clone();
    if let Some(properties) = whole.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|key, _| !is_error_list(key));
    }
    (Answer::Whole, whole, at.to_owned())
}

/// The response that means success, with its status.
fn success(node: &Value) -> Option<(&str, &Value)> {
    let responses = node.get("responses")?.as_object()?;
    responses
        .get_key_value("200")
        .or_else(|| responses.iter().find(|(status, _)| status.starts_with('2')))
        .or_else(|| responses.get_key_value("default"))
        .map(|(status, response)| (status.as_str(), response))
}
