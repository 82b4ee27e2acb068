//! The generated clients behind one type, by operation id.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use exchange_auth::Credentials;
use exchange_transport::{PaceMode, RetryPolicy};
use exchange_wire::RawJson;
use kraken_core::{DispatchError, Parameters};
use serde_json::{Map, Value};

use crate::{KEY, secret};

/// The client of one API.
#[derive(Debug)]
pub enum Client {
    /// `kraken-spot`
    Spot(kraken_spot::Client),
    /// `kraken-custody`
    Custody(kraken_custody::Client),
    /// `kraken-custody-external`
    External(kraken_custody::external::Client),
}

fn credentials() -> Credentials {
    Credentials::new(KEY, STANDARD.encode(secret())).unwrap()
}

/// Builds one client; the three builders differ only in type.
macro_rules! build {
    ($client:ty, $base_url:expr, $credentials:expr) => {{
        let mut builder = <$client>::builder()
            .base_url($base_url)
            .timeout(Duration::from_secs(20))
            // The tests count requests: each call is sent once.
            .retry(RetryPolicy::NEVER)
            .pace_modes(PaceMode::Off, PaceMode::Off);
        if let Some(credentials) = $credentials {
            builder = builder.credentials(credentials);
        }
        builder.build().unwrap()
    }};
}

impl Client {
    /// The client of that API, with the key of the tests.
    pub fn new(api: &str, base_url: &str) -> Self {
        Self::build(api, base_url, Some(credentials()))
    }

    /// The same, with a second factor.
    pub fn with_otp(api: &str, base_url: &str, otp: &str) -> Self {
        Self::build(api, base_url, Some(credentials().with_otp(otp)))
    }

    /// The client of that API, without a key.
    pub fn without_key(api: &str, base_url: &str) -> Self {
        Self::build(api, base_url, None)
    }

    fn build(api: &str, base_url: &str, credentials: Option<Credentials>) -> Self {
        match api {
            "kraken-spot" => Self::Spot(build!(kraken_spot::Client, base_url, credentials)),
            "kraken-custody" => {
                Self::Custody(build!(kraken_custody::Client, base_url, credentials))
            }
            "kraken-custody-external" => Self::External(build!(
                kraken_custody::external::Client,
                base_url,
                credentials
            )),
            other => panic!("add the client of {other} to tests/src/clients.rs"),
        }
    }

    /// Makes a call.
    pub async fn send(
        &self,
        operation_id: &str,
        parameters: &Map<String, Value>,
    ) -> Result<RawJson, DispatchError> {
        let parameters = parameters
            .iter()
            .fold(Parameters::new(), |all, (name, value)| {
                all.set(name, RawJson::from_serialize(value).unwrap())
            });
        match self {
            Self::Spot(client) => {
                kraken_spot::dispatch::send(client, operation_id, parameters).await
            }
            Self::Custody(client) => {
                kraken_custody::dispatch::send(client, operation_id, parameters).await
            }
            Self::External(client) => {
                kraken_custody::external::dispatch::send(client, operation_id, parameters).await
            }
        }
    }
}

/// Reads a whole answer as the operation's type and writes it back.
pub fn answer(api: &str, operation_id: &str, body: &[u8]) -> Result<RawJson, DispatchError> {
    match api {
        "kraken-spot" => kraken_spot::dispatch::answer(operation_id, body),
        "kraken-custody" => kraken_custody::dispatch::answer(operation_id, body),
        "kraken-custody-external" => kraken_custody::external::dispatch::answer(operation_id, body),
        other => panic!("add the client of {other} to tests/src/clients.rs"),
    }
}

/// Reads a request body as the operation's type and writes it back.
pub fn request(api: &str, operation_id: &str, body: &[u8]) -> Result<RawJson, DispatchError> {
    match api {
        "kraken-spot" => kraken_spot::dispatch::request(operation_id, body),
        "kraken-custody" => kraken_custody::dispatch::request(operation_id, body),
        "kraken-custody-external" => {
            kraken_custody::external::dispatch::request(operation_id, body)
        }
        other => panic!("add the client of {other} to tests/src/clients.rs"),
    }
}
