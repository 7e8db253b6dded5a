//! Answers that serve more than one person.

pub(super) mod checks;
pub(super) mod curated;
pub(super) mod saved;
