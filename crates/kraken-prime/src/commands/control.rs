//! `OrderControlRequest`: pauses an order, or lets it go on.

use std::borrow::Cow;

use exchange_transport::{Error, Given, Missing};
use serde::{Deserialize, Serialize};

use super::{OrderId, id_or_new, json, request_rejected};
use crate::client::Client;
use crate::enums::{ControlAction, ExecType};
use crate::streams::ExecutionReport;
use crate::time::Time;
use crate::tracker::Order;

impl Client {
    /// Pauses an order, or lets it go on. Needs the order and what to do.
    ///
    /// The vendor's page: [`OrderControlRequest`](https://docs.kraken.com/institutional/api-reference/prime-websocket/order-control-request).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::{commands::OrderId, enums::ControlAction};
    ///
    /// let order = OrderId::Client("my-order-17".to_owned());
    /// let report = client.control_order().order(order).action(ControlAction::Pause).send().await?;
    /// println!("{:?}", report.ord_status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn control_order(&self) -> ControlOrder {
        ControlOrder {
            client: self.clone(),
            order: Missing,
            action: Missing,
            cl_ord_id: None,
        }
    }
}

/// A control request; made by [`Client::control_order`].
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct ControlOrder<OrderArg = Missing, ActionArg = Missing> {
    client: Client,
    order: OrderArg,
    action: ActionArg,
    cl_ord_id: Option<String>,
}

impl<O, A> ControlOrder<O, A> {
    /// The order. Required.
    pub fn order(self, order: OrderId) -> ControlOrder<OrderId, A> {
        ControlOrder {
            client: self.client,
            order,
            action: self.action,
            cl_ord_id: self.cl_ord_id,
        }
    }

    /// What to do. Required.
    pub fn action(self, action: ControlAction) -> ControlOrder<O, ControlAction> {
        ControlOrder {
            client: self.client,
            order: self.order,
            action,
            cl_ord_id: self.cl_ord_id,
        }
    }

    /// An id of your own for this request, at most 36 characters. Without it a new UUID.
    pub fn cl_ord_id(mut self, id: impl Into<String>) -> Self {
        self.cl_ord_id = Some(id.into());
        self
    }

    /// Sends the request, and waits until the order pauses or goes on.
    ///
    /// # Errors
    ///
    /// The venue's refusal, or trouble on the way; see [the module](crate::commands).
    pub async fn send(self) -> Result<ExecutionReport, Error>
    where
        O: Given<OrderId>,
        A: Given<ControlAction>,
    {
        let cl_ord_id = id_or_new(self.cl_ord_id, "ClOrdID")?;
        let order = self.order.given();
        let (order_id, orig_cl_ord_id) = order.parts();
        let data = json(&OrderControlRequest {
            cl_ord_id: Cow::Borrowed(&cl_ord_id),
            orig_cl_ord_id: orig_cl_ord_id.map(Cow::Borrowed),
            order_id: order_id.map(Cow::Borrowed),
            transact_time: Time::now(),
            action: self.action.given(),
        })?;
        let tracker = self.client.trackers().orders(&self.client).await?;
        let order = Order {
            kind: "OrderControlRequest",
            data,
            judge: Box::new(move |report| judge(&cl_ord_id, report)),
            follower: None,
            shows: false,
            advice: "Look for the order on the Order stream".to_owned(),
        };
        tracker.execute(&self.client, order).await
    }
}

/// What is sent.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OrderControlRequest<'a> {
    #[serde(rename = "ClOrdID")]
    cl_ord_id: Cow<'a, str>,
    #[serde(rename = "OrigClOrdID", skip_serializing_if = "Option::is_none")]
    orig_cl_ord_id: Option<Cow<'a, str>>,
    #[serde(rename = "OrderID", skip_serializing_if = "Option::is_none")]
    order_id: Option<Cow<'a, str>>,
    transact_time: Time,
    action: ControlAction,
}

fn judge(cl_ord_id: &str, report: &ExecutionReport) -> Option<Result<ExecutionReport, Error>> {
    if report.cl_ord_id.as_deref() != Some(cl_ord_id) {
        return None;
    }
    match &report.exec_type {
        Some(ExecType::Paused | ExecType::Resumed) => Some(Ok(report.clone())),
        Some(ExecType::ReplaceRejected | ExecType::CancelRejected | ExecType::Rejected) => {
            Some(Err(request_rejected(report)))
        }
        _ if report.is_final() => Some(Err(request_rejected(report))),
        _ => None,
    }
}
