//! The REST calls beside the WebSocket: users, keys, settlement.
//!
//! They are signed as Kraken Spot's calls are, with a key of the Kraken account (not one of
//! Prime), and go the same way: errors, repeats, limits and nonces are as in `kraken-spot`.
//!
//! ```no_run
//! use kraken_prime::rest::RestClient;
//!
//! # async fn run() -> Result<(), kraken_prime::Error> {
//! let client = RestClient::builder().credentials_from_env().build()?;
//! for user in client.list_users().send().await? {
//!     println!("{:?}: {:?}", user.name, user.roles);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A required parameter that is missing does not compile:
//!
//! ```compile_fail,E0277
//! # async fn run(client: kraken_prime::rest::RestClient) -> Result<(), kraken_prime::Error> {
//! client.get_user().send().await?; // Which one?
//! # Ok(())
//! # }
//! ```

use exchange_transport::{Answer, Call, Error, Given, Missing};

pub(crate) mod body;
pub(crate) mod types;

pub use exchange_auth::{
    ClockNonce, Credentials, CredentialsError, FileNonce, NonceError, NonceSource, Secret,
};
pub use exchange_transport::{
    Access, AttemptReport, CounterState, Effect, Observer, Operation, Pace, PaceMode, Permission,
    RetryPolicy, http_client_builder, reqwest,
};
pub use kraken_core::pace::{Limits, Tier};
pub use kraken_core::{ClientBuilder, Core, Scheme, SecretText};
pub use types::{
    AssetKind, BatchAttributes, BatchStatus, Batches, Deleted, Leg, Pagination, PrimeKey,
    PrimeUser, SettlementBatch, Transfer, TransferAttributes, UserRole, UserStatus,
};
use types::{BatchAnswer, Data, TransferAnswer};

/// The vendor's address.
pub const BASE_URL: &str = "https://api.kraken.com";

kraken_core::client! {
    /// A client of the REST calls, with one method for each.
    ///
    /// All that its builder takes is here, too:
    ///
    /// ```
    /// use kraken_prime::rest::{Credentials, PaceMode, RestClient, RetryPolicy, Tier};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = RestClient::builder()
    ///     .credentials(Credentials::new("key", "c2VjcmV0")?)
    ///     .tier(Tier::Pro)
    ///     .pace_modes(PaceMode::WAIT, PaceMode::Report)
    ///     .retry(RetryPolicy::default())
    ///     .build()?;
    /// assert!(!client.pace().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub struct RestClient;


    /// Starts a client for [`BASE_URL`].
    pub fn builder() = (Scheme::Body, BASE_URL);
}

/// What the vendor asks for to look at batches, and to make and settle them.
const READS_TRADES: Permission =
    Permission::AllOf(&["Orders and trades - Query open orders & trades"]);
const CHANGES_TRADES: Permission =
    Permission::AllOf(&["Orders and trades - Create & modify orders"]);

/// What all calls have in common.
const fn call(
    id: &'static str,
    rust_method: &'static str,
    path: &'static str,
    permission: Permission,
    effect: Effect,
) -> Operation {
    Operation {
        api: "kraken-prime",
        id,
        rust_method,
        method: http::Method::POST,
        path,
        access: Access::Private,
        permission,
        effect,
        pace: Pace {
            counter: "kraken-private",
            cost: 1,
        },
        answer: Answer::Enveloped,
    }
}

static CREATE_USER: Operation = call(
    "createPrimeApiUser",
    "create_user",
    "/0/private/CreatePrimeApiUser",
    Permission::Undocumented,
    Effect::Account,
);

static GET_USER: Operation = call(
    "getPrimeApiUser",
    "get_user",
    "/0/private/GetPrimeApiUser",
    Permission::Undocumented,
    Effect::Read,
);

static LIST_USERS: Operation = call(
    "listPrimeApiUsers",
    "list_users",
    "/0/private/ListPrimeApiUsers",
    Permission::Undocumented,
    Effect::Read,
);

static UPDATE_USER: Operation = call(
    "updatePrimeApiUser",
    "update_user",
    "/0/private/UpdatePrimeApiUser",
    Permission::Undocumented,
    Effect::Account,
);

static UPDATE_USER_ROLE: Operation = call(
    "updatePrimeApiUserRoles",
    "update_user_role",
    "/0/private/UpdatePrimeApiUserRoles",
    Permission::Undocumented,
    Effect::Account,
);

