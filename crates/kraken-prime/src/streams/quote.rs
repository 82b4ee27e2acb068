//! Quote: answers to requests for quotes.

use std::borrow::Cow;

use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};

use crate::client::{Client, Request};
use crate::enums::{QuoteStatus, RejectReason, Side};
use crate::lifecycle;
use crate::record::record;
use crate::time::Time;
use crate::topic::{Record, Topic};
use crate::view::View;

/// The requests for quotes with their latest price, kept up to date; by the venue's id of the
/// request.
pub type QuoteBook = View<Quotes>;

impl Client {
    /// Answers to requests for quotes: one after the other while prices change.
    ///
    /// The vendor's page: [`Quote`](https://docs.kraken.com/institutional/api-reference/prime-websocket/quote).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::{Event, Time};
    ///
    /// let mut quotes = client.quotes().start(Time::now()).subscribe().await?;
    /// while let Some(event) = quotes.next().await {
    ///     if let Event::Message(message) = event? {
    ///         for quote in message.data {
    ///             println!("{:?} is {:?}", quote.rfq_id, quote.quote_status);
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn quotes(&self) -> Request<Quotes> {
        self.request(Quotes::new())
    }
}

/// The Quote stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Quotes {
    #[serde(rename = "name")]
    name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    #[serde(rename = "RFQID", skip_serializing_if = "Option::is_none")]
    rfq_id: Option<String>,
}

impl Quotes {
    pub(crate) fn new() -> Self {
        Self {
            name: Self::NAME.into(),
            start_date: None,
            end_date: None,
            symbol: None,
            rfq_id: None,
        }
    }
}

impl Request<Quotes> {
    /// Only requests submitted after this time.
    pub fn start(mut self, time: impl Into<Time>) -> Self {
        self.topic.start_date = Some(time.into());
        self
    }

    /// Only requests submitted before this time.
    pub fn end(mut self, time: impl Into<Time>) -> Self {
        self.topic.end_date = Some(time.into());
        self
    }

    /// Only this security.
    pub fn symbol(mut self, symbol: impl Into<String>) -> Self {
        self.topic.symbol = Some(symbol.into());
        self
    }

    /// Only this request, by the venue's id.
    pub fn rfq_id(mut self, rfq_id: impl Into<String>) -> Self {
        self.topic.rfq_id = Some(rfq_id.into());
        self
    }
}

impl Topic for Quotes {
    const NAME: &'static str = "Quote";
    type Record = Quote;
}

record! {
    /// Where a request for a quote stands, and its prices.
    pub struct Quote {
        /// The time of the message.
        timestamp: Option<Time> => "Timestamp",
        /// The security.
        symbol: Option<String> => "Symbol",
        /// The currency of the quantity.
        currency: Option<String> => "Currency",
        /// The venue's id of the request.
        rfq_id: Option<String> => "RFQID",
        /// The client's id of the request.
        quote_req_id: Option<String> => "QuoteReqID",
        /// Where the request stands.
        quote_status: Option<QuoteStatus> => "QuoteStatus",
        /// The venue's id of these prices; another one with each change.
        quote_id: Option<String> => "QuoteID",
        /// Why the request was refused; the name is that of other installations.
        quote_request_reject_reason: Option<RejectReason> => "QuoteRequestRejectReason",
        /// When the request was sent.
        submit_time: Option<Time> => "SubmitTime",
        /// The quantity asked for.
        order_qty: Option<Decimal> => "OrderQty" as decimal,
        /// The currency of the amounts.
        amount_currency: Option<String> => "AmountCurrency",
        /// When the request ends.
        end_time: Option<Time> => "EndTime",
        /// Which way; absent if both were asked for.
        side: Option<Side> => "Side",
        /// Which way it was traded. Not in the vendor's list for Prime, seen elsewhere.
        traded_side: Option<Side> => "TradedSide",
        /// The price it was traded at, at other installations with fees included. Its name, and
        /// those of quantity and amount, are from there, too.
        traded_px: Option<Decimal> => "TradedPx" as decimal,
        /// The quantity traded.
        traded_qty: Option<Decimal> => "TradedQty" as decimal,
        /// The amount traded.
        traded_amt: Option<Decimal> => "TradedAmt" as decimal,
        /// The price at which the client can sell.
        bid_px: Option<Decimal> => "BidPx" as decimal,
        /// The amount at that price.
        bid_amt: Option<Decimal> => "BidAmt" as decimal,
        /// The price at which the client can buy.
        offer_px: Option<Decimal> => "OfferPx" as decimal,
        /// The amount at that price.
        offer_amt: Option<Decimal> => "OfferAmt" as decimal,
        /// Until when these prices are good.
        valid_until_time: Option<Time> => "ValidUntilTime",
        /// Who asked.
        customer_user: Option<String> => "CustomerUser",
        /// The account. The vendor describes such a field; its name is a guess.
        market_account: Option<String> => "MarketAccount",
        /// What went wrong, in words. Not in the vendor's list for Prime, seen elsewhere.
        text: Option<String> => "Text",
    }
}

impl Quote {
    /// Whether nothing can happen to the request any more.
    pub fn is_final(&self) -> bool {
        self.quote_status
            .as_ref()
            .is_some_and(QuoteStatus::is_final)
    }
}

impl Record for Quote {
    /// The venue's id of the request, or the client's where there is none yet.
    type Key = String;

    fn key(&self) -> String {
        self.rfq_id
            .clone()
            .or_else(|| self.quote_req_id.clone())
            .unwrap_or_default()
    }

    fn time(&self) -> Option<&Time> {
        self.timestamp.as_ref()
    }

    fn contradicts(&self, before: &Self) -> Option<String> {
        lifecycle::quote_contradiction(before, self)
    }
}
