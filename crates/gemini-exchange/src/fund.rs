//! Balances, deposits, withdrawals, transfers, banks and approved addresses.

use exchange_transport::{Error, Operation};
use exchange_wire::{Decimal, RawJson, open_enum};
use serde::{Deserialize, Serialize};

use crate::market::Network;
use crate::order::Done;
use crate::paging::{CursorPosition, Next, Page, Paged};
use crate::request::{self, Request};
use crate::types::{Amount, Currency, Side, Symbol, Timestamp};

endpoints! {
    "gemini", "Fund Management", crate::Client;

    /// What the account has of each currency, and what of it is free.
    ///
    /// While the vendor moves to another back end, amounts may have 15 decimal places for money and
    /// 19 for crypto, the last of which mean nothing. [`Amount`] holds them exactly; cut them to
    /// the currency's own precision with [`Balance::floor_to`].
    GetAvailableBalances = get_available_balances "getAvailableBalances" {
        call: POST "/v1/balances",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: ["balances:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<Balance>,
        also: [],
        required {}
        optional {
            /// Whether to tell deposits and withdrawals on their way, which is slower. Default no.
            show_pending_balances: bool => field "showPendingBalances";
        }
    }

    /// The balances, with their values in one currency.
    GetNotionalBalances = get_notional_balances "getNotionalBalances" {
        call: POST "/v1/notionalbalances/{currency}",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: ["balances:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Vec<NotionalBalance>,
        also: [],
        required {
            /// In which currency the values are, such as `usd`.
            currency: Currency => into path "currency";
        }
        optional {}
    }

    /// Addresses for deposits.
    ListDepositAddresses = list_deposit_addresses "listDepositAddresses" {
        call: POST "/v1/addresses/{network}",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: ["addresses:read", "addresses:create"],
        effect: Read,
        pace: ADDRESSES,
        answer: json Vec<Address>,
        also: [],
        required {
            /// On which network.
            network: Network => path "network";
        }
        optional {
            /// Only addresses made from this time on.
            timestamp: Timestamp => into field "timestamp";
        }
    }

    /// Makes an address for deposits.
    NewDepositAddress = new_deposit_address "createNewDepositAddress" {
        call: POST "/v1/deposit/{network}/newAddress",
        auth: Account,
        roles: AnyOf ["Fund Manager"],
        scopes: ["addresses:create"],
        effect: Account,
        pace: NEW_ADDRESS,
        answer: json Address,
        also: [],
        required {
            /// On which network.
            network: Network => path "network";
        }
        optional {
            /// A name for it.
            label: String => into field "label";
            /// Whether it is of the older form; for litecoin. Default no.
            legacy: bool => field "legacy";
        }
    }

    /// Deposits, withdrawals and other movements, newest first.
    ListPastTransfers = list_past_transfers "listPastTransfers" {
        call: POST "/v2/transfers",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: ["history:read"],
        effect: Read,
        pace: TRANSFERS,
        answer: json Vec<Transfer>,
        also: [],
        required {}
        optional {
            /// Of one currency only.
            currency: Currency => into field "currency";
            /// On one network only.
            network: Network => field "network";
            /// After this time.
            timestamp: Timestamp => into field "timestamp";
            /// At most so many. Default 10.
            limit_transfers: u32 => field "limit_transfers", range(1, 50);
            /// Whether to tell deposits that were credited in advance and are complete. Default
            /// yes.
            show_completed_deposit_advances: bool => field "show_completed_deposit_advances";
        }
    }

    /// Fees for custody.
    ListCustodyFeeTransfers = list_custody_fee_transfers "listCustodyFeeTransfers" {
        call: POST "/v1/custodyaccountfees",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: ["history:read"],
        effect: Read,
        pace: TRANSFERS,
        answer: json Vec<CustodyFeeTransfer>,
        also: [],
        required {}
        optional {
            /// From this time on.
            timestamp: Timestamp => into field "timestamp";
            /// At most so many. Default 10.
            limit_transfers: u32 => field "limit_transfers", range(1, 50);
        }
    }

    /// What a withdrawal would cost.
    GetGasFeeEstimation = get_gas_fee_estimation "getGasFeeEstimation" {
        call: POST "/v2/withdraw/{network}/{ticker}/feeEstimate",
        auth: Account,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor", "WealthManager", "Administrator"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json FeeEstimate,
        also: [],
        required {
            /// On which network.
            network: Network => path "network";
            /// Which currency, in lower case.
            ticker: Currency => into path "ticker";
            /// Where to.
            address: String => into field "address", length(1, 1000);
            /// How much, in that currency.
            amount: Decimal => into field "amount", positive();
        }
        optional {
            /// Tag or memo, for networks that have one.
            memo: String => into field "memo";
        }
    }

    /// Withdraws crypto to an address on the list of approved ones.
    ///
    /// Customers in the UK, EU and EEA can't withdraw crypto through the API, says the vendor.
    WithdrawCryptoFunds = withdraw_crypto_funds "withdrawCryptoFunds" {
        call: POST "/v2/withdraw/{network}/{ticker}",
        auth: Account,
        roles: AnyOf ["Fund Manager"],
        scopes: ["crypto:send"],
        effect: Funds,
        pace: PRIVATE,
        answer: json Withdrawal,
        also: [],
        required {
            /// On which network.
            network: Network => path "network";
            /// Which currency, in lower case.
            ticker: Currency => into path "ticker";
            /// Where to.
            address: String => into field "address", length(1, 1000);
            /// How much, in that currency.
            amount: Decimal => into field "amount", positive();
        }
        optional {
            /// Tag or memo, for networks that have one: solana, xrpl, cosmos and others.
            memo: String => into field "memo";
            /// Your own id, a UUID: the venue never withdraws twice with the same one. With it a
            /// withdrawal of which nothing is known can be sent again.
            client_transfer_id: String => into field "clientTransferId", pattern(UUID);
        }
    }

    /// Adds a bank account in the USA. A wire from it must follow.
    AddBank = add_bank "addBank" {
        call: POST "/v1/payments/addbank",
        auth: Account,
        roles: AnyOf ["Fund Manager"],
        scopes: ["banks:create"],
        effect: Account,
        pace: PRIVATE,
        answer: json BankAdded,
        also: [],
        required {
            /// The number of the account.
            account_number: String => into field "accountnumber", length(1, 100);
            /// The routing number.
            routing: String => into field "routing", length(1, 100);
            /// What sort of account it is. `type` on the wire.
            account_type: BankAccountType => field "type";
            /// The name on it.
            name: String => into field "name", length(1, 1000);
        }
        optional {}
    }

    /// Adds a bank account in Canada.
    ///
    /// The vendor's description and its sample spell three of the names in different ways; these
    /// are the sample's.
    AddBankCad = add_bank_cad "addBankCAD" {
        call: POST "/v1/payments/addbank/cad",
        auth: Account,
        roles: AnyOf ["Fund Manager"],
        scopes: ["banks:create"],
        effect: Account,
        pace: PRIVATE,
        answer: json Done,
        also: [],
        required {
            /// The bank's SWIFT code.
            swift_code: String => into field "swiftcode", length(1, 100);
            /// The number of the account.
            account_number: String => into field "accountnumber", length(1, 100);
            /// What sort of account it is. `type` on the wire.
            account_type: BankAccountType => field "type";
            /// The name on it.
            name: String => into field "name", length(1, 1000);
        }
        optional {
            /// The number of the institution.
            institution_number: String => into field "institutionnumber";
            /// The number of the branch.
            branch_number: String => into field "branchnumber";
        }
    }

    /// What can be paid with: balances of money, and banks.
    ListPaymentMethods = list_payment_methods "listPaymentMethods" {
        call: POST "/v1/payments/methods",
        auth: Account,
        roles: NotNeeded,
        scopes: ["banks:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json PaymentMethods,
        also: [],
        required {}
        optional {}
    }

    /// The addresses to which crypto may be withdrawn.
    ListApprovedAddresses = list_approved_addresses "listApprovedAddresses" {
        call: POST "/v1/approvedAddresses/account/{network}",
        auth: Account,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json ApprovedAddresses,
        also: [],
        required {
            /// On which network.
            network: Network => path "network";
        }
        optional {}
    }

    /// Asks for an address to be put on the list of those to which crypto may be withdrawn. That
    /// takes 7 days. The key must be limited to trusted IP addresses.
    NewApprovedAddress = new_approved_address "createNewApprovedAddress" {
        call: POST "/v1/approvedAddresses/{network}/request",
        auth: AccountOrGroup,
        roles: AnyOf ["Fund Manager"],
        scopes: [],
        effect: Account,
        pace: PRIVATE,
        answer: json Notice,
        also: [],
        required {
            /// On which network.
            network: Network => path "network";
            /// The address.
            address: String => into field "address", length(1, 1000);
            /// A name for it.
            label: String => into field "label", length(1, 1000);
        }
        optional {
            /// Tag or memo, for networks that have one.
            memo: String => into field "memo";
        }
    }

    /// Takes an address off that list. One that waits for another user's consent can't be.
    RemoveApprovedAddress = remove_approved_address "removeApprovedAddress" {
        call: POST "/v1/approvedAddresses/{network}/remove",
        auth: AccountOrGroup,
        roles: AnyOf ["Fund Manager"],
        scopes: [],
        effect: Account,
        pace: PRIVATE,
        answer: json Notice,
        also: [],
        required {
            /// On which network.
            network: Network => path "network";
            /// The address.
            address: String => into field "address", length(1, 1000);
        }
        optional {}
    }

    /// Moves funds between two accounts of the group.
    ///
    /// Money can't go to or from a derivatives account, nor to one for custody.
    TransferBetweenAccounts = transfer_between_accounts "transferBetweenAccounts" {
        call: POST "/v1/account/transfer/{currency}",
        auth: Master,
        roles: AnyOf ["Fund Manager"],
        scopes: [],
        effect: Funds,
        pace: PRIVATE,
        answer: json AccountTransfer,
        also: [],
        required {
            /// Which currency.
            currency: Currency => into path "currency";
            /// From which account, by its short name.
            source_account: String => into field "sourceAccount", length(1, 1000);
            /// To which account, by its short name.
            target_account: String => into field "targetAccount", length(1, 1000);
            /// How much, in that currency.
            amount: Decimal => into field "amount", positive();
        }
        optional {
            /// Your own id, a UUID.
            client_transfer_id: String => into field "clientTransferId", pattern(UUID);
            /// Your own id of the withdrawal.
            withdrawal_id: String => into field "withdrawalId";
        }
    }

    /// Trades and transfers of all accounts of the group, since August 2022.
    ///
    /// The answer names where to go on: give that to `continuation_token`, in place of
    /// `timestamp_nanos`.
    GetTransactionHistory = get_transaction_history "getTransactionHistory" {
        call: POST "/v1/transactions",
        auth: Master,
        roles: AnyOf ["Trader", "Fund Manager", "Auditor"],
        scopes: ["history:read"],
        effect: Read,
        pace: PRIVATE,
        answer: json Transactions,
        also: [check = one_start],
        required {}
        optional {
            /// From this time on, in nanoseconds; not together with `continuation_token`.
            timestamp_nanos: i64 => field "timestamp_nanos", range(0, i64::MAX);
            /// Where the page before said; not together with `timestamp_nanos`.
            continuation_token: String => into field "continuation_token", length(1, 10_000);
            /// At most so many. Default 100.
            limit: u32 => field "limit", range(1, 300);
        }
    }
}

/// A UUID with dashes.
pub(crate) const UUID: &str =
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

fn one_start(request: &Request) -> Result<(), exchange_transport::InvalidField> {
    request::not_both(request, "timestamp_nanos", "continuation_token")
}

open_enum! {
    /// What sort of bank account it is.
    pub enum BankAccountType {
        /// A checking account.
        Checking = "checking",
        /// A savings account.
        Savings = "savings",
    }
}

open_enum! {
    /// What moved.
    pub enum TransferType {
        /// Funds came in.
        Deposit = "Deposit",
        /// Funds went out.
        Withdrawal = "Withdrawal",
        /// A reward was paid.
        Reward = "Reward",
        /// The venue took funds.
        AdminDebit = "AdminDebit",
        /// The venue gave funds.
        AdminCredit = "AdminCredit",
    }
}

open_enum! {
    /// How far a transfer is.
    pub enum TransferStatus {
        /// It is done.
        Complete = "Complete",
        /// It is on its way.
        Pending = "Pending",
        /// It is on its way and was credited in advance.
        Advanced = "Advanced",
    }
}

open_enum! {
    /// Whom an approved address is for.
    pub enum AddressScope {
        /// One account.
        Account = "account",
        /// All accounts of the group.
        Group = "group",
    }
}

open_enum! {
    /// How far an approved address is.
    pub enum AddressStatus {
        /// It can be used.
        Active = "active",
        /// Its time of waiting is not over.
        PendingTime = "pending-time",
        /// It waits for another user's consent.
        PendingMua = "pending-mua",
    }
}

crate::parameter::plain!(BankAccountType);

/// What the account has of a currency. All amounts are in that currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Balance {
    /// What sort of account it is in, such as `exchange`.
    #[serde(rename = "type")]
    pub account_type: String,
    /// Which currency.
    pub currency: Currency,
    /// All of it. A withdrawal of crypto lowers it only when the network confirmed it.
    pub amount: Amount,
    /// What can be used for orders. Orders and withdrawals lower it at once.
    pub available: Amount,
    /// What can be withdrawn.
    #[serde(rename = "availableForWithdrawal")]
    pub available_for_withdrawal: Amount,
    /// What is on its way out; only if asked for.
    #[serde(
        rename = "pendingWithdrawal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub pending_withdrawal: Option<Amount>,
    /// What is on its way in; only if asked for.
    #[serde(
        rename = "pendingDeposit",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub pending_deposit: Option<Amount>,
    /// By the venue's clock, which never goes back: of two answers the one with the higher time
    /// is the newer one.
    #[serde(
        rename = "_timestamp",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub timestamp: Option<Timestamp>,
}

impl Balance {
    /// The same with all amounts cut towards zero to the currency's own precision, as the vendor
    /// asks for: see [`SymbolDetails::amount_places`](crate::market::SymbolDetails::amount_places).
    pub fn floor_to(&self, places: u32) -> Self {
        let floor = |amount: &Amount| Amount::from(amount.floor_to(places));
        Self {
            account_type: self.account_type.clone(),
            currency: self.currency.clone(),
            amount: floor(&self.amount),
            available: floor(&self.available),
            available_for_withdrawal: floor(&self.available_for_withdrawal),
            pending_withdrawal: self.pending_withdrawal.as_ref().map(floor),
            pending_deposit: self.pending_deposit.as_ref().map(floor),
            timestamp: self.timestamp.clone(),
        }
    }
}

/// A balance with its value. `…_notional` is in the currency asked for, the others in their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NotionalBalance {
    /// Which currency.
    pub currency: Currency,
    /// All of it.
    pub amount: Amount,
    /// Its value.
    #[serde(rename = "amountNotional")]
    pub amount_notional: Amount,
    /// What can be used for orders.
    pub available: Amount,
    /// Its value.
    #[serde(rename = "availableNotional")]
    pub available_notional: Amount,
    /// What can be withdrawn.
    #[serde(rename = "availableForWithdrawal")]
    pub available_for_withdrawal: Amount,
    /// Its value.
    #[serde(rename = "availableForWithdrawalNotional")]
    pub available_for_withdrawal_notional: Amount,
}

/// An address for deposits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Address {
    /// The address.
    pub address: String,
    /// When it was made; in the list only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Tag or memo, where the network has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// Its network; for a new one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// A deposit, a withdrawal or another movement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transfer {
    /// What moved.
    #[serde(rename = "type")]
    pub transfer_type: TransferType,
    /// How far it is.
    pub status: TransferStatus,
    /// When.
    pub timestampms: Timestamp,
    /// Its number.
    #[serde(with = "exchange_wire::integer")]
    pub eid: i64,
    /// In which currency.
    pub currency: Currency,
    /// How much.
    #[serde(with = "exchange_wire::decimal")]
    pub amount: Decimal,
    /// On which network; not for money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// The fee.
    #[serde(
        rename = "feeAmount",
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub fee_amount: Option<Decimal>,
    /// What the fee was paid in.
    #[serde(
        rename = "feeCurrency",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub fee_currency: Option<Currency>,
    /// The id of the transaction on its network.
    #[serde(rename = "txHash", default, skip_serializing_if = "Option::is_none")]
    pub tx_hash: Option<String>,
    /// How money came: `ACH`, `CreditCard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Where a withdrawal went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The id of a withdrawal.
    #[serde(
        rename = "withdrawalId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub withdrawal_id: Option<String>,
    /// Which output of the transaction it is.
    #[serde(
        rename = "outputIdx",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub output_idx: Option<i64>,
    /// What the venue says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// A fee for custody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CustodyFeeTransfer {
    /// When.
    #[serde(rename = "txTime")]
    pub tx_time: Timestamp,
    /// The fee.
    #[serde(rename = "feeAmount", with = "exchange_wire::decimal")]
    pub fee_amount: Decimal,
    /// What it was paid in.
    #[serde(rename = "feeCurrency")]
    pub fee_currency: Currency,
    /// Its number.
    #[serde(with = "exchange_wire::integer")]
    pub eid: i64,
    /// What it was for: `Withdrawal`, `CustodyFeeDebit`, `RiaFeeDebit`, `RiaFeeCredit`.
    #[serde(rename = "eventType")]
    pub event_type: String,
}

