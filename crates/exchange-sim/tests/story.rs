//! The clients of this workspace live through whole stories at the simulated venues.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use exchange_sim::{Credentials, Fault, KrakenHandle, KrakenKey, Moment, Often, Sim};
use futures_util::TryStreamExt as _;
use kraken_custody::external;
use kraken_custody::external::types::{Instruction, TaskState, TaskVote};
use kraken_spot::types::{OrderSide, OrderType};
use kraken_spot::{Decimal, Kind, Outcome, PaceMode};

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Venues whose prices stand still, so that every amount is known.
async fn still() -> Sim {
    let sim = Sim::builder()
        .frozen_at(Moment::from_seconds(1_800_000_000))
        .rate_limits(false)
        .kraken_balances([("ZUSD", decimal("10000")), ("XXBT", decimal("1"))])
        .start()
        .await
        .unwrap();
    sim.kraken().freeze_prices();
    sim
}

fn spot(kraken: &KrakenHandle, credentials: Credentials) -> kraken_spot::Client {
    kraken_spot::Client::builder()
        .base_url(kraken.url())
        .api_key(credentials.key, credentials.secret)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .build()
        .unwrap()
}

fn demo_spot(sim: &Sim) -> kraken_spot::Client {
    spot(sim.kraken(), sim.kraken().spot_credentials())
}

