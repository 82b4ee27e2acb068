//! Every operation through the public API against the simulated venue, which checks each
//! signature by its own means; and what goes wrong there.
#![cfg(feature = "prediction-markets")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by them"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use exchange_sim::{Credentials, Fault, GeminiHandle, GeminiKey, GeminiRole, Moment, Often, Sim};
use gemini_exchange::dispatch::{DispatchError, Parameters, send};
use gemini_exchange::oauth::{AccessToken, FixedToken};
use gemini_exchange::order::{CancelReason, OrderOption, OrderType};
use gemini_exchange::{
    Client, ClientBuilder, Decimal, Kind, NonceKind, Outcome, PaceMode, RetryPolicy, Side,
    operations,
};
use serde_json::{Value, json};

const SPOT: &str = "gemini";
const PREDICTIONS: &str = "gemini-predictions";

fn builder(gemini: &GeminiHandle) -> ClientBuilder {
    Client::builder()
        .base_url(gemini.url())
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .retry(RetryPolicy {
            attempts: 1,
            ..RetryPolicy::default()
        })
}

fn client(gemini: &GeminiHandle, credentials: &Credentials) -> Client {
    let builder = builder(gemini).api_key(&credentials.key, &credentials.secret);
    builder.build().unwrap()
}

/// Makes calls by id and remembers which.
struct Caller {
    client: Client,
    done: BTreeSet<(String, String)>,
}

impl Caller {
    /// A call that must succeed.
    async fn call(&mut self, api: &str, id: &str, fields: Value) -> Value {
        let client = self.client.clone();
        self.call_as(&client, api, id, fields).await
    }

    async fn call_as(&mut self, client: &Client, api: &str, id: &str, fields: Value) -> Value {
        let parameters = Parameters::from_json(&fields.to_string()).unwrap();
        let answer = send(client, api, id, parameters).await;
        let answer = answer.unwrap_or_else(|error| panic!("{api} {id} {fields}: {error}"));
        self.done.insert((api.to_owned(), id.to_owned()));
        serde_json::from_str(answer.get()).unwrap()
    }
}

/// A value that must be text.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn sim() -> Sim {
    // Half past the hour, so that an hourly event is in its middle.
    let start = Moment::parse_rfc3339("2026-11-20T12:30:00Z").unwrap();
    let sim = Sim::builder().rate_limits(false).frozen_at(start);
    sim.start().await.unwrap()
}

#[tokio::test]
async fn all_operations_succeed() {
    let sim = sim().await;
    let gemini = sim.gemini();
    let mut caller = Caller {
        client: client(gemini, &gemini.credentials()),
        done: BTreeSet::new(),
    };
    let master = client(gemini, &gemini.master_credentials());
    market_data(&mut caller, gemini).await;
    orders(&mut caller, gemini).await;
    funds(&mut caller, &master, gemini, &sim).await;
    clearing(&mut caller, &master).await;
    staking_and_instant(&mut caller, gemini, &sim).await;
    derivatives(&mut caller, &sim).await;
    accounts(&mut caller, &master, gemini).await;
    prediction_markets(&mut caller).await;
    prediction_orders(&mut caller, gemini, &sim).await;

    let all: BTreeSet<(String, String)> = operations()
        .map(|row| (row.operation.api.to_owned(), row.operation.id.to_owned()))
        .collect();
    assert_eq!(all.len(), 106);
    let missing: Vec<_> = all.difference(&caller.done).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for request in sim.received() {
        assert_eq!(request.refused, None, "{}", request.operation);
        assert_eq!(request.venue, "gemini");
    }
    for (currency, total) in gemini.totals() {
        assert!(total.is_zero(), "{currency} {total}");
    }
}

