//! Balances, deposits, withdrawals, banks, approved addresses.

use std::collections::VecDeque;
use std::time::Duration;

use rust_decimal::Decimal;

use super::answer::{Outcome, Refusal, plain};
use super::exchange::{Exchange, keep};
use super::params::{missing, value};
use super::symbols::{Currency, currency_of, cut, is_network};
use super::{Access, Call, FUND_MANAGER, Operation, READERS, op};
use crate::Moment;
use crate::books::Holder;
use crate::json::{Json, object};

/// How long a new approved address must wait.
const ADDRESS_HOLD: Duration = Duration::from_secs(7 * 86_400);

/// How long a withdrawal or deposit takes until the chain has confirmed it.
pub(crate) const CONFIRMATION: Duration = Duration::from_secs(60);

/// Addresses and banks of an account. The vendor names no number.
const MOST: usize = 500;

const BALANCES: &[&str] = &["balances:read"];
const HISTORY: &[&str] = &["history:read"];

pub(crate) static OPERATIONS: [Operation; 14] = [
    op(
        "getAvailableBalances",
        "/v1/balances",
        Access::Account,
        READERS,
        BALANCES,
        balances,
    ),
    op(
        "getNotionalBalances",
        "/v1/notionalbalances/{}",
        Access::Account,
        READERS,
        BALANCES,
        notional_balances,
    ),
    op(
        "listDepositAddresses",
        "/v1/addresses/{}",
        Access::Account,
        READERS,
        &["addresses:read", "addresses:create"],
        addresses,
    ),
    op(
        "createNewDepositAddress",
        "/v1/deposit/{}/newAddress",
        Access::Account,
        FUND_MANAGER,
        &["addresses:create"],
        new_address,
    ),
    op(
        "listPastTransfers",
        "/v2/transfers",
        Access::Account,
        READERS,
        HISTORY,
        transfers,
    ),
    op(
        "listCustodyFeeTransfers",
        "/v1/custodyaccountfees",
        Access::Account,
        READERS,
        HISTORY,
        custody_fees,
    ),
    op(
        "getGasFeeEstimation",
        "/v2/withdraw/{}/{}/feeEstimate",
        Access::Account,
        &[],
        &[],
        fee_estimate,
    ),
    op(
        "withdrawCryptoFunds",
        "/v2/withdraw/{}/{}",
        Access::Account,
        FUND_MANAGER,
        &["crypto:send"],
        withdraw,
    ),
    op(
        "addBank",
        "/v1/payments/addbank",
        Access::Account,
        FUND_MANAGER,
        &["banks:create"],
        add_bank,
    ),
    op(
        "addBankCAD",
        "/v1/payments/addbank/cad",
        Access::Account,
        FUND_MANAGER,
        &["banks:create"],
        add_bank_cad,
    ),
    op(
        "listPaymentMethods",
        "/v1/payments/methods",
        Access::Account,
        &[],
        &["banks:read"],
        payment_methods,
    ),
    op(
        "listApprovedAddresses",
        "/v1/approvedAddresses/account/{}",
        Access::Account,
        &[],
        &[],
        approved_addresses,
    ),
    op(
        "createNewApprovedAddress",
        "/v1/approvedAddresses/{}/request",
        Access::AccountOrGroup,
        FUND_MANAGER,
        &[],
        approve_address,
    ),
    op(
        "removeApprovedAddress",
        "/v1/approvedAddresses/{}/remove",
        Access::AccountOrGroup,
        FUND_MANAGER,
        &[],
        remove_address,
    ),
];

#[derive(Clone, Debug)]
struct DepositAddress {
    account: usize,
    network: String,
    address: String,
    label: Option<String>,
    at: Moment,
}

#[derive(Clone, Debug)]
struct ApprovedAddress {
    /// None for the whole group.
    account: Option<usize>,
    network: String,
    address: String,
    label: String,
    at: Moment,
}

