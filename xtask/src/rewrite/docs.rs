//! Rule: every public item has documentation, and rustdoc takes it without complaint.

use proc_macro2::TokenStream;
use quote::quote;

/// `#[doc = "…"]` attributes for a text, a line each.
pub(crate) fn attributes(text: &str) -> TokenStream {
    let lines = clean(text);
    let lines = lines.lines().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        }
    });
    quote!(#(#[doc = #lines])*)
}

/// The same as text, each line behind `///` and `indent`.
pub(crate) fn comment(text: &str, indent: &str) -> String {
    let mut out = String::new();
    for line in clean(text).lines() {
        out.push_str(indent);
        out.push_str("///");
        if !line.is_empty() {
            out.push(' ');
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// A description as Markdown that rustdoc reads as it was meant.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    for (index, line) in text.trim().lines().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        // Four blanks at the start of a line would make a code block of prose.
        let line = line.trim_end();
        let mut link_until = 0;
        for (at, character) in line.char_indices() {
            match character {
                // An address in angle brackets is a link and stays one.
                '<' if !in_code && line[at..].starts_with("<https://") => {
                    link_until = line[at..].find('>').map_or(0, |end| at + end);
                    out.push('<');
                }
                _ if at <= link_until && link_until > 0 => out.push(character),
                '`' => {
                    in_code = !in_code;
                    out.push('`');
                }
                // A tag or a link only for those who wrote the wire format.
                '<' | '[' | ']' if !in_code => {
                    out.push('\\');
                    out.push(character);
                }
                _ => out.push(character),
            }
        }
        // A code span never goes over a blank line.
        if line.trim().is_empty() {
            in_code = false;
        }
    }
    out
}

/// The first letter in upper case and a full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut characters = text.chars();
    let Some(first) = characters.next() else {
        return String::new();
    };
    let mut out: String = first.to_uppercase().collect();
    out.push_str(characters.as_str());
    if !out.ends_with(['.', '!', '?', ':', '`', '|']) {
        out.push('.');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_outside_of_code() {
        assert_eq!(clean("a <b> and `<c>` [d]"), "a \\<b> and `<c>` \\[d\\]");
        assert_eq!(comment("one\n\ntwo", "    "), "    /// one\n    ///\n    /// two\n");
        assert_eq!(sentence("own number"), "Own number.");
    }
}
