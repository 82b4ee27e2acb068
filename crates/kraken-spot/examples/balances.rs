//! Prints every balance of the account. Only reads.
//!
//! ```text
//! export KRAKEN_API_KEY=… KRAKEN_API_SECRET=…
//! cargo run -p kraken-spot --example balances
//! ```
//!
//! The key needs the permission `Funds permissions - Query`. `KRAKEN_BASE_URL` may name another
//! address, such as a venue on loopback.

use kraken_spot::{BASE_URL, Client, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("KRAKEN_BASE_URL").unwrap_or_else(|_| BASE_URL.to_owned());
    let client = Client::builder()
        .base_url(base_url)
        .credentials_from_env()
        .build()?;

    let balances = client.get_extended_balance().send().await?;
    println!("{:<12} {:>24} {:>24}", "asset", "total", "held by orders");
    for (asset, balance) in balances {
        println!(
            "{asset:<12} {:>24} {:>24}",
            balance.balance.unwrap_or_default(),
            balance.hold_trade.unwrap_or_default()
        );
    }
    Ok(())
}
