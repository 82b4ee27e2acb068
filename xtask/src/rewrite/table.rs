//! Rule: beside the client stands a table with a row for every operation.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::docs;
use crate::model::{Answer, Effect, Model, Operation, Permission};

/// The rows and the list of them.
pub(crate) fn write(model: &Model) -> TokenStream {
    let rows = model
        .operations
        .iter()
        .map(|operation| row(model, operation));
    let names = model
        .operations
        .iter()
        .map(|operation| format_ident!("{}", operation.rust_method.to_uppercase()));
    quote! {
        #(#rows)*

        /// Every operation of the API, in the order of the description.
        pub static ALL: &[&Operation] = &[#(&#names),*];
    }
}

fn row(model: &Model, operation: &Operation) -> TokenStream {
    let name = format_ident!("{}", operation.rust_method.to_uppercase());
    let doc = docs::attributes(&format!("`{} {}`", operation.method, operation.path));
    let api = &model.api;
    let (id, rust_method, path) = (&operation.id, &operation.rust_method, &operation.path);
    let method = format_ident!("{}", operation.method);
    let access = if operation.private {
        quote!(Access::Private)
    } else {
        quote!(Access::Public)
    };
    let permission = match &operation.permission {
        Permission::NotNeeded => quote!(Permission::NotNeeded),
        Permission::Undocumented => quote!(Permission::Undocumented),
        Permission::AllOf(names) => quote!(Permission::AllOf(&[#(#names),*])),
        Permission::AnyOf(names) => quote!(Permission::AnyOf(&[#(#names),*])),
    };
    let effect = match operation.effect {
        Effect::Read => quote!(Effect::Read),
        Effect::Order => quote!(Effect::Order),
        Effect::Funds => quote!(Effect::Funds),
        Effect::Account => quote!(Effect::Account),
    };
    let counter = &operation.pace.counter;
    let cost = proc_macro2::Literal::u16_unsuffixed(operation.pace.cost);
    let answer = match operation.answer {
        Answer::Enveloped => quote!(Answer::Enveloped),
        Answer::Whole => quote!(Answer::Whole),
        Answer::Bare => quote!(Answer::Bare),
        Answer::Bytes => quote!(Answer::Bytes),
    };
    quote! {
        #doc
        pub static #name: Operation = Operation {
            api: #api,
            id: #id,
            rust_method: #rust_method,
            method: Method::#method,
            path: #path,
            access: #access,
            permission: #permission,
            effect: #effect,
            pace: Pace { counter: #counter, cost: #cost },
            answer: #answer,
        };
    }
}
