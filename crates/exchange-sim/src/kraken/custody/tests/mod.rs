//! Both APIs through the front door, signed as clients sign.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};
use rust_decimal::Decimal;

use crate::Moment;
use crate::json::Json;
use crate::kraken::custody::Custody;
use crate::kraken::handle::{CUSTODY_USERS, account_of, demo_keys};
use crate::kraken::{Kraken, KrakenKey};
use crate::venue::{Request, Venue as _};

mod abuse;
mod lists;
mod shapes;
mod stories;

/// Who calls: the first asks, the others vote.
const A: usize = 1;
const B: usize = 2;
const C: usize = 3;

struct Host {
    kraken: Kraken,
    keys: Vec<KrakenKey>,
    nonce: u64,
    now: Moment,
}

impl Host {
    fn new() -> Self {
        let now = Moment::from_seconds(1_800_000_000);
        let mut kraken = Kraken::new(7, now);
        kraken.limits = false;
        let keys = demo_keys();
        for key in &keys {
            assert!(kraken.add_key(key.clone(), account_of(key), now));
        }
        Self {
            kraken,
            keys,
            nonce: 1,
            now,
        }
    }

    fn custody(&self) -> &Custody {
        &self.kraken.custody
    }

    fn treasury(&self) -> String {
        self.custody().vaults[0].id.clone()
    }

    fn reserve(&self) -> String {
        self.custody().vaults[1].id.clone()
    }

    fn later(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    fn send(&mut self, request: &Request) -> (u16, Json, Option<String>) {
        let handled = self.kraken.handle(request, self.now);
        let body = Json::parse(&handled.answer.body).unwrap();
        (handled.answer.status, body, handled.refused)
    }

    fn signed(&mut self, who: usize, method: &str, target: &str, body: String) -> Request {
        let nonce = self.nonce.to_string();
        self.nonce += 1;
        let key = &self.keys[who];
        let mut inner = digest::Context::new(&digest::SHA256);
        inner.update(nonce.as_bytes());
        inner.update(body.as_bytes());
        let mut message = target.as_bytes().to_vec();
        message.extend_from_slice(inner.finish().as_ref());
        let secret = STANDARD.decode(&key.secret).unwrap();
        let secret = hmac::Key::new(hmac::HMAC_SHA512, &secret);
        let signature = STANDARD.encode(hmac::sign(&secret, &message));
        let mut headers = http::HeaderMap::new();
        for (name, value) in [
            ("user-agent", "test"),
            ("content-type", "application/json"),
            ("api-key", key.key.as_str()),
            ("api-sign", signature.as_str()),
            ("api-nonce", nonce.as_str()),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        Request {
            method: method.parse().unwrap(),
            target: target.to_owned(),
            headers,
            body: body.into(),
        }
    }

    /// A legacy call; `more` are members of the body after the nonce.
    fn legacy_of(&mut self, who: usize, target: &str, vault: &str, more: &str) -> Json {
        let nonce = self.nonce;
        let body = if more.is_empty() {
            format!(r#"{{"nonce":{nonce}}}"#)
        } else {
            format!(r#"{{"nonce":{nonce},{more}}}"#)
        };
        let mut request = self.signed(who, "POST", &format!("/0/private/{target}"), body);
        if !vault.is_empty() {
            request.headers.insert("x-vault-id", vault.parse().unwrap());
        }
        let (status, answer, _) = self.send(&request);
        assert_eq!(status, 200);
        answer
    }

    fn legacy(&mut self, who: usize, target: &str, more: &str) -> Json {
        self.legacy_of(who, target, "", more)
    }

    fn external(&mut self, who: usize, method: &str, path: &str, body: &str) -> (u16, Json) {
        let target = format!("/v0/insto/custody{path}");
        let request = self.signed(who, method, &target, body.to_owned());
        let (status, answer, _) = self.send(&request);
        (status, answer)
    }

    fn get(&mut self, who: usize, path: &str) -> Json {
        let (status, answer) = self.external(who, "GET", path, "");
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn post(&mut self, who: usize, path: &str, body: &str) -> Json {
        let (status, answer) = self.external(who, "POST", path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn status(&mut self, who: usize, method: &str, path: &str, body: &str) -> u16 {
        self.external(who, method, path, body).0
    }

    fn quote(&mut self, asset: &str, amount: &str, included: bool, to: &str) -> String {
        let path = format!("/vaults/{}/withdrawals/fee-quotes", self.treasury());
        let body = format!(
            r#"{{"asset":"{asset}","asset_class":"currency","amount":"{amount}","fee_included":{included},"address_name":"{to}"}}"#
        );
        text(&self.post(A, &path, &body), "fee_quote_id")
    }

    fn withdrawal_body(&self, quote: &str) -> String {
        let vault = self.treasury();
        format!(
            r#"{{"instructions":[{{"type":"request_withdrawal","version":1,"vault_id":"{vault}","fee_quote_id":"{quote}"}}]}}"#
        )
    }

    fn withdrawal(&mut self, asset: &str, amount: &str, included: bool, to: &str) -> String {
        let quote = self.quote(asset, amount, included, to);
        let body = self.withdrawal_body(&quote);
        text(&self.post(A, "/tasks", &body), "task_id")
    }

    fn vault_task(&mut self, kind: &str, more: &str) -> String {
        let vault = self.treasury();
        let body =
            format!(r#"{{"instructions":[{{"type":"{kind}","vault_id":"{vault}",{more}}}]}}"#);
        text(&self.post(A, "/tasks", &body), "task_id")
    }

    fn vote(&mut self, who: usize, task: &str, kind: &str) -> (u16, String) {
        let body = format!(r#"{{"type":"{kind}","comment":"seen"}}"#);
        let (status, answer) = self.external(who, "POST", &format!("/tasks/{task}/review"), &body);
        let state = answer.get("state").and_then(Json::as_str);
        (status, state.unwrap_or_default().to_owned())
    }

    /// Both vote for it, and it is done.
    fn pass(&mut self, task: &str) -> String {
        assert_eq!(self.vote(B, task, "approve"), (200, "pending".into()));
        assert_eq!(self.vote(C, task, "approve"), (200, "approved".into()));
        self.later(2);
        text(&self.get(A, &format!("/tasks/{task}")), "state")
    }

    fn balance(&self, asset: &str) -> Decimal {
        let asset = crate::kraken::custody::assets::find_asset(asset).unwrap();
        self.custody().balance(&self.treasury(), asset)
    }

    fn nothing_is_lost(&self) {
        let totals = self.custody().books.totals();
        assert!(!totals.is_empty() && totals.values().all(Decimal::is_zero));
    }
}

fn text(json: &Json, name: &str) -> String {
    let value = json.get(name).and_then(Json::as_str);
    value
        .unwrap_or_else(|| panic!("no {name} in {json}"))
        .to_owned()
}

fn at<'a>(json: &'a Json, path: &[&str]) -> &'a Json {
    path.iter().fold(json, |json, name| {
        let found = match json {
            Json::List(rows) => rows.get(name.parse::<usize>().unwrap()),
            _ => json.get(name),
        };
        found.unwrap_or_else(|| panic!("no {name} in {json}"))
    })
}

fn len(json: &Json) -> usize {
    json.as_list().unwrap().len()
}

fn names(json: &Json) -> BTreeSet<&str> {
    json.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}
