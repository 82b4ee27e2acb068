use std::io::{Cursor, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};

use super::super::treasury::testing::{Customer, START};
use crate::Moment;
use crate::json::Json;
use crate::kraken::answer::Reply;
use crate::kraken::{Kraken, KrakenKey};
use crate::venue::{Answer, Request, Venue as _};

fn add(customer: &mut Customer, body: &str) -> String {
    let answer = customer.call("AddExport", body);
    answer.get("id").unwrap().as_str().unwrap().to_owned()
}

fn status(customer: &mut Customer, report: &str) -> Vec<String> {
    let body = format!(r#"{{"report":"{report}"}}"#);
    let all = customer.call("ExportStatus", &body);
    let all = all.as_list().unwrap().iter();
    all.map(|one| one.get("status").unwrap().as_str().unwrap().to_owned())
        .collect()
}

fn bytes(customer: &mut Customer, id: &str) -> Vec<u8> {
    let body = format!(r#"{{"id":"{id}"}}"#);
    match customer.reply("RetrieveExport", &body) {
        Ok(Reply::Bytes {
            content_type,
            bytes,
        }) => {
            assert_eq!(content_type, "application/octet-stream");
            bytes.to_vec()
        }
        other => panic!("{other:?}"),
    }
}

/// Name and text of the one file of an archive.
fn unpacked(bytes: Vec<u8>) -> (String, String) {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    assert_eq!(archive.len(), 1);
    let mut file = archive.by_index(0).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    let name = file.name().unwrap().into_owned();
    (name, text)
}

fn customer_with_trades() -> Customer {
    let mut customer = Customer::new();
    customer.book("deposit", &[("ZUSD", "1000.0000", "0")]);
    customer.pass(1);
    customer.trade("XBTUSD", "buy", "0.01");
    customer.pass(1);
    customer
}

#[test]
fn a_report_is_queued_processed_fetched_and_deleted() {
    let mut customer = customer_with_trades();
    let id = add(
        &mut customer,
        r#"{"report":"ledgers","description":"mine","fields":"amount,asset,time,balance,fee"}"#,
    );
    assert_eq!(status(&mut customer, "ledgers"), ["Queued"]);
    assert!(status(&mut customer, "trades").is_empty());
    let fetch = format!(r#"{{"id":"{id}"}}"#);
    assert_eq!(
        customer.refused("RetrieveExport", &fetch),
        "EGeneral:Invalid arguments:id"
    );
    customer.pass(2);
    assert_eq!(status(&mut customer, "ledgers"), ["Processing"]);
    customer.pass(3);
    assert_eq!(status(&mut customer, "ledgers"), ["Processed"]);
    let first = bytes(&mut customer, &id);
    assert_eq!(first[..2], *b"PK");
    let (name, text) = unpacked(first);
    assert_eq!(name, "ledgers.csv");
    let entries = &customer.spot.statements.values().next().unwrap().entries;
    let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(
        text,
        format!(
            "\"txid\",\"time\",\"asset\",\"amount\",\"fee\",\"balance\"\n\
             \"{}\",\"2023-07-06 18:53:17\",\"ZUSD\",\"1000.0000\",\"0.0000\",\"1000.0000\"\n\
             \"{}\",\"2023-07-06 18:53:18\",\"ZUSD\",\"-600.0010\",\"2.4000\",\"397.5990\"\n\
             \"{}\",\"2023-07-06 18:53:18\",\"XXBT\",\"0.0100000000\",\"0.0000000000\",\"0.0100000000\"\n",
            ids[0], ids[1], ids[2]
        )
    );
    let remove = |kind: &str| format!(r#"{{"id":"{id}","type":"{kind}"}}"#);
    assert_eq!(
        customer.refused("RemoveExport", &remove("cancel")),
        "EGeneral:Invalid arguments:type"
    );
    assert_eq!(
        customer.text("RemoveExport", &remove("delete")),
        r#"{"delete":true}"#
    );
    assert!(status(&mut customer, "ledgers").is_empty());
    assert_eq!(
        customer.refused("RemoveExport", &remove("delete")),
        "EGeneral:Invalid arguments:id"
    );
}

#[test]
fn trades_come_with_tabs_and_the_same_bytes_each_time() {
    let mut customer = customer_with_trades();
    let body = r#"{"report":"trades","description":"all","format":"TSV"}"#;
    let id = add(&mut customer, body);
    customer.pass(5);
    let first = bytes(&mut customer, &id);
    let (name, text) = unpacked(first.clone());
    assert_eq!(name, "trades.tsv");
    let row: Vec<&str> = text.lines().nth(1).unwrap().split('\t').collect();
    let order = &customer.spot.desk.closed_of(&customer.account).next();
    assert_eq!(row[1], format!("\"{}\"", order.unwrap().id));
    assert_eq!(row[2], "\"XXBTZUSD\"");
    assert_eq!(row[3], "\"2023-07-06 18:53:18.0000\"");
    assert_eq!(
        row[4..10].join(" "),
        r#""buy" "market" "60000.1" "600.00100" "2.40000" "0.01000000""#
    );
    let again = add(&mut customer, body);
    customer.pass(5);
    assert_eq!(bytes(&mut customer, &again), first);
    // Another month has nothing yet.
    customer.pass(40 * 86_400);
    assert!(status(&mut customer, "trades").is_empty());
    let later = add(&mut customer, body);
    customer.pass(5);
    let (_, text) = unpacked(bytes(&mut customer, &later));
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn trades_on_margin_are_told_too() {
    let mut customer = customer_with_trades();
    let order =
        r#"{"pair":"XBTUSD","ordertype":"market","type":"sell","volume":"0.002","leverage":"2"}"#;
    customer.call("AddOrder", order);
    let body = r#"{"report":"trades","description":"x","fields":"type,margin,ledgers"}"#;
    let id = add(&mut customer, body);
    customer.pass(5);
    let (_, text) = unpacked(bytes(&mut customer, &id));
    let row: Vec<&str> = text.lines().nth(2).unwrap().split(',').collect();
    assert_eq!(row[1..3], ["\"sell\"", "\"59.99990\""]);
    let entries = &customer.spot.statements.values().next().unwrap().entries;
    let last = entries.back().unwrap();
    assert_eq!(
        (last.kind, row[3]),
        ("margin", &*format!("\"{}\"", last.id))
    );
}

#[test]
fn what_is_wrong_with_a_report_is_named() {
    let mut customer = customer_with_trades();
    for (body, name) in [
        (r#"{"description":"x"}"#, "report"),
        (r#"{"report":"all","description":"x"}"#, "report"),
        (r#"{"report":"trades"}"#, "description"),
        (
            r#"{"report":"trades","description":"x","format":"PDF"}"#,
            "format",
        ),
        (
            r#"{"report":"trades","description":"x","fields":"balance"}"#,
            "fields",
        ),
        (
            r#"{"report":"trades","description":"x","starttm":"x"}"#,
            "starttm",
        ),
        (
            r#"{"report":"trades","description":"x","starttm":5,"endtm":4}"#,
            "starttm",
        ),
    ] {
        let error = customer.refused("AddExport", body);
        assert_eq!(
            error,
            format!("EGeneral:Invalid arguments:{name}"),
            "{body}"
        );
    }
    let id = add(&mut customer, r#"{"report":"trades","description":"x"}"#);
    let cancel = format!(r#"{{"id":"{id}","type":"cancel"}}"#);
    assert_eq!(customer.text("RemoveExport", &cancel), r#"{"cancel":true}"#);
    for _ in 0..30 {
        add(&mut customer, r#"{"report":"trades","description":"x"}"#);
        customer.pass(10);
    }
    assert_eq!(status(&mut customer, "trades").len(), super::MOST);
    let all = customer.call("ExportStatus", r#"{"report":"trades"}"#);
    let last: &Json = all.as_list().unwrap().last().unwrap();
    assert_eq!(last.get("descr").unwrap().as_str(), Some("x"));
    assert_eq!(
        last.get("datastarttm").unwrap().as_str(),
        Some("1688169600")
    );
}

/// A signed request to the host, as it comes off the wire.
fn signed(path: &str, body: &str, nonce: u64) -> Request {
    let body = format!("nonce={nonce}&{body}");
    let mut inner = digest::Context::new(&digest::SHA256);
    inner.update(nonce.to_string().as_bytes());
    inner.update(body.as_bytes());
    let message = [path.as_bytes(), inner.finish().as_ref()].concat();
    let sign = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, b"secret"), &message);
    let mut headers = http::HeaderMap::new();
    headers.insert("user-agent", "test".parse().unwrap());
    headers.insert("api-key", "k".parse().unwrap());
    headers.insert("api-sign", STANDARD.encode(sign).parse().unwrap());
    Request {
        method: http::Method::POST,
        target: path.to_owned(),
        headers,
        body: body.into(),
    }
}

#[test]
fn the_host_finds_the_operations_and_sends_the_archive_bare() {
    let now = START;
    let mut kraken = Kraken::new(1, now);
    let account = "AA72 N84G DEMO SPOT".to_owned();
    assert!(kraken.add_key(KrakenKey::new("k", "c2VjcmV0"), account, now));
    let mut nonce = 0;
    let mut post = |path: &str, body: &str, now: Moment| {
        nonce += 1;
        let handled = kraken.handle(&signed(path, body, nonce), now);
        assert_eq!(handled.refused, None, "{path}");
        handled.answer
    };
    let text = |answer: &Answer| String::from_utf8(answer.body.to_vec()).unwrap();
    let strategies = post("/0/private/Earn/Strategies", "lock_type[0]=bonded", now);
    assert!(text(&strategies).starts_with(r#"{"error":[],"result":{"items":[{"id":"ES"#));
    let wallet = "/0/private/Balance?account_id=AA72-N84G-DEMO-SPOT";
    let balance = post(wallet, "", now);
    assert_eq!(text(&balance), r#"{"error":[],"result":{}}"#);
    let lines = post("/0/private/CreditLines", "", now);
    assert_eq!(text(&lines), r#"{"error":[],"result":null}"#);
    let added = post(
        "/0/private/AddExport",
        "report=ledgers&description=mine",
        now,
    );
    let added = Json::parse(&added.body).unwrap();
    let id = added
        .get("result")
        .unwrap()
        .get("id")
        .unwrap()
        .scalar()
        .unwrap();
    let later = now.plus(std::time::Duration::from_secs(5));
    let archive = post("/0/private/RetrieveExport", &format!("id={id}"), later);
    assert_eq!(archive.content_type, "application/octet-stream");
    let (name, _) = unpacked(archive.body.to_vec());
    assert_eq!(name, "ledgers.csv");
}
