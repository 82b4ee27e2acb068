//! Operations: the envelope and the nonce come off, and everything a call needs to know besides
//! its types is gathered.

use heck::{ToKebabCase, ToSnakeCase, ToUpperCamelCase};
use serde_json::{Value, json};

use super::{
    answer::lower_answer,
    body::lower_body,
    lower::{Lowering, text},
    names,
    parameters::{check_path, lower_parameters},
    permission::permission,
};
use crate::{
    model::{Effect, Operation, Pace},
    problem::{action, join},
};

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

/// What the whole description says about its operations.
pub(crate) struct Defaults<'d> {
    /// Path of the first server, which every operation's path follows.
    pub(crate) base_path: String,
    /// `security` of the document.
    pub(crate) security: Option<&'d Value>,
    /// First part of the vendor's page addresses.
    pub(crate) doc_base: String,
    /// Rate-limit counter of private and of public calls.
    pub(crate) counters: (String, String),
    /// How often components are referred to.
    pub(crate) uses: std::collections::HashMap<String, usize>,
}

/// One operation with the node it is described by.
pub(crate) struct Found<'d> {
    pub(crate) method: &'static str,
    pub(crate) path: &'d str,
    pub(crate) pointer: String,
    pub(crate) node: &'d Value,
    pub(crate) shared_parameters: Option<&'d Value>,
}

/// All operations of a description, in its order.
pub(crate) fn find(document: &Value) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for (path, item) in document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let item_pointer = join("/paths", path);
        for (key, node) in item.as_object().into_iter().flatten() {
            if let Some(method) = METHODS.iter().find(|method| *method == key) {
                found.push(Found {
                    method,
                    path,
                    pointer: join(&item_pointer, key),
                    node,
                    shared_parameters: item.get("parameters"),
                });
            }
        }
    }
    found
}

/// The operation and its plain OpenAPI form.
pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    defaults: &Defaults<'_>,
    found: &Found<'_>,
) -> Option<(Operation, Value)> {
    let node = found.node;
    let Some(id) = text(node, "operationId").map(str::to_owned) else {
        lowering.operation = Some(format!("{} {}", found.method.to_uppercase(), found.path));
        lowering.problem(
            &found.pointer,
            "the operation has no operationId".to_owned(),
            Some(action(&found.pointer, "operationId: nameOfTheOperation")),
        );
        return None;
    };
    lowering.operation = Some(id.clone());
    let summary = text(node, "summary").unwrap_or_default().trim().to_owned();
    let rust_method = rust_method(node, &id, &summary);
    let type_name = rust_method.to_upper_camel_case();
    if !names::is_ident(&rust_method) || names::type_fault(&type_name).is_some() {
        lowering.problem(
            &found.pointer,
            format!("the operation would get the Rust name `{rust_method}`, which is none"),
            Some(action(&found.pointer, "x-name: better_name")),
        );
        return None;
    }

    let mut parameters = Vec::new();
    let mut plain_parameters = Vec::new();
    lower_parameters(
        lowering,
        found,
        &type_name,
        &mut parameters,
        &mut plain_parameters,
    );
    let (body, plain_body, request_example) = lower_body(
        lowering,
        found,
        &type_name,
        &mut parameters,
        &mut plain_parameters,
    );
    check_path(lowering, found, &parameters);
    let answer = lower_answer(lowering, defaults, found, &type_name);

    let private = is_private(node, defaults.security);
    // The permission is a fact, whoever wrote the words around it.
    let described = text(node, "x-doc").or_else(|| text(node, "description"));
    let (permission, description) = permission(described.map(str::to_owned), private);
    let description = if lowering.own_words || node.get("x-doc").is_some() {
        description
    } else {
        String::new()
    };
    let tag = node
        .pointer("/tags/0")
        .and_then(Value::as_str)
        .unwrap_or("Other")
        .to_owned();
    let effect = effect(lowering, found, &id);
    let pace = pace(node, private, defaults);
    let doc_url = doc_url(
        node,
        defaults,
        &tag,
        if summary.is_empty() { &id } else { &summary },
    );

    let mut plain = json!({
        "operationId": rust_method,
        "parameters": plain_parameters,
        "responses": {"200": answer.plain},
    });
    if let Some(plain_body) = plain_body {
        plain["requestBody"] = plain_body;
    }
    let operation = Operation {
        at: found.pointer.clone(),
        id,
        rust_method,
        answer_type: format!("{type_name}Result"),
        type_name,
        method: found.method.to_uppercase(),
        path: format!("{}{}", defaults.base_path, found.path),
        tag,
        private,
        permission,
        effect,
        pace,
        answer: answer.kind,
        optional_result: node.get("x-optional-result").and_then(Value::as_bool) == Some(true),
        summary: if lowering.own_words {
            summary
        } else {
            String::new()
        },
        description,
        doc_url,
        parameters,
        body,
        request_example,
        answer_example: answer.example,
    };
    lowering.operation = None;
    Some((operation, plain))
}

