//! The REST calls of Prime by the client of this workspace.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use exchange_sim::{Credentials, KrakenKey, Moment, Sim};
use kraken_prime::enums::{OrdStatus, Side, TimeInForce};
use kraken_prime::rest::{
    AssetKind, BatchStatus, OPERATIONS, PrimeUser, RestClient, SettlementBatch, UserRole,
    UserStatus,
};
use kraken_prime::streams::BalanceBook;
use kraken_prime::{Client, Decimal, Error, Event, Kind, Outcome};
use kraken_spot::PaceMode;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

const READ: &str = "Orders and trades - Query open orders & trades";
const CHANGE: &str = "Orders and trades - Create & modify orders";

const SECRET: &str = "c2VjcmV0IG9mIGEga2V5IGZvciB0ZXN0cw==";

/// A Kraken whose clock stands still.
async fn still() -> Sim {
    Sim::builder()
        .frozen_at(Moment::from_seconds(1_800_000_000))
        .rate_limits(false)
        .start()
        .await
        .unwrap()
}

fn client(sim: &Sim, credentials: Credentials) -> RestClient {
    RestClient::builder()
        .base_url(sim.kraken().url())
        .api_key(credentials.key, credentials.secret)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .build()
        .unwrap()
}

fn demo(sim: &Sim) -> RestClient {
    client(sim, sim.kraken().spot_credentials())
}

/// A key with these permissions only.
fn add_key(sim: &Sim, name: &str, permissions: &[&str]) -> Credentials {
    let permissions = permissions.iter().map(|&one| one.to_owned());
    sim.kraken().add_key(KrakenKey {
        permissions: Some(permissions.collect()),
        ..KrakenKey::new(name, SECRET)
    });
    Credentials {
        key: name.to_owned(),
        secret: SECRET.to_owned(),
    }
}

/// What the venue said.
fn said<T: std::fmt::Debug>(refused: Result<T, Error>) -> String {
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), Kind::InvalidRequest, "{refused}");
    let mut messages = refused.messages().iter();
    messages.next().unwrap().raw.clone()
}

async fn new_user(client: &RestClient, name: &str, role: UserRole) -> PrimeUser {
    let call = client.create_user().name(name).role(role);
    call.send().await.unwrap()
}

#[tokio::test]
async fn users_are_made_read_and_changed() {
    let sim = still().await;
    let client = demo(&sim);
    let made = new_user(&client, "Ann", UserRole::Viewer).await;
    assert_eq!(made.id.len(), 13);
    assert_eq!(made.name.as_deref(), Some("Ann"));
    assert_eq!(made.status, Some(UserStatus::Enabled));
    assert_eq!(made.roles, [UserRole::Viewer]);

    let changed = client.update_user().user_id(&made.id);
    let changed = changed.name("Anna").status(UserStatus::Disabled);
    let changed = changed.send().await.unwrap();
    assert_eq!(changed.name.as_deref(), Some("Anna"));
    assert_eq!(changed.status, Some(UserStatus::Disabled));
    let enabled = client.update_user().user_id(&made.id);
    let enabled = enabled.status(UserStatus::Enabled).send().await.unwrap();
    assert_eq!(enabled.name.as_deref(), Some("Anna"));
    let role = client.update_user_role().user_id(&made.id);
    let role = role.role(UserRole::Trader).send().await.unwrap();
    assert_eq!(role.roles, [UserRole::Trader]);

    let read = client.get_user().user_id(&made.id).send().await.unwrap();
    assert_eq!(read.name.as_deref(), Some("Anna"));
    assert_eq!(read.status, Some(UserStatus::Enabled));
    assert_eq!(read.roles, [UserRole::Trader]);
    let other = new_user(&client, "Bob", UserRole::Trader).await;
    let all = client.list_users().send().await.unwrap();
    let ids: Vec<&str> = all.iter().map(|user| user.id.as_str()).collect();
    assert!(ids.ends_with(&[&made.id, &other.id]), "{ids:?}");
}

