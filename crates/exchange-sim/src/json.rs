//! JSON as text that keeps every digit.
//!
//! The values here hold numbers as they are written. Answers are put together
//! from them in the order in which the venue sends them, and requests are read
//! into them without a number passing through a binary float.

use std::fmt::Write as _;

use indexmap::IndexMap;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// How deep lists and objects may lie in one another in a request.
const DEPTH: u32 = 32;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object, in the order of its members.
    Object(IndexMap<String, Json>),
    /// Any value, as JSON that is written already: long lists are not worth
    /// being put together from their parts. Nothing looks into it.
    Written(String),
}

impl Json {
    /// A decimal as a JSON string.
    pub(crate) fn amount(value: Decimal) -> Self {
        Self::Text(value.to_string())
    }

    /// A decimal as a JSON number.
    pub(crate) fn number(value: Decimal) -> Self {
        Self::Number(value.to_string())
    }

    /// An object without members.
    pub(crate) fn object() -> Self {
        Self::Object(IndexMap::new())
    }

    /// Reads one value. `None` if it is none, or too deep.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let whole: &RawValue = serde_json::from_slice(bytes).ok()?;
        let text = whole.get();
        Reader { text, at: 0 }.value(DEPTH)
    }

    /// A member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// The text of a string, number or boolean.
    pub(crate) fn scalar(&self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text.clone()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Null | Self::List(_) | Self::Object(_) | Self::Written(_) => None,
        }
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list.
    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members of an object.
    pub(crate) fn as_object(&self) -> Option<&IndexMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// As compact JSON, at the end of `out`.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) | Self::Written(text) => out.push_str(text),
            Self::Text(text) => write_text(text, out),
            Self::List(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// As compact JSON.
impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    if !text.contains(|c: char| c == '"' || c == '\\' || c < ' ') {
        // Nearly all texts.
        out.push_str(text);
        out.push('"');
        return;
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() && u32::from(control) < 0x20 => {
                // Writing to a string can't fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Walks through text that is known to be JSON, once: a level that is read by
/// itself and then its parts would read the innermost as often as it is deep.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let spaces = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
        self.at += spaces.count();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Up to the first byte that is no `part` of it.
    fn take(&mut self, part: impl Fn(u8) -> bool) -> Option<&'a str> {
        let rest = self.text.get(self.at..)?;
        let end = rest.bytes().position(|byte| !part(byte));
        let taken = rest.get(..end.unwrap_or(rest.len()))?;
        self.at += taken.len();
        Some(taken)
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.at += 1;
        let plain = self.take(|byte| byte != b'"' && byte != b'\\')?;
        if self.text.as_bytes().get(self.at) == Some(&b'"') {
            self.at += 1;
            return Some(plain.to_owned());
        }
        loop {
            self.take(|byte| byte != b'"' && byte != b'\\')?;
            let is_end = self.text.as_bytes().get(self.at)? == &b'"';
            // What is escaped is one byte or begins with it.
            self.at += if is_end { 1 } else { 2 };
            if is_end {
                return serde_json::from_str(self.text.get(start..self.at)?).ok();
            }
        }
    }

    /// `None` if it is too deep, or holds half a character.
    fn value(&mut self, depth: u32) -> Option<Json> {
        let depth = depth.checked_sub(1)?;
        Some(match self.peek()? {
            b'"' => Json::Text(self.string()?),
            b'[' => {
                let mut elements = Vec::new();
                self.at += 1;
                while self.peek()? != b']' {
                    elements.push(self.value(depth)?);
                    self.skip_comma()?;
                }
                self.at += 1;
                Json::List(elements)
            }
            b'{' => {
                let mut members = IndexMap::new();
                self.at += 1;
                while self.peek()? != b'}' {
                    let name = self.string()?;
                    self.peek()?;
                    self.at += 1;
                    members.insert(name, self.value(depth)?);
                    self.skip_comma()?;
                }
                self.at += 1;
                Json::Object(members)
            }
            _ => match self.take(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))? {
                "null" => Json::Null,
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                number => Json::Number(number.to_owned()),
            },
        })
    }

    fn skip_comma(&mut self) -> Option<()> {
        if self.peek()? == b',' {
            self.at += 1;
        }
        Some(())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Json {
    fn from(number: u32) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<usize> for Json {
    fn from(number: usize) -> Self {
        Self::Number(number.to_string())
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    /// `null` for nothing.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(elements: Vec<T>) -> Self {
        Self::List(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Json>> FromIterator<T> for Json {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::List(elements.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<String>, V: Into<Json>> FromIterator<(K, V)> for Json {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        let members = members
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self::Object(members.collect())
    }
}

/// An object: `object! { "txid" => id, "fee" => Json::amount(fee) }`.
macro_rules! object {
    ($($name:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an object may have no members")]
        let mut members = indexmap::IndexMap::<String, $crate::json::Json>::new();
        $(members.insert(String::from($name), $crate::json::Json::from($value));)*
        $crate::json::Json::Object(members)
    }};
}

/// A list of values of several kinds: `list![price, volume, time]`.
macro_rules! list {
    ($($value:expr),* $(,)?) => {
        $crate::json::Json::List(vec![$($crate::json::Json::from($value)),*])
    };
}

pub(crate) use {list, object};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again_to_the_digit() {
        for text in [
            r#"{"b":1.10,"a":[null,true,false,"x\"y\\z\n\u0001é"],"c":{},"d":-1e400}"#,
            "123456789012345678901234567890.000",
            r#""""#,
            "[]",
        ] {
            assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn spaces_and_escapes_are_read_and_the_last_of_a_name_counts() {
        for (text, expected) in [
            (" [ 1 ,\t-2e+5 ,\r\n{ } ] ", "[1,-2e+5,{}]"),
            (
                r#" { "a" : "b" , "c" : [ ] , "a" : 0.10 } "#,
                r#"{"a":0.10,"c":[]}"#,
            ),
            (
                r#"["\\","\"","\/","\\\"","é\u00e9\ud83d\ude00"]"#,
                r#"["\\","\"","/","\\\"","éé😀"]"#,
            ),
            (r#"{"\"]":"}","[":"{"}"#, r#"{"\"]":"}","[":"{"}"#),
        ] {
            assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), expected);
        }
        let nested = "[".repeat(31) + "1" + &"]".repeat(31);
        assert_eq!(Json::parse(nested.as_bytes()).unwrap().to_string(), nested);
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_not_read() {
        let deep = "[".repeat(100) + &"]".repeat(100);
        let deep_by_one = "[".repeat(32) + "1" + &"]".repeat(32);
        for text in [
            "",
            "{",
            "{\"a\":}",
            "[1,]",
            "{\"a\":1,}",
            "nul",
            "1 2",
            "01",
            "[] x",
            "\u{0}",
            "\"\n\"",
            "\"\\ud800\"",
            "{\"\\ud800\":1}",
            deep.as_str(),
            deep_by_one.as_str(),
        ] {
            assert_eq!(Json::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn objects_and_lists_are_put_together() {
        let value = object! {
            "amount" => Json::amount(Decimal::new(1500, 3)),
            "count" => 3_u32,
            "none" => None::<&str>,
            "row" => list!["a", 1_u64, true],
        };
        assert_eq!(
            value.to_string(),
            r#"{"amount":"1.500","count":3,"none":null,"row":["a",1,true]}"#
        );
    }
}
