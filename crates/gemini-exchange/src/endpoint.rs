//! How an endpoint is written down: the macro `endpoints!` and what it makes.
//!
//! Each group of endpoints is one file with one `endpoints!` in it. One entry reads like this:
//!
//! ```text
//! endpoints! {
//!     "gemini", "Orders", crate::Client;        // API, group, and who has the methods
//!
//!     /// Cancels one order.                    // first line: what it does
//!     ///
//!     /// An order that is cancelled already is no error.
//!     CancelOrder = cancel_order "cancelOrder" {// builder, method of the client, vendor's id
//!         call: POST "/v1/order/cancel",
//!         auth: Account,                        // what must stand behind it, see `Auth`
//!         roles: AnyOf ["Trader"],              // of the API key, see `Permission`
//!         scopes: ["orders:create"],            // of an OAuth token, one of these
//!         effect: Order,                        // what it can change; only `Read` is repeated
//!         pace: PRIVATE,                        // a counter of `crate::pace`
//!         answer: json Order,                   // its type, or `file` for bytes
//!         also: [],                             // oddities, see `Endpoint`
//!         required {
//!             /// The venue's id.
//!             order_id: u64 => field "order_id";
//!         }
//!         optional {}
//!     }
//! }
//! ```
//!
//! # Parameters
//!
//! A parameter is its documentation, its name in Rust, its type, where it goes, its name on the
//! wire, and then any number of checks:
//!
//! ```text
//! /// At most so many rows. Default 50.
//! limit_trades: u32 => field "limit_trades", range(1, 500);
//! ```
//!
//! | Words behind `=>` | Where it goes | What the setter takes |
//! |---|---|---|
//! | `field` | a member of the signed payload | the type itself |
//! | `query` | `?name=value` | the type itself |
//! | `path` | in place of `{name}` | the type itself |
//! | `into field`, … | the same | `impl Into<T>`, for text, decimals, names, times |
//! | `list field`, … | the same; a query name is repeated | an iterator of what goes into the items |
//!
//! Checks are functions of `crate::check`, called as `check(at, &value, arguments…)`. The first
//! breach is kept and comes back from `send`; nothing is sent then. A rule about several
//! parameters is a function named in `also: [check = function]`.
//!
//! # What it makes
//!
//! * A builder struct with one type parameter for each required parameter. The type parameters
//!   have the very names of the parameters and begin as [`Missing`](exchange_transport::Missing);
//!   the setter of `order_id` turns `CancelOrder<Missing>` into `CancelOrder<u64>`, and `send` is
//!   there for the latter only. So a call without a required parameter does not compile. The
//!   values themselves are written into a `Request` as they are set,
//!   which keeps a builder small and quick to compile.
//! * The documentation of the builder and of the client's method, with method, path, roles and
//!   scopes in it.
//! * A row of type [`Endpoint`] as `CancelOrder::ENDPOINT`, and all rows of the file as `TABLE`,
//!   which `crate::table` puts together.
//! * With the feature `dispatch`, the call by its id with parameters in JSON.

use exchange_transport::Operation;

/// One call, with all that is known about it before it is made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Endpoint {
    /// What every venue's calls have: method, path, roles (as its permission), effect, pace.
    pub operation: Operation,
    /// The group of the vendor's description it belongs to, such as `Orders`.
    pub group: &'static str,
    /// What must stand behind the call.
    pub auth: Auth,
    /// The scopes an OAuth token may have for it; one of them is enough. Empty if the vendor names
    /// none.
    pub scopes: &'static [&'static str],
    /// Its parameters, `account` aside: the required ones first.
    pub parameters: &'static [ParameterInfo],
    /// Whether `request` in the signed payload holds the query, too (`also: [query_in_payload]`).
    pub query_in_payload: bool,
    /// Whether the fields are repeated in the HTTP body, for handlers that read that in place of
    /// the payload (`also: [fields_in_body]`).
    pub fields_in_body: bool,
}

impl Endpoint {
    /// Whether the call is sent again by itself after trouble that passes.
    pub const fn repeatable(&self) -> bool {
        self.operation.effect.repeatable()
    }

    /// Whether the payload may name an `account`.
    pub const fn takes_account(&self) -> bool {
        matches!(self.auth, Auth::Account | Auth::AccountOrGroup)
    }
}

