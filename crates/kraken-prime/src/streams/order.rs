//! Order: where each order stands.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::execution_report::ExecutionReport;
use crate::client::{Client, Request};
use crate::enums::OrdStatus;
use crate::time::Time;
use crate::topic::Topic;
use crate::view::View;

/// The orders, kept up to date; by the venue's order id.
pub type OrderBook = View<Orders>;

impl Client {
    /// Where each order stands: one record each at first, then one for each change. Without a
    /// filter these are all orders there ever were.
    ///
    /// The vendor's page: [`Order`](https://docs.kraken.com/institutional/api-reference/prime-websocket/order).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::enums::OrdStatus;
    ///
    /// let orders = client.orders().start(kraken_prime::Time::now()).view().await?;
    /// orders.complete().await?;
    /// for order in orders.records() {
    ///     println!("{:?}: {:?}", order.cl_ord_id, order.ord_status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn orders(&self) -> Request<Orders> {
        self.request(Orders::new())
    }
}

/// The Order stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Orders {
    #[serde(rename = "name")]
    name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    statuses: Vec<OrdStatus>,
    #[serde(rename = "OrderID", skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(rename = "RFQID", skip_serializing_if = "Option::is_none")]
    rfq_id: Option<String>,
}

impl Orders {
    pub(crate) fn new() -> Self {
        Self {
            name: Self::NAME.into(),
            start_date: None,
            end_date: None,
            symbol: None,
            statuses: Vec::new(),
            order_id: None,
            rfq_id: None,
        }
    }
}

impl Request<Orders> {
    /// Only orders submitted after this time.
    pub fn start(mut self, time: impl Into<Time>) -> Self {
        self.topic.start_date = Some(time.into());
        self
    }

    /// Only orders submitted before this time.
    pub fn end(mut self, time: impl Into<Time>) -> Self {
        self.topic.end_date = Some(time.into());
        self
    }

    /// Only this security.
    pub fn symbol(mut self, symbol: impl Into<String>) -> Self {
        self.topic.symbol = Some(symbol.into());
        self
    }

    /// Only orders that stand so. Whether an order that no longer does is removed, or just no
    /// longer told of, the vendor does not say.
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = OrdStatus>) -> Self {
        self.topic.statuses = statuses.into_iter().collect();
        self
    }

    /// Only this order, by the venue's id.
    pub fn order_id(mut self, order_id: impl Into<String>) -> Self {
        self.topic.order_id = Some(order_id.into());
        self
    }

    /// Only orders of this request for a quote.
    pub fn rfq_id(mut self, rfq_id: impl Into<String>) -> Self {
        self.topic.rfq_id = Some(rfq_id.into());
        self
    }
}

impl Topic for Orders {
    const NAME: &'static str = "Order";
    type Record = ExecutionReport;
}

impl Orders {
    pub(crate) fn set_start(&mut self, time: Time) {
        self.start_date = Some(time);
    }
}
