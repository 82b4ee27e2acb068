//! The plain document, seen: which form a payload has, and where an operation's schemas are.

use serde_json::{Map, Value};
use xtask::{
    model::{Answer, FieldFacts, Model, Operation, TaggedVariant, TypeFacts, TypeKind},
    normalise::rules::FORMATS,
};

/// A plain schema, seen.
#[derive(Debug)]
pub enum Form<'m> {
    /// An object with named members.
    Object(Members<'m>),
    /// An array with a meaning for each position.
    Tuple {
        /// Names and schemas, in order.
        positions: &'m Map<String, Value>,
        /// Positions that must be there.
        required: Vec<&'m str>,
    },
    /// A text out of a list that may grow.
    OpenEnum(&'m [String]),
    /// A list or an object.
    ByShape {
        /// Schema of the list.
        list: &'m Value,
        /// Schema of the object.
        object: &'m Value,
    },
    /// One of several objects, told apart by constants.
    Tagged(Vec<(&'m TaggedVariant, &'m Value)>),
    /// An object whose members all have this schema.
    Map(&'m Value),
    /// A list.
    List(&'m Value),
    /// One of the generator's formats, by its marker, and the schema of a list's entries.
    Marker(&'m str, Option<&'m Value>),
    /// An integer.
    Integer {
        /// Type in Rust.
        rust: &'m str,
        /// Whether answers may have it as a text.
        from_text: bool,
    },
    /// A text.
    Text,
    /// `true` or `false`.
    Boolean,
}

/// The members of an object.
#[derive(Debug)]
pub struct Members<'m> {
    /// Facts about the named type.
    pub facts: &'m TypeFacts,
    /// Members and their schemas.
    pub properties: &'m Map<String, Value>,
    /// Members that must be there.
    pub required: Vec<&'m str>,
    /// Schema of other members, where the type has a place for them.
    pub rest: Option<&'m Value>,
}

/// What a plain schema says.
pub fn form<'m>(model: &'m Model, schema: &'m Value) -> Form<'m> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap();
        let target = &model.document["components"]["schemas"][name];
        let facts = model
            .types
            .get(name)
            .unwrap_or_else(|| panic!("{}: no facts about {name}", model.api));
        return named(model, facts, target);
    }
    if let Some(marker) = schema.pointer("/x-rust-type/path").and_then(Value::as_str) {
        let marker = marker.rsplit("::").next().unwrap();
        let format = FORMATS.iter().find(|format| format.marker == marker);
        return match format.map(|format| format.rust) {
            Some(rust @ ("i32" | "i64" | "u32" | "u64")) => Form::Integer {
                rust,
                from_text: true,
            },
            _ => Form::Marker(marker, schema.pointer("/x-rust-type/parameters/0")),
        };
    }
    match schema["type"].as_str() {
        Some("array") => Form::List(&schema["items"]),
        Some("object") => Form::Map(&schema["additionalProperties"]),
        Some("integer") => Form::Integer {
            rust: match schema["format"].as_str() {
                Some("int32") => "i32",
                Some("uint32") => "u32",
                Some("uint64") => "u64",
                _ => "i64",
            },
            from_text: false,
        },
        Some("string") => Form::Text,
        Some("boolean") => Form::Boolean,
        _ => panic!("{}: a plain schema of another kind: {schema}", model.api),
    }
}