/// What a withdrawal would cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FeeEstimate {
    /// What the fee is paid in.
    pub currency: Currency,
    /// The fee.
    #[serde(with = "exchange_wire::decimal::number")]
    pub fee: Decimal,
    /// Whether the account has withdrawals free by exception.
    #[serde(rename = "isOverride")]
    pub is_override: bool,
    /// How many withdrawals a month are free.
    #[serde(rename = "monthlyLimit", with = "exchange_wire::integer")]
    pub monthly_limit: i64,
    /// How many of them are left.
    #[serde(rename = "monthlyRemaining", with = "exchange_wire::integer")]
    pub monthly_remaining: i64,
}

/// A withdrawal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Withdrawal {
    /// Its id.
    #[serde(rename = "withdrawalId")]
    pub withdrawal_id: String,
    /// Where to.
    pub address: String,
    /// How much, without the fee.
    #[serde(with = "exchange_wire::decimal")]
    pub amount: Decimal,
    /// In which currency.
    pub currency: Currency,
    /// The fee, in the same currency.
    #[serde(with = "exchange_wire::decimal")]
    pub fee: Decimal,
}

/// A bank account that was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BankAdded {
    /// The venue's name for it.
    #[serde(rename = "referenceId")]
    pub reference_id: String,
    /// `OK`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// What can be paid with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PaymentMethods {
    /// Money in the account.
    pub balances: Vec<PaymentBalance>,
    /// Banks.
    pub banks: Vec<Bank>,
}

