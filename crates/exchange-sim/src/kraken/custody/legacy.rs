//! The legacy API: `POST /0/private/…`.

use super::Custody;
use super::assets::{Asset, CURRENCY, find_asset};
use super::denial::Denial;
use super::filter::{Field, Language};
use super::funding::{legacy_deposit_address, legacy_deposit_method, method_of_name, methods};
use super::people::User;
use super::task_answers::legacy_activity;
use super::tasks::{Activity, Task, activities};
use super::transactions::{Transaction, Wanted, read_cursor};
use super::vaults::Vault;
use crate::Moment;
use crate::json::{Json, object};
use crate::kraken::answer::Refusal;
use crate::kraken::key::Key;
use crate::kraken::params::Params;
use crate::venue::Request;

/// One call of a legacy operation. Its signature has been checked.
pub(crate) struct Call<'a> {
    pub request: &'a Request,
    /// Body and query together.
    pub params: &'a Params,
    /// The header `x-vault-id`.
    pub vault: Option<&'a str>,
    pub key: &'a Key,
    pub now: Moment,
}

/// What an operation answers.
pub(crate) struct Answered {
    pub result: Json,
    /// Of lists: the position of the first row, and how many there are.
    pub page: Option<(usize, usize)>,
}

impl From<Json> for Answered {
    fn from(result: Json) -> Self {
        Self { result, page: None }
    }
}

/// An operation of the legacy API.
pub(crate) struct Operation {
    /// The path after `/0/private/`.
    pub name: &'static str,
    /// What its list of errors is called: `error` or `errors`.
    pub errors: &'static str,
    /// Its answers, also those that refuse, say where a page begins and how
    /// many rows there are.
    pub paged: bool,
    pub call: fn(&mut Custody, &Call<'_>) -> Result<Answered, Refusal>,
}

const fn operation(
    name: &'static str,
    errors: &'static str,
    call: fn(&mut Custody, &Call<'_>) -> Result<Answered, Refusal>,
) -> Operation {
    Operation {
        name,
        errors,
        paged: false,
        call,
    }
}

const fn list(
    name: &'static str,
    call: fn(&mut Custody, &Call<'_>) -> Result<Answered, Refusal>,
) -> Operation {
    Operation {
        name,
        errors: "errors",
        paged: true,
        call,
    }
}

pub(crate) const OPERATIONS: &[Operation] = &[
    operation("GetCustodyBalance", "error", get_balance),
    list("ListCustodyVaults", list_vaults),
    operation("GetCustodyVault", "errors", get_vault),
    operation("ListCustodyTransactions", "errors", list_transactions),
    operation("GetCustodyTransaction", "error", get_transaction),
    operation("DepositMethods", "error", deposit_methods),
    operation("DepositAddresses", "error", deposit_addresses),
    operation("WithdrawMethods", "error", withdraw_methods),
    operation("WithdrawAddresses", "error", withdraw_addresses),
    list("ListCustodyTasks", list_tasks),
    operation("GetCustodyTask", "errors", get_task),
    list("ListCustodyActivities", list_activities),
    operation("GetCustodyActivity", "errors", get_activity),
];

impl Call<'_> {
    /// The id in the query, which is no parameter of the body.
    fn id(&self) -> Result<String, Denial> {
        let id = Params::of_query(self.request).text("id");
        id.ok_or(Denial::Argument("id"))
    }

    fn caller(&self, custody: &Custody) -> Result<User, Denial> {
        custody.caller(Some(self.key))
    }

    /// The vault of the header, by its id or IIBAN.
    fn header_vault<'c>(&self, custody: &'c Custody) -> Result<&'c Vault, Denial> {
        let caller = self.caller(custody)?;
        let name = self.vault.ok_or(Denial::Argument("x-vault-id"))?;
        let vault = custody.vault_of_either(name);
        let vault = vault.ok_or(Denial::Unknown("x-vault-id"))?;
        custody.visible_vault(&caller, &vault.id, "x-vault-id")
    }

