//! Prints best bid, best ask and last price of some pairs. Needs no account.
//!
//! ```text
//! cargo run -p kraken-spot --example ticker -- XBTUSD ETHUSD
//! ```
//!
//! `KRAKEN_BASE_URL` may name another address, such as a venue on loopback.

use kraken_spot::{BASE_URL, Client, Error};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let base_url = std::env::var("KRAKEN_BASE_URL").unwrap_or_else(|_| BASE_URL.to_owned());
    let client = Client::builder().base_url(base_url).build()?;

    let mut pairs: Vec<String> = std::env::args().skip(1).collect();
    if pairs.is_empty() {
        pairs.push("XBTUSD".to_owned());
    }
    let tickers = client.get_ticker_information().pair(pairs).send().await?;
    for (pair, ticker) in &tickers {
        // Decimals print as they were sent: nothing was rounded on the way.
        let bid = ticker.bid.as_ref().map(|level| level.price);
        let ask = ticker.ask.as_ref().map(|level| level.price);
        let last = ticker.last.as_ref().map(|trade| trade.price);
        let show = |price: Option<_>| price.map_or_else(|| "-".to_owned(), |it| format!("{it}"));
        println!(
            "{pair:<12} bid {} ask {} last {}",
            show(bid),
            show(ask),
            show(last)
        );
    }
    Ok(())
}