/// Money in the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PaymentBalance {
    /// What sort of account it is in, such as `exchange`.
    #[serde(rename = "type")]
    pub account_type: String,
    /// In which currency.
    pub currency: Currency,
    /// All of it.
    pub amount: Amount,
    /// What can be used.
    pub available: Amount,
    /// What can be withdrawn.
    #[serde(rename = "availableForWithdrawal")]
    pub available_for_withdrawal: Amount,
}

/// A bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bank {
    /// Its name, with the last digits of the account.
    pub bank: String,
    /// The venue's id, `payment_method_uuid` of an instant order.
    #[serde(rename = "bankId")]
    pub bank_id: String,
}

/// The addresses to which crypto may be withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApprovedAddresses {
    /// All of them.
    #[serde(rename = "approvedAddresses")]
    pub approved_addresses: Vec<ApprovedAddress>,
}

/// An address to which crypto may be withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApprovedAddress {
    /// On which network.
    pub network: Network,
    /// For one account or all of the group.
    pub scope: AddressScope,
    /// Its name.
    pub label: String,
    /// How far it is.
    pub status: AddressStatus,
    /// When it was asked for.
    #[serde(rename = "createdAt")]
    pub created_at: Timestamp,
    /// The address.
    pub address: String,
}

/// What the venue says about what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Notice {
    /// In words.
    pub message: String,
    /// `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// A transfer between two accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountTransfer {
    /// From which account.
    #[serde(rename = "fromAccount")]
    pub from_account: String,
    /// To which account.
    #[serde(rename = "toAccount")]
    pub to_account: String,
    /// How much.
    #[serde(with = "exchange_wire::decimal")]
    pub amount: Decimal,
    /// The fee.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub fee: Option<Decimal>,
    /// In which currency, by its name such as `Bitcoin`.
    pub currency: String,
    /// The id of the withdrawal; not between two exchange accounts.
    #[serde(
        rename = "withdrawalId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub withdrawal_id: Option<String>,
    /// The id of the transfer, between two exchange accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// What the venue says about it.
    pub message: String,
    /// The id of the transaction on its network.
    #[serde(rename = "txHash", default, skip_serializing_if = "Option::is_none")]
    pub tx_hash: Option<String>,
}

