//! Every answer of the simulated Kraken fits the vendor's description of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

use std::{collections::BTreeSet, time::Duration};

use exchange_sim::{Moment, Sim};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use workspace_tests::{
    conform::Answers,
    plain::{Answered, Caller},
};

/// Operations that the simulator does not have yet, each a gap to be closed. A new operation of a
/// description stands here until it is simulated, and is called below from then on.
const NOT_SIMULATED: &[&str] = &[];

/// Calls operations, and holds every answer against its description.
struct Run {
    answers: Answers,
    caller: Caller,
    called: BTreeSet<String>,
    misfits: Vec<String>,
}

impl Run {
    fn new(api: &str, caller: Caller) -> Self {
        let all = Answers::all();
        Self {
            answers: all.into_iter().find(|answers| answers.api == api).unwrap(),
            caller,
            called: BTreeSet::new(),
            misfits: Vec::new(),
        }
    }

    /// A public call; returns the result.
    async fn get(&mut self, operation: &str, target: &str) -> Value {
        let answer = self.caller.get(target).await;
        self.accepted(operation, target, &answer)
    }

    /// A private call; returns the result.
    async fn post(&mut self, operation: &str, target: &str, parameters: Value) -> Value {
        let answer = self.caller.post(target, &[], &parameters).await;
        self.accepted(operation, target, &answer)
    }

    /// A private call of Custody about a vault.
    async fn post_for(
        &mut self,
        vault: &str,
        operation: &str,
        target: &str,
        parameters: Value,
    ) -> Value {
        let headers = [("x-vault-id", vault)];
        let answer = self.caller.post(target, &headers, &parameters).await;
        self.accepted(operation, target, &answer)
    }

    /// A call of the external Custody API.
    async fn external(
        &mut self,
        operation: &str,
        method: &str,
        target: &str,
        body: Value,
    ) -> Value {
        let answer = self.caller.external(method, target, &body).await;
        let status = answer.status;
        assert_eq!(status, 200, "{operation} {target}: {}", text(&answer));
        let body = answer.json();
        self.check(operation, target, &body);
        body
    }

    fn accepted(&mut self, operation: &str, target: &str, answer: &Answered) -> Value {
        let mut body = answer.json();
        let errors = |name: &str| body.get(name).is_some_and(|errors| *errors != json!([]));
        assert!(
            !errors("error") && !errors("errors"),
            "{operation} {target}: {}",
            text(answer)
        );
        self.check(operation, target, &body);
        body["result"].take()
    }

    fn check(&mut self, operation: &str, target: &str, body: &Value) {
        self.called.insert(operation.to_owned());
        for misfit in self.answers.misfits(operation, body) {
            self.misfits.push(format!("{operation} {target}: {misfit}"));
        }
    }

    /// Fails with everything that did not fit, and with operations nobody called.
    fn end(self) {
        assert!(self.misfits.is_empty(), "{}", self.misfits.join("\n"));
        let all: BTreeSet<String> = self
            .answers
            .operations()
            .filter(|operation| !NOT_SIMULATED.contains(operation))
            .map(str::to_owned)
            .collect();
        assert_eq!(
            all, self.called,
            "call what is left here, or name it in NOT_SIMULATED"
        );
    }
}

fn text(answer: &Answered) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[tokio::test]
async fn kraken_spot() {
    let sim = Sim::builder()
        .rate_limits(false)
        .frozen_at(Moment::from_seconds(1_800_000_000))
        .start()
        .await
        .unwrap();
    let kraken = sim.kraken();
    let caller = Caller::new(kraken, kraken.spot_credentials());
    let mut run = Run::new("kraken-spot", caller);

    market_data(&mut run).await;
    orders(&mut run, &sim).await;
    records(&mut run).await;
    money(&mut run, &sim).await;
    earn(&mut run, &sim).await;
    exports(&mut run, &sim).await;
    run.end();
}

