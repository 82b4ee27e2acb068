//! The client against a venue on loopback that checks every signature by its own means.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by them"
)]

mod venue;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gemini_exchange::market::{Network, TimeFrame};
use gemini_exchange::oauth::{AccessToken, FixedToken, TokenFuture, TokenSource};
use gemini_exchange::order::{OrderOption, OrderType};
use gemini_exchange::{
    Decimal, Error, Heartbeat, Kind, NonceKind, Outcome, QueryInPayload, RetryPolicy, Side,
    Timestamp,
};
use venue::{Answer, KEY, Request, SECRET, Venue};

const ORDER: &str = r#"{"order_id":"106817811","id":"106817811","symbol":"btcusd","exchange":"gemini","avg_execution_price":"0.00","side":"buy","type":"exchange limit","timestamp":"1547220404","timestampms":1547220404836,"is_live":true,"is_cancelled":false,"is_hidden":false,"was_forced":false,"executed_amount":"0","options":[],"price":"3633.00","original_amount":"5","remaining_amount":"5"}"#;

fn decimal(text: &str) -> Decimal {
    exchange_wire::parse_decimal(text).unwrap()
}

/// The payload without the nonce.
fn fields(request: &Request) -> String {
    let payload = request.payload().unwrap();
    let (before, rest) = payload.split_once(",\"nonce\":").unwrap();
    let after = rest.trim_start_matches(|char: char| char.is_ascii_digit());
    format!("{before}{after}")
}

#[tokio::test]
async fn an_order_goes_out_as_sampled() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, ORDER)]);
    let order = venue
        .client()
        .new_order()
        // Not in the order in which they go out.
        .client_order_id("rust-0001")
        .options([OrderOption::MakerOrCancel])
        .order_type(OrderType::Limit)
        .side(Side::Buy)
        .price(decimal("42000.01"))
        .amount(decimal("0.5"))
        .symbol("btcusd")
        .send()
        .await
        .unwrap();
    assert_eq!(order.order_id, 106_817_811);
    assert_eq!(order.price, Some(decimal("3633")));

    let request = venue.request();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/v1/order/new")
    );
    assert_eq!(
        fields(&request),
        r#"{"request":"/v1/order/new","symbol":"btcusd","amount":"0.5","price":"42000.01","side":"buy","type":"exchange limit","options":["maker-or-cancel"],"client_order_id":"rust-0001"}"#
    );
    for (name, value) in [
        ("x-gemini-apikey", KEY),
        ("content-type", "text/plain"),
        ("content-length", "0"),
        ("cache-control", "no-cache"),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    assert_eq!(request.body, "");
}

#[tokio::test]
async fn public_calls_carry_no_headers_of_a_key() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, "[]")]);
    let client = venue.client();
    let trades = client.list_trades().symbol("BTC/USD?").since_tid(0);
    let trades = trades.timestamp(Timestamp::from_unix_millis(1_591_084_414_000));
    let trades = trades.include_breaks(true).limit_trades(500);
    assert!(trades.send().await.unwrap().is_empty());
    let request = venue.request();
    assert_eq!(
        request.target,
        "/v1/trades/BTC%2FUSD%3F?timestamp=1591084414000&since_tid=0&limit_trades=500&include_breaks=true"
    );
    assert!(
        !request
            .headers
            .iter()
            .any(|(name, _)| name.starts_with("x-gemini"))
    );
    assert_eq!(request.header("content-type"), None);

    client
        .list_candles()
        .symbol("btcusd")
        .time_frame(TimeFrame::OneHour)
        .send()
        .await
        .unwrap();
    assert_eq!(venue.request().target, "/v2/candles/btcusd/1hr");
}

