//! What decisions leave for books and reports: written with the decision into its aggregate, then copied to its places.
//!
//! Each copy can be made again at any later time and changes nothing then, so a crash anywhere only means that
//! somebody copies again.

pub(super) mod copier;
pub(super) mod missed;
pub(super) mod pending;
pub(super) mod sums;
pub(super) mod turns;