async fn market_data(run: &mut Run) {
    run.get("getServerTime", "/0/public/Time").await;
    run.get("getSystemStatus", "/0/public/SystemStatus").await;
    run.get("getMaintenanceSchedule", "/0/public/MaintenanceSchedule")
        .await;
    for query in [
        "",
        "?asset=XBT,USD",
        "?assetVersion=1",
        "?aclass=tokenized_asset",
    ] {
        run.get("getAssetInfo", &format!("/0/public/Assets{query}"))
            .await;
    }
    for query in [
        "",
        "?info=leverage",
        "?info=fees",
        "?info=margin",
        "?pair=XBT/USD",
    ] {
        run.get(
            "getTradableAssetPairs",
            &format!("/0/public/AssetPairs{query}"),
        )
        .await;
    }
    for query in ["", "?pair=XBTUSD", "?pair=ETHUSD,XBTEUR&assetVersion=1"] {
        run.get("getTickerInformation", &format!("/0/public/Ticker{query}"))
            .await;
    }
    for interval in [1, 5, 15, 30, 60, 240, 1440, 10080, 21600] {
        let target = format!("/0/public/OHLC?pair=XBTUSD&interval={interval}");
        run.get("getOHLCData", &target).await;
    }
    run.get("getOrderBook", "/0/public/Depth?pair=XBTUSD&count=500")
        .await;
    for query in ["", "&grouping=10&depth=25"] {
        let target = format!("/0/public/GroupedBook?pair=XBTUSD{query}");
        run.get("getGroupedOrderBook", &target).await;
    }
    let trades = run
        .get("getRecentTrades", "/0/public/Trades?pair=XBTUSD&count=5")
        .await;
    let since = trades["last"].as_str().unwrap();
    let target = format!("/0/public/Trades?pair=XBTUSD&since={since}");
    run.get("getRecentTrades", &target).await;
    run.get("getRecentSpreads", "/0/public/Spread?pair=XBTUSD")
        .await;
    run.get("getPreTrade", "/0/public/PreTrade?symbol=BTC/USD")
        .await;
    run.get("getPostTrade", "/0/public/PostTrade?symbol=BTC/USD&count=5")
        .await;
}

async fn orders(run: &mut Run, sim: &Sim) {
    place(run).await;
    change(run).await;
    end_orders(run, sim).await;
}

/// An order that rests, as far below the market as its price.
fn limit(price: &str, name: &str) -> Value {
    json!({"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01",
        "price": price, "cl_ord_id": name})
}

async fn place(run: &mut Run) {
    let add = "/0/private/AddOrder";
    run.post("addOrder", add, limit("20000", "resting")).await;
    let mut with_close = limit("20001", "closing");
    with_close["close[ordertype]"] = "limit".into();
    with_close["close[price]"] = "90000".into();
    run.post("addOrder", add, with_close).await;
    let mut checked = limit("20002", "checked");
    checked["validate"] = true.into();
    run.post("addOrder", add, checked).await;
    let market = json!({"pair": "XBTUSD", "type": "sell", "ordertype": "market", "volume": "0.3"});
    run.post("addOrder", add, market).await;
    let margin = json!({"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.05",
        "leverage": "2"});
    run.post("addOrder", add, margin).await;
    let stop = json!({"pair": "XBTUSD", "type": "sell", "ordertype": "stop-loss", "volume": "0.02",
        "price": "-10%", "userref": 7});
    run.post("addOrder", add, stop).await;
}

