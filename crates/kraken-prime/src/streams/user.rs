//! User: who is connected, and what may be done.

use std::borrow::Cow;

use exchange_wire::{IndexMap, RawJson};
use serde::{Deserialize, Serialize};

use crate::client::{Client, Request};
use crate::enums::ConfigMode;
use crate::record::record;
use crate::time::Time;
use crate::topic::{Record, Topic};
use crate::view::View;

/// The users, kept up to date; by user id.
pub type UserBook = View<Users>;

impl Client {
    /// Who is connected, with permissions and stored settings.
    ///
    /// The vendor's page: [`User`](https://docs.kraken.com/institutional/api-reference/prime-websocket/user).
    ///
    /// ```no_run
    /// # async fn run(client: kraken_prime::Client) -> Result<(), kraken_prime::Error> {
    /// let book = client.users().view().await?;
    /// book.complete().await?;
    /// for user in book.records() {
    ///     println!("{:?} may {:?}", user.display_name, user.permissions);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn users(&self) -> Request<Users> {
        self.request(Users::new())
    }
}

/// The User stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Users {
    name: Cow<'static, str>,
}

impl Users {
    pub(crate) fn new() -> Self {
        Self {
            name: Self::NAME.into(),
        }
    }
}

impl Topic for Users {
    const NAME: &'static str = "User";
    type Record = User;
}

record! {
    /// A user.
    pub struct User {
        /// The id.
        customer_user_id!: String => "CustomerUserID",
        /// The address.
        email: Option<String> => "Email",
        /// The name.
        display_name: Option<String> => "DisplayName",
        /// The stored settings.
        config: Vec<UserConfig> => "Config",
        /// What may be done, such as `read::orders`.
        permissions: Option<Vec<String>> => "Permissions",
        /// What may be done, for each account. `RawJson` is a list of texts as far as is known.
        market_account_authorizations: Option<IndexMap<String, RawJson>> => "MarketAccountAuthorizations",
    }
}

record! {
    /// A stored setting.
    pub struct UserConfig {
        /// When it changed.
        timestamp: Option<Time> => "Timestamp",
        /// Whose it is.
        customer_user_id: Option<String> => "CustomerUserID",
        /// Whether it is in force.
        mode: Option<ConfigMode> => "Mode",
        /// Its key.
        key: Option<String> => "Key",
        /// Its value: a JSON document as a text.
        value: Option<String> => "Value",
    }
}

impl Record for User {
    type Key = String;

    fn key(&self) -> String {
        self.customer_user_id.clone()
    }
}
