//! Gemini's host: what every request must pass, and where it goes then.
//!
//! The exchange and prediction markets share one host. The sandbox is another one, with keys and
//! money of its own and without prediction events, as the vendor's is.
//!
//! Where the vendor documents nothing, something simple was chosen: customers' orders meet each
//! other and a market that moves at random; funding of perpetuals is a ten-thousandth of the price
//! difference of two windows; nothing is lent on margin; prediction markets cost no fee; calls
//! above a limit that the venue would answer late are answered at once.
//!
//! # With other programs
//!
//! Programs that take Gemini's address from their settings work against it, too; the vendor's
//! samples read `GEMINI_BASE_URL` (`http://127.0.0.1:8701/v1`), `GEMINI_API_KEY` and
//! `GEMINI_API_SECRET`. Their Python, TypeScript and Go programs that tell balances and place an
//! order were tried; they call a limit order `limit`, which is therefore taken. ccxt 4.5.90
//! (Python) was tried by hand, with the program running as `exchange-sim --listen 127.0.0.1:8700`:
//!
//! ```python
//! import ccxt
//! gemini = ccxt.gemini({'apiKey': 'account-demo', 'secret': 'exchange-sim-gemini-account-secret'})
//! gemini.urls['api'] = {name: 'http://127.0.0.1:8701' for name in gemini.urls['api']}
//! # Steps of amounts and prices come from the vendor's web site, which is not simulated; its own
//! # way to take them from symbol details takes spot symbols for contracts.
//! gemini.options['fetchCurrencies']['webApiEnable'] = False
//! gemini.load_markets()['BTC/USD']['precision'] = {'amount': 1e-8, 'price': 0.01}
//! print(gemini.fetch_balance()['free'])
//! order = gemini.create_order('BTC/USD', 'limit', 'buy', 0.01, 20000)
//! print(gemini.fetch_order(order['id'])['status'])   # open
//! print(gemini.cancel_order(order['id'])['status'])  # canceled
//! ```
//!
//! So were its tickers, books, trades, candles, open orders and own trades; too large an order is
//! `InsufficientFunds` there. What it does not get is the list of transfers: it asks the retired
//! `/v1/transfers`.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all operations are called in one way, those too that can't fail"
)]

mod account;
mod answer;
mod bucket;
mod clearing;
mod data;
mod derivatives;
mod exchange;
mod funds;
mod group;
pub(crate) mod handle;
mod ids;
mod instant;
mod key;
mod market;
mod oauth;
mod orders;
mod params;
mod predictions;
mod sheet;
mod staking;
mod symbols;
mod trading;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;

use self::answer::{Outcome, Refusal, Reply, answer};
use self::bucket::Buckets;
use self::exchange::Exchange;
pub use self::key::{GeminiKey, GeminiNonces, GeminiRole, GeminiToken};
use self::key::{Granted, Key};
use self::params::Params;
use crate::Moment;
use crate::json::{Json, object};
use crate::venue::{Answer, Handled, Request, Venue};

/// How long a key that demands a heartbeat may be silent.
const SILENCE: Duration = Duration::from_secs(30);

const TRADER: &[GeminiRole] = &[GeminiRole::Trader];
const FUND_MANAGER: &[GeminiRole] = &[GeminiRole::FundManager];
const ADMINISTRATOR: &[GeminiRole] = &[GeminiRole::Administrator];
const AUDITOR: &[GeminiRole] = &[GeminiRole::Auditor];
const TRADER_OR_AUDITOR: &[GeminiRole] = &[GeminiRole::Trader, GeminiRole::Auditor];
const TRADER_OR_MANAGER: &[GeminiRole] = &[GeminiRole::Trader, GeminiRole::FundManager];
const MANAGER_OR_AUDITOR: &[GeminiRole] = &[GeminiRole::FundManager, GeminiRole::Auditor];
const READERS: &[GeminiRole] = &[
    GeminiRole::Trader,
    GeminiRole::FundManager,
    GeminiRole::Auditor,
];

/// What must stand behind a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Public,
    /// A key or a token, for nobody in particular.
    Key,
    /// A master key must name an account.
    Account,
    /// A master key may name an account.
    AccountOrGroup,
    /// A master key.
    Master,
    /// A token.
    Token,
}

/// One operation.
#[derive(Debug)]
struct Operation {
    /// The vendor's id; with `predictions.` before it for prediction markets,
    /// as some ids come twice.
    name: &'static str,
    get: bool,
    /// With `{}` for what is part of the request.
    path: &'static str,
    access: Access,
    /// One of these roles; any if none are named.
    roles: &'static [GeminiRole],
    /// One of these scopes; any if none are named.
    scopes: &'static [&'static str],
    call: fn(&mut Exchange, &Call<'_>) -> Outcome,
}

