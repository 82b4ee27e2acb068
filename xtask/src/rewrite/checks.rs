//! Rule: what the vendor documents as a limit is checked before anything is sent.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Type};

use super::{
    codecs,
    types::{Field, RawOrPlain, Structs},
};
use crate::model::{Check, Model, TypeKind};

/// A rule in words, for the documentation.
pub(crate) fn describe(check: &Check) -> String {
    let span = |low: Option<String>, high: Option<String>| match (low, high) {
        (Some(low), Some(high)) if low == high => format!("exactly {low}"),
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("at least {low}"),
        (None, Some(high)) => format!("at most {high}"),
        (None, None) => "any".to_owned(),
    };
    let text = |bound: &Option<u64>| bound.map(|bound| bound.to_string());
    match check {
        Check::Range(low, high) => format!(
            "Allowed: {}.",
            span(
                low.map(|low| low.to_string()),
                high.map(|high| high.to_string())
            )
        ),
        Check::OneOf(values) => {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            format!("Allowed: {}.", values.join(", "))
        }
        Check::Length(low, high) => format!("Characters: {}.", span(text(low), text(high))),
        Check::Pattern(pattern) => format!("Form: `{pattern}`."),
        Check::Items(low, high) => format!("Entries: {}.", span(text(low), text(high))),
    }
}

/// Names of the request types that have something to check, in them or below them.
pub(crate) fn checked(model: &Model, structs: &Structs) -> BTreeSet<String> {
    let mut checked = BTreeSet::new();
    loop {
        let before = checked.len();
        for (name, facts) in &model.types {
            if !facts.in_requests || facts.kind != TypeKind::Object || checked.contains(name) {
                continue;
            }
            let Some(fields) = structs.fields.get(name) else {
                continue;
            };
            if fields
                .iter()
                .any(|field| !field.facts.checks.is_empty() || checked_inside(&field.ty, &checked))
            {
                checked.insert(name.clone());
            }
        }
        if checked.len() == before {
            return checked;
        }
    }
}

fn checked_inside(ty: &Type, checked: &BTreeSet<String>) -> bool {
    let mut names = BTreeSet::new();
    codecs::names(ty, &mut names);
    // A map has no positions to name in a message.
    !names.contains("IndexMap") && names.iter().any(|name| checked.contains(name))
}

/// Whether a rule makes sense for the Rust type: a time is no text of thirteen characters.
pub(crate) fn applies(check: &Check, ty: &Type) -> bool {
    let ty = codecs::inside(ty, "Option").unwrap_or(ty);
    match check {
        Check::Range(..) | Check::OneOf(_) => codecs::plain_name(ty)
            .is_some_and(|name| matches!(name.as_str(), "i32" | "i64" | "u32" | "u64")),
        Check::Length(..) | Check::Pattern(_) => {
            codecs::plain_name(ty).as_deref() == Some("String")
        }
        Check::Items(..) => codecs::inside(ty, "Vec").is_some(),
    }
}

/// Statements that check one value; `value` is an expression for a reference to it.
pub(crate) fn statements(
    wire: &str,
    ty: &Type,
    checks: &[Check],
    value: &TokenStream,
    at: &TokenStream,
) -> TokenStream {
    let (inner, optional) = match codecs::inside(ty, "Option") {
        Some(inner) => (inner, true),
        None => (ty, false),
    };
    let calls: Vec<TokenStream> = checks
        .iter()
        .map(|check| {
            let at = quote!(&#at.name(#wire));
            match check {
                Check::Range(low, high) => {
                    let (low, high) = (option(*low), option(*high));
                    quote!(check::range(#at, *value, #low, #high)?;)
                }
                Check::OneOf(values) => quote!(check::one_of_int(#at, *value, &[#(#values),*])?;),
                Check::Length(low, high) => {
                    let (low, high) = (size(*low), size(*high));
                    quote!(check::length(#at, value, #low, #high)?;)
                }
                Check::Pattern(pattern) => quote!(check::pattern(#at, value, #pattern)?;),
                Check::Items(low, high) => {
                    let (low, high) = (size(*low), size(*high));
                    quote!(check::items(#at, value.len(), #low, #high)?;)
                }
            }
        })
        .collect();
    if calls.is_empty() {
        TokenStream::new()
    } else if optional {
        quote!(if let Some(value) = #value { #(#calls)* })
    } else if codecs::inside(inner, "Vec").is_some() {
        // An empty list is not sent, so there is nothing to check.
        quote!({ let value = #value; if !value.is_empty() { #(#calls)* } })
    } else {
        quote!({ let value = #value; #(#calls)* })
    }
}

fn option(bound: Option<i64>) -> TokenStream {
    bound.map_or_else(|| quote!(None), |bound| quote!(Some(#bound)))
}

fn size(bound: Option<u64>) -> TokenStream {
    let bound = bound.and_then(|bound| usize::try_from(bound).ok());
    bound.map_or_else(
        || quote!(None),
        |bound| {
            let bound = proc_macro2::Literal::usize_unsuffixed(bound);
            quote!(Some(#bound))
        },
    )
}

/// `impl Check` for a request type.
pub(crate) fn implementation(
    ident: &Ident,
    fields: &[Field],
    checked: &BTreeSet<String>,
) -> TokenStream {
    let mut body = Vec::new();
    for field in fields {
        let name = Ident::new_raw_or_plain(&field.ident);
        let wire = &field.wire;
        let optional = codecs::inside(&field.ty, "Option").is_some();
        // A list that must be there is checked even when it is empty.
        let statement = if field.is_required() && codecs::inside(&field.ty, "Vec").is_some() {
            let calls = field.facts.checks.iter().filter_map(|check| match check {
                Check::Items(low, high) => {
                    let (low, high) = (size(*low), size(*high));
                    Some(quote!(check::items(&at.name(#wire), self.#name.len(), #low, #high)?;))
                }
                _ => None,
            });
            quote!(#(#calls)*)
        } else {
            statements(
                wire,
                &field.ty,
                &field.facts.checks,
                &if optional {
                    quote!(self.#name.as_ref())
                } else {
                    quote!(&self.#name)
                },
                &quote!(at),
            )
        };
        body.push(statement);
        if checked_inside(&field.ty, checked) {
            body.push(quote!(self.#name.check(&at.name(#wire))?;));
        }
    }
    quote! {
        impl Check for #ident {
            fn check(&self, at: &At<'_>) -> Result<(), InvalidField> {
                #(#body)*
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_as_words() {
        assert_eq!(
            describe(&Check::Range(Some(1), Some(500))),
            "Allowed: 1 to 500."
        );
        assert_eq!(
            describe(&Check::Length(Some(14), Some(14))),
            "Characters: exactly 14."
        );
        assert_eq!(
            describe(&Check::Items(None, Some(50))),
            "Entries: at most 50."
        );
        assert_eq!(describe(&Check::OneOf(vec![10, 25])), "Allowed: 10, 25.");
    }

    #[test]
    fn a_rule_only_holds_for_types_it_fits() {
        let decimal: Type = syn::parse_str("Option<Decimal>").unwrap();
        let text: Type = syn::parse_str("Option<String>").unwrap();
        let length = Check::Length(Some(1), Some(64));
        assert!(!applies(&length, &decimal));
        assert!(applies(&length, &text));
        assert!(!applies(&Check::Items(None, Some(1)), &text));
    }
}
