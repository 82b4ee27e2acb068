//! What the account has.
//!
//! ```text
//! export GEMINI_API_KEY=… GEMINI_API_SECRET=…
//! cargo run -p gemini-exchange --example balances
//! ```
//!
//! The key needs one of the roles `Trader`, `Fund Manager` and `Auditor`. `GEMINI_BASE_URL` may name
//! another address, such as a venue on loopback; for a master key `GEMINI_ACCOUNT` says for which
//! account.

use gemini_exchange::{BASE_URL, Client, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("GEMINI_BASE_URL").unwrap_or_else(|_| BASE_URL.to_owned());
    let mut client = Client::builder()
        .base_url(base_url)
        .credentials_from_env()
        .build()?;
    if let Ok(account) = std::env::var("GEMINI_ACCOUNT") {
        client = client.for_account(account);
    }

    for balance in client.get_available_balances().send().await? {
        let (free, all) = (balance.available, balance.amount);
        println!("{}: {free} of {all} free", balance.currency);
    }
    Ok(())
}
