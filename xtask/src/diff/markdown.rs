//! A comparison for a pull request.

use super::{
    ApiReport, Report,
    text::{operations, summary},
    verdict::Verdict,
};

/// The whole report; APIs without a change are not mentioned.
pub(super) fn print(report: &Report) -> String {
    let mut text = format!(
        "### API changes, {} → {}\n",
        code(&report.old),
        code(&report.new)
    );
    for api in report.apis.iter().filter(|api| !api.is_empty()) {
        one(api, &mut text);
    }
    if report.is_empty() {
        text.push_str("\nNothing changes.\n");
    }
    text.push_str(&format!(
        "\nVersion: {} → **{}** ({}).\n",
        report.step.from, report.step.to, report.step.why
    ));
    text
}

fn one(api: &ApiReport, text: &mut String) {
    text.push_str(&format!("\n#### {}\n\n{}.\n", api.api, summary(api)));
    for problem in &api.problems {
        text.push_str(&format!("\n```text\n{problem}\n```\n"));
    }
    if !api.changes.is_empty() {
        text.push_str("\n| Verdict | What | Change | Why | Where |\n|---|---|---|---|---|\n");
    }
    for judged in &api.changes {
        let change = &judged.change;
        let verdict = match judged.verdict {
            Verdict::Breaking => "**breaking**",
            other => other.word(),
        };
        let mut place = cell(&operations(&change.operations));
        if !change.pointer.is_empty() {
            if !place.is_empty() {
                place.push_str("<br>");
            }
            place.push_str(&code(&change.pointer));
        }
        text.push_str(&format!(
            "| {verdict} | {} | {} | {} | {place} |\n",
            code(&change.subject),
            cell(&change.words()),
            cell(judged.why),
        ));
    }
    if !api.unmatched.is_empty() {
        text.push_str("\nOverlay actions that match nothing there, mended or moved:\n\n");
        for problem in &api.unmatched {
            text.push_str(&format!("- {}\n", cell(&problem.reason)));
        }
    }
    if !api.pins.is_empty() {
        text.push_str("\nThese overlay actions keep the names of the types:\n\n```yaml\n");
        text.push_str(&api.pins.join("\n"));
        text.push_str("\n```\n");
    }
}

/// Text that is nothing but text in a cell of a table.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for c in text.chars() {
        match c {
            '\n' => cell.push(' '),
            '|' | '<' | '>' | '*' | '_' | '[' | ']' | '\\' => cell.extend(['\\', c]),
            c => cell.push(c),
        }
    }
    cell
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}
