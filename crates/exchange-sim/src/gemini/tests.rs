use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use ring::hmac;
use rust_decimal::Decimal;

use super::handle::demo_keys;
use super::*;
use crate::books::Holder;

const START: Moment = Moment::from_seconds(1_795_177_800);

/// A venue whose first accounts have money, and whose keys are there.
fn venue() -> Gemini {
    let mut gemini = Gemini::new(7, false, START);
    gemini.limits = false;
    for key in demo_keys(false) {
        assert!(gemini.add_key(key, START));
    }
    for account in 0..3 {
        for (currency, amount) in handle::demo_balances() {
            let paid = gemini
                .exchange
                .pay(account, &Holder::Outside, &currency, -amount);
            assert_eq!(paid, Ok(()));
        }
    }
    let long_ago = START.minus(Duration::from_secs(30 * 86_400));
    gemini
        .exchange
        .funds
        .approve(None, "ethereum", "0x1", long_ago);
    gemini
}

/// Sends signed requests with nonces that rise.
struct Sender {
    nonce: u64,
}

impl Sender {
    fn request(
        &mut self,
        key: &GeminiKey,
        operation: &Operation,
        path: &str,
        query: &str,
        fields: &Json,
    ) -> Request {
        self.nonce += 1;
        let mut payload = object! { "request" => path, "nonce" => self.nonce };
        if let (Json::Object(members), Json::Object(fields)) = (&mut payload, fields) {
            members.extend(fields.clone());
        }
        let payload = STANDARD.encode(payload.to_string());
        let secret = hmac::Key::new(hmac::HMAC_SHA384, key.secret.as_bytes());
        let tag = hmac::sign(&secret, payload.as_bytes());
        let signature = tag.as_ref().iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-gemini-apikey", key.key.as_str()),
            ("x-gemini-payload", payload.as_str()),
            ("x-gemini-signature", signature.as_str()),
        ] {
            let name = HeaderName::from_static(name);
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let target = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        Request {
            method: if operation.get {
                Method::GET
            } else {
                Method::POST
            },
            target,
            headers,
            body: Bytes::from_static(b"{}"),
        }
    }
}

/// What a parameter may be, sensible or not.
fn some_value(dice: &mut fastrand::Rng, name: &str) -> Json {
    let sensible: &[&str] = match name {
        "symbol" => &[
            "btcusd",
            "ETHUSD",
            "ethbtc",
            "btcgusdperp",
            "gusdusd",
            "GEMI-FEDNEXT-DN25",
            "GEMI-FEDNEXT-HOLD",
        ],
        "side" => &["buy", "sell"],
        "type" => &[
            "exchange limit",
            "exchange limit",
            "exchange stop limit",
            "limit",
            "market",
            "checking",
            "exchange",
        ],
        "price" => &[
            "50000.00", "65000", "70000.5", "3000", "0.05", "0.60", "1", "200000",
        ],
        "stop_price" | "stopPrice" => &["64000", "66000", "0.5", "0.45"],
        "amount" | "quantity" => &["0.1", "0.001", "1", "5", "100", "2.5", "0.00000001"],
        "totalSpend" => &["100", "1", "5000", "0.01"],
        "account" | "sourceAccount" | "targetAccount" => &["primary", "trading", "vault"],
        "address" => &["0x1"],
        "providerId" => &["62b21e17-2534-4b9f-afcf-b7edb609dd8d"],
        "currency" => &["ETH", "SOL", "usd"],
        "outcome" => &["yes", "no"],
        "orderType" => &["limit", "stop-limit"],
        "timeInForce" => &["good-til-cancel", "immediate-or-cancel", "fill-or-kill"],
        "expires_in_hrs" => &["1", "0.5", "100000"],
        "fee" => &["0", "1.5"],
        _ => &["1", "0", "2026-11-20", "name", "true"],
    };
    let wild = [
        "",
        "-1",
        "79228162514264337593543950335",
        "1e400",
        "NaN",
        "999999999999",
        "18446744073709551615",
        "0.0000000000000000000000000001",
        "\u{0}",
        "ä",
    ];
    match dice.u8(..20) {
        0 => Json::Number(wild[1 + dice.usize(..3)].to_owned()),
        1 => Json::Text(wild[dice.usize(..wild.len())].to_owned()),
        2 => Json::List(vec![Json::Bool(true), object! { "a" => 1_u32 }]),
        3 => Json::Bool(dice.bool()),
        4 => Json::Number(dice.u64(..).to_string()),
        _ => Json::Text(sensible[dice.usize(..sensible.len())].to_owned()),
    }
}

