//! Rule: progenitor's builders become builders whose required parameters are part of their type,
//! so that forgetting one does not compile, and whose `send` goes through our transport.
//!
//! Names, types and optionality of the parameters are progenitor's; the members of a request body
//! are parameters like any other.

use std::collections::BTreeMap;

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Fields, GenericArgument, Ident, ImplItem, Item, ReturnType, Type};

use super::{
    checks, codecs,
    docs::{self, sentence},
    types::{Field, RawOrPlain, Structs, field_doc},
};
use crate::{
    model::{Answer, Body, Effect, FieldFacts, Location, Model, Operation, Permission},
    problem::Problem,
};

/// What progenitor knows of an operation's builder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Built {
    /// Parameters by Rust name, without the body.
    parameters: BTreeMap<String, (Type, Option<&'static str>)>,
    /// What `send` answers.
    answer: Option<Type>,
    answer_codec: Option<&'static str>,
}

/// Reads progenitor's `builder` module.
pub(crate) fn collect(items: &[Item]) -> BTreeMap<String, Built> {
    let mut built: BTreeMap<String, Built> = BTreeMap::new();
    for item in items {
        match item {
            Item::Struct(item) => {
                let entry = built.entry(item.ident.to_string()).or_default();
                let Fields::Named(fields) = &item.fields else {
                    continue;
                };
                for field in &fields.named {
                    let Some(ident) = &field.ident else { continue };
                    if ident == "client" || ident == "body" {
                        continue;
                    }
                    // `Result<T, String>`: what the setter was given, or why it could not be.
                    let Some(inner) = codecs::inside(&field.ty, "Result") else {
                        continue;
                    };
                    let coded = codecs::decode(inner);
                    entry
                        .parameters
                        .insert(ident.to_string(), (coded.ty, coded.codec));
                }
            }
            Item::Impl(item) => {
                let Some(name) = codecs::last_segment_name(&item.self_ty) else {
                    continue;
                };
                for member in &item.items {
                    let ImplItem::Fn(function) = member else {
                        continue;
                    };
                    if function.sig.ident == "send"
                        && let ReturnType::Type(_, ty) = &function.sig.output
                        && let Some(answer) = answer_type(ty)
                    {
                        let coded = codecs::decode(&answer);
                        let entry = built.entry(name.clone()).or_default();
                        entry.answer = Some(coded.ty);
                        entry.answer_codec = coded.codec;
                    }
                }
            }
            _ => {}
        }
    }
    built
}

/// `T` of `Result<ResponseValue<T>, Error<()>>`.
fn answer_type(ty: &Type) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let arguments = &path.path.segments.last()?.arguments;
    let first = codecs::first_argument(arguments)?;
    let Type::Path(response) = &first else {
        return None;
    };
    let syn::PathArguments::AngleBracketed(arguments) = &response.path.segments.last()?.arguments
    else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}

/// A parameter of a call, wherever it travels.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) field: Field,
    /// `None` for a member of the body.
    pub(crate) location: Option<Location>,
    pub(crate) joined: bool,
}

/// A call as it will be written.
#[derive(Clone, Debug)]
pub(crate) struct Call<'m> {
    pub(crate) operation: &'m Operation,
    pub(crate) arguments: Vec<Argument>,
    /// Members of the body that have only one value.
    pub(crate) constants: Vec<Field>,
    pub(crate) answer: Type,
    pub(crate) answer_codec: Option<&'static str>,
}

impl Call<'_> {
    /// The type as the caller sees it: lists and maps get the operation's name.
    pub(crate) fn answer_name(&self) -> Type {
        let collection = codecs::inside(&self.answer, "Vec").is_some()
            || codecs::inside(&self.answer, "IndexMap").is_some();
        if collection && let Ok(alias) = syn::parse_str(&self.operation.answer_type) {
            return alias;
        }
        self.answer.clone()
    }

    fn required(&self) -> Vec<&Argument> {
        self.arguments
            .iter()
            .filter(|a| a.field.is_required())
            .collect()
    }

    fn optional(&self) -> Vec<&Argument> {
        self.arguments
            .iter()
            .filter(|a| !a.field.is_required())
            .collect()
    }
}

