//! Who gets in: what the upgrade to a WebSocket must be signed with.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use ring::hmac;

use super::connection::Connection;
use super::{PATH, Prime, lock};
use crate::Moment;
use crate::clock::Clock;
use crate::venue::{Answer, Handled, Request, Venue};
use crate::ws::{Live, Refusal, Session, upgrade_required};

/// How far the time of a signature may be from the venue's clock. The vendor
/// documents none; chosen.
const TOLERANCE: Duration = Duration::from_secs(30);

/// The form of `ApiTimestamp`, `0` standing for any digit.
const TIMESTAMP: &str = "0000-00-00T00:00:00.000000Z";

/// Prime's host.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub prime: Arc<Mutex<Prime>>,
    /// How many records of a snapshot come in one message.
    pub page_size: usize,
}

/// The vendor does not document the status of what is refused here; 401 is
/// chosen.
fn unauthorized(why: &str) -> Refusal {
    Refusal::new(401, why)
}

/// The moment of a timestamp in exactly the documented form.
fn moment(text: &str) -> Option<Moment> {
    let in_form = text.len() == TIMESTAMP.len()
        && text.bytes().zip(TIMESTAMP.bytes()).all(|(is, form)| {
            if form == b'0' {
                is.is_ascii_digit()
            } else {
                is == form
            }
        });
    in_form.then(|| Moment::parse_rfc3339(text)).flatten()
}

/// Whether `signature`, in base64's URL-safe alphabet with padding, is
/// HMAC-SHA256 of the four lines under the bytes of the secret.
fn is_signed(secret: &str, timestamp: &str, host: &str, path: &str, signature: &str) -> bool {
    let Ok(signature) = URL_SAFE.decode(signature) else {
        return false;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let message = format!("GET\n{timestamp}\n{host}\n{path}");
    hmac::verify(&key, message.as_bytes(), &signature).is_ok()
}

impl Live for Door {
    fn open(
        &self,
        request: &Request,
        peer: IpAddr,
        clock: &Clock,
    ) -> Result<Box<dyn Session>, Refusal> {
        if request.path() != PATH {
            return Err(Refusal::new(404, "no such path"));
        }
        let header = |name: &str| {
            request
                .header(name)
                .ok_or_else(|| unauthorized(&format!("missing {name}")))
        };
        let api_key = header("ApiKey")?;
        let timestamp = header("ApiTimestamp")?;
        let signature = header("ApiSign")?;
        let host = header("Host")?;
        let time = moment(timestamp).ok_or_else(|| unauthorized("malformed ApiTimestamp"))?;
        let mut prime = lock(&self.prime);
        let now = clock.now();
        let (secret, caller) = prime
            .people
            .key(api_key)
            .ok_or_else(|| unauthorized("unknown ApiKey"))?;
        if !is_signed(secret, timestamp, host, request.path(), signature) {
            return Err(unauthorized("invalid ApiSign"));
        }
        if now.since(time).max(time.since(now)) > TOLERANCE {
            return Err(unauthorized("stale ApiTimestamp"));
        }
        if !prime.people.admits(api_key, peer) {
            return Err(unauthorized("address not on the key's whitelist"));
        }
        let session = prime.ids.capitals(13);
        let prime = Arc::clone(&self.prime);
        let connection = Connection::new(prime, caller, &session, self.page_size, now);
        Ok(Box::new(connection))
    }
}

impl Venue for Door {
    fn operation(&self, request: &Request) -> String {
        match request.path() {
            PATH => "upgrade".to_owned(),
            other => other.to_owned(),
        }
    }

    fn handle(&mut self, request: &Request, _now: Moment) -> Handled {
        let refusal = match request.path() {
            PATH => upgrade_required(),
            _ => Refusal::new(404, "no such path"),
        };
        Handled {
            answer: refusal.answer,
            operation: self.operation(request),
            refused: Some(refusal.why),
        }
    }

    fn failure(&self, _request: &Request, error: &str) -> Answer {
        Refusal::new(503, error).answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "made-up-secret-0001";
    const TIME: &str = "2019-02-13T05:17:32.000000Z";
    const HOST: &str = "wss.sandbox.prime.kraken.com";

    #[test]
    fn a_signature_made_elsewhere_holds_and_no_other_spelling() {
        let signed = |signature: &str| is_signed(SECRET, TIME, HOST, PATH, signature);
        assert!(signed("DcXGDPz5R5WNnOoN3y4Q3A66Y21XLM8lH7in0_N6-9w="));
        assert!(!signed("DcXGDPz5R5WNnOoN3y4Q3A66Y21XLM8lH7in0/N6+9w="));
        assert!(!signed("DcXGDPz5R5WNnOoN3y4Q3A66Y21XLM8lH7in0_N6-9w"));
        assert!(!signed("DcXGDPz5R5WNnOoN3y4Q3A66Y21XLM8lH7in0_N6-9x="));
        assert!(!signed(""));
        let signature = "MZikykHQlPDgOVK9UQFp5y1D9j-2XzJ6Jfy5YDDC9Ik=";
        let (time, host) = ("2026-06-17T11:47:35.341672Z", "wss.prime.kraken.com");
        assert!(is_signed(SECRET, time, host, PATH, signature));
        assert!(!is_signed(
            "made-up-secret-0002",
            time,
            host,
            PATH,
            signature
        ));
        assert!(!is_signed(SECRET, time, host, "/ws/v2", signature));
        assert!(!is_signed(SECRET, TIME, host, PATH, signature));
    }

    #[test]
    fn timestamps_have_one_form() {
        assert_eq!(moment(TIME), Some(Moment::from_seconds(1_550_035_052)));
        for other in [
            "2019-02-13T05:17:32Z",
            "2019-02-13T05:17:32.000Z",
            "2019-02-13T05:17:32.000000000Z",
            "2019-02-13 05:17:32.000000Z",
            "2019-02-13T05:17:32.000000z",
            "2019-02-13T05:17:32.00000+Z",
            "2019-13-13T05:17:32.000000Z",
            "1550035052",
            "",
        ] {
            assert_eq!(moment(other), None, "{other}");
        }
    }
}
