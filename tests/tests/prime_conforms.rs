//! Kraken Prime's client and its simulator were written apart from each other; both are held
//! against a third thing, the table of the vendor's description: what each sends to the other has
//! nothing else in it, and nothing less.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exchange_sim::{PrimeHandle, Sim};
use futures_util::{SinkExt as _, StreamExt as _};
use kraken_prime::commands::{NewOrder, OrderId, Placed, SteadyPace, StopLimit};
use kraken_prime::enums::{
    ConfigMode, ControlAction, ErrorAction, ExecType, OrdStatus, QuoteStatus, Side, TimeInForce,
};
use kraken_prime::rest::{AssetKind, BatchStatus, PaceMode, RestClient, UserRole, UserStatus};
use kraken_prime::streams::{ExecutionReport, Quote};
use kraken_prime::{Client, Decimal, Error, Kind, Notice, Outcome, Subscription, Time, Topic};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use workspace_tests::prime_sheet::{By, Sheet};
use workspace_tests::relay::{self, Called, Said, Tape};

const SYMBOL: &str = "BTC-USD";

#[test]
fn the_vendor_s_samples_conform() {
    let sheet = Sheet::read();
    let samples = include_str!("../../crates/kraken-prime/tests/samples.jsonl");
    let mut misfits = Vec::new();
    let mut seen = BTreeSet::new();
    for sample in samples.lines() {
        let message: Value = serde_json::from_str(sample).unwrap();
        let kind = message["type"].as_str().unwrap().to_owned();
        let is_venue = message["seqNum"].is_number() || message["page"].is_boolean();
        let is_venue = is_venue || ["hello", "Pong", "error"].contains(&kind.as_str());
        let by = if is_venue { By::Venue } else { By::Client };
        let found = sheet.message(by, &message);
        misfits.extend(
            found
                .into_iter()
                .map(|misfit| format!("{sample}\n  {misfit}")),
        );
        seen.insert((is_venue, kind));
    }
    // The sample of a replacement is for a limit order with a strategy that is not named.
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
    let of = |wanted: bool| {
        let kinds = seen.iter().filter(|(is_venue, _)| *is_venue == wanted);
        kinds
            .map(|(_, kind)| kind.as_str())
            .collect::<BTreeSet<_>>()
    };
    let sent = sheet.records("sent ").into_iter();
    let sent = sent.filter(|name| !name.contains("Prime")).collect();
    assert_eq!(of(false), sent);
    let mut heard: BTreeSet<&str> = sheet.values("Stream").iter().copied().collect();
    heard.extend(["hello", "Pong", "error"]);
    assert_eq!(of(true), heard);
}

/// The table tells right from wrong.
#[test]
fn what_does_not_conform_is_found() {
    let sheet = Sheet::read();
    let right = json!({"reqid": 1, "type": "Balance", "ts": "2021-09-16T16:17:06.892914Z",
        "seqNum": 1, "data": [{"Currency": "USD", "Amount": "1.5", "AvailableAmount": "-1"}]});
    assert_eq!(sheet.message(By::Venue, &right), Vec::<String>::new());
    for (place, value, wanted) in [
        (
            "/data/0/Amount",
            json!(1.5),
            "Balance.Amount: not of the type decimal: 1.5",
        ),
        (
            "/data/0/Amount",
            json!("1e5"),
            "Balance.Amount: not of the type decimal: \"1e5\"",
        ),
        (
            "/data/0/Currency",
            json!(7),
            "Balance.Currency: not of the type text: 7",
        ),
        (
            "/data/0",
            json!({"Currency": "USD", "Amount": "1"}),
            "Balance.AvailableAmount: missing",
        ),
        ("/data", json!({}), "Balance.data: not an array: {}"),
        (
            "/ts",
            json!("2021-09-16T16:17:06.892Z"),
            "Balance.ts: not of the type time: \"2021-09-16T16:17:06.892Z\"",
        ),
        (
            "/seqNum",
            json!("1"),
            "Balance.seqNum: not of the type int: \"1\"",
        ),
    ] {
        let mut wrong = right.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        assert_eq!(sheet.message(By::Venue, &wrong), [wanted]);
    }
    let mut more = right.clone();
    more["data"][0]["Total"] = "1".into();
    let wanted = "Balance.Total: not in the description";
    assert_eq!(sheet.message(By::Venue, &more), [wanted]);
    let mut unknown = right;
    unknown["type"] = "Position".into();
    assert_eq!(sheet.message(By::Venue, &unknown).len(), 2);
}

