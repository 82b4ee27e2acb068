use kraken_prime::{Client, Error, commands::OrderId, enums::ControlAction};

pub async fn control_order(client: &Client) -> Result<(), Error> {
    client
        .control_order()
        .order(OrderId::Venue(String::new())) //~ required OrderId
        .action(ControlAction::Pause) //~ required ControlAction
        .send()
        .await?;
    Ok(())
}
