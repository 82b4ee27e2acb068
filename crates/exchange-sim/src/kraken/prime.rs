//! The REST calls of Prime, which stand on Kraken's host: users and keys of its
//! WebSocket, and settlement between the Prime account and the Spot account.
//!
//! They are signed as Spot's calls are, with a key of Spot. What the vendor does
//! not say is chosen: the Prime account belongs to the first Spot account, so
//! only its keys may call; to read users and keys takes the permission to read
//! open orders, to change them that to place orders; a body that is not JSON is
//! refused; there can be 1,000 users with 100 keys each.

use std::net::IpAddr;

use super::answer::{Outcome, Refusal, Reply, envelope};
use super::handle::FIRST_ACCOUNT;
use super::spot::{Call, Permission, Spot};
use crate::json::{Json, object};
use crate::prime::Prime;
use crate::prime::key::PrimeRole;
use crate::prime::people::{Key, User};
use crate::prime::settlement::{AssetKind, Batch, Status};
use crate::venue::{Answer, Request};

const READ: Permission = Permission::All(&["Orders and trades - Query open orders & trades"]);
const CHANGE: Permission = Permission::All(&["Orders and trades - Create & modify orders"]);

/// So long is a name at most.
const LONGEST_NAME: usize = 255;

/// So many addresses are on a key's list at most.
const MOST_ADDRESSES: usize = 100;

/// Batches on a page, if the call does not say how many.
const PAGE: usize = 50;

/// Batches on a page at most.
const LARGEST_PAGE: usize = 200;

/// One of the calls.
pub(crate) struct Operation {
    /// The path after `/0/private/`.
    pub name: &'static str,
    pub permission: Permission,
    call: fn(&mut Prime, &mut Spot, &Call<'_>) -> Result<Json, Refusal>,
}

/// All of them.
pub(crate) const OPERATIONS: &[Operation] = &[
    operation("CreatePrimeApiUser", CHANGE, create_user),
    operation("GetPrimeApiUser", READ, get_user),
    operation("ListPrimeApiUsers", READ, |prime, _, _| {
        Ok(list_users(prime))
    }),
    operation("UpdatePrimeApiUser", CHANGE, update_user),
    operation("UpdatePrimeApiUserRoles", CHANGE, update_user_roles),
    operation("CreatePrimeApiUserKey", CHANGE, create_key),
    operation("ListPrimeApiUserKeys", READ, list_keys),
    operation("UpdatePrimeApiUserKey", CHANGE, update_key),
    operation("DeletePrimeApiUserKey", CHANGE, delete_key),
    operation("CreatePrimeSettlementBatch", CHANGE, create_batch),
    operation("GetPrimeSettlementBatch", READ, get_batch),
    operation("ListPrimeSettlementBatches", READ, list_batches),
    operation("SettlePrimeSettlementBatchAsset", CHANGE, settle_asset),
];

const fn operation(
    name: &'static str,
    permission: Permission,
    call: fn(&mut Prime, &mut Spot, &Call<'_>) -> Result<Json, Refusal>,
) -> Operation {
    Operation {
        name,
        permission,
        call,
    }
}

impl Operation {
    /// Carries it out for a key that has the permission.
    pub(crate) fn carry_out(
        &self,
        prime: &mut Prime,
        spot: &mut Spot,
        request: &Request,
        call: &Call<'_>,
    ) -> Outcome {
        if call.account()? != FIRST_ACCOUNT {
            return Err("EGeneral:Permission denied".into());
        }
        let kind = request.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err("EGeneral:Invalid arguments".into());
        }
        prime.desk.advance(call.now);
        (self.call)(prime, spot, call).map(Reply::Result)
    }
}

/// The envelope, with its members in Prime's order.
pub(crate) fn enveloped(outcome: Outcome) -> Answer {
    match outcome {
        Ok(Reply::Result(result)) => Answer::json(
            200,
            &object! { "result" => result, "error" => Json::List(Vec::new()) },
        ),
        other => envelope(other),
    }
}

fn user_json(user: &User) -> Json {
    object! {
        "id" => user.id.as_str(),
        "name" => user.name.as_str(),
        "status" => if user.enabled { "Enabled" } else { "Disabled" },
        "roles" => vec![user.role.name()],
    }
}

/// The vendor shows no other permission, for keys of whichever role.
fn permissions() -> Json {
    vec!["read::marketdata"].into()
}

fn whitelist(key: &Key) -> Json {
    key.whitelist.iter().map(IpAddr::to_string).collect()
}

/// What a user may be called.
fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME
}

