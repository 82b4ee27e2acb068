//! Operations: the envelope and the nonce come off, and everything a call needs to know besides
//! its types is gathered.

use heck::{ToKebabCase, ToSnakeCase, ToUpperCamelCase};
use serde_json::{Value, json};

use super::{
    lower::{Lowering, Place, checks, reference, text},
    names,
};
use crate::{
    model::{Answer, Body, Effect, Location, Operation, Pace, Parameter, Permission, TypeKind},
    problem::{action, join, removal},
};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

/// What the whole description says about its operations.
pub(crate) struct Defaults<'d> {
    /// Path of the first server, which every operation's path follows.
    pub(crate) base_path: String,
    /// `security` of the document.
    pub(crate) security: Option<&'d Value>,
    /// First part of the vendor's page addresses.
    pub(crate) doc_base: String,
    /// Rate-limit counter of private and of public calls.
    pub(crate) counters: (String, String),
    /// How often components are referred to.
    pub(crate) uses: std::collections::HashMap<String, usize>,
}

/// One operation with the node it is described by.
pub(crate) struct Found<'d> {
    pub(crate) method: &'static str,
    pub(crate) path: &'d str,
    pub(crate) pointer: String,
    pub(crate) node: &'d Value,
    pub(crate) shared_parameters: Option<&'d Value>,
}

/// All operations of a description, in its order.
pub(crate) fn find(document: &Value) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for (path, item) in document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let item_pointer = join("/paths", path);
        for (key, node) in item.as_object().into_iter().flatten() {
            if let Some(method) = METHODS.iter().find(|method| *method == key) {
                found.push(Found {
                    method,
                    path,
                    pointer: join(&item_pointer, key),
                    node,
                    shared_parameters: item.get("parameters"),
                });
            }
        }
    }
    found
}

/// The operation and its plain OpenAPI form.
pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    defaults: &Defaults<'_>,
    found: &Found<'_>,
) -> Option<(Operation, Value)> {
    let node = found.node;
    let Some(id) = text(node, "operationId").map(str::to_owned) else {
        lowering.operation = Some(format!("{} {}", found.method.to_uppercase(), found.path));
        lowering.problem(
            &found.pointer,
            "the operation has no operationId".to_owned(),
            Some(action(&found.pointer, "operationId: nameOfTheOperation")),
        );
        return None;
    };
    lowering.operation = Some(id.clone());
    let summary = text(node, "summary").unwrap_or_default().trim().to_owned();
    let rust_method = rust_method(node, &id, &summary);
    let type_name = rust_method.to_upper_camel_case();
    if !names::is_ident(&rust_method) || names::type_fault(&type_name).is_some() {
        lowering.problem(
            &found.pointer,
            format!("the operation would get the Rust name `{rust_method}`, which is none"),
            Some(action(&found.pointer, "x-name: better_name")),
        );
        return None;
    }

    let mut parameters = Vec::new();
    let mut plain_parameters = Vec::new();
    lower_parameters(
        lowering,
        found,
        &type_name,
        &mut parameters,
        &mut plain_parameters,
    );
    let (body, plain_body, request_example) = lower_body(
        lowering,
        found,
        &type_name,
        &mut parameters,
        &mut plain_parameters,
    );
    check_path(lowering, found, &parameters);
    let answer = lower_answer(lowering, defaults, found, &type_name);

    let private = is_private(node, defaults.security);
    // The permission is a fact, whoever wrote the words around it.
    let described = text(node, "x-doc").or_else(|| text(node, "description"));
    let (permission, description) = permission(described.map(str::to_owned), private);
    let description = if lowering.own_words || node.get("x-doc").is_some() {
        description
    } else {
        String::new()
    };
    let tag = node
        .pointer("/tags/0")
        .and_then(Value::as_str)
        .unwrap_or("Other")
        .to_owned();
    let effect = effect(lowering, found, &id);
    let pace = pace(node, private, defaults);
    let doc_url = text(node, "x-doc-url").map_or_else(
        // The vendor's pages are named by group and summary.
        || {
            let page = if summary.is_empty() { &id } else { &summary };
            format!(
                "{}/{}/{}",
                defaults.doc_base,
                tag.to_kebab_case(),
                page.to_kebab_case()
            )
        },
        str::to_owned,
    );

    let mut plain = json!({
        "operationId": rust_method,
        "parameters": plain_parameters,
        "responses": {"200": answer.plain},
    });
    if let Some(plain_body) = plain_body {
        plain["requestBody"] = plain_body;
    }
    let operation = Operation {
        id,
        rust_method,
        answer_type: format!("{type_name}Result"),
        type_name,
        method: found.method.to_uppercase(),
        path: format!("{}{}", defaults.base_path, found.path),
        tag,
        private,
        permission,
        effect,
        pace,
        answer: answer.kind,
        optional_result: node.get("x-optional-result").and_then(Value::as_bool) == Some(true),
        summary: if lowering.own_words {
            summary
        } else {
            String::new()
        },
        description,
        doc_url,
        parameters,
        body,
        request_example,
        answer_example: answer.example,
    };
    lowering.operation = None;
    Some((operation, plain))
}