fn named<'m>(model: &'m Model, facts: &'m TypeFacts, schema: &'m Value) -> Form<'m> {
    let required = || {
        let names = schema["required"].as_array().into_iter().flatten();
        names.filter_map(Value::as_str).collect()
    };
    match &facts.kind {
        TypeKind::Object | TypeKind::WithRest(_) => Form::Object(Members {
            facts,
            properties: schema["properties"].as_object().unwrap(),
            required: required(),
            rest: schema.get("additionalProperties"),
        }),
        TypeKind::Tuple => Form::Tuple {
            positions: schema["properties"].as_object().unwrap(),
            required: required(),
        },
        TypeKind::OpenEnum(values) => Form::OpenEnum(values),
        TypeKind::ByShape { .. } => Form::ByShape {
            list: &schema["oneOf"][0],
            object: &schema["oneOf"][1],
        },
        TypeKind::Tagged(variants) => {
            let schemas = schema["oneOf"].as_array().unwrap();
            assert_eq!(variants.len(), schemas.len(), "{}", model.api);
            Form::Tagged(variants.iter().zip(schemas).collect())
        }
    }
}

/// The fact sheet of a member.
pub fn field<'m>(facts: &'m TypeFacts, name: &str) -> Option<&'m FieldFacts> {
    facts.fields.iter().find(|field| field.name == name)
}

/// The operation's entry in the plain document.
pub fn entry<'m>(model: &'m Model, operation: &Operation) -> &'m Value {
    &model.document["paths"][operation.path.as_str()][operation.method.to_lowercase()]
}

/// Schema of the request body.
pub fn body<'m>(model: &'m Model, operation: &Operation) -> &'m Value {
    &entry(model, operation)["requestBody"]["content"]["application/json"]["schema"]
}

/// Schema of a parameter.
pub fn parameter<'m>(model: &'m Model, operation: &Operation, name: &str) -> &'m Value {
    entry(model, operation)["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|parameter| parameter["name"] == name)
        .map_or_else(
            || panic!("{}: no parameter {name}", operation.id),
            |found| &found["schema"],
        )
}

/// Schema of the answer without its envelope.
pub fn answer<'m>(model: &'m Model, operation: &Operation) -> &'m Value {
    &entry(model, operation)["responses"]["200"]["content"]["application/json"]["schema"]
}

/// What an operation's type is to keep of an answer.
pub fn result_part(operation: &Operation, answer: &Value) -> Value {
    match operation.answer {
        Answer::Enveloped => answer["result"].clone(),
        Answer::Whole => {
            let mut whole = answer.clone();
            let members = whole.as_object_mut().unwrap();
            members.shift_remove("error");
            members.shift_remove("errors");
            whole
        }
        Answer::Bare | Answer::Bytes => answer.clone(),
    }
}

/// An answer with its result part replaced.
pub fn with_result_part(operation: &Operation, answer: &Value, part: Value) -> Value {
    match operation.answer {
        Answer::Enveloped => {
            let mut whole = answer.clone();
            whole["result"] = part;
            whole
        }
        Answer::Whole => {
            let mut whole = part;
            for name in ["error", "errors"] {
                if let Some(messages) = answer.get(name) {
                    whole[name] = messages.clone();
                }
            }
            whole
        }
        Answer::Bare | Answer::Bytes => part,
    }
}

/// How a value given as a parameter stands in a JSON body: amounts as text, lists joined by
/// commas, and so on, as the formats in `xtask/src/normalise/rules.rs` are documented.
pub fn on_the_wire(model: &Model, schema: &Value, value: &Value) -> Value {
    match (form(model, schema), value) {
        (Form::Object(Members { properties, .. }), Value::Object(members)) => members
            .iter()
            .map(|(name, member)| {
                let schema = properties.get(name);
                let member =
                    schema.map_or_else(|| member.clone(), |s| on_the_wire(model, s, member));
                (name.clone(), member)
            })
            .collect(),
        (Form::List(schema), Value::Array(items)) => items
            .iter()
            .map(|item| on_the_wire(model, schema, item))
            .collect(),
        (Form::Marker("DecimalText" | "UnixSeconds" | "Text", _), Value::Number(number)) => {
            Value::String(number.to_string())
        }
        (Form::Marker("DecimalNumber", _) | Form::Integer { .. }, Value::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        (Form::Marker("Comma", _), Value::Array(items)) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Value::String(items.join(","))
        }
        _ => value.clone(),
    }
}
