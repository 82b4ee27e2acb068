//! Objects, `allOf` and rows with a meaning for each position: everything that becomes a struct.

use heck::ToUpperCamelCase;
use serde_json::{Map, Value, json};

use super::{
    limits::checks,
    lower::{Lowering, Place, element_name, marker, reference, text},
    names,
    resolve::Resolved,
    unions::constant_value,
};
use crate::{
    model::{FieldFacts, TypeFacts, TypeKind},
    problem::{action, join},
};

impl Lowering<'_> {
    pub(super) fn tuple(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
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
                at: at.clone(),
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

    pub(super) fn object(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
        let schema = &resolved.value;
        let others = schema.get("additionalProperties");
        let Some(properties) = schema
            .get("properties")
            .and_then(Value::as_object)
            .filter(|properties| !properties.is_empty())
        else {
            return self.map(others, resolved, place);
        };
        if let Some(name) = self.made.get(&resolved.pointer) {
            return reference(name);
        }
        let name = Self::type_name(resolved, place);
        self.made.insert(resolved.pointer.clone(), name.clone());

        let mut plain = Map::new();
        let mut required = Vec::new();
        let mut fields = Vec::new();
        for (key, property) in properties {
            let at = join(&join(&resolved.pointer, "properties"), key);
            let Some(target) = self.resolve(property, &at) else {
                continue;
            };
            if is_required(schema, key, &target.value) {
                required.push(key.clone());
            }
            fields.push(self.field_facts(key, &target.value, &at));
            let suggested = format!("{name}{}", key.to_upper_camel_case());
            let place = Place {
                at: &at,
                suggested: &suggested,
                forced: None,
                property: key,
            };
            plain.insert(key.clone(), self.lower(property, place));
        }
        let mut document = json!({
            "type": "object",
            "properties": plain,
            "required": required,
        });
        let mut kind = TypeKind::Object;
        if let Some(others) = others.filter(|others| **others != Value::Bool(false)) {
            let rest = text(schema, "x-map-name").unwrap_or("extra").to_owned();
            document["additionalProperties"] = self.others(others, resolved, &name, &rest);
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

    /// An object without named members: a map, if anything is known of its values.
    fn map(&mut self, values: Option<&Value>, resolved: &Resolved, place: Place<'_>) -> Value {
        let Some(values @ Value::Object(map)) = values else {
            return marker("Json");
        };
        if map.is_empty() {
            return marker("Json");
        }
        let place = Place {
            at: &join(&resolved.pointer, "additionalProperties"),
            suggested: &element_name(place.suggested),
            forced: None,
            property: place.property,
        };
        json!({"type": "object", "additionalProperties": self.lower(values, place)})
    }

    /// The values of the members that are not named.
    fn others(&mut self, others: &Value, resolved: &Resolved, name: &str, rest: &str) -> Value {
        if *others == Value::Bool(true) || *others == json!({}) {
            // Nothing is known of them: keep them as they came.
            return marker("Json");
        }
        let place = Place {
            at: &join(&resolved.pointer, "additionalProperties"),
            suggested: &format!("{name}{}", rest.to_upper_camel_case()),
            forced: None,
            property: "",
        };
        self.lower(others, place)
    }

    /// What is known of a property besides its type.
    fn field_facts(&self, key: &str, property: &Value, at: &str) -> FieldFacts {
        let flag = |word: &str| property.get(word).and_then(Value::as_bool) == Some(true);
        FieldFacts {
            name: key.to_owned(),
            doc: self.doc(property),
            aliases: aliases(property),
            rust_name: text(property, "x-field-name").map(str::to_owned),
            checks: checks(property),
            constant: constant_value(property).filter(|_| flag("x-constant")),
            deprecated: flag("deprecated"),
            default: property.get("default").cloned(),
            at: at.to_owned(),
        }
    }

    /// `allOf`: the objects are one object.
    pub(super) fn all_of(&mut self, resolved: &Resolved, place: Place<'_>) -> Value {
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

    /// The fields of one struct must have names of their own; `pointer` is that of the properties.
    pub(super) fn check_fields(
        &mut self,
        fields: &[FieldFacts],
        pointer: &str,
        rest: Option<&str>,
    ) {
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
}

/// Adds the properties and required names of `part` to `merged`.
pub(super) fn merge_object(merged: &mut Value, part: &Value) {
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

/// Whether an object always has a member. One that may be null is as good as missing.
fn is_required(object: &Value, key: &str, property: &Value) -> bool {
    let named = object
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(|required| required.iter().any(|name| name == key));
    named && property.get("nullable").and_then(Value::as_bool) != Some(true)
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