async fn market_data(caller: &mut Caller, gemini: &GeminiHandle) {
    let symbols = caller.call(SPOT, "listSymbols", json!({})).await;
    assert!(symbols.as_array().unwrap().contains(&json!("btcusd")));
    for symbol in symbols.as_array().unwrap() {
        let details = json!({ "symbol": symbol });
        let details = caller.call(SPOT, "getSymbolDetails", details).await;
        assert_eq!(text(&details["symbol"]).to_lowercase(), *symbol);
        let book = json!({ "symbol": symbol, "limit_bids": 3 });
        let book = caller.call(SPOT, "getCurrentOrderBook", book).await;
        assert_eq!(book["bids"].as_array().unwrap().len(), 3);
    }
    let ticker = json!({ "symbol": "BTCUSD" });
    let ticker = caller.call(SPOT, "getTicker", ticker).await;
    assert_eq!(text(&ticker["last"]), gemini.price("btcusd").to_string());
    let ticker = json!({ "symbol": "btcusd" });
    let ticker = caller.call(SPOT, "getTickerV2", ticker).await;
    assert_eq!(text(&ticker["close"]), gemini.price("btcusd").to_string());
    let prices = caller.call(SPOT, "listPrices", json!({})).await;
    assert_eq!(
        prices.as_array().unwrap().len(),
        symbols.as_array().unwrap().len()
    );
    let trades = json!({ "symbol": "btcusd", "limit_trades": 5 });
    let trades = caller.call(SPOT, "listTrades", trades).await;
    assert_eq!(trades.as_array().unwrap().len(), 5);
    for frame in ["1m", "5m", "15m", "30m", "1hr", "6hr", "1day"] {
        let candles = json!({ "symbol": "ethusd", "time_frame": frame });
        let candles = caller.call(SPOT, "listCandles", candles).await;
        assert!(!candles.as_array().unwrap().is_empty(), "{frame}");
    }
    let candles = json!({ "symbol": "btcgusdperp", "time_frame": "1m" });
    caller.call(SPOT, "listDerivativeCandles", candles).await;
    caller.call(SPOT, "listFeePromos", json!({})).await;
    let perpetual = || json!({ "symbol": "BTCGUSDPERP" });
    caller.call(SPOT, "getFundingAmount", perpetual()).await;
    let next = caller
        .call(SPOT, "getNextFundingTimestamp", perpetual())
        .await;
    assert_eq!(next, 1_795_179_600_000_u64);
    let report = json!({
        "symbol": "BTCGUSDPERP",
        "fromDate": "2026-11-01",
        "toDate": "2026-11-02",
        "numRows": 10,
    });
    let report = caller
        .call(SPOT, "getFundingAmountReportFile", report)
        .await;
    assert!(report["bytes"].as_u64().unwrap() > 500);
    caller.call(SPOT, "getRiskStats", perpetual()).await;
    let assets = json!({ "network": "bitcoin" });
    let assets = caller.call(SPOT, "getAssetsForNetwork", assets).await;
    assert_eq!(assets["assets"], json!(["BTC"]));
    let token = json!({ "token": "USDC" });
    caller.call(SPOT, "getTokenNetworkV2", token).await;
    let auditor = client(gemini, &gemini.auditor_credentials());
    let rate = json!({ "symbol": "AUDUSD", "timestamp": 1_594_651_859_000_u64 });
    caller.call_as(&auditor, SPOT, "getFXRate", rate).await;
}

async fn orders(caller: &mut Caller, gemini: &GeminiHandle) {
    let usd = gemini.balance("USD");
    let new = |price: &str, more: Value| {
        let mut order = json!({
            "symbol": "btcusd",
            "amount": "0.1",
            "price": price,
            "side": "buy",
            "type": "exchange limit",
        });
        let (order_members, Value::Object(more)) = (order.as_object_mut().unwrap(), more) else {
            panic!("no object");
        };
        order_members.extend(more);
        order
    };
    let resting = new("50000.00", json!({ "client_order_id": "mine-1" }));
    let resting = caller.call(SPOT, "createNewOrder", resting).await;
    assert_eq!(resting["is_live"], true);
    // The fee is held back besides the price.
    assert_eq!(usd - gemini.available("USD"), Decimal::new(50_200_000, 4));
    let found = json!({ "client_order_id": "mine-1", "include_trades": true });
    let found = caller.call(SPOT, "getOrderStatus", found).await;
    assert_eq!(found["order_id"], resting["order_id"]);
    let active = caller.call(SPOT, "listActiveOrders", json!({})).await;
    assert_eq!(active.as_array().unwrap().len(), 1);
    let id = resting["order_id"].as_u64().unwrap();
    let cancelled = caller
        .call(SPOT, "cancelOrder", json!({ "order_id": id }))
        .await;
    assert_eq!(cancelled["reason"], "Requested");
    assert_eq!(gemini.available("USD"), usd);

    let taken = new("70000.00", json!({ "options": ["immediate-or-cancel"] }));
    let taken = caller.call(SPOT, "createNewOrder", taken).await;
    assert!(gemini.balance("BTC") > Decimal::TWO, "{taken}");
    let stop = new(
        "70000.00",
        json!({ "type": "exchange stop limit", "stop_price": "69000.00" }),
    );
    caller.call(SPOT, "createNewOrder", stop).await;
    caller.call(SPOT, "cancelAllSessionOrders", json!({})).await;
    caller
        .call(SPOT, "createNewOrder", new("50000.00", json!({})))
        .await;
    let all = caller.call(SPOT, "cancelAllActiveOrders", json!({})).await;
    assert_eq!(
        all["details"]["cancelledOrders"].as_array().unwrap().len(),
        1
    );
    let past = json!({ "symbol": "btcusd", "limit_orders": 10 });
    let past = caller.call(SPOT, "listPastOrders", past).await;
    assert_eq!(past.as_array().unwrap().len(), 4);
    let trades = json!({ "symbol": "btcusd", "limit_trades": 10, "timestamp": 0 });
    let trades = caller.call(SPOT, "listPastTrades", trades).await;
    assert!(!trades.as_array().unwrap().is_empty());
    let volume = caller.call(SPOT, "getTradingVolume", json!({})).await;
    assert_eq!(volume[0].as_array().unwrap().len(), 1);
    let volume = json!({ "symbol": "btcusd" });
    caller.call(SPOT, "getNotionalTradingVolume", volume).await;
    let wrap = json!({ "symbol": "GUSDUSD", "amount": "10", "side": "buy" });
    caller.call(SPOT, "wrapOrder", wrap).await;
    assert_eq!(gemini.balance("GUSD"), Decimal::from(50_010));
    caller.call(SPOT, "sendHeartbeat", json!({})).await;
}

