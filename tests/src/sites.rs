//! Places in a payload that a test can change, found by walking payload and schema together.

use serde_json::{Map, Value};
use xtask::model::{Check, Model};

use crate::schema::{self, Form, Members};

/// A place in a payload that a mutation can go for.
#[derive(Debug)]
pub struct Site<'m> {
    /// JSON pointer.
    pub pointer: String,
    /// What stands there.
    pub what: What<'m>,
}

/// What stands at a [`Site`].
#[derive(Debug)]
pub enum What<'m> {
    /// An object to which members may be added that no description names, and whether the type has
    /// a place for them.
    OpenObject {
        /// They come back; else they are passed over.
        kept: bool,
    },
    /// A member that may be missing or null. Its name as spelt in the payload.
    Optional(String),
    /// A position of a tuple that may be null.
    OptionalPosition,
    /// A tuple, which may grow at its end.
    Tuple,
    /// A text out of a list that may grow.
    OpenEnum,
    /// An amount, a string or a number.
    Decimal,
    /// A whole number, also read from a string.
    LenientInteger,
    /// A value with rules that are checked before sending, and whether the list or text is plain.
    Checked(&'m [Check], &'m Value),
}

/// All sites of a payload of that schema; the complaint names what does not fit the schema.
pub fn sites<'m>(
    model: &'m Model,
    schema: &'m Value,
    value: &Value,
) -> Result<Vec<Site<'m>>, String> {
    let mut walk = Walk {
        model,
        sites: Vec::new(),
    };
    walk.value(schema, value, "")?;
    Ok(walk.sites)
}

struct Walk<'m> {
    model: &'m Model,
    sites: Vec<Site<'m>>,
}

impl<'m> Walk<'m> {
    fn site(&mut self, pointer: &str, what: What<'m>) {
        self.sites.push(Site {
            pointer: pointer.to_owned(),
            what,
        });
    }

    fn object(
        &mut self,
        form: Members<'m>,
        members: &Map<String, Value>,
        at: &str,
    ) -> Result<(), String> {
        let Members {
            facts,
            properties,
            required,
            rest,
        } = form;
        // A member that is not named would be read as one of the typed others.
        let typed_rest =
            rest.filter(|rest| !matches!(schema::form(self.model, rest), Form::Marker("Json", _)));
        if typed_rest.is_none() {
            let kept = rest.is_some();
            self.site(at, What::OpenObject { kept });
        }
        for (name, schema) in properties {
            let facts = schema::field(facts, name);
            let mut aliases = facts.into_iter().flat_map(|facts| &facts.aliases);
            let spelt = aliases
                .find(|alias| members.contains_key(*alias))
                .unwrap_or(name);
            if !required.contains(&name.as_str()) {
                self.site(at, What::Optional(spelt.clone()));
            }
            let Some(member) = members.get(spelt) else {
                continue;
            };
            let at = join(at, spelt);
            if let Some(facts) = facts.filter(|facts| !facts.checks.is_empty()) {
                self.site(&at, What::Checked(&facts.checks, schema));
            }
            self.value(schema, member, &at)?;
        }
        for (name, member) in members {
            if let (Some(rest), false) = (typed_rest, properties.contains_key(name)) {
                self.value(rest, member, &join(at, name))?;
            }
        }
        Ok(())
    }

    fn value(&mut self, schema: &'m Value, value: &Value, at: &str) -> Result<(), String> {
        if value.is_null() {
            return Ok(());
        }
        match (schema::form(self.model, schema), value) {
            (Form::Object(form), Value::Object(members)) => self.object(form, members, at),
            (
                Form::Tuple {
                    positions,
                    required,
                },
                Value::Array(items),
            ) => {
                self.site(at, What::Tuple);
                for ((name, schema), (index, item)) in
                    positions.iter().zip(items.iter().enumerate())
                {
                    let at = join(at, &index.to_string());
                    if !required.contains(&name.as_str()) {
                        self.site(&at, What::OptionalPosition);
                    }
                    self.value(schema, item, &at)?;
                }
                Ok(())
            }
            (Form::OpenEnum(_), Value::String(_)) => {
                self.site(at, What::OpenEnum);
                Ok(())
            }
            (Form::ByShape { list, .. }, Value::Array(_)) => self.value(list, value, at),
            (Form::ByShape { object, .. }, Value::Object(_)) => self.value(object, value, at),
            (Form::Tagged(variants), Value::Object(members)) => {
                let found = variants.into_iter().find(|(variant, _)| {
                    variant
                        .constants
                        .iter()
                        .all(|(name, value)| members.get(name).is_some_and(|given| given == value))
                });
                match found {
                    Some((_, schema)) => self.value(schema, value, at),
                    None => Err(format!("at {at}: no variant has these constants")),
                }
            }
            (Form::Map(schema), Value::Object(members)) => members
                .iter()
                .try_for_each(|(name, member)| self.value(schema, member, &join(at, name))),
            (Form::List(schema), Value::Array(items)) => {
                items.iter().enumerate().try_for_each(|(index, item)| {
                    self.value(schema, item, &join(at, &index.to_string()))
                })
            }
            (
                Form::Marker("DecimalText" | "DecimalNumber", _),
                Value::String(_) | Value::Number(_),
            ) => {
                self.site(at, What::Decimal);
                Ok(())
            }
            (
                Form::Integer {
                    from_text: true, ..
                },
                Value::String(_) | Value::Number(_),
            ) => {
                self.site(at, What::LenientInteger);
                Ok(())
            }
            (Form::Marker(..), _)
            | (Form::Integer { .. }, Value::Number(_))
            | (Form::Text, Value::String(_))
            | (Form::Boolean, Value::Bool(_)) => Ok(()),
            (form, value) => Err(format!("at {at}: {value} is not of the form {form:?}")),
        }
    }
}

/// A JSON pointer, one step further.
pub fn join(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))
}
