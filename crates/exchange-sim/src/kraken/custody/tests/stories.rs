//! What is asked for, voted on and done.

use super::*;

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
    let asset = crate::kraken::custody::assets::find_asset("ETH").unwrap();
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
    let btc = crate::kraken::custody::assets::find_asset("BTC").unwrap();
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
    assert_eq!(len(&all), crate::kraken::custody::assets::METHODS.len());
    let path = format!("/vaults/{vault}/deposit-methods/x/addresses");
    assert_eq!(host.status(A, "GET", &path, ""), 404);
}