async fn funds(caller: &mut Caller, master: &Client, gemini: &GeminiHandle, sim: &Sim) {
    let balances = json!({ "showPendingBalances": true });
    let balances = caller.call(SPOT, "getAvailableBalances", balances).await;
    assert_eq!(balances[0]["currency"], "BTC");
    let notional = json!({ "currency": "usd" });
    caller.call(SPOT, "getNotionalBalances", notional).await;
    let address = json!({ "network": "ethereum", "label": "mine" });
    caller.call(SPOT, "createNewDepositAddress", address).await;
    let addresses = json!({ "network": "ethereum" });
    let addresses = caller.call(SPOT, "listDepositAddresses", addresses).await;
    assert_eq!(addresses[0]["label"], "mine");
    let to = gemini.approved_address("ethereum").unwrap();
    let fee = json!({ "network": "ethereum", "ticker": "eth", "address": to, "amount": "1.5" });
    let fee = caller.call(SPOT, "getGasFeeEstimation", fee).await;
    assert_eq!(fee["currency"], "ETH");
    let withdrawal = json!({
        "network": "ethereum",
        "ticker": "eth",
        "address": to,
        "amount": "1.5",
        "clientTransferId": "9c153d64-83ba-4532-a159-ebe3f6797766",
    });
    let first = caller
        .call(SPOT, "withdrawCryptoFunds", withdrawal.clone())
        .await;
    // The same once more is no second withdrawal.
    let second = caller.call(SPOT, "withdrawCryptoFunds", withdrawal).await;
    assert_eq!(first, second);
    assert_eq!(gemini.balance("ETH"), Decimal::from(25));
    assert_eq!(gemini.available("ETH"), Decimal::new(23_499, 3));
    sim.clock().advance(Duration::from_secs(61));
    assert_eq!(gemini.balance("ETH"), Decimal::new(23_499, 3));
    let transfers = json!({ "currency": "ETH", "limit_transfers": 50 });
    let transfers = caller.call(SPOT, "listPastTransfers", transfers).await;
    assert_eq!(transfers[0]["status"], "Complete");
    let transfer = json!({
        "currency": "btc",
        "sourceAccount": "primary",
        "targetAccount": "trading",
        "amount": "0.5",
    });
    let transfer = caller
        .call_as(master, SPOT, "transferBetweenAccounts", transfer)
        .await;
    assert_eq!(transfer["currency"], "Bitcoin");
    let fees = json!({ "account": "vault" });
    caller
        .call_as(master, SPOT, "listCustodyFeeTransfers", fees)
        .await;
    let history = json!({ "limit": 2 });
    let history = caller
        .call_as(master, SPOT, "getTransactionHistory", history)
        .await;
    let rest = json!({ "continuation_token": history["continuationToken"] });
    let rest = caller
        .call_as(master, SPOT, "getTransactionHistory", rest)
        .await;
    assert_ne!(history["results"][0], rest["results"][0]);
    let bank = json!({
        "accountnumber": "123456789",
        "routing": "021000021",
        "type": "checking",
        "name": "A Bank",
    });
    caller.call(SPOT, "addBank", bank).await;
    let bank = json!({
        "swiftcode": "ROYCCAT2",
        "accountnumber": "1234567",
        "type": "savings",
        "name": "Another Bank",
    });
    caller.call(SPOT, "addBankCAD", bank).await;
    let methods = caller.call(SPOT, "listPaymentMethods", json!({})).await;
    assert_eq!(methods["banks"].as_array().unwrap().len(), 3);
    let new = json!({ "network": "bitcoin", "address": "bc1qnew", "label": "new" });
    caller.call(SPOT, "createNewApprovedAddress", new).await;
    let list = json!({ "network": "bitcoin" });
    let list = caller.call(SPOT, "listApprovedAddresses", list).await;
    assert_eq!(list["approvedAddresses"][1]["status"], "pending-time");
    let old = json!({ "network": "bitcoin", "address": "bc1qnew" });
    caller.call(SPOT, "removeApprovedAddress", old).await;
}

/// The counterparty id of an account.
async fn counterparty(caller: &mut Caller, master: &Client, account: &str) -> String {
    let accounts = caller
        .call_as(master, SPOT, "listAccountsInGroup", json!({}))
        .await;
    let mut accounts = accounts.as_array().unwrap().iter();
    let found = accounts.find(|one| one["account"] == account).unwrap();
    text(&found["counterparty_id"]).to_owned()
}

