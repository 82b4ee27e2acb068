//! From a payload to a report.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use exchange_wire::losses;
use exchange_wire::watch::{self, Known, Seen};

use crate::api::{self, Api, Failure, Part, Reading};
use crate::payload::{self, Kind, Values};
use crate::report::{
    AnyForm, Failed, Lacking, Lost, Null, Place, Refusal, Report, Reshaped, Step, Unknown, Verdict,
};

/// Holds one payload against the types of an operation.
pub fn check(api: &str, operation: &str, part: Part, payload: &[u8]) -> Report {
    let mut report = Report::new(api, operation, part);
    let Some(api) = api::find(api) else {
        return report.wrong_use(format!("there is no API `{api}`"));
    };
    let operations = api.operations();
    let Some(entry) = operations.iter().find(|entry| entry.id == operation) else {
        return report.wrong_use(format!("{} has no operation `{operation}`", api.name()));
    };
    if !entry.parts.contains(&part) {
        return report.wrong_use(format!("`{operation}` has no {}", part.name()));
    }
    let is_file = entry.file && part == Part::Answer;
    if !is_file && let Some(complaint) = payload::complaint(payload) {
        report.failed = Some(Failed {
            pointer: String::new(),
            place: Place::default(),
            message: complaint,
            excerpt: String::new(),
        });
        report.verdict = Verdict::Undecodable;
        return report;
    }
    read(api, payload, report)
}

fn read(api: &dyn Api, payload: &[u8], mut report: Report) -> Report {
    let (reading, seen) = watch::watch(|| api.read(&report.operation, report.part, payload));
    match reading {
        Err(Failure::NoSuchPayload(text)) => report.wrong_use(text),
        Err(Failure::Unfit {
            within,
            message,
            excerpt,
        }) => {
            let types = Types::new(&seen, within, &[]);
            let failed = seen.failed.as_ref().map(watch::Place::pointer);
            let pointer = types.prefix.clone() + &failed.unwrap_or_default();
            report.failed = Some(Failed {
                place: types.place(&pointer),
                pointer,
                message,
                excerpt,
            });
            report.verdict = Verdict::Undecodable;
            report
        }
        Ok(reading) => {
            // Text that is no UTF-8 was refused before; a file has nothing to compare.
            if let Ok(text) = str::from_utf8(payload) {
                compare(&mut report, text.trim_ascii(), &reading, &seen);
            }
            report.settle();
            report
        }
    }
}

/// What the types know, by place.
struct Types<'s> {
    prefix: String,
    known: HashMap<String, Known>,
    /// Names at the top that no type lists.
    top: &'s [&'static str],
}

impl<'s> Types<'s> {
    fn new(seen: &Seen, within: Option<&str>, top: &'s [&'static str]) -> Self {
        let mut prefix = String::new();
        if let Some(member) = within {
            payload::step(&mut prefix, member);
        }
        let known = seen
            .objects
            .iter()
            .map(|object| (prefix.clone() + &object.place.pointer(), object.known))
            .collect();
        Self { prefix, known, top }
    }

    /// Whether the object at `parent` has the member by its type; `None` if it has no such type.
    fn names(&self, parent: &str, member: &str) -> Option<bool> {
        if parent.is_empty() && (!self.prefix.is_empty() || !self.top.is_empty()) {
            return Some(
                self.prefix[self.prefix.len().min(1)..] == *member || self.top.contains(&member),
            );
        }
        self.known.get(parent).map(|known| match known {
            Known::Names(names) => names.contains(&member),
            Known::Positions(count) => member.parse().is_ok_and(|index: usize| index < *count),
        })
    }

    /// Which steps of a pointer the types name.
    fn place(&self, pointer: &str) -> Place {
        let mut steps = Vec::new();
        let mut start = 0;
        while start < pointer.len() {
            let end = pointer[start + 1..]
                .find('/')
                .map_or(pointer.len(), |at| start + 1 + at);
            let member = payload::unescape(&pointer[start + 1..end]);
            steps.push(match self.names(&pointer[..start], &member) {
                Some(true) => Step::Named,
                Some(false) => Step::New,
                None => Step::Key,
            });
            start = end;
        }
        Place { steps }
    }
}

fn compare(report: &mut Report, sent: &str, reading: &Reading, seen: &Seen) {
    let types = Types::new(seen, reading.within, &reading.names);
    for (message, known) in &reading.refusal {
        report.refusal.push(Refusal {
            message: message.clone(),
            known: *known,
        });
    }
    let Some(written) = &reading.written else {
        return;
    };
    let values = payload::values(sent);
    let written_values = payload::values(written);
    let facts = Facts {
        types: &types,
        sent: &values,
        written: &written_values,
    };
    let renamed = facts.lost(report, reading, written);
    facts.kept_unnamed(report, seen);
    for unknown in &seen.unknown {
        let pointer = types.prefix.clone() + &unknown.place.pointer();
        report.unknown.push(Unknown {
            place: types.place(&pointer),
            pointer,
            word: unknown.word.clone(),
            known: unknown.known.iter().map(|&word| word.to_owned()).collect(),
        });
    }
    facts.lacking(report, reading, seen, &renamed);
    facts.forms(report, seen);
}

