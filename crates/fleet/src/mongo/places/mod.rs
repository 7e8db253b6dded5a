//! Where people live, and moving them.

mod attempt;
mod directory;
mod luggage;
mod member;
mod orders;
pub(super) mod parked;
