//! The API key permission, out of the prose the vendor has it in.

use crate::model::Permission;

/// Takes the paragraph on permissions out of a description.
pub(super) fn permission(description: Option<String>, private: bool) -> (Permission, String) {
    const MARK: &str = "**API Key Permissions Required:**";
    let description = description.unwrap_or_default();
    let unsaid = if private {
        Permission::Undocumented
    } else {
        Permission::NotNeeded
    };
    let Some((before, after)) = description.split_once(MARK) else {
        return (unsaid, description);
    };
    let (sentence, rest) = after.split_once("\n\n").unwrap_or((after, ""));
    let folded = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    // What follows a comma is a remark: "…, unless withdrawal is a `WalletTransfer`, …".
    let (names_part, remark) = match folded.split_once("`,") {
        Some((names, remark)) => (format!("{names}`"), remark.trim().to_owned()),
        None => (folded, String::new()),
    };
    let names: Vec<String> = names_part
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    let permission = if names.is_empty() || names.iter().any(|name| name == "None") {
        Permission::NotNeeded
    } else if names_part.contains("` or `") {
        Permission::AnyOf(names)
    } else {
        Permission::AllOf(names)
    };
    let mut prose = before.trim().to_owned();
    for extra in [remark_sentence(&remark), rest.trim().to_owned()] {
        if !extra.is_empty() {
            prose.push_str("\n\n");
            prose.push_str(&extra);
        }
    }
    (permission, prose)
}

/// A remark on a permission as a sentence of its own.
pub(super) fn remark_sentence(remark: &str) -> String {
    let remark = remark.trim_end_matches('.');
    if remark.is_empty() {
        return String::new();
    }
    format!("On the permission: {remark}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str) -> (Permission, String) {
        permission(Some(text.to_owned()), true)
    }

    #[test]
    fn permissions_come_out_of_the_prose() {
        let (permission, prose) = described(
            "Cash balance.\n\n**API Key Permissions Required:** `Funds permissions - Query`",
        );
        assert_eq!(
            permission,
            Permission::AllOf(vec!["Funds permissions - Query".into()])
        );
        assert_eq!(prose, "Cash balance.");

        let (permission, _) = described(
            "X.\n\n**API Key Permissions Required:** `A - B` or\n`C - D`, depending on status of order.",
        );
        assert_eq!(
            permission,
            Permission::AnyOf(vec!["A - B".into(), "C - D".into()])
        );

        let (permission, prose) = described(
            "X.\n\n**API Key Permissions Required:** `W`, unless\nwithdrawal is a `WalletTransfer`, then no permissions are required.",
        );
        assert_eq!(permission, Permission::AllOf(vec!["W".into()]));
        assert!(
            prose.contains("unless withdrawal is a `WalletTransfer`"),
            "{prose}"
        );

        assert_eq!(
            described("**API Key Permissions Required:** `None`").0,
            Permission::NotNeeded
        );
        assert_eq!(described("Nothing said.").0, Permission::Undocumented);
        assert_eq!(super::permission(None, false).0, Permission::NotNeeded);
    }
}
