//! Money: the books and their chain, payments found, whether money and grants agree, prices, what operators did.

pub(super) mod audits;
pub(super) mod callbacks;
pub(super) mod chain;
pub(super) mod counts;
pub(super) mod ledger;
pub(super) mod payments;
pub(super) mod prices;