#[tokio::test]
async fn an_order_rests_is_amended_and_fills_to_the_last_digit() {
    let sim = still().await;
    let client = demo_spot(&sim);
    let (bid, _) = sim.kraken().best_prices("XBTUSD");
    let price = bid.unwrap() - decimal("100");

    let placed = client
        .add_order()
        .pair("XBTUSD")
        .side(OrderSide::Buy)
        .ordertype(OrderType::Limit)
        .volume(decimal("0.1"))
        .price(price)
        .cl_ord_id("story1")
        .send()
        .await
        .unwrap();
    let [txid] = &placed.txid[..] else {
        panic!("{placed:?}")
    };
    let held = client.get_extended_balance().send().await.unwrap()["ZUSD"].hold_trade;
    assert!(held.unwrap() >= price * decimal("0.1"));

    client
        .amend_order()
        .cl_ord_id("story1")
        .order_qty(decimal("0.05"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        sim.kraken().fill_order(txid, decimal("0.02")),
        decimal("0.02")
    );
    let order = &client.get_orders_info().txid([txid]).send().await.unwrap()[txid];
    assert_eq!(order.vol, Some(decimal("0.05")));
    assert_eq!(order.vol_exec, Some(decimal("0.02")));

    let canceled = client
        .cancel_order()
        .txid(txid.as_str())
        .send()
        .await
        .unwrap();
    assert_eq!(canceled.count, Some(1));
    let again = client
        .cancel_order()
        .txid(txid.as_str())
        .send()
        .await
        .unwrap_err();
    assert_eq!(again.kind(), Kind::NotFound);

    // What was paid, what is there, and what the records say agree.
    let trades: Vec<_> = client
        .get_trade_history()
        .stream()
        .try_collect()
        .await
        .unwrap();
    let [(_, trade)] = &trades[..] else {
        panic!("{trades:?}")
    };
    let (cost, fee) = (trade.cost.unwrap(), trade.fee.unwrap());
    assert_eq!(cost, price * decimal("0.02"));
    assert_eq!(trade.ordertxid.as_ref(), Some(txid));
    let balances = client.get_account_balance().send().await.unwrap();
    assert_eq!(balances["XXBT"], decimal("1.02"));
    let paid = decimal("10000") - balances["ZUSD"];
    assert!(
        (paid - cost - fee).abs() < decimal("0.0001"),
        "{paid} {cost} {fee}"
    );
    let ledger: Vec<_> = client.get_ledgers().stream().try_collect().await.unwrap();
    for asset in ["ZUSD", "XXBT"] {
        let moved: Decimal = ledger
            .iter()
            .filter(|(_, entry)| entry.asset.as_deref() == Some(asset))
            .map(|(_, entry)| entry.amount.unwrap() - entry.fee.unwrap())
            .sum();
        assert_eq!(moved, balances[asset], "{asset}");
    }
}

#[tokio::test]
async fn long_histories_are_paged_through() {
    let sim = still().await;
    let client = demo_spot(&sim);
    let (_, ask) = sim.kraken().best_prices("XBTUSD");
    for number in 0..120 {
        client
            .add_order()
            .pair("XBTUSD")
            .side(OrderSide::Buy)
            .ordertype(OrderType::Limit)
            .volume(decimal("0.0001"))
            .price(ask.unwrap())
            .cl_ord_id(format!("page{number}"))
            .send()
            .await
            .unwrap();
        sim.clock().advance(Duration::from_secs(1));
    }
    let orders: Vec<_> = client
        .get_closed_orders()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(orders.len(), 120);
    let trades: Vec<_> = client
        .get_trade_history()
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(trades.len(), 120);
    // Two deposits at the start, and two entries a trade.
    let ledger: Vec<_> = client.get_ledgers().stream().try_collect().await.unwrap();
    assert_eq!(ledger.len(), 242);
}

#[tokio::test]
async fn money_leaves_and_is_put_to_work() {
    let sim = still().await;
    let client = demo_spot(&sim);
    let saved = client
        .get_withdrawal_addresses()
        .asset("XBT")
        .send()
        .await
        .unwrap();
    let withdrawal = client
        .withdraw_funds()
        .asset("XBT")
        .key(saved[0].key.clone().unwrap())
        .amount(decimal("0.25"))
        .send()
        .await
        .unwrap();
    sim.clock().advance(Duration::from_secs(600));
    let all = client
        .get_status_recent_withdrawals()
        .asset("XBT")
        .send()
        .await
        .unwrap();
    let all = format!("{all:?}");
    assert!(
        all.contains(&withdrawal.refid.unwrap()) && all.contains("Success"),
        "{all}"
    );
    assert_eq!(sim.kraken().balance("XBT"), decimal("0.75"));

    let strategies = client.list_strategies().asset("USD").send().await.unwrap();
    let open = strategies
        .items
        .iter()
        .find(|one| one.can_allocate == Some(true));
    let strategy = open.unwrap().id.clone().unwrap();
    let taken = client
        .allocate_strategy()
        .strategy_id(&strategy)
        .amount(decimal("1000"))
        .send()
        .await
        .unwrap();
    assert!(taken);
    sim.clock().advance(Duration::from_secs(600));
    let status = client.get_allocate_strategy_status().strategy_id(&strategy);
    assert_eq!(status.send().await.unwrap().pending, Some(false));
    assert_eq!(sim.kraken().balance("USD"), decimal("9000"));
    let balances = client.get_account_balance().send().await.unwrap();
    let suffixed = balances.iter().find(|(asset, _)| asset.contains('.'));
    assert!(*suffixed.unwrap().1 >= decimal("1000"), "{balances:?}");
}

#[tokio::test]
async fn of_orders_under_faults_the_venue_and_the_client_tell_the_same() {
    let sim = still().await;
    sim.kraken().set_balance("USD", decimal("1000000"));
    let client = demo_spot(&sim);
    let faults = sim.faults();
    faults.add("AddOrder", Fault::DropBefore, Often::Share(0.05));
    faults.add("AddOrder", Fault::DropAfter, Often::Share(0.05));
    faults.add("AddOrder", Fault::CutAnswer, Often::Share(0.05));
    let gateway = Fault::StatusAfter {
        status: 502,
        body: "<html>Bad gateway</html>".into(),
    };
    faults.add("AddOrder", gateway, Often::Share(0.05));
    let busy = Fault::Error("EService:Unavailable".into());
    faults.add("AddOrder", busy, Often::Share(0.05));
    let refused = Fault::Error("EAPI:Rate limit exceeded".into());
    faults.add("AddOrder", refused, Often::Share(0.05));

    let mut outcomes = Vec::new();
    for number in 0..400 {
        let name = format!("fault{number}");
        let order = client
            .add_order()
            .pair("XBTUSD")
            .side(OrderSide::Buy)
            .ordertype(OrderType::Limit)
            .volume(decimal("0.001"))
            .price(decimal("20000"))
            .cl_ord_id(&name);
        outcomes.push((name, order.send().await));
    }
    let open = sim.kraken().open_orders();
    let (mut placed, mut unknown, mut refused) = (0, 0, 0);
    for (name, outcome) in outcomes {
        let in_book = open
            .iter()
            .filter(|order| order.cl_ord_id.as_ref() == Some(&name))
            .count();
        match outcome {
            Ok(_) => {
                placed += 1;
                assert_eq!(in_book, 1, "{name}");
            }
            Err(error) if error.outcome() == Outcome::NotExecuted => {
                refused += 1;
                assert_eq!(in_book, 0, "{name}: {error}");
            }
            Err(error) => {
                unknown += 1;
                assert!(in_book <= 1, "{name}: {error}");
            }
        }
    }
    assert!(
        placed > 200 && unknown > 40 && refused > 0,
        "{placed} {unknown} {refused}"
    );
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let sim = still().await;
    let mut reader = KrakenKey::new("reader", "c2VjcmV0");
    reader.permissions = Some(vec!["Data - Query ledger entries".into()]);
    sim.kraken().add_key(reader);
    let reader = Credentials {
        key: "reader".into(),
        secret: "c2VjcmV0".into(),
    };
    let client = spot(sim.kraken(), reader);
    client.get_ledgers().send().await.unwrap();
    let error = client.get_account_balance().send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Permission);
    assert!(
        error.to_string().contains("Funds permissions - Query"),
        "{error}"
    );

    let wrong = Credentials {
        secret: "d3Jvbmc=".into(),
        ..sim.kraken().spot_credentials()
    };
    let error = spot(sim.kraken(), wrong)
        .get_account_balance()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Signature);
}

