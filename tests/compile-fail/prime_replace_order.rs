use kraken_prime::{Client, Decimal, Error, commands::OrderId};

pub async fn replace_order(client: &Client) -> Result<(), Error> {
    client
        .replace_order()
        .symbol("BTC-USD") //~ required String
        .order(OrderId::Venue(String::new())) //~ required OrderId
        .total_quantity(Decimal::ONE) //~ required Decimal
        .send()
        .await?;
    Ok(())
}