#[derive(Clone, Debug)]
struct Bank {
    account: usize,
    name: String,
    id: String,
}

/// Money that came, went, or is on its way.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub account: usize,
    pub kind: &'static str,
    pub at: Moment,
    pub eid: u64,
    pub currency: &'static str,
    pub amount: Decimal,
    pub fee: Decimal,
    pub network: Option<String>,
    pub method: Option<&'static str>,
    pub destination: Option<String>,
    pub withdrawal_id: Option<String>,
    pub client_transfer_id: Option<String>,
    pub tx_hash: Option<String>,
    pub purpose: Option<&'static str>,
    /// When it will be done, if it is not.
    pub pending: Option<Moment>,
}

impl Transfer {
    pub(crate) fn new(
        account: usize,
        kind: &'static str,
        at: Moment,
        eid: u64,
        currency: &'static str,
        amount: Decimal,
    ) -> Self {
        Self {
            account,
            kind,
            at,
            eid,
            currency,
            amount,
            fee: Decimal::ZERO,
            network: None,
            method: None,
            destination: None,
            withdrawal_id: None,
            client_transfer_id: None,
            tx_hash: None,
            purpose: None,
            pending: None,
        }
    }
}

#[derive(Clone, Debug)]
struct CustodyFee {
    account: usize,
    at: Moment,
    eid: u64,
    currency: &'static str,
    amount: Decimal,
}

/// What is known about money on its way.
#[derive(Debug, Default)]
pub(crate) struct Funds {
    addresses: Vec<DepositAddress>,
    approved: Vec<ApprovedAddress>,
    banks: Vec<Bank>,
    /// Oldest first.
    pub transfers: VecDeque<Transfer>,
    custody_fees: VecDeque<CustodyFee>,
}

impl Funds {
    /// What withdrawals on their way hold back.
    pub(crate) fn held(&self, account: usize, currency: &str) -> Decimal {
        self.pending(account, currency, "Withdrawal")
            .map(|transfer| transfer.amount + transfer.fee)
            .sum()
    }

    fn pending(
        &self,
        account: usize,
        currency: &str,
        kind: &'static str,
    ) -> impl Iterator<Item = &Transfer> {
        self.transfers.iter().filter(move |transfer| {
            transfer.pending.is_some()
                && transfer.account == account
                && transfer.kind == kind
                && transfer.currency == currency
        })
    }

    /// Adds an address to the approved ones, as if long ago.
    pub(crate) fn approve(
        &mut self,
        account: Option<usize>,
        network: &str,
        address: &str,
        at: Moment,
    ) {
        self.approved.push(ApprovedAddress {
            account,
            network: network.to_owned(),
            address: address.to_owned(),
            label: format!("demo {network}"),
            at,
        });
    }

    /// Adds a bank.
    pub(crate) fn add_bank(&mut self, account: usize, name: String, id: String) {
        self.banks.push(Bank { account, name, id });
    }

    /// Whether an account has a bank of this id.
    pub(crate) fn has_bank(&self, account: usize, id: &str) -> bool {
        let mut banks = self.banks.iter();
        banks.any(|bank| bank.account == account && bank.id == id)
    }
}

impl Exchange {
    /// Ends transfers that have been confirmed.
    pub(crate) fn settle_transfers(&mut self, now: Moment) {
        for index in 0..self.funds.transfers.len() {
            let transfer = self.funds.transfers[index].clone();
            if transfer.pending.is_none_or(|until| now < until) {
                continue;
            }
            let done = if transfer.kind == "Deposit" {
                self.pay(
                    transfer.account,
                    &Holder::Outside,
                    transfer.currency,
                    -transfer.amount,
                )
            } else {
                self.book(&[
                    (
                        transfer.account,
                        transfer.currency,
                        -transfer.amount,
                        Holder::Outside,
                    ),
                    (
                        transfer.account,
                        transfer.currency,
                        -transfer.fee,
                        Holder::Fees,
                    ),
                ])
            };
            // What was held back is there; if not, it stays pending.
            if done.is_ok() {
                let hash = self.ids.plain.hex(64);
                let transfer = &mut self.funds.transfers[index];
                transfer.pending = None;
                transfer.tx_hash = transfer.network.is_some().then_some(hash);
            }
        }
    }

