//! The external API: `/v0/insto/custody/…`.

use http::Method;
use rust_decimal::Decimal;

use super::Custody;
use super::assets::{ASSETS, Asset, CURRENCY, find_asset, find_method, fixed};
use super::denial::Denial;
use super::funding::{self, deposit_method, methods, withdrawal_method};
use super::people::{User, same_iiban};
use super::tasks::{activities, same_uuid};
use super::transactions::{Transaction, Wanted, read_cursor};
use super::vaults::{Vault, is_member, missing_rates};
use crate::Moment;
use crate::json::{Json, object};
use crate::kraken::key::Key;
use crate::kraken::params::Params;
use crate::venue::Request;

/// One call of an external operation. Its signature has been checked.
pub(crate) struct Call<'a> {
    pub request: &'a Request,
    /// The query.
    pub query: &'a Params,
    /// The body, `Json::Null` for none.
    pub body: &'a Json,
    /// What stands in the path's braces, percent-decoded, in order.
    pub path: &'a [String],
    /// Who calls; none for the public operation.
    pub key: Option<&'a Key>,
    pub now: Moment,
}

/// Refused, with an HTTP status and a text that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub status: u16,
    pub why: String,
}

/// An operation of the external API.
pub(crate) struct Operation {
    pub method: Method,
    /// The path after `/v0/insto/custody`, with `{}` for a parameter.
    pub path: &'static str,
    /// Whether it needs a key.
    pub private: bool,
    pub call: fn(&mut Custody, &Call<'_>) -> Result<Json, Refused>,
}

type Function = fn(&mut Custody, &Call<'_>) -> Result<Json, Refused>;

const fn get(path: &'static str, call: Function) -> Operation {
    Operation {
        method: Method::GET,
        path,
        private: true,
        call,
    }
}

const fn post(path: &'static str, call: Function) -> Operation {
    Operation {
        method: Method::POST,
        path,
        private: true,
        call,
    }
}

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        method: Method::GET,
        path: "/assets",
        private: false,
        call: list_assets,
    },
    get("/organizations", list_organizations),
    get("/organizations/{}/balances", organization_balance),
    get("/vaults", list_vaults),
    get("/vaults/{}", get_vault),
    get("/vaults/{}/balances", vault_balance),
    get("/vaults/{}/assets/balances", asset_balances),
    get("/vaults/{}/policies", vault_policies),
    get("/vaults/{}/transactions", list_transactions),
    get("/vaults/{}/transactions/{}", get_transaction),
    get("/vaults/{}/deposit-methods", deposit_methods),
    get("/vaults/{}/deposits/info", deposits_info),
    get(
        "/vaults/{}/deposit-methods/{}/addresses",
        list_deposit_addresses,
    ),
    post(
        "/vaults/{}/deposit-methods/{}/addresses",
        create_deposit_address,
    ),
    get("/vaults/{}/withdrawal-methods", withdrawal_methods),
    get("/vaults/{}/withdrawals/info", withdrawals_info),
    post("/vaults/{}/withdrawals/fee-quotes", create_fee_quote),
    get("/vaults/{}/whitelist/addresses", whitelist_addresses),
    get("/tasks", list_tasks),
    post("/tasks", create_task),
    // Before the task of any id.
    get("/tasks/activities", list_activities),
    get("/tasks/activities/{}", get_activity),
    get("/tasks/{}", get_task),
    post("/tasks/{}/review", review_task),
];

