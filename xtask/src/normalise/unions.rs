//! `oneOf` and `anyOf`: how the alternatives are told apart decides the Rust type.

use heck::ToUpperCamelCase;
use serde_json::{Value, json};

use super::{
    lower::{Lowering, Place, marker, reference, text},
    names,
    objects::merge_object,
    resolve::Resolved,
    rules,
};
use crate::{
    model::{TaggedVariant, TypeFacts, TypeKind},
    problem::{action, join},
};

impl Lowering<'_> {
    /// `oneOf` and `anyOf`: how the alternatives are told apart decides the Rust type.
    pub(super) fn one_of(
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
    pub(super) fn by_shape(
        &mut self,
        resolved: &Resolved,
        parts: &[(Value, String, Resolved)],
        place: Place<'_>,
    ) -> Value {
        // Without this a list of itself and a map of itself would be walked for ever.
        if let Some(name) = self.made.get(&resolved.pointer) {
            return reference(name);
        }
        let name = Self::type_name(resolved, place);
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
            chosen.unwrap_or(standard).clone_into(&mut names[slot]);
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
    pub(super) fn merged_variants(
        &mut self,
        resolved: &Resolved,
        parts: &[(Value, String, Resolved)],
        tag: &str,
        place: Place<'_>,
    ) -> Value {
        let mut merged = json!({"type": "object"});
        let mut values = Vec::new();
        let name = Self::type_name(resolved, place);
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
    pub(super) fn tagged(
        &mut self,
        resolved: &Resolved,
        parts: &[(Value, String, Resolved)],
        place: Place<'_>,
    ) -> Value {
        let name = Self::type_name(resolved, place);
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
}

pub(super) fn is_null(schema: &Value) -> bool {
    text(schema, "type") == Some("null") || schema.get("enum") == Some(&json!([null]))
}

pub(super) fn shape(schema: &Value) -> &str {
    if schema.get("properties").is_some()
        || schema.get("additionalProperties").is_some()
        || schema.get("allOf").is_some()
    {
        return "object";
    }
    text(schema, "type").unwrap_or("anything")
}

/// The members of an object that have exactly one value.
pub(super) fn constants(schema: &Value) -> Vec<(String, String)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, property)| Some((key.clone(), constant_value(property)?)))
        .collect()
}

/// The value of a schema that allows only one.
pub(super) fn constant_value(schema: &Value) -> Option<String> {
    match schema.get("enum").and_then(Value::as_array)?.as_slice() {
        [Value::String(value)] => Some(value.clone()),
        _ => None,
    }
}

/// The constant member that all alternatives have.
pub(super) fn discriminator(parts: &[(Value, String, Resolved)]) -> Option<String> {
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