    /// The asset of the body, if there is one.
    fn asset(&self) -> Result<Option<&'static Asset>, Refusal> {
        let asset = self.params.text("asset");
        let find = |name: String| find_asset(&name).ok_or("EFunding:Unknown asset");
        Ok(asset.map(find).transpose()?)
    }

    /// The asset that amounts are to be shown in too.
    fn quote(&self) -> Result<Option<&'static Asset>, Denial> {
        let wrong = || Denial::Argument("quote");
        let Some(quote) = self.params.get("quote") else {
            return Ok(None);
        };
        let (asset, class) = asset_reference(quote).ok_or_else(wrong)?;
        let asset = find_asset(asset).filter(|_| class == CURRENCY);
        asset.map(Some).ok_or_else(wrong)
    }

    /// Whether the caller said that this is about Custody, as two calls ask.
    fn is_of_custody(&self) -> Result<(), Denial> {
        match self.params.text("category").as_deref() {
            Some("custody") => Ok(()),
            _ => Err(Denial::Argument("category")),
        }
    }
}

/// Asset and class of an object.
fn asset_reference(reference: &Json) -> Option<(&str, &str)> {
    let text = |name: &str| reference.get(name).and_then(Json::as_str);
    text("asset").zip(text("class"))
}

fn get_balance(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let caller = call.caller(custody)?;
    let id = call.params.required("vault_id")?;
    let vault = custody.visible_vault(&caller, &id, "vault_id")?;
    let balances = custody.holdings(&vault.id).into_iter().map(|holding| {
        let balance = object! {
            "balance" => holding.asset.fixed(holding.balance),
            "hold_trade" => holding.asset.fixed(holding.hold),
        };
        (holding.asset.code, balance)
    });
    Ok(balances.collect::<Json>().into())
}

fn vault_language<'a>() -> Language<&'a Vault> {
    Language {
        filters: &[
            ("id", &["equals"]),
            ("name", &["equals", "starts_with", "contains"]),
            ("default_approvals", &["equals", "in"]),
            ("created_at", &["equals", "in"]),
            ("updated_at", &["equals", "in"]),
            ("member", &["equals"]),
        ],
        orderings: &["id", "name", "created_at", "updated_at"],
        ordered_by: "created_at",
        field: |vault, by| match by {
            "id" => Field::Text(vault.id.clone()),
            "name" => Field::Name(vault.name.clone()),
            "default_approvals" => Field::Number(vault.required.into()),
            "created_at" => Field::Number(vault.created.seconds()),
            "updated_at" => Field::Number(vault.updated.seconds()),
            "member" => Field::Users(vault.members.clone()),
            _ => Field::Nothing,
        },
    }
}

fn list_vaults(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let caller = call.caller(custody)?;
    let policies = call.params.boolean("resolve_policies")?.unwrap_or(false);
    let rows = custody.vaults.iter();
    let rows = rows.filter(|vault| Custody::visible(&caller, vault));
    let page = vault_language().page(rows.collect(), call.params)?;
    let shown = page.rows.iter();
    let shown = shown.map(|vault| custody.legacy_vault(vault, policies, call.now));
    Ok(Answered {
        result: shown.collect(),
        page: Some((page.start, page.total)),
    })
}

fn get_vault(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let caller = call.caller(custody)?;
    let vault = custody.visible_vault(&caller, &call.id()?, "id")?;
    let mut shown = custody.legacy_vault(vault, false, call.now);
    if let Json::Object(members) = &mut shown {
        let details = custody.legacy_asset_details(vault);
        members.insert("asset_details".into(), details);
    }
    Ok(shown.into())
}

/// A list of the body whose elements are read by `read`; none if not given.
fn list_of<'a, T>(
    params: &'a Params,
    name: &'static str,
    read: impl Fn(&'a Json) -> Option<T>,
) -> Result<Option<Vec<T>>, Denial> {
    let Some(list) = params.get(name) else {
        return Ok(None);
    };
    let list = list.as_list().filter(|list| list.len() <= 1_000);
    let list = list.and_then(|list| list.iter().map(read).collect());
    list.map(Some).ok_or(Denial::Argument(name))
}

