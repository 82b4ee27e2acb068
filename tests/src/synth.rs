//! Payloads made from the plain document.

use serde_json::{Map, Number, Value, json};
use xtask::model::{Body, Check, Location, Model, Operation};

use crate::schema::{self, Form, Members, form};

/// Which parameters of a call are set, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Those the call can't do without, from examples where there are any.
    Required,
    /// All there are, each of them made up.
    All,
    /// Those the description gives examples of.
    Examples,
}

/// All rounds.
pub const ROUNDS: [Round; 3] = [Round::Required, Round::All, Round::Examples];

/// The parameters of a call, by their name on the wire.
pub fn parameters(model: &Model, operation: &Operation, round: Round) -> Map<String, Value> {
    let all = round == Round::All;
    let maker = Maker {
        model,
        all,
        entries: 1 + usize::from(all),
    };
    let mut given = Map::new();
    for parameter in &operation.parameters {
        let schema = schema::parameter(model, operation, &parameter.name);
        let example = parameter
            .example
            .as_ref()
            .map(|example| fitting(model, schema, example));
        let value = match (round, example) {
            (Round::Required, _) | (Round::Examples, None) if !parameter.required => continue,
            (Round::Required | Round::Examples, Some(example)) => example,
            _ => {
                let plain = parameter.location == Location::Header;
                maker.value(
                    schema,
                    &parameter.checks,
                    if plain { PLAIN } else { maker.text() },
                    0,
                )
            }
        };
        given.insert(parameter.name.clone(), value);
    }
    if operation.body == Body::Request {
        let schema = schema::body(model, operation);
        let Form::Object(Members {
            facts,
            properties,
            required,
            ..
        }) = form(model, schema)
        else {
            panic!("{}: the request is no object", operation.id);
        };
        let made = maker.value(schema, &[], maker.text(), 0);
        for (name, schema) in properties {
            // What can have one value only is sent without asking for it.
            if schema::field(facts, name).is_some_and(|facts| facts.constant.is_some()) {
                continue;
            }
            let must = required.contains(&name.as_str());
            let example = operation
                .request_example
                .as_ref()
                .and_then(|example| example.get(name));
            let value = match (round, example) {
                (Round::Required, _) | (Round::Examples, None) if !must => continue,
                (Round::Required | Round::Examples, Some(example)) => {
                    fitting(model, schema, example)
                }
                _ => made[name].clone(),
            };
            given.insert(name.clone(), value);
        }
    }
    given
}

/// A whole request body without nonce.
pub fn body(model: &Model, operation: &Operation, round: Round) -> Value {
    let all = round == Round::All;
    let maker = Maker {
        model,
        all,
        entries: 1 + usize::from(all),
    };
    maker.value(schema::body(model, operation), &[], maker.text(), 0)
}

/// An example, where the vendor wrote it in another form than the schema says.
fn fitting(model: &Model, schema: &Value, example: &Value) -> Value {
    match (form(model, schema), example) {
        (Form::List(_), Value::String(_)) => json!([example]),
        (Form::Integer { .. }, Value::String(text)) => json!(text.parse::<i64>().unwrap()),
        (Form::Text, Value::Number(number)) => json!(number.to_string()),
        _ => example.clone(),
    }
}

/// A whole answer with all members, or only the ones that must be there, and so many entries in
/// its lists.
pub fn answer(model: &Model, operation: &Operation, all: bool, entries: usize) -> Value {
    let part = Maker {
        model,
        all,
        entries,
    }
    .value(schema::answer(model, operation), &[], PLAIN, 0);
    schema::with_result_part(operation, &json!({"error": []}), part)
}

const PLAIN: &str = "text";
/// Everything that has a meaning of its own in a path or query, and two letters beyond ASCII.
const ODD: &str = "a b/c?d=é&+%2B#ß";
/// Above 2⁵³: no binary float holds it.
const LARGE: i64 = 9_007_199_254_740_993;
/// Nesting beyond this gets empty lists and no optional members.
const DEEP: usize = 12;

