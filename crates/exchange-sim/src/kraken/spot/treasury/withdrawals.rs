//! Operations about withdrawals.

use std::time::Duration;

use rust_decimal::Decimal;

use super::super::account::{check_rebase, fixed, is_amount};
use super::super::assets::Asset;
use super::methods::{METHODS, Method};
use super::movements::{self, Movement, State, Way};
use super::{Call, Spot, Treasury, WITHDRAW, filter_asset, funding_asset};
use crate::Moment;
use crate::json::{Json, list, object};
use crate::kraken::answer::{Outcome, Refusal};

/// Entries of a page of `WithdrawStatus`.
const PAGE: usize = 500;

/// The most addresses that an account has saved.
const MOST_SAVED: usize = 1_000;

/// The window of the limits.
const DAY: u64 = 86_400;

/// An address that an account has saved to withdraw to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Saved {
    pub key: String,
    pub method: &'static Method,
    pub address: String,
    pub tag: Option<String>,
    pub verified: bool,
}

impl Treasury {
    /// The addresses that an account has saved: one of each method, and what
    /// was added.
    fn saved<'a>(&'a self, account: &str) -> impl Iterator<Item = Saved> + 'a {
        let demo = METHODS.iter().map(|method| Saved {
            key: method.demo_key.to_owned(),
            method,
            address: method.demo_address.to_owned(),
            tag: None,
            verified: true,
        });
        demo.chain(self.saved.get(account).into_iter().flatten().cloned())
    }

    /// Saves an address; `false` if the name is in use or there are too many.
    pub(crate) fn save(&mut self, account: &str, saved: Saved) -> bool {
        let known = self.saved(account);
        let used = known.filter(|one| one.key == saved.key).count() > 0;
        let all = self.saved.entry(account.to_owned()).or_default();
        let room = all.len() < MOST_SAVED;
        if room && !used {
            all.push(saved);
        }
        room && !used
    }

    /// What an account has withdrawn by a method within a day, or is about to.
    fn withdrawn(&self, account: &str, method: &Method, now: Moment) -> Decimal {
        let since = now.minus(Duration::from_secs(DAY));
        self.movements()
            .rev()
            .take_while(|one| one.time >= since)
            .filter(|one| {
                one.account == account
                    && one.method == method
                    && one.state != State::Failure
                    && matches!(one.way, Way::Out(_))
            })
            .fold(Decimal::ZERO, |sum, one| sum.saturating_add(one.gross()))
    }
}

/// What can be withdrawn of the daily limit.
fn left_today(spot: &Spot, account: &str, method: &Method, now: Moment) -> (Decimal, Decimal) {
    let used = spot.treasury.withdrawn(account, method, now);
    let left = (Decimal::from(method.daily) - used).max(Decimal::ZERO);
    (left, used)
}

/// A least amount: money with two digits, coins without zeros at the end.
fn minimum(method: &Method) -> Json {
    let minimum = Decimal::new(method.withdrawal_minimum, 8);
    if method.network.is_none() {
        fixed(minimum, 2)
    } else {
        Json::amount(minimum.normalize())
    }
}

/// An id in the form of a UUID, the same for the same number.
fn made_up_id(group: u16, number: usize) -> String {
    format!("5f3ac4de-{group:04x}-4000-a000-{number:012x}")
}

pub(crate) fn methods(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    check_rebase(call.params)?;
    let account = call.account()?;
    let asset = filter_asset(call.params)?;
    let network = call.params.text("network");
    let mut methods = Vec::new();
    for (number, method) in METHODS.iter().enumerate() {
        let Some(of) = method.asset() else { continue };
        let fits = asset.is_none_or(|asset| asset.id == of.id)
            && network.as_ref().is_none_or(|asked| {
                method
                    .network
                    .is_some_and(|n| n.eq_ignore_ascii_case(asked))
            });
        if !fits {
            continue;
        }
        let (left, used) = left_today(spot, account, method, call.now);
        let window = object! {
            "remaining" => fixed(left, of.decimals),
            "maximum" => fixed(Decimal::from(method.daily), of.decimals),
            "used" => fixed(used, of.decimals),
        };
        let limit = object! {
            "limit_type" => "amount",
            "description" => format!("Amount of {} in a day", of.altname),
            "limits" => object! { DAY.to_string() => window },
        };
        let fee = object! {
            "aclass" => "currency",
            "asset" => of.id,
            "fee" => fixed(method.withdrawal_fee(), of.decimals),
        };
        let mut shown = object! {
            "asset" => of.id,
            "method_id" => made_up_id(1, number),
            "method" => method.name,
            "network" => method.network,
        };
        if let Json::Object(members) = &mut shown {
            if let Some(network) = method.network {
                let first = METHODS.iter().position(|one| one.network == Some(network));
                let id = made_up_id(2, first.unwrap_or(number));
                members.insert("network_id".to_owned(), id.into());
            }
            members.insert("minimum".to_owned(), minimum(method));
            members.insert("fee".to_owned(), fee);
            members.insert("limits".to_owned(), list![limit]);
        }
        methods.push(shown);
    }
    Ok(Json::List(methods).into())
}