async fn clearing(caller: &mut Caller, master: &Client) {
    let primary = counterparty(caller, master, "primary").await;
    let trading = counterparty(caller, master, "trading").await;
    let deal = json!({ "symbol": "btcusd", "amount": "0.25", "price": "60000.00", "side": "buy" });
    let mut new = deal.clone();
    new["counterparty_id"] = json!(trading);
    let order = caller
        .call(SPOT, "createNewClearingOrder", new.clone())
        .await;
    assert_eq!(order["result"], "AwaitConfirm");
    let mut confirm = deal.clone();
    confirm["clearing_id"] = order["clearing_id"].clone();
    confirm["side"] = json!("sell");
    confirm["account"] = json!("trading");
    let confirmed = caller
        .call_as(master, SPOT, "confirmClearingOrder", confirm)
        .await;
    assert_eq!(confirmed["result"], "confirmed");
    let status = json!({ "clearing_id": order["clearing_id"] });
    let status = caller.call(SPOT, "getClearingOrder", status).await;
    assert_eq!(status["status"], "Settled");
    let trades = caller.call(SPOT, "listClearingTrades", json!({})).await;
    assert_eq!(trades["results"][0]["sourceAccount"], "primary");
    let order = caller.call(SPOT, "createNewClearingOrder", new).await;
    let cancel = json!({ "clearing_id": order["clearing_id"] });
    caller.call(SPOT, "cancelClearingOrder", cancel).await;
    let list = json!({ "symbol": "btcusd", "side": "buy" });
    let list = caller.call(SPOT, "listClearingOrders", list).await;
    assert_eq!(list["orders"].as_array().unwrap().len(), 2);
    let mut broker = deal;
    broker["source_counterparty_id"] = json!(primary);
    broker["target_counterparty_id"] = json!(trading);
    broker["expires_in_hrs"] = json!(1.0);
    let broker = caller.call(SPOT, "createNewBrokerOrder", broker).await;
    assert_eq!(broker["result"], "AwaitSourceTargetConfirm");
    let list = caller.call(SPOT, "listClearingBrokers", json!({})).await;
    assert_eq!(list["orders"][0]["clearing_id"], broker["clearing_id"]);
}

async fn staking_and_instant(caller: &mut Caller, gemini: &GeminiHandle, sim: &Sim) {
    let rates = caller.call(SPOT, "listStakingRates", json!({})).await;
    let provider = rates.as_object().unwrap().keys().next().unwrap().clone();
    let stake = json!({ "providerId": provider, "currency": "ETH", "amount": "10" });
    caller.call(SPOT, "stakeCryptoFunds", stake).await;
    sim.clock().advance(Duration::from_secs(2 * 86_400));
    let unstake = json!({ "providerId": provider, "currency": "ETH", "amount": "1" });
    caller.call(SPOT, "unstakeCryptoFunds", unstake).await;
    let balances = caller.call(SPOT, "listStakingBalances", json!({})).await;
    assert_eq!(balances[0]["currency"], "ETH");
    let history = json!({ "interestOnly": true });
    let history = caller.call(SPOT, "listStakingEventHistory", history).await;
    assert_eq!(history[0]["transactions"].as_array().unwrap().len(), 2);
    let rewards = json!({ "since": "2026-11-01T00:00:00.000Z" });
    let rewards = caller.call(SPOT, "listStakingRewards", rewards).await;
    assert_eq!(
        rewards[&provider]["ETH"]["ratePeriods"][0]["numberOfAccruals"],
        2
    );

    let quote = json!({
        "side": "buy",
        "symbol": "BTCUSD",
        "totalSpend": "100",
        "paymentMethodUuid": gemini.bank_id(),
    });
    let quote = caller.call(SPOT, "getInstantQuote", quote).await;
    let execute = json!({
        "symbol": "BTCUSD",
        "side": "buy",
        "quantity": quote["quantity"],
        "price": quote["price"],
        "fee": quote["fee"],
        "quoteId": quote["quoteId"],
    });
    let bought = caller.call(SPOT, "executeInstantOrder", execute).await;
    assert_eq!(bought["quantity"], quote["quantity"]);
}

async fn derivatives(caller: &mut Caller, sim: &Sim) {
    let order = json!({
        "symbol": "btcgusdperp",
        "amount": "0.2",
        "price": "200000.0",
        "side": "buy",
        "type": "exchange limit",
        "options": ["fill-or-kill"],
    });
    let order = caller.call(SPOT, "createNewOrder", order).await;
    assert_eq!(order["executed_amount"], "0.2", "{order}");
    sim.clock().advance(Duration::from_secs(3 * 3_600));
    let positions = caller.call(SPOT, "getOpenPositions", json!({})).await;
    assert!(positions.to_string().contains("btcgusdperp"), "{positions}");
    let margin = json!({ "symbol": "BTC-GUSD-PERP" });
    let margin = caller.call(SPOT, "getAccountMargin", margin).await;
    assert_ne!(margin["notional_value"], "0");
    let payments = json!({ "since": 0 });
    let payments = caller.call(SPOT, "listFundingPayments", payments).await;
    assert_eq!(payments.as_array().unwrap().len(), 3);
    let range = json!({ "fromDate": "2026-11-01", "toDate": "2026-12-31", "numRows": 2 });
    let report = caller
        .call(SPOT, "getFundingPaymentReportJson", range.clone())
        .await;
    assert_eq!(report.as_array().unwrap().len(), 2);
    let report = caller
        .call(SPOT, "getFundingPaymentReportFile", range)
        .await;
    assert!(report["bytes"].as_u64().unwrap() > 500);
    let symbol = json!({ "symbol": "BTCUSD" });
    caller.call(SPOT, "getMarginAccount", symbol).await;
    caller.call(SPOT, "getMarginRates", json!({})).await;
    let preview = json!({
        "symbol": "BTCUSD",
        "side": "buy",
        "type": "limit",
        "amount": "0.1",
        "price": "60000.00",
    });
    caller.call(SPOT, "previewMarginOrder", preview).await;
}