static CREATE_USER_KEY: Operation = call(
    "createPrimeApiUserKey",
    "create_user_key",
    "/0/private/CreatePrimeApiUserKey",
    Permission::Undocumented,
    Effect::Account,
);

static LIST_USER_KEYS: Operation = call(
    "listPrimeApiUserKeys",
    "list_user_keys",
    "/0/private/ListPrimeApiUserKeys",
    Permission::Undocumented,
    Effect::Read,
);

static UPDATE_USER_KEY: Operation = call(
    "updatePrimeApiUserKey",
    "update_user_key",
    "/0/private/UpdatePrimeApiUserKey",
    Permission::Undocumented,
    Effect::Account,
);

static DELETE_USER_KEY: Operation = call(
    "deletePrimeApiUserKey",
    "delete_user_key",
    "/0/private/DeletePrimeApiUserKey",
    Permission::Undocumented,
    Effect::Account,
);

static CREATE_SETTLEMENT_BATCH: Operation = call(
    "createPrimeSettlementBatch",
    "create_settlement_batch",
    "/0/private/CreatePrimeSettlementBatch",
    CHANGES_TRADES,
    Effect::Funds,
);

static GET_SETTLEMENT_BATCH: Operation = call(
    "getPrimeSettlementBatch",
    "get_settlement_batch",
    "/0/private/GetPrimeSettlementBatch",
    READS_TRADES,
    Effect::Read,
);

static LIST_SETTLEMENT_BATCHES: Operation = call(
    "listPrimeSettlementBatches",
    "list_settlement_batches",
    "/0/private/ListPrimeSettlementBatches",
    READS_TRADES,
    Effect::Read,
);

static SETTLE_BATCH_ASSET: Operation = call(
    "settlePrimeSettlementBatchAsset",
    "settle_batch_asset",
    "/0/private/SettlePrimeSettlementBatchAsset",
    CHANGES_TRADES,
    Effect::Funds,
);

/// All calls, as rows.
pub static OPERATIONS: &[&Operation] = &[
    &CREATE_USER,
    &GET_USER,
    &LIST_USERS,
    &UPDATE_USER,
    &UPDATE_USER_ROLE,
    &CREATE_USER_KEY,
    &LIST_USER_KEYS,
    &UPDATE_USER_KEY,
    &DELETE_USER_KEY,
    &CREATE_SETTLEMENT_BATCH,
    &GET_SETTLEMENT_BATCH,
    &LIST_SETTLEMENT_BATCHES,
    &SETTLE_BATCH_ASSET,
];

impl RestClient {
    /// Makes an API user.
    ///
    /// The vendor's page: [`CreatePrimeApiUser`](https://docs.kraken.com/api-reference/api-users/create-prime-api-user).
    ///
    /// `POST /0/private/CreatePrimeApiUser`.
    pub fn create_user(&self) -> CreateUser {
        CreateUser {
            core: self.core.clone(),
            name: Missing,
            role: Missing,
        }
    }
}

/// Made by [`RestClient::create_user`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct CreateUser<NameArg = Missing, RoleArg = Missing> {
    core: Core,
    name: NameArg,
    role: RoleArg,
}

impl<NameArg, RoleArg> CreateUser<NameArg, RoleArg> {
    /// Its name. Required.
    pub fn name(self, name: impl Into<String>) -> CreateUser<String, RoleArg> {
        CreateUser {
            core: self.core,
            name: name.into(),
            role: self.role,
        }
    }

    /// What it may do. Required.
    pub fn role(self, role: UserRole) -> CreateUser<NameArg, UserRole> {
        CreateUser {
            core: self.core,
            name: self.name,
            role,
        }
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<PrimeUser, Error>
    where
        NameArg: Given<String>,
        RoleArg: Given<UserRole>,
    {
        let mut call = Call::new(&CREATE_USER);
        call.body(&body::NewUser {
            name: self.name.given(),
            role: self.role.given(),
        })?;
        self.core.call(call).await
    }
}

impl RestClient {
    /// An API user.
    ///
    /// The vendor's page: [`GetPrimeApiUser`](https://docs.kraken.com/api-reference/api-users/get-prime-api-user).
    ///
    /// `POST /0/private/GetPrimeApiUser`.
    pub fn get_user(&self) -> GetUser {
        GetUser {
            core: self.core.clone(),
            user_id: Missing,
        }
    }
}

/// Made by [`RestClient::get_user`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct GetUser<UserIdArg = Missing> {
    core: Core,
    user_id: UserIdArg,
}