/// What must stand behind a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Auth {
    /// Nothing: it is open to everybody and not signed.
    Public,
    /// A key or a token; no account is named.
    Key,
    /// A key or a token. A master key must say for which account of its group.
    Account,
    /// A key or a token. A master key may say for which account; without, it is for the group.
    AccountOrGroup,
    /// A master key; no account is named.
    Master,
    /// An OAuth token; there is no such call with a key.
    Token,
}

/// One parameter of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParameterInfo {
    /// Its name on the wire.
    pub name: &'static str,
    /// Where it goes.
    pub place: Place,
    /// Whether the call needs it.
    pub required: bool,
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Into the path.
    Path,
    /// Into the query.
    Query,
    /// Into the signed payload.
    Field,
}

/// Declares the endpoints of a group; see the [module](crate::endpoint).
macro_rules! endpoints {
    (
        $api:literal, $group:literal, $client:path;
        $(
            $(#[$doc:meta])*
            $name:ident = $method:ident $id:literal { $($entry:tt)* }
        )*
    ) => {
        /// The rows of this group.
        pub(crate) static TABLE: &[&crate::endpoint::Endpoint] = &[$(<$name>::ENDPOINT),*];

        /// Makes the call of this id, if it is here.
        #[cfg(feature = "dispatch")]
        pub(crate) async fn dispatch(
            client: &crate::Client,
            id: &str,
            parameters: crate::dispatch::Parameters,
        ) -> crate::dispatch::Dispatched {
            match id {
                $($id => Box::pin(<$name>::dispatch(client, parameters)).await,)*
                _ => crate::dispatch::Dispatched::NotHere(parameters),
            }
        }

        /// Reads the answer of the call of this id, if it is here.
        #[cfg(feature = "dispatch")]
        pub(crate) fn decode_answer(
            id: &str,
            body: &[u8],
        ) -> Option<Result<exchange_wire::RawJson, crate::dispatch::DispatchError>> {
            match id {
                $($id => Some(<$name>::decode_answer(body)),)*
                _ => None,
            }
        }

        /// Reads the parameters of the call of this id, if it is here.
        #[cfg(feature = "dispatch")]
        pub(crate) fn decode_request(
            id: &str,
            parameters: crate::dispatch::Parameters,
        ) -> Result<
            Result<exchange_wire::RawJson, crate::dispatch::DispatchError>,
            crate::dispatch::Parameters,
        > {
            match id {
                $($id => Ok(<$name>::decode_request(parameters)),)*
                _ => Err(parameters),
            }
        }

        $(
            endpoint! {
                { $(#[$doc])* } $name $method [$client] $api $group $id
                $($entry)*
            }
        )*
    };
}

/// One endpoint of `endpoints!`.
macro_rules! endpoint {
    (
        { $(#[$doc:meta])* } $name:ident $method:ident [$client:path]
        $api:literal $group:literal $id:literal
        call: $verb:ident $path:literal,
        auth: $auth:ident,
        roles: $roles:ident $([$($role:literal),+])?,
        scopes: [$($scope:literal),*],
        effect: $effect:ident,
        pace: $pace:ident,
        answer: $form:ident $($answer:ty)?,
        also: [$($flag:ident $(= $function:path)?),*],
        required {
            $(
                $(#[$required_doc:meta])*
                $required:ident: $required_type:ty => $($required_how:ident)+ $required_wire:literal
                    $(, $required_check:ident($($required_argument:expr),*))*;
            )*
        }
        optional {
            $(
                $(#[$optional_doc:meta])*
                $optional:ident: $optional_type:ty => $($optional_how:ident)+ $optional_wire:literal
                    $(, $optional_check:ident($($optional_argument:expr),*))*;
            )*
        }
    ) => {
        $(#[$doc])*
        ///
        #[doc = concat!("`", stringify!($verb), " ", $path, "`, `", $id, "` in the vendor's")]
        /// [reference](https://developer.gemini.com/rest-api/rest-api).
        ///
        #[doc = endpoint!(@auth_doc $auth)]
        #[doc = endpoint!(@roles_doc $auth $roles $([$($role),+])?)]
        #[doc = endpoint!(@scopes_doc $auth [$($scope),*])]
        #[doc = endpoint!(@effect_doc $effect)]
        ///
        #[doc = concat!(
            "Made by [`", stringify!($method), "`](", stringify!($client), "::",
            stringify!($method), ")."
        )]
        #[allow(
            non_camel_case_types,
            reason = "each type parameter has the name of the parameter it stands for"
        )]
        #[derive(Clone, Debug)]
        #[must_use = "a call does nothing until it is sent"]
        pub struct $name<$($required = exchange_transport::Missing),*> {
            request: crate::request::Request,
            given: std::marker::PhantomData<fn() -> ($($required,)*)>,
        }

        impl $name {
            /// The row of this call in the table.
            pub const ENDPOINT: &'static crate::endpoint::Endpoint = &crate::endpoint::Endpoint {
                operation: exchange_transport::Operation {
                    api: $api,
                    id: $id,
                    rust_method: stringify!($method),
                    method: http::Method::$verb,
                    path: $path,
                    access: endpoint!(@access $auth),
                    permission: exchange_transport::Permission::$roles $((&[$($role),+]))?,
                    effect: exchange_transport::Effect::$effect,
                    pace: exchange_transport::Pace {
                        counter: crate::pace::$pace,
                        cost: 1,
                    },
                    answer: endpoint!(@answer_form $form),
                },
                group: $group,
                auth: crate::endpoint::Auth::$auth,
                scopes: &[$($scope),*],
                parameters: &[
                    $(endpoint!(@info true $required_wire $($required_how)+),)*
                    $(endpoint!(@info false $optional_wire $($optional_how)+),)*
                ],
                query_in_payload: endpoint!(@flag query_in_payload [$($flag)*]),
                fields_in_body: endpoint!(@flag fields_in_body [$($flag)*]),
            };

            pub(crate) fn new(core: &crate::client::Core) -> Self {
                Self {
                    request: crate::request::Request::new(core, Self::ENDPOINT),
                    given: std::marker::PhantomData,
                }
            }

            #[cfg(feature = "dispatch")]
            async fn dispatch(
                client: &crate::Client,
                mut parameters: crate::dispatch::Parameters,
            ) -> crate::dispatch::Dispatched {
                let call = Self::new(client.core());
                let account = crate::dispatch::account(&mut parameters, Self::ENDPOINT);
                let call = match account {
                    Ok(Some(account)) => call.with_account(account),
                    Ok(None) => call,
                    Err(error) => return crate::dispatch::Dispatched::Done(Err(error)),
                };
                $(
                    let value = crate::dispatch::required(&mut parameters, $required_wire);
                    let value: $required_type = match value {
                        Ok(value) => value,
                        Err(error) => return crate::dispatch::Dispatched::Done(Err(error)),
                    };
                    let call = call.$required(value);
                )*
                $(
                    let value = crate::dispatch::optional(&mut parameters, $optional_wire);
                    let value: Option<$optional_type> = match value {
                        Ok(value) => value,
                        Err(error) => return crate::dispatch::Dispatched::Done(Err(error)),
                    };
                    let call = match value {
                        Some(value) => call.$optional(value),
                        None => call,
                    };
                )*
                if let Err(error) = parameters.finish() {
                    return crate::dispatch::Dispatched::Done(Err(error));
                }
                crate::dispatch::Dispatched::Done(endpoint!(@written $form)(call.send().await))
            }

            #[cfg(feature = "dispatch")]
            fn decode_answer(
                body: &[u8],
            ) -> Result<exchange_wire::RawJson, crate::dispatch::DispatchError> {
                endpoint!(@decode $form $($answer)?)(Self::ENDPOINT, body)
            }

            #[cfg(feature = "dispatch")]
            fn decode_request(
                mut parameters: crate::dispatch::Parameters,
            ) -> Result<exchange_wire::RawJson, crate::dispatch::DispatchError> {
                let mut written = crate::dispatch::Written::new();
                let account = crate::dispatch::account(&mut parameters, Self::ENDPOINT)?;
                if let Some(account) = account {
                    written.add("account", &account)?;
                }
                $(
                    let value: $required_type =
                        crate::dispatch::required(&mut parameters, $required_wire)?;
                    written.add($required_wire, &value)?;
                )*
                $(
                    let value: Option<$optional_type> =
                        crate::dispatch::optional(&mut parameters, $optional_wire)?;
                    if let Some(value) = value {
                        written.add($optional_wire, &value)?;
                    }
                )*
                written.finish()
            }
        }

        #[allow(
            non_camel_case_types,
            reason = "each type parameter has the name of the parameter it stands for"
        )]
        impl<$($required),*> $name<$($required),*> {
            endpoint! {
                @required $name [$($required)*] []
                $({
                    { $(#[$required_doc])* } $required [$required_type] [$($required_how)+]
                    $required_wire [$($required_check($($required_argument),*)),*]
                })*
            }
            $(
                endpoint! {
                    @setter [$name] [Self] { $(#[$optional_doc])* } $optional [$optional_type]
                    [$($optional_how)+] $optional_wire
                    [$($optional_check($($optional_argument),*)),*]
                }
            )*
            endpoint!(@account $auth);

            #[cfg(feature = "dispatch")]
            fn with_account(mut self, account: String) -> Self {
                self.request.account(account);
                self
            }

            /// Sends the call and reads the answer.
            ///
            /// # Errors
            ///
            /// Without credentials, or with a value that breaks a documented rule, before anything
            /// is sent; else whatever the venue, the network or the answer's form has against it.
            /// `Error` says what to do.
            pub async fn send(self) -> Result<endpoint!(@answer $form $($answer)?), exchange_transport::Error>
            where
                $($required: exchange_transport::Given<$required_type>,)*
            {
                let request = self.request;
                $($(let request = request.check($function);)?)*
                endpoint!(@send request $form)
            }
        }

        impl $client {
            $(#[$doc])*
            ///
            #[doc = concat!("`", stringify!($verb), " ", $path, "`.")]
            #[doc = endpoint!(@roles_doc $auth $roles $([$($role),+])?)]
            pub fn $method(&self) -> $name {
                <$name>::new(self.core())
            }
        }
    };

    // One setter for each required parameter: it changes the type parameter of its own name.
    (@required $name:ident [$($all:ident)*] [$($before:ident)*]) => {};
    (
        @required $name:ident [$($all:ident)*] [$($before:ident)*]
        {
            { $(#[$doc:meta])* } $now:ident [$type:ty] [$($how:ident)+] $wire:literal
            [$($checks:tt)*]
        }
        $({ $docs:tt $after:ident $($rest:tt)* })*
    ) => {
        endpoint! {
            @setter [$name] [$name<$($before,)* $type, $($after,)*>]
            {
                $(#[$doc])*
                ///
                /// Required.
            }
            $now [$type] [$($how)+] $wire [$($checks)*]
        }
        endpoint! {
            @required $name [$($all)*] [$($before)* $now]
            $({ $docs $after $($rest)* })*
        }
    };

    // The setter, by the words behind `=>`.
    (@setter [$name:ident] [$returned:ty] $doc:tt $now:ident [$type:ty] [into $place:ident] $($rest:tt)*) => {
        endpoint! {
            @write [$name] [$returned] $doc $now [impl Into<$type>] [$now.into()] [$type]
            $place $($rest)*
        }
    };
    (@setter [$name:ident] [$returned:ty] $doc:tt $now:ident [$type:ty] [list $place:ident] $($rest:tt)*) => {
        endpoint! {
            @write [$name] [$returned] $doc $now
            [impl IntoIterator<Item = impl Into<<$type as IntoIterator>::Item>>]
            [$now.into_iter().map(Into::into).collect()] [$type]
            $place $($rest)*
        }
    };
    (@setter [$name:ident] [$returned:ty] $doc:tt $now:ident [$type:ty] [$place:ident] $($rest:tt)*) => {
        endpoint! {
            @write [$name] [$returned] $doc $now [$type] [$now] [$type] $place $($rest)*
        }
    };
    (
        @write [$name:ident] [$returned:ty] { $(#[$doc:meta])* } $now:ident
        [$taken:ty] [$value:expr] [$type:ty] $place:ident $wire:literal
        [$($check:ident($($argument:expr),*)),*]
    ) => {
        $(#[$doc])*
        pub fn $now(mut self, $now: $taken) -> $returned {
            let value: $type = $value;
            $(self.request.allow($wire, |at| crate::check::$check(at, &value, $($argument),*));)*
            self.request.$place($wire, &value);
            $name {
                request: self.request,
                given: std::marker::PhantomData,
            }
        }
    };

    (@account Account) => {
        /// For which account of the group, by its short name: for master keys, in place of the
        /// client's own.
        pub fn account(mut self, account: impl Into<String>) -> Self {
            self.request.account(account.into());
            self
        }
    };
    (@account AccountOrGroup) => {
        /// For which account of the group, by its short name: for master keys, in place of the
        /// client's own. Without one it is for the whole group.
        pub fn account(mut self, account: impl Into<String>) -> Self {
            self.request.account(account.into());
            self
        }
    };
    (@account $other:ident) => {};

    (@access Public) => { exchange_transport::Access::Public };
    (@access $other:ident) => { exchange_transport::Access::Private };

    (@answer_form json) => { exchange_transport::Answer::Bare };
    (@answer_form file) => { exchange_transport::Answer::Bytes };
    (@answer json $answer:ty) => { $answer };
    (@answer file) => { bytes::Bytes };
    (@send $request:ident json) => { $request.send().await };
    (@send $request:ident file) => { $request.send_for_file().await };
    (@written json) => { crate::dispatch::written };
    (@written file) => { crate::dispatch::written_file };
    (@decode json $answer:ty) => { crate::dispatch::decoded::<$answer> };
    (@decode file) => { crate::dispatch::decoded_file };

    (@info $required:literal $wire:literal into $place:ident) => {
        endpoint!(@info $required $wire $place)
    };
    (@info $required:literal $wire:literal list $place:ident) => {
        endpoint!(@info $required $wire $place)
    };
    (@info $required:literal $wire:literal $place:ident) => {
        crate::endpoint::ParameterInfo {
            name: $wire,
            place: endpoint!(@place $place),
            required: $required,
        }
    };
    (@place path) => { crate::endpoint::Place::Path };
    (@place query) => { crate::endpoint::Place::Query };
    (@place field) => { crate::endpoint::Place::Field };

    (@flag query_in_payload [query_in_payload $($rest:ident)*]) => { true };
    (@flag fields_in_body [fields_in_body $($rest:ident)*]) => { true };
    (@flag $flag:ident [$first:ident $($rest:ident)*]) => { endpoint!(@flag $flag [$($rest)*]) };
    (@flag $flag:ident []) => { false };

    (@auth_doc Public) => { "Public: needs no credentials." };
    (@auth_doc Key) => { "Private." };
    (@auth_doc Account) => { "Private; a master key names an account." };
    (@auth_doc AccountOrGroup) => { "Private; a master key may name an account." };
    (@auth_doc Master) => { "Private, for master keys only." };
    (@auth_doc Token) => { "For OAuth tokens only." };

    (@roles_doc Public $($any:tt)*) => { "" };
    (@roles_doc $auth:ident NotNeeded) => { "Any role will do." };
    (@roles_doc $auth:ident Undocumented) => { "The vendor names no role for it." };
    (@roles_doc $auth:ident AnyOf [$first:literal $(, $role:literal)*]) => {
        concat!("The API key needs the role `", $first, "`" $(, " or `", $role, "`")*, ".")
    };
    (@roles_doc $auth:ident AllOf [$first:literal $(, $role:literal)*]) => {
        concat!("The API key needs the role `", $first, "`" $(, " and `", $role, "`")*, ".")
    };

    (@scopes_doc $auth:ident []) => { "" };
    (@scopes_doc $auth:ident [$first:literal $(, $scope:literal)*]) => {
        concat!("An OAuth token needs the scope `", $first, "`" $(, " or `", $scope, "`")*, ".")
    };

    (@effect_doc Read) => { "It only reads, and is sent again by itself after trouble that passes." };
    (@effect_doc Order) => { "It changes orders, so it is never sent twice by itself." };
    (@effect_doc Funds) => { "It moves money, so it is never sent twice by itself." };
    (@effect_doc Account) => { "It changes the account, so it is never sent twice by itself." };
}
