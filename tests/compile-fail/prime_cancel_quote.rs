use kraken_prime::{Client, Error};

pub async fn cancel_quote(client: &Client) -> Result<(), Error> {
    client
        .cancel_quote()
        .quote_req_id("a") //~ required String
        .rfq_id("b") //~ required RfqId
        .send()
        .await?;
    Ok(())
}
