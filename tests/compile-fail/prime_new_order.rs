use kraken_prime::{
    Client, Decimal, Error,
    enums::{Side, TimeInForce},
};

pub async fn new_order(client: &Client) -> Result<(), Error> {
    client
        .new_order()
        .symbol("BTC-USD") //~ required String
        .side(Side::Buy) //~ required Side
        .quantity(Decimal::ONE) //~ required Decimal
        .limit(Decimal::ONE, TimeInForce::GoodTillCancel) //~ required Pricing
        .send()
        .await?;
    Ok(())
}
