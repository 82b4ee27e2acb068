//! `NewOrderSingle`: places an order.

use std::borrow::Cow;

use std::sync::Arc;

use exchange_transport::{Error, Given, Kind, Missing};
use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{OrderId, Strategy, above_zero, id_or_new, json, rejected};
use crate::client::Client;
use crate::commands::CancelOrder;
use crate::enums::{ExecType, OrdStatus, OrdType, QuoteStatus, Side, StrategyName, TimeInForce};
use crate::notice::{Notice, NoticeBoard};
use crate::streams::{ExecutionReport, Quote};
use crate::time::Time;
use crate::topic::Record as _;
use crate::tracker::{Follower, Order};

impl Client {
    /// Places an order. Needs a symbol, a side, a quantity, and one of
    /// [`market`](NewOrder::market), [`limit`](NewOrder::limit) and [`quote`](NewOrder::quote).
    ///
    /// The vendor's page: [`NewOrderSingle`](https://docs.kraken.com/institutional/api-reference/prime-websocket/new-order-single).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::Decimal;
    /// use kraken_prime::enums::{Side, TimeInForce};
    ///
    /// let mut placed = client
    ///     .new_order()
    ///     .symbol("BTC-USD")
    ///     .side(Side::Buy)
    ///     .quantity(Decimal::new(1, 2)) // 0.01
    ///     .limit(Decimal::from(43_000), TimeInForce::GoodTillCancel)
    ///     .send()
    ///     .await?;
    /// println!("accepted as {:?}", placed.order_id());
    /// let end = placed.finished().await?;
    /// println!("{:?} after {:?}", end.ord_status, end.cum_qty);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Without a price it does not compile:
    ///
    /// ```compile_fail,E0277
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// # use kraken_prime::{Decimal, enums::Side};
    /// client.new_order().symbol("BTC-USD").side(Side::Buy).quantity(Decimal::ONE).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_order(&self) -> NewOrder {
        NewOrder {
            client: self.clone(),
            symbol: Missing,
            side: Missing,
            quantity: Missing,
            pricing: Missing,
            options: Options::default(),
        }
    }

    /// Begins an order that takes the prices of a quote: with its symbol, quantity, currency and
    /// ids. `Side::Buy` takes the offer, `Side::Sell` the bid. Be quick: prices are good until
    /// `valid_until_time`.
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// use kraken_prime::{Decimal, enums::Side};
    ///
    /// let ask = client.request_quote().symbol("BTC-USD").currency("BTC");
    /// let quote = ask.quantity(Decimal::new(3, 1)).send().await?;
    /// if quote.offer_px.is_some_and(|price| price < Decimal::from(47_000)) {
    ///     client.take_quote(&quote, Side::Buy)?.send().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidRequest`] if the quote has no price to take, is for the other side, or lacks
    /// what an order needs.
    pub fn take_quote(
        &self,
        quote: &Quote,
        side: Side,
    ) -> Result<NewOrder<String, Side, Decimal, Pricing>, Error> {
        let lacks = |what: &str| {
            Error::new(Kind::InvalidRequest).with_text(format!("the quote can't be taken: {what}"))
        };
        let (quote_id, rfq_id) = quote.ids().ok_or_else(|| lacks("it has no price"))?;
        if quote.side.as_ref().is_some_and(|asked| *asked != side) {
            return Err(lacks("it is for the other side"));
        }
        let symbol = quote.symbol.as_deref().ok_or_else(|| lacks("no symbol"))?;
        let quantity = quote.order_qty.ok_or_else(|| lacks("no quantity"))?;
        let order = self
            .new_order()
            .symbol(symbol)
            .side(side)
            .quantity(quantity);
        let order = order.quote(quote_id, rfq_id);
        // Without it the quantity counts as one of the base currency.
        Ok(match &quote.currency {
            Some(currency) => order.currency(currency),
            None => order,
        })
    }
}

