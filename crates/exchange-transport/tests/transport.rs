//! What goes over the wire, and what each fault says about it.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

mod server;

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use exchange_transport::{
    Error, Kind, Outcome, Prepared, Transport, TransportConfig, http_client_builder, reqwest,
};
use http::header::{HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use server::{Reaction, Server};

fn transport(url: &str) -> Transport {
    Transport::new(TransportConfig::new(url)).unwrap()
}

fn get(path_and_query: &str) -> Prepared {
    Prepared {
        method: Method::GET,
        path_and_query: path_and_query.to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        content_type: None,
    }
}

fn post() -> Prepared {
    let mut headers = HeaderMap::new();
    headers.insert("api-sign", HeaderValue::from_static("SIGNATURE"));
    Prepared {
        method: Method::POST,
        headers,
        body: Bytes::from_static(b"{\"nonce\":1, \"otp\":\"PASSWORD\"}"),
        content_type: Some("application/json"),
        ..get("/0/private/Balance")
    }
}

/// The name is used below, to run this test alone.
#[tokio::test]
async fn sends_the_bytes_that_were_signed() {
    let server = Server::start([Reaction::ok("[1]")]).await;
    let target = "/v0/AA88%20N84G/a%2Fb%252e/.../x?a=%2B5%20%25&b=%C3%A9%26%3D%2F&c=%2C~-._&d=";
    let prepared = Prepared {
        path_and_query: target.to_owned(),
        ..post()
    };
    let answer = transport(&server.url).execute(prepared).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, "[1]");
    let request = server.request();
    assert_eq!(request.method, "POST");
    assert_eq!(request.target, target);
    assert_eq!(request.body, b"{\"nonce\":1, \"otp\":\"PASSWORD\"}");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("api-sign"), Some("SIGNATURE"));
    let user_agent = concat!("exchange-bindings/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("user-agent"), Some(user_agent));
}

#[tokio::test]
async fn a_target_that_would_be_rewritten_is_not_sent() {
    let server = Server::start([Reaction::ok("")]).await;
    for target in [
        "/a b",
        "/a/../b",
        "/a/%2e%2e/b",
        "/é",
        "/a?b=\"",
        "/a#b",
        "@other/",
        ":1/",
        ".b/",
    ] {
        let fault = transport(&server.url)
            .execute(get(target))
            .await
            .unwrap_err();
        assert!(!fault.may_have_left(), "{target}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_get_has_neither_body_nor_content_type() {
    let server = Server::start([Reaction::ok("")]).await;
    transport(&server.url)
        .execute(get("/0/public/Time"))
        .await
        .unwrap();
    let request = server.request();
    assert!(request.body.is_empty());
    assert_eq!(request.header("content-type"), None);
    assert_eq!(request.header("content-length"), None);
}

#[test]
fn base_urls_are_an_origin() {
    for good in [
        "https://api.example.com",
        "https://api.example.com/",
        "http://[::1]:80",
        "HTTPS://a:444",
    ] {
        let transport = transport(good);
        assert!(!transport.base_url().ends_with('/'), "{good}");
    }
    for bad in [
        "",
        "api.example.com",
        "ftp://example.com",
        "https://example.com/0",
        "https://example.com/?a=b",
        "https://example.com/#a",
        "https://user@example.com",
        "https://:password@example.com",
    ] {
        let error = Transport::new(TransportConfig::new(bad)).unwrap_err();
        assert_eq!(error.kind(), Kind::Configuration, "{bad}");
        assert!(!error.to_string().contains("password"), "{error}");
    }
}

#[test]
fn credentials_go_to_tls_or_loopback_only() {
    for safe in [
        "https://api.example.com",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://[::1]:8080",
        "http://localhost:1",
        "http://LOCALHOST",
    ] {
        transport(safe).check_safe_for_credentials().unwrap();
    }
    for unsafe_url in [
        "http://api.example.com",
        "http://128.0.0.1",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::2]",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
    ] {
        let error = transport(unsafe_url)
            .check_safe_for_credentials()
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Configuration, "{unsafe_url}");
        assert!(error.to_string().contains("https"), "{error}");
    }
}

#[test]
fn an_odd_user_agent_is_refused() {
    let config = TransportConfig {
        user_agent: "a\nb".to_owned(),
        ..TransportConfig::new("https://example.com")
    };
    assert_eq!(
        Transport::new(config).unwrap_err().kind(),
        Kind::Configuration
    );
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::start([Reaction::ok("stolen")]).await;
    let location = format!("location: {}/\r\n", elsewhere.url);
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start([Reaction::answer(status, &location, "")]).await;
        let answer = transport(&server.url).execute(post()).await.unwrap();
        assert_eq!(answer.status, status);
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn an_answer_from_elsewhere_is_refused() {
    let elsewhere = Server::start([Reaction::ok("{}")]).await;
    let location = format!("location: {}/\r\n", elsewhere.url);
    let server = Server::start([Reaction::answer(307, &location, "")]).await;
    let follows = http_client_builder()
        .unwrap()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::limited(3))
        .build()
        .unwrap();
    let config = TransportConfig {
        http: Some(follows),
        ..TransportConfig::new(&server.url)
    };
    let fault = Transport::new(config)
        .unwrap()
        .execute(post())
        .await
        .unwrap_err();
    assert!(fault.may_have_left());
    assert!(fault.to_string().contains("redirect"), "{fault}");
}

