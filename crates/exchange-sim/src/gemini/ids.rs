//! Made-up ids in the venue's shapes.

use crate::ids::Ids as PlainIds;

/// Makes ids. The same seed makes the same ids in the same order.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    /// Those that are no numbers of orders, trades or events.
    pub plain: PlainIds,
    last: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            plain: PlainIds::new(seed),
            // More than a binary float can hold, as at the venue.
            last: 73_716_687_406_755_680,
        }
    }

    /// A number for an order, a trade or an event; each above the last.
    pub(crate) fn number(&mut self) -> u64 {
        self.last += 1 + self.plain.below(7);
        self.last
    }
}
