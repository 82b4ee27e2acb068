//! The plain document: where a payload has which kind of value.

use serde_json::{Map, Value};
use xtask::model::{Answer, Check, FieldFacts, Model, Operation, TaggedVariant, TypeFacts, TypeKind};

/// A plain schema, seen.
#[derive(Debug)]
pub enum Form<'m> {
    /// An object with named members. The schema of other members, where they are part of the type.
    Object {
        /// The named type; `None` for one that has none.
        facts: &'m TypeFacts,
        /// Members and their schemas.
        properties: &'m Map<String, Value>,
        /// Members that must be there.
        required: Vec<&'m str>,
        /// Schema of the other members.
        rest: Option<&'m Value>,
    },
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
    /// An integer, with its format.
    Integer(&'m str),
    /// A text.
    Text,
    /// `true` or `false`.
    Boolean,
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
        return Form::Marker(
            marker.rsplit("::").next().unwrap(),
            schema.pointer("/x-rust-type/parameters/0"),
        );
    }
    match schema["type"].as_str() {
        Some("array") => Form::List(&schema["items"]),
        Some("object") => Form::Map(&schema["additionalProperties"]),
        Some("integer") => Form::Integer(schema["format"].as_str().unwrap()),
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
        TypeKind::Object | TypeKind::WithRest(_) => Form::Object {
            facts,
            properties: schema["properties"].as_object().unwrap(),
            required: required(),
            rest: schema.get("additionalProperties"),
        },
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
        .map_or_else(|| panic!("{}: no parameter {name}", operation.id), |found| &found["schema"])
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

/// A place in a payload that a mutation can go for.
#[derive(Debug)]
pub struct Site<'m> {
    /// JSON pointer.
    pub pointer: String,
    /// What stands there.
    pub what: What<'m>,
}

/// What stands at a [`Site`].
#[derive(Debug)]
pub enum What<'m> {
    /// An object to which members may be added that no description names, and whether the type has
    /// a place for them.
    OpenObject {
        /// They come back; else they are passed over.
        kept: bool,
    },
    /// A member that may be missing or null. Its name as spelt in the payload.
    Optional(String),
    /// A position of a tuple that may be null.
    OptionalPosition,
    /// A tuple, which may grow at its end.
    Tuple,
    /// A text out of a list that may grow.
    OpenEnum,
    /// An amount, a string or a number.
    Decimal,
    /// A value with rules that are checked before sending, and whether the list or text is plain.
    Checked(&'m [Check], &'m Value),
}

/// All sites of a payload of that schema; the complaint names what does not fit the schema.
pub fn sites<'m>(model: &'m Model, schema: &'m Value, value: &Value) -> Result<Vec<Site<'m>>, String> {
    let mut walk = Walk { model, sites: Vec::new() };
    walk.value(schema, value, "")?;
    Ok(walk.sites)
}

struct Walk<'m> {
    model: &'m Model,
    sites: Vec<Site<'m>>,
}

impl<'m> Walk<'m> {
    fn site(&mut self, pointer: &str, what: What<'m>) {
        self.sites.push(Site { pointer: pointer.to_owned(), what });
    }

