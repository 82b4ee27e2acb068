//! Schemas: from whatever the vendor wrote to the few plain forms the generator emits.
//!
//! Walking from an operation's request or answer, every schema becomes one of: a named object, a
//! named open enum, a list, a map, a format of [`super::rules`] or a plain scalar. Named types are
//! collected on the way, with the facts OpenAPI has no place for.

use std::collections::{BTreeMap, HashMap};

use heck::ToUpperCamelCase;
use serde_json::{Map, Value, json};

use super::{
    names,
    resolve::{Resolved, resolve},
    rules::{self, COMMA_MARKER},
};
use crate::{
    model::{TypeFacts, TypeKind},
    problem::{Problem, action, join, without_reference},
};

/// Deeper nesting than this is taken for a schema that contains itself without a name.
const MAX_DEPTH: usize = 64;

/// The walk over the schemas of one description.
pub(crate) struct Lowering<'d> {
    pub(crate) file: &'d str,
    pub(crate) document: &'d Value,
    /// Whether the descriptions are our own words and may become documentation.
    pub(crate) own_words: bool,
    /// The operation the walk is in, for messages.
    pub(crate) operation: Option<String>,
    /// Whether the walk is in a request; integers stay integers there.
    pub(crate) in_request: bool,
    /// Plain schemas of the named types.
    pub(crate) schemas: Map<String, Value>,
    /// Facts about them.
    pub(crate) types: BTreeMap<String, TypeFacts>,
    pub(crate) problems: Vec<Problem>,
    /// Named types by the place they were described at.
    pub(super) made: HashMap<String, String>,
    depth: usize,
}

/// Where a schema stands: what to call a type made of it, and which property it is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// JSON pointer.
    pub(crate) at: &'a str,
    /// Name for a type without one of its own.
    pub(crate) suggested: &'a str,
    /// Name that wins over a component's.
    pub(crate) forced: Option<&'a str>,
    /// Property name on the wire, which the rules go by.
    pub(crate) property: &'a str,
}

impl<'d> Lowering<'d> {
    pub(crate) fn new(file: &'d str, document: &'d Value, own_words: bool) -> Self {
        Self {
            file,
            document,
            own_words,
            operation: None,
            in_request: false,
            schemas: Map::new(),
            types: BTreeMap::new(),
            problems: Vec::new(),
            made: HashMap::new(),
            depth: 0,
        }
    }

    /// The plain form of a schema.
    pub(crate) fn lower(&mut self, node: &Value, place: Place<'_>) -> Value {
        self.depth += 1;
        let lowered = if self.depth > MAX_DEPTH {
            self.problem(
                place.at,
                "the schema contains itself without a named object in between".to_owned(),
                Some(action(place.at, "x-format: json")),
            );
            marker("Json")
        } else {
            self.lower_resolved(node, place)
        };
        self.depth -= 1;
        lowered
    }

    fn lower_resolved(&mut self, node: &Value, place: Place<'_>) -> Value {
        let Some(resolved) = self.resolve(node, place.at) else {
            return marker("Json");
        };
        let schema = &resolved.value;
        if !schema.is_object() {
            self.problem(
                place.at,
                "a schema must be an object".to_owned(),
                Some(action(place.at, "x-format: json")),
            );
            return marker("Json");
        }
        if let Some(name) = text(schema, "x-format") {
            return self.format(name, place.at);
        }
        if schema.get("x-tuple").is_some() {
            return self.tuple(&resolved, place);
        }
        if schema.get("x-comma-separated").and_then(Value::as_bool) == Some(true) {
            return self.comma_separated(schema, place);
        }
        if let Some(key) = text(schema, "x-placeholder") {
            return self.placeholder(schema, key, place);
        }
        if schema.get("allOf").is_some() {
            return self.all_of(&resolved, place);
        }
        for word in ["oneOf", "anyOf"] {
            if let Some(alternatives) = schema.get(word).and_then(Value::as_array) {
                let alternatives = alternatives.clone();
                return self.one_of(&resolved, word, &alternatives, place);
            }
        }
        if schema.get("not").is_some() {
            self.problem(
                place.at,
                "`not` has no counterpart in a Rust type".to_owned(),
                Some(action(place.at, "x-format: json")),
            );
            return marker("Json");
        }
        match text(schema, "type") {
            Some("object") => self.object(&resolved, place),
            Some("array") => self.array(schema, place),
            Some("string") => self.string(&resolved, place),
            Some("number") => {
                if rules::is_time(place.property) {
                    marker("Timestamp")
                } else {
                    marker("DecimalNumber")
                }
            }
            Some("integer") => self.integer(schema, place),
            Some("boolean") => json!({"type": "boolean"}),
            None if schema.get("properties").is_some()
                || schema.get("additionalProperties").is_some() =>
            {
                self.object(&resolved, place)
            }
            None if schema.get("enum").is_some() => self.string(&resolved, place),
            // The vendor left the type out; an amount is a decimal all the same.
            None if rules::is_amount(place.property) => marker("DecimalText"),
            None => marker("Json"),
            Some(other) => {
                self.problem(
                    place.at,
                    format!("the type `{other}` is none of OpenAPI 3.0"),
                    Some(action(place.at, "x-format: json")),
                );
                marker("Json")
            }
        }
    }