/// A venue with a client, and what they say to each other.
struct Stage {
    sim: Sim,
    client: Client,
    tape: Tape,
    impossible: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    async fn new() -> Self {
        let builder = Sim::builder()
            .journal(5_000)
            .prime_page(3)
            .rate_limits(false);
        let sim = builder.start().await.unwrap();
        let prime = sim.prime();
        prime.freeze_market(true);
        prime.set_market_data_throttle(Duration::ZERO);
        let tape = Tape::default();
        let key = prime.credentials();
        let url = relay::prime(prime, key.clone(), &tape).await;
        let builder = Client::builder().url(url).api_key(key.key, key.secret);
        let client = builder.connect().await.unwrap();
        let mut notices = client.notices();
        let impossible = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&impossible);
        tokio::spawn(async move {
            while let Some(notice) = notices.next().await {
                if !matches!(notice, Notice::Connected { .. }) {
                    told.lock().unwrap().push(format!("{notice:?}"));
                }
            }
        });
        Self {
            sim,
            client,
            tape,
            impossible,
        }
    }

    fn prime(&self) -> &PrimeHandle {
        self.sim.prime()
    }

    /// The market's price, in whole dollars.
    fn price(&self) -> Decimal {
        self.prime().price(SYMBOL).unwrap().trunc()
    }

    fn order(&self, side: Side) -> NewOrder<String, Side, Decimal> {
        let order = self.client.new_order().symbol(SYMBOL).side(side);
        order.quantity(hundredths(1))
    }

    /// An order that rests.
    async fn resting(&self) -> Placed {
        let price = self.price() / Decimal::TWO;
        let order = self.order(Side::Buy).currency("BTC");
        let order = order.limit(price.trunc(), TimeInForce::GoodTillCancel);
        order.send().await.unwrap()
    }

    async fn quote(&self, side: Option<Side>) -> Quote {
        let request = self.client.request_quote().symbol(SYMBOL).currency("BTC");
        let mut request = request.quantity(hundredths(1));
        if let Some(side) = side {
            request = request.side(side);
        }
        request.send().await.unwrap()
    }
}

fn hundredths(number: i64) -> Decimal {
    Decimal::new(number, 2)
}

fn status(report: &ExecutionReport) -> OrdStatus {
    report.ord_status.clone().unwrap()
}

/// A refusal by the venue, which nothing was done of, with the reason that it gives.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: Kind, reason: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.outcome(), Outcome::NotExecuted, "{error}");
    assert!(error.to_string().contains(reason), "{reason}: {error}");
}

#[tokio::test]
async fn client_and_simulator_conform() {
    let stage = Stage::new().await;
    let begun = streams_begin(&stage).await;
    plain_orders(&stage).await;
    strategies(&stage).await;
    changes(&stage).await;
    quotes(&stage).await;
    settings(&stage).await;
    refusals(&stage).await;
    news(&stage).await;
    stage.client.ping().await.unwrap();
    // Again, now that there is something in all of them, and more than a page.
    let again = streams_begin(&stage).await;
    wait_for_all_pages(&stage).await;
    drop((begun, again));
    stage.client.close().await;
    judge(&stage);
}

/// Subscribes to all streams, with every parameter there is.
async fn streams_begin(stage: &Stage) -> impl Sized {
    let client = &stage.client;
    let start = || Time::from_unix_micros(1_500_000_000_000_000);
    let end = || Time::from_unix_micros(4_000_000_000_000_000);
    let all = [OrdStatus::New, OrdStatus::Filled, OrdStatus::Canceled];
    let reports = client
        .execution_reports()
        .start(start())
        .end(end())
        .symbol(SYMBOL);
    let orders = client
        .orders()
        .start(start())
        .end(end())
        .symbol(SYMBOL)
        .statuses(all);
    let trades = client.trades().start(start()).end(end()).symbol(SYMBOL);
    let ten = Duration::from_secs(15);
    let conversions = client
        .conversions("USD")
        .currencies(["BTC", "ETH", SYMBOL, "EUR"]);
    let conversions = conversions.throttle(ten).tolerance(Decimal::new(2, 4));
    let market = client
        .market_data(SYMBOL)
        .throttle(Duration::from_millis(1));
    (
        client
            .balances()
            .equivalent("USD")
            .tag("tagged")
            .view()
            .await
            .unwrap(),
        client.balances().currencies(["BTC"]).view().await.unwrap(),
        client.currencies().view().await.unwrap(),
        client.currencies().symbols(["BTC"]).view().await.unwrap(),
        client.securities().view().await.unwrap(),
        client.securities().symbols([SYMBOL]).view().await.unwrap(),
        (
            conversions.view().await.unwrap(),
            client.conversions("EUR").view().await.unwrap(),
            drained(reports.subscribe().await.unwrap()),
            client
                .execution_reports()
                .rfq_id("x")
                .subscribe()
                .await
                .unwrap(),
            client.exposures().view().await.unwrap(),
            market.depth(3).view().await.unwrap(),
        ),
        (
            client
                .market_data("ETH-USD")
                .size_buckets([Decimal::ONE])
                .view()
                .await
                .unwrap(),
            client
                .market_data(SYMBOL)
                .price_increment(Decimal::TEN)
                .view()
                .await
                .unwrap(),
            orders.view().await.unwrap(),
            client.orders().order_id("x").view().await.unwrap(),
            client.orders().view().await.unwrap(),
        ),
        (
            client
                .quotes()
                .start(start())
                .end(end())
                .symbol(SYMBOL)
                .view()
                .await
                .unwrap(),
            drained(trades.subscribe().await.unwrap()),
            client
                .trades()
                .order_id("x")
                .rfq_id("y")
                .subscribe()
                .await
                .unwrap(),
            client.quotes().rfq_id("x").view().await.unwrap(),
            client.users().view().await.unwrap(),
        ),
    )
}

