//! Both APIs through the front door, signed as clients sign.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};
use rust_decimal::Decimal;

use super::Custody;
use crate::Moment;
use crate::json::Json;
use crate::kraken::handle::{CUSTODY_USERS, account_of, demo_keys};
use crate::kraken::{Kraken, KrakenKey};
use crate::venue::{Request, Venue as _};

/// Who calls: the first asks, the others vote.
const A: usize = 1;
const B: usize = 2;
const C: usize = 3;

struct Host {
    kraken: Kraken,
    keys: Vec<KrakenKey>,
    nonce: u64,
    now: Moment,
}

impl Host {
    fn new() -> Self {
        let now = Moment::from_seconds(1_800_000_000);
        let mut kraken = Kraken::new(7, now);
        kraken.limits = false;
        let keys = demo_keys();
        for key in &keys {
            assert!(kraken.add_key(key.clone(), account_of(key), now));
        }
        Self {
            kraken,
            keys,
            nonce: 1,
            now,
        }
    }

    fn custody(&self) -> &Custody {
        &self.kraken.custody
    }

    fn treasury(&self) -> String {
        self.custody().vaults[0].id.clone()
    }

    fn reserve(&self) -> String {
        self.custody().vaults[1].id.clone()
    }

    fn later(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    fn send(&mut self, request: &Request) -> (u16, Json, Option<String>) {
        let handled = self.kraken.handle(request, self.now);
        let body = Json::parse(&handled.answer.body).unwrap();
        (handled.answer.status, body, handled.refused)
    }

    fn signed(&mut self, who: usize, method: &str, target: &str, body: String) -> Request {
        let nonce = self.nonce.to_string();
        self.nonce += 1;
        let key = &self.keys[who];
        let mut inner = digest::Context::new(&digest::SHA256);
        inner.update(nonce.as_bytes());
        inner.update(body.as_bytes());
        let mut message = target.as_bytes().to_vec();
        message.extend_from_slice(inner.finish().as_ref());
        let secret = STANDARD.decode(&key.secret).unwrap();
        let secret = hmac::Key::new(hmac::HMAC_SHA512, &secret);
        let signature = STANDARD.encode(hmac::sign(&secret, &message));
        let mut headers = http::HeaderMap::new();
        for (name, value) in [
            ("user-agent", "test"),
            ("content-type", "application/json"),
            ("api-key", key.key.as_str()),
            ("api-sign", signature.as_str()),
            ("api-nonce", nonce.as_str()),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        Request {
            method: method.parse().unwrap(),
            target: target.to_owned(),
            headers,
            body: body.into(),
        }
    }

    /// A legacy call; `more` are members of the body after the nonce.
    fn legacy_of(&mut self, who: usize, target: &str, vault: &str, more: &str) -> Json {
        let nonce = self.nonce;
        let body = if more.is_empty() {
            format!(r#"{{"nonce":{nonce}}}"#)
        } else {
            format!(r#"{{"nonce":{nonce},{more}}}"#)
        };
        let mut request = self.signed(who, "POST", &format!("/0/private/{target}"), body);
        if !vault.is_empty() {
            request.headers.insert("x-vault-id", vault.parse().unwrap());
        }
        let (status, answer, _) = self.send(&request);
        assert_eq!(status, 200);
        answer
    }

    fn legacy(&mut self, who: usize, target: &str, more: &str) -> Json {
        self.legacy_of(who, target, "", more)
    }

    fn external(&mut self, who: usize, method: &str, path: &str, body: &str) -> (u16, Json) {
        let target = format!("/v0/insto/custody{path}");
        let request = self.signed(who, method, &target, body.to_owned());
        let (status, answer, _) = self.send(&request);
        (status, answer)
    }

    fn get(&mut self, who: usize, path: &str) -> Json {
        let (status, answer) = self.external(who, "GET", path, "");
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn post(&mut self, who: usize, path: &str, body: &str) -> Json {
        let (status, answer) = self.external(who, "POST", path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn status(&mut self, who: usize, method: &str, path: &str, body: &str) -> u16 {
        self.external(who, method, path, body).0
    }

    fn quote(&mut self, asset: &str, amount: &str, included: bool, to: &str) -> String {
        let path = format!("/vaults/{}/withdrawals/fee-quotes", self.treasury());
        let body = format!(
            r#"{{"asset":"{asset}","asset_class":"currency","amount":"{amount}","fee_included":{included},"address_name":"{to}"}}"#
        );
        text(&self.post(A, &path, &body), "fee_quote_id")
    }

    fn withdrawal_body(&self, quote: &str) -> String {
        let vault = self.treasury();
        format!(
            r#"{{"instructions":[{{"type":"request_withdrawal","version":1,"vault_id":"{vault}","fee_quote_id":"{quote}"}}]}}"#
        )
    }

    fn withdrawal(&mut self, asset: &str, amount: &str, included: bool, to: &str) -> String {
        let quote = self.quote(asset, amount, included, to);
        let body = self.withdrawal_body(&quote);
        text(&self.post(A, "/tasks", &body), "task_id")
    }

    fn vault_task(&mut self, kind: &str, more: &str) -> String {
        let vault = self.treasury();
        let body =
            format!(r#"{{"instructions":[{{"type":"{kind}","vault_id":"{vault}",{more}}}]}}"#);
        text(&self.post(A, "/tasks", &body), "task_id")
    }

    fn vote(&mut self, who: usize, task: &str, kind: &str) -> (u16, String) {
        let body = format!(r#"{{"type":"{kind}","comment":"seen"}}"#);
        let (status, answer) = self.external(who, "POST", &format!("/tasks/{task}/review"), &body);
        let state = answer.get("state").and_then(Json::as_str);
        (status, state.unwrap_or_default().to_owned())
    }

    /// Both vote for it, and it is done.
    fn pass(&mut self, task: &str) -> String {
        assert_eq!(self.vote(B, task, "approve"), (200, "pending".into()));
        assert_eq!(self.vote(C, task, "approve"), (200, "approved".into()));
        self.later(2);
        text(&self.get(A, &format!("/tasks/{task}")), "state")
    }

    fn balance(&self, asset: &str) -> Decimal {
        let asset = super::assets::find_asset(asset).unwrap();
        self.custody().balance(&self.treasury(), asset)
    }

    fn nothing_is_lost(&self) {
        let totals = self.custody().books.totals();
        assert!(!totals.is_empty() && totals.values().all(Decimal::is_zero));
    }
}

fn text(json: &Json, name: &str) -> String {
    let value = json.get(name).and_then(Json::as_str);
    value
        .unwrap_or_else(|| panic!("no {name} in {json}"))
        .to_owned()
}

fn at<'a>(json: &'a Json, path: &[&str]) -> &'a Json {
    path.iter().fold(json, |json, name| {
        let found = match json {
            Json::List(rows) => rows.get(name.parse::<usize>().unwrap()),
            _ => json.get(name),
        };
        found.unwrap_or_else(|| panic!("no {name} in {json}"))
    })
}

fn len(json: &Json) -> usize {
    json.as_list().unwrap().len()
}

fn names(json: &Json) -> BTreeSet<&str> {
    json.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_withdrawal_needs_its_quorum_and_moves_the_amount_to_the_last_digit() {
    let mut host = Host::new();
    let vault = host.treasury();
    let task = host.withdrawal("BTC", "1.23456789", false, "Cold storage");
    // Held from the start, moved at the end.
    let balances = host.legacy(A, "GetCustodyBalance", &format!(r#""vault_id":"{vault}""#));
    let btc = at(&balances, &["result", "BTC"]);
    assert_eq!(text(btc, "balance"), "12.00000000");
    assert_eq!(text(btc, "hold_trade"), "1.23466789");

    let shown = host.get(B, &format!("/tasks/{task}"));
    assert_eq!(at(&shown, &["can_review"]), &Json::Bool(true));
    let instruction = at(&shown, &["instructions", "0"]);
    assert_eq!(text(instruction, "amount"), "1.23456789");
    let shown = host.get(A, &format!("/tasks/{task}"));
    assert_eq!(at(&shown, &["can_review"]), &Json::Bool(false));

    // The one who asked can't vote, nobody votes twice, and one is not enough.
    assert_eq!(host.vote(A, &task, "approve").0, 403);
    assert_eq!(host.vote(B, &task, "maybe").0, 400);
    assert_eq!(host.vote(B, &task, "approve"), (200, "pending".into()));
    assert_eq!(host.vote(B, &task, "deny").0, 403);
    assert_eq!(host.balance("BTC"), decimal("12"));
    assert_eq!(host.vote(C, &task, "approve"), (200, "approved".into()));
    assert_eq!(host.balance("BTC"), decimal("12"));
    host.later(2);
    let shown = host.get(C, &format!("/tasks/{task}"));
    assert_eq!(text(&shown, "state"), "executed");
    assert_eq!(
        host.balance("BTC"),
        decimal("12") - decimal("1.23456789") - decimal("0.0001")
    );
    host.nothing_is_lost();

    let kinds: Vec<String> = at(&shown, &["activities"])
        .as_list()
        .unwrap()
        .iter()
        .map(|event| text(event, "action"))
        .collect();
    assert_eq!(
        kinds,
        ["created", "review_approved", "review_approved", "executed"]
    );

    let rows = host.get(A, &format!("/vaults/{vault}/transactions?types=withdrawal"));
    let row = at(&rows, &["transactions", "0"]).clone();
    assert_eq!(text(&row, "amount"), "-1.23456789");
    assert_eq!(text(at(&row, &["fee"]), "amount"), "0.00010000");
    assert_eq!(text(&row, "status"), "broadcast");
    host.later(60);
    let id = text(&row, "id");
    let row = host.get(A, &format!("/vaults/{vault}/transactions/{id}"));
    assert_eq!(text(&row, "status"), "completed");
    let legacy = host.legacy(
        A,
        &format!("GetCustodyTransaction?id={id}"),
        &format!(r#""vault_id":"{vault}","quote":{{"asset":"USD","class":"currency"}}"#),
    );
    let spend = at(&legacy, &["result", "transaction", "spend"]);
    assert_eq!(text(at(spend, &["total"]), "amount"), "1.23466789");
    assert_eq!(text(at(spend, &["balance"]), "amount"), "10.76533211");
    assert_eq!(text(at(spend, &["quoted_total"]), "amount"), "80253.4128");
    assert_eq!(text(at(&legacy, &["result"]), "result_type"), "complete");
    assert_eq!(host.vote(C, &task, "approve").0, 403);
}

#[test]
fn a_fee_within_the_amount_is_taken_off() {
    let mut host = Host::new();
    let task = host.withdrawal("ETH", "1", true, "Main wallet");
    assert_eq!(host.pass(&task), "executed");
    assert_eq!(host.balance("ETH"), decimal("149"));
    let asset = super::assets::find_asset("ETH").unwrap();
    let row = host
        .custody()
        .transactions
        .of_vault(&host.treasury())
        .next()
        .unwrap();
    assert_eq!(row.asset, asset);
    assert_eq!(
        (row.amount, row.fee),
        (decimal("-0.9985"), decimal("0.0015"))
    );
    host.nothing_is_lost();
}

#[test]
fn a_denied_task_is_rejected_here_and_denied_there() {
    let mut host = Host::new();
    let task = host.withdrawal("BTC", "1", false, "Cold storage");
    assert_eq!(host.vote(B, &task, "deny"), (200, "rejected".into()));
    assert_eq!(
        text(&host.get(A, &format!("/tasks/{task}")), "state"),
        "rejected"
    );
    let legacy = host.legacy(A, &format!("GetCustodyTask?id={task}"), "");
    assert_eq!(text(at(&legacy, &["result"]), "state"), "denied");
    // C has not voted but comes too late.
    assert_eq!(host.vote(C, &task, "approve").0, 400);
    let btc = super::assets::find_asset("BTC").unwrap();
    assert!(host.custody().hold(&host.treasury(), btc).is_zero());
    assert_eq!(host.balance("BTC"), decimal("12"));
}

#[test]
fn a_task_expires_when_its_time_is_over_also_after_a_year() {
    let mut host = Host::new();
    let quote = host.quote("BTC", "1", false, "Cold storage");
    let body = host.withdrawal_body(&quote);
    let body = body.replacen('{', r#"{"duration_seconds":3600,"#, 1);
    let task = text(&host.post(A, "/tasks", &body), "task_id");
    host.vote(B, &task, "approve");
    host.later(3_599);
    assert_eq!(
        text(&host.get(A, &format!("/tasks/{task}")), "state"),
        "pending"
    );
    host.later(366 * 86_400);
    let shown = host.get(A, &format!("/tasks/{task}"));
    assert_eq!(text(&shown, "state"), "expired");
    assert_eq!(at(&shown, &["updated_at"]), at(&shown, &["expires_at"]));
    assert_eq!(host.vote(C, &task, "approve").0, 400);
}

#[test]
fn sub_quorums_must_agree_too() {
    let mut host = Host::new();
    let c = CUSTODY_USERS[2];
    let groups = format!(r#""groups":[{{"required":1,"members":["{c}"]}}]"#);
    let task = host.vault_task("subquorum_update", &groups);
    assert_eq!(host.pass(&task), "executed");
    let policies = r#""operations":[{"type":"update","policy":{"type":"required_approvals","required_approvals":1}}]"#;
    let task = host.vault_task("update_vault_policies", policies);
    assert_eq!(host.pass(&task), "executed");

    // One approval would do, but not without C.
    let task = host.withdrawal("BTC", "1", false, "Cold storage");
    let row = host.get(A, "/tasks?limit=1");
    let snapshot = at(&row, &["result", "0", "subquorum_snapshot", "groups", "0"]);
    assert_eq!(text(at(snapshot, &["members", "0"]), "iiban"), c);
    assert_eq!(host.vote(B, &task, "approve"), (200, "pending".into()));
    assert_eq!(host.vote(C, &task, "approve"), (200, "approved".into()));
    let task = host.withdrawal("BTC", "1", false, "Cold storage");
    assert_eq!(host.vote(C, &task, "deny"), (200, "rejected".into()));
    // A quorum that nobody could reach is not taken.
    let vault = host.treasury();
    let locking = format!(
        r#"{{"instructions":[{{"type":"subquorum_update","vault_id":"{vault}","groups":[{{"required":2,"members":["{c}"]}}]}}]}}"#
    );
    assert_eq!(host.status(A, "POST", "/tasks", &locking), 400);
}

#[test]
fn what_does_not_fit_is_refused_before_there_is_a_task() {
    let mut host = Host::new();
    let vault = host.treasury();
    let quotes = format!("/vaults/{vault}/withdrawals/fee-quotes");
    for (status, body) in [
        (
            400,
            r#"{"asset":"BTC","asset_class":"currency","amount":1}"#,
        ),
        (
            400,
            r#"{"asset":"BTC","asset_class":"currency","amount":"0"}"#,
        ),
        (
            400,
            r#"{"asset":"BTC","asset_class":"currency","amount":"1e3"}"#,
        ),
        (
            400,
            r#"{"asset":"BTC","asset_class":"equity","amount":"1"}"#,
        ),
        (400, r#"{"asset":"BTC","amount":"1"}"#),
        (
            400,
            r#"{"asset":"DOGE","asset_class":"currency","amount":"1"}"#,
        ),
        (
            400,
            r#"{"asset":"BTC","asset_class":"currency","amount":"1","fee_included":"no"}"#,
        ),
        (
            400,
            r#"{"asset":"BTC","asset_class":"currency","amount":"1","address_name":"?"}"#,
        ),
        (400, "[]"),
        (400, "{"),
        (
            200,
            r#"{"asset":"BTC","asset_class":"currency","amount":"1"}"#,
        ),
    ] {
        assert_eq!(host.status(A, "POST", &quotes, body), status, "{body}");
    }
    // Too little, too much, more than the policy, more than there is.
    for (asset, amount, to) in [
        ("BTC", "0.0004", "Cold storage"),
        ("BTC", "501", "Cold storage"),
        ("BTC", "77", "Cold storage"),
        ("BTC", "12", "Cold storage"),
        ("USDT", "40000", "Main wallet"),
    ] {
        let quote = host.quote(asset, amount, false, to);
        let body = host.withdrawal_body(&quote);
        assert_eq!(
            host.status(A, "POST", "/tasks", &body),
            400,
            "{amount} {asset}"
        );
    }
    // A quote serves once, and not for long.
    let quote = host.quote("BTC", "1", false, "Cold storage");
    let body = host.withdrawal_body(&quote);
    assert_eq!(host.status(B, "POST", "/tasks", &body), 403);
    let other = body.replace(r#""version":1"#, r#""amount":"2""#);
    assert_eq!(host.status(A, "POST", "/tasks", &other), 400);
    assert_eq!(host.status(A, "POST", "/tasks", &body), 200);
    assert_eq!(host.status(A, "POST", "/tasks", &body), 400);
    let quote = host.quote("BTC", "1", false, "Cold storage");
    host.later(60);
    let body = host.withdrawal_body(&quote);
    assert_eq!(host.status(A, "POST", "/tasks", &body), 400);
    for body in [
        "{}",
        r#"{"instructions":[]}"#,
        r#"{"instructions":[{}]}"#,
        r#"{"instructions":[{"type":"rob_bank"}]}"#,
        r#"{"instructions":[{"type":"create_vault","name":"x"},{"type":"create_group"}]}"#,
        r#"{"instructions":[{"type":"create_vault"}]}"#,
        r#"{"instructions":[{"type":"create_vault","name":"x"}],"duration_seconds":0}"#,
        r#"{"instructions":[{"type":"create_vault","name":"x"}],"duration_seconds":1.5}"#,
    ] {
        assert_eq!(host.status(A, "POST", "/tasks", body), 400, "{body}");
    }
    let foreign = r#"{"instructions":[{"type":"create_vault","name":"x"}],"org_iiban":"AA00"}"#;
    assert_eq!(host.status(A, "POST", "/tasks", foreign), 403);
    assert_eq!(host.custody().tasks.all().count(), 1);
}

#[test]
fn a_withdrawal_fails_if_its_address_goes_meanwhile() {
    let mut host = Host::new();
    let withdrawal = host.withdrawal("BTC", "1", false, "Cold storage");
    let removal = host.vault_task(
        "update_withdrawal_addresses",
        r#""operations":[{"type":"remove","item":{"asset":"BTC","address_name":"Cold storage"}}]"#,
    );
    assert_eq!(host.pass(&removal), "executed");
    assert_eq!(host.pass(&withdrawal), "failed");
    assert_eq!(host.balance("BTC"), decimal("12"));
    let legacy = host.legacy(
        A,
        "ListCustodyActivities",
        r#""filters":{"and":[{"or":[{"by":"activity_action","type":"equals","values":["failed"]}]}]}"#,
    );
    assert_eq!(at(&legacy, &["total"]), &Json::from(1_usize));
    let row = at(&legacy, &["result", "0"]);
    assert_eq!(text(at(row, &["task"]), "id"), withdrawal);
    assert_eq!(row.get("user"), None);
}

#[test]
fn tasks_change_vaults_members_and_addresses() {
    let mut host = Host::new();
    let body = r#"{"instructions":[{"type":"create_vault","name":"Savings"}]}"#;
    let answer = host.post(A, "/tasks", body);
    // In upper case in this answer alone.
    let approval = text(&answer, "approval_id");
    assert_eq!(approval, approval.to_uppercase());
    assert_eq!(host.pass(&text(&answer, "task_id")), "executed");
    let legacy = host.legacy(
        A,
        &format!(
            "GetCustodyTask?id={}",
            approval.to_lowercase().replace('-', "")
        ),
        "",
    );
    let task = at(&legacy, &["result"]);
    assert_eq!(text(at(task, &["payload"]), "name"), "Savings");
    assert_eq!(task.get("vault_info"), None);
    assert_eq!(
        host.get(A, "/vaults?name=savings").get("total"),
        Some(&Json::from(1_usize))
    );

    let task = host.vault_task("update_vault", r#""name":"Till""#);
    assert_eq!(host.pass(&task), "executed");
    assert_eq!(host.custody().vaults[0].name, "Till");
    let task = host.vault_task(
        "update_withdrawal_addresses",
        r#""operations":[{"type":"add","item":{"asset":"XRP","address_name":"R","address":"rX","tag":"7"}}]"#,
    );
    let legacy = host.legacy(A, &format!("GetCustodyTask?id={task}"), "");
    let operation = at(&legacy, &["result", "operations", "0"]);
    assert_eq!(text(at(operation, &["item"]), "tag"), "7");
    assert_eq!(host.pass(&task), "executed");
    let vault = host.treasury();
    let path = format!("/vaults/{vault}/whitelist/addresses?asset=XRP&asset_class=currency");
    let rows = host.get(A, &path);
    assert_eq!(text(at(&rows, &["0"]), "address"), "rX");

    let a = CUSTODY_USERS[0];
    let task = host.vault_task(
        "update_vault_users",
        &format!(r#""operations":[{{"type":"remove","item":{{"user_iiban":"{a}"}}}}]"#),
    );
    assert_eq!(host.vote(B, &task, "approve").0, 200);
    assert_eq!(host.vote(C, &task, "approve").0, 200);
    host.later(2);
    assert_eq!(host.status(A, "GET", &format!("/vaults/{vault}"), ""), 403);
    assert_eq!(host.status(A, "GET", &format!("/tasks/{task}"), ""), 403);
    assert_eq!(host.status(C, "GET", &format!("/tasks/{task}"), ""), 200);
}

#[test]
fn vaults_are_seen_by_their_members_and_by_admins() {
    let mut host = Host::new();
    let (vault, reserve) = (host.treasury(), host.reserve());
    let iiban = host.custody().vaults[0].iiban.clone();
    let joined = iiban.replace(' ', "");
    assert_eq!(
        at(&host.get(A, "/vaults"), &["total"]),
        &Json::from(1_usize)
    );
    assert_eq!(
        at(&host.get(C, "/vaults"), &["total"]),
        &Json::from(2_usize)
    );
    assert_eq!(
        host.status(A, "GET", &format!("/vaults/{reserve}"), ""),
        403
    );
    assert_eq!(host.status(A, "GET", "/vaults/VAAAAAAAAAAAAA", ""), 404);
    // An IIBAN is no id there.
    assert_eq!(host.status(A, "GET", &format!("/vaults/{joined}"), ""), 404);
    let encoded = iiban.replace(' ', "%20");
    for query in [
        format!("iiban={encoded}"),
        format!("iiban={}", iiban.replace(' ', "+")),
        format!("iiban={joined}&iiban=AA00"),
        format!("id={reserve}&id={vault}&name=SURY&name_match=contains"),
        "default_approvals_left=2&name=Treas&name_match=starts_with&name_case=sensitive".into(),
    ] {
        let found = host.get(A, &format!("/vaults?{query}"));
        assert_eq!(text(at(&found, &["vaults", "0"]), "id"), vault, "{query}");
    }
    for query in [
        "name=SURY&name_match=contains&name_case=sensitive",
        "default_approvals_left=3",
        "offset=1",
    ] {
        let found = host.get(A, &format!("/vaults?{query}"));
        assert_eq!(len(at(&found, &["vaults"])), 0, "{query}");
    }
    let up = host.get(C, "/vaults?order_direction=asc&limit=1");
    assert_eq!(text(at(&up, &["vaults", "0"]), "id"), vault);
    assert_eq!(
        text(at(&host.get(C, "/vaults?limit=1"), &["vaults", "0"]), "id"),
        reserve
    );
    for query in [
        "limit=x",
        "limit=-1",
        "quote_asset=EUR",
        "name_match=ends",
        "order_direction=up",
    ] {
        assert_eq!(
            host.status(A, "GET", &format!("/vaults?{query}"), ""),
            400,
            "{query}"
        );
    }
    assert_eq!(host.status(A, "GET", "/vaults?org_iiban=AA00", ""), 403);
    let organization = host.custody().organization.iiban.replace(' ', "%20");
    host.get(A, &format!("/vaults?org_iiban={organization}"));
    let worth = host.get(A, &format!("/organizations/{organization}/balances"));
    assert_eq!(text(at(&worth, &["balance"]), "total"), "1550000.0000");

    // The legacy header takes either.
    for name in [vault.as_str(), iiban.as_str(), joined.as_str()] {
        let answer = host.legacy_of(A, "WithdrawAddresses", name, "");
        assert_eq!(len(at(&answer, &["result"])), 3, "{name}");
    }
    let refused = host.legacy_of(A, "WithdrawAddresses", &reserve, "");
    assert_eq!(
        refused.to_string(),
        r#"{"error":[{"severity":"E","errorClass":"General","type":"Permission denied","errorMessage":null}],"result":null}"#
    );
}

#[test]
fn refusals_have_the_form_of_who_refuses() {
    let mut host = Host::new();
    let answer = host.legacy(A, "GetCustodyTask?id=TAAAAAAAAAAAAA", "");
    assert_eq!(
        answer.to_string(),
        r#"{"errors":[{"severity":"E","errorClass":"General","type":"Invalid arguments","errorMessage":"id"}],"result":null}"#
    );
    let answer = host.legacy(A, "GetCustodyTask", r#""id":"not in the query""#);
    assert_eq!(text(at(&answer, &["errors", "0"]), "errorMessage"), "id");
    // A used nonce is refused in front of the service, in Spot's form.
    let request = host.signed(
        A,
        "POST",
        "/0/private/GetCustodyTask",
        r#"{"nonce":1}"#.into(),
    );
    let (_, answer, refused) = host.send(&request);
    assert!(refused.is_some());
    assert!(at(&answer, &["error", "0"]).as_str().is_some());
    assert_eq!(answer.get("errors"), None);
    for path in ["/vaults/x/y", "/nothing", ""] {
        assert_eq!(host.status(A, "GET", path, ""), 404, "{path}");
    }
    for id in ["A", "AAAAAAAAAAAAAA"] {
        assert_eq!(
            host.status(A, "GET", &format!("/tasks/activities/{id}"), ""),
            403
        );
    }
}

#[test]
fn the_external_api_takes_two_hundred_calls_in_half_a_minute() {
    let mut host = Host::new();
    host.kraken.limits = true;
    let mut request = host.signed(A, "GET", "/v0/insto/custody/assets", String::new());
    for name in ["api-key", "api-sign", "api-nonce"] {
        request.headers.remove(name);
    }
    for _ in 0..200 {
        let (status, body, _) = host.send(&request);
        assert_eq!(status, 200);
        assert_eq!(len(at(&body, &["result"])), super::assets::ASSETS.len());
    }
    assert_eq!(host.send(&request).0, 429);
    assert_eq!(host.status(A, "GET", "/vaults", ""), 429);
    host.later(30);
    assert_eq!(host.status(A, "GET", "/vaults", ""), 200);
}

#[test]
fn transactions_are_paged_and_filtered_in_both_apis() {
    let mut host = Host::new();
    let vault = host.treasury();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = host.get(
            A,
            &format!("/vaults/{vault}/transactions?page_size=3{cursor}"),
        );
        for row in at(&page, &["transactions"]).as_list().unwrap() {
            seen.push(text(row, "asset"));
        }
        let Some(next) = page.get("next_cursor") else {
            break;
        };
        let next: String =
            url::form_urlencoded::byte_serialize(next.as_str().unwrap().as_bytes()).collect();
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["USD", "USDT", "ETH", "BTC"]);
    let list = format!("ListCustodyTransactions?id={vault}");
    let page = host.legacy(A, &list, r#""page_size":3,"sorting":{"order":"ascending"}"#);
    let result = at(&page, &["result"]);
    assert_eq!(len(at(result, &["transactions"])), 3);
    let cursor = text(result, "next_cursor");
    let page = host.legacy(
        A,
        &list,
        &format!(r#""page_size":3,"sorting":{{"order":"ascending"}},"cursor":"{cursor}""#),
    );
    assert_eq!(at(&page, &["result", "next_cursor"]), &Json::Null);
    assert_eq!(len(at(&page, &["result", "transactions"])), 1);
    let id = text(at(&page, &["result", "transactions", "0"]), "id");
    let reference = text(at(&page, &["result", "transactions", "0"]), "ref_id");
    for (more, count) in [
        (String::new(), 4),
        (r#""types":["deposit","withdrawal"]"#.into(), 4),
        (r#""types":["withdrawal"]"#.into(), 0),
        (r#""types":[]"#.into(), 4),
        (format!(r#""ids":["{id}"]"#), 1),
        (
            r#""assets":[{"asset":"XBT","class":"currency"},{"asset":"ETH","class":"equity"}]"#
                .into(),
            1,
        ),
        (
            format!(r#""ref_ids":[{{"type":"funding","ref_id":"{reference}"}}]"#),
            1,
        ),
        (
            format!(r#""ref_ids":[{{"type":"trade","ref_id":"{reference}"}}]"#),
            0,
        ),
    ] {
        let page = host.legacy(A, &list, &more);
        assert_eq!(len(at(&page, &["result", "transactions"])), count, "{more}");
    }
    for more in [
        r#""page_size":-1"#,
        r#""sorting":{"order":"asc"}"#,
        r#""cursor":"x""#,
        r#""types":"deposit""#,
        r#""assets":["BTC"]"#,
        r#""quote":{"asset":"?","class":"currency"}"#,
    ] {
        let page = host.legacy(A, &list, more);
        assert_eq!(len(at(&page, &["errors"])), 1, "{more}");
    }
    host.kraken.custody.slow = true;
    let target = format!("GetCustodyTransaction?id={id}");
    for (more, kind) in [
        ("", "incomplete_requires_long_timeout"),
        (r#","with_long_timeout":true"#, "complete"),
    ] {
        let answer = host.legacy(A, &target, &format!(r#""vault_id":"{vault}"{more}"#));
        assert_eq!(text(at(&answer, &["result"]), "result_type"), kind);
    }
}

#[test]
fn legacy_lists_answer_filters_orderings_and_pages() {
    let mut host = Host::new();
    let first = host.withdrawal("BTC", "1", false, "Cold storage");
    host.later(10);
    let second = host.withdrawal("ETH", "1", false, "Main wallet");
    host.later(10);
    let body = r#"{"instructions":[{"type":"create_vault","name":"Savings"}]}"#;
    let third = text(&host.post(A, "/tasks", body), "task_id");
    host.vote(B, &first, "approve");
    host.vote(B, &second, "deny");
    let created = host
        .custody()
        .tasks
        .find(&second)
        .unwrap()
        .created
        .seconds();
    let filter = |filter: &str| format!(r#""filters":{{"and":[{{"or":[{filter}]}}]}}"#);
    for (more, expected) in [
        (String::new(), vec![&third, &second, &first]),
        (
            r#""orderings":[{"by":"created_at","direction":"asc"}]"#.into(),
            vec![&first, &second, &third],
        ),
        (
            r#""orderings":[{"by":"vault_id"},{"by":"created_at"}]"#.into(),
            vec![&second, &first, &third],
        ),
        (
            r#""pagination":{"limit":1,"offset":1}"#.into(),
            vec![&second],
        ),
        (
            filter(r#"{"by":"state","type":"equals","values":["pending"]}"#),
            vec![&third, &first],
        ),
        (
            filter(r#"{"by":"state","type":"equals","values":["denied"]}"#),
            vec![&second],
        ),
        (
            filter(r#"{"by":"scope","type":"equals","values":["domain"]}"#),
            vec![&third],
        ),
        (
            filter(r#"{"by":"action","type":"equals","values":["request_withdrawal"]}"#),
            vec![&second, &first],
        ),
        (
            filter(&format!(
                r#"{{"by":"created_at","type":"in","left":"{created}"}}"#
            )),
            vec![&third, &second],
        ),
        (
            filter(&format!(
                r#"{{"by":"id","type":"equals","values":["{first}"]}},{{"by":"created_at","type":"equals","values":["{created}"]}}"#
            )),
            vec![&second, &first],
        ),
    ] {
        let answer = host.legacy(A, "ListCustodyTasks", &more);
        let ids: Vec<String> = at(&answer, &["result"])
            .as_list()
            .unwrap()
            .iter()
            .map(|task| text(task, "id"))
            .collect();
        assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{more}");
    }
    let page = host.legacy(
        A,
        "ListCustodyTasks",
        r#""pagination":{"limit":1,"offset":1}"#,
    );
    assert_eq!(at(&page, &["start"]), &Json::from(2_usize));
    assert_eq!(at(&page, &["total"]), &Json::from(3_usize));
    let mine = filter(r#"{"by":"current_user_decision","type":"equals","values":["approved"]}"#);
    let answer = host.legacy(B, "ListCustodyTasks", &mine);
    assert_eq!(text(at(&answer, &["result", "0"]), "id"), first);
    let wrong = filter(r#"{"by":"state","type":"in"}"#);
    let answer = host.legacy(B, "ListCustodyTasks", &wrong);
    assert_eq!(
        text(at(&answer, &["errors", "0"]), "errorMessage"),
        "filters"
    );

    let user = CUSTODY_USERS[1].replace(' ', "");
    let by_user = filter(&format!(
        r#"{{"by":"user","type":"equals","values":["{user}"]}}"#
    ));
    let answer = host.legacy(A, "ListCustodyActivities", &by_user);
    assert_eq!(at(&answer, &["total"]), &Json::from(2_usize));
    let row = at(&answer, &["result", "0"]);
    assert_eq!(text(row, "type"), "review_denied");
    assert_eq!(text(row, "comment"), "seen");
    let id = text(row, "id");
    let one = host.legacy(A, &format!("GetCustodyActivity?id={id}"), "");
    assert_eq!(text(at(&one, &["result"]), "type"), "review_denied");
    let one = host.get(A, &format!("/tasks/activities/{id}"));
    assert_eq!(text(&one, "state"), "rejected");
    assert_eq!(text(at(&one, &["task"]), "id"), second);
    let vault = host.treasury();
    for (query, count) in [
        (String::new(), 5),
        (format!("task_id={first}"), 2),
        (format!("vault_id={vault}&vault_id=V"), 4),
        ("scope=DOMAIN".into(), 1),
        (
            "task_action=create_vault&task_action=create_group".into(),
            1,
        ),
        (format!("id={id}"), 1),
        ("limit=2&offset=4".into(), 1),
    ] {
        let answer = host.get(A, &format!("/tasks/activities?{query}"));
        assert_eq!(len(at(&answer, &["result"])), count, "{query}");
    }
    let vaults = filter(r#"{"by":"member","type":"equals","values":["AA24N84GDEMOUSRA"]}"#);
    let answer = host.legacy(C, "ListCustodyVaults", &vaults);
    assert_eq!(at(&answer, &["total"]), &Json::from(1_usize));
    assert_eq!(at(&answer, &["result", "0"]).get("otc_enabled"), None);
    let answer = host.legacy(C, "ListCustodyVaults", r#""resolve_policies":true"#);
    assert_eq!(
        at(&answer, &["result", "0", "otc_enabled"]),
        &Json::Bool(true)
    );
}

#[test]
fn deposit_addresses_are_made_and_listed_in_both_apis() {
    let mut host = Host::new();
    let vault = host.treasury();
    let methods = host.legacy_of(
        A,
        "DepositMethods",
        &vault,
        r#""asset":"XRP","category":"custody""#,
    );
    let method = text(at(&methods, &["result", "0"]), "method");
    assert_eq!(at(&methods, &["result", "0", "limit"]), &Json::Bool(false));
    let ask = format!(r#""asset":"XRP","method":"{method}""#);
    let none = host.legacy_of(A, "DepositAddresses", &vault, &ask);
    assert_eq!(len(at(&none, &["result"])), 0);
    let new = host.legacy_of(
        A,
        "DepositAddresses",
        &vault,
        &format!(r#"{ask},"new":true"#),
    );
    let address = text(at(&new, &["result", "0"]), "address");
    let info = host.get(
        A,
        &format!("/vaults/{vault}/deposits/info?asset=XRP&asset_class=currency"),
    );
    let id = text(at(&info, &["0"]), "method_id");
    let path = format!("/vaults/{vault}/deposit-methods/{id}/addresses");
    let made = host.post(A, &path, "{}");
    assert_eq!(at(&made, &["is_new"]), &Json::Bool(true));
    assert!(made.get("tag").is_some());
    let listed = host.get(A, &path);
    assert_eq!(len(&listed), 2);
    assert_eq!(text(at(&listed, &["0"]), "address"), address);
    assert_eq!(at(&listed, &["1", "is_new"]), &Json::Bool(false));
    for _ in 0..8 {
        host.post(A, &path, "{}");
    }
    let (status, body) = host.external(A, "POST", &path, "{}");
    assert_eq!(status, 400);
    assert!(body.to_string().contains("TooManyAddresses"));
    let refused = host.legacy_of(
        A,
        "DepositAddresses",
        &vault,
        &format!(r#"{ask},"new":true"#),
    );
    assert_eq!(
        text(at(&refused, &["error", "0"]), "type"),
        "Too many addresses"
    );
    for (more, why) in [
        (r#""asset":"XRP""#, "category"),
        (r#""category":"spot""#, "category"),
    ] {
        let refused = host.legacy_of(A, "DepositMethods", &vault, more);
        assert_eq!(text(at(&refused, &["error", "0"]), "errorMessage"), why);
    }
    for query in [
        "asset=XRP",
        "asset_class=currency",
        "asset=XRP&asset_class=x",
        "asset=?&asset_class=currency",
    ] {
        let path = format!("/vaults/{vault}/deposit-methods?{query}");
        assert_eq!(host.status(A, "GET", &path, ""), 400, "{query}");
    }
    let all = host.get(A, &format!("/vaults/{vault}/deposit-methods"));
    assert_eq!(len(&all), super::assets::METHODS.len());
    let path = format!("/vaults/{vault}/deposit-methods/x/addresses");
    assert_eq!(host.status(A, "GET", &path, ""), 404);
}

/// What the descriptions say must be there, and nothing they do not know.
#[test]
fn answers_have_the_members_of_their_descriptions() {
    fn check(json: &Json, required: &[&str], optional: &[&str]) {
        let there = names(json);
        for name in required {
            assert!(there.contains(name), "no {name} in {json}");
        }
        for name in there {
            assert!(
                required.contains(&name) || optional.contains(&name),
                "{name}"
            );
        }
    }
    let mut host = Host::new();
    let vault = host.treasury();
    let task = host.withdrawal("BTC", "1", false, "Cold storage");
    let of_vault = [
        "id",
        "created_at",
        "updated_at",
        "count_assets",
        "status",
        "iiban",
        "name",
    ];
    let more = [
        "description",
        "balance_fiat",
        "balance_diff",
        "available_balance_fiat",
        "deposit_lock_rekeying_only",
        "otc_enabled",
    ];
    let answer = host.legacy(A, "ListCustodyVaults", "");
    check(&answer, &["result", "errors", "start", "total"], &[]);
    let row = at(&answer, &["result", "0"]);
    check(row, &of_vault, &more);
    // 12 BTC, 150 ETH, 40,000 USDT and 250,000 USD, less the BTC held.
    assert_eq!(text(row, "balance_fiat"), "1550000.0000");
    assert_eq!(text(row, "available_balance_fiat"), "1484993.5000");
    assert_eq!(at(row, &["count_assets"]), &Json::from(4_usize));
    let answer = host.legacy(A, &format!("GetCustodyVault?id={vault}"), "");
    let with_details: Vec<&str> = of_vault.iter().copied().chain(["asset_details"]).collect();
    check(at(&answer, &["result"]), &with_details, &more);
    let detail = at(&answer, &["result", "asset_details", "0"]);
    check(
        detail,
        &[
            "asset",
            "current_usd_price",
            "available_balance",
            "total_balance",
        ],
        &[],
    );
    assert_eq!(
        text(at(detail, &["available_balance"]), "quantity"),
        "10.99990000"
    );
    let answer = host.legacy(A, "ListCustodyTasks", "");
    check(&answer, &["errors", "start", "total", "result"], &[]);
    let common = [
        "id",
        "approval_id",
        "type",
        "state",
        "created_at",
        "updated_at",
        "expires_at",
        "initiator",
    ];
    let row = at(&answer, &["result", "0"]);
    let required: Vec<&str> = common
        .iter()
        .copied()
        .chain([
            "can_review",
            "reviewer_statistics",
            "current_user_decision",
            "vault_info",
            "payload",
        ])
        .collect();
    check(row, &required, &[]);
    let user = ["full_name", "role", "ip_address", "iiban"];
    check(at(row, &["initiator"]), &user, &[]);
    check(
        at(row, &["reviewer_statistics"]),
        &["current_count", "approved", "denied", "undecided"],
        &[],
    );
    assert_eq!(
        text(at(row, &["payload", "address", "info"]), "address").len(),
        41
    );
    let answer = host.legacy(A, "ListCustodyActivities", "");
    check(
        at(&answer, &["result", "0"]),
        &["task", "id", "created_at", "type", "user"],
        &["comment"],
    );
    let answer = host.legacy_of(
        A,
        "WithdrawMethods",
        &vault,
        r#""category":"custody","asset":"BTC""#,
    );
    let row = at(&answer, &["result", "0"]);
    check(
        row,
        &[
            "asset",
            "method_id",
            "method",
            "network_id",
            "network",
            "minimum",
            "limits",
            "fee",
        ],
        &[],
    );
    let day = at(row, &["limits", "0", "limits", "86400"]);
    assert_eq!(text(day, "maximum"), "5000.00000000");
    assert_eq!(text(day, "remaining"), "4998.99990000");
    let answer = host.legacy_of(
        A,
        "WithdrawAddresses?preferred_asset_name=new",
        &vault,
        r#""asset":"XBT""#,
    );
    let row = at(&answer, &["result", "0"]);
    check(
        row,
        &["address", "asset", "method", "key", "verified", "networks"],
        &["tag", "memo"],
    );
    assert_eq!(text(row, "asset"), "BTC");
    let answer = host.legacy_of(A, "WithdrawAddresses", &vault, r#""key":"Cold storage""#);
    assert_eq!(text(at(&answer, &["result", "0"]), "asset"), "XBT");

    check(
        at(&host.get(A, "/organizations"), &["0"]),
        &["org_id", "status", "name"],
        &[],
    );
    let row = host.get(A, "/tasks");
    let row = at(&row, &["result", "0"]);
    let common = [
        "id",
        "type",
        "type_label",
        "state",
        "created_at",
        "updated_at",
        "expires_at",
        "initiator",
        "quorum_type",
        "can_review",
        "current_user_decision",
        "reviewer_statistics_label",
        "approval_id",
        "reviewer_statistics",
        "vault_info",
    ];
    let of_row: Vec<&str> = common
        .iter()
        .copied()
        .chain(["description", "instruction_types"])
        .collect();
    check(row, &of_row, &["subquorum_snapshot"]);
    assert_eq!(text(row, "description"), "Withdraw 1 BTC to Cold storage");
    assert_eq!(text(row, "type_label"), "Request Withdrawal");
    let detail = host.get(A, &format!("/tasks/{task}"));
    let of_detail: Vec<&str> = common
        .iter()
        .copied()
        .chain(["activities", "instructions"])
        .collect();
    check(&detail, &of_detail, &[]);
    check(
        at(&detail, &["activities", "0"]),
        &[
            "id",
            "user_iiban",
            "action",
            "state",
            "is_pending",
            "timestamp",
            "user_ip",
            "vault_id",
            "user",
        ],
        &["comment"],
    );
    let balance = host.get(A, &format!("/vaults/{vault}/balances?quote_asset=USD"));
    check(
        &balance,
        &["balance_fiat", "balance_diff", "missing_rates", "quote"],
        &[],
    );
    assert_eq!(text(&balance, "balance_diff"), "1550000.0000");
    assert_eq!(
        host.status(A, "GET", &format!("/vaults/{vault}/balances"), ""),
        400
    );
    host.later(86_400);
    let balance = host.get(A, &format!("/vaults/{vault}/balances?quote_asset=USD"));
    assert_eq!(text(&balance, "balance_diff"), "0.0000");
    let row = host.get(A, &format!("/vaults/{vault}/assets/balances"));
    check(
        at(&row, &["0"]),
        &[
            "asset",
            "asset_class",
            "name",
            "name_full",
            "symbol",
            "decimals",
            "display_decimals",
            "rate_decimals",
            "funding_decimals",
            "min_lot",
            "reserve",
            "virtual",
            "metadata",
            "balance",
            "spot",
            "hold",
            "available",
            "quote_balance",
            "quote_spot_balance",
            "quote_available",
            "quote_price",
            "quote_asset",
            "quote_asset_class",
        ],
        &["balance_diff", "pledged", "staked"],
    );
    assert_eq!(text(at(&row, &["0"]), "quote_balance"), "780000.00");
    let row = host.get(
        A,
        &format!("/vaults/{vault}/withdrawals/info?asset=USDT&asset_class=currency"),
    );
    assert_eq!(len(&row), 2);
    check(
        at(&row, &["0"]),
        &[
            "id",
            "type",
            "type_name",
            "asset",
            "asset_class",
            "name",
            "name_display",
            "fee",
            "fee_asset",
            "fee_asset_class",
            "fee_percentage",
            "min_amount",
            "max_amount",
            "sort_weight",
            "validate",
            "validate_meta",
            "temp_disabled_public",
            "needs_activation",
            "beneficiary",
            "needs_deposit",
            "deposited",
            "test",
            "withdrawal_network_info",
            "rates",
        ],
        &[],
    );
    assert_eq!(at(&row, &["0", "deposited"]), &Json::Number("40000".into()));
    let rows = host.get(A, &format!("/vaults/{vault}/withdrawal-methods"));
    assert_eq!(text(at(&rows, &["0"]), "fee"), "0.00010000");
    let policies = host.get(A, &format!("/vaults/{vault}/policies"));
    let kinds: Vec<String> = policies
        .as_list()
        .unwrap()
        .iter()
        .map(|row| text(row, "type"))
        .collect();
    assert_eq!(kinds.len(), 5);
    assert!(!kinds.contains(&"subquorums".to_owned()));
    check(
        &host.get(A, &format!("/vaults/{vault}")),
        &["id", "iiban", "name", "status", "created_at", "attributes"],
        &["description", "deposit_lock_rekeying_only"],
    );
}

#[test]
fn an_asset_without_a_rate_is_told_as_missing() {
    let mut host = Host::new();
    let vault = host.treasury();
    let mina = super::assets::find_asset("MINA").unwrap();
    let movement = super::transactions::Movement {
        vault: &vault,
        kind: super::transactions::Kind::Deposit,
        asset: mina,
        amount: Decimal::TEN,
        fee: Decimal::ZERO,
        approval_id: None,
    };
    host.kraken.custody.book(&[movement], host.now).unwrap();
    let rows = host.get(A, "/vaults");
    let missing = at(&rows, &["vaults", "0", "missing_rates", "0"]);
    assert_eq!(text(missing, "asset"), "MINA");
    assert_eq!(
        text(at(&rows, &["vaults", "0"]), "balance_fiat"),
        "1550000.0000"
    );
    let rows = host.get(A, &format!("/vaults/{vault}/assets/balances"));
    let row = rows
        .as_list()
        .unwrap()
        .iter()
        .find(|row| text(row, "asset") == "MINA");
    assert_eq!(row.unwrap().get("quote_price"), None);
    let answer = host.legacy(A, &format!("GetCustodyVault?id={vault}"), "");
    let details = at(&answer, &["result", "asset_details"]).as_list().unwrap();
    let detail = details
        .iter()
        .find(|row| text(row, "asset") == "MINA")
        .unwrap();
    assert_eq!(at(detail, &["current_usd_price"]), &Json::Null);
}

#[test]
fn there_are_thirteen_and_twenty_four_operations() {
    assert_eq!(super::legacy::OPERATIONS.len(), 13);
    assert_eq!(super::external::OPERATIONS.len(), 24);
    let names: BTreeSet<_> = super::legacy::OPERATIONS.iter().map(|o| o.name).collect();
    assert_eq!(names.len(), 13);
}

/// Whatever is asked for in whatever order, money is neither made nor lost, no
/// vault owes anything, and what is held is there.
#[test]
fn nothing_is_made_or_lost_over_random_stories() {
    for seed in 0..5 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut host = Host::new();
        let vault = host.treasury();
        let mut executed = 0;
        for _ in 0..200 {
            host.later(random.u64(..20));
            let (asset, to) = [("BTC", "Cold storage"), ("USDT", "Main wallet")][random.usize(..2)];
            match random.u32(..3) {
                0 => {
                    let amount = format!("{}.{:04}", random.u32(..30), random.u32(..10_000));
                    let path = format!("/vaults/{vault}/withdrawals/fee-quotes");
                    let body = format!(
                        r#"{{"asset":"{asset}","asset_class":"currency","amount":"{amount}","fee_included":{},"address_name":"{to}"}}"#,
                        random.bool()
                    );
                    let (status, answer) = host.external(A, "POST", &path, &body);
                    if status == 200 {
                        let body = host.withdrawal_body(&text(&answer, "fee_quote_id"));
                        let status = host.status(A, "POST", "/tasks", &body);
                        assert!([200, 400].contains(&status));
                    }
                }
                _ => {
                    let open: Vec<String> = host
                        .custody()
                        .tasks
                        .all()
                        .map(|task| task.id.clone())
                        .collect();
                    if let Some(task) = random.choice(&open) {
                        let kind = if random.u32(..5) == 0 {
                            "deny"
                        } else {
                            "approve"
                        };
                        let who = [B, C][random.usize(..2)];
                        let (status, state) = host.vote(who, task, kind);
                        assert!([200, 400, 403].contains(&status));
                        executed += u32::from(state == "approved");
                    }
                }
            }
            host.nothing_is_lost();
            for holding in host.custody().holdings(&vault) {
                assert!(!holding.hold.is_sign_negative());
                assert!(holding.hold <= holding.balance, "{holding:?}");
            }
        }
        assert!(executed > 3);
        let withdrawn = host.custody().transactions.of_vault(&vault);
        let withdrawn = withdrawn.filter(|row| row.amount.is_sign_negative());
        let mut balance = decimal("12");
        for row in withdrawn.filter(|row| row.asset.code == "BTC") {
            balance += row.amount - row.fee;
        }
        assert_eq!(host.balance("BTC"), balance);
    }
}

#[test]
fn no_body_or_query_breaks_anything() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut host = Host::new();
    let vault = host.treasury();
    let words = [
        "null",
        "true",
        "-1",
        "1e99999",
        "79228162514264337593543950335",
        "0.0000000000000000000000000001",
        r#""""#,
        r#""desc""#,
        r#""currency""#,
        r#""BTC""#,
        "[]",
        "{}",
        "[[]]",
        r#"[{"or":[{}]}]"#,
        "[null]",
        r#"{"and":[{"or":[{"by":"created_at","type":"in","left":"99999999999999999999"}]}]}"#,
        r#"[{"type":"update_vault_policies","vault_id":"VAULT","operations":[{"policy":{"type":"required_approvals","required_approvals":4294967296}}]}]"#,
        r#"[{"type":"update_vault_policies","vault_id":"VAULT","operations":[{"policy":{"type":"max_transaction_amount","amount":1e30}}]}]"#,
        r#"[{"type":"update_vault_users","vault_id":"VAULT","operations":[{"type":"add","item":7}]}]"#,
        r#"[{"type":"subquorum_update","vault_id":"VAULT","groups":[{"required":-1,"members":[1]}]}]"#,
    ];
    let fields = [
        "filters",
        "pagination",
        "orderings",
        "page_size",
        "cursor",
        "types",
        "ids",
        "assets",
        "ref_ids",
        "quote",
        "sorting",
        "category",
        "asset",
        "method",
        "new",
        "aclass",
        "vault_id",
        "instructions",
        "duration_seconds",
        "org_iiban",
        "amount",
        "asset_class",
        "fee_included",
        "address_name",
        "type",
        "comment",
        "resolve_policies",
        "with_long_timeout",
        "network",
        "verified",
        "key",
    ];
    for _ in 0..2_000 {
        let body: Vec<String> = (0..random.usize(..6))
            .map(|_| {
                let word = words[random.usize(..words.len())].replace("VAULT", &vault);
                format!(r#""{}":{word}"#, fields[random.usize(..fields.len())])
            })
            .collect();
        let more = body.join(",");
        let operation = super::legacy::OPERATIONS[random.usize(..13)].name;
        host.legacy_of(A, &format!("{operation}?id={vault}"), &vault, &more);
        let operation = &super::external::OPERATIONS[random.usize(..24)];
        let path = operation
            .path
            .replacen("{}", &vault, 1)
            .replace("{}", "x%20y");
        let field = fields[random.usize(..fields.len())];
        let method = operation.method.as_str();
        let body = format!("{{{more}}}");
        let (status, _) = host.external(
            A,
            method,
            &format!("{path}?{field}=%00&limit=4294967295"),
            &body,
        );
        assert!([200, 400, 403, 404].contains(&status));
    }
    host.nothing_is_lost();
}

#[test]
fn memory_stays_flat_over_many_tasks() {
    let mut host = Host::new();
    for _ in 0..2_600 {
        let body = r#"{"instructions":[{"type":"create_group","name":"x"}]}"#;
        let task = text(&host.post(A, "/tasks", body), "task_id");
        assert_eq!(host.vote(B, &task, "deny").0, 200);
    }
    assert_eq!(host.custody().tasks.all().count(), 2_000);
    assert_eq!(host.custody().tasks.waiting(), 2_000);
    // What waits for votes is not forgotten, so there is an end to it.
    let body = r#"{"instructions":[{"type":"create_group","name":"x"}]}"#;
    for _ in 0..500 {
        host.post(A, "/tasks", body);
    }
    assert_eq!(host.status(A, "POST", "/tasks", body), 400);
}
