//! Why an operation is not carried out, and how either API says so.

use super::external::Refused;
use crate::json::{Json, object};
use crate::kraken::answer::Refusal;

/// A reason that holds in both APIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// A parameter is missing or not as it must be.
    Argument(&'static str),
    /// There is nothing of the id that this parameter gives.
    Unknown(&'static str),
    /// The caller may not.
    Forbidden(&'static str),
    /// No more deposit addresses.
    TooManyAddresses,
    /// Something else that does not fit.
    Invalid(String),
}

impl Denial {
    pub(crate) fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        let (status, why) = match denial {
            Denial::Argument(name) => (400, format!("invalid argument: {name}")),
            Denial::Unknown(name) => (404, format!("unknown {name}")),
            Denial::Forbidden(why) => (403, why.to_owned()),
            Denial::TooManyAddresses => (400, "TooManyAddresses".to_owned()),
            Denial::Invalid(why) => (400, why),
        };
        Self { status, why }
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Argument(name) | Denial::Unknown(name) => Self::argument(name),
            Denial::Forbidden(_) => "EGeneral:Permission denied".into(),
            Denial::TooManyAddresses => "EFunding:Too many addresses".into(),
            Denial::Invalid(why) => Self::new(format!("EGeneral:Invalid arguments:{why}")),
        }
    }
}

/// The entries that the legacy API has for texts such as
/// `EGeneral:Invalid arguments:id`.
pub(crate) fn error_objects(refusal: &Refusal) -> Json {
    refusal.0.iter().map(|text| error_object(text)).collect()
}

fn error_object(text: &str) -> Json {
    let mut parts = text.splitn(3, ':');
    let head = parts.next().unwrap_or_default();
    let (severity, class) = match head.strip_prefix('W') {
        Some(class) => ("W", class),
        None => ("E", head.strip_prefix('E').unwrap_or(head)),
    };
    object! {
        "severity" => severity,
        "errorClass" => class,
        "type" => parts.next().unwrap_or_default(),
        "errorMessage" => parts.next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_apart() {
        let refusal = Refusal(vec![
            "EGeneral:Permission denied".into(),
            "WGeneral:Danger:mind: the gap".into(),
        ]);
        assert_eq!(
            error_objects(&refusal).to_string(),
            r#"[{"severity":"E","errorClass":"General","type":"Permission denied","errorMessage":null},{"severity":"W","errorClass":"General","type":"Danger","errorMessage":"mind: the gap"}]"#
        );
    }

    #[test]
    fn either_api_says_it_in_its_own_way() {
        let refused = Refused::from(Denial::Unknown("vault_id"));
        assert_eq!(refused.status, 404);
        let refusal = Refusal::from(Denial::Unknown("id"));
        assert_eq!(refusal, Refusal::argument("id"));
        assert_eq!(Refused::from(Denial::Forbidden("no")).status, 403);
    }
}