/// A page of the transaction history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transactions {
    /// Trades and transfers.
    pub results: Vec<Transaction>,
    /// Where to go on; none at the end.
    #[serde(
        rename = "continuationToken",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub continuation_token: Option<String>,
}

/// One entry of the transaction history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transaction {
    /// A trade.
    Trade(Box<TradeTransaction>),
    /// Anything else.
    Transfer(Box<TransferTransaction>),
}

/// Trades are told by the members that only they have: the vendor names a `type` for them and does
/// not say what transfers have there.
impl<'de> Deserialize<'de> for Transaction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Members {
            #[serde(default)]
            tid: Option<serde::de::IgnoredAny>,
            #[serde(default)]
            price: Option<serde::de::IgnoredAny>,
        }
        let raw = RawJson::deserialize(deserializer)?;
        let custom = <D::Error as serde::de::Error>::custom::<exchange_wire::DecodeError>;
        let members: Members = raw.decode().map_err(custom)?;
        if members.tid.is_some() || members.price.is_some() {
            raw.decode().map(Self::Trade).map_err(custom)
        } else {
            raw.decode().map(Self::Transfer).map_err(custom)
        }
    }
}

impl Serialize for Transaction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Trade(trade) => trade.serialize(serializer),
            Self::Transfer(transfer) => transfer.serialize(serializer),
        }
    }
}

