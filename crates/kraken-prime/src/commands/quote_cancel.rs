//! `QuoteCancelRequest`: drops a request for a quote.

use std::borrow::Cow;

use exchange_transport::{Error, Given, Missing};
use serde::{Deserialize, Serialize};

use super::{json, quote_rejected};
use crate::client::Client;
use crate::enums::QuoteStatus;
use crate::streams::Quote;
use crate::time::Time;
use crate::tracker::Order;

impl Client {
    /// Drops a request for a quote. Needs both of its ids.
    ///
    /// The vendor's page: [`QuoteCancelRequest`](https://docs.kraken.com/institutional/api-reference/prime-websocket/quote-cancel-request).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// let quote = client
    ///     .cancel_quote()
    ///     .quote_req_id("my-request-4")
    ///     .rfq_id("16a55364-4248-4575-aa0b-dddd3f694ca3")
    ///     .send()
    ///     .await?;
    /// println!("{:?}", quote.quote_status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_quote(&self) -> CancelQuote {
        CancelQuote {
            client: self.clone(),
            quote_req_id: Missing,
            rfq_id: Missing,
        }
    }
}

/// A cancellation; made by [`Client::cancel_quote`].
#[derive(Debug, Clone)]
#[must_use = "a cancellation does nothing until it is sent"]
pub struct CancelQuote<RequestArg = Missing, RfqArg = Missing> {
    client: Client,
    quote_req_id: RequestArg,
    rfq_id: RfqArg,
}

/// Two ids of different types, so that one can't be taken for the other.
#[derive(Debug, Clone)]
pub struct RfqId(String);

impl<R, F> CancelQuote<R, F> {
    /// The client's id of the request. Required.
    pub fn quote_req_id(self, id: impl Into<String>) -> CancelQuote<String, F> {
        CancelQuote {
            client: self.client,
            quote_req_id: id.into(),
            rfq_id: self.rfq_id,
        }
    }

    /// The venue's id of the same request. Required.
    pub fn rfq_id(self, id: impl Into<String>) -> CancelQuote<R, RfqId> {
        CancelQuote {
            client: self.client,
            quote_req_id: self.quote_req_id,
            rfq_id: RfqId(id.into()),
        }
    }

    /// Sends the request, and waits until the request for a quote is cancelled.
    ///
    /// # Errors
    ///
    /// If it ended otherwise, the venue's refusal, or trouble on the way; see
    /// [the module](crate::commands).
    pub async fn send(self) -> Result<Quote, Error>
    where
        R: Given<String>,
        F: Given<RfqId>,
    {
        let quote_req_id = self.quote_req_id.given();
        let RfqId(rfq_id) = self.rfq_id.given();
        let data = json(&QuoteCancelRequest {
            quote_req_id: Cow::Borrowed(&quote_req_id),
            rfq_id: Cow::Borrowed(&rfq_id),
            transact_time: Time::now(),
        })?;
        let tracker = self.client.trackers().quotes(&self.client).await?;
        let order = Order {
            kind: "QuoteCancelRequest",
            data,
            judge: Box::new(move |quote| judge(&rfq_id, quote)),
            follower: None,
            shows: false,
            advice: format!("Look for QuoteReqID {quote_req_id} on the Quote stream"),
        };
        tracker.execute(&self.client, order).await
    }
}

/// What is sent.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QuoteCancelRequest<'a> {
    #[serde(rename = "QuoteReqID")]
    quote_req_id: Cow<'a, str>,
    #[serde(rename = "RFQID")]
    rfq_id: Cow<'a, str>,
    transact_time: Time,
}

fn judge(rfq_id: &str, quote: &Quote) -> Option<Result<Quote, Error>> {
    if quote.rfq_id.as_deref() != Some(rfq_id) {
        return None;
    }
    match quote.quote_status {
        Some(QuoteStatus::Canceled) => Some(Ok(quote.clone())),
        Some(QuoteStatus::Filled | QuoteStatus::Rejected) => Some(Err(quote_rejected(quote))),
        _ => None,
    }
}
