//! Walks through the ledger of the last week, page by page. Only reads.
//!
//! ```text
//! export KRAKEN_API_KEY=… KRAKEN_API_SECRET=…
//! cargo run -p kraken-spot --example ledgers_page
//! ```
//!
//! The key needs the permission `Data - Query ledger entries`. `KRAKEN_BASE_URL` may name another
//! address, such as a venue on loopback.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kraken_spot::{BASE_URL, Client, Decimal, Error, TimeOrId, Timestamp};

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A page costs 2 of the key's call counter. The slowest account tier wins back 0.33 a second.
const BETWEEN_PAGES: Duration = Duration::from_secs(6);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("KRAKEN_BASE_URL").unwrap_or_else(|_| BASE_URL.to_owned());
    let client = Client::builder()
        .base_url(base_url)
        .credentials_from_env()
        .build()?;

    let start = (SystemTime::now() - WEEK)
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let start = TimeOrId::Time(Timestamp::from_unix_decimal(Decimal::from(start)));
    let mut cursor: Option<String> = None;
    loop {
        let mut page = client.get_ledgers().start(start.clone()).with_cursor(true);
        if let Some(cursor) = &cursor {
            page = page.cursor(cursor);
        }
        let page = page.send().await?;
        for (id, entry) in &page.ledger {
            // Nearly every field is optional, as the vendor promises none of them.
            let time = entry.time.as_ref().and_then(Timestamp::to_utc);
            let amount = entry.amount.unwrap_or_default();
            let asset = entry.asset.as_deref().unwrap_or("?");
            println!(
                "{id}  {}  {amount:>20} {asset}",
                time.map_or_else(|| "?".to_owned(), |time| time.to_rfc3339())
            );
        }
        cursor = page.cursor.and_then(|cursor| cursor.next);
        if cursor.is_none() {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_PAGES).await;
    }
}