fn list_transactions(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let caller = call.caller(custody)?;
    let params = call.params;
    let vault = custody.visible_vault(&caller, &call.id()?, "id")?;
    let size = params.integer("page_size")?.unwrap_or(25);
    let size = usize::try_from(size).map_err(|_| Refusal::argument("page_size"))?;
    let order = params
        .get("sorting")
        .and_then(|sorting| sorting.get("order"));
    let newest_first = match order.map(Json::as_str) {
        None | Some(Some("descending")) => true,
        Some(Some("ascending")) => false,
        Some(_) => return Err(Refusal::argument("sorting")),
    };
    let after = params.text("cursor").map(|cursor| read_cursor(&cursor));
    let after = after.map(|after| after.ok_or_else(|| Refusal::argument("cursor")));
    let quote = call.quote()?;
    let types = list_of(params, "types", Json::as_str)?;
    let ids = list_of(params, "ids", Json::as_str)?;
    let assets = list_of(params, "assets", asset_reference)?;
    let references = list_of(params, "ref_ids", |reference| {
        let text = |name: &str| reference.get(name).and_then(Json::as_str);
        text("type").zip(text("ref_id"))
    })?;
    // A list that is empty filters nothing, as one that is not there.
    let passes = |list: Option<bool>| list.unwrap_or(true);
    let matches = |row: &Transaction| {
        passes(some(types.as_ref()).map(|all| all.contains(&row.kind.name())))
            && passes(some(ids.as_ref()).map(|all| all.contains(&row.id.as_str())))
            && passes(some(assets.as_ref()).map(|all| {
                all.iter().any(|(asset, class)| {
                    find_asset(asset) == Some(row.asset) && *class == CURRENCY
                })
            }))
            && passes(
                some(references.as_ref())
                    .map(|all| all.contains(&(row.kind.reference_type(), row.reference.as_str()))),
            )
    };
    let wanted = Wanted {
        newest_first,
        after: after.transpose()?,
        size,
        matches,
    };
    let page = custody.transactions.page(&vault.id, &wanted);
    let rows = page.rows.iter().map(|row| row.legacy(quote, call.now));
    let result = object! {
        "transactions" => rows.collect::<Json>(),
        "stats" => object! { "transactions_seen" => page.seen },
        "next_cursor" => page.next_cursor,
    };
    Ok(result.into())
}

/// A list that has something in it.
fn some<T>(list: Option<&Vec<T>>) -> Option<&Vec<T>> {
    list.filter(|list| !list.is_empty())
}

fn get_transaction(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let caller = call.caller(custody)?;
    let id = call.id()?;
    let vault = call.params.required("vault_id")?;
    let vault = custody.visible_vault(&caller, &vault, "vault_id")?;
    let patient = call.params.boolean("with_long_timeout")?.unwrap_or(false);
    let quote = call.quote()?;
    let row = custody.transactions.find(&vault.id, &id);
    let row = row.ok_or(Denial::Unknown("id"))?;
    let mut shown = row.legacy(quote, call.now);
    let complete = patient || !custody.slow;
    if let (Json::Object(members), true) = (&mut shown, complete) {
        members.insert("custody_extended".into(), row.custody_extended());
    }
    let kind = if complete {
        "complete"
    } else {
        "incomplete_requires_long_timeout"
    };
    let result = object! { "transaction" => shown, "result_type" => kind };
    Ok(result.into())
}

fn deposit_methods(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    call.header_vault(custody)?;
    call.is_of_custody()?;
    let methods = methods(call.asset()?).map(legacy_deposit_method);
    Ok(methods.collect::<Json>().into())
}

