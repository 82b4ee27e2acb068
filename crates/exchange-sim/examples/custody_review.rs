//! A withdrawal from a simulated custody vault: one user asks for it, two others approve. No account,
//! no network.
//!
//! ```text
//! cargo run -p exchange-sim --example custody_review
//! ```

use std::time::Duration;

use exchange_sim::{Credentials, Sim};
use kraken_custody::external::Client;
use kraken_custody::external::types::{Instruction, TaskVote};
use kraken_custody::{Decimal, Error};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().start().await?;
    let url = sim.kraken().url();
    let [asks, first, second] = sim.kraken().custody_credentials();
    let asking = client(url, asks)?;

    let vaults = asking.list_vaults().send().await?.vaults;
    let vault = vaults.first().and_then(|vault| vault.id.clone());
    let vault = vault.ok_or("there is no vault")?;
    let addresses = asking
        .list_whitelist_addresses()
        .vault_id(&vault)
        .asset("BTC")
        .asset_class("currency")
        .send()
        .await?;
    let address = addresses.first().ok_or("no address is on the list")?;
    println!("vault {vault}, to {}", address.address_name);

    let quote = asking
        .create_withdrawal_fee_quote()
        .vault_id(&vault)
        .asset("BTC")
        .asset_class("currency")
        .amount(Decimal::new(5, 1)) // 0.5
        .address_name(&address.address_name)
        .send()
        .await?;
    println!("the fee: {:?}", quote.fees);

    let task = asking
        .create_task()
        .instructions([Instruction::new("request_withdrawal")
            .vault_id(&vault)
            .fee_quote_id(quote.fee_quote_id.ok_or("no quote")?)])
        .send()
        .await?
        .task_id;
    for reviewer in [first, second] {
        let reviewing = client(url, reviewer)?;
        let review = reviewing
            .review_task()
            .task_id(&task)
            .vote(TaskVote::Approve);
        println!("after a vote the task is {:?}", review.send().await?.state);
    }
    // An approved task is carried out a little later.
    sim.clock().advance(Duration::from_secs(10));
    let state = asking.get_task().task_id(&task).send().await?.state;
    println!("then it is {state:?}");
    let transactions = asking.list_transactions().vault_id(&vault).send().await?;
    for transaction in transactions.transactions {
        println!(
            "{:?} {:?} {:?}, fee {:?}",
            transaction.kind, transaction.amount, transaction.asset, transaction.fee
        );
    }
    Ok(())
}

fn client(url: &str, credentials: Credentials) -> Result<Client, Error> {
    Client::builder()
        .base_url(url)
        .api_key(credentials.key, credentials.secret)
        .build()
}
