//! Kraken's host: what every request must pass, and where it goes then.
//!
//! Spot, legacy Custody, the external Custody API and the REST calls of Prime
//! share one host, as they do in life.

pub(crate) mod answer;
mod counter;
pub(crate) mod custody;
pub(crate) mod handle;
pub(crate) mod ids;
mod key;
mod params;
pub(crate) mod prime;
pub(crate) mod spot;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use self::answer::{Outcome, Refusal, envelope};
use self::custody::denial::error_objects;
use self::custody::{Custody, external, legacy};
use self::key::{Key, Keys};
pub use self::key::{KrakenApi, KrakenKey, KrakenTier};
use self::params::Params;
use self::spot::Spot;
use crate::Moment;
use crate::json::{Json, object};
use crate::prime::Prime;
use crate::route::matched;
use crate::venue::{Answer, Handled, Request, Venue};

const PUBLIC: &str = "/0/public/";
const PRIVATE: &str = "/0/private/";
const EXTERNAL: &str = "/v0/insto/custody";

/// The keys a set of operations is found by.
type Table<T> = LazyLock<HashMap<&'static str, &'static T>>;

static PUBLIC_OPERATIONS: Table<spot::Operation> =
    LazyLock::new(|| spot::public_operations().map(|o| (o.name, o)).collect());
static PRIVATE_OPERATIONS: Table<spot::Operation> =
    LazyLock::new(|| spot::private_operations().map(|o| (o.name, o)).collect());
static LEGACY_OPERATIONS: Table<legacy::Operation> =
    LazyLock::new(|| legacy::OPERATIONS.iter().map(|o| (o.name, o)).collect());
static PRIME_OPERATIONS: Table<prime::Operation> =
    LazyLock::new(|| prime::OPERATIONS.iter().map(|o| (o.name, o)).collect());

/// One Kraken, with all accounts and keys.
#[derive(Debug)]
pub(crate) struct Kraken {
    pub keys: Keys,
    pub spot: Spot,
    pub custody: Custody,
    /// Prime's own host has it, too. Its lock is taken after this Kraken's,
    /// never before.
    pub prime: Arc<Mutex<Prime>>,
    /// Whether the limits on calls hold.
    pub limits: bool,
}

impl Kraken {
    pub(crate) fn new(seed: u64, now: Moment) -> Self {
        Self {
            keys: Keys::new(),
            spot: Spot::new(seed, now),
            custody: Custody::new(seed, now),
            prime: Arc::new(Mutex::new(Prime::new(seed, now))),
            limits: true,
        }
    }

    /// Adds a key, or replaces the one of that name; `false` if its secret is
    /// not base64.
    pub(crate) fn add_key(&mut self, config: KrakenKey, account: String, now: Moment) -> bool {
        let name = config.key.clone();
        let key = Key::new(config, account, now);
        key.is_some_and(|key| {
            self.keys.insert(name, key);
            true
        })
    }

    fn route(request: &Request) -> Route {
        let path = request.path();
        if let Some(name) = path.strip_prefix(PUBLIC) {
            return PUBLIC_OPERATIONS
                .get(name)
                .map_or(Route::Unknown, |operation| Route::Public(operation));
        }
        if let Some(name) = path.strip_prefix(PRIVATE) {
            if let Some(operation) = PRIME_OPERATIONS.get(name) {
                return Route::Prime(operation);
            }
            // Four calls of Custody have the paths of Spot calls; the header
            // tells them apart.
            let legacy = LEGACY_OPERATIONS.get(name);
            let of_custody = request.headers.contains_key("x-vault-id");
            return match (legacy, PRIVATE_OPERATIONS.get(name)) {
                (Some(operation), None) => Route::Legacy(operation),
                (Some(operation), Some(_)) if of_custody => Route::Legacy(operation),
                (_, Some(operation)) => Route::Private(operation),
                (None, None) => Route::Unknown,
            };
        }
        let Some(rest) = path.strip_prefix(EXTERNAL) else {
            return Route::Unknown;
        };
        for operation in external::OPERATIONS {
            if operation.method == request.method
                && let Some(segments) = matched(operation.path, rest)
            {
                return Route::External(operation, segments);
            }
        }
        Route::UnknownExternal
    }

