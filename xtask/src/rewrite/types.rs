//! Rules for types: what progenitor made of the schemas becomes what a caller should see.
//!
//! - structs keep their fields, in the order of the description, with the codec, the tolerance
//!   for what is missing or null, and documentation;
//! - string enums become open ones;
//! - tuples, maps with members beside them and unions get serde code that does not buffer, so
//!   that no number passes through a binary float;
//! - everything that can fail at run time only (typify's builders, conversions) goes.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Fields, Item, Type};

use super::{
    checks, codecs,
    docs::{self, sentence},
};
use crate::{
    model::{FieldFacts, Model, TypeFacts, TypeKind},
    problem::Problem,
};

/// A field of a generated struct.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Rust name.
    pub(crate) ident: String,
    /// Name on the wire.
    pub(crate) wire: String,
    pub(crate) ty: Type,
    pub(crate) codec: Option<&'static str>,
    pub(crate) required_by_description: bool,
    pub(crate) facts: FieldFacts,
}

impl Field {
    /// Whether a caller must give it.
    pub(crate) fn is_required(&self) -> bool {
        codecs::inside(&self.ty, "Option").is_none() && !self.is_optional_collection()
    }

    /// A list or map that is empty when the wire has none.
    pub(crate) fn is_optional_collection(&self) -> bool {
        !self.required_by_description && self.is_collection()
    }

    pub(crate) fn is_collection(&self) -> bool {
        codecs::inside(&self.ty, "Vec").is_some() || codecs::inside(&self.ty, "IndexMap").is_some()
    }
}

/// A named type as it will be written.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    pub(crate) name: String,
    /// The code, formatted but for the macro calls that are text already.
    pub(crate) items: Vec<Piece>,
}

/// A piece of a generated file.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// Rust items, formatted by prettyplease.
    Tokens(TokenStream),
    /// Text that is in its final form.
    Text(String),
}

/// The structs that progenitor made, by name, with our facts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Structs {
    pub(crate) fields: BTreeMap<String, Vec<Field>>,
    /// Payload types of unions, in the order of the alternatives.
    pub(crate) unions: BTreeMap<String, Vec<Type>>,
    /// The map type of `WithRest` structs.
    pub(crate) rests: BTreeMap<String, Type>,
}

