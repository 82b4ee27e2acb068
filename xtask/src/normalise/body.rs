//! Request bodies, without what the transport adds: nonce and one-time password.

use serde_json::{Value, json};

use super::{
    lower::{Lowering, Place, reference, text},
    operations::{Found, json_content},
    parameters::{Described, add_parameter, check_members, parameter_fault},
};
use crate::{
    model::{Body, Location, Parameter, TypeKind},
    problem::{action, join, removal},
};

/// The body without what the transport adds: nonce and one-time password.
pub(super) fn lower_body(
    lowering: &mut Lowering<'_>,
    found: &Found<'_>,
    type_name: &str,
    parameters: &mut Vec<Parameter>,
    plain_parameters: &mut Vec<Value>,
) -> (Body, Option<Value>, Option<Value>) {
    let none = (Body::None, None, None);
    let Some(node) = found.node.get("requestBody") else {
        return none;
    };
    let at = join(&found.pointer, "requestBody");
    let Some(body) = lowering.resolve(node, &at) else {
        return none;
    };
    let Some((content_at, content)) = json_content(&body.value, &body.pointer) else {
        lowering.problem(
            &at,
            "the request body has no application/json content".to_owned(),
            Some(action(
                &at,
                "content:\n  application/json:\n    schema:\n      type: object",
            )),
        );
        return none;
    };
    let Some(schema_node) = content.get("schema") else {
        lowering.problem(
            &content_at,
            "the request body has no schema".to_owned(),
            Some(action(&content_at, "schema:\n  type: object")),
        );
        return none;
    };
    let schema_at = join(&content_at, "schema");
    let Some(mut schema) = lowering.resolve(schema_node, &schema_at) else {
        return none;
    };
    let mut example = content
        .get("example")
        .or_else(|| schema_node.get("example"))
        .or_else(|| schema.value.get("example"))
        .cloned();
    let took_nonce = take_transport_members(&mut schema.value, &mut example);
    let empty = schema
        .value
        .get("properties")
        .and_then(Value::as_object)
        .is_none_or(serde_json::Map::is_empty);
    let says_more = [
        "allOf", "oneOf", "anyOf", "not", "items", "x-format", "x-tuple",
    ]
    .iter()
    .any(|word| schema.value.get(word).is_some())
        || !matches!(text(&schema.value, "type"), None | Some("object"));
    if empty && !says_more {
        return if took_nonce {
            none
        } else {
            (Body::Empty, None, example)
        };
    }
    if found.method == "get" {
        body_as_query(
            lowering,
            type_name,
            &schema,
            example.as_ref(),
            parameters,
            plain_parameters,
        );
        return none;
    }
    let name = format!("{type_name}Request");
    let request = super::resolve::Resolved {
        // The nonce is gone, so it is no longer the component it may have been.
        pointer: schema_at.clone(),
        component: None,
        value: {
            if let Value::Object(map) = &mut schema.value {
                map.entry("type").or_insert_with(|| json!("object"));
            }
            schema.value
        },
    };
    lowering.in_request = true;
    let lowered = lowering.lower(
        &request.value,
        Place {
            at: &schema_at,
            suggested: &name,
            forced: Some(&name),
            property: "",
        },
    );
    lowering.in_request = false;
    check_request(lowering, &name, &lowered, &schema_at);
    check_members(lowering, &name, &schema_at, parameters);
    let plain = json!({
        "required": true,
        "content": {"application/json": {"schema": lowered}},
    });
    (Body::Request, Some(plain), example)
}

/// Takes nonce and one-time password out of a body and its example; whether there was a nonce.
fn take_transport_members(schema: &mut Value, example: &mut Option<Value>) -> bool {
    const MEMBERS: [&str; 2] = ["nonce", "otp"];
    let mut took_nonce = false;
    for member in MEMBERS {
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            took_nonce |= properties.shift_remove(member).is_some() && member == "nonce";
        }
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !MEMBERS.iter().any(|member| name == member));
    }
    if let Some(Value::Object(example)) = example {
        for member in MEMBERS {
            example.shift_remove(member);
        }
    }
    took_nonce
}

/// A call builds its body from named members.
pub(super) fn check_request(lowering: &mut Lowering<'_>, name: &str, lowered: &Value, at: &str) {
    let kind = lowering.types.get(name).map(|facts| facts.kind.clone());
    if matches!(kind, Some(TypeKind::WithRest(_))) {
        let open = join(at, "additionalProperties");
        lowering.problem(
            &open,
            "a call has no arguments for members without a name".to_owned(),
            Some(removal(&open)),
        );
    } else if *lowered != reference(name) || kind != Some(TypeKind::Object) {
        lowering.problem(
            at,
            "the request body is no object with fields of its own".to_owned(),
            Some(action(
                at,
                "type: object\nproperties:\n  nameOfField:\n    type: string",
            )),
        );
    }
}

/// A body on a GET can't be meant: its members travel in the query.
pub(super) fn body_as_query(
    lowering: &mut Lowering<'_>,
    type_name: &str,
    schema: &super::resolve::Resolved,
    example: Option<&Value>,
    parameters: &mut Vec<Parameter>,
    plain_parameters: &mut Vec<Value>,
) {
    let required: Vec<String> = schema
        .value
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let properties = schema
        .value
        .get("properties")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (name, property) in properties {
        let at = join(&join(&schema.pointer, "properties"), &name);
        let twice = parameters
            .iter()
            .any(|known| known.name == name && known.location == Location::Query);
        if let Some(reason) = parameter_fault(parameters, "", &name, Location::Query, twice) {
            lowering.problem(&at, reason, Some(removal(&at)));
            continue;
        }
        let example = example
            .and_then(|example| example.get(&name))
            .or_else(|| property.get("example"))
            .cloned();
        let described = Described {
            required: required.contains(&name),
            location: Location::Query,
            doc: lowering.doc(&property),
            deprecated: property.get("deprecated").and_then(Value::as_bool) == Some(true),
            example,
            name,
        };
        add_parameter(
            lowering,
            type_name,
            &at,
            &property,
            described,
            parameters,
            plain_parameters,
        );
    }
}