/// Orders that are changed, placed together, and seen.
async fn change(run: &mut Run) {
    let add = "/0/private/AddOrder";
    let amended = json!({"cl_ord_id": "resting", "order_qty": "0.02", "limit_price": "20100"});
    run.post("amendOrder", "/0/private/AmendOrder", amended)
        .await;
    let placed = run.post("addOrder", add, limit("20003", "edited")).await;
    let placed = placed["txid"][0].as_str().unwrap().to_owned();
    let edit = json!({"txid": placed, "pair": "XBTUSD", "price": "20004"});
    run.post("editOrder", "/0/private/EditOrder", edit).await;
    let batch = json!({"pair": "ETHUSD", "orders": [
        {"type": "buy", "ordertype": "limit", "volume": "0.1", "price": "1000", "cl_ord_id": "b1"},
        {"type": "buy", "ordertype": "limit", "volume": "0.1", "price": "1001", "cl_ord_id": "b2"},
        {"type": "buy", "ordertype": "limit", "volume": "1000000", "price": "1002"},
    ]});
    run.post("addOrderBatch", "/0/private/AddOrderBatch", batch)
        .await;
    for (operation, name) in [
        ("getOpenOrders", "OpenOrders"),
        ("getOpenPositions", "OpenPositions"),
    ] {
        let target = format!("/0/private/{name}");
        run.post(operation, &target, json!({})).await;
    }
    run.post(
        "getOpenOrders",
        "/0/private/OpenOrders",
        json!({"trades": true}),
    )
    .await;
    let by_market = json!({"consolidation": "market", "docalcs": true});
    run.post("getOpenPositions", "/0/private/OpenPositions", by_market)
        .await;
    for body in [
        json!({"pair": "XBTUSD"}),
        json!({"pair": "XBTUSD", "depth": 100}),
    ] {
        run.post("getLevel3OrderBook", "/0/private/Level3", body)
            .await;
    }
}

