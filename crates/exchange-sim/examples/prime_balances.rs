//! Kraken Prime's balances as they stream, while orders are filled and the connection breaks. No
//! account, no network.
//!
//! ```text
//! cargo run -p exchange-sim --example prime_balances
//! ```

use std::time::Duration;

use exchange_sim::{Often, PushFault, Sim};
use kraken_prime::enums::{Side, TimeInForce};
use kraken_prime::{Client, Decimal, Error, Event, Subscription, streams::Balances};
use tokio::time::timeout;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().start().await?;
    let key = sim.prime().credentials();
    let client = Client::builder()
        .url(sim.prime().url())
        .api_key(key.key, key.secret)
        .connect()
        .await?;
    let mut balances = client.balances().equivalent("USD").subscribe().await?;
    println!("What there is:");
    show_news(&mut balances).await?;

    println!("\nA quarter of a bitcoin is bought:");
    let quarter = Decimal::new(25, 2);
    let order = client
        .new_order()
        .symbol("BTC-USD")
        .side(Side::Buy)
        .quantity(quarter)
        .market(TimeInForce::FillOrKill);
    let end = order.send().await?.finished().await?;
    if let (Some(status), Some(price)) = (end.ord_status, end.avg_px) {
        println!("  {status} at {price}");
    }
    show_news(&mut balances).await?;

    println!("\nThe connection breaks before the next balances arrive:");
    sim.faults()
        .on_push("Balance", PushFault::Cut, Often::Times(1));
    sim.prime().set_balance("USD", Decimal::from(1_000_000));
    show_news(&mut balances).await?;

    client.close().await;
    Ok(())
}

/// Prints what comes, until nothing has come for a while.
async fn show_news(balances: &mut Subscription<Balances>) -> Result<(), Error> {
    let quiet = Duration::from_secs(2);
    while let Ok(Some(event)) = timeout(quiet, balances.next()).await {
        match event? {
            Event::Message(message) => {
                for balance in message.data {
                    let worth = balance.equivalent.and_then(|worth| worth.amount);
                    let (currency, amount) = (balance.currency, balance.amount);
                    println!(
                        "  {currency:<4} {amount:>20} = {:>20} USD",
                        worth.unwrap_or_default()
                    );
                }
            }
            Event::Interrupted(why) => println!("  (a new snapshot follows: {why})"),
            _ => {}
        }
    }
    Ok(())
}