fn role(call: &Call<'_>) -> Result<PrimeRole, Refusal> {
    let role = PrimeRole::parse(&call.params.required("role")?);
    role.ok_or_else(|| Refusal::argument("role"))
}

/// The user that a call is about, who must be there.
fn user<'a>(prime: &'a mut Prime, call: &Call<'_>) -> Result<&'a mut User, Refusal> {
    let user = prime.people.user_mut(&call.params.required("user_id")?);
    user.ok_or_else(|| Refusal::argument("user_id"))
}

fn create_user(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let name = call.params.required("name")?;
    if !is_name(&name) {
        return Err(Refusal::argument("name"));
    }
    let user = prime.people.create_user(&name, role(call)?);
    let user = user.ok_or("EGeneral:Invalid arguments:too many users")?;
    Ok(user_json(user))
}

fn get_user(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    Ok(object! { "data" => user_json(user(prime, call)?) })
}

fn list_users(prime: &Prime) -> Json {
    let users: Json = prime.people.users().map(user_json).collect();
    object! { "data" => users }
}

fn update_user(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let user = user(prime, call)?;
    let given = |name| call.params.get(name).map(|_| call.params.required(name));
    let name = given("name").transpose()?;
    if name.as_deref().is_some_and(|name| !is_name(name)) {
        return Err(Refusal::argument("name"));
    }
    let enabled = match given("status").transpose()?.as_deref() {
        None => user.enabled,
        Some("Enabled") => true,
        Some("Disabled") => false,
        Some(_) => return Err(Refusal::argument("status")),
    };
    user.enabled = enabled;
    if let Some(name) = name {
        user.name = name;
    }
    Ok(user_json(user))
}

fn update_user_roles(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let user = user(prime, call)?;
    user.role = role(call)?;
    Ok(user_json(user))
}

fn create_key(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let user = user(prime, call)?.id.clone();
    let key = prime.people.create_key(&user, call.now);
    let key = key.ok_or("EGeneral:Invalid arguments:too many keys")?;
    Ok(object! {
        "id" => key.id.as_str(),
        "api_key" => key.key.as_str(),
        "api_secret" => key.secret.as_str(),
        "user_id" => user,
        "permissions" => permissions(),
        "whitelisted_ips" => whitelist(key),
    })
}

fn list_keys(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let user = user(prime, call)?.id.clone();
    let keys = prime.people.keys_of(&user).map(|key| {
        object! {
            "id" => key.id.as_str(),
            "key" => key.key.as_str(),
            "user_id" => key.user.as_str(),
            "updated_at" => key.updated.milliseconds(),
            "permissions" => permissions(),
            "whitelisted_ips" => whitelist(key),
        }
    });
    Ok(object! { "data" => keys.collect::<Json>() })
}

/// The addresses of a list; none if it is not given.
fn addresses(call: &Call<'_>) -> Result<Option<Vec<IpAddr>>, Refusal> {
    let Some(given) = call.params.get("whitelisted_ips") else {
        return Ok(None);
    };
    let list = given.as_list().filter(|list| list.len() <= MOST_ADDRESSES);
    let addresses = list.and_then(|list| {
        let texts = list.iter().map(|element| element.as_str()?.parse().ok());
        texts.collect::<Option<Vec<IpAddr>>>()
    });
    let addresses = addresses.ok_or_else(|| Refusal::argument("whitelisted_ips"))?;
    Ok(Some(addresses))
}

fn update_key(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let user = user(prime, call)?.id.clone();
    let key = prime
        .people
        .key_mut(&user, &call.params.required("key_id")?)
        .ok_or_else(|| Refusal::argument("key_id"))?;
    if let Some(addresses) = addresses(call)? {
        key.whitelist = addresses;
    }
    key.updated = call.now;
    Ok(object! {
        "id" => key.id.as_str(),
        "api_key" => key.key.as_str(),
        "user_id" => user,
        "permissions" => permissions(),
        "whitelisted_ips" => whitelist(key),
        "updated_at" => key.updated.milliseconds(),
    })
}

