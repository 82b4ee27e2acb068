//! A comparison for the terminal.

use super::{ApiReport, Judged, Report, verdict::Verdict};

/// How many operations of a change are named; the rest is a number.
pub(super) const NAMED: usize = 3;

/// The whole report.
pub(super) fn print(report: &Report) -> String {
    let mut text = format!("{} → {}\n", report.old, report.new);
    for api in &report.apis {
        one(api, &mut text);
    }
    text.push_str(&format!(
        "\nversion: {} → {} ({})\n",
        report.step.from, report.step.to, report.step.why
    ));
    text
}

fn one(api: &ApiReport, text: &mut String) {
    text.push_str(&format!("\n{}: {}\n", api.api, summary(api)));
    for problem in &api.problems {
        text.push_str(&format!(
            "\n  in the way: {}\n",
            indented(&problem.to_string(), 4)
        ));
    }
    for verdict in [Verdict::Breaking, Verdict::Behaviour, Verdict::Compatible] {
        if api.count(verdict) == 0 {
            continue;
        }
        text.push_str(&format!("\n  {}\n", verdict.word()));
        for judged in api
            .changes
            .iter()
            .filter(|judged| judged.verdict == verdict)
        {
            line(judged, text);
        }
    }
    if !api.unmatched.is_empty() {
        text.push_str("\n  overlay actions that match nothing there: mended, or moved\n");
        for problem in &api.unmatched {
            text.push_str(&format!("    {}\n", problem.reason));
        }
    }
    if !api.pins.is_empty() {
        text.push_str("\n  overlay actions that keep the names of the types\n");
        for pin in &api.pins {
            text.push_str(&format!("    {}\n", indented(pin, 4)));
        }
    }
}

fn line(judged: &Judged, text: &mut String) {
    let change = &judged.change;
    text.push_str(&format!("    {} {}\n", change.subject, change.words()));
    let mut place = operations(&change.operations);
    if !change.pointer.is_empty() {
        if !place.is_empty() {
            place.push_str(", ");
        }
        place.push_str(&change.pointer);
    }
    text.push_str(&format!("      {}", judged.why));
    if !place.is_empty() {
        text.push_str(&format!("\n      in {place}"));
    }
    text.push('\n');
}

/// The first few operations by name and the others as a number.
pub(super) fn operations(ids: &[String]) -> String {
    let mut text = ids
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if ids.len() > NAMED {
        text.push_str(&format!(" and {} more", ids.len() - NAMED));
    }
    text
}

/// What was found, in one line.
pub(super) fn summary(api: &ApiReport) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts: Vec<String> = [
        counted(
            api.problems.len(),
            "problem in the way",
            "problems in the way",
        ),
        counted(api.count(Verdict::Breaking), "breaking", "breaking"),
        counted(
            api.count(Verdict::Behaviour),
            "change of behaviour",
            "changes of behaviour",
        ),
        counted(api.count(Verdict::Compatible), "compatible", "compatible"),
        counted(
            api.prose.texts,
            "text in other words",
            "texts in other words",
        ),
        counted(api.prose.examples, "other example", "other examples"),
        counted(
            api.unmatched.len(),
            "overlay action without a match",
            "overlay actions without a match",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        "no change".to_owned()
    } else {
        parts.join(", ")
    }
}

fn indented(text: &str, blanks: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(blanks)))
}
