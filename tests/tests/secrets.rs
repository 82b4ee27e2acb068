//! No secret is ever shown: everything that calls can make visible is gathered and searched.
//!
//! Every operation is called, with its answer and with answers that go wrong in every way. All log
//! events down to the finest level, all errors with their sources, all panic messages and the debug
//! text of everything that holds credentials go into one heap.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, too"
)]

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use exchange_auth::Credentials;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use workspace_tests::{
    KEY,
    clients::Client,
    models, secret,
    server::{Reaction, Server},
    synth::{Round, parameters},
};

const OTP: &str = "one-time-748291";
const TOKEN: &str = "websocket-token-kept-apart";

/// Everything that became visible.
#[derive(Clone, Default)]
struct Heap(Arc<Mutex<String>>);

impl Heap {
    fn add(&self, shown: &dyn fmt::Display) {
        let mut heap = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(heap, "{shown}").unwrap();
    }

    fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Takes every span and event, whatever its level.
impl Subscriber for Heap {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        self.add(&attributes.metadata().name());
        attributes.record(&mut Fields(self));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Fields(self));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields(self));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Fields<'a>(&'a Heap);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.add(&format_args!("{field} = {value:?}"));
    }
}

/// What must never be seen, with a name for the message.
fn forbidden() -> Vec<(&'static str, String)> {
    let hex: String = secret().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    let numbers = format!("{:?}", &secret()[..8]);
    // A piece of sixteen characters is enough of a leak.
    vec![
        (
            "secret in base64",
            STANDARD.encode(secret())[..16].to_owned(),
        ),
        (
            "secret for addresses",
            URL_SAFE_NO_PAD.encode(secret())[..16].to_owned(),
        ),
        ("secret in hex", hex[..16].to_owned()),
        ("secret in HEX", hex[..16].to_uppercase()),
        (
            "secret as numbers",
            numbers.trim_matches(['[', ']']).to_owned(),
        ),
        ("one-time password", OTP.to_owned()),
        ("WebSocket token", TOKEN.to_owned()),
    ]
}

fn found_in(text: &str) -> Vec<&'static str> {
    forbidden()
        .into_iter()
        .filter(|(_, pattern)| text.contains(pattern))
        .map(|(name, _)| name)
        .collect()
}

#[tokio::test]
async fn nothing_that_becomes_visible_holds_a_secret() {
    let heap = Heap::default();
    tracing::subscriber::set_global_default(heap.clone()).unwrap();
    let of_hook = heap.clone();
    std::panic::set_hook(Box::new(move |panic| of_hook.add(panic)));

    let server = Server::start().await;
    let mut signatures = Vec::new();
    for model in models() {
        let client = Client::with_otp(&model.api, &server.url, OTP);
        heap.add(&format_args!("{client:?} {client:#?}"));
        for operation in &model.operations {
            let example = operation.answer_example.clone().unwrap_or_default();
            let reactions = [
                Reaction::Answer(200, serde_json::to_vec(&example).unwrap()),
                Reaction::Answer(200, b"{\"error\":[\"EAPI:Invalid signature\"]}".to_vec()),
                Reaction::Answer(
                    200,
                    b"{\"error\":[\"EGeneral:Permission denied\"]}".to_vec(),
                ),
                Reaction::Answer(200, b"{\"error\":[],\"result\":[[[1".to_vec()),
                Reaction::Answer(200, b"\"text\"".to_vec()),
                Reaction::Answer(502, b"<html>bad gateway</html>".to_vec()),
                Reaction::Answer(403, b"{\"message\":\"no\"}".to_vec()),
                Reaction::Close,
            ];
            for reaction in reactions {
                server.react(reaction);
                let sent = client
                    .send(&operation.id, &parameters(model, operation, Round::All))
                    .await;
                if let Err(error) = sent {
                    heap.add(&format_args!("{error} {error:?} {error:#?}"));
                }
            }
            signatures.extend(
                server
                    .take_requests()
                    .iter()
                    .flat_map(|request| request.header("api-sign"))
                    .map(str::to_owned),
            );
        }
    }

    token_calls(&heap, &server).await;
    mistakes_with_credentials(&heap);
    drop(std::panic::take_hook());

    let text = heap.text();
    assert!(
        text.len() > 100_000,
        "too little was gathered: {}",
        text.len()
    );
    for sign_of_life in [
        "holding Credentials",
        "Invalid signature",
        "addOrder",
        "bad gateway",
    ] {
        assert!(
            text.contains(sign_of_life),
            "{sign_of_life} was not gathered"
        );
    }
    assert_eq!(found_in(&text), Vec::<&str>::new());
    assert!(
        signatures.len() > 500,
        "too few calls were signed: {}",
        signatures.len()
    );
    for signature in signatures {
        assert!(!text.contains(&signature), "a signature is shown");
    }
}

/// A venue that hands out a secret: right, and in shapes that can't be read.
async fn token_calls(heap: &Heap, server: &Server) {
    let spot = kraken_spot::Client::builder()
        .base_url(&server.url)
        .timeout(Duration::from_secs(20))
        .api_key(KEY, STANDARD.encode(secret()))
        .build()
        .unwrap();
    for body in [
        format!(r#"{{"error":[],"result":{{"token":"{TOKEN}","expires":900}}}}"#),
        format!(r#"{{"error":[],"result":{{"token":"{TOKEN}","expires":[]}}}}"#),
        format!(r#"{{"error":[],"result":{{"token":["{TOKEN}"]}}}}"#),
    ] {
        server.react(Reaction::Answer(200, body.into_bytes()));
        let answer = spot.get_websockets_token().send().await;
        heap.add(&format_args!("{answer:?} {answer:#?}"));
    }
    server.react(Reaction::Close);
    heap.add(&format_args!("{:?}", spot.get_websockets_token()));
}

/// Mistakes with credentials, and a panic while they are at hand.
fn mistakes_with_credentials(heap: &Heap) {
    let encoded = STANDARD.encode(secret());
    let credentials = Credentials::new(KEY, &encoded).unwrap().with_otp(OTP);
    heap.add(&format_args!("{credentials:?} {credentials:#?}"));
    for broken in [
        format!("{encoded}*"),
        encoded.replace('=', ""),
        format!("{encoded}{encoded}"),
    ] {
        let refused = Credentials::new(KEY, &broken);
        heap.add(&format_args!("{refused:?}"));
        let refused = kraken_spot::Client::builder().api_key(KEY, &broken).build();
        heap.add(&format_args!("{refused:?}"));
    }
    let refused = kraken_spot::Client::builder()
        .base_url("http://venue.example")
        .api_key(KEY, &encoded)
        .build();
    heap.add(&format_args!("{refused:?}"));
    let panicked = std::thread::spawn(move || {
        let held = &credentials;
        assert!(held.key().is_empty(), "holding {held:?}");
    })
    .join();
    assert!(panicked.is_err());
}

/// The search itself finds each of them.
#[test]
fn each_form_of_a_secret_would_be_found() {
    for (name, pattern) in forbidden() {
        assert!(found_in(&format!("…{pattern}…")).contains(&name), "{name}");
    }
    assert!(found_in(&format!("{:?}", secret())).contains(&"secret as numbers"));
    assert!(found_in(&STANDARD.encode(secret())).contains(&"secret in base64"));
}
