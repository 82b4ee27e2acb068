//! OAuth: access tokens in place of keys.

use std::time::Duration;

use super::answer::{Outcome, Refusal, Reply};
use super::key::{GeminiToken, Granted};
use super::{Access, Caller, Gemini, Operation, bucket};
use crate::Moment;
use crate::json::{Json, object};
use crate::venue::Request;
use indexmap::IndexMap;

/// Where tokens are asked for; at the venue on another host.
pub(crate) const TOKEN_PATH: &str = "/auth/token";

/// How long an access token lives.
const LIFE: Duration = Duration::from_secs(86_400);

/// Tokens that are kept.
const MOST: usize = 1_000;

impl Gemini {
    /// Gives an account's owner a token with some scopes.
    pub(crate) fn grant(
        &mut self,
        account: usize,
        scopes: Vec<String>,
        now: Moment,
    ) -> GeminiToken {
        let token = GeminiToken {
            access_token: self.exchange.ids.plain.capitals(40),
            refresh_token: self.exchange.ids.plain.capitals(40),
            scopes,
        };
        if self.granted.len() == MOST {
            self.granted.remove(0);
        }
        self.granted.push(Granted {
            token: token.clone(),
            account,
            until: now.plus(LIFE),
        });
        token
    }

    pub(super) fn admit_token(
        &mut self,
        operation: &Operation,
        request: &Request,
        bearer: &str,
        now: Moment,
    ) -> Result<(Caller, IndexMap<String, Json>), Refusal> {
        let invalid = || Refusal::new(401, "InvalidAccessToken", "The access token is not valid");
        let token = bearer.strip_prefix("Bearer ").ok_or_else(invalid)?;
        let granted = self
            .granted
            .iter()
            .find(|granted| granted.token.access_token == token && now < granted.until)
            .ok_or_else(invalid)?;
        let fields = Self::payload(request)?;
        let scopes = &granted.token.scopes;
        let allowed = operation.scopes.is_empty()
            || operation
                .scopes
                .iter()
                .any(|scope| scopes.iter().any(|given| given == scope));
        let caller = Caller {
            session: token.to_owned(),
            account: granted.account,
            master: false,
        };
        self.limited(&format!("token:{token}"), bucket::PRIVATE, now)?;
        if !allowed {
            return Err(Refusal::new(
                403,
                "MissingScope",
                format!(
                    "The token needs the scope {}",
                    operation.scopes.join(" or ")
                ),
            ));
        }
        if operation.access == Access::Master {
            return Err(Refusal::new(
                403,
                "MissingRole",
                "This call is for master keys",
            ));
        }
        Ok((caller, fields))
    }

    /// Ends the tokens of an account. The venue has one client for all here.
    pub(super) fn revoke(&mut self, _token: &str, account: usize) -> Reply {
        self.granted.retain(|granted| granted.account != account);
        object! {
            "message" => "OAuth tokens and codes have been revoked for 00000000-0000-0000-0000-000000000000 on your account."
        }
        .into()
    }

    /// A new access token for a refresh token.
    pub(super) fn token_request(&mut self, request: &Request, now: Moment) -> Outcome {
        let refused = |status, error: &str, description: &str| Refusal {
            status,
            why: error.to_owned(),
            body: object! { "error" => error, "error_description" => description },
            retry_after: None,
        };
        if request.method != http::Method::POST {
            return Err(refused(405, "invalid_request", "POST is wanted"));
        }
        let body = Json::parse(&request.body);
        let body = body.ok_or_else(|| refused(400, "invalid_request", "The body is not JSON"))?;
        let member = |name| body.get(name).and_then(Json::as_str);
        if member("grant_type") != Some("refresh_token") {
            return Err(refused(
                400,
                "unsupported_grant_type",
                "Only refresh_token is simulated",
            ));
        }
        let wanted = member("refresh_token").unwrap_or_default();
        let access_token = self.exchange.ids.plain.capitals(40);
        let granted = self
            .granted
            .iter_mut()
            .find(|granted| granted.token.refresh_token == wanted)
            .ok_or_else(|| refused(400, "invalid_grant", "No such refresh token"))?;
        granted.token.access_token = access_token;
        granted.until = now.plus(LIFE);
        Ok(object! {
            "access_token" => granted.token.access_token.as_str(),
            "refresh_token" => granted.token.refresh_token.as_str(),
            "token_type" => "Bearer",
            "scope" => granted.token.scopes.join(","),
            "expires_in" => LIFE.as_secs(),
        }
        .into())
    }
}