const NAMES: [&str; 44] = [
    "symbol",
    "side",
    "type",
    "price",
    "stop_price",
    "amount",
    "quantity",
    "totalSpend",
    "sourceAccount",
    "targetAccount",
    "address",
    "providerId",
    "currency",
    "outcome",
    "orderType",
    "timeInForce",
    "makerOrCancel",
    "expires_in_hrs",
    "label",
    "name",
    "newName",
    "newAccount",
    "limit",
    "offset",
    "limit_orders",
    "limit_trades",
    "limit_transfers",
    "timestamp",
    "since",
    "until",
    "from",
    "to",
    "timestamp_nanos",
    "continuation_token",
    "numRows",
    "fromDate",
    "toDate",
    "dateFrom",
    "dateTo",
    "eventTicker",
    "client_order_id",
    "accountnumber",
    "routing",
    "fee",
];

/// Fields for any operation; ids are those that are known.
fn some_fields(dice: &mut fastrand::Rng, gemini: &Gemini) -> Json {
    let mut fields = object! {};
    let Json::Object(members) = &mut fields else {
        unreachable!();
    };
    for name in NAMES {
        if dice.u8(..10) < 8 {
            members.insert(name.to_owned(), some_value(dice, name));
        }
    }
    // Two of these clash, so there is seldom one of them.
    for name in ["stopPrice", "timestamp_nanos", "continuation_token"] {
        if dice.u8(..10) < 9 {
            members.shift_remove(name);
        }
    }
    let orders: Vec<u64> = gemini.exchange.live.keys().copied().collect();
    if let Some(id) = dice.choice(&orders) {
        members.insert("order_id".into(), (*id).into());
    }
    if dice.bool() {
        let option = dice.choice(["maker-or-cancel", "immediate-or-cancel", "fill-or-kill"]);
        members.insert("options".into(), option.into_iter().collect());
    }
    let one = object! {
        "symbol" => "GEMI-FEDNEXT-DN25",
        "orderType" => "limit",
        "side" => if dice.bool() { "buy" } else { "sell" },
        "quantity" => dice.u32(..20).to_string(),
        "price" => format!("0.{:02}", dice.u32(..100)),
        "outcome" => if dice.bool() { "yes" } else { "no" },
    };
    members.insert("orders".into(), vec![one.clone(), one].into());
    let leg =
        |id: &str, outcome: &str| object! { "contractId" => id, "requiredOutcome" => outcome };
    members.insert(
        "legs".into(),
        vec![leg("410100", "Yes"), leg("410101", "No")].into(),
    );
    fields
}

fn check(gemini: &Gemini, what: &str) {
    for (currency, total) in gemini.exchange.totals() {
        assert!(total.is_zero(), "{what}: {currency} {total}");
    }
    for account in 0..gemini.exchange.accounts.len() {
        for currency in gemini.exchange.currencies(account) {
            let balance = gemini.exchange.balance(account, &currency);
            assert!(
                balance >= Decimal::ZERO,
                "{what}: {account} {currency} {balance}"
            );
            // A position may lose more than was there when it was taken.
            let held = gemini.exchange.held(account, &currency);
            assert!(
                currency == "GUSD" || held <= balance,
                "{what}: {currency} {held} {balance}"
            );
        }
    }
}

