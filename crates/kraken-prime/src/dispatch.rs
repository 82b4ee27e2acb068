//! Payloads by the name of their message or call, for tools that learn it when running.
//!
//! Each function reads a payload with the types a client uses, and writes it back as JSON.

use std::marker::PhantomData;

use exchange_transport::Error;
use exchange_wire::{DecodeError, RawJson, from_slice, from_str};
pub use kraken_core::DispatchError;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use crate::commands::sent::{
    NewOrderSingle, OrderCancelReplaceRequest, OrderCancelRequest, OrderControlRequest,
    QuoteCancelRequest, QuoteRequest, UserConfig,
};
use crate::commands::{SteadyPace, StopLimit};
use crate::enums::StrategyName;
use crate::envelope::{ErrorObject, Hello, Message, Refusal};
use crate::rest::types::{BatchAnswer, Data, TransferAnswer};
use crate::rest::{Batches, Deleted, OPERATIONS, PrimeKey, PrimeUser, body};
use crate::streams::{
    Balance, Balances, Conversions, Currencies, Currency, CurrencyConversion, ExecutionReport,
    ExecutionReports, Exposure, Exposures, MarketData, MarketDataSnapshots, Orders, Quote, Quotes,
    Securities, Security, Trade, Trades, User, Users,
};
use crate::time::Time;
use crate::topic::Topic as _;

/// The types of the messages of streams.
pub static STREAMS: &[&str] = &[
    "Balance",
    "Currency",
    "CurrencyConversion",
    "ExecutionReport",
    "Exposure",
    "MarketDataSnapshot",
    "Order",
    "Quote",
    "Security",
    "Trade",
    "User",
];

/// The types of the messages beside the streams that the venue sends.
pub static ANSWERS: &[&str] = &["hello", "Pong", "error"];

/// The types of the messages that a client sends.
pub static REQUESTS: &[&str] = &[
    "subscribe",
    "page",
    "cancel",
    "Ping",
    "NewOrderSingle",
    "OrderCancelRequest",
    "OrderCancelReplaceRequest",
    "OrderControlRequest",
    "QuoteRequest",
    "QuoteCancelRequest",
    "UserConfig",
];

/// Reads a message that the venue sends; `kind` is one of [`STREAMS`] and [`ANSWERS`]. The `type` in
/// the message is not compared with it.
///
/// # Errors
///
/// For an unknown type, and when the message does not fit it.
pub fn message(kind: &str, text: &str) -> Result<RawJson, DispatchError> {
    match kind {
        "Balance" => of_stream::<Balance>(text),
        "Currency" => of_stream::<Currency>(text),
        "CurrencyConversion" => of_stream::<CurrencyConversion>(text),
        "ExecutionReport" | "Order" => of_stream::<ExecutionReport>(text),
        "Exposure" => of_stream::<Exposure>(text),
        "MarketDataSnapshot" => of_stream::<MarketData>(text),
        "Quote" => of_stream::<Quote>(text),
        "Security" => of_stream::<Security>(text),
        "Trade" => of_stream::<Trade>(text),
        "User" => of_stream::<User>(text),
        // What comes back is what was sent.
        "Pong" => of_stream::<RawJson>(text),
        "hello" => again::<Hello>(text),
        "error" => again::<ErrorMessage>(text),
        _ => Err(unknown(kind)),
    }
}

/// The error that a message of the type `error` becomes for whoever made the request.
pub fn refusal(text: &str) -> Error {
    Refusal::read(text)
}

