//! Operations that read balances, ledgers, volume and keys.

use rust_decimal::Decimal;

use super::assets::{Asset, FeeTier, Pair, find_asset, find_pair};
use super::statement::{Entry, Statement};
use super::{Call, Operation, Permission, Spot};
use crate::Moment;
use crate::books::Holder;
use crate::json::{Json, object};
use crate::kraken::answer::{Outcome, Refusal};
use crate::kraken::params::Params;

const QUERY_FUNDS: Permission = Permission::Any(&["Funds permissions - Query"]);
const QUERY_LEDGER: Permission = Permission::Any(&["Data - Query ledger entries"]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new("Balance", QUERY_FUNDS, 1, balance),
    Operation::new("BalanceEx", QUERY_FUNDS, 1, balance_ex),
    Operation::new("CreditLines", QUERY_FUNDS, 1, credit_lines),
    Operation::new("Ledgers", QUERY_LEDGER, 2, ledgers),
    Operation::new("QueryLedgers", QUERY_LEDGER, 2, query_ledgers),
    Operation::new("TradeVolume", QUERY_FUNDS, 1, trade_volume),
    Operation::new("GetApiKeyInfo", Permission::None, 1, get_api_key_info),
    Operation::new(
        "ListWalletAccounts",
        Permission::None,
        1,
        list_wallet_accounts,
    ),
];

/// Entries of a page of Ledgers.
const PAGE: usize = 50;

/// The most ids of one `QueryLedgers`.
const MOST_IDS: usize = 20;

/// The kinds that Ledgers lists; the filter spells one of them otherwise than
/// the entries do.
const KINDS: [&str; 13] = [
    "all",
    "trade",
    "deposit",
    "withdrawal",
    "transfer",
    "margin",
    "adjustment",
    "rollover",
    "credit",
    "settled",
    "staking",
    "dividend",
    "sale",
];

/// The classes that an asset or pair may be asked for by.
const CLASSES: [&str; 8] = [
    "currency",
    "forex",
    "equity",
    "equity_pair",
    "nft",
    "derivatives",
    "tokenized_asset",
    "futures_contract",
];

/// The permissions as `GetApiKeyInfo` writes them, and in words.
const PERMISSIONS: [(&str, &str); 13] = [
    ("query-funds", "Funds permissions - Query"),
    ("add-funds", "Funds permissions - Deposit"),
    ("withdraw-funds", "Funds permissions - Withdraw"),
    ("earn-funds", "Funds permissions - Earn"),
    (
        "query-open-trades",
        "Orders and trades - Query open orders & trades",
    ),
    (
        "query-closed-trades",
        "Orders and trades - Query closed orders & trades",
    ),
    (
        "modify-trades",
        "Orders and trades - Create & modify orders",
    ),
    ("close-trades", "Orders and trades - Cancel & close orders"),
    ("query-ledger", "Data - Query ledger entries"),
    ("export-data", "Data - Export data"),
    ("create-ws-token", "WebSocket interface - On"),
    ("add-withdraw-address", "Add withdrawal addresses"),
    ("update-withdraw-address", "Update withdrawal addresses"),
];

/// An amount with so many digits after the point; what is beyond is cut.
pub(crate) fn fixed(amount: Decimal, decimals: u32) -> Json {
    let mut amount = amount.trunc_with_scale(decimals);
    if amount.is_zero() {
        // Without the sign that a zero can bear.
        amount = Decimal::ZERO;
    }
    amount.rescale(decimals);
    Json::amount(amount)
}

/// The digits of an asset's amounts, with or without a suffix.
pub(crate) fn decimals_of(asset: &str) -> u32 {
    let plain = asset.split_once('.').map_or(asset, |(plain, _)| plain);
    find_asset(plain).map_or(10, |asset| asset.decimals)
}