/// How an order finds its price; made by the methods of [`NewOrder`].
#[derive(Debug, Clone)]
pub struct Pricing {
    ord_type: OrdType,
    price: Option<Decimal>,
    time_in_force: Option<TimeInForce>,
    quote_id: Option<String>,
    rfq_id: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct Options {
    cl_ord_id: Option<String>,
    currency: Option<String>,
    strategy: Option<Strategy>,
    allowed_slippage: Option<Decimal>,
    rfq_id: Option<String>,
    guard: Option<Decimal>,
}

impl Options {
    /// What has no meaning for such an order is refused, not left out.
    fn check(&self, ord_type: &OrdType) -> Result<(), Error> {
        let of_quotes = self.guard.is_some() && *ord_type != OrdType::Rfq;
        let of_limits = (self.allowed_slippage.is_some() || self.rfq_id.is_some())
            && *ord_type != OrdType::Limit;
        let misplaced = match (of_quotes, of_limits) {
            (false, false) => return Ok(()),
            (true, _) => "`guard_price` is for orders at a quote",
            (false, true) => "`allowed_slippage` and `rfq_id` are for limit orders",
        };
        Err(Error::new(Kind::InvalidRequest).with_text(misplaced))
    }
}

/// An order to be placed; made by [`Client::new_order`].
#[derive(Debug, Clone)]
#[must_use = "an order does nothing until it is sent"]
pub struct NewOrder<
    SymbolArg = Missing,
    SideArg = Missing,
    QuantityArg = Missing,
    PricingArg = Missing,
> {
    client: Client,
    symbol: SymbolArg,
    side: SideArg,
    quantity: QuantityArg,
    pricing: PricingArg,
    options: Options,
}

impl<S, D, Q, P> NewOrder<S, D, Q, P> {
    /// The security, such as `BTC-USD`. Required.
    pub fn symbol(self, symbol: impl Into<String>) -> NewOrder<String, D, Q, P> {
        NewOrder {
            client: self.client,
            symbol: symbol.into(),
            side: self.side,
            quantity: self.quantity,
            pricing: self.pricing,
            options: self.options,
        }
    }

    /// Which way. Required.
    pub fn side(self, side: Side) -> NewOrder<S, Side, Q, P> {
        NewOrder {
            client: self.client,
            symbol: self.symbol,
            side,
            quantity: self.quantity,
            pricing: self.pricing,
            options: self.options,
        }
    }

    /// How much, in the base currency unless [`currency`](Self::currency) says otherwise.
    /// Required. The security's increments are not checked.
    pub fn quantity(self, quantity: Decimal) -> NewOrder<S, D, Decimal, P> {
        NewOrder {
            client: self.client,
            symbol: self.symbol,
            side: self.side,
            quantity,
            pricing: self.pricing,
            options: self.options,
        }
    }

    /// At the market.
    pub fn market(self, time_in_force: TimeInForce) -> NewOrder<S, D, Q, Pricing> {
        self.priced(Pricing {
            ord_type: OrdType::Market,
            price: None,
            time_in_force: Some(time_in_force),
            quote_id: None,
            rfq_id: None,
        })
    }

    /// At a price or better, in the quote currency.
    pub fn limit(self, price: Decimal, time_in_force: TimeInForce) -> NewOrder<S, D, Q, Pricing> {
        self.priced(Pricing {
            ord_type: OrdType::Limit,
            price: Some(price),
            time_in_force: Some(time_in_force),
            quote_id: None,
            rfq_id: None,
        })
    }

    /// At the price of a quote, by its `QuoteID` and `RFQID`: all at once or nothing. Symbol and
    /// quantity must be those of the request, and so must the side if it had one; give the
    /// [`currency`](Self::currency), too, if it is not the base currency.
    pub fn quote(
        self,
        quote_id: impl Into<String>,
        rfq_id: impl Into<String>,
    ) -> NewOrder<S, D, Q, Pricing> {
        self.priced(Pricing {
            ord_type: OrdType::Rfq,
            price: None,
            time_in_force: None,
            quote_id: Some(quote_id.into()),
            rfq_id: Some(rfq_id.into()),
        })
    }

    fn priced(self, pricing: Pricing) -> NewOrder<S, D, Q, Pricing> {
        NewOrder {
            client: self.client,
            symbol: self.symbol,
            side: self.side,
            quantity: self.quantity,
            pricing,
            options: self.options,
        }
    }

    /// An id of your own, at most 36 characters; the vendor gives its form as a UUID, and at other
    /// installations no other request of the day may have it. Without it a new UUID.
    pub fn cl_ord_id(mut self, id: impl Into<String>) -> Self {
        self.options.cl_ord_id = Some(id.into());
        self
    }

    /// The currency of the quantity, base or quote. Without it the base currency.
    pub fn currency(mut self, currency: impl Into<String>) -> Self {
        self.options.currency = Some(currency.into());
        self
    }

    /// How the order is worked.
    pub fn strategy(mut self, strategy: impl Into<Strategy>) -> Self {
        self.options.strategy = Some(strategy.into());
        self
    }

