//! Which steps the life of an order or of a request for a quote can take.
//!
//! A record that can't follow the one before is applied all the same, since the venue knows
//! better; but it is told, as [`Notice::Impossible`](crate::Notice::Impossible).

use crate::enums::{ExecType, OrdStatus, QuoteStatus};
use crate::streams::{ExecutionReport, Quote};

/// Why `after` can't follow `before`, two records of one order.
pub(crate) fn contradiction(before: &ExecutionReport, after: &ExecutionReport) -> Option<String> {
    if before.tells_of_no_order() || after.tells_of_no_order() {
        return None;
    }
    if let (Some(filled), Some(now)) = (before.cum_qty, after.cum_qty)
        && now < filled
    {
        return Some(format!("{filled} of it was filled, and now only {now}"));
    }
    let (from, to) = (before.ord_status.as_ref()?, after.ord_status.as_ref()?);
    if can_follow(from, to, after.exec_type.as_ref()) {
        return None;
    }
    let what = after.exec_type.as_ref().map_or("?", ExecType::as_str);
    Some(format!("{from} can't become {to} (by {what})"))
}

fn can_follow(from: &OrdStatus, to: &OrdStatus, by: Option<&ExecType>) -> bool {
    use OrdStatus::{New, PartiallyFilled, PendingNew, Rejected};
    if from == to || !from.is_known() || !to.is_known() {
        return true;
    }
    match (from, to) {
        (from, _) if from.is_final() => false,
        (_, PendingNew) => false,
        (from, Rejected) => *from == PendingNew,
        // The status starts anew with a replacement, whatever was filled.
        (PartiallyFilled, New) => matches!(
            by,
            None | Some(ExecType::Replaced | ExecType::Restated | ExecType::Other(_))
        ),
        _ => true,
    }
}

/// Why `after` can't follow `before`, two records of one request for a quote.
pub(crate) fn quote_contradiction(before: &Quote, after: &Quote) -> Option<String> {
    let (from, to) = (before.quote_status.as_ref()?, after.quote_status.as_ref()?);
    let possible = from == to
        || !from.is_known()
        || !to.is_known()
        || !(from.is_final()
            || *to == QuoteStatus::PendingNew
            || (*to == QuoteStatus::Rejected && *from != QuoteStatus::PendingNew));
    (!possible).then(|| format!("{from} can't become {to}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(status: &str, by: &str, filled: &str) -> ExecutionReport {
        let json = format!(r#"{{"OrdStatus":"{status}","ExecType":"{by}","CumQty":"{filled}"}}"#);
        serde_json::from_str(&json).unwrap()
    }

    /// The sequences of the vendor's order state matrices.
    #[test]
    fn the_documented_lives_are_possible() {
        let lives: [&[(&str, &str, &str)]; 6] = [
            &[
                ("PendingNew", "PendingNew", "0"),
                ("New", "New", "0"),
                ("PartiallyFilled", "Trade", "2"),
                ("Filled", "Trade", "10"),
            ],
            &[
                ("PendingNew", "PendingNew", "0"),
                ("Rejected", "Rejected", "0"),
            ],
            &[
                ("New", "New", "0"),
                ("New", "CancelRejected", "0"),
                ("PendingCancel", "PendingCancel", "0"),
                ("Canceled", "Canceled", "0"),
            ],
            &[
                ("New", "New", "0"),
                ("PartiallyFilled", "Trade", "1"),
                ("PendingReplace", "PendingReplace", "1"),
                ("PendingReplace", "Trade", "3"),
                ("New", "Replaced", "3"),
                ("Filled", "Trade", "8"),
            ],
            &[
                ("PartiallyFilled", "Trade", "1"),
                ("PendingReplace", "PendingReplace", "1"),
                ("PartiallyFilled", "ReplaceRejected", "1"),
                ("PendingCancel", "PendingCancel", "1"),
                ("Filled", "Trade", "10"),
                ("Filled", "CancelRejected", "10"),
            ],
            &[
                ("New", "New", "0"),
                ("Suspended", "Suspended", "0"),
                ("New", "New", "0"),
            ],
        ];
        for life in lives {
            for step in life.windows(2) {
                let [before, after] = [step[0], step[1]].map(|(s, b, f)| report(s, b, f));
                assert_eq!(contradiction(&before, &after), None, "{step:?}");
            }
        }
    }

    #[test]
    fn impossible_steps_are_found() {
        for (before, after) in [
            (("Filled", "Trade", "1"), ("New", "New", "1")),
            (
                ("Canceled", "Canceled", "0"),
                ("PartiallyFilled", "Trade", "1"),
            ),
            (("New", "New", "0"), ("PendingNew", "PendingNew", "0")),
            (("PartiallyFilled", "Trade", "1"), ("New", "New", "1")),
            (
                ("PartiallyFilled", "Trade", "1"),
                ("Rejected", "Rejected", "1"),
            ),
            (
                ("PartiallyFilled", "Trade", "2"),
                ("PartiallyFilled", "Trade", "1"),
            ),
        ] {
            let [before, after] = [before, after].map(|(s, b, f)| report(s, b, f));
            assert!(
                contradiction(&before, &after).is_some(),
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn quotes_too() {
        let quote = |status: &str| -> Quote {
            serde_json::from_str(&format!(r#"{{"QuoteStatus":"{status}"}}"#)).unwrap()
        };
        for (before, after, possible) in [
            ("PendingNew", "Open", true),
            ("PendingNew", "Rejected", true),
            ("Open", "Open", true),
            ("Open", "PendingFill", true),
            ("PendingFill", "Filled", true),
            ("PendingCancel", "Canceled", true),
            ("Filled", "Open", false),
            ("Open", "PendingNew", false),
            ("Open", "Rejected", false),
            ("Expired", "Open", true),
        ] {
            let found = quote_contradiction(&quote(before), &quote(after));
            assert_eq!(found.is_none(), possible, "{before} {after}");
        }
    }
}
