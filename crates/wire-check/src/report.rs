//! The report of one payload.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use serde::Serialize;

use crate::api::Part;
use crate::payload::Kind;

/// How many findings of a sort the text shows; JSON has all of them.
const SHOWN: usize = 20;
/// How much of a value is shown, in characters.
const EXCERPT: usize = 120;

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is lost and nothing is unknown.
    Fits,
    /// It can be read, but something is lost or unknown.
    Differs,
    /// It can't be read.
    Undecodable,
    /// There is no such API, operation or payload.
    WrongUse,
}

impl Verdict {
    /// The exit status of the program.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Fits => 0,
            Self::Differs => 1,
            Self::Undecodable => 2,
            Self::WrongUse => 3,
        }
    }
}

/// The report of one payload.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Name of the API.
    pub api: String,
    /// The vendor's name of the operation.
    pub operation: String,
    /// Which payload.
    pub part: Part,
    /// Where the payload came from; nothing if it came from a caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// Why nothing was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_use: Option<String>,
    /// Why it can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failed>,
    /// The venue's messages, if the payload is a refusal.
    pub refusal: Vec<Refusal>,
    /// What the typed value, written back, does not carry.
    pub lost: Vec<Lost>,
    /// Members that are kept, though no type names them.
    pub unnamed: Vec<Lost>,
    /// Words that an enum keeps without knowing them.
    pub unknown: Vec<Unknown>,
    /// What the description has and the payload lacks, by pattern.
    pub lacking: Vec<Lacking>,
    /// Members that are `null`.
    pub nulls: Vec<Null>,
    /// Values that are read, and written in another form or under another name.
    pub reshaped: Vec<Reshaped>,
    /// Values whose form the types leave open, by pattern, with the forms that came.
    pub any_form: Vec<AnyForm>,
}

/// What the types know of one step of a pointer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Step {
    /// The type names it.
    Named,
    /// The type has names, and this is none of them.
    New,
    /// A key of a map, an index, or something within a value without a type.
    #[default]
    Key,
}

/// What the types know of the steps of a pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// One for each step.
    pub steps: Vec<Step>,
}

impl Place {
    /// The pointer with `*` for keys and indices, but for the last step.
    pub fn pattern(&self, pointer: &str) -> String {
        let last = self.steps.len().saturating_sub(1);
        self.map(pointer, |index, known, step| {
            if known == Step::Named || index == last && step.parse::<usize>().is_err() {
                step.to_owned()
            } else {
                "*".to_owned()
            }
        })
    }

    /// The pointer with `*` for all keys and indices.
    pub fn starred(&self, pointer: &str) -> String {
        self.map(pointer, |_, known, step| {
            if known == Step::Named { step } else { "*" }.to_owned()
        })
    }

    /// The pointer with its steps replaced.
    pub fn map(&self, pointer: &str, replace: impl Fn(usize, Step, &str) -> String) -> String {
        let steps = pointer.split('/').skip(1).enumerate();
        steps.fold(String::new(), |mut text, (index, step)| {
            let known = self.steps.get(index).copied().unwrap_or_default();
            text.push('/');
            text.push_str(&replace(index, known, step));
            text
        })
    }
}

/// Why a payload can't be read.
#[derive(Debug, Clone, Serialize)]
pub struct Failed {
    /// Where, as a JSON pointer; empty for the whole.
    pub pointer: String,
    /// The same by types.
    #[serde(skip)]
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// A piece of the payload around the place; may be empty.
    pub excerpt: String,
}

/// A message of the venue.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// As it came.
    pub message: String,
    /// Whether the catalogue of errors has it.
    pub known: bool,
}

/// A value that no type has a place for.
#[derive(Debug, Clone, Serialize)]
pub struct Lost {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// The same by types.
    #[serde(skip)]
    pub place: Place,
    /// The JSON that came.
    pub sent: String,
    /// Why it counts.
    pub why: &'static str,
}

/// A word that an enum does not know.
#[derive(Debug, Clone, Serialize)]
pub struct Unknown {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// The same by types.
    #[serde(skip)]
    pub place: Place,
    /// The word.
    pub word: String,
    /// Those that are known.
    pub known: Vec<String>,
}

/// A member that the description has and the payload lacks.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Lacking {
    /// Where, with `*` for keys and indices.
    pub pattern: String,
    /// The first such place.
    pub pointer: String,
    /// The same by types.
    #[serde(skip)]
    pub place: Place,
    /// Another spelling that would be read, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// How many objects lack it.
    pub lacking: usize,
    /// Of how many that could have it.
    pub of: usize,
}

/// A `null`.
#[derive(Debug, Clone, Serialize)]
pub struct Null {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// The same by types.
    #[serde(skip)]
    pub place: Place,
}

/// A value that is written otherwise than it came.
#[derive(Debug, Clone, Serialize)]
pub struct Reshaped {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// The same by types.
    #[serde(skip)]
    pub place: Place,
    /// In which way.
    pub how: String,
}

/// A value that the types keep whatever its form.
#[derive(Debug, Clone, Serialize)]
pub struct AnyForm {
    /// Where, with `*` for keys and indices.
    pub pattern: String,
    /// The first such place.
    #[serde(skip)]
    pub pointer: String,
    /// The same by types.
    #[serde(skip)]
    pub place: Place,
    /// The forms that came.
    pub kinds: BTreeSet<Kind>,
}

