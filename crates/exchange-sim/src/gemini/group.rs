//! The whole group: money between its accounts, and everything that happened.

use super::answer::{Outcome, Refusal, plain};
use super::exchange::{Exchange, holder, keep};
use super::funds::{Transfer, currency};
use super::orders::Fill;
use super::params::value;
use super::{Access, Call, FUND_MANAGER, Operation, READERS, op};
use crate::Moment;
use crate::json::{Json, object};

pub(crate) static OPERATIONS: [Operation; 2] = [
    op(
        "transferBetweenAccounts",
        "/v1/account/transfer/{}",
        Access::Master,
        FUND_MANAGER,
        &[],
        transfer,
    ),
    op(
        "getTransactionHistory",
        "/v1/transactions",
        Access::Master,
        READERS,
        &["history:read"],
        transactions,
    ),
];

fn transfer(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let currency = currency(&call.path[0])?;
    let find = |name: &str| -> Result<usize, Refusal> {
        let text = call.params.required(name)?;
        exchange.account_named(&text).ok_or_else(|| {
            Refusal::bad(
                "InvalidAccountName",
                format!("No account '{text}' in the group"),
            )
        })
    };
    let (from, to) = (find("sourceAccount")?, find("targetAccount")?);
    let amount = call.params.positive("amount", "InvalidQuantity")?;
    let invalid = |message: &str| Refusal::bad("InvalidFundTransfer", message);
    if from == to {
        return Err(invalid("Source and target are the same account"));
    }
    if amount.normalize().scale() > currency.digits {
        return Err(Refusal::bad(
            "InvalidQuantity",
            format!("{} has {} decimals", currency.code, currency.digits),
        ));
    }
    let kind = |account: usize| exchange.accounts[account].kind;
    let custody = kind(from) == "custody" || kind(to) == "custody";
    if custody && currency.networks.is_empty() {
        return Err(invalid("A custody account takes no fiat"));
    }
    let client_transfer_id = call.params.text("clientTransferId");
    let names = [from, to].map(|account| exchange.accounts[account].short_name.clone());
    let answer = |id: &str| {
        object! {
            "fromAccount" => names[0].as_str(),
            "toAccount" => names[1].as_str(),
            "amount" => plain(amount),
            "currency" => currency.name,
            if custody { "withdrawalId" } else { "uuid" } => id,
            "message" => "Success, transfer completed.",
        }
    };
    if let Some(id) = &client_transfer_id {
        let before = exchange
            .funds
            .transfers
            .iter()
            .find(|one| one.account == from && one.client_transfer_id.as_ref() == Some(id));
        if let Some(before) = before {
            return Ok(answer(before.withdrawal_id.as_deref().unwrap_or_default()).into());
        }
    }
    if exchange.available(from, currency.code) < amount {
        return Err(invalid("Insufficient funds in the source account"));
    }
    exchange
        .pay(from, &holder(to), currency.code, amount)
        .map_err(|error| Refusal::internal(&error))?;
    let id = exchange.ids.plain.uuid();
    for (account, kind) in [(from, "Withdrawal"), (to, "Deposit")] {
        let eid = exchange.ids.number();
        let mut one = Transfer::new(account, kind, call.now, eid, currency.code, amount);
        one.withdrawal_id = Some(id.clone());
        one.client_transfer_id.clone_from(&client_transfer_id);
        one.purpose = Some("Internal transfer");
        keep(&mut exchange.funds.transfers, one);
    }
    Ok(answer(&id).into())
}

fn transactions(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let limit = call.params.limit("limit", 100, 300)?;
    let from = call.params.integer("timestamp_nanos")?;
    let token = call.params.text("continuation_token");
    let after = match (&token, from) {
        (Some(_), Some(_)) => {
            return Err(Refusal::bad(
                "InvalidParameterValue",
                "Only one of timestamp_nanos and continuation_token may be given",
            ));
        }
        (Some(token), None) => token
            .parse()
            .map_err(|_| value("continuation_token", token))?,
        (None, _) => 0_u64,
    };
    let from = from.map(|nanos| Moment::from_nanoseconds(u64::try_from(nanos).unwrap_or(0)));
    let name = |account: usize| exchange.accounts[account].short_name.as_str();
    let wanted = |at: Moment, id: u64| id > after && from.is_none_or(|from| at >= from);
    let trades = exchange
        .fills
        .iter()
        .filter(|fill| wanted(fill.at, fill.tid));
    let trades = trades.map(|fill| (fill.tid, trade_row(fill, name(fill.account))));
    let transfers = exchange
        .funds
        .transfers
        .iter()
        .filter(|one| wanted(one.at, one.eid));
    let transfers = transfers.map(|one| (one.eid, transfer_row(one, name(one.account))));
    let mut rows: Vec<(u64, Json)> = trades.chain(transfers).collect();
    rows.sort_by_key(|(id, _)| *id);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map(|(id, _)| id.to_string());
    let results: Json = rows.into_iter().map(|(_, row)| row).collect();
    let mut answer = object! { "results" => results };
    if let (Json::Object(members), Some(last)) = (&mut answer, last.filter(|_| more)) {
        members.insert("continuationToken".into(), last.into());
    }
    Ok(answer.into())
}

fn trade_row(fill: &Fill, account: &str) -> Json {
    object! {
        "account" => account,
        "amount" => plain(fill.amount),
        "clientOrderId" => fill.client_order_id.as_deref().unwrap_or_default(),
        "price" => plain(fill.price),
        "timestampms" => fill.at.milliseconds(),
        "side" => if fill.buy { "SIDE_TYPE_BUY" } else { "SIDE_TYPE_SELL" },
        "isAggressor" => fill.taker,
        "feeAssetCode" => fill.symbol.settled_in(),
        "feeAmount" => plain(fill.fee),
        "orderId" => fill.order,
        "exchange" => "gemini",
        "isAuctionFill" => false,
        "isClearingFill" => fill.clearing,
        "symbol" => fill.symbol.upper(),
        "tid" => fill.tid,
        "type" => "trade",
    }
}

fn transfer_row(one: &Transfer, account: &str) -> Json {
    let (source, destination) = if one.kind == "Withdrawal" {
        (account, one.destination.as_deref().unwrap_or("external"))
    } else {
        ("external", account)
    };
    object! {
        "timestampms" => one.at.milliseconds(),
        "source" => source,
        "destination" => destination,
        "status" => if one.pending.is_some() { "Pending" } else { "Complete" },
        "eid" => one.eid,
        "currency" => one.currency,
        "amount" => plain(one.amount),
        "transferType" => one.kind,
        "type" => "transfer",
    }
}