/// Whether an amount is one that can be moved: above zero, with no more digits
/// than are kept of the asset, and small enough to be reckoned with.
pub(crate) fn is_amount(amount: Decimal, asset: &Asset) -> bool {
    amount > Decimal::ZERO
        && amount < Decimal::from(1_000_000_000_000_i64)
        && amount.normalize().scale() <= asset.decimals
}

/// Refuses what is no way to count tokenized assets, of which there are none.
pub(crate) fn check_rebase(params: &Params) -> Result<(), Refusal> {
    match params.text("rebase_multiplier").as_deref() {
        None | Some("rebased" | "base") => Ok(()),
        Some(_) => Err(Refusal::argument("rebase_multiplier")),
    }
}

impl Spot {
    /// The account that a call is about which may name one as `account_id`: its
    /// own or, for a master account, one of its subaccounts.
    pub(crate) fn wallet(&self, call: &Call<'_>) -> Result<String, Refusal> {
        let own = call.account()?;
        let Some(asked) = call.params.text("account_id") else {
            return Ok(own.to_owned());
        };
        let asked = wallet_id(&asked);
        self.treasury
            .domain(own)
            .find(|account| wallet_id(account) == asked)
            .map(str::to_owned)
            .ok_or_else(|| "EAccount:Invalid permissions".into())
    }

    /// What counts for the fees of an account: US dollars that it and the other
    /// accounts of its master traded in the last 30 days.
    pub(crate) fn fee_volume(&self, account: &str, now: Moment) -> Decimal {
        let master = self.treasury.master_of(account);
        self.treasury
            .domain(master)
            .map(|account| self.desk.volume_of(account, now))
            .fold(Decimal::ZERO, Decimal::saturating_add)
    }

    /// All assets that an account ever had, with what it has now; what is held
    /// for pending withdrawals is taken off.
    fn holdings(&self, account: &str) -> Vec<(String, Decimal)> {
        self.books
            .balances(&Holder::Customer(account.to_owned()))
            .map(|(asset, amount)| {
                let amount = amount - self.treasury.held(account, asset);
                (asset.to_owned(), amount)
            })
            .collect()
    }
}

/// An account's id as that of a wallet: with dashes. Both forms are met, so
/// both are taken.
pub(crate) fn wallet_id(account: &str) -> String {
    account.replace(' ', "-")
}

fn balance(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    check_rebase(call.params)?;
    let account = spot.wallet(call)?;
    let balances: Json = spot
        .holdings(&account)
        .into_iter()
        .map(|(asset, amount)| {
            let amount = fixed(amount, decimals_of(&asset));
            (asset, amount)
        })
        .collect();
    Ok(balances.into())
}

fn balance_ex(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    check_rebase(call.params)?;
    let account = spot.wallet(call)?;
    let balances: Json = spot
        .holdings(&account)
        .into_iter()
        .map(|(asset, amount)| {
            let decimals = decimals_of(&asset);
            let held = spot.desk.held(&account, &asset);
            let row = object! {
                "balance" => fixed(amount, decimals),
                "hold_trade" => fixed(held, decimals),
            };
            (asset, row)
        })
        .collect();
    Ok(balances.into())
}

/// No account has a credit line, which the venue says with null.
fn credit_lines(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    check_rebase(call.params)?;
    spot.wallet(call)?;
    Ok(Json::Null.into())
}

fn entry_json(entry: &Entry) -> Json {
    let decimals = decimals_of(&entry.asset);
    object! {
        "refid" => entry.refid.as_str(),
        "time" => Json::number(entry.time.seconds_with(7).normalize()),
        "type" => entry.kind,
        "subtype" => entry.subtype,
        "aclass" => "currency",
        "asset" => entry.asset.as_str(),
        "amount" => fixed(entry.amount, decimals),
        "fee" => fixed(entry.fee, decimals),
        "balance" => fixed(entry.balance, decimals),
    }
}

/// One end of the entries asked for.
enum Bound {
    None,
    /// In units of the last digit that is shown of a time.
    Time(u64),
    /// The place of an entry in the statement.
    Entry(usize),
}