async fn accounts(caller: &mut Caller, master: &Client, gemini: &GeminiHandle) {
    let detail = caller.call(SPOT, "getAccountDetail", json!({})).await;
    assert_eq!(detail["account"]["shortName"], "primary");
    let new = json!({ "name": "My Third Account", "type": "exchange" });
    let new = caller.call_as(master, SPOT, "createNewAccount", new).await;
    assert_eq!(new["account"], "my-third-account");
    let rename = json!({
        "account": "my-third-account",
        "newName": "Third",
        "newAccount": "third",
    });
    let renamed = caller.call_as(master, SPOT, "renameAccount", rename).await;
    assert_eq!(renamed["account"], "third");
    let accounts = json!({ "limit_accounts": 1 });
    let accounts = caller
        .call_as(master, SPOT, "listAccountsInGroup", accounts)
        .await;
    assert_eq!(accounts[0]["account"], "third");
    let roles = caller.call_as(master, SPOT, "getRoles", json!({})).await;
    assert_eq!(roles["isAccountAdmin"], true);
    let roles = caller.call(SPOT, "getRoles", json!({})).await;
    assert_eq!(roles["isTrader"], true);
    let token = gemini.grant(["balances:read"]);
    let token = FixedToken(AccessToken::new(token.access_token));
    let with_token = builder(gemini).oauth(token).build().unwrap();
    let balances = json!({});
    caller
        .call_as(&with_token, SPOT, "getAvailableBalances", balances)
        .await;
    caller
        .call_as(&with_token, SPOT, "revokeOAuthToken", json!({}))
        .await;
}

async fn prediction_markets(caller: &mut Caller) {
    let events = json!({ "status": ["active", "settled"], "category": ["crypto", "Economics"] });
    let events = caller.call(PREDICTIONS, "listEvents", events).await;
    assert!(events["data"].as_array().unwrap().len() >= 2, "{events}");
    let event = json!({ "eventTicker": "FEDNEXT" });
    let event = caller.call(PREDICTIONS, "getEvent", event).await;
    assert_eq!(
        event["contracts"][0]["instrumentSymbol"],
        "GEMI-FEDNEXT-DN25"
    );
    let newly = caller
        .call(PREDICTIONS, "listNewlyListedEvents", json!({}))
        .await;
    let hourly = text(&newly["data"][0]["ticker"]).to_owned();
    let strike = json!({ "eventTicker": hourly });
    caller.call(PREDICTIONS, "getEventStrike", strike).await;
    let settled = caller
        .call(PREDICTIONS, "listRecentlySettledEvents", json!({}))
        .await;
    assert_eq!(settled["data"][0]["status"], "settled");
    let upcoming = json!({ "sport": ["soccer"] });
    let upcoming = caller
        .call(PREDICTIONS, "listUpcomingEvents", upcoming)
        .await;
    assert_eq!(upcoming["data"][0]["category"], "Sports");
    let categories = caller.call(PREDICTIONS, "getCategories", json!({})).await;
    assert!(
        categories["categories"]
            .as_array()
            .unwrap()
            .contains(&json!("Crypto"))
    );
    let date = || json!({ "date": "2026-11-19" });
    caller
        .call(PREDICTIONS, "getPredictionMarketDailyVolume", date())
        .await;
    caller
        .call(PREDICTIONS, "getPredictionMarketHourlyVolume", date())
        .await;
    caller
        .call(PREDICTIONS, "getPredictionMarketsTerms", json!({}))
        .await;
    let status = caller
        .call(PREDICTIONS, "getPredictionMarketsTermsStatus", json!({}))
        .await;
    assert_eq!(status["hasAcceptedLatest"], false);
    caller
        .call(PREDICTIONS, "acceptPredictionMarketsTerms", json!({}))
        .await;
    caller
        .call(PREDICTIONS, "getMakerRebateRates", json!({}))
        .await;
    caller
        .call(PREDICTIONS, "getLiquidityRewardsConfig", json!({}))
        .await;
    let rewards = json!({ "sort": "title_asc", "limit": 1 });
    let rewards = caller
        .call(PREDICTIONS, "listLiquidityRewardsEvents", rewards)
        .await;
    assert_eq!(rewards["events"].as_array().unwrap().len(), 1);
    let dates = || json!({ "dateFrom": "2026-11-01", "dateTo": "2026-11-03" });
    let daily = caller
        .call(PREDICTIONS, "getLiquidityRewardsDailySummary", dates())
        .await;
    assert_eq!(daily["daily_summaries"].as_array().unwrap().len(), 3);
    caller
        .call(PREDICTIONS, "getLiquidityRewardsLifetimeSummary", dates())
        .await;
}