struct Facts<'f> {
    types: &'f Types<'f>,
    sent: &'f Values<'f>,
    written: &'f Values<'f>,
}

impl Facts<'_> {
    /// What stands at the same place in what was written.
    fn written_at(&self, pointer: &str) -> Option<&str> {
        let pointer = pointer.strip_prefix(&self.types.prefix)?;
        self.written.by_pointer.get(pointer).copied()
    }

    /// Fills in what was lost, and gives the pointers of members that were written under another
    /// spelling.
    fn lost(&self, report: &mut Report, reading: &Reading, written: &str) -> BTreeSet<String> {
        let prefix = &self.types.prefix;
        let sent = self.sent.by_pointer.get(prefix).copied().unwrap_or("null");
        let mut found: BTreeMap<String, String> = losses(sent, written)
            .into_iter()
            .map(|loss| (prefix.clone() + &loss.pointer, loss.sent))
            .collect();
        // Beside the typed value.
        for (pointer, value) in &self.sent.by_pointer {
            let top = pointer.len() > 1 && !pointer[1..].contains('/');
            if top && !prefix.is_empty() && pointer != prefix {
                found.insert(pointer.clone(), (*value).to_owned());
            }
        }
        found.retain(|pointer, _| {
            let top = pointer[pointer.len().min(1)..].split('/').next();
            !top.is_some_and(|top| reading.envelope.contains(&top))
        });
        // A `null` is no loss of a value, but a member without a type is news.
        for (pointer, value) in &self.sent.by_pointer {
            let parent = parent(pointer);
            let unnamed = self.types.names(parent, &last(pointer)) == Some(false);
            if *value == "null"
                && unnamed
                && self.written_at(pointer).is_none()
                && !(parent.is_empty() && reading.envelope.contains(&last(pointer).as_str()))
            {
                found.insert(pointer.clone(), "null".to_owned());
            }
        }
        for (pointer, value) in &self.sent.twice {
            found.insert(pointer.clone(), (*value).to_owned());
        }
        let mut renamed = BTreeSet::new();
        for (pointer, sent) in found {
            let twice = self.sent.twice.iter().any(|(twice, _)| *twice == pointer);
            if !twice && let Some(spelling) = self.other_spelling(&pointer, &sent) {
                renamed.insert(format!(
                    "{}/{}",
                    parent(&pointer),
                    payload::escape(&spelling)
                ));
                report.reshaped.push(Reshaped {
                    place: self.types.place(&pointer),
                    pointer,
                    how: format!("read as `{spelling}`"),
                });
                continue;
            }
            report.lost.push(Lost {
                place: self.types.place(&pointer),
                pointer,
                sent,
                why: if twice {
                    "the member comes twice and one of them is not seen"
                } else {
                    "not in the typed value"
                },
            });
        }
        renamed
    }

    /// The name under which a lost member was written, if it is one of the spellings of a field.
    fn other_spelling(&self, pointer: &str, sent: &str) -> Option<String> {
        let parent = parent(pointer);
        let Some(Known::Names(names)) = self.types.known.get(parent) else {
            return None;
        };
        let member = last(pointer);
        if !names.contains(&member.as_str()) {
            return None;
        }
        let free = |name: &&&str| {
            let pointer = format!("{parent}/{}", payload::escape(name));
            !self.sent.by_pointer.contains_key(&pointer)
                && self
                    .written_at(&pointer)
                    .is_some_and(|written| losses(sent, written).is_empty())
        };
        names.iter().find(free).map(|name| (*name).to_owned())
    }

    /// Members that are kept as they came without a type naming them.
    fn kept_unnamed(&self, report: &mut Report, seen: &Seen) {
        let all_lost = pointers(&report.lost);
        for place in &seen.any_form {
            let pointer = self.types.prefix.clone() + &place.pointer();
            let named = self.types.names(parent(&pointer), &last(&pointer));
            let Some(sent) = self.sent.by_pointer.get(&pointer) else {
                continue;
            };
            let lost = all_lost.contains(&pointer);
            // What is not written was lost, or belongs to the envelope.
            if named == Some(false) && !lost && self.written_at(&pointer).is_some() {
                report.unnamed.push(Lost {
                    place: self.types.place(&pointer),
                    pointer,
                    sent: (*sent).to_owned(),
                    why: "kept as it came; no type names it",
                });
            }
        }
    }

    fn lacking(
        &self,
        report: &mut Report,
        reading: &Reading,
        seen: &Seen,
        renamed: &BTreeSet<String>,
    ) {
        let mut found: BTreeMap<String, Lacking> = BTreeMap::new();
        let mut add = |object: &str, starred: &str, name: &str, also: Option<&str>, lacks: bool| {
            let mut pattern = starred.to_owned();
            payload::step(&mut pattern, name);
            let entry = found.entry(pattern).or_default();
            entry.of += 1;
            if lacks {
                if entry.lacking == 0 {
                    entry.pointer = format!("{object}/{}", payload::escape(name));
                    entry.also = also.map(str::to_owned);
                }
                entry.lacking += 1;
            }
        };
        for object in &seen.objects {
            let at = self.types.prefix.clone() + &object.place.pointer();
            let starred = self.types.place(&at).starred(&at);
            match object.known {
                Known::Names(names) => {
                    for (name, also) in spellings(names) {
                        let came = |name: &str| object.present.iter().any(|came| came == name);
                        let pointer = format!("{at}/{}", payload::escape(name));
                        let lacks =
                            !came(name) && !also.is_some_and(came) && !renamed.contains(&pointer);
                        add(&at, &starred, name, also, lacks);
                    }
                }
                Known::Positions(count) => {
                    for index in 0..count {
                        let lacks = index >= object.present.len();
                        add(&at, &starred, &index.to_string(), None, lacks);
                    }
                }
            }
        }
        for name in reading.names.iter().chain(reading.within.as_ref()) {
            let pointer = format!("/{}", payload::escape(name));
            add(
                "",
                "",
                name,
                None,
                !self.sent.by_pointer.contains_key(&pointer),
            );
        }
        for (pattern, mut entry) in found {
            if entry.lacking > 0 {
                entry.place = self.types.place(&entry.pointer);
                report.lacking.push(Lacking { pattern, ..entry });
            }
        }
    }

    /// Nulls, values that are written in another form than they came in, and values that are kept
    /// in any form.
    fn forms(&self, report: &mut Report, seen: &Seen) {
        let lost = pointers(&report.lost);
        for (pointer, sent) in &self.sent.by_pointer {
            let Some(rest) = pointer.strip_prefix(&self.types.prefix) else {
                continue;
            };
            let kind = Kind::of(sent);
            if kind == Kind::Null && !covered(&lost, pointer) {
                report.nulls.push(Null {
                    pointer: pointer.clone(),
                    place: self.types.place(pointer),
                });
            } else if let Some(written) = self.written.by_pointer.get(rest).map(|w| Kind::of(w))
                && written != kind
                && !covered(&lost, pointer)
            {
                report.reshaped.push(Reshaped {
                    pointer: pointer.clone(),
                    place: self.types.place(pointer),
                    how: format!("came as {}, is written as {}", kind.name(), written.name()),
                });
            }
        }
        let unnamed = pointers(&report.unnamed);
        let mut any: BTreeMap<String, AnyForm> = BTreeMap::new();
        for place in &seen.any_form {
            let pointer = self.types.prefix.clone() + &place.pointer();
            let Some(sent) = self.sent.by_pointer.get(&pointer) else {
                continue;
            };
            if covered(&lost, &pointer) || covered(&unnamed, &pointer) {
                continue;
            }
            let place = self.types.place(&pointer);
            let pattern = place.pattern(&pointer);
            let entry = any.entry(pattern.clone()).or_insert_with(|| AnyForm {
                pattern,
                pointer,
                place,
                kinds: BTreeSet::new(),
            });
            entry.kinds.insert(Kind::of(sent));
        }
        report.any_form.extend(any.into_values());
    }
}

