//! How an order is worked.

use exchange_wire::Decimal;
use serde::{Deserialize, Serialize};

use crate::enums::{ErrorAction, StrategyName};
use crate::span::Span;
use crate::time::Time;

/// A strategy with its parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Strategy {
    /// In clips of equal interval.
    SteadyPace(SteadyPace),
    /// When a price is met.
    StopLimit(StopLimit),
}

impl Strategy {
    /// Its name on the wire.
    pub fn name(&self) -> StrategyName {
        match self {
            Self::SteadyPace(_) => StrategyName::SteadyPace,
            Self::StopLimit(_) => StrategyName::StopLimit,
        }
    }
}

/// The parameters only.
impl Serialize for Strategy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::SteadyPace(parameters) => parameters.serialize(serializer),
            Self::StopLimit(parameters) => parameters.serialize(serializer),
        }
    }
}

impl From<SteadyPace> for Strategy {
    fn from(parameters: SteadyPace) -> Self {
        Self::SteadyPace(parameters)
    }
}

impl From<StopLimit> for Strategy {
    fn from(parameters: StopLimit) -> Self {
        Self::StopLimit(parameters)
    }
}

/// Splits the order into clips that are sent at equal intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SteadyPace {
    #[serde(with = "exchange_wire::decimal")]
    clip_size: Decimal,
    clip_interval: Span,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Time>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "exchange_wire::decimal"
    )]
    variance: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_action: Option<ErrorAction>,
}

impl SteadyPace {
    /// Clips of this quantity, which is below that of the order, one each interval.
    pub fn new(clip_size: Decimal, clip_interval: impl Into<Span>) -> Self {
        Self {
            clip_size,
            clip_interval: clip_interval.into(),
            start_time: None,
            end_time: None,
            variance: None,
            error_action: None,
        }
    }

    /// No clip before this time.
    pub fn start_time(mut self, time: impl Into<Time>) -> Self {
        self.start_time = Some(time.into());
        self
    }

    /// The order ends then.
    pub fn end_time(mut self, time: impl Into<Time>) -> Self {
        self.end_time = Some(time.into());
        self
    }

    /// How much the clips vary at random. At other installations `0.1` are 10 % up or down.
    pub fn variance(mut self, variance: Decimal) -> Self {
        self.variance = Some(variance);
        self
    }

    /// What to do when a clip fails.
    pub fn error_action(mut self, action: ErrorAction) -> Self {
        self.error_action = Some(action);
        self
    }
}

/// Holds the order until a price is met, and then places it as a limit order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StopLimit {
    #[serde(with = "exchange_wire::decimal")]
    trigger_price: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Time>,
}

impl StopLimit {
    /// Triggered at this price: above the market to buy, below to sell, as the vendor says of its
    /// FIX interface.
    pub fn new(trigger_price: Decimal) -> Self {
        Self {
            trigger_price,
            end_time: None,
        }
    }

    /// The order ends then.
    pub fn end_time(mut self, time: impl Into<Time>) -> Self {
        self.end_time = Some(time.into());
        self
    }
}
