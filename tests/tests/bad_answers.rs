//! Answers that are none: each becomes an error that says what, where and what to do, and none of
//! them shows the secret.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use exchange_transport::{Error, Kind, Outcome};
use kraken_core::DispatchError;
use serde_json::Value;
use workspace_tests::{
    clients::Client,
    failures::Failures,
    model, secret,
    server::{Reaction, Server},
    synth::{Round, parameters},
};
use xtask::model::{Effect, Model, Operation, Permission};

/// An operation of each sort, with an answer that is wrong deep inside, and where.
const SUBJECTS: [(&str, &str, &str, &str); 6] = [
    // Public.
    (
        "kraken-spot",
        "getServerTime",
        r#"{"error":[],"result":{"unixtime":[1]}}"#,
        "result.unixtime",
    ),
    // Private, reads.
    (
        "kraken-spot",
        "getAccountBalance",
        r#"{"error":[],"result":{"ZUSD":"1","XXBT":{"balance":"1"}}}"#,
        "result.XXBT",
    ),
    // Private, places an order.
    (
        "kraken-spot",
        "addOrder",
        r#"{"error":[],"result":{"txid":["OABCDE-FGHIJ-KLMNOP",{}]}}"#,
        "result.txid[1]",
    ),
    // Custody, whose vendor describes errors as objects under `errors`.
    (
        "kraken-custody",
        "getCustodyBalance",
        r#"{"errors":[],"result":{"XXBT":{"balance":["1"],"hold_trade":"0"}}}"#,
        "result.XXBT.balance",
    ),
    // No envelope, reads.
    (
        "kraken-custody-external",
        "getV0InstoCustodyVaults",
        r#"{"vaults":[{"id":"V"},{"id":["V"]}]}"#,
        "vaults[1].id",
    ),
    // No envelope, moves money.
    (
        "kraken-custody-external",
        "postV0InstoCustodyTasks",
        r#"{"task_id":{}}"#,
        "task_id",
    ),
];

const HTML: &str =
    "<html>\n<head><title>502 Bad gateway</title></head>\n<body>cloudflare</body></html>";

/// What an error must be, beside what holds for all of them.
struct Expected {
    kind: Kind,
    /// Whether a call that changes something may have been executed.
    executed: Outcome,
    /// What `Display` must contain.
    says: Vec<String>,
    /// JSON path of the decode error.
    path: Option<String>,
}

fn expected(kind: Kind, executed: Outcome, says: &[&str]) -> Expected {
    let says = says.iter().map(|text| (*text).to_owned()).collect();
    Expected {
        kind,
        executed,
        says,
        path: None,
    }
}

#[tokio::test]
async fn a_gateway_page_with_502() {
    for_every_subject(|_, _, _| {
        let expected = expected(
            Kind::Unavailable,
            Outcome::Unknown,
            &["502 Bad gateway", "HTTP 502"],
        );
        (answer(502, HTML), expected)
    })
    .await;
}

#[tokio::test]
async fn a_page_with_200() {
    for_every_subject(|_, _, _| {
        let mut expected = expected(
            Kind::Decode,
            Outcome::Unknown,
            &["<html>", "HTTP 200", "line 1"],
        );
        expected.path = Some(String::new());
        (answer(200, HTML), expected)
    })
    .await;
}