pub(crate) fn addresses(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let asset = filter_asset(call.params)?;
    let method = call.params.text("method");
    let key = call.params.text("key");
    let verified = call.params.boolean("verified")?;
    let account = call.account()?;
    let mut shown = Vec::new();
    for saved in spot.treasury.saved(account) {
        let Some(of) = saved.method.asset() else {
            continue;
        };
        let fits = asset.is_none_or(|asset| asset.id == of.id)
            && method
                .as_ref()
                .is_none_or(|name| saved.method.is_called(name))
            && key.as_ref().is_none_or(|key| *key == saved.key)
            && verified.is_none_or(|verified| verified == saved.verified);
        if !fits {
            continue;
        }
        let mut row = object! {
            "address" => saved.address,
            "asset" => of.altname,
            "method" => saved.method.name,
            "network" => saved.method.network,
            "key" => saved.key,
        };
        if let Json::Object(members) = &mut row {
            if let Some(tag) = saved.tag {
                members.insert("tag".to_owned(), tag.into());
            }
            members.insert("verified".to_owned(), saved.verified.into());
        }
        shown.push(row);
    }
    Ok(Json::List(shown).into())
}

/// Asset, saved address and amount of a request to withdraw.
fn request(spot: &Spot, call: &Call<'_>) -> Result<(&'static Asset, Saved, Decimal), Refusal> {
    let asset = funding_asset(call.params, "aclass")?;
    let key = call.params.required("key")?;
    let amount = call.params.required_decimal("amount")?;
    let saved = spot
        .treasury
        .saved(call.account()?)
        .find(|saved| saved.key == key && saved.method.asset == asset.id && saved.verified)
        .ok_or("EFunding:Unknown withdraw key")?;
    let least = Decimal::new(saved.method.withdrawal_minimum, 8);
    if !is_amount(amount, asset) || amount < least {
        return Err("EFunding:Invalid amount".into());
    }
    Ok((asset, saved, amount))
}

pub(crate) fn info(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let (asset, saved, amount) = request(spot, call)?;
    let account = call.account()?;
    let fee = saved.method.withdrawal_fee();
    let (left, _) = left_today(spot, account, saved.method, call.now);
    let limit = spot.available(account, asset.id).min(left) - fee;
    let result = object! {
        "method" => saved.method.name,
        "limit" => fixed(limit.max(Decimal::ZERO), asset.decimals),
        "amount" => fixed(amount - fee, asset.decimals),
        "fee" => fixed(fee, asset.decimals),
    };
    Ok(result.into())
}

pub(crate) fn withdraw(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    check_rebase(call.params)?;
    let (asset, saved, amount) = request(spot, call)?;
    let account = call.account()?;
    let address = call.params.text("address");
    if address.is_some_and(|address| address != saved.address) {
        return Err("EFunding:Invalid withdrawal address".into());
    }
    let fee = saved.method.withdrawal_fee();
    if call
        .params
        .decimal("max_fee")?
        .is_some_and(|most| fee > most)
    {
        return Err("EFunding:Max fee exceeded".into());
    }
    let (left, _) = left_today(spot, account, saved.method, call.now);
    if amount > left {
        return Err("EFunding:Invalid amount".into());
    }
    if amount > spot.available(account, asset.id) {
        return Err("EFunding:Insufficient funds".into());
    }
    if !spot.treasury.has_room() {
        return Err("EService:Busy".into());
    }
    let refid = spot.ids.reference('F');
    spot.treasury.take_on(Movement {
        serial: 0,
        way: Way::Out(saved.key),
        account: account.to_owned(),
        method: saved.method,
        refid: refid.clone(),
        txid: None,
        info: saved.address,
        amount: amount - fee,
        fee,
        time: call.now,
        state: State::Initial,
        note: None,
        unstoppable: false,
    });
    Ok(object! { "refid" => refid }.into())
}

pub(crate) fn status(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let shown = movements::status(
        spot,
        call.account()?,
        call.params,
        true,
        (PAGE, "withdrawals"),
    )?;
    Ok(shown.into())
}

pub(crate) fn cancel(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let refid = call.params.text("refid").unwrap_or_default();
    let transferred = spot
        .treasury
        .transfers
        .iter()
        .any(|(of, reference)| of == account && *reference == refid);
    if !transferred && !call.key()?.config.allows(WITHDRAW) {
        return Err("EGeneral:Permission denied".into());
    }
    let asset = funding_asset(call.params, "aclass")?;
    let refid = call.params.required("refid")?;
    if transferred {
        // Transfers are done at once, so there is nothing left to cancel.
        return Err("EFunding:Invalid reference id".into());
    }
    let found = spot.treasury.find(account, &refid);
    let serial = found
        .filter(|one| matches!(one.way, Way::Out(_)) && one.method.asset == asset.id)
        .map(|one| one.serial)
        .ok_or("EFunding:Unknown reference id")?;
    if !spot.treasury.ask_to_cancel(serial, call.now) {
        return Err("EFunding:Invalid reference id".into());
    }
    Ok(Json::Bool(true).into())
}