fn deposit_addresses(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let vault = call.header_vault(custody)?.id.clone();
    let classes = ["currency", "forex", "equity", "equitypair", "nft", "volume"];
    let class = call.params.text("aclass");
    if class.is_some_and(|class| !classes.contains(&class.as_str())) {
        return Err(Refusal::argument("aclass"));
    }
    let asset = call.asset()?.ok_or_else(|| Refusal::argument("asset"))?;
    let method = call.params.required("method")?;
    let method = method_of_name(asset, &method).ok_or("EFunding:No funding method")?;
    if call.params.boolean("new")?.unwrap_or(false) {
        let new = custody.create_address(&vault, method)?;
        return Ok(vec![legacy_deposit_address(&new)]
            .into_iter()
            .collect::<Json>()
            .into());
    }
    let vault = custody.vault(&vault).ok_or(Denial::Unknown("x-vault-id"))?;
    let shown = vault.addresses.iter();
    let shown = shown.filter(|address| address.method == method.id);
    Ok(shown.map(legacy_deposit_address).collect::<Json>().into())
}

fn withdraw_methods(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let vault = call.header_vault(custody)?;
    call.is_of_custody()?;
    let class = call.params.text("aclass");
    let network = call.params.text("network");
    let shown = methods(call.asset()?)
        .filter(|_| class.as_deref().is_none_or(|class| class == CURRENCY))
        .filter(|method| network.as_deref().is_none_or(|name| name == method.network))
        .map(|method| custody.legacy_withdraw_method(&vault.id, method, call.now));
    Ok(shown.collect::<Json>().into())
}

fn withdraw_addresses(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let vault = call.header_vault(custody)?;
    let preferred = Params::of_query(call.request).text("preferred_asset_name");
    let new_name = match preferred.as_deref() {
        None | Some("alt") => false,
        Some("new") => true,
        Some(_) => return Err(Refusal::argument("preferred_asset_name")),
    };
    let params = call.params;
    let class = params.text("aclass");
    let classes = [
        "currency",
        "equity",
        "equity-pair",
        "forex",
        "nft",
        "volume",
    ];
    if class
        .as_deref()
        .is_some_and(|class| !classes.contains(&class))
    {
        return Err(Refusal::argument("aclass"));
    }
    let asset = call.asset()?;
    let method = params.text("method");
    let key = params.text("key");
    // All of them are verified.
    let verified = params.boolean("verified")?.unwrap_or(true);
    let shown = vault
        .whitelist
        .iter()
        .filter(|_| verified && class.as_deref().is_none_or(|class| class == CURRENCY))
        .filter(|there| asset.is_none_or(|asset| there.asset == asset))
        .filter(|there| {
            method
                .as_deref()
                .is_none_or(|name| there.method.name == name)
        })
        .filter(|there| key.as_deref().is_none_or(|name| there.name == name))
        .map(|there| there.legacy(new_name));
    Ok(shown.collect::<Json>().into())
}

/// A task, and who wants to see it.
struct TaskRow<'a> {
    task: &'a Task,
    caller: &'a str,
}

fn task_language<'a>() -> Language<TaskRow<'a>> {
    Language {
        filters: &[
            ("id", &["equals"]),
            ("approval_id", &["equals"]),
            ("vault_id", &["equals"]),
            ("scope", &["equals"]),
            ("state", &["equals"]),
            ("action", &["equals"]),
            ("created_at", &["equals", "in"]),
            ("updated_at", &["equals", "in"]),
            ("expires_at", &["equals", "in"]),
            ("current_user_decision", &["equals"]),
        ],
        orderings: &[
            "id",
            "vault_id",
            "state",
            "created_at",
            "updated_at",
            "expires_at",
        ],
        ordered_by: "created_at",
        field: |row, by| {
            let task = row.task;
            match by {
                "id" => Field::Text(task.id.clone()),
                "approval_id" => Field::Uuid(task.approval_id.clone()),
                "vault_id" => task.vault.clone().map_or(Field::Nothing, Field::Text),
                "scope" => Field::Text(task.scope().to_owned()),
                "state" => Field::Text(task.state.legacy().to_owned()),
                "action" => Field::Text(task.legacy_kind().to_owned()),
                "created_at" => Field::Number(task.created.seconds()),
                "updated_at" => Field::Number(task.updated.seconds()),
                "expires_at" => Field::Number(task.expires.seconds()),
                "current_user_decision" => Field::Text(task.decision_of(row.caller).to_owned()),
                _ => Field::Nothing,
            }
        },
    }
}

