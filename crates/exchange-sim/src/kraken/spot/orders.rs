//! Draft.

use super::Operation;

pub(crate) const OPERATIONS: &[Operation] = &[];
