//! Made-up ids in the venue's shapes.

/// Makes ids. The same seed makes the same ids in the same order.
#[derive(Clone, Debug)]
pub(crate) struct Ids(fastrand::Rng);

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// So many letters and digits of base 32.
    pub(crate) fn base32(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(LETTERS[self.0.usize(..LETTERS.len())]))
            .collect()
    }

    /// So many capital letters and digits.
    pub(crate) fn capitals(&mut self, length: usize) -> String {
        (0..length)
            .filter_map(|_| char::from_digit(self.0.u32(..36), 36))
            .map(|character| character.to_ascii_uppercase())
            .collect()
    }

    /// So many hexadecimal digits, in lower case.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        (0..length)
            .filter_map(|_| char::from_digit(self.0.u32(..16), 16))
            .collect()
    }

    /// Groups of 6, 5 and 6 with a first letter that tells the kind.
    fn grouped(&mut self, first: char) -> String {
        let (one, two, three) = (self.base32(5), self.base32(5), self.base32(6));
        format!("{first}{one}-{two}-{three}")
    }

    pub(crate) fn order(&mut self) -> String {
        self.grouped('O')
    }

    pub(crate) fn trade(&mut self) -> String {
        self.grouped('T')
    }

    pub(crate) fn ledger_entry(&mut self) -> String {
        self.grouped('L')
    }

    /// `XXXXXXX-XXXXX-XXXXXX`: a deposit, withdrawal or transfer.
    pub(crate) fn reference(&mut self, first: char) -> String {
        let (one, two, three) = (self.base32(6), self.base32(5), self.base32(6));
        format!("{first}{one}-{two}-{three}")
    }

    /// A UUID of the random kind.
    pub(crate) fn uuid(&mut self) -> String {
        let start = [self.hex(8), self.hex(4)].join("-");
        let middle = format!("4{}-a{}", self.hex(3), self.hex(3));
        format!("{start}-{middle}-{}", self.hex(12))
    }

    /// An account's public id: `AA` and 14 more, in groups of four.
    pub(crate) fn iiban(&mut self) -> String {
        let letters = self.base32(14);
        format!(
            "AA{} {} {} {}",
            &letters[..2],
            &letters[2..6],
            &letters[6..10],
            &letters[10..]
        )
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0.u64(..limit.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_venues_shapes_and_repeat_with_the_seed() {
        let mut ids = Ids::new(1);
        let order = ids.order();
        let groups: Vec<usize> = order.split('-').map(str::len).collect();
        assert_eq!(groups, [6, 5, 6]);
        assert!(order.starts_with('O'));
        assert_eq!(ids.iiban().len(), 19);
        assert_eq!(ids.uuid().len(), 36);
        assert_eq!(ids.reference('T').len(), 20);
        assert_eq!(Ids::new(1).order(), order);
    }
}