#[test]
fn no_request_makes_or_loses_money_or_breaks_anything() {
    let mut gemini = venue();
    let keys = demo_keys(false);
    let mut dice = fastrand::Rng::with_seed(11);
    let mut sender = Sender { nonce: 0 };
    let all: Vec<&Operation> = operations().collect();
    let favoured = [
        "createNewOrder",
        "predictions.placeOrder",
        "stakeCryptoFunds",
        "transferBetweenAccounts",
    ];
    let mut now = START;
    let mut accepted = std::collections::BTreeSet::new();
    for round in 0..2_500 {
        let operation = if round % 3 == 0 {
            let name = favoured[dice.usize(..favoured.len())];
            *all.iter().find(|one| one.name == name).unwrap()
        } else {
            all[dice.usize(..all.len())]
        };
        let mut path = operation.path.to_owned();
        while path.contains("{}") {
            let parts = [
                "btcusd",
                "usd",
                "ethereum",
                "eth",
                "1m",
                "GUSDUSD",
                "FEDNEXT",
                "1700000000",
                "%C3%A4",
                "2026-11-01",
            ];
            path = path.replacen("{}", parts[dice.usize(..parts.len())], 1);
        }
        let key = &keys[dice.usize(..4)];
        let mut fields = some_fields(&mut dice, &gemini);
        if let (Json::Object(members), true) = (&mut fields, key.is_master()) {
            members.insert("account".into(), some_value(&mut dice, "account"));
        }
        let query = if dice.bool() {
            "limit=5&offset=1&sort=%2BpositionValue&limit_bids=0"
        } else {
            ""
        };
        if let (Json::Object(members), "createNewOrder") = (&mut fields, operation.name) {
            // As it would be right, most of the time.
            let price = ["40000.00", "65000.00", "90000.00"][dice.usize(..3)];
            for (name, value) in [
                ("symbol", "btcusd"),
                ("type", "exchange limit"),
                ("amount", "0.01"),
                ("price", price),
            ] {
                if dice.u8(..20) > 0 {
                    members.insert(name.into(), value.into());
                }
            }
            members.insert(
                "side".into(),
                if dice.bool() { "buy" } else { "sell" }.into(),
            );
            for name in ["margin_order", "client_order_id"] {
                members.shift_remove(name);
            }
        }
        let request = sender.request(key, operation, &path, query, &fields);
        let handled = gemini.handle(&request, now);
        let status = handled.answer.status;
        assert!(
            (200..500).contains(&status),
            "{} {fields}: {handled:?}",
            operation.name
        );
        if handled.refused.is_none() {
            accepted.insert(operation.name);
        }
        check(&gemini, operation.name);
        if dice.u8(..25) == 0 {
            let time = [1, 61, 3_700, 90_000, 1_000_000][dice.usize(..5)];
            now = now.plus(Duration::from_secs(dice.u64(..time)));
        }
        if dice.u8(..50) == 0 {
            let price = Decimal::new(dice.i64(1_000_000..20_000_000), 2);
            gemini
                .exchange
                .set_price(symbols::find("btcusd").unwrap(), price);
        }
    }
    assert!(accepted.len() > 60, "{} {accepted:?}", accepted.len());
    assert!(
        gemini.exchange.fills.len() > 50,
        "{}",
        gemini.exchange.fills.len()
    );
}

#[test]
fn the_door_is_strict() {
    let mut gemini = venue();
    let keys = demo_keys(false);
    let mut sender = Sender { nonce: 0 };
    let balances = operations()
        .find(|one| one.name == "getAvailableBalances")
        .unwrap();
    let mut ask = |gemini: &mut Gemini, change: &dyn Fn(&mut Request)| {
        let mut request = sender.request(&keys[0], balances, "/v1/balances", "", &object! {});
        change(&mut request);
        let handled = gemini.handle(&request, START);
        let why = handled.refused.unwrap_or_default();
        (
            handled.answer.status,
            why.split(':').next().unwrap_or_default().to_owned(),
        )
    };
    let refused = |status: u16, reason: &str| (status, reason.to_owned());
    let drop = |name: &'static str| {
        move |request: &mut Request| {
            request.headers.remove(name);
        }
    };
    assert_eq!(ask(&mut gemini, &|_| {}), refused(200, ""));
    assert_eq!(
        ask(&mut gemini, &drop("x-gemini-apikey")),
        refused(401, "MissingApikeyHeader")
    );
    assert_eq!(
        ask(&mut gemini, &drop("x-gemini-payload")),
        refused(400, "MissingPayloadHeader")
    );
    assert_eq!(
        ask(&mut gemini, &drop("x-gemini-signature")),
        refused(400, "MissingSignatureHeader")
    );
    let other_path = |request: &mut Request| request.target = "/v1/orders".into();
    assert_eq!(
        ask(&mut gemini, &other_path),
        refused(400, "EndpointMismatch")
    );
    let no_path = |request: &mut Request| request.target = "/v1/nothing".into();
    assert_eq!(ask(&mut gemini, &no_path), refused(404, "EndpointNotFound"));
    let by_get = |request: &mut Request| request.method = Method::GET;
    assert_eq!(ask(&mut gemini, &by_get), refused(404, "EndpointNotFound"));
    let unsigned = |request: &mut Request| {
        let value = HeaderValue::from_static("e30=");
        request.headers.insert("x-gemini-payload", value);
    };
    assert_eq!(
        ask(&mut gemini, &unsigned),
        refused(400, "InvalidSignature")
    );
    let fields = object! { "account" => "trading" };
    let mut sender = Sender { nonce: 1_000 };
    let request = sender.request(&keys[0], balances, "/v1/balances", "", &fields);
    let handled = gemini.handle(&request, START);
    assert!(
        handled
            .refused
            .unwrap()
            .starts_with("AccountsOnGroupOnlyApi")
    );
    // The same once more has the same nonce.
    let handled = gemini.handle(&request, START);
    assert!(handled.refused.unwrap().starts_with("InvalidNonce"));
    let request = sender.request(&keys[1], balances, "/v1/balances", "", &object! {});
    let handled = gemini.handle(&request, START);
    assert!(handled.refused.unwrap().starts_with("MissingAccounts"));
    let request = sender.request(&keys[1], balances, "/v1/balances", "", &fields);
    assert_eq!(gemini.handle(&request, START).refused, None);
}

