//! `ExecutionReport`: every event of every order.

use std::borrow::Cow;

use exchange_wire::{Decimal, RawJson};
use serde::{Deserialize, Serialize};

use crate::client::{Client, Request};
use crate::enums::{
    CxlRejReason, DecisionStatus, ExecType, OrdStatus, OrdType, RejectReason, Side, StrategyName,
    TimeInForce,
};
use crate::lifecycle;
use crate::record::record;
use crate::time::Time;
use crate::topic::{Record, Topic};

impl Client {
    /// Every event of every order: acknowledgements, fills, refusals, cancellations,
    /// replacements. Without a start it begins with the whole history.
    ///
    /// The vendor's page: [`ExecutionReport`](https://docs.kraken.com/institutional/api-reference/prime-websocket/execution-report).
    ///
    /// After a reconnect it goes on where it was: events since then are delivered, those delivered
    /// before are not delivered again.
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::{Event, Time};
    ///
    /// let mut reports = client.execution_reports().start(Time::now()).subscribe().await?;
    /// while let Some(event) = reports.next().await {
    ///     match event? {
    ///         Event::Message(message) => {
    ///             for report in message.data {
    ///                 println!("{:?} is {:?}", report.cl_ord_id, report.ord_status);
    ///             }
    ///         }
    ///         Event::Interrupted(why) => println!("{why}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn execution_reports(&self) -> Request<ExecutionReports> {
        self.request(ExecutionReports::new())
    }
}

/// The `ExecutionReport` stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExecutionReports {
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

impl ExecutionReports {
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

impl Request<ExecutionReports> {
    /// Only reports published at this time or later.
    pub fn start(mut self, time: impl Into<Time>) -> Self {
        self.topic.start_date = Some(time.into());
        self
    }

    /// Only reports published before this time.
    pub fn end(mut self, time: impl Into<Time>) -> Self {
        self.topic.end_date = Some(time.into());
        self
    }

    /// Only this security.
    pub fn symbol(mut self, symbol: impl Into<String>) -> Self {
        self.topic.symbol = Some(symbol.into());
        self
    }

    /// Only orders that stand so.
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

impl Topic for ExecutionReports {
    const NAME: &'static str = "ExecutionReport";
    const RESUMES: bool = true;
    type Record = ExecutionReport;