async fn prediction_orders(caller: &mut Caller, gemini: &GeminiHandle, sim: &Sim) {
    const YES: &str = "GEMI-FEDNEXT-DN25";
    assert!(gemini.set_prediction_price(YES, Decimal::new(50, 2)));
    let order = |side: &str, price: &str| {
        json!({
            "symbol": YES,
            "orderType": "limit",
            "side": side,
            "quantity": "100",
            "price": price,
            "outcome": "yes",
        })
    };
    let bought = caller
        .call(PREDICTIONS, "placeOrder", order("buy", "0.60"))
        .await;
    assert_eq!(bought["status"], "filled");
    assert_eq!(bought["avgExecutionPrice"], "0.51");
    let batch =
        json!({ "orders": [order("buy", "0.40"), order("sell", "0.90"), order("sell", "0.90")] });
    let batch = caller.call(PREDICTIONS, "placeOrderBatch", batch).await;
    let results = batch["results"].as_array().unwrap();
    assert_eq!(results[0]["order"]["status"], "open");
    // The first one holds all that there is.
    assert_eq!(results[2]["error"], "InsufficientFunds");
    let open = json!({ "symbol": YES, "limit": 10 });
    let open = caller.call(PREDICTIONS, "getActiveOrders", open).await;
    assert_eq!(open["orders"].as_array().unwrap().len(), 2);
    let id = |index: usize| results[index]["order"]["orderId"].clone();
    let cancel = json!({ "orderId": id(0) });
    caller.call(PREDICTIONS, "cancelOrder", cancel).await;
    let cancel = json!({ "orderIds": [id(1), 1] });
    let cancelled = caller.call(PREDICTIONS, "cancelOrderBatch", cancel).await;
    assert_eq!(cancelled["results"][0]["result"], "ok");
    assert_eq!(cancelled["results"][1]["error"], "OrderNotFound");
    let history = json!({ "status": "cancelled" });
    let history = caller.call(PREDICTIONS, "getOrderHistory", history).await;
    assert_eq!(history["orders"].as_array().unwrap().len(), 2);
    let positions = json!({ "eventTicker": "FEDNEXT", "sort": "+positionValue", "limit": 5 });
    let positions = caller.call(PREDICTIONS, "getPositions", positions).await;
    assert_eq!(positions["positions"][0]["totalQuantity"], "100");
    let volume = json!({ "eventTicker": "FEDNEXT" });
    let volume = caller.call(PREDICTIONS, "getVolumeMetrics", volume).await;
    assert_eq!(volume["contracts"][0]["userAggressorQty"], "100");

    let event = json!({ "eventTicker": "FEDNEXT" });
    let event = caller.call(PREDICTIONS, "getEvent", event).await;
    let legs = json!({ "legs": [
        { "contractId": event["contracts"][0]["id"], "requiredOutcome": "Yes" },
        { "contractId": event["contracts"][1]["id"], "requiredOutcome": "No" },
    ] });
    let combo = caller.call(PREDICTIONS, "createCombo", legs.clone()).await;
    assert_eq!(combo["alreadyExisted"], false);
    let again = caller.call(PREDICTIONS, "createCombo", legs).await;
    assert_eq!(again["alreadyExisted"], true);
    let symbol = text(&combo["combo"]["instrumentSymbol"]).to_owned();
    let combos = caller
        .call(PREDICTIONS, "listCombos", json!({ "limit": 5 }))
        .await;
    assert_eq!(combos["combos"].as_array().unwrap().len(), 1);
    let one = json!({ "instrumentSymbol": symbol });
    caller
        .call(PREDICTIONS, "getComboByInstrumentSymbol", one)
        .await;

    // An order that rests and is met is a maker's: a part comes back next day.
    caller
        .call(PREDICTIONS, "placeOrder", order("buy", "0.40"))
        .await;
    assert!(gemini.set_prediction_price(YES, Decimal::new(39, 2)));
    sim.clock().advance(Duration::from_secs(86_400));
    let payouts = caller
        .call(PREDICTIONS, "listMakerRebatePayouts", json!({}))
        .await;
    assert_eq!(payouts["payouts"][0]["total_rebate_usd"], "0.04");
    let total = caller
        .call(PREDICTIONS, "getMakerRebateLifetimeSummary", json!({}))
        .await;
    assert_eq!(total["total_earned_usd"], "0.04");

    let before = gemini.balance("USD");
    assert!(gemini.resolve_prediction(YES, true));
    assert_eq!(gemini.balance("USD") - before, Decimal::from(200));
    let settled = json!({ "withCashOuts": true });
    let settled = caller
        .call(PREDICTIONS, "getSettledPositions", settled)
        .await;
    assert_eq!(settled["positions"][0]["payout"], "200");
}

