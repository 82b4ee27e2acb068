//! Places a limit order the careful way, looks at it, and cancels it.
//!
//! ```text
//! export GEMINI_API_KEY=… GEMINI_API_SECRET=…
//! cargo run -p gemini-exchange --example order
//! ```
//!
//! It goes to the sandbox, whose keys are not those of the exchange, unless `GEMINI_BASE_URL` names
//! another address. The key needs the role `Trader`.

use std::time::Duration;

use gemini_exchange::order::{Order, OrderOption, OrderType};
use gemini_exchange::{Client, Decimal, Error, Kind, Outcome, SANDBOX_URL, Side};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("GEMINI_BASE_URL").unwrap_or_else(|_| SANDBOX_URL.to_owned());
    let client = Client::builder()
        .base_url(base_url)
        .credentials_from_env()
        .build()?;

    // Amounts and prices go in steps, which differ by symbol.
    let symbol = client.get_symbol_details().symbol("btcusd").send().await?;
    println!(
        "amounts in steps of {}, at least {}; prices in steps of {}",
        symbol.tick_size, symbol.min_order_size, symbol.quote_increment
    );

    // A name of our own, so that the order can be found whatever becomes of the answer. A real
    // program writes it down before it sends the order, and never uses it twice.
    let name = "example-000001";
    let order = client
        .new_order()
        .symbol("btcusd")
        .side(Side::Buy)
        .order_type(OrderType::Limit)
        .amount(Decimal::new(1, 3)) // 0.001
        .price(Decimal::from(1_000))
        // It is cancelled if it would be filled at once.
        .options([OrderOption::MakerOrCancel])
        .client_order_id(name);

    let placed = match order.send().await {
        Ok(placed) => placed,
        // Sending it again could buy twice. Look first.
        Err(error) if error.outcome() == Outcome::Unknown => {
            println!("{error}");
            tokio::time::sleep(Duration::from_secs(5)).await;
            match find(&client, name).await? {
                Some(found) => found,
                None => return Err(error),
            }
        }
        // From here on the order is certainly not in the book.
        Err(error) if error.is_retryable() => {
            println!("{error}; try again after {:?}", error.retry_after());
            return Ok(());
        }
        Err(error) if error.kind() == Kind::Funds => {
            println!("there is not enough money for it: {error}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    if placed.is_cancelled {
        println!(
            "{} was cancelled at once: {:?}",
            placed.order_id, placed.reason
        );
        return Ok(());
    }
    println!("{} is in the book", placed.order_id);

    let cancelled = client
        .cancel_order()
        .order_id(placed.order_id)
        .send()
        .await?;
    println!("{} of it was filled", cancelled.executed_amount);
    Ok(())
}

/// The order we named, if there is one.
async fn find(client: &Client, name: &str) -> Result<Option<Order>, Error> {
    match client.get_order_status().client_order_id(name).send().await {
        Ok(order) => Ok(Some(order)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
