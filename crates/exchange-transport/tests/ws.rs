//! The session against a server on loopback that does what the test says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::large_futures,
    reason = "a test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use exchange_transport::ws::{Backoff, Event, Liveness, Proxy, Session, WsConfig};
use exchange_transport::{Error, Kind, Outcome};
use futures_util::sink::SinkExt as _;
use futures_util::stream::StreamExt as _;
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

const PATIENCE: Duration = Duration::from_secs(30);

async fn listen() -> (TcpListener, WsConfig) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = WsConfig::new(format!("ws://{}/feed", listener.local_addr().unwrap()));
    config.backoff = Backoff {
        base: Duration::from_millis(2),
        max: Duration::from_millis(10),
        ..Backoff::default()
    };
    (listener, config)
}

async fn accept(listener: &TcpListener) -> (WebSocketStream<TcpStream>, HeaderMap) {
    let (tcp, _) = listener.accept().await.unwrap();
    let mut headers = HeaderMap::new();
    #[expect(
        clippy::result_large_err,
        reason = "the callback's type is the crate's"
    )]
    let keep = |request: &Request, response: Response| {
        headers = request.headers().clone();
        Ok(response)
    };
    let socket = accept_hdr_async(tcp, keep).await.unwrap();
    (socket, headers)
}

async fn next(session: &mut Session) -> Event {
    tokio::time::timeout(PATIENCE, session.next())
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn connects_again_with_new_headers() {
    let (listener, mut config) = listen().await;
    let tries = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&tries);
    config.headers = Some(Arc::new(move || {
        let mut headers = HeaderMap::new();
        let number = counter.fetch_add(1, Ordering::SeqCst);
        headers.insert("try", HeaderValue::from(number));
        Ok(headers)
    }));
    let server = tokio::spawn(async move {
        for number in 0..3_u32 {
            let (mut socket, headers) = accept(&listener).await;
            assert_eq!(headers["try"], number.to_string().as_str());
            let greeting = socket.next().await.unwrap().unwrap();
            socket.send(greeting).await.unwrap();
            // Dropped without a goodbye.
        }
    });
    let mut session = Session::new(config).unwrap();
    for number in 0..3 {
        assert!(matches!(next(&mut session).await, Event::Connected));
        session.send(format!("hello {number}")).unwrap();
        let Event::Text(text) = next(&mut session).await else {
            panic!("no text")
        };
        assert_eq!(text.as_str(), format!("hello {number}"));
        let Event::Lost { error, .. } = next(&mut session).await else {
            panic!("not lost")
        };
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(!session.is_connected());
        let refused = session.send("nobody hears this").unwrap_err();
        assert_eq!(refused.outcome(), Outcome::NotExecuted);
        assert_eq!(refused.attempts(), 0);
    }
    server.await.unwrap();
}