/// A private call by POST.
const fn op(
    name: &'static str,
    path: &'static str,
    access: Access,
    roles: &'static [GeminiRole],
    scopes: &'static [&'static str],
    call: fn(&mut Exchange, &Call<'_>) -> Outcome,
) -> Operation {
    Operation {
        name,
        get: false,
        path,
        access,
        roles,
        scopes,
        call,
    }
}

/// A private call by GET.
const fn get(
    name: &'static str,
    path: &'static str,
    access: Access,
    roles: &'static [GeminiRole],
    call: fn(&mut Exchange, &Call<'_>) -> Outcome,
) -> Operation {
    Operation {
        get: true,
        ..op(name, path, access, roles, &[], call)
    }
}

/// A public call.
const fn public(
    name: &'static str,
    path: &'static str,
    call: fn(&mut Exchange, &Call<'_>) -> Outcome,
) -> Operation {
    get(name, path, Access::Public, &[], call)
}

/// A request that has passed the door.
struct Call<'a> {
    params: &'a Params,
    /// What stands in place of the braces.
    path: &'a [String],
    now: Moment,
    /// The account it is for.
    account: usize,
    /// Whether it is for the whole group and not for one account.
    group: bool,
    /// The key that sent it.
    session: &'a str,
    key: Option<&'a Key>,
    /// Whether the HTTP body is empty.
    without_body: bool,
}

/// All operations.
fn operations() -> impl Iterator<Item = &'static Operation> {
    data::OPERATIONS
        .iter()
        .chain(&trading::OPERATIONS)
        .chain(&funds::OPERATIONS)
        .chain(&group::OPERATIONS)
        .chain(&instant::OPERATIONS)
        .chain(&clearing::OPERATIONS)
        .chain(&account::OPERATIONS)
        .chain(&staking::OPERATIONS)
        .chain(&derivatives::OPERATIONS)
        .chain(predictions::operations())
}

/// One Gemini, with all accounts and keys.
#[derive(Debug)]
pub(crate) struct Gemini {
    pub exchange: Exchange,
    keys: IndexMap<String, Key>,
    granted: Vec<Granted>,
    buckets: Buckets,
    /// Whether the limits on calls hold.
    pub limits: bool,
}

/// Who sends a request.
struct Caller {
    session: String,
    account: usize,
    master: bool,
}

impl Gemini {
    pub(crate) fn new(seed: u64, sandbox: bool, now: Moment) -> Self {
        Self {
            exchange: Exchange::new(seed, sandbox, now),
            keys: IndexMap::new(),
            granted: Vec::new(),
            buckets: Buckets::default(),
            limits: true,
        }
    }

    /// Adds a key, or replaces the one of that name; `false` if it is for an
    /// account that is not there, or has a name or secret that can't be sent.
    pub(crate) fn add_key(&mut self, config: GeminiKey, now: Moment) -> bool {
        let account = match config.account.as_deref() {
            Some(_) if config.is_master() => Some(0),
            Some(short_name) => self.exchange.account_named(short_name),
            None => Some(0),
        };
        let sendable = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let Some(account) = account.filter(|_| sendable(&config.key)) else {
            return false;
        };
        let name = config.key.clone();
        self.keys.insert(name, Key::new(config, account, now));
        true
    }

    /// Goes on to `now`. Keys that have been silent too long lose their orders
    /// at the moment they do.
    pub(crate) fn advance(&mut self, now: Moment) {
        let mut due: Vec<(Moment, String)> = self
            .keys
            .values()
            .filter(|key| key.config.heartbeat)
            .map(|key| (key.heard.plus(SILENCE), key.config.key.clone()))
            .filter(|(at, _)| *at < now)
            .collect();
        due.sort();
        for (at, session) in due {
            let orders = self.exchange.live.values();
            if !orders.clone().any(|order| order.session == session) {
                continue;
            }
            self.exchange.advance(at);
            let orders = self.exchange.live.values();
            let orders = orders.filter(|order| order.session == session);
            let ids: Vec<u64> = orders.map(|order| order.id).collect();
            for id in ids {
                self.exchange.cancel(id, "Requested");
            }
        }
        self.exchange.advance(now);
    }

    fn limited(&mut self, name: &str, rate: bucket::Rate, now: Moment) -> Result<(), Refusal> {
        if !self.limits {
            return Ok(());
        }
        self.buckets.take(name, rate, now).map_err(|seconds| {
            let mut refusal = Refusal::new(
                429,
                "RateLimit",
                "Requests were made too frequently, as of the documented limits",
            );
            refusal.retry_after = Some(seconds);
            refusal
        })
    }

