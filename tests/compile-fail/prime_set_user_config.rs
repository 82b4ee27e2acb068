use kraken_prime::{Client, Error};

pub async fn set_user_config(client: &Client) -> Result<(), Error> {
    client
        .set_user_config()
        .key("colour") //~ required String
        .send()
        .await?;
    Ok(())
}