/// A time in units of the last of the seven digits that are shown.
fn shown(time: Moment) -> u64 {
    time.nanoseconds() / 100
}

/// Reads `start` or `end`: a time or an entry's id.
fn bound(statement: &Statement, params: &Params, name: &str) -> Result<Bound, Refusal> {
    let Some(text) = params.text(name) else {
        return Ok(Bound::None);
    };
    if let Some(time) = Moment::parse_seconds(&text) {
        return Ok(Bound::Time(shown(time)));
    }
    let place = statement.entries.iter().position(|entry| entry.id == text);
    place
        .map(Bound::Entry)
        .ok_or_else(|| Refusal::argument(name))
}

/// The ids of the assets that Ledgers is asked for, with suffix if any; none
/// for all of them.
fn ledger_assets(params: &Params) -> Result<Option<Vec<String>>, Refusal> {
    let class_of = |class: Option<String>, name: &str| match class {
        None => Ok(true),
        Some(class) if CLASSES.contains(&class.as_str()) => Ok(class == "currency"),
        Some(_) => Err(Refusal::argument(name)),
    };
    let all_currency = class_of(params.text("aclass"), "aclass")?;
    let mut names = params.texts("asset");
    let mut named = !names.is_empty();
    for element in params.elements("asset") {
        let Some(object) = Params::of_object(&element) else {
            continue;
        };
        named = true;
        let name = object
            .text("asset")
            .ok_or_else(|| Refusal::argument("asset"))?;
        if class_of(object.text("aclass"), "asset")? {
            names.push(name);
        }
    }
    if !all_currency {
        return Ok(Some(Vec::new()));
    }
    if !named || names.iter().any(|name| name == "all") {
        return Ok(None);
    }
    let ids = names.iter().map(|name| {
        let (plain, suffix) = name
            .split_once('.')
            .map_or((name.as_str(), None), |(plain, suffix)| {
                (plain, Some(suffix))
            });
        let asset = find_asset(plain).ok_or("EQuery:Unknown asset")?;
        Ok(suffix.map_or_else(
            || asset.id.to_owned(),
            |suffix| format!("{}.{suffix}", asset.altname),
        ))
    });
    ids.collect::<Result<_, Refusal>>().map(Some)
}

fn ledgers(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let params = call.params;
    check_rebase(params)?;
    let account = spot.wallet(call)?;
    let none = Statement::default();
    let statement = spot.statements.get(&account).unwrap_or(&none);
    let assets = ledger_assets(params)?;
    let kind = match params.text("type").as_deref() {
        None | Some("all") => None,
        Some("nft_rebate") => Some("nftrebate"),
        Some(asked) => Some(
            *KINDS
                .iter()
                .find(|kind| **kind == asked)
                .ok_or_else(|| Refusal::argument("type"))?,
        ),
    };
    let start = bound(statement, params, "start")?;
    let end = bound(statement, params, "end")?;
    let offset = usize::try_from(params.integer("ofs")?.unwrap_or_default())
        .map_err(|_| Refusal::argument("ofs"))?;
    let without_count = params.boolean("without_count")?.unwrap_or_default();
    let with_cursor = params.boolean("with_cursor")?.unwrap_or_default();
    if with_cursor && offset > 0 {
        return Err(Refusal::argument("ofs"));
    }
    let cursor = params.text("cursor");
    let before = match cursor {
        None => statement.entries.len(),
        Some(_) if !with_cursor => return Err(Refusal::argument("cursor")),
        Some(id) => statement
            .entries
            .iter()
            .position(|entry| entry.id == id)
            .ok_or_else(|| Refusal::argument("cursor"))?,
    };
    let matches = |place: usize, entry: &Entry| {
        place < before
            && kind.is_none_or(|kind| entry.kind == kind)
            && assets
                .as_ref()
                .is_none_or(|assets| assets.contains(&entry.asset))
            && match start {
                Bound::None => true,
                Bound::Time(time) => shown(entry.time) > time,
                Bound::Entry(first) => place > first,
            }
            && match end {
                Bound::None => true,
                Bound::Time(time) => shown(entry.time) <= time,
                Bound::Entry(last) => place <= last,
            }
    };
    let mut found = statement
        .entries
        .iter()
        .enumerate()
        .rev()
        .filter(|(place, entry)| matches(*place, entry))
        .map(|(_, entry)| entry);
    let mut count = found.by_ref().take(offset).count();
    let page: Vec<&Entry> = found.by_ref().take(PAGE).collect();
    count += page.len();
    let left = if without_count || with_cursor {
        usize::from(found.next().is_some())
    } else {
        found.count()
    };
    let count = (!without_count && !with_cursor).then_some(count + left);
    let next = page
        .last()
        .filter(|_| left > 0)
        .map(|entry| entry.id.as_str());
    let entries: Json = page
        .iter()
        .map(|entry| (entry.id.as_str(), entry_json(entry)))
        .collect();
    let mut result = object! { "ledger" => entries, "count" => count };
    if let (true, Json::Object(members)) = (with_cursor, &mut result) {
        members.insert("cursor".to_owned(), object! { "next" => next });
    }
    Ok(result.into())
}