    /// Money from outside that the chain has yet to confirm, or of a bank,
    /// which is there at once.
    pub(crate) fn deposit(&mut self, account: usize, currency: &'static Currency, amount: Decimal) {
        let eid = self.ids.number();
        let now = self.now;
        let mut transfer = Transfer::new(account, "Deposit", now, eid, currency.code, amount);
        if let Some(network) = currency.networks.first() {
            transfer.network = Some((*network).to_owned());
            transfer.pending = Some(now.plus(CONFIRMATION));
        } else {
            transfer.method = Some("ACH");
            transfer.pending = Some(now);
        }
        keep(&mut self.funds.transfers, transfer);
        self.settle_transfers(now);
    }
}

fn balances(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let with_pending = call.params.boolean("showPendingBalances", false)?;
    let kind = exchange.accounts[call.account].kind;
    let at = call.now.date_time();
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let rows = exchange.currencies(call.account).into_iter().map(|code| {
        let available = exchange.available(call.account, &code);
        let mut row = object! {
            "type" => kind,
            "currency" => code.as_str(),
            "amount" => plain(exchange.balance(call.account, &code)),
            "available" => plain(available),
            "availableForWithdrawal" => plain(available),
        };
        if let Json::Object(members) = &mut row {
            if with_pending {
                let sum = |kind| -> Decimal {
                    let pending = exchange.funds.pending(call.account, &code, kind);
                    pending.map(|transfer| transfer.amount).sum()
                };
                members.insert("pendingWithdrawal".into(), plain(sum("Withdrawal")));
                members.insert("pendingDeposit".into(), plain(sum("Deposit")));
            }
            members.insert("_timestamp".into(), at.as_str().into());
        }
        row
    });
    Ok(rows.collect::<Json>().into())
}

fn notional_balances(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let target = currency(&call.path[0])?;
    let unit = exchange.worth(target.code);
    if unit.is_zero() {
        return Err(value("currency", &call.path[0]));
    }
    let digits = target.digits.min(8);
    let mut rows = Vec::new();
    for code in exchange.currencies(call.account) {
        let rate = exchange.worth(&code) / unit;
        let amount = exchange.balance(call.account, &code);
        let available = exchange.available(call.account, &code);
        let notional = |amount: Decimal| plain(cut(amount * rate, digits));
        rows.push(object! {
            "currency" => code.as_str(),
            "amount" => plain(amount),
            "amountNotional" => notional(amount),
            "available" => plain(available),
            "availableNotional" => notional(available),
            "availableForWithdrawal" => plain(available),
            "availableForWithdrawalNotional" => notional(available),
        });
    }
    Ok(Json::List(rows).into())
}

/// A currency that must be there.
pub(super) fn currency(code: &str) -> Result<&'static Currency, Refusal> {
    currency_of(code).ok_or_else(|| value("currency", code))
}

fn network<'a>(call: &'a Call<'_>) -> Result<&'a str, Refusal> {
    let network = call.path[0].as_str();
    if is_network(network) {
        return Ok(network);
    }
    Err(value("network", network))
}

fn addresses(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let from = call.params.time("timestamp")?;
    let rows = exchange.funds.addresses.iter().filter(|one| {
        one.account == call.account
            && one.network == network
            && from.is_none_or(|from| one.at >= from)
    });
    let rows = rows.map(|one| {
        let mut row = object! {
            "address" => one.address.as_str(),
            "timestamp" => one.at.milliseconds(),
        };
        if let (Json::Object(members), Some(label)) = (&mut row, &one.label) {
            members.insert("label".into(), label.as_str().into());
        }
        row
    });
    Ok(rows.collect::<Json>().into())
}