/// The fields of a struct: a name, and another spelling of it that is read, too. The list a struct
/// gives has all spellings of a field side by side and does not tell which belong together, so only
/// those are taken for one that differ in case and underscores alone.
fn spellings(names: &[&'static str]) -> Vec<(&'static str, Option<&'static str>)> {
    let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
    let mut fields: Vec<(&'static str, Option<&'static str>)> = Vec::new();
    for name in names {
        match fields.last_mut() {
            Some((before, also @ None)) if plain(before) == plain(name) => *also = Some(name),
            _ => fields.push((name, None)),
        }
    }
    fields
}

fn pointers(news: &[Lost]) -> HashSet<String> {
    news.iter().map(|news| news.pointer.clone()).collect()
}

/// Whether a place or one around it is among those.
fn covered(among: &HashSet<String>, pointer: &str) -> bool {
    let mut at = pointer;
    !among.is_empty()
        && loop {
            if among.contains(at) {
                break true;
            }
            if at.is_empty() {
                break false;
            }
            at = parent(at);
        }
}

fn parent(pointer: &str) -> &str {
    pointer.rfind('/').map_or("", |at| &pointer[..at])
}

fn last(pointer: &str) -> String {
    pointer
        .rfind('/')
        .map_or_else(String::new, |at| payload::unescape(&pointer[at + 1..]))
}