#[tokio::test]
async fn nothing_at_all() {
    for body in ["", " \r\n"] {
        for_every_subject(|_, _, _| {
            (
                answer(200, body),
                expected(Kind::Decode, Outcome::Unknown, &["the body is empty"]),
            )
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off() {
    for_every_subject(|_, operation, _| {
        let example = operation.answer_example.as_ref().unwrap().to_string();
        let end = example.len() * 2 / 3;
        let (start, _) = example.split_at(end);
        let says = ["EOF", &format!("column {end}")];
        (
            answer(200, start),
            expected(Kind::Decode, Outcome::Unknown, &says),
        )
    })
    .await;
}

#[tokio::test]
async fn another_shape() {
    for_every_subject(|_, operation, _| {
        let bare = operation.answer == xtask::model::Answer::Bare;
        let (body, path) = if bare {
            ("7", "")
        } else {
            (r#"{"error":[],"result":7}"#, "result")
        };
        let mut expected = expected(Kind::Decode, Outcome::Unknown, &["7"]);
        expected.path = Some(path.to_owned());
        (answer(200, body), expected)
    })
    .await;
}

#[tokio::test]
async fn another_shape_deep_inside() {
    for_every_subject(|_, _, (body, path)| {
        let mut expected = expected(Kind::Decode, Outcome::Unknown, &[path]);
        expected.path = Some(path.to_owned());
        (answer(200, body), expected)
    })
    .await;
}

#[tokio::test]
async fn an_error_in_any_form() {
    for body in [
        r#"{"error":["EAPI:Invalid nonce"]}"#,
        r#"{"error":["EAPI:Invalid nonce"],"result":null}"#,
        r#"{"error":"EAPI:Invalid nonce"}"#,
        r#"{"error":[["EAPI:Invalid nonce"]]}"#,
        r#"{"errors":["EAPI:Invalid nonce"]}"#,
        r#"{"errors":[{"severity":"E","errorClass":"API","type":"Invalid nonce","errorMessage":"x"}]}"#,
        r#"{"error":[{"severity":"E","errorClass":"API","type":"Invalid nonce"}]}"#,
        r#"{"errors":[[{"severity":"E","errorClass":"API","type":"Invalid nonce"}]]}"#,
    ] {
        let found = for_every_subject(|_, _, _| {
            // The venue looks at the nonce before anything else.
            let expected = expected(Kind::Nonce, Outcome::NotExecuted, &["Invalid nonce"]);
            (answer(200, body), expected)
        })
        .await;
        for error in found {
            let [message] = error.messages() else {
                panic!("{body}: {error}");
            };
            assert_eq!(
                (message.category.as_str(), message.text.as_str()),
                ("API", "Invalid nonce")
            );
            assert!(error.is_retryable(), "{body}: {error}");
        }
    }
}

#[tokio::test]
async fn a_key_without_the_permission() {
    for_every_subject(|_, operation, _| {
        let names: Vec<&str> = match &operation.permission {
            Permission::AllOf(names) | Permission::AnyOf(names) => {
                names.iter().map(String::as_str).collect()
            }
            Permission::NotNeeded => vec!["needs no permission"],
            Permission::Undocumented => vec!["does not say which permission"],
        };
        let expected = expected(Kind::Permission, Outcome::NotExecuted, &names);
        (
            answer(200, r#"{"error":["EGeneral:Permission denied"]}"#),
            expected,
        )
    })
    .await;
}

#[tokio::test]
async fn a_connection_closed_without_an_answer() {
    for_every_subject(|_, _, _| {
        (
            Reaction::Close,
            expected(Kind::Transport, Outcome::Unknown, &[]),
        )
    })
    .await;
}

#[tokio::test]
async fn a_token_is_not_shown_where_the_answer_does_not_fit() {
    let server = Server::start().await;
    let client = Client::new("kraken-spot", &server.url);
    for body in [
        r#"{"error":[],"result":{"token":["sesame-open"],"expires":900}}"#,
        r#"{"error":[],"result":{"token":"sesame-open","expires":{}}}"#,
        r#"{"error":[],"result":{"token":"sesame-open","#,
        r#"["sesame-open"]"#,
    ] {
        server.react(answer(200, body));
        let error = call_error(
            client
                .send("getWebsocketsToken", &serde_json::Map::new())
                .await,
        );
        assert_eq!(error.kind(), Kind::Decode, "{error}");
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("sesame"), "{shown}");
    }
}

fn answer(status: u16, body: &str) -> Reaction {
    Reaction::Answer(status, body.as_bytes().to_vec())
}

/// Calls every subject with the answer `make` gives it, and compares. The errors, for more.
async fn for_every_subject(
    make: impl Fn(&Model, &Operation, (&'static str, &'static str)) -> (Reaction, Expected),
) -> Vec<Error> {
    let server = Server::start().await;
    let mut failures = Failures::default();
    let mut errors = Vec::new();
    for (api, id, wrong, path) in SUBJECTS {
        failures.case();
        let model = model(api);
        let operation = model
            .operations
            .iter()
            .find(|operation| operation.id == id)
            .unwrap();
        let (reaction, expected) = make(model, operation, (wrong, path));
        let status = match &reaction {
            Reaction::Answer(status, _) => Some(*status),
            Reaction::Close => None,
        };
        server.react(reaction);
        let given = parameters(model, operation, Round::Required);
        let error = call_error(Client::new(api, &server.url).send(id, &given).await);
        let sent = server.take_requests().len();
        if sent != 1 {
            failures.add(id, format!("sent {sent} times"));
        }
        for complaint in complaints(operation, status, &expected, &error) {
            failures.add(id, format!("{complaint}\n    {error}"));
        }
        errors.push(error);
    }
    failures.report();
    errors
}

fn complaints(
    operation: &Operation,
    status: Option<u16>,
    expected: &Expected,
    error: &Error,
) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut check = |holds: bool, complaint: &str| {
        if !holds {
            complaints.push(complaint.to_owned());
        }
    };
    let (shown, debug) = (error.to_string(), format!("{error:?} {error:#?}"));
    check(
        error.kind() == expected.kind,
        &format!("kind {:?}, not {:?}", error.kind(), expected.kind),
    );
    check(
        error.status() == status,
        &format!("status {:?}", error.status()),
    );
    let row = error.operation();
    check(
        row.is_some_and(|row| row.id == operation.id),
        "operation() is another",
    );
    let outcome = match operation.effect {
        Effect::Read => Outcome::NotExecuted,
        _ => expected.executed,
    };
    check(
        error.outcome() == outcome,
        &format!("outcome {:?}", error.outcome()),
    );
    if outcome == Outcome::Unknown {
        check(
            !error.is_retryable(),
            "retryable though it may have been executed",
        );
        check(shown.contains("may have been executed"), "does not warn");
    }
    if let Some(path) = &expected.path {
        let got = error.decode_error().map(|error| error.path.as_str());
        check(got == Some(path), &format!("path {got:?}, not {path:?}"));
    }
    // A user knows a call by its method and path, a tool by its id.
    let says = expected.says.iter().map(String::as_str);
    for text in says.chain([operation.rust_method.as_str(), operation.path.as_str()]) {
        check(shown.contains(text), &format!("does not say {text:?}"));
    }
    check(
        debug.contains(&operation.id),
        "Debug does not say the operation's id",
    );
    check(shown.chars().count() < 1200, "is too long");
    check(!shown.contains('\n'), "has more than one line");
    for text in [&shown, &debug, &sources(error)] {
        check(!shows_secret(text), "shows the secret");
    }
    complaints
}

/// The texts of all errors underneath.
fn sources(error: &Error) -> String {
    let mut text = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        write!(text, "{error} {error:?} ").unwrap();
        source = error.source();
    }
    text
}

fn shows_secret(text: &str) -> bool {
    let lower = text.to_lowercase();
    // A part of it is bad enough.
    let (base64, hex) = (&STANDARD.encode(secret())[..16], &hex(&secret()[..8]));
    let list = format!("{:?}", &secret()[..8]);
    text.contains(base64)
        || lower.contains(hex)
        || text
            .as_bytes()
            .windows(8)
            .any(|window| window == &secret()[..8])
        || text.contains(list.trim_matches(['[', ']']))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn the_secret_would_be_noticed() {
    for text in [
        STANDARD.encode(secret()),
        hex(secret()).to_uppercase(),
        String::from_utf8_lossy(secret()).into_owned(),
        format!("{:?}", secret()),
    ] {
        assert!(shows_secret(&format!("x{text}y")), "{text}");
    }
    assert!(!shows_secret("the signature was not accepted"));
}

fn call_error(result: Result<impl std::fmt::Debug, DispatchError>) -> Error {
    match result {
        Err(DispatchError::Call(error)) => error,
        other => panic!("expected the error of a call, got {other:?}"),
    }
}

/// The examples used above are what they should be.
#[test]
fn the_subjects_are_of_every_sort() {
    let effects: Vec<(bool, Effect)> = SUBJECTS
        .iter()
        .map(|(api, id, body, _)| {
            assert!(serde_json::from_str::<Value>(body).is_ok(), "{body}");
            let found = model(api)
                .operations
                .iter()
                .find(|operation| operation.id == *id)
                .unwrap();
            (found.private, found.effect)
        })
        .collect();
    assert_eq!(
        effects,
        [
            (false, Effect::Read),
            (true, Effect::Read),
            (true, Effect::Order),
            (true, Effect::Read),
            (true, Effect::Read),
            (true, Effect::Funds),
        ]
    );
}