/// A trade in the transaction history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TradeTransaction {
    /// Of which account, by its short name.
    pub account: String,
    /// In the base currency.
    #[serde(with = "exchange_wire::decimal")]
    pub amount: Decimal,
    /// Your own id of the order; empty if there is none.
    #[serde(
        rename = "clientOrderId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub client_order_id: Option<String>,
    /// In the quote currency.
    #[serde(with = "exchange_wire::decimal")]
    pub price: Decimal,
    /// When.
    pub timestampms: Timestamp,
    /// Whether you bought or sold: `SIDE_TYPE_BUY`, `SIDE_TYPE_SELL`.
    pub side: Side,
    /// Whether you took, rather than rested in the book.
    #[serde(rename = "isAggressor")]
    pub is_aggressor: bool,
    /// What the fee was paid in.
    #[serde(rename = "feeAssetCode")]
    pub fee_asset_code: Currency,
    /// The fee.
    #[serde(rename = "feeAmount", with = "exchange_wire::decimal")]
    pub fee_amount: Decimal,
    /// The venue's id of the order.
    #[serde(rename = "orderId", with = "exchange_wire::integer")]
    pub order_id: i64,
    /// `gemini`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// Whether it came about in an auction.
    #[serde(rename = "isAuctionFill")]
    pub is_auction_fill: bool,
    /// Whether it came about by clearing.
    #[serde(rename = "isClearingFill")]
    pub is_clearing_fill: bool,
    /// Which symbol.
    pub symbol: Symbol,
    /// The trade's number.
    #[serde(with = "exchange_wire::integer")]
    pub tid: i64,
    /// `trade`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub transaction_type: Option<String>,
}

