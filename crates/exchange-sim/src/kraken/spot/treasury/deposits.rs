//! Operations about deposits.

use std::time::Duration;

use rust_decimal::Decimal;

use super::super::account::{check_rebase, fixed, is_amount};
use super::super::assets::Asset;
use super::methods::{Form, METHODS, Made, Method};
use super::movements::{self, Movement, State, Way};
use super::{Call, Spot, Treasury, funding_asset};
use crate::Moment;
use crate::json::{Json, object};
use crate::kraken::answer::{Outcome, Refusal};

/// The most addresses of a method that an account has at a time.
const MOST_ADDRESSES: usize = 5;

/// How long an invoice can be paid.
const INVOICE_FOR: Duration = Duration::from_secs(3_600);

/// Entries of a page of `DepositStatus`.
const PAGE: usize = 25;

/// A deposit address.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    made: Made,
    /// None for never.
    expires: Option<Moment>,
    /// Something has been deposited there.
    used: bool,
}

impl Address {
    fn json(&self) -> Json {
        let expires = self.expires.map_or(0, Moment::seconds);
        let mut shown = object! {
            "address" => self.made.address.as_str(),
            "expiretm" => expires.to_string(),
        };
        if let Json::Object(members) = &mut shown {
            if !self.used {
                members.insert("new".to_owned(), true.into());
            }
            if let Some(tag) = &self.made.tag {
                members.insert("tag".to_owned(), tag.as_str().into());
            }
            if let Some(memo) = &self.made.memo {
                members.insert("memo".to_owned(), memo.as_str().into());
            }
        }
        shown
    }
}

pub(crate) fn methods(_spot: &mut Spot, call: &Call<'_>) -> Outcome {
    check_rebase(call.params)?;
    let asset = funding_asset(call.params, "aclass")?;
    let methods: Vec<Json> = Method::of(asset)
        .map(|method| method_json(method, asset))
        .collect();
    if methods.is_empty() {
        return Err("EFunding:No funding method".into());
    }
    Ok(Json::List(methods).into())
}

fn method_json(method: &Method, asset: &Asset) -> Json {
    let mut shown = object! { "method" => method.name, "limit" => false };
    if let Json::Object(members) = &mut shown {
        if method.form == Form::Invoice {
            members.insert("fee-percentage".to_owned(), "0.0000".into());
        } else {
            let fee = fixed(method.deposit_fee(), asset.decimals);
            members.insert("fee".to_owned(), fee);
            let makes_addresses = method.form != Form::Bank;
            members.insert("gen-address".to_owned(), makes_addresses.into());
        }
        let minimum = Decimal::new(method.deposit_minimum, 8);
        let digits = if method.form == Form::Bank { 2 } else { 8 };
        members.insert("minimum".to_owned(), fixed(minimum, digits));
    }
    shown
}

/// The method that a request names, with its place in the table.
fn named(asset: &Asset, name: &str) -> Result<(usize, &'static Method), Refusal> {
    METHODS
        .iter()
        .enumerate()
        .find(|(_, method)| method.asset == asset.id && method.is_called(name))
        .ok_or_else(|| "EFunding:No funding method".into())
}

impl Treasury {
    /// An account's addresses of a method that can be used now.
    fn addresses(&mut self, account: &str, place: usize, now: Moment) -> &mut Vec<Address> {
        let key = (account.to_owned(), place);
        let all = self.addresses.entry(key).or_default();
        all.retain(|one| one.expires.is_none_or(|expires| expires > now));
        all
    }
}

pub(crate) fn addresses(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let asset = funding_asset(call.params, "aclass")?;
    let (place, method) = named(asset, &call.params.required("method")?)?;
    let invoice = method.form == Form::Invoice;
    let asked = call.params.boolean("new")?.unwrap_or_default();
    let account = call.account()?;
    if invoice {
        let amount = call.params.required_decimal("amount")?;
        if !is_amount(amount, asset) || amount < Decimal::new(method.deposit_minimum, 8) {
            return Err("EFunding:Invalid amount".into());
        }
    }
    // An invoice is for one payment, so every call makes one.
    if asked || invoice {
        if method.form == Form::Bank {
            return Err("EFunding:No funding method".into());
        }
        let full = spot.treasury.addresses(account, place, call.now).len() >= MOST_ADDRESSES;
        if full {
            return Err("EFunding:Too many addresses".into());
        }
        let address = Address {
            made: method.make(&mut spot.ids),
            expires: invoice.then(|| call.now.plus(INVOICE_FOR)),
            used: false,
        };
        let addresses = spot.treasury.addresses(account, place, call.now);
        addresses.insert(0, address);
        if invoice {
            addresses.truncate(MOST_ADDRESSES);
            let made: Json = addresses.iter().take(1).map(Address::json).collect();
            return Ok(made.into());
        }
    }
    let all = spot.treasury.addresses(account, place, call.now);
    let all: Json = all.iter().map(Address::json).collect();
    Ok(all.into())
}

pub(crate) fn status(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let shown = movements::status(spot, call.account()?, call.params, false, (PAGE, "deposit"))?;
    Ok(shown.into())
}

impl Spot {
    /// Something is sent to an account; returns the deposit's reference. None
    /// if there is no way to deposit so much of it.
    pub(crate) fn receive(
        &mut self,
        account: &str,
        asset: &Asset,
        amount: Decimal,
        now: Moment,
    ) -> Option<String> {
        let (place, method) = METHODS
            .iter()
            .enumerate()
            .find(|(_, method)| method.asset == asset.id)?;
        let least = Decimal::new(method.deposit_minimum, 8);
        if !is_amount(amount, asset) || amount < least || !self.treasury.has_room() {
            return None;
        }
        let made = method.make(&mut self.ids);
        let addresses = self.treasury.addresses(account, place, now);
        if addresses.is_empty() {
            addresses.push(Address {
                made,
                expires: None,
                used: false,
            });
        }
        let address = addresses.first_mut()?;
        address.used = true;
        let info = address.made.address.clone();
        let refid = self.ids.reference('F');
        let txid = method.transaction(&mut self.ids);
        self.treasury.take_on(Movement {
            serial: 0,
            way: Way::In,
            account: account.to_owned(),
            method,
            refid: refid.clone(),
            txid: Some(txid),
            info,
            amount,
            fee: method.deposit_fee(),
            time: now,
            state: State::Initial,
            note: None,
            unstoppable: false,
        });
        Some(refid)
    }
}
