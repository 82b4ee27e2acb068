//! The parameters of a request: query, form body or JSON body, read alike.

use indexmap::IndexMap;
use rust_decimal::Decimal;

use super::answer::Refusal;
use crate::json::Json;
use crate::venue::Request;

/// The parameters of one request, or of one order of a batch.
///
/// Values of a query or a form are texts. Unknown parameters are there and
/// nobody asks for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params {
    fields: IndexMap<String, Json>,
}

impl Params {
    /// Those of the query alone.
    pub(crate) fn of_query(request: &Request) -> Self {
        let mut params = Self::default();
        params.add_form(request.query().unwrap_or_default().as_bytes());
        params
    }

    /// Those of the body, by its `Content-Type`, and of the query. `None` if
    /// the body can't be read.
    pub(crate) fn of_request(request: &Request) -> Option<Self> {
        let mut params = Self::of_query(request);
        let kind = request.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/json") {
            let Json::Object(fields) = Json::parse(&request.body)? else {
                return None;
            };
            params.fields.extend(fields);
        } else {
            std::str::from_utf8(&request.body).ok()?;
            params.add_form(&request.body);
        }
        Some(params)
    }

    /// Those of one member of a list.
    pub(crate) fn of_object(object: &Json) -> Option<Self> {
        let fields = object.as_object()?.clone();
        Some(Self { fields })
    }

    fn add_form(&mut self, form: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(form) {
            self.fields
                .insert(name.into_owned(), Json::Text(value.into_owned()));
        }
    }

    /// A parameter as it was sent.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.fields.get(name).filter(|value| **value != Json::Null)
    }

    /// A parameter as text; numbers and booleans as they are written. An empty
    /// text is none.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.scalar().filter(|text| !text.is_empty())
    }

    /// A parameter that must be given.
    pub(crate) fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| Refusal::argument(name))
    }

    /// A decimal, if it is given.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        self.parsed(name)
    }

    /// A decimal that must be given.
    pub(crate) fn required_decimal(&self, name: &str) -> Result<Decimal, Refusal> {
        self.decimal(name)?.ok_or_else(|| Refusal::argument(name))
    }

    /// A whole number, if it is given.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.parsed(name)
    }

    /// `true` or `false`, if it is given. Form clients also write `1` and `0`,
    /// and those in Python `True` and `False`.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let text = self.text(name).map(|text| text.to_ascii_lowercase());
        match text.as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(Refusal::argument(name)),
        }
    }

    /// Texts separated by commas, or a JSON list of texts and numbers; empty if
    /// not given.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let list = match self.get(name) {
            Some(Json::List(elements)) => elements.iter().filter_map(Json::scalar).collect(),
            Some(value) => value.scalar().map_or_else(Vec::new, |text| {
                text.split(',').map(|part| part.trim().to_owned()).collect()
            }),
            None => self
                .elements(name)
                .iter()
                .filter_map(Json::scalar)
                .collect(),
        };
        let mut list: Vec<String> = list;
        list.retain(|text| !text.is_empty());
        list
    }

    /// A list: a JSON list, or the form's `name[0]…`, `name[1]…`; empty if not
    /// given.
    pub(crate) fn elements(&self, name: &str) -> Vec<Json> {
        if let Some(Json::List(elements)) = self.get(name) {
            return elements.clone();
        }
        let mut elements: IndexMap<String, Json> = IndexMap::new();
        for (field, value) in &self.fields {
            let Some(keys) = keys_within(field, name) else {
                continue;
            };
            let mut keys = keys.into_iter();
            let Some(index) = keys.next() else { continue };
            let mut place = elements.entry(index.to_owned()).or_insert(Json::Null);
            for key in keys {
                if !matches!(place, Json::Object(_)) {
                    *place = Json::object();
                }
                let Json::Object(members) = place else { break };
                place = members.entry(key.to_owned()).or_insert(Json::Null);
            }
            *place = value.clone();
        }
        elements.into_values().collect()
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        self.text(name)
            .map(|text| text.parse().map_err(|_| Refusal::argument(name)))
            .transpose()
    }
}

/// The keys in brackets of `name[key][key]…`; none if the field has another
/// name or no brackets.
fn keys_within<'a>(field: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let keys = field.strip_prefix(name)?.strip_prefix('[')?;
    Some(keys.strip_suffix(']')?.split("][").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: &str, body: &str) -> Request {
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", kind.parse().unwrap());
        Request {
            method: http::Method::POST,
            target: "/0/private/AddOrder?account_id=A+B".into(),
            headers,
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn json_and_form_are_read_alike() {
        let json = request(
            "application/json; charset=utf-8",
            r#"{"volume":1.250,"price":"2","close[price]":"3","orders":[{"a":"x","close":{"b":1}},{"a":"y"}],"n":null}"#,
        );
        let form = request(
            "application/x-www-form-urlencoded",
            "volume=1.250&price=2&close[price]=3&orders[0][a]=x&orders[0][close][b]=1&orders[1][a]=y&n=",
        );
        for request in [json, form] {
            let params = Params::of_request(&request).unwrap();
            assert_eq!(params.text("account_id").unwrap(), "A B");
            let volume = params.decimal("volume").unwrap().unwrap();
            assert_eq!(volume.to_string(), "1.250");
            assert_eq!(params.integer("price"), Ok(Some(2)));
            assert_eq!(params.text("close[price]").unwrap(), "3");
            assert_eq!(params.text("n"), None);
            let orders = params.elements("orders");
            assert_eq!(orders.len(), 2);
            assert_eq!(orders[0].get("a").unwrap().as_str(), Some("x"));
            let close = orders[0].get("close").unwrap();
            assert_eq!(close.get("b").unwrap().scalar().unwrap(), "1");
        }
    }

    #[test]
    fn lists_of_texts_come_with_commas_as_json_or_in_a_form() {
        let expected = ["O1", "7"];
        for (kind, body) in [
            ("application/json", r#"{"txid":"O1,7"}"#),
            ("application/json", r#"{"txid":["O1",7]}"#),
            ("application/x-www-form-urlencoded", "txid=O1%2C7"),
            ("application/x-www-form-urlencoded", "txid[0]=O1&txid[1]=7"),
        ] {
            let params = Params::of_request(&request(kind, body)).unwrap();
            assert_eq!(params.texts("txid"), expected, "{body}");
        }
    }

    #[test]
    fn what_can_not_be_read_is_refused() {
        for body in ["", "[]", "{", "1"] {
            assert!(Params::of_request(&request("application/json", body)).is_none());
        }
        let params =
            Params::of_request(&request("application/json", r#"{"a":"x","b":[]}"#)).unwrap();
        assert_eq!(params.decimal("a"), Err(Refusal::argument("a")));
        assert_eq!(params.boolean("a"), Err(Refusal::argument("a")));
        assert_eq!(params.required("b"), Err(Refusal::argument("b")));
    }
}
