//! Rule: marker types become the real ones, and the way they travel becomes a codec.
//!
//! Progenitor carried `::wire_codec::DecimalText` through its generics for us. Here it becomes
//! `Decimal`, and the field it is in is told to use `exchange_wire::decimal`.

use syn::{
    GenericArgument, PathArguments, Type, parse_quote,
    visit_mut::{VisitMut, visit_type_mut},
};

use crate::normalise::rules::{COMMA_MARKER, FORMATS};

/// Module for `#[serde(with = "…")]` on comma-separated lists.
pub(crate) const COMMA: &str = "exchange_wire::comma";

/// A type as the generated code has it.
#[derive(Clone, Debug)]
pub(crate) struct Coded {
    pub(crate) ty: Type,
    /// Module for `#[serde(with = "…")]`.
    pub(crate) codec: Option<&'static str>,
}

/// Replaces the markers in a type and shortens the standard names.
pub(crate) fn decode(ty: &Type) -> Coded {
    let mut ty = ty.clone();
    let mut visitor = Markers { codec: None };
    visitor.visit_type_mut(&mut ty);
    // A comma-separated list that is missing is an empty list.
    if visitor.codec == Some(COMMA)
        && let Some(list) = inside(&ty, "Option")
        && inside(list, "Vec").is_some()
    {
        ty = list.clone();
    }
    Coded {
        ty,
        codec: visitor.codec,
    }
}

struct Markers {
    codec: Option<&'static str>,
}

impl VisitMut for Markers {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_type_mut(self, ty);
        let Type::Path(path) = ty else { return };
        let segments: Vec<String> = path
            .path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let last = path.path.segments.last();
        let arguments = last.map_or(PathArguments::None, |last| last.arguments.clone());
        match segments.as_slice() {
            ["wire_codec", COMMA_MARKER] => {
                self.codec = Some(COMMA);
                let item = first_argument(&arguments).unwrap_or_else(|| parse_quote!(String));
                *ty = parse_quote!(Vec<#item>);
            }
            ["wire_codec", marker] => {
                if let Some(format) = FORMATS.iter().find(|format| format.marker == *marker) {
                    if format.codec.is_some() {
                        self.codec = format.codec;
                    }
                    if let Ok(short) = syn::parse_str(short_name(format.rust)) {
                        *ty = short;
                    }
                }
            }
            // The standard library's names are short in the generated files; those of generated
            // types come with the module progenitor put them in.
            ["std", _, _] | ["indexmap" | "types" | "super", _] => {
                if let Some(last) = path.path.segments.last().cloned() {
                    *ty = parse_quote!(#last);
                }
            }
            _ => {}
        }
    }
}

/// The last segment: the generated files import what they name.
fn short_name(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// The first type argument of `Name<…>`.
pub(crate) fn first_argument(arguments: &PathArguments) -> Option<Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    })
}

/// `T` of `Name<T>`, when the type is that.
pub(crate) fn inside<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    if path.path.segments.last()?.ident != name {
        return None;
    }
    arguments(ty).next()
}

/// What a map holds: the last of its type's arguments.
pub(crate) fn value_of_map(ty: &Type) -> Option<&Type> {
    arguments(ty).last()
}

/// The types between the angle brackets.
fn arguments(ty: &Type) -> impl Iterator<Item = &Type> {
    let last = match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let arguments = match last.map(|segment| &segment.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => Some(&arguments.args),
        _ => None,
    };
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

/// The name of a plain type such as `String`.
pub(crate) fn plain_name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    last.arguments.is_none().then(|| last.ident.to_string())
}

/// The last name of a type's path, whatever its arguments.
pub(crate) fn last_segment_name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    Some(path.path.segments.last()?.ident.to_string())
}

/// Every type name mentioned.
pub(crate) fn names(ty: &Type, found: &mut std::collections::BTreeSet<String>) {
    struct Names<'a>(&'a mut std::collections::BTreeSet<String>);
    impl<'ast> syn::visit::Visit<'ast> for Names<'_> {
        fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
            if let Some(last) = path.path.segments.last() {
                self.0.insert(last.ident.to_string());
            }
            syn::visit::visit_type_path(self, path);
        }
    }
    syn::visit::Visit::visit_type(&mut Names(found), ty);
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;

    use super::*;

    fn shown(text: &str) -> (String, Option<&'static str>) {
        let coded = decode(&syn::parse_str(text).unwrap());
        (
            coded.ty.to_token_stream().to_string().replace(' ', ""),
            coded.codec,
        )
    }

    #[test]
    fn markers_become_types_and_codecs() {
        assert_eq!(
            shown("::std::option::Option<::wire_codec::DecimalText>"),
            ("Option<Decimal>".to_owned(), Some("exchange_wire::decimal"))
        );
        assert_eq!(
            shown("::indexmap::IndexMap<::std::string::String, ::std::vec::Vec<super::Candle>>"),
            ("IndexMap<String,Vec<Candle>>".to_owned(), None)
        );
        assert_eq!(
            shown("::wire_codec::Comma<types::OrderFlag>"),
            ("Vec<OrderFlag>".to_owned(), Some(COMMA))
        );
        assert_eq!(shown("::wire_codec::Text"), ("String".to_owned(), None));
    }
}
