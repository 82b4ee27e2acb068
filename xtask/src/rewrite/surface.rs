//! What a caller sees of each operation, as a short text: the snapshots that reviewers read.
//!
//! A change of the description shows here as the lines it changes for a user, without the
//! generated code around them.

use std::collections::BTreeSet;

use syn::Type;

use super::{
    builders::{Argument, Call},
    codecs,
    types::{Field, Structs, type_text},
};
use crate::model::{Answer, Check, Location, Model, TypeKind};

/// What a caller sees of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surface {
    /// The Rust method, for the file's name.
    pub rust_method: String,
    /// The text.
    pub text: String,
}

/// One text for each operation.
pub(crate) fn write(model: &Model, structs: &Structs, calls: &[Call<'_>]) -> Vec<Surface> {
    calls
        .iter()
        .map(|call| Surface {
            rust_method: call.operation.rust_method.clone(),
            text: Writer {
                model,
                structs,
                text: String::new(),
                enums: BTreeSet::new(),
            }
            .call(call),
        })
        .collect()
}

struct Writer<'m> {
    model: &'m Model,
    structs: &'m Structs,
    text: String,
    enums: BTreeSet<String>,
}

impl Writer<'_> {
    fn call(mut self, call: &Call<'_>) -> String {
        let operation = call.operation;
        self.line(0, &format!("client.{}()", operation.rust_method));
        self.line(1, &format!("{} {}", operation.method, operation.path));
        let access = if operation.private {
            "private"
        } else {
            "public"
        };
        self.line(1, &format!("{access}, group {}", operation.tag));
        self.line(1, &format!("permission: {}", operation.permission));
        self.line(
            1,
            &format!(
                "pace: {} of {}, {}",
                operation.pace.cost,
                operation.pace.counter,
                if operation.repeatable() {
                    "may be repeated".to_owned()
                } else {
                    format!("never repeated ({})", operation.effect.word())
                }
            ),
        );
        let (required, optional): (Vec<&Argument>, Vec<&Argument>) = call
            .arguments
            .iter()
            .partition(|argument| argument.field.is_required());
        for (title, arguments) in [("required:", required), ("optional:", optional)] {
            if arguments.is_empty() {
                continue;
            }
            self.line(0, "");
            self.line(0, title);
            for argument in arguments {
                self.argument(argument);
            }
        }
        for field in &call.constants {
            let constant = field.facts.constant.as_deref().unwrap_or_default();
            self.line(1, &format!("always sent: {} = {constant:?}", field.wire));
        }
        self.line(0, "");
        if operation.answer == Answer::Bytes {
            self.line(0, "answers: the file's bytes");
        } else {
            let optional = if operation.optional_result {
                " or nothing"
            } else {
                ""
            };
            let ty = shown(&call.answer, call.answer_codec);
            self.line(0, &format!("answers: {ty}{optional}"));
            self.inside(1, &call.answer, &mut Vec::new());
        }
        let enums = std::mem::take(&mut self.enums);
        if !enums.is_empty() {
            self.line(0, "");
            self.line(0, "known values (others are kept):");
            for name in enums {
                if let Some(TypeKind::OpenEnum(values)) =
                    self.model.types.get(&name).map(|facts| facts.kind.clone())
                {
                    self.line(1, &format!("{name}: {}", values.join(" | ")));
                }
            }
        }
        self.text
    }

    fn argument(&mut self, argument: &Argument) {
        let field = &argument.field;
        let inner = codecs::inside(&field.ty, "Option").unwrap_or(&field.ty);
        let place = match argument.location {
            None => "body",
            Some(Location::Path) => "path",
            Some(Location::Query) => "query",
            Some(Location::Header) => "header",
        };
        let mut line = format!(
            "{}: {}  [{place} {}]",
            field.ident,
            shown(inner, field.codec),
            field.wire
        );
        for check in &field.facts.checks {
            line.push_str(&format!("  {}", rule(check)));
        }
        self.line(1, &line);
        self.inside(2, inner, &mut Vec::new());
    }

    /// The fields of the named types in `ty`.
    fn inside(&mut self, depth: usize, ty: &Type, above: &mut Vec<String>) {
        let mut names = BTreeSet::new();
        codecs::names(ty, &mut names);
        for name in names {
            let Some(facts) = self.model.types.get(&name) else {
                continue;
            };
            if above.contains(&name) {
                self.line(depth, &format!("{name} again"));
                continue;
            }
            above.push(name.clone());
            match &facts.kind {
                TypeKind::OpenEnum(_) => {
                    self.enums.insert(name.clone());
                }
                TypeKind::Object | TypeKind::Tuple | TypeKind::WithRest(_) => {
                    // The line above says the name already where the type is nothing but that.
                    let named = codecs::plain_name(codecs::inside(ty, "Option").unwrap_or(ty));
                    let depth = if facts.kind == TypeKind::Tuple {
                        self.line(depth, &format!("{name}, an array on the wire:"));
                        depth
                    } else if named.as_ref() == Some(&name) {
                        depth.saturating_sub(1)
                    } else {
                        self.line(depth, &format!("{name}:"));
                        depth
                    };
                    for field in self.structs.fields.get(&name).cloned().unwrap_or_default() {
                        self.field(depth + 1, &field, facts.in_requests, above);
                    }
                    if let (TypeKind::WithRest(rest), Some(ty)) =
                        (&facts.kind, self.structs.rests.get(&name).cloned())
                    {
                        self.line(
                            depth + 1,
                            &format!("{rest}: {}  [all others]", type_text(&ty)),
                        );
                        self.inside(depth + 2, &ty, above);
                    }
                }
                TypeKind::ByShape { list, object } => {
                    self.line(depth, &format!("{list} (array) or {object} (object)"));
                    for payload in self.structs.unions.get(&name).cloned().unwrap_or_default() {
                        self.inside(depth + 1, &payload, above);
                    }
                }
                TypeKind::Tagged(variants) => {
                    self.line(depth, "one of:");
                    for variant in variants.clone() {
                        let constants: Vec<_> = variant
                            .constants
                            .iter()
                            .map(|(key, value)| format!("{key} {value}"))
                            .collect();
                        self.line(
                            depth + 1,
                            &format!("{}  [{}]", variant.name, constants.join(", ")),
                        );
                        let fields = self
                            .structs
                            .fields
                            .get(&variant.type_name)
                            .cloned()
                            .unwrap_or_default();
                        for field in fields {
                            self.field(depth + 2, &field, true, above);
                        }
                    }
                }
            }
            above.pop();
        }
    }

    fn field(&mut self, depth: usize, field: &Field, checked: bool, above: &mut Vec<String>) {
        let mut line = format!("{}: {}", field.ident, shown(&field.ty, field.codec));
        if field.ident != field.wire {
            line.push_str(&format!("  [{}]", field.wire));
        }
        for alias in &field.facts.aliases {
            line.push_str(&format!("  [or {alias}]"));
        }
        for check in field.facts.checks.iter().filter(|_| checked) {
            line.push_str(&format!("  {}", rule(check)));
        }
        self.line(depth, &line);
        self.inside(depth + 1, &field.ty, above);
    }

    fn line(&mut self, depth: usize, line: &str) {
        if !line.is_empty() {
            self.text.push_str(&"  ".repeat(depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }
}

/// A type with the form it has on the wire, where that is not plain from the type.
fn shown(ty: &Type, codec: Option<&str>) -> String {
    let form = match codec {
        Some("exchange_wire::decimal") => " as text",
        Some("exchange_wire::decimal::number") => " as number",
        Some("exchange_wire::comma") => " comma-separated",
        Some("exchange_wire::integer") => " from number or text",
        _ => "",
    };
    format!("{}{form}", type_text(ty))
}

/// A rule in the words of its documentation, as part of a line.
fn rule(check: &Check) -> String {
    let rule = super::checks::describe(check);
    let mut characters = rule.trim_end_matches('.').chars();
    characters
        .next()
        .map(|first| first.to_lowercase().chain(characters).collect())
        .unwrap_or_default()
}