#[tokio::test]
async fn the_venue_says_what_is_wrong() {
    let sim = sim().await;
    let gemini = sim.gemini();
    let good = gemini.credentials();
    let wrong = Credentials {
        secret: "another".into(),
        ..good.clone()
    };
    let error = client(gemini, &wrong)
        .get_available_balances()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Signature, "{error}");

    let auditor = client(gemini, &gemini.auditor_credentials());
    let error = order(&auditor).send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Permission, "{error}");
    assert!(error.to_string().contains("Trader"), "{error}");
    assert_eq!(error.outcome(), Outcome::NotExecuted);

    let one = GeminiKey {
        account: Some("trading".into()),
        roles: Some(vec![GeminiRole::FundManager]),
        ..GeminiKey::new("account-manager", "secret")
    };
    gemini.add_key(one);
    let manager = builder(gemini)
        .api_key("account-manager", "secret")
        .account("primary");
    let manager = manager.build().unwrap();
    let error = manager.get_available_balances().send().await.unwrap_err();
    assert!(
        error.to_string().contains("AccountsOnGroupOnlyApi"),
        "{error}"
    );

    // The machine's clock and that of the venue are far apart.
    let seconds = gemini.time_based_credentials();
    let seconds = builder(gemini).api_key(seconds.key, seconds.secret);
    let seconds = seconds
        .nonce_kind(NonceKind::TimeBasedRepeating)
        .build()
        .unwrap();
    let error = seconds.get_roles().send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Nonce, "{error}");
    assert!(error.to_string().contains("within 30 s"), "{error}");

    let token = gemini.grant(["orders:read"]);
    let token = FixedToken(AccessToken::new(token.access_token));
    let with_token = builder(gemini).oauth(token).build().unwrap();
    with_token.list_active_orders().send().await.unwrap();
    let error = with_token
        .get_available_balances()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Permission, "{error}");

    let trader = client(gemini, &good);
    let error = order(&trader)
        .amount(Decimal::from(1_000))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Funds, "{error}");
    let error = trader
        .get_ticker()
        .symbol("nosuch")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
    let error = trader.cancel_order().order_id(1).send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
    let error = trader
        .cancel_clearing_order()
        .clearing_id("NOSUCH00")
        .send()
        .await;
    assert_eq!(error.unwrap_err().kind(), Kind::NotFound);
    let refused = sim
        .received()
        .iter()
        .filter(|one| one.refused.is_some())
        .count();
    assert_eq!(refused, 9);
    let parameters = json!({
        "symbol": "GEMI-FEDNEXT-DN25",
        "orderType": "limit",
        "side": "buy",
        "quantity": "1",
        "price": "0.99",
        "outcome": "yes",
    });
    let parameters = Parameters::from_json(&parameters.to_string()).unwrap();
    let early = send(&trader, PREDICTIONS, "placeOrder", parameters).await;
    let Err(DispatchError::Call(error)) = early else {
        panic!("{early:?}");
    };
    assert!(error.to_string().contains("TERMS_NOT_ACCEPTED"), "{error}");
}

/// An order that would rest.
fn order(
    client: &Client,
) -> gemini_exchange::order::NewOrder<gemini_exchange::Symbol, Decimal, Decimal, Side, OrderType> {
    client
        .new_order()
        .symbol("btcusd")
        .amount(Decimal::new(1, 2))
        .price(Decimal::from(50_000))
        .side(Side::Buy)
        .order_type(OrderType::Limit)
}

#[tokio::test]
async fn orders_end_as_their_options_say() {
    let sim = sim().await;
    let gemini = sim.gemini();
    let client = client(gemini, &gemini.credentials());
    let price = gemini.price("btcusd");
    let over = Decimal::from(70_000);
    let cases = [
        (
            OrderOption::MakerOrCancel,
            over,
            Some("MakerOrCancelWouldTake"),
        ),
        (OrderOption::MakerOrCancel, price / Decimal::TWO, None),
        (
            OrderOption::ImmediateOrCancel,
            Decimal::from(50_000),
            Some("ImmediateOrCancelWouldPost"),
        ),
        (
            OrderOption::FillOrKill,
            Decimal::from(50_000),
            Some("FillOrKillWouldNotFill"),
        ),
        (OrderOption::FillOrKill, over, None),
    ];
    for (option, price, reason) in cases {
        let order = order(&client)
            .price(price.round_dp(2))
            .options([option.clone()]);
        let order = order.send().await.unwrap();
        assert_eq!(order.is_cancelled, reason.is_some(), "{option:?}");
        let said = order.reason.as_ref().map(CancelReason::as_str);
        assert_eq!(said, reason, "{option:?}");
    }
}

#[tokio::test]
async fn a_silent_key_loses_its_orders() {
    let sim = sim().await;
    let gemini = sim.gemini();
    let quiet = client(gemini, &gemini.heartbeat_credentials());
    let other = client(gemini, &gemini.credentials());
    let lost = order(&quiet).send().await.unwrap();
    let kept = order(&other).send().await.unwrap();
    sim.clock().advance(Duration::from_secs(29));
    quiet.send_heartbeat().send().await.unwrap();
    sim.clock().advance(Duration::from_secs(29));
    let active = other.list_active_orders().send().await.unwrap();
    assert_eq!(active.len(), 2);
    sim.clock().advance(Duration::from_secs(2));
    let active = other.list_active_orders().send().await.unwrap();
    assert_eq!(active.len(), 1);
    assert_eq!(active[0].order_id, kept.order_id);
    let lost = other
        .get_order_status()
        .order_id(lost.order_id)
        .send()
        .await
        .unwrap();
    assert!(lost.is_cancelled);
}