/// Whether a text has the form of an id: groups of 6, 5 and 6.
fn is_id(text: &str) -> bool {
    text.split('-').map(str::len).eq([6, 5, 6])
}

fn query_ledgers(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    check_rebase(call.params)?;
    call.params.boolean("trades")?;
    let account = spot.wallet(call)?;
    let ids = call.params.texts("id");
    if ids.is_empty() || ids.len() > MOST_IDS || !ids.iter().all(|id| is_id(id)) {
        return Err(Refusal::argument("id"));
    }
    let entries = spot.statements.get(&account).map(|all| &all.entries);
    let found: Json = entries
        .into_iter()
        .flatten()
        .rev()
        .filter(|entry| ids.contains(&entry.id))
        .map(|entry| (entry.id.as_str(), entry_json(entry)))
        .collect();
    Ok(found.into())
}

/// The pairs that `TradeVolume` is asked for.
fn volume_pairs(params: &Params) -> Result<Vec<&'static Pair>, Refusal> {
    let mut names = params.texts("pair");
    for element in params.elements("pair") {
        if let Some(object) = Params::of_object(&element) {
            names.push(
                object
                    .text("asset")
                    .ok_or_else(|| Refusal::argument("pair"))?,
            );
        }
    }
    let pairs = names
        .iter()
        .map(|name| find_pair(name).ok_or_else(|| "EQuery:Unknown asset pair".into()));
    pairs.collect()
}

/// A percentage as the fees are told.
fn percent(hundredths: u16) -> Json {
    fixed(Decimal::new(hundredths.into(), 2), 4)
}

fn fee_json(pair: &Pair, volume: Decimal, of: fn(&FeeTier) -> u16) -> Json {
    let active = pair.fee_tier(volume);
    let next = pair.fees.iter().find(|tier| tier.volume > active.volume);
    let fee = |tier: &FeeTier| percent(of(tier));
    let from = |tier: &FeeTier| fixed(tier.volume.into(), 4);
    object! {
        "fee" => fee(&active),
        "minfee" => pair.fees.last().map(fee),
        "maxfee" => pair.fees.first().map(fee),
        "nextfee" => next.map(fee),
        "tiervolume" => from(&active),
        "nextvolume" => next.map(from),
    }
}