/// Takes what comes, without which no further page is asked for.
fn drained<T: Topic>(mut subscription: Subscription<T>) -> AbortOnDrop {
    let task = tokio::spawn(async move {
        while let Some(event) = subscription.next().await {
            event.unwrap();
        }
    });
    AbortOnDrop(task.abort_handle())
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn plain_orders(stage: &Stage) {
    let price = stage.price();
    let far = (price / Decimal::TWO).trunc();
    let above = (price * Decimal::TWO).trunc();
    let filled = async |order: NewOrder<String, Side, Decimal, _>| {
        let end = order.send().await.unwrap().finished().await.unwrap();
        assert_eq!(status(&end), OrdStatus::Filled, "{end:?}");
        end
    };
    let canceled = async |order: NewOrder<String, Side, Decimal, _>| {
        let end = order.send().await.unwrap().finished().await.unwrap();
        assert_eq!(status(&end), OrdStatus::Canceled, "{end:?}");
    };
    for force in [
        TimeInForce::FillOrKill,
        TimeInForce::FillAndKill,
        TimeInForce::GoodTillCancel,
    ] {
        let end = filled(stage.order(Side::Buy).market(force.clone())).await;
        assert_eq!(end.exec_type, Some(ExecType::Trade));
        filled(stage.order(Side::Buy).limit(above, force.clone())).await;
        filled(stage.order(Side::Sell).limit(far, force.clone())).await;
        if force != TimeInForce::GoodTillCancel {
            canceled(stage.order(Side::Buy).limit(far, force)).await;
        }
    }
    // For an amount in the quote currency.
    let order = stage.client.new_order().symbol(SYMBOL).side(Side::Sell);
    let order = order.quantity(Decimal::from(500)).currency("USD");
    let end = filled(order.market(TimeInForce::FillOrKill)).await;
    assert_eq!(end.amount_currency.as_deref(), Some("BTC"));

    let placed = stage.resting().await;
    let ended = placed.cancel().send().await.unwrap();
    assert_eq!(ended.exec_type, Some(ExecType::Canceled));
    // What the venue does by itself.
    let mut placed = stage.resting().await;
    let id = placed.order_id().unwrap().to_owned();
    assert!(stage.prime().restate_order(&id, Decimal::new(8, 3)));
    assert_eq!(
        stage.prime().fill_order(&id, Decimal::new(2, 3)),
        Decimal::new(2, 3)
    );
    let by_client = OrderId::Client(placed.cl_ord_id().to_owned());
    let cancel = stage.client.cancel_order().symbol(SYMBOL).order(by_client);
    let ended = cancel.send().await.unwrap();
    assert_eq!(ended.cum_qty, Some(Decimal::new(2, 3)));
    assert_eq!(
        status(&placed.finished().await.unwrap()),
        OrdStatus::Canceled
    );
}

async fn strategies(stage: &Stage) {
    let price = stage.price();
    let above = (price * Decimal::TWO).trunc();
    let now = Time::now().unix_nanos().unwrap() / 1000;
    let later = |seconds: i64| Time::from_unix_micros(now + seconds * 1_000_000);
    let pace = SteadyPace::new(Decimal::new(5, 3), Duration::from_secs(60))
        .start_time(later(30))
        .end_time(later(36_000))
        .variance(Decimal::new(1, 1))
        .error_action(ErrorAction::Pause);
    let order = stage
        .order(Side::Buy)
        .limit(above, TimeInForce::GoodTillCancel);
    let mut placed = order.strategy(pace).send().await.unwrap();
    let id = || OrderId::Venue(placed.order_id().unwrap().to_owned());
    let control = |action| {
        stage
            .client
            .control_order()
            .order(id())
            .action(action)
            .send()
    };
    let paused = control(ControlAction::Pause).await.unwrap();
    assert_eq!(paused.exec_type, Some(ExecType::Paused));
    refused(
        control(ControlAction::Pause).await,
        Kind::OrderRejected,
        "pauses already",
    );
    let resumed = control(ControlAction::Resume).await.unwrap();
    assert_eq!(resumed.exec_type, Some(ExecType::Resumed));
    refused(
        control(ControlAction::Resume).await,
        Kind::OrderRejected,
        "does not pause",
    );
    // With all its parameters anew, and with one of them.
    let pace = SteadyPace::new(Decimal::new(6, 3), Duration::from_secs(30));
    let replace = || {
        let replace = stage.client.replace_order().symbol(SYMBOL).order(id());
        replace.total_quantity(Decimal::new(12, 3)).price(above)
    };
    replace().strategy(pace).send().await.unwrap();
    let parameters = r#"{"ErrorAction":"Cancel"}"#.parse().unwrap();
    let replaced = replace().parameters(parameters).end_time(later(72_000));
    let replaced = replaced.send().await.unwrap();
    assert_eq!(replaced.exec_type, Some(ExecType::Replaced));
    for _ in 0..3 {
        stage.sim.clock().advance(Duration::from_secs(40));
    }
    assert_eq!(status(&placed.finished().await.unwrap()), OrdStatus::Filled);

    let stop = StopLimit::new(price + Decimal::ONE_HUNDRED).end_time(later(36_000));
    let order = stage
        .order(Side::Buy)
        .limit(above, TimeInForce::GoodTillCancel);
    let mut placed = order.strategy(stop).send().await.unwrap();
    assert!(
        stage
            .prime()
            .set_price(SYMBOL, price + Decimal::ONE_THOUSAND)
    );
    assert_eq!(status(&placed.finished().await.unwrap()), OrdStatus::Filled);
    assert!(stage.prime().set_price(SYMBOL, price));
}

async fn changes(stage: &Stage) {
    let placed = stage.resting().await;
    let far = placed.accepted().price.unwrap();
    let id = placed.order_id().unwrap().to_owned();
    assert!(!stage.prime().fill_order(&id, Decimal::new(3, 3)).is_zero());
    let replace = |order| {
        let replace = stage.client.replace_order().symbol(SYMBOL).order(order);
        replace.total_quantity(Decimal::new(8, 3))
    };
    let venue_id = || OrderId::Venue(id.clone());
    let replaced = replace(OrderId::Client(placed.cl_ord_id().to_owned()));
    let replaced = replaced.price(far - Decimal::ONE).cl_ord_id("mine-1");
    let replaced = replaced.send().await.unwrap();
    assert_eq!(replaced.exec_type, Some(ExecType::Replaced));
    assert_eq!(status(&replaced), OrdStatus::New);
    assert_eq!(replaced.leaves_qty, Some(Decimal::new(5, 3)));
    assert_eq!(replaced.cl_ord_id.as_deref(), Some("mine-1"));
    let low = stage
        .client
        .replace_order()
        .symbol(SYMBOL)
        .order(venue_id());
    let low = low.total_quantity(Decimal::new(3, 3)).price(far);
    refused(
        low.send().await,
        Kind::OrderRejected,
        "above what is filled",
    );
    refused(
        replace(venue_id()).send().await,
        Kind::OrderRejected,
        "missing Price",
    );
    let used = replace(venue_id()).price(far).cl_ord_id("mine-1");
    refused(used.send().await, Kind::InvalidRequest, "DuplicateClOrdID");

    // While one request is pending another one is refused, and fills go on.
    stage.prime().set_decision_time(Duration::from_secs(3_600));
    let cancel = || stage.client.cancel_order().symbol(SYMBOL).order(venue_id());
    let pending = tokio::spawn(cancel().cl_ord_id("mine-2").send());
    let is_pending = |message: &Value| {
        message["data"][0]["ClOrdID"] == "mine-2"
            && message["data"][0]["ExecType"] == "PendingCancel"
    };
    stage.tape.heard("PendingCancel", is_pending).await;
    refused(
        cancel().send().await,
        Kind::OrderRejected,
        "AlreadyInPending",
    );
    assert!(!stage.prime().fill_order(&id, Decimal::new(1, 3)).is_zero());
    stage.prime().set_decision_time(Duration::ZERO);
    stage.sim.clock().advance(Duration::from_secs(4_000));
    let ended = pending.await.unwrap().unwrap();
    assert_eq!(ended.cum_qty, Some(Decimal::new(4, 3)));
    // It is cancelled, which is what was wanted; one that is filled can't be.
    let again = cancel().send().await.unwrap();
    assert_eq!(again.exec_type, Some(ExecType::CancelRejected));
    let filled = stage.order(Side::Buy).market(TimeInForce::FillOrKill);
    let mut filled = filled.send().await.unwrap();
    filled.finished().await.unwrap();
    refused(
        filled.cancel().send().await,
        Kind::OrderRejected,
        "TooLateToCancel",
    );
}

async fn quotes(stage: &Stage) {
    for (asked, side) in [
        (None, Side::Buy),
        (None, Side::Sell),
        (Some(Side::Buy), Side::Buy),
        (Some(Side::Sell), Side::Sell),
    ] {
        let quote = stage.quote(asked.clone()).await;
        assert_eq!(quote.quote_status, Some(QuoteStatus::Open));
        assert_eq!(quote.bid_px.is_some(), asked != Some(Side::Buy));
        assert_eq!(quote.offer_px.is_some(), asked != Some(Side::Sell));
        let (quote_id, rfq_id) = quote.ids().unwrap();
        let order = stage.order(side.clone()).quote(quote_id, rfq_id);
        let guard = if side == Side::Buy {
            quote.offer_px
        } else {
            quote.bid_px
        };
        let order = order.guard_price(guard.unwrap()).send();
        let end = order.await.unwrap().finished().await.unwrap();
        assert_eq!(status(&end), OrdStatus::Filled);
        assert_eq!(end.last_px, guard);
    }
    // A limit order against a quote.
    let quote = stage.quote(None).await;
    let order = stage
        .order(Side::Buy)
        .limit(quote.offer_px.unwrap(), TimeInForce::FillOrKill);
    let order = order.rfq_id(quote.rfq_id.clone().unwrap());
    let mut placed = order
        .allowed_slippage(Decimal::new(1, 3))
        .send()
        .await
        .unwrap();
    assert_eq!(status(&placed.finished().await.unwrap()), OrdStatus::Filled);

    let quote = stage.quote(None).await;
    let cancel = |quote: &Quote| {
        let cancel = stage.client.cancel_quote();
        let cancel = cancel.quote_req_id(quote.quote_req_id.clone().unwrap());
        cancel.rfq_id(quote.rfq_id.clone().unwrap()).send()
    };
    let ended = cancel(&quote).await.unwrap();
    assert_eq!(ended.quote_status, Some(QuoteStatus::Canceled));
    assert_eq!(ended.ids(), None);
    // A price that is over, and a request that is.
    let quote = stage.quote(Some(Side::Buy)).await;
    stage.sim.clock().advance(Duration::from_secs(20));
    let (quote_id, rfq_id) = quote.ids().unwrap();
    let late = stage.order(Side::Buy).quote(quote_id, rfq_id).send().await;
    refused(late, Kind::OrderRejected, "QuoteExpired");
    let used = stage.client.request_quote().symbol(SYMBOL).currency("BTC");
    let used = used
        .quantity(hundredths(1))
        .quote_req_id(quote.quote_req_id.clone().unwrap());
    refused(used.send().await, Kind::InvalidRequest, "DuplicateOrder");
}

async fn settings(stage: &Stage) {
    let set = || stage.client.set_user_config().key("symbol");
    let stored = set().value("\"ETH-USD\"").mode(ConfigMode::Enabled).send();
    assert_eq!(stored.await.unwrap().value.as_deref(), Some("\"ETH-USD\""));
    let stored = set()
        .value("[1]")
        .mode(ConfigMode::Disabled)
        .send()
        .await
        .unwrap();
    assert_eq!(stored.mode, Some(ConfigMode::Disabled));
}

async fn refusals(stage: &Stage) {
    let client = &stage.client;
    let price = stage.price();
    let market = |symbol: &str, quantity: Decimal| {
        let order = client.new_order().symbol(symbol).side(Side::Buy);
        order.quantity(quantity).market(TimeInForce::FillOrKill)
    };
    let unknown = market("BTC-XYZ", Decimal::ONE);
    refused(unknown.send().await, Kind::NotFound, "UnknownSymbol");
    let large = market(SYMBOL, Decimal::from(1_000_000));
    refused(large.send().await, Kind::OrderRejected, "OrderExceedsLimit");
    let fine = market(SYMBOL, Decimal::new(1, 12));
    refused(fine.send().await, Kind::OrderRejected, "steps of");
    let placed = stage.resting().await;
    let again = market(SYMBOL, Decimal::ONE).cl_ord_id(placed.cl_ord_id());
    refused(again.send().await, Kind::InvalidRequest, "DuplicateOrder");
    let order = stage
        .order(Side::Buy)
        .limit(price, TimeInForce::GoodTillCancel);
    let stop = StopLimit::new(price - Decimal::ONE_HUNDRED);
    refused(
        order.strategy(stop).send().await,
        Kind::InvalidRequest,
        "above the market",
    );
    let order = stage.order(Side::Buy).quote(
        "20e240c5-9a82-4731-809e-91b3a2bf2f49",
        "8688ceab-ea67-416c-8ce1-9b63d6c0fe4e",
    );
    refused(order.send().await, Kind::NotFound, "RFQID");

    // An order that is another security's is not found, and lives on.
    let other = client.cancel_order().symbol("ETH-USD");
    let other = other.order(OrderId::Venue(placed.order_id().unwrap().to_owned()));
    refused(other.send().await, Kind::NotFound, "UnknownOrder");
    assert_eq!(status(&placed.latest()), OrdStatus::New);
    placed.cancel().send().await.unwrap();

    let nowhere = || OrderId::Client("never-seen".to_owned());
    let cancel = client.cancel_order().symbol(SYMBOL).order(nowhere());
    refused(cancel.send().await, Kind::NotFound, "UnknownOrder");
    let replace = client.replace_order().symbol(SYMBOL).order(nowhere());
    let replace = replace.total_quantity(Decimal::ONE).send();
    refused(replace.await, Kind::NotFound, "UnknownOrder");
    let control = client
        .control_order()
        .order(nowhere())
        .action(ControlAction::Pause);
    refused(control.send().await, Kind::NotFound, "UnknownOrder");

    let ask = client.request_quote().symbol("BTC-XYZ").currency("BTC");
    refused(
        ask.quantity(Decimal::ONE).send().await,
        Kind::NotFound,
        "UnknownSymbol",
    );
    let cancel = client.cancel_quote().quote_req_id("no").rfq_id("no").send();
    refused(cancel.await, Kind::InvalidRequest, "RFQID");
    let setting = client.set_user_config().key("").value("1").send();
    refused(setting.await, Kind::InvalidRequest, "Key");
    let stream = client.market_data("BTC-XYZ").subscribe().await;
    refused(stream, Kind::InvalidRequest, "BTC-XYZ");
}

/// What comes on the streams by itself.
async fn news(stage: &Stage) {
    let prime = stage.prime();
    assert!(prime.set_balance("EUR", Decimal::from(77)));
    prime.set_credit_limit(Decimal::from(4_000_000));
    assert!(prime.set_price("ETH-USD", Decimal::from(4_321)));
    // One after the other, as only the last state of each is told.
    for (stream, symbol) in [("Security", "SOL-USD"), ("Currency", "SOL")] {
        let told = |action: &'static str| {
            stage.tape.heard(action, move |message| {
                let record = &message["data"][0];
                message["type"] == stream
                    && message["initial"] == false
                    && record["Symbol"] == symbol
                    && record["UpdateAction"] == action
            })
        };
        assert!(prime.set_disabled(symbol, true), "{symbol}");
        told("Remove").await;
        assert!(prime.set_disabled(symbol, false), "{symbol}");
        told("Update").await;
    }
    assert!(prime.set_offline("ETH-USD", true));
    stage.sim.clock().advance(Duration::from_secs(20));
    let is_offline = |message: &Value| message["data"][0]["Status"] == "Offline";
    stage.tape.heard("an offline market", is_offline).await;
    assert!(prime.set_offline("ETH-USD", false));
    let rate = |message: &Value| {
        message["type"] == "CurrencyConversion"
            && message["initial"] != true
            && message["page"] != true
    };
    stage.tape.heard("a new rate", rate).await;
}

