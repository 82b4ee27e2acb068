//! A day at a simulated Kraken Spot: look at the market, place, change, fill and cancel orders, read
//! the history, withdraw, and put something to work. No account, no network.
//!
//! ```text
//! cargo run -p exchange-sim --example trading_day
//! ```

use std::time::Duration;

use exchange_sim::Sim;
use futures_util::TryStreamExt as _;
use kraken_spot::types::{OrderSide, OrderType};
use kraken_spot::{Client, Decimal, PaceMode, Tier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder().start().await?;
    let kraken = sim.kraken();
    let credentials = kraken.spot_credentials();
    // The one difference from the real venue: another address.
    let client = Client::builder()
        .base_url(kraken.url())
        .api_key(credentials.key, credentials.secret)
        .tier(Tier::Pro)
        .pace_modes(PaceMode::WAIT, PaceMode::WAIT)
        .build()?;

    println!("What Bitcoin costs");
    let tickers = client
        .get_ticker_information()
        .pair(["XBTUSD"])
        .send()
        .await?;
    for (pair, ticker) in &tickers {
        let last = ticker.last.as_ref().map(|last| last.price);
        println!("  {pair}: last {last:?}");
    }
    let book = client
        .get_order_book()
        .pair("XBTUSD")
        .count(1)
        .send()
        .await?;
    let best = book.values().next().and_then(|book| book.bids.first());
    let bid = best.ok_or("there is no bid")?.price;

    println!("An order below the market rests, is changed, and is filled when the price falls");
    let placed = client
        .add_order()
        .pair("XBTUSD")
        .side(OrderSide::Buy)
        .ordertype(OrderType::Limit)
        .volume(Decimal::new(25, 2)) // 0.25
        .price(bid - Decimal::from(1_000))
        .cl_ord_id("day1")
        .send()
        .await?;
    println!("  placed {:?}", placed.txid);
    client
        .amend_order()
        .cl_ord_id("day1")
        .order_qty(Decimal::new(2, 1)) // 0.2
        .limit_price(bid - Decimal::from(500))
        .send()
        .await?;
    kraken.set_price("XBTUSD", bid - Decimal::from(700));
    let open = client.get_open_orders().send().await?;
    println!("  open orders now: {}", open.open.len());

    println!("Another one is canceled");
    client
        .add_order()
        .pair("XBTUSD")
        .side(OrderSide::Sell)
        .ordertype(OrderType::Limit)
        .volume(Decimal::new(1, 1)) // 0.1
        .price(bid * Decimal::TWO)
        .cl_ord_id("day2")
        .send()
        .await?;
    let canceled = client.cancel_order().cl_ord_id("day2").send().await?;
    println!("  canceled: {:?}", canceled.count);

    println!("What was bought, trade by trade");
    let mut trades = std::pin::pin!(client.get_trade_history().stream());
    while let Some((id, trade)) = trades.try_next().await? {
        println!(
            "  {id}: {:?} at {:?}, fee {:?}",
            trade.vol, trade.price, trade.fee
        );
    }

    println!("A withdrawal");
    let saved = client
        .get_withdrawal_addresses()
        .asset("XBT")
        .send()
        .await?;
    let name = saved.first().and_then(|address| address.key.clone());
    let withdrawal = client
        .withdraw_funds()
        .asset("XBT")
        .key(name.ok_or("no address is saved")?)
        .amount(Decimal::new(1, 1)) // 0.1
        .send()
        .await?;
    println!("  {:?}", withdrawal.refid);
    sim.clock().advance(Duration::from_secs(3600));
    let withdrawals = client
        .get_status_recent_withdrawals()
        .asset("XBT")
        .send()
        .await?;
    println!("  an hour later: {withdrawals:?}");

    show_ledger(&client).await
}

async fn show_ledger(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    println!("The ledger, to the last digit");
    let mut ledger = std::pin::pin!(client.get_ledgers().stream());
    while let Some((_, entry)) = ledger.try_next().await? {
        let (kind, asset) = (entry.kind, entry.asset.unwrap_or_default());
        println!(
            "  {kind:?} {asset}: {:?}, fee {:?}, then {:?}",
            entry.amount, entry.fee, entry.balance
        );
    }
    Ok(())
}
