//! Whole calls against a venue on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

#[path = "../../exchange-transport/tests/server/mod.rs"]
mod server;

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange_auth::{Credentials, NonceError, NonceSource};
use exchange_transport::{
    Access, Answer, Call, Effect, Error, Kind, Operation, Outcome, Pace, PaceMode, Permission,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use kraken_core::{ClientBuilder, Core, Scheme};
use server::{Reaction, Request, Server};
use sha2::{Digest as _, Sha256, Sha512};

/// The secret of the vendor's examples.
const SECRET: &str =
    "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";
const KEY: &str = "public-key-of-the-test";
const NONCE: u64 = 1_616_492_376_594;

const PRIVATE: Operation = Operation {
    api: "kraken-spot",
    id: "addOrder",
    rust_method: "add_order",
    method: Method::POST,
    path: "/0/private/AddOrder",
    access: Access::Private,
    permission: Permission::AllOf(&["Orders and trades - Create & modify orders"]),
    effect: Effect::Order,
    pace: Pace {
        counter: "kraken-engine",
        cost: 0,
    },
    answer: Answer::Enveloped,
};
static ADD_ORDER: Operation = PRIVATE;
static CUSTODY_TASK: Operation = Operation {
    id: "getCustodyTask",
    path: "/0/private/GetCustodyTask",
    ..PRIVATE
};
static TIME: Operation = Operation {
    id: "getServerTime",
    rust_method: "get_server_time",
    method: Method::GET,
    path: "/0/public/Time",
    access: Access::Public,
    permission: Permission::NotNeeded,
    effect: Effect::Read,
    ..PRIVATE
};
static EXPORT: Operation = Operation {
    id: "retrieveExport",
    path: "/0/private/RetrieveExport",
    effect: Effect::Read,
    answer: Answer::Bytes,
    ..PRIVATE
};
static VAULT: Operation = Operation {
    api: "kraken-custody-external",
    method: Method::GET,
    path: "/v0/insto/custody/vaults/{vault_id}",
    effect: Effect::Read,
    answer: Answer::Bare,
    ..PRIVATE
};
static FEE_QUOTE: Operation = Operation {
    method: Method::POST,
    effect: Effect::Account,
    ..VAULT
};

#[derive(Debug)]
struct Fixed;

impl NonceSource for Fixed {
    fn next(&self) -> Result<u64, NonceError> {
        Ok(NONCE)
    }
}

fn builder(scheme: Scheme, url: &str) -> ClientBuilder<Core> {
    ClientBuilder::new(scheme, "https://api.kraken.com")
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .base_url(url)
        .nonce_source(Fixed)
        .api_key(KEY, SECRET)
}

fn core(url: &str) -> Core {
    builder(Scheme::Body, url).build().unwrap()
}

/// The signature by the venue's rule, with nothing of the crates under test.
fn expected_signature(request: &Request, nonce: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(nonce);
    hash.update(&request.body);
    let mut mac = Hmac::<Sha512>::new_from_slice(&STANDARD.decode(SECRET).unwrap()).unwrap();
    mac.update(request.target.as_bytes());
    mac.update(&hash.finalize());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn assert_signed(request: &Request) {
    let expected = expected_signature(request, &NONCE.to_string());
    assert_eq!(request.header("api-sign"), Some(expected.as_str()));
    assert_eq!(request.header("api-key"), Some(KEY));
}

#[derive(serde::Serialize)]
struct Order {
    pair: &'static str,
    price: &'static str,
}

fn order() -> Call {
    let mut call = Call::new(&ADD_ORDER);
    call.body(&Order {
        pair: "XBT/USD",
        price: "+5%",
    })
    .unwrap();
    call
}

type Texts = HashMap<String, String>;

async fn failure(core: &Core, call: Call) -> Error {
    core.call::<Texts>(call).await.unwrap_err()
}

#[tokio::test]
async fn the_vendors_own_example_gives_the_vendors_own_signature() {
    let server = Server::start([Reaction::ok(r#"{"error":[],"result":{}}"#)]).await;
    let mut call = Call::new(&CUSTODY_TASK);
    call.query("id", "TGWOJ4JQPOTZT2");
    core(&server.url).call::<Texts>(call).await.unwrap();
    let request = server.request();
    assert_eq!(
        request.target,
        "/0/private/GetCustodyTask?id=TGWOJ4JQPOTZT2"
    );
    assert_eq!(request.body_text(), r#"{"nonce":1616492376594}"#);
    assert_eq!(
        request.header("API-Sign"),
        Some(
            "2rM09q8HG7LvjivBitQUybwZ/DSeO8+i0U/at/wclH2Jma6gMaE/0Nw9dyLR+ykMd5eWCngSL4K58i6uJzXDCw=="
        )
    );
    assert_eq!(request.header("API-Key"), Some(KEY));
    assert_eq!(request.header("Content-Type"), Some("application/json"));
}

#[tokio::test]
async fn signs_the_body_and_the_query_that_it_sends() {
    let server = Server::start([Reaction::ok(r#"{"error":[],"result":{"a":"b"}}"#)]).await;
    let mut call = order();
    call.query("account_id", "AA88 N84G +/%é")
        .header("x-vault-id", "AA88 N84G");
    let reply = core(&server.url)
        .call_with_warnings::<Texts>(call)
        .await
        .unwrap();
    assert_eq!(reply.value["a"], "b");
    assert_eq!((reply.status, reply.warnings.len()), (200, 0));
    let request = server.request();
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.target,
        "/0/private/AddOrder?account_id=AA88%20N84G%20%2B%2F%25%C3%A9"
    );
    assert_eq!(
        request.body_text(),
        r#"{"nonce":1616492376594,"pair":"XBT/USD","price":"+5%"}"#
    );
    assert_eq!(request.header("x-vault-id"), Some("AA88 N84G"));
    assert_signed(&request);
}

#[tokio::test]
async fn a_password_travels_in_the_signed_body() {
    let server = Server::start([Reaction::ok(r#"{"error":[],"result":{}}"#)]).await;
    let credentials = Credentials::new(KEY, SECRET).unwrap().with_otp("12\"34");
    let core: Core = builder(Scheme::Body, &server.url)
        .credentials(credentials)
        .build()
        .unwrap();
    core.call::<Texts>(order()).await.unwrap();
    let request = server.request();
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["otp"], "12\"34");
    assert_eq!(body["nonce"], NONCE);
    assert_eq!(body["pair"], "XBT/USD");
    assert_signed(&request);
}

#[tokio::test]
async fn nonces_rise_from_call_to_call() {
    let server = Server::start([Reaction::ok(r#"{"error":[],"result":{}}"#)]).await;
    let core: Core = ClientBuilder::new(Scheme::Body, &server.url)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .api_key(KEY, SECRET)
        .build()
        .unwrap();
    for _ in 0..3 {
        core.clone().call::<Texts>(order()).await.unwrap();
    }
    let nonces: Vec<u64> = server
        .requests()
        .iter()
        .map(|request| {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            body["nonce"].as_u64().unwrap()
        })
        .collect();
    assert!(
        nonces.is_sorted_by(|before, after| before < after),
        "{nonces:?}"
    );
}

#[tokio::test]
async fn the_external_api_has_nonce_and_password_in_headers() {
    let server = Server::start([Reaction::ok("{}")]).await;
    let credentials = Credentials::new(KEY, SECRET).unwrap().with_otp("123456");
    let core: Core = builder(Scheme::Headers, &server.url)
        .credentials(credentials)
        .build()
        .unwrap();
    let mut get = Call::new(&VAULT);
    get.path("vault_id", "AA88 N84G")
        .query("states", &vec!["a", "b"]);
    core.call::<Texts>(get).await.unwrap();
    let mut post = Call::new(&FEE_QUOTE);
    post.path("vault_id", "V");
    post.body(&Order {
        pair: "a",
        price: "b",
    })
    .unwrap();
    core.call::<Texts>(post).await.unwrap();

    let [get, post] = &server.requests()[..] else {
        panic!("two requests")
    };
    assert_eq!(get.method, "GET");
    assert_eq!(
        get.target,
        "/v0/insto/custody/vaults/AA88%20N84G?states=a&states=b"
    );
    assert!(get.body.is_empty());
    assert_eq!(get.header("content-type"), None);
    assert_eq!(post.body_text(), r#"{"pair":"a","price":"b"}"#);
    assert_eq!(post.header("content-type"), Some("application/json"));
    for request in [get, post] {
        assert_signed(request);
        assert_eq!(request.header("api-nonce"), Some("1616492376594"));
        assert_eq!(request.header("api-otp"), Some("123456"));
    }
}

#[tokio::test]
async fn a_public_call_carries_nothing_private() {
    let server = Server::start([Reaction::ok(r#"{"error":[],"result":{}}"#)]).await;
    let mut call = Call::new(&TIME);
    call.query("a", "b");
    core(&server.url).call::<Texts>(call).await.unwrap();
    let request = server.request();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("GET", "/0/public/Time?a=b")
    );
    assert!(request.body.is_empty());
    for name in [
        "api-key",
        "api-sign",
        "api-nonce",
        "api-otp",
        "content-type",
    ] {
        assert_eq!(request.header(name), None);
    }
}

#[tokio::test]
async fn a_private_call_without_credentials_is_not_sent() {
    let server = Server::start([Reaction::ok("{}")]).await;
    let core: Core = ClientBuilder::new(Scheme::Body, &server.url)
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .build()
        .unwrap();
    let error = failure(&core, order()).await;
    assert_eq!(
        (error.kind(), error.outcome()),
        (Kind::Credentials, Outcome::NotExecuted)
    );
    assert_eq!(error.operation().unwrap().id, "addOrder");
    assert!(
        error.to_string().contains(".credentials_from_env()"),
        "{error}"
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_mistake_in_a_parameter_is_not_sent() {
    let server = Server::start([Reaction::ok("{}")]).await;
    let mut call = Call::new(&VAULT);
    call.path("vault_id", "..");
    let error = failure(
        &builder(Scheme::Headers, &server.url).build().unwrap(),
        call,
    )
    .await;
    assert_eq!((error.kind(), error.attempts()), (Kind::InvalidRequest, 0));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_nonce_that_can_not_be_had_stops_the_call() {
    #[derive(Debug)]
    struct Exhausted;
    impl NonceSource for Exhausted {
        fn next(&self) -> Result<u64, NonceError> {
            exchange_auth::FileNonce::open("/nonexistent/directory/nonce").map(|_| 0)
        }
    }
    let server = Server::start([Reaction::ok("{}")]).await;
    let core: Core = builder(Scheme::Body, &server.url)
        .nonce_source(Exhausted)
        .build()
        .unwrap();
    let error = failure(&core, order()).await;
    assert_eq!(
        (error.kind(), error.outcome()),
        (Kind::Nonce, Outcome::NotExecuted)
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_venues_errors_are_told_with_what_to_do() {
    let server = Server::start([Reaction::ok(r#"{"error":["EGeneral:Permission denied"]}"#)]).await;
    let error = failure(&core(&server.url), order()).await;
    assert_eq!(
        error.to_string(),
        "permission denied on add_order (POST /0/private/AddOrder, HTTP 200): \
         EGeneral:Permission denied. The API key needs \
         `Orders and trades - Create & modify orders`"
    );
}

#[tokio::test]
async fn faults_on_the_way_leave_an_order_in_doubt_and_are_not_sent_twice() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"error\":[],\"result\":{";
    for (reaction, kind) in [
        (
            Reaction::answer(502, "", "<html>bad gateway</html>"),
            Kind::Unavailable,
        ),
        (
            Reaction::answer(302, "location: /elsewhere\r\n", ""),
            Kind::Unavailable,
        ),
        (Reaction::ok(""), Kind::Decode),
        (Reaction::ok("<html>"), Kind::Decode),
        (Reaction::Send(cut.into()), Kind::Transport),
        (Reaction::Close, Kind::Transport),
        (Reaction::Silence, Kind::Timeout),
    ] {
        let server = Server::start([reaction]).await;
        let core: Core = builder(Scheme::Body, &server.url)
            .timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        let error = failure(&core, order()).await;
        assert_eq!(
            (error.kind(), error.outcome()),
            (kind, Outcome::Unknown),
            "{error}"
        );
        assert!(!error.is_retryable(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("may have been executed: look before sending again"),
            "{text}"
        );
        assert!(text.contains("`cl_ord_id`"), "{text}");
        assert_eq!(server.requests().len(), 1, "{text}");
    }
}

#[tokio::test]
async fn a_refused_connection_leaves_no_doubt() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = failure(&core(&format!("http://{free}")), order()).await;
    assert_eq!(
        (error.kind(), error.outcome()),
        (Kind::Transport, Outcome::NotExecuted)
    );
    assert!(error.is_retryable());
    assert_eq!(error.operation().unwrap().id, "addOrder");
}

#[tokio::test]
async fn files_come_as_bytes() {
    let zip = b"PK\x03\x04\xff\x00";
    let server = Server::start([
        Reaction::ok(zip),
        Reaction::ok(r#"{"error":["EGeneral:Invalid arguments:id"]}"#),
    ])
    .await;
    let core = core(&server.url);
    assert_eq!(core.call_bytes(Call::new(&EXPORT)).await.unwrap(), &zip[..]);
    let error = core.call_bytes(Call::new(&EXPORT)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
}

#[test]
fn bad_credentials_are_refused_when_building() {
    let built = ClientBuilder::<Core>::new(Scheme::Body, "https://api.kraken.com")
        .api_key(KEY, "not base64, but SECRETIVE")
        .build();
    let error = built.unwrap_err();
    assert_eq!(error.kind(), Kind::Credentials);
    assert!(
        !format!("{error} {error:?}").contains("SECRETIVE"),
        "{error}"
    );
    let built = ClientBuilder::<Core>::new(Scheme::Body, "https://api.kraken.com")
        .credentials_from_file("/nonexistent/credentials")
        .build();
    assert_eq!(built.unwrap_err().kind(), Kind::Credentials);
}

#[test]
fn credentials_are_refused_in_the_clear() {
    let public = ClientBuilder::<Core>::new(Scheme::Body, "http://api.example.com");
    public.build().unwrap();
    let error = builder(Scheme::Body, "http://api.example.com")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    builder(Scheme::Body, "http://localhost:1").build().unwrap();
    builder(Scheme::Body, "https://api.example.com")
        .build()
        .unwrap();
}

#[tokio::test]
async fn secrets_are_in_no_text() {
    let server = Server::start([
        Reaction::ok(r#"{"error":["EAPI:Invalid signature"]}"#),
        Reaction::answer(502, "", "x"),
        Reaction::Close,
    ])
    .await;
    let make = |scheme| {
        let credentials = Credentials::new(KEY, SECRET).unwrap().with_otp("PASSWORD");
        builder(scheme, &server.url).credentials(credentials)
    };
    let mut texts = Vec::new();
    for scheme in [Scheme::Body, Scheme::Headers] {
        texts.push(format!("{:?} {:#?}", make(scheme), make(scheme)));
        let core: Core = make(scheme).build().unwrap();
        texts.push(format!("{core:?} {core:#?} {:?}", order()));
        for _ in 0..3 {
            let error = failure(&core, order()).await;
            texts.push(format!("{error} {error:?} {error:#?}"));
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                texts.push(format!("{error} {error:?}"));
                source = error.source();
            }
        }
    }
    let signatures: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.header("api-sign").unwrap().to_owned())
        .collect();
    assert_eq!(signatures.len(), 6);
    let raw = format!("{:?}", STANDARD.decode(SECRET).unwrap());
    let raw = raw.trim_matches(['[', ']']).to_owned();
    let secrets = [
        SECRET.to_owned(),
        raw,
        "PASSWORD".to_owned(),
        KEY.to_owned(),
    ];
    for text in &texts {
        for secret in secrets.iter().chain(&signatures) {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn calls_can_be_spawned() {
    fn spawnable<T: Send + 'static>(_: T) {}
    let core: Core = ClientBuilder::new(Scheme::Body, "https://example.com")
        .pace_modes(PaceMode::Off, PaceMode::Off)
        .build()
        .unwrap();
    spawnable(async move { core.call::<Texts>(order()).await });
}