/// Of the open orders one is filled in part, and all go.
async fn end_orders(run: &mut Run, sim: &Sim) {
    let resting = run
        .post(
            "getOpenOrders",
            "/0/private/OpenOrders",
            json!({"cl_ord_id": "resting"}),
        )
        .await;
    let txid = resting["open"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    run.post(
        "getOrderAmends",
        "/0/private/OrderAmends",
        json!({"order_id": txid}),
    )
    .await;
    // Before a fill far from the market sets it off.
    run.post("cancelOrder", "/0/private/CancelOrder", json!({"txid": 7}))
        .await;
    sim.kraken().fill_order(&txid, Decimal::new(5, 3));
    let query = json!({"txid": txid, "trades": true});
    run.post("getOrdersInfo", "/0/private/QueryOrders", query)
        .await;
    run.post(
        "cancelOrder",
        "/0/private/CancelOrder",
        json!({"txid": txid}),
    )
    .await;
    let some = json!({"orders": [], "cl_ord_ids": ["b1", "closing"]});
    run.post("cancelOrderBatch", "/0/private/CancelOrderBatch", some)
        .await;
    let after = "/0/private/CancelAllOrdersAfter";
    run.post("cancelAllOrdersAfter", after, json!({"timeout": 60}))
        .await;
    run.post("cancelAllOrdersAfter", after, json!({"timeout": 0}))
        .await;
    run.post("cancelAllOrders", "/0/private/CancelAll", json!({}))
        .await;
    run.post(
        "getWebsocketsToken",
        "/0/private/GetWebSocketsToken",
        json!({}),
    )
    .await;
}

async fn records(run: &mut Run) {
    run.post("getAccountBalance", "/0/private/Balance", json!({}))
        .await;
    run.post("getExtendedBalance", "/0/private/BalanceEx", json!({}))
        .await;
    run.post("getCreditLines", "/0/private/CreditLines", json!({}))
        .await;
    run.post("getTradeBalance", "/0/private/TradeBalance", json!({}))
        .await;
    run.post(
        "getClosedOrders",
        "/0/private/ClosedOrders",
        json!({"trades": true}),
    )
    .await;
    run.post(
        "getClosedOrders",
        "/0/private/ClosedOrders",
        json!({"without_count": true}),
    )
    .await;
    let history = run
        .post(
            "getTradeHistory",
            "/0/private/TradesHistory",
            json!({"ledgers": true}),
        )
        .await;
    let trades: Vec<&String> = history["trades"].as_object().unwrap().keys().collect();
    assert!(!trades.is_empty());
    run.post(
        "getTradesInfo",
        "/0/private/QueryTrades",
        json!({"txid": trades}),
    )
    .await;
    let ledger = run
        .post("getLedgers", "/0/private/Ledgers", json!({}))
        .await;
    let entry = ledger["ledger"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    run.post(
        "getLedgersInfo",
        "/0/private/QueryLedgers",
        json!({"id": entry}),
    )
    .await;
    run.post(
        "getLedgers",
        "/0/private/Ledgers",
        json!({"with_cursor": true}),
    )
    .await;
    run.post(
        "getTradeVolume",
        "/0/private/TradeVolume",
        json!({"pair": "XBTUSD,ETHUSD"}),
    )
    .await;
    run.post("getApiKeyInfo", "/0/private/GetApiKeyInfo", json!({}))
        .await;
    run.post(
        "listWalletAccounts",
        "/0/private/ListWalletAccounts",
        json!({}),
    )
    .await;
}

async fn money(run: &mut Run, sim: &Sim) {
    let pass = |seconds| sim.clock().advance(Duration::from_secs(seconds));
    let xbt = || json!({"asset": "XBT"});
    run.post("getDepositMethods", "/0/private/DepositMethods", xbt())
        .await;
    let new = json!({"asset": "XBT", "method": "Bitcoin", "new": true});
    run.post("getDepositAddresses", "/0/private/DepositAddresses", new)
        .await;
    for _ in 0..3 {
        sim.kraken().deposit("XBT", Decimal::new(125, 2));
        run.post("getStatusRecentDeposits", "/0/private/DepositStatus", xbt())
            .await;
        pass(40);
    }
    let pages = json!({"asset": "XBT", "cursor": true, "limit": 2});
    run.post(
        "getStatusRecentDeposits",
        "/0/private/DepositStatus",
        pages.clone(),
    )
    .await;
    run.post(
        "getWithdrawalMethods",
        "/0/private/WithdrawMethods",
        json!({}),
    )
    .await;
    let addresses = run
        .post(
            "getWithdrawalAddresses",
            "/0/private/WithdrawAddresses",
            xbt(),
        )
        .await;
    let key = addresses[0]["key"].clone();
    let withdraw = json!({"asset": "XBT", "key": key, "amount": "0.1"});
    run.post(
        "getWithdrawalInformation",
        "/0/private/WithdrawInfo",
        withdraw.clone(),
    )
    .await;
    let first = run
        .post("withdrawFunds", "/0/private/Withdraw", withdraw.clone())
        .await;
    let cancel = json!({"asset": "XBT", "refid": first["refid"]});
    run.post("cancelWithdrawal", "/0/private/WithdrawCancel", cancel)
        .await;
    run.post("withdrawFunds", "/0/private/Withdraw", withdraw)
        .await;
    for _ in 0..3 {
        run.post(
            "getStatusRecentWithdrawals",
            "/0/private/WithdrawStatus",
            xbt(),
        )
        .await;
        pass(40);
    }
    run.post(
        "getStatusRecentWithdrawals",
        "/0/private/WithdrawStatus",
        pages,
    )
    .await;
    let transfer = json!({"asset": "XBT", "from": "Spot Wallet", "to": "Futures Wallet",
        "amount": "0.01"});
    run.post("walletTransfer", "/0/private/WalletTransfer", transfer)
        .await;
    let user = json!({"username": "second", "email": "second@example.com"});
    run.post("createSubaccount", "/0/private/CreateSubaccount", user)
        .await;
    let (_, subaccount) = sim.kraken().subaccounts().pop().unwrap();
    let accounts = run
        .post(
            "listWalletAccounts",
            "/0/private/ListWalletAccounts",
            json!({}),
        )
        .await;
    let master = accounts["accounts"][0]["account_id"].as_str();
    let master = master.unwrap_or_else(|| panic!("{accounts}"));
    let transfer = json!({"asset": "XBT", "amount": "0.02", "from": master, "to": subaccount});
    run.post("accountTransfer", "/0/private/AccountTransfer", transfer)
        .await;
}

async fn earn(run: &mut Run, sim: &Sim) {
    let strategies = run
        .post("listStrategies", "/0/private/Earn/Strategies", json!({}))
        .await;
    let items = strategies["items"].as_array().unwrap();
    let mut used = 0;
    // Some take little or nothing from one customer.
    let open = |one: &&Value| {
        let cap = one["user_cap"]
            .as_str()
            .map_or(Decimal::MAX, |cap| cap.parse().unwrap());
        one["can_allocate"] == json!(true) && cap >= Decimal::ONE_HUNDRED
    };
    for strategy in items.iter().filter(open) {
        let id = strategy["id"].as_str().unwrap();
        let asset = strategy["asset"].as_str().unwrap();
        sim.kraken().set_balance(asset, Decimal::from(10_000));
        let amount = json!({"strategy_id": id, "amount": "100"});
        run.post("allocateStrategy", "/0/private/Earn/Allocate", amount)
            .await;
        let status = json!({"strategy_id": id});
        run.post(
            "getAllocateStrategyStatus",
            "/0/private/Earn/AllocateStatus",
            status.clone(),
        )
        .await;
        sim.clock().advance(Duration::from_secs(120));
        run.post("listAllocations", "/0/private/Earn/Allocations", json!({}))
            .await;
        sim.clock().advance(Duration::from_secs(40 * 86_400));
        if strategy["can_deallocate"] == json!(true) {
            let amount = json!({"strategy_id": id, "amount": "40"});
            run.post("deallocateStrategy", "/0/private/Earn/Deallocate", amount)
                .await;
            run.post(
                "getDeallocateStrategyStatus",
                "/0/private/Earn/DeallocateStatus",
                status,
            )
            .await;
        }
        used += 1;
        sim.clock().advance(Duration::from_secs(120));
    }
    assert!(used > 0);
    let in_euro = json!({"converted_asset": "EUR", "hide_zero_allocations": true});
    run.post("listAllocations", "/0/private/Earn/Allocations", in_euro)
        .await;
    // Allocated funds are balances under names of their own.
    run.post("getAccountBalance", "/0/private/Balance", json!({}))
        .await;
    run.post("getLedgers", "/0/private/Ledgers", json!({}))
        .await;
}

async fn exports(run: &mut Run, sim: &Sim) {
    for report in ["trades", "ledgers"] {
        let wanted = json!({"report": report, "description": "of the tests", "format": "CSV"});
        let added = run.post("addExport", "/0/private/AddExport", wanted).await;
        let of_kind = json!({"report": report});
        run.post("exportStatus", "/0/private/ExportStatus", of_kind.clone())
            .await;
        sim.clock().advance(Duration::from_secs(60));
        run.post("exportStatus", "/0/private/ExportStatus", of_kind)
            .await;
        let target = "/0/private/RetrieveExport";
        let file = run
            .caller
            .post(target, &[], &json!({"id": added["id"]}))
            .await;
        assert!(file.body.starts_with(b"PK"), "{}", text(&file));
        run.called.insert("retrieveExport".to_owned());
        let removed = json!({"id": added["id"], "type": "delete"});
        run.post("removeExport", "/0/private/RemoveExport", removed)
            .await;
    }
}

#[tokio::test]
async fn kraken_custody() {
    let sim = Sim::builder().rate_limits(false).start().await.unwrap();
    let kraken = sim.kraken();
    let vault = &kraken.custody_vaults()[0].id;
    let [asks, ..] = kraken.custody_credentials();
    // Something to be found: a deposit, and a withdrawal that waits for votes.
    kraken.custody_deposit(vault, "BTC", Decimal::new(15, 1));
    let task = ask_for_withdrawal(&sim, vault).await;

    let mut run = Run::new("kraken-custody", Caller::new(kraken, asks));
    let list = json!({
        "filters": {"and": []},
        "pagination": {"limit": 100, "offset": 0},
        "orderings": [{"by": "created_at", "direction": "desc"}],
    });
    let mut with_policies = list.clone();
    with_policies["resolve_policies"] = true.into();
    let vaults = "/0/private/ListCustodyVaults";
    run.post("listCustodyVaults", vaults, with_policies).await;
    let of_vault = format!("/0/private/GetCustodyVault?id={vault}");
    run.post("getCustodyVault", &of_vault, json!({})).await;
    let quote = json!({"vault_id": vault, "quote": {"asset": "USD", "class": "currency"}});
    run.post("getCustodyBalance", "/0/private/GetCustodyBalance", quote)
        .await;

    let target = format!("/0/private/ListCustodyTransactions?id={vault}");
    let transactions = run
        .post("listCustodyTransactions", &target, json!({}))
        .await;
    let transaction = transactions["transactions"][0]["id"].as_str();
    let transaction = transaction.unwrap_or_else(|| panic!("{transactions}"));
    let target = format!("/0/private/GetCustodyTransaction?id={transaction}");
    let of_vault = json!({"vault_id": vault});
    run.post("getCustodyTransaction", &target, of_vault).await;

    let bitcoin = json!({"asset": "BTC", "category": "custody"});
    let methods = "/0/private/DepositMethods";
    let methods = run
        .post_for(vault, "depositMethods", methods, bitcoin.clone())
        .await;
    let method = methods[0]["method"].clone();
    let new = json!({"asset": "BTC", "method": method, "new": true});
    let addresses = "/0/private/DepositAddresses";
    run.post_for(vault, "depositAddresses", addresses, new)
        .await;
    let methods = "/0/private/WithdrawMethods";
    run.post_for(vault, "withdrawMethods", methods, bitcoin)
        .await;
    let addresses = "/0/private/WithdrawAddresses";
    run.post_for(vault, "withdrawAddresses", addresses, json!({}))
        .await;

    let tasks = "/0/private/ListCustodyTasks";
    run.post("listCustodyTasks", tasks, list).await;
    let target = format!("/0/private/GetCustodyTask?id={task}");
    run.post("getCustodyTask", &target, json!({})).await;
    let activities = "/0/private/ListCustodyActivities";
    let activities = run
        .post("listCustodyTasksActivities", activities, json!({}))
        .await;
    let activity = activities[0]["id"].as_str();
    let activity = activity.unwrap_or_else(|| panic!("{activities}"));
    let target = format!("/0/private/GetCustodyActivity?id={activity}");
    run.post("getCustodyActivity", &target, json!({})).await;
    run.end();
}

const EXTERNAL: &str = "/v0/insto/custody";

/// Asks for a withdrawal as the first user; returns the task's id.
async fn ask_for_withdrawal(sim: &Sim, vault: &str) -> String {
    let [asks, ..] = sim.kraken().custody_credentials();
    let mut caller = Caller::new(sim.kraken(), asks);
    let quotes = format!("{EXTERNAL}/vaults/{vault}/withdrawals/fee-quotes");
    let wanted = json!({"asset": "BTC", "asset_class": "currency", "amount": "0.25",
        "fee_included": false, "address_name": "Cold storage"});
    let quote = caller.external("POST", &quotes, &wanted).await.json();
    let task = json!({"instructions": [{"type": "request_withdrawal", "vault_id": vault,
        "fee_quote_id": quote["fee_quote_id"]}]});
    let tasks = format!("{EXTERNAL}/tasks");
    let task = caller.external("POST", &tasks, &task).await.json();
    task["task_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{task}"))
        .to_owned()
}

#[tokio::test]
async fn kraken_custody_external() {
    let sim = Sim::builder().rate_limits(false).start().await.unwrap();
    let kraken = sim.kraken();
    let [asks, votes, _] = kraken.custody_credentials();
    let vault = kraken.custody_vaults()[0].id.clone();
    kraken.custody_deposit(&vault, "BTC", Decimal::new(15, 1));
    let task = ask_for_withdrawal(&sim, &vault).await;
    let organization = kraken.custody_organization().replace(' ', "%20");

    // The one who may vote, too, sees the most.
    let mut run = Run::new("kraken-custody-external", Caller::new(kraken, votes));
    let id = |rest: &str| format!("getV0InstoCustody{rest}");
    let nothing = Value::Null;
    let in_vault = |rest: &str| format!("{EXTERNAL}/vaults/{vault}/{rest}");
    let bitcoin = "?asset=BTC&asset_class=currency";
    for (operation, target) in [
        ("Assets", format!("{EXTERNAL}/assets")),
        ("Organizations", format!("{EXTERNAL}/organizations")),
        (
            "OrganizationsOrgIibanBalances",
            format!("{EXTERNAL}/organizations/{organization}/balances?quote_asset=USD"),
        ),
        ("Vaults", format!("{EXTERNAL}/vaults?limit=10&offset=0")),
        ("VaultsVaultId", format!("{EXTERNAL}/vaults/{vault}")),
        (
            "VaultsVaultIdBalances",
            in_vault("balances?quote_asset=USD"),
        ),
        (
            "VaultsVaultIdAssetsBalances",
            in_vault("assets/balances?quote_asset=USD"),
        ),
        ("VaultsVaultIdPolicies", in_vault("policies")),
        (
            "VaultsVaultIdDepositsInfo",
            in_vault(&format!("deposits/info{bitcoin}")),
        ),
        (
            "VaultsVaultIdWithdrawalMethods",
            in_vault(&format!("withdrawal-methods{bitcoin}")),
        ),
        (
            "VaultsVaultIdWithdrawalsInfo",
            in_vault(&format!("withdrawals/info{bitcoin}")),
        ),
        (
            "VaultsVaultIdWhitelistAddresses",
            in_vault("whitelist/addresses"),
        ),
        ("Tasks", format!("{EXTERNAL}/tasks")),
        ("TasksTaskId", format!("{EXTERNAL}/tasks/{task}")),
    ] {
        run.external(&id(operation), "GET", &target, nothing.clone())
            .await;
    }

    let target = in_vault("transactions?page_size=1");
    let transactions = run
        .external(
            &id("VaultsVaultIdTransactions"),
            "GET",
            &target,
            nothing.clone(),
        )
        .await;
    let transaction = transactions["transactions"][0]["id"].as_str().unwrap();
    let target = in_vault(&format!("transactions/{transaction}"));
    let one = id("VaultsVaultIdTransactionsTransactionId");
    run.external(&one, "GET", &target, nothing.clone()).await;

    let target = in_vault(&format!("deposit-methods{bitcoin}"));
    let methods = run
        .external(
            &id("VaultsVaultIdDepositMethods"),
            "GET",
            &target,
            nothing.clone(),
        )
        .await;
    let method = methods[0]["method_id"]
        .as_str()
        .or(methods[0]["id"].as_str());
    let method = method.unwrap_or_else(|| panic!("{methods}"));
    let target = in_vault(&format!("deposit-methods/{method}/addresses"));
    let addresses = "VaultsVaultIdDepositMethodsMethodIdAddresses";
    let create = format!("postV0InstoCustody{addresses}");
    run.external(&create, "POST", &target, json!({})).await;
    run.external(&id(addresses), "GET", &target, nothing.clone())
        .await;

    let target = format!("{EXTERNAL}/tasks/activities");
    let activities = run
        .external(&id("TasksActivities"), "GET", &target, nothing.clone())
        .await;
    let activity = activities["result"][0]["id"].as_str();
    let activity = activity.unwrap_or_else(|| panic!("{activities}"));
    let target = format!("{EXTERNAL}/tasks/activities/{activity}");
    run.external(&id("TasksActivitiesId"), "GET", &target, nothing.clone())
        .await;

    let target = format!("{EXTERNAL}/tasks/{task}/review");
    let vote = json!({"type": "approve", "comment": "checked"});
    run.external("postV0InstoCustodyTasksTaskIdReview", "POST", &target, vote)
        .await;

    run.caller = Caller::new(kraken, asks);
    ask(&mut run, &vault).await;
    run.end();
}

/// What only the one who asks does.
async fn ask(run: &mut Run, vault: &str) {
    let target = format!("{EXTERNAL}/vaults/{vault}/withdrawals/fee-quotes");
    let wanted = json!({"asset": "BTC", "asset_class": "currency", "amount": "0.5",
        "address_name": "Cold storage"});
    let quote = "postV0InstoCustodyVaultsVaultIdWithdrawalsFeeQuotes";
    let quote = run.external(quote, "POST", &target, wanted).await;
    let wanted = json!({"instructions": [{"type": "request_withdrawal", "vault_id": vault,
        "fee_quote_id": quote["fee_quote_id"]}]});
    let target = format!("{EXTERNAL}/tasks");
    run.external("postV0InstoCustodyTasks", "POST", &target, wanted)
        .await;
}
