//! `OrderCancelReplaceRequest`: changes an order.

use std::borrow::Cow;

use exchange_transport::{Error, Given, Missing};
use exchange_wire::{Decimal, RawJson};
use serde::{Deserialize, Deserializer, Serialize};

use super::{OrderId, Strategy, above_zero, id_or_new, json, request_rejected};
use crate::client::Client;
use crate::enums::{ExecType, OrdStatus, StrategyName};
use crate::streams::ExecutionReport;
use crate::time::Time;
use crate::tracker::Order;

impl Client {
    /// Changes quantity, price or strategy of an order. Needs a symbol, the order, and the new
    /// quantity; for a limit order also the price.
    ///
    /// The vendor's page: [`OrderCancelReplaceRequest`](https://docs.kraken.com/institutional/api-reference/prime-websocket/order-cancel-replace-request).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::{Decimal, commands::OrderId};
    ///
    /// let order = OrderId::Client("my-order-17".to_owned());
    /// let report = client
    ///     .replace_order()
    ///     .symbol("BTC-USD")
    ///     .order(order)
    ///     .total_quantity(Decimal::new(2, 2)) // 0.02
    ///     .price(Decimal::from(43_500))
    ///     .send()
    ///     .await?;
    /// println!("{:?}", report.ord_status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn replace_order(&self) -> ReplaceOrder {
        ReplaceOrder {
            client: self.clone(),
            symbol: Missing,
            order: Missing,
            quantity: Missing,
            options: Options::default(),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Options {
    cl_ord_id: Option<String>,
    price: Option<Decimal>,
    strategy: Option<StrategyName>,
    parameters: Option<Parameters>,
    end_time: Option<Time>,
}

/// What the parameters are sent as.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Parameters {
    Of(Strategy),
    AsGiven(RawJson),
}

/// Which strategy they belong to may not be told, so all are taken.
impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawJson::deserialize(deserializer).map(Self::AsGiven)
    }
}

/// A replacement; made by [`Client::replace_order`].
#[derive(Debug, Clone)]
#[must_use = "a replacement does nothing until it is sent"]
pub struct ReplaceOrder<SymbolArg = Missing, OrderArg = Missing, QuantityArg = Missing> {
    client: Client,
    symbol: SymbolArg,
    order: OrderArg,
    quantity: QuantityArg,
    options: Options,
}

impl<S, O, Q> ReplaceOrder<S, O, Q> {
    /// The security. Required.
    pub fn symbol(self, symbol: impl Into<String>) -> ReplaceOrder<String, O, Q> {
        ReplaceOrder {
            client: self.client,
            symbol: symbol.into(),
            order: self.order,
            quantity: self.quantity,
            options: self.options,
        }
    }

    /// The order. Required.
    pub fn order(self, order: OrderId) -> ReplaceOrder<S, OrderId, Q> {
        ReplaceOrder {
            client: self.client,
            symbol: self.symbol,
            order,
            quantity: self.quantity,
            options: self.options,
        }
    }

    /// The new quantity **as a whole**, what is already filled included: 8 leaves 5 open if 3 are
    /// filled. The vendor's order tables say so, not its page on this command: before relying on
    /// it, see `leaves_qty` of the report. Required.
    pub fn total_quantity(self, quantity: Decimal) -> ReplaceOrder<S, O, Decimal> {
        ReplaceOrder {
            client: self.client,
            symbol: self.symbol,
            order: self.order,
            quantity,
            options: self.options,
        }
    }

    /// The limit price. Needed for limit orders, also if it stays.
    pub fn price(mut self, price: Decimal) -> Self {
        self.options.price = Some(price);
        self
    }

    /// The strategy, with its parameters. Whether `StopLimit` is taken here is not certain: the
    /// vendor's list for replacements lacks it.
    pub fn strategy(mut self, strategy: impl Into<Strategy>) -> Self {
        let strategy = strategy.into();
        self.options.strategy = Some(strategy.name());
        self.options.parameters = Some(Parameters::Of(strategy));
        self
    }

    /// Parameters of the strategy it has, as a JSON object, such as `{"ErrorAction":"Pause"}`.
    pub fn parameters(mut self, parameters: RawJson) -> Self {
        self.options.parameters = Some(Parameters::AsGiven(parameters));
        self
    }

    /// The order ends then.
    pub fn end_time(mut self, time: impl Into<Time>) -> Self {
        self.options.end_time = Some(time.into());
        self
    }

    /// An id of your own for this request, at most 36 characters, which the order has from then
    /// on. Without it a new UUID.
    pub fn cl_ord_id(mut self, id: impl Into<String>) -> Self {
        self.options.cl_ord_id = Some(id.into());
        self
    }

    /// Sends the request, and waits until the order is replaced. It may be filled already.
    ///
    /// # Errors
    ///
    /// The venue's refusal, also if the order was cancelled meanwhile, or trouble on the way; see [the module](crate::commands).
    pub async fn send(self) -> Result<ExecutionReport, Error>
    where
        S: Given<String>,
        O: Given<OrderId>,
        Q: Given<Decimal>,
    {
        let cl_ord_id = id_or_new(self.options.cl_ord_id, "ClOrdID")?;
        let order = self.order.given();
        let (order_id, orig_cl_ord_id) = order.parts();
        let data = json(&OrderCancelReplaceRequest {
            symbol: self.symbol.given().into(),
            cl_ord_id: Cow::Borrowed(&cl_ord_id),
            orig_cl_ord_id: orig_cl_ord_id.map(Cow::Borrowed),
            order_id: order_id.map(Cow::Borrowed),
            order_qty: above_zero(self.quantity.given(), "OrderQty")?,
            price: self.options.price,
            transact_time: Time::now(),
            strategy: self.options.strategy,
            end_time: self.options.end_time,
            parameters: self.options.parameters,
        })?;
        let tracker = self.client.trackers().orders(&self.client).await?;
        let order = Order {
            kind: "OrderCancelReplaceRequest",
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
pub(crate) struct OrderCancelReplaceRequest<'a> {
    symbol: Cow<'a, str>,
    #[serde(rename = "ClOrdID")]
    cl_ord_id: Cow<'a, str>,
    #[serde(rename = "OrigClOrdID", skip_serializing_if = "Option::is_none")]
    orig_cl_ord_id: Option<Cow<'a, str>>,
    #[serde(rename = "OrderID", skip_serializing_if = "Option::is_none")]
    order_id: Option<Cow<'a, str>>,
    #[serde(with = "exchange_wire::decimal")]
    order_qty: Decimal,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "exchange_wire::decimal"
    )]
    price: Option<Decimal>,
    transact_time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<StrategyName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Parameters>,
}

fn judge(cl_ord_id: &str, report: &ExecutionReport) -> Option<Result<ExecutionReport, Error>> {
    if report.cl_ord_id.as_deref() != Some(cl_ord_id) {
        return None;
    }
    match (&report.exec_type, &report.ord_status) {
        (Some(ExecType::ReplaceRejected | ExecType::CancelRejected | ExecType::Rejected), _) => {
            Some(Err(request_rejected(report)))
        }
        // Until it is replaced, fills carry the id of before, by the tables known from other
        // installations; by the vendor's words for `ClOrdID` they could carry this one.
        (Some(ExecType::PendingReplace), _) | (_, Some(OrdStatus::PendingReplace)) => None,
        // It was cancelled meanwhile, or after it: no order stands as it was wanted.
        (_, Some(OrdStatus::Canceled)) => Some(Err(request_rejected(report))),
        _ => Some(Ok(report.clone())),
    }
}