impl<UserIdArg> GetUser<UserIdArg> {
    /// The user. Required.
    pub fn user_id(self, user_id: impl Into<String>) -> GetUser<String> {
        GetUser {
            core: self.core,
            user_id: user_id.into(),
        }
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<PrimeUser, Error>
    where
        UserIdArg: Given<String>,
    {
        let mut call = Call::new(&GET_USER);
        call.body(&body::OfUser {
            user_id: self.user_id.given(),
        })?;
        Ok(self.core.call::<Data<PrimeUser>>(call).await?.data)
    }
}

impl RestClient {
    /// All API users.
    ///
    /// The vendor's page: [`ListPrimeApiUsers`](https://docs.kraken.com/api-reference/api-users/list-prime-api-users).
    ///
    /// `POST /0/private/ListPrimeApiUsers`.
    pub fn list_users(&self) -> ListUsers {
        ListUsers {
            core: self.core.clone(),
        }
    }
}

/// Made by [`RestClient::list_users`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct ListUsers {
    core: Core,
}

impl ListUsers {
    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<Vec<PrimeUser>, Error> {
        let mut call = Call::new(&LIST_USERS);
        call.body(&body::Nothing {})?;
        Ok(self.core.call::<Data<Vec<PrimeUser>>>(call).await?.data)
    }
}

impl RestClient {
    /// Changes name or status of an API user.
    ///
    /// The vendor's page: [`UpdatePrimeApiUser`](https://docs.kraken.com/api-reference/api-users/update-prime-api-user).
    ///
    /// `POST /0/private/UpdatePrimeApiUser`.
    pub fn update_user(&self) -> UpdateUser {
        UpdateUser {
            core: self.core.clone(),
            user_id: Missing,
            name: None,
            status: None,
        }
    }
}

/// Made by [`RestClient::update_user`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct UpdateUser<UserIdArg = Missing> {
    core: Core,
    user_id: UserIdArg,
    name: Option<String>,
    status: Option<UserStatus>,
}

impl<UserIdArg> UpdateUser<UserIdArg> {
    /// The user. Required.
    pub fn user_id(self, user_id: impl Into<String>) -> UpdateUser<String> {
        UpdateUser {
            core: self.core,
            user_id: user_id.into(),
            name: self.name,
            status: self.status,
        }
    }

    /// Another name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether it may be used.
    pub fn status(mut self, status: UserStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<PrimeUser, Error>
    where
        UserIdArg: Given<String>,
    {
        let mut call = Call::new(&UPDATE_USER);
        call.body(&body::UserChange {
            user_id: self.user_id.given(),
            name: self.name,
            status: self.status,
        })?;
        self.core.call(call).await
    }
}

impl RestClient {
    /// Changes what an API user may do.
    ///
    /// The vendor's page: [`UpdatePrimeApiUserRoles`](https://docs.kraken.com/api-reference/api-users/update-prime-api-user-roles).
    ///
    /// `POST /0/private/UpdatePrimeApiUserRoles`.
    pub fn update_user_role(&self) -> UpdateUserRole {
        UpdateUserRole {
            core: self.core.clone(),
            user_id: Missing,
            role: Missing,
        }
    }
}

/// Made by [`RestClient::update_user_role`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct UpdateUserRole<UserIdArg = Missing, RoleArg = Missing> {
    core: Core,
    user_id: UserIdArg,
    role: RoleArg,
}

impl<UserIdArg, RoleArg> UpdateUserRole<UserIdArg, RoleArg> {
    /// The user. Required.
    pub fn user_id(self, user_id: impl Into<String>) -> UpdateUserRole<String, RoleArg> {
        UpdateUserRole {
            core: self.core,
            user_id: user_id.into(),
            role: self.role,
        }
    }