    /// The worst price to take when trading a quote; only for [`quote`](Self::quote). Without it,
    /// that of the quote.
    pub fn guard_price(mut self, price: Decimal) -> Self {
        self.options.guard = Some(price);
        self
    }

    /// The slip to tolerate with a limit order against a request for a quote. At other
    /// installations it is a fraction: `0.001` are ten basis points. Only for
    /// [`limit`](Self::limit).
    pub fn allowed_slippage(mut self, slippage: Decimal) -> Self {
        self.options.allowed_slippage = Some(slippage);
        self
    }

    /// The request for a quote that a limit order is placed against; only for
    /// [`limit`](Self::limit). The vendor says that there are such orders, not how they name the
    /// request: that it is so is a guess.
    pub fn rfq_id(mut self, rfq_id: impl Into<String>) -> Self {
        self.options.rfq_id = Some(rfq_id.into());
        self
    }

    /// Sends the order, and waits until it is accepted. What happens then, [`Placed`] tells; it
    /// may be filled or cancelled already.
    ///
    /// # Errors
    ///
    /// [`Kind::InvalidRequest`] before anything is sent, the venue's refusal, or trouble on the
    /// way; see [the module](crate::commands).
    pub async fn send(self) -> Result<Placed, Error>
    where
        S: Given<String>,
        D: Given<Side>,
        Q: Given<Decimal>,
        P: Given<Pricing>,
    {
        let pricing = self.pricing.given();
        self.options.check(&pricing.ord_type)?;
        let Options {
            cl_ord_id,
            currency,
            strategy,
            allowed_slippage,
            rfq_id,
            guard,
        } = self.options;
        let cl_ord_id = id_or_new(cl_ord_id, "ClOrdID")?;
        let data = json(&NewOrderSingle {
            symbol: self.symbol.given().into(),
            cl_ord_id: Cow::Borrowed(&cl_ord_id),
            side: self.side.given(),
            transact_time: Time::now(),
            order_qty: above_zero(self.quantity.given(), "OrderQty")?,
            ord_type: pricing.ord_type,
            price: pricing.price.or(guard),
            currency,
            time_in_force: pricing.time_in_force,
            strategy: strategy.as_ref().map(Strategy::name),
            parameters: strategy,
            quote_id: pricing.quote_id,
            rfq_id: pricing.rfq_id.or(rfq_id),
            allowed_slippage,
        })?;

        let (latest, follower) = follow(&cl_ord_id, self.client.notice_board());
        let wanted = cl_ord_id.clone();
        let tracker = self.client.trackers().orders(&self.client).await?;
        let report = tracker
            .execute(
                &self.client,
                Order {
                    kind: "NewOrderSingle",
                    data,
                    judge: Box::new(move |report| judge(&wanted, report)),
                    follower: Some(follower),
                    shows: true,
                    advice: format!("Look for ClOrdID {cl_ord_id} on the Order stream"),
                },
            )
            .await?;
        Ok(Placed {
            client: self.client,
            cl_ord_id,
            accepted: report,
            latest,
        })
    }
}

/// What is sent.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NewOrderSingle<'a, P = Strategy> {
    symbol: Cow<'a, str>,
    #[serde(rename = "ClOrdID")]
    cl_ord_id: Cow<'a, str>,
    side: Side,
    transact_time: Time,
    #[serde(with = "exchange_wire::decimal")]
    order_qty: Decimal,
    ord_type: OrdType,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "exchange_wire::decimal"
    )]
    price: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_in_force: Option<TimeInForce>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy: Option<StrategyName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<P>,
    #[serde(rename = "QuoteID", skip_serializing_if = "Option::is_none")]
    quote_id: Option<String>,
    #[serde(rename = "RFQID", skip_serializing_if = "Option::is_none")]
    rfq_id: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "exchange_wire::decimal"
    )]
    allowed_slippage: Option<Decimal>,
}

/// Whether a report settles whether the order was accepted.
fn judge(cl_ord_id: &str, report: &ExecutionReport) -> Option<Result<ExecutionReport, Error>> {
    // After a request about it the order has another id of the client's.
    let is_it = [&report.cl_ord_id, &report.orig_cl_ord_id]
        .into_iter()
        .any(|id| id.as_deref() == Some(cl_ord_id));
    if !is_it || report.tells_of_no_order() {
        return None;
    }
    match (&report.exec_type, &report.ord_status) {
        (_, Some(OrdStatus::Rejected)) | (Some(ExecType::Rejected), _) => Some(Err(rejected(
            report.ord_rej_reason.as_ref(),
            report.text.as_deref(),
            report,
        ))),
        // It has arrived; whether it is accepted is still open.
        (_, Some(OrdStatus::PendingNew)) | (Some(ExecType::PendingNew), _) => None,
        _ => Some(Ok(report.clone())),
    }
}