    fn value(&mut self, schema: &'m Value, value: &Value, at: &str) -> Result<(), String> {
        if value.is_null() {
            return Ok(());
        }
        match (form(self.model, schema), value) {
            (Form::Object { facts, properties, required, rest }, Value::Object(members)) => {
                // A member that is not named would be read as one of the typed others.
                let others_typed = rest
                    .is_some_and(|rest| !matches!(form(self.model, rest), Form::Marker("Json", _)));
                if !others_typed {
                    self.site(at, What::OpenObject { kept: rest.is_some() });
                }
                for (name, schema) in properties {
                    let facts = field(facts, name);
                    let spelt = facts
                        .and_then(|facts| facts.aliases.iter().find(|alias| members.contains_key(*alias)))
                        .unwrap_or(name);
                    if !required.contains(&name.as_str()) {
                        self.site(at, What::Optional(spelt.clone()));
                    }
                    let Some(member) = members.get(spelt) else {
                        continue;
                    };
                    let at = join(at, spelt);
                    if let Some(facts) = facts.filter(|facts| !facts.checks.is_empty()) {
                        self.site(&at, What::Checked(&facts.checks, schema));
                    }
                    self.value(schema, member, &at)?;
                }
                if let (true, Some(rest)) = (others_typed, rest) {
                    for (name, member) in members {
                        if !properties.contains_key(name) {
                            self.value(rest, member, &join(at, name))?;
                        }
                    }
                }
                Ok(())
            }
            (Form::Tuple { positions, required }, Value::Array(items)) => {
                self.site(at, What::Tuple);
                for ((name, schema), (index, item)) in positions.iter().zip(items.iter().enumerate()) {
                    let at = join(at, &index.to_string());
                    if !required.contains(&name.as_str()) {
                        self.site(&at, What::OptionalPosition);
                    }
                    self.value(schema, item, &at)?;
                }
                Ok(())
            }
            (Form::OpenEnum(_), Value::String(_)) => {
                self.site(at, What::OpenEnum);
                Ok(())
            }
            (Form::ByShape { list, .. }, Value::Array(_)) => self.value(list, value, at),
            (Form::ByShape { object, .. }, Value::Object(_)) => self.value(object, value, at),
            (Form::Tagged(variants), Value::Object(members)) => {
                let found = variants.into_iter().find(|(variant, _)| {
                    variant
                        .constants
                        .iter()
                        .all(|(name, value)| members.get(name).is_some_and(|given| given == value))
                });
                match found {
                    Some((_, schema)) => self.value(schema, value, at),
                    None => Err(format!("at {at}: no variant has these constants")),
                }
            }
            (Form::Map(schema), Value::Object(members)) => members
                .iter()
                .try_for_each(|(name, member)| self.value(schema, member, &join(at, name))),
            (Form::List(schema), Value::Array(items)) => items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| self.value(schema, item, &join(at, &index.to_string()))),
            (Form::Marker("DecimalText" | "DecimalNumber", _), Value::String(_) | Value::Number(_)) => {
                self.site(at, What::Decimal);
                Ok(())
            }
            (Form::Marker(..), _)
            | (Form::Integer(_), Value::Number(_))
            | (Form::Text, Value::String(_))
            | (Form::Boolean, Value::Bool(_)) => Ok(()),
            (form, value) => Err(format!("at {at}: {value} is not of the form {form:?}")),
        }
    }
}

/// A JSON pointer, one step further.
pub fn join(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))
}

/// How a value given as a parameter stands in a JSON body: amounts as text, lists joined by
/// commas, and so on, as the formats in `xtask/src/normalise/rules.rs` are documented.
pub fn on_the_wire(model: &Model, schema: &Value, value: &Value) -> Value {
    match (form(model, schema), value) {
        (Form::Object { properties, .. }, Value::Object(members)) => members
            .iter()
            .map(|(name, member)| {
                let schema = properties.get(name);
                let member = schema.map_or_else(|| member.clone(), |s| on_the_wire(model, s, member));
                (name.clone(), member)
            })
            .collect(),
        (Form::List(schema), Value::Array(items)) => {
            items.iter().map(|item| on_the_wire(model, schema, item)).collect()
        }
        (Form::Marker("DecimalText" | "TimestampText" | "Text", _), Value::Number(number)) => {
            Value::String(number.to_string())
        }
        (
            Form::Marker("DecimalNumber" | "TimestampNumber" | "Integer", _),
            Value::String(text),
        ) => serde_json::from_str(text).unwrap_or_else(|_| value.clone()),
        (Form::Marker("Comma", _), Value::Array(items)) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Value::String(items.join(","))
        }
        _ => value.clone(),
    }
}