/// Name of the method: the vendor's operationId, unless that only spells out method and path.
fn rust_method(node: &Value, id: &str, summary: &str) -> String {
    if let Some(name) = text(node, "x-name") {
        return name.to_owned();
    }
    let spelt_out = METHODS.iter().any(|method| {
        id.strip_prefix(method)
            .is_some_and(|rest| rest.starts_with("V0"))
    });
    let source = if spelt_out && !summary.is_empty() {
        summary
    } else {
        id
    };
    // `getOHLCData` is get_ohlc_data; heck splits it so already.
    source.to_snake_case()
}

fn lower_parameters(
    lowering: &mut Lowering<'_>,
    found: &Found<'_>,
    type_name: &str,
    parameters: &mut Vec<Parameter>,
    plain: &mut Vec<Value>,
) {
    let mut nodes = Vec::new();
    if let Some(Value::Array(own)) = found.node.get("parameters") {
        for (index, node) in own.iter().enumerate() {
            nodes.push((
                node,
                join(&join(&found.pointer, "parameters"), &index.to_string()),
            ));
        }
    }
    if let Some(Value::Array(shared)) = found.shared_parameters {
        let base = found.pointer.rsplit_once('/').map_or("", |(base, _)| base);
        for (index, node) in shared.iter().enumerate() {
            nodes.push((node, join(&join(base, "parameters"), &index.to_string())));
        }
    }
    for (node, at) in nodes {
        let Some(resolved) = lowering.resolve(node, &at) else {
            continue;
        };
        let value = &resolved.value;
        let Some(name) = text(value, "name").map(str::to_owned) else {
            lowering.problem(&at, "the parameter has no name".to_owned(), None);
            continue;
        };
        let location = match text(value, "in") {
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            other => {
                lowering.problem(
                    &at,
                    format!(
                        "parameters in `{}` are not supported",
                        other.unwrap_or("nothing")
                    ),
                    Some(removal(&at)),
                );
                continue;
            }
        };
        let twice = parameters
            .iter()
            .any(|known| known.name == name && known.location == location);
        // What an operation says of a parameter goes before what its path says.
        if twice && !at.starts_with(&found.pointer) {
            continue;
        }
        if let Some(reason) = parameter_fault(parameters, found.path, &name, location, twice) {
            lowering.problem(&at, reason, Some(removal(&at)));
            continue;
        }
        let Some(schema) = value.get("schema") else {
            lowering.problem(
                &at,
                format!("the parameter `{name}` has no schema"),
                Some(action(&at, "schema:\n  type: string")),
            );
            continue;
        };
        let required = location == Location::Path
            || value.get("required").and_then(Value::as_bool) == Some(true);
        let schema = with_marks(schema, value);
        let doc = lowering.doc(value);
        let example = value
            .get("example")
            .or_else(|| schema.get("example"))
            .cloned();
        add_parameter(
            lowering,
            type_name,
            &join(&resolved.pointer, "schema"),
            &schema,
            Described {
                name,
                location,
                required,
                doc,
                example,
            },
            parameters,
            plain,
        );
    }
}

/// The names in braces in a path.
fn placeholders(path: &str) -> Vec<&str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect()
}

/// Whether each brace of a path belongs to a name.
fn is_template(path: &str) -> bool {
    let mut parts = path.split('{');
    let plain = |text: &str| !text.contains('}');
    path.starts_with('/')
        && parts.next().is_some_and(plain)
        && parts.all(|part| {
            part.split_once('}')
                .is_some_and(|(name, rest)| !name.is_empty() && plain(rest))
        })
}

