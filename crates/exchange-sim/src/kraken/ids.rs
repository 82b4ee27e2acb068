//! Made-up ids in shapes that only Kraken has.

use crate::ids::Ids;

impl Ids {
    /// So many letters and digits of base 32.
    pub(crate) fn base32(&mut self, length: usize) -> String {
        self.of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", length)
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
        assert_eq!(ids.reference('T').len(), 20);
        assert_eq!(Ids::new(1).order(), order);
    }
}