    /// What every private call of Spot and legacy Custody must pass. `cost` is
    /// what it adds to the key's counter.
    fn admit<'a>(
        keys: &'a mut Keys,
        request: &Request,
        params: Option<&Params>,
        limits: bool,
        cost: u32,
        now: Moment,
    ) -> Result<&'a Key, Refusal> {
        let key = request
            .header("api-key")
            .and_then(|key| keys.get_mut(key))
            .ok_or("EAPI:Invalid key")?;
        let params = params.ok_or("EAPI:Bad request")?;
        let nonce = params.text("nonce").ok_or("EAPI:Invalid nonce")?;
        let number = nonce.parse().map_err(|_| "EAPI:Invalid nonce")?;
        let signature = request.header("api-sign").unwrap_or_default();
        if !key.signed(&request.target, &nonce, &request.body, signature) {
            return Err("EAPI:Invalid signature".into());
        }
        if !key.use_nonce(number) {
            return Err("EAPI:Invalid nonce".into());
        }
        // The venue does not tell a wrong password from a wrong signature.
        if key.config.otp.is_some() && key.config.otp != params.text("otp") {
            return Err("EAPI:Invalid signature".into());
        }
        key.used = Some(now);
        if limits && !key.counter.take(cost, now) {
            return Err("EAPI:Rate limit exceeded".into());
        }
        Ok(key)
    }

    fn public(&mut self, operation: &spot::Operation, request: &Request, now: Moment) -> Outcome {
        if request.method != http::Method::GET {
            return Err("EGeneral:Unknown method".into());
        }
        self.spot.advance(now);
        let params = &Params::of_query(request);
        let key = None;
        (operation.call)(&mut self.spot, &spot::Call { params, now, key })
    }

    /// Carries out a call for a key of Spot's that has the permission.
    fn private(
        &mut self,
        request: &Request,
        cost: u32,
        permission: spot::Permission,
        now: Moment,
        call: impl FnOnce(&mut Spot, &spot::Call<'_>) -> Outcome,
    ) -> Outcome {
        if request.method != http::Method::POST {
            return Err("EGeneral:Unknown method".into());
        }
        let params = Params::of_request(request);
        let key = Self::admit(
            &mut self.keys,
            request,
            params.as_ref(),
            self.limits,
            cost,
            now,
        )?;
        if key.config.api != KrakenApi::Spot || !permission.is_met_by(key) {
            return Err("EGeneral:Permission denied".into());
        }
        self.spot.advance(now);
        let params = &params.unwrap_or_default();
        let key = Some(key);
        call(&mut self.spot, &spot::Call { params, now, key })
    }

    fn prime(&mut self, operation: &prime::Operation, request: &Request, now: Moment) -> Outcome {
        let prime = Arc::clone(&self.prime);
        self.private(request, 1, operation.permission, now, |spot, call| {
            // As in the server: what is there after a panic should be seen.
            let mut prime = prime.lock().unwrap_or_else(PoisonError::into_inner);
            operation.carry_out(&mut prime, spot, request, call)
        })
    }

    fn legacy(
        &mut self,
        operation: &legacy::Operation,
        request: &Request,
        now: Moment,
    ) -> Result<(Answer, Option<String>), Refusal> {
        if request.method != http::Method::POST {
            return Err("EGeneral:Unknown method".into());
        }
        let params = Params::of_request(request);
        let key = Self::admit(
            &mut self.keys,
            request,
            params.as_ref(),
            self.limits,
            1,
            now,
        )?;
        if key.config.api != KrakenApi::Custody {
            return Err("EGeneral:Permission denied".into());
        }
        self.custody.advance(now);
        let call = legacy::Call {
            request,
            params: &params.unwrap_or_default(),
            vault: request.header("x-vault-id"),
            key,
            now,
        };
        // The service itself refuses with objects, what stands before it with
        // texts.
        Ok(match (operation.call)(&mut self.custody, &call) {
            Ok(legacy::Answered { result, page }) => {
                let mut answer = object! {
                    operation.errors => Json::List(Vec::new()),
                    "result" => result,
                };
                if let (Json::Object(members), Some((start, total))) = (&mut answer, page) {
                    members.insert("start".into(), start.into());
                    members.insert("total".into(), total.into());
                }
                (Answer::json(200, &answer), None)
            }
            Err(refusal) => {
                let mut answer = object! {
                    operation.errors => error_objects(&refusal),
                    "result" => Json::Null,
                };
                if let (Json::Object(members), true) = (&mut answer, operation.paged) {
                    members.insert("start".into(), 0_u32.into());
                    members.insert("total".into(), 0_u32.into());
                }
                let Refusal(texts) = refusal;
                (Answer::json(200, &answer), Some(texts.join(", ")))
            }
        })
    }

    fn external(
        &mut self,
        operation: &external::Operation,
        segments: &[String],
        request: &Request,
        now: Moment,
    ) -> Result<Json, external::Refused> {
        let refused = |status, why: &str| external::Refused {
            status,
            why: why.to_owned(),
        };
        if self.limits && !self.custody.calls.take(now) {
            return Err(refused(429, "rate limit exceeded"));
        }
        let mut caller = None;
        if operation.private {
            let key = request
                .header("api-key")
                .and_then(|key| self.keys.get_mut(key))
                .filter(|key| key.config.api == KrakenApi::Custody)
                .ok_or_else(|| refused(401, "invalid api-key"))?;
            let nonce = request.header("api-nonce").unwrap_or_default();
            let number = nonce
                .parse()
                .map_err(|_| refused(401, "invalid api-nonce"))?;
            let signature = request.header("api-sign").unwrap_or_default();
            if !key.signed(&request.target, nonce, &request.body, signature) {
                return Err(refused(401, "invalid api-sign"));
            }
            if !key.use_nonce(number) {
                return Err(refused(401, "invalid api-nonce"));
            }
            if key.config.otp.is_some() && key.config.otp.as_deref() != request.header("api-otp") {
                return Err(refused(401, "invalid api-otp"));
            }
            key.used = Some(now);
            caller = Some(&*key);
        }
        let body = if request.body.is_empty() {
            Json::Null
        } else {
            Json::parse(&request.body).ok_or_else(|| refused(400, "the body is not JSON"))?
        };
        self.custody.advance(now);
        let call = external::Call {
            request,
            query: &Params::of_query(request),
            body: &body,
            path: segments,
            key: caller,
            now,
        };
        (operation.call)(&mut self.custody, &call)
    }
}