    fn resume_from(&mut self, time: &Time) {
        self.start_date = Some(time.clone());
    }
}

record! {
    /// What happened to an order, and where it stands. The records of the Order stream are of the
    /// same form.
    ///
    /// `"0"` in `avg_px`, `last_px`, `last_qty`, `last_amt`, `last_fee` and `cum_amt` stands for
    /// "nothing yet".
    pub struct ExecutionReport {
        /// The time of the message.
        timestamp: Option<Time> => "Timestamp",
        /// The security.
        symbol: Option<String> => "Symbol",
        /// The venue's id of the order; replacements keep it.
        order_id: Option<String> => "OrderID",
        /// The client's id of the latest request about the order, be it new, cancel, replace or
        /// control.
        cl_ord_id: Option<String> => "ClOrdID",
        /// The client's id of the order that request was about.
        orig_cl_ord_id: Option<String> => "OrigClOrdID",
        /// When the order was first submitted.
        submit_time: Option<Time> => "SubmitTime",
        /// The venue's id of this event.
        exec_id: Option<String> => "ExecID",
        /// Which way it goes.
        side: Option<Side> => "Side",
        /// When it happened.
        transact_time: Option<Time> => "TransactTime",
        /// What happened.
        exec_type: Option<ExecType> => "ExecType",
        /// Where the order stands since.
        ord_status: Option<OrdStatus> => "OrdStatus",
        /// The quantity of the order, in `currency`, counted from its beginning.
        order_qty: Option<Decimal> => "OrderQty" as decimal,
        /// How it finds its price.
        ord_type: Option<OrdType> => "OrdType",
        /// The limit price.
        price: Option<Decimal> => "Price" as decimal,
        /// The currency of the quantities.
        currency: Option<String> => "Currency",
        /// What is still open, in `currency`.
        leaves_qty: Option<Decimal> => "LeavesQty" as decimal,
        /// What was filled so far, in `currency`.
        cum_qty: Option<Decimal> => "CumQty" as decimal,
        /// The average price of the fills, without fees.
        avg_px: Option<Decimal> => "AvgPx" as decimal,
        /// How long it stays.
        time_in_force: Option<TimeInForce> => "TimeInForce",
        /// The price of this fill.
        last_px: Option<Decimal> => "LastPx" as decimal,
        /// The quantity of this fill, in `currency`.
        last_qty: Option<Decimal> => "LastQty" as decimal,
        /// The amount of this fill, in `amount_currency`.
        last_amt: Option<Decimal> => "LastAmt" as decimal,
        /// The fee of this fill.
        last_fee: Option<Decimal> => "LastFee" as decimal,
        /// What was filled so far, in `amount_currency`.
        cum_amt: Option<Decimal> => "CumAmt" as decimal,
        /// Whether the order is being worked; in the Order stream.
        decision_status: Option<DecisionStatus> => "DecisionStatus",
        /// The currency of the amounts.
        amount_currency: Option<String> => "AmountCurrency",
        /// Who submitted it.
        customer_user: Option<String> => "CustomerUser",
        /// Why it was refused. Not in the vendor's list for Prime, seen elsewhere.
        ord_rej_reason: Option<RejectReason> => "OrdRejReason",
        /// Why a request about it was refused. Not in the vendor's list for Prime, seen elsewhere.
        cxl_rej_reason: Option<CxlRejReason> => "CxlRejReason",
        /// The same in words. Not in the vendor's list for Prime, seen elsewhere.
        text: Option<String> => "Text",
        /// The quote it takes. This and all that follows is not in the vendor's list for Prime, but
        /// seen elsewhere.
        quote_id: Option<String> => "QuoteID",
        /// The request for a quote it belongs to.
        rfq_id: Option<String> => "RFQID",
        /// How it is worked.
        strategy: Option<StrategyName> => "Strategy",
        /// The parameters of that.
        parameters: Option<RawJson> => "Parameters",
        /// The slip it tolerates, as a fraction: `0.001` are ten basis points.
        allowed_slippage: Option<Decimal> => "AllowedSlippage" as decimal,
        /// The currency of the fees so far.
        fee_currency: Option<String> => "FeeCurrency",
        /// The currency of this fill's fee.
        last_fee_currency: Option<String> => "LastFeeCurrency",
        /// The session that submitted it.
        session_id: Option<String> => "SessionID",
        /// The session with whose end it is cancelled; whether Prime has that, the vendor does not say.
        cancel_session_id: Option<String> => "CancelSessionID",
        /// When it ends; the name is a guess.
        end_time: Option<Time> => "EndTime",
    }
}

impl ExecutionReport {
    /// Whether nothing can happen to the order any more.
    pub fn is_final(&self) -> bool {
        self.ord_status.as_ref().is_some_and(OrdStatus::is_final) && !self.tells_of_no_order()
    }

    /// Whether it refuses a request for which the venue found no order. Its status is that of the
    /// request then, in FIX's manner, and says nothing of the order that it names.
    pub(crate) fn tells_of_no_order(&self) -> bool {
        let refuses = matches!(
            self.exec_type,
            Some(ExecType::CancelRejected | ExecType::ReplaceRejected)
        );
        refuses
            && (self.ord_status == Some(OrdStatus::Rejected)
                || self.cxl_rej_reason == Some(CxlRejReason::UnknownOrder))
    }
}

impl Record for ExecutionReport {
    /// The venue's id of the order, or the client's where there is none yet.
    type Key = String;

    fn key(&self) -> String {
        self.order_id
            .clone()
            .or_else(|| self.cl_ord_id.clone())
            .unwrap_or_default()
    }

    fn time(&self) -> Option<&Time> {
        self.timestamp.as_ref()
    }

    fn event_id(&self) -> Option<String> {
        self.exec_id.clone()
    }

    fn contradicts(&self, before: &Self) -> Option<String> {
        lifecycle::contradiction(before, self)
    }
}
