//! What tells one stream from another.

use std::fmt::Debug;
use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::time::Time;

/// A stream with the parameters it is asked for with; serialised, it is an element of `streams`.
pub trait Topic: Serialize + Clone + Debug + Send + Sync + 'static {
    /// The stream's name on the wire.
    const NAME: &'static str;

    /// Whether a lost message shows in later ones, so that nothing need be asked for anew when one
    /// is missing: each message holds the whole state.
    const REPLACES: bool = false;

    /// What it is a stream of.
    type Record: Record;

    /// Whether it is a stream of events that can be asked for from a time on, so that after an
    /// interruption it goes on where it was. All others begin with a snapshot of the state again.
    const RESUMES: bool = false;

    /// Asks for no more than what was published from this time on; for streams that resume.
    fn resume_from(&mut self, _time: &Time) {}
}

/// One entry in the messages of a stream.
pub trait Record: DeserializeOwned + Serialize + Clone + Debug + Send + Sync + 'static {
    /// What tells the entities apart that `action` updates and removes.
    type Key: Clone + Debug + Eq + Hash + Ord + Send + Sync;

    /// The entity it is about.
    fn key(&self) -> Self::Key;

    /// Whether the record itself says that its entity is gone, whatever `action` says.
    fn removed(&self) -> bool {
        false
    }

    /// The time of the record, where a stream can be resumed from it.
    fn time(&self) -> Option<&Time> {
        None
    }

    /// What tells this event from all others, for streams of events; a repetition of it after a
    /// reconnect is dropped.
    fn event_id(&self) -> Option<String> {
        None
    }

    /// Why the record can't follow another one of the same entity.
    fn contradicts(&self, _before: &Self) -> Option<String> {
        None
    }
}
