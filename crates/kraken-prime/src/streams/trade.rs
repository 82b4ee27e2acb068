//! Trade: the account's fills.

use std::borrow::Cow;

use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};

use crate::client::{Client, Request};
use crate::enums::{ExecType, Side, TradeStatus};
use crate::number_or_text::NumberOrText;
use crate::record::record;
use crate::time::Time;
use crate::topic::{Record, Topic};

impl Client {
    /// The account's fills: at first those there were, then each new one. Without a start it
    /// begins with the whole history.
    ///
    /// The vendor's page: [`Trade`](https://docs.kraken.com/institutional/api-reference/prime-websocket/trade).
    ///
    /// After a reconnect it goes on where it was: fills since then are delivered, those delivered
    /// before are not delivered again. A record with the same `trade_id` and another revision or
    /// status is delivered; that it takes the place of the one before is likely, but not said.
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::{Event, Time};
    ///
    /// let mut trades = client.trades().start(Time::now()).subscribe().await?;
    /// while let Some(event) = trades.next().await {
    ///     if let Event::Message(message) = event? {
    ///         for trade in message.data {
    ///             println!("{} {:?} {:?}", trade.trade_id, trade.side, trade.symbol);
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn trades(&self) -> Request<Trades> {
        self.request(Trades {
            name: Trades::NAME.into(),
            start_date: None,
            end_date: None,
            symbol: None,
            order_id: None,
            rfq_id: None,
        })
    }
}

/// The Trade stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Trades {
    #[serde(rename = "name")]
    name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    #[serde(rename = "OrderID", skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(rename = "RFQID", skip_serializing_if = "Option::is_none")]
    rfq_id: Option<String>,
}

impl Request<Trades> {
    /// Only fills after this time.
    pub fn start(mut self, time: impl Into<Time>) -> Self {
        self.topic.start_date = Some(time.into());
        self
    }

    /// Only fills before this time.
    pub fn end(mut self, time: impl Into<Time>) -> Self {
        self.topic.end_date = Some(time.into());
        self
    }

    /// Only this security.
    pub fn symbol(mut self, symbol: impl Into<String>) -> Self {
        self.topic.symbol = Some(symbol.into());
        self
    }

    /// Only this order, by the venue's id.
    pub fn order_id(mut self, order_id: impl Into<String>) -> Self {
        self.topic.order_id = Some(order_id.into());
        self
    }

    /// Only this request for a quote, by the venue's id.
    pub fn rfq_id(mut self, rfq_id: impl Into<String>) -> Self {
        self.topic.rfq_id = Some(rfq_id.into());
        self
    }
}

impl Topic for Trades {
    const NAME: &'static str = "Trade";
    const RESUMES: bool = true;
    type Record = Trade;

    /// The filter is by the time of execution, "after" in the vendor's words, so that a fill at
    /// that very time might be left out, and one executed before and published after would be. A
    /// minute earlier is asked for; what was delivered before is dropped.
    fn resume_from(&mut self, time: &Time) {
        self.start_date = time.minus_micros(60_000_000).or_else(|| Some(time.clone()));
    }
}

record! {
    /// A fill.
    pub struct Trade {
        /// The time of the message.
        timestamp: Option<Time> => "Timestamp",
        /// The security.
        symbol: Option<String> => "Symbol",
        /// The venue's id of the order.
        order_id: Option<String> => "OrderID",
        /// The venue's id of the fill.
        trade_id!: String => "TradeID",
        /// Which way it went.
        side: Option<Side> => "Side",
        /// When it happened.
        transact_time: Option<Time> => "TransactTime",
        /// What the record is; `Trade`.
        exec_type: Option<ExecType> => "ExecType",
        /// The currency of the quantity.
        currency: Option<String> => "Currency",
        /// The price.
        price: Option<Decimal> => "Price" as decimal,
        /// The quantity.
        quantity: Option<Decimal> => "Quantity" as decimal,
        /// The amount, in `amount_currency`.
        amount: Option<Decimal> => "Amount" as decimal,
        /// The fee.
        fee: Option<Decimal> => "Fee" as decimal,
        /// The currency of the fee.
        fee_currency: Option<String> => "FeeCurrency",
        /// Where it stands.
        trade_status: Option<TradeStatus> => "TradeStatus",
        /// Which side came to the market.
        aggressor_side: Option<Side> => "AggressorSide",
        /// The quote it took.
        quote_id: Option<String> => "QuoteID",
        /// The currency of the amount.
        amount_currency: Option<String> => "AmountCurrency",
        /// The currency it was dealt in.
        dealt_currency: Option<String> => "DealtCurrency",
        /// The account. The vendor describes such a field; its name is a guess.
        market_account: Option<String> => "MarketAccount",
        /// The revision of the record. The vendor describes such a field; its name is a guess.
        revision: Option<NumberOrText> => "Revision",
        /// The request for a quote it belongs to.
        rfq_id: Option<String> => "RFQID",
        /// Who submitted the order.
        customer_user: Option<String> => "CustomerUser",
    }
}

impl Record for Trade {
    type Key = String;

    fn key(&self) -> String {
        self.trade_id.clone()
    }

    fn time(&self) -> Option<&Time> {
        self.transact_time.as_ref().or(self.timestamp.as_ref())
    }

    fn event_id(&self) -> Option<String> {
        let status = self.trade_status.as_ref().map_or("", TradeStatus::as_str);
        let revision = self.revision.as_ref().map(ToString::to_string);
        let revision = revision.unwrap_or_default();
        Some(format!("{} {status} {revision}", self.trade_id))
    }
}