impl Call<'_> {
    fn caller(&self, custody: &Custody) -> Result<User, Denial> {
        custody.caller(self.key)
    }

    fn segment(&self, index: usize) -> &str {
        self.path.get(index).map_or("", String::as_str)
    }

    /// The vault of the path, by its id alone.
    fn vault<'c>(&self, custody: &'c Custody) -> Result<&'c Vault, Denial> {
        let caller = self.caller(custody)?;
        custody.visible_vault(&caller, self.segment(0), "vault_id")
    }

    /// A parameter that may be given only if it is a whole number from zero.
    fn number(&self, name: &'static str) -> Result<Option<usize>, Denial> {
        let number = self.query.text(name).map(|text| text.parse::<u32>());
        let number = number.map(|number| number.ok()?.try_into().ok());
        let wrong = Denial::Argument(name);
        number.map(|number| number.ok_or(wrong)).transpose()
    }

    /// Limit and offset.
    fn pagination(&self) -> Result<(usize, usize), Denial> {
        let limit = self.number("limit")?.unwrap_or(100);
        Ok((limit, self.number("offset")?.unwrap_or(0)))
    }

    /// All values of a parameter that may be repeated.
    fn list(&self, name: &str) -> Vec<String> {
        let query = self.request.query().unwrap_or_default().as_bytes();
        url::form_urlencoded::parse(query)
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
            .take(1_000)
            .collect()
    }

    /// The only currency for valuations is the dollar.
    fn quote_asset(&self, required: bool) -> Result<(), Denial> {
        match self.query.text("quote_asset").as_deref() {
            Some("USD") => Ok(()),
            None if !required => Ok(()),
            _ => Err(Denial::Argument("quote_asset")),
        }
    }

    /// Asset and class, which go together.
    fn asset(&self) -> Result<Option<&'static Asset>, Denial> {
        let asset = self.query.text("asset");
        let class = self.query.text("asset_class");
        if asset.is_none() && class.is_none() {
            return Ok(None);
        }
        asset_of(asset.as_deref(), class.as_deref()).map(Some)
    }

    fn required_asset(&self) -> Result<&'static Asset, Denial> {
        self.asset()?.ok_or(Denial::Argument("asset"))
    }

    /// An organization that is asked for must be that of the caller.
    fn organization(&self, custody: &Custody) -> Result<(), Denial> {
        match self.query.text("org_iiban") {
            Some(iiban) => is_organization(custody, &iiban),
            None => Ok(()),
        }
    }
}

fn is_organization(custody: &Custody, iiban: &str) -> Result<(), Denial> {
    if same_iiban(&custody.organization.iiban, iiban) {
        Ok(())
    } else {
        Err(Denial::Forbidden("the caller is not of this organization"))
    }
}

fn asset_of(asset: Option<&str>, class: Option<&str>) -> Result<&'static Asset, Denial> {
    if class != Some(CURRENCY) {
        return Err(Denial::Argument("asset_class"));
    }
    asset.and_then(find_asset).ok_or(Denial::Argument("asset"))
}

fn dollars() -> Json {
    object! { "asset" => "USD", "asset_class" => CURRENCY }
}

#[expect(clippy::unnecessary_wraps, reason = "as all operations")]
fn list_assets(_: &mut Custody, _: &Call<'_>) -> Result<Json, Refused> {
    let row = |asset: &Asset| {
        let networks = asset.methods().map(|method| method.network);
        object! {
            "name" => asset.name,
            "asset" => asset.code,
            "asset_class" => CURRENCY,
            "symbol" => asset.code,
            "decimals" => asset.decimals,
            "display_decimals" => asset.display_decimals,
            "networks" => networks.collect::<Json>(),
            "actions" => vec!["deposit", "withdraw", "transfer_to_vault"],
        }
    };
    Ok(object! { "result" => ASSETS.iter().map(row).collect::<Json>() })
}

fn list_organizations(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    call.caller(custody)?;
    let organization = object! {
        "org_id" => custody.organization.iiban.as_str(),
        "status" => "active",
        "name" => custody.organization.name.as_str(),
    };
    Ok(vec![organization].into_iter().collect())
}

fn organization_balance(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    call.caller(custody)?;
    is_organization(custody, call.segment(0))?;
    call.quote_asset(false)?;
    let worths = custody.vaults.iter();
    let worths = worths.map(|vault| custody.worth(&vault.id, call.now).balance);
    let total = worths.fold(Decimal::ZERO, Decimal::saturating_add);
    Ok(object! {
        "quote_asset" => "USD",
        "balance" => object! {
            "total" => fixed(total, 4),
            "spot" => fixed(total, 4),
            "staked" => fixed(Decimal::ZERO, 4),
            "pledged" => fixed(Decimal::ZERO, 4),
        },
    })
}

