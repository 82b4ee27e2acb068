//! Rule: request objects that constant members tell apart become an enum whose variants have
//! named fields. The constants are written without the caller having to know them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{
    codecs, docs,
    types::{Field, RawOrPlain, field_doc, type_doc},
};
use crate::model::{TaggedVariant, TypeFacts};

/// The enum with its serde code.
pub(crate) fn write(
    name: &str,
    facts: &TypeFacts,
    parts: &[(&TaggedVariant, &[Field])],
) -> TokenStream {
    let ident = format_ident!("{name}");
    let doc = docs::attributes(&type_doc(name, facts));
    let variants = parts.iter().map(|(variant, fields)| {
        let variant_ident = format_ident!("{}", variant.name);
        let constants: Vec<String> = variant
            .constants
            .iter()
            .map(|(key, value)| format!("`{key}` `{value}`"))
            .collect();
        let doc = docs::attributes(&format!("Travels with {}.", constants.join(" and ")));
        let members = fields.iter().map(|field| {
            let doc = docs::attributes(&field_doc(field, true));
            let ident = syn::Ident::new_raw_or_plain(&field.ident);
            let ty = &field.ty;
            quote!(#doc #ident: #ty)
        });
        quote!(#doc #variant_ident { #(#members),* })
    });
    let writes = parts.iter().map(|(variant, fields)| {
        let variant_ident = format_ident!("{}", variant.name);
        let idents: Vec<_> = fields
            .iter()
            .map(|field| syn::Ident::new_raw_or_plain(&field.ident))
            .collect();
        let constants = variant
            .constants
            .iter()
            .map(|(key, value)| quote!(map.serialize_entry(#key, #value)?;));
        let entries = fields.iter().zip(&idents).map(|(field, ident)| {
            let wire = &field.wire;
            if codecs::inside(&field.ty, "Option").is_some() {
                quote!(if let Some(value) = #ident { map.serialize_entry(#wire, value)?; })
            } else {
                quote!(map.serialize_entry(#wire, #ident)?;)
            }
        });
        quote!(Self::#variant_ident { #(#idents),* } => { #(#constants)* #(#entries)* })
    });
    let reads = parts.iter().map(|(variant, fields)| {
        let variant_ident = format_ident!("{}", variant.name);
        let tests = variant
            .constants
            .iter()
            .map(|(key, value)| quote!(members.is(#key, #value)));
        let values = fields.iter().map(|field| {
            let ident = syn::Ident::new_raw_or_plain(&field.ident);
            let wire = &field.wire;
            if codecs::inside(&field.ty, "Option").is_some() {
                quote!(#ident: members.optional(#wire)?)
            } else {
                quote!(#ident: members.required(#wire)?)
            }
        });
        quote!(if #(#tests)&&* { return Ok(Self::#variant_ident { #(#values),* }); })
    });
    let unknown = format!("no variant of {name} has these constants");
    quote! {
        #doc
        #[derive(Clone, Debug, PartialEq)]
        pub enum #ident { #(#variants),* }

        impl Serialize for #ident {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                match self { #(#writes)* }
                map.end()
            }
        }

        impl<'de> Deserialize<'de> for #ident {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut members = kraken_core::Members::deserialize(deserializer)?;
                #(#reads)*
                Err(serde::de::Error::custom(#unknown))
            }
        }
    }
}
