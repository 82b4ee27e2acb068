//! Users of the Prime account and their keys.

use std::fmt;
use std::net::IpAddr;

use indexmap::IndexMap;

use super::key::{PrimeKey, PrimeRole};
use crate::Moment;
use crate::ids::Ids;

/// So many users there can be.
const MOST_USERS: usize = 1_000;

/// So many keys a user can have.
const MOST_KEYS: usize = 100;

/// Who is connected, as it was when the connection was made: what happens to
/// the user or the key afterwards shows at the next connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The 13 characters of `CustomerUserID`.
    pub user: String,
    pub email: String,
    pub name: String,
    /// Whether the user has the role `Trader`, not only `Viewer`.
    pub trades: bool,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// 13 capital letters and digits.
    pub id: String,
    /// The vendor's REST calls have none, its User stream does.
    pub email: String,
    pub name: String,
    pub role: PrimeRole,
    /// Whether its keys open connections.
    pub enabled: bool,
}

/// A key of a user's.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// 13 capital letters and digits; not the key itself.
    pub id: String,
    /// What is sent as `ApiKey`.
    pub name: String,
    pub secret: String,
    /// The user's id.
    pub user: String,
    /// From where it may be used; empty: from anywhere.
    pub whitelist: Vec<IpAddr>,
    pub updated: Moment,
}

/// Without the secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("user", &self.user)
            .field("whitelist", &self.whitelist)
            .field("updated", &self.updated)
            .finish_non_exhaustive()
    }
}

/// All users and keys, in the order in which they were made.
#[derive(Debug)]
pub(crate) struct People {
    users: IndexMap<String, User>,
    /// By what is sent as `ApiKey`.
    keys: IndexMap<String, Key>,
    ids: Ids,
}