fn new_address(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let label = call.params.text("label");
    call.params.boolean("legacy", false)?;
    if exchange.funds.addresses.len() >= MOST {
        return Err(value("network", "too many addresses"));
    }
    let address = match network {
        "ethereum" | "arbitrum" | "base" | "optimism" => {
            format!("0x{}", exchange.ids.plain.hex(40))
        }
        "bitcoin" => format!("bc1q{}", exchange.ids.plain.hex(38)),
        _ => exchange.ids.plain.capitals(34),
    };
    let mut answer = object! { "network" => network, "address" => address.as_str() };
    if let (Json::Object(members), Some(label)) = (&mut answer, &label) {
        members.insert("label".into(), label.as_str().into());
    }
    exchange.funds.addresses.push(DepositAddress {
        account: call.account,
        network: network.to_owned(),
        address,
        label,
        at: call.now,
    });
    Ok(answer.into())
}

fn transfers(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let limit = call.params.limit("limit_transfers", 10, 50)?;
    let from = call.params.time("timestamp")?;
    let wanted = call.params.text("currency");
    let wanted = wanted.map(|code| currency(&code)).transpose()?;
    let network = call.params.text("network");
    call.params
        .boolean("show_completed_deposit_advances", true)?;
    let rows = exchange.funds.transfers.iter().filter(|one| {
        one.account == call.account
            && from.is_none_or(|from| one.at > from)
            && wanted.is_none_or(|currency| currency.code == one.currency)
            && network
                .as_ref()
                .is_none_or(|name| one.network.as_ref() == Some(name))
    });
    let mut rows: Vec<_> = rows.collect();
    super::trading::page(&mut rows, from.is_some(), limit, |one| one.at);
    Ok(rows.into_iter().map(transfer_json).collect::<Json>().into())
}

fn transfer_json(one: &Transfer) -> Json {
    let mut row = object! {
        "type" => one.kind,
        "status" => if one.pending.is_some() { "Pending" } else { "Complete" },
        "timestampms" => one.at.milliseconds(),
        "eid" => one.eid,
        "currency" => one.currency,
        "amount" => plain(one.amount),
    };
    if let Json::Object(members) = &mut row {
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value.into());
            }
        };
        add("network", one.network.as_deref());
        add("method", one.method);
        add("txHash", one.tx_hash.as_deref());
        add("destination", one.destination.as_deref());
        add("withdrawalId", one.withdrawal_id.as_deref());
        add("purpose", one.purpose);
        if !one.fee.is_zero() {
            members.insert("feeAmount".into(), plain(one.fee));
            members.insert("feeCurrency".into(), one.currency.into());
        }
    }
    row
}

fn custody_fees(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let limit = call.params.limit("limit_transfers", 10, 50)?;
    let from = call.params.time("timestamp")?;
    let rows = exchange
        .funds
        .custody_fees
        .iter()
        .filter(|one| one.account == call.account && from.is_none_or(|from| one.at >= from));
    let mut rows: Vec<_> = rows.collect();
    super::trading::page(&mut rows, from.is_some(), limit, |one| one.at);
    let rows = rows.into_iter().map(|one| {
        object! {
            "txTime" => one.at.milliseconds(),
            "feeAmount" => plain(one.amount),
            "feeCurrency" => one.currency,
            "eid" => one.eid,
            "eventType" => "Withdrawal",
        }
    });
    Ok(rows.collect::<Json>().into())
}

