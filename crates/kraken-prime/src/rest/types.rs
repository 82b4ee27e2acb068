//! What the REST calls answer.

use exchange_wire::{Decimal, IndexMap, RawJson, open_enum};
use kraken_core::SecretText;
use serde::{Deserialize, Serialize};

use crate::record::record;

open_enum! {
    /// What an API user may do.
    pub enum UserRole {
        /// Read and trade.
        Trader = "Trader",
        /// Read.
        Viewer = "Viewer",
    }
}

open_enum! {
    /// Whether an API user may be used.
    pub enum UserStatus {
        /// It may.
        Enabled = "Enabled",
        /// It may not.
        Disabled = "Disabled",
    }
}

open_enum! {
    /// What is settled.
    pub enum AssetKind {
        /// Currencies.
        Currency = "currency",
        /// Tokenized equities.
        TokenizedEquity = "tokenized_equity",
    }
}

open_enum! {
    /// How far a batch is. The vendor shows these two.
    pub enum BatchStatus {
        /// Nothing is settled.
        Unsettled = "unsettled",
        /// Some of it is.
        PartiallySettled = "partially_settled",
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Data<T> {
    pub(crate) data: T,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct BatchAnswer {
    pub(crate) batch: SettlementBatch,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TransferAnswer {
    pub(crate) transfer: Transfer,
}

record! {
    /// An API user.
    pub struct PrimeUser {
        /// Its id.
        id!: String => "id",
        /// Its name.
        name: Option<String> => "name",
        /// Whether it may be used.
        status: Option<UserStatus> => "status",
        /// What it may do.
        roles: Vec<UserRole> => "roles",
    }
}

record! {
    /// A key of an API user.
    pub struct PrimeKey {
        /// The id of the key.
        id!: String => "id",
        /// The key itself.
        api_key: Option<String> => "api_key" | "key",
        /// The secret; only in the answer that made the key.
        api_secret: Option<SecretText> => "api_secret",
        /// Whose it is.
        user_id: Option<String> => "user_id",
        /// When it changed; the vendor does not say in which unit.
        updated_at: Option<i64> => "updated_at" as integer,
        /// What it may do.
        permissions: Vec<String> => "permissions",
        /// From which addresses it may be used.
        whitelisted_ips: Vec<String> => "whitelisted_ips",
    }
}

record! {
    /// That something was deleted.
    pub struct Deleted {
        /// Whether it was.
        deleted!: bool => "deleted",
    }
}

record! {
    /// What is to be settled.
    pub struct SettlementBatch {
        /// Its id.
        id!: String => "id",
        /// How far it is.
        attributes: Option<BatchAttributes> => "attributes",
        /// One entry for each asset.
        legs: Vec<Leg> => "legs",
        /// The trades in it, by what is likely the id of the Trade stream.
        trade_ids: Vec<String> => "trade_ids",
    }
}

record! {
    /// How far a batch is.
    pub struct BatchAttributes {
        /// How much of it is settled.
        status: Option<BatchStatus> => "status",
        /// Whether it is confirmed, and can be settled.
        confirmed: Option<bool> => "confirmed",
        /// When it was made, in milliseconds since 1970.
        created_at: Option<i64> => "created_at" as integer,
        /// How many trades are in it.
        trade_count: Option<u64> => "trade_count" as integer,
        /// What is settled.
        asset_kind: Option<AssetKind> => "asset_kind",
        /// When it changed, in milliseconds since 1970.
        updated_at: Option<i64> => "updated_at" as integer,
    }
}

record! {
    /// One asset of a batch.
    pub struct Leg {
        /// How far it is.
        status: Option<String> => "status",
        /// The asset.
        asset: Option<String> => "asset",
        /// How much of it.
        amount: Option<Decimal> => "amount" as decimal,
        /// Whether it can be settled now.
        can_settle: Option<bool> => "can_settle",
        /// When it was settled.
        settled_at: Option<RawJson> => "settled_at",
        /// The last transfer of it.
        latest_spot_transfer: Option<RawJson> => "latest_spot_transfer",
    }
}

record! {
    /// A page of batches.
    pub struct Batches {
        /// The batches, the newest first.
        data: Vec<SettlementBatch> => "data",
        /// Where the page lies.
        pagination: Option<Pagination> => "pagination",
    }
}

record! {
    /// Where a page lies.
    pub struct Pagination {
        /// Whether there are more.
        has_more: Option<bool> => "has_more",
        /// Most entries of a page.
        limit: Option<u64> => "limit" as integer,
        /// How many were left out at the beginning.
        offset: Option<u64> => "offset" as integer,
    }
}

record! {
    /// A transfer that settles an asset.
    pub struct Transfer {
        /// Its id.
        id!: String => "id",
        /// How far it is.
        attributes: Option<TransferAttributes> => "attributes",
        /// What it belongs to.
        relationships: Option<IndexMap<String, RawJson>> => "relationships",
    }
}

record! {
    /// How far a transfer is.
    pub struct TransferAttributes {
        /// How far it is.
        transfer_status: Option<String> => "transfer_status",
        /// How much.
        transfer_amount: Option<Decimal> => "transfer_amount" as decimal,
        /// Of what.
        transfer_asset: Option<String> => "transfer_asset",
    }
}