/// Reads progenitor's `types` module.
pub(crate) fn collect(types: &[Item], model: &Model) -> Structs {
    let mut structs = Structs::default();
    for item in types {
        match item {
            Item::Struct(item) => {
                let name = item.ident.to_string();
                let facts = model.types.get(&name);
                let required: BTreeSet<&str> = model
                    .document
                    .pointer(&format!("/components/schemas/{name}/required"))
                    .and_then(serde_json::Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(serde_json::Value::as_str)
                    .collect();
                let mut fields = Vec::new();
                if let Fields::Named(named) = &item.fields {
                    for field in &named.named {
                        let Some(ident) = field.ident.as_ref().map(ToString::to_string) else {
                            continue;
                        };
                        let coded = codecs::decode(&field.ty);
                        if is_flattened(field) {
                            structs.rests.insert(name.clone(), coded.ty);
                            continue;
                        }
                        let wire = renamed(field)
                            .unwrap_or_else(|| ident.trim_start_matches("r#").to_owned());
                        let mut facts = facts
                            .and_then(|facts| facts.fields.iter().find(|fact| fact.name == wire))
                            .cloned()
                            .unwrap_or_default();
                        facts
                            .checks
                            .retain(|check| checks::applies(check, &coded.ty));
                        fields.push(Field {
                            ident: facts.rust_name.clone().unwrap_or(ident),
                            required_by_description: required.contains(wire.as_str()),
                            wire,
                            ty: coded.ty,
                            codec: coded.codec,
                            facts,
                        });
                    }
                }
                if let Some(facts) = facts {
                    let position = |field: &Field| {
                        facts.fields.iter().position(|fact| fact.name == field.wire)
                    };
                    fields.sort_by_key(position);
                }
                structs.fields.insert(name, fields);
            }
            Item::Enum(item) => {
                let payloads = item
                    .variants
                    .iter()
                    .filter_map(|variant| match &variant.fields {
                        Fields::Unnamed(fields) => fields.unnamed.first(),
                        _ => None,
                    })
                    .map(|field| codecs::decode(&field.ty).ty)
                    .collect();
                structs.unions.insert(item.ident.to_string(), payloads);
            }
            _ => {}
        }
    }
    structs
}

/// Writes every named type.
pub(crate) fn write(
    model: &Model,
    structs: &Structs,
    checked: &BTreeSet<String>,
) -> Result<Vec<Generated>, Problem> {
    let swallowed: BTreeSet<&str> = model
        .types
        .values()
        .filter_map(|facts| match &facts.kind {
            TypeKind::Tagged(variants) => Some(variants),
            _ => None,
        })
        .flatten()
        .map(|variant| variant.type_name.as_str())
        .collect();
    let mut generated = Vec::new();
    for (name, facts) in &model.types {
        if swallowed.contains(name.as_str()) {
            continue;
        }
        let items = match &facts.kind {
            TypeKind::OpenEnum(values) => vec![open_enum(name, facts, values)],
            TypeKind::Object | TypeKind::Tuple | TypeKind::WithRest(_) => {
                let fields = structs.fields.get(name).ok_or_else(|| lost(model, name))?;
                structure(name, facts, fields, structs.rests.get(name), checked)
            }
            TypeKind::ByShape { list, object } => {
                let payloads = structs.unions.get(name).ok_or_else(|| lost(model, name))?;
                by_shape(name, facts, list, object, payloads).ok_or_else(|| lost(model, name))?
            }
            TypeKind::Tagged(variants) => {
                let mut parts = Vec::new();
                for variant in variants {
                    let fields = match structs.fields.get(&variant.type_name) {
                        Some(fields) => fields.as_slice(),
                        // Nothing but constants: no type was made for it.
                        None if !model.types.contains_key(&variant.type_name) => &[],
                        None => return Err(lost(model, &variant.type_name)),
                    };
                    parts.push((variant, fields));
                }
                vec![Piece::Tokens(super::tagged::write(name, facts, &parts))]
            }
        };
        generated.push(Generated {
            name: name.clone(),
            items,
        });
    }
    Ok(generated)
}

fn lost(model: &Model, name: &str) -> Problem {
    Problem {
        file: model.api.clone(),
        operation: None,
        pointer: format!("/components/schemas/{name}"),
        reason: format!("progenitor did not generate the type {name} as expected"),
        mend: Some("this is a fault of the generator: please report the description".to_owned()),
    }
}

/// The documentation of a type.
pub(crate) fn type_doc(name: &str, facts: &TypeFacts) -> String {
    if let Some(doc) = &facts.doc {
        return sentence(doc);
    }
    let words = heck::ToTitleCase::to_title_case(name).to_lowercase();
    match facts.kind {
        TypeKind::OpenEnum(_) => format!("Values of the {words}."),
        _ => match (name.strip_suffix("Result"), name.strip_suffix("Request")) {
            (Some(operation), _) => format!("What `{}` answers.", operation.to_snake_case()),
            (_, Some(operation)) => format!("What `{}` sends.", operation.to_snake_case()),
            _ => format!("Data of one {words}."),
        },
    }
}

/// The documentation of a field; what is checked is only said where it is.
pub(crate) fn field_doc(field: &Field, in_requests: bool) -> String {
    let (wire, facts) = (&field.wire, &field.facts);
    let mut doc = match &facts.doc {
        Some(doc) => sentence(doc),
        None => format!("`{wire}` on the wire."),
    };
    // The vendor's pages know it by this name.
    if facts.doc.is_some() && facts.rust_name.as_ref().is_some_and(|name| name != wire) {
        doc.push_str(&format!(" `{wire}` on the wire."));
    }
    if in_requests {
        for check in &facts.checks {
            doc.push_str("\n\n");
            doc.push_str(&checks::describe(check));
        }
    }
    if facts.deprecated {
        doc.push_str("\n\nThe vendor advises against it.");
    }
    doc
}

fn open_enum(name: &str, facts: &TypeFacts, values: &[String]) -> Piece {
    let mut text = String::from("exchange_wire::open_enum! {\n");
    text.push_str(&docs::comment(&type_doc(name, facts), "    "));
    text.push_str(&format!("    pub enum {name} {{\n"));
    for (variant, value) in variants(facts, values).iter().zip(values) {
        text.push_str(&docs::comment(&format!("`{value}`"), "        "));
        text.push_str(&format!("        {variant} = {value:?},\n"));
    }
    text.push_str("    }\n}\n");
    Piece::Text(text)
}

/// The Rust names of an open enum's values, in their order.
pub(crate) fn variants(facts: &TypeFacts, values: &[String]) -> Vec<String> {
    let mut taken = BTreeSet::from(["Other".to_owned()]);
    values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            unique_variant(facts.variant_names.get(index).unwrap_or(value), &mut taken)
        })
        .collect()
}

