//! What a Rust caller sees of an API: calls with their arguments and answers, and the named types.
//!
//! It is read from the normalised model, without generating code, and says the same types as the
//! generator writes; a test holds the two together.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;
use serde_json::Value;

use crate::{
    model::{
        Body, Check, FieldFacts, Location, Model, Operation, TaggedVariant, TypeFacts, TypeKind,
    },
    normalise::{
        lower::text,
        names,
        resolve::resolve,
        rules::{COMMA_MARKER, FORMATS},
    },
    rewrite::{checks, types},
};

/// Stands for the names of all members without a field of their own.
const REST: &str = "*";

/// References and merged parts that a pointer goes through at most.
const MAX_DEPTH: usize = 16;

/// One side of a comparison.
pub(super) struct View<'m> {
    /// The description after its overlay, for pointers.
    pub(super) document: &'m Value,
    pub(super) calls: Vec<Call<'m>>,
    pub(super) types: BTreeMap<&'m str, Type<'m>>,
}

/// One operation.
pub(super) struct Call<'m> {
    pub(super) operation: &'m Operation,
    pub(super) arguments: Vec<Member<'m>>,
    /// Members of the body with one value, sent without asking.
    pub(super) constants: Vec<Member<'m>>,
    /// Plain schema of the answer; nothing for raw bytes.
    pub(super) answer: Option<&'m Value>,
    pub(super) deprecated: bool,
}

/// An argument of a call or a field of a type.
pub(super) struct Member<'m> {
    pub(super) ident: String,
    pub(super) wire: &'m str,
    pub(super) schema: &'m Value,
    /// Whether the description says that it is always there.
    pub(super) always: bool,
    /// Where it travels, if not in a body or an answer.
    pub(super) location: Option<Location>,
    pub(super) checks: Vec<Check>,
    pub(super) default: Option<&'m Value>,
    pub(super) constant: Option<&'m str>,
    pub(super) aliases: &'m [String],
    pub(super) deprecated: bool,
    pub(super) at: &'m str,
}

/// A named type.
pub(super) struct Type<'m> {
    pub(super) facts: &'m TypeFacts,
    pub(super) form: Form<'m>,
}