    /// Follows the references of a node; a problem and `None` if they lead nowhere.
    pub(crate) fn resolve(&mut self, node: &Value, at: &str) -> Option<Resolved> {
        match resolve(self.document, node, at) {
            Ok(resolved) => Some(resolved),
            Err(reason) => {
                self.problem(at, reason, Some(without_reference(at)));
                None
            }
        }
    }

    pub(crate) fn problem(&mut self, at: &str, reason: String, mend: Option<String>) {
        let problem = Problem {
            file: self.file.to_owned(),
            operation: self.operation.clone(),
            pointer: at.to_owned(),
            reason,
            mend,
        };
        // A shared component is met once for every operation that uses it.
        if !self
            .problems
            .iter()
            .any(|known| known.pointer == problem.pointer && known.reason == problem.reason)
        {
            self.problems.push(problem);
        }
    }

    /// The prose of a node, if it is ours.
    pub(crate) fn doc(&self, schema: &Value) -> Option<String> {
        let own = text(schema, "x-doc");
        let described = if self.own_words {
            text(schema, "description")
        } else {
            None
        };
        own.or(described)
            .map(str::trim)
            .filter(|doc| !doc.is_empty())
            .map(str::to_owned)
    }

    pub(super) fn format(&mut self, name: &str, at: &str) -> Value {
        if let Some(format) = rules::format(name) {
            return marker(format.marker);
        }
        let known: Vec<_> = rules::FORMATS.iter().map(|format| format.name).collect();
        self.problem(
            at,
            format!("`x-format: {name}` is not a format of this generator"),
            Some(format!("use one of: {}", known.join(", "))),
        );
        marker("Json")
    }

    pub(super) fn string(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
        let schema = &resolved.value;
        if schema.get("enum").is_some() {
            return self.open_enum(resolved, place);
        }
        let format = text(schema, "format").unwrap_or_default();
        if format == "binary" {
            return json!({"type": "string", "format": "binary"});
        }
        if rules::is_time_format(format) && self.in_request {
            return marker("Rfc3339");
        }
        if rules::is_time_format(format) || rules::is_time(place.property) {
            return marker(if self.in_request {
                "UnixSeconds"
            } else {
                "Timestamp"
            });
        }
        if is_unix_time(schema) {
            return marker(if self.in_request {
                "UnixSeconds"
            } else {
                "Timestamp"
            });
        }
        let decimal_pattern =
            text(schema, "pattern").is_some_and(|pattern| pattern.contains("[0-9]+(\\."));
        if decimal_pattern || rules::is_amount(place.property) {
            return marker("DecimalText");
        }
        json!({"type": "string"})
    }

    /// Numbers of requests are written as numbers; those of answers are also read from text,
    /// which the wire has here and there.
    pub(super) fn integer(&mut self, schema: &Value, place: Place<'_>) -> Value {
        if rules::is_time(place.property) && !self.in_request {
            return marker("Timestamp");
        }
        let (format, lenient) = match text(schema, "format") {
            Some("int32") => ("int32", "Integer32"),
            Some("uint16" | "uint32") => ("uint32", "Unsigned32"),
            Some("uint" | "uint64") => ("uint64", "Unsigned64"),
            _ => ("int64", "Integer64"),
        };
        if self.in_request {
            json!({"type": "integer", "format": format})
        } else {
            marker(lenient)
        }
    }

    /// A list, `Vec` in Rust.
    pub(super) fn array(&mut self, schema: &Value, place: Place<'_>) -> Value {
        let Some(items) = schema.get("items") else {
            self.problem(
                place.at,
                "the array does not say what its `items` are".to_owned(),
                Some(action(place.at, "items:\n  x-format: json")),
            );
            return json!({"type": "array", "items": marker("Json")});
        };
        let items = self.lower(
            items,
            Place {
                at: &join(place.at, "items"),
                suggested: &element_name(place.suggested),
                forced: None,
                property: place.property,
            },
        );
        json!({"type": "array", "items": items})
    }