fn list_tasks(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let caller = call.caller(custody)?;
    let rows = custody
        .tasks
        .all()
        .filter(|task| custody.sees(&caller, task));
    let rows = rows.map(|task| TaskRow {
        task,
        caller: &caller.iiban,
    });
    let page = task_language().page(rows.collect(), call.params)?;
    let shown = page.rows.iter();
    let shown = shown.map(|row| custody.legacy_task(row.task, Some(&caller)));
    Ok(Answered {
        result: shown.collect(),
        page: Some((page.start, page.total)),
    })
}

fn get_task(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let caller = call.caller(custody)?;
    let id = call.id()?;
    // The vendor's pattern knows approvals in lower case only.
    let lower = !id.contains(|letter: char| letter.is_ascii_uppercase());
    let of_approval = || custody.tasks.find_approval(&id).filter(|_| lower);
    let task = custody.tasks.find(&id).or_else(of_approval);
    let task = task.ok_or(Denial::Unknown("id"))?;
    if !custody.sees(&caller, task) {
        return Err(Denial::Forbidden("the caller does not see the vault").into());
    }
    Ok(custody.legacy_task(task, Some(&caller)).into())
}

fn activity_language<'a>() -> Language<(&'a Task, &'a Activity)> {
    Language {
        filters: &[
            ("id", &["equals"]),
            ("scope", &["equals"]),
            ("vault_id", &["equals"]),
            ("task_id", &["equals"]),
            ("approval_id", &["equals"]),
            ("task_action", &["equals"]),
            ("activity_action", &["equals"]),
            ("created_at", &["equals"]),
            ("user", &["equals"]),
        ],
        orderings: &["activity_created_at"],
        ordered_by: "activity_created_at",
        field: |(task, activity), by| match by {
            "id" => Field::Text(activity.id.clone()),
            "scope" => Field::Text(task.scope().to_owned()),
            "vault_id" => task.vault.clone().map_or(Field::Nothing, Field::Text),
            "task_id" => Field::Text(task.id.clone()),
            "approval_id" => Field::Uuid(task.approval_id.clone()),
            "task_action" => Field::Text(task.legacy_kind().to_owned()),
            "activity_action" => Field::Text(activity.kind.to_owned()),
            "created_at" => Field::Number(activity.at.seconds()),
            "activity_created_at" => Field::Number(activity.at.nanoseconds()),
            "user" => Field::Users(
                activity
                    .user
                    .iter()
                    .map(|user| user.iiban.clone())
                    .collect(),
            ),
            _ => Field::Nothing,
        },
    }
}

fn list_activities(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let caller = call.caller(custody)?;
    let rows = custody
        .tasks
        .all()
        .filter(|task| custody.sees(&caller, task));
    let page = activity_language().page(rows.flat_map(activities).collect(), call.params)?;
    let shown = page.rows.iter().map(|(task, activity)| {
        let mut shown = legacy_activity(activity);
        if let Json::Object(members) = &mut shown {
            members.insert("task".into(), custody.legacy_task(task, None));
        }
        shown
    });
    Ok(Answered {
        result: shown.collect(),
        page: Some((page.start, page.total)),
    })
}

fn get_activity(custody: &mut Custody, call: &Call<'_>) -> Result<Answered, Refusal> {
    let caller = call.caller(custody)?;
    let found = custody.tasks.find_activity(&call.id()?);
    let (task, activity) = found.ok_or(Denial::Unknown("id"))?;
    if !custody.sees(&caller, task) {
        return Err(Denial::Forbidden("the caller does not see the vault").into());
    }
    Ok(legacy_activity(activity).into())
}
