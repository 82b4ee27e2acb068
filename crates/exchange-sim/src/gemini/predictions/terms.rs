//! The terms that a group must accept before its first order.

use super::super::answer::{Outcome, Refusal};
use super::super::exchange::Exchange;
use super::super::{Access, Call, Operation, TRADER, TRADER_OR_AUDITOR, get, op, public};
use crate::Moment;
use crate::json::object;

/// The version of the terms.
pub(super) const LATEST: u32 = 3;

pub(crate) static OPERATIONS: [Operation; 3] = [
    public(
        "predictions.getPredictionMarketsTerms",
        "/v1/prediction-markets/terms",
        terms,
    ),
    get(
        "predictions.getPredictionMarketsTermsStatus",
        "/v1/prediction-markets/terms/status",
        Access::Key,
        TRADER_OR_AUDITOR,
        status,
    ),
    op(
        "predictions.acceptPredictionMarketsTerms",
        "/v1/prediction-markets/terms/accept",
        Access::Key,
        TRADER,
        &[],
        accept,
    ),
];

fn terms(_: &mut Exchange, _: &Call<'_>) -> Outcome {
    Ok(object! {
        "termsType" => "PredictionsMarket",
        "version" => LATEST,
        "content" => "Nothing here is real, and nobody owes anybody anything.",
        "updatedAt" => Moment::from_seconds(1_779_123_600).rfc3339(),
    }
    .into())
}

fn status(exchange: &mut Exchange, _: &Call<'_>) -> Outcome {
    let accepted = exchange.predictions.accepted;
    Ok(object! {
        "hasAcceptedLatest" => accepted == Some(LATEST),
        "acceptedVersion" => accepted,
        "latestVersion" => LATEST,
    }
    .into())
}

fn accept(exchange: &mut Exchange, _: &Call<'_>) -> Outcome {
    exchange.predictions.accepted = Some(LATEST);
    Ok(object! { "success" => true }.into())
}

/// Refuses orders before the terms are accepted.
pub(super) fn demand(exchange: &Exchange) -> Result<(), Refusal> {
    if exchange.predictions.accepted == Some(LATEST) {
        return Ok(());
    }
    Err(Refusal::plain(
        403,
        "TERMS_NOT_ACCEPTED",
        "Prediction markets terms must be accepted before placing orders",
    ))
}
