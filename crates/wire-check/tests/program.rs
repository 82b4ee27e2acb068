//! The program as it is run: exit status, output, odd payloads, folders.

#![allow(clippy::unwrap_used, reason = "a test fails by it, its helpers too")]

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

const TIME: &str =
    r#"{"error":[],"result":{"unixtime":1688669448,"rfc1123":"Thu, 06 Jul 23 18:50:48 +0000"}}"#;

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wire-check"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that ends without reading has closed its end.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn code(output: &Output) -> i32 {
    // None is a death by signal, which no payload may cause.
    let code = output.status.code().unwrap();
    assert_ne!(code, 101, "{}", text(output));
    code
}

#[test]
fn the_exit_status_says_what_came_of_it() {
    let time = ["kraken-spot", "getServerTime"];
    let more = TIME.replace("\"rfc1123\"", "\"leap\":1,\"rfc1123\"");
    let broken = TIME.replace("1688669448", "{}");
    for (arguments, input, expected) in [
        (&time[..], TIME, 0),
        (&["kraken-spot", "getServerTime", "-"], TIME, 0),
        (&time, more.as_str(), 1),
        (&time, broken.as_str(), 2),
        (&time, r#"{"error":["EGeneral:Internal error"]}"#, 0),
        (&time, r#"{"error":["EGeneral:Something new"]}"#, 1),
        (
            &["gemini", "getTicker"],
            r#"{"result":"error","reason":"InvalidNonce","message":"x"}"#,
            0,
        ),
        (
            &["gemini", "getTicker"],
            r#"{"result":"error","reason":"SomethingNew","message":"x"}"#,
            1,
        ),
        (&["kraken-spot", "noSuch"], TIME, 3),
        (&["kraken-moon", "getServerTime"], TIME, 3),
        (&["kraken-spot", "getServerTime", "--request"], TIME, 3),
        (
            &["kraken-spot", "getServerTime", "/nonexistent/file"],
            TIME,
            3,
        ),
        (&["kraken-spot"], TIME, 3),
        (&["--no-such-option"], "", 3),
        (&[], "", 3),
        (&["--help"], "", 0),
        (&["--list"], "", 0),
        (&["--list", "kraken-moon"], "", 3),
    ] {
        let output = run(arguments, input.as_bytes());
        assert_eq!(
            code(&output),
            expected,
            "{arguments:?} {input}\n{}",
            text(&output)
        );
    }
}

#[test]
fn odd_payloads_are_told_what_they_are() {
    let mut deep = b"{\"error\":[],\"result\":{\"new\":".to_vec();
    deep.extend("[".repeat(100_000).bytes());
    deep.extend("]".repeat(100_000).bytes());
    deep.extend(b"}}");
    let unixtime = |digits: &str| TIME.replace("1688669448", digits).into_bytes();
    let cases: &[(Vec<u8>, i32, &str)] = &[
        (b"".to_vec(), 2, "empty"),
        (b" \n".to_vec(), 2, "empty"),
        (
            [b"\xef\xbb\xbf", TIME.as_bytes()].concat(),
            2,
            "byte order mark",
        ),
        (b"\xff\xfe{\0}\0".to_vec(), 2, "UTF-16"),
        (
            TIME.replace("Thu", "\u{1}")
                .replace('\u{1}', "?")
                .into_bytes(),
            0,
            "nothing is lost",
        ),
        ([TIME.as_bytes(), b"\xff"].concat(), 2, "not UTF-8: byte 88"),
        (TIME.as_bytes()[..30].to_vec(), 2, "line 1 column 30"),
        (format!("{TIME} x").into_bytes(), 2, "not JSON"),
        (b"<html><title>502</title></html>".to_vec(), 2, "not JSON"),
        (b"nonce=1&pair=XBTUSD".to_vec(), 2, "not JSON"),
        (b"[]".to_vec(), 2, "failed"),
        (b"7".to_vec(), 2, "failed"),
        (b"{}".to_vec(), 2, "/result"),
        (b"{\"error\":[],\"result\":null}".to_vec(), 2, "/result"),
        (unixtime("1e400"), 0, "nothing is lost"),
        (
            unixtime("99999999999999999999999999999999999999999"),
            0,
            "nothing is lost",
        ),
        (unixtime("true"), 2, "/result/unixtime"),
        (
            TIME.replace("\"rfc1123\"", "\"unixtime\":5,\"rfc1123\"")
                .into_bytes(),
            2,
            "duplicate field `unixtime`",
        ),
        (
            TIME.replace("{\"error\"", "{\"error\":[],\"error\"")
                .into_bytes(),
            1,
            "/error",
        ),
    ];
    for (payload, expected, says) in cases {
        let output = run(&["kraken-spot", "getServerTime"], payload);
        let told = text(&output);
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(80)]);
        assert!(told.contains(says), "{shown}\n{told}");
        assert_eq!(code(&output), *expected, "{shown}\n{told}");
    }
    let output = run(&["kraken-spot", "getServerTime"], &deep);
    assert!(matches!(code(&output), 1 | 2), "{}", text(&output));
}

