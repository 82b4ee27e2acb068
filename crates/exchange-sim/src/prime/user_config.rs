//! `UserConfig`: settings that a user stores.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::ask::Ask;
use super::desk::Desk;
use super::orders::Record;
use super::people::Caller;
use crate::Moment;
use crate::json::{Json, object};

/// Settings of a user, and the longest value.
const MOST_KEYS: usize = 200;
const LONGEST_VALUE: usize = 16_384;

/// Users whose settings are kept.
const MOST_USERS: usize = 1_000;

#[derive(Clone, Debug)]
struct Setting {
    at: Moment,
    enabled: Option<bool>,
    value: String,
}

/// One user's.
#[derive(Clone, Debug, Default)]
struct Settings {
    version: u64,
    by_key: IndexMap<String, Setting>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Configs(BTreeMap<String, Settings>);

impl Configs {
    /// Rises with each change of a user's settings.
    pub(crate) fn version(&self, user: &str) -> u64 {
        self.0.get(user).map_or(0, |settings| settings.version)
    }

    /// A record of the User stream.
    pub(crate) fn record(&self, caller: &Caller) -> Json {
        let settings = self.0.get(&caller.user);
        let config = settings.into_iter().flat_map(|settings| &settings.by_key);
        let config = config.map(|(key, setting)| {
            let mut record = Record::default();
            record.add("Timestamp", setting.at.nanoseconds());
            record.add("CustomerUserID", caller.user.clone());
            let mode = |enabled| if enabled { "Enabled" } else { "Disabled" };
            record.add_some("Mode", setting.enabled.map(mode));
            record.add("Key", key.clone());
            record.add("Value", setting.value.clone());
            record.0
        });
        let mut reading = vec!["read::orders", "read::marketdata", "read::entity"];
        let account = reading.clone();
        if caller.trades {
            reading.insert(1, "write::orders");
        }
        object! {
            "CustomerUserID" => caller.user.clone(),
            "Email" => caller.email.clone(),
            "DisplayName" => caller.name.clone(),
            "Config" => config.collect::<Json>(),
            "Permissions" => reading,
            "MarketAccountAuthorizations" => object! { "market-account-1" => account },
        }
    }
}

impl Desk {
    pub(crate) fn configure(&mut self, record: &Json, caller: &Caller) -> Result<(), String> {
        let ask = Ask::new(record)?;
        let key = ask.required("Key")?;
        let enabled = ask.choice("Mode", &[("Enabled", true), ("Disabled", false)])?;
        ask.time("Timestamp")?;
        // Longer than other texts may be.
        let value = match ask.get("Value") {
            None => None,
            Some(value) => {
                let text = value.as_str().ok_or("Value must be a text")?;
                if text.len() > LONGEST_VALUE {
                    return Err("Value is too long".to_owned());
                }
                Json::parse(text.as_bytes()).ok_or("Value must be JSON")?;
                Some(text.to_owned())
            }
        };
        let users = &mut self.configs.0;
        if users.len() >= MOST_USERS && !users.contains_key(&caller.user) {
            return Err("too many users have settings".to_owned());
        }
        let settings = users.entry(caller.user.clone()).or_default();
        if settings.by_key.len() >= MOST_KEYS && !settings.by_key.contains_key(key) {
            return Err("there are too many settings".to_owned());
        }
        let before = settings.by_key.get(key);
        let setting = Setting {
            at: self.stamps.next(self.now),
            enabled: enabled.or(before.and_then(|before| before.enabled)),
            value: value
                .or(before.map(|before| before.value.clone()))
                .unwrap_or_else(|| "null".to_owned()),
        };
        settings.by_key.insert(key.to_owned(), setting);
        settings.version += 1;
        Ok(())
    }
}
