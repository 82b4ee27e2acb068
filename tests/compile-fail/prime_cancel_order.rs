use kraken_prime::{Client, Error, commands::OrderId};

pub async fn cancel_order(client: &Client) -> Result<(), Error> {
    client
        .cancel_order()
        .symbol("BTC-USD") //~ required String
        .order(OrderId::Venue(String::new())) //~ required OrderId
        .send()
        .await?;
    Ok(())
}
