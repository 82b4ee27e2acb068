//! One call while its parameters are set.

use bytes::Bytes;
use exchange_transport::{At, Call, Error, InvalidField};
use exchange_wire::RawJson;
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::client::Core;
use crate::endpoint::{Auth, Endpoint};
use crate::parameter::Parameter;

/// The parameters of one call as text, whatever their types were; behind every builder.
///
/// Setting one again replaces it. The first mistake is kept and comes back when it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    core: Core,
    endpoint: &'static Endpoint,
    path: Vec<(&'static str, String)>,
    query: Vec<(&'static str, Vec<String>)>,
    fields: Vec<(&'static str, RawJson)>,
    account: Option<String>,
    mistake: Option<InvalidField>,
}

impl Request {
    pub(crate) fn new(core: &Core, endpoint: &'static Endpoint) -> Self {
        Self {
            core: core.clone(),
            endpoint,
            path: Vec::new(),
            query: Vec::new(),
            fields: Vec::new(),
            account: None,
            mistake: None,
        }
    }

    pub(crate) fn path(&mut self, name: &'static str, value: &impl Parameter) {
        value.texts(&mut |text| set(&mut self.path, name, text.to_owned()));
    }

    pub(crate) fn query(&mut self, name: &'static str, value: &impl Parameter) {
        let mut texts = Vec::new();
        value.texts(&mut |text| texts.push(text.to_owned()));
        set(&mut self.query, name, texts);
    }

    pub(crate) fn field(&mut self, name: &'static str, value: &impl Parameter) {
        match value.json() {
            Ok(json) => set(&mut self.fields, name, json),
            Err(error) => self.allow(name, |at| {
                Err(InvalidField::new(at, "must have a form in JSON", error))
            }),
        }
    }

    /// Takes a field back.
    pub(crate) fn unset(&mut self, name: &str) {
        self.fields.retain(|(given, _)| *given != name);
    }

    /// For which account of the group.
    pub(crate) fn account(&mut self, account: String) {
        self.account = Some(account);
    }

    /// Checks one parameter.
    pub(crate) fn allow(
        &mut self,
        name: &str,
        check: impl FnOnce(&At<'_>) -> Result<(), InvalidField>,
    ) {
        if self.mistake.is_none() {
            self.mistake = check(&At::ROOT.name(name)).err();
        }
    }

    /// Checks several parameters together, just before sending.
    pub(crate) fn check(mut self, check: fn(&Self) -> Result<(), InvalidField>) -> Self {
        if self.mistake.is_none() {
            self.mistake = check(&self).err();
        }
        self
    }

    /// The JSON of a field that was set.
    pub(crate) fn given(&self, name: &str) -> Option<&RawJson> {
        self.fields
            .iter()
            .find(|(given, _)| *given == name)
            .map(|(_, json)| json)
    }

    /// The text of a query parameter that was set.
    pub(crate) fn given_query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(given, _)| *given == name)
            .and_then(|(_, texts)| texts.first())
            .map(String::as_str)
    }

    /// Whether a field or a parameter of the query was set.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.given(name).is_some() || self.given_query(name).is_some()
    }

    /// The number that a field was set to, or else `most`.
    pub(crate) fn limit(&self, name: &str, most: u32) -> u32 {
        let given = self.given(name).and_then(|json| json.decode().ok());
        given.unwrap_or(most)
    }

    /// Makes the call and decodes its answer.
    pub(crate) async fn send<T: DeserializeOwned>(self) -> Result<T, Error> {
        let (core, call, endpoint) = self.prepare()?;
        core.call(endpoint, call).await
    }

    /// Makes a call whose answer is a file.
    pub(crate) async fn send_for_file(self) -> Result<Bytes, Error> {
        let (core, call, endpoint) = self.prepare()?;
        core.call_for_file(endpoint, call).await
    }

    fn prepare(mut self) -> Result<(Core, Call, &'static Endpoint), Error> {
        let endpoint = self.endpoint;
        let operation = &endpoint.operation;
        self.set_account();
        if let Some(mistake) = self.mistake {
            return Err(Error::from(mistake).on(operation));
        }
        let mut call = Call::new(operation);
        for (name, value) in &self.path {
            call.path(name, value);
        }
        // In the order of the table, whatever the order of the setters: what is sent depends on
        // the values only.
        let rank = |name: &str| {
            let parameters = endpoint.parameters.iter();
            let mut names = parameters.map(|parameter| parameter.name);
            names.position(|known| known == name).unwrap_or(usize::MAX)
        };
        self.query.sort_by_key(|(name, _)| rank(name));
        for (name, texts) in &self.query {
            call.query(name, texts);
        }
        self.fields.sort_by_key(|(name, _)| rank(name));
        if !self.fields.is_empty() {
            call.body(&Fields(&self.fields))?;
        }
        Ok((self.core, call, endpoint))
    }

    /// Names the account, if the call takes one.
    fn set_account(&mut self) {
        if !self.endpoint.takes_account() {
            return;
        }
        let account = self.account.take();
        let account = account.or_else(|| self.core.account().map(str::to_owned));
        match account {
            Some(account) if account.trim().is_empty() => {
                self.allow("account", |at| {
                    Err(InvalidField::new(at, "must not be empty", "nothing"))
                });
            }
            Some(account) => self.field("account", &account),
            None if self.endpoint.auth == Auth::Account && self.core.has_master_key() => {
                self.allow("account", |at| {
                    Err(InvalidField::new(
                        at,
                        "must be set with a master key, on the call or for the whole client",
                        "nothing",
                    ))
                });
            }
            None => {}
        }
    }
}

