//! Places a limit order the careful way, as far as the venue's check of it: `validate` is set, so
//! that nothing gets into the book.
//!
//! ```text
//! export KRAKEN_API_KEY=… KRAKEN_API_SECRET=…
//! cargo run -p kraken-spot --example place_order
//! ```
//!
//! The key needs the permission `Orders and trades - Create & modify orders`, and the two that
//! read open and closed orders to find out what became of an order. `KRAKEN_BASE_URL` may name
//! another address, such as a venue on loopback.

use std::time::{Duration, SystemTime};

use kraken_spot::types::{OrderSide, OrderType};
use kraken_spot::{BASE_URL, Client, Decimal, Error, Kind, Outcome};

/// How long the engine may take with the order. After that it is certainly not placed any more.
const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("KRAKEN_BASE_URL").unwrap_or_else(|_| BASE_URL.to_owned());
    let client = Client::builder()
        .base_url(base_url)
        .credentials_from_env()
        .build()?;

    // A name of our own, so that the order can be found whatever becomes of the answer. A real
    // program writes it down before it sends the order, and never uses it twice.
    let name = "example000001";
    let order = client
        .add_order()
        .pair("XBTUSD")
        .side(OrderSide::Buy)
        .ordertype(OrderType::Limit)
        .volume(Decimal::new(1, 4)) // 0.0001
        .price(Decimal::from(20_000))
        .cl_ord_id(name)
        .deadline(SystemTime::now() + PATIENCE)
        .validate(true); // Remove this to place the order.

    match order.send().await {
        Ok(placed) => {
            let words = placed.descr.and_then(|descr| descr.order);
            println!("accepted: {words:?}, ids {:?}", placed.txid);
            Ok(())
        }
        // Sending it again could buy twice. Look first.
        Err(error) if error.outcome() == Outcome::Unknown => {
            println!("{error}");
            tokio::time::sleep(PATIENCE).await;
            match find(&client, name).await? {
                Some(id) => println!("it was placed after all, as {id}"),
                None => println!("it was not placed; it may be sent again"),
            }
            Ok(())
        }
        // From here on the order is certainly not in the book.
        Err(error) if error.is_retryable() => {
            println!("{error}; try again after {:?}", error.retry_after());
            Ok(())
        }
        Err(error) if error.kind() == Kind::Funds => {
            println!("there is not enough money for it: {error}");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// The venue's id of the order we named, if it has one.
async fn find(client: &Client, name: &str) -> Result<Option<String>, Error> {
    let open = client.get_open_orders().cl_ord_id(name).send().await?;
    if let Some(id) = open.open.keys().next() {
        return Ok(Some(id.clone()));
    }
    let closed = client.get_closed_orders().cl_ord_id(name).send().await?;
    Ok(closed.closed.keys().next().cloned())
}
