//! Made-up ids in shapes that several venues have.

/// Makes ids. The same seed makes the same ids in the same order.
#[derive(Clone, Debug)]
pub(crate) struct Ids(fastrand::Rng);

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// So many of these letters.
    pub(crate) fn of(&mut self, letters: &[u8], length: usize) -> String {
        (0..length)
            .map(|_| char::from(letters[self.0.usize(..letters.len())]))
            .collect()
    }

    /// So many capital letters and digits.
    pub(crate) fn capitals(&mut self, length: usize) -> String {
        self.of(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", length)
    }

    /// So many hexadecimal digits, in lower case.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.of(b"0123456789abcdef", length)
    }

    /// A UUID of the random kind.
    pub(crate) fn uuid(&mut self) -> String {
        let [first, second, third, fourth, last] = [8, 4, 3, 3, 12].map(|length| self.hex(length));
        format!("{first}-{second}-4{third}-a{fourth}-{last}")
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
    fn ids_have_their_shapes_and_repeat_with_the_seed() {
        let mut ids = Ids::new(1);
        let uuid = ids.uuid();
        let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!((&uuid[14..15], &uuid[19..20]), ("4", "a"));
        assert_ne!(ids.uuid(), uuid);
        assert_eq!(Ids::new(1).uuid(), uuid);
        let is_capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let capitals = ids.capitals(200);
        assert!(capitals.len() == 200 && capitals.bytes().all(is_capital));
        assert!((0..100).all(|_| ids.below(3) < 3));
        assert_eq!(ids.below(0), 0);
    }
}