type Latest = watch::Receiver<Option<ExecutionReport>>;

/// Keeps the latest report of an order, by the venue's id as soon as that is known.
fn follow(cl_ord_id: &str, notices: NoticeBoard) -> (Latest, Follower<ExecutionReport>) {
    let (sender, latest) = watch::channel(None::<ExecutionReport>);
    let cl_ord_id = cl_ord_id.to_owned();
    let mut order_id: Option<Arc<str>> = None;
    let follower = move |report: &ExecutionReport| {
        let is_it = match &order_id {
            Some(id) => report.order_id.as_deref() == Some(&**id),
            None => report.cl_ord_id.as_ref() == Some(&cl_ord_id),
        };
        if is_it && !report.tells_of_no_order() {
            order_id = order_id
                .take()
                .or_else(|| report.order_id.as_deref().map(Into::into));
            let before = sender.borrow().clone();
            if let Some(why) = before.and_then(|before| report.contradicts(&before)) {
                notices.tell(Notice::Impossible {
                    stream: "ExecutionReport",
                    key: report.key(),
                    why,
                });
            }
            sender.send_replace(Some(report.clone()));
        }
        !sender.is_closed()
    };
    (latest, Box::new(follower))
}

/// An order that was accepted.
#[derive(Debug, Clone)]
pub struct Placed {
    client: Client,
    cl_ord_id: String,
    accepted: ExecutionReport,
    latest: Latest,
}

impl Placed {
    /// The report that settled that it is accepted.
    pub fn accepted(&self) -> &ExecutionReport {
        &self.accepted
    }

    /// The client's id it was placed with.
    pub fn cl_ord_id(&self) -> &str {
        &self.cl_ord_id
    }

    /// The venue's id, which it keeps.
    pub fn order_id(&self) -> Option<&str> {
        self.accepted.order_id.as_deref()
    }

    /// The latest report about it.
    pub fn latest(&self) -> ExecutionReport {
        self.latest
            .borrow()
            .clone()
            .unwrap_or_else(|| self.accepted.clone())
    }

    /// Waits for the next report about it; reports that come while nobody waits are told as one.
    /// Safe to drop at any time.
    ///
    /// # Errors
    ///
    /// When the client is closed.
    pub async fn changed(&mut self) -> Result<ExecutionReport, Error> {
        self.latest.changed().await.map_err(|_| closed())?;
        Ok(self.latest())
    }

    /// Waits until it is filled, cancelled or rejected, across losses of the connection. Safe to
    /// drop at any time.
    ///
    /// # Errors
    ///
    /// When the client is closed.
    pub async fn finished(&mut self) -> Result<ExecutionReport, Error> {
        if self.accepted.is_final() {
            return Ok(self.latest());
        }
        let is_final = |latest: &Option<ExecutionReport>| {
            latest.as_ref().is_some_and(ExecutionReport::is_final)
        };
        self.latest.wait_for(is_final).await.map_err(|_| closed())?;
        Ok(self.latest())
    }

    /// Begins its cancellation.
    pub fn cancel(&self) -> CancelOrder<String, OrderId> {
        let id = match self.order_id() {
            Some(id) => OrderId::Venue(id.to_owned()),
            None => OrderId::Client(self.cl_ord_id.clone()),
        };
        let symbol = self.accepted.symbol.clone().unwrap_or_default();
        self.client.cancel_order().symbol(symbol).order(id)
    }
}

fn closed() -> Error {
    Error::new(Kind::Transport)
        .with_text("the client was closed; where the order stands is not known")
}

impl Quote {
    /// The ids by which an order takes these prices, for [`NewOrder::quote`]; `None` if there is
    /// no price to take, since the request is over or not priced yet.
    pub fn ids(&self) -> Option<(&str, &str)> {
        // A status of a later version may well have a price.
        let has_none = self
            .quote_status
            .as_ref()
            .is_some_and(|status| status.is_known() && *status != QuoteStatus::Open);
        if has_none {
            return None;
        }
        Some((self.quote_id.as_deref()?, self.rfq_id.as_deref()?))
    }
}