/// What is to be sent over which network.
fn sent(call: &Call<'_>) -> Result<(String, &'static Currency, Decimal, String), Refusal> {
    let network = network(call)?.to_owned();
    let ticker = &call.path[1];
    let currency = currency_of(ticker)
        .filter(|currency| currency.networks.contains(&network.as_str()))
        .ok_or_else(|| value("ticker", ticker))?;
    let address = call.params.required("address")?;
    let amount = call.params.positive("amount", "InvalidQuantity")?;
    if amount.normalize().scale() > currency.digits {
        return Err(Refusal::bad(
            "InvalidQuantity",
            format!("{} has {} decimals", currency.code, currency.digits),
        ));
    }
    Ok((network, currency, amount, address))
}

fn fee_estimate(_: &mut Exchange, call: &Call<'_>) -> Outcome {
    let (_, currency, ..) = sent(call)?;
    Ok(object! {
        "currency" => currency.code,
        "fee" => Json::number(currency.withdrawal_fee().normalize()),
        "isOverride" => false,
        "monthlyLimit" => 0_u32,
        "monthlyRemaining" => 0_u32,
    }
    .into())
}

fn withdraw(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let (network, currency, amount, address) = sent(call)?;
    let client_transfer_id = call.params.text("clientTransferId");
    let answer = |one: &Transfer| {
        object! {
            "withdrawalId" => one.withdrawal_id.as_deref(),
            "address" => one.destination.as_deref(),
            "amount" => plain(one.amount),
            "currency" => one.currency,
            "fee" => plain(one.fee),
        }
    };
    if let Some(id) = &client_transfer_id {
        let before =
            exchange.funds.transfers.iter().find(|one| {
                one.account == call.account && one.client_transfer_id.as_ref() == Some(id)
            });
        if let Some(before) = before {
            return Ok(answer(before).into());
        }
    }
    let approved = exchange.funds.approved.iter().any(|one| {
        one.network == network
            && one.address == address
            && one.account.is_none_or(|account| account == call.account)
            && call.now >= one.at.plus(ADDRESS_HOLD)
    });
    if !approved {
        return Err(Refusal::bad(
            "InvalidParameterValue",
            format!("The address {address} is not on the list of approved addresses"),
        ));
    }
    let fee = currency.withdrawal_fee().normalize();
    if exchange.available(call.account, currency.code) < amount + fee {
        return Err(Refusal::funds(format!("Not enough {}", currency.code)));
    }
    let eid = exchange.ids.number();
    let withdrawal_id = exchange.ids.plain.uuid();
    let mut one = Transfer::new(
        call.account,
        "Withdrawal",
        call.now,
        eid,
        currency.code,
        amount,
    );
    one.fee = fee;
    one.network = Some(network);
    one.destination = Some(address);
    one.withdrawal_id = Some(withdrawal_id);
    one.client_transfer_id = client_transfer_id;
    one.pending = Some(call.now.plus(CONFIRMATION));
    let body = answer(&one);
    // The oldest row is forgotten when there are too many; one that is on its
    // way must not be.
    if exchange
        .funds
        .transfers
        .front()
        .is_some_and(|one| one.pending.is_some())
        && exchange.funds.transfers.len() >= super::exchange::KEPT
    {
        return Err(Refusal::bad(
            "RateLimit",
            "Too many withdrawals on their way",
        ));
    }
    keep(&mut exchange.funds.transfers, one);
    if exchange.accounts[call.account].kind == "custody" {
        let fee = CustodyFee {
            account: call.account,
            at: call.now,
            eid: exchange.ids.number(),
            currency: currency.code,
            amount: fee,
        };
        keep(&mut exchange.funds.custody_fees, fee);
    }
    Ok(body.into())
}

/// A new bank of the account.
fn bank(exchange: &mut Exchange, call: &Call<'_>, number: &str) -> Result<(), Refusal> {
    let kind = call.params.required("type")?;
    let kind = match kind.as_str() {
        "checking" => "Checking",
        "savings" => "Savings",
        other => return Err(value("type", other)),
    };
    let name = call.params.required("name")?;
    if exchange.funds.banks.len() >= MOST {
        return Err(value("accountnumber", "too many banks"));
    }
    let skip = number.chars().count().saturating_sub(4);
    let end: String = number.chars().skip(skip).collect();
    let id = exchange.ids.plain.uuid();
    let name = format!("{name} {kind} - {end}");
    exchange.funds.add_bank(call.account, name, id);
    Ok(())
}

