//! Which part of the old description is which part of the new one.
//!
//! Names come first. What has another name is taken for renamed only where that is certain; else it
//! is something gone and something new.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::view::{Call, Form, Member, Type, View, pairs};
use crate::model::TypeKind;

/// Calls that are the same, by place in the two lists.
pub(super) fn calls(old: &View<'_>, new: &View<'_>) -> Vec<(usize, usize)> {
    let rules: [fn(&Call<'_>, &Call<'_>) -> bool; 3] = [
        |old, new| old.operation.id == new.operation.id,
        |old, new| {
            old.operation.method == new.operation.method && old.operation.path == new.operation.path
        },
        |old, new| old.operation.rust_method == new.operation.rust_method,
    ];
    by_rules(
        &old.calls,
        &new.calls,
        &rules.map(|rule| move |o: usize, n: usize| rule(&old.calls[o], &new.calls[n])),
    )
}

/// Arguments or fields that are the same, by place in the two lists.
pub(super) fn members(
    old: (&View<'_>, &[Member<'_>]),
    new: (&View<'_>, &[Member<'_>]),
) -> Vec<(usize, usize)> {
    let ((old_view, old), (new_view, new)) = (old, new);
    let raw = |view: &View<'_>, member: &Member<'_>| {
        view.document
            .pointer(&view.pointer(member.at))
            .filter(|node| says_something(node))
            .cloned()
    };
    let same_place = |o: usize, n: usize| {
        // The same words and values at the same place: only the name is another.
        o == n
            && old.len() == new.len()
            && raw(old_view, &old[o]).is_some_and(|node| raw(new_view, &new[n]) == Some(node))
    };
    let rules: [&dyn Fn(usize, usize) -> bool; 5] = [
        &|o, n| old[o].ident == new[n].ident && old[o].wire == new[n].wire,
        &|o, n| old[o].ident == new[n].ident,
        &|o, n| old[o].wire == new[n].wire,
        &|o, n| new[n].aliases.iter().any(|alias| alias == old[o].wire),
        &same_place,
    ];
    by_rules(old, new, &rules)
}

/// Whether a schema says enough that an equal one is no accident.
fn says_something(node: &Value) -> bool {
    ["description", "example", "enum", "x-doc"]
        .iter()
        .any(|word| node.get(word).is_some())
}

fn by_rules<O, N>(
    old: &[O],
    new: &[N],
    rules: &[impl Fn(usize, usize) -> bool],
) -> Vec<(usize, usize)> {
    let mut taken_old = vec![false; old.len()];
    let mut taken_new = vec![false; new.len()];
    let mut found = Vec::new();
    for rule in rules {
        for (n, taken) in taken_new
            .iter_mut()
            .enumerate()
            .filter(|(_, taken)| !**taken)
        {
            if let Some(o) = (0..old.len()).find(|o| !taken_old[*o] && rule(*o, n)) {
                taken_old[o] = true;
                *taken = true;
                found.push((o, n));
            }
        }
    }
    found.sort_by_key(|(_, n)| *n);
    found
}

/// Types that have another name, old to new: those that stand wherever the old one stood, and are
/// alike.
pub(super) fn renamed_types<'o, 'n>(
    old: &View<'o>,
    new: &View<'n>,
    matched: &[(usize, usize)],
) -> BTreeMap<&'o str, &'n str> {
    let mut waiting = Vec::new();
    for (o, n) in matched {
        let (before, after) = (&old.calls[*o], &new.calls[*n]);
        for (o, n) in members((old, &before.arguments), (new, &after.arguments)) {
            pairs(
                before.arguments[o].schema,
                after.arguments[n].schema,
                &mut waiting,
            );
        }
        if let (Some(before), Some(after)) = (before.answer, after.answer) {
            pairs(before, after, &mut waiting);
        }
    }
    let mut seen = BTreeSet::new();
    while let Some((before, after)) = waiting.pop() {
        if !seen.insert((before, after)) {
            continue;
        }
        if let (Some(before), Some(after)) = (old.types.get(before), new.types.get(after)) {
            below((old, before), (new, after), &mut waiting);
        }
    }
    let mut partners: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut origins: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (before, after) in &seen {
        partners.entry(before).or_default().insert(after);
        origins.entry(after).or_default().insert(before);
    }
    seen.into_iter()
        .filter(|(before, after)| {
            !new.types.contains_key(before)
                && !old.types.contains_key(after)
                && partners[before].len() == 1
                && origins[after].len() == 1
                && alike(&old.types[before], &new.types[after])
        })
        .collect()
}

/// The types at the same places inside two types.
fn below<'o, 'n>(
    old: (&View<'o>, &Type<'o>),
    new: (&View<'n>, &Type<'n>),
    found: &mut Vec<(&'o str, &'n str)>,
) {
    match (&old.1.form, &new.1.form) {
        (Form::Struct(before), Form::Struct(after)) => {
            for (o, n) in members((old.0, before), (new.0, after)) {
                pairs(before[o].schema, after[n].schema, found);
            }
        }
        (Form::Choice(before), Form::Choice(after)) => {
            for ((_, before), (_, after)) in before.iter().zip(after) {
                pairs(before, after, found);
            }
        }
        (Form::Variants(before), Form::Variants(after)) => {
            for (variant, before) in before {
                let Some((_, after)) = after.iter().find(|(other, _)| other.name == variant.name)
                else {
                    continue;
                };
                for (o, n) in members((old.0, before), (new.0, after)) {
                    pairs(before[o].schema, after[n].schema, found);
                }
            }
        }
        _ => {}
    }
}

/// Whether two types of different names are the same: at least half of what is in them is.
fn alike(old: &Type<'_>, new: &Type<'_>) -> bool {
    fn half<T: PartialEq>(old: &[T], new: &[T]) -> bool {
        let common = old.iter().filter(|part| new.contains(part)).count();
        common * 2 >= old.len().max(new.len())
    }
    match (&old.form, &new.form) {
        (Form::Struct(before), Form::Struct(after)) => {
            let wires = |members: &[Member<'_>]| -> Vec<String> {
                members
                    .iter()
                    .map(|member| member.wire.to_owned())
                    .collect()
            };
            matches!(old.facts.kind, TypeKind::Tuple) == matches!(new.facts.kind, TypeKind::Tuple)
                && half(&wires(before), &wires(after))
        }
        (Form::Enum(before), Form::Enum(after)) => {
            let texts = |values: &[(String, &str)]| -> Vec<String> {
                values.iter().map(|(_, text)| (*text).to_owned()).collect()
            };
            half(&texts(before), &texts(after))
        }
        (Form::Choice(_), Form::Choice(_)) => true,
        (Form::Variants(before), Form::Variants(after)) => {
            let names =
                |variants: &[(&crate::model::TaggedVariant, Vec<Member<'_>>)]| -> Vec<String> {
                    variants
                        .iter()
                        .map(|(variant, _)| variant.name.clone())
                        .collect()
                };
            half(&names(before), &names(after))
        }
        _ => false,
    }
}