#[tokio::test]
async fn limits_hold_and_the_sandbox_is_apart() {
    let sim = Sim::builder().start().await.unwrap();
    let sandbox = sim.gemini_sandbox();
    assert_ne!(sandbox.url(), sim.gemini().url());
    let tester = client(sandbox, &sandbox.credentials());
    let events = tester.predictions().list_events().send().await.unwrap();
    assert!(events.data.is_empty());
    tester.get_available_balances().send().await.unwrap();
    let stranger = client(sandbox, &sim.gemini().credentials());
    let error = stranger.get_available_balances().send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Signature, "{error}");

    let mut refused = None;
    for _ in 0..40 {
        if let Err(error) = tester.list_past_transfers().send().await {
            refused = Some(error);
            break;
        }
    }
    let error = refused.unwrap();
    assert_eq!(error.kind(), Kind::RateLimit, "{error}");
    assert_eq!(error.outcome(), Outcome::NotExecuted);
}

#[tokio::test]
async fn a_lost_answer_leaves_it_open_and_the_order_is_found() {
    let sim = sim().await;
    let gemini = sim.gemini();
    let client = client(gemini, &gemini.credentials());
    sim.faults()
        .add("createNewOrder", Fault::DropAfter, Often::Times(1));
    let lost = order(&client).client_order_id("lost-1").send().await;
    assert_eq!(lost.unwrap_err().outcome(), Outcome::Unknown);
    let found = client
        .get_order_status()
        .client_order_id("lost-1")
        .send()
        .await;
    assert!(found.unwrap().is_live);
    let maintenance = Fault::Error("Maintenance: back soon".into());
    sim.faults()
        .add("getAvailableBalances", maintenance, Often::Times(1));
    let error = client.get_available_balances().send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
}

#[tokio::test]
async fn scripts_move_prices_and_money() {
    let sim = sim().await;
    let gemini = sim.gemini();
    let client = client(gemini, &gemini.credentials());
    let placed = order(&client).send().await.unwrap();
    assert!(gemini.fill_order(placed.order_id, Decimal::new(4, 3)));
    let part = client
        .get_order_status()
        .order_id(placed.order_id)
        .send()
        .await
        .unwrap();
    assert_eq!(part.executed_amount, Decimal::new(4, 3));
    gemini.set_price("btcusd", Decimal::from(49_000));
    let whole = client
        .get_order_status()
        .order_id(placed.order_id)
        .send()
        .await
        .unwrap();
    assert!(!whole.is_live && !whole.is_cancelled);
    assert_eq!(gemini.balance("BTC"), Decimal::new(201, 2));
    // Bought at its own price, as a maker.
    assert_eq!(gemini.balance("USD"), Decimal::from(99_499));
    gemini.deposit("BTC", Decimal::ONE);
    assert_eq!(gemini.balance("BTC"), Decimal::new(201, 2));
    sim.clock().advance(Duration::from_secs(60));
    assert_eq!(gemini.balance("BTC"), Decimal::new(301, 2));
    gemini.set_balance("BTC", Decimal::ZERO);
    assert_eq!(gemini.balance("BTC"), Decimal::ZERO);
}

#[tokio::test]
async fn failures_that_look_like_successes_are_failures() {
    let sim = sim().await;
    let gemini = sim.gemini();
    let trader = client(gemini, &gemini.credentials());
    let deal = || {
        trader
            .new_clearing_order()
            .symbol("btcusd")
            .amount(Decimal::ONE)
            .price(Decimal::from(60_000))
            .side(Side::Buy)
    };
    let made = deal().send().await.unwrap();
    let id = made.clearing_id.unwrap();
    // One's own side, under HTTP 200.
    let master = client(gemini, &gemini.master_credentials());
    let confirm = master
        .confirm_clearing_order()
        .account("trading")
        .clearing_id(&id)
        .symbol("btcusd")
        .amount(Decimal::ONE)
        .price(Decimal::from(60_000))
        .side(Side::Buy);
    let error = confirm.send().await.unwrap_err();
    assert!(error.to_string().contains("InvalidSide"), "{error}");
    assert_eq!(error.status(), Some(200));
    let cancel = || trader.cancel_clearing_order().clearing_id(&id);
    cancel().send().await.unwrap();
    let error = cancel().send().await.unwrap_err();
    assert!(error.to_string().contains("Unable to cancel"), "{error}");
    assert_eq!(error.status(), Some(200));

    // An answer that breaks off says nothing.
    sim.faults()
        .add("createNewOrder", Fault::CutAnswer, Often::Times(1));
    let error = order(&trader).send().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    // The account of a master key's call is missing: nothing is sent.
    let before = sim.received().len();
    let error = master.get_available_balances().send().await.unwrap_err();
    assert!(error.to_string().contains("account"), "{error}");
    assert_eq!(sim.received().len(), before);
}

#[tokio::test]
async fn a_key_that_wants_seconds_gets_them() {
    let sim = Sim::builder().start().await.unwrap();
    let gemini = sim.gemini();
    let seconds = gemini.time_based_credentials();
    let seconds = builder(gemini).api_key(seconds.key, seconds.secret);
    let seconds = seconds.nonce_kind(NonceKind::TimeBased).build().unwrap();
    for _ in 0..3 {
        assert!(seconds.get_roles().send().await.unwrap().is_trader);
    }
}
