//! An order whose answer is lost on the way: was it placed? No account, no network.
//!
//! ```text
//! cargo run -p exchange-sim --example lost_answer
//! ```

use exchange_sim::{Fault, Often, Sim};
use kraken_spot::types::{OrderSide, OrderType};
use kraken_spot::{Client, Decimal, Outcome};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().start().await?;
    let credentials = sim.kraken().spot_credentials();
    let client = Client::builder()
        .base_url(sim.kraken().url())
        .api_key(credentials.key, credentials.secret)
        .build()?;

    // The venue carries the order out, and the connection breaks.
    sim.faults()
        .add("AddOrder", Fault::DropAfter, Often::Times(1));

    let name = "lostanswer1";
    let order = client
        .add_order()
        .pair("XBTUSD")
        .side(OrderSide::Buy)
        .ordertype(OrderType::Limit)
        .volume(Decimal::new(1, 2)) // 0.01
        .price(Decimal::from(20_000))
        .cl_ord_id(name);
    match order.send().await {
        Ok(placed) => println!("placed: {:?}", placed.txid),
        Err(error) if error.outcome() == Outcome::Unknown => {
            println!("{error}");
            let open = client.get_open_orders().cl_ord_id(name).send().await?;
            for id in open.open.keys() {
                println!("it is in the book, as {id}");
            }
        }
        Err(error) => return Err(error.into()),
    }
    for request in sim.received() {
        println!("  the venue saw: {request}");
    }
    Ok(())
}
