//! What the model of the trading engine's limits knows about orders.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

/// So many orders are remembered; beyond that the oldest are forgotten, which
/// then count as orders of unknown age.
const MOST: usize = 10_000;

/// An order that was placed or changed through this process.
pub(super) struct Order {
    /// See [`pair_name`].
    pub(super) pair: String,
    pub(super) txid: Option<String>,
    pub(super) cl_ord_id: Option<String>,
    pub(super) userref: Option<i32>,
    /// When it was known to be placed or amended; in truth that was a little
    /// earlier.
    pub(super) since: Instant,
    /// When an amend leaves that was not answered yet.
    pub(super) amending: Option<Instant>,
    /// Not cancelled or replaced, as far as is known.
    pub(super) open: bool,
}

impl Order {
    /// From when on its age counts: the latest it may be.
    pub(super) fn age_from(&self) -> Instant {
        self.amending
            .map_or(self.since, |amend| amend.max(self.since))
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.txid.iter().chain(&self.cl_ord_id)
    }
}

/// Orders by their names.
#[derive(Default)]
pub(super) struct Orders {
    /// By a number that rises: the oldest come first.
    numbered: BTreeMap<u64, Order>,
    /// Txids and client order ids.
    names: HashMap<String, u64>,
    next: u64,
}

impl Orders {
    /// Remembers an order. One that bore a name of it is forgotten.
    pub(super) fn insert(&mut self, order: Order) {
        for name in order.names() {
            self.forget(name);
        }
        if self.numbered.len() >= MOST
            && let Some((_, oldest)) = self.numbered.pop_first()
        {
            self.forget_names(&oldest);
        }
        let number = self.next;
        self.next += 1;
        for name in order.names() {
            self.names.insert(name.clone(), number);
        }
        self.numbered.insert(number, order);
    }

    /// The order with this txid or client order id.
    pub(super) fn find(&self, name: &str) -> Option<&Order> {
        self.numbered.get(self.names.get(name)?)
    }

    /// As [`find`](Self::find), to change its times.
    pub(super) fn find_mut(&mut self, name: &str) -> Option<&mut Order> {
        self.numbered.get_mut(self.names.get(name)?)
    }

    /// All orders, to change whether they are open.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Order> {
        self.numbered.values_mut()
    }

    /// The orders that are open.
    pub(super) fn open(&self) -> impl Iterator<Item = &Order> {
        self.numbered.values().filter(|order| order.open)
    }

    fn forget(&mut self, name: &str) {
        if let Some(number) = self.names.get(name)
            && let Some(order) = self.numbered.remove(number)
        {
            self.forget_names(&order);
        }
    }

    fn forget_names(&mut self, order: &Order) {
        for name in order.names() {
            self.names.remove(name);
        }
    }
}

/// Assets whose id in requests has a letter in front of their name.
const WITH_PREFIX: [&str; 17] = [
    "XXBT", "XETH", "XXRP", "XLTC", "XXLM", "XXDG", "XETC", "XMLN", "XREP", "XXMR", "XZEC", "ZUSD",
    "ZEUR", "ZGBP", "ZCAD", "ZJPY", "ZAUD",
];

/// One name for all the ways in which a pair may be written: `XXBTZUSD`,
/// `XBTUSD`, `XBT/USD` and `BTC/USD` are one pair and so have one counter.
///
/// That two pairs come out under one name can't be ruled out. Then they share
/// a counter, which is too careful but does no harm.
pub(super) fn pair_name(written: &str) -> String {
    let mut name = written.to_ascii_uppercase().replace('/', "");
    // Old ids are two ids of four letters; new ones bear no prefix.
    if name.len() == 8
        && let Some((base, quote)) = name.split_at_checked(4)
        && WITH_PREFIX.contains(&quote)
    {
        let prefix = usize::from(WITH_PREFIX.contains(&base));
        name = format!("{}{}", &base[prefix..], &quote[1..]);
    }
    // Requests take these two under both names.
    name.replace("BTC", "XBT").replace("DOGE", "XDG")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn order(txid: &str, cl_ord_id: Option<&str>, userref: Option<i32>) -> Order {
        Order {
            pair: "XBTUSD".to_owned(),
            txid: Some(txid.to_owned()),
            cl_ord_id: cl_ord_id.map(str::to_owned),
            userref,
            since: Instant::now(),
            amending: None,
            open: true,
        }
    }

    #[test]
    fn all_ways_to_write_a_pair_have_one_name() {
        for (name, ways) in [
            (
                "XBTUSD",
                &["XXBTZUSD", "XBTUSD", "XBT/USD", "BTC/USD", "btcusd"] as &[_],
            ),
            ("ETHXBT", &["XETHXXBT", "ETHXBT", "ETH/XBT", "ETH/BTC"]),
            ("XDGEUR", &["XDGEUR", "DOGE/EUR", "DOGEEUR", "XXDGZEUR"]),
            ("USDTUSD", &["USDTZUSD", "USDTUSD", "USDT/USD"]),
            ("XTZUSD", &["XTZUSD", "XTZ/USD"]),
            ("ZRXUSD", &["ZRXUSD", "ZRX/USD"]),
        ] {
            for way in ways {
                assert_eq!(pair_name(way), name, "{way}");
            }
        }
        for odd in ["", "/", "é", "aéé", "ZUSD", "ZUSD/"] {
            pair_name(odd);
        }
    }

    #[test]
    fn an_order_is_found_by_each_of_its_names() {
        let mut orders = Orders::default();
        orders.insert(order("O1", Some("mine"), None));
        orders.insert(order("O2", None, Some(7)));
        assert_eq!(orders.find("mine").unwrap().txid.as_deref(), Some("O1"));
        orders.find_mut("O1").unwrap().open = false;
        assert!(!orders.find("mine").unwrap().open);
        assert_eq!(orders.open().count(), 1);
        assert!(orders.find("O3").is_none());
    }

    #[test]
    fn a_name_that_is_used_again_names_the_new_order() {
        let mut orders = Orders::default();
        orders.insert(order("O1", Some("mine"), None));
        orders.insert(order("O2", Some("mine"), None));
        assert_eq!(orders.find("mine").unwrap().txid.as_deref(), Some("O2"));
        assert!(orders.find("O1").is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let mut orders = Orders::default();
        for number in 0..MOST + 5 {
            orders.insert(order(&format!("O{number}"), None, None));
        }
        assert_eq!(orders.open().count(), MOST);
        assert_eq!(orders.names.len(), MOST);
        assert!(orders.find("O4").is_none() && orders.find("O5").is_some());
    }

    #[test]
    fn an_amend_on_its_way_makes_an_order_young() {
        let mut young = order("O1", None, None);
        let later = young.since + Duration::from_secs(9);
        young.amending = Some(later);
        assert_eq!(young.age_from(), later);
        young.since = later + Duration::from_secs(1);
        assert_eq!(young.age_from(), young.since);
    }
}