#[tokio::test]
async fn keys_are_made_listed_changed_and_deleted() {
    let sim = still().await;
    let client = demo(&sim);
    let user = new_user(&client, "Ann", UserRole::Viewer).await.id;
    let made = client.create_user_key().user_id(&user).send().await;
    let made = made.unwrap();
    assert_eq!(made.api_key.as_deref().unwrap().len(), 12);
    assert_eq!(made.api_secret.as_ref().unwrap().expose().len(), 31);
    assert_eq!(made.user_id.as_ref(), Some(&user));
    assert_eq!(made.whitelisted_ips, Vec::<String>::new());

    sim.clock().advance(Duration::from_millis(1_500));
    let addresses = ["10.0.0.1".to_owned(), "2001:db8::1".to_owned()];
    let changed = client.update_user_key().user_id(&user).key_id(&made.id);
    let changed = changed.whitelisted_ips(addresses.to_vec());
    let changed = changed.send().await.unwrap();
    assert_eq!(changed.whitelisted_ips, addresses);
    assert_eq!(changed.updated_at, Some(1_800_000_001_500));
    assert!(changed.api_secret.is_none());

    let list = async || client.list_user_keys().user_id(&user).send().await.unwrap();
    let listed = list().await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, made.id);
    assert_eq!(listed[0].api_key, made.api_key);
    assert_eq!(listed[0].whitelisted_ips, addresses);
    assert!(listed[0].api_secret.is_none());

    let delete = async || {
        let call = client.delete_user_key().user_id(&user).key_id(&made.id);
        call.send().await
    };
    assert!(delete().await.unwrap().deleted);
    assert!(list().await.is_empty());
    assert_eq!(said(delete().await), "EGeneral:Invalid arguments:key_id");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let sim = still().await;
    let client = demo(&sim);
    let user = new_user(&client, "Ann", UserRole::Viewer).await.id;
    let key = client.create_user_key().user_id(&user).send().await;
    let key = key.unwrap().id;
    let invalid = |name: &str| format!("EGeneral:Invalid arguments:{name}");

    let create = |name: &str, role: &str| client.create_user().name(name).role(role.into()).send();
    assert_eq!(said(create(" ", "Trader").await), invalid("name"));
    let long = "n".repeat(256);
    assert_eq!(said(create(&long, "Trader").await), invalid("name"));
    assert_eq!(said(create("Bob", "Admin").await), invalid("role"));
    let unknown = client.get_user().user_id("2T0RXL9B8K5D6").send().await;
    assert_eq!(said(unknown), invalid("user_id"));
    let status = client.update_user().user_id(&user).name("Bob");
    let status = status.status("Gone".into()).send().await;
    assert_eq!(said(status), invalid("status"));
    let role = client.update_user_role().user_id(&user);
    assert_eq!(said(role.role("".into()).send().await), invalid("role"));
    let keys = client.list_user_keys().user_id("nobody").send().await;
    assert_eq!(said(keys), invalid("user_id"));
    let key_of_nobody = client.create_user_key().user_id("nobody").send().await;
    assert_eq!(said(key_of_nobody), invalid("user_id"));
    let update = async |key: &str, address: &str| {
        let call = client.update_user_key().user_id(&user).key_id(key);
        call.whitelisted_ips(vec![address.to_owned()]).send().await
    };
    assert_eq!(said(update("none", "10.0.0.1").await), invalid("key_id"));
    let range = update(&key, "10.0.0.0/8").await;
    assert_eq!(said(range), invalid("whitelisted_ips"));

    let kind = client.create_settlement_batch();
    let kind = kind.asset_kind("options".into()).send().await;
    assert_eq!(said(kind), invalid("asset_kind"));
    let nothing = client.create_settlement_batch();
    let nothing = nothing.asset_kind(AssetKind::TokenizedEquity).send().await;
    assert_eq!(said(nothing), invalid("nothing to settle"));
    let batch = client.get_settlement_batch().batch_id("B_0").send().await;
    assert_eq!(said(batch), invalid("batch_id"));
    let settled = client.settle_batch_asset().batch_id("B_0").asset("BTC");
    assert_eq!(said(settled.send().await), invalid("batch_id"));
    let list = || client.list_settlement_batches();
    for limit in [0, 201] {
        assert_eq!(said(list().limit(limit).send().await), invalid("limit"));
    }
    let statuses = list().statuses(vec!["open".into()]).send().await;
    assert_eq!(said(statuses), invalid("statuses"));
    let empty = list().statuses(vec![BatchStatus::Unsettled]).limit(200);
    let empty = empty.send().await.unwrap();
    assert!(empty.data.is_empty());
    let pagination = empty.pagination.unwrap();
    assert_eq!(pagination.has_more, Some(false));
    assert_eq!((pagination.limit, pagination.offset), (Some(200), Some(0)));

    let read = client.get_user().user_id(&user).send().await.unwrap();
    assert_eq!(read.name.as_deref(), Some("Ann"));
    assert_eq!(read.roles, [UserRole::Viewer]);
    let keys = client.list_user_keys().user_id(&user).send().await;
    assert!(keys.unwrap()[0].whitelisted_ips.is_empty());
}