    /// The members of the payload.
    fn payload(request: &Request) -> Result<IndexMap<String, Json>, Refusal> {
        let text = request.header("x-gemini-payload").ok_or_else(|| {
            Refusal::bad(
                "MissingPayloadHeader",
                "Must provide 'X-GEMINI-PAYLOAD' header",
            )
        })?;
        let bytes = STANDARD.decode(text).ok();
        let Some(Json::Object(fields)) = bytes.and_then(|bytes| Json::parse(&bytes)) else {
            return Err(Refusal::bad(
                "InvalidJson",
                "The payload must be a JSON object in base64",
            ));
        };
        let named = fields
            .get("request")
            .and_then(Json::as_str)
            .ok_or_else(|| {
                Refusal::bad("MissingPayloadKey", "Missing 'request' field in payload")
            })?;
        // Whether a query belongs to it is told differently by the vendor's own
        // samples and programs.
        if named != request.path() && named != request.target {
            return Err(Refusal::bad(
                "EndpointMismatch",
                format!(
                    "EndpointMismatch: '{named}' in the payload, '{}' was called",
                    request.path()
                ),
            ));
        }
        Ok(fields)
    }

    /// Finds out who sends a request and whether it is right; gives the members
    /// of its payload.
    fn admit(
        &mut self,
        operation: &Operation,
        request: &Request,
        now: Moment,
    ) -> Result<(Caller, IndexMap<String, Json>), Refusal> {
        if let Some(bearer) = request.header("authorization") {
            return self.admit_token(operation, request, bearer, now);
        }
        let name = request.header("x-gemini-apikey").ok_or_else(|| {
            Refusal::new(
                401,
                "MissingApikeyHeader",
                "Must provide 'X-GEMINI-APIKEY' header",
            )
        })?;
        let payload = request.header("x-gemini-payload").ok_or_else(|| {
            Refusal::bad(
                "MissingPayloadHeader",
                "Must provide 'X-GEMINI-PAYLOAD' header",
            )
        })?;
        let signature = request.header("x-gemini-signature").ok_or_else(|| {
            Refusal::bad(
                "MissingSignatureHeader",
                "Must provide 'X-GEMINI-SIGNATURE' header",
            )
        })?;
        let key = self.keys.get_mut(name);
        let key = key
            .filter(|key| key.signed(payload, signature))
            .ok_or_else(|| Refusal::bad("InvalidSignature", "InvalidSignature"))?;
        let fields = Self::payload(request)?;
        let nonce = fields.get("nonce").and_then(Json::scalar).ok_or_else(|| {
            Refusal::bad(
                "MissingNonce",
                "Must provide unique monotonic increasing 'nonce' field in payload",
            )
        })?;
        key.use_nonce(&nonce, now)
            .map_err(|message| Refusal::bad("InvalidNonce", message))?;
        key.heard = now;
        let caller = Caller {
            session: name.to_owned(),
            account: key.account,
            master: key.config.is_master(),
        };
        let allowed =
            operation.roles.is_empty() || operation.roles.iter().any(|role| key.config.has(*role));
        self.limited(&format!("key:{name}"), bucket::PRIVATE, now)?;
        if !allowed {
            return Err(missing_role(operation));
        }
        match operation.access {
            Access::Token => Err(Refusal::new(
                401,
                "MissingAuthorization",
                "This call is for OAuth tokens",
            )),
            Access::Master if !caller.master => Err(Refusal::new(
                403,
                "MissingRole",
                "This call is for master keys",
            )),
            _ => Ok((caller, fields)),
        }
    }

    /// The account that a request is for, and whether it is for the group.
    fn account(
        &self,
        operation: &Operation,
        caller: &Caller,
        fields: &IndexMap<String, Json>,
    ) -> Result<(usize, bool), Refusal> {
        let named = fields.get("account").filter(|value| **value != Json::Null);
        let takes_account = matches!(
            operation.access,
            Access::Account | Access::AccountOrGroup | Access::Key
        );
        let Some(named) = named.filter(|_| takes_account) else {
            if caller.master && operation.access == Access::Account {
                return Err(Refusal::bad(
                    "MissingAccounts",
                    "Expected a JSON payload with accounts",
                ));
            }
            return Ok((caller.account, caller.master));
        };
        // Some samples have a list of one.
        let named = match named {
            Json::List(several) if several.len() > 1 => {
                return Err(Refusal::bad(
                    "MoreThanOneAccount",
                    "The call is for one account",
                ));
            }
            Json::List(one) => one.first().and_then(Json::as_str),
            other => other.as_str(),
        };
        let found = named.and_then(|named| self.exchange.account_named(named));
        if !caller.master {
            // Its own name does no harm: the sample of the balances sends it.
            return if found == Some(caller.account) {
                Ok((caller.account, false))
            } else {
                Err(Refusal::bad(
                    "AccountsOnGroupOnlyApi",
                    "The 'account' parameter is for master keys only",
                ))
            };
        }
        found.map(|account| (account, false)).ok_or_else(|| {
            Refusal::bad(
                "InvalidAccountName",
                format!("No account '{}' in the group", named.unwrap_or_default()),
            )
        })
    }