/// Where a request goes.
enum Route {
    Public(&'static spot::Operation),
    Private(&'static spot::Operation),
    Legacy(&'static legacy::Operation),
    Prime(&'static prime::Operation),
    External(&'static external::Operation, Vec<String>),
    UnknownExternal,
    Unknown,
}

impl Venue for Kraken {
    fn operation(&self, request: &Request) -> String {
        match Self::route(request) {
            Route::Public(operation) | Route::Private(operation) => operation.name.to_owned(),
            Route::Legacy(operation) => operation.name.to_owned(),
            Route::Prime(operation) => operation.name.to_owned(),
            Route::External(operation, _) => {
                format!("{} {EXTERNAL}{}", operation.method, operation.path)
            }
            Route::UnknownExternal | Route::Unknown => request.path().to_owned(),
        }
    }

    fn handle(&mut self, request: &Request, now: Moment) -> Handled {
        let operation = self.operation(request);
        let handled = |answer: Answer, refused: Option<String>| Handled {
            answer,
            operation,
            refused,
        };
        // What stands in front of the venue turns away who does not say who it
        // is.
        if request.header("user-agent").is_none_or(str::is_empty) {
            let mut answer = Answer::text(403, "<html><body>Access denied</body></html>\n");
            answer.content_type = "text/html; charset=UTF-8";
            return handled(answer, Some("no User-Agent".into()));
        }
        let outcome = match Self::route(request) {
            Route::Public(operation) => self.public(operation, request, now),
            Route::Private(operation) => {
                let (cost, permission) = (operation.cost, operation.permission);
                self.private(request, cost, permission, now, operation.call)
            }
            Route::Prime(operation) => {
                let outcome = self.prime(operation, request, now);
                let refused = outcome.as_ref().err().map(|Refusal(all)| all.join(", "));
                return handled(prime::enveloped(outcome), refused);
            }
            Route::Legacy(operation) => match self.legacy(operation, request, now) {
                Ok((answer, refused)) => return handled(answer, refused),
                Err(refusal) => Err(refusal),
            },
            Route::External(operation, segments) => {
                return match self.external(operation, &segments, request, now) {
                    Ok(result) => handled(Answer::json(200, &result), None),
                    Err(external::Refused { status, why }) => {
                        handled(external_failure(status, &why), Some(why))
                    }
                };
            }
            Route::UnknownExternal => {
                let why = "no such route";
                return handled(external_failure(404, why), Some(why.into()));
            }
            Route::Unknown => Err("EGeneral:Unknown method".into()),
        };
        let refused = outcome.as_ref().err().map(|Refusal(all)| all.join(", "));
        handled(envelope(outcome), refused)
    }

    fn failure(&self, request: &Request, error: &str) -> Answer {
        if request.path().starts_with(EXTERNAL) {
            return external_failure(503, error);
        }
        envelope(Err(error.into()))
    }
}

/// The vendor documents no body for these; the status is what counts.
fn external_failure(status: u16, why: &str) -> Answer {
    Answer::json(status, &object! { "message" => why })
}
