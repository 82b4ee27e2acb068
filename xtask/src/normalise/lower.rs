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
    model::{Check, FieldFacts, TaggedVariant, TypeFacts, TypeKind},
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
    made: HashMap<String, String>,
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

    fn format(&mut self, name: &str, at: &str) -> Value {
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

    fn string(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
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
    fn integer(&mut self, schema: &Value, place: Place<'_>) -> Value {
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
    fn array(&mut self, schema: &Value, place: Place<'_>) -> Value {
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

    fn open_enum(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
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
        let name = self.type_name(resolved, place);
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

    fn comma_separated(&mut self, schema: &Value, place: Place<'_>) -> Value {
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

    fn placeholder(&mut self, schema: &Value, key: &str, place: Place<'_>) -> Value {
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

    fn tuple(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
        let schema = &resolved.value;
        if let Some(name) = self.made.get(&resolved.pointer) {
            return reference(name);
        }
        let name = names::type_name(text(schema, "x-tuple-name").unwrap_or(place.suggested));
        self.made.insert(resolved.pointer.clone(), name.clone());
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut fields = Vec::new();
        for (index, element) in schema
            .get("x-tuple")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            let at = join(&join(place.at, "x-tuple"), &index.to_string());
            let Some(element_name) = text(element, "name").map(str::to_owned) else {
                self.problem(
                    &at,
                    "a position of `x-tuple` has no `name`".to_owned(),
                    None,
                );
                continue;
            };
            let mut described = element.clone();
            if let Value::Object(described) = &mut described {
                if let Some(format) = described.remove("format") {
                    described.insert("x-format".to_owned(), format);
                } else if !described.contains_key("type") {
                    described.insert("type".to_owned(), json!("string"));
                }
                if let Some(enum_name) = described.remove("enumName") {
                    described.insert("x-name".to_owned(), enum_name);
                }
                if let Some(variants) = described.remove("variantNames") {
                    described.insert("x-variant-names".to_owned(), variants);
                }
            }
            let suggested = format!("{name}{}", element_name.to_upper_camel_case());
            let lowered = self.lower(
                &described,
                Place {
                    at: &at,
                    suggested: &suggested,
                    forced: None,
                    property: &element_name,
                },
            );
            if element.get("optional").and_then(Value::as_bool) != Some(true) {
                required.push(element_name.clone());
            }
            fields.push(FieldFacts {
                name: element_name.clone(),
                doc: text(element, "doc").map(str::to_owned),
                ..FieldFacts::default()
            });
            properties.insert(element_name, lowered);
        }
        let facts = TypeFacts {
            doc: text(schema, "x-tuple-doc").map(str::to_owned),
            kind: TypeKind::Tuple,
            fields,
            ..TypeFacts::default()
        };
        if facts.fields.is_empty() {
            self.problem(
                place.at,
                "`x-tuple` has no positions".to_owned(),
                Some("correct or drop the overlay action".to_owned()),
            );
            return marker("Json");
        }
        self.check_fields(&facts.fields, &join(place.at, "x-tuple"), None);
        let plain = json!({"type": "object", "properties": properties, "required": required});
        self.claim(&name, plain, facts, place.at)
    }

    fn object(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
        let schema = &resolved.value;
        let properties = schema
            .get("properties")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let others = schema.get("additionalProperties").cloned();
        if properties.is_empty() {
            return match others {
                Some(Value::Object(others)) if !others.is_empty() => {
                    let at = join(&resolved.pointer, "additionalProperties");
                    let value = self.lower(
                        &Value::Object(others),
                        Place {
                            at: &at,
                            suggested: &element_name(place.suggested),
                            forced: None,
                            property: place.property,
                        },
                    );
                    json!({"type": "object", "additionalProperties": value})
                }
                // Nothing is known of what is inside: keep it as it came.
                _ => marker("Json"),
            };
        }
        if let Some(name) = self.made.get(&resolved.pointer) {
            return reference(name);
        }
        let name = self.type_name(resolved, place);
        self.made.insert(resolved.pointer.clone(), name.clone());

        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut plain = Map::new();
        let mut plain_required = Vec::new();
        let mut fields = Vec::new();
        for (key, property) in &properties {
            let at = join(&join(&resolved.pointer, "properties"), key);
            let Some(target) = self.resolve(property, &at) else {
                continue;
            };
            let suggested = format!("{name}{}", key.to_upper_camel_case());
            let lowered = self.lower(
                property,
                Place {
                    at: &at,
                    suggested: &suggested,
                    forced: None,
                    property: key,
                },
            );
            let nullable = target.value.get("nullable").and_then(Value::as_bool) == Some(true);
            if required.contains(&key.as_str()) && !nullable {
                plain_required.push(key.clone());
            }
            fields.push(FieldFacts {
                name: key.clone(),
                doc: self.doc(&target.value),
                aliases: aliases(&target.value),
                rust_name: text(&target.value, "x-field-name").map(str::to_owned),
                checks: checks(&target.value),
                constant: match constant_value(&target.value) {
                    Some(value)
                        if target.value.get("x-constant").and_then(Value::as_bool)
                            == Some(true) =>
                    {
                        Some(value)
                    }
                    _ => None,
                },
                deprecated: target.value.get("deprecated").and_then(Value::as_bool) == Some(true),
            });
            plain.insert(key.clone(), lowered);
        }
        let mut document = json!({
            "type": "object",
            "properties": plain,
            "required": plain_required,
        });
        let mut kind = TypeKind::Object;
        if let Some(others) = others
            && others != Value::Bool(false)
        {
            let rest = text(schema, "x-map-name").unwrap_or("extra").to_owned();
            let open = others == Value::Bool(true) || others == json!({});
            document["additionalProperties"] = if open {
                marker("Json")
            } else {
                let at = join(&resolved.pointer, "additionalProperties");
                let suggested = format!("{name}{}", rest.to_upper_camel_case());
                self.lower(
                    &others,
                    Place {
                        at: &at,
                        suggested: &suggested,
                        forced: None,
                        property: "",
                    },
                )
            };
            kind = TypeKind::WithRest(rest);
        }
        let rest = match &kind {
            TypeKind::WithRest(rest) => Some(rest.as_str()),
            _ => None,
        };
        self.check_fields(&fields, &join(&resolved.pointer, "properties"), rest);
        let facts = TypeFacts {
            doc: self.doc(schema),
            kind,
            fields,
            ..TypeFacts::default()
        };
        self.claim(&name, document, facts, place.at)
    }

    /// `allOf`: the objects are one object.
    fn all_of(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
        let schema = &resolved.value;
        let parts = schema
            .get("allOf")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if let [only] = parts.as_slice() {
            let at = join(&join(&resolved.pointer, "allOf"), "0");
            return self.lower(only, Place { at: &at, ..place });
        }
        let mut merged = json!({"type": "object"});
        for (index, part) in parts.iter().enumerate() {
            let at = join(&join(&resolved.pointer, "allOf"), &index.to_string());
            let Some(part) = self.resolve(part, &at) else {
                return marker("Json");
            };
            if part.value.get("properties").is_none() {
                self.problem(
                    &at,
                    "a part of `allOf` is no object with properties".to_owned(),
                    Some(action(place.at, "x-format: json")),
                );
                return marker("Json");
            }
            merge_object(&mut merged, &part.value);
        }
        for (key, value) in schema.as_object().into_iter().flatten() {
            if !matches!(key.as_str(), "allOf" | "properties" | "required") {
                merged[key] = value.clone();
            }
        }
        // What stands beside the list is one part more.
        merge_object(&mut merged, schema);
        let resolved = Resolved {
            value: merged,
            ..resolved.clone()
        };
        self.object(&resolved, place)
    }

    /// `oneOf` and `anyOf`: how the alternatives are told apart decides the Rust type.
    fn one_of(
        &mut self,
        resolved: &Resolved,
        word: &str,
        alternatives: &[Value],
        place: Place<'_>,
    ) -> Value {
        let base = join(&resolved.pointer, word);
        let mut parts = Vec::new();
        for (index, alternative) in alternatives.iter().enumerate() {
            let at = join(&base, &index.to_string());
            match self.resolve(alternative, &at) {
                // An alternative that is only null says that the value may be missing.
                Some(part) if is_null(&part.value) => {}
                Some(part) => parts.push((alternative.clone(), at, part)),
                None => return marker("Json"),
            }
        }
        if let [(alternative, at, _)] = parts.as_slice() {
            return self.lower(alternative, Place { at, ..place });
        }
        let kinds: Vec<&str> = parts
            .iter()
            .map(|(_, _, part)| shape(&part.value))
            .collect();
        if kinds
            .iter()
            .all(|kind| matches!(*kind, "string" | "number" | "integer"))
            && rules::is_amount(place.property)
        {
            return marker("DecimalText");
        }
        if kinds.len() == 2 && kinds.contains(&"array") && kinds.contains(&"object") {
            return self.by_shape(resolved, &parts, place);
        }
        if !kinds.is_empty() && kinds.iter().all(|kind| *kind == "object") {
            if parts.iter().all(|(_, _, part)| {
                text(&part.value, "title").is_some() && !constants(&part.value).is_empty()
            }) {
                return self.tagged(resolved, &parts, place);
            }
            if let Some(tag) = discriminator(&parts) {
                return self.merged_variants(resolved, &parts, &tag, place);
            }
        }
        self.problem(
            place.at,
            format!(
                "the alternatives of `{word}` ({}) can't be told apart by rule",
                if kinds.is_empty() {
                    "none".to_owned()
                } else {
                    kinds.join(", ")
                }
            ),
            Some(action(
                place.at,
                "x-format: json   # or order-ref, cursor, decimal, …: see xtask/src/normalise/rules.rs",
            )),
        );
        marker("Json")
    }

    /// A list or an object, told apart by the first character.
    fn by_shape(
        &mut self,
        resolved: &Resolved,
        parts: &[(Value, String, Resolved)],
        place: Place<'_>,
    ) -> Value {
        // Without this a list of itself and a map of itself would be walked for ever.
        if let Some(name) = self.made.get(&resolved.pointer) {
            return reference(name);
        }
        let name = self.type_name(resolved, place);
        self.made.insert(resolved.pointer.clone(), name.clone());
        let mut names = ["List".to_owned(), String::new()];
        let mut plain = [Value::Null, Value::Null];
        for (index, (alternative, at, part)) in parts.iter().enumerate() {
            let chosen = resolved
                .value
                .pointer(&format!("/x-variant-names/{index}"))
                .and_then(Value::as_str);
            let (slot, standard) = if shape(&part.value) == "array" {
                (0, "List")
            } else if part.value.get("properties").is_some() {
                (1, "Page")
            } else {
                (1, "Map")
            };
            names[slot] = chosen.unwrap_or(standard).to_owned();
            let suggested = format!("{name}{}", names[slot]);
            plain[slot] = self.lower(
                alternative,
                Place {
                    at,
                    suggested: &suggested,
                    forced: None,
                    property: "",
                },
            );
        }
        let [list, object] = names;
        for variant in [&list, &object] {
            if !names::is_ident(variant) || list == object {
                self.problem(
                    place.at,
                    format!("`{list}` and `{object}` can't be the variants of a Rust enum"),
                    Some(action(place.at, "x-variant-names: [List, Map]")),
                );
                return marker("Json");
            }
        }
        let facts = TypeFacts {
            doc: self.doc(&resolved.value),
            kind: TypeKind::ByShape { list, object },
            ..TypeFacts::default()
        };
        self.claim(&name, json!({"oneOf": plain}), facts, place.at)
    }

    /// Answer variants told apart by one constant member become one struct with all their fields.
    fn merged_variants(
        &mut self,
        resolved: &Resolved,
        parts: &[(Value, String, Resolved)],
        tag: &str,
        place: Place<'_>,
    ) -> Value {
        let mut merged = json!({"type": "object"});
        let mut values = Vec::new();
        let name = self.type_name(resolved, place);
        for (_, _, part) in parts {
            for (key, value) in constants(&part.value) {
                if key == tag && !values.contains(&value) {
                    values.push(value);
                }
            }
            merge_object(&mut merged, &part.value);
        }
        merged["properties"][tag] = json!({
            "type": "string",
            "enum": values,
            "x-name": format!("{name}Kind"),
            "x-field-name": "kind",
            "x-doc": "Which of the variants it is; the other fields depend on it.",
        });
        merged["required"] = json!([tag]);
        for key in ["description", "x-name", "x-doc"] {
            if let Some(value) = resolved.value.get(key) {
                merged[key] = value.clone();
            }
        }
        let resolved = Resolved {
            value: merged,
            ..resolved.clone()
        };
        self.object(&resolved, place)
    }

    /// Request variants with titles become a Rust enum with named fields.
    fn tagged(
        &mut self,
        resolved: &Resolved,
        parts: &[(Value, String, Resolved)],
        place: Place<'_>,
    ) -> Value {
        let name = self.type_name(resolved, place);
        let mut variants = Vec::new();
        let mut plain = Vec::new();
        for (_, at, part) in parts {
            let title = text(&part.value, "title")
                .unwrap_or_default()
                .to_upper_camel_case();
            let type_name = names::type_name(&format!("{name}{title}"));
            let twice = variants
                .iter()
                .any(|known: &TaggedVariant| known.name == title);
            if !names::is_ident(&title) || twice {
                self.problem(
                    at,
                    format!("the title gives the variant the Rust name `{title}`, which is none or taken"),
                    Some(action(at, "title: Another title")),
                );
                continue;
            }
            let constants = constants(&part.value);
            let mut fields = part.value.clone();
            if let Some(properties) = fields.get_mut("properties").and_then(Value::as_object_mut) {
                properties.retain(|key, _| !constants.iter().any(|(constant, _)| constant == key));
            }
            if let Some(required) = fields.get_mut("required").and_then(Value::as_array_mut) {
                required.retain(|key| !constants.iter().any(|(constant, _)| key == constant));
            }
            let inline = Resolved {
                value: fields,
                pointer: at.clone(),
                component: None,
            };
            plain.push(self.object(
                &inline,
                Place {
                    at,
                    suggested: &type_name,
                    forced: None,
                    property: "",
                },
            ));
            variants.push(TaggedVariant {
                name: title,
                type_name,
                constants,
            });
        }
        let facts = TypeFacts {
            doc: self.doc(&resolved.value),
            kind: TypeKind::Tagged(variants),
            ..TypeFacts::default()
        };
        self.claim(&name, json!({"oneOf": plain}), facts, place.at)
    }

    /// The Rust name of a type described at this place.
    fn type_name(&self, resolved: &Resolved, place: Place<'_>) -> String {
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

    /// The fields of one struct must have names of their own; `pointer` is that of the properties.
    fn check_fields(&mut self, fields: &[FieldFacts], pointer: &str, rest: Option<&str>) {
        if let Some(rest) = rest.filter(|rest| !names::is_ident(rest)) {
            let owner = pointer.rsplit_once('/').map_or("", |(owner, _)| owner);
            self.problem(
                owner,
                format!("`x-map-name: {rest}` is no name for a Rust field"),
                Some(action(owner, "x-map-name: better_name")),
            );
        }
        let mut taken: Vec<String> = rest.map(str::to_owned).into_iter().collect();
        for (index, field) in fields.iter().enumerate() {
            let name = field
                .rust_name
                .clone()
                .unwrap_or_else(|| names::field_name(&field.name));
            // Positions of a tuple are found by number, properties by name.
            let (at, key) = if pointer.ends_with("/x-tuple") {
                (join(pointer, &index.to_string()), "name")
            } else {
                (join(pointer, &field.name), "x-field-name")
            };
            if !names::is_ident(&name) && !names::is_keyword(&name) {
                self.problem(
                    &at,
                    format!("`{name}` is no name for a Rust field"),
                    Some(action(&at, &format!("{key}: better_name"))),
                );
            } else if taken.contains(&name) {
                self.problem(
                    &at,
                    format!("two fields of the type would be called `{name}`"),
                    Some(action(&at, &format!("{key}: another_name"))),
                );
            } else {
                taken.push(name);
            }
        }
    }

    /// Puts a named type in place, or finds that it is there already.
    fn claim(&mut self, name: &str, plain: Value, facts: TypeFacts, at: &str) -> Value {
        // A tuple is named by a word of its own.
        let mend = if facts.kind == TypeKind::Tuple {
            "x-tuple-name: AnotherName"
        } else {
            "x-name: AnotherName"
        };
        if let Some(reason) = names::type_fault(name) {
            self.problem(at, reason, Some(action(at, mend)));
        }
        match (self.schemas.get(name), self.types.get(name)) {
            (Some(known), Some(known_facts)) => {
                if *known != plain || known_facts.kind != facts.kind {
                    self.problem(
                        at,
                        format!("two different types want the Rust name `{name}`"),
                        Some(action(at, mend)),
                    );
                }
            }
            _ => {
                self.schemas.insert(name.to_owned(), plain);
                self.types.insert(name.to_owned(), facts);
            }
        }
        reference(name)
    }
}

/// Name for the entries of a list or map that itself would have this name.
fn element_name(name: &str) -> String {
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

/// The rules of a schema that are checked before sending.
pub(crate) fn checks(schema: &Value) -> Vec<Check> {
    let mut checks = Vec::new();
    let whole = |key: &str| schema.get(key).and_then(Value::as_u64);
    match text(schema, "type") {
        Some("integer") => {
            if let Some(values) = schema.get("enum").and_then(Value::as_array) {
                checks.push(Check::OneOf(
                    values.iter().filter_map(Value::as_i64).collect(),
                ));
            }
            let bound = |key: &str| {
                schema
                    .get(key)
                    .and_then(|bound| bound.as_i64().or_else(|| bound.as_f64().map(whole_number)))
            };
            let (low, high) = (bound("minimum"), bound("maximum"));
            if low.is_some() || high.is_some() {
                checks.push(Check::Range(low, high));
            }
        }
        Some("string") if schema.get("x-format").is_none() => {
            let (low, high) = (whole("minLength"), whole("maxLength"));
            if low.is_some() || high.is_some() {
                checks.push(Check::Length(low, high));
            }
            if let Some(pattern) = text(schema, "pattern") {
                checks.push(Check::Pattern(pattern.to_owned()));
            }
        }
        Some("array") => {
            let (low, high) = (whole("minItems"), whole("maxItems"));
            if low.is_some() || high.is_some() {
                checks.push(Check::Items(low, high));
            }
        }
        _ => {}
    }
    checks
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "bounds of integers are small whole numbers, and `as` saturates"
)]
fn whole_number(bound: f64) -> i64 {
    bound as i64
}

fn aliases(schema: &Value) -> Vec<String> {
    match schema.get("x-alias") {
        Some(Value::String(alias)) => vec![alias.clone()],
        Some(Value::Array(aliases)) => aliases
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// A string of at most thirteen characters with digits as its example: Unix seconds.
fn is_unix_time(schema: &Value) -> bool {
    schema.get("maxLength").and_then(Value::as_u64) == Some(13)
        && text(schema, "example")
            .is_some_and(|example| example.chars().all(|c| c.is_ascii_digit()))
}

fn is_null(schema: &Value) -> bool {
    text(schema, "type") == Some("null") || schema.get("enum") == Some(&json!([null]))
}

fn shape(schema: &Value) -> &str {
    if schema.get("properties").is_some()
        || schema.get("additionalProperties").is_some()
        || schema.get("allOf").is_some()
    {
        return "object";
    }
    text(schema, "type").unwrap_or("anything")
}

/// The members of an object that have exactly one value.
fn constants(schema: &Value) -> Vec<(String, String)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, property)| Some((key.clone(), constant_value(property)?)))
        .collect()
}

/// The value of a schema that allows only one.
fn constant_value(schema: &Value) -> Option<String> {
    match schema.get("enum").and_then(Value::as_array)?.as_slice() {
        [Value::String(value)] => Some(value.clone()),
        _ => None,
    }
}

/// The constant member that all alternatives have.
fn discriminator(parts: &[(Value, String, Resolved)]) -> Option<String> {
    let (_, _, first) = parts.first()?;
    constants(&first.value)
        .into_iter()
        .map(|(key, _)| key)
        .find(|key| {
            parts
                .iter()
                .all(|(_, _, part)| constants(&part.value).iter().any(|(other, _)| other == key))
        })
}

/// Adds the properties and required names of `part` to `merged`.
fn merge_object(merged: &mut Value, part: &Value) {
    for (key, property) in part
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        merged["properties"][key] = property.clone();
    }
    if let Some(required) = part.get("required").and_then(Value::as_array) {
        match merged.get_mut("required").and_then(Value::as_array_mut) {
            Some(names) => names.extend(required.iter().cloned()),
            None => merged["required"] = Value::Array(required.clone()),
        }
    }
    if let Some(others) = part.get("additionalProperties") {
        merged["additionalProperties"] = others.clone();
    }
}
