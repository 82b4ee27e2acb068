//! Nonsense sent to the simulated venues: they answer or close, go on, and their books still add up.
//! Here Kraken's requests, in `prime` the WebSocket of Prime.
//!
//! `SIM_FUZZ_SECONDS=600 cargo test -p workspace-tests --test sim_fuzz` goes on for ten minutes;
//! `SIM_FUZZ_SEED=2` sends something else.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, too"
)]

mod prime;
mod socket;

use std::time::{Duration, Instant};

use exchange_sim::{KrakenApi, Sim};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use workspace_tests::{
    models,
    plain::{Answered, Caller},
    synth::{self, ROUNDS},
};
use xtask::model::{Location, Model, Operation};

/// So many requests, or as many as there is time for.
struct Effort {
    start: Instant,
    time: Option<Duration>,
    cases: u32,
    done: u32,
}

impl Effort {
    fn new(cases: u32) -> Self {
        let seconds = std::env::var("SIM_FUZZ_SECONDS").ok();
        let seconds = seconds.map(|text| text.parse().unwrap());
        Self {
            start: Instant::now(),
            time: seconds.map(Duration::from_secs),
            cases,
            done: 0,
        }
    }

    fn goes_on(&mut self) -> bool {
        self.done += 1;
        match self.time {
            Some(time) => self.start.elapsed() < time,
            None => self.done <= self.cases,
        }
    }
}

fn dice() -> fastrand::Rng {
    let seed = std::env::var("SIM_FUZZ_SEED").map_or(1, |text| text.parse().unwrap());
    fastrand::Rng::with_seed(seed)
}

/// Values that something might stumble over.
fn odd_value(dice: &mut fastrand::Rng) -> Value {
    let texts = [
        "",
        " ",
        "-",
        "+",
        "#",
        "%",
        "+5%",
        "-0",
        "0",
        "1",
        "-1",
        "NaN",
        "Infinity",
        "1e400",
        "1e-30",
        "0.0000000000000000000000000001",
        "79228162514264337593543950335",
        "99999999999999999999999999999999",
        "-79228162514264337593543950335",
        "1.5",
        "true",
        "2026-11-20T00:00:00Z",
        "18446744073709551616",
        "é",
        "\u{0}",
        "a,b,,c",
        "..",
        "%zz",
        "XBTUSD",
        "XBT",
        "USD",
        "ETHXBT",
        "BTC/USD",
        "buy",
        "sell",
        "all",
        "Bitcoin",
    ];
    match dice.u32(..12) {
        0 => Value::Null,
        1 => json!(dice.bool()),
        2 => json!(dice.i64(..)),
        3 => json!(dice.f64() * 1e300),
        4 => json!([]),
        5 => json!({}),
        6 => json!([{"a": [null, {"b": -1}]}, "x", 1e308]),
        7 => json!("9".repeat(dice.usize(1..5_000))),
        _ => json!(texts[dice.usize(..texts.len())]),
    }
}

/// Values that get a call further in.
fn good_value(name: &str, sim: &Sim, dice: &mut fastrand::Rng) -> Option<Value> {
    let kraken = sim.kraken();
    let one_of =
        |dice: &mut fastrand::Rng, values: &[&str]| json!(values[dice.usize(..values.len())]);
    let decimal = |dice: &mut fastrand::Rng| {
        let digits = dice.u32(..12);
        json!(Decimal::from_i128_with_scale(dice.i128(1..10_000_000), digits).to_string())
    };
    Some(match name {
        "pair" | "symbol" => one_of(dice, &["XBTUSD", "ETHUSD", "ETHXBT", "XBT/EUR", "SOLUSD"]),
        "asset" | "converted_asset" => one_of(dice, &["XBT", "USD", "ETH", "EUR", "BTC", "DOT"]),
        "type" => one_of(dice, &["buy", "sell", "all", "trade", "deposit"]),
        "ordertype" | "close[ordertype]" => one_of(
            dice,
            &[
                "market",
                "limit",
                "iceberg",
                "stop-loss",
                "take-profit",
                "stop-loss-limit",
                "take-profit-limit",
                "trailing-stop",
                "trailing-stop-limit",
                "settle-position",
            ],
        ),
        "price" | "price2" | "close[price]" | "limit_price" | "trigger_price" => {
            let sign = ["", "", "+", "-", "#"][dice.usize(..5)];
            let percent = ["", "", "%"][dice.usize(..3)];
            let value = decimal(dice);
            json!(format!("{sign}{}{percent}", value.as_str().unwrap()))
        }
        "volume" | "amount" | "order_qty" | "displayvol" | "display_qty" => decimal(dice),
        "leverage" => one_of(dice, &["2", "3", "none", "100"]),
        "oflags" => one_of(dice, &["post", "fcib", "fciq", "viqc", "nompp,post"]),
        "timeinforce" => one_of(dice, &["GTC", "IOC", "GTD", "FOK"]),
        "txid" | "id" | "order_id" => {
            let open = kraken.open_orders();
            json!(open.get(dice.usize(..=open.len()))?.txid)
        }
        "vault_id" | "x-vault-id" => json!(kraken.custody_vaults()[0].id),
        "key" => json!("btc-wallet-1"),
        _ => return None,
    })
}