fn delete_key(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let user = user(prime, call)?.id.clone();
    let id = call.params.required("key_id")?;
    if !prime.people.delete_key(&user, &id) {
        return Err(Refusal::argument("key_id"));
    }
    Ok(object! { "deleted" => true })
}

fn create_batch(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let kind = match call.params.get("asset_kind") {
        None => AssetKind::Currency,
        Some(kind) => {
            let kind = kind.as_str().and_then(AssetKind::parse);
            kind.ok_or_else(|| Refusal::argument("asset_kind"))?
        }
    };
    let Prime {
        settlement, desk, ..
    } = prime;
    let batch = settlement.create(desk, kind, call.now)?;
    Ok(object! { "batch" => batch })
}

/// Which values `asset_kind` has here is not certain, so it is not looked at.
fn get_batch(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let batch = prime.settlement.find(&call.params.required("batch_id")?);
    let batch = batch.ok_or_else(|| Refusal::argument("batch_id"))?;
    Ok(object! { "batch" => batch.json(call.now) })
}

/// A whole number within a range, if it is given.
fn count(
    call: &Call<'_>,
    name: &str,
    range: std::ops::RangeInclusive<usize>,
) -> Result<Option<usize>, Refusal> {
    let number = call.params.integer(name)?;
    number
        .map(|number| {
            let number = usize::try_from(number).ok();
            let number = number.filter(|number| range.contains(number));
            number.ok_or_else(|| Refusal::argument(name))
        })
        .transpose()
}

fn list_batches(prime: &mut Prime, _: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let statuses = call
        .params
        .get("statuses")
        .map(|list| {
            let parse = |status: &Json| Status::parse(status.as_str()?);
            let list = list.as_list()?.iter().map(parse);
            list.collect::<Option<Vec<Status>>>()
        })
        .map(|statuses| statuses.ok_or_else(|| Refusal::argument("statuses")))
        .transpose()?;
    let from = call.params.integer("from")?;
    let until = call.params.integer("until")?;
    let limit = count(call, "limit", 1..=LARGEST_PAGE)?.unwrap_or(PAGE);
    let offset = count(call, "offset", 0..=usize::MAX)?.unwrap_or(0);
    let asked_for = |batch: &&Batch| {
        let created = i64::try_from(batch.created.milliseconds()).unwrap_or(i64::MAX);
        let status = batch.status();
        statuses.as_ref().is_none_or(|all| all.contains(&status))
            && from.is_none_or(|from| created > from)
            && until.is_none_or(|until| created <= until)
    };
    let found = prime.settlement.newest_first().filter(asked_for);
    let mut found = found.skip(offset);
    let page = found.by_ref().take(limit);
    let page: Json = page.map(|batch| batch.json(call.now)).collect();
    Ok(object! {
        "data" => page,
        "pagination" => object! {
            "has_more" => found.next().is_some(),
            "limit" => limit,
            "offset" => offset,
        },
    })
}

