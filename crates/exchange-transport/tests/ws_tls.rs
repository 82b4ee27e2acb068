//! The session over TLS: who is believed, and what is said when nobody is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::sync::Arc;
use std::time::Duration;

use exchange_transport::ws::{Event, Session, WsConfig};
use exchange_transport::{Error, Kind};
use futures_util::sink::SinkExt as _;
use futures_util::stream::StreamExt as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const PATIENCE: Duration = Duration::from_secs(30);

/// A venue with a certificate of its own making.
struct Venue {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    certificate: CertificateDer<'static>,
}

impl Venue {
    async fn named(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate,
        }
    }

    fn config(&self, host: &str) -> WsConfig {
        let port = self.listener.local_addr().unwrap().port();
        WsConfig::new(format!("wss://{host}:{port}/feed"))
    }

    /// TLS that believes this venue's certificate and no other.
    fn believed(&self) -> Arc<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }

    /// Greets one client, and gives the name it asked for and what it said.
    async fn serve(&self) -> Option<(Option<String>, String)> {
        let (tcp, _) = self.listener.accept().await.unwrap();
        let tls = self.acceptor.accept(tcp).await.ok()?;
        let name = tls.get_ref().1.server_name().map(ToOwned::to_owned);
        let mut socket = tokio_tungstenite::accept_async(tls).await.ok()?;
        socket.send("hello".into()).await.unwrap();
        let said = socket.next().await.unwrap().unwrap();
        Some((name, said.into_text().unwrap().to_string()))
    }

    /// Why a client does not come to talk with it.
    async fn refused_by(&self, config: WsConfig) -> Error {
        let mut session = Session::new(config).unwrap();
        let (event, served) = tokio::join!(next(&mut session), self.serve());
        assert!(served.is_none());
        match event {
            Event::Lost { error, .. } | Event::Refused(error) => error,
            other => panic!("{other:?}"),
        }
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

async fn next(session: &mut Session) -> Event {
    let event = tokio::time::timeout(PATIENCE, session.next()).await;
    event.unwrap().unwrap()
}

#[tokio::test]
async fn the_venue_is_asked_for_by_name_and_its_certificate_checked() {
    let venue = Venue::named("localhost").await;
    let mut config = venue.config("localhost");
    config.tls = Some(venue.believed());
    let mut session = Session::new(config).unwrap();
    let client = async {
        assert!(matches!(next(&mut session).await, Event::Connected));
        assert!(matches!(next(&mut session).await, Event::Text(text) if text.as_str() == "hello"));
        session.send("and to you").unwrap();
        // Sends it, and hears that the venue hangs up.
        assert!(matches!(next(&mut session).await, Event::Lost { .. }));
    };
    let (served, ()) = tokio::join!(venue.serve(), client);
    let (name, said) = served.unwrap();
    assert_eq!(name.as_deref(), Some("localhost"));
    assert_eq!(said, "and to you");
}

#[tokio::test]
async fn an_address_is_checked_too() {
    let venue = Venue::named("127.0.0.1").await;
    let mut config = venue.config("127.0.0.1");
    config.tls = Some(venue.believed());
    let mut session = Session::new(config).unwrap();
    let client = async {
        assert!(matches!(next(&mut session).await, Event::Connected));
        session.send("hello").unwrap();
        while !matches!(next(&mut session).await, Event::Lost { .. }) {}
    };
    let (served, ()) = tokio::join!(venue.serve(), client);
    // An address is no name to ask for.
    assert_eq!(served.unwrap().0, None);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let venue = Venue::named("another.example").await;
    let mut config = venue.config("localhost");
    config.tls = Some(venue.believed());
    let error = venue.refused_by(config).await;
    assert_eq!(error.kind(), Kind::Transport);
    let text = error.to_string();
    assert!(
        text.contains("TLS did not come about") && text.contains("not valid for name"),
        "{text}"
    );
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused() {
    let venue = Venue::named("localhost").await;
    let error = venue.refused_by(venue.config("localhost")).await;
    assert_eq!(error.kind(), Kind::Transport);
    let text = error.to_string();
    assert!(text.contains("UnknownIssuer"), "{text}");
    assert!(text.contains("WsConfig::tls"), "{text}");
}