/// The vendor's page, which is named by group and summary.
fn doc_url(node: &Value, defaults: &Defaults<'_>, tag: &str, page: &str) -> String {
    match text(node, "x-doc-url") {
        Some(url) => url.to_owned(),
        None => format!(
            "{}/{}/{}",
            defaults.doc_base,
            tag.to_kebab_case(),
            page.to_kebab_case()
        ),
    }
}

/// Name of the method: the vendor's operationId, unless that only spells out method and path.
fn rust_method(node: &Value, id: &str, summary: &str) -> String {
    if let Some(name) = text(node, "x-name") {
        return name.to_owned();
    }
    let spelt_out = METHODS.iter().any(|method| {
        id.strip_prefix(method)
            .is_some_and(|rest| rest.starts_with("V0"))
    });
    let source = if spelt_out && !summary.is_empty() {
        summary
    } else {
        id
    };
    // `getOHLCData` is get_ohlc_data; heck splits it so already.
    source.to_snake_case()
}

pub(super) fn json_content(node: &Value, pointer: &str) -> Option<(String, Value)> {
    let content = node.get("content")?.as_object()?;
    let (kind, content) = content
        .iter()
        .find(|(kind, _)| kind.starts_with("application/json"))?;
    Some((join(&join(pointer, "content"), kind), content.clone()))
}

fn is_private(node: &Value, document_security: Option<&Value>) -> bool {
    node.get("security")
        .or(document_security)
        .and_then(Value::as_array)
        .is_some_and(|security| {
            security
                .iter()
                .any(|scheme| scheme.as_object().is_some_and(|scheme| !scheme.is_empty()))
        })
}

fn effect(lowering: &mut Lowering<'_>, found: &Found<'_>, id: &str) -> Effect {
    match text(found.node, "x-effect") {
        Some("read") => Effect::Read,
        Some("order") => Effect::Order,
        Some("funds") => Effect::Funds,
        Some("account") => Effect::Account,
        Some(other) => {
            lowering.problem(
                &found.pointer,
                format!("`x-effect: {other}` is none of read, order, funds, account"),
                Some(action(&found.pointer, "x-effect: account")),
            );
            Effect::Account
        }
        // Reading is told by the name; anything unknown is never repeated.
        None if found.method == "get"
            || ["get", "list", "query"]
                .iter()
                .any(|word| id.starts_with(word)) =>
        {
            Effect::Read
        }
        None => Effect::Account,
    }
}

fn pace(node: &Value, private: bool, defaults: &Defaults<'_>) -> Pace {
    let own = node.get("x-pace");
    let standard = if private {
        &defaults.counters.0
    } else {
        &defaults.counters.1
    };
    Pace {
        counter: own
            .and_then(|pace| text(pace, "counter"))
            .unwrap_or(standard)
            .to_owned(),
        cost: own
            .and_then(|pace| pace.get("cost"))
            .and_then(Value::as_u64)
            .and_then(|cost| u16::try_from(cost).ok())
            .unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_named_by_id_or_by_summary() {
        let none = json!({});
        assert_eq!(
            rust_method(&none, "getOHLCData", "Get OHLC Data"),
            "get_ohlc_data"
        );
        assert_eq!(
            rust_method(&none, "getV0InstoCustodyVaultsVaultId", "Get vault"),
            "get_vault"
        );
        assert_eq!(rust_method(&json!({"x-name": "own"}), "getX", ""), "own");
    }
}
