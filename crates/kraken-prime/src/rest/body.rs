//! What the REST calls send, without the nonce.

use serde::{Deserialize, Serialize};

use super::types::{AssetKind, BatchStatus, UserRole, UserStatus};

/// A user to be made.
#[derive(Serialize, Deserialize)]
pub(crate) struct NewUser {
    pub(crate) name: String,
    pub(crate) role: UserRole,
}

/// Which user.
#[derive(Serialize, Deserialize)]
pub(crate) struct OfUser {
    pub(crate) user_id: String,
}

/// No parameters.
#[derive(Serialize, Deserialize)]
pub(crate) struct Nothing {}

/// What of a user becomes another.
#[derive(Serialize, Deserialize)]
pub(crate) struct UserChange {
    pub(crate) user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<UserStatus>,
}

/// The role a user gets.
#[derive(Serialize, Deserialize)]
pub(crate) struct RoleChange {
    pub(crate) user_id: String,
    pub(crate) role: UserRole,
}

/// What of a key becomes another.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyChange {
    pub(crate) user_id: String,
    pub(crate) key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) whitelisted_ips: Option<Vec<String>>,
}

/// Which key.
#[derive(Serialize, Deserialize)]
pub(crate) struct OfKey {
    pub(crate) user_id: String,
    pub(crate) key_id: String,
}

/// A batch to be made.
#[derive(Serialize, Deserialize)]
pub(crate) struct NewBatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asset_kind: Option<AssetKind>,
}

/// Which batch.
#[derive(Serialize, Deserialize)]
pub(crate) struct OfBatch {
    pub(crate) batch_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asset_kind: Option<AssetKind>,
}

/// Which batches.
#[derive(Serialize, Deserialize)]
pub(crate) struct BatchFilter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) statuses: Option<Vec<BatchStatus>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<u32>,
}

/// Which asset of a batch.
#[derive(Serialize, Deserialize)]
pub(crate) struct OfLeg {
    pub(crate) batch_id: String,
    pub(crate) asset: String,
}
