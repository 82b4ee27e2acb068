//! What is different for a caller between two views of an API.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    change::{Change, Owner, Part, What},
    pairing,
    view::{Call, Form, Member, Type, View, rust, travels},
};
use crate::{
    model::{Answer, Body, Check, Location, Model, TypeKind},
    rewrite::checks::describe,
};

/// All changes, in the order of the new description.
pub(super) fn compare(old: (&Model, &View<'_>), new: (&Model, &View<'_>)) -> Vec<Change> {
    let matched = pairing::calls(old.1, new.1);
    let renamed = pairing::renamed_types(old.1, new.1, &matched);
    let mut comparison = Comparison {
        old: old.1,
        new: new.1,
        renamed,
        changes: Vec::new(),
    };
    comparison.api(old.0, new.0);
    comparison.calls(&matched);
    comparison.types(&matched);
    comparison.changes
}

struct Comparison<'c, 'o, 'n> {
    old: &'c View<'o>,
    new: &'c View<'n>,
    /// Types that certainly have another name, old to new.
    renamed: BTreeMap<&'o str, &'n str>,
    changes: Vec<Change>,
}

/// A new argument or field, with the type a caller meets.
fn added(member: &Member<'_>, part: Part) -> What {
    let ty = rust(member.schema, &str::to_owned);
    let may_miss = part == Part::Field(Owner::Crate) && member.is_option();
    What::Added {
        ty: Some(if may_miss {
            format!("Option<{ty}>")
        } else {
            ty
        }),
        required: member.always && !member.is_rest(),
    }
}

/// Where a change is and what a caller calls the place.
struct At<'a> {
    operations: &'a [&'a str],
    subject: &'a str,
    part: Part,
}

