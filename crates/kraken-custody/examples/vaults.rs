//! Prints every vault with its balances. Only reads.
//!
//! ```text
//! export KRAKEN_API_KEY=… KRAKEN_API_SECRET=…
//! cargo run -p kraken-custody --example vaults
//! ```
//!
//! `KRAKEN_BASE_URL` may name another address, such as a venue on loopback.

use kraken_custody::{BASE_URL, Client, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("KRAKEN_BASE_URL").unwrap_or_else(|_| BASE_URL.to_owned());
    let client = Client::builder()
        .base_url(base_url)
        .credentials_from_env()
        .build()?;

    for vault in client.list_custody_vaults().send().await?.result {
        // Nearly every field is optional: no answer of a live account was seen yet.
        println!("{} ({})", vault.name.as_deref().unwrap_or("?"), vault.id);
        let balances = client
            .get_custody_balance()
            .vault_id(vault.id)
            .send()
            .await?;
        for (asset, held) in balances {
            println!("  {asset:<10} {:>24}", held.balance.unwrap_or_default());
        }
    }
    Ok(())
}
