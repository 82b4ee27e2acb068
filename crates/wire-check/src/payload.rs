//! What can be told of a payload without its types.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Nesting beyond this is not looked into. No payload of a venue comes near.
const MAX_DEPTH: usize = 100;

/// What sort of JSON value something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A text.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// Of a JSON text.
    pub fn of(json: &str) -> Self {
        match json.trim_start().as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::Text,
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Boolean,
            _ => Self::Number,
        }
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::Text => "text",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// The values of a payload by JSON pointer, without their types.
#[derive(Debug, Default)]
pub struct Values<'p> {
    /// Each value as it stands in the payload.
    pub by_pointer: BTreeMap<String, &'p str>,
    /// Members that come twice in the same object; readers see one of them.
    pub twice: Vec<(String, &'p str)>,
}

/// Why a payload is no JSON text, or nothing if it is one.
///
/// The clients refuse all of this, too; here it is told what it is and not only where.
pub fn complaint(payload: &[u8]) -> Option<String> {
    if payload.iter().all(u8::is_ascii_whitespace) {
        return Some("the payload is empty".to_owned());
    }
    if payload.starts_with(b"\xef\xbb\xbf") {
        return Some(
            "the payload begins with a byte order mark, which is no JSON; \
             remove it if the tool that saved the capture put it there"
                .to_owned(),
        );
    }
    if payload.starts_with(b"\xff\xfe") || payload.starts_with(b"\xfe\xff") {
        return Some("the payload is UTF-16, and JSON is UTF-8: save it as that".to_owned());
    }
    if let Err(error) = str::from_utf8(payload) {
        let at = error.valid_up_to();
        return Some(format!(
            "the payload is not UTF-8: byte {} is wrong",
            at + 1
        ));
    }
    let error = serde_json::from_slice::<&RawValue>(payload).err()?;
    Some(format!("the payload is not JSON: {error}"))
}

/// Lists the values of a JSON text.
pub fn values(json: &str) -> Values<'_> {
    let mut values = Values::default();
    walk(json.trim_ascii(), &mut String::new(), 0, &mut values);
    values
}

fn walk<'p>(json: &'p str, pointer: &mut String, depth: usize, values: &mut Values<'p>) {
    if depth < MAX_DEPTH {
        let length = pointer.len();
        match Kind::of(json) {
            Kind::Object => {
                let members = serde_json::from_str::<Members<'p>>(json);
                let mut seen = HashSet::new();
                for (name, value) in members.map_or_else(|_| Vec::new(), |members| members.0) {
                    step(pointer, &name);
                    if !seen.insert(name) {
                        values.twice.push((pointer.clone(), value.get()));
                    }
                    walk(value.get(), pointer, depth + 1, values);
                    pointer.truncate(length);
                }
            }
            Kind::Array => {
                let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
                for (index, item) in items.iter().enumerate() {
                    step(pointer, &index.to_string());
                    walk(item.get(), pointer, depth + 1, values);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }
    values.by_pointer.insert(pointer.clone(), json);
}

/// Goes one step down.
pub fn step(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&escape(name));
}

/// A name as a step of a JSON pointer.
pub fn escape(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        name.replace('~', "~0").replace('/', "~1").into()
    } else {
        name.into()
    }
}

/// The name that a step of a JSON pointer stands for.
pub fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// The members of an object as they stand, those that come twice included.
struct Members<'p>(Vec<(String, &'p RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}