#[tokio::test]
async fn private_gets_are_signed_with_an_empty_body() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(
        200,
        r#"{"network":"bitcoin","assets":["BTC"]}"#,
    )]);
    let call = venue
        .client()
        .get_assets_for_network()
        .network(Network::Bitcoin);
    assert_eq!(call.send().await.unwrap().assets, ["BTC"]);
    let request = venue.request();
    assert_eq!(request.method, "GET");
    assert_eq!(
        fields(&request),
        r#"{"request":"/v2/networks/bitcoin/assets"}"#
    );
    assert_eq!(request.header("content-length"), Some("0"));
}

#[tokio::test]
async fn the_query_is_signed_where_the_samples_sign_it() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, "[]")]);
    let day = "2024-05-01";
    let with_query =
        "/v1/perpetuals/fundingpaymentreport/records.json?fromDate=2024-05-01&toDate=2024-05-01";
    let plain = "/v1/perpetuals/fundingPayment";
    for (rule, report, payments) in [
        (QueryInPayload::AsSampled, with_query, plain),
        (
            QueryInPayload::Never,
            "/v1/perpetuals/fundingpaymentreport/records.json",
            plain,
        ),
        (
            QueryInPayload::Always,
            with_query,
            "/v1/perpetuals/fundingPayment?since=1683734406746",
        ),
    ] {
        let client = venue.builder().api_key(KEY, SECRET).query_in_payload(rule);
        let client = client.build().unwrap();
        let call = client.get_funding_payment_report_json();
        call.from_date(day).to_date(day).send().await.unwrap();
        let request = venue.request();
        assert_eq!(request.target, with_query);
        assert_eq!(request.field("request"), report);
        let since = Timestamp::from_unix_millis(1_683_734_406_746);
        client
            .list_funding_payments()
            .since(since)
            .send()
            .await
            .unwrap();
        assert_eq!(venue.request().field("request"), payments);
    }
}

#[tokio::test]
async fn fields_are_repeated_in_the_body_if_asked_for() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, ORDER)]);
    let client = venue.builder().api_key(KEY, SECRET).fields_in_body(true);
    client
        .build()
        .unwrap()
        .cancel_order()
        .order_id(u64::MAX)
        .send()
        .await
        .unwrap();
    let request = venue.request();
    assert_eq!(request.body, r#"{"order_id":18446744073709551615}"#);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(
        request
            .payload()
            .unwrap()
            .ends_with(r#","order_id":18446744073709551615}"#)
    );
    // Without fields there is nothing to repeat.
    venue.answer([Answer::new(200, r#"{"result":"ok"}"#)]);
    let client = venue.builder().api_key(KEY, SECRET).fields_in_body(true);
    client
        .build()
        .unwrap()
        .send_heartbeat()
        .send()
        .await
        .unwrap();
    assert_eq!(venue.request().header("content-length"), Some("0"));
}

#[tokio::test]
async fn accounts_are_named_where_they_can_be() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, "[]")]);
    let master = venue.builder().api_key("master-TestKey0001", SECRET);
    let client = master.build().unwrap();
    // A master key must say for which account.
    let error = client.get_available_balances().send().await.unwrap_err();
    assert_eq!(error.invalid_field().unwrap().field, "account");
    assert_eq!(error.kind(), Kind::InvalidRequest);
    assert!(venue.requests().is_empty());

    client
        .get_available_balances()
        .account("one")
        .send()
        .await
        .unwrap();
    assert_eq!(venue.request().field("account"), "one");
    let savings = client.for_account("savings");
    savings
        .get_available_balances()
        .show_pending_balances(true)
        .send()
        .await
        .unwrap();
    assert_eq!(
        fields(&venue.request()),
        r#"{"request":"/v1/balances","showPendingBalances":true,"account":"savings"}"#
    );
    // The call's own counts more, and calls without accounts name none.
    savings
        .get_available_balances()
        .account("one")
        .send()
        .await
        .unwrap();
    assert_eq!(venue.request().field("account"), "one");
    savings.list_accounts_in_group().send().await.unwrap();
    assert!(venue.request().field("account").is_null());
    let error = client.get_available_balances().account(" ").send().await;
    assert_eq!(error.unwrap_err().kind(), Kind::InvalidRequest);
    // A key of one account need not say so.
    venue.requests();
    venue
        .client()
        .get_available_balances()
        .send()
        .await
        .unwrap();
    assert!(venue.request().field("account").is_null());
}

