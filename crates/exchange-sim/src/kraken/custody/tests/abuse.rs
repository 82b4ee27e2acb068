//! Limits, chance and nonsense.

use super::*;

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
        assert_eq!(
            len(at(&body, &["result"])),
            crate::kraken::custody::assets::ASSETS.len()
        );
    }
    assert_eq!(host.send(&request).0, 429);
    assert_eq!(host.status(A, "GET", "/vaults", ""), 429);
    host.later(30);
    assert_eq!(host.status(A, "GET", "/vaults", ""), 200);
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
            if random.u32(..3) == 0 {
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
            } else {
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
        let operation = crate::kraken::custody::legacy::OPERATIONS[random.usize(..13)].name;
        host.legacy_of(A, &format!("{operation}?id={vault}"), &vault, &more);
        let operation = &crate::kraken::custody::external::OPERATIONS[random.usize(..24)];
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