struct Maker<'m> {
    model: &'m Model,
    /// All members, not only those that must be there.
    all: bool,
    /// In a list, if no rule asks for more.
    entries: usize,
}

impl Maker<'_> {
    fn text(&self) -> &'static str {
        if self.all { ODD } else { PLAIN }
    }

    fn value(&self, schema: &Value, checks: &[Check], text: &str, depth: usize) -> Value {
        let all = self.all && depth < DEEP;
        let inner = |schema: &Value| self.value(schema, &[], text, depth + 1);
        match form(self.model, schema) {
            Form::Object(Members {
                facts,
                properties,
                required,
                rest,
            }) => {
                let mut members = Map::new();
                for (name, schema) in properties {
                    if all || required.contains(&name.as_str()) {
                        let facts = schema::field(facts, name);
                        let checks = facts.map_or(&[][..], |facts| &facts.checks);
                        let constant = facts.and_then(|facts| facts.constant.clone());
                        let value = constant.map_or_else(
                            || self.value(schema, checks, text, depth + 1),
                            Value::String,
                        );
                        members.insert(name.clone(), value);
                    }
                }
                if let (true, Some(rest)) = (all, rest) {
                    members.insert("zz_more".to_owned(), inner(rest));
                }
                Value::Object(members)
            }
            Form::Tuple {
                positions,
                required,
            } => positions
                .iter()
                .filter(|(name, _)| all || required.contains(&name.as_str()))
                .map(|(_, schema)| inner(schema))
                .collect(),
            Form::OpenEnum(values) => json!(values.first()),
            Form::ByShape { list, object } => inner(if all { object } else { list }),
            Form::Tagged(variants) => variants
                .first()
                .map(|(variant, schema)| tagged(&variant.constants, inner(schema)))
                .unwrap_or_default(),
            Form::Map(schema) => json!({"KEY": inner(schema), "K.E/Y": inner(schema)}),
            Form::List(items) => {
                if let Form::Tagged(variants) = form(self.model, items) {
                    // One of each.
                    let variants = variants.iter().filter(|_| depth < DEEP);
                    return variants
                        .map(|(variant, schema)| tagged(&variant.constants, inner(schema)))
                        .collect();
                }
                let least = checks.iter().find_map(|check| match check {
                    Check::Items(least, _) => *least,
                    _ => None,
                });
                let count = usize::try_from(least.unwrap_or(0))
                    .unwrap()
                    .max(self.entries);
                (0..count)
                    .map(|_| self.value(items, checks, text, depth + 1))
                    .collect()
            }
            Form::Marker(marker, items) => self.marked(marker, items),
            Form::Integer { rust, .. } => integer(rust, checks, all),
            Form::Text => Value::String(fitting_text(text, checks)),
            Form::Boolean => Value::Bool(true),
        }
    }

    fn marked(&self, marker: &str, items: Option<&Value>) -> Value {
        let all = self.all;
        let either = |one: Value, other: Value| if all { one } else { other };
        match marker {
            "DecimalText" => either(json!("79228162514264337593.54395033"), json!("1.25")),
            "DecimalNumber" => json!(1.25),
            "Timestamp" => either(
                json!("2024-05-30T12:34:56.123456789Z"),
                json!(1_688_671_200),
            ),
            "UnixSeconds" => either(json!("1688671200.123456789"), json!("1688671200")),
            "Rfc3339" => json!("2024-05-30T12:34:56.123456789Z"),
            "Text" | "SecretText" => json!(PLAIN),
            "Json" => json!({"a": [1.25, null, "x"]}),
            "OrderPrice" => either(json!("+5%"), json!("37500.10")),
            "OrderTime" => either(json!("+60"), json!("1688671200")),
            "TimeOrId" => either(json!("OABCDE-FGHIJ-KLMNOP"), json!(1_688_671_200)),
            "OrderRef" => either(json!(42), json!("OABCDE-FGHIJ-KLMNOP")),
            "Cursor" => either(json!("NEXT/1+2="), json!(true)),
            "DepositLimit" => either(json!(false), json!("1.5")),
            "AssetList" => either(
                json!([{"asset": "XBT", "aclass": "currency"}, {"asset": "ETH", "aclass": "new"}]),
                json!("XBT,ETH"),
            ),
            "Comma" => match items.map(|items| form(self.model, items)) {
                Some(Form::OpenEnum(values)) => {
                    json!(
                        values
                            .iter()
                            .take(if all { 2 } else { 1 })
                            .cloned()
                            .collect::<Vec<_>>()
                            .join(",")
                    )
                }
                _ => json!("a/b,c d"),
            },
            other => panic!("tests/src/synth.rs does not know the format {other}"),
        }
    }
}