#[test]
fn a_key_that_comes_twice_in_a_map_is_lost() {
    let output = run(
        &["kraken-spot", "getAccountBalance"],
        br#"{"error":[],"result":{"ZUSD":"1","ZUSD":"2"}}"#,
    );
    assert_eq!(code(&output), 1);
    assert!(text(&output).contains("/result/ZUSD"), "{}", text(&output));
}

#[test]
fn equal_decimals_are_no_loss() {
    for amount in ["\"1.50\"", "1.5", "\"1.5000\"", "15e-1"] {
        let payload = format!(r#"{{"error":[],"result":{{"ZUSD":{amount}}}}}"#);
        let output = run(&["kraken-spot", "getAccountBalance"], payload.as_bytes());
        assert_eq!(code(&output), 0, "{amount}: {}", text(&output));
    }
}

#[test]
fn json_has_the_same_findings() {
    let payload = TIME.replace("\"rfc1123\"", "\"leap\":1,\"rfc1123\"");
    let output = run(
        &["kraken-spot", "getServerTime", "--format", "json"],
        payload.as_bytes(),
    );
    assert_eq!(code(&output), 1);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"], "differs");
    assert_eq!(report["lost"][0]["pointer"], "/result/leap");
    assert_eq!(report["lost"][0]["sent"], "1");
}

#[test]
fn a_folder_gives_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    put("getServerTime.json", TIME);
    put(
        "getServerTime.later.json",
        &TIME.replace("\"rfc1123\"", "\"leap\":1,\"rfc1123\""),
    );
    put(".hidden", "");
    put(
        "cancelOrder.request.json",
        r#"{"nonce":1,"txid":"OQCLML-BW3P3-BUCMWZ"}"#,
    );
    let path = folder.path().to_str().unwrap();
    let output = run(&["kraken-spot", path], b"");
    let table = text(&output);
    assert_eq!(code(&output), 1, "{table}");
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("/result/leap"), "{table}");
    assert!(table.contains("cancelOrder request"), "{table}");

    put("noSuch.json", TIME);
    let output = run(&["kraken-spot", path], b"");
    assert_eq!(code(&output), 3, "{}", text(&output));

    let output = run(
        &["kraken-spot", "getServerTime", path, "--format", "json"],
        b"",
    );
    let reports: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(reports.as_array().unwrap().len(), 4);
}