/// Path and path parameters must belong together.
fn check_path(lowering: &mut Lowering<'_>, found: &Found<'_>, parameters: &[Parameter]) {
    if !is_template(found.path) {
        let at = found.pointer.rsplit_once('/').map_or("", |(item, _)| item);
        lowering.problem(
            at,
            format!("`{}` is no path of an API", found.path),
            Some(removal(at)),
        );
    }
    for name in placeholders(found.path) {
        if !parameters
            .iter()
            .any(|known| known.location == Location::Path && known.name == name)
        {
            lowering.problem(
                &found.pointer,
                format!("no parameter says what `{{{name}}}` in the path is"),
                Some(action(
                    &found.pointer,
                    &format!(
                        "parameters:\n  - name: {name}\n    in: path\n    required: true\n    schema:\n      type: string"
                    ),
                )),
            );
        }
    }
}

/// Why a call can't have this parameter.
fn parameter_fault(
    taken: &[Parameter],
    path: &str,
    name: &str,
    location: Location,
    twice: bool,
) -> Option<String> {
    let rust_name = name.to_snake_case();
    if twice {
        Some(format!("the parameter `{name}` is there twice"))
    } else if location == Location::Path && !placeholders(path).contains(&name) {
        Some(format!("the path has no place for the parameter `{name}`"))
    } else if !names::is_ident(&rust_name) && !names::is_keyword(&rust_name)
        // Progenitor's builders have these two themselves.
        || matches!(rust_name.as_str(), "body" | "client")
        || taken
            .iter()
            .any(|known| known.name.to_snake_case() == rust_name)
    {
        Some(format!(
            "`{rust_name}`, from `{name}`, is no name for a Rust argument, or taken"
        ))
    } else {
        None
    }
}

/// What an argument is called in Rust.
fn argument_name(wire: &str, chosen: Option<&str>) -> String {
    chosen.map_or_else(|| names::field_name(wire), str::to_owned)
}

/// Why a call can't have an argument of this Rust name besides those it has.
fn argument_fault(taken: &[Parameter], name: &str) -> Option<String> {
    let taken = taken
        .iter()
        .any(|known| argument_name(&known.name, known.rust_name.as_deref()) == name);
    (taken || names::is_builders(name))
        .then(|| format!("`{name}` is the name of something else in the call"))
}

/// A call builds its body from named members.
fn check_request(lowering: &mut Lowering<'_>, name: &str, lowered: &Value, at: &str) {
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

/// The members of a body are arguments like the parameters.
fn check_members(lowering: &mut Lowering<'_>, type_name: &str, at: &str, parameters: &[Parameter]) {
    let fields = lowering
        .types
        .get(type_name)
        .map_or_else(Vec::new, |facts| facts.fields.clone());
    for field in fields.iter().filter(|field| field.constant.is_none()) {
        let name = argument_name(&field.name, field.rust_name.as_deref());
        if let Some(reason) = argument_fault(parameters, &name) {
            let at = join(&join(at, "properties"), &field.name);
            lowering.problem(&at, reason, Some(action(&at, "x-field-name: another_name")));
        }
    }
}

/// What is known of a parameter besides its schema.
struct Described {
    name: String,
    location: Location,
    required: bool,
    doc: Option<String>,
    example: Option<Value>,
}

fn add_parameter(
    lowering: &mut Lowering<'_>,
    type_name: &str,
    at: &str,
    schema: &Value,
    described: Described,
    parameters: &mut Vec<Parameter>,
    plain: &mut Vec<Value>,
) {
    let Described {
        name,
        location,
        required,
        doc,
        example,
    } = described;
    lowering.in_request = true;
    let suggested = format!("{type_name}{}", name.to_upper_camel_case());
    let lowered = lowering.lower(
        schema,
        Place {
            at,
            suggested: &suggested,
            forced: None,
            property: &name,
        },
    );
    lowering.in_request = false;
    let text_like = match lowered.get("type").and_then(Value::as_str) {
        Some("array") => is_text_like(lowering, &lowered["items"]),
        _ => is_text_like(lowering, &lowered),
    };
    if !text_like {
        lowering.problem(
            at,
            format!(
                "the parameter `{name}` is an object, which has no form in a path, query or header"
            ),
            Some(action(at, "x-format: string")),
        );
    }
    let resolved = lowering.resolve(schema, at).map(|resolved| resolved.value);
    let resolved = resolved.unwrap_or_default();
    let rust_name = text(&resolved, "x-field-name").map(str::to_owned);
    let called = argument_name(&name, rust_name.as_deref());
    let fault = if names::is_ident(&called) || names::is_keyword(&called) {
        argument_fault(parameters, &called)
    } else {
        Some(format!("`{called}` is no name for a Rust argument"))
    };
    if let Some(reason) = fault {
        let mend = action(at, "x-field-name: another_name");
        lowering.problem(at, reason, Some(mend));
    }
    let place = match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
    };
    plain.push(json!({
        "name": name,
        "in": place,
        "required": required,
        "schema": lowered,
        "style": if location == Location::Query { "form" } else { "simple" },
    }));
    parameters.push(Parameter {
        comma_separated: resolved.get("x-comma-separated").and_then(Value::as_bool) == Some(true),
        checks: checks(&resolved),
        rust_name,
        name,
        location,
        required,
        doc,
        example,
    });
}