async fn wait_for_all_pages(stage: &Stage) {
    let asked = |said: &&Said| said.message["type"] == "page";
    let came = |said: &&Said| said.message["page"] == true;
    for _ in 0..1_000 {
        let all = stage.tape.all();
        let open = |said: &&Said| {
            let more = said.message["next"].as_str();
            more.is_some_and(|token| !all.iter().any(|other| follows(other, token)))
        };
        let asked = all.iter().filter(asked).count();
        if asked == all.iter().filter(came).count() && all.iter().find(open).is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not all pages came");
}

fn follows(said: &Said, token: &str) -> bool {
    said.message["streams"][0]["after"] == token
}

/// What was said conforms, and everything there is was said.
fn judge(stage: &Stage) {
    let sheet = Sheet::read();
    let all = stage.tape.all();
    let mut misfits = BTreeSet::new();
    for said in &all {
        for misfit in sheet.message(said.by, &said.message) {
            misfits.insert(format!("{:?}: {misfit}", said.by));
        }
    }
    let misfits: Vec<_> = misfits.into_iter().collect();
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
    numbers_are_right(&all);
    everything_was_said(&sheet, &all);
    // The simulator kept what the client sent, and nothing else was sent.
    let journal = stage.sim.received();
    let kept = journal.iter().filter(|received| received.method == "WS");
    let sent = all.iter().filter(|said| said.by == By::Client);
    assert_eq!(kept.clone().count(), sent.clone().count());
    for (kept, sent) in kept.zip(sent) {
        assert_eq!(
            serde_json::from_slice::<Value>(&kept.body).unwrap(),
            sent.message
        );
    }
    let told = stage.impossible.lock().unwrap();
    assert!(told.is_empty(), "{told:#?}");
}

/// `hello` is first; requests have numbers of their own; answers count from 1, and each stream
/// begins with what it has.
fn numbers_are_right(all: &[Said]) {
    let mut heard = all.iter().filter(|said| said.by == By::Venue);
    assert_eq!(heard.next().unwrap().message["type"], "hello");
    let mut requests = BTreeMap::new();
    let mut last = BTreeMap::new();
    for said in all.iter().skip(1) {
        let reqid = said.message["reqid"].as_u64().unwrap();
        let kind = said.message["type"].as_str().unwrap();
        match said.by {
            By::Client if matches!(kind, "page" | "cancel") => {
                assert_eq!(requests.get(&reqid), Some(&"subscribe"), "{said:?}");
            }
            By::Client => assert_eq!(requests.insert(reqid, kind), None, "{said:?}"),
            By::Venue => {
                assert!(requests.contains_key(&reqid), "{said:?}");
                if kind == "Pong" {
                    continue;
                }
                let number = ["seqNum", "seq"].map(|name| said.message[name].as_u64());
                let [number] = number.into_iter().flatten().collect::<Vec<_>>()[..] else {
                    panic!("{said:?}");
                };
                let before = last.insert(reqid, number).unwrap_or_default();
                assert_eq!(number, before + 1, "{said:?}");
                let initial = said.message["initial"] == true;
                assert_eq!(initial, number == 1 && kind != "error", "{said:?}");
            }
        }
    }
}

fn everything_was_said(sheet: &Sheet, all: &[Said]) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for said in all {
        let message = &said.message;
        let kind = message["type"].as_str().unwrap();
        seen.insert(format!("{:?} {kind}", said.by));
        let records = message["data"].as_array().map_or(&[][..], Vec::as_slice);
        if said.by == By::Client || records.is_empty() {
            continue;
        }
        let occasion = match (message["initial"] == true, message["page"] == true) {
            (true, _) => "snapshot",
            (_, true) => "page",
            _ => "update",
        };
        seen.insert(format!("{kind} {occasion}"));
        if let Some(action) = message["action"].as_str() {
            seen.insert(format!("{kind} {action}"));
        }
        for record in records {
            for name in [
                "ExecType",
                "OrdStatus",
                "QuoteStatus",
                "TradeStatus",
                "DecisionStatus",
            ] {
                if let Some(value) = record[name].as_str() {
                    seen.insert(format!("{kind} {name} {value}"));
                }
            }
        }
    }
    let mut wanted: Vec<String> = Vec::new();
    for stream in sheet.values("Stream") {
        wanted.extend(["snapshot", "update"].map(|occasion| format!("{stream} {occasion}")));
    }
    let sent = sheet.records("sent ").into_iter();
    let sent = sent.filter(|name| !name.contains("Prime"));
    wanted.extend(sent.map(|name| format!("Client {name}")));
    for record in ["hello", "Pong", "error"] {
        wanted.push(format!("Venue {record}"));
    }
    for stream in [
        "Balance",
        "Currency",
        "Security",
        "ExecutionReport",
        "Order",
        "Trade",
        "Quote",
    ] {
        wanted.push(format!("{stream} page"));
    }
    wanted.extend(["Currency", "Security"].map(|stream| format!("{stream} Remove")));
    // The vendor does not say what else these are for; and no order ends for the day only.
    let never = ["Stopped", "DoneForDay"];
    for (stream, name) in [
        ("ExecutionReport", "ExecType"),
        ("ExecutionReport", "OrdStatus"),
        ("Quote", "QuoteStatus"),
    ] {
        let values = sheet.values(name).iter();
        let values = values.filter(|value| !never.contains(value));
        wanted.extend(values.map(|value| format!("{stream} {name} {value}")));
    }
    let missing: Vec<_> = wanted
        .into_iter()
        .filter(|one| !seen.contains(one))
        .collect();
    assert!(missing.is_empty(), "never said: {missing:#?}");
}

