use gemini_exchange::{Client, Decimal, Error, Side, order::OrderType};

pub async fn buy(client: &Client) -> Result<(), Error> {
    client
        .new_order()
        .side(Side::Buy)
        .order_type(OrderType::Limit)
        .amount(Decimal::ONE)
        .price(Decimal::ONE)
        .symbol("btcusd") //~ required Symbol
        .send()
        .await?;
    Ok(())
}