/// The parameters of a call, some of them good, some of them odd.
fn parameters(
    model: &Model,
    operation: &Operation,
    sim: &Sim,
    dice: &mut fastrand::Rng,
) -> Map<String, Value> {
    let round = ROUNDS[dice.usize(..ROUNDS.len())];
    let mut given = synth::parameters(model, operation, round);
    for (name, value) in &mut given {
        match dice.u32(..10) {
            0 => *value = odd_value(dice),
            1..=6 => {
                if let Some(good) = good_value(name, sim, dice) {
                    *value = good;
                }
            }
            _ => {}
        }
    }
    given
}

async fn send(
    operation: &Operation,
    given: Map<String, Value>,
    caller: &mut Caller,
    external: bool,
) -> Answered {
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let mut target = operation.path.clone();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let mut header = None;
    let mut body = Map::new();
    for (name, value) in given {
        let parameter = operation.parameters.iter().find(|one| one.name == name);
        match parameter.map(|parameter| parameter.location) {
            Some(Location::Path) => {
                let encoded: String =
                    url::form_urlencoded::byte_serialize(text(&value).as_bytes()).collect();
                target = target.replace(&format!("{{{name}}}"), &encoded.replace('+', "%20"));
            }
            Some(Location::Query) => {
                query.append_pair(&name, &text(&value));
            }
            Some(Location::Header) => {
                header = Some(text(&value).replace(|c: char| !c.is_ascii_graphic(), "_"));
            }
            None => {
                body.insert(name, value);
            }
        }
    }
    let query = query.finish();
    if !query.is_empty() {
        target = format!("{target}?{query}");
    }
    let target = target.replace(['{', '}'], "_");
    let body = Value::Object(body);
    if external {
        caller.external(&operation.method, &target, &body).await
    } else if operation.private {
        let header = header.as_deref().map(|vault| ("x-vault-id", vault));
        caller.post(&target, header.as_slice(), &body).await
    } else {
        caller.get(&target).await
    }
}

#[tokio::test]
async fn odd_calls_are_answered_and_the_books_still_add_up() {
    let mut dice = dice();
    let sim = Sim::builder().rate_limits(false).start().await.unwrap();
    let kraken = sim.kraken();
    let spot = &kraken.credentials(KrakenApi::Spot)[0];
    let custody = &kraken.credentials(KrakenApi::Custody)[0];
    let mut effort = Effort::new(1_500);
    let mut accepted = 0;
    while effort.goes_on() {
        let model = &models()[dice.usize(..models().len())];
        let operation = &model.operations[dice.usize(..model.operations.len())];
        let key = if model.api == "kraken-spot" {
            spot
        } else {
            custody
        };
        let mut caller = Caller::new(kraken, key.clone());
        let given = parameters(model, operation, &sim, &mut dice);
        let shown = format!("{} {}", operation.id, Value::Object(given.clone()));
        let external = model.api == "kraken-custody-external";
        let answer = send(operation, given, &mut caller, external).await;
        let known = [200, 400, 403, 404];
        assert!(
            known.contains(&answer.status),
            "{} for {shown}",
            answer.status
        );
        if answer.status == 200 && !answer.body.starts_with(b"PK") {
            let body = answer.json();
            let internal = body["error"].to_string().contains("Internal error");
            assert!(!internal, "{body} for {shown}");
            accepted += u32::from(body["error"] == json!([]) || external);
        }
        if dice.u32(..20) == 0 {
            sim.clock()
                .advance(Duration::from_secs(dice.u64(..100_000)));
        }
    }
    for (asset, total) in kraken.totals().into_iter().chain(kraken.custody_totals()) {
        assert!(total.is_zero(), "{total} {asset}");
    }
    // Else this would be no test of anything behind the door.
    assert!(accepted > effort.done / 10, "{accepted} of {}", effort.done);
}

#[tokio::test]
async fn broken_requests_end_in_an_answer_or_a_close() {
    let mut dice = dice();
    let sim = Sim::builder().start().await.unwrap();
    let caller = Caller::new(sim.kraken(), sim.kraken().spot_credentials());
    let whole = "POST /0/private/AddOrder?a=b HTTP/1.1\r\nhost: x\r\nuser-agent: fuzz\r\n\
        api-key: demo-spot-key\r\napi-sign: AAAA\r\ncontent-type: application/json\r\n\
        content-length: 30\r\n\r\n{\"nonce\":1,\"pair\":\"XBTUSD\"   }";
    let mut effort = Effort::new(500);
    while effort.goes_on() {
        let mut bytes = whole.as_bytes().to_vec();
        for _ in 0..dice.u32(1..6) {
            let place = dice.usize(..bytes.len());
            match dice.u32(..4) {
                0 => bytes[place] = dice.u8(..),
                1 => bytes.truncate(place.max(1)),
                2 => bytes.insert(place, dice.u8(..)),
                _ => {
                    let part = bytes[place..].to_vec();
                    bytes.extend(part);
                }
            }
        }
        let answer = caller.raw(&bytes).await;
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1."),
            "{bytes:?}"
        );
    }
    assert_eq!(caller.get("/0/public/Time").await.status, 200);
}