/// Reads what a client sends: a message of one of [`REQUESTS`], or the body of a REST call by its id.
///
/// # Errors
///
/// For an unknown name, and when the payload does not fit it.
pub fn request(name: &str, payload: &[u8]) -> Result<RawJson, DispatchError> {
    let read = match name {
        "subscribe" => sent::<Subscribe>,
        "page" => sent::<Page>,
        "cancel" => sent::<Cancel>,
        "Ping" => sent::<Command<RawJson>>,
        "NewOrderSingle" => sent::<Command<Written<AnyOrder>>>,
        "OrderCancelRequest" => sent::<Command<OrderCancelRequest<'static>>>,
        "OrderCancelReplaceRequest" => sent::<Command<OrderCancelReplaceRequest<'static>>>,
        "OrderControlRequest" => sent::<Command<OrderControlRequest<'static>>>,
        "QuoteRequest" => sent::<Command<QuoteRequest<'static>>>,
        "QuoteCancelRequest" => sent::<Command<QuoteCancelRequest<'static>>>,
        "UserConfig" => sent::<Command<UserConfig>>,
        "createPrimeApiUser" => sent::<body::NewUser>,
        "getPrimeApiUser" | "createPrimeApiUserKey" | "listPrimeApiUserKeys" => {
            sent::<body::OfUser>
        }
        "listPrimeApiUsers" => sent::<body::Nothing>,
        "updatePrimeApiUser" => sent::<body::UserChange>,
        "updatePrimeApiUserRoles" => sent::<body::RoleChange>,
        "updatePrimeApiUserKey" => sent::<body::KeyChange>,
        "deletePrimeApiUserKey" => sent::<body::OfKey>,
        "createPrimeSettlementBatch" => sent::<body::NewBatch>,
        "getPrimeSettlementBatch" => sent::<body::OfBatch>,
        "listPrimeSettlementBatches" => sent::<body::BatchFilter>,
        "settlePrimeSettlementBatchAsset" => sent::<body::OfLeg>,
        _ => return Err(unknown(name)),
    };
    read(payload)
}

/// Reads the whole answer of a REST call, as the call would with status 200.
///
/// # Errors
///
/// For an unknown call, and as the call with that answer.
pub fn answer(operation_id: &str, body: &[u8]) -> Result<RawJson, DispatchError> {
    match operation_id {
        "getPrimeApiUser" => answered::<Data<PrimeUser>>(operation_id, body),
        "listPrimeApiUsers" => answered::<Data<Vec<PrimeUser>>>(operation_id, body),
        "createPrimeApiUser" | "updatePrimeApiUser" | "updatePrimeApiUserRoles" => {
            answered::<PrimeUser>(operation_id, body)
        }
        "createPrimeApiUserKey" | "updatePrimeApiUserKey" => {
            answered::<PrimeKey>(operation_id, body)
        }
        "listPrimeApiUserKeys" => answered::<Data<Vec<PrimeKey>>>(operation_id, body),
        "deletePrimeApiUserKey" => answered::<Deleted>(operation_id, body),
        "createPrimeSettlementBatch" | "getPrimeSettlementBatch" => {
            answered::<BatchAnswer>(operation_id, body)
        }
        "listPrimeSettlementBatches" => answered::<Batches>(operation_id, body),
        "settlePrimeSettlementBatchAsset" => answered::<TransferAnswer>(operation_id, body),
        _ => Err(unknown(operation_id)),
    }
}

fn unknown(name: &str) -> DispatchError {
    DispatchError::UnknownOperation(name.to_owned())
}

fn of_stream<T: DeserializeOwned + Serialize>(text: &str) -> Result<RawJson, DispatchError> {
    Ok(RawJson::from_serialize(&Message::<T>::parse(text)?)?)
}

fn again<T: DeserializeOwned + Serialize>(text: &str) -> Result<RawJson, DispatchError> {
    Ok(RawJson::from_serialize(&from_str::<T>(text)?)?)
}

fn sent<T: DeserializeOwned + Serialize>(payload: &[u8]) -> Result<RawJson, DispatchError> {
    Ok(RawJson::from_serialize(&from_slice::<T>(payload)?)?)
}

fn answered<T: DeserializeOwned + Serialize>(
    operation_id: &str,
    body: &[u8],
) -> Result<RawJson, DispatchError> {
    let row = OPERATIONS.iter().find(|row| row.id == operation_id);
    let row = row.ok_or_else(|| unknown(operation_id))?;
    Ok(RawJson::from_serialize(&kraken_core::decode_answer::<T>(
        row, body,
    )?)?)
}

/// A refusal with what is around it, which a client passes over but for the number.
#[derive(Serialize, Deserialize)]
struct ErrorMessage {
    #[serde(default, with = "exchange_wire::integer")]
    reqid: Option<u64>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, with = "exchange_wire::integer")]
    seq: Option<u64>,
    ts: Option<Time>,
    error: Written<Reason>,
}