/// What the client never says: the venue's refusals of it have the form of all others.
#[tokio::test]
async fn refused_requests_conform() {
    let sim = Sim::builder().start().await.unwrap();
    let sheet = Sheet::read();
    for (key, trades) in [
        (sim.prime().credentials(), true),
        (sim.prime().viewer_credentials(), false),
    ] {
        let mut socket = relay::prime_socket(sim.prime(), &key, &Time::now().to_string()).await;
        let hear =
            async |socket: &mut tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>| {
                let Some(Ok(Message::Text(text))) = socket.next().await else {
                    panic!("no message");
                };
                let message: Value = serde_json::from_str(text.as_str()).unwrap();
                let misfits = sheet.message(By::Venue, &message);
                assert!(misfits.is_empty(), "{misfits:?}");
                message
            };
        assert_eq!(hear(&mut socket).await["type"], "hello");
        let ts = Time::now().to_string();
        for (number, mut request) in [
            json!({"type": "Ping", "ts": ts}),
            json!({"type": "Ping", "ts": ts, "data": []}),
            json!({"type": "cancel"}),
            json!({"type": "unsubscribe"}),
            json!({"type": "page", "streams": [{"name": "Trade", "after": "aGVsbG8="}]}),
            json!({"type": "subscribe", "streams": []}),
            json!({"type": "subscribe", "streams": [{"name": "Position"}]}),
            json!({"type": "subscribe", "streams": [{"name": "CurrencyConversion"}]}),
            json!({"type": "NewOrderSingle", "data": [{"Symbol": SYMBOL}]}),
            json!({"type": "OrderCancelRequest", "data": []}),
            json!({"type": "UserConfig"}),
        ]
        .into_iter()
        .enumerate()
        {
            request["reqid"] = (number + 1).into();
            socket
                .send(Message::text(request.to_string()))
                .await
                .unwrap();
            let refusal = hear(&mut socket).await;
            assert_eq!(refusal["type"], "error", "{request}: {refusal}");
            assert_eq!(refusal["reqid"], request["reqid"]);
            if request["type"] == "Ping" {
                let documented = json!({"code": 1, "msg": "missing Ping data"});
                assert_eq!(refusal["error"], documented);
            }
            if request["type"] == "NewOrderSingle" {
                assert_eq!(refusal["error"]["code"] == 1, trades, "{refusal}");
            }
        }
        let echoed = json!({"reqid": 99, "type": "Ping", "ts": ts, "data": [{"a": [1, null]}, {}]});
        socket
            .send(Message::text(echoed.to_string()))
            .await
            .unwrap();
        let pong = hear(&mut socket).await;
        assert_eq!(pong["data"], echoed["data"]);
    }
}

