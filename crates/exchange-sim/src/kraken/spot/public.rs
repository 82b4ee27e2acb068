//! Draft.

use super::Operation;

pub(crate) const OPERATIONS: &[Operation] = &[];

pub(crate) const PRIVATE_OPERATIONS: &[Operation] = &[];
