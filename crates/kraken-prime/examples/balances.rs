//! Prints the balances as they change.
//!
//! ```text
//! export KRAKEN_PRIME_API_KEY=… KRAKEN_PRIME_API_SECRET=…
//! cargo run -p kraken-prime --example balances
//! ```
//!
//! It asks the sandbox. `KRAKEN_PRIME_URL` may name another address, such as a venue on loopback.

use kraken_prime::{Client, Error, SANDBOX, ViewStatus};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::var("KRAKEN_PRIME_URL").unwrap_or_else(|_| SANDBOX.to_owned());
    let client = Client::builder()
        .url(url)
        .credentials_from_env()?
        .connect()
        .await?;

    let balances = client.balances().equivalent("USD").view().await?;
    balances.complete().await?;
    let mut changes = balances.changes();
    loop {
        match balances.status() {
            ViewStatus::Current => {
                for balance in balances.records() {
                    let free = balance.available_amount.unwrap_or_default();
                    println!("{:<8} {:>24} {free:>24}", balance.currency, balance.amount);
                }
                println!();
            }
            ViewStatus::Stale(why) => println!("not the latest: {why}"),
            _ => {}
        }
        tokio::select! {
            changed = changes.changed() => {
                if !changed {
                    return Ok(());
                }
            }
            _ = tokio::signal::ctrl_c() => {
                client.close().await;
                return Ok(());
            }
        }
    }
}