/// A command or a ping.
#[derive(Serialize, Deserialize)]
struct Command<T> {
    #[serde(with = "exchange_wire::integer")]
    reqid: u64,
    #[serde(rename = "type")]
    kind: String,
    ts: Option<Time>,
    data: Vec<T>,
}

#[derive(Serialize, Deserialize)]
struct Subscribe {
    #[serde(with = "exchange_wire::integer")]
    reqid: u64,
    #[serde(rename = "type")]
    kind: String,
    streams: Vec<Written<AnyTopic>>,
    tag: Option<String>,
    ts: Option<Time>,
}

#[derive(Serialize, Deserialize)]
struct Page {
    #[serde(with = "exchange_wire::integer")]
    reqid: u64,
    #[serde(rename = "type")]
    kind: String,
    streams: Vec<PageOf>,
}

#[derive(Serialize, Deserialize)]
struct PageOf {
    name: String,
    after: String,
}

#[derive(Serialize, Deserialize)]
struct Cancel {
    #[serde(with = "exchange_wire::integer")]
    reqid: u64,
    #[serde(rename = "type")]
    kind: String,
}

/// A value whose type depends on what is in it, written back by that type.
struct Written<F>(RawJson, PhantomData<F>);

trait Form {
    fn read(value: &RawJson) -> Result<RawJson, DecodeError>;
}

impl<'de, F: Form> Deserialize<'de> for Written<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = RawJson::deserialize(deserializer)?;
        let written = F::read(&value).map_err(|error| D::Error::custom(error.message))?;
        Ok(Self(written, PhantomData))
    }
}

impl<F> Serialize for Written<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn as_type<T: DeserializeOwned + Serialize>(value: &RawJson) -> Result<RawJson, DecodeError> {
    let read: T = value.decode()?;
    // What was read from JSON can be written as JSON.
    Ok(RawJson::from_serialize(&read).unwrap_or_default())
}

/// Why a request was refused: an object, or a bare text.
struct Reason;

impl Form for Reason {
    fn read(value: &RawJson) -> Result<RawJson, DecodeError> {
        if value.get().starts_with('"') {
            as_type::<String>(value)
        } else {
            as_type::<ErrorObject>(value)
        }
    }
}

/// An order, whose parameters are those of its strategy.
struct AnyOrder;

impl Form for AnyOrder {
    fn read(value: &RawJson) -> Result<RawJson, DecodeError> {
        #[derive(Deserialize)]
        struct Peek {
            #[serde(rename = "Strategy")]
            strategy: Option<StrategyName>,
        }
        match value.decode::<Peek>()?.strategy {
            Some(StrategyName::SteadyPace) => as_type::<NewOrderSingle<'static, SteadyPace>>(value),
            Some(StrategyName::StopLimit) => as_type::<NewOrderSingle<'static, StopLimit>>(value),
            _ => as_type::<NewOrderSingle<'static, RawJson>>(value),
        }
    }
}

/// What a stream is asked for with, by its name.
struct AnyTopic;

impl Form for AnyTopic {
    fn read(value: &RawJson) -> Result<RawJson, DecodeError> {
        #[derive(Deserialize)]
        struct Peek {
            name: StreamName,
        }
        match value.decode::<Peek>()?.name.0.as_str() {
            Balances::NAME => as_type::<Balances>(value),
            Conversions::NAME => as_type::<Conversions>(value),
            Currencies::NAME => as_type::<Currencies>(value),
            ExecutionReports::NAME => as_type::<ExecutionReports>(value),
            Exposures::NAME => as_type::<Exposures>(value),
            MarketDataSnapshots::NAME => as_type::<MarketDataSnapshots>(value),
            Orders::NAME => as_type::<Orders>(value),
            Quotes::NAME => as_type::<Quotes>(value),
            Securities::NAME => as_type::<Securities>(value),
            Trades::NAME => as_type::<Trades>(value),
            _ => as_type::<Users>(value),
        }
    }
}

/// The name of a stream, which must be known.
struct StreamName(String);

impl<'de> Deserialize<'de> for StreamName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if STREAMS.contains(&name.as_str()) {
            return Ok(Self(name));
        }
        let text = format!("`name` is none of the streams {}", STREAMS.join(", "));
        Err(D::Error::custom(text))
    }
}
