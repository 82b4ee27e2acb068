//! Prints the latest tasks of the Custody External API with their state. Only reads.
//!
//! ```text
//! export KRAKEN_API_KEY=… KRAKEN_API_SECRET=…
//! cargo run -p kraken-custody --example external_tasks
//! ```
//!
//! How this API is signed is inferred and unverified; see `kraken_custody::external`.
//! `KRAKEN_BASE_URL` may name another address, such as a venue on loopback.

use kraken_custody::external::types::TaskState;
use kraken_custody::external::{BASE_URL, Client};
use kraken_custody::{Error, Kind};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("KRAKEN_BASE_URL").unwrap_or_else(|_| BASE_URL.to_owned());
    let client = Client::builder()
        .base_url(base_url)
        .credentials_from_env()
        .build()?;

    let tasks = match client.list_tasks().limit(20).offset(0).send().await {
        Ok(page) => page.result,
        Err(error) if matches!(error.kind(), Kind::Signature | Kind::Credentials) => {
            println!("the venue did not take the signature, which is unverified: {error}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for task in tasks {
        let waiting = match &task.state {
            Some(TaskState::Pending) => "waiting for votes".to_owned(),
            // A state this version does not know is kept as it came.
            Some(other) => other.to_string(),
            None => "?".to_owned(),
        };
        println!(
            "{}: {} ({waiting})",
            task.id.as_deref().unwrap_or("?"),
            task.type_label.as_deref().unwrap_or("?"),
        );
    }
    Ok(())
}