impl<'o, 'n> Comparison<'_, 'o, 'n> {
    fn push(&mut self, at: &At<'_>, pointer: String, what: What) {
        self.changes.push(Change {
            operations: at.operations.iter().map(|id| (*id).to_owned()).collect(),
            pointer,
            subject: at.subject.to_owned(),
            part: at.part,
            what,
        });
    }

    /// The Rust type of an old schema, by the names the types have now.
    fn translated(&self, schema: &Value) -> String {
        rust(schema, &|name| {
            let now = self.renamed.get(name).copied();
            now.map_or_else(|| name.to_owned(), str::to_owned)
        })
    }

    fn api(&mut self, old: &Model, new: &Model) {
        let at = At {
            operations: &[],
            subject: &new.api,
            part: Part::Api,
        };
        if old.base_url != new.base_url {
            let what = What::Server(old.base_url.clone(), new.base_url.clone());
            self.push(&at, "/servers/0/url".to_owned(), what);
        }
        if old.version != new.version {
            let what = What::Version(old.version.clone(), new.version.clone());
            self.push(&at, "/info/version".to_owned(), what);
        }
    }

    fn calls(&mut self, matched: &[(usize, usize)]) {
        let (old, new) = (self.old, self.new);
        for (n, after) in new.calls.iter().enumerate() {
            let Some((o, _)) = matched.iter().find(|(_, other)| *other == n) else {
                let subject = format!("{}()", after.operation.rust_method);
                let made = after.operation;
                // What the rules took it for is what a reviewer must not overlook.
                let what = What::Added {
                    ty: Some(format!(
                        "{} {}, effect `{}`, pace {} of {}, permission {}",
                        made.method,
                        made.path,
                        made.effect.word(),
                        made.pace.cost,
                        made.pace.counter,
                        made.permission
                    )),
                    required: false,
                };
                self.operation(after, &subject, Part::Operation, what);
                continue;
            };
            self.call(&old.calls[*o], after);
        }
        for (o, before) in old.calls.iter().enumerate() {
            if !matched.iter().any(|(other, _)| *other == o) {
                let subject = format!("{}()", before.operation.rust_method);
                self.operation(before, &subject, Part::Operation, What::Removed);
            }
        }
    }

    fn operation(&mut self, call: &Call<'_>, subject: &str, part: Part, what: What) {
        let at = At {
            operations: &[&call.operation.id],
            subject,
            part,
        };
        self.push(&at, call.operation.at.clone(), what);
    }

    fn call(&mut self, old: &Call<'o>, new: &Call<'n>) {
        let (before, after) = (old.operation, new.operation);
        let subject = format!("{}()", before.rust_method);
        let mut whats = Vec::new();
        let mut texts = |old: &str, new: &str, what: fn(String, String) -> What| {
            if old != new {
                whats.push(what(old.to_owned(), new.to_owned()));
            }
        };
        texts(
            &format!("{}()", before.rust_method),
            &format!("{}()", after.rust_method),
            What::Renamed,
        );
        texts(&before.id, &after.id, What::WireName);
        texts(
            &format!("{} {}", before.method, before.path),
            &format!("{} {}", after.method, after.path),
            What::Request,
        );
        let pace = |pace: &crate::model::Pace| format!("{} of {}", pace.cost, pace.counter);
        texts(&pace(&before.pace), &pace(&after.pace), What::Pace);
        texts(&before.tag, &after.tag, What::Group);
        if before.private == after.private {
            texts(
                &before.permission.to_string(),
                &after.permission.to_string(),
                What::Permission,
            );
        } else {
            whats.push(What::Private(after.private));
        }
        let body = |body| match body {
            Body::None => "nothing",
            Body::Empty => "an empty object",
            Body::Request => "the arguments",
        };
        if before.body != after.body && ![before.body, after.body].contains(&Body::Request) {
            whats.push(What::Body(
                body(before.body).into(),
                body(after.body).into(),
            ));
        }
        if before.effect != after.effect {
            whats.push(What::Effect(before.effect, after.effect));
        }
        if old.deprecated != new.deprecated {
            whats.push(What::Deprecated(new.deprecated));
        }
        for what in whats {
            self.operation(new, &subject, Part::Operation, what);
        }
        self.arguments(old, new, &subject);
        self.answer(old, new, &subject);
    }

    fn answer(&mut self, old: &Call<'_>, new: &Call<'_>, subject: &str) {
        let (before, after) = (old.operation, new.operation);
        let subject = format!("{subject} answer");
        let seen = |call: &Call<'_>, ty: &dyn Fn(&Value) -> String| match call.answer {
            _ if call.operation.answer == Answer::Bytes => "Bytes".to_owned(),
            None => "Bytes".to_owned(),
            Some(schema) if call.operation.optional_result => format!("Option<{}>", ty(schema)),
            Some(schema) => ty(schema),
        };
        let plain = |schema: &Value| rust(schema, &str::to_owned);
        let now = seen(new, &plain);
        if seen(old, &|schema| self.followed(schema, before, after)) != now {
            let what = What::Type(seen(old, &plain), now);
            self.operation(new, &subject, Part::Answer, what);
        } else if let (Some(old), Some(schema)) = (old.answer, new.answer)
            && travels(old) != travels(schema)
        {
            let what = What::Form(form(old), form(schema));
            self.operation(new, &subject, Part::Answer, what);
        }
        if before.answer != after.answer
            && before.answer != Answer::Bytes
            && after.answer != Answer::Bytes
        {
            let word = |answer| match answer {
                Answer::Enveloped => "the envelope's result",
                Answer::Whole => "the envelope and what is beside the result",
                Answer::Bare | Answer::Bytes => "no envelope",
            };
            let what = What::Envelope(word(before.answer).into(), word(after.answer).into());
            self.operation(new, &subject, Part::Answer, what);
        }
    }

    /// As [`Self::translated`], and the types that are named after a renamed operation with it.
    fn followed(
        &self,
        schema: &Value,
        before: &crate::model::Operation,
        after: &crate::model::Operation,
    ) -> String {
        let old = self.translated(schema);
        if old == before.answer_type {
            after.answer_type.clone()
        } else {
            old
        }
    }

    fn arguments(&mut self, old: &Call<'o>, new: &Call<'n>, subject: &str) {
        let id = [new.operation.id.as_str()];
        let pairs = pairing::members((self.old, &old.arguments), (self.new, &new.arguments));
        self.members(
            (&old.arguments, &new.arguments),
            &pairs,
            &id,
            subject,
            Part::Argument,
            true,
        );
        for constant in &new.constants {
            let before = old
                .constants
                .iter()
                .find(|before| before.wire == constant.wire)
                .and_then(|before| before.constant)
                .unwrap_or_default();
            let after = constant.constant.unwrap_or_default();
            if before != after {
                let at = At {
                    operations: &id,
                    subject: &format!("{subject}.{}", constant.ident),
                    part: Part::Argument,
                };
                let pointer = self.new.pointer(constant.at);
                self.push(&at, pointer, What::Constant(before.into(), after.into()));
            }
        }
        for constant in &old.constants {
            let still = |member: &&Member<'_>| member.wire == constant.wire;
            if new
                .constants
                .iter()
                .chain(&new.arguments)
                .find(still)
                .is_none()
            {
                let at = At {
                    operations: &id,
                    subject: &format!("{subject}.{}", constant.ident),
                    part: Part::Argument,
                };
                let was = constant.constant.unwrap_or_default().to_owned();
                let pointer = self.old.pointer(constant.at);
                self.push(&at, pointer, What::Constant(was, String::new()));
            }
        }
    }

    /// Arguments of a call, or fields of a type.
    fn members(
        &mut self,
        (old, new): (&[Member<'o>], &[Member<'n>]),
        pairs: &[(usize, usize)],
        operations: &[&str],
        owner: &str,
        part: Part,
        built: bool,
    ) {
        for (n, after) in new.iter().enumerate() {
            let pair = pairs.iter().find(|(_, other)| *other == n);
            let subject = match pair {
                Some((o, _)) => format!("{owner}.{}", old[*o].ident),
                None => format!("{owner}.{}", after.ident),
            };
            let at = At {
                operations,
                subject: &subject,
                part,
            };
            let pointer = self.new.place(after.at, after.is_rest());
            let whats = match pair {
                Some((o, _)) => self.member(&old[*o], after, part, built),
                None => vec![added(after, part)],
            };
            for what in whats {
                self.push(&at, pointer.clone(), what);
            }
        }
        for (o, before) in old.iter().enumerate() {
            if !pairs.iter().any(|(other, _)| *other == o) {
                let at = At {
                    operations,
                    subject: &format!("{owner}.{}", before.ident),
                    part,
                };
                let pointer = self.old.place(before.at, before.is_rest());
                self.push(&at, pointer, What::Removed);
            }
        }
    }

    fn member(&self, old: &Member<'_>, new: &Member<'_>, part: Part, built: bool) -> Vec<What> {
        let mut whats = Vec::new();
        if old.ident != new.ident {
            whats.push(What::Renamed(old.ident.clone(), new.ident.clone()));
        }
        if old.wire != new.wire {
            whats.push(What::WireName(old.wire.to_owned(), new.wire.to_owned()));
        }
        let now = rust(new.schema, &str::to_owned);
        if self.translated(old.schema) != now {
            whats.push(What::Type(rust(old.schema, &str::to_owned), now));
        } else if travels(old.schema) != travels(new.schema) {
            whats.push(What::Form(form(old.schema), form(new.schema)));
        }
        // A list of the query is an `Option` inside the call, which no caller sees.
        let option = |member: &Member<'_>| member.is_option() || part == Part::Argument;
        match (old.always, new.always) {
            (false, true) if option(old) => whats.push(What::Required),
            (true, false) if option(new) => whats.push(What::Optional),
            (false, true) => whats.push(What::AlwaysThere),
            (true, false) => whats.push(What::MaybeEmpty),
            _ => {}
        }
        if place(old) != place(new) {
            whats.push(What::Place(place(old).into(), place(new).into()));
        }
        if built {
            if let Some((old, new, tighter)) = limits(&old.checks, &new.checks) {
                whats.push(What::Limits { old, new, tighter });
            }
            if old.default != new.default {
                let text = |value: Option<&Value>| value.map(Value::to_string).unwrap_or_default();
                whats.push(What::Default(text(old.default), text(new.default)));
            }
        } else if old.aliases != new.aliases {
            whats.push(What::Aliases(
                old.aliases.join(", "),
                new.aliases.join(", "),
            ));
        }
        if old.deprecated != new.deprecated {
            whats.push(What::Deprecated(new.deprecated));
        }
        whats
    }

    fn types(&mut self, matched: &[(usize, usize)]) {
        let (old, new) = (self.old, self.new);
        let mut both: Vec<(&'o str, &'n str)> = old
            .types
            .keys()
            .filter_map(|name| Some((*name, *new.types.get_key_value::<str>(name)?.0)))
            .collect();
        both.extend(self.renamed.iter().map(|(old, new)| (*old, *new)));
        both.sort_by_key(|(_, new)| *new);
        // A call's own request type is seen as its arguments, and as nothing else.
        let requests: BTreeSet<String> = old
            .calls
            .iter()
            .chain(&new.calls)
            .filter(|call| call.operation.body == Body::Request)
            .map(|call| format!("{}Request", call.operation.type_name))
            .collect();
        let users = new.users();
        for (old_name, new_name) in both {
            if requests.contains(old_name) || requests.contains(new_name) {
                continue;
            }
            let (before, after) = (&old.types[old_name], &new.types[new_name]);
            let users = users.get(new_name).map_or(&[][..], Vec::as_slice);
            if old_name != new_name && !self.follows_a_call(old_name, new_name, matched) {
                let at = At {
                    operations: users,
                    subject: old_name,
                    part: Part::Type(owner(before)),
                };
                let pointer = new.place(&after.facts.at, true);
                let what = What::Renamed(old_name.to_owned(), new_name.to_owned());
                self.push(&at, pointer, what);
            }
            self.types_alike(old_name, before, after, users);
        }
    }

    /// Whether a type has another name only because its operation has.
    fn follows_a_call(&self, old: &str, new: &str, matched: &[(usize, usize)]) -> bool {
        matched.iter().any(|(o, n)| {
            let (before, after) = (self.old.calls[*o].operation, self.new.calls[*n].operation);
            before.type_name != after.type_name
                && old
                    .strip_prefix(&before.type_name)
                    .is_some_and(|rest| new == format!("{}{rest}", after.type_name))
        })
    }

    fn types_alike(&mut self, name: &str, old: &Type<'o>, new: &Type<'n>, users: &[&str]) {
        let owner = owner(old);
        let at = At {
            operations: users,
            subject: name,
            part: Part::Type(owner),
        };
        let pointer = self.new.place(&new.facts.at, true);
        if old.facts.in_requests != new.facts.in_requests {
            let what = What::Built(new.facts.in_requests);
            self.push(&at, pointer.clone(), what);
        }
        match (&old.form, &new.form) {
            (Form::Struct(before), Form::Struct(after)) => {
                self.structs(&at, &pointer, (old, before), (new, after));
            }
            (Form::Enum(before), Form::Enum(after)) => {
                self.values(name, users, &pointer, before, after);
            }
            (Form::Choice(before), Form::Choice(after)) => {
                self.choices(name, users, &pointer, before, after);
            }
            (Form::Variants(before), Form::Variants(after)) => {
                for (variant, members) in after {
                    let subject = format!("{name}::{}", variant.name);
                    let at = At {
                        operations: users,
                        subject: &subject,
                        part: Part::Variant,
                    };
                    let found = before.iter().find(|(other, _)| other.name == variant.name);
                    let Some((other, fields)) = found else {
                        let what = What::Added {
                            ty: None,
                            required: false,
                        };
                        self.push(&at, pointer.clone(), what);
                        continue;
                    };
                    let tag = |constants: &[(String, String)]| {
                        let parts: Vec<_> = constants
                            .iter()
                            .map(|(key, value)| format!("{key} {value}"))
                            .collect();
                        parts.join(", ")
                    };
                    let (was, is) = (tag(&other.constants), tag(&variant.constants));
                    if was != is {
                        self.push(&at, pointer.clone(), What::Tag(was, is));
                    }
                    let pairs = pairing::members((self.old, fields), (self.new, members));
                    let part = Part::Field(Owner::Variant);
                    self.members((fields, members), &pairs, users, &subject, part, true);
                }
                for (variant, _) in before {
                    if !after.iter().any(|(other, _)| other.name == variant.name) {
                        let at = At {
                            operations: users,
                            subject: &format!("{name}::{}", variant.name),
                            part: Part::Variant,
                        };
                        self.push(&at, pointer.clone(), What::Removed);
                    }
                }
            }
            (before, after) => {
                let what = What::Kind(kind(before).to_owned(), kind(after).to_owned());
                self.push(&at, pointer, what);
            }
        }
    }

    fn structs(
        &mut self,
        at: &At<'_>,
        pointer: &str,
        (old, before): (&Type<'o>, &[Member<'o>]),
        (new, after): (&Type<'n>, &[Member<'n>]),
    ) {
        let array = |ty: &Type<'_>| matches!(ty.facts.kind, TypeKind::Tuple);
        if array(old) != array(new) {
            let word = |ty| if array(ty) { "array" } else { "object" };
            let what = What::Form(word(old).to_owned(), word(new).to_owned());
            self.push(at, pointer.to_owned(), what);
        } else if array(old) {
            self.positions(at, pointer, before, after);
        }
        let default = |ty: &Type<'_>, members: &[Member<'_>]| {
            !array(ty) && members.iter().all(|m| !m.always || m.is_rest())
        };
        if default(old, before) && !default(new, after) {
            self.push(at, pointer.to_owned(), What::NoDefault);
        }
        let pairs = pairing::members((self.old, before), (self.new, after));
        let has_new = |ty: &Type<'_>| ty.facts.kind == TypeKind::Object;
        if old.facts.in_requests && new.facts.in_requests && has_new(old) != has_new(new) {
            let word = |ty| {
                if has_new(ty) {
                    "with `new`"
                } else {
                    "without `new`"
                }
            };
            let kind = |ty| format!("a struct {}", word(ty));
            self.push(at, pointer.to_owned(), What::Kind(kind(old), kind(new)));
        } else if old.facts.in_requests && new.facts.in_requests {
            self.order(at, pointer, before, after, &pairs);
        }
        let built = old.facts.in_requests && new.facts.in_requests;
        let part = Part::Field(owner(old));
        self.members(
            (before, after),
            &pairs,
            at.operations,
            at.subject,
            part,
            built,
        );
    }

    /// The names of an array's positions, where known ones moved.
    fn positions(&mut self, at: &At<'_>, pointer: &str, old: &[Member<'_>], new: &[Member<'_>]) {
        let moved = new.iter().enumerate().any(|(n, member)| {
            old.iter()
                .position(|other| other.ident == member.ident)
                .is_some_and(|o| o != n)
        });
        if moved {
            let names = |members: &[Member<'_>]| idents(members.iter());
            let what = What::Form(names(old), names(new));
            self.push(at, pointer.to_owned(), what);
        }
    }

    /// The order of the parameters of `new`, where those that stay come in another one.
    fn order(
        &mut self,
        at: &At<'_>,
        pointer: &str,
        old: &[Member<'_>],
        new: &[Member<'_>],
        pairs: &[(usize, usize)],
    ) {
        // By the new list already; by the old one they must be in line, too.
        let stay: Vec<usize> = pairs
            .iter()
            .filter(|(o, n)| old[*o].always && new[*n].always && !old[*o].is_rest())
            .map(|(o, _)| *o)
            .collect();
        if !stay.is_sorted() {
            let needed = |member: &&Member<'_>| member.always && !member.is_rest();
            let what = What::Order(
                idents(old.iter().filter(needed)),
                idents(new.iter().filter(needed)),
            );
            self.push(at, pointer.to_owned(), what);
        }
    }

    fn values(
        &mut self,
        name: &str,
        users: &[&str],
        pointer: &str,
        old: &[(String, &str)],
        new: &[(String, &str)],
    ) {
        let mut say = |variant: &str, what: What| {
            let at = At {
                operations: users,
                subject: &format!("{name}::{variant}"),
                part: Part::Value,
            };
            self.push(&at, pointer.to_owned(), what);
        };
        for (variant, text) in new {
            match old.iter().find(|(_, other)| other == text) {
                None => say(
                    variant,
                    What::Added {
                        ty: Some(format!("{text:?} on the wire")),
                        required: false,
                    },
                ),
                Some((before, _)) if before != variant => {
                    say(before, What::Renamed(before.clone(), variant.clone()));
                }
                Some(_) => {}
            }
        }
        for (variant, text) in old {
            if !new.iter().any(|(_, other)| other == text) {
                say(variant, What::Removed);
            }
        }
    }

    fn choices(
        &mut self,
        name: &str,
        users: &[&str],
        pointer: &str,
        old: &[(&str, &Value)],
        new: &[(&str, &Value)],
    ) {
        for ((before, old), (after, new)) in old.iter().zip(new) {
            let at = At {
                operations: users,
                subject: &format!("{name}::{before}"),
                part: Part::Variant,
            };
            if before != after {
                let what = What::Renamed((*before).to_owned(), (*after).to_owned());
                self.push(&at, pointer.to_owned(), what);
            }
            let now = rust(new, &str::to_owned);
            if self.translated(old) != now {
                let what = What::Type(rust(old, &str::to_owned), now);
                self.push(&at, pointer.to_owned(), what);
            }
        }
    }
}

fn idents<'a>(members: impl Iterator<Item = &'a Member<'a>>) -> String {
    let names: Vec<_> = members.map(|member| member.ident.as_str()).collect();
    names.join(", ")
}

/// Who makes values of a type.
fn owner(ty: &Type<'_>) -> Owner {
    if ty.facts.in_requests {
        Owner::Callers
    } else {
        Owner::Crate
    }
}

fn kind(form: &Form<'_>) -> &'static str {
    match form {
        Form::Struct(_) => "a struct",
        Form::Enum(_) => "an open enum",
        Form::Choice(_) => "a list or an object",
        Form::Variants(_) => "an enum with named fields",
    }
}

fn form(schema: &Value) -> String {
    travels(schema).unwrap_or("as its type says").to_owned()
}

fn place(member: &Member<'_>) -> &'static str {
    match member.location {
        None => "body",
        Some(Location::Path) => "path",
        Some(Location::Query) => "query",
        Some(Location::Header) => "header",
    }
}

/// Both limits in words, and whether the new ones refuse more; nothing if they are the same.
fn limits(old: &[Check], new: &[Check]) -> Option<(String, String, bool)> {
    if old == new {
        return None;
    }
    let words = |checks: &[Check]| {
        let rules: Vec<_> = checks
            .iter()
            .map(|check| describe(check).trim_end_matches('.').to_lowercase())
            .collect();
        rules.join(", ")
    };
    let tighter = new
        .iter()
        .any(|new| !old.iter().any(|old| within(old, new)));
    Some((words(old), words(new), tighter))
}

/// Whether all that the old limit lets through passes the new one.
fn within(old: &Check, new: &Check) -> bool {
    fn inside<T: PartialOrd>(old: (Option<T>, Option<T>), new: (Option<T>, Option<T>)) -> bool {
        let low = match (old.0, new.0) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(old), Some(new)) => old >= new,
        };
        let high = match (old.1, new.1) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(old), Some(new)) => old <= new,
        };
        low && high
    }
    match (old, new) {
        (Check::Range(a, b), Check::Range(c, d)) => inside((*a, *b), (*c, *d)),
        (Check::OneOf(old), Check::OneOf(new)) => old.iter().all(|value| new.contains(value)),
        (Check::OneOf(old), Check::Range(low, high)) => old
            .iter()
            .all(|value| inside((Some(*value), Some(*value)), (*low, *high))),
        (Check::Length(a, b), Check::Length(c, d)) | (Check::Items(a, b), Check::Items(c, d)) => {
            inside((*a, *b), (*c, *d))
        }
        (Check::Pattern(old), Check::Pattern(new)) => old == new,
        _ => false,
    }
}