    /// What it may do. Required.
    pub fn role(self, role: UserRole) -> UpdateUserRole<UserIdArg, UserRole> {
        UpdateUserRole {
            core: self.core,
            user_id: self.user_id,
            role,
        }
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<PrimeUser, Error>
    where
        UserIdArg: Given<String>,
        RoleArg: Given<UserRole>,
    {
        let mut call = Call::new(&UPDATE_USER_ROLE);
        call.body(&body::RoleChange {
            user_id: self.user_id.given(),
            role: self.role.given(),
        })?;
        self.core.call(call).await
    }
}

impl RestClient {
    /// Makes a key for an API user. Its secret is in this answer and nowhere else.
    ///
    /// The vendor's page: [`CreatePrimeApiUserKey`](https://docs.kraken.com/api-reference/api-user-keys/create-prime-api-user-key).
    ///
    /// `POST /0/private/CreatePrimeApiUserKey`.
    pub fn create_user_key(&self) -> CreateUserKey {
        CreateUserKey {
            core: self.core.clone(),
            user_id: Missing,
        }
    }
}

/// Made by [`RestClient::create_user_key`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct CreateUserKey<UserIdArg = Missing> {
    core: Core,
    user_id: UserIdArg,
}

impl<UserIdArg> CreateUserKey<UserIdArg> {
    /// The user. Required.
    pub fn user_id(self, user_id: impl Into<String>) -> CreateUserKey<String> {
        CreateUserKey {
            core: self.core,
            user_id: user_id.into(),
        }
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<PrimeKey, Error>
    where
        UserIdArg: Given<String>,
    {
        let mut call = Call::new(&CREATE_USER_KEY);
        call.body(&body::OfUser {
            user_id: self.user_id.given(),
        })?;
        self.core.call(call).await
    }
}

impl RestClient {
    /// The keys of an API user, without their secrets.
    ///
    /// The vendor's page: [`ListPrimeApiUserKeys`](https://docs.kraken.com/api-reference/api-user-keys/list-prime-api-user-keys).
    ///
    /// `POST /0/private/ListPrimeApiUserKeys`.
    pub fn list_user_keys(&self) -> ListUserKeys {
        ListUserKeys {
            core: self.core.clone(),
            user_id: Missing,
        }
    }
}

/// Made by [`RestClient::list_user_keys`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct ListUserKeys<UserIdArg = Missing> {
    core: Core,
    user_id: UserIdArg,
}

impl<UserIdArg> ListUserKeys<UserIdArg> {
    /// The user. Required.
    pub fn user_id(self, user_id: impl Into<String>) -> ListUserKeys<String> {
        ListUserKeys {
            core: self.core,
            user_id: user_id.into(),
        }
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<Vec<PrimeKey>, Error>
    where
        UserIdArg: Given<String>,
    {
        let mut call = Call::new(&LIST_USER_KEYS);
        call.body(&body::OfUser {
            user_id: self.user_id.given(),
        })?;
        Ok(self.core.call::<Data<Vec<PrimeKey>>>(call).await?.data)
    }
}

impl RestClient {
    /// Changes from which addresses a key may be used.
    ///
    /// The vendor's page: [`UpdatePrimeApiUserKey`](https://docs.kraken.com/api-reference/api-user-keys/update-prime-api-user-key).
    ///
    /// `POST /0/private/UpdatePrimeApiUserKey`.
    pub fn update_user_key(&self) -> UpdateUserKey {
        UpdateUserKey {
            core: self.core.clone(),
            user_id: Missing,
            key_id: Missing,
            whitelisted_ips: None,
        }
    }
}

/// Made by [`RestClient::update_user_key`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct UpdateUserKey<UserIdArg = Missing, KeyIdArg = Missing> {
    core: Core,
    user_id: UserIdArg,
    key_id: KeyIdArg,
    whitelisted_ips: Option<Vec<String>>,
}

impl<UserIdArg, KeyIdArg> UpdateUserKey<UserIdArg, KeyIdArg> {
    /// The user. Required.
    pub fn user_id(self, user_id: impl Into<String>) -> UpdateUserKey<String, KeyIdArg> {
        UpdateUserKey {
            core: self.core,
            user_id: user_id.into(),
            key_id: self.key_id,
            whitelisted_ips: self.whitelisted_ips,
        }
    }

    /// The key. Required.
    pub fn key_id(self, key_id: impl Into<String>) -> UpdateUserKey<UserIdArg, String> {
        UpdateUserKey {
            core: self.core,
            user_id: self.user_id,
            key_id: key_id.into(),
            whitelisted_ips: self.whitelisted_ips,
        }
    }