/// Brings progenitor's builders and our facts together.
pub(crate) fn calls<'m>(
    model: &'m Model,
    built: &BTreeMap<String, Built>,
    structs: &Structs,
) -> Result<Vec<Call<'m>>, Vec<Problem>> {
    let mut calls = Vec::new();
    let mut problems = Vec::new();
    for operation in &model.operations {
        match call(operation, built, structs) {
            Ok(call) => calls.push(call),
            Err((reason, mend)) => problems.push(Problem {
                file: model.api.clone(),
                operation: Some(operation.id.clone()),
                pointer: String::new(),
                reason,
                mend,
            }),
        }
    }
    if problems.is_empty() {
        Ok(calls)
    } else {
        Err(problems)
    }
}

fn call<'m>(
    operation: &'m Operation,
    built: &BTreeMap<String, Built>,
    structs: &Structs,
) -> Result<Call<'m>, (String, Option<String>)> {
    let fault = |reason: String| {
        (
            reason,
            Some("this is a fault of the generator: please report the description".to_owned()),
        )
    };
    let built = built.get(&operation.type_name).ok_or_else(|| {
        fault(format!(
            "progenitor made no builder {}",
            operation.type_name
        ))
    })?;
    let mut arguments = Vec::new();
    for parameter in &operation.parameters {
        let snake = parameter.name.to_snake_case();
        let (ty, codec) = built
            .parameters
            .get(&snake)
            .or_else(|| built.parameters.get(&format!("{snake}_")))
            .ok_or_else(|| fault(format!("progenitor made no parameter {snake}")))?;
        arguments.push(Argument {
            field: Field {
                ident: parameter.rust_name.clone().unwrap_or(snake),
                wire: parameter.name.clone(),
                ty: ty.clone(),
                codec: *codec,
                required_by_description: parameter.required,
                facts: FieldFacts {
                    name: parameter.name.clone(),
                    doc: parameter.doc.clone(),
                    checks: parameter
                        .checks
                        .iter()
                        .filter(|check| checks::applies(check, ty))
                        .cloned()
                        .collect(),
                    ..FieldFacts::default()
                },
            },
            location: Some(parameter.location),
            joined: parameter.comma_separated,
        });
    }
    let mut constants = Vec::new();
    if operation.body == Body::Request {
        let name = format!("{}Request", operation.type_name);
        let fields = structs
            .fields
            .get(&name)
            .ok_or_else(|| fault(format!("progenitor made no type {name}")))?;
        for field in fields {
            if field.facts.constant.is_some() {
                constants.push(field.clone());
                continue;
            }
            if arguments
                .iter()
                .any(|known| known.field.ident == field.ident)
            {
                return Err((
                    format!("two parameters would both be called `{}`", field.ident),
                    Some(format!(
                        "give one of them another Rust name with `x-field-name` on the property `{}`",
                        field.wire
                    )),
                ));
            }
            arguments.push(Argument {
                field: field.clone(),
                location: None,
                joined: false,
            });
        }
    }
    let answer = built
        .answer
        .clone()
        .ok_or_else(|| fault("progenitor made no `send`".to_owned()))?;
    Ok(Call {
        operation,
        arguments,
        constants,
        answer,
        answer_codec: built.answer_codec,
    })
}

