//! What answers look like.

use super::*;

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

/// That what a description says must be there is there, and nothing that it
/// does not know. Names are separated by blanks.
fn check(json: &Json, required: &str, optional: &str) {
    let there = names(json);
    for name in required.split(' ') {
        assert!(there.contains(name), "no {name} in {json}");
    }
    for name in there {
        let mut known = required.split(' ').chain(optional.split(' '));
        assert!(known.any(|known| known == name), "{name}");
    }
}

#[test]
fn legacy_vaults_are_as_described() {
    const VAULT: &str = "id created_at updated_at count_assets status iiban name";
    const MORE: &str = "description balance_fiat balance_diff available_balance_fiat \
                        deposit_lock_rekeying_only otc_enabled";
    let mut host = Host::new();
    let vault = host.treasury();
    host.withdrawal("BTC", "1", false, "Cold storage");
    let answer = host.legacy(A, "ListCustodyVaults", "");
    check(&answer, "result errors start total", "");
    let row = at(&answer, &["result", "0"]);
    check(row, VAULT, MORE);
    // 12 BTC, 150 ETH, 40,000 USDT and 250,000 USD, less the BTC held.
    assert_eq!(text(row, "balance_fiat"), "1550000.0000");
    assert_eq!(text(row, "available_balance_fiat"), "1484993.5000");
    assert_eq!(at(row, &["count_assets"]), &Json::from(4_usize));
    let answer = host.legacy(A, &format!("GetCustodyVault?id={vault}"), "");
    check(
        at(&answer, &["result"]),
        &format!("{VAULT} asset_details"),
        MORE,
    );
    let detail = at(&answer, &["result", "asset_details", "0"]);
    check(
        detail,
        "asset current_usd_price available_balance total_balance",
        "",
    );
    let available = at(detail, &["available_balance"]);
    assert_eq!(text(available, "quantity"), "10.99990000");
}

#[test]
fn legacy_tasks_and_activities_are_as_described() {
    let mut host = Host::new();
    host.withdrawal("BTC", "1", false, "Cold storage");
    let answer = host.legacy(A, "ListCustodyTasks", "");
    check(&answer, "errors start total result", "");
    let row = at(&answer, &["result", "0"]);
    check(
        row,
        "id approval_id type state created_at updated_at expires_at initiator can_review \
         reviewer_statistics current_user_decision vault_info payload",
        "",
    );
    check(
        at(row, &["initiator"]),
        "full_name role ip_address iiban",
        "",
    );
    let statistics = at(row, &["reviewer_statistics"]);
    check(statistics, "current_count approved denied undecided", "");
    let info = at(row, &["payload", "address", "info"]);
    assert!(text(info, "address").starts_with("bc1"));
    let answer = host.legacy(A, "ListCustodyActivities", "");
    let row = at(&answer, &["result", "0"]);
    check(row, "task id created_at type user", "comment");
}