#[test]
fn customers_trade_with_each_other_before_the_market() {
    let mut gemini = venue();
    let exchange = &mut gemini.exchange;
    let symbol = symbols::find("btcusd").unwrap();
    let price = exchange.price(symbol);
    let order = |id: u64, account: usize, buy: bool| orders::Order {
        id,
        account,
        session: String::new(),
        symbol,
        client_order_id: None,
        buy,
        price,
        stop: None,
        stop_price: None,
        amount: Decimal::ONE,
        executed: Decimal::ZERO,
        notional: Decimal::ZERO,
        style: orders::Style::Plain,
        created: START,
        cancelled: None,
        closed: None,
    };
    exchange.place(order(1, 0, false)).unwrap();
    // Not with oneself.
    exchange.place(order(2, 0, true)).unwrap();
    assert_eq!(exchange.closed[&2].cancelled, Some("SelfCrossPrevented"));
    exchange.place(order(3, 1, true)).unwrap();
    assert!(exchange.live.is_empty());
    assert_eq!(exchange.balance(0, "BTC"), Decimal::ONE);
    assert_eq!(exchange.balance(1, "BTC"), Decimal::from(3));
    check(&gemini, "both");
}

#[test]
fn operations_are_found_by_their_own_paths() {
    let all: Vec<&Operation> = operations().collect();
    assert_eq!(all.len(), 106);
    for operation in all {
        let path = operation.path.replace("{}", "x");
        let request = Request {
            method: if operation.get {
                Method::GET
            } else {
                Method::POST
            },
            target: path,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        assert_eq!(
            Gemini::route(&request).map(|(found, _)| found.name),
            Some(operation.name)
        );
    }
}

#[test]
fn a_token_is_refreshed_and_revoked() {
    let mut gemini = venue();
    let token = gemini.grant(0, vec!["balances:read".into()], START);
    let ask = |gemini: &mut Gemini, path: &str, token: &str, now: Moment| {
        let payload = STANDARD.encode(object! { "request" => path }.to_string());
        let mut headers = HeaderMap::new();
        headers.insert("x-gemini-payload", HeaderValue::from_str(&payload).unwrap());
        let bearer = format!("Bearer {token}");
        headers.insert("authorization", HeaderValue::from_str(&bearer).unwrap());
        let request = Request {
            method: Method::POST,
            target: path.to_owned(),
            headers,
            body: Bytes::new(),
        };
        gemini.handle(&request, now).answer.status
    };
    assert_eq!(
        ask(&mut gemini, "/v1/balances", &token.access_token, START),
        200
    );
    assert_eq!(
        ask(&mut gemini, "/v1/orders", &token.access_token, START),
        403
    );
    let later = START.plus(Duration::from_secs(86_401));
    assert_eq!(
        ask(&mut gemini, "/v1/balances", &token.access_token, later),
        401
    );
    let body = object! {
        "client_id" => "any",
        "grant_type" => "refresh_token",
        "refresh_token" => token.refresh_token.as_str(),
    };
    let request = Request {
        method: Method::POST,
        target: oauth::TOKEN_PATH.to_owned(),
        headers: HeaderMap::new(),
        body: body.to_string().into(),
    };
    let handled = gemini.handle(&request, later);
    let answer = Json::parse(&handled.answer.body).unwrap();
    let fresh = answer
        .get("access_token")
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(ask(&mut gemini, "/v1/balances", &fresh, later), 200);
    assert_eq!(
        ask(&mut gemini, "/v1/oauth/revokeByToken", &fresh, later),
        200
    );
    assert_eq!(ask(&mut gemini, "/v1/balances", &fresh, later), 401);
    assert_eq!(gemini.handle(&request, later).answer.status, 400);
}
