//! Does an answer fit the vendor's description? Told by a JSON Schema validator.
//!
//! The descriptions are those in `specs/`, in the vendor's shape, after the overlay has put right
//! what the vendor's file gets wrong, and before anything of the generator's.

use std::path::Path;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use xtask::{apis::APIS, pipeline, pipeline::Source};

/// The descriptions of one API's answers.
#[derive(Debug)]
pub struct Answers {
    /// The API's name.
    pub api: &'static str,
    operations: Vec<Operation>,
}

/// One operation's answer.
#[derive(Debug)]
struct Operation {
    id: String,
    /// None if the answer is no JSON.
    validator: Option<Validator>,
    examples: Vec<Value>,
}

impl Answers {
    /// Those of all APIs.
    pub fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        APIS.iter()
            .map(|api| {
                let described = pipeline::describe(root, api, &Source::Committed).unwrap();
                Self::of(api.name, &described.document.value)
            })
            .collect()
    }

    fn of(api: &'static str, document: &Value) -> Self {
        let components = |allowed| -> Value {
            let schemas = document["components"]["schemas"].as_object().unwrap();
            let schemas = schemas.iter();
            schemas
                .map(|(name, schema)| (name.clone(), json_schema(schema, allowed)))
                .collect()
        };
        let (closed, open) = (components(Members::Listed), components(Members::Any));
        let mut operations = Vec::new();
        let paths = document["paths"].as_object().unwrap();
        for operation in paths
            .values()
            .flat_map(|path| path.as_object().unwrap().values())
        {
            let Some(id) = operation.get("operationId").and_then(Value::as_str) else {
                continue;
            };
            let responses = operation["responses"].as_object().unwrap();
            let success = responses
                .iter()
                .find(|(status, _)| status.starts_with('2') || *status == "default");
            let (_, success) = success.unwrap();
            let success = resolved(document, success);
            let content = success.pointer("/content/application~1json");
            let validator = content
                .and_then(|content| content.get("schema"))
                .map(|schema| {
                    let root = json!({
                        "components": {"schemas": closed},
                        "parts": {"schemas": open},
                        "allOf": [json_schema(schema, Members::Listed)],
                    });
                    let options = jsonschema::options().with_draft(Draft::Draft202012);
                    options.build(&root).unwrap()
                });
            operations.push(Operation {
                id: id.to_owned(),
                validator,
                examples: content.map(examples).unwrap_or_default(),
            });
        }
        Self { api, operations }
    }

    /// The operations whose answers are JSON, with the vendor's examples.
    pub fn examples(&self) -> impl Iterator<Item = (&str, &[Value])> {
        self.operations
            .iter()
            .filter(|operation| operation.validator.is_some())
            .map(|operation| (operation.id.as_str(), operation.examples.as_slice()))
    }

    /// The ids of all operations.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.operations
            .iter()
            .map(|operation| operation.id.as_str())
    }

    /// What of an operation's answer does not fit.
    pub fn misfits(&self, operation: &str, answer: &Value) -> Vec<String> {
        let operation = self
            .operations
            .iter()
            .find(|one| one.id == operation)
            .unwrap();
        let validator = operation.validator.as_ref().unwrap();
        validator
            .iter_errors(answer)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}

fn examples(content: &Value) -> Vec<Value> {
    let single = [content.get("example"), content.pointer("/schema/example")];
    let named = content.get("examples").and_then(Value::as_object);
    let named = named.into_iter().flat_map(Map::values);
    let named = named.filter_map(|example| example.get("value"));
    single.into_iter().flatten().chain(named).cloned().collect()
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value
        .get("$ref")
        .and_then(Value::as_str)
        .map_or(value, |reference| {
            document
                .pointer(reference.strip_prefix('#').unwrap())
                .unwrap()
        })
}

/// Whether objects may have members that the description lacks.
#[derive(Clone, Copy)]
enum Members {
    /// They may not: the venue does not send such a member.
    Listed,
    /// They may, as parts of a whole whose other parts list the rest.
    Any,
}

/// An OpenAPI 3.0 schema as JSON Schema. Alternatives may overlap, as the vendor's do.
///
/// References lead to one of two copies of the components.
fn json_schema(schema: &Value, allowed: Members) -> Value {
    let Value::Object(words) = schema else {
        return schema.clone();
    };
    if let Some(reference) = words.get("$ref").and_then(Value::as_str) {
        let reference = match allowed {
            Members::Listed => reference.to_owned(),
            Members::Any => reference.replace("#/components/", "#/parts/"),
        };
        // What stands beside a reference does not count, but for null.
        return nullable(words, json!({ "$ref": reference }));
    }
    let list = |value: &Value, allowed| -> Value {
        let list = value.as_array().unwrap().iter();
        list.map(|schema| json_schema(schema, allowed)).collect()
    };
    let mut result = Map::new();
    for (word, value) in words {
        let (word, value) = match word.as_str() {
            "properties" => (word.as_str(), properties(value, allowed)),
            "items" | "additionalProperties" => (word.as_str(), json_schema(value, allowed)),
            "allOf" => (word.as_str(), list(value, Members::Any)),
            "anyOf" | "oneOf" => ("anyOf", list(value, allowed)),
            "type" | "enum" | "required" | "minimum" | "maximum" | "minLength" | "maxLength"
            | "minItems" | "maxItems" | "pattern" => (word.as_str(), value.clone()),
            _ => continue,
        };
        result.insert(word.to_owned(), value);
    }
    let closes = if matches!(allowed, Members::Any) || words.contains_key("additionalProperties") {
        None
    } else if words.contains_key("allOf") {
        Some("unevaluatedProperties")
    } else if words.contains_key("properties") {
        Some("additionalProperties")
    } else {
        None
    };
    if let Some(closes) = closes {
        result.insert(closes.to_owned(), Value::Bool(false));
    }
    // A property that stands for every key of a map, as the overlay tells.
    if let Some(placeholder) = words.get("x-placeholder").and_then(Value::as_str) {
        let properties = result.remove("properties").unwrap();
        result.insert(
            "additionalProperties".to_owned(),
            properties[placeholder].clone(),
        );
    }
    nullable(words, Value::Object(result))
}

/// The properties of an object, also under the names that the overlay knows besides.
fn properties(properties: &Value, allowed: Members) -> Value {
    let mut result = Map::new();
    for (name, schema) in properties.as_object().unwrap() {
        let others = schema.get("x-alias").and_then(Value::as_array);
        let others = others.into_iter().flatten().filter_map(Value::as_str);
        for name in others.chain([name.as_str()]) {
            result.insert(name.to_owned(), json_schema(schema, allowed));
        }
    }
    Value::Object(result)
}

fn nullable(words: &Map<String, Value>, schema: Value) -> Value {
    if words.get("nullable") == Some(&Value::Bool(true)) {
        json!({ "anyOf": [{ "type": "null" }, schema] })
    } else {
        schema
    }
}