/// Whether a plain schema is a scalar or an enum.
fn is_text_like(lowering: &Lowering<'_>, plain: &Value) -> bool {
    match text(plain, "$ref").and_then(|target| target.rsplit('/').next()) {
        Some(name) => lowering
            .types
            .get(name)
            .is_some_and(|facts| matches!(facts.kind, TypeKind::OpenEnum(_))),
        None => !matches!(text(plain, "type"), Some("array" | "object")),
    }
}

/// A parameter's schema with our extensions that stand on the parameter itself.
fn with_marks(schema: &Value, parameter: &Value) -> Value {
    let mut schema = schema.clone();
    if let (Value::Object(schema), Value::Object(parameter)) = (&mut schema, parameter) {
        for (key, value) in parameter {
            if key.starts_with("x-") {
                schema.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    schema
}

/// The body without what the transport adds: nonce and one-time password.
fn lower_body(
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
    let mut took_nonce = false;
    if let Some(properties) = schema
        .value
        .get_mut("properties")
        .and_then(Value::as_object_mut)
    {
        took_nonce = properties.shift_remove("nonce").is_some();
        properties.shift_remove("otp");
    }
    if let Some(required) = schema
        .value
        .get_mut("required")
        .and_then(Value::as_array_mut)
    {
        required.retain(|name| name != "nonce" && name != "otp");
    }
    if let Some(Value::Object(example)) = &mut example {
        example.shift_remove("nonce");
        example.shift_remove("otp");
    }
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

/// A body on a GET can't be meant: its members travel in the query.
fn body_as_query(
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

/// What an operation answers.
struct LoweredAnswer {
    kind: Answer,
    plain: Value,
    example: Option<Value>,
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

fn lower_answer(
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
    let properties = schema.value.get("properties").and_then(Value::as_object);
    let enveloped = properties.is_some_and(|properties| {
        properties.contains_key("result")
            && (properties.contains_key("error")
                || properties.contains_key("errors")
                || properties.len() == 1 && found.path.contains("/private/"))
    });
    let (kind, node, at) = match properties {
        Some(properties) if enveloped => {
            let beside = properties
                .keys()
                .any(|key| !matches!(key.as_str(), "result" | "error" | "errors"));
            if beside {
                let mut whole = schema.value.clone();
                for list in ["error", "errors"] {
                    if let Some(properties) =
                        whole.get_mut("properties").and_then(Value::as_object_mut)
                    {
                        properties.shift_remove(list);
                    }
                }
                (Answer::Whole, whole, schema_at.clone())
            } else {
                (
                    Answer::Enveloped,
                    properties["result"].clone(),
                    join(&join(&schema.pointer, "properties"), "result"),
                )
            }
        }
        _ => (Answer::Bare, schema_node.clone(), schema_at.clone()),
    };
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

/// The response that means success, with its status.
fn success(node: &Value) -> Option<(&str, &Value)> {
    let responses = node.get("responses")?.as_object()?;
    responses
        .get_key_value("200")
        .or_else(|| responses.iter().find(|(status, _)| status.starts_with('2')))
        .or_else(|| responses.get_key_value("default"))
        .map(|(status, response)| (status.as_str(), response))
}

fn json_content(node: &Value, pointer: &str) -> Option<(String, Value)> {
    let content = node.get("content")?.as_object()?;
    let (kind, content) = content
        .iter()
        .find(|(kind, _)| kind.starts_with("application/json"))?;
    Some((join(&join(pointer, "content"), kind), content.clone()))
}

fn is_private(node: &Value, document_security: Option<&Value>) -> bool {
    node.get("security")
        .or(document_security)
        .and_then(Value::as_array)
        .is_some_and(|security| {
            security
                .iter()
                .any(|scheme| scheme.as_object().is_some_and(|scheme| !scheme.is_empty()))
        })
}

/// Takes the paragraph on permissions out of a description.
fn permission(description: Option<String>, private: bool) -> (Permission, String) {
    const MARK: &str = "**API Key Permissions Required:**";
    let description = description.unwrap_or_default();
    let unsaid = if private {
        Permission::Undocumented
    } else {
        Permission::NotNeeded
    };
    let Some((before, after)) = description.split_once(MARK) else {
        return (unsaid, description);
    };
    let (sentence, rest) = after.split_once("\n\n").unwrap_or((after, ""));
    let folded = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    // What follows a comma is a remark: "…, unless withdrawal is a `WalletTransfer`, …".
    let (names_part, remark) = match folded.split_once("`,") {
        Some((names, remark)) => (format!("{names}`"), remark.trim().to_owned()),
        None => (folded, String::new()),
    };
    let names: Vec<String> = names_part
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    let permission = if names.is_empty() || names.iter().any(|name| name == "None") {
        Permission::NotNeeded
    } else if names_part.contains("` or `") {
        Permission::AnyOf(names)
    } else {
        Permission::AllOf(names)
    };
    let mut prose = before.trim().to_owned();
    for extra in [remark_sentence(&remark), rest.trim().to_owned()] {
        if !extra.is_empty() {
            prose.push_str("\n\n");
            prose.push_str(&extra);
        }
    }
    (permission, prose)
}

/// A remark on a permission as a sentence of its own.
fn remark_sentence(remark: &str) -> String {
    let remark = remark.trim_end_matches('.');
    if remark.is_empty() {
        return String::new();
    }
    format!("On the permission: {remark}.")
}

fn effect(lowering: &mut Lowering<'_>, found: &Found<'_>, id: &str) -> Effect {
    match text(found.node, "x-effect") {
        Some("read") => Effect::Read,
        Some("order") => Effect::Order,
        Some("funds") => Effect::Funds,
        Some("account") => Effect::Account,
        Some(other) => {
            lowering.problem(
                &found.pointer,
                format!("`x-effect: {other}` is none of read, order, funds, account"),
                Some(action(&found.pointer, "x-effect: account")),
            );
            Effect::Account
        }
        // Reading is told by the name; anything unknown is never repeated.
        None if found.method == "get"
            || ["get", "list", "query"]
                .iter()
                .any(|word| id.starts_with(word)) =>
        {
            Effect::Read
        }
        None => Effect::Account,
    }
}

fn pace(node: &Value, private: bool, defaults: &Defaults<'_>) -> Pace {
    let own = node.get("x-pace");
    let standard = if private {
        &defaults.counters.0
    } else {
        &defaults.counters.1
    };
    Pace {
        counter: own
            .and_then(|pace| text(pace, "counter"))
            .unwrap_or(standard)
            .to_owned(),
        cost: own
            .and_then(|pace| pace.get("cost"))
            .and_then(Value::as_u64)
            .and_then(|cost| u16::try_from(cost).ok())
            .unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str) -> (Permission, String) {
        permission(Some(text.to_owned()), true)
    }

    #[test]
    fn permissions_come_out_of_the_prose() {
        let (permission, prose) = described(
            "Cash balance.\n\n**API Key Permissions Required:** `Funds permissions - Query`",
        );
        assert_eq!(
            permission,
            Permission::AllOf(vec!["Funds permissions - Query".into()])
        );
        assert_eq!(prose, "Cash balance.");

        let (permission, _) = described(
            "X.\n\n**API Key Permissions Required:** `A - B` or\n`C - D`, depending on status of order.",
        );
        assert_eq!(
            permission,
            Permission::AnyOf(vec!["A - B".into(), "C - D".into()])
        );

        let (permission, prose) = described(
            "X.\n\n**API Key Permissions Required:** `W`, unless\nwithdrawal is a `WalletTransfer`, then no permissions are required.",
        );
        assert_eq!(permission, Permission::AllOf(vec!["W".into()]));
        assert!(
            prose.contains("unless withdrawal is a `WalletTransfer`"),
            "{prose}"
        );

        assert_eq!(
            described("**API Key Permissions Required:** `None`").0,
            Permission::NotNeeded
        );
        assert_eq!(described("Nothing said.").0, Permission::Undocumented);
        assert_eq!(super::permission(None, false).0, Permission::NotNeeded);
    }

    #[test]
    fn methods_are_named_by_id_or_by_summary() {
        let none = json!({});
        assert_eq!(
            rust_method(&none, "getOHLCData", "Get OHLC Data"),
            "get_ohlc_data"
        );
        assert_eq!(
            rust_method(&none, "getV0InstoCustodyVaultsVaultId", "Get vault"),
            "get_vault"
        );
        assert_eq!(rust_method(&json!({"x-name": "own"}), "getX", ""), "own");
    }
}