/// A variant name for a wire value, different from those already taken.
fn unique_variant(value: &str, taken: &mut BTreeSet<String>) -> String {
    let mut variant = value.to_upper_camel_case();
    if variant.is_empty() {
        "Empty".clone_into(&mut variant);
    }
    if !variant.starts_with(|c: char| c.is_ascii_alphabetic()) {
        variant.insert_str(0, "Value");
    }
    if variant == "Self" {
        "SelfValue".clone_into(&mut variant);
    }
    variant.retain(|c| c == '_' || c.is_alphabetic() || c.is_ascii_digit());
    while !taken.insert(variant.clone()) {
        variant.push_str("Value");
    }
    variant
}

fn structure(
    name: &str,
    facts: &TypeFacts,
    fields: &[Field],
    rest: Option<&Type>,
    checked: &BTreeSet<String>,
) -> Vec<Piece> {
    let ident = format_ident!("{name}");
    let doc = docs::attributes(&type_doc(name, facts));
    let plain = facts.kind == TypeKind::Object;
    let mut members = Vec::new();
    for field in fields {
        let doc = docs::attributes(&field_doc(field, facts.in_requests));
        let serde = if plain {
            serde_attribute(field, facts.in_requests)
        } else {
            TokenStream::new()
        };
        let field_ident = syn::Ident::new_raw_or_plain(&field.ident);
        let ty = &field.ty;
        members.push(quote!(#doc #serde pub #field_ident: #ty));
    }
    if let (TypeKind::WithRest(rest_name), Some(rest)) = (&facts.kind, rest) {
        let rest_ident = format_ident!("{rest_name}");
        let doc = docs::attributes(if rest_name == "extra" {
            "Members this version does not know, as they came."
        } else {
            "All other members, by their key, in the venue's order."
        });
        members.push(quote!(#doc pub #rest_ident: #rest));
    }
    let all_optional = fields.iter().all(|field| !field.is_required());
    let default = if all_optional && facts.kind != TypeKind::Tuple {
        quote!(Default,)
    } else {
        TokenStream::new()
    };
    let derives = if plain {
        quote!(#[derive(Clone, Debug, #default PartialEq, Serialize, Deserialize)])
    } else {
        quote!(#[derive(Clone, Debug, #default PartialEq)])
    };
    // An answer may grow, and so may a call's own request, which its builder writes. What is in a
    // request is built by callers, who may write it out.
    let open = if facts.in_requests && !name.ends_with("Request") {
        TokenStream::new()
    } else {
        quote!(#[non_exhaustive])
    };
    let mut pieces = vec![Piece::Tokens(quote! {
        #doc
        #derives
        #open
        pub struct #ident { #(#members,)* }
    })];
    match &facts.kind {
        TypeKind::Tuple => pieces.push(Piece::Text(tuple_macro(name, fields))),
        TypeKind::WithRest(rest_name) => {
            pieces.push(Piece::Text(rest_macro(name, fields, rest_name)));
        }
        _ => {}
    }
    if facts.in_requests {
        let rest = match (&facts.kind, rest) {
            (TypeKind::WithRest(name), Some(ty)) => Some((format_ident!("{name}"), ty)),
            _ => None,
        };
        if (plain || rest.is_some()) && !name.ends_with("Request") {
            pieces.push(Piece::Tokens(constructor(&ident, fields, rest)));
        }
        if checked.contains(name) {
            pieces.push(Piece::Tokens(checks::implementation(
                &ident, fields, checked,
            )));
        }
    }
    pieces
}

/// `new` with what is required, and a setter for everything else. `rest` is the map of members
/// that are not listed.
fn constructor(
    ident: &syn::Ident,
    fields: &[Field],
    rest: Option<(syn::Ident, &Type)>,
) -> TokenStream {
    let required: Vec<&Field> = fields.iter().filter(|field| field.is_required()).collect();
    let parameters = required.iter().map(|field| {
        let ident = syn::Ident::new_raw_or_plain(&field.ident);
        let (ty, _) = super::builders::setter(&field.ty);
        quote!(#ident: #ty)
    });
    let values = fields.iter().map(|field| {
        let ident = syn::Ident::new_raw_or_plain(&field.ident);
        if field.is_required() {
            let (_, conversion) = super::builders::setter(&field.ty);
            super::builders::member(&ident, &conversion(&ident))
        } else {
            quote!(#ident: Default::default(),)
        }
    });
    let setters = fields
        .iter()
        .filter(|field| !field.is_required())
        .map(|field| {
            let doc = docs::attributes(&field_doc(field, true));
            let ident = syn::Ident::new_raw_or_plain(&field.ident);
            let inner = codecs::inside(&field.ty, "Option").unwrap_or(&field.ty);
            let (ty, conversion) = super::builders::setter(inner);
            let value = conversion(&ident);
            let value = if codecs::inside(&field.ty, "Option").is_some() {
                quote!(Some(#value))
            } else {
                value
            };
            quote! {
                #doc
                pub fn #ident(mut self, #ident: #ty) -> Self {
                    self.#ident = #value;
                    self
                }
            }
        });
    let (rest_value, rest_setter) = match rest {
        Some((rest, ty)) => {
            let value = codecs::value_of_map(ty);
            let setter = quote! {
                /// Adds a member that is not listed here, or replaces the one of that name.
                pub fn #rest(mut self, name: impl Into<String>, value: #value) -> Self {
                    self.#rest.insert(name.into(), value);
                    self
                }
            };
            (quote!(#rest: Default::default(),), setter)
        }
        None => (TokenStream::new(), TokenStream::new()),
    };
    quote! {
        impl #ident {
            /// With everything that is required; the rest is set by the methods below.
            pub fn new(#(#parameters),*) -> Self {
                Self { #(#values)* #rest_value }
            }
            #(#setters)*
            #rest_setter
        }
    }
}

/// The serde attribute of a field in a plain object.
fn serde_attribute(field: &Field, in_requests: bool) -> TokenStream {
    let mut parts = Vec::new();
    if field.ident != field.wire {
        let wire = &field.wire;
        parts.push(quote!(rename = #wire));
    }
    for alias in &field.facts.aliases {
        parts.push(quote!(alias = #alias));
    }
    if let Some(codec) = field.codec {
        parts.push(quote!(with = #codec));
    }
    if codecs::inside(&field.ty, "Option").is_some() {
        parts.push(quote!(default));
        parts.push(quote!(skip_serializing_if = "Option::is_none"));
    } else if field.is_optional_collection() {
        parts.push(quote!(default));
        if field.codec.is_none() {
            parts.push(quote!(deserialize_with = "exchange_wire::null_as_default"));
        }
        if in_requests {
            let empty = if codecs::inside(&field.ty, "Vec").is_some() {
                "Vec::is_empty"
            } else {
                "IndexMap::is_empty"
            };
            parts.push(quote!(skip_serializing_if = #empty));
        }
    }
    if parts.is_empty() {
        TokenStream::new()
    } else {
        quote!(#[serde(#(#parts),*)])
    }
}

/// The codec's name in the macros of `exchange-wire`.
fn macro_codec(codec: &str) -> &'static str {
    match codec {
        "exchange_wire::decimal::number" => "decimal_number",
        "exchange_wire::integer" => "integer",
        codecs::COMMA => "comma",
        _ => "decimal",
    }
}

fn tuple_macro(name: &str, fields: &[Field]) -> String {
    let mut text = format!("exchange_wire::impl_tuple! {{\n    {name} {{\n");
    for field in fields {
        let optional = if codecs::inside(&field.ty, "Option").is_some() {
            "?"
        } else {
            ""
        };
        match field.codec {
            Some(codec) => {
                let codec = macro_codec(codec);
                text.push_str(&format!("        {}{optional}: {codec},\n", field.ident));
            }
            None => text.push_str(&format!("        {}{optional},\n", field.ident)),
        }
    }
    text.push_str("    }\n}\n");
    text
}

fn rest_macro(name: &str, fields: &[Field], rest: &str) -> String {
    let mut text = format!("exchange_wire::impl_with_rest! {{\n    {name} {{\n");
    for field in fields {
        let required = if field.is_required() { "!" } else { "" };
        let codec = field
            .codec
            .map(|codec| format!(": {}", macro_codec(codec)))
            .unwrap_or_default();
        text.push_str(&format!(
            "        {}{required} => {:?}{codec},\n",
            field.ident, field.wire
        ));
    }
    text.push_str(&format!("        ..{rest}\n    }}\n}}\n"));
    text
}

fn by_shape(
    name: &str,
    facts: &TypeFacts,
    list: &str,
    object: &str,
    payloads: &[Type],
) -> Option<Vec<Piece>> {
    let array = payloads
        .iter()
        .find(|ty| codecs::inside(ty, "Vec").is_some())?;
    let other = payloads
        .iter()
        .find(|ty| codecs::inside(ty, "Vec").is_none())?;
    let ident = format_ident!("{name}");
    let (list_ident, object_ident) = (format_ident!("{list}"), format_ident!("{object}"));
    let doc = docs::attributes(&type_doc(name, facts));
    let tokens = quote! {
        #doc
        #[derive(Clone, Debug, PartialEq)]
        pub enum #ident {
            /// The wire has a JSON array.
            #list_ident(#array),
            /// The wire has a JSON object.
            #object_ident(#other),
        }
    };
    let text = format!(
        "exchange_wire::impl_by_shape! {{\n    {name} {{ array => {list}({}), object => {object}({}) }}\n}}\n",
        type_text(array),
        type_text(other),
    );
    Some(vec![Piece::Tokens(tokens), Piece::Text(text)])
}

/// A type as text, without the blanks of a token stream.
pub(crate) fn type_text(ty: &Type) -> String {
    quote!(#ty)
        .to_string()
        .replace(" < ", "<")
        .replace("< ", "<")
        .replace(" >", ">")
        .replace(" , ", ", ")
}

fn is_flattened(field: &syn::Field) -> bool {
    serde_tokens(field).any(|tokens| tokens.contains("flatten"))
}

/// The name in `#[serde(rename = "…")]`.
fn renamed(field: &syn::Field) -> Option<String> {
    let mut name = None;
    for attribute in field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
    {
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                let value: syn::LitStr = meta.value()?.parse()?;
                name = Some(value.value());
            } else if meta.input.peek(syn::Token![=]) {
                let _: syn::Expr = meta.value()?.parse()?;
            }
            Ok(())
        });
    }
    name
}

fn serde_tokens(field: &syn::Field) -> impl Iterator<Item = String> {
    field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
        .map(|attribute| {
            let meta = &attribute.meta;
            quote!(#meta).to_string()
        })
}

/// Identifiers that may be Rust keywords.
pub(crate) trait RawOrPlain {
    /// `type` becomes `r#type`, everything else stays.
    fn new_raw_or_plain(name: &str) -> Self;
}

impl RawOrPlain for syn::Ident {
    fn new_raw_or_plain(name: &str) -> Self {
        let name = name.trim_start_matches("r#");
        syn::parse_str::<Self>(name).unwrap_or_else(|_| format_ident!("{name}_"))
    }
}