/// A transfer in the transaction history. The vendor shows no sample of it, so anything may be
/// missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TransferTransaction {
    /// What sort of transaction it is.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub transaction_type: Option<String>,
    /// Of which account, by its short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestampms: Option<Timestamp>,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// Why.
    #[serde(
        rename = "operationReason",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub operation_reason: Option<String>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Its number.
    #[serde(
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub eid: Option<i64>,
    /// In which currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// How much.
    #[serde(
        with = "exchange_wire::decimal",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub amount: Option<Decimal>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What it belongs to.
    #[serde(
        rename = "correlationId",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub correlation_id: Option<i64>,
    /// What moved.
    #[serde(
        rename = "transferType",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub transfer_type: Option<String>,
    /// Which bank.
    #[serde(rename = "bankId", default, skip_serializing_if = "Option::is_none")]
    pub bank_id: Option<String>,
    /// What the venue says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The id of the transaction on its network.
    #[serde(
        rename = "transactionHash",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub transaction_hash: Option<String>,
    /// The id of the transfer.
    #[serde(
        rename = "transferId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub transfer_id: Option<String>,
    /// The id of the withdrawal.
    #[serde(
        rename = "withdrawalId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub withdrawal_id: Option<String>,
    /// Your own id.
    #[serde(
        rename = "clientTransferId",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub client_transfer_id: Option<String>,
    /// The number of the credit in advance.
    #[serde(
        rename = "advanceEid",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub advance_eid: Option<i64>,
    /// The number it had on its way.
    #[serde(
        rename = "pendingEid",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub pending_eid: Option<i64>,
    /// The number of the withdrawal.
    #[serde(
        rename = "withdrawalEid",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub withdrawal_eid: Option<i64>,
    /// The id of the fee.
    #[serde(rename = "feeId", default, skip_serializing_if = "Option::is_none")]
    pub fee_id: Option<String>,
}