fn add_bank(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let number = call.params.required("accountnumber")?;
    call.params.required("routing")?;
    bank(exchange, call, &number)?;
    let reference = 10_000 + exchange.ids.plain.below(90_000);
    Ok(object! { "referenceId" => format!("BankAccountRefId({reference})") }.into())
}

fn add_bank_cad(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    call.params.required("swiftcode")?;
    // Both spellings are documented.
    let number = call.params.text("accountnumber");
    let number = number.or_else(|| call.params.text("accountNumber"));
    let number = number.ok_or_else(|| missing("accountnumber"))?;
    bank(exchange, call, &number)?;
    Ok(object! { "result" => "OK" }.into())
}

fn payment_methods(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let kind = exchange.accounts[call.account].kind;
    let codes = exchange.currencies(call.account).into_iter();
    let fiat = codes.filter(|code| currency_of(code).is_some_and(|one| one.networks.is_empty()));
    let balances = fiat.map(|code| {
        let available = exchange.available(call.account, &code);
        object! {
            "type" => kind,
            "currency" => code.as_str(),
            "amount" => plain(exchange.balance(call.account, &code)),
            "available" => plain(available),
            "availableForWithdrawal" => plain(available),
        }
    });
    let balances: Json = balances.collect();
    let banks = exchange
        .funds
        .banks
        .iter()
        .filter(|one| one.account == call.account);
    let banks: Json = banks
        .map(|one| object! { "bank" => one.name.as_str(), "bankId" => one.id.as_str() })
        .collect();
    Ok(object! { "balances" => balances, "banks" => banks }.into())
}

fn approved_addresses(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let rows = exchange.funds.approved.iter().filter(|one| {
        one.network == network && one.account.is_none_or(|account| account == call.account)
    });
    let rows = rows.map(|one| {
        let waits = call.now < one.at.plus(ADDRESS_HOLD);
        object! {
            "network" => one.network.as_str(),
            "scope" => if one.account.is_some() { "account" } else { "group" },
            "label" => one.label.as_str(),
            "status" => if waits { "pending-time" } else { "active" },
            "createdAt" => one.at.milliseconds().to_string(),
            "address" => one.address.as_str(),
        }
    });
    Ok(object! { "approvedAddresses" => rows.collect::<Json>() }.into())
}

fn approve_address(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let (address, label) = (
        call.params.required("address")?,
        call.params.required("label")?,
    );
    let account = (!call.group).then_some(call.account);
    let mut known = exchange.funds.approved.iter();
    if known.any(|one| one.network == network && one.address == address && one.account == account) {
        return Err(value("address", &address));
    }
    if exchange.funds.approved.len() >= MOST {
        return Err(value("address", "too many addresses"));
    }
    exchange.funds.approved.push(ApprovedAddress {
        account,
        network: network.to_owned(),
        address,
        label,
        at: call.now,
    });
    Ok(object! {
        "message" => "Approved address addition is now waiting a 7-day approval hold before activation.",
    }
    .into())
}

fn remove_address(exchange: &mut Exchange, call: &Call<'_>) -> Outcome {
    let network = network(call)?;
    let address = call.params.required("address")?;
    let account = (!call.group).then_some(call.account);
    let before = exchange.funds.approved.len();
    exchange.funds.approved.retain(|one| {
        !(one.network == network && one.address == address && one.account == account)
    });
    if exchange.funds.approved.len() == before {
        return Err(value("address", &address));
    }
    Ok(
        object! { "message" => format!("{address} removed from {network} approved addresses.") }
            .into(),
    )
}