async fn answer_http(listener: &TcpListener, answer: &str) {
    let (mut tcp, _) = listener.accept().await.unwrap();
    let mut buffer = [0; 2048];
    let _ = tcp.read(&mut buffer).await.unwrap();
    tcp.write_all(answer.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_refusal_of_the_first_try_is_final_and_of_a_later_one_is_not() {
    let refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nKEY";
    let (listener, config) = listen().await;
    let mut session = Session::new(config.clone()).unwrap();
    let (event, ()) = tokio::join!(next(&mut session), answer_http(&listener, refusal));
    let Event::Refused(error) = event else {
        panic!("{event:?}")
    };
    assert_eq!(error.kind(), Kind::Credentials);
    assert_eq!(error.status(), Some(401));
    assert!(!format!("{error} {error:?}").contains("KEY"));
    assert!(session.next().await.is_none());

    let mut session = Session::new(config).unwrap();
    let (event, (socket, _)) = tokio::join!(next(&mut session), accept(&listener));
    assert!(matches!(event, Event::Connected));
    drop(socket);
    assert!(matches!(next(&mut session).await, Event::Lost { .. }));
    let (event, ()) = tokio::join!(next(&mut session), answer_http(&listener, refusal));
    assert!(matches!(event, Event::Lost { error, .. } if error.status() == Some(401)));
    let (event, _server) = tokio::join!(next(&mut session), accept(&listener));
    assert!(matches!(event, Event::Connected));
}

#[tokio::test]
async fn an_overloaded_venue_is_waited_for_as_long_as_it_asks() {
    let (listener, config) = listen().await;
    let mut session = Session::new(config).unwrap();
    let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
    let (event, ()) = tokio::join!(next(&mut session), answer_http(&listener, busy));
    let Event::Lost { error, retry_in } = event else {
        panic!("{event:?}")
    };
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(retry_in, Duration::from_secs(7));
}

#[tokio::test]
async fn a_silent_venue_is_pinged_and_then_given_up() {
    let (listener, mut config) = listen().await;
    config.liveness = Liveness {
        ping_after: Duration::from_millis(30),
        lost_after: Duration::from_millis(60),
    };
    let mut session = Session::new(config).unwrap();
    let (event, (mut socket, _)) = tokio::join!(next(&mut session), accept(&listener));
    assert!(matches!(event, Event::Connected));

    // A venue that answers pings is kept.
    let answering = tokio::spawn(async move {
        let mut pings = 0;
        while pings < 3 {
            let message = socket.next().await.unwrap().unwrap();
            assert!(matches!(message, Message::Ping(_)));
            pings += 1;
        }
        socket
    });
    for _ in 0..3 {
        assert!(matches!(next(&mut session).await, Event::Quiet));
    }
    // Then it no longer reads, and so no longer answers.
    let _deaf = answering.await.unwrap();
    loop {
        match next(&mut session).await {
            Event::Quiet => {}
            Event::Lost { error, .. } => {
                assert_eq!(error.kind(), Kind::Timeout);
                assert_eq!(error.outcome(), Outcome::Unknown);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn messages_that_are_too_large_end_the_connection() {
    let (listener, mut config) = listen().await;
    config.max_message_size = 1000;
    let mut session = Session::new(config).unwrap();
    let (_, (mut socket, _)) = tokio::join!(next(&mut session), accept(&listener));
    socket.send(Message::text("x".repeat(1000))).await.unwrap();
    assert!(matches!(next(&mut session).await, Event::Text(text) if text.len() == 1000));
    socket.send(Message::binary(vec![7; 3])).await.unwrap();
    assert!(matches!(next(&mut session).await, Event::Binary(bytes) if bytes[..] == [7; 3]));
    socket.send(Message::text("x".repeat(1001))).await.unwrap();
    let Event::Lost { error, .. } = next(&mut session).await else {
        panic!("taken")
    };
    assert!(error.to_string().contains("too large"), "{error}");

    // In pieces, each of which would do.
    let (event, (mut socket, _)) = tokio::join!(next(&mut session), accept(&listener));
    assert!(matches!(event, Event::Connected));
    let piece = |head: &[u8]| [head, "x".repeat(100).as_bytes()].concat();
    let tcp = socket.get_mut();
    tcp.write_all(&piece(&[0x01, 100])).await.unwrap();
    for _ in 0..10 {
        tcp.write_all(&piece(&[0x00, 100])).await.unwrap();
    }
    let Event::Lost { error, .. } = next(&mut session).await else {
        panic!("taken")
    };
    assert!(error.to_string().contains("too large"), "{error}");
}

#[tokio::test]
async fn what_waits_to_be_written_is_bounded() {
    let (listener, mut config) = listen().await;
    config.max_unsent = 64 << 10;
    let mut session = Session::new(config).unwrap();
    let (_, (_deaf, _)) = tokio::join!(next(&mut session), accept(&listener));
    let chunk = "x".repeat(16 << 10);
    let refused = (0..10_000).find_map(|_| session.send(chunk.clone()).err());
    let refused = refused.unwrap();
    assert_eq!(refused.outcome(), Outcome::NotExecuted);
    assert_eq!(refused.attempts(), 0);
}

#[tokio::test]
async fn closing_says_goodbye() {
    let (listener, config) = listen().await;
    let mut session = Session::new(config).unwrap();
    let (_, (mut socket, _)) = tokio::join!(next(&mut session), accept(&listener));
    session.send("last words").unwrap();
    let server = tokio::spawn(async move {
        let words = socket.next().await.unwrap().unwrap();
        let goodbye = socket.next().await.unwrap().unwrap();
        // Reading on sends the answer.
        while socket.next().await.is_some() {}
        (words, goodbye)
    });
    session.close(PATIENCE).await;
    assert!(session.next().await.is_none());
    let (words, goodbye) = server.await.unwrap();
    assert_eq!(words, Message::text("last words"));
    assert!(matches!(goodbye, Message::Close(Some(frame)) if u16::from(frame.code) == 1000));
}

#[tokio::test]
async fn garbage_in_place_of_frames_is_a_lost_connection() {
    for garbage in [
        &b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"[..],
        b"\x81\x02\xc3\x28", // text that is not UTF-8
        b"\x83\x00",         // a frame type there is not
        b"\x81\x7e\x00",     // half a frame
    ] {
        let (listener, config) = listen().await;
        let mut session = Session::new(config).unwrap();
        let (_, (mut socket, _)) = tokio::join!(next(&mut session), accept(&listener));
        socket.get_mut().write_all(garbage).await.unwrap();
        drop(socket);
        let event = next(&mut session).await;
        assert!(matches!(event, Event::Lost { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn goes_through_a_proxy() {
    let (listener, mut config) = listen().await;
    let venue = listener.local_addr().unwrap();
    let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = front.local_addr().unwrap();
    config.proxy = Some(Proxy::new(&format!("http://me:secret@{address}")).unwrap());
    assert!(!format!("{config:?}").contains("secret"));
    let proxy = tokio::spawn(async move {
        let (mut client, _) = front.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(client.read_u8().await.unwrap());
        }
        client
            .write_all(b"HTTP/1.1 200 OK\r\nVia: test\r\n\r\n")
            .await
            .unwrap();
        let mut behind = TcpStream::connect(venue).await.unwrap();
        let copied = tokio::io::copy_bidirectional(&mut client, &mut behind);
        let _ = tokio::time::timeout(Duration::from_millis(300), copied).await;
        String::from_utf8(asked).unwrap()
    });
    let mut session = Session::new(config).unwrap();
    let (event, (mut socket, _)) = tokio::join!(next(&mut session), accept(&listener));
    assert!(matches!(event, Event::Connected));
    socket.send(Message::text("through")).await.unwrap();
    assert!(matches!(next(&mut session).await, Event::Text(text) if text.as_str() == "through"));
    let asked = proxy.await.unwrap();
    assert!(
        asked.starts_with(&format!("CONNECT {venue} HTTP/1.1\r\n")),
        "{asked}"
    );
    assert!(
        asked.contains("proxy-authorization: Basic bWU6c2VjcmV0"),
        "{asked}"
    );
}

/// What a client that goes through a proxy hears, and what the proxy was asked.
async fn through_a_proxy_that_says(user: &str, answer: &'static [u8]) -> (Error, String) {
    let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = front.local_addr().unwrap();
    let mut config = WsConfig::new("ws://venue.example/feed");
    config.proxy = Some(Proxy::new(&format!("http://{user}{address}")).unwrap());
    let proxy = async {
        let (mut client, _) = front.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(client.read_u8().await.unwrap());
        }
        // The client may hang up in the midst of it.
        let _ = client.write_all(answer).await;
        String::from_utf8(asked).unwrap()
    };
    let mut session = Session::new(config).unwrap();
    let (event, asked) = tokio::join!(next(&mut session), proxy);
    let Event::Lost { error, .. } = event else {
        panic!("{event:?}")
    };
    (error, asked)
}

/// More than is read of a proxy's answer, and no end of it.
const TOO_LONG: &[u8] = &[b'x'; 20_000];

#[tokio::test]
async fn a_proxy_may_refuse() {
    let wants = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    let (error, asked) = through_a_proxy_that_says("", wants).await;
    assert_eq!(
        asked,
        "CONNECT venue.example:80 HTTP/1.1\r\nhost: venue.example:80\r\n\r\n"
    );
    assert_eq!(error.kind(), Kind::Transport);
    assert!(error.to_string().contains("407"), "{error}");
    assert!(error.to_string().contains("password"), "{error}");

    let refuses = b"HTTP/1.1 403 Forbidden\r\n\r\n";
    let (error, asked) = through_a_proxy_that_says("me:PASSWORD@", refuses).await;
    assert!(asked.contains("proxy-authorization: Basic bWU6UEFTU1dPUkQ="));
    assert!(error.to_string().contains("403"), "{error}");
    assert!(!format!("{error} {error:?}").contains("PASSWORD"));
    for odd in [
        &b"nonsense\r\n\r\n"[..],
        b"\r\n\r\n",
        b"HTTP/1.1 20",
        TOO_LONG,
    ] {
        let (error, _) = through_a_proxy_that_says("", odd).await;
        assert_eq!(error.kind(), Kind::Transport);
        assert!(error.to_string().contains("the proxy"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_to_the_upgrade_that_does_not_end_is_cut_off() {
    let endless = async |start: &str, piece: &str| {
        let (listener, config) = listen().await;
        let mut session = Session::new(config).unwrap();
        let server = async {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.write_all(start.as_bytes()).await.unwrap();
            let mut sent = 0;
            // Until the client hangs up.
            while tcp.write_all(piece.as_bytes()).await.is_ok() && sent < 1 << 30 {
                sent += piece.len();
            }
            sent
        };
        let (event, sent) = tokio::join!(next(&mut session), server);
        let Event::Lost { error, .. } = event else {
            panic!("{event:?}")
        };
        assert_eq!(error.kind(), Kind::Transport);
        assert!(error.to_string().contains("handshake"), "{error}");
        assert!(sent < 1 << 30);
    };
    let one_header = "x".repeat(1000);
    endless("HTTP/1.1 101 Switching Protocols\r\nX: ", &one_header).await;
    let headers = "X: y\r\n".repeat(100);
    endless("HTTP/1.1 101 Switching Protocols\r\n", &headers).await;
    endless("", &one_header).await;
}

#[test]
fn addresses_that_can_not_be_used_are_refused() {
    let signed = |url: &str| {
        let mut config = WsConfig::new(url);
        config.headers = Some(Arc::new(|| Ok::<_, Error>(HeaderMap::new())));
        Session::new(config)
    };
    for url in [
        "",
        "https://a.example",
        "wss://u:p@a.example/",
        "wss://a.example/#f",
    ] {
        let error = Session::new(WsConfig::new(url)).unwrap_err();
        assert_eq!(error.kind(), Kind::Configuration, "{url}");
    }
    assert!(signed("ws://a.example/").is_err());
    for proxy in ["", "socks5://a.example", "nonsense"] {
        assert!(Proxy::new(proxy).is_err());
    }
}

#[tokio::test]
async fn addresses_on_loopback_or_with_tls_may_be_signed_for() {
    for url in [
        "ws://127.0.0.1:9/",
        "ws://[::1]:9/",
        "ws://localhost:9/",
        "wss://a.example/ws",
    ] {
        let mut config = WsConfig::new(url);
        config.headers = Some(Arc::new(|| Ok::<_, Error>(HeaderMap::new())));
        assert!(Session::new(config).is_ok(), "{url}");
    }
}
