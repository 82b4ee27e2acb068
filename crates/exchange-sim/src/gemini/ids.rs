//! Made-up ids in the venue's shapes.

/// Makes ids. The same seed makes the same ids in the same order.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    dice: fastrand::Rng,
    last: u64,
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: fastrand::Rng::with_seed(seed),
            // More than a binary float can hold, as at the venue.
            last: 73_716_687_406_755_680,
        }
    }

    /// A number for an order, a trade or an event; each above the last.
    pub(crate) fn number(&mut self) -> u64 {
        self.last += 1 + self.dice.u64(..7);
        self.last
    }

    /// So many capital letters and digits.
    pub(crate) fn letters(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(LETTERS[self.dice.usize(..LETTERS.len())]))
            .collect()
    }

    /// So many hexadecimal digits, in lower case.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        (0..length)
            .filter_map(|_| char::from_digit(self.dice.u32(..16), 16))
            .collect()
    }

    /// A UUID of the random kind.
    pub(crate) fn uuid(&mut self) -> String {
        let parts = [8, 4, 3, 3, 12].map(|length| self.hex(length));
        let [first, second, third, fourth, last] = parts;
        format!("{first}-{second}-4{third}-a{fourth}-{last}")
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.dice.u64(..limit.max(1))
    }
}
