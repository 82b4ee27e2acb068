//! Who sees what, and what lists are asked for.

use super::*;

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
        "default_approvals_left=-1&name=Treas&name_match=starts_with&name_case=sensitive".into(),
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

/// The body with one filter group.
fn filter(filter: &str) -> String {
    format!(r#""filters":{{"and":[{{"or":[{filter}]}}]}}"#)
}

/// Three tasks, ten seconds apart, with a vote for the first and one against
/// the second.
fn with_tasks() -> (Host, [String; 3]) {
    let mut host = Host::new();
    let first = host.withdrawal("BTC", "1", false, "Cold storage");
    host.later(10);
    let second = host.withdrawal("ETH", "1", false, "Main wallet");
    host.later(10);
    let body = r#"{"instructions":[{"type":"create_vault","name":"Savings"}]}"#;
    let third = text(&host.post(A, "/tasks", body), "task_id");
    host.vote(B, &first, "approve");
    host.vote(B, &second, "deny");
    (host, [first, second, third])
}

#[test]
fn legacy_tasks_are_filtered_ordered_and_paged() {
    let (mut host, [first, second, third]) = with_tasks();
    let created = host
        .custody()
        .tasks
        .find(&second)
        .unwrap()
        .created
        .seconds();
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
    assert_eq!(at(&answer, &["total"]), &Json::from(0_usize));
}

#[test]
fn activities_are_filtered_in_both_apis() {
    let (mut host, [first, second, _]) = with_tasks();
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
}

#[test]
fn legacy_vaults_are_filtered_and_show_policies_when_asked() {
    let mut host = Host::new();
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