#[tokio::test]
async fn every_call_asks_for_its_permission() {
    let sim = still().await;
    let url = sim.kraken().url();
    let reader = add_key(&sim, "reader", &[READ]);
    let changer = add_key(&sim, "changer", &[CHANGE]);
    let mut nonce = 0;
    for operation in OPERATIONS {
        let name = operation.path.strip_prefix("/0/private/").unwrap();
        let reads = name.starts_with("Get") || name.starts_with("List");
        for (key, allowed) in [(&reader, reads), (&changer, !reads)] {
            nonce += 1;
            let answer = support::call(url, key, operation.path, nonce, "").await;
            assert_eq!(answer.status, 200);
            let errors = answer.errors();
            let denied = errors == ["EGeneral:Permission denied"];
            assert_eq!(denied, !allowed, "{name}: {errors:?}");
        }
    }
    let names: Vec<String> = sim
        .received()
        .into_iter()
        .map(|received| received.operation)
        .collect();
    assert_eq!(names.len(), 2 * OPERATIONS.len());
    assert!(names.contains(&"SettlePrimeSettlementBatchAsset".to_owned()));
    let denied = client(&sim, reader).create_settlement_batch().send().await;
    let denied = denied.unwrap_err();
    assert_eq!(denied.kind(), Kind::Permission);
    assert_eq!(denied.outcome(), Outcome::NotExecuted);
}

