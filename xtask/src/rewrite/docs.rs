//! Rule: every public item has documentation, and rustdoc takes it without complaint.

use proc_macro2::TokenStream;
use quote::quote;

/// `#[doc = "…"]` attributes for a text, a line each.
pub(crate) fn attributes(text: &str) -> TokenStream {
    let lines = clean(&fold(text));
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
    for line in clean(&fold(text)).lines() {
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
                // A carriage return within a comment is not Rust.
                _ if character.is_control() => out.push(' '),
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

/// Folds the paragraphs of a text to lines of at most [`WIDTH`] characters; lists and tables stay.
fn fold(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.trim().lines() {
        let line = line.trim_end();
        let own_line = line.is_empty()
            || line.starts_with(' ')
            || line.starts_with(['*', '-', '|', '#', '>'])
            || line.starts_with(|c: char| c.is_ascii_digit());
        if own_line {
            out.push(line.to_owned());
            open = false;
            continue;
        }
        if !open {
            out.push(String::new());
            open = true;
        }
        for word in line.split_whitespace() {
            let Some(current) = out.last_mut() else { break };
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > WIDTH {
                out.push(word.to_owned());
            } else {
                if !current.is_empty() {
                    current.push(' ');
                }
                current.push_str(word);
            }
        }
    }
    out.join("\n")
}

/// Width of a line of documentation without its indentation.
const WIDTH: usize = 90;

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
        assert_eq!(
            comment("one\n\ntwo", "    "),
            "    /// one\n    ///\n    /// two\n"
        );
        assert_eq!(sentence("own number"), "Own number.");
        let long = "word ".repeat(40);
        assert!(fold(&long).lines().all(|line| line.len() <= WIDTH));
        assert_eq!(fold("a\nb\n\n* c\n  d"), "a b\n\n* c\n  d");
    }
}
