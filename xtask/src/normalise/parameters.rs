//! Path, query and header parameters.

use heck::{ToSnakeCase, ToUpperCamelCase};
use serde_json::{Value, json};

use super::{
    limits::checks,
    lower::{Lowering, Place, text},
    names,
    operations::Found,
};
use crate::{
    model::{Location, Parameter, TypeKind},
    problem::{action, join, removal},
};

pub(super) fn lower_parameters(
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
        let deprecated = value.get("deprecated").and_then(Value::as_bool) == Some(true);
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
                deprecated,
            },
            parameters,
            plain,
        );
    }
}

/// The names in braces in a path.
pub(super) fn placeholders(path: &str) -> Vec<&str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect()
}

/// Whether each brace of a path belongs to a name.
pub(super) fn is_template(path: &str) -> bool {
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
pub(super) fn check_path(lowering: &mut Lowering<'_>, found: &Found<'_>, parameters: &[Parameter]) {
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
pub(super) fn parameter_fault(
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
pub(super) fn argument_name(wire: &str, chosen: Option<&str>) -> String {
    chosen.map_or_else(|| names::field_name(wire), str::to_owned)
}

/// Why a call can't have an argument of this Rust name besides those it has.
pub(super) fn argument_fault(taken: &[Parameter], name: &str) -> Option<String> {
    let taken = taken
        .iter()
        .any(|known| argument_name(&known.name, known.rust_name.as_deref()) == name);
    (taken || names::is_builders(name))
        .then(|| format!("`{name}` is the name of something else in the call"))
}

/// The members of a body are arguments like the parameters.
pub(super) fn check_members(
    lowering: &mut Lowering<'_>,
    type_name: &str,
    at: &str,
    parameters: &[Parameter],
) {
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
pub(super) struct Described {
    pub(super) name: String,
    pub(super) location: Location,
    pub(super) required: bool,
    pub(super) doc: Option<String>,
    pub(super) example: Option<Value>,
    pub(super) deprecated: bool,
}

pub(super) fn add_parameter(
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
        deprecated,
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
        default: resolved.get("default").cloned(),
        deprecated,
        at: at.to_owned(),
        rust_name,
        name,
        location,
        required,
        doc,
        example,
    });
}

/// Whether a plain schema is a scalar or an enum.
pub(super) fn is_text_like(lowering: &Lowering<'_>, plain: &Value) -> bool {
    match text(plain, "$ref").and_then(|target| target.rsplit('/').next()) {
        Some(name) => lowering
            .types
            .get(name)
            .is_some_and(|facts| matches!(facts.kind, TypeKind::OpenEnum(_))),
        None => !matches!(text(plain, "type"), Some("array" | "object")),
    }
}

/// A parameter's schema with our extensions that stand on the parameter itself.
pub(super) fn with_marks(schema: &Value, parameter: &Value) -> Value {
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
