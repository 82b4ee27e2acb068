//! Names that become Rust names: what the generator can use, and what would not compile.

use heck::{ToSnakeCase, ToUpperCamelCase};

use crate::format::is_imported;

/// Names the generated code uses without an import.
const PRELUDE: &[&str] = &[
    "Box",
    "Clone",
    "Client",
    "Debug",
    "Default",
    "Err",
    "From",
    "Into",
    "IntoIterator",
    "None",
    "Ok",
    "Option",
    "PartialEq",
    "Result",
    "Self",
    "Some",
    "String",
    "Vec",
];

/// Names that the builders use themselves.
const BUILDER: &[&str] = &[
    "call",
    "checked",
    "clone",
    "core",
    "from_core",
    "operation",
    "options",
    "prepare",
    "request",
    "send",
];

/// The name of a type as typify writes it, so that both sides speak of the same one.
pub(crate) fn type_name(name: &str) -> String {
    let mut camel = name.to_upper_camel_case();
    if !camel.starts_with(|c: char| c.is_ascii_alphabetic()) {
        camel.insert_str(0, "Type");
    }
    // `A b` is `AB` at first and `Ab` when read again.
    camel.to_upper_camel_case()
}

/// Why no type can have this name.
pub(crate) fn type_fault(name: &str) -> Option<String> {
    if !is_ident(name) || type_name(name) != name {
        return Some(format!("`{name}` is no name for a Rust type"));
    }
    (PRELUDE.contains(&name) || is_imported(name))
        .then(|| format!("the generated code needs the name `{name}` for something else"))
}

/// The name of a field as typify writes it.
pub(crate) fn field_name(wire: &str) -> String {
    let plain: String = match wire {
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => wire
            .chars()
            .filter(|c| *c != '\'')
            .map(|c| {
                if c.is_alphanumeric() || c == '_' {
                    c
                } else {
                    '-'
                }
            })
            .collect(),
    };
    let mut name = plain.to_snake_case();
    if !name.starts_with(char::is_alphabetic) {
        name.insert(0, 'x');
    }
    if !is_ident(&name) {
        name.push('_');
    }
    name
}

/// Whether a call's builder has its own use for the name.
pub(crate) fn is_builders(name: &str) -> bool {
    BUILDER.contains(&name)
}

/// Whether a text is a Rust identifier as it stands, and no keyword.
pub(crate) fn is_ident(name: &str) -> bool {
    // Blanks and comments around it would be skipped.
    let same = |ident: syn::Ident| ident == name;
    name != "_" && !name.starts_with("r#") && syn::parse_str(name).is_ok_and(same)
}

/// Whether a text is a Rust keyword, which a field may be called with `r#` or `_`.
pub(crate) fn is_keyword(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic()) && !is_ident(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_name_is_the_same_when_read_again() {
        for name in ["A b", "AB", "3D", "", "OHLCData", "trade-2", "é", "a b c"] {
            let once = type_name(name);
            assert_eq!(type_name(&once), once, "{name}");
            assert_eq!(type_fault(&once), None, "{name}");
        }
        for name in ["Option", "Decimal", "lower", "r#Type", "A b", ""] {
            assert!(type_fault(name).is_some(), "{name}");
        }
    }

    #[test]
    fn an_identifier_stands_alone() {
        for name in [
            "\ta", "a ", "a//", "a/**/", "_", "r#a", "fn", "", "a-b", "1",
        ] {
            assert!(!is_ident(name), "{name}");
        }
    }

    #[test]
    fn a_field_name_is_always_an_identifier() {
        for (wire, name) in [
            ("type", "type_"),
            ("close[price]", "close_price"),
            ("1", "x1"),
            ("", "x"),
            ("fee-percentage", "fee_percentage"),
            ("-1", "minus1"),
            ("Self", "self_"),
        ] {
            assert_eq!(field_name(wire), name);
            assert!(is_ident(name), "{name}");
        }
    }
}