fn tagged(constants: &[(String, String)], fields: Value) -> Value {
    let constants = constants
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)));
    let Value::Object(fields) = fields else {
        panic!("a variant is no object: {fields}");
    };
    constants.chain(fields).collect()
}

fn integer(rust: &str, checks: &[Check], all: bool) -> Value {
    for check in checks {
        let number = match check {
            Check::OneOf(values) => {
                if all {
                    values.last()
                } else {
                    values.first()
                }
            }
            Check::Range(low, high) => match (low, high) {
                (low, Some(high)) if all => Some(high).or(low.as_ref()),
                (low, high) => low.as_ref().or(high.as_ref()),
            },
            _ => None,
        };
        if let Some(number) = number {
            return json!(number);
        }
    }
    match rust {
        "i32" if all => json!(i32::MIN),
        "u32" if all => json!(u32::MAX),
        "u64" if all => Value::Number(Number::from(u64::MAX)),
        "i64" if all => json!(LARGE),
        _ => json!(7),
    }
}

/// A text that follows the rules; other texts as they are.
fn fitting_text(text: &str, checks: &[Check]) -> String {
    let mut text = text.to_owned();
    for check in checks {
        match check {
            Check::Pattern(pattern) => return matching(pattern),
            Check::Length(low, high) => {
                let low = usize::try_from(low.unwrap_or(0)).unwrap();
                while text.chars().count() < low {
                    text.push('x');
                }
                if let Some(high) = high {
                    text = text.chars().take(usize::try_from(*high).unwrap()).collect();
                }
            }
            _ => {}
        }
    }
    text
}

/// The first text a pattern matches, for the simple patterns that identifiers have: literals,
/// classes, groups, alternatives (the first is taken), `?` (taken) and `{n}`.
pub fn matching(pattern: &str) -> String {
    let mut chars = pattern.chars().peekable();
    let mut made = String::new();
    let mut last = String::new();
    let mut depth = 0_usize;
    let mut skipping = None;
    while let Some(char) = chars.next() {
        match char {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if skipping == Some(depth) {
                    skipping = None;
                }
            }
            '|' if skipping.is_none() => skipping = Some(depth.saturating_sub(1)),
            _ if skipping.is_some() => {}
            '^' | '$' | '?' => {}
            '[' => {
                let first = chars.next().unwrap();
                for char in chars.by_ref() {
                    if char == ']' {
                        break;
                    }
                }
                last = first.to_string();
                made.push(first);
            }
            '{' => {
                let count: String = chars.by_ref().take_while(|char| *char != '}').collect();
                let least = count.split(',').next().unwrap();
                for _ in 1..least.parse::<usize>().unwrap() {
                    made.push_str(&last);
                }
            }
            char if char.is_alphanumeric() || " -_".contains(char) => {
                last = char.to_string();
                made.push(char);
            }
            other => panic!("tests/src/synth.rs does not know `{other}` in the pattern {pattern}"),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_matched_by_their_first_text() {
        assert_eq!(matching("^V[A-Z2-7]{3}[ACE]$"), "VAAAA");
        assert_eq!(matching("^(V[A-Z]{2}|AA[0-9]{2} ?X)$"), "VAA");
        assert_eq!(matching("^(A|B)C$"), "AC");
    }
}
