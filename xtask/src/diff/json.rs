//! A comparison for programs.

use serde_json::{Value, json};

use super::{ApiReport, Judged, Report, change::Change};

/// The whole report.
pub(super) fn print(report: &Report) -> anyhow::Result<String> {
    let value = json!({
        "old": report.old,
        "new": report.new,
        "worst": report.worst().map(super::Verdict::word),
        "version": {"from": report.step.from, "to": report.step.to, "why": report.step.why},
        "apis": report.apis.iter().map(one).collect::<Vec<_>>(),
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&value)?))
}

fn one(api: &ApiReport) -> Value {
    let texts = |problems: &[crate::problem::Problem]| -> Vec<String> {
        problems.iter().map(ToString::to_string).collect()
    };
    json!({
        "api": api.api,
        "changes": api.changes.iter().map(change).collect::<Vec<_>>(),
        "prose": {"texts": api.prose.texts, "examples": api.prose.examples},
        "problems": texts(&api.problems),
        "unmatched": api.unmatched.iter().map(|problem| &problem.reason).collect::<Vec<_>>(),
        "pins": api.pins,
    })
}

fn change(judged: &Judged) -> Value {
    let Change {
        operations,
        pointer,
        subject,
        what,
        ..
    } = &judged.change;
    let (old, new) = what.sides().unzip();
    json!({
        "verdict": judged.verdict.word(),
        "operations": operations,
        "pointer": pointer,
        "subject": subject,
        "change": what.word(),
        "old": old,
        "new": new,
        "text": judged.change.words(),
        "why": judged.why,
    })
}