#[test]
fn redacted_output_shows_nothing_private() {
    let private = [
        "AA03N84GR6WPZXAI",
        "OQCLML-BW3P3-BUCMWZ",
        "kQH5HW8p1uGOVjbgWA7FunAmGO8lsSUX",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "Jane Doe",
    ];
    let [iiban, order, key, address, name] = private;
    let fits = format!(
        r#"{{"error":[],"more":"{key}","result":{{"open":{{"{order}":{{"status":"{iiban}",
        "{address}":"{name}","zz":{{"{key}":"{address}"}},"userref":null}}}}}}}}"#
    );
    let broken = format!(
        r#"{{"error":[],"result":{{"open":{{"{order}":{{"vol":"{name}","fee":"{key}"}}}}}}}}"#
    );
    let wrong_type = format!(r#"{{"error":[],"result":{{"open":"{iiban}"}}}}"#);
    let refusal = format!(r#"{{"error":["EFunding:Unknown:{address}","EGeneral:New:{name}"]}}"#);
    for (payload, expected) in [(&fits, 1), (&broken, 2), (&wrong_type, 2), (&refusal, 1)] {
        for format in ["text", "json"] {
            let arguments = ["kraken-spot", "getOpenOrders", "--format", format];
            let open = run(&arguments, payload.as_bytes());
            let shown = text(&open);
            // Without it there is something to hide.
            assert!(
                private.iter().any(|secret| shown.contains(secret)),
                "{shown}"
            );
            let masked = run(
                &[&arguments[..], &["--redact"]].concat(),
                payload.as_bytes(),
            );
            let shown = text(&masked);
            assert_eq!(code(&masked), expected, "{shown}");
            for secret in private {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
    let shown = text(&run(
        &["kraken-spot", "getOpenOrders", "--redact"],
        fits.as_bytes(),
    ));
    assert!(shown.contains("/result/open/***/zz"), "{shown}");
}

#[test]
fn redacted_output_shows_nothing_private_of_prime() {
    let private = [
        "tom@company.com",
        "Tom",
        "174K1Q9GC0C00",
        "smith-family",
        "6xq8p1mvk9r3n7swt2l5cj4eaydhzbf",
        "KRA5L19LAW8Z",
        "192.168.1.1",
    ];
    let [email, name, id, account, secret, key, address] = private;
    let user = format!(
        r#"{{"reqid":1,"type":"User","data":[{{"CustomerUserID":"{id}","Email":"{email}","NickName":"{name}",
        "Config":[{{"Key":"{key}","Value":"{name}","More":"{email}"}}],
        "MarketAccountAuthorizations":{{"{account}":null}}}}]}}"#
    );
    let report = format!(
        r#"{{"reqid":1,"type":"Order","data":[{{"CustomerUser":["{email}"],"OrderID":"{id}"}}]}}"#
    );
    let made = format!(
        r#"{{"error":[],"result":{{"id":"{id}","api_key":"{key}","api_secret":["{secret}"],"whitelisted_ips":["{address}"]}}}}"#
    );
    let listed = made.replace(
        &format!("[\"{secret}\"]"),
        &format!("\"{secret}\",\"owner\":\"{email}\""),
    );
    let refusal =
        format!(r#"{{"reqid":1,"type":"error","error":{{"code":1,"msg":"no {name} here"}}}}"#);
    for (operation, payload, expected) in [
        ("User", &user, 1),
        ("Order", &report, 2),
        ("createPrimeApiUserKey", &made, 2),
        ("createPrimeApiUserKey", &listed, 1),
        ("User", &refusal, 0),
    ] {
        for format in ["text", "json"] {
            let arguments = ["kraken-prime", operation, "--format", format];
            let open = text(&run(&arguments, payload.as_bytes()));
            // Without it there is something to hide, but where a secret may be near.
            assert!(
                private.iter().any(|secret| open.contains(secret)) || payload == &made,
                "{open}"
            );
            let masked = run(
                &[&arguments[..], &["--redact"]].concat(),
                payload.as_bytes(),
            );
            let shown = text(&masked);
            assert_eq!(code(&masked), expected, "{shown}");
            for secret in private {
                assert!(!shown.contains(secret), "{secret}: {shown}");
            }
        }
    }
    let shown = text(&run(&["kraken-prime", "User", "--redact"], user.as_bytes()));
    // What is new is still named.
    assert!(shown.contains("/data/0/NickName = a text"), "{shown}");
    let shown = text(&run(
        &["kraken-prime", "User", "--redact"],
        refusal.as_bytes(),
    ));
    assert!(shown.contains("error:code 1:***"), "{shown}");
}

/// What stands for the stream itself is no loss, and what belongs to another stream does not fit.
#[test]
fn messages_of_prime_are_held_against_their_stream() {
    for (operation, payload, expected) in [
        (
            "Exposure",
            r#"{"reqid":1,"type":"Exposure","data":[],"next":""}"#,
            0,
        ),
        (
            "Exposure",
            r#"{"reqid":1,"type":"Exposure","data":[],"next":"x"}"#,
            0,
        ),
        ("Exposure", r#"{"reqid":1,"type":"Balance","data":[]}"#, 2),
        ("Exposure", r#"{"reqid":1,"data":[]}"#, 2),
        (
            "Exposure",
            r#"{"reqid":1,"type":"error","error":{"code":77,"msg":"x"}}"#,
            1,
        ),
        ("error", r#"{"reqid":1,"type":"error","error":"text"}"#, 0),
        (
            "error",
            r#"{"reqid":1,"type":"error","error":{"code":1,"hint":2}}"#,
            1,
        ),
        (
            "subscribe",
            r#"{"reqid":1,"type":"subscribe","streams":[{"name":"Trades"}]}"#,
            2,
        ),
        (
            "subscribe",
            r#"{"reqid":1,"type":"subscribe","streams":[{"name":"Trade","Depth":1}]}"#,
            1,
        ),
        (
            "NewOrderSingle",
            r#"{"reqid":1,"type":"NewOrderSingle","data":[]}"#,
            0,
        ),
        ("cancel", "[]", 2),
    ] {
        let output = run(&["kraken-prime", operation], payload.as_bytes());
        assert_eq!(code(&output), expected, "{payload}\n{}", text(&output));
    }
}

#[test]
fn the_list_names_every_api() {
    let output = run(&["--list"], b"");
    let shown = text(&output);
    for api in wire_check::api::APIS {
        for entry in api.operations() {
            assert!(
                shown
                    .lines()
                    .any(|line| line.starts_with(api.name()) && line.contains(&entry.id)),
                "{}",
                entry.id
            );
        }
    }
}