fn list_vaults(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let caller = call.caller(custody)?;
    call.organization(custody)?;
    call.quote_asset(false)?;
    let (limit, offset) = call.pagination()?;
    let ids = call.list("id");
    let iibans = call.list("iiban");
    let members = call.list("member");
    let approvals = call.query.text("default_approvals_left");
    let approvals = approvals.map(|least| least.parse::<i64>()).transpose();
    let approvals = approvals.map_err(|_| Denial::Argument("default_approvals_left"))?;
    let name = call.query.text("name");
    let sensitive = match call.query.text("name_case").as_deref() {
        Some("sensitive") => true,
        None | Some("insensitive") => false,
        Some(_) => return Err(Denial::Argument("name_case").into()),
    };
    let cased = |name: &str| {
        if sensitive {
            name.to_owned()
        } else {
            name.to_lowercase()
        }
    };
    let compare: fn(&str, &str) -> bool = match call.query.text("name_match").as_deref() {
        None | Some("equals") => |there, wanted| there == wanted,
        Some("starts_with") => |there, wanted| there.starts_with(wanted),
        Some("contains") => |there, wanted| there.contains(wanted),
        Some(_) => return Err(Denial::Argument("name_match").into()),
    };
    let newest_first = match call.query.text("order_direction").as_deref() {
        None | Some("desc") => true,
        Some("asc") => false,
        Some(_) => return Err(Denial::Argument("order_direction").into()),
    };
    let matches = |vault: &&Vault| {
        Custody::visible(&caller, vault)
            && (ids.is_empty() || ids.contains(&vault.id))
            && (iibans.is_empty() || iibans.iter().any(|one| same_iiban(one, &vault.iiban)))
            && (members.is_empty() || members.iter().any(|user| is_member(vault, user)))
            && approvals.is_none_or(|least| i64::from(vault.required) >= least)
            && name
                .as_deref()
                .is_none_or(|name| compare(&cased(&vault.name), &cased(name)))
    };
    // They are kept in the order of their creation.
    let mut rows: Vec<&Vault> = custody.vaults.iter().filter(matches).collect();
    if newest_first {
        rows.reverse();
    }
    let total = rows.len();
    let rows = rows.into_iter().skip(offset).take(limit);
    let rows = rows.map(|vault| custody.external_vault(vault, call.now));
    Ok(object! {
        "vaults" => rows.collect::<Json>(),
        "total" => total,
        "quote" => dollars(),
    })
}

fn get_vault(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?;
    Ok(object! {
        "id" => vault.id.as_str(),
        "iiban" => vault.iiban.as_str(),
        "name" => vault.name.as_str(),
        "description" => vault.description.as_deref(),
        "status" => "created",
        "created_at" => vault.created.rfc3339(),
        "attributes" => Json::List(Vec::new()),
        "deposit_lock_rekeying_only" => false,
    })
}

fn vault_balance(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?;
    call.quote_asset(true)?;
    let worth = custody.worth(&vault.id, call.now);
    Ok(object! {
        "balance_fiat" => fixed(worth.balance, 4),
        "balance_diff" => fixed(worth.change, 4),
        "missing_rates" => missing_rates(&worth),
        "quote" => dollars(),
    })
}

fn asset_balances(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?;
    call.quote_asset(false)?;
    let holdings = custody.holdings(&vault.id);
    let rows = holdings.iter();
    let rows = rows.map(|holding| custody.external_holding(&vault.id, holding, call.now));
    Ok(rows.collect())
}

fn vault_policies(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?;
    Ok(custody.external_policies(vault))
}

fn list_transactions(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?;
    let types = call.list("types");
    let after = call.query.text("cursor").map(|cursor| read_cursor(&cursor));
    let after = after.map(|after| after.ok_or(Denial::Argument("cursor")));
    let newest_first = match call.query.text("order").as_deref() {
        None | Some("desc") => true,
        Some("asc") => false,
        Some(_) => return Err(Denial::Argument("order").into()),
    };
    let wanted = Wanted {
        newest_first,
        after: after.transpose()?,
        size: call.number("page_size")?.unwrap_or(25),
        matches: |row: &Transaction| {
            types.is_empty() || types.iter().any(|kind| kind == row.kind.name())
        },
    };
    let page = custody.transactions.page(&vault.id, &wanted);
    let rows = page.rows.iter().map(|row| row.external(call.now));
    let mut answer = object! { "transactions" => rows.collect::<Json>() };
    if let (Json::Object(members), Some(cursor)) = (&mut answer, page.next_cursor) {
        members.insert("next_cursor".into(), cursor.into());
    }
    Ok(answer)
}