#[tokio::test]
async fn rest_conforms() {
    let sim = Sim::builder().rate_limits(false).start().await.unwrap();
    let key = sim.prime().credentials();
    let builder = Client::builder().url(sim.prime().url());
    let client = builder
        .api_key(key.key, key.secret)
        .connect()
        .await
        .unwrap();
    for _ in 0..2 {
        let order = client.new_order().symbol(SYMBOL).side(Side::Buy);
        let order = order
            .quantity(hundredths(1))
            .market(TimeInForce::FillOrKill);
        order.send().await.unwrap().finished().await.unwrap();
    }
    let calls = Arc::new(Mutex::new(Vec::<Called>::new()));
    let host = sim.kraken().url().strip_prefix("http://").unwrap();
    let key = sim.kraken().spot_credentials();
    let rest = RestClient::builder()
        .base_url(relay::http(host, &calls).await)
        .api_key(key.key, key.secret)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .build()
        .unwrap();
    people(&rest).await;
    settlement(&rest, &sim).await;

    let sheet = Sheet::read();
    let calls = calls.lock().unwrap();
    let mut misfits = Vec::new();
    let mut called = BTreeSet::new();
    for call in calls.iter() {
        let record = format!("sent {}", call.name);
        misfits.extend(sheet.misfits(&record, &call.sent));
        if call.answer["error"] == json!([]) {
            let record = format!("answer {}", call.name);
            misfits.extend(sheet.misfits(&record, &call.answer));
            called.insert(call.name.as_str());
        } else {
            misfits.extend(sheet.misfits("refusal", &call.answer));
        }
    }
    assert!(misfits.is_empty(), "{}", misfits.join("\n"));
    let all: BTreeSet<&str> = sheet.records("answer ").into_iter().collect();
    assert_eq!(called, all);
    let paths = kraken_prime::rest::OPERATIONS
        .iter()
        .map(|operation| operation.path);
    let names: BTreeSet<&str> = paths
        .map(|path| path.strip_prefix("/0/private/").unwrap())
        .collect();
    assert_eq!(names, all);
}