#[tokio::test]
async fn only_keys_of_the_first_spot_account_call_and_only_with_json() {
    let sim = still().await;
    let kraken = sim.kraken();
    kraken.add_key(KrakenKey {
        account: Some("AA00 OTHE RACC OUNT".into()),
        ..KrakenKey::new("other", SECRET)
    });
    let other = Credentials {
        key: "other".into(),
        secret: SECRET.into(),
    };
    let target = "/0/private/ListPrimeApiUsers";
    let answer = support::call(kraken.url(), &other, target, 1, "").await;
    assert_eq!(answer.errors(), ["EGeneral:Permission denied"]);
    let custody = &kraken.custody_credentials()[0];
    let answer = support::call(kraken.url(), custody, target, 1, "").await;
    assert_eq!(answer.errors(), ["EGeneral:Permission denied"]);

    let first = kraken.spot_credentials();
    let signature = support::sign(&first, target, "1", "nonce=1");
    let headers = [
        ("user-agent", "test/1"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("api-key", first.key.as_str()),
        ("api-sign", signature.as_str()),
    ];
    let form = support::request("POST", target, &headers, "nonce=1");
    let answer = support::raw(kraken.url(), &form).await.unwrap();
    assert_eq!(answer.errors(), ["EGeneral:Invalid arguments"]);
    let answer = support::call(kraken.url(), &first, target, 2, "").await;
    assert_eq!(answer.errors(), Vec::<String>::new());
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.starts_with(r#"{"result":{"data":["#), "{text}");
    assert!(text.ends_with(r#"]},"error":[]}"#), "{text}");
}

/// A client of the WebSocket with a key that was made just now.
async fn connect(sim: &Sim, key: &kraken_prime::rest::PrimeKey) -> Result<Client, Error> {
    let name = key.api_key.clone().unwrap();
    let secret = key.api_secret.as_ref().unwrap().expose();
    let builder = Client::builder().url(sim.prime().url());
    builder.api_key(name, secret).connect().await
}

#[tokio::test]
async fn a_new_key_opens_the_websocket_until_it_or_its_user_may_no_longer() {
    // Upgrades are signed with the time of this machine.
    let sim = Sim::builder().rate_limits(false).start().await.unwrap();
    let rest = demo(&sim);
    let user = new_user(&rest, "Ann", UserRole::Trader).await.id;
    let key = rest.create_user_key().user_id(&user).send().await.unwrap();
    let open = connect(&sim, &key).await.unwrap();
    let refused = async || connect(&sim, &key).await.unwrap_err().status();

    let status = async |status: UserStatus| {
        let call = rest.update_user().user_id(&user).status(status);
        call.send().await.unwrap();
    };
    status(UserStatus::Disabled).await;
    assert_eq!(refused().await, Some(401));
    status(UserStatus::Enabled).await;
    connect(&sim, &key).await.unwrap().close().await;

    let allow = async |addresses: &[&str]| {
        let addresses = addresses.iter().map(|&one| one.to_owned());
        let call = rest.update_user_key().user_id(&user).key_id(&key.id);
        let call = call.whitelisted_ips(addresses.collect::<Vec<_>>());
        call.send().await.unwrap();
    };
    allow(&["192.168.1.1"]).await;
    assert_eq!(refused().await, Some(401));
    allow(&["192.168.1.1", "127.0.0.1"]).await;
    connect(&sim, &key).await.unwrap().close().await;

    let delete = rest.delete_user_key().user_id(&user).key_id(&key.id);
    delete.send().await.unwrap();
    assert_eq!(refused().await, Some(401));
    // Who is in stays in.
    open.ping().await.unwrap();
    open.close().await;
}

/// Trades for a while.
async fn trade(client: &Client) {
    for (symbol, side, quantity) in [
        ("BTC-USD", Side::Buy, "0.75"),
        ("BTC-USD", Side::Sell, "0.25"),
        ("ETH-BTC", Side::Sell, "3.00000001"),
    ] {
        let order = client.new_order().symbol(symbol).side(side);
        let order = order.quantity(quantity.parse().unwrap());
        let mut placed = order.market(TimeInForce::FillOrKill).send().await.unwrap();
        let end = timeout(PATIENCE, placed.finished()).await.unwrap().unwrap();
        assert_eq!(end.ord_status, Some(OrdStatus::Filled), "{symbol}");
    }
}

/// The ids of all trades.
async fn trades(client: &Client) -> BTreeSet<String> {
    let mut trades = client.trades().subscribe().await.unwrap();
    let event = timeout(PATIENCE, trades.next()).await.unwrap();
    let Some(Ok(Event::Message(snapshot))) = event else {
        panic!("{event:?}");
    };
    assert!(snapshot.next.is_none());
    let ids = snapshot.data.into_iter().map(|trade| trade.trade_id);
    ids.collect()
}

/// What the Prime account has.
fn amounts(book: &BalanceBook) -> BTreeMap<String, Decimal> {
    let records = book.records().into_iter();
    records.map(|one| (one.currency, one.amount)).collect()
}

/// Waits until the balances are these.
async fn until(book: &BalanceBook, wished: &BTreeMap<String, Decimal>) {
    let mut changes = book.changes();
    let reached = timeout(PATIENCE, async {
        while amounts(book) != *wished {
            assert!(changes.changed().await);
        }
    });
    let reached = reached.await;
    assert!(reached.is_ok(), "{:?} is not {wished:?}", amounts(book));
}

/// The legs' assets and amounts.
fn legs(batch: &SettlementBatch) -> BTreeMap<String, Decimal> {
    let legs = batch.legs.iter();
    legs.map(|leg| (leg.asset.clone().unwrap(), leg.amount.unwrap()))
        .collect()
}

fn status(batch: &SettlementBatch) -> BatchStatus {
    let attributes = batch.attributes.as_ref().unwrap();
    attributes.status.clone().unwrap()
}

#[tokio::test]
async fn trades_are_settled_to_the_last_digit() {
    let sim = Sim::builder().rate_limits(false).start().await.unwrap();
    let (kraken, rest) = (sim.kraken(), demo(&sim));
    let user = new_user(&rest, "Ann", UserRole::Trader).await.id;
    let key = rest.create_user_key().user_id(&user).send().await.unwrap();
    let client = connect(&sim, &key).await.unwrap();
    let book: BalanceBook = client.balances().view().await.unwrap();
    book.complete().await.unwrap();
    let before = amounts(&book);

    let too_early = rest.create_settlement_batch().send().await;
    assert_eq!(
        said(too_early),
        "EGeneral:Invalid arguments:nothing to settle"
    );
    trade(&client).await;
    let batch = rest.create_settlement_batch().send().await.unwrap();
    let sums = legs(&batch);
    let assets: Vec<&str> = sums.keys().map(String::as_str).collect();
    assert_eq!(assets, ["BTC", "ETH", "USD"]);
    assert_eq!(sums["ETH"], "-3.00000001".parse().unwrap());
    let mut traded = before.clone();
    for (asset, amount) in &sums {
        *traded.get_mut(asset).unwrap() += *amount;
    }
    until(&book, &traded).await;
    let ids: BTreeSet<String> = batch.trade_ids.iter().cloned().collect();
    let seen = trades(&client).await;
    assert_eq!(ids, seen);
    let attributes = batch.attributes.as_ref().unwrap();
    assert_eq!(attributes.trade_count, Some(seen.len() as u64));
    assert_eq!(attributes.asset_kind, Some(AssetKind::Currency));
    assert_eq!(attributes.confirmed, Some(false));

    let again = rest.create_settlement_batch().send().await;
    assert_eq!(said(again), "EGeneral:Invalid arguments:a batch is active");
    let settle = |asset: &str| {
        let call = rest.settle_batch_asset().batch_id(&batch.id);
        call.asset(asset).send()
    };
    sim.clock().advance(Duration::from_secs(2));
    let read = async || {
        let call = rest.get_settlement_batch().batch_id(&batch.id);
        call.send().await.unwrap()
    };
    let confirmed = read().await;
    assert_eq!(status(&confirmed), BatchStatus::Unsettled);
    assert!(
        confirmed
            .legs
            .iter()
            .all(|leg| leg.can_settle == Some(true))
    );

    // The Spot account must have what it is to give.
    let has = kraken.balance("USD");
    kraken.set_balance("USD", -sums["USD"] - Decimal::new(1, 2));
    let refused = settle("USD").await.unwrap_err();
    assert_eq!(refused.messages()[0].raw, "EFunding:Insufficient funds");
    assert_eq!(status(&read().await), BatchStatus::Unsettled);
    kraken.set_balance("USD", has);

    let spot_before: BTreeMap<&str, Decimal> = assets
        .iter()
        .map(|&asset| (asset, kraken.balance(asset)))
        .collect();
    for (index, &asset) in assets.iter().enumerate() {
        let transfer = settle(asset).await.unwrap();
        let attributes = transfer.attributes.unwrap();
        assert_eq!(attributes.transfer_asset.as_deref(), Some(asset));
        assert_eq!(attributes.transfer_amount, Some(sums[asset]));
        let now = read().await;
        let expected = match index {
            2 => "settled".into(),
            _ => BatchStatus::PartiallySettled,
        };
        assert_eq!(status(&now), expected);
        let twice = settle(asset).await;
        assert_eq!(
            said(twice),
            "EGeneral:Invalid arguments:the asset can't be settled"
        );
        assert_eq!(kraken.balance(asset), spot_before[asset] + sums[asset]);
    }
    // What the trades brought is in the Spot account.
    until(&book, &before).await;
    assert!(kraken.totals().values().all(Decimal::is_zero));

    let nothing = rest.create_settlement_batch().send().await;
    assert_eq!(
        said(nothing),
        "EGeneral:Invalid arguments:nothing to settle"
    );
    trade(&client).await;
    let next = rest.create_settlement_batch().send().await.unwrap();
    let list = rest.list_settlement_batches();
    let page = list.limit(1).send().await.unwrap();
    assert_eq!(page.data[0].id, next.id);
    assert_eq!(page.pagination.unwrap().has_more, Some(true));
    let list = rest.list_settlement_batches();
    let open = list.statuses(vec![BatchStatus::Unsettled]).send().await;
    let open = open.unwrap().data;
    assert_eq!(open.len(), 1);
    assert_eq!(legs(&open[0]), legs(&next));
    client.close().await;
}