fn settle_asset(prime: &mut Prime, spot: &mut Spot, call: &Call<'_>) -> Result<Json, Refusal> {
    let batch = call.params.required("batch_id")?;
    let asset = call.params.required("asset")?;
    let Prime {
        settlement, desk, ..
    } = prime;
    let asked = (batch.as_str(), asset.as_str());
    let transfer = settlement.settle(desk, spot, call.account()?, asked, call.now)?;
    Ok(object! { "transfer" => transfer })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rust_decimal::Decimal;

    use super::*;
    use crate::Moment;
    use crate::kraken::key::{Key as SpotKey, KrakenKey};
    use crate::kraken::params::Params;

    const START: u64 = 1_800_000_000;

    /// A call by the members of its body.
    fn called(
        prime: &mut Prime,
        call: fn(&mut Prime, &mut Spot, &Call<'_>) -> Result<Json, Refusal>,
        body: &str,
    ) -> Result<Json, Refusal> {
        let now = Moment::from_seconds(START + 60);
        let params = &Params::of_object(&Json::parse(body.as_bytes()).unwrap()).unwrap();
        let key = None;
        call(prime, &mut Spot::new(1, now), &Call { params, now, key })
    }

    /// A Prime with batches made a second apart; those with even numbers left
    /// nothing to settle.
    fn with_batches(count: u64) -> Prime {
        let mut prime = Prime::new(1, Moment::from_seconds(START));
        for number in 0..count {
            let amount = Decimal::from(number % 2);
            let trade = (number.to_string(), vec![("BTC".to_owned(), amount)]);
            let kind = AssetKind::Currency;
            let created = Moment::from_seconds(START + number);
            let batch = Batch::of(vec![trade], kind, format!("B_{number}"), created);
            prime.settlement.keep(batch.unwrap());
        }
        prime
    }

    /// The ids of the batches on a page, and whether there are more.
    fn page(prime: &mut Prime, body: &str) -> (Vec<String>, bool) {
        let answer = called(prime, list_batches, body).unwrap();
        let data = answer.get("data").and_then(Json::as_list).unwrap();
        let id = |batch: &Json| batch.get("id").and_then(Json::scalar).unwrap();
        let more = answer.get("pagination").and_then(|it| it.get("has_more"));
        let more = more == Some(&Json::Bool(true));
        (data.iter().map(id).collect(), more)
    }

    #[test]
    fn batches_are_listed_newest_first_in_pages() {
        let prime = &mut with_batches(5);
        let mut expect = |body: &str, ids: &[&str], more: bool| {
            let ids = ids.iter().map(|id| format!("B_{id}")).collect();
            assert_eq!(page(prime, body), (ids, more), "{body}");
        };
        expect("{}", &["4", "3", "2", "1", "0"], false);
        expect(r#"{"limit":2}"#, &["4", "3"], true);
        expect(r#"{"limit":2,"offset":3}"#, &["1", "0"], false);
        expect(r#"{"limit":2,"offset":9}"#, &[], false);
        expect(r#"{"statuses":["unsettled"],"limit":1}"#, &["3"], true);
        expect(
            r#"{"statuses":["settled","partially_settled"]}"#,
            &["4", "2", "0"],
            false,
        );
        expect(
            r#"{"statuses":["completed"],"from":null,"until":null}"#,
            &[],
            false,
        );
        // After the one, up to the other.
        expect(
            r#"{"from":1800000001000,"until":1800000003000}"#,
            &["3", "2"],
            false,
        );
        expect(
            r#"{"from":1800000000999,"limit":50}"#,
            &["4", "3", "2", "1"],
            false,
        );
    }

    #[test]
    fn lists_are_refused_that_hold_something_else() {
        let prime = &mut with_batches(1);
        for (name, value) in [
            ("statuses", "\"unsettled\""),
            ("statuses", "[1]"),
            ("limit", "-1"),
            ("limit", "99999999999999999999"),
            ("offset", "-1"),
            ("from", "\"now\""),
            ("until", "1.5"),
        ] {
            let body = format!(r#"{{"{name}":{value}}}"#);
            let refused = called(prime, list_batches, &body);
            assert_eq!(refused, Err(Refusal::argument(name)), "{body}");
        }
        let user = prime.people.create_user("Ann", PrimeRole::Trader).unwrap();
        let user = user.id.clone();
        let key = prime.people.create_key(&user, Moment::default()).unwrap();
        let (id, key) = (key.id.clone(), key.key.clone());
        for list in ["\"10.0.0.1\"", "[1]", "[\"host\"]", "{}"] {
            let body =
                format!(r#"{{"user_id":"{user}","key_id":"{id}","whitelisted_ips":{list}}}"#);
            let refused = called(prime, update_key, &body);
            assert_eq!(refused, Err(Refusal::argument("whitelisted_ips")), "{body}");
        }
        assert!(prime.people.admits(&key, "10.0.0.2".parse().unwrap()));
    }

    #[test]
    fn keys_made_deleted_and_of_disabled_users_show_at_once() {
        let prime = &mut with_batches(0);
        let text = |answer: &Json, name: &str| answer.get(name).and_then(Json::scalar).unwrap();
        let user = called(prime, create_user, r#"{"name":"Ann","role":"Trader"}"#).unwrap();
        let user = text(&user, "id");
        let body = |more: &str| format!(r#"{{"user_id":"{user}"{more}}}"#);
        let made = called(prime, create_key, &body("")).unwrap();
        let key = text(&made, "api_key");
        let (secret, caller) = prime.people.key(&key).unwrap();
        assert_eq!(secret, text(&made, "api_secret"));
        assert!(caller.trades);
        called(prime, update_user_roles, &body(r#","role":"Viewer""#)).unwrap();
        assert!(!prime.people.key(&key).unwrap().1.trades);
        called(prime, update_user, &body(r#","status":"Disabled""#)).unwrap();
        assert!(prime.people.key(&key).is_none());
        called(prime, update_user, &body(r#","status":"Enabled""#)).unwrap();
        assert!(prime.people.key(&key).is_some());
        let key_id = format!(r#","key_id":"{}""#, text(&made, "id"));
        called(prime, delete_key, &body(&key_id)).unwrap();
        assert!(prime.people.key(&key).is_none());
    }

    /// A text at random: mostly one of `good`, else one of no use.
    fn text(dice: &mut fastrand::Rng, good: &[String]) -> String {
        let odd = [
            "null",
            "true",
            "-1",
            "1e400",
            "79228162514264337593543950336",
            "[]",
            "{}",
            "[null,{\"a\":[]}]",
            "[\"unsettled\",\"settled\"]",
            "\"\"",
            "\"\\u0000\"",
            "\"é\"",
        ];
        if !good.is_empty() && dice.u8(..4) > 0 {
            return format!("\"{}\"", good[dice.usize(..good.len())]);
        }
        odd[dice.usize(..odd.len())].to_owned()
    }

    #[test]
    fn nonsense_is_answered_and_money_is_neither_made_nor_lost() {
        let now = Moment::from_seconds(START + 60);
        let mut prime = with_batches(20);
        let mut spot = Spot::new(1, now);
        let dice = &mut fastrand::Rng::with_seed(5);
        let mut accepted = BTreeSet::new();
        let mut refused = BTreeSet::new();
        for _ in 0..4_000 {
            let operation = &OPERATIONS[dice.usize(..OPERATIONS.len())];
            let users: Vec<String> = prime.people.users().map(|user| user.id.clone()).collect();
            let user = users.get(dice.usize(..users.len().max(1)));
            let keys = user.map_or_else(Vec::new, |user| {
                let keys = prime.people.keys_of(user);
                keys.map(|key| key.id.clone()).collect()
            });
            let batches: Vec<String> = (0..20).map(|number| format!("B_{number}")).collect();
            let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
            let user: Vec<String> = user.into_iter().cloned().collect();
            let fields: [(&str, Vec<String>); 11] = [
                ("user_id", user),
                ("key_id", keys),
                ("batch_id", batches),
                ("name", own(&["Ann"])),
                ("role", own(&["Trader", "Viewer"])),
                ("status", own(&["Enabled", "Disabled"])),
                ("asset", own(&["BTC", "USD"])),
                ("asset_kind", own(&["currency", "tokenized_equity"])),
                ("limit", own(&["1", "200"])),
                ("offset", own(&["0", "5"])),
                ("statuses", Vec::new()),
            ];
            let members: Vec<String> = fields
                .into_iter()
                .map(|(name, good)| format!("\"{name}\":{}", text(dice, &good)))
                .collect();
            let body = format!("{{{}}}", members.join(","));
            let params = &Params::of_object(&Json::parse(body.as_bytes()).unwrap()).unwrap();
            let config = KrakenKey::new("k", "c2VjcmV0");
            let key = SpotKey::new(config, FIRST_ACCOUNT.to_owned(), now);
            let key = key.as_ref();
            match (operation.call)(&mut prime, &mut spot, &Call { params, now, key }) {
                Ok(_) => accepted.insert(operation.name),
                Err(_) => refused.insert(operation.name),
            };
        }
        assert!(spot.books.totals().values().all(Decimal::is_zero));
        // All odd batches hold a bitcoin.
        assert_eq!(spot.balance(FIRST_ACCOUNT, "XXBT"), Decimal::TEN);
        let all: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
        let mut never = all.difference(&accepted);
        // There are no trades.
        assert_eq!(never.next(), Some(&"CreatePrimeSettlementBatch"));
        assert_eq!(never.next(), None);
        assert_eq!(
            all.difference(&refused).collect::<Vec<_>>(),
            [&"ListPrimeApiUsers"]
        );
    }
}
