//! Strategies: how an order is worked that is not simply placed.

use std::time::Duration;

use rust_decimal::Decimal;

use super::ask::{Ask, is_sane, missing};
use crate::Moment;
use crate::json::Json;

/// Clips do not follow each other faster.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
pub(crate) enum StrategyName {
    SteadyPace,
    StopLimit,
    Other,
}

const ERROR_ACTIONS: &[(&str, ErrorAction)] = &[
    ("Pause", ErrorAction::Pause),
    ("Continue", ErrorAction::Continue),
    ("Cancel", ErrorAction::Cancel),
];

/// What to do about a clip that can't be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorAction {
    Pause,
    Continue,
    Cancel,
}

/// How an order is worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    SteadyPace(Pace),
    StopLimit { trigger: Decimal, triggered: bool },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    pub clip: Decimal,
    pub interval: Duration,
    pub start: Option<Moment>,
    pub started: bool,
    /// A fraction by which clips differ.
    pub variance: Decimal,
    pub on_error: ErrorAction,
    /// When the next clip is due.
    pub next: Moment,
}

impl Strategy {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::SteadyPace(_) => "SteadyPace",
            Self::StopLimit { .. } => "StopLimit",
        }
    }
}

/// Those that an order can have.
const STRATEGIES: &[(&str, StrategyName)] = &[
    ("SteadyPace", StrategyName::SteadyPace),
    ("StopLimit", StrategyName::StopLimit),
];

/// The name of one, which may be none that there is: that is a refusal of the order, not of the
/// message.
pub(crate) fn read_name(ask: Ask<'_>) -> Result<Option<StrategyName>, String> {
    let Some(name) = ask.text("Strategy")? else {
        return Ok(None);
    };
    let found = STRATEGIES.iter().find(|(known, _)| *known == name);
    Ok(Some(found.map_or(StrategyName::Other, |(_, found)| *found)))
}

pub(crate) fn end_time_of(parameters: &Json) -> Result<Option<Moment>, String> {
    Ask::new(parameters)?.time("EndTime")
}

/// Parameters of a strategy by its name.
pub(crate) fn read_strategy(
    name: StrategyName,
    parameters: Option<&Json>,
    qty: Decimal,
    now: Moment,
) -> Result<Strategy, String> {
    let parameters = parameters.ok_or_else(|| missing("Parameters"))?;
    let ask = Ask::new(parameters)?;
    ask.time("EndTime")?;
    match name {
        StrategyName::Other => Err("there is no such strategy".to_owned()),
        StrategyName::StopLimit => {
            let trigger = ask.required_decimal("TriggerPrice")?;
            if trigger <= Decimal::ZERO || !is_sane(trigger) {
                return Err("TriggerPrice must be a price".to_owned());
            }
            Ok(Strategy::StopLimit {
                trigger,
                triggered: false,
            })
        }
        StrategyName::SteadyPace => {
            let start = ask.time("StartTime")?;
            let variance = ask.decimal("Variance")?.unwrap_or_default();
            let pace = Pace {
                clip: ask.required_decimal("ClipSize")?,
                interval: ask
                    .duration("ClipInterval")?
                    .ok_or_else(|| missing("ClipInterval"))?,
                start,
                started: false,
                variance,
                on_error: ask
                    .choice("ErrorAction", ERROR_ACTIONS)?
                    .unwrap_or(ErrorAction::Continue),
                next: start.map_or(now, |start| start.max(now)),
            };
            check_pace(&pace, qty)?;
            Ok(Strategy::SteadyPace(pace))
        }
    }
}

fn check_pace(pace: &Pace, qty: Decimal) -> Result<(), String> {
    if pace.clip <= Decimal::ZERO || pace.clip >= qty || !is_sane(pace.clip) {
        return Err("ClipSize must be above zero and below OrderQty".to_owned());
    }
    if pace.interval < SHORTEST_INTERVAL {
        return Err("ClipInterval must be a second at least".to_owned());
    }
    if pace.variance < Decimal::ZERO || pace.variance >= Decimal::ONE || !is_sane(pace.variance) {
        return Err("Variance must be from 0 up to below 1".to_owned());
    }
    Ok(())
}

/// A strategy with what a replacement says of it.
pub(crate) fn changed_strategy(
    strategy: &Strategy,
    parameters: Option<&Json>,
    qty: Decimal,
) -> Result<Strategy, String> {
    let mut strategy = strategy.clone();
    let none = Json::object();
    let ask = Ask::new(parameters.unwrap_or(&none))?;
    match &mut strategy {
        Strategy::StopLimit { trigger, .. } => {
            let new = ask.decimal("TriggerPrice")?;
            *trigger = new.unwrap_or(*trigger);
            if *trigger <= Decimal::ZERO || !is_sane(*trigger) {
                return Err("TriggerPrice must be a price".to_owned());
            }
        }
        Strategy::SteadyPace(pace) => {
            pace.clip = ask.decimal("ClipSize")?.unwrap_or(pace.clip);
            pace.interval = ask.duration("ClipInterval")?.unwrap_or(pace.interval);
            pace.variance = ask.decimal("Variance")?.unwrap_or(pace.variance);
            let on_error = ask.choice("ErrorAction", ERROR_ACTIONS)?;
            pace.on_error = on_error.unwrap_or(pace.on_error);
            check_pace(pace, qty)?;
        }
    }
    Ok(strategy)
}