fn get_transaction(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?;
    let row = custody.transactions.find(&vault.id, call.segment(1));
    let row = row.ok_or(Denial::Unknown("transaction_id"))?;
    Ok(row.external(call.now))
}

fn deposit_methods(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    call.vault(custody)?;
    Ok(methods(call.asset()?).map(deposit_method).collect())
}

fn deposits_info(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    call.vault(custody)?;
    let asset = call.required_asset()?;
    Ok(asset.methods().map(deposit_method).collect())
}

fn list_deposit_addresses(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?;
    let method = find_method(call.segment(1)).ok_or(Denial::Unknown("method_id"))?;
    let addresses = funding::deposit_addresses(vault, method, None);
    Ok(addresses.into_iter().collect())
}

fn create_deposit_address(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?.id.clone();
    let method = find_method(call.segment(1)).ok_or(Denial::Unknown("method_id"))?;
    if !matches!(call.body, Json::Null | Json::Object(_)) {
        return Err(Denial::invalid("the body must be an object").into());
    }
    let new = custody.create_address(&vault, method)?;
    let vault = custody.vault(&vault).ok_or(Denial::Unknown("vault_id"))?;
    let addresses = funding::deposit_addresses(vault, method, Some(&new));
    Ok(addresses.into_iter().next_back().unwrap_or(Json::Null))
}

fn withdrawal_methods(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    call.vault(custody)?;
    Ok(methods(call.asset()?).map(withdrawal_method).collect())
}

fn withdrawals_info(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?;
    let rows = call.required_asset()?.methods().enumerate();
    let rows = rows.map(|(place, method)| custody.withdrawal_info(&vault.id, method, place));
    Ok(rows.collect())
}

fn create_fee_quote(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let caller = call.caller(custody)?;
    let vault = call.vault(custody)?.id.clone();
    if !caller.role.asks() {
        return Err(Denial::Forbidden("the caller's role asks for nothing").into());
    }
    let text = |name: &str| call.body.get(name).and_then(Json::as_str);
    let asset = asset_of(text("asset"), text("asset_class"))?;
    let amount = text("amount").and_then(|amount| asset.read(amount));
    let amount = amount.ok_or(Denial::Argument("amount"))?;
    let fee_included = match call.body.get("fee_included") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(included)) => *included,
        Some(_) => return Err(Denial::Argument("fee_included").into()),
    };
    let destination = match call.body.get("address_name") {
        None | Some(Json::Null) => None,
        Some(Json::Text(name)) => Some(name.as_str()),
        Some(_) => return Err(Denial::Argument("address_name").into()),
    };
    let quote = custody.quote(&vault, asset, amount, fee_included, destination, call.now)?;
    let fee = object! {
        "level" => "normal",
        "asset" => asset.code,
        "asset_class" => CURRENCY,
        "amount" => asset.fixed(quote.fee),
    };
    Ok(object! {
        "fee_quote_id" => quote.id.as_str(),
        "asset" => asset.code,
        "asset_class" => CURRENCY,
        "fees" => vec![fee],
    })
}

fn whitelist_addresses(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let vault = call.vault(custody)?;
    let asset = call.asset()?;
    let rows = vault.whitelist.iter();
    let rows = rows.filter(|there| asset.is_none_or(|asset| there.asset == asset));
    Ok(rows.map(funding::Destination::external).collect())
}

fn list_tasks(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let caller = call.caller(custody)?;
    call.organization(custody)?;
    let (limit, offset) = call.pagination()?;
    let mut rows: Vec<_> = custody
        .tasks
        .all()
        .filter(|task| custody.sees(&caller, task))
        .collect();
    rows.reverse();
    let total = rows.len();
    let rows = rows.into_iter().skip(offset).take(limit);
    let rows = rows.map(|task| custody.external_task_row(task, &caller));
    Ok(object! { "result" => rows.collect::<Json>(), "total" => total })
}