/// Exactly one of two fields must be set.
pub(crate) fn one_of(
    request: &Request,
    one: &'static str,
    other: &'static str,
) -> Result<(), InvalidField> {
    let rule = match (request.given(one), request.given(other)) {
        (Some(_), Some(_)) => format!("must not be set together with `{other}`"),
        (None, None) => format!("or `{other}` must be set"),
        _ => return Ok(()),
    };
    let found = request
        .given(one)
        .map_or_else(|| "nothing".to_owned(), ToString::to_string);
    Err(InvalidField::new(&At::ROOT.name(one), rule, found))
}

/// Two fields must not be set together.
pub(crate) fn not_both(
    request: &Request,
    one: &'static str,
    other: &'static str,
) -> Result<(), InvalidField> {
    match (request.given(one), request.given(other)) {
        (Some(found), Some(_)) => Err(InvalidField::new(
            &At::ROOT.name(one),
            format!("must not be set together with `{other}`"),
            found,
        )),
        _ => Ok(()),
    }
}

/// Two fields must be set together or not at all.
pub(crate) fn both(
    request: &Request,
    one: &'static str,
    other: &'static str,
) -> Result<(), InvalidField> {
    let given = |name| request.given(name).is_some();
    together((one, given(one)), (other, given(other)))
}

/// Two parameters of the query must be set together or not at all.
pub(crate) fn both_in_query(
    request: &Request,
    one: &'static str,
    other: &'static str,
) -> Result<(), InvalidField> {
    let given = |name| request.given_query(name).is_some();
    together((one, given(one)), (other, given(other)))
}

fn together(one: (&'static str, bool), other: (&'static str, bool)) -> Result<(), InvalidField> {
    let (((missing, false), (there, true)) | ((there, true), (missing, false))) = (one, other)
    else {
        return Ok(());
    };
    Err(InvalidField::new(
        &At::ROOT.name(missing),
        format!("must be set together with `{there}`"),
        "nothing",
    ))
}

fn set<T>(list: &mut Vec<(&'static str, T)>, name: &'static str, value: T) {
    match list.iter_mut().find(|(given, _)| *given == name) {
        Some((_, old)) => *old = value,
        None => list.push((name, value)),
    }
}

struct Fields<'a>(&'a [(&'static str, RawJson)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