fn trade_volume(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    check_rebase(call.params)?;
    let pairs = volume_pairs(call.params)?;
    let schedule = call.params.boolean("fee_schedule")?.unwrap_or_default();
    let own = call.account()?;
    let accounts: Vec<String> = spot
        .treasury
        .domain(spot.treasury.master_of(own))
        .map(str::to_owned)
        .collect();
    let volume = spot.fee_volume(own, call.now);
    let by_pair = |of: fn(&FeeTier) -> u16| {
        let fees: Json = pairs
            .iter()
            .map(|pair| (pair.id, fee_json(pair, volume, of)))
            .collect();
        (!pairs.is_empty()).then_some(fees)
    };
    let platform = accounts
        .iter()
        .flat_map(|account| spot.holdings(account))
        .filter_map(|(asset, amount)| spot.value_in(&asset, amount, "ZUSD"))
        .fold(Decimal::ZERO, Decimal::saturating_add);
    let mut result = object! {
        "currency" => "ZUSD",
        "asset_class" => "currency",
        "volume" => fixed(volume, 4),
        "inputs" => object! {
            "domain_spot_volume_30d" => fixed(volume, 4),
            "domain_futures_volume_30d" => fixed(Decimal::ZERO, 4),
            "domain_assets_on_platform" => fixed(platform, 4),
        },
        "fees" => by_pair(|tier| tier.taker),
        "fees_maker" => by_pair(|tier| tier.maker),
    };
    let Json::Object(members) = &mut result else {
        return Ok(result.into());
    };
    if accounts.len() > 1 && spot.treasury.master_of(own) == own {
        let subaccounts: Json = accounts
            .iter()
            .filter(|account| *account != own)
            .map(|account| {
                let volume = spot.desk.volume_of(account, call.now);
                object! { "iiban" => account.as_str(), "volume" => fixed(volume, 4) }
            })
            .collect();
        members.insert("volume_subaccounts".to_owned(), subaccounts);
    }
    if schedule {
        let schedules: Json = pairs
            .iter()
            .map(|pair| {
                object! {
                    "pair" => pair.id,
                    "class" => "forex",
                    "tiers" => tiers_json(pair, volume),
                }
            })
            .collect();
        members.insert("schedules".to_owned(), schedules);
    }
    Ok(result.into())
}

fn tiers_json(pair: &Pair, volume: Decimal) -> Json {
    let active = pair.fee_tier(volume);
    pair.fees
        .iter()
        .map(|tier| {
            object! {
                "maker_fee" => percent(tier.maker),
                "taker_fee" => percent(tier.taker),
                "min_spot_volume" => fixed(tier.volume.into(), 4),
                "min_futures_volume" => None::<&str>,
                "min_assets_on_platform" => None::<&str>,
                "active" => *tier == active,
            }
        })
        .collect()
}

fn get_api_key_info(_spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let key = call.key()?;
    let permissions: Json = PERMISSIONS
        .iter()
        .filter(|(_, words)| key.config.allows(words))
        .map(|(name, _)| *name)
        .collect();
    let created = key.created.seconds().to_string();
    let result = object! {
        "api_key_name" => key.config.key.as_str(),
        "api_key" => key.config.key.as_str(),
        "nonce" => key.highest_nonce().unwrap_or_default().to_string(),
        "nonce_window" => key.config.nonce_window,
        "permissions" => permissions,
        "iban" => key.account.as_str(),
        "valid_until" => "0",
        "query_from" => "0",
        "query_to" => "0",
        "created_time" => created.as_str(),
        "modified_time" => created.as_str(),
        "ip_allowlist" => Json::List(Vec::new()),
        "last_used" => key.used.map(|used| used.seconds().to_string()),
    };
    Ok(result.into())
}

fn list_wallet_accounts(spot: &mut Spot, call: &Call<'_>) -> Outcome {
    let own = call.account()?;
    let accounts: Json = spot
        .treasury
        .domain(own)
        .map(|account| {
            let name = spot.treasury.name_of(account);
            object! {
                "account_id" => wallet_id(account),
                "flags" => object! { "user_defined" => name.is_some(), "active" => true },
                "status" => "active",
                "type" => if name.is_some() { "spot" } else { "main" },
                "name" => name,
            }
        })
        .collect();
    let result = object! {
        "accounts" => accounts,
        "cursor" => object! { "next" => None::<&str> },
    };
    Ok(result.into())
}

#[cfg(test)]
mod tests;
