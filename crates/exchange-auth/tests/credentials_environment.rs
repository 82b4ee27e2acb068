//! Reading credentials from the real environment, which only a process that
//! is started with it can have: each test starts this test binary again.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::process::{Command, Output};

use exchange_auth::{Credentials, CredentialsError, kraken};

const CHILD: &str = "EXCHANGE_AUTH_TEST_CHILD";
const SECRET: &str = "c2VjcmV0";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Starts `test` with `variables` set, and none of Kraken's otherwise; returns
/// what it printed.
fn run_child(test: &str, variables: &[(&str, &str)]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env_remove("KRAKEN_API_KEY")
        .env_remove("KRAKEN_API_SECRET")
        .env_remove("KRAKEN_API_OTP")
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

fn described(credentials: &Result<Credentials, CredentialsError>) -> String {
    match credentials {
        Ok(credentials) => format!(
            "<{}|{}|{:?}>",
            credentials.key(),
            kraken::sign(credentials.secret(), "/0/private/Balance", "1", b"nonce=1"),
            credentials.otp(),
        ),
        Err(error) => format!("<{error}>"),
    }
}

#[test]
fn the_kraken_variables_are_read() {
    if is_child() {
        println!("{}", described(&Credentials::from_env()));
        return;
    }
    let test = "the_kraken_variables_are_read";
    let two = [("KRAKEN_API_KEY", "abc"), ("KRAKEN_API_SECRET", SECRET)];
    let given = Credentials::new("abc", SECRET);
    assert!(run_child(test, &two).contains(&described(&given)));

    let three = [two[0], two[1], ("KRAKEN_API_OTP", "246810")];
    let given = given.map(|credentials| credentials.with_otp("246810"));
    assert!(run_child(test, &three).contains(&described(&given)));

    assert!(run_child(test, &two[..1]).contains("variable KRAKEN_API_SECRET is not set"));
    assert!(run_child(test, &two[1..]).contains("variable KRAKEN_API_KEY is not set"));
}

#[test]
fn variables_of_other_names_are_read_without_a_password() {
    if is_child() {
        println!(
            "{}",
            described(&Credentials::from_env_names("BOT_KEY", "BOT_SECRET"))
        );
        return;
    }
    let test = "variables_of_other_names_are_read_without_a_password";
    let variables = [
        ("BOT_KEY", "abc"),
        ("BOT_SECRET", SECRET),
        ("KRAKEN_API_OTP", "246810"),
    ];
    let given = Credentials::new("abc", SECRET);
    assert!(run_child(test, &variables).contains(&described(&given)));
    assert!(run_child(test, &variables[1..]).contains("variable BOT_KEY is not set"));
}
