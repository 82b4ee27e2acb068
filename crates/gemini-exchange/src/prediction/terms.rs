//! The terms that must be accepted before the first order.

use serde::{Deserialize, Serialize};

use crate::types::Timestamp;

endpoints! {
    "gemini-predictions", "Terms", crate::prediction::Predictions;

    /// The terms.
    GetTerms = get_terms "getPredictionMarketsTerms" {
        call: GET "/v1/prediction-markets/terms",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Terms,
        also: [],
        required {}
        optional {}
    }

    /// Whether the terms were accepted.
    GetTermsStatus = get_terms_status "getPredictionMarketsTermsStatus" {
        call: GET "/v1/prediction-markets/terms/status",
        auth: Key,
        roles: AnyOf ["OrderStatus"],
        scopes: [],
        effect: Read,
        pace: PRIVATE,
        answer: json TermsStatus,
        also: [],
        required {}
        optional {}
    }

    /// Accepts the terms, for all accounts of the group. Show them first.
    AcceptTerms = accept_terms "acceptPredictionMarketsTerms" {
        call: POST "/v1/prediction-markets/terms/accept",
        auth: Key,
        roles: AnyOf ["NewOrder"],
        scopes: [],
        effect: Account,
        pace: PRIVATE,
        answer: json TermsAccepted,
        also: [],
        required {}
        optional {}
    }
}

/// The terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Terms {
    /// `PredictionsMarket`.
    #[serde(rename = "termsType")]
    pub terms_type: String,
    /// Which version.
    #[serde(with = "exchange_wire::integer")]
    pub version: i64,
    /// The text.
    pub content: String,
    /// When they were last changed.
    #[serde(rename = "updatedAt")]
    pub updated_at: Timestamp,
}

/// Whether the terms were accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TermsStatus {
    /// Whether the latest version was.
    #[serde(rename = "hasAcceptedLatest")]
    pub has_accepted_latest: bool,
    /// Which version was.
    #[serde(
        rename = "acceptedVersion",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub accepted_version: Option<i64>,
    /// Which is the latest.
    #[serde(
        rename = "latestVersion",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub latest_version: Option<i64>,
}

/// That the terms were accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TermsAccepted {
    /// Whether they were.
    pub success: bool,
}