    pub(super) fn open_enum(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
        let schema = &resolved.value;
        let mut values = Vec::new();
        for value in schema
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            match value {
                Value::String(value) if !value.is_empty() => {
                    if !values.contains(value) {
                        values.push(value.clone());
                    }
                }
                // `null` among the values only says that the field may be null.
                Value::Null => {}
                other => {
                    self.problem(
                        place.at,
                        format!("the enum value {other} is no text"),
                        Some(action(place.at, "x-format: json")),
                    );
                    return marker("Json");
                }
            }
        }
        if values.is_empty() {
            self.problem(
                place.at,
                "the enum has no values".to_owned(),
                Some(action(place.at, "x-format: string")),
            );
            return marker("Json");
        }
        let name = Self::type_name(resolved, place);
        let facts = TypeFacts {
            doc: self.doc(schema),
            kind: TypeKind::OpenEnum(values),
            variant_names: schema
                .get("x-variant-names")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            ..TypeFacts::default()
        };
        // The values are in the facts. Typify need not find variants for them, which it can't for
        // some, such as `<` and `>`.
        let plain = json!({"type": "string", "enum": ["any"]});
        self.claim(&name, plain, facts, place.at)
    }

    pub(super) fn comma_separated(&mut self, schema: &Value, place: Place<'_>) -> Value {
        let item = match schema.get("x-item-enum") {
            None => json!({"type": "string"}),
            Some(item) => {
                let name = text(item, "name").unwrap_or(place.suggested).to_owned();
                let described = json!({
                    "type": "string",
                    "enum": item.get("values").cloned().unwrap_or_else(|| json!([])),
                    "x-name": name,
                    "x-doc": item.get("doc").cloned().unwrap_or(Value::Null),
                });
                self.lower(
                    &described,
                    Place {
                        property: "",
                        ..place
                    },
                )
            }
        };
        let mut marker = marker(COMMA_MARKER);
        marker["x-rust-type"]["parameters"] = json!([item]);
        marker
    }

    pub(super) fn placeholder(&mut self, schema: &Value, key: &str, place: Place<'_>) -> Value {
        let at = join(&join(place.at, "properties"), key);
        let Some(value) = schema.pointer(&format!("/properties/{key}")).cloned() else {
            self.problem(
                place.at,
                format!("`x-placeholder: {key}` names a property that is not there"),
                Some("correct or drop the overlay action".to_owned()),
            );
            return marker("Json");
        };
        let value = self.lower(
            &value,
            Place {
                at: &at,
                suggested: &element_name(place.suggested),
                forced: None,
                property: place.property,
            },
        );
        json!({"type": "object", "additionalProperties": value})
    }

    /// The Rust name of a type described at this place.
    pub(super) fn type_name(resolved: &Resolved, place: Place<'_>) -> String {
        if let Some(name) = text(&resolved.value, "x-name") {
            return names::type_name(name);
        }
        let name = match (place.forced, &resolved.component) {
            (Some(forced), _) => forced.to_owned(),
            (None, Some(component)) => component
                .trim_end_matches(|c: char| c == '-' || c.is_ascii_digit())
                .to_upper_camel_case(),
            (None, None) => place.suggested.to_owned(),
        };
        names::type_name(&name)
    }

    /// Puts a named type in place, or finds that it is there already.
    pub(super) fn claim(
        &mut self,
        name: &str,
        plain: Value,
        mut facts: TypeFacts,
        at: &str,
    ) -> Value {
        at.clone_into(&mut facts.at);
        // A tuple is named by a word of its own.
        let mend = if facts.kind == TypeKind::Tuple {
            "x-tuple-name: AnotherName"
        } else {
            "x-name: AnotherName"
        };
        if let Some(reason) = names::type_fault(name) {
            self.problem(at, reason, Some(action(at, mend)));
        }
        if let (Some(known), Some(known_facts)) = (self.schemas.get(name), self.types.get(name)) {
            if *known != plain || known_facts.kind != facts.kind {
                self.problem(
                    at,
                    format!("two different types want the Rust name `{name}`"),
                    Some(action(at, mend)),
                );
            }
        } else {
            self.schemas.insert(name.to_owned(), plain);
            self.types.insert(name.to_owned(), facts);
        }
        reference(name)
    }
}

/// Name for the entries of a list or map that itself would have this name.
pub(super) fn element_name(name: &str) -> String {
    if let Some(operation) = name.strip_suffix("Result") {
        // The answer's own name is the list's.
        return format!("{operation}Entry");
    }
    match name.strip_suffix('s') {
        Some(one) if name.len() > 4 && !one.ends_with(['s', 'u', 'i']) => one.to_owned(),
        _ => name.to_owned(),
    }
}

/// A reference to a named type.
pub(crate) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A schema that progenitor turns into `::wire_codec::NAME`.
pub(crate) fn marker(name: &str) -> Value {
    json!({
        "type": "string",
        "x-rust-type": {"crate": "wire-codec", "version": "*", "path": format!("wire_codec::{name}")},
    })
}

/// A text member of a node.
pub(crate) fn text<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    node.get(key).and_then(Value::as_str)
}

/// A string of at most thirteen characters with digits as its example: Unix seconds.
fn is_unix_time(schema: &Value) -> bool {
    schema.get("maxLength").and_then(Value::as_u64) == Some(13)
        && text(schema, "example")
            .is_some_and(|example| example.chars().all(|c| c.is_ascii_digit()))
}
