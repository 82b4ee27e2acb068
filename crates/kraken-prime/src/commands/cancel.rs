//! `OrderCancelRequest`: cancels an order.

use std::borrow::Cow;

use exchange_transport::{Error, Given, Missing};
use serde::{Deserialize, Serialize};

use super::{OrderId, id_or_new, json, request_rejected};
use crate::client::Client;
use crate::enums::{ExecType, OrdStatus};
use crate::streams::ExecutionReport;
use crate::time::Time;
use crate::tracker::Order;

impl Client {
    /// Cancels an order. Needs a symbol and the order. See also
    /// [`Placed::cancel`](super::Placed::cancel).
    ///
    /// The vendor's page: [`OrderCancelRequest`](https://docs.kraken.com/institutional/api-reference/prime-websocket/order-cancel-request).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::commands::OrderId;
    ///
    /// let order = OrderId::Venue("16a55364-4248-4575-aa0b-dddd3f694ca3".to_owned());
    /// let report = client.cancel_order().symbol("BTC-USD").order(order).send().await?;
    /// println!("cancelled after {:?}", report.cum_qty);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel_order(&self) -> CancelOrder {
        CancelOrder {
            client: self.clone(),
            symbol: Missing,
            order: Missing,
            cl_ord_id: None,
        }
    }
}

/// A cancellation; made by [`Client::cancel_order`].
#[derive(Debug, Clone)]
#[must_use = "a cancellation does nothing until it is sent"]
pub struct CancelOrder<SymbolArg = Missing, OrderArg = Missing> {
    client: Client,
    symbol: SymbolArg,
    order: OrderArg,
    cl_ord_id: Option<String>,
}

impl<S, O> CancelOrder<S, O> {
    /// The security. Required.
    pub fn symbol(self, symbol: impl Into<String>) -> CancelOrder<String, O> {
        CancelOrder {
            client: self.client,
            symbol: symbol.into(),
            order: self.order,
            cl_ord_id: self.cl_ord_id,
        }
    }

    /// The order. Required.
    pub fn order(self, order: OrderId) -> CancelOrder<S, OrderId> {
        CancelOrder {
            client: self.client,
            symbol: self.symbol,
            order,
            cl_ord_id: self.cl_ord_id,
        }
    }

    /// An id of your own for this request, at most 36 characters. Without it a new UUID.
    pub fn cl_ord_id(mut self, id: impl Into<String>) -> Self {
        self.cl_ord_id = Some(id.into());
        self
    }

    /// Sends the request, and waits until the order is cancelled. It may have been filled in part.
    ///
    /// # Errors
    ///
    /// The venue's refusal, also if the order was filled first, or trouble on the way; see
    /// [the module](crate::commands).
    pub async fn send(self) -> Result<ExecutionReport, Error>
    where
        S: Given<String>,
        O: Given<OrderId>,
    {
        let cl_ord_id = id_or_new(self.cl_ord_id, "ClOrdID")?;
        let order = self.order.given();
        let (order_id, orig_cl_ord_id) = order.parts();
        let data = json(&OrderCancelRequest {
            symbol: self.symbol.given().into(),
            cl_ord_id: Cow::Borrowed(&cl_ord_id),
            orig_cl_ord_id: orig_cl_ord_id.map(Cow::Borrowed),
            order_id: order_id.map(Cow::Borrowed),
            transact_time: Time::now(),
        })?;
        let tracker = self.client.trackers().orders(&self.client).await?;
        let advice = "Look for the order on the Order stream".to_owned();
        let order = Order {
            kind: "OrderCancelRequest",
            data,
            judge: Box::new(move |report| judge(&cl_ord_id, &order, report)),
            follower: None,
            shows: false,
            advice,
        };
        tracker.execute(&self.client, order).await
    }
}

/// What is sent.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OrderCancelRequest<'a> {
    symbol: Cow<'a, str>,
    #[serde(rename = "ClOrdID")]
    cl_ord_id: Cow<'a, str>,
    #[serde(rename = "OrigClOrdID", skip_serializing_if = "Option::is_none")]
    orig_cl_ord_id: Option<Cow<'a, str>>,
    #[serde(rename = "OrderID", skip_serializing_if = "Option::is_none")]
    order_id: Option<Cow<'a, str>>,
    transact_time: Time,
}

fn judge(
    cl_ord_id: &str,
    order: &OrderId,
    report: &ExecutionReport,
) -> Option<Result<ExecutionReport, Error>> {
    let answers = report.cl_ord_id.as_deref() == Some(cl_ord_id);
    // Cancelled is cancelled, whoever asked for it.
    let is_canceled = report.ord_status == Some(OrdStatus::Canceled) && !report.tells_of_no_order();
    if is_canceled && (answers || order.is_of(report)) {
        return Some(Ok(report.clone()));
    }
    if !answers {
        return None;
    }
    match &report.exec_type {
        Some(ExecType::CancelRejected | ExecType::ReplaceRejected | ExecType::Rejected) => {
            Some(Err(request_rejected(report)))
        }
        Some(ExecType::Canceled) => Some(Ok(report.clone())),
        _ if report.is_final() => Some(Err(request_rejected(report))),
        _ => None,
    }
}