#[tokio::test]
async fn values_that_break_a_rule_are_not_sent() {
    let venue = Venue::start().await;
    let client = venue.client();
    let order = || {
        let order = client.new_order().symbol("btcusd").side(Side::Buy);
        let order = order.order_type(OrderType::Limit);
        order.amount(Decimal::ONE).price(Decimal::ONE)
    };
    let errors = [
        order().amount(Decimal::ZERO).send().await.unwrap_err(),
        order().price(decimal("-1")).send().await.unwrap_err(),
        order()
            .client_order_id("no blanks")
            .send()
            .await
            .unwrap_err(),
        order().stop_price(Decimal::ONE).send().await.unwrap_err(),
        order()
            .order_type(OrderType::StopLimit)
            .send()
            .await
            .unwrap_err(),
        order()
            .options([OrderOption::FillOrKill, OrderOption::MakerOrCancel])
            .send()
            .await
            .unwrap_err(),
        client.get_order_status().send().await.unwrap_err(),
        client
            .get_order_status()
            .order_id(1)
            .client_order_id("a")
            .send()
            .await
            .unwrap_err(),
        client
            .list_past_trades()
            .limit_trades(501)
            .send()
            .await
            .unwrap_err(),
        client
            .list_past_transfers()
            .limit_transfers(0)
            .send()
            .await
            .unwrap_err(),
        client.get_ticker_v2().symbol("").send().await.unwrap_err(),
        client
            .get_funding_amount_report_file()
            .symbol("BTCGUSDPERP")
            .from_date("2024-05-01")
            .send()
            .await
            .unwrap_err(),
        client
            .get_transaction_history()
            .timestamp_nanos(1)
            .continuation_token("x")
            .send()
            .await
            .unwrap_err(),
    ];
    for error in &errors {
        assert_eq!(error.kind(), Kind::InvalidRequest, "{error}");
        assert_eq!(error.outcome(), Outcome::NotExecuted);
        assert!(error.invalid_field().is_some(), "{error}");
    }
    assert!(
        errors[0]
            .to_string()
            .contains("`amount` must be above 0, got 0"),
        "{}",
        errors[0]
    );
    assert!(venue.requests().is_empty());
}

#[tokio::test]
async fn nonces_rise_for_an_incrementing_key() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, r#"{"result":"ok"}"#)]);
    let client = venue.client();
    let calls = (0..20).map(|_| client.send_heartbeat().send());
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    let nonces: Vec<u64> = venue
        .requests()
        .iter()
        .map(|request| request.field("nonce").as_u64().unwrap())
        .collect();
    assert_eq!(nonces.len(), 20);
    assert!(nonces.is_sorted_by(|one, next| one < next), "{nonces:?}");
}

fn seconds_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

