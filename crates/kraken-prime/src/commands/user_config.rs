//! `UserConfig`: stores a setting.

use exchange_transport::{Error, Given, Kind, Missing};
use serde::{Deserialize, Serialize};

use super::json;
use crate::client::Client;
use crate::enums::ConfigMode;
use crate::streams::{User, UserConfig};
use crate::tracker::Order;

impl Client {
    /// Stores a setting of the user. Needs a key.
    ///
    /// The vendor's page: [`UserConfig`](https://docs.kraken.com/institutional/api-reference/prime-websocket/user-config).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// let stored = client
    ///     .set_user_config()
    ///     .key("favourite")
    ///     .value("\"ETH-BTC\"")
    ///     .send()
    ///     .await?;
    /// println!("{stored:?}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_user_config(&self) -> SetUserConfig {
        SetUserConfig {
            client: self.clone(),
            key: Missing,
            value: None,
            mode: None,
        }
    }
}

/// A setting to be stored; made by [`Client::set_user_config`].
#[derive(Debug, Clone)]
#[must_use = "a setting does nothing until it is sent"]
pub struct SetUserConfig<KeyArg = Missing> {
    client: Client,
    key: KeyArg,
    value: Option<String>,
    mode: Option<ConfigMode>,
}

impl<K> SetUserConfig<K> {
    /// The key. Required.
    pub fn key(self, key: impl Into<String>) -> SetUserConfig<String> {
        SetUserConfig {
            client: self.client,
            key: key.into(),
            value: self.value,
            mode: self.mode,
        }
    }

    /// The value: a JSON document as a text, such as `"\"ETH-BTC\""`.
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Whether it is in force.
    pub fn mode(mut self, mode: ConfigMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Sends the setting, and waits until the User stream shows it.
    ///
    /// # Errors
    ///
    /// The venue's refusal, or trouble on the way; see [the module](crate::commands).
    pub async fn send(self) -> Result<UserConfig, Error>
    where
        K: Given<String>,
    {
        let wanted = Wanted {
            key: self.key.given(),
            value: self.value,
            mode: self.mode,
        };
        let data = json(&wanted)?;
        let tracker = self.client.trackers().users(&self.client).await?;
        let sent = wanted.clone();
        let order = Order {
            kind: "UserConfig",
            data,
            judge: Box::new(move |user: &User| sent.find(user).is_some().then(|| Ok(user.clone()))),
            follower: None,
            shows: true,
            advice: "Look for the key on the User stream".to_owned(),
        };
        let user = tracker.execute(&self.client, order).await?;
        wanted.find(&user).cloned().ok_or_else(|| {
            Error::new(Kind::Decode).with_text("the User record does not hold the setting")
        })
    }
}

/// What is sent.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Wanted {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<ConfigMode>,
}

impl Wanted {
    fn find<'a>(&self, user: &'a User) -> Option<&'a UserConfig> {
        user.config.iter().find(|config| {
            config.key.as_ref() == Some(&self.key)
                && (self.value.is_none() || config.value == self.value)
                && (self.mode.is_none() || config.mode.is_none() || config.mode == self.mode)
        })
    }
}
