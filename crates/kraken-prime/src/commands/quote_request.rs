//! `QuoteRequest`: asks for prices.

use std::borrow::Cow;

use exchange_transport::{Error, Given, Missing};
use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};

use super::{above_zero, id_or_new, json, quote_rejected};
use crate::client::Client;
use crate::enums::{QuoteStatus, Side};
use crate::streams::Quote;
use crate::time::Time;
use crate::tracker::Order;

impl Client {
    /// Asks for a quote. Needs a symbol, a currency and a quantity. Later prices of the same
    /// request come on the Quote stream, see [`Client::quotes`]: a price is good for a second or
    /// so.
    ///
    /// The vendor's page: [`QuoteRequest`](https://docs.kraken.com/institutional/api-reference/prime-websocket/quote-request).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::Decimal;
    /// use kraken_prime::enums::Side;
    ///
    /// let ask = client.request_quote().symbol("BTC-USD").currency("BTC");
    /// let quote = ask.quantity(Decimal::new(3, 1)).send().await?;
    /// println!("until {:?} for {:?}", quote.valid_until_time, quote.offer_px);
    /// client.take_quote(&quote, Side::Buy)?.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn request_quote(&self) -> RequestQuote {
        RequestQuote {
            client: self.clone(),
            symbol: Missing,
            currency: Missing,
            quantity: Missing,
            side: None,
            quote_req_id: None,
        }
    }
}

/// A request for a quote; made by [`Client::request_quote`].
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestQuote<SymbolArg = Missing, CurrencyArg = Missing, QuantityArg = Missing> {
    client: Client,
    symbol: SymbolArg,
    currency: CurrencyArg,
    quantity: QuantityArg,
    side: Option<Side>,
    quote_req_id: Option<String>,
}

impl<S, C, Q> RequestQuote<S, C, Q> {
    /// The security. Required.
    pub fn symbol(self, symbol: impl Into<String>) -> RequestQuote<String, C, Q> {
        RequestQuote {
            client: self.client,
            symbol: symbol.into(),
            currency: self.currency,
            quantity: self.quantity,
            side: self.side,
            quote_req_id: self.quote_req_id,
        }
    }

    /// The currency of the quantity. Required.
    pub fn currency(self, currency: impl Into<String>) -> RequestQuote<S, String, Q> {
        RequestQuote {
            client: self.client,
            symbol: self.symbol,
            currency: currency.into(),
            quantity: self.quantity,
            side: self.side,
            quote_req_id: self.quote_req_id,
        }
    }

    /// How much. Required.
    pub fn quantity(self, quantity: Decimal) -> RequestQuote<S, C, Decimal> {
        RequestQuote {
            client: self.client,
            symbol: self.symbol,
            currency: self.currency,
            quantity,
            side: self.side,
            quote_req_id: self.quote_req_id,
        }
    }

    /// Only this way. Without it both prices are asked for.
    pub fn side(mut self, side: Side) -> Self {
        self.side = Some(side);
        self
    }

    /// An id of your own, at most 36 characters. Without it a new UUID.
    pub fn quote_req_id(mut self, id: impl Into<String>) -> Self {
        self.quote_req_id = Some(id.into());
        self
    }

    /// Sends the request, and waits for the first prices.
    ///
    /// # Errors
    ///
    /// The venue's refusal, or trouble on the way; see [the module](crate::commands).
    pub async fn send(self) -> Result<Quote, Error>
    where
        S: Given<String>,
        C: Given<String>,
        Q: Given<Decimal>,
    {
        let quote_req_id = id_or_new(self.quote_req_id, "QuoteReqID")?;
        let data = json(&QuoteRequest {
            quote_req_id: Cow::Borrowed(&quote_req_id),
            order_qty: above_zero(self.quantity.given(), "OrderQty")?,
            currency: self.currency.given().into(),
            symbol: self.symbol.given().into(),
            side: self.side,
            transact_time: Time::now(),
            parameters: NoParameters {},
        })?;
        let tracker = self.client.trackers().quotes(&self.client).await?;
        let advice = format!("Look for QuoteReqID {quote_req_id} on the Quote stream");
        let order = Order {
            kind: "QuoteRequest",
            data,
            judge: Box::new(move |quote| judge(&quote_req_id, quote)),
            follower: None,
            shows: true,
            advice,
        };
        tracker.execute(&self.client, order).await
    }
}

/// What is sent.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QuoteRequest<'a> {
    #[serde(rename = "QuoteReqID")]
    quote_req_id: Cow<'a, str>,
    #[serde(with = "exchange_wire::decimal")]
    order_qty: Decimal,
    currency: Cow<'a, str>,
    symbol: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<Side>,
    transact_time: Time,
    #[serde(default)]
    parameters: NoParameters,
}

/// The vendor's sample has the object, and no member of it is documented.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct NoParameters {}

fn judge(quote_req_id: &str, quote: &Quote) -> Option<Result<Quote, Error>> {
    if quote.quote_req_id.as_deref() != Some(quote_req_id) {
        return None;
    }
    match quote.quote_status {
        Some(QuoteStatus::PendingNew) => None,
        // Cancelled before there was a price to tell.
        Some(QuoteStatus::Rejected | QuoteStatus::Canceled) => Some(Err(quote_rejected(quote))),
        _ => Some(Ok(quote.clone())),
    }
}
