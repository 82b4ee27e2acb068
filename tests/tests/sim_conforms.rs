//! Every answer of the simulated Kraken fits the vendor's description of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

use std::collections::BTreeSet;

use exchange_sim::Sim;
use serde_json::{Value, json};
use workspace_tests::{
    conform::Answers,
    plain::{Answered, Caller},
};

/// Calls operations, and holds every answer against its description.
struct Run {
    answers: Answers,
    caller: Caller,
    called: BTreeSet<String>,
    misfits: Vec<String>,
}

impl Run {
    fn new(api: &str, caller: Caller) -> Self {
        let all = Answers::all();
        Self {
            answers: all.into_iter().find(|answers| answers.api == api).unwrap(),
            caller,
            called: BTreeSet::new(),
            misfits: Vec::new(),
        }
    }

    /// A public call; returns the result.
    async fn get(&mut self, operation: &str, target: &str) -> Value {
        let answer = self.caller.get(target).await;
        self.accepted(operation, target, &answer)
    }

    /// A private call; returns the result.
    async fn post(&mut self, operation: &str, target: &str, parameters: Value) -> Value {
        let answer = self.caller.post(target, &[], &parameters).await;
        self.accepted(operation, target, &answer)
    }

    /// A private call of Custody about a vault.
    async fn post_for(
        &mut self,
        vault: &str,
        operation: &str,
        target: &str,
        parameters: Value,
    ) -> Value {
        let headers = [("x-vault-id", vault)];
        let answer = self.caller.post(target, &headers, &parameters).await;
        self.accepted(operation, target, &answer)
    }

    /// A call of the external Custody API.
    async fn external(
        &mut self,
        operation: &str,
        method: &str,
        target: &str,
        body: Value,
    ) -> Value {
        let answer = self.caller.external(method, target, &body).await;
        let status = answer.status;
        assert_eq!(status, 200, "{operation} {target}: {}", text(&answer));
        let body = answer.json();
        self.check(operation, target, &body);
        body
    }

    fn accepted(&mut self, operation: &str, target: &str, answer: &Answered) -> Value {
        let mut body = answer.json();
        let errors = |name: &str| body.get(name).is_some_and(|errors| *errors != json!([]));
        assert!(
            !errors("error") && !errors("errors"),
            "{operation} {target}: {}",
            text(answer)
        );
        self.check(operation, target, &body);
        body["result"].take()
    }

    fn check(&mut self, operation: &str, target: &str, body: &Value) {
        self.called.insert(operation.to_owned());
        for misfit in self.answers.misfits(operation, body) {
            self.misfits.push(format!("{operation} {target}: {misfit}"));
        }
    }

    /// Fails with everything that did not fit, and with operations nobody called.
    fn end(self) {
        assert!(self.misfits.is_empty(), "{}", self.misfits.join("\n"));
        let all: BTreeSet<String> = self.answers.operations().map(str::to_owned).collect();
        assert_eq!(all, self.called);
    }
}

fn text(answer: &Answered) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}
