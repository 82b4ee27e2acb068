//! Rule: every call can also be made by its operationId with JSON parameters, and every payload
//! read and written back by it. Tools and tests use this; it is behind the feature `dispatch`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::{
    builders::{Argument, Call, carrier, ident},
    codecs,
};
use crate::model::{Answer, Body};

/// The functions by operationId.
pub(crate) fn write(calls: &[Call<'_>]) -> TokenStream {
    let sends = calls.iter().map(send);
    let answers = calls.iter().map(answer);
    let requests = calls.iter().filter_map(request);
    quote! {
        /// Makes a call by its operationId, with parameters by their name on the wire, and writes
        /// the typed answer back as JSON. Bytes come back as `{"bytes": <count>}`.
        ///
        /// # Errors
        ///
        /// For an unknown operation or parameters that don't fit it, and as the call itself.
        pub async fn send(
            client: &Client,
            operation_id: &str,
            parameters: Parameters,
        ) -> Result<RawJson, DispatchError> {
            let mut parameters = parameters;
            match operation_id {
                #(#sends)*
                other => Err(DispatchError::UnknownOperation(other.to_owned())),
            }
        }

        /// Reads a whole answer body as the type of its operation and writes that back as JSON:
        /// the result alone, without the envelope.
        ///
        /// # Errors
        ///
        /// For an unknown operation, and when the body does not fit the type.
        pub fn answer(operation_id: &str, body: &[u8]) -> Result<RawJson, DispatchError> {
            match operation_id {
                #(#answers)*
                other => Err(DispatchError::UnknownOperation(other.to_owned())),
            }
        }

        /// Reads a request body, without nonce, as the type of its operation and writes that back.
        ///
        /// # Errors
        ///
        /// For an operation without a body, and when the body does not fit the type.
        pub fn request(operation_id: &str, body: &[u8]) -> Result<RawJson, DispatchError> {
            match operation_id {
                #(#requests)*
                other => Err(DispatchError::UnknownOperation(other.to_owned())),
            }
        }
    }
}

/// The type to read a value of `ty` as, so that its codec is used, and how to get the value out.
fn carried(ty: &Type, codec: Option<&str>) -> (TokenStream, TokenStream) {
    match codec.map(carrier) {
        Some(carrier) => (quote!(#carrier<#ty>), quote!(.0)),
        None => (quote!(#ty), TokenStream::new()),
    }
}

fn send(call: &Call<'_>) -> TokenStream {
    let id = &call.operation.id;
    let method = format_ident!("{}", call.operation.rust_method);
    let (optional, required): (Vec<&Argument>, Vec<&Argument>) = call
        .arguments
        .iter()
        .partition(|argument| !argument.field.is_required());
    let set_required = required.iter().map(|argument| {
        let (ident, wire) = (ident(&argument.field), &argument.field.wire);
        let (ty, out) = carried(&argument.field.ty, argument.field.codec);
        quote!(let call = call.#ident(parameters.required::<#ty>(#wire)? #out);)
    });
    let set_optional = optional.iter().map(|argument| {
        let (ident, wire) = (ident(&argument.field), &argument.field.wire);
        let inner = codecs::inside(&argument.field.ty, "Option").unwrap_or(&argument.field.ty);
        let (ty, out) = carried(inner, argument.field.codec);
        quote!(if let Some(value) = parameters.optional::<#ty>(#wire)? { call = call.#ident(value #out); })
    });
    let mutable = if optional.is_empty() {
        TokenStream::new()
    } else {
        quote!(let mut call = call;)
    };
    let finish = if call.operation.answer == Answer::Bytes {
        quote! {
            let bytes = call.send().await?;
            Ok(RawJson::from_serialize(&serde_json::json!({"bytes": bytes.len()}))?)
        }
    } else {
        let written = written_back(call, &quote!(call.send().await?));
        quote!(Ok(#written))
    };
    quote! {
        #id => {
            let call = client.#method();
            #(#set_required)*
            #mutable
            #(#set_optional)*
            parameters.finish()?;
            #finish
        }
    }
}

/// The expression that writes a typed answer as JSON, through its codec.
fn written_back(call: &Call<'_>, value: &TokenStream) -> TokenStream {
    if let Some(carrier) = call.answer_codec.map(carrier) {
        quote!(RawJson::from_serialize(&#carrier(#value))?)
    } else {
        quote!(RawJson::from_serialize(&#value)?)
    }
}

fn answer(call: &Call<'_>) -> TokenStream {
    let id = &call.operation.id;
    if call.operation.answer == Answer::Bytes {
        return quote!(#id => Ok(RawJson::from_serialize(&serde_json::json!({"bytes": body.len()}))?),);
    }
    let shown = call.answer_name();
    let shown: Type = if call.operation.optional_result {
        syn::parse_quote!(Option<#shown>)
    } else {
        shown
    };
    let row = format_ident!("{}", call.operation.rust_method.to_uppercase());
    let (ty, _) = carried(&shown, call.answer_codec);
    quote! {
        #id => Ok(RawJson::from_serialize(
            &kraken_core::decode_answer::<#ty>(&table::#row, body)?,
        )?),
    }
}

fn request(call: &Call<'_>) -> Option<TokenStream> {
    let id = &call.operation.id;
    match call.operation.body {
        Body::None => None,
        Body::Empty => {
            Some(quote!(#id => Ok(RawJson::from_serialize(&kraken_core::EmptyObject {})?),))
        }
        Body::Request => {
            let ty = format_ident!("{}Request", call.operation.type_name);
            Some(quote! {
                #id => Ok(RawJson::from_serialize(&exchange_wire::from_slice::<#ty>(body)?)?),
            })
        }
    }
}