#[test]
fn legacy_withdrawal_methods_and_addresses_are_as_described() {
    let mut host = Host::new();
    let vault = host.treasury();
    host.withdrawal("BTC", "1", false, "Cold storage");
    let more = r#""category":"custody","asset":"BTC""#;
    let answer = host.legacy_of(A, "WithdrawMethods", &vault, more);
    let row = at(&answer, &["result", "0"]);
    check(
        row,
        "asset method_id method network_id network minimum limits fee",
        "",
    );
    let day = at(row, &["limits", "0", "limits", "86400"]);
    assert_eq!(text(day, "maximum"), "5000.00000000");
    assert_eq!(text(day, "remaining"), "4998.99990000");
    let new = "WithdrawAddresses?preferred_asset_name=new";
    let answer = host.legacy_of(A, new, &vault, r#""asset":"XBT""#);
    let row = at(&answer, &["result", "0"]);
    check(
        row,
        "address asset method key verified networks",
        "tag memo",
    );
    assert_eq!(text(row, "asset"), "BTC");
    let answer = host.legacy_of(A, "WithdrawAddresses", &vault, r#""key":"Cold storage""#);
    assert_eq!(text(at(&answer, &["result", "0"]), "asset"), "XBT");
}

#[test]
fn external_tasks_are_as_described() {
    const TASK: &str = "id type type_label state created_at updated_at expires_at initiator \
                        quorum_type can_review current_user_decision reviewer_statistics_label \
                        approval_id reviewer_statistics vault_info";
    let mut host = Host::new();
    let task = host.withdrawal("BTC", "1", false, "Cold storage");
    let rows = host.get(A, "/tasks");
    let row = at(&rows, &["result", "0"]);
    check(
        row,
        &format!("{TASK} description instruction_types"),
        "subquorum_snapshot",
    );
    assert_eq!(text(row, "description"), "Withdraw 1 BTC to Cold storage");
    assert_eq!(text(row, "type_label"), "Request Withdrawal");
    let detail = host.get(A, &format!("/tasks/{task}"));
    check(&detail, &format!("{TASK} activities instructions"), "");
    check(
        at(&detail, &["activities", "0"]),
        "id user_iiban action state is_pending timestamp user_ip vault_id user",
        "comment",
    );
}

#[test]
fn external_vaults_are_as_described() {
    let mut host = Host::new();
    let vault = host.treasury();
    let rows = host.get(A, "/organizations");
    check(at(&rows, &["0"]), "org_id status name", "");
    check(
        &host.get(A, &format!("/vaults/{vault}")),
        "id iiban name status created_at attributes",
        "description deposit_lock_rekeying_only",
    );
    let path = format!("/vaults/{vault}/balances");
    let balance = host.get(A, &format!("{path}?quote_asset=USD"));
    check(
        &balance,
        "balance_fiat balance_diff missing_rates quote",
        "",
    );
    assert_eq!(text(&balance, "balance_diff"), "1550000.0000");
    assert_eq!(host.status(A, "GET", &path, ""), 400);
    host.later(86_400);
    let balance = host.get(A, &format!("{path}?quote_asset=USD"));
    assert_eq!(text(&balance, "balance_diff"), "0.0000");
    let rows = host.get(A, &format!("/vaults/{vault}/assets/balances"));
    let row = at(&rows, &["0"]);
    check(
        row,
        "asset asset_class name name_full symbol decimals display_decimals rate_decimals \
         funding_decimals min_lot reserve virtual metadata balance spot hold available \
         quote_balance quote_spot_balance quote_available quote_price quote_asset \
         quote_asset_class",
        "balance_diff pledged staked",
    );
    assert_eq!(text(row, "quote_balance"), "780000.00");
    let policies = host.get(A, &format!("/vaults/{vault}/policies"));
    let kinds = policies.as_list().unwrap().iter();
    let kinds: Vec<String> = kinds.map(|row| text(row, "type")).collect();
    assert_eq!(kinds.len(), 5);
    assert!(!kinds.contains(&"subquorums".to_owned()));
}

#[test]
fn external_withdrawal_methods_are_as_described() {
    let mut host = Host::new();
    let vault = host.treasury();
    let path = format!("/vaults/{vault}/withdrawals/info?asset=USDT&asset_class=currency");
    let rows = host.get(A, &path);
    assert_eq!(len(&rows), 2);
    check(
        at(&rows, &["0"]),
        "id type type_name asset asset_class name name_display fee fee_asset fee_asset_class \
         fee_percentage min_amount max_amount sort_weight validate validate_meta \
         temp_disabled_public needs_activation beneficiary needs_deposit deposited test \
         withdrawal_network_info rates",
        "",
    );
    let deposited = at(&rows, &["0", "deposited"]);
    assert_eq!(deposited, &Json::Number("40000".into()));
    let rows = host.get(A, &format!("/vaults/{vault}/withdrawal-methods"));
    assert_eq!(text(at(&rows, &["0"]), "fee"), "0.00010000");
}

#[test]
fn an_asset_without_a_rate_is_told_as_missing() {
    let mut host = Host::new();
    let vault = host.treasury();
    let mina = crate::kraken::custody::assets::find_asset("MINA").unwrap();
    let movement = crate::kraken::custody::transactions::Movement {
        vault: &vault,
        kind: crate::kraken::custody::transactions::Kind::Deposit,
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
    assert_eq!(crate::kraken::custody::legacy::OPERATIONS.len(), 13);
    assert_eq!(crate::kraken::custody::external::OPERATIONS.len(), 24);
    let names: BTreeSet<_> = crate::kraken::custody::legacy::OPERATIONS
        .iter()
        .map(|o| o.name)
        .collect();
    assert_eq!(names.len(), 13);
}
