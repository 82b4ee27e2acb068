use kraken_spot::{
    Client, Error,
    types::{OrderSide, OrderType},
};

pub async fn buy(client: &Client) -> Result<(), Error> {
    client
        .add_order()
        .ordertype(OrderType::Market)
        .side(OrderSide::Buy)
        .volume(1)
        .pair("XBTUSD") //~ required String
        .send()
        .await?;
    Ok(())
}