#[tokio::test]
async fn nonces_are_seconds_for_a_time_based_key() {
    let venue = Venue::start().await;
    venue.answer([Answer::new(200, r#"{"result":"ok"}"#)]);
    for (kind, calls) in [
        (NonceKind::TimeBased, 5),
        (NonceKind::TimeBasedRepeating, 20),
    ] {
        let before = seconds_now();
        let client = venue
            .builder()
            .api_key(KEY, SECRET)
            .nonce_kind(kind)
            .build()
            .unwrap();
        for _ in 0..calls {
            client.send_heartbeat().send().await.unwrap();
        }
        let after = seconds_now();
        let nonces: Vec<u64> = venue
            .requests()
            .iter()
            .map(|request| request.field("nonce").as_u64().unwrap())
            .collect();
        for nonce in &nonces {
            assert!((before..=after + 5).contains(nonce), "{nonces:?}");
        }
        if kind == NonceKind::TimeBased {
            assert!(nonces.is_sorted_by(|one, next| one < next), "{nonces:?}");
        }
    }
}

/// Status, body, and what is made of them for a new order.
const FAILURES: &[(u16, &str, Kind, Outcome, &str)] = &[
    (
        400,
        r#"{"result":"error","reason":"InvalidSignature","message":"InvalidSignature"}"#,
        Kind::Signature,
        Outcome::NotExecuted,
        "secret belongs to this key",
    ),
    (
        403,
        r#"{"error":"MissingRole","message":"OrderStatus required"}"#,
        Kind::Permission,
        Outcome::NotExecuted,
        "needs the role `Trader`; an OAuth token needs the scope `orders:create`",
    ),
    (
        400,
        r#"{"errorMessage":"Supplied value 'foochain' is not a supported network"}"#,
        Kind::InvalidRequest,
        Outcome::NotExecuted,
        "foochain",
    ),
    (
        404,
        "",
        Kind::NotFound,
        Outcome::NotExecuted,
        "the body is empty",
    ),
    (
        404,
        r#"{"result":"error","reason":"OrderNotFound","message":"Order 1 not found"}"#,
        Kind::NotFound,
        Outcome::NotExecuted,
        "Order 1 not found",
    ),
    (
        406,
        r#"{"result":"error","reason":"InsufficientFunds","message":"no"}"#,
        Kind::Funds,
        Outcome::NotExecuted,
        "InsufficientFunds: no",
    ),
    (406, "", Kind::Funds, Outcome::NotExecuted, "406"),
    (
        429,
        r#"{"result":"error","reason":"RateLimit","message":"slow down"}"#,
        Kind::RateLimit,
        Outcome::NotExecuted,
        "slow down",
    ),
    (
        500,
        "<html><title>Oops</title></html>",
        Kind::Unavailable,
        Outcome::Unknown,
        "Oops",
    ),
    (
        503,
        r#"{"result":"error","reason":"Maintenance","message":"later"}"#,
        Kind::Unavailable,
        Outcome::Unknown,
        "client_order_id",
    ),
    (
        500,
        r#"{"result":"error","reason":"InvalidPrice","message":"?"}"#,
        Kind::OrderRejected,
        Outcome::Unknown,
        "InvalidPrice",
    ),
    (
        200,
        r#"{"result":"error","reason":"InvalidSide","message":"Invalid side for symbol BTCUSD: 'buy'"}"#,
        Kind::InvalidRequest,
        Outcome::NotExecuted,
        "Invalid side",
    ),
    (
        200,
        r#"{"result":"failed","details":"Unable to cancel order P0521QDV"}"#,
        Kind::Venue,
        Outcome::NotExecuted,
        "Unable to cancel",
    ),
    (
        400,
        r#"{"result":"error","reason":"SomethingNew","message":"?"}"#,
        Kind::InvalidRequest,
        Outcome::NotExecuted,
        "SomethingNew",
    ),
    (
        400,
        r#"{"error":"InvalidInput","code":"COMBO_VALIDATION_ERROR","message":"a combo needs 2-6 legs"}"#,
        Kind::InvalidRequest,
        Outcome::NotExecuted,
        "COMBO_VALIDATION_ERROR",
    ),
    (302, "", Kind::Unavailable, Outcome::Unknown, "redirect"),
];

#[tokio::test]
async fn errors_of_every_form_are_understood() {
    let venue = Venue::start().await;
    let client = venue
        .builder()
        .api_key(KEY, SECRET)
        .retry(RetryPolicy::NEVER)
        .build()
        .unwrap();
    for &(status, body, kind, outcome, text) in FAILURES {
        venue.answer([Answer::new(status, body)]);
        let order = client
            .new_order()
            .symbol("btcusd")
            .side(Side::Buy)
            .amount(Decimal::ONE);
        let order = order.order_type(OrderType::Limit).price(Decimal::ONE);
        let error = order.send().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{error}");
        assert_eq!(error.status(), Some(status));
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(venue.requests().len(), 1, "{error}");
    }
}

#[tokio::test]
async fn retry_after_is_kept_and_reads_are_sent_again() {
    let venue = Venue::start().await;
    let client = venue.client();
    let refused = r#"{"result":"error","reason":"Too Many Requests","message":"x"}"#;
    venue.answer([
        Answer::new(429, refused).header("retry-after", "0"),
        Answer::new(502, "bad gateway"),
        Answer::new(200, "[]"),
    ]);
    assert!(
        client
            .get_available_balances()
            .send()
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(venue.requests().len(), 3);
    // A change is not sent again.
    venue.answer([Answer::new(429, refused).header("retry-after", "7")]);
    let error = client.cancel_all_active_orders().send().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(venue.requests().len(), 1);
}

#[tokio::test]
async fn a_nonce_that_was_too_low_is_drawn_anew() {
    let venue = Venue::start().await;
    let refused = r#"{"result":"error","reason":"InvalidNonce","message":"Nonce '1' has not increased since your last call"}"#;
    venue.answer([Answer::new(400, refused), Answer::new(200, ORDER)]);
    venue
        .client()
        .cancel_order()
        .order_id(1)
        .send()
        .await
        .unwrap();
    let requests = venue.requests();
    let nonce = |request: &Request| request.field("nonce").as_u64().unwrap();
    assert!(nonce(&requests[0]) < nonce(&requests[1]));
}

#[tokio::test]
async fn a_clock_that_is_off_is_named() {
    let venue = Venue::start().await;
    let refused = r#"{"result":"error","reason":"InvalidNonce","message":"Nonce '1669661118488' is not within 30 seconds of server time '1669661120'"}"#;
    venue.answer([Answer::new(400, refused)]);
    let error = venue
        .client()
        .get_available_balances()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Nonce);
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("clock right"), "{error}");
    assert!(
        error.to_string().contains("NonceKind::TimeBased"),
        "{error}"
    );
    assert_eq!(venue.requests().len(), 1);
}

#[tokio::test]
async fn a_bad_secret_and_missing_credentials_are_told() {
    let venue = Venue::start().await;
    let client = venue
        .builder()
        .api_key(KEY, "another secret")
        .build()
        .unwrap();
    let error = client.get_available_balances().send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Signature);
    assert!(!error.to_string().contains("another secret"));
    venue.requests();

    let error = venue
        .builder()
        .build()
        .unwrap()
        .get_available_balances()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Credentials);
    assert!(error.to_string().contains("api_key"), "{error}");
    let error = venue
        .client()
        .revoke_oauth_token()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Credentials);
    assert!(venue.requests().is_empty());

    for builder in [
        venue.builder().api_key("", SECRET),
        venue.builder().api_key(KEY, " "),
    ] {
        assert_eq!(builder.build().unwrap_err().kind(), Kind::Credentials);
    }
    for builder in [
        venue
            .builder()
            .base_url("http://api.gemini.com")
            .api_key(KEY, SECRET),
        venue
            .builder()
            .base_url("http://api.gemini.com")
            .oauth(token("t")),
        venue.builder().api_key(KEY, SECRET).oauth(token("t")),
        venue.builder().base_url("ftp://api.gemini.com"),
        venue.builder().in_flight(0),
    ] {
        assert_eq!(builder.build().unwrap_err().kind(), Kind::Configuration);
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_leaves_a_change_in_doubt() {
    let venue = Venue::start().await;
    let mut cut = Answer::new(200, ORDER);
    cut.cut_at = Some(100);
    venue.answer([cut]);
    let error = venue
        .client()
        .cancel_order()
        .order_id(1)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (Kind::Transport, Outcome::Unknown)
    );
    // Complete, and still no order.
    venue.answer([Answer::new(200, &ORDER[..100])]);
    let client = venue
        .builder()
        .api_key(KEY, SECRET)
        .keep_raw_on_decode_error(true);
    let error = client
        .build()
        .unwrap()
        .cancel_order()
        .order_id(1)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (Kind::Decode, Outcome::Unknown)
    );
    assert_eq!(error.raw_body().unwrap(), &ORDER.as_bytes()[..100]);
}