impl People {
    /// Nobody yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            users: IndexMap::new(),
            keys: IndexMap::new(),
            ids: Ids::new(seed ^ 0x0070_656f_706c_6500),
        }
    }

    /// Adds a key, or replaces the one of that name, with its user unless it is
    /// there. `false` if key or secret can't be sent, the user is there with
    /// the other role, or there are too many.
    pub(crate) fn add_key(&mut self, config: PrimeKey, now: Moment) -> bool {
        let sendable = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if !sendable(&config.key) || config.secret.is_empty() {
            return false;
        }
        let name = config.user.as_deref().unwrap_or(config.role.name());
        let user = match self.users.values().find(|user| user.name == name) {
            Some(user) if user.role != config.role => return false,
            Some(user) => user.id.clone(),
            None => match self.create_user(name, config.role) {
                Some(user) => user.id.clone(),
                None => return false,
            },
        };
        self.insert_key(&user, &config.key, config.secret, now)
            .is_some()
    }

    /// The secret of a key and whose it is; none if there is no such key or its user is disabled.
    pub(crate) fn key(&self, api_key: &str) -> Option<(&str, Caller)> {
        let key = self.keys.get(api_key)?;
        let user = self.users.get(&key.user).filter(|user| user.enabled)?;
        let caller = Caller {
            user: user.id.clone(),
            email: user.email.clone(),
            name: user.name.clone(),
            trades: user.role == PrimeRole::Trader,
        };
        Some((&key.secret, caller))
    }

    /// Whether a key may be used from an address: it has no list of addresses,
    /// or this one is on it.
    pub(crate) fn admits(&self, api_key: &str, from: IpAddr) -> bool {
        let from = from.to_canonical();
        self.keys.get(api_key).is_some_and(|key| {
            key.whitelist.is_empty() || key.whitelist.iter().any(|ip| ip.to_canonical() == from)
        })
    }

    /// Everybody.
    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    pub(crate) fn user_mut(&mut self, id: &str) -> Option<&mut User> {
        self.users.get_mut(id)
    }

    /// A new user, enabled and without keys; none if there are too many.
    pub(crate) fn create_user(&mut self, name: &str, role: PrimeRole) -> Option<&User> {
        if self.users.len() >= MOST_USERS {
            return None;
        }
        let id = self.ids.capitals(13);
        let user = User {
            email: format!("{}@prime.example", id.to_ascii_lowercase()),
            name: name.to_owned(),
            role,
            enabled: true,
            id: id.clone(),
        };
        Some(self.users.entry(id).or_insert(user))
    }

    /// The keys of a user.
    pub(crate) fn keys_of(&self, user: &str) -> impl Iterator<Item = &Key> {
        self.keys.values().filter(move |key| key.user == user)
    }

    /// A new key of a user; none if there is no such user or it has too many.
    pub(crate) fn create_key(&mut self, user: &str, now: Moment) -> Option<&Key> {
        let key = self.ids.capitals(12);
        let secret = self.ids.capitals(31).to_ascii_lowercase();
        self.insert_key(user, &key, secret, now)
    }

    fn insert_key(&mut self, user: &str, key: &str, secret: String, now: Moment) -> Option<&Key> {
        if !self.users.contains_key(user) || self.keys_of(user).count() >= MOST_KEYS {
            return None;
        }
        let made = Key {
            id: self.ids.capitals(13),
            name: key.to_owned(),
            secret,
            user: user.to_owned(),
            whitelist: Vec::new(),
            updated: now,
        };
        self.keys.insert(key.to_owned(), made);
        self.keys.get(key)
    }

    /// A key of a user's, by the key's id.
    pub(crate) fn key_mut(&mut self, user: &str, id: &str) -> Option<&mut Key> {
        self.keys
            .values_mut()
            .find(|key| key.user == user && key.id == id)
    }

    /// Takes a key from a user, by the key's id; `false` if there is none.
    pub(crate) fn delete_key(&mut self, user: &str, id: &str) -> bool {
        let before = self.keys.len();
        self.keys.retain(|_, key| key.user != user || key.id != id);
        self.keys.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::demo_keys;
    use super::*;

    fn people() -> People {
        let mut people = People::new(1);
        for key in demo_keys() {
            assert!(people.add_key(key, Moment::from_seconds(1_800_000_000)));
        }
        people
    }

    #[test]
    fn the_demonstration_keys_are_of_one_who_trades_and_one_who_looks() {
        let people = people();
        let [trader, viewer] = demo_keys();
        let (secret, caller) = people.key(&trader.key).unwrap();
        assert_eq!(secret, trader.secret);
        assert_eq!(caller.name, "Demo Trader");
        assert_eq!(caller.user.len(), 13);
        assert!(caller.trades);
        let (_, caller) = people.key(&viewer.key).unwrap();
        assert!(!caller.trades);
        assert!(people.key("demoprimetrd").is_none());
    }

    #[test]
    fn a_new_key_has_the_venues_shape_and_goes_with_its_user() {
        let mut people = people();
        let now = Moment::from_seconds(1_800_000_001);
        let user = people.create_user("Ann", PrimeRole::Viewer).unwrap();
        let user = user.id.clone();
        assert!(people.create_key("nobody", now).is_none());
        let made = people.create_key(&user, now).unwrap().clone();
        assert_eq!((made.id.len(), made.name.len()), (13, 12));
        assert_eq!(made.secret.len(), 31);
        assert!(
            made.secret
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        );
        assert!(!format!("{made:?} {people:?}").contains(&made.secret));
        assert_eq!(people.key(&made.name).unwrap().1.name, "Ann");

        people.user_mut(&user).unwrap().enabled = false;
        assert!(people.key(&made.name).is_none());
        people.user_mut(&user).unwrap().enabled = true;
        assert!(!people.delete_key("nobody", &made.id));
        assert!(people.delete_key(&user, &made.id));
        assert!(people.key(&made.name).is_none());
        assert!(!people.delete_key(&user, &made.id));
    }

    #[test]
    fn a_list_of_addresses_keeps_others_out() {
        let mut people = people();
        let key = &demo_keys()[0].key;
        let local = "127.0.0.1".parse().unwrap();
        assert!(people.admits(key, local));
        assert!(!people.admits("none", local));
        let (user, id) = {
            let key = &people.keys[key];
            (key.user.clone(), key.id.clone())
        };
        let whitelist = &mut people.key_mut(&user, &id).unwrap().whitelist;
        whitelist.push("10.0.0.1".parse().unwrap());
        assert!(!people.admits(key, local));
        assert!(people.admits(key, "::ffff:10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn keys_that_can_not_be_are_refused() {
        let mut people = people();
        let now = Moment::default();
        let with_user = |role| PrimeKey {
            role,
            user: Some("Demo Trader".into()),
            ..PrimeKey::new("K", "s")
        };
        assert!(!people.add_key(PrimeKey::new("", "s"), now));
        assert!(!people.add_key(PrimeKey::new("with space", "s"), now));
        assert!(!people.add_key(PrimeKey::new("K", ""), now));
        assert!(!people.add_key(with_user(PrimeRole::Viewer), now));
        assert!(people.add_key(with_user(PrimeRole::Trader), now));
        assert_eq!(people.users().count(), 2);
        for _ in 0..MOST_KEYS {
            people.create_key(&people.key("K").unwrap().1.user, now);
        }
        let user = people.key("K").unwrap().1.user;
        assert_eq!(people.keys_of(&user).count(), MOST_KEYS);
    }

    #[test]
    fn secrets_of_a_configuration_are_not_shown_and_roles_are_read() {
        let key: PrimeKey =
            toml::from_str("key = \"K\"\nsecret = \"hidden\"\nrole = \"viewer\"").unwrap();
        assert_eq!(key.role, PrimeRole::Viewer);
        assert!(!format!("{key:?}").contains("hidden"));
        assert_eq!(PrimeRole::parse("Trader"), Some(PrimeRole::Trader));
        assert_eq!(PrimeRole::parse("trader"), None);
    }
}