    /// The addresses.
    pub fn whitelisted_ips(mut self, whitelisted_ips: Vec<String>) -> Self {
        self.whitelisted_ips = Some(whitelisted_ips);
        self
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<PrimeKey, Error>
    where
        UserIdArg: Given<String>,
        KeyIdArg: Given<String>,
    {
        let mut call = Call::new(&UPDATE_USER_KEY);
        call.body(&body::KeyChange {
            user_id: self.user_id.given(),
            key_id: self.key_id.given(),
            whitelisted_ips: self.whitelisted_ips,
        })?;
        self.core.call(call).await
    }
}

impl RestClient {
    /// Deletes a key.
    ///
    /// The vendor's page: [`DeletePrimeApiUserKey`](https://docs.kraken.com/api-reference/api-user-keys/delete-prime-api-user-key).
    ///
    /// `POST /0/private/DeletePrimeApiUserKey`.
    pub fn delete_user_key(&self) -> DeleteUserKey {
        DeleteUserKey {
            core: self.core.clone(),
            user_id: Missing,
            key_id: Missing,
        }
    }
}

/// Made by [`RestClient::delete_user_key`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct DeleteUserKey<UserIdArg = Missing, KeyIdArg = Missing> {
    core: Core,
    user_id: UserIdArg,
    key_id: KeyIdArg,
}

impl<UserIdArg, KeyIdArg> DeleteUserKey<UserIdArg, KeyIdArg> {
    /// The user. Required.
    pub fn user_id(self, user_id: impl Into<String>) -> DeleteUserKey<String, KeyIdArg> {
        DeleteUserKey {
            core: self.core,
            user_id: user_id.into(),
            key_id: self.key_id,
        }
    }

    /// The key. Required.
    pub fn key_id(self, key_id: impl Into<String>) -> DeleteUserKey<UserIdArg, String> {
        DeleteUserKey {
            core: self.core,
            user_id: self.user_id,
            key_id: key_id.into(),
        }
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<Deleted, Error>
    where
        UserIdArg: Given<String>,
        KeyIdArg: Given<String>,
    {
        let mut call = Call::new(&DELETE_USER_KEY);
        call.body(&body::OfKey {
            user_id: self.user_id.given(),
            key_id: self.key_id.given(),
        })?;
        self.core.call(call).await
    }
}

impl RestClient {
    /// Puts what is to be settled into a batch. There is one active batch of each kind of asset.
    ///
    /// The vendor's page: [`CreatePrimeSettlementBatch`](https://docs.kraken.com/api-reference/settlement/create-prime-settlement-batch).
    ///
    /// `POST /0/private/CreatePrimeSettlementBatch`, permission `Orders and trades - Create & modify orders`.
    pub fn create_settlement_batch(&self) -> CreateSettlementBatch {
        CreateSettlementBatch {
            core: self.core.clone(),
            asset_kind: None,
        }
    }
}

/// Made by [`RestClient::create_settlement_batch`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct CreateSettlementBatch {
    core: Core,
    asset_kind: Option<AssetKind>,
}

impl CreateSettlementBatch {
    /// The kind of asset; currency without it.
    pub fn asset_kind(mut self, asset_kind: AssetKind) -> Self {
        self.asset_kind = Some(asset_kind);
        self
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<SettlementBatch, Error> {
        let mut call = Call::new(&CREATE_SETTLEMENT_BATCH);
        call.body(&body::NewBatch {
            asset_kind: self.asset_kind,
        })?;
        Ok(self.core.call::<BatchAnswer>(call).await?.batch)
    }
}

impl RestClient {
    /// A batch.
    ///
    /// The vendor's page: [`GetPrimeSettlementBatch`](https://docs.kraken.com/api-reference/settlement/get-prime-settlement-batch).
    ///
    /// `POST /0/private/GetPrimeSettlementBatch`, permission `Orders and trades - Query open orders & trades`.
    pub fn get_settlement_batch(&self) -> GetSettlementBatch {
        GetSettlementBatch {
            core: self.core.clone(),
            batch_id: Missing,
            asset_kind: None,
        }
    }
}

/// Made by [`RestClient::get_settlement_batch`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct GetSettlementBatch<BatchIdArg = Missing> {
    core: Core,
    batch_id: BatchIdArg,
    asset_kind: Option<AssetKind>,
}

impl<BatchIdArg> GetSettlementBatch<BatchIdArg> {
    /// The batch. Required.
    pub fn batch_id(self, batch_id: impl Into<String>) -> GetSettlementBatch<String> {
        GetSettlementBatch {
            core: self.core,
            batch_id: batch_id.into(),
            asset_kind: self.asset_kind,
        }
    }