/// How a setter takes a value of a type, and how it turns it into one.
pub(crate) fn setter(ty: &Type) -> (TokenStream, fn(&Ident) -> TokenStream) {
    const INTO: &[&str] = &[
        "AssetList",
        "Cursor",
        "Decimal",
        "OrderPrice",
        "OrderRef",
        "OrderTime",
        "Rfc3339",
        "String",
        "TimeOrId",
        "Timestamp",
        "UnixSeconds",
    ];
    if let Some(item) = codecs::inside(ty, "Vec") {
        if codecs::plain_name(item).as_deref() == Some("String") {
            return (
                quote!(impl IntoIterator<Item = impl Into<String>>),
                |value| quote!(#value.into_iter().map(Into::into).collect()),
            );
        }
        return (
            quote!(impl IntoIterator<Item = #item>),
            |value| quote!(#value.into_iter().collect()),
        );
    }
    if codecs::plain_name(ty).is_some_and(|name| INTO.contains(&name.as_str())) {
        return (quote!(impl Into<#ty>), |value| quote!(#value.into()));
    }
    (quote!(#ty), |value| quote!(#value))
}

/// `name: value,`, or `name,` when the value has the field's name.
pub(crate) fn member(ident: &Ident, value: &TokenStream) -> TokenStream {
    if *ident == value.to_string() {
        quote!(#ident,)
    } else {
        quote!(#ident: #value,)
    }
}

/// The builder of one call.
pub(crate) fn write(call: &Call<'_>, checked: bool) -> TokenStream {
    let operation = call.operation;
    let name = format_ident!("{}", operation.type_name);
    let options = format_ident!("{}Options", operation.type_name);
    let required = call.required();
    let optional = call.optional();
    let generics: Vec<Ident> = required.iter().map(|a| generic(&a.field)).collect();
    let idents: Vec<Ident> = required.iter().map(|a| ident(&a.field)).collect();
    let types: Vec<&Type> = required.iter().map(|a| &a.field.ty).collect();
    let option_idents: Vec<Ident> = optional.iter().map(|a| ident(&a.field)).collect();
    let option_types: Vec<&Type> = optional.iter().map(|a| &a.field.ty).collect();

    let doc = docs::attributes(&builder_doc(operation));
    let (declared, used, bounds) = if generics.is_empty() {
        (TokenStream::new(), TokenStream::new(), TokenStream::new())
    } else {
        (
            quote!(<#(#generics = Missing),*>),
            quote!(<#(#generics),*>),
            quote!(where #(#generics: Given<#types>),*),
        )
    };
    let (options_struct, options_field, options_default, options_move) = if optional.is_empty() {
        (
            TokenStream::new(),
            TokenStream::new(),
            TokenStream::new(),
            TokenStream::new(),
        )
    } else {
        (
            quote! {
                #[derive(Clone, Debug, Default)]
                struct #options { #(#option_idents: #option_types,)* }
            },
            quote!(options: #options,),
            quote!(options: #options::default(),),
            quote!(options: self.options,),
        )
    };
    let missing = idents.iter().map(|ident| quote!(#ident: Missing,));

    let required_setters = required.iter().enumerate().map(|(index, argument)| {
        required_setter(&name, argument, index, &idents, &generics, &options_move)
    });
    let optional_setters = optional.iter().map(|argument| optional_setter(argument));

    let prepare = prepare(call, checked, &idents, &types);
    let answer = call.answer_name();
    let (answer, read, read_with_warnings) = reading(call, &answer);
    let with_warnings = if operation.answer == Answer::Bytes {
        TokenStream::new()
    } else {
        quote! {
            /// Like `send`, with the HTTP status and what the venue remarked besides answering.
            ///
            /// # Errors
            ///
            /// As `send`.
            pub async fn send_with_warnings(self) -> Result<Reply<#answer>, Error> #bounds {
                let (core, call) = self.prepare()?;
                #read_with_warnings
            }
        }
    };
    let send_doc = docs::attributes(&send_doc(operation));
    quote! {
        #doc
        #[derive(Clone, Debug)]
        #[must_use = "a call does nothing until it is sent"]
        pub struct #name #declared {
            core: Core,
            #(#idents: #generics,)*
            #options_field
        }

        #options_struct

        impl #name {
            pub(crate) fn from_core(core: Core) -> Self {
                Self { core, #(#missing)* #options_default }
            }
        }

        impl #used #name #used {
            #(#required_setters)*
            #(#optional_setters)*

            #send_doc
            pub async fn send(self) -> Result<#answer, Error> #bounds {
                let (core, call) = self.prepare()?;
                #read
            }

            #with_warnings

            fn prepare(self) -> Result<(Core, Call), Error> #bounds {
                #prepare
            }
        }
    }
}

/// The setter of a parameter that the type of the builder tells about.
fn required_setter(
    name: &Ident,
    argument: &Argument,
    index: usize,
    idents: &[Ident],
    generics: &[Ident],
    options_move: &TokenStream,
) -> TokenStream {
    let ident = &idents[index];
    let doc = format!("{}\n\nRequired.", field_doc(&argument.field, true));
    let doc = docs::attributes(&doc);
    let (parameter, conversion) = setter(&argument.field.ty);
    let value = conversion(ident);
    let ty = &argument.field.ty;
    let given = generics.iter().enumerate().map(|(other, generic)| {
        if other == index {
            quote!(#ty)
        } else {
            quote!(#generic)
        }
    });
    let moves = idents.iter().enumerate().map(|(other, other_ident)| {
        if other == index {
            member(other_ident, &value)
        } else {
            quote!(#other_ident: self.#other_ident,)
        }
    });
    quote! {
        #doc
        pub fn #ident(self, #ident: #parameter) -> #name<#(#given),*> {
            #name { core: self.core, #(#moves)* #options_move }
        }
    }
}

fn optional_setter(argument: &Argument) -> TokenStream {
    let ident = ident(&argument.field);
    let doc = docs::attributes(&field_doc(&argument.field, true));
    let inner = codecs::inside(&argument.field.ty, "Option");
    let (parameter, conversion) = setter(inner.unwrap_or(&argument.field.ty));
    let value = conversion(&ident);
    let value = if inner.is_some() {
        quote!(Some(#value))
    } else {
        value
    };
    quote! {
        #doc
        pub fn #ident(mut self, #ident: #parameter) -> Self {
            self.options.#ident = #value;
            self
        }
    }
}

/// The statements that turn the builder's fields into a call.
fn prepare(call: &Call<'_>, checked: bool, idents: &[Ident], types: &[&Type]) -> TokenStream {
    let operation = call.operation;
    let row = format_ident!("{}", operation.rust_method.to_uppercase());
    let unpack = idents
        .iter()
        .zip(types)
        .map(|(ident, ty)| quote!(let #ident: #ty = self.#ident.given();));
    let value = |argument: &Argument| {
        let ident = ident(&argument.field);
        if argument.field.is_required() {
            quote!(#ident)
        } else {
            quote!(self.options.#ident)
        }
    };
    let mut statements = Vec::new();
    let mut parameter_checks = Vec::new();
    for argument in &call.arguments {
        let Some(location) = argument.location else {
            continue;
        };
        let wire = &argument.field.wire;
        let value = value(argument);
        let optional = codecs::inside(&argument.field.ty, "Option").is_some();
        let reference = if optional {
            quote!(#value.as_ref())
        } else {
            quote!(&#value)
        };
        parameter_checks.push(checks::statements(
            wire,
            &argument.field.ty,
            &argument.field.facts.checks,
            &reference,
            &quote!(At::ROOT),
        ));
        statements.push(match location {
            Location::Path => quote!(call.path(#wire, &#value);),
            Location::Header => quote!(call.header(#wire, &#value);),
            Location::Query if argument.joined => quote!(call.query_joined(#wire, &#value);),
            Location::Query => quote!(call.query(#wire, &#value);),
        });
    }
    let check_parameters = if parameter_checks.iter().all(TokenStream::is_empty) {
        TokenStream::new()
    } else {
        quote! {
            let checked = || -> Result<(), InvalidField> { #(#parameter_checks)* Ok(()) };
            checked().map_err(|error| Error::from(error).on(operation))?;
        }
    };
    let body = match operation.body {
        Body::None => TokenStream::new(),
        Body::Empty => quote!(call.body(&kraken_core::EmptyObject {})?;),
        Body::Request => {
            let request = format_ident!("{}Request", operation.type_name);
            let members = call
                .arguments
                .iter()
                .filter(|argument| argument.location.is_none())
                .map(|argument| {
                    let ident = ident(&argument.field);
                    member(&ident, &value(argument))
                });
            let constants = call.constants.iter().map(|field| {
                let ident = ident(field);
                let constant = field.facts.constant.as_deref().unwrap_or_default();
                if codecs::inside(&field.ty, "Option").is_some() {
                    quote!(#ident: Some(#constant.into()),)
                } else {
                    quote!(#ident: #constant.into(),)
                }
            });
            let check = if checked {
                quote!(request.check(&At::ROOT).map_err(|error| Error::from(error).on(operation))?;)
            } else {
                TokenStream::new()
            };
            quote! {
                let request = #request { #(#members)* #(#constants)* };
                #check
                call.body(&request)?;
            }
        }
    };
    let mutable = if statements.is_empty() && body.is_empty() {
        TokenStream::new()
    } else {
        quote!(mut)
    };
    quote! {
        let operation = &table::#row;
        #(#unpack)*
        #check_parameters
        let #mutable call = Call::new(operation);
        #(#statements)*
        #body
        Ok((self.core, call))
    }
}

/// The answer's type, and how it is read without and with the venue's remarks.
fn reading(call: &Call<'_>, answer: &Type) -> (Type, TokenStream, TokenStream) {
    if call.operation.answer == Answer::Bytes {
        return (
            syn::parse_quote!(Bytes),
            quote!(core.call_bytes(call).await),
            TokenStream::new(),
        );
    }
    let shown: Type = if call.operation.optional_result {
        syn::parse_quote!(Option<#answer>)
    } else {
        answer.clone()
    };
    match call.answer_codec.map(carrier) {
        Some(carrier) => (
            shown.clone(),
            quote!(Ok(core.call::<#carrier<#shown>>(call).await?.0)),
            quote!(Ok(core.call_with_warnings::<#carrier<#shown>>(call).await?.map(|value| value.0))),
        ),
        None => (
            shown,
            quote!(core.call(call).await),
            quote!(core.call_with_warnings(call).await),
        ),
    }
}

/// The newtype that reads and writes a whole value by a codec.
pub(crate) fn carrier(codec: &str) -> Ident {
    match codec {
        codecs::COMMA => format_ident!("AsComma"),
        "exchange_wire::integer" => format_ident!("AsInteger"),
        _ => format_ident!("AsDecimal"),
    }
}

fn builder_doc(operation: &Operation) -> String {
    let mut doc = String::new();
    doc.push_str(&operation_doc(operation));
    doc.push_str(&format!("\n\nMade by `Client::{}`.", operation.rust_method));
    doc
}

/// The prose on an operation: what it does, what it needs, where the vendor describes it.
pub(crate) fn operation_doc(operation: &Operation) -> String {
    let mut doc = if operation.description.is_empty() {
        sentence(&title(operation))
    } else {
        sentence(&operation.description)
    };
    doc.push_str("\n\n");
    doc.push_str(&match (&operation.permission, operation.private) {
        (_, false) => "Public: needs no credentials.".to_owned(),
        (Permission::NotNeeded, true) => {
            "Signed, but the API key needs no particular permission.".to_owned()
        }
        (Permission::Undocumented, true) => {
            "Signed; which permission the API key needs is not documented.".to_owned()
        }
        (Permission::AllOf(names), true) => {
            format!(
                "The API key needs the permission {}.",
                quoted(names, " and ")
            )
        }
        (Permission::AnyOf(names), true) => {
            format!(
                "The API key needs the permission {}.",
                quoted(names, " or ")
            )
        }
    });
    match operation.effect {
        Effect::Read => {}
        Effect::Order => doc.push_str(" It changes orders, so it is never sent twice by itself."),
        Effect::Funds => doc.push_str(" It moves money, so it is never sent twice by itself."),
        Effect::Account => {
            doc.push_str(" It changes the account, so it is never sent twice by itself.");
        }
    }
    doc.push_str(&format!("\n\n`{} {}`, ", operation.method, operation.path));
    // A link must not be escaped, so it goes in as code and comes out as one.
    doc.push_str(&format!("vendor's page: <{}>", operation.doc_url));
    doc
}

/// The summary, or the name in words when the summary is not ours to show.
fn title(operation: &Operation) -> String {
    if operation.summary.is_empty() {
        let words = operation.rust_method.replace('_', " ");
        format!("Calls the operation {words}")
    } else {
        operation.summary.clone()
    }
}

fn quoted(names: &[String], word: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(word)
}

fn send_doc(operation: &Operation) -> String {
    let mut doc = String::from("Sends the call and reads the answer.\n\n# Errors\n\n");
    doc.push_str(if operation.private {
        "Without credentials, or with a value that breaks a documented rule, before anything is sent; \
         else whatever the venue, the network or the answer's form has against it."
    } else {
        "With a value that breaks a documented rule, before anything is sent; else whatever the \
         venue, the network or the answer's form has against it."
    });
    doc.push_str(" `Error` says what to do.");
    doc
}

fn generic(field: &Field) -> Ident {
    let name = field.ident.trim_end_matches('_').to_upper_camel_case();
    // Never the name of a type the file uses.
    format_ident!("{name}Arg")
}

pub(crate) fn ident(field: &Field) -> Ident {
    Ident::new_raw_or_plain(&field.ident)
}