#[tokio::test]
async fn a_custody_withdrawal_passes_its_reviewers() {
    let sim = still().await;
    let kraken = sim.kraken();
    let [asks, first, second] = kraken.custody_credentials().map(|credentials| {
        external::Client::builder()
            .base_url(kraken.url())
            .api_key(credentials.key, credentials.secret)
            .pace_modes(PaceMode::Off, PaceMode::Off)
            .build()
            .unwrap()
    });
    let vault = asks.list_vaults().send().await.unwrap().vaults[0]
        .id
        .clone()
        .unwrap();
    let before = kraken.custody_balance(&vault, "BTC");
    let quote = asks
        .create_withdrawal_fee_quote()
        .vault_id(&vault)
        .asset("BTC")
        .asset_class("currency")
        .amount(decimal("0.5"))
        .address_name("Cold storage")
        .send()
        .await
        .unwrap();
    let fee = quote.fees[0].amount.unwrap();
    let task = asks
        .create_task()
        .instructions([Instruction::new("request_withdrawal")
            .vault_id(&vault)
            .fee_quote_id(quote.fee_quote_id.unwrap())])
        .send()
        .await
        .unwrap()
        .task_id;

    // Who asks has no vote, and nobody has two.
    let vote = |client: &external::Client| {
        let vote = client.review_task().task_id(&task).vote(TaskVote::Approve);
        async move { vote.send().await }
    };
    assert_eq!(vote(&asks).await.unwrap_err().status(), Some(403));
    assert_eq!(vote(&first).await.unwrap().state, Some(TaskState::Pending));
    assert_eq!(vote(&first).await.unwrap_err().status(), Some(403));
    assert_eq!(kraken.custody_balance(&vault, "BTC"), before);
    assert_eq!(
        vote(&second).await.unwrap().state,
        Some(TaskState::Approved)
    );
    sim.clock().advance(Duration::from_secs(120));

    let state = asks.get_task().task_id(&task).send().await.unwrap().state;
    assert_eq!(state, Some(TaskState::Executed));
    let after = kraken.custody_balance(&vault, "BTC");
    assert_eq!(before - after, decimal("0.5") + fee);
    let transactions: Vec<_> = asks
        .list_transactions()
        .vault_id(&vault)
        .stream()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(transactions[0].amount, Some(decimal("-0.5")));
    assert!(kraken.custody_totals().values().all(Decimal::is_zero));

    // The legacy API shows the same task, in its own words.
    let [credentials, ..] = kraken.custody_credentials();
    let legacy = kraken_custody::Client::builder()
        .base_url(kraken.url())
        .api_key(credentials.key, credentials.secret)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .build()
        .unwrap();
    let seen = legacy
        .get_custody_task()
        .task_or_approval_id(&task)
        .send()
        .await
        .unwrap();
    assert!(
        format!("{seen:?}").to_lowercase().contains("executed"),
        "{seen:?}"
    );
}
