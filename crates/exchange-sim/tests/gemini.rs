//! How Gemini starts.

use std::net::{SocketAddr, TcpListener};

use exchange_sim::{GeminiKey, Sim, SimBuilder, StartError};

const CONFIG: &str = r#"
rate_limits = false

[gemini]
demo_keys = false
balances = { BTC = "1.5", usd = "25000" }

[[gemini.keys]]
key = "account-reader"
secret = "any text"
account = "trading"
roles = ["auditor", "fund-manager"]
nonces = "time-based"
heartbeat = true
"#;

#[tokio::test]
async fn a_file_says_how_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sim.toml");
    std::fs::write(&file, CONFIG).unwrap();
    let sim = SimBuilder::from_file(&file).unwrap().start().await.unwrap();
    let gemini = sim.gemini();
    assert_eq!(gemini.balance("btc").to_string(), "1.5");
    assert_eq!(gemini.balance("USD").to_string(), "25000");
    assert!(gemini.balance("ETH").is_zero());
    let keys = gemini.all_credentials();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].key, "account-reader");
    assert!(sim.gemini_sandbox().all_credentials().is_empty());
}

#[tokio::test]
async fn the_ports_follow_each_other() {
    // Another program may take one of them first.
    for _ in 0..50 {
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let sim = match Sim::builder().listen(free).start().await {
            Ok(sim) => sim,
            Err(StartError::Listen { .. }) => continue,
            Err(error) => panic!("{error}"),
        };
        let url = |number: u16| format!("http://127.0.0.1:{}", free.port() + number);
        assert_eq!(sim.kraken().url(), url(0));
        assert_eq!(sim.gemini().url(), url(1));
        assert_eq!(sim.gemini_sandbox().url(), url(2));
        return;
    }
    panic!("no three free ports in a row");
}

#[tokio::test]
async fn what_can_not_be_is_refused() {
    let last = SocketAddr::from(([127, 0, 0, 1], u16::MAX));
    let started = Sim::builder().listen(last).start().await;
    assert!(matches!(started, Err(StartError::Listen { .. })));
    let key = GeminiKey {
        account: Some("nobody's".into()),
        ..GeminiKey::new("account-x", "secret")
    };
    let started = Sim::builder().gemini_key(key).start().await;
    assert!(matches!(started, Err(StartError::GeminiKey { key }) if key == "account-x"));
    for (currency, amount) in [("NOSUCH", 1), ("USD", -1)] {
        let started = Sim::builder().gemini_balances([(currency, amount.into())]);
        let started = started.start().await;
        assert!(
            matches!(started, Err(StartError::Balance { .. })),
            "{currency}"
        );
    }
}
