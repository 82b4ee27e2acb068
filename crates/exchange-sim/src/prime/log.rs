//! What happened, as far back as it is kept.

use std::collections::VecDeque;

use super::feed::Behind;

/// The last entries of a history, each with its number.
#[derive(Clone, Debug)]
pub(crate) struct Log<T> {
    /// The number of the oldest entry that is kept.
    first: u64,
    entries: VecDeque<T>,
    most: usize,
}

impl<T> Log<T> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            first: 0,
            entries: VecDeque::new(),
            most,
        }
    }

    pub(crate) fn push(&mut self, entry: T) {
        if self.entries.len() >= self.most {
            self.entries.pop_front();
            self.first += 1;
        }
        self.entries.push_back(entry);
    }

    /// The number that the next entry will have.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// All that are kept, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter()
    }

    /// The entries from number `from` on.
    pub(crate) fn since(&self, from: u64) -> Result<impl Iterator<Item = &T>, Behind> {
        let skipped = from.checked_sub(self.first).ok_or(Behind)?;
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        Ok(self.entries.range(skipped.min(self.entries.len())..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_what_is_new_or_learns_that_it_is_gone() {
        let mut log = Log::new(3);
        log.push('a');
        let cursor = log.end();
        assert_eq!(log.since(cursor).unwrap().count(), 0);
        for entry in ['b', 'c', 'd'] {
            log.push(entry);
        }
        let read: Vec<_> = log.since(cursor).unwrap().collect();
        assert_eq!(read, [&'b', &'c', &'d']);
        log.push('e');
        assert!(log.since(cursor).is_err());
        assert_eq!((log.end(), log.iter().count()), (5, 3));
        assert_eq!(log.since(99).unwrap().count(), 0);
    }
}