    /// The kind of asset. Whether the venue takes it here is not certain.
    pub fn asset_kind(mut self, asset_kind: AssetKind) -> Self {
        self.asset_kind = Some(asset_kind);
        self
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<SettlementBatch, Error>
    where
        BatchIdArg: Given<String>,
    {
        let mut call = Call::new(&GET_SETTLEMENT_BATCH);
        call.body(&body::OfBatch {
            batch_id: self.batch_id.given(),
            asset_kind: self.asset_kind,
        })?;
        Ok(self.core.call::<BatchAnswer>(call).await?.batch)
    }
}

impl RestClient {
    /// Batches, the newest first.
    ///
    /// The vendor's page: [`ListPrimeSettlementBatches`](https://docs.kraken.com/api-reference/settlement/list-prime-settlement-batches).
    ///
    /// `POST /0/private/ListPrimeSettlementBatches`, permission `Orders and trades - Query open orders & trades`.
    pub fn list_settlement_batches(&self) -> ListSettlementBatches {
        ListSettlementBatches {
            core: self.core.clone(),
            statuses: None,
            from: None,
            until: None,
            limit: None,
            offset: None,
        }
    }
}

/// Made by [`RestClient::list_settlement_batches`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct ListSettlementBatches {
    core: Core,
    statuses: Option<Vec<BatchStatus>>,
    from: Option<i64>,
    until: Option<i64>,
    limit: Option<u32>,
    offset: Option<u32>,
}

impl ListSettlementBatches {
    /// Only batches that stand so.
    pub fn statuses(mut self, statuses: Vec<BatchStatus>) -> Self {
        self.statuses = Some(statuses);
        self
    }

    /// Not before this time, in milliseconds since 1970.
    pub fn from(mut self, from: i64) -> Self {
        self.from = Some(from);
        self
    }

    /// Not after this time, in milliseconds since 1970.
    pub fn until(mut self, until: i64) -> Self {
        self.until = Some(until);
        self
    }

    /// Most batches to tell.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// How many to leave out at the beginning.
    pub fn offset(mut self, offset: u32) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<Batches, Error> {
        let mut call = Call::new(&LIST_SETTLEMENT_BATCHES);
        call.body(&body::BatchFilter {
            statuses: self.statuses,
            from: self.from,
            until: self.until,
            limit: self.limit,
            offset: self.offset,
        })?;
        self.core.call(call).await
    }
}

impl RestClient {
    /// Settles one asset of a batch: money moves. The batch must be confirmed, and `can_settle` of its leg true.
    ///
    /// The vendor's page: [`SettlePrimeSettlementBatchAsset`](https://docs.kraken.com/api-reference/settlement/settle-prime-settlement-batch-asset).
    ///
    /// `POST /0/private/SettlePrimeSettlementBatchAsset`, permission `Orders and trades - Create & modify orders`.
    pub fn settle_batch_asset(&self) -> SettleBatchAsset {
        SettleBatchAsset {
            core: self.core.clone(),
            batch_id: Missing,
            asset: Missing,
        }
    }
}

/// Made by [`RestClient::settle_batch_asset`].
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct SettleBatchAsset<BatchIdArg = Missing, AssetArg = Missing> {
    core: Core,
    batch_id: BatchIdArg,
    asset: AssetArg,
}

impl<BatchIdArg, AssetArg> SettleBatchAsset<BatchIdArg, AssetArg> {
    /// The batch. Required.
    pub fn batch_id(self, batch_id: impl Into<String>) -> SettleBatchAsset<String, AssetArg> {
        SettleBatchAsset {
            core: self.core,
            batch_id: batch_id.into(),
            asset: self.asset,
        }
    }

    /// The asset. Required.
    pub fn asset(self, asset: impl Into<String>) -> SettleBatchAsset<BatchIdArg, String> {
        SettleBatchAsset {
            core: self.core,
            batch_id: self.batch_id,
            asset: asset.into(),
        }
    }

    /// Sends the call and reads the answer.
    ///
    /// # Errors
    ///
    /// Without credentials before anything is sent; else whatever the venue, the network or the
    /// answer's form has against it.
    pub async fn send(self) -> Result<Transfer, Error>
    where
        BatchIdArg: Given<String>,
        AssetArg: Given<String>,
    {
        let mut call = Call::new(&SETTLE_BATCH_ASSET);
        call.body(&body::OfLeg {
            batch_id: self.batch_id.given(),
            asset: self.asset.given(),
        })?;
        Ok(self.core.call::<TransferAnswer>(call).await?.transfer)
    }
}
