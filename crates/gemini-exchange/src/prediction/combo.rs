//! Combos: several contracts in one. The vendor says that they are not enabled yet.

use exchange_wire::open_enum;
use serde::{Deserialize, Serialize};

use super::market::{Page, total};
use super::order::ContractMetadata;
use crate::types::{Symbol, Timestamp};

endpoints! {
    "gemini-predictions", "Combos", crate::prediction::Predictions;

    /// Combos.
    ListCombos = list_combos "listCombos" {
        call: GET "/v1/prediction-markets/combos",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Combos,
        also: [],
        required {}
        optional {
            /// Of one state; active ones if not set.
            status: ComboStatus => query "status";
            /// With this contract in it only.
            contract_id: i64 => query "contractId";
            /// Only those that can, or can't, be traded yet.
            instrument_registered: bool => query "instrumentRegistered";
            /// At most so many. Default 50.
            limit: u32 => query "limit", range(1, 500);
            /// How many to leave out at the beginning.
            offset: u32 => query "offset";
        }
    }

    /// Makes a combo, or finds the one of the same legs.
    CreateCombo = create_combo "createCombo" {
        call: POST "/v1/prediction-markets/combos",
        auth: Key,
        roles: AnyOf ["PredictionsNewOrder"],
        scopes: [],
        effect: Account,
        pace: PRIVATE,
        answer: json ComboCreated,
        also: [fields_in_body],
        required {
            /// What is in it; the order does not matter.
            legs: Vec<Leg> => list field "legs", items(2, 6);
        }
        optional {}
    }

    /// One combo.
    GetCombo = get_combo "getComboByInstrumentSymbol" {
        call: GET "/v1/prediction-markets/combos/{instrumentSymbol}",
        auth: Public,
        roles: NotNeeded,
        scopes: [],
        effect: Read,
        pace: PUBLIC,
        answer: json Combo,
        also: [],
        required {
            /// Its symbol.
            instrument_symbol: Symbol => into path "instrumentSymbol";
        }
        optional {}
    }
}

open_enum! {
    /// How far a combo is.
    pub enum ComboStatus {
        /// It can be traded.
        Active = "Active",
        /// It was decided.
        Settled = "Settled",
        /// It was taken back.
        Voided = "Voided",
    }
}

open_enum! {
    /// Which way a leg goes; with a capital letter, unlike elsewhere.
    pub enum LegOutcome {
        /// It happens.
        Yes = "Yes",
        /// It does not.
        No = "No",
    }
}

crate::parameter::plain!(ComboStatus);
crate::parameter::object!(Leg);

/// A contract of a combo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Leg {
    /// The id of the contract: digits.
    pub contract_id: String,
    /// Which way it must go.
    pub required_outcome: LegOutcome,
}

impl Leg {
    /// A contract that must go this way.
    pub fn new(contract_id: impl Into<String>, required_outcome: LegOutcome) -> Self {
        Self {
            contract_id: contract_id.into(),
            required_outcome,
        }
    }
}

/// A page of combos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Combos {
    /// The combos.
    pub combos: Vec<Combo>,
    /// Where the page stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Page>,
}

/// A combo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Combo {
    /// What it is as a contract.
    pub contract: ContractMetadata,
    /// What is in it.
    pub legs: Vec<ComboLeg>,
}

/// A contract of a combo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComboLeg {
    /// The id of the combo.
    #[serde(rename = "comboId", with = "exchange_wire::integer")]
    pub combo_id: i64,
    /// Its place in it, from 0.
    #[serde(rename = "legIndex", with = "exchange_wire::integer")]
    pub leg_index: i64,
    /// The id of the contract.
    #[serde(rename = "contractId")]
    pub contract_id: String,
    /// Which way it must go.
    #[serde(rename = "requiredOutcome")]
    pub required_outcome: LegOutcome,
    /// Which way it went.
    #[serde(
        rename = "legOutcome",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub leg_outcome: Option<LegOutcome>,
    /// When it was decided.
    #[serde(
        rename = "resolvedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub resolved_at: Option<Timestamp>,
    /// What the contract is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractMetadata>,
}

/// A combo that was made or found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComboCreated {
    /// The combo.
    pub combo: ComboSummary,
    /// Whether it was there before.
    #[serde(rename = "alreadyExisted")]
    pub already_existed: bool,
}

/// A combo in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComboSummary {
    /// Its id.
    #[serde(with = "exchange_wire::integer")]
    pub id: i64,
    /// Its legs as a text.
    #[serde(rename = "canonicalLegKey")]
    pub canonical_leg_key: String,
    /// How many legs it has.
    #[serde(rename = "legCount", with = "exchange_wire::integer")]
    pub leg_count: i64,
    /// Whether it can be traded.
    #[serde(rename = "instrumentRegistered")]
    pub instrument_registered: bool,
    /// What is in it.
    pub legs: Vec<ComboLeg>,
    /// Its name.
    #[serde(
        rename = "displayName",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub display_name: Option<String>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ComboStatus>,
    /// The symbol to trade it by.
    #[serde(
        rename = "instrumentSymbol",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub instrument_symbol: Option<Symbol>,
    /// Its number.
    #[serde(
        rename = "instrumentId",
        with = "exchange_wire::integer",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub instrument_id: Option<i64>,
    /// When the last of its legs ends.
    #[serde(
        rename = "latestExpiryDate",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub latest_expiry_date: Option<Timestamp>,
    /// When it was made.
    #[serde(rename = "createdAt", default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(rename = "updatedAt", default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

crate::paging::page_by_offset! {
    /// All combos that the filters let through.
    ListCombos of Combo, 500,
    |answer| (answer.combos, total(answer.pagination.as_ref())),
    id |combo| combo.contract.contract_id.as_deref()
}