/// What a named type is in Rust.
pub(super) enum Form<'m> {
    /// A struct, however it travels.
    Struct(Vec<Member<'m>>),
    /// An open enum: Rust name and wire text of each value.
    Enum(Vec<(String, &'m str)>),
    /// An array or an object: the variants with their payloads.
    Choice(Vec<(&'m str, &'m Value)>),
    /// Request variants with named fields.
    Variants(Vec<(&'m TaggedVariant, Vec<Member<'m>>)>),
}

impl<'m> View<'m> {
    pub(super) fn new(model: &'m Model, document: &'m Value) -> Self {
        let mut types: BTreeMap<&str, Type<'_>> = model
            .types
            .iter()
            .map(|(name, facts)| (name.as_str(), read_type(model, name, facts)))
            .collect();
        // Their fields are seen in the enums they are variants of.
        let swallowed: Vec<&str> = model
            .types
            .values()
            .filter_map(|facts| match &facts.kind {
                TypeKind::Tagged(variants) => Some(variants),
                _ => None,
            })
            .flatten()
            .map(|variant| variant.type_name.as_str())
            .collect();
        types.retain(|name, _| !swallowed.contains(name));
        Self {
            document,
            calls: model
                .operations
                .iter()
                .map(|operation| read_call(model, document, operation))
                .collect(),
            types,
        }
    }

    /// Where a pointer leads in the description, through references and the parts that objects are
    /// merged from; or the nearest place above it.
    pub(super) fn pointer(&self, at: &str) -> String {
        let segments: Vec<&str> = at.split('/').skip(1).collect();
        self.furthest(String::new(), &segments, 0).1
    }

    /// How many segments are left over at the place that is furthest along, and that place.
    fn furthest(&self, at: String, segments: &[&str], depth: usize) -> (usize, String) {
        let ([first, rest @ ..], Some(node)) = (segments, self.document.pointer(&at)) else {
            return (segments.len(), at);
        };
        let mut ways = Vec::new();
        let next = format!("{at}/{first}");
        if self.document.pointer(&next).is_some() {
            ways.push(self.furthest(next, rest, depth));
        }
        if depth < MAX_DEPTH {
            if let Some(target) = text(node, "$ref").and_then(|target| target.strip_prefix('#')) {
                ways.push(self.furthest(target.to_owned(), segments, depth + 1));
            }
            for word in ["allOf", "oneOf", "anyOf"] {
                let parts = node.get(word).and_then(Value::as_array).map_or(0, Vec::len);
                for part in 0..parts {
                    let part = format!("{at}/{word}/{part}");
                    ways.push(self.furthest(part, segments, depth + 1));
                }
            }
        }
        ways.into_iter()
            .filter(|(left, _)| *left < segments.len())
            .min_by_key(|(left, _)| *left)
            .unwrap_or((segments.len(), at))
    }

    /// As [`Self::pointer`]; `through` follows the references that the last node may be.
    pub(super) fn place(&self, at: &str, through: bool) -> String {
        let at = self.pointer(at);
        let Some(node) = self.document.pointer(&at).filter(|_| through) else {
            return at;
        };
        resolve(self.document, node, &at).map_or_else(|_| at.clone(), |found| found.pointer)
    }

    /// The operations that reach each named type, in the order of the description.
    pub(super) fn users(&self) -> BTreeMap<&'m str, Vec<&'m str>> {
        let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for call in &self.calls {
            let mut reached = BTreeSet::new();
            let members = call.arguments.iter().chain(&call.constants);
            for schema in members.map(|member| member.schema).chain(call.answer) {
                self.reach(schema, &mut reached);
            }
            for name in reached {
                users.entry(name).or_default().push(&call.operation.id);
            }
        }
        users
    }

    fn reach(&self, schema: &'m Value, reached: &mut BTreeSet<&'m str>) {
        let mut names = Vec::new();
        named(schema, &mut names);
        for name in names {
            let Some(ty) = self.types.get(name).filter(|_| reached.insert(name)) else {
                continue;
            };
            match &ty.form {
                Form::Struct(members) => {
                    for member in members {
                        self.reach(member.schema, reached);
                    }
                }
                Form::Enum(_) => {}
                Form::Choice(payloads) => {
                    for (_, payload) in payloads {
                        self.reach(payload, reached);
                    }
                }
                Form::Variants(variants) => {
                    for member in variants.iter().flat_map(|(_, members)| members) {
                        self.reach(member.schema, reached);
                    }
                }
            }
        }
    }
}

impl Member<'_> {
    /// Whether it is the field for all members without one of their own.
    pub(super) fn is_rest(&self) -> bool {
        self.wire == REST
    }

    /// Whether the Rust type is an `Option`. Lists and maps are empty instead, but for those that
    /// travel outside of a body.
    pub(super) fn is_option(&self) -> bool {
        let list = text(self.schema, "type") == Some("array");
        let empty = list && self.location.is_none()
            || marker(self.schema) == Some(COMMA_MARKER)
            || values(self.schema).is_some();
        !self.always && !empty
    }
}

fn read_call<'m>(model: &'m Model, document: &Value, operation: &'m Operation) -> Call<'m> {
    static NOTHING: Value = Value::Null;
    let node = model
        .document
        .get("paths")
        .and_then(|paths| paths.get(&operation.path))
        .and_then(|item| item.get(operation.method.to_lowercase()))
        .unwrap_or(&NOTHING);
    let mut arguments = Vec::new();
    for parameter in &operation.parameters {
        let place = match parameter.location {
            Location::Path => "path",
            Location::Query => "query",
            Location::Header => "header",
        };
        let schema = node
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .find(|plain| {
                text(plain, "name") == Some(&parameter.name) && text(plain, "in") == Some(place)
            })
            .and_then(|plain| plain.get("schema"));
        let Some(schema) = schema else { continue };
        arguments.push(Member {
            ident: parameter
                .rust_name
                .clone()
                .unwrap_or_else(|| parameter.name.to_snake_case()),
            wire: &parameter.name,
            schema,
            always: parameter.required,
            location: Some(parameter.location),
            checks: applying(&parameter.checks, schema),
            default: parameter.default.as_ref(),
            constant: None,
            aliases: &[],
            deprecated: parameter.deprecated,
            at: &parameter.at,
        });
    }
    let mut constants = Vec::new();
    if operation.body == Body::Request {
        let name = format!("{}Request", operation.type_name);
        if let Some((name, facts)) = model.types.get_key_value(&name) {
            for member in members(model, name, facts) {
                if member.constant.is_some() {
                    constants.push(member);
                } else {
                    arguments.push(member);
                }
            }
        }
    }
    Call {
        operation,
        arguments,
        constants,
        answer: node.pointer("/responses/200/content/application~1json/schema"),
        deprecated: document
            .pointer(&operation.at)
            .and_then(|node| node.get("deprecated"))
            .and_then(Value::as_bool)
            == Some(true),
    }
}

fn read_type<'m>(model: &'m Model, name: &'m str, facts: &'m TypeFacts) -> Type<'m> {
    let alternatives = || {
        schema(model, name)
            .and_then(|schema| schema.get("oneOf"))
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let form = match &facts.kind {
        TypeKind::Object | TypeKind::Tuple | TypeKind::WithRest(_) => {
            Form::Struct(members(model, name, facts))
        }
        TypeKind::OpenEnum(values) => Form::Enum(
            types::variants(facts, values)
                .into_iter()
                .zip(values.iter().map(String::as_str))
                .collect(),
        ),
        TypeKind::ByShape { list, object } => Form::Choice(
            [list, object]
                .map(String::as_str)
                .into_iter()
                .zip(alternatives())
                .collect(),
        ),
        TypeKind::Tagged(variants) => Form::Variants(
            variants
                .iter()
                .map(|variant| {
                    let members = model
                        .types
                        .get_key_value(&variant.type_name)
                        .map(|(name, facts)| members(model, name, facts));
                    (variant, members.unwrap_or_default())
                })
                .collect(),
        ),
    };
    Type { facts, form }
}

