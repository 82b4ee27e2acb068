//! Every operation, as rows.

use crate::endpoint::Endpoint;
#[cfg(feature = "dispatch")]
use crate::{
    Client,
    dispatch::{DispatchError, Dispatched, Parameters},
};
#[cfg(feature = "dispatch")]
use exchange_wire::RawJson;

/// Names the modules with `endpoints!` in them, once.
macro_rules! groups {
    ($($(#[cfg($condition:meta)])? $api:literal => $group:path;)*) => {
        /// The rows by group.
        static GROUPS: &[&[&Endpoint]] = &[
            $($(#[cfg($condition)])? { use $group as group; group::TABLE },)*
        ];

        #[cfg(feature = "dispatch")]
        pub(crate) async fn dispatch(
            client: &Client,
            api: &str,
            id: &str,
            parameters: Parameters,
        ) -> Result<RawJson, DispatchError> {
            let _ = &parameters;
            $($(#[cfg($condition)])?
            let parameters = if api == $api {
                use $group as group;
                match group::dispatch(client, id, parameters).await {
                    Dispatched::Done(result) => return result,
                    Dispatched::NotHere(parameters) => parameters,
                }
            } else {
                parameters
            };)*
            drop(parameters);
            Err(DispatchError::UnknownOperation(id.to_owned()))
        }

        #[cfg(feature = "dispatch")]
        pub(crate) fn decode_answer(
            api: &str,
            id: &str,
            body: &[u8],
        ) -> Option<Result<RawJson, DispatchError>> {
            $($(#[cfg($condition)])?
            if api == $api {
                use $group as group;
                if let Some(result) = group::decode_answer(id, body) {
                    return Some(result);
                }
            })*
            None
        }

        #[cfg(feature = "dispatch")]
        pub(crate) fn decode_request(
            api: &str,
            id: &str,
            parameters: Parameters,
        ) -> Result<RawJson, DispatchError> {
            let _ = (api, &parameters);
            $($(#[cfg($condition)])?
            let parameters = if api == $api {
                use $group as group;
                match group::decode_request(id, parameters) {
                    Ok(result) => return result,
                    Err(parameters) => parameters,
                }
            } else {
                parameters
            };)*
            drop(parameters);
            Err(DispatchError::UnknownOperation(id.to_owned()))
        }
    };
}

groups! {
    "gemini" => crate::market;
    "gemini" => crate::order;
    "gemini" => crate::fund;
    "gemini" => crate::instant;
    "gemini" => crate::clearing;
    "gemini" => crate::account;
    "gemini" => crate::staking;
    "gemini" => crate::derivative;
    #[cfg(feature = "prediction-markets")] "gemini-predictions" => crate::prediction::market;
    #[cfg(feature = "prediction-markets")] "gemini-predictions" => crate::prediction::terms;
    #[cfg(feature = "prediction-markets")] "gemini-predictions" => crate::prediction::order;
    #[cfg(feature = "prediction-markets")] "gemini-predictions" => crate::prediction::position;
    #[cfg(feature = "prediction-markets")] "gemini-predictions" => crate::prediction::combo;
    #[cfg(feature = "prediction-markets")] "gemini-predictions" => crate::prediction::reward;
}

/// Every operation of this build, by group, in the order of the vendor's description.
///
/// ```
/// // Which calls can move money?
/// use gemini_exchange::Effect;
///
/// let funds: Vec<_> = gemini_exchange::operations()
///     .filter(|endpoint| endpoint.operation.effect == Effect::Funds)
///     .map(|endpoint| endpoint.operation.rust_method)
///     .collect();
/// assert!(funds.contains(&"withdraw_crypto_funds"));
/// ```
pub fn operations() -> impl Iterator<Item = &'static Endpoint> {
    GROUPS.iter().copied().flatten().copied()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use exchange_transport::{Access, Answer};

    use super::*;
    use crate::endpoint::{Auth, Place};

    #[test]
    fn ids_methods_and_calls_are_unique() {
        let mut ids = HashSet::new();
        let mut methods = HashSet::new();
        let mut calls = HashSet::new();
        for endpoint in operations() {
            let operation = &endpoint.operation;
            assert!(
                ids.insert((operation.api, operation.id)),
                "{}",
                operation.id
            );
            assert!(methods.insert((operation.api, operation.rust_method)));
            assert!(calls.insert((&operation.method, operation.path)));
        }
        assert!(!ids.is_empty());
    }

    #[test]
    fn all_operations_are_there() {
        let count = |api| operations().filter(|row| row.operation.api == api).count();
        assert_eq!(count("gemini"), 75);
        let predictions = if cfg!(feature = "prediction-markets") {
            31
        } else {
            0
        };
        assert_eq!(count("gemini-predictions"), predictions);
    }

    #[test]
    fn rows_agree_with_themselves() {
        for endpoint in operations() {
            let operation = &endpoint.operation;
            let id = operation.id;
            assert_eq!(
                operation.access == Access::Public,
                endpoint.auth == Auth::Public,
                "{id}"
            );
            assert_eq!(
                operation.pace.counter == crate::pace::PUBLIC,
                endpoint.auth == Auth::Public,
                "{id}"
            );
            assert!(
                matches!(operation.answer, Answer::Bare | Answer::Bytes),
                "{id}"
            );
            // The path parameters are those of the path.
            for parameter in endpoint.parameters {
                let in_path = operation.path.contains(&format!("{{{}}}", parameter.name));
                assert_eq!(
                    in_path,
                    parameter.place == Place::Path,
                    "{id} {}",
                    parameter.name
                );
                assert!(!in_path || parameter.required, "{id}");
                let in_payload = parameter.place == Place::Field;
                assert!(!in_payload || endpoint.auth != Auth::Public, "{id}");
            }
            let placeholders = operation.path.matches('{').count();
            let path_parameters = endpoint
                .parameters
                .iter()
                .filter(|parameter| parameter.place == Place::Path)
                .count();
            assert_eq!(placeholders, path_parameters, "{id}");
            let names: HashSet<_> = endpoint.parameters.iter().map(|p| p.name).collect();
            assert_eq!(names.len(), endpoint.parameters.len(), "{id}");
            assert!(
                !names.contains("account")
                    && !names.contains("request")
                    && !names.contains("nonce")
            );
        }
    }
}