fn create_task(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let caller = call.caller(custody)?;
    match call.body.get("org_iiban") {
        None | Some(Json::Null) => {}
        Some(iiban) => {
            let iiban = iiban.as_str().ok_or(Denial::Argument("org_iiban"))?;
            is_organization(custody, iiban)?;
        }
    }
    let life = match call.body.get("duration_seconds") {
        None | Some(Json::Null) => None,
        Some(Json::Number(text)) => Some(
            text.parse::<Decimal>()
                .ok()
                .filter(Decimal::is_integer)
                .and_then(|seconds| u64::try_from(seconds).ok())
                .ok_or(Denial::Argument("duration_seconds"))?,
        ),
        Some(_) => return Err(Denial::Argument("duration_seconds").into()),
    };
    let instructions = call.body.get("instructions").and_then(Json::as_list);
    let instructions = instructions.ok_or(Denial::Argument("instructions"))?;
    let task = custody.create_task(&caller, instructions, life, call.now)?;
    // Upper case here and lower case elsewhere, as on the vendor's pages.
    Ok(object! {
        "task_id" => task.id.as_str(),
        "approval_id" => task.approval_id.to_uppercase(),
    })
}

fn get_task(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let caller = call.caller(custody)?;
    let task = custody.tasks.find(call.segment(0));
    let task = task.ok_or(Denial::Unknown("task_id"))?;
    if !custody.sees(&caller, task) {
        return Err(Denial::Forbidden("the caller does not see the vault").into());
    }
    Ok(custody.external_task_detail(task, &caller))
}

fn review_task(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let caller = call.caller(custody)?;
    let approves = match call.body.get("type").and_then(Json::as_str) {
        Some("approve") => true,
        Some("deny") => false,
        _ => return Err(Denial::Argument("type").into()),
    };
    let comment = match call.body.get("comment") {
        None | Some(Json::Null) => None,
        Some(Json::Text(comment)) => Some(comment.clone()),
        Some(_) => return Err(Denial::Argument("comment").into()),
    };
    let state = custody.vote(&caller, call.segment(0), approves, comment, call.now)?;
    Ok(object! { "state" => state.external() })
}

fn list_activities(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let caller = call.caller(custody)?;
    call.organization(custody)?;
    let (limit, offset) = call.pagination()?;
    let text = |name: &str| call.query.text(name);
    let (id, task_id, approval_id) = (text("id"), text("task_id"), text("approval_id"));
    let scope = text("scope").map(|scope| scope.to_lowercase());
    if scope
        .as_deref()
        .is_some_and(|scope| !["domain", "vault"].contains(&scope))
    {
        return Err(Denial::Argument("scope").into());
    }
    let vaults = call.list("vault_id");
    let kinds = call.list("task_action");
    let tasks = custody.tasks.all().filter(|task| {
        custody.sees(&caller, task)
            && task_id.as_ref().is_none_or(|id| task.id == *id)
            && approval_id
                .as_ref()
                .is_none_or(|id| same_uuid(&task.approval_id, id))
            && scope.as_deref().is_none_or(|scope| scope == task.scope())
            && (vaults.is_empty() || task.vault.as_ref().is_some_and(|id| vaults.contains(id)))
            && (kinds.is_empty() || kinds.iter().any(|kind| kind == task.kind()))
    });
    let rows = tasks.flat_map(activities);
    let rows = rows.filter(|(_, activity)| id.as_ref().is_none_or(|id| activity.id == *id));
    let mut rows: Vec<_> = rows.collect();
    // Oldest first now, and the newest on top when turned round.
    rows.sort_by_key(|(_, activity)| activity.at);
    rows.reverse();
    let total = rows.len();
    let rows = rows.into_iter().skip(offset).take(limit);
    let rows = rows.map(|(task, activity)| custody.external_activity(task, activity, &caller));
    Ok(object! { "result" => rows.collect::<Json>(), "total" => total })
}

fn get_activity(custody: &mut Custody, call: &Call<'_>) -> Result<Json, Refused> {
    let caller = call.caller(custody)?;
    let found = custody.tasks.find_activity(call.segment(0));
    let found = found.filter(|(task, _)| custody.sees(&caller, task));
    // Unknown, malformed and out of reach look alike.
    let (task, activity) = found.ok_or(Denial::Forbidden("no such activity"))?;
    Ok(custody.external_activity(task, activity, &caller))
}
