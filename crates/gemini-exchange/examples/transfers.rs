//! All deposits, withdrawals and other movements of the account, oldest first.
//!
//! ```text
//! export GEMINI_API_KEY=… GEMINI_API_SECRET=…
//! cargo run -p gemini-exchange --example transfers
//! ```
//!
//! The key needs one of the roles `Trader`, `Fund Manager` and `Auditor`. The venue lets this call
//! through every 5 s, with 50 transfers at most; the client waits by itself. `GEMINI_BASE_URL` may
//! name another address.

use gemini_exchange::{BASE_URL, Client, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("GEMINI_BASE_URL").unwrap_or_else(|_| BASE_URL.to_owned());
    let client = Client::builder()
        .base_url(base_url)
        .credentials_from_env()
        .build()?;

    let mut transfers = client.list_past_transfers().stream();
    while let Some(transfer) = transfers.next().await {
        let transfer = transfer?;
        println!(
            "{:?} {} {} {}: {}",
            transfer.timestampms.to_utc(),
            transfer.transfer_type,
            transfer.amount,
            transfer.currency,
            transfer.status
        );
    }
    Ok(())
}