async fn people(rest: &RestClient) {
    let user = rest.create_user().name("night desk").role(UserRole::Trader);
    let user = user.send().await.unwrap().id;
    rest.get_user().user_id(&user).send().await.unwrap();
    rest.list_users().send().await.unwrap();
    let update = rest.update_user().user_id(&user).name("day desk");
    let updated = update.status(UserStatus::Disabled).send().await.unwrap();
    assert_eq!(updated.status, Some(UserStatus::Disabled));
    let update = rest
        .update_user()
        .user_id(&user)
        .status(UserStatus::Enabled);
    update.send().await.unwrap();
    let role = rest
        .update_user_role()
        .user_id(&user)
        .role(UserRole::Viewer);
    role.send().await.unwrap();
    let key = rest.create_user_key().user_id(&user).send().await.unwrap();
    let update = rest.update_user_key().user_id(&user).key_id(&key.id);
    let update = update.whitelisted_ips(vec!["192.168.1.1".to_owned()]);
    update.send().await.unwrap();
    let keys = rest.list_user_keys().user_id(&user).send().await.unwrap();
    assert_eq!(keys.len(), 1);
    let delete = rest.delete_user_key().user_id(&user).key_id(&key.id);
    assert!(delete.send().await.unwrap().deleted);
    let nobody = rest.get_user().user_id("nobody").send().await.unwrap_err();
    assert_eq!(nobody.kind(), Kind::InvalidRequest, "{nobody}");
}

async fn settlement(rest: &RestClient, sim: &Sim) {
    let batch = rest
        .create_settlement_batch()
        .asset_kind(AssetKind::Currency);
    let batch = batch.send().await.unwrap();
    sim.clock().advance(Duration::from_secs(60));
    let read = || rest.get_settlement_batch().batch_id(&batch.id).send();
    let leg = read().await.unwrap().legs.remove(0);
    let settle = || rest.settle_batch_asset().batch_id(&batch.id);
    let asset = leg.asset.unwrap();
    settle().asset(&asset).send().await.unwrap();
    read().await.unwrap();
    let again = settle().asset(&asset).send().await.unwrap_err();
    assert_eq!(again.outcome(), Outcome::NotExecuted);
    let list = rest
        .list_settlement_batches()
        .from(0)
        .until(9_999_999_999_999);
    let list = list.statuses(vec![BatchStatus::Unsettled, BatchStatus::PartiallySettled]);
    let listed = list.limit(10).offset(0).send().await.unwrap();
    assert_eq!(listed.data.len(), 1);
}