impl Report {
    /// A report without findings.
    pub(crate) fn new(api: &str, operation: &str, part: Part) -> Self {
        Self {
            api: api.to_owned(),
            operation: operation.to_owned(),
            part,
            source: None,
            verdict: Verdict::Fits,
            wrong_use: None,
            failed: None,
            refusal: Vec::new(),
            lost: Vec::new(),
            unnamed: Vec::new(),
            unknown: Vec::new(),
            lacking: Vec::new(),
            nulls: Vec::new(),
            reshaped: Vec::new(),
            any_form: Vec::new(),
        }
    }

    pub(crate) fn wrong_use(mut self, text: String) -> Self {
        self.wrong_use = Some(text);
        self.verdict = Verdict::WrongUse;
        self
    }

    /// Draws the verdict from the findings.
    pub(crate) fn settle(&mut self) {
        let unknown_refusal = self.refusal.iter().any(|refusal| !refusal.known);
        let news = [
            self.lost.is_empty(),
            self.unnamed.is_empty(),
            self.unknown.is_empty(),
            !unknown_refusal,
        ];
        self.verdict = if news.contains(&false) {
            Verdict::Differs
        } else {
            Verdict::Fits
        };
    }

    /// One line.
    pub fn summary(&self) -> String {
        match self.verdict {
            Verdict::WrongUse => self.wrong_use.clone().unwrap_or_default(),
            Verdict::Undecodable => "does not fit the types".to_owned(),
            Verdict::Fits if !self.refusal.is_empty() => {
                "fits: a refusal that the bindings know".to_owned()
            }
            Verdict::Fits => "fits: nothing is lost".to_owned(),
            Verdict::Differs => {
                let unknown_refusals = self.refusal.iter().filter(|refusal| !refusal.known);
                let counts = [
                    (self.lost.len(), "lost"),
                    (self.unnamed.len(), "unnamed"),
                    (self.unknown.len(), "unknown words"),
                    (unknown_refusals.count(), "unknown messages"),
                ];
                let told: Vec<String> = counts
                    .iter()
                    .filter(|(count, _)| *count > 0)
                    .map(|(count, what)| format!("{count} {what}"))
                    .collect();
                format!("differs: {}", told.join(", "))
            }
        }
    }
}

/// At most so much of a text, on one line.
fn short(text: &str) -> String {
    let mut line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(EXCERPT)
        .collect();
    if text.chars().nth(EXCERPT).is_some() {
        line.push('…');
    }
    line
}

fn section<T>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    items: &[T],
    line: impl Fn(&T) -> String,
) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title} ({}):", items.len())?;
    for item in items.iter().take(SHOWN) {
        writeln!(f, "  {}", line(item))?;
    }
    if items.len() > SHOWN {
        writeln!(
            f,
            "  and {} more; --format json has all",
            items.len() - SHOWN
        )?;
    }
    Ok(())
}

fn at(pointer: &str) -> String {
    let shown: String = pointer
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if shown.is_empty() {
        "the whole payload".to_owned()
    } else {
        shown
    }
}

/// For people; each finding on a line of its own.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{source}: ")?;
        }
        writeln!(
            f,
            "{} {} {}: {}",
            self.api,
            self.operation,
            self.part.name(),
            self.summary()
        )?;
        if let Some(failed) = &self.failed {
            writeln!(f, "failed:")?;
            writeln!(f, "  {}: {}", at(&failed.pointer), short(&failed.message))?;
            if !failed.excerpt.is_empty() {
                writeln!(f, "  near {}", short(&failed.excerpt))?;
            }
        }
        section(f, "refused by the venue", &self.refusal, |refusal| {
            let known = if refusal.known {
                ""
            } else {
                " (not in the catalogue)"
            };
            format!("{}{known}", short(&refusal.message))
        })?;
        section(f, "lost", &self.lost, |lost| {
            format!(
                "{} = {} ({})",
                at(&lost.pointer),
                short(&lost.sent),
                lost.why
            )
        })?;
        section(f, "unnamed", &self.unnamed, |lost| {
            format!(
                "{} = {} ({})",
                at(&lost.pointer),
                short(&lost.sent),
                lost.why
            )
        })?;
        section(f, "unknown words", &self.unknown, |unknown| {
            format!(
                "{} = {}; known: {}",
                at(&unknown.pointer),
                short(&unknown.word),
                unknown.known.join(", ")
            )
        })?;
        section(f, "described, but lacking", &self.lacking, |lacking| {
            let mut line = at(&lacking.pattern);
            if let Some(also) = &lacking.also {
                let _ = write!(line, " (or `{also}`)");
            }
            if lacking.of > 1 {
                let _ = write!(line, ", in {} of {}", lacking.lacking, lacking.of);
            }
            line
        })?;
        section(f, "null", &self.nulls, |null| at(&null.pointer))?;
        section(f, "read in another form", &self.reshaped, |reshaped| {
            format!("{}: {}", at(&reshaped.pointer), reshaped.how)
        })?;
        section(f, "kept in the form it came", &self.any_form, |any| {
            let kinds: Vec<&str> = any.kinds.iter().map(|kind| kind.name()).collect();
            format!("{}: {}", at(&any.pattern), kinds.join(", "))
        })
    }
}
