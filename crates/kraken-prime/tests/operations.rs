//! `operations.json` beside this crate lists what it offers, for tools that should not have to
//! compile it, such as `cargo xtask operations`. It says what the code says.
#![cfg(feature = "dispatch")]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;

use kraken_prime::Client;
use kraken_prime::dispatch::{REQUESTS, STREAMS};
use kraken_prime::rest::{Access, Effect, OPERATIONS, Operation, Permission};
use serde::Serialize;

/// Set this variable to write the file in place of comparing it.
const WRITE: &str = "WRITE_OPERATIONS";

/// The requests that are no commands: the client makes them by itself.
const SESSION: [&str; 4] = ["subscribe", "page", "cancel", "Ping"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    api: &'static str,
    group: &'static str,
    operation_id: &'static str,
    method: &'static str,
    path: &'static str,
    access: &'static str,
    permission: String,
    pace: Option<Pace>,
    repeatable: bool,
    effect: &'static str,
    rust_method: &'static str,
    page: String,
}

#[derive(Serialize)]
struct Pace {
    counter: &'static str,
    cost: u16,
}

/// Rows of methods of [`Client`], which must be there for it to compile.
macro_rules! rows {
    ($group:literal, $method:literal, $($id:literal $effect:literal $rust:ident($($argument:ty)?)),* $(,)?) => {
        vec![$({
            let _ = |client: &Client| drop(client.$rust($(<$argument>::new())?));
            Row {
                api: "kraken-prime",
                group: $group,
                operation_id: $id,
                method: $method,
                path: $id,
                access: "private",
                permission: "not documented".to_owned(),
                pace: None,
                repeatable: $effect == "read",
                effect: $effect,
                rust_method: stringify!($rust),
                page: format!(
                    "https://docs.kraken.com/institutional/api-reference/prime-websocket/{}",
                    kebab($id)
                ),
            }
        }),*]
    };
}

fn streams() -> Vec<Row> {
    rows!["Streams", "subscribe",
        "Balance" "read" balances(),
        "Currency" "read" currencies(),
        "CurrencyConversion" "read" conversions(String),
        "ExecutionReport" "read" execution_reports(),
        "Exposure" "read" exposures(),
        "MarketDataSnapshot" "read" market_data(String),
        "Order" "read" orders(),
        "Quote" "read" quotes(),
        "Security" "read" securities(),
        "Trade" "read" trades(),
        "User" "read" users(),
    ]
}

fn commands() -> Vec<Row> {
    rows!["Commands", "send",
        "NewOrderSingle" "order" new_order(),
        "OrderCancelRequest" "order" cancel_order(),
        "OrderCancelReplaceRequest" "order" replace_order(),
        "OrderControlRequest" "order" control_order(),
        "QuoteRequest" "order" request_quote(),
        "QuoteCancelRequest" "order" cancel_quote(),
        "UserConfig" "account" set_user_config(),
    ]
}

/// `GetPrimeApiUser` as `get-prime-api-user`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}

fn call(operation: &'static Operation) -> Row {
    let (group, folder) = match operation.id {
        id if id.contains("Settlement") => ("Settlement", "settlement"),
        id if id.contains("Key") => ("API User Keys", "api-user-keys"),
        _ => ("API Users", "api-users"),
    };
    Row {
        api: operation.api,
        group,
        operation_id: operation.id,
        method: operation.method.as_str(),
        path: operation.path,
        access: match operation.access {
            Access::Public => "public",
            Access::Private => "private",
        },
        permission: match operation.permission {
            Permission::NotNeeded => "none".to_owned(),
            Permission::Undocumented => "not documented".to_owned(),
            Permission::AllOf(names) => names.join(" and "),
            Permission::AnyOf(names) => names.join(" or "),
        },
        pace: Some(Pace {
            counter: operation.pace.counter,
            cost: operation.pace.cost,
        }),
        repeatable: operation.effect == Effect::Read,
        effect: match operation.effect {
            Effect::Read => "read",
            Effect::Order => "order",
            Effect::Funds => "funds",
            Effect::Account => "account",
        },
        rust_method: operation.rust_method,
        page: format!(
            "https://docs.kraken.com/api-reference/{folder}/{}",
            kebab(operation.id)
        ),
    }
}

#[test]
fn every_stream_and_command_has_a_method() {
    let listed = |rows: Vec<Row>| -> Vec<&str> { rows.iter().map(|row| row.path).collect() };
    assert_eq!(listed(streams()), STREAMS);
    let sent = REQUESTS.iter().filter(|request| !SESSION.contains(request));
    assert_eq!(listed(commands()), sent.copied().collect::<Vec<_>>());
}

#[test]
fn the_file_is_the_table() {
    let mut rows = streams();
    rows.extend(commands());
    rows.extend(OPERATIONS.iter().copied().map(call));
    let lines = rows.iter().map(|row| serde_json::to_string(row).unwrap());
    let text = format!("[\n{}\n]\n", lines.collect::<Vec<_>>().join(",\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("operations.json");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap();
    let same = file == text;
    let path = path.display();
    assert!(same, "{path} differs: run this test with {WRITE}=1");
}