    fn carry_out(
        &mut self,
        operation: &Operation,
        path: &[String],
        request: &Request,
        now: Moment,
    ) -> Outcome {
        let without_body = request.body.is_empty();
        if operation.access == Access::Public {
            self.limited("public", bucket::PUBLIC, now)?;
            self.advance(now);
            let params = &Params::new(IndexMap::new(), request.query());
            let call = Call {
                params,
                path,
                now,
                account: 0,
                group: false,
                session: "",
                key: None,
                without_body,
            };
            return (operation.call)(&mut self.exchange, &call);
        }
        // Before the caller's sign of life counts.
        self.advance(now);
        let (caller, fields) = self.admit(operation, request, now)?;
        let (account, group) = self.account(operation, &caller, &fields)?;
        let own = match operation.name {
            "listPastTransfers" | "listCustodyFeeTransfers" => {
                Some(("transfers", bucket::TRANSFERS))
            }
            "listDepositAddresses" => Some(("addresses", bucket::ADDRESSES)),
            "createNewDepositAddress" => Some(("new address", bucket::ADDRESSES)),
            _ => None,
        };
        if let Some((name, rate)) = own {
            self.limited(&format!("{name}:{account}"), rate, now)?;
        }
        if operation.access == Access::Token {
            return Ok(self.revoke(&caller.session, account));
        }
        let call = Call {
            params: &Params::new(fields, request.query()),
            path,
            now,
            account,
            group,
            session: &caller.session,
            key: self.keys.get(&caller.session),
            without_body,
        };
        (operation.call)(&mut self.exchange, &call)
    }

    fn route(request: &Request) -> Option<(&'static Operation, Vec<String>)> {
        let path = request.path();
        operations()
            .filter(|operation| {
                let method = if operation.get {
                    http::Method::GET
                } else {
                    http::Method::POST
                };
                method == request.method
            })
            .find_map(|operation| Some((operation, crate::route::matched(operation.path, path)?)))
    }
}

fn missing_role(operation: &Operation) -> Refusal {
    let roles: Vec<&str> = operation.roles.iter().map(|role| role.name()).collect();
    if operation.name == "getOrderStatus" {
        return Refusal::plain(403, "MissingRole", "OrderStatus required");
    }
    if operation.name.starts_with("predictions.") {
        return Refusal::plain(
            403,
            "MissingRole",
            format!("{} required", roles.join(" or ")),
        );
    }
    Refusal::new(
        403,
        "MissingRole",
        format!(
            "To access this endpoint, you need to assign the role {} to the API key",
            roles.join(" or ")
        ),
    )
}

impl Venue for Gemini {
    fn operation(&self, request: &Request) -> String {
        Self::route(request).map_or_else(
            || request.path().to_owned(),
            |(operation, _)| operation.name.to_owned(),
        )
    }

    fn handle(&mut self, request: &Request, now: Moment) -> Handled {
        let name = self.operation(request);
        let outcome = match Self::route(request) {
            Some((operation, path)) => self.carry_out(operation, &path, request, now),
            None if request.path() == oauth::TOKEN_PATH => self.token_request(request, now),
            None => Err(Refusal::new(
                404,
                "EndpointNotFound",
                format!("API entry point `{}` not found", request.path()),
            )),
        };
        let refused = match &outcome {
            Err(refusal) => Some(refusal.why.clone()),
            // Some failures come with HTTP 200.
            Ok(Reply::Json(body)) => match body.get("result").and_then(Json::as_str) {
                Some("error" | "failed") => Some(body.to_string()),
                _ => None,
            },
            Ok(_) => None,
        };
        Handled {
            answer: match outcome {
                Ok(reply) => answer(reply),
                Err(refusal) => refusal.answer(),
            },
            operation: name,
            refused,
        }
    }

    fn failure(&self, _: &Request, error: &str) -> Answer {
        let (reason, message) = error.split_once(": ").unwrap_or((error, error));
        let status = match reason {
            "RateLimit" => 429,
            "Maintenance" => 503,
            "System" => 500,
            "InsufficientFunds" => 406,
            "MissingRole" => 403,
            "OrderNotFound" | "EndpointNotFound" => 404,
            _ => 400,
        };
        let body = object! { "result" => "error", "reason" => reason, "message" => message };
        Answer::json(status, &body)
    }
}

#[cfg(test)]
mod tests;
