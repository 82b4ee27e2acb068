//! Many findings, reported together.

use std::fmt::Display;

/// What was found, and how much was looked at.
#[derive(Debug, Default)]
pub struct Failures {
    found: Vec<String>,
    looked_at: usize,
}

impl Failures {
    /// Counts one case.
    pub fn case(&mut self) {
        self.looked_at += 1;
    }

    /// Adds a finding about `subject`, such as an operation.
    pub fn add(&mut self, subject: impl Display, finding: impl Display) {
        self.found.push(format!("{subject}: {finding}"));
    }

    /// Fails with all findings, if there are any, or if nothing was looked at.
    pub fn report(self) {
        assert!(self.looked_at > 0, "no case was looked at");
        assert!(
            self.found.is_empty(),
            "{} findings in {} cases:\n{}",
            self.found.len(),
            self.looked_at,
            self.found.join("\n")
        );
    }

    /// How many cases were looked at so far.
    pub fn cases(&self) -> usize {
        self.looked_at
    }
}
