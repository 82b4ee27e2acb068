//! Kraken Custody: vaults, transactions, tasks and activities, behind the
//! legacy and the external API.
//!
//! | Module | Subject |
//! |---|---|
//! | [`legacy`] | operations of `POST /0/private/…` |
//! | [`external`] | operations of `/v0/insto/custody/…` |
//! | [`assets`] | what is kept, and the ways in and out |
//! | [`people`] | the organization and its users |
//! | [`vaults`] | vaults, balances, worth, policies |
//! | [`transactions`] | what went in and out, and the books |
//! | [`funding`] | methods, addresses, fee quotes |
//! | [`instruction`] | what a task is to change |
//! | [`tasks`] | votes, states and activities |
//! | [`task_answers`] | how they are told |
//! | [`filter`] | what legacy lists are asked for |
//! | [`denial`] | why something is not done, in either API |
//! | [`rate`] | the limit on calls of the external API |
//! | [`script`] | what a test may do behind the APIs |

pub(crate) mod assets;
pub(crate) mod denial;
pub(crate) mod external;
pub(crate) mod filter;
pub(crate) mod funding;
pub(crate) mod instruction;
pub(crate) mod legacy;
pub(crate) mod people;
pub(crate) mod rate;
pub(crate) mod script;
pub(crate) mod task_answers;
pub(crate) mod tasks;
#[cfg(test)]
mod tests;
pub(crate) mod transactions;
pub(crate) mod vaults;

use std::collections::VecDeque;

use rust_decimal::Decimal;

use self::assets::find_asset;
use self::funding::{Destination, FeeQuote};
use self::people::{Organization, User};
use self::rate::CallWindow;
use self::tasks::Tasks;
use self::transactions::{Kind, Movement, Transactions};
use self::vaults::Vault;
use crate::Moment;
use crate::books::Books;
use crate::ids::Ids;
use crate::json::object;

/// The state of Custody.
#[derive(Debug)]
pub(crate) struct Custody {
    pub ids: Ids,
    pub books: Books,
    pub organization: Organization,
    pub users: Vec<User>,
    pub vaults: Vec<Vault>,
    pub transactions: Transactions,
    pub tasks: Tasks,
    /// The last fee quotes, oldest first.
    pub quotes: VecDeque<FeeQuote>,
    /// Calls of the external API.
    pub calls: CallWindow,
    /// The legacy call for one transaction needs a long timeout.
    pub slow: bool,
}

impl Custody {
    pub(crate) fn new(seed: u64, now: Moment) -> Self {
        let mut custody = Self {
            ids: Ids::new(seed),
            books: Books::default(),
            organization: Organization::demo(),
            users: people::demo_users(),
            vaults: Vec::new(),
            transactions: Transactions::default(),
            tasks: Tasks::default(),
            quotes: VecDeque::new(),
            calls: CallWindow::default(),
            slow: false,
        };
        custody.add_demo_vaults(now);
        custody
    }

    /// One vault with something in it that all users see, and an empty one
    /// for the admin alone.
    fn add_demo_vaults(&mut self, now: Moment) {
        let everybody: Vec<String> = self.users.iter().map(|user| user.iiban.clone()).collect();
        let admin = everybody.last().cloned().into_iter().collect();
        let treasury = self.create_vault("Treasury", Some("Working capital"), everybody, now);
        self.create_vault("Reserve", None, admin, now);
        let Some(treasury) = treasury else { return };
        for (code, amount) in [
            ("BTC", 12),
            ("ETH", 150),
            ("USDT", 40_000),
            ("USD", 250_000),
        ] {
            if let Some(asset) = find_asset(code) {
                // New books have room for these.
                let _ = self.book(
                    &[Movement {
                        vault: &treasury,
                        kind: Kind::Deposit,
                        asset,
                        amount: Decimal::from(amount),
                        fee: Decimal::ZERO,
                        approval_id: None,
                    }],
                    now,
                );
            }
        }
        let destinations = [
            (
                "BTC",
                "Cold storage",
                "bc1qexamplecoldstorage0000000000000000000",
            ),
            (
                "ETH",
                "Main wallet",
                "0x00000000000000000000000000000000000000e1",
            ),
            (
                "USDT",
                "Main wallet",
                "0x00000000000000000000000000000000000000e1",
            ),
        ];
        let destinations = destinations.iter().filter_map(|(asset, name, address)| {
            Destination::read(&object! {
                "asset" => *asset,
                "address_name" => *name,
                "address" => *address,
            })
        });
        let destinations: Vec<Destination> = destinations.collect();
        if let Some(vault) = self.vault_mut(&treasury) {
            vault.whitelist.extend(destinations);
        }
    }

    /// Lets happen what happens by itself until `now`.
    pub(crate) fn advance(&mut self, now: Moment) {
        self.settle_tasks(now);
    }

    /// An id of 64 bits in base 32, whose last digit is always even.
    pub(crate) fn even_id(&mut self, first: char) -> String {
        const EVEN: [char; 16] = [
            'A', 'C', 'E', 'G', 'I', 'K', 'M', 'O', 'Q', 'S', 'U', 'W', 'Y', '2', '4', '6',
        ];
        let body = self.ids.base32(12);
        let last = usize::try_from(self.ids.below(16)).unwrap_or_default();
        let last = EVEN.get(last).copied().unwrap_or('A');
        format!("{first}{body}{last}")
    }
}
