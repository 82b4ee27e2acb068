//! Transfers to the futures wallet and between accounts.

use rust_decimal::Decimal;

use super::super::account::{is_amount, wallet_id};
use super::super::assets::Asset;
use super::super::statement::{Cause, Leg};
use super::{Call, Spot, funding_asset};
use crate::books::Holder;
use crate::json::object;
use crate::kraken::answer::{Outcome, Refusal};

/// So many transfers are remembered as such.
const MOST: usize = 1_000;

/// Who holds what lies in an account's futures wallet.
pub(crate) fn futures_wallet(account: &str) -> Holder {
    Holder::Customer(format!("{account} Futures Wallet"))
}

/// The amount of a transfer, which the account must be able to spend.
fn spendable(
    spot: &Spot,
    call: &Call<'_>,
    account: &str,
    asset: &Asset,
) -> Result<Decimal, Refusal> {
    let amount = call.params.required_decimal("amount")?;
    if !is_amount(amount, asset) {
        return Err("EFunding:Invalid amount".into());
    }
    if amount > spot.available(account, asset.id) {
        return Err("EFunding:Insufficient funds".into());
    }
    Ok(amount)
}

pub(crate) fn to_futures(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let asset = funding_asset(call.params, "aclass")?;
    for (name, wallet) in [("from", "Spot Wallet"), ("to", "Futures Wallet")] {
        if call.params.required(name)? != wallet {
            return Err(Refusal::argument(name));
        }
    }
    let amount = spendable(spot, call, account, asset)?;
    let refid = spot.ids.reference('F');
    let cause = Cause {
        refid: refid.clone(),
        kind: "transfer",
        subtype: "spottofutures",
        time: call.now,
    };
    let leg = Leg {
        account: account.to_owned(),
        asset: asset.id.to_owned(),
        amount: -amount,
        fee: Decimal::ZERO,
        other: futures_wallet(account),
    };
    spot.book(&cause, &[leg])
        .map_err(|error| Refusal::internal(&error))?;
    let transfers = &mut spot.treasury.transfers;
    if transfers.len() == MOST {
        transfers.pop_front();
    }
    transfers.push_back((account.to_owned(), refid.clone()));
    Ok(object! { "refid" => refid }.into())
}

pub(crate) fn between_accounts(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let master = call.account()?;
    if spot.treasury.master_of(master) != master {
        return Err("EGeneral:Permission denied".into());
    }
    let asset = funding_asset(call.params, "asset_class")?;
    let account = |name: &str| {
        let asked = wallet_id(&call.params.required(name)?);
        let mut accounts = spot.treasury.domain(master);
        let found = accounts.find(|account| wallet_id(account) == asked);
        let found = found.map(str::to_owned);
        found.ok_or_else(|| Refusal::argument(name))
    };
    let (from, to) = (account("from")?, account("to")?);
    if from == to {
        return Err(Refusal::argument("to"));
    }
    let amount = spendable(spot, call, &from, asset)?;
    let id = spot.ids.reference('T');
    let cause = Cause {
        refid: id.clone(),
        kind: "transfer",
        subtype: "",
        time: call.now,
    };
    let leg = |account: String, amount: Decimal| Leg {
        account,
        asset: asset.id.to_owned(),
        amount,
        fee: Decimal::ZERO,
        // Both legs together leave nothing there.
        other: Holder::Outside,
    };
    spot.book(&cause, &[leg(from, -amount), leg(to, amount)])
        .map_err(|error| Refusal::internal(&error))?;
    Ok(object! { "transfer_id" => id, "status" => "complete" }.into())
}