/// The fields of a struct, with the one for all other members at the end.
fn members<'m>(model: &'m Model, name: &str, facts: &'m TypeFacts) -> Vec<Member<'m>> {
    let Some(plain) = schema(model, name) else {
        return Vec::new();
    };
    let required: Vec<&str> = plain
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut members: Vec<Member<'_>> = facts
        .fields
        .iter()
        .filter_map(|field| {
            let schema = plain.get("properties")?.get(&field.name)?;
            Some(field_member(
                field,
                schema,
                required.contains(&field.name.as_str()),
            ))
        })
        .collect();
    if let TypeKind::WithRest(rest) = &facts.kind {
        members.push(Member {
            ident: rest.clone(),
            wire: REST,
            schema: plain,
            always: true,
            location: None,
            checks: Vec::new(),
            default: None,
            constant: None,
            aliases: &[],
            deprecated: false,
            at: &facts.at,
        });
    }
    members
}

fn field_member<'m>(field: &'m FieldFacts, schema: &'m Value, always: bool) -> Member<'m> {
    Member {
        ident: field
            .rust_name
            .clone()
            .unwrap_or_else(|| names::field_name(&field.name)),
        wire: &field.name,
        schema,
        always,
        location: None,
        checks: applying(&field.checks, schema),
        default: field.default.as_ref(),
        constant: field.constant.as_deref(),
        aliases: &field.aliases,
        deprecated: field.deprecated,
        at: &field.at,
    }
}

/// The limits that the generator checks: those that fit the Rust type.
fn applying(all: &[Check], schema: &Value) -> Vec<Check> {
    let Ok(ty) = syn::parse_str(&rust(schema, &|name| name.to_owned())) else {
        return Vec::new();
    };
    all.iter()
        .filter(|check| checks::applies(check, &ty))
        .cloned()
        .collect()
}

fn schema<'m>(model: &'m Model, name: &str) -> Option<&'m Value> {
    model.document.get("components")?.get("schemas")?.get(name)
}

/// The marker's name, where the schema is one.
fn marker(schema: &Value) -> Option<&str> {
    let path = schema.get("x-rust-type")?.get("path")?.as_str()?;
    path.strip_prefix("wire_codec::")
}

/// The values of a map.
fn values(schema: &Value) -> Option<&Value> {
    schema.get("additionalProperties")
}