/// The error and what it must say: kind, outcome, whether it passes.
async fn fault(transport: &Transport) -> (Error, Kind, Outcome) {
    let prepared = Prepared {
        path_and_query: "/0/x?account=HIDDEN".to_owned(),
        ..post()
    };
    let error = Error::from(transport.execute(prepared).await.unwrap_err());
    for text in [error.to_string(), format!("{error:?}")] {
        for secret in ["HIDDEN", "SIGNATURE", "PASSWORD"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let (kind, outcome) = (error.kind(), error.outcome());
    (error, kind, outcome)
}

fn impatient(url: &str) -> Transport {
    Transport::new(TransportConfig {
        timeout: Duration::from_millis(300),
        connect_timeout: Duration::from_millis(100),
        ..TransportConfig::new(url)
    })
    .unwrap()
}

#[tokio::test]
async fn no_answer_in_time_leaves_the_outcome_open() {
    let server = Server::start([Reaction::Silence]).await;
    let (error, kind, outcome) = fault(&impatient(&server.url)).await;
    assert_eq!((kind, outcome), (Kind::Timeout, Outcome::Unknown));
    assert_eq!(error.attempts(), 1);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_stops_half_way_leaves_the_outcome_open() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"error\":[]";
    let server = Server::start([Reaction::Send(head.into())]).await;
    let (_, kind, outcome) = fault(&transport(&server.url)).await;
    assert_eq!((kind, outcome), (Kind::Transport, Outcome::Unknown));
}

#[tokio::test]
async fn a_connection_closed_without_answer_leaves_the_outcome_open_and_is_not_sent_twice() {
    let server = Server::start([Reaction::Close]).await;
    let (error, kind, outcome) = fault(&transport(&server.url)).await;
    assert_eq!((kind, outcome), (Kind::Transport, Outcome::Unknown));
    assert!(error.source().is_some());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_is_no_http_leaves_the_outcome_open() {
    let server = Server::start([Reaction::Send(b"SSH-2.0-x\r\n".into())]).await;
    let (_, kind, outcome) = fault(&transport(&server.url)).await;
    assert_eq!((kind, outcome), (Kind::Transport, Outcome::Unknown));
}

#[tokio::test]
async fn a_refused_connection_executes_nothing() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (error, kind, outcome) = fault(&transport(&format!("http://{free}"))).await;
    assert_eq!((kind, outcome), (Kind::Transport, Outcome::NotExecuted));
    assert_eq!(error.attempts(), 0);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_tls_handshake_that_fails_executes_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 X\r\n\r\n")
                .await
                .unwrap();
        }
    });
    let config = TransportConfig {
        http: Some(http_client_builder().unwrap().no_proxy().build().unwrap()),
        ..TransportConfig::new(url)
    };
    let (_, kind, outcome) = fault(&Transport::new(config).unwrap()).await;
    assert_eq!((kind, outcome), (Kind::Transport, Outcome::NotExecuted));
}

#[tokio::test]
async fn a_tls_handshake_that_takes_too_long_executes_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = http_client_builder()
        .unwrap()
        .no_proxy()
        .connect_timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let config = TransportConfig {
        http: Some(http),
        ..TransportConfig::new(format!("https://{}", listener.local_addr().unwrap()))
    };
    let (error, kind, outcome) = fault(&Transport::new(config).unwrap()).await;
    assert_eq!((kind, outcome), (Kind::Timeout, Outcome::NotExecuted));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn answers_have_a_limit_announced_or_not() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                   6\r\n123456\r\n5\r\n78901\r\n0\r\n\r\n";
    for reaction in [Reaction::ok("12345678901"), Reaction::Send(chunked.into())] {
        let server = Server::start([reaction]).await;
        let limited = |max_answer_size| {
            let config = TransportConfig {
                max_answer_size,
                ..TransportConfig::new(&server.url)
            };
            Transport::new(config).unwrap()
        };
        let (error, kind, outcome) = fault(&limited(10)).await;
        assert_eq!((kind, outcome), (Kind::Transport, Outcome::Unknown));
        assert!(!error.is_retryable());
        assert!(error.to_string().contains("10 bytes"), "{error}");
        let answer = limited(11).execute(get("/")).await.unwrap();
        assert_eq!(answer.body, "12345678901");
    }
}

#[test]
fn debug_of_a_request_shows_neither_header_values_nor_body() {
    let debug = format!("{:?}", post());
    assert!(debug.contains("/0/private/Balance"), "{debug}");
    assert!(debug.contains("api-sign"), "{debug}");
    assert!(
        !debug.contains("SIGNATURE") && !debug.contains("PASSWORD"),
        "{debug}"
    );
}

#[test]
fn a_call_to_loopback_takes_no_proxy_from_the_environment() {
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sends_the_bytes_that_were_signed"])
        .env("http_proxy", &address)
        .env("HTTP_PROXY", &address)
        .env("ALL_PROXY", &address)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && output.contains("1 passed"),
        "{output}"
    );
    assert_eq!(
        proxy.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
}
