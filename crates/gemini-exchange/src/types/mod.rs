//! Values that many calls share.

mod amount;
mod hours;
mod name;
mod side;
mod timestamp;

pub use amount::Amount;
pub use hours::Hours;
pub use name::{Currency, Symbol};
pub use side::Side;
pub use timestamp::{IsoTime, Timestamp};