impl Paged for GetTransactionHistory {
    type Item = Transaction;
    type Position = CursorPosition;
    const OPERATION: &'static Operation = &<GetTransactionHistory>::ENDPOINT.operation;

    async fn page(mut self, position: CursorPosition) -> Result<Page<Self>, Error> {
        if let CursorPosition::Cursor(token) = position {
            // The venue takes one or the other.
            self.request.unset("timestamp_nanos");
            self = self.continuation_token(token);
        }
        let has_limit = self.request.given("limit").is_some();
        let call = if has_limit { self } else { self.limit(300) };
        let answer = call.send().await?;
        Ok(Page {
            items: answer.results,
            next: Next::at_cursor(answer.continuation_token),
        })
    }
}

exchange_transport::paged! {
    /// All trades and transfers of the group, from `timestamp_nanos` on.
    GetTransactionHistory, CursorPosition::Start
}

crate::paging::page_by_time! {
    /// All transfers, oldest first, from `timestamp` on.
    ///
    /// The venue lets this call through every 5 s only, so a long list takes its time: 50 rows a
    /// page, and one call more for the first page that is full, see
    /// [`paging`](crate::paging#by-time).
    ListPastTransfers of Transfer, limit_transfers "limit_transfers" 50 unsure 1,
    |transfer| (transfer.timestampms.unix_millis(), transfer.eid)
}

crate::paging::page_by_time! {
    /// All fees for custody, oldest first, from `timestamp` on.
    ///
    /// The venue lets this call through every 5 s only, so a long list takes its time: 50 rows a
    /// page, and one call more for the first page that is full, see
    /// [`paging`](crate::paging#by-time).
    ListCustodyFeeTransfers of CustodyFeeTransfer, limit_transfers "limit_transfers" 50 unsure 1,
    |fee| (fee.tx_time.unix_millis(), fee.eid)
}