fn token(text: &str) -> FixedToken {
    FixedToken(AccessToken::new(text))
}

/// Gives a new token whenever the last one was refused.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicU32>);

impl TokenSource for Counting {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(async {
            let text = format!("token-{}", self.0.load(Ordering::SeqCst));
            Ok(AccessToken::new(text))
        })
    }

    fn refresh<'a>(&'a self, refused: &'a AccessToken) -> TokenFuture<'a> {
        Box::pin(async move {
            if self.token().await? == *refused {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
            self.token().await
        })
    }
}

#[tokio::test]
async fn tokens_stand_in_for_a_key_and_are_refreshed_once() {
    let venue = Venue::start().await;
    let unauthorized = Answer::new(
        401,
        r#"{"result":"error","reason":"InvalidToken","message":"x"}"#,
    );
    venue.answer([unauthorized.clone(), Answer::new(200, ORDER)]);
    let source = Counting::default();
    let client = venue.builder().oauth(source.clone()).build().unwrap();
    client.cancel_order().order_id(5).send().await.unwrap();
    let requests = venue.requests();
    assert_eq!(requests.len(), 2);
    for (request, bearer) in requests.iter().zip(["Bearer token-0", "Bearer token-1"]) {
        assert_eq!(request.header("authorization"), Some(bearer));
        assert_eq!(
            request.payload().unwrap(),
            r#"{"request":"/v1/order/cancel","order_id":5}"#
        );
        assert_eq!(request.header("content-length"), Some("0"));
    }
    // It is not tried for ever.
    venue.answer([unauthorized]);
    let error: Error = client.cancel_order().order_id(5).send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Credentials);
    assert_eq!(venue.requests().len(), 2);
    // Nor with the same token.
    let client = venue.builder().oauth(token("fixed")).build().unwrap();
    client.cancel_order().order_id(5).send().await.unwrap_err();
    assert_eq!(venue.requests().len(), 1);
    // Public calls need none.
    venue.answer([Answer::new(200, "[]")]);
    client.list_symbols().send().await.unwrap();
    assert_eq!(venue.request().header("authorization"), None);

    venue.answer([Answer::new(200, r#"{"message":"revoked"}"#)]);
    client.revoke_oauth_token().send().await.unwrap();
    assert_eq!(
        venue.request().header("x-gemini-payload"),
        Some("eyJyZXF1ZXN0IjoiL3YxL29hdXRoL3Jldm9rZUJ5VG9rZW4ifQ==")
    );
}

#[tokio::test]
async fn a_heartbeat_goes_on_after_trouble_and_stops_when_told() {
    let venue = Venue::start().await;
    venue.answer([
        Answer::new(
            400,
            r#"{"result":"error","reason":"InvalidJson","message":"x"}"#,
        ),
        Answer::new(200, r#"{"result":"ok"}"#),
    ]);
    let heartbeat = Heartbeat::every(&venue.client(), Duration::from_secs(1));
    let waited = async {
        while heartbeat.trouble().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(heartbeat.last_heard().is_none());
        while heartbeat.last_heard().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waited)
        .await
        .unwrap();
    assert!(heartbeat.trouble().is_none());
    heartbeat.stop().await;
    let sent = venue.requests();
    assert!(sent.iter().all(|request| request.target == "/v1/heartbeat"));
    assert!(sent.len() >= 2);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(venue.requests().is_empty());
}

#[tokio::test]
async fn nothing_shows_what_is_secret() {
    let venue = Venue::start().await;
    let builder = venue.builder().api_key(KEY, SECRET);
    let shown = format!("{builder:?}");
    let client = builder.build().unwrap();
    let call = client.cancel_order().order_id(1);
    for text in [
        shown,
        format!("{client:?}"),
        format!("{call:?}"),
        format!("{:?}", venue.builder().oauth(token("TOKEN-TEXT")).build()),
        format!("{:?}", token("TOKEN-TEXT")),
    ] {
        for secret in [SECRET, KEY, "TOKEN-TEXT"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

fn my_trade(time: i64, tid: i64) -> String {
    format!(
        r#"{{"price":"1","amount":"1","timestamp":1,"timestampms":{time},"type":"Buy","aggressor":true,"fee_currency":"USD","fee_amount":"0","tid":{tid},"order_id":"1"}}"#
    )
}

#[tokio::test]
async fn a_stream_of_trades_walks_by_time() {
    let venue = Venue::start().await;
    let t = 1_700_000_000_000_i64;
    let page = |rows: &[(i64, i64)]| {
        let rows: Vec<String> = rows
            .iter()
            .map(|(time, tid)| my_trade(t + time, *tid))
            .collect();
        Answer::new(200, &format!("[{}]", rows.join(",")))
    };
    venue.answer([
        page(&[(2, 3), (2, 2), (1, 1)]),
        page(&[(3, 5), (2, 4), (2, 3), (2, 2)]),
        page(&[(3, 5)]),
    ]);
    let mut trades = venue.client().list_past_trades().symbol("btcusd").stream();
    let mut tids = Vec::new();
    while let Some(trade) = trades.next().await {
        tids.push(trade.unwrap().tid);
    }
    assert_eq!(tids, [1, 2, 3, 4, 5]);
    let starts: Vec<_> = venue
        .requests()
        .iter()
        .map(|request| request.field("timestamp"))
        .collect();
    assert_eq!(starts, [0, t + 2, t + 3]);
}

#[tokio::test]
async fn a_stream_of_transactions_follows_the_token() {
    let venue = Venue::start().await;
    venue.answer([
        Answer::new(200, r#"{"results":[{"eid":1}],"continuationToken":"next"}"#),
        Answer::new(200, r#"{"results":[{"eid":2}]}"#),
    ]);
    let call = venue.client().get_transaction_history().timestamp_nanos(5);
    let mut pages = call.pages();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.unwrap().len();
    }
    assert_eq!(count, 2);
    let requests = venue.requests();
    assert_eq!(
        fields(&requests[0]),
        r#"{"request":"/v1/transactions","timestamp_nanos":5,"limit":300}"#
    );
    assert_eq!(
        fields(&requests[1]),
        r#"{"request":"/v1/transactions","continuation_token":"next","limit":300}"#
    );
}

#[tokio::test]
async fn a_stream_of_public_trades_walks_by_number() {
    let venue = Venue::start().await;
    let trade = |tid: i64| {
        format!(
            r#"{{"timestamp":1,"timestampms":1547146811357,"tid":{tid},"price":"1","amount":"1","exchange":"gemini","type":"buy"}}"#
        )
    };
    venue.answer([
        Answer::new(200, &format!("[{},{}]", trade(9), trade(7))),
        Answer::new(200, "[]"),
    ]);
    let mut trades = venue.client().list_trades().symbol("btcusd").stream();
    assert_eq!(trades.next().await.unwrap().unwrap().tid, 7);
    assert_eq!(trades.next().await.unwrap().unwrap().tid, 9);
    assert!(trades.next().await.is_none());
    let targets: Vec<_> = venue
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(
        targets,
        [
            "/v1/trades/btcusd?since_tid=0&limit_trades=500",
            "/v1/trades/btcusd?since_tid=9&limit_trades=500"
        ]
    );
}
