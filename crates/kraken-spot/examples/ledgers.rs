//! Walks through the ledger of the last week, entry by entry. Only reads.
//!
//! ```text
//! export KRAKEN_API_KEY=… KRAKEN_API_SECRET=…
//! cargo run -p kraken-spot --example ledgers
//! ```
//!
//! The key needs the permission `Data - Query ledger entries`. `KRAKEN_BASE_URL` may name another
//! address, such as a venue on loopback.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kraken_spot::{BASE_URL, Client, Error, Timestamp};

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("KRAKEN_BASE_URL").unwrap_or_else(|_| BASE_URL.to_owned());
    let client = Client::builder()
        .base_url(base_url)
        .credentials_from_env()
        .build()?;

    // Pages are fetched as they are needed, each as an ordinary call: paced, and repeated if need be.
    let mut entries = client.get_ledgers().start(a_week_ago()).stream();
    while let Some(entry) = entries.next().await {
        let (id, entry) = entry?;
        // Nearly every field is optional, as the vendor promises none of them.
        let time = entry.time.as_ref().and_then(Timestamp::to_utc);
        let amount = entry.amount.unwrap_or_default();
        let asset = entry.asset.as_deref().unwrap_or("?");
        println!(
            "{id}  {}  {amount:>20} {asset}",
            time.map_or_else(|| "?".to_owned(), |time| time.to_rfc3339())
        );
    }
    Ok(())
}

/// In whole seconds, as the vendor describes the parameter.
fn a_week_ago() -> i64 {
    (SystemTime::now() - WEEK)
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default()
}
