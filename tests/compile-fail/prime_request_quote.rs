use kraken_prime::{Client, Decimal, Error};

pub async fn request_quote(client: &Client) -> Result<(), Error> {
    client
        .request_quote()
        .symbol("BTC-USD") //~ required String
        .currency("BTC") //~ required String
        .quantity(Decimal::ONE) //~ required Decimal
        .send()
        .await?;
    Ok(())
}