/// The Rust type of a plain schema, without `Option`; `called` gives the names of named types.
pub(super) fn rust(schema: &Value, called: &dyn Fn(&str) -> String) -> String {
    if let Some(name) = reference(schema) {
        return called(name);
    }
    if let Some(marker) = marker(schema) {
        if marker == COMMA_MARKER {
            let item = schema.pointer("/x-rust-type/parameters/0");
            return format!(
                "Vec<{}>",
                item.map_or_else(|| "String".to_owned(), |item| rust(item, called))
            );
        }
        return FORMATS
            .iter()
            .find(|format| format.marker == marker)
            .and_then(|format| format.rust.rsplit("::").next())
            .unwrap_or(marker)
            .to_owned();
    }
    if let Some(items) = schema.get("items") {
        return format!("Vec<{}>", rust(items, called));
    }
    if let Some(values) = values(schema) {
        return format!("IndexMap<String, {}>", rust(values, called));
    }
    match (text(schema, "type"), text(schema, "format")) {
        (Some("integer"), Some("int32")) => "i32",
        (Some("integer"), Some("uint32")) => "u32",
        (Some("integer"), Some("uint64")) => "u64",
        (Some("integer"), _) => "i64",
        (Some("boolean"), _) => "bool",
        _ => "String",
    }
    .to_owned()
}

/// How a value travels, where its Rust type does not tell.
pub(super) fn travels(schema: &Value) -> Option<&'static str> {
    if let Some(marker) = marker(schema) {
        if marker == COMMA_MARKER {
            return Some("text with commas");
        }
        let codec = FORMATS
            .iter()
            .find(|format| format.marker == marker)?
            .codec?;
        return Some(match codec {
            "exchange_wire::decimal" => "text",
            "exchange_wire::decimal::number" => "number",
            _ => "number or text",
        });
    }
    schema
        .get("items")
        .or_else(|| values(schema))
        .and_then(travels)
}

/// The named type that a plain schema is.
fn reference(schema: &Value) -> Option<&str> {
    text(schema, "$ref")?.rsplit('/').next()
}

/// The named types in a plain schema.
fn named<'m>(schema: &'m Value, names: &mut Vec<&'m str>) {
    names.extend(reference(schema));
    let inside = [
        schema.get("items"),
        values(schema),
        schema.pointer("/x-rust-type/parameters/0"),
    ];
    for inside in inside.into_iter().flatten() {
        named(inside, names);
    }
}

/// The named types that stand at the same place of two plain schemas.
pub(super) fn pairs<'o, 'n>(old: &'o Value, new: &'n Value, found: &mut Vec<(&'o str, &'n str)>) {
    match (reference(old), reference(new)) {
        (Some(old), Some(new)) => found.push((old, new)),
        (None, None) => {
            for (old, new) in [
                (old.get("items"), new.get("items")),
                (values(old), values(new)),
                (
                    old.pointer("/x-rust-type/parameters/0"),
                    new.pointer("/x-rust-type/parameters/0"),
                ),
            ] {
                if let (Some(old), Some(new)) = (old, new) {
                    pairs(old, new, found);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        apis::APIS,
        generate,
        pipeline::{self, Source},
        rewrite, validate,
    };

    /// What the comparison takes a type for is what the generator makes of it.
    #[test]
    fn the_types_are_those_of_the_generated_code() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let plain = |name: &str| name.to_owned();
        for api in APIS {
            let described = pipeline::describe(root, api, &Source::Committed).unwrap();
            let model = &described.model;
            let openapi = validate::validate(api.spec, model).unwrap();
            let code = generate::generate(api.spec, &openapi).unwrap();
            let seen = rewrite::seen(model, &code).unwrap();
            let view = View::new(model, &described.document.value);
            let mut here = BTreeMap::new();
            let shown = |member: &Member<'_>| {
                let ty = rust(member.schema, &plain);
                if member.is_option() {
                    format!("Option<{ty}>")
                } else {
                    ty
                }
            };
            for (name, ty) in &view.types {
                if let Form::Struct(members) = &ty.form {
                    for member in members.iter().filter(|member| !member.is_rest()) {
                        here.insert(format!("{name}.{}", member.ident), shown(member));
                    }
                }
            }
            for call in &view.calls {
                let method = &call.operation.rust_method;
                for argument in &call.arguments {
                    here.insert(format!("{method}().{}", argument.ident), shown(argument));
                }
                if let Some(answer) = call.answer {
                    here.insert(format!("{method}()"), rust(answer, &plain));
                }
            }
            assert!(here.len() > 100);
            let names: BTreeSet<&String> = here.keys().chain(seen.keys()).collect();
            let apart: Vec<_> = names
                .into_iter()
                .map(|name| (name, here.get(name), seen.get(name)))
                .filter(|(_, here, seen)| here != seen)
                .collect();
            assert!(apart.is_empty(), "{}: {apart:#?}", api.name);
        }
    }
}
